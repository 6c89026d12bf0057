"""Vices of the older call: ``undefine`` takes a path of its own, which forgets something."""

from __future__ import annotations

from typing import Any

from conformance.flags import Undefine
from conformance.mutants.call import Call, LibvirtError, Memory, refuse
from conformance.mutants.overlaps import active_undefined, because, gone, guest_untouched, refused
from conformance.mutants.vice import vice


def _older(call: Call) -> bool:
    return call.method == "undefine" and call.undefines


@vice(
    "UNDEF-005",
    "UNDEF-011",
    overlaps=refused("UNDEF-011", "UNDEF-014"),
)
def older_call_forgets_the_image(call: Call, _memory: Memory) -> Any:
    """``undefine`` removes a managed save image without being asked to, and ``undefineFlags`` refuses."""
    if _older(call) and call.image:
        return call.proceed("undefineFlags", int(Undefine.MANAGED_SAVE))
    return call.go_on()


@vice(
    "UNDEF-005",
    overlaps=because("it demands the refusal of each of the two calls", "UNDEF-017"),
)
def older_call_drops_the_snapshots(call: Call, _memory: Memory) -> Any:
    """``undefine`` drops snapshot metadata without being asked to, and ``undefineFlags`` refuses."""
    if _older(call) and call.inactive and call.snapshots:
        return call.proceed("undefineFlags", int(Undefine.SNAPSHOTS_METADATA))
    return call.go_on()


@vice(
    "UNDEF-005",
    overlaps=because("its scenarios undefine domains with autostart by the older call", "UNDEF-006", "UNDEF-009"),
)
def older_call_refuses_autostart(call: Call, _memory: Memory) -> Any:
    """``undefine`` refuses a domain that is set to autostart, and ``undefineFlags`` removes it."""
    if _older(call) and call.fact("autostart"):
        refuse("OPERATION_INVALID", "domain is set to autostart")
    return call.go_on()


@vice(
    "UNDEF-005",
    overlaps=because("it demands NO_DOMAIN of each of the two calls", "UNDEF-008"),
)
def older_call_finds_what_has_vanished(call: Call, _memory: Memory) -> Any:
    """``undefine`` reports success for a domain that has vanished, and ``undefineFlags`` finds none."""
    if call.method == "undefine" and not call.read_only and not call.exists:
        return 0
    return call.go_on()


@vice(
    "UNDEF-005",
    overlaps=active_undefined("UNDEF-013", "UNDEF-020", "UNDEF-026")
    | because("it demands success of each of the two calls", "UNDEF-002"),
)
def older_call_wants_the_guest_stopped(call: Call, _memory: Memory) -> Any:
    """``undefine`` refuses an active domain, and ``undefineFlags`` makes it transient."""
    if _older(call) and call.active:
        refuse("OPERATION_INVALID", "cannot undefine an active domain")
    return call.go_on()


@vice(
    "UNDEF-005",
    overlaps=because("it demands the refusal of each of the two calls", "UNDEF-007"),
)
def older_call_takes_a_transient(call: Call, _memory: Memory) -> Any:
    """``undefine`` reports success for a transient domain, and ``undefineFlags`` refuses it."""
    if _older(call) and call.transient:
        return 0
    return call.go_on()


@vice(
    "UNDEF-005",
    overlaps=gone("UNDEF-008", "UNDEF-013", "UNDEF-017", "UNDEF-020", "UNDEF-026", "UNDEF-035")
    | because("it demands of each of the two calls that the domain be gone", "UNDEF-001"),
)
def older_call_leaves_the_name(call: Call, memory: Memory) -> Any:
    """A look-up by name goes on finding a domain that ``undefine`` removed, and not one that ``undefineFlags`` did."""
    if _older(call) and call.inactive:
        result = call.go_on()
        memory[call.name] = call.raw
        return result
    try:
        return call.go_on()
    except LibvirtError:
        if call.method == "lookupByName" and call.args[0] in memory:
            return memory[call.args[0]]
        raise


@vice(
    "UNDEF-005",
    overlaps=guest_untouched("UNDEF-004", "UNDEF-020")
    | because("it demands of each of the two calls that the guest be as it was", "UNDEF-002"),
)
def newer_call_resumes_a_paused_guest(call: Call, _memory: Memory) -> Any:
    """``undefineFlags`` without flags lets a paused guest run again, and ``undefine`` leaves it."""
    resumes = call.method == "undefineFlags" and call.undefines and call.paused
    result = call.go_on()
    if resumes:
        call.raw.resume()
    return result
