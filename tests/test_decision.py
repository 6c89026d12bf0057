"""What the decision table is held to: not its cells again, but what libvirt's principle makes of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations

import pytest

from conformance.decision import (
    FLAGS_OF,
    INVALID_ARG,
    KNOWN,
    OPERATION_INVALID,
    RULES,
    UNKNOWN_BIT,
    Decision,
    Fate,
    Holding,
    Outcome,
    State,
    can_hold,
    decide,
)
from conformance.flags import OPPOSITES, Undefine
from conformance.situations import SITUATIONS, Situation

Held = frozenset[Holding]
Cell = tuple[State, Held, int]

HOLDINGS = [frozenset(h) for h in chain.from_iterable(combinations(Holding, n) for n in range(len(Holding) + 1))]
REGIONS = [(state, held) for state in State for held in HOLDINGS if can_hold(state, held)]
PERSISTENT = [(state, held) for state, held in REGIONS if not state.transient]
NONE: Held = frozenset()
IMAGE, SNAPSHOT, CHECKPOINT, NVRAM, TPM = (frozenset({holding}) for holding in Holding)


def cells(*, transient: bool = True) -> Iterator[Cell]:
    """Yield every cell without an unknown bit."""
    for state, held in REGIONS if transient else PERSISTENT:
        for flags in range(KNOWN + 1):
            yield state, held, flags


def needed(held: Held) -> int:
    """Return the flags that ask for the removal of everything held."""
    return sum(FLAGS_OF[holding][0] for holding in held)


def test_the_table_has_160_kinds_of_domain() -> None:
    """Three persistent states hold any of 32 sets, four transient ones any of the 16 without an image."""
    assert len(REGIONS) == 3 * 32 + 4 * 16


def test_states_and_holdings_are_those_that_can_be_built() -> None:
    """The words of the table are the words of the situations."""
    for state in State:
        built = SITUATIONS[state]
        assert (built.active, bool(built.transient)) == (state.active, state.transient)
    assert {holding.name.lower() for holding in Holding} <= set(Situation.__dataclass_fields__)


def test_an_unknown_bit_comes_before_everything() -> None:
    """Whatever the domain is and holds, a bit that libvirt does not define is the only thing that counts."""
    for state, held, flags in cells():
        for bit in (UNKNOWN_BIT, 1 << 31):
            decision = decide(state, held, flags | bit)
            assert (decision.outcome, decision.codes) == (Outcome.REFUSED, (INVALID_ARG,))
            assert {decision.rules[0], decision.code_rule, decision.unchanged} == {"UNDEF-025"}


@pytest.mark.parametrize("flag", Undefine, ids=lambda flag: flag.name)
def test_a_flag_that_is_not_taken_is_an_error_and_nothing_else_changes(flag: Undefine) -> None:
    """What a driver does not take matters for calls with that flag alone."""
    for state, held, flags in cells():
        decision = decide(state, held, flags, KNOWN & ~flag)
        if flags & flag:
            assert (decision.outcome, decision.rules[0]) == (Outcome.REFUSED, "UNDEF-026")
            assert decision.codes == () or INVALID_ARG in decision.codes
        else:
            assert decision == decide(state, held, flags)


def test_no_data_goes_without_a_request() -> None:
    """In every success, what is removed at once was asked for by its own flag; the TPM's definition may ask too."""
    for state, held, flags in cells():
        decision = decide(state, held, flags)
        for holding, (fate, _) in decision.fates.items():
            if fate is Fate.REMOVED:
                assert not decision.refused
                assert flags & FLAGS_OF[holding][0], (state, held, flags, holding)


def test_what_is_to_be_kept_is_kept() -> None:
    """A flag that asks to leave something is never followed by its removal."""
    keeping = {other: holding for holding, own in FLAGS_OF.items() for other in own[1:]}
    for state, held, flags in cells():
        for flag, holding in keeping.items():
            if flags & flag and holding in held:
                assert decide(state, held, flags).fates[holding][0] in (Fate.KEPT, Fate.BEYOND_HALT)


def test_a_refusal_keeps_everything() -> None:
    """Whatever is held is kept by a refusal, by the rule that says that nothing changes."""
    for state, held, flags in cells():
        decision = decide(state, held, flags)
        assert set(decision.fates) == held
        if decision.refused:
            assert set(decision.fates.values()) <= {(Fate.KEPT, decision.unchanged)}


def test_another_flag_never_makes_a_refusal_vanish() -> None:
    """What stands in the way is cleared by its own flags and by no other."""
    for state, held, flags in cells():
        if not decide(state, held, flags).refused:
            continue
        for flag in Undefine:
            if not decide(state, held, flags | flag).refused:
                assert any(flag in FLAGS_OF[holding] for holding in held)


def test_a_further_flag_is_refused_only_beside_its_opposite() -> None:
    """A call that succeeds goes on succeeding when it asks for more, unless it then asks for opposites."""
    opposites = OPPOSITES | {other: one for one, other in OPPOSITES.items()}
    for state, held, flags in cells():
        if decide(state, held, flags).refused:
            continue
        for flag in Undefine:
            refused = decide(state, held, flags | flag).refused
            assert refused == (flag in opposites and bool(flags & opposites[flag]))


def test_who_holds_less_is_refused_no_more() -> None:
    """Taking a holding away never turns a success into a refusal."""
    for state, held, flags in cells():
        if not decide(state, held, flags).refused:
            assert not any(decide(state, held - {holding}, flags).refused for holding in held)


def in_words(value: State | Held) -> str:
    """Return a state or what is held as a name that is the same in each process: a set has no order of its own."""
    return value if isinstance(value, State) else " and ".join(sorted(value)) or "nothing"


@pytest.mark.parametrize(("state", "held"), PERSISTENT, ids=in_words)
def test_there_is_a_way_to_undefine_every_persistent_domain(state: State, held: Held) -> None:
    """The flags of what is held suffice; without one of those that guard data the call is refused."""
    assert not decide(state, held, needed(held)).refused
    guarded = held - TPM if state is State.INACTIVE else held & (IMAGE | NVRAM)
    for holding in held:
        lacking = decide(state, held, needed(held) & ~FLAGS_OF[holding][0])
        assert lacking.refused == (holding in guarded)


def test_no_transient_domain_is_undefined() -> None:
    """No flags make a transient domain's undefine succeed."""
    assert all(decide(*cell).refused for cell in cells() if cell[0].transient)


def test_what_runs_goes_on_and_what_does_not_is_gone() -> None:
    """A success leaves a transient domain where it ran, and nothing where it did not."""
    outcomes = {(state.active, decide(state, held, flags).outcome) for state, held, flags in cells(transient=False)}
    assert outcomes == {
        (False, Outcome.REMOVED),
        (True, Outcome.TRANSIENT),
        (False, Outcome.REFUSED),
        (True, Outcome.REFUSED),
    }


def test_whether_a_guest_is_paused_plays_no_part() -> None:
    """Running and paused are one to the contract, and so are the ways on which a domain became transient."""
    transient = [state for state in State if state.transient]
    for held in HOLDINGS:
        for flags in range(KNOWN + 1):
            assert decide(State.RUNNING, held, flags) == decide(State.PAUSED, held, flags)
            if Holding.IMAGE not in held:
                assert len({decide(state, held, flags).rules for state in transient}) == 1


def test_flags_without_a_matter_change_no_outcome() -> None:
    """Flags about what is not held make no difference, unless they contradict each other, and a rule says so."""
    for state, held, flags in cells(transient=False):
        own = sum(flag for holding in held for flag in FLAGS_OF[holding])
        if any(flags & one and flags & other for one, other in OPPOSITES.items()):
            continue
        with_spare, without = decide(state, held, flags), decide(state, held, flags & own)
        assert (with_spare.outcome, with_spare.fates) == (without.outcome, without.fates) or without.refused
        if not with_spare.refused:
            assert bool(with_spare.spare) == bool(flags & ~own)


def test_what_can_be_blamed_is_among_what_the_cell_is_about() -> None:
    """No rule is blamed that a selection by rule would have left out."""
    broken = set(decide(State.INACTIVE, NONE, UNKNOWN_BIT).about)
    for state, held, flags in cells():
        decision = decide(state, held, flags)
        assert decision.blamed in decision.about
        assert {rule for _, rule in decision.fates.values()} <= decision.about
        broken |= decision.about
    assert sorted(broken) == list(RULES)


@pytest.mark.parametrize(
    ("state", "held", "flags", "rules"),
    [
        (State.INACTIVE, NONE, 0, ["UNDEF-001"]),
        (State.PAUSED, NONE, 0, ["UNDEF-002"]),
        (State.INACTIVE, IMAGE, 0, ["UNDEF-011", "UNDEF-028"]),
        (State.INACTIVE, IMAGE, Undefine.NVRAM, ["UNDEF-014", "UNDEF-011", "UNDEF-028"]),
        (State.INACTIVE, IMAGE, Undefine.MANAGED_SAVE, ["UNDEF-011", "UNDEF-001"]),
        (State.RUNNING, IMAGE, 0, ["UNDEF-015", "UNDEF-028"]),
        (State.RUNNING, IMAGE, Undefine.MANAGED_SAVE, ["UNDEF-015", "UNDEF-002"]),
        (State.INACTIVE, SNAPSHOT, 0, ["UNDEF-017", "UNDEF-028"]),
        (State.INACTIVE, CHECKPOINT, Undefine.SNAPSHOTS_METADATA, ["UNDEF-019", "UNDEF-017", "UNDEF-028"]),
        (State.RUNNING, SNAPSHOT, 0, ["UNDEF-018", "UNDEF-002"]),
        (State.RUNNING, NVRAM, 0, ["UNDEF-021", "UNDEF-028"]),
        (State.INACTIVE, NVRAM, Undefine.KEEP_NVRAM, ["UNDEF-021", "UNDEF-001"]),
        (State.INACTIVE, TPM, 0, ["UNDEF-024", "UNDEF-001"]),
        (State.INACTIVE, NONE, Undefine.TPM | Undefine.KEEP_TPM, ["UNDEF-022", "UNDEF-028"]),
        (State.RUNNING_REMAINDER, SNAPSHOT, KNOWN, ["UNDEF-007", "UNDEF-022", "UNDEF-028"]),
    ],
    ids=str,
)
def test_the_governing_rule_comes_first(state: State, held: Held, flags: int, rules: list[str]) -> None:
    """These cells are the rules' own examples."""
    assert list(decide(state, held, flags).rules) == rules


@pytest.mark.parametrize(
    ("held", "flags", "blamed"),
    [
        (NONE, Undefine.MANAGED_SAVE, "UNDEF-013"),
        (SNAPSHOT, Undefine.SNAPSHOTS_METADATA | Undefine.CHECKPOINTS_METADATA, "UNDEF-020"),
        (SNAPSHOT, Undefine.SNAPSHOTS_METADATA | Undefine.KEEP_TPM, "UNDEF-026"),
        (SNAPSHOT, Undefine.SNAPSHOTS_METADATA, "UNDEF-017"),
    ],
    ids=str,
)
def test_a_flag_that_nothing_needs_is_blamed_first(held: Held, flags: int, blamed: str) -> None:
    """Where such a flag is given, a refusal breaks the rule that it is harmless."""
    assert decide(State.INACTIVE, held, flags).blamed == blamed


def test_codes_of_causes_that_meet_are_all_right() -> None:
    """A driver may look at its flags or at the domain first, but at nothing before unknown bits."""
    taken = KNOWN & ~Undefine.TPM
    meeting = decide(State.INACTIVE, IMAGE, Undefine.TPM, taken)
    assert (meeting.codes, meeting.code_rule) == ((INVALID_ARG, OPERATION_INVALID), "UNDEF-026")
    assert decide(State.INACTIVE, NONE, Undefine.TPM, taken).codes == (INVALID_ARG,)


def test_opposite_flags_may_be_refused_with_any_code() -> None:
    """libvirt names no code for them, so none is wrong where they are given and taken, whatever else is refused."""
    both = Undefine.NVRAM | Undefine.KEEP_NVRAM
    for held in (NONE, IMAGE):
        assert (decide(State.INACTIVE, held, both).codes, decide(State.INACTIVE, held, both).code_rule) == ((), "")
    assert decide(State.INACTIVE, NONE, both, KNOWN & ~both).codes == (INVALID_ARG,)


def test_a_wrong_code_is_the_matter_of_one_rule() -> None:
    """A refusal for the domain's sake is judged by its code apart, one of a transient domain by its own rule."""

    def code_rule(decision: Decision) -> tuple[str, tuple[str, ...]]:
        return decision.code_rule, decision.codes

    assert code_rule(decide(State.INACTIVE, IMAGE, 0)) == ("UNDEF-027", (OPERATION_INVALID,))
    assert code_rule(decide(State.RUNNING_CREATED, NONE, 0)) == ("UNDEF-007", (OPERATION_INVALID,))


def test_a_transient_domain_holds_anything_but_an_image() -> None:
    """libvirt makes an image of a persistent domain alone; the rest is the guest's."""
    for state in State:
        for held in HOLDINGS:
            impossible = state not in (State.INACTIVE, State.RUNNING, State.PAUSED) and Holding.IMAGE in held
            assert can_hold(state, held) is not impossible


@pytest.mark.parametrize(
    ("state", "holding", "flags", "fate", "rule"),
    [
        (State.INACTIVE, Holding.IMAGE, Undefine.MANAGED_SAVE, Fate.REMOVED, "UNDEF-012"),
        (State.RUNNING, Holding.IMAGE, Undefine.MANAGED_SAVE, Fate.REMOVED, "UNDEF-015"),
        (State.INACTIVE, Holding.SNAPSHOT, Undefine.SNAPSHOTS_METADATA, Fate.REMOVED, "UNDEF-017"),
        (State.RUNNING, Holding.SNAPSHOT, Undefine.SNAPSHOTS_METADATA, Fate.UNTIL_HALT, "UNDEF-018"),
        (State.INACTIVE, Holding.CHECKPOINT, Undefine.CHECKPOINTS_METADATA, Fate.REMOVED, "UNDEF-017"),
        (State.RUNNING, Holding.CHECKPOINT, 0, Fate.UNTIL_HALT, "UNDEF-018"),
        (State.INACTIVE, Holding.NVRAM, Undefine.NVRAM, Fate.REMOVED, "UNDEF-021"),
        (State.RUNNING, Holding.NVRAM, Undefine.KEEP_NVRAM, Fate.KEPT, "UNDEF-021"),
        (State.INACTIVE, Holding.TPM, 0, Fate.AS_DEFINED, "UNDEF-024"),
        (State.RUNNING, Holding.TPM, 0, Fate.AS_DEFINED_AT_HALT, "UNDEF-024"),
        (State.INACTIVE, Holding.TPM, Undefine.KEEP_TPM, Fate.KEPT, "UNDEF-024"),
        (State.RUNNING, Holding.TPM, Undefine.KEEP_TPM, Fate.BEYOND_HALT, "UNDEF-024"),
        (State.INACTIVE, Holding.TPM, Undefine.TPM, Fate.REMOVED, "UNDEF-024"),
        (State.RUNNING, Holding.TPM, Undefine.TPM, Fate.UNTIL_HALT, "UNDEF-024"),
    ],
    ids=str,
)
def test_each_fate_is_of_one_rule(state: State, holding: Holding, flags: int, fate: Fate, rule: str) -> None:
    """What becomes of a holding, and who says so, by whether the guest runs and what was asked."""
    assert decide(state, {holding}, flags).fates == {holding: (fate, rule)}


def test_a_decision_says_everything_that_is_demanded() -> None:
    """Of each kind of outcome one whole: which rules, which codes, whose matter the code and the changes are."""
    kept_by = {rule: {Holding.SNAPSHOT: (Fate.KEPT, rule)} for rule in ("UNDEF-025", "UNDEF-028")}
    assert decide(State.INACTIVE, SNAPSHOT, 0) == Decision(
        Outcome.REFUSED,
        ("UNDEF-017", "UNDEF-028"),
        codes=(OPERATION_INVALID,),
        code_rule="UNDEF-027",
        unchanged="UNDEF-028",
        fates=kept_by["UNDEF-028"],
    )
    assert decide(State.INACTIVE, SNAPSHOT, UNKNOWN_BIT) == Decision(
        Outcome.REFUSED,
        ("UNDEF-025",),
        codes=(INVALID_ARG,),
        code_rule="UNDEF-025",
        unchanged="UNDEF-025",
        fates=kept_by["UNDEF-025"],
    )
    assert decide(State.INACTIVE, NONE, Undefine.TPM, KNOWN & ~Undefine.TPM) == Decision(
        Outcome.REFUSED, ("UNDEF-026",), codes=(INVALID_ARG,), code_rule="UNDEF-026", unchanged="UNDEF-026"
    )
    assert decide(State.PAUSED_REMAINDER, SNAPSHOT, 0) == Decision(
        Outcome.REFUSED,
        ("UNDEF-007", "UNDEF-028"),
        codes=(OPERATION_INVALID,),
        code_rule="UNDEF-007",
        unchanged="UNDEF-028",
        fates=kept_by["UNDEF-028"],
    )
    assert decide(State.INACTIVE, NONE, Undefine.TPM | Undefine.KEEP_TPM) == Decision(
        Outcome.REFUSED, ("UNDEF-022", "UNDEF-028"), unchanged="UNDEF-028"
    )
    assert decide(
        State.RUNNING, IMAGE | TPM, Undefine.MANAGED_SAVE | Undefine.KEEP_TPM | Undefine.SNAPSHOTS_METADATA
    ) == Decision(
        Outcome.TRANSIENT,
        ("UNDEF-015", "UNDEF-024", "UNDEF-002"),
        spare=("UNDEF-020",),
        fates={Holding.IMAGE: (Fate.REMOVED, "UNDEF-015"), Holding.TPM: (Fate.BEYOND_HALT, "UNDEF-024")},
    )
    assert decide(State.INACTIVE, IMAGE, Undefine.MANAGED_SAVE) == Decision(
        Outcome.REMOVED, ("UNDEF-011", "UNDEF-001"), fates={Holding.IMAGE: (Fate.REMOVED, "UNDEF-012")}
    )
