"""What the messy account has besides users: one module a part of it, so that every control finds something.

`PARTS` run in this order, before the users are made.
"""

from collections.abc import Callable

from remediate.sandbox.builder import Builder
from remediate.sandbox.estate import base

PARTS: tuple[Callable[[Builder], None], ...] = (base.settings, base.permissions, base.roles, base.trails)
