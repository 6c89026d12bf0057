"""What the Sphinx extension makes of facts, rules and published reports."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("myst_parser", reason="Sphinx and MyST come with the extra docs")

from published import publish, report
from test_sphinx_rules import CONF, INDEX, Project, text_of

FACTS = """{
 "release": "1.2.3",
 "functions": {
  "virDemoRemove": {"since": 9004, "returns": "int", "rights": [["demo", "delete", ""]],
   "arguments": [["demo", "virDemoPtr"], ["flags", "unsigned int"]], "python": "virDemo.undefine(flags=0)"}
 },
 "constants": {"VIR_DEMO_A": ["virDemoFlags", 1, 9004], "VIR_DEMO_B": ["virDemoFlags", 2, 1000000]}
}
"""
PAGE = """\
# virDemoRemove

```{api-function} virDemoRemove
demo: what goes
flags: bits
returns: 0
```

```{api-flags} virDemoFlags
VIR_DEMO_A: the first; see DEMO-001
VIR_DEMO_B: the second
```

```{api-rules} virDemoRemove
```

```{api-support} virDemoRemove
:capabilities: define pause
:flags:
```

```{support-matrix}
```
"""


FINDING = """\
---
orphan: true
---

# It is not removed

```{seen-in} DEMO
DEMO-002/other
DEMO-001/plain
```
"""


class Site(Project):
    """A project with a page about a function and two published reports."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        conf = CONF.replace('"spec/*.md"]', '"spec/*.md", "docs/**.md"]').replace(
            "sphinx_rules", "sphinx_reference"
        ) + ('nitpick_ignore_regex = [("c:identifier", "vir.*")]\nmyst_enable_extensions = ["attrs_inline"]\n')
        (folder / "conf.py").write_text(conf, encoding="utf-8")
        (folder / "index.md").write_text(
            INDEX.replace("spec/page", "spec/page\ndocs/api/virDemoRemove"), encoding="utf-8"
        )
        (self.spec / "libvirt-api.json").write_text(FACTS, encoding="utf-8")
        self.page = folder / "docs" / "api" / "virDemoRemove.md"
        self.page.parent.mkdir(parents=True)
        self.page.write_text(PAGE, encoding="utf-8")
        (folder / "docs" / "finding.md").write_text(FINDING, encoding="utf-8")
        rules = {"DEMO-001": "violated", "DEMO-002": "upheld"}
        publish(
            folder / "results",
            {
                "new-demo": report(dict.fromkeys(rules, "upheld"), release=11_000_000),
                "old-demo": report(rules, release=9_000_000),
            },
        )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return a site that was built without a warning."""
    site = Site(tmp_path_factory.mktemp("site"))
    code, said = site.build()
    assert code == 0, said
    return site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return a site that was not built yet."""
    return Site(tmp_path)


def test_a_function_is_shown_in_c_and_in_python(built: Site) -> None:
    """Signature, arguments, release, return and right stand on the page, each once."""
    page = text_of(built.read("docs/api/virDemoRemove.html"))
    assert "int virDemoRemove(virDemoPtr demo, unsigned int flags)" in page
    assert "virDemo.undefine(flags=0)" in page
    assert "demo virDemoPtr what goes" in page
    assert "Since: libvirt 0.9.4" in page
    assert "Right: demo:delete, on drivers that control access by rights" in page


def test_flags_come_with_value_and_release(built: Site) -> None:
    """The words are the page's, the numbers are libvirt's, and each flag has an address."""
    markup = built.read("docs/api/virDemoRemove.html")
    assert "VIR_DEMO_A 1 0.9.4 the first; see DEMO-001" in text_of(markup)
    assert "VIR_DEMO_B 2 1.0.0 the second" in text_of(markup)
    assert 'id="vir-demo-a"' in markup


def test_a_page_names_the_rules_and_what_drivers_make_of_them(built: Site) -> None:
    """The rules are those whose scenarios call the function; what violates them is named."""
    page = text_of(built.read("docs/api/virDemoRemove.html"))
    assert "DEMO-001 MUST Rule 1 kept by 1 of 2; violated by old-demo" in page
    assert "old-demo 9.0.0 yes no MANAGED_SAVE 0 of 1 DEMO-001" in page
    assert "new-demo 11.0.0 yes no MANAGED_SAVE 1 of 1 none" in page


def test_a_rule_names_the_functions_and_the_drivers(built: Site) -> None:
    """The other way round: from the rule to the function's page, and to what was found about each driver."""
    markup = built.read("spec/page.html")
    section = markup[markup.index('id="DEMO-001"') :]
    section = section[: section.index("</section>")]
    assert "Because. Calls: virDemoRemove" in text_of(section)
    assert 'href="../docs/api/virDemoRemove.html#c.virDemoRemove"' in section
    assert "Judged: violated old-demo upheld new-demo" in text_of(section)
    assert 'href="../docs/subjects/old-demo.html#old-demo-demo-001"' in section
    assert "Because. Judged: upheld old-demo, new-demo" in text_of(markup), "a rule about no function calls none"


def test_the_matrix_leads_to_the_evidence(built: Site) -> None:
    """The table, its script, the CSV file and the document are part of the site, and so is each report."""
    markup = built.read("docs/api/virDemoRemove.html")
    assert '<a href="../../spec/page.html#DEMO-001">DEMO-001</a>' in markup
    assert "<td class=v-violated>violated" in markup
    assert 'data-subjects="../subjects"' in markup
    assert 'src="../../_static/sphinx_reference.js"' in markup
    for name in ("_static/sphinx_reference.js", "docs/subjects/all.csv", "docs/subjects/old-demo.json"):
        assert built.read(name)
    assert '"finding": "violated"' in built.read("docs/subjects/all.json")


def test_a_finding_says_where_it_was_seen_and_its_rules_name_it(built: Site) -> None:
    """Which drivers show it is read from their reports; a rule leads to what was found about it."""
    page = text_of(built.read("docs/finding.html"))
    assert "old-demo 9.0.0 DEMO 7.2.22 seen in 1 of 1 cases" in page
    assert "new-demo 11.0.0 DEMO 7.2.22 not seen in 1 cases" in page
    assert "Found: It is not removed" in text_of(built.read("spec/page.html"))


def test_each_report_has_a_page_with_the_evidence(built: Site) -> None:
    """What was found about a rule, a capability and a flag is there, under an address of its own."""
    markup = built.read("docs/subjects/old-demo.html")
    assert 'id="old-demo-demo-001"' in markup
    page = text_of(markup)
    assert "DEMO-001 MUST violated 1 of 1 case: expected nothing <b>; observed some|thing `else` [x](y)" in page
    assert "pause no probe of pause: NO_SUPPORT" in page
    assert "NVRAM refused INVALID_ARG (unsupported flags (0x4))" in page
    assert "DEMO 7.2.22 by demo:///system" in page


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        ("flags: bits\n", "", "virDemoRemove has an argument flags that is not described"),
        ("flags: bits", "flag: bits", "virDemoRemove has no argument flag"),
        ("VIR_DEMO_B: the second\n", "", "VIR_DEMO_B is not described"),
        ("VIR_DEMO_B", "VIR_DEMO_C", "virDemoFlags has no value VIR_DEMO_C"),
        ("{api-flags} virDemoFlags", "{api-flags} virDomoFlags", "there is no enumeration virDomoFlags"),
        ("{api-function} virDemoRemove", "{api-function} virDemoFlee", "libvirt has no function virDemoFlee"),
        ("{api-rules} virDemoRemove", "{api-rules} virDemoFlee", "no rule is about virDemoFlee"),
        (":capabilities: define pause", ":capabilities: fly", "there is no capability fly"),
        (
            "```{support-matrix}",
            "```{seen-in} DEMO\nDEMO-001/none\n```\n\n```{support-matrix}",
            "no scenario DEMO-001/none",
        ),
    ],
)
def test_a_page_that_says_too_little_or_too_much_is_a_warning(site: Site, old: str, new: str, warning: str) -> None:
    """With warnings as errors a page cannot fall behind libvirt."""
    site.page.write_text(PAGE.replace(old, new), encoding="utf-8")
    code, said = site.build()
    assert code == 1
    assert warning in said


def test_a_broken_report_ends_the_build(site: Site) -> None:
    """The error is the kit's own, with the file."""
    (site.folder / "results" / "bad-demo.json").write_text("{", encoding="utf-8")
    code, said = site.build()
    assert code != 0
    assert "LVC-401" in said
    assert "bad-demo.json" in said


def test_pages_follow_the_reports(site: Site) -> None:
    """A report that came, changed or went is seen without a clean build."""
    assert site.build()[0] == 0
    rules = {"DEMO-001": "not-testable", "DEMO-002": "upheld"}
    publish(site.folder / "results", {"newer-demo": report(rules, release=12_000_000)})
    (site.folder / "results" / "old-demo.json").unlink()
    code, said = site.build()
    assert code == 0, said
    section = text_of(site.read("spec/page.html"))
    assert "Judged: not testable newer-demo upheld new-demo" in section
    publish(site.folder / "results", {"newer-demo": report(dict.fromkeys(rules, "upheld"), release=12_000_000)})
    os.utime(site.folder / "results" / "newer-demo.json", (2_000_000_000, 2_000_000_000))
    assert site.build()[0] == 0
    assert "Judged: upheld new-demo, newer-demo" in text_of(site.read("spec/page.html"))


def test_a_site_without_reports_is_built(site: Site) -> None:
    """A project that has published nothing yet is told so, and has its reference all the same."""
    for path in (site.folder / "results").glob("*.json"):
        path.unlink()
    code, said = site.build()
    assert code == 0, said
    assert "No report is published yet." in text_of(site.read("docs/api/virDemoRemove.html"))
