"""Finding out what a driver can do of the operations of a life, beside what probing for scenarios asks."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.driver.cleanup import METADATA_ONLY
from conformance.driver.handle import UNSUPPORTED
from conformance.driver.knowledge import Knowledge
from conformance.driver.living import Living
from conformance.driver.session import Session
from conformance.explore.abilities import Abilities
from conformance.explore.life import Kind
from conformance.uri import embeds

#: By these a driver says that it does not have an operation; by the last, that it does not take its flag.
_LACKS = (*UNSUPPORTED, "INVALID_ARG")
#: What comes before an operation that probing does not try, in a life that tries it.
_TRIALS: Mapping[Kind, tuple[Kind, ...]] = {Kind.CREATE_PAUSED: (), Kind.START_PAUSED: (Kind.DEFINE,)}


def find_abilities(living: Living, session: Session, knowledge: Knowledge) -> Abilities:
    """Return what the driver can do, and let the lives drop a snapshot's metadata in the way that it has.

    :raises NotReached: when a domain cannot be made to find that out.
    """
    lacking = set()
    # libvirt lets a process open an embedded driver only some sixteen times.
    if embeds(session.uri) or "second-connection" not in knowledge.capabilities:
        lacking.add(Kind.RECONNECT)
    if session.restarter is None:
        lacking.add(Kind.RESTART)
    known = Abilities(
        frozenset(knowledge.capabilities), sum(knowledge.flags), frozenset(), knowledge.checkpoint_by_redefine
    )
    for kind, before in _TRIALS.items():
        if known.has(kind) and _lacks(living, kind, *before):
            lacking.add(kind)
    if known.has(Kind.DROP_SNAPSHOT):
        # A driver whose snapshots are metadata alone has no flag for that.
        refused = _lacks(living, Kind.DROP_SNAPSHOT, Kind.DEFINE, Kind.TAKE_SNAPSHOT)
        living.metadata_flags = 0 if refused else METADATA_ONLY
    return Abilities(known.capabilities, known.taken, frozenset(lacking), known.checkpoint_by_redefine)


def _lacks(living: Living, kind: Kind, *before: Kind) -> bool:
    failure = living.tried(kind, *before)
    return failure is not None and failure.name in _LACKS
