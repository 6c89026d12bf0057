"""Whether a document has the form that a JSON schema demands, so that whoever reads it can rely on that.

The schema is the published one, and no second list of fields stands beside it.
Of JSON Schema this knows the keywords that the schema of the report uses, and refuses any other: what is not
understood is not passed over. A library for all of it would bring four packages to everybody who runs the kit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value),
}
_WORDS = {"object": "an object", "array": "a list", "string": "a text", "boolean": "true or false"}
#: How much of a value is told.
_SHOWN = 60


def first_breach(document: Any, schema: Mapping[str, Any]) -> str:
    """Return where and how a document breaks a schema, or an empty text when it does not.

    :param schema: one whose keywords are those that the report's schema uses.
    :raises NotImplementedError: for a keyword that this does not know.
    """
    return next(_breaches(document, schema, schema, ""), "")


def _breaches(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> Iterator[str]:
    for keyword, wanted in schema.items():
        if keyword not in _KEYWORDS:
            raise NotImplementedError(f"the schema's keyword {keyword}")
        if (check := _KEYWORDS[keyword]) is not None:
            yield from check(value, wanted, schema, root, place)


_Check = Callable[[Any, Any, Mapping[str, Any], Mapping[str, Any], str], Iterator[str]]


def _of_type(value: Any, wanted: Any, _schema: Any, _root: Any, place: str) -> Iterator[str]:
    if not _TYPES[wanted](value):
        yield f"{_at(place)} is {_shown(value)} and not {_WORDS.get(wanted, 'a number')}"


def _one_of_values(value: Any, wanted: Any, _schema: Any, _root: Any, place: str) -> Iterator[str]:
    # In Python 1 is True, in JSON it is not.
    if not any(type(value) is type(one) and value == one for one in wanted):
        yield f"{_at(place)} is {_shown(value)}, which it cannot be"


def _constant(value: Any, wanted: Any, schema: Any, root: Any, place: str) -> Iterator[str]:
    yield from _one_of_values(value, [wanted], schema, root, place)


def _pattern(value: Any, wanted: Any, _schema: Any, _root: Any, place: str) -> Iterator[str]:
    if isinstance(value, str) and not _compiled(wanted).search(value):
        yield f"{_at(place)} is {_shown(value)}, which is not of its form"


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    # A dollar sign of Python's also stands before a last line end, one of JSON Schema's does not.
    return re.compile(pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern)


def _least_length(value: Any, wanted: Any, _schema: Any, _root: Any, place: str) -> Iterator[str]:
    if isinstance(value, str) and len(value) < wanted:
        yield f"{_at(place)} is empty"


def _minimum(value: Any, wanted: Any, _schema: Any, _root: Any, place: str) -> Iterator[str]:
    if _TYPES["number"](value) and value < wanted:
        yield f"{_at(place)} is {_shown(value)}, less than {wanted}"


def _required(value: Any, wanted: Any, _schema: Any, _root: Any, place: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{_at(place)} lacks {name!r}" for name in wanted if name not in value)


def _required_with(value: Any, wanted: Any, _schema: Any, _root: Any, place: str) -> Iterator[str]:
    for name, others in wanted.items() if isinstance(value, dict) else ():
        if name in value:
            yield from (f"{_at(place)} has {name!r} and lacks {other!r}" for other in others if other not in value)


def _fields(value: Any, wanted: Any, _schema: Any, root: Any, place: str) -> Iterator[str]:
    for name, form in wanted.items() if isinstance(value, dict) else ():
        if name in value:
            yield from _breaches(value[name], form, root, f"{place}.{name}" if place else name)


def _other_fields(value: Any, wanted: Any, schema: Any, root: Any, place: str) -> Iterator[str]:
    known = schema.get("properties", ())
    for name in value if isinstance(value, dict) else ():
        if name not in known:
            yield from _breaches(value[name], wanted, root, f"{place}.{_shown(name)}")


def _names(value: Any, wanted: Any, _schema: Any, root: Any, place: str) -> Iterator[str]:
    for name in value if isinstance(value, dict) else ():
        yield from _breaches(name, wanted, root, f"a name in {_at(place)}")


def _items(value: Any, wanted: Any, _schema: Any, root: Any, place: str) -> Iterator[str]:
    for number, item in enumerate(value) if isinstance(value, list) else ():
        yield from _breaches(item, wanted, root, f"{place}[{number}]")


def _each_once(value: Any, wanted: Any, _schema: Any, _root: Any, place: str) -> Iterator[str]:
    if wanted and isinstance(value, list) and len({repr(item) for item in value}) < len(value):
        yield f"{_at(place)} holds something twice"


def _all(value: Any, wanted: Any, _schema: Any, root: Any, place: str) -> Iterator[str]:
    for form in wanted:
        yield from _breaches(value, form, root, place)


def _just_one(value: Any, wanted: Any, _schema: Any, root: Any, place: str) -> Iterator[str]:
    if sum(next(_breaches(value, form, root, place), None) is None for form in wanted) != 1:
        yield f"{_at(place)} is {_shown(value)}, which is not of its form"


def _on_condition(value: Any, wanted: Any, schema: Any, root: Any, place: str) -> Iterator[str]:
    if next(_breaches(value, wanted, root, place), None) is None:
        yield from _breaches(value, schema.get("then", {}), root, place)


def _reference(value: Any, wanted: Any, _schema: Any, root: Any, place: str) -> Iterator[str]:
    yield from _breaches(value, root["$defs"][wanted.removeprefix("#/$defs/")], root, place)


#: What each keyword checks; those that check nothing by themselves have none.
_KEYWORDS: Mapping[str, _Check | None] = {
    **dict.fromkeys(("$schema", "$id", "$defs", "title", "description", "then")),
    "type": _of_type,
    "enum": _one_of_values,
    "const": _constant,
    "pattern": _pattern,
    "minLength": _least_length,
    "minimum": _minimum,
    "required": _required,
    "dependentRequired": _required_with,
    "properties": _fields,
    "additionalProperties": _other_fields,
    "propertyNames": _names,
    "items": _items,
    "uniqueItems": _each_once,
    "allOf": _all,
    "oneOf": _just_one,
    "if": _on_condition,
    "$ref": _reference,
}


def _at(place: str) -> str:
    return place or "the document"


def _shown(value: Any) -> str:
    """Return a value as it can be shown: short, and on one line."""
    if isinstance(value, (dict, list)):
        return _WORDS["object" if isinstance(value, dict) else "array"]
    try:
        text = ascii(value) if isinstance(value, str) else repr(value)
    except ValueError:
        # A number of thousands of digits.
        return "a number out of all bounds"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
