"""Then, of domains: whether there is one, what it is, and how its guest fares."""

from __future__ import annotations

from pytest_bdd import parsers, then

from conformance.driver.build import PAUSED, RUNNING, SHUT_OFF
from conformance.driver.observe import is_missing
from conformance.driver.setbacks import NotReached
from conformance.judgement import Violation
from conformance.suite.case import Case
from conformance.view import Difference, differences, show

RESTORED = "3"
_LOOK_UPS = ("look-up by UUID", "look-up by name")
_GUEST = (
    *_LOOK_UPS, "id", "state", "active", "live definition",
    "listed as active", "listed as running", "listed as paused",
)  # fmt: skip
_GONE_BY_LIST = ("listed as a domain", "defined names")
_GONE_BY_HANDLE = ("state", "active", "inactive definition")


@then("the domain is gone")
def is_gone(case: Case) -> None:
    """Judge by look-ups, by lists and by the old handle."""
    for name in _LOOK_UPS:
        answer = case.ask(name)
        if not is_missing(answer):
            raise Violation(f"the {name} fails with NO_DOMAIN", f"it gives {answer}", (case.question(name),))
    for name in _GONE_BY_LIST:
        case.demand(name, wanted=False)
    for name in _GONE_BY_HANDLE:
        answer = case.ask(name)
        if not is_missing(answer):
            what = show(answer) if answer is not None else "nothing"
            raise Violation(
                f"the question for {name} on the old handle fails with NO_DOMAIN",
                f"it gives {what}",
                (case.question(name),),
            )
    case.demand("files on the host", ())


@then("the domain is gone on the second connection too")
def is_gone_on_second(case: Case) -> None:
    """Judge by the second connection's look-ups, lists and handle."""
    if case.second is None or case.second_domain is None:
        raise NotReached("the scenario opened no second connection")
    is_gone(case)
    for name in (*_LOOK_UPS, *_GONE_BY_LIST):
        answer = case.ask(name, connection=case.second)
        if answer is not False and not is_missing(answer):
            look = case.question(name, conn=case.second.symbol)
            missed = "fails with NO_DOMAIN" if name in _LOOK_UPS else "is no"
            raise Violation(f"the second connection's answer to “{name}” {missed}", f"it is {answer}", (look,))
    outcome = case.second_domain.look("isActive")
    if outcome.code != "NO_DOMAIN":
        raise Violation("a call on the second connection's handle fails with NO_DOMAIN", f"it ended with {outcome}")


@then("the guest is as it was")
def guest_as_it_was(case: Case) -> None:
    """Judge how the guest is found, its id, its state and its live definition against those before the first call."""
    found = differences(case.groups[0].before, case.look(), _GUEST)
    if found:
        raise Violation(
            "the guest goes on as it was",
            "; ".join(str(difference) for difference in found),
            tuple(case.question(difference.aspect) for difference in found),
        )


@then("the domain is transient")
def is_transient(case: Case) -> None:
    """Judge by isPersistent and by the lists."""
    _demand_persistence(case, persistent=False)


@then("the domain is persistent")
def is_persistent(case: Case) -> None:
    """Judge by isPersistent and by the lists."""
    _demand_persistence(case, persistent=True)


def _demand_persistence(case: Case, *, persistent: bool) -> None:
    case.demand("listed as a domain", wanted=True)
    case.demand("persistent", int(persistent))
    case.demand("listed as persistent", wanted=persistent)
    case.demand("listed as transient", wanted=not persistent)


@then(parsers.re(r"the domain is (?P<state>running|paused|inactive)"))
def is_in_state(case: Case, state: str) -> None:
    """Judge by the state and by the list of active domains."""
    case.demand("state", {"running": RUNNING, "paused": PAUSED, "inactive": SHUT_OFF}[state])
    case.demand("listed as active", wanted=state != "inactive")


@then("the guest was booted, not restored")
def was_booted(case: Case) -> None:
    """Judge by the reason of the running state."""
    _demand_restored(case, restored=False)


@then("the other guest was booted, not restored")
def other_was_booted(case: Case) -> None:
    """Judge the other domain by the reason of its running state."""
    _demand_restored(case, restored=False, other=True)


@then("the guest was restored")
def was_restored(case: Case) -> None:
    """Judge by the reason of the running state."""
    _demand_restored(case, restored=True)


def _demand_restored(case: Case, *, restored: bool, other: bool = False) -> None:
    subject = case.other if other else case.subject
    answer = case.ask("state", subject)
    # Other reasons than booted are no violation: only that the image was, or was not, taken counts.
    if not isinstance(answer, tuple) or answer[0] != RUNNING or (answer[1] == RESTORED) is not restored:
        raise Violation(
            f"the guest runs (state {RUNNING}) and was {'' if restored else 'not '}restored (reason {RESTORED})",
            f"state and reason are {show(answer) if answer is not None else 'not to be had'}",
            (case.question("state", subject),),
        )


@then("the other domain is as it was")
def other_as_it_was(case: Case) -> None:
    """Judge the other domain against what it was when it was set up."""
    found: list[Difference] = differences(case.other.view, case.look(case.other))
    if found:
        raise Violation(
            "the other domain is as it was",
            "; ".join(str(difference) for difference in found),
            tuple(case.question(difference.aspect, case.other) for difference in found),
        )
