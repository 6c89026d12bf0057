"""What probing found out: the capabilities with their evidence, and what else the workers have to know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.driver.handle import UNSUPPORTED
from conformance.flags import Undefine
from conformance.journal import Outcome


@dataclass(frozen=True)
class Finding:
    """Whether a driver has a capability, and what showed it."""

    id: str
    present: bool
    evidence: str


@dataclass
class Findings:
    """What probing found: the capabilities, the flags that the driver takes, and how guests are best made."""

    capabilities: dict[str, Finding] = field(default_factory=dict)
    flags: list[Undefine] = field(default_factory=list)
    flag_answers: dict[str, str] = field(default_factory=dict)
    snapshot_flags: int = 0
    checkpoint_by_redefine: bool = False
    firmware: str = ""
    pools: dict[str, str] = field(default_factory=dict)
    through: str = ""
    start_seconds: float = 0.0
    start_failure: str = ""
    left: list[str] = field(default_factory=list)

    def note(self, name: str, outcome: Outcome, more: str = "") -> bool:
        """Record a call as the evidence of a capability; return whether the call succeeded."""
        present = outcome.ok or outcome.code not in UNSUPPORTED
        evidence = f"{outcome.call}: {outcome}" + (f"; {more}" if more else "")
        self.capabilities[name] = Finding(name, present, evidence)
        return outcome.ok

    def follow(self, names: Iterable[str], on: str) -> None:
        """Let questions that were not asked have the answer of the one that they hang on."""
        cause = self.capabilities.get(on)
        for name in names:
            if cause is not None and name not in self.capabilities:
                self.capabilities[name] = Finding(name, cause.present, f"not asked: {cause.evidence}")

    def say(self, name: str, present: bool, evidence: str) -> None:
        """Record an answer that does not follow from one call alone."""
        self.capabilities[name] = Finding(name, present, evidence)
