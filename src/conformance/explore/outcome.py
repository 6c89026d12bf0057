"""What a search has come to: the partings, each once, what lives have come through, and the exit code.

It ends as one JSON document; :mod:`conformance.render.exploration` shows it to a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.catalog import Catalog, Level
from conformance.explore.abilities import Abilities
from conformance.explore.course import Way
from conformance.explore.life import Kind, parse_life
from conformance.explore.ways import Ways, ways
from conformance.explore.world import World, parse_world
from conformance.verdict import ExitCode

#: The version of the document's form; the number before the dot changes when a reader has to change.
FORM = "1.0"
#: The rule about a driver that is gone after an undefine.
OUTLIVES = "UNDEF-034"
#: How many states are named to which no life has come.
_NAMED = 10


@dataclass
class Gathered:
    """What the processes of a search have said so far."""

    catalog: Catalog
    partings: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)
    states: Counter[World] = field(default_factory=Counter)
    transitions: Counter[tuple[World, str, World]] = field(default_factory=Counter)
    parted: set[Way] = field(default_factory=set)
    refused: set[Way] = field(default_factory=set)
    can: Abilities | None = None
    operations: int = 0
    lives: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0

    def note_parting(self, parting: Mapping[str, Any]) -> bool:
        """Keep a parting, the shortest life of those that show the same; return whether it is the first."""
        key = tuple(parting["signature"])
        earlier = self.partings.get(key)
        kept = dict(parting)
        if earlier is not None:
            shorter = _length(kept) < _length(earlier)
            kept = {**(kept if shorter else earlier), "times": earlier["times"] + 1}
        else:
            kept["times"] = 1
        self.partings[key] = kept
        return earlier is None

    def note_end(self, said: Mapping[str, Any]) -> None:
        """Keep what a process said when it had come to its end."""
        self.operations += said["operations"]
        self.lives += said["lives"]
        self.processor_seconds += said["processor_seconds"]
        self.states.update({parse_world(code): times for code, times in said["states"].items()})
        for before, name, after, times in said["transitions"]:
            self.transitions[parse_world(before), name, parse_world(after)] += times
        self.parted.update(way(plain) for plain in said["parted"])
        self.refused.update(way(plain) for plain in said["refused"])

    def note_abilities(self, told: Mapping[str, Any]) -> None:
        """Keep what the driver can do, as a process has found it out: one may have means that another lacks."""
        can = Abilities(
            frozenset(told["capabilities"]),
            told["taken"],
            frozenset(Kind[name] for name in told["lacking"]),
            told["checkpoint_by_redefine"],
        )
        if self.can is None or can.lacking < self.can.lacking:
            self.can = can

    def coverage(self) -> dict[str, Any]:
        """Return how many states and transitions lives have come through, of how many."""
        if self.can is None:
            return {}
        every, still = ways(self.can), ways(self.can, self.parted, self.refused)
        unparted = ways(self.can, (), self.refused)
        return {
            "states": _share(self.states, still.paths, unparted.paths, every.paths),
            "transitions": _share(self.transitions, still.transitions, unparted.transitions, every.transitions),
            "states_not_visited": _unvisited(self.states, still)[:_NAMED],
            "operations_lacking": [kind.value for kind in Kind if not self.can.has(kind)],
        }

    def told(self) -> list[dict[str, Any]]:
        """Return the partings, those that fail first, then by rule."""
        return sorted((self._told(parting) for parting in self.partings.values()), key=_order)

    def _told(self, parting: Mapping[str, Any]) -> dict[str, Any]:
        rule_id, operation, sign, phase = parting["signature"]
        rule = self.catalog.rules.get(rule_id)
        return {
            "id": f"{rule_id or 'no-rule'}/{operation}/{phase}/{sign}",
            "rule": rule_id or None,
            "level": rule.level.value if rule else None,
            "statement": rule.statement if rule else None,
            "fails": fails(rule.level if rule else None, lost=bool(parting.get("lost"))) and parting["shown_again"],
            **{name: value for name, value in parting.items() if name != "signature"},
        }


def _length(parting: Mapping[str, Any]) -> tuple[bool, int, bool]:
    """Return by what one life is told to be the shorter of two that show the same."""
    return not parting["shown_again"], len(parting["life"]), not parting["shortest"]


def way(plain: Sequence[str]) -> Way:
    """Return a state and an operation from the letters in which they were written down."""
    world, op = plain
    return parse_world(world), parse_life(op)[0]


def fails(level: Level | None, *, lost: bool) -> bool:
    """Tell whether a parting makes a search end with code 1.

    :param level: of the rule, or nothing where no rule says what the model expects.
    :param lost: whether the driver has ended or held up the process that called it, which no reading allows.
    """
    return lost or level is Level.MUST


def exit_code(partings: Sequence[Mapping[str, Any]], *, clean: bool) -> ExitCode:
    """Return how the command ends.

    :param clean: whether nothing around the lives went wrong.
    """
    if not clean:
        return ExitCode.ERROR
    return ExitCode.NOT_CONFORMANT if any(parting["fails"] for parting in partings) else ExitCode.CONFORMANT


def _order(parting: Mapping[str, Any]) -> tuple[object, ...]:
    levels = [Level.MUST.value, Level.SHOULD.value, Level.MAY.value]
    level = levels.index(parting["level"]) if parting["level"] in levels else len(levels)
    return not parting["fails"], level, parting["rule"] or "", parting["id"]


def _share(done: Mapping[Any, int], still: Any, unparted: Any, every: Any) -> dict[str, int]:
    """Return numbers: visited, of those that can be reached, and what lies behind partings alone.

    :param unparted: what could be reached if driver and model had parted nowhere.
    """
    reachable = set(still) | (set(done) & set(every))
    return {
        "visited": len(set(done) & reachable),
        "reachable": len(reachable),
        "behind_partings": len(set(unparted) - reachable),
    }


def _unvisited(visited: Mapping[World, int], found: Ways) -> list[str]:
    return [str(world) for world in found.paths if world not in visited and world != World()]
