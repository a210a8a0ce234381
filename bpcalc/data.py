"""Data sets: a file whose columns are variables, one row an example.

``--data images.csv`` and :func:`read_data` make of each column a vector under the name in its heading.
A column of words is a column of labels: its classes are numbered from 0 in alphabetical order, so
that the numbers do not depend on the order of the rows.  A column is read when it is asked for; columns
nobody asks for may hold anything.  A cell that looks like a number is never taken for a label.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from math import isfinite
from unicodedata import category

from .bindings import constant, is_name
from .errors import BindingProblem, BpcalcError, InputProblem, Source
from .files import csv_rows, decode, read_text, separator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$")
_NEITHER = "not a finite number"
_NO_NUMBERS = ("nan", "inf", "infinity")

_LISTED = 5
"""How many bad cells, and how many classes or names on either end, are named."""


class Data(Mapping[str, "Any"]):
    """A data set's columns by name, each a vector of float64 with an entry for each row.

    ``renamed`` is what the heading calls the columns whose name had to be changed to be one of the
    language.  To ask for a column with a bad cell raises BindingProblem.
    """

    __slots__ = ("_cells", "_heading", "_lines", "_made", "_places", "name", "renamed")

    def __init__(self, name: str, heading: list[str], lines: list[int], cells: list[list[str]]) -> None:
        names, self.renamed = _names(heading, name)
        self.name = name
        self._places = {column: at for at, column in enumerate(names)}
        self._heading = heading
        self._lines = lines
        self._cells = cells
        self._made: dict[str, tuple[Any, list[str] | None]] = {}

    def __getitem__(self, column: str) -> Any:
        return self._read(column)[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, column: object) -> bool:
        return column in self._places              # a column with a bad cell is one, too

    @property
    def classes(self) -> dict[str, list[str]]:
        """The labels of each column of words, in the order of their numbers."""
        found: dict[str, list[str]] = {}
        for column in self:
            try:
                labels = self._read(column)[1]
            except BindingProblem:
                continue
            if labels is not None:
                found[column] = labels
        return found

    def unread(self) -> dict[str, Any]:
        """A vector as long as the columns for each of them, for a parser: whatever their cells hold."""
        from .arrays import as_value

        blank = as_value([0.0] * len(self._cells))
        return dict.fromkeys(self, blank)

    def remarks(self, column: str) -> list[str]:
        """What the reader of a result should know about a column, in words."""
        found = []
        if column in self.renamed:
            found.append(f"the column '{_short(self.renamed[column])}' of {self.name} is called {column}")
        labels = self._read(column)[1]
        if labels is not None:
            numbered = [f"{number} = {_short(label)}" for number, label in enumerate(labels)]
            found.append(f"{column}: {', '.join(_ends(numbered))}")
        return found

    def _read(self, column: str) -> tuple[Any, list[str] | None]:
        """A column's vector, and the classes if it holds labels."""
        found = self._made.get(column)
        if found is None:
            from .arrays import as_value

            at = self._places[column]
            words = [row[at] for row in self._cells]
            numbers, labels, bad = _column(words)
            if bad:
                raise _problem(self.name, self._heading[at], at, bad, self._lines, self._cells)
            found = self._made[column] = as_value(numbers), labels
        return found


def read_data(path: str) -> Data:
    """The data set in a file of comma-, semicolon- or tab-separated rows under a heading.

    Raises InputProblem for a file that cannot be read or is no such table.
    """
    return parse_data(read_text(path), path)


def parse_data(text: str | bytes, name: str) -> Data:
    """The data set in a text; ``name`` is what errors call it.

    Raises what :func:`read_data` raises.
    """
    rows = table_rows(decode(text, name) if isinstance(text, bytes) else text)
    filled = ((line, cells) for line, cells in rows if any(cells))
    heading = next(filled, (0, []))[1]
    if not heading:
        raise InputProblem(f"{name} is empty", hint="the first row names the columns: x, y, label")
    lines: list[int] = []
    cells: list[list[str]] = []
    for line, row in filled:
        if len(row) != len(heading):
            raise InputProblem(
                f"line {line} has {_count(len(row), 'cell')} under {_count(len(heading), 'heading')}",
                Source(", ".join(row), name), (0, len(", ".join(row))))
        lines.append(line)
        cells.append(row)
    data = Data(name, heading, lines, cells)
    if not cells:
        raise InputProblem(f"{name} has no rows under its heading")
    return data


def table_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of comma-, semicolon- or tab-separated text, stripped, with their line numbers.

    Raises InputProblem for a row that is not CSV.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    for line, cells, problem in csv_rows(text.splitlines(keepends=True), separator(first)):
        if problem:
            raise InputProblem(f"line {line} is not CSV: {problem}")
        yield line, [cell.strip() for cell in cells]


# -------------------------------------------------------------------------------------- headings
def _names(heading: list[str], name: str) -> tuple[list[str], dict[str, str]]:
    """The columns' names, and what the heading calls those that it does not call so."""
    if all(_is_number(word) for word in heading):
        raise InputProblem("the first row holds numbers, not names",
                           Source(", ".join(heading), name), (0, len(", ".join(heading))),
                           "put a heading above it, such as x, y, label; or take all of it as one array: "
                           f"X=@{name}")
    found: dict[str, int] = {}
    renamed: dict[str, str] = {}
    for at, word in enumerate(heading):
        column = word if word and is_name(word) else _as_name(word) or f"column_{at + 1}"
        if column in found:
            raise InputProblem(f"two columns are called {column}: columns {found[column] + 1} and {at + 1}",
                               Source(", ".join(heading), name), (0, len(", ".join(heading))),
                               "give each column a heading of its own")
        found[column] = at
        if column != word:
            renamed[column] = word
    return list(found), renamed


def _as_name(word: str) -> str:
    """A heading's letters and digits, with _ for what is between them."""
    kept = "".join(char if char == "_" or is_name(f"a{char}") else " " for char in word)
    joined = "_".join(kept.split())
    return joined if not joined or is_name(joined) else f"_{joined}"


# ----------------------------------------------------------------------------------------- cells
def cell_value(word: str, column: str) -> float:
    """The number in a cell: one written out, or a constant expression such as 1/3.

    Raises BindingProblem, or the syntax or domain error of the text itself.
    """
    if _DATE.match(word):
        raise BindingProblem(f"'{word}' is a date, not a number")
    return constant(word, column)


def _numbers(words: Sequence[str]) -> list[float] | None:
    """The cells as finite numbers, if all of them are plain ones; else None."""
    joined = "".join(words)
    if not joined.isascii() or "_" in joined:
        return None
    try:
        numbers = list(map(float, words))
    except ValueError:
        return None
    return numbers if all(map(isfinite, numbers)) else None


def _is_number(word: str) -> bool:
    return _numbers((word,)) is not None


def _column(words: Sequence[str]) -> tuple[list[float], list[str] | None, list[int]]:
    """A column's numbers, the labels that they stand for (or None), and the places of cells that do not fit."""
    numbers = _numbers(words)
    if numbers is not None:
        return numbers, None, []
    counts = Counter(words)
    alike = {word for word in counts if _looks_like_number(word)}
    count = sum(counts[word] for word in alike)
    if count < len(words) - count - counts[""]:    # mostly words: labels, and what else there is does not fit
        odd = alike | {""}
    else:
        values = {word: _value(word) for word in counts}
        odd = {word for word, value in values.items() if value is None}
    bad = [row for row, word in enumerate(words) if word in odd]
    if bad:
        return [], None, bad
    if alike:
        return [value for word in words if (value := values[word]) is not None], None, []
    labels = sorted(counts)
    codes = {label: float(number) for number, label in enumerate(labels)}
    return [codes[word] for word in words], labels, []


def _looks_like_number(word: str) -> bool:
    """Whether a cell cannot be a label, right or wrong as it may be as a number."""
    if not word:
        return False
    first = word[0]
    if first in "+-.,(\u2212\u2013" or first.isnumeric() or word[-1] == "%" or _has_currency(word):
        return True
    return word.lower() in _NO_NUMBERS or ("(" in word and _value(word) is not None)


def _has_currency(word: str) -> bool:
    return "$" in word if word.isascii() else any(category(char) == "Sc" for char in word)


def _value(word: str) -> float | None:
    """The number in a cell, or None where there is none."""
    try:
        return cell_value(word, "value") if word else None
    except BpcalcError:
        return None


def _problem(name: str, heading: str, at: int, bad: list[int], lines: list[int],
             cells: list[list[str]]) -> BindingProblem:
    """The first bad cell of a column, and where the others are."""
    row = cells[bad[0]]
    word = row[at]
    among = bool(word) and _value(word) is not None
    what = "the cell is empty" if not word else f"'{_short(word)}' is {'a number among labels' if among else _NEITHER}"
    others = [str(lines[row]) for row in bad[1:]]
    also = f" (also bad: line{'s' * (len(others) > 1)} {', '.join(_ends(others))})" if others else ""
    start = len(", ".join([*row[:at], ""]))
    return BindingProblem(f"line {lines[bad[0]]}, column '{_short(heading)}': {what}{also}",
                          Source(", ".join(row), name), (start, start + max(len(word), 1)), _hint(word))


def _hint(word: str) -> str:
    """What to do about a bad cell."""
    if _is_number(word.replace(",", ".", 1)) and "," in word:
        return "write decimals with a point"
    if word[-1:] == "%" or _has_currency(word):
        return "write numbers alone, without signs for money or per cent: 2% is 0.02"
    if word and _looks_like_number(word) and _value(word) is None and word.lower() not in _NO_NUMBERS:
        return "numbers look like -0.5, 1e-3 or 1/3; labels are words, and begin with a letter"
    return "a column holds numbers, or labels in words in every row"


def _short(word: str) -> str:
    return word if len(word) <= 40 else f"{word[:39]}…"


def _ends(items: list[str]) -> list[str]:
    return items if len(items) <= 2 * _LISTED else [*items[:_LISTED], "…", *items[-_LISTED:]]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
