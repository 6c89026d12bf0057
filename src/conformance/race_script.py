"""The part of a reproducer that shows a race: two calls at one moment, many times, and how often each ending came."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent

from conformance.judgement import Race

#: What the part needs beside libvirt.
MODULES = ("collections", "contextlib", "sys", "threading", "time")
#: How many rounds a person is made to wait for, where calls are fast and where they are slow.
_MANY, _FEW = 200, 40
#: From how many seconds on a call is slow.
_SLOW = 0.05

_BEFORE = """\
# The kit saw this {shown}. A race shows itself by chance, so this script counts how {rounds} rounds end.
ROUNDS = {rounds}

def take_part(results, number, ready, delay, call):
    ready.wait()
    time.sleep(delay)
    try:
        call()
        results[number] = "success"
    except libvirt.libvirtError as error:
        results[number] = str(error)

def left():
    try:
        found = conn.lookupByUUIDString({uuid!r})
        listed = found.UUIDString() in [d.UUIDString() for d in conn.listAllDomains(0)]
        return f"active {{found.isActive()}}, persistent {{found.isPersistent()}}, listed {{listed}}"
    except libvirt.libvirtError as error:
        return str(error)

# A round that fails is counted; libvirt would print it too.
libvirt.registerErrorHandler(lambda *_: None, None)
sys.setswitchinterval(5e-6)
seen = collections.Counter()
for number in range(ROUNDS):
"""

_ROUND = """\
dom2 = conn2.lookupByUUIDString({uuid!r})
ready, results = threading.Barrier(2), ["", ""]
# The one call is moved through the time that the other takes, on both sides.
delay = {span:.2g} * (number % 21 - 10) / 10
calls = (lambda: {first}, lambda: {second})
delays = (max(0.0, -delay), max(0.0, delay))
threads = [
    threading.Thread(target=take_part, args=(results, n, ready, delays[n], calls[n])) for n in (0, 1)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
seen[(*results, left())] += 1
for clean_up in (dom.destroy, lambda: dom.undefineFlags(1), dom.undefine):
    with contextlib.suppress(libvirt.libvirtError):
        clean_up()
"""

_AFTER = """\
for ended, times in seen.most_common():
    print(times, "of", ROUNDS, "rounds:", "; ".join(ended))
"""


def rounds(race: Race, set_up: Sequence[str], calls: Sequence[str]) -> list[str]:
    """Return lines that hold the race again and again.

    :param set_up: the lines that bring ``dom`` into its situation.
    :param calls: the two calls, as expressions over ``conn``, ``conn2``, ``dom`` and ``dom2``.
    """
    number = _FEW if race.span > _SLOW else _MANY
    first, second = calls
    text = _ROUND.format(uuid=race.uuid, span=race.span, first=first, second=second)
    return [
        *_BEFORE.format(shown=race.shown, rounds=number, uuid=race.uuid).splitlines(),
        *indent("\n".join([*set_up, *text.splitlines()]), "    ").splitlines(),
        *_AFTER.splitlines(),
    ]
