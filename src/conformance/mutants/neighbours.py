"""Vices of the calls around undefine: a new definition or a rename loses what undefine would have protected."""

from __future__ import annotations

from typing import Any

from conformance.mutants.call import Call, Memory
from conformance.mutants.metadata import drop_metadata
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
