"""A process that leads lives: a session with the driver, a search, and what it says of both, a line at a time.

It reads one JSON object from standard input, which says all that it has to know, and writes one a line on standard
output: ``{"tick": …}`` about once a second, ``{"parted": …}`` for each parting, ``{"end": …}`` as its last.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from conformance.decision import State
from conformance.driver import events
from conformance.driver.knowledge import Knowledge
from conformance.driver.living import Living
from conformance.driver.probe_life import find_abilities
from conformance.driver.session import Session
from conformance.driver.setbacks import ConnectionLost, NotReached
from conformance.errors import KitError
from conformance.explore.abilities import Abilities
from conformance.explore.course import Course, Coverage, Parting
from conformance.explore.diary import Diary
from conformance.explore.life import Life, Op, life_code, parse_life
from conformance.explore.parting import Signature
from conformance.explore.world import World
from conformance.journal import BlackBox, Journal
from conformance.judgement import Look
from conformance.reproducer import script
from conformance.suite.sessions import Sessions
from conformance.watchdog import Watchdog

#: What stands in a script in the place of a rule, where there is none.
UNRULED = "no rule says what has to happen here, which is a gap in the specification"
_TICK = 1.0
#: How long a life may still be shrunk when the time is over, in seconds.
_GRACE = 30.0


class Explorer:
    """One search, in a process of its own.

    :param setup: what the controlling process told this one.
    :param answers: takes the lines.
    """

    def __init__(self, setup: Mapping[str, Any], answers: TextIO) -> None:
        self._setup = setup
        self._answers = answers
        self._task: Mapping[str, Any] = setup["task"]
        name, folder = self._task["name"], Path(setup["folder"])
        box = BlackBox(folder / f"{name}.box")
        self._journal = Journal(box=box)
        self._journal.begin("a life")
        self._diary = Diary(folder / f"{name}.life")
        self._watchdog = Watchdog(setup["timeout"], box, self._journal)
        self._sessions = Sessions(setup, name, self._journal)
        self._coverage = Coverage()
        self._drawn: Callable[[], int] = lambda: 0
        self._told: Life | None = None
        self._ticked = 0.0
        self._start = time.monotonic()

    def run(self) -> None:
        """Do what the task says, to its end."""
        self._watchdog.start()
        self._session = self._sessions.take(restarts=self._task["restarts"])
        # The driver may have to get to know its emulator first.
        knowledge = _affordable(self._session, self._sessions.knowledge)
        self._living = Living(self._session, knowledge)
        self._can = find_abilities(self._living, self._session, knowledge)
        lost = [(State(state) if state else None, name) for state, name in self._task["lost"]]
        self._course = Course(self._living, self._can, self._coverage, self._note, lost)
        self.say("abilities", plain(self._can))
        if "life" in self._task:
            self._lead_one(parse_life(self._task["life"]), without_last=self._task["without_last"])
        else:
            self._search()
        self._end()

    def say(self, kind: str, what: Any) -> None:
        """Write one line."""
        self._answers.write(json.dumps({kind: what}) + "\n")
        self._answers.flush()

    def _note(self, life: Sequence[Op], world: World) -> None:
        """Take note of an operation that is about to be carried out."""
        self._watchdog.extend()
        self._diary.note(life, world)
        if self._told is not None:
            last = len(life) == len(self._told)
            self._journal.step = f"{'When' if last else 'Given'} the client calls {life[-1]}"
        now = time.monotonic()
        if now - self._ticked > _TICK:
            self._ticked = now
            self.say("tick", {"operations": self._coverage.operations, "lives": self._coverage.lives})

    # The search

    def _search(self) -> None:
        from hypothesis.configuration import set_hypothesis_home_dir

        from conformance.explore.search import SLOW, Measure, Search

        # What hypothesis keeps for later would lie in the folder in which the command was called.
        set_hypothesis_home_dir(Path(self._setup["folder"]) / "hypothesis")
        task = self._task
        search = Search(
            self._course, self._can, self._coverage, task["number"], SLOW if task["slow"] else Measure(),
            self._is_enough, lambda: self._is_enough(_GRACE),
            known={Signature(*plain) for plain in task["known"]},
        )  # fmt: skip
        self._drawn = lambda: search.drawn
        while not self._is_enough():
            parting = search.batch()
            # hypothesis leaves much in cycles, and garbage is collected when no call is under way.
            events.collect()
            if parting is not None:
                search.known.add(parting.signature)
                self.say("parted", self._confirmed(parting))

    def _is_enough(self, grace: float = 0.0) -> bool:
        if self._task["lives"]:
            return bool(self._drawn() >= self._task["lives"] and not grace)
        return bool(time.monotonic() - self._start >= self._task["seconds"] + grace)

    def _confirmed(self, parting: Parting) -> dict[str, Any]:
        """Lead a life once more on its own, for its script; say whether it showed the same again."""
        self._told = parting.life
        again = self._course.lead(parting.life, (), (), parting.signature)
        shown_again = again is not None and again.signature == parting.signature
        shortest = parting.shortest
        parting = again if again is not None and shown_again else parting
        # The journal still holds the calls of this life.
        reproducer = self._script(parting.signature.rule, parting.fault.expected, parting.fault.observed, parting.looks)
        self._told, self._journal.step = None, ""
        return {
            "signature": list(vars_of(parting.signature)),
            "life": [str(op) for op in parting.life],
            "code": life_code(parting.life),
            "before": str(parting.before),
            "expected": parting.fault.expected,
            "observed": parting.fault.observed,
            "besides": [f"{fault.rule or 'no rule'}: {fault.observed}" for fault in parting.faults[1:]],
            "shown_again": shown_again,
            "shortest": shortest,
            "operations": self._coverage.operations,
            "reproducer": reproducer,
        }

    def _script(self, rule: str, expected: str, observed: str, looks: Sequence[Look]) -> str:
        session = self._session
        return script(
            self._journal.entries,
            uri=self._setup["uri"],
            statement=self._setup["statements"].get(rule, UNRULED),
            rule=rule or "outside the rules",
            expected=expected,
            observed=observed,
            looks=looks,
            configuration=self._sessions.configuration,
            folder=str(session.files) if session.has_files else "",
            files=session.written,
            places=[] if session.pools else [str(place) for place in session.host.places],
            restart=self._setup["restart"],
        )

    # One life

    def _lead_one(self, life: Life, *, without_last: bool) -> None:
        """Lead a life in which a process was lost: again to see it, or up to its last call for a script."""
        self._told = life
        if not without_last:
            self._course.lead(life)
            return
        reproducer = ""

        def write(_done: Sequence[Op], world: World) -> None:
            nonlocal reproducer
            self._note(_done, world)
            if len(_done) == len(life):
                self._living.pretend(life[-1], world)
                reproducer = self._script(self._task["rule"], self._task["expected"], self._task["observed"], ())
                raise _Enough

        with contextlib.suppress(_Enough):
            Course(self._living, self._can, self._coverage, write).lead(life)
        self.say("script", reproducer)

    # The end

    def _end(self) -> None:
        self._watchdog.stop()
        coverage = self._coverage
        found = self._sessions.compare()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        seconds = time.monotonic() - self._start
        self.say(
            "end",
            {
                "operations": coverage.operations,
                "lives": coverage.lives,
                "processor_seconds": usage.ru_utime + usage.ru_stime,
                "states": {world.code: times for world, times in coverage.states.items()},
                "transitions": [
                    [before.code, name, after.code, times]
                    for (before, name, after), times in coverage.transitions.items()
                ],
                "parted": [[world.code, op.code] for world, op in coverage.parted],
                "refused": [[world.code, op.code] for world, op in coverage.refused],
                "usage": {
                    "busy_seconds": seconds,
                    "libvirt_seconds": self._journal.seconds,
                    "peak_kib": usage.ru_maxrss,
                    "inventory": found,
                },
            },
        )


def _affordable(session: Session, knowledge: Knowledge) -> Knowledge:
    """Return what is known of a driver without what would be asked of a storage pool after each operation."""
    if not session.pools:
        return knowledge
    return replace(knowledge, capabilities=frozenset(knowledge.capabilities) - {"host-evidence"})


class _Enough(Exception):
    """A life was led as far as was wanted."""


def plain(can: Abilities) -> dict[str, Any]:
    """Return what a driver can do as plain values."""
    return {
        "capabilities": sorted(can.capabilities),
        "taken": can.taken,
        "lacking": sorted(kind.name for kind in can.lacking),
        "checkpoint_by_redefine": can.checkpoint_by_redefine,
    }


def vars_of(signature: Signature) -> tuple[str, str, str, str]:
    """Return a signature as plain values."""
    return signature.rule, signature.operation, signature.sign, signature.phase


def main() -> None:
    """Lead lives as standard input says."""
    # A driver that writes to standard output must not be able to break the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    explorer = Explorer(json.loads(sys.stdin.readline()), answers)
    try:
        explorer.run()
    except ConnectionLost as error:
        explorer.say("lost", str(error))
    except (KitError, NotReached) as error:
        explorer.say("problem", str(error))
    except Exception as error:
        explorer.say("problem", f"a fault of the kit: {type(error).__name__}: {error}")
        raise
    # A driver that hangs in its own shutdown must not hold up the search.
    os._exit(0)


if __name__ == "__main__":
    main()
