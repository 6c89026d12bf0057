"""What has changed in libvirt's text since the rules were made of it, and what of it no rule is made of.

A rule is right because libvirt says so. When libvirt says something else, nobody who reads the rule can see it, so
the machine compares, and says which rules somebody has to read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from conformance.api import Api
from conformance.catalog import Catalog
from conformance.upstream import Upstream, fingerprint, sentences


@dataclass(frozen=True)
class Sentence:
    """A sentence of libvirt's: where it stands, its fingerprint, and its text, which is shown and never kept."""

    item: str
    sign: str
    text: str


@dataclass(frozen=True)
class Lost:
    """A rule rests on a sentence that is not there; ``candidates`` are those of the item that nobody has read."""

    rule: str
    item: str
    candidates: tuple[Sentence, ...]


@dataclass(frozen=True)
class Drift:
    """How a libvirt differs from the one that the rules were made of.

    :param lost: what makes a rule be read again.
    :param absent: by item that this libvirt lacks, the rules that rest on it.
    :param withdrawn: those of them that came with a release which this libvirt is not older than.
    :param unruled: items of the family of which no rule and nobody else speaks.
    :param unread: sentences of the family that stand under no rule, and were not set aside.
    :param without: by rule that rests on no sentence, what it rests on instead; nothing where nobody has said.
    """

    lost: tuple[Lost, ...]
    absent: Mapping[str, tuple[str, ...]]
    withdrawn: tuple[str, ...]
    unruled: tuple[str, ...]
    unread: tuple[Sentence, ...]
    without: Mapping[str, str]

    @cached_property
    def reread(self) -> list[str]:
        """The rules that somebody has to read again."""
        return sorted({one.rule for one in self.lost} | {rule for item in self.withdrawn for rule in self.absent[item]})

    @property
    def is_there(self) -> bool:
        """Whether anything has to be done; an older libvirt lacks what is newer, and that is no drift."""
        return bool(self.reread or self.unruled or self.unread or not all(self.without.values()))


def read(api: Api, item: str) -> list[Sentence]:
    """Return the sentences of a function or a constant; none where the API lacks it."""
    return [Sentence(item, fingerprint(text), text) for text in sentences(api.prose(item) or ())]


def compare(api: Api, upstream: Upstream, catalog: Catalog, facts: Api) -> Drift:
    """Hold a libvirt's text against what the rules rest on.

    :param facts: by which it is known since when there is what this libvirt lacks.
    """
    lost: list[Lost] = []
    absent: dict[str, list[str]] = {}
    for rule, basis in ((rule, basis) for rule, bases in upstream.rules.items() for basis in bases):
        if api.prose(basis.item) is None:
            absent.setdefault(basis.item, []).append(rule)
            continue
        there = read(api, basis.item)
        if not {one.sign for one in there} & set(basis.wordings):
            lost.append(Lost(rule, basis.item, tuple(_unread(there, upstream))))
    family = api.matching(upstream.family)
    spoken = {basis.item for bases in upstream.rules.values() for basis in bases} | set(upstream.aside)
    unruled = tuple(item for item in family if item not in spoken)
    return Drift(
        tuple(lost),
        {item: tuple(dict.fromkeys(rules)) for item, rules in absent.items()},
        tuple(item for item in absent if 0 < facts.since(item) <= api.newest),
        unruled,
        tuple(one for item in family if item in spoken for one in _unread(read(api, item), upstream)),
        {rule: upstream.without.get(rule, "") for rule in catalog.rules if rule not in upstream.rules},
    )


def _unread(those: Sequence[Sentence], upstream: Upstream) -> Iterator[Sentence]:
    return (one for one in those if not upstream.knows(one.item, one.sign))


@dataclass(frozen=True)
class Change:
    """What one item says in two libvirts, where that is not the same; an item that is new or gone says nothing else.

    :param rules: those that rest on a sentence which is gone, or on the item where all of it is.
    """

    item: str
    what: str
    gone: tuple[Sentence, ...] = ()
    come: tuple[Sentence, ...] = ()
    rules: tuple[str, ...] = ()


def between(old: Api, new: Api, upstream: Upstream) -> list[Change]:
    """Return what has changed between two libvirts in what the specification is about."""
    items = dict.fromkeys((*upstream.items(old), *upstream.items(new)))
    return [change for item in items for change in _change(old, new, item, upstream)]


def _change(old: Api, new: Api, item: str, upstream: Upstream) -> Iterator[Change]:
    before, after = old.prose(item), new.prose(item)
    resting = tuple(rule for rule, bases in upstream.rules.items() if any(basis.item == item for basis in bases))
    if before is None and after is not None:
        yield Change(item, "came", come=tuple(read(new, item)), rules=resting)
    elif before is not None and after is None:
        yield Change(item, "went", gone=tuple(read(old, item)), rules=resting)
    elif before is not None:
        gone, come = _missing(read(old, item), read(new, item)), _missing(read(new, item), read(old, item))
        if gone or come:
            rules = dict.fromkeys(rule for one in (*gone, *come) for rule in upstream.rules_on(item, one.sign))
            yield Change(item, "changed", gone, come, tuple(rules))


def _missing(those: Sequence[Sentence], among: Sequence[Sentence]) -> tuple[Sentence, ...]:
    signs = {one.sign for one in among}
    return tuple(one for one in those if one.sign not in signs)
