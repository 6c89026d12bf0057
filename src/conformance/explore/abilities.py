"""What a driver can do of the operations of a life."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.decision import KNOWN
from conformance.explore.life import NEEDS, Kind


@dataclass(frozen=True)
class Abilities:
    """What a driver can do, as probing has found out.

    :param taken: the flags of undefine that it takes.
    :param lacking: operations that it does not have.
    :param checkpoint_by_redefine: whether a checkpoint is made without a guest.
    """

    capabilities: frozenset[str]
    taken: int = KNOWN
    lacking: frozenset[Kind] = frozenset()
    checkpoint_by_redefine: bool = False

    def has(self, kind: Kind) -> bool:
        """Tell whether the driver has an operation."""
        return kind not in self.lacking and NEEDS.get(kind, "define") in self.capabilities
