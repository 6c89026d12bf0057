"""From pytest's options to a run: the second door."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
from pathlib import Path

import pytest

from conformance.arguments import file, seconds
from conformance.catalog import Level
from conformance.errors import KitError
from conformance.forkserver import OF_WORKERS
from conformance.interrupts import ended_in_order
from conformance.options import Options
from conformance.run import Run
from conformance.suite.controller import Controller
from conformance.table import Mode
from conformance.uri import redact


def begin(config: pytest.Config) -> Controller:
    """Begin a run from pytest's options.

    :raises pytest.UsageError: when they cannot be followed.
    """
    option = config.option
    if option.keyword or option.markexpr or option.collectonly:
        raise pytest.UsageError(
            "scenarios are selected by --libvirt-rule ID, so that the report knows what was left out; "
            "libvirt-conformance list shows the rules there are"
        )
    options = Options(
        uri=option.libvirt_uri,
        rules=tuple(option.libvirt_rule),
        level=Level(option.libvirt_level.upper()),
        table=Mode.EXHAUSTIVE if option.libvirt_exhaustive else Mode.PAIRWISE,
        report=_file("report", option.libvirt_report),
        deviations=_file("deviations", option.libvirt_deviations),
        baseline=_file("baseline", option.libvirt_baseline),
        workers=option.numprocesses or 0,
        timeout=_seconds(option.libvirt_timeout),
        virt_type=option.libvirt_virt_type,
        restart=option.libvirt_restart,
        denied_uri=option.libvirt_denied_uri,
        command=shlex.join(["pytest", *map(redact, sys.argv[1:])]),
    )
    signals = contextlib.ExitStack()
    signals.enter_context(ended_in_order())
    config.add_cleanup(signals.close)
    run = Run(options)
    try:
        run.begin()
        run.forks.prepare(*OF_WORKERS)
    except BaseException as error:
        run.close()
        if isinstance(error, (KitError, KeyboardInterrupt)):
            raise pytest.UsageError(str(error)) from None
        raise
    return Controller(run, every_phase=True)


def _seconds(text: str) -> float:
    """Return a number of seconds, by the command's own rule for it.

    :raises pytest.UsageError: when the text is none.
    """
    try:
        return seconds(text)
    except argparse.ArgumentTypeError as error:
        raise pytest.UsageError(f"--libvirt-timeout: {error}") from None


def _file(option: str, text: str | None) -> Path | None:
    """Return the file that an option names, by the command's own rule for it.

    :raises pytest.UsageError: when the text names none.
    """
    try:
        return file(text) if text else None
    except argparse.ArgumentTypeError as error:
        raise pytest.UsageError(f"--libvirt-{option}: {error}") from None
