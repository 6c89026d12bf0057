"""The files to copy into a build: what they call is there, and the one for a machine without a build server works."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from conftest import Bench, script

FOLDER = Path(__file__).resolve().parents[1] / "integrations"
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file() and path.parent.name != ".fmf")
SHELL = [path for path in FILES if path.read_text(encoding="utf-8").startswith("#!/bin/sh")]


def names(paths: list[Path]) -> list[str]:
    """Return how files are called in the list of tests."""
    return [path.relative_to(FOLDER).as_posix() for path in paths]


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_every_option_is_one_of_the_kit(bench: Bench, path: Path) -> None:
    """No file calls run or render with an option that they do not have."""
    known = bench.kit("run", "--help").out + bench.kit("render", "--help").out
    text = re.sub(r"^ *#.*|.*(?:git clone|apt-get|flock|exec).*", "", path.read_text(encoding="utf-8"), flags=re.M)
    asked = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    assert sorted(option for option in asked if option not in known) == []


def test_there_are_files() -> None:
    """The check above has something to look at."""
    assert len(FILES) == 7
    assert len(SHELL) == 3
    assert all(path.stat().st_mode & 0o111 for path in SHELL)


@pytest.mark.parametrize("path", SHELL, ids=names(SHELL))
def test_shell_is_in_order(path: Path) -> None:
    """A script can be read by the plainest shell."""
    assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0


def test_the_nightly_script_speaks_of_what_got_worse_only(bench: Bench) -> None:
    """The first night makes the baseline and tells of it, the second has nothing to say."""
    command = [str(FOLDER / "cron" / "libvirt-conformance-nightly")]
    settings = {"KIT": script("libvirt-conformance"), "DRIVER_URI": "test:///default", "STATE": str(bench.folder / "s")}
    first = bench.run(command, **settings)
    assert (first.code, "The baseline is made" in first.out) == (1, True)
    second = bench.run(command, **settings)
    assert (second.code, second.said) == (0, "")
    assert {path.name for path in (bench.folder / "s").iterdir()} >= {"baseline.json", "last.json", "last.html"}
