"""A Sphinx extension that shows a specification as it is, with the scenarios of each rule folded under it.

It serves any project whose pages and features have the form that :mod:`conformance.catalog` and
:mod:`conformance.binding` read. The pages need no markup for it::

    extensions = ["myst_parser", "conformance.sphinx_rules"]
    rules_specification = "spec"  # the folder of the pages, below Sphinx's source directory
    rules_features = "features"  # the folder of the features, likewise

A rule's heading gets the rule's id as its anchor and as a label, the level as a badge, and the scenarios
below it. A rule without scenarios is a warning, so ``sphinx-build -W`` is a gate. A rule's id in prose is a
link. The directives ``rule-table`` and ``capability-table`` list what the specification holds.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ConfigError
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from conformance.catalog import RULE_ID, release_text
from conformance.errors import KitError
from conformance.rulebook import Book, Outline, load_book

_STYLE = Path(__file__).with_suffix(".css")
_LOGGER = logging.getLogger(__name__)
_MENTION = re.compile(rf"\b{RULE_ID.pattern}\b")
_HEADING = re.compile(rf"({RULE_ID.pattern}): ")
#: Where a rule's id stays text: it is a name there, or a link already.
_NO_PROSE = (nodes.literal, nodes.reference, addnodes.pending_xref, nodes.title, nodes.FixedTextElement)


def book_of(config: Config, source: Path) -> Book:
    """Return what the settings of a project name, read once."""
    return load_book(source / config.rules_specification, source / config.rules_features)


class Folded(nodes.General, nodes.Element):
    """Content that a reader unfolds; ``summary`` is what is always shown."""


def _visit_folded(translator: Any, node: Folded) -> None:
    summary = translator.encode(node["summary"])
    translator.body.append(translator.starttag(node, "details") + f"<summary>{summary}</summary>\n")


def _depart_folded(translator: Any, _node: Folded) -> None:
    translator.body.append("</details>\n")


def _pass(_translator: Any, _node: Folded) -> None:
    """Show the content unfolded: only HTML can fold."""


class ShowRules(SphinxTransform):
    """Finds the rules of a page by their headings, and the rules named in the prose of any page."""

    # After ids are given, before labels and the table of contents are collected.
    default_priority = 720  # type: ignore[assignment]

    def apply(self, **_kwargs: Any) -> None:
        """Change the document in place."""
        book = book_of(self.config, Path(self.env.srcdir))
        for text in list(self.document.findall(nodes.Text)):
            self._link_mentions(text, book)
        if self.env.docname.startswith(f"{self.config.rules_specification}/"):
            for section in list(self.document.findall(nodes.section)):
                if (heading := _HEADING.match(section[0].astext())) and book.knows(heading[1]):
                    self._show(section, heading[1], book)

    def _show(self, section: nodes.section, rule_id: str, book: Book) -> None:
        name = rule_id.lower()
        section["ids"].insert(0, rule_id)
        section["names"].append(name)
        self.document.ids[rule_id] = section
        self.document.nameids[name] = rule_id
        self.document.nametypes[name] = True
        rule = book.catalog.rules.get(rule_id)
        section["rule_level"] = rule.level.value if rule else "withdrawn"
        section["classes"] += ["rule", f"rule-{section['rule_level'].lower()}"]
        if rule is None:
            return
        for literal in list(section.findall(nodes.literal)):
            if literal.astext() in rule.requires:
                literal.replace_self(_to_capability(literal.astext(), self.env.docname))
        for file in book.files.get(rule_id, ()):
            self.env.note_dependency(str(file))
        outlines = book.outlines.get(rule_id, [])
        if not outlines:
            _LOGGER.warning("%s has no scenario", rule_id, location=section, type="rules")
            return
        cases = sum(outline.rows or 1 for outline in outlines)
        summary = f"{len(outlines)} scenario{'s' * (len(outlines) != 1)}"
        if cases != len(outlines):
            summary += f", run as {cases} cases"
        folded = Folded(summary=summary, classes=["rule-fold", "rule-scenarios"])
        folded += [_block(outline, self.document, self.env.docname) for outline in outlines]
        section += folded

    def _link_mentions(self, text: nodes.Text, book: Book) -> None:
        mentions = [m for m in _MENTION.finditer(str(text)) if m[0].partition("-")[0] in book.families]
        parents = list(_parents(text))
        if not mentions or any(isinstance(parent, _NO_PROSE) for parent in parents):
            return
        parts: list[nodes.Node] = []
        at = 0
        for mention in mentions:
            if not book.knows(mention[0]):
                _LOGGER.warning("%s names no rule", mention[0], location=text.parent, type="rules")
                continue
            parts += [nodes.Text(str(text)[at : mention.start()]), to_rule(mention[0], self.env.docname)]
            at = mention.end()
        parts.append(nodes.Text(str(text)[at:]))
        parents[0].replace(text, parts)


def _parents(node: nodes.Node) -> Iterator[nodes.Element]:
    while (parent := node.parent) is not None:
        yield parent
        node = parent


def _block(outline: Outline, document: nodes.document, docname: str) -> nodes.container:
    """Return a scenario: its title, its steps, its Examples folded, and what it needs."""
    anchor = outline.id.replace("/", "-")
    block = nodes.container(classes=["rule-scenario"], ids=[anchor])
    document.ids[anchor] = block
    title = nodes.paragraph(classes=["rule-scenario-title"])
    for number, part in enumerate(re.split(r"(<[^<>]+>)", outline.title)):
        title += nodes.emphasis("", part[1:-1]) if number % 2 else nodes.Text(part)
    block += [title, _steps(outline.steps)]
    if outline.examples:
        folded = Folded(summary=f"Examples: {outline.rows}", classes=["rule-fold"])
        folded += _steps(outline.examples)
        block += folded
    about = nodes.paragraph(classes=["rule-scenario-about"])
    # There are hundreds of these on a page: as code, each would weigh twice as much.
    about += nodes.reference("", outline.id, refid=anchor, internal=True)
    about += nodes.Text(f" in {outline.place}")
    for number, need in enumerate(outline.needs):
        about += [nodes.Text(", " if number else "; needs "), *_to_capability(need, docname).children]
    block += about
    return block


def _steps(text: str) -> nodes.literal_block:
    """Return lines of a feature; without a raw source, as hundreds of blocks that are highlighted weigh too much."""
    return nodes.literal_block("", text)


def to_label(text: str, label: str, docname: str, **options: Any) -> addnodes.pending_xref:
    """Return a link to a label, on whatever page it is."""
    options |= {"refdomain": "std", "reftype": "ref", "reftarget": label, "refexplicit": True}
    return addnodes.pending_xref("", nodes.inline("", text), refdoc=docname, **options)


def to_rule(rule: str, docname: str, text: str = "") -> addnodes.pending_xref:
    """Return a link to a rule."""
    return to_label(text or rule, rule.lower(), docname, refwarn=True)


def _to_capability(name: str, docname: str) -> nodes.literal:
    return nodes.literal("", "", to_label(name, f"capability-{name}", docname, rules_optional=True))


def _is_optional(_app: Sphinx, _domain: Any, node: addnodes.pending_xref) -> bool | None:
    """Keep a capability's name as plain text where no page has a capability-table."""
    return True if node.get("rules_optional") else None


class _Table(SphinxDirective):
    """A table whose rows come from the specification."""

    head: ClassVar[Sequence[str]]
    widths: ClassVar[Sequence[int]]

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        source = Path(self.env.srcdir)
        book = book_of(self.config, source)
        specification = (source / self.config.rules_specification).iterdir()
        for file in (*specification, *(source / self.config.rules_features).rglob("*.feature")):
            self.env.note_dependency(str(file))
        group = nodes.tgroup(cols=len(self.head))
        group += [nodes.colspec(colwidth=width) for width in self.widths]
        group += nodes.thead("", _row([nodes.Text(text)] for text in self.head))
        group += nodes.tbody("", *self.rows(book))
        return [nodes.table("", group, classes=["rule-table"])]

    def rows(self, book: Book) -> Iterable[nodes.row]:
        """Return the rows of the table's body."""
        raise NotImplementedError


class RuleTable(_Table):
    """Every rule, with its level, its release and how much checks it."""

    head = ("Rule", "Level", "Since", "Cases", "Title")
    widths = (14, 10, 10, 8, 58)

    def rows(self, book: Book) -> Iterable[nodes.row]:
        """Return a row for each rule."""
        for rule in book.catalog.rules.values():
            cases = sum(outline.rows or 1 for outline in book.outlines.get(rule.id, ()))
            texts = (rule.level.value, release_text(rule.since), str(cases), rule.title)
            yield _row([[to_rule(rule.id, self.env.docname)], *([nodes.Text(text)] for text in texts)])


class CapabilityTable(_Table):
    """Every capability, with how it is found out and the rules that are about nothing without it."""

    head = ("Capability", "A driver that has it", "How the kit finds out", "Required by")
    widths = (18, 26, 32, 24)

    def rows(self, book: Book) -> Iterable[nodes.row]:
        """Return a row for each capability, with an anchor in its first cell."""
        for capability in book.catalog.capabilities.values():
            rules = [rule.id for rule in book.catalog.rules.values() if capability.id in rule.requires]
            texts = (nodes.Text(capability.title), nodes.Text(capability.probe))
            required = self._required(rules, len(book.catalog.rules))
            row = _row([[nodes.literal("", capability.id)], *([text] for text in texts), required])
            anchor = f"capability-{capability.id}"
            row[0]["ids"].append(anchor)
            row[0]["names"].append(anchor)
            self.state.document.note_explicit_target(row[0], row[0])
            yield row

    def _required(self, rules: Sequence[str], among: int) -> list[nodes.Node]:
        """Return links to rules, a family's word only before its first: UNDEF-001, 002."""
        if len(rules) in (0, among):
            return [nodes.Text("every rule" if rules else "single scenarios")]
        links: list[nodes.Node] = []
        for before, rule in zip(("", *rules), rules, strict=False):
            family, _, number = rule.partition("-")
            text = number if before.partition("-")[0] == family else rule
            links += [nodes.Text(", " if links else ""), to_rule(rule, self.env.docname, text)]
        return links


def _row(cells: Iterable[Sequence[nodes.Node]]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))


def _add_badges(_app: Sphinx, doctree: nodes.document, _docname: str) -> None:
    """Put the level behind a rule's title: here and not earlier, so that no table of contents repeats it."""
    for link in doctree.findall(nodes.reference):
        if RULE_ID.fullmatch(link.astext()):
            link["classes"].append("rule-link")
    for section in doctree.findall(nodes.section):
        if level := section.get("rule_level"):
            badge = nodes.inline("", level, classes=["rule-level", f"rule-level-{level.lower()}"])
            section[0].extend([nodes.Text(" "), badge])


def _begin(app: Sphinx) -> None:
    """Read the specification once for all processes, and put the style sheet where Sphinx takes it from."""
    load_book.cache_clear()
    try:
        book_of(app.config, Path(app.srcdir))
    except KitError as error:
        raise ConfigError(str(error)) from None
    add_static(app, _STYLE)
    app.add_css_file(_STYLE.name)


def add_static(app: Sphinx, *files: Path) -> None:
    """Have files of this package copied into the site."""
    # A folder of their own, as Sphinx takes whole folders.
    static = Path(app.doctreedir) / "rules"
    static.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copyfile(file, static / file.name)
    if str(static) not in app.config.html_static_path:
        app.config.html_static_path.append(str(static))


def _outdated(app: Sphinx, env: BuildEnvironment, *_docnames: set[str]) -> list[str]:
    """Have the pages of rules read again when a feature came that no page depends on yet."""
    features = sorted(str(path) for path in (Path(app.srcdir) / app.config.rules_features).rglob("*.feature"))
    known, vars(env)["rules_features"] = vars(env).get("rules_features"), features
    if known in (None, features):
        return []
    return [name for name in env.all_docs if name.startswith(f"{app.config.rules_specification}/")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Add everything to Sphinx."""
    app.add_config_value("rules_specification", "spec", "env", (str,))
    app.add_config_value("rules_features", "features", "env", (str,))
    plain = (_pass, _pass)
    html = (_visit_folded, _depart_folded)
    app.add_node(Folded, html=html, latex=plain, text=plain, man=plain, texinfo=plain)
    app.add_transform(ShowRules)
    app.add_directive("rule-table", RuleTable)
    app.add_directive("capability-table", CapabilityTable)
    app.connect("builder-inited", _begin)
    app.connect("env-get-outdated", _outdated)
    app.connect("doctree-resolved", _add_badges)
    app.connect("warn-missing-reference", _is_optional)
    safe = {"parallel_read_safe": True, "parallel_write_safe": True}
    return {"version": version("libvirt-conformance"), **safe}
