"""The contract's picture of a domain through its life: what an operation has to make of what there is.

What undefine does is :func:`conformance.decision.decide`, the function of the decision table. What stands here is the
life between two undefines: as far as libvirt's text says what a call comes to, and nothing where it leaves that open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import lru_cache

from conformance.decision import INVALID_ARG, KNOWN, OPERATION_INVALID, Decision, Holding, Outcome, State, decide
from conformance.explore.abilities import Abilities
from conformance.explore.life import OF_NAMESAKE, ON_CONNECTION, UNDEFINES, Kind, Op
from conformance.explore.world import Image, World
from conformance.flags import opposed

_REMAINDER = {State.RUNNING: State.RUNNING_REMAINDER, State.PAUSED: State.PAUSED_REMAINDER}
_CREATED = {State.RUNNING: State.RUNNING_CREATED, State.PAUSED: State.PAUSED_CREATED}
_PERSISTENT = {
    State.RUNNING_CREATED: State.RUNNING,
    State.RUNNING_REMAINDER: State.RUNNING,
    State.PAUSED_CREATED: State.PAUSED,
    State.PAUSED_REMAINDER: State.PAUSED,
}
_PAUSED = {
    State.RUNNING: State.PAUSED,
    State.RUNNING_CREATED: State.PAUSED_CREATED,
    State.RUNNING_REMAINDER: State.PAUSED_REMAINDER,
}
_RESUMED = {paused: running for running, paused in _PAUSED.items()}
#: Marks what is told of the other domain.
OF_OTHER = " of its namesake"
#: What a client holds that nobody asked to be given up, by what a driver shows of it.
_HOLDINGS = ("image", "snapshots", "checkpoints", "autostart")


class Ending(Enum):
    """How a call has to end."""

    SUCCESS = auto()
    FAILURE = auto()
    EITHER = auto()


@dataclass(frozen=True)
class Prediction:
    """What the contract says of one operation.

    :param after: what there is once the call has succeeded.
    :param rule: the rule that the other ending breaks; empty where no rule says what the model does.
    :param codes: the codes that a failure may have, any where none is named.
    :param code_rule: the rule that a failure with another code breaks.
    :param unchanged: the rule that a failure breaks which changes something.
    :param blames: by what a driver shows, the rule that is broken when it is not as it has to be after a success.
    :param decision: the entry of the decision table, where the operation is an undefine.
    :param restored: whether the guest that runs then was restored from an image; nothing where that is not asked.
    """

    ending: Ending
    after: World
    rule: str = ""
    codes: tuple[str, ...] = ()
    code_rule: str = ""
    unchanged: str = ""
    blames: Mapping[str, str] = field(default_factory=dict)
    decision: Decision | None = None
    restored: bool | None = None


def predict(world: World, op: Op, can: Abilities) -> Prediction | None:
    """Return what the contract says of an operation, or nothing where no client can do it or nothing would be learned.

    The same values give the same answer, and a driver plays no part in it.
    """
    if not can.has(op.kind) or (op.second and (world.state is None and op.kind not in ON_CONNECTION)):
        return None
    if op.kind in OF_NAMESAKE:
        return _namesake(world, op.kind)
    if op.kind in (Kind.RECONNECT, Kind.RESTART):
        return _again(world, op.kind)
    if op.kind in (Kind.CREATE, Kind.CREATE_PAUSED):
        return _created(world, paused=op.kind is Kind.CREATE_PAUSED, can=can)
    if op.kind is Kind.DEFINE:
        return _defined(world)
    if not world.handled:
        return None
    if world.state is None:
        return _stale(world, op, can)
    if op.kind in UNDEFINES:
        return _undefined(world, world.state, op.flags, can)
    return _ON_DOMAIN[op.kind](world, world.state, op.kind, can)


def _fails(world: World, unchanged: str = "", rule: str = "", code: str = "") -> Prediction:
    codes = (code,) if code else ()
    return Prediction(Ending.FAILURE, world, rule, codes, rule if code else "", unchanged)


def _left_as_it_was(state: State) -> str:
    """Return the rule by which a start, createXML or rename that fails changes nothing: of a persistent domain."""
    return "" if state.transient else "UNDEF-010"


def _either(after: World, blames: Mapping[str, str] | None = None, unchanged: str = "") -> Prediction:
    return Prediction(Ending.EITHER, after, unchanged=unchanged, blames=blames or {})


# What is done on a connection


def next_edition(world: World) -> int:
    """Return which edition the next definition is: never the one that there is."""
    return 2 if world.edition == 1 or (not world.edition and world.live == 1) else 1


def _defined(world: World) -> Prediction:
    edition = next_edition(world)
    if world.state is None:
        if world.namesake is not None:
            return _fails(world)
        fresh = World(State.INACTIVE, handled=True, edition=edition)
        heir = dict.fromkeys(_HOLDINGS, "UNDEF-006") if world.handled else {}
        return Prediction(Ending.SUCCESS, fresh, blames=heir)
    again = replace(world, edition=edition)
    kept = dict.fromkeys(_HOLDINGS, "UNDEF-036")
    if not world.state.transient:
        return Prediction(Ending.SUCCESS, again, blames=kept)
    again = replace(again, state=_PERSISTENT[world.state], retaken=True)
    remainder = world.state in _REMAINDER.values()
    rule, cleared = ("UNDEF-004", "UNDEF-009") if remainder else ("", "")
    blames = {**kept, "autostart": cleared, "run state": rule, "persistence": rule, "guest": rule}
    return Prediction(Ending.SUCCESS, again, rule, blames=blames)


def _created(world: World, *, paused: bool, can: Abilities) -> Prediction | None:
    state = State.PAUSED if paused else State.RUNNING
    if world.state is None:
        if world.namesake is not None:
            return _fails(world, "UNDEF-010", "UNDEF-010")
        after = World(_CREATED[state], handled=True, live=next_edition(world))
        # What a predecessor's managed save was removed with must not come back.
        return Prediction(Ending.SUCCESS, after, blames={"image": "UNDEF-012"} if world.handled else {})
    if world.state.active:
        return _fails(world, _left_as_it_was(world.state), "UNDEF-010")
    if world.image and "image-beside-guest" not in can.capabilities:
        return None
    return _either(replace(world, state=state, live=next_edition(world)), unchanged="UNDEF-010")


def _again(world: World, kind: Kind) -> Prediction | None:
    if world == World():
        return None
    after = replace(world, handled=world.state is not None)
    rule = "UNDEF-032" if kind is Kind.RESTART else ""
    everything = ("place", "run state", "persistence", "definition", *_HOLDINGS)
    return Prediction(Ending.SUCCESS, after, rule, blames=dict.fromkeys(everything, rule))


def _namesake(world: World, kind: Kind) -> Prediction | None:
    state = world.namesake
    heir = {f"{kind}{OF_OTHER}": "UNDEF-006" for kind in _HOLDINGS}
    if world.state is None:
        # The old handle of a domain that is gone must not reach this one.
        heir |= dict.fromkeys(("place", "run state", "persistence", "definition", *_HOLDINGS), "UNDEF-008")
    match kind, state:
        case Kind.DEFINE_NAMESAKE, None:
            if world.state is not None and not world.renamed:
                return _fails(world)
            return Prediction(Ending.SUCCESS, replace(world, namesake=State.INACTIVE), blames=heir)
        case Kind.START_NAMESAKE, State.INACTIVE:
            after = replace(world, namesake=State.RUNNING)
            return Prediction(Ending.SUCCESS, after, blames={**heir, f"boot{OF_OTHER}": "UNDEF-006"}, restored=False)
        case Kind.STOP_NAMESAKE, State.RUNNING:
            return Prediction(Ending.SUCCESS, replace(world, namesake=State.INACTIVE), blames=heir)
        case Kind.UNDEFINE_NAMESAKE, State.INACTIVE:
            decision = decide(State.INACTIVE, (), 0)
            after = replace(world, namesake=None)
            return Prediction(
                Ending.SUCCESS, after, decision.blamed, blames={**heir, f"place{OF_OTHER}": decision.blamed}
            )
    return None


# What is done on a handle


def _stale(world: World, op: Op, can: Abilities) -> Prediction | None:
    """Return what a handle answers whose domain is gone: that there is none, and nobody else is touched."""
    if op.kind in (Kind.DROP_SNAPSHOT, Kind.DROP_CHECKPOINT):
        return None
    rule, codes = "UNDEF-008", ["NO_DOMAIN"]
    if op.kind is Kind.UNDEFINE_FLAGS:
        if op.flags & ~KNOWN:
            # Unknown flags are found before the domain is looked for.
            return Prediction(Ending.FAILURE, world, "UNDEF-025", (INVALID_ARG,), "UNDEF-025", rule)
        if op.flags & ~can.taken:
            codes.append(INVALID_ARG)
        if opposed(op.flags & can.taken):
            # libvirt names no code for that, and says nothing of what is looked at first.
            return Prediction(Ending.FAILURE, world, rule, unchanged=rule)
    return Prediction(Ending.FAILURE, world, rule, tuple(codes), rule, rule)


@lru_cache(maxsize=1 << 16)
def _decision(state: State, held: frozenset[Holding], flags: int, taken: int) -> Decision:
    return decide(state, held, flags, taken)


def _undefined(world: World, state: State, flags: int, can: Abilities) -> Prediction:
    decision = _decision(state, world.held, flags, can.taken)
    if decision.refused:
        return Prediction(
            Ending.FAILURE, world, decision.blamed, decision.codes, decision.code_rule, decision.unchanged,
            decision=decision,
        )  # fmt: skip
    if decision.outcome is Outcome.REMOVED:
        after = World(handled=True, renamed=world.renamed, namesake=world.namesake)
    else:
        after = replace(world, state=_REMAINDER[state], autostart=False, image=None, edition=0, retaken=False)
    blames = dict.fromkeys(("place", "run state", "persistence", "guest"), decision.blamed)
    fates = {Holding.IMAGE: "image", Holding.SNAPSHOT: "snapshots", Holding.CHECKPOINT: "checkpoints"}
    blames |= {fates[holding]: rule for holding, (_, rule) in decision.fates.items()}
    return Prediction(
        Ending.SUCCESS, after, decision.blamed, blames={**blames, "autostart": "UNDEF-009"}, decision=decision
    )


def _started(world: World, state: State, kind: Kind, can: Abilities) -> Prediction:
    if state.active:
        return _fails(world, _left_as_it_was(state))
    image = None if kind is Kind.FORCE_BOOT else world.image
    paused = kind is Kind.START_PAUSED or bool(image and image.paused)
    live = image.edition if image else world.edition
    after = replace(world, state=State.PAUSED if paused else State.RUNNING, image=None, live=live)
    blames = {"image": "UNDEF-016", "boot": "UNDEF-016" if world.image else "UNDEF-012"}
    # That a guest booted afresh every driver shows; that it was restored, not every one.
    restored = None if image and "restore-shown" not in can.capabilities else bool(image)
    return Prediction(Ending.SUCCESS, after, blames=blames, restored=restored)


def _stopped(world: World, state: State, _kind: Kind, _can: Abilities) -> Prediction:
    if not state.active:
        return _fails(world)
    if not state.transient:
        after = replace(world, state=State.INACTIVE, live=0, retaken=False)
        return Prediction(Ending.SUCCESS, after, blames={"autostart": "UNDEF-009"})
    gone = World(handled=True, renamed=world.renamed, namesake=world.namesake)
    rule = "UNDEF-003" if state in _REMAINDER.values() else ""
    return Prediction(Ending.SUCCESS, gone, rule, blames={"place": rule, "files": rule})


def _suspended(world: World, state: State, kind: Kind, _can: Abilities) -> Prediction:
    if not state.active:
        return _fails(world)
    there = _PAUSED if kind is Kind.SUSPEND else _RESUMED
    if state in there:
        return Prediction(Ending.SUCCESS, replace(world, state=there[state]))
    # Whether it is an error to pause what is paused, drivers decide.
    return _either(world)


def _saved(world: World, state: State, _kind: Kind, _can: Abilities) -> Prediction:
    if state.transient:
        return _fails(world, "UNDEF-016", "UNDEF-016")
    if not state.active:
        return _fails(world)
    image = Image(state is State.PAUSED, world.live)
    return Prediction(Ending.SUCCESS, replace(world, state=State.INACTIVE, image=image, live=0, retaken=False))


def _image_removed(world: World, state: State, _kind: Kind, _can: Abilities) -> Prediction:
    if state.transient or not world.image:
        # Whether it is an error to remove what is not there, drivers decide.
        return _either(world)
    return Prediction(Ending.SUCCESS, replace(world, image=None))


def _autostarted(world: World, state: State, kind: Kind, _can: Abilities) -> Prediction:
    if not state.transient:
        return Prediction(Ending.SUCCESS, replace(world, autostart=kind is Kind.AUTOSTART_ON))
    if kind is Kind.AUTOSTART_ON:
        return _fails(world, "UNDEF-009", "UNDEF-009", OPERATION_INVALID)
    return _either(world)


def _with_metadata(world: World, state: State, kind: Kind, can: Abilities) -> Prediction | None:
    """Return what becomes of a snapshot's or a checkpoint's metadata.

    Whether it can be made in a given state hangs on the driver's disks and formats, of which the contract says nothing.
    """
    beside = "snapshot-beside-checkpoint" in can.capabilities
    match kind:
        case Kind.TAKE_SNAPSHOT:
            if world.snapshot or (world.checkpoint and not beside):
                return None
            return _either(replace(world, snapshot=True))
        case Kind.TAKE_CHECKPOINT:
            if world.checkpoint or (world.snapshot and not beside):
                return None
            if not state.active and not can.checkpoint_by_redefine:
                return None
            return _either(replace(world, checkpoint=True))
        case Kind.DROP_SNAPSHOT if world.snapshot:
            return Prediction(Ending.SUCCESS, replace(world, snapshot=False))
        case Kind.DROP_CHECKPOINT if world.checkpoint:
            return Prediction(Ending.SUCCESS, replace(world, checkpoint=False))
    return None


def _renamed(world: World, state: State, _kind: Kind, _can: Abilities) -> Prediction:
    if world.renamed and world.namesake is not None:
        return _fails(world, _left_as_it_was(state), "UNDEF-010")
    after = replace(world, renamed=not world.renamed)
    blames = dict.fromkeys(_HOLDINGS, "UNDEF-036")
    if state.active or world.held or world.autostart:
        # In which states a domain can be renamed, drivers decide; it carries along what it holds, or is refused.
        return _either(after, blames, _left_as_it_was(state))
    return Prediction(Ending.SUCCESS, after, blames=blames)


_ON_DOMAIN = {
    **dict.fromkeys((Kind.START, Kind.START_PAUSED, Kind.FORCE_BOOT), _started),
    Kind.STOP: _stopped,
    **dict.fromkeys((Kind.SUSPEND, Kind.RESUME), _suspended),
    Kind.SAVE: _saved,
    Kind.REMOVE_IMAGE: _image_removed,
    **dict.fromkeys((Kind.AUTOSTART_ON, Kind.AUTOSTART_OFF), _autostarted),
    **dict.fromkeys(
        (Kind.TAKE_SNAPSHOT, Kind.DROP_SNAPSHOT, Kind.TAKE_CHECKPOINT, Kind.DROP_CHECKPOINT), _with_metadata
    ),
    Kind.RENAME: _renamed,
}
