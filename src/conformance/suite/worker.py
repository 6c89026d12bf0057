"""A process that runs scenarios: its session with the driver, its clock, and what it says of each scenario."""

from __future__ import annotations

import contextlib
import os
import resource
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.driver import inventory
from conformance.driver.cleanup import remove_all
from conformance.driver.handle import Handle
from conformance.driver.session import ConnectionLost, Knowledge, NotReached, Session
from conformance.errors import CleanUpFailed, KitError
from conformance.flags import Undefine
from conformance.journal import BlackBox, Journal
from conformance.judgement import NotRefused, Violation
from conformance.ledger import Ledger
from conformance.reproducer import script
from conformance.roots import base_folder, make_root
from conformance.run import WATCHDOG_EXIT
from conformance.suite.case import Case
from conformance.suite.collection import SCENARIO_ID
from conformance.uri import with_root
from conformance.verdict import Verdict

#: Steps whose judgement needs every event since the first call.
_EVENT_WORDS = ("nothing has changed", "event")


class Watchdog:
    """Ends the process when a scenario takes too long: a call that hangs inside libvirt cannot be interrupted."""

    EXIT_CODE = WATCHDOG_EXIT

    def __init__(self, seconds: float, box: BlackBox, journal: Journal) -> None:
        self._seconds = seconds
        self._box = box
        self._journal = journal
        self._deadline: float | None = None
        self._changed = threading.Condition()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def start(self) -> None:
        """Begin to count for a scenario."""
        with self._changed:
            self._deadline = time.monotonic() + self._seconds
            self._changed.notify()

    def stop(self) -> None:
        """Stop counting."""
        with self._changed:
            self._deadline = None

    def _watch(self) -> None:
        with self._changed:
            while True:
                if self._deadline is None:
                    self._changed.wait()
                elif (left := self._deadline - time.monotonic()) > 0:
                    self._changed.wait(left)
                else:
                    os._exit(self.EXIT_CODE)


class Worker:
    """The pytest plugin of a process that runs scenarios."""

    def __init__(self, setup: Mapping[str, Any], name: str, *, guarded: bool) -> None:
        self._setup = setup
        self._name = name
        self.journal = Journal()
        self._own = Journal()
        self._outcome: dict[str, Any] = {}
        self._before: inventory.Inventory | None = None
        self._private_root: Path | None = None
        self._session: Session | None = None
        self._seconds_before = 0.0
        self._busy = 0.0
        self._statement = ""
        known = setup["knowledge"]
        self._knowledge = Knowledge(
            frozenset(known["capabilities"]),
            tuple(Undefine[flag] for flag in known["flags"]),
            known["snapshot_flags"],
            known["checkpoint_by_redefine"],
        )
        self.ledger = Ledger(Path(setup["ledger"]))
        self._watchdog: Watchdog | None = None
        if guarded:
            self.journal.box = BlackBox(Path(setup["folder"]) / f"{name}.box")
            self._watchdog = Watchdog(setup["timeout"], self.journal.box, self.journal)

    # The session with the driver

    @property
    def session(self) -> Session:
        """The session, opened for the first scenario, and anew after a connection was lost."""
        if self._session is None:
            uri = self._setup["uri"]
            if self._setup["private_root"]:
                uri = with_root(uri, str(self._make_root()))
            interceptor = None
            if vice := self._setup["vice"]:
                from conformance import mutants

                interceptor = mutants.find(vice)
            self._session = Session(
                uri,
                self._name,
                self.ledger,
                self.journal,
                self._setup["virt_type"],
                interceptor,
                min(30.0, self._setup["timeout"] / 2),
            )
            if self._before is None:
                self._before = inventory.take(self._plain(self._session.connection), self.ledger.run)
        return self._session

    def _make_root(self) -> Path:
        if self._private_root is None:
            folder = base_folder(self.ledger.run)
            name = f"{self._name}-{os.getpid()}"
            self.ledger.announce_root(folder / name)
            self._private_root = make_root(folder, name, like=Path(self._setup["like_root"]))
        return self._private_root

    def _plain(self, handle: Handle) -> Handle:
        """Return a handle past any vice: clean-up and inventory are the kit's own, not part of the driver."""
        return Handle(handle.raw, handle.symbol, self._own)

    @pytest.fixture
    def case(self, request: pytest.FixtureRequest) -> Iterator[Case]:
        """Give the steps of a scenario what they share, and take away afterwards what the scenario made."""
        case = Case(self.session, self._knowledge, watches_events=self._watches_events)
        request.node.stash[_CASE] = case
        yield case
        for recording in case.recordings:
            if self._session is not None and recording is not self._session.recording:
                recording.stop()
        self._clean_up()

    def _clean_up(self) -> None:
        session = self._session
        if session is None:
            return
        session.end_scenario()
        self._own.entries.clear()
        _, failed = remove_all(self._plain(session.connection), session.made, self.ledger.run)
        if failed:
            self._drop_session()
            raise CleanUpFailed("; ".join(failed))
        session.made.clear()

    def _drop_session(self) -> None:
        """Give up a connection that is of no further use; what the scenario made stays in the ledger."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(KitError):
                session.close()

    # What is said of a scenario

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Count the time of a scenario, and forget the one before."""
        self.journal.begin(item.stash[SCENARIO_ID])
        self._outcome = {}
        self._seconds_before = self.journal.seconds
        start = time.perf_counter()
        if self._watchdog is not None:
            self._watchdog.start()
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
            self._outcome["reproducer"] = self._reproducer(exception)
        elif isinstance(exception, NotRefused):
            self._say(Verdict.NOT_APPLICABLE, str(exception))
        elif isinstance(exception, NotReached):
            self._say(Verdict.NOT_TESTABLE, f"“{sentence}” was not reached: {exception}")
        elif isinstance(exception, ConnectionLost):
            self._say(Verdict.INCONCLUSIVE, str(exception))
            self._drop_session()
        elif isinstance(exception, KitError):
            self._say(Verdict.INCONCLUSIVE, str(exception))
            if self._session is not None and not self._session.is_alive():
                self._drop_session()
        else:
            kind = type(exception).__name__
            self._say(Verdict.INCONCLUSIVE, f"“{sentence}” met a fault of the kit: {kind}: {exception}")

    def _say(self, verdict: Verdict, message: str) -> None:
        self._outcome |= {"outcome": verdict.value, "message": message}

    def _reproducer(self, violation: Violation) -> str:
        rule = self.journal.scenario.partition("/")[0]
        configuration = ""
        if self._private_root is not None:
            configuration = (self._private_root / "etc" / "qemu.conf").read_text()
        return script(
            self.journal.entries,
            uri=self._setup["uri"],
            statement=self._setup["statements"][rule],
            rule=rule,
            expected=violation.expected,
            observed=violation.observed,
            looks=violation.looks,
            configuration=configuration,
            folder=str(self._session.files) if self._session is not None and self._session.has_files else "",
            files=self._session.written if self._session is not None else (),
            places=[str(place) for place in self._session.host.places] if self._session is not None else (),
            race=violation.race,
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Attach to pytest's report what the scenario came to."""
        report: Any = yield
        if call.when == "call":
            chosen = "; ".join(case.choices) if (case := item.stash.get(_CASE, None)) is not None else ""
            outcome = {"outcome": Verdict.UPHELD.value, "message": chosen} | self._outcome
            if call.excinfo is not None and not self._outcome:
                outcome = _fault(call.excinfo.value)
            outcome["seconds"] = call.duration
            outcome["libvirt_seconds"] = self.journal.seconds - self._seconds_before
            outcome["calls"] = [_line(entry) for entry in self.journal.entries if entry.act]
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
        changed: list[str] = []
        objects = 0
        if self._session is not None and self._before is not None:
            with contextlib.suppress(KitError):
                plain = self._plain(self._session.connection)
                changed = inventory.compare(self._before, inventory.take(plain, self.ledger.run))
                objects = len(self._before)
                self._session.close()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "worker": self._name,
            "busy_seconds": self._busy,
            "libvirt_seconds": self.journal.seconds + self._own.seconds,
            "calls": self.journal.calls + self._own.calls,
            "peak_kib": usage.ru_maxrss,
            "inventory": {"objects": objects, "changed": changed},
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
