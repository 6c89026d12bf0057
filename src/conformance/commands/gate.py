"""``diff``, ``deviations`` and ``merge``: what is done with reports when the runs are over."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping
from typing import Any

from conformance.deviations import draft
from conformance.diff import compare
from conformance.errors import Unwritable
from conformance.gate import open_gate
from conformance.merge import merge
from conformance.render import gate_text
from conformance.render.terminal import Screen
from conformance.report import check_writable, dump, read_report, shown_path, slim, write_text
from conformance.verdict import ExitCode


def diff(options: argparse.Namespace) -> int:
    """Show what has changed between two reports; return 0 when nothing got worse.

    :raises BadReport: when one of them cannot be read.
    """
    old, new = read_report(options.old), read_report(options.new)
    found = compare(old, new, shown_path(options.old))
    screen = Screen(sys.stdout)
    screen.show(gate_text.difference(found))
    screen.show([("", ""), *gate_text.result_of_difference(found)])
    return int(found["exit_code"])


def deviations(options: argparse.Namespace) -> int:
    """Write an entry for each thing that a report shows violated, for a person to fill in.

    :raises BadReport: when the report cannot be read.
    :raises Unwritable: when the file is there already: what somebody has filled in is not written over.
    """
    report = read_report(options.source)
    text = draft(report)
    if options.output is None:
        sys.stdout.write(text)
        return ExitCode.CONFORMANT
    where = shown_path(options.output)
    if options.output.exists():
        raise Unwritable("it is there already", where=where, remedy="name a new file, and take over what is missing")
    write_text(options.output, text)
    entries = text.count("\n[[deviation]]\n")
    print(f"{where}: {entries} {'entry' if entries == 1 else 'entries'} to fill in.")
    return ExitCode.CONFORMANT


def merge_reports(options: argparse.Namespace) -> int:
    """Put several reports together, hold the one against what was named, and show it.

    :raises BadReport: when one of them cannot be read.
    :raises CannotMerge: when they do not go together.
    """
    check_writable(options.report)
    gate = open_gate(options.deviations, options.baseline)
    parts = [(shown_path(path), read_report(path)) for path in options.reports]
    report: dict[str, Any] = gate.judge(merge(parts, shlex.join(["libvirt-conformance", *sys.argv[1:]])))
    if options.slim:
        report = slim(report)
    write_text(options.report, dump(report))
    Screen(sys.stdout).end(report, options.report)
    return int(report["summary"]["exit_code"])


#: What each command does.
COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "diff": diff,
    "deviations": deviations,
    "merge": merge_reports,
}
