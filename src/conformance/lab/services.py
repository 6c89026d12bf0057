"""Which daemons a driver needs, and how each is started: the command returns when the daemon is ready."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from conformance.lab import access
from conformance.lab.capsule import Capsule
from conformance.lab.subjects import ROOT, Driver, Subject
from conformance.lab.transports import UNIX, Transport

#: Where the lab's own programs stand inside a capsule.
TOOLS = "/opt/libvirt-conformance-lab"
#: Where the kit stands inside.
KIT = "/opt/libvirt-conformance"
#: The Python that a capsule's own programs run on.
_PYTHON = ("/usr/bin/python3", "-I")
#: Where the kit writes inside what is wanted outside.
OUT = "/out"
#: The name of the socket that a daemon listens on for clients with all rights.
SOCKET = "libvirt-sock"


@dataclass(frozen=True)
class Setup:
    """How a subject's daemon is set up, where it is to be otherwise than the distribution has it.

    :param transport: how it is to be reached beside its socket.
    :param access: whether it asks polkit who may do what.
    """

    transport: Transport = UNIX
    access: bool = False


#: As the distribution has it.
PLAIN = Setup()


def runtime_folder(driver: Driver) -> str:
    """Return the folder inside a capsule in which a driver's daemons have their sockets."""
    return "/run/libvirt" if driver.user == ROOT else f"/run/user/{driver.user}/libvirt"


#: The message bus, which starts polkit's own daemon when that is first asked.
_BUS = ("sh", "-c", "mkdir -p /run/dbus && exec dbus-daemon --system --fork")


def command_of(service: str, driver: Driver, setup: Setup) -> list[str]:
    """Return the command that starts a daemon."""
    listens = ["--listen"] if setup.transport.listens and service == driver.services[-1] else []
    return [service, "--daemon", *listens, "--pid-file", _pidfile(service, driver)]


def _pidfile(service: str, driver: Driver) -> str:
    return f"{runtime_folder(driver)}/{service}.pid"


def restart_command(driver: Driver) -> list[str]:
    """Return the command, inside a capsule, that restarts the daemon behind a driver; none where there is no daemon."""
    return [f"{TOOLS}/restart"] if driver.services else []


def files(driver: Driver, setup: Setup) -> dict[str, str]:
    """Return the programs and settings that a capsule is given for a driver, by their places in it."""
    found: dict[str, str] = {}
    if driver.services:
        service = driver.services[-1]
        restart = [_program("restart"), _pidfile(service, driver), *command_of(service, driver, setup)]
        found |= _script("restart", [*_PYTHON, *restart])
    if setup.access:
        carrier = [*_PYTHON, _program("carrier"), f"{runtime_folder(driver)}/{SOCKET}"]
        found |= _script("as-nobody", ["setpriv", "--reuid", "nobody", "--clear-groups", *carrier])
        found |= access.files()
    if driver.services:
        if settings := (access.SETTINGS if setup.access else "") + setup.transport.settings:
            found["/etc/libvirt/libvirtd.conf"] = settings
        found |= setup.transport.files
    return found


def _program(name: str) -> str:
    return f"{TOOLS}/{name}.py"


def _script(name: str, words: list[str]) -> dict[str, str]:
    """Return a command without arguments, and the module of the lab's that it runs."""
    (module,) = [word for word in words if word.startswith(TOOLS) and word.endswith(".py")]
    source = Path(__file__).with_name(module.rpartition("/")[2]).read_text(encoding="utf-8")
    return {module: source, f"{TOOLS}/{name}": f"#!/bin/sh\nexec {shlex.join(words)}\n"}


def start(capsule: Capsule, subject: Subject, setup: Setup) -> None:
    """Start the daemons of a subject, each when the one before is ready.

    :raises CapsuleFailed: when one does not become ready.
    """
    for words in (*setup.transport.commands, *((_BUS,) if setup.access else ())):
        capsule.call(words)
    for service in subject.driver.services:
        capsule.call(command_of(service, subject.driver, setup), user=subject.driver.user)
