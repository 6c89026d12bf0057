"""What a person sees of a run: the driver, the progress, the verdicts, and each violation with its reproducer."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from conformance.catalog import release_text
from conformance.diff import EXCUSED
from conformance.render import gate_text
from conformance.render.identity import count
from conformance.render.plain import printable
from conformance.render.result import IDS_SHOWN, result
from conformance.run import Run
from conformance.verdict import Verdict

_STYLES = {
    Verdict.UPHELD: ("✔", "green"),
    Verdict.VIOLATED: ("✘", "bold red"),
    Verdict.NOT_TESTABLE: ("?", "bold red"),
    Verdict.INCONCLUSIVE: ("!", "bold magenta"),
    Verdict.DEVIATION: ("~", "yellow"),
    Verdict.NOT_APPLICABLE: ("-", "dim"),
    Verdict.NOT_RUN: (" ", "dim"),
}
_PLAIN_MARKS = {"✔": "+", "✘": "X"}
_WIDTH = 100


class _Console(Console):
    """A console that falls silent when nobody takes what it writes: the report and the exit code stand all the same."""

    def print(self, *objects: Any, **settings: Any) -> None:
        """Print, as long as somebody reads."""
        try:
            super().print(*objects, **settings)
        except OSError:
            self.quiet = True

    def on_broken_pipe(self) -> None:
        """Fall silent; rich would end the process with the code of a driver that is not conformant."""
        self.quiet = True


class Screen:
    """The terminal, or the file, that a run writes to."""

    def __init__(self, stream: TextIO) -> None:
        self._console = _Console(file=stream, highlight=False, soft_wrap=True)
        self._done = 0
        # Asked for each result, and found out anew each time.
        self._progresses = self._console.is_terminal
        self._unicode = (getattr(stream, "encoding", None) or "utf8").lower().replace("-", "") == "utf8"

    def begin(self, run: Run) -> None:
        """Say what is judged."""
        rules = run.options.rules or tuple(run.specification.catalog.rules)
        times, before = run.options.repeat, len(run.gate.earlier) if run.gate is not None else 0
        which = f", {before + 1} of {times} times" if times > 1 else ""
        self._console.print(
            Text.assemble("Judging ", (printable(run.record.uri), "bold"), f" by {count(len(rules), 'rule')}{which} …")
        )

    def show_result(self, run: Run, name: str, outcome: Verdict) -> None:
        """Move the progress on; on a terminal it is one line that is rewritten."""
        if run.plan is None or not self._progresses:
            return
        self._done = run.reported
        mark, style = self._mark(outcome)
        line = Text.assemble((mark, style), f" {self._done}/{len(run.order)} {name}")
        line.truncate(self._console.width - 1)
        self._rewind()
        self._console.print(line, end="")

    def _rewind(self) -> None:
        """Go back to the beginning of the line and clear it; rich takes such characters out of texts."""
        with contextlib.suppress(OSError):
            self._console.file.write("\r\x1b[K")

    def _mark(self, verdict: Verdict) -> tuple[str, str]:
        mark, style = _STYLES[verdict]
        return (mark if self._unicode else _PLAIN_MARKS.get(mark, mark)), style

    def end(self, report: Mapping[str, Any], file: Path | None, others: Mapping[str, Path] | None = None) -> None:
        """Show the report, and the files that it was written to, the others by the options that named them."""
        if self._done:
            self._rewind()
        self._driver(report["driver"], report["machine"])
        self._guests(report["capabilities"])
        self._rules(report["rules"])
        known = _known(report)
        for rule in report["rules"]:
            self._convict(rule, known)
        for verdict in (Verdict.NOT_TESTABLE, Verdict.INCONCLUSIVE):
            self._give_reasons(report["rules"], verdict)
        self._problems(report)
        self._gate(report)
        self._summary(report, {"report": file, **(others or {})})

    def _gate(self, report: Mapping[str, Any]) -> None:
        """Show what the report was held against, and what came of that."""
        for part, lines in (
            ("repetitions", gate_text.differing),
            ("deviations", gate_text.deviations),
            ("baseline", gate_text.difference),
        ):
            if part in report:
                self._console.print()
                self.show(lines(report[part]))

    def show(self, lines: Iterable[gate_text.Line]) -> None:
        """Print lines, each in its style."""
        for line, style in lines:
            mark = next((mark for mark in _PLAIN_MARKS if line.lstrip().startswith(mark)), "")
            if mark and not self._unicode:
                line = line.replace(mark, _PLAIN_MARKS[mark], 1)
            self._console.print(Text(printable(line), style))

    def _driver(self, driver: Mapping[str, Any], machine: Mapping[str, Any]) -> None:
        if not driver.get("libvirt_version"):
            return
        text = f"{driver['type']} driver of libvirt {release_text(driver['libvirt_version'])}"
        if driver.get("hypervisor_version"):
            text += f", hypervisor {release_text(driver['hypervisor_version'])}"
        if driver["client_version"] != driver["libvirt_version"]:
            text += f", client library {release_text(driver['client_version'])}"
        if machine:
            text += f"; domains of type {machine['type']}, {machine['os_type']}, {machine['arch']}"
        self._console.print(Text(printable(text)))
        self._console.print()

    def _guests(self, capabilities: Iterable[Mapping[str, Any]]) -> None:
        """Say before all else that no guest starts, where that is so: most rules stay unjudged for it."""
        for found in capabilities:
            if found["id"] == "start" and found["present"] and not found["evidence"].startswith("create: success"):
                for line in _wrap(printable(f"! No guest starts here: {found['evidence']}"), _WIDTH):
                    self._console.print(Text(line, "bold magenta"))
                self._console.print()

    def _rules(self, rules: Iterable[Mapping[str, Any]]) -> None:
        """Show a line for each rule that was selected; those that do not apply say why below."""
        for rule in rules:
            verdict = Verdict(rule["verdict"])
            if verdict is Verdict.NOT_RUN:
                continue
            counted = _count(rule["scenarios"])
            mark, style = self._mark(verdict)
            line = Text.assemble(
                (f"{mark} ", style),
                f"{rule['id']} {rule['level']:6} ",
                (f"{verdict.value:14} ", style),
                rule["title"],
            )
            line.append(f"  ({counted})", "dim")
            self._console.print(line)
            if verdict is Verdict.NOT_APPLICABLE:
                self._note(rule["scenarios"][0]["message"])
            chosen = [s["message"] for s in rule["scenarios"] if s["outcome"] == Verdict.UPHELD and s["message"]]
            if chosen:
                self._note("; ".join(dict.fromkeys(chosen)))

    def _note(self, text: str) -> None:
        for line in _wrap(printable(text), _WIDTH, "    "):
            self._console.print(Text(line, "dim"))

    def _convict(self, rule: Mapping[str, Any], known: Collection[str]) -> None:
        """Show how a rule is violated: the requirement first, then what was expected, then what was seen.

        :param known: scenarios that a baseline shows broken already: of those the names are told further below.
        """
        violated = [scenario for scenario in rule["scenarios"] if scenario["outcome"] == Verdict.VIOLATED]
        found = [scenario for scenario in violated if scenario["id"] not in known]
        if not found:
            return
        mark, style = self._mark(Verdict.VIOLATED)
        self._console.print()
        self._console.print(Text(f"{mark} {rule['id']} violated ({rule['level']}): {rule['title']}", style))
        self._block("rule", rule["statement"])
        for first, others in _alike(found):
            self._console.print()
            self._block("scenario", f"{first['title']}  [{first['id']}, {first['place']}]")
            self._block("expected", first["expected"])
            self._block("observed", first["observed"])
            if others:
                self._block("likewise", ", ".join(other["id"].partition("/")[2] for other in others))
        self._console.print("  shown again without the kit by:")
        script = printable(found[0]["reproducer"], lines=True)
        self._console.print(Text(textwrap.indent(script, "    ").rstrip(), "cyan"))

    def _give_reasons(self, rules: Iterable[Mapping[str, Any]], verdict: Verdict) -> None:
        """Show why scenarios came to no judgement; one reason often stands behind many."""
        reasons: dict[str, list[str]] = {}
        for scenario in (scenario for rule in rules for scenario in rule["scenarios"]):
            if scenario["outcome"] == verdict:
                reasons.setdefault(scenario["message"], []).append(scenario["id"])
        mark, style = self._mark(verdict)
        for reason, ids in reasons.items():
            shown = ", ".join(ids[:IDS_SHOWN])
            more = f", and {len(ids) - IDS_SHOWN} more" if len(ids) > IDS_SHOWN else ""
            self._console.print()
            self._console.print(Text(f"{mark} {verdict.value}: {shown}{more}", style))
            self._block("reason", reason)

    def _block(self, label: str, text: str) -> None:
        lines = _wrap(printable(text), _WIDTH - 13) or [""]
        self._console.print(Text.assemble((f"  {label + ':':10} ", "bold"), lines[0]))
        for line in lines[1:]:
            self._console.print(Text(" " * 13 + line))

    def _problems(self, report: Mapping[str, Any]) -> None:
        if report["problems"]:
            self._console.print()
        for problem in report["problems"]:
            self._console.print(Text(f"! {printable(problem)}", "bold magenta"))

    def _summary(self, report: Mapping[str, Any], files: Mapping[str, Path | None]) -> None:
        summary, timing, inventory = report["summary"], report["timing"], report["inventory"]
        self._console.print()
        scenarios = ", ".join(f"{count} {name}" for name, count in summary["scenarios"].items() if count)
        rules = ", ".join(f"{count} {name}" for name, count in summary["rules"].items() if count)
        self._console.print(f"rules:     {rules}")
        took = (
            f"; {timing['wall_seconds']:.1f} s with {count(timing['workers'], 'worker')}" if timing["workers"] else ""
        )
        # Workers tell in the end, and those that were told to end before do not.
        inside = f", {timing['libvirt_seconds']:.1f} s of them inside libvirt" if took and report["complete"] else ""
        self._console.print(f"scenarios: {scenarios}{took}{inside}")
        if table := report.get("decision_table"):
            for line in _table(table):
                self._console.print(Text(printable(line)))
        if inventory:
            kept = "as they were" if inventory["identical"] else "NOT as they were"
            self._console.print(f"others:    {inventory['objects']} objects that are not the kit's are {kept}")
            if left := inventory.get("left"):
                said = f"left:      {count(len(left), 'file')} that the driver keeps of domains that are gone: "
                self._console.print(Text(printable(f"{said}{left[0]}{' …' if left[1:] else ''}")))
        for label, file in files.items():
            if file is not None:
                self._console.print(Text(f"{label + ':':10} {file}"))
        told = any(part in report for part in ("repetitions", "deviations", "baseline"))
        if told:
            self._console.print("reasons:" if summary["reasons"] else "reasons:   every rule is kept")
            self.show(gate_text.reasons(report))
        text, style = result(report, told=told)
        self._console.print(Text(f"result:    {text}" + ("" if report["complete"] else ", not finished"), style))


def _table(table: Mapping[str, Any]) -> Iterable[str]:
    """Yield what is said of the decision table: numbers, as each cause stands among the violations already."""
    cells, causes = table["cells"], len(table["convictions"])
    decided = f"{cells['decided']:,} decided" + (" (every pair meets)" if table["mode"] == "pairwise" else "")
    convicted = f"{cells['convicted']:,} convicted" + (f" by {count(causes, 'cause')}" if causes else "")
    yield f"table:     {cells['reachable']:,} cells reachable, {decided}, {convicted}"
    if cells["inconsistent"]:
        first = table["inconsistent"][0]
        flags = " and ".join(first["flags"]) or "no flag"
        held = f" with {' and '.join(first['holds'])}" if first["holds"] else ""
        number = count(cells["inconsistent"], "cell")
        yield f"           {number} answered in two ways, such as {flags}, {first['state']}{held}:"
        yield f"           {first['first']}; asked again, {first['second']}"


def _wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Return a text in lines; ids and paths stay whole, so that they can be copied."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _known(report: Mapping[str, Any]) -> set[str]:
    """Return the scenarios of which a baseline says that they never held."""
    baseline = report.get("baseline", {})
    return {change["id"] for kind in EXCUSED for change in baseline.get(kind, ())}


def _count(scenarios: Iterable[Mapping[str, Any]]) -> str:
    """Return how many scenarios of a rule ended in which way, short where all ended alike."""
    outcomes = [Verdict(scenario["outcome"]) for scenario in scenarios]
    if len(set(outcomes)) == 1:
        return count(len(outcomes), "scenario")
    return ", ".join(f"{outcomes.count(verdict)} {verdict}" for verdict in _STYLES if verdict in outcomes)


def _alike(
    scenarios: list[Mapping[str, Any]],
) -> Iterable[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    """Yield scenarios of which each stands for the others that were expected and observed in the same words."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for scenario in scenarios:
        key = (
            scenario["expected"],
            scenario["observed"],
            "" if scenario["expected"] else scenario["message"],
        )
        groups.setdefault(key, []).append(scenario)
    for first, *others in groups.values():
        yield first, others
