"""What is not kept as workflow commands, which GitHub shows at the feature's line.

The commands are lines of standard output. A text that held a line feed could begin another command, so those are
written as GitHub reads them; nothing else in a text can end a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.catalog import Level
from conformance.plan import counts
from conformance.render.identity import driver_name, result
from conformance.render.plain import plain
from conformance.verdict import Verdict

_TOLD = (Verdict.VIOLATED, Verdict.INCONCLUSIVE, Verdict.NOT_TESTABLE)


def render(report: Mapping[str, Any]) -> str:
    """Return the lines: an error for what fails the run, a warning for what is below its level, a notice of the result.

    A known deviation is a notice.
    """
    lines = []
    for rule in report["rules"]:
        binds = counts(Level(rule["level"]), Level(report["summary"]["level"]))
        for scenario in rule["scenarios"]:
            outcome = Verdict(scenario["outcome"])
            if outcome is Verdict.DEVIATION:
                known = scenario.get("deviation") or {}
                text = f"known deviation until {known.get('until')}: {known.get('reason')} ({known.get('link')})"
                lines.append(_command("notice", scenario, rule, text))
            elif outcome in _TOLD:
                told = f"expected: {scenario['expected']}\nobserved: {scenario['observed']}"
                text = told if outcome is Verdict.VIOLATED else scenario["message"]
                fails = binds or outcome is Verdict.INCONCLUSIVE
                lines.append(_command("error" if fails else "warning", scenario, rule, f"{rule['statement']}\n{text}"))
    lines += [f"::error title=libvirt-conformance::{_data(problem)}" for problem in report["problems"]]
    lines.append(f"::notice title=libvirt-conformance::{_data(driver_name(report['driver']))}: {_data(result(report))}")
    return "\n".join(lines) + "\n"


def _command(kind: str, scenario: Mapping[str, Any], rule: Mapping[str, Any], text: str) -> str:
    path, _, line = scenario["place"].rpartition(":")
    title = f"{scenario['id']} {scenario['outcome']} ({rule['level']}): {rule['title']}"
    return f"::{kind} file={_property(path)},line={_property(line)},title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    return plain(text, lines=True).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
