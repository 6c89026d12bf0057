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
from reports import ABSENT, UNRUN, UNSET, UNSURE, UPHELD, VIOLATED, outcomes_of, report

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
    merged = whole(report({A: UPHELD}), report({A: UPHELD}, driver={"hostname": "other"}), report({A: UPHELD}))
    assert merged["driver"]["hostname"] == "bench, other"
    assert merged["driver"]["uri"] == "test:///default"
    assert merged["inventory"]["objects"] == 6
    assert merged["timing"]["workers"] == 6


def test_a_whole_names_its_parts() -> None:
    """Each part is told with its file, its host, its time and its command; the whole has that which put it together."""
    one = report({A: UPHELD, B: UNRUN})
    two = report({A: UPHELD, B: UPHELD}, reproduce="run 2", driver={"uri": "qemu:///system", "hostname": "other"})
    two["timing"] = {**two["timing"], "started": "2026-11-26T11:00:00+00:00"}
    merged = whole(one, two)
    assert merged["merged"] == [
        {
            "file": "1.json",
            "uri": "test:///default",
            "hostname": "bench",
            "started": "2026-11-26T10:00:00+00:00",
            "reproduce": "libvirt-conformance run",
            "judged": 1,
        },
        {
            "file": "2.json",
            "uri": "qemu:///system",
            "hostname": "other",
            "started": "2026-11-26T11:00:00+00:00",
            "reproduce": "run 2",
            "judged": 2,
        },
    ]
    assert merged["reproduce"] == "merge"
    assert merged["driver"] == {**one["driver"], "uri": "test:///default, qemu:///system", "hostname": "bench, other"}
    kept = one.keys() - {"driver", "rules", "timing", "summary", "reproduce", "inventory"}
    assert {name: merged[name] for name in kept} == {name: one[name] for name in kept}
    assert merged.keys() == one.keys() | {"merged"}


def test_a_host_without_a_name_is_one_too() -> None:
    """A driver that does not say its host's name is a host like any other."""
    first, second = report({A: UPHELD}), report({A: UPHELD})
    del first["driver"]["hostname"]
    merged = whole(first, second)
    assert merged["driver"]["hostname"] == ", bench"
    assert [one["hostname"] for one in merged["merged"]] == ["", "bench"]
    assert merged["inventory"]["objects"] == 6
    assert whole(first, report({A: UPHELD}, driver={"hostname": ""}))["inventory"]["objects"] == 3


def test_the_objects_of_others_are_those_of_all_hosts() -> None:
    """Objects of one host are counted once, what was changed anywhere was changed, and the rest is silent."""
    inventories = [
        ("bench", {"objects": 3, "identical": True, "changed": []}),
        ("bench", {"objects": 4, "identical": False, "changed": ["y is gone", "x is gone"], "left": ["/b"]}),
        ("bench", {"objects": 2, "identical": False, "changed": ["x is gone"], "left": ["/b", "/a"]}),
        ("other", {"objects": 5, "identical": True, "changed": []}),
        ("third", {}),
    ]
    reports = [report({A: UPHELD}, inventory=inventory, driver={"hostname": host}) for host, inventory in inventories]
    merged = whole(*reports)
    assert merged["inventory"] == {
        "objects": 9,
        "identical": False,
        "changed": ["x is gone", "y is gone"],
        "left": ["/a", "/b"],
    }
    assert whole(reports[0], reports[3])["inventory"] == {"objects": 8, "identical": True, "changed": [], "left": []}
    assert whole(reports[4], reports[4])["inventory"] == {}
    reports[3]["inventory"]["objects"] = 0
    assert whole(reports[0], reports[3])["inventory"]["objects"] == 3


def test_work_is_summed_and_the_largest_process_is_the_largest() -> None:
    """The whole began with the first part, worked as long as all of them, and was as large as its largest."""
    one, two, three = report({A: UPHELD}), report({A: UPHELD}), report({A: UPHELD})
    one["timing"] |= {"started": "2026-11-26T10:00:09+00:00", "wall_seconds": 1.0, "workers": 1, "peak_kib": 7}
    two["timing"] |= {"libvirt_seconds": 0.1, "busy_seconds": 0.2, "wall_seconds": 2.1256, "peak_kib": 12}
    three["timing"] |= {"libvirt_seconds": 0.2, "busy_seconds": 0.1, "wall_seconds": 1.0}
    assert whole(one, two, three)["timing"] == {
        "started": "2026-11-26T10:00:00+00:00",
        "wall_seconds": 10.0,
        "libvirt_seconds": 1.3,
        "busy_seconds": 1.8,
        "workers": 5,
        "peak_kib": 12,
    }
    assert whole(two, three)["timing"]["wall_seconds"] == 2.126


def test_the_time_is_that_from_the_first_beginning_to_the_last_end() -> None:
    """Parts run side by side: their times are not summed."""
    late = report({A: UPHELD})
    late["timing"] |= {"started": "2026-11-26T10:00:05+00:00", "wall_seconds": 4.0}
    assert whole(report({A: UPHELD}), late)["timing"]["wall_seconds"] == 9.0
    late["timing"]["started"] = "2026-99-99T10:00:05+00:00"
    assert whole(report({A: UPHELD}), late)["timing"]["wall_seconds"] == 4.0
    late["timing"] |= {"started": "9999-12-31T10:00:05+00:00", "wall_seconds": 1e9}
    assert whole(report({A: UPHELD}), late)["timing"]["wall_seconds"] == 1e9


def test_what_went_wrong_in_a_part_went_wrong() -> None:
    """A problem of one part makes the whole inconclusive, and names the part."""
    merged = whole(report({A: UPHELD}), report({A: UPHELD}, problems=["clean-up: a domain is left"]))
    assert merged["problems"] == ["2.json: clean-up: a domain is left"]
    assert merged["summary"]["exit_code"] == 2


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


def with_capability(name: str) -> dict[str, Any]:
    """Return a report of a driver that can do one thing more."""
    made = report({A: UPHELD})
    return {**made, "capabilities": [*made["capabilities"], {"id": name, "present": True, "evidence": "yes"}]}


MERGE = "merge reports of one driver and one specification, or lay them side by side with libvirt-conformance matrix"
DIGESTS = ["sha256:" + 64 * digit for digit in "01"]
#: Of each report what is said of it, beside one in which a single scenario is upheld.
REFUSED = {
    "conflict": (report({A: VIOLATED}), "UNDEF-001/a is violated, and upheld in 1.json"),
    "inconclusive": (report({A: UNSURE}), "UNDEF-001/a is inconclusive, and upheld in 1.json"),
    "driver": (report({A: UPHELD}, driver={"type": "QEMU"}), "the type of driver is 'QEMU', and 'TEST' in 1.json"),
    "a long name": (
        report({A: UPHELD}, driver={"type": 41 * "x"}),
        f"the type of driver is '{40 * 'x'}…', and 'TEST' in 1.json",
    ),
    "a name that is just short": (
        report({A: UPHELD}, driver={"type": 40 * "x"}),
        f"the type of driver is '{40 * 'x'}', and 'TEST' in 1.json",
    ),
    "libvirt": (
        report({A: UPHELD}, driver={"libvirt_version": 1}),
        "the release of libvirt is '0.0.1', and '9.0.0' in 1.json",
    ),
    "hypervisor": (
        report({A: UPHELD}, driver={"hypervisor_version": ""}),
        "the release of the hypervisor is unknown, and '0.0.2' in 1.json",
    ),
    "client": (
        report({A: UPHELD}, driver={"client_version": 11_003_000}),
        "the release of the client library is '11.3.0', and '9.0.0' in 1.json",
    ),
    "domain": (report({A: UPHELD}, machine={"type": "kvm"}), "the type of domain is 'kvm', and 'test' in 1.json"),
    "guest": (report({A: UPHELD}, machine={"os_type": "exe"}), "the kind of guest is 'exe', and 'hvm' in 1.json"),
    "arch": (report({A: UPHELD}, machine={"arch": "s390x"}), "the architecture is 's390x', and 'i686' in 1.json"),
    "kit": (
        report({A: UPHELD}, kit={"name": "libvirt-conformance", "version": "9"}),
        "the release of the kit is '9', and '0.1.0' in 1.json",
    ),
    "specification": (
        report({A: UPHELD}, spec={"title": "D", "version": "1", "digest": DIGESTS[1]}),
        f"the specification is '{DIGESTS[1][:40]}…', and '{DIGESTS[0][:40]}…' in 1.json",
    ),
    "level": (
        report({A: UPHELD}, summary={"exit_code": 0, "level": "SHOULD"}),
        "the level that fails is 'SHOULD', and 'MUST' in 1.json",
    ),
    "share": (
        report({A: UPHELD}, decision_table={"mode": "exhaustive"}),
        "the share of the decision table is 'exhaustive', and unknown in 1.json",
    ),
    "repetitions": (
        report({A: UPHELD}, repetitions={"asked": 2, "done": 2, "differing": []}),
        "the number of repetitions is '2', and unknown in 1.json",
    ),
    "part": (part({A: UPHELD}, 1, 2), "the number of parts is '2', and unknown in 1.json"),
    "capability": (with_capability("tpm"), "the driver has the capability tpm, other than in 1.json"),
    "no capability": (
        report({A: UPHELD}, capabilities=[]),
        "the driver lacks the capability define, other than in 1.json",
    ),
    "flag": (
        report({A: UPHELD}, undefine_flags={"NVRAM": "taken", "KEEP_NVRAM": "taken", "MANAGED_SAVE": "taken"}),
        "the driver has the flag KEEP_NVRAM, other than in 1.json",
    ),
    "no flag": (
        report({A: UPHELD}, undefine_flags={"MANAGED_SAVE": "refused"}),
        "the driver lacks the flag MANAGED_SAVE, other than in 1.json",
    ),
}


@pytest.mark.parametrize(("other", "says"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_go_together_is_refused(other: dict[str, Any], says: str) -> None:
    """One sentence names the file and what differs."""
    with pytest.raises(CannotMerge) as caught:
        merge([("1.json", report({A: UPHELD})), ("2.json", other)], "merge")
    assert str(caught.value) == f"LVC-403 2.json: {says}; {MERGE}."
    assert str(caught.value).isprintable()


def test_what_is_told_otherwise_and_comes_to_the_same_goes_together() -> None:
    """A capability and a flag that both reports show absent differ in nothing, however each has put it."""
    first, second = (
        report({A: UPHELD}),
        report({A: UPHELD}, undefine_flags={"MANAGED_SAVE": "taken", "NVRAM": "refused"}),
    )
    second["capabilities"] = [*second["capabilities"], {"id": "tpm", "present": False, "evidence": "no"}]
    assert outcomes_of(whole(first, second)) == {A: UPHELD}


@pytest.mark.parametrize("where", [1, 2])
@pytest.mark.parametrize(
    ("section", "says"),
    [
        ("deviations", "it was held against recorded deviations already; run the parts without --deviations"),
        ("baseline", "it was held against a baseline already; run the parts without --baseline"),
    ],
)
def test_what_was_held_against_something_is_refused(section: str, says: str, where: int) -> None:
    """Whether an entry is stale, or something got worse, can be told of the whole only."""
    parts = [(f"{number}.json", report({A: UPHELD})) for number in (1, 2)]
    parts[where - 1][1][section] = {}
    with pytest.raises(CannotMerge) as caught:
        merge(parts, "merge")
    assert str(caught.value) == f"LVC-403 {where}.json: {says}, and give the file to merge."


def test_a_fault_that_another_has_not_met_is_refused() -> None:
    """Whole runs that judged the table differ by a fault that one of them shows, whichever is named first."""
    without, with_it = report({A: UPHELD, TABLE: UPHELD}), report({A: UPHELD, FAULT: VIOLATED, TABLE: UPHELD})
    for first, second, says in (
        (without, with_it, "1.json: UNDEF-001/table[succeeded] is not there, and violated in 2.json"),
        (with_it, without, "2.json: UNDEF-001/table[succeeded] is not there, and violated in 1.json"),
    ):
        with pytest.raises(CannotMerge) as caught:
            merge([("1.json", first), ("2.json", second)], "merge")
        assert str(caught.value) == f"LVC-403 {says}; {MERGE}."


def test_a_fault_is_held_against_no_run_without_the_table() -> None:
    """Who has not judged the table, or has no entry of it, has not shown that a fault is not there."""
    with_it = report({A: UPHELD, FAULT: VIOLATED, TABLE: UPHELD})
    wanted = {A: UPHELD, FAULT: VIOLATED, TABLE: UPHELD}
    assert outcomes_of(whole(with_it, report({A: UPHELD, TABLE: UNRUN}))) == wanted
    assert outcomes_of(whole(report({A: UPHELD}), with_it)) == wanted
    assert outcomes_of(whole(with_it, with_it)) == wanted


def test_where_every_cell_shows_a_fault_there_is_no_rest() -> None:
    """The entry for the rest of the table may be missing in a report that shows the fault."""
    with_rest, without = report({FAULT: VIOLATED, TABLE: UPHELD}), report({FAULT: VIOLATED})
    assert outcomes_of(whole(with_rest, without)) == {FAULT: VIOLATED, TABLE: UPHELD}


def test_what_nobody_ran_was_not_run() -> None:
    """A scenario that every part has left out is told as the first has it, and the next is judged by its own part."""
    merged = whole(report({A: UNRUN, B: UNRUN, C: UPHELD}), report({A: UNRUN, B: UPHELD, C: UPHELD}))
    assert outcomes_of(merged) == {A: UNRUN, B: UPHELD, C: UPHELD}


def test_the_rest_of_the_table_stands_behind_its_faults() -> None:
    """However the parts have them, scenarios come first, then what the decision table has shown, then its rest."""
    one = part({TABLE: UPHELD, A: UPHELD, B: UNRUN}, 1, 2, decision_table=table())
    two = part({TABLE: UPHELD, "UNDEF-001/table[z]": VIOLATED, FAULT: VIOLATED, A: UNRUN, B: UPHELD}, 2, 2)
    two["decision_table"] = table()
    assert list(outcomes_of(whole(one, two))) == [A, B, "UNDEF-001/table[z]", FAULT, TABLE]


@pytest.mark.parametrize(
    ("outcomes", "wanted"),
    [
        ((UPHELD, UNSURE), UNSURE),
        ((ABSENT, UNSET, UPHELD), UNSET),
        ((UNSURE, UNSET), UNSURE),
        ((UNRUN, ABSENT), ABSENT),
        ((ABSENT, UPHELD, UNRUN), UPHELD),
    ],
)
def test_the_gravest_of_the_parts_stands_for_the_table(outcomes: tuple[Verdict, ...], wanted: Verdict) -> None:
    """Each part has asked cells of its own, so one that could not judge them is not outweighed by those that could."""
    parts = [
        part({TABLE: outcome}, index, len(outcomes), decision_table=table())
        for index, outcome in enumerate(outcomes, 1)
    ]
    (found,) = whole(*parts)["rules"][0]["scenarios"]
    assert found["outcome"] == wanted
    assert found == next(p["rules"][0]["scenarios"][0] for p in parts if outcomes_of(p)[TABLE] == wanted)


@pytest.mark.parametrize(
    ("of", "there", "says"),
    [
        (4, (1, 3), "of 4 parts 2, 4 are missing; name the report of each part"),
        (2, (1,), "of 2 parts 2 is missing; name the report of each part"),
        (2, (2,), "of 2 parts 1 is missing; name the report of each part"),
        (11, (11,), "of 11 parts 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 are missing; name the report of each part"),
        (12, (12,), "of 12 parts 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 … are missing; name the report of each part"),
        (2, (1, 2, 1), "3.json: it is part 1 of 2, as 1.json is; name one"),
    ],
)
def test_parts_are_each_there_and_there_once(of: int, there: tuple[int, ...], says: str) -> None:
    """Three parts of four are not taken for a whole, and cells that were asked once are not counted twice."""
    with pytest.raises(CannotMerge) as caught:
        merge([(f"{n}.json", part({A: UPHELD}, index, of)) for n, index in enumerate(there, 1)], "merge")
    assert str(caught.value) == f"LVC-403 {says}."


def test_a_report_that_claims_no_end_of_parts_is_refused_at_once() -> None:
    """However many parts a spoilt report says that there are, only some are named."""
    with pytest.raises(CannotMerge, match="parts 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 … are missing"):
        merge([("1.json", part({A: UPHELD}, 1, 10**300))], "merge")


def conviction(cells: int) -> dict[str, Any]:
    """Return a fault of the table."""
    told = {"combination": "c", "state": "inactive", "expected": "e", "observed": "o", "reproducer": "p"}
    return {"id": FAULT, "rule": "UNDEF-001", "level": "MUST", "holds": [], "flags": [], "cells": cells, **told}


def inconsistent(state: str) -> dict[str, Any]:
    """Return a cell that was answered in two ways."""
    return {"state": state, "holds": [], "flags": [], "first": "f", "second": "s"}


def told_table(decided: int, seconds: float, *reasons: str, **more: Any) -> dict[str, Any]:
    """Return what a report says of the decision table, by numbers that its tests tell apart."""
    return table(
        cells={"reachable": 512, "not_reached": 512, "decided": decided, "convicted": decided + 1, "inconsistent": 2},
        rules=[
            {"id": "UNDEF-002", "decided": decided, "upheld": 1},
            {"id": "UNDEF-001", "decided": decided + 2, "upheld": decided},
        ],
        seconds=seconds,
        libvirt_seconds=seconds / 2,
        inconsistent=[inconsistent(f"state {decided}")],
        not_reached=[{"domain": name, "reason": "r"} for name in reasons],
        **more,
    )


@pytest.mark.parametrize("smaller", [{"flags": ["TPM"]}, {"holds": ["image"], "flags": []}])
def test_the_smallest_combination_of_all_parts_stands_for_a_fault(smaller: dict[str, Any]) -> None:
    """Few holdings come before few flags, whichever part has met them; the entry of the fault is that part's."""
    larger = {"holds": ["image"], "flags": ["TPM", "NVRAM"]}
    parts = []
    for index, (combination, words) in enumerate([(larger, "larger"), (smaller, "smaller"), (larger, "last")], 1):
        made = part({FAULT: VIOLATED}, index, 3)
        made["rules"][0]["scenarios"][0]["name"] = words
        made["decision_table"] = table(convictions=[{**conviction(2), "combination": words, **combination}])
        parts.append(made)
    merged = whole(*parts)
    assert [(one["combination"], one["cells"]) for one in merged["decision_table"]["convictions"]] == [("smaller", 6)]
    assert [scenario["name"] for scenario in merged["rules"][0]["scenarios"]] == ["smaller"]


def test_parts_that_asked_other_cells_are_one_table() -> None:
    """Cells are summed, a fault stands once with all its cells, and one part's fault outweighs another's pass."""
    one = part({FAULT: VIOLATED, TABLE: ABSENT}, 1, 2)
    one["decision_table"] = told_table(10, 0.1, "one", "two", convictions=[conviction(3)])
    two = part({FAULT: VIOLATED, TABLE: UPHELD}, 2, 2)
    two["decision_table"] = told_table(
        20, 0.2, "two", "three", convictions=[conviction(4), {**conviction(9), "id": "UNDEF-001/table[refused]"}]
    )
    merged = whole(one, two)
    assert merged["decision_table"] == {
        "mode": "pairwise",
        "cells": {"reachable": 256, "not_reached": 768, "decided": 30, "convicted": 32, "inconsistent": 4},
        "rules": [
            {"id": "UNDEF-001", "decided": 34, "upheld": 30},
            {"id": "UNDEF-002", "decided": 30, "upheld": 2},
        ],
        "seconds": 0.3,
        "libvirt_seconds": 0.15,
        "convictions": [{**conviction(9), "id": "UNDEF-001/table[refused]"}, conviction(7)],
        "inconsistent": [inconsistent("state 10"), inconsistent("state 20")],
        "not_reached": [{"domain": name, "reason": "r"} for name in ("one", "two", "three")],
    }
    assert outcomes_of(merged) == {FAULT: VIOLATED, TABLE: UPHELD}
    assert merged["rules"][0]["scenarios"][0]["message"].endswith(": 7")


def test_whole_runs_that_asked_the_same_cells_count_them_once() -> None:
    """Of hosts that each asked the whole selection the cells are not summed, and the times are."""
    one, two = (report({TABLE: UPHELD}, decision_table=told_table(n, 1.5)) for n in (10, 20))
    found = whole(one, two)["decision_table"]
    assert found["cells"] == {"reachable": 1024, "not_reached": 0, "decided": 20, "convicted": 21, "inconsistent": 2}
    assert found["rules"][0] == {"id": "UNDEF-001", "decided": 22, "upheld": 20}
    assert (found["seconds"], found["libvirt_seconds"]) == (3.0, 1.5)


def test_a_domain_that_one_part_has_not_reached_is_none_of_the_whole() -> None:
    """How many cells a kind of domain has is read off the part that tells of one."""
    one, two = (part({TABLE: UPHELD}, n, 2, decision_table=table()) for n in (1, 2))
    one["decision_table"] |= {"not_reached": [], "cells": {**table()["cells"], "reachable": 1024, "not_reached": 0}}
    cells = whole(one, two)["decision_table"]["cells"]
    assert (cells["reachable"], cells["not_reached"]) == (512, 512)


def test_repetitions_of_parts_are_as_many_as_the_fewest() -> None:
    """What was not repeated in every part was not repeated; what differed anywhere is told."""
    first = {"asked": 3, "done": 3, "differing": [{"id": A, "outcomes": ["upheld", "violated", "upheld"]}]}
    second = {"asked": 3, "done": 2, "differing": [{"id": C, "outcomes": ["upheld", "violated"]}]}
    merged = whole(report({A: UNSURE}, repetitions=first), report({A: UNSURE}, repetitions=second))
    assert merged["repetitions"] == {
        "asked": 3,
        "done": 2,
        "differing": [*first["differing"], *second["differing"]],
    }


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
