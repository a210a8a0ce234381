"""The table: a node's value and gradient, and a line for each edge.  The only file that imports rich.

When the table is wider than the terminal, a number would be cut or a column lost, so one block per
node is written instead.  Rich costs about a millisecond a row; above ROWS_FOR_RICH rows the same
lines are written here, byte for byte as Rich would (a test compares the two).
"""

from __future__ import annotations

import io
from itertools import islice, repeat, zip_longest

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..records import Step
from ..report import Report
from . import to_blocks
from .cells import NO_VARIABLE, Cells, gap, steps
from .symbols import Symbols
from .wrap import wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ROWS_FOR_RICH = 200
PORTION = 10_000
"""Nodes of a long table that are laid out at once, in a tenth of a second."""
_BETWEEN = "  "
_ANSI = {"": "", "green": "\x1b[32m", "red": "\x1b[31m", "bold": "\x1b[1m"}

Row = tuple[str, ...]


def _lines(cells: Row) -> list[Row]:
    """Cells of several lines, which arrays have, as rows of one line each."""
    return list(zip_longest(*(cell.split("\n") for cell in cells), fillvalue=""))


def _one_line(cells: Row) -> list[Row]:
    return [cells]


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
        self.lines: Callable[[Row], list[Row]] = _lines if cells.report.trace.arrays else _one_line
        last = {"full": ("input", "local gradient", product), "lean": ("local gradient", product),
                "tall": ("local gradient, product",)}[form]
        self.heads: Row = ("node", "forward", gradient, *last)
        self.styles = ("", "green", "red", *("",) * (len(last) - 1), "" if form == "tall" else "red")
        self.right = (False, True, True, *(False,) * len(last))

    def rows(self, step: Step) -> list[Row]:
        """The lines of one node."""
        cells, form, lines = self.cells, self.form, self.lines
        first = lines((cells.node(step), cells.number(step.value), cells.gradient(step)))
        edges: list[Row] = []
        for edge in step.edges:
            local, product = cells.local(step, edge), cells.product(edge)
            if form == "full":
                edges += lines((cells.label(edge), local, product))
            elif form == "lean":
                edges += lines((local, product))
            else:
                edges += lines((local,)) + [(f"  {line}",) for line, in lines((product,))]
        height = max(len(first), len(edges))
        first += [("",) * 3] * (height - len(first))
        edges += [("",) * (len(self.heads) - 3)] * (height - len(edges))
        return [(*left, *right) for left, right in zip(first, edges)]


def render(report: Report, width: int | None = None, digits: int = 6, symbols: Symbols | None = None,
           everything: bool = False, color: bool = False) -> str:
    """All lines as one text."""
    return "".join(lines(report, width, digits, symbols, everything, color))


def lines(report: Report, width: int | None = None, digits: int = 6, symbols: Symbols | None = None,
          everything: bool = False, color: bool = False) -> Iterator[str]:
    """The report as the widest form of table that ``width`` has room for, or as blocks, piece by piece.

    ``width`` None means as wide as it needs.  A long table is written in portions of PORTION nodes; one
    that needs wider columns than the one before, or another form, gets a head of its own.
    """
    symbols = symbols or Symbols()
    cells = Cells(report, digits, symbols)
    shown, before, left = steps(report, everything)
    first = len(wrapped("", cells.title(), "  ", width))
    for at, line in enumerate(cells.heading(width)):
        yield f"{_ANSI['bold']}{line}\x1b[0m\n" if color and at < first else f"{line}\n"
    last: _Table | None = None
    portion = list(islice(shown, PORTION))
    if not portion:
        yield f"\n{NO_VARIABLE}\n"
    only = len(portion) < PORTION
    while portion:
        table = _fitting(cells, portion, (before, gap(left, symbols)) if left else None, width, last)
        if table is None:
            yield from to_blocks.blocks(cells, portion, before, left, width)
        elif only and len(table.rows) <= ROWS_FOR_RICH:
            yield f"\n{_with_rich(table, symbols, color)}"
        else:
            if not table.continues(last):
                yield "\n"
                yield from _head(table, symbols, color)
            yield from _by_hand(table, color)
        last = table
        portion = list(islice(shown, PORTION))
    notes = cells.notes(width)
    for line in (*([""] if notes else []), *notes, *cells.checks(width)):
        yield f"{line}\n"


class _Table:
    """Rows in one layout, with the widths of its columns."""

    def __init__(self, layout: _Layout, rows: list[Row], least: Iterable[int]) -> None:
        self.layout = layout
        self.rows = rows
        self.widths = [max(size, *map(len, column)) for size, *column in zip(least, layout.heads, *rows)]
        self.total = sum(self.widths) + len(_BETWEEN) * (len(self.widths) - 1)

    def continues(self, last: _Table | None) -> bool:
        """Whether this table can go on below the last one without a new head."""
        return last is not None and last.layout.form == self.layout.form and last.widths == self.widths


def _fitting(cells: Cells, portion: Iterable[Step], omission: tuple[int, str] | None, width: int | None,
             last: _Table | None) -> _Table | None:
    """The widest form that there is room for, with columns at least as wide as the last table's."""
    for form in ("full", "lean", "tall"):
        layout = _Layout(cells, form)
        rows: list[Row] = []
        for at, step in enumerate(portion):
            if omission and at == omission[0]:
                rows.append((omission[1], *("",) * (len(layout.heads) - 1)))
            rows += layout.rows(step)
        least = last.widths if last is not None and last.layout.form == form else repeat(0)
        for floor in (least, repeat(0)):
            table = _Table(layout, rows, floor)
            if width is None or table.total <= width:
                return table
    return None


def _with_rich(given: _Table, symbols: Symbols, color: bool) -> str:
    # No markup, emoji or highlighting: the user's text is data.  The width is what the table needs,
    # so Rich never has to cut or wrap.
    table = Table(box=box.Box(f"    \n    \n {symbols.rule * 2} \n    \n    \n    \n    \n    \n"), show_edge=False,
                  pad_edge=False, padding=(0, 1, 0, 0), header_style="")
    for head, right in zip(given.layout.heads, given.layout.right):
        table.add_column(Text(head, "bold"), justify="right" if right else "left", no_wrap=True)
    for row in given.rows:
        table.add_row(*(Text(text, style) if text else "" for text, style in zip(row, given.layout.styles)))
    file = io.StringIO()
    console = Console(file=file, width=given.total, force_terminal=color, color_system="standard" if color else None,
                      no_color=not color, markup=False, emoji=False, highlight=False, legacy_windows=False,
                      safe_box=False)
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def _head(table: _Table, symbols: Symbols, color: bool) -> Iterator[str]:
    yield _line(table, table.layout.heads, ["bold"] * len(table.layout.heads) if color else None)
    yield symbols.rule * table.total + "\n"


def _by_hand(table: _Table, color: bool) -> Iterator[str]:
    if color:
        return (_line(table, row, table.layout.styles) for row in table.rows)
    line = _BETWEEN.join(f"%{'' if right else '-'}{size}s" for size, right in zip(table.widths, table.layout.right))
    return (f"{(line % row).rstrip()}\n" for row in table.rows)


def _line(table: _Table, row: Row, styles: Iterable[str] | None) -> str:
    padded = [text.rjust(size) if right else text.ljust(size)
              for text, size, right in zip(row, table.widths, table.layout.right)]
    if styles:
        padded = [f"{_ANSI[style]}{cell}\x1b[0m" if style and text else cell
                  for cell, text, style in zip(padded, row, styles)]
    return f"{_BETWEEN.join(padded).rstrip()}\n"
