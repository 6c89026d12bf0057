"""Vices of access: a read-only connection can do too much, can do too little, or is told the wrong reason."""

from __future__ import annotations

import contextlib
from typing import Any

from conformance.flags import Undefine
from conformance.mutants.call import QEMU, Call, LibvirtError, Memory, is_error, refuse
from conformance.mutants.vice import vice


def _denied(call: Call) -> bool:
    """Make a call on a read-only connection to see whether the driver denies it."""
    if not call.read_only:
        return False
    try:
        call.go_on()
    except LibvirtError as error:
        return is_error(error, "OPERATION_DENIED")
    return False


def _trusted(call: Call, memory: Memory) -> Any:
    """Make a denied call on the writable connection of the session."""
    writable = memory["writable"]
    if call.raw is call.connection:
        return getattr(writable, call.method)(*call.args)
    if call.on_domain:
        return getattr(writable.lookupByUUIDString(call.uuid), call.method)(*call.args)
    domain = writable.lookupByUUIDString(call.raw.getDomain().UUIDString())
    kind = "snapshot" if hasattr(call.raw, "isCurrent") else "checkpoint"
    return getattr(getattr(domain, f"{kind}LookupByName")(call.raw.getName(), 0), call.method)(*call.args)


def _remember_writable(call: Call, memory: Memory) -> None:
    if not call.read_only:
        memory.setdefault("writable", call.connection)


@vice("UNDEF-030")
def read_only_not_enforced(call: Call, memory: Memory) -> Any:
    """A read-only connection may do everything."""
    _remember_writable(call, memory)
    return _trusted(call, memory) if _denied(call) else call.go_on()


@vice("UNDEF-030")
def read_only_denied_after_acting(call: Call, memory: Memory) -> Any:
    """A call on a read-only connection is denied, after it was carried out."""
    _remember_writable(call, memory)
    if _denied(call):
        with contextlib.suppress(LibvirtError):
            _trusted(call, memory)
    return call.go_on()


@vice("UNDEF-030")
def read_only_denied_with_the_wrong_code(call: Call, _memory: Memory) -> Any:
    """A call on a read-only connection is refused as access that the caller's identity does not have."""
    if _denied(call):
        refuse("ACCESS_DENIED", "access denied")
    return call.go_on()


@vice("UNDEF-030")
def read_only_denied_after_the_flags(call: Call, _memory: Memory) -> Any:
    """The flags of an undefine are checked before the connection is found to be read-only."""
    if call.read_only and call.flags & ~sum(Undefine):
        refuse("INVALID_ARG", f"unsupported flags ({call.flags:#x})")
    return call.go_on()


@vice("UNDEF-030")
def read_only_denied_after_the_look_up(call: Call, _memory: Memory) -> Any:
    """The domain is looked for before the connection is found to be read-only."""
    if call.on_domain and not call.exists and _denied(call):
        refuse("NO_DOMAIN", "no domain with matching uuid")
    return call.go_on()


@vice("UNDEF-030")
def read_only_removes_images(call: Call, memory: Memory) -> Any:
    """A managed save image can be removed on a read-only connection."""
    _remember_writable(call, memory)
    if call.method == "managedSaveRemove" and call.read_only:
        return _trusted(call, memory)
    return call.go_on()


@vice("UNDEF-030")
def read_only_deletes_snapshots(call: Call, memory: Memory) -> Any:
    """Snapshots and checkpoints can be deleted on a read-only connection."""
    _remember_writable(call, memory)
    if call.method == "delete" and call.read_only:
        return _trusted(call, memory)
    return call.go_on()


@vice("UNDEF-030")
def read_only_cannot_read(call: Call, _memory: Memory) -> Any:
    """A read-only connection is denied what only reads."""
    if call.read_only and (call.on_domain or call.method == "listAllDomains"):
        refuse("OPERATION_DENIED", "read only access prevents this")
    return call.go_on()


@vice("UNDEF-030")
def read_only_hears_no_events(call: Call, _memory: Memory) -> Any:
    """A read-only connection is denied to register for events."""
    if call.read_only and call.method == "domainEventRegisterAny":
        refuse("OPERATION_DENIED", "read only access prevents this")
    return call.go_on()


@vice("UNDEF-030", uri=QEMU)
def read_only_cannot_see_images(call: Call, _memory: Memory) -> Any:
    """A read-only connection is denied the definition inside a managed save image."""
    if call.read_only and call.method == "managedSaveGetXMLDesc":
        refuse("OPERATION_DENIED", "read only access prevents this")
    return call.go_on()


@vice("UNDEF-030")
def reading_starts_the_domain(call: Call, memory: Memory) -> Any:
    """A question on a read-only connection wakes the domain up."""
    _remember_writable(call, memory)
    if call.read_only and call.method in ("state", "XMLDesc") and not call.active:
        memory["writable"].lookupByUUIDString(call.uuid).create()
    return call.go_on()
