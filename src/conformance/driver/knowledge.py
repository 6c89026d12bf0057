"""What a process has to know of a driver before it can bring domains into situations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from conformance.flags import Undefine


@dataclass(frozen=True)
class Knowledge:
    """What probing found out about a driver, as the workers need it."""

    capabilities: Collection[str]
    flags: tuple[Undefine, ...]
    snapshot_flags: int = 0
    checkpoint_by_redefine: bool = False
