"""One fact a line, in words and ASCII: for screen readers and grep."""

from __future__ import annotations

from ..report import Report
from .cells import Cells, gap, steps
from .hand import Hand
from .symbols import Symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def lines(report: Report, digits: int = 6, everything: bool = False) -> Iterator[str]:
    """The report's facts, each a line, in forward order."""
    symbols = Symbols(unicode=False)
    cells = Cells(report, digits, symbols, Hand(digits, symbols, flat=True))
    yield f"{cells.title()}\n"
    if report.weighted:
        yield f"{cells.upstream()}\n"
    shown, before, left = steps(report, everything)
    for at, step in enumerate(shown):
        if at == before and left:
            yield f"{gap(left, symbols)}\n"
        name = step.label
        if step.operation is not None:
            yield f"{name}: operation {step.operation}\n"
        yield f"{name}: forward value {cells.number(step.value)}\n"
        if step.live:
            yield f"{name}: gradient {cells.derivative(cells.top, name)} {cells.before(step)} {cells.gradient(step)}\n"
        for edge in step.edges:
            to = cells.label(edge)
            how = "rule" if edge.structural else "local gradient"
            yield f"{name} to {to}: {how} {cells.local(step, edge)}\n"
            yield f"{name} to {to}: {'product' if edge.structural else 'upstream times local'} {cells.product(edge)}\n"
    for line in [*cells.notes(), *cells.checks()]:
        if line:
            yield f"{line}\n"


def render(report: Report, digits: int = 6, everything: bool = False) -> str:
    """All lines as one text."""
    return "".join(lines(report, digits, everything))
