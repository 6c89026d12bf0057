"""The search, on drivers without libvirt: what it finds, how short it makes it, and that a seed decides all of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.decision import State
from conformance.explore.course import Course, Coverage, Parting
from conformance.explore.life import Kind, Life, Op, life_code
from conformance.explore.search import Measure, Search
from conformance.explore.shrink import shrink
from conformance.explore.ways import alphabet, rarest, shortcuts, ways, with_second
from conformance.explore.world import World
from made_lives import CAN, Bend, Made

OPS = with_second(alphabet(CAN), CAN)
FEW = Measure(lives=40, shrinking=60)


def stranded(op: Op, before: World, after: World) -> World:
    """Leave the image where undefine has to remove it, for whoever is defined next."""
    if op.kind is Kind.DEFINE and before.state is None and before.handled:
        return replace(after, image=LEFT)
    return after


def keeps_autostart(op: Op, before: World, after: World) -> World:
    """Leave a transient remainder set to autostart."""
    return replace(after, autostart=before.autostart) if op.name == "undefine" and after.state else after


def drops_metadata(op: Op, _before: World, after: World) -> World:
    """Drop metadata at once where it has to stay until the guest halts."""
    return replace(after, snapshot=False) if op.name == "undefine" else after


def halts_for_good(op: Op, before: World, after: World) -> World:
    """End a persistent domain that is suspended, and its definition with it."""
    gone = op.kind is Kind.SUSPEND and bool(before.edition)
    return World(None, handled=True, renamed=after.renamed) if gone else after


LEFT = ways(CAN).paths and next(world.image for world in ways(CAN).paths if world.image)

#: Drivers that part from the model: the rule that is broken, the number of operations of the shortest life.
BENT = {
    "an image that is stranded": (stranded, "UNDEF-006", 3),
    "autostart that survives": (keeps_autostart, "UNDEF-009", 4),
    "metadata that is dropped": (drops_metadata, "UNDEF-018", 4),
    "a guest that halts when it is suspended": (halts_for_good, "", 3),
}


def search_on(driver: Made, number: str = "1", measure: Measure = FEW) -> tuple[Search, Coverage]:
    """Return a search on a driver."""
    coverage = Coverage()
    course = Course(driver, CAN, coverage, lambda _life, _world: None)
    return Search(course, CAN, coverage, number, measure, lambda: False, lambda: False), coverage


def first(search: Search, batches: int = 30) -> Parting:
    """Return the first thing that a search finds."""
    for _ in range(batches):
        if parting := search.batch():
            return parting
    raise AssertionError("nothing was found")


@given(st.sampled_from(list(ways(CAN).paths.values())), st.lists(st.sampled_from(OPS), max_size=20))
def test_a_driver_that_does_what_the_model_says_never_parts(way: Life, life: list[Op]) -> None:
    """Every life with such a driver comes to its end, from whichever state it begins."""
    course = Course(Made(), CAN, Coverage(), lambda _life, _world: None)
    assert course.lead((*way, *life)) is None


@pytest.mark.parametrize(("bend", "rule", "length"), BENT.values(), ids=list(BENT))
def test_a_driver_that_parts_is_found_by_the_shortest_life(bend: Bend, rule: str, length: int) -> None:
    """The search gives back a life of which nothing can be left out, and the rule that it breaks."""
    search, _ = search_on(Made(bend))
    parting = first(search)
    assert (parting.signature.rule, len(parting.life)) == (rule, length)
    for index in range(length - 1):
        shorter = parting.life[:index] + parting.life[index + 1 :]
        again = search.course.lead(shorter, (), (), parting.signature)
        assert again is None or again.signature != parting.signature or len(again.life) < len(shorter)


def test_what_has_to_fail_and_succeeds_is_found() -> None:
    """Autostart of a domain that is transient, or gone, is found in as many calls as it takes to get there."""
    parting = first(search_on(Made(succeeds=["setAutostart(1)"]))[0])
    assert (parting.signature.rule, len(parting.life)) in (("UNDEF-009", 2), ("UNDEF-008", 3))
    assert parting.signature.sign == "succeeded"
    assert not any(op.second for op in parting.life)


def test_what_is_known_does_not_stop_the_search() -> None:
    """A fault is told of once, and what else is wrong is found beside it."""

    def bend(op: Op, before: World, after: World) -> World:
        return drops_metadata(op, before, keeps_autostart(op, before, after))

    search, _ = search_on(Made(bend))
    found = []
    for _ in range(12):
        if parting := search.batch():
            search.known.add(parting.signature)
            found.append(parting.signature)
    assert {"UNDEF-009", "UNDEF-018"} <= {each.rule for each in found}
    assert len(found) == len(set(found))


def test_the_same_seed_leads_the_same_lives() -> None:
    """Two searches with one seed lead the same lives in the same order, and one with another seed leads others."""

    def led(number: str) -> list[str]:
        lives: list[str] = []

        def note(life: Iterable[Op], _world: World) -> None:
            lives.append(life_code(life))

        coverage = Coverage()
        course = Course(Made(keeps_autostart), CAN, coverage, note)
        search = Search(course, CAN, coverage, number, FEW, lambda: False, lambda: False)
        for _ in range(2):
            if parting := search.batch():
                search.known.add(parting.signature)
        return lives

    assert led("7/0") == led("7/0")
    assert led("7/0") != led("8/0")


def test_rare_operations_are_sought() -> None:
    """A search comes to most states in a few thousand operations, although some lie nine operations deep."""
    search, coverage = search_on(Made(), measure=Measure(lives=100))
    for _ in range(4):
        assert search.batch() is None
    assert len(coverage.states) > 150


def test_a_search_whose_time_is_over_ends() -> None:
    """No life is led when there is no time left."""
    made = Made()
    coverage = Coverage()
    course = Course(made, CAN, coverage, lambda _life, _world: None)
    assert Search(course, CAN, coverage, "1", FEW, lambda: True, lambda: True).batch() is None
    assert made.lives == 0


def test_the_rarest_operations_come_first() -> None:
    """A transition that was tried is sought after one that was not."""
    found = ways(CAN)
    (op, *_) = found.steps[World()].values()
    tried = Coverage()
    tried.note(World(), op, World())
    assert rarest(found, tried, 100_000, Random(1))[-1] == (op,)


def test_what_lies_behind_a_parting_is_not_reached() -> None:
    """With every way to a transient domain closed, no state of one is left."""
    every = ways(CAN)
    closed = {(world, op) for world in every.paths for op in alphabet(CAN) if op.kind in (Kind.CREATE, Kind.UNDEFINE)}
    closed |= {(world, op) for world in every.paths for op in alphabet(CAN) if op.kind is Kind.UNDEFINE_FLAGS}
    closed |= {(world, op) for world in every.paths for op in alphabet(CAN) if op.kind is Kind.CREATE_PAUSED}
    still = ways(CAN, closed)
    assert any(world.state and world.state.transient for world in every.paths)
    assert not any(world.state and world.state.transient for world in still.paths)


def test_a_fault_is_looked_for_in_simpler_states_first() -> None:
    """From a state that holds much, the shortest way to a state that holds less comes first, and none holds more."""
    before = World(State.RUNNING, handled=True, snapshot=True, autostart=True, edition=1, live=1)
    lives = shortcuts(ways(CAN), before, Op(Kind.SAVE))
    assert life_code(lives[0]) == "DEFINE:0 START:0 SAVE:0"
    assert [len(life) for life in lives] == sorted(len(life) for life in lives)
    kinds = {op.kind for life in lives for op in life}
    assert {Kind.TAKE_SNAPSHOT, Kind.AUTOSTART_ON} <= kinds
    assert kinds.isdisjoint({Kind.TAKE_CHECKPOINT, Kind.RENAME})


def test_shrinking_leaves_out_all_that_can_be() -> None:
    """A life is cut down to the two operations that matter, where one of them has a simpler form."""
    life: Life = tuple(Op(kind, second=True) for kind in (Kind.DEFINE, Kind.START, Kind.SUSPEND, Kind.SAVE, Kind.STOP))

    def shows(shorter: Life) -> bool:
        kinds = [op.kind for op in shorter]
        return Kind.DEFINE in kinds and kinds[-1] is Kind.STOP

    assert shrink(life, shows, 100) == ((Op(Kind.DEFINE), Op(Kind.STOP)), True)


def test_shrinking_ends_with_its_budget() -> None:
    """What cannot be tried any more is not claimed to be the shortest."""
    life = tuple(map(Op, Kind))
    tried = []
    shorter, complete = shrink(life, lambda each: bool(tried.append(each)), 5)
    assert (shorter, complete, len(tried)) == (life, False, 5)
