"""The result of a run as a badge, to stand beside others on a project's page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from conformance.render.plain import plain
from conformance.verdict import ExitCode, Verdict

LABEL = "libvirt conformance"
#: The colours of a result: of a badge of shields.io, and dark enough to be read under white letters.
COLOURS = {
    ExitCode.CONFORMANT: ("green", "#1a6b34"),
    ExitCode.NOT_CONFORMANT: ("red", "#b3141d"),
    ExitCode.ERROR: ("purple", "#7a2a96"),
    ExitCode.NOTHING_SELECTED: ("lightgrey", "#57606a"),
    ExitCode.NOTHING_APPLICABLE: ("lightgrey", "#57606a"),
}
#: How wide a letter of the badge is, in pixels: letters are drawn into the room that is reckoned for them.
_LETTER = 6.6
_HEIGHT = 20


def message(report: Mapping[str, Any]) -> str:
    """Return the few words that a badge has room for."""
    code = ExitCode(report["summary"]["exit_code"])
    rules = report["summary"]["rules"]
    if code is ExitCode.ERROR:
        return "inconclusive"
    if code is ExitCode.NOTHING_SELECTED:
        return "nothing selected"
    if code is ExitCode.NOTHING_APPLICABLE:
        return "nothing applies"
    judged = sum(count for verdict, count in rules.items() if verdict not in (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN))
    words = f"{rules[Verdict.UPHELD]} of {judged} rules kept"
    return f"{words}, {rules[Verdict.DEVIATION]} known deviations" if rules[Verdict.DEVIATION] else words


def render(report: Mapping[str, Any]) -> str:
    """Return an SVG picture."""
    words = plain(message(report))
    left, right = (round(len(text) * _LETTER) + 12 for text in (LABEL, words))
    colour = COLOURS[ExitCode(report["summary"]["exit_code"])][1]
    title = escape(f"{LABEL}: {words}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}" role="img" '
        f"aria-label='{title}'>\n"
        f'<clipPath id="round"><rect width="{left + right}" height="{_HEIGHT}" rx="4"/></clipPath>\n'
        f'<g clip-path="url(#round)"><rect width="{left}" height="{_HEIGHT}" fill="#3d444d"/>'
        f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{colour}"/></g>\n'
        f'<g fill="#ffffff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(LABEL, 6, left - 12)}{_text(words, left + 6, right - 12)}</g>\n"
        "</svg>\n"
    )


def _text(text: str, at: int, width: int) -> str:
    return f'<text x="{at}" y="14" textLength="{width}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
