"""What the pages about functions and drivers are made from, read once for a build."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sphinx.config import Config
from sphinx.util import logging

from conformance.about import functions_of_rules, rules_of_functions
from conformance.api import FACTS, Api, completed, contradictions, find_xml, read_facts, read_xml
from conformance.declared import Declared, own_vices
from conformance.rulebook import Book, load_book
from conformance.subjects import Subject, load_subjects

_LOGGER = logging.getLogger(__name__)
_PAGE_OF = re.compile(r"^`{3,}\{api-function\} (\w+)", re.MULTILINE)
_SEEN_IN = re.compile(r"^`{3,}\{seen-in\}[^\n]*\n(.*?)^`{3,}", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"^# (.+)", re.MULTILINE)


@dataclass(frozen=True)
class Reference:
    """Everything that the pages about functions and drivers are made from.

    :param pages: the page of each function that has one.
    :param about: the functions that each rule is about, by its id; ``binding`` is the same the other way round.
    :param vices: the broken drivers that each rule convicts.
    :param findings: by rule, the titles of the pages about findings by their names.
    :param files: what all of it was read from.
    """

    book: Book
    api: Api
    subjects: list[Subject]
    pages: dict[str, str]
    about: dict[str, list[str]]
    binding: dict[str, list[str]]
    vices: dict[str, list[Declared]]
    findings: dict[str, dict[str, str]]
    files: list[Path]


@cache
def _load(source: Path, specification: str, features: str, pages: str, results: str) -> Reference:
    book = load_book(source / specification, source / features)
    api = read_facts(source / specification)
    if xml := find_xml():
        here = read_xml(xml)
        for contradiction in contradictions(here, api):
            _LOGGER.warning("%s, says %s", contradiction, xml, type="reference")
        api = completed(here, api)
    folder = source / results
    subjects = load_subjects(folder) if folder.is_dir() else []
    about = functions_of_rules(book.catalog, book.scenarios, api)
    vices: dict[str, list[Declared]] = {}
    for vice in own_vices():
        for rule in vice.rules:
            vices.setdefault(rule, []).append(vice)
    found = {
        name: path.relative_to(source).with_suffix("").as_posix()
        for path in sorted((source / pages).glob("*.md"))
        for name in _PAGE_OF.findall(path.read_text(encoding="utf-8"))
    }
    findings: dict[str, dict[str, str]] = {}
    for path in sorted((source / pages).parent.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        for case in (case for block in _SEEN_IN.findall(text) for case in block.split()):
            name, title = path.relative_to(source).with_suffix("").as_posix(), _TITLE.search(text)
            findings.setdefault(case.partition("/")[0], {})[name] = title[1] if title else name
    files = [source / specification / FACTS, *(folder / f"{subject.name}.json" for subject in subjects)]
    return Reference(book, api, subjects, found, about, rules_of_functions(about), vices, findings, files)


def reference_of(config: Config, source: Path) -> Reference:
    """Return what the settings of a project name, read once."""
    return _load(
        source,
        config.rules_specification,
        config.rules_features,
        config.reference_pages,
        config.reference_results,
    )


def forget() -> None:
    """Have everything read again: another build may find other files."""
    _load.cache_clear()
