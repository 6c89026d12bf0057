"""The report as results of tmt, for a test with ``result: custom``: a rule is a result, a scenario a part of it.

The file is JSON, which is YAML too, and needs no library: tmt reads ``results.yaml`` and ``results.json`` alike.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from conformance.catalog import Level
from conformance.plan import counts
from conformance.render.plain import plain
from conformance.verdict import Verdict

#: What tmt calls each verdict. ``info`` and ``skip`` fail no plan, ``warn`` is a failure that does not count.
_RESULTS = {
    Verdict.UPHELD: "pass",
    Verdict.VIOLATED: "fail",
    Verdict.NOT_TESTABLE: "fail",
    Verdict.INCONCLUSIVE: "error",
    Verdict.DEVIATION: "info",
    Verdict.NOT_APPLICABLE: "skip",
    Verdict.NOT_RUN: "skip",
}


def render(report: Mapping[str, Any]) -> str:
    """Return the text of ``results.yaml``."""
    results = [_rule(rule, report["summary"]["level"]) for rule in report["rules"]]
    if report["problems"]:
        notes = [plain(problem) for problem in report["problems"]]
        results.append({"name": "/around-the-scenarios", "result": "error", "note": notes})
    return json.dumps(results, indent=1, ensure_ascii=False) + "\n"


def _rule(rule: Mapping[str, Any], least: str) -> dict[str, Any]:
    notes = [plain(f"{rule['level']} {rule['verdict']}: {rule['title']}")]
    notes += (
        plain(f"{scenario['id']}: expected {scenario['expected']}, observed {scenario['observed']}")
        for scenario in rule["scenarios"]
        if scenario["outcome"] in (Verdict.VIOLATED, Verdict.DEVIATION)
    )
    return {
        "name": f"/{rule['id']}",
        "result": _result(rule["verdict"], rule["level"], least),
        "note": notes,
        "duration": _duration(sum(scenario["seconds"] for scenario in rule["scenarios"])),
        "subresult": [
            {
                "name": f"/{scenario['id']}",
                "result": _result(scenario["outcome"], rule["level"], least),
                "note": [plain(scenario["message"])] if scenario["message"] else [],
                "duration": _duration(scenario["seconds"]),
            }
            for scenario in rule["scenarios"]
        ],
    }


def _result(verdict: str, level: str, least: str) -> str:
    found = _RESULTS[Verdict(verdict)]
    return "warn" if found == "fail" and not counts(Level(level), Level(least)) else found


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
