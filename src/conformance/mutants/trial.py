"""Trials: scenarios against vices, to see which rules convict which vice.

Probing and planning are done once, as both go past a vice. Then each scenario is run once with all vices watching,
and once with each vice that would have done anything in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.binding import Scenario
from conformance.mutants import CONTROL, VICES
from conformance.mutants.crew import Crew, Finding, Progress, Trial
from conformance.mutants.vice import OF_LIVING
from conformance.options import Options
from conformance.plan import needs
from conformance.run import Run
from conformance.table import Mode
from conformance.uri import embeds

#: The capability that mended.py gives to a driver.
ACCESS_CONTROL = "access-control"
#: Two calls that meet show whatever is broken about one of them, or do not, as the meeting goes.
OF_MEETINGS = "UNDEF-033"
#: How long a scenario may take with a vice that may never return, in seconds.
_BRIEF = 5.0
#: How many scenarios a process takes at a time.
_SHARE = 24


@dataclass
class Shown:
    """What trials have shown.

    :param without: the driver without a vice.
    :param found: what was found by vice, in the scenarios in which it does anything.
    """

    run: Run
    without: Finding
    found: Mapping[str, Finding]


def rules_of(scenarios: Iterable[str]) -> frozenset[str]:
    """Return the rules that scenarios belong to."""
    return frozenset(scenario.partition("/")[0] for scenario in scenarios)


def try_all(
    vices: Sequence[str],
    options: Options,
    on_progress: Progress = lambda _what, _done, _of: None,
    *,
    thorough: bool = False,
) -> Shown:
    """Let vices meet the scenarios; return what was found.

    :param options: the driver, the rules, the seconds for one scenario and the number of processes.
    :param on_progress: is told what is done at the moment, how much of it is done, and of how much.
    :param thorough: whether every vice meets every scenario, also those in which it was seen to do nothing.
    :raises KitError: when the driver cannot be reached or probed.
    """
    # The decision table would convict every vice once more, and takes longer than all the scenarios.
    options = replace(options, table=Mode.NONE)
    if not embeds(options.uri):
        # The driver under a vice asks an access manager, which the real one need not have.
        options = replace(options, denied_uri=options.uri, assumed=(ACCESS_CONTROL,))
    run = Run(options)
    shown = Shown(run, Finding(), {})
    try:
        run.begin()
        plan = run.make_plan()
        if plan.run:
            crew = Crew(run)
            try:
                shown = _meet(vices, crew, run, list(plan.run), on_progress, thorough=thorough)
            finally:
                crew.end()
        run.finish()
    except KeyboardInterrupt as interrupt:
        run.note_interrupt(interrupt)
        run.finish()
        raise
    finally:
        run.close()
    return shown


def _meet(
    vices: Sequence[str],
    crew: Crew,
    run: Run,
    scenarios: Sequence[Scenario],
    on_progress: Progress,
    *,
    thorough: bool,
) -> Shown:
    lasting = [name for name in vices if not VICES[name].ends_process]
    catalog = run.specification.catalog
    # Two threads would watch at once, and an object in another process cannot be watched.
    watched = [s.id for s in scenarios if s.rule != OF_MEETINGS and "restart" not in needs(catalog, s)]
    others = [s for s in scenarios if s.id not in watched]
    judging = [s.id for s in others if any(s.rule in VICES[name].rules for name in lasting)]
    first = [
        *(Trial(part, watching=tuple(lasting)) for part in _parts(watched, run.record.workers)),
        *(Trial(part, CONTROL) for part in _parts(judging, run.record.workers)),
    ]
    without = Finding()
    for finding in crew.share(first, "watching", on_progress).values():
        without.outcomes |= finding.outcomes
        without.lost, without.how = (finding.lost, finding.how) if finding.lost else (without.lost, without.how)
    trials = []
    for name in lasting:
        acts = [s for s in watched if thorough or name in without.outcomes.get(s, {}).get("acting", ())]
        acts += [s.id for s in others if s.rule in VICES[name].rules]
        trials += [Trial(part, name) for part in _parts(acts, 1)]
    alive = tuple(s.id for s in scenarios if s.rule == OF_LIVING)
    brief = min(_BRIEF, run.options.timeout)
    trials += [Trial(alive, name, seconds=brief) for name in vices if VICES[name].ends_process and alive]
    # Those that cost a process come last, when nothing else is left for it; of the others the long ones come first.
    trials.sort(key=lambda trial: (trial.seconds, -len(trial.scenarios)))
    found: dict[str, Finding] = {name: Finding() for name in vices}
    for trial, finding in crew.share(trials, "convicting", on_progress).items():
        found[trial.vice].outcomes |= finding.outcomes
        if finding.lost:
            found[trial.vice].lost, found[trial.vice].how = finding.lost, finding.how
    return Shown(run, without, found)


def _parts(scenarios: Sequence[str], least: int) -> list[tuple[str, ...]]:
    """Part scenarios so that no part is long, and that there is one for each of the processes."""
    size = max(1, min(_SHARE, -(-len(scenarios) // least)))
    return [tuple(scenarios[start : start + size]) for start in range(0, len(scenarios), size)]
