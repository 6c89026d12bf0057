"""The last line on the terminal: what a run came to, and what failed it or kept something from failing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.render.identity import RESULTS, count
from conformance.verdict import ExitCode, Verdict

_STYLES = {
    ExitCode.CONFORMANT: "bold green",
    ExitCode.NOT_CONFORMANT: "bold red",
    ExitCode.ERROR: "bold magenta",
    ExitCode.NOTHING_SELECTED: "bold yellow",
    ExitCode.NOTHING_APPLICABLE: "bold yellow",
}
#: How many scenarios are named that came to no judgement for the same reason, and rules that fail a run.
IDS_SHOWN = 6


def result(report: Mapping[str, Any], *, told: bool) -> tuple[str, str]:
    """Return what a run came to, and the style of the words.

    :param told: whether the rules that fail it are named above already.
    """
    code = ExitCode(report["summary"]["exit_code"])
    if code == ExitCode.CONFORMANT:
        return _conformant(report)
    named = "" if told or code != ExitCode.NOT_CONFORMANT else _failing(report)
    return RESULTS[code] + named, _STYLES[code]


def _conformant(report: Mapping[str, Any]) -> tuple[str, str]:
    """Return the result of a run that nothing failed, and what kept something from failing it."""
    summary = report["summary"]
    numbers = {reason["kind"]: len(reason["rules"]) for reason in summary["reasons"]}
    if known := numbers.get("known-broken"):
        were = f"{count(known, 'rule')} {'was' if known == 1 else 'were'}"
        return f"no worse than the baseline, where {were} not kept either", "bold yellow"
    text, style = RESULTS[ExitCode.CONFORMANT], _STYLES[ExitCode.CONFORMANT]
    if excused := numbers.get("deviation"):
        text, style = f"{text}, with recorded deviations from {count(excused, 'rule')}", "bold yellow"
    if warned := numbers.get("warning"):
        text, style = (
            f"{text}, with {count(warned, 'rule')} below {summary['level']} not kept",
            "bold yellow",
        )
    if left := summary["rules"].get(Verdict.NOT_RUN):
        text, style = f"{text}; {count(left, 'rule')} not run", "bold yellow"
    return text, style


def _failing(report: Mapping[str, Any]) -> str:
    """Return the rules that fail a run, as those that are violated below its level stand among them above."""
    kinds = (Verdict.VIOLATED, Verdict.NOT_TESTABLE)
    failing = [rule for reason in report["summary"]["reasons"] if reason["kind"] in kinds for rule in reason["rules"]]
    more = f" and {len(failing) - IDS_SHOWN} more" if len(failing) > IDS_SHOWN else ""
    return f": {', '.join(failing[:IDS_SHOWN])}{more}" if failing else ""
