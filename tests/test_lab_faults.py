"""Subjects of the lab, up for real, through other clients, without rights, and with daemons that go away.

They take a root that the lab has made before, of any suite; ``lab run SUITE-test`` makes one.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
from pathlib import Path

import pytest

from conformance.lab.capsule import Capsule
from conftest import Bench, finish, kill, make_bench, until
from made_subjects import NEEDS, SOME, SUITE, judge, outcomes

pytestmark = NEEDS


def test_this_machines_client_and_the_releases_own_agree(short_bench: Bench, lab_state: dict[str, str]) -> None:
    """The daemon's driver is judged alike from outside and from inside."""
    name = f"{SUITE}-test-rpc"
    inside = judge(short_bench, lab_state, name, *SOME)
    outside = judge(short_bench, lab_state, name, "--client", "here", *SOME)
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


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Give the scenarios in which the driver is convicted when its daemon stays."""
    base = tmp_path_factory.mktemp("honest")
    bench = make_bench(base, base / "tmp")
    environment = {"LIBVIRT_CONFORMANCE_LAB_STATE": str(base / "lab")}
    found = outcomes(judge(bench, environment, f"{SUITE}-test-rpc", *SOME))
    return {scenario for scenario, outcome in found.items() if outcome == "violated"}


@pytest.mark.parametrize("again", [False, True], ids=["gone", "gone-and-back"])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_rule_is_convicted_because_a_daemon_went_away(
    short_bench: Bench, lab_state: dict[str, str], honest: set[str], seed: int, again: bool
) -> None:
    """A daemon that is killed at any moment, or restarted by somebody else, makes scenarios inconclusive, with why."""
    name = f"{SUITE}-test-rpc"
    assert short_bench.kit("lab", "up", name, **lab_state).code == 0
    process = short_bench.start_kit("lab", "run", name, "--reports", ".", *SOME, **lab_state)
    moment = random.Random(seed).uniform(0.05, 0.4)
    # Before there is a draft of the report the kit probes, and restarts the daemon itself.
    until((Capsule(name).folder / "out" / "report.json").exists)
    daemon = daemon_of(name)
    begun = busy(daemon)
    until(lambda: busy(daemon) > begun + moment or process.poll() is not None)
    assert process.poll() is None
    kill(daemon)
    if again:
        words = Capsule(name).command(["libvirtd", "--daemon", "--pid-file", "/run/libvirt/libvirtd.pid"])
        subprocess.run(words, check=True, capture_output=True)
    finished = finish(process)
    report = short_bench.report(f"{name}.json")
    there = outcomes(report)
    assert {scenario for scenario, outcome in there.items() if outcome == "violated"} <= honest, (seed, finished.out)
    assert "Traceback" not in finished.said
    assert again or "inconclusive" in there.values()
    assert finished.code == (2 if "inconclusive" in there.values() else 1)
    for rule in report["rules"]:
        for scenario in rule["scenarios"]:
            assert scenario["message"] or scenario["outcome"] != "inconclusive"


def daemon_of(name: str) -> int:
    """Return the process of a subject's libvirtd, as this machine numbers it."""
    folder = f"LIBVIRT_CONFORMANCE_LAB={Capsule(name).folder}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "comm").read_text() == "libvirtd\n" and folder in (entry / "environ").read_bytes():
                return int(entry.name)
    raise AssertionError("there is no libvirtd")


def busy(pid: int) -> float:
    """Return the seconds of a processor that a process has used."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def test_an_interrupted_run_keeps_its_report(short_bench: Bench, lab_state: dict[str, str]) -> None:
    """A run that was told to end has an incomplete report, as it has without the lab."""
    name = f"{SUITE}-test-rpc"
    process = short_bench.start_kit("lab", "run", name, "--reports", ".", **lab_state)
    until(lambda: (short_bench.temporary / "lab" / name / "out" / "report.json").exists())
    process.terminate()
    finished = finish(process)
    report = json.loads((short_bench.folder / f"{name}.json").read_text())
    assert finished.code == 2
    assert report["complete"] is False
    assert "Traceback" not in finished.said
