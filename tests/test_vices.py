"""The broken drivers: what is said of each, and that leaving scenarios out leaves no conviction out.

That each is convicted as declared is what ``prove`` shows; the build runs it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import mutants
from conformance.catalog import Level
from conformance.cli import main
from conformance.declared import declared_vices, own_vices
from conformance.errors import UsageError
from conformance.mutants import CONTROL, VICES
from conformance.mutants.crew import Finding
from conformance.mutants.register import check_register
from conformance.mutants.trial import Shown, try_all
from conformance.mutants.vice import Vice
from conformance.options import Options
from conformance.specification import load_specification
from conformance.verdict import ExitCode, Verdict

CATALOG = load_specification().catalog
#: What a module of vices begins with, in two lines.
HEAD = "from conformance.mutants.vice import vice\n\n"
ENDING = [name for name, vice in VICES.items() if vice.ends_process]
#: Of each manner of acting one: on what a call brings, on what it gives back, later on, by events, and between.
SAMPLE = ("image-stranded", "event-on-refusal", "looks-up-by-name", "lists-a-ghost", "refusal-clears-autostart")
SAMPLED_RULES = ("UNDEF-001", "UNDEF-008", "UNDEF-012", "UNDEF-028")


@pytest.fixture(scope="module")
def selected() -> Shown:
    """Try some vices in the scenarios in which they were seen to do anything."""
    return try_all(SAMPLE, Options(rules=SAMPLED_RULES))


@pytest.fixture(scope="module")
def thorough() -> Shown:
    """Try the same vices in every scenario."""
    return try_all(SAMPLE, Options(rules=SAMPLED_RULES), thorough=True)


def outcomes(finding: Finding, without: Finding) -> dict[str, str]:
    """Return what every scenario came to with a vice; in those that were left out, what it came to without."""
    return {scenario: said["outcome"] for scenario, said in (without.outcomes | finding.outcomes).items()}


def test_every_vice_is_tried_and_meant_for_rules_that_there_are() -> None:
    """No vice stands in a module that ``mutants`` does not name, where nobody would ever try it, or is for no rule."""
    assert list(check_register(CATALOG, VICES, own_vices())) == []
    assert {vice.name for vice in own_vices()} == set(VICES)


def test_a_vice_for_a_rule_that_there_is_not_is_found(tmp_path: Path) -> None:
    """It is named with the rule, and with whether that was to convict it or was to overlap, at its decorator."""
    kind = Vice(
        "It is kind.", VICES["hangs"].body, frozenset({"UNDEF-001", "UNDEF-097"}), {"UNDEF-098": "it looks, too"}
    )
    (tmp_path / "liveness.py").write_text(f"{HEAD}@vice('UNDEF-001', 'UNDEF-097')\ndef kind():\n    pass\n")
    found = [str(finding) for finding in check_register(CATALOG, {"kind": kind}, declared_vices(tmp_path))]
    assert found == [
        "LVC-208 src/conformance/mutants/liveness.py:3: the vice kind is meant for UNDEF-097, which is no rule of the "
        "specification; mend its decorator; docs/writing-a-rule.md shows the form.",
        "LVC-208 src/conformance/mutants/liveness.py:3: the vice kind overlaps with UNDEF-098, which is no rule of the "
        "specification; mend its decorator; docs/writing-a-rule.md shows the form.",
    ]


def test_a_module_of_vices_that_nobody_imports_is_found(tmp_path: Path) -> None:
    """It is named once, with the place where it has to be named; a module without a vice is not asked for."""
    (tmp_path / "forgotten.py").write_text(f"{HEAD}@vice('UNDEF-001')\ndef a():\n    pass\n{HEAD}")
    (tmp_path / "call.py").write_text(HEAD)
    (found,) = check_register(CATALOG, VICES, declared_vices(tmp_path))
    assert str(found) == (
        "LVC-208 src/conformance/mutants/forgotten.py: nobody tries the vices of this module; "
        "name it in _MODULES of src/conformance/mutants/__init__.py, at the place of its part of the kill matrix."
    )


def test_lint_holds_the_vices_against_the_specification(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its author hears of a slip before ``prove`` lays it to other vices."""
    monkeypatch.setitem(VICES, "kind", Vice("It is kind.", VICES["hangs"].body, frozenset({"UNDEF-097"})))
    assert main(["lint"]) == ExitCode.ERROR
    assert "LVC-208 src/conformance/mutants: the vice kind is meant for UNDEF-097" in capsys.readouterr().err


def test_the_driver_without_a_vice_keeps_every_rule(selected: Shown) -> None:
    """The test driver with its own deviations mended is convicted of nothing while all vices watch it."""
    assert selected.run.record.problems == []
    assert {said["outcome"] for said in selected.without.outcomes.values()} <= {Verdict.UPHELD, Verdict.NOT_APPLICABLE}


@pytest.mark.parametrize("name", SAMPLE)
def test_a_scenario_that_is_left_out_would_have_ended_alike(name: str, selected: Shown, thorough: Shown) -> None:
    """A vice that was seen to do nothing in a scenario changes nothing about how it ends."""
    assert len(selected.found[name].outcomes) < len(thorough.found[name].outcomes)
    whole = outcomes(thorough.found[name], thorough.without)
    assert outcomes(selected.found[name], selected.without) == whole
    assert Verdict.VIOLATED in whole.values()


def test_every_binding_rule_has_a_vice() -> None:
    """No rule that a driver can violate is without a vice that it is meant to convict."""
    binding = {rule.id for rule in CATALOG.rules.values() if rule.level is not Level.MAY}
    assert binding - {rule for vice in VICES.values() for rule in vice.rules} == set()


def test_every_vice_says_what_the_driver_does() -> None:
    """A vice has one sentence, and a reason for each overlap, which is none of its own rules."""
    for vice in VICES.values():
        assert vice.sentence.endswith(".")
        assert not vice.rules & set(vice.overlaps)
        assert all(vice.overlaps.values())


@pytest.mark.parametrize("name", ENDING)
def test_a_vice_that_ends_the_process_costs_one_scenario(name: str, tmp_path: Path) -> None:
    """A driver that hangs or crashes leaves its scenarios inconclusive, with the call that it happened in."""
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "conformance.cli", "run", "--vice", name, "--rule", "UNDEF-034"]
    options = ["--timeout", "6", "--workers", "2", "--report", str(report)]
    ended = subprocess.run([*command, *options], stdout=subprocess.DEVNULL, check=False, env=os.environ)
    assert ended.returncode == ExitCode.ERROR
    rules = {rule["id"]: rule for rule in json.loads(report.read_text())["rules"]}
    messages = {s["id"]: s["message"] for s in rules["UNDEF-034"]["scenarios"] if s["outcome"] == "inconclusive"}
    assert messages.keys() == {"UNDEF-034/alive[paused]"}, messages
    assert "undefine" in messages["UNDEF-034/alive[paused]"]


def test_an_unknown_vice_is_refused() -> None:
    """A name that no vice has is the caller's error."""
    with pytest.raises(UsageError, match="no vice called 'kindness'"):
        mutants.find("kindness")


def test_the_driver_without_a_vice_can_be_named() -> None:
    """What a run shows without a vice can be seen under the conditions of one with."""
    assert callable(mutants.find(CONTROL))
