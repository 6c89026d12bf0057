"""The controlling process's side of the fork server: processes that call drivers, begun without importing anything."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from conformance.forked import address, ask
from conformance.interrupts import held_back
from conformance.processes import environment, mark

#: The module of a process that runs scenarios.
GATEWAY = "conformance.suite.gateway"
#: What it imports, in pieces: between two of them the server does what it is asked for.
OF_WORKERS = ("pytest", "pytest_bdd.plugin", "conformance.suite.worker", GATEWAY)
#: How long a process may take to be gone when it was killed, in seconds.
_KILL_SECONDS = 5.0
#: The first descriptor that is no standard stream.
_FIRST_OWN = 3
_SCRIPT = Path(__file__).with_name("forked.py")


class Forked:
    """A process that the server has made.

    :param connection: the server tells by it that the process has ended.
    """

    def __init__(self, connection: socket.socket, stdin: BinaryIO, stdout: BinaryIO) -> None:
        self._connection = connection
        self.stdin = stdin
        self.stdout = stdout

    def end(self, seconds: float) -> None:
        """Close the process's input, and kill it when that does not end it in time; it can have been ended before.

        :param seconds: how long is waited for it to end by itself.
        """
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()
        if self._connection.fileno() < 0:
            return
        # Where the server is no more, the process is no more either.
        with self._connection, contextlib.suppress(OSError):
            if not select.select([self._connection], [], [], seconds)[0]:
                self._connection.send(b"end")
                # One that the kernel or a debugger holds is not gone for that, and nobody is to wait for it.
                select.select([self._connection], [], [], _KILL_SECONDS)
        self.stdout.close()


def fork(folder: Path, module: str) -> Forked:
    """Begin a process that calls a module's ``main``; it ends with this process, if not before.

    :param folder: the folder of a run, which has a fork server.
    :raises OSError: when it has none.
    """
    theirs_in, ours_in = os.pipe()
    ours_out, theirs_out = os.pipe()
    stdin, stdout = os.fdopen(ours_in, "wb"), os.fdopen(ours_out, "rb")
    try:
        return Forked(ask(str(folder), f"fork {module}", (theirs_in, theirs_out)), stdin, stdout)
    except OSError:
        stdin.close()
        stdout.close()
        raise
    finally:
        os.close(theirs_in)
        os.close(theirs_out)


class ForkServer:
    """A process that becomes others, begun when the first is asked for.

    :param folder: the folder of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._environment: dict[str, str] = {}

    def _begin(self) -> None:
        place = os.open(self._folder, os.O_PATH | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
                Path(address(place)).unlink(missing_ok=True)
                listener.bind(address(place))
                listener.listen()
                # Where the caller has closed its standard streams it may have the number of one.
                number = fcntl.fcntl(listener, fcntl.F_DUPFD_CLOEXEC, _FIRST_OWN)
                # With -P nothing in the current folder is imported in place of what has its name.
                command = [sys.executable, "-P", "-m", "conformance.forkserver_process", str(os.getpid())]
                self._environment = dict(os.environ)
                try:
                    with held_back():
                        self._process = subprocess.Popen(  # noqa: S603 - the kit's own module
                            [*command, str(number), str(self._folder)],
                            stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL,
                            env={**self._environment, **environment(self._folder)},
                            pass_fds=[number],
                        )
                finally:
                    os.close(number)
        finally:
            os.close(place)

    def _keep(self) -> None:
        if self._process is None or self._process.poll() is not None:
            self._begin()

    def prepare(self, *modules: str) -> None:
        """Let the server import modules when it has nothing else to do, without waiting for that."""
        with contextlib.suppress(OSError):
            self._keep()
            for module in modules:
                ask(str(self._folder), f"import {module}").close()

    def fork(self, module: str) -> Forked:
        """Begin a process, as :func:`fork` does.

        :raises OSError: when no server can be begun, as the folder is gone.
        """
        self._keep()
        try:
            return fork(self._folder, module)
        except OSError:
            # It was lost a moment ago.
            self.stop()
            self._begin()
            return fork(self._folder, module)

    def changes(self) -> dict[str, str | None]:
        """Return what has changed in this process's environment since the server was begun; None for what is gone."""
        return {
            name: os.environ.get(name)
            for name in self._environment.keys() | os.environ.keys()
            if self._environment.get(name) != os.environ.get(name)
        }

    def command(self, module: str) -> list[str]:
        """Return a command that begins such a process and stands for it, for whoever starts commands only."""
        return [sys.executable, "-I", "-S", str(_SCRIPT), mark(self._folder), module]

    @property
    def pid(self) -> int:
        """The server's process number, or 0 where there is none: it adopts what its processes leave."""
        return 0 if self._process is None else self._process.pid

    def stop(self) -> None:
        """End the server, and with it whatever processes of its there are."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
