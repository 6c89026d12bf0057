"""Finding out whether a driver can be restarted from here, and holds over a restart what it held before."""

from __future__ import annotations

from pathlib import Path

from conformance.driver.cleanup import remove_all
from conformance.driver.findings import Findings
from conformance.driver.probe_holdings import new_subject
from conformance.driver.restart import Embedded
from conformance.driver.session import Session
from conformance.journal import Journal
from conformance.roots import MARK, make_root
from conformance.uri import embeds, in_process, root_of

RESTART = "restart"


def restart(session: Session, findings: Findings) -> None:
    """Ask whether a definition is there after a restart of the driver.

    :raises KitError: when the operator's command does not restart it.
    """
    if session.restarter is not None:
        _ask(session, findings, "the operator's command")
        return
    if not in_process(session.uri):
        findings.say(RESTART, False, "no restart command was given")
        return
    uri = session.uri
    if embeds(uri):
        root = Path(root_of(uri))
        if not (root / MARK).is_file():
            findings.say(RESTART, False, "the root was given with the URI, and is in use by this process")
            return
        uri = uri.replace(f"root={root}", f"root={_own_root(session, root)}")
    own = Session(
        uri, f"{session.worker}r", session.ledger, Journal(), session.virt_type, restarter=Embedded(restarts=1)
    )
    try:
        _ask(own, findings, "a new process")
        remove_all(own.connection, own.made, own.ledger.run)
    finally:
        own.close()


def _own_root(session: Session, like: Path) -> Path:
    """Make a root that this process does not have open."""
    # Another may be there from probing with another type of domains.
    name = f"{like.name}r{session.virt_type}"
    root = like.with_name(name)
    session.ledger.announce_root(root)
    return make_root(root.parent, name, like=like)


def _ask(session: Session, findings: Findings, means: str) -> None:
    subject = new_subject(session)
    session.restart()
    found = session.connection.call("lookupByUUIDString", subject.owned.uuid)
    # A driver that forgets definitions when it ends is not one whose restart could bring something back.
    findings.say(
        RESTART, found.code != "NO_DOMAIN", f"defineXML: success; restarted by {means}; lookupByUUIDString: {found}"
    )
