"""Finding out what a driver can do and hold, each with an object of the kit's own.

A capability is absent only when the driver says that it does not support the call (or, where the question is
what a call leads to, when the call leads elsewhere). A driver whose call fails in another way claims the
capability and cannot show it: it counts as present, the evidence says so, and its scenarios turn red.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from conformance.driver.build import Subject
from conformance.driver.cleanup import is_own, remove_all
from conformance.driver.events import DEFINED, Recording
from conformance.driver.findings import Findings
from conformance.driver.firmware import halt_at_once
from conformance.driver.handle import UNSUPPORTED, Handle
from conformance.driver.probe_access import access
from conformance.driver.probe_holdings import checkpoint, files, new_subject, nvram, see_host, snapshot, tpm
from conformance.driver.probe_restart import restart
from conformance.driver.session import Session
from conformance.driver.setbacks import NotReached
from conformance.errors import CannotHost, KitError
from conformance.flags import FORCE_BOOT, Undefine, describe_flags
from conformance.journal import Journal, Outcome
from conformance.machine import EMULATED, NO_SUCH_DISK, Hardware
from conformance.uri import is_local

BOOTED, RESTORED = 1, 3


def probe(session: Session, *, at_once: bool = True) -> Findings:
    """Find out everything about a driver, with guests that start where it offers such.

    :param at_once: whether it may be asked several things at a time.
    :raises KitError: when the driver cannot even hold a definition.
    """
    findings = _probe(session, at_once)
    if findings.start_failure and not session.virt_type and session.machine.type != EMULATED:
        return _probe_emulated(session, findings, at_once)
    return findings


def _probe_emulated(session: Session, findings: Findings, at_once: bool) -> Findings:
    """Probe once more with emulated guests, as those that the driver offers for the hardware do not start here.

    A container shows ``/dev/kvm`` now and then, and lets nobody use it.
    """
    hardware = session.machine.type
    try:
        session.choose(EMULATED)
    except CannotHost:
        return findings
    again = _probe(session, at_once, findings)
    if again.start_failure:
        session.choose("")
        return findings
    shown = f"{again.capabilities['start'].evidence}; of a domain of type {hardware}: {findings.start_failure}"
    again.say("start", again.capabilities["start"].present, shown)
    return again


def _probe(session: Session, at_once: bool, before: Findings | None = None) -> Findings:
    """Ask all questions; those that need a guest are asked side by side, where they may be.

    :param before: what was found with other guests: pools that were made then show the driver's files still.
    """
    findings = Findings() if before is None else Findings(pools=before.pools, through=before.through)
    _definition(session, findings)
    session.pools = findings.pools
    inquiries: list[Callable[[Session, Findings], None]] = [
        halt_at_once, _plain, _run_and_save, _remainder, _restore, _beside, _transient, _to_file,
        checkpoint, files, nvram, tpm, access,
    ]  # fmt: skip
    # The restart of a daemon takes the connections of all others, so it waits for them.
    last = [restart] if session.restarter is not None else []
    inquiries += [] if last else [restart]
    with ThreadPoolExecutor(len(inquiries) if at_once else 1) as pool:
        for _ in pool.map(lambda inquiry: _inquire(inquiry, session, findings), inquiries):
            pass
    for inquiry in last:
        _inquire(inquiry, session, findings)
        session.reconnect()
    findings.follow(("restore-shown", "image-beside-guest"), "managed-save")
    findings.follow(("save-file", "undefine-active"), "start")
    return findings


def _inquire(inquiry: Callable[[Session, Findings], None], session: Session, findings: Findings) -> None:
    """Ask one group of questions, with a journal and a clean-up of its own."""
    own = Session(session.uri, f"{session.worker}{inquiry.__name__}", session.ledger, Journal(), session.virt_type)
    own.share(session)
    try:
        inquiry(own, findings)
    except NotReached as error:
        findings.left.append(f"{inquiry.__name__.strip('_')}: {error}")
    finally:
        own.end_scenario()
        _, failed = remove_all(own.connection, own.made, own.ledger.run)
        findings.left += failed


def _definition(session: Session, findings: Findings) -> None:
    """Ask whether the driver holds a definition, with the stamp by which the kit knows its own."""
    owned = session.new_identity()
    defined = session.define(owned)
    findings.note("define", defined)
    if defined.failure is None:
        shown = defined.value.look("XMLDesc", 0)
        known = shown.ok and is_own(shown.value, owned, session.ledger.run)
        if known:
            # The other questions look there too, and a definition can take a driver half a minute.
            see_host(session, findings, owned)
        defined.value.look("undefine")
        if not known:
            raise KitError(
                "the driver does not keep <metadata>, so the kit could not tell its own domains from others'",
                where="define",
                remedy="nothing was changed; --without-stamp lets the kit know its domains by name and UUID alone",
            )


def _plain(session: Session, findings: Findings) -> None:
    """Ask what needs no running guest."""
    subject = new_subject(session)
    domain = subject.handle
    findings.note("persistence-query", domain.call("isPersistent"))
    set_on = domain.call("setAutostart", 1)
    read = domain.call("autostart")
    findings.note("autostart", read if set_on.ok else set_on, f"autostart {read.value}")
    domain.call("setAutostart", 0)
    once = domain.call("setAutostartOnce", 1)
    read = domain.call("autostartOnce")
    findings.note("autostart-once", read if once.ok else once, f"autostartOnce {read.value}")
    domain.call("setAutostartOnce", 0)
    _connections(session, findings, subject)
    _events(session, findings)
    snapshot(findings, subject)
    _flags(session, findings)
    renamed = new_subject(session)
    free = session.new_identity()
    session.announce(free.name, renamed.owned.uuid)
    findings.note("rename", renamed.handle.call("rename", free.name, 0))


def _connections(session: Session, findings: Findings, subject: Subject) -> None:
    for name, read_only in (("second-connection", False), ("read-only", True)):
        try:
            found = session.connect_extra(read_only=read_only).call("lookupByUUIDString", subject.owned.uuid)
        except NotReached as error:
            findings.say(name, False, str(error))
            continue
        # A driver whose connections are worlds of their own has no second view that could be wrong.
        findings.say(name, found.ok or found.code not in ("NO_DOMAIN", *UNSUPPORTED), f"lookupByUUIDString: {found}")


def _events(session: Session, findings: Findings) -> None:
    recording = Recording(session.connection)
    if not findings.note("events", recording.registered):
        return
    subject = new_subject(session)
    came = recording.wait(subject.owned.uuid, DEFINED, 1, 5.0)
    recording.stop()
    findings.note("events", recording.registered, "a DEFINED event came" if came else "no DEFINED event came in 5 s")


def _flags(session: Session, findings: Findings) -> None:
    """Ask for each flag on a domain that holds nothing: a driver that takes the flag removes the domain."""
    for value in (0, *Undefine):
        outcome = new_subject(session).handle.call("undefineFlags", int(value))
        if not value:
            findings.note("undefine-flags", outcome)
        elif outcome.ok:
            findings.flags.append(Undefine(value))
        if value:
            findings.flag_answers[describe_flags(value)] = "taken" if outcome.ok else str(outcome.failure)


def _run_and_save(session: Session, findings: Findings) -> None:
    """Ask for starting, pausing, managed save, the definition in the image, and starting past the image."""
    domain = new_subject(session).handle
    started, findings.start_seconds = _timed(session, domain, "create")
    if not findings.note("start", started):
        findings.start_failure = str(started)
        _without_guest(session, findings, domain)
        findings.follow(("force-boot",), "managed-save")
        findings.follow(("pause", "managed-save", "managed-save-xml", "force-boot"), "start")
        return
    suspended = domain.call("suspend")
    findings.note("pause", domain.call("resume") if suspended.ok else suspended)
    saved = domain.call("managedSave", 0)
    has = domain.call("hasManagedSaveImage", 0)
    if not findings.note("managed-save", saved, f"hasManagedSaveImage: {has.value}"):
        findings.follow(("managed-save-xml", "force-boot"), "managed-save")
        return
    findings.note("managed-save-xml", domain.call("managedSaveGetXMLDesc", 0))
    forced, seconds = _timed(session, domain, "createWithFlags", FORCE_BOOT)
    if findings.note("force-boot", forced):
        # Other questions are asked meanwhile: what a start takes by itself is the less of two.
        findings.start_seconds = min(findings.start_seconds, seconds)
    if forced.code == "INVALID_ARG":
        findings.say("force-boot", False, f"createWithFlags: {forced.failure}")


def _timed(session: Session, domain: Handle, method: str, *args: int) -> tuple[Outcome, float]:
    """Make a call, and return its outcome and the seconds that it took."""
    before = session.journal.seconds
    return domain.call(method, *args), session.journal.seconds - before


def _without_guest(session: Session, findings: Findings, domain: Handle) -> None:
    """Ask an inactive domain for what takes a guest: a driver that lacks the call says so all the same."""
    for name, method, *args in (
        ("pause", "suspend"),
        ("managed-save", "managedSave", 0),
        ("managed-save-xml", "managedSaveGetXMLDesc", 0),
        ("save-file", "save", str(session.files / "saved")),
    ):
        asked = domain.call(str(method), *args)
        if asked.code in UNSUPPORTED:
            findings.note(str(name), asked)


def _remainder(session: Session, findings: Findings) -> None:
    """Ask whether an active domain can be undefined: one that is refused as it is active is as it was."""
    domain = new_subject(session).handle
    if not domain.call("create").ok:
        return
    undefined = domain.call("undefine")
    active, persistent = domain.call("isActive"), domain.call("isPersistent")
    if undefined.code == "OPERATION_INVALID" and active.value == 1 and persistent.value != 0:
        shown = f"undefine of a running domain: {undefined}; it is as it was, which UNDEF-002 judges"
        findings.say("undefine-active", False, shown)
    else:
        findings.note("undefine-active", undefined, f"isActive: {active.value}, isPersistent: {persistent.value}")


def _restore(session: Session, findings: Findings) -> None:
    """Ask whether a start from an image shows that it was one."""
    domain = new_subject(session).handle
    if domain.call("create").ok and domain.call("managedSave", 0).ok and domain.call("create").ok:
        state = domain.call("state", 0)
        findings.say(
            "restore-shown",
            state.ok and state.value[1] == RESTORED,
            f"state after managedSave and create: {state.value} (reason {RESTORED} is restored, {BOOTED} is booted)",
        )


def _beside(session: Session, findings: Findings) -> None:
    """Ask whether an image stays while a newer instance of the guest runs."""
    subject = new_subject(session)
    if subject.handle.call("create").ok and subject.handle.call("managedSave", 0).ok:
        created = session.connection.call("createXML", subject.xml, 0)
        has = subject.handle.call("hasManagedSaveImage", 0)
        findings.say(
            "image-beside-guest",
            created.code not in UNSUPPORTED and not (created.ok and has.ok and has.value == 0),
            f"createXML after managedSave: {created}; hasManagedSaveImage: {has.value}",
        )


def _transient(session: Session, findings: Findings) -> None:
    """Ask for a transient domain, and for a definition that is accepted and cannot start."""
    owned = session.new_identity()
    findings.note("transient", session.connection.call("createXML", session.definition(owned), 0))
    defined = session.define(session.new_identity(), Hardware(disk=NO_SUCH_DISK))
    started = defined.value.call("create") if defined.failure is None else defined
    findings.say(
        "failing-start",
        defined.ok and not started.ok and started.code not in UNSUPPORTED,
        f"defineXML with a disk that does not exist: {defined}; create: {started}",
    )


def _to_file(session: Session, findings: Findings) -> None:
    """Ask for a save to a file that can be seen from here."""
    if not is_local(session.uri):
        findings.say("save-file", False, "the URI leads to another host, whose files cannot be seen from here")
        return
    domain = new_subject(session).handle
    if domain.call("create").ok:
        file = session.files / "saved"
        saved = domain.call("save", str(file))
        findings.note("save-file", saved, f"the file is {'' if file.is_file() else 'not '}there")
        if saved.ok and not file.is_file():
            findings.say("save-file", False, "save: success; the file is not to be seen from here")


def identity(connection: Handle) -> Iterator[tuple[str, str | int]]:
    """Yield what a driver says of itself."""
    for name, method in (
        ("type", "getType"),
        ("libvirt_version", "getLibVersion"),
        ("hypervisor_version", "getVersion"),
        ("hostname", "getHostname"),
    ):
        outcome = connection.look(method)
        yield name, outcome.value if outcome.ok else ""
