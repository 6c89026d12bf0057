"""Vices of events: an undefine that nobody hears of, that is told twice, or that never was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from conformance.mutants.call import Call, LibvirtError, Memory
from conformance.mutants.guests import remember_remainder
from conformance.mutants.overlaps import because, refused
from conformance.mutants.vice import vice

_UNDEFINED, _STOPPED = 1, 5
_REMOVED, _RENAMED = 0, 1
_LIFECYCLE = 0

#: A kind of event and its detail.
Told = tuple[int, int]


def _register(call: Call, change: Callable[[str, Told], Iterable[Told]]) -> Any:
    """Make a call; where it registers for lifecycle events, tell its callback what ``change`` makes of each."""
    if call.method != "domainEventRegisterAny" or call.args[1] != _LIFECYCLE:
        return call.go_on()
    of_domain, kind_of_events, callback, opaque = call.args

    def tell(connection: Any, domain: Any, kind: int, detail: int, opaque: Any) -> None:
        for told in change(domain.UUIDString(), (kind, detail)):
            callback(connection, domain, *told, opaque)

    return call.proceed(call.method, of_domain, kind_of_events, tell, opaque)


@vice("UNDEF-029")
def event_doubled(call: Call, _memory: Memory) -> Any:
    """The event of an undefine is sent twice."""
    return _register(call, lambda _uuid, told: [told, told] if told[0] == _UNDEFINED else [told])


@vice("UNDEF-029")
def event_missing(call: Call, _memory: Memory) -> Any:
    """Undefine sends no event."""
    return _register(call, lambda _uuid, told: [] if told[0] == _UNDEFINED else [told])


@vice("UNDEF-029")
def event_missing_for_a_guest(call: Call, memory: Memory) -> Any:
    """Undefine of an active domain sends no event."""
    remember_remainder(call, memory)
    return _register(call, lambda uuid, told: [] if told[0] == _UNDEFINED and uuid in memory else [told])


@vice("UNDEF-029")
def event_with_the_wrong_detail(call: Call, _memory: Memory) -> Any:
    """The event of an undefine says that the domain was renamed."""
    return _register(call, lambda _uuid, told: [(_UNDEFINED, _RENAMED)] if told[0] == _UNDEFINED else [told])


@vice("UNDEF-029")
def event_for_one_connection_only(call: Call, _memory: Memory) -> Any:
    """The event of an undefine is sent to the connection that made the call, and to no other."""
    if call.handle.symbol == "conn2":
        return _register(call, lambda _uuid, told: [] if told[0] == _UNDEFINED else [told])
    return call.go_on()


@vice("UNDEF-029")
def event_again_when_it_stops(call: Call, memory: Memory) -> Any:
    """The event of an undefine is sent once more when the guest stops."""
    remember_remainder(call, memory)
    again = (_UNDEFINED, _REMOVED)
    return _register(call, lambda uuid, told: [told, again] if told[0] == _STOPPED and uuid in memory else [told])


@vice(
    "UNDEF-028",
    "UNDEF-029",
    overlaps=refused("UNDEF-028")
    | because("its refusals too must change nothing and send no event", "UNDEF-007", "UNDEF-017", "UNDEF-019"),
)
def event_on_refusal(call: Call, memory: Memory) -> Any:
    """An undefine that is refused sends the event of one that succeeded."""
    if call.method == "domainEventRegisterAny" and not call.read_only:
        memory.setdefault("callbacks", {})[call.connection] = call.args[2]
    try:
        return call.go_on()
    except LibvirtError:
        if call.undefines:
            for connection, callback in memory.get("callbacks", {}).items():
                callback(connection, call.raw, _UNDEFINED, _REMOVED, None)
        raise


@vice("UNDEF-029")
def event_missing_with_an_image(call: Call, memory: Memory) -> Any:
    """Undefine of a domain with an image sends no event."""
    if call.undefines and call.image:
        memory[call.uuid] = True
    return _register(call, lambda uuid, told: [] if told[0] == _UNDEFINED and uuid in memory else [told])


@vice("UNDEF-029")
def event_comes_after_the_stop(call: Call, memory: Memory) -> Any:
    """The event of an undefine of an active domain is sent when the guest has stopped."""
    remember_remainder(call, memory)

    def late(uuid: str, told: Told) -> list[Told]:
        if uuid not in memory or told[0] not in (_UNDEFINED, _STOPPED):
            return [told]
        return [told, (_UNDEFINED, _REMOVED)] if told[0] == _STOPPED else []

    return _register(call, late)
