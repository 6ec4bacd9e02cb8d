"""Fills an empty account: every entry is a change from absent to its value, in the order that a plan would have."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from remediate import order
from remediate.errors import CallFailed
from remediate.model import Address, Value
from remediate.order import Step
from remediate.protocols import Live, Resources

Lenient = Callable[[], AbstractContextManager[None]]


def write(entries: Mapping[Address, Value], live: Live, resources: Resources, lenient: Lenient) -> dict[str, str]:
    """Writes these entries, and says which could not be, and why.

    What is refused is tried once more while the emulator is as `lenient` has it: AWS may have let in what it refuses
    today, and a snapshot does not have everything that an entry rests on.
    """
    steps = [Step(address=a, before=None, after=value, reasons=(), risk="neutral") for a, value in entries.items()]
    edges = order.needs(steps, resources, {})
    gaps: dict[str, str] = {}
    for n in order.arrange(edges, [(step.address,) for step in steps]):
        address, value = steps[n].address, steps[n].after
        try:
            live.write(address, None, value)
        except CallFailed:
            try:
                with lenient():
                    live.write(address, None, value)
            except CallFailed as error:
                gaps[address] = f"cannot be made in the emulator: {error}"
    return gaps
