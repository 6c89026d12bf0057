"""Why a call failed is known whenever it failed: no garbage is collected between the failure and its reason."""

from __future__ import annotations

import pytest

from conftest import Bench, script

#: Domains of libvirt's in cycles, which only a collection frees, and a call that fails after each. How many objects
#: Python makes in between, after which it collects by itself, is its own matter, so several numbers are tried.
CALLS = """\
import gc, sys
import libvirt
from conformance.driver.events import collect, keep_errors

libvirt.registerErrorHandler(lambda *_: None, None)
connection = libvirt.open("test:///default")
if sys.argv[1] == "kept":
    keep_errors()
codes = set()
for threshold in range(1, 30):
    gc.set_threshold(threshold)
    for _ in range(200):
        cycle = []
        cycle += [cycle, connection.lookupByName("test")]
        del cycle
        try:
            connection.lookupByName("nobody")
        except libvirt.libvirtError as error:
            codes.add(error.get_error_code())
    collect()
print(codes == {42}, None in codes, len(gc.get_objects()) < 20000)
"""


@pytest.mark.parametrize(("how", "found"), [("kept", "True False True"), ("lost", "False True True")])
def test_an_error_is_kept_while_domains_are_freed(bench: Bench, how: str, found: str) -> None:
    """With the kit's own collections no failure loses its code; with Python's some do."""
    finished = bench.run([script("python"), "-c", CALLS, how])
    assert (finished.code, finished.out.strip(), finished.err) == (0, found, "")
