"""The report as JUnit XML, in the form that GitLab, Jenkins and openQA read.

A test suite is a rule, a test case a scenario. What JUnit has no word for is said so that no reader takes it
for a pass: a scenario that does not apply is skipped with its reason, one without a judgement is an error.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from conformance.verdict import Verdict

_SKIPPED = (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN)
_ERRORS = (Verdict.NOT_TESTABLE, Verdict.INCONCLUSIVE)


def junit(report: Mapping[str, Any]) -> str:
    """Return the text of a JUnit file."""
    root = ET.Element("testsuites", name=f"libvirt-conformance {_clean(report['driver']['uri'])}")
    for rule in report["rules"]:
        _suite(root, rule)
    suites = list(root)
    for counted in ("tests", "failures", "errors", "skipped"):
        root.set(counted, str(sum(int(suite.get(counted, "0")) for suite in suites)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, rule: Mapping[str, Any]) -> None:
    outcomes = [Verdict(scenario["outcome"]) for scenario in rule["scenarios"]]
    suite = ET.SubElement(
        root,
        "testsuite",
        name=f"{rule['id']} {rule['title']}",
        tests=str(len(outcomes)),
        failures=str(outcomes.count(Verdict.VIOLATED)),
        errors=str(sum(outcome in _ERRORS for outcome in outcomes)),
        skipped=str(sum(outcome in _SKIPPED for outcome in outcomes)),
        time=f"{sum(scenario['seconds'] for scenario in rule['scenarios']):.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    for name in ("level", "since", "verdict"):
        ET.SubElement(properties, "property", name=name, value=str(rule[name]))
    for scenario in rule["scenarios"]:
        _case(suite, rule, scenario)


def _case(suite: ET.Element, rule: Mapping[str, Any], scenario: Mapping[str, Any]) -> None:
    path, _, line = scenario["place"].rpartition(":")
    case = ET.SubElement(
        suite,
        "testcase",
        classname=rule["id"],
        name=scenario["id"].partition("/")[2],
        file=path,
        line=line,
        time=f"{scenario['seconds']:.3f}",
    )
    outcome = Verdict(scenario["outcome"])
    if outcome is Verdict.VIOLATED:
        message = f"expected: {scenario['expected']}; observed: {scenario['observed']}"
        failure = ET.SubElement(case, "failure", type=outcome.value, message=_clean(message))
        failure.text = _clean(
            f"{rule['id']} ({rule['level']}): {rule['statement']}\n{message}\n\n{scenario['reproducer']}"
        )
    elif outcome in _ERRORS:
        ET.SubElement(case, "error", type=outcome.value, message=_clean(scenario["message"]))
    elif outcome in _SKIPPED:
        ET.SubElement(case, "skipped", type=outcome.value, message=_clean(f"{outcome.value}: {scenario['message']}"))


def _clean(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return "".join(
        c for c in text if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
