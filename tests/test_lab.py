"""The lab without its roots: its data, what it reads of apt, what it says when it cannot go on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.commands.lab import worst
from conformance.errors import LabBusy
from conformance.lab import baggage, roots
from conformance.lab.mirror import choose, settings_of
from conformance.lab.subjects import Subject, find, subjects
from conformance.report import dump
from conftest import NOBODY, Bench, finish, on_a_mount, script
from example import example

TARGETS = """\
http://archive.example/security/ main bookworm-security Debian Debian-Security
http://archive.example/debian/ contrib bookworm Debian Debian
http://archive.example/debian/ main bookworm Debian Debian
http://other.example/ main nodistro Other Other
"""
NEVER_UPDATED = """\
http://archive.example/security/ main bookworm-security $(ORIGIN) $(LABEL)
http://archive.example/debian/ main bookworm $(ORIGIN) $(LABEL)
"""


def test_each_suite_is_crossed_with_each_driver() -> None:
    """A subject is a suite and a driver, and is called after both."""
    names = list(subjects())
    assert len(names) == 24
    assert all(find(name).name == name for name in names)
    assert {name.partition("-")[0] for name in names} == {"bullseye", "bookworm", "trixie", "sid"}


def test_a_driver_in_its_client_is_not_reached_from_outside() -> None:
    """Exactly the drivers without a daemon have no URI for this machine's client."""
    for subject in subjects().values():
        assert bool(subject.driver.outside) is bool(subject.driver.services)


def test_the_archive_is_that_of_the_machines_apt() -> None:
    """Of apt's sources that is taken which has Debian's whole releases."""
    assert choose(TARGETS) == "http://archive.example/debian/"
    assert choose(NEVER_UPDATED) == "http://archive.example/debian/"
    assert choose("http://other.example/ main nodistro Other Other") == ""
    assert choose("") == ""


def test_how_an_archive_is_reached_is_taken_over() -> None:
    """A proxy of apt's is one for the roots too; settings without a value and of other things are not."""
    dump = 'Acquire "";\nAcquire::http::Proxy "http://proxy:3128";\nAcquire::https::Proxy "";\nDir "/";'
    assert settings_of(dump) == ('Acquire::http::Proxy "http://proxy:3128";',)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("I: hello\nE: Unable to locate package nope\nE: apt-get update failed\n", "Unable to locate package nope"),
        (
            "Err:1 http://a.example sid InRelease\nE: The repository has no Release file.\nE: apt-get failed",
            "Err:1 http://a.example sid InRelease",
        ),
        ("dpkg: error: x\ntar: write error: No space left on device\n", "tar: write error: No space left on device"),
        ("I: odd\n", "I: odd"),
        ("", "it said nothing"),
    ],
)
def test_the_cause_of_a_failure_is_said_and_not_its_consequences(output: str, said: str) -> None:
    """Of what mmdebstrap wrote the first error of the programs it runs is shown, a full disk before all."""
    assert roots.complaint(output) == said


@pytest.mark.parametrize(
    ("codes", "code"), [([0, 0], 0), ([0, 4], 4), ([1, 0, 4], 1), ([0, 2, 1], 2), ([0, 137], 2), ([], 0)]
)
def test_the_worst_of_several_runs_is_the_exit_code(codes: list[int], code: int) -> None:
    """An error outweighs a violation; a code that the kit does not have is an error."""
    assert worst(codes) == code


def test_the_kit_travels_without_the_binding(tmp_path: Path) -> None:
    """What is packed runs on a Python that has nothing else, and libvirt's binding is not among it."""
    baggage.pack(tmp_path)
    assert not list(tmp_path.glob("libvirt*.py")) + list(tmp_path.glob("libvirtmod*"))
    code = f"import sys; sys.path.append({str(tmp_path)!r}); from conformance.cli import main; sys.exit(main(['list']))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert "UNDEF-001" in done.stdout
    needed = "import sys; sys.path.append({!r}); import pytest_bdd.plugin, xdist.plugin, rich.console, gherkin"
    subprocess.run([sys.executable, "-I", "-S", "-c", needed.format(str(tmp_path))], check=True, capture_output=True)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a cache with a whole root of trixie's: a folder and two files."""
    monkeypatch.setenv("LIBVIRT_CONFORMANCE_LAB_CACHE", str(tmp_path))
    root = tmp_path / "trixie" / "root"
    (root / "usr").mkdir(parents=True)
    (root / "usr" / "one").touch()
    (root / "two").touch()
    mark = {"recipe": find("trixie-test").suite.recipe, "entries": 3, "versions": {"libvirt0": "11.3.0-3"}}
    (tmp_path / "trixie" / "complete.json").write_text(json.dumps(mark))
    return tmp_path


def test_a_whole_root_is_used_again(cache: Path) -> None:
    """A root with its mark and all its files is the one that is used."""
    assert roots.state_of(find("trixie-test").suite)["versions"] == {"libvirt0": "11.3.0-3"}


@pytest.mark.parametrize(
    "cut", ["trixie/complete.json", "trixie/root/two", "trixie/root/usr"], ids=lambda path: path.rpartition("/")[2]
)
def test_a_root_that_was_cut_off_is_none(cache: Path, cut: str) -> None:
    """Without its mark, or with fewer files than it was made with, a root is made anew."""
    path = cache / cut
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    assert roots.state_of(find("trixie-test").suite) == {}


def test_a_root_of_another_recipe_is_none(cache: Path) -> None:
    """When the list of packages has changed, the root is made anew."""
    mark = cache / "trixie" / "complete.json"
    mark.write_text(json.dumps({**json.loads(mark.read_text()), "recipe": "another"}))
    assert roots.state_of(find("trixie-test").suite) == {}


def test_the_list_tells_what_is_there(bench: Bench) -> None:
    """Everybody may list the subjects, and sees which are still to be made."""
    finished = bench.kit("lab", "list", LIBVIRT_CONFORMANCE_LAB_CACHE=str(bench.folder))
    assert (finished.code, finished.err) == (0, "")
    assert finished.out.count("not made yet") == len(subjects())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["run"], "LVC-101"),
        (["run", "--all", "trixie-test"], "LVC-101"),
        (["run", "trixie"], "LVC-702"),
        (["run", "trixie-test", "--reports", "nowhere"], "LVC-101"),
        (["exec", "trixie-test"], "LVC-101"),
        (["exec", "trixie-test", "true"], "LVC-708"),
        (["up", "trixie-tset"], "LVC-702"),
        ([], "LVC-101"),
    ],
    ids=" ".join,
)
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_wrong_usage_is_one_sentence(bench: Bench, words: list[str], code: str) -> None:
    """What the lab does not know, or cannot reach, is one sentence with its code, and exit code 2."""
    finished = bench.kit("lab", *words, LIBVIRT_CONFORMANCE_LAB_STATE=str(bench.folder / "state"))
    assert (finished.code, finished.out) == (2, "")
    assert code in finished.err
    assert finished.err.count("\n") == 1


def test_subjects_are_set_side_by_side(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page shows those that were judged now, and not an older report of one that was not."""
    (tmp_path / "sid-test.json").write_text(dump(example()))

    def judge(subject: Subject, _capsule: object, _request: object, report: Path, _words: int) -> int:
        if subject.suite.name == "sid":
            raise LabBusy("somebody else is at it", where=subject.name)
        report.write_text(dump(example()))
        return 1

    monkeypatch.setattr("conformance.lab.judging.judge", judge)
    monkeypatch.setattr("conformance.lab.rising.risen", lambda *_, **__: nullcontext())
    monkeypatch.setattr("conformance.lab.places.need_root", lambda: None)
    words = ["lab", "run", "bookworm-test", "trixie-test", "sid-test", "--reports", str(tmp_path)]
    assert main(words) == 2
    page = (tmp_path / "matrix.html").read_text()
    assert "bookworm-test" in page
    assert "trixie-test" in page
    assert "sid-test" not in page
    assert capsys.readouterr().out.splitlines()[-1] == f"side by side: {tmp_path / 'matrix.html'}"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
@pytest.mark.parametrize("words", [["up", "trixie-test"], ["run", "trixie-test"], ["down"]], ids=" ".join)
def test_whoever_is_not_root_is_told_so(words: list[str]) -> None:
    """Without root there is one sentence, and nothing is begun."""
    # The checkout may be closed to others, so whoever that is may read everything.
    reads = "+dac_read_search"
    become = ["setpriv", f"--reuid={NOBODY}", f"--inh-caps={reads}", f"--ambient-caps={reads}"]
    process = subprocess.Popen(
        [*become, sys.executable, "-m", "conformance.cli", "lab", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    finished = finish(process)
    assert (finished.code, finished.out) == (2, "")
    assert "LVC-701" in finished.err
    assert finished.err.count("\n") == 1


needs_mmdebstrap = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mmdebstrap") is None, reason="needs root and mmdebstrap"
)


@needs_mmdebstrap
def test_an_archive_that_does_not_answer_is_one_sentence(short_bench: Bench) -> None:
    """When the archive cannot be reached, the lab says so once, and leaves nothing half made."""
    cache = short_bench.folder / "cache"
    finished = short_bench.kit(
        *("lab", "up", "trixie-test", "--mirror", "http://127.0.0.1:9/debian"),
        LIBVIRT_CONFORMANCE_LAB_CACHE=str(cache),
        LIBVIRT_CONFORMANCE_LAB_STATE=str(short_bench.folder / "state"),
    )
    said = [line for line in finished.err.splitlines() if not line.startswith("lab: ")]
    assert finished.code == 2
    assert len(said) == 1
    assert "LVC-705" in said[0]
    assert [path.name for path in cache.iterdir()] == ["trixie.lock"]


@needs_mmdebstrap
@on_a_mount
def test_a_full_disk_is_one_sentence(short_bench: Bench) -> None:
    """When there is no room for a root, the lab says so once, and frees what it had taken."""
    cache = short_bench.folder / "cache"
    cache.mkdir()
    kit = f"{script('libvirt-conformance')} lab up trixie-test --mirror file:///nowhere"
    script_text = f"mount -t tmpfs -o size=16k tmpfs {cache} && {kit}; code=$?; ls -A {cache}; exit $code"
    finished = short_bench.run(
        ["unshare", "--mount", "sh", "-c", script_text],
        LIBVIRT_CONFORMANCE_LAB_CACHE=str(cache),
        LIBVIRT_CONFORMANCE_LAB_STATE=str(short_bench.folder / "state"),
    )
    said = [line for line in finished.err.splitlines() if not line.startswith("lab: ")]
    assert finished.code == 2
    assert len(said) == 1
    assert "LVC-705" in said[0] or "LVC-103" in said[0]
    assert "No space left" in said[0]
    assert finished.out.split() == ["trixie.lock"]
