"""``render`` and ``matrix``: what is made from reports that were saved, without a driver."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError
from conformance.formats import FORMATS, chosen, renderer
from conformance.verdict import ExitCode

if TYPE_CHECKING:
    from conformance.matrix import Matrix


def render(options: argparse.Namespace) -> int:
    """Write a report in other forms; ``-`` stands for standard output.

    :raises UsageError: when no form is asked for.
    :raises BadReport: when it cannot be read.
    :raises Unwritable: when a file cannot be written.
    """
    from conformance.report import read_report

    files = chosen(options)
    if not files:
        names = ", ".join(f"--{form.name}" for form in FORMATS)
        raise UsageError("render needs a form to write", remedy=f"give at least one of {names}")
    _check(files)
    report = read_report(options.report)
    write_forms(report, files)
    return ExitCode.CONFORMANT


def write_forms(report: Mapping[str, Any], files: Mapping[str, Path]) -> None:
    """Write a report in the forms that are asked for, each to its file.

    :raises Unwritable: when a file cannot be written; those before it are there.
    """
    for name, path in files.items():
        _write(path, renderer(name)(report))


def _check(files: Mapping[str, Path]) -> None:
    from conformance.report import check_files

    check_files({name: path for name, path in files.items() if str(path) != "-"})
    if sum(str(path) == "-" for path in files.values()) > 1:
        raise UsageError("two forms would be mixed on standard output", remedy="name a file for all but one")


def _write(path: Path, text: str) -> None:
    from conformance.report import write_text

    if str(path) == "-":
        sys.stdout.write(text)
    else:
        write_text(path, text)


def add_matrix(command: argparse.ArgumentParser) -> None:
    """Add what ``matrix`` takes."""
    command.add_argument("reports", metavar="REPORT.json", type=Path, nargs="+")
    command.add_argument("--html", metavar="FILE.html", type=Path, help="write one page")
    command.add_argument("--markdown", metavar="FILE.md", type=Path, help="write tables in Markdown")
    command.add_argument("--csv", metavar="FILE.csv", type=Path, help="write a table for a spreadsheet")
    command.add_argument("--json", metavar="FILE.json", type=Path, help="write what the others are made from")
    command.add_argument("--differing", action="store_true", help="only where the reports differ")
    command.set_defaults(handler=matrix)


def matrix(options: argparse.Namespace) -> int:
    """Show reports side by side on the terminal, or write them to the files that are asked for.

    :raises UsageError: when two forms would go to one file.
    :raises BadReport: when a report cannot be read.
    :raises Unwritable: when a file cannot be written.
    """
    from conformance.render import matrix as forms
    from conformance.render import matrix_page

    makers = {
        "html": matrix_page.render,
        "markdown": forms.markdown,
        "csv": forms.csv_text,
        "json": forms.json_text,
    }
    files = {name: path for name in makers if (path := getattr(options, name)) is not None}
    _check(files)
    found = _side_by_side(options.reports)
    if options.differing:
        found = found.differing()
    for name, path in files.items():
        _write(path, makers[name](found))
    if not files:
        shown = forms.text(found, shutil.get_terminal_size((120, 24)).columns)
        sys.stdout.write(shown if _shows_signs() else shown.translate(_PLAIN))
    return ExitCode.CONFORMANT


def write_side_by_side(reports: Sequence[Path], page: Path) -> None:
    """Write the page that shows reports side by side.

    :raises BadReport: when a report cannot be read.
    :raises Unwritable: when the page cannot be written.
    """
    from conformance.render import matrix_page

    _write(page, matrix_page.render(_side_by_side(reports)))


def _side_by_side(paths: Sequence[Path]) -> Matrix:
    """Return reports side by side, each under the name of its file."""
    from conformance.matrix import make_matrix, names_of
    from conformance.report import read_report

    return make_matrix(list(zip(names_of(paths), [read_report(path) for path in paths], strict=True)))


#: What stands for a sign where the terminal knows ASCII only.
_PLAIN = str.maketrans({"✔": "+", "✘": "X", "–": "-", "·": ".", "…": "~"})


def _shows_signs() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
