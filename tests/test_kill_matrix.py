"""The kill matrix: every way in which what was found can part from what was declared, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from conformance.kill_matrix import Declared, Found, Meeting, Proof, build_matrix
from conformance.render.kill_matrix import grid, page, text
from conformance.specification import load_specification
from conformance.verdict import ExitCode

CATALOG = load_specification().catalog
UPHELD = {"outcome": "upheld"}
VIOLATED = {
    "outcome": "violated", "definition": "then.gone", "expected": "it is gone", "observed": "it stays", "message": "",
}  # fmt: skip
DOUBT = {"outcome": "inconclusive", "message": "nobody answered"}
FIRST, SECOND, THIRD = "UNDEF-001/a", "UNDEF-002/b", "UNDEF-003/c"
FORGETS = Declared("forgets", "removal", "It forgets.", frozenset({"UNDEF-001"}), {"UNDEF-002": "it looks too"})
LOSES = Declared("loses", "guests", "It loses guests.", frozenset({"UNDEF-002", "UNDEF-003"}))
CRASHES = Declared("crashes", "liveness", "It ends.", frozenset(), ends_process=True)
ON_QEMU = Declared("burns", "firmware", "It burns.", frozenset({"UNDEF-021"}), uri="qemu:///embed")
MEETING = Meeting(
    driver={"uri": "test:///default", "type": "TEST", "libvirt_version": 9000000},
    applicable=(FIRST, SECOND, THIRD),
    not_applicable={"UNDEF-021/x": "the driver lacks nvram"},
    selected=(),
    shown_here=("forgets", "loses", "crashes"),
    only_meant=(),
    exact=True,
    definitions={"then.gone": ("it is gone", True), "then.kept": ("it is kept", True)},
    problems=(),
)
WITHOUT = Found(dict.fromkeys((FIRST, SECOND, THIRD), UPHELD))
RIGHT = {
    "forgets": Found({FIRST: VIOLATED, SECOND: VIOLATED}),
    "loses": Found({SECOND: VIOLATED, THIRD: VIOLATED}),
    "crashes": Found({}, "UNDEF-034/alive: dom.undefine"),
}


def matrix(found: Mapping[str, Found] | None = None, without: Found = WITHOUT, **meeting: Any) -> dict[str, Any]:
    """Return the matrix of what was found, where some of it differs from what is right."""
    declared = (FORGETS, LOSES, CRASHES, ON_QEMU)
    return build_matrix(CATALOG, "digest", declared, {**RIGHT, **(found or {})}, without, replace(MEETING, **meeting))


def vice(report: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a vice of a matrix."""
    return next(each for each in report["vices"] if each["name"] == name)


def rule(report: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a rule of a matrix."""
    return next(each for each in report["rules"] if each["id"] == name)


def failures(report: Mapping[str, Any]) -> list[str]:
    """Return what has failed, apart from the rules of the specification that these few vices are not meant for."""
    return [failure for failure in report["failures"] if "no vice is meant for it" not in failure]


def test_what_was_declared_and_found_is_proven() -> None:
    """Each vice is convicted as declared, and each of its rules kills."""
    report = matrix()
    assert failures(report) == []
    assert [each["proof"] for each in report["vices"]] == [Proof.CONVICTED, Proof.CONVICTED, Proof.LOST]
    assert rule(report, "UNDEF-001")["killers"] == ["forgets"]
    assert rule(report, "UNDEF-002")["killers"] == ["loses"]
    assert report["scenarios"]["never_convicting"] == []


def test_a_rule_without_a_vice_is_not_proven() -> None:
    """A binding rule that no vice is meant for fails the proof, wherever it could be shown."""
    report = matrix()
    assert rule(report, "UNDEF-004")["proof"] == Proof.TOOTHLESS
    assert "UNDEF-004 has no killer: no vice is meant for it" in report["failures"]
    assert report["summary"]["exit_code"] == ExitCode.NOT_CONFORMANT


def test_a_choice_needs_no_killer() -> None:
    """A MAY leaves the choice to the driver."""
    assert rule(matrix(), "UNDEF-023")["proof"] == Proof.FREE


def test_a_rule_that_does_not_apply_is_shown_elsewhere() -> None:
    """It says on which driver, and why not here."""
    shown = rule(matrix(), "UNDEF-021")
    assert (shown["proof"], shown["shown_on"]) == (Proof.ELSEWHERE, ["qemu:///embed"])
    assert shown["why"] == "the driver lacks nvram"


def test_a_rule_whose_vices_another_driver_shows_is_shown_there() -> None:
    """A driver that is only tried with vices of its own leaves the others to the one that shows them."""
    found = {"forgets": RIGHT["forgets"]}
    report = build_matrix(
        CATALOG, "", (FORGETS, LOSES), found, WITHOUT, replace(MEETING, shown_here=("forgets",), exact=False)
    )
    assert rule(report, "UNDEF-003")["shown_on"] == ["test:///default"]
    assert report["summary"]["whole"]


def test_a_rule_whose_vices_were_not_chosen_was_not_run() -> None:
    """Nothing is said of it, and the whole is not proven."""
    report = build_matrix(CATALOG, "", (FORGETS, LOSES), {"forgets": RIGHT["forgets"]}, WITHOUT, MEETING)
    assert rule(report, "UNDEF-003")["proof"] == Proof.NOT_RUN
    assert not report["summary"]["whole"]


def test_a_vice_that_escapes_is_named_with_the_rule() -> None:
    """The rule that is meant for it and upheld has no killer either."""
    report = matrix({"forgets": Found({FIRST: UPHELD, SECOND: VIOLATED})})
    assert vice(report, "forgets")["proof"] == Proof.ESCAPED
    assert failures(report) == [
        "forgets is not convicted by UNDEF-001, which is meant for it",
        "UNDEF-001 has no killer: none of forgets is convicted by it",
        f"{FIRST} has convicted no vice",
    ]


def test_an_undeclared_conviction_is_told_with_what_was_seen() -> None:
    """It names the scenario, what was expected and what was observed."""
    report = matrix({"forgets": Found({FIRST: VIOLATED, SECOND: VIOLATED, THIRD: VIOLATED})})
    assert vice(report, "forgets")["proof"] == Proof.UNEXPLAINED
    assert failures(report) == [
        f"forgets is convicted by {THIRD}, which is not declared: expected that it is gone; observed: it stays"
    ]


def test_an_overlap_that_does_not_show_is_a_failure() -> None:
    """A reason that stands for nothing is not left standing, where it was to be seen."""
    found = {"forgets": Found({FIRST: VIOLATED})}
    assert failures(matrix(found)) == ["forgets is not convicted by UNDEF-002, which is declared to overlap"]
    assert failures(matrix(found, exact=False)) == []


def test_a_vice_that_does_nothing_is_idle() -> None:
    """On a driver on which it was declared that is a failure; on another it is told."""
    report = matrix({"forgets": Found({})})
    assert vice(report, "forgets")["proof"] == Proof.IDLE
    assert "forgets does nothing in any scenario" in report["failures"]
    assert "forgets does nothing in any scenario" not in matrix({"forgets": Found({})}, exact=False)["failures"]


def test_a_violation_without_the_vice_convicts_nobody() -> None:
    """A driver that breaks a rule by itself is told apart from what a vice adds."""
    without = Found({FIRST: VIOLATED, SECOND: UPHELD, THIRD: UPHELD})
    report = matrix(without=without)
    assert vice(report, "forgets")["missed"] == ["UNDEF-001"]
    assert report["violated_without"] == [FIRST]


def test_a_rule_that_was_not_asked_is_not_missed() -> None:
    """A selection of rules judges by those alone."""
    report = matrix(
        {"loses": Found({SECOND: VIOLATED})}, applicable=(SECOND,), selected=("UNDEF-002",), not_applicable={}
    )
    assert failures(report) == []
    assert rule(report, "UNDEF-003")["proof"] == Proof.NOT_RUN


@pytest.mark.parametrize(
    ("found", "problems", "doubt"),
    [
        ({"forgets": Found({FIRST: VIOLATED, SECOND: VIOLATED, THIRD: DOUBT})}, (), "forgets: UNDEF-003/c: nobody"),
        (
            {"forgets": Found({FIRST: VIOLATED}, "UNDEF-002/b: dom.state")},
            (),
            "forgets: the process was lost in",
        ),
        ({}, ("the ledger is gone",), "the ledger is gone"),
    ],
    ids=["inconclusive", "lost", "problem"],
)
def test_what_the_kit_doubts_is_an_error(found: Mapping[str, Found], problems: tuple[str, ...], doubt: str) -> None:
    """No verdict on a vice stands in for one that could not be had."""
    report = matrix(found, problems=problems)
    assert report["summary"]["exit_code"] == ExitCode.ERROR
    assert [said for said in report["doubts"] if said.startswith(doubt)]


def test_a_driver_that_is_lost_without_a_vice_is_one_doubt() -> None:
    """What could not be watched is not told of each vice once more."""
    report = matrix({"forgets": Found({})}, without=Found({}, "the process did not begin"))
    assert report["doubts"] == ["the driver without a vice was lost in the process did not begin ()"]
    assert not any("forgets" in failure and "nothing" in failure for failure in report["failures"])


@pytest.mark.parametrize("lost", ["", "UNDEF-034/alive: dom.state"])
def test_a_vice_that_does_not_end_the_process_in_an_undefine_has_escaped(lost: str) -> None:
    """It is to be lost in the call that it is about."""
    report = matrix({"crashes": Found({}, lost)})
    assert failures(report) == ["crashes did not end the process"]


def test_a_sentence_counts_once_it_has_convicted() -> None:
    """The definition of the step that ended a violated scenario is one that can fail."""
    assert [step["convicted"] for step in matrix()["steps"]] == [True, False]


def test_a_cell_shows_what_was_meant_and_what_was_seen() -> None:
    """Meant and seen, declared and seen, seen only, meant only, not seen, not asked: each has a mark of its own."""
    found = {"forgets": Found({FIRST: VIOLATED, SECOND: VIOLATED, THIRD: VIOLATED}), "loses": Found({SECOND: VIOLATED})}
    lines = grid(matrix(found))
    cells = {line.split()[0]: line[-3:] for line in lines if line.startswith("  ") and line.split()[0] in RIGHT}
    assert cells["forgets"] == "#o!"
    assert cells["loses"] == ".#?"
    only = grid(matrix(only_meant=("UNDEF-002",)))
    assert next(line for line in only if "forgets" in line).endswith("#o.")


def test_the_text_says_what_is_wrong_and_what_comes_of_it() -> None:
    """Failures stand before the result, and the result says whether it was all."""
    shown = text(matrix({"forgets": Found({FIRST: UPHELD, SECOND: VIOLATED})}))
    assert "! forgets is not convicted by UNDEF-001, which is meant for it" in shown
    assert shown.endswith("result:    not proven\n")
    assert "X UNDEF-001 MUST" in shown
    assert "- UNDEF-021 MUST   An nvram file stands in the way: shown on qemu:///embed" in shown
    assert "not seen to convict, in scenarios here: “it is kept”" in shown


def test_the_page_shows_every_vice_with_its_reasons() -> None:
    """Sentence, rules and reasons of each, and the sentences that were never seen to convict."""
    shown = page([matrix()])
    assert "| `forgets` | It forgets. | UNDEF-001 | UNDEF-002: it looks too |" in shown
    assert "| it is gone | test:///default |" in shown
    assert "| it is kept | **none** |" in shown
