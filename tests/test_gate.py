"""The gate as a release engineer uses it: the installed command, on reports of real runs and on spoilt ones."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.cli import main
from conformance.conclusion import conclude
from conformance.diff import compare
from conformance.errors import BadReport
from conformance.gate import Gate
from conformance.render import gate_text
from conformance.report import dump, parse_report
from conformance.verdict import ExitCode, Verdict
from conftest import Bench, Judged
from reports import ABSENT, EXCUSED, UNSET, UNSURE, UPHELD, VIOLATED, outcomes_of, report

A, B, C = "UNDEF-001/a", "UNDEF-001/b", "UNDEF-002/c"
#: A rule that the test driver breaks, and one that it keeps.
FEW = ("--rule", "UNDEF-017", "--rule", "UNDEF-011", "--workers", "1")
FILLED = {'reason = "TODO"': 'reason = "a bug"', 'link = "TODO"': 'link = "https://e.org/1"', '"TODO"': "2099-12-31"}
AGAIN = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def fill(text: str) -> str:
    """Return a draft of deviations as somebody has filled it in."""
    for old, new in FILLED.items():
        text = text.replace(old, new)
    return text


def draft(bench: Bench, judged: Judged) -> str:
    """Return the draft of a whole run, filled in, of the rules that are run here."""
    finished = bench.kit("deviations", "--from", str(judged.bench.folder / "report.json"))
    assert (finished.code, finished.err) == (0, "")
    entries = finished.out.split("\n[[deviation]]\n")
    return fill("\n[[deviation]]\n".join(e for e in entries if "rule = " not in e or "UNDEF-017" in e))


# On real runs


def test_recorded_deviations_let_a_driver_pass(bench: Bench, judged: Judged) -> None:
    """A run is not conformant, its draft is filled in, and with that the next one is, each deviation told."""
    (bench.folder / "test.toml").write_text(draft(bench, judged))
    finished = bench.kit("run", *FEW, "--deviations", "test.toml", "--report", "report.json")
    made = bench.report()
    assert (finished.code, finished.err) == (0, "")
    assert {rule["id"]: rule["verdict"] for rule in made["rules"]}["UNDEF-017"] == EXCUSED
    assert {one["status"] for one in made["deviations"]["entries"]} == {"live"}
    says = "result:    conformant, with recorded deviations from 1 rule; 34 rules not run"
    assert finished.out.splitlines()[-1] == says
    assert "until 2099-12-31" in finished.out
    assert "a bug <https://e.org/1>" in finished.out


def test_a_deviation_that_no_longer_happens_stops_the_gate(bench: Bench, judged: Judged) -> None:
    """On the driver with its faults mended every entry is stale, and each is named by its line."""
    text = draft(bench, judged)
    (bench.folder / "test.toml").write_text(text)
    finished = bench.kit("run", *FEW, "--deviations", "test.toml", "--vice", "none", "--report", "report.json")
    made = bench.report()
    assert finished.code == 1
    assert {rule["verdict"] for rule in made["rules"]} == {"upheld", "not-run"}
    assert {one["status"] for one in made["deviations"]["entries"]} == {"stale"}
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line == "[[deviation]]"]
    named = [int(line) for line in re.findall(r"✘ test\.toml:(\d+): stale: ", finished.out)]
    assert named == lines
    assert "remove the entry" in finished.out


def test_a_baseline_lets_pass_what_never_held(bench: Bench, judged: Judged) -> None:
    """Against its own report a driver that is not conformant passes, and what is broken is named."""
    old = judged.bench.folder / "report.json"
    finished = bench.kit("run", *FEW, "--baseline", str(old), "--report", "report.json")
    made = bench.report()
    assert (finished.code, made["summary"]["exit_code"]) == (0, 0)
    assert {rule["id"]: rule["verdict"] for rule in made["rules"]}["UNDEF-017"] == VIOLATED
    assert made["baseline"]["regressed"] == []
    assert {c["rule"] for c in made["baseline"]["still_broken"]} == {"UNDEF-017"}
    assert finished.out.splitlines()[-1] == "result:    no worse than the baseline, where 1 rule was not kept either"
    assert "shown again without the kit by:" not in finished.out


def test_a_regression_stops_the_gate(bench: Bench) -> None:
    """The mended driver is the baseline, the real one is worse; diff says the same of the two reports."""
    bench.kit("run", *FEW, "--vice", "none", "--report", "old.json")
    finished = bench.kit("run", *FEW, "--baseline", "old.json", "--report", "new.json")
    assert finished.code == 1
    assert "✘ regressed: held then, broken now" in finished.out
    assert "shown again without the kit by:" in finished.out
    compared = bench.kit("diff", "old.json", "new.json")
    assert compared.code == 1
    assert compared.out.splitlines()[-1].startswith("result:    it got worse: ")
    back = bench.kit("diff", "new.json", "old.json")
    assert back.code == 0
    assert "✔ mended: broken then, held now" in back.out
    assert back.out.splitlines()[-1] == "result:    nothing got worse"


def test_a_run_in_parts_is_put_together(bench: Bench, judged: Judged) -> None:
    """Each part runs its share of scenarios and of the decision table, and the whole has the outcomes of one run."""
    for index in (1, 2):
        bench.kit("run", *FEW, "--shard", f"{index}/2", "--report", f"{index}.json")
    parts = [bench.report(f"{index}.json") for index in (1, 2)]
    assert all(part["shard"] == {"index": index, "of": 2} for index, part in enumerate(parts, 1))
    finished = bench.kit("merge", "1.json", "2.json", "--report", "whole.json")
    whole, wanted = bench.report("whole.json"), outcomes_of(judged.report)
    assert finished.code == whole["summary"]["exit_code"] == 1
    found = {name: outcome for name, outcome in outcomes_of(whole).items() if outcome != "not-run"}
    assert found == {name: wanted[name] for name in wanted if name.startswith(("UNDEF-011/", "UNDEF-017/"))}
    assert whole["decision_table"]["cells"]["decided"] == sum(p["decision_table"]["cells"]["decided"] for p in parts)
    refused = bench.kit("merge", "1.json", "--report", "half.json")
    assert refused.code == 2
    assert "LVC-403 of 2 parts 2 is missing" in refused.err
    assert not (bench.folder / "half.json").exists()


def test_repetitions_are_one_report(bench: Bench) -> None:
    """Everything is judged so often, and what agrees is told once."""
    finished = bench.kit("run", "--rule", "UNDEF-011", "--workers", "1", "--repeat", "2", "--report", "report.json")
    made = bench.report()
    assert (finished.code, made["complete"]) == (0, True)
    assert made["repetitions"] == {"asked": 2, "done": 2, "differing": []}
    assert "2 of 2 times" in finished.out


# What a person sees


def shown(lines: Any) -> str:
    """Return lines as one text without breaks."""
    return " ".join(" ".join(line for line, _ in lines).split())


def test_a_difference_tells_everything_that_changed() -> None:
    """Each kind of change has its heading, and the gravest stands first."""
    old = report({A: UPHELD, B: VIOLATED, C: ABSENT, "UNDEF-004/w": UPHELD, "UNDEF-005/u": UPHELD})
    new = report({A: VIOLATED, B: UPHELD, C: UPHELD, "UNDEF-003/n": UPHELD, "UNDEF-005/u": UNSURE})
    text = shown(gate_text.difference(compare(old, new, "old.json")))
    order = ["regressed", "UNDEF-001/a (MUST): upheld, now violated", "expected: gone; observed: there", "mended"]
    order += ["newly supported", "newly specified", "withdrawn", "not compared", "unchanged"]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)


@pytest.mark.parametrize("hostile", ["\x1b[2J\x1b]0;t\x07", "a\nb", "[red]x[/red]", "\u202edcba", "\x9b31m"], ids=ascii)
def test_nothing_that_is_shown_steers_a_terminal(hostile: str) -> None:
    """Whatever a driver, a host or a report says stands there as plain characters, line by line."""
    old, new = report({A: UPHELD}), report({A: VIOLATED}, driver={"type": hostile, "hostname": hostile, "uri": hostile})
    new["rules"][0]["scenarios"][0] |= {"title": hostile, "expected": hostile, "observed": hostile}
    new["capabilities"] = [{"id": "define", "present": False, "evidence": hostile}]
    found = compare(old, new, "old.json")
    made = {**new, "baseline": found}
    lines = [*gate_text.difference(found), *gate_text.reasons(conclude(made)), *gate_text.result_of_difference(found)]
    assert all(line.isprintable() for line, _ in lines)


# What decides


VERDICTS = st.sampled_from(list(set(Verdict) - {EXCUSED}))
OUTCOMES = st.fixed_dictionaries({A: VERDICTS, B: VERDICTS, C: VERDICTS, "UNDEF-003/d": VERDICTS})


@given(OUTCOMES, OUTCOMES)
def test_a_gate_stops_what_got_worse_and_only_that(old: dict[str, Verdict], new: dict[str, Verdict]) -> None:
    """With a baseline a run fails when something that held is broken, or what is broken was not judged before."""
    judged = Gate(baseline=report(old), baseline_file="old.json").judge(report(new))
    code = judged["summary"]["exit_code"]
    broken = (VIOLATED, UNSET)
    worse = any(old[name] == UPHELD and new[name] in broken for name in new)
    unknown = any(old[name] in (UNSURE, Verdict.NOT_RUN) and new[name] in broken for name in (A, B))
    if UNSURE in new.values():
        assert code == ExitCode.ERROR
    elif worse or unknown:
        assert code == ExitCode.NOT_CONFORMANT
    else:
        assert code not in (ExitCode.NOT_CONFORMANT, ExitCode.ERROR)


@given(OUTCOMES)
def test_every_exit_code_has_its_reason(outcomes: dict[str, Verdict]) -> None:
    """A run that is not plainly conformant says why, and the first reason is that of the code."""
    summary = report(outcomes)["summary"]
    first = [reason["kind"] for reason in summary["reasons"]][:1]
    wanted = {
        ExitCode.CONFORMANT: ([], ["warning"]),
        ExitCode.NOT_CONFORMANT: (["violated"], ["not-testable"]),
        ExitCode.ERROR: (["inconclusive"],),
        ExitCode.NOTHING_SELECTED: (["nothing-selected"],),
        ExitCode.NOTHING_APPLICABLE: (["nothing-applicable"],),
    }
    assert first in wanted[ExitCode(summary["exit_code"])]


@given(OUTCOMES, st.integers(0, 3))
def test_judging_again_changes_nothing(outcomes: dict[str, Verdict], times: int) -> None:
    """A conclusion follows from the report, however often it is drawn."""
    made = report(outcomes)
    again = made
    for _ in range(times):
        again = conclude(again)
    assert again == made


# Bad input


def say(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one sentence that a command ends with, and make sure that it is one."""
    code = main(arguments)
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.startswith("libvirt-conformance: LVC-")
    assert err.count("\n") == 1
    assert err.strip().isprintable()
    assert len(err) < 600
    return err


WHOLE = report({A: UPHELD, B: VIOLATED, C: EXCUSED}, reproduce="libvirt-conformance run – ✔")
BOTH = Gate(baseline=WHOLE, baseline_file="o.json").judge(WHOLE)


def test_a_report_cut_off_at_any_byte_is_refused() -> None:
    """At every byte: a part of a report is never compared, merged or taken for a baseline."""
    content = dump(BOTH).encode()
    assert parse_report(content, "r.json") == BOTH
    for length in range(len(content.rstrip())):
        with pytest.raises(BadReport):
            parse_report(content[:length], "r.json")


HOSTILE = {
    "not JSON": b"<html>",
    "nothing": b"",
    "not UTF-8": b'{"schema_version": "\xff"}',
    "half a character": dump(WHOLE).replace("Title of UNDEF-001/a", "\\ud800").encode(),
    "another version": json.dumps({**WHOLE, "schema_version": "2.0\x1b[2J"}).encode(),
    "not finished": json.dumps({**WHOLE, "complete": False}).encode(),
    "no number": dump(WHOLE).replace("0.25", "NaN").encode(),
    "deep": b"[" * 200_000,
    "hostile id": dump(WHOLE).replace('"UNDEF-001/a"', '"UNDEF-001/a\\u001b[2J"').encode(),
    "a number of 5,000 digits": dump(WHOLE).replace("9000000", "9" * 5000).encode(),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_report_is_one_sentence(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever command reads it, it ends with exit code 2 and says which file it is."""
    good, bad, out = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "out"
    good.write_text(dump(WHOLE))
    bad.write_bytes(content)
    for arguments in (
        ["diff", str(good), str(bad)],
        ["diff", str(bad), str(good)],
        ["deviations", "--from", str(bad)],
        ["merge", str(good), str(bad), "--report", str(out)],
        ["merge", str(good), "--baseline", str(bad), "--report", str(out)],
        ["run", "--baseline", str(bad), "--report", str(out)],
    ):
        assert f"LVC-401 {bad}: " in say(capsys, *arguments)
    assert not out.exists()


def test_bad_deviations_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that breaks its form stops a run before it begins, with the file and the line."""
    good, bad, out = tmp_path / "good.json", tmp_path / "bad.toml", tmp_path / "out"
    good.write_text(dump(WHOLE))
    bad.write_text("\n[[deviation]]\nrule = 'UNDEF-001'\n")
    for arguments in (
        ["run", "--deviations", str(bad), "--report", str(out)],
        ["merge", str(good), "--deviations", str(bad), "--report", str(out)],
    ):
        assert f"LVC-402 {bad}:2: the entry has no reason; " in say(capsys, *arguments)
    assert not out.exists()


@pytest.mark.parametrize("name", ["none.json", "a\x1b[2J\nb.json"], ids=["missing", "hostile name"])
def test_a_file_that_is_not_there_is_one_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its name is shown as plain characters."""
    assert "it cannot be read (No such file or directory)" in say(capsys, "diff", name, name)
    assert "it cannot be read (No such file or directory)" in say(capsys, "run", "--deviations", name)


MISTAKES = {
    "one file for two": ["run", "--report", "a", "--baseline", "a"],
    "no repetition": ["run", "--repeat", "0"],
    "part of nothing": ["run", "--shard", "3/2"],
    "part without a number": ["run", "--shard", "2"],
    "one report": ["diff", "a"],
    "nothing to merge": ["merge", "--report", "a"],
    "merge to nowhere": ["merge", "a"],
    "deviations of nothing": ["deviations"],
}


@pytest.mark.parametrize("arguments", MISTAKES.values(), ids=MISTAKES)
def test_wrong_usage_is_one_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be asked for is told before anything is done."""
    say(capsys, *arguments)


def test_a_draft_writes_over_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What somebody has filled in stays."""
    source, output = tmp_path / "r.json", tmp_path / "d.toml"
    source.write_text(dump(WHOLE))
    assert main(["deviations", "--from", str(source), "--output", str(output)]) == 0
    assert capsys.readouterr().out == f"{output}: 1 entry to fill in.\n"
    output.write_text("mine")
    assert "it is there already" in say(capsys, "deviations", "--from", str(source), "--output", str(output))
    assert output.read_text() == "mine"


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to each part of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for key, part in inner for place in places(part, (*way, key)))]


def spoilt(document: Mapping[str, Any], way: tuple[Any, ...], value: Any) -> Any:
    """Return a document with another value in one place."""
    changed: Any = copy.deepcopy(document)
    part = changed
    for step in way[:-1]:
        part = part[step]
    part[way[-1]] = value
    return changed


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=9),
    st.just([]),
    st.just({}),
    st.sampled_from([10**300, "violated", "not-applicable", "UNDEF-001", "\ud800", "\x1b[2J", "a\nb"]),
)


@AGAIN
@given(way=st.sampled_from(places(BOTH)[1:]), value=VALUES)
def test_a_report_with_anything_in_it_is_read_or_refused(
    way: tuple[Any, ...], value: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever stands in whatever place, every command ends in order, and no line of it steers a terminal."""
    good, bad, out = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "out"
    good.write_text(dump(WHOLE))
    bad.write_text(json.dumps(spoilt(BOTH, way, value)))
    for arguments in (
        ["diff", str(good), str(bad)],
        ["diff", str(bad), str(good)],
        ["deviations", "--from", str(bad)],
        ["merge", str(bad), "--report", str(out)],
        ["merge", str(good), "--baseline", str(bad), "--report", str(out)],
    ):
        assert main(arguments) in list(ExitCode)
        said = "".join(capsys.readouterr())
        assert said.replace("\n", "").isprintable()
