"""Vices about transient domains: undefine does not refuse them, or not as it should."""

from __future__ import annotations

from typing import Any

from conformance.mutants.call import Call, Memory, refuse
from conformance.mutants.guests import remember_remainder
from conformance.mutants.overlaps import because
from conformance.mutants.vice import vice


@vice("UNDEF-007")
def transient_undefined_all_the_same(call: Call, _memory: Memory) -> Any:
    """Undefine of a transient domain reports success."""
    if call.undefines and call.transient:
        return 0
    return call.go_on()


@vice("UNDEF-007")
def remainder_undefined_twice(call: Call, memory: Memory) -> Any:
    """Undefine of a domain that undefine has made transient reports success once more."""
    if call.undefines and call.transient and call.uuid in memory:
        return 0
    remember_remainder(call, memory)
    return call.go_on()


@vice("UNDEF-007")
def flags_open_the_transient(call: Call, _memory: Memory) -> Any:
    """Undefine of a transient domain is refused without flags, and reports success with any."""
    if call.undefines and call.transient and call.flags:
        return 0
    return call.go_on()


@vice("UNDEF-007", "UNDEF-027")
def transient_refused_with_the_wrong_code(call: Call, _memory: Memory) -> Any:
    """Undefine of a transient domain is refused as an operation that the driver does not support."""
    if call.undefines and call.transient:
        refuse("OPERATION_UNSUPPORTED", "transient domains cannot be undefined")
    return call.go_on()


@vice(
    "UNDEF-007",
    "UNDEF-028",
    overlaps=because("the stop is told by an event, and a refusal sends none", "UNDEF-029"),
)
def transient_stopped_by_the_refusal(call: Call, _memory: Memory) -> Any:
    """Undefine of a transient domain is refused, after the guest was halted."""
    if call.undefines and call.transient:
        call.raw.destroy()
        refuse("OPERATION_INVALID", "cannot undefine transient domain")
    return call.go_on()


@vice("UNDEF-007", "UNDEF-028")
def transient_resumed_by_the_refusal(call: Call, _memory: Memory) -> Any:
    """Undefine of a paused transient domain is refused, after the guest was let run again."""
    if call.undefines and call.transient and call.paused:
        call.raw.resume()
    return call.go_on()
