"""Whether the register of vices is whole, and every vice in it is declared for rules that there are.

A vice that is declared for no rule of the specification convicts none, and ``prove`` would lay that to the others; one
in a module that nobody imports is tried by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from conformance.catalog import Catalog
from conformance.declared import Declared
from conformance.errors import BadVice, KitError
from conformance.mutants.vice import Vice

_FOLDER = "src/conformance/mutants"


def check_register(catalog: Catalog, register: Mapping[str, Vice], written: Iterable[Declared]) -> Iterator[KitError]:
    """Yield each module of vices that was not imported, and each rule that a vice is declared for and that is none.

    :param register: the vices that are tried, by name.
    :param written: those that the sources hold.
    """
    written = list(written)
    imported = {vice.body.__module__.rpartition(".")[2] for vice in register.values()}
    for module in dict.fromkeys(one.module for one in written if one.module not in imported):
        yield BadVice(
            "nobody tries the vices of this module",
            where=f"{_FOLDER}/{module}.py",
            remedy=f"name it in _MODULES of {_FOLDER}/__init__.py, at the place of its part of the kill matrix",
        )
    places = {one.name: f"{_FOLDER}/{one.module}.py:{one.line}" for one in written}
    for name, vice in register.items():
        for rule in sorted((vice.rules | vice.overlaps.keys()) - catalog.rules.keys()):
            meant = "is meant for" if rule in vice.rules else "overlaps with"
            yield BadVice(
                f"the vice {name} {meant} {rule}, which is no rule of the specification",
                where=places.get(name, _FOLDER),
            )
