"""Mutation testing of the kit's own pure modules: what mutmut finds, held against the survivors that are explained.

mutmut changes one thing in a function and runs the tests: where none fails, nothing holds what was changed. Which
tests hold which module, and which survivors are right to survive, stands in ``mutation.toml`` beside this module. The
work is done on a copy, one module after another, so that a run that is killed leaves the checkout as it was.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[1]
CONFIGURATION = TOP / "tests" / "mutation.toml"
#: What the tests read; mutmut takes the tests themselves and pyproject.toml without being told.
COPIED = ("src", "tests", "spec", "features", "docs", "results", "pyproject.toml", "README.md", "CHANGELOG.md", "kit")
#: The ends of a mutant that count as seen: a test has failed, or has not come to its end.
SEEN = frozenset({"killed", "timeout"})
MUTMUT = """

[tool.mutmut]
source_paths = ["src"]
only_mutate = ["{path}"]
also_copy = {copied}
pytest_add_cli_args = {options}
pytest_add_cli_args_test_selection = {tests}
timeout_multiplier = 5.0
"""
SHOW = """\
import sys
from mutmut.__main__ import cli
for mutant in sys.argv[1:]:
    print(end="\\0")
    cli.main(["show", mutant], standalone_mode=False)
"""


@dataclass(frozen=True, order=True)
class Mutant:
    """One change of one function, by the lines that it takes away and puts in: mutmut's numbers move with the code."""

    function: str
    removed: str
    added: str

    def __str__(self) -> str:
        return f"{self.function}\n    - {self.removed}\n    + {self.added}"


@dataclass(frozen=True)
class Score:
    """What became of the mutants of one module."""

    module: str
    mutants: int
    survivors: tuple[Mutant, ...]
    seconds: float

    @property
    def seen(self) -> int:
        """How many mutants a test has failed on."""
        return self.mutants - len(self.survivors)


def explained_in(entry: Mapping[str, Any]) -> dict[Mutant, str]:
    """Return the reasons of the survivors that are explained."""
    return {Mutant(one["function"], one["removed"], one["added"]): one["reason"] for one in entry.get("survivors", ())}


def configuration() -> dict[str, Any]:
    """Return what ``mutation.toml`` says, by module."""
    return tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))


def path_of(module: str) -> str:
    """Return where a module of the kit stands in a checkout; a package within the kit is told by a dot."""
    return f"src/conformance/{module.replace('.', '/')}.py"


def mutate(module: str, tests: Sequence[str], without: Sequence[str] = (), early: Sequence[str] = ()) -> Score:
    """Run mutmut on one module, in a copy that is removed afterwards.

    :param without: tests that are left out.
    :param early: functions that are called while the module is imported, when mutmut has not changed them yet.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lvc-mutate-") as name:
        work = Path(name)
        for part in COPIED:
            copy(TOP / part, work / part)
        copied = json.dumps([part for part in COPIED if part not in ("src", "tests", "pyproject.toml")])
        with (work / "pyproject.toml").open("a", encoding="utf-8") as file:
            options = ["-p", "no:cacheprovider", "--hypothesis-seed=0", *(f"--deselect={test}" for test in without)]
            file.write(
                MUTMUT.format(
                    path=path_of(module), copied=copied, options=json.dumps(options), tests=json.dumps(list(tests))
                )
            )
        # With the mutants named, mutmut first runs the tests by their ids: an id that pytest does not find would
        # end each mutant's tests with an error, which counts as seen.
        run = mutmut(work, "run", "--max-children", "1", f"conformance.{module}.*")
        lines = [line.split(": ") for line in mutmut(work, "results", "--all", "true").splitlines() if ": " in line]
        ends = {mutant.strip(): end.strip() for mutant, end in lines if function_of(mutant) not in early}
        if not ends or "not checked" in ends.values():
            raise SystemExit(f"mutmut did not come to its end on {module}:\n{run[-3000:]}")
        left = [mutant for mutant, end in ends.items() if end not in SEEN]
        survivors = tuple(sorted(described(mutant, diff) for mutant, diff in zip(left, shown(work, left), strict=True)))
    return Score(module, len(ends), survivors, time.monotonic() - began)


def copy(source: Path, target: Path) -> None:
    """Copy a file, or a folder without what is built."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "_build", "node_modules"))
    else:
        shutil.copy2(source, target)


def mutmut(work: Path, *arguments: str) -> str:
    """Run mutmut in a folder and return what it wrote."""
    command = [Path(sys.executable).with_name("mutmut"), *arguments]
    finished = subprocess.run(
        command, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return finished.stdout.decode("utf-8", "replace")


def shown(work: Path, mutants: Sequence[str]) -> list[str]:
    """Return the difference that mutmut shows for each mutant, all from one process: it is slow to start."""
    command = [sys.executable, "-c", SHOW, *mutants]
    finished = subprocess.run(
        command, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True
    )
    return finished.stdout.split("\0")[1:]


def described(name: str, diff: str) -> Mutant:
    """Return a mutant by mutmut's name for it and the difference that mutmut shows."""
    lines = diff.splitlines()
    return Mutant(function_of(name), _joined(lines, "-"), _joined(lines, "+"))


def function_of(mutant: str) -> str:
    """Return the function, or the class and the method, that mutmut's name for a mutant stands for."""
    mangled = mutant.rpartition("__mutmut_")[0].rpartition(".")[2]
    return mangled.removeprefix("xǁ").replace("ǁ", ".") if "ǁ" in mangled else mangled.removeprefix("x_")


def _joined(lines: Sequence[str], sign: str) -> str:
    return " ".join(line[1:].strip() for line in lines if line.startswith(sign) and line[:3] not in ("---", "+++"))


def told(score: Score, explained: Mapping[Mutant, str]) -> Iterator[str]:
    """Yield what is wrong with a score: survivors that nobody has explained, and explanations of none."""
    for mutant in score.survivors:
        if mutant not in explained:
            yield f"survives: {mutant}"
    for mutant in explained:
        if mutant not in score.survivors:
            yield f"explained, and no survivor: {mutant}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run mutmut on some modules, print scores and survivors, and return 1 where something is unexplained."""
    known = configuration()
    parser = argparse.ArgumentParser(prog="./kit mutate", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(known)}; all unless named")
    wanted = parser.parse_args(arguments).modules or list(known)
    if unknown := [module for module in wanted if module not in known]:
        parser.error(f"no tests are named for {', '.join(unknown)} in {CONFIGURATION.name}")
    wrong = False
    print("| module | mutants | seen | explained | score | seconds |\n|---|--:|--:|--:|--:|--:|", flush=True)
    for module in wanted:
        explained = explained_in(known[module])
        score = mutate(module, **{key: value for key, value in known[module].items() if key != "survivors"})
        share = score.seen / score.mutants
        print(
            f"| `{module}` | {score.mutants} | {score.seen} | {sum(mutant in explained for mutant in score.survivors)} "
            f"| {share:.1%} | {score.seconds:.0f} |",
            flush=True,
        )
        for line in told(score, explained):
            wrong = True
            print(line, flush=True)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
