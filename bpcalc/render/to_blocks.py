"""One block per node, for terminals that are too narrow for the table: no line is ever wrapped."""

from __future__ import annotations

from ..records import Step
from ..report import Report
from .cells import Cells, gap, steps
from .grids import beside, stacked
from .symbols import Symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def render(report: Report, digits: int = 6, symbols: Symbols | None = None, everything: bool = False) -> str:
    """All lines as one text."""
    return "".join(lines(report, digits, symbols, everything))


def lines(report: Report, digits: int = 6, symbols: Symbols | None = None,
          everything: bool = False, width: int | None = None) -> Iterator[str]:
    """The report as blocks of short lines, piece by piece; notes go on below within ``width``."""
    cells = Cells(report, digits, symbols or Symbols())
    yield from (f"{line}\n" for line in cells.heading(width))
    yield from blocks(cells, *steps(report, everything), width)
    notes = cells.notes(width)
    for line in (*([""] if notes else []), *notes, *cells.checks(width)):
        yield f"{line}\n"


def blocks(cells: Cells, shown: Iterable[Step], before: int, left: int, width: int | None = None) -> Iterator[str]:
    """The blocks of these nodes, each after an empty line; ``left`` of them are left out after ``before``.

    The terms of a sum and the factors of a product stand below each other where ``width`` has no room for all.
    """
    symbols = cells.symbols
    for at, step in enumerate(shown):
        if at == before and left:
            yield f"\n{gap(left, symbols)}\n"
        yield f"\n{cells.node(step)}\n{beside('  forward   ', cells.number(step.value))}\n"
        if step.live:
            lead = f"  {cells.derivative(cells.top, step.label)} {cells.before(step)} "
            yield stacked(lead, _pairs([part for term in cells.terms(step) for part in term]), width) + "\n"
        for edge in step.edges:
            yield f"  {symbols.arrow} {cells.label(edge)}\n"
            yield beside("      ", cells.local(step, edge)) + "\n"
            yield stacked("      ", _pairs(["", *cells.factors(edge)]), width) + "\n"


def _pairs(parts: list[str]) -> list[str]:
    """Each sign with the number behind it."""
    return [beside(sign, number) for sign, number in zip(parts[::2], parts[1::2])]
