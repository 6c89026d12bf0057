"""The result of a run: which exit code a report comes to, and which reasons it gives for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.conclusion import conclude
from conformance.diff import compare
from conformance.verdict import ExitCode, Verdict
from reports import ABSENT, EXCUSED, UNRUN, UNSET, UNSURE, UPHELD, VIOLATED, report

#: Two scenarios of a MUST, and one each of a SHOULD, a MAY and further MUSTs.
A, B, SHOULD, MAY, C, D = "UNDEF-001/a", "UNDEF-001/b", "UNDEF-002/c", "UNDEF-003/d", "UNDEF-004/e", "UNDEF-005/f"
AT_SHOULD = {"exit_code": 0, "level": "SHOULD"}


def against(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report that is concluded against an earlier one."""
    return conclude({**new, "baseline": compare(old, new, "old.json")})


def having(**present: bool) -> list[dict[str, Any]]:
    """Return capabilities that a driver has or lacks."""
    return [{"id": name, "present": is_there, "evidence": "probed"} for name, is_there in present.items()]


def recorded(*entries: tuple[int, str, str]) -> dict[str, Any]:
    """Return recorded deviations by their line, their rule and their status."""
    return {"file": "test.toml", "entries": [{"line": n, "rule": rule, "status": s} for n, rule, s in entries]}


def repeated(*differing: str) -> dict[str, Any]:
    """Return the part of a report about repetitions, with the scenarios that did not end alike."""
    return {"asked": 2, "done": 2, "differing": [{"id": name, "outcomes": []} for name in differing]}


def reasons(made: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Return the reasons that a report gives: kind, text and rules of each."""
    return [(one["kind"], one["text"], one["rules"]) for one in made["summary"]["reasons"]]


def code(made: Mapping[str, Any]) -> ExitCode:
    """Return the exit code that a report comes to."""
    return ExitCode(made["summary"]["exit_code"])


def test_verdicts_and_summary_are_made_anew_and_the_rest_stays() -> None:
    """What a report said of its verdicts plays no part, and nothing else that it says is lost."""
    made = report({A: UPHELD, B: VIOLATED, SHOULD: ABSENT})
    stale = [{**rule, "verdict": "upheld", "kept": 1} for rule in made["rules"]]
    concluded = conclude({**made, "rules": stale, "summary": {"level": "MUST", "exit_code": 4, "kept": 1}})
    none = dict.fromkeys(Verdict, 0)
    assert concluded["summary"] == {
        "level": "MUST",
        "exit_code": 1,
        "kept": 1,
        "rules": none | {VIOLATED: 1, ABSENT: 1},
        "scenarios": none | {UPHELD: 1, VIOLATED: 1, ABSENT: 1},
        "reasons": [{"kind": "violated", "text": "1 rule is violated", "rules": ["UNDEF-001"]}],
    }
    assert [rule.pop("verdict") for rule in concluded["rules"]] == [VIOLATED, ABSENT]
    assert concluded["rules"] == [{k: v for k, v in rule.items() if k != "verdict"} for rule in stale]
    others = made.keys() - {"rules", "summary"}
    assert {name: concluded[name] for name in others} == {name: made[name] for name in others}
    assert concluded.keys() == made.keys()


#: Reports with the exit code that each comes to. They are made while this module is imported, and concluded anew in
#: the test: only there does mutmut change the conclusion.
CODES = {
    "every rule kept": (report({A: UPHELD, SHOULD: UPHELD}), ExitCode.CONFORMANT),
    "a MUST violated": (report({A: VIOLATED}), ExitCode.NOT_CONFORMANT),
    "a MUST not testable": (report({A: UNSET}), ExitCode.NOT_CONFORMANT),
    "a SHOULD violated": (report({SHOULD: VIOLATED}), ExitCode.CONFORMANT),
    "a SHOULD violated, and counting": (report({SHOULD: VIOLATED}, summary=AT_SHOULD), ExitCode.NOT_CONFORMANT),
    "a MAY violated, at the level SHOULD": (report({MAY: VIOLATED}, summary=AT_SHOULD), ExitCode.CONFORMANT),
    "violated, and a problem": (report({A: VIOLATED}, problems=["x"]), ExitCode.ERROR),
    "a problem": (report({A: UPHELD}, problems=["x"]), ExitCode.ERROR),
    "not at its end": (report({A: UPHELD}, complete=False), ExitCode.ERROR),
    "inconclusive": (report({SHOULD: UNSURE}), ExitCode.ERROR),
    "inconclusive beside violated": (report({A: VIOLATED, B: UNSURE}), ExitCode.ERROR),
    "only deviations": (report({A: EXCUSED}), ExitCode.CONFORMANT),
    "nothing run": (report({A: UNRUN}), ExitCode.NOTHING_SELECTED),
    "no rule": (report({}), ExitCode.NOTHING_SELECTED),
    "nothing applies": (report({A: ABSENT, SHOULD: UNRUN}), ExitCode.NOTHING_APPLICABLE),
    "an entry out of date": (
        report({A: UPHELD}, deviations=recorded((1, "UNDEF-001", "stale"))),
        ExitCode.NOT_CONFORMANT,
    ),
    "entries in order": (
        report({A: EXCUSED}, deviations=recorded((1, "UNDEF-001", "live"), (5, "UNDEF-004", "not-met"))),
        ExitCode.CONFORMANT,
    ),
    "one regression of a MAY": (against(report({MAY: UPHELD}), report({MAY: VIOLATED})), ExitCode.NOT_CONFORMANT),
    "a regression that is recorded": (against(report({A: UPHELD}), report({A: EXCUSED})), ExitCode.CONFORMANT),
    "broken before": (against(report({A: VIOLATED}), report({A: VIOLATED})), ExitCode.CONFORMANT),
    "broken before, not testable now": (against(report({A: EXCUSED}), report({A: UNSET})), ExitCode.CONFORMANT),
    "newly supported, and broken": (against(report({A: ABSENT}), report({A: VIOLATED})), ExitCode.CONFORMANT),
    "newly specified, and broken": (against(report({}), report({A: VIOLATED})), ExitCode.CONFORMANT),
    "not judged before": (against(report({A: UNRUN}), report({A: VIOLATED})), ExitCode.NOT_CONFORMANT),
    "half of it not judged before": (
        against(report({A: VIOLATED, B: UNRUN}), report({A: VIOLATED, B: VIOLATED})),
        ExitCode.NOT_CONFORMANT,
    ),
    "half of it a deviation": (
        against(report({A: VIOLATED, B: UNRUN}), report({A: VIOLATED, B: EXCUSED})),
        ExitCode.CONFORMANT,
    ),
    "a capability lost": (
        against(report({A: UPHELD}), report({A: UPHELD}, capabilities=having(define=False))),
        ExitCode.NOT_CONFORMANT,
    ),
}


@pytest.mark.parametrize(("made", "wanted"), CODES.values(), ids=CODES)
def test_the_exit_code_follows_from_the_report(made: Mapping[str, Any], wanted: ExitCode) -> None:
    """The first of inconclusive, broken or worse, nothing selected and nothing applicable that fits is the result."""
    assert code(conclude(made)) == wanted


def test_the_difference_has_the_exit_code_of_the_run() -> None:
    """The side of a difference that is the run itself says what the run came to, and all else that it said."""
    new = report({A: UPHELD, SHOULD: UPHELD})
    judged = against(report({A: UPHELD, SHOULD: UPHELD}), {**new, "problems": ["x"]})
    compared = compare(new, new, "old.json")
    assert judged["baseline"] == compared | {"new": compared["new"] | {"exit_code": ExitCode.ERROR}}
    assert "baseline" not in new


#: A report that others are held against, and reports with the reasons that each gives.
OLD = report({A: UPHELD, B: UPHELD, C: UPHELD, D: VIOLATED}, capabilities=having(define=True, nvram=True, tpm=True))
REASONS = {
    "everything kept": (report({A: UPHELD}), []),
    "one problem": (report({A: UPHELD}, problems=["x"]), [("problem", "1 thing around the scenarios went wrong", [])]),
    "two problems": (
        report({A: UPHELD}, problems=["x", "y"], complete=False),
        [("problem", "2 things around the scenarios went wrong", [])],
    ),
    "cut off": (report({A: UPHELD}, complete=False), [("problem", "the run has not come to its end", [])]),
    "one differing": (
        report({A: UPHELD}, repetitions=repeated(A)),
        [("differing", "1 scenario did not end alike in each repetition", ["UNDEF-001"])],
    ),
    "three differing": (
        report({A: UPHELD}, repetitions=repeated(C, B, A)),
        [("differing", "3 scenarios did not end alike in each repetition", ["UNDEF-001", "UNDEF-004"])],
    ),
    "one inconclusive": (
        report({A: UNSURE, B: UNSURE, C: UPHELD}),
        [("inconclusive", "1 rule could not be judged", ["UNDEF-001"])],
    ),
    "two inconclusive": (
        report({A: UPHELD, B: UNSURE, SHOULD: UNSURE}),
        [("inconclusive", "2 rules could not be judged", ["UNDEF-001", "UNDEF-002"])],
    ),
    "one violated": (report({A: VIOLATED, B: VIOLATED}), [("violated", "1 rule is violated", ["UNDEF-001"])]),
    "two violated": (
        report({A: VIOLATED, C: VIOLATED}),
        [("violated", "2 rules are violated", ["UNDEF-001", "UNDEF-004"])],
    ),
    "one not testable": (report({A: UNSET}), [("not-testable", "1 rule is not testable", ["UNDEF-001"])]),
    "one below the level": (
        report({SHOULD: VIOLATED}),
        [("warning", "1 rule below MUST is violated", ["UNDEF-002"])],
    ),
    "two below the level": (
        report({SHOULD: UNSET, MAY: UNSET}),
        [("warning", "2 rules below MUST are not testable", ["UNDEF-002", "UNDEF-003"])],
    ),
    "below a lower level": (
        report({SHOULD: VIOLATED, MAY: VIOLATED}, summary=AT_SHOULD),
        [
            ("violated", "1 rule is violated", ["UNDEF-002"]),
            ("warning", "1 rule below SHOULD is violated", ["UNDEF-003"]),
        ],
    ),
    "one deviation": (
        report({A: EXCUSED, B: UPHELD}),
        [("deviation", "1 rule has recorded deviations", ["UNDEF-001"])],
    ),
    "two deviations": (
        report({A: EXCUSED, SHOULD: EXCUSED}),
        [("deviation", "2 rules have recorded deviations", ["UNDEF-001", "UNDEF-002"])],
    ),
    "one entry, of two scenarios": (
        report({A: UPHELD}, deviations=recorded((3, "UNDEF-001", "stale"), (3, "UNDEF-001", "expired"))),
        [("deviations", "1 entry of test.toml to be mended", ["UNDEF-001"])],
    ),
    "entries, one of them about no rule": (
        report(
            {A: UPHELD},
            deviations=recorded((3, "UNDEF-001", "stale"), (9, "UNDEF-999", "unknown-rule"), (15, "UNDEF-002", "live")),
        ),
        [("deviations", "2 entries of test.toml to be mended", ["UNDEF-001"])],
    ),
    "nothing selected": (report({A: UNRUN}), [("nothing-selected", "nothing was selected", [])]),
    "nothing applicable": (
        report({A: ABSENT}),
        [("nothing-applicable", "nothing that was selected applies to this driver", [])],
    ),
    "one regressed": (
        against(report({A: UPHELD}), report({A: VIOLATED})),
        [
            ("regressed", "1 scenario held in old.json and is broken now", ["UNDEF-001"]),
            ("violated", "1 rule is violated", ["UNDEF-001"]),
        ],
    ),
    "three regressed": (
        against(OLD, {**OLD, "rules": report({A: VIOLATED, B: VIOLATED, C: VIOLATED, D: VIOLATED})["rules"]}),
        [
            ("regressed", "3 scenarios held in old.json and are broken now", ["UNDEF-001", "UNDEF-004"]),
            ("violated", "2 rules are violated", ["UNDEF-001", "UNDEF-004"]),
            ("known-broken", "1 rule is broken, and never held in the baseline", ["UNDEF-005"]),
        ],
    ),
    "regressed, and recorded": (
        against(report({A: UPHELD}), report({A: EXCUSED})),
        [("deviation", "1 rule has recorded deviations", ["UNDEF-001"])],
    ),
    "two broken before": (
        against(report({A: VIOLATED, C: UNSET}), report({A: UNSET, C: VIOLATED})),
        [("known-broken", "2 rules are broken, and never held in the baseline", ["UNDEF-001", "UNDEF-004"])],
    ),
    "capabilities lost, and one scenario with them": (
        against(OLD, {**OLD, **report({A: ABSENT}, capabilities=having(define=False, nvram=True, tpm=False))}),
        [
            (
                "support-lost",
                "the driver has lost define, tpm: 1 scenario applied in old.json and does no more",
                ["UNDEF-001"],
            ),
        ],
    ),
    "only a capability lost": (
        against(OLD, {**OLD, **report({A: UPHELD}, capabilities=having(tpm=False))}),
        [("support-lost", "the driver has lost tpm", [])],
    ),
    "scenarios lost to an older driver": (
        against(
            report({C: UPHELD, A: VIOLATED, SHOULD: UPHELD}),
            report({C: ABSENT, A: ABSENT, SHOULD: UPHELD}, driver={"libvirt_version": 9_003}),
        ),
        [("support-lost", "2 scenarios applied in old.json and do no more", ["UNDEF-001", "UNDEF-004"])],
    ),
}


@pytest.mark.parametrize(("made", "wanted"), REASONS.values(), ids=REASONS)
def test_each_reason_is_a_clause_and_names_its_rules(
    made: Mapping[str, Any], wanted: list[tuple[str, str, list[str]]]
) -> None:
    """A reason says how many there are of what, and names each rule once; what there is not is not told."""
    assert reasons(conclude(made)) == wanted


def test_the_gravest_reason_stands_first() -> None:
    """What makes a run inconclusive stands before what fails it, and what fails it before what does not."""
    old = report({A: UPHELD, C: VIOLATED}, capabilities=having(define=True, tpm=True))
    outcomes = {A: VIOLATED, B: EXCUSED, SHOULD: VIOLATED, MAY: UNSET, C: VIOLATED, D: UNSET, "UNDEF-006/g": UNSURE}
    more = {"deviations": recorded((1, "UNDEF-001", "stale")), "repetitions": repeated("UNDEF-006/g")}
    new = report(outcomes, problems=["x"], capabilities=having(define=True, tpm=False), **more)
    known = against(old, {**new, "rules": [rule for rule in new["rules"] if rule["id"] != "UNDEF-005"]})
    inconclusive = ["problem", "differing", "inconclusive"]
    assert [kind for kind, _, _ in reasons(new)] == [
        *inconclusive,
        "deviations",
        "violated",
        "not-testable",
        "warning",
        "warning",
        "deviation",
    ]
    assert [kind for kind, _, _ in reasons(known)] == [
        *inconclusive,
        "regressed",
        "support-lost",
        "deviations",
        "violated",
        "known-broken",
        "deviation",
    ]


OUTCOMES = st.fixed_dictionaries({name: st.sampled_from(list(Verdict)) for name in (A, B, SHOULD, MAY, C)})
OF_CODE = {
    ExitCode.ERROR: {"problem", "inconclusive", "differing"},
    ExitCode.NOT_CONFORMANT: {"violated", "not-testable"},
    ExitCode.NOTHING_SELECTED: {"nothing-selected"},
    ExitCode.NOTHING_APPLICABLE: {"nothing-applicable"},
}


@given(OUTCOMES, st.sampled_from(["MUST", "SHOULD"]), st.booleans())
def test_the_first_reason_is_that_of_the_exit_code(outcomes: Mapping[str, Verdict], level: str, complete: bool) -> None:
    """A run that is not conformant leads with what makes it so, and no other run gives such a reason."""
    made = report(outcomes, summary={"exit_code": 0, "level": level}, complete=complete)
    kinds = [kind for kind, _, _ in reasons(made)]
    if code(made) in OF_CODE:
        assert kinds[0] in OF_CODE[code(made)]
    else:
        assert not set(kinds) & set().union(*OF_CODE.values())


@given(OUTCOMES)
def test_each_verdict_is_counted_once(outcomes: Mapping[str, Verdict]) -> None:
    """The numbers of the summary are those of the rules and of the scenarios, whatever they came to."""
    summary = report(outcomes)["summary"]
    assert sum(summary["scenarios"].values()) == len(outcomes)
    assert sum(summary["rules"].values()) == len({name.partition("/")[0] for name in outcomes})
    assert all(summary["scenarios"][verdict] == list(outcomes.values()).count(verdict) for verdict in Verdict)
