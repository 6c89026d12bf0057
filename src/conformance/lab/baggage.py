"""The kit on its way into a capsule: a copy of it and of the Python packages that it imports.

The binding to libvirt stays behind: the release's own is what is to be used there.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePath

import conformance
from conformance.data import folder

_KIT = "libvirt-conformance"
_BINDING = "libvirt-python"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LEFT = shutil.ignore_patterns("__pycache__", "_data")


def pack(place: Path) -> None:
    """Copy the kit, its data and the packages that it needs into an empty folder."""
    for needed in needs(_KIT):
        for file in _files(needed):
            source, target = Path(str(needed.locate_file(file))), place / file
            if source.is_dir():
                shutil.copytree(source, target, ignore=_LEFT, dirs_exist_ok=True)
            elif source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
    shutil.copytree(Path(conformance.__file__).parent, place / "conformance", ignore=_LEFT, dirs_exist_ok=True)
    for name in ("spec", "features"):
        shutil.copytree(folder(name), place / "conformance" / "_data" / name, dirs_exist_ok=True)


def _files(needed: Distribution) -> Iterator[PurePath]:
    """Yield what belongs to a package and is imported: files, or whole folders where nothing lists the files."""
    listed = [PurePath(file) for file in needed.files or ()]
    # A package of the distribution's says what it is called when it is imported, and not which files it has.
    for name in (needed.read_text("top_level.txt") or "").split():
        if not any(file.parts[0] in (name, f"{name}.py") for file in listed):
            yield from (PurePath(name), PurePath(f"{name}.py"))
    for file in listed:
        # What is installed beside a package, a command or a cache, is not imported.
        if ".." not in file.parts and "__pycache__" not in file.parts and file.suffix != ".pth":
            yield file


def needs(name: str) -> list[Distribution]:
    """Return a package and all that it needs to run, but the binding; what is not installed is not needed here."""
    found: dict[str, Distribution] = {}
    left = [name]
    while left:
        key = _canonical(left.pop())
        if key in found or key == _BINDING:
            continue
        try:
            found[key] = distribution(key)
        except PackageNotFoundError:
            continue
        left += [requirement for requirement in found[key].requires or () if "extra ==" not in requirement]
    return list(found.values())


def _canonical(requirement: str) -> str:
    match = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match else ""
