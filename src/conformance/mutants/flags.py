"""Vices of flags: one that nobody knows, or that the driver does not take, is let through, or checked too late."""

from __future__ import annotations

import contextlib
from typing import Any

from conformance.flags import OPPOSITES, Undefine
from conformance.mutants.call import QEMU, Call, LibvirtError, Memory, refuse
from conformance.mutants.overlaps import because
from conformance.mutants.vice import vice

_SUCH_FLAGS = "a scenario of its gives such flags too, and demands that they be refused, or do all that they ask for"
_KNOWN = sum(Undefine)
_BIT_31 = 1 << 31


def _unknown(call: Call) -> int:
    """Return the bits of an undefine that libvirt does not define."""
    return 0 if call.read_only else call.flags & ~_KNOWN


def _untaken(call: Call) -> int:
    """Return the flags of an undefine that libvirt defines and the driver does not take, unless others are worse."""
    return 0 if call.read_only or call.flags & ~_KNOWN else call.flags & ~call.taken


# Unknown flags


@vice("UNDEF-025")
def unknown_flag_ignored(call: Call, _memory: Memory) -> Any:
    """A flag bit that libvirt does not define is ignored."""
    if _unknown(call):
        return call.proceed("undefineFlags", call.flags & _KNOWN)
    return call.go_on()


@vice("UNDEF-025")
def unknown_flag_ignored_beside_known(call: Call, _memory: Memory) -> Any:
    """A flag bit that libvirt does not define is ignored beside one that it does."""
    if _unknown(call) and call.flags & _KNOWN:
        return call.proceed("undefineFlags", call.flags & _KNOWN)
    return call.go_on()


@vice("UNDEF-025")
def unknown_flag_ignored_while_running(call: Call, _memory: Memory) -> Any:
    """A flag bit that libvirt does not define is ignored for an active domain."""
    if _unknown(call) and call.active:
        return call.proceed("undefineFlags", call.flags & _KNOWN)
    return call.go_on()


@vice("UNDEF-025")
def bit_31_ignored(call: Call, _memory: Memory) -> Any:
    """The highest flag bit is ignored, as a signed number has none there."""
    if _unknown(call):
        return call.proceed("undefineFlags", call.flags & ~_BIT_31)
    return call.go_on()


@vice("UNDEF-025")
def flags_checked_after_look_up(call: Call, _memory: Memory) -> Any:
    """The domain is looked for before the flags are checked."""
    if _unknown(call) and not call.exists:
        refuse("NO_DOMAIN", "no domain with matching uuid")
    return call.go_on()


@vice("UNDEF-025")
def unknown_flag_has_the_wrong_code(call: Call, _memory: Memory) -> Any:
    """A flag bit that libvirt does not define fails as an argument that the driver does not support."""
    if _unknown(call):
        refuse("ARGUMENT_UNSUPPORTED", f"unsupported flags ({call.flags:#x})")
    return call.go_on()


@vice("UNDEF-025")
def unknown_flag_found_after_acting(call: Call, _memory: Memory) -> Any:
    """MANAGED_SAVE removes the image before a flag bit beside it is found to be unknown."""
    if _unknown(call) and call.flags & Undefine.MANAGED_SAVE and call.image:
        call.raw.managedSaveRemove(0)
    return call.go_on()


# Flags that the driver does not take


@vice("UNDEF-026")
def untaken_flag_has_the_wrong_code(call: Call, _memory: Memory) -> Any:
    """A flag that the driver does not take fails as an argument that it does not support."""
    if _untaken(call):
        refuse("ARGUMENT_UNSUPPORTED", f"unsupported flags ({call.flags:#x})")
    return call.go_on()


@vice(
    "UNDEF-026",
    overlaps=because(_SUCH_FLAGS, "UNDEF-028"),
)
def untaken_flag_reports_success(call: Call, _memory: Memory) -> Any:
    """Undefine of an inactive domain with a flag that the driver does not take reports success and does nothing."""
    if _untaken(call) and call.inactive and not call.image:
        return 0
    return call.go_on()


@vice(
    "UNDEF-026",
    overlaps=because(_SUCH_FLAGS, "UNDEF-028"),
)
def untaken_flag_found_after_acting(call: Call, _memory: Memory) -> Any:
    """The domain is undefined before one of the flags is found to be none that the driver takes."""
    if _untaken(call) and not call.image:
        with contextlib.suppress(LibvirtError):
            call.raw.undefine()
    return call.go_on()


@vice("UNDEF-026")
def untaken_flag_ignored_while_running(call: Call, _memory: Memory) -> Any:
    """A flag that the driver does not take is ignored for an active domain."""
    if _untaken(call) and call.active:
        return call.proceed("undefineFlags", call.flags & call.taken)
    return call.go_on()


@vice(
    "UNDEF-026",
    overlaps=because("it gives the flag for an active domain, too, and demands success", "UNDEF-018", "UNDEF-020"),
)
def taken_flag_refused_while_running(call: Call, _memory: Memory) -> Any:
    """SNAPSHOTS_METADATA is taken for an inactive domain and not for an active one."""
    if call.undefines and call.flags & Undefine.SNAPSHOTS_METADATA and call.active and not call.transient:
        refuse("INVALID_ARG", f"unsupported flags ({call.flags:#x})")
    return call.go_on()


@vice(
    "UNDEF-026",
    overlaps=because("it gives the flag for a domain that holds nothing, too, and demands success", "UNDEF-020"),
)
def taken_flag_does_nothing(call: Call, _memory: Memory) -> Any:
    """SNAPSHOTS_METADATA for a domain that has no snapshots reports success and does nothing."""
    holds_nothing = call.inactive and not call.metadata and not call.image
    if call.undefines and call.flags == Undefine.SNAPSHOTS_METADATA and holds_nothing:
        return 0
    return call.go_on()


# Opposite flags


@vice("UNDEF-022", uri=QEMU)
def opposite_flags_cancel_each_other_out(call: Call, _memory: Memory) -> Any:
    """A flag and its opposite together count as if neither were given."""
    flags = call.flags
    for pair in (int(one | other) for one, other in OPPOSITES.items()):
        flags &= ~pair if flags & pair == pair else ~0
    return call.proceed("undefineFlags", flags) if flags != call.flags and not call.read_only else call.go_on()
