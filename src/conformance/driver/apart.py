"""A driver in a process of its own, reached from here: an embedded driver is restarted by a new process on its root.

What this process holds are stand-ins, whose calls are made on the other process's objects. The other process is
forked by the run's server, which takes in its guests, and it never outlives this one.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import libvirt

from conformance.driver.apart_process import KINDS, OBJECT
from conformance.driver.setbacks import ConnectionLost
from conformance.forkserver import fork

#: How long the process may take to end once it was told to, in seconds.
_END_SECONDS = 10.0


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
    """The process, seen from here.

    :param folder: the folder of a run, which has a fork server.
    """

    def __init__(self, folder: Path) -> None:
        self._one_at_a_time = threading.Lock()
        self._process = fork(folder, "conformance.driver.apart_process")

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
        if isinstance(value, tuple) and value[:1] == (OBJECT,):
            _, key, kind, known = value
            return Remote(self, key, KINDS[kind], known)
        return value

    def end(self) -> None:
        """End the process in order: its connections are closed, its guests go on."""
        self._process.end(_END_SECONDS)


def error_of(value: tuple[Any, ...]) -> libvirt.libvirtError:
    """Return an error of libvirt's from its parts."""
    error = libvirt.libvirtError(str(value[2]))
    error.err = value
    return error
