"""Access control on a real daemon: libvirtd asks polkit, and a second client may look and do nothing else.

The message bus, polkit's daemon and libvirtd are the test's own, in mount namespaces where the host's rules and the
host's domains are not to be seen.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import Bench, finish, on_a_mount, until

PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
POLKITD = Path("/usr/lib/polkit-1/polkitd")
NEEDED = ("libvirtd", "dbus-daemon", "unshare", "setpriv", "qemu-system-x86_64")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.geteuid() != 0 or not POLKITD.exists() or not all(shutil.which(name, path=PATH) for name in NEEDED),
        reason=f"needs root, polkitd, {', '.join(NEEDED)}",
    ),
    on_a_mount,
]

BUS = """\
<busconfig>
  <type>system</type>
  <listen>unix:path={folder}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""
RULES = """\
polkit.addRule(function(action, subject) {{
    var may = {may};
    if (action.id.indexOf("org.libvirt.api.") != 0) return polkit.Result.NOT_HANDLED;
    if (subject.user == "root") return polkit.Result.YES;
    return may.indexOf(action.id.substring(16)) >= 0 ? polkit.Result.YES : polkit.Result.NO;
}});
"""
LOOKING = ["connect.getattr", "connect.read", "connect.search-domains", "domain.getattr", "domain.read"]
LIBVIRTD = """\
unix_sock_dir = "{folder}/run"
unix_sock_rw_perms = "0777"
auth_unix_rw = "none"
access_drivers = [ "polkit" ]
"""
#: Folders in which a libvirtd of the host's own would keep things.
HIDDEN = ("/etc/libvirt", "/run/libvirt", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt")
#: What carries a connection as somebody else: libvirt's transport for a command.
CARRIER = """\
import os, socket, threading
there = socket.socket(socket.AF_UNIX)
there.connect({socket!r})
def out():
    while data := os.read(0, 65536):
        there.sendall(data)
    there.shutdown(socket.SHUT_WR)
threading.Thread(target=out, daemon=True).start()
while data := there.recv(65536):
    os.write(1, data)
os._exit(0)
"""


@dataclass(frozen=True)
class Guarded:
    """A libvirtd that asks polkit: the URI of root, and that of a client with certain rights."""

    uri: str
    denied_uri: str


@contextlib.contextmanager
def guarded(folder: Path, may: list[str]) -> Iterator[Guarded]:
    """Give a daemon that asks polkit, and in which ``nobody`` has some rights."""
    for name in ("rules", "run"):
        (folder / name).mkdir()
    (folder / "bus.conf").write_text(BUS.format(folder=folder))
    (folder / "rules" / "10-kit.rules").write_text(RULES.format(may=json.dumps(may)))
    (folder / "libvirtd.conf").write_text(LIBVIRTD.format(folder=folder))
    carrier = folder / "carrier"
    code = shlex.quote(CARRIER.format(socket=f"{folder}/run/libvirt-sock"))
    python = shlex.quote(os.path.realpath("/usr/bin/python3"))
    carrier.write_text(f"#!/bin/sh\nexec setpriv --reuid nobody --clear-groups {python} -I -c {code}\n")
    carrier.chmod(0o755)
    hide = "".join(f"mkdir -p {place}; mount -t tmpfs -o mode=755 tmpfs {place}; " for place in HIDDEN)
    # As another user than root the emulator may find no KVM; it is probed anew at every define then, for half a minute.
    settings = r'stdio_handler = "file"\nuser = "root"\ngroup = "root"\n'
    log = f"printf '{settings}' > /etc/libvirt/qemu.conf; "
    commands = (
        ("bus", f"exec dbus-daemon --config-file={folder}/bus.conf --nofork --nopidfile"),
        ("", f"mount --bind {folder}/rules /etc/polkit-1/rules.d; exec {POLKITD} --no-debug"),
        ("run/libvirt-sock", f"{hide}{log}exec libvirtd --config {folder}/libvirtd.conf --pid-file {folder}/pid"),
    )
    environment = {"PATH": PATH, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder}/bus"}
    with contextlib.ExitStack() as started:
        for there, command in commands:
            process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            started.callback(process.wait)
            started.callback(process.terminate)
            if there:
                until((folder / there).exists)
        yield Guarded(f"qemu+unix:///system?socket={folder}/run/libvirt-sock", f"qemu+ext:///system?command={carrier}")


@pytest.fixture(scope="module")
def daemon() -> Iterator[Guarded]:
    """Give a daemon in which ``nobody`` may look and do nothing else; its emulator is probed once."""
    folder = Path(tempfile.mkdtemp(prefix="lvt", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with guarded(folder, LOOKING) as made:
            yield made
    finally:
        shutil.rmtree(folder)


def judge(bench: Bench, daemon: Guarded, denied_uri: str) -> tuple[int, dict[str, str], dict[str, object]]:
    """Judge a daemon by the rule; return the exit code, the outcomes and what probing said."""
    process = bench.start_kit(
        "run", "--uri", daemon.uri, "--denied-uri", denied_uri, "--rule", "UNDEF-031", "--report", "report.json"
    )
    finished = finish(process)
    report = bench.report()
    outcomes = {
        s["id"]: s["outcome"] for rule in report["rules"] if rule["id"] == "UNDEF-031" for s in rule["scenarios"]
    }
    (found,) = [each for each in report["capabilities"] if each["id"] == "access-control"]
    return finished.code, outcomes, found


def test_a_client_without_rights_is_denied_by_a_real_daemon(short_bench: Bench, daemon: Guarded) -> None:
    """A libvirtd that asks polkit keeps the rule, in every scenario of it."""
    code, outcomes, found = judge(short_bench, daemon, daemon.denied_uri)
    assert (code, set(outcomes.values())) == (0, {"upheld"})
    assert found["present"] is True
    assert str(found["evidence"]).count("ACCESS_DENIED") == 3


def test_a_client_with_every_right_is_no_client_without_rights(short_bench: Bench, daemon: Guarded) -> None:
    """Where the second client may do everything, the rule does not apply, and the evidence says why."""
    code, outcomes, found = judge(short_bench, daemon, daemon.uri)
    assert (code, set(outcomes.values())) == (4, {"not-applicable"})
    assert found["present"] is False
    assert "undefine: success" in str(found["evidence"])
