"""Whose turn it is: the restart of a daemon takes the connections of every process of the run."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class Turns:
    """Lets scenarios run side by side, and those that restart the daemon alone.

    Two files are locked: who wants to be alone closes the door first, so that nobody new comes in, and then waits
    until those inside have left.

    :param folder: the folder of the run, which its processes share.
    """

    def __init__(self, folder: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._door, self._room = (os.open(folder / name, flags, 0o600) for name in ("door.lock", "room.lock"))
        self._seen = self._restarts()

    def _restarts(self) -> int:
        """Return how many scenarios have been alone, which is the size of the file."""
        return os.fstat(self._room).st_size

    @contextlib.contextmanager
    def take(self, *, alone: bool) -> Iterator[bool]:
        """Wait for a turn and have it; give whether the daemon may have been restarted since the last."""
        fcntl.flock(self._door, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        finally:
            fcntl.flock(self._door, fcntl.LOCK_UN)
        try:
            restarts, self._seen = self._seen, self._restarts()
            yield restarts != self._seen
        finally:
            if alone:
                os.pwrite(self._room, b".", self._restarts())
            fcntl.flock(self._room, fcntl.LOCK_UN)
