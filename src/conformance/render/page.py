"""Pages that stand in one file: style and script inside, nothing loaded, every text of a driver's escaped.

Two things keep a hostile text from running. Jinja escapes each value where it is written, and the page's own policy
lets a browser run the one script that stands in it, known by its digest, and nothing else: no other script, no
attribute that is one, nothing from the network.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conformance.render.identity import GRAVEST_FIRST, MARKS, count, release, split_call
from conformance.render.plain import plain


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("conformance.render", "pages"),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"release": release, "split_call": split_call}
    environment.globals |= {"marks": MARKS, "verdicts": GRAVEST_FIRST, "count": count}
    return environment


def _visible(value: Any) -> Any:
    """Return what stands in a page for a value; markup of the kit's own is left alone."""
    return plain(value, lines=True) if type(value) is str else value


def _asset(name: str) -> str:
    return files("conformance.render").joinpath("pages", name).read_text(encoding="utf-8")


def page(name: str, **values: Any) -> str:
    """Return the page ``name``, made from its template, its style and its script.

    :param values: what the template shows.
    """
    style, script = _asset("page.css") + _asset(f"{name}.css"), _asset(f"{name}.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    template = _environment().get_template(f"{name}.html")
    # The two files are the kit's own; their text is not escaped, or a browser would not understand it.
    text = template.render(policy=Markup(policy), style=Markup(style), script=Markup(script), **values)  # noqa: S704
    return text + "\n"


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def web_link(text: Any) -> str:
    """Return an address that a page may lead to; empty for anything else, such as ``javascript:``."""
    address = str(text or "")
    return address if address.lower().startswith(("https://", "http://")) else ""
