"""The scenarios, read from the features, each bound to its rule under an id of its own.

pytest-bdd keys scenarios by their names and numbers outline rows in order, so names could not change and rows
could not be added without breaking baselines. Here an id comes from tags: ``UNDEF-011/removed`` is the scenario
tagged ``@id.removed`` under the ``Rule:`` tagged ``@UNDEF-011``, and ``UNDEF-002/becomes-transient[running]`` is the
row of an outline whose first column holds ``running``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException
from gherkin.parser import Parser

from conformance.catalog import NAME_CAPABILITY, RULE_ID, Catalog
from conformance.errors import PROGRAM, BadFeature

ID_TAG = "id."
NEEDS_TAG = "needs."
#: Words of steps that imply a capability.
_IMPLIED = {"undefineFlags": "undefine-flags"}
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Step:
    """One line of a scenario: its keyword as written, its text, its line in the feature."""

    keyword: str
    text: str
    line: int


@dataclass(frozen=True)
class Scenario:
    """One scenario, or one row of an outline, as pytest will run it.

    ``name`` is the name in the feature, placeholders and all: pytest-bdd finds the scenario by it.
    ``title`` and ``steps`` have the row's values filled in; ``row`` numbers the outline's rows from 0.
    """

    id: str
    rule: str
    name: str
    title: str
    path: str
    line: int
    needs: tuple[str, ...]
    steps: tuple[Step, ...]
    row: int | None


@dataclass(frozen=True)
class FeatureRule:
    """A ``Rule:`` of a feature: the id it carries, its name and its place."""

    id: str
    name: str
    path: str
    line: int


@dataclass(frozen=True)
class Feature:
    """One feature file, parsed and linked.

    :param document: what Gherkin's parser makes of the file.
    """

    path: str
    title: str
    description: str
    rules: tuple[FeatureRule, ...]
    scenarios: tuple[Scenario, ...]
    document: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


def slug(text: str) -> str:
    """Return text as an outline's key: lower-case words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def load_features(folder: Path, catalog: Catalog) -> list[Feature]:
    """Read every feature under a folder.

    :raises BadFeature: with the line, when one breaks the form or names an unknown rule or capability.
    """
    features = [
        parse_feature(_read(path, folder), f"features/{path.relative_to(folder).as_posix()}", catalog)
        for path in sorted(folder.rglob("*.feature"))
    ]
    taken: dict[str, Scenario] = {}
    for scenario in (scenario for feature in features for scenario in feature.scenarios):
        if first := taken.get(scenario.id):
            raise BadFeature(
                f"the scenario {scenario.id} stands at {first.path}:{first.line} already",
                where=f"{scenario.path}:{scenario.line}",
                remedy="give one of them another @id tag, or its row another first column",
            )
        taken[scenario.id] = scenario
    return features


def _read(path: Path, folder: Path) -> str:
    where = f"features/{path.relative_to(folder).as_posix()}"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadFeature(f"it cannot be read ({error.strerror})", where=where) from None
    except UnicodeDecodeError as error:
        raise BadFeature(f"it is not UTF-8 (byte {error.start})", where=where) from None


def parse_feature(text: str, path: str, catalog: Catalog) -> Feature:
    """Return one feature, linked to the catalog.

    :raises BadFeature: with the line, when it breaks the form.
    """
    document = _parse(text, path)
    feature = document.get("feature")
    if feature is None:
        raise BadFeature("it has no Feature", where=path)
    _refuse_tags(feature, f"{path}:{feature['location']['line']}", "a Feature")
    rules: list[FeatureRule] = []
    scenarios: list[Scenario] = []
    for child in feature["children"]:
        if "rule" not in child:
            kind, node = next(iter(child.items()))
            raise BadFeature(f"a {kind} stands outside every Rule", where=f"{path}:{node['location']['line']}")
        rule = _link_rule(child["rule"], path, catalog)
        if any(rule.id == other.id for other in rules):
            raise BadFeature(f"a second Rule has the tag @{rule.id}", where=f"{path}:{rule.line}")
        rules.append(rule)
        scenarios += _scenarios_of(child["rule"], rule, path, catalog)
    if not rules:
        raise BadFeature("it has no Rule", where=path, remedy="write the scenarios under a Rule, or remove the file")
    _refuse_equal_names(scenarios)
    description = _dedent(feature["description"])
    return Feature(path, feature["name"], description, tuple(rules), tuple(scenarios), document)


def _parse(text: str, path: str) -> Mapping[str, Any]:
    try:
        return Parser().parse(text)
    except CompositeParserException as error:
        first = error.errors[0]
        problem = re.sub(r"^\(\d+:\d+\): ", "", str(first))
        raise BadFeature(f"it is not Gherkin ({problem})", where=f"{path}:{first.location['line']}") from None


def _dedent(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines()).strip()


def _tags(node: Mapping[str, Any]) -> list[str]:
    return [tag["name"].removeprefix("@") for tag in node["tags"]]


def _refuse_tags(node: Mapping[str, Any], where: str, what: str) -> None:
    if tags := _tags(node):
        raise BadFeature(f"{what} has the tag @{tags[0]}, which means nothing there", where=where)


def _link_rule(node: Mapping[str, Any], path: str, catalog: Catalog) -> FeatureRule:
    """Return a Rule whose one tag names a rule of the catalog and whose name is that rule's title."""
    where = f"{path}:{node['location']['line']}"
    tags = _tags(node)
    if len(tags) != 1 or not RULE_ID.fullmatch(tags[0]):
        raise BadFeature("a Rule has to have one tag, the id of a rule", where=where, remedy="write @UNDEF-001 over it")
    if tags[0] not in catalog.rules:
        raise BadFeature(
            f"the tag @{tags[0]} names no rule of the specification",
            where=where,
            remedy=f"{PROGRAM} list shows the rules there are",
        )
    title = catalog.rules[tags[0]].title
    if node["name"] != title:
        raise BadFeature(
            f"the Rule tagged @{tags[0]} is called {node['name']!r}",
            where=where,
            remedy=f"call it {title!r}, as the specification does",
        )
    return FeatureRule(tags[0], node["name"], path, node["location"]["line"])


def _scenarios_of(node: Mapping[str, Any], rule: FeatureRule, path: str, catalog: Catalog) -> Iterator[Scenario]:
    """Yield the scenarios of a Rule, the rows of its outlines one by one."""
    for child in node["children"]:
        if "scenario" not in child:
            raise BadFeature(
                "a Background hides what a scenario sets up",
                where=f"{path}:{child['background']['location']['line']}",
                remedy="write its steps into the scenarios",
            )
        yield from _rows(child["scenario"], rule, path, catalog)
    if not node["children"]:
        raise BadFeature(f"the Rule {rule.id} has no scenario", where=f"{path}:{rule.line}")


def _rows(node: Mapping[str, Any], rule: FeatureRule, path: str, catalog: Catalog) -> Iterator[Scenario]:
    line = node["location"]["line"]
    where = f"{path}:{line}"
    name, needs = _read_tags(node, where, catalog)
    if name is None:
        raise BadFeature("a scenario has no @id tag", where=where, remedy="write @id.some-words over it")
    steps = [Step(step["keyword"].strip(), step["text"], step["location"]["line"]) for step in node["steps"]]
    if not steps:
        raise BadFeature("a scenario has no steps", where=where, remedy="write its steps, or remove it")
    if not any(step.keyword == "Then" for step in steps):
        raise BadFeature("a scenario has no Then, and so could not fail", where=where)
    base = f"{rule.id}/{name}"
    if not node["examples"]:
        if node["keyword"] != "Scenario":
            raise BadFeature("an outline has no Examples", where=where, remedy="give it rows, or call it Scenario")
        yield Scenario(
            base,
            rule.id,
            node["name"],
            node["name"],
            path,
            line,
            _with_implied(needs, steps, catalog),
            tuple(steps),
            None,
        )
        return
    number = 0
    for examples in node["examples"]:
        place = f"{path}:{examples['location']['line']}"
        slug_tag, more_needs = _read_tags(examples, place, catalog)
        if slug_tag is not None:
            raise BadFeature(
                "an Examples table has an @id tag",
                where=place,
                remedy="its rows are known by their first column",
            )
        for values, row_line in _table(examples, place, path):
            key = slug(next(iter(values.values())))
            if not key:
                raise BadFeature("a row has no key in its first column", where=f"{path}:{row_line}")
            filled = tuple(Step(s.keyword, _fill(s.text, values, f"{path}:{s.line}"), s.line) for s in steps)
            yield Scenario(
                id=f"{base}[{key}]",
                rule=rule.id,
                name=node["name"],
                title=_fill(node["name"], values, where),
                path=path,
                line=row_line,
                needs=_with_implied((*needs, *more_needs), filled, catalog),
                steps=filled,
                row=number,
            )
            number += 1


def _with_implied(needs: Iterable[str], steps: Iterable[Step], catalog: Catalog) -> tuple[str, ...]:
    """Return what a scenario needs, with what its words imply: no tag could then be forgotten."""
    implied = [
        need
        for word, need in _IMPLIED.items()
        if need in catalog.capabilities and any(word in step.text for step in steps)
    ]
    return tuple(dict.fromkeys((*needs, *implied)))


def _read_tags(node: Mapping[str, Any], where: str, catalog: Catalog) -> tuple[str | None, tuple[str, ...]]:
    """Return the slug and the needed capabilities that a node's tags name."""
    name: str | None = None
    needs: list[str] = []
    for tag in _tags(node):
        if tag.startswith(ID_TAG) and _SLUG.fullmatch(tag.removeprefix(ID_TAG)) and name is None:
            name = tag.removeprefix(ID_TAG)
        elif tag.startswith(NEEDS_TAG):
            need = tag.removeprefix(NEEDS_TAG)
            if need not in catalog.capabilities:
                raise BadFeature(f"the tag @{tag} names no capability", where=where, remedy=NAME_CAPABILITY)
            needs.append(need)
        else:
            raise BadFeature(
                f"the tag @{tag} names no rule, no scenario and no capability here",
                where=where,
                remedy="write @id.some-words once, and @needs.capability",
            )
    return name, tuple(needs)


def _table(examples: Mapping[str, Any], where: str, path: str) -> Iterator[tuple[dict[str, str], int]]:
    header = examples.get("tableHeader")
    if header is None or not examples["tableBody"]:
        raise BadFeature("an Examples table is empty", where=where, remedy="give it rows, or remove it")
    columns = [cell["value"] for cell in header["cells"]]
    if len(set(columns)) < len(columns):
        raise BadFeature(
            "a column of the Examples is named twice",
            where=f"{path}:{header['location']['line']}",
            remedy="name one of them otherwise",
        )
    for row in examples["tableBody"]:
        cells = [cell["value"] for cell in row["cells"]]
        if any("<" in cell for cell in cells):
            raise BadFeature(
                "a cell holds '<', which an outline cannot carry", where=f"{path}:{row['location']['line']}"
            )
        yield dict(zip(columns, cells, strict=True)), row["location"]["line"]


def _fill(text: str, values: Mapping[str, str], where: str) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise BadFeature(f"<{match[1]}> names no column of the Examples", where=where)
        return values[match[1]]

    return re.sub(r"<(.+?)>", value, text)


def _refuse_equal_names(scenarios: Sequence[Scenario]) -> None:
    """Refuse two scenarios of one name in one file: pytest-bdd would silently run one of them only."""
    taken: dict[str, Scenario] = {}
    for scenario in scenarios:
        first = taken.setdefault(scenario.name, scenario)
        if first.id.partition("[")[0] != scenario.id.partition("[")[0]:
            raise BadFeature(
                f"two scenarios are called {scenario.name!r}, here and at line {first.line}",
                where=f"{scenario.path}:{scenario.line}",
                remedy="call one of them something else",
            )
