"""Subjects of the lab, up for real: transports, and that nothing is left afterwards.

They take a root that the lab has made before, of any suite; ``lab run SUITE-test`` makes one.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest

from conformance.lab.roots import state_of
from conformance.lab.subjects import subjects
from conftest import Bench, finish, until
from made_subjects import NEEDS, SOME, SUITE, judge, outcomes

pytestmark = NEEDS


def test_verdicts_do_not_depend_on_the_transport(short_bench: Bench, lab_state: dict[str, str]) -> None:
    """Through a socket, TCP with SASL, TLS with a client's certificate and SSH each scenario ends alike."""
    name = f"{SUITE}-test-rpc"
    found = {}
    for transport in ("unix", "tcp", "tls", "ssh"):
        report = judge(short_bench, lab_state, name, "--transport", transport, *SOME)
        assert f"+{transport}://" in report["driver"]["uri"]
        assert f"--transport {transport}" in report["reproduce"] or transport == "unix"
        found[transport] = outcomes(report)
    assert {"upheld", "violated"} <= set(found["unix"].values())
    for transport, there in found.items():
        assert there == found["unix"], transport


def traces() -> dict[str, list[str]]:
    """Return what a lab could leave: mounts, control groups, interfaces, the lab's processes."""
    mounts = [line.split(" ", 4)[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    groups = [str(path) for path in Path("/sys/fs/cgroup").rglob("libvirt-conformance-lab-*")]
    links = sorted(path.name for path in Path("/sys/class/net").iterdir())
    return {"mounts": mounts, "groups": groups, "links": links, "processes": marked()}


def marked() -> list[str]:
    """Return the processes that belong to a capsule of this test's."""
    wanted = f"LIBVIRT_CONFORMANCE_LAB={os.environ['LIBVIRT_CONFORMANCE_LAB_STATE']}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes():
                found.append(entry.name)
    return found


def test_a_machine_is_after_a_run_as_it_was_before(short_bench: Bench, lab_state: dict[str, str]) -> None:
    """Mounts, control groups, network interfaces, processes and the kept root are the same afterwards."""
    before, root = traces(), state_of(subjects()[f"{SUITE}-test"].suite)
    for driver in ("test", "test-rpc", "lxc"):
        judge(short_bench, lab_state, f"{SUITE}-{driver}", "--rule", "UNDEF-001")
    assert traces() == before
    assert state_of(subjects()[f"{SUITE}-test"].suite) == root
    assert [path.name for path in (short_bench.temporary / "lab").iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_a_lab_that_is_ended_leaves_nothing_that_down_does_not_take(
    short_bench: Bench, lab_state: dict[str, str], number: signal.Signals
) -> None:
    """However a lab ends, its subject ends with it, and down removes the rest."""
    before = traces()
    process = short_bench.start_kit("lab", "run", f"{SUITE}-test-rpc", "--reports", ".", **lab_state)
    until(lambda: marked() and (short_bench.temporary / "lab" / f"{SUITE}-test-rpc" / "run" / "libvirt-sock").exists())
    process.send_signal(number)
    finish(process)
    until(lambda: not marked())
    finished = short_bench.kit("lab", "down", **lab_state)
    assert finished.code == 0
    assert traces() == before
    assert "nothing was taken away" in short_bench.kit("lab", "down", **lab_state).out
