"""What a report says of the decision table: each fault once, each rule's part, and what could not be judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.catalog import Catalog, load_catalog
from conformance.cell import Fault
from conformance.data import folder
from conformance.decision import KNOWN, Holding, State
from conformance.plan import Selection
from conformance.regions import Region, all_regions
from conformance.smallest import is_told_by
from conformance.survey import Cause, Decisions, Finding, Survey
from conformance.table import NOTHING, Mode, TablePlan, plan_table
from conformance.table_report import TableRecord, convictions, entries, promised, section
from conformance.verdict import ScenarioResult, Verdict

PLAIN, IMAGE = Region(State.INACTIVE), Region(State.INACTIVE, frozenset({Holding.IMAGE}))
BOTH = Region(State.INACTIVE, frozenset({Holding.IMAGE, Holding.SNAPSHOT}))
RUNNING = Region(State.RUNNING)
GROUND = (PLAIN, IMAGE, BOTH, RUNNING)
RULES = ("UNDEF-001", "UNDEF-011", "UNDEF-028")
CHANGED = Fault("UNDEF-028", "changed snapshots", "everything is as it was", "snapshots: was 1, is 0", ("snapshots",))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Return the shipped specification's rules."""
    return load_catalog(folder("spec"))


@pytest.fixture
def record(catalog: Catalog) -> TableRecord:
    """Give the record of a run of four regions by three rules, in which nothing is wrong."""
    evidence = dict.fromkeys(catalog.capabilities, (True, "seen"))
    whole = plan_table(catalog, Selection(RULES), evidence, 0, KNOWN, Mode.EXHAUSTIVE)
    surveys = tuple(survey for survey in whole.surveys if survey.region in GROUND)
    made = TableRecord(replace(whole, surveys=surveys))
    for survey in surveys:
        made.note(survey.id, {"outcome": "upheld", "message": "", "finding": clean(survey, made.plan).as_json()})
    return made


def clean(survey: Survey, plan: TablePlan) -> Finding:
    """Return what is found of a driver that does everything right."""
    finding = Finding(survey.region.id)
    decisions = Decisions(survey.region, KNOWN)
    for flags in survey.values:
        if about := decisions[flags].about & set(plan.counted):
            finding.note(about, 1, upheld=True)
    return finding


def blame(record: TableRecord, region: Region, flags: int, fault: Fault = CHANGED, cells: int = 1) -> None:
    """Add a fault to what was found of a region."""
    finding = record.findings[Survey(region).id]
    cause = finding.blame(flags, fault)
    assert cause is not None
    cause.cells, cause.reproducer = cells, f"# {region.id} {flags}"
    finding.convicted += cells


def said(catalog: Catalog, record: TableRecord, *, interrupted: bool = False) -> dict[str, ScenarioResult]:
    """Return the results of the entries that the table adds, by id."""
    found = entries(catalog, record, interrupted=interrupted)
    return {scenario.id: result for results in found.values() for scenario, result in results}


def outcomes(results: dict[str, ScenarioResult]) -> dict[str, str]:
    """Return the outcomes alone."""
    return {name: result.outcome.value for name, result in results.items()}


def test_a_driver_that_does_everything_right_upholds_each_rule(catalog: Catalog, record: TableRecord) -> None:
    """One entry for each rule, and the numbers add up to the whole table."""
    assert outcomes(said(catalog, record)) == {f"{rule}/table": "upheld" for rule in RULES}
    cells = section(catalog, record)["cells"]
    assert cells["reachable"] + cells["not_reached"] == 160 * 256
    assert cells["decided"] == sum(finding.cells for finding in record.findings.values()) > 0
    assert (cells["convicted"], cells["inconsistent"]) == (0, 0)


def test_one_fault_in_many_regions_is_one_conviction(catalog: Catalog, record: TableRecord) -> None:
    """It is told by the fewest holdings, then the fewest flags, then inactive before running."""
    blame(record, BOTH, 2, cells=7)
    blame(record, RUNNING, 3)
    blame(record, PLAIN, 5, cells=2)
    (found,) = convictions(record)
    assert (found.region, found.cause.flags, found.cells) == (PLAIN, 5, 10)
    results = said(catalog, record)
    assert outcomes(results)["UNDEF-028/table[changed-snapshots]"] == "violated"
    assert results["UNDEF-028/table[changed-snapshots]"].reproducer == "# inactive 5"
    (conviction,) = section(catalog, record)["convictions"]
    assert conviction["flags"] == ["MANAGED_SAVE", "NVRAM"]
    assert (conviction["state"], conviction["holds"], conviction["cells"]) == ("inactive", [], 10)
    assert "undefineFlags with MANAGED_SAVE and NVRAM of a domain that is inactive" in conviction["combination"]


#: Few kinds of domain, so that many are drawn that differ in one thing alone.
AKIN = [region for region in all_regions() if region.held <= {Holding.SNAPSHOT}]


@given(
    st.sets(
        st.tuples(st.sampled_from(AKIN), st.integers(0, 3), st.sampled_from(["changed image", "changed snapshots"])),
        max_size=12,
    )
)
def test_the_combination_that_is_told_is_told_by_no_other(drawn: set[tuple[Region, int, str]]) -> None:
    """A process that writes no script of what another combination tells leaves no conviction without one."""
    record = TableRecord(NOTHING)
    for region, flags, sign in drawn:
        finding = record.findings.setdefault(Survey(region).id, Finding(region.id))
        finding.causes.append(Cause(flags, replace(CHANGED, sign=sign)))
    shown = [
        (region, cause)
        for region in all_regions()
        for cause in getattr(record.findings.get(Survey(region).id), "causes", ())
    ]
    told = [(one.region, one.cause) for one in convictions(record)]
    assert all(not is_told_by(shown, one) for one in told)
    assert bool(told) == bool(drawn)


def test_faults_of_two_kinds_are_two_convictions(catalog: Catalog, record: TableRecord) -> None:
    """Of one rule and in one cell, what went wrong tells them apart."""
    blame(record, BOTH, 2)
    blame(record, BOTH, 2, replace(CHANGED, sign="changed autostart"))
    assert {name for name, outcome in outcomes(said(catalog, record)).items() if outcome == "violated"} == {
        "UNDEF-028/table[changed-snapshots]",
        "UNDEF-028/table[changed-autostart]",
    }


def test_the_cells_of_a_rule_that_are_right_stand_beside_its_convictions(catalog: Catalog, record: TableRecord) -> None:
    """Where none is left, there is no entry for the rest."""
    blame(record, BOTH, 2)
    assert outcomes(said(catalog, record))["UNDEF-028/table"] == "upheld"
    for finding in record.findings.values():
        finding.upheld["UNDEF-028"] = 0
    assert "UNDEF-028/table" not in said(catalog, record)


def test_a_rule_of_which_every_cell_breaks_another_is_not_upheld(catalog: Catalog, record: TableRecord) -> None:
    """Nothing was seen that would uphold it."""
    for finding in record.findings.values():
        finding.upheld["UNDEF-001"] = 0
    result = said(catalog, record)["UNDEF-001/table"]
    assert (result.outcome, result.message) == (Verdict.NOT_APPLICABLE, "every cell about it breaks another rule")


@pytest.mark.parametrize(("interrupted", "word"), [(True, "interrupted"), (False, "no worker reported it")])
def test_a_region_without_a_word_is_inconclusive(
    catalog: Catalog, record: TableRecord, word: str, *, interrupted: bool
) -> None:
    """Every rule that could have been broken there is; the others are judged."""
    del record.findings[Survey(IMAGE).id]
    results = said(catalog, record, interrupted=interrupted)
    assert outcomes(results)["UNDEF-011/table"] == "inconclusive"
    assert word in results["UNDEF-011/table"].message
    assert record.reported == len(GROUND) - 1


def test_a_lost_worker_is_told_with_its_region(catalog: Catalog, record: TableRecord) -> None:
    """What was found before the loss is no verdict on the region."""
    record.note(Survey(IMAGE).id, {"outcome": "inconclusive", "message": "the worker process was ended by SIGKILL"})
    result = said(catalog, record)["UNDEF-011/table"]
    assert result.outcome is Verdict.INCONCLUSIVE
    assert result.message == (
        "a domain that is inactive with a managed save image: the worker process was ended by SIGKILL"
    )


def unreached(record: TableRecord, region: Region, *, unsupported: bool) -> None:
    """Let a region have been out of reach."""
    finding = Finding(region.id, reached=False, why="create failed", unsupported=unsupported)
    record.note(Survey(region).id, {"outcome": "upheld", "message": "", "finding": finding.as_json()})


def test_what_is_promised_and_not_reached_is_not_testable(catalog: Catalog, record: TableRecord) -> None:
    """A driver that claims a capability and cannot show it does not go green by being broken."""
    unreached(record, IMAGE, unsupported=True)
    assert outcomes(said(catalog, record))["UNDEF-011/table"] == "not-testable"


def test_what_a_driver_refuses_to_hold_together_is_left_out(catalog: Catalog, record: TableRecord) -> None:
    """No capability promises it; the report says how the driver refused."""
    unreached(record, BOTH, unsupported=True)
    assert outcomes(said(catalog, record))["UNDEF-011/table"] == "upheld"
    table = section(catalog, record)
    assert {"domain": BOTH.words, "reason": "create failed"} in table["not_reached"]
    assert table["cells"]["not_reached"] == 256


def test_what_fails_although_the_driver_does_not_refuse_it_is_not_testable(
    catalog: Catalog, record: TableRecord
) -> None:
    """An internal error on the way is no answer to whether there is a way."""
    unreached(record, BOTH, unsupported=False)
    assert outcomes(said(catalog, record))["UNDEF-011/table"] == "not-testable"


def test_a_region_that_was_left_half_way_is_not_testable(catalog: Catalog, record: TableRecord) -> None:
    """The set-up was reached before, and then no more."""
    record.findings[Survey(IMAGE).id].why = "create failed"
    assert outcomes(said(catalog, record))["UNDEF-011/table"] == "not-testable"


def test_a_rule_that_does_not_apply_says_why(catalog: Catalog, record: TableRecord) -> None:
    """By its release, or as nothing that it is about can be had."""
    record.plan = replace(record.plan, rules={**record.plan.rules, "UNDEF-011": "the rule is newer"})
    assert said(catalog, record)["UNDEF-011/table"].message == "the rule is newer"
    record.plan = replace(record.plan, rules={"UNDEF-001": ""}, surveys=())
    assert outcomes(said(catalog, record)) == {"UNDEF-001/table": "not-applicable"}


def test_two_answers_are_told_with_their_cell(catalog: Catalog, record: TableRecord) -> None:
    """Both, and how often it happened."""
    record.findings[Survey(IMAGE).id].note_inconsistent(0x84, "it failed", "it succeeded")
    table = section(catalog, record)
    assert table["cells"]["inconsistent"] == 1
    assert table["inconsistent"] == [
        {
            "state": "inactive",
            "holds": ["a managed save image"],
            "flags": ["NVRAM", "0x80"],
            "first": "it failed",
            "second": "it succeeded",
        }
    ]


def test_capabilities_promise_one_holding_at_a_time() -> None:
    """What they say of one they do not say of two, nor of a guest that runs beside its image."""
    kept = [region for region in all_regions() if promised(region)]
    assert PLAIN in kept
    assert IMAGE in kept
    assert BOTH not in kept
    assert Region(State.RUNNING, frozenset({Holding.IMAGE})) not in kept
    assert {region.state for region in kept} == set(State)
