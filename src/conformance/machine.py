"""The kinds of domain that the kit makes: the smallest that the driver can start, without a guest image."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from conformance.errors import CannotHost

#: The namespace of the stamp by which the kit knows its own domains.
STAMP = "https://libvirt.org/conformance-kit/stamp/1.0"
#: A disk that no host has: a definition with it is accepted, and cannot start where disks are looked at.
NO_SUCH_DISK = "/nonexistent/libvirt-conformance.img"

_OS_TYPES = ("hvm", "exe", "xen", "xenpvh", "linux")
_HARDWARE_FIRST = ("kvm", "hvf", "xen", "bhyve", "qemu")


@dataclass(frozen=True)
class Machine:
    """What a driver offers to build on: the domain's type, the operating system's type, the architecture."""

    type: str
    os_type: str
    arch: str
    emulator: str = ""

    def definition(self, name: str, uuid: str, run: str, *, disk: bool = False) -> str:
        """Return the XML of a domain with the kit's stamp; with ``disk``, with a disk that does not exist."""
        return "\n".join(line for line in self._lines(name, uuid, run, disk=disk) if line) + "\n"

    def _lines(self, name: str, uuid: str, run: str, *, disk: bool) -> list[str]:
        container = self.os_type == "exe"
        qemu = self.type in ("qemu", "kvm", "hvf")
        return [
            f"<domain type={quoteattr(self.type)}>",
            f"  <name>{escape(name)}</name>",
            f"  <uuid>{uuid}</uuid>",
            f"  <metadata><kit:stamp xmlns:kit='{STAMP}' run={quoteattr(run)}/></metadata>",
            "  <memory unit='MiB'>32</memory>",
            f"  <os><type arch={quoteattr(self.arch)}>{self.os_type}</type>"
            + ("<init>/bin/sleep</init><initarg>86400</initarg>" if container else "")
            + "</os>",
            "  <devices>",
            f"    <emulator>{escape(self.emulator)}</emulator>" if self.emulator else "",
            f"    <disk type='file'><source file='{NO_SUCH_DISK}'/><target dev='vda' bus='virtio'/></disk>"
            if disk
            else "",
            # Without these the emulator starts faster, and the live definition does not move by itself.
            "    <controller type='usb' model='none'/><memballoon model='none'/>" if qemu else "",
            "  </devices>",
            "</domain>",
        ]


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


def is_stamped(definition: str, run: str) -> bool:
    """Tell whether a definition carries the stamp of a run."""
    try:
        root = ET.fromstring(definition)  # noqa: S314
    except ET.ParseError:
        return False
    return any(stamp.get("run") == run for stamp in root.iterfind(f"metadata/{{{STAMP}}}stamp"))
