"""A client that may look and do nothing else, on a driver that asks an access manager."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pytest_bdd import given, parsers, then, when

from conformance.driver.build import reached
from conformance.driver.handle import Handle
from conformance.driver.setbacks import NotReached
from conformance.errors import KitError
from conformance.judgement import NotRefused, Violation
from conformance.suite.case import Case
from conformance.suite.steps.when import make_calls


@dataclass
class Denied:
    """The connection of a client without rights, and its handle of the domain."""

    connection: Handle | None = None
    domain: Handle | None = None


@pytest.fixture
def denied() -> Denied:
    """Give the client without rights, who has found nothing yet."""
    return Denied()


@given("a client without rights that has found it")
def client_without_rights(case: Case, denied: Denied) -> None:
    """Open the connection that the operator named and look the domain up there."""
    try:
        denied.connection = case.session.connect_denied()
    except KitError as error:
        raise NotReached(f"the connection could not be opened: {error}") from None
    found = reached("looking the domain up", denied.connection.call("lookupByUUIDString", case.subject.owned.uuid))
    denied.domain = found.value


@when(parsers.re(r"the client without rights calls (?P<text>.+)"))
def calls_without_rights(case: Case, denied: Denied, text: str) -> None:
    """Make a call on that connection, with one set of flags or with many in turn."""
    if denied.connection is None or denied.domain is None:
        raise NotReached("the scenario opened no connection without rights")
    make_calls(case, text, denied.connection, denied.domain)


@then("both clients are refused with one code, if they are refused")
def refused_alike(case: Case) -> None:
    """Judge that the client without rights is told what everybody is; what that has to be is another rule's matter."""
    denied, allowed = (group.attempts[-1] for group in case.groups[-2:])
    if allowed.outcome.ok:
        raise NotRefused(f"{allowed.label} succeeded for a client with every right, which is for another rule to judge")
    if denied.outcome.code != allowed.outcome.code:
        raise Violation(
            f"a client without rights is refused as one with every right is, with {allowed.outcome.code}",
            f"{denied.label} ended with {denied.outcome}",
        )
