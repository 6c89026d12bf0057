"""Regions of the decision table put to libvirt's test driver: as it is, mended, and with one vice each."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import libvirt
import pytest

from conformance import mutants
from conformance.cell import Fault
from conformance.covering import pairwise
from conformance.decision import RULES, Holding, State
from conformance.driver import stand
from conformance.driver.cleanup import remove_all
from conformance.driver.handle import Handle, Interceptor
from conformance.driver.knowledge import Knowledge
from conformance.driver.session import Session
from conformance.driver.surveyor import Surveyor
from conformance.flags import Undefine
from conformance.journal import Journal
from conformance.judgement import Look
from conformance.ledger import Ledger
from conformance.regions import VALUES, Region, all_regions
from conformance.reproducer import script
from conformance.smallest import Shown
from conformance.survey import Decisions, Finding, Survey
from conformance.table import NOTHING
from conformance.table_report import TableRecord, convictions

URI = "test:///default"
#: What libvirt's test driver can do and hold, as probing finds it.
CAPABILITIES = frozenset(
    {
        "autostart", "checkpoint-metadata", "define", "events", "managed-save", "pause", "persistence-query",
        "snapshot-metadata", "start", "transient", "undefine-active", "undefine-flags",
    }
)  # fmt: skip
KNOWLEDGE = Knowledge(CAPABILITIES, (Undefine.MANAGED_SAVE, Undefine.SNAPSHOTS_METADATA))
REACHABLE = [region for region in all_regions() if CAPABILITIES.issuperset(region.needs)]
PLAIN, RUNNING = Region(State.INACTIVE), Region(State.RUNNING)
IMAGE, SNAPSHOT, CHECKPOINT = (
    Region(State.INACTIVE, frozenset({holding})) for holding in (Holding.IMAGE, Holding.SNAPSHOT, Holding.CHECKPOINT)
)
GUEST = Region(State.RUNNING, frozenset({Holding.SNAPSHOT}))

#: Puts a survey to the driver, with a vice or an interceptor of its own.
Put = Callable[..., Finding]


@pytest.fixture
def put(tmp_path: Path) -> Iterator[Put]:
    """Give what puts surveys to the driver; what they leave is removed."""
    ledger = Ledger.open(URI, "00000000", folder=tmp_path)
    sessions: list[Session] = []

    def put(
        survey: Survey,
        vice: str | Interceptor | None = mutants.CONTROL,
        counted: tuple[str, ...] = RULES,
        confirmed: list[Shown] | None = None,
    ) -> Finding:
        knowledge = KNOWLEDGE if vice is None else mutants.as_mended(KNOWLEDGE, "test")
        interceptor = mutants.find(vice) if isinstance(vice, str) else vice
        session = Session(URI, f"t{len(sessions)}", ledger, interceptor=interceptor)
        sessions.append(session)

        def write(fault: Fault, looks: tuple[Look, ...]) -> str:
            return script(
                session.journal.entries, uri=URI, statement="It holds.", rule=fault.rule,
                expected=fault.expected, observed=fault.observed, looks=looks,
            )  # fmt: skip

        return Surveyor(session, knowledge, survey, counted, write, lambda: None, confirmed).run()

    yield put
    for session in sessions:
        _, failed = remove_all(Handle(session.connection.raw, "conn", Journal()), session.made, "00000000")
        session.close()
        assert failed == []


def signs(finding: Finding) -> dict[str, str]:
    """Return the rules of the causes by their signs."""
    return {cause.fault.sign: cause.fault.rule for cause in finding.causes}


@pytest.mark.parametrize("region", REACHABLE, ids=lambda region: region.id)
def test_a_driver_that_keeps_the_rules_is_convicted_nowhere(put: Put, region: Region) -> None:
    """On the mended driver every cell is decided, each once, and none is convicted or answered in two ways."""
    finding = put(Survey(region))
    assert (finding.reached, finding.why) == (True, "")
    assert (finding.cells, finding.convicted, finding.inconsistent) == (len(VALUES), 0, 0)
    assert finding.decided == finding.upheld


@pytest.mark.parametrize("holdings", [(Holding.IMAGE, Holding.SNAPSHOT), (Holding.SNAPSHOT,), ()])
def test_a_domain_that_was_undefined_is_brought_back(
    put: Put, monkeypatch: pytest.MonkeyPatch, holdings: tuple[Holding, ...]
) -> None:
    """One domain serves all cells, with its image and its snapshot, however often it is removed."""
    made = counted(monkeypatch)
    finding = put(Survey(Region(State.INACTIVE, frozenset(holdings))))
    assert (finding.cells, finding.convicted) == (len(VALUES), 0)
    assert len(made) == 1


def test_a_domain_that_does_not_come_back_is_made_anew(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where something is missing from what was defined again, no cell is judged on that."""
    made = counted(monkeypatch)
    monkeypatch.setattr(stand, "retake_metadata", lambda *_: None)
    finding = put(Survey(SNAPSHOT))
    assert (finding.cells, finding.convicted) == (len(VALUES), 0)
    decisions = Decisions(SNAPSHOT, sum(mutants.as_mended(KNOWLEDGE, "test").flags))
    successes = [flags for flags in VALUES if not decisions[flags].refused]
    assert len(made) >= len(successes) > 1


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by an entry with each domain that is set up."""
    made: list[str] = []
    set_up = stand.Stand.set_up

    def count(self: stand.Stand) -> None:
        made.append("")
        set_up(self)

    monkeypatch.setattr(stand.Stand, "set_up", count)
    return made


def test_the_test_drivers_own_deviations_are_found(put: Put) -> None:
    """It lets transient domains be undefined, and checkpoints stand in nobody's way."""
    assert signs(put(Survey(Region(State.PAUSED_REMAINDER)), None)) == {"succeeded": "UNDEF-007"}
    finding = put(Survey(CHECKPOINT), None)
    assert signs(finding) == {"succeeded": "UNDEF-017"}
    assert [(cause.flags, cause.cells) for cause in finding.causes] == [(0, 4)]


def test_what_a_smaller_combination_tells_is_not_shown_again(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted, without a second look at it; one that is not told by a smaller one has its script."""
    created, holding = (Region(State.RUNNING_CREATED, held) for held in (frozenset(), frozenset({Holding.SNAPSHOT})))
    set_ups, confirmed = counted(monkeypatch), list[Shown]()
    first = put(Survey(created), None, confirmed=confirmed)
    assert [(region, cause.flags) for region, cause in confirmed] == [(created, 0)]
    made = len(set_ups)
    again = put(Survey(holding), None, confirmed=confirmed)
    assert len(set_ups) == made + 1
    assert [(cause.fault.sign, cause.flags) for cause in again.causes] == [("succeeded", 0)]
    assert again.convicted == first.convicted > 1
    assert (bool(first.causes[0].reproducer), again.causes[0].reproducer, len(confirmed)) == (True, "", 1)
    assert put(Survey(CHECKPOINT), None, confirmed=confirmed).causes[0].reproducer


def test_a_script_shows_the_fault_without_the_kit(put: Put) -> None:
    """It sets the domain up, makes the one call and asks the questions: a few lines, however many cells were asked."""
    (cause,) = put(Survey(CHECKPOINT), None).causes
    ran = subprocess.run([sys.executable, "-I", "-c", cause.reproducer], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "undefineFlags(0) -> 0" in ran.stdout.splitlines()
    assert "Domain not found" in ran.stdout
    calls = [line for line in cause.reproducer.splitlines() if "dom." in line and "clean up" not in line]
    assert len(calls) < 8
    assert cause.reproducer.count("undefineFlags(0)") == 2


@pytest.mark.parametrize(
    ("vice", "region", "found"),
    [
        ("acts-then-refuses", IMAGE, {"changed place": "UNDEF-028"}),
        ("image-dropped-on-refusal", IMAGE, {"changed image": "UNDEF-028"}),
        ("refuses-with-the-wrong-code", IMAGE, {"wrong code OPERATION_FAILED": "UNDEF-027"}),
        ("snapshots-flag-stands-in", IMAGE, {"succeeded": "UNDEF-014"}),
        ("image-stranded", IMAGE, {"left image to its heir": "UNDEF-012"}),
        ("flag-takes-the-image-alone", IMAGE, {"still there": "UNDEF-011"}),
        ("flag-needs-an-image", PLAIN, {"refused with OPERATION_INVALID": "UNDEF-013"}),
        ("success-reported-nothing-done", PLAIN, {"still there": "UNDEF-001"}),
        ("event-missing", PLAIN, {"other events": "UNDEF-029"}),
        ("event-on-refusal", IMAGE, {"sent an event": "UNDEF-028"}),
        ("unknown-flag-ignored-beside-known", PLAIN, {"succeeded": "UNDEF-025"}),
        ("unknown-flag-has-the-wrong-code", PLAIN, {"wrong code ARGUMENT_UNSUPPORTED": "UNDEF-025"}),
        ("untaken-flag-reports-success", PLAIN, {"succeeded": "UNDEF-026"}),
        ("metadata-goes-without-a-word", SNAPSHOT, {"succeeded": "UNDEF-017"}),
        ("many-flags-drop-the-metadata", SNAPSHOT, {"succeeded": "UNDEF-019"}),
        ("metadata-flag-needs-metadata", PLAIN, {"refused with OPERATION_INVALID": "UNDEF-020"}),
        ("guests-metadata-dropped-at-once", GUEST, {"changed snapshots": "UNDEF-018"}),
        ("metadata-outlives-the-halt", GUEST, {"left snapshots to its heir": "UNDEF-018"}),
        ("undefine-stops-the-guest", RUNNING, {"changed guest": "UNDEF-002"}),
        ("remainder-counts-as-persistent", RUNNING, {"not transient": "UNDEF-002"}),
        ("remainder-leaves-its-definition", RUNNING, {"still there after its halt": "UNDEF-003"}),
        ("flags-open-the-transient", Region(State.RUNNING_CREATED), {"succeeded": "UNDEF-007"}),
        ("transient-stopped-by-the-refusal", Region(State.RUNNING_CREATED), {"changed place": "UNDEF-028"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_vice_is_convicted_once_by_the_rule_that_it_breaks(
    put: Put, vice: str, region: Region, found: dict[str, str]
) -> None:
    """However many cells show it, it is one fault of one rule, and a script tells how to see it again."""
    finding = put(Survey(region), vice)
    assert signs(finding) == found
    assert finding.convicted >= sum(cause.cells for cause in finding.causes) > 0
    assert finding.cells == len(VALUES)
    assert finding.inconsistent == 0
    assert all("import libvirt" in cause.reproducer for cause in finding.causes)


def test_the_smallest_combination_is_told(put: Put) -> None:
    """A vice that takes two flags is told with two, and one that takes none with none."""
    (many,) = put(Survey(SNAPSHOT), "many-flags-drop-the-metadata").causes[:1]
    assert many.flags.bit_count() == 2
    (none,) = put(Survey(SNAPSHOT), "metadata-goes-without-a-word").causes
    assert none.flags == 0


def test_a_selection_tells_the_smallest_combination_too(put: Put) -> None:
    """Where not every union of flags is asked, those that show a fault are reduced."""
    flags = Undefine.SNAPSHOTS_METADATA | Undefine.CHECKPOINTS_METADATA
    (cause,) = put(Survey(IMAGE, (int(flags),)), "snapshots-flag-stands-in").causes
    assert cause.flags == Undefine.SNAPSHOTS_METADATA
    assert type(cause.flags) is int


def test_a_driver_that_answers_in_two_ways_is_told_with_both(put: Put) -> None:
    """A refusal that lasts for one call is asked for again; the script holds both calls."""
    finding = put(Survey(IMAGE), "refusal-lasts-for-one-call")
    assert finding.inconsistent > 0
    flags, first, second = finding.answers[0]
    assert (flags, "OPERATION_INVALID" in first, second) == (0, True, "it succeeded")
    assert signs(finding)["succeeded"] == "UNDEF-011"
    assert finding.causes[0].reproducer.count("lambda: dom.undefineFlags(0)") == 2


def test_another_code_of_those_that_are_right_is_another_answer(put: Put) -> None:
    """Of two causes a refusal may name either, and is to name the same one each time."""
    codes = itertools.cycle(("OPERATION_INVALID", "INVALID_ARG"))

    def refuse(_handle: Any, method: str, args: tuple[Any, ...], proceed: Any) -> Any:
        if method == "undefineFlags":
            mutants.call.refuse(next(codes), "not so")
        return proceed(method, *args)

    opposites = int(Undefine.NVRAM | Undefine.KEEP_NVRAM)
    finding = put(Survey(IMAGE, (opposites,)), refuse)
    assert (finding.cells, finding.convicted, finding.inconsistent) == (1, 0, 1)
    flags, first, second = finding.answers[0]
    assert (flags, "OPERATION_INVALID" in first, "INVALID_ARG" in second) == (opposites, True, True)


def test_a_success_that_is_refused_the_next_time_is_told_with_both(put: Put) -> None:
    """One call that succeeded is made once more, and the two answers stand beside each other."""
    asked: list[int] = []

    def once(_handle: Any, method: str, args: tuple[Any, ...], proceed: Any) -> Any:
        if method == "undefineFlags":
            asked.append(args[0])
            if asked.count(1) > 1:
                mutants.call.refuse("OPERATION_INVALID", "not again")
        return proceed(method, *args)

    flags, first, second = put(Survey(RUNNING, (0, 1)), once).answers[0]
    assert (flags, first, "not again" in second) == (1, "it succeeded", True)


def test_a_guest_is_halted_whose_domain_was_not_defined_again(put: Put) -> None:
    """What a second definition heals is seen: the guest that is halted has met one undefine and nothing else."""
    made: list[str] = []
    lives: list[list[str]] = []

    def note(_handle: Any, method: str, args: tuple[Any, ...], proceed: Any) -> Any:
        if method == "create":
            made.clear()
        elif method == "destroy":
            lives.append(list(made))
        elif method in ("defineXML", "undefineFlags") and "-fence-" not in str(args[0]):
            made.append(method)
        return proceed(method, *args)

    put(Survey(RUNNING, (0, 1)), note)
    assert lives[0] == ["undefineFlags"]


@pytest.fixture
def lie(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, str], None]]:
    """Give what makes the binding break a rule where no vice does: beneath all calls of the kit's, and by flags.

    A refused call with certain flags makes the list by autostart show the domain, which no other list or question
    does; or it is refused with another code.
    """
    undefine, lists = libvirt.virDomain.undefineFlags, libvirt.virConnect.listAllDomains
    moves: set[int] = set()
    misnames: set[int] = set()
    moved: set[str] = set()

    def refuse(domain: Any, flags: int = 0) -> Any:
        try:
            return undefine(domain, flags)
        except libvirt.libvirtError as error:
            if flags in moves:
                moved.add(domain.UUIDString())
            if flags in misnames:
                error.err = (libvirt.VIR_ERR_INTERNAL_ERROR, 0, "for no reason", 2, "", None, None, 0, 0)
            raise

    def show(connection: Any, flags: int = 0) -> Any:
        shown = lists(connection, flags)
        if flags == libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART:
            shown += [domain for domain in lists(connection, 0) if domain.UUIDString() in moved]
        return shown

    monkeypatch.setattr(libvirt.virDomain, "undefineFlags", refuse)
    monkeypatch.setattr(libvirt.virConnect, "listAllDomains", show)

    def tell(flags: int, what: str) -> None:
        (moves if what == "moves" else misnames).add(flags)

    yield tell
    moved.clear()


def test_a_change_that_one_list_alone_shows_is_told_of_its_call(put: Put, lie: Callable[[int, str], None]) -> None:
    """While nothing changes lists are asked for as one; what that cannot show is looked for, and has a script."""
    lie(int(Undefine.MANAGED_SAVE), "moves")
    finding = put(Survey(SNAPSHOT), None)
    cause = next(cause for cause in finding.causes if cause.fault.sign == "changed autostart")
    assert (cause.fault.rule, cause.flags, cause.cells) == ("UNDEF-028", int(Undefine.MANAGED_SAVE), 1)
    assert "listAllDomains(1024)" in cause.reproducer
    assert (finding.why, finding.convicted, finding.inconsistent) == ("", 1, 0)


def test_what_is_refused_with_a_wrong_code_is_looked_at_list_by_list(put: Put, lie: Callable[[int, str], None]) -> None:
    """A cell that is wrong in one way can be wrong in another."""
    lie(0, "misnames")
    lie(0, "moves")
    found = signs(put(Survey(SNAPSHOT, (0, 1)), None))
    assert found == {"wrong code INTERNAL_ERROR": "UNDEF-027", "changed autostart": "UNDEF-028"}


def test_a_change_beside_a_wrong_code_is_found(put: Put, lie: Callable[[int, str], None]) -> None:
    """That another cell was convicted takes nothing from the last look."""
    lie(0, "misnames")
    lie(1, "moves")
    finding = put(Survey(SNAPSHOT, (0, 1)), None)
    assert {(cause.flags, cause.fault.rule) for cause in finding.causes} == {(0, "UNDEF-027"), (1, "UNDEF-028")}
    assert (finding.cells, finding.convicted, finding.inconsistent) == (2, 2, 0)


def test_a_change_that_no_call_brings_about_is_no_conviction(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there at the end and comes of no call by itself leaves the kind of domain undecided, and is told."""
    refused: list[int] = []
    undefine, lists = libvirt.virDomain.undefineFlags, libvirt.virConnect.listAllDomains

    def note(domain: Any, flags: int = 0) -> Any:
        refused.append(flags)
        return undefine(domain, flags)

    def show(connection: Any, flags: int = 0) -> Any:
        always = refused and flags == libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART
        return lists(connection, 0 if always else flags)

    monkeypatch.setattr(libvirt.virDomain, "undefineFlags", note)
    monkeypatch.setattr(libvirt.virConnect, "listAllDomains", show)
    finding = put(Survey(SNAPSHOT), None)
    assert "listed as set to autostart: was no, is yes, which no call brings about" in finding.why
    assert finding.convicted == 0


def test_rules_that_do_not_count_convict_nobody(put: Put) -> None:
    """Only cells about the rules that count are asked, and only their faults are told."""
    finding = put(Survey(IMAGE), "refuses-with-the-wrong-code", ("UNDEF-011",))
    assert (finding.causes, finding.convicted) == ([], 0)
    assert set(finding.decided) == {"UNDEF-011"}
    assert 0 < finding.cells < len(VALUES)


def test_what_cannot_be_set_up_is_told_with_the_reason(put: Put) -> None:
    """The driver's refusal is kept, with whether it was one."""

    def no_guests(_handle: Any, method: str, args: tuple[Any, ...], proceed: Any) -> Any:
        if method == "create":
            mutants.call.refuse("OPERATION_INVALID", "no guests today")
        return proceed(method, *args)

    finding = put(Survey(RUNNING), no_guests)
    assert (finding.reached, finding.unsupported, finding.cells) == (False, True, 0)
    assert "no guests today" in finding.why


def test_what_cannot_be_set_up_again_is_told_with_what_was_decided(put: Put) -> None:
    """A driver that starts a guest once and never again is judged as far as it goes."""
    starts: list[str] = []

    def one_guest(_handle: Any, method: str, args: tuple[Any, ...], proceed: Any) -> Any:
        if method == "create":
            starts.append(method)
            if len(starts) > 1:
                mutants.call.refuse("INTERNAL_ERROR", "no more guests")
        return proceed(method, *args)

    finding = put(Survey(IMAGE), one_guest)
    assert finding.reached
    assert "no more guests" in finding.why
    assert 0 < finding.cells < len(VALUES)


def test_a_domain_that_moves_by_itself_is_not_judged(put: Put) -> None:
    """What changes without a call would convict every refusal."""
    answers: list[int] = []

    def restless(_handle: Any, method: str, args: tuple[Any, ...], proceed: Any) -> Any:
        if method == "autostart":
            answers.append(len(answers) % 2)
            return answers[-1]
        return proceed(method, *args)

    finding = put(Survey(PLAIN), restless)
    assert not finding.reached
    assert "autostart" in finding.why


@pytest.mark.parametrize(
    ("vice", "rule"),
    [
        ("acts-then-refuses", "UNDEF-028"),
        ("snapshots-flag-stands-in", "UNDEF-014"),
        ("metadata-flag-is-not-enough", "UNDEF-017"),
        ("guests-metadata-stands-in-the-way", "UNDEF-018"),
        ("undefine-resumes-a-paused-guest", "UNDEF-002"),
        ("transient-undefined-all-the-same", "UNDEF-007"),
    ],
)
def test_the_selection_of_every_run_convicts_too(put: Put, vice: str, rule: str) -> None:
    """A fault that one thing or the meeting of two brings about is in the pairwise selection, and is one fault."""
    record = TableRecord(NOTHING)
    for survey in pairwise(REACHABLE, sum(mutants.as_mended(KNOWLEDGE, "test").flags)):
        record.findings[survey.id] = put(survey, vice)
    assert {conviction.cause.fault.rule for conviction in convictions(record)} == {rule}


def test_what_is_kept_does_not_grow_with_the_cells(put: Put) -> None:
    """The journal holds the set-up and the last call, the session no more than the domain that stands."""
    seen: list[int] = []

    def counting(handle: Any, method: str, args: tuple[Any, ...], proceed: Any) -> Any:
        if method == "undefineFlags":
            seen.append(len(handle.journal.entries))
        return proceed(method, *args)

    put(Survey(SNAPSHOT), counting)
    assert len(seen) > len(VALUES)
    assert max(seen) < 100


def test_metadata_that_a_refusal_has_lost_is_made_again(put: Put) -> None:
    """The domain goes on to serve, as what it lost takes no guest; each loss is convicted all the same."""
    starts: list[str] = []

    def forgetful(handle: Any, method: str, args: tuple[Any, ...], proceed: Any) -> Any:
        if method == "create":
            starts.append(method)
        if method == "undefineFlags" and args[0] & Undefine.SNAPSHOTS_METADATA:
            for snapshot in handle.raw.listAllSnapshots(0):
                snapshot.delete()
        return proceed(method, *args)

    region = Region(State.INACTIVE, frozenset({Holding.IMAGE, Holding.SNAPSHOT}))
    refused = tuple(flags for flags in range(8) if not flags & Undefine.MANAGED_SAVE)
    finding = put(Survey(region, refused), forgetful)
    assert (finding.cells, finding.convicted) == (len(refused), 2)
    assert {cause.fault.sign: cause.flags for cause in finding.causes} == {"changed snapshots": 2}
    # One guest for the first image, and one for that of the domain on which the fault was asked for again.
    assert len(starts) == 2
