"""The step definitions as the linter sees them."""

from __future__ import annotations

import importlib

from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

from conformance.situations import situation
from conformance.suite.calls import find_call, find_values
from conformance.suite.steps import MODULES
from conformance.suite.steps.when import OLD_HANDLE


def _contexts() -> list[StepFunctionContext]:
    found = []
    for name in MODULES:
        module = importlib.import_module(f"conformance.suite.steps.{name}")
        for value in vars(module).values():
            function = getattr(value, "_fixture_function", None)
            context = step_function_context_registry.get(function) if function is not None else None
            if context is not None:
                found.append(context)
    return found


def count_definitions(kind: str, text: str) -> int:
    """Return how many definitions match a step, and check the words that the step hands on.

    :raises BadFeature: when a situation, a call or a flag is unknown.
    """
    matching = [context for context in _contexts_once() if context.type == kind and context.parser.is_matching(text)]
    for context in matching:
        arguments = context.parser.parse_arguments(text) or {}
        if "words" in arguments:
            situation(str(arguments["words"]))
        for name in ("text", "text2"):
            if name in arguments:
                _check_call(str(arguments[name]))
    return len(matching)


_cache: list[StepFunctionContext] = []


def _contexts_once() -> list[StepFunctionContext]:
    if not _cache:
        _cache.extend(_contexts())
    return _cache


def _check_call(text: str) -> None:
    if find_values(text) is None:
        find_call(text.removesuffix(OLD_HANDLE))
