"""From outcomes to verdicts to the exit code: the arithmetic of the design, cell by cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.catalog import Level
from conformance.verdict import ExitCode, Ruling, Verdict, exit_code, tally, verdict_of_rule

VERDICTS = st.sampled_from(Verdict)
RULINGS = st.lists(st.builds(Ruling, st.sampled_from(Level), VERDICTS))
LEVELS = st.sampled_from([Level.MUST, Level.SHOULD])
PASSED = Ruling(Level.MUST, Verdict.UPHELD)


@given(st.lists(VERDICTS))
def test_a_rule_is_upheld_only_if_everything_that_applies_was_upheld(outcomes: list[Verdict]) -> None:
    """Upheld means: at least one scenario was upheld, and no other one says anything but that it does not apply."""
    upheld = verdict_of_rule(outcomes) is Verdict.UPHELD
    assert upheld == (Verdict.UPHELD in outcomes and set(outcomes) <= {Verdict.UPHELD, Verdict.NOT_APPLICABLE})


@given(st.lists(VERDICTS))
def test_a_violation_is_never_outweighed(outcomes: list[Verdict]) -> None:
    """One violated scenario is a violated rule, whatever the others came to."""
    assert verdict_of_rule([*outcomes, Verdict.VIOLATED]) is Verdict.VIOLATED


@given(st.lists(VERDICTS, min_size=1))
def test_a_verdict_is_one_of_the_outcomes(outcomes: list[Verdict]) -> None:
    """A rule has no verdict that none of its scenarios has, and order does not matter."""
    assert verdict_of_rule(outcomes) in outcomes
    assert verdict_of_rule(outcomes) is verdict_of_rule(reversed(outcomes))


def test_a_rule_without_outcomes_was_not_run() -> None:
    """What nothing was seen of is not upheld."""
    assert verdict_of_rule([]) is Verdict.NOT_RUN


#: The design's table: for each verdict what it makes of a run at the level must, by the rule's level.
TABLE = {
    Verdict.UPHELD: (0, 0, 0),
    Verdict.NOT_APPLICABLE: (0, 0, 0),
    Verdict.DEVIATION: (0, 0, 0),
    Verdict.NOT_TESTABLE: (1, 0, 0),
    Verdict.VIOLATED: (1, 0, 0),
    Verdict.INCONCLUSIVE: (2, 2, 2),
    Verdict.NOT_RUN: (0, 0, 0),
}


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("verdict", Verdict)
def test_each_cell_of_the_table(verdict: Verdict, level: Level) -> None:
    """A rule of a level with a verdict does to a run what the design says."""
    assert exit_code([PASSED, Ruling(level, verdict)]) == TABLE[verdict][list(Level).index(level)]


@pytest.mark.parametrize("verdict", [Verdict.VIOLATED, Verdict.NOT_TESTABLE])
def test_the_level_should_makes_should_fail(verdict: Verdict) -> None:
    """With --level should a SHOULD fails the run as a MUST does, and a MAY does not."""
    assert exit_code([PASSED, Ruling(Level.SHOULD, verdict)], Level.SHOULD) is ExitCode.NOT_CONFORMANT
    assert exit_code([PASSED, Ruling(Level.MAY, verdict)], Level.SHOULD) is ExitCode.CONFORMANT


@given(RULINGS, LEVELS)
def test_a_run_that_did_not_stay_clean_is_an_error(rulings: list[Ruling], least: Level) -> None:
    """Something changed that is not the kit's: no verdict makes up for it."""
    assert exit_code(rulings, least, clean=False) is ExitCode.ERROR


@given(RULINGS, LEVELS)
def test_conformant_is_said_only_of_what_was_seen(rulings: list[Ruling], least: Level) -> None:
    """A run is conformant only when something was judged, and nothing that counts failed."""
    if exit_code(rulings, least) is ExitCode.CONFORMANT:
        judged = {ruling.verdict for ruling in rulings} - {Verdict.NOT_RUN, Verdict.NOT_APPLICABLE}
        assert judged
        assert Verdict.INCONCLUSIVE not in judged
        assert Ruling(Level.MUST, Verdict.VIOLATED) not in rulings
        assert Ruling(Level.MUST, Verdict.NOT_TESTABLE) not in rulings


@given(RULINGS)
def test_a_stricter_level_never_makes_a_run_better(rulings: list[Ruling]) -> None:
    """What fails at the level must fails at the level should."""
    if exit_code(rulings, Level.MUST) is ExitCode.NOT_CONFORMANT:
        assert exit_code(rulings, Level.SHOULD) is ExitCode.NOT_CONFORMANT


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([Verdict.UPHELD, Verdict.NOT_RUN, Verdict.NOT_APPLICABLE], ExitCode.CONFORMANT),
        ([Verdict.UPHELD, Verdict.VIOLATED], ExitCode.NOT_CONFORMANT),
        ([Verdict.VIOLATED, Verdict.INCONCLUSIVE], ExitCode.ERROR),
        ([Verdict.NOT_RUN], ExitCode.NOTHING_SELECTED),
        ([], ExitCode.NOTHING_SELECTED),
        ([Verdict.NOT_APPLICABLE, Verdict.NOT_RUN], ExitCode.NOTHING_APPLICABLE),
    ],
    ids=lambda value: value.name if isinstance(value, ExitCode) else None,
)
def test_each_exit_code_is_reached(verdicts: list[Verdict], code: ExitCode) -> None:
    """The five codes stand for the five results."""
    assert exit_code([Ruling(Level.MUST, verdict) for verdict in verdicts]) is code


def test_the_codes_are_tmts() -> None:
    """Programs rely on the numbers."""
    assert [code.value for code in ExitCode] == [0, 1, 2, 3, 4]


@given(st.lists(VERDICTS))
def test_a_tally_names_every_verdict(verdicts: list[Verdict]) -> None:
    """The counts add up, and a verdict that does not occur is counted too."""
    counted = tally(verdicts)
    assert list(counted) == [verdict.value for verdict in Verdict]
    assert sum(counted.values()) == len(verdicts)
