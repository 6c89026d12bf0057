"""Which daemons a driver needs, and how each is started: the command returns when the daemon is ready."""

from __future__ import annotations

import shlex
from pathlib import Path

from conformance.lab.capsule import Capsule
from conformance.lab.subjects import ROOT, Driver, Subject

#: Where the lab's own programs stand inside a capsule.
TOOLS = "/opt/libvirt-conformance-lab"
#: Where the kit stands inside.
KIT = "/opt/libvirt-conformance"
#: Where the kit writes inside what is wanted outside.
OUT = "/out"
#: The name of the socket that a daemon listens on for clients with all rights.
SOCKET = "libvirt-sock"


def runtime_folder(driver: Driver) -> str:
    """Return the folder inside a capsule in which a driver's daemons have their sockets."""
    return "/run/libvirt" if driver.user == ROOT else f"/run/user/{driver.user}/libvirt"


def command_of(service: str, driver: Driver) -> list[str]:
    """Return the command that starts a daemon."""
    return [service, "--daemon", "--pid-file", f"{runtime_folder(driver)}/{service}.pid"]


def restart_command(driver: Driver) -> list[str]:
    """Return the command, inside a capsule, that restarts the daemon behind a driver; none where there is no daemon."""
    return [f"{TOOLS}/restart"] if driver.services else []


def tools(driver: Driver) -> dict[str, str]:
    """Return the programs that a capsule is given, by their places in it."""
    if not driver.services:
        return {}
    service = driver.services[-1]
    pidfile = f"{runtime_folder(driver)}/{service}.pid"
    words = ["/usr/bin/python3", "-I", f"{TOOLS}/restart.py", pidfile, *command_of(service, driver)]
    return {
        f"{TOOLS}/restart.py": Path(__file__).with_name("restart.py").read_text(encoding="utf-8"),
        f"{TOOLS}/restart": f"#!/bin/sh\nexec {shlex.join(words)}\n",
    }


def start(capsule: Capsule, subject: Subject) -> None:
    """Start the daemons of a subject, each when the one before is ready.

    :raises CapsuleFailed: when one does not become ready.
    """
    for service in subject.driver.services:
        capsule.call(command_of(service, subject.driver), user=subject.driver.user)
