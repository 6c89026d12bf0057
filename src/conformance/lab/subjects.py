"""What the lab can start: suites of Debian's crossed with libvirt's drivers, read from data."""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from conformance.errors import PROGRAM, UnknownSubject

#: Who runs what no section names a user for.
ROOT = "root"


@dataclass(frozen=True)
class Suite:
    """A release of Debian's, and what the root is made of in which its libvirt runs.

    :param python: the suite whose Python the kit runs on inside; nothing where it is this one's own.
    :param binding: the release of the binding that is built for such a Python.
    """

    name: str
    packages: tuple[str, ...]
    python: Suite | None = None
    binding: str = ""

    @property
    def recipe(self) -> str:
        """What stands for this list of packages: a root that was made by another one is out of date."""
        words = [self.name, *self.packages, self.python.recipe if self.python else "", self.binding]
        return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Driver:
    """A way to reach one of libvirt's drivers.

    :param uri: what the release's own client calls, inside the root.
    :param outside: what this machine's client calls, with ``{socket}``; empty where the driver lives in its client.
    :param services: the daemons that have to run, in this order; the last is libvirt's.
    :param denied: the URI, inside, of a client who may look and do nothing else; empty where nobody is asked for that.
    :param user: who runs the daemons and the kit.
    :param cgroups: whether it needs control groups.
    """

    name: str
    title: str
    uri: str
    outside: str = ""
    services: tuple[str, ...] = ()
    denied: str = ""
    user: str = ROOT
    cgroups: bool = False


@dataclass(frozen=True)
class Subject:
    """What is judged: one driver of one suite."""

    suite: Suite
    driver: Driver

    @property
    def name(self) -> str:
        """SUITE-DRIVER."""
        return f"{self.suite.name}-{self.driver.name}"


@cache
def subjects() -> dict[str, Subject]:
    """Return all subjects by name, in the order of the data."""
    data = tomllib.loads(files(__package__).joinpath("subjects.toml").read_text(encoding="utf-8"))
    everywhere = data["packages"]["everywhere"]
    sections = data["suites"]

    def suite(name: str) -> Suite:
        section = sections[name]
        lent = suite(section["python"]) if "python" in section else None
        return Suite(name, tuple(sorted({*everywhere, *section["packages"]})), lent, section.get("binding", ""))

    drivers = [
        Driver(
            name,
            section["title"],
            section["uri"],
            section.get("from", ""),
            tuple(section.get("services", ())),
            section.get("denied", ""),
            section.get("user", ROOT),
            section.get("cgroups", False),
        )
        for name, section in data["drivers"].items()
    ]
    made = [Subject(suite(name), driver) for name in sections for driver in drivers]
    return {subject.name: subject for subject in made}


def find(name: str) -> Subject:
    """Return the subject of a name.

    :raises UnknownSubject: when there is none.
    """
    known = subjects()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean {near[0]}? {PROGRAM} lab list shows them all" if near else ""
    raise UnknownSubject(f"the lab has no subject {name!r}", remedy=remedy)
