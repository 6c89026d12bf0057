"""Reports as they are published, made up for tests: any number of drivers, any number of rules."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.verdict import Verdict, tally

VERDICTS = ("upheld", "upheld", "upheld", "violated", "not-applicable", "not-testable", "deviation")
RECORDED = {"reason": "it was ever so", "link": "https://example.org/1", "until": "2099-01-01", "line": 1}


def scenario(rule: str, outcome: str) -> dict[str, Any]:
    """Return one entry of a rule's scenarios."""
    broken = outcome in ("violated", "deviation")
    return {
        "id": f"{rule}/plain",
        "title": "A case",
        "place": "features/demo.feature:7",
        "outcome": outcome,
        "seconds": 0.1,
        "libvirt_seconds": 0.1,
        "message": "" if outcome == "upheld" else f"it is {outcome}",
        "expected": "nothing <b>" if broken else "",
        "observed": "some|thing `else` [x](y)" if broken else "",
        "reproducer": "import libvirt\nprint(1)\n" if broken else "",
        "calls": [],
        **({"deviation": RECORDED} if outcome == "deviation" else {}),
    }


def report(
    verdicts: Mapping[str, str], *, release: int = 9_000_000, capabilities: Mapping[str, bool] | None = None
) -> dict[str, Any]:
    """Return a report with a verdict for each rule."""
    rules = [
        {
            "id": rule,
            "title": f"Title of {rule}",
            "level": "MUST",
            "since": "0.9.4",
            "statement": f"{rule} holds.",
            "verdict": verdict,
            "scenarios": [scenario(rule, verdict)],
        }
        for rule, verdict in verdicts.items()
    ]
    return {
        "schema_version": "1.3",
        "kit": {"name": "libvirt-conformance", "version": "0.1.0"},
        "spec": {"title": "Demo", "version": "1", "digest": f"sha256:{'0' * 64}"},
        "driver": {
            "uri": "demo:///system",
            "type": "DEMO",
            "libvirt_version": release,
            "hypervisor_version": 7_002_022,
            "client_version": release,
            "hostname": "host",
        },
        "machine": {"type": "demo", "os_type": "hvm", "arch": "x86_64", "emulator": ""},
        "capabilities": [
            {"id": name, "present": present, "evidence": f"probe of {name}: {'success' if present else 'NO_SUPPORT'}"}
            for name, present in (capabilities or {"define": True, "pause": False}).items()
        ],
        "undefine_flags": {"MANAGED_SAVE": "taken", "NVRAM": "INVALID_ARG (unsupported flags (0x4))"},
        "rules": rules,
        "inventory": {"objects": 0, "identical": True, "changed": []},
        "problems": [],
        "timing": {
            "started": "2026-01-01T00:00:00+00:00",
            "wall_seconds": 1.0,
            "libvirt_seconds": 1.0,
            "busy_seconds": 1.0,
            "workers": 1,
            "peak_kib": 1,
        },
        "reproduce": "libvirt-conformance run --uri demo:///system",
        "summary": {
            "exit_code": 1,
            "level": "MUST",
            "rules": tally(Verdict(one["verdict"]) for one in rules),
            "scenarios": tally(Verdict(one["verdict"]) for one in rules),
        },
        "complete": True,
    }


def publish(folder: Path, subjects: Mapping[str, Mapping[str, Any]]) -> None:
    """Write reports where published ones lie."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, one in subjects.items():
        (folder / f"{name}.json").write_text(json.dumps(one), encoding="utf-8")


def many(subjects: int, rules: int) -> dict[str, dict[str, Any]]:
    """Return reports of so many drivers about so many rules, no two of them alike."""
    ids = [f"DEMO-{number:03}" for number in range(1, rules + 1)]
    drivers = itertools.product(("one", "two", "three", "four", "five"), range(subjects // 5 or 1))
    return {
        f"suite{number}-{driver}": report(
            {rule: VERDICTS[(number * 7 + at * 3 + len(driver)) % len(VERDICTS)] for at, rule in enumerate(ids)},
            release=(7 + number) * 1_000_000,
            capabilities={f"capability-{at}": bool((at + number) % 3) for at in range(20)},
        )
        for driver, number in drivers
    }
