"""Trials: scenarios against vices, to see which rules convict which vice.

Probing and planning are done once, as both go past a vice; then a few processes share the trials among them.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue

from conformance.attendant import environment, under_reaper
from conformance.journal import BlackBox
from conformance.mutants import find
from conformance.run import Options, Run
from conformance.table import Mode
from conformance.uri import embeds
from conformance.verdict import Verdict

#: The capability that mended.py gives to a driver.
ACCESS_CONTROL = "access-control"
_SUITE = Path(__file__).resolve().parents[1] / "suite"
_PLUGINS = ("pytest_bdd.plugin", "conformance.suite.plugin", "conformance.mutants.rounds")
# The environment is pytest's third source of options.
_OWN_ENVIRONMENT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}


@dataclass(frozen=True)
class Trial:
    """A vice, and the rules whose scenarios it is to meet: all when there are none."""

    vice: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What the scenarios said of a vice.

    :param outcomes: by scenario: its outcome, its message, what was expected and what was observed.
    :param lost: the scenario and the call in which the vice ended the process; there are no outcomes then.
    """

    outcomes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lost: str = ""

    def scenarios(self, verdict: Verdict) -> frozenset[str]:
        """Return the scenarios with an outcome."""
        return frozenset(name for name, said in self.outcomes.items() if said["outcome"] == verdict)

    def convicting(self, without: Finding) -> frozenset[str]:
        """Return the scenarios that are violated with the vice and not without it."""
        return self.scenarios(Verdict.VIOLATED) - without.scenarios(Verdict.VIOLATED)


def rules_of(scenarios: Iterable[str]) -> frozenset[str]:
    """Return the rules that scenarios belong to."""
    return frozenset(scenario.partition("/")[0] for scenario in scenarios)


def try_all(trials: Iterable[Trial], options: Options) -> tuple[dict[Trial, Finding], list[str]]:
    """Hold trials; return what was found in each, and what went wrong around the scenarios.

    :param options: the driver, the rules, the seconds for one scenario and the number of processes.
    :raises KitError: when a vice is unknown, or the driver cannot be reached or probed.
    """
    trials = list(dict.fromkeys(trials))
    for trial in trials:
        find(trial.vice)
    # The decision table would convict every vice once more, and takes longer than all the scenarios.
    options = replace(options, table=Mode.NONE)
    if not embeds(options.uri):
        # The driver under a vice asks an access manager, which the real one need not have.
        options = replace(options, denied_uri=options.uri, assumed=(ACCESS_CONTROL,))
    run = Run(options)
    try:
        run.begin()
        run.make_plan()
        findings = _share(trials, run)
        run.finish()
    finally:
        run.close()
    return findings, run.record.problems


def _share(trials: list[Trial], run: Run) -> dict[Trial, Finding]:
    """Let processes take the trials one after the other."""
    left: SimpleQueue[Trial] = SimpleQueue()
    for trial in trials:
        left.put(trial)
    names = (f"v{number}" for number in itertools.count())
    # libvirt lets a process open an embedded driver only some sixteen times.
    once = embeds(run.options.uri)
    findings: dict[Trial, Finding] = {}

    def work(_number: int) -> None:
        process: _Process | None = None
        try:
            while True:
                trial = left.get_nowait()
                process = process or _Process(run, next(names))
                findings[trial] = process.hold(trial)
                if once or findings[trial].lost:
                    process.end()
                    process = None
        except Empty:
            return
        finally:
            if process is not None:
                process.end()

    number = min(len(trials), run.options.workers or len(os.sched_getaffinity(0)))
    with ThreadPoolExecutor(number) as pool:
        list(pool.map(work, range(number)))
    return {trial: findings[trial] for trial in trials}


class _Process:
    """A process that runs the scenarios of one trial after the other.

    :param name: a short text that no other process of the run has.
    """

    def __init__(self, run: Run, name: str) -> None:
        arguments = [
            *(part for plugin in _PLUGINS for part in ("-p", plugin)),
            *("-p", "no:terminal", "-p", "no:cacheprovider", "--capture=no"),
            *("-c", str(_SUITE / "pytest.ini"), "--rootdir", str(_SUITE), "--noconftest"),
        ]
        self._box = run.folder / f"{name}.box"
        self._process = subprocess.Popen(  # noqa: S603 - the kit's own module
            [*under_reaper(run.folder), sys.executable, "-m", "pytest", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment(run.folder), **_OWN_ENVIRONMENT},
        )
        self._tell({"setup": run.worker_setup(), "name": name})

    def _tell(self, what: Mapping[str, object]) -> None:
        if self._process.stdin is None:
            raise AssertionError("the process was started without a pipe")
        try:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            # That the process is gone shows when its answer is waited for.
            return

    def hold(self, trial: Trial) -> Finding:
        """Run the scenarios of a trial."""
        self._tell({"vice": trial.vice, "rules": trial.rules})
        if self._process.stdout is None:
            raise AssertionError("the process was started without a pipe")
        line = self._process.stdout.readline()
        if line:
            return Finding(json.loads(line))
        scenario, call, *_ = [*BlackBox.read(self._box).split("\n"), ""]
        if not scenario:
            return Finding(lost=f"the process did not begin{self._last_words()}")
        return Finding(lost=f"{scenario}: {call or 'between two calls'}")

    def _last_words(self) -> str:
        """Return the last line that a process of the run wrote, in the file that its reaper gave it."""
        logs = sorted(self._box.parent.glob("*.log"), key=lambda log: log.stat().st_mtime)
        lines = [
            line
            for log in logs
            for line in log.read_text(encoding="utf-8", errors="replace").split("\n")
            if line.strip()
        ]
        return f": {lines[-1]}" if lines else ""

    def end(self) -> None:
        """Tell the process that no trial is left, and wait for its end."""
        self._process.communicate()
