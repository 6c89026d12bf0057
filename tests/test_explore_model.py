"""The model of a life: it is the decision table's where a life undefines, and contradicts itself nowhere."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.decision import KNOWN, Fate, Holding, Outcome, State, can_hold, decide
from conformance.explore.abilities import Abilities
from conformance.explore.life import Kind, Op, can_be_second, life_code, parse_life
from conformance.explore.model import Ending, predict
from conformance.explore.shown import expected, expected_of_namesake, facts_of
from conformance.explore.ways import alphabet, ways, with_second
from conformance.explore.world import Image, World, parse_world
from conformance.view import ASPECTS
from made_lives import CAN, EVERYTHING, OWN, shown_as

#: What a life's domain can hold: the nvram file and the TPM are the decision table's alone.
HELD = [Holding.IMAGE, Holding.SNAPSHOT, Holding.CHECKPOINT]
OPS = with_second(alphabet(CAN), CAN)
ops = st.one_of(
    st.sampled_from(OPS),
    st.builds(Op, st.just(Kind.UNDEFINE_FLAGS), st.integers(0, 0xFFFFFFFF), st.booleans()),
)
lives = st.lists(ops, max_size=40)
endings = st.lists(st.booleans(), min_size=40, max_size=40)


def worlds_of(life: list[Op], succeeds: list[bool]) -> list[World]:
    """Return the worlds that a life comes through, where the contract leaves the ending open as a list says."""
    world, found = World(), [World()]
    for op, success in zip(life, succeeds, strict=False):
        prediction = predict(world, op, CAN)
        if prediction is None or prediction.ending is Ending.FAILURE:
            continue
        if prediction.ending is Ending.SUCCESS or success:
            world = prediction.after
            found.append(world)
    return found


def world_of(state: State, held: frozenset[Holding]) -> World:
    """Return a world in which the domain is in a state and holds something."""
    return World(
        state,
        handled=True,
        image=Image(False, 1) if Holding.IMAGE in held else None,
        snapshot=Holding.SNAPSHOT in held,
        checkpoint=Holding.CHECKPOINT in held,
        edition=0 if state.transient else 1,
        live=int(state.active),
    )


REGIONS = [
    (state, frozenset(held))
    for state in State
    for number in range(len(HELD) + 1)
    for held in itertools.combinations(HELD, number)
    if can_hold(state, held)
]


def in_words(value: State | frozenset[Holding]) -> str:
    """Return a state or what is held as a name that is the same in each process: a set has no order of its own."""
    return value if isinstance(value, State) else " and ".join(sorted(value)) or "nothing"


@pytest.mark.parametrize("taken", [KNOWN, 3, 0])
@pytest.mark.parametrize(("state", "held"), REGIONS, ids=in_words)
def test_undefine_is_the_decision_tables(state: State, held: frozenset[Holding], taken: int) -> None:
    """With every flag value the model refuses what the table refuses, and leaves what the table leaves."""
    can = Abilities(EVERYTHING, taken)
    before = world_of(state, held)
    for flags in range(256):
        decision = decide(state, held, flags, taken)
        prediction = predict(before, Op(Kind.UNDEFINE_FLAGS, flags), can)
        assert prediction is not None
        assert prediction.decision == decision
        assert (prediction.ending is Ending.FAILURE) is decision.refused
        assert prediction.rule == decision.blamed
        if decision.refused:
            assert prediction.after == before
            assert prediction.codes == decision.codes
            assert (prediction.code_rule, prediction.unchanged) == (decision.code_rule, decision.unchanged)
        elif decision.outcome is Outcome.REMOVED:
            assert prediction.after == World(None, handled=True)
        else:
            after = prediction.after
            assert after.state is not None
            assert after.state.transient
            assert (str(after.state).split()[0], after.autostart) == (str(state), False)
            kept = {holding for holding, (fate, _) in decision.fates.items() if fate is not Fate.REMOVED}
            assert after.held == kept


def test_both_undefines_are_predicted_alike() -> None:
    """The older call is the newer one without flags."""
    for state, held in REGIONS:
        before = world_of(state, held)
        assert predict(before, Op(Kind.UNDEFINE), CAN) == predict(before, Op(Kind.UNDEFINE_FLAGS, 0), CAN)


def test_lives_lead_to_every_region_of_the_table() -> None:
    """Every state with everything that it can hold is reached, and nothing that it cannot."""
    reached = {(world.state, world.held) for world in ways(CAN).paths if world.state is not None}
    assert reached == set(REGIONS)


@given(lives, endings)
def test_no_life_leads_to_a_world_that_cannot_be(life: list[Op], succeeds: list[bool]) -> None:
    """Nothing is held by nobody, a definition is there when it has to be, and two domains never have one name."""
    for world in worlds_of(life, succeeds):
        if world.state is None:
            assert world.held == frozenset()
            assert (world.autostart, world.edition, world.live) == (False, 0, 0)
            continue
        assert world.handled
        assert can_hold(world.state, world.held)
        assert bool(world.live) is world.state.active
        assert bool(world.edition) is not world.state.transient
        assert not (world.autostart and world.state.transient)
        assert world.namesake is None or world.renamed


@given(lives, endings)
def test_a_failure_is_predicted_to_change_nothing(life: list[Op], succeeds: list[bool]) -> None:
    """What must fail leaves the world that it met, whatever it is."""
    for world in worlds_of(life, succeeds):
        for op in OPS:
            prediction = predict(world, op, CAN)
            if prediction is not None and prediction.ending is Ending.FAILURE:
                assert prediction.after == world


@given(lives, endings)
def test_what_is_predicted_is_what_is_shown(life: list[Op], succeeds: list[bool]) -> None:
    """From what a driver shows by the model, the model's facts are read again."""
    for world in worlds_of(life, succeeds):
        for facts in (expected(world), expected_of_namesake(world)):
            assert facts_of(shown_as(dict(facts), OWN), OWN) == facts


def test_the_files_of_a_name_are_those_of_the_domain_that_has_it() -> None:
    """Of a domain that is gone no file may be left, unless another has its name by now."""
    gone = World(None, handled=True)
    assert expected(gone)["files on the host"] == ()
    assert "files on the host" not in expected(replace(gone, namesake=State.INACTIVE))
    assert expected(replace(gone, namesake=State.INACTIVE, renamed=True))["files on the host"] == ()


def test_only_questions_of_the_list_are_expected() -> None:
    """Every fact of the model has the name of a question that the kit asks."""
    names = {aspect.name for aspect in ASPECTS}
    for world in ways(CAN).paths:
        assert set(expected(world)) <= names
        assert set(expected_of_namesake(world)) <= names


@given(lives)
def test_a_life_is_read_as_it_was_written(life: list[Op]) -> None:
    """A life comes back from its letters."""
    assert parse_life(life_code(life)) == tuple(life)


def test_a_world_is_read_as_it_was_written() -> None:
    """Every state that can be reached comes back from its letters, and no two share them."""
    worlds = list(ways(CAN).paths)
    assert [parse_world(world.code) for world in worlds] == worlds
    assert len({world.code for world in worlds}) == len(worlds)


def test_the_way_to_a_state_leads_there() -> None:
    """Each shortest life ends in the state for which it is kept."""
    for wanted, life in ways(CAN).paths.items():
        assert worlds_of(list(life), [True] * len(life))[-1].key == wanted


def test_what_a_driver_lacks_is_not_asked() -> None:
    """An operation without its capability, or that a driver was found to lack, is none."""
    bare = Abilities(frozenset({"define"}))
    assert {op.kind for op in alphabet(bare)} == {
        Kind.DEFINE,
        Kind.UNDEFINE,
        Kind.DEFINE_NAMESAKE,
        Kind.UNDEFINE_NAMESAKE,
    }
    assert predict(World(), Op(Kind.CREATE), bare) is None
    without = Abilities(EVERYTHING, lacking=frozenset({Kind.RENAME}))
    assert Kind.RENAME not in {op.kind for op in alphabet(without)}


def test_what_has_one_connection_only_is_never_done_through_another() -> None:
    """Closing the first connection cannot be done through the second."""
    assert [op for op in OPS if op.second and not can_be_second(op.kind)] == []
    assert Op(Kind.UNDEFINE, second=True) in OPS


def test_a_stale_handle_reaches_nobody() -> None:
    """Every call on the handle of a domain that is gone fails with NO_DOMAIN, after the check of unknown flags."""
    gone = World(None, handled=True, namesake=State.RUNNING)
    for kind in (Kind.UNDEFINE, Kind.START, Kind.SAVE, Kind.AUTOSTART_ON, Kind.RENAME):
        prediction = predict(gone, Op(kind), CAN)
        assert prediction is not None
        assert (prediction.ending, prediction.codes, prediction.rule) == (Ending.FAILURE, ("NO_DOMAIN",), "UNDEF-008")
    unknown = predict(gone, Op(Kind.UNDEFINE_FLAGS, 1 << 31), CAN)
    assert unknown is not None
    assert (unknown.codes, unknown.rule) == (("INVALID_ARG",), "UNDEF-025")
