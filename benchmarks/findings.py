"""Runs the script of each finding inside the lab's roots, and tells where it prints what its page says.

``python benchmarks/findings.py SUITE…`` as root, in a checkout. The library, the drivers and the emulator are each
suite's own.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.lab import python
from conformance.lab.rising import risen
from conformance.lab.services import OUT
from conformance.lab.subjects import find

PAGES = Path(__file__).resolve().parents[1] / "docs" / "findings"
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```", re.DOTALL | re.MULTILINE)
#: Which driver a page needs, by the first word of its name.
DRIVERS = {"lxc": "lxc", "rpc": "test-rpc"}
#: What differs from one run to the next.
PASSING = re.compile(r"/tmp/[^/\s]+|…|[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass(frozen=True)
class Script:
    """A script of a finding's page, and what it prints there."""

    page: str
    text: str
    printed: str


def scripts() -> Iterator[Script]:
    """Yield the scripts of all pages."""
    for page in sorted(PAGES.glob("*.md")):
        text = ""
        for kind, block in BLOCK.findall(page.read_text(encoding="utf-8")):
            if kind == "text" and text:
                yield Script(page.stem, text, block)
            text = block if kind == "python" else ""


def main(suites: list[str]) -> None:
    """Print a line for each script in each suite, and what it printed where that is not what the page says."""
    for suite in suites:
        for script in scripts():
            run(suite, script)


def run(suite: str, script: Script) -> None:
    """Run a script in a capsule of its own: what it leaves may be in the next one's way.

    Those about the test driver need no daemon, and run where QEMU's do.
    """
    subject = find(f"{suite}-{DRIVERS.get(script.page.partition('-')[0], 'embed')}")
    with risen(subject, print) as capsule:
        shared = capsule.folder / "out"
        (shared / "embedded.py").write_text((PAGES / "embedded.py").read_text(encoding="utf-8"), encoding="utf-8")
        (shared / "script.py").write_text(script.text, encoding="utf-8")
        words = ["env", "--chdir", OUT, python.command(subject.suite), "script.py"]
        done = subprocess.run(capsule.command(words), capture_output=True, text=True, timeout=120, check=False)
    same = PASSING.sub("", done.stdout) == PASSING.sub("", script.printed)
    print(f"{suite:9} {script.page:32} {'as its page says' if same else 'otherwise:'}", flush=True)
    if not same:
        print(done.stdout + done.stderr[-400:])


if __name__ == "__main__":
    main(sys.argv[1:])
