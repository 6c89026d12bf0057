"""Removing what runs that were killed have left behind: ``libvirt-conformance clean``."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from conformance.attendant import Attendant
from conformance.errors import CleanUpFailed
from conformance.ledger import PREFIX, Ledger
from conformance.roots import remove_root
from conformance.uri import check_uri, embeds_without_root


def clean(uri: str, timeout: float) -> tuple[int, Sequence[str]]:
    """Remove what killed runs against a URI have left; return how many objects there were, and what is left.

    :raises KitError: when the driver cannot be reached.
    """
    check_uri(uri)
    removed, failed = 0, []
    ledgers = list(Ledger.left_behind(uri))
    roots = [root for ledger in ledgers for root in ledger.roots() if root.exists()]
    for root in roots:
        try:
            remove_root(root)
            removed += 1
        except CleanUpFailed as error:
            failed.append(str(error))
    if ledgers and not embeds_without_root(uri):
        scratch = Path(tempfile.mkdtemp(prefix=f"{PREFIX}-run-"))
        attendant = Attendant(uri, scratch)
        try:
            attendant.ask({"do": "clean", "uri": uri, "ledgers": [str(ledger.path) for ledger in ledgers]})
            answer = attendant.answer(timeout)
        finally:
            attendant.stop()
            shutil.rmtree(scratch, ignore_errors=True)
        removed += answer["removed"]
        failed += answer["failed"]
    for ledger in ledgers:
        ledger.remove_folders()
    if not failed:
        for ledger in ledgers:
            ledger.remove()
    return removed, failed
