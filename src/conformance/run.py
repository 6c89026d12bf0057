"""One run, from the URI to the report: what is asked of the driver, in which order, and what is kept of it.

Nothing here calls libvirt or pytest: the attendant's process does the one, the workers' do the other.
"""

from __future__ import annotations

import os
import random
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from conformance.drafts import Draft
from conformance.errors import KitError, NestedRun, ProbeDied, ScenarioLost, UsageError
from conformance.forkserver import ForkServer
from conformance.gate import Gate, open_gate
from conformance.interrupts import heard
from conformance.losses import how_lost, last_words
from conformance.options import Options
from conformance.plan import Plan, Selection, make_plan, needs
from conformance.premises import Premises
from conformance.probed import Probed
from conformance.processes import WORKER_MARK
from conformance.report import RunRecord, build_report, check_files, dump, write_text
from conformance.restarting import parse_command
from conformance.specification import Specification, load_specification
from conformance.table import NOTHING, Mode, as_plain, deal, plan_table
from conformance.table_report import TableRecord
from conformance.uri import check_uri, redact, scrub
from conformance.verdict import ScenarioResult, Verdict

#: How long a guest may take to start for a driver whose scenarios are limited by the processor, in seconds.
_FAST_START = 0.05
#: How long the clean-up may wait for the driver after a run was told to end, or its attendant was lost, in seconds.
_HURRIED_SECONDS = 10.0


@dataclass
class Run:
    """A run under way.

    ``on_result`` is called for each scenario and survey that has come to its end, by its id; ``gate`` is what the
    result is held against, which several repetitions share.
    """

    options: Options
    on_result: Callable[[Run, str, Verdict], None] | None = None
    gate: Gate | None = None
    plan: Plan | None = field(init=False, default=None)
    record: RunRecord = field(init=False)
    table: TableRecord = field(init=False)
    order: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._clock = time.monotonic()
        self.record = RunRecord(
            redact(self.options.uri),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            command=scrub(self.options.command, self.options.uri),
            shard=self.options.shard,
        )
        self.table = TableRecord(NOTHING)
        self._premises = Premises(self.options.uri, secrets.token_hex(4), stamped=not self.options.without_stamp)
        self._probed: Probed | None = None
        self._restart: tuple[str, ...] = ()
        self._draft = Draft(self.options.report, lambda: dump(self.report(complete=False)))
        self._before: dict[str, str] | None = None
        self._inventories: list[dict[str, Any]] = []

    @property
    def folder(self) -> Path:
        """The folder for what the run's processes write: black boxes, logs, notes of ends."""
        return self._premises.folder

    @property
    def forks(self) -> ForkServer:
        """What makes the run's processes."""
        return self._premises.forks

    @cached_property
    def specification(self) -> Specification:
        """The rules and the scenarios, read when they are first asked for."""
        return load_specification()

    def begin(self) -> None:
        """Check what can be checked, and let the attendant begin to probe.

        :raises KitError: for a bad URI, path, rule, page or feature.
        """
        options = self.options
        if WORKER_MARK in os.environ:
            raise NestedRun("a process of a run was about to begin another")
        _check_folder()
        check_uri(options.uri)
        if options.denied_uri is not None:
            check_uri(options.denied_uri)
        if options.restart is not None:
            self._restart = parse_command(options.restart, options.uri)
        check_files(
            {"report": options.report, **options.outputs},
            {"deviations": options.deviations, "baseline": options.baseline},
        )
        self.gate = self.gate or open_gate(options.deviations, options.baseline, options.repeat)
        for rule in options.rules:
            self.specification.catalog.rule(rule)
        self._premises.open(
            virt_type=options.virt_type,
            restart=self._restart,
            denied_uri=options.denied_uri,
            at_once=options.workers != 1,
        )

    def make_plan(self) -> Plan:
        """Wait for what probing found out, and decide what is run.

        :raises KitError: when the driver cannot be reached or probed.
        """
        if self._premises.attendant is None:
            raise AssertionError("the run has not begun")
        answer = self._premises.attendant.answer(self.options.timeout)
        self._before = answer["inventory"]
        self._premises.release()
        made = {"configuration": self._premises.configuration} if self._premises.configuration else {}
        self.record.driver = answer["driver"] | made
        self.record.machine = answer["machine"]
        catalog = self.specification.catalog
        self._probed = probed = Probed.of(self.scrubbed(answer), self.options.assumed)
        found, evidence = probed.findings, probed.evidence
        self.record.capabilities = [found[name] for name in catalog.capabilities if name in found]
        self.record.flags = probed.flag_answers
        # A question that was never asked has no answer, neither yes nor no.
        self.record.problems += [f"probing: {name} was not asked" for name in catalog.capabilities if name not in found]
        self.record.problems += [f"clean-up after probing: {left}" for left in probed.left]
        selection = Selection(tuple(rule.upper() for rule in self.options.rules), self.options.shard)
        version = self.record.driver.get("libvirt_version") or 0
        self.plan = make_plan(catalog, self.specification.scenarios, selection, evidence, version)
        if self.options.shuffle is not None:
            order = list(self.plan.run)
            random.Random(self.options.shuffle).shuffle(order)  # noqa: S311 - an order, not a secret
            self.plan = replace(self.plan, run=tuple(order))
        self.table = TableRecord(plan_table(catalog, selection, evidence, version, probed.taken, self.options.table))
        self.record.table = self.table if self.options.table is not Mode.NONE else None
        self.record.workers = self._workers(len(self.plan.run) + len(self.table.plan.surveys))
        self.order = deal([*self.table.surveys, *(scenario.id for scenario in self.plan.run)], self.record.workers)
        return self.plan

    def _workers(self, items: int) -> int:
        return max(1, min(self.processes(self.options.workers), items))

    def processes(self, wanted: int) -> int:
        """Return how many processes call the driver at a time.

        :param wanted: what the caller asked for, 0 where it is left to the kit.
        """
        if self._premises.shares_root:
            return 1
        cores = len(os.sched_getaffinity(0))
        # Real guests mostly make their scenarios wait, so more processes than cores pay; and more still in roots of
        # the kit's, where a start takes a third of the processor.
        return wanted or cores * (1 if not self.is_slow else 2 if self._premises.root is None else 3)

    @property
    def is_slow(self) -> bool:
        """Whether guests take time to start, as real ones do."""
        return self._probed is not None and self._probed.start_seconds >= _FAST_START

    def worker_setup(self) -> dict[str, Any]:
        """Return what a worker has to know, as plain values."""
        premises = self._premises
        if self.plan is None or self._probed is None or premises.ledger is None:
            raise AssertionError("the run has no plan yet")
        planned = self.table.plan.items | {
            s.id: {"id": s.id, "path": s.path, "name": s.name, "row": s.row, "line": s.line} for s in self.plan.run
        }
        return {
            "uri": self.options.uri,
            "private_root": premises.root is not None,
            "like_root": str(premises.root or ""),
            "ledger": str(premises.ledger.path),
            "folder": str(self.folder),
            "machine": self.record.machine,
            "timeout": self.options.timeout,
            "vice": self.options.vice,
            "restart": self._restart,
            "denied_uri": self.options.denied_uri or "",
            "firmware": self._probed.firmware,
            "pools": self._probed.pools,
            "knowledge": self._probed.knowledge,
            "capabilities": list(self.specification.catalog.capabilities),
            "statements": {rule.id: rule.statement for rule in self.specification.catalog.rules.values()},
            "plan": [planned[name] for name in self.order],
            "table": as_plain(self.table.plan),
            "restarting": [s.id for s in self.plan.run if "restart" in needs(self.specification.catalog, s)],
        }

    def note(self, scenario_id: str, outcome: Mapping[str, Any]) -> None:
        """Keep what a worker said of a scenario; a failed clean-up overrides a verdict that came before it."""
        if scenario_id in self.table.surveys:
            self._tell(scenario_id, self.table.note(scenario_id, self.scrubbed(outcome)))
            return
        self._refuse_unplanned(scenario_id)
        values = {name: self.scrubbed(value) for name, value in outcome.items() if name != "outcome"}
        values["outcome"] = Verdict(outcome["outcome"])
        earlier = self.record.results.get(scenario_id)
        if earlier is not None:
            # What was seen stays in the report, with the reason why it cannot be relied on.
            values["message"] = f"{values['message']} (before that: {earlier.outcome}. {earlier.message})"
            values = {**vars(earlier), **values}
        result = ScenarioResult(**values)
        self.record.results[scenario_id] = result
        self._tell(scenario_id, result.outcome)

    def _tell(self, name: str, outcome: Verdict) -> None:
        if self.on_result is not None:
            self.on_result(self, name, outcome)
        self._draft.due()

    def scrubbed(self, value: Any) -> Any:
        """Return what a worker said without the URI's secrets."""
        if isinstance(value, str):
            return scrub(scrub(value, self.options.uri), self.options.denied_uri or self.options.uri)
        if isinstance(value, list):
            return [self.scrubbed(item) for item in value]
        if isinstance(value, dict):
            return {name: self.scrubbed(item) for name, item in value.items()}
        return value

    def _refuse_unplanned(self, scenario_id: str) -> None:
        if self.plan is None or all(scenario.id != scenario_id for scenario in self.plan.run):
            raise ScenarioLost(f"a worker reported {scenario_id!r}, which was not planned")

    def note_lost(self, scenario_id: str, worker: str) -> None:
        """Keep that the worker which ran a scenario is no more, with what its black box says."""
        message = how_lost(self.folder, worker, scenario_id, self.options.timeout)
        self.note(scenario_id, {"outcome": "inconclusive", "message": message})

    @property
    def wants_another(self) -> bool:
        """Whether everything is to be judged once more: a driver that was lost is not tried again."""
        done = len(self.gate.earlier) + 1 if self.gate is not None else 1
        return done < self.options.repeat and self.plan is not None and not self.record.interrupted

    @property
    def reported(self) -> int:
        """How many scenarios and regions of the decision table have come to their end."""
        return len(self.record.results) + self.table.reported

    def note_given_up(self, worker: str, said: str) -> None:
        """Keep that something is left which nobody runs, as worker after worker was lost.

        :param worker: the last of them.
        :param said: what it said of that, or an empty text.
        """
        if left := len(self.order) - self.reported:
            how = how_lost(self.folder, worker, "", self.options.timeout)
            words = said or last_words(self.folder)
            also = f" ({words})" if words else ""
            self.note_problem(f"{left} scenarios were given up, as worker after worker was lost; the last: {how}{also}")

    def note_interrupt(self, why: BaseException) -> None:
        """Keep that the run ended before it was complete; from now on it is not told so again."""
        heard()
        self.record.interrupted = True
        self.note_problem(f"the run was ended before it was complete{f' ({why})' if str(why) else ''}")

    def note_worker(self, output: Mapping[str, Any]) -> None:
        """Keep what a worker used, and whether it found anything changed that was not its own."""
        self.record.libvirt_seconds += output["libvirt_seconds"]
        self.record.busy_seconds += output["busy_seconds"]
        self.record.peak_kib = max(self.record.peak_kib, output["peak_kib"])
        self._inventories.append(output["inventory"])

    def note_problem(self, problem: str) -> None:
        """Keep that something around the scenarios went wrong."""
        problem = scrub(problem, self.options.uri)
        if problem not in self.record.problems:
            self.record.problems.append(problem)

    def finish(self) -> dict[str, Any]:
        """Clean up, compare the inventories, write the report and return it.

        :raises Unwritable: when the report cannot be written; all else is done by then.
        """
        try:
            return self._finish()
        except KeyboardInterrupt as interrupt:
            self.note_interrupt(interrupt)
            # What had begun is taken up again, to its end.
            return self._finish()

    def _finish(self) -> dict[str, Any]:
        self._draft.end()
        self._sweep()
        self.close()
        self.record.wall_seconds = time.monotonic() - self._clock
        report = self.report()
        if self.options.report is not None:
            write_text(self.options.report, dump(report))
        return report

    def _sweep(self) -> None:
        """Remove what is left of the run's domains, and compare the inventories where there are two."""
        hurried = min(_HURRIED_SECONDS, self.options.timeout)
        seconds = hurried if self.record.interrupted else self.options.timeout
        try:
            try:
                answer = self._premises.sweep(self._before, seconds, anew=self.plan is None)
            except ProbeDied as error:
                self.note_problem(str(error))
                answer = self._premises.sweep(self._before, hurried, anew=True)
        except KitError as error:
            self.note_problem(str(error))
        else:
            self._note_sweep(answer or {})

    def _note_sweep(self, answer: Mapping[str, Any]) -> None:
        for failed in answer.get("failed", ()):
            self.note_problem(f"clean-up: {failed}")
        if "changed" in answer:
            changed = [*answer["changed"], *(c for inventory in self._inventories for c in inventory["changed"])]
            objects = max([answer["objects"], *(inventory["objects"] for inventory in self._inventories)])
            changed = sorted(set(changed))
            left = self.scrubbed(answer["left"])
            self.record.inventory = {
                "objects": objects, "identical": not changed, "changed": changed, "left": left,
            }  # fmt: skip
            for change in changed:
                self.note_problem(
                    f"inventory: {change}, which is not the kit's; the run may have touched it, or somebody else did"
                )

    def close(self) -> None:
        """End the run's processes and remove what it has on disk, its private roots included."""
        for problem in self._premises.close():
            self.note_problem(problem)

    def report(self, *, complete: bool = True) -> dict[str, Any]:
        """Return the report as it stands, held against what the gate has."""
        report = self.plain_report(complete=complete)
        return self.gate.judge(report) if self.gate is not None else report

    def plain_report(self, *, complete: bool = True) -> dict[str, Any]:
        """Return the report of this run alone."""
        return build_report(
            self.specification.catalog,
            self.specification.scenarios,
            self.plan,
            self.record,
            digest=self.specification.digest,
            least=self.options.level,
            complete=complete,
        )


def _check_folder() -> None:
    """Make sure that the folder in which the command was called is there: the processes of a run begin in it.

    :raises UsageError: when it is gone.
    """
    try:
        Path.cwd()
    except FileNotFoundError:
        problem = "the folder in which the command was called is gone"
        raise UsageError(problem, remedy="go to one that exists") from None
