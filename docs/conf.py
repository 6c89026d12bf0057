"""How Sphinx builds the documentation: from the checkout's top, so that spec/ is read where it lies.

./kit docs runs: sphinx-build -W -n --keep-going -b html -c docs . docs/_build/html
"""

from importlib.metadata import version as _version

project = "libvirt-conformance"
copyright = "The libvirt-conformance authors; LGPL-2.1-or-later"
release = version = _version("libvirt-conformance")

extensions = ["myst_parser", "conformance.sphinx_rules", "conformance.sphinx_reference", "sphinx.ext.autodoc"]
root_doc = "docs/index"
include_patterns = ["docs/**.md", "spec/**.md"]
exclude_patterns = ["docs/_build"]
rules_specification = "spec"
rules_features = "features"

myst_heading_anchors = 3
myst_enable_extensions = ["attrs_inline"]
# Types of libvirt's that no page is about.
nitpick_ignore_regex = [
    ("c:identifier", "vir[A-Z].*"),
    # Errors are named by their classes, which docs/python-api.md does not list one by one.
    ("py:exc", "[A-Z][A-Za-z]+"),
    # What the kit keeps to itself has no page.
    ("py:mod", r"conformance\.situations"),
]
autodoc_typehints = "none"
autodoc_member_order = "bysource"
# Option names with two dashes are written in prose too.
smartquotes = False

html_theme = "furo"
html_static_path = ["_static"]
# The schema of reports, by its version.
html_extra_path = ["_extra"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_title = f"libvirt-conformance {release}"
html_copy_source = False
html_show_sphinx = False
