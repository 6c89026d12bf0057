"""Processes that share trials among them: scenarios, and the vice that they meet.

Most of the time would go into starting processes and collecting scenarios, so a process holds one trial after the
other until there is none left, or a vice has taken it along.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from conformance.journal import BlackBox
from conformance.losses import how_lost, last_words
from conformance.processes import end_processes, environment, under_reaper
from conformance.run import Run
from conformance.uri import embeds
from conformance.verdict import Verdict

#: How many trials a process holds on an embedded driver: libvirt lets a process open it only some sixteen times, and a
#: vice can make a session be given up.
_EMBEDDED = 8
_SUITE = Path(__file__).resolve().parents[1] / "suite"
_PLUGINS = ("pytest_bdd.plugin", "conformance.suite.plugin", "conformance.mutants.rounds")
# The environment is pytest's third source of options.
_OWN_ENVIRONMENT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}

#: Is told what is done at the moment, how much of it is done, and of how much.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Trial:
    """Some scenarios, and the vice that they meet; without one, the vices that watch.

    :param seconds: how long one scenario may take, where that is not the run's to say.
    """

    scenarios: tuple[str, ...]
    vice: str = ""
    watching: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass
class Finding:
    """What the scenarios said of a vice.

    :param lost: the scenario and the call in which the vice ended the process; later scenarios have no outcome then.
    :param how: how the process ended.
    """

    outcomes: dict[str, Mapping[str, str]] = field(default_factory=dict)
    lost: str = ""
    how: str = ""

    def scenarios(self, verdict: Verdict) -> frozenset[str]:
        """Return the scenarios with an outcome."""
        return frozenset(name for name, said in self.outcomes.items() if said["outcome"] == verdict)

    def convicting(self, without: Finding) -> frozenset[str]:
        """Return the scenarios that are violated with the vice and not without it."""
        return self.scenarios(Verdict.VIOLATED) - without.scenarios(Verdict.VIOLATED)


class Crew:
    """The processes of one run that hold trials."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._idle: SimpleQueue[_Process] = SimpleQueue()
        # A process ends with the thread that has started it, so the threads last as long as the crew.
        self._threads = ThreadPoolExecutor(max(1, run.record.workers))

    def share(self, trials: Sequence[Trial], what: str, on_progress: Progress) -> dict[Trial, Finding]:
        """Hold trials; return what was found in each."""
        left: SimpleQueue[Trial] = SimpleQueue()
        for trial in trials:
            left.put(trial)
        findings: dict[Trial, Finding] = {}
        total = sum(len(trial.scenarios) for trial in trials)

        def work(_number: int) -> None:
            process: _Process | None = None
            with contextlib.suppress(Empty):
                process = self._idle.get_nowait()
            try:
                while True:
                    trial = left.get_nowait()
                    if process is not None and not process.can_hold(trial):
                        process.end()
                        process = None
                    process = process or _Process(self._run, trial.seconds)
                    findings[trial] = process.hold(trial)
                    on_progress(what, sum(len(held.scenarios) for held in list(findings)), total)
            except Empty:
                return
            finally:
                if process is not None:
                    self._idle.put(process)

        try:
            list(self._threads.map(work, range(self._run.record.workers)))
        except BaseException:
            # The threads wait for what their processes say.
            with contextlib.suppress(Empty):
                while True:
                    left.get_nowait()
            end_processes([self._run.folder])
            raise
        return {trial: findings[trial] for trial in trials}

    def end(self) -> None:
        """Tell the processes that no trial is left, and wait for their end."""
        with contextlib.suppress(Empty):
            while True:
                self._idle.get_nowait().end()
        self._threads.shutdown()


class _Process:
    """A process that runs the scenarios of one trial after the other.

    :param seconds: how long a scenario may take, where that is not the run's to say.
    """

    _names = (f"v{number}" for number in itertools.count())

    def __init__(self, run: Run, seconds: float) -> None:
        arguments = [
            *(part for plugin in _PLUGINS for part in ("-p", plugin)),
            *("-p", "no:terminal", "-p", "no:cacheprovider", "--capture=no"),
            *("-c", str(_SUITE / "pytest.ini"), "--rootdir", str(_SUITE), "--noconftest"),
        ]
        self._name = next(self._names)
        self._folder = run.folder
        self._seconds = seconds
        self._left = _EMBEDDED if embeds(run.options.uri) else sys.maxsize
        self._timeout = seconds or run.options.timeout
        self._process = subprocess.Popen(  # noqa: S603 - the kit's own module
            [*under_reaper(run.folder), sys.executable, "-m", "pytest", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment(run.folder), **_OWN_ENVIRONMENT},
        )
        setup = run.worker_setup()
        self._tell({"setup": {**setup, "timeout": self._timeout}, "name": self._name})

    def _tell(self, what: Mapping[str, object]) -> None:
        if self._process.stdin is None:
            raise AssertionError("the process was started without a pipe")
        try:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            # That the process is gone shows when its answer is waited for.
            return

    def can_hold(self, trial: Trial) -> bool:
        """Tell whether the process lives, and is one for a trial like this."""
        return self._left > 0 and trial.seconds == self._seconds

    def hold(self, trial: Trial) -> Finding:
        """Run the scenarios of a trial."""
        self._left -= 1
        asked: dict[str, object] = {"scenarios": trial.scenarios}
        self._tell(asked | ({"vice": trial.vice} if trial.vice else {"watching": trial.watching}))
        if self._process.stdout is None:
            raise AssertionError("the process was started without a pipe")
        outcomes: dict[str, Mapping[str, str]] = {}
        while line := self._process.stdout.readline():
            said = json.loads(line)
            if not said:
                return Finding(outcomes)
            outcomes |= said
        self._left = 0
        scenario, call, *_ = [*BlackBox.read(self._folder / f"{self._name}.box").split("\n"), ""]
        if not scenario:
            words = last_words(self._folder)
            return Finding(lost=f"the process did not begin{f': {words}' if words else ''}")
        how = how_lost(self._folder, self._name, scenario, self._timeout)
        return Finding(outcomes, lost=f"{scenario}: {call or 'between two calls'}", how=how)

    def end(self) -> None:
        """Tell the process that no trial is left, and wait for its end."""
        self._process.communicate()
