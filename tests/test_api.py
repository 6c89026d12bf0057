"""What is read of libvirt's own documentation, from files made by hand and from the one of this machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.api import (
    Api,
    Argument,
    Constant,
    Function,
    Right,
    completed,
    contradictions,
    facts_text,
    find_binding,
    find_xml,
    read_binding,
    read_facts,
    read_xml,
    with_binding,
)
from conformance.data import folder
from conformance.errors import BadApi
from conformance.flags import PREFIX, Undefine

XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<api name='libvirt'>
  <symbols>
    <function name='virDemoRemove' file='demo' module='demo' version='0.9.4'>
      <info><![CDATA[Removes it. Nothing else.]]></info>
      <return type='int' info='0 or -1'/>
      <arg name='demo' type='virDemoPtr' info='what goes'/>
      <arg name='flags' type='unsigned int' info='bits'/>
      <acls><check object='demo' perm='delete'/><check object='demo' perm='see' flags='VIR_DEMO_B'/></acls>
    </function>
    <function name='virDemoFree' file='demo' module='demo'/>
    <enum name='VIR_DEMO_A' file='demo' value='1' type='virDemoFlags' version='0.9.4' info='First'/>
    <enum name='VIR_DEMO_B' file='demo' value='0x2' type='virDemoFlags' version='1.0.0'/>
    <enum name='VIR_DEMO_ALIAS' file='demo' value='VIR_DEMO_B' type='virOtherFlags'/>
  </symbols>
</api>
"""
REMOVE = Function(
    "virDemoRemove",
    "int",
    (Argument("demo", "virDemoPtr"), Argument("flags", "unsigned int")),
    9004,
    (Right("demo", "delete"), Right("demo", "see", "VIR_DEMO_B")),
    prose=("Removes it. Nothing else.", "what goes", "bits", "0 or -1"),
)


@pytest.fixture
def xml(tmp_path: Path) -> Path:
    """Return a file as libvirt writes it."""
    path = tmp_path / "libvirt-api.xml"
    path.write_text(XML, encoding="utf-8")
    return path


def test_names_types_values_releases_and_rights_are_read(xml: Path) -> None:
    """A function comes with its arguments and rights, a constant with its value, also where it is another's name."""
    api = read_xml(xml)
    assert api.functions["virDemoRemove"] == REMOVE
    assert api.functions["virDemoFree"] == Function("virDemoFree", "void", ())
    assert [(one.name, one.value, one.since) for one in api.values("virDemoFlags")] == [
        ("VIR_DEMO_A", 1, 9004),
        ("VIR_DEMO_B", 2, 1000000),
    ]
    assert api.constants["VIR_DEMO_ALIAS"].value == 2
    assert api.newest == 1000000


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is not XML"),
        (XML[: len(XML) // 2], "it is not XML"),
        ("<api name='other'/>", "it is not libvirt's API"),
        ("<html/>", "it is not libvirt's API"),
        ("<api name='libvirt'><symbols/></api>", "it describes no function"),
        (XML.replace("value='1'", "value='one'"), "an entry is not as libvirt writes it"),
        (XML.replace("value='1' ", ""), "an entry is not as libvirt writes it"),
        (XML.replace("version='0.9.4'", "version='soon'"), "an entry is not as libvirt writes it"),
        ("\0", "it is not XML"),
    ],
)
def test_a_file_that_is_none_is_one_sentence(tmp_path: Path, text: str, problem: str) -> None:
    """Whatever is in it, the error has a code, the place and a remedy."""
    path = tmp_path / "api.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadApi, match=rf"^LVC-601 {re.escape(str(path))}: {problem}.*; name the libvirt-api.xml"):
        read_xml(path)


def test_a_file_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    """A folder and a name that nothing has are told as what they are."""
    with pytest.raises(BadApi, match="cannot be read"):
        read_xml(tmp_path / "none.xml")
    with pytest.raises(BadApi, match="cannot be read"):
        read_xml(tmp_path)


def test_facts_hold_no_prose_and_come_back(xml: Path, tmp_path: Path) -> None:
    """What is kept is names and numbers, and reads as what was written."""
    api = with_binding(read_xml(xml), {"virDemoRemove": "virDemo.remove(flags=0)"})
    text = facts_text(api, ["virDemoRemove", "VIR_DEMO_*"], "1.2.3")
    assert "Removes" not in text
    assert "what goes" not in text
    (tmp_path / "libvirt-api.json").write_text(text, encoding="utf-8")
    facts = read_facts(tmp_path)
    assert facts.place == "libvirt 1.2.3"
    assert facts.functions["virDemoRemove"].method == "remove"
    assert facts.functions["virDemoRemove"].rights == REMOVE.rights
    assert list(facts.functions) == ["virDemoRemove"]
    assert facts.constants["VIR_DEMO_A"] == Constant("VIR_DEMO_A", "virDemoFlags", 1, 9004)
    assert contradictions(api, facts) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"release": 1, "functions": {"a": {}}, "constants": {}}', "{"])
def test_facts_of_another_form_are_one_sentence(tmp_path: Path, text: str) -> None:
    """A file that was edited by hand does not end in a traceback."""
    (tmp_path / "libvirt-api.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadApi, match="LVC-601"):
        read_facts(tmp_path)


def test_what_a_libvirt_does_not_say_is_filled_in() -> None:
    """An old file has neither releases nor rights, and lacks what is newer: the facts have them."""
    old = Api("old", {"virDemoRemove": Function("virDemoRemove", "int", REMOVE.arguments, prose=("Text.",))})
    facts = Api("new", {"virDemoRemove": REMOVE, "virDemoNew": Function("virDemoNew", "int", ())})
    whole = completed(old, facts)
    assert whole.functions["virDemoRemove"].since == 9004
    assert whole.functions["virDemoRemove"].rights == REMOVE.rights
    assert whole.functions["virDemoRemove"].prose == ("Text.",)
    assert "virDemoNew" in whole.functions
    assert contradictions(old, facts) == []


def test_a_fact_that_is_another_one_is_told(xml: Path) -> None:
    """A value, a release, a signature and a right that differ are each a sentence."""
    api = read_xml(xml)
    facts = Api(
        "kept",
        {"virDemoRemove": Function("virDemoRemove", "int", (), 1001, (Right("demo", "write"),))},
        {"VIR_DEMO_A": Constant("VIR_DEMO_A", "virDemoFlags", 4, 9004)},
    )
    assert contradictions(api, facts) == [
        "virDemoRemove came with another release",
        "virDemoRemove has another signature",
        "virDemoRemove takes other rights",
        "VIR_DEMO_A has another value, or came with another release",
    ]


def test_methods_are_found_by_the_function_that_they_call(tmp_path: Path) -> None:
    """A method that calls one function is its own; one that calls two is a convenience of the binding's."""
    path = tmp_path / "binding.py"
    path.write_text(
        "def openIt(name: 'str'=None):\n    return libvirtmod.virDemoOpen(name)\n"
        "class virDemo:\n"
        "    def remove(self, flags=0):\n        return libvirtmod.virDemoRemove(self._o, flags)\n"
        "    def both(self):\n        libvirtmod.virDemoA(self._o)\n        libvirtmod.virDemoB(self._o)\n",
        encoding="utf-8",
    )
    assert read_binding(path) == {
        "virDemoOpen": "libvirt.openIt(name=None)",
        "virDemoRemove": "virDemo.remove(flags=0)",
    }
    path.write_text("def (", encoding="utf-8")
    with pytest.raises(BadApi, match="not Python"):
        read_binding(path)


def test_the_kept_facts_agree_with_the_flags_that_the_kit_judges_by() -> None:
    """The seven flags have their values in both places."""
    facts = read_facts(folder("spec"))
    kept = {one.name: one.value for one in facts.values("virDomainUndefineFlagsValues")}
    assert kept == {f"{PREFIX}{flag.name}": flag.value for flag in Undefine}


def test_the_kept_facts_agree_with_the_libvirt_of_this_machine() -> None:
    """Where libvirt's development files are, nothing in them contradicts what was kept."""
    path = find_xml()
    if path is None:
        pytest.skip("libvirt's development files are not on this machine")
    api = read_xml(path)
    assert len(api.functions) > 400
    assert contradictions(api, read_facts(folder("spec"))) == []


def test_the_kept_methods_are_those_of_the_binding() -> None:
    """Each method of this machine's binding has the parameters that the reference shows."""
    path = find_binding()
    assert path is not None
    methods = read_binding(path)
    facts = read_facts(folder("spec")).functions.values()
    shown = {one.name: one.python for one in facts if one.name in methods}
    assert shown == {name: methods[name] for name in shown}
    assert len(shown) > 30
