"""What has changed between two reports: each kind of change, and which of them make a release worse."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.diff import Kind, compare, has_got_worse
from conformance.form import first_breach
from conformance.report import schema
from conformance.verdict import Verdict
from reports import ABSENT, EXCUSED, UNRUN, UNSET, UNSURE, UPHELD, VIOLATED, report

A, B, C = "UNDEF-001/a", "UNDEF-001/b", "UNDEF-002/c"
TABLE, FAULT = "UNDEF-001/table", "UNDEF-001/table[succeeded]"
SIDE = {"$defs": schema()["$defs"], "$ref": "#/$defs/difference"}


def with_capability(made: dict[str, Any], *, present: bool, name: str = "define") -> dict[str, Any]:
    """Return a report whose driver has a capability, or lacks it."""
    evidence = "create: success" if present else "create: NO_SUPPORT"
    return {**made, "capabilities": [{"id": name, "present": present, "evidence": evidence}]}


def diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return what has changed, held against the schema's part about it."""
    found = compare(old, new, "old.json")
    assert first_breach(found, SIDE) == ""
    return found


def kinds(found: Mapping[str, Any]) -> dict[str, Kind]:
    """Return what has become of each scenario that is told of."""
    return {change["id"]: kind for kind in Kind for change in found[kind]}


#: For each pair of outcomes what has become of the scenario, the driver having what it had.
BECOMES = {
    (UPHELD, VIOLATED): Kind.REGRESSED,
    (UPHELD, UNSET): Kind.REGRESSED,
    (UPHELD, EXCUSED): Kind.REGRESSED,
    (VIOLATED, UPHELD): Kind.MENDED,
    (EXCUSED, UPHELD): Kind.MENDED,
    (UNSET, UPHELD): Kind.MENDED,
    (VIOLATED, VIOLATED): Kind.STILL_BROKEN,
    (VIOLATED, EXCUSED): Kind.STILL_BROKEN,
    (EXCUSED, VIOLATED): Kind.STILL_BROKEN,
    (UNSET, VIOLATED): Kind.STILL_BROKEN,
    (ABSENT, UPHELD): Kind.NEWLY_SUPPORTED,
    (ABSENT, VIOLATED): Kind.NEWLY_SUPPORTED,
    (UPHELD, ABSENT): Kind.NOT_COMPARED,
    (UPHELD, UNRUN): Kind.NOT_COMPARED,
    (UPHELD, UNSURE): Kind.NOT_COMPARED,
    (UNRUN, VIOLATED): Kind.NOT_COMPARED,
    (UNSURE, UNSURE): Kind.NOT_COMPARED,
    (UNRUN, UNRUN): None,
    (UPHELD, UPHELD): None,
    (ABSENT, ABSENT): None,
}


@pytest.mark.parametrize(
    ("pair", "kind"), BECOMES.items(), ids=lambda value: " to ".join(value) if value else "nothing"
)
def test_each_pair_of_outcomes_has_a_name(pair: tuple[Verdict, Verdict], kind: Kind | None) -> None:
    """What a scenario was and is says what has become of it."""
    found = diff(report({A: pair[0]}), report({A: pair[1]}))
    assert kinds(found).get(A) == kind


@pytest.mark.parametrize("was", [UPHELD, VIOLATED, EXCUSED, UNSET])
def test_what_applied_and_no_longer_does_is_support_lost(was: Verdict) -> None:
    """A driver that has lost a capability has got worse, even where what needed it was broken."""
    new = with_capability(report({A: ABSENT}), present=False)
    found = diff(report({A: was}), new)
    assert kinds(found) == {A: Kind.SUPPORT_LOST}
    assert [one["id"] for one in found["capabilities"]["lost"]] == ["define"]
    assert found["exit_code"] == 1


def test_a_lost_capability_counts_without_any_scenario() -> None:
    """Where no scenario was judged by it, that it is gone is a regression all the same."""
    found = diff(report({A: UPHELD}), with_capability(report({A: UPHELD}), present=False))
    assert (found["exit_code"], found["capabilities"]["lost"][0]["new"]) == (1, "create: NO_SUPPORT")
    back = diff(with_capability(report({A: UPHELD}), present=False), report({A: UPHELD}))
    assert (back["exit_code"], back["capabilities"]["gained"][0]["old"]) == (0, "create: NO_SUPPORT")


def test_a_rule_newer_than_the_driver_has_lost_its_support() -> None:
    """Whoever goes back to an older release is told what that does not have."""
    new = report({A: ABSENT}, driver={"libvirt_version": 9_003})
    assert kinds(diff(report({A: UPHELD}), new)) == {A: Kind.SUPPORT_LOST}


def test_a_report_before_1_2_goes_by_the_capabilities_alone() -> None:
    """Where it is not told what a scenario needs, a lost capability explains it, and nothing else does."""
    old, new = report({A: UPHELD}), report({A: ABSENT})
    for made in (old, new):
        made["schema_version"] = "1.1"
        del made["rules"][0]["scenarios"][0]["needs"]
    assert kinds(diff(old, new)) == {A: Kind.NOT_COMPARED}
    assert kinds(diff(old, with_capability(new, present=False))) == {A: Kind.SUPPORT_LOST}


def other_text(made: dict[str, Any]) -> dict[str, Any]:
    """Return a report by another specification."""
    return {**made, "spec": {"title": "Domains", "version": "2.0.0", "digest": "sha256:" + 64 * "1"}}


def test_across_specifications_only_what_both_know_is_compared() -> None:
    """What is new is newly specified and what is gone withdrawn, neither is worse, and all of it is said."""
    found = diff(report({A: VIOLATED, B: UPHELD}), other_text(report({A: VIOLATED, C: VIOLATED})))
    assert kinds(found) == {A: Kind.STILL_BROKEN, B: Kind.WITHDRAWN, C: Kind.NEWLY_SPECIFIED}
    assert found["exit_code"] == 0
    (note,) = found["notes"]
    assert "was 1.0.0, and is 2.0.0 of another text" in note
    assert "only what both have is compared: 1 new scenario, 1 gone" in note


def test_a_reworded_rule_is_suspect() -> None:
    """Whose text or level has changed may be broken for what is demanded anew, which is said."""
    new = other_text(report({A: VIOLATED}))
    new["rules"][0]["statement"] = "Another sentence."
    found = diff(report({A: UPHELD}), new)
    assert kinds(found) == {A: Kind.REGRESSED}
    assert "the text or level of UNDEF-001 was changed" in found["notes"][-1]


def test_a_recorded_regression_does_not_fail() -> None:
    """Who has recorded a deviation with its reason has decided: it is told, and does not count."""
    found = diff(report({A: UPHELD}), report({A: EXCUSED}))
    assert (kinds(found), found["exit_code"]) == ({A: Kind.REGRESSED}, 0)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"driver": {"type": "QEMU"}}, "these are two drivers: TEST then, QEMU now"),
        ({"driver": {"uri": "qemu:///system"}}, "the URI was test:///default, and is qemu:///system"),
        ({"driver": {"hostname": "other"}}, "the host was bench, and is other"),
        ({"machine": {"type": "kvm"}}, "then domains of type test, now kvm"),
        ({"machine": {"arch": "s390x"}}, "then guests of i686, now s390x"),
        ({"problems": ["something"]}, "the new run was inconclusive"),
    ],
    ids=["type", "uri", "host", "domains", "arch", "inconclusive"],
)
def test_what_makes_a_comparison_doubtful_is_said(more: dict[str, Any], says: str) -> None:
    """A baseline of another driver, URI or host is compared, and that it is one is said first."""
    assert diff(report({A: UPHELD}), report({A: UPHELD}, **more))["notes"] == [says]


def test_what_was_not_run_is_said() -> None:
    """A run of some rules only is compared by those, and says how much that leaves out."""
    found = diff(report({A: UNRUN, B: UPHELD}), report({A: UPHELD, B: UPHELD}))
    assert found["notes"] == ["1 scenario not run then, and not compared"]


def test_an_inconclusive_run_is_no_pass() -> None:
    """Where the new run came to no conclusion, neither does the comparison."""
    assert diff(report({A: UPHELD}), report({A: UNSURE}))["exit_code"] == 2


def asked(made: dict[str, Any], mode: str) -> dict[str, Any]:
    """Return a report whose run has asked so much of the decision table."""
    return {**made, "decision_table": {"mode": mode}}


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (
            asked(report({TABLE: UPHELD}), "pairwise"),
            asked(report({FAULT: VIOLATED, TABLE: UPHELD}), "pairwise"),
            Kind.REGRESSED,
        ),
        (
            asked(report({FAULT: VIOLATED, TABLE: UPHELD}), "pairwise"),
            asked(report({TABLE: UPHELD}), "pairwise"),
            Kind.MENDED,
        ),
        (
            asked(report({TABLE: UPHELD}), "pairwise"),
            asked(report({FAULT: VIOLATED, TABLE: UPHELD}), "exhaustive"),
            Kind.NOT_COMPARED,
        ),
        (
            asked(report({TABLE: UPHELD}), "exhaustive"),
            asked(report({FAULT: VIOLATED, TABLE: UPHELD}), "pairwise"),
            Kind.REGRESSED,
        ),
        (
            asked(report({FAULT: VIOLATED, TABLE: UPHELD}), "exhaustive"),
            asked(report({TABLE: UPHELD}), "pairwise"),
            Kind.NOT_COMPARED,
        ),
        (
            asked(report({TABLE: ABSENT}), "pairwise"),
            asked(report({FAULT: VIOLATED}), "pairwise"),
            Kind.NEWLY_SUPPORTED,
        ),
        (asked(report({TABLE: UNSURE}), "pairwise"), asked(report({FAULT: VIOLATED}), "pairwise"), Kind.NOT_COMPARED),
        (report({A: UPHELD}), asked(report({A: UPHELD, FAULT: VIOLATED}), "pairwise"), Kind.NOT_COMPARED),
    ],
    ids=["new", "gone", "new, more asked", "new, less asked", "gone, less asked", "applies now", "unsure", "no table"],
)
def test_a_fault_of_the_table_is_compared_with_the_table(old: dict[str, Any], new: dict[str, Any], kind: Kind) -> None:
    """A fault has an entry where it was shown only: elsewhere it held, as far as was asked."""
    assert kinds(compare(old, new, "old.json"))[FAULT] == kind


def test_the_rest_of_the_table_is_no_change_of_its_own() -> None:
    """Where every cell breaks a rule there is no entry for the rest, which the faults tell already."""
    found = compare(report({TABLE: UPHELD}), report({FAULT: VIOLATED}), "old.json")
    assert kinds(found) == {FAULT: Kind.REGRESSED}


def test_flags_that_are_no_longer_taken_are_told() -> None:
    """That a flag is refused now is shown with the error."""
    old, new = report({A: UPHELD}), report({A: UPHELD})
    new["undefine_flags"] = {"MANAGED_SAVE": "INVALID_ARG"}
    assert diff(old, new)["flags"]["lost"] == [{"id": "MANAGED_SAVE", "old": "taken", "new": "INVALID_ARG"}]
    assert diff(new, old)["flags"]["gained"] == [{"id": "MANAGED_SAVE", "old": "INVALID_ARG", "new": "taken"}]


NAMES = [A, B, C, "UNDEF-003/d", TABLE, FAULT]
REPORTS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(list(Verdict)), min_size=1).map(report)


@given(REPORTS)
def test_a_report_is_no_worse_than_itself(made: dict[str, Any]) -> None:
    """Compared with itself nothing has changed, whatever is broken."""
    found = diff(made, made)
    assert not has_got_worse(found)
    assert set(kinds(found).values()) <= {Kind.STILL_BROKEN, Kind.NOT_COMPARED}


@given(REPORTS, REPORTS)
def test_no_scenario_is_lost(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Each scenario of the two stands in one list, is counted as unchanged, or was run by neither."""
    found = diff(old, new)
    listed = [change["id"] for kind in Kind for change in found[kind]]
    assert len(listed) == len(set(listed))
    names = {s["id"] for made in (old, new) for rule in made["rules"] for s in rule["scenarios"]}
    assert set(listed) <= names
    left = len(names) - len(listed) - sum(found["unchanged"].values())
    assert 0 <= left <= len(names)
    assert found["unchanged"].keys() <= {"upheld", "not-applicable", "not-run"}


@given(REPORTS, REPORTS)
def test_what_is_mended_one_way_has_regressed_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    """The two directions of a comparison tell the same."""
    there, back = kinds(diff(old, new)), kinds(diff(new, old))
    turned = {
        Kind.REGRESSED: Kind.MENDED,
        Kind.MENDED: Kind.REGRESSED,
        Kind.STILL_BROKEN: Kind.STILL_BROKEN,
        Kind.NEWLY_SPECIFIED: Kind.WITHDRAWN,
        Kind.WITHDRAWN: Kind.NEWLY_SPECIFIED,
    }
    assert {name: turned[kind] for name, kind in there.items() if kind in turned} == {
        name: kind for name, kind in back.items() if kind in turned
    }


@given(REPORTS, REPORTS)
def test_what_is_worse_was_upheld_or_applied(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Nothing that never held is a regression."""
    before = copy.deepcopy(old)
    found = diff(old, new)
    assert all(change["old"] == UPHELD for change in found[Kind.REGRESSED])
    assert old == before
