"""``list``, ``explain`` and ``lint``: what can be told without a driver."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.catalog import Catalog, plain, release_text
from conformance.data import folder
from conformance.errors import PROGRAM, KitError
from conformance.specification import load_specification
from conformance.verdict import ExitCode

if TYPE_CHECKING:
    from conformance.published_proof import Proofs

_WIDTH = 100
#: A link of Markdown, of which a terminal shows the address too.
_LINK = re.compile(r"\[([^]]*)\]\(([^)]*)\)")


def list_rules() -> int:
    """Print a line for each rule, with the number of its scenarios."""
    specification = load_specification()
    counted: dict[str, int] = {}
    for scenario in specification.scenarios:
        counted[scenario.rule] = counted.get(scenario.rule, 0) + 1
    for rule in specification.catalog.rules.values():
        print(
            f"{rule.id}  {rule.level:6}  since {release_text(rule.since):7} {counted.get(rule.id, 0):3} scenarios  "
            f"{rule.title}"
        )
    rules = specification.catalog.rules
    print(f"\n{len(rules)} rules, {len(specification.scenarios)} scenarios. {PROGRAM} explain ID shows one whole.")
    print("A run counts entries of the decision table beside them, so it tells of more.")
    return ExitCode.CONFORMANT


def explain(rule_id: str) -> int:
    """Print a rule, its reason and its scenarios.

    :raises UnknownRule: when there is no such rule.
    """
    specification = load_specification()
    catalog = specification.catalog
    rule = catalog.rule(rule_id)
    print(f"{rule.id} ({rule.level}, since libvirt {release_text(rule.since)}): {rule.title}\n")
    _paragraph(rule.statement)
    _paragraph(f"Reason: {rule.reason}")
    _paragraph("Source: " + plain(_LINK.sub(r"\1 <\2>", rule.source)))
    print("Requires a driver that:")
    for need in rule.requires:
        print(f"  {catalog.capabilities[need].title} ({need})")
    print(f"\nPlace: {rule.page}:{rule.line}")
    for scenario in specification.scenarios:
        if scenario.rule != rule.id:
            continue
        print(f"\n{scenario.id}   {scenario.path}:{scenario.line}")
        print(f"  {scenario.title}")
        if scenario.needs:
            print(f"    needs {', '.join(scenario.needs)}")
        for step in scenario.steps:
            print(f"    {step.keyword:5} {step.text}")
    print(f"\n{PROGRAM} run --rule {rule.id} judges a driver by it.")
    return ExitCode.CONFORMANT


def _paragraph(text: str) -> None:
    print(textwrap.fill(text, _WIDTH, break_on_hyphens=False) + "\n")


def lint(*, write: bool = False) -> int:
    """Check the specification, the features and the steps; print each finding.

    :param write: whether the pages that are made from a function are written anew before.
    :raises Unwritable: when they cannot be.
    """
    specification = load_specification()
    from conformance.api import read_facts
    from conformance.declared import own_vices
    from conformance.lint import lint as check
    from conformance.mutants import VICES
    from conformance.mutants.register import check_register
    from conformance.published_proof import check_proofs, check_vices, page_path, read_proofs
    from conformance.suite.definitions import conclusions, count_definitions
    from conformance.upstream import check_bases, read_upstream

    catalog = specification.catalog
    matrix = page_path()
    proofs = read_proofs(matrix) if matrix is not None else {}
    sentences = [sentence for sentence, _ in conclusions(()).values()]
    if write:
        _write_pages(catalog, sentences, matrix, proofs)
    spec, features = folder("spec"), folder("features")
    texts = [
        (str(path.relative_to(base.parent)), path.read_text(encoding="utf-8"))
        for base, pattern in ((spec, "*.md"), (features, "*.feature"))
        for path in sorted(base.rglob(pattern))
    ]
    findings: list[KitError] = list(check(catalog, specification.scenarios, count_definitions, texts))
    findings += check_bases(catalog, read_upstream(spec, catalog), read_facts(spec))
    findings += check_register(catalog, VICES, own_vices())
    if matrix is not None:
        shown = matrix.read_text(encoding="utf-8") if matrix.is_file() else ""
        where = f"docs/{matrix.name}"
        findings += check_proofs(catalog, sentences, proofs, shown, where)
        findings += check_vices(VICES, proofs, where)
    for finding in findings:
        print(finding, file=sys.stderr)
    if findings:
        return ExitCode.ERROR
    print(f"{len(catalog.rules)} rules and {len(specification.scenarios)} scenarios are in order.")
    return ExitCode.CONFORMANT


def _write_pages(catalog: Catalog, sentences: Sequence[str], matrix: Path | None, proofs: Proofs) -> None:
    """Write the pages that are made from a function; why that of the kill matrix cannot be made is a finding."""
    from conformance.decision_page import PAGE, render
    from conformance.published_proof import check_alike, render_page
    from conformance.report import write_text

    pages = {folder("spec") / PAGE: render(catalog)}
    if matrix is not None and not list(check_alike(catalog, sentences, proofs)):
        pages[matrix] = render_page(proofs)
    for page, text in pages.items():
        write_text(page, text)
        print(f"{page} is written.")
