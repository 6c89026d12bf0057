"""Leading the life of a domain: its operations as libvirt calls, on the connections and handles of its clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from conformance.driver.cleanup import METADATA_ONLY
from conformance.driver.handle import Handle
from conformance.driver.knowledge import Knowledge
from conformance.driver.looker import Looker
from conformance.driver.metadata import CHECKPOINT_REDEFINE, KEPT, checkpoint_document, snapshot_document
from conformance.driver.namesakes import Namesakes
from conformance.driver.session import Session
from conformance.driver.setbacks import ConnectionLost, NotReached
from conformance.explore.life import ON_CONNECTION, Kind, Op
from conformance.explore.parting import Identity, Sight
from conformance.explore.world import World
from conformance.flags import FORCE_BOOT
from conformance.journal import Entry, Failure, Outcome
from conformance.judgement import Look, look_at
from conformance.view import BY_NAME, View

#: VIR_DOMAIN_START_PAUSED of virDomainCreateFlags.
START_PAUSED = 1
_NOTHING = View({})


def _of_edition(look: Look) -> Look:
    """Return a question for the edition of a definition in the place of one for all of it."""
    return Look(look.label, f"{look.expression}.partition('<title>')[2].partition('</title>')[0]")


def _only_kept(_handle: Handle, _method: str, _args: tuple[Any, ...], _proceed: Callable[..., Any]) -> None:
    """Take a call and make none."""


class Living:
    """A domain that may come to be, and the clients that deal with it; one life after the other.

    The looks go over a connection on which nothing is ever done, so that no client's handle decides what is seen.

    :ivar metadata_flags: with which a snapshot's metadata is dropped.
    """

    def __init__(self, session: Session, knowledge: Knowledge) -> None:
        self._session = session
        self._knowledge = knowledge
        # A driver in another process cannot call what is here.
        self._watches = "events" in knowledge.capabilities and session.restarter is None
        self._has_second = "second-connection" in knowledge.capabilities
        self.metadata_flags = METADATA_ONLY
        self._connection = session.connection
        self._domains = Namesakes(session, knowledge)
        self._forget()

    def _forget(self) -> None:
        self._xml = ""
        self._dom: Handle | None = None
        self._dom_of_second: Handle | None = None
        self._dom_of_namesake: Handle | None = None
        self._looker: Looker | None = None
        self._looker_of_namesake: Looker | None = None
        self._watched: tuple[bool, bool] = (False, False)

    # A life's beginning and end

    def begin(self) -> Identity:
        """Begin a life: nothing is there, under names that were never used."""
        session = self._session
        session.journal.forget()
        session.forget_names()
        if self._watches:
            # Before anything is made, as a stand does.
            session.record(session.connection)
        self._forget()
        return self._domains.begin()

    def end(self) -> None:
        """Take away what the life has left.

        :raises CleanUpFailed: when something of it is still there.
        """
        session = self._session
        if self._connection is not session.connection:
            self._connection.look("close")
            self._connection = session.connection
        self._domains.end()

    # Looking

    def look(self, world: World) -> Sight:
        """Return what the driver shows of the domains that there are, or were.

        :param world: as the model has it, which says what there is to be asked about.
        """
        own = _NOTHING if not world.handled and self._looker is None else self._watch(world).look()
        if self._dom_of_namesake is None:
            return Sight(own)
        if self._looker_of_namesake is None:
            self._looker_of_namesake = self._looker_at(self._dom_of_namesake)
        return Sight(own, self._looker_of_namesake.look())

    def _watch(self, world: World) -> Looker:
        """Return the questions about the domain under the name that it has."""
        known = (world.state is not None, world.renamed)
        if self._looker is None or known != self._watched:
            self._watched = known
            found = self._session.connection.look("lookupByUUIDString", self._domains.identity.own)
            if found.ok:
                self._looker = self._looker_at(found.value)
            elif self._looker is None:
                self._looker = self._looker_at(self._any_handle())
        return self._looker

    def _any_handle(self) -> Handle:
        handle = self._dom or self._dom_of_second
        if handle is None:
            raise NotReached("a domain was made, and no call has returned a handle of it")
        return handle

    def _looker_at(self, domain: Handle) -> Looker:
        session = self._session
        return Looker(session.connection, domain, self._knowledge.capabilities, session.host)

    def told(self) -> list[str] | None:
        """Return the events about the domain in this life, complete; nothing where nothing is told.

        :raises NoAnswer: when an event that has to come does not.
        """
        if not self._watches:
            return None
        recording = self._session.recording
        self._session.fence([recording])
        told = [str(event) for event in recording.of(self._domains.identity.own)]
        recording.forget()
        return told

    def questions(self, aspects: Iterable[str]) -> tuple[Look, ...]:
        """Return questions about the domain as a script can ask them."""
        symbol = (self._dom or self._any_handle()).symbol
        uuid, name = self._domains.identity.own, self._domains.names[self._watched[1]]
        looks = [look_at(BY_NAME[aspect], uuid=uuid, name=name, dom=symbol) for aspect in aspects]
        return tuple(_of_edition(look) if "definition" in look.label else look for look in looks)

    # Acting

    def do(self, op: Op, world: World) -> Failure | None:
        """Carry out an operation; return the error, or nothing.

        :param world: as the model has it before.
        :raises ConnectionLost: when the call took the connection with it.
        :raises NotReached: when a way to make the call cannot be had.
        """
        outcome = self._on_connection(op, world) if op.kind in ON_CONNECTION else self._on_domain(op)
        failure = outcome.failure
        if failure is not None and self._session.lost(failure):
            raise ConnectionLost(f"the connection was lost in {op}: {failure}")
        return failure

    def pretend(self, op: Op, world: World) -> None:
        """Keep the calls of an operation in the journal without making them: they have ended a process before."""
        for handle in (self._connection, self._dom, self._dom_of_second, self._dom_of_namesake):
            if handle is not None:
                handle.interceptor = _only_kept
        if op.second:
            self._session.connect_extra().interceptor = _only_kept
        self._on_connection(op, world) if op.kind in ON_CONNECTION else self._on_domain(op)

    def _on_connection(self, op: Op, world: World) -> Outcome:
        connection = self._session.connect_extra() if op.second else self._connection
        match op.kind:
            case Kind.DEFINE | Kind.CREATE | Kind.CREATE_PAUSED:
                self._xml = xml = self._domains.definition(world)
                if op.kind is Kind.DEFINE:
                    outcome = connection.call("defineXML", xml)
                else:
                    flags = START_PAUSED if op.kind is Kind.CREATE_PAUSED else 0
                    outcome = connection.call("createXML", xml, flags)
                self._take_handle(op, outcome)
                return outcome
            case Kind.DEFINE_NAMESAKE:
                outcome = connection.call("defineXML", self._domains.definition_of_namesake())
                if outcome.ok and self._dom_of_namesake is None:
                    self._dom_of_namesake = outcome.value
                return outcome
            case Kind.RECONNECT:
                return self._reconnect(world)
            case Kind.RESTART:
                return self._restart(world)
        calls = {
            Kind.START_NAMESAKE: "create",
            Kind.STOP_NAMESAKE: "destroy",
            Kind.UNDEFINE_NAMESAKE: "undefine",
        }
        if self._dom_of_namesake is None:
            raise AssertionError(op)
        return self._dom_of_namesake.call(calls[op.kind])

    def _take_handle(self, op: Op, outcome: Outcome) -> None:
        """Keep the first handle that a client gets: it stands for the domain whatever becomes of that."""
        if not outcome.ok:
            return
        if op.second and self._dom_of_second is None:
            self._dom_of_second = outcome.value
        elif not op.second and self._dom is None:
            self._dom = outcome.value

    def _reconnect(self, world: World) -> Outcome:
        """Close the client's connection and open another; old handles are of no further use."""
        session = self._session
        if self._connection is not session.connection:
            self._connection.look("close")
        self._connection = session.connect("conn")
        session.journal.leave(Entry("conn", "reopen", (), "", None, session.journal.step), 0.0)
        self._dom = None
        return self._looked_up(world)

    def _restart(self, world: World) -> Outcome:
        """Restart the driver; every handle is of no further use."""
        session = self._session
        session.restart()
        self._connection = session.connection
        namesake, xml = self._dom_of_namesake, self._xml
        self._forget()
        self._xml = xml
        session.await_control(self._domains.identity.own)
        outcome = self._looked_up(world)
        if namesake is not None and world.namesake is not None:
            found = session.connection.call("lookupByUUIDString", self._domains.identity.namesake)
            self._dom_of_namesake = found.value if found.ok else None
        return outcome

    def _looked_up(self, world: World) -> Outcome:
        if world.state is None:
            return Outcome("open")
        found = self._connection.call("lookupByUUIDString", self._domains.identity.own)
        self._dom = found.value if found.ok else None
        return found

    def _on_domain(self, op: Op) -> Outcome:
        domain, failed = self._handle(second=op.second)
        if domain is None:
            return failed
        match op.kind:
            case Kind.START | Kind.STOP | Kind.UNDEFINE | Kind.SUSPEND | Kind.RESUME:
                return domain.call(op.kind.value)
            case Kind.START_PAUSED:
                return domain.call("createWithFlags", START_PAUSED)
            case Kind.FORCE_BOOT:
                return domain.call("createWithFlags", FORCE_BOOT)
            case Kind.SAVE | Kind.REMOVE_IMAGE:
                return domain.call(op.kind.value, 0)
            case Kind.UNDEFINE_FLAGS:
                return domain.call("undefineFlags", op.flags)
            case Kind.AUTOSTART_ON | Kind.AUTOSTART_OFF:
                return domain.call("setAutostart", int(op.kind is Kind.AUTOSTART_ON))
            case Kind.RENAME:
                return self._rename(domain)
            case Kind.TAKE_SNAPSHOT | Kind.TAKE_CHECKPOINT:
                return self._take(domain, op.kind)
            case Kind.DROP_SNAPSHOT | Kind.DROP_CHECKPOINT:
                return self._drop(domain, op.kind)
        raise AssertionError(op)

    def _handle(self, *, second: bool) -> tuple[Handle | None, Outcome]:
        """Return a client's handle of the domain, or how looking the domain up has failed."""
        if not second or not self._has_second:
            if self._dom is None:
                found = self._connection.call("lookupByUUIDString", self._domains.identity.own)
                self._dom = found.value if found.ok else None
                return self._dom, found
            return self._dom, Outcome("")
        if self._dom_of_second is None:
            found = self._session.connect_extra().call("lookupByUUIDString", self._domains.identity.own)
            self._dom_of_second = found.value if found.ok else None
            return self._dom_of_second, found
        return self._dom_of_second, Outcome("")

    def _rename(self, domain: Handle) -> Outcome:
        found = self._session.connection.look("lookupByUUIDString", self._domains.identity.own)
        now = found.value.name() if found.ok else domain.name()
        return domain.call("rename", self._domains.other_name(now), 0)

    def _take(self, domain: Handle, kind: Kind) -> Outcome:
        knowledge = self._knowledge
        if kind is Kind.TAKE_SNAPSHOT:
            flags = knowledge.snapshot_flags
            return domain.call("snapshotCreateXML", snapshot_document(flags, self._xml), flags)
        flags = CHECKPOINT_REDEFINE if knowledge.checkpoint_by_redefine else 0
        return domain.call("checkpointCreateXML", checkpoint_document(flags, self._xml), flags)

    def _drop(self, domain: Handle, kind: Kind) -> Outcome:
        of_snapshot = kind is Kind.DROP_SNAPSHOT
        found = domain.call("snapshotLookupByName" if of_snapshot else "checkpointLookupByName", KEPT, 0)
        return found if not found.ok else found.value.call("delete", self.metadata_flags)

    # A life for a question

    def tried(self, kind: Kind, *before: Kind) -> Failure | None:
        """Return the error of an operation in a life of its own."""
        self.begin()
        try:
            for earlier in before:
                if failure := self.do(Op(earlier), World()):
                    raise NotReached(f"{earlier}: it failed with {failure}")
            return self.do(Op(kind), World())
        finally:
            self.end()
            if self._watches:
                self._session.recording.forget()
