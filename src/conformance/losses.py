"""What can still be said of a process of a run that is gone: how it ended, in which call, and its last words."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

from conformance.journal import BlackBox

#: The exit code by which a worker says that its watchdog ended it.
WATCHDOG_EXIT = 70
#: How long it may take to be noted how a worker ended, in seconds.
_NOTE_SECONDS = 5.0


def how_lost(folder: Path, worker: str, scenario: str, timeout: float) -> str:
    """Return how a worker ended, and during which call, for a person.

    :param folder: the folder of the run, where black boxes write, and who started it.
    :param worker: the worker's name.
    :param scenario: what it was at, where that is known: the call of something else is not blamed.
    :param timeout: the seconds that one scenario may take.
    """
    known, call, pid = (*BlackBox.read(folder / f"{worker}.box").split("\n"), "", "")[:3]
    where = f"during {call}" if call and scenario in (known, "") else "between two calls"
    status = _status(folder / f"{pid}.exit", timeout) if pid else "ended without a trace"
    return f"the worker process {status} {where}"


def _status(file: Path, timeout: float) -> str:
    """Return how a worker ended, from the status that its fork server or its reaper noted."""
    # The worker's end is seen by its connection, a moment before it is noted how it ended.
    deadline = time.monotonic() + _NOTE_SECONDS
    pause = threading.Event()
    while True:
        try:
            code = os.waitstatus_to_exitcode(int(file.read_text()))
            break
        except (OSError, ValueError):
            # Not there yet, or not written yet.
            if time.monotonic() > deadline:
                return "ended without a trace"
            pause.wait(0.01)
    if code == WATCHDOG_EXIT:
        return f"was ended as the scenario took more than {timeout:g} s,"
    if code < 0:
        # Real-time signals have no name.
        known = {number.value: number.name for number in signal.Signals}
        return f"was ended by {known.get(-code, f'signal {-code}')}"
    return f"ended with exit code {code}"


def last_words(folder: Path) -> str:
    """Return the last line that a process of a run wrote, in the files that were given them."""
    logs = sorted(folder.glob("*.log"), key=lambda log: log.stat().st_mtime)
    lines = [line for log in logs for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
