"""The report as JUnit XML: the counts agree, and nothing that a driver said breaks it."""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.render.junit import junit
from conformance.verdict import Verdict
from conftest import Judged

COUNTS = {
    "tests": "testcase",
    "failures": "testcase/failure",
    "errors": "testcase/error",
    "skipped": "testcase/skipped",
}
HOSTILE = ["]]>", "<failure/>&amp;", "\x1b[2J\x07\0", "\ud800\ufffe\uffff", "a\nb\tc\rd", "\"'", "☃ – 𝕏"]


def test_the_counts_agree_with_the_cases(judged: Judged) -> None:
    """What a suite says of its cases is what they are, and the whole is the sum."""
    root = ET.fromstring(judged.junit)
    for count, path in COUNTS.items():
        for suite in root.findall("testsuite"):
            assert int(suite.get(count, "")) == len(suite.findall(path))
        assert int(root.get(count, "")) == sum(int(suite.get(count, "")) for suite in root)


def test_every_scenario_is_a_case(judged: Judged) -> None:
    """The file holds what the report holds, in its order, each with its place."""
    found = [
        (f"{case.get('classname')}/{case.get('name')}", f"{case.get('file')}:{case.get('line')}")
        for case in ET.fromstring(judged.junit).iter("testcase")
    ]
    assert found == [(s["id"], s["place"]) for rule in judged.report["rules"] for s in rule["scenarios"]]


def test_only_what_was_upheld_looks_like_a_pass(judged: Judged) -> None:
    """A reader that knows no more than passed and failed never takes anything else for a pass."""
    report = copy.deepcopy(judged.report)
    scenarios = [scenario for rule in report["rules"] for scenario in rule["scenarios"]]
    for number, scenario in enumerate(scenarios):
        scenario["outcome"] = list(Verdict)[number % len(Verdict)].value
    for scenario, case in zip(scenarios, ET.fromstring(junit(report)).iter("testcase"), strict=True):
        kept = scenario["outcome"] in ("upheld", "deviation")
        assert kept == (not list(case)), scenario["outcome"]


def test_a_violation_leads_with_the_requirement(judged: Judged) -> None:
    """A failure says the rule, what was expected, what was observed, and how to see it again."""
    for failure in ET.fromstring(judged.junit).iter("failure"):
        text = failure.text or ""
        assert text.startswith("UNDEF-")
        assert text.index("expected: ") < text.index("observed: ") < text.index("import libvirt")


FIELDS = ("message", "expected", "observed", "reproducer")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
@pytest.mark.parametrize("outcome", ["violated", "inconclusive", "not-applicable"])
def test_a_hostile_text_stays_text(judged: Judged, text: str, outcome: str) -> None:
    """Markup, control characters and half characters in what a driver said do not get into the structure."""
    report = copy.deepcopy(judged.report)
    for scenario in (scenario for rule in report["rules"] for scenario in rule["scenarios"]):
        scenario |= {"outcome": outcome, **dict.fromkeys(FIELDS, text)}
    report["driver"]["uri"] = f"test:///{text}"
    written = junit(report)
    written.encode("utf-8")
    cases = list(ET.fromstring(written).iter("testcase"))
    assert [len(case) for case in cases] == [1] * len(cases)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.text(alphabet=st.characters()))
def test_what_xml_can_hold_is_kept(judged: Judged, text: str) -> None:
    """Of whatever text, the characters that XML knows come through."""
    report = {**judged.report, "rules": copy.deepcopy(judged.report["rules"][:1])}
    scenario = report["rules"][0]["scenarios"][0]
    scenario |= {"outcome": "inconclusive", "message": text}
    (error,) = ET.fromstring(junit(report).encode()).iter("error")
    kept = "".join(c for c in text if c in "\t\n\r" or c.isprintable())
    assert set(kept) <= set(error.get("message", ""))
