"""The features: how scenarios get their ids, and how each slip is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from conformance.binding import FeatureRule, Step, load_features, parse_feature, slug
from conformance.catalog import Catalog, load_catalog
from conformance.data import folder
from conformance.errors import BadFeature

PATH = "features/undefine/basics.feature"

FEATURE = """\
Feature: Undefining a domain
  What undefine takes away.

  @UNDEF-001
  Rule: An inactive domain is removed

    @id.removed
    Scenario Outline: Nothing is left after <call>
      Given a domain that is inactive
      When the client calls <call>
      Then the domain is gone

      Examples:
        | call                       |
        | undefine                   |
        | undefineFlags with no flag |

      @needs.start
      Examples:
        | call    |
        | destroy |

  @UNDEF-002
  Rule: An active domain goes on

    @id.goes-on @needs.start
    Scenario: The guest is left alone
      Given a domain that is running
      When the client calls undefine
      Then the guest is as it was
      And the domain is transient
"""


def test_each_row_is_a_scenario_with_an_id_of_its_own(catalog: Catalog) -> None:
    """Ids come from tags and from the first column, not from names or numbers."""
    feature = parse_feature(FEATURE, PATH, catalog)
    assert [(s.id, s.row, s.line) for s in feature.scenarios] == [
        ("UNDEF-001/removed[undefine]", 0, 15),
        ("UNDEF-001/removed[undefineflags-with-no-flag]", 1, 16),
        ("UNDEF-001/removed[destroy]", 2, 21),
        ("UNDEF-002/goes-on", None, 27),
    ]
    assert feature.rules == (
        FeatureRule("UNDEF-001", "An inactive domain is removed", PATH, 5),
        FeatureRule("UNDEF-002", "An active domain goes on", PATH, 24),
    )
    assert {(s.path, s.rule) for s in feature.scenarios} == {(PATH, rule.id) for rule in feature.rules}
    assert (feature.path, feature.title) == (PATH, "Undefining a domain")
    assert feature.document["feature"]["children"][1]["rule"]["name"] == "An active domain goes on"


def test_a_description_is_told_line_by_line(catalog: Catalog) -> None:
    """What stands under the feature's title is read without its indentation."""
    text = FEATURE.replace("takes away.\n", "takes away,\n    and what it leaves.\n")
    assert parse_feature(text, PATH, catalog).description == "What undefine takes away,\nand what it leaves."


def test_a_row_has_its_values_and_the_needs_of_its_table(catalog: Catalog) -> None:
    """The title and the steps are filled in, and a table's own needs count for its rows only."""
    first, *_, third, last = parse_feature(FEATURE, PATH, catalog).scenarios
    assert third.title == "Nothing is left after destroy"
    assert third.steps == (
        Step("Given", "a domain that is inactive", 9),
        Step("When", "the client calls destroy", 10),
        Step("Then", "the domain is gone", 11),
    )
    assert last.steps[2:] == (Step("Then", "the guest is as it was", 30), Step("And", "the domain is transient", 31))
    assert third.name == "Nothing is left after <call>"
    assert (first.needs, third.needs, last.needs) == ((), ("start",), ("start",))


@pytest.mark.parametrize(
    ("step", "needs"),
    [
        ("the client calls undefineFlags with NVRAM", ("start", "undefine-flags")),
        ("the client calls undefine", ("start",)),
    ],
)
def test_the_words_of_a_step_tell_what_it_needs(catalog: Catalog, step: str, needs: tuple[str, ...]) -> None:
    """Who calls undefineFlags needs it, where the specification knows of it, whether a tag says so or not."""
    text = FEATURE.replace("When the client calls undefine\n", f"When {step}\n")
    flags = replace(catalog.capabilities["start"], id="undefine-flags")
    knowing = replace(catalog, capabilities={**catalog.capabilities, flags.id: flags})
    assert parse_feature(text, PATH, knowing).scenarios[-1].needs == needs
    tagged = text.replace("@needs.start\n    Scenario", "@needs.start @needs.undefine-flags\n    Scenario")
    assert parse_feature(tagged, PATH, knowing).scenarios[-1].needs == ("start", "undefine-flags")
    assert parse_feature(text, PATH, catalog).scenarios[-1].needs == ("start",)


SLIPS = {
    "tag on the feature": (
        "Feature: Und",
        "@slow\nFeature: Und",
        2,
        "a Feature has the tag @slow, which means nothing there",
    ),
    "rule without a tag": ("  @UNDEF-001\n", "\n", 5, "a Rule has to have one tag, the id of a rule"),
    "rule with two tags": (
        "  @UNDEF-001\n",
        "  @UNDEF-001 @UNDEF-002\n",
        5,
        "a Rule has to have one tag, the id of a rule",
    ),
    "rule with a tag of another kind": (
        "  @UNDEF-001\n",
        "  @needs.start\n",
        5,
        "a Rule has to have one tag, the id of a rule",
    ),
    "tag that names no rule": (
        "  @UNDEF-001\n",
        "  @UNDEF-009\n",
        5,
        "the tag @UNDEF-009 names no rule of the specification",
    ),
    "tag that names a withdrawn rule": (
        "  @UNDEF-001\n",
        "  @UNDEF-003\n",
        5,
        "the tag @UNDEF-003 names no rule of the specification",
    ),
    "rule under another name": (
        "Rule: An inactive",
        "Rule: Any",
        5,
        "the Rule tagged @UNDEF-001 is called 'Any domain is removed'",
    ),
    "two Rules of one id": (
        "@UNDEF-002\n  Rule: An active domain goes on",
        "@UNDEF-001\n  Rule: An inactive domain is removed",
        24,
        "a second Rule has the tag @UNDEF-001",
    ),
    "scenario outside a Rule": (
        "  @UNDEF-001",
        "  @id.lost\n  Scenario: Lost\n    Then the domain is gone\n\n  @UNDEF-001",
        5,
        "a scenario stands outside every Rule",
    ),
    "Background of the feature": (
        "  @UNDEF-001",
        "  Background:\n    Given a\n\n  @UNDEF-001",
        4,
        "a background stands outside every Rule",
    ),
    "Background of a Rule": (
        "    @id.goes-on",
        "    Background:\n      Given a\n\n    @id.goes-on",
        26,
        "a Background hides what a scenario sets up",
    ),
    "scenario without an id": ("    @id.goes-on @needs.start\n", "\n", 27, "a scenario has no @id tag"),
    "scenario with two ids": (
        "@id.goes-on",
        "@id.goes-on @id.stays",
        27,
        "the tag @id.stays names no rule, no scenario and no capability here",
    ),
    "id in upper case": (
        "@id.goes-on",
        "@id.Goes-on",
        27,
        "the tag @id.Goes-on names no rule, no scenario and no capability here",
    ),
    "tag that means nothing": (
        "@needs.start\n    Scenario:",
        "@slow\n    Scenario:",
        27,
        "the tag @slow names no rule, no scenario and no capability here",
    ),
    "tag that names no capability": (
        "@needs.start\n    Scenario:",
        "@needs.stat\n    Scenario:",
        27,
        "the tag @needs.stat names no capability",
    ),
    "table's tag that names no capability": (
        "@needs.start\n      Examples",
        "@needs.stat\n      Examples",
        19,
        "the tag @needs.stat names no capability",
    ),
    "table with an id": (
        "@needs.start\n      Examples",
        "@id.more\n      Examples",
        19,
        "an Examples table has an @id tag",
    ),
    "scenario without steps": (
        FEATURE[FEATURE.index("      Given a domain that is running") :],
        "",
        27,
        "a scenario has no steps",
    ),
    "scenario without a Then": (
        "      Then the guest is as it was\n      And the domain is transient\n",
        "",
        27,
        "a scenario has no Then, and so could not fail",
    ),
    "Rule without a scenario": (
        FEATURE[FEATURE.index("    @id.goes-on") :],
        "",
        24,
        "the Rule UNDEF-002 has no scenario",
    ),
    "outline without Examples": (
        "Scenario: The guest",
        "Scenario Outline: The guest",
        27,
        "an outline has no Examples",
    ),
    "Examples without rows": ("        | destroy |\n", "", 19, "an Examples table is empty"),
    "Examples without a table": ("        | call    |\n        | destroy |\n", "", 19, "an Examples table is empty"),
    "row with a cell too many": (
        "| destroy |",
        "| destroy | now |",
        21,
        "it is not Gherkin (inconsistent cell count within the table)",
    ),
    "row without a key": ("| destroy |", "| +       |", 21, "a row has no key in its first column"),
    "cell with a less-than sign": ("| destroy |", "| <a>     |", 21, "a cell holds '<', which an outline cannot carry"),
    "column named twice": (
        "| call    |\n        | destroy |",
        "| call | call |\n        | a | b |",
        20,
        "a column of the Examples is named twice",
    ),
    "placeholder of no column": (
        "When the client calls <call>",
        "When the client calls <cal>",
        10,
        "<cal> names no column of the Examples",
    ),
    "title's placeholder of no column": ("after <call>", "after <cal>", 8, "<cal> names no column of the Examples"),
    "two scenarios of one name": (
        "Scenario: The guest is left alone",
        "Scenario: Nothing is left after <call>",
        27,
        "two scenarios are called 'Nothing is left after <call>', here and at line 15",
    ),
}


#: What is to be done about a slip, where it can be told more closely than by the page about features.
REMEDIES = {
    **dict.fromkeys(
        ("rule without a tag", "rule with two tags", "rule with a tag of another kind"), "write @UNDEF-001 over it"
    ),
    **dict.fromkeys(
        ("tag that names no rule", "tag that names a withdrawn rule"),
        "libvirt-conformance list shows the rules there are",
    ),
    "rule under another name": "call it 'An inactive domain is removed', as the specification does",
    "Background of a Rule": "write its steps into the scenarios",
    "scenario without an id": "write @id.some-words over it",
    **dict.fromkeys(
        ("scenario with two ids", "id in upper case", "tag that means nothing"),
        "write @id.some-words once, and @needs.capability",
    ),
    **dict.fromkeys(
        ("tag that names no capability", "table's tag that names no capability"),
        "name one of spec/capabilities.toml, or add it as docs/capabilities.md tells",
    ),
    "table with an id": "its rows are known by their first column",
    "scenario without steps": "write its steps, or remove it",
    "outline without Examples": "give it rows, or call it Scenario",
    **dict.fromkeys(("Examples without rows", "Examples without a table"), "give it rows, or remove it"),
    "column named twice": "name one of them otherwise",
    "two scenarios of one name": "call one of them something else",
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_in_a_feature_is_refused_at_its_line(catalog: Catalog, name: str) -> None:
    """A feature that breaks the form is an error with its place and its remedy: a scenario is never lost in silence."""
    old, new, line, problem = SLIPS[name]
    assert old in FEATURE
    with pytest.raises(BadFeature) as error:
        parse_feature(FEATURE.replace(old, new, 1), PATH, catalog)
    assert (error.value.problem, error.value.where) == (problem, f"{PATH}:{line}")
    assert error.value.remedy == REMEDIES.get(name, BadFeature.remedy)


def test_what_is_not_gherkin_is_refused_at_its_line(catalog: Catalog) -> None:
    """The parser's words about it are told, without its own way to write a place."""
    with pytest.raises(BadFeature) as error:
        parse_feature(FEATURE.replace("When the client calls", "The client calls", 1), PATH, catalog)
    assert error.value.problem.startswith("it is not Gherkin (expected: ")
    assert error.value.problem.endswith("got 'The client calls <call>')")
    assert error.value.where == f"{PATH}:10"
    with pytest.raises(BadFeature, match="not Gherkin") as error:
        parse_feature(f"# language: Libvirt\n{FEATURE}", PATH, catalog)
    assert error.value.where == f"{PATH}:1"


@pytest.mark.parametrize("text", ["", "# a comment\n"])
def test_a_file_without_a_feature_is_refused(catalog: Catalog, text: str) -> None:
    """An empty file is no feature."""
    with pytest.raises(BadFeature) as error:
        parse_feature(text, PATH, catalog)
    assert (error.value.problem, error.value.where) == ("it has no Feature", PATH)


def test_a_feature_without_a_rule_is_refused(catalog: Catalog) -> None:
    """A feature that judges nothing is a slip, such as a file that was cut off."""
    with pytest.raises(BadFeature) as error:
        parse_feature("Feature: Undefining a domain\n", PATH, catalog)
    assert (error.value.problem, error.value.where) == ("it has no Rule", PATH)
    assert error.value.remedy == "write the scenarios under a Rule, or remove the file"


def write(base: Path, **features: str) -> Path:
    """Write features into a folder and return it."""
    for name, text in features.items():
        (base / f"{name}.feature").write_text(text)
    return base


def test_rows_of_one_key_are_refused(catalog: Catalog, tmp_path: Path) -> None:
    """Two rows that would have one id are refused, with the places of both."""
    features = write(tmp_path, a=FEATURE.replace("| destroy |", "| UNDEFINE |"))
    with pytest.raises(BadFeature, match=r"UNDEF-001/removed\[undefine\] stands at features/a.feature:15") as error:
        load_features(features, catalog)
    assert error.value.where == "features/a.feature:21"
    assert error.value.remedy == "give one of them another @id tag, or its row another first column"


def test_scenarios_of_one_id_in_two_files_are_refused(catalog: Catalog, tmp_path: Path) -> None:
    """A rule's scenarios may lie in two files, and no two of them have one id."""
    with pytest.raises(BadFeature, match=r"stands at features/a.feature:15 already") as error:
        load_features(write(tmp_path, a=FEATURE, b=FEATURE), catalog)
    assert error.value.where == "features/b.feature:15"


def test_a_feature_that_is_not_utf8_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    """A feature in another encoding is an error that names the byte."""
    (tmp_path / "a.feature").write_bytes(b"Feature: \xff\n")
    with pytest.raises(BadFeature, match=r"not UTF-8 \(byte 9\)") as error:
        load_features(tmp_path, catalog)
    assert error.value.where == "features/a.feature"


def test_a_feature_that_cannot_be_read_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    """A link that leads nowhere is an error, and not a feature less."""
    (tmp_path / "a.feature").symlink_to(tmp_path / "nowhere")
    with pytest.raises(BadFeature, match="cannot be read") as error:
        load_features(tmp_path, catalog)
    assert error.value.where == "features/a.feature"


def test_the_features_load() -> None:
    """The features that the package ships are in order, and every rule has scenarios."""
    shipped = load_catalog(folder("spec"))
    features = load_features(folder("features"), shipped)
    scenarios = [scenario for feature in features for scenario in feature.scenarios]
    assert {scenario.rule for scenario in scenarios} == set(shipped.rules)
    assert len({scenario.id for scenario in scenarios}) == len(scenarios)
    assert not [scenario.id for scenario in scenarios if "<" in scenario.title]


@given(st.text())
def test_a_slug_is_words_and_hyphens(text: str) -> None:
    """A key holds nothing but lower-case words joined by hyphens, whatever the cell holds."""
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", slug(text))


@given(st.text())
def test_a_slug_is_stable(text: str) -> None:
    """Case and marks do not change a key, and a key is its own key."""
    assert slug(slug(text)) == slug(text)
    assert slug(f" {text}!") == slug(text)


@given(st.text(alphabet="abc XYZ_09,.", min_size=1))
def test_ids_do_not_depend_on_order(catalog: Catalog, cell: str) -> None:
    """A row keeps its id when rows are put before it or titles are changed."""
    key = slug(cell)
    assume(key and key not in ("undefine", "undefineflags-with-no-flag", "destroy"))
    text = FEATURE.replace("| destroy |", f"| {cell} |\n        | destroy |").replace("Nothing is", "Not a bit is")
    before = {scenario.id for scenario in parse_feature(FEATURE, PATH, catalog).scenarios}
    after = {scenario.id for scenario in parse_feature(text, PATH, catalog).scenarios}
    assert after - before == {f"UNDEF-001/removed[{key}]"}
    assert before <= after
