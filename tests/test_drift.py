"""What the drift alarm says of small documentations made by hand, and of the specification's own list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.api import Api, Constant, Function, find_xml, read_facts, read_xml
from conformance.catalog import Catalog, Level, Rule, load_catalog
from conformance.cli import main
from conformance.data import folder
from conformance.drift import between, compare
from conformance.errors import BadFingerprints
from conformance.upstream import Upstream, check_bases, fingerprint, parse_upstream, read_upstream, sentences

REMOVES, KEEPS, HARMLESS = "Removes it.", "Keeps what it holds.", "The flag is harmless without anything held."


def rule(rule_id: str) -> Rule:
    """Return a rule."""
    return Rule(rule_id, "Title", "It holds.", Level.MUST, 1, (), "the text", "because", "spec/demo.md", 1)


CATALOG = Catalog({one: rule(one) for one in ("D-001", "D-002", "D-003")}, {}, {}, "Demo", "1", "")
DATA: dict[str, Any] = {
    "family": {"functions": ["virDemo*"], "constants": ["VIR_DEMO_*"]},
    "facts": {"functions": ["virDemo*"]},
    "rules": {
        "D-001": {"virDemoRemove": [fingerprint(REMOVES)]},
        "D-002": {"virDemoRemove": [f"{fingerprint(KEEPS)} | {fingerprint('Leaves what it holds.')}"]},
    },
    "aside": {"*": {fingerprint("0 or -1"): "what is returned"}},
    "without": {"D-003": "the principle"},
}
UPSTREAM = parse_upstream(DATA, CATALOG, "spec/upstream.toml")
FACTS = Api(
    "facts",
    {"virDemoRemove": Function("virDemoRemove", "int", (), 9004)},
    {"VIR_DEMO_KEEP": Constant("VIR_DEMO_KEEP", "virDemoFlags", 1, 9004)},
)


def api(*prose: str, **more: str) -> Api:
    """Return a libvirt whose virDemoRemove says something, and others by keyword."""
    functions = {name: Function(name, "int", (), 1_000_000, prose=(text,)) for name, text in more.items()}
    return Api("file", {"virDemoRemove": Function("virDemoRemove", "int", (), 9004, prose=prose), **functions})


SAME = api(f"{REMOVES} {KEEPS}", "0 or -1")


def test_sentences_are_found_across_lines_paragraphs_and_abbreviations() -> None:
    """A line break ends nothing, a paragraph does, and so does a full stop before a capital or a flag."""
    text = "One is here,\nand e.g. Two is not.  Three (see virX()) ends.\n\nFour has none\n\n@flags begins. VIR_X too"
    assert sentences((text, "Five")) == [
        "One is here, and e.g. Two is not.",
        "Three (see virX()) ends.",
        "Four has none",
        "@flags begins.",
        "VIR_X too",
        "Five",
    ]


@given(st.text(), st.sampled_from([" ", "\n", "  \n\t ", ", ", "; "]))
def test_how_a_text_is_broken_into_lines_changes_no_fingerprint(text: str, gap: str) -> None:
    """White space and marks are no part of what is said."""
    words = text.split()
    assert fingerprint(gap.join(words)) == fingerprint(" ".join(words))


def test_what_has_not_changed_is_no_drift() -> None:
    """Every sentence is under a rule or set aside, and every rule has its sentence."""
    found = compare(SAME, UPSTREAM, CATALOG, FACTS)
    assert not found.is_there
    assert found.without == {"D-003": "the principle"}


def test_a_wording_that_was_read_before_is_no_drift() -> None:
    """One rule can know the wordings of several releases."""
    assert not compare(api(f"{REMOVES} Leaves what it holds."), UPSTREAM, CATALOG, FACTS).is_there


def test_a_sentence_that_changed_has_its_rule_read_again() -> None:
    """The rule is named, with the sentence that has perhaps taken the place."""
    found = compare(api(f"Removes it at once. {KEEPS}"), UPSTREAM, CATALOG, FACTS)
    assert found.reread == ["D-001"]
    assert [one.text for one in found.lost[0].candidates] == ["Removes it at once."]
    assert [one.text for one in found.unread] == ["Removes it at once."]


def test_a_sentence_that_came_has_no_rule() -> None:
    """No rule is to be read again, and the sentence is told."""
    found = compare(api(f"{REMOVES} {KEEPS} {HARMLESS}"), UPSTREAM, CATALOG, FACTS)
    assert found.reread == []
    assert [(one.item, one.text) for one in found.unread] == [("virDemoRemove", HARMLESS)]
    assert found.is_there


def test_a_function_and_a_flag_that_came_have_no_rule() -> None:
    """They are told by name, their sentences are not counted besides."""
    with_more = api(f"{REMOVES} {KEEPS}", virDemoPurge="Purges.")
    more = Api(
        "file", with_more.functions, {"VIR_DEMO_X": Constant("VIR_DEMO_X", "virDemoFlags", 1, prose=("Does x.",))}
    )
    found = compare(more, UPSTREAM, CATALOG, FACTS)
    assert found.unruled == ("virDemoPurge", "VIR_DEMO_X")
    assert found.unread == ()
    assert found.is_there


def test_what_a_libvirt_lacks_is_drift_only_where_it_had_it() -> None:
    """An older libvirt lacks what is newer; a newer one that lacks it has withdrawn it."""
    old = Api("old", {"virOther": Function("virOther", "int", (), 9003)})
    new = Api("new", {"virOther": Function("virOther", "int", (), 9005)})
    silent = Api("silent", {"virOther": Function("virOther", "int", ())})
    for one, drifted in ((old, False), (new, True), (silent, False)):
        found = compare(one, UPSTREAM, CATALOG, FACTS)
        assert found.absent == {"virDemoRemove": ("D-001", "D-002")}
        assert found.is_there is drifted
        assert found.reread == (["D-001", "D-002"] if drifted else [])


def test_a_rule_that_rests_on_nothing_said_is_drift() -> None:
    """Somebody has to say what it rests on."""
    upstream = Upstream(UPSTREAM.family, UPSTREAM.facts, UPSTREAM.rules, UPSTREAM.aside, {})
    assert compare(SAME, upstream, CATALOG, FACTS).without == {"D-003": ""}
    assert compare(SAME, upstream, CATALOG, FACTS).is_there


def test_two_libvirts_are_compared_sentence_by_sentence() -> None:
    """What came, went and changed is told, with the rules that it concerns."""
    old = api(f"{REMOVES} {KEEPS}", virDemoOld="Was.")
    new = api(f"Removes it at once. {KEEPS}", virDemoNew="Is.")
    changes = {change.item: change for change in between(old, new, UPSTREAM)}
    assert {item: change.what for item, change in changes.items()} == {
        "virDemoRemove": "changed",
        "virDemoOld": "went",
        "virDemoNew": "came",
    }
    changed = changes["virDemoRemove"]
    assert ([one.text for one in changed.gone], [one.text for one in changed.come], changed.rules) == (
        [REMOVES],
        ["Removes it at once."],
        ("D-001",),
    )
    assert between(old, old, UPSTREAM) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"rules": {"D-009": {"virDemoRemove": ["0" * 12]}}}, "D-009 names no rule"),
        ({"rules": {"D-001": {"virDemoRemove": ["Removes it."]}}}, "'Removes it.', which is no fingerprint"),
        ({"rules": {"D-001": {"virDemoRemove": "0" * 12}}}, "is not a list of texts"),
        ({"rules": {"D-001": []}}, "does not name functions"),
        ({"rules": []}, r"it has no \[rules\]"),
        ({"more": {}}, r"there is no section \[more\]"),
        ({"without": {"D-001": "the principle"}}, "D-001 rests on sentences and on none"),
        ({"without": {"D-003": ""}}, "without does not have a reason"),
        ({"aside": {"*": ["0" * 12]}}, "does not have a reason"),
        ({"aside": {"*": {"zero": "because"}}}, "'zero', which is no fingerprint"),
        ({"family": {"functions": "virDemo*"}}, r"\[family\] is not a list of texts"),
    ],
)
def test_a_list_of_sentences_that_breaks_its_form_is_one_sentence(change: dict[str, Any], problem: str) -> None:
    """The error has its code, the file, and what to do."""
    with pytest.raises(
        BadFingerprints, match=rf"^LVC-602 spec/upstream\.toml: .*{problem}.*; mend spec/upstream\.toml"
    ):
        parse_upstream({**DATA, **change}, CATALOG, "spec/upstream.toml")


def test_a_list_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    """A file that is missing, or no TOML, is told as that."""
    with pytest.raises(BadFingerprints, match="cannot be read"):
        read_upstream(tmp_path, CATALOG)
    (tmp_path / "upstream.toml").write_text("[", encoding="utf-8")
    with pytest.raises(BadFingerprints, match="not TOML"):
        read_upstream(tmp_path, CATALOG)


def test_the_specification_says_of_every_rule_what_it_rests_on() -> None:
    """No rule is without a basis, whatever libvirt this machine has."""
    catalog = load_catalog(folder("spec"))
    upstream = read_upstream(folder("spec"), catalog)
    assert list(check_bases(catalog, upstream, read_facts(folder("spec")))) == []


def test_a_rule_of_which_nobody_has_said_what_it_rests_on_is_found() -> None:
    """The rule is named at its place, with the file that lacks it and the command that shows the fingerprints."""
    silent = parse_upstream({**DATA, "without": {}}, CATALOG, "spec/upstream.toml")
    assert list(check_bases(CATALOG, UPSTREAM, FACTS)) == []
    (found,) = check_bases(CATALOG, silent, FACTS)
    assert str(found).startswith("LVC-602 spec/demo.md:1: spec/upstream.toml does not say what D-003 rests on; ")
    assert "drift --sentences" in str(found)


NOPE = {"virDemoNope": [fingerprint(REMOVES)]}
UNKNOWN = "is not in spec/libvirt-api.json; mend the name, or name it under [facts] and let "
NAMES: dict[str, tuple[dict[str, Any], str]] = {
    "a rule's": ({"rules": {**DATA["rules"], "D-002": NOPE}}, f"virDemoNope, which [rules.D-002] names, {UNKNOWN}"),
    "one aside": (
        {"aside": {"virDemoNope": {"0" * 12: "because"}}},
        f"virDemoNope, which [aside.virDemoNope] names, {UNKNOWN}",
    ),
    "a pattern": ({"facts": {"all": ["virDemo*", "VIR_NOPE_*"]}}, f"VIR_NOPE_*, which [facts] names, {UNKNOWN}"),
    "a family's": ({"family": {"functions": ["virDomo*"]}}, f"virDomo*, which [family] names, {UNKNOWN}"),
    "a rule's that is no fact": (
        {"facts": {"all": ["VIR_DEMO_*"]}},
        "nobody would notice that virDemoRemove, which [rules.D-001] names, is gone, as it is not under [facts]; "
        "name it there, and let ",
    ),
}


@pytest.mark.parametrize(("change", "problem"), NAMES.values(), ids=NAMES)
def test_a_name_that_libvirt_does_not_have_is_found(change: dict[str, Any], problem: str) -> None:
    """A slip in a name would be a rule that nobody has to read again, whatever becomes of libvirt's text."""
    upstream = parse_upstream({**DATA, **change}, CATALOG, "spec/upstream.toml")
    (found,) = map(str, check_bases(CATALOG, upstream, FACTS))
    assert found.startswith(f"LVC-602 spec/upstream.toml: {problem}")
    assert "drift --write-facts RELEASE write" in found


def test_a_name_without_a_release_is_found() -> None:
    """That it is gone could not be told from that it came later; it is told once, whoever names it."""
    facts = Api("facts", {"virDemoRemove": Function("virDemoRemove", "int", ())}, FACTS.constants)
    (found,) = map(str, check_bases(CATALOG, UPSTREAM, facts))
    assert "is gone, as spec/libvirt-api.json does not say since when there is one; let " in found
    assert "virDemoRemove, which [rules.D-001] names" in found


def test_nothing_has_drifted_on_this_machine() -> None:
    """The libvirt that the kit is developed against says what the rules were made of."""
    path = find_xml()
    if path is None:
        pytest.skip("libvirt's development files are not on this machine")
    catalog = load_catalog(folder("spec"))
    found = compare(read_xml(path), read_upstream(folder("spec"), catalog), catalog, read_facts(folder("spec")))
    assert (found.reread, found.unruled, [one.text for one in found.unread]) == ([], (), [])


PROSE = """\
<api name='libvirt'><symbols>
  <function name='virDomainUndefine' version='0.1.1'><info><![CDATA[{text}]]></info><return type='int'/></function>
</symbols></api>
"""


@pytest.fixture
def xml(tmp_path: Path) -> Path:
    """Return a documentation in which one function says something else than it did."""
    path = tmp_path / "api.xml"
    path.write_text(PROSE.format(text="Undefine a domain. It is stopped first."), encoding="utf-8")
    return path


def test_the_command_names_the_rules_and_ends_with_1(xml: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A gate sees the drift by the exit code, a person by the text."""
    assert main(["drift", "--api", str(xml)]) == 1
    said = capsys.readouterr().out
    assert "UNDEF-002 has to be read again: An active domain goes on as a transient one" in said
    assert "perhaps it is now: It is stopped first." in said
    assert "No rule is made of a sentence of virDomainUndefine:" in said
    assert "VIR_DOMAIN_UNDEFINE_TPM is not in this libvirt, and came with 8.9.0: UNDEF-024" in said


def test_the_command_compares_two_files(xml: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same file differs in nothing."""
    other = tmp_path / "other.xml"
    other.write_text(PROSE.format(text="Undefine a domain. If the domain is running, it's stopped."), encoding="utf-8")
    assert main(["drift", "--api", str(xml), "--from", str(other)]) == 1
    assert "is: It is stopped first." in capsys.readouterr().out
    assert main(["drift", "--api", str(xml), "--from", str(xml)]) == 0


def test_the_command_shows_every_sentence(xml: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each comes with its fingerprint and its rules: what somebody copies who writes a rule."""
    assert main(["drift", "--api", str(xml), "--sentences"]) == 0
    assert f"{fingerprint('Undefine a domain.')}  UNDEF-005: Undefine a domain." in capsys.readouterr().out


def test_the_command_shows_the_sentences_of_what_is_named(xml: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A function that no rule rests on yet is shown by its name; what a rule rests on and this libvirt lacks, too."""
    more = "<function name='virDomainSetMetadata'><info>Sets it.</info></function></symbols>"
    xml.write_text(xml.read_text(encoding="utf-8").replace("</symbols>", more), encoding="utf-8")
    assert main(["drift", "--sentences", "virDomainSetMetadata", "virDomainSave", "--api", str(xml)]) == 0
    assert capsys.readouterr().out == (
        f"\nvirDomainSetMetadata\n  {fingerprint('Sets it.')}  –: Sets it.\n\nvirDomainSave  is not in this libvirt\n"
    )


def test_a_name_that_there_is_not_has_no_sentences(xml: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A slip is told in one sentence, with the names that come close."""
    assert main(["drift", "--api", str(xml), "--sentences", "virDomainUnDefine"]) == 2
    ended = capsys.readouterr()
    assert (ended.out, ended.err.count("\n")) == ("", 1)
    assert f"LVC-101 {xml}: there is no function or constant 'virDomainUnDefine'; choose one of the " in ended.err
    assert ", such as virDomainUndefine, " in ended.err


def test_a_file_that_is_missing_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence on standard error, and no traceback."""
    assert main(["drift", "--api", str(tmp_path / "none.xml")]) == 2
    assert "LVC-601" in capsys.readouterr().err
