"""The rules, and the scenarios of each as their authors wrote them: what pages show of a specification."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance.binding import Scenario, load_features
from conformance.catalog import Catalog, load_catalog

_EXAMPLES = re.compile(r"\s*(Examples|Scenarios):")
_NEXT = re.compile(r"\s*(@|Rule:|Scenario( Outline| Template)?:|Example:)")


@dataclass(frozen=True)
class Outline:
    """A scenario, or an outline with all its rows, as its feature has it.

    ``needs`` names the capabilities that every row needs; what one needs beyond them stands in ``examples``.
    """

    id: str
    title: str
    place: str
    needs: tuple[str, ...]
    steps: str
    examples: str
    rows: int


@dataclass(frozen=True)
class Book:
    """The rules, the outlines of each, and the files that these came from."""

    catalog: Catalog
    outlines: dict[str, list[Outline]]
    files: dict[str, set[Path]]
    scenarios: list[Scenario]

    def knows(self, rule: str) -> bool:
        """Tell whether an id is that of a rule, withdrawn ones included."""
        return rule in self.catalog.rules or rule in self.catalog.withdrawn

    @property
    def families(self) -> set[str]:
        """Return the words before the numbers of the ids."""
        return {rule.partition("-")[0] for rule in (*self.catalog.rules, *self.catalog.withdrawn)}


@cache
def load_book(specification: Path, features: Path) -> Book:
    """Return what two folders hold, read once."""
    catalog = load_catalog(specification)
    book = Book(catalog, {}, {}, [])
    for feature in load_features(features, catalog):
        file = features / feature.path.partition("/")[2]
        lines = file.read_text(encoding="utf-8").splitlines()
        groups: dict[str, list[Scenario]] = {}
        book.scenarios.extend(feature.scenarios)
        for scenario in feature.scenarios:
            groups.setdefault(scenario.id.partition("[")[0], []).append(scenario)
        for name, rows in groups.items():
            book.outlines.setdefault(rows[0].rule, []).append(_outline(name, rows, lines, features.name))
            book.files.setdefault(rows[0].rule, set()).add(file)
    return book


def _outline(name: str, rows: Sequence[Scenario], lines: Sequence[str], folder: str) -> Outline:
    """Cut an outline out of its feature, so that a reader sees what its author wrote."""
    first = rows[0]
    start = first.steps[0].line - 1
    last = max(first.steps[-1].line, *(row.line for row in rows))
    end = next((n for n in range(last, len(lines)) if _NEXT.match(lines[n])), len(lines))
    split = next((n for n in range(start, end) if _EXAMPLES.match(lines[n])), end)
    while lines[split - 1].lstrip().startswith(("@", "#")):
        split -= 1
    line = next(n for n in range(start, 0, -1) if lines[n - 1].rstrip().endswith(first.name))
    path = f"{folder}/{first.path.partition('/')[2]}"
    needs = tuple(need for need in first.needs if all(need in row.needs for row in rows))
    count = 0 if first.row is None else len(rows)
    steps, examples = _cut(lines[start:split]), _cut(lines[split:end])
    return Outline(name, first.name, f"{path}:{line}", needs, steps, examples, count)


def _cut(lines: Sequence[str]) -> str:
    """Return lines without their common indent, and without blank lines and comments at their end."""
    kept = list(lines)
    while kept and (not kept[-1].strip() or kept[-1].lstrip().startswith("#")):
        kept.pop()
    indent = min((len(line) - len(line.lstrip()) for line in kept if line.strip()), default=0)
    return "\n".join(line[indent:] for line in kept)
