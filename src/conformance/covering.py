"""A selection of the decision table in which every pair of circumstances meets, for runs that cannot ask for all of it.

Faults of drivers in this area come from two things meeting: a run state and a holding, a holding and a flag, two
flags. The regions are chosen so that each state meets each holding, present and absent, and each two holdings meet;
in each region the flags are chosen so that each two of them meet, given and not given. So every triple of a state,
a holding and a flag is in the selection too. As one thing in the way hides another, what stands alone and what is
asked for in part are chosen first.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import combinations
from typing import TypeVar

from conformance.decision import FLAGS_OF, KNOWN, UNKNOWN_BIT, Holding, State
from conformance.flags import OPPOSITES, Undefine
from conformance.regions import Region
from conformance.survey import Survey, size

Candidate = TypeVar("Candidate")
#: Two circumstances that meet.
Pair = frozenset[Hashable]


def pairwise(regions: Sequence[Region], taken: int) -> list[Survey]:
    """Return surveys in which every pair of circumstances meets that can meet in these regions."""
    plain = [region for region in regions if not region.state.transient and not region.held]
    alone = [region for region in regions if region.state is State.INACTIVE and len(region.held) == 1]
    chosen = cover(regions, _pairs_of_region, begin=[*plain, *alone])
    return [Survey(region, values(region, taken)) for region in chosen]


def values(region: Region, taken: int) -> tuple[int, ...]:
    """Return the calls that a region is to meet: those that are about something, then as many as make pairs meet."""
    own = [FLAGS_OF[holding][0] & taken for holding in Holding if holding in region.held]
    needed = sum(own)
    partly = [needed & ~flag for flag in own]
    opposites = [needed | one | other for one, other in OPPOSITES.items() if taken & one and taken & other]
    untaken = [flags for flag in Undefine if not flag & taken for flags in (flag, needed | flag)]
    # Opposites and what is no flag hide whatever else would be seen, so they meet the rest in calls of their own.
    begin = [0, needed, *partly, *opposites, *untaken, UNKNOWN_BIT, UNKNOWN_BIT | needed]
    candidates = [flags for flags in range(KNOWN + 1) if not flags & ~taken and not _contradicts(flags)]
    covering = cover(sorted(candidates, key=size), _pairs_of_flags, begin=[f for f in begin if f in set(candidates)])
    return tuple(sorted({int(flags) for flags in (*begin, *covering)}, key=size))


def _contradicts(flags: int) -> bool:
    return any(flags & one and flags & other for one, other in OPPOSITES.items())


def _pairs_of_region(region: Region) -> Iterable[Pair]:
    held = [(holding, holding in region.held) for holding in Holding]
    yield from (frozenset({region.state, fact}) for fact in held)
    yield from (frozenset(pair) for pair in combinations(held, 2))


def _pairs_of_flags(flags: int) -> Iterable[Pair]:
    yield from (frozenset(pair) for pair in combinations([(flag, bool(flags & flag)) for flag in Undefine], 2))


def cover(
    candidates: Sequence[Candidate], pairs: Callable[[Candidate], Iterable[Pair]], *, begin: Sequence[Candidate] = ()
) -> list[Candidate]:
    """Return candidates, few though not always the fewest, with every pair that any candidate has.

    :param begin: candidates that are chosen whatever they add.
    """
    has = {number: set(pairs(candidate)) for number, candidate in enumerate(candidates)}
    missing = set().union(*has.values()).difference(*(pairs(candidate) for candidate in begin))
    chosen = list(begin)
    while missing:
        # The first of those that add most, so that the selection is always the same.
        best = max(has, key=lambda number: (len(has[number] & missing), -number))
        chosen.append(candidates[best])
        missing -= has[best]
    return chosen
