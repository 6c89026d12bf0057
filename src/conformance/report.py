"""The report of a run: one JSON document from which everything else is rendered.

Its form is a typed, versioned interface; ``report.schema.json`` beside this module describes it.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from conformance.binding import Scenario
from conformance.catalog import Catalog, Level, release_text
from conformance.conclusion import conclude
from conformance.errors import BadReport, Unwritable, UsageError
from conformance.form import first_breach
from conformance.plan import Plan, needs
from conformance.table_report import TableRecord, entries, section
from conformance.verdict import ExitCode, ScenarioResult, Verdict

SCHEMA_VERSION = "1.3"
#: How large a report may be, in bytes: one of 10,000 scenarios has a tenth of it.
_LARGEST = 256 << 20


@dataclass
class RunRecord:
    """Everything that a run found out, as far as it has come.

    :param driver: what the driver says of itself; empty when it was never reached.
    :param problems: one sentence for each thing around the scenarios that went wrong.
    :param interrupted: whether the run was ended before all its scenarios were.
    :param table: what became of the decision table; nothing before there is a plan.
    :param shard: which of how many parts of everything this run took.
    """

    uri: str
    driver: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    capabilities: Sequence[Mapping[str, Any]] = ()
    flags: Mapping[str, str] = field(default_factory=dict)
    results: dict[str, ScenarioResult] = field(default_factory=dict)
    inventory: Mapping[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    started: str = ""
    wall_seconds: float = 0.0
    libvirt_seconds: float = 0.0
    busy_seconds: float = 0.0
    workers: int = 0
    peak_kib: int = 0
    command: str = ""
    interrupted: bool = False
    table: TableRecord | None = None
    shard: tuple[int, int] = (1, 1)


def build_report(
    catalog: Catalog,
    scenarios: Iterable[Scenario],
    plan: Plan | None,
    record: RunRecord,
    *,
    digest: str,
    least: Level = Level.MUST,
    complete: bool = True,
) -> dict[str, Any]:
    """Return the report of a run.

    :param plan: what was decided, or nothing when the run never came so far.
    :param digest: of the specification's pages and features.
    """
    by_rule: dict[str, list[Scenario]] = {}
    for scenario in scenarios:
        by_rule.setdefault(scenario.rule, []).append(scenario)
    of_table = entries(catalog, record.table, interrupted=record.interrupted) if record.table is not None else {}
    rules: list[dict[str, Any]] = []
    for rule in catalog.rules.values():
        results = [(s, outcome_of(s, plan, record)) for s in by_rule.get(rule.id, ())]
        results += of_table.get(rule.id, ())
        rules.append(
            {
                "id": rule.id,
                "title": rule.title,
                "level": rule.level.value,
                "since": release_text(rule.since),
                "requires": list(rule.requires),
                "statement": rule.statement,
                "verdict": Verdict.NOT_RUN.value,
                "scenarios": [_scenario(catalog, scenario, result) for scenario, result in results],
            }
        )
    report: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "kit": {"name": "libvirt-conformance", "version": version("libvirt-conformance")},
        "spec": {"title": catalog.title, "version": catalog.version, "digest": digest},
        "driver": {"uri": record.uri, **record.driver},
        "machine": dict(record.machine),
        "capabilities": [dict(capability) for capability in record.capabilities],
        "undefine_flags": dict(record.flags),
        "rules": rules,
        **({"decision_table": section(catalog, record.table)} if record.table is not None else {}),
        **({"shard": dict(zip(("index", "of"), record.shard, strict=True))} if record.shard != (1, 1) else {}),
        "inventory": dict(record.inventory),
        "problems": list(record.problems),
        "timing": {
            "started": record.started,
            "wall_seconds": round(record.wall_seconds, 3),
            "libvirt_seconds": round(record.libvirt_seconds, 3),
            "busy_seconds": round(record.busy_seconds, 3),
            "workers": record.workers,
            "peak_kib": record.peak_kib,
        },
        "reproduce": record.command,
        "summary": {"exit_code": 0, "level": least.value},
        "complete": complete and not record.interrupted,
    }
    return conclude(report)


def outcome_of(scenario: Scenario, plan: Plan | None, record: RunRecord) -> ScenarioResult:
    """Return what became of a scenario; one that was planned and never came back is inconclusive."""
    if scenario.id in record.results:
        return record.results[scenario.id]
    if plan is None:
        return ScenarioResult(Verdict.INCONCLUSIVE, message="; ".join(record.problems) or "the run was ended before")
    if scenario.id in plan.not_applicable:
        return ScenarioResult(Verdict.NOT_APPLICABLE, message=plan.not_applicable[scenario.id])
    if scenario in plan.deselected:
        return ScenarioResult(Verdict.NOT_RUN, message="it was not selected")
    why = "the run was interrupted before" if record.interrupted else "no worker reported it"
    return ScenarioResult(Verdict.INCONCLUSIVE, message=why)


def _scenario(catalog: Catalog, scenario: Scenario, result: ScenarioResult) -> dict[str, Any]:
    return {
        "id": scenario.id,
        "title": scenario.title,
        "place": f"{scenario.path}:{scenario.line}",
        "needs": list(needs(catalog, scenario)),
        "steps": [f"{step.keyword} {step.text}" for step in scenario.steps],
        "outcome": result.outcome.value,
        "seconds": round(result.seconds, 4),
        "libvirt_seconds": round(result.libvirt_seconds, 4),
        "message": result.message,
        "expected": result.expected,
        "observed": result.observed,
        "reproducer": result.reproducer,
        "calls": result.calls,
    }


def write_text(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part.

    :raises Unwritable: when it cannot be written there.
    """
    temporary = ""
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            # A terminal or a pipe cannot be replaced.
            path.write_text(text, encoding="utf-8")
            return
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            temporary = file.name
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise Unwritable(f"it cannot be written ({error.strerror})", where=str(path)) from None


def check_writable(path: Path) -> None:
    """Refuse a report's path before the run, not after it.

    :raises Unwritable: when nothing can be written there.
    """
    folder = path.parent
    try:
        if path.is_dir():
            raise Unwritable("it is a folder", where=str(path))
        if not folder.is_dir():
            raise Unwritable(f"there is no folder {folder}", where=str(path))
        # Only trying tells: permissions, full disks and file systems of the kernel's all say no in their own way.
        if path.exists():
            path.open("a").close()
        else:
            with tempfile.NamedTemporaryFile(dir=folder):
                path.touch()
                path.unlink()
    except OSError as error:
        raise Unwritable(f"it cannot be written ({error.strerror})", where=str(path)) from None


def check_files(outputs: Mapping[str, Path | None], inputs: Mapping[str, Path | None] | None = None) -> None:
    """Refuse files that cannot all be written, before anything is done for them.

    :param outputs: by the option that names each, without its dashes; ``inputs`` are files that must not be among them.
    :raises Unwritable: when nothing can be written to one.
    :raises UsageError: when two options name one file.
    """
    seen: dict[Path, str] = {}
    for option, path in {**outputs, **(inputs or {})}.items():
        if path is None:
            continue
        if option in outputs:
            check_writable(path)
        earlier = seen.setdefault(path.resolve(), option)
        # A terminal or a pipe takes any number of texts.
        if earlier != option and (path.is_file() or not path.exists()):
            raise UsageError(f"--{earlier} and --{option} name one file", remedy="name two")


def dump(report: Mapping[str, Any]) -> str:
    """Return a report as the text of its file."""
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def read_report(path: Path) -> dict[str, Any]:
    """Read a report that was finished.

    :raises BadReport: when it is missing, cut off, of another version, or not a report.
    """
    where = shown_path(path)
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise BadReport(f"it cannot be read ({error.strerror})", where=where) from None
    if len(content) > _LARGEST:
        raise BadReport(f"it is larger than {_LARGEST >> 20} MiB, which no report is", where=where)
    return parse_report(content, where)


def parse_report(content: bytes, where: str) -> dict[str, Any]:
    """Return the finished report that a file's content is.

    Whoever gets it can rely on its form: it was held against the schema.

    :param where: what the file is called in errors.
    :raises BadReport: when it is cut off, of another version, or not a report.
    """
    try:
        report = json.loads(content, parse_constant=_refuse_constant)
        # Half a character, which JSON can hold and no file, would be noticed when something is written of it.
        json.dumps(report, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BadReport("it is not JSON, or was cut off", where=where) from None
    if not isinstance(report, dict) or "schema_version" not in report:
        raise BadReport("it is not a report of this kit", where=where)
    version_of_it = str(report["schema_version"])
    if version_of_it.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise BadReport(f"it has version {version_of_it[:20]!a}, and this kit reads {SCHEMA_VERSION}", where=where)
    if report.get("complete") is False:
        raise BadReport("its run was not finished", where=where)
    if breach := first_breach(report, schema()):
        raise BadReport(f"it has not the form of a report: {breach}", where=where)
    return report


def slim(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report as it is published: without the calls of scenarios that are upheld, most of its size."""
    rules = [
        {**rule, "scenarios": [_without_calls(scenario) for scenario in rule["scenarios"]]} for rule in report["rules"]
    ]
    return {**report, "rules": rules, "slim": True}


def _without_calls(scenario: Mapping[str, Any]) -> dict[str, Any]:
    upheld = scenario["outcome"] == Verdict.UPHELD
    return {name: value for name, value in scenario.items() if name != "calls" or not upheld}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


@cache
def schema() -> dict[str, Any]:
    """Return the JSON schema of a report."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
    return found


def shown_path(path: Path) -> str:
    """Return a file's name as it can be shown: nothing in it steers a terminal."""
    return "".join(c if c.isprintable() else "?" for c in str(path))


def result_of(report: Mapping[str, Any]) -> ExitCode:
    """Return the exit code that a report stands for."""
    return ExitCode(report["summary"]["exit_code"])
