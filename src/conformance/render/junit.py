"""The report as JUnit XML, in the form that GitLab, Jenkins and openQA read.

A test suite is a rule, a test case a scenario. What JUnit has no word for is said so that no reader takes it
for a pass: a scenario that does not apply is skipped with its reason, a known deviation too, and one without a
judgement is an error.

Only what the strictest reader takes stands there: Jenkins' xUnit plugin refuses a file for an attribute that its
schema does not have, such as a case's file and line. Those are in the case's output instead. GitLab shows an
element's text and passes over its message, Jenkins and openQA show both, so each reason stands in both places.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from conformance.render.identity import facts, result
from conformance.render.plain import plain
from conformance.verdict import Verdict

_SKIPPED = (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN, Verdict.DEVIATION)
_ERRORS = (Verdict.NOT_TESTABLE, Verdict.INCONCLUSIVE)


def render(report: Mapping[str, Any]) -> str:
    """Return the text of a JUnit file."""
    root = ET.Element("testsuites", name=plain(f"libvirt-conformance {report['driver']['uri']}"))
    known = [*facts(report), ("result", result(report)), ("reproduce", report["reproduce"])]
    for rule in report["rules"]:
        _suite(root, rule, report, known)
    suites = list(root)
    for counted in ("tests", "failures", "errors"):
        root.set(counted, str(sum(int(suite.get(counted, "0")) for suite in suites)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, rule: Mapping[str, Any], report: Mapping[str, Any], known: list[tuple[str, str]]) -> None:
    outcomes = [Verdict(scenario["outcome"]) for scenario in rule["scenarios"]]
    suite = ET.SubElement(
        root,
        "testsuite",
        name=plain(f"{rule['id']} {rule['title']}"),
        # openQA makes the names of its results from this.
        package=f"libvirt-conformance.{rule['id']}",
        tests=str(len(outcomes)),
        failures=str(outcomes.count(Verdict.VIOLATED)),
        errors=str(sum(outcome in _ERRORS for outcome in outcomes)),
        skipped=str(sum(outcome in _SKIPPED for outcome in outcomes)),
        time=f"{sum(scenario['seconds'] for scenario in rule['scenarios']):.3f}",
        timestamp=plain(report["timing"]["started"]),
        hostname=plain(str(report["driver"].get("hostname", ""))),
    )
    properties = ET.SubElement(suite, "properties")
    own = [(name, rule[name]) for name in ("level", "since", "verdict", "statement")]
    for name, value in [*own, *known]:
        ET.SubElement(properties, "property", name=name, value=plain(str(value)))
    for scenario in rule["scenarios"]:
        _case(suite, rule, scenario)


def _case(suite: ET.Element, rule: Mapping[str, Any], scenario: Mapping[str, Any]) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=rule["id"],
        name=scenario["id"].partition("/")[2],
        time=f"{scenario['seconds']:.3f}",
    )
    outcome = Verdict(scenario["outcome"])
    said = f"expected: {scenario['expected']}; observed: {scenario['observed']}"
    if outcome is Verdict.VIOLATED:
        text = f"{rule['id']} ({rule['level']}): {rule['statement']}\n{said}\n\n{scenario['reproducer']}"
        _add(case, "failure", outcome, said, text)
    elif outcome is Verdict.DEVIATION:
        known = scenario.get("deviation") or {}
        why = f"known deviation until {known.get('until')}: {known.get('reason')} ({known.get('link')})"
        _add(case, "skipped", outcome, why, f"{why}\n{said}")
    elif outcome in _ERRORS:
        _add(case, "error", outcome, scenario["message"], scenario["message"])
    elif outcome in _SKIPPED:
        why = f"{outcome.value}: {scenario['message']}"
        _add(case, "skipped", outcome, why, why)
    output = ET.SubElement(case, "system-out")
    output.text = plain("\n".join([scenario["place"], scenario["title"], *scenario.get("calls", ())]), lines=True)


def _add(case: ET.Element, name: str, outcome: Verdict, message: str, text: str) -> None:
    # In an attribute a reader makes a space of each line feed, so none is lost by naming them.
    element = ET.SubElement(case, name, type=outcome.value, message=" ".join(plain(message, lines=True).split()))
    element.text = plain(text, lines=True)
