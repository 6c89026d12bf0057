"""What lint finds in a specification that could be loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.binding import Scenario, Step, load_features
from conformance.catalog import Catalog, load_catalog
from conformance.data import folder
from conformance.errors import BadFeature, KitError
from conformance.lint import kinds, lint
from conformance.suite.definitions import count_definitions

PATH = "features/undefine/basics.feature"


def scenario(rule: str, *steps: str) -> Scenario:
    """Return a scenario with its steps in lines of their own, from line 10 on."""
    lines = [Step(*text.split(" ", 1), number) for number, text in enumerate(steps, 10)]
    return Scenario(f"{rule}/any", rule, "Any", "Any", PATH, 9, (), tuple(lines), None)


def two_rules(*steps: str) -> list[Scenario]:
    """Return a scenario for each rule of the small specification; the first has the steps."""
    return [scenario("UNDEF-001", *steps), scenario("UNDEF-002", "Then the domain is gone")]


def find(
    catalog: Catalog, scenarios: list[Scenario], texts: tuple[tuple[str, str], ...] = ()
) -> Iterator[tuple[type[KitError], str, str]]:
    """Yield what lint finds: the class, the place and the problem."""
    for finding in lint(catalog, scenarios, count_definitions, texts):
        yield type(finding), finding.where, finding.problem


def test_the_shipped_specification_is_clean() -> None:
    """Nothing is found in what the package ships."""
    catalog = load_catalog(folder("spec"))
    features = load_features(folder("features"), catalog)
    scenarios = [scenario for feature in features for scenario in feature.scenarios]
    texts = [
        (path.name, path.read_text(encoding="utf-8"))
        for path in (*folder("spec").glob("*.md"), *folder("features").rglob("*.feature"))
    ]
    assert list(lint(catalog, scenarios, count_definitions, texts)) == []


SLIPS = {
    "undefined step": ("Given a domain with wings", "has no definition"),
    "step of another kind": ("When a domain that is inactive", "has no definition"),
    "And before every other step": ("And a domain that is inactive", "has no definition"),
    "unknown situation": ("Given a domain that is asleep", "no situation is called 'asleep'"),
    "unknown call": ("When the client calls undefine twice", "no call is named 'undefine twice'"),
    "unknown flag": ("When the client calls undefineFlags with NVRM", "'NVRM' is no undefine flag"),
    "unknown flag beside others": (
        "When the client calls undefineFlags with NVRM, and again with every other flag beside it",
        "'NVRM' is no undefine flag",
    ),
    "unknown call of the read-only client": ("When the read-only client calls sing", "no call is named 'sing'"),
}


@pytest.mark.parametrize(("step", "words"), SLIPS.values(), ids=SLIPS)
def test_a_step_without_meaning_is_found(catalog: Catalog, step: str, words: str) -> None:
    """A sentence, or a word in one, that means nothing to the kit is found at its line."""
    ((kind, where, problem),) = find(catalog, two_rules(step))
    assert (kind, where) == (BadFeature, f"{PATH}:10")
    assert words in problem


def test_an_ambiguous_step_is_found(catalog: Catalog) -> None:
    """A step that two definitions match is found: pytest-bdd would choose one without a word."""
    (finding,) = lint(catalog, two_rules()[1:] + two_rules()[:1], lambda _kind, _text: 2, ())
    assert (finding.where, finding.problem) == (f"{PATH}:10", "the step “Then the domain is gone” has 2 definitions")


def test_a_step_is_told_once(catalog: Catalog) -> None:
    """A sentence that stands in many scenarios is one finding."""
    steps = ("Given a domain with wings", "Then the domain is gone")
    assert len(list(find(catalog, [scenario("UNDEF-001", *steps), scenario("UNDEF-002", *steps)]))) == 1


def test_a_rule_without_a_scenario_is_found(catalog: Catalog) -> None:
    """A rule that nothing judges is found at its place in the page."""
    ((kind, where, problem),) = find(catalog, two_rules()[:1])
    assert (kind, where, problem) == (BadFeature, "spec/undefine.md:13", "UNDEF-002 has no scenario")


WORDS = {
    "driver": ("  Scenario: QEMU keeps it", "names a driver"),
    "XML": ("    Given <domain type='test'>", "holds XML"),
    "closing tag": ("    </domain>", "holds XML"),
    "number for a code": ("    Then it fails with error 55", "gives an error code as a number"),
    "wish": ("  Scenario: It should be gone", "says what a test wishes"),
}


@pytest.mark.parametrize(("line", "words"), WORDS.values(), ids=WORDS)
def test_a_word_that_a_feature_must_not_hold_is_found(catalog: Catalog, line: str, words: str) -> None:
    """A feature that speaks of a driver, of XML, of numbers or of wishes is found at the line."""
    texts = ((PATH, f"Feature: Any\n\n{line}\n"),)
    ((_, where, problem),) = find(catalog, two_rules(), texts)
    assert where == f"{PATH}:3"
    assert words in problem


def test_a_placeholder_is_no_xml(catalog: Catalog) -> None:
    """A column of an outline may be named in a line."""
    assert not list(find(catalog, two_rules(), ((PATH, "    When the client calls <call>\n"),)))


def test_pages_may_name_drivers(catalog: Catalog) -> None:
    """Only features are held to words that fit any driver."""
    assert not list(find(catalog, two_rules(), (("spec/undefine.md", "The QEMU driver should.\n"),)))


@pytest.mark.parametrize(
    "row",
    ["| `VIR_DOMAIN_UNDEFINE_MANAGED_SAVE` | 2 |", "| `VIR_DOMAIN_UNDEFINE_MANAGED_SAVE` | 1 |"],
    ids=["another value", "a flag alone"],
)
def test_a_table_of_flags_that_differs_is_found(catalog: Catalog, row: str) -> None:
    """The page's table and the kit's own list of flags agree, or that is a finding."""
    ((_, where, problem),) = find(catalog, two_rules(), (("spec/undefine.md", f"{row} 0.9.4 |\n"),))
    assert where == "spec/undefine.md"
    assert "table of flags differs" in problem


def test_texts_are_read_whole_from_an_iterator(catalog: Catalog) -> None:
    """Every check sees every text, also when they can be read but once."""
    texts = iter([(PATH, "  Scenario: It should be gone\n")])
    assert len(list(lint(catalog, two_rules(), count_definitions, texts))) == 1


def test_and_goes_on_with_the_kind_before() -> None:
    """And and But are of the kind of the step before them."""
    steps = [Step(keyword, "x", 1) for keyword in ("Given", "And", "When", "But", "Then", "And", "*")]
    assert [kind for kind, _ in kinds(steps)] == ["given", "given", "when", "when", "then", "then", "then"]
