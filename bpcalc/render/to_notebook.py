"""What a notebook shows of a run: the table as HTML, in the words of the terminal's, and the picture below it."""

from __future__ import annotations

from html import escape

from ..report import Report
from .cells import Cells, gap, steps
from .symbols import Symbols
from .to_svg import render as picture

DRAWN = 120
"""Pictures of more nodes than this would fill screens; they are there for the asking (``to_svg``)."""

_CELL = "text-align:{};vertical-align:top;white-space:nowrap"


def render(report: Report, digits: int = 6) -> str:
    """An HTML fragment: a title, one table row for each edge, the notes, the picture."""
    symbols = Symbols()
    cells = Cells(report, digits, symbols)
    heads = ("node", "forward", cells.derivative(cells.top, "node"), "input", "local gradient",
             f"upstream {symbols.times} local")
    shown, before, left = steps(report, False)
    rows = []
    for at, step in enumerate(shown):
        if at == before and left:
            rows.append((gap(left, symbols), "", "", "", "", ""))
        first = (cells.node(step), cells.number(step.value), cells.gradient(step))
        edges = [(cells.label(edge), cells.local(step, edge), cells.product(edge)) for edge in step.edges]
        for number, edge in enumerate(edges or [("", "", "")]):
            rows.append((*(first if number == 0 else ("", "", "")), *edge))
    body = "".join(f"<tr>{''.join(map(_cell, row, range(6)))}</tr>" for row in rows)
    head = "".join(f'<th style="{_style(at)}">{escape(text)}</th>' for at, text in enumerate(heads))
    notes = "".join(f"<div>{escape(note)}</div>" for note in cells.notes())
    return (f"<div><div><b>{escape(cells.title())}</b></div><table><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>{notes}{_drawn(report, digits)}</div>")


def _drawn(report: Report, digits: int) -> str:
    if len(report) > DRAWN:
        return ""
    return f'<div style="overflow-x:auto;margin-top:.8em">{picture(report, digits)}</div>'


def _style(column: int) -> str:
    return _CELL.format("right" if column in (1, 2) else "left")


def _cell(text: str, column: int) -> str:
    return f'<td style="{_style(column)}">{escape(text)}</td>'
