"""What the report of a run is held against: repetitions of it, the recorded deviations, an earlier report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.conclusion import conclude
from conformance.deviations import apply_deviations
from conformance.deviations_file import Deviation, read_deviations
from conformance.diff import compare
from conformance.repetition import combine
from conformance.report import read_report, shown_path


@dataclass
class Gate:
    """What the report of a run is held against.

    :param deviations: the recorded deviations, and the name of their file; no file when none was given.
    :param baseline: an earlier report, and the name of its file.
    :param repetitions: how often everything is to be judged.
    :param earlier: the reports of the repetitions before.
    """

    deviations: Sequence[Deviation] = ()
    deviations_file: str = ""
    baseline: Mapping[str, Any] | None = None
    baseline_file: str = ""
    repetitions: int = 1
    earlier: list[Mapping[str, Any]] = field(default_factory=list)

    def judge(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """Return a report with what it was held against, and its summary concluded anew."""
        judged = dict(report)
        if self.repetitions > 1:
            judged = combine([*self.earlier, report], self.repetitions)
        if self.deviations_file:
            judged = apply_deviations(judged, self.deviations, self.deviations_file)
        judged = conclude(judged)
        if self.baseline is not None:
            judged["baseline"] = compare(self.baseline, judged, self.baseline_file)
            judged = conclude(judged)
        return judged


def open_gate(deviations: Path | None, baseline: Path | None, repetitions: int = 1) -> Gate:
    """Return a gate from the files that the caller named.

    :raises BadDeviations: when the file of deviations cannot be read.
    :raises BadReport: when the baseline cannot.
    """
    return Gate(
        deviations=read_deviations(deviations) if deviations is not None else (),
        deviations_file=shown_path(deviations) if deviations is not None else "",
        baseline=read_report(baseline) if baseline is not None else None,
        baseline_file=shown_path(baseline) if baseline is not None else "",
        repetitions=repetitions,
    )
