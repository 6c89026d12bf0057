"""The page of the decision table: it is what the function makes it, and it says what the function says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.catalog import Catalog, load_catalog
from conformance.data import folder
from conformance.decision import KNOWN, Holding, Outcome, State, decide
from conformance.decision_page import PAGE, anchor, render, rows_of
from conformance.errors import BadSpecification
from conformance.flags import Undefine
from conformance.lint import lint
from conformance.regions import all_regions


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Return the shipped specification's rules."""
    return load_catalog(folder("spec"))


def test_the_page_is_what_the_function_makes_it(catalog: Catalog) -> None:
    """The shipped page equals what would be written."""
    assert (folder("spec") / PAGE).read_text(encoding="utf-8") == render(catalog)


def holds(condition: str, held: frozenset[Holding], flags: int) -> bool:
    """Tell whether a condition of a row holds, read as a person reads it."""
    if condition == "no flag":
        return flags == 0
    if condition in Undefine.__members__:
        return bool(flags & Undefine[condition])
    if condition.startswith("not "):
        return not flags & Undefine[condition.removeprefix("not ")]
    return Holding(condition) in held


@pytest.mark.parametrize("state", State)
def test_whoever_follows_the_rows_comes_to_the_decision(state: State) -> None:
    """For every kind of domain and every value of the flags, the first row that fits says what the function says."""
    rows = rows_of(state)
    for region in (region for region in all_regions() if region.state is state):
        for flags in range(KNOWN + 1):
            decision = decide(state, region.held, flags)
            row = next(r for r in rows if all(holds(c, region.held, flags) for c in r.conditions))
            rule = decision.rules[0] if decision.refused else decision.rules[-1]
            assert (row.result[0], row.result[2]) == (decision.outcome, rule)


@pytest.mark.parametrize("state", State)
def test_a_state_is_told_in_a_few_rows(state: State) -> None:
    """The 4,096 cells of a state are no more than a dozen rows, or nobody would read them."""
    assert len(rows_of(state)) <= 12


def test_every_link_leads_to_a_heading(catalog: Catalog) -> None:
    """The anchors are those of the rules' headings, and each rule that is named is linked."""
    page = render(catalog)
    headings = {
        anchor(line.removeprefix("### "))
        for line in (folder("spec") / "undefine.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("### ")
    }
    links = dict(re.findall(r"^\[(UNDEF-\d+)\]: undefine\.md#(.*)$", page, re.MULTILINE))
    assert set(links.values()) <= headings
    assert set(re.findall(r"\[(UNDEF-\d+)\]", page)) == set(links)


def test_the_counts_are_those_of_the_table(catalog: Catalog) -> None:
    """The sums of the page are the numbers of cells of each outcome."""
    counted = dict.fromkeys(Outcome, 0)
    for region in all_regions():
        for flags in range(256):
            counted[decide(region.state, region.held, flags).outcome] += 1
    sums = " | ".join(f"{number:,}" for number in (160, 40_960, *counted.values()))
    assert f"| any of them | {sums} |" in render(catalog)


def test_lint_finds_a_page_that_was_edited(catalog: Catalog) -> None:
    """An edited page is a finding with the command that mends it."""

    def about_pages(text: str) -> list[tuple[str, bool]]:
        findings = lint(catalog, [], lambda _kind, _text: 1, [(f"spec/{PAGE}", text)])
        return [(f.where, "--write" in f.remedy) for f in findings if isinstance(f, BadSpecification)]

    assert about_pages(render(catalog)) == []
    assert about_pages(render(catalog).replace("refused", "granted")) == [(f"spec/{PAGE}", True)]


def test_a_decision_by_a_rule_that_is_no_more_is_an_error(catalog: Catalog, tmp_path: Path) -> None:
    """A specification that lacks a rule of the function's cannot have the page."""
    for name in ("capabilities.toml", "spec.toml"):
        (tmp_path / name).write_bytes((folder("spec") / name).read_bytes())
    page = (folder("spec") / "undefine.md").read_text(encoding="utf-8")
    (tmp_path / "undefine.md").write_text(page.replace("### UNDEF-011: ", "### UNDEF-911: "), encoding="utf-8")
    with pytest.raises(BadSpecification, match="UNDEF-011"):
        render(load_catalog(tmp_path))
