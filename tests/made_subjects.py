"""Subjects of the lab that tests can have up for real, of a suite whose root was made before, and judging them."""

from __future__ import annotations

import os
from typing import Any

import pytest

from conformance.lab.roots import state_of
from conformance.lab.subjects import subjects
from conftest import Bench, on_a_mount

#: The suites whose roots the lab has made here.
MADE = [name for name in ("bookworm", "trixie", "sid") if state_of(subjects()[f"{name}-test"].suite)]

#: What the tests of such subjects need.
NEEDS = [
    pytest.mark.real,
    pytest.mark.skipif(os.geteuid() != 0 or not MADE, reason="needs root, and a suite that lab run has made"),
    on_a_mount,
]
#: The suite that the tests take.
SUITE = MADE[0] if MADE else ""
#: Rules that between them make every kind of call: guests, images, metadata, refusals, events, read-only connections.
RULES = ("UNDEF-001", "UNDEF-002", "UNDEF-007", "UNDEF-011", "UNDEF-017", "UNDEF-025", "UNDEF-029")
#: The options that ask for them.
SOME = [word for rule in RULES for word in ("--rule", rule)]


def outcomes(report: Any) -> dict[str, str]:
    """Return the outcome of each scenario of a report."""
    return {scenario["id"]: scenario["outcome"] for rule in report["rules"] for scenario in rule["scenarios"]}


def judge(bench: Bench, environment: dict[str, str], name: str, *options: str) -> Any:
    """Judge a subject and return its report."""
    process = bench.start_kit("lab", "run", name, "--reports", ".", *options, **environment)
    try:
        out, err = process.communicate(timeout=600)
    finally:
        process.kill()
    assert process.returncode in (0, 1), out + err
    return bench.report(f"{name}.json")
