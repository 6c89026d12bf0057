"""Then, of calls: how they ended, and that one which was refused changed nothing."""

from __future__ import annotations

from pytest_bdd import parsers, then

from conformance.flags import Undefine
from conformance.judgement import Look, NotRefused, Violation
from conformance.suite.calls import untaken
from conformance.suite.case import Attempt, Case
from conformance.suite.steps.then_domain import guest_as_it_was, is_gone, is_transient
from conformance.suite.steps.then_events import demand_no_event
from conformance.view import differences


@then("the call succeeds")
def call_succeeds(case: Case) -> None:
    """Judge the last call."""
    _demand_success(case.last.attempts[-1])


@then("every call succeeded")
def every_call_succeeded(case: Case) -> None:
    """Judge every call of the scenario."""
    for group in case.groups:
        for attempt in group.attempts:
            _demand_success(attempt)


def _demand_success(attempt: Attempt) -> None:
    if not attempt.outcome.ok:
        raise Violation(f"{attempt.label} succeeds", f"it failed with {attempt.outcome.failure}")


@then("the call is refused")
def call_is_refused(case: Case) -> None:
    """Judge that each call of the last When failed."""
    for attempt in case.last.attempts:
        if attempt.outcome.ok:
            raise Violation(f"{attempt.label} is refused", "it succeeded", _after_success(case))


def _after_success(case: Case) -> tuple[Look, ...]:
    return (case.question("look-up by UUID"),) if case.handle.symbol.startswith("dom") else ()


@then("the call is refused and nothing has changed")
def refused_and_unchanged(case: Case) -> None:
    """Judge that each call of the last When failed and left everything as it was."""
    call_is_refused(case)
    _demand_unchanged(case)


@then("the call is refused and nothing has changed, where the driver takes these flags")
def refused_where_taken(case: Case) -> None:
    """Judge a call by what its flags mean together; a driver that does not take them has another reason to refuse."""
    if missing := untaken(case.last.attempts[-1].label, case.knowledge.flags):
        raise NotRefused(f"the driver does not take {' and '.join(missing)}, which is for another rule to judge")
    refused_and_unchanged(case)


@then("nothing has changed")
def nothing_has_changed(case: Case) -> None:
    """Judge that the last When left everything as it was."""
    _demand_unchanged(case)


def _demand_unchanged(case: Case) -> None:
    group = case.last
    for attempt in group.attempts:
        if attempt.after is None:
            attempt.after = case.look()
        if found := differences(group.before, attempt.after):
            raise Violation(
                f"everything is as it was before {attempt.label}",
                "; ".join(str(difference) for difference in found),
                tuple(case.question(difference.aspect) for difference in found),
            )
    demand_no_event(case)


@then("the call is refused and the domain is kept")
def refused_and_kept(case: Case) -> None:
    """Judge that a failure left the domain as it was; that its last run failed may be told by its state's reason."""
    call_is_refused(case)
    _demand_kept(case)


def _demand_kept(case: Case) -> None:
    before = case.last.before.without_reason()
    if found := differences(before, case.look().without_reason()):
        raise Violation(
            f"the domain is as it was before {case.last.attempts[-1].label}",
            "; ".join(str(difference) for difference in found),
            tuple(case.question(difference.aspect) for difference in found),
        )


@then("nothing has changed, if it is refused")
def unchanged_if_refused(case: Case) -> None:
    """Judge what a refusal left; whether the call has to be refused is another rule's matter."""
    _demand_refusal(case)
    _demand_unchanged(case)


@then(parsers.re(r"it is refused with (?P<code>[A-Z_]+), if it is refused"))
def refused_with_if_refused(case: Case, code: str) -> None:
    """Judge the error code of a refusal; whether the call has to be refused is another rule's matter."""
    _demand_refusal(case)
    refusal_is(case, code)


@then("no event was sent, if it is refused")
def no_event_if_refused(case: Case) -> None:
    """Judge what was told of a refusal; whether there has to be one is another rule's matter."""
    _demand_refusal(case)
    demand_no_event(case)


def _demand_refusal(case: Case) -> None:
    for attempt in case.last.attempts:
        if attempt.outcome.ok:
            raise NotRefused(f"{attempt.label} succeeded, so there is no refusal to be judged by this rule")


@then(parsers.re(r"the refusal is (?P<code>[A-Z_]+)"))
def refusal_is(case: Case, code: str) -> None:
    """Judge the error code of each call of the last When."""
    for attempt in case.last.attempts:
        if attempt.outcome.code != code:
            raise Violation(f"{attempt.label} fails with {code}", _ended(attempt))


def _ended(attempt: Attempt) -> str:
    return f"it failed with {attempt.outcome.failure}" if attempt.outcome.failure else "it succeeded"


@then("the call succeeds and the domain is gone, or it is refused as INVALID_ARG and nothing has changed")
def taken_or_invalid(case: Case) -> None:
    """Judge a flag that the driver may or may not take."""
    if case.last.attempts[-1].outcome.ok:
        is_gone(case)
    else:
        refusal_is(case, "INVALID_ARG")
        _demand_unchanged(case)


@then(
    "the call succeeds where the driver takes the flag, "
    "and elsewhere it is refused as INVALID_ARG and nothing has changed"
)
def taken_as_probed(case: Case) -> None:
    """Judge that the driver takes the flags for this domain that it took for an inactive one."""
    attempt = case.last.attempts[-1]
    flag = Undefine[attempt.label.rpartition(" ")[2]]
    if flag in case.knowledge.flags:
        _demand_success(attempt)
    else:
        refused_and_unchanged(case)
        refusal_is(case, "INVALID_ARG")


@then("the driver chooses to remove the domain, or to refuse and change nothing")
def removed_or_unchanged(case: Case) -> None:
    """Record a choice that the specification leaves open; what follows from either is judged."""
    attempt = case.last.attempts[-1]
    if attempt.outcome.ok:
        is_gone(case)
        case.choices.append(f"{attempt.label} removes the domain")
    else:
        _demand_unchanged(case)
        case.choices.append(f"{attempt.label} is refused with {attempt.outcome.code}")


@then("the call succeeds and the domain is gone, or it is refused and nothing has changed")
def gone_or_unchanged(case: Case) -> None:
    """Judge a call that a driver may refuse, as long as it does all of it or nothing."""
    if case.last.attempts[-1].outcome.ok:
        is_gone(case)
    else:
        _demand_unchanged(case)


@then("the call succeeds and the guest is as it was, or it is refused and nothing has changed")
def transient_or_unchanged(case: Case) -> None:
    """Judge a call on an active domain that a driver may refuse, as long as it does all of it or nothing."""
    if case.last.attempts[-1].outcome.ok:
        guest_as_it_was(case)
        is_transient(case)
    else:
        _demand_unchanged(case)


@then("the call succeeds, or is refused and the domain is kept")
def succeeds_or_refused(case: Case) -> None:
    """Judge what a failure left; a call that a driver may carry out, and does, leaves nothing to be judged."""
    _demand_refusal(case)
    _demand_kept(case)
