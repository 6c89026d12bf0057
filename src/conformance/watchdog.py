"""The clock of a process that calls a driver: it ends the process when a call takes too long."""

from __future__ import annotations

import os
import threading
import time

from conformance.journal import BlackBox, Journal
from conformance.losses import WATCHDOG_EXIT


class Watchdog:
    """Ends the process when a scenario takes too long: a call that hangs inside libvirt cannot be interrupted."""

    EXIT_CODE = WATCHDOG_EXIT

    def __init__(self, seconds: float, box: BlackBox, journal: Journal) -> None:
        self._seconds = seconds
        self._box = box
        self._journal = journal
        self._deadline: float | None = None
        self._changed = threading.Condition()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def start(self) -> None:
        """Begin to count for a scenario."""
        with self._changed:
            self._deadline = time.monotonic() + self._seconds
            self._changed.notify()

    def extend(self) -> None:
        """Begin to count anew. It costs next to nothing: the thread finds out when it wakes for the time before."""
        self._deadline = time.monotonic() + self._seconds

    def stop(self) -> None:
        """Stop counting."""
        with self._changed:
            self._deadline = None

    def _watch(self) -> None:
        with self._changed:
            while True:
                if self._deadline is None:
                    self._changed.wait()
                elif (left := self._deadline - time.monotonic()) > 0:
                    self._changed.wait(left)
                else:
                    os._exit(self.EXIT_CODE)
