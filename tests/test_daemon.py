"""Runs against a daemon that others use too: what is shared, what is left, and what happens when it dies.

libvirt's test driver lives inside a daemon of the test's own here, so its domains outlive the kit's processes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libvirt
import pytest

from conformance.driver.events import run_event_loop
from conformance.machine import Machine
from conftest import Bench, box_of, finish, kill

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not (shutil.which("libvirtd") or Path("/usr/sbin/libvirtd").exists()), reason="needs libvirtd"),
]

RULE, VICTIM = "UNDEF-034", "UNDEF-034/alive[paused]"
NOBODY = 65534
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


@dataclass
class Daemon:
    """A libvirtd, its process, and a connection of somebody else's to its test driver."""

    uri: str
    pid: int
    other: libvirt.virConnect

    def names(self) -> set[str]:
        """Return the names of all domains."""
        return {domain.name() for domain in self.other.listAllDomains()}


@pytest.fixture
def daemon(short_bench: Bench) -> Iterator[Daemon]:
    """Give a session daemon, run by nobody when the tests are run by root, which would get the host's own."""
    folder = short_bench.temporary.with_name(short_bench.temporary.name + "d")
    folder.mkdir(mode=0o755)
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": ()} if os.geteuid() == 0 else {}
    if user:
        os.chown(folder, NOBODY, NOBODY)
    environment = {"PATH": PATH, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    command = ["libvirtd", "--daemon", "--timeout", "600", "--pid-file", str(folder / "pid")]
    subprocess.run(command, env=environment, cwd="/", check=True, capture_output=True, **user)  # type: ignore[call-overload]
    pid = int((folder / "pid").read_text())
    uri = f"test+unix:///default?socket={folder}/libvirt/libvirt-sock"
    run_event_loop()
    other = libvirt.open(uri)
    try:
        yield Daemon(uri, pid, other)
    finally:
        with contextlib.suppress(libvirt.libvirtError):
            other.close()
        kill(pid)
        shutil.rmtree(folder)


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
