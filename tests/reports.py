"""Small reports for tests of what is done with them: by the outcomes of their scenarios, in the form of real ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.conclusion import conclude
from conformance.verdict import Verdict

UPHELD, ABSENT, EXCUSED, UNSET, VIOLATED, UNSURE, UNRUN = (
    Verdict.UPHELD,
    Verdict.NOT_APPLICABLE,
    Verdict.DEVIATION,
    Verdict.NOT_TESTABLE,
    Verdict.VIOLATED,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_RUN,
)
DRIVER = {
    "uri": "test:///default",
    "type": "TEST",
    "libvirt_version": 9_000_000,
    "hypervisor_version": 2,
    "client_version": 9_000_000,
    "hostname": "bench",
}
MACHINE = {"type": "test", "os_type": "hvm", "arch": "i686", "emulator": ""}
#: What the schema demands of a scenario by its outcome.
_TOLD: Mapping[Verdict, Mapping[str, Any]] = {
    VIOLATED: {"expected": "gone", "observed": "there", "reproducer": "import libvirt\n", "message": "Then it is gone"},
    EXCUSED: {
        "expected": "gone",
        "observed": "there",
        "reproducer": "import libvirt\n",
        "deviation": {"reason": "r", "link": "https://example.org", "until": "2030-01-01", "line": 1},
    },
    UNSET: {"message": "not reached"},
    UNSURE: {"message": "killed"},
    ABSENT: {"message": "the driver lacks it"},
    UNRUN: {"message": "it was not selected"},
}


def scenario(name: str, outcome: Verdict, **more: Any) -> dict[str, Any]:
    """Return a scenario as a report has it."""
    empty = {"message": "", "expected": "", "observed": "", "reproducer": ""}
    return {
        "id": name,
        "title": f"Title of {name}",
        "place": "features/undefine/a.feature:9",
        "needs": ["define"],
        "outcome": outcome.value,
        "seconds": 0.5,
        "libvirt_seconds": 0.25,
        **empty,
        **_TOLD.get(outcome, {}),
        "calls": ["conn.defineXML('…') -> ok"],
        **more,
    }


def report(outcomes: Mapping[str, Verdict], **more: Any) -> dict[str, Any]:
    """Return a report by the outcomes of its scenarios, by their ids, UNDEF-002 being a SHOULD and UNDEF-003 a MAY.

    :param more: top-level fields; those of ``driver`` and ``machine`` are added to the usual ones.
    """
    rules: dict[str, list[dict[str, Any]]] = {}
    for name, outcome in outcomes.items():
        rules.setdefault(name.partition("/")[0], []).append(scenario(name, outcome))
    made = {
        "schema_version": "1.3",
        "kit": {"name": "libvirt-conformance", "version": "0.1.0"},
        "spec": {"title": "Domains", "version": "1.0.0", "digest": "sha256:" + 64 * "0"},
        "capabilities": [{"id": "define", "present": True, "evidence": "defineXML: success"}],
        "undefine_flags": {"MANAGED_SAVE": "taken"},
        "rules": [
            {
                "id": name,
                "title": f"Title of {name}",
                "level": {"UNDEF-002": "SHOULD", "UNDEF-003": "MAY"}.get(name, "MUST"),
                "since": "0.9.4",
                "requires": ["define"],
                "statement": f"Sentence of {name}.",
                "verdict": "",
                "scenarios": scenarios,
            }
            for name, scenarios in rules.items()
        ],
        "inventory": {"objects": 3, "identical": True, "changed": []},
        "problems": [],
        "timing": {
            "started": "2026-11-26T10:00:00+00:00",
            "wall_seconds": 2.0,
            "libvirt_seconds": 1.0,
            "busy_seconds": 1.5,
            "workers": 2,
            "peak_kib": 9,
        },
        "reproduce": "libvirt-conformance run",
        "summary": {"exit_code": 0, "level": "MUST"},
        "complete": True,
        **more,
        "driver": {**DRIVER, **more.get("driver", {})},
        "machine": {**MACHINE, **more.get("machine", {})},
    }
    return conclude(made)


def outcomes_of(made: Mapping[str, Any]) -> dict[str, str]:
    """Return the outcome of each scenario of a report, by id."""
    return {s["id"]: s["outcome"] for rule in made["rules"] for s in rule["scenarios"]}
