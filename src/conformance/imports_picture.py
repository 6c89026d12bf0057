"""A picture of what imports what, drawn from the imports themselves.

The parts are those of a table in Markdown, whose first column names a part and whose second its modules in code
marks; ``driver/`` stands for a package. What the picture shows is thus what the code does, in the words of the page.
"""

from __future__ import annotations

import ast
import html
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: What modules are called that stand in no row of the table.
ELSEWHERE = "further modules"
_ROW = re.compile(r"^\| *(?P<part>[^|`]*?) *\| (?P<modules>[^|]*`[^|]*) \|", re.MULTILINE)
_WIDTH, _BOX, _HEIGHT, _GAP = 920, 168, 62, 60
_LETTERS = 24


@dataclass(frozen=True)
class Graph:
    """Parts and what they import of each other.

    :param parts: the modules of each part, by its name.
    :param eager: for each part, the parts that it imports when it is imported itself.
    :param lazy: for each part, those that it imports only when something is called.
    """

    parts: Mapping[str, tuple[str, ...]]
    eager: Mapping[str, frozenset[str]]
    lazy: Mapping[str, frozenset[str]]


def parts_of(markdown: str, heading: str) -> dict[str, tuple[str, ...]]:
    """Return the modules and packages of each part from the table under a heading."""
    section = markdown.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found: dict[str, tuple[str, ...]] = {}
    part = ""
    for row in _ROW.finditer(section):
        # A row without a name goes on with the part before.
        part = row["part"] or part
        found[part] = (*found.get(part, ()), *re.findall(r"`([\w./]+)`", row["modules"]))
    return found


def read_graph(package: Path, parts: Mapping[str, tuple[str, ...]]) -> Graph:
    """Return what the parts of a package import of each other."""
    paths = (path for path in sorted(package.rglob("*.py")) if "_data" not in path.parts)
    files = {_name(path, package): path for path in paths if path != package / "__init__.py"}
    part_of = {module: _part_of(module, parts) for module in files}
    eager: dict[str, set[str]] = {part: set() for part in part_of.values()}
    every: dict[str, set[str]] = {part: set() for part in part_of.values()}
    for module, path in files.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, at_once in _imports(tree, package.name):
            # A name may be a module, or something in one.
            target = name if name in files else name.rpartition(".")[0]
            if target in files and part_of[target] != part_of[module]:
                every[part_of[module]].add(part_of[target])
                if at_once:
                    eager[part_of[module]].add(part_of[target])
    order = [*parts, ELSEWHERE]
    modules = {part: tuple(m for m in files if part_of[m] == part) for part in order if part in part_of.values()}
    return Graph(
        modules,
        {part: frozenset(eager[part]) for part in modules},
        {part: frozenset(every[part] - eager[part]) for part in modules},
    )


def _name(path: Path, package: Path) -> str:
    return ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__init__")


def _part_of(module: str, parts: Mapping[str, tuple[str, ...]]) -> str:
    for part, names in parts.items():
        if module in names:
            return part
    for part, names in parts.items():
        if any(name.endswith("/") and f"{module}/".replace(".", "/").startswith(name) for name in names):
            return part
    return ELSEWHERE


def _imports(tree: ast.AST, package: str, *, at_once: bool = True) -> Iterator[tuple[str, bool]]:
    """Yield the modules of the package that are imported, and whether with the module itself."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        else:
            inner = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            yield from _imports(node, package, at_once=at_once and not inner)
            continue
        yield from ((name.removeprefix(f"{package}."), at_once) for name in names if name.startswith(f"{package}."))


def reach(graph: Graph) -> dict[str, frozenset[str]]:
    """Return for each part every other part that it needs when it is imported, itself where it goes in a circle."""
    found = {part: set(targets) for part, targets in graph.eager.items()}
    for _ in graph.parts:
        for targets in found.values():
            targets |= {further for target in targets for further in found[target]}
    return {part: frozenset(targets) for part, targets in found.items()}


def circles(graph: Graph) -> list[list[str]]:
    """Return the parts that import each other, each circle once."""
    far = reach(graph)
    found = [[other for other in graph.parts if other in far[part] and part in far[other]] for part in graph.parts]
    return [list(circle) for circle in dict.fromkeys(map(tuple, found)) if len(circle) > 1]


def layers(graph: Graph) -> list[list[str]]:
    """Return the parts in layers: each above everything that it imports at once, those of a circle in one layer."""
    far = reach(graph)
    below = {part: frozenset(one for one in far[part] if part not in far[one]) for part in graph.parts}
    depth = dict.fromkeys(graph.parts, 0)
    for part in sorted(graph.parts, key=lambda part: len(below[part])):
        depth[part] = max((depth[one] + 1 for one in below[part]), default=0)
    return [
        [part for part in graph.parts if depth[part] == level] for level in sorted(set(depth.values()), reverse=True)
    ]


def direct(graph: Graph) -> dict[str, list[str]]:
    """Return what each part imports at once, without what it reaches over another part anyway."""
    far = reach(graph)
    below = {part: {one for one in graph.eager[part] if part not in far[one]} for part in graph.parts}
    return {
        part: sorted(
            one for one in targets if not any(one in far[other] and other not in far[one] for other in targets - {one})
        )
        for part, targets in below.items()
    }


def draw(graph: Graph) -> str:
    """Return the picture as SVG, which takes its colours from the text around it."""
    rows = layers(graph)
    place = {part: _place(row, number, at) for at, row in enumerate(rows) for number, part in enumerate(row)}
    height = len(rows) * (_HEIGHT + _GAP) - _GAP + 20
    arrows = direct(graph)
    words = "; ".join(
        [
            *(f"{part} imports {', '.join(targets)}" for part, targets in arrows.items() if targets),
            *(f"{', '.join(circle)} import each other" for circle in circles(graph)),
        ]
    )
    return "".join(
        [
            f'<svg class="imports" role="img" aria-labelledby="imports-title imports-words" '
            f'viewBox="0 0 {_WIDTH} {height}" xmlns="http://www.w3.org/2000/svg">',
            f'<title id="imports-title">What imports what</title><desc id="imports-words">{html.escape(words)}.</desc>',
            '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="currentColor"/></marker></defs>',
            *(_frame([place[part] for part in circle]) for circle in circles(graph)),
            *(_arrow(place[part], place[target]) for part, targets in arrows.items() for target in targets),
            *(_box(part, len(graph.parts[part]), *place[part]) for part in graph.parts),
            "</svg>",
        ]
    )


def _place(row: Sequence[str], number: int, at: int) -> tuple[float, float]:
    step = _WIDTH / len(row)
    return step * (number + 0.5), 10 + at * (_HEIGHT + _GAP)


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x1, y1), (x2, y2) = (start[0], start[1] + _HEIGHT), end
    bend = max((y2 - y1) / 2, 24)
    path = f"M{x1:.0f} {y1:.0f} C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2 - 2:.0f}"
    return f'<path d="{path}" fill="none" stroke="currentColor" stroke-opacity="0.55" marker-end="url(#arrow)"/>'


def _frame(places: Sequence[tuple[float, float]]) -> str:
    """Return a dashed frame round parts that import each other; they stand in one layer."""
    left, right = min(x for x, _ in places) - _BOX / 2 - 6, max(x for x, _ in places) + _BOX / 2 + 6
    return (
        f'<rect x="{left:.0f}" y="{places[0][1] - 6:.0f}" width="{right - left:.0f}" height="{_HEIGHT + 12}" rx="8" '
        'fill="none" stroke="currentColor" stroke-dasharray="5 4"/>'
    )


def _box(part: str, modules: int, x: float, y: float) -> str:
    lines = textwrap.wrap(part, _LETTERS)[:3]
    shift = (len(lines) - 1) * 7
    texts = "".join(
        f'<tspan x="{x:.0f}" y="{y + _HEIGHT / 2 - 2 - shift + number * 14:.0f}">{html.escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    return (
        f'<rect x="{x - _BOX / 2:.0f}" y="{y:.0f}" width="{_BOX}" height="{_HEIGHT}" rx="6" class="imports-part"/>'
        f'<text text-anchor="middle" font-size="12" fill="currentColor">{texts}'
        f'<tspan x="{x:.0f}" y="{y + _HEIGHT - 6:.0f}" font-size="10">{modules} module{"s" * (modules != 1)}</tspan>'
        "</text>"
    )
