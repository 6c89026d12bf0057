"""Private roots for drivers that run inside the kit's own process.

Each process of a run has its own: two processes cannot share one, and a worker that was killed leaves a root
whose guests can be found and ended without asking a driver.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import select
import shutil
import signal
import tempfile
from pathlib import Path

from conformance.errors import CleanUpFailed

#: Marks a folder as a root that the kit made: nothing without it is ever removed.
MARK = ".libvirt-conformance-root"
_KVM = Path("/dev/kvm")
_MOUNTS = Path("/proc/self/mountinfo")
#: A start asks the emulator one by one for some 300 features of the guest's processor, which is most of what it
#: costs; without this capability libvirt reads them in two questions. No rule is about a guest's processor.
_BRIEF = 'capability_filters = ["cpu-unavailable-features"]\n'
_EMULATOR_USERS = ("libvirt-qemu", "qemu")


def base_folder(run: str) -> Path:
    """Return the folder for the roots of a run: a short path, as sockets below it are limited to 107 bytes."""
    base = Path(tempfile.gettempdir())
    # A deep temporary folder would make every guest's monitor socket fail.
    return (base if len(str(base)) <= 32 else Path("/tmp")) / f"lvc-{run}"  # noqa: S108 - the name is random, made 0700 or checked


def make_root(folder: Path, name: str, *, like: Path | None = None) -> Path:
    """Make a root and return it.

    :param like: another root, whose knowledge of the emulator is copied: probing it takes seconds.
    """
    root = folder / name
    folder.mkdir(mode=0o755, exist_ok=True)
    root.mkdir(mode=0o755)
    (root / MARK).touch()
    if os.geteuid() == 0:
        # The emulator runs as another user, who has to reach its files below here whatever the umask is.
        folder.chmod(0o755)
        root.chmod(0o755)
    (root / "etc").mkdir(mode=0o755)
    _configuration_file(root).write_text(needed_configuration() + _BRIEF)
    if like is not None and (knowledge := like / "cache").is_dir():
        shutil.copytree(knowledge, root / "cache", copy_function=shutil.copy2)
    return root


def configuration_of(root: Path) -> str:
    """Return the configuration with which a root was made."""
    return _configuration_file(root).read_text()


def _configuration_file(root: Path) -> Path:
    return root / "etc" / "qemu.conf"


def needed_configuration() -> str:
    """Return the qemu.conf without which an embedded driver starts no guest here."""
    # virtlogd would have to run otherwise.
    lines = ['stdio_handler = "file"']
    if os.geteuid() == 0 and not _emulator_user_can_use_kvm():
        # As its own user the emulator would be probed anew at every define, for half a minute each.
        lines += ['user = "root"', 'group = "root"']
    if os.geteuid() == 0 and not is_mounted("/"):
        # libvirt gives each guest a file system of its own, which cannot be made from one that is no mount.
        lines.append("namespaces = []")
    return "\n".join(lines) + "\n"


def is_mounted(folder: str) -> bool:
    """Tell whether a file system is mounted on a folder, as this process sees it; in a plain chroot ``/`` is none."""
    try:
        mounts = _MOUNTS.read_text().splitlines()
    except OSError:
        return True
    return any(mount.split()[4] == folder for mount in mounts)


def _emulator_user_can_use_kvm() -> bool:
    """Tell whether the user that a privileged driver runs its emulator as finds KVM open, or finds no KVM."""
    for name in _EMULATOR_USERS:
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            break
    else:
        return False
    try:
        device = _KVM.stat()
    except OSError:
        return True
    groups = {user.pw_gid} | {group.gr_gid for group in grp.getgrall() if user.pw_name in group.gr_mem}
    if device.st_mode & 0o006 == 0o006:
        return True
    return device.st_mode & 0o060 == 0o060 and device.st_gid in groups


def remove_root(root: Path) -> None:
    """End the guests of a root and remove it.

    :raises CleanUpFailed: when the folder is not one of the kit's, or something in it cannot be removed.
    """
    if not root.exists():
        return
    if not (root / MARK).is_file():
        raise CleanUpFailed("the folder does not carry the kit's mark, and was left alone", where=str(root))
    for pid in guests_of(root):
        _end(pid)
    failed: list[str] = []
    shutil.rmtree(root, onerror=lambda _call, path, _error: failed.append(str(path)))
    if failed and root.exists():
        raise CleanUpFailed("it could not be removed", where=failed[0])
    with contextlib.suppress(OSError):
        root.parent.rmdir()


def guests_of(root: Path) -> list[int]:
    """Return the processes that a root's pid files name and whose command line names the root."""
    found: list[int] = []
    for file in root.rglob("*.pid"):
        with contextlib.suppress(OSError, ValueError):
            pid = int(file.read_text().strip())
            # A pid file can be older than the process that has the number now.
            if pid != os.getpid() and f"{root}/" in Path(f"/proc/{pid}/cmdline").read_text():
                found.append(pid)
    return found


def end_left(root: Path, parent: int) -> None:
    """End what was started on a root of somebody else's, and left to an adoptive parent when its own had ended.

    :param parent: a process of the run's, so nothing that others have started on the root is among its children.
    """
    for pid in guests_of(root):
        with contextlib.suppress(OSError, IndexError):
            if int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) == parent:
                _end(pid)


def _end(pid: int, seconds: float = 10.0) -> None:
    """Kill a process and wait until it is gone."""
    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(pid)
        try:
            os.kill(pid, signal.SIGKILL)
            select.select([descriptor], [], [], seconds)
        finally:
            os.close(descriptor)
