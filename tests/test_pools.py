"""Evidence from the disks of a host that this machine cannot see: storage pools of the kit's own show them.

The host is a libvirtd in a mount namespace of its own, whose folders are not this machine's.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import libvirt
import pytest

from conformance.driver.handle import Handle
from conformance.driver.pools import FOLDERS, Pools, destroy, destroy_all, make, survey
from conformance.journal import Journal
from conformance.ledger import Ledger
from conftest import Bench, finish, kill, on_a_mount, until
from test_access import HIDDEN, LIBVIRTD, PATH

NEEDED = ("libvirtd", "unshare", "qemu-system-x86_64")
UUID = "8c5d8f4e-0000-4000-8000-000000000001"
DOMAIN = f"""
<domain type='qemu'><name>lvc-evidence</name><uuid>{UUID}</uuid><memory unit='MiB'>32</memory>
  <os><type>hvm</type></os>
</domain>"""

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.geteuid() != 0 or not all(shutil.which(name, path=PATH) for name in NEEDED),
        reason=f"needs root, {', '.join(NEEDED)}",
    ),
    on_a_mount,
]


def answers(place: Path) -> bool:
    """Tell whether somebody listens at a socket, which is there a moment before."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(place)) == 0


@pytest.fixture(scope="module")
def uri() -> Iterator[str]:
    """Give a daemon of the system whose folders this machine does not see."""
    folder = Path(tempfile.mkdtemp(prefix="lvt", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "run").mkdir()
    text = LIBVIRTD.format(folder=folder).replace('access_drivers = [ "polkit" ]\n', "")
    (folder / "libvirtd.conf").write_text(text)
    hide = "".join(f"mkdir -p {place}; mount -t tmpfs -o mode=755 tmpfs {place}; " for place in HIDDEN)
    settings = 'stdio_handler = "file"\\nuser = "root"\\ngroup = "root"\\n'
    daemon = f"printf '{settings}' > /etc/libvirt/qemu.conf; exec libvirtd --config {folder}/libvirtd.conf"
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", f"{hide}{daemon} --pid-file {folder}/pid"],
        env={"PATH": PATH},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: answers(folder / "run" / "libvirt-sock"))
        yield f"qemu+unix:///system?socket={folder}/run/libvirt-sock"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


@pytest.fixture
def conn(uri: str) -> Iterator[Handle]:
    """Give a connection to the daemon."""
    raw = libvirt.open(uri)
    yield Handle(raw, "conn", Journal())
    raw.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Give a ledger."""
    return Ledger.open("test:///default", "0123abcd", folder=tmp_path)


def pools_of(conn: Handle) -> list[str]:
    """Return the names of the pools that the daemon has."""
    return [pool.name() for pool in conn.raw.listAllStoragePools(0)]


def test_what_a_daemon_keeps_is_seen_through_pools(conn: Handle, ledger: Ledger) -> None:
    """A definition and an autostart link are seen where the daemon keeps them, and are gone with them."""
    domain = conn.raw.defineXML(DOMAIN)
    domain.setAutostart(1)
    try:
        names, said = survey(conn, ledger, UUID, "lvc-evidence")
        look = Pools(conn, ledger, names)
        assert (bool(names), said) == (True, "through storage pools of the kit's own")
        assert sorted(look.named(UUID, "lvc-evidence")) == [
            "qemu/autostart/lvc-evidence.xml",
            "qemu/lvc-evidence.xml",
        ]
        domain.setAutostart(0)
        assert list(look.named(UUID, "lvc-evidence")) == ["qemu/lvc-evidence.xml"]
        assert list(look.named(UUID.replace("1", "2"), "lvc-evidenc")) == []
    finally:
        domain.undefine()
    assert list(look.named(UUID, "lvc-evidence")) == []
    assert set(names.values()) == set(pools_of(conn))
    assert destroy_all(conn, ledger.pools()) == (len(names), [])
    assert pools_of(conn) == []


def test_files_in_a_folder_named_after_a_domain_are_seen_and_an_empty_one_is_none(conn: Handle, ledger: Ledger) -> None:
    """Metadata of a snapshot lies in a folder; the folder alone is no evidence, and looking leaves no pool."""
    domain = conn.raw.defineXML(DOMAIN)
    try:
        names, _ = survey(conn, ledger, UUID, "lvc-evidence")
        look = Pools(conn, ledger, names)
        snapshot = f"<domainsnapshot><name>kept</name><creationTime>1</creationTime><state>shutoff</state>{DOMAIN}"
        taken = domain.snapshotCreateXML(snapshot + "</domainsnapshot>", libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE)
        assert "qemu/snapshot/lvc-evidence/kept.xml" in list(look.named(UUID, "lvc-evidence"))
        taken.delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY)
        assert list(look.named(UUID, "lvc-evidence")) == ["qemu/lvc-evidence.xml"]
        assert set(names.values()) == set(pools_of(conn))
    finally:
        domain.undefine()
        destroy_all(conn, ledger.pools())


def test_a_folder_that_another_pool_is_over_is_not_looked_at(conn: Handle, ledger: Ledger) -> None:
    """Where the daemon makes no pool there is no evidence, and the other pool stays."""
    others = make(conn, ledger, FOLDERS[0])
    assert others is not None
    assert make(conn, ledger, FOLDERS[0]) is None
    assert Pools(conn, ledger, {}).contents(FOLDERS[0]) == []
    assert pools_of(conn) == [others]
    destroy(conn, others)


def test_a_pool_that_has_come_by_a_name_is_left_alone(conn: Handle, ledger: Ledger) -> None:
    """Only a pool with the name and the UUID in the ledger is taken away."""
    name = make(conn, ledger, FOLDERS[0])
    assert name is not None
    assert destroy_all(conn, [(name, UUID)]) == (0, [])
    assert pools_of(conn) == [name]
    assert destroy_all(conn, ledger.pools()) == (1, [])


def test_a_run_judges_by_what_the_pools_show_and_leaves_none(short_bench: Bench, uri: str, conn: Handle) -> None:
    """Evidence from the host is a capability of such a driver, all is judged, and the daemon is as before."""
    command = ["run", "--uri", uri, "--rule", "UNDEF-001", "--rule", "UNDEF-017", "--report", "report.json"]
    finished = finish(short_bench.start_kit(*command))
    report = short_bench.report()
    [found] = [each for each in report["capabilities"] if each["id"] == "host-evidence"]
    assert found["present"] is True
    assert re.search(r"after defineXML: qemu/lvc-\S+\.xml, through storage pools", found["evidence"])
    assert (finished.code, report["problems"], report["inventory"]["identical"]) == (0, [], True)
    assert (pools_of(conn), short_bench.traces()) == ([], [])


def test_clean_takes_the_pools_of_a_killed_run_away(short_bench: Bench, uri: str, conn: Handle) -> None:
    """A run that is killed leaves pools, and clean removes them."""
    process = short_bench.start_kit("run", "--uri", uri, "--rule", "UNDEF-034", "--workers", "1")
    until(lambda: pools_of(conn))
    kill(process.pid)
    process.communicate()
    finished = short_bench.kit("clean", uri)
    assert (finished.code, pools_of(conn), short_bench.traces()) == (0, [], [])
