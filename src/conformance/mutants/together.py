"""Vices of two calls at once: each is right when it is alone, and goes wrong when another meets it.

Calls that are alone come on the main thread; a race makes each of its two on a thread of its own.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from conformance.flags import Undefine
from conformance.mutants.call import Call, LibvirtError, Memory, refuse
from conformance.mutants.vice import vice

_UNDEFINES = ("undefine", "undefineFlags")
#: How long a call waits for the one that it is to meet, in seconds.
_PATIENCE = 10.0


@dataclass
class Meeting:
    """Two calls on one domain that are under way together."""

    both_there: threading.Barrier = field(default_factory=lambda: threading.Barrier(2))
    one_done: threading.Event = field(default_factory=threading.Event)
    methods: list[str] = field(default_factory=list)


def meet(call: Call, memory: Memory) -> tuple[Meeting, str]:
    """Wait for the call that comes at the same moment; return the meeting and the other's method, empty if alone."""
    if threading.current_thread() is threading.main_thread():
        return Meeting(), ""
    meeting: Meeting = memory.setdefault(f"meeting over {call.uuid or call.defined[0]}", Meeting())
    meeting.methods.append(call.method)
    meeting.both_there.wait(_PATIENCE)
    others = [*meeting.methods]
    others.remove(call.method)
    return meeting, others[0]


def first(call: Call, meeting: Meeting) -> Any:
    """Make the call that is to come first."""
    try:
        return call.go_on()
    finally:
        meeting.one_done.set()


def second(call: Call, meeting: Meeting) -> Any:
    """Make the call that is to come second."""
    meeting.one_done.wait(_PATIENCE)
    return call.go_on()


def _hides(call: Call, memory: Memory, *, from_look_ups: bool = True) -> Any:
    """Make a call on a driver that no longer shows certain domains, in its lists or anywhere."""
    hidden = memory.get("hidden", ())
    if call.method == "listAllDomains":
        return [domain for domain in call.go_on() if domain.UUIDString() not in hidden]
    names = memory.get("hidden names", ())
    asked = call.uuid or (str(call.args[0]) if call.method.startswith("lookupBy") else "")
    if from_look_ups and (asked in hidden or asked in names):
        refuse("NO_DOMAIN", "Domain not found")
    return call.go_on()


def _hide(call: Call, memory: Memory) -> None:
    memory.setdefault("hidden", set()).add(call.uuid)
    memory.setdefault("hidden names", set()).add(call.name)


@vice("UNDEF-033")
def two_undefines_both_succeed(call: Call, memory: Memory) -> Any:
    """Of two undefines at once the second is told that it was the one that succeeded."""
    _, other = meet(call, memory)
    try:
        return call.go_on()
    except LibvirtError:
        if call.asks_undefine and other in _UNDEFINES:
            return 0
        raise


@vice("UNDEF-033")
def undefine_fails_when_it_is_not_alone(call: Call, memory: Memory) -> Any:
    """An undefine that meets another call on its domain fails with INTERNAL_ERROR."""
    _, other = meet(call, memory)
    if call.asks_undefine and other:
        refuse("INTERNAL_ERROR", "unexpected domain state")
    return call.go_on()


@vice("UNDEF-033")
def undefine_loses_a_guest_that_is_starting(call: Call, memory: Memory) -> Any:
    """An undefine that meets a start takes the domain off every list, and its guest runs on."""
    meeting, other = meet(call, memory)
    if call.method == "create" and other in _UNDEFINES:
        return first(call, meeting)
    if call.asks_undefine and other == "create":
        result = second(call, meeting)
        _hide(call, memory)
        return result
    return _hides(call, memory)


@vice("UNDEF-033")
def start_is_refused_and_goes_on(call: Call, memory: Memory) -> Any:
    """A start that meets an undefine is told that there is no domain, and the guest is started all the same."""
    meeting, other = meet(call, memory)
    if call.method == "create" and other in _UNDEFINES:
        first(call, meeting)
        refuse("NO_DOMAIN", "Domain not found")
    if call.asks_undefine and other == "create":
        result = second(call, meeting)
        _hide(call, memory)
        return result
    return _hides(call, memory)


@vice("UNDEF-033")
def undefine_removes_an_image_that_is_being_made(call: Call, memory: Memory) -> Any:
    """An undefine without flags that meets a managed save removes the domain and its image."""
    meeting, other = meet(call, memory)
    if call.method == "managedSave" and other == "undefine":
        return first(call, meeting)
    if call.method == "undefine" and other == "managedSave":
        meeting.one_done.wait(_PATIENCE)
        return call.raw.undefineFlags(Undefine.MANAGED_SAVE)
    return call.go_on()


@vice("UNDEF-033")
def image_that_is_being_made_is_left(call: Call, memory: Memory) -> Any:
    """An undefine with MANAGED_SAVE that meets a managed save leaves the image to the next domain."""
    meeting, other = meet(call, memory)
    if call.method == "managedSave" and other == "undefineFlags":
        return first(call, meeting)
    if call.method == "undefineFlags" and other == "managedSave":
        result = second(call, meeting)
        memory[call.uuid] = "left"
        return result
    result = call.go_on()
    return 1 if call.method == "hasManagedSaveImage" and memory.get(call.uuid) == "left" else result


@vice("UNDEF-033")
def definition_that_met_an_undefine_is_listed_nowhere(call: Call, memory: Memory) -> Any:
    """A domain that is defined while it is undefined is found by a look-up and stands on no list."""
    meeting, other = meet(call, memory)
    if call.asks_undefine and other == "defineXML":
        result = first(call, meeting)
        _hide(call, memory)
        return result
    if call.method == "defineXML" and other in _UNDEFINES:
        return second(call, meeting)
    return _hides(call, memory, from_look_ups=False)


@vice("UNDEF-033")
def definition_that_met_an_undefine_restarts_the_guest(call: Call, memory: Memory) -> Any:
    """A running domain that is defined while it is undefined has its guest started anew."""
    meeting, other = meet(call, memory)
    if call.asks_undefine and other == "defineXML":
        return first(call, meeting)
    if call.method == "defineXML" and other in _UNDEFINES:
        domain = second(call, meeting)
        if domain.isActive():
            domain.destroy()
            domain.create()
        return domain
    return call.go_on()


@vice("UNDEF-033")
def undefine_that_met_a_stop_is_forgotten(call: Call, memory: Memory) -> Any:
    """An undefine that meets a stop of its domain reports success, and the definition stays."""
    meeting, other = meet(call, memory)
    if call.method == "destroy" and other in _UNDEFINES:
        return first(call, meeting)
    if call.asks_undefine and other == "destroy":
        meeting.one_done.wait(_PATIENCE)
        return 0
    return call.go_on()


@vice("UNDEF-033")
def deaf_after_a_meeting(call: Call, memory: Memory) -> Any:
    """The driver answers no new connection after an undefine that met another call."""
    _, other = meet(call, memory)
    if memory.get("deaf") and call.handle.symbol == "fresh":
        refuse("RPC", "Cannot recv data: Connection reset by peer")
    if call.asks_undefine:
        memory["deaf"] = bool(other)
    return call.go_on()
