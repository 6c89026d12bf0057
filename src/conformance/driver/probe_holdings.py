"""Finding out what a driver can hold for a domain beside its definition: metadata, files, the state of a TPM."""

from __future__ import annotations

from dataclasses import replace

from conformance.driver.build import (
    Subject,
    create_checkpoint,
    outfit,
    redefine_checkpoint,
    take_snapshot,
)
from conformance.driver.findings import Findings
from conformance.driver.firmware import FLASH
from conformance.driver.handle import UNSUPPORTED
from conformance.driver.host import MISSING
from conformance.driver.metadata import CHECKPOINT_REDEFINE, SNAPSHOT_REDEFINE
from conformance.driver.pools import survey
from conformance.driver.session import Session
from conformance.driver.setbacks import NotReached
from conformance.journal import Outcome
from conformance.ledger import Owned
from conformance.machine import NO_SUCH_DISK, Hardware
from conformance.situations import Situation
from conformance.uri import in_process, is_local
from conformance.view import INACTIVE_XML, show

#: Filters the snapshots of which libvirt keeps metadata (``VIR_DOMAIN_SNAPSHOT_LIST_METADATA``, since 0.9.5).
WITH_METADATA = 2


def new_subject(session: Session, hardware: Hardware | None = None) -> Subject:
    """Define a domain of the kit's own.

    :raises NotReached: when the driver refuses it.
    """
    owned = session.new_identity()
    xml = session.definition(owned, hardware)
    defined = session.connection.call("defineXML", xml)
    if defined.failure is not None:
        raise NotReached(f"defineXML failed with {defined.failure}")
    return Subject(owned, defined.value, Situation(), xml, hardware or Hardware())


def snapshot(findings: Findings, subject: Subject) -> None:
    """Ask for metadata alone first; where a driver does not know that, for a snapshot."""
    for flags in (SNAPSHOT_REDEFINE, 0):
        try:
            take_snapshot(subject, flags)
        except NotReached as error:
            findings.say("snapshot-metadata", not any(code in str(error) for code in UNSUPPORTED), str(error))
            continue
        # Without the filter a hypervisor's own snapshots count too, of which libvirt keeps nothing to be lost.
        number = subject.handle.call("snapshotNum", WITH_METADATA)
        findings.snapshot_flags = flags
        findings.say(
            "snapshot-metadata",
            bool(number.value),
            f"snapshotCreateXML: success; snapshotNum of those with metadata: {number.value if number.ok else number}",
        )
        return


def checkpoint(session: Session, findings: Findings) -> None:
    """Ask for a checkpoint's metadata alone first; where a driver does not know that, for a checkpoint."""
    evidence: list[str] = []
    for redefine in (True, False):
        try:
            subject = new_subject(session, Hardware(disk=NO_SUCH_DISK))
        except NotReached as error:
            # A driver that takes no such disk can still say that it has no checkpoints at all.
            listed = new_subject(session).handle.call("listAllCheckpoints", 0)
            known = f"a domain with a disk: {error}; listAllCheckpoints: {listed}"
            findings.say("checkpoint-metadata", listed.code not in UNSUPPORTED, known)
            break
        try:
            _take_checkpoint(session, subject, redefine=redefine)
        except NotReached as error:
            evidence.append(str(error))
            continue
        listed = subject.handle.call("listAllCheckpoints", 0)
        findings.checkpoint_by_redefine = redefine
        how = f"with flags {CHECKPOINT_REDEFINE}" if redefine else "on a running domain"
        findings.say("checkpoint-metadata", bool(listed.value), f"checkpointCreateXML {how}: success")
        _both(session, findings, redefine=redefine)
        return
    else:
        absent = all(any(code in text for code in UNSUPPORTED) or "started" in text for text in evidence)
        findings.say("checkpoint-metadata", not absent, "; ".join(evidence))
    findings.follow(("snapshot-beside-checkpoint",), "checkpoint-metadata")


def _take_checkpoint(session: Session, subject: Subject, *, redefine: bool) -> None:
    if redefine:
        redefine_checkpoint(session, subject)
        return
    started = subject.handle.call("create")
    if started.failure is not None:
        raise NotReached(f"a domain with a disk could not be started: {started.failure}")
    create_checkpoint(subject)


def _both(session: Session, findings: Findings, *, redefine: bool) -> None:
    """Ask for a checkpoint beside a snapshot, in the order in which more drivers take them."""
    subject = new_subject(session, Hardware(disk=NO_SUCH_DISK))
    try:
        take_snapshot(subject, SNAPSHOT_REDEFINE)
        _take_checkpoint(session, subject, redefine=redefine)
    except NotReached as error:
        findings.say("snapshot-beside-checkpoint", False, f"a snapshot, then a checkpoint: {error}")
    else:
        findings.say("snapshot-beside-checkpoint", True, "snapshotCreateXML, then checkpointCreateXML: success")


def see_host(session: Session, findings: Findings, owned: Owned) -> None:
    """Find out whether what a driver keeps is on disks that this machine sees, or that a storage pool shows.

    The pools last as long as the run: its other processes look through them too.

    :param owned: a domain of the kit's that is defined.
    """
    if not findings.pools and not in_process(session.uri) and not session.host.answer("kept", owned.uuid, owned.name):
        findings.pools, findings.through = survey(session.connection, session.ledger, owned.uuid, owned.name)


def files(session: Session, findings: Findings) -> None:
    """Ask whether the driver uses files that the kit makes, and keeps files that the kit can see."""
    subject = new_subject(session)
    kept = session.host.answer("kept", subject.owned.uuid, subject.owned.name)
    through = findings.through and f", {findings.through}"
    findings.say(
        "host-evidence",
        bool(kept),
        f"after defineXML: {show(kept)}{through}"
        if kept
        else f"no file named after the domain is to be seen on this machine{through}",
    )
    if _is_here(session, findings, "host-files"):
        _, started = _start(session, Situation(disk=True))
        findings.say("host-files", started.ok, f"create of a domain with a disk that the kit made: {started}")


def _is_here(session: Session, findings: Findings, name: str) -> bool:
    """Tell whether the driver is on this machine; where it is not, say that a capability cannot be seen."""
    if not is_local(session.uri):
        findings.say(name, False, "the URI leads to another host, whose files cannot be seen from here")
        return False
    return True


def _start(session: Session, situation: Situation) -> tuple[Owned, Outcome]:
    """Define a domain with a situation's hardware and start it; return what came of the first call that failed."""
    owned = session.new_identity()
    defined = session.define(owned, outfit(session, owned, situation))
    return owned, defined.value.call("create") if defined.failure is None else defined


def nvram(session: Session, findings: Findings) -> None:
    """Ask for a domain whose nvram file is to be made at the start: who takes no notice of it makes none."""
    if not _is_here(session, findings, "nvram"):
        return
    template = session.files / "template"
    template.write_bytes(bytes(FLASH))
    owned = session.new_identity()
    hardware = outfit(session, owned, Situation(nvram=True, nvram_missing=True))
    defined = session.define(owned, replace(hardware, template=str(template)))
    started = defined.value.call("create") if defined.failure is None else defined
    shown = defined.value.call("XMLDesc", INACTIVE_XML) if defined.failure is None else defined
    if shown.ok and "<nvram" not in shown.value:
        findings.say("nvram", False, "defineXML: success; the definition that the driver shows names no nvram file")
        return
    made = session.host.answer("nvram", owned.uuid, owned.name) != MISSING
    findings.say(
        "nvram",
        made or not (started.ok or started.code in UNSUPPORTED),
        f"create of a domain whose nvram file is to be made: {started}; the file is {'' if made else 'not '}there",
    )


def tpm(session: Session, findings: Findings) -> None:
    """Ask for a domain with an emulated TPM, whose state has to be seen."""
    if not findings.pools and not _is_here(session, findings, "tpm"):
        return
    owned, started = _start(session, Situation(tpm=True))
    state = session.host.answer("tpm", owned.uuid, owned.name)
    findings.say(
        "tpm",
        bool(state),
        f"create of a domain with a TPM: {started}; "
        + (f"state: {show(state)}" if state else "no state of it is to be seen"),
    )
