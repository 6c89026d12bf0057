"""Releases and ranges of them, as a person writes them: ``12.0.0``, ``>=9.0.0, <12``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping

#: Major, minor and micro; empty where nobody has said which.
Release = tuple[int, ...]
#: Bounds that have all to hold: an operator and a release.
Range = tuple[tuple[str, Release], ...]

_RELEASE = re.compile(r"\d{1,6}(\.\d{1,6}){0,2}", re.ASCII)
_BOUND = re.compile(r"(>=|<=|==|>|<)\s*(\S+)")
_HOLDS: Mapping[str, Callable[[Release, Release], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


def parse_release(text: str) -> Release:
    """Return a release: ``12`` and ``12.0`` are ``12.0.0``.

    :raises ValueError: when the text is none.
    """
    if not _RELEASE.fullmatch(text):
        raise ValueError(f"{text!r} is no release")
    parts = [int(part) for part in text.split(".")]
    return (*parts, *[0] * (3 - len(parts)))


def parse_range(text: str) -> Range:
    """Return a range of releases; an empty text is every release.

    :raises ValueError: when the text is none.
    """
    bounds = []
    for part in text.split(",") if text.strip() else ():
        found = _BOUND.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"{text!r} is no range of releases")
        bounds.append((found[1], parse_release(found[2])))
    return tuple(bounds)


def release_of(number: object) -> Release:
    """Return a release that libvirt has counted, 9000000 for 9.0.0; empty where it was not told."""
    if not isinstance(number, int) or not number:
        return ()
    return number // 1_000_000, number // 1_000 % 1_000, number % 1_000


def is_within(release: Release, bounds: Range) -> bool:
    """Tell whether a release is in a range; one that nobody has told is in the range of every release only."""
    return all(bool(release) and _HOLDS[sign](release, bound) for sign, bound in bounds)
