"""One report of several repetitions of a run: what did not end alike each time is told, and judged by none.

There is no list of scenarios that may differ: a verdict that depends on chance is a fault, of the driver or of the
kit, and somebody's to look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.deviations import TABLE_ENTRY
from conformance.merge import inventory_of
from conformance.verdict import Verdict


def combine(reports: Sequence[Mapping[str, Any]], asked: int) -> dict[str, Any]:
    """Return one report of some repetitions of one run, in their order.

    Verdicts and summary are the caller's to conclude.

    :param asked: how many repetitions there are to be; with fewer the report is not complete.
    """
    last = reports[-1]
    differing: list[dict[str, Any]] = []
    rules = [{**rule, "scenarios": list(_scenarios(rule["id"], reports, differing))} for rule in last["rules"]]
    return {
        **last,
        "rules": rules,
        "repetitions": {"asked": asked, "done": len(reports), "differing": differing},
        "problems": list(dict.fromkeys([*(p for report in reports for p in report["problems"]), *_probing(reports)])),
        "inventory": inventory_of(reports),
        "timing": _timing(reports),
        "complete": all(report["complete"] for report in reports) and len(reports) == asked,
    }


def _scenarios(
    rule: str, reports: Sequence[Mapping[str, Any]], differing: list[dict[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    """Yield each scenario of a rule once, and note those that did not end alike."""
    told = [
        ({s["id"]: s for r in report["rules"] if r["id"] == rule for s in r["scenarios"]}, report["complete"])
        for report in reports
    ]
    for name in dict.fromkeys(name for one, _ in told for name in one):
        seen = [(_seen(name, one), whole) for one, whole in told]
        known = [(scenario, whole) for scenario, whole in seen if scenario is not None]
        # A repetition that is under way, or was ended, says nothing of what it has not come to.
        found = [s for s, whole in known if whole or s["outcome"] != Verdict.INCONCLUSIVE] or [known[-1][0]]
        outcomes = [Verdict(scenario["outcome"]) for scenario in found]
        spent = {part: round(sum(s[part] for s in found), 4) for part in ("seconds", "libvirt_seconds")}
        # The gravest is shown, with its script: what was seen once has to be looked at.
        shown = next((s for s in found if s["outcome"] == Verdict.VIOLATED), found[0])
        if len(set(outcomes)) == 1:
            yield {**shown, **spent}
            continue
        differing.append({"id": name, "outcomes": [outcome.value for outcome in outcomes]})
        yield {**shown, **spent, "outcome": Verdict.INCONCLUSIVE.value, "message": _message(outcomes, found)}


def _seen(name: str, scenarios: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return what a repetition says of a scenario; a fault of the decision table that it has not met was not there."""
    if name in scenarios or not TABLE_ENTRY.fullmatch(name.partition("/")[2]):
        return scenarios.get(name)
    of_table = [s for s in scenarios.values() if TABLE_ENTRY.fullmatch(s["id"].partition("/")[2])]
    if name.endswith("/table") or not of_table:
        return None
    rest = next((s for s in of_table if s["id"].endswith("/table")), None)
    outcome = rest["outcome"] if rest is not None else Verdict.UPHELD.value
    # All that is asked of it: what is shown of a fault comes from a repetition that has met it.
    return {"outcome": outcome, "message": "", "observed": "", "seconds": 0, "libvirt_seconds": 0}


def _message(outcomes: Sequence[Verdict], found: Sequence[Mapping[str, Any]]) -> str:
    """Return how often a scenario ended in which way, and what was seen there."""
    parts = []
    for outcome in dict.fromkeys(outcomes):
        times = [number for number, one in enumerate(outcomes, 1) if one is outcome]
        first = found[times[0] - 1]
        said = f"observed: {first['observed']}" if first["observed"] else first["message"]
        which = ", ".join(map(str, times))
        parts.append(f"{outcome} in {which}" + (f" ({said})" if said and outcome is not Verdict.UPHELD else ""))
    return f"of {len(outcomes)} repetitions it was {'; '.join(parts)}"


def _probing(reports: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a problem for each capability that was not there each time."""
    seen: dict[str, list[bool]] = {}
    for report in reports:
        for finding in report["capabilities"]:
            seen.setdefault(finding["id"], []).append(finding["present"])
    for name, answers in seen.items():
        if len(set(answers)) > 1:
            found = ", ".join("present" if answer else "absent" for answer in answers)
            yield f"probing: {name} was not the same in each repetition ({found})"


def _timing(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    timings = [report["timing"] for report in reports]
    summed = ("wall_seconds", "libvirt_seconds", "busy_seconds")
    return {
        "started": timings[0]["started"],
        **{name: round(sum(timing[name] for timing in timings), 3) for name in summed},
        **{name: max(timing[name] for timing in timings) for name in ("workers", "peak_kib")},
    }
