"""The first process of a capsule: it makes the capsule's own world of files, goes into it, and becomes the reaper.

It is started in namespaces of its own for mounts, processes, networks, names and messages, so nothing that it mounts
is ever to be seen outside, and all of it is gone with the last process inside. It runs before everything else and
isolated from the environment: what it imports is the standard library's.
"""

import array
import contextlib
import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC = 1, 2, 4, 8, 0x1000, 0x4000
MNT_DETACH = 2
#: The capsule's devices: those that any program expects, by their numbers.
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
#: Devices that this machine may lack, with the group of the root's that may use them: the processor's virtualization,
#: and file systems by processes, which containers are shown parts of /proc by.
OPTIONAL = {"kvm": (10, 232, "kvm", 0o660), "fuse": (10, 229, "root", 0o666)}
REAPER = "/usr/bin/tini"
#: How much of the machine's memory the capsule's changes of its files may take.
ROOM = "4g"


def mount(source: str, target: Path, kind: str, flags: int = 0, data: str = "") -> None:
    """Mount, or raise an OSError that names the place."""
    target.mkdir(parents=True, exist_ok=True)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), os.fsencode(target), kind.encode(), flags, data.encode()):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"{target} ({kind})")


def make_root(cached: Path, top: Path) -> Path:
    """Return a root that begins as the cached one and keeps every change of it in memory."""
    mount("lab", top, "tmpfs", 0, f"mode=755,size={ROOM}")
    upper, work, root = (top / name for name in ("upper", "work", "root"))
    for folder in (upper, work):
        folder.mkdir()
    # The folder of a root is what its processes see as /.
    upper.chmod(0o755)
    mount("lab", root, "overlay", 0, f"lowerdir={cached},upperdir={upper},workdir={work}")
    return root


def make_devices(root: Path) -> None:
    """Make a small /dev, of what any program expects, and what the machine has of the rest."""
    dev = root / "dev"
    mount("dev", dev, "tmpfs", MS_NOSUID, "mode=755,size=64k")
    for name, (major, minor) in DEVICES.items():
        os.mknod(dev / name, 0o020666, os.makedev(major, minor))
        (dev / name).chmod(0o666)
    for name, (major, minor, group, mode) in OPTIONAL.items():
        if Path("/dev", name).exists():
            os.mknod(dev / name, 0o020000 | mode, os.makedev(major, minor))
            os.chown(dev / name, 0, group_of(root, group))
            (dev / name).chmod(mode)
    mount("devpts", dev / "pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5")
    mount("shm", dev / "shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    for name, leads_to in (("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1")):
        (dev / name).symlink_to(leads_to)


def group_of(root: Path, name: str) -> int:
    """Return the number of a group of the root's."""
    for line in (root / "etc/group").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split(":")[2])
    return 0


def make_cgroups(root: Path, controllers: list[str]) -> None:
    """Give the capsule the control groups of its own namespace, a hierarchy for each controller."""
    place = root / "sys/fs/cgroup"
    mount("cgroup", place, "tmpfs", MS_NOSUID, "mode=755,size=64k")
    for controller in controllers:
        option = f"none,{controller}" if controller.startswith("name=") else controller
        mount("cgroup", place / controller.removeprefix("name="), "cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC, option)
    if not controllers:
        mount("cgroup", place, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def bring_up_loopback() -> None:
    """Let the capsule's only network interface work: it leads nowhere but back."""
    request = struct.pack("16sh", b"lo", 1 | 64)  # IFF_UP, IFF_RUNNING
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, array.array("B", request.ljust(40, b"\0")))  # SIOCSIFFLAGS


def enter(root: Path) -> None:
    """Make the root this process's /, and let go of the machine's."""
    os.chdir(root)
    # The machine's files are mounted over the root for a moment, and are then taken off it.
    subprocess.run(["pivot_root", ".", "."], check=True)  # noqa: S607 - of util-linux, as unshare is
    ctypes.CDLL(None, use_errno=True).umount2(b".", MNT_DETACH)
    os.chdir("/")


def main(order: dict[str, object], said: int) -> None:
    """Make the capsule's world, go in, and become the reaper; say ``ready``, or what kept it, to a descriptor."""
    try:
        root = make_root(Path(str(order["cached"])), Path(str(order["top"])))
        mount("proc", root / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
        mount("sysfs", root / "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY)
        make_devices(root)
        mount("run", root / "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
        if order["cgroups"] is not None:
            make_cgroups(root, list(order["cgroups"]))  # type: ignore[call-overload]
        for source, target in dict(order["shared"]).items():  # type: ignore[call-overload]
            mount(source, root / target.lstrip("/"), "", MS_BIND)
        for target, text in dict(order["files"]).items():  # type: ignore[call-overload]
            file = root / target.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o755 if text.startswith("#!") else 0o644)
        bring_up_loopback()
        with contextlib.suppress(OSError):
            socket.sethostname("lab")
        enter(root)
    except (OSError, subprocess.CalledProcessError) as error:
        os.write(said, f"{error}\n".encode())
        sys.exit(1)
    os.write(said, b"ready\n")
    os.close(said)
    os.execv(REAPER, [REAPER, "--", "sleep", "infinity"])  # noqa: S606 - without a shell, by intention


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), int(sys.argv[2]))
