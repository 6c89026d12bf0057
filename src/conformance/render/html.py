"""The report as one page that is read in a browser: rules first, everything behind them, no server needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from conformance.render import identity
from conformance.render.page import page, web_link
from conformance.verdict import Verdict

#: Verdicts that a reader came for: their rules stand open.
_OPEN = (Verdict.VIOLATED, Verdict.INCONCLUSIVE, Verdict.NOT_TESTABLE, Verdict.DEVIATION)
#: How many rules stand open at first; a page of a thousand broken rules is read by filter and search.
_MOST_OPEN = 40
_ORDER = {verdict.value: place for place, verdict in enumerate(identity.GRAVEST_FIRST)}


def render(report: Mapping[str, Any]) -> str:
    """Return the page of a report."""
    table = report.get("decision_table") or {}
    cells = {entry["id"]: entry for entry in table.get("rules", ())}
    opened = 0
    rules = []
    for rule in report["rules"]:
        opened += rule["verdict"] in _OPEN
        rules.append(_rule(rule, cells.get(rule["id"]), is_open=rule["verdict"] in _OPEN and opened <= _MOST_OPEN))
    return page(
        "report",
        report=report,
        title=identity.driver_name(report["driver"]),
        result=identity.result(report),
        about=_about(report),
        broken=sorted(
            (rule for rule in report["rules"] if rule["verdict"] in _OPEN), key=lambda rule: _ORDER[rule["verdict"]]
        ),
        facts=identity.facts(report),
        rules=rules,
        levels=list(dict.fromkeys(rule["level"] for rule in report["rules"])),
        table=table,
        deviations=report.get("deviations") or {},
        baseline=report.get("baseline") or {},
        changes=identity.CHANGES,
        driver_name=identity.driver_name,
        tally_text=identity.tally_text,
        link=web_link,
    )


def _about(report: Mapping[str, Any]) -> str:
    """Return the line under the heading: where the driver is, and when it was judged."""
    known = dict(identity.facts(report))
    hypervisor = f"hypervisor {known['hypervisor']}" if "hypervisor" in known else ""
    return " · ".join(filter(None, (known["URI"], hypervisor, known.get("domains"), known.get("judged"))))


def _rule(rule: Mapping[str, Any], cells: Mapping[str, Any] | None, *, is_open: bool) -> dict[str, Any]:
    """Return a rule as the page shows it: the gravest scenarios first, the first of them open."""
    scenarios = [
        {
            "of": scenario,
            "slug": scenario["id"].partition("/")[2],
            "told": _told(scenario),
            "open": False,
        }
        for scenario in sorted(rule["scenarios"], key=lambda scenario: _ORDER[scenario["outcome"]])
    ]
    if is_open and scenarios:
        scenarios[0]["open"] = True
    tally = Counter(scenario["outcome"] for scenario in rule["scenarios"])
    return {
        "of": rule,
        "open": is_open,
        "cells": cells,
        "tally": identity.tally_text(tally) if rule["scenarios"] else "no scenarios",
        "scenarios": scenarios,
    }


def _told(scenario: Mapping[str, Any]) -> str:
    """Return the step that the message of a scenario tells of; empty where it tells of none.

    Such a scenario is shown in more detail: a page of ten thousand others has to stay quick.
    """
    message = scenario["message"]
    return next((step for step in scenario.get("steps", ()) if message == step or f"“{step}”" in message), "")
