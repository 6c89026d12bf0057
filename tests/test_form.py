"""The reader of the schema: it says of every document what a whole JSON Schema library says."""

from __future__ import annotations

import contextlib
import copy
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from conformance.form import first_breach
from conformance.report import schema
from reports import EXCUSED, UNSET, UPHELD, VIOLATED, report

WHOLE = report({"UNDEF-001/a": UPHELD, "UNDEF-001/b": VIOLATED, "UNDEF-002/c": EXCUSED, "UNDEF-003/d": UNSET})
JUDGE = Draft202012Validator(schema())
#: Values that a field may be spoilt by; none with which JSON Schema and this reader differ on purpose.
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 6),
    st.sampled_from([0.5, "", "x", "MUST", "upheld", "violated", "UNDEF-001", "UNDEF-001/a", "1.2", [], {}, ["x"]]),
)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to each part of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for key, part in inner for place in places(part, (*way, key)))]


@given(st.lists(st.tuples(st.sampled_from(places(WHOLE)[1:]), VALUES, st.booleans()), min_size=1, max_size=3))
def test_a_spoilt_report_is_judged_as_a_library_judges_it(spoils: list[tuple[tuple[Any, ...], Any, bool]]) -> None:
    """Whatever is put in place of a part, or taken out, both find a breach or both find none."""
    document: Any = copy.deepcopy(WHOLE)
    for way, value, out in spoils:
        part = document
        try:
            for step in way[:-1]:
                part = part[step]
            if out:
                del part[way[-1]]
            else:
                part[way[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue
    assert bool(first_breach(document, schema())) is not JUDGE.is_valid(document)


def test_a_whole_report_has_no_breach() -> None:
    """A report in order passes both."""
    assert first_breach(WHOLE, schema()) == ""
    assert JUDGE.is_valid(WHOLE)


@pytest.mark.parametrize(
    ("way", "value", "breach"),
    [
        (("rules", 1, "level"), "MUSTN'T", 'rules[1].level is "MUSTN\'T", which it cannot be'),
        (("rules", 0, "scenarios", 1, "expected"), "", "rules[0].scenarios[1].expected is empty"),
        (("timing", "workers"), True, "timing.workers is True and not a number"),
        (("timing", "wall_seconds"), math.inf, "timing.wall_seconds is inf and not a number"),
        (("timing", "workers"), -1, "timing.workers is -1, less than 0"),
        (("problems",), {}, "problems is an object and not a list"),
        (("rules", 0, "id"), "UNDEF-001\n", "rules[0].id is 'UNDEF-001\\n', which is not of its form"),
        (("rules", 0, "id"), "\x1b[2J", "rules[0].id is '\\x1b[2J', which is not of its form"),
        (("rules", 0, "title"), 10**5000, "rules[0].title is a number out of all bounds and not a text"),
        (("rules", 0, "id"), "A" * 900, f"rules[0].id is '{'A' * 59}…, which is not of its form"),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_a_breach_names_its_place(way: tuple[Any, ...], value: Any, breach: str) -> None:
    """What is wrong is told in one short line of plain characters, with the way to it."""
    document: Any = copy.deepcopy(WHOLE)
    part = document
    for step in way[:-1]:
        part = part[step]
    part[way[-1]] = value
    assert first_breach(document, schema()) == breach


def test_a_keyword_that_is_not_known_is_not_passed_over() -> None:
    """A schema that demands more than this reader understands is refused, whatever the document."""
    with pytest.raises(NotImplementedError, match="maxItems"):
        first_breach([], {"type": "array", "maxItems": 3})


def keywords(part: Any) -> set[str]:
    """Return the keywords of a schema, those of its inner ones included."""
    found = set(part)
    for name in ("properties", "$defs"):
        found |= {word for inner in part.get(name, {}).values() for word in keywords(inner)}
    for name in ("items", "additionalProperties", "propertyNames", "if", "then"):
        found |= keywords(part[name]) if name in part else set()
    return found | {word for name in ("allOf", "oneOf") for inner in part.get(name, ()) for word in keywords(inner)}


@pytest.mark.parametrize("keyword", sorted(keywords(schema())))
def test_every_keyword_of_the_schema_is_known(keyword: str) -> None:
    """The schema of the report asks for nothing that this reader would refuse to judge."""
    with contextlib.suppress(TypeError, AttributeError, KeyError):
        first_breach(None, {keyword: schema().get(keyword, {})})
