"""Capsules: what is inside is not to be seen outside, and nothing is left of one, however it ends.

Their root is this machine's own, below a layer in memory, so nothing has to be made first.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.errors import CapsuleFailed, LabBusy, NotUp
from conformance.lab import capsule as capsules
from conformance.lab import groups
from conformance.lab.capsule import Capsule, up
from conformance.lab.places import MARK, held, state_folder
from conftest import gone, on_a_mount, until

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("tini") or not shutil.which("unshare"), reason="needs root, tini, unshare"
    ),
    on_a_mount,
]


@pytest.fixture
def capsule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Capsule]:
    """Give a capsule that is not up, in a state folder of the test's own."""
    monkeypatch.setenv("LIBVIRT_CONFORMANCE_LAB_STATE", str(tmp_path / "state"))
    made = Capsule("test")
    yield made
    made.stop()


def start(capsule: Capsule, *, cgroups: bool = False, tied: bool = False, files: dict[str, str] | None = None) -> None:
    """Bring a capsule up on this machine's own root."""
    shared = state_folder() / "shared"
    shared.mkdir(parents=True, exist_ok=True)
    capsule.start(Path("/"), shared={"/opt/shared": str(shared)}, files=files or {}, cgroups=cgroups, tied=tied)


def mounts() -> str:
    """Return this machine's mount table."""
    return Path("/proc/self/mountinfo").read_text()


def test_inside_are_processes_files_and_a_network_of_its_own(capsule: Capsule) -> None:
    """A capsule sees its own processes, its own files and no network but its own loopback."""
    start(capsule, files={"/etc/machine-id": "told\n", "/opt/tool": "#!/bin/sh\necho tool\n"})
    assert capsule.call(["cat", "/proc/1/comm"]) == "tini\n"
    assert capsule.call(["cat", "/etc/machine-id"]) == "told\n"
    assert capsule.call(["/opt/tool"]) == "tool\n"
    devices = capsule.call(["cat", "/proc/net/dev"]).splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]
    assert capsule.call(["sh", "-c", "ls /proc | grep -c '^[0-9]'"]).strip() in ("3", "4", "5", "6")


def test_in_a_plain_chroot_it_is_said_that_a_mount_is_needed(capsule: Capsule, monkeypatch: pytest.MonkeyPatch) -> None:
    """No namespace can be taken off a root that is no mount, and what unshare says of that helps nobody."""
    monkeypatch.setattr(capsules, "is_mounted", lambda _folder: False)
    with pytest.raises(CapsuleFailed) as error:
        start(capsule)
    assert "/ is no mount here" in error.value.problem
    assert "mount --bind" in error.value.remedy


def test_nothing_inside_reaches_the_machine(capsule: Capsule) -> None:
    """What is mounted or written inside is not to be seen outside, but in the shared folder."""
    before = mounts()
    start(capsule)
    capsule.call(["touch", "/root/of-the-capsule", "/opt/shared/for-all"])
    capsule.call(["mount", "-t", "tmpfs", "tmpfs", "/mnt"])
    assert mounts() == before
    assert not Path("/root/of-the-capsule").exists()
    assert (state_folder() / "shared" / "for-all").exists()


def test_the_machines_own_files_are_out_of_reach(capsule: Capsule) -> None:
    """After the change of root no mount of the machine's is left inside."""
    start(capsule)
    inside = capsule.call(["cat", "/proc/self/mountinfo"])
    places = [line.split()[4] for line in inside.splitlines()]
    assert sorted(places) == sorted(set(places))
    assert "/opt/shared" in places
    assert not [place for place in places if str(state_folder()) in place]


def test_down_ends_everything_and_leaves_nothing(capsule: Capsule) -> None:
    """With its first process all others end, daemons included; mounts, groups and folders are gone."""
    before = mounts()
    start(capsule, cgroups=True)
    capsule.call(["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 &"])
    places = groups.hierarchies().values()
    # A machine may have no control groups, as in a bare chroot.
    assert any((place / f"{groups.PREFIX}test").is_dir() for place in places) == bool(places)
    assert up() == ["shared", "test"]
    assert capsule.stop() is True
    assert processes(capsule) == []
    assert not [place for place in groups.hierarchies().values() if (place / f"{groups.PREFIX}test").exists()]
    assert not capsule.folder.exists()
    assert mounts() == before
    assert capsule.stop() is False


def test_everything_inside_is_in_the_capsules_control_groups(capsule: Capsule) -> None:
    """What is called in belongs to the groups of the capsule, which are all that it sees."""
    start(capsule, cgroups=True)
    lines = capsule.call(["cat", "/proc/self/cgroup"]).splitlines()
    named = [line.split(":", 2) for line in lines if line.split(":")[1]]
    assert named
    assert {path for _, _, path in named} == {"/"}


FREEZE = """\
sleep 1000 & mkdir /sys/fs/cgroup/freezer/paused && cd /sys/fs/cgroup/freezer/paused && echo $! >cgroup.procs &&
echo FROZEN >freezer.state"""


@pytest.mark.skipif("freezer" not in groups.hierarchies(), reason="needs the old form of control groups")
def test_down_ends_what_is_frozen(capsule: Capsule) -> None:
    """A paused container, which no signal reaches, does not keep a capsule from its end."""
    start(capsule, cgroups=True)
    capsule.call(["sh", "-c", FREEZE])
    capsule.stop()
    assert processes(capsule) == []
    assert not [place for place in groups.hierarchies().values() if (place / f"{groups.PREFIX}test").exists()]


def processes(capsule: Capsule) -> list[int]:
    """Return the processes that carry a capsule's mark."""
    wanted = f"{MARK}={capsule.folder}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


LAB = """\
import sys, signal
sys.path.insert(0, {tests!r})
from conformance.lab.capsule import Capsule
from test_capsule import start
start(Capsule("test"), tied={tied})
print("up", flush=True)
signal.pause()
"""


def killed_lab(*, tied: bool) -> None:
    """Let a process of its own bring the capsule up, and kill it."""
    code = LAB.format(tests=str(Path(__file__).parent), tied=tied)
    lab = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert lab.stdout is not None
    assert lab.stdout.readline() == "up\n"
    lab.send_signal(signal.SIGKILL)
    lab.wait()
    lab.stdout.close()


def test_a_capsule_of_a_run_ends_with_the_lab(capsule: Capsule) -> None:
    """When a lab that judges is killed, what it had brought up ends by itself; down removes its folder."""
    killed_lab(tied=True)
    until(lambda: not processes(capsule))
    assert capsule.folder.exists()
    assert capsule.stop() is True
    assert not capsule.folder.exists()


def test_a_capsule_that_was_brought_up_outlives_the_lab_and_is_found_again(capsule: Capsule) -> None:
    """What was brought up to stay is there when the lab is gone, and another process can take it down."""
    killed_lab(tied=False)
    first = capsule.first()
    assert first
    capsule.stop()
    gone(first)
    assert processes(capsule) == []


def test_what_keeps_a_capsule_down_is_said(capsule: Capsule, tmp_path: Path) -> None:
    """A root that is missing is an error that names the cause, and nothing of the capsule is left."""
    before = mounts()
    with pytest.raises(CapsuleFailed, match=r"LVC-706.*cannot be made"):
        capsule.start(tmp_path / "nothing", shared={}, files={}, cgroups=False, tied=False)
    assert processes(capsule) == []
    assert not capsule.folder.exists()
    assert mounts() == before


def test_what_is_not_up_cannot_be_entered(capsule: Capsule) -> None:
    """Without a first process there is nowhere to go in."""
    with pytest.raises(NotUp):
        capsule.command(["true"])


def test_a_failure_inside_is_told_with_its_last_words(capsule: Capsule) -> None:
    """A command that fails inside is an error with the code and the last line that it wrote."""
    start(capsule)
    with pytest.raises(CapsuleFailed, match=r"exit code 3 \(so it is\)"):
        capsule.call(["sh", "-c", "echo so it is; exit 3"])


def test_two_labs_keep_out_of_each_others_way(capsule: Capsule) -> None:
    """While one lab is at work on a subject another one says so, and waits for nothing."""
    with held(capsule.lock, "test"), pytest.raises(LabBusy), held(capsule.lock, "test"):
        pass


def test_a_process_that_proc_shows_and_nobody_can_reach_ends_the_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where /proc is that of another namespace, as in a root that was entered carelessly, nothing is waited for."""

    def missing(_pid: int) -> int:
        raise ProcessLookupError

    monkeypatch.setattr(os, "pidfd_open", missing)
    with pytest.raises(CapsuleFailed, match="/proc is another namespace's"):
        capsules._end(os.getpid(), "demo")
