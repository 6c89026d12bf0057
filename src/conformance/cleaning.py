"""Removing what runs that were killed have left behind: ``libvirt-conformance clean``."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.attendant import Attendant
from conformance.errors import CleanUpFailed
from conformance.forkserver import ForkServer
from conformance.ledger import PREFIX, Ledger
from conformance.processes import end_processes
from conformance.roots import remove_root
from conformance.uri import check_uri, embeds_without_root, redact


def clean(uri: str, timeout: float) -> tuple[int, Sequence[str]]:
    """Remove what killed runs against a URI have left; return how many objects there were, and what is left.

    :raises KitError: when the driver cannot be reached, or a process of such a run cannot be ended.
    """
    check_uri(uri)
    ledgers = list(Ledger.left_behind(uri))
    # First of all nobody may go on making things.
    if going_on := end_processes(folder for ledger in ledgers for folder in ledger.folders()):
        numbers = ", ".join(map(str, going_on))
        raise CleanUpFailed(f"of a killed run process {numbers} goes on and cannot be ended", where=redact(uri))
    removed, failed = 0, []
    with contextlib.ExitStack() as stack:
        attendant = None
        if ledgers and not embeds_without_root(uri):
            attendant = stack.enter_context(_attendant(uri, ledgers[0]))
        for ledger in ledgers:
            number, problems = _clean(ledger, attendant, timeout)
            removed += number
            failed += problems
            if not problems:
                ledger.remove()
    return removed, failed


def _clean(ledger: Ledger, attendant: Attendant | None, timeout: float) -> tuple[int, list[str]]:
    """Remove what one run has left: its private roots, its domains, its files."""
    removed, failed = 0, []
    for root in ledger.roots():
        if root.exists():
            try:
                remove_root(root)
                removed += 1
            except CleanUpFailed as error:
                failed.append(str(error))
    if attendant is not None:
        number, problems = attendant.clean(ledger, timeout)
        removed += number
        failed += problems
    ledger.remove_folders()
    return removed, failed


@contextlib.contextmanager
def _attendant(uri: str, ledger: Ledger) -> Iterator[Attendant]:
    """Give a process that calls the driver; what it has on disk stands in a ledger, as this one can be killed too."""
    scratch = Path(tempfile.gettempdir()) / f"{PREFIX}-run-{secrets.token_hex(4)}"
    ledger.announce_folder(scratch)
    scratch.mkdir(mode=0o700)
    forks = ForkServer(scratch)
    try:
        attendant = Attendant(uri, scratch, forks)
        try:
            yield attendant
        finally:
            attendant.stop()
    finally:
        forks.stop()
        shutil.rmtree(scratch, ignore_errors=True)
