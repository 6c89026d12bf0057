"""One region of the decision table put to a driver: which calls it is to meet, and what came of them.

However many cells there are, what is kept is a few numbers and the smallest combination for each fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from conformance.cell import Fault
from conformance.decision import Decision, decide
from conformance.flags import describe_flags
from conformance.regions import VALUES, Region

#: The beginning of the id under which the processes of a run know a survey.
PREFIX = "table/"
#: Where a person reads what it is about.
PLACE = "spec/undefine-decision.md"
#: How many cells that were answered in two ways are told in full; the number of them is always told.
_TOLD = 5


@dataclass(frozen=True)
class Survey:
    """A kind of domain, and the values of the flags with which it is to be undefined."""

    region: Region
    values: tuple[int, ...] = tuple(VALUES)

    @property
    def id(self) -> str:
        """The id by which the processes of a run know it."""
        return PREFIX + self.region.id

    @property
    def complete(self) -> bool:
        """Whether every value of the flags is asked."""
        return len(self.values) == len(VALUES)


@dataclass
class Cause:
    """A fault in the smallest combination in which a region has shown it, and how many cells show the same.

    :param flags: of the smallest combination.
    :param again: what the driver answered when the same was asked anew.
    """

    flags: int
    fault: Fault
    cells: int = 1
    reproducer: str = ""


@dataclass
class Finding:
    """What came of a survey.

    :param why: why the region was not reached, or not to the end.
    :param unsupported: whether it was not reached as the driver says that it does not do such a thing.
    :param decided: for each rule, how many cells about it were asked and judged, and with no fault at all.
    """

    region: str
    reached: bool = True
    why: str = ""
    unsupported: bool = False
    cells: int = 0
    convicted: int = 0
    inconsistent: int = 0
    decided: Counter[str] = field(default_factory=Counter)
    upheld: Counter[str] = field(default_factory=Counter)
    causes: list[Cause] = field(default_factory=list)
    answers: list[tuple[int, str, str]] = field(default_factory=list)

    def note(self, about: frozenset[str], cells: int, *, upheld: bool) -> None:
        """Count cells that were judged, about the same rules."""
        self.cells += cells
        self.decided.update(dict.fromkeys(about, cells))
        if upheld:
            self.upheld.update(dict.fromkeys(about, cells))
        else:
            self.convicted += cells

    def blame(self, flags: int, fault: Fault) -> Cause | None:
        """Count a fault; return its cause when no smaller combination has shown the same."""
        if cause := self.explains(flags, fault):
            cause.cells += 1
            return None
        self.causes.append(Cause(flags, fault))
        return self.causes[-1]

    def explains(self, flags: int, fault: Fault) -> Cause | None:
        """Return the cause of which a fault is one more sign: what few flags bring about, more of them do as well."""
        same = (cause for cause in self.causes if cause.fault.sign == fault.sign)
        return next((cause for cause in same if cause.flags & flags == cause.flags), None)

    def note_inconsistent(self, flags: int, first: str, second: str) -> None:
        """Keep that one cell was answered in two ways."""
        self.inconsistent += 1
        if len(self.answers) < _TOLD:
            self.answers.append((flags, first, second))

    def as_json(self) -> dict[str, Any]:
        """Return the finding as plain values."""
        # Processes hand each other plain dictionaries only.
        return {**asdict(self), "decided": dict(self.decided), "upheld": dict(self.upheld)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Finding:
        """Return the finding that plain values stand for."""
        return cls(
            **{
                **values,
                "decided": Counter(values["decided"]),
                "upheld": Counter(values["upheld"]),
                "causes": [Cause(**{**cause, "fault": Fault(**cause["fault"])}) for cause in values["causes"]],
                "answers": [(flags, first, second) for flags, first, second in values["answers"]],
            }
        )


class Decisions(dict[int, Decision]):
    """What the contract demands of the calls on a kind of domain, by their flags: decided when it is asked for.

    :param taken: the flags that the driver takes.
    """

    def __init__(self, region: Region, taken: int) -> None:
        super().__init__()
        self._region = region
        self._taken = taken

    def __missing__(self, flags: int) -> Decision:
        decision = self[flags] = decide(self._region.state, self._region.held, flags, self._taken)
        return decision


@lru_cache(maxsize=1024)
def call_words(flags: int) -> str:
    """Return a call for a person."""
    return f"undefineFlags with {describe_flags(flags)}"


def size(flags: int) -> tuple[int, int]:
    """Return by what values of the flags are put in order: those that ask for less come first."""
    return flags.bit_count(), flags
