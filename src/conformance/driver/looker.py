"""Asking the same questions about the same domain again and again, at the price of the driver's answers alone.

A decision table asks ten thousand times what has become of one domain. :func:`conformance.driver.observe.observe`
keeps an entry in the journal for each question; here the questions are prepared once, and what is kept is the time
that they took and, for a process that ends in the middle of one, which it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

import libvirt

from conformance.driver.handle import NO_SUCH_METHOD, Handle, failure_of
from conformance.driver.host import Host
from conformance.driver.observe import names_of, observe
from conformance.view import ASPECTS, Answer, Aspect, Form, View

_Convert = Callable[[Any], Answer]


class Looker:
    """The questions about one domain that a driver can be asked.

    Through a broken driver they go the long way, as it stands between every call and the driver.
    """

    def __init__(self, connection: Handle, domain: Handle, capabilities: Collection[str], host: Host) -> None:
        self._connection = connection
        self._domain = domain
        self._capabilities = capabilities
        self._host = host
        self._journal = domain.journal
        aspects = [aspect for aspect in ASPECTS if aspect.needs is None or aspect.needs in capabilities]
        self._questions = [self._prepare(aspect) for aspect in aspects]

    def look(self) -> View:
        """Return the answers now."""
        if self._domain.interceptor is not None:
            return observe(self._connection, self._domain, self._capabilities, self._host)
        journal = self._journal
        put = _nowhere if journal.box is None else journal.box.put
        answers: dict[str, Answer] = {}
        start = time.perf_counter()
        for name, where, call, args, convert in self._questions:
            put(where)
            try:
                value = call(*args)
                answers[name] = value if convert is None else convert(value)
            except libvirt.libvirtError as error:
                answers[name] = failure_of(error)
        journal.leave_looks(len(answers), time.perf_counter() - start)
        return View(answers)

    def _prepare(self, aspect: Aspect) -> tuple[str, bytes, Callable[..., Any], tuple[Any, ...], _Convert | None]:
        uuid, name = self._domain.uuid(), self._domain.name()
        where = self._journal.place(aspect.receiver, aspect.method)
        if aspect.receiver == "host":
            return aspect.name, where, self._host.answer, (aspect.method, uuid, name), None
        receiver = self._domain.raw if aspect.receiver == "dom" else self._connection.raw
        args = tuple(uuid if arg == "UUID" else name if arg == "NAME" else arg for arg in aspect.args)
        call = getattr(receiver, aspect.method, None)
        if call is None:
            return aspect.name, where, _missing, (), None
        if aspect.older:
            call = _either(call, getattr(receiver, aspect.older))
        return aspect.name, where, call, args, _converter(aspect.form, uuid)


def _nowhere(_line: bytes) -> None:
    """Take no note: the process has no black box."""


def _missing() -> Answer:
    return NO_SUCH_METHOD


def _either(call: Callable[..., Any], older: Callable[..., Any]) -> Callable[..., Any]:
    """Return a call for which an older one stands in where the driver does not have it."""

    def ask(*args: object) -> Any:
        try:
            return call(*args)
        except libvirt.libvirtError as error:
            if failure_of(error).name != "NO_SUPPORT":
                raise
            return older(*args)

    return ask


def _converter(form: Form, uuid: str) -> _Convert | None:
    """Return what makes an answer of what a call returned, as :mod:`conformance.driver.observe` does."""

    def listed(domains: list[Any]) -> bool:
        return any(domain.UUIDString() == uuid for domain in domains)

    converters: dict[Form, _Convert] = {
        Form.STATE: lambda numbers: tuple(map(str, numbers)),
        Form.UUID: lambda domain: str(domain.UUIDString()),
        Form.ID: lambda domain: int(domain.ID()),
        Form.LISTED: listed,
        Form.NAMES: names_of,
    }
    return converters.get(form)
