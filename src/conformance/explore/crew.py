"""The processes of a search, seen from the one that never calls a driver: started, listened to, replaced when lost."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from conformance.explore.diary import last_life
from conformance.explore.life import Kind, Life, life_code
from conformance.explore.outcome import OUTLIVES, Gathered
from conformance.explore.shrink import shrink
from conformance.explore.ways import shortcuts, ways
from conformance.explore.world import World
from conformance.interrupts import held_back
from conformance.losses import how_lost
from conformance.processes import environment, under_reaper
from conformance.run import Run

#: So many processes may be lost before a search is given up.
_LOSSES = 20
#: How many shorter lives are tried where each may end a process.
_TRIES = 8
#: How long that may take altogether, in seconds.
_TRY_SECONDS = 60.0
_ENDED = ("end", "problem")


@dataclass(frozen=True)
class Wish:
    """What is asked of a search.

    :param lives: how many lives a process leads instead of going by the clock; 0 goes by the clock.
    """

    seconds: float
    seed: int
    lives: int = 0


@dataclass
class _Explorer:
    """One process under way.

    :param name: a short text that no other process of the run has.
    :param number: which of the search's workers it is.
    :param life: how many processes this worker has had before.
    """

    name: str
    number: int
    life: int
    process: subprocess.Popen[bytes]
    buffer: bytes = b""
    ended: bool = False
    lost: str = ""
    ticked: dict[str, int] = field(default_factory=lambda: {"operations": 0, "lives": 0})


class Crew:
    """Leads a search to its end.

    :param run: holds the ledger, the folder and what probing has found out.
    :param tell: called with how far the search has come, for a person who waits.
    """

    def __init__(self, run: Run, wish: Wish, gathered: Gathered, tell: Callable[[str], None]) -> None:
        self._run = run
        self._wish = wish
        self._gathered = gathered
        self._tell = tell
        self._setup = run.worker_setup()
        self._slow = run.is_slow
        self._can_restart = "restart" in self._setup["knowledge"]["capabilities"]
        self._lost: list[tuple[str | None, str]] = []
        self._losses = 0
        self._names = (f"e{number}" for number in range(10_000))
        self._explorers: dict[int, _Explorer] = {}

    def search(self) -> None:
        """Let the workers search until there is no time left, or until all have led their lives."""
        self._start = time.monotonic()
        with selectors.DefaultSelector() as waiting:
            try:
                for number in range(self._run.record.workers):
                    self._begin(number, 0, waiting)
                while self._explorers:
                    for key, _ in waiting.select():
                        self._hear(key.data, waiting)
            finally:
                for explorer in list(self._explorers.values()):
                    self._stop(explorer)
                self._gathered.seconds = time.monotonic() - self._start

    @property
    def _left(self) -> float:
        return self._wish.seconds - (time.monotonic() - self._start)

    def _begin(self, number: int, life: int, waiting: selectors.BaseSelector) -> None:
        task = {
            "seconds": max(0.0, self._left),
            "lives": self._wish.lives,
            # A driver in its client's process is restarted by another process, which makes each call dearer.
            "restarts": self._setup["private_root"] and self._can_restart and number % 2 == 1,
            "number": f"{self._wish.seed}/{number}/{life}",
            "slow": self._slow,
            # Those of a process that was lost are known to the one that follows it.
            "known": [list(key) for key in self._gathered.partings] if life else [],
            "lost": self._lost,
        }
        process, name = self._start_process(task)
        explorer = _Explorer(name, number, life, process)
        self._explorers[number] = explorer
        if process.stdout is None:
            raise AssertionError("the process was started without a pipe")
        waiting.register(process.stdout, selectors.EVENT_READ, explorer)

    def _start_process(self, task: dict[str, Any]) -> tuple[subprocess.Popen[bytes], str]:
        name = next(self._names)
        folder = self._run.folder
        with held_back():
            process = subprocess.Popen(  # noqa: S603 - the kit's own module
                [*under_reaper(folder), sys.executable, "-P", "-m", "conformance.explore.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **environment(folder)},
            )
        setup = {**self._setup, "task": {"restarts": False, "lost": [], "name": name, **task}}
        if process.stdin is None:
            raise AssertionError("the process was started without a pipe")
        # A process that is gone already shows when its answer is waited for.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(setup).encode() + b"\n")
            process.stdin.close()
        return process, name

    def _hear(self, explorer: _Explorer, waiting: selectors.BaseSelector) -> None:
        """Read what a process has said, and go on from its end."""
        stream = explorer.process.stdout
        if stream is None:
            raise AssertionError("the process was started without a pipe")
        read = os.read(stream.fileno(), 1 << 16)
        *lines, explorer.buffer = (explorer.buffer + read).split(b"\n")
        for line in lines:
            self._take(explorer, json.loads(line))
        if read:
            return
        waiting.unregister(stream)
        del self._explorers[explorer.number]
        self._stop(explorer)
        if explorer.ended:
            return
        self._note_lost(explorer)
        enough = self._left <= 0 and not self._wish.lives
        if self._losses >= _LOSSES:
            self._run.note_problem(f"the search was given up after {self._losses} processes were lost")
        elif not enough:
            self._begin(explorer.number, explorer.life + 1, waiting)

    def _stop(self, explorer: _Explorer) -> None:
        if not explorer.ended:
            explorer.process.kill()
        explorer.process.wait()
        if explorer.process.stdout is not None:
            explorer.process.stdout.close()

    def _take(self, explorer: _Explorer, said: dict[str, Any]) -> None:
        [(kind, what)] = said.items()
        explorer.ended = explorer.ended or kind in _ENDED
        match kind:
            case "tick":
                explorer.ticked = what
                self._say_progress()
            case "parted":
                what = self._run.scrubbed(what)
                if self._gathered.note_parting(what):
                    self._tell(f"found: {' → '.join(what['life'])}: {what['observed']}")
            case "end":
                self._gathered.note_end(what)
                self._run.note_worker(what["usage"])
            case "abilities":
                self._gathered.note_abilities(what)
            case "lost":
                explorer.lost = what
            case "problem":
                self._run.note_problem(what)

    def _say_progress(self) -> None:
        operations = sum(each.ticked["operations"] for each in self._explorers.values())
        self._tell(f"{operations:,} operations, {len(self._gathered.partings)} partings")

    # A process that was lost

    def _note_lost(self, explorer: _Explorer) -> None:
        """Make a parting of the life in which a process was lost: shorter, and with a script."""
        self._losses += 1
        self._gathered.operations += explorer.ticked["operations"]
        self._gathered.lives += explorer.ticked["lives"]
        how = explorer.lost or how_lost(self._run.folder, explorer.name, "", self._run.options.timeout)
        found = last_life(self._run.folder / f"{explorer.name}.life")
        if found is None:
            self._run.note_problem(how)
            self._losses = _LOSSES
            return
        before, life = found
        self._lost.append((before.state, life[-1].name))
        self._gathered.parted.add((before, life[-1]))
        rule = OUTLIVES if life[-1].kind in (Kind.UNDEFINE, Kind.UNDEFINE_FLAGS) else ""
        sign = "was ended as it took too long" if "took more than" in how else "the process was lost"
        key = (rule, life[-1].name, sign, before.phase)
        if key in self._gathered.partings:
            self._gathered.partings[key]["times"] += 1
            return
        life, how, shortest = self._shortest(before, life, how)
        self._gathered.note_parting(self._parting(key, before, life, how, shortest=shortest))
        self._tell(f"found: {' → '.join(map(str, life))}: {how}")

    def _shortest(self, before: World, life: Life, how: str) -> tuple[Life, str, bool]:
        """Return a shorter life in which a process is lost too, how it was, and whether it is known as the shortest."""
        until = time.monotonic() + _TRY_SECONDS
        said = how

        def shows(shorter: Life) -> bool:
            nonlocal said
            if time.monotonic() > until:
                return False
            lost = self._lost_in(shorter)
            said = lost or said
            return bool(lost)

        can = self._gathered.can
        candidates = [] if can is None else shortcuts(ways(can), before, life[-1])
        for candidate in candidates[:_TRIES]:
            if len(candidate) < len(life) and shows(candidate):
                life = candidate
                break
        shorter, shortest = shrink(life, shows, _TRIES)
        return shorter, said, shortest and time.monotonic() < until

    def _lost_in(self, life: Life) -> str:
        """Return how a process is lost in its last operation that leads a life, or nothing where it is not lost."""
        process, name = self._start_process({"life": life_code(life), "without_last": False})
        said = dict(_said(process))
        if not said.keys().isdisjoint(_ENDED):
            return ""
        found = last_life(self._run.folder / f"{name}.life")
        if found is None or found[1] != life:
            return ""
        return said.get("lost") or how_lost(self._run.folder, name, "", self._run.options.timeout)

    def _parting(
        self, key: tuple[str, str, str, str], before: World, life: Life, how: str, *, shortest: bool
    ) -> dict[str, Any]:
        rule = key[0]
        expected, observed = "the driver answers, whatever it is asked", how
        process, _ = self._start_process(
            {
                "life": life_code(life), "without_last": True, "rule": rule,
                "expected": expected, "observed": observed,
            }
        )  # fmt: skip
        script = dict(_said(process)).get("script", "")
        parting: dict[str, Any] = self._run.scrubbed(
            {
                "signature": list(key),
                "life": [str(op) for op in life],
                "code": life_code(life),
                "before": str(before),
                "expected": expected,
                "observed": observed,
                "besides": [],
                "shown_again": True,
                "shortest": shortest,
                "lost": True,
                "operations": 0,
                "reproducer": script,
            }
        )
        return parting


def _said(process: subprocess.Popen[bytes]) -> Iterator[tuple[str, Any]]:
    """Yield what a process says, until it has ended."""
    if process.stdout is None:
        raise AssertionError("the process was started without a pipe")
    with process.stdout as stream:
        for line in stream:
            yield from json.loads(line).items()
    process.wait()
