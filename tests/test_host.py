"""What is seen on the host's disks: files named after a domain, and nothing that belongs to another."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.driver.host import MISSING, Host, digest, left_behind, places_of

UUID, NAME = "8c5d8f4e-0000-4000-8000-000000000001", "lvc-1"


def put(root: Path, *paths: str) -> Host:
    """Return a host whose driver keeps these files."""
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    return Host((root,))


def test_files_named_after_a_domain_are_seen(tmp_path: Path) -> None:
    """A file counts by its own name or its folder's, by the domain's name or by its UUID."""
    kept = (f"etc/{NAME}.xml", f"etc/autostart/{NAME}.xml", f"lib/save/{NAME}.save", f"lib/snapshot/{NAME}/kept.xml")
    assert put(tmp_path, *kept).answer("kept", UUID, NAME) == tuple(sorted(kept))


def test_a_tpm_is_a_matter_of_its_own(tmp_path: Path) -> None:
    """The state of a TPM outlives an undefine rightly, so it is not among the other files."""
    host = put(tmp_path, f"lib/swtpm/{UUID}/tpm2/state", f"etc/{NAME}.xml")
    assert host.answer("tpm", UUID, NAME) == (f"lib/swtpm/{UUID}/tpm2/state",)
    assert host.answer("kept", UUID, NAME) == (f"etc/{NAME}.xml",)


def test_a_domain_may_be_called_after_a_tpm(tmp_path: Path) -> None:
    """Only the folder says that a file is the state of a TPM."""
    host = put(tmp_path, "etc/tpm.xml", "lib/snapshot/tpm/kept.xml")
    assert host.answer("tpm", UUID, "tpm") == ()
    assert host.answer("kept", UUID, "tpm") == ("etc/tpm.xml", "lib/snapshot/tpm/kept.xml")


@pytest.mark.parametrize(
    "path",
    [
        f"etc/{NAME}0.xml", f"etc/x-{NAME}.xml", "etc/other.xml", f"run/{NAME}.xml", f"log/{NAME}.log",
        f"lib/domain-1-{NAME}/monitor.sock", f"lib/{NAME}.pid", f"lib/.{NAME}.lock", f"etc/{NAME}.xml.new",
        f"cache/{NAME}.xml", f"lib/swtpm/{UUID}/.lock",
    ],
)  # fmt: skip
def test_what_is_anothers_or_passes_is_not_seen(tmp_path: Path, path: str) -> None:
    """Another domain's file, a socket, a message or a file half written is no evidence."""
    host = put(tmp_path, path)
    assert host.answer("kept", UUID, NAME) == ()
    assert host.answer("tpm", UUID, NAME) == ()


def test_a_link_is_evidence_and_is_not_followed(tmp_path: Path) -> None:
    """An autostart link is seen where it stands; a link to a folder leads nowhere."""
    (tmp_path / "autostart").mkdir()
    (tmp_path / "autostart" / f"{NAME}.xml").symlink_to("/nonexistent")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert Host((tmp_path,)).answer("kept", UUID, NAME) == (f"autostart/{NAME}.xml",)


def test_what_a_driver_has_kept_of_a_runs_domains_is_found(tmp_path: Path) -> None:
    """By the beginning of their names, which a rename does not take away, or by their UUIDs; no other's, no message."""
    kept = ("lib/snapshot/lvc-run-gw0-9/kept.xml", f"lib/swtpm/{UUID}/tpm2/state", "etc/lvc-run-p-1.xml")
    put(tmp_path, *kept, "etc/lvc-other-gw0-9.xml", "etc/web.xml", "log/lvc-run-gw0-9.log", "run/lvc-run-gw0-9.xml")
    assert left_behind([tmp_path], "lvc-run-", {UUID}) == sorted(str(tmp_path / path) for path in kept)
    assert left_behind([tmp_path / "missing"], "lvc-run-", {UUID}) == []


def test_a_file_of_the_kits_is_known_by_its_content(tmp_path: Path) -> None:
    """A file that is as it was has the same answer, another content another, and a missing one says so."""
    host = Host((), tmp_path)
    assert host.answer("nvram", UUID, NAME) == MISSING
    host.file(UUID, "nvram").write_bytes(b"one")
    one = host.answer("nvram", UUID, NAME)
    host.file(UUID, "nvram").write_bytes(b"two")
    assert one != MISSING
    assert host.answer("nvram", UUID, NAME) not in (one, MISSING)


def test_a_scenario_without_files_has_none() -> None:
    """Where the kit made no files there is nothing to be missing or to be there."""
    assert Host(()).answer("disk", UUID, NAME) == MISSING


def test_a_folder_in_a_files_place_is_unreadable(tmp_path: Path) -> None:
    """What cannot be read is neither missing nor as it was."""
    assert digest(tmp_path).startswith("unreadable")


@pytest.mark.parametrize(
    ("uri", "places"),
    [
        ("qemu:///embed?root=/tmp/x", (Path("/tmp/x"),)),
        ("qemu:///embed", ()),
        ("qemu+ssh://host/system", ()),
        ("esx://host/", ()),
    ],
)
def test_places_are_those_of_this_machine(uri: str, places: tuple[Path, ...]) -> None:
    """An embedded driver keeps its files below its root; another host's cannot be seen."""
    assert places_of(uri) == places


def test_places_of_the_system_and_of_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the documented folders those count that there are."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "libvirt").mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "none"))
    assert tmp_path / "libvirt" in places_of("qemu:///session")
    assert tmp_path / "none" / "libvirt" not in places_of("qemu:///session")
