"""The decision table in a run: what the command shows and writes of it, on the test driver and on broken ones."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from conftest import Bench, Judged, make_bench


def entries(report: Any, rule: str) -> dict[str, str]:
    """Return what the table says of a rule: the outcomes of its entries by what follows the rule's id."""
    (found,) = (entry for entry in report["rules"] if entry["id"] == rule)
    named = {entry["id"].partition("/")[2]: entry["outcome"] for entry in found["scenarios"]}
    return {name: outcome for name, outcome in named.items() if name.partition("[")[0] == "table"}


def exhaust(bench: Bench, *arguments: str) -> tuple[int, str, Any]:
    """Ask for the whole table; return the exit code, what was printed, and the report."""
    finished = bench.kit("run", "--exhaustive", "--report", "report.json", "--junit", "junit.xml", *arguments)
    assert finished.err == ""
    return finished.code, finished.out, bench.report()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, Any]:
    """Ask the test driver for everything, once for the tests that read what came of it."""
    base = tmp_path_factory.mktemp("whole")
    return exhaust(make_bench(base, base / "tmp"))


def test_every_cell_that_can_be_reached_is_decided(whole: tuple[int, str, Any]) -> None:
    """The test driver can be brought to 24 kinds of domain; the report says why not to the others."""
    code, printed, report = whole
    cells = report["decision_table"]["cells"]
    assert (cells["reachable"], cells["decided"], cells["inconsistent"]) == (24 * 256, 24 * 256, 0)
    assert cells["reachable"] + cells["not_reached"] == 160 * 256
    assert len(report["decision_table"]["not_reached"]) == 136
    assert all(region["reason"] for region in report["decision_table"]["not_reached"])
    assert code == report["summary"]["exit_code"] == 1
    assert re.search(
        r"^table: +6,144 cells reachable, 6,144 decided, \d+ convicted by 2 causes$", printed, re.MULTILINE
    )


def test_each_fault_of_the_test_driver_is_one_conviction(whole: tuple[int, str, Any]) -> None:
    """Transient domains are undefined, and checkpoints do not count: each told by its smallest combination."""
    convictions = whole[2]["decision_table"]["convictions"]
    assert [(c["id"], c["state"], c["holds"], c["flags"]) for c in convictions] == [
        ("UNDEF-007/table[succeeded]", "running and transient", [], []),
        ("UNDEF-017/table[succeeded]", "inactive", ["a checkpoint"], []),
    ]
    assert entries(whole[2], "UNDEF-017") == {"table[succeeded]": "violated", "table": "upheld"}
    assert entries(whole[2], "UNDEF-025") == {"table": "upheld"}
    assert entries(whole[2], "UNDEF-021") == {"table": "not-applicable"}


def test_the_script_of_a_conviction_is_short_and_shows_it(whole: tuple[int, str, Any]) -> None:
    """However many cells show it, it is one situation and one call, with libvirt-python alone."""
    for conviction in whole[2]["decision_table"]["convictions"]:
        text = conviction["reproducer"]
        ran = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        assert "undefineFlags(0) -> 0" in ran.stdout.splitlines()
        assert len(text.splitlines()) < 50


def test_the_selection_is_part_of_every_run(judged: Judged, whole: tuple[int, str, Any]) -> None:
    """It asks for a small part, and comes to the same convictions."""
    selected, all_of_it = judged.report["decision_table"], whole[2]["decision_table"]
    assert (selected["mode"], all_of_it["mode"]) == ("pairwise", "exhaustive")
    assert 0 < selected["cells"]["decided"] < all_of_it["cells"]["decided"] // 10
    assert [c["id"] for c in selected["convictions"]] == [c["id"] for c in all_of_it["convictions"]]
    assert [(c["state"], c["holds"], c["flags"]) for c in selected["convictions"]] == [
        (c["state"], c["holds"], c["flags"]) for c in all_of_it["convictions"]
    ]
    assert "(every pair meets)" in judged.finished.out


def test_memory_does_not_grow_with_the_cells(judged: Judged, whole: tuple[int, str, Any]) -> None:
    """Twenty times as many cells take no more of it, beyond what two runs differ by."""
    assert whole[2]["timing"]["peak_kib"] < 1.1 * judged.report["timing"]["peak_kib"]


@pytest.mark.parametrize(
    ("vice", "rule", "sign", "unrelated"),
    [
        ("acts-then-refuses", "UNDEF-028", "changed-place", "UNDEF-025"),
        ("snapshots-flag-stands-in", "UNDEF-014", "succeeded", "UNDEF-013"),
        ("guests-metadata-dropped-at-once", "UNDEF-018", "changed-snapshots", "UNDEF-017"),
        ("unknown-flag-ignored-beside-known", "UNDEF-025", "succeeded", "UNDEF-013"),
    ],
)
def test_a_broken_driver_is_convicted_by_its_rule(
    bench: Bench, vice: str, rule: str, sign: str, unrelated: str
) -> None:
    """The rule that it breaks fails the run, by an entry of the table; one that has nothing to do with it does not."""
    code, printed, report = exhaust(bench, "--vice", vice, "--rule", rule, "--level", "should")
    assert code == 1
    assert entries(report, rule)[f"table[{sign}]"] == "violated"
    assert f"{rule}/table[{sign}]" in printed or f"table[{sign}]" in printed
    cases = ET.parse(bench.folder / "junit.xml").iter("testcase")
    assert [case.find("failure") is not None for case in cases if case.get("name") == f"table[{sign}]"] == [True]
    code, _, report = exhaust(bench, "--vice", vice, "--rule", unrelated, "--level", "should")
    assert (code, entries(report, unrelated)) == (0, {"table": "upheld"})


def test_a_driver_that_answers_in_two_ways_is_told_with_both(bench: Bench) -> None:
    """The terminal and the report hold the cell and the two answers."""
    code, printed, report = exhaust(bench, "--vice", "refusal-lasts-for-one-call", "--rule", "UNDEF-011")
    table = report["decision_table"]
    assert code == 1
    assert table["cells"]["inconsistent"] > 0
    assert table["inconsistent"][0]["holds"] == ["a managed save image"]
    assert (table["inconsistent"][0]["first"], table["inconsistent"][0]["second"]) == (
        "it failed with OPERATION_INVALID",
        "it succeeded",
    )
    assert "answered in two ways, such as no flag, inactive with a managed save image:" in printed
    assert "it failed with OPERATION_INVALID; asked again, it succeeded" in printed


def test_a_crash_costs_its_kind_of_domain_and_no_other(bench: Bench) -> None:
    """The call in which the driver ended is told; what is about other kinds of domain is judged."""
    code, _, report = exhaust(
        bench, "--vice", "crashes", "--rule", "UNDEF-018", "--rule", "UNDEF-011", "--workers", "1"
    )
    assert code == 2
    assert entries(report, "UNDEF-018") == {"table": "inconclusive"}
    assert entries(report, "UNDEF-011") == {"table": "upheld"}
    (entry,) = (
        scenario for rule in report["rules"] for scenario in rule["scenarios"] if scenario["id"] == "UNDEF-018/table"
    )
    assert re.fullmatch(
        r"a domain that is paused( with .*)?: the worker process was ended by SIGABRT during dom\.undefineFlags",
        entry["message"],
    )
