"""The documents by which a domain is given the metadata of snapshots and checkpoints, of the same names for all."""

from __future__ import annotations

#: The name of the first snapshot and checkpoint that a domain is given, and of the one below it.
KEPT = "kept"
CHILD = "kept-below"
#: VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE and VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE.
SNAPSHOT_REDEFINE = 1
CHECKPOINT_REDEFINE = 1


def snapshot_document(flags: int, definition: str, name: str = KEPT) -> str:
    """Return the document of a snapshot, which says all that there is to know where the flags ask for that."""
    told = f"<creationTime>1</creationTime><state>shutoff</state>{_parent(name)}{definition}"
    return f"<domainsnapshot><name>{name}</name>{told if flags & SNAPSHOT_REDEFINE else ''}</domainsnapshot>"


def checkpoint_document(flags: int, definition: str, name: str = KEPT) -> str:
    """Return the document of a checkpoint, which says all that there is to know where the flags ask for that."""
    disks = f"<disks><disk name='vda' checkpoint='bitmap' bitmap='{name}'/></disks>"
    told = f"<creationTime>1</creationTime>{_parent(name)}{disks}{definition}"
    return f"<domaincheckpoint><name>{name}</name>{told if flags & CHECKPOINT_REDEFINE else ''}</domaincheckpoint>"


def _parent(name: str) -> str:
    """Return what says below which one it lies; what is taken and not redefined lies below the last one anyway."""
    return f"<parent><name>{KEPT}</name></parent>" if name == CHILD else ""
