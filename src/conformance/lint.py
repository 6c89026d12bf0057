"""Checks that go beyond what loading refuses: steps without a definition, rules without a scenario, words unknown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from conformance.binding import Scenario, Step
from conformance.catalog import Catalog
from conformance.decision_page import PAGE, render
from conformance.errors import PROGRAM, BadFeature, BadSpecification, KitError
from conformance.flags import PREFIX, Undefine

#: Tells whether a step of a kind (given, when or then) has a definition, and how many.
Definitions = Callable[[str, str], int]

#: Words that a feature must not hold: it is about any driver, and reads without XML or numbers for names.
_FORBIDDEN = {
    r"\b(qemu|kvm|lxc|libxl|xen|bhyve|vbox|virtualbox|vmware|esx|hyper-?v|openvz|vz)\b": "names a driver",
    r"<[a-z/]": "holds XML",
    r"\berror \d+|\bcode \d+": "gives an error code as a number",
    r"\b(should|test that)\b": "says what a test wishes instead of what happens",
}


def lint(
    catalog: Catalog,
    scenarios: Sequence[Scenario],
    definitions: Definitions,
    texts: Iterable[tuple[str, str]],
) -> Iterator[KitError]:
    """Yield what is wrong with a specification that could be loaded.

    :param definitions: counts the step definitions that match a step.
    :param texts: the features, as pairs of path and text.
    """
    texts = list(texts)
    yield from _rules_without_scenarios(catalog, scenarios)
    yield from _flags_of_page(texts)
    yield from _decision_page(catalog, texts)
    seen: set[tuple[str, str]] = set()
    for scenario in scenarios:
        for kind, step in kinds(scenario.steps):
            if (kind, step.text) in seen:
                continue
            seen.add((kind, step.text))
            yield from _step(scenario, kind, step, definitions)
    for path, text in texts:
        yield from _words(path, text)


def kinds(steps: Iterable[Step]) -> Iterator[tuple[str, Step]]:
    """Yield each step with its kind: And and But go on with the kind before."""
    kind = ""
    for step in steps:
        if step.keyword in ("Given", "When", "Then"):
            kind = step.keyword.lower()
        yield kind, step


def _rules_without_scenarios(catalog: Catalog, scenarios: Iterable[Scenario]) -> Iterator[KitError]:
    covered = {scenario.rule for scenario in scenarios}
    for rule in catalog.rules.values():
        if rule.id not in covered:
            yield BadFeature(f"{rule.id} has no scenario", where=f"{rule.page}:{rule.line}", remedy="write one")


def _flags_of_page(texts: Iterable[tuple[str, str]]) -> Iterator[KitError]:
    """Hold the kit's own list of flags against the specification's table, where a page has one."""
    for path, text in texts:
        rows = dict(re.findall(rf"^\| `{PREFIX}(\w+)` \| (\d+) \|", text, re.MULTILINE))
        if rows and {name: int(value) for name, value in rows.items()} != {f.name: f.value for f in Undefine}:
            yield BadFeature(
                "the table of flags differs from conformance/flags.py", where=path, remedy="make them agree"
            )


def _decision_page(catalog: Catalog, texts: Iterable[tuple[str, str]]) -> Iterator[KitError]:
    """Hold the page of the decision table, where there is one, against the function that it shows."""
    for path, text in texts:
        if not path.endswith(f"/{PAGE}"):
            continue
        try:
            if text != render(catalog):
                yield BadSpecification(
                    "the page differs from the function that it shows",
                    where=path,
                    remedy=f"write it anew with {PROGRAM} lint --write",
                )
        except BadSpecification as error:
            yield error


def _step(scenario: Scenario, kind: str, step: Step, definitions: Definitions) -> Iterator[KitError]:
    where = f"{scenario.path}:{step.line}"
    try:
        number = definitions(kind, step.text)
    except KitError as error:
        yield type(error)(error.problem, where=where, remedy=error.remedy)
        return
    if number == 0:
        yield BadFeature(
            f"the step “{step.keyword} {step.text}” has no definition",
            where=where,
            remedy="write one in conformance/suite/steps, or use a sentence that has one",
        )
    elif number > 1:
        yield BadFeature(
            f"the step “{step.keyword} {step.text}” has {number} definitions",
            where=where,
            remedy="make their sentences differ",
        )


def _words(path: str, text: str) -> Iterator[KitError]:
    if not path.endswith(".feature"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        # A placeholder of an outline is no XML.
        bare = re.sub(r"<[a-z]+>", "", line)
        for pattern, what in _FORBIDDEN.items():
            if re.search(pattern, bare, re.IGNORECASE):
                yield BadFeature(f"the line {what}", where=f"{path}:{number}", remedy="say it in libvirt's own words")
