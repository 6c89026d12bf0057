"""The specification's pages: what is read of them, and how each slip is refused."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import conformance
from conformance.catalog import (
    Catalog,
    Level,
    digest_of,
    load_catalog,
    parse_capabilities,
    parse_page,
    plain,
    release_number,
    release_text,
)
from conformance.data import folder
from conformance.errors import BadCapabilities, BadSpecification, UnknownRule
from conftest import CAPABILITIES, PAGE

KNOWN = parse_capabilities(CAPABILITIES, "spec/capabilities.toml")
FIRST = PAGE[PAGE.index("### UNDEF-001") : PAGE.index("### UNDEF-002")]


def test_probing_asks_for_the_capabilities_that_there_are() -> None:
    """Each capability is named by a module that probes, and none of those records one that the list lacks."""
    modules = (Path(conformance.__file__).parent / "driver").glob("probe*.py")
    calls, texts = set(), set()
    for node in (node for path in modules for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Constant):
            texts.add(node.value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("findings.note", "findings.say"):
            calls |= {node.args[0].value} if isinstance(node.args[0], ast.Constant) else set()
    known = set(load_catalog(folder("spec")).capabilities)
    assert sorted(known - texts) == [], "ask for it in a probe module of driver/"
    assert sorted(calls - known) == [], "give it a title and a probe in spec/capabilities.toml"


def test_a_rule_is_read_whole() -> None:
    """Every part of a rule comes from its page, links and marks taken off where plain text is wanted."""
    rules, withdrawn = parse_page(PAGE, "spec/undefine.md", KNOWN)
    first, second = rules
    assert (first.id, first.title) == ("UNDEF-001", "An inactive domain is removed")
    assert first.statement == "After undefine no lookup finds the domain."
    assert (first.level, first.since, first.requires) == (Level.MUST, 1001, ("define",))
    assert first.source == "[virDomainUndefine](https://libvirt.org/)"
    assert first.reason == "A definition that survives in one view is a ghost."
    assert (first.page, first.line) == ("spec/undefine.md", 3)
    assert second.statement.endswith("leaves the guest alone, and makes the domain transient.")
    assert {name: stub.reason for name, stub in withdrawn.items()} == {"UNDEF-003": "libvirt never promised it"}


SLIPS = {
    "heading without an id": ("### UNDEF-001: An", "### Undefine: An", 3, "not the heading"),
    "heading without a title": ("### UNDEF-001: An inactive domain is removed", "### UNDEF-001:", 3, "not the heading"),
    "heading with a short number": ("### UNDEF-001", "### UNDEF-1", 3, "not the heading"),
    "no sentence": ("> After `undefine` no lookup finds the domain.\n", "\n", 3, "no sentence"),
    "no such field": ("**Since:** 0.1.1", "**Sinse:** 0.1.1", 8, "no field Sinse"),
    "field without a value": ("- **Level:** MUST", "- **Level:**", 7, "not a field"),
    "field without its marks": ("- **Level:** MUST", "- Level: MUST", 7, "not a field"),
    "field twice": ("- **Since:** 0.1.1", "- **Level:** MAY", 8, "stands twice"),
    "field left out": (
        "- **Reason:** A definition that survives in one view is a *ghost*.\n",
        "",
        3,
        "lacks the field",
    ),
    "unknown level": ("**Level:** MUST", "**Level:** MAYBE", 3, "level 'MAYBE'"),
    "level in lower case": ("**Level:** MUST", "**Level:** must", 3, "level 'must'"),
    "release of two numbers": ("**Since:** 0.1.1", "**Since:** 0.1", 3, "release '0.1'"),
    "release with a word": ("**Since:** 0.1.1", "**Since:** v0.1.1", 3, "release 'v0.1.1'"),
    "unknown capability": ("`define`\n", "`defines`\n", 3, "which is no capability"),
    "capability without its marks": ("**Requires:** `define`\n", "**Requires:** define\n", 3, "requires 'define'"),
    "capabilities with a comma": ("`define` `start`", "`define`, `start`", 13, "requires"),
}


@pytest.mark.parametrize(("old", "new", "line", "words"), SLIPS.values(), ids=SLIPS)
def test_a_slip_in_a_page_is_refused_at_its_line(old: str, new: str, line: int, words: str) -> None:
    """A page that breaks the form is an error with its place, never a rule without a level."""
    assert old in PAGE
    with pytest.raises(BadSpecification) as error:
        parse_page(PAGE.replace(old, new, 1), "spec/undefine.md", KNOWN)
    assert error.value.where == f"spec/undefine.md:{line}"
    assert words in error.value.problem


CONTINUED = {
    "quote without a space": ("> Undefining an active", ">Undefining an active"),
    "quote that goes on without its mark": ("> and makes the domain", "and makes the domain"),
    "field that goes on in a second line": ("The guest is somebody's.", "The guest\n  is somebody's."),
}


@pytest.mark.parametrize(("old", "new"), CONTINUED.values(), ids=CONTINUED)
def test_no_part_of_a_rule_is_lost_in_silence(old: str, new: str) -> None:
    """Text that a Markdown reader sees as a part of a sentence or a field is read whole or refused."""
    assert old in PAGE
    whole, _ = parse_page(PAGE, "spec/undefine.md", KNOWN)
    try:
        rules, _ = parse_page(PAGE.replace(old, new, 1), "spec/undefine.md", KNOWN)
    except BadSpecification as error:
        assert error.where.startswith("spec/undefine.md:1")  # noqa: PT017 - either outcome is right
    else:
        assert [rule.statement for rule in rules] == [rule.statement for rule in whole]
        assert [rule.reason for rule in rules] == [rule.reason for rule in whole]


def test_a_withdrawn_rule_has_no_other_field() -> None:
    """A stub that keeps a level looks to a reader as if it were still binding."""
    page = PAGE + "- **Level:** MUST\n"
    with pytest.raises(BadSpecification) as error:
        parse_page(page, "spec/undefine.md", KNOWN)
    assert error.value.where.startswith("spec/undefine.md:2")


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"a.md": FIRST + FIRST}, "spec/a.md:11"),
        ({"a.md": FIRST, "b.md": FIRST}, "spec/b.md:1"),
    ],
    ids=["in one page", "in two pages"],
)
def test_an_id_that_stands_twice_is_refused(real_spec: Path, files: dict[str, str], where: str) -> None:
    """Two rules of one id are refused, with the places of both."""
    (real_spec / "undefine.md").unlink()
    for name, text in files.items():
        (real_spec / name).write_text(text)
    with pytest.raises(BadSpecification, match=r"UNDEF-001 stands at spec/a\.md:1 already") as error:
        load_catalog(real_spec)
    assert error.value.where == where


STUB = "### UNDEF-001: An inactive domain is removed\n\n- **Withdrawn:** it was wrong\n\n"


@pytest.mark.parametrize(
    "files",
    [
        {"a.md": STUB, "b.md": FIRST},
        {"a.md": FIRST, "b.md": STUB},
        {"a.md": STUB + FIRST},
        {"a.md": FIRST + STUB},
        {"a.md": STUB, "b.md": STUB},
        {"a.md": STUB + STUB},
    ],
    ids=[
        "before",
        "after",
        "before in one page",
        "after in one page",
        "withdrawn twice",
        "withdrawn twice in one page",
    ],
)
def test_a_withdrawn_id_is_never_used_again(real_spec: Path, files: dict[str, str]) -> None:
    """The id of a stub is refused for a rule and for another stub, with a page and a line."""
    (real_spec / "undefine.md").unlink()
    for name, text in files.items():
        (real_spec / name).write_text(text)
    with pytest.raises(BadSpecification, match="UNDEF-001") as error:
        load_catalog(real_spec)
    page, _, line = error.value.where.rpartition(":")
    assert page in {f"spec/{name}" for name in files}
    assert line.isdigit()


def test_a_page_that_is_not_utf8_is_refused(real_spec: Path) -> None:
    """A page in another encoding is an error that names the byte."""
    (real_spec / "undefine.md").write_bytes(b"# Undefine\n\xff\n")
    with pytest.raises(BadSpecification, match=r"not UTF-8 \(byte 11\)") as error:
        load_catalog(real_spec)
    assert error.value.where == "spec/undefine.md"


@pytest.mark.parametrize("name", ["capabilities.toml", "spec.toml"])
def test_a_missing_file_is_refused(real_spec: Path, name: str) -> None:
    """A specification without its capabilities or its identity is an error that names the file."""
    (real_spec / name).unlink()
    with pytest.raises(BadSpecification, match="cannot be read") as error:
        load_catalog(real_spec)
    assert error.value.where == f"spec/{name}"


@pytest.mark.parametrize(
    "text",
    ["title =", 'title = "Domains"', 'title = "Domains"\nversion = "1"\nmore = 1', 'title = "Domains"\nversion = 1'],
    ids=["no TOML", "no version", "too much", "a number for a text"],
)
def test_an_identity_that_breaks_its_form_is_refused(real_spec: Path, text: str) -> None:
    """The specification has a title and a version, both text, and nothing else."""
    (real_spec / "spec.toml").write_text(text)
    with pytest.raises(BadSpecification) as error:
        load_catalog(real_spec)
    assert error.value.where == "spec/spec.toml"


@pytest.mark.parametrize(
    "text",
    [
        "[define",
        "[Define]\ntitle = 'x'\nprobe = 'y'",
        "[define]\ntitle = 'x'",
        "[define]\ntitle = 'x'\nprobe = 'y'\nmore = 'z'",
        "define = 'x'",
        "[define]\ntitle = 1\nprobe = 'y'",
    ],
    ids=["no TOML", "upper case", "no probe", "too much", "no table", "a number for a text"],
)
def test_capabilities_that_break_their_form_are_refused(text: str) -> None:
    """A capability has an id of lower-case words, a title and a probe, both text, and nothing else."""
    with pytest.raises(BadCapabilities) as error:
        parse_capabilities(text, "spec/capabilities.toml")
    assert error.value.where == "spec/capabilities.toml"


def test_a_rule_is_found_by_its_id_in_any_case(catalog: Catalog) -> None:
    """Ids are typed by people."""
    assert catalog.rule("undef-001") is catalog.rules["UNDEF-001"]


@pytest.mark.parametrize(("rule", "words"), [("UNDEF-999", "no rule UNDEF-999"), ("undef-003", "was withdrawn")])
def test_an_unknown_rule_is_refused(catalog: Catalog, rule: str, words: str) -> None:
    """An id that the specification does not have is refused, and a withdrawn one is told apart."""
    with pytest.raises(UnknownRule, match=words):
        catalog.rule(rule)


def test_the_specification_loads() -> None:
    """The pages that the package ships are in order, and each rule says why it is one."""
    shipped = load_catalog(folder("spec"))
    assert list(shipped.rules) == sorted(shipped.rules)
    assert not set(shipped.rules) & set(shipped.withdrawn)
    assert {rule.level for rule in shipped.rules.values()} <= set(Level)
    assert all(rule.statement.endswith(".") and rule.reason.endswith((".", ")")) for rule in shipped.rules.values())


def test_the_digest_tells_texts_apart(tmp_path: Path) -> None:
    """The digest changes with a byte, with a file's name, and with where one file ends and the next begins."""
    one, two = tmp_path / "one.md", tmp_path / "two.md"
    one.write_text("ab")
    two.write_text("c")
    before = digest_of([one, two])
    assert digest_of([one, two]) == before
    one.write_text("a")
    two.write_text("bc")
    assert digest_of([one, two]) != before
    assert digest_of([one]) != digest_of([one.rename(tmp_path / "other.md")])


@given(st.tuples(st.integers(0, 99), st.integers(0, 999), st.integers(0, 999)))
def test_a_release_survives_the_way_there_and_back(release: tuple[int, int, int]) -> None:
    """A release is the same after it was counted as libvirt counts."""
    text = "{}.{}.{}".format(*release)
    assert release_text(release_number(text)) == text


@given(st.text(alphabet=st.characters(exclude_characters="`*[]()", exclude_categories=["Cs"])))
def test_plain_text_stays_as_it_is(text: str) -> None:
    """What holds no Markdown is not touched, and a link leaves its words."""
    assert plain(text) == text
    assert plain(f"[{text}](https://libvirt.org/)") == text
