"""Two calls at the same moment: they overlap, they are kept in order, and the script of a race shows it."""

from __future__ import annotations

import ast
import re
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import libvirt
import pytest

from conformance.driver.handle import Handle
from conformance.driver.race import Contender, overlap, race
from conformance.journal import Entry, Journal
from conformance.judgement import Race
from conformance.machine import Machine
from conformance.reproducer import script
from conftest import Bench
from conftest import script as command

URI = "test:///default"


@pytest.fixture
def pair() -> Iterator[tuple[libvirt.virConnect, libvirt.virConnect]]:
    """Give two connections to the driver that a process's connections share."""
    connections = libvirt.open(URI), libvirt.open(URI)
    yield connections
    for connection in connections:
        connection.close()


def meeting(journal: Journal, seconds: float) -> tuple[Contender, Contender]:
    """Return two calls that each take some time, without a driver."""

    def wait(_handle: Handle, _method: str, _args: tuple[Any, ...], _proceed: object) -> str:
        time.sleep(seconds)
        return threading.current_thread().name

    one, two = (Handle(object(), symbol, journal, wait) for symbol in ("dom", "dom2"))
    return Contender(one, "undefine", ()), Contender(two, "create", ())


@pytest.mark.parametrize("delay", [0.0, 0.02, -0.02])
def test_the_calls_are_under_way_together(delay: float) -> None:
    """Each call has a thread of its own; the one whose time is not yet come waits."""
    first, second = race(Journal(), *meeting(Journal(), 0.1), delay)
    assert overlap(first, second)
    assert first.outcome.value != second.outcome.value != threading.current_thread().name
    assert abs(second.began - first.began - delay) < 0.05


def test_calls_that_follow_each_other_do_not_overlap() -> None:
    """A delay beyond the other call's time makes two calls one after the other."""
    first, second = race(Journal(), *meeting(Journal(), 0.02), 0.2)
    assert not overlap(first, second)
    assert not overlap(second, first)


def test_the_journal_has_both_calls_in_the_order_of_their_beginning() -> None:
    """The time is counted once for both, and the step is that of the journal."""
    journal = Journal(step="When the one calls undefine while the other calls create")
    first, second = race(journal, *meeting(journal, 0.1), -0.05)
    assert [(e.receiver, e.method, e.step) for e in journal.entries] == [
        ("dom2", "create", journal.step),
        ("dom", "undefine", journal.step),
    ]
    assert journal.calls == 2
    assert 0.1 <= journal.seconds < first.seconds + second.seconds


def test_an_error_of_a_call_is_its_outcome(pair: tuple[libvirt.virConnect, libvirt.virConnect]) -> None:
    """A call that lost is told so, and the other knows nothing of it."""
    conn, conn2 = pair
    name = f"race-{uuid.uuid4()}"
    dom = conn.defineXML(Machine("test", "hvm", "i686").definition(name, str(uuid.uuid4()), "r"))
    handles = Handle(dom, "dom", Journal()), Handle(conn2.lookupByName(name), "dom2", Journal())
    first, second = race(Journal(), *(Contender(handle, "undefine", ()) for handle in handles), 0.0)
    assert sorted((first.outcome.code, second.outcome.code)) == ["", "NO_DOMAIN"]


XML = Machine("test", "hvm", "i686").definition("lvc-race", "0b8f3a0e-7d0c-4c8e-9a2f-5f1c1d6f2a01", "run1")
RACE = Race(
    (
        Entry("conn", "defineXML", (XML,), "dom", None, "Given a domain that is running"),
        Entry("dom", "create", (), "", None, "Given a domain that is running"),
    ),
    (
        Entry("dom", "undefine", (), "", None, "When"),
        Entry("conn2", "defineXML", (XML,), "dom", None, "When"),
    ),
    "in 3 of 20 rounds",
    0.001,
    "0b8f3a0e-7d0c-4c8e-9a2f-5f1c1d6f2a01",
)


def text_of(made: Race) -> str:
    """Return the script of a race."""
    told = {"statement": "A sentence.", "rule": "UNDEF-033", "expected": "a", "observed": "b", "uri": URI}
    return script((), looks=(), race=made, **told)


def test_the_script_says_how_often_it_was_seen_and_counts() -> None:
    """A race shows itself by chance: the script claims no more, and makes many rounds."""
    text = text_of(RACE)
    ast.parse(text)
    assert "# The kit saw this in 3 of 20 rounds." in text
    assert "ROUNDS = 200" in text
    assert "calls = (lambda: dom.undefine(), lambda: conn2.defineXML(xml))" in text
    slow = Race(RACE.set_up, RACE.calls, RACE.shown, 0.4, RACE.uuid)
    assert "ROUNDS = 40" in text_of(slow)


def test_the_script_runs_to_its_end_and_leaves_nothing(bench: Bench) -> None:
    """Every round is counted, with how both calls ended and what was left; both orders come up."""
    (bench.folder / "race.py").write_text(text_of(RACE) + "print([d.name() for d in conn.listAllDomains()])\n")
    finished = bench.run([command("python"), "race.py"])
    assert (finished.code, finished.err) == (0, "")
    counted = re.findall(r"^(\d+) of 200 rounds: success; success; active 1, persistent ([01]), ", finished.out, re.M)
    assert sum(int(number) for number, _ in counted) == 200
    assert {persistent for _, persistent in counted} == {"0", "1"}
    assert finished.out.endswith("['test']\n")
