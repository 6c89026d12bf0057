"""``drift``: which rules have to be read again, as libvirt's text has changed."""

from __future__ import annotations

import argparse
import difflib
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from conformance.api import (
    FACTS,
    Api,
    completed,
    facts_text,
    find_binding,
    find_xml,
    read_binding,
    read_facts,
    read_xml,
    with_binding,
)
from conformance.catalog import Catalog, load_catalog, release_text
from conformance.data import folder
from conformance.drift import Change, Drift, Sentence, between, compare, read
from conformance.errors import BadApi, UsageError
from conformance.report import write_text
from conformance.upstream import Upstream, read_upstream
from conformance.verdict import ExitCode

_WIDTH = 100


def drift(options: argparse.Namespace) -> int:
    """Compare, and print what was found.

    :raises BadApi: when there is no libvirt-api.xml, or one cannot be read.
    :raises BadFingerprints: when the specification's list of sentences breaks its form.
    :raises UsageError: when the sentences of something are asked for that there is not.
    """
    catalog = load_catalog(folder("spec"))
    upstream = read_upstream(folder("spec"), catalog)
    api = _read(options.api)
    if options.write_facts:
        return _write_facts(api, upstream, options.write_facts)
    if options.sentences is not None:
        return _print_sentences(api, upstream, _chosen(options.sentences, api, upstream))
    if options.old:
        return _print_changes(between(_read(options.old), api, upstream), options.old, api)
    facts = read_facts(folder("spec"))
    return _print_drift(compare(api, upstream, catalog, facts), api, catalog, facts)


def _read(path: Path | None) -> Api:
    found = path or find_xml()
    if found is None:
        raise BadApi(
            "this machine has no libvirt-api.xml",
            remedy="install libvirt's development files (libvirt-dev, libvirt-devel), or name one with --api",
        )
    return read_xml(found)


def _write_facts(api: Api, upstream: Upstream, release: str) -> int:
    """Keep what an API and this machine's binding say, and of what they do not say what was known before."""
    known = read_facts(folder("spec"))
    if binding := find_binding():
        api = with_binding(api, read_binding(binding))
    path = folder("spec") / FACTS
    write_text(path, facts_text(completed(api, known), upstream.facts, release))
    print(f"{path} is written.")
    return ExitCode.CONFORMANT


def _chosen(names: Sequence[str], api: Api, upstream: Upstream) -> list[str]:
    """Return the functions and constants that were named, or all of which the specification has sentences."""
    ours = upstream.items(api)
    known = {*api.functions, *api.constants, *ours}
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, sorted(known), cutoff=0)
            raise UsageError(
                f"there is no function or constant {name!r}",
                where=api.place,
                remedy=f"choose one of the {len(known)}, such as {', '.join(close)}",
            )
    return list(dict.fromkeys(names)) or ours


def _print_sentences(api: Api, upstream: Upstream, items: Iterable[str]) -> int:
    for item in items:
        print(f"\n{item}" + ("" if api.prose(item) is not None else "  is not in this libvirt"))
        for one in read(api, item):
            rules = ", ".join(upstream.rules_on(item, one.sign))
            about = rules or ("aside" if upstream.knows(item, one.sign) else "–")
            print(
                textwrap.fill(one.text, _WIDTH, initial_indent=f"  {one.sign}  {about}: ", subsequent_indent=" " * 16)
            )
    return ExitCode.CONFORMANT


def _print_drift(found: Drift, api: Api, catalog: Catalog, facts: Api) -> int:
    print(f"{api.place}, of libvirt {release_text(api.newest)} or later" if api.newest else api.place)
    for rule in found.reread:
        print(f"\n{rule} has to be read again: {catalog.rules[rule].title}")
        for lost in (one for one in found.lost if one.rule == rule):
            print(f"  a sentence of {lost.item} that it rests on is not there any more")
            _print_texts("perhaps it is now", lost.candidates)
    if found.unruled:
        print(f"\nNo rule speaks of {', '.join(found.unruled)}.")
    for one in found.unread:
        print(f"\nNo rule is made of a sentence of {one.item}:")
        _print_texts(one.sign, [one])
    for item, rules in found.absent.items():
        since = f", and came with {release_text(facts.since(item))}" if facts.since(item) else ""
        print(f"\n{item} is not in this libvirt{since}: {', '.join(rules)}")
    said = {rule: reason for rule, reason in found.without.items() if reason}
    if said:
        print(f"\n{len(said)} rules rest on no sentence:")
        for rule, reason in said.items():
            print(f"  {rule}  {reason}")
    for rule in (rule for rule, reason in found.without.items() if not reason):
        print(f"\n{rule} rests on no sentence, and nothing says on what else.")
    missing = sum(not reason for reason in found.without.values())
    print(
        f"\nresult: {len(found.reread)} of {len(catalog.rules)} rules to be read again, "
        f"{len(found.unruled)} functions and flags without a rule, {len(found.unread)} sentences without a rule, "
        f"{missing} rules without a basis"
    )
    return ExitCode.NOT_CONFORMANT if found.is_there else ExitCode.CONFORMANT


def _print_changes(changes: Iterable[Change], old: Path, api: Api) -> int:
    found = list(changes)
    print(f"from {old} to {api.place}")
    for change in found:
        resting = f"; {', '.join(change.rules)}" if change.rules else ""
        print(f"\n{change.item} {change.what}{resting}")
        _print_texts("was", change.gone)
        _print_texts("is", change.come)
    rules = {rule for change in found for rule in change.rules}
    print(f"\nresult: {len(found)} functions and constants differ, which concerns {len(rules)} rules")
    return ExitCode.NOT_CONFORMANT if found else ExitCode.CONFORMANT


def _print_texts(label: str, sentences: Iterable[Sentence]) -> None:
    for one in sentences:
        print(textwrap.fill(one.text, _WIDTH, initial_indent=f"  {label}: ", subsequent_indent="    "))
