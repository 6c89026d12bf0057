"""Guests for the hardware that do not start here: emulated ones stand in, where they start."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.driver import probe as probing
from conformance.driver import probe_holdings
from conformance.driver.findings import Finding, Findings
from conformance.driver.host import Host
from conformance.driver.session import Session
from conformance.errors import CannotHost
from conformance.ledger import Ledger
from conformance.machine import Machine


@dataclass
class Driver:
    """A driver's offers, and which of them start."""

    offers: tuple[str, ...]
    starts: tuple[str, ...]
    virt_type: str = ""

    @property
    def machine(self) -> Machine:
        """The first offer, or the one that was chosen."""
        return Machine(self.virt_type or self.offers[0], "hvm", "x86_64")

    def choose(self, virt_type: str) -> None:
        """Take another offer."""
        if virt_type and virt_type not in self.offers:
            raise CannotHost("there is no such offer")
        self.virt_type = virt_type

    def probe(self) -> Findings:
        """Return what probing finds with the machine of now."""
        started = self.machine.type in self.starts
        said = "create: success" if started else "create: INTERNAL_ERROR (no kvm)"
        found = Findings({"start": Finding("start", True, said)})
        found.start_failure = "" if started else "INTERNAL_ERROR (no kvm)"
        return found


class Nobody(ThreadPoolExecutor):
    """Asks nothing side by side."""

    def map(self, *_arguments: Any, **_settings: Any) -> Any:
        """Ask nothing."""
        return iter(())


@pytest.mark.parametrize(
    ("offers", "starts", "chosen", "used"),
    [
        (("kvm", "qemu"), ("kvm", "qemu"), "", "kvm"),
        (("kvm", "qemu"), ("qemu",), "", "qemu"),
        (("kvm", "qemu"), (), "", "kvm"),
        (("kvm",), (), "", "kvm"),
        (("kvm", "qemu"), ("qemu",), "kvm", "kvm"),
    ],
    ids=["hardware starts", "emulated starts", "nothing starts", "no other offer", "the caller chose"],
)
def test_emulated_guests_stand_in_where_they_start(
    monkeypatch: pytest.MonkeyPatch, offers: tuple[str, ...], starts: tuple[str, ...], chosen: str, used: str
) -> None:
    """What the caller chose stays, and the evidence says what did not start."""
    driver: Any = Driver(offers, starts, chosen)
    monkeypatch.setattr(probing, "_probe", lambda driver, _at_once, _before=None: driver.probe())
    found = probing.probe(driver)
    assert driver.machine.type == used
    told = "of a domain of type kvm: INTERNAL_ERROR (no kvm)"
    assert (told in found.capabilities["start"].evidence) is (used == "qemu")
    assert bool(found.start_failure) is (used not in starts)


def test_pools_that_were_made_show_the_files_of_emulated_guests_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The driver's files are looked at by the pools of the first time; others are neither made nor forgotten."""
    session = Session("test:///default", "t", Ledger.open("test:///default", "00000000", folder=tmp_path))
    surveys: list[str] = []

    def survey(*_arguments: Any) -> tuple[dict[str, str], str]:
        surveys.append("made")
        return {"/etc/libvirt": "lvc-pool"}, "through storage pools"

    monkeypatch.setattr(probe_holdings, "survey", survey)
    monkeypatch.setattr(probe_holdings, "in_process", lambda _uri: False)
    monkeypatch.setattr(Host, "answer", lambda *_arguments: ())
    monkeypatch.setattr(probing, "ThreadPoolExecutor", Nobody)
    first = probing._probe(session, True)
    again = probing._probe(session, True, first)
    assert (again.pools, again.through, surveys) == (first.pools, "through storage pools", ["made"])
    assert again.pools
    session.pools = {}
    session.close()


def test_a_type_that_is_not_offered_changes_nothing(tmp_path: Any) -> None:
    """A session goes on with the machine that it had."""
    session = Session("test:///default", "t", Ledger.open("test:///default", "00000000", folder=tmp_path))
    before = session.machine
    with pytest.raises(CannotHost):
        session.choose("kvm")
    assert (session.machine, session.virt_type) == (before, "")
    session.close()
