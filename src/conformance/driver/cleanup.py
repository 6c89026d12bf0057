"""Taking away what the kit made, and nothing else.

A domain is touched only when its name and UUID stand in a ledger *and* it carries the stamp of that ledger's run.
Where the caller has agreed to do without stamps, the run's id in its name takes their place.
"""

from __future__ import annotations

from collections.abc import Iterable

from conformance.driver.handle import Handle
from conformance.errors import CleanUpFailed
from conformance.flags import Undefine
from conformance.journal import Outcome
from conformance.ledger import Owned
from conformance.machine import is_called_after, is_stamped
from conformance.view import INACTIVE_XML

#: VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY, and the same for checkpoints.
METADATA_ONLY = 2


def remove(connection: Handle, owned: Owned, run: str) -> bool:
    """Remove one domain of the kit's with whatever it holds; return whether there was one.

    :raises CleanUpFailed: when it is still there afterwards, or is not the kit's after all.
    """
    found = connection.look("lookupByUUIDString", owned.uuid)
    if found.failure is not None:
        if not _is_missing(connection, found, owned):
            raise CleanUpFailed(f"whether {owned.name} is there cannot be told: {found.failure}")
        return False
    domain: Handle = found.value
    definition = domain.look("XMLDesc", INACTIVE_XML)
    if definition.code == "NO_DOMAIN":
        return False
    if definition.failure is not None or not is_own(definition.value, owned, run):
        mark = "stamp" if owned.stamped else "name"
        raise CleanUpFailed(f"{domain.name()} has the UUID of {owned.name} and not its {mark}, and was left alone")
    if domain.look("isActive").value == 1:
        domain.look("destroy")
    # A transient domain is gone by now; asking it for more would only collect errors.
    if connection.look("lookupByUUIDString", owned.uuid).failure is None:
        _undefine(domain, definition.value)
    left = connection.look("lookupByUUIDString", owned.uuid)
    if not _is_missing(connection, left, owned):
        raise CleanUpFailed(f"the domain {owned.name} could not be removed")
    return True


def is_own(definition: str, owned: Owned, run: str) -> bool:
    """Tell whether a definition is of a domain that a run made, by its stamp or by what has to do in its place."""
    return is_stamped(definition, run) or (not owned.stamped and is_called_after(definition, run))


def _is_missing(connection: Handle, found: Outcome, owned: Owned) -> bool:
    """Tell whether a look-up has found that a domain is not there.

    A driver that fails without saying why is asked for its list: there every domain is, or it is missing.
    """
    if found.failure is None or found.code == "NO_DOMAIN":
        return found.failure is not None
    listed = connection.look("listAllDomains", 0)
    return listed.ok and all(domain.UUIDString() != owned.uuid for domain in listed.value)


def _undefine(domain: Handle, definition: str) -> None:
    """Undefine with the flags that the domain's holdings need; where a driver lacks one, remove the holding first."""
    held = {kind: domain.look(f"listAll{kind}", 0).value or [] for kind in ("Snapshots", "Checkpoints")}
    flags = 0
    if domain.look("hasManagedSaveImage", 0).value == 1:
        flags |= Undefine.MANAGED_SAVE
    if held["Snapshots"]:
        flags |= Undefine.SNAPSHOTS_METADATA
    if held["Checkpoints"]:
        flags |= Undefine.CHECKPOINTS_METADATA
    if "<nvram" in definition or "<varstore" in definition or "firmware='efi'" in definition:
        flags |= Undefine.NVRAM
    if "<tpm" in definition:
        flags |= Undefine.TPM
    if domain.look("undefineFlags", int(flags)).ok:
        return
    if flags & Undefine.MANAGED_SAVE:
        domain.look("managedSaveRemove", 0)
    for kind, items in held.items():
        for item in items:
            part = Handle(item, kind, domain.journal)
            if not part.look("delete", METADATA_ONLY).ok:
                part.look("delete", 0)
    domain.look("undefine")


def remove_all(connection: Handle, made: Iterable[Owned], run: str) -> tuple[int, list[str]]:
    """Remove every domain of a list; return how many there were, and what could not be removed."""
    removed, failed = 0, []
    for owned in made:
        try:
            removed += remove(connection, owned, run)
        except CleanUpFailed as error:
            failed.append(error.problem)
    return removed, failed
