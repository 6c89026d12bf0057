"""The matrix of many reports as one page: columns and rows are searched and filtered, a cell says why."""

from __future__ import annotations

from conformance.matrix import Matrix
from conformance.render.identity import RESULTS, tally_text
from conformance.render.matrix import SIGNS, driver_text
from conformance.render.page import page
from conformance.verdict import ExitCode, Verdict

_KINDS = (("rule", "Rules"), ("capability", "Capabilities"), ("flag", "Flags of undefine"))


def render(matrix: Matrix) -> str:
    """Return the page."""
    found = {cell.value for row in matrix.of_kind("rule") for cell in row.cells if cell is not None}
    return page(
        "matrix",
        subjects=[
            {"of": subject, "driver": driver_text(subject), "result": RESULTS[ExitCode(subject.exit_code)]}
            for subject in matrix.subjects
        ],
        kinds=[(heading, matrix.of_kind(kind)) for kind, heading in _KINDS if matrix.of_kind(kind)],
        levels=list(dict.fromkeys(row.level for row in matrix.of_kind("rule"))),
        found=[verdict for verdict in Verdict if verdict in found],
        notes=matrix.notes,
        signs=SIGNS,
        tally_text=tally_text,
    )
