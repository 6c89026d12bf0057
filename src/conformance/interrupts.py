"""Ending in order: what becomes of the signals by which a person, a terminal or a supervisor ends a run."""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

#: The signals that ask a process to end, and leave it the time to do so in order.
ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Supervisors signal a process and its group at once: what follows so soon is the same request, in seconds.
_ONE_REQUEST = 1.0
#: After how long a request that was lost is made again, in seconds.
_AGAIN = 0.01

_heeded: list[signal.Signals] = []


@contextlib.contextmanager
def ended_in_order() -> Iterator[None]:
    """Let these signals raise KeyboardInterrupt, by the signal's name, until the request is :func:`heard`.

    Nothing is changed outside the main thread, which alone is told of signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # Python tries the folder for temporary files by writing to it: whoever is cut short there leaves the file.
    with contextlib.suppress(OSError):
        tempfile.gettempdir()
    before = {number: signal.getsignal(number) for number in (*ASKING, signal.SIGALRM)}
    hook = sys.unraisablehook
    last = 0.0, ""

    def interrupt(number: int, _frame: Any) -> None:
        nonlocal last
        if number == signal.SIGALRM:
            raise KeyboardInterrupt(last[1])
        now = time.monotonic()
        if now - last[0] > _ONE_REQUEST:
            last = now, signal.Signals(number).name
            raise KeyboardInterrupt(last[1])

    def ask_again(lost: UnraisableHookArgs) -> None:
        if isinstance(lost.exc_value, KeyboardInterrupt):
            # It was raised where Python lets nothing through, as when a weak reference dies.
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        else:
            hook(lost)

    # What is ignored from the beginning stays so: nohup and jobs in the background rely on it.
    _heeded[:] = [number for number in ASKING if before[number] is not signal.SIG_IGN]
    try:
        sys.unraisablehook = ask_again
        for number in (*_heeded, signal.SIGALRM):
            signal.signal(number, interrupt)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.unraisablehook = hook
        _heeded.clear()


def heard() -> None:
    """Ignore further requests to end: what is left to do takes a limited time and is not to be cut short."""
    for number in _heeded:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Hold these signals back while a process is being started, from it too: it lets them through when it is ready."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ASKING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
