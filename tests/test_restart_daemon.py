"""A real daemon that the kit restarts by its operator's command, while several workers are connected to it."""

from __future__ import annotations

import grp
import os
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import Bench, finish, kill

PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
NEEDED = ("libvirtd", "setpriv", "qemu-system-x86_64")
NOBODY = 65534

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not all(shutil.which(name, path=PATH) for name in NEEDED), reason=f"needs {', '.join(NEEDED)}"),
]

START = """\
#!/bin/sh
export PATH={path} HOME={folder} XDG_RUNTIME_DIR={folder} XDG_CONFIG_HOME={folder}/config
cd /
exec {user} libvirtd --daemon --timeout 600 --pid-file {folder}/pid
"""
RESTART = """\
#!/bin/sh
pid=$(cat {folder}/pid)
kill "$pid"
while kill -0 "$pid" 2> /dev/null; do sleep 0.05; done
echo restarted >> {folder}/restarts
exec {folder}/start
"""


@dataclass(frozen=True)
class Daemon:
    """A session daemon: its URIs, and the command that restarts it."""

    folder: Path

    def uri(self, driver: str, path: str) -> str:
        """Return the URI of one of its drivers."""
        return f"{driver}+unix:///{path}?socket={self.folder}/libvirt/libvirt-sock"

    @property
    def restart(self) -> str:
        """The command that restarts it."""
        return str(self.folder / "restart")

    @property
    def restarts(self) -> int:
        """How often it was restarted."""
        file = self.folder / "restarts"
        return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.fixture
def daemon(short_bench: Bench) -> Iterator[Daemon]:
    """Give a session daemon, run by nobody when the tests are run by root, which would get the host's own."""
    folder = short_bench.temporary.with_name(short_bench.temporary.name + "d")
    (folder / "config" / "libvirt").mkdir(parents=True)
    folder.chmod(0o755)
    (folder / "config" / "libvirt" / "qemu.conf").write_text('stdio_handler = "file"\n')
    user = ""
    if os.geteuid() == 0:
        groups = [str(group.gr_gid) for group in grp.getgrall() if group.gr_name == "kvm"]
        user = f"setpriv --reuid {NOBODY} --regid {NOBODY} " + (
            f"--groups {','.join(groups)}" if groups else "--clear-groups"
        )
    for name, text in (("start", START), ("restart", RESTART)):
        (folder / name).write_text(text.format(folder=shlex.quote(str(folder)), path=shlex.quote(PATH), user=user))
        (folder / name).chmod(0o755)
    if user:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    assert short_bench.run([str(folder / "start")]).code == 0
    try:
        yield Daemon(folder)
    finally:
        kill(int((folder / "pid").read_text()))
        shutil.rmtree(folder)


def test_a_daemon_that_forgets_is_not_judged_by_its_restart(short_bench: Bench, daemon: Daemon) -> None:
    """The test driver holds nothing over a restart: the rule does not apply, and probing restarted it once."""
    uri = daemon.uri("test", "default")
    finished = short_bench.kit(
        "run",
        "--uri",
        uri,
        "--restart",
        daemon.restart,
        "--rule",
        "UNDEF-032",
        "--rule",
        "UNDEF-001",
        "--report",
        "report.json",
    )
    report = short_bench.report()
    verdicts = {rule["id"]: rule["verdict"] for rule in report["rules"]}
    (found,) = [each for each in report["capabilities"] if each["id"] == "restart"]
    assert (finished.code, verdicts["UNDEF-001"], verdicts["UNDEF-032"]) == (0, "upheld", "not-applicable")
    assert "restarted by the operator's command; lookupByUUIDString: NO_DOMAIN" in found["evidence"]
    assert daemon.restarts == 1
    assert report["inventory"]["identical"] is True


def test_a_command_that_restarts_nothing_ends_the_run(short_bench: Bench, daemon: Daemon) -> None:
    """A run that could not restart its driver makes no verdict, and says so in a sentence."""
    finished = short_bench.kit("run", "--uri", daemon.uri("test", "default"), "--restart", "true")
    assert finished.code == 2
    assert finished.err.startswith("libvirt-conformance: LVC-307 true: ")
    assert finished.err.count("\n") == 1


def test_a_real_daemon_keeps_its_word_over_a_restart(short_bench: Bench, daemon: Daemon) -> None:
    """A libvirtd with guests is restarted by each scenario in turn, and nobody else's scenario is disturbed by it."""
    process = short_bench.start_kit(
        "run", "--uri", daemon.uri("qemu", "session"), "--restart", daemon.restart, "--workers", "3",
        "--rule", "UNDEF-032", "--rule", "UNDEF-001", "--rule", "UNDEF-008", "--report", "report.json",
    )  # fmt: skip
    finished = finish(process)
    report = short_bench.report()
    scenarios = {s["id"]: s for rule in report["rules"] for s in rule["scenarios"] if s["outcome"] != "not-run"}
    # The daemon's user cannot reach a file that root makes for a domain, which is no matter of restarts.
    judged = {name: s["outcome"] for name, s in scenarios.items() if "nvram" not in name + s["message"]}
    assert set(judged.values()) == {"upheld"}, finished.said
    assert daemon.restarts > sum(name.startswith("UNDEF-032") for name in judged)
    assert report["inventory"]["identical"] is True
