"""What has changed between two reports: each kind of change, and which of them make a release worse."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.diff import Kind, compare, has_got_worse, regressions, release_of_side
from conformance.form import first_breach
from conformance.report import schema
from conformance.verdict import Verdict
from reports import ABSENT, DRIVER, EXCUSED, MACHINE, UNRUN, UNSET, UNSURE, UPHELD, VIOLATED, report

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
    found = diff(report({A: UPHELD}), new)
    assert kinds(found) == {A: Kind.SUPPORT_LOST}
    assert (has_got_worse(found), found["exit_code"]) == (True, 1)


@pytest.mark.parametrize("release", [9_004, 0, None], ids=["of the rule", "none", "not told"])
def test_a_rule_that_is_not_newer_than_the_driver_does_not_apply_for_another_reason(release: int | None) -> None:
    """With the release of the rule, or one that nobody tells, no support is lost."""
    new = report({A: ABSENT}, driver={"libvirt_version": release})
    if release is None:
        del new["driver"]["libvirt_version"]
    assert kinds(diff(report({A: UPHELD}), new)) == {A: Kind.NOT_COMPARED}


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
    assert found["notes"] == [
        "the specification was 1.0.0, and is 2.0.0 of another text; only what both have is compared: 1 new scenario, "
        "1 gone"
    ]


def test_a_reworded_rule_is_suspect() -> None:
    """Whose text or level has changed may be broken for what is demanded anew, which is said."""
    new = other_text(report({A: VIOLATED}))
    new["rules"][0]["statement"] = "Another sentence."
    found = diff(report({A: UPHELD}), new)
    assert kinds(found) == {A: Kind.REGRESSED}
    assert found["notes"][-1] == ("the text or level of UNDEF-001 was changed: what differs may be demanded anew")
    new = other_text(report({A: VIOLATED, C: UPHELD, "UNDEF-003/d": UPHELD}))
    new["rules"][0]["level"], new["rules"][1]["statement"] = "SHOULD", "Another sentence."
    (_, note) = diff(report({A: UPHELD, C: UPHELD}), new)["notes"]
    assert note.startswith("the text or level of UNDEF-001, UNDEF-002 was changed: ")


def test_a_regression_is_worse() -> None:
    """What held and is violated fails the comparison, without any support that was lost."""
    found = diff(report({A: UPHELD}), report({A: VIOLATED}))
    assert (has_got_worse(found), found["exit_code"]) == (True, 1)
    assert [change["id"] for change in regressions(found)] == [A]


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


def test_how_much_was_not_run_is_counted() -> None:
    """Of each run it is said apart, also of the one that came to a conclusion."""
    old = report({A: UPHELD, B: UNRUN, C: UNRUN})
    assert diff(old, report({A: UPHELD, B: UPHELD, C: UPHELD}))["notes"] == [
        "2 scenarios not run then, and not compared"
    ]
    assert diff(report({A: UPHELD, B: UPHELD, C: UPHELD}), old)["notes"] == [
        "2 scenarios not run now, and not compared"
    ]


def test_a_selection_of_the_table_beside_all_of_it_is_said() -> None:
    """What was asked of the decision table is said where it was not as much, and where both runs tell."""
    selection, all_of_it = asked(report({A: UPHELD}), "pairwise"), asked(report({A: UPHELD}), "exhaustive")
    says = "of the decision table, then a selection was asked, now every cell"
    assert compare(selection, all_of_it, "old.json")["notes"] == [says]
    assert compare(all_of_it, all_of_it, "old.json")["notes"] == []
    assert compare(report({A: UPHELD}), selection, "old.json")["notes"] == []


def test_what_a_report_does_not_tell_is_called_unknown() -> None:
    """A run that reached no driver is compared all the same, and nothing is said of a machine that was not found."""
    unreached = {**report({A: UNSURE}), "driver": {"uri": "test:///default"}, "machine": {}}
    assert diff(unreached, report({A: UPHELD}))["notes"] == [
        "these are two drivers: unknown then, TEST now",
        "the host was unknown, and is bench",
        "the old run was inconclusive",
    ]
    assert diff(report({A: UPHELD}), unreached)["notes"] == [
        "these are two drivers: TEST then, unknown now",
        "the host was bench, and is unknown",
        "the new run was inconclusive",
    ]
    assert diff(unreached, unreached)["notes"] == ["the old run was inconclusive", "the new run was inconclusive"]
    bare = report({A: UPHELD})
    bare["machine"] = {"type": "kvm"}
    assert diff(report({A: UPHELD}), bare)["notes"] == [
        "then domains of type test, now kvm",
        "then guests of i686, now unknown",
    ]


def test_both_sides_are_told() -> None:
    """A comparison says what was held against what, and from which file the first is."""
    found = diff(report({A: UPHELD}, kit={"name": "k", "version": "0.0.9"}), report({A: VIOLATED}))
    assert found["file"] == "old.json"
    assert (found["old"]["kit"], found["new"]["kit"]) == ("0.0.9", "0.1.0")
    assert (found["old"]["exit_code"], found["new"]["exit_code"]) == (0, 1)
    assert {**found["new"], "kit": "", "exit_code": 0} == {
        "kit": "",
        "spec": {"version": "1.0.0", "digest": "sha256:" + 64 * "0"},
        "driver": DRIVER,
        "machine": MACHINE,
        "started": "2026-11-26T10:00:00+00:00",
        "exit_code": 0,
    }


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        (UPHELD, VIOLATED, "expected: gone; observed: there"),
        (VIOLATED, UPHELD, "expected: gone; observed: there"),
        (VIOLATED, UNSET, "not reached"),
        (UNSET, UPHELD, "not reached"),
        (ABSENT, UPHELD, "the driver lacks it"),
        (VIOLATED, UNSURE, "killed"),
    ],
)
def test_a_change_is_told_by_the_report_that_has_something_to_say(was: Verdict, now: Verdict, message: str) -> None:
    """What is broken is told by the new report; what is mended, by the old one."""
    found = diff(report({C: was}), report({C: now}))
    (change,) = (change for kind in Kind for change in found[kind])
    assert change == {
        "id": C,
        "rule": "UNDEF-002",
        "level": "SHOULD",
        "title": f"Title of {C}",
        "old": was,
        "new": now,
        "message": message,
    }


def test_what_one_report_does_not_know_has_no_outcome_there() -> None:
    """What is new has none before, and what was withdrawn none now."""
    found = diff(report({A: UPHELD, B: VIOLATED}), other_text(report({A: UPHELD, C: VIOLATED})))
    (come,), (gone,) = found[Kind.NEWLY_SPECIFIED], found[Kind.WITHDRAWN]
    assert (come["id"], come["old"], come["new"]) == (C, "", VIOLATED)
    assert (gone["id"], gone["old"], gone["new"]) == (B, VIOLATED, "")


def test_the_gravest_change_comes_first() -> None:
    """What is broken comes before what is not, then a MUST before a SHOULD before a MAY, then the ids count."""
    may = "UNDEF-003/d"
    found = diff(
        report({may: ABSENT, C: ABSENT, B: ABSENT, A: ABSENT}),
        report({may: VIOLATED, C: VIOLATED, B: UPHELD, A: UPHELD}),
    )
    assert [change["id"] for change in found[Kind.NEWLY_SUPPORTED]] == [C, may, A, B]


def test_what_has_not_changed_is_counted() -> None:
    """By outcome it is said how much is as it was."""
    made = report({A: UPHELD, B: UPHELD, C: ABSENT, "UNDEF-003/d": UNRUN})
    assert diff(made, made)["unchanged"] == {"upheld": 2, "not-applicable": 1, "not-run": 1}


@pytest.mark.parametrize(
    ("driver", "words"),
    [
        (DRIVER, "TEST driver of libvirt 9.0.0, hypervisor 0.0.2"),
        ({"type": "QEMU", "libvirt_version": 11_003_001}, "QEMU driver of libvirt 11.3.1"),
        ({"type": "", "hypervisor_version": 7_000_002}, "unknown driver, hypervisor 7.0.2"),
        ({}, "unknown driver"),
    ],
    ids=["all", "no hypervisor", "no type", "nothing"],
)
def test_a_side_is_named_by_its_driver_and_releases(driver: dict[str, Any], words: str) -> None:
    """What was not told is left out."""
    assert release_of_side({"driver": driver}) == words


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
        (asked(report({TABLE: UNSET}), "pairwise"), asked(report({FAULT: VIOLATED}), "pairwise"), Kind.STILL_BROKEN),
        (asked(report({FAULT: VIOLATED}), "pairwise"), asked(report({TABLE: UNSET}), "pairwise"), Kind.STILL_BROKEN),
        (report({A: UPHELD}), asked(report({A: UPHELD, FAULT: VIOLATED}), "pairwise"), Kind.NOT_COMPARED),
    ],
    ids=[
        "new",
        "gone",
        "new, more asked",
        "new, less asked",
        "gone, less asked",
        "applies now",
        "unsure",
        "stuck",
        "stuck now",
        "no table",
    ],
)
def test_a_fault_of_the_table_is_compared_with_the_table(old: dict[str, Any], new: dict[str, Any], kind: Kind) -> None:
    """A fault has an entry where it was shown only: elsewhere it held, as far as was asked."""
    assert kinds(compare(old, new, "old.json"))[FAULT] == kind


def test_the_rest_of_the_table_is_no_change_of_its_own() -> None:
    """Where every cell breaks a rule there is no entry for the rest, which the faults tell already."""
    found = compare(report({TABLE: UPHELD}), report({FAULT: VIOLATED}), "old.json")
    assert kinds(found) == {FAULT: Kind.REGRESSED}
    found = compare(report({TABLE: ABSENT}), report({FAULT: VIOLATED}), "old.json")
    assert (kinds(found), found["unchanged"]) == ({FAULT: Kind.NEWLY_SUPPORTED}, {"not-applicable": 1})


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
