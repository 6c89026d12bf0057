"""Many reports side by side: which driver, of which release, keeps which rule.

A rule that a report does not know has no verdict there, which is not the same as any verdict. Rules are told apart by
their permanent ids, so reports of several versions of the specification stand in one matrix, and it says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance.verdict import Verdict

_CONVICTED = (Verdict.VIOLATED, Verdict.DEVIATION)


@dataclass(frozen=True)
class Subject:
    """One report: what it is called here, and of whom it is."""

    name: str
    uri: str
    driver: str
    libvirt: int
    hypervisor: int
    started: str
    spec: str
    digest: str
    exit_code: int


@dataclass(frozen=True)
class Cell:
    """What one report says in one row: a verdict, or yes or no; with how its scenarios ended, and why."""

    value: str
    tally: Mapping[str, int]
    note: str


@dataclass(frozen=True)
class Row:
    """A rule, a capability or a flag, with a cell for each subject; nothing where its report does not know it."""

    kind: str
    id: str
    title: str
    level: str
    cells: tuple[Cell | None, ...]

    @property
    def differs(self) -> bool:
        """Whether two of the subjects that know the row say different things."""
        return len({cell.value for cell in self.cells if cell is not None}) > 1


@dataclass(frozen=True)
class Matrix:
    """Subjects and rows, with what a reader has to know about comparing them."""

    subjects: tuple[Subject, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    def differing(self) -> Matrix:
        """Return a matrix of the rows in which the subjects differ."""
        return replace(self, rows=tuple(row for row in self.rows if row.differs))

    def of_kind(self, kind: str) -> list[Row]:
        """Return the rules, the capabilities or the flags."""
        return [row for row in self.rows if row.kind == kind]


def make_matrix(reports: Sequence[tuple[str, Mapping[str, Any]]]) -> Matrix:
    """Return the matrix of reports, each with the name by which it is shown.

    :param reports: in the order of the columns; their form was checked when they were read.
    """
    found = [report for _, report in reports]
    rules = _by_id(found, lambda report: report["rules"])
    capabilities = _by_id(found, lambda report: report["capabilities"])
    flags = _by_id(found, lambda report: [{"id": name, "answer": a} for name, a in report["undefine_flags"].items()])
    rows = [
        *(_row("rule", entries, _of_rule) for entries in rules.values()),
        *(_row("capability", entries, _of_capability) for entries in capabilities.values()),
        *(_row("flag", entries, _of_flag) for entries in flags.values()),
    ]
    return Matrix(tuple(_subject(name, report) for name, report in reports), tuple(rows), tuple(_notes(found)))


def names_of(paths: Sequence[Path]) -> list[str]:
    """Return a name for each file: without its folder and its ending where that is enough to tell them apart."""
    short = Counter(path.stem for path in paths)
    names = [path.stem if short[path.stem] == 1 else str(path) for path in paths]
    seen: Counter[str] = Counter()
    for place, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[place] = f"{name} ({seen[name]})"
    return names


def _subject(name: str, report: Mapping[str, Any]) -> Subject:
    driver = report["driver"]
    return Subject(
        name,
        driver["uri"],
        driver.get("type", ""),
        driver.get("libvirt_version") or 0,
        driver.get("hypervisor_version") or 0,
        report["timing"]["started"],
        report["spec"]["version"],
        report["spec"]["digest"],
        report["summary"]["exit_code"],
    )


_Entries = list[Mapping[str, Any] | None]


def _by_id(
    reports: Sequence[Mapping[str, Any]], entries: Callable[[Mapping[str, Any]], Iterable[Mapping[str, Any]]]
) -> dict[str, _Entries]:
    """Return what each report has under each id, by id; the newest reading of the order is the last report's."""
    found: dict[str, _Entries] = {}
    for place, report in enumerate(reports):
        for entry in entries(report):
            found.setdefault(entry["id"], [None] * len(reports))[place] = entry
    return dict(sorted(found.items())) if any("level" in e for one in found.values() for e in one if e) else found


def _row(kind: str, entries: _Entries, cell: Callable[[Mapping[str, Any]], Cell]) -> Row:
    last = next(entry for entry in reversed(entries) if entry is not None)
    cells = tuple(None if entry is None else cell(entry) for entry in entries)
    return Row(kind, last["id"], last.get("title", ""), last.get("level", ""), cells)


def _of_rule(rule: Mapping[str, Any]) -> Cell:
    scenarios = rule["scenarios"]
    own = [scenario for scenario in scenarios if scenario["outcome"] == rule["verdict"]]
    notes = dict.fromkeys(
        f"expected: {scenario['expected']}; observed: {scenario['observed']}"
        if scenario["outcome"] in _CONVICTED
        else scenario["message"]
        for scenario in own
    )
    note = next(filter(None, notes), "")
    return Cell(rule["verdict"], Counter(scenario["outcome"] for scenario in scenarios), note)


def _of_capability(capability: Mapping[str, Any]) -> Cell:
    return Cell("yes" if capability["present"] else "no", {}, capability["evidence"])


def _of_flag(flag: Mapping[str, Any]) -> Cell:
    taken = flag["answer"] == "taken"
    return Cell("yes" if taken else "no", {}, "" if taken else flag["answer"])


def _notes(reports: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    digests = {report["spec"]["digest"] for report in reports}
    if len(digests) > 1:
        yield (
            f"the reports were made by {len(digests)} different texts of the specification; "
            "a rule that a report does not know has no verdict there"
        )
    parts = [report for report in reports if any(rule["verdict"] == Verdict.NOT_RUN for rule in report["rules"])]
    if parts:
        yield f"{len(parts)} of the reports are of runs that did not try every rule"
