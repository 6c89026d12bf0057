"""libvirt's own machine-readable documentation: what its functions and constants are called, and since when.

``libvirt-api.xml`` comes with libvirt's development files and holds names, types, values, releases, access rights
and prose. The prose is libvirt's, and nothing of it is ever kept: the specification holds names and numbers in
``libvirt-api.json``, for machines on which the development files are missing, and fingerprints of sentences
(:mod:`conformance.drift`).
"""

from __future__ import annotations

import ast
import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from conformance.catalog import release_number
from conformance.errors import BadApi

#: The facts that are kept in the specification's folder.
FACTS = "libvirt-api.json"


@dataclass(frozen=True)
class Argument:
    """An argument of a function: its name, and its type as C writes it."""

    name: str
    type: str


@dataclass(frozen=True)
class Right:
    """A right that access control asks for, such as *delete* on a *domain*; ``flag`` names the flag that takes it."""

    object: str
    permission: str
    flag: str = ""


@dataclass(frozen=True)
class Function:
    """A function of libvirt's C interface.

    :param since: its first release as libvirt counts, 0 where the file does not say: those before 9 do not.
    :param rights: empty where the file does not say: those before 11 do not.
    :param python: the method of libvirt-python that calls it, such as ``virDomain.undefineFlags(flags=0)``.
    :param prose: libvirt's own description, piece by piece; empty in what was read from kept facts.
    """

    name: str
    returns: str
    arguments: tuple[Argument, ...]
    since: int = 0
    rights: tuple[Right, ...] = ()
    python: str = ""
    prose: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """The name of the Python method alone."""
        return self.python.partition("(")[0].rpartition(".")[2]


@dataclass(frozen=True)
class Constant:
    """A value of an enumeration; ``prose`` as for a function."""

    name: str
    enumeration: str
    value: int
    since: int = 0
    prose: tuple[str, ...] = ()


@dataclass(frozen=True)
class Api:
    """The functions and constants of one libvirt, by name; ``place`` is the file."""

    place: str
    functions: Mapping[str, Function] = field(default_factory=dict)
    constants: Mapping[str, Constant] = field(default_factory=dict)

    def prose(self, name: str) -> tuple[str, ...] | None:
        """Return the description of a function or a constant, or nothing where there is no such name."""
        item = self.functions.get(name) or self.constants.get(name)
        return None if item is None else item.prose

    def since(self, name: str) -> int:
        """Return the release with which a function or a constant came, 0 where that is not known."""
        item = self.functions.get(name) or self.constants.get(name)
        return 0 if item is None else item.since

    def values(self, enumeration: str) -> list[Constant]:
        """Return the values of an enumeration, lowest first."""
        found = (constant for constant in self.constants.values() if constant.enumeration == enumeration)
        return sorted(found, key=lambda constant: constant.value)

    def matching(self, patterns: Iterable[str]) -> list[str]:
        """Return the names that fit one of the patterns, in which ``*`` stands for anything."""
        wanted = tuple(patterns)
        return [
            name for name in (*self.functions, *self.constants) if any(fnmatchcase(name, pattern) for pattern in wanted)
        ]

    @property
    def newest(self) -> int:
        """The newest release that an entry names, 0 where none names one."""
        functions = (one.since for one in self.functions.values())
        return max((*functions, *(one.since for one in self.constants.values())), default=0)


def find_xml() -> Path | None:
    """Return where this machine's libvirt-api.xml is, if it is here at all."""
    try:
        found = subprocess.run(  # a fixed command
            ["pkg-config", "--variable=libvirt_api", "libvirt"],  # noqa: S607 # wherever the user has it
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Path(found) if found and Path(found).is_file() else None


def read_xml(path: Path) -> Api:
    """Read a libvirt-api.xml of any release.

    :raises BadApi: when it cannot be read, or is something else.
    """
    where = str(path)
    try:
        root = ET.parse(path).getroot()  # noqa: S314 # the file is the administrator's, and expat bounds expansion
    except OSError as error:
        raise BadApi(f"it cannot be read ({error.strerror})", where=where) from None
    except (ET.ParseError, ValueError) as error:
        raise BadApi(f"it is not XML ({error})", where=where) from None
    if root.tag != "api" or root.get("name") != "libvirt":
        raise BadApi("it is not libvirt's API", where=where)
    try:
        functions = [_function(node) for node in root.iterfind("symbols/function")]
        values = {node.attrib["name"]: node.attrib["value"] for node in root.iterfind("symbols/enum")}
        constants = [_constant(node, values) for node in root.iterfind("symbols/enum")]
    except (KeyError, ValueError) as error:
        raise BadApi(f"an entry is not as libvirt writes it ({error})", where=where) from None
    if not functions:
        raise BadApi("it describes no function", where=where)
    return Api(where, {one.name: one for one in functions}, {one.name: one for one in constants})


def _function(node: ET.Element) -> Function:
    returned = node.find("return")
    arguments = node.findall("arg")
    pieces = (node.findtext("info"), *(one.get("info") for one in arguments), _info(returned))
    return Function(
        node.attrib["name"],
        "void" if returned is None else returned.attrib["type"],
        tuple(Argument(one.attrib["name"], one.attrib["type"]) for one in arguments),
        _since(node),
        tuple(
            Right(one.attrib["object"], one.attrib["perm"], one.get("flags", "")) for one in node.iterfind("acls/check")
        ),
        prose=tuple(piece for piece in pieces if piece),
    )


def _info(node: ET.Element | None) -> str | None:
    return None if node is None else node.get("info")


def _constant(node: ET.Element, values: Mapping[str, str]) -> Constant:
    info = node.get("info")
    # A few constants are defined by the name of another.
    value = int(values.get(node.attrib["value"], node.attrib["value"]), 0)
    return Constant(
        node.attrib["name"], node.attrib.get("type", ""), value, _since(node), prose=(info,) if info else ()
    )


def _since(node: ET.Element) -> int:
    return release_number(node.attrib["version"]) if "version" in node.attrib else 0


def find_binding() -> Path | None:
    """Return where libvirt-python's module is, which is not imported for that."""
    found = find_spec("libvirt")
    return Path(found.origin) if found and found.origin else None


def read_binding(path: Path) -> dict[str, str]:
    """Return the Python method that calls each C function, as ``virDomain.undefineFlags(flags=0)``.

    Annotations are left out: those releases that have them do not agree about them.

    :raises BadApi: when it is not Python.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadApi(f"it cannot be read ({error.strerror})", where=str(path)) from None
    except (SyntaxError, ValueError) as error:
        raise BadApi(f"it is not Python ({error})", where=str(path)) from None
    found: dict[str, str] = {}
    owners = [("libvirt", tree.body), *((node.name, node.body) for node in tree.body if isinstance(node, ast.ClassDef))]
    for name, body in owners:
        for method in (node for node in body if isinstance(node, ast.FunctionDef)):
            called = set(_called(method))
            # What makes several calls is a convenience of the binding's, and none of libvirt's functions.
            if len(called) == 1:
                found.setdefault(called.pop(), f"{name}.{method.name}({_parameters(method)})")
    return found


def _called(method: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(method):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="libvirtmod"), attr=name)):
                yield name


def _parameters(method: ast.FunctionDef) -> str:
    arguments = [argument for argument in method.args.args if argument.arg != "self"]
    defaults = method.args.defaults
    first = len(arguments) - len(defaults)
    return ", ".join(
        argument.arg + (f"={ast.unparse(defaults[number - first])}" if number >= first else "")
        for number, argument in enumerate(arguments)
    )


def with_binding(api: Api, methods: Mapping[str, str]) -> Api:
    """Return an API whose functions know their Python methods."""
    return replace(
        api,
        functions={name: replace(one, python=methods.get(name, one.python)) for name, one in api.functions.items()},
    )


def completed(api: Api, facts: Api) -> Api:
    """Return an API with what it does not say filled in from kept facts: newer entries, releases, rights, methods."""
    functions = dict(facts.functions)
    for name, one in api.functions.items():
        kept = facts.functions.get(name, one)
        functions[name] = replace(
            one, since=one.since or kept.since, rights=one.rights or kept.rights, python=one.python or kept.python
        )
    constants = dict(facts.constants)
    for name, value in api.constants.items():
        constants[name] = replace(value, since=value.since or facts.constants.get(name, value).since)
    return Api(api.place, functions, constants)


def contradictions(api: Api, facts: Api) -> list[str]:
    """Return a sentence for each fact that is another one in a libvirt than in what was kept."""
    found = []
    for name, one in facts.functions.items():
        there = api.functions.get(name)
        if there is None:
            continue
        if there.since and there.since != one.since:
            found.append(f"{name} came with another release")
        if (there.returns, there.arguments) != (one.returns, one.arguments):
            found.append(f"{name} has another signature")
        if there.rights and there.rights != one.rights:
            found.append(f"{name} takes other rights")
    for name, value in facts.constants.items():
        is_there = api.constants.get(name)
        if is_there and (is_there.value != value.value or is_there.since not in (0, value.since)):
            found.append(f"{name} has another value, or came with another release")
    return found


def facts_text(api: Api, patterns: Iterable[str], release: str) -> str:
    """Return the facts about what fits the patterns as the text of their file: no prose.

    :param release: of the libvirt that they were read from.
    """
    names = api.matching(patterns)
    facts = {
        "release": release,
        "functions": {
            one.name: {
                "since": one.since,
                "returns": one.returns,
                "arguments": [[argument.name, argument.type] for argument in one.arguments],
                "rights": [[right.object, right.permission, right.flag] for right in one.rights],
                "python": one.python,
            }
            for one in (api.functions[name] for name in sorted(names) if name in api.functions)
        },
        "constants": {
            one.name: [one.enumeration, one.value, one.since]
            for one in (api.constants[name] for name in sorted(names) if name in api.constants)
        },
    }
    return json.dumps(facts, indent=1) + "\n"


def read_facts(folder: Path) -> Api:
    """Read the facts that the specification keeps.

    :raises BadApi: when they are not of the form that :func:`facts_text` writes.
    """
    path = folder / FACTS
    try:
        facts: Any = json.loads(path.read_text(encoding="utf-8"))
        functions = {
            name: Function(
                name,
                one["returns"],
                tuple(Argument(*argument) for argument in one["arguments"]),
                int(one["since"]),
                tuple(Right(*right) for right in one["rights"]),
                str(one["python"]),
            )
            for name, one in facts["functions"].items()
        }
        constants = {name: Constant(name, *one) for name, one in facts["constants"].items()}
        return Api(f"libvirt {facts['release']}", functions, constants)
    except OSError as error:
        raise BadApi(f"it cannot be read ({error.strerror})", where=str(path)) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadApi(f"it is not of the form that was written ({error})", where=str(path)) from None
