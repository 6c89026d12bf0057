"""From the plan to pytest's items, and the proof that none was lost on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_bdd import scenario as bdd_scenario
from pytest_bdd.scenario import scenario_wrapper_template_registry

from conformance.data import folder
from conformance.errors import ScenarioLost
from conformance.survey import PLACE, PREFIX

#: Where an item keeps the id of its scenario.
SCENARIO_ID = pytest.StashKey[str]()

#: One scenario as a worker needs it: id, feature, name, number of the row or None, line.
Planned = dict[str, Any]

_plan: list[Planned] = []


def use_plan(plan: Sequence[Planned]) -> None:
    """Put the plan in place for the module that pytest is about to import."""
    _plan[:] = plan


def tests_of_plan() -> dict[str, Callable[..., object]]:
    """Return a test function for each scenario or outline of which something is planned, and for each survey."""
    wanted = {entry["id"].partition("[")[0]: entry for entry in _plan}
    base = str(folder("features").parent)
    return {
        f"test_{name}": _survey(name)
        if name.startswith(PREFIX)
        else bdd_scenario(entry["path"], entry["name"], features_base_dir=base)(_body)
        for name, entry in wanted.items()
    }


def _survey(name: str) -> Callable[..., object]:
    def test(judge_region: Callable[[str], None]) -> None:
        judge_region(name)

    test.__dict__["survey"] = name
    return test


def _body() -> None:
    """Do nothing: the steps are the test."""


def bind(items: list[pytest.Item]) -> list[pytest.Item]:
    """Give each planned item its scenario's id and place, and leave out rows that are not planned.

    The items come back in the plan's order, by which the controlling process knows them.

    :raises ScenarioLost: unless pytest holds an item for each planned scenario, and each once.
    """
    planned: dict[tuple[str, str, int | None] | None, Planned] = {
        (entry["path"], entry["name"], entry["row"]): entry for entry in _plan
    }
    kept: dict[str, pytest.Item] = {}
    base = folder("features").parent
    for item in items:
        entry = planned.get(_key(item, base))
        if entry is None:
            continue
        if entry["id"] in kept:
            raise ScenarioLost(f"pytest collected {entry['id']} twice")
        kept[entry["id"]] = item
        item.stash[SCENARIO_ID] = entry["id"]
        # Messages and annotations are to lead to the feature, not into pytest-bdd.
        item.__dict__["location"] = (entry["path"], entry["line"] - 1, entry["id"])
        item.add_marker(entry["id"].partition("/")[0])
    if missing := [entry["id"] for entry in _plan if entry["id"] not in kept]:
        raise ScenarioLost(f"pytest did not collect {len(missing)} of {len(_plan)} scenarios, {missing[0]} among them")
    return [kept[entry["id"]] for entry in _plan]


def _key(item: pytest.Item, base: Path) -> tuple[str, str, int | None] | None:
    """Return the feature, the name and the row of the scenario that an item is; a survey has the table's page."""
    function = getattr(item, "obj", None)
    if name := getattr(function, "survey", ""):
        return PLACE, name, None
    template = scenario_wrapper_template_registry.get(function) if function is not None else None
    if template is None:
        return None
    callspec = getattr(item, "callspec", None)
    row = None if callspec is None else callspec.indices["_pytest_bdd_example"]
    path = str(template.feature.filename).removeprefix(f"{base}/")
    return path, template.name, row
