"""Who was judged, by what, and with which result, in the words that every form of a report uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.catalog import release_text
from conformance.verdict import ExitCode, Verdict

#: What an exit code says of the driver.
RESULTS = {
    ExitCode.CONFORMANT: "conformant",
    ExitCode.NOT_CONFORMANT: "not conformant",
    ExitCode.ERROR: "inconclusive",
    ExitCode.NOTHING_SELECTED: "nothing was selected",
    ExitCode.NOTHING_APPLICABLE: "nothing applies to this driver",
}
#: The gravest first: the order in which a person wants to see them.
GRAVEST_FIRST = (
    Verdict.VIOLATED,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_TESTABLE,
    Verdict.DEVIATION,
    Verdict.UPHELD,
    Verdict.NOT_APPLICABLE,
    Verdict.NOT_RUN,
)
#: A sign for each verdict; the word stands beside it wherever there is room, as nobody knows signs by heart.
MARKS = {
    Verdict.UPHELD: "✔",
    Verdict.VIOLATED: "✘",
    Verdict.NOT_TESTABLE: "?",
    Verdict.INCONCLUSIVE: "!",
    Verdict.DEVIATION: "~",
    Verdict.NOT_APPLICABLE: "–",
    Verdict.NOT_RUN: "·",
}
#: The kinds of change since a baseline, the gravest first, in a person's words.
CHANGES = {
    "regressed": "held, and is broken now",
    "support_lost": "applied, and no longer does",
    "still_broken": "broken in both",
    "mended": "was broken, and holds now",
    "newly_supported": "did not apply, and does now",
    "newly_specified": "only the new specification has it",
    "withdrawn": "only the old specification has it",
    "not_compared": "judged in one of the two only",
}


def release(number: Any) -> str:
    """Return a release as people write it, from libvirt's number; empty where a driver does not say."""
    return release_text(number) if isinstance(number, int) and number else ""


def driver_name(driver: Mapping[str, Any]) -> str:
    """Return what a driver is called in a heading; its URI when it was never reached."""
    if not driver.get("type"):
        return str(driver["uri"])
    of = release(driver.get("libvirt_version"))
    return f"{driver['type']} driver of libvirt {of}" if of else f"{driver['type']} driver"


def result(report: Mapping[str, Any]) -> str:
    """Return the result of a run, with what a reader must not overlook."""
    summary = report["summary"]
    text = RESULTS[ExitCode(summary["exit_code"])]
    warned = warnings(report["rules"])
    if summary["exit_code"] == ExitCode.CONFORMANT and warned:
        text += f", with {count(warned, 'rule')} below {summary['level']} not kept"
    return text if report["complete"] else f"{text}, not finished"


def warnings(rules: Iterable[Mapping[str, Any]]) -> int:
    """Return how many rules are not kept, whether they fail the run or not."""
    return sum(rule["verdict"] in (Verdict.VIOLATED, Verdict.NOT_TESTABLE) for rule in rules)


def facts(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what identifies a run, each with its label; what is not known is left out."""
    driver, machine, spec = report["driver"], report.get("machine", {}), report["spec"]
    timing = report.get("timing", {})
    guest = ", ".join(str(machine[key]) for key in ("type", "os_type", "arch", "emulator") if machine.get(key))
    found = [
        ("URI", driver["uri"]),
        ("libvirt", release(driver.get("libvirt_version"))),
        ("hypervisor", release(driver.get("hypervisor_version"))),
        ("client library", release(driver.get("client_version"))),
        ("host", driver.get("hostname", "")),
        ("qemu.conf", "; ".join(driver.get("configuration", "").splitlines())),
        ("domains", guest),
        ("specification", f"{spec['title']} {spec['version']}"),
        ("digest", spec["digest"]),
        ("kit", f"{report['kit']['name']} {report['kit']['version']}"),
        ("judged", timing.get("started", "")),
    ]
    return [(label, str(value)) for label, value in found if value]


def tally_text(tally: Mapping[str, int]) -> str:
    """Return how many there are of each verdict, the gravest first, in one line."""
    return ", ".join(f"{tally[verdict]} {verdict}" for verdict in GRAVEST_FIRST if tally.get(verdict))


def count(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def split_call(line: str) -> tuple[str, str]:
    """Return a call as the report has it and what it returned; the second is empty for other lines."""
    call, arrow, returned = line.partition(" -> ")
    return (call, returned) if arrow else (line, "")
