"""A decision over many yes-or-no facts as a short list of rows, of which the first that fits counts.

It is how people write a decision down. The rows are found from the decision itself, by trying every conjunction of
a few conditions, so that nobody has to keep two descriptions of one thing equal.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Generic, TypeVar

Case = TypeVar("Case")
Result = TypeVar("Result", bound=Hashable)

#: How many conditions a row may join before it is no longer read at a glance.
_MOST = 3


@dataclass(frozen=True)
class Row(Generic[Result]):
    """One row: the names of the conditions that have to hold, what follows, and how many cases it decides."""

    conditions: tuple[str, ...]
    result: Result
    cases: int


def first_match(
    cases: Sequence[Case],
    decide: Callable[[Case], Result],
    conditions: Mapping[str, Callable[[Case], object]],
    otherwise: Result,
) -> list[Row[Result]]:
    """Return rows that decide every case as ``decide`` does, the last of them without a condition.

    :param otherwise: what follows where no earlier row fits; no other row has it.
    :raises ValueError: when no list of rows of a few conditions exists.
    """
    # A set of cases is a number with a bit for each, as that makes a thousand conjunctions a matter of milliseconds.
    everything = (1 << len(cases)) - 1
    holds = {name: _bits(map(test, cases)) for name, test in conditions.items()}
    results = [decide(case) for case in cases]
    wanted = {result: _bits(result == other for other in results) for result in dict.fromkeys(results)}
    matches = {
        names: _intersection(everything, (holds[name] for name in names))
        for number in range(1, _MOST + 1)
        for names in combinations(holds, number)
    }
    found: list[tuple[tuple[str, ...], Result]] = []
    rest = everything
    while rest & ~wanted.get(otherwise, 0):
        names, result = _best(matches, wanted, otherwise, rest)
        found.append((names, result))
        rest &= ~matches[names]
    found.append(((), otherwise))
    matches[()] = everything
    return _count(_without_needless(found, matches, wanted, everything), matches, everything)


def _bits(answers: Iterable[object]) -> int:
    return sum(1 << number for number, answer in enumerate(answers) if answer)


def _intersection(everything: int, sets: Iterable[int]) -> int:
    for one in sets:
        everything &= one
    return everything


def _best(
    matches: Mapping[tuple[str, ...], int], wanted: Mapping[Result, int], otherwise: Result, rest: int
) -> tuple[tuple[str, ...], Result]:
    """Return the row of the fewest conditions, and of the most cases among those, that decides nothing wrongly."""
    candidates = [
        (-len(names), (decided & rest).bit_count(), names, result)
        for names, decided in matches.items()
        for result, right in wanted.items()
        if result != otherwise and decided & rest and not decided & rest & ~right
    ]
    if not candidates:
        raise ValueError(f"no row of {_MOST} conditions decides what is left")
    # Of rows that are equally good the first named one, so that the list is always the same.
    return max(candidates, key=lambda candidate: candidate[:2])[2:]


def _without_needless(
    rows: list[tuple[tuple[str, ...], Result]],
    matches: Mapping[tuple[str, ...], int],
    wanted: Mapping[Result, int],
    everything: int,
) -> list[tuple[tuple[str, ...], Result]]:
    """Leave out rows whose cases a later row decides in the same way."""
    for row in list(rows[:-1]):
        shorter = [other for other in rows if other is not row]
        rest, right = everything, True
        for names, result in shorter:
            right = right and not matches[names] & rest & ~wanted.get(result, 0)
            rest &= ~matches[names]
        if right:
            rows = shorter
    return rows


def _count(
    rows: list[tuple[tuple[str, ...], Result]], matches: Mapping[tuple[str, ...], int], everything: int
) -> list[Row[Result]]:
    counted, rest = [], everything
    for names, result in rows:
        counted.append(Row(names, result, (matches[names] & rest).bit_count()))
        rest &= ~matches[names]
    return counted
