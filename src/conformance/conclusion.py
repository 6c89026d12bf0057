"""The result of a run: one exit code with its reasons, from the report and from what it was held against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from conformance.catalog import Level
from conformance.deviations import IN_ORDER
from conformance.diff import EXCUSED, Kind, has_got_worse, regressions
from conformance.plan import counts
from conformance.verdict import ExitCode, Ruling, Verdict, exit_code, tally, verdict_of_rule

_FAILING = (Verdict.VIOLATED, Verdict.NOT_TESTABLE)


def conclude(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report whose verdicts and summary follow from its scenarios and from what it is held against."""
    rules = [
        {**rule, "verdict": verdict_of_rule(Verdict(s["outcome"]) for s in rule["scenarios"]).value}
        for rule in report["rules"]
    ]
    concluded = {**report, "rules": rules}
    code = _exit_code(concluded)
    concluded["summary"] = {
        **report["summary"],
        "exit_code": int(code),
        "rules": tally(Verdict(rule["verdict"]) for rule in rules),
        "scenarios": tally(Verdict(s["outcome"]) for rule in rules for s in rule["scenarios"]),
        "reasons": [reason for reason in _reasons(concluded, code) if reason["text"]],
    }
    if "baseline" in report:
        new = {**report["baseline"]["new"], "exit_code": int(code)}
        concluded["baseline"] = {**report["baseline"], "new": new}
    return concluded


def _exit_code(report: Mapping[str, Any]) -> ExitCode:
    outcomes = {s["outcome"] for rule in report["rules"] for s in rule["scenarios"]}
    # A rule can be violated by one scenario while another is inconclusive; the run is inconclusive all the same.
    clean = not report["problems"] and report["complete"] and Verdict.INCONCLUSIVE not in outcomes
    known = _known(report)
    rulings = [
        # What the baseline excuses fails no more than what a deviation does.
        Ruling(Level(rule["level"]), Verdict.DEVIATION if rule["id"] in known else Verdict(rule["verdict"]))
        for rule in report["rules"]
    ]
    worse = bool(_out_of_order(report)) or ("baseline" in report and has_got_worse(report["baseline"]))
    return exit_code(rulings, Level(report["summary"]["level"]), clean=clean, worse=worse)


def _known(report: Mapping[str, Any]) -> list[str]:
    """Return the rules of which everything that is broken is excused by the baseline."""
    if "baseline" not in report:
        return []
    excused = {change["id"] for kind in EXCUSED for change in report["baseline"][kind]}
    return [
        rule["id"]
        for rule in report["rules"]
        if rule["verdict"] in _FAILING
        and all(s["id"] in excused for s in rule["scenarios"] if s["outcome"] in _FAILING)
    ]


def _out_of_order(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the recorded deviations that are to be mended."""
    entries = report.get("deviations", {}).get("entries", ())
    return [entry for entry in entries if entry["status"] not in IN_ORDER]


def _reasons(report: Mapping[str, Any], code: ExitCode) -> Iterator[dict[str, Any]]:
    """Yield why the exit code is what it is, the gravest first."""
    least, known = Level(report["summary"]["level"]), _known(report)
    differing = {one["id"] for one in report.get("repetitions", {}).get("differing", ())}
    unclear = _having(report, [Verdict.INCONCLUSIVE])
    yield _reason("problem", _problems(report), ())
    yield _reason("differing", _scenarios("did not end alike in each repetition", len(differing)), _rules_of(differing))
    yield _reason("inconclusive", _rules("could not be judged", unclear), unclear)
    if baseline := report.get("baseline"):
        yield from _reasons_of_change(baseline)
    bad = _out_of_order(report)
    text = (
        f"{_count(len({e['line'] for e in bad}), 'entry', 'entries')} of {report['deviations']['file']} to be mended"
        if bad
        else ""
    )
    yield _reason("deviations", text, dict.fromkeys(e["rule"] for e in bad if e["status"] != "unknown-rule"))
    warnings = []
    for verdict, words in ((Verdict.VIOLATED, "violated"), (Verdict.NOT_TESTABLE, "not testable")):
        found = [rule for rule in report["rules"] if rule["verdict"] == verdict and rule["id"] not in known]
        failing = [rule["id"] for rule in found if counts(Level(rule["level"]), least)]
        yield _reason(verdict.value, _rules(f"{_is(failing)} {words}", failing), failing)
        others = [rule["id"] for rule in found if rule["id"] not in failing]
        warnings.append(_reason("warning", _rules(f"below {least} {_is(others)} {words}", others), others))
    yield from warnings
    yield _reason("known-broken", _rules(f"{_is(known)} broken, and never held in the baseline", known), known)
    excused = _having(report, [Verdict.DEVIATION])
    yield _reason("deviation", _rules(f"{_has(excused)} recorded deviations", excused), excused)
    if code is ExitCode.NOTHING_SELECTED:
        yield _reason("nothing-selected", "nothing was selected", ())
    if code is ExitCode.NOTHING_APPLICABLE:
        yield _reason("nothing-applicable", "nothing that was selected applies to this driver", ())


def _reasons_of_change(baseline: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    worse = regressions(baseline)
    since = f"held in {baseline['file']} and {'is' if len(worse) == 1 else 'are'} broken now"
    yield _reason("regressed", _scenarios(since, len(worse)), _rules_of(c["id"] for c in worse))
    lost = baseline[Kind.SUPPORT_LOST]
    names = [finding["id"] for finding in baseline["capabilities"]["lost"]]
    text = f"the driver has lost {', '.join(names)}" if names else ""
    if lost:
        unheld = _scenarios(
            f"applied in {baseline['file']} and {'does' if len(lost) == 1 else 'do'} no more", len(lost)
        )
        text = f"{text}: {unheld}" if text else unheld
    yield _reason("support-lost", text, _rules_of(change["id"] for change in lost))


def _reason(kind: str, text: str, rules: Iterable[str]) -> dict[str, Any]:
    return {"kind": kind, "text": text, "rules": list(rules)}


def _problems(report: Mapping[str, Any]) -> str:
    problems = len(report["problems"])
    if problems:
        return f"{_count(problems, 'thing')} around the scenarios went wrong"
    return "" if report["complete"] else "the run has not come to its end"


def _having(report: Mapping[str, Any], outcomes: Sequence[Verdict]) -> list[str]:
    """Return the rules that have a scenario of one of some outcomes."""
    return [rule["id"] for rule in report["rules"] if any(s["outcome"] in outcomes for s in rule["scenarios"])]


def _rules_of(scenarios: Iterable[str]) -> list[str]:
    return sorted({name.partition("/")[0] for name in scenarios})


def _rules(words: str, rules: Sequence[str]) -> str:
    return f"{_count(len(rules), 'rule')} {words}" if rules else ""


def _scenarios(words: str, number: int) -> str:
    return f"{_count(number, 'scenario')} {words}" if number else ""


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _is(rules: Sequence[str]) -> str:
    return "is" if len(rules) == 1 else "are"


def _has(rules: Sequence[str]) -> str:
    return "has" if len(rules) == 1 else "have"
