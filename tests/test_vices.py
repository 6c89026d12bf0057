"""The kit against broken drivers: each vice is convicted by its rules, and by no unrelated one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from conformance import mutants
from conformance.catalog import Level
from conformance.errors import KitError, UsageError
from conformance.mutants import CONTROL, QEMU, VICES
from conformance.mutants.trial import Finding, Trial, rules_of, try_all
from conformance.run import Options
from conformance.specification import load_specification
from conformance.verdict import ExitCode, Verdict

ON_TEST = [name for name, vice in VICES.items() if not vice.uri and not vice.ends_process]
ON_QEMU = [name for name, vice in VICES.items() if vice.uri == QEMU]
ENDING = [name for name, vice in VICES.items() if vice.ends_process]
#: Two calls that meet show whatever is broken about one of them, or do not, as the meeting goes.
OF_MEETINGS = "UNDEF-033"


def trial_of(name: str) -> Trial:
    """Return a trial by every rule, by that of meetings only where the vice is about it."""
    if name == CONTROL or OF_MEETINGS in VICES[name].rules:
        return Trial(name)
    return Trial(name, tuple(rule for rule in load_specification().catalog.rules if rule != OF_MEETINGS))


@pytest.fixture(scope="module")
def found() -> Mapping[str, Finding]:
    """Try every vice that the test driver can show, and the driver without any."""
    findings, problems = try_all([trial_of(name) for name in (CONTROL, *ON_TEST)], Options())
    assert problems == []
    return {trial.vice: finding for trial, finding in findings.items()}


@pytest.fixture(scope="module")
def found_on_qemu() -> Mapping[Trial, Finding]:
    """Try every vice that only the QEMU driver can show, each by its own rules, and the driver without any."""
    trials = [Trial(name, tuple(sorted(VICES[name].rules))) for name in ON_QEMU]
    controls = [Trial(CONTROL, trial.rules) for trial in trials]
    rules = tuple(sorted({rule for trial in trials for rule in trial.rules}))
    try:
        findings, problems = try_all([*controls, *trials], Options(uri=QEMU, rules=rules, workers=4))
    except KitError as error:
        pytest.skip(f"{QEMU} cannot be had here: {error}")
    assert problems == []
    return findings


def test_the_driver_without_a_vice_keeps_every_rule(found: Mapping[str, Finding]) -> None:
    """The test driver with its own deviations mended is convicted of nothing."""
    outcomes = {said["outcome"] for said in found[CONTROL].outcomes.values()}
    assert outcomes <= {Verdict.UPHELD, Verdict.NOT_APPLICABLE}


@pytest.mark.parametrize("name", ON_TEST)
def test_a_vice_is_convicted_by_its_rules(name: str, found: Mapping[str, Finding]) -> None:
    """Every rule that is meant to convict a vice does so."""
    assert VICES[name].rules <= rules_of(found[name].convicting(found[CONTROL]))


@pytest.mark.parametrize("name", ON_TEST)
def test_a_vice_is_convicted_by_no_unrelated_rule(name: str, found: Mapping[str, Finding]) -> None:
    """Every further conviction is declared with a reason, and every declared one is seen."""
    further = rules_of(found[name].convicting(found[CONTROL])) - VICES[name].rules
    assert further == set(VICES[name].overlaps)


@pytest.mark.parametrize("name", ON_TEST)
def test_a_vice_leaves_no_scenario_inconclusive(name: str, found: Mapping[str, Finding]) -> None:
    """A broken driver never makes the kit doubt itself."""
    assert found[name].lost == ""
    assert found[name].scenarios(Verdict.INCONCLUSIVE) == frozenset()


def test_every_scenario_is_seen_to_fail(found: Mapping[str, Finding]) -> None:
    """Every scenario that applies to the test driver convicts at least one vice."""
    without = found[CONTROL]
    failed = {scenario for name in ON_TEST for scenario in found[name].convicting(without)}
    assert without.scenarios(Verdict.UPHELD) - failed == set()


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


@pytest.mark.real
@pytest.mark.parametrize("name", ON_QEMU)
def test_a_vice_is_convicted_on_qemu(name: str, found_on_qemu: Mapping[Trial, Finding]) -> None:
    """A vice that only QEMU can show is convicted by each of its rules, and leaves nothing inconclusive."""
    rules = tuple(sorted(VICES[name].rules))
    finding, without = found_on_qemu[Trial(name, rules)], found_on_qemu[Trial(CONTROL, rules)]
    assert rules_of(finding.convicting(without)) == set(rules)
    assert finding.scenarios(Verdict.INCONCLUSIVE) == frozenset()


@pytest.mark.parametrize("name", ENDING)
def test_a_vice_that_ends_the_process_costs_one_scenario(name: str, tmp_path: Path) -> None:
    """A driver that hangs or crashes leaves its scenarios inconclusive, with the call that it happened in."""
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "conformance.cli", "run", "--vice", name, "--rule", "UNDEF-034"]
    options = ["--timeout", "2", "--workers", "2", "--report", str(report)]
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
