"""The driver on which a vice is put: libvirt's test driver with its own deviations mended.

The test driver breaks rules by itself: it lets a transient domain be undefined and set to autostart, a domain
that undefine made transient keeps its autostart, and no checkpoint stands in the way, while the flag for them is not
taken. It asks no access manager either. A vice against those rules could not be told from that.
Every other driver is left as it is, and a vice on it is judged by what it adds.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from typing import Any

from conformance.driver.knowledge import Knowledge
from conformance.flags import Undefine
from conformance.mutants.call import Call, LibvirtError, refuse

_CHECKPOINTS = Undefine.CHECKPOINTS_METADATA

#: What a call needs that an access manager denies to somebody who may only look.
_RIGHTS = {
    "undefine": "delete",
    "undefineFlags": "delete",
    "managedSave": "hibernate",
    "managedSaveRemove": "hibernate",
    "defineXML": "write, save",
    "setAutostart": "write",
}
#: Looking and acting are one step, as in a driver, also where two threads undefine at once.
_ONE_STEP = threading.Lock()


def mended(call: Call) -> Any:
    """Make a call as the test driver would make it without its deviations."""
    if call.denied and call.method in _RIGHTS and not call.flags & ~call.taken:
        refuse("ACCESS_DENIED", f"access denied: {_RIGHTS[call.method]}")
    if not _is_deviant(call):
        return call.go_on()
    with _ONE_STEP:
        if call.transient:
            refuse("OPERATION_INVALID", f"cannot {call.method} on a transient domain")
        if call.asks_undefine and call.inactive and call.checkpoints and not call.flags & _CHECKPOINTS:
            refuse("OPERATION_INVALID", "cannot delete inactive domain with checkpoints")
        result = _without_checkpoints_flag(call).go_on()
        if call.asks_undefine:
            # There may be no remainder, or one that another call stops at this moment.
            with contextlib.suppress(LibvirtError):
                if call.raw.autostart():
                    call.raw.setAutostart(0)
        return result


def _is_deviant(call: Call) -> bool:
    """Tell whether the test driver's deviations bear on a call."""
    if call.read_only or not (call.asks_undefine or call.method == "setAutostart"):
        return False
    return bool(call.connection.getType() == "TEST") and not call.flags & ~call.taken


def _without_checkpoints_flag(call: Call) -> Call:
    return replace(call, args=(call.flags & ~_CHECKPOINTS,)) if call.method == "undefineFlags" else call


def as_mended(knowledge: Knowledge, virt_type: str) -> Knowledge:
    """Return what is known of a driver on which a vice is put: mended, the test driver takes a flag more."""
    if virt_type != "test":
        return knowledge
    return replace(knowledge, flags=tuple(flag for flag in Undefine if flag in (*knowledge.flags, _CHECKPOINTS)))
