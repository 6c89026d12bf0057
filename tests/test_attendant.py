"""The process that stands by a driver, asked as the controlling process asks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.driver import session
from conformance.driver.attendant import Attendant
from conformance.ledger import Ledger, Owned

URI = "test:///default"
RUN = "00000000"
OWN = Owned(f"lvc-{RUN}-gw0-1", "8c5d8f4e-0000-4000-8000-000000000001")


@pytest.mark.parametrize("private", [False, True], ids=["the caller's", "private"])
def test_what_the_driver_has_kept_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private: bool) -> None:
    """At the end of a run, under whatever name; in a private root nothing is kept, as that goes with the run."""
    kept = [tmp_path / "driver" / f"lvc-{RUN}-gw1-7.xml", tmp_path / "driver" / f"{OWN.uuid}.nvram"]
    kept[0].parent.mkdir()
    for file in kept:
        file.touch()
    monkeypatch.setattr(session, "places_of", lambda _uri: (tmp_path / "driver",))
    ledger = Ledger.open(URI, RUN, folder=tmp_path)
    ledger.announce(OWN.name, OWN.uuid)
    if private:
        ledger.announce_root(tmp_path / "driver")
    answer = Attendant().answer({"do": "finish", "uri": URI, "ledger": str(ledger.path), "inventory": {}})
    assert answer["failed"] == []
    assert sorted(answer["left"]) == ([] if private else sorted(map(str, kept)))
