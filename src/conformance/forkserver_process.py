"""The process of a fork server: it imports what others need, and becomes them by forking.

It never calls a driver, so it has no threads, and whatever becomes of a process that does is no matter of its own.
It listens where :mod:`conformance.forked` asks.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from conformance import garbage
from conformance.interrupts import ASKING
from conformance.lifeline import end_with

_LONGEST_REQUEST = 256


@dataclass
class _Child:
    """A process that this one has become, and the connection of whoever asked for it."""

    pid: int
    connection: socket.socket


class _Server:
    """Carries out requests.

    :param folder: where it notes how each process ended, as the reaper does.
    """

    def __init__(self, listener: socket.socket, folder: Path) -> None:
        self._listener = listener
        self._folder = folder
        #: What is to be done when there is something to be read, by descriptor.
        self._ready: dict[int, Callable[[], str]] = {listener.fileno(): self._accept}

    def serve(self) -> str:
        """Carry out requests; return in the processes that are asked for, each with the module that it is to run."""
        while True:
            poll = select.poll()
            for descriptor in self._ready:
                poll.register(descriptor, select.POLLIN)
            # One at a time: what it does may close another, whose number may be a third's by then.
            descriptor, _ = poll.poll()[0]
            if module := self._ready[descriptor]():
                return module

    def _accept(self) -> str:
        connection, _ = self._listener.accept()
        self._ready[connection.fileno()] = lambda: self._carry_out(connection)
        return ""

    def _carry_out(self, connection: socket.socket) -> str:
        """Carry out a request; the name of a module tells that this is the process that was asked for."""
        request, streams, _, _ = socket.recv_fds(connection, _LONGEST_REQUEST, 2)
        verb, _, module = request.decode().partition(" ")
        if not verb:
            self._close(connection)
            return ""
        importlib.import_module(module)
        if verb == "import":
            self._close(connection)
            return ""
        server = os.getpid()
        if (pid := os.fork()) == 0:
            self._become(server, *streams)
            # What was imported is looked at by none of these processes, nor copied for that.
            garbage.heed()
            return module
        for stream in streams:
            os.close(stream)
        child = _Child(pid, connection)
        descriptor = os.pidfd_open(pid)
        self._ready[descriptor] = lambda: self._note_end(child, descriptor)
        self._ready[connection.fileno()] = lambda: self._end(child)
        return ""

    def _become(self, server: int, stdin: int, stdout: int) -> None:
        """Leave to the server what is the server's."""
        if not end_with(server):
            os._exit(1)
        os.setsid()
        for descriptor in self._ready:
            os.close(descriptor)
        # What a driver in this process writes would run into the lines of the report.
        log = os.open(self._folder / f"{os.getpid()}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for given, own in ((stdin, 0), (stdout, 1), (log, 2)):
            os.dup2(given, own)
            os.close(given)
        for number in ASKING:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

    def _end(self, child: _Child) -> str:
        """End a process, as whoever asked for it says so or is no more."""
        del self._ready[child.connection.fileno()]
        # It is there, or has not been waited for.
        os.kill(child.pid, signal.SIGKILL)
        return ""

    def _note_end(self, child: _Child, descriptor: int) -> str:
        _, status = os.waitpid(child.pid, 0)
        # The folder of a run that is over is gone, and nobody is left to tell.
        with contextlib.suppress(OSError):
            (self._folder / f"{child.pid}.exit").write_text(str(status))
        with contextlib.suppress(OSError):
            child.connection.send(str(os.waitstatus_to_exitcode(status)).encode())
        del self._ready[descriptor]
        os.close(descriptor)
        self._close(child.connection)
        return ""

    def _close(self, connection: socket.socket) -> None:
        self._ready.pop(connection.fileno(), None)
        connection.close()


def main() -> None:
    """Carry out requests as long as the controlling process lives, and be what is asked for in others."""
    garbage.ignore()
    for number in ASKING:
        # Whatever asks a run to end asks the controlling process.
        signal.signal(number, signal.SIG_IGN)
    descriptor, folder = sys.argv[1:3]
    listener = socket.socket(fileno=int(descriptor))
    module = _Server(listener, Path(folder)).serve()
    importlib.import_module(module).main()


if __name__ == "__main__":
    main()
