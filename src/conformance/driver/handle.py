"""A libvirt object under a symbol: every call on it is kept in the journal, and an error is a result like any other."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import libvirt

from conformance.journal import Entry, Failure, Journal, Outcome

#: The code that stands for a call which this machine's client library does not have.
NO_SUCH_METHOD = Failure(3, "NO_SUPPORT", 0, "the client library does not have this call")

ERROR_NAMES: dict[int, str] = {
    value: name.removeprefix("VIR_ERR_")
    for name, value in vars(libvirt).items()
    # The levels of an error share the prefix with its codes.
    if name.startswith("VIR_ERR_") and name not in ("VIR_ERR_NONE", "VIR_ERR_WARNING", "VIR_ERR_ERROR")
}

#: Codes by which a driver says that it does not have what was asked for.
UNSUPPORTED = frozenset({"NO_SUPPORT", "OPERATION_UNSUPPORTED", "CONFIG_UNSUPPORTED", "ARGUMENT_UNSUPPORTED"})

#: Takes a call before it reaches libvirt: the handle, the method, the arguments, and how to go on.
#: A broken driver is made of one of these.
Interceptor = Callable[["Handle", str, tuple[Any, ...], Callable[..., Any]], Any]

_OBJECTS = {
    libvirt.virDomain: "dom",
    libvirt.virDomainSnapshot: "snapshot",
    getattr(libvirt, "virDomainCheckpoint", libvirt.virDomainSnapshot): "checkpoint",
}


def failure_of(error: libvirt.libvirtError) -> Failure:
    """Return a libvirt error as a value."""
    code = error.get_error_code() or 0
    message = error.get_error_message() or str(error)
    return Failure(code, ERROR_NAMES.get(code, f"error {code}"), error.get_error_domain() or 0, message)


class Handle:
    """A connection, a domain, a snapshot or a checkpoint.

    :param symbol: the name under which the journal and the reproducer know the object.
    """

    __slots__ = ("_names", "interceptor", "journal", "raw", "symbol")

    def __init__(
        self,
        raw: Any,
        symbol: str,
        journal: Journal,
        interceptor: Interceptor | None = None,
        names: dict[str, int] | None = None,
    ) -> None:
        self.raw = raw
        self.symbol = symbol
        self.journal = journal
        self.interceptor = interceptor
        self._names: dict[str, int] = {} if names is None else names

    def call(self, method: str, *args: Any) -> Outcome:
        """Call a method and return what came back; a libvirt error is returned, never raised."""
        return self._call(method, args, act=not self.journal.looking)

    def look(self, method: str, *args: Any) -> Outcome:
        """Call a method by which the kit only looks."""
        outcome = self._call(method, args, act=False)
        # Now and then the client library loses an error, and with it the answer; a question can be asked again.
        if outcome.failure is not None and not outcome.failure.code:
            outcome = self._call(method, args, act=False)
        return outcome

    def _call(self, method: str, args: tuple[Any, ...], *, act: bool) -> Outcome:
        journal = self.journal
        journal.enter(self.symbol, method)
        failure: Failure | None = None
        value: Any = None
        start = time.perf_counter()
        try:
            if self.interceptor is None:
                value = self._proceed(method, *args)
            else:
                value = self.interceptor(self, method, args, self._proceed)
        except libvirt.libvirtError as error:
            failure = failure_of(error)
        seconds = time.perf_counter() - start
        result = ""
        # A stand-in for an object in another process has that object's class, and a type of its own.
        if value.__class__ in _OBJECTS:
            value = self._wrap(value, named=act)
            result = value.symbol
        if act:
            journal.leave(Entry(self.symbol, method, args, result, failure, journal.step), seconds)
        else:
            journal.leave_looks(1, seconds)
        return Outcome(method, value if failure is None else None, failure)

    def _proceed(self, method: str, *args: Any) -> Any:
        call = getattr(self.raw, method, None)
        if call is None:
            error = libvirt.libvirtError(f"{method} is not in this client library")
            error.err = (NO_SUCH_METHOD.code, 0, NO_SUCH_METHOD.message, 2, "", None, None, 0, 0)
            raise error
        return call(*args)

    def _wrap(self, raw: Any, *, named: bool) -> Handle:
        kind = _OBJECTS[raw.__class__]
        if named:
            self._names[kind] = number = self._names.get(kind, 0) + 1
            kind += str(number) if number > 1 else ""
        return Handle(raw, kind, self.journal, self.interceptor, self._names)

    def uuid(self) -> str:
        """Return a domain's UUID, which the handle itself knows: no call is made."""
        return str(self.raw.UUIDString())

    def name(self) -> str:
        """Return a domain's name, which the handle itself knows: no call is made."""
        return str(self.raw.name())
