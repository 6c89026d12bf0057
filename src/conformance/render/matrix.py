"""The matrix of many reports as text, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from conformance.matrix import Matrix, Row, Subject
from conformance.render.identity import MARKS, RESULTS, release
from conformance.render.markdown import code, escape, table
from conformance.render.plain import plain, plain_cell
from conformance.verdict import ExitCode

#: The sign of a cell: of a verdict, of yes and no, and of a report that does not know the row.
SIGNS = {**{verdict.value: mark for verdict, mark in MARKS.items()}, "yes": "✔", "no": "–", "": " "}
_KINDS = {"rule": "rules", "capability": "capabilities", "flag": "flags of undefine"}
#: From how many subjects on the columns of a terminal stand without a space between them.
_DENSE = 30


def driver_text(subject: Subject) -> str:
    """Return whom a subject is a report of, in a few words."""
    of = f" of libvirt {release(subject.libvirt)}" if subject.libvirt else ""
    hypervisor = f", hypervisor {release(subject.hypervisor)}" if subject.hypervisor else ""
    return f"{subject.driver or subject.uri}{of}{hypervisor}"


def values(row: Row) -> list[str]:
    """Return the words of a row's cells; empty where a report does not know it."""
    return ["" if cell is None else cell.value for cell in row.cells]


def text(matrix: Matrix, width: int = 120) -> str:
    """Return the matrix for a terminal: numbered columns, one sign for each cell, titles as far as there is room."""
    return "\n".join(_lines(matrix, width)) + "\n"


def _lines(matrix: Matrix, width: int) -> Iterator[str]:
    widest = max(len(plain(subject.name)) for subject in matrix.subjects)
    for number, subject in enumerate(matrix.subjects, 1):
        result = RESULTS[ExitCode(subject.exit_code)]
        yield f"{number:4}  {plain(subject.name):{widest}}  {plain(driver_text(subject))}: {result}"
    for note in matrix.notes:
        yield f"   !  {plain(note)}"
    gap = "" if len(matrix.subjects) > _DENSE else " "
    for kind, heading in _KINDS.items():
        rows = matrix.of_kind(kind)
        if not rows:
            continue
        lead = max(len(row.id) for row in rows)
        yield ""
        yield from _numbers(heading, lead + 7, len(matrix.subjects), gap)
        for row in rows:
            line = f"{row.id:{lead}} {row.level:6} {gap.join(SIGNS[value] for value in values(row))}"
            yield _cut(f"{line}  {plain(row.title)}".rstrip(), max(width, len(line)))
    used = dict.fromkeys(value for row in matrix.rows for value in values(row) if value)
    yield ""
    yield ", ".join(f"{SIGNS[value]} {value}" for value in used) or "nothing differs"


def _numbers(heading: str, lead: int, count: int, gap: str) -> Iterator[str]:
    """Yield the numbers of the columns, their digits below each other, the heading before the last of them."""
    digits = len(str(count))
    for place in range(digits):
        row = gap.join(str(number).rjust(digits)[place] for number in range(1, count + 1))
        # The units stand over every column, the tens where they change.
        yield f"{heading if place == digits - 1 else '':{lead}} {row}"[: lead + 1 + len(row)].rstrip()


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"


def markdown(matrix: Matrix) -> str:
    """Return the matrix as tables in Markdown."""
    lines = ["# Conformance side by side", ""]
    head = ("report", "driver", "URI", "judged", "result")
    rows = [
        (
            code(subject.name),
            escape(driver_text(subject)),
            code(subject.uri),
            escape(subject.started),
            RESULTS[ExitCode(subject.exit_code)],
        )
        for subject in matrix.subjects
    ]
    lines += [*table(head, rows), ""]
    for note in matrix.notes:
        lines += [f"- {escape(note)}"]
    if matrix.notes:
        lines.append("")
    for kind, heading in _KINDS.items():
        if found := matrix.of_kind(kind):
            names = [code(subject.name) for subject in matrix.subjects]
            cells = [
                (row.id, *((row.level, escape(row.title)) if kind == "rule" else ()), *_signs(row)) for row in found
            ]
            columns = ("id", *(("level", "title") if kind == "rule" else ()), *names)
            lines += [f"## {heading.capitalize()}", "", *table(columns, cells), ""]
    used = dict.fromkeys(value for row in matrix.rows for value in values(row) if value)
    lines.append(", ".join(f"{escape(SIGNS[value])} {value}" for value in used) or "Nothing differs.")
    return "\n".join(lines) + "\n"


def _signs(row: Row) -> Iterator[str]:
    return (escape(SIGNS[value]) if value else "" for value in values(row))


def csv_text(matrix: Matrix) -> str:
    """Return the matrix for a spreadsheet: a line for each row, a column for each report."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["kind", "id", "level", "title", *(plain_cell(subject.name) for subject in matrix.subjects)])
    for row in matrix.rows:
        writer.writerow([row.kind, row.id, row.level, plain_cell(row.title), *values(row)])
    return stream.getvalue()


def json_text(matrix: Matrix) -> str:
    """Return the matrix as a JSON document, from which others can make theirs."""
    subjects = [{**vars(subject), "result": RESULTS[ExitCode(subject.exit_code)]} for subject in matrix.subjects]
    rows = [
        {
            "kind": row.kind,
            "id": row.id,
            "level": row.level,
            "title": row.title,
            "cells": {subject.name: _cell(cell) for subject, cell in zip(matrix.subjects, row.cells, strict=True)},
        }
        for row in matrix.rows
    ]
    document = {"subjects": subjects, "notes": list(matrix.notes), "rows": rows}
    return json.dumps(document, indent=1) + "\n"


def _cell(cell: Any) -> dict[str, Any] | None:
    return None if cell is None else {"value": cell.value, "scenarios": dict(cell.tally), "note": cell.note}
