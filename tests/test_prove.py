"""``prove`` as a command: what it prints, what it writes, and how it ends.

The whole of it is run by the build; here it is held to a few rules.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from conformance import mutants
from conformance.errors import Unproven
from conformance.judgement import Look, Violation, look_at
from conformance.kill_matrix import Declared
from conformance.published_proof import check_proofs, check_vices, page_path, read_proofs
from conformance.specification import load_specification
from conformance.suite.case import Case
from conformance.suite.definitions import conclusions
from conformance.suite.steps.then_holdings import autostart_once_is_off
from conformance.verdict import ExitCode
from conformance.view import BY_NAME, Answer
from conftest import Bench, finish

PAGE = page_path()
assert PAGE is not None
PROOFS = read_proofs(PAGE)
CATALOG = load_specification().catalog
SENTENCES = [sentence for sentence, _ in conclusions(()).values()]
#: Sentences of a Then that no driver here can be asked for: a test with a driver of values shows that each convicts.
SHOWN_BY_VALUES = {"autostart once is off"}


def test_a_rule_is_proven_by_the_vices_that_are_meant_for_it(bench: Bench) -> None:
    """The matrix, the rule and the result are printed, the document is written, and nothing is left behind."""
    ended = bench.kit("prove", "--rule", "undef-004", "--report", "matrix.json")
    assert (ended.code, ended.err) == (ExitCode.CONFORMANT, "")
    assert "  remainder-refuses-definition  " in ended.out
    assert "+ UNDEF-004 SHOULD A transient remainder can be defined again: 4 vices" in ended.out
    assert ended.out.endswith("result:    proven, for what was tried\n")
    report = bench.report("matrix.json")
    assert {vice["proof"] for vice in report["vices"]} == {"convicted"}
    assert bench.traces() == []


def test_a_vice_is_tried_by_itself(bench: Bench) -> None:
    """A vice that was named meets every rule, and is convicted by those that it declares."""
    ended = bench.kit("prove", "--vice", "untaken-flag-reports-success", "--report", "matrix.json")
    assert ended.code == ExitCode.CONFORMANT
    (vice,) = bench.report("matrix.json")["vices"]
    assert vice["convicted_by"] == ["UNDEF-026", "UNDEF-028"]


def test_a_driver_that_hangs_and_one_that_crashes_are_lost_and_named(bench: Bench) -> None:
    """The call in which they took the process along is found, and the others are judged all the same."""
    ended = bench.kit("prove", "--rule", "UNDEF-034", "--report", "matrix.json")
    assert ended.code == ExitCode.CONFORMANT
    vices = {vice["name"]: vice for vice in bench.report("matrix.json")["vices"]}
    assert vices["hangs"]["lost"] == vices["crashes"]["lost"] == "UNDEF-034/alive[paused]: dom.undefine"
    assert vices["deaf-after-undefine"]["proof"] == "convicted"
    assert bench.processes() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--vice", "kindness"], "LVC-101 there is no vice called 'kindness'; choose one of the"),
        (["--vice", "nvram-flag-leaves-the-file"], "can be shown on qemu:///embed only; choose that with --uri"),
        (["--rule", "UNDEF-021"], "no vice that is shown on test:///default is meant for UNDEF-021; choose another"),
        (["--rule", "UNDEF-999"], "LVC-102"),
        (["--uri", "nonsense"], "LVC-301"),
        (["--uri", "test:///nowhere.xml"], "LVC-302"),
        (["--report", "no/such/folder.json"], "LVC-103"),
        (["--workers", "none"], "LVC-101"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_refused_in_one_sentence(arguments: list[str], said: str, bench: Bench) -> None:
    """It names the place and the remedy, ends with 2, and shows no traceback."""
    ended = bench.kit("prove", *arguments)
    assert ended.code == ExitCode.ERROR
    assert said in ended.err
    assert "Traceback" not in ended.said
    assert bench.traces() == []


def test_a_proof_that_is_interrupted_leaves_nothing(bench: Bench) -> None:
    """Its processes end and its domains go when it is told to end."""
    process = bench.start_kit("prove")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Proving the kit on test:///default with ")
    # A job in the background of a shell ignores SIGINT, and so does what it starts.
    process.send_signal(signal.SIGTERM)
    ended = finish(process)
    assert (ended.code, "Traceback" in ended.said) == (ExitCode.ERROR, False), ended.said
    assert bench.processes() == []
    assert bench.traces() == []


# What is published


def test_what_is_published_is_of_the_vices_that_there_are() -> None:
    """The kill matrices hold every vice of the test driver, and each vice in them is as it is declared now."""
    published = {
        vice["name"]: Declared(
            vice["name"],
            vice["family"],
            vice["sentence"],
            frozenset(vice["rules"]),
            vice["overlaps"],
            vice["uri"],
            vice["ends_process"],
        )
        for proof in PROOFS.values()
        for vice in proof["vices"]
    }
    declared = {vice.name: vice for vice in mutants.declared()}
    assert published == {name: vice for name, vice in declared.items() if name in published or not vice.uri}


def test_what_is_published_is_in_order() -> None:
    """Every binding rule and every sentence of a Then is shown, and the page is that of them."""
    assert PAGE is not None
    assert list(check_proofs(CATALOG, SENTENCES, PROOFS, PAGE.read_text(encoding="utf-8"), "here")) == []


def test_every_sentence_of_a_then_is_seen_to_convict_or_shown_by_values() -> None:
    """What is published knows every sentence, and those that no driver here can be asked for are few."""
    steps = [step for proof in PROOFS.values() for step in proof["steps"]]
    assert {step["sentence"] for step in steps} == set(SENTENCES)
    convicting = {step["sentence"] for step in steps if step["convicted"]}
    used = {step["sentence"] for step in steps if step["used"]}
    assert used <= convicting
    assert used.isdisjoint(SHOWN_BY_VALUES)


def test_a_rule_that_kills_nothing_cannot_be_released() -> None:
    """The linter names it, with its place."""
    without = {
        where: {**proof, "rules": [rule for rule in proof["rules"] if rule["id"] != "UNDEF-011"]}
        for where, proof in PROOFS.items()
    }
    found = [str(finding) for finding in check_proofs(CATALOG, SENTENCES, without, "", "here")]
    assert found[0].startswith("LVC-207 spec/undefine.md:")
    assert "no published vice is convicted by UNDEF-011" in found[0]


def test_a_sentence_that_was_never_seen_to_convict_cannot_be_released() -> None:
    """The linter names it."""
    quiet = {
        where: {**proof, "steps": [{**step, "convicted": False} for step in proof["steps"]]}
        for where, proof in PROOFS.items()
    }
    found = [finding.problem for finding in check_proofs(CATALOG, SENTENCES, quiet, "", "here")]
    assert "no published vice was convicted by “the domain is gone”" in found


def test_a_page_that_was_not_written_anew_is_found() -> None:
    """The linter says how to write it."""
    found = list(check_proofs(CATALOG, SENTENCES, PROOFS, "an old page", "docs/kill-matrix.md"))
    assert [type(finding) for finding in found] == [Unproven]
    assert "lint --write" in str(found[0])


def test_a_matrix_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    """Nobody takes a part for the whole."""
    from conformance.errors import BadReport

    folder = tmp_path / "proof"
    folder.mkdir()
    assert PAGE is not None
    whole = (PAGE.parent / "proof" / "test.json").read_text(encoding="utf-8")
    for part in (whole[: len(whole) // 2], whole.replace('"complete": true', '"complete": false'), "[]"):
        (folder / "test.json").write_text(part, encoding="utf-8")
        with pytest.raises(BadReport):
            read_proofs(tmp_path / "kill-matrix.md")


class Answers(Case):
    """A case whose driver is a few values."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = {name.replace("_", " "): answer for name, answer in answers.items()}

    def ask(self, name: str, *_which: object, **_where: object) -> Answer | None:
        """Return the answer, where there is one."""
        return self.answers.get(name)

    def question(self, name: str, *_which: object, **_where: object) -> Look:
        """Return something to ask."""
        return look_at(BY_NAME[name], uuid="", name="", dom="dom", conn="conn")


def test_autostart_once_that_is_on_convicts() -> None:
    """The sentence can fail, though no driver here has autostart once."""
    autostart_once_is_off(Answers(autostart_once=0))
    with pytest.raises(Violation, match="autostart once"):
        autostart_once_is_off(Answers(autostart_once=1))


def test_every_vice_is_published_and_no_other() -> None:
    """A vice that was added or taken away after the matrices were made is named, with what to do."""
    assert list(check_vices(mutants.VICES, PROOFS, "here")) == []
    kept = {*mutants.VICES, "new-vice"}
    kept.remove("disk-goes-with-the-domain")
    gone, new = map(str, check_vices(kept, PROOFS, "docs/kill-matrix.md"))
    assert gone.startswith("LVC-207 docs/kill-matrix.md: the vice disk-goes-with-the-domain is published, and there is")
    assert new.startswith(
        "LVC-207 docs/kill-matrix.md: the vice new-vice is in no published kill matrix; publish what "
    )
