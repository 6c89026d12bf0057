"""The controlling process's side of the process that stands by the driver."""

from __future__ import annotations

import contextlib
import json
import os
import select
import time
from pathlib import Path
from typing import Any

import conformance.errors
from conformance.errors import KitError, NoAnswer, ProbeDied
from conformance.forkserver import ForkServer
from conformance.ledger import Ledger
from conformance.losses import last_words
from conformance.uri import redact, scrub

#: How long the process may take to end when it is told to, in seconds.
_GRACE = 1.0


class Attendant:
    """A running attendant, and the request that it is at.

    :param folder: the folder of the run, for logs.
    :param forks: makes the process.
    :raises ProbeDied: when it cannot be made.
    """

    def __init__(self, uri: str, folder: Path, forks: ForkServer) -> None:
        self.uri = uri
        self._buffer = b""
        self._folder = folder
        try:
            self._process = forks.fork("conformance.driver.attendant")
        except OSError as error:
            said = f"the process that calls the driver could not be begun ({error.strerror})"
            raise ProbeDied(said, where=redact(uri)) from None

    def ask(self, request: dict[str, Any]) -> None:
        """Send a request, without waiting for its answer."""
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
        self._process.end(_GRACE)
