"""The files beside a domain, kept while calls are tried on it and put back where these took them."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from conformance.decision import Holding
from conformance.driver.host import Host
from conformance.driver.kept_files import KeptFiles
from conformance.ledger import Owned

OWNED = Owned("lvc-demo", "6f2b1a34-0c3e-4f0e-9a57-1f0c7f4b9a01")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Give the disks of a driver that keeps a TPM's state, and the kit's own files beside them."""
    state = tmp_path / "driver" / "swtpm" / OWNED.uuid / "tpm2" / "tpm2-00.permall"
    state.parent.mkdir(parents=True)
    state.write_bytes(b"state")
    state.chmod(0o600)
    state.parent.chmod(0o711)
    files = tmp_path / "files"
    files.mkdir()
    (files / f"{OWNED.uuid}.nvram").write_bytes(b"variables")
    return Host((tmp_path / "driver",), files)


def test_what_was_removed_is_there_again(host: Host) -> None:
    """Contents, rights and folders are as they were; a file that is not the domain's is left alone."""
    state = host.places[0] / "swtpm" / OWNED.uuid
    kept = KeptFiles.of(host, OWNED, {Holding.NVRAM, Holding.TPM})
    shutil.rmtree(state)
    host.file(OWNED.uuid, "nvram").unlink()
    (host.places[0] / "swtpm" / "other").mkdir()
    kept.put_back()
    file = state / "tpm2" / "tpm2-00.permall"
    assert file.read_bytes() == b"state"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o711
    assert host.file(OWNED.uuid, "nvram").read_bytes() == b"variables"


def test_what_was_changed_is_as_it_was(host: Host) -> None:
    """A content that a call has replaced is put back, and one that is the same is not written again."""
    nvram = host.file(OWNED.uuid, "nvram")
    kept = KeptFiles.of(host, OWNED, {Holding.NVRAM})
    before = nvram.stat().st_mtime_ns
    kept.put_back()
    assert nvram.stat().st_mtime_ns == before
    nvram.write_bytes(b"others")
    kept.put_back()
    assert nvram.read_bytes() == b"variables"


def test_an_image_is_put_back_beside_documents(host: Host) -> None:
    """The image is there again as it was; a definition is the driver's to write."""
    image, definition = (host.places[0] / f"{OWNED.name}.{ending}" for ending in ("save", "xml"))
    image.write_bytes(b"memory")
    definition.write_text("<domain/>")
    kept = KeptFiles.of(host, OWNED, {Holding.IMAGE})
    image.unlink()
    definition.unlink()
    kept.put_back()
    assert image.read_bytes() == b"memory"
    assert not definition.exists()


def test_only_what_a_domain_holds_is_kept(host: Host) -> None:
    """A TPM's state that goes with a domain which is said to hold none stays away."""
    kept = KeptFiles.of(host, OWNED, {Holding.NVRAM})
    shutil.rmtree(host.places[0] / "swtpm")
    kept.put_back()
    assert not (host.places[0] / "swtpm").exists()


def test_what_cannot_be_made_is_left_to_be_missed(host: Host) -> None:
    """A file in the place of the folder is no end of the run: whoever looks sees that the state is not there."""
    folder = host.places[0] / "swtpm"
    kept = KeptFiles.of(host, OWNED, {Holding.TPM})
    shutil.rmtree(folder)
    folder.write_bytes(b"")
    kept.put_back()
    assert host.answer("tpm", OWNED.uuid, OWNED.name) == ()


def test_files_that_cannot_be_read_are_not_kept(host: Host) -> None:
    """A domain whose files this machine cannot see has none to be put back."""
    host.file(OWNED.uuid, "nvram").unlink()
    KeptFiles.of(host, OWNED, {Holding.NVRAM, Holding.TPM}).put_back()
    assert not host.file(OWNED.uuid, "nvram").exists()
