"""What a run asks of the decision table: which rules count, which regions are surveyed, and which cannot be reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conformance.binding import Scenario, slug
from conformance.catalog import Catalog
from conformance.covering import pairwise
from conformance.decision import RULES, Decision, Holding
from conformance.plan import Selection, why_not
from conformance.regions import VALUES, Region, all_regions
from conformance.survey import PLACE, Decisions, Survey


class Mode(StrEnum):
    """How much of the table is asked for."""

    NONE = "none"
    PAIRWISE = "pairwise"
    EXHAUSTIVE = "exhaustive"


@dataclass(frozen=True)
class TablePlan:
    """What becomes of the table in a run.

    :param rules: each rule that the table is about and that was selected, with the reason why it does not apply to
        the driver, or an empty text.
    :param surveys: what is asked, the costly first.
    :param reachable: the kinds of domain that the driver can be brought to, as far as its capabilities tell.
    :param unreachable: the others, each with what the driver lacks.
    :param about: by survey, the rules that a driver can break in it.
    :param elsewhere: rules whose every cell is asked by other parts of the run.
    """

    mode: Mode
    rules: Mapping[str, str]
    surveys: tuple[Survey, ...]
    reachable: tuple[Region, ...]
    unreachable: Mapping[Region, str]
    about: Mapping[str, frozenset[str]]
    elsewhere: frozenset[str] = frozenset()

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        """What a process has to know to collect the surveys beside its scenarios, by id."""
        return {
            survey.id: {"id": survey.id, "path": PLACE, "name": survey.id, "row": None, "line": 1}
            for survey in self.surveys
        }

    @property
    def counted(self) -> list[str]:
        """The rules by which the driver is judged."""
        return [rule for rule, why in self.rules.items() if not why]


#: What a run has that has not come to its plan yet.
NOTHING = TablePlan(Mode.NONE, {}, (), (), {}, {})


def plan_table(
    catalog: Catalog,
    selection: Selection,
    evidence: Mapping[str, tuple[bool, str]],
    driver_version: int,
    taken: int,
    mode: Mode,
) -> TablePlan:
    """Decide what is asked of a driver.

    :param evidence: by capability, whether the driver has it and what showed it.
    :param driver_version: the release of the driver's libvirt as libvirt counts, 0 where it does not say.
    :param taken: the flags that the driver takes.
    """
    rules = {
        name: why_not(catalog, catalog.rules[name], entry(catalog, name), evidence, driver_version)
        for name in RULES
        if name in catalog.rules and selection.takes(catalog.rules[name])
    }
    unreachable: dict[Region, str] = {}
    for region in all_regions():
        for need in region.needs:
            present, shown = evidence.get(need, (True, ""))
            if not present:
                lacking = f"the driver lacks “{catalog.capabilities[need].title}” ({need}): {shown}"
                unreachable.setdefault(region, lacking)
    reachable = tuple(region for region in all_regions() if region not in unreachable)
    counted = {rule for rule, why in rules.items() if not why}
    about: dict[str, frozenset[str]] = {}
    costs: dict[Survey, int] = {}
    for survey in _surveys(reachable, taken, mode) if counted else ():
        decisions = Decisions(survey.region, taken)
        rules_about = counted & set().union(*(decisions[flags].about for flags in survey.values))
        if rules_about:
            about[survey.id] = frozenset(rules_about)
            costs[survey] = cost(survey, [decisions[flags] for flags in survey.values])
    # Those that hold least come first: what they show is told by them, and needs no second look elsewhere.
    surveys = selection.part(sorted(costs, key=lambda survey: (len(survey.region.held), -costs[survey])))
    mine = {survey.id: about[survey.id] for survey in surveys}
    elsewhere = frozenset().union(*about.values()) - frozenset().union(*mine.values())
    return TablePlan(mode, rules, tuple(surveys), reachable, unreachable, mine, elsewhere)


def _surveys(reachable: Sequence[Region], taken: int, mode: Mode) -> list[Survey]:
    match mode:
        case Mode.NONE:
            return []
        case Mode.PAIRWISE:
            return pairwise(reachable, taken)
        case Mode.EXHAUSTIVE:
            return [Survey(region) for region in reachable]


def cost(survey: Survey, decisions: Iterable[Decision]) -> int:
    """Return how many set-ups a survey takes of a driver that does nothing wrong, a start counting tenfold."""
    region = survey.region
    starts = region.state.active or not region.held.isdisjoint({Holding.IMAGE, Holding.TPM})
    again = not region.state.active or Holding.IMAGE in region.held
    successes = sum(not decision.refused for decision in decisions) if again else 0
    return (1 + successes) * (10 if starts else 1)


def deal(deck: Sequence[str], workers: int) -> list[str]:
    """Return ids in an order whose equal parts begin alike: with surveys, when the deck does, as those take longest.

    Each worker begins with one part; one that has done its part takes of the others'.
    """
    return [name for share in range(workers) for name in deck[share::workers]]


def entry(catalog: Catalog, rule: str, sign: str = "", title: str = "") -> Scenario:
    """Return what stands for the table, or for one fault that it has shown, among the scenarios of a rule.

    Its id does not hold the combination: the fault stays the same when another combination shows it first.
    """
    name = f"{rule}/table" + (f"[{slug(sign)}]" if sign else "")
    found = catalog.rules[rule]
    # What is asked for by flags cannot be asked of a driver that has no such call.
    needs = ("undefine-flags",)
    return Scenario(name, rule, title, title, found.page, found.line, needs, (), None)


def as_plain(plan: TablePlan) -> dict[str, Any]:
    """Return what a process that makes surveys has to know, as plain values."""
    surveys = [{"region": s.region.id, "values": None if s.complete else s.values} for s in plan.surveys]
    return {"rules": plan.counted, "surveys": surveys}


def surveys_of(plain: Mapping[str, Any]) -> dict[str, Survey]:
    """Return the surveys that plain values stand for, by id."""
    regions = {region.id: region for region in all_regions()}
    surveys = [Survey(regions[s["region"]], tuple(s["values"] or VALUES)) for s in plain["surveys"]]
    return {survey.id: survey for survey in surveys}
