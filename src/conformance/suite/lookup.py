"""Finding the definition of a step once for each sentence, where the same scenarios are run again and again."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

#: The package has a function of the module's name, which an import statement would find.
_SCENARIO = "pytest_bdd.scenario"


def remember_definitions() -> None:
    """Let pytest-bdd keep which definitions a sentence has.

    It goes through all of them for every step of every run of a scenario, as they could differ from place to place.
    The kit's are the same for all its scenarios.
    """
    scenario = importlib.import_module(_SCENARIO)
    find: Any = scenario.find_fixturedefs_for_step
    known: dict[tuple[str, str], list[Any]] = {}

    def find_once(step: Any, fixturemanager: Any, node: Any) -> Iterable[Any]:
        sentence = step.type, step.name
        if sentence not in known:
            known[sentence] = list(find(step=step, fixturemanager=fixturemanager, node=node))
        return known[sentence]

    vars(scenario)["find_fixturedefs_for_step"] = find_once
