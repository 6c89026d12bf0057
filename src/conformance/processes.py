"""The processes of a run that call drivers: how they are started, by what they are known, and how they are ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

#: Set in the environment of every process of a run, to the run's folder: none of them may begin another run.
WORKER_MARK = "LIBVIRT_CONFORMANCE_WORKER"
_REAPER = Path(__file__).with_name("reaper.py")


def under_reaper(folder: Path) -> list[str]:
    """Return the beginning of a command line that runs the rest under the reaper.

    :param folder: where the reaper notes how the command ended.
    """
    return [sys.executable, "-I", "-S", str(_REAPER), str(os.getpid()), mark(folder)]


def mark(folder: Path) -> str:
    """Return what stands in the command line of a run's reapers and in the environment of all under them."""
    return f"{WORKER_MARK}={folder}"


def end_processes(folders: Iterable[Path], seconds: float = 10.0) -> list[int]:
    """Kill what still runs of the runs with these folders; return the processes that go on all the same.

    The reapers are among them, so nobody writes into the folders afterwards.

    :param seconds: how long is waited for the processes to be gone.
    """
    marks = {os.fsencode(mark(folder)) for folder in folders}
    deadline = time.monotonic() + seconds
    # One that was about to start another when it was killed may have done so.
    while found := _marked(marks):
        for descriptor in found.values():
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        for descriptor in found.values():
            select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            os.close(descriptor)
        if time.monotonic() >= deadline:
            return sorted(found)
    return []


def _marked(marks: AbstractSet[bytes]) -> dict[int, int]:
    """Return the processes with one of the marks, each with a descriptor."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            # Opened before it is looked at: the number may be another process's afterwards.
            descriptor = os.pidfd_open(int(entry.name))
            if marks.isdisjoint([*_words(entry / "cmdline"), *_words(entry / "environ")]):
                os.close(descriptor)
            else:
                found[int(entry.name)] = descriptor
    return found


def _words(file: Path) -> list[bytes]:
    try:
        return file.read_bytes().split(b"\0")
    except OSError:
        # Another user's, or gone.
        return []


def environment(folder: Path) -> dict[str, str]:
    """Return what a process that calls drivers has in its environment beside this process's.

    What it starts for others, such as a daemon that its operator restarts, must have none of it: by the mark a
    process is ended with the run.
    """
    return {
        WORKER_MARK: str(folder),
        # What a driver logs belongs beside the run, not between the lines of its report.
        "LIBVIRT_LOG_OUTPUTS": os.environ.get("LIBVIRT_LOG_OUTPUTS", f"3:file:{folder}/libvirt.txt"),
        # No password prompt may hold up a run.
        "SSH_ASKPASS_REQUIRE": "never",
    }
