"""What the contract says of each operation of a life: what it comes to, and which rule another course of it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest

from conformance.cell import KINDS
from conformance.decision import State
from conformance.explore.abilities import Abilities
from conformance.explore.life import ON_CONNECTION, Kind, Op
from conformance.explore.model import OF_OTHER, Ending, Prediction, next_edition, predict
from conformance.explore.world import Image, World
from conformance.flags import Undefine
from made_lives import CAN, EVERYTHING

NOTHING = World()
GONE = World(None, handled=True)
INACTIVE = World(State.INACTIVE, handled=True, edition=1)
RUNNING = replace(INACTIVE, state=State.RUNNING, live=1)
PAUSED = replace(RUNNING, state=State.PAUSED)
CREATED = World(State.RUNNING_CREATED, handled=True, live=1)
CREATED_PAUSED = replace(CREATED, state=State.PAUSED_CREATED)
REMAINDER = replace(CREATED, state=State.RUNNING_REMAINDER)
REMAINDER_PAUSED = replace(CREATED, state=State.PAUSED_REMAINDER)
SAVED = replace(INACTIVE, image=Image(paused=False, edition=1))
SAVED_PAUSED = replace(INACTIVE, image=Image(paused=True, edition=1))
BESIDE_IMAGE = replace(RUNNING, image=Image(paused=False, edition=1), live=2)
BESIDE = replace(RUNNING, live=2)
RENAMED = replace(INACTIVE, renamed=True)

FULL = replace(SAVED, snapshot=True, checkpoint=True, autostart=True)
FULL_RUNNING = replace(FULL, state=State.RUNNING, live=1)
#: The words for what a domain holds by which a fault is told.
HOLDINGS = ("image", "snapshots", "checkpoints", "autostart")
DOMAIN = ("place", "run state", "persistence", "definition")


def with_namesake(world: World, state: State = State.INACTIVE) -> World:
    """Return a world in which another domain has the first name."""
    return replace(world, namesake=state)


def said(world: World, kind: Kind, can: Abilities = CAN) -> Prediction:
    """Return what the contract says of an operation that a client can do."""
    prediction = predict(world, Op(kind), can)
    assert prediction is not None
    return prediction


#: What has to succeed, and what there is then.
SUCCEEDS = [
    # A definition is a new one each time, and a domain that was defined anew inherits nothing.
    (NOTHING, Kind.DEFINE, INACTIVE),
    (GONE, Kind.DEFINE, INACTIVE),
    (replace(GONE, renamed=True), Kind.DEFINE, INACTIVE),
    # A definition of a domain that there is leaves what it holds, and its guest with the definition that this has.
    (INACTIVE, Kind.DEFINE, replace(INACTIVE, edition=2)),
    (replace(INACTIVE, edition=2), Kind.DEFINE, INACTIVE),
    (FULL, Kind.DEFINE, replace(FULL, edition=2)),
    (RUNNING, Kind.DEFINE, replace(RUNNING, edition=2)),
    # A transient domain that is defined becomes persistent, and goes on.
    (CREATED, Kind.DEFINE, replace(RUNNING, edition=2, retaken=True)),
    (replace(CREATED, live=2), Kind.DEFINE, replace(BESIDE, retaken=True)),
    (CREATED_PAUSED, Kind.DEFINE, replace(PAUSED, edition=2, retaken=True)),
    (replace(REMAINDER, snapshot=True), Kind.DEFINE, replace(RUNNING, edition=2, snapshot=True, retaken=True)),
    (REMAINDER_PAUSED, Kind.DEFINE, replace(PAUSED, edition=2, retaken=True)),
    # A domain that is created from a definition has none afterwards.
    (NOTHING, Kind.CREATE, CREATED),
    (GONE, Kind.CREATE, CREATED),
    (NOTHING, Kind.CREATE_PAUSED, CREATED_PAUSED),
    # A start uses the image up, and the guest goes on as it was when it was saved.
    (INACTIVE, Kind.START, RUNNING),
    (INACTIVE, Kind.START_PAUSED, PAUSED),
    (SAVED, Kind.START, RUNNING),
    (replace(SAVED, edition=2), Kind.START, replace(RUNNING, edition=2)),
    (SAVED_PAUSED, Kind.START, PAUSED),
    (SAVED, Kind.START_PAUSED, PAUSED),
    # A start past the image throws it away.
    (INACTIVE, Kind.FORCE_BOOT, RUNNING),
    (SAVED_PAUSED, Kind.FORCE_BOOT, RUNNING),
    (replace(SAVED, edition=2), Kind.FORCE_BOOT, replace(RUNNING, edition=2, live=2)),
    # A stop takes the guest, and of a transient domain all; what was persistent stays.
    (RUNNING, Kind.STOP, INACTIVE),
    (replace(PAUSED, edition=2, retaken=True), Kind.STOP, replace(INACTIVE, edition=2)),
    (FULL_RUNNING, Kind.STOP, FULL),
    (CREATED, Kind.STOP, GONE),
    (replace(REMAINDER, snapshot=True), Kind.STOP, GONE),
    (
        with_namesake(replace(REMAINDER_PAUSED, renamed=True)),
        Kind.STOP,
        with_namesake(replace(GONE, renamed=True)),
    ),
    # A guest is suspended and resumed whether it has a definition or not.
    (RUNNING, Kind.SUSPEND, PAUSED),
    (CREATED, Kind.SUSPEND, CREATED_PAUSED),
    (REMAINDER, Kind.SUSPEND, REMAINDER_PAUSED),
    (PAUSED, Kind.RESUME, RUNNING),
    (CREATED_PAUSED, Kind.RESUME, CREATED),
    (REMAINDER_PAUSED, Kind.RESUME, REMAINDER),
    # A managed save puts the guest aside, with the definition that it had.
    (RUNNING, Kind.SAVE, SAVED),
    (PAUSED, Kind.SAVE, SAVED_PAUSED),
    (replace(BESIDE, retaken=True), Kind.SAVE, replace(INACTIVE, image=Image(paused=False, edition=2))),
    (SAVED, Kind.REMOVE_IMAGE, INACTIVE),
    (BESIDE_IMAGE, Kind.REMOVE_IMAGE, BESIDE),
    # Autostart is the definition's.
    (INACTIVE, Kind.AUTOSTART_ON, replace(INACTIVE, autostart=True)),
    (replace(RUNNING, autostart=True), Kind.AUTOSTART_ON, replace(RUNNING, autostart=True)),
    (replace(RUNNING, autostart=True), Kind.AUTOSTART_OFF, RUNNING),
    (INACTIVE, Kind.AUTOSTART_OFF, INACTIVE),
    # Metadata that there is can be deleted.
    (replace(REMAINDER, snapshot=True, checkpoint=True), Kind.DROP_SNAPSHOT, replace(REMAINDER, checkpoint=True)),
    (replace(REMAINDER, snapshot=True, checkpoint=True), Kind.DROP_CHECKPOINT, replace(REMAINDER, snapshot=True)),
    # A domain that holds nothing is renamed, to and fro.
    (INACTIVE, Kind.RENAME, RENAMED),
    (RENAMED, Kind.RENAME, INACTIVE),
    # An older handle reaches a domain under its UUID again, and none where there is none.
    (FULL, Kind.RECONNECT, FULL),
    (FULL, Kind.RESTART, FULL),
    (GONE, Kind.RECONNECT, NOTHING),
    (with_namesake(GONE), Kind.RESTART, with_namesake(NOTHING)),
    # Whoever takes the name that a domain has given up is another domain, and nothing becomes of the first.
    (GONE, Kind.DEFINE_NAMESAKE, with_namesake(GONE)),
    (RENAMED, Kind.DEFINE_NAMESAKE, with_namesake(RENAMED)),
    (with_namesake(GONE), Kind.START_NAMESAKE, with_namesake(GONE, State.RUNNING)),
    (with_namesake(GONE, State.RUNNING), Kind.STOP_NAMESAKE, with_namesake(GONE)),
    (with_namesake(RENAMED), Kind.UNDEFINE_NAMESAKE, RENAMED),
]

#: What drivers may refuse, and what there is when they do not.
MAY_FAIL = [
    # An instance beside the definition: which of the two goes on, the guest's own definition tells.
    (INACTIVE, Kind.CREATE, BESIDE),
    (INACTIVE, Kind.CREATE_PAUSED, replace(BESIDE, state=State.PAUSED)),
    (SAVED, Kind.CREATE, BESIDE_IMAGE),
    # What is so already.
    (PAUSED, Kind.SUSPEND, PAUSED),
    (CREATED, Kind.RESUME, CREATED),
    (INACTIVE, Kind.REMOVE_IMAGE, INACTIVE),
    (REMAINDER, Kind.REMOVE_IMAGE, REMAINDER),
    (REMAINDER, Kind.AUTOSTART_OFF, REMAINDER),
    # What hangs on the driver's disks.
    (INACTIVE, Kind.TAKE_SNAPSHOT, replace(INACTIVE, snapshot=True)),
    (INACTIVE, Kind.TAKE_CHECKPOINT, replace(INACTIVE, checkpoint=True)),
    (replace(REMAINDER, checkpoint=True), Kind.TAKE_SNAPSHOT, replace(REMAINDER, checkpoint=True, snapshot=True)),
    (replace(RUNNING, snapshot=True), Kind.TAKE_CHECKPOINT, replace(RUNNING, checkpoint=True, snapshot=True)),
    # In which states a domain can be renamed.
    (RUNNING, Kind.RENAME, replace(RUNNING, renamed=True)),
    (REMAINDER_PAUSED, Kind.RENAME, replace(REMAINDER_PAUSED, renamed=True)),
    # A rename carries along what a domain holds, or is refused.
    (SAVED, Kind.RENAME, replace(SAVED, renamed=True)),
    (replace(RENAMED, autostart=True), Kind.RENAME, replace(INACTIVE, autostart=True)),
]

#: What has to fail.
FAILS = [
    (with_namesake(GONE), Kind.DEFINE),
    (with_namesake(replace(GONE, renamed=True)), Kind.DEFINE),
    (with_namesake(GONE), Kind.CREATE),
    (RUNNING, Kind.CREATE),
    (REMAINDER, Kind.CREATE_PAUSED),
    (RUNNING, Kind.START),
    (REMAINDER_PAUSED, Kind.START_PAUSED),
    (BESIDE_IMAGE, Kind.FORCE_BOOT),
    (INACTIVE, Kind.STOP),
    (INACTIVE, Kind.SUSPEND),
    (SAVED, Kind.RESUME),
    (INACTIVE, Kind.SAVE),
    (CREATED, Kind.SAVE),
    (REMAINDER, Kind.SAVE),
    (REMAINDER, Kind.AUTOSTART_ON),
    (CREATED_PAUSED, Kind.AUTOSTART_ON),
    (with_namesake(RENAMED), Kind.RENAME),
    (with_namesake(replace(REMAINDER, renamed=True)), Kind.RENAME),
    (INACTIVE, Kind.DEFINE_NAMESAKE),
    (REMAINDER, Kind.DEFINE_NAMESAKE),
]

#: What cannot be done, or would tell nothing.
IS_NONE = [
    (NOTHING, Kind.RECONNECT),
    (NOTHING, Kind.RESTART),
    (NOTHING, Kind.START),
    (NOTHING, Kind.UNDEFINE),
    (with_namesake(NOTHING), Kind.UNDEFINE),
    (GONE, Kind.START_NAMESAKE),
    (GONE, Kind.STOP_NAMESAKE),
    (GONE, Kind.UNDEFINE_NAMESAKE),
    (with_namesake(GONE), Kind.DEFINE_NAMESAKE),
    (with_namesake(GONE), Kind.STOP_NAMESAKE),
    (with_namesake(GONE, State.RUNNING), Kind.START_NAMESAKE),
    (with_namesake(GONE, State.RUNNING), Kind.UNDEFINE_NAMESAKE),
    (GONE, Kind.DROP_SNAPSHOT),
    (GONE, Kind.DROP_CHECKPOINT),
    (INACTIVE, Kind.DROP_SNAPSHOT),
    (replace(INACTIVE, snapshot=True), Kind.DROP_CHECKPOINT),
    (replace(INACTIVE, snapshot=True), Kind.TAKE_SNAPSHOT),
    (replace(INACTIVE, checkpoint=True), Kind.TAKE_CHECKPOINT),
]


def in_words(value: object) -> str:
    """Return a case's world or operation as its name."""
    return str(value) if isinstance(value, World | Kind) else ""


@pytest.mark.parametrize(("world", "kind", "after"), SUCCEEDS, ids=in_words)
def test_what_has_to_succeed(world: World, kind: Kind, after: World) -> None:
    """An operation that libvirt's text promises succeeds, and leaves this."""
    prediction = said(world, kind)
    assert (prediction.ending, prediction.after) == (Ending.SUCCESS, after)


@pytest.mark.parametrize(("world", "kind", "after"), MAY_FAIL, ids=in_words)
def test_what_is_the_drivers_choice(world: World, kind: Kind, after: World) -> None:
    """An operation that libvirt's text leaves to drivers may fail, and leaves this when it does not."""
    prediction = said(world, kind)
    assert (prediction.ending, prediction.after) == (Ending.EITHER, after)


@pytest.mark.parametrize(("world", "kind"), FAILS, ids=in_words)
def test_what_has_to_fail(world: World, kind: Kind) -> None:
    """An operation that cannot be carried out fails, and leaves what there was."""
    prediction = said(world, kind)
    assert (prediction.ending, prediction.after) == (Ending.FAILURE, world)


@pytest.mark.parametrize(("world", "kind"), IS_NONE, ids=in_words)
def test_what_is_no_operation(world: World, kind: Kind) -> None:
    """What no client can do there, or nothing would be learned from, is not done."""
    assert predict(world, Op(kind), CAN) is None


@pytest.mark.parametrize("kind", Kind)
def test_a_second_client_meets_what_the_first_has_left(kind: Kind) -> None:
    """Through another connection the same is said; on a domain that there is not it has no handle to call on."""
    for world in (INACTIVE, RUNNING, REMAINDER):
        assert predict(world, Op(kind, second=True), CAN) == predict(world, Op(kind), CAN)
    if kind not in ON_CONNECTION:
        assert predict(GONE, Op(kind, second=True), CAN) is None
    else:
        assert predict(GONE, Op(kind, second=True), CAN) == predict(GONE, Op(kind), CAN)


def test_a_new_definition_is_never_the_one_that_there_is() -> None:
    """Each definition can be told from that which it replaces, and from that of the guest that runs without one."""
    assert next_edition(NOTHING) == 1
    for edition, live in product((0, 1, 2), repeat=2):
        fresh = next_edition(World(edition=edition, live=live))
        assert fresh in (1, 2)
        assert fresh != (edition or live)


# What hangs on what a driver can hold


def without(*capabilities: str) -> Abilities:
    """Return what a driver can do that lacks some capabilities."""
    return replace(CAN, capabilities=EVERYTHING - set(capabilities))


def test_an_instance_beside_an_image_is_made_where_there_can_be_one() -> None:
    """A driver that holds no image beside a guest is not asked for one; without an image it is asked."""
    can = without("image-beside-guest")
    assert predict(SAVED, Op(Kind.CREATE), can) is None
    assert said(INACTIVE, Kind.CREATE, can) == said(INACTIVE, Kind.CREATE)


def test_a_snapshot_beside_a_checkpoint_is_made_where_there_can_be_one() -> None:
    """A driver that does not hold both at a time is asked for either, and not for the other beside it."""
    can = without("snapshot-beside-checkpoint")
    assert predict(replace(RUNNING, checkpoint=True), Op(Kind.TAKE_SNAPSHOT), can) is None
    assert predict(replace(RUNNING, snapshot=True), Op(Kind.TAKE_CHECKPOINT), can) is None
    for kind in (Kind.TAKE_SNAPSHOT, Kind.TAKE_CHECKPOINT):
        assert said(RUNNING, kind, can) == said(RUNNING, kind)


def test_a_checkpoint_is_made_without_a_guest_where_it_can_be() -> None:
    """A driver that needs a guest for a checkpoint is asked for one beside a guest alone."""
    can = replace(CAN, checkpoint_by_redefine=False)
    assert predict(INACTIVE, Op(Kind.TAKE_CHECKPOINT), can) is None
    assert said(RUNNING, Kind.TAKE_CHECKPOINT, can) == said(RUNNING, Kind.TAKE_CHECKPOINT)
    assert said(INACTIVE, Kind.TAKE_SNAPSHOT, can) == said(INACTIVE, Kind.TAKE_SNAPSHOT)


@pytest.mark.parametrize(
    ("world", "kind", "restored", "unshown"),
    [
        (INACTIVE, Kind.START, False, False),
        (SAVED, Kind.START, True, None),
        (SAVED_PAUSED, Kind.START_PAUSED, True, None),
        (SAVED, Kind.FORCE_BOOT, False, False),
        (with_namesake(GONE), Kind.START_NAMESAKE, False, False),
        (RUNNING, Kind.SUSPEND, None, None),
    ],
    ids=in_words,
)
def test_whether_a_guest_was_restored_is_asked_where_it_is_shown(
    world: World, kind: Kind, restored: bool | None, unshown: bool | None
) -> None:
    """A guest with an image is restored by its next start alone; where drivers do not show that, booting afresh is."""
    assert said(world, kind).restored is restored
    assert said(world, kind, without("restore-shown")).restored is unshown


# Which rule is broken

#: Another ending than the one that is demanded, a failure with another code, a failure that has changed something.
ENDS, CODE, CHANGES = "another ending", "another code", "a change by its failure"

BREAKS: dict[str, list[tuple[World, Kind, Sequence[str]]]] = {
    "UNDEF-001": [
        (with_namesake(GONE), Kind.UNDEFINE_NAMESAKE, (ENDS, f"place{OF_OTHER}")),
    ],
    "UNDEF-003": [
        (REMAINDER, Kind.STOP, (ENDS, "place", "files")),
        (REMAINDER_PAUSED, Kind.STOP, (ENDS, "place", "files")),
    ],
    "UNDEF-004": [
        (REMAINDER, Kind.DEFINE, (ENDS, "run state", "persistence", "guest")),
        (REMAINDER_PAUSED, Kind.DEFINE, (ENDS, "run state", "persistence", "guest")),
    ],
    "UNDEF-006": [
        (GONE, Kind.DEFINE, HOLDINGS),
        (GONE, Kind.DEFINE_NAMESAKE, [f"{holding}{OF_OTHER}" for holding in HOLDINGS]),
        (with_namesake(GONE, State.RUNNING), Kind.STOP_NAMESAKE, [f"{holding}{OF_OTHER}" for holding in HOLDINGS]),
        (
            with_namesake(RENAMED),
            Kind.START_NAMESAKE,
            [f"{what}{OF_OTHER}" for what in (*HOLDINGS, "boot")],
        ),
        (with_namesake(RENAMED), Kind.UNDEFINE_NAMESAKE, [f"{holding}{OF_OTHER}" for holding in HOLDINGS]),
    ],
    "UNDEF-008": [
        (GONE, Kind.DEFINE_NAMESAKE, (*DOMAIN, *HOLDINGS)),
        (with_namesake(GONE), Kind.UNDEFINE_NAMESAKE, (*DOMAIN, *HOLDINGS)),
        (with_namesake(GONE), Kind.START, (ENDS, CODE, CHANGES)),
    ],
    "UNDEF-009": [
        (REMAINDER, Kind.DEFINE, ["autostart"]),
        (RUNNING, Kind.UNDEFINE, ["autostart"]),
        (INACTIVE, Kind.UNDEFINE, ["autostart"]),
        (RUNNING, Kind.STOP, ["autostart"]),
        (REMAINDER, Kind.AUTOSTART_ON, (ENDS, CODE, CHANGES)),
    ],
    "UNDEF-010": [
        (RUNNING, Kind.START, [CHANGES]),
        (RUNNING, Kind.CREATE, (ENDS, CHANGES)),
        (REMAINDER, Kind.CREATE, [ENDS]),
        (with_namesake(GONE), Kind.CREATE, (ENDS, CHANGES)),
        (INACTIVE, Kind.CREATE, [CHANGES]),
        (RUNNING, Kind.RENAME, [CHANGES]),
        (with_namesake(RENAMED), Kind.RENAME, (ENDS, CHANGES)),
        (with_namesake(replace(CREATED, renamed=True)), Kind.RENAME, [ENDS]),
        (SAVED, Kind.RENAME, [CHANGES]),
    ],
    "UNDEF-012": [
        (GONE, Kind.CREATE, ["image"]),
        (INACTIVE, Kind.START, ["boot"]),
    ],
    "UNDEF-016": [
        (SAVED, Kind.START, ("image", "boot")),
        (SAVED, Kind.FORCE_BOOT, ("image", "boot")),
        (INACTIVE, Kind.START, ["image"]),
        (CREATED, Kind.SAVE, (ENDS, CHANGES)),
    ],
    "UNDEF-032": [
        (RUNNING, Kind.RESTART, (ENDS, *DOMAIN, *HOLDINGS)),
        (GONE, Kind.RESTART, (ENDS, *DOMAIN, *HOLDINGS)),
    ],
    "UNDEF-036": [
        (INACTIVE, Kind.DEFINE, HOLDINGS),
        (REMAINDER, Kind.DEFINE, ("image", "snapshots", "checkpoints")),
        (INACTIVE, Kind.RENAME, HOLDINGS),
        (SAVED, Kind.RENAME, HOLDINGS),
        (RUNNING, Kind.RENAME, HOLDINGS),
    ],
    # What no rule speaks of.
    "": [
        (NOTHING, Kind.DEFINE, (ENDS, *HOLDINGS)),
        (NOTHING, Kind.CREATE, (ENDS, "image")),
        (CREATED, Kind.DEFINE, (ENDS, "run state", "persistence", "guest", "autostart")),
        # What UNDEF-010 says of a failure is about persistent domains.
        (REMAINDER, Kind.START, [CHANGES]),
        (CREATED, Kind.CREATE, [CHANGES]),
        (CREATED, Kind.RENAME, (ENDS, CHANGES)),
        (with_namesake(replace(REMAINDER, renamed=True)), Kind.RENAME, [CHANGES]),
        (CREATED, Kind.STOP, (ENDS, "place", "files")),
        (RUNNING, Kind.RECONNECT, (ENDS, *DOMAIN, *HOLDINGS)),
        (RUNNING, Kind.START, (ENDS, CODE)),
        (INACTIVE, Kind.STOP, (ENDS, CODE, CHANGES)),
        (INACTIVE, Kind.SAVE, (ENDS, CODE, CHANGES)),
        (CREATED, Kind.SAVE, [CODE]),
        (with_namesake(GONE), Kind.DEFINE, (ENDS, CODE, CHANGES)),
        (PAUSED, Kind.SUSPEND, (ENDS, CODE, CHANGES)),
        (RENAMED, Kind.DEFINE_NAMESAKE, (*DOMAIN, *HOLDINGS)),
    ],
}


@pytest.mark.parametrize(
    ("rule", "world", "kind", "wrong"),
    [(rule, *case) for rule, cases in BREAKS.items() for case in cases],
    ids=lambda value: value if isinstance(value, str) else in_words(value),
)
def test_what_goes_wrong_breaks_the_rule_about_it(rule: str, world: World, kind: Kind, wrong: Sequence[str]) -> None:
    """Each thing that a driver can do wrong is laid to the rule that speaks of it, or to none."""
    prediction = said(world, kind)
    endings = {ENDS: prediction.rule, CODE: prediction.code_rule, CHANGES: prediction.unchanged}
    assert {what: {**prediction.blames, **endings}.get(what, "") for what in wrong} == dict.fromkeys(wrong, rule)


@pytest.mark.parametrize(
    ("world", "kind", "codes"),
    [
        (REMAINDER, Kind.AUTOSTART_ON, ("OPERATION_INVALID",)),
        (GONE, Kind.START, ("NO_DOMAIN",)),
        (RUNNING, Kind.START, ()),
        (CREATED, Kind.SAVE, ()),
        (INACTIVE, Kind.STOP, ()),
    ],
    ids=in_words,
)
def test_a_code_is_asked_for_where_one_is_named(world: World, kind: Kind, codes: tuple[str, ...]) -> None:
    """A failure has the code that the contract names, or any."""
    assert said(world, kind).codes == codes


UNKNOWN, OPPOSED = 1 << 31, Undefine.NVRAM | Undefine.KEEP_NVRAM


@pytest.mark.parametrize(
    ("flags", "codes", "rules"),
    [
        (0, ("NO_DOMAIN",), ("UNDEF-008",) * 3),
        (Undefine.TPM, ("NO_DOMAIN", "INVALID_ARG"), ("UNDEF-008",) * 3),
        (UNKNOWN, ("INVALID_ARG",), ("UNDEF-025", "UNDEF-025", "UNDEF-008")),
        (UNKNOWN | OPPOSED, ("INVALID_ARG",), ("UNDEF-025", "UNDEF-025", "UNDEF-008")),
        (OPPOSED, (), ("UNDEF-008", "", "UNDEF-008")),
        (Undefine.TPM | Undefine.KEEP_TPM, ("NO_DOMAIN", "INVALID_ARG"), ("UNDEF-008",) * 3),
    ],
    ids=["none", "not taken", "unknown", "unknown and opposed", "opposed", "opposed and not taken"],
)
def test_flags_on_a_stale_handle(flags: int, codes: tuple[str, ...], rules: tuple[str, str, str]) -> None:
    """Unknown flags are found before the domain is looked for; of others drivers may tell either first."""
    can = replace(CAN, taken=CAN.taken & ~Undefine.TPM)
    prediction = predict(GONE, Op(Kind.UNDEFINE_FLAGS, flags), can)
    assert prediction is not None
    assert (prediction.ending, prediction.after, prediction.codes) == (Ending.FAILURE, GONE, codes)
    assert (prediction.rule, prediction.code_rule, prediction.unchanged) == rules


@pytest.mark.parametrize(
    ("world", "flags", "wrong"),
    [
        (INACTIVE, 0, dict.fromkeys(("place", "run state", "persistence"), "UNDEF-001")),
        (RUNNING, 0, dict.fromkeys(("place", "run state", "persistence", "guest"), "UNDEF-002")),
        (replace(RUNNING, snapshot=True), 0, {"snapshots": "UNDEF-018"}),
        (replace(RUNNING, checkpoint=True), 0, {"checkpoints": "UNDEF-018"}),
        (BESIDE_IMAGE, Undefine.MANAGED_SAVE, {"image": "UNDEF-015"}),
        (SAVED, Undefine.MANAGED_SAVE, {"image": "UNDEF-012"}),
    ],
    ids=["inactive", "running", "snapshot", "checkpoint", "image beside a guest", "image"],
)
def test_what_an_undefine_does_wrong_breaks_the_tables_rule(world: World, flags: int, wrong: dict[str, str]) -> None:
    """After an undefine the fate of each thing is the decision table's, and so is the rule about it."""
    prediction = predict(world, Op(Kind.UNDEFINE_FLAGS, flags), CAN)
    assert prediction is not None
    assert prediction.ending is Ending.SUCCESS
    assert {what: prediction.blames.get(what) for what in wrong} == wrong


@pytest.mark.parametrize(
    ("world", "flags", "after"),
    [
        (replace(RUNNING, autostart=True, retaken=True), 0, REMAINDER),
        (PAUSED, 0, REMAINDER_PAUSED),
        (replace(BESIDE_IMAGE, snapshot=True), Undefine.MANAGED_SAVE, replace(REMAINDER, live=2, snapshot=True)),
        (replace(INACTIVE, autostart=True), 0, GONE),
        (with_namesake(RENAMED), 0, with_namesake(replace(GONE, renamed=True))),
    ],
    ids=["running", "paused", "with an image", "inactive", "beside a namesake"],
)
def test_what_an_undefine_leaves(world: World, flags: int, after: World) -> None:
    """The guest goes on with what the driver keeps until it halts, and nothing becomes of anybody else."""
    prediction = predict(world, Op(Kind.UNDEFINE_FLAGS, flags), CAN)
    assert prediction is not None
    assert (prediction.ending, prediction.after) == (Ending.SUCCESS, after)


def test_everything_that_is_blamed_is_something_that_drivers_show() -> None:
    """A rule is found by the words for what differs, so each of these is one by which a fault is told."""
    words = {*KINDS, "files", "guest", "boot"}
    for world, kind, _ in SUCCEEDS + MAY_FAIL:
        blamed = {what.removesuffix(OF_OTHER) for what in said(world, kind).blames}
        assert blamed <= words, (world, kind)
