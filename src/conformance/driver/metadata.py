"""The documents by which a domain is given the metadata of a snapshot or a checkpoint, of one name for all."""

from __future__ import annotations

#: The name of every snapshot and checkpoint of the kit's.
KEPT = "kept"
#: VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE and VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE.
SNAPSHOT_REDEFINE = 1
CHECKPOINT_REDEFINE = 1


def snapshot_document(flags: int, definition: str) -> str:
    """Return the document of a snapshot, which says all that there is to know where the flags ask for that."""
    said = f"<creationTime>1</creationTime><state>shutoff</state>{definition}" if flags & SNAPSHOT_REDEFINE else ""
    return f"<domainsnapshot><name>{KEPT}</name>{said}</domainsnapshot>"


def checkpoint_document(flags: int, definition: str) -> str:
    """Return the document of a checkpoint, which says all that there is to know where the flags ask for that."""
    disks = f"<disks><disk name='vda' checkpoint='bitmap' bitmap='{KEPT}'/></disks>"
    said = f"<creationTime>1</creationTime>{disks}{definition}" if flags & CHECKPOINT_REDEFINE else ""
    return f"<domaincheckpoint><name>{KEPT}</name>{said}</domaincheckpoint>"
