"""Bringing a domain into a situation, and making sure that it is in it.

Whatever fails here says nothing about the rule that a scenario is for, so it raises :class:`NotReached`:
the driver claims what the situation takes, and did not show it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from conformance.driver.cleanup import METADATA_ONLY
from conformance.driver.firmware import FLASH, HALTING
from conformance.driver.handle import Handle
from conformance.driver.host import MISSING
from conformance.driver.knowledge import Knowledge
from conformance.driver.metadata import CHECKPOINT_REDEFINE, CHILD, KEPT, checkpoint_document, snapshot_document
from conformance.driver.observe import ask, is_missing, observe
from conformance.driver.session import Session
from conformance.driver.setbacks import NotReached
from conformance.flags import Undefine
from conformance.journal import Outcome
from conformance.ledger import Owned
from conformance.machine import NO_SUCH_DISK, Hardware
from conformance.situations import Situation
from conformance.view import ASPECTS, Answer, View, show

RUNNING, PAUSED, SHUT_OFF = "1", "3", "5"
# Contents that an emulator would not come to by itself.
_NVRAM = b"variables of the conformance kit".ljust(FLASH, b"\xff")
_DISK = b"a disk of the conformance kit".ljust(1 << 16, b"\0")


@dataclass
class Subject:
    """A domain of a scenario's: its identity, the handle that the scenario holds, and how it was made."""

    owned: Owned
    handle: Handle
    situation: Situation
    xml: str
    hardware: Hardware = field(default_factory=Hardware)
    file: Path | None = None
    snapshot: Handle | None = None
    checkpoint: Handle | None = None
    view: View = field(default_factory=lambda: View({}))


def reached(what: str, outcome: Outcome) -> Outcome:
    """Return an outcome that is a success.

    :raises NotReached: when it is an error.
    """
    if outcome.failure is not None:
        raise NotReached(f"{what}: {outcome.call} failed with {outcome.failure}")
    return outcome


def build(session: Session, situation: Situation, knowledge: Knowledge, *, name: str = "") -> Subject:
    """Make a domain and bring it into a situation.

    :param name: a name of the kit's to use again.
    :raises NotReached: when a call on the way fails, or when what was reached is something else.
    """
    owned = session.new_identity(name)
    situation = situation.within(knowledge.capabilities)
    if situation.transient == "created":
        subject = _create_transient(session, owned, situation, knowledge)
    else:
        subject = _define(session, owned, situation)
        _fill(session, subject, situation, knowledge)
    if situation.state == "paused":
        reached("pausing the domain", subject.handle.call("suspend"))
    if situation.transient == "undefined":
        _leave_remainder(subject, situation)
    if situation.state == "vanished":
        reached("making the domain vanish", subject.handle.call("undefine"))
    verify(session, subject, knowledge)
    return subject


def _create_transient(session: Session, owned: Owned, situation: Situation, knowledge: Knowledge) -> Subject:
    # A checkpoint is of a disk, and there is no definition from which the disk could be taken away again.
    hardware = outfit(session, owned, replace(situation, disk=situation.disk or situation.checkpoint))
    xml = session.definition(owned, hardware)
    created = reached("creating a transient domain", session.connection.call("createXML", xml, 0))
    subject = Subject(owned, created.value, situation, xml, hardware)
    if situation.snapshot:
        subject.snapshot = take_snapshot(subject, knowledge.snapshot_flags)
    if situation.checkpoint:
        by_redefine = knowledge.checkpoint_by_redefine
        subject.checkpoint = _redefine_checkpoint(subject) if by_redefine else create_checkpoint(subject)
    return subject


def _leave_remainder(subject: Subject, situation: Situation) -> None:
    if situation.nvram:
        outcome = subject.handle.call("undefineFlags", int(Undefine.KEEP_NVRAM))
    else:
        outcome = subject.handle.call("undefine")
    reached("making the domain transient", outcome)


def _define(session: Session, owned: Owned, situation: Situation) -> Subject:
    hardware = outfit(session, owned, situation)
    # A checkpoint is of a disk, which no host needs to have.
    needs_any_disk = (situation.checkpoint and not hardware.disk) or situation.cannot_start
    xml = session.definition(owned, replace(hardware, disk=NO_SUCH_DISK) if needs_any_disk else hardware)
    defined = reached("defining a domain", session.connection.call("defineXML", xml))
    return Subject(owned, defined.value, situation, xml, hardware)


def outfit(session: Session, owned: Owned, situation: Situation) -> Hardware:
    """Make the files that a situation's hardware takes, and return the hardware.

    :raises NotReached: when they cannot be written.
    """
    hardware = Hardware(tpm=situation.tpm, tpm_state=situation.tpm_state)
    try:
        if situation.disk:
            hardware = replace(hardware, disk=_write(session, owned, "disk", _DISK))
        if situation.nvram:
            loader = _write(session, owned, "loader", HALTING)
            hardware = replace(hardware, loader=loader, nvram=str(session.files / f"{owned.uuid}.nvram"))
            if not situation.nvram_missing:
                _write(session, owned, "nvram", _NVRAM)
    except OSError as error:
        raise NotReached(f"a file for the domain could not be made ({error.strerror})") from None
    return hardware


def _write(session: Session, owned: Owned, kind: str, content: bytes) -> str:
    path = session.files / f"{owned.uuid}.{kind}"
    path.write_bytes(content)
    session.written.append(path.name)
    return str(path)


def _fill(session: Session, subject: Subject, situation: Situation, knowledge: Knowledge) -> None:
    """Give a defined domain what the situation says that it holds, and its run state."""
    domain = subject.handle
    if situation.autostart:
        reached("setting autostart", domain.call("setAutostart", 1))
    if situation.autostart_once:
        reached("setting autostart once", domain.call("setAutostartOnce", 1))
    if situation.snapshot:
        subject.snapshot = take_snapshot(subject, knowledge.snapshot_flags)
    if situation.checkpoint and knowledge.checkpoint_by_redefine:
        subject.checkpoint = redefine_checkpoint(session, subject)
    has_run = (
        situation.image
        or situation.saved_to_file
        or situation.tpm
        or (situation.checkpoint and not knowledge.checkpoint_by_redefine)
    )
    if has_run or situation.active:
        reached("starting the domain", domain.call("create"))
    if situation.checkpoint and not knowledge.checkpoint_by_redefine:
        subject.checkpoint = create_checkpoint(subject)
    if situation.saved_to_file:
        subject.file = session.files / "saved"
        reached("saving to a file", domain.call("save", str(subject.file)))
    elif situation.image:
        if situation.image_of_paused:
            reached("pausing the domain", domain.call("suspend"))
        reached("taking a managed save image", domain.call("managedSave", 0))
    elif has_run and not situation.active:
        reached("stopping the domain", domain.call("destroy"))
    if situation.active and situation.image:
        reached("creating the domain beside its image", session.connection.call("createXML", subject.xml, 0))
    elif situation.active and situation.saved_to_file:
        reached("starting the domain again", domain.call("create"))


def take_snapshot(subject: Subject, flags: int) -> Handle:
    """Give a domain a snapshot's metadata, without touching a disk where the driver can."""
    return _give_metadata(subject, "taking a snapshot", "snapshotCreateXML", snapshot_document, flags)


def redefine_checkpoint(session: Session, subject: Subject) -> Handle:
    """Give an inactive domain a checkpoint's metadata, then take away the disk that it needed, as no host has it."""
    made = _redefine_checkpoint(subject)
    subject.xml = session.definition(subject.owned, subject.hardware)
    reached("defining the domain without its disk", session.connection.call("defineXML", subject.xml))
    return made


def _redefine_checkpoint(subject: Subject) -> Handle:
    what = "redefining a checkpoint"
    return _give_metadata(subject, what, "checkpointCreateXML", checkpoint_document, CHECKPOINT_REDEFINE)


def retake_metadata(session: Session, subject: Subject, knowledge: Knowledge) -> None:
    """Give an inactive domain once more what it has lost of its metadata, where that takes no guest.

    :raises NotReached: when a call on the way fails.
    """
    domain = subject.handle
    if subject.situation.snapshot and not domain.look("snapshotNum", 0).value:
        # Drivers take no snapshot beside a checkpoint, only the other way round.
        for checkpoint in domain.look("listAllCheckpoints", 0).value or ():
            Handle(checkpoint, "checkpoint", subject.handle.journal).look("delete", METADATA_ONLY)
        subject.snapshot = take_snapshot(subject, knowledge.snapshot_flags)
    if subject.situation.checkpoint and knowledge.checkpoint_by_redefine:
        if domain.look("listAllCheckpoints", 0).value:
            return
        subject.xml = session.definition(subject.owned, replace(subject.hardware, disk=NO_SUCH_DISK))
        reached("defining the domain with a disk", session.connection.call("defineXML", subject.xml))
        subject.checkpoint = redefine_checkpoint(session, subject)


def create_checkpoint(subject: Subject) -> Handle:
    """Give a running domain a checkpoint."""
    return _give_metadata(subject, "taking a checkpoint", "checkpointCreateXML", checkpoint_document, 0)


def _give_metadata(
    subject: Subject, what: str, method: str, document: Callable[[int, str, str], str], flags: int
) -> Handle:
    """Give a domain each snapshot, or each checkpoint, that its situation names; return the first."""
    made: list[Handle] = [
        reached(what, subject.handle.call(method, document(flags, subject.xml, name), flags)).value
        for name in names_of_metadata(subject.situation)
    ]
    return made[0]


def names_of_metadata(situation: Situation) -> tuple[str, ...]:
    """Return the names of a domain's snapshots, or of its checkpoints, where it has such: the first made first."""
    return (KEPT, CHILD) if situation.child else (KEPT,)


def expected(situation: Situation) -> Mapping[str, Answer]:
    """Return the answers by which a situation is known."""
    states = {"running": RUNNING, "paused": PAUSED, "inactive": SHUT_OFF}
    answers: dict[str, Answer] = {
        "state": states[situation.state],
        "active": int(situation.active),
        "persistent": int(not situation.transient),
        "autostart": int(situation.autostart),
        "autostart once": int(situation.autostart_once),
        "managed save image": int(situation.image),
        "listed as having a managed save image": situation.image,
        "snapshot names": names_of_metadata(situation) if situation.snapshot else (),
        "checkpoint names": names_of_metadata(situation) if situation.checkpoint else (),
    }
    if situation.nvram_missing:
        answers["nvram file"] = MISSING
    if situation.saved_to_file:
        # Whether a file of the caller's counts as an image is what the scenarios with one are about.
        del answers["managed save image"], answers["listed as having a managed save image"]
    return answers


def undefine_with_all(session: Session, subject: Subject, knowledge: Knowledge) -> None:
    """Undefine a domain with the flags that its holdings need, of those that the driver takes.

    :raises NotReached: when the domain is still there afterwards.
    """
    situation = subject.situation
    held = {
        Undefine.MANAGED_SAVE: situation.image,
        Undefine.SNAPSHOTS_METADATA: situation.snapshot,
        Undefine.CHECKPOINTS_METADATA: situation.checkpoint,
        Undefine.NVRAM: situation.nvram,
        Undefine.TPM: situation.tpm,
    }
    flags = sum(flag for flag, holds in held.items() if holds and flag in knowledge.flags)
    if flags:
        reached("undefining the domain", subject.handle.call("undefineFlags", flags))
    else:
        reached("undefining the domain", subject.handle.call("undefine"))
    subject.situation = Situation("vanished")
    verify(session, subject, knowledge)


def verify(session: Session, subject: Subject, knowledge: Knowledge) -> None:
    """Make sure that a domain is in its situation, and keep what it looks like.

    :raises NotReached: when the driver shows something else.
    """
    situation = subject.situation
    if situation.state == "vanished":
        subject.view = View({})
        for aspect in ASPECTS[:2]:
            found = ask(
                session.connection, subject.handle, session.host, aspect, subject.owned.uuid, subject.owned.name
            )
            if not is_missing(found):
                raise NotReached(f"the domain was undefined, and the {aspect.name} answers {show(found)}")
        return
    subject.view = observe(session.connection, subject.handle, knowledge.capabilities, session.host)
    for name, wanted in expected(situation).items():
        answer = subject.view.get(name)
        if name == "state" and isinstance(answer, tuple):
            answer = answer[0]
        if answer is not None and answer != wanted:
            raise NotReached(f"{name} is {show(answer)} where it has to be {show(wanted)}")
    if situation.nvram and not situation.nvram_missing and subject.view.get("nvram file") == MISSING:
        raise NotReached("the nvram file was made, and is not there")
    if situation.tpm and not subject.view.get("TPM state"):
        raise NotReached("the domain ran with a TPM, and no state of it is to be seen on the host")
    if subject.file is not None and not subject.file.is_file():
        raise NotReached(f"the driver saved to a file, and {subject.file.name} is not there")
