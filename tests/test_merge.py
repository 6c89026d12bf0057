"""Reports put together: what goes together is one whole, and what does not is refused in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.conclusion import conclude
from conformance.diff import compare
from conformance.errors import CannotMerge
from conformance.form import first_breach
from conformance.merge import merge
from conformance.plan import Selection
from conformance.report import schema, slim
from conformance.verdict import Verdict
from reports import ABSENT, UNRUN, UNSURE, UPHELD, VIOLATED, outcomes_of, report

A, B, C = "UNDEF-001/a", "UNDEF-001/b", "UNDEF-002/c"
TABLE, FAULT = "UNDEF-001/table", "UNDEF-001/table[succeeded]"


def whole(*reports: Mapping[str, Any]) -> dict[str, Any]:
    """Return one report of several, concluded and held against the schema."""
    merged = conclude(merge([(f"{number}.json", made) for number, made in enumerate(reports, 1)], "merge"))
    assert first_breach(merged, schema()) == ""
    return merged


def part(outcomes: Mapping[str, Verdict], index: int, of: int, **more: Any) -> dict[str, Any]:
    """Return the report of one part of a run."""
    return report(outcomes, shard={"index": index, "of": of}, **more)


def test_each_scenario_comes_from_the_part_that_judged_it() -> None:
    """What one part did not run another did; together they are complete, and no part any more."""
    merged = whole(part({A: UPHELD, B: UNRUN}, 1, 2), part({A: UNRUN, B: VIOLATED}, 2, 2))
    assert outcomes_of(merged) == {A: UPHELD, B: VIOLATED}
    assert (merged["rules"][0]["verdict"], merged["summary"]["exit_code"]) == (VIOLATED, 1)
    assert merged["complete"] is True
    assert "shard" not in merged
    assert [(one["file"], one["judged"]) for one in merged["merged"]] == [("1.json", 1), ("2.json", 1)]


def test_one_report_alone_stays_what_it_is() -> None:
    """Whoever names one report wants it held against something, or made small."""
    single = report({A: UPHELD, B: VIOLATED})
    assert whole(single) == single


def test_a_slim_report_says_what_a_whole_one_says() -> None:
    """Only the calls of what is upheld are left out, and the form allows that."""
    single = report({A: UPHELD, B: VIOLATED})
    small = slim(single)
    assert first_breach(small, schema()) == ""
    assert ["calls" in s for s in small["rules"][0]["scenarios"]] == [False, True]
    assert compare(single, small, "old.json")["notes"] == compare(single, single, "old.json")["notes"]
    assert small["summary"] == single["summary"]


def test_hosts_that_found_the_same_are_one() -> None:
    """Whole runs on several hosts agree on every scenario; the hosts are named, and their objects counted."""
    merged = whole(report({A: UPHELD}), report({A: UPHELD}, driver={"hostname": "other"}))
    assert merged["driver"]["hostname"] == "bench, other"
    assert merged["driver"]["uri"] == "test:///default"
    assert merged["inventory"]["objects"] == 6
    assert merged["timing"]["workers"] == 4


def test_the_time_is_that_from_the_first_beginning_to_the_last_end() -> None:
    """Parts run side by side: their times are not summed."""
    late = report({A: UPHELD})
    late["timing"] |= {"started": "2026-11-26T10:00:05+00:00", "wall_seconds": 4.0}
    assert whole(report({A: UPHELD}), late)["timing"]["wall_seconds"] == 9.0
    late["timing"]["started"] = "2026-99-99T10:00:05+00:00"
    assert whole(report({A: UPHELD}), late)["timing"]["wall_seconds"] == 4.0


def test_what_went_wrong_in_a_part_went_wrong() -> None:
    """A problem of one part makes the whole inconclusive, and names the part."""
    merged = whole(report({A: UPHELD}), report({A: UPHELD}, problems=["clean-up: a domain is left"]))
    assert merged["problems"] == ["2.json: clean-up: a domain is left"]
    assert merged["summary"]["exit_code"] == 2


def with_capability(name: str) -> dict[str, Any]:
    """Return a report of a driver that can do one thing more."""
    made = report({A: UPHELD})
    return {**made, "capabilities": [*made["capabilities"], {"id": name, "present": True, "evidence": "yes"}]}


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (report({A: VIOLATED}), "2.json: UNDEF-001/a is violated, and upheld in 1.json"),
        (report({A: UNSURE}), "2.json: UNDEF-001/a is inconclusive, and upheld in 1.json"),
        (report({A: UPHELD}, driver={"type": "QEMU"}), "the type of driver is 'QEMU', and 'TEST' in 1.json"),
        (
            report({A: UPHELD}, driver={"libvirt_version": 1}),
            "the release of libvirt is '0.0.1', and '9.0.0' in 1.json",
        ),
        (
            report({A: UPHELD}, driver={"hypervisor_version": ""}),
            "the release of the hypervisor is unknown, and '0.0.2' in 1.json",
        ),
        (report({A: UPHELD}, machine={"arch": "s390x"}), "the architecture is 's390x', and 'i686'"),
        (report({A: UPHELD}, kit={"name": "libvirt-conformance", "version": "9"}), "the release of the kit is '9'"),
        (
            report({A: UPHELD}, spec={"title": "D", "version": "1", "digest": "sha256:" + 64 * "1"}),
            "the specification is",
        ),
        (report({A: UPHELD}, summary={"exit_code": 0, "level": "SHOULD"}), "the level that fails is 'SHOULD'"),
        (with_capability("tpm"), "the driver has the capability tpm, other than in 1.json"),
        (report({A: UPHELD}, undefine_flags={}), "the driver lacks the flag MANAGED_SAVE, other than in 1.json"),
        (part({A: UPHELD}, 1, 2), "the number of parts is '2', and unknown in 1.json"),
        (
            report({A: UPHELD}, deviations={"file": "d", "entries": []}),
            "it was held against recorded deviations already",
        ),
        (report({A: UPHELD, "UNDEF-001/table[x]": VIOLATED, TABLE: UPHELD}), ""),
    ],
    ids=[
        "conflict",
        "inconclusive",
        "driver",
        "libvirt",
        "hypervisor",
        "arch",
        "kit",
        "specification",
        "level",
        "capability",
        "flag",
        "part",
        "deviations",
        "table",
    ],
)
def test_what_does_not_go_together_is_refused(other: dict[str, Any], says: str) -> None:
    """One sentence names the file and what differs."""
    if not says:
        first, says = report({A: UPHELD, TABLE: UPHELD}), "UNDEF-001/table[x] is not there, and violated in 2.json"
    else:
        first = report({A: UPHELD})
    with pytest.raises(CannotMerge) as caught:
        merge([("1.json", first), ("2.json", other)], "merge")
    assert says in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_missing_part_is_refused() -> None:
    """Three parts of four are not taken for a whole."""
    with pytest.raises(CannotMerge, match="of 4 parts 2, 4 are missing"):
        merge([("1.json", part({A: UPHELD}, 1, 4)), ("3.json", part({A: UNRUN}, 3, 4))], "merge")
    with pytest.raises(CannotMerge, match="of 2 parts 2 is missing"):
        merge([("1.json", part({A: UPHELD}, 1, 2)), ("3.json", part({A: UPHELD}, 1, 2))], "merge")


def table(**more: Any) -> dict[str, Any]:
    """Return what a report says of the decision table."""
    return {
        "mode": "pairwise",
        "cells": {"reachable": 512, "not_reached": 512, "decided": 10, "convicted": 0, "inconsistent": 0},
        "rules": [{"id": "UNDEF-001", "decided": 10, "upheld": 10}],
        "seconds": 1.0,
        "libvirt_seconds": 0.5,
        "convictions": [],
        "inconsistent": [],
        "not_reached": [{"domain": "one", "reason": "r"}, {"domain": "two", "reason": "r"}],
        **more,
    }


def conviction(cells: int) -> dict[str, Any]:
    """Return a fault of the table."""
    told = {"combination": "c", "state": "inactive", "expected": "e", "observed": "o", "reproducer": "p"}
    return {"id": FAULT, "rule": "UNDEF-001", "level": "MUST", "holds": [], "flags": [], "cells": cells, **told}


def test_parts_that_asked_other_cells_are_one_table() -> None:
    """Cells are summed, a fault stands once with all its cells, and one part's fault outweighs another's pass."""
    one = part({FAULT: VIOLATED, TABLE: ABSENT}, 1, 2, decision_table=table(convictions=[conviction(3)]))
    two = part({FAULT: VIOLATED, TABLE: UPHELD}, 2, 2, decision_table=table(convictions=[conviction(4)]))
    two["decision_table"]["not_reached"] = [{"domain": "two", "reason": "r"}, {"domain": "three", "reason": "r"}]
    merged = whole(one, two)
    assert merged["decision_table"]["cells"] | {"convicted": 0} == {
        "reachable": 256,
        "not_reached": 768,
        "decided": 20,
        "convicted": 0,
        "inconsistent": 0,
    }
    assert [one["cells"] for one in merged["decision_table"]["convictions"]] == [7]
    assert outcomes_of(merged) == {FAULT: VIOLATED, TABLE: UPHELD}
    assert merged["rules"][0]["scenarios"][0]["message"].endswith(": 7")


def test_whole_runs_that_asked_the_same_cells_count_them_once() -> None:
    """Of hosts that each asked the whole selection the cells are not summed."""
    one, two = (report({TABLE: UPHELD}, decision_table=table()) for _ in range(2))
    assert whole(one, two)["decision_table"]["cells"]["decided"] == 10


@given(st.lists(st.integers()), st.integers(1, 9))
def test_parts_are_everything_and_nothing_twice(everything: list[int], of: int) -> None:
    """Whatever there is, and into however many parts it goes, each thing is in one part."""
    parts = [Selection((), (index, of)).part(everything) for index in range(1, of + 1)]
    assert sorted(one for part in parts for one in part) == sorted(everything)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


OUTCOMES = st.lists(st.sampled_from([UPHELD, ABSENT, VIOLATED, UNSURE]), min_size=4, max_size=4)


@given(OUTCOMES, st.integers(1, 4), st.randoms())
def test_a_run_in_parts_is_the_run(outcomes: list[Verdict], of: int, order: Any) -> None:
    """However a run is shared out, and in whatever order its parts are named, the whole has its verdicts."""
    names = [A, B, C, "UNDEF-003/d"]
    single = report(dict(zip(names, outcomes, strict=True)))
    parts = [
        part(
            {n: o if i % of == index - 1 else UNRUN for i, (n, o) in enumerate(zip(names, outcomes, strict=True))},
            index,
            of,
        )
        for index in range(1, of + 1)
    ]
    order.shuffle(parts)
    merged = whole(*parts)
    assert outcomes_of(merged) == outcomes_of(single)
    assert merged["summary"] == single["summary"]


@pytest.mark.parametrize(
    "change", [lambda made: made.pop("decision_table"), lambda made: made.pop("shard")], ids=["table", "shard"]
)
def test_a_part_of_another_kind_is_refused(change: Callable[[dict[str, Any]], Any]) -> None:
    """A part without what the others have is no part of the same run."""
    parts = [part({A: UPHELD}, index, 2, decision_table=table()) for index in (1, 2)]
    change(parts[1])
    with pytest.raises(CannotMerge):
        merge([("1.json", parts[0]), ("2.json", parts[1])], "merge")
