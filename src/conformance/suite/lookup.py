"""Finding the definition of a step once for each sentence, among the kit's own, and its arguments once for each."""

from __future__ import annotations

import functools
import importlib
from typing import Any

from pytest_bdd.steps import StepFunctionContext

from conformance.suite.definitions import matching

#: The package has a function of the module's name, which an import statement would find.
_SCENARIO = "pytest_bdd.scenario"


def remember_definitions() -> None:
    """Let pytest-bdd remember which definition a sentence has, and which arguments a definition takes.

    It goes through everything that pytest knows for every step of every scenario, as definitions could differ from
    place to place. The kit's are the same for all its scenarios, and each sentence has one, which the linter sees to.
    """
    scenario = vars(importlib.import_module(_SCENARIO))
    find: Any = scenario["get_step_function"]
    if find.__module__ == __name__:
        return
    known: dict[tuple[str, str], StepFunctionContext] = {}

    def find_once(request: Any, step: Any) -> StepFunctionContext | None:
        sentence = step.type, step.name
        if sentence not in known:
            found = matching(*sentence)
            if len(found) != 1:
                # Whoever is not the kit may know it: it ends a scenario, and is no part of a run that goes well.
                other: StepFunctionContext | None = find(request=request, step=step)
                return other
            known[sentence] = found[0]
        return known[sentence]

    scenario["get_step_function"] = find_once
    for name in ("signature", "get_required_args"):
        scenario[name] = functools.cache(scenario[name])
