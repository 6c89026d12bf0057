"""Watching: which vices would do anything in a scenario, found out in one run of it.

A vice that hands on every call of a scenario as it came, and gives back what came of it, cannot change how the
scenario ends. So all vices watch the calls of one run, the one inside the other, each with a memory of its own, and
whoever does anything else *acts*: it is stopped before it has an effect, the driver goes on as without it, and the
scenario is run once more with that vice alone. What is left out in that way is not guessed, it has been seen.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import libvirt

from conformance.driver.handle import Handle
from conformance.mutants.call import Call, Memory
from conformance.mutants.mended import mended
from conformance.mutants.vice import Body, Origins

#: What a body may ask of libvirt's objects; whatever else it calls on one is an act.
_QUESTIONS = frozenset(
    {
        "ID", "UUIDString", "XMLDesc", "autostart", "connect", "domain", "getConnect", "getDomain", "getName",
        "getType", "getURI", "getXMLDesc", "hasManagedSaveImage", "isActive", "isCurrent", "isPersistent",
        "listAllCheckpoints", "listAllDomains", "listAllSnapshots", "lookupByName", "lookupByUUIDString",
        "name", "snapshotNum", "state",
    }
)  # fmt: skip
_CLASSES = ("virConnect", "virDomain", "virDomainSnapshot", "virDomainCheckpoint")
#: What Python's own library tells before it is done, and that no question leads to.
_DEEDS = frozenset(
    {
        "os.chmod", "os.kill", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.system",
        "os.truncate", "shutil.copyfile", "shutil.move", "shutil.rmtree", "subprocess.Popen",
    }
)  # fmt: skip
#: Frames of Python's that one vice takes at most, and those around all of them.
_FRAMES, _AROUND = 16, 2000


class Acts(BaseException):
    """A vice was about to do something; no error of libvirt's, so that no vice takes it for one."""


class Watch:
    """Vices that watch the calls of one scenario after the other.

    :param bodies: the vices' bodies, by their names.
    """

    def __init__(self, bodies: Mapping[str, Body]) -> None:
        self._bodies = bodies
        self._vices: list[tuple[str, Body, Memory]] = []
        self._origins = Origins()
        self._inside = False
        self._thread = threading.get_ident()
        #: The vices that have acted since the watch was begun.
        self.acting: set[str] = set()
        self.begin()

    def begin(self) -> None:
        """Forget what was: a scenario begins."""
        self._vices = [(name, body, {}) for name, body in self._bodies.items()]
        self._origins = Origins()
        self.acting = set()

    def intercept(self, handle: Handle, method: str, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        """Take a call through all vices to the driver."""
        limits = self._origins.limits(handle)
        # A vice that keeps a callback could call it at any time.
        shown = tuple(_tripwire if callable(arg) else arg for arg in args)
        known: dict[Any, Any] = {}
        vices, acting = self._vices, self.acting
        # By position, what came of the call behind a vice that has handed it on: whether it returned, and what.
        truths: list[tuple[bool, Any] | None] = [None] * len(vices)
        position = -1

        def go_on(asked: str, *given: Any) -> Any:
            nonlocal position
            here = position
            if asked != method or given != shown or (here >= 0 and truths[here] is not None):
                raise Acts
            self._inside = False
            try:
                value = descend(here + 1)
            except BaseException as error:
                if here >= 0:
                    truths[here] = False, error
                raise
            else:
                if here >= 0:
                    truths[here] = True, value
                return value
            finally:
                position = here
                self._inside = True

        seen = Call(handle, method, shown, go_on, *limits, known)

        def descend(next_one: int) -> Any:
            nonlocal position
            while next_one < len(vices) and vices[next_one][0] in acting:
                next_one += 1
            if next_one == len(vices):
                known.clear()
                try:
                    return mended(Call(handle, method, args, proceed, *limits))
                finally:
                    known.clear()
            name, body, memory = vices[next_one]
            position = next_one
            self._inside = True
            try:
                said = True, body(seen, memory)
            except (Exception, Acts) as error:
                said = False, error
            finally:
                self._inside = False
            truth = truths[next_one]
            if truth is None:
                acting.add(name)
                return descend(next_one + 1)
            if said[1] is not truth[1] and not _is_same(said, truth):
                acting.add(name)
            if not truth[0]:
                raise truth[1]
            return truth[1]

        return descend(0)

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Stop every vice that is about to act on an object of libvirt's, on a file or on a process.

        It lasts as long as the context, apart from a hook of Python's that cannot be taken away and does nothing then.
        """
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, _AROUND + _FRAMES * len(self._bodies)))
        armed = [True]
        sys.addaudithook(lambda event, args: self._hear(event, args) if armed[0] else None)
        before = []
        for cls in (vars(libvirt)[name] for name in _CLASSES if hasattr(libvirt, name)):
            for name, function in list(vars(cls).items()):
                if callable(function) and not name.startswith("_") and name not in _QUESTIONS:
                    before.append((cls, name, function))
                    setattr(cls, name, self._guarded(function))
            cls.__setattr__ = self._set_attribute
        try:
            yield
        finally:
            armed[0] = False
            for cls, name, function in before:
                setattr(cls, name, function)
            for cls in {cls for cls, _, _ in before}:
                del cls.__setattr__
            sys.setrecursionlimit(limit)

    @property
    def _is_inside(self) -> bool:
        return self._inside and threading.get_ident() == self._thread

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any, **named: Any) -> Any:
            if self._is_inside:
                raise Acts
            return function(*args, **named)

        return guarded

    @property
    def _set_attribute(self) -> Callable[[Any, str, Any], None]:
        def set_attribute(instance: Any, name: str, value: Any) -> None:
            # The binding's own attributes are set when an object is made, which a question may do.
            if self._is_inside and not name.startswith("_"):
                raise Acts
            object.__setattr__(instance, name, value)

        return set_attribute

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._is_inside:
            return
        writes = event == "open" and (
            any(letter in str(args[1] or "") for letter in "wax+") or (args[2] or 0) & (os.O_WRONLY | os.O_RDWR)
        )
        if writes or event in _DEEDS:
            raise Acts


def _tripwire(*_args: Any, **_named: Any) -> NoReturn:
    raise Acts


def _is_same(said: tuple[bool, Any], truth: tuple[bool, Any]) -> bool:
    """Tell whether a vice has given back what the driver gave: the same error, or a value that equals the driver's."""
    if said[0] is not truth[0]:
        return False
    return said[1] is truth[1] or (said[0] and type(said[1]) is type(truth[1]) and bool(said[1] == truth[1]))
