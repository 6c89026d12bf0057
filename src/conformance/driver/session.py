"""One process's dealings with a driver: its connections, its events, and the domains that it makes."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import tempfile
import threading
import time
import uuid as uuids
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import libvirt

from conformance.driver import events
from conformance.driver.fence import Fence
from conformance.driver.handle import Handle, Interceptor
from conformance.driver.host import Host, places_of
from conformance.driver.opening import open_connection, open_here
from conformance.driver.pools import Pools
from conformance.driver.setbacks import ConnectionLost, NotReached
from conformance.errors import CannotConnect, CannotHost, KitError
from conformance.journal import Entry, Failure, Journal, Outcome
from conformance.ledger import PREFIX, Ledger, Owned
from conformance.machine import Hardware, Machine, choose
from conformance.uri import embeds, redact

if TYPE_CHECKING:
    from conformance.driver.restart import Restarter

#: Errors after which the connection is of no further use.
_LOST = ("RPC", "NO_CONNECT")
#: How often it is tried whether a driver is up again, in seconds.
_INTERVAL = 0.05
#: Numbers for names, of the process: a session that was lost may have left domains with the names that it gave.
_NUMBERS = itertools.count(1)


@dataclass
class Session:
    """A driver under test, as one process sees it.

    :param uri: the URI to open, an embedded driver's root included.
    :param worker: a short text that no other process of the run has.
    :param restarter: how the driver is restarted, where it can be.
    :param denied_uri: leads to the same driver as somebody who may look and do nothing else.
    :param firmware: the path of a firmware that halts the guests at once, where they take one.
    :param pools: for each folder of the driver's host that this machine cannot see, the storage pool over it.
    :param known: the kind of domain, where another process has asked already: it can take a driver a second.
    """

    uri: str
    worker: str
    ledger: Ledger
    journal: Journal = field(default_factory=Journal)
    virt_type: str = ""
    interceptor: Interceptor | None = None
    deadline: float = 30.0
    restarter: Restarter | None = None
    denied_uri: str = ""
    firmware: str = ""
    pools: Mapping[str, str] = field(default_factory=dict)
    known: Machine | None = None

    def __post_init__(self) -> None:
        self._extra: dict[str, Handle] = {}
        #: How many objects of a kind have a name: two connections never give one name to two domains.
        self._names: dict[str, int] = {}
        self._files = contextlib.ExitStack()
        self._folder: Path | None = None
        #: The names of the files that the kit wrote for the scenario under way.
        self.written: list[str] = []
        self.made: list[Owned] = []
        self._connection: Handle | None = None
        self._machine = self.known
        self._recordings = events.Recordings()
        self._places: tuple[Path, ...] | None = None
        self._fence: Fence | None = None

    @property
    def connection(self) -> Handle:
        """The connection on which scenarios run, opened when it is first asked for."""
        if self._connection is None:
            events.run_event_loop()
            self._connection = self.connect("conn")
        return self._connection

    @property
    def machine(self) -> Machine:
        """The kind of domain that this driver is given."""
        if self._machine is None:
            document = self.connection.look("getCapabilities")
            if document.failure is not None:
                raise CannotConnect(f"the driver shows no capabilities: {document.failure}", where=redact(self.uri))
            self._machine = choose(document.value, self.virt_type)
        return self._machine

    def choose(self, virt_type: str) -> None:
        """Give the driver domains of another type from now on.

        :raises CannotHost: when it offers none of that type; the machine is what it was then.
        """
        before, self.virt_type, self._machine = (self.virt_type, self._machine), virt_type, None
        try:
            _ = self.machine
        except CannotHost:
            self.virt_type, self._machine = before
            raise

    @property
    def recording(self) -> events.Recording:
        """The lifecycle events of the main connection."""
        return self.record(self.connection)

    def record(self, connection: Handle) -> events.Recording:
        """Return the lifecycle events of a connection, from when this is first asked for until it is closed.

        :raises NotReached: when events cannot be registered for.
        """
        return self._recordings.of(connection)

    def connect(self, symbol: str, *, read_only: bool = False, uri: str = "") -> Handle:
        """Open a connection.

        :param uri: where it leads to, when that is not the session's own.
        :raises KitError: a :class:`BadUri`, a :class:`NeedsPassword` or a :class:`CannotConnect`.
        """
        events.run_event_loop()
        self.journal.enter(symbol, "openReadOnly" if read_only else "open")
        start = time.perf_counter()
        opener = open_here if self.restarter is None else self.restarter.open
        try:
            raw = open_connection(uri or self.uri, opener, read_only=read_only)
        finally:
            self.journal.seconds += time.perf_counter() - start
        return Handle(raw, symbol, self.journal, self.interceptor, self._names)

    def connect_denied(self) -> Handle:
        """Return the connection of somebody who may look and do nothing else, opened when it is first asked for.

        :raises KitError: when it cannot be opened.
        """
        if "denied" not in self._extra:
            self._extra["denied"] = self.connect("denied", uri=self.denied_uri)
        return self._extra["denied"]

    def connect_extra(self, *, read_only: bool = False, number: int = 2) -> Handle:
        """Return a further connection, opened when it is first asked for and kept for later scenarios.

        :param number: tells several further connections apart.
        :raises NotReached: when the driver opens none.
        """
        symbol = "readonly" if read_only else f"conn{number}"
        if symbol not in self._extra:
            try:
                self._extra[symbol] = self.connect(symbol, read_only=read_only)
            except KitError as error:
                raise NotReached(f"a further connection could not be opened: {error}") from None
        return self._extra[symbol]

    def share(self, other: Session) -> None:
        """Use another session's connection and machine, with a journal of one's own."""
        self._connection = Handle(other.connection.raw, "conn", self.journal, self.interceptor, self._names)
        self._machine = other.machine
        self.restarter, self.denied_uri, self.pools = other.restarter, other.denied_uri, other.pools

    def pass_through(self, interceptor: Interceptor | None) -> None:
        """Let what follows pass through another interceptor, on the connections that are open."""
        self.interceptor = interceptor
        self._recordings.stop(connected=True)
        for handle in (self._connection, *self._extra.values()):
            if handle is not None:
                handle.interceptor = interceptor

    @property
    def host(self) -> Host:
        """The disks of this machine, as far as the driver is on it."""
        if self._places is None:
            self._places = places_of(self.uri)
        looker = Handle(self.connection.raw, "conn", Journal()) if self.pools else None
        return Host(self._places, self._folder, Pools(looker, self.ledger, self.pools) if looker else None)

    @property
    def has_files(self) -> bool:
        """Whether the scenario under way has asked for its folder."""
        return self._folder is not None

    @property
    def files(self) -> Path:
        """A folder on this machine for files that last for the scenario under way."""
        if self._folder is None:
            self._folder = self._files.enter_context(self._own_folder())
        return self._folder

    @contextlib.contextmanager
    def _own_folder(self) -> Iterator[Path]:
        folder = Path(tempfile.gettempdir()) / f"{PREFIX}-file-{secrets.token_hex(4)}"
        self.ledger.announce_folder(folder)
        folder.mkdir(mode=0o755 if self.runs_as_root else 0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def runs_as_root(self) -> bool:
        """Whether the driver's emulator may be another user, who has to reach what this process makes."""
        return os.geteuid() == 0

    def end_scenario(self) -> None:
        """Remove the files of the scenario that has ended, forget its events, and number its objects anew."""
        self._recordings.forget()
        self._files.close()
        self._folder = None
        self.written.clear()
        self.forget_names()
        events.collect()

    def forget_names(self) -> None:
        """Number the objects anew."""
        self._names.clear()

    def close(self) -> None:
        """Close every connection."""
        self.end_scenario()
        self._disconnect()
        if self.restarter is not None:
            self.restarter.close()

    def _disconnect(self) -> None:
        with contextlib.suppress(ConnectionLost):
            self._recordings.stop()
            for connection in (*self._extra.values(), self._connection):
                if connection is not None:
                    connection.look("close")
        self._connection = None
        self._extra.clear()

    def restart(self) -> None:
        """Restart the driver; handles and further connections of before are of no further use.

        :raises NotReached: when there is no way to restart it.
        :raises KitError: when it does not end, or does not come back.
        """
        restarter = self.restarter
        if restarter is None:
            raise NotReached("the driver cannot be restarted from here")
        self.journal.enter("driver", "restart")
        start = time.perf_counter()
        restarter.stop(self._connection, self.deadline)
        self._disconnect()
        entry = Entry("driver", "restart", (), "", None, self.journal.step)
        self.journal.leave(entry, time.perf_counter() - start)
        self._connection = self._await_connection()

    def _await_connection(self) -> Handle:
        """Return a connection to a driver that is on its way up."""
        deadline = time.monotonic() + self.deadline
        pause = threading.Event()
        while True:
            try:
                return self.connect("conn")
            except KitError:
                if time.monotonic() > deadline:
                    raise
            pause.wait(_INTERVAL)

    def await_control(self, uuid: str) -> None:
        """Wait until a driver that has just come up controls a guest again, where there is one and it can tell."""
        found = self.connection.look("lookupByUUIDString", uuid)
        deadline = time.monotonic() + self.deadline
        pause = threading.Event()
        while found.ok and time.monotonic() < deadline:
            control = found.value.look("controlInfo", 0)
            if not control.ok or control.value[0] == libvirt.VIR_DOMAIN_CONTROL_OK:
                return
            pause.wait(_INTERVAL)

    def reconnect(self) -> None:
        """Give up connections that a restart of the driver has ended; they are opened anew when they are asked for."""
        if self._connection is not None and self._connection.look("isAlive").value != 1:
            self._disconnect()

    def is_alive(self) -> bool:
        """Tell whether the driver answers on a fresh connection.

        An embedded driver has no daemon that could be dead behind a connection that lives, and libvirt lets a
        process open it only some sixteen times, so it is asked on a connection that is opened once.
        """
        try:
            fresh = self.connect_extra(number=3) if embeds(self.uri) else self.connect("fresh")
        except (KitError, NotReached):
            return False
        answer = fresh.look("getHostname")
        listed = fresh.look("listAllDomains", 0)
        if not embeds(self.uri):
            fresh.look("close")
        return listed.ok and (answer.ok or answer.code in ("NO_SUPPORT", "ACCESS_DENIED"))

    def lost(self, failure: Failure | None) -> bool:
        """Tell whether an error says that the main connection is gone."""
        return (
            failure is not None
            and failure.name in (*_LOST, "INTERNAL_ERROR", "SYSTEM_ERROR")
            and self._connection is not None
            and self._connection.look("isAlive").value != 1
        )

    def new_identity(self, name: str = "") -> Owned:
        """Return a name and a UUID that are free, and write them into the ledger.

        :param name: a name of the kit's that is to be used again.
        """
        name = name or f"{PREFIX}-{self.ledger.run}-{self.worker}-{next(_NUMBERS)}"
        return self.announce(name, str(uuids.uuid4()))

    def announce(self, name: str, uuid: str) -> Owned:
        """Write into the ledger that a domain of this name and UUID may come to be."""
        owned = Owned(name, uuid, self.ledger.stamped)
        self.ledger.announce(name, uuid)
        self.made.append(owned)
        return owned

    def definition(self, owned: Owned, hardware: Hardware | None = None) -> str:
        """Return the XML of a domain of the kit's."""
        hardware = replace(hardware or Hardware(), firmware=self.firmware)
        return self.machine.definition(owned.name, owned.uuid, self.ledger.run, hardware)

    def define(self, owned: Owned, hardware: Hardware | None = None) -> Outcome:
        """Define a domain of the kit's on the main connection."""
        return self.connection.call("defineXML", self.definition(owned, hardware))

    def fence(self, recordings: Sequence[events.Recording]) -> None:
        """Wait until every event that was due before has come, on every connection that records.

        :raises NoAnswer: when the event of the fence itself does not come in time.
        """
        self._fence = self._fence or Fence(self)
        self._fence.wait(self, recordings)
