"""Which part of the kit may import what: one calls libvirt, one pytest, and the rest needs neither."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance
from conftest import Bench, script

PACKAGE = Path(conformance.__file__).parent
#: For each library the parts that may import it, wherever in a module.
OWNERS = {
    "libvirt": ("driver", "mutants"),
    "pytest": ("suite", "commands/run.py", "mutants"),
    "_pytest": ("suite",),
    "pytest_bdd": ("suite",),
    "xdist": ("suite/gateway.py",),
    "gherkin": ("binding.py",),
    "rich": ("render/terminal.py",),
    "jinja2": ("render/page.py",),
    "cucumber_messages": ("render/messages.py",),
    "hypothesis": ("explore/search.py", "explore/worker.py"),
    "sphinx": ("sphinx_rules.py", "sphinx_reference.py", "sphinx_facts.py", "sphinx_generated.py"),
    "docutils": ("sphinx_rules.py", "sphinx_reference.py", "sphinx_generated.py"),
    "conformance.driver": ("driver", "suite", "mutants", "explore/worker.py"),
    "conformance.mutants": ("mutants", "suite/sessions.py", "commands"),
    "conformance.suite": ("suite", "commands", "mutants", "explore/worker.py"),
}
#: Libraries that these parts may import inside a function only, so that other commands need not wait for them.
LAZY = ("pytest", "hypothesis", "conformance.suite", "conformance.mutants")
EAGER_OWNERS = ("suite", "mutants", "explore/search.py", "explore/worker.py")
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)


def imports(file: str, *, eager: bool = False) -> Iterator[str]:
    """Yield the modules that a module imports; with ``eager``, only those that it imports when it is imported."""
    tree = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
    for node in walk(tree) if eager else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs when a module is imported: not what stands in functions, nor for type checkers alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from walk(child)


def is_of(module: str, library: str) -> bool:
    """Tell whether a module belongs to a library."""
    return module == library or module.startswith(f"{library}.")


def may(file: str, owners: tuple[str, ...]) -> bool:
    """Tell whether a file is one of the owners, or lies in one."""
    return any(file == owner or file.startswith(f"{owner}/") for owner in owners)


@pytest.mark.parametrize("library", OWNERS)
def test_only_its_owners_import_a_library(library: str) -> None:
    """Each library is imported by the part of the kit that is there for it."""
    found = [file for file in FILES if any(is_of(module, library) for module in imports(file))]
    assert [file for file in found if not may(file, OWNERS[library])] == []


@pytest.mark.parametrize("library", LAZY)
def test_what_is_slow_is_imported_when_it_is_needed(library: str) -> None:
    """Outside its own part nothing slow is imported before it is called for."""
    found = [file for file in FILES if any(is_of(module, library) for module in imports(file, eager=True))]
    assert [file for file in found if not may(file, EAGER_OWNERS)] == []


def test_the_check_itself_sees_imports() -> None:
    """The owners do import what they are there for: the check above does not pass by seeing nothing."""
    assert "libvirt" in set(imports("driver/session.py"))
    assert "pytest" in set(imports("commands/run.py"))
    assert "pytest" not in set(imports("commands/run.py", eager=True))
    assert "conformance.suite.controller" not in set(imports("suite/plugin.py", eager=True))


WATCH = """\
import sys
from conformance.cli import main
code = main({arguments!r})
heavy = {{"libvirt", "pytest", "_pytest", "pytest_bdd", "xdist"}}
print(sorted(heavy & {{module.partition(".")[0] for module in sys.modules}}), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("arguments", [["list"], ["explain", "UNDEF-011"]], ids=" ".join)
def test_reading_the_specification_loads_neither(bench: Bench, arguments: list[str]) -> None:
    """Who only reads waits for no library."""
    finished = bench.run([script("python"), "-c", WATCH.format(arguments=arguments)])
    assert (finished.code, finished.err.strip()) == (0, "[]")


def test_every_module_says_what_it_is_for() -> None:
    """The first line of a module is a sentence about it."""
    bare = [file for file in FILES if not ast.get_docstring(ast.parse((PACKAGE / file).read_text(encoding="utf-8")))]
    assert bare == []
