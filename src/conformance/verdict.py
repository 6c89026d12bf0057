"""From what became of scenarios to the verdict of a rule, and from those to the result of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from conformance.catalog import Level
from conformance.plan import counts


class Verdict(StrEnum):
    """What can be said of a rule, or of one of its scenarios."""

    UPHELD = "upheld"
    NOT_APPLICABLE = "not-applicable"
    DEVIATION = "deviation"
    NOT_TESTABLE = "not-testable"
    VIOLATED = "violated"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not-run"


@dataclass
class ScenarioResult:
    """What became of one scenario.

    :param seconds: wall time, in seconds; ``libvirt_seconds`` is the part spent inside libvirt calls.
    """

    outcome: Verdict
    message: str = ""
    expected: str = ""
    observed: str = ""
    reproducer: str = ""
    seconds: float = 0.0
    libvirt_seconds: float = 0.0
    calls: list[str] = field(default_factory=list)


#: The verdict of a rule is the first of these that one of its scenarios has.
#: A rule of which a part does not apply is upheld by the rest.
_GRAVEST_FIRST = (
    Verdict.VIOLATED,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_TESTABLE,
    Verdict.DEVIATION,
    Verdict.NOT_RUN,
    Verdict.UPHELD,
    Verdict.NOT_APPLICABLE,
)


class ExitCode(IntEnum):
    """What the command returns, as tmt counts."""

    CONFORMANT = 0
    NOT_CONFORMANT = 1
    ERROR = 2
    NOTHING_SELECTED = 3
    NOTHING_APPLICABLE = 4


def verdict_of_rule(outcomes: Iterable[Verdict]) -> Verdict:
    """Return the verdict that follows from the outcomes of a rule's scenarios."""
    found = set(outcomes)
    return next((verdict for verdict in _GRAVEST_FIRST if verdict in found), Verdict.NOT_RUN)


@dataclass(frozen=True)
class Ruling:
    """A rule's level and its verdict."""

    level: Level
    verdict: Verdict


def exit_code(
    rulings: Iterable[Ruling], least: Level = Level.MUST, *, clean: bool = True, worse: bool = False
) -> ExitCode:
    """Return the exit code of a run.

    :param least: the least binding level whose rules fail a run; rules below it warn.
    :param clean: whether everything that is not the kit's was left as it was.
    :param worse: whether something else fails the run: a regression, or a recorded deviation that is out of date.
    """
    rulings = list(rulings)
    verdicts = {ruling.verdict for ruling in rulings}
    if not clean or Verdict.INCONCLUSIVE in verdicts:
        return ExitCode.ERROR
    failing = (Verdict.VIOLATED, Verdict.NOT_TESTABLE)
    if worse or any(ruling.verdict in failing and counts(ruling.level, least) for ruling in rulings):
        return ExitCode.NOT_CONFORMANT
    ran = verdicts - {Verdict.NOT_RUN}
    if not ran:
        return ExitCode.NOTHING_SELECTED
    if ran == {Verdict.NOT_APPLICABLE}:
        return ExitCode.NOTHING_APPLICABLE
    return ExitCode.CONFORMANT


def tally(verdicts: Iterable[Verdict]) -> Mapping[str, int]:
    """Return how often each verdict occurs, every verdict named."""
    counted = Counter(verdicts)
    return {verdict.value: counted[verdict] for verdict in Verdict}
