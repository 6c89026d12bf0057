"""Restarting a driver: an embedded one by a new process on the same root, a daemon by its operator's command."""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from conformance.driver.apart import Apart
from conformance.driver.handle import Handle
from conformance.driver.opening import open_here
from conformance.errors import RestartFailed
from conformance.forkserver import ForkServer
from conformance.processes import WORKER_MARK, environment
from conformance.restarting import shown

#: How often it is looked whether the daemon is down, or up again, in seconds: neither sends a word.
_INTERVAL = 0.05
#: How long after the command's end the connection of before may seem to be alive, in seconds.
_DOWN_SECONDS = 10.0


class Restarter(Protocol):
    """One way to restart a driver."""

    def open(self, uri: str, *, read_only: bool) -> Any:
        """Open a connection to the driver as it is now."""

    def stop(self, connection: Handle | None, seconds: float) -> None:
        """End the driver as it is now; what is opened from then on leads to the next."""

    def close(self) -> None:
        """Give up what is held for restarting."""


class Embedded:
    """Restarts a driver that lives in its client's process: it is opened in a process of its own, then in another.

    Closing and opening in one process would not do: the driver keeps its state there.

    :param restarts: how many of its restarts are foreseen.
    """

    def __init__(self, restarts: float = math.inf) -> None:
        self._restarts = restarts
        self._folder: Path | None = None
        self._holdings = contextlib.ExitStack()
        self._process: Apart | None = None
        #: The next one, which is begun early: whoever restarts a driver is not to wait for Python.
        self._next: Apart | None = None

    def open(self, uri: str, *, read_only: bool) -> Any:
        """Open a connection in the process, which begins with the first."""
        if self._process is None:
            self._process = self._next or self._begin()
            self._next = self._begin() if self._restarts > 0 else None
            self._restarts -= 1
        return self._process.open(uri, read_only=read_only)

    def _begin(self) -> Apart:
        if self._folder is None:
            self._folder = Path(os.environ.get(WORKER_MARK) or self._own_server())
        return Apart(self._folder)

    def _own_server(self) -> str:
        """Begin a fork server where there is no run that has one."""
        folder = self._holdings.enter_context(tempfile.TemporaryDirectory())
        forks = ForkServer(Path(folder))
        self._holdings.callback(forks.stop)
        forks.prepare("conformance.driver.apart_process")
        return folder

    def stop(self, _connection: Handle | None, _seconds: float) -> None:
        """End the process; its guests go on."""
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def close(self) -> None:
        """End the process, and the next."""
        self.stop(None, 0.0)
        following, self._next = self._next, None
        if following is not None:
            following.end()
        self._holdings.close()
        self._folder = None


class Daemon:
    """Restarts a daemon by a command of its operator's."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)

    def open(self, uri: str, *, read_only: bool) -> Any:
        """Open a connection as everybody does."""
        return open_here(uri, read_only=read_only)

    def stop(self, connection: Handle | None, seconds: float) -> None:
        """Run the command, and wait until the connection of before is gone.

        :raises RestartFailed: when the command fails, or leaves the daemon as it was.
        """
        self._run(seconds)
        deadline = time.monotonic() + min(seconds, _DOWN_SECONDS)
        pause = threading.Event()
        while connection is not None and connection.look("isAlive").value == 1:
            if time.monotonic() > deadline:
                raise RestartFailed(
                    "the command came to its end, and the connection of before is alive: the driver was not restarted",
                    where=shown(self._command),
                )
            pause.wait(_INTERVAL)

    def _run(self, seconds: float) -> None:
        kit = environment(Path())
        given = {name: value for name, value in os.environ.items() if name not in kit}
        # What the command starts may live on, so it gets a file and no pipe whose end would be waited for.
        with tempfile.TemporaryFile() as output:
            try:
                done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=given,
                    timeout=seconds,
                    check=False,
                    start_new_session=True,
                )
            except subprocess.TimeoutExpired:
                raise RestartFailed(
                    f"the command did not end within {seconds:g} s", where=shown(self._command)
                ) from None
            except OSError as error:
                raise RestartFailed(f"it cannot be run ({error.strerror})", where=shown(self._command)) from None
            if done.returncode:
                output.seek(0)
                said = output.read().decode("utf-8", "replace").strip().splitlines()
                last = f" ({said[-1].strip()})" if said else ""
                raise RestartFailed(f"it ended with exit code {done.returncode}{last}", where=shown(self._command))

    def close(self) -> None:
        """Hold nothing."""
