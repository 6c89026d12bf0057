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
from conformance.errors import UsageError
from conformance.mutants import CONTROL, VICES
from conformance.mutants.crew import Finding
from conformance.mutants.trial import Shown, try_all
from conformance.options import Options
from conformance.specification import load_specification
from conformance.verdict import ExitCode, Verdict

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


def test_every_module_of_vices_is_found() -> None:
    """No vice stands in a module that ``mutants`` does not name, where nobody would ever try it."""
    folder = Path(mutants.__file__).parent
    holding = {path.stem for path in folder.glob("*.py") if "\n@vice(" in path.read_text(encoding="utf-8")}
    named = {vice.body.__module__.rpartition(".")[2] for vice in VICES.values()}
    assert holding == named, "name the module in _MODULES of mutants/__init__.py"


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
    rules = load_specification().catalog.rules.values()
    binding = {rule.id for rule in rules if rule.level is not Level.MAY}
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
    assert list(messages) == ["UNDEF-034/alive[paused]"]
    assert "undefine" in messages["UNDEF-034/alive[paused]"]


def test_an_unknown_vice_is_refused() -> None:
    """A name that no vice has is the caller's error."""
    with pytest.raises(UsageError, match="no vice called 'kindness'"):
        mutants.find("kindness")


def test_the_driver_without_a_vice_can_be_named() -> None:
    """What a run shows without a vice can be seen under the conditions of one with."""
    assert callable(mutants.find(CONTROL))
