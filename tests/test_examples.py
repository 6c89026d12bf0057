"""The examples of the reference do what they show, on libvirt's test driver."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[1] / "docs" / "api"
_BLOCK = re.compile(r"^```pycon\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: A process for each page, as examples register event loops, and the test driver outlives connections.
RUN = """\
import doctest, sys
import libvirt
libvirt.registerErrorHandler(lambda *_: None, None)  # errors are raised besides
text = sys.stdin.read()
test = doctest.DocTestParser().get_doctest(text, {}, sys.argv[1], sys.argv[1], 0)
runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL, verbose=False)
runner.run(test)
print("left:", sorted(one.name() for one in libvirt.open("test:///default").listAllDomains()))
print(runner.summarize(verbose=False))
"""


def examples_of(page: Path) -> str:
    """Return the examples of a page, one under the other."""
    return "\n".join(_BLOCK.findall(page.read_text(encoding="utf-8")))


def run(text: str, name: str) -> str:
    """Run examples in a process of their own and return what came of them."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, name], input=text, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_the_examples_of_a_page_do_what_they_show(page: Path) -> None:
    """Every line of output is what the page says, and no domain is left."""
    text = examples_of(page)
    if page.stem.startswith("vir") and page.stem != "virDomainManagedSaveDefineXML":
        assert text, "a function's page has an example"
    attempted = len(doctest.DocTestParser().get_examples(text))
    assert run(text, page.name) == f"left: ['test']\nTestResults(failed=0, attempted={attempted})\n"


def test_an_example_that_is_wrong_is_seen() -> None:
    """An output that differs fails."""
    assert "failed=1" in run(">>> 1 + 1\n3\n", "wrong")
