"""Repetitions: what ends otherwise once is told, and judged by none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.conclusion import conclude
from conformance.form import first_breach
from conformance.repetition import combine
from conformance.report import schema
from conformance.verdict import ExitCode, Verdict
from reports import ABSENT, UNSET, UNSURE, UPHELD, VIOLATED, outcomes_of, report

A, B = "UNDEF-001/a", "UNDEF-002/b"
TABLE, FAULT = "UNDEF-001/table", "UNDEF-001/table[succeeded]"


def repeated(*reports: Mapping[str, Any], asked: int = 0) -> dict[str, Any]:
    """Return one report of repetitions, concluded and held against the schema."""
    combined = conclude(combine(reports, asked or len(reports)))
    assert first_breach(combined, schema()) == ""
    return combined


def test_what_ends_alike_is_judged() -> None:
    """Repetitions that agree come to their verdict, and their times are summed."""
    made = repeated(*[report({A: UPHELD, B: VIOLATED})] * 3)
    assert outcomes_of(made) == {A: UPHELD, B: VIOLATED}
    assert made["repetitions"] == {"asked": 3, "done": 3, "differing": []}
    assert (made["timing"]["wall_seconds"], made["timing"]["workers"]) == (6.0, 2)
    assert made["rules"][0]["scenarios"][0]["seconds"] == 1.5
    assert made["summary"]["exit_code"] == ExitCode.CONFORMANT


def test_what_differs_is_inconclusive_and_names_both() -> None:
    """There is no list of scenarios that may differ: the message says how often it ended as what, and what was seen."""
    made = repeated(report({A: UPHELD}), report({A: VIOLATED}), report({A: UPHELD}))
    (found,) = made["rules"][0]["scenarios"]
    assert found["outcome"] == UNSURE
    assert found["message"] == "of 3 repetitions it was upheld in 1, 3; violated in 2 (observed: there)"
    assert found["reproducer"] == "import libvirt\n"
    assert made["repetitions"]["differing"] == [{"id": A, "outcomes": [UPHELD, VIOLATED, UPHELD]}]
    assert made["summary"]["exit_code"] == ExitCode.ERROR
    assert [reason["kind"] for reason in made["summary"]["reasons"]] == ["differing", "inconclusive"]


def test_a_fault_of_the_table_that_is_not_met_again_differs() -> None:
    """A fault has an entry where it was shown: where the table was judged without it, it was not there."""
    made = repeated(report({FAULT: VIOLATED, TABLE: UPHELD}), report({TABLE: UPHELD}))
    assert outcomes_of(made) == {FAULT: UNSURE, TABLE: UPHELD}
    assert made["repetitions"]["differing"] == [{"id": FAULT, "outcomes": [VIOLATED, UPHELD]}]


def test_a_fault_of_the_table_is_as_unsure_as_the_table_where_it_is_not_met() -> None:
    """Where the cells about a rule could not be judged, a fault that was not met may be there all the same."""
    made = repeated(report({FAULT: VIOLATED, TABLE: UPHELD}), report({TABLE: UNSURE}))
    assert made["repetitions"]["differing"] == [
        {"id": FAULT, "outcomes": [VIOLATED, UNSURE]},
        {"id": TABLE, "outcomes": [UPHELD, UNSURE]},
    ]
    (fault, table) = made["rules"][0]["scenarios"]
    assert fault["message"] == "of 2 repetitions it was violated in 1 (observed: there); inconclusive in 2"
    assert (fault["seconds"], fault["libvirt_seconds"]) == (0.5, 0.25)
    assert table["message"] == "of 2 repetitions it was upheld in 1; inconclusive in 2 (killed)"


def test_a_fault_that_no_cell_is_left_for_was_not_there() -> None:
    """Where every cell about a rule shows another fault, the rest has no entry, and says nothing."""
    made = repeated(report({FAULT: VIOLATED, TABLE: UPHELD}), report({"UNDEF-001/table[refused]": VIOLATED}))
    assert {one["id"]: one["outcomes"] for one in made["repetitions"]["differing"]} == {
        FAULT: [VIOLATED, UPHELD],
        "UNDEF-001/table[refused]": [UPHELD, VIOLATED],
    }
    assert outcomes_of(made)[TABLE] == UPHELD
    assert outcomes_of(repeated(report({TABLE: ABSENT}), report({FAULT: VIOLATED}))) == {TABLE: ABSENT, FAULT: UNSURE}


def test_a_fault_is_what_it_was_where_nobody_asked_again() -> None:
    """A repetition that has no word of the decision table says nothing of a fault of it."""
    made = repeated(report({FAULT: VIOLATED}), report({A: UPHELD}))
    assert outcomes_of(made) == {FAULT: VIOLATED, A: UPHELD}
    assert made["repetitions"]["differing"] == []


def test_a_capability_that_comes_and_goes_is_a_problem() -> None:
    """What a driver can do is the same each time, or the run is inconclusive."""
    one, two = report({A: UPHELD}), report({A: UPHELD})
    two["capabilities"] = [{"id": "define", "present": False, "evidence": "no"}]
    made = repeated(one, two)
    assert made["problems"] == ["probing: define was not the same in each repetition (present, absent)"]
    assert made["summary"]["exit_code"] == ExitCode.ERROR


def test_fewer_repetitions_than_asked_for_are_no_whole() -> None:
    """A report that is written between two repetitions, or of a run that was ended there, is refused by its reader."""
    made = repeated(report({A: UPHELD}), report({A: UPHELD}), asked=3)
    assert made["complete"] is False
    assert made["summary"]["exit_code"] == ExitCode.ERROR


def test_what_a_repetition_has_not_come_to_does_not_differ() -> None:
    """Of one that is under way, or was ended, only what it has judged is laid beside the others."""
    under_way = report({A: UNSURE, B: VIOLATED}, complete=False)
    made = repeated(report({A: UPHELD, B: UPHELD}), under_way, asked=2)
    assert outcomes_of(made) == {A: UPHELD, B: UNSURE}
    assert [one["id"] for one in made["repetitions"]["differing"]] == [B]
    assert (made["complete"], made["summary"]["exit_code"]) == (False, ExitCode.ERROR)


def test_a_first_repetition_that_is_under_way_is_shown_as_it_is() -> None:
    """What it has not come to is inconclusive, in its own words, until it has."""
    made = repeated(report({A: UPHELD, B: UNSURE}, complete=False), asked=2)
    assert outcomes_of(made) == {A: UPHELD, B: UNSURE}
    assert made["rules"][1]["scenarios"][0]["message"] == "killed"
    assert made["repetitions"] == {"asked": 2, "done": 1, "differing": []}


def test_times_are_summed_and_the_rest_is_the_last_ones() -> None:
    """A repetition is a run after a run: it began with the first, and what a driver showed last is what it is."""
    timings = [
        {"started": "2026-11-26T10:00:00+00:00", "wall_seconds": 0.1, "libvirt_seconds": 0.1, "busy_seconds": 0.7},
        {"started": "2026-11-26T10:01:00+00:00", "wall_seconds": 0.2, "libvirt_seconds": 0.2, "busy_seconds": 0.1},
        {"started": "2026-11-26T10:02:00+00:00", "wall_seconds": 1.0, "libvirt_seconds": 0.5, "busy_seconds": 1.0},
    ]
    reports = [
        report({A: UPHELD}, timing={**timing, "workers": 2, "peak_kib": kib}, reproduce=f"run {kib}")
        for timing, kib in zip(timings, (7, 9, 8), strict=True)
    ]
    made = repeated(*reports)
    assert made["timing"] == {
        "started": "2026-11-26T10:00:00+00:00",
        "wall_seconds": 1.3,
        "libvirt_seconds": 0.8,
        "busy_seconds": 1.8,
        "workers": 2,
        "peak_kib": 9,
    }
    (found,) = made["rules"][0]["scenarios"]
    assert (found["seconds"], found["libvirt_seconds"]) == (1.5, 0.75)
    assert made["reproduce"] == "run 8"


def test_each_scenario_of_a_rule_is_told() -> None:
    """One that differs stands beside those that do not, each once."""
    outcomes: list[dict[str, Verdict]] = [
        {A: UPHELD, "UNDEF-001/b": UPHELD, "UNDEF-001/c": UPHELD},
        {A: UPHELD, "UNDEF-001/b": VIOLATED, "UNDEF-001/c": UPHELD},
    ]
    made = repeated(*map(report, outcomes))
    assert outcomes_of(made) == {A: UPHELD, "UNDEF-001/b": UNSURE, "UNDEF-001/c": UPHELD}


def test_what_is_upheld_needs_no_words() -> None:
    """Of a repetition in which nothing was wrong only its number is told, whatever stands in its report."""
    upheld = report({A: UPHELD})
    upheld["rules"][0]["scenarios"][0]["message"] = "cells of the decision table: 7"
    made = repeated(upheld, report({A: ABSENT}))
    assert made["rules"][0]["scenarios"][0]["message"] == (
        "of 2 repetitions it was upheld in 1; not-applicable in 2 (the driver lacks it)"
    )


def test_what_was_changed_once_was_changed() -> None:
    """The inventory is that of all repetitions."""
    changed = {"objects": 2, "identical": False, "changed": ["x is gone"], "left": ["/b", "/a"]}
    made = repeated(report({A: UPHELD}), report({A: UPHELD}, inventory=changed), report({A: UPHELD}, inventory={}))
    assert made["inventory"] == {"objects": 3, "identical": False, "changed": ["x is gone"], "left": ["/a", "/b"]}


VERDICTS = st.sampled_from([UPHELD, ABSENT, VIOLATED, UNSET, UNSURE])


@given(st.lists(st.tuples(VERDICTS, VERDICTS), min_size=2, max_size=5))
def test_nothing_that_differs_passes(outcomes: list[tuple[Verdict, Verdict]]) -> None:
    """A scenario has its outcome if it had it each time, and is inconclusive otherwise."""
    made = repeated(*[report({A: a, B: b}) for a, b in outcomes])
    for name, seen in zip((A, B), zip(*outcomes, strict=True), strict=True):
        assert outcomes_of(made)[name] == (seen[0] if len(set(seen)) == 1 else UNSURE)
        assert (name in {one["id"] for one in made["repetitions"]["differing"]}) == (len(set(seen)) > 1)


@pytest.mark.parametrize("order", [0, 1])
def test_what_was_seen_once_is_shown(order: int) -> None:
    """Whichever repetition has shown a violation, its script is in the report."""
    pair = [report({A: UPHELD}), report({A: VIOLATED})]
    (found,) = repeated(pair[order], pair[1 - order])["rules"][0]["scenarios"]
    assert (found["expected"], found["observed"]) == ("gone", "there")
