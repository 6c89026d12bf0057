"""What published reports say about drivers, and how their pages say it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.errors import BadReport
from conformance.subject_page import body, stub
from conformance.subjects import Subject, load_subjects, tally
from conformance.verdict import Verdict
from published import publish, report


def test_subjects_of_a_kind_stand_together_in_the_order_of_their_releases(tmp_path: Path) -> None:
    """Drivers are sorted by what they are, then by libvirt's release."""
    publish(
        tmp_path,
        {
            "sid-two": report({}, release=12_008_000),
            "bookworm-two": report({}, release=9_000_000),
            "sid-one": report({}, release=12_008_000),
        },
    )
    subjects = load_subjects(tmp_path)
    assert [one.name for one in subjects] == ["sid-one", "bookworm-two", "sid-two"]
    assert [(one.suite, one.driver, one.libvirt) for one in subjects[:1]] == [("sid", "one", "12.8.0")]
    assert subjects[0].hypervisor == "DEMO 7.2.22"


@pytest.mark.parametrize("text", ["", "{", '{"schema_version": "9.0"}', "[]"])
def test_a_report_that_is_none_is_told_with_its_file(tmp_path: Path, text: str) -> None:
    """A broken file among the published ones ends the build with its name."""
    (tmp_path / "a-b.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadReport, match=r"a-b\.json"):
        load_subjects(tmp_path)


def test_a_name_that_no_address_can_hold_is_refused(tmp_path: Path) -> None:
    """The name is part of the page's address."""
    (tmp_path / "A B.json").write_text(json.dumps(report({})), encoding="utf-8")
    with pytest.raises(BadReport, match="in lower case"):
        load_subjects(tmp_path)


def test_verdicts_come_with_what_they_rest_on() -> None:
    """A conviction says what was expected and observed, everything else its message or its numbers."""
    subject = Subject(
        "a-b", report({"D-001": "upheld", "D-002": "violated", "D-003": "not-applicable"}, capabilities={"x": False})
    )
    assert subject.reason("D-001") == "1 case"
    assert subject.reason("D-002").startswith("1 of 1 case: expected nothing <b>; observed some|thing")
    assert subject.reason("D-003") == "it is not-applicable"
    assert subject.verdict("D-009") is None
    assert (subject.capabilities["x"].word, subject.capabilities["x"].shown) == ("no", "probe of x: NO_SUPPORT")
    assert [one.word for one in subject.flags.values()] == ["taken", "refused"]
    assert tally([subject], "D-002") == {Verdict.VIOLATED: [subject]}
    assert tally([subject], "D-009") == {}


def test_a_page_lets_nothing_that_a_driver_said_act_as_markup() -> None:
    """Bars, marks and links in what was observed stay text, and the script stands as it is."""
    page = body(Subject("a-b", report({"D-002": "violated"})))
    assert r"some\|thing \`else\` \[x\](y)" in page
    assert r"nothing \<b\>" in page
    assert "```{code-block} none\nimport libvirt\nprint(1)\n```" in page
    assert stub("a-b").startswith("---\norphan: true\n")
