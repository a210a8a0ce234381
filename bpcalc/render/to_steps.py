"""The run as a teacher writes it on the board: forward gate by gate, then backward with the chain rule.

``path_lines`` writes one gradient as a sum over paths instead.
"""

from __future__ import annotations

from itertools import islice

from ..report import Report
from .cells import Cells
from .symbols import Symbols
from .worked import MANY, Equation, Hand, Worked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PATHS = 200
"""How many paths are listed; a graph can have more of them than anyone can read."""


def lines(report: Report, digits: int = 6, symbols: Symbols | None = None) -> Iterator[str]:
    """Both passes, a line for each value and each gradient."""
    hand = Hand(digits, symbols)
    worked = Worked(report, hand)
    yield "Forward\n"
    yield from map(_line, worked.forward())
    yield "\nBackward\n"
    yield from map(_line, worked.backward())
    notes = Cells(report, digits, hand.symbols).notes()
    if notes:
        yield "\n"
    for note in notes:
        yield f"{note}\n"


def render(report: Report, digits: int = 6, unicode: bool = True) -> str:
    """All lines as one text."""
    return "".join(lines(report, digits, Symbols(unicode)))


def _line(equation: Equation) -> str:
    reason = f"   ({equation.reason})" if equation.reason else ""
    return f"  {' = '.join(equation.sides)}{reason}\n"


def path_lines(report: Report, k: int, digits: int = 6, symbols: Symbols | None = None,
               limit: int = PATHS) -> Iterator[str]:
    """Every path from node ``k`` to the output, the product of its local gradients, and their sum."""
    hand = Hand(digits, symbols)
    worked = Worked(report, hand)
    arrow = f" {hand.symbols.arrow} "
    for nodes, factors in islice(worked.paths(k), limit):
        written, product = worked.product(factors)
        yield f"  {arrow.join(map(report.label, nodes))}:  {f'{written} = ' if written else ''}{product}\n"
    left = worked.count_paths(k) - limit
    if left > 0:
        yield f"  {f'and {left:,}' if left < MANY - limit else 'and very many'} more paths, which are left out\n"
    gradient = report.gradient(k) if report.is_live(k) else 0.0
    yield f"  sum: {hand.derivative(worked.top, report.label(k))} = {hand.number(gradient)}\n"
