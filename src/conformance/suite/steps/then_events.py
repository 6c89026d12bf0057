"""Then, of events: what each connection was told."""

from __future__ import annotations

from pytest_bdd import then

from conformance.judgement import Violation
from conformance.suite.case import Case


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


def demand_no_event(case: Case) -> None:
    """Convict when any connection was told anything of the domain since the first call."""
    if not case.watches_events:
        return
    for _, sent in case.events_of_domain(case.subject.owned):
        if sent:
            raise Violation("no event is sent", f"the driver sent {', '.join(sent)}")
