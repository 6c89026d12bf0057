"""The roots of suites: made once with mmdebstrap, kept, and never taken for whole when they are not."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from conformance.errors import BuildFailed, LacksTool, Unwritable
from conformance.lab.mirror import Mirror, find_mirror
from conformance.lab.places import cache_folder, held, make_folder
from conformance.lab.subjects import Suite

#: Written when everything else is there.
_COMPLETE = "complete.json"
#: What nobody reads here; without it a root takes half the time and room.
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
#: The ordinary user of a root, who has a session of her own.
_USER = 'chroot "$1" useradd --create-home --uid 1000 --groups kvm lab'
_BINDING = Path(__file__).with_name("binding.sh")
#: What apt says of an index that is older than its makers want it to be used.
_EXPIRED = re.compile(r"Release file for .* is expired|is not valid anymore|InRelease.* expired", re.IGNORECASE)
Say = Callable[[str], None]


def root_of(suite: Suite) -> Path:
    """Return where the root of a suite is, or will be."""
    return cache_folder() / suite.name / "root"


def state_of(suite: Suite) -> dict[str, Any]:
    """Return what is known of a suite's root, or nothing when there is none that is whole and up to date."""
    folder = cache_folder() / suite.name
    try:
        mark: dict[str, Any] = json.loads((folder / _COMPLETE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    whole = mark.get("recipe") == suite.recipe and mark.get("entries") == _count(folder / "root")
    return mark if whole else {}


def need_root_of(suite: Suite, say: Say, mirror: str = "") -> Path:
    """Return the root of a suite; make it when there is none, or none that is whole.

    :param say: is told what is done.
    :param mirror: the archive to install from, where it is not to be the one of this machine's apt.
    :raises KitError: when it cannot be made.
    """
    if suite.python is not None:
        need_root_of(suite.python, say, mirror)
    with held(cache_folder() / f"{suite.name}.lock", f"the root of {suite.name}", wait=True):
        if not state_of(suite):
            _build(suite, say, Mirror(mirror) if mirror else find_mirror())
    return root_of(suite)


def drop(suite: Suite) -> bool:
    """Remove a suite's root and what is left of one that was being made; tell whether there was anything."""
    with held(cache_folder() / f"{suite.name}.lock", f"the root of {suite.name}"):
        found = [path for path in (_unfinished(suite), cache_folder() / suite.name) if path.exists()]
        for path in found:
            _remove(path)
    return bool(found)


def drop_unfinished(suite: Suite) -> bool:
    """Remove what is left of a root whose making was killed; tell whether there was anything."""
    if not _unfinished(suite).exists():
        return False
    with held(cache_folder() / f"{suite.name}.lock", f"the root of {suite.name}"):
        _remove(_unfinished(suite))
    return True


def _unfinished(suite: Suite) -> Path:
    return cache_folder() / f".unfinished-{suite.name}"


def _build(suite: Suite, say: Say, mirror: Mirror) -> None:
    if shutil.which("mmdebstrap") is None:
        raise LacksTool("mmdebstrap is not installed, which makes the roots")
    say(f"making the root of {suite.name} from {mirror.uri}")
    began = time.monotonic()
    beside, folder = _unfinished(suite), cache_folder() / suite.name
    make_folder(cache_folder())
    _remove(beside)
    beside.mkdir()
    try:
        settings = list(mirror.settings)
        problem = _bootstrap(suite, mirror, beside, settings)
        if problem and _EXPIRED.search(problem):
            say(f"the index of {suite.name} is past its date; going on without that check, signatures stay checked")
            _remove(beside / "root")
            problem = _bootstrap(suite, mirror, beside, [*settings, 'Acquire::Check-Valid-Until "false";'])
        if problem:
            raise BuildFailed(f"the root of {suite.name} cannot be made ({problem})", where=mirror.uri)
        mark = {
            "recipe": suite.recipe,
            "entries": _count(beside / "root"),
            "versions": dict(sorted(_versions(beside / "root"))),
            "seconds": round(time.monotonic() - began, 1),
        }
        (beside / _COMPLETE).write_text(json.dumps(mark, indent=1) + "\n", encoding="utf-8")
        _remove(folder)
        beside.rename(folder)
    except OSError as error:
        raise Unwritable(
            f"the root of {suite.name} cannot be kept ({error.strerror})",
            where=str(beside),
            remedy="make room there, or name another folder with LIBVIRT_CONFORMANCE_LAB_CACHE",
        ) from None
    finally:
        with contextlib.suppress(OSError, Unwritable):
            _remove(beside)
    say(f"the root of {suite.name} took {mark['seconds']:g} s")


def _bootstrap(suite: Suite, mirror: Mirror, folder: Path, settings: list[str]) -> str:
    """Run mmdebstrap; return what it complained of, or an empty text.

    Its own mounts are made in namespaces of their own, which a killed one leaves nothing behind in.
    """
    hooks = _binding(suite, folder)
    done = subprocess.run(  # noqa: S603 - words of the kit's own data, and of apt's
        [
            *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *("mmdebstrap", "--mode=root", "--variant=apt", "--format=directory"),
            f"--include={','.join(suite.packages)}",
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT),
            "--dpkgopt=force-unsafe-io",
            *(f"--aptopt={setting.rstrip(';')}" for setting in (*settings, 'Acquire::Languages "none"')),
            f"--customize-hook={_USER}",
            *hooks,
            *(suite.name, str(folder / "root"), mirror.source(suite.name)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"},
    )
    return complaint(done.stdout) if done.returncode else ""


def _binding(suite: Suite, folder: Path) -> list[str]:
    """Return what lets the binding be built where the kit is to run on another suite's Python.

    :raises BuildFailed: when the binding's source cannot be had.
    """
    if suite.python is None:
        return []
    # From where this machine's pip installs: an archive of Debian's need not keep the source of an old release.
    wanted = f"libvirt-python=={suite.binding}"
    options = ["--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(folder)]
    done = subprocess.run(  # noqa: S603 - words of the kit's own data
        [sys.executable, "-m", "pip", "download", *options, wanted],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    found = list(folder.glob("libvirt*python-*.tar.gz"))
    if done.returncode or not found:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1].removeprefix("ERROR: ")
        raise BuildFailed(
            f"pip cannot fetch the source of {wanted} ({last})", remedy="check that pip reaches its index"
        )
    words = shlex.join(["sh", str(_BINDING)]), shlex.join([str(root_of(suite.python)), str(found[0])])
    return [f'--customize-hook={words[0]} "$1" {words[1]}']


def complaint(output: str) -> str:
    """Return the line of mmdebstrap's output that says why it failed: the first error of the programs it runs."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith(("E: ", "Err:", "dpkg: error", "W: Failed"))]
    full = [line for line in lines if "No space left on device" in line]
    own = ("E: run_chroot", "E: setup failed", "E: apt-get", "E: mmdebstrap", "E: received signal")
    first = [line for line in causes if not line.startswith(own)]
    chosen = (full or first or causes or lines or ["it said nothing"])[0]
    return chosen.removeprefix("E: ").rstrip(".")


def _versions(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the packages of a root that a verdict can depend on, with their versions."""
    name = ""
    for line in (root / "var/lib/dpkg/status").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(": ")
        if key == "Package":
            name = value
        elif key == "Version" and name in ("libvirt0", "python3-libvirt", "qemu-system-x86", "swtpm", "libc6"):
            yield name, value


def _count(root: Path) -> int:
    """Return how many files and folders a root has: one that was cut off has fewer."""
    return sum(len(folders) + len(names) for _, folders, names in os.walk(root))


def _remove(path: Path) -> None:
    if not path.exists():
        return
    failed: list[str] = []
    shutil.rmtree(path, onerror=lambda _call, name, _error: failed.append(str(name)))
    if failed and path.exists():
        raise Unwritable("it cannot be removed", where=failed[0], remedy="look whether something is mounted there")
