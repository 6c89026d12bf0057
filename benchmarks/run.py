"""Where the time of a run goes: ``python benchmarks/run.py [--uri URI]… [--times 1,3,10] [--table]``.

The command is run as a user runs it, on copies of the specification in which every scenario stands 1, 3 and 10
times. From each report come the wall time, the time inside libvirt calls (the sum over the workers), and what is
left of the workers' time, which is the kit's own. Only ratios of one run are worth quoting: machines differ, and
one machine from hour to hour, so the first line says how fast it is now.

With ``--table`` a selection of the decision table is asked for as well, and then the whole, to see what grows. On
libvirt's test driver its cells are set beside those of a bare loop: one refused call, with ten questions before it
and ten after it, without the kit, in as many processes as the kit has workers, just before the run and just after.
The bare loop sets nothing up. So a last line says what one refused cell takes of the kit, judged by all that it shows,
again and again in one process, by turns with the bare loop.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import libvirt

from conformance.decision import UNKNOWN_BIT, State
from conformance.driver.cleanup import remove_all
from conformance.driver.knowledge import Knowledge
from conformance.driver.probe import probe
from conformance.driver.session import Session
from conformance.driver.stand import Stand
from conformance.ledger import Ledger
from conformance.regions import Region

_TOP = Path(__file__).resolve().parents[1]
_DRIVERS = ("test:///default", "qemu:///embed")
_COLUMNS = (
    "driver",
    "x",
    "scenarios",
    "workers",
    "wall s",
    "libvirt s",
    "wall/(libvirt/workers)",
    "kit ms/scenario",
    "peak MB",
)


_TABLE_COLUMNS = (
    "driver",
    "table",
    "cells",
    "convicted",
    "workers",
    "wall s",
    "table s",
    "libvirt s",
    "cells/s and worker",
    "of a bare loop",
    "table/libvirt",
    "peak MB",
)
#: How long the bare loop goes on, in seconds.
_BARE_SECONDS = 1.0
_ADDITIONS = 20_000_000


def multiply(folder: Path, times: int) -> None:
    """Copy the kit into a folder, with every scenario in it so many times."""
    shutil.copytree(_TOP / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(_TOP / "spec", folder / "spec")
    for path in sorted((_TOP / "features").rglob("*.feature")):
        text = path.read_text(encoding="utf-8")
        for number in range(times):
            copy = folder / path.relative_to(_TOP).with_stem(f"{path.stem}{number or ''}")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(re.sub(r"@id\.([a-z0-9-]+)", rf"@id.\1-{number}", text) if number else text)


def measure(uri: str, times: int, workers: int) -> dict[str, Any]:
    """Run the command once and return the figures of its report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        multiply(folder, times)
        # The first run compiles; an installed kit is compiled already.
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(folder / "src")], check=True)
        report, wall = run(folder, uri, workers)
        return figures(report, wall) | {"driver": uri, "x": times}


def run(folder: Path, uri: str, workers: int, *more: str) -> tuple[dict[str, Any], float]:
    """Run the command of a copy once; return its report and the seconds that it took."""
    file = folder / "report.json"
    command = [sys.executable, "-m", "conformance.cli", "run", "--uri", uri, "--report", str(file), *more]
    if workers:
        command += ["--workers", str(workers)]
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    ended = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - start
    if ended.returncode not in (0, 1):
        raise SystemExit(f"{uri}: exit code {ended.returncode}\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return report, wall


def figures(report: dict[str, Any], wall: float) -> dict[str, Any]:
    """Return what a report says of time and memory; ``wall`` is the whole command's, in seconds."""
    timing = report["timing"]
    ran = [s for rule in report["rules"] for s in rule["scenarios"] if s["seconds"]]
    inside = timing["libvirt_seconds"] / timing["workers"]
    own = timing["busy_seconds"] - timing["libvirt_seconds"]
    return {
        "scenarios": len(ran),
        "workers": timing["workers"],
        "wall s": f"{wall:.2f}",
        "libvirt s": f"{timing['libvirt_seconds']:.2f}",
        "wall/(libvirt/workers)": f"{wall / inside:.2f}",
        "kit ms/scenario": f"{1000 * own / len(ran):.2f}",
        "peak MB": f"{timing['peak_kib'] / 1024:.0f}",
    }


def measure_table(uri: str, workers: int) -> Iterator[dict[str, Any]]:
    """Yield the figures of a selection of the decision table, and of the whole."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        multiply(folder, 1)
        bare = bare_cells(uri, workers)
        for more in ((), ("--exhaustive",)):
            report, wall = run(folder, uri, workers, *more)
            found = table_figures(report, wall)
            before, bare = bare, bare_cells(uri, workers or found["workers"])
            speed = float(found["cells/s and worker"])
            of_bare = f"{2 * speed / (before + bare):.2f}" if bare else "not asked"
            yield found | {"driver": uri, "of a bare loop": of_bare}


def bare_cells(uri: str, processes: int) -> float:
    """Return how many cells a second a bare loop has, the mean of some processes that have one each at a time."""
    if not uri.startswith("test:"):
        return 0.0
    processes = processes or len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(processes) as pool:
        return sum(pool.map(bare_loop, [uri] * processes)) / processes


def bare_loop(uri: str, seconds: float = _BARE_SECONDS) -> float:
    """Return how many refused calls a second there are with ten questions before and ten after each, and no kit."""
    libvirt.registerErrorHandler(lambda *_: None, None)
    connection = libvirt.open(uri)
    domain = connection.defineXML(
        "<domain type='test'><name>lvc-bare</name><memory>1024</memory><os><type>hvm</type></os></domain>"
    )
    domain.create()
    domain.managedSave(0)
    uuid = domain.UUIDString()
    questions: list[tuple[Any, tuple[object, ...]]] = [
        (domain.state, (0,)),
        (domain.isActive, ()),
        (domain.isPersistent, ()),
        (domain.autostart, ()),
        (domain.hasManagedSaveImage, (0,)),
        (domain.XMLDesc, (0,)),
        (domain.snapshotNum, (0,)),
        (domain.info, ()),
        (connection.lookupByUUIDString, (uuid,)),
        (connection.listAllDomains, (libvirt.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE,)),
    ]
    cells = 0
    start = time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        for call, args in questions:
            call(*args)
        try:
            domain.undefine()
        except libvirt.libvirtError:
            cells += 1
        for call, args in questions:
            call(*args)
    domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)
    connection.close()
    return cells / passed


def ask_again(uri: str) -> str:
    """Return a sentence on how fast the kit judges one refused cell again and again, where nothing is to be set up."""
    turns, seconds = 10, _BARE_SECONDS / 4
    asked, bare = 0, 0.0
    with tempfile.TemporaryDirectory() as name:
        session = Session(uri, "bench", Ledger.open(uri, "00000000", folder=Path(name)))
        capabilities = {name for name, finding in probe(session).capabilities.items() if finding.present}
        # A refusal is looked at, and not listened for; and where probing has listened, libvirt can be deaf.
        stand = Stand(session, Knowledge(capabilities - {"events"}, ()), Region(State.RUNNING))
        stand.set_up()
        for _ in range(turns):
            start = time.perf_counter()
            while time.perf_counter() - start < seconds:
                failure, _after = stand.ask(UNKNOWN_BIT)
                if failure is None or not stand.intact:
                    raise SystemExit(f"{uri}: a call with an unknown bit was not refused, or changed something")
                asked += 1
            bare += bare_loop(uri, seconds) / turns
        remove_all(session.connection, session.made, session.ledger.run)
        session.close()
    speed = asked / turns / seconds
    return (
        f"{uri}: one refused cell again and again, judged by {len(stand.before.answers)} answers: "
        f"{speed:.0f} a second, {speed / bare:.2f} of the bare loop's {bare:.0f}."
    )


def table_figures(report: dict[str, Any], wall: float) -> dict[str, Any]:
    """Return what a report says of the decision table's time; a worker is busy with one region at a time."""
    table, timing = report["decision_table"], report["timing"]
    return {
        "table": table["mode"],
        "cells": table["cells"]["decided"],
        "convicted": table["cells"]["convicted"],
        "workers": timing["workers"],
        "wall s": f"{wall:.2f}",
        "table s": f"{table['seconds']:.2f}",
        "libvirt s": f"{table['libvirt_seconds']:.2f}",
        "cells/s and worker": f"{table['cells']['decided'] / table['seconds']:.0f}",
        "table/libvirt": f"{table['seconds'] / table['libvirt_seconds']:.2f}",
        "peak MB": f"{timing['peak_kib'] / 1024:.0f}",
    }


def show(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print a table, a line as soon as it is known."""
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(str(row[column]) for column in columns) + " |", flush=True)


def machine() -> str:
    """Return what the figures were made on, and how fast it is now."""
    start = time.perf_counter()
    number = 0
    for one in range(_ADDITIONS):
        number += one
    seconds = time.perf_counter() - start
    cores = len(os.sched_getaffinity(0))
    python = ".".join(map(str, sys.version_info[:2]))
    return f"{cores} processors; {_ADDITIONS // 1_000_000} million additions in Python {python} take {seconds:.1f} s."


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uri", action="append", help=f"a driver; by default {' and '.join(_DRIVERS)}")
    parser.add_argument("--times", default="1,3,10", help="how many times each scenario stands (default: 1,3,10)")
    parser.add_argument("--workers", type=int, default=0, help="by default the kit decides")
    parser.add_argument("--table", action="store_true", help="ask for the whole decision table as well")
    options = parser.parse_args()
    print(f"{machine()}\n")
    drivers, times = options.uri or _DRIVERS, [int(number) for number in options.times.split(",") if number]
    show(_COLUMNS, (measure(uri, number, options.workers) for uri in drivers for number in times))
    if options.table:
        print()
        show(_TABLE_COLUMNS, (row for uri in drivers for row in measure_table(uri, options.workers)))
        for uri in drivers:
            if uri.startswith("test:"):
                print(f"\n{ask_again(uri)}")


if __name__ == "__main__":
    main()
