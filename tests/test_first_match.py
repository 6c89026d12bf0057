"""Rows of which the first that fits counts, found from a decision."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.first_match import Row, first_match

CASES = [(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)]
CONDITIONS = {
    **{name: lambda case, n=n: case[n] for n, name in enumerate("abc")},
    **{f"not {name}": lambda case, n=n: not case[n] for n, name in enumerate("abc")},
}


def follow(rows: list[Row[int]], case: tuple[int, int, int]) -> int:
    """Return what the first row says that fits a case."""
    return next(row.result for row in rows if all(CONDITIONS[name](case) for name in row.conditions))


@given(st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_the_rows_decide_every_case_as_the_decision_does(results: list[int]) -> None:
    """Whatever the decision is, following the rows leads to it, and each case is counted in one row."""
    decision = dict(zip(CASES, results, strict=True))
    rows = first_match(CASES, decision.__getitem__, CONDITIONS, otherwise=results[0])
    assert {case: follow(rows, case) for case in CASES} == decision
    assert sum(row.cases for row in rows) == len(CASES)
    assert [row.conditions for row in rows if not row.conditions] == [()]
    assert rows[-1].conditions == ()


@given(st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_no_row_can_be_left_out(results: list[int]) -> None:
    """A list without one of its rows decides something otherwise."""
    decision = dict(zip(CASES, results, strict=True))
    rows = first_match(CASES, decision.__getitem__, CONDITIONS, otherwise=results[0])
    for row in rows[:-1]:
        shorter = [other for other in rows if other is not row]
        assert {case: follow(shorter, case) for case in CASES} != decision


def test_what_makes_no_difference_is_not_named() -> None:
    """A decision that hangs on one fact has one row for it."""
    rows = first_match(CASES, lambda case: "yes" if case[1] else "no", CONDITIONS, otherwise="no")
    assert rows == [Row(("b",), "yes", 4), Row((), "no", 4)]


def test_conditions_that_do_not_suffice_are_refused() -> None:
    """Where the conditions cannot tell two cases apart, there is no list of rows."""
    with pytest.raises(ValueError, match="conditions"):
        first_match(CASES, lambda case: case[0], {"b": lambda case: case[1]}, otherwise=0)
