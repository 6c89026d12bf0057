"""Then: the judgements. Each reads the driver anew, and convicts with what was expected and what was seen."""

from __future__ import annotations

from pytest_bdd import parsers, then

from conformance.driver.build import PAUSED, RUNNING, SHUT_OFF
from conformance.driver.observe import is_missing
from conformance.driver.session import ConnectionLost, NotReached
from conformance.flags import Undefine
from conformance.judgement import Look, NotRefused, Violation
from conformance.suite.case import Attempt, Case
from conformance.view import Answer, Difference, View, differences, show

RESTORED = "3"
_GUEST = ("id", "state", "active", "live definition")
_GONE_BY_LIST = ("listed as a domain", "defined names")
_GONE_BY_HANDLE = ("state", "active", "inactive definition")


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
    _demand_no_event(case)


def _demand_no_event(case: Case) -> None:
    if not case.watches_events:
        return
    for _, sent in case.events_of_domain(case.subject.owned):
        if sent:
            raise Violation("no event is sent", f"the driver sent {', '.join(sent)}")


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


@then("the call succeeds, or is refused and the domain is kept")
def succeeds_or_refused(case: Case) -> None:
    """Judge a call that a driver may refuse."""
    if not case.last.attempts[-1].outcome.ok:
        _demand_kept(case)


@then("the domain is gone")
def is_gone(case: Case) -> None:
    """Judge by look-ups, by lists and by the old handle."""
    for name in ("look-up by UUID", "look-up by name"):
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


@then("the domain is gone on the second connection too")
def is_gone_on_second(case: Case) -> None:
    """Judge by the second connection's look-ups, list and handle."""
    if case.second is None or case.second_domain is None:
        raise NotReached("the scenario opened no second connection")
    is_gone(case)
    for name in ("look-up by UUID", "look-up by name"):
        answer = case.ask(name, connection=case.second)
        if not is_missing(answer):
            look = case.question(name, conn=case.second.symbol)
            raise Violation(f"the second connection's {name} fails with NO_DOMAIN", f"it gives {answer}", (look,))
    outcome = case.second_domain.look("isActive")
    if outcome.code != "NO_DOMAIN":
        raise Violation("a call on the second connection's handle fails with NO_DOMAIN", f"it ended with {outcome}")


@then("the guest is as it was")
def guest_as_it_was(case: Case) -> None:
    """Judge the guest's id, state and live definition against those before the first call."""
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


@then("the domain holds nothing but its definition")
def holds_nothing(case: Case) -> None:
    """Judge every kind of thing that a predecessor could have left."""
    _demand_nothing_held(case, case.look())


@then("the other domain holds nothing but its definition")
def other_holds_nothing(case: Case) -> None:
    """Judge every kind of thing that a predecessor could have left to its namesake."""
    _demand_nothing_held(case, case.look(case.other), other=True)


def _demand_nothing_held(case: Case, view: View, *, other: bool = False) -> None:
    subject = case.other if other else case.subject
    wanted: dict[str, Answer] = {
        "active": 0,
        "persistent": 1,
        "autostart": 0,
        "autostart once": 0,
        "managed save image": 0,
        "snapshots": 0,
        "snapshot names": (),
        "checkpoint names": (),
        "listed as set to autostart": False,
        "listed as having a managed save image": False,
        "listed as having a snapshot": False,
        "listed as having a checkpoint": False,
    }
    found = differences(View({name: value for name, value in wanted.items() if view.get(name) is not None}), view)
    if found:
        raise Violation(
            "the domain that was defined holds nothing of its predecessor",
            "; ".join(f"{difference.aspect} is {show(difference.after)}" for difference in found),
            tuple(case.question(difference.aspect, subject) for difference in found),
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


@then(parsers.re(r"autostart is (?P<state>on|off)"))
def autostart_is(case: Case, state: str) -> None:
    """Judge by autostart and by the list's filter."""
    case.demand("autostart", int(state == "on"))
    case.demand("listed as set to autostart", wanted=state == "on")


@then("autostart once is off")
def autostart_once_is_off(case: Case) -> None:
    """Judge by autostartOnce."""
    case.demand("autostart once", 0)


@then("the file that it was saved to is still there")
def file_is_kept(case: Case) -> None:
    """Judge by looking: the file is the caller's."""
    file = case.subject.file
    if file is None:
        raise NotReached("the domain was not saved to a file")
    if not file.is_file() or not file.stat().st_size:
        raise Violation("the file that the caller saved to is still there", "it is gone, or empty")


@then("no managed save image is reported")
def no_image(case: Case) -> None:
    """Judge by hasManagedSaveImage, by the list's filter, and by the definition that an image would hold."""
    _demand_no_image(case)


@then("no managed save image is reported for the other domain")
def no_image_for_other(case: Case) -> None:
    """Judge the other domain's image in the same ways."""
    _demand_no_image(case, other=True)


def _demand_no_image(case: Case, *, other: bool = False) -> None:
    subject = case.other if other else case.subject
    case.demand("managed save image", 0, subject)
    case.demand("listed as having a managed save image", False, subject)
    answer = case.ask("definition in the image", subject)
    if isinstance(answer, str):
        raise Violation(
            "there is no definition in a managed save image",
            f"there is {show(answer)}",
            (case.question("definition in the image", subject),),
        )


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


@then("one UNDEFINED event with the detail REMOVED was sent")
def one_event(case: Case) -> None:
    """Judge what each recording connection was told."""
    for recording, sent in case.events_of_domain(case.subject.owned):
        undefined = [event for event in sent if event.startswith("UNDEFINED")]
        if undefined != ["UNDEFINED (detail 0)"]:
            raise Violation(
                f"{recording.connection.symbol} gets one UNDEFINED event with the detail REMOVED (0)",
                f"it got {', '.join(undefined) or 'none'}",
            )


@then("no event was sent, if it is refused")
def no_event_if_refused(case: Case) -> None:
    """Judge what was told of a refusal; whether there has to be one is another rule's matter."""
    _demand_refusal(case)
    _demand_no_event(case)


@then("both fared alike")
def fared_alike(case: Case) -> None:
    """Judge that both calls ended in the same way and left the same behind."""
    first, second = case.last.attempts
    if first.outcome.code != second.outcome.code:
        raise Violation(
            f"{first.label} and {second.label} end in the same way",
            f"{first.label} ended with {first.outcome}, {second.label} with {second.outcome}",
        )
    older, newer = (_without_identity(case, case.look(twin), number) for number, twin in enumerate(case.twins))
    if found := differences(older, newer):
        raise Violation(
            f"{first.label} and {second.label} leave the same behind",
            "; ".join(f"{d.aspect}: {show(d.before)} and {show(d.after)}" for d in found),
            tuple(case.question(d.aspect, twin) for d in found for twin in case.twins),
        )


def _without_identity(case: Case, view: View, number: int) -> View:
    """Return a twin's view without what has to differ between two domains."""
    owned = case.twins[number].owned
    return View(
        {
            name: answer.replace(owned.name, "NAME").replace(owned.uuid, "UUID") if isinstance(answer, str) else answer
            for name, answer in view.answers.items()
            if name not in ("id", "live definition")
        }
    )


@then("the driver answers on a fresh connection")
def driver_answers(case: Case) -> None:
    """Judge by opening a connection and listing the domains there.

    A daemon that ended and was started again answers too: that the old connection is gone gives it away,
    and leaves open who ended it.
    """
    if case.session.connection.look("isAlive").value != 1:
        raise ConnectionLost("the connection on which undefine was called is gone")
    if not case.session.is_alive():
        raise Violation(
            "the driver answers on a fresh connection", "no connection could be opened, or it lists nothing"
        )
