"""Vices against the driver itself: an undefine costs more than the domain."""

from __future__ import annotations

import os
import time
from typing import Any

from conformance.mutants.call import Call, LibvirtError, Memory, refuse
from conformance.mutants.vice import vice

_KNOWN_CONNECTIONS = ("conn", "conn2", "readonly", "denied")


def _answers_nobody_new(call: Call) -> None:
    """Refuse a call on a connection that was opened to see whether the driver lives."""
    if call.raw is call.connection and call.handle.symbol not in _KNOWN_CONNECTIONS:
        refuse("RPC", "Cannot recv data: Connection reset by peer")


@vice("UNDEF-034")
def deaf_after_undefine(call: Call, memory: Memory) -> Any:
    """The driver answers no new connection after an undefine that succeeded."""
    if memory.get("deaf"):
        _answers_nobody_new(call)
    if call.asks_undefine:
        memory["deaf"] = False
    result = call.go_on()
    if call.asks_undefine:
        memory["deaf"] = True
    return result


@vice("UNDEF-034")
def deaf_after_refusal(call: Call, memory: Memory) -> Any:
    """The driver answers no new connection after an undefine that it refused."""
    if memory.get("deaf"):
        _answers_nobody_new(call)
    if call.asks_undefine:
        memory["deaf"] = False
    try:
        return call.go_on()
    except LibvirtError:
        if call.asks_undefine:
            memory["deaf"] = True
        raise


@vice("UNDEF-034")
def lists_nothing_after_undefine(call: Call, memory: Memory) -> Any:
    """The driver cannot list its domains on a new connection after an undefine."""
    if memory.get("deaf") and call.method == "listAllDomains":
        _answers_nobody_new(call)
    if call.asks_undefine:
        memory["deaf"] = True
    return call.go_on()


@vice(ends_process=True)
def hangs(call: Call, _memory: Memory) -> Any:
    """Undefine of a paused domain never returns."""
    if call.undefines and call.paused:
        time.sleep(3600)
    return call.go_on()


@vice(ends_process=True)
def crashes(call: Call, _memory: Memory) -> Any:
    """Undefine of a paused domain ends the driver."""
    if call.undefines and call.paused:
        os.abort()
    return call.go_on()
