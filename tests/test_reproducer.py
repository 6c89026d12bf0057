"""The script that shows a violation again: it is Python, it is whole, and it holds no secret."""

from __future__ import annotations

import ast
import pathlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.driver.host import Host
from conformance.flags import Undefine
from conformance.journal import Entry, Failure
from conformance.judgement import Look, look_at
from conformance.machine import STAMP, Hardware, Machine
from conformance.reproducer import script
from conformance.view import BY_NAME

URI = "qemu+ssh://user:hush%21@host/system"
XML = Machine("test", "hvm", "i686").definition("lvc-1", "u-1", "run1")
UUID = "7e0b2c52-4c0e-4a37-9a3c-5d1f0a3b6c11"
REFUSED = Failure(55, "OPERATION_INVALID", 10, "not now")
ENTRIES = (
    Entry("conn", "defineXML", (XML,), "dom", None, "Given a domain that is inactive"),
    Entry("conn2", "lookupByUUIDString", ("u-1",), "dom2", None, "Given a second connection"),
    Entry("dom", "undefineFlags", (3,), "", REFUSED, "When the client calls undefineFlags"),
    Entry("conn", "domainEventRegisterAny", (None, 0, print, None), "", None, "When the client calls"),
)
#: What a driver's message can hold: C ends a text at its first null.
TEXTS = st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def make(entries: tuple[Entry, ...] = ENTRIES, **changes: str) -> str:
    """Return the script of some calls."""
    told = {"statement": "A sentence.", "rule": "UNDEF-001", "expected": "a", "observed": "b", "uri": URI}
    return script(entries, looks=[Look("active", "dom.isActive()")], **{**told, **changes})


def names(text: str) -> set[str]:
    """Return the names that a script calls on something."""
    return {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}


def test_the_calls_come_in_order_and_the_question_comes_last() -> None:
    """What a scenario did is there, and nothing of what the kit looked at but the question that shows it."""
    text = make()
    order = ["defineXML", "lookupByUUIDString", "undefineFlags", "domainEventRegisterAny", 'show("active"', "clean up"]
    places = [text.index(word) for word in order]
    assert places == sorted(places)
    assert text.count("isActive") == 1


def test_the_requirement_comes_first() -> None:
    """A script begins with the rule, then what was expected, then what was observed."""
    lines = make(expected="x is 1", observed="x is 2").splitlines()
    assert lines[:3] == ["# UNDEF-001: A sentence.", "# expected: x is 1", "# observed: x is 2"]


def test_what_is_the_kits_own_in_a_definition_is_left_out() -> None:
    """A script defines what a person would: without the stamp, and without the firmware that only saves time."""
    xml = Machine("kvm", "hvm", "x86_64").definition("lvc-1", "u-1", "run1", Hardware(firmware="/firmware"))
    text = make((Entry("conn", "defineXML", (xml,), "dom", None, "Given a domain that is inactive"),))
    assert "<domain" in text
    assert STAMP not in text
    assert "/firmware" not in text


@pytest.mark.parametrize(
    ("aspect", "found"), [("files on the host", "save/lvc-1.save"), ("TPM state", "swtpm/u-1/tpm2")]
)
@pytest.mark.parametrize("configuration", ["", 'stdio_handler = "file"\n'], ids=["daemon", "embedded"])
def test_what_is_on_the_host_is_looked_for_there(tmp_path: Path, aspect: str, found: str, configuration: str) -> None:
    """The question finds what the kit finds: the file that it is about, wherever the driver has its root."""
    for name in ("save/lvc-1.save", "swtpm/u-1/tpm2", "log/lvc-1.log", "save/other.save", "save/lvc-1/folder/x"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    (tmp_path / "swtpm" / "u-1" / ".lock").write_text("")
    (tmp_path / "save" / "lvc-1" / "folder" / "x").unlink()
    look = look_at(BY_NAME[aspect], uuid="u-1", name="lvc-1", dom="dom")
    text = script(
        ENTRIES, uri=URI, statement="A sentence.", rule="UNDEF-001", expected="a", observed="b", looks=[look],
        configuration=configuration, places=[str(tmp_path)],
    )  # fmt: skip
    (assigned,) = [line for line in text.splitlines() if line.startswith("places = ")]
    known: dict[str, Any] = {"pathlib": pathlib, "root": str(tmp_path)}
    exec(assigned, known)
    assert eval(look.expression, known) == [str(tmp_path / found)]
    assert look.expression in text


def test_a_link_to_a_file_that_is_gone_is_found_as_the_kit_finds_it(tmp_path: Path) -> None:
    """An undefine that leaves a link of autostart behind leaves one to nothing."""
    link = tmp_path / "autostart" / "lvc-1.xml"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "lvc-1.xml")
    look = look_at(BY_NAME["files on the host"], uuid="u-1", name="lvc-1", dom="dom")
    assert eval(look.expression, {"pathlib": pathlib, "places": [str(tmp_path)]}) == [str(link)]
    assert Host((tmp_path,)).answer("kept", "u-1", "lvc-1") == (str(link.relative_to(tmp_path)),)


def test_flags_have_their_names() -> None:
    """A person reads names of flags; a bit without a name stays a number."""
    entry = Entry("dom", "undefineFlags", (int(Undefine.NVRAM) | 1 << 30,), "", None, "When")
    assert "dom.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | 0x40000000)" in make((entry,))


def test_every_connection_is_opened() -> None:
    """Each connection that a call was made on is opened, a read-only one as such."""
    entry = Entry("readonly", "listAllDomains", (0,), "", None, "When")
    text = make((*ENTRIES, entry))
    assert text.count("libvirt.open(") == 2
    assert "readonly = libvirt.openReadOnly(" in text


def test_what_a_script_makes_is_not_the_kits() -> None:
    """The stamp is left out: a domain that a person made by hand is not cleaned up as the kit's."""
    assert "stamp" not in make()
    assert "<name>lvc-1</name>" in make()


def test_what_a_script_makes_it_takes_away() -> None:
    """Each domain is destroyed and undefined in the end, with the flags that the calls before made necessary."""
    saved = Entry("dom", "managedSave", (0,), "", None, "When")
    *_, first, calls, _, _ = make((*ENTRIES, saved)).splitlines()
    assert (first, calls.strip()) == (
        "for domain in [dom, dom2]:  # clean up",
        "for call in (domain.destroy, lambda: domain.undefineFlags(1), domain.undefine):",
    )
    assert "for call in (domain.destroy, domain.undefine):" in make()


@pytest.mark.parametrize("method", ["createXML", "defineXML"])
def test_nothing_is_left_of_what_a_script_made(method: str) -> None:
    """What it made is gone in the end, also where the driver refuses the flag that its calls would make necessary."""
    xml = Machine("test", "hvm", "i686").definition("lvc-1", UUID, "run1", Hardware())
    refused = Entry("dom", "checkpointCreateXML", ("",), "", REFUSED, "When the client calls")
    more = (0,) if method == "createXML" else ()
    text = make((Entry("conn", method, (xml, *more), "dom", None, "Given a domain"), refused), uri="test:///default")
    last = "print('left:', [domain.name() for domain in conn.listAllDomains()])"
    done = subprocess.run([sys.executable, "-c", f"{text}\n{last}"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "left: ['test']"
    assert done.stderr == ""


@given(TEXTS, TEXTS, TEXTS)
def test_nothing_that_was_seen_becomes_code(statement: str, expected: str, observed: str) -> None:
    """Whatever a driver's messages hold stays a comment."""
    assert names(make(statement=statement, expected=expected, observed=observed)) == names(make())


@given(TEXTS, TEXTS.filter(bool))
def test_arguments_survive(one: str, two: str) -> None:
    """Whatever characters an argument holds, documents included, the script calls with the same."""
    document = f"<a>\n{one}\n</a>\n"
    entry = Entry("conn", "defineXML", (document, two.replace("\n", "")), "dom", None, "Given")
    tree = ast.parse(make((entry,)))
    constants = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert document in constants
    assert two.replace("\n", "") in constants


@pytest.mark.parametrize("configuration", ["", 'stdio_handler = "file"\n'], ids=["daemon", "embedded"])
@pytest.mark.parametrize(
    "uri",
    ["test:///default", "qemu:///embed", "qemu:///embed?a=b", 'qemu:///embed?a="+exit()+"', "qemu:///embed?a={b}"],
)
def test_any_uri_is_opened_as_it_was(uri: str, configuration: str) -> None:
    """The script opens the URI that the run was about, as text and never as code."""
    text = make(uri=uri, configuration=configuration)
    (opened,) = {
        ast.unparse(node.args[0])
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "libvirt.open"
    }
    root = "/root-of-its-own"
    wanted = uri + (f"{'&' if '?' in uri else '?'}root={root}" if configuration else "")
    assert eval(opened, {"root": root}) == wanted


def test_no_password_is_in_it() -> None:
    """Neither the password as it was written nor what it stands for is in the script."""
    text = make(observed="ssh: user:hush!@host said hush%21")
    assert "hush" not in text


def test_an_embedded_drivers_root_is_made_and_removed() -> None:
    """The script makes the private root that the kit had made, and takes it away."""
    text = make(uri="qemu:///embed", configuration='stdio_handler = "file"\n')
    compile(text, "reproducer", "exec")
    assert "stdio_handler" in text
    assert text.rstrip().endswith("shutil.rmtree(root)")
