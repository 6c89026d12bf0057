"""The rules, read from the pages of the specification; and the capabilities that they lean on.

The pages are Markdown for people. What the kit reads of them is small and strict, so that a slip in a page is
an error with its line and never a rule that silently has no level:

* a heading ``### UNDEF-001: title`` starts a rule,
* the block quote under it is the rule's sentence,
* the list under that has the fields, ``- **Level:** MUST``.

A withdrawn rule keeps its heading and has the single field ``- **Withdrawn:** reason``.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from conformance.errors import BadCapabilities, BadSpecification, UnknownRule

RULE_ID = re.compile(r"[A-Z]+-\d{3}")
_RULE_HEADING = re.compile(r"### (?P<id>[A-Z]+-\d{3}): (?P<title>\S.*)")
_FIELD = re.compile(r"- \*\*(?P<name>[A-Za-z]+):\*\* (?P<value>\S.*)")
_FIELDS = ("Level", "Since", "Requires", "Source", "Reason")
_RELEASE = re.compile(r"\d+\.\d+\.\d+")
#: What to do where a capability is named that there is not.
NAME_CAPABILITY = "name one of spec/capabilities.toml, or add it as docs/capabilities.md tells"
_CAPABILITY_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class Level(StrEnum):
    """How binding a rule is, in the words of RFC 2119."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


@dataclass(frozen=True)
class Rule:
    """One normative statement.

    ``statement`` and ``reason`` are plain text; ``source`` is Markdown, with links.
    ``since`` is the libvirt release as libvirt counts (1,000,000 x major + 1,000 x minor + micro).
    """

    id: str
    title: str
    statement: str
    level: Level
    since: int
    requires: tuple[str, ...]
    source: str
    reason: str
    page: str
    line: int


@dataclass(frozen=True)
class Stub:
    """What is left of a withdrawn rule: the reason, and the place."""

    reason: str
    where: str


@dataclass(frozen=True)
class Capability:
    """Something that a driver can do or hold, and how the kit finds out."""

    id: str
    title: str
    probe: str


@dataclass(frozen=True)
class Catalog:
    """The whole specification: its rules by id, its capabilities by id, and its identity."""

    rules: Mapping[str, Rule]
    withdrawn: Mapping[str, Stub]
    capabilities: Mapping[str, Capability]
    title: str
    version: str
    digest: str

    def rule(self, rule_id: str) -> Rule:
        """Return a rule, whatever the case in which its id was typed.

        :raises UnknownRule: when the specification has no such rule, or has withdrawn it.
        """
        wanted = rule_id.upper()
        if wanted in self.withdrawn:
            raise UnknownRule(f"{wanted} was withdrawn: {self.withdrawn[wanted].reason}")
        if wanted not in self.rules:
            known = wanted.partition("/")[0]
            if known in self.rules:
                raise UnknownRule(f"{rule_id} is a scenario of rule {known}", remedy=f"name the rule, {known}")
            raise UnknownRule(f"there is no rule {rule_id}")
        return self.rules[wanted]


def release_number(text: str) -> int:
    """Return a release such as ``0.9.4`` as libvirt counts it: 9004."""
    major, minor, micro = (int(part) for part in text.split("."))
    return major * 1_000_000 + minor * 1_000 + micro


def release_text(number: int) -> str:
    """Return libvirt's release number as text: ``9.0.0`` for 9000000."""
    return f"{number // 1_000_000}.{number // 1_000 % 1_000}.{number % 1_000}"


def plain(markdown: str) -> str:
    """Return a line of Markdown without its links, code marks and emphasis."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", markdown)
    return re.sub(r"[`*]", "", text)


def parse_page(text: str, page: str, capabilities: Mapping[str, Capability]) -> tuple[list[Rule], dict[str, Stub]]:
    """Return the rules of one page, and the stubs of its withdrawn rules by id.

    :raises BadSpecification: with the line, when a rule breaks the form.
    """
    rules: list[Rule] = []
    withdrawn: dict[str, Stub] = {}
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("### ")]
    for start in starts:
        stop = next((n for n in range(start + 1, len(lines)) if lines[n].startswith("#")), len(lines))
        where = f"{page}:{start + 1}"
        heading = _RULE_HEADING.fullmatch(lines[start])
        if heading is None:
            raise BadSpecification(
                f"{lines[start]!r} is not the heading of a rule",
                where=where,
                remedy="write ### UNDEF-001: title",
            )
        statement, fields = _read_body(lines, start + 1, stop, page)
        if "Withdrawn" in fields:
            if heading["id"] in withdrawn:
                raise BadSpecification(f"{heading['id']} was withdrawn already", where=where)
            withdrawn[heading["id"]] = Stub(plain(fields["Withdrawn"]), where)
            continue
        rules.append(_make_rule(heading, statement, fields, capabilities, page, start + 1))
    return rules, withdrawn


def _read_body(lines: list[str], start: int, stop: int, page: str) -> tuple[str, dict[str, str]]:
    """Return a rule's sentence and its fields."""
    statement: list[str] = []
    fields: dict[str, str] = {}
    # What a line without a mark of its own goes on with, as Markdown has it: the quote, or a field.
    going_on: str | None = None
    for number in range(start, stop):
        line = lines[number].strip()
        where = f"{page}:{number + 1}"
        if line.startswith(">"):
            statement.append(line[1:].strip())
            going_on = "quote"
        elif line.startswith("- "):
            going_on = _read_field(line, where, fields)
        elif not line:
            going_on = None
        elif going_on == "quote":
            statement.append(line)
        elif going_on is not None:
            fields[going_on] += f" {line}"
    return plain(" ".join(statement)), fields


def _read_field(line: str, where: str, fields: dict[str, str]) -> str:
    """Add a field to those of its rule and return its name."""
    field = _FIELD.fullmatch(line)
    if field is None:
        raise BadSpecification(f"{line!r} is not a field", where=where, remedy="write - **Level:** MUST")
    if field["name"] not in (*_FIELDS, "Withdrawn"):
        raise BadSpecification(f"there is no field {field['name']}", where=where)
    if field["name"] in fields:
        raise BadSpecification(f"the field {field['name']} stands twice", where=where)
    if fields and "Withdrawn" in (field["name"], *fields):
        raise BadSpecification("a withdrawn rule has other fields too", where=where, remedy="leave the reason alone")
    fields[field["name"]] = field["value"]
    return str(field["name"])


def _make_rule(
    heading: re.Match[str],
    statement: str,
    fields: Mapping[str, str],
    capabilities: Mapping[str, Capability],
    page: str,
    line: int,
) -> Rule:
    """Return a rule whose fields were checked."""
    where = f"{page}:{line}"
    rule_id = heading["id"]
    if not statement:
        raise BadSpecification(f"{rule_id} has no sentence", where=where, remedy="write it as a block quote")
    if missing := [name for name in _FIELDS if name not in fields]:
        raise BadSpecification(f"{rule_id} lacks the field {missing[0]}", where=where)
    if fields["Level"] not in Level.__members__:
        raise BadSpecification(
            f"{rule_id} has the level {fields['Level']!r}", where=where, remedy="write MUST, SHOULD or MAY"
        )
    if not _RELEASE.fullmatch(fields["Since"]):
        raise BadSpecification(
            f"{rule_id} has the release {fields['Since']!r}", where=where, remedy="write it as 0.9.4"
        )
    requires = tuple(re.findall(r"`([^`]+)`", fields["Requires"]))
    if " ".join(f"`{name}`" for name in requires) != fields["Requires"]:
        raise BadSpecification(
            f"{rule_id} requires {fields['Requires']!r}", where=where, remedy="write `define` `start`"
        )
    if unknown := [name for name in requires if name not in capabilities]:
        raise BadSpecification(
            f"{rule_id} requires {unknown[0]!r}, which is no capability", where=where, remedy=NAME_CAPABILITY
        )
    return Rule(
        id=rule_id,
        title=plain(heading["title"]),
        statement=statement,
        level=Level(fields["Level"]),
        since=release_number(fields["Since"]),
        requires=requires,
        source=fields["Source"],
        reason=plain(fields["Reason"]),
        page=page,
        line=line,
    )


def parse_capabilities(text: str, where: str) -> dict[str, Capability]:
    """Return the capabilities by id.

    :raises BadCapabilities: when the file is not TOML, or an entry lacks its title or its probe.
    """
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadCapabilities(f"it is not TOML ({error})", where=where) from None
    for name, entry in entries.items():
        if not _CAPABILITY_ID.fullmatch(name):
            raise BadCapabilities(f"{name!r} is no capability id", where=where, remedy="write lower-case-words")
        if not isinstance(entry, dict) or set(entry) != {"title", "probe"}:
            raise BadCapabilities(f"[{name}] does not have just a title and a probe", where=where)
        if not all(isinstance(value, str) and value for value in entry.values()):
            raise BadCapabilities(f"[{name}] has a title or a probe that is no text", where=where)
    return {name: Capability(name, entry["title"], entry["probe"]) for name, entry in entries.items()}


def load_catalog(folder: Path) -> Catalog:
    """Read every page of the specification.

    :raises BadSpecification: when a page breaks the form, or two rules have one id.
    :raises BadCapabilities: when the list of capabilities breaks its form.
    """
    capabilities = parse_capabilities(read_text(folder / "capabilities.toml"), "spec/capabilities.toml")
    rules: dict[str, Rule] = {}
    withdrawn: dict[str, Stub] = {}
    pages = sorted(folder.glob("*.md"))
    for path in pages:
        found, gone = parse_page(read_text(path), f"spec/{path.name}", capabilities)
        for rule in found:
            _refuse_twice(rule.id, f"{rule.page}:{rule.line}", rules, withdrawn)
            rules[rule.id] = rule
        for rule_id, stub in gone.items():
            _refuse_twice(rule_id, stub.where, rules, withdrawn)
            withdrawn[rule_id] = stub
    identity = _identity(folder / "spec.toml")
    digest = digest_of([*pages, folder / "capabilities.toml", folder / "spec.toml"])
    ordered = dict(sorted(rules.items()))
    return Catalog(ordered, withdrawn, capabilities, identity["title"], identity["version"], digest)


def _refuse_twice(rule_id: str, where: str, rules: Mapping[str, Rule], withdrawn: Iterable[str]) -> None:
    if rule_id in rules:
        first = rules[rule_id]
        raise BadSpecification(f"{rule_id} stands at {first.page}:{first.line} already", where=where)
    if rule_id in withdrawn:
        raise BadSpecification(f"{rule_id} was withdrawn, and an id is never used again", where=where)


def _identity(path: Path) -> Mapping[str, str]:
    try:
        identity = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise BadSpecification(f"it is not TOML ({error})", where="spec/spec.toml") from None
    if set(identity) != {"title", "version"} or not all(isinstance(value, str) for value in identity.values()):
        raise BadSpecification(
            "it does not have just a title and a version, both of them texts", where="spec/spec.toml"
        )
    return identity


def read_text(path: Path) -> str:
    """Return a page's text.

    :raises BadSpecification: when the file is missing or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadSpecification(f"it cannot be read ({error.strerror})", where=f"spec/{path.name}") from None
    except UnicodeDecodeError as error:
        raise BadSpecification(f"it is not UTF-8 (byte {error.start})", where=f"spec/{path.name}") from None


def digest_of(paths: Iterable[Path]) -> str:
    """Return the SHA-256 of files, their names included, as ``sha256:…``."""
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode())
        digest.update(content)
    return f"sha256:{digest.hexdigest()}"
