"""The kill matrix for a person: as text for a terminal, and as the page of the documentation.

Both are made from the documents that ``prove`` writes, and from nothing else.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conformance.catalog import release_text
from conformance.kill_matrix import Proof
from conformance.render.identity import count
from conformance.render.plain import printable
from conformance.verdict import ExitCode

#: What stands in a cell: meant and seen, declared and seen, seen only, meant only, asked and not seen, not asked.
_CELLS = ("#", "o", "!", "?", ".", " ")
_LEGEND = (
    "#  the rule is meant for the vice, and convicts it",
    "o  the rule convicts it too, as declared with a reason",
    "!  the rule convicts it, and nobody has declared that",
    "?  the rule is meant for it, or declared to overlap, and does not convict it",
    ".  the rule does not convict it",
    "   the rule was not asked: it does not apply to the driver, or judges such vices only as are meant for it",
)
_MARKS = {
    Proof.KILLS: "+", Proof.TOOTHLESS: "X", Proof.FREE: " ", Proof.ELSEWHERE: "-", Proof.NOT_RUN: " ",
}  # fmt: skip
_RESULTS = {
    ExitCode.CONFORMANT: "proven",
    ExitCode.NOT_CONFORMANT: "not proven",
    ExitCode.ERROR: "inconclusive",
    ExitCode.NOTHING_APPLICABLE: "nothing applies to this driver",
}
_WIDTH = 100


def text(report: Mapping[str, Any]) -> str:
    """Return what ``prove`` prints."""
    lines = [_driver(report["driver"]), ""]
    lines += [
        "Each line is a driver with one vice, each column a rule, whose number is to be read downwards.",
        *_LEGEND,
    ]
    lines += ["", *grid(report), "", "Rules, and how many vices each of them kills:"]
    for rule in report["rules"]:
        if rule["proof"] != Proof.NOT_RUN:
            lines += _rule(rule)
    lines += ["", *_steps(report["steps"], in_full=report["summary"]["whole"])]
    if own := report["violated_without"]:
        rules = ", ".join(sorted({scenario.partition("/")[0] for scenario in own}))
        lines += ["", f"The driver itself violates {count(len(own), 'scenario')} of {rules}; a vice is judged by"]
        lines += ["what it adds to that."]
    for label in ("doubts", "failures"):
        lines += ["", *(_wrapped(f"! {said}") for said in report[label])] if report[label] else []
    return "\n".join([*lines, "", *_summary(report)]) + "\n"


def _driver(driver: Mapping[str, Any]) -> str:
    released = release_text(driver.get("libvirt_version") or 0)
    return f"{driver['uri']}: {driver.get('type', 'unknown')} driver of libvirt {released}"


def grid(report: Mapping[str, Any]) -> list[str]:
    """Return the matrix itself, a line for each vice."""
    columns = [rule["id"] for rule in report["rules"]]
    vices = report["vices"]
    if not vices:
        return []
    width = max(len(vice["name"]) for vice in vices)
    lines: list[str] = []
    family = ""
    for vice in vices:
        if vice["family"] != family:
            lines += _header(columns, width) if not lines else []
            family = vice["family"]
            lines.append(f"{family}:")
        cells = "".join(_CELLS[_cell(report, vice, rule)] for rule in columns)
        lost = "  ends the process" if vice["ends_process"] else ""
        lines.append(f"  {vice['name']:{width}}  {cells}{lost}".rstrip())
    return lines


def _header(columns: Sequence[str], width: int) -> list[str]:
    """Return the numbers of the rules, each standing upright, below the beginning of their ids."""
    beginnings = dict.fromkeys(rule.rpartition("-")[0] for rule in columns)
    lines = [" " * (width + 4) + " ".join(beginnings)]
    digits = [rule.rpartition("-")[2] for rule in columns]
    height = max(len(number) for number in digits)
    rows = ["".join(number.rjust(height)[row] for number in digits) for row in range(height)]
    return lines + [" " * (width + 4) + row for row in rows if row.strip("0 ")]


def _cell(report: Mapping[str, Any], vice: Mapping[str, Any], rule: str) -> int:
    if rule in vice["convicted_by"]:
        return 0 if rule in vice["rules"] else 1 if rule in vice["overlaps"] else 2
    if rule in vice["missed"] or rule in vice["unseen"]:
        return 3
    asked = rule in report["asked"] and not vice["ends_process"]
    return 4 if asked and (rule not in report["only_meant"] or rule in vice["rules"]) else 5


def _rule(rule: Mapping[str, Any]) -> Iterable[str]:
    proof = Proof(rule["proof"])
    said = {
        Proof.KILLS: count(len(rule["killers"]), "vice"),
        Proof.TOOTHLESS: "NO VICE",
        Proof.FREE: "none is needed",
        Proof.ELSEWHERE: f"shown on {', '.join(rule['shown_on'])}",
    }.get(proof, "")
    yield f"{_MARKS[proof]} {rule['id']} {rule['level']:6} {rule['title']}: {said}"
    if rule["why"]:
        yield _wrapped(rule["why"], "    ")


def _steps(steps: Sequence[Mapping[str, Any]], *, in_full: bool) -> Iterable[str]:
    """Yield how many sentences of a Then have been seen to convict; in full, also which have not."""
    seen = [step for step in steps if step["convicted"]]
    yield f"Then: {len(seen)} of {len(steps)} sentences have convicted a vice here."
    for title, used in (("in scenarios here", True), ("in no scenario that applies here", False)) if in_full else ():
        quiet = [step["sentence"] for step in steps if not step["convicted"] and step["used"] is used]
        if quiet:
            yield _wrapped(f"not seen to convict, {title}: {'; '.join(f'“{sentence}”' for sentence in quiet)}", "  ")


def _summary(report: Mapping[str, Any]) -> Iterable[str]:
    summary, scenarios = report["summary"], report["scenarios"]
    rules = [rule["proof"] for rule in report["rules"]]
    yield f"vices:     {summary['vices']} tried, {summary['convicted']} convicted as declared"
    yield (
        f"rules:     {rules.count(Proof.KILLS)} have a killer here, "
        f"{rules.count(Proof.ELSEWHERE)} are shown on another driver, {rules.count(Proof.TOOTHLESS)} have none"
    )
    never = len(scenarios["never_convicting"])
    yield f"scenarios: {scenarios['met']} met, {scenarios['upheld_without'] - never} of them have convicted a vice"
    yield f"result:    {_RESULTS[ExitCode(summary['exit_code'])]}" + (
        "" if summary["whole"] else ", for what was tried"
    )


def _wrapped(said: str, indent: str = "") -> str:
    return textwrap.fill(
        printable(said), _WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False,
        break_long_words=False,
    )  # fmt: skip


# The page


def page(reports: Sequence[Mapping[str, Any]]) -> str:
    """Return the page of the documentation, from what was found on one or more drivers."""
    count = len({vice["name"] for report in reports for vice in report["vices"]})
    lines = [
        "# The kill matrix",
        "",
        "<!-- Made by `./kit lint --write` from docs/proof/; it is not edited. -->",
        "",
        "A kit that convicts nobody is green, too.",
        f"So there are {count} broken drivers: the real one, with one *vice* each.",
        "Every MUST and every SHOULD convicts at least one vice that is meant for it, "
        "and a vice is convicted by no rule that is not declared here.",
        "",
        "| driver | vices | convicted as declared | rules with a killer | made by |",
        "|---|---|---|---|---|",
    ]
    for report in reports:
        kills = sum(rule["proof"] == Proof.KILLS for rule in report["rules"])
        summary = report["summary"]
        command = f"`./kit prove --uri {report['driver']['uri']}`"
        lines.append(
            f"| {_driver(report['driver'])} | {summary['vices']} | {summary['convicted']} | {kills} | {command} |"
        )
    lines += [
        "",
        "[What no vice can show](no-vice.md) tells what stands in for that; "
        "[Architecture](architecture.md), how the kit goes about it.",
        "",
        "## Rules and their killers",
        "",
        "| rule | level | what it says | killed vices |",
        "|---|---|---|---|",
        *_page_rules(reports),
        "",
        "## The matrix",
        "",
        "Each line is a driver with one vice, each column a rule, whose number is to be read downwards.",
    ]
    for report in reports:
        lines += ["", f"### {report['driver']['uri']}", "", "```text", *_LEGEND, "", *grid(report), "```"]
    lines += [
        "",
        "## The vices",
        "",
        "Behind a vice stand the rules that are meant for it, then those that convict it too, and why.",
    ]
    for report in reports:
        family = ""
        for vice in report["vices"]:
            if vice["family"] != family:
                family = vice["family"]
                lines += ["", f"### {family.capitalize()}, on {report['driver']['uri']}", ""]
                lines += ["| vice | what the driver does | meant for it | convicts it too |", "|---|---|---|---|"]
            lines.append(_page_vice(vice))
    lines += ["", "## What has been seen to convict", "", *_page_steps(reports)]
    return "\n".join(lines) + "\n"


def _page_rules(reports: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    for rules in zip(*(report["rules"] for report in reports), strict=True):
        rule = rules[0]
        killed = [
            f"{len(each['killers'])} on {report['driver']['uri']}"
            for each, report in zip(rules, reports, strict=True)
            if each["killers"]
        ]
        elsewhere = sorted({uri for each in rules for uri in each["shown_on"]})
        said = ", ".join(killed) or (f"shown on {', '.join(elsewhere)}" if elsewhere else f"none: {rule['why']}")
        yield f"| {rule['id']} | {rule['level']} | {_cell_text(rule['title'])} | {said} |"


def _page_vice(vice: Mapping[str, Any]) -> str:
    meant = ", ".join(vice["rules"]) or "none can: it ends the process, and the run is inconclusive"
    reasons: dict[str, list[str]] = {}
    for rule, reason in vice["overlaps"].items():
        reasons.setdefault(reason, []).append(rule)
    too = "; ".join(f"{', '.join(rules)}: {reason}" for reason, rules in reasons.items())
    return f"| `{vice['name']}` | {_cell_text(vice['sentence'])} | {meant} | {_cell_text(too)} |"


def _page_steps(reports: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Yield the sentences of a Then, by which alone a rule convicts, and where each was seen to do so."""
    yield "A rule convicts by the sentences of its scenarios that begin with *Then*."
    yield "Each that a scenario on these drivers has is seen to do so, so none passes whatever the driver does."
    yield ""
    yield "| sentence | has convicted a vice on |"
    yield "|---|---|"
    for steps in zip(*(report["steps"] for report in reports), strict=True):
        on = [report["driver"]["uri"] for step, report in zip(steps, reports, strict=True) if step["convicted"]]
        never = "**none**" if any(step["used"] for step in steps) else "no scenario on these drivers has it"
        yield f"| {_cell_text(steps[0]['sentence'])} | {', '.join(on) or never} |"


def _cell_text(said: str) -> str:
    return said.replace("|", "\\|").replace("<", "&lt;")
