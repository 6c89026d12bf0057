"""What was called and what came back: every libvirt call of a scenario, in order, with its time.

The journal serves three readers: the reproducer, which replays the calls that mattered without the kit;
the report, which tells how much of the time was spent inside libvirt; and the black box,
from which the call that a dead worker was in can still be read.
"""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Failure:
    """A libvirt error: its code, the code's name without VIR_ERR_, the error's domain and its message."""

    code: int
    name: str
    domain: int
    message: str

    def __str__(self) -> str:
        return f"{self.name} ({self.message})" if self.message else self.name


class Outcome(NamedTuple):
    """What a call returned, or the error that it raised."""

    call: str
    value: Any = None
    failure: Failure | None = None

    @property
    def ok(self) -> bool:
        """Whether the call returned."""
        return self.failure is None

    @property
    def code(self) -> str:
        """The name of the error's code, or an empty text."""
        return self.failure.name if self.failure else ""

    def __str__(self) -> str:
        return str(self.failure) if self.failure else "success"


class Entry(NamedTuple):
    """One call: on which object, with what, and how it ended.

    ``result`` is the symbol under which a returned object is known from then on.
    """

    receiver: str
    method: str
    args: tuple[Any, ...]
    result: str
    failure: Failure | None
    step: str


class BlackBox:
    """A page shared with the controlling process, in which the call under way stands.

    Writing costs a memory copy; what was written outlives a worker that is killed.
    """

    SIZE = 512

    def __init__(self, path: Path) -> None:
        with path.open("w+b") as file:
            file.truncate(self.SIZE)
            self._page = mmap.mmap(file.fileno(), self.SIZE)

    def write(self, text: str) -> None:
        """Replace what stands in the page."""
        self.put(self.line(text))

    @classmethod
    def line(cls, text: str) -> bytes:
        """Return a text as it stands in the page, for one that is written often."""
        return text.encode("utf-8", "replace")[: cls.SIZE - 1] + b"\0"

    def put(self, line: bytes) -> None:
        """Replace what stands in the page by a line that was prepared."""
        self._page[: len(line)] = line

    @staticmethod
    def read(path: Path) -> str:
        """Return what a worker wrote last, or an empty text when it never wrote."""
        try:
            return path.read_bytes().partition(b"\0")[0].decode("utf-8", "replace")
        except OSError:
            return ""


@dataclass
class Journal:
    """The calls of the scenario under way, and the sums over all scenarios so far."""

    entries: list[Entry] = field(default_factory=list)
    scenario: str = ""
    step: str = ""
    looking: bool = False
    seconds: float = 0.0
    calls: int = 0
    box: BlackBox | None = None
    _kept: int | None = None
    _places: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def begin(self, scenario: str) -> None:
        """Forget the calls of the scenario before."""
        self.forget()
        self.scenario = scenario
        self.looking = False
        self._places.clear()
        if self.box is not None:
            self.box.put(self.place("", ""))

    def forget(self) -> None:
        """Forget the calls so far: what follows is set up anew."""
        self.entries.clear()
        self._kept = None

    def place(self, receiver: str, method: str) -> bytes:
        """Return what the black box holds while a call is under way."""
        # A scenario asks the same again and again.
        line = self._places.get((receiver, method))
        if line is None:
            call = f"{receiver}.{method}" if method else ""
            line = self._places[receiver, method] = BlackBox.line(f"{self.scenario}\n{call}\n{os.getpid()}")
        return line

    def enter(self, receiver: str, method: str) -> None:
        """Note in the black box that a call begins."""
        if self.box is not None:
            self.box.put(self.place(receiver, method))

    def leave_looks(self, number: int, seconds: float) -> None:
        """Count calls by which the kit only looked: no entry is kept of them."""
        self.seconds += seconds
        self.calls += number
        if self.box is not None:
            self.box.put(self.place("", ""))

    def leave(self, entry: Entry, seconds: float) -> None:
        """Keep a call that has ended."""
        self.seconds += seconds
        self.calls += 1
        self.entries.append(entry)
        if self.box is not None:
            self.box.put(self.place("", ""))

    def next_attempt(self) -> None:
        """Drop the calls of the attempt before, which was refused and changed nothing.

        A scenario that tries one refusal with many flags would otherwise be replayed with all of them.
        """
        if self._kept is None:
            self._kept = len(self.entries)
        del self.entries[self._kept :]

    def keep_attempt(self) -> None:
        """Keep the calls so far: the next attempt is made in another situation."""
        self._kept = None
