"""Values for names: NAME=VALUE words, files of them, and Python's own numbers and arrays.

A word is read as a statement whose right side is a constant expression, by the same parser as the
expression itself, so ``x=1/3``, ``x=2*pi``, ``x=−2`` and ``W=[1 2; 3 4]`` work and mistakes get the same
carets.  ``W=@weights.csv`` reads an array from a file (.csv, .json, .npy).
"""

from __future__ import annotations

from math import isfinite

from .engine import forward
from .errors import BindingProblem, BpcalcError, NameProblem, Source
from .files import cannot_read, read_text
from .lexer import lex
from .syntax import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .errors import Span

_NAME = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
_DIGITS = frozenset("0123456789")
_NUMBER = b"0123456789.+-eE"


def constant(text: str, name: str) -> float:
    """The value of a constant expression such as ``-1/3`` or ``2*exp(-1)``; ``name`` says what for.

    Raises BindingProblem, or the syntax or domain error of the text itself.
    """
    found = value_of(text, name)
    if type(found) is not float:
        source = Source(f"{name}={text}", "value")
        raise BindingProblem(f"{name} is one number, not an array", source, (len(name) + 1, len(source.text)))
    return found


def value_of(text: str, name: str) -> Any:
    """The value of a constant expression, which may be an array; ``name`` says what for.

    Raises what :func:`constant` raises.
    """
    return _value(Source(f"{name}={text}", "value"))


def from_words(words: Iterable[str]) -> dict[str, Any]:
    """The bindings that words of the form NAME=VALUE make, in order; a value is a float or an array.

    Raises BindingProblem for a word that cannot be read and for a name bound twice.
    """
    found: dict[str, Any] = {}
    for word in words:
        name, value = _binding(Source(word, "binding"))
        if name in found:
            raise BindingProblem(f"'{name}' is given a value twice", Source(word, "binding"),
                                 (0, len(name)), "leave one of them out")
        found[name] = value
    return found


def from_mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    """The bindings that a mapping of names to numbers or arrays makes; text values are constant expressions.

    Lists and whatever else has a shape become arrays of float64.  Raises BindingProblem for a name
    outside the language and for anything that is not made of finite numbers.
    """
    kinds = {*map(type, values.values())}
    if kinds <= {float, int} and _all_plain(values):
        return {name: float(value) for name, value in values.items()} if int in kinds else dict(values)
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, str):
            given, number = _binding(Source(f"{name}={value}", "binding"), files=False)
            if given != name:
                raise BindingProblem(f"{name!r} is not a name")
            found[name] = number
            continue
        if not (isinstance(name, str) and is_name(name)):
            raise BindingProblem(f"{name!r} is not a name", None, None,
                                 "names are letters, digits and _, and do not begin with a digit")
        if isinstance(value, (list, tuple)) or getattr(value, "shape", None):
            found[name] = _array(value, name, None, None)
            continue
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise BindingProblem(f"the value of {name} is not a number: {value!r:.80}") from None
        if not isfinite(number):
            raise BindingProblem(f"the value of {name} is not a finite number: {value!r:.80}")
        found[name] = number
    return found


def _all_plain(values: Mapping[str, Any]) -> bool:
    """Whether all names are ASCII names and all numbers are finite: the usual, checked in bulk."""
    if not {*map(type, values)} <= {str} or "" in values:
        return False
    try:
        strange = "".join(values).encode("ascii").translate(None, _NAME)
        return not strange and _DIGITS.isdisjoint({name[0] for name in values}) and all(map(isfinite, values.values()))
    except (UnicodeEncodeError, OverflowError):
        return False


def _array(value: Any, name: str, source: Source | None, span: Span | None) -> Any:
    """Nested lists, or what NumPy takes for an array, as an array of finite numbers.

    Raises BindingProblem.
    """
    from .arrays import ShapeError, as_value, is_finite

    try:
        found = as_value(value)
    except (ShapeError, TypeError, OverflowError) as error:
        raise BindingProblem(f"the value of {name} is not an array of numbers: {error}", source, span) from None
    if not is_finite(found):
        raise BindingProblem(f"the value of {name} holds a number that is not finite", source, span)
    return found


def _from_path(name: str, path: str, source: Source) -> Any:
    """The array in a file, by the file's ending: .npy, .json, or rows of numbers.

    Raises BindingProblem naming row and column, InputProblem where the file cannot be read.
    """
    span = source.text.index("@"), len(source.text)
    if not path:
        raise BindingProblem("'@' has no file's name after it", source, span, "for example W=@weights.csv")
    ending = path.lower().rpartition(".")[2]
    if ending == "npy":
        from .arrays import ShapeError, is_finite, load

        try:
            found = load(path)
        except ShapeError as error:
            raise BindingProblem(f"{path}: {error}", source, span) from None
        except (OSError, ValueError) as error:
            raise cannot_read(path, error) from None
        if not is_finite(found):
            raise BindingProblem(f"{path} holds a number that is not finite", source, span)
        return found
    text = read_text(path)
    if ending == "json":
        import json

        try:
            nested = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BindingProblem(f"{path} is not JSON: {error!s:.80}", source, span) from None
        if type(nested) in (int, float):
            nested = float(nested)
            if isfinite(nested):
                return nested
        return _array(nested, name, source, span)
    return _array(_rows(text, path, source, span), name, source, span)


def _rows(text: str, path: str, source: Source, span: Span) -> list[Any]:
    """Rows of numbers, separated by commas, semicolons, tabs or blanks; one row or one column is a vector."""
    rows: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        cells = line.replace(";", ",").replace("\t", ",")
        words = [cell.strip() for cell in cells.split(",")] if "," in cells else cells.split()
        row = []
        for column, word in enumerate(words, 1):
            try:
                row.append(float(word) if word.isascii() and "_" not in word else float("nan"))
            except ValueError:
                row.append(float("nan"))
            if not isfinite(row[-1]):
                raise BindingProblem(f"{path}, row {number}, column {column}: '{_short(word)}' is not a finite number",
                                     source, span,
                                     None if rows else f"columns under a heading are for --data {path}")
        if rows and len(row) != len(rows[0]):
            raise BindingProblem(f"{path}, row {number} has {len(row)} numbers, the rows before have {len(rows[0])}",
                                 source, span)
        rows.append(row)
    if not rows:
        raise BindingProblem(f"{path} holds no number", source, span)
    if len(rows) == 1:
        return rows[0]
    return [row[0] for row in rows] if len(rows[0]) == 1 else rows


def from_file(text: str, name: str) -> dict[str, Any]:
    """The bindings of a file with one ``name = value`` a line; blank lines and # comments are skipped.

    Raises BindingProblem with the line's number.
    """
    found: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        source = Source(line, f"{name}, line {number}")
        key, value = _binding(source)
        if key in found:
            raise BindingProblem(f"'{key}' is given a value twice", source, (0, len(key)))
        found[key] = value
    return found


def is_name(text: str) -> bool:
    """Whether a text that is not empty is a name of the language."""
    plain = text.replace("_", "a") if "_" in text else text
    if plain.isascii():
        return plain.isalnum() and not plain[0].isdigit()
    import re  # Greek names only

    from .lexer import NAME_PATTERN

    return re.fullmatch(NAME_PATTERN, text) is not None


def _binding(source: Source, files: bool = True) -> tuple[str, Any]:
    """The name and the value of ``NAME=VALUE``; ``files`` says whether ``@PATH`` is read."""
    word = source.text
    name, equals, value = word.partition("=")
    name = name.strip()
    if not equals:
        raise BindingProblem(f"'{_short(word)}' is not of the form NAME=VALUE", source, (0, len(word)))
    if not name:
        raise BindingProblem("'=' has no name on its left", source, (0, 1), "write NAME=VALUE")
    if is_name(name) and value.isascii() and not value.encode().translate(None, _NUMBER):
        try:
            number = float(value)
        except ValueError:
            pass
        else:
            if isfinite(number):
                return name, number
    if not name.isascii():
        try:
            lex(source)                            # names a letter that only looks like one
        except BpcalcError as error:
            raise BindingProblem(error.message, source, error.span, error.hint) from None
    if not is_name(name):
        start = word.index(name)
        bare = name.lstrip("-")
        if bare != name and bare and is_name(bare):
            raise BindingProblem(f"'{_short(name)}' is not a name", source, (start, start + len(name)),
                                 f"a value has no dashes: {_short(f'{bare}={value}')}")
        raise BindingProblem(f"'{_short(name)}' is not a name", source, (start, start + len(name)),
                             "names are letters, digits and _, and do not begin with a digit")
    if files and value.lstrip()[:1] == "@":
        return name, _from_path(name, value.strip()[1:], source)
    return name, _value(source)


def _value(source: Source) -> Any:
    name, _, value = source.text.partition("=")
    start = len(name) + 1
    if not value.strip():
        raise BindingProblem(f"{name.strip()} has no value after '='", source, (start, start + 1))
    ended = source.text.rstrip(" ,;")
    if ended != source.text.rstrip():
        raise BindingProblem("a binding ends with its value", source, (len(ended), len(ended) + 1),
                             f"leave the '{source.text.strip()[-1]}' out")
    if value[0] == "=":
        raise BindingProblem("a binding has one =", source, (start, start + 1),
                             f"write {name.strip()}={value.strip('= ')}")
    for sign in ";\n=":
        if sign in value and not {"[", "("} & set(value.partition(sign)[0]):
            at = start + value.index(sign)
            from .idioms import LONGEST, apart, as_array

            short = source.text if len(source.text) <= LONGEST else ""
            if (made := as_array(short)) != short:
                raise BindingProblem("an array stands in square brackets", source, (start, len(source.text)),
                                     f"write {made}")
            words = " ".join(apart(short)) or "x=1 y=2"
            raise BindingProblem("a binding holds one value", source, (at, at + 1),
                                 f"give every name a word of its own: {words}")
    try:
        graph = parse(source, binding=True)
        return forward(graph, ()).values[graph.output]
    except NameProblem as error:
        text = _short(value.strip())
        if value.strip().lstrip("+-").lower() in ("nan", "inf", "infinity"):
            raise BindingProblem(f"{text} is not a finite number", source,
                                 (start, len(source.text))) from None
        better = error.hint is not None and error.hint.startswith(("write ", "all numbers"))
        hint = error.hint if better else "a value is a number or a constant expression such as -1/3 or 2*pi"
        raise BindingProblem(f"the value of {name.strip()} must be a number, and {error.message}", source,
                             error.span, hint) from None
    except BpcalcError as error:
        raise BindingProblem(error.message, error.source, error.span, error.hint) from None


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:25]}…{text[-10:]}"
