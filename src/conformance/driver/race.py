"""Two calls at the same moment, each in a thread of its own: libvirt's binding lets go of Python's lock in a call."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

from conformance.driver.handle import Handle
from conformance.journal import Entry, Journal, Outcome

#: How often threads take turns during a race, in seconds. Python's own habit would make the second call
#: wait for longer than most calls take.
_TURN = 5e-6
#: How long after both threads are ready the race begins, in seconds.
_LEAD = 5e-4
#: The last part of a delay, in seconds: no timer is so fine, so the clock is watched.
_WATCHED = 5e-4


@dataclass(frozen=True)
class Contender:
    """One of the two calls."""

    receiver: Handle
    method: str
    args: tuple[Any, ...]


@dataclass(frozen=True)
class Ran:
    """How one of the two calls went: what came back, and when it began and ended, in seconds of a clock."""

    outcome: Outcome
    entry: Entry
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long the call took."""
        return self.ended - self.began


def overlap(first: Ran, second: Ran) -> bool:
    """Tell whether the calls were under way at the same time."""
    return first.began < second.ended and second.began < first.ended


def race(journal: Journal, first: Contender, second: Contender, delay: float) -> tuple[Ran, Ran]:
    """Make two calls at the same moment and return how they went.

    :param journal: where the calls are kept; each thread has one of its own until both have ended.
    :param delay: by how many seconds the second call begins after the first; negative, the first after the second.
    """
    journal.enter(f"{first.receiver.symbol}.{first.method} with {second.receiver.symbol}", second.method)
    moments: list[float] = []
    # Threads wake up at different times, so they agree on a moment that is still to come.
    ready = threading.Barrier(2, lambda: moments.append(time.perf_counter() + _LEAD))
    ran: list[Ran | None] = [None, None]
    delays = (max(-delay, 0.0), max(delay, 0.0))
    # A daemon thread does not keep the process alive when the watchdog has given up on its call.
    threads = [
        threading.Thread(
            target=_run, args=(contender, ready, moments, delays[number], ran, number, journal), daemon=True
        )
        for number, contender in enumerate((first, second))
    ]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    one, two = ran
    if one is None or two is None:
        raise AssertionError("a thread of a race ended without its call")
    for each in sorted((one, two), key=lambda each: each.began):
        journal.leave(each.entry, 0.0)
    journal.seconds += max(one.ended, two.ended) - min(one.began, two.began)
    return one, two


def _run(
    contender: Contender,
    ready: threading.Barrier,
    moments: list[float],
    delay: float,
    ran: list[Ran | None],
    number: int,
    shared: Journal,
) -> None:
    own = Journal(step=shared.step)
    handle = Handle(contender.receiver.raw, contender.receiver.symbol, own, contender.receiver.interceptor)
    ready.wait()
    moment = moments[0] + delay
    if (left := moment - time.perf_counter() - _WATCHED) > 0:
        threading.Event().wait(left)
    while time.perf_counter() < moment:
        pass
    began = time.perf_counter()
    outcome = handle.call(contender.method, *contender.args)
    ran[number] = Ran(outcome, own.entries[-1], began, time.perf_counter())
