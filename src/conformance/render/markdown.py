"""The report as a statement of conformance: what was judged, what holds, what does not, and how to see it again.

It is meant to be put beside a release, so it is short: no scenario stands there that is upheld.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.render import identity
from conformance.render.page import web_link
from conformance.render.plain import plain
from conformance.verdict import Verdict

_LEVELS = ("MUST", "SHOULD", "MAY")
_TOLD = (Verdict.VIOLATED, Verdict.INCONCLUSIVE, Verdict.NOT_TESTABLE, Verdict.DEVIATION)
#: What Markdown, or HTML inside it, could take for more than text.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&@$^]|:(?=//)|^[-+=])|^(?P<number>[0-9]+)(?=[.)])")


def escape(text: Any) -> str:
    """Return a text that Markdown shows as it is, in one line; for words of the kit's and of the driver's owner."""
    line = plain(" ".join(str(text).split()))
    return _SPECIAL.sub(lambda found: f"{found['number']}\\" if found["number"] else f"\\{found[0]}", line)


def code(text: Any) -> str:
    """Return a text as code within a line, fenced by more backticks than it has in a row.

    What a driver said stands so: in code no site makes links, mentions or pictures of it.
    """
    shown = plain(" ".join(str(text).split()))
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    padded = f" {shown} " if "`" in shown or not shown else shown
    return f"{fence}{padded}{fence}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; its cells are Markdown already."""
    yield _line_of(head)
    yield "|" + " --- |" * len(head)
    yield from map(_line_of, rows)


def _line_of(cells: Sequence[str]) -> str:
    # A bar ends a cell even within code, unless an odd number of backslashes stands before it.
    return "| " + " | ".join(re.sub(r"(\\*)\|", _bar, cell) for cell in cells) + " |"


def _bar(found: re.Match[str]) -> str:
    return found[0] if len(found[1]) % 2 else f"{found[1]}\\|"


def block(text: str, language: str = "") -> Iterator[str]:
    """Yield the lines of a text that is shown as it is, fenced by more backticks than it has in a row."""
    shown = plain(text, lines=True).rstrip("\n")
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    yield from (f"{fence}{language}", shown, fence)


def render(report: Mapping[str, Any]) -> str:
    """Return the text of the statement."""
    lines = [
        f"# Conformance of the {escape(identity.driver_name(report['driver']))}",
        "",
        f"**{escape(identity.result(report)).capitalize()}**: {escape(identity.tally_text(report['summary']['rules']))}"
        f" of {identity.count(len(report['rules']), 'rule')}.",
        "",
        *_reasons(report),
        *table(("what", "value"), [(escape(label), code(value)) for label, value in identity.facts(report)]),
        "",
        *_levels(report),
        *_broken(report),
        *_deviations(report),
        *_baseline(report),
        *_not_applicable(report),
        *_around(report),
        "## To see it again",
        "",
        *block(report["reproduce"], "sh"),
    ]
    return "\n".join(lines) + "\n"


def _reasons(report: Mapping[str, Any]) -> Iterator[str]:
    reasons = report["summary"].get("reasons", ())
    for reason in reasons:
        yield f"- {escape(reason['text'])}"
    if reasons:
        yield ""


def _levels(report: Mapping[str, Any]) -> Iterator[str]:
    yield from ("## Verdicts by level", "")
    found = [verdict for verdict in identity.GRAVEST_FIRST if report["summary"]["rules"].get(verdict)]
    rows = []
    for level in _LEVELS:
        verdicts = [rule["verdict"] for rule in report["rules"] if rule["level"] == level]
        if verdicts:
            rows.append((level, *(str(verdicts.count(verdict)) for verdict in found)))
    yield from table(("level", *found), rows)
    yield ""


def _broken(report: Mapping[str, Any]) -> Iterator[str]:
    rules = [rule for rule in report["rules"] if rule["verdict"] in _TOLD]
    if not rules:
        return
    yield from ("## What is not kept, or could not be judged", "")
    for rule in rules:
        yield from (f"### {rule['id']} ({rule['level']}), {rule['verdict']}: {escape(rule['title'])}", "")
        yield from (f"> {escape(rule['statement'])}", "")
        for scenario in rule["scenarios"]:
            if scenario["outcome"] not in _TOLD:
                continue
            yield f"- {code(scenario['id'])} {scenario['outcome']}"
            if scenario["expected"] or scenario["observed"]:
                yield f"  - expected: {code(scenario['expected'])}"
                yield f"  - observed: {code(scenario['observed'])}"
            else:
                yield f"  - {code(scenario['message'])}"
        yield ""
        script = next((s["reproducer"] for s in rule["scenarios"] if s["outcome"] in _TOLD and s["reproducer"]), "")
        if script:
            yield from ("Shown again without the kit by:", "", *block(script, "python"), "")


def _deviations(report: Mapping[str, Any]) -> Iterator[str]:
    if not (deviations := report.get("deviations")):
        return
    yield from ("## Recorded deviations", "")
    rows = [
        (
            f"{entry['rule']}/{entry['scenario']}" if entry["scenario"] else entry["rule"],
            entry["status"],
            escape(entry["until"]),
            escape(entry["reason"]) + (f": {escape(entry['message'])}" if entry["message"] else ""),
            f"<{plain(entry['link'])}>" if _is_plain_link(entry["link"]) else code(entry["link"]),
        )
        for entry in deviations["entries"]
    ]
    yield from table(("rule", "status", "until", "reason", "link"), [(code(row[0]), *row[1:]) for row in rows])
    yield ""


def _is_plain_link(link: str) -> bool:
    return bool(web_link(link)) and not re.search(r"[\s<>|`\\]", link) and link.isprintable()


def _baseline(report: Mapping[str, Any]) -> Iterator[str]:
    if not (difference := report.get("baseline")):
        return
    yield from ("## Since the baseline", "")
    old = difference["old"]
    whose = f"{escape(identity.driver_name(old['driver']))}, {escape(old['started'])}"
    yield f"Against {code(difference['file'])}, {whose}:"
    yield ""
    for note in difference["notes"]:
        yield f"- {escape(note)}"
    for key, words in identity.CHANGES.items():
        changes = difference[key]
        if changes:
            ids = ", ".join(code(change["id"]) for change in changes[:20])
            more = f" and {len(changes) - 20} more" if len(changes) > 20 else ""
            yield f"- {words}: {ids}{more}"
    if not any(difference[key] for key in identity.CHANGES):
        yield "- nothing has changed"
    yield ""


def _not_applicable(report: Mapping[str, Any]) -> Iterator[str]:
    rules = [rule for rule in report["rules"] if rule["verdict"] == Verdict.NOT_APPLICABLE]
    if rules:
        yield from ("## What does not apply", "")
        for rule in rules:
            why = rule["scenarios"][0]["message"] if rule["scenarios"] else "it has no scenario"
            yield f"- {rule['id']} {escape(rule['title'])}: {code(why)}"
        yield ""


def _around(report: Mapping[str, Any]) -> Iterator[str]:
    if report["problems"]:
        yield from ("## What went wrong around the scenarios", "")
        for problem in report["problems"]:
            yield f"- {code(problem)}"
        yield ""
    if inventory := report["inventory"]:
        kept = "as they were" if inventory["identical"] else "**not** as they were"
        yield from ("## Objects of others", "")
        yield f"{identity.count(inventory['objects'], 'object')} that are not the kit's are {kept}."
        for change in inventory["changed"]:
            yield f"- {code(change)}"
        if left := inventory.get("left"):
            yield ""
            yield "The driver keeps these files of domains that are gone:"
            yield ""
            for file in left:
                yield f"- {code(file)}"
        yield ""
