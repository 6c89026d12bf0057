"""The kill matrix: which rule convicts which broken driver, and whether that is what was declared.

A broken driver is called a *vice*. It is declared with the rules that are meant to convict it, and with those that
cannot but convict it too, each with the reason. What is declared and what was found are values here, so that every
way in which the two can part is told apart without a driver.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import version
from typing import Any

from conformance.catalog import Catalog, Level, Rule
from conformance.uri import DEFAULT_URI
from conformance.verdict import ExitCode, Verdict

#: Of the document that :func:`build_matrix` returns.
SCHEMA_VERSION = "1.0"


class Proof(StrEnum):
    """What can be said of a vice, or of a rule."""

    #: A vice that every rule meant for it convicts, and no rule that is not declared.
    CONVICTED = "convicted"
    #: A vice that takes the process along, and was seen to do so in a call that can be named.
    LOST = "lost"
    #: A vice that did nothing in any scenario.
    IDLE = "idle"
    #: A vice that a rule meant for it does not convict.
    ESCAPED = "escaped"
    #: A vice that is convicted by a rule which is neither meant for it nor declared.
    UNEXPLAINED = "unexplained"
    #: A vice with which the kit came to no judgement.
    INCONCLUSIVE = "inconclusive"
    #: A rule that convicts a vice which is meant for it.
    KILLS = "kills"
    #: A rule that convicts no vice which is meant for it.
    TOOTHLESS = "toothless"
    #: A rule that leaves the choice to the driver.
    FREE = "free"
    #: A rule, or a vice, that is shown on another driver.
    ELSEWHERE = "elsewhere"
    #: A rule that was not asked for.
    NOT_RUN = "not-run"


@dataclass(frozen=True)
class Declared:
    """What a vice is said to be.

    :param family: what it is a vice of.
    :param uri: the driver on which alone it can be shown, or an empty text.
    """

    name: str
    family: str
    sentence: str
    rules: frozenset[str]
    overlaps: Mapping[str, str] = field(default_factory=dict)
    uri: str = ""
    ends_process: bool = False


@dataclass(frozen=True)
class Found:
    """What was found of a vice, in the scenarios in which it does anything, and in which call it was lost."""

    outcomes: Mapping[str, Mapping[str, Any]]
    lost: str = ""
    how: str = ""


@dataclass(frozen=True)
class Meeting:
    """What was tried on one driver.

    :param applicable: the scenarios that apply to the driver and were asked for.
    :param not_applicable: why others do not, by scenario.
    :param selected: the rules that were asked for; all when there are none.
    :param shown_here: the vices that are tried on this driver unless somebody chooses.
    :param only_meant: rules by which only those vices are judged that are meant for them.
    :param exact: whether what is declared was seen on this driver, so that nothing of it may be missing.
    :param definitions: the sentence of each definition of a Then, and whether a scenario here has such a step.
    """

    driver: Mapping[str, Any]
    applicable: Sequence[str]
    not_applicable: Mapping[str, str]
    selected: Collection[str]
    shown_here: Collection[str]
    only_meant: Collection[str]
    exact: bool
    definitions: Mapping[str, tuple[str, bool]]
    problems: Sequence[str]


def build_matrix(
    catalog: Catalog,
    digest: str,
    declared: Sequence[Declared],
    found: Mapping[str, Found],
    without: Found,
    meeting: Meeting,
) -> dict[str, Any]:
    """Return the kill matrix as a document.

    :param declared: every vice that there is.
    :param found: by name, those that were tried.
    :param without: the driver without a vice.
    """
    asked = frozenset(scenario.partition("/")[0] for scenario in meeting.applicable)
    vices = [_vice(vice, found[vice.name], without, asked, meeting) for vice in declared if vice.name in found]
    is_whole = not meeting.selected and set(meeting.shown_here) <= found.keys()
    rules = [_rule(rule, declared, vices, asked, meeting) for rule in catalog.rules.values()]
    upheld = [name for name in meeting.applicable if _outcome(without, name) == Verdict.UPHELD]
    convicted = {(name, scenario) for name in found for scenario in _convicting(found[name], without)}
    failed = {scenario for _, scenario in convicted}
    never = [scenario for scenario in upheld if scenario not in failed]
    definitions = {str(found[name].outcomes[scenario].get("definition", "")) for name, scenario in convicted}
    steps = [
        {"definition": name, "sentence": sentence, "used": used, "convicted": name in definitions}
        for name, (sentence, used) in meeting.definitions.items()
    ]
    own = sorted(name for name in without.outcomes if _outcome(without, name) == Verdict.VIOLATED)
    doubts = [*meeting.problems, *_doubts(without)]
    if without.lost:
        doubts.append(f"the driver without a vice was lost in {without.lost} ({without.how})")
    doubts += [f"{vice['name']}: {vice['doubt']}" for vice in vices if vice["doubt"]]
    failures: list[str] = []
    if not without.lost:
        failures += [failure for vice in vices for failure in _failures(vice, exact=meeting.exact)]
    failures += [f"{rule['id']} has no killer: {rule['why']}" for rule in rules if rule["proof"] == Proof.TOOTHLESS]
    if is_whole and meeting.exact and all(vice.name in found for vice in declared if not vice.uri):
        failures += [f"{scenario} has convicted no vice" for scenario in never]
    code = ExitCode.ERROR if doubts else ExitCode.NOT_CONFORMANT if failures else ExitCode.CONFORMANT
    return {
        "schema_version": SCHEMA_VERSION,
        "kit": {"name": "libvirt-conformance", "version": version("libvirt-conformance")},
        "spec": {"title": catalog.title, "version": catalog.version, "digest": digest},
        "driver": dict(meeting.driver),
        "rules": rules,
        "vices": vices,
        "steps": steps,
        "scenarios": {"met": len(meeting.applicable), "upheld_without": len(upheld), "never_convicting": never},
        "violated_without": own,
        "asked": sorted(asked),
        "only_meant": sorted(rule for rule in meeting.only_meant if rule in asked),
        "doubts": doubts,
        "failures": failures,
        "summary": {
            "vices": len(vices),
            "convicted": sum(vice["proof"] in (Proof.CONVICTED, Proof.LOST) for vice in vices),
            "whole": is_whole,
            "exit_code": int(code),
        },
        "complete": True,
    }


def _outcome(found: Found, scenario: str) -> str:
    return str(found.outcomes.get(scenario, {}).get("outcome", Verdict.NOT_RUN))


def _convicting(found: Found, without: Found) -> list[str]:
    """Return the scenarios that are violated with a vice and not without it."""
    return [
        scenario
        for scenario in found.outcomes
        if _outcome(found, scenario) == Verdict.VIOLATED != _outcome(without, scenario)
    ]


def _doubts(found: Found) -> list[str]:
    return [
        f"{scenario}: {said.get('message', '')}"
        for scenario, said in found.outcomes.items()
        if said["outcome"] == Verdict.INCONCLUSIVE
    ]


def _vice(declared: Declared, found: Found, without: Found, asked: frozenset[str], meeting: Meeting) -> dict[str, Any]:
    convicting = _convicting(found, without)
    by = {scenario.partition("/")[0] for scenario in convicting}
    known = declared.rules | set(declared.overlaps)
    unexplained = [
        {"scenario": scenario, **{part: found.outcomes[scenario].get(part, "") for part in ("expected", "observed")}}
        for scenario in convicting
        if scenario.partition("/")[0] not in known
    ]
    missed = sorted(declared.rules & asked - by)
    unseen = sorted((set(declared.overlaps) & asked - by) - set(meeting.only_meant))
    doubts = _doubts(found)
    if found.lost and not declared.ends_process:
        doubts.append(f"the process was lost in {found.lost} ({found.how})")
    if declared.ends_process:
        proof = Proof.LOST if "undefine" in found.lost.rpartition(":")[2] else Proof.ESCAPED
    elif doubts:
        proof = Proof.INCONCLUSIVE
    elif unexplained:
        proof = Proof.UNEXPLAINED
    elif not found.outcomes:
        proof = Proof.IDLE
    else:
        proof = Proof.ESCAPED if missed else Proof.CONVICTED
    return {
        "name": declared.name,
        "family": declared.family,
        "sentence": declared.sentence,
        "rules": sorted(declared.rules),
        "overlaps": dict(sorted(declared.overlaps.items())),
        "uri": declared.uri,
        "ends_process": declared.ends_process,
        "proof": proof.value,
        "convicted_by": sorted(by),
        "missed": missed,
        "unexplained": unexplained,
        "unseen": unseen,
        "lost": found.lost,
        "doubt": "; ".join(doubts),
    }


def _failures(vice: Mapping[str, Any], *, exact: bool) -> Iterable[str]:
    """Yield what is wrong about a vice, each with the rule."""
    name = vice["name"]
    match vice["proof"]:
        case Proof.IDLE if exact:
            yield f"{name} does nothing in any scenario"
        case Proof.ESCAPED if vice["ends_process"]:
            yield f"{name} did not end the process"
        case Proof.ESCAPED:
            yield from (f"{name} is not convicted by {rule}, which is meant for it" for rule in vice["missed"])
        case Proof.UNEXPLAINED:
            for seen in vice["unexplained"]:
                yield (
                    f"{name} is convicted by {seen['scenario']}, which is not declared: "
                    f"expected that {seen['expected']}; observed: {seen['observed']}"
                )
            yield from (f"{name} is not convicted by {rule}, which is meant for it" for rule in vice["missed"])
    if exact and vice["proof"] in (Proof.CONVICTED, Proof.UNEXPLAINED):
        yield from (f"{name} is not convicted by {rule}, which is declared to overlap" for rule in vice["unseen"])


def _rule(
    rule: Rule,
    declared: Sequence[Declared],
    vices: Sequence[Mapping[str, Any]],
    asked: frozenset[str],
    meeting: Meeting,
) -> dict[str, Any]:
    meant = [vice for vice in declared if rule.id in vice.rules]
    tried = {vice["name"]: vice for vice in vices if rule.id in vice["rules"]}
    killers = [name for name, vice in tried.items() if rule.id in vice["convicted_by"]]
    shown_on = sorted({vice.uri or DEFAULT_URI for vice in meant if vice.name not in tried})
    reasons = [why for scenario, why in meeting.not_applicable.items() if scenario.startswith(f"{rule.id}/")]
    proof, why = Proof.KILLS, ""
    if meeting.selected and rule.id not in meeting.selected:
        proof = Proof.NOT_RUN
    elif killers:
        pass
    elif rule.level is Level.MAY:
        proof, why = Proof.FREE, "it leaves the choice to the driver"
    elif not meant:
        proof, why = Proof.TOOTHLESS, "no vice is meant for it"
    elif rule.id not in asked:
        proof, why = Proof.ELSEWHERE, reasons[0] if reasons else "it has no scenario here"
    elif not tried and any(vice.name in meeting.shown_here for vice in meant):
        proof = Proof.NOT_RUN
    elif not tried:
        proof, why = Proof.ELSEWHERE, "the vices that are meant for it are tried there"
    else:
        proof, why = Proof.TOOTHLESS, f"none of {', '.join(tried)} is convicted by it"
    return {
        "id": rule.id,
        "level": rule.level.value,
        "title": rule.title,
        "proof": proof.value,
        "killers": killers,
        "shown_on": shown_on if proof is Proof.ELSEWHERE else [],
        "why": why,
    }
