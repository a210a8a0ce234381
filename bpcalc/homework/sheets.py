"""Filled-in sheets: files of answers as KEY = VALUE lines, JSON, CSV, or worksheets in Markdown or LaTeX.

JSON is an object of keys, or one with such an object in its member ``answers``; CSV has a key and a
value a row; a Markdown worksheet tables whose first cell is a key in backticks and whose last is the
number; a LaTeX worksheet ``\\blank{KEY}{NUMBER}``.  Numbers keep the digits that were typed, and blanks
(empty, null, only underscores or question marks) are no answers.
"""

from __future__ import annotations

from ..data import table_rows
from ..errors import BindingProblem, InputProblem, Source
from .answers import is_blank, split_items

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterator
    from typing import Any

    from .answers import Item


def sheet_items(text: str, name: str, expression: str = "") -> list[Item]:
    """The (key, typed value, source) items of a file's text.

    Of a sheet with several exercises, those of the one about the expression, or else the first that is
    filled in.  Raises BindingProblem for what cannot be read, InputProblem for JSON or CSV that is none.
    """
    readers = {"json": json_items, "csv": csv_items, "markdown": markdown_items, "latex": latex_items}
    reader = readers.get(kind_of(text, name), line_items)
    if reader is json_items:
        return list(json_items(text, name, expression))
    parts = list(_exercises(text))
    for part in parts:
        if any(_bare(line) == _bare(expression) for line in part.splitlines()):
            return list(reader(part, name))
    found: list[Item] = []
    for part in parts:
        found = list(reader(part, name))
        if any(not is_blank(typed) for _, typed, _ in found):
            break
    return found


def line_items(text: str, name: str) -> Iterator[Item]:
    """The KEY = VALUE lines of a file as items."""
    return split_items(text, name, is_file=True)


def _exercises(text: str) -> Iterator[str]:
    """The exercises of a worksheet, each with all other lines left blank; what stands above belongs to the first."""
    import re

    lines = text.splitlines()
    starts = [at for at, line in enumerate(lines) if re.search(r"Exercise \d+ of \d+ \(", line)]
    starts[:1] = [0]
    for start, stop in zip(starts, [*starts[1:], len(lines)]):
        yield "\n" * start + "\n".join(lines[start:stop])


def _bare(line: str) -> str:
    """A line of statements without what does not count."""
    return "".join(line.replace(";", " ").lstrip("# ").split())


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
def json_items(text: str, name: str, expression: str = "") -> Iterator[Item]:
    """The members of a JSON object as items; numbers as they are written."""
    from json import JSONDecodeError, loads

    try:
        # A list of pairs: a key given twice must not be lost.
        data: Any = loads(text, object_pairs_hook=list, parse_int=str, parse_float=str, parse_constant=str)
    except JSONDecodeError as error:
        line = text.split("\n")[error.lineno - 1]  # as JSON counts lines
        raise InputProblem(f"{name} is not JSON: {error.msg[:1].lower()}{error.msg[1:]}",
                           Source(line, f"{name}, line {error.lineno}"), (error.colno - 1, error.colno)) from None
    except RecursionError:
        raise InputProblem(f"{name} is nested too deeply") from None
    members = data if _is_object(data) else None
    for key, value in members or ():
        if key == "exercises" and isinstance(value, list) and value and all(map(_is_object, value)):
            sheets = [dict(sheet) for sheet in value]
            sheet = next((sheet for sheet in sheets if _bare(str(sheet.get("expression"))) == _bare(expression)),
                         sheets[0])
            key, value = "answers", sheet.get("answers")
        if key == "answers" and _is_object(value):
            members = value
    if members is None:
        raise InputProblem(f"{name} holds no answers", hint='an object of keys, for example {"dq": -4}')
    at, number = 0, 1
    for key, value in members:
        before, at = at, max(text.find(f'"{key}"', at), at)
        number += text.count("\n", before, at)
        where = f"{name}, line {number}"
        value = "" if value is None else _array(value) if isinstance(value, list) else value
        if not isinstance(value, str):
            raise BindingProblem(f"the answer for {key} is not a number", Source(str(key), where), (0, len(key)))
        yield key.strip(), value.strip(), Source(f"{key.strip()} = {value.strip()}", where)


def _array(value: list[Any]) -> str | None:
    """A list of numbers, or of lists of numbers, as it is written in an answer."""
    rows = [_listed(row) if isinstance(row, list) else _entry(row) for row in value]
    return _listed(rows)


def _listed(entries: list[Any]) -> str | None:
    texts = list(map(_entry, entries))
    return f"[{', '.join(texts)}]" if texts and all(isinstance(text, str) for text in texts) else None


def _entry(value: Any) -> Any:
    return "_" if value is None else value


def _is_object(data: Any) -> bool:
    # An object arrives as a list of (key, value) tuples, a JSON list as a list of anything else.
    return isinstance(data, list) and all(isinstance(item, tuple) for item in data)


# --------------------------------------------------------------------------------------------- CSV
def csv_items(text: str, name: str) -> Iterator[Item]:
    """Rows of a key and a value as items; a first row ``key,value`` is a heading."""
    for number, cells in table_rows(text):
        if not any(cells):
            continue
        source = Source(", ".join(cells), f"{name}, line {number}")
        if number == 1 and cells[0].lower() in ("key", "keys", "name", "quantity"):
            continue
        if len(cells) < 2:
            raise BindingProblem("a row has a key and a value", source, (0, len(source.text)), "for example dq,-4")
        # A decimal comma makes two cells of one number: what is typed says what is wrong with it.
        typed = ",".join(cells[1:] if any(cells[2:]) else cells[1:2])
        yield cells[0], typed, Source(f"{cells[0]}, {typed}", source.name)


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
    text = re.sub(r"\\text\{([a-z]+)\}", r"\1", text)
    text = re.sub(r"\\begin\{[bp]matrix\}(.*?)\\end\{[bp]matrix\}", _matrix, text)
    for pattern, put in _TEX:
        text = re.sub(pattern, put, text)
    before = ""
    while text != before:                          # groups within groups, from the inside out
        before = text
        for pattern, put in _GROUPS:
            text = re.sub(pattern, put, text)
    return text.strip()


def _matrix(found: re.Match[str]) -> str:
    rows = found[1].replace("&", ",").split(r"\\")
    return f"[{'; '.join(rows)}]"


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
