"""The step definitions, and which of them a sentence has."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable

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


def conclusions(texts: Iterable[str]) -> dict[str, tuple[str, bool]]:
    """Return the sentence of each definition of a Then, by module and function, and whether one of some steps has it.

    :param texts: the texts of steps.
    """
    texts = set(texts)
    found = {}
    for context in _contexts_once():
        if context.type == "then":
            function = context.step_func
            name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
            used = any(context.parser.is_matching(text) for text in texts)
            found[name] = re.sub(r"\(\?P<(\w+)>[^()]*\)", r"<\1>", str(context.parser.name)), used
    return found


def matching(kind: str, text: str) -> list[StepFunctionContext]:
    """Return the definitions that match a step.

    :param kind: given, when or then.
    """
    return [context for context in _contexts_once() if context.type == kind and context.parser.is_matching(text)]


def count_definitions(kind: str, text: str) -> int:
    """Return how many definitions match a step, and check the words that the step hands on.

    :raises BadFeature: when a situation, a call or a flag is unknown.
    """
    found = matching(kind, text)
    for context in found:
        arguments = context.parser.parse_arguments(text) or {}
        if "words" in arguments:
            situation(str(arguments["words"]))
        for name in ("text", "text2"):
            if name in arguments:
                _check_call(str(arguments[name]))
    return len(found)


_cache: list[StepFunctionContext] = []


def _contexts_once() -> list[StepFunctionContext]:
    if not _cache:
        _cache.extend(_contexts())
    return _cache


def _check_call(text: str) -> None:
    if find_values(text) is None:
        find_call(text.removesuffix(OLD_HANDLE))
