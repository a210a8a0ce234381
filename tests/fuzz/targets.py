"""What is fuzzed: functions from bytes to nothing, which raise for anything but the two allowed outcomes.

Every input ends in a result, or in one of our errors: one with a place inside the text, and with a message
that holds nothing a terminal obeys.  Inputs are text; U+001F stands between words, U+001E between the words,
standard input and files.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import tempfile
from math import isfinite

from bpcalc.bindings import constant, from_file, from_mapping, from_words
from bpcalc.calculate import run as report_of
from bpcalc.cli import run
from bpcalc.data import parse_data
from bpcalc.errors import BpcalcError, Source
from bpcalc.files import decode
from bpcalc.homework.answers import parse_answers, read_items
from bpcalc.homework.check import Judge, check
from bpcalc.homework.grade import grade
from bpcalc.homework.sheets import sheet_items
from bpcalc.lexer import NAME_PATTERN, free_names
from bpcalc.options import BY_NAME, sort, split
from bpcalc.render import to_json
from bpcalc.render.to_caret import render
from bpcalc.rows import Rows
from bpcalc.syntax import parse

WORD, PART = "\x1f", "\x1e"
NAMED = re.compile(NAME_PATTERN)
TIDY = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]*")
CODES = (0, 1, 2)


class Unwanted(AssertionError):
    """Neither a result nor an error as it should be."""


def demand(truth, what):
    if not truth:
        raise Unwanted(what)


def told(error, text=None):
    """An error as it should be."""
    demand(error.message and not error.message.endswith("."), "a message without words")
    if error.span is not None:
        demand(error.source is not None, "a place in no text")
        start, end = error.span
        demand(0 <= start <= end <= len(error.source.text) + 1, f"a place outside the text: {error.span}")
    elif text is not None:
        demand("empty" in error.message, f"no place: {error.message}")
    shown = render(error)
    demand(TIDY.fullmatch(shown), f"untidy: {shown!r}")
    demand(len(shown) < 4000, "too long a message")
    demand(error.span is None or "^" in shown, f"no caret: {shown!r}")
    json.loads(to_json.error_line(error))


def as_text(data):
    return data.decode("utf-8", "surrogateescape")


# ---------------------------------------------------------------------------------------- targets
def expression(data):
    """A text with a value for each of its names: parsed, run both ways, and written as JSON."""
    text = as_text(data)
    source = Source(text)
    try:
        names = free_names(source)
        values = {name: (at % 7 - 3) / 4 for at, name in enumerate(names) if at % 9 != 8}
        report = report_of(parse(source, values), values)
    except BpcalcError as error:
        if error.code != "domain":
            told(error, text)
        else:
            told(error)
        return
    seen = json.loads("".join(to_json.report_lines(report)), parse_constant=lambda word: demand(False, word))
    demand(seen["value"] == listed(report.value), "another value in the JSON")
    demand(list(seen["gradients"]) == list(report.gradients), "other names in the JSON")


SHAPES = ([0.5, -1.0, 2.0], 0.75, [[1.0, -0.5, 2.0], [0.25, 3.0, -1.0]], [[1.0], [2.0]], 1.0)


def arrays(data):
    """The same with an array for each of the names, or a number."""
    text = as_text(data)
    source = Source(text)
    try:
        values = from_mapping(dict(zip(free_names(source), SHAPES * 9)))
        report = report_of(parse(source, values), values)
    except BpcalcError as error:
        told(error, None if error.code in ("domain", "shape", "limit") else text)
        return
    seen = json.loads("".join(to_json.report_lines(report)), parse_constant=lambda word: demand(False, word))
    demand(seen["value"] == listed(report.value), "another value in the JSON")
    for name, gradient in report.gradients.items():
        value = report.trace.values[report.graph.node(name)]
        given, found = (getattr(number, "shape", ()) for number in (value, gradient))
        demand(gradient is None or given == found, f"the gradient of {name} has the shape {found}")


def bindings(data):
    """Words NAME=VALUE, and the same as the lines of a file."""
    words = as_text(data).split(WORD)
    outcomes = []
    for read in (lambda: from_words(words), lambda: from_file("\n".join(words), "values.txt")):
        try:
            outcomes.append(read())
        except BpcalcError as error:
            told(error)
            outcomes.append(None)
    outcomes = [found and {name: listed(value) for name, value in found.items()} for found in outcomes]
    for found in outcomes:
        for name, value in (found or {}).items():
            demand(NAMED.fullmatch(name) and is_finite(value), f"{name!r} = {value!r}")
    plain = all("#" not in word and "\n" not in word and word == word.strip() and len(word.splitlines()) == 1
                for word in words)
    demand(not plain or outcomes[0] == outcomes[1], f"not alike: {outcomes}")


def listed(value):
    """A number, or an array as nested lists."""
    return value.tolist() if hasattr(value, "tolist") else value


def is_finite(value):
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif not isfinite(value):
            return False
    return True


def number(data):
    """The value of a constant expression."""
    try:
        value = constant(as_text(data), "x")
    except BpcalcError as error:
        told(error)
    else:
        demand(value - value == 0, f"not finite: {value}")


def encoded(data):
    """The bytes of a file."""
    try:
        text = decode(data, "text")
    except BpcalcError as error:
        told(error)
    else:
        demand("\r\n" not in text or b"\r\r\n" in data, "a line end was left")


REPORT = report_of(parse(Source("q = x + y; s = sigmoid(q*z); f = s*q - max(x, s)^2"), {"x": 1, "y": 2, "z": 3}),
                   {"x": -2.0, "y": 5.0, "z": -0.25})


def table(data):
    """A data set: its columns are finite vectors under names of the language, or said to be none."""
    try:
        found = parse_data(data, "table")
    except BpcalcError as error:
        told(error)
        return
    for name in found:
        demand(NAMED.fullmatch(name), f"not a name: {name!r}")
        try:
            column = found[name].tolist()
        except BpcalcError as error:
            told(error)
            continue
        demand(all(map(isfinite, column)), f"not finite: {name}")
        demand(name not in found.classes or max(column) == len(found.classes[name]) - 1, f"not a class: {name}")
        for words in found.remarks(name):
            demand(len(words) < 2000, "too long a remark")


def answers(data):
    """Hand-worked answers, read and judged."""
    try:
        found = parse_answers(as_text(data), REPORT)
    except BpcalcError as error:
        told(error)
        return
    for strict in (False, True):
        for verdict in check(REPORT, found, "all", strict):
            demand(verdict.status in ("right", "follows", "wrong", "missing"), verdict.status)
            demand(verdict.answer is None or verdict.passed or verdict.status == "wrong", verdict.status)


def sheet(data):
    """A file of answers: lines, CSV, JSON, or a worksheet in Markdown or LaTeX; the first line is its name."""
    name, _, text = as_text(data).partition("\n")
    unread = []
    try:
        found = read_items(sheet_items(text, name.strip() or "answers", REPORT.graph.source.text), REPORT, unread)
    except BpcalcError as error:
        told(error)
        return
    for each in unread:
        told(each.problem)
    for verdict in check(REPORT, found, "given"):
        demand(verdict.status in ("right", "follows", "wrong", "missing"), verdict.status)


def classes(data):
    """A class list."""
    try:
        found = grade(as_text(data), REPORT, Judge(REPORT))
    except BpcalcError as error:
        told(error)
        return
    demand(all(row.problem or len(row.verdicts) == len(found.keys) for row in found.rows), "not every key is judged")
    demand(all(0 <= score <= len(found.keys) for score in found.scores()), "an odd score")
    demand(all(len(words) < 2000 for _, words in found.problems), "too long a problem")


def rows(data):
    """A file of rows for many runs: every row comes out as numbers or as an error, once."""
    file = io.StringIO(as_text(data), newline="")
    try:
        found = Rows(file, "rows")
        wanted = [name for name in dict.fromkeys(found.names) if NAMED.fullmatch(name)]
        chunks = list(found.chunks(wanted, 3))
    except BpcalcError as error:
        told(error)
        return
    for chunk in chunks:
        for bad in chunk.bad.values():
            told(bad.error)
        good = len(chunk.lines) - len(chunk.bad)
        demand(all(len(column) == good and all(map(isfinite, column)) for column in chunk.columns), "a row was lost")
        demand(chunk.lines == sorted(chunk.lines), "lines out of order")


def options(data):
    """Any words at all, sorted."""
    words = as_text(data).split(WORD)
    try:
        values, others = sort(words)
    except BpcalcError as error:
        told(error)
        return
    demand(set(values) == {option.key for option in BY_NAME.values()}, "an option without a value")
    demand(len(others) <= len(words), "more words than were given")


_FOLDER = None
_SAFE = re.compile(r"[^A-Za-z0-9.-]")
SLOW = ("symbolic",)
"""Options that start another process: tried by tests of their own."""


def words_and_files(data):
    """The words, standard input and files of an input; no word names a path outside the folder."""
    head, *parts = as_text(data).split(PART)
    words = head.split(WORD)
    stdin, *contents = (part.encode("utf-8", "surrogateescape") for part in parts or [""])
    files = dict(zip(("a.txt", "b.txt", "c.txt"), contents))
    try:
        given, others = split(words)
    except BpcalcError:
        return words, stdin, files                 # ends in this error before anything is opened
    safe = []
    for option, name, value in given:
        if option.key in SLOW:
            continue
        if value is None:
            safe.append(name)
        elif option.is_path:
            safe += [name, "-" if value == "-" else (_SAFE.sub("_", value)[:20] or "_").replace("..", "_.")]
        else:
            safe += [name, value[:2] if option.key == "iterations" else value]
    return [*safe, "--", *others], stdin, files


def command(data):
    """A whole run of the command line, in this process."""
    global _FOLDER
    words, stdin, files = words_and_files(data)
    if _FOLDER is None:
        _FOLDER = tempfile.mkdtemp(prefix="bpcalc-fuzz-")
        os.chdir(_FOLDER)
    for name, content in files.items():
        with open(name, "wb") as file:
            file.write(content)
    streams = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
    sys.stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    sys.stderr = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    try:
        code = run(words)
        sys.stdout.flush()
        sys.stderr.flush()
        out, err = (stream.buffer.getvalue().decode() for stream in (sys.stdout, sys.stderr))
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
    for name in os.listdir("."):
        os.unlink(name)
    demand(code in CODES, f"exit code {code}: {err}")
    demand(code != 2 or (out == "" and err), f"exit 2 with {out!r} and {err!r}")
    demand(TIDY.fullmatch(err), f"untidy: {err!r}")
    demand("internal error" not in err, err)


TARGETS = {target.__name__: target
           for target in (expression, arrays, bindings, number, encoded, table, rows, answers, sheet, classes, options,
                          command)}
