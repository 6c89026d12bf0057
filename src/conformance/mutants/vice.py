"""What a vice is: one way in which a driver can be broken, and the rules that have to convict it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.driver.handle import Handle, Interceptor
from conformance.mutants.call import Call, Memory, connection_of
from conformance.mutants.mended import mended

#: The few lines that make a driver a broken one: they take a call, and what the driver remembers.
Body = Callable[[Call, Memory], Any]


@dataclass(frozen=True)
class Vice:
    """One way in which a driver can be broken.

    :param sentence: what the driver does.
    :param body: the few lines that break the driver.
    :param rules: the rules that have to convict it.
    :param overlaps: further rules that cannot but convict it too, each with the reason.
    :param uri: the driver on which alone it can be shown, or an empty text.
    :param ends_process: whether it takes the process along that calls the driver, so that no rule can be judged.
    """

    sentence: str
    body: Body
    rules: frozenset[str]
    overlaps: Mapping[str, str] = field(default_factory=dict)
    uri: str = ""
    ends_process: bool = False

    @property
    def judged_by(self) -> frozenset[str]:
        """The rules whose scenarios it has to meet; one that ends the process meets those about a driver that lives."""
        return self.rules or frozenset({OF_LIVING})


#: The rule whose scenarios a vice meets that ends the process.
OF_LIVING = "UNDEF-034"
VICES: dict[str, Vice] = {}


def vice(
    *rules: str, overlaps: Mapping[str, str] | None = None, uri: str = "", ends_process: bool = False
) -> Callable[[Body], Body]:
    """Make a vice of a function: its name is the vice's, its docstring the sentence."""

    def register(body: Body) -> Body:
        name = body.__name__.replace("_", "-")
        if name in VICES:
            raise AssertionError(f"two vices are called {name}")
        sentence = (body.__doc__ or "").partition("\n")[0]
        VICES[name] = Vice(sentence, body, frozenset(rules), dict(overlaps or {}), uri, ends_process)
        return body

    return register


class Origins:
    """Which connections came with fewer rights, as the symbols of their handles tell."""

    def __init__(self) -> None:
        self._limited: dict[str, list[Any]] = {"readonly": [], "denied": []}

    def limits(self, handle: Handle) -> tuple[bool, bool]:
        """Return whether a call comes on a read-only connection, and whether from somebody without rights."""
        connection = connection_of(handle.raw)
        if handle.symbol in self._limited and connection not in self._limited[handle.symbol]:
            self._limited[handle.symbol].append(connection)
        return connection in self._limited["readonly"], connection in self._limited["denied"]


def interceptor(body: Body) -> Interceptor:
    """Return what stands between the kit and the driver: the vice, and under it the driver as it ought to be."""
    memory: Memory = {}
    origins = Origins()

    def intercept(handle: Handle, method: str, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        limits = origins.limits(handle)

        def go_on(method: str, *args: Any) -> Any:
            return mended(Call(handle, method, args, proceed, *limits))

        return body(Call(handle, method, args, go_on, *limits), memory)

    return intercept


def control() -> Interceptor:
    """Return an interceptor without a vice: what a run with it shows is not the doing of any."""
    return interceptor(lambda call, _memory: call.go_on())
