"""What the caller of a run asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.catalog import Level
from conformance.table import Mode
from conformance.uri import DEFAULT_URI


@dataclass(frozen=True)
class Options:
    """What the caller asked for. ``timeout`` is in seconds, for one scenario; ``workers`` 0 leaves it to the kit.

    ``restart`` is a command that restarts the daemon; ``denied_uri`` leads to the same driver with fewer rights;
    ``assumed`` are capabilities that the driver under a vice has and the real one lacks;
    ``table`` is how much is asked of the decision table; ``outputs`` are the files for other forms of the report, each
    by the name of its form;
    ``deviations`` and ``baseline`` are files that the result is held against; ``repeat`` is how often all is judged;
    ``without_stamp`` is whether the kit may know its domains by their names and UUIDs alone;
    ``shard`` is which of how many parts of everything is run.
    """

    uri: str = DEFAULT_URI
    rules: tuple[str, ...] = ()
    level: Level = Level.MUST
    report: Path | None = None
    outputs: Mapping[str, Path] = field(default_factory=dict)
    workers: int = 0
    timeout: float = 60.0
    virt_type: str = ""
    restart: str | None = None
    denied_uri: str | None = None
    vice: str = ""
    assumed: tuple[str, ...] = ()
    shuffle: int | None = None
    table: Mode = Mode.PAIRWISE
    deviations: Path | None = None
    baseline: Path | None = None
    repeat: int = 1
    shard: tuple[int, int] = (1, 1)
    without_stamp: bool = False
    command: str = ""
