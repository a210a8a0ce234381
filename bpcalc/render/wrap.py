"""Lines that fit: how wide text is on a terminal, words that go on below, rows that become blocks.

What has no blank in it, such as a number, a name or a file's, is never cut: there a line is wider than the room.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMN = 20
"""A narrower column of words would be no easier to read."""


_SUMS = (" + ", " - ")
_PRODUCTS = (" · ", " × ", " * ", " @ ", " / ")

_NARROW = "–…ᵀ✓✗─│└•"
"""Our own signs that are one cell wide; so are all before U+1100, arrows, and operators (UAX #11)."""


def width(text: str) -> int:
    """How many terminal cells a visible text takes."""
    if text.isascii() or all(char < "\u1100" or "\u2190" <= char <= "\u22ff" or char in _NARROW for char in text):
        return len(text)
    import unicodedata  # only unusual text needs it

    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def wrapped(first: str, text: str, lead: str, room: int | None) -> list[str]:
    """``text`` behind ``first``, and what does not fit into ``room`` below, behind ``lead``; words stay whole."""
    if room is None or width(first) + width(text) <= room:
        return [first + text]
    if room < width(lead) + _COLUMN:
        lead = lead[:2] if not lead.strip() else lead
    lines, line, used, empty = [], first, width(first), False
    for at, word in enumerate(text.split(" ")):
        size = width(word)
        if at and not empty and used + 1 + size > room:
            lines.append(line)
            line, used, empty = lead, width(lead), True
        if at and not empty:
            line, used = f"{line} ", used + 1
        line, used, empty = line + word, used + size, False
    return [*lines, line]


def broken(first: str, formula: str, room: int | None) -> list[str]:
    """A formula behind ``first``; what does not fit goes on below from its weakest signs on, or at a blank."""
    if room is None or width(first) + width(formula) <= room:
        return [first + formula]
    lead = " " * width(first)
    parts = [part for term in _parts(formula, _SUMS)
             for part in (_parts(term, _PRODUCTS) if width(lead) + width(term) > room else [term])]
    lines = [parts[0]]
    for part in parts[1:]:
        if width(lead) + width(lines[-1]) + width(part) > room:
            lines.append(part[1:])
        else:
            lines[-1] += part
    return [whole for at, line in enumerate(lines)
            for whole in wrapped(lead if at else first, line, f"{lead}  ", room)]


def _parts(formula: str, signs: tuple[str, ...]) -> list[str]:
    """The parts of a formula, each but the first from one of the signs on that stand outside all brackets."""
    found, start, depth = list[str](), 0, 0
    for at, char in enumerate(formula):
        depth += (char in "([") - (char in ")]")
        if depth == 0 and at and formula.startswith(signs, at):
            found.append(formula[start:at])
            start = at
    return [*found, formula[start:]]


def aligned(rows: Sequence[tuple[str, ...]], right: frozenset[int], room: int | None = None) -> list[str]:
    """A head and rows, their columns below each other; ``right`` are those that stand on the right.

    The last column goes on below where it does not fit into ``room``; where even its words do not, every row
    is a block of lines.
    """
    if not rows:
        return []
    widths = [max(map(width, column)) for column in zip(*rows)]
    before = sum(widths[:-1]) + 2 * (len(widths) - 1)
    if room is not None and before + min(_COLUMN, widths[-1]) > room:
        return _blocks(rows, room)
    lead = " " * before
    lines: list[str] = []
    for row in rows:
        cells = [padded(cell, size, at in right) for at, (cell, size) in enumerate(zip(row, widths))]
        first = "".join(f"{cell}  " for cell in cells[:-1])
        lines += [line.rstrip() for line in wrapped(first, cells[-1].rstrip(), lead, room)]
    return lines


def padded(cell: str, size: int, right: bool = False) -> str:
    """A cell with blanks up to a width."""
    gap = " " * (size - width(cell))
    return gap + cell if right else cell + gap


def _blocks(rows: Sequence[tuple[str, ...]], room: int) -> list[str]:
    """Every row as its first words, and a line for each further cell behind its head."""
    heads, *others = rows
    at = next(at for at, head in enumerate(heads) if head)
    size = max(map(width, heads[at + 1:]))
    lines: list[str] = []
    for row in others:
        lines += wrapped("", "  ".join(cell for cell in row[:at + 1] if cell), "  ", room)
        for head, cell in zip(heads[at + 1:], row[at + 1:]):
            if cell:
                lines += wrapped(f"  {padded(head, size)}  ", cell, " " * (size + 4), room)
    return lines
