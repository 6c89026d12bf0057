"""What a person reads of a gate: why it decides as it does, which deviations count, and what has changed.

Each line comes with the style in which a terminal shows it; nothing here knows of terminals otherwise.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from conformance.deviations import IN_ORDER, Status
from conformance.diff import Kind, regressions, release_of_side
from conformance.render.plain import printable
from conformance.verdict import ExitCode

#: A line and its style.
Line = tuple[str, str]

_WIDTH = 100
#: How many scenarios of a rule are named where only their number counts.
_IDS_SHOWN = 4
#: How many lines of what a report says of a scenario; all of it stands in the report.
_LINES_SHOWN = 3
_BAD, _KNOWN, _GOOD, _PLAIN, _DIM = "bold red", "yellow", "green", "", "dim"
_REASON_STYLES = {
    **dict.fromkeys(("problem", "differing", "inconclusive"), ("!", "bold magenta")),
    **dict.fromkeys(("regressed", "support-lost", "deviations", "violated", "not-testable"), ("✘", _BAD)),
    **dict.fromkeys(("known-broken", "deviation", "warning"), ("~", _KNOWN)),
}


def reasons(report: Mapping[str, Any]) -> Iterator[Line]:
    """Yield why a run has its exit code, the gravest reason first."""
    for reason in report["summary"].get("reasons", ()):
        mark, style = _REASON_STYLES.get(reason["kind"], ("-", _PLAIN))
        rules = f": {', '.join(reason['rules'])}" if reason["rules"] else ""
        yield from _wrapped(f"{mark} {reason['text']}{rules}", style, "  ", "    ")


def deviations(section: Mapping[str, Any]) -> Iterator[Line]:
    """Yield what became of each recorded deviation: first those that are to be mended."""
    entries: list[Mapping[str, Any]] = section["entries"]
    yield f"deviations recorded in {section['file']}:", _PLAIN
    if not entries:
        yield "  there are none", _DIM
    for alike in _alike(entry for entry in entries if entry["status"] not in IN_ORDER):
        yield from _wrapped(f"✘ {section['file']}:{_state(alike)}", _BAD, "  ", "    ")
    for alike in _alike(entry for entry in entries if entry["status"] == Status.LIVE):
        names = [entry["scenario"] for entry in alike if entry["scenario"]]
        what = f"{alike[0]['rule']} {_some(names)}" if names else f"{alike[0]['rule']}, the whole rule"
        yield from _wrapped(f"~ {what}, until {alike[0]['until']}", _KNOWN, "  ", "    ")
        yield from _wrapped(f"{alike[0]['reason']} <{alike[0]['link']}>", _PLAIN, "    ", "    ")
    for alike in _alike(entry for entry in entries if entry["status"] == Status.NOT_MET):
        yield from _wrapped(f"- {section['file']}:{_state(alike)}", _DIM, "  ", "    ")


def _state(alike: Sequence[Mapping[str, Any]]) -> str:
    """Return what has become of entries that stand on one line and came to the same."""
    first = alike[0]
    names = [entry["scenario"] for entry in alike if entry["scenario"]]
    what = f"{first['rule']} {_some(names)}" if names else first["rule"]
    words = {Status.NOT_MET: "does not count here", Status.UNKNOWN: "unknown", Status.TODO: "not filled in"}
    return f"{first['line']}: {words.get(first['status'], first['status'])}: {what}: {first['message']}"


def _alike(entries: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the entries that stand on one line and came to the same: they differ by the scenario alone."""
    found: dict[tuple[int, str, str, str], list[Mapping[str, Any]]] = {}
    for entry in entries:
        found.setdefault((entry["line"], entry["rule"], entry["status"], entry["message"]), []).append(entry)
    yield from found.values()


def differing(section: Mapping[str, Any]) -> Iterator[Line]:
    """Yield what did not end alike in each repetition."""
    done, asked = section["done"], section["asked"]
    yield f"repetitions: {done} of {asked}; {len(section['differing'])} scenarios did not end alike", _PLAIN
    for one in section["differing"]:
        yield from _wrapped(f"! {one['id']}: {', '.join(one['outcomes'])}", "bold magenta", "  ", "    ")


def difference(found: Mapping[str, Any]) -> Iterator[Line]:
    """Yield what has changed between two reports: of what they are, what got worse, and then the rest."""
    yield printable(f"compared with {found['file']}:"), _PLAIN
    for when in ("old", "new"):
        side = found[when]
        host = f" on {side['driver']['hostname']}" if side["driver"].get("hostname") else ""
        yield printable(f"  {when}: {release_of_side(side)}{host}, run of {side['started'][:10]}"), _PLAIN
    for note in found["notes"]:
        yield from _wrapped(f"note: {note}", _KNOWN, "  ", "        ")
    yield from _list(Kind.REGRESSED, found)
    yield from _findings(found, "capabilities", "lost", "✘ capability lost", _BAD)
    for kind in _LISTS:
        if kind is not Kind.REGRESSED:
            yield from _list(kind, found)
    yield from _findings(found, "flags", "lost", "~ flag of undefine no longer taken", _KNOWN)
    yield from _findings(found, "capabilities", "gained", "+ capability gained", _PLAIN)
    yield from _findings(found, "flags", "gained", "+ flag of undefine taken now", _PLAIN)
    same = ", ".join(f"{count:,} {outcome}" for outcome, count in found["unchanged"].items())
    yield f"= unchanged: {same or 'nothing'}", _DIM


def _list(kind: Kind, found: Mapping[str, Any]) -> Iterator[Line]:
    heading, mark, style, telling = _LISTS[kind]
    if changes := found[kind]:
        yield f"{mark} {heading} ({len(changes):,})", style
        yield from telling(changes)


def _findings(found: Mapping[str, Any], part: str, name: str, heading: str, style: str) -> Iterator[Line]:
    for one in found[part][name]:
        yield printable(f"{heading}: {one['id']}"), style
        yield from _wrapped(f"then: {one['old']}", _DIM, "    ", "      ", lines=_LINES_SHOWN)
        yield from _wrapped(f"now:  {one['new']}", _DIM, "    ", "      ", lines=_LINES_SHOWN)


def result_of_difference(found: Mapping[str, Any]) -> Iterator[Line]:
    """Yield what a difference comes to."""
    match found["exit_code"]:
        case ExitCode.CONFORMANT:
            yield "result:    nothing got worse", "bold green"
        case ExitCode.NOT_CONFORMANT:
            numbers = {
                "regressed": len(regressions(found)),
                "support lost": len(found[Kind.SUPPORT_LOST]),
                "capabilities lost": len(found["capabilities"]["lost"]),
            }
            told = ", ".join(f"{words}: {number:,}" for words, number in numbers.items() if number)
            yield f"result:    it got worse: {told}", _BAD
        case _:
            yield "result:    inconclusive, as the new run was", "bold magenta"


def _told(changes: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    for change in changes:
        yield f"    {change['id']} ({change['level']}): {change['old']}, now {change['new']}", _PLAIN
        yield from _wrapped(change["title"], _PLAIN, "      ", "      ")
        yield from _wrapped(change["message"], _PLAIN, "      ", "      ", lines=_LINES_SHOWN)


def _named(changes: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Yield a line for the scenarios of a rule that have gone the same way."""
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for change in changes:
        way = (change["rule"], change["level"], change["old"], change["new"])
        groups.setdefault(way, []).append(change["id"].partition("/")[2])
    for (rule, level, old, new), names in groups.items():
        gone = f"{old}, now {new}" if old and new and old != new else new or old
        yield from _wrapped(f"{rule} {level:6} {gone}: {_some(names)}", _PLAIN, "    ", "      ")


def _with_reasons(changes: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Yield a line for each rule as above, and below the lines that have one reason that reason."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for change in changes:
        groups.setdefault(change["message"], []).append(change)
    for reason, alike in groups.items():
        yield from _named(alike)
        yield from _wrapped(reason, _DIM, "      ", "      ", lines=_LINES_SHOWN)


#: The lists of a difference, the gravest first: the heading, the mark, the style, and how scenarios are told.
_LISTS: Mapping[Kind, tuple[str, str, str, Callable[[Sequence[Mapping[str, Any]]], Iterator[Line]]]] = {
    Kind.REGRESSED: ("regressed: held then, broken now", "✘", _BAD, _told),
    Kind.SUPPORT_LOST: ("support lost: applied then, and no more", "✘", _BAD, _with_reasons),
    Kind.STILL_BROKEN: ("still broken", "~", _KNOWN, _named),
    Kind.MENDED: ("mended: broken then, held now", "✔", _GOOD, _named),
    Kind.NEWLY_SUPPORTED: ("newly supported: did not apply then", "+", _PLAIN, _named),
    Kind.NEWLY_SPECIFIED: ("newly specified: the old specification does not have it", "+", _PLAIN, _named),
    Kind.WITHDRAWN: ("withdrawn: the new specification does not have it", "-", _DIM, _named),
    Kind.NOT_COMPARED: ("not compared: one of the two did not judge it", "?", _DIM, _named),
}


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _IDS_SHOWN} more" if len(names) > _IDS_SHOWN else ""
    return ", ".join(names[:_IDS_SHOWN]) + more


def _wrapped(text: str, style: str, first: str, others: str, *, lines: int | None = None) -> Iterator[Line]:
    for line in textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_on_hyphens=False,
        break_long_words=False,
        max_lines=lines,
        placeholder=" …",
    ):
        yield line, style
