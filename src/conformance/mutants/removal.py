"""Vices of removal: something of a domain that was undefined is left, in one view or in all."""

from __future__ import annotations

from typing import Any

from conformance.mutants.call import LIST_ALL, Call, LibvirtError, Memory
from conformance.mutants.overlaps import because, gone, halted
from conformance.mutants.vice import vice


@vice(
    "UNDEF-001",
    overlaps=gone("UNDEF-008", "UNDEF-013", "UNDEF-017", "UNDEF-020", "UNDEF-026", "UNDEF-035")
    | because("autostart stays with the domain that stays", "UNDEF-009")
    | because("no event tells of what was not done", "UNDEF-029"),
)
def success_reported_nothing_done(call: Call, _memory: Memory) -> Any:
    """Undefine of an inactive domain that holds nothing reports success and leaves the domain."""
    if call.undefines and not call.flags and call.inactive and not call.image and not call.metadata:
        return 0
    return call.go_on()


@vice(
    "UNDEF-001",
    overlaps=gone(),
)
def lists_a_ghost(call: Call, memory: Memory) -> Any:
    """The list of all domains goes on showing an inactive domain that was undefined."""
    if call.undefines and call.inactive:
        result = call.go_on()
        memory[call.uuid] = call.raw
        return result
    result = call.go_on()
    if call.method == "listAllDomains" and call.args[0] == LIST_ALL:
        return result + [ghost for uuid, ghost in memory.items() if not call.look_up(uuid)]
    return result


@vice(
    "UNDEF-001",
    overlaps=gone(),
)
def defined_names_keep_the_name(call: Call, memory: Memory) -> Any:
    """The list of defined domains goes on naming an inactive domain that was undefined."""
    if call.undefines and call.inactive:
        result = call.go_on()
        memory[call.uuid] = call.name
        return result
    result = call.go_on()
    return result + list(memory.values()) if call.method == "listDefinedDomains" else result


@vice(
    "UNDEF-001",
    overlaps=gone("UNDEF-008"),
)
def name_is_still_found(call: Call, memory: Memory) -> Any:
    """A look-up by name goes on finding an inactive domain that was undefined."""
    if call.undefines and call.inactive:
        result = call.go_on()
        memory[call.name] = call.raw
        return result
    try:
        return call.go_on()
    except LibvirtError:
        if call.method == "lookupByName" and call.args[0] in memory:
            return memory[call.args[0]]
        raise


@vice("UNDEF-001")
def second_connection_still_finds_it(call: Call, memory: Memory) -> Any:
    """Another connection goes on finding by name a domain that was undefined on the first."""
    if call.handle.symbol == "conn2" and call.method == "lookupByName":
        return memory["seen"]
    result = call.go_on()
    if call.handle.symbol == "conn2" and call.method == "lookupByUUIDString":
        memory["seen"] = result
    return result


@vice("UNDEF-001")
def second_connection_lists_it(call: Call, memory: Memory) -> Any:
    """Another connection goes on listing a domain that was undefined on the first."""
    result = call.go_on()
    if call.handle.symbol == "conn2" and call.method == "lookupByUUIDString":
        memory["seen"] = result
    if call.handle.symbol == "conn2" and call.method == "listAllDomains":
        return [*result, memory["seen"]]
    return result


@vice("UNDEF-001")
def second_connections_handle_still_answers(call: Call, memory: Memory) -> Any:
    """A handle of another connection goes on answering after its domain was undefined on the first."""
    if call.handle.symbol == "conn2":
        memory["connection"] = call.connection
    if call.method == "isActive" and call.connection is memory.get("connection"):
        return 0
    return call.go_on()


@vice(
    "UNDEF-001",
    "UNDEF-008",
    overlaps=gone("UNDEF-008"),
)
def old_handle_still_answers(call: Call, memory: Memory) -> Any:
    """The state of an inactive domain that was undefined can still be asked on the old handle."""
    if call.undefines and call.inactive:
        result = call.go_on()
        memory[call.uuid] = [5, 0]
        return result
    try:
        return call.go_on()
    except LibvirtError:
        if call.method == "state" and call.uuid in memory:
            return memory[call.uuid]
        raise


@vice(
    "UNDEF-003",
    overlaps=halted(),
)
def remainder_leaves_its_definition(call: Call, memory: Memory) -> Any:
    """A domain that was undefined while it ran is back as an inactive one when it stops."""
    if call.undefines and call.active and not call.transient:
        definition = call.raw.XMLDesc(2)
        result = call.go_on()
        memory[call.uuid] = definition
        return result
    result = call.go_on()
    if call.method == "destroy" and call.uuid in memory and not call.exists:
        call.connection.defineXML(memory.pop(call.uuid))
    return result


@vice("UNDEF-003")
def saved_remainder_leaves_its_definition(call: Call, memory: Memory) -> Any:
    """A domain that was undefined while it ran is back as an inactive one when it is saved to a file."""
    if call.undefines and call.active and not call.transient:
        memory[call.uuid] = call.raw.XMLDesc(2)
    result = call.go_on()
    if call.method == "save" and call.uuid in memory and not call.exists:
        call.connection.defineXML(memory[call.uuid])
    return result


@vice(
    "UNDEF-003",
    overlaps=halted(),
)
def stopped_remainder_stays_in_the_list(call: Call, memory: Memory) -> Any:
    """The list of all domains goes on showing a domain that was undefined while it ran, and has stopped."""
    result = call.go_on()
    if call.asks_undefine and call.active:
        memory[call.uuid] = call.raw
    if call.method == "listAllDomains" and call.args[0] == LIST_ALL:
        return result + [ghost for uuid, ghost in memory.items() if not call.look_up(uuid)]
    return result


@vice(
    "UNDEF-003",
    overlaps=because("it waits for the event of a remainder's stop", "UNDEF-029"),
)
def paused_remainder_does_not_stop(call: Call, _memory: Memory) -> Any:
    """Stopping a domain that was undefined while it was paused reports success and does nothing."""
    if call.method == "destroy" and not call.read_only and call.transient and call.paused:
        return 0
    return call.go_on()
