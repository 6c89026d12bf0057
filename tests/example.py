"""A small report in which every outcome occurs, and every part that a report may have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.verdict import Verdict, tally

DEVIATION = {"reason": "known since spring", "link": "https://bugs.example/7", "until": "2027-01-31", "line": 3}
SCRIPT = "import libvirt\n\nconn = libvirt.open('test:///default')\n"


def example() -> dict[str, Any]:
    """Return a fresh report, to be changed at will."""
    rules = [
        _rule("UNDEF-001", "MUST", "violated", "upheld", "not-applicable"),
        _rule("UNDEF-002", "MUST", "inconclusive"),
        _rule("UNDEF-003", "SHOULD", "not-testable", "upheld"),
        _rule("UNDEF-004", "MUST", "deviation"),
        _rule("UNDEF-005", "SHOULD", "upheld"),
        _rule("UNDEF-006", "MAY", "not-applicable"),
        _rule("UNDEF-007", "MUST", "not-run"),
        _rule("UNDEF-008", "SHOULD", "violated"),
    ]
    outcomes = [Verdict(scenario["outcome"]) for rule in rules for scenario in rule["scenarios"]]
    driver = {
        "uri": "test:///default",
        "type": "TEST",
        "libvirt_version": 9000000,
        "hypervisor_version": 2,
        "client_version": 9000000,
        "hostname": "host",
    }
    machine = {"type": "test", "os_type": "hvm", "arch": "i686", "emulator": ""}
    spec = {"title": "The domain lifecycle", "version": "0.1.0", "digest": "sha256:" + 64 * "0"}
    return {
        "schema_version": "1.3",
        "kit": {"name": "libvirt-conformance", "version": "0.1.0"},
        "spec": spec,
        "driver": driver,
        "machine": machine,
        "capabilities": [
            {"id": "define", "present": True, "evidence": "defineXML: success"},
            {"id": "nvram", "present": False, "evidence": "the file is not there"},
        ],
        "undefine_flags": {"MANAGED_SAVE": "taken", "NVRAM": "INVALID_ARG (unsupported flags)"},
        "rules": rules,
        "decision_table": {
            "mode": "pairwise",
            "cells": {"reachable": 6144, "not_reached": 10, "decided": 300, "convicted": 2, "inconsistent": 1},
            "rules": [{"id": "UNDEF-001", "decided": 9, "upheld": 7}],
            "seconds": 1.5,
            "libvirt_seconds": 1.0,
            "convictions": [
                {
                    "id": "UNDEF-001/table[succeeded]",
                    "rule": "UNDEF-001",
                    "level": "MUST",
                    "combination": "undefineFlags with no flag of a domain that is inactive",
                    "state": "inactive",
                    "holds": [],
                    "flags": [],
                    "cells": 2,
                    "expected": "it is refused",
                    "observed": "it succeeded",
                    "reproducer": SCRIPT,
                }
            ],
            "inconsistent": [{"state": "inactive", "holds": [], "flags": ["NVRAM"], "first": "yes", "second": "no"}],
            "not_reached": [{"domain": "a domain with an nvram file", "reason": "the driver lacks it"}],
        },
        "inventory": {
            "objects": 3,
            "identical": False,
            "changed": ["the domain “web” has come"],
            "left": ["/srv/driver/snapshot/lvc-1/kept.xml"],
        },
        "problems": ["a worker was lost"],
        "timing": {
            "started": "2026-11-26T10:56:24+00:00",
            "wall_seconds": 8.6,
            "libvirt_seconds": 5.3,
            "busy_seconds": 10.7,
            "workers": 2,
            "peak_kib": 70000,
        },
        "reproduce": "libvirt-conformance run --report report.json",
        "deviations": {
            "file": "deviations.toml",
            "entries": [
                {
                    "rule": "UNDEF-004",
                    "scenario": "",
                    "conditions": {},
                    **{key: DEVIATION[key] for key in ("reason", "link", "until", "line")},
                    "status": "live",
                    "message": "",
                },
                {
                    "rule": "UNDEF-005",
                    "scenario": "one",
                    "conditions": {"driver": "TEST"},
                    "reason": "it was broken",
                    "link": "javascript:alert(1)",
                    "until": "libvirt 12.0.0",
                    "line": 9,
                    "status": "stale",
                    "message": "it is upheld: remove the entry",
                },
            ],
        },
        "baseline": _difference(driver, machine, spec),
        "summary": {
            "exit_code": 2,
            "level": "MUST",
            "rules": tally(Verdict(rule["verdict"]) for rule in rules),
            "scenarios": tally(outcomes),
            "reasons": [{"kind": "inconclusive", "text": "one rule could not be judged", "rules": ["UNDEF-002"]}],
        },
        "complete": True,
    }


def _rule(name: str, level: str, *outcomes: str) -> dict[str, Any]:
    return {
        "id": name,
        "title": f"Title of {name}",
        "level": level,
        "since": "0.9.4",
        "requires": ["define"],
        "statement": f"What {name} demands of a driver.",
        "verdict": outcomes[0],
        "scenarios": [_scenario(name, number, outcome) for number, outcome in enumerate(outcomes)],
    }


def _scenario(rule: str, number: int, outcome: str) -> dict[str, Any]:
    convicted = outcome in ("violated", "deviation")
    told = {
        "upheld": "",
        "violated": "Then the call is refused",
        "deviation": "Then the call is refused",
        "not-testable": "“Given a domain that is inactive” was not reached: it runs",
    }
    return {
        "id": f"{rule}/scenario[n{number}]",
        "title": f"what {rule} demands in case {number}",
        "place": f"features/undefine/{'basics' if number else 'flags'}.feature:{10 + number}",
        "needs": ["define"],
        "steps": ["Given a domain that is inactive", "When the client calls undefine", "Then the call is refused"],
        "outcome": outcome,
        "seconds": 0.25,
        "libvirt_seconds": 0.2,
        "message": told.get(outcome, f"a reason for {outcome}"),
        "expected": "undefine is refused" if convicted else "",
        "observed": "it succeeded" if convicted else "",
        "reproducer": SCRIPT if convicted else "",
        "calls": ["conn.defineXML(…) -> ok", "dom.undefine() -> OPERATION_INVALID (it has a snapshot)"],
        **({"deviation": dict(DEVIATION)} if outcome == "deviation" else {}),
    }


def _difference(driver: dict[str, Any], machine: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    side = {
        "kit": "0.1.0",
        "spec": {"version": spec["version"], "digest": spec["digest"]},
        "driver": driver,
        "machine": machine,
        "started": "2026-10-01T00:00:00+00:00",
        "exit_code": 0,
    }
    change = {
        "id": "UNDEF-001/scenario[n0]",
        "rule": "UNDEF-001",
        "level": "MUST",
        "title": "what UNDEF-001 demands in case 0",
        "old": "upheld",
        "new": "violated",
        "message": "expected: undefine is refused; observed: it succeeded",
    }
    lists = ("support_lost", "still_broken", "mended", "newly_supported", "newly_specified", "withdrawn")
    return {
        "file": "old.json",
        "old": side,
        "new": side,
        "notes": ["the old report is of another specification"],
        "capabilities": {"lost": [{"id": "nvram", "old": "the file is there", "new": "it is not there"}], "gained": []},
        "flags": {"lost": [], "gained": [{"id": "NVRAM", "old": "INVALID_ARG", "new": "taken"}]},
        "regressed": [change],
        **{name: [] for name in lists},
        "not_compared": [],
        "unchanged": {"upheld": 7},
        "exit_code": 1,
    }


def texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a report in which every free text is changed; what has a form of its own stays as it is."""
    if isinstance(value, dict):
        return {key: item if key in FORMED else texts(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [texts(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


#: Fields whose form the schema fixes, so that no hostile text can stand there in a report that is read.
FORMED = (
    *("schema_version", "digest", "id", "level", "since", "verdict", "outcome", "place", "requires", "needs", "rule"),
    *("started", "mode", "status", "kind", "rules_", "old", "new", "name", "scenario"),
)
