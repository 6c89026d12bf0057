"""All states that the model knows for a driver, the shortest way to each, and what of them lives have come through."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.explore.abilities import Abilities
from conformance.explore.course import Coverage, Way
from conformance.explore.life import Kind, Life, Op, can_be_second
from conformance.explore.model import Ending, predict
from conformance.explore.world import World
from conformance.flags import Undefine

#: The flags whose unions lead on: a life's domain holds what they are about.
_LEADING = (Undefine.MANAGED_SAVE, Undefine.SNAPSHOTS_METADATA, Undefine.CHECKPOINTS_METADATA)


def alphabet(can: Abilities) -> list[Op]:
    """Return every operation that a driver has, the undefines with flags that lead to all that undefine comes to."""
    ops: list[Op] = []
    for kind in Kind:
        if not can.has(kind):
            continue
        ops += [Op(kind, flags) for flags in _flags(can.taken)] if kind is Kind.UNDEFINE_FLAGS else [Op(kind)]
    return ops


def _flags(taken: int) -> Iterator[int]:
    yield from unions([flag for flag in _LEADING if taken & flag])
    yield from (int(flag) for flag in Undefine if taken & flag and flag not in _LEADING)


def unions(flags: Sequence[Undefine]) -> Iterator[int]:
    """Yield the value of every union of flags, none of them first."""
    for mask in range(1 << len(flags)):
        yield sum(flag for bit, flag in enumerate(flags) if mask >> bit & 1)


def with_second(ops: Collection[Op], can: Abilities) -> list[Op]:
    """Return operations, and the same through a second connection where there can be one."""
    if "second-connection" not in can.capabilities:
        return list(ops)
    return [*ops, *(Op(op.kind, op.flags, second=True) for op in ops if can_be_second(op.kind))]


@dataclass(frozen=True)
class Ways:
    """The states that can be reached, and how.

    :param paths: by state, the shortest life that leads there.
    :param transitions: the state before, the operation, the state after.
    :param steps: by state, for each operation one way to carry it out there.
    """

    paths: Mapping[World, Life]
    transitions: frozenset[tuple[World, str, World]]
    steps: Mapping[World, Mapping[str, Op]] = field(default_factory=dict)


def ways(can: Abilities, closed: Collection[Way] = (), refused: Collection[Way] = ()) -> Ways:
    """Return what can be reached from nothing.

    :param closed: operations behind which driver and model have parted: what lies behind them alone is not reached.
    :param refused: operations that the contract leaves to the driver, which has refused them.
    """
    ops = alphabet(can)
    start = World()
    paths: dict[World, Life] = {start: ()}
    steps: dict[World, dict[str, Op]] = {}
    transitions = set()
    queue = deque([start])
    while queue:
        world = queue.popleft()
        there = steps.setdefault(world.key, {})
        for op in ops:
            if (world.key, op) in closed or (prediction := predict(world, op, can)) is None:
                continue
            there.setdefault(op.name, op)
            fails = prediction.ending is Ending.FAILURE or (world.key, op) in refused
            if fails or prediction.ending is Ending.EITHER:
                transitions.add((world.key, op.name, world.key))
            if fails:
                continue
            after = prediction.after
            transitions.add((world.key, op.name, after.key))
            if after.key not in paths:
                paths[after.key] = (*paths[world.key], op)
                queue.append(after)
    return Ways(paths, frozenset(transitions), steps)


def rarest(found: Ways, coverage: Coverage, number: int, chance: random.Random) -> list[Life]:
    """Return lives that lead to the operations which were tried least, each with that operation at its end.

    Of those that were tried as often, the ones in states that were seldom reached come first.

    :param chance: decides among the rest.
    """
    tried: Counter[tuple[World, str]] = Counter()
    for (before, name, _), times in coverage.transitions.items():
        tried[before, name] += times
    wanted = []
    for world, there in found.steps.items():
        # One in each state comes before a second in any.
        turns = random.Random(chance.random()).sample(range(len(there)), len(there))  # noqa: S311 - no secret
        for turn, (name, op) in zip(turns, there.items(), strict=True):
            wanted.append((tried[world, name], coverage.states[world], turn, chance.random(), world, op))
    wanted.sort(key=lambda each: each[:4])
    return [(*found.paths[world], op) for *_, world, op in wanted[:number]]


def shortcuts(found: Ways, before: World, op: Op) -> list[Life]:
    """Return lives that come to an operation by the shortest way, from the state before it or from a simpler one.

    A fault seldom hangs on all that a domain happened to be and hold when it showed itself.
    """
    simpler = [world for world in found.paths if _is_simpler(world, before.key)]
    return sorted(((*found.paths[world], op) for world in simpler), key=len)


def _is_simpler(one: World, other: World) -> bool:
    """Tell whether a state has nothing that the other lacks."""
    if one.phase != other.phase or one.handled is not other.handled:
        return False
    if one.image and (not other.image or (one.image.paused and not other.image.paused)):
        return False
    marks = ("autostart", "snapshot", "checkpoint", "renamed", "retaken")
    return one.namesake in (None, other.namesake) and all(getattr(other, m) for m in marks if getattr(one, m))
