"""The course of one life: operation after operation, what the driver shows held against the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from conformance.cell import Fault
from conformance.decision import State
from conformance.explore.abilities import Abilities
from conformance.explore.life import UNDEFINES, Kind, Life, Op
from conformance.explore.model import Ending, predict
from conformance.explore.parting import Identity, Sight, Signature, judge, judge_told, signature
from conformance.explore.world import World
from conformance.journal import Failure
from conformance.judgement import Look


class Domain(Protocol):
    """The domain whose life it is, behind a driver; see :class:`conformance.driver.living.Living`."""

    def begin(self) -> Identity:
        """Begin a life."""

    def do(self, op: Op, world: World) -> Failure | None:
        """Carry out an operation."""

    def look(self, world: World) -> Sight:
        """Return what the driver shows."""

    def told(self) -> list[str] | None:
        """Return the events of the life."""

    def questions(self, aspects: Iterable[str]) -> tuple[Look, ...]:
        """Return questions as a script can ask them."""

    def end(self) -> None:
        """Take away what the life has left."""


#: A transition that has shown a fault: the state before by its key, and the operation.
Way = tuple[World, Op]
Closed = Collection[Way]
#: A state in which an operation has cost a process: it is left out whatever else the domain is and holds.
Loss = tuple[State | None, str]
#: Takes a life as far as it has come, its next operation included, and the world before that.
Note = Callable[[Sequence[Op], World], None]


@dataclass
class Coverage:
    """What lives have come through.

    :ivar states: how often each state was reached.
    :ivar transitions: how often each operation has led from one state to another.
    :ivar parted: operations that have shown a fault, known or not.
    :ivar refused: operations that the contract leaves to the driver, and that the driver has refused.
    """

    states: Counter[World] = field(default_factory=Counter)
    transitions: Counter[tuple[World, str, World]] = field(default_factory=Counter)
    refused: set[Way] = field(default_factory=set)
    parted: set[Way] = field(default_factory=set)
    operations: int = 0
    lives: int = 0

    def note(self, before: World, op: Op, after: World) -> None:
        """Count one operation."""
        self.operations += 1
        self.states[after] += 1
        self.transitions[before, op.name, after] += 1


@dataclass(frozen=True)
class Parting:
    """A life in which driver and model part with its last operation.

    :param signature: of the fault that is told of.
    :param faults: everything that is wrong with that operation.
    :param before: the world by the model, before it.
    :param looks: questions that show the fault.
    :param shortest: whether it is known that no operation can be left out.
    """

    life: Life
    signature: Signature
    faults: tuple[Fault, ...]
    before: World
    looks: tuple[Look, ...] = ()
    shortest: bool = False

    @property
    def fault(self) -> Fault:
        """The fault that is told of."""
        return self.faults[0]


class Course:
    """Leads lives with a domain, and says where the driver parts from the model.

    :param lost: what is left out of every life, as it would cost the process.
    :param note: called with the life so far before each operation, so that a process that is lost leaves it behind.
    """

    def __init__(
        self, domain: Domain, can: Abilities, coverage: Coverage, note: Note, lost: Collection[Loss] = ()
    ) -> None:
        self._lost = frozenset(lost)
        self._domain = domain
        self._can = can
        self._coverage = coverage
        self._note = note

    def lead(
        self,
        life: Sequence[Op],
        closed: Closed = (),
        tolerated: Collection[Signature] = (),
        wanted: Signature | None = None,
    ) -> Parting | None:
        """Lead a life to its end or to the first operation that goes wrong.

        :param closed: transitions that are left out.
        :param tolerated: faults that are known: a life ends with them, and nothing is said.
        :param wanted: the fault that is looked for, which is told of before others of the same operation.
        :raises KitError: when the life cannot be led, or not be taken away again.
        """
        self._coverage.lives += 1
        identity = self._domain.begin()
        try:
            return self._lead(life, identity, closed, tolerated, wanted)
        finally:
            self._domain.end()

    def _lead(
        self,
        life: Sequence[Op],
        identity: Identity,
        closed: Closed,
        tolerated: Collection[Signature],
        wanted: Signature | None,
    ) -> Parting | None:
        world, undefines = World(), 0
        done: list[Op] = []
        seen = self._domain.look(world)
        for op in life:
            prediction = predict(world, op, self._can)
            if prediction is None or (world.key, op) in closed or (world.state, op.name) in self._lost:
                continue
            done.append(op)
            self._note(done, world)
            failure = self._domain.do(op, world)
            ended_well = failure is None
            after = prediction.after if ended_well and prediction.ending is not Ending.FAILURE else world
            later = self._domain.look(after)
            faults = judge(op, world, prediction, failure, (seen, later), identity)
            if faults:
                return self._part(done, world, faults, tolerated, wanted)
            if prediction.ending is Ending.EITHER and not ended_well:
                self._coverage.refused.add((world.key, op))
            self._coverage.note(world.key, op, after.key)
            undefines += ended_well and op.kind in UNDEFINES
            world, seen = after, later
        return self._told(done, world, undefines, tolerated)

    def _told(self, done: list[Op], world: World, undefines: int, tolerated: Collection[Signature]) -> Parting | None:
        """Return what is wrong with what was told of a whole life."""
        if not any(op.kind in UNDEFINES for op in done) or any(op.kind is Kind.RESTART for op in done):
            return None
        told = self._domain.told()
        if told is None or not (faults := judge_told(undefines, told)):
            return None
        sign = Signature(faults[0].rule, "events", faults[0].sign, "")
        if sign in tolerated:
            return None
        return Parting(tuple(done), sign, tuple(faults), world)

    def _part(
        self,
        done: list[Op],
        before: World,
        faults: list[Fault],
        tolerated: Collection[Signature],
        wanted: Signature | None,
    ) -> Parting | None:
        op = done[-1]
        signs = {signature(fault, op, before): fault for fault in faults}
        fresh = [sign for sign in signs if sign not in tolerated]
        self._coverage.operations += 1
        self._coverage.parted.add((before.key, op))
        if not fresh:
            return None
        told = wanted if wanted in fresh else fresh[0]
        ordered = (signs[told], *(fault for sign, fault in signs.items() if sign != told))
        return Parting(tuple(done), told, ordered, before, self._domain.questions(signs[told].aspects))
