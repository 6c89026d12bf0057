"""A capsule: namespaces of their own in which the root of a suite lives, with nothing of it to be seen outside.

Mounts, processes, the network, names and messages are the capsule's own. Its files are the suite's root below a layer
in memory, so a root that is kept is never changed. With its first process everything ends that is in it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.errors import CapsuleFailed, NotUp
from conformance.interrupts import held_back
from conformance.lab import groups
from conformance.lab.first import REAPER
from conformance.lab.places import MARK, make_folder, state_folder
from conformance.roots import is_mounted

_FIRST = Path(__file__).with_name("first.py")
#: How long a capsule may take to be there or to be gone, in seconds.
_SECONDS = 30.0
#: How long it is looked away from what will be there at once, in seconds.
_MOMENT = 0.005
#: What this process has started and has to reap.
_holders: dict[str, subprocess.Popen[bytes]] = {}
_NAMESPACES = ("--mount", "--pid", "--net", "--ipc", "--uts")


@dataclass(frozen=True)
class Capsule:
    """A capsule by its name, whether it is up or not."""

    name: str

    @property
    def folder(self) -> Path:
        """What the machine and the capsule share."""
        return state_folder() / self.name

    @property
    def lock(self) -> Path:
        """The lock of whoever starts, uses or ends it."""
        return state_folder() / f"{self.name}.lock"

    def first(self) -> int:
        """Return the number of its first process, or 0 when it is not up."""
        depth = len(_levels(os.getpid()))
        for pid in self._processes():
            levels = _levels(pid)
            if len(levels) == depth + 1 and levels[-1] == 1:
                return pid
        return 0

    def _processes(self) -> list[int]:
        wanted = f"{MARK}={self.folder}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with contextlib.suppress(OSError):
                    if wanted in (entry / "environ").read_bytes().split(b"\0"):
                        found.append(int(entry.name))
        return found

    def start(
        self,
        root: Path,
        *,
        shared: Mapping[str, str],
        files: Mapping[str, str],
        cgroups: bool,
        tied: bool,
    ) -> None:
        """Make the namespaces and the world of files in them.

        :param root: the root to begin with.
        :param shared: folders of this machine by the places in the capsule where they are seen.
        :param files: texts by the places in the capsule where they stand.
        :param cgroups: whether it gets control groups.
        :param tied: whether it ends with this process, however that ends.
        :raises CapsuleFailed: when the machine does not allow it, or something is missing.
        """
        if not is_mounted("/"):
            raise CapsuleFailed(
                "/ is no mount here, as in a plain chroot, and the kernel takes no namespaces off it",
                remedy="before you enter the chroot, mount its folder onto itself: mount --bind FOLDER FOLDER",
            )
        make_folder(self.folder)
        controllers = groups.make(self.name) if cgroups else None
        order = {
            "cached": str(root),
            "top": str(self.folder / "top"),
            "shared": {source: target for target, source in shared.items()},
            "files": dict(files),
            "cgroups": controllers,
        }
        (self.folder / "order.json").write_text(json.dumps(order), encoding="utf-8")
        hears, says = os.pipe()
        log = self.folder / "log"
        try:
            with log.open("wb") as output, held_back():
                holder = subprocess.Popen(  # noqa: S603 - the kit's own module in namespaces of its own
                    [
                        *(("setpriv", "--pdeathsig", "KILL") if tied else ()),
                        *groups.joining(self.name),
                        *("unshare", *_NAMESPACES, *(("--cgroup",) if cgroups else ()), "--fork", "--kill-child"),
                        *(sys.executable, "-I", "-S", str(_FIRST), str(self.folder / "order.json"), str(says)),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=[says],
                    start_new_session=True,
                    cwd="/",
                    env={"PATH": _path(), "LANG": "C.UTF-8", MARK: str(self.folder)},
                )
        except OSError as error:
            raise CapsuleFailed(f"{error.filename} cannot be run ({error.strerror})") from None
        finally:
            os.close(says)
        _holders[self.name] = holder
        with os.fdopen(hears, "rb", buffering=0) as stream:
            word = stream.readline() if select.select([stream], [], [], _SECONDS)[0] else b""
        while word == b"ready\n" and holder.poll() is None and not self._has_reaper():
            select.select([], [], [], _MOMENT)
        if word != b"ready\n":
            holder.kill()
            said = word.decode("utf-8", "replace").strip() or _last_line(log)
            self.stop()
            raise CapsuleFailed(f"the namespaces of {self.name} cannot be made ({said})")

    def _has_reaper(self) -> bool:
        """Tell whether the first process is what it was to become; in between it has no environment for a moment."""
        first = self.first()
        with contextlib.suppress(OSError):
            return (
                bool(first)
                and Path(f"/proc/{first}/comm").read_text().strip() == Path(REAPER).name
                and self.first() == first
            )
        return False

    def command(self, words: Sequence[str], *, user: str = "root", more: Mapping[str, str] | None = None) -> list[str]:
        """Return the command that runs another one inside.

        :param user: as whom.
        :param more: what stands in its environment beside what every user has.
        :raises NotUp: when the capsule is not up.
        """
        first = self.first()
        if not first:
            raise NotUp(f"{self.name} is not up")
        home = "/root" if user == "root" else f"/home/{user}"
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": home,
            "LANG": "C.UTF-8",
            MARK: str(self.folder),
            **(more or {}),
        }
        if user != "root":
            environment["XDG_RUNTIME_DIR"] = f"/run/user/{user}"
        become = () if user == "root" else ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups")
        return [
            # Namespaces are entered and groups are joined: the one does not bring the other.
            *groups.joining(self.name),
            *("nsenter", f"--target={first}", "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup"),
            *("--root", "env", "-i", f"--chdir={home}"),
            *(f"{name}={value}" for name, value in environment.items()),
            *become,
            *words,
        ]

    def call(self, words: Sequence[str], *, user: str = "root", seconds: float = _SECONDS) -> str:
        """Run a command inside that ends by itself or becomes a daemon; return what it wrote.

        :raises CapsuleFailed: when it fails or does not end in time.
        """
        # A daemon keeps what it was started with, and a pipe's end would never come.
        log = self.folder / "said"
        with log.open("w+b") as output:
            try:
                done = subprocess.run(  # noqa: S603 - words of the lab's own
                    self.command(words, user=user),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=seconds,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise CapsuleFailed(f"in {self.name}, {words[0]} did not end within {seconds:g} s") from None
            output.seek(0)
            said = output.read().decode("utf-8", "replace")
        if done.returncode:
            last = (said.strip().splitlines() or ["it said nothing"])[-1]
            raise CapsuleFailed(f"in {self.name}, {words[0]} ended with exit code {done.returncode} ({last})")
        return said

    def stop(self) -> bool:
        """End everything inside and remove what the machine shared with it; tell whether there was anything.

        :raises CapsuleFailed: when something goes on, or cannot be removed.
        """
        found = self.folder.exists()
        # The first process takes all others inside with it; its holder and what came in from outside end by themselves
        # or here.
        while pids := ([first] if (first := self.first()) else self._processes()):
            found = True
            for pid in pids:
                _end(pid, self.name)
        if holder := _holders.pop(self.name, None):
            holder.wait()
        groups.remove(self.name)
        if self.folder.exists():
            try:
                shutil.rmtree(self.folder)
            except OSError as error:
                raise CapsuleFailed(f"{error.filename} cannot be removed ({error.strerror})") from None
        return found


def up() -> list[str]:
    """Return the names of what has a folder: what is up, and what is left of labs that were killed."""
    folder = state_folder()
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []


def _levels(pid: int) -> list[int]:
    """Return a process's numbers, from this process's namespace to its own."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("NSpid:"):
                return [int(number) for number in line.split()[1:]]
    return []


def _end(pid: int, name: str) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        if Path(f"/proc/{pid}").exists():
            # It would be found there for ever.
            raise CapsuleFailed(f"process {pid} of {name} cannot be reached: /proc is another namespace's") from None
        return
    try:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        groups.thaw(name)
        if not select.select([descriptor], [], [], _SECONDS)[0]:
            raise CapsuleFailed(f"process {pid} of {name} does not end")
    finally:
        os.close(descriptor)


def _path() -> str:
    return f"{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin"


def _last_line(log: Path) -> str:
    with contextlib.suppress(OSError):
        if lines := log.read_text(encoding="utf-8", errors="replace").strip().splitlines():
            return lines[-1]
    return "no word about it"
