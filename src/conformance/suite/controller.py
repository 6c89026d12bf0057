"""The controlling process's pytest plugin: it hands the plan to the workers and collects what they say."""

from __future__ import annotations

import contextlib
import io
import shlex
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from conformance import garbage
from conformance.errors import KitError, ScenarioLost
from conformance.forkserver import GATEWAY, OF_WORKERS
from conformance.interrupts import held_back
from conformance.render.terminal import Screen
from conformance.run import Run
from conformance.suite.handover import hand_over
from conformance.verdict import ExitCode

#: How long workers may take to end when the run is told to, in seconds.
_GRACE = 3.0


class Controller:
    """Distributes a run over xdist's workers.

    xdist, and no scheduler of the kit's own: a worker that hangs or crashes costs the scenario that it was at,
    is replaced, and the rest is given to the others.

    :param every_phase: whether other plugins are to be told of each phase of a scenario, as pytest's users expect.
    """

    def __init__(self, run: Run, *, every_phase: bool) -> None:
        self.run = run
        self._every_phase = every_phase
        self.report: dict[str, Any] | None = None
        self._last_lost = ""
        self._last_said = ""
        self._ids: dict[str, str] = {}
        self._config: pytest.Config | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> int | None:
        """Wait for the plan before any worker is started; without a plan there is nothing to start."""
        self._config = config
        try:
            # The driver is being probed meanwhile.
            with contextlib.suppress(OSError):
                hand_over(self.run.specification.features, self.run.folder)
            plan = self.run.make_plan()
        except KeyboardInterrupt as interrupt:
            self.run.note_interrupt(interrupt)
            return self._end()
        except KitError as error:
            self.run.note_problem(str(error))
            return self._end()
        if not plan.run and not self.run.order:
            return self._end()
        _distribute(config, self.run)
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionstart(self) -> Iterator[None]:
        """Let xdist start the workers undisturbed; all that this process needs is there by now."""
        garbage.heed()
        with held_back():
            return (yield)

    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker what it has to know."""
        more = {"brief": not self._every_phase, "environment": self.run.forks.changes()}
        node.workerinput["conformance"] = self.run.worker_setup() | more
        send = node.sendcommand

        def send_unless_lost(name: str, **content: object) -> None:
            # That a worker is lost xdist learns from another thread. Until then it gives it work, and would end the run
            # over that; what it was given goes to another when it is known.
            with contextlib.suppress(OSError):
                send(name, **content)

        node.sendcommand = send_unless_lost

    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Learn pytest's names for the scenarios: a worker lists them in the plan's order."""
        planned = self.run.order
        if len(ids) != len(planned):
            lost = ScenarioLost(f"{node.gateway.id} collected {len(ids)} of {len(planned)} scenarios")
            pytest.exit(str(lost), returncode=ExitCode.ERROR)
        self._ids = dict(zip(ids, planned, strict=True))

    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Keep what a worker said of itself when it ended."""
        output = getattr(node, "workeroutput", {}).get("conformance")
        if output is not None:
            self.run.note_worker(output)
        elif error:
            # It may be that all were lost, with the server; who comes next finds another.
            self.run.forks.prepare(*OF_WORKERS)
            self._last_lost = node.gateway.id
            # One that was lost says nothing; one that could not begin, why.
            self._last_said = str(error).strip().rpartition("\n")[2] if "Traceback" in str(error) else ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep what became of a scenario."""
        scenario_id = self._ids[report.nodeid]
        outcome = getattr(report, "conformance", None)
        if outcome is not None:
            self.run.note(scenario_id, outcome)
        elif report.when == "???":
            self.run.note_lost(scenario_id, report.node.gateway.id)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep that scenarios could not be collected."""
        if report.failed:
            self.run.note_problem(
                f"the scenarios could not be collected: {str(report.longrepr).strip().splitlines()[-1]}"
            )

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Keep that the run was ended from outside, or by one of pytest's own options."""
        self.run.note_interrupt(excinfo.value)
        if workers := getattr(self._xdist, "nodemanager", None):
            # One that hangs inside libvirt does not end by itself.
            workers.EXIT_TIMEOUT = _GRACE

    def pytest_internalerror(self, excrepr: Any) -> bool:
        """Keep a fault that pytest met in the kit, in place of the traceback that pytest would print."""
        self.run.note_problem(f"a fault of the kit: {str(excrepr).strip().splitlines()[-1]}")
        return True

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """End the run, after xdist has ended its workers."""
        self._take_what_is_left()
        session.exitstatus = self._end()

    def pytest_unconfigure(self) -> None:
        """End a run that was ended, or failed, while its workers were being started: pytest has no session then."""
        self._end()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the verdicts of the rules below pytest's list of scenarios."""
        if self.report is None:
            return
        text = io.StringIO()
        Screen(text).end(self.report, self.run.options.report)
        terminalreporter.section("libvirt-conformance")
        terminalreporter.write(text.getvalue())

    def say_why(self) -> None:
        """Say why no scenario is run: pytest has nothing to show then."""
        report = self.report or {}
        for problem in report.get("problems", ()):
            print(f"libvirt-conformance: {problem}", file=sys.stderr)
        if report and not report["problems"]:
            Screen(sys.stdout).end(report, self.run.options.report)

    @property
    def _xdist(self) -> Any:
        return self._config and self._config.pluginmanager.getplugin("dsession")

    def _take_what_is_left(self) -> None:
        """Keep what workers had said of scenarios when the run was told to end, and nobody had listened to yet."""
        waiting = getattr(self._xdist, "queue", None)
        while waiting is not None and not waiting.empty():
            event, said = waiting.get()
            if event == "testreport":
                self._xdist.worker_testreport(**said)

    def _end(self) -> int:
        if self.report is None:
            if self._last_lost and not self.run.record.interrupted:
                self.run.note_given_up(self._last_lost, self._last_said)
            try:
                self.report = self.run.finish()
            except KitError as error:
                self.run.note_problem(str(error))
                self.report = self.run.report(complete=False)
        return int(ExitCode(self.report["summary"]["exit_code"]))


def _distribute(config: pytest.Config, run: Run) -> None:
    """Let xdist start workers that the fork server makes."""
    command = shlex.join(run.forks.command(GATEWAY))
    # execnet separates the parts of its specification by two slashes.
    python = f"python={command}".replace("//", "/")
    config.option.tx = [f"popen//{python}"] * run.record.workers
    config.option.numprocesses = None
    config.option.dist = "worksteal"
    # Each loss costs one scenario; a driver that ends every worker is given up on.
    config.option.maxworkerrestart = str(max(8, 4 * run.record.workers))
