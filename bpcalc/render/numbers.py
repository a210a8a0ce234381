"""Numbers for people: rounded to some significant digits, never cut, never -0."""

from __future__ import annotations

from ..written import Written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNDEFINED = "undefined"
GRID = 5
"""Matrices of more rows or columns than this are drawn as their shape."""


def show(value: float | None, digits: int = 6) -> str:
    """``value`` with ``digits`` significant digits; None is ``undefined``; Written numbers speak for themselves.

    >>> show(-12.0), show(1 / 3), show(1e-7), show(1234567.0), show(-0.0), show(None)
    ('-12', '0.333333', '1e-7', '1.23457e6', '0', 'undefined')
    """
    if value is None:
        return UNDEFINED
    if isinstance(value, Written):
        return value.text
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    if "e" not in text:
        return text
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}"


def lines(value: Any, digits: int = 6) -> tuple[str, ...]:
    """``value`` as it stands in a picture: a number in one line, a matrix as a grid, a large one as its shape.

    >>> lines(1 / 3, 2), lines([1.0, 2.5]), lines([[1.0, -0.5], [0.25, 3.0]]), lines([[0.0] * 784] * 10)
    (('0.33',), ('[1 2.5]',), ('[   1 -0.5]', '[0.25    3]'), ('10×784',))
    """
    found = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(found, list):
        return (show(found, digits),)
    shape = []
    inner: Any = found
    while isinstance(inner, list):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    if len(shape) > 2 or not all(0 < size <= GRID for size in shape):
        return ("×".join(map(str, shape)),)
    rows = [[show(number, digits) for number in row] for row in (found if len(shape) == 2 else [found])]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return tuple(f"[{' '.join(cell.rjust(size) for cell, size in zip(row, widths))}]" for row in rows)
