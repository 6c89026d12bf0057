"""One run, from the URI to the report: what is asked of the driver, in which order, and what is kept of it.

Nothing here calls libvirt or pytest: the attendant's process does the one, the workers' do the other.
"""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conformance.attendant import WORKER_MARK, Attendant
from conformance.binding import Scenario
from conformance.catalog import Level
from conformance.errors import CleanUpFailed, KitError, NestedRun, ScenarioLost, UsageError
from conformance.journal import BlackBox
from conformance.ledger import PREFIX, Ledger
from conformance.plan import Plan, Selection, make_plan, needs
from conformance.report import RunRecord, ScenarioResult, build_report, check_writable, dump, write_text
from conformance.restarting import parse_command
from conformance.roots import base_folder, make_root, remove_root
from conformance.specification import Specification, load_specification
from conformance.uri import DEFAULT_URI, check_uri, embeds_without_root, redact, scrub, with_root
from conformance.verdict import Verdict

#: The exit code by which a worker says that its watchdog ended it.
WATCHDOG_EXIT = 70
#: How long a guest may take to start for a driver whose scenarios are limited by the processor, in seconds.
_FAST_START = 0.05
#: How long a reaper may take to note how its worker ended, in seconds.
_REAPER_SECONDS = 5.0
#: How much may pass between two writes of an unfinished report, in seconds.
_PARTIAL_INTERVAL = 1.0


@dataclass(frozen=True)
class Options:
    """What the caller asked for. ``timeout`` is in seconds, for one scenario; ``workers`` 0 leaves it to the kit.

    ``restart`` is a command that restarts the daemon; ``denied_uri`` leads to the same driver with fewer rights.
    """

    uri: str = DEFAULT_URI
    rules: tuple[str, ...] = ()
    level: Level = Level.MUST
    report: Path | None = None
    junit: Path | None = None
    workers: int = 0
    timeout: float = 60.0
    virt_type: str = ""
    restart: str | None = None
    denied_uri: str = ""
    vice: str = ""
    shuffle: int | None = None
    command: str = ""


@dataclass
class Run:
    """A run under way. ``on_result`` is called for each scenario that has come to its end."""

    options: Options
    on_result: Callable[[Run, Scenario, ScenarioResult], None] | None = None
    specification: Specification = field(init=False)
    plan: Plan | None = field(init=False, default=None)
    record: RunRecord = field(init=False)

    def __post_init__(self) -> None:
        self._clock = time.monotonic()
        self.record = RunRecord(
            redact(self.options.uri),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            command=scrub(self.options.command, self.options.uri),
        )
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}-run-"))
        self.id = secrets.token_hex(4)
        self._attendant: Attendant | None = None
        self._ledger: Ledger | None = None
        self._knowledge: dict[str, Any] = {}
        self._probe_root: Path | None = None
        self._restart: tuple[str, ...] = ()
        self._start_seconds = 0.0
        self._written = 0.0
        self._swept = False
        self._inventories: list[dict[str, Any]] = []

    def begin(self) -> None:
        """Check what can be checked, and let the attendant begin to probe.

        :raises KitError: for a bad URI, path, rule, page or feature.
        """
        options = self.options
        if WORKER_MARK in os.environ:
            raise NestedRun("a process of a run was about to begin another")
        check_uri(options.uri)
        if options.denied_uri:
            check_uri(options.denied_uri)
        if options.restart is not None:
            self._restart = parse_command(options.restart, options.uri)
        for path in (options.report, options.junit):
            if path is not None:
                check_writable(path)
        if options.report is not None and options.junit is not None and options.report == options.junit:
            raise UsageError("--report and --junit name one file", remedy="name two")
        self.specification = load_specification()
        for rule in options.rules:
            self.specification.catalog.rule(rule)
        self._ledger = Ledger.open(options.uri, self.id)
        self._ledger.announce_folder(self.folder)
        uri = options.uri
        if embeds_without_root(uri):
            self._probe_root = base_folder(self.id) / "p"
            self._ledger.announce_root(self._probe_root)
            make_root(self._probe_root.parent, "p")
            uri = with_root(uri, str(self._probe_root))
        self._attendant = Attendant(uri, self.folder)
        asked = {"do": "probe", "uri": uri, "ledger": str(self._ledger.path), "virt_type": options.virt_type}
        self._attendant.ask({**asked, "restart": self._restart, "denied_uri": options.denied_uri})

    def make_plan(self) -> Plan:
        """Wait for what probing found out, and decide what is run.

        :raises KitError: when the driver cannot be reached or probed.
        """
        if self._attendant is None:
            raise AssertionError("the run has not begun")
        answer = self._attendant.answer(self.options.timeout)
        self.record.driver = answer["driver"]
        self.record.machine = answer["machine"]
        catalog = self.specification.catalog
        answer = self._scrub(answer)
        found = {finding["id"]: finding for finding in answer["capabilities"]}
        self.record.capabilities = [found[name] for name in catalog.capabilities if name in found]
        self.record.flags = answer["flag_answers"]
        # A question that was never asked has no answer, neither yes nor no.
        self.record.problems += [f"probing: {name} was not asked" for name in catalog.capabilities if name not in found]
        self.record.problems += [f"clean-up after probing: {left}" for left in answer["left"]]
        self._start_seconds = answer["start_seconds"]
        evidence = {name: (finding["present"], finding["evidence"]) for name, finding in found.items()}
        self._knowledge = {
            "capabilities": sorted(name for name, (present, _) in evidence.items() if present),
            "flags": answer["flags"],
            "snapshot_flags": answer["snapshot_flags"],
            "checkpoint_by_redefine": answer["checkpoint_by_redefine"],
        }
        selection = Selection(tuple(rule.upper() for rule in self.options.rules))
        version = self.record.driver.get("libvirt_version") or 0
        self.plan = make_plan(catalog, self.specification.scenarios, selection, evidence, version)
        if self.options.shuffle is not None:
            order = list(self.plan.run)
            random.Random(self.options.shuffle).shuffle(order)  # noqa: S311 - an order, not a secret
            self.plan = replace(self.plan, run=tuple(order))
        self.record.workers = self._workers(len(self.plan.run))
        return self.plan

    def _workers(self, scenarios: int) -> int:
        cores = len(os.sched_getaffinity(0))
        # Real guests mostly make their scenarios wait, so more processes than cores pay.
        wanted = self.options.workers or (cores if self._start_seconds < _FAST_START else 2 * cores)
        return max(1, min(wanted, scenarios))

    def worker_setup(self) -> dict[str, Any]:
        """Return what a worker has to know, as plain values."""
        if self.plan is None or self._ledger is None:
            raise AssertionError("the run has no plan yet")
        return {
            "uri": self.options.uri,
            "private_root": self._probe_root is not None,
            "like_root": str(self._probe_root or ""),
            "ledger": str(self._ledger.path),
            "folder": str(self.folder),
            "virt_type": self.options.virt_type or self.record.machine["type"],
            "timeout": self.options.timeout,
            "vice": self.options.vice,
            "restart": self._restart,
            "denied_uri": self.options.denied_uri,
            "knowledge": self._knowledge,
            "capabilities": list(self.specification.catalog.capabilities),
            "statements": {rule.id: rule.statement for rule in self.specification.catalog.rules.values()},
            "plan": [{"id": s.id, "path": s.path, "name": s.name, "row": s.row, "line": s.line} for s in self.plan.run],
            "restarting": [s.id for s in self.plan.run if "restart" in needs(self.specification.catalog, s)],
        }

    def note(self, scenario_id: str, outcome: Mapping[str, Any]) -> None:
        """Keep what a worker said of a scenario; a failed clean-up overrides a verdict that came before it."""
        scenario = self._scenario(scenario_id)
        values = {name: self._scrub(value) for name, value in outcome.items() if name != "outcome"}
        values["outcome"] = Verdict(outcome["outcome"])
        earlier = self.record.results.get(scenario_id)
        if earlier is not None:
            # What was seen stays in the report, with the reason why it cannot be relied on.
            values["message"] = f"{values['message']} (before that: {earlier.outcome}. {earlier.message})"
            values = {**vars(earlier), **values}
        result = ScenarioResult(**values)
        self.record.results[scenario_id] = result
        if self.on_result is not None:
            self.on_result(self, scenario, result)
        self._write_partial()

    def _scrub(self, value: Any) -> Any:
        """Return what a worker said without the URI's secrets."""
        if isinstance(value, str):
            return scrub(scrub(value, self.options.uri), self.options.denied_uri or self.options.uri)
        if isinstance(value, list):
            return [self._scrub(item) for item in value]
        if isinstance(value, dict):
            return {name: self._scrub(item) for name, item in value.items()}
        return value

    def _scenario(self, scenario_id: str) -> Scenario:
        if self.plan is not None:
            for scenario in self.plan.run:
                if scenario.id == scenario_id:
                    return scenario
        raise ScenarioLost(f"a worker reported {scenario_id!r}, which was not planned")

    def note_lost(self, scenario_id: str, worker: str) -> None:
        """Keep that the worker which ran a scenario is no more, with what its black box says."""
        text = BlackBox.read(self.folder / f"{worker}.box").split("\n")
        call = text[1] if len(text) > 1 and text[0] == scenario_id else ""
        pid = text[2] if len(text) > 2 else ""
        status = _ended(self.folder / f"{pid}.exit", self.options.timeout)
        where = f"during {call}" if call else "between two calls"
        self.note(scenario_id, {"outcome": "inconclusive", "message": f"the worker process {status} {where}"})

    def unreported(self) -> int:
        """Return how many planned scenarios no worker has reported yet."""
        return 0 if self.plan is None else len(self.plan.run) - len(self.record.results)

    def last_words(self) -> str:
        """Return the last line that a process of the run has written to its log."""
        logs = sorted(self.folder.glob("*.log"), key=lambda log: log.stat().st_mtime)
        lines = [line for log in logs for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def note_worker(self, output: Mapping[str, Any]) -> None:
        """Keep what a worker used, and whether it found anything changed that was not its own."""
        self.record.libvirt_seconds += output["libvirt_seconds"]
        self.record.busy_seconds += output["busy_seconds"]
        self.record.peak_kib = max(self.record.peak_kib, output["peak_kib"])
        self._inventories.append(output["inventory"])

    def note_problem(self, problem: str) -> None:
        """Keep that something around the scenarios went wrong."""
        self.record.problems.append(scrub(problem, self.options.uri))

    def finish(self) -> dict[str, Any]:
        """Clean up, compare the inventories, write the report and return it."""
        if self._attendant is not None and self.plan is not None:
            try:
                self._attendant.ask({"do": "finish"})
                answer = self._attendant.answer(self.options.timeout)
                self._note_inventory(answer)
                self._swept = not answer["failed"]
            except KitError as error:
                self.note_problem(str(error))
        self.close()
        self.record.wall_seconds = time.monotonic() - self._clock
        report = self.report()
        if self.options.report is not None:
            write_text(self.options.report, dump(report))
        return report

    def _note_inventory(self, answer: Mapping[str, Any]) -> None:
        changed = [*answer["changed"], *(c for inventory in self._inventories for c in inventory["changed"])]
        objects = max([answer["objects"], *(inventory["objects"] for inventory in self._inventories)])
        changed = sorted(set(changed))
        self.record.inventory = {"objects": objects, "identical": not changed, "changed": changed}
        for failed in answer["failed"]:
            self.note_problem(f"clean-up: {failed}")
        for change in changed:
            self.note_problem(
                f"inventory: {change}, which is not the kit's; the run may have touched it, or somebody else did"
            )

    def close(self) -> None:
        """End the attendant and remove what the run has on disk, its private roots included."""
        if self._attendant is not None:
            self._attendant.stop()
            self._attendant = None
        if self._ledger is not None:
            self._close_ledger(self._ledger)
            self._ledger = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _close_ledger(self, ledger: Ledger) -> None:
        """Remove the private roots, and the ledger unless something may be left: clean goes on from there."""
        ledger.remove_folders()
        roots = ledger.roots()
        removed = True
        for root in roots:
            try:
                remove_root(root)
            except CleanUpFailed as error:
                removed = False
                self.note_problem(str(error))
        # The domains of a private root are gone with it.
        if removed and (self._swept or roots or not ledger.domains()):
            ledger.remove()

    def report(self, *, complete: bool = True) -> dict[str, Any]:
        """Return the report as it stands."""
        return build_report(
            self.specification.catalog,
            self.specification.scenarios,
            self.plan,
            self.record,
            digest=self.specification.digest,
            least=self.options.level,
            complete=complete,
        )

    def _write_partial(self) -> None:
        """Write what is known so far, now and then: a run that is killed loses at most the last second."""
        now = time.monotonic()
        if self.options.report is not None and now - self._written > _PARTIAL_INTERVAL:
            self._written = now
            with contextlib.suppress(KitError):
                write_text(self.options.report, dump(self.report(complete=False)))


def _ended(file: Path, timeout: float) -> str:
    """Return how a worker ended, from the status that its reaper noted."""
    # The worker's end is seen by its connection, a moment before its reaper has noted how it ended.
    deadline = time.monotonic() + _REAPER_SECONDS
    pause = threading.Event()
    while not file.exists() and time.monotonic() < deadline:
        pause.wait(0.01)
    try:
        code = os.waitstatus_to_exitcode(int(file.read_text()))
    except (OSError, ValueError):
        return "ended without a trace"
    if code == WATCHDOG_EXIT:
        return f"was ended as the scenario took more than {timeout:g} s,"
    if code < 0:
        # Real-time signals have no name.
        known = {number.value: number.name for number in signal.Signals}
        return f"was ended by {known.get(-code, f'signal {-code}')}"
    return f"ended with exit code {code}"
