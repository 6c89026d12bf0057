"""The process that stands by a driver through a run.

It probes the driver and takes the inventory before any scenario runs, and when all are done it removes what is
left of the run's domains and takes the inventory again. It is a process of its own so that the controlling one
never calls a driver, and so never hangs or dies with one.

It reads one JSON object a line from standard input and answers each with one on standard output:
``{"do": "probe", …}``, ``{"do": "finish"}``, ``{"do": "clean", …}``.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import libvirt

from conformance.driver import inventory
from conformance.driver.cleanup import remove_all
from conformance.driver.findings import Findings
from conformance.driver.host import left_behind
from conformance.driver.pools import destroy_all
from conformance.driver.probe import identity, probe
from conformance.driver.restart import Daemon
from conformance.driver.session import Session
from conformance.errors import KitError
from conformance.ledger import PREFIX, Ledger


class Attendant:
    """What the process knows between two requests."""

    def __init__(self) -> None:
        self._session: Session | None = None

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one request."""
        match request["do"]:
            case "probe":
                return self._probe(request)
            case "finish":
                return self._finish(request)
            case "clean":
                return self._clean(request)
            case other:
                raise AssertionError(other)

    def _probe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        ledger = Ledger(Path(request["ledger"]))
        session = Session(request["uri"], "p", ledger, virt_type=request["virt_type"])
        session.denied_uri = request["denied_uri"] or ""
        session.restarter = Daemon(request["restart"]) if request["restart"] else None
        self._session = session
        before = inventory.take(session.connection, ledger.run)
        findings = probe(session, at_once=request["at_once"])
        return {
            "driver": {**dict(identity(session.connection)), "client_version": libvirt.getVersion()},
            "machine": asdict(session.machine),
            "inventory": before,
            **_as_json(findings),
        }

    def _finish(self, request: Mapping[str, Any]) -> dict[str, Any]:
        # Another process may have probed, and be no more.
        session = self._session or Session(request["uri"], "f", Ledger(Path(request["ledger"])))
        before = request["inventory"]
        if session.restarter is not None:
            session.reconnect()
        ledger = session.ledger
        removed, failed = _remove_all(session, ledger)
        after = inventory.take(session.connection, ledger.run)
        changed = inventory.compare(before, after)
        # What lies in a private root goes with it.
        places = () if ledger.roots() else session.host.places
        left = left_behind(places, f"{PREFIX}-{ledger.run}-", ledger.uuids())
        session.close()
        return {"removed": removed, "failed": failed, "objects": len(before), "changed": changed, "left": left}

    def _clean(self, request: Mapping[str, Any]) -> dict[str, Any]:
        ledger = Ledger(Path(request["ledger"]))
        self._session = self._session or Session(request["uri"], "c", ledger)
        removed, failed = _remove_all(self._session, ledger)
        return {"removed": removed, "failed": failed}


def _remove_all(session: Session, ledger: Ledger) -> tuple[int, list[str]]:
    """Remove what a ledger says that the driver was given; return how many things there were, and what is left."""
    domains, failed = remove_all(session.connection, ledger.domains(), ledger.run)
    pools, more = destroy_all(session.connection, ledger.pools())
    return domains + pools, failed + more


def _as_json(findings: Findings) -> dict[str, Any]:
    return {
        "capabilities": [asdict(finding) for finding in findings.capabilities.values()],
        "flags": [flag.name for flag in findings.flags],
        "flag_answers": findings.flag_answers,
        "snapshot_flags": findings.snapshot_flags,
        "checkpoint_by_redefine": findings.checkpoint_by_redefine,
        "firmware": findings.firmware,
        "pools": findings.pools,
        "start_seconds": findings.start_seconds,
        "left": findings.left,
    }


def main() -> None:
    """Answer requests until standard input ends."""
    # A driver that writes to standard output must not be able to break the answers.
    answers: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    attendant = Attendant()
    for line in sys.stdin:
        try:
            answer = attendant.answer(json.loads(line))
        except KitError as error:
            answer = {
                "error": type(error).__name__,
                "problem": error.problem,
                "where": error.where,
                "remedy": error.remedy,
            }
        answers.write(json.dumps(answer) + "\n")
        with contextlib.suppress(BrokenPipeError):
            answers.flush()
    # A driver that hangs in its own shutdown must not hold up the run.
    os._exit(0)


if __name__ == "__main__":
    main()
