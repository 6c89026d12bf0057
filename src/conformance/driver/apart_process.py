"""The process in which a driver apart lives: it opens what it is told to, and makes the calls that it is told to make.

It is begun anew for every life of a driver, and ends when its input does or who asked for it is no more.
:mod:`conformance.driver.apart` is the other side.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
from typing import Any, BinaryIO

import libvirt

from conformance.driver.events import run_event_loop

#: Marks what stands for an object of libvirt's on its way from one process to the other.
OBJECT = "an object of libvirt's"
#: The classes of what is not sent itself, by their names.
KINDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (libvirt.virConnect, libvirt.virDomain, libvirt.virDomainSnapshot, libvirt.virDomainCheckpoint)
}
#: What a domain, a snapshot or a checkpoint itself knows.
_OWN = ("UUIDString", "name", "getName")


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
        if type(value) in KINDS.values():
            key = next((key for key, known in enumerate(self._objects) if known is value), len(self._objects))
            if key == len(self._objects):
                self._objects.append(value)
            return OBJECT, key, type(value).__name__, _known(value)
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


def main() -> None:
    """Carry out requests until there are no more."""
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
