"""Vices of handles: a call on the handle of a domain that has vanished does not end as it should."""

from __future__ import annotations

from typing import Any

from conformance.mutants.call import Call, LibvirtError, Memory, is_error, refuse
from conformance.mutants.overlaps import because, gone, halted
from conformance.mutants.vice import vice

_ACTS = ("create", "destroy", "suspend", "setAutostart", "managedSave", "managedSaveRemove")
_NOTHING = {"isPersistent": 0, "autostart": 0, "hasManagedSaveImage": 0, "snapshotNum": 0}


@vice("UNDEF-008")
def looks_up_by_name(call: Call, _memory: Memory) -> Any:
    """A call on a domain finds the domain by its name, so that it reaches another of the name."""
    try:
        return call.go_on()
    except LibvirtError as error:
        if call.on_domain and is_error(error, "NO_DOMAIN"):
            return getattr(call.connection.lookupByName(call.name), call.method)(*call.args)
        raise


@vice("UNDEF-008")
def vanished_undefined_again(call: Call, _memory: Memory) -> Any:
    """Undefine of a domain that has vanished reports success."""
    if call.asks_undefine and not call.read_only and not call.exists and not call.flags & ~call.taken:
        return 0
    return call.go_on()


@vice("UNDEF-008")
def vanished_is_an_invalid_domain(call: Call, _memory: Memory) -> Any:
    """Undefine of a domain that has vanished fails as if the handle were broken."""
    try:
        return call.go_on()
    except LibvirtError as error:
        if call.asks_undefine and is_error(error, "NO_DOMAIN"):
            refuse("INVALID_DOMAIN", "invalid domain pointer")
        raise


@vice("UNDEF-008")
def vanished_refuses_with_the_wrong_code(call: Call, _memory: Memory) -> Any:
    """A call that would change a domain says of one that has vanished that it is not running."""
    try:
        return call.go_on()
    except LibvirtError as error:
        if call.on_domain and call.method in _ACTS and is_error(error, "NO_DOMAIN"):
            refuse("OPERATION_INVALID", "domain is not running")
        raise


@vice("UNDEF-008")
def vanished_answers_with_nothing(call: Call, _memory: Memory) -> Any:
    """A domain that has vanished is said to be transient, without autostart, image and snapshots."""
    try:
        return call.go_on()
    except LibvirtError as error:
        if call.on_domain and call.method in _NOTHING and is_error(error, "NO_DOMAIN"):
            return _NOTHING[call.method]
        raise


@vice(
    "UNDEF-001",
    "UNDEF-008",
    overlaps=gone("UNDEF-008")
    | halted("UNDEF-035")
    | because("it demands that the domain be gone once it has stopped", "UNDEF-003"),
)
def vanished_counts_as_inactive(call: Call, _memory: Memory) -> Any:
    """A domain that has vanished is said to be inactive."""
    try:
        return call.go_on()
    except LibvirtError as error:
        if call.on_domain and call.method == "isActive" and is_error(error, "NO_DOMAIN"):
            return 0
        raise


@vice("UNDEF-008")
def vanished_shows_its_definition(call: Call, memory: Memory) -> Any:
    """The live definition of a domain that has vanished can still be read on the old handle."""
    definition = call.fact("XMLDesc", 0) if call.undefines else None
    try:
        result = call.go_on()
    except LibvirtError:
        if call.method == "XMLDesc" and call.args == (0,) and call.uuid in memory:
            return memory[call.uuid]
        raise
    if definition:
        memory[call.uuid] = definition
    return result


@vice("UNDEF-008")
def handle_dies_with_its_domain(call: Call, memory: Memory) -> Any:
    """A handle whose domain was undefined does not reach the one that is defined again under its UUID."""
    if call.on_domain and call.exists and any(call.raw is dead for dead in memory.get(call.uuid, ())):
        refuse("NO_DOMAIN", "Domain not found")
    undefines = call.undefines and call.inactive
    result = call.go_on()
    if undefines:
        memory.setdefault(call.uuid, []).append(call.raw)
    return result
