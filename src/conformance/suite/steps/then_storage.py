"""Then, of what lies on the host's disks or is described there: metadata, nvram files, the state of a TPM, disks."""

from __future__ import annotations

from pytest_bdd import then

from conformance.driver.host import MISSING
from conformance.driver.setbacks import NotReached
from conformance.judgement import Violation
from conformance.suite.case import Case
from conformance.view import View, differences, show

_METADATA = (
    "snapshots", "snapshot names", "checkpoint names", "listed as having a snapshot", "listed as having a checkpoint",
)  # fmt: skip


@then("its metadata is as it was")
def metadata_as_it_was(case: Case) -> None:
    """Judge snapshots and checkpoints, by the domain and by the lists' filters, against those before the first call."""
    before = case.groups[0].before
    if not (before.get("snapshot names") or before.get("checkpoint names")):
        raise NotReached("the domain had no metadata")
    if found := differences(before, case.look(), _METADATA):
        raise Violation(
            "snapshots and checkpoints are as they were",
            "; ".join(str(difference) for difference in found),
            tuple(case.question(difference.aspect) for difference in found),
        )


@then("the nvram file is gone")
def nvram_is_gone(case: Case) -> None:
    """Judge by looking for the file."""
    if _before(case, "nvram file") == MISSING:
        raise NotReached("the domain had no nvram file")
    case.demand("nvram file", MISSING)


@then("the nvram file is as it was")
def nvram_as_it_was(case: Case) -> None:
    """Judge by the file's content."""
    _demand_same(case, "nvram file")


@then("the disk is as it was")
def disk_as_it_was(case: Case) -> None:
    """Judge by the content of the disk's image."""
    _demand_same(case, "disk image")


@then("the TPM state is gone")
def tpm_state_is_gone(case: Case) -> None:
    """Judge by looking for the state's files."""
    if not _before(case, "TPM state"):
        raise NotReached("the TPM had no state")
    case.demand("TPM state", ())


@then("the TPM state is kept")
def tpm_state_is_kept(case: Case) -> None:
    """Judge by looking for the state's files, whose content is the guest's while it runs."""
    _demand_same(case, "TPM state")


def _before(case: Case, name: str) -> object:
    view: View = case.groups[0].before
    return view.get(name)


def _demand_same(case: Case, name: str) -> None:
    before = case.groups[0].before.get(name)
    if before is None or before in (MISSING, ()):
        raise NotReached(f"the domain had no {name}")
    after = case.ask(name)
    if after != before:
        seen = show(after) if after is not None else "not to be had"
        raise Violation(f"the {name} is as it was ({show(before)})", f"it is {seen}", (case.question(name),))
