"""What a report is held against, and in which order: repetitions, recorded deviations, an earlier report."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from conformance.conclusion import conclude
from conformance.deviations_file import parse_deviations
from conformance.errors import BadDeviations, BadReport
from conformance.gate import Gate, open_gate
from conformance.report import dump
from conformance.verdict import ExitCode
from reports import EXCUSED, UNSURE, UPHELD, VIOLATED, outcomes_of, report

A, B = "UNDEF-001/a", "UNDEF-004/b"
ENTRY = """\
[[deviation]]
rule = "UNDEF-001"
reason = "a bug"
link = "https://example.org/1"
until = 2027-06-30
"""
RECORDED: dict[str, Any] = {"deviations": parse_deviations(ENTRY, "test.toml"), "deviations_file": "test.toml"}
BASELINE: dict[str, Any] = {"baseline": report({A: UPHELD, B: VIOLATED}), "baseline_file": "old.json"}


def test_without_anything_a_report_is_only_concluded() -> None:
    """A gate of nothing adds no part to a report, and what it was given stays as it was."""
    made = {**report({A: VIOLATED}), "summary": {"level": "MUST", "exit_code": 0}}
    before = copy.deepcopy(made)
    assert Gate().judge(made) == conclude(made)
    assert made == before


def test_everything_is_judged_once_unless_said_otherwise() -> None:
    """One repetition is a run like any other, and what was judged before it plays no part."""
    assert Gate().repetitions == 1
    assert "repetitions" not in Gate(earlier=[report({A: VIOLATED})]).judge(report({A: UPHELD}))


def test_two_repetitions_are_one_report_in_their_order() -> None:
    """What was judged before stands first, and all that were asked for make the whole."""
    gate = Gate(repetitions=2, earlier=[report({A: UPHELD})])
    judged = gate.judge(report({A: VIOLATED}))
    assert judged["repetitions"] == {
        "asked": 2,
        "done": 2,
        "differing": [{"id": A, "outcomes": [UPHELD, VIOLATED]}],
    }
    assert judged["complete"] is True
    assert judged["summary"]["exit_code"] == ExitCode.ERROR
    assert gate.earlier == [report({A: UPHELD})]


def test_a_first_repetition_is_not_the_whole() -> None:
    """The report that is written after the first of several says how many are wanted."""
    judged = Gate(repetitions=3).judge(report({A: UPHELD}))
    assert judged["repetitions"] == {"asked": 3, "done": 1, "differing": []}
    assert judged["complete"] is False


def test_a_deviation_excuses_what_it_names() -> None:
    """A recorded deviation changes the verdict, and the report names the file."""
    judged = Gate(**RECORDED).judge(report({A: VIOLATED, B: UPHELD}))
    assert outcomes_of(judged) == {A: EXCUSED, B: UPHELD}
    assert judged["deviations"]["file"] == "test.toml"
    assert judged["summary"]["exit_code"] == ExitCode.CONFORMANT


def test_a_file_without_deviations_is_told_too() -> None:
    """A report that was held against a file says so, though the file is empty."""
    judged = Gate(deviations_file="test.toml").judge(report({A: UPHELD}))
    assert judged["deviations"] == {"file": "test.toml", "entries": []}


def test_no_deviation_excuses_what_differs() -> None:
    """What did not end alike each time is inconclusive before any deviation is looked at."""
    judged = Gate(**RECORDED, repetitions=2, earlier=[report({A: UPHELD})]).judge(report({A: VIOLATED}))
    assert outcomes_of(judged) == {A: UNSURE}
    assert judged["summary"]["exit_code"] == ExitCode.ERROR


def test_a_baseline_decides_what_got_worse() -> None:
    """What was broken before passes, what is broken since does not; the report names the file and both sides."""
    known = Gate(**BASELINE).judge(report({A: UPHELD, B: VIOLATED}))
    worse = Gate(**BASELINE).judge(report({A: VIOLATED, B: VIOLATED}))
    assert known["summary"]["exit_code"] == ExitCode.CONFORMANT
    assert worse["summary"]["exit_code"] == ExitCode.NOT_CONFORMANT
    assert [change["id"] for change in worse["baseline"]["regressed"]] == [A]
    assert [change["id"] for change in worse["baseline"]["still_broken"]] == [B]
    assert worse["baseline"]["file"] == "old.json"
    assert (worse["baseline"]["old"]["exit_code"], worse["baseline"]["new"]["exit_code"]) == (1, 1)


def test_a_recorded_regression_passes() -> None:
    """Deviations are looked at before the baseline: what somebody has recorded has a reason and an end."""
    judged = Gate(**RECORDED, **BASELINE).judge(report({A: VIOLATED, B: VIOLATED}))
    assert [change["new"] for change in judged["baseline"]["regressed"]] == [EXCUSED]
    assert judged["summary"]["exit_code"] == ExitCode.CONFORMANT


def test_a_run_that_was_inconclusive_is_so_in_the_difference_too() -> None:
    """What is compared is the report as it was concluded: the note about it stands in the difference."""
    made = report({A: UPHELD, B: UPHELD}, problems=["clean-up: a domain is left"])
    judged = Gate(**BASELINE).judge({**made, "summary": {"level": "MUST", "exit_code": 0}})
    assert "the new run was inconclusive" in judged["baseline"]["notes"]


def test_no_file_is_no_gate() -> None:
    """Where the caller names nothing, nothing is held against a report."""
    assert open_gate(None, None) == Gate()


def test_the_files_that_were_named_are_read(tmp_path: Path) -> None:
    """A gate has the content of its files, and their names as they can be shown."""
    deviations, baseline = tmp_path / "test\x1b[2J.toml", tmp_path / "old\n.json"
    deviations.write_text(ENTRY)
    baseline.write_text(dump(BASELINE["baseline"]))
    assert open_gate(deviations, baseline, 3) == Gate(
        deviations=parse_deviations(ENTRY, f"{tmp_path}/test?[2J.toml"),
        deviations_file=f"{tmp_path}/test?[2J.toml",
        baseline=BASELINE["baseline"],
        baseline_file=f"{tmp_path}/old?.json",
        repetitions=3,
    )


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A gate is never opened without what it was to have."""
    with pytest.raises(BadDeviations):
        open_gate(tmp_path / "none.toml", None)
    with pytest.raises(BadReport):
        open_gate(None, tmp_path / "none.json")
