"""The controlling process's side of the process that stands by the driver."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import conformance.errors
from conformance.errors import KitError, NoAnswer, ProbeDied
from conformance.interrupts import held_back
from conformance.ledger import Ledger
from conformance.losses import last_words
from conformance.uri import redact, scrub

#: Set in the environment of every process of a run, to the run's folder: none of them may begin another run.
WORKER_MARK = "LIBVIRT_CONFORMANCE_WORKER"
_REAPER = Path(__file__).with_name("reaper.py")


def under_reaper(folder: Path) -> list[str]:
    """Return the beginning of a command line that runs the rest under the reaper.

    :param folder: where the reaper notes how the command ended.
    """
    return [sys.executable, "-I", "-S", str(_REAPER), str(os.getpid()), _mark(folder)]


def _mark(folder: Path) -> str:
    """Return what stands in the command line of a run's reapers and in the environment of all under them."""
    return f"{WORKER_MARK}={folder}"


def end_processes(folders: Iterable[Path], seconds: float = 10.0) -> list[int]:
    """Kill what still runs of the runs with these folders; return the processes that go on all the same.

    The reapers are among them, so nobody writes into the folders afterwards.

    :param seconds: how long is waited for the processes to be gone.
    """
    marks = {os.fsencode(_mark(folder)) for folder in folders}
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


class Attendant:
    """A running attendant, and the request that it is at.

    :param folder: the folder of the run, for logs.
    """

    def __init__(self, uri: str, folder: Path) -> None:
        self.uri = uri
        self._buffer = b""
        self._folder = folder
        with held_back():
            self._process = subprocess.Popen(  # noqa: S603 - the kit's own module
                [*under_reaper(folder), sys.executable, "-P", "-m", "conformance.driver.attendant"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **environment(folder)},
            )

    def ask(self, request: dict[str, Any]) -> None:
        """Send a request, without waiting for its answer."""
        if self._process.stdin is None:
            raise AssertionError("the attendant was started without a pipe")
        # A process that is gone already shows when its answer is waited for.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()

    def answer(self, seconds: float) -> dict[str, Any]:
        """Wait for the answer to the last request.

        :raises NoAnswer: when it does not come in time.
        :raises ProbeDied: when the process ends without one.
        :raises KitError: the error that the request met.
        """
        line = self._line(time.monotonic() + seconds, seconds)
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            kind = getattr(conformance.errors, answer["error"], KitError)
            raise kind(answer["problem"], where=answer["where"], remedy=answer["remedy"])
        return answer

    def _line(self, deadline: float, seconds: float) -> bytes:
        stream = self._process.stdout
        if stream is None:
            raise AssertionError("the attendant was started without a pipe")
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                raise NoAnswer(f"the driver did not answer within {seconds:g} s", where=redact(self.uri))
            read = os.read(stream.fileno(), 1 << 16)
            if not read:
                words = scrub(last_words(self._folder), self.uri)
                said = f" ({words})" if words else ""
                raise ProbeDied(f"the process that calls the driver ended{said}", where=redact(self.uri))
            self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def clean(self, ledger: Ledger, seconds: float) -> tuple[int, list[str]]:
        """Remove the domains of a ledger; return how many there were, and what could not be removed.

        :raises KitError: as ``answer`` does.
        """
        self.ask({"do": "clean", "uri": self.uri, "ledger": str(ledger.path)})
        answer = self.answer(seconds)
        return answer["removed"], answer["failed"]

    def stop(self) -> None:
        """End the process, whatever it is at."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            # The reaper's death takes its child with it.
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
