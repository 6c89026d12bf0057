"""The documentation as it is built: every link leads somewhere, no page is heavy, nothing comes from elsewhere."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("furo", reason="Sphinx, MyST and the theme come with the extra docs")

TOP = Path(__file__).parents[1]
#: No page is heavier than this, the shared assets left out, in bytes.
HEAVIEST = 300_000


@dataclass
class Page(HTMLParser):
    """What a page of the site links, loads and can be linked by."""

    path: Path
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def __hash__(self) -> int:
        return hash(self.path)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note addresses and anchors."""
        given = dict(attrs)
        if anchor := given.get("id"):
            self.anchors.add(anchor)
        if tag == "a" and (address := given.get("href")):
            self.links.append(address)
        for name in ("src", "href") if tag != "a" else ("src",):
            if tag in ("script", "link", "img", "source", "iframe") and (address := given.get(name)):
                self.loads.append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    """Return the pages of the site by their files, built as ./kit docs builds it."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-q", "-b", "html", "-c", "docs", "."]
    done = subprocess.run([*command, str(out)], cwd=TOP, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return {path: Page(path) for path in sorted(out.rglob("*.html"))}


def broken(page: Page, site: dict[Path, Page]) -> Iterator[str]:
    """Yield the links of a page to nothing."""
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
        anchor = unquote(parts.fragment)
        # Fragments with "=" choose what the support matrix shows.
        there = anchor == "" or "=" in anchor or (target in site and anchor in site[target].anchors)
        if not target.is_file() or not there:
            yield f"{page.path.name}: {link}"


def test_every_internal_link_leads_somewhere(site: dict[Path, Page]) -> None:
    """The page is there, and the anchor in it."""
    assert [problem for page in site.values() for problem in broken(page, site)] == []
    assert sum(len(page.links) for page in site.values()) > 2000, "links are seen at all"


def test_a_link_to_nothing_is_seen(site: dict[Path, Page]) -> None:
    """A page and an anchor that are not there are each found."""
    page = next(page for path, page in site.items() if path.name == "verdicts.html")
    page = Page(page.path)
    page.links = ["nowhere.html", "#nothing", "guarantees.html#nothing", "guarantees.html", "https://libvirt.org/"]
    assert len(list(broken(page, site))) == 3


def test_no_page_is_heavy(site: dict[Path, Page]) -> None:
    """Whoever reads a rule on a train waits for no megabyte."""
    heavy = {path.name: path.stat().st_size for path in site if path.stat().st_size > HEAVIEST}
    # The index and the search have no bound: they name everything there is.
    assert {name: size for name, size in heavy.items() if name != "genindex.html"} == {}


def test_nothing_is_loaded_from_elsewhere(site: dict[Path, Page]) -> None:
    """The site is read without a network: no font, no script and no picture comes from another host."""
    loads = {load for page in site.values() for load in page.loads}
    assert {load for load in loads if urlsplit(load).netloc} == set()
    top = next(path for path in site if path.name == "genindex.html").parent
    sheets = [path.read_text(encoding="utf-8") for path in top.glob("_static/**/*.css")]
    assert sheets
    assert not any("url(http" in sheet or "url('http" in sheet or "@import" in sheet for sheet in sheets)


#: Addresses that stand in bug reports and in the pages of others.
PERMANENT = [
    "spec/undefine.html#UNDEF-001",
    "spec/undefine.html#UNDEF-036",
    "docs/api/virDomainUndefineFlags.html#c.virDomainUndefineFlags",
    "docs/api/virDomainUndefineFlags.html#virDomain.undefineFlags",
    "docs/capabilities.html#capability-managed-save",
    "docs/findings.html#a-guests-memory-is-lost-in-a-refusal",
    "docs/findings/memory-lost-in-a-refusal.html",
    "docs/support.html",
    "docs/subjects/all.json",
]


@pytest.mark.parametrize("address", PERMANENT)
def test_addresses_are_permanent(site: dict[Path, Page], address: str) -> None:
    """What was linked once is there for ever."""
    top = next(path for path in site if path.name == "genindex.html").parent
    name, _, anchor = address.partition("#")
    assert (top / name).is_file()
    assert not anchor or anchor in site[top / name].anchors
