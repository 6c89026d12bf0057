"""Runs against a daemon that others use too: what is shared, what is left, and what happens when it dies.

libvirt's test driver lives inside a daemon of the test's own here, so its domains outlive the kit's processes.
"""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any

import pytest

from conformance.machine import Machine
from conftest import Bench, Daemon, box_of, finish, kill

pytestmark = pytest.mark.real

RULE, VICTIM = "UNDEF-034", "UNDEF-034/alive[paused]"


def start(bench: Bench, daemon: Daemon) -> tuple[subprocess.Popen[str], int]:
    """Start a run that hangs in one scenario; return it and the process of its worker."""
    process = bench.start_kit(
        "run", "--uri", daemon.uri, "--rule", RULE, "--workers", "1", "--vice", "hangs", "--report", "report.json"
    )
    return process, box_of(process, bench, VICTIM, "dom.undefine")


def end(process: subprocess.Popen[str], worker: int) -> None:
    """Kill a run and its worker, and wait until both are gone."""
    process.kill()
    kill(worker)
    finish(process)


def outcomes(report: Any) -> dict[str, str]:
    """Return the outcomes of the rule's scenarios."""
    return {s["id"]: s["outcome"] for rule in report["rules"] if rule["id"] == RULE for s in rule["scenarios"]}


def define(daemon: Daemon, name: str, run: str, uuid: str = "8c5d8f4e-0000-4000-8000-000000000001") -> None:
    """Define a domain of somebody else's."""
    daemon.other.defineXML(Machine("test", "hvm", "i686").definition(name, uuid, run))


def test_a_daemon_is_judged_and_left_as_it_was(short_bench: Bench, daemon: Daemon) -> None:
    """Through a daemon the rules are judged as in the process, and its domains are those of before."""
    before = daemon.names()
    finished = short_bench.kit("run", "--uri", daemon.uri, "--rule", "UNDEF-011", "--report", "report.json")
    report = short_bench.report()
    assert (finished.code, report["complete"], report["inventory"]["identical"]) == (0, True, True)
    assert daemon.names() == before


def test_clean_removes_exactly_what_was_left(short_bench: Bench, daemon: Daemon) -> None:
    """After a SIGKILL clean removes the run's domains; those of others stay, whatever they are called."""
    before = daemon.names()
    process, worker = start(short_bench, daemon)
    define(daemon, "lvc-somebody", "somebody")
    end(process, worker)
    left = daemon.names() - before - {"lvc-somebody"}
    assert left
    finished = short_bench.kit("clean", daemon.uri)
    assert (finished.code, finished.err) == (0, "")
    assert daemon.names() == before | {"lvc-somebody"}
    assert "nothing was left" in short_bench.kit("clean", daemon.uri).out
    assert list(short_bench.ledgers.glob("*")) == []


def test_clean_leaves_an_impostor_alone_and_says_so(short_bench: Bench, daemon: Daemon) -> None:
    """A domain that took an announced UUID and has another stamp is not removed, and the ledger stays for a person."""
    before = daemon.names()
    process, worker = start(short_bench, daemon)
    (victim,) = daemon.names() - before
    uuid = daemon.other.lookupByName(victim).UUIDString()
    end(process, worker)
    domain = daemon.other.lookupByName(victim)
    domain.destroy()
    domain.undefine()
    define(daemon, "somebody", "somebody", uuid)
    finished = short_bench.kit("clean", daemon.uri)
    assert (finished.code, finished.out.count("\n")) == (2, 1)
    assert "LVC-501" in finished.err
    assert "was left alone" in finished.err
    assert daemon.names() == before | {"somebody"}
    assert list(short_bench.ledgers.glob("*"))


def test_a_run_is_told_of_what_others_do_meanwhile(short_bench: Bench, daemon: Daemon) -> None:
    """A domain of others that comes during a run makes the run inconclusive, by name, and is not touched."""
    process, worker = start(short_bench, daemon)
    define(daemon, "somebody", "somebody")
    os.kill(worker, signal.SIGKILL)
    finished = finish(process)
    report = short_bench.report()
    assert (finished.code, report["complete"]) == (2, True)
    assert report["inventory"]["identical"] is False
    assert any("somebody" in change and "is new" in change for change in report["inventory"]["changed"])
    assert "somebody" in daemon.names()
    assert not [name for name in daemon.names() if name.startswith("lvc-")]


def test_a_daemon_that_dies_in_the_middle_is_no_verdict(short_bench: Bench, daemon: Daemon) -> None:
    """What was judged before is kept, the rest is inconclusive, and the run ends by itself with a report."""
    process, worker = start(short_bench, daemon)
    kill(daemon.pid)
    os.kill(worker, signal.SIGKILL)
    finished = finish(process)
    report = short_bench.report()
    assert (finished.code, report["complete"]) == (2, True)
    assert set(outcomes(report).values()) == {"upheld", "inconclusive", "not-applicable"}
    assert report["problems"]
    assert "Traceback" not in finished.said


def test_what_a_dead_daemon_took_along_can_be_forgotten(short_bench: Bench, daemon: Daemon) -> None:
    """Clean says in a sentence that it cannot ask, and keeps the ledger until it can."""
    process, worker = start(short_bench, daemon)
    end(process, worker)
    kill(daemon.pid)
    finished = short_bench.kit("clean", daemon.uri)
    assert finished.code == 2
    assert "LVC-302" in finished.err
    assert finished.err.count("\n") == 1
    assert list(short_bench.ledgers.glob("*"))
