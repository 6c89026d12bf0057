"""Vices of the calls around undefine: a new definition or a rename loses what undefine would have protected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.mutants.call import QEMU, Call, Memory
from conformance.mutants.metadata import drop_metadata
from conformance.mutants.restart import root_of
from conformance.mutants.vice import vice


def _redefined(call: Call) -> Any:
    """Return the inactive domain that the call defines anew, or nothing."""
    domain = call.look_up(call.defined[0]) if call.redefines else None
    return domain if domain is not None and not domain.isActive() else None


def _renames(call: Call) -> bool:
    return call.method == "rename" and call.inactive and not call.read_only


@vice("UNDEF-036")
def redefinition_drops_the_image(call: Call, _memory: Memory) -> Any:
    """Defining a domain anew removes its managed save image."""
    domain = _redefined(call)
    if domain is not None and domain.hasManagedSaveImage():
        domain.managedSaveRemove()
    return call.go_on()


@vice("UNDEF-036")
def redefinition_drops_the_metadata(call: Call, _memory: Memory) -> Any:
    """Defining a domain anew drops its snapshots and checkpoints."""
    if (domain := _redefined(call)) is not None:
        drop_metadata(domain)
    return call.go_on()


@vice("UNDEF-036")
def redefinition_clears_autostart(call: Call, _memory: Memory) -> Any:
    """Defining a domain anew clears its autostart."""
    if (domain := _redefined(call)) is not None:
        domain.setAutostart(0)
    return call.go_on()


@vice("UNDEF-036")
def rename_drops_the_image(call: Call, _memory: Memory) -> Any:
    """A rename removes the managed save image, whether it succeeds or not."""
    if _renames(call) and call.image:
        call.raw.managedSaveRemove()
    return call.go_on()


@vice("UNDEF-036")
def rename_drops_the_metadata(call: Call, _memory: Memory) -> Any:
    """A rename drops snapshots and checkpoints, whether it succeeds or not."""
    if _renames(call):
        drop_metadata(call.raw)
    return call.go_on()


@vice("UNDEF-036")
def rename_clears_autostart(call: Call, _memory: Memory) -> Any:
    """A rename clears autostart."""
    if _renames(call):
        call.raw.setAutostart(0)
    return call.go_on()


# What a rename writes down


def _written(call: Call, name: str) -> Iterator[Path]:
    """Yield the files in which an embedded driver keeps the metadata of a domain of a name."""
    for folder in root_of(call).rglob(name):
        if folder.is_dir():
            yield from folder.glob("*.xml")


def _remember_new_name(call: Call, memory: Memory) -> Any:
    """Make a call, and remember what a domain is called since; its handles go on giving the old name."""
    renames = _renames(call)
    result = call.go_on()
    if renames:
        memory[call.uuid] = str(call.args[0])
    return result


@vice("UNDEF-036", uri=QEMU)
def renamed_metadata_is_not_written_down(call: Call, memory: Memory) -> Any:
    """A rename carries the metadata along in memory, and leaves nothing of it on disk to be read by the next driver."""
    result = _remember_new_name(call, memory)
    if call.method == "rename" and call.uuid in memory:
        for file in list(_written(call, memory[call.uuid])):
            file.unlink()
    return result


@vice("UNDEF-036", uri=QEMU)
def renamed_autostart_is_not_written_down(call: Call, memory: Memory) -> Any:
    """A rename carries autostart along in memory, and leaves no link on disk to be read by the next driver."""
    result = _remember_new_name(call, memory)
    if call.method == "rename" and call.uuid in memory:
        for link in root_of(call).rglob(f"autostart/{memory[call.uuid]}.xml"):
            link.unlink()
    return result


@vice("UNDEF-036", uri=QEMU)
def renamed_metadata_is_left_by_undefine(call: Call, memory: Memory) -> Any:
    """Undefine of a domain that was renamed leaves the metadata on disk, although it was given the flag."""
    left = {}
    if call.undefines and call.uuid in memory:
        left = {file: file.read_text() for file in _written(call, memory[call.uuid])}
    result = _remember_new_name(call, memory)
    for file, text in left.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return result
