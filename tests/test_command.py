"""The installed command, end to end, from a folder of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import main
from conformance.formats import FORMATS
from conformance.ledger import uri_key
from conformance.machine import NO_SUCH_DISK
from conformance.specification import load_specification
from conftest import Bench, Judged, script

FEW = ("--rule", "UNDEF-011", "--workers", "1")
HUSH = "S3cr3t"


def files_below(*folders: Path) -> list[Path]:
    """Return every file and folder below some folders."""
    return [path for folder in folders if folder.exists() for path in sorted(folder.rglob("*"))]


# Without a driver


def test_list_shows_every_rule(bench: Bench) -> None:
    """A line for each rule, and the sums."""
    finished = bench.kit("list")
    specification = load_specification()
    assert (finished.code, finished.err) == (0, "")
    rules = specification.catalog.rules
    assert [line.split()[0] for line in finished.out.splitlines()[: len(rules)]] == list(rules)
    assert f"{len(rules)} rules, {len(specification.scenarios)} scenarios." in finished.out


def test_what_a_command_does_not_take_leads_to_its_own_help(bench: Bench) -> None:
    """The help of all commands does not tell how `run` takes a URI; that of `run` does."""
    finished = bench.kit("run", "test:///default")
    assert finished.code == 2
    assert "unrecognized arguments: test:///default; see libvirt-conformance run --help." in finished.err


def test_a_level_is_taken_as_reports_write_it(bench: Bench) -> None:
    """What is copied out of a report is no mistake: the rule that is asked for beside it is the first one."""
    finished = bench.kit("run", "--level", "SHOULD", "--rule", "UNDEF-999")
    assert "LVC-102" in finished.err


def test_explain_shows_a_rule_whole(bench: Bench) -> None:
    """The sentence, the reason, the needs and every scenario stand below the title, whatever the id's case."""
    finished = bench.kit("explain", "undef-011")
    specification = load_specification()
    rule = specification.catalog.rules["UNDEF-011"]
    flat = " ".join(finished.out.split())
    assert finished.code == 0
    assert all(text in flat for text in (rule.title, rule.statement, rule.reason, f"{rule.page}:{rule.line}"))
    assert all(scenario.id in flat for scenario in specification.scenarios if scenario.rule == rule.id)


def test_lint_finds_nothing_in_what_is_shipped(bench: Bench) -> None:
    """The shipped specification is in order."""
    finished = bench.kit("lint")
    assert (finished.code, finished.err) == (0, "")


MISTAKES = {
    "unknown command": (("sing",), "LVC-101"),
    "unknown rule": (("run", "--rule", "UNDEF-999"), "LVC-102"),
    "report in no folder": (("run", "--report", "nowhere/r.json"), "LVC-103"),
    "malformed URI": (("run", "--uri", f"qemu+tls://me:{HUSH}@[::1/system"), "LVC-301"),
}
MORE_MISTAKES = {
    "nothing": ((), "LVC-101"),
    "unknown option": (("run", "--loud"), "LVC-101"),
    "no workers": (("run", "--workers", "0"), "LVC-101"),
    "no time": (("run", "--timeout", "nan"), "LVC-101"),
    "unknown level": (("run", "--level", "may"), "LVC-101"),
    "unknown vice": (("run", "--vice", "kindness"), "LVC-101"),
    "one file for two": (("run", "--report", "one", "--junit", "one"), "LVC-101"),
    "explain without a rule": (("explain",), "LVC-101"),
    "explain an unknown rule": (("explain", "UNDEF-999"), "LVC-102"),
    "a rule with a slip": (("run", "--rule", "UNDEF-11"), "LVC-102"),
    "report that is a folder": (("run", "--report", "."), "LVC-103"),
    "report of too long a name": (("run", "--report", "r" * 300), "LVC-103"),
    "JUnit file in no folder": (("run", "--junit", "nowhere/r.xml"), "LVC-103"),
    "empty URI": (("run", "--uri", ""), "LVC-301"),
    "URI without a scheme": (("run", "--uri", "default"), "LVC-301"),
    "probe of no URI": (("probe", "default"), "LVC-301"),
    "clean of no URI": (("clean", "default"), "LVC-301"),
}


def check_one_sentence(code: int, out: str, err: str, wanted: str) -> None:
    """Make sure that a mistake ended with exit code 2 and one line: the code, what is wrong and what to do."""
    assert (code, out) == (2, "")
    assert err.startswith(f"libvirt-conformance: {wanted} ")
    assert err.count("\n") == 1
    assert len(err) < 500
    assert err.endswith(".\n")
    assert HUSH not in err


@pytest.mark.parametrize(("arguments", "code"), MISTAKES.values(), ids=MISTAKES)
def test_a_callers_mistake_is_one_sentence(bench: Bench, arguments: tuple[str, ...], code: str) -> None:
    """A mistake is told at once, and leaves neither a file nor a ledger."""
    finished = bench.kit(*arguments)
    check_one_sentence(finished.code, finished.out, finished.err, code)
    assert files_below(bench.folder, bench.temporary, bench.ledgers) == []


@pytest.mark.parametrize(("arguments", "code"), MORE_MISTAKES.values(), ids=MORE_MISTAKES)
def test_every_mistake_is_one_sentence(
    arguments: tuple[str, ...],
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same holds for all others; they are made in this process, as there are many."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    before = signal.getsignal(signal.SIGTERM)
    try:
        returned = main(arguments)
    finally:
        signal.signal(signal.SIGTERM, before)
    check_one_sentence(returned, *capsys.readouterr(), code)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["-", "./-"])
@pytest.mark.parametrize("option", ["report", "deviations", "baseline", *(form.name for form in FORMATS)])
def test_a_run_takes_no_sign_for_a_file(
    option: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A document would stand in the midst of what a person reads, or in a file of a name that nobody meant."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-").write_text("{}")
    returned = main(("run", f"--{option}", name, "--rule", "UNDEF-999"))
    ended = capsys.readouterr()
    check_one_sentence(returned, *ended, "LVC-101")
    assert (
        f"argument --{option}: '{name}' names no file here: it is render that writes to standard output; " in ended.err
    )
    assert (tmp_path / "-").read_text() == "{}"


@pytest.mark.parametrize(
    "words",
    [
        ("prove", "--report", "-"), ("explore", "--report", "-"), ("merge", "a.json", "--report", "-"),
        ("merge", "a.json", "--report", "r.json", "--baseline", "-"),
        ("deviations", "--from", "a.json", "--output", "-"),
    ],
)  # fmt: skip
def test_nor_does_any_command_that_writes_beside_what_it_prints(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of that name is not what anybody means who types it."""
    returned = main(words)
    ended = capsys.readouterr()
    check_one_sentence(returned, *ended, "LVC-101")
    assert "'-' names no file here" in ended.err


def test_a_remedy_names_what_was_called(bench: Bench) -> None:
    """Who calls the command by a script is told to call the script."""
    assert "./kit list shows" in bench.kit("explain", "UNDEF-999", LIBVIRT_CONFORMANCE_CALLED_AS="./kit").err
    assert "usage: ./kit " in bench.kit("--help", LIBVIRT_CONFORMANCE_CALLED_AS="./kit").out
    assert "libvirt-conformance list shows" in bench.kit("explain", "UNDEF-999").err


def test_a_folder_that_is_gone_is_one_sentence(bench: Bench) -> None:
    """A run in a folder that somebody has removed meanwhile tells so, and needs no traceback for it."""
    command = ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh", script("libvirt-conformance")]
    finished = bench.run([*command, "run", *FEW])
    assert (finished.code, finished.err.count("\n")) == (2, 1)
    assert "LVC-101 the folder in which the command was called is gone; go to one that exists." in finished.err


def test_help_and_version_are_no_mistakes(bench: Bench) -> None:
    """They end with success, and the exit codes stand in the help."""
    assert "0 conformant" in bench.kit("--help").out
    assert bench.kit("--version").out.startswith("libvirt-conformance ")


# A whole run


def test_a_run_ends_with_the_code_of_its_report(judged: Judged) -> None:
    """The run is complete, was judged, and says on the terminal what it says in the report."""
    assert judged.finished.err == ""
    assert judged.finished.code == judged.report["summary"]["exit_code"]
    assert judged.finished.code in (0, 1)
    assert judged.report["complete"] is True
    assert judged.report["problems"] == []
    assert "\nreport:    report.json\njunit:     junit.xml\n" in judged.finished.out
    word = "conformant" if judged.finished.code == 0 else "not conformant"
    assert judged.finished.out.splitlines()[-1].startswith(f"result:    {word}")


def test_every_scenario_of_the_features_is_in_the_report(judged: Judged) -> None:
    """None is lost and none is new but the table's: the report holds what the Gherkin tree holds, by rule, in order."""
    found = [s["id"] for rule in judged.report["rules"] for s in rule["scenarios"] if not is_of_table(s)]
    ordered = sorted(load_specification().scenarios, key=lambda scenario: scenario.rule)
    assert found == [scenario.id for scenario in ordered]


def is_of_table(scenario: Any) -> bool:
    """Tell whether an entry is the decision table's and no scenario's."""
    return scenario["id"].partition("/")[2].partition("[")[0] == "table"


def test_everything_else_was_left_as_it_was(judged: Judged) -> None:
    """The inventory was taken and is identical, and neither a ledger nor a folder is left."""
    inventory = judged.report["inventory"]
    assert inventory["identical"] is True
    assert inventory["objects"] > 0
    assert files_below(judged.bench.temporary, judged.bench.ledgers) == []


def test_every_capability_has_evidence(judged: Judged) -> None:
    """Each capability of the specification was asked for, and each flag of undefine too."""
    wanted = list(load_specification().catalog.capabilities)
    assert [finding["id"] for finding in judged.report["capabilities"]] == wanted
    assert len(judged.report["undefine_flags"]) == 7


def test_a_conviction_says_everything(judged: Judged) -> None:
    """What convicts has the step, the demand, the observation, a script, and of a scenario the calls."""
    convicted = [s for rule in judged.report["rules"] for s in rule["scenarios"] if s["outcome"] == "violated"]
    for scenario in convicted:
        assert all(scenario[field] for field in ("message", "expected", "observed", "reproducer")), scenario
        assert bool(scenario["calls"]) != is_of_table(scenario)


def observed(scenario: Any) -> str:
    """Return a pattern that a line of the reproducer's has to match: what was observed, as a script shows it."""
    seen = scenario["observed"]
    call = scenario["expected"].split()[0]
    if seen == "it succeeded":
        # The call that was to be refused returned: its line holds a value and no error.
        return rf"{call}\(.*\) -> (0|None)"
    if failed := re.fullmatch(r"it failed with \w+ \((.*)\)", seen):
        return rf"{call}\(.*\) -> {re.escape(failed[1])}"
    subject, _, value = seen.partition(" is ")
    return re.escape(f"{subject} -> {value}")


def test_each_reproducer_shows_its_violation_again(judged: Judged) -> None:
    """Run without the kit, each script prints what the scenario observed, and leaves nothing on standard error."""
    convicted = [s for rule in judged.report["rules"] for s in rule["scenarios"] if s["outcome"] == "violated"]

    def replay(scenario: Any) -> subprocess.CompletedProcess[str]:
        # Isolated, so that the script has nothing but Python and libvirt.
        command = [sys.executable, "-I", "-c", scenario["reproducer"]]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=judged.bench.environment)

    with ThreadPoolExecutor(2) as pool:
        for scenario, replayed in zip(convicted, pool.map(replay, convicted), strict=True):
            assert replayed.returncode == 0, replayed.stderr
            lines = replayed.stdout.splitlines()
            assert any(re.fullmatch(observed(scenario), line) for line in lines), (scenario["id"], replayed.stdout)
            assert "conformance" not in scenario["reproducer"].replace(NO_SUCH_DISK, "")


# Ways to run


def outcomes(report: Any) -> dict[str, str]:
    """Return the outcome of every scenario."""
    return {s["id"]: s["outcome"] for rule in report["rules"] for s in rule["scenarios"]}


def test_order_and_number_of_workers_change_no_verdict(judged: Judged, bench: Bench) -> None:
    """Shuffled and with another number of workers, every scenario comes to the same."""
    workers = judged.report["timing"]["workers"] + 1
    bench.kit("run", "--report", "report.json", "--shuffle", "1", "--workers", str(workers))
    report = bench.report()
    assert report["timing"]["workers"] == workers
    assert outcomes(report) == outcomes(judged.report)


def test_a_rule_can_be_judged_alone(bench: Bench) -> None:
    """What was not asked for is not run, and is in the report as that; ids may be typed in any case."""
    finished = bench.kit(
        "run", "--rule", "undef-011", "--rule", "UNDEF-001", "--workers", "1", "--report", "report.json"
    )
    verdicts = {rule["id"]: rule["verdict"] for rule in bench.report()["rules"]}
    assert finished.code == 0
    assert {rule for rule, verdict in verdicts.items() if verdict != "not-run"} == {"UNDEF-001", "UNDEF-011"}


@pytest.mark.parametrize(("level", "code"), [("must", 0), ("should", 1)])
def test_the_level_decides_whether_a_should_fails_the_run(bench: Bench, level: str, code: int) -> None:
    """The test driver breaks UNDEF-007, a SHOULD: a warning at one level and a failure at the other."""
    finished = bench.kit("run", "--rule", "UNDEF-007", "--workers", "1", "--level", level, "--report", "report.json")
    report = bench.report()
    assert (finished.code, report["summary"]["exit_code"], report["summary"]["level"]) == (code, code, level.upper())
    assert "UNDEF-007 violated (SHOULD)" in finished.out


def test_nothing_applicable_is_a_result_of_its_own(bench: Bench) -> None:
    """A driver to which no selected rule applies is neither conformant nor not."""
    finished = bench.kit("run", "--rule", "UNDEF-015", "--report", "report.json")
    assert (finished.code, bench.report()["summary"]["exit_code"]) == (4, 4)
    assert bench.report()["complete"] is True


def test_probe_shows_what_a_driver_can_do(bench: Bench) -> None:
    """Each capability with its evidence, the flags, and how many scenarios apply; nothing is left behind."""
    finished = bench.kit("probe")
    assert (finished.code, finished.err) == (0, "")
    assert all(name in finished.out for name in load_specification().catalog.capabilities)
    assert "scenarios on this driver" in finished.out
    assert files_below(bench.temporary, bench.ledgers) == []


def test_clean_finds_nothing_where_nothing_is_left(bench: Bench) -> None:
    """After no run, and after one that ended in order, there is nothing to remove."""
    finished = bench.kit("clean")
    assert (finished.code, finished.out) == (0, "test:///default: nothing was left.\n")


def test_clean_says_that_another_uri_has_something_left(bench: Bench) -> None:
    """Who forgets the URI of the run that was killed is not told that all is well."""
    bench.ledgers.mkdir(parents=True)
    for number in "12":
        header = {"run": f"0000000{number}", "pid": 1, "start": "not this one", "uri": "qemu:///embed"}
        (bench.ledgers / f"{uri_key('qemu:///embed')}-0000000{number}.jsonl").write_text(json.dumps(header) + "\n")
    finished = bench.kit("clean")
    assert finished.code == 0
    assert "test:///default: nothing was left.\n" in finished.out
    assert "killed runs against qemu:///embed: clean takes" in finished.out
    assert bench.kit("clean", "qemu:///embed").out == "qemu:///embed: nothing was left.\n"
    assert bench.kit("clean").out == "test:///default: nothing was left.\n"


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_a_caller_may_have_closed_the_streams(bench: Bench, closed: str) -> None:
    """A supervisor may leave none of them; the report is written, and the code is its."""
    command = f"exec {script('libvirt-conformance')} run --rule UNDEF-011 --report report.json {closed}"
    finished = bench.run(["sh", "-c", command])
    report = bench.report()
    assert (finished.code, report["complete"], report["problems"]) == (0, True, [])
    assert finished.err == ""


def test_the_output_can_be_cut_off(bench: Bench) -> None:
    """A reader that has seen enough, such as head, causes no traceback."""
    read, write = os.pipe()
    os.close(read)
    command = [str(Path(sys.executable).with_name("libvirt-conformance")), "list"]
    finished = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, text=True, check=False, env=bench.environment
    )
    os.close(write)
    assert finished.stderr == ""


def test_an_output_that_was_cut_off_says_nothing_good_about_a_driver(bench: Bench) -> None:
    """What could not be said to the end is no success, whoever has stopped to read."""
    read, write = os.pipe()
    os.close(read)
    files = sorted(map(str, (Path(__file__).parents[1] / "results").glob("*.json")))
    command = [str(Path(sys.executable).with_name("libvirt-conformance")), "matrix", *files]
    finished = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, text=True, check=False, env=bench.environment
    )
    os.close(write)
    assert (finished.returncode, finished.stderr) == (2, "")


# Beside others' files


def test_a_hostile_folder_changes_nothing(bench: Bench) -> None:
    """pytest's own files and variables in the way are about other tests, and Python's are nobody's."""
    (bench.folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option -p no_such_plugin\n")
    (bench.folder / "conftest.py").write_text("raise SystemExit('hostile')\n")
    (bench.folder / "setup.cfg").write_text("[tool:pytest]\naddopts = -x --collect-only\n")
    (bench.folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\nminversion = '99'\n")
    (bench.folder / "tox.ini").write_text("[pytest]\nxfail_strict = nonsense\n")
    for name in ("libvirt.py", "pytest.py", "conformance.py", "json.py"):
        (bench.folder / name).write_text("raise SystemExit('hostile')\n")
    finished = bench.kit(
        "run", *FEW, "--report", "report.json", PYTEST_ADDOPTS="--collect-only -x", PYTEST_PLUGINS="no_such_plugin"
    )
    assert (finished.code, finished.err) == (0, "")
    assert bench.report()["complete"] is True


# Drivers that are not there


def given_up(bench: Bench, uri: str, *more: str) -> tuple[str, str]:
    """Run against a driver that cannot be reached; return what was said, and the report's text."""
    finished = bench.kit("run", "--uri", uri, "--report", "report.json", "--junit", "junit.xml", *more)
    report = bench.report()
    assert finished.code == 2
    assert (report["summary"]["exit_code"], report["complete"]) == (2, True)
    assert {rule["verdict"] for rule in report["rules"]} == {"inconclusive"}
    assert finished.err.count("\n") == 1
    assert finished.err.removeprefix("libvirt-conformance: ").strip() == report["problems"][0]
    assert files_below(bench.temporary, bench.ledgers) == []
    written = "".join(path.read_text(encoding="utf-8") for path in files_below(bench.folder))
    assert HUSH not in finished.said + written
    return finished.err, json.dumps(report)


@pytest.mark.parametrize(
    ("uri", "code", "remedy"),
    [
        (f"nosuch+ssh://me:{HUSH}@host.invalid/system", "LVC-302", "virsh -c"),
        (f"test+nosuch://me:{HUSH}@localhost/default", "LVC-301", "check the URI"),
        ("test:///", "LVC-301", "check the URI"),
        (f"test+unix://me:{HUSH}@localhost/default?socket=/nonexistent/socket", "LVC-301", "check the URI"),
        (f"test+unix:///default?token={HUSH}&socket=/nonexistent/socket", "LVC-302", "virsh -c"),
        ("test:///nonexistent/node.xml", "LVC-302", "check the file"),
        ("qemu:///embed?root=/proc/nowhere", "LVC-302", "driver is installed"),
    ],
    ids=["no such host", "unknown transport", "incomplete", "socket of a host", "no daemon", "no file", "no root"],
)
def test_a_driver_that_is_not_there_is_one_sentence(bench: Bench, uri: str, code: str, remedy: str) -> None:
    """The run ends with exit code 2, a report that says why, and no password anywhere."""
    said, _ = given_up(bench, uri)
    assert code in said
    assert remedy in said


def test_a_daemon_that_refuses_is_one_sentence(bench: Bench) -> None:
    """A port on which nothing listens ends the run at once."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        said, _ = given_up(bench, f"test+tcp://me:{HUSH}@127.0.0.1:{unused.getsockname()[1]}/default")
    assert "LVC-302" in said


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Give a port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_driver_that_never_answers_is_given_up(bench: Bench, silent_port: int) -> None:
    """After its time the run ends with a report, and no process of it waits on."""
    said, _ = given_up(bench, f"test+tcp://me:{HUSH}@127.0.0.1:{silent_port}/default?token={HUSH}", "--timeout", "2")
    assert "LVC-304" in said
    assert "within 2 s" in said


@pytest.mark.parametrize("command", ["probe", "clean"])
def test_probe_and_clean_give_up_too(bench: Bench, silent_port: int, command: str) -> None:
    """The other commands that call a driver do not wait for ever either, and leave nothing behind."""
    uri = f"test+tcp://me:{HUSH}@127.0.0.1:{silent_port}/default"
    if command == "clean":
        # Only what was left makes clean ask the driver.
        bench.run([sys.executable, "-c", f"from conformance.ledger import Ledger; Ledger.open({uri!r}, 'old')"])
    finished = bench.kit(command, uri, "--timeout", "1")
    assert (finished.code, finished.out) == (2, "")
    assert "LVC-304" in finished.err
    assert HUSH not in finished.err
    assert files_below(bench.temporary) == []


def test_a_driver_that_asks_for_a_password_is_told_apart(bench: Bench) -> None:
    """The kit never prompts: it says that credentials are wanted and how to give them."""
    node = bench.folder / "node.xml"
    node.write_text(f"<node><auth><user password='{HUSH}'>astrochicken</user></auth></node>\n")
    finished = bench.kit("run", "--uri", f"test://{node}", "--report", "report.json")
    assert finished.code == 2
    assert "LVC-303" in finished.err
    assert "LVC-303" in bench.report()["problems"][0]
    assert HUSH not in finished.said + (bench.folder / "report.json").read_text()


def test_a_password_in_the_file_of_libvirts_own_lets_in(bench: Bench) -> None:
    """What the remedy names works: with an auth.conf the run goes through."""
    node, auth = bench.folder / "node.xml", bench.folder / "auth.conf"
    node.write_text(f"<node><auth><user password='{HUSH}'>astrochicken</user></auth></node>\n")
    auth.write_text(
        f"[credentials-x]\nusername=astrochicken\npassword={HUSH}\n[auth-test-localhost]\ncredentials=x\n"
        "[auth-test-default]\ncredentials=x\n"
    )
    uri = f"test://{node}?authfile={auth}"
    finished = bench.kit("run", "--uri", uri, "--rule", "UNDEF-001", "--workers", "1", "--report", "report.json")
    assert finished.code == 0, finished.said
    assert HUSH not in finished.said + (bench.folder / "report.json").read_text()


def test_a_password_does_not_get_into_a_run(bench: Bench) -> None:
    """A URI with a password that leads to a driver: it is judged, and the password is nowhere."""
    uri = f"test:///default?password={HUSH}"
    finished = bench.kit("run", "--uri", uri, "--rule", "UNDEF-007", "--workers", "1", "--report", "report.json")
    report = bench.report()
    assert finished.code == 0
    assert report["driver"]["uri"] == "test:///default?password=***"
    assert "password=***" in report["reproduce"]
    assert HUSH not in finished.said + json.dumps(report)


@pytest.mark.parametrize("command", ["probe", "clean"])
@pytest.mark.parametrize("option", [[], ["--uri"]], ids=["word", "option"])
def test_a_uri_is_taken_as_a_word_or_by_the_option(command: str, option: list[str], bench: Bench) -> None:
    """Either way the driver that was named is asked, and no other."""
    ended = bench.kit(command, *option, "test:///nowhere.xml")
    assert "test:///nowhere.xml: " in ended.said
    assert "test:///default" not in ended.said
