"""The picture of what imports what shows what the code does."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import conformance
from conformance.imports_picture import ELSEWHERE, Graph, circles, direct, draw, layers, parts_of, read_graph

PAGE = """\
# Page

## Parts

| part | modules | imports |
|---|---|---|
| doors | `cli` | all |
| work | `work/` | values |
| values | `values` | nothing |
| | `more` | `other` |

## Others

| no part | `other` |
"""
FILES = {
    "__init__.py": "",
    "cli.py": "import demo.work.deep\ndef late():\n    from demo import late\n",
    "late.py": "from demo.values import thing",
    "values.py": "import demo.more\nimport json",
    "more.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from demo.cli import main\n",
    "work/__init__.py": "",
    "work/deep.py": "from demo.values import thing",
}


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    """Return the parts of a small package."""
    package = tmp_path / "demo"
    for name, text in FILES.items():
        path = package / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_graph(package, parts_of(PAGE, "Parts"))


def test_parts_are_the_rows_of_the_table_under_the_heading() -> None:
    """Another table's rows are none, and neither is the head."""
    assert parts_of(PAGE, "Parts") == {"doors": ("cli",), "work": ("work/",), "values": ("values", "more")}


def test_imports_are_those_of_the_code(graph: Graph) -> None:
    """What a function imports is lazy, what type checkers alone import is nothing, and no module is lost."""
    assert graph.parts == {
        "doors": ("cli",),
        "work": ("work", "work.deep"),
        "values": ("more", "values"),
        ELSEWHERE: ("late",),
    }
    assert graph.eager == {
        "doors": {"work"},
        "work": {"values"},
        "values": frozenset(),
        ELSEWHERE: {"values"},
    }
    assert graph.lazy["doors"] == {ELSEWHERE}


def test_a_part_stands_above_what_it_imports(graph: Graph) -> None:
    """The doors are on top, the values below."""
    assert layers(graph) == [["doors"], ["work", ELSEWHERE], ["values"]]


def test_what_is_reached_over_another_part_has_no_arrow() -> None:
    """The picture stays readable, and parts that import each other stand in one layer."""
    eager = {"a": {"b", "c"}, "b": {"c", "d"}, "c": {"d"}, "d": {"c"}}
    graph = Graph(dict.fromkeys(eager, ("m",)), {p: frozenset(t) for p, t in eager.items()}, {})
    assert direct(graph) == {"a": ["b"], "b": ["c", "d"], "c": [], "d": []}
    assert circles(graph) == [["c", "d"]]
    assert layers(graph) == [["a"], ["b"], ["c", "d"]]


def test_the_picture_says_in_words_what_it_shows(graph: Graph) -> None:
    """Whoever does not see it hears it."""
    picture = ET.fromstring(draw(graph))
    words = picture.findtext("{http://www.w3.org/2000/svg}desc")
    assert words == f"doors imports work; work imports values; {ELSEWHERE} imports values."
    assert len(picture.findall("{http://www.w3.org/2000/svg}path")) == 3


def test_every_part_of_the_kit_is_in_the_table() -> None:
    """The architecture page names parts that exist."""
    page = Path(__file__).parents[1] / "docs" / "architecture.md"
    parts = parts_of(page.read_text(encoding="utf-8"), "What imports what")
    graph = read_graph(Path(conformance.__file__).parent, parts)
    assert set(graph.parts) - {ELSEWHERE} == set(parts)
    assert len(graph.parts.get(ELSEWHERE, ())) < 10, "the table has fallen behind the code"
