"""``libvirt-conformance explore``: random lives of a domain, held against the model of the contract."""

from __future__ import annotations

import argparse
import importlib.util
import random
import shlex
import sys
from typing import Any

from conformance.arguments import file, positive, seconds
from conformance.errors import PROGRAM, UsageError
from conformance.interrupts import ended_in_order
from conformance.options import Options
from conformance.report import check_writable, dump, write_text
from conformance.run import Run
from conformance.table import Mode
from conformance.uri import DEFAULT_URI, redact

#: How long a search lasts unless it is told otherwise, in seconds.
SECONDS = 60.0
_HYPOTHESIS = "hypothesis"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Give the subcommand its options."""
    command.add_argument("--uri", default=DEFAULT_URI, help=f"the driver (default: {DEFAULT_URI})")
    command.add_argument(
        "--seconds", metavar="S", type=seconds, default=SECONDS, help=f"how long to search (default: {SECONDS:g})"
    )
    command.add_argument("--seed", metavar="N", type=_seed, help="the same seed leads the same lives")
    command.add_argument("--workers", metavar="N", type=positive, default=0, help="how many processes search")
    command.add_argument("--report", metavar="FILE.json", type=file, help="write what was found")
    command.add_argument("--lives", metavar="N", type=_seed, default=0, help=argparse.SUPPRESS)
    command.add_argument("--vice", metavar="NAME", default="", help=argparse.SUPPRESS)


def _seed(text: str) -> int:
    if not text.isdigit() or int(text) >= 1 << 64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {(1 << 64) - 1}")
    return int(text)


def explore(options: argparse.Namespace) -> int:
    """Search for lives in which a driver parts from the model, show them, and return the exit code.

    :raises KitError: when something keeps the search from beginning.
    """
    if importlib.util.find_spec(_HYPOTHESIS) is None:
        raise UsageError(
            "explore draws its lives with hypothesis, which is not installed",
            remedy="install it with: pip install 'libvirt-conformance[explore]'",
        )
    if options.vice:
        from conformance import mutants

        # The workers would be the first to notice.
        mutants.find(options.vice)
    if options.report is not None:
        check_writable(options.report)
    from conformance.explore.crew import Crew, Wish
    from conformance.explore.outcome import Gathered
    from conformance.render.exploration import lines

    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    run = Run(_options(options))
    progress = _Progress()
    with ended_in_order():
        try:
            run.begin()
            progress.tell(f"probing {redact(options.uri)}")
            run.make_plan()
            gathered = Gathered(run.specification.catalog)
            wish = Wish(options.seconds, seed, options.lives)
            run.record.workers = run.processes(options.workers)
            Crew(run, wish, gathered, progress.tell).search()
            base = run.finish()
        except KeyboardInterrupt as interrupt:
            run.note_interrupt(interrupt)
            base = run.finish()
            if run.plan is None:
                raise
        finally:
            run.close()
            progress.clear()
    document = _document(run, base, gathered, wish)
    try:
        if options.report is not None:
            write_text(options.report, dump(document))
    finally:
        print("\n".join(lines(document)))
        if options.report is not None:
            print(f"report:      {options.report}")
    code: int = document["summary"]["exit_code"]
    return code


def _options(options: argparse.Namespace) -> Options:
    return Options(
        uri=options.uri,
        workers=options.workers,
        timeout=options.timeout,
        virt_type=options.virt_type,
        vice=options.vice,
        table=Mode.NONE,
        command=shlex.join([PROGRAM, *map(redact, sys.argv[1:])]),
    )


def _document(run: Run, base: dict[str, Any], gathered: Any, wish: Any) -> dict[str, Any]:
    from conformance.explore.outcome import FORM, exit_code

    partings = gathered.told()
    clean = not base["problems"] and not run.record.interrupted
    code = exit_code(partings, clean=clean)
    spent = gathered.seconds or base["timing"]["wall_seconds"]
    return {
        "form": FORM,
        **{name: base[name] for name in ("kit", "spec", "driver", "machine", "capabilities", "inventory", "problems")},
        "search": {
            "seed": wish.seed,
            "workers": run.record.workers,
            "operations": gathered.operations,
            "lives": gathered.lives,
            "seconds": round(spent, 3),
            "operations_per_second": round(gathered.operations / spent, 1) if spent else 0.0,
            "processor_seconds": round(gathered.processor_seconds, 3),
            "libvirt_seconds": base["timing"]["libvirt_seconds"],
        },
        "coverage": gathered.coverage(),
        "partings": partings,
        "reproduce": base["reproduce"],
        "summary": {"exit_code": int(code), "partings": len(partings), "failing": sum(p["fails"] for p in partings)},
        "complete": base["complete"],
    }


class _Progress:
    """One line on a terminal that is rewritten; nothing elsewhere."""

    def __init__(self) -> None:
        self._on = sys.stderr.isatty()

    def tell(self, line: str) -> None:
        """Say how far the search has come."""
        if self._on:
            print(f"\r\x1b[K{line[:100]}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave no trace on the terminal."""
        if self._on:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
