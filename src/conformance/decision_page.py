"""The decision as a page of the specification: the same function that judges drivers, written down for people.

The page is never edited. ``libvirt-conformance lint`` holds it against what this module makes of the function, and
``libvirt-conformance lint --write`` writes it anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import groupby

from conformance.catalog import Catalog, Level
from conformance.decision import FLAGS_OF, KNOWN, UNKNOWN_BIT, Decision, Fate, Holding, Outcome, State, decide
from conformance.errors import BadSpecification
from conformance.first_match import Row, first_match
from conformance.flags import Undefine
from conformance.regions import VALUES, all_regions

PAGE = "undefine-decision.md"
_RULES_PAGE = "undefine.md"
_NO_FLAG = "no flag"

_HEAD = """\
# The decision table of undefine

What has to become of a domain when it is undefined follows from three things: \
what it is, what it holds, and which flags the caller gives.
This page says it for every combination.

It is not written by hand: `libvirt-conformance lint --write` makes it from `conformance.decision`, \
the function by which the kit judges drivers.
The [rules](undefine.md) are the contract, and this page is what they come to; each row names the rule that says so.
[How a driver is held against it](../docs/decision-table.md) is told elsewhere.

In each table the first row that fits counts.
What a row does not mention makes no difference.
*Refused* means that the call fails and that everything is as it was before.
"""
_FLAGS = """\
## Whatever the domain is and holds

| the call has | comes to | code | by |
|---|---|---|---|
{rows}

A driver that takes every flag has no case of the second row.
Of one that does not, no row below with such a flag can be asked for.
Which flags a driver may do without is not said here: who can hold snapshot or checkpoint metadata has to take the \
flag for it, by [UNDEF-017], [UNDEF-018] and [UNDEF-020].
Where several refusals apply at once, the code of any of them is right, \
except beside a bit that libvirt does not define.
"""
_FATES = """\
## What becomes of what a domain holds

A refusal leaves everything as it was, by [UNDEF-028].
A success leaves and removes the following, whatever else the domain holds and whatever other flags the call has.

| the domain holds | it is | the call has | what it holds is | by |
|---|---|---|---|---|
{rows}
"""
_COUNTS = """\
## How large the table is

{regions} kinds of domain, which differ in what they are and hold, meet {values} values of the flags: \
every union of the flags that libvirt defines, each without and with a bit that it does not define.
That is {cells:,} cells.

| a domain that is | kinds | cells | removed | becomes transient | refused |
|---|---|---|---|---|---|
{rows}

In so many cells a rule is the one that decides, and in so many a driver that takes every flag can break it:

| rule | level | decides | can be broken |
|---|---|---|---|
{rules}
"""


def render(catalog: Catalog) -> str:
    """Return the text of the page.

    :raises BadSpecification: when the function names a rule that the specification does not have.
    """
    text = "\n".join([_HEAD, *decision_tables(catalog), _counts(catalog)])
    return text + "\n" + "\n".join(_links(catalog, text)) + "\n"


def decision_tables(catalog: Catalog) -> list[str]:
    """Return the tables with their headings: by the flags, by the state, and what becomes of what a domain holds.

    :raises BadSpecification: when the function names a rule that the specification does not have.
    """
    parts = [_FLAGS.format(rows="\n".join(_flag_rows(catalog)))]
    parts += [_states(catalog, states) for states in _alike()]
    return [*parts, _FATES.format(rows="\n".join(_fate_rows(catalog)))]


def _link(catalog: Catalog, rule: str) -> str:
    """Return a rule's id as a link, with its level where that is not MUST."""
    if rule not in catalog.rules:
        raise BadSpecification(f"the decision rests on {rule}, which no page has", where="conformance/decision.py")
    level = catalog.rules[rule].level
    return f"[{rule}]" + ("" if level is Level.MUST else f" ({level})")


def _links(catalog: Catalog, text: str) -> Iterator[str]:
    """Yield where the links lead: to the heading, by the anchor that forges and MyST make of it."""
    for rule in catalog.rules.values():
        if f"[{rule.id}]" in text:
            yield f"[{rule.id}]: {_RULES_PAGE}#{anchor(f'{rule.id}: {rule.title}')}"


def anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    kept = "".join(c for c in heading.lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _flag_rows(catalog: Catalog) -> Iterator[str]:
    for words, flags, taken in (
        ("a bit that libvirt does not define", UNKNOWN_BIT, KNOWN),
        ("a flag that the driver does not take", int(Undefine.NVRAM), KNOWN & ~Undefine.NVRAM),
    ):
        decision = decide(State.INACTIVE, (), flags, taken)
        yield _line(words, decision.outcome, " or ".join(decision.codes), _link(catalog, decision.rules[0]))


def _alike() -> Iterator[list[State]]:
    """Yield the states in groups between which the contract makes no difference."""
    tables: dict[object, list[State]] = {}
    for state in State:
        regions = [region for region in all_regions() if region.state is state]
        table = tuple(decide(state, region.held, flags) for region in regions for flags in range(KNOWN + 1))
        tables.setdefault(tuple(map(repr, table)), []).append(state)
    yield from tables.values()


def _states(catalog: Catalog, states: list[State]) -> str:
    rows = "\n".join(
        _line(_held(row), _asked(row), outcome, code or "any", _link(catalog, rule))
        for row in rows_of(states[0])
        for outcome, code, rule in [row.result]
    )
    transient = [state for state in State if state.transient]
    title = "A transient domain" if states == transient else f"A domain that is {_join(states, 'or')}"
    head = _line("the domain holds", "the call has", "comes to", "code", "by")
    return f"## {title}\n\n{head}\n|---|---|---|---|---|\n{rows}\n"


_Case = tuple[frozenset[Holding], int]
_Result = tuple[str, str, str]


def rows_of(state: State) -> list[Row[_Result]]:
    """Return what is decided about domains in a state, the first row that fits counting."""
    cases = [(region.held, flags) for region in all_regions() if region.state is state for flags in range(KNOWN + 1)]

    def result(case: _Case) -> _Result:
        decision = decide(state, *case)
        if not decision.refused:
            return decision.outcome, "–", decision.rules[-1]
        return decision.outcome, "", decision.rules[0]

    # The table says which rule refuses; the code is that of the rule's refusals when nothing else is amiss.
    codes = {
        decision.rules[0]: " or ".join(decision.codes)
        for decision in sorted((decide(state, *case) for case in cases), key=lambda d: len(d.rules), reverse=True)
        if decision.refused
    }
    otherwise = max(Counter(map(result, cases)).items(), key=lambda item: (item[0][0] is not Outcome.REFUSED, item[1]))
    rows = first_match(cases, result, _conditions(), otherwise[0])
    return [
        Row(row.conditions, (row.result[0], row.result[1] or codes[row.result[2]], row.result[2]), row.cases)
        for row in rows
    ]


def _conditions() -> Mapping[str, Callable[[_Case], object]]:
    """Return the conditions in whose words the tables speak: what is held, what is given, and what is not given."""
    found: dict[str, Callable[[_Case], object]] = {}
    for holding in Holding:
        found[holding] = partial(lambda holding, case: holding in case[0], holding)
    found[_NO_FLAG] = lambda case: not case[1]
    for flag in Undefine:
        found[f"not {flag.name}"] = partial(lambda flag, case: not case[1] & flag, flag)
    for flag in Undefine:
        found[str(flag.name)] = partial(lambda flag, case: case[1] & flag, flag)
    return found


def _held(row: Row[_Result]) -> str:
    held = [name for name in row.conditions if name in set(Holding)]
    return _join(held, "and") or "anything"


def _asked(row: Row[_Result]) -> str:
    if not row.conditions:
        return "any other flags, or none" if row.result[0] != Outcome.REFUSED else "any flags, or none"
    if _NO_FLAG in row.conditions:
        return _NO_FLAG
    lacking = [f"`{name.removeprefix('not ')}`" for name in row.conditions if name.startswith("not ")]
    given = [f"`{name}`" for name in row.conditions if name in Undefine.__members__]
    without = f"neither {' nor '.join(lacking)}" if len(lacking) > 1 else "".join(f"not {name}" for name in lacking)
    return _join([part for part in (_join(given, "and"), without) if part], "and")


def _join(words: Iterable[str], last: str) -> str:
    *first, end = list(words) or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def _fate_rows(catalog: Catalog) -> Iterator[str]:
    """Yield what becomes of each holding, flags of no consequence left out and states of one fate joined."""
    for holding in Holding:
        fates: dict[tuple[str, Fate, str], list[State]] = {}
        for state in (State.INACTIVE, State.RUNNING):
            for words, (fate, rule) in _fates(state, holding):
                fates.setdefault((words, fate, rule), []).append(state)
        for (words, fate, rule), states in fates.items():
            where = " or ".join("active" if state.active else "inactive" for state in states)
            yield _line(holding, where, words, fate, _link(catalog, rule))


def _fates(state: State, holding: Holding) -> Iterator[tuple[str, tuple[Fate, str]]]:
    own = FLAGS_OF[holding]
    found: dict[tuple[Fate, str], list[int]] = {}
    for flags in range(KNOWN + 1):
        if flags & ~sum(own) == 0 and not (decision := decide(state, {holding}, flags)).refused:
            found.setdefault(decision.fates[holding], []).append(flags)
    for fate, values in found.items():
        if len(found) == 1 and 0 in values:
            yield "any flags, or none", fate
        else:
            yield _join((f"`{Undefine(value).name}`" if value else "neither" for value in values), "or"), fate


def _counts(catalog: Catalog) -> str:
    regions = all_regions()
    decisions = {region: [decide(region.state, region.held, flags) for flags in VALUES] for region in regions}
    rows = [
        _sum(state, [decisions[region] for region in found])
        for state, found in ((s, list(r)) for s, r in groupby(regions, lambda region: region.state))
    ]
    every = [decision for found in decisions.values() for decision in found]
    return _COUNTS.format(
        regions=len(regions),
        values=len(VALUES),
        cells=len(every),
        rows="\n".join([*rows, _sum("any of them", list(decisions.values()))]),
        rules="\n".join(_rule_rows(catalog, every)),
    )


def _sum(words: str, kinds: list[list[Decision]]) -> str:
    counted = Counter(decision.outcome for decisions in kinds for decision in decisions)
    numbers = (len(kinds), counted.total(), *(counted[outcome] for outcome in Outcome))
    return _line(words, *(f"{number:,}" for number in numbers))


def _rule_rows(catalog: Catalog, decisions: Iterable[Decision]) -> Iterator[str]:
    decides: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    for decision in decisions:
        decides[decision.rules[0] if decision.refused else decision.rules[-1]] += 1
        broken.update(decision.about)
    for rule in sorted(broken | decides):
        _link(catalog, rule)
        yield _line(f"[{rule}]", catalog.rules[rule].level, f"{decides[rule]:,}", f"{broken[rule]:,}")
