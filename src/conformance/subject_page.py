"""The page of one judged driver: what was found about every rule, capability and flag, with the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.catalog import release_text
from conformance.reference import label, table
from conformance.render.identity import RESULTS
from conformance.subjects import Subject
from conformance.verdict import ExitCode, Verdict

#: Violated cases of a rule that are told one by one; the report has all of them.
_TOLD = 5
_LONGEST = 400


def stub(name: str) -> str:
    """Return the source of a page that the directive ``subject`` fills."""
    return f"---\norphan: true\n---\n\n({label(name)})=\n\n# Judged: {name}\n\n```{{subject}} {name}\n```\n"


def body(subject: Subject) -> str:
    """Return what a subject's page says, as Markdown."""
    return "\n".join([_about(subject), _rules(subject), _violations(subject), _capabilities(subject), _flags(subject)])


def _cell(text: str) -> str:
    """Return text that a driver may have had a hand in, as the cell of a table."""
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|~$" else c for c in " ".join(short.split()))


def _about(subject: Subject) -> str:
    report = subject.report
    driver, machine = report["driver"], report.get("machine", {})
    client = driver.get("client_version")
    summary = report["summary"]["rules"]
    rows = [
        ("driver", f"{subject.hypervisor} by `{driver['uri']}`"),
        ("libvirt", f"{subject.libvirt}, asked by a client of {release_text(client) if client else 'unknown'}"),
        (
            "guests",
            ", ".join(str(one) for one in (machine.get("type"), machine.get("os_type"), machine.get("arch")) if one),
        ),
        ("judged on", str(report.get("timing", {}).get("started", "")) or "unknown"),
        ("by", f"{report['kit']['name']} {report['kit']['version']}, specification {report['spec']['version']}"),
        ("digest of the specification", f"`{report['spec']['digest'][:19]}…`"),
        ("rules", ", ".join(f"{number} {verdict}" for verdict, number in summary.items() if number)),
        ("result", RESULTS[ExitCode(report["summary"]["exit_code"])]),
        ("judged again by", f"`{report.get('reproduce', '')}`"),
    ]
    return "## In short\n\n" + table(["what", "is"], rows)


def _rules(subject: Subject) -> str:
    rows = []
    for rule in subject.report["rules"]:
        mark = f"[{rule['verdict']}]{{.verdict .verdict-{rule['verdict']} #{label(subject.name, rule['id'])}}}"
        rows.append([rule["id"], rule["level"], mark, _cell(subject.reason(rule["id"]))])
    return "## Rules\n\n" + table(["rule", "level", "verdict", "because"], rows)


def _violations(subject: Subject) -> str:
    parts = [
        f"### How {rule['id']} is broken\n\n" + "\n".join(_violation(rule))
        for rule in subject.report["rules"]
        if rule["verdict"] in (Verdict.VIOLATED, Verdict.DEVIATION)
    ]
    return "## What is violated\n\n" + "\n".join(parts) if parts else ""


def _violation(rule: Mapping[str, Any]) -> Iterator[str]:
    yield f"> {rule['statement']}\n"
    broken = [one for one in rule["scenarios"] if one["outcome"] == rule["verdict"]]
    rows = [[f"`{one['id']}`", _cell(one["expected"]), _cell(one["observed"])] for one in broken[:_TOLD]]
    yield table(["case", "expected", "observed"], rows)
    if len(broken) > _TOLD:
        yield f"{len(broken) - _TOLD} more cases are in the report.\n"
    script = next((one["reproducer"] for one in broken if one["reproducer"]), "")
    if script:
        yield f"````{{folded}} Shown again without the kit by\n```{{code-block}} none\n{script.rstrip()}\n```\n````\n"


def _capabilities(subject: Subject) -> str:
    rows = [
        [
            f"[{{ref}}`{name} <capability-{name}>`]{{#{label(subject.name, f'capability-{name}')}}}",
            one.word,
            _cell(one.shown),
        ]
        for name, one in subject.capabilities.items()
    ]
    return "## Capabilities\n\n" + table(["capability", "has it", "shown by"], rows)


def _flags(subject: Subject) -> str:
    rows = [
        [f"[`{name}`]{{#{label(subject.name, f'flag-{name}')}}}", one.word, _cell(one.shown)]
        for name, one in subject.flags.items()
    ]
    return "## Flags of undefine\n\n" + table(["flag", "is", "answer"], rows)
