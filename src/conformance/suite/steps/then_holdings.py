"""Then, of holdings: what a domain has besides its definition, and what has to be left of it."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_bdd import parsers, then

from conformance.driver.setbacks import NotReached
from conformance.judgement import Violation
from conformance.suite.case import Case
from conformance.view import Answer, View, differences, show

#: The answers of a domain that holds nothing of a predecessor's.
NOTHING_HELD: Mapping[str, Answer] = {
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
    found = differences(View({name: value for name, value in NOTHING_HELD.items() if view.get(name) is not None}), view)
    if found:
        raise Violation(
            "the domain that was defined holds nothing of its predecessor",
            "; ".join(f"{difference.aspect} is {show(difference.after)}" for difference in found),
            tuple(case.question(difference.aspect, subject) for difference in found),
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


@then("a managed save image is reported")
def an_image(case: Case) -> None:
    """Judge by hasManagedSaveImage and by the list's filter."""
    case.demand("managed save image", 1)
    case.demand("listed as having a managed save image", wanted=True)


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
