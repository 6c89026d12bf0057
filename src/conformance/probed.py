"""What probing found out about a driver, as a run needs it: the attendant's answer, read once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.flags import Undefine


@dataclass(frozen=True)
class Probed:
    """What probing found out about a driver.

    :param findings: ``id``, ``present`` and ``evidence`` of each capability that was asked for, by its id.
    :param flag_answers: what the driver answered to each flag of undefine.
    :param flags: the names of those that it takes.
    :param snapshot_flags: with which a snapshot's metadata is made.
    :param checkpoint_by_redefine: whether a checkpoint's metadata can be made without a guest.
    :param start_seconds: how long a guest took to start.
    :param firmware: the file with the firmware that its guests begin in, or an empty text.
    :param pools: the storage pools through which its files are seen, where this machine does not see them.
    :param left: what could not be removed after probing, a sentence for each.
    """

    findings: Mapping[str, Mapping[str, Any]]
    flag_answers: Mapping[str, str]
    flags: tuple[str, ...]
    snapshot_flags: int
    checkpoint_by_redefine: bool
    start_seconds: float
    firmware: str
    pools: Mapping[str, str]
    left: tuple[str, ...]

    @classmethod
    def of(cls, answer: Mapping[str, Any], assumed: Collection[str]) -> Probed:
        """Return what stands in an attendant's answer.

        :param assumed: capabilities that count as present whatever was found.
        """
        found = {finding["id"]: finding for finding in answer["capabilities"]}
        found |= {name: {"id": name, "present": True, "evidence": "assumed"} for name in assumed}
        return cls(
            found,
            answer["flag_answers"],
            tuple(answer["flags"]),
            answer["snapshot_flags"],
            answer["checkpoint_by_redefine"],
            answer["start_seconds"],
            answer["firmware"],
            answer["pools"],
            tuple(answer["left"]),
        )

    @property
    def evidence(self) -> dict[str, tuple[bool, str]]:
        """Whether the driver has each capability, and what showed it."""
        return {name: (finding["present"], finding["evidence"]) for name, finding in self.findings.items()}

    @property
    def taken(self) -> int:
        """The flags that the driver takes, as a call has them."""
        return sum(Undefine[name] for name in self.flags)

    @property
    def knowledge(self) -> dict[str, Any]:
        """What a process has to know before it can bring domains into situations, as plain values."""
        return {
            "capabilities": sorted(name for name, (present, _) in self.evidence.items() if present),
            "flags": list(self.flags),
            "snapshot_flags": self.snapshot_flags,
            "checkpoint_by_redefine": self.checkpoint_by_redefine,
        }
