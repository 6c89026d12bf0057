"""The controlling process's side of the process that stands by the driver."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import conformance.errors
from conformance.errors import KitError, NoAnswer, ProbeDied
from conformance.uri import redact, scrub

#: Set in the environment of every process of a run: none of them may begin another run.
WORKER_MARK = "LIBVIRT_CONFORMANCE_WORKER"
_REAPER = Path(__file__).with_name("reaper.py")


def under_reaper(folder: Path) -> list[str]:
    """Return the beginning of a command line that runs the rest under the reaper.

    :param folder: where the reaper notes how the command ended.
    """
    return [sys.executable, "-I", "-S", str(_REAPER), str(folder)]


def environment(folder: Path) -> dict[str, str]:
    """Return what a process that calls drivers has in its environment beside this process's."""
    return {
        WORKER_MARK: "1",
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
                raise ProbeDied(f"the process that calls the driver ended{self._last_words()}", where=redact(self.uri))
            self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _last_words(self) -> str:
        """Return the last line that the process wrote, in the file that its reaper gave it."""
        text = "".join(log.read_text(encoding="utf-8", errors="replace") for log in self._folder.glob("*.log"))
        lines = text.strip().splitlines()
        return f" ({scrub(lines[-1], self.uri)})" if lines else ""

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
