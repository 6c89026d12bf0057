"""What a Then and a probe make of answers that no driver on this machine gives."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from conformance.driver.build import Subject
from conformance.driver.findings import Findings
from conformance.driver.probe_holdings import WITH_METADATA, snapshot
from conformance.flags import Undefine
from conformance.journal import Failure, Outcome
from conformance.judgement import NotRefused, Violation
from conformance.ledger import Owned
from conformance.situations import Situation
from conformance.suite.case import Attempt, Case, Group
from conformance.suite.steps.then_calls import refused_where_taken, succeeds_or_refused
from conformance.suite.steps.then_events import undefined_before_stopped
from conformance.view import View

INVALID = Failure(8, "INVALID_ARG", 0, "unsupported flags")
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


def opposites(*, taken: tuple[Undefine, ...], ok: bool) -> Case:
    """Return a case whose one call had two opposite flags, on a driver that takes certain flags."""
    outcome = Outcome("undefineFlags", 0) if ok else Outcome("undefineFlags", failure=INVALID)
    group = Group(View({}), attempts=[Attempt("undefineFlags with NVRAM and KEEP_NVRAM", outcome, View({}))])
    knowledge = SimpleNamespace(flags=taken)
    case = SimpleNamespace(last=group, knowledge=knowledge, handle=SimpleNamespace(symbol="none"), recordings=[])
    case.watches_events = False
    return cast(Case, case)


@pytest.mark.parametrize("taken", [(), (Undefine.NVRAM,), (Undefine.KEEP_NVRAM, Undefine.TPM)])
def test_opposite_flags_that_are_not_taken_show_nothing_about_opposites(taken: tuple[Undefine, ...]) -> None:
    """Whether such a call succeeds or fails is the matter of the rule about flags that a driver does not take."""
    for ok in (True, False):
        with pytest.raises(NotRefused, match="the driver does not take"):
            refused_where_taken(opposites(taken=taken, ok=ok))


def test_opposite_flags_that_are_both_taken_have_to_be_refused() -> None:
    """With both flags taken the call is judged like any other that has to be refused."""
    both = (Undefine.NVRAM, Undefine.KEEP_NVRAM)
    refused_where_taken(opposites(taken=both, ok=False))
    with pytest.raises(Violation):
        refused_where_taken(opposites(taken=both, ok=True))


@pytest.mark.parametrize(("ok", "name"), [(True, "new"), (False, "old")])
def test_a_domain_that_was_renamed_is_asked_for_by_its_new_name(ok: bool, name: str) -> None:
    """What is looked for by name, on the host's disks too, is looked for where a rename that succeeded has put it."""
    session = SimpleNamespace(lost=lambda _failure: False)
    case = Case(cast(Any, session), cast(Any, SimpleNamespace(capabilities=set())), watches_events=False)
    outcome = Outcome("rename", 0) if ok else Outcome("rename", failure=INVALID)
    subject = Subject(Owned("old", "0"), cast(Any, SimpleNamespace(call=lambda *_: outcome)), Situation(), "<domain/>")
    case._subject = subject  # the situation is built by a driver
    case.attempt(Group(View({})), "rename to a free name", case.handle, "rename", "new", 0)
    assert (case.subject.owned.name, case.subject.owned.uuid) == (name, "0")


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
