"""The pytest plugin of a process that runs the scenarios round after round, each round with another vice.

Most of a run's time goes into starting processes and collecting scenarios; a round costs no more than its scenarios.

The process reads one line of JSON from standard input with what a worker has to know, then one for each round,
and answers each round with one on standard output. pytest loads the plugin by its name, so nothing here imports
pytest.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

#: The name under which the suite's plugin registers its worker.
_WORKER = "libvirt-conformance-worker"
#: What is said of a scenario.
_SHOWN = ("outcome", "message", "expected", "observed")


class Rounds:
    """Runs scenarios once for each line on standard input."""

    def __init__(self, setup: dict[str, Any], name: str) -> None:
        self._setup = setup
        self._name = name
        self._ids: dict[str, str] = {}
        self._outcomes: dict[str, dict[str, str]] = {}
        # Neither a driver nor pytest may write between the answers.
        self._answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep what became of a scenario; a failed clean-up overrides what came before it."""
        outcome = getattr(report, "conformance", None)
        if outcome is not None:
            self._outcomes[self._ids[report.nodeid]] = {name: outcome.get(name, "") for name in _SHOWN}

    def pytest_runtestloop(self, session: Any) -> bool:
        """Run the rounds."""
        planned = [entry["id"] for entry in self._setup["plan"]]
        self._ids = {item.nodeid: scenario for item, scenario in zip(session.items, planned, strict=True)}
        worker = session.config.pluginmanager.get_plugin(_WORKER)
        for number, wanted in enumerate(_lines()):
            # A new session has no connection that the vice before has seen, and no name that one has left behind.
            worker.sessions.drop()
            worker.sessions.name = f"{self._name}r{number}"
            self._setup["vice"] = wanted["vice"]
            self._outcomes = {}
            self._run([item for item in session.items if self._takes(item, wanted["rules"])])
            self._answers.write(json.dumps(self._outcomes) + "\n")
            self._answers.flush()
        return True

    def _takes(self, item: Any, rules: list[str]) -> bool:
        return not rules or self._ids[item.nodeid].partition("/")[0] in rules

    def _run(self, items: list[Any]) -> None:
        for item, following in zip(items, [*items[1:], None], strict=True):
            # An item that has run before has to forget its fixtures.
            item._initrequest()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _lines() -> Iterator[dict[str, Any]]:
    while line := sys.stdin.readline():
        yield json.loads(line)


def pytest_load_initial_conftests(early_config: Any) -> None:
    """Make a worker of this process, as xdist does with one of its own."""
    begin = json.loads(sys.stdin.readline())
    early_config.workerinput = {"conformance": begin["setup"], "workerid": begin["name"]}
    early_config.pluginmanager.register(Rounds(begin["setup"], begin["name"]))
