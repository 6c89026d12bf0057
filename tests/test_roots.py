"""The private roots of embedded drivers: how they are made, and that nothing else is ever removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import roots
from conformance.errors import CleanUpFailed
from conformance.roots import (
    MARK,
    base_folder,
    configuration_of,
    end_left,
    guests_of,
    make_root,
    needed_configuration,
    remove_root,
)


def test_a_root_is_made_and_removed(tmp_path: Path) -> None:
    """A root carries the mark and a configuration; removed, it leaves no folder behind."""
    root = make_root(tmp_path / "run", "w")
    assert (root / MARK).is_file()
    assert (root / "etc" / "qemu.conf").read_text() == configuration_of(root)
    assert configuration_of(root).startswith(needed_configuration())
    assert 'stdio_handler = "file"' in needed_configuration()
    assert ("capability_filters" in configuration_of(root), "capability_filters" in needed_configuration()) == (
        True,
        False,
    )
    remove_root(root)
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only a privileged driver gives guests a file system of their own")
@pytest.mark.parametrize(("mounts", "needed"), [("/ /proc", False), ("/proc /sys", True), ("", True)])
def test_in_a_plain_chroot_guests_get_no_file_system_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounts: str, needed: bool
) -> None:
    """It is made from the root's mount, and a folder is none; where nobody can tell, the driver is left as it is."""
    file = tmp_path / "mountinfo"
    file.write_text("".join(f"22 27 0:21 / {place} rw - proc proc rw\n" for place in mounts.split()))
    monkeypatch.setattr(roots, "_MOUNTS", file)
    assert ("namespaces = []" in needed_configuration()) is needed
    file.unlink()
    assert "namespaces" not in needed_configuration()


def test_only_what_a_run_has_left_on_anothers_root_is_ended(tmp_path: Path) -> None:
    """Of the processes on a root those end whose parent is the run's."""
    guest = idle(f"{tmp_path}/guest")
    try:
        (tmp_path / "guest.pid").write_text(str(guest.pid))
        end_left(tmp_path, 1)
        assert guest.poll() is None
        end_left(tmp_path, os.getpid())
        assert guest.wait(10) == -signal.SIGKILL
    finally:
        guest.kill()
        guest.communicate()


def test_the_last_root_takes_the_folder_along(tmp_path: Path) -> None:
    """The folder of a run stays as long as another root is in it."""
    one, two = (make_root(tmp_path / "run", name) for name in "ab")
    remove_root(one)
    assert two.exists()
    remove_root(two)
    assert not (tmp_path / "run").exists()


def test_a_root_can_know_what_another_has_learnt(tmp_path: Path) -> None:
    """What a driver found out about its emulator is copied, its times included."""
    like = make_root(tmp_path / "run", "a")
    (like / "cache").mkdir()
    (like / "cache" / "known").write_text("x")
    os.utime(like / "cache" / "known", (1, 1))
    root = make_root(tmp_path / "run", "b", like=like)
    assert (root / "cache" / "known").stat().st_mtime == 1


def test_others_can_reach_a_root_whatever_the_mask(tmp_path: Path) -> None:
    """An emulator that runs as another user finds its way, also where files are private by habit."""
    before = os.umask(0o077)
    try:
        root = make_root(tmp_path / "run", "w")
    finally:
        os.umask(before)
    if os.geteuid() == 0:
        assert [path.stat().st_mode & 0o055 for path in (root, root.parent)] == [0o055, 0o055]


def test_a_folder_without_the_mark_is_left_alone(tmp_path: Path) -> None:
    """A ledger that names a folder of somebody else's does not make it the kit's."""
    (tmp_path / "precious").touch()
    with pytest.raises(CleanUpFailed, match="mark") as error:
        remove_root(tmp_path)
    assert error.value.where == str(tmp_path)
    assert (tmp_path / "precious").exists()


def test_a_root_that_is_gone_is_no_error(tmp_path: Path) -> None:
    """A run that was killed may have announced a root that it never made."""
    remove_root(tmp_path / "nowhere")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """What a root links to stays."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    root = make_root(tmp_path / "run", "w")
    (root / "link").symlink_to(tmp_path / "precious")
    remove_root(root)
    assert (tmp_path / "precious" / "file").exists()


def idle(*arguments: str) -> subprocess.Popen[bytes]:
    """Start a process that waits for its end, with words in its command line; return when it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_a_guest_is_ended_and_no_other_process(tmp_path: Path) -> None:
    """Of the processes that pid files name only those are ended whose command line names the root."""
    root = make_root(tmp_path / "run", "w")
    guest, other = idle(str(root / "guest")), idle("something else")
    try:
        for name, pid in (("guest", guest.pid), ("other", other.pid), ("own", os.getpid()), ("none", 2**31 - 1)):
            (root / f"{name}.pid").write_text(f"{pid}\n")
        (root / "broken.pid").write_text("?")
        assert guests_of(root) == [guest.pid]
        remove_root(root)
        assert guest.wait() < 0
        assert other.poll() is None
    finally:
        for process in (guest, other):
            process.kill()
            process.communicate()


def test_a_root_whose_name_begins_anothers_has_guests_of_its_own(tmp_path: Path) -> None:
    """The guests of gw0-10 are not ended with those of gw0-1."""
    short, long = make_root(tmp_path / "run", "gw0-1"), make_root(tmp_path / "run", "gw0-10")
    guest = idle(str(long / "guest"))
    try:
        (short / "stale.pid").write_text(str(guest.pid))
        assert guests_of(short) == []
    finally:
        guest.kill()
        guest.communicate()


@pytest.mark.parametrize(("temporary", "parent"), [("/tmp/short", "/tmp/short"), ("/tmp/" + 40 * "d", "/tmp")])
def test_sockets_below_a_root_fit(monkeypatch: pytest.MonkeyPatch, temporary: str, parent: str) -> None:
    """The path of a root is short, however deep the folder for temporary files lies."""
    monkeypatch.setattr("tempfile.gettempdir", lambda: temporary)
    assert base_folder("run1") == Path(parent) / "lvc-run1"
