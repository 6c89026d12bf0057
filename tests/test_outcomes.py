"""Each outcome by a feature of a few lines, from its text to the report that stands beside it."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.catalog import RULE_ID
from conformance.data import folder
from conformance.verdict import Verdict
from conftest import Bench

OUTCOMES = Path(__file__).with_name("outcomes")
#: What brings about an outcome that a driver which keeps the rules does not have.
MORE = {
    "violated": ("--level", "should"),
    "not-testable": ("--vice", "success-reported-nothing-done"),
    "inconclusive": ("--vice", "crashes"),
    "deviation": ("--deviations", "deviations.toml"),
    "not-run": ("--shard", "2/2"),
}
#: What is another in each run.
PASSING = ("seconds", "libvirt_seconds", "reproducer", "calls")
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
#: The specification in an installed package is in the way of the tiny one.
UNWANTED = shutil.ignore_patterns("__pycache__", "_data")
DEVIATIONS = """\
[[deviation]]
rule = "UNDEF-007"
reason = "It is mended in the next release."
link = "https://example.org/1"
until = 2099-01-01
"""


def judge(bench: Bench, name: str) -> Any:
    """Return what the kit makes of one tiny feature: the rule, its scenario, and the exit code."""
    copy = bench.folder / "copy"
    shutil.copytree(Path(conformance.__file__).parent, copy / "src" / "conformance", ignore=UNWANTED)
    shutil.copytree(folder("spec"), copy / "spec")
    (copy / "features").mkdir()
    shutil.copyfile(OUTCOMES / f"{name}.feature", copy / "features" / "tiny.feature")
    (bench.folder / "deviations.toml").write_text(DEVIATIONS)
    (rule,) = re.findall(RULE_ID, (copy / "features" / "tiny.feature").read_text())
    arguments = ("run", "--rule", rule, "--report", "report.json", *MORE.get(name, ()))
    finished = bench.run([sys.executable, "-m", "conformance.cli", *arguments], PYTHONPATH=str(copy / "src"))
    assert (bench.folder / "report.json").exists(), finished.said
    report = bench.report()
    found = next(entry for entry in report["rules"] if entry["id"] == rule)
    (scenario,) = [entry for entry in found["scenarios"] if "/table" not in entry["id"]]
    kept = {key: scenario[key] for key in scenario if key not in PASSING}
    return {
        "exit_code": finished.code,
        "verdict": found["verdict"],
        "scenario": kept | {"message": re.sub(UUID, "UUID", kept["message"])},
    }


@pytest.mark.parametrize("name", sorted(path.stem for path in OUTCOMES.glob("*.feature")))
def test_a_feature_ends_as_the_report_beside_it_says(bench: Bench, name: str) -> None:
    """The report says of the one scenario, of its rule and of the run what stands in the file of the same name."""
    assert judge(bench, name) == json.loads((OUTCOMES / f"{name}.json").read_text())


def test_every_outcome_has_its_feature() -> None:
    """An outcome that is added to the kit has to be shown here as well."""
    assert {path.stem for path in OUTCOMES.glob("*.feature")} == {verdict.value for verdict in Verdict}
