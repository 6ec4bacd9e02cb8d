"""What the README promises, each with the tests that fail when it is broken."""

PROMISES: tuple[tuple[str, tuple[str, ...]], ...] = ()
