"""Files of rows, read portion by portion: CSV with a heading of names, or one JSON object a line.

A cell is what it is in a data set: a number or a constant expression such as 1/3.  A row that cannot be
read is told about by its line in the file and left out; it never stops the others.
"""

from __future__ import annotations

from itertools import chain, islice
from math import isfinite

from .data import cell_value
from .errors import BindingProblem, BpcalcError, InputProblem
from .files import cannot_read, csv_rows, separator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any, TextIO

    Cells = Sequence[Any]

_PLAIN = b"0123456789.+-eE \t"
_SHOWN = 40


class BadRow:
    """A row that cannot be read: the column at fault (or None), and the error."""

    __slots__ = ("column", "error")

    def __init__(self, column: str | None, error: BpcalcError) -> None:
        self.column = column
        self.error = error


class Chunk:
    """Some rows that follow each other: their lines in the file, the ``bad`` ones by place, and the columns of
    the others, in the order asked for.
    """

    __slots__ = ("bad", "columns", "lines")

    def __init__(self, lines: list[int], columns: list[list[float]], bad: dict[int, BadRow]) -> None:
        self.lines = lines
        self.columns = columns
        self.bad = bad


class Rows:
    """A file of rows.  ``names`` are its columns; for JSON those of the first object.

    Raises InputProblem for a file without rows and for headings that are of no use.
    """

    def __init__(self, file: TextIO, name: str) -> None:
        self.file = file
        self.file_name = name
        self._lines = _decoded(file, name)
        start, first = next(((at, line) for at, line in enumerate(self._lines, 1) if line.strip()), (0, ""))
        if not first:
            raise InputProblem(f"{name} is empty", hint="rows are CSV with a heading of names, or JSON objects")
        self._start = start
        self._at: list[int] = []
        self._lines = chain([first], self._lines)
        self.is_json = first.lstrip()[:1] == "{"
        if self.is_json:
            from json import loads

            self._loads = loads
            self.names = list(self._object(first) or ())
        else:
            self._records = self._cells(separator(first))
            self.names = [cell.strip() for cell in next(self._records)]
            twice = [word for at, word in enumerate(self.names) if word in self.names[:at]]
            if twice:
                raise InputProblem(f"{name} has two columns called '{twice[0]:.40}'")

    def chunks(self, wanted: Sequence[str], size: int) -> Iterator[Chunk]:
        """The rows in portions of up to ``size``, with the columns ``wanted``."""
        records = self._objects() if self.is_json else self._records
        self._at = []
        places = None if self.is_json else [self.names.index(name) for name in wanted]
        while portion := list(islice(records, size)):
            lines, self._at = self._at, []
            columns = _quick(portion, wanted, places, len(self.names))
            bad: dict[int, BadRow] = {}
            if columns is None:
                columns, bad = self._carefully(portion, wanted, places)
            yield Chunk(lines, columns, bad)

    def _objects(self) -> Iterator[dict[str, Any] | None]:
        for at, line in enumerate(self._lines, self._start):
            if line.strip():
                self._at.append(at)
                yield self._object(line)

    def _cells(self, mark: str) -> Iterator[list[str]]:
        """The rows of CSV that are not blank; raises InputProblem where it is none."""
        for line, cells, problem in csv_rows(self._lines, mark, self._start):
            if problem:
                raise InputProblem(f"{self.file_name}, line {line}: this is not CSV: {problem}")
            if cells:
                self._at.append(line)
                yield cells

    def _object(self, line: str) -> dict[str, Any] | None:
        try:
            found = self._loads(line)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def _carefully(self, portion: Sequence[Any], wanted: Sequence[str],
                   places: Sequence[int] | None) -> tuple[list[list[float]], dict[int, BadRow]]:
        columns: list[list[float]] = [[] for _ in wanted]
        bad: dict[int, BadRow] = {}
        for at, record in enumerate(portion):
            found = self._row(record, wanted, places)
            if isinstance(found, BadRow):
                bad[at] = found
            else:
                for column, value in zip(columns, found):
                    column.append(value)
        return columns, bad

    def _row(self, record: Any, wanted: Sequence[str], places: Sequence[int] | None) -> list[float] | BadRow:
        if record is None:
            return BadRow(None, InputProblem("the line is not a JSON object"))
        if places is None:
            missing = [name for name in wanted if name not in record]
            if missing:
                return BadRow(missing[0], InputProblem("there is no value"))
            cells: Cells = [record[name] for name in wanted]
        else:
            if len(record) != len(self.names):
                return BadRow(None, InputProblem(f"there are {len(record)} cells, not {len(self.names)}"))
            cells = [record[place] for place in places]
        values = []
        for name, cell in zip(wanted, cells):
            try:
                values.append(_number(cell, name))
            except BpcalcError as error:
                return BadRow(name, error)
        return values


def _decoded(file: Iterable[str], name: str) -> Iterator[str]:
    """The lines of a file; raises InputProblem where they cannot be read."""
    try:
        yield from file
    except UnicodeDecodeError:
        raise InputProblem(f"{name} is not UTF-8", hint="save it as UTF-8") from None
    except OSError as error:
        raise cannot_read(name, error) from None


def _quick(portion: Sequence[Any], wanted: Sequence[str], places: Sequence[int] | None,
           width: int) -> list[list[float]] | None:
    """The columns, if all cells are plain numbers, at a third of the careful way's time; else None."""
    try:
        if places is None:
            rows = [[record[name] for name in wanted] for record in portion]
            if not {type(cell) for row in rows for cell in row} <= {float, int}:
                return None
            columns: list[list[float]] = [[float(cell) for cell in column] for column in zip(*rows)]
        else:
            if {*map(len, portion)} != {width}:
                return None
            table = list(zip(*portion))
            texts = [table[place] for place in places]
            if any("".join(column).encode("ascii").translate(None, _PLAIN) for column in texts):
                return None
            columns = [list(map(float, column)) for column in texts]
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
    return columns if all(all(map(isfinite, column)) for column in columns) else None


def _number(cell: Any, name: str) -> float:
    """The number in a cell; raises BpcalcError."""
    if isinstance(cell, str) and cell.strip():
        return cell_value(cell.strip(), name)
    if isinstance(cell, str):
        raise BindingProblem("the cell is empty")
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        shown = "null" if cell is None else f"{cell!r:.{_SHOWN}}"
        raise BindingProblem(f"{shown} is not a number")
    try:
        value = float(cell)
    except OverflowError:
        value = float("inf")
    if not isfinite(value):
        raise BindingProblem("not a finite number")
    return value
