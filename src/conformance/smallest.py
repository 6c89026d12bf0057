"""Which of several combinations that show one fault is told: the smallest, and it stands for all."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.decision import State
from conformance.regions import Region
from conformance.survey import Cause

#: A fault in the smallest combination in which a kind of domain has shown it, and that kind.
Shown = tuple[Region, Cause]


def order(shown: Shown) -> tuple[int, int, int, int]:
    """Return by what combinations are put in order: few holdings, few flags, and inactive before running."""
    region, cause = shown
    return len(region.held), cause.flags.bit_count(), list(State).index(region.state), cause.flags


def is_within(smaller: Iterable[Shown], one: Shown) -> bool:
    """Tell whether less has shown the same: what more is held and asked for then cannot be to blame."""
    region, cause = one
    return any(
        other.fault.sign == cause.fault.sign
        and (place.state.active, place.state.transient) == (region.state.active, region.state.transient)
        and place.held <= region.held
        and other.flags & cause.flags == other.flags
        for place, other in smaller
    )


def is_told_by(others: Iterable[Shown], one: Shown) -> bool:
    """Tell whether one of other combinations is told in place of one, whatever else is shown."""
    return is_within((other for other in others if order(other) < order(one)), one)
