"""Makes the running sandbox's account the twin of another one: from what was read of that, straight into moto.

Directly goes what no call can write (dates, last uses, ids of keys, MFA, the root user), and IAM's users, groups, roles
and policies, of which there are thousands. Everything else is left to whoever writes entries: `LOADED` says which kinds
need no writing any more. What moto cannot hold is told as a gap, and the rest is loaded all the same.
"""

from remediate.sandbox.twin.base import Gaps
from remediate.sandbox.twin.parts import LOADED, lenient, load

__all__ = ["LOADED", "Gaps", "lenient", "load"]
