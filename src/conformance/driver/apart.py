"""A driver in a process of its own, reached from here: an embedded driver is restarted by a new process on its root.

What this process holds are stand-ins, whose calls are made on the other process's objects. The other process is a
child of this one, so the reaper above takes in its guests, and it never outlives this one.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO

import libvirt

from conformance.driver.events import run_event_loop
from conformance.driver.session import ConnectionLost

_PR_SET_PDEATHSIG = 1
#: How long the process may take to end once it was told to, in seconds.
_END_SECONDS = 10.0
#: Marks what stands for an object of libvirt's on its way from one process to the other.
_OBJECT = "an object of libvirt's"
#: What a domain, a snapshot or a checkpoint itself knows.
_OWN = ("UUIDString", "name", "getName")
_KINDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (libvirt.virConnect, libvirt.virDomain, libvirt.virDomainSnapshot, libvirt.virDomainCheckpoint)
}


class Remote:
    """A stand-in for an object of libvirt's in the other process."""

    def __init__(self, process: Apart, key: int, kind: type, known: Mapping[str, Any]) -> None:
        self._process = process
        self._key = key
        self._kind = kind
        self._known = known

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """The class that it stands in for, so that it passes for an object of that class."""
        return self._kind

    def __getattr__(self, name: str) -> Any:
        if not hasattr(self._kind, name):
            raise AttributeError(name)
        if name in self._known:
            return lambda: self._known[name]
        return lambda *args: self._process.request(("call", self._key, name, args))

    def __eq__(self, other: object) -> bool:
        return type(other) is Remote and (other._process, other._key) == (self._process, self._key)

    def __hash__(self) -> int:
        return hash((id(self._process), self._key))


class Apart:
    """The process, seen from here."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._process = subprocess.Popen(  # noqa: S603 - the kit's own module
            [sys.executable, "-P", "-m", "conformance.driver.apart", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def open(self, uri: str, *, read_only: bool) -> Any:
        """Open a connection in the other process.

        :raises libvirtError: as libvirt does.
        """
        return self.request(("open", uri, read_only))

    def request(self, what: tuple[Any, ...]) -> Any:
        """Have something done, and return what came of it.

        :raises libvirtError: the error that it met there.
        :raises ConnectionLost: when the process has ended.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("the process was started without a pipe")
        if stdin.closed:
            # As libvirt answers on a connection that was closed.
            raise error_of((libvirt.VIR_ERR_INVALID_CONN, 0, "the connection is closed", 2, "", None, None, 0, 0))
        try:
            with self._one_at_a_time:
                pickle.dump(what, stdin)
                stdin.flush()
                ended, value = pickle.load(stdout)  # noqa: S301 - from the kit's own process
        except (BrokenPipeError, EOFError):
            raise ConnectionLost("the process of the driver has ended") from None
        if ended == "error":
            raise error_of(value)
        return self._received(value)

    def _received(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._received(item) for item in value]
        if isinstance(value, tuple) and value[:1] == (_OBJECT,):
            _, key, kind, known = value
            return Remote(self, key, _KINDS[kind], known)
        return value

    def end(self) -> None:
        """End the process in order: its connections are closed, its guests go on."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def error_of(value: tuple[Any, ...]) -> libvirt.libvirtError:
    """Return an error of libvirt's from its parts."""
    error = libvirt.libvirtError(str(value[2]))
    error.err = value
    return error


class _Objects:
    """The objects of libvirt's in the process of the driver, by the keys that the other side knows."""

    def __init__(self) -> None:
        self._objects: list[Any] = []

    def carry_out(self, request: tuple[Any, ...]) -> Any:
        match request:
            case ("open", uri, read_only):
                return self._sent(libvirt.openReadOnly(uri) if read_only else libvirt.open(uri))
            case ("call", key, method, args):
                return self._sent(getattr(self._objects[key], method)(*args))
        raise AssertionError(request)

    def _sent(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._sent(item) for item in value]
        if type(value) in _KINDS.values():
            key = next((key for key, known in enumerate(self._objects) if known is value), len(self._objects))
            if key == len(self._objects):
                self._objects.append(value)
            return _OBJECT, key, type(value).__name__, _known(value)
        return value

    def close(self) -> None:
        """Close the connections."""
        for each in self._objects:
            if isinstance(each, libvirt.virConnect):
                with contextlib.suppress(libvirt.libvirtError):
                    each.close()


def _known(value: Any) -> dict[str, Any]:
    """Return what an object itself knows, for which libvirt asks no driver."""
    return {name: getattr(value, name)() for name in _OWN if hasattr(value, name)}


def main(parent: int) -> None:
    """Carry out requests until there are no more.

    :param parent: the process that this one must not outlive.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        return
    # A driver that writes to standard output must not be able to break the answers.
    answers: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    run_event_loop()
    objects = _Objects()
    while True:
        try:
            request = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the kit's own process
        except EOFError:
            break
        try:
            answer = ("value", objects.carry_out(request))
        except libvirt.libvirtError as error:
            answer = ("error", error.err)
        with contextlib.suppress(BrokenPipeError):
            pickle.dump(answer, answers)
            answers.flush()
    objects.close()
    # A driver that hangs in its own shutdown must not hold up the next life.
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
