"""Asking the same questions about the same domain again and again, at the price of the driver's answers alone.

A decision table asks ten thousand times what has become of one domain. :func:`conformance.driver.observe.observe`
finds the way to each answer anew; here the ways are prepared once, and questions that one call answers share it.
What is kept is the time that they took and, for a process that ends in the middle of one, which it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import libvirt

from conformance.driver.handle import NO_SUCH_METHOD, Handle, failure_of
from conformance.driver.host import Host
from conformance.driver.observe import names_of, observe
from conformance.view import ASPECTS, Answer, Aspect, Form, View

_Convert = Callable[[Any], Answer]


#: The groups of virConnectListAllDomainsFlags. By libvirt's words those of a group exclude each other and cover all
#: domains together. A list by flags of several groups shows the domains that have, of each of these groups, one flag.
_GROUPS = (0x3, 0xC, 0xF0, 0x300, 0xC00, 0x3000, 0xC000)


class _Call(NamedTuple):
    """One call, and the questions that it answers.

    :param where: what the black box holds while it is under way.
    :param convert: what makes the answer of the value, where that is to be done; a list of them where there are several
        questions.
    :param flags: by what domains are listed, or nothing when the call is no list.
    """

    where: bytes
    call: Callable[..., Any]
    args: tuple[Any, ...]
    questions: tuple[str, ...]
    convert: Callable[[Any], Any] | None = None
    flags: int | None = None


class _Expectation(NamedTuple):
    """How a domain is looked at that is expected to be as it was.

    :param known: what it showed.
    :param lists: the lists that one list stands in for as long as everything is as it was.
    :param calls: that list, if there is one, and everything else.
    :param answers: what these calls answer when everything is as it was.
    """

    known: View
    lists: list[_Call]
    calls: list[_Call]
    answers: list[Any]


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
        self._expectation: _Expectation | None = None

    def look(self) -> View:
        """Return the answers now, each asked for by itself."""
        if self._domain.interceptor is not None:
            return observe(self._connection, self._domain, self._capabilities, self._host)
        return View(_named(self._calls, self._ask(self._calls)))

    def look_again(self, known: View) -> View:
        """Return the answers now; in fewer calls, and as the view itself, where all of them are what they were.

        One list stands in for the others. It goes by the flag of each group that showed the domain, or by those that
        are left of a group when the ones that did not show it are taken away. Where anything is not as it was, each
        list is asked for by itself.
        """
        if self._domain.interceptor is not None:
            return self.look()
        expected = self._expectation
        if expected is None or expected.known is not known:
            expected = self._expectation = _expect(self._calls, known)
        answers = self._ask(expected.calls)
        if answers == expected.answers:
            return known
        if not expected.lists:
            return View(_named(expected.calls, answers))
        lists = _named(expected.lists, self._ask(expected.lists))
        if answers[0] != expected.answers[0] and all(known[name] is answer for name, answer in lists.items()):
            # This driver does not put flags together as libvirt says.
            self._expectation = _Expectation(known, [], self._calls, _answers(self._calls, known))
        return View({**lists, **_named(expected.calls[1:], answers[1:])})

    def _ask(self, calls: Iterable[_Call]) -> list[Any]:
        """Make calls and return what each answers; an error is an answer too."""
        journal = self._journal
        put = _nowhere if journal.box is None else journal.box.put
        found: list[Any] = []
        start = time.perf_counter()
        for where, call, args, _, convert, _ in calls:
            put(where)
            try:
                value = call(*args)
                found.append(value if convert is None else convert(value))
            except libvirt.libvirtError as error:
                found.append(failure_of(error))
        journal.leave_looks(len(found), time.perf_counter() - start)
        return found

    def _prepare(self, aspect: Aspect) -> _Call:
        uuid, name = self._domain.uuid(), self._domain.name()
        where = self._journal.place(aspect.receiver, aspect.method)
        if aspect.receiver == "host":
            return _Call(where, self._host.answer, (aspect.method, uuid, name), (aspect.name,))
        receiver = self._domain.raw if aspect.receiver == "dom" else self._connection.raw
        args = tuple(uuid if arg == "UUID" else name if arg == "NAME" else arg for arg in aspect.args)
        call = getattr(receiver, aspect.method, None)
        if call is None:
            return _Call(where, _missing, (aspect.method,), (aspect.name,))
        if aspect.older:
            call = _either(call, getattr(receiver, aspect.older))
        flags = aspect.args[0] if aspect.form is Form.LISTED else None
        convert = _converter(aspect.form, uuid)
        return _Call(where, call, args, (aspect.name,), convert, flags if isinstance(flags, int) else None)


def _shared(calls: Iterable[_Call]) -> list[_Call]:
    """Return calls of which no two are the same: what a fresh look-up returns answers all that is asked of one."""
    shared: dict[tuple[Callable[..., Any], tuple[Any, ...]], list[_Call]] = {}
    for made in calls:
        shared.setdefault((made.call, made.args), []).append(made)
    return [same[0] if len(same) == 1 else _together(same) for same in shared.values()]


def _together(calls: Sequence[_Call]) -> _Call:
    """Return one call that answers the questions of several which are the same."""
    converts = [call.convert for call in calls]
    return calls[0]._replace(
        questions=tuple(question for call in calls for question in call.questions),
        convert=lambda value: [value if convert is None else convert(value) for convert in converts],
    )


def _expect(calls: list[_Call], known: View) -> _Expectation:
    """Return how to look at a domain that is expected to be as it was."""
    lists = {call.flags: call for call in calls if call.flags is not None and isinstance(known[_question(call)], bool)}
    every = lists.get(0)
    if every is None or not known[_question(every)]:
        return _Expectation(known, [], calls, _answers(calls, known))
    replaced = [every]
    flags = 0
    for group in _GROUPS:
        asked = {flag: call for flag, call in lists.items() if flag & group}
        shown = [flag for flag, call in asked.items() if known[_question(call)]]
        flag = shown[0] if shown else group & ~sum(asked)
        # A driver that shows a domain twice in a group, or not at all, is asked for each of the two.
        if asked and flag and len(shown) < 2:
            flags |= flag
            replaced += asked.values()
    others = [every._replace(args=(flags,)), *(call for call in calls if call not in replaced)]
    return _Expectation(known, replaced, others, _answers(others, known))


def _question(call: _Call) -> str:
    """Return the first question that a call answers; a list answers no other."""
    return call.questions[0]


def _answers(calls: Iterable[_Call], known: View) -> list[Any]:
    """Return what calls answer when everything is as it was."""
    return [
        [known[name] for name in call.questions] if len(call.questions) > 1 else known[_question(call)]
        for call in calls
    ]


def _named(calls: Iterable[_Call], found: Iterable[Any]) -> dict[str, Answer]:
    """Return answers by the questions."""
    answers: dict[str, Answer] = {}
    for call, answer in zip(calls, found, strict=True):
        several = answer if isinstance(answer, list) else [answer] * len(call.questions)
        answers.update(zip(call.questions, several, strict=True))
    return answers


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
    wanted = UUID(uuid).bytes

    def listed(domains: list[Any]) -> bool:
        # Without a generator, which would take as long as the question itself.
        for domain in domains:  # noqa: SIM110
            if domain.UUID() == wanted:
                return True
        return False

    def named(domain: Any) -> str:
        # To write a UUID as a text takes the client library as long as a question.
        return uuid if domain.UUID() == wanted else str(domain.UUIDString())

    converters: dict[Form, _Convert] = {
        Form.STATE: lambda numbers: tuple(map(str, numbers)),
        Form.UUID: named,
        Form.ID: lambda domain: int(domain.ID()),
        Form.LISTED: listed,
        Form.NAMES: names_of,
    }
    return converters.get(form)
