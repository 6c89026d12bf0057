"""What is wrong with one call: each fault is of one rule, and has the same sign wherever the same went wrong."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.cell import SENT_EVENT, Fault, judge_call, judge_halted, judge_heir
from conformance.decision import KNOWN, Holding, State, decide
from conformance.flags import Undefine
from conformance.journal import Failure
from conformance.view import View

IMAGE, SNAPSHOT, NVRAM, TPM = (
    frozenset({holding}) for holding in (Holding.IMAGE, Holding.SNAPSHOT, Holding.NVRAM, Holding.TPM)
)
NONE: frozenset[Holding] = frozenset()
GONE = Failure(42, "NO_DOMAIN", 10, "Domain not found")
INVALID = Failure(55, "OPERATION_INVALID", 10, "no")
REMOVED = ["UNDEFINED (detail 0)"]

#: What a driver shows of an inactive domain that holds something of everything.
FULL: dict[str, Any] = {
    "look-up by UUID": "u",
    "look-up by name": "u",
    "id": -1,
    "state": ("5", "1"),
    "active": 0,
    "persistent": 1,
    "inactive definition": "<domain/>",
    "autostart": 1,
    "managed save image": 1,
    "snapshots": 1,
    "snapshot names": ("kept",),
    "checkpoint names": ("kept",),
    "listed as a domain": True,
    "listed as persistent": True,
    "listed as transient": False,
    "listed as having a managed save image": True,
    "listed as having a snapshot": True,
    "files on the host": ("qemu/a.xml",),
    "TPM state": ("tpm2",),
    "nvram file": "d1",
}
RUNNING = FULL | {"id": 7, "state": ("1", "1"), "active": 1, "managed save image": 0} | {
    "listed as having a managed save image": False
}  # fmt: skip


def after(before: dict[str, Any] = FULL, **changes: Any) -> View:
    """Return a view with some answers changed; an underscore stands for a blank."""
    return View(before | {name.replace("_", " "): value for name, value in changes.items()})


def gone(**left: Any) -> View:
    """Return what is shown of a domain that was removed, nvram and TPM included."""
    view = {name: False if name.startswith("listed") else GONE for name in FULL}
    return View(view | {"files on the host": (), "TPM state": (), "nvram file": "missing"} | left)


def remainder(**changes: Any) -> View:
    """Return what is shown of a running domain that has become transient."""
    said = {"persistent": 0, "listed as persistent": False, "listed as transient": True}
    return View(RUNNING | said | {name.replace("_", " "): value for name, value in changes.items()})


def signs(faults: list[Fault]) -> dict[str, str]:
    """Return the rules of faults by their signs."""
    return {fault.sign: fault.rule for fault in faults}


def judge(
    held: frozenset[Holding],
    flags: int,
    failure: Failure | None,
    view: View,
    events: list[str] | None = None,
    *,
    state: State = State.INACTIVE,
    taken: int = KNOWN,
) -> dict[str, str]:
    """Judge a call on a domain and return the faults' rules by their signs."""
    before = View(RUNNING if state.active else FULL)
    return signs(judge_call(decide(state, held, flags, taken), "the call", failure, before, view, events))


# Refusals


def test_a_right_refusal_has_no_fault() -> None:
    """The right code, nothing changed, no event."""
    assert judge(IMAGE, 0, INVALID, after(), []) == {}


@pytest.mark.parametrize(
    ("held", "flags", "rule"),
    [
        (IMAGE, 0, "UNDEF-011"),
        (IMAGE, Undefine.NVRAM, "UNDEF-014"),
        (SNAPSHOT, 0, "UNDEF-017"),
        (NVRAM, 0, "UNDEF-021"),
        (NONE, 128, "UNDEF-025"),
        (NONE, Undefine.TPM | Undefine.KEEP_TPM, "UNDEF-022"),
    ],
)
def test_a_success_in_place_of_a_refusal_breaks_the_governing_rule(
    held: frozenset[Holding], flags: int, rule: str
) -> None:
    """One fault convicts one rule, however much was lost by it."""
    assert judge(held, flags, None, gone(), REMOVED) == {"succeeded": rule}


def test_a_wrong_code_is_a_fault_of_its_own() -> None:
    """What the call was refused for decides whose matter the code is."""
    failed = Failure(9, "OPERATION_FAILED", 10, "no")
    assert judge(IMAGE, 0, failed, after()) == {"wrong code OPERATION_FAILED": "UNDEF-027"}
    assert judge(NONE, 128, INVALID, after()) == {"wrong code OPERATION_INVALID": "UNDEF-025"}
    assert judge(NONE, Undefine.TPM | Undefine.KEEP_TPM, failed, after()) == {}


def test_each_kind_of_thing_that_a_refusal_changes_is_one_fault() -> None:
    """The snapshots and autostart may have been lost for different reasons; three questions about one thing are one."""
    lost = after(snapshots=0, snapshot_names=(), listed_as_having_a_snapshot=False, autostart=0)
    assert judge(IMAGE | SNAPSHOT, 0, INVALID, lost) == {
        "changed snapshots": "UNDEF-028",
        "changed autostart": "UNDEF-028",
    }


def test_files_repeat_what_was_said_and_alone_say_something_of_their_own() -> None:
    """That a file is gone along with the snapshot it described is no second fault."""
    files = {"files on the host": ()}
    assert judge(IMAGE, 0, INVALID, View({**FULL, **files})) == {"changed files on the host": "UNDEF-028"}
    assert judge(IMAGE, 0, INVALID, View({**FULL, **files, "autostart": 0})) == {"changed autostart": "UNDEF-028"}


def test_a_domain_that_a_refusal_removed_is_one_fault() -> None:
    """Of a domain that is gone everything else is gone as well."""
    assert judge(IMAGE, 0, INVALID, gone(), REMOVED) == {"changed place": "UNDEF-028"}


def test_a_refusal_for_the_flags_changes_nothing_by_the_flags_rule() -> None:
    """That unknown flags change nothing is said by their own rule."""
    refused = Failure(8, "INVALID_ARG", 10, "flags")
    assert judge(NONE, 128, refused, after(autostart=0)) == {"changed autostart": "UNDEF-025"}


def test_an_event_of_a_refusal_is_a_fault() -> None:
    """A refusal tells nobody that something was done."""
    assert judge(IMAGE, 0, INVALID, after(), REMOVED) == {SENT_EVENT: "UNDEF-028"}


# Successes


def test_a_right_removal_has_no_fault() -> None:
    """Nothing finds it, nothing is left, one event."""
    assert judge(IMAGE, Undefine.MANAGED_SAVE, None, gone(), REMOVED) == {}


def test_a_refusal_in_place_of_a_success_breaks_what_makes_it_succeed() -> None:
    """Of a flag that nothing needs, the rule that it is harmless; else the rule of what is held."""
    sign = "refused with OPERATION_INVALID"
    assert judge(IMAGE, Undefine.MANAGED_SAVE, INVALID, after()) == {sign: "UNDEF-011"}
    assert judge(NONE, Undefine.MANAGED_SAVE, INVALID, after()) == {sign: "UNDEF-013"}
    assert judge(NONE, 0, INVALID, after()) == {sign: "UNDEF-001"}


@pytest.mark.parametrize(
    "left", [{"look-up by name": "u"}, {"listed as a domain": True}, {"state": ("5", "1")}], ids=str
)
def test_what_is_still_found_was_not_removed(left: dict[str, Any]) -> None:
    """One look-up, one list or one call that finds the domain is enough."""
    assert judge(NONE, 0, None, gone(**left), REMOVED) == {"still there": "UNDEF-001"}


def test_a_file_that_is_left_was_not_removed() -> None:
    """A definition on the disk comes back with the next restart."""
    assert judge(NONE, 0, None, gone(**{"files on the host": ("a.xml",)}), REMOVED) == {
        "still there: files": "UNDEF-001"
    }


@pytest.mark.parametrize(("events", "there"), [([], True), ([*REMOVED, *REMOVED], True), (None, False)], ids=str)
def test_a_success_is_told_once(events: list[str] | None, *, there: bool) -> None:
    """None and two are wrong; where events are not recorded nobody is convicted."""
    assert (judge(NONE, 0, None, gone(), events) == {"other events": "UNDEF-029"}) == there


@pytest.mark.parametrize(
    ("flags", "view", "found"),
    [
        (Undefine.NVRAM, gone(), {}),
        (Undefine.NVRAM, gone(**{"nvram file": "d1"}), {"left nvram file": "UNDEF-021"}),
        (Undefine.KEEP_NVRAM, gone(**{"nvram file": "d1"}), {}),
        (Undefine.KEEP_NVRAM, gone(), {"changed nvram file": "UNDEF-021"}),
    ],
)
def test_an_nvram_file_fares_as_its_flag_says(flags: int, view: View, found: dict[str, str]) -> None:
    """The file on the host is what counts."""
    assert judge(NVRAM, flags, None, view, REMOVED) == found


def test_the_state_of_a_tpm_fares_as_its_flag_says() -> None:
    """Without a flag its definition decides, and nobody is convicted."""
    kept = gone(**{"TPM state": ("tpm2",)})
    assert judge(TPM, Undefine.TPM, None, kept, REMOVED) == {"left TPM state": "UNDEF-024"}
    assert judge(TPM, Undefine.KEEP_TPM, None, gone(), REMOVED) == {"changed TPM state": "UNDEF-024"}
    assert judge(TPM, 0, None, kept, REMOVED) == judge(TPM, 0, None, gone(), REMOVED) == {}


def test_a_guest_goes_on_as_a_transient_domain() -> None:
    """What is as it ought to be has no fault; each thing that is not has one."""
    running = State.RUNNING
    assert judge(SNAPSHOT, 0, None, remainder(), REMOVED, state=running) == {}
    assert judge(NONE, 0, None, remainder(id=8), REMOVED, state=running) == {"changed guest": "UNDEF-002"}
    assert judge(NONE, 0, None, remainder(persistent=1), REMOVED, state=running) == {"not transient": "UNDEF-002"}
    assert judge(NONE, 0, None, gone(), REMOVED, state=running) == {"changed guest": "UNDEF-002"}


def test_metadata_stays_with_a_running_guest_and_its_image_does_not() -> None:
    """What is lost too early and what is left too long are two faults."""
    lost = remainder(snapshots=0, snapshot_names=())
    assert judge(SNAPSHOT, 0, None, lost, REMOVED, state=State.RUNNING) == {"changed snapshots": "UNDEF-018"}
    left = remainder(managed_save_image=1)
    assert judge(IMAGE, Undefine.MANAGED_SAVE, None, left, REMOVED, state=State.PAUSED) == {"left image": "UNDEF-015"}


# Afterwards


def test_an_heir_holds_nothing_that_had_to_go() -> None:
    """An image and metadata are inherited by nobody; what was left on purpose is no inheritance."""
    decision = decide(State.INACTIVE, IMAGE | SNAPSHOT | NVRAM, KNOWN & ~(Undefine.NVRAM | Undefine.TPM))
    empty = after(
        managed_save_image=0, listed_as_having_a_managed_save_image=False,
        snapshots=0, snapshot_names=(), listed_as_having_a_snapshot=False,
    )  # fmt: skip
    assert judge_heir(decision, empty) == []
    assert signs(judge_heir(decision, after())) == {
        "left image to its heir": "UNDEF-012",
        "left snapshots to its heir": "UNDEF-017",
    }


def test_a_halt_is_the_end_of_a_remainder() -> None:
    """Then it is gone, and the TPM's state as the call said."""
    before = View(RUNNING)

    def judged(flags: int, view: View) -> dict[str, str]:
        return signs(judge_halted(decide(State.RUNNING, TPM, flags), before, view))

    kept = gone(**{"TPM state": ("tpm2",)})
    assert judged(Undefine.TPM, gone()) == judged(Undefine.KEEP_TPM, kept) == judged(0, gone()) == {}
    assert judged(Undefine.TPM, kept) == {"left TPM state": "UNDEF-024"}
    assert judged(Undefine.KEEP_TPM, gone()) == {"changed TPM state": "UNDEF-024"}
    assert judged(0, remainder()) == {"still there after its halt": "UNDEF-003"}


def test_a_fault_names_the_questions_that_show_it() -> None:
    """From them the script is written."""
    (fault,) = judge_call(decide(State.INACTIVE, IMAGE, 0), "undefine", INVALID, View(FULL), after(autostart=0), None)
    assert fault.aspects == ("autostart",)
    assert (fault.expected, fault.observed) == ("everything is as it was before undefine", "autostart: was 1, is 0")


FAILED = Failure(9, "OPERATION_FAILED", 10, "no")
NO_TPM = KNOWN & ~Undefine.TPM
LEFT_TPM = gone(**{"TPM state": ("tpm2",)})
IMAGE_NAMES = ("managed save image", "listed as having a managed save image")

#: For each fault an occasion, and the fault as it is reported: rule, sign, expected, observed, questions.
WORDS = [
    (
        (State.INACTIVE, IMAGE, 0, KNOWN, None, gone(), REMOVED),
        Fault(
            "UNDEF-011", "succeeded", "the call is refused", "it succeeded",
            ("look-up by UUID", "look-up by name", "persistent"),
        ),
    ),
    (
        (State.INACTIVE, NONE, 0, KNOWN, FAILED, after(), []),
        Fault(
            "UNDEF-001", "refused with OPERATION_FAILED", "the call succeeds", "it failed with OPERATION_FAILED (no)"
        ),
    ),
    (
        (State.INACTIVE, IMAGE, Undefine.TPM, NO_TPM, FAILED, after(), []),
        Fault(
            "UNDEF-026", "wrong code OPERATION_FAILED", "the call fails with INVALID_ARG or OPERATION_INVALID",
            "it failed with OPERATION_FAILED (no)",
        ),
    ),
    (
        (State.INACTIVE, IMAGE, 0, KNOWN, INVALID, after(snapshots=0, snapshot_names=()), REMOVED),
        Fault(
            "UNDEF-028", "changed snapshots", "everything is as it was before the call",
            "snapshots: was 1, is 0; snapshot names: was kept, is none", ("snapshots", "snapshot names"),
        ),
    ),
    (
        (State.INACTIVE, IMAGE, 0, KNOWN, INVALID, after(), [*REMOVED, "STOPPED (detail 0)"]),
        Fault(
            "UNDEF-028", "sent an event", "no event is sent",
            "the driver sent UNDEFINED (detail 0), STOPPED (detail 0)",
        ),
    ),
    (
        (State.INACTIVE, NONE, 0, KNOWN, INVALID, after(autostart=0), []),
        Fault(
            "UNDEF-001", "refused with OPERATION_INVALID", "the call succeeds", "it failed with OPERATION_INVALID (no)"
        ),
        Fault(
            "UNDEF-028", "changed autostart", "everything is as it was before the call", "autostart: was 1, is 0",
            ("autostart",),
        ),
    ),
    (
        (State.INACTIVE, NONE, 0, KNOWN, None, gone(**{"look-up by name": "u", "listed as a domain": True}), REMOVED),
        Fault(
            "UNDEF-001", "still there", "every look-up and call fails with NO_DOMAIN, and no list shows it",
            "look-up by name is u; listed as a domain is yes", ("look-up by name", "listed as a domain"),
        ),
    ),
    (
        (State.INACTIVE, NONE, 0, KNOWN, None, gone(**{"files on the host": ("a.xml", "b")}), REMOVED),
        Fault(
            "UNDEF-001", "still there: files", "no file of it is on the host", "files on the host: a.xml, b",
            ("files on the host",),
        ),
    ),
    (
        (State.INACTIVE, TPM, Undefine.TPM, KNOWN, None, LEFT_TPM, REMOVED),
        Fault("UNDEF-024", "left TPM state", "no TPM state is left", "TPM state is tpm2", ("TPM state",)),
    ),
    (
        (State.INACTIVE, TPM, Undefine.KEEP_TPM, KNOWN, None, gone(), REMOVED),
        Fault("UNDEF-024", "changed TPM state", "TPM state: kept", "TPM state: was tpm2, is none", ("TPM state",)),
    ),
    (
        (State.INACTIVE, NONE, 0, KNOWN, None, gone(), ["DEFINED (detail 0)"]),
        Fault(
            "UNDEF-029", "other events", "conn gets one UNDEFINED event with the detail REMOVED (0)", "it got none"
        ),
    ),
    (
        (State.INACTIVE, NONE, 0, KNOWN, None, gone(), ["UNDEFINED (detail 1)", *REMOVED]),
        Fault(
            "UNDEF-029", "other events", "conn gets one UNDEFINED event with the detail REMOVED (0)",
            "it got UNDEFINED (detail 1), UNDEFINED (detail 0)",
        ),
    ),
    (
        (State.RUNNING, NONE, 0, KNOWN, None, remainder(id=8, active=0), REMOVED),
        Fault(
            "UNDEF-002", "changed guest", "the guest goes on as it was", "id: was 7, is 8; active: was 1, is 0",
            ("id", "active"),
        ),
    ),
    (
        (State.RUNNING, NONE, 0, KNOWN, None, remainder(persistent=1, listed_as_transient=False), REMOVED),
        Fault(
            "UNDEF-002", "not transient", "the domain is transient",
            "persistent is 1; listed as transient is no", ("persistent", "listed as transient"),
        ),
    ),
    (
        (State.RUNNING, IMAGE, Undefine.MANAGED_SAVE, KNOWN, None,
         remainder(managed_save_image=1, listed_as_having_a_managed_save_image=True), REMOVED),
        Fault(
            "UNDEF-015", "left image", "no image is left",
            "managed save image is 1; listed as having a managed save image is yes", IMAGE_NAMES,
        ),
    ),
    (
        (State.RUNNING, SNAPSHOT, 0, KNOWN, None, remainder(snapshots=0), REMOVED),
        Fault(
            "UNDEF-018", "changed snapshots", "snapshots: kept until it halts, then removed",
            "snapshots: was 1, is 0", ("snapshots",),
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", WORDS, ids=lambda row: f"{row[1].sign}-{row[1].rule}")
def test_a_fault_is_told_whole(row: tuple[Any, ...]) -> None:
    """What was demanded, what was seen and by which questions: each fault of the table says all three."""
    (state, held, flags, taken, failure, view, events), *faults = row
    before = View(RUNNING if state.active else FULL)
    assert judge_call(decide(state, held, flags, taken), "the call", failure, before, view, events) == faults


def test_what_an_heir_inherits_is_told_whole() -> None:
    """The fault names what the new domain holds, also where the old one ran, by the questions that can be asked."""
    (fault,) = judge_heir(
        decide(State.RUNNING, SNAPSHOT, 0), View({"snapshots": 1, "listed as having a snapshot": True})
    )
    assert fault == Fault(
        "UNDEF-018",
        "left snapshots to its heir",
        "a domain defined again holds no snapshots",
        "snapshots is 1; listed as having a snapshot is yes",
        ("snapshots", "listed as having a snapshot"),
    )


def test_what_is_left_after_a_halt_is_told_whole() -> None:
    """What had to go with the guest, and what had to stay, is held against what there was before the call."""
    before, left = View(RUNNING), gone(**{"TPM state": ("tpm2",), "listed as a domain": True})
    assert judge_halted(decide(State.RUNNING, TPM, Undefine.TPM), before, left) == [
        Fault(
            "UNDEF-003",
            "still there after its halt",
            "every look-up and call fails with NO_DOMAIN, and no list shows it",
            "listed as a domain is yes",
            ("listed as a domain",),
        ),
        Fault("UNDEF-024", "left TPM state", "no TPM state is left", "TPM state is tpm2", ("TPM state",)),
    ]
    assert judge_halted(decide(State.RUNNING, TPM, Undefine.KEEP_TPM), before, gone()) == [
        Fault(
            "UNDEF-024",
            "changed TPM state",
            "TPM state: kept, also when it halts",
            "TPM state: was tpm2, is none",
            ("TPM state",),
        )
    ]


def test_an_heir_is_judged_by_its_image_and_metadata_alone() -> None:
    """The state of a TPM that is still there is told of the one that left it, and a refusal leaves no heir."""
    assert judge_heir(decide(State.INACTIVE, TPM, Undefine.TPM), after()) == []
    assert judge_heir(decide(State.INACTIVE, IMAGE, 0), after()) == []


def test_a_remainder_that_is_there_and_has_lost_its_tpm_has_two_faults() -> None:
    """The one does not hide the other."""
    there = gone(**{"listed as a domain": True})
    assert signs(judge_halted(decide(State.RUNNING, TPM, Undefine.KEEP_TPM), View(RUNNING), there)) == {
        "still there after its halt": "UNDEF-003",
        "changed TPM state": "UNDEF-024",
    }
