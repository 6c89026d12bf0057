"""What probing makes of a driver that starts no guest, and of one that keeps less than it accepts."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import libvirt
import pytest

from conformance.driver.findings import Findings
from conformance.driver.probe import probe
from conformance.driver.session import Session
from conformance.errors import KitError
from conformance.ledger import Ledger

URI = "test:///default"
TOP = Path(__file__).parents[1]
DRIVER = TOP / "src" / "conformance" / "driver"
Way = tuple[Session, Callable[..., None]]


class Lacks(libvirt.libvirtError):
    """A call that the driver does not have."""

    def get_error_code(self) -> int:
        """Return VIR_ERR_NO_SUPPORT."""
        return 3


@pytest.fixture(params=[True])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    """Give a session with the test driver, whose domains are known by stamps or not."""
    made = Session(URI, "t", Ledger.open(URI, "0a0b0c0d", folder=tmp_path, stamped=request.param))
    yield made
    made.close()


def fail(monkeypatch: pytest.MonkeyPatch, error: type[libvirt.libvirtError], *methods: str) -> None:
    """Let calls on a domain fail."""

    def failing(*_args: Any) -> Any:
        raise error("made to fail")

    for method in methods:
        monkeypatch.setattr(libvirt.virDomain, method, failing)


def forget(monkeypatch: pytest.MonkeyPatch, element: str) -> None:
    """Let the driver drop an element of each definition that it is given."""
    dropped = re.compile(rf"<{element}\b.*?</{element}>", re.DOTALL)
    for method in ("defineXML", "createXML"):
        plain = getattr(libvirt.virConnect, method)

        def dropping(conn: Any, xml: str, *args: Any, plain: Any = plain) -> Any:
            return plain(conn, dropped.sub("", xml), *args)

        monkeypatch.setattr(libvirt.virConnect, method, dropping)


def present(findings: Findings) -> dict[str, bool]:
    """Return whether each capability is there."""
    return {name: finding.present for name, finding in findings.capabilities.items()}


def test_a_driver_that_starts_nothing_says_all_the_same_what_it_lacks(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has no call is absent, with all that hangs on it; what might be there is not taken for absent."""
    fail(monkeypatch, libvirt.libvirtError, "create")
    fail(monkeypatch, Lacks, "managedSave", "managedSaveGetXMLDesc", "save")
    found = present(probe(session))
    lacking = ("managed-save", "managed-save-xml", "force-boot", "restore-shown", "image-beside-guest", "save-file")
    assert [name for name in lacking if found[name]] == []
    assert found["start"]
    assert found["pause"]


def test_what_cannot_be_asked_without_a_guest_hangs_on_the_start(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver that has the calls and starts nothing claims what they are for; the test driver lacks one."""
    fail(monkeypatch, libvirt.libvirtError, "create")
    found = present(probe(session))
    assert all(found[name] for name in ("managed-save", "force-boot", "pause", "save-file"))
    assert not found["managed-save-xml"]


def test_an_nvram_file_that_no_definition_shows_is_not_kept(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that takes no notice of the element cannot lose the file, even if it starts nothing."""
    fail(monkeypatch, libvirt.libvirtError, "create")
    assert present(probe(session))["nvram"]
    forget(monkeypatch, "nvram")
    finding = probe(session).capabilities["nvram"]
    assert not finding.present
    assert "names no nvram file" in finding.evidence


@pytest.mark.parametrize("has", [True, False], ids=["has checkpoints", "lacks them"])
def test_where_no_disk_is_taken_the_list_tells_of_checkpoints(
    session: Session, monkeypatch: pytest.MonkeyPatch, has: bool
) -> None:
    """A driver that refuses the kit's disk is not charged with checkpoints that it says it lacks."""
    plain = libvirt.virConnect.defineXML

    def refusing(conn: Any, xml: str) -> Any:
        if "<disk" in xml:
            raise libvirt.libvirtError("no such bus")
        return plain(conn, xml)

    monkeypatch.setattr(libvirt.virConnect, "defineXML", refusing)
    if not has:
        fail(monkeypatch, Lacks, "listAllCheckpoints")
    findings = probe(session)
    found = present(findings)
    assert (found["checkpoint-metadata"], found["snapshot-beside-checkpoint"]) == (has, has)
    assert not any("checkpoint" in problem for problem in findings.left)


def test_a_driver_without_metadata_is_not_probed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kit could not tell its own domains from others', and says what its caller can agree to."""
    forget(monkeypatch, "metadata")
    with pytest.raises(KitError, match="--without-stamp"):
        probe(session)


@pytest.mark.parametrize("session", [False], indirect=True)
def test_a_driver_without_metadata_is_probed_by_agreement(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its domains are known by their names then, and none is left behind."""
    before = {domain.name() for domain in session.connection.raw.listAllDomains(0)}
    forget(monkeypatch, "metadata")
    findings = probe(session, at_once=False)
    assert present(findings)["define"]
    assert findings.left == []
    assert {domain.name() for domain in session.connection.raw.listAllDomains(0)} == before


def test_who_may_be_asked_one_thing_at_a_time_is(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some drivers do not outlive two callers."""
    threads: list[int] = []
    plain = libvirt.virConnect.defineXML

    def noting(conn: Any, xml: str) -> Any:
        threads.append(threading.get_ident())
        return plain(conn, xml)

    monkeypatch.setattr(libvirt.virConnect, "defineXML", noting)
    probe(session, at_once=False)
    one = len(set(threads))
    threads.clear()
    probe(session)
    assert (one, len(set(threads)) > 2) == (2, True)


def test_each_capability_that_is_decided_by_an_effect_is_explained() -> None:
    """The page has a row for each one of which a module says more than whether a call failed."""
    said = {
        name
        for module in DRIVER.glob("probe*.py")
        for name in re.findall(r'\.say\(\s*"([a-z-]+)"', module.read_text(encoding="utf-8"))
    }
    page = (TOP / "docs" / "capabilities.md").read_text(encoding="utf-8")
    assert len(said) > 10
    # A start of emulated guests is told beside that of others, and nothing more.
    rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    assert said - {name for row in rows for name in row.split("`")} == {"start"}


# An active domain that cannot be undefined


class Refuses(libvirt.libvirtError):
    """A call that the driver refuses for what the domain is."""

    def get_error_code(self) -> int:
        """Return VIR_ERR_OPERATION_INVALID."""
        return 55


def refuse_active(monkeypatch: pytest.MonkeyPatch, error: type[libvirt.libvirtError], *, stops: bool = False) -> None:
    """Let undefine of an active domain fail, and stop the guest all the same where that is asked for."""
    plain = libvirt.virDomain.undefine

    def refusing(domain: Any) -> Any:
        if domain.isActive():
            if stops:
                domain.destroy()
            raise error("cannot undefine an active domain")
        return plain(domain)

    monkeypatch.setattr(libvirt.virDomain, "undefine", refusing)


def test_a_driver_that_refuses_to_undefine_active_domains_is_known(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked once, and the evidence says what it answered and which rule judges that."""
    assert probe(session).capabilities["undefine-active"].present
    refuse_active(monkeypatch, Refuses)
    found = probe(session).capabilities["undefine-active"]
    assert not found.present
    assert "OPERATION_INVALID" in found.evidence
    assert "UNDEF-002" in found.evidence


@pytest.mark.parametrize(
    ("error", "stops"), [(libvirt.libvirtError, False), (Refuses, True)], ids=["another error", "not as it was"]
)
def test_a_driver_that_fails_to_undefine_an_active_domain_cannot_show_what_it_claims(
    session: Session, monkeypatch: pytest.MonkeyPatch, error: type[libvirt.libvirtError], stops: bool
) -> None:
    """Only a clean refusal is one; whatever else fails is a driver's fault, and red in each scenario that meets it."""
    refuse_active(monkeypatch, error, stops=stops)
    assert probe(session).capabilities["undefine-active"].present


def test_without_a_guest_nobody_knows_whether_it_could_be_undefined(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever cannot start a guest has not shown that it refuses."""
    fail(monkeypatch, libvirt.libvirtError, "create")
    found = probe(session).capabilities["undefine-active"]
    assert found.present
    assert found.evidence.startswith("not asked: ")
    fail(monkeypatch, Lacks, "create")
    assert not probe(session).capabilities["undefine-active"].present
