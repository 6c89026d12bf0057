"""The sentences of libvirt's that each rule rests on, kept as fingerprints and never as text.

``spec/upstream.toml`` says it. ``[facts]`` names what :mod:`conformance.api` keeps facts of. ``[family]`` names the
functions and constants whose every sentence is somebody's business: it stands under a rule, or under ``[aside]``
with the reason why no rule is made of it. ``[rules]`` has for each rule the items that it rests on, and of each the
fingerprints of the sentences. A rule that rests on no sentence stands under ``[without]``, with what it rests on
instead.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.api import FACTS, Api
from conformance.catalog import Catalog
from conformance.errors import PROGRAM, BadFingerprints, KitError

FILE = "upstream.toml"
_FACTS = f"spec/{FACTS}"
#: Separates fingerprints of wordings that were read and found to say the same.
_OR = "|"
_FINGERPRINT = re.compile(r"[0-9a-f]{12}")
_SECTIONS = ("family", "facts", "rules", "aside", "without")
#: Stands for every item where sentences are set aside.
ANY = "*"
_PARAGRAPH = re.compile(r"\n\s*\n")
#: A full stop that ends a sentence: a capital, a flag or an argument follows, and no abbreviation goes before.
_END = re.compile(r"(?<!e\.g\.)(?<!i\.e\.)(?<!etc\.)(?<=[.!?;])\s+(?=[A-Z@*(\"'-])")


def sentences(prose: tuple[str, ...]) -> list[str]:
    """Return the sentences of a description, white space made even."""
    found = []
    for piece in prose:
        for paragraph in _PARAGRAPH.split(piece):
            found += [" ".join(part.split()) for part in _END.split(" ".join(paragraph.split()))]
    return [sentence for sentence in found if re.search(r"\w", sentence)]


def fingerprint(sentence: str) -> str:
    """Return a digest of what a sentence says: words and numbers, without case, marks and white space.

    So that a new line break or a comma alone brings nobody to read a rule again.

    >>> fingerprint("Keep  the file.") == fingerprint("keep the FILE")
    True
    >>> fingerprint("Keep the file") == fingerprint("Keep no file")
    False
    """
    words = re.findall(r"[a-z0-9_]+", sentence.lower())
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Basis:
    """A sentence that a rule rests on: the function or constant, and the fingerprints of its known wordings."""

    item: str
    wordings: tuple[str, ...]


@dataclass(frozen=True)
class Upstream:
    """Which rule rests on what.

    :param family: functions and constants whose every sentence is under a rule or set aside, as patterns.
    :param facts: functions and constants of which facts are kept, as patterns.
    :param rules: by rule, what it rests on.
    :param aside: by item and fingerprint, why no rule is made of a sentence.
    :param without: by rule, what it rests on instead of a sentence.
    """

    family: tuple[str, ...]
    facts: tuple[str, ...]
    rules: Mapping[str, tuple[Basis, ...]]
    aside: Mapping[str, Mapping[str, str]]
    without: Mapping[str, str]

    def rules_on(self, item: str, sign: str) -> list[str]:
        """Return the rules that rest on a sentence."""
        return [
            rule
            for rule, bases in self.rules.items()
            if any(basis.item == item and sign in basis.wordings for basis in bases)
        ]

    def knows(self, item: str, sign: str) -> bool:
        """Tell whether somebody has read a sentence: it is under a rule, or was set aside."""
        aside = (*self.aside.get(item, ()), *self.aside.get(ANY, ()))
        return sign in aside or bool(self.rules_on(item, sign))

    def items(self, api: Api) -> list[str]:
        """Return every item of the family that an API has, and every other one that a rule rests on."""
        named = [basis.item for bases in self.rules.values() for basis in bases]
        return list(dict.fromkeys((*api.matching(self.family), *named)))


def read_upstream(folder: Path, catalog: Catalog) -> Upstream:
    """Read ``upstream.toml`` of a specification.

    :raises BadFingerprints: when it breaks the form, or names a rule that there is not.
    """
    path = folder / FILE
    where = f"spec/{FILE}"
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise BadFingerprints(f"it cannot be read ({error.strerror})", where=where) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadFingerprints(f"it is not TOML ({error})", where=where) from None
    return parse_upstream(data, catalog, where)


def parse_upstream(data: Mapping[str, Any], catalog: Catalog, where: str) -> Upstream:
    """Return what the content of the file says.

    :raises BadFingerprints: when it breaks the form, or names a rule that there is not.
    """
    for section in _SECTIONS:
        if not isinstance(data.get(section), dict):
            raise BadFingerprints(f"it has no [{section}]", where=where)
    if unknown := [section for section in data if section not in _SECTIONS]:
        raise BadFingerprints(f"there is no section [{unknown[0]}]", where=where)
    for rule in (*data["rules"], *data["without"]):
        if rule not in catalog.rules:
            raise BadFingerprints(f"{rule} names no rule of the specification", where=where)
        if rule in data["rules"] and rule in data["without"]:
            raise BadFingerprints(f"{rule} rests on sentences and on none", where=where)
    return Upstream(
        _patterns(data, "family", where),
        _patterns(data, "facts", where),
        {rule: tuple(_bases(rule, items, where)) for rule, items in data["rules"].items()},
        {item: _reasons(item, found, where) for item, found in data["aside"].items()},
        _reasons("without", data["without"], where, signs=False),
    )


def check_bases(catalog: Catalog, upstream: Upstream, facts: Api) -> Iterator[KitError]:
    """Yield each rule of which nobody has said what it rests on, and each name by which nothing could ever be noticed.

    :param facts: those that the specification keeps.
    """
    for rule in catalog.rules.values():
        if rule.id not in upstream.rules and rule.id not in upstream.without:
            yield BadFingerprints(
                f"spec/{FILE} does not say what {rule.id} rests on",
                where=f"{rule.page}:{rule.line}",
                remedy=f"name libvirt's sentences under [rules], or a reason under [without]; "
                f"{PROGRAM} drift --sentences shows the fingerprints",
            )
    for section, patterns in (("family", upstream.family), ("facts", upstream.facts)):
        for pattern in patterns:
            if not facts.matching([pattern]):
                yield _unknown(pattern, f"[{section}]")
    for item, table in _named(upstream).items():
        if facts.prose(item) is None:
            yield _unknown(item, table)
        elif item not in facts.matching(upstream.facts):
            yield _unnoticed(item, table, "it is not under [facts]", "name it there, and ")
        elif not facts.since(item):
            yield _unnoticed(item, table, f"{_FACTS} does not say since when there is one")


def _named(upstream: Upstream) -> dict[str, str]:
    """Return the functions and constants that sentences are kept of, each with the first table that names it."""
    rules = [(basis.item, f"[rules.{rule}]") for rule, bases in upstream.rules.items() for basis in bases]
    aside = [(item, f"[aside.{item}]") for item in upstream.aside if item != ANY]
    named: dict[str, str] = {}
    for item, table in (*rules, *aside):
        named.setdefault(item, table)
    return named


def _unknown(name: str, table: str) -> BadFingerprints:
    return BadFingerprints(
        f"{name}, which {table} names, is not in {_FACTS}",
        where=f"spec/{FILE}",
        remedy=f"mend the name, or name it under [facts] and let {PROGRAM} drift --write-facts RELEASE "
        "write that file anew",
    )


def _unnoticed(name: str, table: str, why: str, before: str = "") -> BadFingerprints:
    """Return that nobody could tell an item that is gone from one that came later than the libvirt at hand."""
    return BadFingerprints(
        f"nobody would notice that {name}, which {table} names, is gone, as {why}",
        where=f"spec/{FILE}",
        remedy=f"{before}let {PROGRAM} drift --write-facts RELEASE write {_FACTS} anew",
    )


def _patterns(data: Mapping[str, Any], section: str, where: str) -> tuple[str, ...]:
    return tuple(name for names in data[section].values() for name in _texts(names, f"[{section}]", where))


def _bases(rule: str, items: Any, where: str) -> Iterator[Basis]:
    if not isinstance(items, dict) or not items:
        raise BadFingerprints(f"{rule} does not name functions or constants", where=where)
    for item, found in items.items():
        for text in _texts(found, f"{rule}, {item}", where):
            wordings = tuple(part.strip() for part in text.split(_OR))
            for sign in wordings:
                _check(sign, f"{rule}, {item}", where)
            yield Basis(item, wordings)


def _texts(found: Any, what: str, where: str) -> list[str]:
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise BadFingerprints(f"{what} is not a list of texts", where=where)
    return found


def _reasons(item: str, found: Any, where: str, *, signs: bool = True) -> Mapping[str, str]:
    if not isinstance(found, dict) or not all(isinstance(reason, str) and reason for reason in found.values()):
        raise BadFingerprints(f"{item} does not have a reason for each entry", where=where)
    if signs:
        for sign in found:
            _check(sign, item, where)
    return found


def _check(sign: str, what: str, where: str) -> None:
    if not _FINGERPRINT.fullmatch(sign):
        raise BadFingerprints(f"{what} has {sign!r}, which is no fingerprint", where=where)
