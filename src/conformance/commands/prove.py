"""``libvirt-conformance prove``: the kit against broken drivers."""

from __future__ import annotations

import argparse
import json
import sys

from conformance.errors import UsageError
from conformance.interrupts import ended_in_order
from conformance.options import Options
from conformance.report import check_writable, write_text
from conformance.specification import load_specification
from conformance.uri import embeds, redact
from conformance.verdict import ExitCode


def prove(options: argparse.Namespace) -> int:
    """Let broken drivers meet the scenarios, show the kill matrix, and return the exit code.

    :raises KitError: for an unknown vice or rule, and when the driver cannot be reached.
    """
    from conformance import mutants
    from conformance.kill_matrix import Found, Meeting, build_matrix
    from conformance.lint import kinds
    from conformance.mutants.trial import OF_MEETINGS, rules_of, try_all
    from conformance.plan import needs
    from conformance.render.kill_matrix import text
    from conformance.suite.definitions import conclusions

    if options.report is not None:
        check_writable(options.report)
    catalog = load_specification().catalog
    rules = tuple(catalog.rule(rule).id for rule in options.rule)
    names = _chosen(options.vice, rules, options.uri)
    number = "a broken driver" if len(names) == 1 else f"{len(names)} broken drivers"
    wanted = Options(
        uri=options.uri, rules=rules, workers=options.workers, timeout=options.timeout, virt_type=options.virt_type
    )
    with ended_in_order():
        # From here on somebody sees that it runs, and may want it to end.
        print(f"Proving the kit on {redact(options.uri)} with {number} …", flush=True)
        shown = try_all(names, wanted, _show_progress, thorough=options.every_scenario)
        _forget_progress()
    run, plan = shown.run, shown.run.plan
    if plan is None:
        raise AssertionError("the trials ended without a plan")
    declared = mutants.declared()
    restarting = [scenario.id for scenario in plan.run if "restart" in needs(catalog, scenario)]
    others = [scenario.id for scenario in plan.run if scenario.id not in restarting]
    only_meant = {OF_MEETINGS} | (rules_of(restarting) - rules_of(others))
    meeting = Meeting(
        driver={"uri": run.record.uri, **run.record.driver},
        applicable=[scenario.id for scenario in plan.run],
        not_applicable=plan.not_applicable,
        selected=rules,
        shown_here=_shown_on(options.uri),
        only_meant=only_meant,
        exact=run.record.driver.get("type") == "TEST" or all(mutants.VICES[name].uri for name in names),
        definitions=conclusions(
            step.text for scenario in plan.run for kind, step in kinds(scenario.steps) if kind == "then"
        ),
        problems=run.record.problems,
    )
    found = {name: Found(finding.outcomes, finding.lost, finding.how) for name, finding in shown.found.items()}
    without = Found(shown.without.outcomes, shown.without.lost, shown.without.how)
    report = build_matrix(catalog, run.specification.digest, declared, found, without, meeting)
    if options.report is not None:
        write_text(options.report, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    print(text(report), end="")
    code: int = report["summary"]["exit_code"]
    return code if plan.run else ExitCode.NOTHING_APPLICABLE


def _chosen(names: list[str], rules: tuple[str, ...], uri: str) -> list[str]:
    """Return the vices to try: those that were named, or those that are shown on the driver and meant for a rule.

    :raises UsageError: for one that there is not, or that only another driver can show.
    """
    from conformance.mutants import VICES, find

    for name in names:
        find(name)
        if VICES[name].uri and not embeds(uri):
            raise UsageError(
                f"{name} can be shown on {VICES[name].uri} only", remedy=f"choose that with --uri {VICES[name].uri}"
            )
    if names:
        return list(dict.fromkeys(names))
    chosen = [name for name in _shown_on(uri) if not rules or VICES[name].judged_by & set(rules)]
    if not chosen:
        raise UsageError(
            f"no vice that is shown on {redact(uri)} is meant for {', '.join(rules)}",
            remedy=f"choose another driver, such as {_elsewhere(rules)}",
        )
    return chosen


def _shown_on(uri: str) -> list[str]:
    """Return the vices that are tried on a driver unless somebody chooses.

    What the test driver can show is not shown again on QEMU, where it takes a hundred times as long.
    """
    from conformance.mutants import VICES

    return [name for name, vice in VICES.items() if bool(vice.uri) == embeds(uri)]


def _elsewhere(rules: tuple[str, ...]) -> str:
    from conformance.mutants import QEMU, VICES
    from conformance.uri import DEFAULT_URI

    uris = [vice.uri or DEFAULT_URI for vice in VICES.values() if vice.judged_by & set(rules)]
    return f"--uri {(uris or [QEMU])[0]}"


def _show_progress(what: str, done: int, total: int) -> None:
    """Move the progress on; on a terminal it is one line that is rewritten."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{what}: {done} of {total} scenarios", end="", flush=True)


def _forget_progress() -> None:
    if sys.stdout.isatty():
        print("\r\x1b[K", end="", flush=True)
