"""The file of a driver's deviations: what its owner writes, read with the line of each entry.

It is kept by the driver's owner and never stands in the specification.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from conformance.errors import PROGRAM, BadDeviations
from conformance.releases import Range, Release, parse_range, parse_release

TODO = "TODO"
#: How large the file may be, in bytes.
_LARGEST = 4 << 20
_CONDITIONS = ("driver", "libvirt", "hypervisor", "host")
_NEEDED = ("rule", "reason", "link", "until")
_LINK = re.compile(r"(https?://|mailto:)\S+")
#: Strings and comments, in which the head of an entry is none; whatever else there is is passed over.
_HEADS = re.compile(
    r'"""(?:\\.|[^\\])*?"""'
    r"|'''.*?'''"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|^[ \t]*(?P<head>\[\[[ \t]*deviation[ \t]*\]\])",
    re.DOTALL | re.MULTILINE,
)
_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")


@dataclass(frozen=True)
class Until:
    """When an entry ends: after a day, or with a release of ``libvirt`` or of the ``hypervisor``."""

    day: date | None = None
    release: Release = ()
    of: str = ""

    def __str__(self) -> str:
        if self.day is not None:
            return self.day.isoformat()
        return f"{self.of} {'.'.join(map(str, self.release))}" if self.of else TODO


@dataclass(frozen=True)
class Deviation:
    """One recorded deviation.

    :param scenario: the scenario's id without the rule's; empty when it is about the whole rule.
    :param conditions: under which circumstances it is to count, as they were written.
    :param line: on which the entry begins.
    """

    rule: str
    scenario: str
    conditions: Mapping[str, str]
    libvirt: Range
    hypervisor: Range
    reason: str
    link: str
    until: Until
    line: int

    @property
    def is_finished(self) -> bool:
        """Whether everything is filled in."""
        return self.until != Until() and not any(TODO in text for text in (self.reason, self.link))


def read_deviations(path: Path) -> tuple[Deviation, ...]:
    """Read a file of deviations.

    :raises BadDeviations: when it is missing, is not TOML, or breaks its form; with the line where there is one.
    """
    where = "".join(c if c.isprintable() else "?" for c in str(path))
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        remedy = f"name a file that can be; {PROGRAM} deviations --from REPORT.json drafts one"
        raise BadDeviations(f"it cannot be read ({error.strerror})", where=where, remedy=remedy) from None
    if len(content) > _LARGEST:
        raise BadDeviations(f"it is larger than {_LARGEST >> 20} MiB, which no file of deviations is", where=where)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BadDeviations(f"it is not UTF-8 (byte {error.start})", where=where) from None
    return parse_deviations(text, where)


def parse_deviations(text: str, where: str) -> tuple[Deviation, ...]:
    """Return the deviations of a file's text; an entry that names several scenarios is one for each of them.

    :param where: what the file is called in errors.
    :raises BadDeviations: when it is not TOML, or breaks the form.
    """
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise BadDeviations("it is not TOML (it is nested too deeply)", where=where) from None
    except ValueError as error:
        at = _AT_LINE.search(str(error))
        place = f"{where}:{at[1]}" if at else where
        raise BadDeviations(f"it is not TOML ({ascii_line(_AT_LINE.sub('', str(error)))})", where=place) from None
    if unknown := [name for name in document if name != "deviation"]:
        raise BadDeviations(f"it has {_quoted(unknown[0])}, and only [[deviation]] is known", where=where)
    entries = document.get("deviation", [])
    lines = list(_lines_of_heads(text))
    if not isinstance(entries, list) or len(entries) != len(lines):
        raise BadDeviations("an entry does not begin with [[deviation]] on a line of its own", where=where)
    return tuple(
        one for entry, line in zip(entries, lines, strict=True) for one in _entry(entry, f"{where}:{line}", line)
    )


def _lines_of_heads(text: str) -> Iterator[int]:
    """Yield the lines on which entries begin: TOML's reader does not tell them."""
    line, seen = 1, 0
    for found in _HEADS.finditer(text):
        if found["head"] is not None:
            line += text.count("\n", seen, found.start("head"))
            seen = found.start("head")
            yield line


def _entry(entry: Mapping[str, Any], where: str, line: int) -> Iterator[Deviation]:
    known = (*_NEEDED, "scenario", *_CONDITIONS)
    if unknown := [name for name in entry if name not in known]:
        raise BadDeviations(f"the entry has {_quoted(unknown[0])}, which is none of {', '.join(known)}", where=where)
    for name in _NEEDED:
        if name not in entry:
            raise BadDeviations(f"the entry has no {name}", where=where)
    texts = {
        name: _text(name, entry[name], where) for name in ("rule", "reason", "link", *_CONDITIONS) if name in entry
    }
    if TODO not in texts["link"] and not _LINK.fullmatch(texts["link"]):
        raise BadDeviations(f"the link {_quoted(texts['link'])} is not one of https:, http: or mailto:", where=where)
    scenarios = entry.get("scenario", [""])
    for scenario in scenarios if isinstance(scenarios, list) and scenarios else [scenarios]:
        rule = texts["rule"].upper()
        yield Deviation(
            rule,
            _text("scenario", scenario, where).removeprefix(f"{rule}/") if "scenario" in entry else "",
            {name: texts[name] for name in _CONDITIONS if name in texts},
            _range("libvirt", texts, where),
            _range("hypervisor", texts, where),
            texts["reason"],
            texts["link"],
            _until(entry["until"], where),
            line,
        )


def _text(name: str, value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadDeviations(f"the entry's {name} is {_quoted(value)} and no text", where=where)
    if any(not (c.isprintable() or c in "\n\t") for c in value):
        raise BadDeviations(f"the entry's {name} holds a control character", where=where)
    return value.strip()


def _range(name: str, texts: Mapping[str, str], where: str) -> Range:
    try:
        return parse_range(texts.get(name, ""))
    except ValueError:
        raise BadDeviations(
            f"the entry's {name} is {_quoted(texts[name])}",
            where=where,
            remedy="write a range of releases, such as >=9.0.0, <12.0.0",
        ) from None


def _until(value: object, where: str) -> Until:
    if isinstance(value, date) and not isinstance(value, datetime):
        return Until(day=value)
    text = value.strip() if isinstance(value, str) else ""
    if TODO in text:
        return Until()
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return Until(day=date.fromisoformat(text))
        of, _, release = text.rpartition(" ")
        if of.strip() in ("", "libvirt", "hypervisor"):
            return Until(release=parse_release(release), of=of.strip() or "libvirt")
    except ValueError:
        pass
    raise BadDeviations(
        f"the entry's until is {_quoted(value)}",
        where=where,
        remedy="write the last day on which it counts, as 2027-06-30, or the release that mends it, as libvirt 12.0.0",
    )


def _quoted(value: object) -> str:
    """Return a value as it can be shown: short, and on one line."""
    try:
        text = ascii(value) if isinstance(value, str) else ascii(str(value))[1:-1]
    except (ValueError, RecursionError):
        text = "something out of all bounds"
    return text if len(text) <= 60 else f"{text[:60]}…"


def ascii_line(text: str) -> str:
    """Return a text of somebody else's as it can be shown in a sentence."""
    return "".join(c if c.isprintable() else " " for c in text)[:120]
