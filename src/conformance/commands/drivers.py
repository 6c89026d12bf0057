"""``probe`` and ``clean``: what is asked of a driver outside a run."""

from __future__ import annotations

import argparse
import sys

from conformance.catalog import release_text
from conformance.cleaning import clean as clean_up
from conformance.errors import CleanUpFailed
from conformance.interrupts import ended_in_order
from conformance.ledger import Ledger
from conformance.options import Options
from conformance.report import RunRecord
from conformance.run import Run
from conformance.uri import redact
from conformance.verdict import ExitCode


def probe(options: argparse.Namespace) -> int:
    """Print what a driver can do and hold, with the evidence, and which undefine flags it takes.

    :raises KitError: when the driver cannot be reached.
    """
    run = Run(
        Options(
            uri=options.uri,
            workers=options.workers,
            timeout=options.timeout,
            virt_type=options.virt_type,
            without_stamp=options.without_stamp,
        )
    )
    with ended_in_order():
        try:
            run.begin()
            run.make_plan()
            report = run.finish()
        except KeyboardInterrupt as interrupt:
            run.note_interrupt(interrupt)
            run.finish()
            raise
        finally:
            run.close()
    _show(run, run.record)
    for problem in report["problems"]:
        print(f"! {problem}")
    return ExitCode.ERROR if report["problems"] else ExitCode.CONFORMANT


def _show(run: Run, record: RunRecord) -> None:
    driver, machine = record.driver, record.machine
    print(f"{record.uri}: {driver['type']} driver of libvirt {release_text(driver['libvirt_version'] or 0)}")
    print(f"domains of type {machine['type']}, {machine['os_type']}, {machine['arch']}\n")
    titles = run.specification.catalog.capabilities
    for finding in record.capabilities:
        print(f"{'yes' if finding['present'] else 'no ':3}  {finding['id']:26} {titles[finding['id']].title}")
        print(f"{'':32}{finding['evidence']}")
    print("\nundefine flags")
    for flag, answer in record.flags.items():
        print(f"{'yes' if answer == 'taken' else 'no ':3}  {flag:26} {answer}")
    applicable = 0 if run.plan is None else len(run.plan.run)
    print(f"\nA run would try {applicable} of {len(run.specification.scenarios)} scenarios on this driver.")


def clean(options: argparse.Namespace) -> int:
    """Remove what runs that were killed have left behind a URI, and say how much it was.

    :raises KitError: when the driver cannot be reached, or something could not be removed.
    """
    with ended_in_order():
        removed, failed = clean_up(options.uri, options.timeout)
    shown = redact(options.uri)
    print(
        f"{shown}: removed {removed} objects that killed runs had left." if removed else f"{shown}: nothing was left."
    )
    others = (ledger for ledger in Ledger.left_behind() if not ledger.is_of(options.uri))
    if named := ", ".join(sorted({ledger.uri or "another URI" for ledger in others})):
        print(f"Something may be left of killed runs against {named}: clean takes the URI that a run was given.")
    if failed:
        for problem in failed[:-1]:
            print(problem, file=sys.stderr)
        raise CleanUpFailed(failed[-1], where=shown)
    return ExitCode.CONFORMANT
