"""The table: a node's value and gradient, and a line for each edge.  The only file that imports rich.

When the table is wider than the terminal, a number would be cut or a column lost, so one block per
node is written instead.  Rich costs about a millisecond a row; above ROWS_FOR_RICH rows the same
lines are written here, byte for byte as Rich would (a test compares the two).
"""

from __future__ import annotations

import io

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..report import Report, Step
from . import to_blocks
from .cells import Cells, gap, steps
from .symbols import Symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROWS_FOR_RICH = 200
NO_VARIABLE = "There is no variable, so there is no gradient."
_GAP = 2
_ANSI = {"": "", "green": "\x1b[32m", "red": "\x1b[31m", "bold": "\x1b[1m"}

Row = tuple[str, ...]


class _Layout:
    """Which columns a table has: heads, their colours, and which stand on the right.

    ``full`` has a column for everything; ``lean`` leaves the input to the local gradient's
    denominator; ``tall`` writes local gradient and product one below the other.
    """

    def __init__(self, cells: Cells, form: str) -> None:
        gradient = cells.derivative(cells.top, "node")
        product = f"upstream {cells.symbols.times} local"
        self.cells = cells
        self.form = form
        last = {"full": ("input", "local gradient", product), "lean": ("local gradient", product),
                "tall": ("local gradient, product",)}[form]
        self.heads: Row = ("node", "forward", gradient, *last)
        self.styles = ("", "green", "red", *("",) * (len(last) - 1), "" if form == "tall" else "red")
        self.right = (False, True, True, *(False,) * len(last))

    def rows(self, step: Step) -> list[Row]:
        """The lines of one node."""
        cells, form = self.cells, self.form
        first = (cells.node(step), cells.number(step.value), cells.gradient(step))
        edges: list[Row] = []
        for edge in step.edges:
            local, product = cells.local(step, edge), cells.product(edge)
            if form == "full":
                edges.append((cells.label(edge), local, product))
            elif form == "lean":
                edges.append((local, product))
            else:
                edges += [(local,), (f"  {product}",)]
        if not edges:
            return [(*first, *("",) * (len(self.heads) - 3))]
        return [(*(first if at == 0 else ("", "", "")), *edge) for at, edge in enumerate(edges)]


def render(report: Report, width: int | None = None, digits: int = 6, symbols: Symbols | None = None,
           everything: bool = False, color: bool = False) -> str:
    """The report as the widest form of table that ``width`` has room for, or as blocks.

    ``width`` None means as wide as it needs.
    """
    symbols = symbols or Symbols()
    cells = Cells(report, digits, symbols)
    shown, before, left = steps(report, everything)
    lines = list(shown)
    if not lines:
        return f"{cells.title()}\n\n{NO_VARIABLE}\n"
    for form in ("full", "lean", "tall"):
        layout = _Layout(cells, form)
        rows: list[Row] = []
        for at, step in enumerate(lines):
            if at == before and left:
                rows.append((gap(left, symbols), *("",) * (len(layout.heads) - 1)))
            rows += layout.rows(step)
        widths = [max(map(len, column)) for column in zip(layout.heads, *rows)]
        total = sum(widths) + _GAP * (len(widths) - 1)
        if width is None or total <= width:
            break
    else:
        return to_blocks.render(report, digits, symbols, everything)
    if len(rows) <= ROWS_FOR_RICH:
        body = _with_rich(layout, rows, total, symbols, color)
    else:
        body = "".join(_by_hand(layout, rows, widths, symbols, color))
    title = cells.title()
    if color:
        title = f"{_ANSI['bold']}{title}\x1b[0m"
    upstream = f"{cells.upstream()}\n" if report.upstream != 1.0 else ""
    notes = cells.notes()
    after = [*([""] if notes else []), *notes, *cells.checks()]
    return f"{title}\n{upstream}\n{body}" + "".join(f"{line}\n" for line in after)


def _with_rich(layout: _Layout, rows: Iterable[Row], total: int, symbols: Symbols, color: bool) -> str:
    # No markup, emoji or highlighting: the user's text is data.  The width is what the table needs,
    # so Rich never has to cut or wrap.
    table = Table(box=box.Box(f"    \n    \n {symbols.rule * 2} \n    \n    \n    \n    \n    \n"), show_edge=False,
                  pad_edge=False, padding=(0, 1, 0, 0), header_style="")
    for head, right in zip(layout.heads, layout.right):
        table.add_column(Text(head, "bold"), justify="right" if right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(text, style) if text else "" for text, style in zip(row, layout.styles)))
    file = io.StringIO()
    console = Console(file=file, width=total, force_terminal=color, color_system="standard" if color else None,
                      no_color=not color, markup=False, emoji=False, highlight=False, legacy_windows=False,
                      safe_box=False)
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def _by_hand(layout: _Layout, rows: Iterable[Row], widths: list[int], symbols: Symbols, color: bool) -> Iterator[str]:
    def line(row: Row, styles: Iterable[str]) -> str:
        cells = []
        for text, size, right, style in zip(row, widths, layout.right, styles):
            padded = text.rjust(size) if right else text.ljust(size)
            cells.append(f"{_ANSI[style]}{padded}\x1b[0m" if color and style and text else padded)
        return (" " * _GAP).join(cells).rstrip() + "\n"

    yield line(layout.heads, ["bold"] * len(layout.heads))
    yield symbols.rule * (sum(widths) + _GAP * (len(widths) - 1)) + "\n"
    for row in rows:
        yield line(row, layout.styles)
