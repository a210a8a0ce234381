"""What a notebook shows of a run: the table as HTML, in the words of the terminal's, and the picture below it.

A notebook has its own styles and no say of ours: everything is said on the elements themselves, and nothing but the
picture has a colour, so that it can be read on white and on black.
"""

from __future__ import annotations

from html import escape

from ..report import Report
from .cells import NO_VARIABLE, Cells, gap, steps
from .symbols import Symbols
from .to_svg import render as picture

DRAWN = 120
"""Pictures of more nodes than this would fill screens; they are there for the asking (``to_svg``)."""

_MONOSPACE = "font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_CELL = "text-align:{};vertical-align:top;white-space:pre;" + _MONOSPACE
_RIGHT = (1, 2)
"""The columns of numbers."""


def render(report: Report, digits: int = 6) -> str:
    """An HTML fragment: a title, one table row for each edge, the notes and second opinions, the picture."""
    symbols = Symbols()
    cells = Cells(report, digits, symbols)
    above = [f"<b>{escape(cells.title())}</b>", *([escape(cells.upstream())] if report.weighted else [])]
    below = "\n".join([*cells.notes(), *cells.checks()]).strip("\n")
    return (f"<div>{''.join(f'<div>{line}</div>' for line in above)}{_table(cells)}"
            + (f'<pre style="white-space:pre-wrap;{_MONOSPACE}">{escape(below)}</pre>' if below else "")
            + f"{_drawn(report, digits)}</div>")


def _table(cells: Cells) -> str:
    shown, before, left = steps(cells.report, False)
    rows = []
    for at, step in enumerate(shown):
        if at == before and left:
            rows.append((gap(left, cells.symbols), "", "", "", "", ""))
        first = (cells.node(step), cells.number(step.value, step.id), cells.gradient(step))
        edges = [(cells.label(edge), cells.local(step, edge), cells.product(edge)) for edge in step.edges]
        for number, edge in enumerate(edges or [("", "", "")]):
            rows.append((*(first if number == 0 else ("", "", "")), *edge))
    if not rows:
        return f"<div>{NO_VARIABLE}</div>"
    heads = ("node", "forward", cells.derivative(cells.top, "node"), "input", "local gradient",
             f"upstream {cells.symbols.times} local")
    body = "".join(f"<tr>{''.join(_cell('td', text, at) for at, text in enumerate(row))}</tr>" for row in rows)
    head = "".join(_cell("th", text, at) for at, text in enumerate(heads))
    return f'<div style="overflow-x:auto"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(tag: str, text: str, column: int) -> str:
    return f'<{tag} style="{_CELL.format("right" if column in _RIGHT else "left")}">{escape(text)}</{tag}>'


def _drawn(report: Report, digits: int) -> str:
    if len(report) > DRAWN:
        return ""
    return f'<div style="overflow-x:auto;margin-top:.8em">{picture(report, digits)}</div>'
