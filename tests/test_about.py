"""Which functions a rule is about, and which broken drivers it convicts, as the documentation finds out."""

from __future__ import annotations

from pathlib import Path

from conformance.about import functions_of_rules, rules_of_functions
from conformance.api import read_facts
from conformance.data import folder
from conformance.declared import declared_vices, own_vices
from conformance.mutants import VICES
from conformance.specification import load_specification


def test_a_rule_is_about_what_its_scenarios_call_and_its_source_names() -> None:
    """The calls of steps count, whatever the words around them, and links of the source."""
    specification = load_specification()
    about = functions_of_rules(specification.catalog, specification.scenarios, read_facts(folder("spec")))
    assert about["UNDEF-013"] == ["virDomainUndefineFlags"]
    assert {"virDomainUndefine", "virDomainCreate", "virDomainManagedSave"} <= set(about["UNDEF-033"])
    assert {"virDomainSnapshotDelete", "virDomainCheckpointDelete"} <= set(about["UNDEF-030"])
    assert "virDomainLookupByUUID" in about["UNDEF-008"], "it is named by the source alone"
    assert "virDomainDefineXML" in about["UNDEF-004"], "a step says: defines it again"
    assert all(about.values()), "no rule is about nothing"


def test_the_same_the_other_way_round() -> None:
    """Each function has its rules, in the order of their ids."""
    assert rules_of_functions({"B-001": ["f", "g"], "A-001": ["f"]}) == {"f": ["A-001", "B-001"], "g": ["B-001"]}


def test_what_is_declared_is_what_is_registered() -> None:
    """Reading the source of the broken drivers finds the same ones as importing them does."""
    declared = {vice.name: (vice.sentence, frozenset(vice.rules)) for vice in own_vices()}
    assert declared == {name: (vice.sentence, vice.rules) for name, vice in VICES.items()}


def test_other_decorators_declare_nothing(tmp_path: Path) -> None:
    """A function that is no vice is passed over."""
    source = '@vice("A-001")\ndef it_lies():\n    """It lies."""\n@other("A-001")\ndef it_does_not():\n    """No."""\n'
    (tmp_path / "module.py").write_text(source, encoding="utf-8")
    assert [(one.name, one.sentence, one.rules) for one in declared_vices(tmp_path)] == [
        ("it-lies", "It lies.", ("A-001",))
    ]
