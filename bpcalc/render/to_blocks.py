"""One block per node, for terminals that are too narrow for the table: no line is ever wrapped."""

from __future__ import annotations

from ..report import Report
from .cells import Cells, gap, steps
from .symbols import Symbols


def render(report: Report, digits: int = 6, symbols: Symbols | None = None, everything: bool = False) -> str:
    """The report as blocks of short lines."""
    symbols = symbols or Symbols()
    cells = Cells(report, digits, symbols)
    lines = [cells.title()]
    if report.upstream != 1.0:
        lines.append(cells.upstream())
    shown, before, left = steps(report, everything)
    for at, step in enumerate(shown):
        if at == before and left:
            lines += ["", gap(left, symbols)]
        lines += ["", cells.node(step), f"  forward   {cells.number(step.value)}"]
        if step.live:
            lines.append(f"  {cells.derivative(cells.top, step.label)} = {cells.gradient(step)}")
        for edge in step.edges:
            lines.append(f"  {symbols.arrow} {cells.label(edge)}")
            lines.append(f"      {cells.local(step, edge)}")
            lines.append(f"      {cells.product(edge)}")
    notes = cells.notes()
    if notes:
        lines += ["", *notes]
    return "".join(f"{line}\n" for line in [*lines, *cells.checks()])
