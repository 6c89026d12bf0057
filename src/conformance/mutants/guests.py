"""Vices against guests: undefine of an active domain does more, or less, than take the definition away."""

from __future__ import annotations

from typing import Any

from conformance.mutants.call import (
    LIST_ACTIVE,
    LIST_PAUSED,
    LIST_PERSISTENT,
    LIST_RUNNING,
    LIST_TRANSIENT,
    Call,
    Memory,
    refuse,
)
from conformance.mutants.lies import lie
from conformance.mutants.overlaps import active_undefined, because, guest_untouched, transient
from conformance.mutants.vice import vice


def remember_remainder(call: Call, memory: Memory) -> bool:
    """Note in the memory that the call, an undefine, made a domain transient; tell whether it was one."""
    if call.undefines and call.active and not call.transient:
        memory[call.uuid] = True
        return True
    return False


@vice(
    "UNDEF-002",
    overlaps=active_undefined("UNDEF-026") | because("there is no guest left to be taken back", "UNDEF-004"),
)
def undefine_stops_the_guest(call: Call, _memory: Memory) -> Any:
    """Undefine of an active domain halts the guest."""
    stops = call.undefines and call.active and not call.transient
    result = call.go_on()
    if stops:
        call.raw.destroy()
    return result


@vice(
    "UNDEF-002",
    overlaps=guest_untouched("UNDEF-020"),
)
def undefine_resumes_a_paused_guest(call: Call, _memory: Memory) -> Any:
    """Undefine of a paused domain lets the guest run again."""
    resumes = call.undefines and call.paused and not call.transient
    result = call.go_on()
    if resumes:
        call.raw.resume()
    return result


@vice(
    "UNDEF-002",
    overlaps=active_undefined(),
)
def refuses_while_running(call: Call, _memory: Memory) -> Any:
    """Undefine of an active domain is refused."""
    if call.undefines and call.active:
        refuse("OPERATION_INVALID", "cannot undefine an active domain")
    return call.go_on()


@vice(
    "UNDEF-002",
    overlaps=transient(),
)
def remainder_counts_as_persistent(call: Call, memory: Memory) -> Any:
    """A domain that undefine made transient says of itself that it is persistent."""
    remember_remainder(call, memory)
    if call.method in ("defineXML", "createXML"):
        memory.pop(call.defined[0], None)
    return lie(call, memory, {"isPersistent": 1})


@vice(
    "UNDEF-002",
    overlaps=transient(),
)
def persistent_filter_lies(call: Call, memory: Memory) -> Any:
    """The list of persistent domains goes on showing one that undefine made transient."""
    remember_remainder(call, memory)
    return lie(call, memory, listed={LIST_PERSISTENT: True})


@vice(
    "UNDEF-002",
    overlaps=transient(),
)
def transient_filter_lies(call: Call, memory: Memory) -> Any:
    """The list of transient domains does not show one that undefine made transient."""
    remember_remainder(call, memory)
    return lie(call, memory, listed={LIST_TRANSIENT: False})


@vice(
    "UNDEF-002",
    overlaps=guest_untouched(),
)
def remainder_is_not_listed_as_active(call: Call, memory: Memory) -> Any:
    """The list of active domains does not show one that undefine made transient."""
    remember_remainder(call, memory)
    return lie(call, memory, listed={LIST_ACTIVE: False, LIST_RUNNING: False, LIST_PAUSED: False})


@vice(
    "UNDEF-002",
    overlaps=guest_untouched(),
)
def remainder_is_not_found_by_name(call: Call, memory: Memory) -> Any:
    """A look-up by name does not find an active domain that was undefined."""
    if remember_remainder(call, memory):
        memory[call.uuid] = call.name
    if call.method == "lookupByName" and call.args[0] in memory.values():
        refuse("NO_DOMAIN", "Domain not found")
    return call.go_on()


@vice(
    "UNDEF-002",
    overlaps=guest_untouched(),
)
def guest_gets_a_new_id(call: Call, memory: Memory) -> Any:
    """An active domain has another id after it was undefined."""
    remember_remainder(call, memory)
    result = call.go_on()
    if call.method == "lookupByUUIDString" and call.args[0] in memory:
        result.ID = lambda: 99999
    return result


@vice("UNDEF-002")
def remainder_cannot_be_resumed(call: Call, _memory: Memory) -> Any:
    """A paused guest cannot be resumed once its domain was undefined."""
    if call.method == "resume" and call.transient:
        refuse("OPERATION_INVALID", "domain has no definition to resume")
    return call.go_on()


@vice("UNDEF-002")
def resume_of_a_remainder_does_nothing(call: Call, _memory: Memory) -> Any:
    """Resuming a paused guest whose domain was undefined reports success and does nothing."""
    if call.method == "resume" and call.transient:
        return 0
    return call.go_on()


@vice(
    "UNDEF-004",
    overlaps=because("autostart is asked for again after the remainder was defined again", "UNDEF-009")
    | because("metadata is asked for again after the remainder was defined again", "UNDEF-018"),
)
def remainder_refuses_definition(call: Call, memory: Memory) -> Any:
    """A domain that was undefined while it ran cannot be defined again before it stops."""
    remember_remainder(call, memory)
    if (
        call.method == "defineXML"
        and not call.read_only
        and call.defined[0] in memory
        and call.look_up(call.defined[0])
    ):
        refuse("OPERATION_INVALID", "domain is already active")
    return call.go_on()


@vice(
    "UNDEF-004",
    overlaps=because("it defines a remainder again too, and demands that it be persistent then", "UNDEF-018"),
)
def definition_of_a_remainder_is_forgotten(call: Call, memory: Memory) -> Any:
    """Defining a domain again that was undefined while it ran reports success and leaves it transient."""
    remember_remainder(call, memory)
    if call.method == "defineXML" and not call.read_only and call.defined[0] in memory:
        domain = call.look_up(call.defined[0])
        if domain is not None:
            return domain
    return call.go_on()


@vice("UNDEF-004")
def definition_restarts_the_guest(call: Call, memory: Memory) -> Any:
    """Defining a domain again that was undefined while it ran starts its guest anew."""
    remember_remainder(call, memory)
    running = call.method == "defineXML" and call.defined[0] in memory and call.look_up(call.defined[0])
    result = call.go_on()
    if running and result.isActive():
        result.destroy()
        result.create()
    return result


@vice("UNDEF-004")
def definition_of_a_remainder_is_lost_at_its_stop(call: Call, memory: Memory) -> Any:
    """A domain that was undefined and defined again while it ran is gone when it stops."""
    remember_remainder(call, memory)
    result = call.go_on()
    if call.method == "destroy" and call.uuid in memory and call.inactive:
        call.raw.undefine()
    return result
