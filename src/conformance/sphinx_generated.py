"""The directives that stand for what is made from facts: of functions, of judged drivers, of broken ones."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from conformance import reference, subject_page
from conformance.api import FACTS
from conformance.imports_picture import draw, parts_of, read_graph
from conformance.sphinx_facts import Reference, reference_of
from conformance.sphinx_rules import Folded
from conformance.support import as_html, matrix_of

_LOGGER = logging.getLogger(__name__)
#: Makes the matrix one that can be sorted and filtered.
SCRIPT = Path(__file__).with_name("sphinx_reference.js")


class _Generated(SphinxDirective):
    """A directive that stands for Markdown which is made from facts."""

    required_arguments = 1
    final_argument_whitespace = True

    @property
    def reference(self) -> Reference:
        """What the page is made from; a change of its files makes the page be read again."""
        found = reference_of(self.config, Path(self.env.srcdir))
        for file in found.files:
            self.env.note_dependency(str(file))
        return found

    def warn(self, problems: Iterable[str]) -> None:
        """Say what is wrong with the page."""
        for problem in problems:
            _LOGGER.warning("%s", problem, location=self.get_location(), type="reference")

    def run(self) -> list[nodes.Node]:
        """Return what the Markdown comes to."""
        made = self.parse_text_to_nodes(self.text(self.reference), allow_section_headings=True)
        for table in (table for node in made for table in node.findall(nodes.table)):
            table["classes"].append(f"{self.name}-table")
        return made

    def text(self, found: Reference) -> str:
        """Return the Markdown."""
        raise NotImplementedError


class ApiFunction(_Generated):
    """How a function is called; the content has a line for each argument, and for what is returned."""

    has_content = True

    def text(self, found: Reference) -> str:
        """Return signature, arguments, release and rights."""
        function = found.api.functions.get(self.arguments[0])
        if function is None:
            self.warn([f"libvirt has no function {self.arguments[0]}, or spec/{FACTS} does not know it"])
            return ""
        words = reference.words_of("\n".join(self.content))
        self.warn(reference.unsaid(function, words))
        return reference.signature(function, words)


class ApiFlags(_Generated):
    """The flags of an enumeration; the content has a line for each, or with ``:partial:`` for some, ``NAME: words``."""

    has_content = True
    option_spec: ClassVar[Any] = {"partial": directives.flag}  # type: ignore[misc]

    def text(self, found: Reference) -> str:
        """Return the table of flags."""
        words = reference.words_of("\n".join(self.content))
        partial = "partial" in self.options
        self.warn(reference.unsaid_flags(found.api, self.arguments[0], words, partial=partial))
        return reference.flags(found.api, self.arguments[0], words, found.subjects, partial=partial)


class ApiRules(_Generated):
    """The rules about a function: those whose scenarios call it, or whose source names it."""

    def text(self, found: Reference) -> str:
        """Return the table of rules."""
        rules = found.binding.get(self.arguments[0], [])
        if not rules:
            self.warn([f"no rule is about {self.arguments[0]}"])
        return reference.rules(found.book.catalog, rules, found.subjects)


class ApiDecisions(_Generated):
    """The decision tables of undefine."""

    required_arguments = 0

    def text(self, found: Reference) -> str:
        """Return the tables."""
        return reference.decisions(found.book.catalog)


class ApiSupport(_Generated):
    """What the judged drivers make of a function, and whether they have the capabilities that are named."""

    option_spec: ClassVar[Any] = {  # type: ignore[misc]
        "capabilities": directives.unchanged,
        "flags": directives.flag,
    }

    def text(self, found: Reference) -> str:
        """Return the table of drivers."""
        catalog = found.book.catalog
        capabilities = self.options.get("capabilities", "").split()
        self.warn(f"there is no capability {name}" for name in capabilities if name not in catalog.capabilities)
        if not found.subjects:
            return "No report is published yet.\n"
        rules = found.binding.get(self.arguments[0], [])
        return reference.support(rules, found.subjects, capabilities, undefine="flags" in self.options)


class ViceList(_Generated):
    """The broken drivers that each rule convicts."""

    required_arguments = 0

    def text(self, found: Reference) -> str:
        """Return a list for each rule."""
        return reference.broken_drivers(found.book.catalog, found.vices)


class SeenIn(_Generated):
    """Where a finding was seen: the argument is the driver's type, the content has the id of a scenario a line."""

    has_content = True

    def text(self, found: Reference) -> str:
        """Return the table of drivers."""
        known = {scenario.id for scenario in found.book.scenarios}
        cases = [line.strip() for line in self.content if line.strip()]
        self.warn(f"there is no scenario {case}" for case in cases if case not in known and "/table" not in case)
        return reference.seen(self.arguments[0], cases, found.subjects)


class SubjectPage(_Generated):
    """Everything that was found about one judged driver."""

    def text(self, found: Reference) -> str:
        """Return the body of the page."""
        subject = next(one for one in found.subjects if one.name == self.arguments[0])
        return subject_page.body(subject)


class SupportMatrix(_Generated):
    """What every judged driver makes of every rule, capability and flag, to sort, filter and link."""

    required_arguments = 0

    def run(self) -> list[nodes.Node]:
        """Return the table as HTML, and for other builders a sentence."""
        found = self.reference
        if not found.subjects:
            return self.parse_text_to_nodes("No report is published yet.\n")
        here = posixpath.dirname(self.env.docname)
        rules = posixpath.relpath(self.config.rules_specification, here)
        subjects = posixpath.relpath(self.config.reference_subjects, here)
        script = posixpath.relpath(f"_static/{SCRIPT.name}", here)
        matrix = matrix_of(found.book.catalog, found.subjects)
        files = (
            f'<p>The same as <a href="{subjects}/all.csv">CSV</a> and as <a href="{subjects}/all.json">JSON</a>, '
            "with the evidence in each cell.</p>\n"
        )
        return [nodes.raw("", as_html(matrix, rules, subjects, script) + files, format="html")]


class ImportsPicture(SphinxDirective):
    """What imports what in this package; the argument is the heading of the page's table of parts."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the picture."""
        package = Path(__file__).parent
        for path in package.rglob("*.py"):
            self.env.note_dependency(str(path))
        page = Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8")
        parts = parts_of(page, self.arguments[0])
        if not parts:
            _LOGGER.warning("no table under %r names modules", self.arguments[0], location=self.get_location())
        picture = draw(read_graph(package, parts))
        return [nodes.raw("", f'<div class="imports-scroll">{picture}</div>', format="html")]


class FoldedBlock(SphinxDirective):
    """Content that a reader unfolds."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the content, folded."""
        folded = Folded(summary=self.arguments[0], classes=["rule-fold"])
        folded += self.parse_content_to_nodes()
        return [folded]
