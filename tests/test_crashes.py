"""Runs that are killed, told to end, or left alone by their driver: what was found is kept, and nothing is left."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from conformance.interrupts import ASKING
from conformance.run import Run
from conformance.suite.controller import Controller
from conftest import Bench, Daemon, Finished, box_of, finish, kill, parent_of, script, until

RULE, VICTIM = "UNDEF-034", "UNDEF-034/alive[paused]"
#: A run of a few scenarios, one of which never ends.
HANGING = ("--rule", RULE, "--workers", "1", "--vice", "hangs", "--report", "report.json")
by_signal = pytest.mark.parametrize("number", ASKING, ids=lambda number: number.name)


def start(bench: Bench, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """Start a run that heeds every signal: in the background, where tests may be, processes ignore some."""
    command = ["env", "--default-signal=INT,TERM,HUP", script("libvirt-conformance")]
    return bench.start([*command, "run", *arguments], **more)


def outcomes(report: Any, rule: str = RULE) -> dict[str, str]:
    """Return the outcomes of a rule's scenarios."""
    return {s["id"]: s["outcome"] for found in report["rules"] if found["id"] == rule for s in found["scenarios"]}


def message(report: Any, scenario: str) -> str:
    """Return what is said of a scenario."""
    (said,) = [s["message"] for rule in report["rules"] for s in rule["scenarios"] if s["id"] == scenario]
    return str(said)


def check_ended_in_order(bench: Bench, finished: Finished, number: signal.Signals) -> Any:
    """Make sure that a run which was told to end has said so, and has left nothing; return its report."""
    report = bench.report()
    assert (finished.code, report["summary"]["exit_code"], report["complete"]) == (2, 2, False)
    assert [problem for problem in report["problems"] if number.name in problem] == report["problems"]
    assert finished.out.endswith("result:    inconclusive, not finished\n")
    assert finished.err == ""
    assert bench.processes() == []
    assert bench.traces() == []
    return report


# The driver in a process of the kit's own is made a broken one by what Python runs when the fork server starts.

_BROKEN = """
import builtins, os, pathlib, time
import libvirt

def hang(*_arguments):
    pathlib.Path("hanging").touch()
    time.sleep(3600)

def crash(*_arguments):
    os.abort()

def in_workers(call, sound):
    return lambda *given: (call if "PYTEST_XDIST_WORKER" in os.environ else sound)(*given)

def begun_by_execnet(call, sound):
    return lambda *given: (call if "execmodel" in str(given[0]) else sound)(*given)

if b"conformance.forkserver_process" in pathlib.Path("/proc/self/cmdline").read_bytes():
    {code}
"""
HANGS_WHEN_PROBED = "libvirt.virDomain.managedSave = in_workers(libvirt.virDomain.managedSave, hang)"
CRASHES_WHEN_PROBED = "libvirt.virDomain.managedSave = in_workers(libvirt.virDomain.managedSave, crash)"
CRASHES_FOR_EVERYONE = "libvirt.openAuth = in_workers(crash, libvirt.openAuth)"
CRASHES_AT_ONCE = "builtins.eval = begun_by_execnet(crash, eval)"
FAILS_AT_ONCE = "import conformance.suite.plugin as plugin; plugin.pytest_addoption = lambda parser: 1 / 0"
HANGS_FOR_EVERYONE = "libvirt.openAuth = in_workers(hang, libvirt.openAuth)"


def broken(bench: Bench, code: str) -> dict[str, str]:
    """Return an environment in which the driver is broken."""
    folder = bench.folder / "broken"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_BROKEN.format(code=code))
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(folder), bench.environment.get("PYTHONPATH"))))}


# A worker that is lost


def test_a_killed_worker_costs_one_scenario(bench: Bench) -> None:
    """The scenario says how its worker ended and in which call; every other one is judged."""
    process = start(bench, "--rule", RULE, "--vice", "hangs", "--workers", "2", "--report", "report.json")
    kill(box_of(process, bench, VICTIM, "dom.undefine"))
    finished = finish(process)
    report = bench.report()
    found = outcomes(report)
    assert (finished.code, report["complete"], report["problems"]) == (2, True, [])
    assert message(report, VICTIM) == "the worker process was ended by SIGKILL during dom.undefine"
    assert found.pop(VICTIM) == "inconclusive"
    assert set(found.values()) <= {"upheld", "not-applicable"}
    assert "upheld" in found.values()
    assert report["inventory"]["identical"] is True
    assert bench.traces() == []


def test_a_worker_that_is_lost_as_it_is_given_work_ends_no_run() -> None:
    """That it is lost is told by another thread; until then nothing that is sent to it is an error."""
    sent: list[str] = []

    def send(name: str, **_content: object) -> None:
        sent.append(name)
        raise OSError("cannot send (already closed?)")

    run = SimpleNamespace(forks=SimpleNamespace(changes=dict), worker_setup=dict)
    node = SimpleNamespace(workerinput={}, sendcommand=send)
    Controller(cast("Run", run), every_phase=False).pytest_configure_node(node)
    node.sendcommand("runtests", indices=[1, 2])
    assert sent == ["runtests"]
    assert "conformance" in node.workerinput


def test_a_server_that_is_lost_costs_what_was_under_way(bench: Bench) -> None:
    """It takes its processes along; another makes workers for the rest, and one to clean up."""
    process = start(bench, "--rule", RULE, "--vice", "hangs", "--workers", "1", "--report", "report.json")
    kill(parent_of(box_of(process, bench, VICTIM, "dom.undefine")))
    finished = finish(process)
    report = bench.report()
    found = outcomes(report)
    assert (finished.code, report["complete"]) == (2, True)
    assert [problem for problem in report["problems"] if "LVC-305" not in problem] == []
    assert found.pop(VICTIM) == "inconclusive"
    assert set(found.values()) <= {"upheld", "not-applicable"}
    assert "Traceback" not in finished.said
    assert bench.processes() == []
    assert bench.traces() == []


def test_a_driver_that_hangs_is_ended_in_time(bench: Bench) -> None:
    """The watchdog ends the scenario after the time that it was given, and the others are judged."""
    finished = finish(start(bench, *HANGING, "--timeout", "8"))
    report = bench.report()
    found = outcomes(report)
    assert (finished.code, report["complete"], report["problems"]) == (2, True, [])
    said = "the worker process was ended as the scenario took more than 8 s, during dom.undefine"
    assert message(report, VICTIM) == said
    assert [scenario for scenario, outcome in found.items() if outcome == "inconclusive"] == [VICTIM]
    assert bench.traces() == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (CRASHES_FOR_EVERYONE, "was ended by SIGABRT during conn.open"),
        (HANGS_FOR_EVERYONE, "was ended as the scenario took more than 6 s, during conn.open"),
    ],
    ids=["crashes", "hangs"],
)
def test_a_driver_that_ends_every_worker_is_given_up(bench: Bench, code: str, words: str) -> None:
    """The run ends by itself, with a report of how the workers ended and how much was not run."""
    finished = finish(
        start(bench, "--workers", "2", "--timeout", "6", "--report", "report.json", **broken(bench, code))
    )
    report = bench.report()
    (problem,) = report["problems"]
    assert (finished.code, report["complete"]) == (2, True)
    assert "scenarios were given up, as worker after worker was lost" in problem
    assert words in problem
    found = [s for rule in report["rules"] for s in rule["scenarios"] if s["outcome"] == "inconclusive"]
    assert any(words in scenario["message"] for scenario in found)
    assert report["summary"]["scenarios"]["upheld"] == 0
    assert bench.processes() == []
    assert bench.traces() == []


@pytest.mark.parametrize(
    ("code", "words"),
    [(CRASHES_AT_ONCE, "a fault of the kit: "), (FAILS_AT_ONCE, "(ZeroDivisionError: division by zero)")],
    ids=["crash", "fail"],
)
def test_workers_that_cannot_even_start_are_a_problem_of_the_run(bench: Bench, code: str, words: str) -> None:
    """What keeps every worker from starting is told in the report, and not as a traceback."""
    finished = finish(start(bench, "--report", "report.json", **broken(bench, code)))
    report = bench.report()
    assert (finished.code, report["summary"]["exit_code"]) == (2, 2)
    assert words in report["problems"][-1]
    assert "Traceback" not in finished.said
    assert bench.processes() == []
    assert bench.traces() == []


def test_a_driver_that_crashes_when_it_is_probed_is_one_sentence(bench: Bench) -> None:
    """Without capabilities nothing can be judged; the report says what ended the attendant."""
    finished = finish(start(bench, "--report", "report.json", **broken(bench, CRASHES_WHEN_PROBED)))
    report = bench.report()
    assert (finished.code, report["complete"], len(report["problems"])) == (2, True, 1)
    assert "LVC-305" in finished.err
    assert finished.err.count("\n") == 1
    assert bench.traces() == []


# A run that is told to end


@by_signal
def test_a_run_that_is_told_to_end_while_it_probes_ends_in_order(bench: Bench, number: signal.Signals) -> None:
    """The report says that nothing was judged, and why."""
    process = start(bench, "--report", "report.json", **broken(bench, HANGS_WHEN_PROBED))
    until((bench.folder / "hanging").exists)
    process.send_signal(number)
    report = check_ended_in_order(bench, finish(process), number)
    assert {rule["verdict"] for rule in report["rules"]} == {"inconclusive"}


@by_signal
def test_a_run_that_is_told_to_end_while_it_runs_keeps_what_it_found(bench: Bench, number: signal.Signals) -> None:
    """What was judged before the signal is in the report; what was not says that the run was interrupted."""
    process = start(bench, *HANGING)
    box_of(process, bench, VICTIM, "dom.undefine")
    process.send_signal(number)
    report = check_ended_in_order(bench, finish(process), number)
    assert "upheld" in outcomes(report).values()
    assert message(report, VICTIM) == "the run was interrupted before"
    assert report["inventory"]["identical"] is True


def test_a_run_that_is_told_to_end_in_a_later_repetition_keeps_the_first(bench: Bench) -> None:
    """What the first one judged stands in the report, which is not complete, and nothing is left."""
    process = start(bench, "--rule", "UNDEF-011", "--repeat", "256", "--report", "report.json", "--workers", "1")

    def repeated() -> bool:
        # Whether it can be written is tried with an empty file, which is gone at once.
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            return bench.report().get("repetitions", {}).get("done") == 2
        return False

    until(repeated)
    process.terminate()
    report = check_ended_in_order(bench, finish(process), signal.SIGTERM)
    assert report["repetitions"]["done"] >= 2
    assert report["repetitions"]["differing"] == []
    assert set(outcomes(report, "UNDEF-011").values()) == {"upheld"}


@pytest.mark.real
@pytest.mark.parametrize("probing", [True, False], ids=["probing", "running"])
def test_a_run_that_is_told_to_end_leaves_no_domain(short_bench: Bench, daemon: Daemon, *, probing: bool) -> None:
    """In a daemon that lives on, nothing is left of what was being probed or tried."""
    before = daemon.names()
    more = broken(short_bench, HANGS_WHEN_PROBED) if probing else {}
    process = start(short_bench, "--uri", daemon.uri, *HANGING, **more)
    if probing:
        until((short_bench.folder / "hanging").exists)
    else:
        box_of(process, short_bench, VICTIM, "dom.undefine")
    assert daemon.names() > before
    process.terminate()
    check_ended_in_order(short_bench, finish(process), signal.SIGTERM)
    assert daemon.names() == before


@pytest.mark.real
def test_a_driver_that_crashes_when_it_is_probed_leaves_no_domain(short_bench: Bench, daemon: Daemon) -> None:
    """What the attendant had made when it was lost is removed by another."""
    before = daemon.names()
    finished = finish(start(short_bench, "--uri", daemon.uri, **broken(short_bench, CRASHES_WHEN_PROBED)))
    assert finished.code == 2
    assert "LVC-305" in finished.err
    assert daemon.names() == before
    assert short_bench.traces() == []


def test_pytests_own_command_ends_in_order_too(bench: Bench) -> None:
    """Through the second door a SIGTERM is heard as through the first."""
    options = ("--pyargs", "conformance", "--libvirt-uri=test:///default", "--libvirt-report=report.json")
    command = ["env", "--default-signal=INT,TERM,HUP", script("pytest"), *options]
    process = bench.start(command, **broken(bench, HANGS_WHEN_PROBED))
    until((bench.folder / "hanging").exists)
    process.terminate()
    finished = finish(process)
    report = bench.report()
    assert (finished.code, report["complete"]) == (2, False)
    assert "SIGTERM" in finished.said
    assert "Traceback" not in finished.said
    assert bench.processes() == []
    assert bench.traces() == []


def test_probe_leaves_nothing_when_it_is_told_to_end(bench: Bench) -> None:
    """The command that only probes ends in order as well."""
    command = ["env", "--default-signal=INT,TERM,HUP", script("libvirt-conformance"), "probe"]
    process = bench.start(command, **broken(bench, HANGS_WHEN_PROBED))
    until((bench.folder / "hanging").exists)
    process.terminate()
    finished = finish(process)
    assert (finished.code, finished.out, finished.err.count("\n")) == (2, "", 1)
    assert bench.processes() == []
    assert bench.traces() == []


# A run that is killed


@pytest.mark.real
@pytest.mark.parametrize("probing", [True, False], ids=["probing", "running"])
def test_clean_removes_what_a_killed_run_left(short_bench: Bench, daemon: Daemon, *, probing: bool) -> None:
    """The processes of the run end with it; clean removes its domains, its folders and its ledger."""
    before = daemon.names()
    more = broken(short_bench, HANGS_WHEN_PROBED) if probing else {}
    process = start(short_bench, "--uri", daemon.uri, *HANGING, **more)
    if probing:
        until((short_bench.folder / "hanging").exists)
    else:
        box_of(process, short_bench, VICTIM, "dom.undefine")
    process.kill()
    finish(process)
    assert daemon.names() > before
    finished = short_bench.kit("clean", daemon.uri)
    assert (finished.code, finished.err) == (0, "")
    assert " removed " in finished.out
    assert daemon.names() == before
    assert short_bench.traces() == []
    until(lambda: not short_bench.processes())


def test_a_killed_run_has_written_what_it_knew(bench: Bench) -> None:
    """What was judged is on disk soon, in a report that says of itself that it is unfinished."""
    process = start(bench, *HANGING)
    box_of(process, bench, VICTIM, "dom.undefine")
    until(lambda: (bench.folder / "report.json").exists() and "upheld" in outcomes(bench.report()).values())
    process.kill()
    finish(process)
    report = bench.report()
    assert (report["complete"], message(report, VICTIM)) == (False, "no worker reported it")
    assert bench.kit("clean").code == 0
    assert bench.traces() == []


# A driver that says nothing, and a report that cannot be written


@pytest.fixture
def silent(short_bench: Bench) -> Iterator[Path]:
    """Give a socket that accepts connections and never says a word."""
    path = Path(f"{short_bench.temporary}.s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        yield path
    path.unlink()


def test_a_daemon_that_never_answers_is_given_up(short_bench: Bench, silent: Path) -> None:
    """After its time the run ends with a report that says so."""
    uri = f"test+unix:///default?socket={silent}"
    finished = finish(start(short_bench, "--uri", uri, "--timeout", "2", "--report", "report.json"))
    report = short_bench.report()
    assert (finished.code, report["complete"]) == (2, True)
    assert [problem.split()[0] for problem in report["problems"]] == ["LVC-304"]
    assert {rule["verdict"] for rule in report["rules"]} == {"inconclusive"}
    assert finished.err == f"libvirt-conformance: {report['problems'][0]}\n"
    assert short_bench.processes() == []
    assert short_bench.traces() == []


@by_signal
def test_a_run_can_be_ended_while_a_daemon_is_silent(short_bench: Bench, silent: Path, number: signal.Signals) -> None:
    """A connection that is never answered holds up nobody who wants the run to end."""
    process = start(short_bench, "--uri", f"test+unix:///default?socket={silent}", "--report", "report.json")
    until(lambda: list(short_bench.temporary.glob("lvc-run-*")))
    process.send_signal(number)
    check_ended_in_order(short_bench, finish(process), number)


def test_a_report_whose_folder_is_gone_is_told(bench: Bench) -> None:
    """The verdicts are on the terminal all the same, with the reason why there is no report."""
    folder = bench.folder / "reports"
    folder.mkdir()
    process = start(bench, *HANGING[:-1], str(folder / "report.json"))
    worker = box_of(process, bench, VICTIM, "dom.undefine")
    shutil.rmtree(folder)
    kill(worker)
    finished = finish(process)
    assert finished.code == 2
    assert "LVC-103" in finished.out
    assert "UNDEF-034" in finished.out
    assert "Traceback" not in finished.said
    assert bench.traces() == []


def test_a_report_for_which_there_is_no_room_is_told(bench: Bench) -> None:
    """A full disk is no traceback, and no success."""
    finished = finish(start(bench, "--rule", "UNDEF-011", "--workers", "1", "--report", "/dev/full"))
    assert finished.code == 2
    assert "LVC-103" in finished.out
    assert "Traceback" not in finished.said
    assert bench.traces() == []


def test_an_exit_code_does_not_depend_on_who_reads(bench: Bench) -> None:
    """A reader that has seen enough, such as head, changes neither the report nor the code."""
    read, write = os.pipe()
    os.close(read)
    command = [script("libvirt-conformance"), "run", "--rule", "UNDEF-015", "--report", "report.json"]
    finished = subprocess.run(
        command,
        cwd=bench.folder,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env=bench.environment,
    )
    os.close(write)
    assert (finished.returncode, finished.stderr) == (4, "")
    assert bench.report()["summary"]["exit_code"] == 4
