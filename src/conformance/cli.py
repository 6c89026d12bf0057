"""The command ``libvirt-conformance``.

Each subcommand imports what it needs when it is called: ``list`` and ``explain`` answer before pytest would
have been imported.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from conformance import garbage
from conformance.arguments import file, positive, seconds, shard
from conformance.commands.lab import add_lab
from conformance.commands.render import add_matrix
from conformance.errors import PROGRAM, KitError, Unwritable, UsageError
from conformance.formats import FORMATS
from conformance.uri import DEFAULT_URI
from conformance.verdict import ExitCode


class _Parser(argparse.ArgumentParser):
    """A parser whose errors look like every other error of the kit's, and that knows no abbreviations.

    A script that abbreviates an option breaks when another option begins in the same way.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **settings})

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing a usage line above the error."""
        raise UsageError(message, remedy=f"see {self.prog} --help")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse what a command does not know in its own name: its help tells what it takes, that of all does not."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code, as ``docs/verdicts.md`` lists them."""
    _have_streams()
    try:
        code = _call(argv)
    except KitError as error:
        print(f"libvirt-conformance: {error}", file=sys.stderr)
        return ExitCode.ERROR
    except KeyboardInterrupt:
        print(
            f"libvirt-conformance: interrupted; {PROGRAM} clean URI removes what is left.",
            file=sys.stderr,
        )
        return ExitCode.ERROR
    except BrokenPipeError:
        # Whoever was to say something about a driver has not come to it, and must not seem to have found nothing.
        _forget_output()
        return ExitCode.ERROR
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        full = Unwritable(f"there is no room to write to ({error.strerror})", where=error.filename or "standard output")
        _forget_output()
        print(f"libvirt-conformance: {full}", file=sys.stderr)
        return ExitCode.ERROR
    return code


def _have_streams() -> None:
    """Let what the caller has closed of the standard streams lead nowhere: whatever is opened would be taken for it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            # What is begun from here has the standard streams of this process.
            os.set_inheritable(descriptor, True)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8"))


def _forget_output() -> None:
    """Write to nowhere from now on: the reader of a pipe, such as head, has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _call(argv: Sequence[str] | None) -> int:
    options = _parser().parse_args(argv)
    handler = options.handler
    code: int = handler(options)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The code says what it says, however much of the output was read.
        _forget_output()
    return code


def _parser() -> _Parser:
    parser = _Parser(
        prog=PROGRAM,
        description="Judge a libvirt driver by the rules of libvirt's domain API.",
        epilog="Exit codes: 0 conformant, 1 not conformant, 2 error or inconclusive, "
        "3 nothing selected, 4 nothing applicable.",
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_run(commands.add_parser("run", help="judge a driver"))
    command = commands.add_parser("list", help="list the rules")
    command.set_defaults(handler=_list)
    command = commands.add_parser("explain", help="show a rule, its reason and its scenarios")
    command.add_argument("rule", metavar="ID")
    command.set_defaults(handler=_explain)
    command = commands.add_parser("probe", help="show what a driver can do and hold")
    _add_uri(command)
    command.add_argument("--workers", metavar="N", type=positive, default=0, help="1 asks one thing at a time")
    _add_without_stamp(command)
    _add_time(command)
    command.set_defaults(handler=_probe)
    for name, told in (
        ("diff", "show what has changed between two reports"),
        ("deviations", "write entries for what a report shows violated, to be filled in"),
        ("merge", "put reports of several parts or hosts together"),
    ):
        _add_for_reports(name, commands.add_parser(name, help=told))
    _add_explore(commands.add_parser("explore", help="search for what no rule foresaw, by random lives of a domain"))
    _add_prove(commands.add_parser("prove", help="hold the kit against broken drivers, and show what convicts which"))
    command = commands.add_parser("clean", help="remove what runs that were killed have left")
    _add_uri(command)
    _add_time(command)
    command.set_defaults(handler=_clean)
    command = commands.add_parser("render", help="write a report that was saved in other forms")
    command.add_argument("report", metavar="REPORT.json", type=Path)
    add_outputs(command, Path)
    command.set_defaults(handler=_render)
    add_matrix(commands.add_parser("matrix", help="show reports of several drivers or releases side by side"))
    command = commands.add_parser("lint", help="check the specification, the features and the steps")
    command.add_argument(
        "--write", action="store_true", help="first write the pages anew that are made from a function of the kit's"
    )
    command.set_defaults(handler=_lint)
    add_lab(commands.add_parser("lab", help="start real libvirts of several releases, and judge them (root)"))
    _add_drift(commands.add_parser("drift", help="compare the rules with libvirt's own text"))
    return parser


def _add_drift(command: argparse.ArgumentParser) -> None:
    command.add_argument("--api", metavar="FILE", type=Path, help="a libvirt-api.xml (default: this machine's)")
    command.add_argument(
        "--from", metavar="FILE", type=Path, dest="old", help="show what has changed since another one"
    )
    command.add_argument(
        "--sentences", metavar="NAME", nargs="*", help="show every sentence, or NAME's, with its fingerprint and rules"
    )
    command.add_argument(
        "--write-facts", metavar="RELEASE", help="write the names, values and releases of this libvirt into spec/"
    )
    command.set_defaults(handler=_drift)


def _version() -> str:
    from importlib.metadata import version

    return f"libvirt-conformance {version('libvirt-conformance')}"


def _add_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--uri", default=DEFAULT_URI, help=f"the driver to judge (default: {DEFAULT_URI})")
    command.add_argument(
        "--rule", metavar="ID", action="append", default=[], help="judge this rule only; may be repeated"
    )
    command.add_argument(
        "--level",
        type=str.lower,  # reports write MUST and SHOULD
        choices=["must", "should"],
        default="must",
        help="the least binding level that fails a run",
    )
    command.add_argument("--exhaustive", action="store_true", help="ask for the whole decision table of undefine")
    command.add_argument("--report", metavar="FILE.json", type=file, help="write the report")
    add_outputs(command, file)
    command.add_argument(
        "--deviations", metavar="FILE.toml", type=file, help="the driver's recorded deviations, each with its end"
    )
    command.add_argument(
        "--baseline", metavar="FILE.json", type=file, help="an earlier report: only what is worse fails"
    )
    command.add_argument(
        "--repeat", metavar="N", type=positive, default=1, help="judge everything N times; what differs is told"
    )
    command.add_argument("--shard", metavar="K/N", type=shard, default=(1, 1), help="run the Kth of N equal parts")
    command.add_argument("--workers", metavar="N", type=positive, default=0, help="how many processes run scenarios")
    command.add_argument("--shuffle", metavar="SEED", type=int, help="run the scenarios in another order")
    command.add_argument(
        "--restart", metavar="COMMAND", help="a command that restarts the daemon behind the URI, run without a shell"
    )
    command.add_argument(
        "--denied-uri", metavar="URI", help="the same driver as somebody who may look and do nothing else"
    )
    _add_without_stamp(command)
    command.add_argument("--vice", metavar="NAME", default="", help=argparse.SUPPRESS)
    _add_time(command)
    command.set_defaults(handler=_run)


def _add_without_stamp(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--without-stamp",
        action="store_true",
        help="where a driver keeps no <metadata>, know the kit's domains by their names and UUIDs alone",
    )


def _add_for_reports(name: str, command: argparse.ArgumentParser) -> None:
    """Add what a command for reports takes."""
    match name:
        case "diff":
            command.add_argument("old", metavar="OLD", type=Path)
            command.add_argument("new", metavar="NEW", type=Path)
        case "deviations":
            command.add_argument(
                "--from", dest="source", metavar="FILE.json", type=Path, required=True, help="a report"
            )
            command.add_argument(
                "--output", metavar="FILE.toml", type=file, help="a new file (default: standard output)"
            )
        case "merge":
            command.add_argument("reports", metavar="FILE.json", type=Path, nargs="+")
            command.add_argument("--report", metavar="FILE.json", type=file, required=True, help="write the one report")
            command.add_argument("--slim", action="store_true", help="leave out the calls of what is upheld")
            command.add_argument("--deviations", metavar="FILE.toml", type=file, help="hold it against deviations")
            command.add_argument("--baseline", metavar="FILE.json", type=file, help="hold it against an earlier report")
    command.set_defaults(handler=_for_reports, command=name)


def _for_reports(options: argparse.Namespace) -> int:
    from conformance.commands import gate

    return gate.COMMANDS[options.command](options)


def add_outputs(command: argparse.ArgumentParser, named: Callable[[str], Path]) -> None:
    """Take a file for each form that a report can be had in; ``named`` makes one of what somebody typed."""
    for form in FORMATS:
        command.add_argument(f"--{form.name}", metavar=form.file, type=named, help=f"write {form.help}")


def _add_explore(command: argparse.ArgumentParser) -> None:
    from conformance.commands.explore import add_arguments, explore

    add_arguments(command)
    _add_time(command)
    command.set_defaults(handler=explore)


def _add_prove(command: argparse.ArgumentParser) -> None:
    command.add_argument("--uri", default=DEFAULT_URI, help=f"the driver to break (default: {DEFAULT_URI})")
    command.add_argument("--vice", metavar="NAME", action="append", default=[], help="try this vice; may be repeated")
    command.add_argument(
        "--rule", metavar="ID", action="append", default=[], help="judge by this rule only; may be repeated"
    )
    command.add_argument("--report", metavar="FILE.json", type=file, help="write the kill matrix")
    command.add_argument("--workers", metavar="N", type=positive, default=0, help="how many processes run scenarios")
    command.add_argument(
        "--every-scenario", action="store_true", help="also those in which a vice was seen to do nothing; takes long"
    )
    _add_time(command)
    command.set_defaults(handler=_prove)


def _add_uri(command: argparse.ArgumentParser) -> None:
    """Take the URI as a word or, as ``run`` does, by an option."""
    # A default of either's own, which this would be if it came after them, wins over what the other was given.
    command.set_defaults(uri=DEFAULT_URI)
    command.add_argument("uri", metavar="URI", nargs="?", default=argparse.SUPPRESS)
    command.add_argument("--uri", dest="uri", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def _add_time(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--timeout", metavar="S", type=seconds, default=60.0, help="seconds for one scenario (default: 60)"
    )
    command.add_argument("--virt-type", metavar="TYPE", default="", help="the domains' type, such as kvm or qemu")


def _run(options: argparse.Namespace) -> int:
    garbage.ignore()
    from conformance.commands.run import run

    return run(options)


def _list(_options: argparse.Namespace) -> int:
    garbage.ignore()
    from conformance.commands.read import list_rules

    return list_rules()


def _explain(options: argparse.Namespace) -> int:
    garbage.ignore()
    from conformance.commands.read import explain

    return explain(options.rule)


def _probe(options: argparse.Namespace) -> int:
    from conformance.commands.drivers import probe

    return probe(options)


def _prove(options: argparse.Namespace) -> int:
    from conformance.commands.prove import prove

    return prove(options)


def _clean(options: argparse.Namespace) -> int:
    from conformance.commands.drivers import clean

    return clean(options)


def _drift(options: argparse.Namespace) -> int:
    from conformance.commands.drift import drift

    return drift(options)


def _render(options: argparse.Namespace) -> int:
    from conformance.commands.render import render

    return render(options)


def _lint(options: argparse.Namespace) -> int:
    from conformance.commands.read import lint

    return lint(write=options.write)


if __name__ == "__main__":
    sys.exit(main())
