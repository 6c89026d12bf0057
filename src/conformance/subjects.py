"""The published reports: which drivers of which releases were judged, and what each was found to keep.

A *subject* is one driver of one release, and stands in ``results/SUBJECT.json`` as the report of a run. What the
documentation says about drivers is read from these files and from nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from conformance.catalog import release_text
from conformance.errors import BadReport
from conformance.report import read_report
from conformance.verdict import Verdict

#: Names are parts of addresses, so they hold nothing that would have to be escaped there.
_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")


@dataclass(frozen=True)
class Evidence:
    """A cell of a table about drivers: a word for it, and what showed it."""

    word: str
    shown: str = ""


@dataclass(frozen=True)
class Subject:
    """One driver of one release, by its report."""

    name: str
    report: Mapping[str, Any]

    @property
    def driver(self) -> str:
        """What kind of driver it is, in the words of its name: what follows the suite, or all of it."""
        return self.name.partition("-")[2] or self.name

    @property
    def suite(self) -> str:
        """The suite of packages from which the driver came."""
        return self.name.partition("-")[0]

    @property
    def release(self) -> int:
        """The release of the driver's libvirt as libvirt counts, 0 where the driver does not say."""
        return int(self.report["driver"].get("libvirt_version") or 0)

    @property
    def libvirt(self) -> str:
        """The release of the driver's libvirt as text."""
        return release_text(self.release) if self.release else "unknown"

    @property
    def hypervisor(self) -> str:
        """The driver's type and the hypervisor's release: ``QEMU 7.2.22``."""
        version = self.report["driver"].get("hypervisor_version")
        return f"{self.report['driver'].get('type', '')} {release_text(int(version)) if version else ''}".strip()

    @cached_property
    def rules(self) -> Mapping[str, Mapping[str, Any]]:
        """What was found about each rule, by its id."""
        return {rule["id"]: rule for rule in self.report["rules"]}

    def verdict(self, rule: str) -> Verdict | None:
        """Return a rule's verdict, or nothing where the report does not know the rule."""
        return Verdict(self.rules[rule]["verdict"]) if rule in self.rules else None

    def outcome(self, scenario: str) -> Verdict | None:
        """Return what became of a scenario, or nothing where the report does not know it."""
        rule = self.rules.get(scenario.partition("/")[0])
        found = (one["outcome"] for one in (rule["scenarios"] if rule else ()) if one["id"] == scenario)
        return next((Verdict(outcome) for outcome in found), None)

    @cached_property
    def capabilities(self) -> Mapping[str, Evidence]:
        """What the driver can do and hold: *yes* or *no*, with the probe's evidence."""
        return {
            one["id"]: Evidence("yes" if one["present"] else "no", one["evidence"])
            for one in self.report["capabilities"]
        }

    @cached_property
    def flags(self) -> Mapping[str, Evidence]:
        """Which flags of undefine the driver takes: *taken* or *refused*, with its answer."""
        return {
            name: Evidence("taken" if answer == "taken" else "refused", answer)
            for name, answer in self.report.get("undefine_flags", {}).items()
        }

    def reason(self, rule: str) -> str:
        """Return in one line what a rule's verdict rests on."""
        scenarios = self.rules[rule]["scenarios"]
        verdict = self.rules[rule]["verdict"]
        those = [one for one in scenarios if one["outcome"] == verdict]
        if verdict == Verdict.UPHELD:
            return f"{len(those)} of {len(scenarios)} cases upheld" if len(those) < len(scenarios) else _cases(those)
        if not those:
            return ""
        first = those[0]
        if first["observed"]:
            return f"{len(those)} of {_cases(scenarios)}: expected {first['expected']}; observed {first['observed']}"
        return str(first["message"])


def _cases(scenarios: list[Any]) -> str:
    return f"{len(scenarios)} case{'s' * (len(scenarios) != 1)}"


def load_subjects(folder: Path) -> list[Subject]:
    """Read the published reports, drivers of a kind together, their releases in order.

    :raises BadReport: when one cannot be read, was not finished, or has a name that no address can hold.
    """
    subjects = []
    for path in sorted(folder.glob("*.json")):
        if not _NAME.fullmatch(path.stem):
            raise BadReport(
                "a published report is called SUITE-DRIVER.json, in lower case",
                where=str(path),
                remedy="give it such a name",
            )
        subjects.append(Subject(path.stem, read_report(path)))
    return in_order(subjects)


def in_order(subjects: Iterable[Subject]) -> list[Subject]:
    """Return subjects with drivers of a kind together, and their releases in order."""
    return sorted(subjects, key=lambda one: (one.driver, one.release, one.name))


def tally(subjects: Iterable[Subject], rule: str) -> dict[Verdict, list[Subject]]:
    """Return by verdict the subjects whose reports know a rule."""
    found: dict[Verdict, list[Subject]] = {}
    for subject in subjects:
        if (verdict := subject.verdict(rule)) is not None:
            found.setdefault(verdict, []).append(subject)
    return found
