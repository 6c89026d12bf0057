"""Vices of access control: an access manager is not asked, is asked too late, or its answer is told wrongly."""

from __future__ import annotations

import contextlib
from typing import Any

from conformance.mutants.call import Call, LibvirtError, Memory, is_error, refuse
from conformance.mutants.vice import vice


def _unasked(call: Call) -> Any:
    """Make a call without asking the access manager."""
    return getattr(call.raw, call.method)(*call.args)


@vice("UNDEF-031")
def undefine_asks_for_no_right(call: Call, _memory: Memory) -> Any:
    """Anybody may undefine a domain by the older call."""
    return _unasked(call) if call.denied and call.method == "undefine" else call.go_on()


@vice("UNDEF-031")
def right_is_not_asked_for_with_flags(call: Call, _memory: Memory) -> Any:
    """The right to undefine is asked for only where no flag is given."""
    return _unasked(call) if call.denied and call.flags and not call.flags & ~call.taken else call.go_on()


@vice("UNDEF-031")
def right_is_not_asked_for_while_running(call: Call, _memory: Memory) -> Any:
    """The right to undefine is asked for only where the domain is inactive."""
    return _unasked(call) if call.denied and call.asks_undefine and call.active else call.go_on()


@vice("UNDEF-031")
def image_is_removed_before_the_right_is_asked_for(call: Call, _memory: Memory) -> Any:
    """A denied undefine with MANAGED_SAVE has removed the image before."""
    if call.denied and call.flags & 1 and call.image:
        with contextlib.suppress(LibvirtError):
            call.raw.managedSaveRemove(0)
    return call.go_on()


@vice("UNDEF-031")
def right_is_asked_for_before_the_flags(call: Call, _memory: Memory) -> Any:
    """A caller without the right is told of that in place of a flag that nobody knows."""
    if call.denied and call.asks_undefine and call.flags & ~call.taken:
        refuse("ACCESS_DENIED", "access denied")
    return call.go_on()


@vice("UNDEF-031")
def denial_is_told_as_operation_denied(call: Call, _memory: Memory) -> Any:
    """A denial for want of a right has the code of a read-only connection."""
    try:
        return call.go_on()
    except LibvirtError as error:
        if is_error(error, "ACCESS_DENIED"):
            refuse("OPERATION_DENIED", "operation forbidden")
        raise


@vice("UNDEF-031")
def managed_save_asks_for_no_right(call: Call, _memory: Memory) -> Any:
    """Anybody may take and remove managed save images."""
    return _unasked(call) if call.denied and call.method in ("managedSave", "managedSaveRemove") else call.go_on()


@vice("UNDEF-031")
def definition_asks_for_no_right(call: Call, _memory: Memory) -> Any:
    """Anybody may define a domain anew, and set it to autostart."""
    return _unasked(call) if call.denied and call.method in ("defineXML", "setAutostart") else call.go_on()
