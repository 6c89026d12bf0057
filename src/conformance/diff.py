"""What has changed between two reports, scenario by scenario, told by their permanent ids.

Broken means violated, excused by a deviation, or not testable; what was not judged is neither broken nor held.
Of two specifications only what both have is compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conformance.catalog import release_number, release_text
from conformance.deviations import TABLE_ENTRY
from conformance.verdict import ExitCode, Verdict

_BROKEN = (Verdict.VIOLATED, Verdict.DEVIATION, Verdict.NOT_TESTABLE)
_UNJUDGED = (Verdict.INCONCLUSIVE, Verdict.NOT_RUN)


class Kind(StrEnum):
    """What can have become of a scenario, and the name of its list in the report."""

    REGRESSED = "regressed"
    SUPPORT_LOST = "support_lost"
    STILL_BROKEN = "still_broken"
    MENDED = "mended"
    NEWLY_SUPPORTED = "newly_supported"
    NEWLY_SPECIFIED = "newly_specified"
    WITHDRAWN = "withdrawn"
    NOT_COMPARED = "not_compared"


#: A broken scenario of these has not got worse: it never held, as far as the baseline tells.
EXCUSED = (Kind.STILL_BROKEN, Kind.NEWLY_SUPPORTED, Kind.NEWLY_SPECIFIED)


@dataclass(frozen=True)
class _Found:
    """A scenario with its rule, in one of the reports."""

    rule: Mapping[str, Any]
    scenario: Mapping[str, Any]

    @property
    def outcome(self) -> Verdict:
        return Verdict(self.scenario["outcome"])


def compare(old: Mapping[str, Any], new: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return what has changed from one report to another, as plain values.

    :param file: the name of the old report's file, for people.
    """
    before, after = _scenarios(old), _scenarios(new)
    lists: dict[Kind, list[dict[str, Any]]] = {kind: [] for kind in Kind}
    unchanged: Counter[str] = Counter()
    for name in dict.fromkeys((*after, *before)):
        was, now = before.get(name), after.get(name)
        old_outcome = was.outcome if was else _outcome_elsewhere(old, new, name, now)
        new_outcome = now.outcome if now else _outcome_elsewhere(new, old, name, was)
        found = after.get(name) or before[name]
        kind = _kind(old_outcome, new_outcome, found, old, new)
        if kind is not None:
            lists[kind].append(_change(name, found, (now, was), old_outcome, new_outcome))
        elif old_outcome is not None:
            unchanged[old_outcome.value] += 1
    capabilities = _capabilities(old, new)
    difference: dict[str, Any] = {
        "file": file,
        "old": _side(old),
        "new": _side(new),
        "notes": list(_notes(old, new, lists)),
        "capabilities": capabilities,
        "flags": _flags(old, new),
        **{kind.value: sorted(changes, key=_gravest_first) for kind, changes in lists.items()},
        "unchanged": dict(unchanged),
    }
    return {**difference, "exit_code": int(_exit_code(difference))}


def _scenarios(report: Mapping[str, Any]) -> dict[str, _Found]:
    return {s["id"]: _Found(rule, s) for rule in report["rules"] for s in rule["scenarios"]}


def _outcome_elsewhere(
    report: Mapping[str, Any], other: Mapping[str, Any], name: str, there: _Found | None
) -> Verdict | None:
    """Return what a report says of a scenario that it does not name, or nothing where it does not know it.

    A fault that the decision table has shown has an entry where it was shown, and only there.
    """
    rule_id, _, own = name.partition("/")
    if there is None or not TABLE_ENTRY.fullmatch(own):
        return None
    rule = next((rule for rule in report["rules"] if rule["id"] == rule_id), None)
    if rule is None:
        return None
    of_table = [Verdict(s["outcome"]) for s in rule["scenarios"] if TABLE_ENTRY.fullmatch(s["id"].partition("/")[2])]
    if not of_table:
        return Verdict.NOT_RUN
    if own == "table":
        # Every cell about the rule breaks it, which the entries of the faults tell.
        return there.outcome
    if unjudged := next((outcome for outcome in of_table if outcome in _UNJUDGED), None):
        return unjudged
    if Verdict.NOT_TESTABLE in of_table:
        # Nobody knows whether the fault would have been met in what could not be brought about.
        return Verdict.NOT_TESTABLE
    # Where one report has asked for every cell, it may know a fault that the other's selection has not met.
    if _asked_for_all(other) and not _asked_for_all(report):
        return Verdict.NOT_RUN
    return Verdict.NOT_APPLICABLE if set(of_table) == {Verdict.NOT_APPLICABLE} else Verdict.UPHELD


def _asked_for_all(report: Mapping[str, Any]) -> bool:
    return bool(report.get("decision_table", {}).get("mode") == "exhaustive")


def _kind(
    old: Verdict | None,
    new: Verdict | None,
    found: _Found,
    old_report: Mapping[str, Any],
    new_report: Mapping[str, Any],
) -> Kind | None:
    """Return what has become of a scenario, or nothing when nothing has."""
    if old is None or new is None:
        return Kind.NEWLY_SPECIFIED if old is None else Kind.WITHDRAWN
    if old in _UNJUDGED or new in _UNJUDGED:
        return None if old is new is Verdict.NOT_RUN else Kind.NOT_COMPARED
    applied, applies = old is not Verdict.NOT_APPLICABLE, new is not Verdict.NOT_APPLICABLE
    if applied and not applies:
        # A rule about refusals leaves a call that was not refused to another rule, which has got worse then.
        return Kind.SUPPORT_LOST if _lacks(found, old_report, new_report) else Kind.NOT_COMPARED
    if applies and not applied:
        return Kind.NEWLY_SUPPORTED
    match old in _BROKEN, new in _BROKEN:
        case False, True:
            return Kind.REGRESSED
        case True, False:
            return Kind.MENDED
        case True, True:
            return Kind.STILL_BROKEN
    return None


def _lacks(found: _Found, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Tell whether a scenario does not apply any more for what the driver is, and not for what another rule judges."""
    needs = found.scenario.get("needs")
    if needs is None:
        # Reports before 1.2 do not say what a scenario needs.
        return bool(_lost(old, new))
    absent = {finding["id"] for finding in new["capabilities"] if not finding["present"]}
    release = new["driver"].get("libvirt_version") or 0
    return bool(absent.intersection(needs)) or bool(release and release_number(found.rule["since"]) > release)


def _change(
    name: str, found: _Found, tellers: Iterable[_Found | None], old: Verdict | None, new: Verdict | None
) -> dict[str, Any]:
    # What is broken now is told by the new report, what was and is no more by the old one.
    teller = next((one for one in tellers if one is not None and one.outcome is not Verdict.UPHELD), found)
    return {
        "id": name,
        "rule": found.rule["id"],
        "level": found.rule["level"],
        "title": found.scenario["title"],
        "old": old.value if old else "",
        "new": new.value if new else "",
        "message": told(teller.scenario),
    }


def told(scenario: Mapping[str, Any]) -> str:
    """Return what a report says of a scenario that is not upheld, in a line."""
    if scenario["expected"]:
        return f"expected: {scenario['expected']}; observed: {scenario['observed']}"
    return str(scenario["message"])


def _gravest_first(change: dict[str, Any]) -> tuple[bool, int, str]:
    return change["new"] not in _BROKEN, ("MUST", "SHOULD", "MAY").index(change["level"]), change["id"]


def _side(report: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kit": report["kit"]["version"],
        "spec": {"version": report["spec"]["version"], "digest": report["spec"]["digest"]},
        "driver": dict(report["driver"]),
        "machine": dict(report["machine"]),
        "started": report["timing"]["started"],
        "exit_code": report["summary"]["exit_code"],
    }


def _capabilities(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    return {"lost": _lost(old, new), "gained": [_turned(finding) for finding in _lost(new, old)]}


def _lost(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the capabilities that one report shows present and another absent, each with what showed it."""
    absent = {finding["id"]: finding["evidence"] for finding in new["capabilities"] if not finding["present"]}
    return [
        {"id": finding["id"], "old": finding["evidence"], "new": absent[finding["id"]]}
        for finding in old["capabilities"]
        if finding["present"] and finding["id"] in absent
    ]


def _turned(finding: Mapping[str, str]) -> dict[str, str]:
    return {"id": finding["id"], "old": finding["new"], "new": finding["old"]}


def _flags(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    before, after = old["undefine_flags"], new["undefine_flags"]
    both = [(name, before[name], after[name]) for name in before if name in after]
    return {
        "lost": [{"id": n, "old": b, "new": a} for n, b, a in both if b == "taken" != a],
        "gained": [{"id": n, "old": b, "new": a} for n, b, a in both if a == "taken" != b],
    }


def _notes(old: Mapping[str, Any], new: Mapping[str, Any], lists: Mapping[Kind, list[dict[str, Any]]]) -> Iterator[str]:
    """Yield what keeps two reports from being compared in full, the gravest first."""
    was, now = old["driver"], new["driver"]
    if was.get("type", "") != now.get("type", ""):
        yield f"these are two drivers: {_named(was.get('type'))} then, {_named(now.get('type'))} now"
    for part, what in (("type", "domains of type"), ("arch", "guests of")):
        if old["machine"].get(part) != new["machine"].get(part) and old["machine"] and new["machine"]:
            yield f"then {what} {_named(old['machine'].get(part))}, now {_named(new['machine'].get(part))}"
    if was["uri"] != now["uri"]:
        yield f"the URI was {was['uri']}, and is {now['uri']}"
    if was.get("hostname", "") != now.get("hostname", ""):
        yield f"the host was {_named(was.get('hostname'))}, and is {_named(now.get('hostname'))}"
    yield from _notes_on_specifications(old, new, lists)
    for when, report in (("old", old), ("new", new)):
        if report["summary"]["exit_code"] == ExitCode.ERROR:
            yield f"the {when} run was inconclusive"
    for when, report in (("then", old), ("now", new)):
        if unrun := sum(s["outcome"] == Verdict.NOT_RUN for rule in report["rules"] for s in rule["scenarios"]):
            yield f"{_scenarios_in_words(unrun)} not run {when}, and not compared"
    then, since = _mode(old), _mode(new)
    if then and since and then != since:
        yield f"of the decision table, then {then} was asked, now {since}"


def _notes_on_specifications(
    old: Mapping[str, Any], new: Mapping[str, Any], lists: Mapping[Kind, list[dict[str, Any]]]
) -> Iterator[str]:
    if old["spec"]["digest"] == new["spec"]["digest"]:
        return
    gone, come = len(lists[Kind.WITHDRAWN]), len(lists[Kind.NEWLY_SPECIFIED])
    yield (
        f"the specification was {old['spec']['version']}, and is {new['spec']['version']} of another text; only what "
        f"both have is compared: {_scenarios_in_words(come, 'new ')}, {gone:,} gone"
    )
    before = {rule["id"]: rule for rule in old["rules"]}
    reworded = [
        rule["id"]
        for rule in new["rules"]
        if rule["id"] in before and any(rule[part] != before[rule["id"]][part] for part in ("statement", "level"))
    ]
    if reworded:
        yield f"the text or level of {', '.join(reworded)} was changed: what differs may be demanded anew"


def _scenarios_in_words(number: int, which: str = "") -> str:
    return f"{number:,} {which}scenario{'' if number == 1 else 's'}"


def _mode(report: Mapping[str, Any]) -> str | None:
    return {"pairwise": "a selection", "exhaustive": "every cell"}.get(report.get("decision_table", {}).get("mode"))


def _named(text: object) -> str:
    return str(text) if text else "unknown"


def _exit_code(difference: Mapping[str, Any]) -> ExitCode:
    if difference["new"]["exit_code"] == ExitCode.ERROR:
        return ExitCode.ERROR
    return ExitCode.NOT_CONFORMANT if has_got_worse(difference) else ExitCode.CONFORMANT


def has_got_worse(difference: Mapping[str, Any]) -> bool:
    """Tell whether something that held is broken, other than by a recorded deviation, or something is gone."""
    return bool(regressions(difference) or difference[Kind.SUPPORT_LOST] or difference["capabilities"]["lost"])


def regressions(difference: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the regressions that nobody has recorded a deviation for."""
    return [change for change in difference[Kind.REGRESSED] if change["new"] != Verdict.DEVIATION]


def release_of_side(side: Mapping[str, Any]) -> str:
    """Return what was judged, in a few words."""
    driver = side["driver"]
    text = f"{driver.get('type') or 'unknown'} driver"
    if driver.get("libvirt_version"):
        text += f" of libvirt {release_text(driver['libvirt_version'])}"
    if driver.get("hypervisor_version"):
        text += f", hypervisor {release_text(driver['hypervisor_version'])}"
    return text
