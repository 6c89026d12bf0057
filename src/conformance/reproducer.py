"""The journal of a violated scenario as a script that shows the violation again without the kit."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Sequence

from conformance.flags import PREFIX, flag_names
from conformance.journal import Entry
from conformance.judgement import Look, Race
from conformance.machine import ROM, STAMP
from conformance.race_script import MODULES as FOR_RACE
from conformance.race_script import rounds
from conformance.restart_script import FOR_DAEMON, FOR_EMBEDDED, RESTART, daemon, lives
from conformance.uri import redact, scrub

_SHOW = """\
# What fails is shown below, and need not be told by libvirt as well.
libvirt.registerErrorHandler(lambda *_: None, None)

def show(label, call):
    try:
        print(label, "->", call())
    except libvirt.libvirtError as error:
        print(label, "->", error)
"""

#: What a script needs that makes an embedded driver's root, or files.
_MODULES = ("pathlib", "shutil", "tempfile", "threading")
_FOR_FILES = ("pathlib", "shutil")

_ROOT = """\
# An embedded driver runs in its client's process: it needs a root of its own, and an event loop.
root = tempfile.mkdtemp(prefix="lvc-")
pathlib.Path(root).chmod(0o755)
pathlib.Path(root, "etc").mkdir()
pathlib.Path(root, "etc", "qemu.conf").write_text({configuration!r})
"""

_EVENT_LOOP = """\
libvirt.virEventRegisterDefaultImpl()
threading.Thread(target=lambda: [libvirt.virEventRunDefaultImpl() for _ in iter(int, 1)], daemon=True).start()
"""


def script(
    entries: Sequence[Entry],
    *,
    uri: str,
    statement: str,
    rule: str,
    expected: str,
    observed: str,
    looks: Iterable[Look],
    configuration: str = "",
    folder: str = "",
    files: Iterable[str] = (),
    places: Iterable[str] = (),
    race: Race | None = None,
    restart: Sequence[str] = (),
    denied_uri: str = "",
) -> str:
    """Return a Python script of the calls that were made, in order, and of the questions that show the violation.

    :param uri: the URI as the caller gave it; a password in it does not appear in the script.
    :param configuration: the qemu.conf of an embedded driver's private root, when the kit made one.
    :param folder: the folder of the files that the scenario was about, which the script makes anew.
    :param files: the names of the files in it that the kit wrote before the first call.
    :param places: where the driver keeps its files, when they can be looked at from here; a private root is one.
    :param race: the two calls that were made at one moment, where that is what the violation came of.
    :param restart: the command that restarts the daemon, where the scenario restarted one.
    :param denied_uri: the URI of somebody who may look and do nothing else, where the scenario had such a client.
    """
    acts = entries if race is None else race.set_up
    body: list[str] = []
    documents: dict[str, str] = {}
    step = ""
    for entry in acts:
        if entry.step != step:
            step = entry.step
            body.append(f"# {step}")
        body.append(_statement(entry, documents))
    connections = sorted({e.receiver for e in acts if re.match(r"conn\d+$|readonly$|denied$", e.receiver)})
    if race is not None:
        connections = ["conn2"]
        body = rounds(race, body, [_call(entry, documents) for entry in race.calls])
    embedded = bool(configuration)
    # The disks of another host are not to be seen from where the script runs.
    looks = [look for look in looks if embedded or places or not _on_host(look)]
    restarts = any(entry.receiver == "driver" for entry in acts)
    on_host = any(_on_host(look) for look in looks)
    needed = {name for name in _MODULES if embedded or ((folder or on_host) and name in _FOR_FILES)}
    needed.update(FOR_RACE if race is not None else ())
    if restarts:
        needed.update(FOR_EMBEDDED if embedded else FOR_DAEMON)
    last = _clean_up(acts) if race is None and not (restarts and embedded) else []
    needed.update({"contextlib"} if last else ())
    questions = [f'show("{look.label}", lambda: {look.expression})' for look in looks]
    shown = redact(uri)
    opened = f"{shown + ('&' if '?' in shown else '?') + 'root='!r} + root" if embedded else repr(shown)
    opening = [
        *(_EVENT_LOOP.splitlines() if embedded else []),
        f"conn = libvirt.open({opened})",
        *(_open(symbol, repr(redact(denied_uri)) if symbol == "denied" else opened) for symbol in connections),
    ]
    things = [
        *(["places = [root]" if embedded else f"places = {list(places)!r}"] if on_host else []),
        *(_files(folder, files) if folder else []),
        *(_document(name, text) for text, name in documents.items()),
    ]
    if restarts and embedded:
        calls = [*things, *lives(opening, body, questions)]
    else:
        calls = [*opening, *things, *body, *questions, *last]
    lines = [
        *_comment(f"{rule}: {statement}"),
        *_comment(f"expected: {expected}"),
        *_comment(f"observed: {observed}"),
        *(f"import {name}" for name in sorted(needed)),
        *([""] if needed else []),
        "import libvirt",
        "",
        _SHOW,
        *(_ROOT.format(configuration=configuration).splitlines() if embedded else []),
        *(daemon(restart, opened) if restarts and not embedded else []),
        *calls,
        *(["shutil.rmtree(folder)"] if folder else []),
        *(["shutil.rmtree(root)"] if embedded else []),
    ]
    return scrub("\n".join(lines) + "\n", uri)


def _on_host(look: Look) -> bool:
    return "in places" in look.expression


def _files(folder: str, names: Iterable[str]) -> list[str]:
    """Return lines that make a folder, and files of the size of a flash in it."""
    return [
        f"folder = pathlib.Path({folder!r})",
        "folder.mkdir(mode=0o755)  # the emulator may run as another user",
        *(f"(folder / {name!r}).write_bytes(bytes(1 << 18))" for name in names),
    ]


def _document(name: str, text: str) -> str:
    """Return the assignment of a document, in lines where no character of it means something else there."""
    quoted = f'"""\\\n{text}"""'
    try:
        plain = ast.literal_eval(quoted) == text
    except (SyntaxError, ValueError):
        plain = False
    return f"{name} = {quoted if plain else repr(text)}"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), 100, initial_indent="# ", subsequent_indent="#   ")


def _open(symbol: str, opened: str) -> str:
    return f"{symbol} = libvirt.{'openReadOnly' if symbol == 'readonly' else 'open'}({opened})"


def _statement(entry: Entry, documents: dict[str, str]) -> str:
    """Return one call as a line: plain where it succeeded, shown where its failure is part of the story."""
    if entry.receiver == "driver":
        return RESTART
    call = _call(entry, documents)
    if entry.result and entry.failure is None:
        return f"{entry.result} = {call}"
    if entry.step.startswith("Given") and entry.failure is None:
        return call
    return f"show({call.partition('.')[2]!r}, lambda: {call})"


def _call(entry: Entry, documents: dict[str, str]) -> str:
    return f"{entry.receiver}.{entry.method}({', '.join(_argument(entry, a, documents) for a in entry.args)})"


def _argument(entry: Entry, argument: object, documents: dict[str, str]) -> str:
    if isinstance(argument, str) and "\n" in argument:
        # The stamp says whose a domain is; what a person runs by hand is not the kit's. Its firmware is none's but its.
        lines = argument.splitlines(keepends=True)
        text = "".join(line for line in lines if STAMP not in line and ROM not in line)
        return documents.setdefault(text, f"xml{len(documents) + 1}" if documents else "xml")
    if entry.method == "undefineFlags" and isinstance(argument, int) and argument:
        return " | ".join(n if n.startswith("0x") else f"libvirt.{PREFIX}{n}" for n in flag_names(argument))
    if isinstance(argument, (str, int, bytes)) or argument is None:
        return repr(argument)
    return "lambda *_: None"


#: The flag of undefine that what a call makes will need.
_LEAVES = {"managedSave": 1, "snapshotCreateXML": 2, "checkpointCreateXML": 16}


def _clean_up(acts: Sequence[Entry]) -> list[str]:
    """Return lines that take away what the script made; not all of it may be left, and a driver may lack a flag."""
    domains = list(dict.fromkeys(entry.result for entry in acts if re.match(r"dom\d*$", entry.result)))
    if not domains:
        return []
    flags = sum({_LEAVES[entry.method] for entry in acts if entry.method in _LEAVES})
    with_flags = f"lambda: domain.undefineFlags({flags}), " if flags else ""
    return [
        f"for domain in [{', '.join(domains)}]:  # clean up",
        f"    for call in (domain.destroy, {with_flags}domain.undefine):",
        "        with contextlib.suppress(libvirt.libvirtError):",
        "            call()",
    ]
