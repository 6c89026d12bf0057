"""The regions of the decision table: each kind of domain with all the calls that it is to meet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from typing import Any

from conformance.binding import slug
from conformance.decision import UNKNOWN_BIT, Holding, State, can_hold
from conformance.situations import SITUATIONS, Situation

#: Every value of the flags that the table has: each without and with a bit that libvirt does not define.
VALUES = range(2 * UNKNOWN_BIT)
#: What a driver has to be able to do for a domain to be in a state, or to hold something. What one that refuses every
#: undefine of an active domain has to be told about that is told by scenarios, once, and not by half of the table.
_NEEDS_OF_STATE = {
    State.INACTIVE: (),
    State.RUNNING: ("start", "undefine-active"),
    State.PAUSED: ("start", "undefine-active", "pause"),
    State.RUNNING_CREATED: ("transient",),
    State.PAUSED_CREATED: ("transient", "pause"),
    State.RUNNING_REMAINDER: ("start", "undefine-active"),
    State.PAUSED_REMAINDER: ("start", "undefine-active", "pause"),
}
_NEEDS_OF_HOLDING = {
    Holding.IMAGE: ("start", "managed-save"),
    Holding.SNAPSHOT: ("snapshot-metadata",),
    Holding.CHECKPOINT: ("checkpoint-metadata",),
    Holding.NVRAM: ("nvram",),
    Holding.TPM: ("start", "tpm"),
}


@dataclass(frozen=True)
class Region:
    """A kind of domain: what it is, and what it holds."""

    state: State
    held: frozenset[Holding] = frozenset()

    @property
    def words(self) -> str:
        """The region for a person: ``inactive with a managed save image and a snapshot``."""
        held = [holding for holding in Holding if holding in self.held]
        if not held:
            return str(self.state)
        *first, last = held
        return f"{self.state} with {', '.join(first)}{' and ' if first else ''}{last}"

    @property
    def id(self) -> str:
        """The words as an id."""
        return "-".join([slug(self.state), *(holding.name.lower() for holding in Holding if holding in self.held)])

    @property
    def situation(self) -> Situation:
        """What has to be built."""
        held: dict[str, Any] = {holding.name.lower(): True for holding in self.held}
        return replace(SITUATIONS[self.state], **held)

    @property
    def needs(self) -> tuple[str, ...]:
        """The capabilities without which a driver cannot be brought there."""
        needs = [*_NEEDS_OF_STATE[self.state], *(n for h in Holding if h in self.held for n in _NEEDS_OF_HOLDING[h])]
        if Holding.IMAGE in self.held and self.state.active:
            needs += ["transient", "image-beside-guest"]
        if {Holding.SNAPSHOT, Holding.CHECKPOINT} <= self.held:
            needs.append("snapshot-beside-checkpoint")
        return tuple(dict.fromkeys(needs))


@cache
def all_regions() -> tuple[Region, ...]:
    """Return every kind of domain that there can be, by states, those that hold less first."""
    subsets = [frozenset(held) for number in range(len(Holding) + 1) for held in combinations(Holding, number)]
    return tuple(Region(state, held) for state in State for held in subsets if can_hold(state, held))
