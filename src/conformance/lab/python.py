"""The Python that the kit runs on inside a capsule: the root's own, or another suite's where that is too old.

A lent Python runs on the other suite's C library and loads this suite's libvirt, which is older and so content with it.
What the driver starts, the emulator and its helpers, is this suite's with this suite's libraries.
"""

from __future__ import annotations

from pathlib import Path

from conformance.lab.roots import root_of
from conformance.lab.services import KIT
from conformance.lab.subjects import Suite

_OWN = "/usr/bin/python3"
_LENT = "/usr/local/bin/python3-lent"
_PLACE = "/opt/lent-python"
_BINDING = "/opt/binding"


def command(suite: Suite) -> str:
    """Return the command that is Python inside."""
    return _LENT if suite.python is not None else _OWN


def shared(suite: Suite) -> dict[str, str]:
    """Return the folders of another suite's root that are seen inside, by their places there."""
    if suite.python is None:
        return {}
    root = root_of(suite.python)
    version = _versions(root)[-1]
    return {
        f"{_PLACE}/bin": str(root / "usr/bin"),
        f"{_PLACE}/lib": str(_libraries(root)),
        # Where a Python of this name in /usr/local/bin looks for its own modules.
        f"/usr/lib/{version}": str(root / "usr/lib" / version),
    }


def files(suite: Suite) -> dict[str, str]:
    """Return the files by which a capsule's Python finds the kit, and is found, by their places inside."""
    found = {_path_file(version): f"{KIT}\n" for version in _versions(root_of(suite))}
    if suite.python is not None:
        root = root_of(suite.python)
        version = _versions(root)[-1]
        (loader,) = (path.name for path in _libraries(root).glob("ld-linux*.so.*"))
        own = "/usr/lib/" + _libraries(root).name
        libraries = f"{_BINDING}/library:{_PLACE}/lib:{own}"
        found[_path_file(version)] = f"{_BINDING}/python\n{KIT}\n"
        found[_LENT] = (
            "#!/bin/sh\n"
            f'exec {_PLACE}/lib/{loader} --argv0 {_LENT} --library-path {libraries} {_PLACE}/bin/{version} "$@"\n'
        )
    return found


def _path_file(version: str) -> str:
    # By a path file the kit is found by isolated processes too.
    return f"/usr/local/lib/{version}/dist-packages/libvirt-conformance.pth"


def _versions(root: Path) -> list[str]:
    names = [path.name for path in (root / "usr/bin").glob("python3.[0-9]*")]
    return sorted(name for name in names if name[8:].isdigit())


def _libraries(root: Path) -> Path:
    (found,) = (path.parent for path in (root / "usr/lib").glob("*-linux-gnu*/libc.so.6"))
    return found
