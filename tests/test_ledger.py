"""The ledger: what a killed run leaves written of the objects that it made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.errors import Unwritable
from conformance.ledger import Ledger, Owned, process_start, uri_key

URI = "test:///default"
NAMES = st.text(max_size=20)
OBJECTS = st.lists(st.one_of(st.tuples(NAMES, NAMES), NAMES.map(Path)), max_size=8)
AGAIN = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(folder: Path, objects: list[tuple[str, str] | Path]) -> Ledger:
    """Begin a ledger anew and announce the objects: pairs are domains, paths are roots."""
    ledger = Ledger.open(URI, "run1", folder=folder)
    ledger.remove()
    ledger = Ledger.open(URI, "run1", folder=folder)
    for announced in objects:
        if isinstance(announced, Path):
            ledger.announce_root(announced)
        else:
            ledger.announce(*announced)
    return ledger


@AGAIN
@given(OBJECTS)
def test_what_was_announced_is_found_again(tmp_path: Path, objects: list[tuple[str, str] | Path]) -> None:
    """Every name, UUID and path comes back as it was, whatever characters it holds, and each domain once."""
    ledger = write(tmp_path, objects)
    assert ledger.domains() == list(dict.fromkeys(Owned(*pair) for pair in objects if isinstance(pair, tuple)))
    assert ledger.roots() == [path for path in objects if isinstance(path, Path)]


@AGAIN
@given(OBJECTS, st.data())
def test_a_ledger_that_was_cut_off_names_nothing_else(
    tmp_path: Path, objects: list[tuple[str, str] | Path], data: st.DataObject
) -> None:
    """At whatever byte a crash of the machine cut it off, it names only what was announced, and all but the last."""
    ledger = write(tmp_path, objects)
    content = ledger.path.read_bytes()
    domains, roots = ledger.domains(), ledger.roots()
    cut = content[: data.draw(st.integers(0, len(content)))]
    ledger.path.write_bytes(cut)
    assert ledger.domains() == domains[: len(ledger.domains())]
    assert ledger.roots() == roots[: len(ledger.roots())]
    assert len(ledger.domains()) + len(ledger.roots()) >= len(set(cut.splitlines()[1:]) - {b""}) - 1


@pytest.mark.parametrize("damage", [b"\0" * 40, b"\xff\xfe\n", b"[1, 2]\n", b"null\n", b'{"name": "x"}\n'])
def test_damage_names_nothing_and_hides_nothing(tmp_path: Path, damage: bytes) -> None:
    """Lines that are no entries are passed over, and those behind them are read."""
    ledger = write(tmp_path, [("a", "1")])
    with ledger.path.open("ab") as file:
        file.write(damage.rstrip(b"\n") + b"\n")
    ledger.announce("b", "2")
    assert ledger.domains() == [Owned("a", "1"), Owned("b", "2")]


def test_a_line_behind_one_that_was_cut_off_is_not_lost(tmp_path: Path) -> None:
    """An object that is announced after a write that a full disk cut short is still found."""
    ledger = write(tmp_path, [])
    with ledger.path.open("ab") as file:
        file.write(b'{"name": "a", "uu')
    ledger.announce("b", "2")
    assert ledger.domains() == [Owned("b", "2")]


def test_an_entry_that_could_not_be_written_whole_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object may be made only after its entry stands on the disk."""
    ledger = write(tmp_path, [])
    whole = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, line: whole(descriptor, line[:5]))
    with pytest.raises((OSError, Unwritable)):
        ledger.announce("a", "1")


def test_the_ledger_of_a_process_that_lives_is_left_alone(tmp_path: Path) -> None:
    """A run that is under way has left nothing behind."""
    ledger = write(tmp_path, [("a", "1")])
    assert ledger.is_alive()
    assert list(Ledger.left_behind(URI, folder=tmp_path)) == []


def test_the_ledger_of_a_process_that_is_no_more_is_found(tmp_path: Path) -> None:
    """A process that ended leaves its ledger to be cleaned up after."""
    code = (
        "from conformance.ledger import Ledger\n"
        "from pathlib import Path\n"
        f"Ledger.open({URI!r}, 'run2', folder=Path({str(tmp_path)!r})).announce('a', '1')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    (found,) = Ledger.left_behind(URI, folder=tmp_path)
    assert (found.run, found.domains()) == ("run2", [Owned("a", "1")])


def test_a_number_that_another_process_has_by_now_does_not_count(tmp_path: Path) -> None:
    """A process is known by when it started too: numbers are given again."""
    ledger = write(tmp_path, [])
    header = json.loads(ledger.path.read_text())
    ledger.path.write_text(json.dumps({**header, "start": "1"}) + "\n")
    assert not ledger.is_alive()


def test_a_uri_has_ledgers_of_its_own(tmp_path: Path) -> None:
    """What was made behind one URI is not looked for behind another, and no name holds a password."""
    uri = "qemu+ssh://user:hush@host/system"
    ledger = Ledger.open(uri, "run1", folder=tmp_path)
    header = json.loads(ledger.path.read_text())
    ledger.path.write_text(json.dumps({**header, "start": "1"}) + "\n")
    assert list(Ledger.left_behind(URI, folder=tmp_path)) == []
    assert [found.path for found in Ledger.left_behind(uri, folder=tmp_path)] == [ledger.path]
    assert "hush" not in ledger.path.name + ledger.path.read_text()
    assert uri_key(uri) != uri_key(URI)


def test_a_ledger_is_its_owners_alone(tmp_path: Path) -> None:
    """Others on the host can neither read nor write what will be removed on the owner's behalf."""
    ledger = Ledger.open(URI, "run1", folder=tmp_path / "new")
    assert ledger.path.stat().st_mode & 0o077 == 0
    assert ledger.path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("stamped", [True, False])
def test_whether_stamps_are_asked_for_outlives_the_run(tmp_path: Path, stamped: bool) -> None:
    """Who cleans up after a run that was killed goes by what its caller had agreed to."""
    Ledger.open(URI, "run1", folder=tmp_path, stamped=stamped).announce("a", "1")
    found = Ledger(tmp_path / f"{uri_key(URI)}-run1.jsonl")
    assert found.stamped is stamped
    assert found.domains() == [Owned("a", "1", stamped)]


def test_without_a_ledger_nothing_is_begun(tmp_path: Path) -> None:
    """A folder that cannot be made is an error with the place, before anything else is."""
    (tmp_path / "file").touch()
    with pytest.raises(Unwritable) as error:
        Ledger.open(URI, "run1", folder=tmp_path / "file" / "folder")
    assert error.value.where == str(tmp_path / "file" / "folder")


def test_there_is_no_start_of_a_process_that_is_not_there() -> None:
    """A number beyond every process has no start, and one's own has."""
    assert process_start(2**31 - 1) == ""
    assert process_start(os.getpid())
