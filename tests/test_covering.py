"""The pairwise selection: what meets in it, and that it is small and always the same."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from conformance.covering import cover, pairwise, values
from conformance.decision import FLAGS_OF, KNOWN, UNKNOWN_BIT, Holding, State, decide
from conformance.flags import OPPOSITES, Undefine
from conformance.regions import Region, all_regions
from conformance.survey import size

EVERYTHING = all_regions()
#: Kinds of domain of a driver that holds neither nvram nor TPM, nor a snapshot beside a checkpoint.
SOME = [
    region
    for region in EVERYTHING
    if not region.held & {Holding.NVRAM, Holding.TPM} and not {Holding.SNAPSHOT, Holding.CHECKPOINT} <= region.held
]
INACTIVE = [region for region in EVERYTHING if region.state is State.INACTIVE]
TAKEN_BY_SOME = Undefine.MANAGED_SAVE | Undefine.SNAPSHOTS_METADATA
DRIVERS = [(EVERYTHING, KNOWN), (SOME, TAKEN_BY_SOME)]


@pytest.mark.parametrize(("regions", "taken"), DRIVERS, ids=["all", "some"])
def test_every_state_meets_every_holding_with_every_flag(regions: list[Region], taken: int) -> None:
    """Wherever a kind of domain can be had, held and not held meet given and not given in each state."""
    seen = {
        (survey.region.state, holding, holding in survey.region.held, flag, bool(flags & flag))
        for survey in pairwise(regions, taken)
        for flags in survey.values
        for holding, flag in product(Holding, Undefine)
    }
    wanted = {
        (region.state, holding, holding in region.held, flag, given)
        for region in regions
        for holding, flag, given in product(Holding, Undefine, (True, False))
    }
    assert wanted == seen


@pytest.mark.parametrize(("regions", "taken"), DRIVERS, ids=["all", "some"])
def test_every_two_holdings_meet(regions: list[Region], taken: int) -> None:
    """Both, either, and neither, wherever that can be."""

    def met(held: frozenset[Holding]) -> set[tuple[Holding, bool, Holding, bool]]:
        return {(one, one in held, other, other in held) for one, other in combinations(Holding, 2)}

    wanted = set().union(*(met(region.held) for region in regions))
    assert set().union(*(met(survey.region.held) for survey in pairwise(regions, taken))) == wanted


@pytest.mark.parametrize("region", EVERYTHING, ids=lambda region: region.id)
def test_every_two_flags_meet_on_each_kind_of_domain(region: Region) -> None:
    """Given and not given, unless they ask for opposites, which are in calls of their own."""
    asked = values(region, KNOWN)
    free = [
        flags for flags in asked if flags <= KNOWN and not any(flags & a and flags & b for a, b in OPPOSITES.items())
    ]
    for one, other in combinations(Undefine, 2):
        met = {(bool(flags & one), bool(flags & other)) for flags in free}
        both = set() if OPPOSITES.get(one) is other else {(True, True)}
        assert met == {(True, False), (False, True), (False, False)} | both
    for one, other in OPPOSITES.items():
        assert any(flags & one and flags & other for flags in asked)
    assert any(flags & UNKNOWN_BIT for flags in asked)


@pytest.mark.parametrize("region", EVERYTHING, ids=lambda region: region.id)
def test_each_persistent_domain_is_undefined_with_success_too(region: Region) -> None:
    """A selection of refusals alone would show no driver that refuses everything."""
    outcomes = {decide(region.state, region.held, flags).refused for flags in values(region, KNOWN)}
    assert outcomes == ({True} if region.state.transient else {True, False})


def test_flags_that_are_not_taken_are_asked_for() -> None:
    """Each once in each region: that it is refused must not hang on what else is held."""
    for survey in pairwise(SOME, TAKEN_BY_SOME):
        given = [flag for flag in Undefine if any(flags & flag for flags in survey.values)]
        assert given == list(Undefine)


def test_the_selection_is_small_and_always_the_same() -> None:
    """It is part of every run, and two runs are to be compared."""
    selection = pairwise(EVERYTHING, KNOWN)
    assert len(selection) <= 20
    assert sum(len(survey.values) for survey in selection) < 300
    assert selection == pairwise(EVERYTHING, KNOWN)
    assert all(type(flags) is int for survey in selection for flags in survey.values)


def test_a_cover_takes_what_it_is_given_first() -> None:
    """What is chosen already is not covered again."""
    candidates = ["ab", "cd", "abcd"]

    def pairs(word: str) -> set[frozenset[object]]:
        return {frozenset({one}) for one in word}

    assert cover(candidates, pairs) == ["abcd"]
    assert cover(candidates, pairs, begin=["ab"]) == ["ab", "cd"]


def test_what_stands_alone_is_chosen_first() -> None:
    """Nothing hides what a domain that holds one thing, or nothing, shows."""
    chosen = [survey.region for survey in pairwise(EVERYTHING, KNOWN)]
    assert chosen[:3] == [Region(state) for state in (State.INACTIVE, State.RUNNING, State.PAUSED)]
    assert chosen[3:8] == [Region(State.INACTIVE, frozenset({holding})) for holding in Holding]


@pytest.mark.parametrize("taken", [KNOWN, TAKEN_BY_SOME], ids=["all", "some"])
@pytest.mark.parametrize("region", INACTIVE, ids=lambda region: region.id)
def test_what_is_held_is_asked_for_whole_in_part_and_beside_what_is_no_flag(region: Region, taken: int) -> None:
    """The calls come in the order of their size, and among them are those that are about what is held."""
    asked = values(region, taken)
    own = [FLAGS_OF[holding][0] & taken for holding in region.held]
    needed = sum(own)
    untaken = [flag for flag in Undefine if not flag & taken]
    assert list(asked) == sorted(asked, key=size)
    assert {0, needed, UNKNOWN_BIT, UNKNOWN_BIT | needed} <= set(asked)
    assert {needed & ~flag for flag in own} <= set(asked)
    assert {flags for flag in untaken for flags in (flag, needed | flag)} <= set(asked)


@pytest.mark.parametrize("flag", [*OPPOSITES.keys(), *OPPOSITES.values()], ids=lambda flag: flag.name)
def test_opposites_are_asked_for_only_where_both_are_taken(flag: Undefine) -> None:
    """One that is not taken would be refused for that, and hide that they are opposites."""
    both = next(one | other for one, other in OPPOSITES.items() if flag in (one, other))
    assert any(flags & both == both for flags in values(Region(State.INACTIVE), KNOWN))
    assert not any(flags & both == both for flags in values(Region(State.INACTIVE), KNOWN & ~flag))


@pytest.mark.parametrize(
    ("held", "calls"),
    [
        ({Holding.IMAGE, Holding.NVRAM}, (0, 1, 4, 16, 128, 5, 72, 11, 13, 37, 133, 58, 101, 87)),
        ({Holding.NVRAM, Holding.TPM}, (0, 4, 16, 32, 128, 36, 72, 41, 44, 70, 100, 164, 55, 91)),
    ],
    ids=["image-nvram", "nvram-tpm"],
)
def test_the_calls_on_a_kind_of_domain_are_these(held: set[Holding], calls: tuple[int, ...]) -> None:
    """A report is held against that of an earlier release, so which calls are made does not change unnoticed."""
    assert values(Region(State.INACTIVE, frozenset(held)), KNOWN) == calls
