"""Arrays for people: small ones whole, as a line or as rows and columns, large ones by their corners."""

from __future__ import annotations

from .numbers import UNDEFINED, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

NUMBER, COLUMN, ROW, MATRIX, LIST = range(5)
"""What a value is on paper (orientation.py); a LIST is a vector of a run where one would have to be row and column."""

WHOLE = 8
"""Axes of up to this length are shown whole; of longer ones the first and last END entries."""

END = 3

DRAWN = 5
"""In a picture, arrays with an axis longer than this, or with more than two axes, are drawn as their shape."""


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of an array; () for a number or nothing."""
    return tuple(value.shape) if type(value) is not float and hasattr(value, "shape") else ()


def show_value(value: Any, digits: int = 6, flat: bool = False, unicode: bool = True) -> str:
    """A number or an array; arrays of two axes as a grid of several lines, unless ``flat``.

    >>> show_value(-12.0), show_value(None)
    ('-12', 'undefined')
    """
    if not shape_of(value):
        return show(value, digits)
    dots = "…" if unicode else "..."
    if value.ndim == 1:
        return f"[{', '.join(_entries(value, digits, dots))}]"
    if value.ndim == 2 and not flat:
        return _grid(value, digits, dots)
    return _nested(value, digits, dots)


def lines(value: Any, digits: int = 6) -> tuple[str, ...]:
    """A number or an array as it stands in a picture, line by line."""
    shape = shape_of(value)
    if len(shape) > 2 or not all(0 < size <= DRAWN for size in shape):
        return (shape_text(value),)
    return tuple(show_value(value, digits).split("\n"))


def brief(value: Any, digits: int = 6, unicode: bool = True) -> str:
    """A number or an array in one short piece of text."""
    found = lines(value, digits)
    text = found[0] if len(found) == 1 else show_value(value, digits, flat=True)
    return text if unicode else text.replace("×", "x")


def shape_text(value: Any) -> str:
    """``shape 2×3`` of a matrix, ``shape 3`` of a vector, nothing of a number."""
    shape = shape_of(value)
    return f"shape {'×'.join(map(str, shape))}" if shape else ""


def table_of(value: Any, digits: int, dots: str) -> list[list[str]]:
    """The entries of an array of two axes as rows of texts, those of a large one shortened."""
    width = len(_picked(value.shape[1]))
    return [[dots] * width if at is None else _entries(value[at], digits, dots) for at in _picked(value.shape[0])]


def beside(*parts: str) -> str:
    """Texts of several lines side by side, each standing on the first line.

    >>> print(beside("a = ", "[1 2]\\n[3 4]", " + b"))
    a = [1 2] + b
        [3 4]
    """
    if not any("\n" in part for part in parts):
        return "".join(parts)
    columns = [part.split("\n") for part in parts]
    widths = [max(map(len, column)) for column in columns]
    height = max(map(len, columns))
    return "\n".join("".join((column[at] if at < len(column) else "").ljust(width)
                             for column, width in zip(columns, widths)).rstrip() for at in range(height))


def stacked(first: str, parts: Sequence[str], room: int | None) -> str:
    """Parts of several lines behind ``first``, side by side; those that ``room`` has no place for stand below.

    Each part but the first begins with its sign, which then stands below a sign that ends ``first``.
    """
    rows, taken = [[first]], _wide(first)
    lead = " " * (taken - 3 if first.strip() else taken)
    for part in parts:
        if room is not None and len(rows[-1]) > 1 and taken + _wide(part) > room:
            rows.append([lead])
            taken = len(lead)
        rows[-1].append(part)
        taken += _wide(part)
    return "\n".join(beside(*row) for row in rows)


def _wide(part: str) -> int:
    return max(map(len, part.split("\n")))


def _picked(size: int) -> list[int | None]:
    """Which entries of an axis are shown; None stands for those left out."""
    return list(range(size)) if size <= WHOLE else [*range(END), None, *range(size - END, size)]


def _entries(row: Any, digits: int, dots: str) -> list[str]:
    return [dots if at is None else _entry(row[at], digits) for at in _picked(len(row))]


def _entry(value: float, digits: int) -> str:
    return UNDEFINED if value != value else show(float(value), digits)


def _grid(value: Any, digits: int, dots: str) -> str:
    rows = table_of(value, digits, dots)
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(f"[{'  '.join(text.rjust(width) for text, width in zip(row, widths))}]" for row in rows)


def _nested(value: Any, digits: int, dots: str) -> str:
    # From the innermost axis outwards: rows become texts, texts are joined.
    texts: Sequence[str] = [f"[{', '.join(_entries(row, digits, dots))}]" for row in value.reshape(-1, value.shape[-1])]
    for size in reversed(value.shape[:-1]):
        texts = [f"[{', '.join(dots if at is None else texts[start + at] for at in _picked(size))}]"
                 for start in range(0, len(texts), size)]
    return texts[0]
