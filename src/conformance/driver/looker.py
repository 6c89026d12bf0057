"""Asking the same questions about the same domain again and again, at the price of the driver's answers alone.

A decision table asks ten thousand times what has become of one domain. :func:`conformance.driver.observe.observe`
finds the way to each answer anew; here the ways are prepared once, and questions that one call answers share it.
What is kept is the time that they took and, for a process that ends in the middle of one, which it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

import libvirt

from conformance.driver.handle import NO_SUCH_METHOD, Handle, failure_of
from conformance.driver.host import Host
from conformance.driver.observe import names_of, observe
from conformance.view import ASPECTS, Answer, Aspect, Form, View

_Convert = Callable[[Any], Answer]


#: The groups of virConnectListAllDomainsFlags: a domain has one of each. A list by flags of several groups shows the
#: domains that have all of them.
_GROUPS = (0x3, 0xC, 0xF0, 0x300, 0xC00, 0x3000, 0xC000)


class _Call(NamedTuple):
    """One call, and what it answers: each question with what makes its answer of the value, where that is to be done.

    :param where: what the black box holds while it is under way.
    :param flags: by what domains are listed, or nothing when the call is no list.
    """

    where: bytes
    call: Callable[..., Any]
    args: tuple[Any, ...]
    answers: tuple[tuple[str, _Convert | None], ...]
    flags: int | None = None


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
        self._calls = _shared(self._prepare(aspect) for aspect in aspects)
        #: The answers that calls are compared with, and how then: the lists that go together, the call in their
        #: place, and all others.
        self._known: View | None = None
        self._alone: list[_Call] = []
        self._together: list[_Call] = []
        self._others: list[_Call] = []

    def look(self) -> View:
        """Return the answers now, each asked for by itself."""
        if self._domain.interceptor is not None:
            return observe(self._connection, self._domain, self._capabilities, self._host)
        answers: dict[str, Answer] = {}
        self._ask(self._calls, answers)
        return View(answers)

    def look_again(self, known: View) -> View:
        """Return the answers now, in fewer calls where they are what they were.

        The lists that showed the domain are asked for as one, by the flags of them all: as long as that shows it, each
        of them does. Otherwise each is asked for by itself.
        """
        if self._domain.interceptor is not None:
            return self.look()
        if known is not self._known:
            self._compare_with(known)
        answers: dict[str, Answer] = {}
        self._ask(self._together, answers)
        # An error is an answer too, and no list.
        if any(answer is not True for answer in answers.values()):
            self._ask(self._alone, answers)
        self._ask(self._others, answers)
        return View(answers)

    def _compare_with(self, known: View) -> None:
        """Find out which lists can be asked for as one."""
        self._known = known
        shown = [call for call in self._calls if call.flags is not None and known[call.answers[0][0]] is True]
        groups = [group for group in _GROUPS if sum(bool(call.flags and call.flags & group) for call in shown) == 1]
        self._alone = [call for call in shown if not call.flags or any(call.flags & group for group in groups)]
        self._together = []
        if self._alone:
            flags = sum(call.flags or 0 for call in self._alone)
            answers = tuple(answer for call in self._alone for answer in call.answers)
            self._together = [self._alone[0]._replace(args=(flags,), answers=answers)]
        self._others = [call for call in self._calls if call not in self._alone]

    def _ask(self, calls: Iterable[_Call], answers: dict[str, Answer]) -> None:
        """Make calls and keep what they answer; an error is an answer too."""
        journal = self._journal
        put = _nowhere if journal.box is None else journal.box.put
        made = 0
        start = time.perf_counter()
        for where, call, args, questions, _ in calls:
            put(where)
            made += 1
            try:
                value = call(*args)
                for name, convert in questions:
                    answers[name] = value if convert is None else convert(value)
            except libvirt.libvirtError as error:
                failure = failure_of(error)
                for name, _ in questions:
                    answers[name] = failure
        journal.leave_looks(made, time.perf_counter() - start)

    def _prepare(self, aspect: Aspect) -> _Call:
        uuid, name = self._domain.uuid(), self._domain.name()
        where = self._journal.place(aspect.receiver, aspect.method)
        if aspect.receiver == "host":
            return _Call(where, self._host.answer, (aspect.method, uuid, name), ((aspect.name, None),))
        receiver = self._domain.raw if aspect.receiver == "dom" else self._connection.raw
        args = tuple(uuid if arg == "UUID" else name if arg == "NAME" else arg for arg in aspect.args)
        call = getattr(receiver, aspect.method, None)
        if call is None:
            return _Call(where, _missing, (aspect.method,), ((aspect.name, None),))
        if aspect.older:
            call = _either(call, getattr(receiver, aspect.older))
        flags = aspect.args[0] if aspect.form is Form.LISTED else None
        convert = _converter(aspect.form, uuid)
        return _Call(where, call, args, ((aspect.name, convert),), flags if isinstance(flags, int) else None)


def _shared(calls: Iterable[_Call]) -> list[_Call]:
    """Return calls of which no two are the same: what a fresh look-up returns answers all that is asked of one."""
    shared: dict[tuple[Callable[..., Any], tuple[Any, ...]], _Call] = {}
    for made in calls:
        other = shared.setdefault((made.call, made.args), made)
        if other is not made:
            shared[made.call, made.args] = other._replace(answers=other.answers + made.answers)
    return list(shared.values())


def _nowhere(_line: bytes) -> None:
    """Take no note: the process has no black box."""


def _missing(_method: str) -> Answer:
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
        # Without a generator, which would take as long as the question itself.
        for domain in domains:  # noqa: SIM110
            if domain.UUIDString() == uuid:
                return True
        return False

    converters: dict[Form, _Convert] = {
        Form.STATE: lambda numbers: tuple(map(str, numbers)),
        Form.UUID: lambda domain: str(domain.UUIDString()),
        Form.ID: lambda domain: int(domain.ID()),
        Form.LISTED: listed,
        Form.NAMES: names_of,
    }
    return converters.get(form)
