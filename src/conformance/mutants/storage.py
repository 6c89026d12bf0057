"""Vices against storage: undefine takes or changes the disks, for which there are calls of their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from conformance.mutants.call import Call, LibvirtError, Memory
from conformance.mutants.vice import vice


def _disk(call: Call) -> Path | None:
    """Return the image of the disk of the domain that the call is to undefine, if it has one."""
    if not call.asks_undefine or call.read_only or call.transient:
        return None
    found = re.search(r"<disk .*?<source file='(.*?)'", call.fact("XMLDesc") or "", re.DOTALL)
    return Path(found[1]) if found and Path(found[1]).is_file() else None


@vice("UNDEF-035")
def disk_goes_with_the_domain(call: Call, _memory: Memory) -> Any:
    """Undefine of an inactive domain removes the disk."""
    disk = _disk(call) if call.inactive else None
    result = call.go_on()
    if disk:
        disk.unlink()
    return result


@vice("UNDEF-035")
def flags_clear_the_disk(call: Call, _memory: Memory) -> Any:
    """Undefine with any flag empties the disk."""
    disk = _disk(call) if call.flags else None
    result = call.go_on()
    if disk:
        disk.write_bytes(b"")
    return result


@vice("UNDEF-035")
def guest_loses_its_disk(call: Call, _memory: Memory) -> Any:
    """Undefine of an active domain writes over the start of the disk."""
    disk = _disk(call) if call.active else None
    result = call.go_on()
    if disk:
        disk.write_bytes(b"undefined" + disk.read_bytes()[9:])
    return result


@vice("UNDEF-035")
def disk_goes_when_the_remainder_stops(call: Call, memory: Memory) -> Any:
    """The stop of a domain that was undefined while it ran removes the disk."""
    if call.active and (disk := _disk(call)):
        memory[call.uuid] = disk
    result = call.go_on()
    if call.method == "destroy" and call.uuid in memory:
        memory.pop(call.uuid).unlink()
    return result


@vice("UNDEF-028")
def refusal_removes_the_disk(call: Call, _memory: Memory) -> Any:
    """Undefine that is refused has removed the disk."""
    try:
        return call.go_on()
    except LibvirtError:
        if disk := _disk(call):
            disk.unlink()
        raise
