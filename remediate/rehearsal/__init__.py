"""A plan on an emulated twin of its account: applied with the real executor, planned again, taken back, compared. Pure.

What the emulator does not have as the account has it is named, and the changes that rest on it are left out and named
too: a rehearsal never passes over something it has not seen.
"""

from remediate.rehearsal.run import Rehearsed, Stage, rehearse

__all__ = ["Rehearsed", "Stage", "rehearse"]
