"""Filled-in sheets: files of answers as KEY = VALUE lines, JSON, CSV, or worksheets in Markdown or LaTeX.

JSON is an object of keys, or one with such an object in its member ``answers``; CSV has a key and a
value a row; a Markdown worksheet tables whose first cell is a key in backticks and whose last is the
number; a LaTeX worksheet ``\\blank{KEY}{NUMBER}``.  Numbers keep the digits that were typed, and blanks
(empty, null, only underscores) are no answers.
"""

from __future__ import annotations

from ..data import csv_rows
from ..errors import BindingProblem, InputProblem, Source
from .answers import split_items

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .answers import Item


def sheet_items(text: str, name: str) -> Iterator[Item]:
    """The (key, typed value, source) items of a file's text.

    Raises BindingProblem for what cannot be read, InputProblem for JSON or CSV that is none.
    """
    readers = {"json": json_items, "csv": csv_items, "markdown": markdown_items, "latex": latex_items}
    return readers.get(kind_of(text, name), split_items)(text, name)


def kind_of(text: str, name: str) -> str:
    """``json``, ``csv``, ``markdown``, ``latex`` or ``lines``: by the file's name, else by its looks."""
    ending = name.rpartition(".")[2].lower()
    if ending in ("json", "csv", "tsv"):
        return "csv" if ending == "tsv" else ending
    if text.lstrip()[:1] in ("{", "["):
        return "json"
    if "\\blank{" in text:
        return "latex"
    if ending in ("md", "markdown") or any(_is_row(line) for line in text.splitlines()):
        return "markdown"
    first = next((line for line in text.splitlines() if line.partition("#")[0].strip()), "")
    return "csv" if "=" not in first and any(mark in first for mark in ",;\t") else "lines"


# -------------------------------------------------------------------------------------------- JSON
def json_items(text: str, name: str) -> Iterator[Item]:
    """The members of a JSON object as items; numbers as they are written."""
    from json import JSONDecodeError, loads

    def refused(word: str) -> str:
        raise BindingProblem(f"{word} is not a finite number", Source(word, name), (0, len(word)))

    try:
        # A list of pairs: a key given twice must not be lost.
        data: Any = loads(text, object_pairs_hook=list, parse_int=str, parse_float=str, parse_constant=refused)
    except JSONDecodeError as error:
        line = text.splitlines()[error.lineno - 1] if text.strip() else ""
        raise InputProblem(f"{name} is not JSON: {error.msg[:1].lower()}{error.msg[1:]}",
                           Source(line, f"{name}, line {error.lineno}"), (error.colno - 1, error.colno)) from None
    except RecursionError:
        raise InputProblem(f"{name} is nested too deeply") from None
    members = data if _is_object(data) else None
    for key, value in members or ():
        if key == "answers" and _is_object(value):
            members = value
    if members is None:
        raise InputProblem(f"{name} holds no answers", hint='an object of keys, for example {"dq": -4}')
    for key, value in members:
        if value is None:
            value = ""
        if isinstance(value, (bool, list)):
            raise BindingProblem(f"the answer for {key} is not a number", Source(str(key), name), (0, len(key)))
        yield key.strip(), value.strip(), Source(f"{key.strip()} = {value.strip()}", name)


def _is_object(data: Any) -> bool:
    # An object arrives as a list of (key, value) tuples, a JSON list as a list of anything else.
    return isinstance(data, list) and all(isinstance(item, tuple) for item in data)


# --------------------------------------------------------------------------------------------- CSV
def csv_items(text: str, name: str) -> Iterator[Item]:
    """Rows of a key and a value as items; a first row ``key,value`` is a heading."""
    for number, cells in csv_rows(text):
        if not any(cells):
            continue
        source = Source(", ".join(cells), f"{name}, line {number}")
        if number == 1 and cells[0].lower() in ("key", "keys", "name", "quantity"):
            continue
        if len(cells) < 2 or any(cells[2:]):
            raise BindingProblem("a row has a key and a value", source, (0, len(source.text)), "for example dq,-4")
        yield cells[0], cells[1], source


# -------------------------------------------------------------------------------------- worksheets
def markdown_items(text: str, name: str) -> Iterator[Item]:
    """The rows of a Markdown worksheet as items."""
    for number, line in enumerate(text.splitlines(), 1):
        if _is_row(line):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            yield cells[0].strip("` "), typed_number(cells[-1] if len(cells) > 1 else ""), \
                Source(line.strip(), f"{name}, line {number}")


def _is_row(line: str) -> bool:
    return line.lstrip(" |").startswith("`") and line.lstrip().startswith("|")


def latex_items(text: str, name: str) -> Iterator[Item]:
    """The blanks of a LaTeX worksheet as items."""
    for number, line in enumerate(text.splitlines(), 1):
        for piece in line.split(r"\blank{")[1:]:
            key, _, rest = piece.partition("}{")
            source = Source(line.strip(), f"{name}, line {number}")
            yield key.strip(), typed_number(_group(rest, source)), source


def _group(text: str, source: Source) -> str:
    """What stands before the brace that closes a group."""
    depth = 1
    for at, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if depth == 0:
            return text[:at]
    raise BindingProblem("a blank is not closed", source, (0, len(source.text)), r"\blank{KEY}{NUMBER}")


def typed_number(text: str) -> str:
    """A number as it may stand in a worksheet, in TeX or between signs of Markdown, in bpcalc's language."""
    import re

    text = text.strip("`$* \t").replace("\\_", "_")
    found = re.fullmatch(r"\\text\{([a-z]+)\}", text)
    if found:
        return found[1]
    for pattern, put in _TEX:
        text = re.sub(pattern, put, text)
    before = ""
    while text != before:                          # groups within groups, from the inside out
        before = text
        for pattern, put in _GROUPS:
            text = re.sub(pattern, put, text)
    return text.strip()


_TEX = (
    (r"([0-9.]+)\s*(?:\\cdot|\\times)\s*10\^\{?(-?[0-9]+)\}?", r"\1e\2"),
    (r"(?<![0-9.])10\^\{(-?[0-9]+)\}", r"1e\1"),
    (r"\\(?:cdot|times)\b", "*"),
    (r"\\(?:left|right|[,;!:])", ""),
    (r"\\(sigma|ln|log|exp|tanh|sin|cos|pi)\b", r"\1"),
)
_GROUPS = (
    (r"\^\{([^{}]*)\}", r"^(\1)"),
    (r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)"),
    (r"\\[td]?frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))"),
)
