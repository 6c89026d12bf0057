"""The specification's pages: what is read of them, and how each slip is refused."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import conformance
from conformance.catalog import (
    Capability,
    Catalog,
    Level,
    Stub,
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
STUB = "### UNDEF-001: An inactive domain is removed\n\n- **Withdrawn:** it was wrong\n\n"


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


MEND = "mend the page; docs/writing-a-rule.md shows the form"
HEADING = "write ### UNDEF-001: title"
FIELD = "write - **Level:** MUST"
SLIPS = {
    "heading without an id": (
        "### UNDEF-001: An",
        "### Undefine: An",
        f"3: '### Undefine: An inactive domain is removed' is not the heading of a rule; {HEADING}",
    ),
    "heading without a title": (
        "### UNDEF-001: An inactive domain is removed",
        "### UNDEF-001:",
        f"3: '### UNDEF-001:' is not the heading of a rule; {HEADING}",
    ),
    "heading with a short number": (
        "### UNDEF-001",
        "### UNDEF-1",
        f"3: '### UNDEF-1: An inactive domain is removed' is not the heading of a rule; {HEADING}",
    ),
    "no sentence": (
        "> After `undefine` no lookup finds the domain.\n",
        "\n",
        "3: UNDEF-001 has no sentence; write it as a block quote",
    ),
    "nothing under the heading": (
        FIRST[FIRST.index("\n") + 1 :],
        "",
        "3: UNDEF-001 has no sentence; write it as a block quote",
    ),
    "no such field": ("**Since:** 0.1.1", "**Sinse:** 0.1.1", f"8: there is no field Sinse; {MEND}"),
    "field without a value": ("- **Level:** MUST", "- **Level:**", f"7: '- **Level:**' is not a field; {FIELD}"),
    "field without its marks": ("- **Level:** MUST", "- Level: MUST", f"7: '- Level: MUST' is not a field; {FIELD}"),
    "field twice": ("- **Since:** 0.1.1", "- **Level:** MAY", f"8: the field Level stands twice; {MEND}"),
    "field left out": (
        "- **Reason:** A definition that survives in one view is a *ghost*.\n",
        "",
        f"3: UNDEF-001 lacks the field Reason; {MEND}",
    ),
    "unknown level": (
        "**Level:** MUST",
        "**Level:** MAYBE",
        "3: UNDEF-001 has the level 'MAYBE'; write MUST, SHOULD or MAY",
    ),
    "level in lower case": (
        "**Level:** MUST",
        "**Level:** must",
        "3: UNDEF-001 has the level 'must'; write MUST, SHOULD or MAY",
    ),
    "release of two numbers": (
        "**Since:** 0.1.1",
        "**Since:** 0.1",
        "3: UNDEF-001 has the release '0.1'; write it as 0.9.4",
    ),
    "release with a word": (
        "**Since:** 0.1.1",
        "**Since:** v0.1.1",
        "3: UNDEF-001 has the release 'v0.1.1'; write it as 0.9.4",
    ),
    "unknown capability": (
        "`define`\n",
        "`defines`\n",
        "3: UNDEF-001 requires 'defines', which is no capability; "
        "name one of spec/capabilities.toml, or add it as docs/capabilities.md tells",
    ),
    "capability without its marks": (
        "**Requires:** `define`\n",
        "**Requires:** define\n",
        "3: UNDEF-001 requires 'define'; write `define` `start`",
    ),
    "capabilities with a comma": (
        "`define` `start`",
        "`define`, `start`",
        "13: UNDEF-002 requires '`define`, `start`'; write `define` `start`",
    ),
    "withdrawn, and a level": (
        "libvirt never promised it\n",
        "libvirt never promised it\n- **Level:** MUST\n",
        "27: a withdrawn rule has other fields too; leave the reason alone",
    ),
    "a level, and withdrawn": (
        "- **Withdrawn:**",
        "- **Level:** MUST\n- **Withdrawn:**",
        "27: a withdrawn rule has other fields too; leave the reason alone",
    ),
}


@pytest.mark.parametrize(("old", "new", "sentence"), SLIPS.values(), ids=SLIPS)
def test_a_slip_in_a_page_is_refused_at_its_line(old: str, new: str, sentence: str) -> None:
    """A page that breaks the form is an error with its place and what to write, never a rule without a level."""
    assert old in PAGE
    with pytest.raises(BadSpecification) as error:
        parse_page(PAGE.replace(old, new, 1), "spec/undefine.md", KNOWN)
    assert str(error.value) == f"LVC-201 spec/undefine.md:{sentence}."


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


def test_a_rule_ends_where_the_next_heading_begins() -> None:
    """What stands under another heading is no part of a rule, and rules behind a withdrawn one are rules."""
    page = f"{STUB}\n{FIRST.replace('-001', '-004')}## More\n\n> not its sentence\n\n{FIRST.replace('-001', '-005')}"
    rules, withdrawn = parse_page(page, "spec/undefine.md", KNOWN)
    assert [rule.id for rule in rules] == ["UNDEF-004", "UNDEF-005"]
    assert {rule.statement for rule in rules} == {"After undefine no lookup finds the domain."}
    assert withdrawn == {"UNDEF-001": Stub("it was wrong", "spec/undefine.md:1")}


def test_blank_lines_are_for_people() -> None:
    """A page without any says the same, on other lines."""
    dense, _ = parse_page(PAGE.replace("\n\n", "\n"), "spec/undefine.md", KNOWN)
    whole, _ = parse_page(PAGE, "spec/undefine.md", KNOWN)
    assert [replace(rule, line=0) for rule in dense] == [replace(rule, line=0) for rule in whole]
    assert [rule.line for rule in dense] == [2, 9]


def test_words_between_the_parts_of_a_rule_are_none_of_them() -> None:
    """A sentence that stands apart belongs neither to the heading or the quote above it nor to a field."""
    apart = PAGE.replace("removed\n", "removed\nFirst of all.\n", 1).replace(
        "domain.\n", "domain.\n\nFor example.\n", 1
    )
    rules, withdrawn = parse_page(f"{apart}\nAnd so on.\n", "spec/undefine.md", KNOWN)
    assert rules[0].statement == "After undefine no lookup finds the domain."
    assert [stub.reason for stub in withdrawn.values()] == ["libvirt never promised it"]


STANDS = "UNDEF-001 stands at spec/a.md:{} already"
GONE = "UNDEF-001 was withdrawn, and an id is never used again"
TWICE = {
    "in one page": ({"a.md": FIRST + FIRST}, f"spec/a.md:11: {STANDS.format(1)}"),
    "in two pages": ({"a.md": FIRST, "b.md": FIRST}, f"spec/b.md:1: {STANDS.format(1)}"),
    "withdrawn before": ({"a.md": STUB, "b.md": FIRST}, f"spec/b.md:1: {GONE}"),
    "withdrawn after": ({"a.md": FIRST, "b.md": STUB}, f"spec/b.md:1: {STANDS.format(1)}"),
    "withdrawn before in one page": ({"a.md": STUB + FIRST}, f"spec/a.md:1: {STANDS.format(5)}"),
    "withdrawn after in one page": ({"a.md": FIRST + STUB}, f"spec/a.md:11: {STANDS.format(1)}"),
    "withdrawn twice": ({"a.md": STUB, "b.md": STUB}, f"spec/b.md:1: {GONE}"),
    "withdrawn twice in one page": ({"a.md": STUB + STUB}, "spec/a.md:5: UNDEF-001 was withdrawn already"),
}


@pytest.mark.parametrize(("files", "sentence"), TWICE.values(), ids=TWICE)
def test_an_id_is_never_used_again(real_spec: Path, files: dict[str, str], sentence: str) -> None:
    """Two rules of one id, a rule of a withdrawn id, and two stubs of one are refused, with the places of both."""
    (real_spec / "undefine.md").unlink()
    for name, text in files.items():
        (real_spec / name).write_text(text)
    with pytest.raises(BadSpecification) as error:
        load_catalog(real_spec)
    assert str(error.value) == f"LVC-201 {sentence}; {MEND}."


def test_a_page_that_is_not_utf8_is_refused(real_spec: Path) -> None:
    """A page in another encoding is an error that names the byte."""
    (real_spec / "undefine.md").write_bytes(b"# Undefine\n\xff\n")
    with pytest.raises(BadSpecification) as error:
        load_catalog(real_spec)
    assert str(error.value) == f"LVC-201 spec/undefine.md: it is not UTF-8 (byte 11); {MEND}."


@pytest.mark.parametrize("name", ["capabilities.toml", "spec.toml"])
def test_a_missing_file_is_refused(real_spec: Path, name: str) -> None:
    """A specification without its capabilities or its identity is an error that names the file."""
    (real_spec / name).unlink()
    with pytest.raises(BadSpecification) as error:
        load_catalog(real_spec)
    assert str(error.value) == f"LVC-201 spec/{name}: it cannot be read (No such file or directory); {MEND}."


NO_IDENTITY = "it does not have just a title and a version, both of them texts"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("title =", "it is not TOML (Invalid value (at end of document))"),
        ('title = "Domains"', NO_IDENTITY),
        ('title = "Domains"\nversion = "1"\nmore = "1"', NO_IDENTITY),
        ('title = "Domains"\nversion = 1', NO_IDENTITY),
    ],
    ids=["no TOML", "no version", "too much", "a number for a text"],
)
def test_an_identity_that_breaks_its_form_is_refused(real_spec: Path, text: str, problem: str) -> None:
    """The specification has a title and a version, both text, and nothing else."""
    (real_spec / "spec.toml").write_text(text)
    with pytest.raises(BadSpecification) as error:
        load_catalog(real_spec)
    assert str(error.value) == f"LVC-201 spec/spec.toml: {problem}; {MEND}."


EVERY = "mend the file; every capability has a title and a probe"
NO_TOML = "it is not TOML (Expected ']' at the end of a table declaration (at end of document))"
BAD_CAPABILITIES = {
    "no TOML": ("[define", f"{NO_TOML}; {EVERY}"),
    "upper case": ("[Define]\ntitle = 'x'\nprobe = 'y'", "'Define' is no capability id; write lower-case-words"),
    "no probe": ("[define]\ntitle = 'x'", f"[define] does not have just a title and a probe; {EVERY}"),
    "too much": (
        "[define]\ntitle = 'x'\nprobe = 'y'\nmore = 'z'",
        f"[define] does not have just a title and a probe; {EVERY}",
    ),
    "no table": ("define = 'x'", f"[define] does not have just a title and a probe; {EVERY}"),
    "a number for a text": (
        "[define]\ntitle = 1\nprobe = 'y'",
        f"[define] has a title or a probe that is no text; {EVERY}",
    ),
    "an empty text": ("[define]\ntitle = 'x'\nprobe = ''", f"[define] has a title or a probe that is no text; {EVERY}"),
}


@pytest.mark.parametrize(("text", "sentence"), BAD_CAPABILITIES.values(), ids=BAD_CAPABILITIES)
def test_capabilities_that_break_their_form_are_refused(text: str, sentence: str) -> None:
    """A capability has an id of lower-case words, a title and a probe, both text, and nothing else."""
    with pytest.raises(BadCapabilities) as error:
        parse_capabilities(text, "spec/capabilities.toml")
    assert str(error.value) == f"LVC-202 spec/capabilities.toml: {sentence}."


def test_a_list_of_capabilities_is_named_by_its_file(real_spec: Path) -> None:
    """A slip in the capabilities of a specification is refused where its author finds it."""
    (real_spec / "capabilities.toml").write_text("define = 'x'")
    with pytest.raises(BadCapabilities) as error:
        load_catalog(real_spec)
    assert error.value.where == "spec/capabilities.toml"


def test_capabilities_are_read_whole() -> None:
    """Each has its id, its title and its probe, in the order of the file."""
    assert list(parse_capabilities(CAPABILITIES, "spec/capabilities.toml").values()) == [
        Capability("define", "holds a definition", "defineXML"),
        Capability("start", "starts a domain", "create"),
    ]


def test_a_specification_is_read_whole(tmp_path: Path) -> None:
    """Its rules stand in the order of their ids, whichever page they are on, and everything is in its digest."""
    files = {
        "capabilities.toml": CAPABILITIES,
        "spec.toml": 'title = "Domains"\nversion = "1.0.0"\n',
        "a.md": PAGE.replace("-001", "-011"),
        "b.md": FIRST,
        "notes.txt": "### no rule\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    found = load_catalog(tmp_path)
    assert list(found.rules) == ["UNDEF-001", "UNDEF-002", "UNDEF-011"]
    assert (found.rules["UNDEF-001"].page, found.rules["UNDEF-011"].page) == ("spec/b.md", "spec/a.md")
    assert found.withdrawn == {"UNDEF-003": Stub("libvirt never promised it", "spec/a.md:24")}
    assert found.capabilities == KNOWN
    assert (found.title, found.version) == ("Domains", "1.0.0")
    assert found.digest == digest_of([tmp_path / n for n in ("a.md", "b.md", "capabilities.toml", "spec.toml")])


def test_a_rule_is_found_by_its_id_in_any_case(catalog: Catalog) -> None:
    """Ids are typed by people."""
    assert catalog.rule("undef-001") is catalog.rules["UNDEF-001"]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("undef-999", "there is no rule undef-999"),
        ("undef-999/removed", "there is no rule undef-999/removed"),
        ("UNDEF-001/table[removed]", "UNDEF-001/table[removed] is a scenario of rule UNDEF-001"),
        ("undef-003", "UNDEF-003 was withdrawn: libvirt never promised it"),
    ],
)
def test_an_unknown_rule_is_refused(catalog: Catalog, rule: str, problem: str) -> None:
    """An id that the specification does not have is refused, and a withdrawn one is told apart, with its reason."""
    with pytest.raises(UnknownRule) as error:
        catalog.rule(rule)
    assert error.value.problem == problem


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


def test_the_digest_is_of_names_lengths_and_contents(tmp_path: Path) -> None:
    """Whoever holds the files can make it again: it is published in each report."""
    page = tmp_path / "one.md"
    page.write_text("é")
    content = b"one.md\x00" + b"2\x00" + "é".encode()
    assert digest_of([page]) == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_a_release_is_counted_as_libvirt_counts() -> None:
    """Thousands of thousands for the major, thousands for the minor."""
    assert (release_number("0.9.4"), release_number("10.2.33")) == (9_004, 10_002_033)
    assert (release_text(9_004), release_text(10_002_033)) == ("0.9.4", "10.2.33")


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
