"""What a person sees: it reads well, and nothing that a driver said steers the terminal."""

from __future__ import annotations

import copy
import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from conformance.render.terminal import Screen
from conformance.run import Run
from conformance.verdict import Verdict
from conftest import Judged

HOSTILE = ["\x1b[2J\x1b]0;title\x07", "\r\x08\x08", "[red]x[/red]", "[/]", r"\[/]", "\\", "\u202edcba", "\x9b31m"]
#: The sequences by which rich sets a style, or the progress its line: nothing else may be sent.
OWN = re.compile(r"\x1b\[[0-9;]*m|\x1b\[K|\r|\n")


class Terminal(io.StringIO):
    """A stream that says of itself that it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Say yes."""
        return True


class Narrow(io.StringIO):
    """A file in an encoding that has no check marks."""

    encoding = "ascii"


def shown(report: Any, stream: io.StringIO | None = None, file: Path | None = None) -> str:
    """Return what is written of a report."""
    stream = stream if stream is not None else io.StringIO()
    Screen(stream).end(report, file)
    return stream.getvalue()


def spoil(report: Any, text: str) -> Any:
    """Return a report in which everything that a driver chooses holds a text."""
    spoilt = copy.deepcopy(report)
    spoilt["driver"] |= {"type": text, "uri": text, "hostname": text}
    spoilt["machine"] |= {"type": text, "arch": text}
    spoilt["problems"] = [text]
    spoilt["inventory"] |= {"left": [text]}
    for number, scenario in enumerate(scenario for rule in spoilt["rules"] for scenario in rule["scenarios"]):
        scenario["outcome"] = ("violated", "inconclusive", "not-applicable", "not-testable")[number % 4]
        scenario |= dict.fromkeys(("message", "expected", "observed", "reproducer"), text)
    return spoilt


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ([], ""),
        (["/srv/a"], "left:      1 file that the driver keeps of domains that are gone: /srv/a"),
        (["/srv/a", "/srv/b"], "left:      2 files that the driver keeps of domains that are gone: /srv/a …"),
    ],
)
def test_what_the_driver_has_kept_is_told(judged: Judged, left: list[str], said: str) -> None:
    """Whoever runs the kit on a host of theirs learns what is there now that was not."""
    report = {**judged.report, "inventory": {**judged.report["inventory"], "left": left}}
    assert [line for line in shown(report).splitlines() if line.startswith("left:")] == ([said] if said else [])


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_hostile_text_cannot_steer_a_terminal(judged: Judged, text: str) -> None:
    """Of escape sequences, control characters and markup in what a driver said nothing takes effect."""
    written = shown(spoil(judged.report, text), Terminal())
    assert OWN.sub("", written).isprintable()


def test_the_last_line_names_the_rules_that_fail_the_run(judged: Judged) -> None:
    """Rules below the level are no part of it, and of many rules the first stand for all."""
    report = copy.deepcopy(judged.report)
    report["summary"]["exit_code"] = 1
    reasons = report["summary"]["reasons"] = [{"kind": "violated", "text": "", "rules": ["UNDEF-001", "UNDEF-002"]}]
    reasons.append({"kind": "warning", "text": "", "rules": ["UNDEF-003"]})
    assert shown(report).endswith("\nresult:    not conformant: UNDEF-001, UNDEF-002\n")
    reasons[0]["rules"] = [f"UNDEF-{number:03}" for number in range(8)]
    assert shown(report).endswith(", UNDEF-005 and 2 more\n")


@pytest.mark.parametrize(
    ("known", "said"), [(["UNDEF-001"], "1 rule was"), (["UNDEF-001", "UNDEF-002"], "2 rules were")]
)
def test_what_never_held_in_the_baseline_is_counted(judged: Judged, known: list[str], said: str) -> None:
    """The last line says of how many rules the baseline tells nothing better."""
    report = copy.deepcopy(judged.report)
    report["summary"] |= {"exit_code": 0, "reasons": [{"kind": "known-broken", "text": "", "rules": known}]}
    assert shown(report).endswith(f"\nresult:    no worse than the baseline, where {said} not kept either\n")


def test_that_no_guest_starts_comes_first(judged: Judged) -> None:
    """Whoever reads of a hundred scenarios that were not reached has read before why."""
    report = copy.deepcopy(judged.report)
    (start,) = [found for found in report["capabilities"] if found["id"] == "start"]
    assert "No guest starts" not in shown(report)
    start["evidence"] = "create: INTERNAL_ERROR (no such thing)"
    text = shown(report)
    assert "\n! No guest starts here: create: INTERNAL_ERROR (no such thing)\n" in text
    assert text.index("No guest starts") < text.index("UNDEF-001")
    start["present"] = False
    assert "No guest starts" not in shown(report)


def test_conformant_is_not_said_of_rules_that_were_not_run(judged: Judged) -> None:
    """Who reads the last line alone does not take a part for the whole."""
    report = copy.deepcopy(judged.report)
    report["summary"] |= {"exit_code": 0, "reasons": [], "rules": {"upheld": 2, "not-run": 1}}
    assert shown(report).endswith("\nresult:    conformant; 1 rule not run\n")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_hostile_uri_is_shown_as_text(text: str) -> None:
    """Markup in a URI is not read as such."""
    stream = Terminal()
    run = SimpleNamespace(
        options=SimpleNamespace(rules=("UNDEF-001",), repeat=1),
        gate=None,
        record=SimpleNamespace(uri=f"test:///a?x={text}"),
    )
    Screen(stream).begin(cast("Run", run))
    written = OWN.sub("", stream.getvalue())
    assert written.isprintable()
    assert "".join(c if c.isprintable() else " " for c in text) in written


def progress(stream: io.StringIO, number: int = 2) -> str:
    """Return what is written while scenarios come to their ends."""
    screen = Screen(stream)
    run = SimpleNamespace(plan=object(), order=range(number), reported=0)
    for count in range(number):
        run.reported += 1
        screen.show_result(cast("Run", run), f"UNDEF-001/scenario-{count}", Verdict.UPHELD)
    return stream.getvalue()


def test_progress_is_one_line_that_is_rewritten() -> None:
    """On a terminal each step of the progress takes the place of the one before."""
    written = progress(Terminal())
    assert "\n" not in written
    assert written.count("\r") == 2
    assert written.index("1/2") < written.rindex("\r") < written.index("2/2")


def test_a_file_gets_no_progress() -> None:
    """Where nobody watches, only the result is written, and without colours."""
    assert progress(io.StringIO()) == ""


def test_a_file_gets_no_sequences(judged: Judged) -> None:
    """Output that is kept in a file is plain text."""
    assert "\x1b" not in shown(judged.report)


def test_every_encoding_can_hold_it(judged: Judged) -> None:
    """Where there is no check mark, a plain sign stands for it."""
    written = shown(judged.report, Narrow())
    assert "✔" not in written
    assert "+ UNDEF-001" in written


def test_a_violation_is_shown_with_all_that_is_needed(judged: Judged) -> None:
    """The rule's sentence, what was expected, what was observed, and the script stand together."""
    written = shown(judged.report)
    flat = " ".join(written.split())
    for rule in judged.report["rules"]:
        if rule["verdict"] == "violated":
            first = next(scenario for scenario in rule["scenarios"] if scenario["outcome"] == "violated")
            parts = (rule["statement"], first["expected"], first["observed"], " ".join(first["reproducer"].split()))
            places = [flat.index(" ".join(part.split()), flat.index(f"{rule['id']} violated")) for part in parts]
            assert places == sorted(places)


def test_a_script_on_the_terminal_can_be_copied(judged: Judged) -> None:
    """Every line of a reproducer is shown whole and unbroken."""
    written = shown(judged.report)
    for rule in judged.report["rules"]:
        found = [scenario for scenario in rule["scenarios"] if scenario["outcome"] == "violated"]
        for line in found[0]["reproducer"].splitlines() if found else ():
            assert f"    {line}\n" in written or not line


def test_a_rule_that_does_not_apply_says_why(judged: Judged) -> None:
    """The evidence stands below the rule."""
    written = " ".join(shown(judged.report).split())
    for rule in judged.report["rules"]:
        if rule["verdict"] == "not-applicable":
            assert rule["scenarios"][0]["message"] in written


def test_an_unfinished_run_says_so(judged: Judged) -> None:
    """The last line never passes off a part as the whole."""
    assert shown({**judged.report, "complete": False}).splitlines()[-1].endswith(", not finished")
    assert "not finished" not in shown(judged.report)


def test_what_was_not_left_as_it_was_is_shouted(judged: Judged) -> None:
    """A changed inventory is not to be overlooked."""
    changed = {**judged.report, "inventory": {"objects": 3, "identical": False, "changed": ["a is gone"]}}
    assert "3 objects that are not the kit's are NOT as they were" in shown(changed)
