"""What the broken drivers say of themselves, read from their source: documentation needs no libvirt for it.

A vice is a function with the decorator ``vice``, whose arguments are the rules that convict it and whose docstring
is the sentence of what the driver does (:mod:`conformance.mutants.vice`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Declared:
    """A vice as its source declares it."""

    name: str
    sentence: str
    rules: tuple[str, ...]


def declared_vices(folder: Path) -> list[Declared]:
    """Return the vices that the modules of a folder declare, in the order of their names."""
    found = [
        vice
        for path in sorted(folder.glob("*.py"))
        for vice in _of_module(ast.parse(path.read_text(encoding="utf-8"), str(path)))
    ]
    return sorted(found, key=lambda vice: vice.name)


def _of_module(tree: ast.Module) -> Iterator[Declared]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            match decorator:
                case ast.Call(func=ast.Name(id="vice"), args=arguments):
                    rules = tuple(one.value for one in arguments if isinstance(one, ast.Constant))
                    sentence = (ast.get_docstring(node) or "").partition("\n")[0]
                    yield Declared(node.name.replace("_", "-"), sentence, tuple(map(str, rules)))


def own_vices() -> list[Declared]:
    """Return the vices of this package."""
    return declared_vices(Path(__file__).parent / "mutants")
