"""How moto is changed: a check before one of its methods, or a method in place of one.

A change looks at the arguments by name, as moto's own signature has them, and steps aside while strictness is off.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from remediate.sandbox.strict.state import settings

Call = Mapping[str, Any]
"""The arguments of one call by name, with the defaults filled in."""
Original = Callable[[], Any]
"""Moto's own method with the arguments it was called with."""


def before(owner: type, name: str, check: Callable[[Any, Call], None]) -> None:
    """`check` sees each call first, and raises to refuse it."""

    def body(original: Original, self: Any, call: Call) -> Any:
        check(self, call)
        return original()

    around(owner, name, body)


def instead(owner: type, name: str, body: Callable[[Any, Call], Any]) -> None:
    """`body` answers in place of moto's method."""
    around(owner, name, lambda _original, self, call: body(self, call))


def around(owner: type, name: str, body: Callable[[Original, Any, Call], Any]) -> None:
    """`body` decides whether and when moto's method runs. A method that moto lacks is added."""
    original = getattr(owner, name, None) or _missing(name)
    signature = inspect.signature(original)

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not settings.on:
            return original(self, *args, **kwargs)
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        return body(functools.partial(original, self, *args, **kwargs), self, bound.arguments)

    setattr(owner, name, method)


def _missing(name: str) -> Callable[[Any], NoReturn]:
    def method(self: Any) -> NoReturn:
        raise NotImplementedError(f"The {name} action has not been implemented")

    method.__name__ = name
    return method


def fail(code: str, message: str) -> NoReturn:
    """An error as AWS answers it; botocore's model of the service gives the status."""
    raise _refusal()(code, message)


@functools.cache
def _refusal() -> type[Exception]:
    """A class of this module: moto takes one of its core for a service named core, and fails."""
    from moto.core.exceptions import ServiceException

    class Refusal(ServiceException):
        """AWS says no."""

    return Refusal
