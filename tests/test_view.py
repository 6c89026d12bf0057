"""Everything that a driver shows about a domain, and what of it has changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.catalog import load_catalog
from conformance.data import folder
from conformance.journal import Failure
from conformance.judgement import Look, Race, Violation, look_at
from conformance.view import ASPECTS, BY_NAME, Answer, Aspect, Difference, Form, View, differences, same, show

NO_DOMAIN = Failure(42, "NO_DOMAIN", 10, "Domain not found: no domain with id 7")
ANSWERS = st.one_of(
    st.booleans(),
    st.integers(),
    st.text(),
    st.lists(st.text()).map(tuple),
    st.builds(Failure, st.integers(), st.text(), st.integers(), st.text()),
)
NAMES = [aspect.name for aspect in ASPECTS]
VIEWS = st.lists(ANSWERS, min_size=len(NAMES), max_size=len(NAMES)).map(
    lambda found: View(dict(zip(NAMES, found, strict=True)))
)


@given(VIEWS)
def test_nothing_differs_from_itself(view: View) -> None:
    """A view has no differences from an equal one."""
    assert differences(view, View(dict(view.answers))) == []


@given(VIEWS, st.sampled_from(NAMES), ANSWERS)
def test_one_answer_that_changed_is_the_one_difference(view: View, name: str, answer: Answer) -> None:
    """Whatever answer changes, the comparison finds it and nothing else."""
    found = [difference.aspect for difference in differences(view, View({**view.answers, name: answer}))]
    assert found == ([] if same(view[name], answer) else [name])


def test_of_two_errors_the_code_counts() -> None:
    """Messages may hold numbers that move; codes do not."""
    assert same(NO_DOMAIN, Failure(42, "NO_DOMAIN", 10, "Domain not found: no domain with id 8"))
    assert not same(NO_DOMAIN, Failure(55, "OPERATION_INVALID", 10, NO_DOMAIN.message))
    assert not same(NO_DOMAIN, 42)


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), ("1", 1), ((), "")])
def test_answers_of_different_kinds_differ_or_mean_the_same(before: Answer, after: Answer) -> None:
    """A flag that is answered as a number and one that is answered as a yes agree; a text agrees with texts only."""
    assert same(before, after) == isinstance(after, bool)


def test_what_the_driver_cannot_be_asked_has_no_answer() -> None:
    """The answer to a question is got by its name, and there is none to one that was not asked."""
    view = View({"id": 1, "state": ("1", "1")})
    assert (view.get("id"), view["id"], view.get("autostart")) == (1, 1, None)


def test_only_what_was_asked_for_is_compared() -> None:
    """A comparison can be held to some questions, and passes over those that the driver cannot be asked."""
    before, after = View({"id": 1, "state": ("1", "1")}), View({"id": 2, "state": ("5", "1")})
    assert [d.aspect for d in differences(before, after, ["state", "autostart"])] == ["state"]


def test_a_definition_is_shown_by_the_lines_that_differ() -> None:
    """A person reads the changed lines of a definition, not the definition."""
    before = "<domain>\n  <name>a</name>\n</domain>\n"
    (found,) = differences(View({"live definition": before}), View({"live definition": before.replace("a<", "b<")}))
    assert str(found) == "live definition: -<name>a</name>; +<name>b</name>"


def test_of_many_lines_that_differ_four_are_shown() -> None:
    """The rest is counted; indentation is left out, and lines that are alike are not told."""
    before = "<domain>\n  <a/>\n  <b/>\n  <c/>\n  <d/>\n</domain>\n"
    four = before.replace("<a/>", "<A/>").replace("<c/>", "<C/>")
    assert str(Difference("x", before, four)) == "x: -<a/>; +<A/>; -<c/>; +<C/>"
    five = four.replace("  <d/>\n", "")
    assert str(Difference("x", before, five)) == "x: -<a/>; +<A/>; -<c/>; -<d/> (and 1 lines more)"
    six = four.replace("<d/>", "<D/>")
    assert str(Difference("x", before, six)) == "x: -<a/>; +<A/>; -<c/>; -<d/> (and 2 lines more)"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("a\nb\n", NO_DOMAIN, f"x: was a definition of 2 lines, is NO_DOMAIN ({NO_DOMAIN.message})"),
        (NO_DOMAIN, "a\nb\n", f"x: was NO_DOMAIN ({NO_DOMAIN.message}), is a definition of 2 lines"),
        ("a", "b", "x: was a, is b"),
        ("a\nb\n", "a\nc\n", "x: -b; +c"),
        ("a", "a\nb\n", "x: was a, is a definition of 2 lines"),
    ],
    ids=["error-after", "error-before", "short", "lines", "longer"],
)
def test_a_change_is_shown_by_lines_where_both_answers_have_them(before: Answer, after: Answer, words: str) -> None:
    """An error has no lines, and a text of one line is shown whole beside what it was or became."""
    assert str(Difference("x", before, after)) == words


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (True, "yes"),
        (False, "no"),
        ((), "none"),
        (("kept", "more"), "kept, more"),
        ("<domain>\n</domain>\n", "a definition of 2 lines"),
        (NO_DOMAIN, f"NO_DOMAIN ({NO_DOMAIN.message})"),
        (0, "0"),
    ],
    ids=["yes", "no", "nothing", "several", "definition", "error", "number"],
)
def test_an_answer_is_shown_in_a_line(answer: Answer, words: str) -> None:
    """Every kind of answer has a short form."""
    assert show(answer) == words


def test_the_reason_of_a_state_can_be_left_out() -> None:
    """The reason tells of the past; the state and the rest stay."""
    view = View({"state": ("5", "2"), "id": -1})
    assert dict(view.without_reason().answers) == {"state": ("5",), "id": -1}
    assert View({"state": NO_DOMAIN}).without_reason()["state"] is NO_DOMAIN


def test_every_capability_that_a_question_needs_is_one() -> None:
    """A question whose capability is misspelt would never be asked."""
    needs = {aspect.needs for aspect in BY_NAME.values()} - {None}
    assert needs <= set(load_catalog(folder("spec")).capabilities)


def test_the_questions_have_names_of_their_own() -> None:
    """Two questions of one name would hide each other."""
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("aspect", BY_NAME.values(), ids=lambda aspect: aspect.name)
def test_each_question_can_be_asked_by_a_script(aspect: Aspect) -> None:
    """A question of a reproducer is an expression, with the domain's own name or UUID in it where it is about one."""
    look = look_at(aspect, uuid="u-1", name="n-1")
    compile(look.expression, "reproducer", "eval")
    by_identity = aspect.form in (Form.UUID, Form.ID, Form.LISTED, Form.LISTED_NAME, Form.FILES, Form.FILE)
    assert by_identity == ("u-1" in look.expression or "n-1" in look.expression)


ON_HOST = (
    "[str(p) for place in places for p in pathlib.Path(place).rglob('*') if (p.is_symlink() or not p.is_dir()) "
    "and not any(part in ('run', 'log', 'cache', 'dump') or part[0] == '.' for part in p.relative_to(place).parts) "
    "and 'tpm' {tpm} str(p.parent) and ('u-1' in str(p) or 'n-1' in str(p))]"
)


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("look-up by UUID", "conn.lookupByUUIDString('u-1').UUIDString()"),
        ("look-up by name", "conn.lookupByName('n-1').UUIDString()"),
        ("id", "conn.lookupByUUIDString('u-1').ID()"),
        ("state", "dom.state(0)"),
        ("active", "dom.isActive()"),
        ("snapshot names", "[item.getName() for item in dom.listAllSnapshots(0)]"),
        ("listed as paused", "'u-1' in [d.UUIDString() for d in conn.listAllDomains(32)]"),
        ("defined names", "'n-1' in conn.listDefinedDomains()"),
        ("nvram file", "(folder / 'u-1.nvram').exists()"),
        ("files on the host", ON_HOST.format(tpm="not in")),
        ("TPM state", ON_HOST.format(tpm="in")),
    ],
)
def test_a_question_of_each_form_is_asked_so(name: str, expression: str) -> None:
    """A script asks as the kit did: by the same call, on the same object, and reads the answer in the same way."""
    assert look_at(BY_NAME[name], uuid="u-1", name="n-1") == Look(name, expression)


def test_a_script_may_call_its_objects_otherwise() -> None:
    """What a second client sees is asked on its own connection, by its own handle."""
    other = {"uuid": "u-1", "name": "n-1", "dom": "theirs", "conn": "other"}
    assert look_at(BY_NAME["active"], **other).expression == "theirs.isActive()"
    assert look_at(BY_NAME["look-up by name"], **other).expression == "other.lookupByName('n-1').UUIDString()"


def test_arguments_are_told_apart() -> None:
    """Several arguments stand side by side, and only the words for the domain's own are replaced."""
    asked = Aspect("both", "conn", "look", ("UUID", 5, "NAME", "other"), Form.PLAIN)
    assert look_at(asked, uuid="u-1", name="n-1").expression == "conn.look('u-1', 5, 'n-1', 'other')"


def test_a_violation_says_what_was_demanded_and_seen() -> None:
    """The message is for whoever has only that; the parts go into the report."""
    looks, race = (Look("active", "dom.isActive()"),), Race((), (), "1 of 2", 0.5, "u-1")
    found = Violation("it is gone", "it is there", looks, race)
    assert str(found) == "expected: it is gone; observed: it is there"
    assert (found.expected, found.observed, found.looks, found.race) == ("it is gone", "it is there", looks, race)
    bare = Violation("it is gone", "it is there")
    assert (bare.looks, bare.race) == ((), None)
