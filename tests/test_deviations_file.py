"""The file of deviations: a slip in it is a sentence with its line, whatever is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.deviations_file import parse_deviations, read_deviations
from conformance.errors import BadDeviations

GOOD = """\
# The owner's words: [[deviation]]
[[deviation]]
rule = "undef-017"
scenario = "UNDEF-017/removed[inactive]"
driver = "TEST"
libvirt = ">=9.0.0, <12"
reason = '''
It keeps no checkpoints apart:
[[deviation]]
'''
link = "https://example.org/1" # [[deviation]]
until = 2027-06-30

  [[ deviation ]] # the second
rule = "UNDEF-020"
reason = "a \\"quoted\\" word"
link = "mailto:list@example.org"
until = "hypervisor 10.1"
"""


def test_a_file_is_read_as_it_is_meant() -> None:
    """Ids may be typed in any case, a scenario with or without its rule, an end as a day or as a release."""
    first, second = parse_deviations(GOOD, "f.toml")
    assert (first.rule, first.scenario, str(first.until)) == ("UNDEF-017", "removed[inactive]", "2027-06-30")
    assert first.reason == "It keeps no checkpoints apart:\n[[deviation]]"
    assert first.conditions == {"driver": "TEST", "libvirt": ">=9.0.0, <12"}
    assert (second.scenario, str(second.until), second.conditions) == ("", "hypervisor 10.1.0", {})


def test_an_entry_knows_its_line() -> None:
    """What looks like the head of an entry in a string or a comment is none."""
    assert [one.line for one in parse_deviations(GOOD, "f.toml")] == [2, 14]


def test_an_empty_file_has_no_entries() -> None:
    """A driver without deviations may keep the file all the same."""
    assert parse_deviations("# none left\n", "f.toml") == ()


#: By what a line of the first entry is replaced, and what is said then; the line is that of the entry.
SLIPS = {
    "unknown field": ('driver = "TEST"', 'drvier = "TEST"', "has 'drvier', which is none of rule, reason"),
    "no reason": ("reason = '''", "#", "it is not TOML"),
    "no link": ('link = "https://example.org/1" # [[deviation]]', "", "has no link"),
    "no end": ("until = 2027-06-30", "", "has no until"),
    "no rule": ('rule = "undef-017"', "", "has no rule"),
    "rule of another kind": ('rule = "undef-017"', "rule = 17", "rule is 17 and no text"),
    "scenario of another kind": ('scenario = "UNDEF-017/removed[inactive]"', "scenario = 1", "scenario is 1"),
    "empty list": ('scenario = "UNDEF-017/removed[inactive]"', "scenario = []", "scenario is [] and no text"),
    "empty text": ('driver = "TEST"', 'driver = "  "', "driver is '  ' and no text"),
    "escape sequence": ('driver = "TEST"', r'driver = "\u001b[2J"', "driver holds a control character"),
    "link of no kind": ('"https://example.org/1"', '"javascript:alert(1)"', "link 'javascript:alert(1)' is not one"),
    "link with a space": ('"https://example.org/1"', '"https://example.org/1 2"', "is not one of https:"),
    "bad range": ('">=9.0.0, <12"', '"9 or so"', "libvirt is '9 or so'"),
    "range of no releases": ('">=9.0.0, <12"', '">=nine"', "libvirt is '>=nine'"),
    "range with a hole": ('">=9.0.0, <12"', '">=9.0.0,"', "libvirt is '>=9.0.0,'"),
    "end of another kind": ("2027-06-30", "2027", "until is 2027; write the last day"),
    "end by the clock": ("2027-06-30", "2027-06-30T00:00:00Z", "until is 2027-06-30 00:00:00"),
    "no such day": ("2027-06-30", '"2027-02-30"', "until is '2027-02-30'"),
    "end of a word": ("2027-06-30", '"soon"', "until is 'soon'"),
    "end of another thing": ("2027-06-30", '"kernel 6.1"', "until is 'kernel 6.1'"),
}


@pytest.mark.parametrize(("old", "new", "says"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_told_with_its_place(old: str, new: str, says: str) -> None:
    """One sentence of plain characters names what is wrong, where, and what to do."""
    assert old in GOOD
    with pytest.raises(BadDeviations) as caught:
        parse_deviations(GOOD.replace(old, new, 1), "f.toml")
    text = str(caught.value)
    assert says in text
    assert text.startswith("LVC-402 f.toml:")
    assert text.isprintable()
    if "TOML" not in says:
        assert text.startswith("LVC-402 f.toml:2: ")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = 1", "it has 'a', and only [[deviation]] is known"),
        ('"\x1b" = 1', "it is not TOML"),
        (r'"\u001b[2J" = 1', r"it has '\x1b[2J', and only"),
        ("deviation = [{rule = 'UNDEF-001'}]", "does not begin with [[deviation]]"),
        ("deviation = 1", "does not begin with [[deviation]]"),
        ("[deviation]", "does not begin with [[deviation]]"),
        ("[deviation]\nrule = 1", "does not begin with [[deviation]]"),
        ("[['deviation']]", "does not begin with [[deviation]]"),
        ("x = " + "[" * 5000, "it is not TOML"),
        ("x = " + "9" * 5000, "it is not TOML"),
        ("\n\n[[deviation]\n", "LVC-402 f.toml:3: it is not TOML"),
        ("rule = 2027-99-99", "it is not TOML"),
    ],
    ids=[
        "a key",
        "control character",
        "hostile key",
        "inline",
        "a number",
        "one table",
        "one entry",
        "quoted",
        "deep",
        "huge",
        "cut off",
        "no day",
    ],
)
def test_what_is_no_file_of_deviations_is_refused(text: str, says: str) -> None:
    """Other TOML, and what is none, is one sentence."""
    with pytest.raises(BadDeviations) as caught:
        parse_deviations(text, "f.toml")
    assert says in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A missing file, a folder, one that is not UTF-8, and one without an end."""
    (tmp_path / "latin").write_bytes(b"# \xe4")
    for path, says in (
        (tmp_path / "none", "it cannot be read (No such file or directory)"),
        (tmp_path, "it cannot be read (Is a directory)"),
        (tmp_path / "latin", "it is not UTF-8 (byte 2)"),
        (Path("/dev/zero"), "it is larger than 4 MiB"),
    ):
        with pytest.raises(BadDeviations) as caught:
            read_deviations(path)
        assert says in str(caught.value)
        assert ("drafts one" in str(caught.value)) == says.startswith("it cannot be read")


def outcome(text: str) -> str:
    """Return what is said of a text; anything but deviations or the error fails the test."""
    try:
        parse_deviations(text, "f.toml")
    except BadDeviations as error:
        return str(error)
    return ""


@given(st.integers(0, len(GOOD)))
def test_a_file_that_was_cut_off_is_told_or_read(length: int) -> None:
    """At whatever character it was cut off, what is left is whole entries, or one sentence."""
    assert outcome(GOOD[:length]).isprintable()


@given(st.text())
def test_any_text_is_told_or_read(text: str) -> None:
    """Nothing is a traceback, and nothing that is said steers a terminal."""
    assert outcome(text).isprintable()


@given(st.integers(0, len(GOOD)), st.text(max_size=12), st.integers(0, 12))
def test_a_file_with_something_else_in_it_is_told_or_read(at: int, text: str, taken: int) -> None:
    """The same holds with anything put into a good file."""
    assert outcome(GOOD[:at] + text + GOOD[at + taken :]).isprintable()


def test_an_enormous_file_is_read_in_no_time() -> None:
    """Thousands of entries, each about the same, take time in proportion."""
    text = "\n".join(GOOD[GOOD.index("\n[[deviation]]") :] for _ in range(2000))
    assert len(parse_deviations(text, "f.toml")) == 4000
