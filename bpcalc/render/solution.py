"""The worked solution as blocks of a page: what it says is decided here, once."""

from __future__ import annotations

from ..records import Step
from ..report import Report
from ..streams import WIDE
from .cells import NO_VARIABLE, Cells, gap, steps
from .markup import Block, Equations, Heading, Math, Prose, Table, Words
from .symbols import Symbols
from .tex import TexHand, width
from .worked import Equation, Worked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..descent import Descent

LINE = 72
"""About how many letters of mathematics fit on a line of a page."""
TABLE = 95
"""About how many fit into the rows of a table, which is set smaller."""
CELL = 44
"""How many stand in a cell of it before an equation there is broken, if all of the table is too wide."""
_SUM = 20
"""How many the terms of a gradient may take there before each has a row of its own."""

Row = tuple[str, ...]


def blocks(report: Report, digits: int = 6, everything: bool = False, learned: Descent | None = None,
           ) -> Iterator[Block]:
    """The worked solution of a run: both passes, an update if there is one, every number in a table, and the notes."""
    hand = TexHand(digits)
    worked = Worked(report, hand, everything)
    if not worked.steps:
        text = report.text(report.graph.output)
        sides = [*([hand.formula(text, ())] if text else []), hand.number(report.value)]
        yield Equations([f"{hand.name(report.symbol)} &= {' = '.join(sides)}"])
        yield Prose(NO_VARIABLE)
        return
    left = gap(worked.left, Symbols(unicode=False)) if worked.left else ""
    yield from circuit(worked.cells, hand)
    yield Heading("Forward pass")
    yield Equations(_lines(worked.forward(), left, hand))
    backward = list(_lines(worked.backward(), left, hand))
    if backward:
        yield Heading("Backward pass")
        if report.trace.arrays:
            yield _reading(report, hand)
        yield Equations(backward)
    if learned is not None:
        yield Heading("Update")
        yield Equations(_lines(worked.update(learned), left, hand))
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


def circuit(cells: Cells, hand: TexHand) -> Iterator[Block]:
    """The statements as they were given, where some operations in them have no name and get a line of their own."""
    report = cells.report
    operations = [k for k in range(len(report)) if report.shows(k) and report.graph.args(k)]
    named = [k for k in operations if k in report.graph.names or k == report.graph.output]
    if len(named) == len(operations) or len(named) > WIDE:
        return
    texts = [(k, text) for k in named if (text := report.text(k)) is not None]
    names = {report.label(k): cells.kind(k) for k in report.graph.names}
    if texts:
        yield Heading("Circuit")
        yield Equations(line for k, text in texts
                        for line in lines(Equation(hand.name(report.label(k)), hand.formula(text, names)), hand))


def _reading(report: Report, hand: TexHand) -> Words:
    """How what follows is to be read where there are arrays."""
    name = hand.name(report.label(next(filter(report.is_live, report.graph.names), report.graph.output)))
    gradient = rf"\partial {hand.name(report.top)} / \partial {name}"
    return Words((Math(rf"\mathrm{{d}}{name}"), " is short for ", Math(gradient),
                  ". Vectors are columns unless they multiply a matrix from the left or are added to its rows. ",
                  Math(r"\odot"), ", powers with a ring, fractions and functions work entry by entry."))


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
    """A line that is too long, in parts, broken before plus signs outside all brackets, or before products."""
    first, *pieces = [part for term in _outside(line, (" + ",)) for part in (
        _outside(term, (r" \odot ",)) if width(term) > LINE else [term])]
    lines = [first]
    for piece in pieces:
        if width(lines[-1]) + width(piece) > LINE:
            lines.append(rf" &\quad {piece.strip()}")
        else:
            lines[-1] += piece
    return lines


def table(report: Report, hand: TexHand, everything: bool) -> Table:
    """Every node with its numbers, a row for each edge.

    Where that is too wide, products have rows of their own, then sums and long equations are broken, and
    then everything about a node stands in one column.
    """
    cells = Cells(report, hand.digits, hand.symbols, hand)
    product = Math(r"\text{upstream} \cdot \text{local}")
    node = Math(rf"\partial {hand.name(cells.top)} / \partial\,\text{{node}}")
    both = Math(rf"\text{{local gradient}},\ {product}")
    four = ("node", "forward", node, both)
    two = ("node", Math(rf"\text{{forward}},\ {node},\ {both}"))
    forms = ((_wide, (*four[:3], "local gradient", product), False), (_tall, four, False), (_broken_up, four, False),
             (_broken_up, four, True), (_listed, two, False), (_listed, two, True))
    shown, before, left = steps(report, everything)
    nodes = list(shown)
    for form, heads, hand.small in forms:
        rows: list[Row] = []
        for at, step in enumerate(nodes):
            if at == before and left:
                rows.append((gap(left, hand.symbols), *[""] * (len(heads) - 1)))
            rows += form(cells, step)
        if sum(max(width(row[at]) for row in rows) + 2 for at in range(len(heads))) <= TABLE:
            break
    return Table(heads, rows, frozenset((1, 2)) if len(heads) > 2 else frozenset())


def _wide(cells: Cells, step: Step) -> Iterator[Row]:
    edges = [(cells.local(step, edge), cells.product(edge)) for edge in step.edges]
    return _rows(cells, step, [cells.gradient(step)], edges or [("", "")])


def _tall(cells: Cells, step: Step) -> Iterator[Row]:
    edges = [(text,) for edge in step.edges for text in (cells.local(step, edge), rf"\quad {cells.product(edge)}")]
    return _rows(cells, step, [cells.gradient(step)], edges or [("",)])


def _broken_up(cells: Cells, step: Step) -> Iterator[Row]:
    edges = [(text,) for edge in step.edges
             for text in (*_sides(cells.local(step, edge)), *_sides(rf"\quad {cells.product(edge)}"))]
    gradient = cells.terms(step)
    *terms, total = [f"{sign.strip()} {number}".strip() for sign, number in gradient] or [""]
    together = " ".join(terms)
    return _rows(cells, step, [*([together] if width(together) <= _SUM else terms), total] if terms else [total],
                 edges or [("",)])


def _listed(cells: Cells, step: Step) -> Iterator[Row]:
    lines = [cells.number(step.value, step.id)]
    if step.live:
        lines += _sides(f"{cells.derivative(cells.top, step.label)} {cells.before(step)} {cells.gradient(step)}")
    for edge in step.edges:
        lines += [*_sides(cells.local(step, edge)), *_sides(rf"\quad {cells.product(edge)}")]
    name = cells.node(step)
    for line in lines:
        yield (Math(name) if name else "", Math(line))
        name = ""


def _rows(cells: Cells, step: Step, gradient: Sequence[str], edges: Sequence[tuple[str, ...]]) -> Iterator[Row]:
    """The rows of one node; each of its columns begins in the first."""
    first = (cells.node(step), cells.number(step.value, step.id))
    for at in range(max(len(gradient), len(edges))):
        texts = (*(first if at == 0 else ("", "")), gradient[at] if at < len(gradient) else "",
                 *(edges[at] if at < len(edges) else [""] * len(edges[0])))
        yield tuple(Math(text) if text else "" for text in texts)


def _sides(equation: str) -> list[str]:
    """An equation in a cell, broken before signs of equality that stand outside all brackets, where it is too long."""
    if width(equation) <= CELL:
        return [equation]
    lines = [""]
    signs: tuple[str, ...] = (" = ", r" \approx ")
    if any(width(part) > CELL for part in _outside(equation, signs)):
        signs += (" + ", r" \odot ")
    for part in _outside(equation, signs):
        if lines[-1] and width(lines[-1]) + width(part) > CELL:
            lines.append(rf"\qquad {part.strip()}")
        else:
            lines[-1] += part
    return lines


def _outside(line: str, signs: tuple[str, ...]) -> Iterator[str]:
    """The parts of a line, each but the first from one of the signs on that stand outside all brackets."""
    start, depth = 0, 0
    for at, char in enumerate(line):
        depth += (char in "({") - (char in ")}")
        if depth == 0 and at and line.startswith(signs, at):
            yield line[start:at]
            start = at
    yield line[start:]
