"""Recorded deviations: what they excuse, and that one which says more than is true fails the run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.conclusion import conclude
from conformance.deviations import IN_ORDER, Status, apply_deviations, draft
from conformance.deviations_file import parse_deviations
from conformance.form import first_breach
from conformance.report import schema
from conformance.verdict import ExitCode, Verdict
from reports import ABSENT, EXCUSED, UNRUN, UNSET, UNSURE, UPHELD, VIOLATED, outcomes_of, report

A, B, C = "UNDEF-001/a", "UNDEF-001/b", "UNDEF-002/c"
TABLE, FAULT = "UNDEF-001/table", "UNDEF-001/table[succeeded]"
FILE = "test.toml"


def entry(rule: str = "UNDEF-001", scenario: str = "", until: str = "2027-06-30", **more: str) -> str:
    """Return an entry that is filled in."""
    told = {"rule": rule, "reason": "a bug", "link": "https://example.org/1", "until": until, **more}
    told |= {"scenario": scenario} if scenario else {}
    return "[[deviation]]\n" + "".join(f"{name} = '{value}'\n" for name, value in told.items())


def judge(made: Mapping[str, Any], *entries: str) -> dict[str, Any]:
    """Return a report that was held against entries."""
    judged = conclude(apply_deviations(made, parse_deviations("\n".join(entries), FILE), FILE))
    assert first_breach(judged, schema()) == ""
    return judged


def states(judged: Mapping[str, Any]) -> list[str]:
    """Return what became of each entry."""
    return [one["status"] for one in judged["deviations"]["entries"]]


def test_a_live_deviation_excuses_and_passes() -> None:
    """What is violated becomes a deviation with all that is known of it, and the run is conformant."""
    judged = judge(report({A: VIOLATED, B: UPHELD}), entry(scenario="a"))
    found = judged["rules"][0]["scenarios"][0]
    assert (judged["rules"][0]["verdict"], found["outcome"]) == (EXCUSED, EXCUSED)
    assert (found["expected"], found["observed"], found["reproducer"]) == ("gone", "there", "import libvirt\n")
    assert found["deviation"] == {
        "reason": "a bug",
        "link": "https://example.org/1",
        "until": "2027-06-30",
        "line": 1,
    }
    assert judged["summary"]["exit_code"] == ExitCode.CONFORMANT
    assert judged["summary"]["scenarios"][EXCUSED] == 1
    assert states(judged) == [Status.LIVE]


def test_an_entry_for_the_rule_excuses_all_its_scenarios() -> None:
    """Without a scenario an entry is about the rule; one of its own goes before it."""
    judged = judge(report({A: VIOLATED, B: VIOLATED, C: UPHELD}), entry(reason="the rule"), entry(scenario="b"))
    assert [s["deviation"]["reason"] for s in judged["rules"][0]["scenarios"]] == ["the rule", "a bug"]
    assert states(judged) == [Status.LIVE, Status.LIVE]


def test_an_entry_may_name_several_scenarios() -> None:
    """A list is one entry for each: the one that is upheld is to be taken out, the other counts."""
    text = entry().replace("rule =", "scenario = ['a', 'UNDEF-001/b']\nrule =")
    judged = judge(report({A: VIOLATED, B: UPHELD}), text)
    assert states(judged) == [Status.LIVE, Status.STALE]
    assert judged["deviations"]["entries"][1]["message"] == "it is upheld; take the scenario out of the entry"
    assert judged["summary"]["exit_code"] == ExitCode.NOT_CONFORMANT


OVER = "and this is 9.0.0; remove the entry, or give it a new end"
NAME = "remove it, or name one that there is"
ALL = "fill in reason, link and until"


@pytest.mark.parametrize(
    ("outcomes", "text", "status", "says"),
    [
        ({A: UPHELD}, entry(), Status.STALE, "it is upheld; remove the entry"),
        ({A: UPHELD}, entry(scenario="a"), Status.STALE, "it is upheld; remove the entry"),
        ({A: ABSENT}, entry(), Status.STALE, "it does not apply to this driver; remove the entry"),
        (
            {A: VIOLATED},
            entry(until="2026-11-25"),
            Status.EXPIRED,
            "its last day was 2026-11-25; remove the entry, or give it a new end with its reason",
        ),
        ({A: VIOLATED}, entry(until="9.0.0"), Status.EXPIRED, f"it was to end with libvirt 9.0.0, {OVER}"),
        ({A: VIOLATED}, entry(until="libvirt 8"), Status.EXPIRED, f"it was to end with libvirt 8.0.0, {OVER}"),
        (
            {A: VIOLATED},
            entry(until="hypervisor 0.0.2"),
            Status.EXPIRED,
            "it was to end with hypervisor 0.0.2, and this is 0.0.2; remove the entry, or give it a new end",
        ),
        (
            {A: VIOLATED},
            entry("UNDEF-999"),
            Status.UNKNOWN,
            "specification 1.0.0 has no rule UNDEF-999; remove the entry",
        ),
        (
            {A: VIOLATED},
            entry("Undef 1\\n" + "\u00e9" * 50),
            Status.UNKNOWN,
            "specification 1.0.0 has no rule 'UNDEF 1\\\\N" + "\\xc9" * 31 + "'; remove the entry",
        ),
        ({A: VIOLATED}, entry(scenario="z"), Status.UNKNOWN, f"UNDEF-001 has no scenario 'z'; {NAME}"),
        ({A: VIOLATED}, entry(scenario="z" * 99), Status.UNKNOWN, f"UNDEF-001 has no scenario '{'z' * 80}'; {NAME}"),
        ({A: VIOLATED}, entry(scenario="table[x]"), Status.UNKNOWN, f"UNDEF-001 has no scenario 'table[x]'; {NAME}"),
        ({A: VIOLATED}, entry(reason="TODO"), Status.TODO, "fill in reason, where TODO stands"),
        ({A: VIOLATED}, entry(reason="TODO: ask", link="TODO", until="TODO"), Status.TODO, f"{ALL}, where TODO stands"),
        (
            {TABLE: UPHELD, A: UPHELD},
            entry(scenario="table[succeeded]"),
            Status.STALE,
            "it is upheld; remove the entry",
        ),
        ({TABLE: UPHELD, A: UPHELD}, entry(scenario="table"), Status.STALE, "it is upheld; remove the entry"),
    ],
    ids=lambda value: value if isinstance(value, Status) else "",
)
def test_an_entry_that_says_more_than_is_true_fails(
    outcomes: dict[str, Verdict], text: str, status: Status, says: str
) -> None:
    """It excuses nothing, fails the run, and its message says what to do about which line."""
    made = report(outcomes)
    if TABLE not in outcomes:
        # The rule is none that the decision table is about.
        made["decision_table"] = {"mode": "pairwise"}
    judged = conclude(apply_deviations(made, parse_deviations("\n\n" + text, FILE), FILE))
    (found,) = judged["deviations"]["entries"]
    assert (found["status"], found["line"]) == (status, 3)
    assert found["message"] == says
    assert judged["summary"]["exit_code"] == ExitCode.NOT_CONFORMANT
    assert outcomes_of(judged) == outcomes_of(made)
    assert judged["summary"]["reasons"][0]["kind"] == "deviations"


def test_an_entry_that_repeats_another_fails() -> None:
    """The second says which line says the same; the first counts."""
    judged = judge(report({A: VIOLATED}), entry(scenario="a"), entry(scenario="UNDEF-001/a"))
    assert states(judged) == [Status.LIVE, Status.DUPLICATE]
    assert judged["deviations"]["entries"][1]["message"] == "line 1 says the same; remove one of the two"
    assert judged["summary"]["exit_code"] == ExitCode.NOT_CONFORMANT


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ({"libvirt": "<9"}, {"libvirt": ">=9"}, [Status.NOT_MET, Status.LIVE]),
        ({"libvirt": ">=8"}, {"libvirt": ">=9"}, [Status.LIVE, Status.DUPLICATE]),
        ({"driver": "QEMU"}, {"driver": "TEST"}, [Status.NOT_MET, Status.LIVE]),
        ({"driver": "QEMU"}, {"driver": "QEMU"}, [Status.NOT_MET, Status.DUPLICATE]),
        ({"until": "2020-01-01"}, {"libvirt": "9"}, [Status.EXPIRED, Status.LIVE]),
    ],
    ids=["releases apart", "releases over each other", "drivers", "one driver", "one is over"],
)
def test_entries_about_one_thing_may_have_circumstances_of_their_own(
    one: dict[str, str], other: dict[str, str], wanted: list[Status]
) -> None:
    """Two repeat each other when both would count here, or say the same of another place."""
    texts = [entry(**{**more, **({"libvirt": "==9"} if more.get("libvirt") == "9" else {})}) for more in (one, other)]
    assert states(judge(report({A: VIOLATED}), *texts)) == wanted


@pytest.mark.parametrize(
    ("conditions", "why"),
    [
        ({"driver": "TEST"}, ""),
        ({"driver": "test"}, ""),
        ({"driver": "QEMU"}, "it is about the driver QEMU, and this one is TEST"),
        ({"libvirt": ">=9.0.0, <9.0.1"}, ""),
        ({"libvirt": ">9"}, "it is about libvirt >9, and this one is 9.0.0"),
        ({"libvirt": "<=8.99.99"}, "it is about libvirt <=8.99.99, and this one is 9.0.0"),
        ({"libvirt": "==9"}, ""),
        ({"hypervisor": "==0.0.2"}, ""),
        ({"hypervisor": ">=1"}, "it is about hypervisor >=1, and this one is 0.0.2"),
        ({"host": "BEN*"}, ""),
        ({"host": "bench?"}, "it is about the host bench?, and this one is bench"),
        (
            {"driver": "TEST", "libvirt": ">=9", "host": "elsewhere"},
            "it is about the host elsewhere, and this one is bench",
        ),
    ],
    ids=str,
)
def test_an_entry_counts_where_its_conditions_are_met(conditions: dict[str, str], why: str) -> None:
    """All have to be; where one is not, the entry neither excuses nor fails, and says why."""
    judged = judge(report({A: VIOLATED}), entry(**conditions))
    (found,) = judged["deviations"]["entries"]
    assert found["status"] == (Status.NOT_MET if why else Status.LIVE)
    assert found["message"] == why
    assert found["conditions"] == conditions
    assert outcomes_of(judged)[A] == (VIOLATED if why else EXCUSED)


@pytest.mark.parametrize(
    ("conditions", "why"),
    [
        ({"driver": "QEMU"}, "it is about the driver QEMU, and this one is unknown"),
        ({"libvirt": ">=9"}, "it is about libvirt >=9, and this driver does not tell its own"),
        ({"host": "bench"}, "it is about the host bench, and this one is unknown"),
    ],
    ids=str,
)
def test_of_a_driver_that_nothing_is_known_of_no_condition_is_met(conditions: dict[str, str], why: str) -> None:
    """A report of a run that came to no answer has its driver's URI alone."""
    made = {**report({A: VIOLATED}), "driver": {"uri": "test:///default"}}
    (found,) = apply_deviations(made, parse_deviations(entry(**conditions), FILE), FILE)["deviations"]["entries"]
    assert (found["status"], found["message"]) == (Status.NOT_MET, why)


def test_a_driver_that_does_not_tell_its_release_meets_no_range() -> None:
    """What is not known excuses nothing; an end by release cannot be told then, which fails."""
    made = report({A: VIOLATED}, driver={"hypervisor_version": ""})
    judged = judge(made, entry(hypervisor="<9"), entry(until="hypervisor 9"))
    assert states(judged) == [Status.NOT_MET, Status.EXPIRED]
    assert [one["message"] for one in judged["deviations"]["entries"]] == [
        "it is about hypervisor <9, and this driver does not tell its own",
        "this driver does not tell the release of its hypervisor; give a day as the end",
    ]


@pytest.mark.parametrize("outcome", [UNRUN, UNSURE, UNSET])
def test_what_was_not_judged_makes_no_entry_stale(outcome: Verdict) -> None:
    """Nobody has seen whether it still happens; and only what is violated is excused."""
    judged = judge(report({A: outcome, B: UPHELD}), entry(scenario="a"))
    assert states(judged) == [Status.NOT_MET]
    assert judged["deviations"]["entries"][0]["message"] == f"it was not judged ({outcome})"
    assert outcomes_of(judged)[A] == outcome


def test_an_entry_about_a_rule_whose_scenarios_have_entries_of_their_own_is_stale() -> None:
    """It excuses nothing that they do not."""
    judged = judge(report({A: VIOLATED}), entry(), entry(scenario="a"))
    assert states(judged) == [Status.STALE, Status.LIVE]
    says = "every scenario of the rule has an entry of its own; remove the entry"
    assert judged["deviations"]["entries"][0]["message"] == says


def test_what_became_of_an_entry_is_told_with_all_of_it() -> None:
    """The report says which file the entries are from, and repeats each as it was written."""
    judged = judge(report({A: VIOLATED}), entry(scenario="a", driver="TEST"))
    assert judged["deviations"] == {
        "file": FILE,
        "entries": [
            {
                "rule": "UNDEF-001",
                "scenario": "a",
                "conditions": {"driver": "TEST"},
                "reason": "a bug",
                "link": "https://example.org/1",
                "until": "2027-06-30",
                "status": "live",
                "message": "",
                "line": 1,
            }
        ],
    }


def test_a_fault_of_the_table_is_judged_by_the_rest_of_the_table() -> None:
    """A fault that is gone has no entry any more: that the table was judged shows that it is gone."""
    text = entry(scenario="table[succeeded]")
    assert states(judge(report({FAULT: VIOLATED, TABLE: UPHELD}), text)) == [Status.LIVE]
    assert states(judge(report({TABLE: UPHELD}), text)) == [Status.STALE]
    assert states(judge(report({"UNDEF-001/table[other]": VIOLATED}), text)) == [Status.STALE]
    assert states(judge(report({TABLE: UNSURE}), text)) == [Status.NOT_MET]
    assert states(judge(report({A: UNRUN}), text)) == [Status.NOT_MET]
    assert states(judge(report({A: UPHELD}), text)) == [Status.NOT_MET]


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [({TABLE: UPHELD}, Status.STALE), ({A: UNRUN}, Status.NOT_MET), ({A: UPHELD}, Status.UNKNOWN)],
    ids=["of the table", "not run", "not of the table"],
)
def test_a_run_of_the_table_knows_which_rules_it_is_about(outcomes: dict[str, Verdict], status: Status) -> None:
    """A fault of the table is unknown where the table was asked, and is not about the rule as far as it was run."""
    made = {**report(outcomes), "decision_table": {"mode": "pairwise"}}
    text = entry(scenario="table[succeeded]")
    (found,) = apply_deviations(made, parse_deviations(text, FILE), FILE)["deviations"]["entries"]
    assert found["status"] == status


def test_the_last_day_counts() -> None:
    """An entry ends after its day, by the day of the run, whoever reads the report when."""
    made = report({A: VIOLATED})
    assert states(judge(made, entry(until="2026-11-26"))) == [Status.LIVE]
    made["timing"]["started"] = "2026-11-27T00:00:00+00:00"
    assert states(judge(made, entry(until="2026-11-26"))) == [Status.EXPIRED]


def test_a_day_that_there_is_not_outlives_no_entry() -> None:
    """A report with a day that no calendar has excuses nothing by it."""
    made = report({A: VIOLATED})
    made["timing"]["started"] = "2026-02-31T00:00:00+00:00"
    assert states(judge(made, entry())) == [Status.EXPIRED]


VERDICTS = st.sampled_from([UPHELD, ABSENT, VIOLATED, UNSET, UNSURE, UNRUN])
OUTCOMES = st.fixed_dictionaries({A: VERDICTS, B: VERDICTS, C: VERDICTS, TABLE: VERDICTS})
ENTRIES = st.lists(
    st.builds(
        lambda rule, scenario, until, more: entry(rule, scenario, until, **more),
        st.sampled_from(["UNDEF-001", "UNDEF-002", "UNDEF-999"]),
        st.sampled_from(["", "a", "b", "c", "table", "table[x]"]),
        st.sampled_from(["2026-01-01", "2026-11-26", "9", "10", "TODO"]),
        st.sampled_from([{}, {"driver": "QEMU"}, {"libvirt": ">=9"}, {"reason": "TODO"}]),
    ),
    max_size=6,
)


@given(OUTCOMES, ENTRIES)
def test_deviations_change_what_is_violated_and_nothing_else(outcomes: dict[str, Verdict], texts: list[str]) -> None:
    """Whatever is recorded, no other outcome changes, each excuse is by a live entry, and each live entry excuses."""
    made = report(outcomes)
    judged = judge(made, *texts)
    changed = {name for name, outcome in outcomes_of(judged).items() if outcome != outcomes[name]}
    assert all(outcomes[name] == VIOLATED and outcomes_of(judged)[name] == EXCUSED for name in changed)
    live = {one["line"] for one in judged["deviations"]["entries"] if one["status"] == Status.LIVE}
    used = {s["deviation"]["line"] for rule in judged["rules"] for s in rule["scenarios"] if "deviation" in s}
    assert live == used


@given(OUTCOMES, ENTRIES)
def test_an_entry_out_of_order_never_passes(outcomes: dict[str, Verdict], texts: list[str]) -> None:
    """The exit code is that of failure, or that of an error, as long as one entry is to be mended."""
    judged = judge(report(outcomes), *texts)
    if any(status not in IN_ORDER for status in states(judged)):
        assert judged["summary"]["exit_code"] in (ExitCode.NOT_CONFORMANT, ExitCode.ERROR)


@given(OUTCOMES, ENTRIES)
def test_removing_what_is_to_be_removed_leaves_what_counts(outcomes: dict[str, Verdict], texts: list[str]) -> None:
    """Following the messages leads to a file that is in order, and excuses the same."""
    made = report(outcomes)
    judged = judge(made, *texts)
    for _ in range(2):
        # An entry that was doubled by one which is to go counts when that has gone.
        texts = [text for text, status in zip(texts, states(judged), strict=True) if status in IN_ORDER]
        judged = judge(made, *texts)
    assert all(status in IN_ORDER for status in states(judged))


# Drafts


def test_a_draft_excuses_what_it_was_made_from_once_it_is_filled_in() -> None:
    """Each thing that is violated has an entry, scenarios of one fault have one together, and each fails as it is."""
    made = report({A: VIOLATED, B: VIOLATED, C: VIOLATED, "UNDEF-004/d": UPHELD})
    text = draft(made)
    entries = tomllib.loads(text)["deviation"]
    assert [one["scenario"] for one in entries] == [["a", "b"], "c"]
    assert all(one["driver"] == "TEST" for one in entries)
    assert set(states(judge(made, text))) == {Status.TODO}
    filled = text.replace('reason = "TODO"', 'reason = "r"').replace('link = "TODO"', 'link = "https://e.org"')
    judged = judge(made, filled.replace('until = "TODO"', "until = 2027-01-01"))
    assert set(states(judged)) == {Status.LIVE}
    assert judged["summary"]["exit_code"] == ExitCode.CONFORMANT


DRAFT = """\
# Deviations of the TEST driver, drafted from a run of 2026-11-26.
# Each entry needs a reason, a link to where it is tracked, and an end: the last day on which it
# counts, or the release that mends it (libvirt 12.0.0). An entry that still says TODO fails the run.

[[deviation]]
# MUST: Sentence of UNDEF-001.
# expected: gone
# observed: there
rule = "UNDEF-001"
scenario = [
  "a",
  "b",
]
driver = "TEST"
reason = "TODO"
link = "TODO"
until = "TODO"

[[deviation]]
# SHOULD: Sentence of UNDEF-002.
# expected: gone
# observed: there
rule = "UNDEF-002"
scenario = "c"
driver = "TEST"
reason = "TODO"
link = "TODO"
until = "TODO"
"""


def test_a_draft_is_a_file_that_a_person_can_read() -> None:
    """It tells how to fill in what it leaves open, and beside each entry the rule, what was expected and what was."""
    assert draft(report({A: VIOLATED, B: VIOLATED, C: VIOLATED, "UNDEF-004/d": UPHELD})) == DRAFT


@pytest.mark.parametrize(
    ("driver", "head", "line"),
    [
        ("Xen", "Xen", 'driver = "Xen"'),
        ('a "b" \\', 'a "b" \\', 'driver = "a \\U00000022b\\U00000022 \\U0000005C"'),
        ("a\nb", "a b", ""),
        ("", "unknown", ""),
        (None, "unknown", ""),
    ],
    ids=["plain", "quotes", "two lines", "empty", "not told"],
)
def test_a_draft_names_the_driver_where_it_can_be_named(driver: str | None, head: str, line: str) -> None:
    """A name that TOML has in one line is a condition of each entry; a statement of two lines stands in one."""
    made = report({A: VIOLATED})
    made["rules"][0]["statement"] = "One line.\nAnother."
    made["driver"] = {"uri": "test:///default", **({} if driver is None else {"type": driver})}
    text = draft(made)
    assert text.startswith(f"# Deviations of the {head} driver, drafted from a run of ")
    assert [one for one in text.splitlines() if one.startswith("driver")] == ([line] if line else [])
    assert "# MUST: One line. Another.\n" in text


def test_a_draft_keeps_faults_of_different_words_apart() -> None:
    """Scenarios are one entry only where they were expected and observed alike."""
    made = report({A: VIOLATED, B: VIOLATED})
    made["rules"][0]["scenarios"][1]["observed"] = "half there"
    assert [one["scenario"] for one in tomllib.loads(draft(made))["deviation"]] == ["a", "b"]
    made["rules"][0]["scenarios"][1] |= {"observed": "there", "expected": "nearly gone"}
    assert [one["scenario"] for one in tomllib.loads(draft(made))["deviation"]] == ["a", "b"]


def test_a_draft_of_nothing_is_a_file_without_entries() -> None:
    """Where nothing is violated there is nothing to fill in, and the file is in order."""
    assert parse_deviations(draft(report({A: UPHELD})), FILE) == ()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_draft_is_toml_whatever_a_driver_says(text: str) -> None:
    """Line ends, quotes and control characters of a driver's get into no other line."""
    made = report({A: VIOLATED}, driver={"type": text})
    made["rules"][0]["statement"] = text or "x"
    made["rules"][0]["scenarios"][0] |= {"expected": text, "observed": text}
    (one,) = tomllib.loads(draft(made))["deviation"]
    assert (one["rule"], one["reason"]) == ("UNDEF-001", "TODO")
    assert one.get("driver", text if not text.isprintable() else "") == text


def test_the_day_of_a_draft_is_that_of_the_run() -> None:
    """A draft says what it was made from."""
    assert f"from a run of {date(2026, 11, 26)}." in draft(report({A: UPHELD}))
