"""What can be wrong around a run: one class for each situation, each with a code, a place and a remedy.

A :class:`KitError` is always somebody's to mend, and never a verdict on a driver.
Its text is one sentence of what is wrong, the place where there is one, and what to do.
"""

from __future__ import annotations

import os
from typing import ClassVar

#: How the command is called here: a script that starts it is what its user can type again.
PROGRAM = os.environ.get("LIBVIRT_CONFORMANCE_CALLED_AS") or "libvirt-conformance"


class KitError(Exception):
    """Something keeps the kit from doing its work; the subclasses say what.

    :param problem: one sentence without a full stop, safe to show (no secrets in it).
    :param where: a file with its line, a URI, an option: what the user would open.
    :param remedy: what to do, when it differs from the class's own.
    """

    code: ClassVar[str] = "LVC-000"
    remedy: str = "report it as a fault of the kit"

    def __init__(self, problem: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.where = where
        if remedy:
            self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{self.code} {place}{self.problem}; {self.remedy}."


class UsageError(KitError):
    """The command was called in a way that it does not know: the caller's to mend."""

    code = "LVC-101"
    remedy = f"see {PROGRAM} --help"


class UnknownRule(KitError):
    """A rule was named that the specification does not have: the caller's to mend."""

    code = "LVC-102"
    remedy = f"{PROGRAM} list shows the rules there are"


class Unwritable(KitError):
    """A report or a ledger cannot be written where it was asked for: the caller's to mend."""

    code = "LVC-103"
    remedy = "name a file in a folder that exists and that you may write to"


class NothingSelected(KitError):
    """The selection leaves no scenario: the caller's to mend."""

    code = "LVC-104"
    remedy = "select other rules"


class BadSpecification(KitError):
    """A page of the specification breaks its form: its author's to mend."""

    code = "LVC-201"
    remedy = "mend the page; docs/writing-a-rule.md shows the form"


class BadCapabilities(KitError):
    """The list of capabilities breaks its form: its author's to mend."""

    code = "LVC-202"
    remedy = "mend the file; every capability has a title and a probe"


class BadFeature(KitError):
    """A feature file breaks its form, or its links to rules and capabilities: its author's to mend."""

    code = "LVC-203"
    remedy = "mend the feature; docs/writing-a-rule.md shows the form"


class MissingData(KitError):
    """The specification or the features are not where the package keeps them: the installation is broken."""

    code = "LVC-204"
    remedy = "install the package again, or work in a whole checkout"


class ScenarioLost(KitError):
    """The features hold scenarios that pytest did not collect, or the other way round: the kit's fault."""

    code = "LVC-205"


class NestedRun(KitError):
    """A run would begin inside another, which would never end: the kit's fault."""

    code = "LVC-206"


class Unproven(KitError):
    """A rule, or a sentence of a Then, was never seen to convict a broken driver: its author's to mend."""

    code = "LVC-207"
    remedy = f"write a vice for it, and publish what {PROGRAM} prove finds as CONTRIBUTING.md tells"


class BadVice(KitError):
    """A vice is declared for a rule that there is not, or stands where nobody tries it: its author's to mend."""

    code = "LVC-208"
    remedy = "mend its decorator; docs/writing-a-rule.md shows the form"


class BadUri(KitError):
    """The URI leads to no driver: the caller's to mend."""

    code = "LVC-301"
    remedy = "check the URI; libvirt.org/uri.html lists the forms"


class CannotConnect(KitError):
    """The URI is well formed and the connection fails: the host's administrator's to mend."""

    code = "LVC-302"
    remedy = "check the URI, and with virsh -c URI version that the daemon runs and lets you in"


class NeedsPassword(KitError):
    """The connection asks for credentials, which the kit never prompts for: the caller's to mend."""

    code = "LVC-303"
    remedy = "give the credentials by a libvirt auth.conf file, or use a transport that needs none"


class NoAnswer(KitError):
    """The driver did not answer within the time limit: the driver's or the network's."""

    code = "LVC-304"
    remedy = "check that the driver is not stuck, or allow more time with --timeout"


class ProbeDied(KitError):
    """The process that probes the driver ended before it had answered: the driver's, when it is in-process."""

    code = "LVC-305"
    remedy = f"run {PROGRAM} probe URI, and look for a core dump of the driver"


class CannotHost(KitError):
    """The driver offers no kind of domain that the kit can build: the driver's, or a gap in the kit."""

    code = "LVC-306"
    remedy = "see what virsh -c URI capabilities offers, and choose with --virt-type"


class RestartFailed(KitError):
    """The operator's command did not restart the driver: the operator's to mend."""

    code = "LVC-307"
    remedy = "try the command by hand; it has to return when the restart is under way"


class BadReport(KitError):
    """A report cannot be read: cut off, of another version, or no report at all."""

    code = "LVC-401"
    remedy = f"make the report again with {PROGRAM} run --report FILE"


class BadDeviations(KitError):
    """A file of deviations cannot be read or breaks its form: its owner's to mend."""

    code = "LVC-402"
    remedy = "mend the entry; docs/gating.md shows the form"


class CannotMerge(KitError):
    """Reports do not go together: they were made of different things, or contradict each other."""

    code = "LVC-403"
    remedy = f"merge reports of one driver and one specification, or lay them side by side with {PROGRAM} matrix"


class CleanUpFailed(KitError):
    """Something that the kit made could not be removed: the administrator's to look at."""

    code = "LVC-501"
    remedy = f"run {PROGRAM} clean URI again, or remove by hand what is named"


class BadApi(KitError):
    """A description of libvirt's API cannot be read, or is none: the caller's to mend."""

    code = "LVC-601"
    remedy = "name the libvirt-api.xml of a libvirt; pkg-config --variable=libvirt_api libvirt tells where it is"


class BadFingerprints(KitError):
    """The fingerprints of libvirt's sentences break their form, or their links to rules: their author's to mend."""

    code = "LVC-602"
    remedy = "mend spec/upstream.toml; docs/drift.md shows the form"


class NeedsRoot(KitError):
    """The lab was called by somebody who is not root: the caller's to mend."""

    code = "LVC-701"
    remedy = "call it as root, for example by sudo"


class UnknownSubject(KitError):
    """The lab was asked for something that it does not know: the caller's to mend."""

    code = "LVC-702"
    remedy = f"{PROGRAM} lab list shows what there is"


class LacksTool(KitError):
    """A program that the lab starts is not installed: the caller's to mend."""

    code = "LVC-703"
    remedy = "install the package of that name"


class NoMirror(KitError):
    """It cannot be told where Debian packages come from: the machine's administrator's to mend."""

    code = "LVC-704"
    remedy = "run apt-get update, or name an archive with --mirror URI"


class BuildFailed(KitError):
    """A suite's root could not be made: the network's, the archive's or the disk's."""

    code = "LVC-705"
    remedy = "check that the archive has the suite and can be reached, and that there is room on the disk"


class CapsuleFailed(KitError):
    """A subject does not come up or does not go away: the machine's, or the release's."""

    code = "LVC-706"
    remedy = f"run {PROGRAM} lab down, and see what the machine forbids"


class LabBusy(KitError):
    """Another lab is at work on the same thing: the caller's to mend."""

    code = "LVC-707"
    remedy = "wait for it, or choose another subject"


class NotUp(KitError):
    """A subject was to be entered that is not up: the caller's to mend."""

    code = "LVC-708"
    remedy = f"bring it up with {PROGRAM} lab up NAME"


class NoWayIn(KitError):
    """A subject cannot be reached in the way that was asked for: the caller's to mend."""

    code = "LVC-709"
    remedy = "leave the option out"
