"""What a run keeps of what its workers say, and of workers that say nothing any more."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from conformance.binding import Scenario
from conformance.errors import BadUri, NestedRun, ScenarioLost, UnknownRule, Unwritable
from conformance.losses import WATCHDOG_EXIT
from conformance.options import Options
from conformance.plan import Plan
from conformance.processes import WORKER_MARK
from conformance.run import Run
from conformance.verdict import Verdict

ID = "UNDEF-001/removed"
SCENARIO = Scenario(ID, "UNDEF-001", "removed", "removed", "features/a.feature", 9, (), (), None)
HUSH = "S3cr3t"


@pytest.fixture
def run() -> Iterator[Run]:
    """Give a run of one scenario against a URI with a password in it."""
    begun = Run(Options(uri=f"qemu+ssh://user:{HUSH}@host/system", command=f"run --uri qemu+ssh://user:{HUSH}@host/"))
    begun.plan = Plan((SCENARIO,), {}, ())
    begun.folder.mkdir()
    yield begun
    shutil.rmtree(begun.folder)


def test_no_password_is_kept(run: Run) -> None:
    """Whatever part of a worker's word repeats the password, the report does not."""
    says = f"ssh: user:{HUSH}@host: denied"
    run.note(ID, {"outcome": "violated", **dict.fromkeys(("message", "expected", "observed", "reproducer"), says)})
    run.note(ID, {"outcome": "inconclusive", "message": says, "calls": [f"conn.defineXML() -> RPC ({says})"]})
    run.note_problem(says)
    assert HUSH not in json.dumps(asdict(run.record))


@pytest.mark.parametrize("secret", ["upheld", "e", "*", "outcome"])
def test_a_short_password_does_not_garble_a_verdict(secret: str) -> None:
    """Only what people read is searched for the password, not the words of the kit's own."""
    run = Run(Options(uri=f"test:///default?password={secret}"))
    run.plan = Plan((SCENARIO,), {}, ())
    try:
        run.note(ID, {"outcome": "upheld", "message": "", "seconds": 0.5})
    finally:
        run.close()
    assert (run.record.results[ID].outcome, run.record.results[ID].seconds) == (Verdict.UPHELD, 0.5)


def test_a_failed_clean_up_overrides_what_was_seen(run: Run) -> None:
    """What was seen before stays to be read, with why it cannot be relied on."""
    run.note(ID, {"outcome": "violated", "message": "Then it is gone", "observed": "it is there", "seconds": 1.0})
    run.note(ID, {"outcome": "inconclusive", "message": "it could not be removed"})
    result = run.record.results[ID]
    assert (result.outcome, result.observed, result.seconds) == (Verdict.INCONCLUSIVE, "it is there", 1.0)
    assert result.message == "it could not be removed (before that: violated. Then it is gone)"


def test_a_scenario_that_was_not_planned_is_the_kits_fault(run: Run) -> None:
    """A worker that tells of something else is not listened to."""
    with pytest.raises(ScenarioLost):
        run.note("UNDEF-001/other", {"outcome": "upheld"})


def lose(run: Run, box: str, status: int | None) -> str:
    """Return what is kept of a scenario whose worker ended with a wait status, its black box as given."""
    (run.folder / "gw0.box").write_text(box + "\0")
    if status is not None:
        (run.folder / "77.exit").write_text(str(status))
    run.note_lost(ID, "gw0")
    assert run.record.results[ID].outcome is Verdict.INCONCLUSIVE
    return run.record.results[ID].message


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (signal.SIGKILL, "was ended by SIGKILL"),
        (signal.SIGSEGV | 0x80, "was ended by SIGSEGV"),
        (signal.SIGRTMIN + 1, f"was ended by signal {signal.SIGRTMIN + 1}"),
        (3 << 8, "ended with exit code 3"),
        (WATCHDOG_EXIT << 8, "was ended as the scenario took more than 60 s,"),
    ],
    ids=["killed", "crashed", "signal without a name", "ended", "too long"],
)
def test_how_a_worker_ended_is_said(run: Run, status: int, words: str) -> None:
    """The reaper's note and the black box tell how a worker ended, and in which call."""
    assert lose(run, f"{ID}\ndom.undefine\n77", status) == f"the worker process {words} during dom.undefine"


def test_between_calls_no_call_is_blamed(run: Run) -> None:
    """A worker that ended in the kit's own code ended in no call."""
    assert lose(run, f"{ID}\n\n77", signal.SIGKILL) == "the worker process was ended by SIGKILL between two calls"


def test_the_call_of_another_scenario_is_not_blamed(run: Run) -> None:
    """A black box that still holds the scenario before says how the worker ended, and no call."""
    words = lose(run, "UNDEF-002/other\ndom.undefine\n77", signal.SIGKILL)
    assert words == "the worker process was ended by SIGKILL between two calls"


@pytest.mark.parametrize("box", ["", f"{ID}\ndom.undefine"], ids=["nothing written", "cut off"])
def test_without_a_trace_that_is_said(run: Run, box: str) -> None:
    """A worker of which nothing is left costs its scenario all the same."""
    assert "ended without a trace" in lose(run, box, None)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (Options(uri=""), BadUri),
        (Options(report=Path("/nonexistent/r.json")), Unwritable),
        (Options(outputs={"junit": Path("/nonexistent/r.xml")}), Unwritable),
        (Options(rules=("UNDEF-999",)), UnknownRule),
    ],
    ids=["URI", "report", "JUnit file", "rule"],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    options: Options, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller's mistake is told before a driver is called or a ledger begun."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    run = Run(options)
    try:
        with pytest.raises(error):
            run.begin()
    finally:
        run.close()
    assert list(tmp_path.iterdir()) == []
    assert not run.folder.exists()


def test_a_run_inside_a_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that began a run would begin one in each of that run's workers, without an end."""
    monkeypatch.setenv(WORKER_MARK, "1")
    run = Run(Options())
    try:
        with pytest.raises(NestedRun):
            run.begin()
    finally:
        run.close()


def test_a_run_leaves_the_environment_alone(run: Run) -> None:
    """The mark of a worker is for workers: a program may make one run after another."""
    assert WORKER_MARK not in os.environ
