"""``libvirt-conformance run``: a run with its own terminal output, whatever pytest configuration lies about."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from conformance.catalog import Level
from conformance.commands.render import write_forms
from conformance.errors import KitError
from conformance.forkserver import OF_WORKERS
from conformance.formats import chosen
from conformance.gate import open_gate
from conformance.interrupts import ended_in_order, held_back
from conformance.options import Options
from conformance.render.terminal import Screen
from conformance.run import Run
from conformance.table import Mode
from conformance.uri import redact

_SUITE = Path(__file__).resolve().parents[1] / "suite"
#: Parts of pytest that a run has no use for, each of which costs time.
_NOT_NEEDED = (
    "terminal",
    "cacheprovider",
    "logging",
    "unraisableexception",
    "threadexception",
    "junitxml",
    "doctest",
    "tmpdir",
)
_PLUGINS = ("pytest_bdd.plugin", "xdist.plugin", "conformance.suite.plugin")


def run(options: argparse.Namespace) -> int:
    """Judge a driver, show the result, and return the exit code.

    :raises KitError: when something keeps the run from beginning.
    """
    if options.vice:
        from conformance import mutants

        # The workers would be the first to notice.
        mutants.find(options.vice)
    screen = Screen(sys.stdout)
    asked = _options(options)
    gate = open_gate(asked.deviations, asked.baseline, asked.repeat)
    judged = Run(asked, screen.show_result, gate)
    _forget_plugins()
    with ended_in_order():
        try:
            while True:
                judged.begin()
                judged.forks.prepare(*OF_WORKERS)
                screen.begin(judged)
                report = _execute(judged)
                if not judged.wants_another:
                    break
                # Whoever asks to end finds the one repetition or the other, and none twice.
                with held_back():
                    judged.close()
                    gate.earlier.append(judged.plain_report())
                    judged = Run(asked, screen.show_result, gate)
        except KeyboardInterrupt as interrupt:
            judged.note_interrupt(interrupt)
            report = judged.finish()
        finally:
            judged.close()
        _show(report, judged, screen)
    code: int = report["summary"]["exit_code"]
    return code


def _show(report: dict[str, Any], judged: Run, screen: Screen) -> None:
    options = judged.options
    try:
        write_forms(report, options.outputs)
    finally:
        if judged.plan is None and not judged.record.interrupted:
            # The driver was never reached: there is one thing to say, and it is said once.
            for problem in report["problems"]:
                print(f"libvirt-conformance: {problem}", file=sys.stderr)
        else:
            screen.end(report, options.report, options.outputs)


def _options(options: argparse.Namespace) -> Options:
    return Options(
        uri=options.uri,
        rules=tuple(options.rule),
        level=Level(options.level.upper()),
        report=options.report,
        outputs=chosen(options),
        workers=options.workers,
        timeout=options.timeout,
        virt_type=options.virt_type,
        restart=options.restart,
        denied_uri=options.denied_uri,
        vice=options.vice,
        shuffle=options.shuffle,
        table=Mode.EXHAUSTIVE if options.exhaustive else Mode.PAIRWISE,
        deviations=options.deviations,
        baseline=options.baseline,
        repeat=options.repeat,
        shard=options.shard,
        without_stamp=options.without_stamp,
        command=shlex.join(["libvirt-conformance", *map(redact, sys.argv[1:])]),
    )


def _forget_plugins() -> None:
    """Take out of the environment what pytest would heed there, here and in the processes that are begun from now on.

    The environment is pytest's third source of options; plugins of the machine's are none of the kit's business.
    """
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"


def _execute(judged: Run) -> dict[str, Any]:
    """Run the scenarios under pytest and return the report."""
    import pytest

    from conformance.suite.controller import Controller

    controller = Controller(judged, every_phase=False)
    arguments = [
        *(part for plugin in _PLUGINS for part in ("-p", plugin)),
        *(part for plugin in _NOT_NEEDED for part in ("-p", f"no:{plugin}")),
        # Workers write to files of their own, see the fork server.
        "--capture=no",
        *("-c", str(_SUITE / "pytest.ini"), "--rootdir", str(_SUITE), "--noconftest"),
        str(_SUITE / "scenarios.py"),
    ]
    code = pytest.main(arguments, plugins=[controller])
    if controller.report is None:
        raise KitError(f"pytest ended with {code!r} before the run could")
    return controller.report
