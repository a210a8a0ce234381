"""Lines that fit: how wide text is on a terminal, words that go on below, rows that become blocks.

What has no blank in it, such as a number, a name or a file's, is never cut: there a line is wider than the room.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMN = 20
"""A narrower column of words would be no easier to read."""


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
