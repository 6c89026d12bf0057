"""Subjects of the lab, up for real, through other clients, without rights, and with daemons that go away.

They take a root that the lab has made before, of any suite; ``lab run SUITE-test`` makes one.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.lab.capsule import Capsule
from conftest import Bench, finish, kill, make_bench, until
from made_subjects import NEEDS, SOME, SUITE, judge, outcomes

pytestmark = NEEDS
NAME = f"{SUITE}-test-rpc"


def test_this_machines_client_and_the_releases_own_agree(short_bench: Bench, lab_state: dict[str, str]) -> None:
    """The daemon's driver is judged alike from outside and from inside."""
    inside = judge(short_bench, lab_state, NAME, *SOME)
    outside = judge(short_bench, lab_state, NAME, "--client", "here", *SOME)
    assert outcomes(outside) == outcomes(inside)
    assert outside["driver"]["libvirt_version"] == inside["driver"]["libvirt_version"]
    assert "--client here" in outside["reproduce"]


def test_a_client_without_rights_is_judged_for_real(short_bench: Bench, lab_state: dict[str, str]) -> None:
    """The system's daemon asks polkit, and the rule about clients without the right applies and is kept."""
    report = judge(short_bench, lab_state, f"{SUITE}-system", "--access", "--rule", "UNDEF-031")
    (rule,) = [rule for rule in report["rules"] if rule["id"] == "UNDEF-031"]
    assert {scenario["outcome"] for scenario in rule["scenarios"]} == {"upheld"}
    (found,) = [each for each in report["capabilities"] if each["id"] == "access-control"]
    assert "ACCESS_DENIED" in found["evidence"]


@dataclass(frozen=True)
class Honest:
    """A run whose daemon stays: the scenarios in which the driver is convicted, and how busy the daemon was with it."""

    convicted: set[str]
    seconds: float


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Honest:
    """Judge the driver once, with nothing in the way."""
    base = tmp_path_factory.mktemp("honest")
    bench = make_bench(base, base / "tmp")
    environment = {"LIBVIRT_CONFORMANCE_LAB_STATE": str(base / "lab")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIBVIRT_CONFORMANCE_LAB_STATE", str(base / "lab"))
        with judging(bench, environment) as run:
            finished = finish(run.process)
            seconds = run.busy()
        bench.kit("lab", "down", **environment)
        found = outcomes(bench.report(f"{NAME}.json"))
    assert finished.code == 1
    return Honest({scenario for scenario, outcome in found.items() if outcome == "violated"}, seconds)


@pytest.mark.parametrize("again", [False, True], ids=["gone", "gone-and-back"])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_rule_is_convicted_because_a_daemon_went_away(
    short_bench: Bench, lab_state: dict[str, str], honest: Honest, seed: int, again: bool
) -> None:
    """A daemon that is killed at any moment, or restarted by somebody else, makes scenarios inconclusive, with why."""
    # How long a run takes is the machine's affair; a part of it is within it on each.
    moment = random.Random(seed).uniform(0.1, 0.7) * honest.seconds
    with judging(short_bench, lab_state) as run:
        until(lambda: run.busy() > moment or run.process.poll() is not None)
        assert run.process.poll() is None
        kill(run.daemon)
        if again:
            words = Capsule(NAME).command(["libvirtd", "--daemon", "--pid-file", "/run/libvirt/libvirtd.pid"])
            subprocess.run(words, check=True, capture_output=True)
        finished = finish(run.process)
    report = short_bench.report(f"{NAME}.json")
    there = outcomes(report)
    assert {scenario for scenario, outcome in there.items() if outcome == "violated"} <= honest.convicted, finished.out
    assert "Traceback" not in finished.said
    assert again or "inconclusive" in there.values()
    assert finished.code == (2 if "inconclusive" in there.values() else 1)
    for rule in report["rules"]:
        for scenario in rule["scenarios"]:
            assert scenario["message"] or scenario["outcome"] != "inconclusive"


@dataclass(frozen=True)
class Judging:
    """A run under way on a subject that was up, from the moment on at which nothing but scenarios is left to do."""

    process: subprocess.Popen[str]
    daemon: int
    begun: float

    def busy(self) -> float:
        """Return the seconds of a processor that the daemon has used since."""
        return seconds_of(self.daemon) - self.begun


@contextlib.contextmanager
def judging(bench: Bench, environment: dict[str, str]) -> Iterator[Judging]:
    """Bring a subject up and begin to judge it."""
    up = bench.kit("lab", "up", NAME, **environment)
    assert up.code == 0, up.said
    with bench.start_kit("lab", "run", NAME, "--reports", ".", **environment) as process:
        try:
            # Before there is a draft of the report the kit probes, and restarts the daemon itself.
            until((Capsule(NAME).folder / "out" / "report.json").exists)
            daemon = daemon_of(NAME)
            yield Judging(process, daemon, seconds_of(daemon))
        finally:
            process.kill()


def daemon_of(name: str) -> int:
    """Return the process of a subject's libvirtd, as this machine numbers it."""
    folder = f"LIBVIRT_CONFORMANCE_LAB={Capsule(name).folder}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "comm").read_text() == "libvirtd\n" and folder in (entry / "environ").read_bytes():
                return int(entry.name)
    raise AssertionError("there is no libvirtd")


def seconds_of(pid: int) -> float:
    """Return the seconds of a processor that a process has used."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def test_an_interrupted_run_keeps_its_report(short_bench: Bench, lab_state: dict[str, str]) -> None:
    """A run that was told to end has an incomplete report, as it has without the lab."""
    process = short_bench.start_kit("lab", "run", NAME, "--reports", ".", **lab_state)
    until(lambda: (short_bench.temporary / "lab" / NAME / "out" / "report.json").exists())
    process.terminate()
    finished = finish(process)
    report = json.loads((short_bench.folder / f"{NAME}.json").read_text())
    assert finished.code == 2
    assert report["complete"] is False
    assert "Traceback" not in finished.said
