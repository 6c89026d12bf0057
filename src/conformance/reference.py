"""The generated parts of a function's page as Markdown: signatures, flags, decisions, rules, drivers.

What a function is called and since when comes from :mod:`conformance.api`, what binds it from the specification,
and what drivers make of it from the published reports. Words about it are the page's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from conformance.api import Api, Function
from conformance.catalog import Catalog, Rule, release_text
from conformance.decision_page import decision_tables
from conformance.declared import Declared
from conformance.subjects import Subject, tally
from conformance.verdict import Verdict

_UNDEFINE = "VIR_DOMAIN_UNDEFINE_"
#: Drivers of which more are named in a cell than these are counted only; the matrix names all.
_NAMED = 3


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("\n", " ") for cell in line) + " |" for line in lines) + "\n"


def words_of(text: str) -> dict[str, str]:
    r"""Return the entries ``name: words`` of a directive's content; a line without a name goes on with the one before.

    >>> words_of("flags: a union of flags,\n  or 0\nreturns: 0")
    {'flags': 'a union of flags, or 0', 'returns': '0'}
    """
    found: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if match := re.match(r"([A-Za-z_][\w-]*): +(\S.*)", line):
            last = match[1]
            found[last] = match[2].strip()
        elif last and line.strip():
            found[last] += f" {line.strip()}"
    return found


def signature(function: Function, words: Mapping[str, str]) -> str:
    """Return how a function is called in C and in Python, and what goes in and comes out."""
    arguments = ", ".join(_declared(one.type, one.name) for one in function.arguments) or "void"
    parts = [f"```{{c:function}} {_declared(function.returns, function.name)}({arguments})\n```\n"]
    if function.python:
        owner, _, call = function.python.partition(".")
        kind = "function" if owner == "libvirt" else "method"
        parts.append(f"```{{py:{kind}}} {owner}.{call}\n```\n")
    rows = [[f"`{one.name}`", f"`{one.type}`", words[one.name]] for one in function.arguments if one.name in words]
    if rows:
        parts.append(table(["parameter", "type in C", "what it is"], rows))
    parts.append("\n".join(_facts(function, words)) + "\n")
    return "\n".join(parts)


def _declared(kind: str, name: str) -> str:
    """Return a declaration as C writes it, the star with the name."""
    return f"{kind}{name}" if kind.endswith("*") else f"{kind} {name}"


def _facts(function: Function, words: Mapping[str, str]) -> Iterator[str]:
    since = f"libvirt {release_text(function.since)}" if function.since else "not known"
    yield f"- **Since:** {since}"
    if "returns" in words:
        yield f"- **Returns:** {words['returns']}"
    if function.rights:
        asked = [
            f"`{one.object}:{one.permission}`" + (f" with `{one.flag}`" if one.flag else "") for one in function.rights
        ]
        yield f"- **Right:** {', '.join(asked)}, on drivers that control access by rights"
    if "read-only" in words:
        yield f"- **On a read-only connection:** {words['read-only']}"


def unsaid(function: Function, words: Mapping[str, str]) -> list[str]:
    """Return a sentence for each argument that a page says nothing of, and for each word about none."""
    names = [one.name for one in function.arguments]
    found = [f"{function.name} has an argument {name} that is not described" for name in names if name not in words]
    known = {*names, "returns", "read-only"}
    return found + [f"{function.name} has no argument {name}" for name in words if name not in known]


def flags(
    api: Api, enumeration: str, words: Mapping[str, str], subjects: Sequence[Subject], *, partial: bool = False
) -> str:
    """Return a table of the values of an enumeration; flags of undefine with the drivers that take them.

    :param partial: whether values that the page says nothing of are left out.
    """
    values = [one for one in api.values(enumeration) if not one.name.endswith("_LAST")]
    values = [one for one in values if one.name in words or not partial]
    of_undefine = any(one.name.startswith(_UNDEFINE) for one in values)
    head = ["flag", "value", "since", "what the caller asks for", *(["taken by"] if of_undefine and subjects else [])]
    rows = []
    for one in values:
        row = [f"[`{one.name}`]{{#{one.name}}}", str(one.value), _since(one.since), words.get(one.name, "")]
        if len(head) > len(row):
            row.append(_taken(one.name.removeprefix(_UNDEFINE), subjects))
        rows.append(row)
    return table(head, rows)


def _since(release: int) -> str:
    return release_text(release) if release else "–"


def unsaid_flags(api: Api, enumeration: str, words: Mapping[str, str], *, partial: bool = False) -> list[str]:
    """Return a sentence for each flag that a page says nothing of, and for each word about none."""
    names = [one.name for one in api.values(enumeration) if not one.name.endswith("_LAST")]
    if not names:
        return [f"there is no enumeration {enumeration}"]
    found = [f"{name} is not described" for name in names if name not in words and not partial]
    return found + [f"{enumeration} has no value {name}" for name in words if name not in names]


def _taken(flag: str, subjects: Sequence[Subject]) -> str:
    asked = [one for one in subjects if flag in one.flags]
    taking = [one for one in asked if one.flags[flag].word == "taken"]
    if not asked:
        return "–"
    return f"{len(taking)} of {len(asked)}" + (f": {_names(taking)}" if len(taking) <= _NAMED and taking else "")


def _names(subjects: Iterable[Subject], rule: str = "") -> str:
    """Return links to subjects, to what was found about a rule where one is named."""
    return ", ".join(f"{{ref}}`{one.name} <{label(one.name, rule)}>`" for one in subjects)


def label(subject: str, row: str = "") -> str:
    """Return the label of a subject's page, or of a row in it."""
    return f"{subject}-{row}".lower() if row else f"subject-{subject}"


def rules(catalog: Catalog, about: Iterable[str], subjects: Sequence[Subject]) -> str:
    """Return a table of rules, with the drivers that were judged by each."""
    head = ["rule", "level", "what holds", *(["judged drivers"] if subjects else [])]
    rows = []
    for rule in (catalog.rules[rule] for rule in about):
        row = [rule.id, rule.level.value, rule.title]
        rows.append([*row, judged(rule, subjects)] if subjects else row)
    return table(head, rows)


def judged(rule: Rule, subjects: Sequence[Subject]) -> str:
    """Return in a few words how many drivers keep a rule, and which do not."""
    found = tally(subjects, rule.id)
    parts = []
    if kept := found.get(Verdict.UPHELD):
        among = sum(len(found.get(verdict, ())) for verdict in (Verdict.UPHELD, Verdict.VIOLATED, Verdict.DEVIATION))
        parts.append(f"kept by {len(kept)} of {among}")
    for verdict in (Verdict.VIOLATED, Verdict.DEVIATION, Verdict.NOT_TESTABLE, Verdict.INCONCLUSIVE):
        if those := found.get(verdict):
            words = {Verdict.DEVIATION: "a recorded deviation of"}.get(verdict, f"{verdict.replace('-', ' ')}:")
            words = "violated by" if verdict is Verdict.VIOLATED else words
            parts.append(
                f"**{words}** {_names(those, rule.id)}"
                if verdict is Verdict.VIOLATED
                else f"{words} {_names(those, rule.id)}"
            )
    return "; ".join(parts) or "not applicable to any"


def seen(kind: str, cases: Sequence[str], subjects: Sequence[Subject]) -> str:
    """Return a table of the drivers of a type: in how many of some cases each was seen to break the rule.

    :param kind: the driver's type as libvirt names it, such as ``QEMU``.
    :param cases: ids of scenarios.
    """
    rows = []
    for one in (one for one in subjects if one.report["driver"].get("type") == kind):
        found = [one.outcome(case) for case in cases]
        broken = [outcome for outcome in found if outcome in (Verdict.VIOLATED, Verdict.DEVIATION)]
        judged_cases = [outcome for outcome in found if outcome in (*broken, Verdict.UPHELD)]
        if broken:
            words = f"**seen** in {len(broken)} of {len(judged_cases)} cases"
        else:
            words = f"not seen in {len(judged_cases)} cases" if judged_cases else "could not be asked"
        rows.append(
            [f"{{ref}}`{one.name} <{label(one.name, cases[0].partition('/')[0])}>`", one.libvirt, one.hypervisor, words]
        )
    if not rows:
        return "No report of such a driver is published yet.\n"
    cases_text = "\n".join(f"- `{case}`" for case in cases)
    return table(["driver", "libvirt", "hypervisor", "this"], rows) + f"\nThe cases are:\n\n{cases_text}\n"


def broken(rule: str) -> str:
    """Return the label of the broken drivers that a rule convicts."""
    return f"broken-{rule}".lower()


def broken_drivers(catalog: Catalog, vices: Mapping[str, Iterable[Declared]]) -> str:
    """Return a list for each rule: the broken drivers that it convicts, and what each does."""
    parts = []
    for rule in catalog.rules.values():
        if rule.id in vices:
            parts.append(f"## [{rule.id}]{{#{broken(rule.id)}}}: {rule.title}\n")
            parts += [f"- `{vice.name}`: {vice.sentence}" for vice in vices[rule.id]]
            parts.append("")
    return "\n".join(parts)


def decisions(catalog: Catalog) -> str:
    """Return the decision tables of undefine, the ids of rules as plain text, which the documentation links."""
    text = "\n".join(decision_tables(catalog))
    return re.sub(r"\[([A-Z]+-\d{3})\]", r"\1", text).replace("## ", "### ")


def support(about: Iterable[str], subjects: Sequence[Subject], capabilities: Sequence[str], *, undefine: bool) -> str:
    """Return a table of drivers: what each has and takes, and which of the rules each violates."""
    binding = list(about)
    head = ["driver", "libvirt", *(f"`{name}`" for name in capabilities)]
    head += [*(["flags taken"] if undefine else []), "rules kept", "rules violated"]
    rows = []
    for one in subjects:
        row = [f"{{ref}}`{one.name} <{label(one.name)}>`", one.libvirt]
        row += [one.capabilities[name].word if name in one.capabilities else "–" for name in capabilities]
        if undefine:
            row.append(_flags_taken(one))
        by = {rule: one.verdict(rule) for rule in binding}
        counted = [
            verdict for verdict in by.values() if verdict in (Verdict.UPHELD, Verdict.VIOLATED, Verdict.DEVIATION)
        ]
        row.append(f"{counted.count(Verdict.UPHELD)} of {len(counted)}")
        violated = [rule for rule, verdict in by.items() if verdict in (Verdict.VIOLATED, Verdict.DEVIATION)]
        row.append(", ".join(f"{{ref}}`{rule} <{label(one.name, rule)}>`" for rule in violated) or "none")
        rows.append(row)
    return table(head, rows)


def _flags_taken(subject: Subject) -> str:
    taken = [name for name, answer in subject.flags.items() if answer.word == "taken"]
    if subject.flags and len(taken) == len(subject.flags):
        return f"all {len(taken)}"
    return ", ".join(f"`{name}`" for name in taken) or "none"
