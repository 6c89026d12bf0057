"""Vices of autostart: it outlives the definition that it belongs to, or goes before it."""

from __future__ import annotations

from typing import Any

from conformance.mutants.call import LIST_WITH_AUTOSTART, Call, Memory, refuse
from conformance.mutants.lies import lie
from conformance.mutants.vice import vice


def _remember_autostart(call: Call, memory: Memory) -> None:
    """Note in the memory that the call, an undefine, concerns a domain that is set to autostart."""
    if call.undefines and call.fact("autostart") and not call.image:
        memory[call.uuid] = True


def _remember_remainder(call: Call, memory: Memory) -> None:
    """Note a domain that is undefined while it runs and is set to autostart, for as long as it runs."""
    if call.active:
        _remember_autostart(call, memory)
    if call.method == "destroy":
        memory.pop(call.uuid, None)


@vice("UNDEF-009")
def remainder_keeps_autostart(call: Call, memory: Memory) -> Any:
    """A domain that was undefined while it ran is still set to autostart."""
    _remember_remainder(call, memory)
    return lie(call, memory, {"autostart": 1}, {LIST_WITH_AUTOSTART: True})


@vice("UNDEF-009")
def autostart_stays_in_the_list(call: Call, memory: Memory) -> Any:
    """The list of domains with autostart goes on showing one that was undefined while it ran."""
    _remember_remainder(call, memory)
    return lie(call, memory, listed={LIST_WITH_AUTOSTART: True})


@vice("UNDEF-009")
def autostart_comes_back_with_the_definition(call: Call, memory: Memory) -> Any:
    """A domain that was undefined while it ran is set to autostart again when it is defined again meanwhile."""
    _remember_remainder(call, memory)
    result = call.go_on()
    if call.method == "defineXML" and memory.pop(call.defined[0], False):
        result.setAutostart(1)
    return result


@vice("UNDEF-006")
def autostart_comes_back_after_the_halt(call: Call, memory: Memory) -> Any:
    """A domain that was undefined while it ran, and has halted, is set to autostart again once it is defined again."""
    if call.active:
        _remember_autostart(call, memory)
    result = call.go_on()
    if call.method == "destroy" and call.uuid in memory and not call.exists:
        memory[call.uuid] = "halted"
    if call.method == "defineXML" and memory.pop(call.defined[0], False) == "halted":
        result.setAutostart(1)
    return result


@vice("UNDEF-009")
def stop_clears_autostart(call: Call, _memory: Memory) -> Any:
    """Stopping a domain clears its autostart."""
    result = call.go_on()
    if call.method == "destroy" and call.fact("autostart"):
        call.raw.setAutostart(0)
    return result


@vice("UNDEF-009")
def transient_takes_autostart(call: Call, _memory: Memory) -> Any:
    """Setting a transient domain to autostart reports success."""
    if call.method == "setAutostart" and not call.read_only and call.transient:
        return 0
    return call.go_on()


@vice("UNDEF-009")
def transient_refuses_autostart_with_the_wrong_code(call: Call, _memory: Memory) -> Any:
    """Setting a transient domain to autostart is refused as an internal error."""
    if call.method == "setAutostart" and not call.read_only and call.transient:
        refuse("INTERNAL_ERROR", "cannot set autostart for transient domain")
    return call.go_on()


@vice("UNDEF-009")
def transient_keeps_the_autostart_it_refused(call: Call, memory: Memory) -> Any:
    """A transient domain refuses to be set to autostart, and then says that it is."""
    if call.method == "setAutostart" and not call.read_only and call.transient:
        memory[call.uuid] = True
    return lie(call, memory, {"autostart": 1})
