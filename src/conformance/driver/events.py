"""libvirt's event loop, and lifecycle events kept as they come.

Delivery is asynchronous, so the kit never sleeps and never takes silence for an answer:
it makes an event of its own behind those it asks about and waits for that one (a *fence*).
What has not come by then was not sent, as one connection delivers in order.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any

import libvirt

from conformance.driver.handle import Handle
from conformance.driver.setbacks import NotReached

DEFINED, UNDEFINED, STARTED, STOPPED = 0, 1, 2, 5
REMOVED = 0

_KINDS = (
    "DEFINED",
    "UNDEFINED",
    "STARTED",
    "SUSPENDED",
    "RESUMED",
    "STOPPED",
    "SHUTDOWN",
    "PMSUSPENDED",
    "CRASHED",
)
_loop: threading.Thread | None = None
#: Python's generations of objects.
_YOUNGEST, _OLDEST = 0, 2
#: At each of how many collections all objects are looked at.
_OFTEN = 25
_collections = itertools.count(1)


def run_event_loop() -> None:
    """Run libvirt's event loop in a thread of this process; it has to be done before the first open."""
    global _loop
    if _loop is None:
        keep_errors()
        # Every error is kept as an outcome; libvirt's own habit is to print each one.
        libvirt.registerErrorHandler(_swallow, None)
        libvirt.virEventRegisterDefaultImpl()
        _loop = threading.Thread(target=_run, name="libvirt-events", daemon=True)
        _loop.start()


def keep_errors() -> None:
    """Leave it to :func:`collect` to look for garbage.

    A collection that Python begins by itself can fall between a call that has failed and the moment at which the
    binding reads why. Where it frees a domain of libvirt's, that forgets the error, and the failure has no code.
    """
    gc.collect()
    # What is there by now stays, and need not be looked at again.
    gc.freeze()
    gc.disable()


def collect() -> None:
    """Free what lies in cycles, at a moment when no call is under way.

    As Python itself does, it looks at what is new each time, and at all that there is now and then.
    """
    if not gc.isenabled():
        gc.collect(_OLDEST if next(_collections) % _OFTEN == 0 else _YOUNGEST)


def _stay_registered(connection: Handle) -> None:
    """Register for events of another kind, of which nobody takes note; a second time changes nothing.

    With the last registration libvirt takes down what delivers events. An event that follows soon after the next
    registration is lost then, now and then.
    """
    with contextlib.suppress(libvirt.libvirtError):
        connection.raw.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, _ignore, None)


def _ignore(*_told: Any) -> None:
    """Take note of nothing."""


def _swallow(_context: Any, _error: Any) -> None:
    """Take note of nothing."""


def _run() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


@dataclass(frozen=True)
class Event:
    """One lifecycle event: the domain's UUID, the kind and its detail, as numbers of virDomainEventType."""

    uuid: str
    kind: int
    detail: int

    def __str__(self) -> str:
        kind = _KINDS[self.kind] if self.kind < len(_KINDS) else str(self.kind)
        return f"{kind} (detail {self.detail})"


class Recording:
    """The lifecycle events of one connection, in the order in which they came."""

    def __init__(self, connection: Handle) -> None:
        self.connection = connection
        self._events: list[Event] = []
        self._counts: Counter[tuple[str, int]] = Counter()
        self._arrived = threading.Condition()
        self.registered = connection.look(
            "domainEventRegisterAny", None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._keep, None
        )

    def _keep(self, _conn: Any, domain: Any, kind: int, detail: int, _opaque: Any) -> None:
        with self._arrived:
            event = Event(domain.UUIDString(), kind, detail)
            self._events.append(event)
            self._counts[event.uuid, kind] += 1
            self._arrived.notify_all()

    def count(self, uuid: str, kind: int) -> int:
        """Return how many events of a kind have come for a domain."""
        with self._arrived:
            return self._counts[uuid, kind]

    def wait(self, uuid: str, kind: int, number: int, seconds: float) -> bool:
        """Wait until so many events of a kind have come for a domain; return whether they came in time."""
        with self._arrived:
            return self._arrived.wait_for(lambda: self._counts[uuid, kind] >= number, seconds)

    def of(self, uuid: str) -> list[Event]:
        """Return the events of one domain so far."""
        with self._arrived:
            return [event for event in self._events if event.uuid == uuid]

    def forget(self) -> None:
        """Drop what came so far."""
        with self._arrived:
            self._events.clear()
            self._counts.clear()

    def stop(self) -> None:
        """End the registration."""
        if self.registered.ok:
            self.connection.look("domainEventDeregisterAny", self.registered.value)


class Recordings:
    """The lifecycle events of a session's connections, each registered for once.

    Where a client's last registration has ended and something happens at that moment, libvirt loses all events that
    follow on the next. So one lasts as long as its connection, and is best begun before anything is made.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Recording] = {}

    def of(self, connection: Handle) -> Recording:
        """Return the events of a connection, from when this is first asked for.

        :raises NotReached: when events cannot be registered for.
        """
        if connection.symbol not in self._kept:
            recording = Recording(connection)
            if recording.registered.failure is not None:
                raise NotReached(f"events could not be registered for: {recording.registered.failure}")
            self._kept[connection.symbol] = recording
        return self._kept[connection.symbol]

    def forget(self) -> None:
        """Drop what came so far, on every connection."""
        for recording in self._kept.values():
            recording.forget()

    def stop(self, *, connected: bool = False) -> None:
        """End all registrations.

        :param connected: whether the connections stay open, and are registered for again.
        :raises ConnectionLost: as a call does.
        """
        kept, self._kept = self._kept, {}
        for recording in kept.values():
            if connected:
                _stay_registered(recording.connection)
            recording.stop()
