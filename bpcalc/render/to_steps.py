"""The run as a teacher writes it on the board: forward gate by gate, then backward with the chain rule.

``path_lines`` writes one gradient as a sum over paths instead.
"""

from __future__ import annotations

from itertools import islice

from ..paths import LISTED, MANY, Paths
from ..report import Report
from .cells import NO_VARIABLE, Cells, gap
from .hand import Hand
from .symbols import Symbols
from .worked import Equation, Worked
from .wrap import broken, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..descent import Descent


def lines(report: Report, digits: int = 6, symbols: Symbols | None = None, everything: bool = False,
          width: int | None = None, learned: Descent | None = None) -> Iterator[str]:
    """Both passes, a line for each value and each gradient; too long for ``width``, a line for each side.

    An update, ``learned``, has its lines behind them.
    """
    hand = Hand(digits, symbols, flat=True)
    worked = Worked(report, hand, everything)
    if not worked.steps:
        yield f"{worked.cells.title()}\n\n{NO_VARIABLE}\n"
        return
    left = gap(worked.left, hand.symbols) if worked.left else ""
    yield "Forward\n"
    yield from _written(worked.forward(), left, hand, width)
    yield "\nBackward\n"
    if report.trace.arrays:
        yield f"  ({worked.short(hand.symbols.partial)})\n"
    yield from _written(worked.backward(), left, hand, width)
    if learned is not None:
        yield "\nUpdate\n"
        yield from _written(worked.update(learned), left, hand, width)
    notes = worked.cells.notes(width)
    for line in [*([""] if notes else []), *notes, *worked.cells.checks(width)]:
        yield f"{line}\n"


def render(report: Report, digits: int = 6, symbols: Symbols | None = None, everything: bool = False,
           width: int | None = None) -> str:
    """All lines as one text."""
    return "".join(lines(report, digits, symbols, everything, width))


def _written(equations: Iterable[Equation | None], left: str, hand: Hand, width: int | None) -> Iterator[str]:
    for equation in equations:
        yield f"  {left}\n" if equation is None else _line(equation, hand, width)


def _line(equation: Equation, hand: Hand, width: int | None) -> str:
    first, *others = equation.sides
    reason = f"  {hand.aside(equation.reason)}" if equation.reason else ""
    rest = [f" {hand.about if at in equation.about else '='} {side}" for at, side in enumerate(others, 1)]
    line = f"  {first}{''.join(rest)}{reason}\n"
    if width is None or len(line) <= width + 1:
        return line
    # One side a line, the signs below each other, and a side that is too long goes on below; no number is ever cut.
    lines = []
    for at, side in enumerate(rest):
        lead = f"  {' ' * len(first) if at else first}{side[:3]}"
        lines += broken(lead, f"{side[3:]}{reason if at == len(rest) - 1 else ''}", width)
    return "".join(f"{line}\n" for line in lines)


def path_lines(report: Report, k: int, digits: int = 6, symbols: Symbols | None = None,
               limit: int = LISTED, width: int | None = None) -> Iterator[str]:
    """Every path from node ``k`` to the output, the product of its local gradients, and their sum.

    A path that does not fit into ``width`` goes on below, and so does its product.

    Raises UsageProblem for a node that is held constant, and for a run with arrays.
    """
    hand = Hand(digits, symbols)
    cells = Cells(report, digits, hand.symbols, hand)
    paths = Paths(report, k)
    arrow = f" {hand.symbols.arrow} "
    for path in islice(paths, limit):
        written = f" {hand.dot} ".join(map(hand.factor, path.factors)) if len(path.factors) > 1 else ""
        written += f" {hand.equals(path.product)} " if written else ""
        nodes, product = f"{arrow.join(map(report.label, path.nodes))}:", f"{written}{hand.number(path.product)}"
        lines = [f"  {nodes}  {product}"]
        if width is not None and len(lines[0]) > width:
            lines = [*wrapped("  ", nodes, "    ", width), *broken("      ", product, width)]
        yield "".join(f"{line}\n" for line in lines)
    left = paths.count - limit
    if left > 0:
        yield f"  {f'and {left:,}' if left < MANY - limit else 'and very many'} more paths, which are left out\n"
    gradient = report.gradient(k)
    yield f"  sum: {hand.derivative(cells.top, report.label(k))} {hand.equals(gradient)} {hand.number(gradient)}\n"
