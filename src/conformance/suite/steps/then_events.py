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


@then("the UNDEFINED event came before the STOPPED event")
def undefined_before_stopped(case: Case) -> None:
    """Judge the order in which each recording connection was told; how often it is told of the stop is left open."""
    for recording, sent in case.events_of_domain(case.subject.owned):
        kinds = [kind for kind in (event.partition(" ")[0] for event in sent) if kind in ("UNDEFINED", "STOPPED")]
        if kinds[:2] != ["UNDEFINED", "STOPPED"] or "UNDEFINED" in kinds[2:]:
            raise Violation(
                f"{recording.connection.symbol} gets UNDEFINED, then STOPPED", f"it got {', '.join(sent) or 'none'}"
            )


def demand_no_event(case: Case) -> None:
    """Convict when any connection was told anything of the domain since the last When began."""
    if not case.watches_events:
        return
    for (_, told), heard in zip(case.events_of_domain(case.subject.owned), case.last.heard, strict=True):
        if sent := told[heard:]:
            raise Violation("no event is sent", f"the driver sent {', '.join(sent)}")
