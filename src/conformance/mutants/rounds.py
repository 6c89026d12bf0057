"""The pytest plugin of a process that runs scenarios round after round, each round with another vice.

Most of a run's time goes into starting processes and collecting scenarios; a round costs no more than its scenarios.

The process reads one line of JSON from standard input with what a worker has to know, then one for each round,
and answers with a line for each scenario and an empty object at the round's end. A round is either about one vice,
or all vices watch it.
pytest loads the plugin by its name, so nothing here imports pytest.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

#: The name under which the suite's plugin registers its worker.
_WORKER = "libvirt-conformance-worker"
#: What is said of a scenario.
_SHOWN = ("outcome", "message", "expected", "observed", "definition")


class Rounds:
    """Runs scenarios once for each line on standard input."""

    def __init__(self, setup: dict[str, Any], name: str) -> None:
        self._setup = setup
        self._name = name
        self._ids: dict[str, str] = {}
        self._outcomes: dict[str, dict[str, Any]] = {}
        self._definition = ""
        # Neither a driver nor pytest may write between the answers.
        self._answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def pytest_bdd_step_error(self, step_func: Any) -> None:
        """Note which definition the step has that ends a scenario."""
        self._definition = f"{step_func.__module__.rpartition('.')[2]}.{step_func.__name__}"

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep what became of a scenario; a failed clean-up overrides what came before it."""
        outcome = getattr(report, "conformance", None)
        if outcome is not None:
            said = {**outcome, "definition": self._definition}
            self._outcomes[self._ids[report.nodeid]] = {name: said.get(name, "") for name in _SHOWN}

    def pytest_runtestloop(self, session: Any) -> bool:
        """Run the rounds."""
        from conformance.mutants import CONTROL, VICES, find
        from conformance.mutants.watch import Watch

        planned = [entry["id"] for entry in self._setup["plan"]]
        self._ids = {item.nodeid: scenario for item, scenario in zip(session.items, planned, strict=True)}
        items = dict(zip(planned, session.items, strict=True))
        worker = session.config.pluginmanager.get_plugin(_WORKER)
        self._setup["vice"] = CONTROL
        for wanted in _lines():
            # What is there between two rounds stays, and need not be looked at after each scenario.
            gc.collect()
            gc.freeze()
            chosen = [items[scenario] for scenario in wanted["scenarios"]]
            if "watching" in wanted:
                watch = Watch({name: VICES[name].body for name in wanted["watching"]})
                with watch.armed():
                    for item, following in pairwise([*chosen, None]):
                        watch.begin()
                        worker.sessions.pass_through(watch.intercept)
                        self._run(item, following)
                        self._answer({"acting": sorted(watch.acting)})
            else:
                for item, following in pairwise([*chosen, None]):
                    # A vice remembers nothing from one scenario to the next.
                    worker.sessions.pass_through(find(wanted["vice"]))
                    self._run(item, following)
                    self._answer({})
            self._send({})
        return True

    def _run(self, item: Any, following: Any) -> None:
        self._outcomes, self._definition = {}, ""
        # An item that has run before has to forget its fixtures.
        item._initrequest()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    def _answer(self, more: dict[str, Any]) -> None:
        """Say what became of the scenario that was run."""
        self._send({scenario: {**said, **more} for scenario, said in self._outcomes.items()})

    def _send(self, what: dict[str, Any]) -> None:
        self._answers.write(json.dumps(what) + "\n")
        self._answers.flush()


def _lines() -> Iterator[dict[str, Any]]:
    while line := sys.stdin.readline():
        yield json.loads(line)


def pytest_load_initial_conftests(early_config: Any) -> None:
    """Make a worker of this process, as xdist does with one of its own."""
    begin = json.loads(sys.stdin.readline())
    early_config.workerinput = {"conformance": begin["setup"], "workerid": begin["name"]}
    early_config.pluginmanager.register(Rounds(begin["setup"], begin["name"]))
