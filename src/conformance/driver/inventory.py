"""Everything on a connection that is not the kit's, before and after: the proof that nothing else was touched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from conformance.driver.handle import Handle
from conformance.ledger import PREFIX
from conformance.view import INACTIVE_XML

#: Kinds of object beside domains: how they are listed.
_KINDS = {
    "network": "listAllNetworks",
    "storage pool": "listAllStoragePools",
    "network filter": "listAllNWFilters",
    "secret": "listAllSecrets",
}

Inventory = dict[str, str]


def take(connection: Handle, run: str) -> Inventory:
    """Return a line for each object of others: what it is, and a digest of what must not have changed.

    The objects of other runs of the kit are others' objects too; only this run's are left out.
    """
    own = f"{PREFIX}-{run}-"
    found: Inventory = {}
    for domain in connection.look("listAllDomains", 0).value or ():
        handle = Handle(domain, "dom", connection.journal)
        if not handle.name().startswith(own):
            found[f"domain {handle.name()} {handle.uuid()}"] = _domain(handle)
    for kind, method in _KINDS.items():
        for item in connection.look(method, 0).value or ():
            if _name(item).startswith(own):
                continue
            found[f"{kind} {_name(item)}"] = _digest(_definition(item, connection, kind))
    return found


def _domain(handle: Handle) -> str:
    """Return what must not change of a domain: its definition, whether it stays, and what it holds."""
    definition = handle.look("XMLDesc", INACTIVE_XML).value or ""
    facts = {
        "persistent": handle.look("isPersistent").value,
        "active": handle.look("isActive").value,
        "autostart": handle.look("autostart").value,
        "image": handle.look("hasManagedSaveImage", 0).value,
        "snapshots": handle.look("snapshotNum", 0).value,
    }
    return " ".join([_digest(definition), *(f"{name}={value}" for name, value in facts.items())])


def _name(item: Any) -> str:
    return str(item.usageID() or item.UUIDString()) if hasattr(item, "usageID") else str(item.name())


def _definition(item: Any, connection: Handle, kind: str) -> str:
    # A running pool's definition holds how full it is, which others may change.
    if kind == "storage pool":
        return str(item.UUIDString())
    return str(Handle(item, kind, connection.journal).look("XMLDesc", 0).value or "")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return a sentence for each object of others that came, went or changed."""
    return [
        *(f"{name} is gone" for name in before if name not in after),
        *(f"{name} is new" for name in after if name not in before),
        *(f"{name} has changed" for name, facts in before.items() if name in after and after[name] != facts),
    ]
