"""The process of a fork server: it imports what others need, and becomes them by forking.

It never calls a driver, so it has no threads, and whatever becomes of a process that does is no matter of its own.
It listens where :mod:`conformance.forked` asks, and does for what it has forked what the reaper does for a command:
it adopts whatever that leaves behind, and notes how it ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import select
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

from conformance import garbage
from conformance.interrupts import ASKING

_LONGEST_REQUEST = 256
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None)


class _Server:
    """Carries out requests.

    :param folder: where it notes how each process ended.
    """

    def __init__(self, listener: socket.socket, folder: Path) -> None:
        self._folder = folder
        #: Whoever asks, and where, by descriptor.
        self._sockets = {listener.fileno(): listener}
        #: The connections of whoever asked for processes that have not ended yet, by the processes' numbers.
        self._children: dict[int, socket.socket] = {}
        #: What is to be imported when there is nothing else to do.
        self._wanted: list[str] = []
        self._ended, self._wake = os.pipe()
        for descriptor in (self._ended, self._wake):
            os.set_blocking(descriptor, False)
        #: What is to be done when there is something to be read, by descriptor.
        self._ready: dict[int, Callable[[], str]] = {
            self._ended: self._reap,
            listener.fileno(): lambda: self._accept(listener),
        }

    def serve(self) -> str:
        """Carry out requests; return in the processes that are asked for, each with the module that it is to run."""
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            poll = select.poll()
            for descriptor in self._ready:
                poll.register(descriptor, select.POLLIN)
            # One at a time: what it does may close another, whose number may be a third's by then.
            if ready := poll.poll(0 if self._wanted else None):
                if module := self._ready[ready[0][0]]():
                    return module
            else:
                _import(self._wanted.pop(0))

    def _accept(self, listener: socket.socket) -> str:
        connection, _ = listener.accept()
        self._sockets[connection.fileno()] = connection
        self._ready[connection.fileno()] = lambda: self._carry_out(connection)
        return ""

    def _carry_out(self, connection: socket.socket) -> str:
        """Carry out a request; the name of a module tells that this is the process that was asked for."""
        request, streams, _, _ = socket.recv_fds(connection, _LONGEST_REQUEST, 2)
        verb, _, module = request.decode().partition(" ")
        if verb == "import":
            self._wanted.append(module)
        if verb != "fork":
            self._close(connection)
            return ""
        server, pid = os.getpid(), -1
        if _import(module):
            try:
                pid = os.fork()
            except OSError:
                traceback.print_exc()
        if pid == 0:
            self._become(server, *streams)
            return module
        for stream in streams:
            os.close(stream)
        if pid < 0:
            # What is asked for ends before it has begun, and why stands in the log.
            self._close(connection)
            return ""
        self._children[pid] = connection
        self._ready[connection.fileno()] = lambda: self._end(pid)
        return ""

    def _become(self, server: int, stdin: int, stdout: int) -> None:
        """Leave to the server what is the server's."""
        if not _end_with(server):
            os._exit(1)
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in self._sockets.values():
            each.close()
        for descriptor in (self._ended, self._wake):
            os.close(descriptor)
        for given, own in ((stdin, 0), (stdout, 1)):
            os.dup2(given, own)
            os.close(given)
        _complain_into(self._folder)
        for number in ASKING:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        # What was imported is looked at by none of these processes, nor copied for that.
        garbage.heed()

    def _end(self, pid: int) -> str:
        """End a process, as whoever asked for it says so or is no more."""
        del self._ready[self._children[pid].fileno()]
        # It is there, or has not been reaped.
        os.kill(pid, signal.SIGKILL)
        return ""

    def _reap(self) -> str:
        """Let go of processes that have ended; what is not asked for by anybody is a daemon of one that was."""
        os.read(self._ended, select.PIPE_BUF)
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    break
                if connection := self._children.pop(pid, None):
                    self._note_end(pid, status, connection)
        return ""

    def _note_end(self, pid: int, status: int, connection: socket.socket) -> None:
        # The folder of a run that is over is gone, and nobody is left to tell.
        with contextlib.suppress(OSError):
            (self._folder / f"{pid}.exit").write_text(str(status))
        with contextlib.suppress(OSError):
            connection.send(str(os.waitstatus_to_exitcode(status)).encode())
        self._close(connection)

    def _close(self, connection: socket.socket) -> None:
        self._ready.pop(connection.fileno(), None)
        del self._sockets[connection.fileno()]
        connection.close()


def _import(module: str) -> bool:
    """Import a module; tell whether it could be, and otherwise complain."""
    try:
        importlib.import_module(module)
    except Exception:
        traceback.print_exc()
        return False
    return True


def _end_with(parent: int) -> bool:
    """Let the kernel kill this process when its parent ends; tell whether that is its parent still."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    return os.getppid() == parent


def _complain_into(folder: Path) -> None:
    """Give this process a file for what it, or a driver in it, complains of: that would run into the report's lines."""
    log = os.open(folder / f"{os.getpid()}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    # It is the one at once where the caller has closed its own.
    if log != 2:
        os.dup2(log, 2)
        os.close(log)


def main(parent: str, descriptor: str, folder: str) -> None:
    """Carry out requests as long as the controlling process lives, and be what is asked for in others.

    :param parent: the controlling process.
    :param descriptor: the socket to listen at.
    :param folder: the folder of the run, in the one for temporary files.
    """
    for number in ASKING:
        # Whatever asks a run to end asks the controlling process.
        signal.signal(number, signal.SIG_IGN)
    # Until now they were held back, as Python would have met one with a traceback. Of an end of a process whoever calls
    # the command may not want to hear, and this process has to.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*ASKING, signal.SIGCHLD))
    if not _end_with(int(parent)):
        return
    os.setsid()
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    _complain_into(Path(folder))
    # Python finds it out by writing there, which leaves a file where a process is ended meanwhile.
    tempfile.tempdir = str(Path(folder).parent)
    garbage.ignore()
    module = _Server(socket.socket(fileno=int(descriptor)), Path(folder)).serve()
    importlib.import_module(module).main()


if __name__ == "__main__":
    main(*sys.argv[1:4])
