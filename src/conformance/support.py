"""The support matrix: what each judged driver makes of each rule, capability and flag, with the evidence.

It is the one table from which the page, the CSV file and the JSON document are made, so that they cannot differ.
"""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from conformance.catalog import Catalog
from conformance.render.plain import plain_cell
from conformance.subjects import Evidence, Subject

#: What a cell says where a report knows nothing of its row: it was made by another specification.
UNKNOWN = Evidence("unknown")
_KINDS = {"rule": "rules", "capability": "capabilities", "flag": "flags of undefine"}
#: What a cell says in as few letters as a table with many columns has room for.
_SHORT = {"not-applicable": "n/a", "not-testable": "not testable", "not-run": "not run"}
#: Addresses that choose what is shown.
_VIEWS = ", ".join(
    f'<a href="#{view}">{words}</a>'
    for view, words in (
        ("kind=rule&amp;finding=violated", "what is violated"),
        ("kind=rule&amp;differ=1", "where drivers differ"),
        ("kind=flag", "which flags are taken"),
        ("kind=capability", "what drivers can do and hold"),
    )
)


@dataclass(frozen=True)
class Row:
    """A rule, a capability or a flag, and what was found about it, by the subject's name.

    :param page: of a rule, the page that it stands on, such as ``spec/undefine.md``.
    """

    kind: str
    id: str
    title: str
    level: str = ""
    page: str = ""
    cells: Mapping[str, Evidence] = field(default_factory=dict)


@dataclass(frozen=True)
class Matrix:
    """Every row, for every subject."""

    subjects: Sequence[Subject]
    rows: Sequence[Row]


def matrix_of(catalog: Catalog, subjects: Sequence[Subject]) -> Matrix:
    """Return the matrix: rules first, then capabilities, then the flags of undefine."""
    rows = []
    for rule in catalog.rules.values():
        judging = (one for one in subjects if rule.id in one.rules)
        cells = {one.name: Evidence(str(one.verdict(rule.id)), one.reason(rule.id)) for one in judging}
        rows.append(Row("rule", rule.id, rule.title, rule.level.value, rule.page, cells))
    for name, capability in catalog.capabilities.items():
        cells = {one.name: one.capabilities[name] for one in subjects if name in one.capabilities}
        rows.append(Row("capability", name, capability.title, cells=cells))
    for name in dict.fromkeys(name for one in subjects for name in one.flags):
        cells = {one.name: one.flags[name] for one in subjects if name in one.flags}
        rows.append(Row("flag", name, "", cells=cells))
    return Matrix(subjects, rows)


def as_csv(matrix: Matrix) -> str:
    """Return a line for each cell: spreadsheets can turn that into any table."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["kind", "id", "level", "title", "subject", "driver", "suite", "libvirt", "finding", "evidence"])
    for row in matrix.rows:
        for one in matrix.subjects:
            cell = row.cells.get(one.name, UNKNOWN)
            place = (one.name, one.driver, one.suite, one.libvirt)
            writer.writerow([row.kind, row.id, row.level, row.title, *place, cell.word, plain_cell(cell.shown)])
    return text.getvalue()


def as_json(matrix: Matrix) -> str:
    """Return the whole matrix as a document."""
    return json.dumps(
        {
            "subjects": [
                {
                    "name": one.name,
                    "driver": one.driver,
                    "suite": one.suite,
                    "libvirt": one.libvirt,
                    "hypervisor": one.hypervisor,
                    "uri": one.report["driver"]["uri"],
                    "specification": one.report["spec"]["digest"],
                }
                for one in matrix.subjects
            ],
            "rows": [
                {
                    "kind": row.kind,
                    "id": row.id,
                    "level": row.level,
                    "title": row.title,
                    "cells": {name: {"finding": cell.word, "evidence": cell.shown} for name, cell in row.cells.items()},
                }
                for row in matrix.rows
            ],
        },
        indent=1,
        ensure_ascii=False,
    )


def as_html(matrix: Matrix, rules: str, subjects: str, script: str) -> str:
    """Return the matrix as a part of a page.

    It is a plain table, and whole without a script; the script adds the controls, and a link to each cell.

    :param rules: the address of the folder with the pages of the rules, as the page has to write it.
    :param subjects: the same for the folder with the subjects' pages.
    :param script: the same for the script.
    """
    return "".join(
        [
            f'<div class="support" data-subjects="{_e(subjects)}">',
            _controls(matrix),
            f"<p>Often wanted: {_VIEWS}.</p>",
            '<p class="support-count" role="status"></p>',
            '<div class="support-scroll" tabindex="0" role="region" aria-label="Support matrix">',
            "<table><thead><tr><th scope=col>row",
            *(_head(one, subjects) for one in matrix.subjects),
            "</tr></thead>\n<tbody>\n",
            *(_line(row, matrix, rules) for row in matrix.rows),
            f'</tbody></table></div></div><script src="{_e(script)}"></script>\n',
        ]
    )


def _e(text: str) -> str:
    return html.escape(text)


def _controls(matrix: Matrix) -> str:
    drivers = dict.fromkeys(one.driver for one in matrix.subjects)
    releases = dict.fromkeys(one.libvirt for one in sorted(matrix.subjects, key=lambda one: one.release))
    words = dict.fromkeys(cell.word for row in matrix.rows for cell in row.cells.values())
    return "".join(
        [
            '<form class="support-controls" hidden>',
            _choice("kind", "Show", "everything", _KINDS),
            _choice("driver", "Driver", "every driver", dict(zip(drivers, drivers, strict=True))),
            _choice("release", "libvirt", "every release", dict(zip(releases, releases, strict=True))),
            _choice("finding", "With a cell", "of any kind", {word: _SHORT.get(word, word) for word in words}),
            '<label>Rows that mention <input type="search" name="text" size="14"></label>',
            '<label><input type="checkbox" name="differ" value="1"> drivers differ</label>',
            '<button type="reset">Show all</button></form>',
        ]
    )


def _choice(name: str, words: str, every: str, options: Mapping[str, str]) -> str:
    items = "".join(f'<option value="{_e(value)}">{_e(text)}</option>' for value, text in options.items())
    return f'<label>{words} <select name="{name}"><option value="">{every}</option>{items}</select></label>'


def _head(subject: Subject, subjects: str) -> str:
    return (
        f'<th scope=col data-name="{_e(subject.name)}" data-driver="{_e(subject.driver)}" '
        f'data-release="{_e(subject.libvirt)}"><a href="{_e(subjects)}/{quote(subject.name)}.html">'
        f"{_e(subject.driver)} <small>{_e(subject.libvirt)} {_e(subject.suite)}</small></a>"
    )


def _line(row: Row, matrix: Matrix, rules: str) -> str:
    words = f"{row.level} {row.title}".strip() if row.kind == "rule" else row.title
    address = f"{_e(rules)}/{Path(row.page).stem}.html#{row.id}"
    name = f'<a href="{address}">{row.id}</a>' if row.kind == "rule" else f"<code>{_e(row.id)}</code>"
    return (
        f'<tr data-kind="{row.kind}"><th scope=row>{name} <small>{_e(words)}</small>'
        + "".join(_cells(row, matrix))
        + "\n"
    )


def _cells(row: Row, matrix: Matrix) -> Iterator[str]:
    for one in matrix.subjects:
        word = row.cells.get(one.name, UNKNOWN).word
        yield f"<td class=v-{word}>{_SHORT.get(word, word)}"
