"""Vices of the metadata of active domains: in the way, gone too early, or never gone."""

from __future__ import annotations

from typing import Any

from conformance.mutants.call import LIST_WITH_CHECKPOINT, LIST_WITH_SNAPSHOT, Call, Memory
from conformance.mutants.guests import remember_remainder
from conformance.mutants.lies import Named, lie
from conformance.mutants.metadata import drop_metadata, refuse_for_metadata
from conformance.mutants.vice import vice


def _concerns(call: Call) -> bool:
    """Tell whether the call is an undefine of an active domain that has a definition and metadata."""
    return call.undefines and call.active and not call.transient and bool(call.metadata)


@vice("UNDEF-018")
def guests_metadata_stands_in_the_way(call: Call, _memory: Memory) -> Any:
    """Undefine of an active domain with metadata is refused unless the flag is given."""
    if _concerns(call) and call.metadata & ~call.flags:
        refuse_for_metadata()
    return call.go_on()


@vice("UNDEF-018")
def metadata_flag_refused_while_running(call: Call, _memory: Memory) -> Any:
    """Undefine of an active domain with metadata is refused when the flag is given."""
    if _concerns(call) and call.metadata & call.flags:
        refuse_for_metadata()
    return call.go_on()


@vice("UNDEF-018")
def guests_metadata_dropped_at_once(call: Call, _memory: Memory) -> Any:
    """Undefine of an active domain drops its metadata."""
    concerns = _concerns(call)
    result = call.go_on()
    if concerns:
        drop_metadata(call.raw)
    return result


@vice("UNDEF-018")
def metadata_flag_acts_while_the_guest_runs(call: Call, _memory: Memory) -> Any:
    """Undefine of an active domain drops its metadata when the flag is given."""
    concerns = _concerns(call) and call.metadata & call.flags
    result = call.go_on()
    if concerns:
        drop_metadata(call.raw)
    return result


@vice("UNDEF-018")
def list_forgets_a_remainders_metadata(call: Call, memory: Memory) -> Any:
    """The lists of domains with metadata do not show one that undefine made transient."""
    if _concerns(call):
        memory[call.uuid] = True
    return lie(call, memory, listed={LIST_WITH_SNAPSHOT: False, LIST_WITH_CHECKPOINT: False})


@vice("UNDEF-018")
def remainder_with_metadata_does_not_vanish(call: Call, memory: Memory) -> Any:
    """A domain that was undefined while it ran is back as an inactive one when it stops, if it has metadata."""
    if _concerns(call):
        memory[call.uuid] = call.raw.XMLDesc(2)
    result = call.go_on()
    if call.method == "destroy" and call.uuid in memory and not call.exists:
        call.connection.defineXML(memory.pop(call.uuid))
    return result


@vice("UNDEF-018")
def definition_of_a_remainder_drops_its_metadata(call: Call, memory: Memory) -> Any:
    """Defining a domain again that was undefined while it ran drops its metadata."""
    remember_remainder(call, memory)
    is_remainder = call.redefines and call.defined[0] in memory
    result = call.go_on()
    if is_remainder:
        drop_metadata(result)
    return result


@vice("UNDEF-018")
def metadata_outlives_the_halt(call: Call, memory: Memory) -> Any:
    """The metadata of a domain that was undefined while it ran appears on the next domain of its name and UUID."""
    remainders, heirs = memory.setdefault("remainders", set()), memory.setdefault("heirs", set())
    if _concerns(call):
        remainders.add(call.uuid)
    if call.method == "defineXML" and call.defined[0] in remainders and not call.redefines:
        heirs.add(call.defined[0])
    kept = {"listAllSnapshots": [Named("kept")], "listAllCheckpoints": [Named("kept")]}
    return lie(call, heirs, kept, {LIST_WITH_SNAPSHOT: True, LIST_WITH_CHECKPOINT: True})
