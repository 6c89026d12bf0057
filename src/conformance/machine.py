"""The kinds of domain that the kit makes: the smallest that the driver can start, without a guest image."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from html import escape

from conformance.errors import CannotHost
from conformance.ledger import PREFIX

#: The namespace of the stamp by which the kit knows its own domains.
STAMP = "https://libvirt.org/conformance-kit/stamp/1.0"
#: A disk that no host has: a definition with it is accepted, and cannot start where disks are looked at.
NO_SUCH_DISK = "/nonexistent/libvirt-conformance.img"
#: How the line begins that names the kit's firmware. It saves time and nothing else, so a script leaves it out.
ROM = "<loader type='rom'>"

_OS_TYPES = ("hvm", "exe", "xen", "xenpvh", "linux")
#: The type of domains whose processor an emulator plays.
EMULATED = "qemu"
_HARDWARE_FIRST = ("kvm", "hvf", "xen", "bhyve", "qemu")


@dataclass(frozen=True)
class Hardware:
    """What a definition has beyond the smallest: paths on the driver's host, each empty where there is none.

    :param disk: a disk's image.
    :param firmware: a memory that the processor begins in and halts in; without it the emulator's own firmware runs.
    :param loader: the read-only code of a firmware that keeps its variables in ``nvram``.
    :param template: the file from which a driver makes the nvram file when that is missing.
    :param tpm: whether there is an emulated TPM.
    :param tpm_state: the TPM's ``persistent_state``, ``yes`` or ``no``; without it the driver's default holds.
    """

    disk: str = ""
    firmware: str = ""
    loader: str = ""
    nvram: str = ""
    template: str = ""
    tpm: bool = False
    tpm_state: str = ""


@dataclass(frozen=True)
class Machine:
    """What a driver offers to build on: the domain's type, the operating system's type, the architecture."""

    type: str
    os_type: str
    arch: str
    emulator: str = ""

    @property
    def can_halt(self) -> bool:
        """Whether the kit has a firmware for it that halts the guest's processor at once."""
        return self.type in ("qemu", "kvm") and self.os_type == "hvm" and self.arch in ("x86_64", "i686")

    def definition(self, name: str, uuid: str, run: str, hardware: Hardware | None = None) -> str:
        """Return the XML of a domain with the kit's stamp."""
        return "\n".join(line for line in self._lines(name, uuid, run, hardware or Hardware()) if line) + "\n"

    def _lines(self, name: str, uuid: str, run: str, hardware: Hardware) -> list[str]:
        container = self.os_type == "exe"
        qemu = self.type in ("qemu", "kvm", "hvf")
        return [
            f"<domain type='{escape(self.type)}'>",
            f"  <name>{escape(name)}</name>",
            f"  <uuid>{uuid}</uuid>",
            f"  <metadata><kit:stamp xmlns:kit='{STAMP}' run='{escape(run)}'/></metadata>",
            "  <memory unit='MiB'>32</memory>",
            f"  <os><type arch='{escape(self.arch)}'>{self.os_type}</type>"
            + ("<init>/bin/sleep</init><initarg>86400</initarg>" if container else "")
            + _flash(hardware),
            f"    {ROM}{escape(hardware.firmware)}</loader>" if hardware.firmware and not hardware.loader else "",
            "  </os>",
            # Drivers refuse a firmware in flash without ACPI.
            "  <features><acpi/></features>" if hardware.loader else "",
            "  <devices>",
            f"    <emulator>{escape(self.emulator)}</emulator>" if self.emulator else "",
            f"    <disk type='file'><source file='{escape(hardware.disk)}'/><target dev='vda' bus='virtio'/></disk>"
            if hardware.disk
            else "",
            # A driver of containers starts none without a console.
            "    <console type='pty'/>" if container else "",
            _tpm(hardware),
            # Without these the emulator starts faster, and the live definition does not move by itself.
            "    <controller type='usb' model='none'/><memballoon model='none'/>" if qemu else "",
            "  </devices>",
            "</domain>",
        ]


def _flash(hardware: Hardware) -> str:
    if not hardware.loader:
        return ""
    template = f" template='{escape(hardware.template)}'" if hardware.template else ""
    return (
        f"<loader readonly='yes' type='pflash'>{escape(hardware.loader)}</loader>"
        f"<nvram{template}>{escape(hardware.nvram)}</nvram>"
    )


def _tpm(hardware: Hardware) -> str:
    if not hardware.tpm:
        return ""
    state = f" persistent_state='{escape(hardware.tpm_state)}'" if hardware.tpm_state else ""
    return f"    <tpm model='tpm-tis'><backend type='emulator' version='2.0'{state}/></tpm>"


def choose(capabilities: str, virt_type: str = "") -> Machine:
    """Return the machine to build from a driver's capabilities document.

    :param virt_type: the domain's type, where the caller wants a certain one.
    :raises CannotHost: when the document offers nothing that the kit can build.
    """
    try:
        root = ET.fromstring(capabilities)  # noqa: S314 - the driver under test is trusted with more than this
    except ET.ParseError as error:
        raise CannotHost(f"the driver's capabilities are not XML ({error})") from None
    host_arch = root.findtext("host/cpu/arch", "")
    offers = [
        (
            os_type != _OS_TYPES[0] and _OS_TYPES.index(os_type),
            arch.get("name") != host_arch,
            _rank(domain.get("type", "")),
            Machine(domain.get("type", ""), os_type, arch.get("name", ""), _emulator(arch, domain)),
        )
        for guest in root.iterfind("guest")
        if (os_type := guest.findtext("os_type", "")) in _OS_TYPES
        for arch in guest.iterfind("arch")
        for domain in arch.iterfind("domain")
        if not virt_type or domain.get("type") == virt_type
    ]
    if not offers:
        wanted = f" of type {virt_type}" if virt_type else ""
        raise CannotHost(f"the driver's capabilities offer no guest{wanted} that the kit can build")
    return min(offers, key=lambda offer: offer[:3])[3]


def _rank(virt_type: str) -> int:
    return _HARDWARE_FIRST.index(virt_type) if virt_type in _HARDWARE_FIRST else len(_HARDWARE_FIRST)


def _emulator(arch: ET.Element, domain: ET.Element) -> str:
    # Only an emulator has to be named: for other drivers the element is a loader that they fill in themselves.
    if domain.get("type") not in ("qemu", "kvm", "hvf"):
        return ""
    return domain.findtext("emulator", "") or arch.findtext("emulator", "")


def is_called_after(definition: str, run: str) -> bool:
    """Tell whether a definition has a name that a run gave, and no ``<metadata>`` that could say otherwise."""
    try:
        root = ET.fromstring(definition)  # noqa: S314
    except ET.ParseError:
        return False
    return root.find("metadata") is None and root.findtext("name", "").startswith(f"{PREFIX}-{run}-")


def is_stamped(definition: str, run: str) -> bool:
    """Tell whether a definition carries the stamp of a run."""
    try:
        root = ET.fromstring(definition)  # noqa: S314
    except ET.ParseError:
        return False
    return any(stamp.get("run") == run for stamp in root.iterfind(f"metadata/{{{STAMP}}}stamp"))
