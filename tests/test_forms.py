"""The forms that a report can be had in: each says all it has to, and no text of a driver's gets out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cucumber_messages as cucumber
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from conformance.formats import FORMATS, renderer
from conformance.render.plain import plain
from conftest import Bench, Judged
from example import example, texts

#: The checkout.
ROOT = Path(__file__).parents[1]
NAMES = [form.name for form in FORMATS]
HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "\"><svg onload=alert(3)>' onfocus=alert(4) autofocus x='",
    "</style></pre></details><h1>out</h1><!-- ",
    "]]> &amp; &#60; {{ 7 * 7 }} {% include 'x' %}",
    "\x1b[2J\x1b]0;title\x07\0\x9b31m",
    "a\r\nb\n::error file=x::injected\n## heading\n- name: /injected",
    "\u202egnp.exe\u2066\u200f\ufeff\u2028",
    "[x](javascript:alert(5)) ![y](https://example.org/z.png) <https://example.org> `code` | cell | @everyone",
    "```\nout of the fence\n````",
    "a \\\\| b \\| c \\",
    "\ud800 \udfff \ufffe",
    "%0A::error::x",
]
#: What may stand in a file: everything that a person sees, and the ends of lines.
STEERING = re.compile(r"[^\n\t\x20-\x7e\xa0-\U0010ffff]|[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def hostile(text: str) -> dict[str, Any]:
    """Return a report in which every free text carries a hostile one."""
    changed: dict[str, Any] = texts(example(), lambda old: f"{old} {text}")
    return changed


class Skeleton(HTMLParser):
    """The tags of a page with their attributes' names, without any text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.values += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        """Keep the end of one."""
        self.tags.append((f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        """Keep what stands between tags."""
        self.text += data

    def handle_comment(self, data: str) -> None:
        """Keep a comment; the pages have none."""
        self.tags.append(("comment", (data,)))


# Every form


@pytest.mark.parametrize("name", NAMES)
def test_a_form_looks_at_the_report_alone(name: str) -> None:
    """The same report gives the same text, and is left as it was."""
    report = example()
    assert renderer(name)(report) == renderer(name)(example())
    assert report == example()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_form_holds_what_steers(name: str, text: str) -> None:
    """Escapes, half characters and turns of the direction of writing are named, not written."""
    written = renderer(name)(hostile(text))
    written.encode("utf-8")
    assert not STEERING.search(written)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12)
@given(text=st.text(alphabet=st.characters(), max_size=40))
def test_no_text_breaks_a_form(name: str, text: str) -> None:
    """Whatever a driver says, the file can be read by what it is for."""
    written = renderer(name)(hostile(text))
    assert not STEERING.search(written)
    assert READERS[name](written) == READERS[name](renderer(name)(hostile("x")))


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_reached_no_driver_has_every_form(name: str) -> None:
    """A report of nothing but a problem is shown, too."""
    report = example()
    for gone in ("decision_table", "deviations", "baseline"):
        del report[gone]
    report |= {"capabilities": [], "undefine_flags": {}, "inventory": {}, "machine": {}}
    report["driver"] = {"uri": "test:///default"}
    assert renderer(name)(report)


@pytest.mark.parametrize("name", NAMES)
def test_a_slim_report_has_every_form(name: str) -> None:
    """Scenarios without calls and steps are shown by what is left of them."""
    report = example()
    for rule in report["rules"]:
        for scenario in rule["scenarios"]:
            del scenario["calls"], scenario["steps"], scenario["needs"]
    assert renderer(name)(report)


def tags_of(written: str) -> object:
    """Read a page as a browser would: its tags."""
    return Skeleton(written).tags


def elements_of(written: str) -> object:
    """Read a file as XML: its elements with the names of their attributes."""
    return [(element.tag, sorted(element.keys())) for element in ET.fromstring(written.encode()).iter()]


def shape_of(written: str) -> object:
    """Read lines of JSON: their keys."""
    return [keys_of(json.loads(line)) for line in written.splitlines()]


def keys_of(value: Any) -> object:
    """Return the keys of a JSON document, all the way down."""
    if isinstance(value, dict):
        return {key: keys_of(item) for key, item in value.items()}
    return [keys_of(item) for item in value] if isinstance(value, list) else None


def blocks_of(written: str) -> object:
    """Read Markdown as a site would: its blocks, and what stands in lines except for text."""
    found = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(written):
        found.append(token.type)
        found += [child.type for child in token.children or () if child.type != "text"]
    return found


def commands_of(written: str) -> object:
    """Read workflow commands: the kind of each line, and the names of its properties."""
    return [(m[1], re.findall(r"(\w+)=", m[2])[:3]) if (m := re.match(r"::(\w+) (.*?)::", line)) else line
            for line in written.splitlines()]  # fmt: skip


READERS = {
    "junit": elements_of,
    "html": tags_of,
    "markdown": blocks_of,
    "messages": shape_of,
    "annotations": commands_of,
    "tmt": lambda written: keys_of(json.loads(written)),
    "badge": elements_of,
    "shields": lambda written: keys_of(json.loads(written)),
}


def test_every_form_is_read_and_told() -> None:
    """For each form there is a reader above, and a row in the table of ``docs/forms.md``."""
    assert [name for name in NAMES if name not in READERS] == [], "say in READERS how it is read by what it is for"
    page = (ROOT / "docs" / "forms.md").read_text(encoding="utf-8")
    rows = "\n".join(line for line in page.splitlines() if line.startswith("| `--"))
    untold = [form.name for form in FORMATS if f"`--{form.name} {form.file}`" not in rows]
    assert untold == [], "add it to the table of docs/forms.md"


# The page


def test_the_page_runs_its_own_script_only() -> None:
    """The policy names the digests of the one style and the one script that stand in the page, and allows no more."""
    written = renderer("html")(hostile("<script>alert(1)</script>"))
    policy = dict(Skeleton(written).values)["content"]
    for kind, tag in (("script", "script"), ("style", "style")):
        (own,) = re.findall(f"<{tag}>(.*?)</{tag}>", written, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy_of(written)
    assert policy_of(written).startswith("default-src 'none'; ")
    assert policy


def policy_of(written: str) -> str:
    """Return the policy of a page."""
    (found,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', written)
    return str(found)


def test_the_page_needs_nothing_else() -> None:
    """No element loads anything, and links lead to the page itself or to where a deviation is tracked."""
    skeleton = Skeleton(renderer("html")(example()))
    assert not [value for name, value in skeleton.values if name in ("src", "srcset", "action", "data", "style")]
    links = {value for name, value in skeleton.values if name == "href"}
    assert {link for link in links if not link.startswith("#")} == {"https://bugs.example/7"}


def test_the_page_says_everything() -> None:
    """Every text of a report that a reader may look for stands in the page."""
    report = example()
    shown = Skeleton(renderer("html")(report)).text
    for rule in report["rules"]:
        assert rule["statement"] in shown
        for scenario in rule["scenarios"]:
            for field in ("title", "id", "place", "expected", "observed", "reproducer"):
                assert scenario[field] in shown, field
            for call in scenario["calls"]:
                assert all(part in shown for part in call.split(" -> "))
            assert all(step in shown for step in scenario["steps"])
    wanted = [
        *(capability["evidence"] for capability in report["capabilities"]),
        *report["undefine_flags"].values(),
        *report["inventory"]["changed"],
        *report["inventory"]["left"],
        *report["problems"],
        *(entry["reason"] for entry in report["deviations"]["entries"]),
        *(entry["message"] for entry in report["deviations"]["entries"]),
        *(change["message"] for change in report["baseline"]["regressed"]),
        *report["baseline"]["notes"],
        report["decision_table"]["convictions"][0]["combination"],
        report["decision_table"]["not_reached"][0]["domain"],
        report["reproduce"],
        report["spec"]["digest"],
        report["summary"]["reasons"][0]["text"],
    ]
    assert [text for text in wanted if text != "taken" and text not in shown] == []


def test_what_is_broken_stands_open() -> None:
    """A reader sees violations at once, and unfolds the rest."""
    written = renderer("html")(example())
    for rule, opened in (("UNDEF-001", True), ("UNDEF-004", True), ("UNDEF-005", False)):
        assert (re.search(f'id="{rule}"[^>]*>\n<details open>', written) is not None) is opened


def test_a_report_of_many_violations_opens_some() -> None:
    """A page with a thousand broken rules is not one endless unfolded list."""
    report = example()
    report["rules"] = [{**report["rules"][0], "id": f"UNDEF-{number:03}"} for number in range(100, 300)]
    assert renderer("html")(report).count("<details open>") == 40


# The others


def test_a_statement_says_what_it_is_about() -> None:
    """Identity, verdicts by level, deviations and the way to see it again stand in the statement."""
    written = renderer("markdown")(example())
    for text in ("TEST driver of libvirt 9.0.0", "| MUST |", "known since spring", "until", "--report report.json"):
        assert text in written
    assert "- `/srv/driver/snapshot/lvc-1/kept.xml`" in written.splitlines()
    assert "https://bugs.example/7" in written
    assert "`javascript:alert(1)`" in written


def test_messages_are_what_the_library_makes_of_them() -> None:
    """Cucumber's own converter reads each line as a message, and writes it as it stands."""
    converter = cucumber.message_converter
    for line in renderer("messages")(example()).splitlines():
        message = json.loads(line)
        assert converter.to_dict(converter.from_dict(message, cucumber.Envelope)) == message


def test_messages_refer_to_each_other() -> None:
    """Each id is given once, and each reference leads to one that was given before."""
    given_ids: set[str] = set()
    for line in renderer("messages")(example()).splitlines():
        for key, value in pairs(json.loads(line)):
            if key == "id":
                assert value not in given_ids
                given_ids.add(value)
            elif key.endswith("Id"):
                assert value in given_ids, key
            elif key.endswith("Ids"):
                assert set(value) <= given_ids, key


def pairs(value: Any) -> list[tuple[str, Any]]:
    """Return keys and values of a JSON document, those that are ids of a node before those inside it."""
    if isinstance(value, list):
        return [pair for item in value for pair in pairs(item)]
    if not isinstance(value, dict):
        return []
    inside = [pair for item in value.values() for pair in pairs(item)]
    return [*sorted(value.items(), key=lambda pair: pair[0] != "id"), *inside]


def test_only_what_is_upheld_passed() -> None:
    """In every viewer a test case is as good as its worst step, and only upheld scenarios have none but passed ones."""
    lines = [json.loads(line) for line in renderer("messages")(example()).splitlines()]
    names = {m["pickle"]["id"]: m["pickle"]["tags"][0]["name"] for m in lines if "pickle" in m}
    cases = {m["testCase"]["id"]: names[m["testCase"]["pickleId"]] for m in lines if "testCase" in m}
    started = {
        m["testCaseStarted"]["id"]: cases[m["testCaseStarted"]["testCaseId"]] for m in lines if "testCaseStarted" in m
    }
    statuses: dict[str, set[str]] = {}
    for message in lines:
        if step := message.get("testStepFinished"):
            tag = started[step["testCaseStartedId"]]
            statuses.setdefault(tag, set()).add(step["testStepResult"]["status"])
    assert {tag for tag, found in statuses.items() if found == {"PASSED"}} == {"@upheld"}
    assert {tag for tag, found in statuses.items() if "FAILED" in found} == {"@violated"}
    assert all("UNKNOWN" not in found for found in statuses.values())
    assert lines[-1]["testRunFinished"]["success"] is False


def test_annotations_stand_at_the_feature() -> None:
    """What fails the run is an error at its line, what is below the level a warning, a deviation a notice."""
    lines = renderer("annotations")(example()).splitlines()
    kinds = {line.split("title=")[1].split("/")[0]: line.partition(" ")[0] for line in lines if "file=" in line}
    assert kinds == {
        "UNDEF-001": "::error",
        "UNDEF-002": "::error",
        "UNDEF-003": "::warning",
        "UNDEF-004": "::notice",
        "UNDEF-008": "::warning",
    }
    assert "file=features/undefine/flags.feature,line=10," in lines[0]


def test_tmt_counts_as_the_kit_does() -> None:
    """A rule is a result; what fails no run fails no plan, and what was not judged is no pass."""
    results = {entry["name"]: entry["result"] for entry in json.loads(renderer("tmt")(example()))}
    assert results == {
        "/UNDEF-001": "fail",
        "/UNDEF-002": "error",
        "/UNDEF-003": "warn",
        "/UNDEF-004": "info",
        "/UNDEF-005": "pass",
        "/UNDEF-006": "skip",
        "/UNDEF-007": "skip",
        "/UNDEF-008": "warn",
        "/around-the-scenarios": "error",
    }


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "1 of 6 rules kept, 1 known deviations"),
        (2, "inconclusive"),
        (3, "nothing selected"),
        (4, "nothing applies"),
    ],
)
def test_badges_say_the_result(code: int, words: str) -> None:
    """Both badges have the same few words."""
    report = example()
    report["summary"]["exit_code"] = code
    assert json.loads(renderer("shields")(report))["message"] == words
    assert words in renderer("badge")(report)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a b", "a b"), ("\x1b[2J", "\\x1b[2J"), ("a\nb", "a\\nb"), ("\u202e", "\\u202e"), ("\0", "\\x00")],
)
def test_what_steers_is_named(text: str, shown: str) -> None:
    """A character that is not to be seen stands there by its name; what can be seen stays."""
    assert plain(text) == shown


# The command


@pytest.fixture
def saved(bench: Bench, judged: Judged) -> Bench:
    """Give a folder with the report of a run."""
    (bench.folder / "report.json").write_text(json.dumps(judged.report), encoding="utf-8")
    return bench


def test_a_saved_report_is_rendered(saved: Bench) -> None:
    """One call writes every form, as the run itself would have."""
    wanted = [word for form in FORMATS for word in (f"--{form.name}", f"out.{form.name}")]
    finished = saved.kit("render", "report.json", *wanted)
    assert (finished.code, finished.said) == (0, "")
    report = saved.report()
    for form in FORMATS:
        assert (saved.folder / f"out.{form.name}").read_text(encoding="utf-8") == renderer(form.name)(report)


def test_a_form_goes_to_standard_output(saved: Bench) -> None:
    """A dash stands for standard output, so that GitHub can read the annotations."""
    finished = saved.kit("render", "report.json", "--annotations", "-")
    assert finished.code == 0
    assert finished.out.startswith("::")


WRONG = {
    "no form": (("report.json",), "LVC-101"),
    "two on standard output": (("report.json", "--html", "-", "--junit", "-"), "LVC-101"),
    "one file for two": (("report.json", "--html", "x", "--junit", "x"), "LVC-101"),
    "no folder": (("report.json", "--html", "nowhere/x.html"), "LVC-103"),
    "no report": (("nothing.json", "--html", "x.html"), "LVC-401"),
    "a report that was cut off": (("cut.json", "--html", "x.html"), "LVC-401"),
    "not JSON": (("binary.json", "--html", "x.html"), "LVC-401"),
    "another document": (("other.json", "--html", "x.html"), "LVC-401"),
}


@pytest.mark.parametrize(("arguments", "code"), WRONG.values(), ids=WRONG)
def test_bad_input_is_one_sentence(saved: Bench, arguments: tuple[str, ...], code: str) -> None:
    """What cannot be rendered is said in one line with a code, and nothing is written."""
    whole = (saved.folder / "report.json").read_text(encoding="utf-8")
    (saved.folder / "cut.json").write_text(whole[: len(whole) // 2], encoding="utf-8")
    (saved.folder / "binary.json").write_bytes(bytes(range(256)))
    (saved.folder / "other.json").write_text("[1, 2]", encoding="utf-8")
    finished = saved.kit("render", *arguments)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"libvirt-conformance: {code} ")
    assert finished.err.count("\n") == 1
    assert not list(saved.folder.glob("x*"))
