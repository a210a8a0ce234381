"""One line for each row of a batch, as JSON or CSV: value and gradients, or what is wrong with the row."""

from __future__ import annotations

from math import isnan

from ..batch import Portion
from ..rows import BadRow, Chunk
from .to_caret import visible
from .to_csv import field
from .to_json import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..errors import BpcalcError
    from ..records import Note


def reason(error: BpcalcError, column: str | None = None) -> str:
    """What is wrong with a row, on one line."""
    where = f"column {column}: " if column is not None else ""
    hint = f" ({error.hint})" if error.hint and error.hint.startswith(("here ", "decimals ", "write ")) else ""
    return visible(f"{where}{error.message}{hint}")


def failures(chunk: Chunk, portion: Portion) -> Iterator[tuple[int, BpcalcError, str | None]]:
    """The rows without a result, in order, as (line, error, column at fault or None)."""
    for number, row in _numbered(chunk):
        if isinstance(row, BadRow):
            yield number, row.error, row.column
        elif row in portion.errors:
            yield number, portion.errors[row], None


def _numbered(chunk: Chunk) -> Iterator[tuple[int, int | BadRow]]:
    """The line of each row, with its place among the rows that could be read, or what is wrong with it."""
    place = 0
    for at, line in enumerate(chunk.lines):
        bad = chunk.bad.get(at)
        yield line, place if bad is None else bad
        place += bad is None


class RowWriter:
    """Writes the rows of a batch.

    ``symbol`` is what the output is called, ``top`` what the gradients are of, and ``names`` what by.
    """

    def __init__(self, symbol: str, top: str, names: Sequence[str]) -> None:
        self.symbol = symbol
        self.top = top
        self.names = names

    def heading(self) -> str:
        """What stands above the rows."""
        return ""

    def text(self, chunk: Chunk, portion: Portion) -> str:
        """The lines of some rows, in order."""
        numbered = list(_numbered(chunk)) if chunk.bad else None
        rows = chunk.lines if numbered is None else \
            [number for number, row in numbered if isinstance(row, int)]
        columns = [portion.values.tolist(), *(column.tolist() for column in portion.gradients)]
        lines = list(map(self.template().__mod__, zip(rows, *columns)))
        for place in sorted({*portion.errors, *portion.notes}):
            error = portion.errors.get(place)
            lines[place] = self.failed(rows[place], error, None) if error is not None else \
                self.noted(rows[place], [column[place] for column in columns], portion.notes[place])
        if numbered is not None:
            lines = [lines[row] if isinstance(row, int) else self.failed(number, row.error, row.column)
                     for number, row in numbered]
        return "".join(lines)

    def template(self) -> str:
        """A line, to be filled with the row's line in the file, its value and its gradients."""
        raise NotImplementedError

    def failed(self, number: int, error: BpcalcError, column: str | None) -> str:
        """The line of a row without a result."""
        raise NotImplementedError

    def noted(self, number: int, found: Sequence[float], notes: Sequence[Note]) -> str:
        """The line of a row with notes; a gradient of nan does not exist."""
        raise NotImplementedError


class JsonRows(RowWriter):
    """A JSON object a line."""

    def template(self) -> str:
        """A line of numbers."""
        members = ", ".join(f"{text(name)}: %r" for name in self.names)
        return f'{{"line": %d, "value": %r, "gradients": {{{members}}}}}\n'

    def failed(self, number: int, error: BpcalcError, column: str | None) -> str:
        """A line with the error."""
        return (f'{{"line": {number}, "error": {{"code": "{error.code}", "message": {text(error.message)}, '
                f'"column": {text(column)}, "hint": {text(error.hint)}}}}}\n')

    def noted(self, number: int, found: Sequence[float], notes: Sequence[Note]) -> str:
        """A line with the notes, as reports have them."""
        members = ", ".join(f"{text(name)}: {'null' if isnan(value) else repr(value)}"
                            for name, value in zip(self.names, found[1:]))
        said = ", ".join(f'{{"code": "{note.code}", "node": {note.node}, "message": {text(note.message)}}}'
                         for note in notes)
        return f'{{"line": {number}, "value": {found[0]!r}, "gradients": {{{members}}}, "notes": [{said}]}}\n'


class CsvRows(RowWriter):
    """A row of CSV, below a heading; empty where there is no number."""

    def heading(self) -> str:
        """The names of the columns."""
        slopes = (f"d{self.top}/d{name}" for name in self.names)
        return ",".join(("line", self.symbol, *slopes, "note", "error")) + "\n"

    def template(self) -> str:
        """A line of numbers."""
        return ",".join(("%d", "%r", *["%r"] * len(self.names), "", "")) + "\n"

    def failed(self, number: int, error: BpcalcError, column: str | None) -> str:
        """A line with the error."""
        return f"{number},,{',' * len(self.names)},{field(reason(error, column))}\n"

    def noted(self, number: int, found: Sequence[float], notes: Sequence[Note]) -> str:
        """A line with the notes."""
        numbers = ",".join("" if isnan(value) else repr(value) for value in found)
        return f"{number},{numbers},{field('; '.join(note.message for note in notes))},\n"
