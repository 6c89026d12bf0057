"""Taking away what the kit made, and nothing else.

A domain is touched only when its name and UUID stand in a ledger *and* it carries the stamp of that ledger's run.
"""

from __future__ import annotations

from collections.abc import Iterable

from conformance.driver.handle import Handle
from conformance.errors import CleanUpFailed
from conformance.flags import Undefine
from conformance.ledger import Owned
from conformance.machine import is_stamped
from conformance.view import INACTIVE_XML

#: VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY, and the same for checkpoints.
METADATA_ONLY = 2


def remove(connection: Handle, owned: Owned, run: str) -> bool:
    """Remove one domain of the kit's with whatever it holds; return whether there was one.

    :raises CleanUpFailed: when it is still there afterwards, or is not the kit's after all.
    """
    found = connection.look("lookupByUUIDString", owned.uuid)
    if found.failure is not None:
        if found.code != "NO_DOMAIN":
            raise CleanUpFailed(f"whether {owned.name} is there cannot be told: {found.failure}")
        return False
    domain: Handle = found.value
    definition = domain.look("XMLDesc", INACTIVE_XML)
    if definition.code == "NO_DOMAIN":
        return False
    if definition.failure is not None or not is_stamped(definition.value, run):
        raise CleanUpFailed(f"{domain.name()} has the UUID of {owned.name} and not its stamp, and was left alone")
    if domain.look("isActive").value == 1:
        domain.look("destroy")
    # A transient domain is gone by now; asking it for more would only collect errors.
    if connection.look("lookupByUUIDString", owned.uuid).failure is None:
        _undefine(domain, definition.value)
    left = connection.look("lookupByUUIDString", owned.uuid)
    if left.failure is None or left.code != "NO_DOMAIN":
        raise CleanUpFailed(f"the domain {owned.name} could not be removed")
    return True


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
