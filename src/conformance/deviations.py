"""What recorded deviations make of a report: which violations they excuse, and which of them have outlived their day.

A deviation excuses a scenario that is violated and nothing else: what could not be judged stays so.
An entry that excuses nothing although what it is about was judged fails the run, so that the file never says more
than is true.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from conformance.catalog import RULE_ID
from conformance.deviations_file import TODO, Deviation, Until, ascii_line
from conformance.releases import Release, is_within, release_of
from conformance.verdict import Verdict

#: What stands for the decision table, or for a fault that it has shown, among a rule's scenarios.
TABLE_ENTRY = re.compile(r"table(\[[a-z0-9-]+\])?")
_UNJUDGED = (Verdict.NOT_RUN, Verdict.INCONCLUSIVE, Verdict.NOT_TESTABLE)


class Status(StrEnum):
    """What became of an entry; all but the first two fail the run."""

    LIVE = "live"
    NOT_MET = "not-met"
    STALE = "stale"
    EXPIRED = "expired"
    UNKNOWN = "unknown-rule"
    DUPLICATE = "duplicate"
    TODO = "todo"


#: How an entry can be without failing the run.
IN_ORDER = (Status.LIVE, Status.NOT_MET)


@dataclass(frozen=True)
class Circumstances:
    """What conditions and ends are held against: the driver of a report, and the day of its run."""

    driver: str
    libvirt: Release
    hypervisor: Release
    host: str
    day: date


def circumstances_of(report: Mapping[str, Any]) -> Circumstances:
    """Return the circumstances of a run."""
    driver = report["driver"]
    return Circumstances(
        driver.get("type", ""),
        release_of(driver.get("libvirt_version")),
        release_of(driver.get("hypervisor_version")),
        driver.get("hostname", ""),
        # The day of the run and not of the reader, so that a report says the same whenever it is read.
        _day(report["timing"]["started"]),
    )


def _day(started: str) -> date:
    try:
        return date.fromisoformat(started[:10])
    except ValueError:
        # Of a day that there is not, nothing is known but that no entry can be shown to last so long.
        return date.max


def apply_deviations(report: Mapping[str, Any], deviations: Sequence[Deviation], file: str) -> dict[str, Any]:
    """Return a report in which what a live deviation excuses is one, with what became of each entry.

    The rules' verdicts and the summary are the caller's to conclude anew.

    :param file: the name of the file, for people.
    """
    now = circumstances_of(report)
    found: list[tuple[Deviation, tuple[Status, str] | None]] = []
    before: dict[tuple[str, str], list[tuple[Deviation, bool]]] = {}
    for one in deviations:
        earlier = before.setdefault((one.rule, one.scenario), [])
        without_looking = _without_looking(one, earlier, report, now)
        found.append((one, without_looking))
        earlier.append((one, without_looking is None))
    excuses = {(one.rule, one.scenario): one for one, status in found if status is None}
    rules = [
        {**rule, "scenarios": [_excused(rule["id"], scenario, excuses) for scenario in rule["scenarios"]]}
        for rule in report["rules"]
    ]
    states = [(one, *(status or _by_looking(one, excuses, report))) for one, status in found]
    needed = {one.line for one, status, _ in states if status is not Status.STALE}
    entries = [
        _entry(one, status, message + _remedy(one, needed) if status is Status.STALE else message)
        for one, status, message in states
    ]
    return {**report, "rules": rules, "deviations": {"file": file, "entries": entries}}


def _remedy(one: Deviation, needed: Collection[int]) -> str:
    """Return what is to be done about an entry of which at least a scenario is stale."""
    return "; take the scenario out of the entry" if one.line in needed else "; remove the entry"


def _excused(rule: str, scenario: Mapping[str, Any], excuses: Mapping[tuple[str, str], Deviation]) -> Mapping[str, Any]:
    if scenario["outcome"] != Verdict.VIOLATED:
        return scenario
    excuse = _excuse(rule, scenario, excuses)
    if excuse is None:
        return scenario
    told = {"reason": excuse.reason, "link": excuse.link, "until": str(excuse.until), "line": excuse.line}
    return {**scenario, "outcome": Verdict.DEVIATION.value, "deviation": told}


def _excuse(rule: str, scenario: Mapping[str, Any], excuses: Mapping[tuple[str, str], Deviation]) -> Deviation | None:
    """Return the entry that a scenario is for: its own, or that of its whole rule."""
    own = (rule, scenario["id"].removeprefix(f"{rule}/"))
    return excuses.get(own) or excuses.get((rule, ""))


def _without_looking(
    one: Deviation, earlier: Iterable[tuple[Deviation, bool]], report: Mapping[str, Any], now: Circumstances
) -> tuple[Status, str] | None:
    """Return what is to be said of an entry whatever the scenarios came to, or nothing.

    :param earlier: the entries before it about the same, each with whether it counts.
    """
    if not one.is_finished:
        return Status.TODO, f"fill in {_list_of(_unfinished(one))}, where {TODO} stands"
    if why := _unknown(one, report):
        return Status.UNKNOWN, why
    for other, counts in earlier:
        if other.conditions == one.conditions or (counts and not _unmet(one, now)):
            return Status.DUPLICATE, f"line {other.line} says the same; remove one of the two"
    if one.until.day is not None and one.until.day < now.day:
        return Status.EXPIRED, f"its last day was {one.until}; remove the entry, or give it a new end with its reason"
    if why := _unmet(one, now):
        return Status.NOT_MET, why
    return _ended(one.until, now)


def _unfinished(one: Deviation) -> list[str]:
    open_parts = [name for name in ("reason", "link") if TODO in getattr(one, name)]
    return open_parts + (["until"] if one.until == Until() else [])


def _list_of(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _unknown(one: Deviation, report: Mapping[str, Any]) -> str:
    rules = {rule["id"]: rule for rule in report["rules"]}
    if one.rule not in rules:
        shown = one.rule if RULE_ID.fullmatch(one.rule) else ascii(one.rule[:40])
        return f"specification {ascii_line(report['spec']['version'])} has no rule {shown}; remove the entry"
    names = [scenario["id"].removeprefix(f"{one.rule}/") for scenario in rules[one.rule]["scenarios"]]
    if not one.scenario or one.scenario in names:
        return ""
    # A fault that the decision table shows has an entry only as long as it is there.
    has_table = any(TABLE_ENTRY.fullmatch(name) for name in names) or "decision_table" not in report
    unasked = all(scenario["outcome"] == Verdict.NOT_RUN for scenario in rules[one.rule]["scenarios"])
    if TABLE_ENTRY.fullmatch(one.scenario) and (has_table or unasked):
        return ""
    return f"{one.rule} has no scenario {one.scenario[:80]!a}; remove it, or name one that there is"


def _unmet(one: Deviation, now: Circumstances) -> str:
    """Return which condition of an entry is not met, or an empty text."""
    wanted = one.conditions
    if "driver" in wanted and wanted["driver"].upper() != now.driver.upper():
        return f"it is about the driver {wanted['driver']}, and this one is {now.driver or 'unknown'}"
    for name, release, bounds in (
        ("libvirt", now.libvirt, one.libvirt),
        ("hypervisor", now.hypervisor, one.hypervisor),
    ):
        if not is_within(release, bounds):
            this = f"this one is {_dotted(release)}" if release else "this driver does not tell its own"
            return f"it is about {name} {wanted[name]}, and {this}"
    if "host" in wanted and not fnmatchcase(now.host.lower(), wanted["host"].lower()):
        return f"it is about the host {wanted['host']}, and this one is {now.host or 'unknown'}"
    return ""


def _ended(until: Until, now: Circumstances) -> tuple[Status, str] | None:
    if not until.of:
        return None
    release = now.libvirt if until.of == "libvirt" else now.hypervisor
    if not release:
        return Status.EXPIRED, f"this driver does not tell the release of its {until.of}; give a day as the end"
    if release < until.release:
        return None
    return (
        Status.EXPIRED,
        f"it was to end with {until}, and this is {_dotted(release)}; remove the entry, or give it a new end",
    )


def _dotted(release: Release) -> str:
    return ".".join(map(str, release))


def _by_looking(
    one: Deviation, excuses: Mapping[tuple[str, str], Deviation], report: Mapping[str, Any]
) -> tuple[Status, str]:
    """Return what became of an entry that was to count: whether what it is about is violated."""
    rule = next(rule for rule in report["rules"] if rule["id"] == one.rule)
    about = [scenario for scenario in rule["scenarios"] if _excuse(one.rule, scenario, excuses) is one]
    if one.scenario and not about:
        about = _table_as_a_whole(rule)
    outcomes = {Verdict(scenario["outcome"]) for scenario in about}
    if Verdict.VIOLATED in outcomes:
        return Status.LIVE, ""
    if unjudged := next((outcome for outcome in _UNJUDGED if outcome in outcomes), None):
        return Status.NOT_MET, f"it was not judged ({unjudged})"
    if not outcomes:
        return Status.STALE, "every scenario of the rule has an entry of its own"
    return Status.STALE, "it is upheld" if Verdict.UPHELD in outcomes else "it does not apply to this driver"


def _table_as_a_whole(rule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the entry that tells of the rest of the table, where a fault has none of its own any more."""
    of_table = [scenario for scenario in rule["scenarios"] if TABLE_ENTRY.fullmatch(scenario["id"].partition("/")[2])]
    rest: list[Mapping[str, Any]] = [{**scenario, "outcome": _as_rest(scenario["outcome"])} for scenario in of_table]
    return rest or [{"outcome": Verdict.NOT_RUN}]


def _as_rest(outcome: str) -> str:
    """Return what another fault of the table says about one that is gone: that the table was judged."""
    return Verdict.UPHELD if outcome in (Verdict.VIOLATED, Verdict.DEVIATION) else outcome


def _entry(one: Deviation, status: Status, message: str) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "scenario": one.scenario,
        "conditions": dict(one.conditions),
        "reason": one.reason,
        "link": one.link,
        "until": str(one.until),
        "status": status.value,
        "message": message,
        "line": one.line,
    }


def draft(report: Mapping[str, Any]) -> str:
    """Return a file with an entry for each thing that a report shows violated, for a person to fill in.

    Scenarios of a rule that were expected and observed in the same words are one entry: it is one fault.
    """
    driver, day = report["driver"].get("type", ""), report["timing"]["started"][:10]
    parts = [
        f"# Deviations of the {ascii_line(driver) or 'unknown'} driver, drafted from a run of {day}.\n"
        "# Each entry needs a reason, a link to where it is tracked, and an end: the last day on which it\n"
        f"# counts, or the release that mends it (libvirt 12.0.0). An entry that still says {TODO} fails the run.\n"
    ]
    for rule in report["rules"]:
        parts += [_drafted(rule, alike, driver) for alike in _faults(rule["scenarios"])]
    return "\n".join(parts)


def _faults(scenarios: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for scenario in scenarios:
        if scenario["outcome"] == Verdict.VIOLATED:
            groups.setdefault((scenario["expected"], scenario["observed"]), []).append(scenario)
    yield from groups.values()


def _drafted(rule: Mapping[str, Any], alike: Sequence[Mapping[str, Any]], driver: str) -> str:
    names = [_toml(scenario["id"].partition("/")[2]) for scenario in alike]
    lines = [
        "[[deviation]]",
        f"# {rule['level']}: {_comment(rule['statement'])}",
        f"# expected: {_comment(alike[0]['expected'])}",
        f"# observed: {_comment(alike[0]['observed'])}",
        f"rule = {_toml(rule['id'])}",
        f"scenario = {names[0]}" if len(names) == 1 else "scenario = [\n" + "".join(f"  {n},\n" for n in names) + "]",
        *([f"driver = {_toml(driver)}"] if driver and driver.isprintable() else []),
        *(f'{name} = "{TODO}"' for name in ("reason", "link", "until")),
    ]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _toml(text: str) -> str:
    """Return a printable text as TOML writes it."""
    escaped = "".join(c if c not in '"\\' else f"\\U{ord(c):08X}" for c in text)
    return f'"{escaped}"'
