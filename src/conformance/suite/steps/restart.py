"""A restart of the driver, and what has to be there after it, or must not be."""

from __future__ import annotations

import pytest
from pytest_bdd import then, when

from conformance.driver.observe import is_missing
from conformance.judgement import NotRefused, Violation
from conformance.restarting import what_a_restart_keeps
from conformance.suite.case import Case
from conformance.view import View, differences

_GUEST = ("id", "state", "active", "listed as active")


@pytest.fixture
def seen() -> list[View]:
    """Give what the driver showed about the domain right before each restart."""
    return []


@when("the driver is restarted")
def driver_is_restarted(case: Case, seen: list[View]) -> None:
    """Restart the driver; what the client held of it is of no further use."""
    seen.append(case.look())
    case.session.restart()
    case.session.await_control(case.subject.owned.uuid)


@when("the client looks the domain up again")
def looks_up_again(case: Case) -> None:
    """Look the domain up by its UUID, and go on with the new handle."""
    case.look_up_again()


@then("the domain has not come back")
def has_not_come_back(case: Case) -> None:
    """Judge by look-ups and by lists of the driver as it is after the restart."""
    for name in ("look-up by UUID", "look-up by name"):
        answer = case.ask(name)
        if not is_missing(answer):
            raise Violation(
                f"after the restart the {name} fails with NO_DOMAIN", f"it gives {answer}", (case.question(name),)
            )
    for name in ("listed as a domain", "defined names"):
        case.demand(name, wanted=False)


@then("the guest goes on over the restart")
def guest_goes_on(case: Case, seen: list[View]) -> None:
    """Judge the guest's id and state, the reason of the state apart, against those right before the restart."""
    if found := differences(seen[-1].without_reason(), case.look().without_reason(), _GUEST):
        raise Violation(
            "the guest goes on over the restart",
            "; ".join(str(difference) for difference in found),
            tuple(case.question(difference.aspect) for difference in found),
        )


@then("everything is over the restart as it was, if it is refused")
def kept_over_restart(case: Case, seen: list[View]) -> None:
    """Judge everything that the driver shows, what a restart may change apart, against that right before the restart.

    What the refusal itself has changed is another rule's matter.
    """
    for attempt in case.groups[0].attempts:
        if attempt.outcome.ok:
            raise NotRefused(f"{attempt.label} succeeded, so there is no refusal to be judged by this rule")
    if found := differences(what_a_restart_keeps(seen[-1]), what_a_restart_keeps(case.look())):
        raise Violation(
            "everything is after the restart as it was before",
            "; ".join(str(difference) for difference in found),
            tuple(case.question(difference.aspect) for difference in found),
        )
