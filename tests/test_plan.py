"""What a run makes of each scenario before it begins."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.binding import Scenario
from conformance.catalog import Catalog, Level
from conformance.plan import Selection, counts, make_plan

HAS_ALL = {"define": (True, "defineXML: success"), "start": (True, "create: success")}
SCENARIOS = [
    Scenario(f"{rule}/{name}", rule, name, name, "features/a.feature", 9, needs, (), None)
    for rule, name, needs in (
        ("UNDEF-001", "plain", ()),
        ("UNDEF-001", "needy", ("start",)),
        ("UNDEF-002", "other", ()),
    )
]
Evidence = Mapping[str, tuple[bool, str]]


def plan(
    catalog: Catalog, evidence: Evidence = HAS_ALL, version: int = 9_000_000, rules: tuple[str, ...] = ()
) -> tuple[list[str], dict[str, str], list[str]]:
    """Return what runs, what does not apply and why, and what was not asked for, by id."""
    made = make_plan(catalog, SCENARIOS, Selection(rules), evidence, version)
    return [s.id for s in made.run], dict(made.not_applicable), [s.id for s in made.deselected]


def test_everything_runs_on_a_driver_that_has_everything(catalog: Catalog) -> None:
    """Without a selection and without a gap in the driver every scenario runs, in order."""
    assert plan(catalog) == (["UNDEF-001/plain", "UNDEF-001/needy", "UNDEF-002/other"], {}, [])


def test_what_a_rule_requires_and_what_a_scenario_needs_are_both_asked_for(catalog: Catalog) -> None:
    """A missing capability takes out the scenarios that need it, each with the probe's evidence."""
    runs, why, _ = plan(catalog, {**HAS_ALL, "start": (False, "create: NO_SUPPORT")})
    assert runs == ["UNDEF-001/plain"]
    assert set(why) == {"UNDEF-001/needy", "UNDEF-002/other"}
    assert set(why.values()) == {"the driver lacks “starts a domain” (start): create: NO_SUPPORT"}


def test_what_was_not_probed_is_not_taken_for_absent(catalog: Catalog) -> None:
    """A capability that nobody asked for hides no scenario: absence has to be said by the driver."""
    runs, why, _ = plan(catalog, {"define": (True, "ok")})
    assert "UNDEF-001/needy" in runs
    assert why == {}


@pytest.mark.parametrize(("version", "runs"), [(9003, 2), (9004, 3), (0, 3)], ids=["older", "as old", "does not say"])
def test_a_rule_does_not_bind_an_older_driver(catalog: Catalog, version: int, runs: int) -> None:
    """A rule newer than the driver does not apply; a driver that does not tell its release is bound by all."""
    found, why, _ = plan(catalog, version=version)
    assert len(found) == runs
    assert all("since libvirt 0.9.4, and this one is of 0.9.3" in text for text in why.values())


def test_what_was_not_asked_for_is_not_run(catalog: Catalog) -> None:
    """A selection leaves the rest deselected, whether it applies or not."""
    runs, why, rest = plan(catalog, {}, rules=("UNDEF-002",))
    assert (runs, set(why), rest) == (["UNDEF-002/other"], set(), ["UNDEF-001/plain", "UNDEF-001/needy"])


@given(st.dictionaries(st.sampled_from(["define", "start"]), st.tuples(st.booleans(), st.text())), st.integers(0))
def test_no_scenario_is_lost(catalog: Catalog, evidence: Evidence, version: int) -> None:
    """Whatever the driver has, each scenario has one place in the plan."""
    runs, why, rest = plan(catalog, evidence, version)
    assert sorted([*runs, *why, *rest]) == sorted(scenario.id for scenario in SCENARIOS)


@pytest.mark.parametrize(
    ("least", "counted"),
    [(Level.MUST, "MUST"), (Level.SHOULD, "MUST SHOULD"), (Level.MAY, "MUST SHOULD MAY")],
)
def test_a_level_counts_with_all_that_bind_more(least: Level, counted: str) -> None:
    """The least level that counts takes those above it along."""
    assert [level for level in Level if counts(level, least)] == counted.split()
