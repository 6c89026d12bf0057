"""Asking a driver everything that it can show about a domain."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from conformance.driver.handle import Handle
from conformance.driver.host import Host
from conformance.journal import Failure, Outcome
from conformance.view import ASPECTS, Answer, Aspect, Form, View


def observe(
    connection: Handle,
    domain: Handle,
    capabilities: Collection[str],
    host: Host,
    aspects: Iterable[Aspect] = ASPECTS,
) -> View:
    """Return the answers to every question on the list that the driver can be asked.

    An error is an answer too: a domain that is gone answers NO_DOMAIN.
    """
    uuid, name = domain.uuid(), domain.name()
    answers: dict[str, Answer] = {}
    for aspect in aspects:
        if aspect.needs is not None and aspect.needs not in capabilities:
            continue
        answers[aspect.name] = ask(connection, domain, host, aspect, uuid, name)
    return View(answers)


def ask(connection: Handle, domain: Handle, host: Host, aspect: Aspect, uuid: str, name: str) -> Answer:
    """Return the answer to one question."""
    if aspect.receiver == "host":
        return host.answer(aspect.method, uuid, name)
    receiver = domain if aspect.receiver == "dom" else connection
    args = [uuid if arg == "UUID" else name if arg == "NAME" else arg for arg in aspect.args]
    found = receiver.look(aspect.method, *args)
    if aspect.older and found.code == "NO_SUPPORT":
        found = receiver.look(aspect.older, *args)
    return _answer(aspect.form, found, uuid, name)


def _answer(form: Form, outcome: Outcome, uuid: str, name: str) -> Answer:
    if outcome.failure is not None:
        return outcome.failure
    value: Any = outcome.value
    match form:
        case Form.STATE:
            return tuple(str(number) for number in value)
        case Form.UUID:
            return str(value.uuid())
        case Form.ID:
            number: int = value.look("ID").value
            return number
        case Form.LISTED:
            return any(domain.UUIDString() == uuid for domain in value)
        case Form.LISTED_NAME:
            return name in value
        case Form.NAMES:
            return names_of(value)
        case _:
            plain: str | int = value
            return plain


def names_of(items: Iterable[Any]) -> tuple[str, ...]:
    """Return the names of what a list holds, in order; older lists hold nothing else."""
    return tuple(sorted(item if isinstance(item, str) else item.getName() for item in items))


def is_missing(answer: Answer | None) -> bool:
    """Tell whether an answer is that there is no such domain."""
    return isinstance(answer, Failure) and answer.name == "NO_DOMAIN"
