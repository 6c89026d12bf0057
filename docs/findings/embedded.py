"""The QEMU driver in this process, with a root of its own; to be run as root."""

import pathlib, tempfile, threading

import libvirt

root = pathlib.Path(tempfile.mkdtemp())
root.chmod(0o755)
(root / "etc").mkdir()
settings = 'stdio_handler = "file"\nuser = "root"\ngroup = "root"\n'
(root / "etc" / "qemu.conf").write_text(settings)
libvirt.virEventRegisterDefaultImpl()
libvirt.registerErrorHandler(lambda *_: None, None)


def loop():
    while True:
        libvirt.virEventRunDefaultImpl()


threading.Thread(target=loop, daemon=True).start()
uri = f"qemu:///embed?root={root}"
conn = libvirt.open(uri)
plain = """<domain type='qemu'>
  <name>demo</name><memory unit='MiB'>32</memory><os><type>hvm</type></os>
</domain>"""


def show(what, call):
    try:
        print(what, "->", call())
    except libvirt.libvirtError as error:
        print(what, "->", error)
