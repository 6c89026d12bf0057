"""The kit against the real QEMU driver, in this host's own library: verdicts, what is left, and what is left alone."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.driver.firmware import HALTING
from conformance.roots import MARK, make_root
from conftest import Bench, Finished, box_of, finish, kill, script, until

URI = "qemu:///embed"
RULE, VICTIM = "UNDEF-034", "UNDEF-034/alive[paused]"
#: A whole run waits for hundreds of guests, in seconds.
PATIENCE = 3600
#: The binding rules that a release of libvirt breaks, each told in docs/findings.md.
KNOWN = {9_000_000: {"UNDEF-015", "UNDEF-019", "UNDEF-028", "UNDEF-036"}}
#: The capability of the emulator that private roots hide.
HIDDEN = "cpu-unavailable-features"
SOMEBODYS = "lvc-0123abcd-gw0-1"

pytestmark = [pytest.mark.real, pytest.mark.skipif(os.geteuid() != 0, reason="is about the driver as root runs it")]


@pytest.fixture(autouse=True)
def there(short_bench: Bench) -> Iterator[None]:
    """Skip where libvirt cannot be had with the QEMU driver, and leave no guest when a test has failed."""
    command = [script("python"), "-c", OPEN.format(uri=f"{URI}?root={short_bench.folder}", then="")]
    finished = short_bench.run(command)
    if finished.code:
        pytest.skip(f"{URI} cannot be had here: {finished.err.strip().splitlines()[-1]}")
    yield
    for pid in guests(short_bench):
        kill(pid)


OPEN = """
import libvirt
from conformance.driver.events import run_event_loop
from conformance.machine import choose
run_event_loop()
connection = libvirt.open({uri!r})
{then}
connection.close()
"""
DEFINE = f"""
machine = choose(connection.getCapabilities())
uuid = "8c5d8f4e-0000-4000-8000-000000000001"
connection.defineXML(machine.definition({SOMEBODYS!r}, uuid, "0123abcd"))
"""
NAMES = """
print(*(domain.name() for domain in connection.listAllDomains()))
"""


def guests(bench: Bench) -> list[int]:
    """Return the processes whose command line speaks of the bench's temporary files, as those of its guests do."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(bench.temporary).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def start(bench: Bench, uri: str) -> subprocess.Popen[str]:
    """Start a run that hangs while a guest of its own is paused, and wait until it does."""
    process = bench.start_kit("run", "--uri", uri, "--rule", RULE, "--workers", "1", "--vice", "hangs")
    box_of(process, bench, VICTIM, "dom.undefine")
    assert guests(bench)
    return process


def violated(report: Any) -> set[str]:
    """Return the binding rules that are violated."""
    return {rule["id"] for rule in report["rules"] if (rule["verdict"], rule["level"]) == ("violated", "MUST")}


def test_the_driver_breaks_the_rules_that_it_is_known_to_break(short_bench: Bench) -> None:
    """Every scenario comes to a judgement, exactly the known rules are violated, and nothing is left."""
    command = ["run", "--uri", URI, "--timeout", "600", "--report", "report.json"]
    process = short_bench.start_kit(*command)
    try:
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    report = short_bench.report()
    assert (process.returncode, err) == (1, ""), out
    assert (report["complete"], report["problems"]) == (True, [])
    assert report["inventory"]["identical"] is True
    assert guests(short_bench) == []
    assert short_bench.traces() == []
    # What was set to save time is told, and no script rests on it.
    assert HIDDEN in report["driver"]["configuration"]
    scripts = [scenario["reproducer"] for rule in report["rules"] for scenario in rule["scenarios"]]
    assert any(scripts)
    assert not any(HIDDEN in script for script in scripts if script)
    release = report["driver"]["libvirt_version"]
    if release not in KNOWN:
        pytest.skip(f"what libvirt {release} violates is not known")
    assert violated(report) == KNOWN[release]


def test_guests_halt_in_a_firmware_that_lasts_as_long_as_the_run(short_bench: Bench) -> None:
    """The emulator of a guest is given the kit's firmware, which is gone with the run."""
    process = start(short_bench, URI)
    try:
        commands = [Path(f"/proc/{guest}/cmdline").read_text().split("\0") for guest in guests(short_bench)]
        [firmware] = {line[line.index("-bios") + 1] for line in commands if "-bios" in line}
        assert Path(firmware).read_bytes() == HALTING
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert not Path(firmware).exists()
    assert short_bench.traces() == []


def test_clean_ends_the_guests_of_a_killed_run(short_bench: Bench) -> None:
    """A guest outlives the process that its driver lived in; clean ends it, and removes the private roots."""
    process = start(short_bench, URI)
    process.kill()
    finish(process)
    assert guests(short_bench)
    finished = short_bench.kit("clean", URI)
    assert (finished.code, finished.err) == (0, "")
    assert short_bench.traces() == []
    until(lambda: not guests(short_bench))


@pytest.fixture
def kept(short_bench: Bench) -> Iterator[str]:
    """Give a URI with a root that is somebody's, who has a domain there with a name like the kit's."""
    folder = short_bench.temporary.with_name(f"{short_bench.temporary.name}k")
    root = make_root(folder, "root")
    (root / MARK).unlink()
    uri = f"{URI}?root={root}"
    assert ask(short_bench, uri, DEFINE).code == 0
    yield uri
    shutil.rmtree(folder)


def ask(bench: Bench, uri: str, code: str) -> Finished:
    """Call an embedded driver in a process of its own, as one process at a time can have a root."""
    return bench.run([script("python"), "-c", OPEN.format(uri=uri, then=code)])


def test_a_root_of_the_callers_is_judged_and_kept(short_bench: Bench, kept: str) -> None:
    """All that call the driver take turns at the one root, and what is somebody's there stays."""
    command = ("run", "--uri", kept, "--rule", "UNDEF-011", "--timeout", "600", "--report", "report.json")
    finished = short_bench.kit(*command)
    report = short_bench.report()
    assert (finished.code, finished.err, report["problems"]) == (0, "", [])
    assert report["inventory"] == {"objects": 1, "identical": True, "changed": [], "left": []}
    assert ask(short_bench, kept, NAMES).out.split() == [SOMEBODYS]
    assert short_bench.traces() == []


def test_clean_leaves_a_domain_with_a_name_like_the_kits_alone(short_bench: Bench, kept: str) -> None:
    """In somebody's root clean removes what stands in the ledger and carries its stamp, and nothing else."""
    process = start(short_bench, kept)
    process.kill()
    finish(process)
    finished = short_bench.kit("clean", kept)
    assert (finished.code, finished.err) == (0, "")
    assert ask(short_bench, kept, NAMES).out.split() == [SOMEBODYS]
    assert guests(short_bench) == []
    assert short_bench.traces() == []
