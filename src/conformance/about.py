"""Which of libvirt's functions a rule is about: those that its scenarios call, and those that its source names.

Nobody writes the two down beside each other, so they cannot come apart: the features say what is called, and the
specification says where a rule comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from conformance.api import Api
from conformance.binding import Scenario
from conformance.catalog import Catalog

#: How a step names a call: "the client calls undefine", "while the other calls create", "is undefined by undefine".
_CALLED = re.compile(r"\b(?:calls|undefined by) (?P<method>[a-zA-Z]+)(?: on the (?P<object>snapshot|checkpoint)\b)?")
#: A step that speaks of a call in words of its own.
_WORDS = {"defines it again": "defineXML", "defines another domain": "defineXML"}
_ANCHOR = re.compile(r"#(vir[A-Za-z]+)\)")


def functions_of_rules(catalog: Catalog, scenarios: Iterable[Scenario], api: Api) -> dict[str, list[str]]:
    """Return the functions that each rule is about, in the order of their names, by the rule's id."""
    methods = _methods(api)
    found: dict[str, set[str]] = {}
    for rule in catalog.rules.values():
        named = {name for name in _ANCHOR.findall(rule.source) if name in api.functions}
        found[rule.id] = named
    for scenario in scenarios:
        for step in scenario.steps:
            found[scenario.rule] |= set(_called(step.text, methods))
    return {rule: sorted(names) for rule, names in found.items()}


def _methods(api: Api) -> Mapping[str, list[str]]:
    """Return functions by the name of their Python method, and by the object's kind where one name has several."""
    found: dict[str, list[str]] = {}
    for function in api.functions.values():
        if function.method:
            owner = function.python.partition(".")[0]
            kind = owner.removeprefix("virDomain").lower()
            key = f"{function.method} {kind}" if kind in ("snapshot", "checkpoint") else function.method
            found.setdefault(key, []).append(function.name)
    return found


def _called(step: str, methods: Mapping[str, list[str]]) -> Iterable[str]:
    for match in _CALLED.finditer(step):
        key = f"{match['method']} {match['object']}" if match["object"] else match["method"]
        yield from methods.get(key, ())
    for words, method in _WORDS.items():
        if words in step:
            yield from methods.get(method, ())


def rules_of_functions(functions: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return the same the other way round: the rules about each function, in the order of their ids."""
    found: dict[str, list[str]] = {}
    for rule, names in sorted(functions.items()):
        for name in names:
            found.setdefault(name, []).append(rule)
    return found
