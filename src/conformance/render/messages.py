"""The report as a Cucumber message stream, which Cucumber's own viewers open.

The stream holds what the report holds: for each feature file a document with its rules and scenarios, each at its
line, and a test case for each scenario. The report does not say when a scenario ran, only how long it took, so the
times in the stream are as if one had come after the other.

Cucumber has no word for most verdicts. What must not read as a pass is a status that outweighs PASSED in every viewer:
SKIPPED for what does not apply and for a known deviation, PENDING for what could not be judged; the verdict itself
stands as a tag and in the step's message.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from itertools import count
from typing import Any

import cucumber_messages as cucumber
from cucumber_messages import TestStepResultStatus as Status
from cucumber_messages.json_converter import snake_to_camel

from conformance.render.identity import driver_name, result
from conformance.render.plain import plain
from conformance.verdict import ExitCode, Verdict

_PROTOCOL = "34.2.0"
_STATUS = {
    Verdict.UPHELD: Status.passed,
    Verdict.VIOLATED: Status.failed,
    Verdict.NOT_TESTABLE: Status.pending,
    Verdict.INCONCLUSIVE: Status.pending,
    Verdict.DEVIATION: Status.skipped,
    Verdict.NOT_APPLICABLE: Status.skipped,
    Verdict.NOT_RUN: Status.skipped,
}
_TYPES = {
    "Given": (cucumber.StepKeywordType.context, cucumber.PickleStepType.context),
    "When": (cucumber.StepKeywordType.action, cucumber.PickleStepType.action),
    "Then": (cucumber.StepKeywordType.outcome, cucumber.PickleStepType.outcome),
    "And": (cucumber.StepKeywordType.conjunction, None),
    "But": (cucumber.StepKeywordType.conjunction, None),
}
_UNKNOWN = (cucumber.StepKeywordType.unknown, cucumber.PickleStepType.unknown)
#: What a field is called in the stream.
_name = cache(snake_to_camel)
#: A whole second, in the unit that the stream counts in.
_NANOS = 1_000_000_000


@dataclass
class _Stream:
    """The stream while it is made: the ids that it has given, and its clock."""

    now: int
    ids: Iterator[int] = field(default_factory=count)

    def id(self) -> str:
        return str(next(self.ids))

    def time(self) -> cucumber.Timestamp:
        return cucumber.Timestamp(seconds=self.now // _NANOS, nanos=self.now % _NANOS)


@dataclass
class _Case:
    """A scenario on its way: as the document has it, as the runner would have taken it, and what became of it."""

    scenario: cucumber.Scenario
    pickle: cucumber.Pickle
    test: cucumber.TestCase
    of: Mapping[str, Any]


def render(report: Mapping[str, Any]) -> str:
    """Return the text of the stream, one message to a line."""
    encode = json.JSONEncoder(ensure_ascii=False, default=_as_json).encode
    return "".join(f"{encode(envelope)}\n" for envelope in _envelopes(report))


def _as_json(part: object) -> object:
    """Return what JSON says of a part of a message.

    The library's own converter looks at every text, and makes the name of a field anew for each part, which takes
    most of the time that a large report takes; the tests hold the two against each other.
    """
    if isinstance(part, Enum):
        return part.value
    return {_name(attribute): value for attribute, value in vars(part).items() if value is not None}


def _envelopes(report: Mapping[str, Any]) -> Iterator[cucumber.Envelope]:
    stream = _Stream(_nanos(report["timing"]["started"]))
    yield cucumber.Envelope(meta=_meta(report))
    run = stream.id()
    cases: list[_Case] = []
    for path, rules in _by_file(report).items():
        children, found = [], []
        for rule, scenarios in rules:
            node, of_rule = _rule(stream, run, rule, scenarios, path)
            children.append(cucumber.FeatureChild(rule=node))
            found += of_rule
        feature = cucumber.Feature(
            children=children,
            description=plain(f"{driver_name(report['driver'])}: {result(report)}"),
            keyword="Feature",
            language="en",
            location=cucumber.Location(line=1, column=1),
            name=plain(path),
            tags=[],
        )
        yield cucumber.Envelope(
            gherkin_document=cucumber.GherkinDocument(comments=[], feature=feature, uri=plain(path))
        )
        yield from (cucumber.Envelope(pickle=case.pickle) for case in found)
        cases += found
    yield cucumber.Envelope(test_run_started=cucumber.TestRunStarted(timestamp=stream.time(), id=run))
    yield from (cucumber.Envelope(test_case=case.test) for case in cases)
    for case in cases:
        yield from _play(stream, case)
    finished = cucumber.TestRunFinished(
        success=report["summary"]["exit_code"] == ExitCode.CONFORMANT,
        timestamp=stream.time(),
        message=plain("; ".join([result(report), *report["problems"]])),
        test_run_started_id=run,
    )
    yield cucumber.Envelope(test_run_finished=finished)


def _meta(report: Mapping[str, Any]) -> cucumber.Meta:
    kit, machine = report["kit"], report["machine"]
    return cucumber.Meta(
        protocol_version=_PROTOCOL,
        implementation=cucumber.Product(name=kit["name"], version=plain(kit["version"])),
        runtime=cucumber.Product(name=plain(driver_name(report["driver"]))),
        os=cucumber.Product(name=plain(str(report["driver"].get("hostname", "")))),
        cpu=cucumber.Product(name=plain(str(machine.get("arch", "")))),
    )


def _by_file(
    report: Mapping[str, Any],
) -> dict[str, list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]]:
    """Return the rules with their scenarios, by the file in which those stand."""
    found: dict[str, list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]] = {}
    for rule in report["rules"]:
        own: dict[str, list[Mapping[str, Any]]] = {}
        for scenario in rule["scenarios"]:
            own.setdefault(scenario["place"].rpartition(":")[0], []).append(scenario)
        for path, scenarios in own.items():
            found.setdefault(path, []).append((rule, scenarios))
    return found


def _rule(
    stream: _Stream, run: str, rule: Mapping[str, Any], scenarios: Sequence[Mapping[str, Any]], path: str
) -> tuple[cucumber.Rule, list[_Case]]:
    cases = [_case(stream, run, scenario, path) for scenario in scenarios]
    line = min(case.scenario.location.line for case in cases)
    node = cucumber.Rule(
        children=[cucumber.RuleChild(scenario=case.scenario) for case in cases],
        description=plain(rule["statement"]),
        id=stream.id(),
        keyword="Rule",
        location=cucumber.Location(line=line, column=1),
        name=plain(f"{rule['id']} {rule['title']}"),
        tags=_tags(stream, (rule["id"], rule["level"]), line),
    )
    return node, cases


def _tags(stream: _Stream, names: Sequence[str], line: int) -> list[cucumber.Tag]:
    return [cucumber.Tag(id=stream.id(), location=cucumber.Location(line=line), name=f"@{name}") for name in names]


def _case(stream: _Stream, run: str, of: Mapping[str, Any], path: str) -> _Case:
    location = cucumber.Location(line=int(of["place"].rpartition(":")[2]), column=1)
    steps: list[cucumber.Step] = []
    taken: list[cucumber.PickleStep] = []
    last = cucumber.PickleStepType.unknown
    for words in _steps(of):
        keyword, _, text = words.partition(" ")
        keyword_type, step_type = _TYPES.get(keyword, _UNKNOWN)
        last = step_type or last
        step = cucumber.Step(
            id=stream.id(), keyword=f"{keyword} ", location=location, text=plain(text), keyword_type=keyword_type
        )
        steps.append(step)
        taken.append(cucumber.PickleStep(ast_node_ids=[step.id], id=stream.id(), text=step.text, type=last))
    tags = _tags(stream, (of["outcome"],), location.line)
    scenario = cucumber.Scenario(
        description=of["id"],
        examples=[],
        id=stream.id(),
        keyword="Scenario",
        location=location,
        name=plain(of["title"]),
        steps=steps,
        tags=tags,
    )
    pickle = cucumber.Pickle(
        ast_node_ids=[scenario.id],
        id=stream.id(),
        language="en",
        name=scenario.name,
        steps=taken,
        tags=[cucumber.PickleTag(ast_node_id=tag.id, name=tag.name) for tag in tags],
        uri=plain(path),
        location=location,
    )
    test_steps = [
        cucumber.TestStep(id=stream.id(), pickle_step_id=step.id, step_definition_ids=[], step_match_arguments_lists=[])
        for step in taken
    ]
    test = cucumber.TestCase(id=stream.id(), pickle_id=pickle.id, test_steps=test_steps, test_run_started_id=run)
    return _Case(scenario, pickle, test, of)


def _steps(of: Mapping[str, Any]) -> list[str]:
    """Return the steps; what the decision table has shown has none, so its title and its demand stand there."""
    if of.get("steps"):
        return list(of["steps"])
    return [f"* {of['title']}", *([f"Then {of['expected']}"] if of["expected"] else [])]


def _play(stream: _Stream, case: _Case) -> Iterator[cucumber.Envelope]:
    """Yield what a runner would have sent while the scenario ran."""
    of = case.of
    started = cucumber.TestCaseStarted(attempt=0, id=stream.id(), test_case_id=case.test.id, timestamp=stream.time())
    yield cucumber.Envelope(test_case_started=started)
    told = _told(of)
    taken = int(of["seconds"] * _NANOS) // len(case.test.test_steps)
    for number, step in enumerate(case.test.test_steps):
        at = {"test_case_started_id": started.id, "test_step_id": step.id}
        yield cucumber.Envelope(test_step_started=cucumber.TestStepStarted(timestamp=stream.time(), **at))
        if number == told:
            yield from (
                cucumber.Envelope(attachment=attachment) for attachment in _attachments(stream, of, started.id, step.id)
            )
        stream.now += taken
        outcome = cucumber.TestStepFinished(
            test_step_result=_step_result(of, number, told, taken), timestamp=stream.time(), **at
        )
        yield cucumber.Envelope(test_step_finished=outcome)
    finished = cucumber.TestCaseFinished(
        test_case_started_id=started.id, timestamp=stream.time(), will_be_retried=False
    )
    yield cucumber.Envelope(test_case_finished=finished)


def _told(of: Mapping[str, Any]) -> int:
    """Return the number of the step that the outcome is about."""
    steps, message = _steps(of), of["message"]
    last = len(steps) - 1
    default = last if Verdict(of["outcome"]) in (Verdict.UPHELD, Verdict.VIOLATED, Verdict.DEVIATION) else 0
    return next((n for n, step in enumerate(steps) if message == step or f"“{step}”" in message), default)


def _step_result(of: Mapping[str, Any], number: int, told: int, nanos: int) -> cucumber.TestStepResult:
    outcome = Verdict(of["outcome"])
    duration = cucumber.Duration(seconds=nanos // _NANOS, nanos=nanos % _NANOS)
    if outcome is Verdict.UPHELD or number < told:
        return cucumber.TestStepResult(duration=duration, status=Status.passed)
    if number > told:
        return cucumber.TestStepResult(duration=duration, status=Status.skipped)
    said = plain(_message(of), lines=True)
    return cucumber.TestStepResult(
        duration=duration,
        status=_STATUS[outcome],
        message=said,
        exception=cucumber.Exception(type=outcome.value, message=said, stack_trace=said)
        if outcome is Verdict.VIOLATED
        else None,
    )


def _message(of: Mapping[str, Any]) -> str:
    lines = [of["outcome"]]
    if known := of.get("deviation"):
        lines.append(f"known until {known['until']}: {known['reason']} ({known['link']})")
    if of["expected"] or of["observed"]:
        lines += [f"expected: {of['expected']}", f"observed: {of['observed']}"]
    else:
        lines.append(of["message"])
    return "\n".join(lines)


def _attachments(stream: _Stream, of: Mapping[str, Any], case: str, step: str) -> Iterator[cucumber.Attachment]:
    for name, media_type, body in (
        ("calls", "text/x.cucumber.log+plain", "\n".join(of.get("calls", ()))),
        ("reproducer.py", "text/plain", of["reproducer"]),
    ):
        if body:
            yield cucumber.Attachment(
                body=plain(body, lines=True),
                content_encoding=cucumber.AttachmentContentEncoding.identity,
                media_type=media_type,
                file_name=name,
                test_case_started_id=case,
                test_step_id=step,
                timestamp=stream.time(),
            )


def _nanos(started: str) -> int:
    try:
        moment = datetime.fromisoformat(started)
    except ValueError:
        moment = datetime(1970, 1, 1, tzinfo=UTC)
    return int(moment.timestamp()) * _NANOS
