"""Vices of inheritance: a domain that is defined anew finds something of its predecessor's."""

from __future__ import annotations

from typing import Any

from conformance.flags import Undefine
from conformance.mutants.call import LIST_WITH_CHECKPOINT, LIST_WITH_IMAGE, QEMU, Call, Memory, refuse
from conformance.mutants.lies import Named, lie
from conformance.mutants.overlaps import because
from conformance.mutants.vice import vice

_SNAPSHOT_REDEFINE = 1
_RESTORED = [1, 3]


def _heirs_of_metadata() -> dict[str, str]:
    """Return the rules that demand too that a domain defined after one with metadata inherit nothing."""
    return because("it too defines domains anew, and demands that they inherit nothing", "UNDEF-017", "UNDEF-018")


def _removes_image(call: Call) -> bool:
    return call.undefines and bool(call.flags & Undefine.MANAGED_SAVE) and call.image


def _heir(call: Call, names: Memory) -> str:
    """Return the UUID of a domain that is defined under one of some names, or an empty text."""
    uuid, name = call.defined if call.method == "defineXML" else ("", "")
    return uuid if name in names else ""


@vice("UNDEF-006")
def third_round_is_refused(call: Call, memory: Memory) -> Any:
    """A domain that was undefined three times cannot be defined any more."""
    if call.undefines:
        result = call.go_on()
        memory[call.uuid] = memory.get(call.uuid, 0) + 1
        return result
    if call.method == "defineXML" and not call.read_only and memory.get(call.defined[0], 0) >= 3:
        refuse("INTERNAL_ERROR", "domain object was not freed")
    return call.go_on()


@vice(
    "UNDEF-006",
    overlaps=_heirs_of_metadata(),
)
def snapshots_passed_on(call: Call, memory: Memory) -> Any:
    """The snapshot metadata of a domain that was undefined appears on the next domain of its name."""
    if call.undefines and call.snapshots:
        definitions = [snapshot.getXMLDesc() for snapshot in call.snapshots]
        result = call.go_on()
        memory[call.name] = call.uuid, definitions
        return result
    result = call.go_on()
    if heir := _heir(call, memory):
        uuid, definitions = memory.pop(call.defined[1])
        for definition in definitions:
            result.snapshotCreateXML(definition.replace(uuid, heir), _SNAPSHOT_REDEFINE)
    return result


@vice(
    "UNDEF-006",
    overlaps=_heirs_of_metadata(),
)
def checkpoints_passed_on(call: Call, memory: Memory) -> Any:
    """The checkpoint metadata of a domain that was undefined appears on the next domain of its name."""
    if call.undefines and call.fact("listAllCheckpoints", 0):
        result = call.go_on()
        memory[call.name] = True
        return result
    if heir := _heir(call, memory):
        memory[heir] = True
    heirs = memory if call.method in ("listAllCheckpoints", "listAllDomains") else ()
    return lie(call, heirs, {"listAllCheckpoints": [Named("kept")]}, {LIST_WITH_CHECKPOINT: True})


@vice("UNDEF-006", "UNDEF-009")
def autostart_survives(call: Call, memory: Memory) -> Any:
    """Autostart is on again when a domain that was undefined is defined again."""
    autostart = call.undefines and call.fact("autostart")
    result = call.go_on()
    if autostart:
        memory[call.uuid] = True
    if call.method == "defineXML" and memory.pop(call.defined[0], False):
        result.setAutostart(1)
    return result


@vice(
    "UNDEF-006",
    overlaps=because("autostart is on after the new definition, whoever set it", "UNDEF-009") | _heirs_of_metadata(),
)
def second_definition_is_set_to_autostart(call: Call, memory: Memory) -> Any:
    """Autostart is on when a domain is defined under a name that was in use before."""
    result = call.go_on()
    if call.asks_undefine:
        memory[call.name] = True
    if _heir(call, memory):
        result.setAutostart(1)
    return result


@vice("UNDEF-006")
def autostart_passed_to_a_namesake(call: Call, memory: Memory) -> Any:
    """Autostart is on when a domain is defined under the name of another that was undefined."""
    autostart = call.undefines and call.fact("autostart")
    result = call.go_on()
    if autostart:
        memory[call.name] = call.uuid
    heir = _heir(call, memory)
    if heir and heir != memory.pop(call.defined[1]):
        result.setAutostart(1)
    return result


@vice("UNDEF-006", "UNDEF-012")
def image_stranded(call: Call, memory: Memory) -> Any:
    """MANAGED_SAVE leaves the image behind, and the next domain of the name has it."""
    removes = _removes_image(call)
    result = call.go_on()
    if removes:
        memory[call.name] = True
    if heir := _heir(call, memory):
        memory[heir] = True
        return result
    return _with_image(call, memory, result)


def _with_image(call: Call, memory: Memory, result: Any) -> Any:
    told = Call(call.handle, call.method, call.args, lambda *_: result, call.read_only)
    return lie(told, memory, {"hasManagedSaveImage": 1}, {LIST_WITH_IMAGE: True})


@vice("UNDEF-006", "UNDEF-012")
def image_passed_to_a_namesake(call: Call, memory: Memory) -> Any:
    """MANAGED_SAVE leaves the image behind, and another domain of the name has it."""
    removes = _removes_image(call)
    result = call.go_on()
    if removes:
        memory[call.name] = call.uuid
    heir = _heir(call, memory)
    if heir and heir != memory[call.defined[1]]:
        memory[heir] = True
        return result
    return _with_image(call, memory, result)


@vice("UNDEF-006", "UNDEF-012")
def image_stays_in_the_list(call: Call, memory: Memory) -> Any:
    """The list of domains with an image shows the next domain of a name whose image MANAGED_SAVE removed."""
    if _removes_image(call):
        memory[call.name] = True
    if heir := _heir(call, memory):
        memory[heir] = True
    return lie(call, memory, listed={LIST_WITH_IMAGE: True})


@vice("UNDEF-012")
def heir_cannot_start(call: Call, memory: Memory) -> Any:
    """A domain cannot be started that is defined under a name whose image MANAGED_SAVE removed."""
    removes = _removes_image(call)
    result = call.go_on() if call.method != "create" else None
    if removes:
        memory[call.name] = True
    if heir := _heir(call, memory):
        memory[heir] = True
    if call.method != "create":
        return result
    if not call.read_only and call.exists and call.uuid in memory:
        refuse("OPERATION_FAILED", "cannot read the managed save image")
    return call.go_on()


@vice("UNDEF-012", uri=QEMU)
def strangers_memory_is_restored(call: Call, memory: Memory) -> Any:
    """MANAGED_SAVE leaves the image behind, and the next start of a domain of the name restores it."""
    if _removes_image(call):
        memory[call.name] = True
    if heir := _heir(call, memory):
        memory[heir] = True
    return lie(call, memory, {"state": _RESTORED})
