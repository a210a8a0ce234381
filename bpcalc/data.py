"""Data sets: a file whose columns are variables, one row an example.

``--data images.csv`` and :func:`read_data` make of each column a vector under the name in its heading.
A column of text is a column of labels: its classes are numbered from 0 in alphabetical order, so
that the numbers do not depend on the order of the rows.  What is wrong with a cell is reported when
its column is asked for; columns nobody asks for may hold anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite

from .bindings import decode, is_name, read_text
from .errors import BindingProblem, InputProblem, Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LISTED = 5
"""How many bad cells, and how many classes or names on either end, are named."""


class Data(Mapping[str, "Any"]):
    """A data set's columns by name, each a vector of float64 with an entry for each row.

    ``classes`` are the labels of each column of text, in the order of their numbers; ``renamed`` is what
    the heading calls the columns whose name had to be changed to be one of the language.  To ask for a
    column with a bad cell raises BindingProblem.
    """

    __slots__ = ("_columns", "_made", "classes", "name", "renamed")

    def __init__(self, name: str, columns: dict[str, list[float] | BindingProblem],
                 classes: dict[str, list[str]], renamed: dict[str, str]) -> None:
        self.name = name
        self.classes = classes
        self.renamed = renamed
        self._columns = columns
        self._made: dict[str, Any] = {}

    def __getitem__(self, column: str) -> Any:
        found = self._made.get(column)
        if found is None:
            from .arrays import as_value

            numbers = self._columns[column]
            if isinstance(numbers, BindingProblem):
                raise numbers
            found = self._made[column] = as_value(numbers)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def readable(self) -> dict[str, Any]:
        """The columns by name, with None in the place of one with a bad cell."""
        return {name: None if isinstance(numbers, BindingProblem) else self[name]
                for name, numbers in self._columns.items()}

    def remarks(self, column: str) -> list[str]:
        """What the reader of a result should know about a column, in words."""
        found = []
        if column in self.renamed:
            found.append(f"the column '{_short(self.renamed[column])}' of {self.name} is called {column}")
        if column in self.classes:
            numbered = [f"{number} = {_short(label)}" for number, label in enumerate(self.classes[column])]
            found.append(f"{column}: {', '.join(_ends(numbered))}")
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
    rows = csv_rows(decode(text, name) if isinstance(text, bytes) else text)
    filled = ((line, cells) for line, cells in rows if any(cells))
    heading = next(filled, (0, []))[1]
    if not heading:
        raise InputProblem(f"{name} is empty", hint="the first row names the columns: x, y, label")
    names, renamed = _names(heading, name)
    lines: list[int] = []
    cells: list[list[str]] = []
    for line, row in filled:
        if len(row) != len(names):
            raise InputProblem(
                f"row {line} has {_count(len(row), 'cell')} under {_count(len(names), 'heading')}",
                Source(", ".join(row), name), (0, len(", ".join(row))))
        lines.append(line)
        cells.append(row)
    if not cells:
        raise InputProblem(f"{name} has no rows under its heading")
    columns: dict[str, list[float] | BindingProblem] = {}
    classes: dict[str, list[str]] = {}
    for at, (column, words) in enumerate(zip(names, zip(*cells))):
        numbers = _numbers(words)
        if numbers is not None:
            columns[column] = numbers
            continue
        bad = _bad(words)
        if bad:
            columns[column] = _problem(name, heading[at], at, bad, lines, cells)
            continue
        classes[column] = sorted(set(words))
        codes = {label: float(number) for number, label in enumerate(classes[column])}
        columns[column] = [codes[word] for word in words]
    return Data(name, columns, classes, renamed)


def csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of comma-, semicolon- or tab-separated text, stripped, with their line numbers.

    Raises InputProblem for a row that is not CSV.
    """
    import csv

    first = next((line for line in text.splitlines() if line.strip()), "")
    mark = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=mark)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputProblem(f"line {number} is not CSV: {error}") from None
        yield number, [cell.strip() for cell in cells]


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
def _numbers(words: tuple[str, ...]) -> list[float] | None:
    """The cells as finite numbers, all of them; else None."""
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


def _bad(words: tuple[str, ...]) -> list[int]:
    """Which cells do not fit: of labels, those that are empty; of numbers, those that are none."""
    odd = {word for word in set(words) if not _is_number(word)}
    others = [row for row, word in enumerate(words) if word in odd]
    empty = [row for row in others if not words[row]]
    labels = len(others) - len(empty)
    return empty if labels >= len(words) - len(others) and labels else others


def _problem(name: str, heading: str, at: int, bad: list[int], lines: list[int],
             cells: list[list[str]]) -> BindingProblem:
    """The first bad cell of a column, and where the others are."""
    first = bad[0]
    row = cells[first]
    word = row[at]
    what = f"'{_short(word)}' is not a finite number" if word else "the cell is empty"
    others = [str(lines[row]) for row in bad[1:]]
    also = f" (also bad: row{'s' * (len(others) > 1)} {', '.join(_ends(others))})" if others else ""
    hint = None
    if _is_number(word.replace(",", ".", 1)):
        hint = "write decimals with a point"
    elif len(bad) < len(cells):
        hint = "a column holds numbers, or labels in words in every row"
    start = len(", ".join([*row[:at], ""]))
    return BindingProblem(f"row {lines[first]}, column '{_short(heading)}': {what}{also}", Source(", ".join(row), name),
                          (start, start + max(len(word), 1)), hint)


def _short(word: str) -> str:
    return word if len(word) <= 40 else f"{word[:39]}…"


def _ends(items: list[str]) -> list[str]:
    return items if len(items) <= 2 * _LISTED else [*items[:_LISTED], "…", *items[-_LISTED:]]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
