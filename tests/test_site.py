"""The documentation as it is built: links lead somewhere, pages are light, columns have names, nothing is fetched."""

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

from test_sphinx_rules import text_of

TOP = Path(__file__).parents[1]
#: No page is heavier than this, the shared assets left out, in bytes: half of the megabyte that nobody waits for. The
#: heaviest has every rule of a family with its scenarios; behind this bound the family is two pages.
HEAVIEST = 500_000


@dataclass
class Page(HTMLParser):
    """What a page of the site links, loads and can be linked by."""

    path: Path
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    headers: list[str] = field(default_factory=list)
    _in_header: bool = False

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
        if tag == "th":
            self._in_header = True
            self.headers.append("")

    def handle_data(self, data: str) -> None:
        """Note what stands at the head of a column or a row."""
        if self._in_header:
            self.headers[-1] += data.strip()

    def handle_endtag(self, tag: str) -> None:
        """Note where a head ends."""
        if tag == "th":
            self._in_header = False


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


def test_every_column_has_a_name(site: dict[Path, Page]) -> None:
    """Whoever has a table read out hears what each cell is."""
    assert sum(len(page.headers) for page in site.values()) > len(site)
    assert not [path.name for path, page in site.items() if "" in page.headers]


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


FLAGS = "docs/api/virDomainUndefineFlags.html"
#: What somebody asks who calls libvirt, the two clicks from the front page, and words of the answer.
QUESTIONS = [
    (
        "Does undefine lose my guest's memory?",
        ("docs/api/index.html", FLAGS),
        "the memory in a managed save image the call is refused; with MANAGED_SAVE the image is removed",
    ),
    (
        "Which flag keeps the nvram file, and since when?",
        ("docs/api/index.html", FLAGS),
        "VIR_DOMAIN_UNDEFINE_KEEP_NVRAM 8 2.3.0 leave the file",
    ),
    (
        "Does the driver that I use take that flag?",
        ("docs/support.html", "docs/subjects/bookworm-test.html"),
        "KEEP_NVRAM refused INVALID_ARG",
    ),
    (
        "What if nobody has judged my driver, such as Xen's?",
        ("docs/support.html",),
        "That a driver is not here means that nobody has published a report of it.",
    ),
    (
        "What becomes of a guest that runs?",
        ("docs/api/index.html", "docs/api/virDomainUndefine.html"),
        "the guest goes on, the domain is transient and vanishes when it stops",
    ),
    (
        "How do I take that back?",
        ("docs/api/index.html", "docs/api/definitions.html"),
        "a transient one becomes persistent, which takes back an undefine",
    ),
    (
        "Are my disks deleted?",
        ("docs/api/index.html", FLAGS),
        "It never touches a disk or a volume",
    ),
    (
        "Do I have to delete snapshots first?",
        ("docs/api/index.html", "docs/api/metadata.html"),
        "As long as an inactive domain has any, undefine wants the flag for it",
    ),
    (
        "Which error says that a flag is not known?",
        ("docs/api/index.html", "docs/api/errors.html"),
        "VIR_ERR_INVALID_ARG 8 0.1.0 an argument cannot be right, such as a flag bit that nobody knows",
    ),
    (
        "Am I told of an undefine that was refused?",
        ("docs/api/index.html", "docs/api/lifecycle-events.html"),
        "none for one that is refused",
    ),
    (
        "Which right does a user need for it?",
        ("docs/api/index.html", FLAGS),
        "Right: domain:delete",
    ),
    (
        "Is there a driver that loses data all the same?",
        ("docs/findings.html", "docs/findings/memory-lost-in-a-refusal.html"),
        "But the image is gone, and the driver still says that there is one.",
    ),
]


@pytest.mark.parametrize(("clicks", "answer"), [one[1:] for one in QUESTIONS], ids=[one[0] for one in QUESTIONS])
def test_a_question_is_answered_in_two_clicks(site: dict[Path, Page], clicks: tuple[str, ...], answer: str) -> None:
    """From the front page each click follows a link that is there, and the last page holds the answer."""
    top = next(path for path in site if path.name == "genindex.html").parent
    page = site[top / "docs" / "index.html"]
    assert len(clicks) <= 2
    for click in clicks:
        reached = {(page.path.parent / unquote(urlsplit(link).path)).resolve() for link in page.links}
        assert top / click in reached, f"{page.path.name} does not link {click}"
        page = site[top / click]
    assert answer in text_of(page.path.read_text(encoding="utf-8"))
