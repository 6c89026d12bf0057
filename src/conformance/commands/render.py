"""``render`` and ``matrix``: what is made from reports that were saved, without a driver."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.formats import FORMATS, chosen, renderer
from conformance.report import check_files, read_report, write_text
from conformance.verdict import ExitCode


def render(options: argparse.Namespace) -> int:
    """Write a report in other forms; ``-`` stands for standard output.

    :raises UsageError: when no form is asked for.
    :raises BadReport: when it cannot be read.
    :raises Unwritable: when a file cannot be written.
    """
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
    check_files({name: path for name, path in files.items() if str(path) != "-"})
    if sum(str(path) == "-" for path in files.values()) > 1:
        raise UsageError("two forms would be mixed on standard output", remedy="name a file for all but one")


def _write(path: Path, text: str) -> None:
    if str(path) == "-":
        sys.stdout.write(text)
    else:
        write_text(path, text)
