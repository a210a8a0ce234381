"""The picture as PNG or PDF, drawn by cairosvg from the SVG; an extra brings it."""

from __future__ import annotations

from ..errors import LimitProblem, UsageProblem
from ..report import Report
from .to_svg import render as svg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SCALE = 2.0
"""Pixels of a PNG per unit of the drawing."""


def render(report: Report, form: str, digits: int = 6, title: str | None = None) -> bytes:
    """The circuit as the bytes of a ``png`` or ``pdf``.

    Raises what :func:`drawn` raises.
    """
    return drawn(lambda font: svg(report, digits, title, font=font), form)


def drawn(picture: Callable[[str], str], form: str) -> bytes:
    """An SVG document, made for the font that it is given, as the bytes of a ``png`` or ``pdf``.

    Raises UsageProblem where cairosvg, or the cairo library that it loads, is not installed, and
    LimitProblem for a picture of more pixels than cairo draws.
    """
    try:
        import cairosvg  # half a second: only where such a picture is wanted
    except (ImportError, OSError) as error:
        needs = "the extra 'pictures'" if isinstance(error, ImportError) else "the cairo library"
        raise UsageProblem(f"--format {form} needs {needs}",
                           hint='python -m pip install ".[pictures]" where bpcalc is; SVG needs nothing') from None
    # cairosvg asks the system for the first font alone.
    text = picture("monospace")
    try:
        made: bytes = (cairosvg.svg2pdf(bytestring=text.encode()) if form == "pdf" else
                       cairosvg.svg2png(bytestring=text.encode(), scale=SCALE))
    except Exception as error:
        if "INVALID_SIZE" not in str(error):       # cairo's bindings have no class of error for it
            raise
        raise LimitProblem(f"the picture is too large for {form.upper()}", hint="SVG can hold it") from None
    return made
