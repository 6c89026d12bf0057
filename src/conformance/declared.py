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
    """A vice as its source declares it, and where: the name of the module, and the line of the decorator."""

    name: str
    sentence: str
    rules: tuple[str, ...]
    module: str
    line: int


def declared_vices(folder: Path) -> list[Declared]:
    """Return the vices that the modules of a folder declare, in the order of their names."""
    found = [
        vice
        for path in sorted(folder.glob("*.py"))
        for vice in _of_module(ast.parse(path.read_text(encoding="utf-8"), str(path)), path.stem)
    ]
    return sorted(found, key=lambda vice: vice.name)


def _of_module(tree: ast.Module, module: str) -> Iterator[Declared]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            match decorator:
                case ast.Call(func=ast.Name(id="vice"), args=arguments):
                    rules = tuple(one.value for one in arguments if isinstance(one, ast.Constant))
                    sentence = (ast.get_docstring(node) or "").partition("\n")[0]
                    name = node.name.replace("_", "-")
                    yield Declared(name, sentence, tuple(map(str, rules)), module, decorator.lineno)


def own_vices() -> list[Declared]:
    """Return the vices of this package."""
    return declared_vices(Path(__file__).parent / "mutants")
