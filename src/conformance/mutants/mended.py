"""The driver on which a vice is put: libvirt's test driver with its own deviations mended.

The test driver breaks rules by itself: it lets a transient domain be undefined and set to autostart, and a domain
that undefine made transient keeps its autostart. A vice against those rules could not be told from that.
Every other driver is left as it is, and a vice on it is judged by what it adds.
"""

from __future__ import annotations

import threading
from typing import Any

from conformance.mutants.call import Call, refuse

#: Looking and acting are one step, as in a driver, also where two threads undefine at once.
_ONE_STEP = threading.Lock()


def mended(call: Call) -> Any:
    """Make a call as the test driver would make it without its deviations."""
    if not _is_deviant(call):
        return call.go_on()
    with _ONE_STEP:
        if call.transient:
            refuse("OPERATION_INVALID", f"cannot {call.method} on a transient domain")
        result = call.go_on()
        if call.undefines and call.raw.autostart():
            call.raw.setAutostart(0)
        return result


def _is_deviant(call: Call) -> bool:
    """Tell whether the test driver's deviations bear on a call."""
    if call.read_only or not (call.asks_undefine or call.method == "setAutostart"):
        return False
    return bool(call.connection.getType() == "TEST") and (call.undefines or call.method == "setAutostart")
