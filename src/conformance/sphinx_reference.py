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

import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ConfigError
from sphinx.transforms import SphinxTransform

from conformance import reference, subject_page
from conformance.errors import KitError
from conformance.sphinx_facts import Reference, forget, reference_of
from conformance.sphinx_generated import (
    SCRIPT,
    ApiDecisions,
    ApiFlags,
    ApiFunction,
    ApiRules,
    ApiSupport,
    FoldedBlock,
    ImportsPicture,
    SeenIn,
    SubjectPage,
    SupportMatrix,
    ViceList,
)
from conformance.sphinx_rules import Folded, add_static, to_label
from conformance.subjects import Subject, tally
from conformance.support import as_csv, as_json, matrix_of
from conformance.verdict import Verdict

_STYLE = Path(__file__).with_suffix(".css")
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
    forget()
    source = Path(app.srcdir)
    try:
        found = reference_of(app.config, source)
    except KitError as error:
        raise ConfigError(str(error)) from None
    add_static(app, _STYLE, SCRIPT)
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
