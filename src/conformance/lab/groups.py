"""Control groups for a capsule: one group of its own in each hierarchy, below which all that libvirt makes stays."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

#: The groups' names on the machine begin so.
PREFIX = "libvirt-conformance-lab-"


def hierarchies() -> dict[str, Path]:
    """Return the mount points of this machine's hierarchies by controller: the old form, or the one without a name."""
    known = {line.split("\t")[0] for line in Path("/proc/cgroups").read_text(encoding="utf-8").splitlines()}
    found: dict[str, Path] = {}
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        place, (kind, _, options) = Path(before.split(" ")[4]), after.split(" ", 2)
        if kind == "cgroup":
            words = options.replace(" ", ",").split(",")
            found[",".join(word for word in words if word in known or word.startswith("name="))] = place
        elif kind == "cgroup2":
            found[""] = place
    old = {name: place for name, place in found.items() if name}
    # Where both are mounted libvirt's containers fail to start, and the old ones suffice.
    return old or found


def make(name: str) -> list[str]:
    """Make a capsule's groups; return the controllers of the old form, none for the new one."""
    for place in hierarchies().values():
        group = place / f"{PREFIX}{name}"
        group.mkdir(exist_ok=True)
        # A group of this controller takes no process before it has these.
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if (place / setting).exists():
                (group / setting).write_text((place / setting).read_text())
    return [controller for controller in hierarchies() if controller]


def joining(name: str) -> list[str]:
    """Return the beginning of a command line by which a process joins the groups, where there are any."""
    groups = [group for place in hierarchies().values() if (group := place / f"{PREFIX}{name}").is_dir()]
    if not groups:
        return []
    script = 'for group in $GROUPS_OF_LAB; do echo 0 >"$group/cgroup.procs" || exit; done; exec "$@"'
    return ["env", f"GROUPS_OF_LAB={' '.join(map(str, groups))}", "sh", "-c", script, "lab"]


def thaw(name: str) -> None:
    """Let go on what is frozen in a capsule's groups, as a paused container is: no signal reaches it."""
    for place in hierarchies().values():
        for folder in _deepest_first(place / f"{PREFIX}{name}"):
            with contextlib.suppress(OSError):
                if (folder / "freezer.state").exists():
                    (folder / "freezer.state").write_text("THAWED")


def remove(name: str) -> None:
    """Remove a capsule's groups and those below, all of them empty by now."""
    for place in hierarchies().values():
        for folder in _deepest_first(place / f"{PREFIX}{name}"):
            with contextlib.suppress(OSError):
                folder.rmdir()


def _deepest_first(top: Path) -> Iterator[Path]:
    if top.is_dir():
        for folder, _, _ in os.walk(top, topdown=False):
            yield Path(folder)
