"""What a person sees of a search: where driver and model part, by which life, and what lives have come through."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.catalog import release_text

_WIDTH = 100
_RESULTS = {
    0: "no rule of level MUST is broken",
    1: "not conformant",
    2: "inconclusive",
}


def lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that show a search.

    :param document: as ``explore --report`` writes it.
    """
    driver, machine, search = document["driver"], document["machine"], document["search"]
    release = release_text(driver.get("libvirt_version") or 0)
    yield f"Explored {driver['uri']} with seed {search['seed']}"
    yield f"{driver.get('type')} driver of libvirt {release}; domains of type {machine.get('type')}"
    for parting in document["partings"]:
        yield ""
        yield from _parting(parting)
    yield ""
    yield from _sums(document)


def _parting(parting: Mapping[str, Any]) -> Iterator[str]:
    mark = "✘" if parting["fails"] else "!"
    if parting["rule"]:
        yield f"{mark} {parting['rule']} ({parting['level']})"
        yield from _field("rule", parting["statement"])
    else:
        yield f"{mark} no rule says"
        yield from _field("rule", "none says what has to happen here: a gap in the specification")
    for number, op in enumerate(parting["life"], 1):
        yield from _field("life" if number == 1 else "", f"{number}. {op}")
    yield from _field("before", parting["before"])
    yield from _field("expected", parting["expected"])
    yield from _field("observed", parting["observed"])
    for further in parting["besides"]:
        yield from _field("besides", further)
    if not parting["shortest"]:
        yield from _field("but", "there was no time to see whether a shorter life shows it too")
    if not parting["shown_again"]:
        yield from _field("but", "led once more on its own, this life did not show it again")
    if parting["reproducer"]:
        yield "  shown again without the kit by:"
        yield from textwrap.indent(parting["reproducer"], "    ").splitlines()


def _field(name: str, text: str) -> Iterator[str]:
    label = f"{name}:" if name else ""
    wrapped = textwrap.wrap(" ".join(text.split()), _WIDTH - 13) or [""]
    yield f"  {label:10} {wrapped[0]}"
    yield from (f"{'':13}{line}" for line in wrapped[1:])


def _sums(document: Mapping[str, Any]) -> Iterator[str]:
    search, coverage = document["search"], document["coverage"]
    partings, failing = document["summary"]["partings"], document["summary"]["failing"]
    without = sum(parting["rule"] is None for parting in document["partings"])
    yield f"partings:    {partings}, {failing} of them against a MUST, {without} where no rule says"
    if coverage:
        for name in ("states", "transitions"):
            numbers = coverage[name]
            behind = f"; {numbers['behind_partings']:,} more lie behind partings" if numbers["behind_partings"] else ""
            yield f"{name + ':':12} {numbers['visited']:,} of {numbers['reachable']:,} visited{behind}"
        if lacking := coverage["operations_lacking"]:
            yield from _wrapped(
                "left out:", f"{', '.join(lacking)}, which the driver lacks or which cannot be had here"
            )
    yield (
        f"operations:  {search['operations']:,} in {search['lives']:,} lives and {search['seconds']:.1f} s "
        f"with {search['workers']} workers: {search['operations_per_second']:,.0f} a second, "
        f"{search['libvirt_seconds']:.1f} s of them inside libvirt"
    )
    inventory = document["inventory"]
    if inventory:
        same = "are as they were" if inventory["identical"] else "have changed"
        yield f"others:      {inventory['objects']} objects that are not the kit's {same}"
    for problem in document["problems"]:
        yield from _wrapped("!", problem)
    yield f"result:      {_RESULTS[document['summary']['exit_code']]}"


def _wrapped(label: str, text: str) -> Iterator[str]:
    wrapped = textwrap.wrap(text, _WIDTH - 13)
    yield f"{label:12} {wrapped[0]}"
    yield from (f"{'':13}{line}" for line in wrapped[1:])
