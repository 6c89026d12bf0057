"""What a report says of the decision table: a few numbers, each cause in its smallest combination, each rule's part.

Convictions stand among the scenarios of their rules, so that verdicts, JUnit and the exit code follow from them as
from any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conformance.binding import Scenario
from conformance.catalog import Catalog
from conformance.decision import Holding
from conformance.flags import flag_names
from conformance.regions import VALUES, Region, all_regions
from conformance.smallest import Shown, is_within, order
from conformance.survey import Cause, Finding, Survey, call_words
from conformance.table import Mode, TablePlan, entry
from conformance.verdict import ScenarioResult, Verdict


@dataclass
class TableRecord:
    """What the surveys of a run have found so far.

    :param findings: by survey, as far as it has come.
    :param unjudged: by survey, why it could not be judged.
    :param seconds: wall time, in seconds, summed over the surveys; ``libvirt_seconds`` is the part inside libvirt.
    """

    plan: TablePlan
    findings: dict[str, Finding] = field(default_factory=dict)
    unjudged: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    libvirt_seconds: float = 0.0

    def note(self, survey: str, outcome: Mapping[str, Any]) -> Verdict:
        """Keep what a process said of a survey, and return the verdict in it."""
        verdict = Verdict(outcome["outcome"])
        self.seconds += outcome.get("seconds", 0.0)
        self.libvirt_seconds += outcome.get("libvirt_seconds", 0.0)
        if "finding" in outcome:
            self.findings[survey] = Finding.from_json(outcome["finding"])
        if verdict is Verdict.INCONCLUSIVE:
            self.unjudged[survey] = outcome["message"]
        return verdict

    @cached_property
    def surveys(self) -> Mapping[str, Survey]:
        """The surveys of the run, by id."""
        return {survey.id: survey for survey in self.plan.surveys}

    @property
    def reported(self) -> int:
        """How many surveys have come to their end, whatever it was."""
        return len(self.findings.keys() | self.unjudged.keys())


@dataclass(frozen=True)
class Conviction:
    """One fault with all the cells that show it, told by the smallest of them."""

    region: Region
    cause: Cause
    cells: int

    @property
    def words(self) -> str:
        """The smallest combination for a person."""
        return f"{call_words(self.cause.flags)} of a domain that is {self.region.words}"


def convictions(record: TableRecord) -> list[Conviction]:
    """Return the causes of every region: those of one sign as one, where one rule or one within another says so."""
    regions = {region.id: region for region in all_regions()}
    shown = [(regions[finding.region], cause) for finding in record.findings.values() for cause in finding.causes]
    found: dict[tuple[str, str], list[Shown]] = {}
    for one in sorted(shown, key=order):
        fault = one[1].fault
        name = next((name for name, others in found.items() if is_within(others, one)), (fault.rule, fault.sign))
        found.setdefault(name, []).append(one)
    return [Conviction(*found[name][0], sum(cause.cells for _, cause in found[name])) for name in sorted(found)]


def entries(
    catalog: Catalog, record: TableRecord, *, interrupted: bool = False
) -> dict[str, list[tuple[Scenario, ScenarioResult]]]:
    """Return what the table adds to the scenarios of each rule.

    :param interrupted: whether the run was ended before all was done.
    """
    missing = "the run was interrupted before" if interrupted else "no worker reported it"
    found: dict[str, list[tuple[Scenario, ScenarioResult]]] = {rule: [] for rule in record.plan.rules}
    if record.plan.mode is Mode.NONE:
        return {}
    for conviction in convictions(record):
        fault = conviction.cause.fault
        scenario = entry(catalog, fault.rule, fault.sign, conviction.words)
        message = cells_message(conviction.cells)
        result = ScenarioResult(Verdict.VIOLATED, message, fault.expected, fault.observed, conviction.cause.reproducer)
        found[fault.rule].append((scenario, result))
    for rule in record.plan.rules:
        if (rest := _rest(record, rule, missing, convicted=bool(found[rule]))) is not None:
            found[rule].append((entry(catalog, rule, title="Every other cell of the decision table"), rest))
    return found


def cells_message(cells: int) -> str:
    """Return what is said of a fault that the table has shown, beside what was expected and observed."""
    return f"cells of the decision table that show it: {cells:,}"


def _rest(record: TableRecord, rule: str, missing: str, *, convicted: bool) -> ScenarioResult | None:
    """Return what came of the cells about a rule that are not convicted of breaking it, or nothing without any."""
    if why := record.plan.rules[rule]:
        return ScenarioResult(Verdict.NOT_APPLICABLE, why)
    if rule in record.plan.elsewhere:
        return ScenarioResult(Verdict.NOT_RUN, "its cells are asked by other parts of the run")
    surveys = [survey for survey in record.plan.surveys if rule in record.plan.about[survey.id]]
    for verdict, problems in (
        (Verdict.INCONCLUSIVE, (_unjudged(record, survey, missing) for survey in surveys)),
        (Verdict.NOT_TESTABLE, (_unreached(record, survey) for survey in surveys)),
    ):
        if problem := next(filter(None, problems), ""):
            return ScenarioResult(verdict, problem)
    if any(record.findings[survey.id].upheld[rule] for survey in surveys):
        return ScenarioResult(Verdict.UPHELD)
    if convicted:
        return None
    return ScenarioResult(
        Verdict.NOT_APPLICABLE,
        "every cell about it breaks another rule"
        if any(record.findings[survey.id].decided[rule] for survey in surveys)
        else "the driver can be brought to no kind of domain that it is about",
    )


def _unjudged(record: TableRecord, survey: Survey, missing: str) -> str:
    if survey.id in record.findings and survey.id not in record.unjudged:
        return ""
    return f"a domain that is {survey.region.words}: {record.unjudged.get(survey.id, missing)}"


def _unreached(record: TableRecord, survey: Survey) -> str:
    """Return why a region is undecided that the driver's capabilities promise."""
    finding = record.findings[survey.id]
    denied = not finding.reached and finding.unsupported and not promised(survey.region)
    if not finding.why or denied:
        return ""
    return f"a domain that is {survey.region.words}: {finding.why}"


def promised(region: Region) -> bool:
    """Tell whether the capabilities that a region needs say that it can be had: what is held together need not be."""
    if region.state.transient or (region.state.active and Holding.IMAGE in region.held):
        return not region.held
    return len(region.held) < 2


def section(catalog: Catalog, record: TableRecord) -> dict[str, Any]:
    """Return the part of the report that is about the table as a whole."""
    plan = record.plan
    unreached = dict(_unreachable(record))
    reachable = (len(all_regions()) - len(unreached)) * len(VALUES)
    findings = list(record.findings.values())
    decided = sum((finding.decided for finding in findings), Counter[str]())
    upheld = sum((finding.upheld for finding in findings), Counter[str]())
    return {
        "mode": plan.mode.value,
        "cells": {
            "reachable": reachable,
            "not_reached": len(unreached) * len(VALUES),
            "decided": sum(finding.cells for finding in findings),
            "convicted": sum(finding.convicted for finding in findings),
            "inconsistent": sum(finding.inconsistent for finding in findings),
        },
        "rules": [
            {"id": rule, "decided": decided[rule], "upheld": upheld[rule]} for rule in plan.rules if decided[rule]
        ],
        "seconds": round(record.seconds, 3),
        "libvirt_seconds": round(record.libvirt_seconds, 3),
        "convictions": [_conviction(catalog, conviction) for conviction in convictions(record)],
        "inconsistent": list(_inconsistent(findings)),
        "not_reached": [{"domain": region.words, "reason": why} for region, why in unreached.items()],
    }


def _unreachable(record: TableRecord) -> Iterator[tuple[Region, str]]:
    yield from record.plan.unreachable.items()
    for survey in record.plan.surveys:
        finding = record.findings.get(survey.id)
        if finding is not None and not finding.reached:
            yield survey.region, finding.why


def _conviction(catalog: Catalog, conviction: Conviction) -> dict[str, Any]:
    fault = conviction.cause.fault
    return {
        "id": entry(catalog, fault.rule, fault.sign).id,
        "rule": fault.rule,
        "level": catalog.rules[fault.rule].level.value,
        "combination": conviction.words,
        **_combination(conviction.region, conviction.cause.flags),
        "cells": conviction.cells,
        "expected": fault.expected,
        "observed": fault.observed,
        "reproducer": conviction.cause.reproducer,
    }


def _combination(region: Region, flags: int) -> dict[str, Any]:
    return {
        "state": region.state.value,
        "holds": [holding.value for holding in Holding if holding in region.held],
        "flags": flag_names(flags),
    }


def _inconsistent(findings: Iterable[Finding]) -> Iterator[Mapping[str, Any]]:
    regions = {region.id: region for region in all_regions()}
    for finding in findings:
        for flags, first, second in finding.answers:
            yield {**_combination(regions[finding.region], flags), "first": first, "second": second}
