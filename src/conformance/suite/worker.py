"""A process that runs scenarios: its session with the driver, its clock, and what it says of each scenario."""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.driver.setbacks import ConnectionLost, NotReached
from conformance.errors import KitError
from conformance.journal import BlackBox, Journal
from conformance.judgement import NotRefused, Violation
from conformance.reproducer import script
from conformance.suite.case import Case
from conformance.suite.collection import SCENARIO_ID
from conformance.suite.sessions import Sessions
from conformance.suite.turns import Turns
from conformance.verdict import Verdict
from conformance.watchdog import Watchdog

#: Steps whose judgement needs every event since the first call.
_EVENT_WORDS = ("nothing has changed", "event")


class Worker:
    """The pytest plugin of a process that runs scenarios."""

    def __init__(self, setup: Mapping[str, Any], name: str, *, guarded: bool) -> None:
        self._setup = setup
        self.journal = Journal()
        self._outcome: dict[str, Any] = {}
        self._seconds_before = 0.0
        self._busy = 0.0
        self._statement = ""
        self.sessions = Sessions(setup, name, self.journal)
        self._restarting = frozenset(setup["restarting"])
        self._turns = Turns(Path(setup["folder"])) if setup["restart"] else None
        self._watchdog: Watchdog | None = None
        if guarded:
            self.journal.box = BlackBox(Path(setup["folder"]) / f"{name}.box")
            self._watchdog = Watchdog(setup["timeout"], self.journal.box, self.journal)

    @pytest.fixture
    def case(self, request: pytest.FixtureRequest) -> Iterator[Case]:
        """Give the steps of a scenario what they share, and take away afterwards what the scenario made."""
        session = self.sessions.take(restarts=request.node.stash[SCENARIO_ID] in self._restarting)
        case = Case(session, self.sessions.knowledge, watches_events=self._watches_events)
        request.node.stash[_CASE] = case
        yield case
        if self.sessions.current is not None:
            case.end_registrations()
        self.sessions.clean_up()

    # What is said of a scenario

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Wait for the scenario's turn, count its time, and forget the one before."""
        scenario = item.stash[SCENARIO_ID]
        with (
            contextlib.nullcontext(False)
            if self._turns is None
            else self._turns.take(alone=scenario in self._restarting) as restarted
        ):
            self.journal.begin(scenario)
            self._outcome = {}
            self._seconds_before = self.journal.seconds
            start = time.perf_counter()
            if self._watchdog is not None:
                self._watchdog.start()
            if restarted:
                self.sessions.drop()
            try:
                return (yield)
            finally:
                if self._watchdog is not None:
                    self._watchdog.stop()
                self._busy += time.perf_counter() - start

    def pytest_bdd_before_scenario(self, scenario: Any) -> None:
        """Note whether the scenario judges events."""
        self._watches_events = any(word in step.name for step in scenario.steps for word in _EVENT_WORDS)
        self._statement = scenario.rule.name if scenario.rule else ""

    def pytest_bdd_before_step(self, step: Any) -> None:
        """Name the step in the journal; a Then only looks."""
        self.journal.step = f"{step.keyword} {step.name}"
        if step.type == "given" and not self.journal.step.startswith("Given"):
            self.journal.step = f"Given {step.name}"
        self.journal.looking = step.type == "then"

    def pytest_bdd_step_func_lookup_error(self, step: Any) -> None:
        """Say that a sentence of a feature means nothing to the kit."""
        self._say(Verdict.INCONCLUSIVE, f"the kit has no definition of the step “{step.keyword} {step.name}”")

    def pytest_bdd_step_error(self, step: Any, exception: BaseException) -> None:
        """Tell a violated rule from a situation that was not reached and from a fault of the kit's."""
        sentence = f"{step.keyword} {step.name}"
        if isinstance(exception, Violation) and step.type == "then":
            self._say(Verdict.VIOLATED, sentence)
            self._outcome |= {"expected": exception.expected, "observed": exception.observed}
            self._outcome["reproducer"] = self.reproducer(exception, self.journal.scenario.partition("/")[0])
        elif isinstance(exception, NotRefused):
            self._say(Verdict.NOT_APPLICABLE, str(exception))
        elif isinstance(exception, NotReached):
            self._say(Verdict.NOT_TESTABLE, f"“{sentence}” was not reached: {exception}")
        elif isinstance(exception, ConnectionLost):
            self._say(Verdict.INCONCLUSIVE, str(exception))
            self.sessions.drop()
        elif isinstance(exception, KitError):
            self._say(Verdict.INCONCLUSIVE, str(exception))
            if self.sessions.current is not None and not self.sessions.current.is_alive():
                self.sessions.drop()
        else:
            kind = type(exception).__name__
            self._say(Verdict.INCONCLUSIVE, f"“{sentence}” met a fault of the kit: {kind}: {exception}")

    def _say(self, verdict: Verdict, message: str) -> None:
        self._outcome |= {"outcome": verdict.value, "message": message}

    def keep(self, outcome: Mapping[str, Any]) -> None:
        """Keep what the item under way came to, where it is no scenario."""
        self._outcome = dict(outcome)

    def extend(self) -> None:
        """Give the item under way the time of a scenario once more: it has come a step further."""
        if self._watchdog is not None:
            self._watchdog.extend()

    def reproducer(self, violation: Violation, rule: str) -> str:
        """Return the script that shows a violation again, from the calls that the journal holds."""
        session = self.sessions.current
        return script(
            self.journal.entries,
            uri=self._setup["uri"],
            statement=self._setup["statements"][rule],
            rule=rule,
            expected=violation.expected,
            observed=violation.observed,
            looks=violation.looks,
            configuration=self.sessions.configuration,
            folder=str(session.files) if session is not None and session.has_files else "",
            files=session.written if session is not None else (),
            places=[str(place) for place in session.host.places] if session is not None and not session.pools else (),
            race=violation.race,
            restart=self._setup["restart"],
            denied_uri=self._setup["denied_uri"],
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Attach to pytest's report what the scenario came to."""
        report: Any = yield
        # Each report goes to the controlling process, where nobody selects by words.
        report.keywords = {}
        if call.when == "call":
            case = item.stash.get(_CASE, None)
            chosen = "; ".join(case.choices) if case is not None else ""
            outcome = {"outcome": Verdict.UPHELD.value, "message": chosen} | self._outcome
            if call.excinfo is not None and not self._outcome:
                outcome = _fault(call.excinfo.value)
            outcome["seconds"] = call.duration
            outcome["libvirt_seconds"] = self.journal.seconds - self._seconds_before
            calls = [_line(entry) for entry in self.journal.entries]
            outcome["calls"] = calls if case is None else [*calls, *case.counted]
            report.conformance = outcome
            if outcome["outcome"] == Verdict.NOT_APPLICABLE:
                report.outcome = "skipped"
                report.longrepr = (*item.location[:2], outcome["message"])
            elif call.excinfo is not None:
                report.longrepr = _long(outcome, self._setup["statements"], item.stash[SCENARIO_ID])
        elif call.excinfo is not None:
            report.conformance = _fault(call.excinfo.value)
            report.longrepr = str(report.conformance["message"])
        return report

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep pytest from writing tracebacks, which nobody sees here and which take longer than the scenarios."""
        for item in items:
            item.repr_failure = _no_traceback  # type: ignore[method-assign]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Take the inventory again, and say what the process used."""
        output = self.finish()
        workeroutput = getattr(session.config, "workeroutput", None)
        if workeroutput is not None:
            workeroutput["conformance"] = output
        else:
            session.config.stash[_OUTPUT] = output

    def finish(self) -> dict[str, Any]:
        """Close the session and return what the process used and found changed."""
        found = self.sessions.compare()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "worker": self.sessions.name,
            "busy_seconds": self._busy,
            "libvirt_seconds": self.journal.seconds + self.sessions.own.seconds,
            "calls": self.journal.calls + self.sessions.own.calls,
            "peak_kib": usage.ru_maxrss,
            "inventory": found,
        }


_CASE = pytest.StashKey[Case]()
_OUTPUT = pytest.StashKey[dict[str, Any]]()


def _no_traceback(excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
    del style
    return str(excinfo.value)


def _fault(error: BaseException) -> dict[str, Any]:
    """Return what is said of a scenario around whose steps something failed."""
    if isinstance(error, KitError):
        return {"outcome": Verdict.INCONCLUSIVE.value, "message": str(error)}
    return {
        "outcome": Verdict.INCONCLUSIVE.value,
        "message": f"a fault of the kit: {type(error).__name__}: {error}",
    }


def _line(entry: Any) -> str:
    args = ", ".join("…" if isinstance(a, str) and len(a) > 40 else repr(a) for a in entry.args if not callable(a))
    ended = str(entry.failure) if entry.failure else "ok"
    return f"{entry.receiver}.{entry.method}({args}) -> {ended}"


def _long(outcome: Mapping[str, Any], statements: Mapping[str, str], scenario: str) -> str:
    """Return what pytest shows of a scenario: the rule first."""
    rule = scenario.partition("/")[0]
    if rule not in statements:
        return f"{outcome['outcome']}: {outcome['message']}"
    lines = [f"{outcome['outcome']}: {rule}: {statements[rule]}"]
    if outcome.get("expected"):
        lines += [
            f"expected: {outcome['expected']}",
            f"observed: {outcome['observed']}",
            "",
            outcome["reproducer"],
        ]
    else:
        lines.append(outcome["message"])
    return "\n".join(lines)
