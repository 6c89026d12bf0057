"""The report as JUnit XML: the counts agree, every reader takes it, and nothing that a driver said breaks it."""

from __future__ import annotations

import copy
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.render.junit import render
from conftest import Judged
from example import example

COUNTS = {
    "tests": "testcase",
    "failures": "testcase/failure",
    "errors": "testcase/error",
    "skipped": "testcase/skipped",
}
HOSTILE = ["]]>", "<failure/>&amp;", "\x1b[2J\x07\0", "\ud800\ufffe\uffff", "a\nb\tc\rd", "\"'", "☃ – 𝕏"]

#: What the schema that Jenkins' xUnit plugin refuses files by (junit-10.xsd) knows: an element's children and
#: attributes, those with a star required. It knows no file, line or properties of a case.
SCHEMA = {
    "testsuites": (("testsuite",), ("name", "time", "tests", "failures", "errors")),
    "testsuite": (
        ("testsuite", "properties", "testcase", "system-out", "system-err"),
        (
            *("name*", "tests*", "failures*", "errors*", "group", "time", "skipped", "timestamp", "hostname"),
            *("id", "package", "file", "log", "url"),
        ),
    ),
    "properties": (("property",), ()),
    "property": ((), ("name*", "value*")),
    "testcase": (("skipped", "error", "failure", "system-out", "system-err"), ("name*", "time", "classname", "group")),
    "skipped": ((), ("type", "message")),
    "error": ((), ("type", "message")),
    "failure": ((), ("type", "message")),
    "system-out": ((), ()),
}


def breaches(element: ET.Element) -> list[str]:
    """Return what Jenkins would refuse in an element and below it."""
    children, attributes = SCHEMA[element.tag]
    allowed = {name.rstrip("*") for name in attributes}
    found = [f"{element.tag} has {name}" for name in sorted(set(element.keys()) - allowed)]
    found += [
        f"{element.tag} lacks {name}" for name in attributes if name.endswith("*") and name[:-1] not in element.attrib
    ]
    found += [f"{child.tag} in {element.tag}" for child in element if child.tag not in children]
    if element.tag == "testsuite" and not re.fullmatch(r"[0-9]+\.[0-9]*", element.get("time", "")):
        found.append(f"time {element.get('time')}")
    return found + [breach for child in element if child.tag in children for breach in breaches(child)]


def test_jenkins_takes_the_file(judged: Judged) -> None:
    """Nothing stands in it that the strictest reader's schema does not have."""
    assert breaches(ET.fromstring(judged.junit)) == []
    assert breaches(ET.fromstring(render(example()))) == []


def test_the_counts_agree_with_the_cases(judged: Judged) -> None:
    """What a suite says of its cases is what they are, and the whole is the sum."""
    for written in (judged.junit, render(example())):
        root = ET.fromstring(written)
        for count, path in COUNTS.items():
            for suite in root.findall("testsuite"):
                assert int(suite.get(count, "")) == len(suite.findall(path))
            if count != "skipped":
                assert int(root.get(count, "")) == sum(int(suite.get(count, "")) for suite in root)


def test_every_scenario_is_a_case(judged: Judged) -> None:
    """The file holds what the report holds, in its order, each with its place."""
    found = [
        (f"{case.get('classname')}/{case.get('name')}", (case.findtext("system-out") or "").partition("\n")[0])
        for case in ET.fromstring(judged.junit).iter("testcase")
    ]
    assert found == [(s["id"], s["place"]) for rule in judged.report["rules"] for s in rule["scenarios"]]


def test_only_what_was_upheld_looks_like_a_pass() -> None:
    """A reader that knows no more than passed and failed never takes anything else for a pass."""
    report = example()
    scenarios = [scenario for rule in report["rules"] for scenario in rule["scenarios"]]
    for scenario, case in zip(scenarios, ET.fromstring(render(report)).iter("testcase"), strict=True):
        said = [child for child in case if child.tag != "system-out"]
        assert (scenario["outcome"] == "upheld") == (not said), scenario["outcome"]


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [("not-applicable", "skipped"), ("not-run", "skipped"), ("deviation", "skipped"), ("not-testable", "error")],
)
def test_reasons_are_told_by_class(outcome: str, kind: str) -> None:
    """Why a case is no pass stands in its type, in its message, and in its text, which is all that GitLab shows."""
    (found,) = {
        (element.tag, element.get("type"))
        for element in ET.fromstring(render(example())).iter()
        if element.get("type") == outcome
    }
    assert found == (kind, outcome)
    for element in ET.fromstring(render(example())).iter(kind):
        assert element.get("message", "") in " ".join((element.text or "").split())


def test_a_violation_leads_with_the_requirement(judged: Judged) -> None:
    """A failure says the rule, what was expected, what was observed, and how to see it again."""
    failures = list(ET.fromstring(judged.junit).iter("failure"))
    assert failures
    for failure in failures:
        text = failure.text or ""
        assert text.startswith("UNDEF-")
        assert text.index("expected: ") < text.index("observed: ") < text.index("import libvirt")


FIELDS = ("message", "expected", "observed", "reproducer")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
@pytest.mark.parametrize("outcome", ["violated", "inconclusive", "not-applicable"])
def test_a_hostile_text_stays_text(text: str, outcome: str) -> None:
    """Markup, control characters and half characters in what a driver said do not get into the structure."""
    report = example()
    for scenario in (scenario for rule in report["rules"] for scenario in rule["scenarios"]):
        scenario |= {"outcome": outcome, **dict.fromkeys(FIELDS, text)}
    report["driver"]["uri"] = f"test:///{text}"
    written = render(report)
    written.encode("utf-8")
    cases = list(ET.fromstring(written).iter("testcase"))
    assert [len(case) for case in cases] == [2] * len(cases)


@given(st.text(alphabet=st.characters()))
def test_every_character_is_kept_or_named(text: str) -> None:
    """Of whatever text, what can be seen comes through, and the rest by its name."""
    report = example()
    report["rules"] = copy.deepcopy(report["rules"][1:2])
    report["rules"][0]["scenarios"][0]["message"] = text
    (error,) = ET.fromstring(render(report).encode()).iter("error")
    shown = error.text or ""
    assert {c for c in text if c.isprintable()} <= set(shown)
    assert all(c.encode("unicode_escape").decode() in shown for c in text if not c.isprintable() and c not in "\n\t")
