"""The report: its form, its arithmetic, and that a part of one is never taken for a whole."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import conformance.report
from conformance.binding import Scenario
from conformance.catalog import Catalog
from conformance.data import folder
from conformance.errors import BadReport, Unwritable
from conformance.plan import Plan
from conformance.report import (
    RunRecord,
    build_report,
    check_writable,
    dump,
    read_report,
    result_of,
    write_text,
)
from conformance.verdict import ExitCode, ScenarioResult, Verdict
from conftest import Judged

SCHEMA = json.loads(Path(conformance.report.__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
AGAIN = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
SCENARIOS = tuple(
    Scenario(f"{rule}/{name}", rule, name, name, "features/undefine/a.feature", 9, (), (), None)
    for rule, name in (("UNDEF-001", "one"), ("UNDEF-001", "two"), ("UNDEF-002", "three"))
)
ALL_RUN = Plan(SCENARIOS, {}, ())
RESULTS = {
    Verdict.UPHELD: ScenarioResult(Verdict.UPHELD),
    Verdict.VIOLATED: ScenarioResult(Verdict.VIOLATED, "Then it is gone", "gone", "there", "import libvirt\n"),
    Verdict.NOT_TESTABLE: ScenarioResult(Verdict.NOT_TESTABLE, "not reached"),
    Verdict.INCONCLUSIVE: ScenarioResult(Verdict.INCONCLUSIVE, "killed"),
    Verdict.NOT_APPLICABLE: ScenarioResult(Verdict.NOT_APPLICABLE, "not refused"),
}
DIGEST = "sha256:" + 64 * "0"
STARTED = "2026-01-02T03:04:05+00:00"


def make(
    catalog: Catalog, *outcomes: Verdict, plan: Plan | None = ALL_RUN, complete: bool = True, **record: Any
) -> dict[str, Any]:
    """Return the report of a run whose scenarios, in order, had these outcomes."""
    results = {scenario.id: RESULTS[outcome] for scenario, outcome in zip(SCENARIOS, outcomes, strict=False)}
    return build_report(
        catalog,
        SCENARIOS,
        plan,
        RunRecord("test:///default", results=results, started=STARTED, **record),
        digest=DIGEST,
        complete=complete,
    )


def validate(report: object, schema: Mapping[str, Any] = SCHEMA) -> None:
    """Hold a report against the schema."""
    Draft202012Validator(schema).validate(report)


def strict(schema: Any) -> Any:
    """Return a schema that refuses every field that it does not name."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: strict(part) for name, part in schema.items()}
    return {"additionalProperties": False, **closed} if "description" in schema and "properties" in schema else closed


UP, BAD, UNSET, UNSURE, NONE = RESULTS


def test_the_schema_is_one() -> None:
    """The schema is a JSON schema of the draft that it names, and of this version of the report."""
    Draft202012Validator.check_schema(SCHEMA)
    validate(conformance.report.SCHEMA_VERSION, SCHEMA["properties"]["schema_version"])


def test_the_schema_is_published_by_its_version() -> None:
    """Beside the documentation lies the schema of this version, and it is the package's own file."""
    package = Path(conformance.report.__file__).with_name("report.schema.json")
    published = folder("spec").parent / f"docs/_extra/schema/report-{conformance.report.SCHEMA_VERSION}.schema.json"
    assert published.resolve() == package.resolve()


def test_a_real_report_is_described_field_by_field(judged: Judged) -> None:
    """The report of a whole run has the form, and no field that the schema does not describe."""
    validate(judged.report)
    validate(judged.report, strict(SCHEMA))


def test_the_schema_describes_every_field() -> None:
    """Each field has a sentence that says what it is."""

    def bare(part: Any, name: str) -> list[str]:
        fields = part.get("properties", {}).items() if isinstance(part, dict) else ()
        found = [f"{name}.{key}" for key, value in fields if "description" not in value]
        parts = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        return found + [field for inner in parts for field in bare(inner, name)]

    forms = {"top": {k: v for k, v in SCHEMA.items() if k != "$defs"}, **SCHEMA["$defs"]}
    told = {name: {k: v for k, v in form.items() if k != "allOf"} for name, form in forms.items()}
    assert [field for name, form in told.items() for field in bare(form, name)] == []


@pytest.mark.parametrize(
    "make_it",
    [
        lambda catalog: make(catalog, plan=None, problems=["LVC-304 the driver did not answer"]),
        lambda catalog: make(catalog, UP, interrupted=True),
        lambda catalog: make(catalog, UP, UP, complete=False),
        lambda catalog: make(catalog, plan=Plan((), {SCENARIOS[0].id: "too old"}, SCENARIOS[1:])),
        lambda catalog: make(catalog, UP, BAD, UNSET),
        lambda catalog: make(catalog, UNSURE, NONE, UP, inventory={"objects": 1, "identical": False, "changed": ["x"]}),
        lambda catalog: make(catalog, UP, UP, UP, driver={"type": "QEMU", "libvirt_version": "", "hostname": ""}),
    ],
    ids=["never reached", "interrupted", "under way", "nothing ran", "violated", "changed", "says little"],
)
def test_every_report_has_the_form(catalog: Catalog, make_it: Callable[[Catalog], object]) -> None:
    """However a run ended, its report has the form."""
    validate(make_it(catalog))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), "2.0"),
        (("spec", "digest"), "none"),
        (("rules", 0, "verdict"), "passed"),
        (("rules", 0, "scenarios", 0, "seconds"), -1),
        (("rules", 0, "scenarios", 0, "outcome"), "violated"),
        (("rules", 0, "scenarios", 0, "outcome"), "inconclusive"),
        (("summary", "exit_code"), 5),
        (("summary", "rules", "passed"), 1),
        (("complete",), "yes"),
        (("inventory", "objects"), 3),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else str(value),
)
def test_the_schema_refuses_what_is_no_report(catalog: Catalog, path: tuple[str | int, ...], value: object) -> None:
    """The schema is strict enough to be of use."""
    report = make(catalog, UP, UP, UP)
    validate(report)
    *way, last = path
    part: Any = report
    for step in way:
        part = part[step]
    part[last] = value
    assert not Draft202012Validator(SCHEMA).is_valid(report)


def verdicts(report: Mapping[str, Any]) -> dict[str, str]:
    """Return the verdict of each rule."""
    return {rule["id"]: rule["verdict"] for rule in report["rules"]}


def test_a_scenario_that_never_came_back_is_inconclusive(catalog: Catalog) -> None:
    """What was planned and not reported is not passed over, and the run says so."""
    report = make(catalog, UP)
    assert verdicts(report) == {"UNDEF-001": "inconclusive", "UNDEF-002": "inconclusive"}
    assert report["rules"][0]["scenarios"][1]["message"] == "no worker reported it"
    assert result_of(report) is ExitCode.ERROR


@pytest.mark.parametrize("other", [UP, BAD, UNSET, NONE])
def test_an_inconclusive_scenario_makes_the_run_inconclusive(catalog: Catalog, other: Verdict) -> None:
    """Whatever its rule's other scenarios showed, one without a judgement leaves the run without one."""
    assert result_of(make(catalog, other, UNSURE, UP)) is ExitCode.ERROR
    binding = make(catalog, UP, UP, UNSURE)
    assert result_of(binding) is ExitCode.ERROR


def test_an_inconclusive_scenario_is_not_hidden_by_a_rule_that_only_warns(catalog: Catalog) -> None:
    """A SHOULD that is violated and not fully judged does not pass for a run with a warning."""
    one, two, three = SCENARIOS
    late = Scenario("UNDEF-002/four", "UNDEF-002", "four", "four", three.path, 9, (), (), None)
    results = dict(zip((one.id, two.id, three.id, late.id), (RESULTS[o] for o in (UP, UP, BAD, UNSURE)), strict=True))
    record = RunRecord("test:///default", results=results, started=STARTED)
    report = build_report(catalog, [*SCENARIOS, late], Plan((*SCENARIOS, late), {}, ()), record, digest=DIGEST)
    assert result_of(report) is ExitCode.ERROR


def test_what_was_deselected_was_not_run(catalog: Catalog) -> None:
    """A rule that was not asked for is in the report, as what it is."""
    report = make(catalog, UP, UP, plan=Plan(SCENARIOS[:2], {}, SCENARIOS[2:]))
    assert verdicts(report) == {"UNDEF-001": "upheld", "UNDEF-002": "not-run"}
    assert result_of(report) is ExitCode.CONFORMANT


@pytest.mark.parametrize("more", [{"problems": ["clean-up: a domain is left"]}, {"interrupted": True}])
def test_a_run_with_a_problem_is_an_error(catalog: Catalog, more: dict[str, Any]) -> None:
    """What went wrong around the scenarios outweighs them."""
    assert result_of(make(catalog, UP, UP, UP, **more)) is ExitCode.ERROR


@given(st.lists(st.sampled_from(list(RESULTS)), max_size=3))
def test_the_summary_counts_what_is_there(catalog: Catalog, outcomes: list[Verdict]) -> None:
    """The counts of the summary are those of the report itself."""
    report = make(catalog, *outcomes)
    for verdict in Verdict:
        assert report["summary"]["rules"][verdict] == list(verdicts(report).values()).count(verdict)
        found = [s for rule in report["rules"] for s in rule["scenarios"] if s["outcome"] == verdict]
        assert report["summary"]["scenarios"][verdict] == len(found)


@pytest.mark.parametrize("more", [{"complete": False}, {"interrupted": True}])
def test_a_report_of_an_unfinished_run_is_refused(catalog: Catalog, tmp_path: Path, more: dict[str, Any]) -> None:
    """A run that is under way, or was ended, has a report that says so, and no reader takes it for a result."""
    report = make(catalog, UP, UP, UP, **more)
    assert report["complete"] is False
    write_text(tmp_path / "r.json", dump(report))
    with pytest.raises(BadReport, match="not finished") as error:
        read_report(tmp_path / "r.json")
    assert error.value.where == str(tmp_path / "r.json")


def test_a_report_is_read_as_it_was_written(judged: Judged) -> None:
    """What was written is read again, and stands for the exit code that the command had."""
    report = read_report(judged.bench.folder / "report.json")
    assert report == judged.report
    assert result_of(report) == judged.finished.code


@AGAIN
@given(st.data())
def test_a_report_that_was_cut_off_is_refused(catalog: Catalog, tmp_path: Path, data: st.DataObject) -> None:
    """At whatever byte a report was cut off, it is refused; only its last line end does not count."""
    content = dump(make(catalog, UP, BAD, UNSET, command="libvirt-conformance run – ✔")).encode()
    (tmp_path / "r.json").write_bytes(content[: data.draw(st.integers(0, len(content.rstrip()) - 1))])
    with pytest.raises(BadReport):
        read_report(tmp_path / "r.json")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "{}",
        '{"schema_version": "1.0"}',
        '{"schema_version": "2.0", "complete": true}',
        '{"schema_version": 1.0, "complete": true}',
        "[" * 100_000,
        '{"schema_version": "1.0", "kit": 1, "spec": 1, "driver": 1, "capabilities": 1, "rules": 1, "summary": 1,'
        ' "complete": true}',
    ],
    ids=["a list", "null", "empty", "next to nothing", "version 2", "old", "deep", "other kinds of value"],
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    """Other JSON, another version and a form of another kind are refused, each in a sentence."""
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(BadReport):
        read_report(tmp_path / "r.json")


def test_a_later_minor_version_is_read(catalog: Catalog, tmp_path: Path) -> None:
    """A report with fields that this version does not know is read: the major version tells."""
    write_text(tmp_path / "r.json", dump({**make(catalog, UP, UP, UP), "schema_version": "1.9", "more": 1}))
    assert read_report(tmp_path / "r.json")["more"] == 1


def test_a_missing_report_is_refused(tmp_path: Path) -> None:
    """A file that is not there is no report."""
    with pytest.raises(BadReport, match="cannot be read"):
        read_report(tmp_path / "r.json")


def test_an_old_report_stays_until_the_new_one_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When writing fails half-way, the file is as it was and nothing lies beside it."""
    file = tmp_path / "r.json"
    file.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(Unwritable, match="No space left"):
        write_text(file, "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("r.json", "old")]


def test_a_file_is_readable_as_any_other(tmp_path: Path) -> None:
    """A report has the permissions of a file that its user makes, whatever mask is set."""
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "r.json", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "r.json").stat().st_mode & 0o777 == 0o640


def test_a_link_is_written_through(tmp_path: Path) -> None:
    """A report that is a link stays one: the file behind it is the new report."""
    (tmp_path / "there").mkdir()
    (tmp_path / "r.json").symlink_to("there/real.json")
    (tmp_path / "there/real.json").write_text("old")
    write_text(tmp_path / "r.json", "new")
    assert (tmp_path / "r.json").is_symlink()
    assert (tmp_path / "there/real.json").read_text() == "new"


@pytest.mark.parametrize(
    "name",
    ["", "nowhere/r.json", "file/r.json", "n" * 300, "/dev/full/r.json", "/proc/r.json"],
    ids=["a folder", "no folder", "a file for a folder", "too long", "below a device", "in proc"],
)
def test_an_unwritable_path_is_refused_beforehand(tmp_path: Path, name: str) -> None:
    """A path that cannot be written is told before the run, with the path."""
    (tmp_path / "file").touch()
    with pytest.raises(Unwritable) as error:
        check_writable(tmp_path / name)
    assert error.value.where == str(tmp_path / name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_path_of_somebody_elses_is_refused_beforehand(tmp_path: Path) -> None:
    """A folder that may not even be looked into is told as any other that cannot be written."""
    os.seteuid(65534)
    try:
        with pytest.raises(Unwritable, match="Permission denied"):
            check_writable(tmp_path / "r.json")
    finally:
        os.seteuid(0)


def test_trying_a_path_leaves_nothing(tmp_path: Path) -> None:
    """A path that can be written is neither made nor changed by the check."""
    check_writable(tmp_path / "r.json")
    assert list(tmp_path.iterdir()) == []


def test_a_device_is_written_to_and_not_replaced() -> None:
    """A report may go to a terminal or to nowhere."""
    check_writable(Path(os.devnull))
    write_text(Path(os.devnull), "x")
    assert Path(os.devnull).is_char_device()
