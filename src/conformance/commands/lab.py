"""``lab``: real libvirts of several releases, up, judged and down again."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import PROGRAM, KitError, LabBusy, UsageError
from conformance.verdict import ExitCode

if TYPE_CHECKING:
    from conformance.lab.judging import Request
    from conformance.lab.subjects import Subject


def add_lab(command: argparse.ArgumentParser) -> None:
    """Add what can be asked of the lab to its parser."""
    asked = command.add_subparsers(metavar="list|up|run|exec|down", required=True)
    each = asked.add_parser("list", help="list the subjects, and what is there of each")
    each.set_defaults(handler=_list)
    each = asked.add_parser("up", help="bring a subject up, and leave it so")
    each.add_argument("name", metavar="NAME")
    _add_mirror(each)
    each.set_defaults(handler=_up)
    each = asked.add_parser("run", help="judge subjects; what was down goes down again")
    each.add_argument("names", metavar="NAME", nargs="*")
    each.add_argument("--all", action="store_true", help="judge all subjects")
    each.add_argument("--reports", metavar="FOLDER", type=Path, help="write NAME.json for each subject there")
    each.add_argument("--slim", action="store_true", help="leave out of reports the calls of what is upheld")
    each.add_argument(
        "--client",
        choices=["release", "here"],
        default="release",
        help="whose library calls: the release's, or this machine's",
    )
    each.add_argument(
        "--transport",
        choices=["unix", "tcp", "tls", "ssh"],
        default="unix",
        help="how the release's client reaches its daemon (default: unix)",
    )
    each.add_argument(
        "--access", action="store_true", help="let the daemon ask polkit, and a client without rights call it"
    )
    each.add_argument("--rule", metavar="ID", action="append", default=[], help="judge by this rule only")
    each.add_argument("--level", choices=["must", "should"], help="the least binding level that fails a run")
    each.add_argument("--exhaustive", action="store_true", help="ask for the whole decision table of undefine")
    each.add_argument("--workers", metavar="N", help="how many processes run scenarios")
    each.add_argument("--timeout", metavar="S", help="seconds for one scenario")
    _add_mirror(each)
    each.set_defaults(handler=_run)
    each = asked.add_parser("exec", help="run a command inside a subject that is up")
    each.add_argument("name", metavar="NAME")
    each.add_argument("words", metavar="COMMAND", nargs=argparse.REMAINDER)
    each.set_defaults(handler=_exec)
    each = asked.add_parser("down", help="take away what the lab has started, and what killed labs have left")
    each.add_argument("names", metavar="NAME", nargs="*", help="only these (default: everything)")
    each.add_argument("--cache", action="store_true", help="the kept roots of the suites too")
    each.set_defaults(handler=_down)


def _add_mirror(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--mirror", metavar="URI", default="", help="where packages come from, if not as apt is set up"
    )


def _say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


def _list(_options: argparse.Namespace) -> int:
    from conformance.lab.capsule import Capsule, up
    from conformance.lab.roots import state_of
    from conformance.lab.subjects import subjects

    states = {subject.suite.name: state_of(subject.suite) for subject in subjects().values()}
    left = up()
    for subject in subjects().values():
        versions = states[subject.suite.name].get("versions", {})
        libvirt = f"libvirt {versions['libvirt0']}" if versions else "not made yet"
        state = "" if subject.name not in left else "up" if Capsule(subject.name).first() else "left by a killed lab"
        print(f"{subject.name:18} {libvirt:31} {subject.driver.title:43} {state}".rstrip())
    print(f"\n{len(subjects())} subjects. {PROGRAM} lab run NAME judges one, and makes its root where there is none.")
    return ExitCode.CONFORMANT


def _up(options: argparse.Namespace) -> int:
    from conformance.interrupts import ended_in_order
    from conformance.lab.capsule import Capsule
    from conformance.lab.places import held, need_root
    from conformance.lab.rising import rise, uri_from_here
    from conformance.lab.subjects import find

    need_root()
    subject = find(options.name)
    began = time.monotonic()
    with ended_in_order(), held(Capsule(subject.name).lock, subject.name):
        capsule = rise(subject, _say, tied=False, mirror=options.mirror)
    print(f"{subject.name} is up ({time.monotonic() - began:.1f} s).")
    print(f"inside: {subject.driver.uri}")
    if uri := uri_from_here(subject, capsule):
        print(f"from here: {uri}")
    print(f"{PROGRAM} lab exec {subject.name} COMMAND goes in, {PROGRAM} lab down {subject.name} takes it away.")
    return ExitCode.CONFORMANT


def _run(options: argparse.Namespace) -> int:
    from conformance.interrupts import ended_in_order
    from conformance.lab.judging import Client, Request, check
    from conformance.lab.places import need_root
    from conformance.lab.services import Setup
    from conformance.lab.subjects import find, subjects
    from conformance.lab.transports import TRANSPORTS

    if options.all == bool(options.names):
        raise UsageError("name subjects, or give --all", remedy=f"{PROGRAM} lab list shows what there is")
    need_root()
    chosen = list(subjects().values()) if options.all else [find(name) for name in dict.fromkeys(options.names)]
    if options.reports is not None and not options.reports.is_dir():
        raise UsageError(f"there is no folder {options.reports}", where="--reports", remedy="make it first")
    setup = Setup(TRANSPORTS[options.transport], options.access)
    request = Request(Client(options.client), setup, tuple(_given(options)), options.slim)
    for subject in chosen:
        check(subject, request)
    with ended_in_order():
        if len(chosen) == 1:
            return _judge(chosen[0], request, options)
        return _judge_all(chosen, request, options)


def _given(options: argparse.Namespace) -> Iterable[str]:
    """Yield the options that are the kit's, as they would be typed for ``run``."""
    for rule in options.rule:
        yield from ("--rule", rule)
    if options.exhaustive:
        yield "--exhaustive"
    for name in ("level", "workers", "timeout"):
        if (value := getattr(options, name)) is not None:
            yield from (f"--{name}", value)


def _judge(subject: Subject, request: Request, options: argparse.Namespace) -> int:
    from conformance.lab.judging import judge
    from conformance.lab.rising import risen

    with risen(subject, _say, mirror=options.mirror, setup=request.setup) as capsule:
        return judge(subject, capsule, request, _place(subject, options.reports), None)


def _place(subject: Subject, reports: Path | None) -> Path | None:
    return None if reports is None else reports / f"{subject.name}.json"


def _judge_all(chosen: list[Subject], request: Request, options: argparse.Namespace) -> int:
    """Judge one subject after the other, a line for each; what keeps one from being judged keeps no other."""
    from conformance.lab.judging import judge
    from conformance.lab.rising import risen

    codes: list[int] = []
    judged: list[str] = []
    for subject in chosen:
        began = time.monotonic()
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as words:
            try:
                with risen(subject, _say, mirror=options.mirror, setup=request.setup) as capsule:
                    code = judge(subject, capsule, request, _place(subject, options.reports), words.fileno())
                words.seek(0)
                said = _in_short(words.read(), code)
                judged.append(subject.name)
            except KitError as error:
                code, said = ExitCode.ERROR, f"not judged: {error}"
        codes.append(code)
        print(f"{subject.name:18} {said}  ({time.monotonic() - began:.0f} s)", flush=True)
    if options.reports is not None:
        _set_side_by_side(options.reports, judged)
    return worst(codes)


def _set_side_by_side(folder: Path, names: Iterable[str]) -> None:
    """Write the page that shows what was judged side by side, where anything was."""
    from conformance.commands.render import write_side_by_side

    written = [path for name in names if (path := folder / f"{name}.json").is_file()]
    if written:
        page = folder / "matrix.html"
        write_side_by_side(written, page)
        print(f"side by side: {page}")


def _in_short(words: str, code: int) -> str:
    """Return what the kit said of a subject in one line, and in as many as it takes when something was in the way."""
    lines = words.strip().splitlines() or ["it said nothing"]
    result = lines[-1].removeprefix("result:").strip()
    if code in (ExitCode.CONFORMANT, ExitCode.NOT_CONFORMANT, ExitCode.NOTHING_APPLICABLE):
        counted = [line.removeprefix("rules:").strip() for line in lines if line.startswith("rules:")]
        return "; ".join([result, *counted])
    return "\n  ".join([result, *(line for line in lines[:-1] if line.startswith("!"))])


def worst(codes: Iterable[int]) -> int:
    """Return the exit code of several runs: an error outweighs a violation, and that what is in order."""
    order = [ExitCode.ERROR, ExitCode.NOT_CONFORMANT, ExitCode.NOTHING_SELECTED, ExitCode.NOTHING_APPLICABLE]
    seen = set(codes)
    unknown = seen - {*order, ExitCode.CONFORMANT}
    return next((code for code in order if code in seen or (code is ExitCode.ERROR and unknown)), ExitCode.CONFORMANT)


def _exec(options: argparse.Namespace) -> int:
    from conformance.lab.capsule import Capsule
    from conformance.lab.places import need_root
    from conformance.lab.subjects import find

    need_root()
    subject = find(options.name)
    if not options.words:
        raise UsageError("there is no command to run", where=f"lab exec {subject.name}")
    command = Capsule(subject.name).command(options.words, user=subject.driver.user)
    sys.stdout.flush()
    os.execvp(command[0], command)  # noqa: S606 - the caller's own words, without a shell


def _down(options: argparse.Namespace) -> int:
    from conformance.lab.capsule import Capsule, up
    from conformance.lab.places import held, need_root
    from conformance.lab.roots import drop, drop_unfinished
    from conformance.lab.subjects import find, subjects

    need_root()
    names = [find(name).name for name in options.names] or sorted({*up(), *subjects()})
    gone: list[str] = []
    busy: list[LabBusy] = []
    for name in names:
        capsule = Capsule(name)
        if capsule.folder.exists() or capsule.first():
            with _noting(busy), held(capsule.lock, name):
                gone += [name] if capsule.stop() else []
    remove = drop if options.cache else drop_unfinished
    chosen = [find(name) for name in options.names] if options.cache or not options.names else []
    for name, suite in {each.suite.name: each.suite for each in chosen or subjects().values()}.items():
        with _noting(busy):
            gone += [f"the root of {name}"] if remove(suite) else []
    print(f"taken away: {', '.join(gone)}." if gone else "nothing was taken away.")
    for each in busy:
        print(f"libvirt-conformance: {each}", file=sys.stderr)
    return ExitCode.ERROR if busy else ExitCode.CONFORMANT


@contextlib.contextmanager
def _noting(busy: list[LabBusy]) -> Iterator[None]:
    """Go on with the rest when another lab is at work on one thing, and keep that it was."""
    try:
        yield
    except LabBusy as error:
        busy.append(error)
