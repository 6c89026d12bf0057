"""What a Then and a probe make of answers that no driver on this machine gives."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from conformance.driver.build import Subject
from conformance.driver.findings import Findings
from conformance.driver.probe_holdings import WITH_METADATA, snapshot
from conformance.journal import Failure, Outcome
from conformance.judgement import NotRefused, Violation
from conformance.ledger import Owned
from conformance.situations import Situation
from conformance.suite.case import Attempt, Case, Group
from conformance.suite.steps.then_calls import succeeds_or_refused
from conformance.suite.steps.then_events import undefined_before_stopped
from conformance.view import View

UNDEFINED, DESTROYED, FAILED = "UNDEFINED (detail 0)", "STOPPED (detail 1)", "STOPPED (detail 5)"


def told(*events: str) -> Case:
    """Return a case in which one connection was told this."""
    recording = SimpleNamespace(connection=SimpleNamespace(symbol="conn"))
    case = SimpleNamespace(subject=SimpleNamespace(owned=None), events_of_domain=lambda _: [(recording, list(events))])
    return cast(Case, case)


@pytest.mark.parametrize("stops", [(DESTROYED,), (DESTROYED, FAILED), (FAILED, DESTROYED)])
def test_how_often_a_stop_is_told_convicts_nobody_of_undefine(stops: tuple[str, ...]) -> None:
    """The rule is about the event of undefine; of a stop only that it comes later."""
    undefined_before_stopped(told(UNDEFINED, *stops))


@pytest.mark.parametrize(
    "events",
    [
        (),
        (UNDEFINED,),
        (DESTROYED,),
        (DESTROYED, UNDEFINED),
        (UNDEFINED, UNDEFINED, DESTROYED),
        (UNDEFINED, DESTROYED, UNDEFINED),
    ],
    ids=["nothing", "no stop", "no undefine", "late", "twice", "again at the stop"],
)
def test_the_event_of_undefine_comes_once_and_before_that_of_the_stop(events: tuple[str, ...]) -> None:
    """Everything else convicts."""
    with pytest.raises(Violation, match="gets UNDEFINED, then STOPPED"):
        undefined_before_stopped(told(*events))


def restored(outcome: Outcome, *, after: str) -> Case:
    """Return a case whose one call ended like this and left the domain like this."""
    group = Group(View({"look-up by name": "there"}), attempts=[Attempt("restore", outcome)])
    case = SimpleNamespace(last=group, look=lambda: View({"look-up by name": after}), question=lambda aspect: aspect)
    return cast(Case, case)


def test_a_call_that_may_fail_and_succeeds_leaves_nothing_to_be_judged() -> None:
    """A rule about failures is not upheld by a success."""
    with pytest.raises(NotRefused):
        succeeds_or_refused(restored(Outcome("restore", 0), after="there"))


def test_a_call_that_may_fail_and_fails_has_to_leave_the_domain() -> None:
    """What the failure left is judged."""
    failed = Outcome("restore", failure=Failure(1, "INTERNAL_ERROR", 0, "damaged"))
    succeeds_or_refused(restored(failed, after="there"))
    with pytest.raises(Violation):
        succeeds_or_refused(restored(failed, after="gone"))


class Snapshots:
    """A domain with one snapshot, of which libvirt keeps metadata or not."""

    def __init__(self, *, metadata: bool) -> None:
        self.metadata = metadata

    def call(self, method: str, *args: Any) -> Outcome:
        """Answer as the drivers do whose snapshots are the hypervisor's own."""
        if method == "snapshotNum":
            return Outcome(method, int(self.metadata or not args[0] & WITH_METADATA))
        return Outcome(method, object())


@pytest.mark.parametrize("metadata", [True, False])
def test_snapshots_of_the_hypervisors_own_are_no_metadata(metadata: bool) -> None:
    """libvirt has nothing to lose where the hypervisor keeps its snapshots itself, so the rules do not apply."""
    findings = Findings()
    subject = Subject(Owned("demo", "0"), cast(Any, Snapshots(metadata=metadata)), Situation(), "<domain/>")
    snapshot(findings, subject)
    assert findings.capabilities["snapshot-metadata"].present is metadata
