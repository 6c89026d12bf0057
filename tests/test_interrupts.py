"""Signals that ask a run to end: each request is told once, none is lost, and clean-up is not cut short."""

from __future__ import annotations

import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import interrupts
from conformance.interrupts import ASKING, ended_in_order, heard, held_back
from conftest import PATIENCE


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """Give every signal its usual handler, as a test run in the background begins with some ignored."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in ASKING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ASKING, ids=lambda number: number.name)
def test_a_request_to_end_is_told_by_its_name(number: signal.Signals) -> None:
    """Each of the signals raises what a Ctrl-C raises, and afterwards has the handler that it had before."""
    with pytest.raises(KeyboardInterrupt, match=number.name), ended_in_order():
        signal.raise_signal(number)
    assert signal.getsignal(number) is signal.SIG_DFL


def test_the_folder_for_temporary_files_is_known_before_a_request_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Python finds it by writing to it, and an interrupt in that moment would leave what it wrote."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with ended_in_order():
        assert tempfile.tempdir == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_two_signals_at_once_are_one_request() -> None:
    """A supervisor that signals a process and its group does not interrupt what the first signal began."""
    with ended_in_order():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)


def test_a_request_that_was_not_heard_can_be_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks a second time, later, is not ignored before the run has begun to end."""
    monkeypatch.setattr(interrupts, "_ONE_REQUEST", 0.0)
    with ended_in_order():
        for number in (signal.SIGINT, signal.SIGTERM):
            with pytest.raises(KeyboardInterrupt, match=number.name):
                signal.raise_signal(number)


def test_a_run_that_ends_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left to do when a request was heard is done to its end."""
    monkeypatch.setattr(interrupts, "_ONE_REQUEST", 0.0)
    with ended_in_order():
        heard()
        for number in ASKING:
            signal.raise_signal(number)


class Dying:
    """An object in whose end Python lets no exception through."""

    def __del__(self) -> None:
        """Be interrupted at the worst moment."""
        signal.raise_signal(signal.SIGTERM)


def make_one_die_and_wait() -> None:
    """Wait for an interrupt that comes after the object's death."""
    Dying()
    threading.Event().wait(PATIENCE)


def test_a_request_that_python_loses_is_made_again(capsys: pytest.CaptureFixture[str]) -> None:
    """A signal that comes while an object dies raises a moment later, and no traceback tells of it."""
    with pytest.raises(KeyboardInterrupt, match="SIGTERM"), ended_in_order():
        make_one_die_and_wait()
    assert capsys.readouterr() == ("", "")


def test_what_is_ignored_from_the_beginning_stays_ignored() -> None:
    """A run under nohup survives the end of its terminal."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with ended_in_order():
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_another_thread_changes_nothing() -> None:
    """A program that makes a run in a thread keeps its own handlers."""
    seen = []

    def run() -> None:
        with ended_in_order():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL]


def be_interrupted_at_the_start(came: list[str]) -> None:
    """Be asked to end while nothing is to be disturbed."""
    with held_back():
        signal.raise_signal(signal.SIGTERM)
        came.append("the start")


def test_what_is_held_back_comes_afterwards() -> None:
    """A request that comes while a process is being started is told when it has started."""
    came: list[str] = []
    with ended_in_order(), pytest.raises(KeyboardInterrupt, match="SIGTERM"):
        be_interrupted_at_the_start(came)
    assert came == ["the start"]
