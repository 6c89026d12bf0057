"""The forms that a report can be had in: one table, by which ``run``, ``render`` and the tests go.

Each form is a module of ``render`` with a function ``render(report) -> str`` that looks at nothing but the report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Format:
    """A form: the option that asks for it, which is also its module's name, a file's name, and what it is for."""

    name: str
    file: str
    help: str


FORMATS = (
    Format("junit", "FILE.xml", "JUnit XML, for GitLab, Jenkins and openQA"),
    Format("html", "FILE.html", "one page to read, search and send"),
    Format("markdown", "FILE.md", "a statement of conformance"),
    Format("messages", "FILE.ndjson", "a Cucumber message stream"),
    Format("annotations", "FILE.txt", "workflow commands that GitHub shows at the features' lines"),
    Format("tmt", "FILE.yaml", "results for a tmt test with result: custom"),
    Format("badge", "FILE.svg", "a badge"),
    Format("shields", "FILE.json", "the badge as an endpoint of shields.io"),
)


def renderer(name: str) -> Callable[[Mapping[str, Any]], str]:
    """Return the function that makes a form of a report; its module is imported now, not before."""
    function: Callable[[Mapping[str, Any]], str] = import_module(f"conformance.render.{name}").render
    return function


def chosen(options: Any) -> dict[str, Path]:
    """Return the files that a command's options ask for, by the name of the form."""
    files = {form.name: getattr(options, form.name) for form in FORMATS}
    return {name: path for name, path in files.items() if path is not None}
