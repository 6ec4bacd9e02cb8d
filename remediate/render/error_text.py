"""An error on one screen: what happened, to which address, and the way out."""

from remediate.errors import Partial, Refused, RemediateError
from remediate.render.text import fit, paint, safe

WIDTH = 200
"""No line is longer: what AWS or a file says may be."""
LINES = 14
"""Lines of detail on a screen."""


def error(error: RemediateError, *, colour: bool) -> str:
    """The whole screen, without a traceback. Its last line is the exit code."""
    word = {Refused: "Refused", Partial: "Partly applied"}.get(type(error), "Error")
    details = [f"  {fit(line, WIDTH)}" for line in error.details[:LINES]]
    if len(error.details) > LINES:
        details.append(f"  …and {len(error.details) - LINES} more lines")
    lines = [
        paint(f"{word}: {fit(error.what, WIDTH)}", "red", colour),
        f"  {safe(error.address)}" if error.address else "",
        *details,
        fit(error.remedy, 2 * WIDTH) if error.remedy else "",
        f"exit {error.exit_code}",
    ]
    return "\n".join(line for line in lines if line)
