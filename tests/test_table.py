"""What a run asks of the decision table: by the driver's capabilities, its flags and the caller's selection."""

from __future__ import annotations

import json

import pytest

from conformance.catalog import Catalog, load_catalog
from conformance.data import folder
from conformance.decision import KNOWN, RULES, Holding
from conformance.flags import Undefine
from conformance.plan import Selection
from conformance.regions import all_regions
from conformance.table import Mode, TablePlan, as_plain, deal, entry, plan_table, surveys_of

ALL = Selection()


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Return the shipped specification's rules."""
    return load_catalog(folder("spec"))


def plan(
    catalog: Catalog,
    *lacking: str,
    selection: Selection = ALL,
    mode: Mode = Mode.EXHAUSTIVE,
    taken: int = KNOWN,
    version: int = 0,
) -> TablePlan:
    """Plan for a driver that has every capability but some."""
    evidence = {name: (name not in lacking, "seen") for name in catalog.capabilities}
    return plan_table(catalog, selection, evidence, version, taken, mode)


def test_a_driver_that_can_do_everything_is_asked_everything(catalog: Catalog) -> None:
    """Every kind of domain, and every rule counts."""
    made = plan(catalog)
    assert {survey.region for survey in made.surveys} == set(all_regions())
    assert all(survey.complete for survey in made.surveys)
    assert (made.unreachable, made.counted) == ({}, list(RULES))


@pytest.mark.parametrize("holding", Holding)
def test_what_a_driver_cannot_hold_is_not_asked(catalog: Catalog, holding: Holding) -> None:
    """The regions fall away, each with what showed that they cannot be had."""
    lacking = {
        Holding.IMAGE: "managed-save",
        Holding.SNAPSHOT: "snapshot-metadata",
        Holding.CHECKPOINT: "checkpoint-metadata",
        Holding.NVRAM: "nvram",
        Holding.TPM: "tpm",
    }[holding]
    made = plan(catalog, lacking)
    assert {region for region in all_regions() if holding in region.held} == set(made.unreachable)
    assert all(f"({lacking}): seen" in why for why in made.unreachable.values())
    assert set(made.reachable) | set(made.unreachable) == set(all_regions())
    assert {survey.region for survey in made.surveys} == set(made.reachable)


def test_holdings_that_exclude_each_other_are_asked_one_by_one(catalog: Catalog) -> None:
    """A driver that keeps snapshots or checkpoints and not both loses the regions with both alone."""
    made = plan(catalog, "snapshot-beside-checkpoint")
    assert all({Holding.SNAPSHOT, Holding.CHECKPOINT} <= region.held for region in made.unreachable)
    assert made.unreachable


def test_a_selection_by_rule_leaves_out_what_is_about_others(catalog: Catalog) -> None:
    """UNDEF-021 is about nvram files, so no other domain is made."""
    made = plan(catalog, selection=Selection(("UNDEF-021",)))
    assert made.counted == ["UNDEF-021"]
    assert {Holding.NVRAM} == set.intersection(*(set(survey.region.held) for survey in made.surveys))
    assert plan(catalog, selection=Selection(("UNDEF-030",))).surveys == ()


def test_a_rule_that_is_newer_than_the_driver_does_not_count(catalog: Catalog) -> None:
    """The reason is kept for the report."""
    made = plan(catalog, version=7_000_000)
    assert "UNDEF-024" not in made.counted
    assert "8.9.0" in made.rules["UNDEF-024"]


def test_without_the_call_there_is_no_table(catalog: Catalog) -> None:
    """A driver that has only the older call cannot be given flags."""
    made = plan(catalog, "undefine-flags")
    assert (made.counted, made.surveys) == ([], ())


def test_pairwise_asks_less_and_none_nothing(catalog: Catalog) -> None:
    """The mode decides how much is asked, and nothing else."""
    pairwise = plan(catalog, mode=Mode.PAIRWISE)
    assert 0 < len(pairwise.surveys) < 20
    assert not any(survey.complete for survey in pairwise.surveys)
    assert plan(catalog, mode=Mode.NONE).surveys == ()
    assert pairwise.counted == plan(catalog).counted


def test_what_holds_least_comes_first(catalog: Catalog) -> None:
    """Of kinds of domain that hold as much, those in which each success costs a start lead."""
    order = [survey.region for survey in plan(catalog).surveys]
    assert [len(region.held) for region in order] == sorted(len(region.held) for region in order)
    of_two = [region for region in order if len(region.held) == 2]
    assert of_two[0].held & {Holding.IMAGE, Holding.TPM}
    assert of_two[-1].state.transient


def test_a_deck_is_dealt_like_cards() -> None:
    """Each worker's share begins with the same part of it, and nothing is lost."""
    assert deal(["a", "b", "c", "d", "e"], 2) == ["a", "c", "e", "b", "d"]
    assert deal(["a"], 4) == ["a"]
    assert deal([], 2) == []


def test_a_plan_survives_the_way_to_another_process(catalog: Catalog) -> None:
    """A process learns which regions, which values, which rules."""
    for mode in (Mode.EXHAUSTIVE, Mode.PAIRWISE):
        made = plan(catalog, mode=mode, taken=int(Undefine.MANAGED_SAVE))
        plain = json.loads(json.dumps(as_plain(made)))
        assert list(surveys_of(plain).values()) == list(made.surveys)
        assert plain["rules"] == made.counted


def test_an_entry_is_known_by_what_went_wrong(catalog: Catalog) -> None:
    """Its id holds no combination, as another may show the same fault in the next run."""
    one = entry(catalog, "UNDEF-028", "changed nvram file", "of a domain that is paused")
    assert one.id == "UNDEF-028/table[changed-nvram-file]"
    assert entry(catalog, "UNDEF-028").id == "UNDEF-028/table"
    rule = catalog.rules["UNDEF-028"]
    assert (one.path, one.line) == (rule.page, rule.line)
