"""One report of several that were made side by side: parts of a run, or runs on several hosts.

What goes together was made of one specification, on one release of one driver that can do the same everywhere;
anything else is refused, as the result would be about no driver that there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from conformance.catalog import release_text
from conformance.deviations import TABLE_ENTRY
from conformance.errors import CannotMerge
from conformance.table_report import cells_message
from conformance.verdict import Verdict

#: What has to be the same in every part, by the name that a person knows it by.
_SAME: Mapping[str, tuple[str, ...]] = {
    "release of the kit": ("kit", "version"),
    "specification": ("spec", "digest"),
    "type of driver": ("driver", "type"),
    "release of libvirt": ("driver", "libvirt_version"),
    "release of the hypervisor": ("driver", "hypervisor_version"),
    "release of the client library": ("driver", "client_version"),
    "type of domain": ("machine", "type"),
    "kind of guest": ("machine", "os_type"),
    "architecture": ("machine", "arch"),
    "level that fails": ("summary", "level"),
    "share of the decision table": ("decision_table", "mode"),
    "number of repetitions": ("repetitions", "asked"),
    "number of parts": ("shard", "of"),
}
#: Of several entries about the decision table the first of these stands for all: each part has asked other cells.
_GRAVEST_FIRST = (
    Verdict.VIOLATED,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_TESTABLE,
    Verdict.UPHELD,
    Verdict.NOT_APPLICABLE,
    Verdict.NOT_RUN,
)

#: How many of the parts that are missing are named.
_NAMED = 10

#: A report and the name of its file.
Part = tuple[str, Mapping[str, Any]]


def merge(parts: Sequence[Part], command: str) -> dict[str, Any]:
    """Return one report of several; its verdicts and its summary are the caller's to conclude.

    One alone stays what it is.

    :param command: that makes it, for whoever wants to make it again.
    :raises CannotMerge: when they do not go together, with the files.
    """
    _refuse_what_differs(parts)
    _refuse_other_parts(parts)
    first = parts[0][1]
    if len(parts) == 1:
        return dict(first)
    reports = [report for _, report in parts]
    merged = {name: value for name, value in first.items() if name != "shard"}
    merged |= {
        "driver": {**first["driver"], **{name: _joined(reports, name) for name in ("uri", "hostname")}},
        "rules": [{**rule, "scenarios": list(_scenarios(rule["id"], parts))} for rule in first["rules"]],
        "inventory": inventory_of(reports),
        "problems": [f"{file}: {problem}" for file, report in parts for problem in report["problems"]],
        "timing": _timing(reports),
        "reproduce": command,
        "merged": [_part(file, report) for file, report in parts],
    }
    if "decision_table" in first:
        merged["decision_table"] = _table(reports)
    if "repetitions" in first:
        merged["repetitions"] = _repetitions(reports)
    return merged


def _refuse_what_differs(parts: Sequence[Part]) -> None:
    first_file, first = parts[0]
    for file, report in parts:
        for section in ("deviations", "baseline"):
            if section in report:
                raise CannotMerge(
                    f"it was held against {'recorded ' if section == 'deviations' else 'a '}{section} already",
                    where=file,
                    remedy=f"run the parts without --{section}, and give the file to merge",
                )
        for what, (section, name) in _SAME.items():
            one, other = first.get(section, {}).get(name, ""), report.get(section, {}).get(name, "")
            if one != other:
                raise CannotMerge(
                    f"the {what} is {_shown(other, name)}, and {_shown(one, name)} in {first_file}", where=file
                )
        for what, one, other in (
            ("capability", _present(first), _present(report)),
            ("flag", _taken(first), _taken(report)),
        ):
            if differing := sorted(one ^ other):
                has = "has" if differing[0] in other else "lacks"
                raise CannotMerge(f"the driver {has} the {what} {differing[0]}, other than in {first_file}", where=file)


def _refuse_other_parts(parts: Sequence[Part]) -> None:
    if "shard" not in parts[0][1]:
        return
    number = parts[0][1]["shard"]["of"]
    files: dict[int, str] = {}
    for file, report in parts:
        index = report["shard"]["index"]
        if index in files:
            # Its cells of the decision table would be counted twice.
            raise CannotMerge(f"it is part {index} of {number}, as {files[index]} is", where=file, remedy="name one")
        files[index] = file
    # No more than are named: a spoilt report can claim any number of parts.
    missing = list(islice((index for index in range(1, number + 1) if index not in files), _NAMED + 1))
    if missing:
        named = ", ".join(map(str, missing[:_NAMED])) + (" …" if len(missing) > _NAMED else "")
        raise CannotMerge(
            f"of {number} parts {named} {'is' if len(missing) == 1 else 'are'} missing",
            remedy="name the report of each part",
        )


def _present(report: Mapping[str, Any]) -> set[str]:
    return {finding["id"] for finding in report["capabilities"] if finding["present"]}


def _taken(report: Mapping[str, Any]) -> set[str]:
    return {name for name, answer in report["undefine_flags"].items() if answer == "taken"}


def _scenarios(rule: str, parts: Sequence[Part]) -> Iterator[Mapping[str, Any]]:
    """Yield each scenario of a rule once, as the part that judged it has it."""
    told = [
        (file, {s["id"]: s for r in report["rules"] if r["id"] == rule for s in r["scenarios"]})
        for file, report in parts
    ]
    sharded = "shard" in parts[0][1]
    names = dict.fromkeys(name for _, scenarios in told for name in scenarios)
    # The entry for the rest of the decision table stands behind those for its faults.
    for name in sorted(names, key=lambda name: (_is_of_table(name), name.endswith("/table"))):
        seen = [(file, scenarios[name]) for file, scenarios in told if name in scenarios]
        if _is_of_table(name) and sharded:
            yield _gravest(name, seen, parts)
            continue
        judged = [(file, s) for file, s in seen if s["outcome"] != Verdict.NOT_RUN]
        for file, scenario in judged[1:]:
            if scenario["outcome"] != judged[0][1]["outcome"]:
                raise CannotMerge(
                    f"{name} is {scenario['outcome']}, and {judged[0][1]['outcome']} in {judged[0][0]}", where=file
                )
        _refuse_other_faults(name, told)
        yield (judged or seen)[0][1]


def _is_of_table(name: str) -> bool:
    return TABLE_ENTRY.fullmatch(name.partition("/")[2]) is not None


def _refuse_other_faults(name: str, told: Sequence[tuple[str, Mapping[str, Mapping[str, Any]]]]) -> None:
    """Refuse a fault of the decision table that a part which has judged the table does not show."""
    if not name.endswith("]") or not _is_of_table(name):
        return
    shown_in = next(file for file, scenarios in told if name in scenarios)
    for file, scenarios in told:
        of_table = [s["outcome"] for s in scenarios.values() if _is_of_table(s["id"])]
        if name not in scenarios and any(outcome != Verdict.NOT_RUN for outcome in of_table):
            raise CannotMerge(f"{name} is not there, and violated in {shown_in}", where=file)


def _gravest(name: str, seen: Sequence[tuple[str, Mapping[str, Any]]], parts: Sequence[Part]) -> Mapping[str, Any]:
    convictions = {
        file: one for file, report in parts for one in report["decision_table"]["convictions"] if one["id"] == name
    }
    _, chosen = min(
        seen, key=lambda told: (_GRAVEST_FIRST.index(Verdict(told[1]["outcome"])), _size(convictions.get(told[0], {})))
    )
    cells = sum(one["cells"] for one in convictions.values())
    return {**chosen, "message": cells_message(cells)} if cells else chosen


def _size(told: Mapping[str, Any]) -> tuple[int, int]:
    """Return by what combinations of the table are put in order: few holdings, few flags.

    What is no combination stays in the order of the parts.
    """
    return len(told.get("holds", ())), len(told.get("flags", ()))


def _joined(reports: Sequence[Mapping[str, Any]], name: str) -> str:
    return ", ".join(dict.fromkeys(str(report["driver"].get(name, "")) for report in reports))


def inventory_of(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what several reports say of the objects of others: those of one host are counted once."""
    taken = [report for report in reports if report["inventory"]]
    if not taken:
        return {}
    objects: dict[str, int] = {}
    for report in taken:
        host = report["driver"].get("hostname", "")
        objects[host] = max(objects.get(host, 0), report["inventory"]["objects"])
    changed = sorted({change for report in taken for change in report["inventory"]["changed"]})
    identical = all(report["inventory"]["identical"] for report in taken)
    left = sorted({file for report in taken for file in report["inventory"].get("left", ())})
    return {"objects": sum(objects.values()), "identical": identical, "changed": changed, "left": left}


def _timing(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the times of parts that ran side by side: from the first beginning to the last end."""
    timings = [report["timing"] for report in reports]
    summed = ("libvirt_seconds", "busy_seconds", "workers")
    return {
        "started": min(timing["started"] for timing in timings),
        "wall_seconds": _elapsed(timings),
        **{name: round(sum(timing[name] for timing in timings), 3) for name in summed},
        "peak_kib": max(timing["peak_kib"] for timing in timings),
    }


def _elapsed(timings: Sequence[Mapping[str, Any]]) -> float:
    try:
        spans = [
            (start := datetime.fromisoformat(timing["started"]), start + timedelta(seconds=timing["wall_seconds"]))
            for timing in timings
        ]
    except (ValueError, OverflowError):
        # A day that there is not: what is left is the longest part.
        return float(max(timing["wall_seconds"] for timing in timings))
    return round((max(end for _, end in spans) - min(start for start, _ in spans)).total_seconds(), 3)


def _part(file: str, report: Mapping[str, Any]) -> dict[str, Any]:
    judged = sum(s["outcome"] != Verdict.NOT_RUN for rule in report["rules"] for s in rule["scenarios"])
    return {
        "file": file,
        "uri": report["driver"]["uri"],
        "hostname": report["driver"].get("hostname", ""),
        "started": report["timing"]["started"],
        "reproduce": report["reproduce"],
        "judged": judged,
    }


def _table(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what became of the decision table in all parts.

    Parts of one run have asked cells of their own; others may have asked the same ones, and the most that one of
    them has asked is what is known to have been asked.
    """
    tables = [report["decision_table"] for report in reports]
    together = sum if "shard" in reports[0] else max
    domains = {one["domain"]: one for table in tables for one in table["not_reached"]}
    per_domain = next((t["cells"]["not_reached"] // len(t["not_reached"]) for t in tables if t["not_reached"]), 0)
    whole = tables[0]["cells"]["reachable"] + tables[0]["cells"]["not_reached"]
    not_reached = len(domains) * per_domain
    return {
        "mode": tables[0]["mode"],
        "cells": {
            "reachable": whole - not_reached,
            "not_reached": not_reached,
            **{n: together([t["cells"][n] for t in tables]) for n in ("decided", "convicted", "inconsistent")},
        },
        "rules": _by_id(tables, "rules", ("decided", "upheld"), together),
        **{name: round(sum(table[name] for table in tables), 3) for name in ("seconds", "libvirt_seconds")},
        "convictions": _by_id(tables, "convictions", ("cells",), together),
        "inconsistent": [one for table in tables for one in table["inconsistent"]],
        "not_reached": list(domains.values()),
    }


def _by_id(
    tables: Sequence[Mapping[str, Any]], name: str, numbers: Sequence[str], together: Any
) -> list[dict[str, Any]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in (one for table in tables for one in table[name]):
        found.setdefault(one["id"], []).append(one)
    # What stands for all of one id, with the numbers of them all.
    first = [sorted(ones, key=_size)[0] for _, ones in sorted(found.items())]
    return [
        {**one, **{number: together([each[number] for each in found[one["id"]]]) for number in numbers}}
        for one in first
    ]


def _repetitions(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    found = [report["repetitions"] for report in reports]
    return {
        "asked": found[0]["asked"],
        "done": min(one["done"] for one in found),
        "differing": [differing for one in found for differing in one["differing"]],
    }


def _shown(value: object, name: str) -> str:
    text = release_text(value) if isinstance(value, int) and name.endswith("_version") else str(value)
    return repr(text if len(text) <= 40 else f"{text[:40]}…") if text else "unknown"
