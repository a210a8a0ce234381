"""The worked solution as blocks of a page: headings, equations, tables, prose.

What a page says is decided here, once; to_latex and to_markdown write the blocks down.
"""

from __future__ import annotations

from ..records import Step
from ..report import Report
from .cells import NO_VARIABLE, Cells, gap, steps
from .symbols import Symbols
from .tex import TexHand, width
from .worked import Equation, Worked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LINE = 72
"""About how many letters of mathematics fit on a line of a page."""
TABLE = 95
"""About how many fit into the rows of a table, which is set smaller."""


class Math(str):
    """TeX for math mode, among plain text."""

    __slots__ = ()


class Code(str):
    """Text to be typed as it is, among plain text; names of the language, spaces and slashes."""

    __slots__ = ()


class Heading(str):
    """A section's heading, in words."""

    __slots__ = ()


class Prose(str):
    """A paragraph of plain text."""

    __slots__ = ()


class Equations:
    """Lines of an aligned block: ``&`` stands where they are aligned.  None is a gap."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)


class Table:
    """Rows of cells under heads; ``right`` are the places of the columns that stand on the right."""

    def __init__(self, heads: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int]) -> None:
        self.heads = heads
        self.rows = rows
        self.right = right


class PageBreak:
    """The end of a page."""


Block = Heading | Prose | Equations | Table | PageBreak


def blocks(report: Report, digits: int = 6, everything: bool = False) -> Iterator[Block]:
    """The worked solution of a run: both passes, every number in a table, and the notes."""
    hand = TexHand(digits)
    worked = Worked(report, hand, everything)
    if not worked.steps:
        text = report.text(report.graph.output)
        sides = [*([hand.formula(text, ())] if text else []), hand.number(report.value)]
        yield Equations([f"{hand.name(report.symbol)} &= {' = '.join(sides)}"])
        yield Prose(NO_VARIABLE)
        return
    left = gap(worked.left, Symbols(unicode=False)) if worked.left else ""
    yield Heading("Forward pass")
    yield Equations(_lines(worked.forward(), left, hand))
    backward = list(_lines(worked.backward(), left, hand))
    if backward:
        yield Heading("Backward pass")
        if report.trace.arrays:
            yield Prose(worked.short("∂"))
        yield Equations(backward)
    yield Heading("Every number")
    yield table(report, hand, everything)
    if report.decimals is not None:
        yield Heading("Drift")
        yield Prose(worked.cells.carried())
        heads, *rows = worked.cells.drifts() or [()]
        if rows:
            yield Table(heads, [tuple(map(Math, row)) for row in rows], frozenset((1, 2, 3)))
    for note in worked.cells.notes():
        yield Prose(note)


def _lines(equations: Iterable[Equation | None], left: str, hand: TexHand) -> Iterator[str]:
    for equation in equations:
        if equation is None:
            yield rf"&\quad\text{{{left}}}"
        else:
            yield from lines(equation, hand)


def lines(equation: Equation, hand: TexHand) -> Iterator[str]:
    """An equation as one aligned line, or as several where one would not fit on the page."""
    first, *others = equation.sides
    sides = [f"{hand.about if at in equation.about else '='} {side}" for at, side in enumerate(others, 1)]
    sides[-1] += hand.aside(equation.reason) if equation.reason else ""
    line = first
    for at, side in enumerate(sides):
        if at and width(line) + width(side) > LINE:
            yield line
            line = ""
        line += f" {side}" if line and at else f" &{side}"
        if width(line) > LINE:
            *parts, line = _broken(line)
            yield from parts
    yield line


def _broken(line: str) -> list[str]:
    """A line that is too long, in parts, broken before plus signs that stand outside all brackets."""
    pieces, start, depth = [], 0, 0
    for at, char in enumerate(line):
        depth += (char in "({") - (char in ")}")
        if depth == 0 and line.startswith(" + ", at):
            pieces.append(line[start:at])
            start = at
    pieces.append(line[start:])
    lines = [pieces[0]]
    for piece in pieces[1:]:
        if width(lines[-1]) + width(piece) > LINE:
            lines.append(rf" &\quad {piece.strip()}")
        else:
            lines[-1] += piece
    return lines


def table(report: Report, hand: TexHand, everything: bool) -> Table:
    """Every node with its numbers, a row for each edge; where that is too wide, products have rows of their own."""
    hand.small = True
    cells = Cells(report, hand.digits, hand.symbols, hand)
    product = Math(r"\text{upstream} \cdot \text{local}")
    heads = ["node", "forward", Math(rf"\partial {hand.name(cells.top)} / \partial\,\text{{node}}"), "local gradient"]
    wide: list[tuple[str, ...]] = []
    shown, before, left = steps(report, everything)
    for at, step in enumerate(shown):
        if at == before and left:
            wide.append((gap(left, hand.symbols), "", "", "", ""))
        wide += _rows(cells, step)
    if sum(max(width(row[at]) for row in wide) + 2 for at in range(5)) <= TABLE:
        return Table([*heads, product], wide, frozenset((1, 2)))
    tall: list[tuple[str, ...]] = []
    for *first, last in wide:
        tall.append(tuple(first))
        if last:
            tall.append(("", "", "", Math(rf"\quad {last}")))
    return Table([*heads[:3], Math(rf"\text{{local gradient}},\ {product}")], tall, frozenset((1, 2)))


def _rows(cells: Cells, step: Step) -> Iterator[tuple[str, ...]]:
    gradient = cells.gradient(step)
    first: tuple[str, ...] = (Math(cells.node(step)), Math(cells.number(step.value)), gradient and Math(gradient))
    for edge in step.edges:
        yield (*first, Math(cells.local(step, edge)), Math(cells.product(edge)))
        first = ("", "", "")
    if not step.edges:
        yield (*first, "", "")
