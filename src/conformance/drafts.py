"""The report of a run that is under way, on disk: a run that is killed loses no more than its last second."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from conformance.errors import KitError
from conformance.report import write_text

#: How old the draft may be when more is known, in seconds.
_INTERVAL = 1.0


class Draft:
    """A file that is written again a moment after something new is known.

    :param path: where, or nothing when nobody asked for it.
    :param make: returns the text as it is then; it is called in another thread.
    """

    def __init__(self, path: Path | None, make: Callable[[], str]) -> None:
        self._path = path
        self._make = make
        self._writing = threading.Lock()
        self._due: threading.Timer | None = None

    def due(self) -> None:
        """Have the draft written, unless that is about to be done."""
        if self._path is not None and self._due is None:
            self._due = threading.Timer(_INTERVAL, self._write, [self._path])
            self._due.daemon = True
            self._due.start()

    def _write(self, path: Path) -> None:
        with self._writing:
            if self._due is not None:
                self._due = None
                # That it cannot be written is told at the end, when it counts. Where more came to be known while the
                # text was made, it is due again by that.
                with contextlib.suppress(KitError, RuntimeError):
                    write_text(path, self._make())

    def end(self) -> None:
        """Have nothing written any more: what comes now is the whole report."""
        with self._writing:
            self._due = None
