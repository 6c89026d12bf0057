"""The kinds of domain that are made: what is chosen from a driver's offer, and the stamp."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import CannotHost
from conformance.machine import NO_SUCH_DISK, ROM, STAMP, Hardware, Machine, choose, is_stamped

TEST = """<capabilities><host><cpu><arch>i686</arch></cpu></host>
<guest><os_type>hvm</os_type><arch name='i686'><wordsize>32</wordsize><domain type='test'/></arch></guest>
<guest><os_type>xen</os_type><arch name='i686'><wordsize>32</wordsize><domain type='test'/></arch></guest>
</capabilities>"""
QEMU = """<capabilities><host><cpu><arch>x86_64</arch></cpu></host>
<guest><os_type>hvm</os_type><arch name='aarch64'><emulator>/usr/bin/qemu-system-aarch64</emulator>
<domain type='qemu'/></arch></guest>
<guest><os_type>hvm</os_type><arch name='i686'><emulator>/usr/bin/qemu-system-i386</emulator>
<domain type='qemu'/><domain type='kvm'/></arch></guest>
<guest><os_type>hvm</os_type><arch name='x86_64'><emulator>/usr/bin/qemu-system-x86_64</emulator>
<domain type='qemu'/><domain type='kvm'><emulator>/usr/bin/kvm</emulator></domain></arch></guest>
</capabilities>"""
LXC = """<capabilities><host><cpu><arch>x86_64</arch></cpu></host>
<guest><os_type>exe</os_type><arch name='x86_64'><emulator>/usr/libexec/libvirt_lxc</emulator>
<domain type='lxc'/></arch></guest></capabilities>"""
XEN = """<capabilities><host><cpu><arch>x86_64</arch></cpu></host>
<guest><os_type>xen</os_type><arch name='x86_64'><emulator>/usr/bin/qemu</emulator><domain type='xen'/></arch></guest>
<guest><os_type>hvm</os_type><arch name='x86_64'><loader>/hvmloader</loader><domain type='xen'/></arch></guest>
</capabilities>"""


@pytest.mark.parametrize(
    ("document", "wanted", "machine"),
    [
        (TEST, "", Machine("test", "hvm", "i686")),
        (QEMU, "", Machine("kvm", "hvm", "x86_64", "/usr/bin/kvm")),
        (QEMU, "qemu", Machine("qemu", "hvm", "x86_64", "/usr/bin/qemu-system-x86_64")),
        (LXC, "", Machine("lxc", "exe", "x86_64")),
        (XEN, "", Machine("xen", "hvm", "x86_64")),
    ],
    ids=["test", "qemu", "qemu without kvm", "lxc", "xen"],
)
def test_the_best_offer_is_taken(document: str, wanted: str, machine: Machine) -> None:
    """Of a driver's offers the host's architecture and its hardware come first, unless the caller wants a type."""
    assert choose(document, wanted) == machine


@pytest.mark.parametrize(
    ("document", "wanted", "words"),
    [
        ("", "", "not XML"),
        ("<capabilities>", "", "not XML"),
        ("<capabilities/>", "", "offer no guest that"),
        (QEMU, "xen", "offer no guest of type xen that"),
        (LXC.replace("exe", "uml"), "", "offer no guest that"),
    ],
    ids=["empty", "cut off", "no guest", "another type", "another kind"],
)
def test_an_offer_without_a_use_is_refused(document: str, wanted: str, words: str) -> None:
    """A driver that offers nothing to build on is told so, and what the caller wanted."""
    with pytest.raises(CannotHost, match=words):
        choose(document, wanted)


@pytest.mark.parametrize("document", [TEST, QEMU, LXC, XEN], ids=["test", "qemu", "lxc", "xen"])
@pytest.mark.parametrize("disk", [False, True])
def test_a_definition_is_small_and_whole(document: str, disk: bool) -> None:
    """A definition is XML with the identity that was asked for; a disk is in it only on demand."""
    hardware = Hardware(disk=NO_SUCH_DISK) if disk else Hardware()
    text = choose(document).definition("lvc-1", "8c5d8f4e-0000-4000-8000-000000000001", "run1", hardware)
    root = ET.fromstring(text)
    assert root.findtext("name") == "lvc-1"
    assert root.findtext("uuid") == "8c5d8f4e-0000-4000-8000-000000000001"
    assert (NO_SUCH_DISK in text) == disk
    assert (root.findtext("os/init") == "/bin/sleep") == (document is LXC)
    assert (root.find("devices/emulator") is not None) == (document is QEMU)


def test_a_firmware_that_halts_has_a_line_of_its_own_where_no_flash_is_asked_for() -> None:
    """The kit's firmware is in a definition on demand, and never beside another."""
    machine = choose(QEMU)
    plain = machine.definition("lvc-1", "u", "run1")
    halting = machine.definition("lvc-1", "u", "run1", Hardware(firmware="/a<b"))
    assert ET.fromstring(halting).findtext("os/loader[@type='rom']") == "/a<b"
    assert [line for line in halting.splitlines() if ROM not in line] == plain.splitlines()
    assert ROM not in machine.definition("lvc-1", "u", "run1", Hardware(firmware="/a", loader="/b", nvram="/c"))


@pytest.mark.parametrize(
    ("document", "can"), [(TEST, False), (QEMU, True), (QEMU.replace("x86_64", "riscv64"), False), (XEN, False)]
)
def test_only_a_processor_that_the_firmware_is_written_for_is_given_it(document: str, *, can: bool) -> None:
    """The kit's firmware is for x86 processors of an emulator that takes one."""
    assert choose(document).can_halt == can


TEXT = st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc", "Cn"]), min_size=1)


@given(TEXT, TEXT)
def test_a_stamp_is_of_one_run(run: str, other: str) -> None:
    """A definition carries the stamp of the run that made it, and of no other."""
    text = Machine("test", "hvm", "i686").definition("lvc-1", "u", run)
    assert is_stamped(text, run)
    assert is_stamped(text, other) == (run == other)


@given(TEXT)
def test_a_name_is_not_markup(name: str) -> None:
    """A name that looks like XML stays a name."""
    text = Machine("qemu", "hvm", "x86_64", f"/usr/bin/{name}").definition(name, "u", "run1")
    root = ET.fromstring(text)
    assert root.findtext("name") == name
    assert root.findtext("devices/emulator") == f"/usr/bin/{name}"


@pytest.mark.parametrize(
    "definition",
    [
        "",
        "<domain",
        "<domain><name>lvc-run1-1</name></domain>",
        "<domain><metadata><stamp run='run1'/></metadata></domain>",
        f"<domain><metadata><k:stamp xmlns:k='{STAMP}'/></metadata></domain>",
        f"<domain><metadata><x><k:stamp xmlns:k='{STAMP}' run='run1'/></x></metadata></domain>",
        f"<domain><description>&lt;stamp xmlns='{STAMP}' run='run1'/&gt;</description></domain>",
    ],
    ids=["empty", "cut off", "name alone", "no namespace", "no run", "deeper", "in a text"],
)
def test_what_is_not_stamped_is_not_the_kits(definition: str) -> None:
    """Only the stamp itself, in its place and with the run, makes a domain the kit's."""
    assert not is_stamped(definition, "run1")
