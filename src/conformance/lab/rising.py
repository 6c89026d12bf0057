"""How a subject comes up: its suite's root, its capsule, the kit in it, its daemons."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from conformance.lab import baggage, python, services
from conformance.lab.capsule import Capsule
from conformance.lab.places import held, make_folder, need_root
from conformance.lab.roots import Say, need_root_of
from conformance.lab.services import PLAIN, Setup
from conformance.lab.subjects import ROOT, Driver, Subject, Suite

#: The number of a root's ordinary user.
_USER = 1000


def rise(subject: Subject, say: Say, *, tied: bool, mirror: str = "", setup: Setup = PLAIN) -> Capsule:
    """Bring a subject up; one that is up stays as it is.

    :param tied: whether it ends with this process.
    :param setup: of its daemon.
    :raises KitError: when something keeps it down; nothing of it is left then.
    """
    need_root()
    capsule = Capsule(subject.name)
    if capsule.first():
        return capsule
    root = need_root_of(subject.suite, say, mirror)
    # What a killed lab has left under this name.
    capsule.stop()
    try:
        _start(capsule, subject, root, setup, tied=tied)
    except BaseException:
        capsule.stop()
        raise
    return capsule


def _start(capsule: Capsule, subject: Subject, root: Path, setup: Setup, *, tied: bool) -> None:
    make_folder(capsule.folder)
    kit, run, out = (capsule.folder / name for name in ("kit", "run", "out"))
    for folder in (kit, run, out):
        make_folder(folder)
    if subject.driver.user != ROOT:
        for folder in (run, out):
            os.chown(folder, _USER, _USER)
    baggage.pack(kit)
    capsule.start(
        root,
        shared={
            services.KIT: str(kit),
            services.OUT: str(out),
            services.runtime_folder(subject.driver): str(run),
            **python.shared(subject.suite),
        },
        files={**_files(subject.suite), **services.files(subject.driver, setup)},
        cgroups=subject.driver.cgroups,
        tied=tied,
    )
    if subject.driver.user != ROOT:
        capsule.call(["chown", subject.driver.user, f"/run/user/{subject.driver.user}"])
    services.start(capsule, subject, setup)


def _files(suite: Suite) -> dict[str, str]:
    """Return what a capsule's files are to hold beside its root's."""
    return {
        # libvirt and the message bus want a machine that has a name for ever.
        "/etc/machine-id": f"{uuid.uuid4().hex}\n",
        "/etc/hosts": "127.0.0.1 localhost lab\n::1 localhost\n",
        **python.files(suite),
    }


@contextlib.contextmanager
def risen(subject: Subject, say: Say, *, mirror: str = "", setup: Setup = PLAIN) -> Iterator[Capsule]:
    """Give a subject that is up; one that was down before goes down again afterwards, whatever happens.

    :raises KitError: when it cannot come up, or another lab is at work on it.
    """
    need_root()
    capsule = Capsule(subject.name)
    with held(capsule.lock, subject.name):
        was_up = bool(capsule.first())
        rise(subject, say, tied=True, mirror=mirror, setup=setup)
        try:
            yield capsule
        finally:
            if not was_up:
                capsule.stop()


def uri_from_here(subject: Subject, capsule: Capsule) -> str:
    """Return the URI by which this machine's client reaches a subject's daemon; empty where there is none."""
    return subject.driver.outside.format(socket=capsule.folder / "run" / services.SOCKET)


def socket_of(driver: Driver) -> str:
    """Return the path of a driver's socket inside a capsule."""
    return f"{services.runtime_folder(driver)}/{services.SOCKET}"
