"""What the Sphinx extension makes of a specification's pages as they are."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("myst_parser", reason="Sphinx and MyST come with the extra docs")

CONF = """
project = "Demo"
extensions = ["myst_parser", "conformance.sphinx_rules"]
include_patterns = ["index.md", "spec/*.md"]
html_theme = "basic"
"""
INDEX = """\
# Demo

DEMO-001, [](#DEMO-002), {ref}`DEMO-001` and `DEMO-002` in code; LVC-101 names none.

```{rule-table}
```

```{capability-table}
```

```{toctree}
spec/page
```
"""
CAPABILITIES = """
[define]
title = "holds a definition"
probe = "defineXML"

[pause]
title = "pauses"
probe = "suspend"
"""


def rule(number: int, *, level: str = "MUST", statement: str = "It holds.") -> str:
    """Return a rule of a page."""
    return f"""
### DEMO-{number:03}: Rule {number}

> {statement}

- **Level:** {level}
- **Since:** 0.9.4
- **Requires:** `define`
- **Source:** the principle
- **Reason:** Because.
"""


PAGE = f"""\
# Page

Prose about DEMO-002.

## Basics
{rule(1)}{rule(2, level="SHOULD", statement="It follows from DEMO-001.")}
### DEMO-003: Rule 3

- **Withdrawn:** It never held.
"""
FEATURE = """\
Feature: Demo

  @DEMO-001
  Rule: Rule 1

    @id.plain @needs.pause
    Scenario: A domain is removed
      Given a domain that is inactive
      When the client calls undefine
      Then the call succeeds

    # Nothing of this comment is shown.
    @id.rows
    Scenario Outline: <call> removes a domain
      Given a domain that is inactive
      When the client calls <call>
      Then the call succeeds

      Examples:
        | call     |
        | undefine |

      @needs.pause
      Examples:
        | call    |
        | destroy |

  @DEMO-002
  Rule: Rule 2

    @id.other
    Scenario: Another
      Then the call succeeds
"""


class Project:
    """A folder with a specification that Sphinx builds."""

    def __init__(self, folder: Path, spec: str = "spec", features: str = "features") -> None:
        self.folder = folder
        self.spec = folder / spec
        self.features = folder / features
        for path, text in (
            (folder / "conf.py", CONF),
            (folder / "index.md", INDEX),
            (self.spec / "page.md", PAGE),
            (self.spec / "spec.toml", 'title = "Demo"\nversion = "1"\n'),
            (self.spec / "capabilities.toml", CAPABILITIES),
            (self.features / "demo.feature", FEATURE),
        ):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def build(self, *options: str, builder: str = "html") -> tuple[int, str]:
        """Build with warnings as errors; return the exit code and what Sphinx wrote."""
        command = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-b", builder, *options, ".", "out"]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=120, env=os.environ
        )
        return done.returncode, done.stdout + done.stderr

    def read(self, name: str) -> str:
        """Return a file that Sphinx made."""
        return (self.folder / "out" / name).read_text(encoding="utf-8")


def text_of(markup: str) -> str:
    """Return the text of HTML, its white space reduced to single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", markup)).split())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project that was built without a warning."""
    project = Project(tmp_path_factory.mktemp("demo"))
    code, said = project.build()
    assert code == 0, said
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project that was not built yet."""
    return Project(tmp_path)


def section_of(page: str, rule_id: str) -> str:
    """Return the HTML of a rule's section."""
    start = page.index(f'id="{rule_id}"')
    return page[start : page.index("</section>", start)]


def test_a_rule_has_its_id_as_permanent_address(built: Project) -> None:
    """The heading's link to itself goes by the rule's id, whatever the title is."""
    section = section_of(built.read("spec/page.html"), "DEMO-001")
    assert 'class="headerlink" href="#DEMO-001"' in section


def test_a_rule_can_be_referred_to_in_three_ways(built: Project) -> None:
    """The bare id, a MyST link and a ref role all lead to the rule; an id in code is only text."""
    index = built.read("index.html")
    paragraph = index[index.index("<p>") : index.index("</p>")]
    assert re.findall(r'href="([^"]*)"', paragraph) == [
        "spec/page.html#DEMO-001",
        "spec/page.html#DEMO-002",
        "spec/page.html#DEMO-001",
    ]
    assert text_of(paragraph).endswith("and DEMO-002 in code; LVC-101 names none.")


def test_a_rule_that_another_names_is_linked(built: Project) -> None:
    """The id inside another rule's sentence is a link within the page."""
    assert 'href="#DEMO-001"><span class="std std-ref">DEMO-001</span></a>.</p>' in section_of(
        built.read("spec/page.html"), "DEMO-002"
    )


def test_the_level_is_a_badge_that_no_table_of_contents_repeats(built: Project) -> None:
    """The level stands behind the title on the page, and not in the lists of titles."""
    section = section_of(built.read("spec/page.html"), "DEMO-002")
    heading = section[section.index("<h3>") : section.index("</h3>")]
    assert '<span class="rule-level rule-level-should">SHOULD</span>' in heading
    contents = built.read("index.html").partition("toctree-wrapper")[2]
    assert "DEMO-002: Rule 2" in contents
    assert "rule-level" not in contents


def test_scenarios_are_folded_under_their_rule(built: Project) -> None:
    """Each scenario shows its title, steps, Examples, id, place and needs, in the feature's order."""
    section = section_of(built.read("spec/page.html"), "DEMO-001")
    folded = section[section.index("<details") :]
    assert text_of(folded) == (
        "2 scenarios, run as 3 cases "
        "A domain is removed "
        "Given a domain that is inactive When the client calls undefine Then the call succeeds "
        "DEMO-001/plain in features/demo.feature:7; needs pause "
        "call removes a domain "
        "Given a domain that is inactive When the client calls <call> Then the call succeeds "
        "Examples: 2 Examples: | call | | undefine | @needs.pause Examples: | call | | destroy | "
        "DEMO-001/rows in features/demo.feature:14"
    )
    assert folded.count("<details") == folded.count("</details>") == 2
    assert 'id="DEMO-001-plain"' in folded


def test_scenarios_are_found_by_the_search(built: Project) -> None:
    """The words of a scenario are in the search index."""
    assert '"inact' in built.read("searchindex.js")


def test_a_withdrawn_rule_keeps_its_address(built: Project) -> None:
    """It is marked as withdrawn, and nobody asks it for scenarios."""
    section = section_of(built.read("spec/page.html"), "DEMO-003")
    assert "rule-level-withdrawn" in section
    assert "<details" not in section


def test_capabilities_are_linked_to_their_table(built: Project) -> None:
    """What a rule requires and what a scenario needs lead to the table's rows."""
    section = section_of(built.read("spec/page.html"), "DEMO-001")
    assert 'href="../index.html#capability-define"' in section
    assert 'href="../index.html#capability-pause"' in section
    assert '<td id="capability-pause">' in built.read("index.html")


def test_the_tables_list_the_specification(built: Project) -> None:
    """Rules come with level, release and number of cases; capabilities with the rules that require them."""
    rules, capabilities = (text_of(table) for table in built.read("index.html").split("<table")[1:3])
    assert "DEMO-001 MUST 0.9.4 3 Rule 1 DEMO-002 SHOULD 0.9.4 1 Rule 2" in rules
    assert "define holds a definition defineXML every rule" in capabilities
    assert "pause pauses suspend single scenarios" in capabilities


def test_the_style_is_part_of_the_site(built: Project) -> None:
    """The style sheet is copied, and each page names it."""
    assert "rules.css" in built.read("spec/page.html")
    assert "prefers" not in built.read("_static/sphinx_rules.css")


def test_a_rule_without_scenarios_is_a_warning(project: Project) -> None:
    """With warnings as errors the build fails, and names the rule and its page."""
    page = project.spec / "page.md"
    page.write_text(PAGE + rule(4), encoding="utf-8")
    code, said = project.build()
    assert code == 1
    assert re.search(r"page\.md:\d+: WARNING: DEMO-004 has no scenario", said), said


def test_a_mention_of_no_rule_is_a_warning(project: Project) -> None:
    """An id of a known family that no rule has is a slip; an id of another family is none of the extension's."""
    (project.folder / "index.md").write_text(INDEX + "\nDEMO-099 and OTHER-001.\n", encoding="utf-8")
    code, said = project.build()
    assert code == 1
    assert "DEMO-099 names no rule" in said
    assert "OTHER-001" not in said


def test_a_broken_page_ends_the_build(project: Project) -> None:
    """What the catalog refuses is said with the catalog's own error, its place and its remedy."""
    page = project.spec / "page.md"
    page.write_text(PAGE.replace("SHOULD", "OUGHT"), encoding="utf-8")
    code, said = project.build()
    assert code != 0
    assert re.search(r"LVC-201 spec/page\.md:\d+: DEMO-002 has the level 'OUGHT'; write MUST", said), said


def test_a_page_follows_its_features(project: Project) -> None:
    """A feature that changed, and one that came, make the page of their rules be read again."""
    (project.spec / "page.md").write_text(PAGE, encoding="utf-8")
    assert project.build()[0] == 0
    feature = project.features / "demo.feature"
    feature.write_text(FEATURE.replace("Another", "Something else"), encoding="utf-8")
    os.utime(feature, (2_000_000_000, 2_000_000_000))
    assert project.build()[0] == 0
    assert "Something else" in project.read("spec/page.html")
    before, _, second = FEATURE.partition("  @DEMO-002")
    feature.write_text(before, encoding="utf-8")
    (project.features / "second.feature").write_text(f"Feature: Second\n\n  @DEMO-002{second}", encoding="utf-8")
    assert project.build()[0] == 0
    assert "features/second.feature:7" in text_of(project.read("spec/page.html"))


def test_reading_in_parallel_gives_the_same_page(built: Project, project: Project) -> None:
    """With two processes the page comes out as with one."""
    for number in range(6):
        (project.folder / "spec" / f"more{number}.md").write_text(f"# More {number}\n\nDEMO-001\n", encoding="utf-8")
    (project.folder / "index.md").write_text(INDEX.replace("spec/page", "spec/page\nspec/more0"), encoding="utf-8")
    toctree = "\n".join(f"more{number}" for number in range(1, 6))
    more = project.spec / "more0.md"
    more.write_text(f"# More\n\n```{{toctree}}\n{toctree}\n```\n", encoding="utf-8")
    code, said = project.build("-j", "2")
    assert code == 0, said
    assert section_of(project.read("spec/page.html"), "DEMO-001") == section_of(
        built.read("spec/page.html"), "DEMO-001"
    )


def test_the_folders_can_be_called_otherwise(tmp_path: Path) -> None:
    """Another project names its folders in two settings, and places are shown by them."""
    project = Project(tmp_path, "rules", "behaviour")
    conf = CONF.replace("spec/*", "rules/*") + 'rules_specification = "rules"\nrules_features = "behaviour"\n'
    (tmp_path / "conf.py").write_text(conf, encoding="utf-8")
    (tmp_path / "index.md").write_text(INDEX.replace("spec/page", "rules/page"), encoding="utf-8")
    code, said = project.build()
    assert code == 0, said
    assert "behaviour/demo.feature:7" in text_of(project.read("rules/page.html"))


def test_other_builders_show_the_scenarios_unfolded(project: Project) -> None:
    """Text has no way to fold, and shows the steps as they are."""
    code, said = project.build(builder="text")
    assert code == 0, said
    assert "When the client calls <call>" in project.read("spec/page.txt")
