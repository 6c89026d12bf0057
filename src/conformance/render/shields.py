"""The badge as an endpoint of shields.io: a small JSON document from which that service draws it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from conformance.render.badge import COLOURS, LABEL, message
from conformance.verdict import ExitCode


def render(report: Mapping[str, Any]) -> str:
    """Return the JSON document."""
    code = ExitCode(report["summary"]["exit_code"])
    document = {
        "schemaVersion": 1,
        "label": LABEL,
        "message": message(report),
        "color": COLOURS[code][0],
        # What could not be judged is an error of the service's own kind: it is drawn so and not kept for long.
        "isError": code is ExitCode.ERROR,
    }
    return json.dumps(document) + "\n"
