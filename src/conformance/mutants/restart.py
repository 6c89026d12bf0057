"""Vices that a restart brings to light: what the driver says while it runs is right, and what it has written is not.

An embedded QEMU driver keeps its definitions below its root, so a broken one is made by changing files there.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from conformance import uri
from conformance.mutants.call import LIST_RUNNING, LIST_TRANSIENT, QEMU, Call, LibvirtError, Memory
from conformance.mutants.lies import Named, lie
from conformance.mutants.overlaps import because
from conformance.mutants.vice import vice

_INACTIVE_XML = 2
_LOOKS = "it demands too that nothing be left, and looks at the host's disks"


def root_of(call: Call) -> Path:
    """Return the root of the embedded driver that a call is made on."""
    return Path(uri.root_of(call.connection.getURI()))


def _file(call: Call) -> Path:
    """Return the file of a domain's definition."""
    return root_of(call) / "etc" / "qemu" / f"{call.name}.xml"


def _is_first_after_restart(call: Call, memory: Memory) -> bool:
    """Tell whether a call is the first on a driver that was restarted."""
    if call.raw is not call.connection or call.handle.symbol != "conn":
        return False
    before, memory["connection"] = memory.get("connection"), call.raw
    return before is not None and before != call.raw


@vice(
    "UNDEF-032",
    overlaps=because(
        _LOOKS,
        *("UNDEF-001", "UNDEF-003", "UNDEF-008", "UNDEF-011", "UNDEF-013", "UNDEF-016", "UNDEF-017", "UNDEF-018"),
        *("UNDEF-020", "UNDEF-021", "UNDEF-023", "UNDEF-024", "UNDEF-026", "UNDEF-028", "UNDEF-035"),
    ),
    uri=QEMU,
)
def definition_stays_on_disk(call: Call, _memory: Memory) -> Any:
    """Undefine forgets a definition and leaves its file, which the driver reads when it comes up."""
    file = _file(call) if call.undefines else None
    text = file.read_text() if file is not None and file.exists() else ""
    result = call.go_on()
    if file is not None and text:
        file.write_text(text)
    return result


@vice("UNDEF-032", uri=QEMU)
def remainder_ends_with_the_driver(call: Call, memory: Memory) -> Any:
    """A guest that was undefined while it ran ends when the driver does."""
    if call.undefines and call.active and not call.transient:
        memory.setdefault("remainders", []).append(call.uuid)
    if _is_first_after_restart(call, memory):
        for uuid in memory.pop("remainders", ()):
            domain = call.look_up(uuid)
            if domain is not None:
                domain.destroy()
    return call.go_on()


@vice("UNDEF-032", uri=QEMU)
def remainder_is_paused_by_a_restart(call: Call, memory: Memory) -> Any:
    """A driver that comes up and finds a transient guest pauses it."""
    if _is_first_after_restart(call, memory):
        for domain in call.raw.listAllDomains(LIST_TRANSIENT | LIST_RUNNING):
            domain.suspend()
    return call.go_on()


@vice("UNDEF-032", uri=QEMU)
def remainder_is_defined_again_by_a_restart(call: Call, memory: Memory) -> Any:
    """A driver that comes up and finds a transient guest makes it persistent."""
    if _is_first_after_restart(call, memory):
        for domain in call.raw.listAllDomains(8):
            call.raw.defineXML(domain.XMLDesc(_INACTIVE_XML))
    return call.go_on()


@vice("UNDEF-032", overlaps=because(_LOOKS, "UNDEF-003", "UNDEF-018", "UNDEF-024", "UNDEF-035"), uri=QEMU)
def stopped_remainder_leaves_a_definition(call: Call, _memory: Memory) -> Any:
    """When a transient guest is stopped its definition is written down."""
    file, text = None, ""
    if call.method == "destroy" and call.transient:
        file, text = _file(call), call.raw.XMLDesc(_INACTIVE_XML)
    result = call.go_on()
    if file is not None:
        file.write_text(text)
    return result


@vice("UNDEF-032", uri=QEMU)
def what_a_domain_held_is_read_again(call: Call, memory: Memory) -> Any:
    """A driver that comes up reads what an undefined domain had held, and gives it to one that is defined again."""
    if call.undefines and not call.transient:
        truth = {"autostart": call.fact("autostart"), "hasManagedSaveImage": int(call.image)}
        held = {**truth, "snapshotNum": len(call.snapshots)}
        if call.fact("listAllCheckpoints", 0):
            held["listAllCheckpoints"] = [Named("kept")]
        memory.setdefault("held", {})[call.uuid] = {method: answer for method, answer in held.items() if answer}
    if _is_first_after_restart(call, memory):
        memory.setdefault("back", {}).update(memory.pop("held", {}))
    return lie(call, {call.uuid}, memory.get("back", {}).get(call.uuid))


@vice(
    "UNDEF-032",
    overlaps=because(
        "it demands too that a refusal change nothing, and looks at the host's disks",
        *("UNDEF-011", "UNDEF-014", "UNDEF-015", "UNDEF-017", "UNDEF-019", "UNDEF-021", "UNDEF-022", "UNDEF-028"),
        "UNDEF-036",
    ),
    uri=QEMU,
)
def what_was_refused_is_deleted_on_disk(call: Call, _memory: Memory) -> Any:
    """A refused undefine has deleted before what the driver would read when it comes up."""
    try:
        return call.go_on()
    except LibvirtError:
        if call.undefines:
            for kept in root_of(call).rglob(f"{call.name}*"):
                _delete(kept)
        raise


def _delete(kept: Path) -> None:
    """Delete a file, or the files of a folder; sockets and locks, without which a guest could not be ended, stay."""
    if kept.is_dir():
        shutil.rmtree(kept)
    elif kept.suffix in (".xml", ".save"):
        kept.unlink()
