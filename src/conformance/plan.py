"""Which scenarios a run makes, which do not apply to the driver, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from conformance.binding import Scenario
from conformance.catalog import Catalog, Level, Rule, release_text

_T = TypeVar("_T")


@dataclass(frozen=True)
class Selection:
    """What the caller asked for.

    :param rules: by id, all when there are none.
    :param shard: which of how many equal parts of what these come to, counted from 1.
    """

    rules: tuple[str, ...] = ()
    shard: tuple[int, int] = (1, 1)

    def takes(self, rule: Rule) -> bool:
        """Tell whether a rule was asked for."""
        return not self.rules or rule.id in self.rules

    def part(self, everything: Sequence[_T]) -> list[_T]:
        """Return the part that the caller asked for; the parts together are everything, and none is in two."""
        index, of = self.shard
        return list(everything[index - 1 :: of])


@dataclass(frozen=True)
class Plan:
    """What becomes of each scenario: it runs, or it does not apply for a reason, or it was not asked for."""

    run: tuple[Scenario, ...]
    not_applicable: Mapping[str, str]
    deselected: tuple[Scenario, ...]


def make_plan(
    catalog: Catalog,
    scenarios: Iterable[Scenario],
    selection: Selection,
    evidence: Mapping[str, tuple[bool, str]],
    driver_version: int,
) -> Plan:
    """Decide for each scenario.

    :param evidence: by capability, whether the driver has it and what showed it.
    :param driver_version: the release of the driver's libvirt as libvirt counts, 0 where it does not say.
    """
    run: list[Scenario] = []
    not_applicable: dict[str, str] = {}
    deselected: list[Scenario] = []
    every = list(scenarios)
    # By what the features hold and not by what applies: hosts that differ in that still share out the same parts.
    mine = {scenario.id for scenario in selection.part(every)}
    for scenario in every:
        rule = catalog.rules[scenario.rule]
        if not selection.takes(rule) or scenario.id not in mine:
            deselected.append(scenario)
        elif why := why_not(catalog, rule, scenario, evidence, driver_version):
            not_applicable[scenario.id] = why
        else:
            run.append(scenario)
    return Plan(tuple(run), not_applicable, tuple(deselected))


def why_not(
    catalog: Catalog,
    rule: Rule,
    scenario: Scenario,
    evidence: Mapping[str, tuple[bool, str]],
    driver_version: int,
) -> str:
    """Return why a scenario does not apply to a driver, or an empty text when it does."""
    if driver_version and rule.since > driver_version:
        return (
            f"the rule binds drivers since libvirt {release_text(rule.since)}, "
            f"and this one is of {release_text(driver_version)}"
        )
    for need in needs(catalog, scenario):
        # What was not probed, as the probes before it failed, may be there: then the scenario shows it.
        present, shown = evidence.get(need, (True, None))
        if not present:
            return f"the driver lacks “{catalog.capabilities[need].title}” ({need}): {shown}"
    return ""


def needs(catalog: Catalog, scenario: Scenario) -> tuple[str, ...]:
    """Return the capabilities without which a scenario is about nothing: its rule's, then its own."""
    return tuple(dict.fromkeys((*catalog.rules[scenario.rule].requires, *scenario.needs)))


def counts(level: Level, least: Level) -> bool:
    """Tell whether rules of a level fail a run for which ``least`` is the least binding level that counts."""
    order: Collection[Level] = (Level.MUST, Level.SHOULD, Level.MAY)
    ranks = list(order)
    return ranks.index(level) <= ranks.index(least)
