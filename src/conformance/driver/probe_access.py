"""Finding out whether a connection with fewer rights is denied what it has no right to."""

from __future__ import annotations

from conformance.driver.findings import Findings
from conformance.driver.probe_holdings import new_subject
from conformance.driver.session import Session

ACCESS_CONTROL = "access-control"
#: Calls that change something, each by another right, in an order in which the one leaves the domain to the next.
_CALLS = (("setAutostart", 0), ("managedSave", 0), ("undefine",))


def access(session: Session, findings: Findings) -> None:
    """Ask whether the connection that the operator named finds a domain of the kit's and is denied changes to it.

    :raises KitError: when the connection cannot be opened.
    """
    if not session.denied_uri:
        findings.say(ACCESS_CONTROL, False, "no connection with fewer rights was given")
        return
    subject = new_subject(session)
    found = session.connect_denied().call("lookupByUUIDString", subject.owned.uuid)
    if found.failure is not None:
        findings.say(ACCESS_CONTROL, False, f"lookupByUUIDString on the connection with fewer rights: {found}")
        return
    answers = {method: found.value.call(method, *args) for method, *args in _CALLS}
    # One denial shows that rights are asked for; a call that is allowed all the same is for the scenarios to find.
    denied = any(outcome.code == "ACCESS_DENIED" for outcome in answers.values())
    evidence = "; ".join(f"{method}: {outcome}" for method, outcome in answers.items())
    findings.say(ACCESS_CONTROL, denied, f"on the connection with fewer rights: {evidence}")
