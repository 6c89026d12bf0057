"""A Sphinx extension for the reference of functions, beside :mod:`conformance.sphinx_rules`.

It serves any project that has rules about libvirt's functions, published reports, or both::

    extensions = ["myst_parser", "conformance.sphinx_rules", "conformance.sphinx_reference"]
    reference_pages = "docs/api"  # the folder of the pages about functions, below Sphinx's source directory
    reference_results = "results"  # the folder of the published reports, likewise
    reference_subjects = "docs/subjects"  # where their pages are made; keep it out of version control

Directives for pages about functions: ``api-function``, ``api-flags``, ``api-rules``, ``api-decisions`` and
``api-support``; for drivers ``support-matrix``, for broken ones ``vice-list``,
for findings ``seen-in``, for a package ``imports-picture``.
Each rule is shown with the functions that it is about, with its verdict for each published
report, and with the broken drivers that it convicts.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ConfigError
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from conformance import reference, subject_page
from conformance.about import functions_of_rules, rules_of_functions
from conformance.api import FACTS, Api, completed, contradictions, find_xml, read_facts, read_xml
from conformance.declared import Declared, own_vices
from conformance.errors import KitError
from conformance.imports_picture import draw, parts_of, read_graph
from conformance.sphinx_rules import Book, Folded, add_static, load_book, to_label
from conformance.subjects import Subject, load_subjects, tally
from conformance.support import as_csv, as_html, as_json, matrix_of
from conformance.verdict import Verdict

_STYLE = Path(__file__).with_suffix(".css")
_SCRIPT = Path(__file__).with_suffix(".js")
_LOGGER = logging.getLogger(__name__)
_PAGE_OF = re.compile(r"^`{3,}\{api-function\} (\w+)", re.MULTILINE)
_SEEN_IN = re.compile(r"^`{3,}\{seen-in\}[^\n]*\n(.*?)^`{3,}", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"^# (.+)", re.MULTILINE)
#: The order in which verdicts are shown under a rule: what somebody has to look at comes first.
_SHOWN = (
    Verdict.VIOLATED,
    Verdict.DEVIATION,
    Verdict.NOT_TESTABLE,
    Verdict.INCONCLUSIVE,
    Verdict.UPHELD,
    Verdict.NOT_APPLICABLE,
    Verdict.NOT_RUN,
)
#: Classes of a link's text that say what the link is, which its address says as well.
_PLAIN = {"std", "std-ref", "std-doc", "doc"}
#: Verdicts of which a page names the drivers and does not link them: with many drivers it would grow too large.
_UNEVENTFUL = (Verdict.UPHELD, Verdict.NOT_APPLICABLE, Verdict.NOT_RUN)


@dataclass(frozen=True)
class Reference:
    """Everything that the pages about functions and drivers are made from.

    :param pages: the page of each function that has one.
    :param about: the functions that each rule is about, by its id; ``binding`` is the same the other way round.
    :param vices: the broken drivers that each rule convicts.
    :param findings: by rule, the titles of the pages about findings by their names.
    :param files: what all of it was read from.
    """

    book: Book
    api: Api
    subjects: list[Subject]
    pages: dict[str, str]
    about: dict[str, list[str]]
    binding: dict[str, list[str]]
    vices: dict[str, list[Declared]]
    findings: dict[str, dict[str, str]]
    files: list[Path]


@cache
def _load(source: Path, specification: str, features: str, pages: str, results: str) -> Reference:
    book = load_book(source / specification, source / features)
    api = read_facts(source / specification)
    if xml := find_xml():
        here = read_xml(xml)
        for contradiction in contradictions(here, api):
            _LOGGER.warning("%s, says %s", contradiction, xml, type="reference")
        api = completed(here, api)
    folder = source / results
    subjects = load_subjects(folder) if folder.is_dir() else []
    about = functions_of_rules(book.catalog, book.scenarios, api)
    vices: dict[str, list[Declared]] = {}
    for vice in own_vices():
        for rule in vice.rules:
            vices.setdefault(rule, []).append(vice)
    found = {
        name: path.relative_to(source).with_suffix("").as_posix()
        for path in sorted((source / pages).glob("*.md"))
        for name in _PAGE_OF.findall(path.read_text(encoding="utf-8"))
    }
    findings: dict[str, dict[str, str]] = {}
    for path in sorted((source / pages).parent.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        for case in (case for block in _SEEN_IN.findall(text) for case in block.split()):
            name, title = path.relative_to(source).with_suffix("").as_posix(), _TITLE.search(text)
            findings.setdefault(case.partition("/")[0], {})[name] = title[1] if title else name
    files = [source / specification / FACTS, *(folder / f"{subject.name}.json" for subject in subjects)]
    return Reference(book, api, subjects, found, about, rules_of_functions(about), vices, findings, files)


def reference_of(config: Config, source: Path) -> Reference:
    """Return what the settings of a project name, read once."""
    return _load(
        source,
        config.rules_specification,
        config.rules_features,
        config.reference_pages,
        config.reference_results,
    )


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
        script = posixpath.relpath(f"_static/{_SCRIPT.name}", here)
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


class ShowFindings(SphinxTransform):
    """Adds to each rule the functions it is about, the verdicts of judged drivers, and the broken ones it convicts."""

    # After the rules were found.
    default_priority = 730  # type: ignore[assignment]

    def apply(self, **_kwargs: Any) -> None:
        """Change the document in place."""
        if not self.env.docname.startswith(f"{self.config.rules_specification}/"):
            return
        found = reference_of(self.config, Path(self.env.srcdir))
        for section in self.document.findall(nodes.section):
            if section.get("rule_level") not in (None, "withdrawn"):
                for file in found.files:
                    self.env.note_dependency(str(file))
                rule = section["ids"][0]
                at = next((n for n, child in enumerate(section) if isinstance(child, Folded)), len(section))
                section[at:at] = list(self._parts(rule, found))

    def _parts(self, rule: str, found: Reference) -> Iterator[nodes.Node]:
        docname = self.env.docname
        calls = nodes.paragraph("", "", nodes.strong("", "Calls:"), nodes.Text(" "), classes=["rule-about"])
        for number, name in enumerate(found.about.get(rule, ())):
            calls += [nodes.Text(", " if number else ""), _to_function(name, found, docname)]
        if found.about.get(rule):
            yield calls
        if verdicts := tally(found.subjects, rule):
            yield self._verdicts(rule, verdicts)
        if findings := found.findings.get(rule):
            line = nodes.paragraph("", "", nodes.strong("", "Found:"), classes=["rule-findings"])
            for number, (name, title) in enumerate(findings.items()):
                line += [nodes.Text("; " if number else " "), _to_page(name, title, docname)]
            yield line
        if vices := found.vices.get(rule):
            # What each does stands on a page of its own: here it would be a third of the page.
            line = nodes.paragraph("", "", nodes.strong("", "Convicts:"), classes=["rule-vices"])
            count = f"{len(vices)} broken driver{'s' * (len(vices) != 1)}"
            line += [nodes.Text(" "), to_label(count, reference.broken(rule), docname, rules_optional=True)]
            yield line

    def _verdicts(self, rule: str, verdicts: dict[Verdict, list[Subject]]) -> nodes.Node:
        """Return a line of badges: drivers that somebody has to look at each with a link, the others by name."""
        line = nodes.paragraph("", "", nodes.strong("", "Judged:"), classes=["rule-verdicts"])
        for verdict in (verdict for verdict in _SHOWN if verdict in verdicts):
            words = nodes.inline("", verdict.replace("-", " "), classes=["verdict", f"verdict-{verdict}"])
            line += [nodes.Text(" "), words, nodes.Text(" ")]
            for number, subject in enumerate(verdicts[verdict]):
                line += nodes.Text(", " if number else "")
                if verdict in _UNEVENTFUL:
                    line += nodes.Text(subject.name)
                else:
                    line += to_label(subject.name, reference.label(subject.name, rule), self.env.docname, refwarn=True)
        return line


def _to_function(name: str, found: Reference, docname: str) -> nodes.Node:
    if name not in found.pages:
        return nodes.Text(name)
    options = {"refdomain": "c", "reftype": "func", "reftarget": name, "refexplicit": True, "refwarn": True}
    return addnodes.pending_xref("", nodes.inline("", name), refdoc=docname, **options)


def _to_page(name: str, title: str, docname: str) -> nodes.Node:
    options = {"refdomain": "std", "reftype": "doc", "reftarget": f"/{name}", "refexplicit": True, "refwarn": True}
    return addnodes.pending_xref("", nodes.inline("", title), refdoc=docname, **options)


def _lighten(_app: Sphinx, doctree: nodes.document, _docname: str) -> None:
    """Take off links what repeats their text and what no style asks for: a page of rules has a thousand of them."""
    for link in doctree.findall(nodes.reference):
        if link.get("reftitle") == link.astext():
            del link["reftitle"]
        if len(link) == 1 and isinstance(link[0], nodes.inline) and set(link[0]["classes"]) <= _PLAIN:
            link[:] = link[0].children


def _begin(app: Sphinx) -> None:
    """Read everything once for all processes, and make a page for each published report."""
    _load.cache_clear()
    source = Path(app.srcdir)
    try:
        found = reference_of(app.config, source)
    except KitError as error:
        raise ConfigError(str(error)) from None
    add_static(app, _STYLE, _SCRIPT)
    app.add_css_file(_STYLE.name)
    folder = source / app.config.reference_subjects
    pages = {folder / f"{subject.name}.md": subject_page.stub(subject.name) for subject in found.subjects}
    for old in set(folder.glob("*.md")) - set(pages):
        old.unlink()
    for path, text in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _write_files(app: Sphinx, exception: Exception | None) -> None:
    """Put the reports, and the matrix as CSV and JSON, beside the pages about the subjects."""
    if exception is not None or app.builder.format != "html":
        return
    source = Path(app.srcdir)
    found = reference_of(app.config, source)
    folder = Path(app.outdir) / app.config.reference_subjects
    if not found.subjects:
        return
    folder.mkdir(parents=True, exist_ok=True)
    matrix = matrix_of(found.book.catalog, found.subjects)
    (folder / "all.csv").write_text(as_csv(matrix), encoding="utf-8")
    (folder / "all.json").write_text(as_json(matrix), encoding="utf-8")
    for subject in found.subjects:
        name = f"{subject.name}.json"
        shutil.copyfile(source / app.config.reference_results / name, folder / name)


def _outdated(app: Sphinx, env: BuildEnvironment, *_docnames: set[str]) -> list[str]:
    """Have pages read again that stand for reports or functions when one of these came or went."""
    found = reference_of(app.config, Path(app.srcdir))
    now = sorted([subject.name for subject in found.subjects] + list(found.pages) + list(found.findings))
    known, vars(env)["reference_names"] = vars(env).get("reference_names"), now
    return [] if known in (None, now) else list(env.all_docs)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add everything to Sphinx."""
    app.setup_extension("conformance.sphinx_rules")
    app.add_config_value("reference_pages", "docs/api", "env", (str,))
    app.add_config_value("reference_results", "results", "env", (str,))
    app.add_config_value("reference_subjects", "docs/subjects", "env", (str,))
    app.add_transform(ShowFindings)
    for name, directive in (
        ("api-function", ApiFunction),
        ("api-flags", ApiFlags),
        ("api-rules", ApiRules),
        ("api-decisions", ApiDecisions),
        ("api-support", ApiSupport),
        ("vice-list", ViceList),
        ("support-matrix", SupportMatrix),
        ("imports-picture", ImportsPicture),
        ("seen-in", SeenIn),
        ("subject", SubjectPage),
        ("folded", FoldedBlock),
    ):
        app.add_directive(name, directive)
    app.connect("doctree-resolved", _lighten)
    app.connect("builder-inited", _begin)
    app.connect("env-get-outdated", _outdated)
    app.connect("build-finished", _write_files)
    safe = {"parallel_read_safe": True, "parallel_write_safe": True}
    return {"version": version("libvirt-conformance"), **safe}
