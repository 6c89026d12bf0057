"""Vices of failures: a call that fails takes away a domain, and nobody asked for that."""

from __future__ import annotations

from typing import Any

from conformance.mutants.call import QEMU, Call, LibvirtError, Memory
from conformance.mutants.vice import vice


@vice("UNDEF-010")
def failed_create_xml_undefines(call: Call, _memory: Memory) -> Any:
    """A createXML that fails takes away the definition of the domain of that name."""
    try:
        return call.go_on()
    except LibvirtError:
        if call.method == "createXML" and not call.read_only:
            call.connection.lookupByName(call.defined[1]).undefine()
        raise


@vice("UNDEF-010")
def failed_create_xml_stops_the_guest(call: Call, _memory: Memory) -> Any:
    """A createXML that fails halts the guest of the domain that runs under that name."""
    try:
        return call.go_on()
    except LibvirtError:
        if call.method == "createXML" and not call.read_only:
            domain = call.connection.lookupByName(call.defined[1])
            if domain.isActive():
                domain.destroy()
        raise


@vice("UNDEF-010")
def failed_restore_undefines(call: Call, memory: Memory) -> Any:
    """A restore that fails takes away the definition of the domain that the file is of."""
    if call.method == "save":
        memory[call.args[0]] = call.raw
    try:
        return call.go_on()
    except LibvirtError:
        if call.method == "restore" and call.args[0] in memory:
            memory[call.args[0]].undefine()
        raise


@vice("UNDEF-010")
def failed_rename_undefines(call: Call, _memory: Memory) -> Any:
    """A rename that fails takes away the definition of the domain."""
    try:
        return call.go_on()
    except LibvirtError:
        if call.method == "rename" and not call.read_only:
            call.raw.undefine()
        raise


@vice("UNDEF-010")
def rename_takes_anothers_name(call: Call, _memory: Memory) -> Any:
    """A rename to a name that is taken removes the domain that has it."""
    if call.method == "rename" and not call.read_only:
        try:
            call.connection.lookupByName(call.args[0]).undefine()
        except LibvirtError:
            return call.go_on()
    return call.go_on()


@vice("UNDEF-010")
def failed_rename_removes_the_other(call: Call, _memory: Memory) -> Any:
    """A rename to a name that is taken is refused, and the domain that has the name is removed."""
    try:
        return call.go_on()
    except LibvirtError:
        if call.method == "rename" and not call.read_only and not call.active:
            call.connection.lookupByName(call.args[0]).undefine()
        raise


@vice("UNDEF-010", uri=QEMU)
def failed_start_undefines(call: Call, _memory: Memory) -> Any:
    """A start that fails takes away the definition of the domain."""
    try:
        return call.go_on()
    except LibvirtError:
        if call.method == "create" and not call.read_only and call.exists:
            call.raw.undefine()
        raise
