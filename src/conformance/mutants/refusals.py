"""Vices of refusals: undefine refuses, and says so wrongly, or has done something before it says so."""

from __future__ import annotations

from typing import Any

from conformance.flags import Undefine
from conformance.mutants.call import (
    LIST_PERSISTENT,
    LIST_TRANSIENT,
    LIST_WITH_SNAPSHOT,
    QEMU,
    Call,
    LibvirtError,
    Memory,
    refuse,
)
from conformance.mutants.images import must_refuse, remove_all_the_same
from conformance.mutants.lies import lie
from conformance.mutants.overlaps import because, refused
from conformance.mutants.vice import vice

_DESCRIPTION, _IN_DEFINITION = 0, 2


@vice("UNDEF-027")
def refuses_with_the_wrong_code(call: Call, _memory: Memory) -> Any:
    """Undefine of a domain with an image is refused as an operation that failed."""
    if must_refuse(call):
        refuse("OPERATION_FAILED", "Refusing to undefine while domain managed save image exists")
    return call.go_on()


@vice("UNDEF-027")
def flags_refuse_with_the_wrong_code(call: Call, _memory: Memory) -> Any:
    """Undefine of a domain with an image is refused as an argument that is wrong when another flag is given."""
    if must_refuse(call) and call.flags:
        refuse("INVALID_ARG", "flags do not cover the managed save image")
    return call.go_on()


@vice(
    "UNDEF-028",
    overlaps=refused("UNDEF-028") | because("the removal is told by an event, and a refusal sends none", "UNDEF-029"),
)
def acts_then_refuses(call: Call, _memory: Memory) -> Any:
    """Undefine without MANAGED_SAVE is refused, after image and definition were removed."""
    if must_refuse(call):
        remove_all_the_same(call)
        refuse("OPERATION_INVALID", "Refusing to undefine while domain managed save image exists")
    return call.go_on()


@vice("UNDEF-028")
def refusal_drops_the_snapshots(call: Call, _memory: Memory) -> Any:
    """Undefine with SNAPSHOTS_METADATA drops the snapshots before it refuses for the image."""
    if must_refuse(call) and call.flags & Undefine.SNAPSHOTS_METADATA:
        for snapshot in call.snapshots:
            snapshot.delete()
    return call.go_on()


@vice("UNDEF-028")
def refusal_hides_the_snapshots(call: Call, memory: Memory) -> Any:
    """The list of domains with snapshots does not show a domain any more once undefine has refused it."""
    if must_refuse(call) and call.snapshots:
        memory[call.uuid] = True
    return lie(call, memory, listed={LIST_WITH_SNAPSHOT: False})


@vice("UNDEF-028")
def refusal_drops_the_checkpoints(call: Call, memory: Memory) -> Any:
    """Undefine drops the checkpoints before it refuses for the image."""
    if must_refuse(call):
        memory[call.uuid] = True
    return lie(call, memory, {"listAllCheckpoints": []})


@vice("UNDEF-028")
def refusal_clears_autostart(call: Call, _memory: Memory) -> Any:
    """Undefine clears autostart before it refuses for the image."""
    if must_refuse(call):
        call.raw.setAutostart(0)
    return call.go_on()


@vice(
    "UNDEF-028",
    overlaps=refused("UNDEF-028"),
)
def refusal_changes_the_definition(call: Call, _memory: Memory) -> Any:
    """Undefine writes into the definition of a domain that it has refused to undefine."""
    if must_refuse(call):
        call.raw.setMetadata(_DESCRIPTION, "undefine failed", None, None, _IN_DEFINITION)
    return call.go_on()


@vice(
    "UNDEF-028",
    overlaps=refused("UNDEF-028"),
)
def refusal_forgets_persistence(call: Call, memory: Memory) -> Any:
    """Undefine counts a domain as transient before it refuses for the image."""
    if must_refuse(call):
        memory[call.uuid] = True
    return lie(call, memory, {"isPersistent": 0}, {LIST_PERSISTENT: False, LIST_TRANSIENT: True})


@vice(
    "UNDEF-028",
    overlaps=refused("UNDEF-028") | because("the start is told by an event, and a refusal sends none", "UNDEF-029"),
)
def refusal_starts_the_guest(call: Call, _memory: Memory) -> Any:
    """Undefine resumes the guest from its image when it refuses for the image."""
    try:
        return call.go_on()
    except LibvirtError:
        if must_refuse(call):
            call.raw.create()
        raise


@vice("UNDEF-028", uri=QEMU)
def refusal_damages_the_image(call: Call, memory: Memory) -> Any:
    """Undefine that refuses for the image leaves one from which the guest is not restored."""
    if must_refuse(call):
        memory[call.uuid] = True
    if call.method == "create" and memory.pop(call.uuid, False):
        call.raw.managedSaveRemove(0)
    return call.go_on()
