"""The command line: words to calls, calls to (text, exit code).

Nothing is printed on the way: ``execute`` returns its output and ``run`` writes it once, so on
failure standard output stays empty, and a full disk or a closed pipe is met in one place.

Exit codes: 0 done, and every answer right; 1 an answer or a cross-check is wrong; 2 bad input,
usage or a file; 70 an internal error; 130 interrupted; 141 the reader went away.
"""

from __future__ import annotations

import os
import sys
from itertools import chain

from . import __version__
from .errors import BindingProblem, BpcalcError, InputProblem, LimitProblem, Source, UsageProblem, closest
from .options import BY_NAME, EXAMPLES, FORMATS, USAGE, sort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Literal, TextIO

    from .batch import Batch
    from .data import Data
    from .descent import Descent
    from .engine import Note
    from .homework.answers import Unread
    from .homework.practice import Exercise
    from .render.to_rows import RowWriter
    from .report import Report
    from .rows import Rows

    Output = tuple[Iterable[str] | bytes, int | Callable[[], int]]
    """What is to be written, and the exit code, or what gives the code when all has been written."""


def execute(options: dict[str, Any], words: list[str]) -> Output:
    """Read the words, calculate, and choose who writes the result.

    Raises BpcalcError for anything wrong with what the user gave.
    """
    if options["help"]:
        from .command import help_text  # click: help and completion are all it is needed for

        return [help_text()], 0
    if options["version"]:
        return [f"bpcalc {__version__}\n"], 0
    if options["functions"]:
        from .render.to_functions import render

        return [render()], 0
    for key in ("output", "file", "bindings", "data", "check_file", "grade", "batch"):
        if options[key] == "":
            raise UsageProblem(f"--{key.replace('_', '-')} names no file")
    form = _format(options)
    digits = _whole(options["digits"], "--digits", 1, 17, 6)
    color = _choice(options["color"] or "auto", "--color", ("auto", "always", "never"))
    if options["practice"] is not None:
        return _practice(words, form, digits, options)
    for key in ("seed", "variants"):
        if options[key] is not None:
            raise UsageProblem(f"--{key} needs an exercise", hint="for example --practice easy")
    source, bindings = _inputs(words, options["file"])
    from .bindings import from_words, value_of
    from .calculate import run
    from .syntax import parse

    given = _merged(from_words(bindings), options["bindings"])
    data = _data(options["data"], given)
    upstream = 1.0 if options["upstream"] is None else value_of(options["upstream"], "upstream")
    wrt = [name.strip() for names in options["wrt"] for name in names.split(",") if name.strip()]
    if options["wrt"] and not wrt:
        raise UsageProblem("--wrt names no variable", hint="for example --wrt x,z")
    if options["batch"] is not None:
        return _batch(source, given, wrt or None, upstream, form, options)
    if data is None:
        report = run(parse(source, given), given, wrt or None, upstream)
    else:
        graph = parse(source, {**given, **data.unread()})
        used = [name for name in graph.inputs if name in data]
        report = run(graph, {**given, **{name: data[name] for name in used}}, wrt or None, upstream, held=used)
        report.notes += _about(data, used)
    report = _by_entry(report, options)
    if options["grade"] is not None:
        return _class_list(report, form, options), 0
    if options["check"] or options["check_file"] is not None:
        if options["worksheet"]:
            raise UsageProblem("--worksheet and checking cannot go together", hint="first the one, then the other")
        if options["exact"]:
            raise UsageProblem("--exact has no part in checking", hint="fractions are right answers without it")
        return _homework(report, form, digits, options)
    for key in ("require", "strict", "tolerance", "reveal"):
        if options[key] and not (key == "reveal" and options["worksheet"]):
            raise UsageProblem(f"--{key} needs answers to check", hint='for example --check "dx=-4"')
    for key in ("worksheet", "paths"):
        if options["graph"] and options[key]:
            raise UsageProblem(f"--graph and --{key} cannot go together", hint="--graph draws below the table")
    report = _on_paper(report, options)
    if options["worksheet"]:
        return _worksheet(report, form, digits, options), 0
    if options["paths"] is not None:
        return _paths(report, digits, options), 0
    for key in ("symbolic", "gradcheck"):
        if options[key] and form not in _OPINIONS:
            raise UsageProblem(f"--{key} is not shown in {form}", hint=f"choose {', '.join(_OPINIONS)}")
    code = _second_opinions(report, options)
    learned = _learned(report, options)
    if options["title"] is not None and form not in ("svg", "html", "png", "pdf"):
        raise UsageProblem("--title names a picture or a page", hint="for example -o circuit.svg")
    if options["graph"] and form != "table":
        raise UsageProblem("--graph draws below the table", hint="--format circuit is the drawing alone")
    if form != "table":
        pieces = _written(report, form, digits, options, learned)
    else:
        pieces = _table(report, digits, options, color, learned)
    for note in report.notes:
        if note.code == "unused" and note.node is None:
            _warn(note.message)
    return pieces, code


def _by_entry(report: Report, options: dict[str, Any]) -> Report:
    """The report, or the one opened into entries: where that is asked for, and for paths, which are through numbers."""
    asked = options["expand"] is not None
    if not report.trace.arrays:
        if asked:
            raise UsageProblem("--expand opens arrays, and there is none here")
        return report
    if asked or options["paths"] is not None:
        from .opened import opened

        return opened(report, options["expand"] or None)
    return report


# ------------------------------------------------------------------------------------------ batch
_ALONE = ("data", "expand", "check", "check_file", "grade", "worksheet", "paths", "round", "exact", "graph", "all",
          "symbolic", "gradcheck", "lr", "steps", "reveal")
"""Options that are about a single run."""


def _batch(source: Source, given: dict[str, Any], wrt: list[str] | None, upstream: float, form: str,
           options: dict[str, Any]) -> Output:
    """The same expression for every row of a file: a line each, written as the rows are read."""
    from .batch import Batch
    from .bindings import is_name
    from .render.to_rows import CsvRows, JsonRows
    from .rows import Rows
    from .syntax import parse

    for key in _ALONE:
        if options[key]:
            raise UsageProblem(f"--batch and --{key.replace('_', '-')} cannot go together")
    path: str = options["batch"]
    file, name = _opened(path)
    rows = Rows(file, name)
    if form not in ("json", "csv"):
        if form != "table" or options["format"] is not None:
            raise UsageProblem(f"--batch cannot write {form}", hint="choose --json or --format csv")
        form = "json" if rows.is_json or (options["output"] or "").endswith((".jsonl", ".ndjson")) else "csv"
    columns = [word for word in rows.names if is_name(word)]
    twice = [word for word in columns if word in given]
    if twice:
        raise BindingProblem(f"'{twice[0]}' is given a value twice, on the command line and in {name}",
                             hint="leave one of them out")
    batch = Batch(parse(source, {**given, **dict.fromkeys(columns, 0.0)}), columns, given, wrt, upstream)
    if not batch.used:
        raise InputProblem(f"the expression uses no column of {name}",
                           hint=f"its columns are {', '.join(rows.names[:12])}" if rows.names else None)
    unused = [word for word in given if word not in batch.given]
    for word in unused:
        _warn(f"{word} has a value, but the expression does not use it")
    failed: list[int] = []
    writer = (JsonRows if form == "json" else CsvRows)(batch.symbol, batch.top, batch.names)
    return _rows(rows, batch, writer, failed), lambda: 2 if failed else 0


def _rows(rows: Rows, batch: Batch, writer: RowWriter, failed: list[int]) -> Iterator[str]:
    """The lines of a batch; the rows that have no result are told about and noted in ``failed``."""
    from .render.to_rows import failures, reason

    yield writer.heading()
    shown = _is_terminal(sys.stderr) and not _is_terminal(sys.stdout)
    count = 0
    for chunk in rows.chunks(batch.used, batch.rows):
        portion = batch.run(len(chunk.lines) - len(chunk.bad), chunk.columns)
        yield writer.text(chunk, portion)
        count += len(chunk.lines)
        for number, error, column in failures(chunk, portion):
            failed.append(number)
            if len(failed) <= _WARNED:
                _say(f"bpcalc: line {number}: {reason(error, column)}")
        if shown:
            sys.stderr.write(f"\r{count} rows")
            sys.stderr.flush()
    if shown:
        sys.stderr.write("\r" + " " * 30 + "\r")
    if failed:
        _say(f"bpcalc: {len(failed)} of {count} rows have no result")


def _opened(path: str) -> tuple[TextIO, str]:
    """A file of rows, to be read as it goes, and what to call it."""
    import io

    if path == "-":
        if sys.stdin is None:
            raise InputProblem("standard input is closed")
        return io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline=""), "standard input"
    try:
        return open(path, encoding="utf-8-sig", newline=""), path
    except OSError as error:
        raise InputProblem(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
    except ValueError:
        raise InputProblem(f"cannot read {path!r}: not a file's name") from None


# ------------------------------------------------------------------------------------------ input
def _inputs(words: list[str], path: str | None) -> tuple[Source, list[str]]:
    """The expression's source and the words that bind names."""
    from .bindings import decode, read_text

    if path is not None:
        source = Source(decode(_stdin(), "standard input"), "standard input") if path == "-" else \
            Source(read_text(path), path)
        bindings = words
    else:
        if not words:
            raise UsageProblem("there is no expression", hint=USAGE)
        if words[0] == "-":
            source = Source(decode(_stdin(), "standard input"), "standard input")
        else:
            source = Source(words[0].replace("\r\n", "\n"))
        bindings = words[1:]
    for word in bindings:
        if "=" not in word:
            raise _not_a_binding(word, path)
    return source, bindings


def _not_a_binding(word: str, path: str | None) -> BpcalcError:
    if word.startswith("-") and "--" + word.lstrip("-") in BY_NAME:
        return UsageProblem(f"there is no option {word}", Source(word, "option"), (0, len(word)),
                            f"did you mean --{word.lstrip('-')}?")
    hint = "values are given as NAME=VALUE"
    if path is None and any(sign in word for sign in "+-*/^("):
        hint = "put the whole expression in double quotes, and give values as NAME=VALUE"
    elif path is None:
        hint += "; if the expression had a * in it, the shell may have put file names in its place: use double quotes"
    what = "is not a binding; there is one expression already" if path is None else "is not a binding"
    return BindingProblem(f"'{word}' {what}", Source(word, "binding"), (0, len(word)), hint)


def _merged(given: dict[str, float], path: str | None) -> dict[str, float]:
    if path is None:
        return given
    from .bindings import from_file, read_text

    found = from_file(decode_stdin() if path == "-" else read_text(path), path)
    twice = [name for name in found if name in given]
    if twice:
        raise BindingProblem(f"'{twice[0]}' is given a value twice, on the command line and in {path}",
                             hint="leave one of them out")
    return {**found, **given}


def _data(path: str | None, given: dict[str, Any]) -> Data | None:
    """The data set that --data names; none of its columns may have a value already."""
    if path is None:
        return None
    from .data import parse_data, read_data

    found = parse_data(decode_stdin(), "standard input") if path == "-" else read_data(path)
    twice = [name for name in found if name in given]
    if twice:
        raise BindingProblem(f"'{twice[0]}' is given a value twice: it is a column of {found.name}",
                             hint="leave one of them out")
    return found


def _about(data: Data, used: list[str]) -> list[Note]:
    """What has to be said of the columns that are used, or that none is."""
    from .engine import Note
    from .render.to_caret import visible

    if not used:
        return [Note("unused", None, f"the expression uses no column of {data.name}; they are "
                     f"{', '.join([*data][:12])}")]
    return [Note("data", None, visible(words)) for name in used for words in data.remarks(name)]


def decode_stdin() -> str:
    """Standard input as text."""
    from .bindings import decode

    return decode(_stdin(), "standard input")


def _stdin() -> bytes:
    if sys.stdin is None:
        raise InputProblem("standard input is closed")
    if sys.stdin.isatty():
        _say("reading from standard input; end with Ctrl-D")
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise InputProblem(f"cannot read standard input: {error.strerror}") from None


def _whole(text: str | None, option: str, least: int, most: int, default: int) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise UsageProblem(f"{option} takes a whole number from {least} to {most}, not '{text}'")
    return int(text)


def _choice(text: str, option: str, known: Iterable[str]) -> str:
    known = tuple(known)
    if text not in known:
        near = closest(text, known)
        hint = f"did you mean {near[0]}?" if near else None
        raise UsageProblem(f"{option} takes {', '.join(known[:-1])} or {known[-1]}, not '{text}'", hint=hint)
    return text


# ----------------------------------------------------------------------------------------- output
_WARNED = 20
"""How many unreadable rows of a class list are named."""

_ENDINGS = {".json": "json", ".csv": "csv", ".txt": "table", ".svg": "svg", ".html": "html", ".htm": "html",
            ".png": "png", ".pdf": "pdf",
            ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".tex": "latex", ".md": "markdown"}
_NOT_DRAWN = (".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".eps", ".ps")


_FIXED = (".json", ".csv", ".svg", ".html", ".htm", ".png", ".pdf", ".tex")
"""Endings of files that hold one format and nothing else."""
_OPINIONS = ("table", "blocks", "plain", "steps", "json")
"""Formats that show second opinions."""


def _format(options: dict[str, Any]) -> str:
    """The format that the options ask for.

    Raises UsageProblem where they ask for two.
    """
    form = _asked(options)
    ending = os.path.splitext(options["output"] or "")[1].lower()
    if ending in _FIXED and _ENDINGS[ending] != form:
        raise UsageProblem(f"a file that ends in {ending} does not hold {form}",
                           hint="leave the format out, or give the file another ending")
    return form


def _asked(options: dict[str, Any]) -> str:
    form: str | None = options["format"]
    if form is not None:
        _choice(form, "--format", FORMATS)
        if options["json"] and form != "json":
            raise UsageProblem(f"--json and --format {form} ask for two formats", hint="leave one of them out")
        return form
    if options["json"]:
        return "json"
    if options["steps"]:
        return "steps"
    ending = os.path.splitext(options["output"] or "")[1].lower()
    if ending in _NOT_DRAWN:
        raise UsageProblem(f"no {ending} pictures are made", hint="pictures are .svg, .png, .pdf and .html")
    return _ENDINGS.get(ending, "table")


def _worksheet(report: Report, form: str, digits: int, options: dict[str, Any]) -> Iterable[str]:
    """The blank sheet that --worksheet asks for, or with --reveal its key."""
    from .render import to_json, to_worksheet

    if options["lr"] is not None:
        raise UsageProblem("--worksheet and --lr cannot go together", hint="a worksheet is about one run")
    reveal = options["reveal"]
    if form == "json":
        return [to_json.worksheet(report, to_worksheet.as_json(report, reveal))]
    if form == "latex":
        return [to_worksheet.latex(report, reveal, digits, options["output"] is not None)]
    if form == "markdown":
        return [to_worksheet.markdown(report, reveal, digits)]
    if form == "csv":
        return [to_worksheet.rows(report, reveal, digits)]
    if form != "table":
        raise UsageProblem(f"--format {form} has no worksheet", hint="leave it out, or use latex, markdown, csv, json")
    return [to_worksheet.text(report, reveal, digits)]


def _on_paper(report: Report, options: dict[str, Any]) -> Report:
    """The run in the arithmetic that --round or --exact asks for."""
    asked = [key for key in ("round", "exact") if options[key]]
    if not asked:
        return report
    for key in (*asked[1:], "symbolic", "gradcheck", "lr"):
        if options[key]:
            raise UsageProblem(f"--{asked[0]} and --{key} cannot go together", hint="leave one of them out")
    return report.exact() if options["exact"] else _carried(report, options) or report


def _carried(report: Report, options: dict[str, Any]) -> Report | None:
    """The run in the hand arithmetic that --round asks for."""
    if options["round"] is None:
        return None
    from .rounded import MOST

    return report.rounded(_whole(options["round"], "--round", 0, MOST, 0))


def _second_opinions(report: Report, options: dict[str, Any]) -> int:
    """Ask for the cross-checks; 1 when one of them disagrees, which would be our fault."""
    if options["symbolic"] or options["gradcheck"]:
        from .verify import gradcheck, symbolic

        if options["symbolic"]:
            report.verdicts += symbolic(report)
        if options["gradcheck"]:
            report.verdicts += gradcheck(report)
    return int(any(verdict.status == "differs" for verdict in report.verdicts))


def _homework(report: Report, form: str, digits: int, options: dict[str, Any]) -> Output:
    """The verdicts on a student's answers; nothing else is shown, as it would give the solution away."""
    from .bindings import constant, read_text
    from .homework.answers import read_items, split_items
    from .homework.check import REQUIRE, check
    from .render import to_verdicts
    from .render.symbols import Symbols

    items = list(split_items("\n".join(options["check"]), "answers"))
    path = options["check_file"]
    unread: list[Unread] | None = None
    if path is not None:
        from .homework.sheets import sheet_items

        # A sheet with an answer that cannot be read is judged all the same.
        unread = []
        read_items(items, report)
        items += sheet_items(decode_stdin() if path == "-" else read_text(path), path, report.expression)
    answers = read_items(items, report, unread)
    if unread and not answers:
        raise unread[0].problem                    # nothing in the file is an answer: the file is at fault
    require = _choice(options["require"] or "given", "--require", REQUIRE)
    if not answers and not unread and require == "given":
        if path is not None:
            name = "standard input" if path == "-" else path
            raise InputProblem(f"{name} is not filled in yet", hint="write the numbers behind the keys: dx = -4")
        raise UsageProblem("there is no answer to check", hint='for example --check "dx=-4"')
    tolerance = None if options["tolerance"] is None else constant(options["tolerance"], "tolerance")
    verdicts = check(report, answers, require, options["strict"], tolerance, _learned(report, options), unread or (),
                     _carried(report, options))
    code = int(not all(verdict.passed for verdict in verdicts))
    if form == "json":
        from .render import to_json

        return to_json.answer_lines(report, to_verdicts.as_json(verdicts, options["reveal"])), code
    if form != "table":
        raise UsageProblem(f"--format {form} cannot show verdicts", hint="use the default or --json")
    out = _target(options)
    symbols, room = Symbols(_can_show(out)), _width(_is_terminal(out))
    return [to_verdicts.render(verdicts, options["reveal"], digits, symbols, room)], code


def _practice(words: list[str], form: str, digits: int, options: dict[str, Any]) -> Output:
    """An exercise: a conversation on a terminal, else worksheets and their keys."""
    from .homework.practice import LEVELS, MOST, exercises

    level = _choice(options["practice"], "--practice", LEVELS)
    if len(words) == 1 and words[0].isalpha() and options["file"] is None:
        raise UsageProblem(f"--practice has no level '{words[0]}'", Source(words[0], "option"), (0, len(words[0])),
                           f"levels are {', '.join(LEVELS)}")
    if words or options["file"] is not None:
        raise UsageProblem("--practice makes its own exercise", Source(words[0], "expression") if words else None,
                           hint="leave the expression out, or check your answers to it with --check")
    asks = (form == "table" and not options["worksheet"] and options["variants"] is None
            and options["output"] is None and _is_terminal(sys.stdin) and _is_terminal(sys.stdout))
    seed = _whole(options["seed"], "--seed", 0, 999_999_999, int.from_bytes(os.urandom(2), "big") if asks else 1)
    count = _whole(options["variants"], "--variants", 1, MOST, 1)
    if asks:
        return [], _converse(next(exercises(level, seed)))
    return _sheets(exercises(level, seed, count), level, seed, count, form, digits, options), 0


def _sheets(found: Iterator[Exercise], level: str, seed: int, count: int, form: str, digits: int,
            options: dict[str, Any]) -> Iterable[str]:
    """Worksheets of exercises, and their keys."""
    from .render import to_practice

    if form == "json":
        return to_practice.json_lines(found, level, seed)
    if form == "latex":
        return to_practice.latex(found, count, digits, options["output"] is not None)
    if form == "markdown":
        return to_practice.markdown(found, count, digits)
    if form != "table":
        raise UsageProblem(f"--format {form} has no worksheet", hint="leave it out, or use latex, markdown or json")
    return to_practice.text(found, count, digits)


def _converse(exercise: Exercise) -> int:
    """Ask for every number of an exercise, and the exit code; the one place that writes before a run is over."""
    try:
        import readline  # noqa: F401 - lets the line be edited, where there is one
    except ImportError:
        pass
    from .homework.session import Session
    from .render import to_practice
    from .render.symbols import Symbols

    symbols = Symbols(_can_show(sys.stdout))
    at, code = Session(exercise), 0
    sys.stdout.write(to_practice.opening(exercise, symbols))
    while at.place is not None:
        try:
            line = input(to_practice.prompt(at, symbols))
        except (EOFError, KeyboardInterrupt) as end:
            sys.stdout.write("\n")
            code = 130 if isinstance(end, KeyboardInterrupt) else 0
            break
        sys.stdout.write(to_practice.reply(at.take(line), symbols, _width(True)))
    sys.stdout.write(to_practice.closing(at))
    sys.stdout.flush()
    return code


def _class_list(report: Report, form: str, options: dict[str, Any]) -> Iterable[str]:
    """The graded rows of a class list, and what could not be read as warnings."""
    from .bindings import constant, read_text
    from .homework.check import Judge
    from .homework.grade import grade
    from .render import to_grades
    from .render.symbols import Symbols

    path: str = options["grade"]
    for key in ("check", "check_file", "require"):
        if options[key]:
            raise UsageProblem(f"--grade and --{key.replace('_', '-')} do not go together",
                               hint="every column of a class list is asked for, and a blank is a missing answer")
    if form not in ("table", "csv", "json"):
        raise UsageProblem(f"--format {form} cannot show a class list", hint="use the default, csv or json")
    tolerance = None if options["tolerance"] is None else constant(options["tolerance"], "tolerance")
    judge = Judge(report, options["strict"], tolerance, _learned(report, options), _carried(report, options))
    text = decode_stdin() if path == "-" else read_text(path)
    found = grade(text, report, judge, path, _bar if _is_terminal(sys.stderr) else None)
    if _is_terminal(sys.stderr):
        sys.stderr.write("\r" + " " * 60 + "\r")
    for line, words in found.problems[:_WARNED]:
        _warn(f"{path}, line {line}: {words}")
    if len(found.problems) > _WARNED:
        _warn(f"{path}: {len(found.problems) - _WARNED} more problems; JSON has them all")
    if form == "csv":
        return to_grades.csv_lines(found)
    if form == "json":
        return to_grades.json_lines(found, report, options["reveal"])
    return to_grades.table(found, Symbols(_can_show(_target(options))))


def _bar(done: int, count: int, what: str = "lines") -> None:
    """Draw how many are done."""
    filled = 30 * done // max(count, 1)
    sys.stderr.write(f"\r[{'#' * filled}{' ' * (30 - filled)}] {done} of {count} {what}")
    sys.stderr.flush()


def _paths(report: Report, digits: int, options: dict[str, Any]) -> Iterable[str]:
    from .homework.answers import node_called
    from .render.symbols import Symbols
    from .render.to_steps import path_lines

    k = node_called(options["paths"].strip(), report, Source(options["paths"], "option"))
    return path_lines(report, k, digits, Symbols(_can_show(_target(options))))


def _learned(report: Report, options: dict[str, Any]) -> Descent | None:
    """The gradient descent that --lr asks for."""
    if options["lr"] is None:
        for key in ("iterations", "optimizer", "momentum", "until"):
            if options[key] is not None:
                raise UsageProblem(f"--{key} needs a learning rate", hint="for example --lr 0.1")
        return None
    from .bindings import constant
    from .descent import HEAVY, OPTIMIZERS, descend

    optimizer = _choice(options["optimizer"] or "sgd", "--optimizer", OPTIMIZERS)
    if options["momentum"] is not None and optimizer not in HEAVY:
        raise UsageProblem(f"--momentum has no part in {optimizer}", hint="add --optimizer momentum or nesterov")
    momentum = 0.9 if options["momentum"] is None else constant(options["momentum"], "momentum")
    until = None if options["until"] is None else constant(options["until"], "until")
    rate, count = constant(options["lr"], "lr"), _whole(options["iterations"], "--iterations", 1, 10**9, 1)
    if rate < 0:
        _warn("the learning rate is negative: the update goes up the gradient")
    bar = _Bar(count, "steps") if _is_terminal(sys.stderr) else None
    learned = descend(report, rate, count, optimizer, momentum, until, bar)
    if bar:
        bar.clear()
    return learned


class _Bar:
    """A progress bar on standard error, drawn when there has been something to wait for."""

    def __init__(self, count: int, what: str) -> None:
        from time import monotonic

        self.count = count
        self.what = what
        self.clock = monotonic
        self.next = monotonic() + 0.5
        self.drawn = False

    def __call__(self, done: int) -> None:
        """Show that so many are done."""
        if self.clock() >= self.next:
            self.next = self.clock() + 0.1
            self.drawn = True
            _bar(done, self.count, self.what)

    def clear(self) -> None:
        """Take the bar away."""
        if self.drawn:
            sys.stderr.write("\r" + " " * 70 + "\r")


def _is_terminal(stream: Any) -> bool:
    return stream is not None and bool(stream.isatty())


def _written(report: Report, form: str, digits: int, options: dict[str, Any],
             learned: Descent | None) -> Iterable[str] | bytes:
    if form == "json":
        from .render import to_json

        if learned is None:
            return to_json.report_lines(report)
        from .render.to_descent import as_json

        return to_json.report_lines(report, {"descent": as_json(learned)})
    if learned is not None:
        return _course(report, learned, form, digits, options)
    if form == "csv":
        from .render import to_csv

        return to_csv.lines(report)
    if form == "steps":
        from .render import to_steps
        from .render.symbols import Symbols

        out = _target(options)
        return to_steps.lines(report, digits, Symbols(_can_show(out)), options["all"], _width(_is_terminal(out)))
    if form == "latex":
        from .render import to_latex

        return [to_latex.render(report, digits, options["output"] is not None, options["all"])]
    if form == "markdown":
        from .render import to_markdown

        return [to_markdown.render(report, digits, options["all"])]
    if form == "svg":
        from .render import to_svg

        return [to_svg.render(report, digits, options["title"])]
    if form == "html":
        from .render import to_html

        return [to_html.render(report, digits, options["title"])]
    if form in ("png", "pdf"):
        from .render import to_image

        _refuse_terminal(form, options)
        return to_image.render(report, form, digits, options["title"])
    if form in ("dot", "mermaid"):
        from .render import to_dot, to_mermaid

        return [(to_dot if form == "dot" else to_mermaid).render(report, digits)]
    if form == "circuit":
        return [_circuit(report, digits, options)]
    if form == "plain":
        from .render import to_plain

        return to_plain.lines(report, digits, options["all"])
    from .render import to_blocks
    from .render.symbols import Symbols

    return to_blocks.lines(report, digits, Symbols(_can_show(_target(options))), options["all"])


def _refuse_terminal(form: str, options: dict[str, Any]) -> None:
    """Raise UsageProblem where bytes would go to a terminal."""
    if _is_terminal(_target(options)):
        raise UsageProblem(f"a {form} is nothing for a terminal", hint=f"for example -o circuit.{form}")


def _course(report: Report, learned: Descent, form: str, digits: int,
            options: dict[str, Any]) -> Iterable[str] | bytes:
    """A descent in the formats that show its course."""
    if form == "csv":
        from .render.to_descent import csv_lines

        return csv_lines(learned)
    if form == "plain":
        from .render.to_descent import plain_lines

        notes = [f"note: {note.message}\n" for note in report.notes if note.code == "data"]
        return [*plain_lines(learned, report.symbol, digits), *notes]
    if form in ("svg", "png", "pdf"):
        from .render import to_image, to_plot
        from .render.to_svg import FONT

        def picture(font: str) -> str:
            return to_plot.render(learned.losses, report.symbol, digits, options["title"], font)

        if form == "svg":
            return [picture(FONT)]
        _refuse_terminal(form, options)
        return to_image.drawn(picture, form)
    raise UsageProblem(f"--format {form} cannot show gradient descent",
                       hint="use the table, plain, svg, png, pdf, csv or --json")


def _circuit(report: Report, digits: int, options: dict[str, Any]) -> str:
    from .render import to_circuit

    out = _target(options)
    terminal = _is_terminal(out)
    return to_circuit.render(report, _width(terminal), digits, _can_show(out),
                             _colored(options["color"] or "auto", terminal))


def _table(report: Report, digits: int, options: dict[str, Any], color: str,
           learned: Descent | None) -> Iterable[str]:
    from .render.symbols import Symbols

    out = _target(options)
    terminal = _is_terminal(out)
    symbols = Symbols(_can_show(out))
    after = ["\n", _circuit(report, digits, options)] if options["graph"] else []
    if learned is not None:
        from .render import to_descent

        learnt = to_descent.render(learned, report.symbol, digits, symbols, _width(terminal))
        if len(learned.losses) > 2:
            return [learnt, *(f"note: {note.message}\n" for note in report.notes if note.code == "data")]
        after += ["\n", learnt]
    from .render import to_table  # rich: only when a table is wanted

    return chain(to_table.lines(report, _width(terminal), digits, symbols, options["all"], _colored(color, terminal)),
                 after)


def _target(options: dict[str, Any]) -> Any:
    return sys.stdout if options["output"] is None else None


def _can_show(stream: Any) -> bool:
    from .render.symbols import encodable

    return stream is None or encodable(getattr(stream, "encoding", None))


def _width(terminal: bool) -> int | None:
    """The room for a table: COLUMNS if it makes sense, the terminal's, or all it needs for a pipe."""
    wanted = os.environ.get("COLUMNS", "")
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 7 and int(wanted) > 0:
        return max(int(wanted), 20)
    if not terminal:
        return None
    try:
        return max(os.get_terminal_size(sys.stdout.fileno()).columns or 80, 20)
    except (OSError, ValueError):
        return 80


def _colored(color: str, terminal: bool) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return terminal and os.environ.get("TERM") != "dumb"


def _warn(message: str) -> None:
    from .render.to_caret import visible

    _say(f"bpcalc: warning: {visible(message)}")


def _write(pieces: Iterable[str] | bytes, target: str | None) -> None:
    if target is not None:
        _write_file(pieces, target)
        return
    if sys.stdout is None:
        raise OSError(9, os.strerror(9))
    if isinstance(pieces, bytes):
        sys.stdout.buffer.write(pieces)
        sys.stdout.flush()
        return
    for piece in pieces:
        sys.stdout.write(piece)
    sys.stdout.flush()


def _write_file(pieces: Iterable[str] | bytes, target: str) -> None:
    """The whole file or none: a temporary file beside it takes its place when it is complete."""
    if os.path.exists(target) and not os.path.isfile(target):
        _fill(target, "w", pieces)                 # a pipe or a device has no place to take
        return
    real = os.path.realpath(target)
    kept = os.path.exists(real)
    if kept and not os.access(real, os.W_OK):
        raise PermissionError(13, os.strerror(13))
    # The name is known before the file exists, so that no moment of an interrupt leaves it behind.
    name = os.path.join(os.path.dirname(real), f".bpcalc-{os.urandom(8).hex()}")
    try:
        _fill(name, "x", pieces)
        if kept:
            os.chmod(name, os.stat(real).st_mode & 0o777)
        os.replace(name, real)
    except BaseException:
        try:
            os.unlink(name)
        except OSError:
            pass                                   # it was never made, or is in its place already
        raise


def _fill(path: str, mode: Literal["w", "x"], pieces: Iterable[str] | bytes) -> None:
    if isinstance(pieces, bytes):
        with open(path, "wb" if mode == "w" else "xb") as picture:
            picture.write(pieces)
        return
    with open(path, mode, encoding="utf-8", newline="\n") as file:
        file.writelines(pieces)


# -------------------------------------------------------------------------------------------- run
def run(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code; every outcome is met here."""
    words = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # an odd letter never ends a run
    as_json = "--json" in words or "--format=json" in words or ("--format", "json") in zip(words, words[1:])
    target: list[str] = []
    try:
        return _attempt(words, target, argv is None and sys.getfilesystemencoding() != "utf-8")
    except BpcalcError as error:
        return _fail(error, as_json)
    except KeyboardInterrupt:
        _say("bpcalc: interrupted")
        return 130
    except MemoryError:
        pass
    except OSError as error:
        if error.errno != 12:                      # ENOMEM: memory again
            return _cannot_write(error, target[0] if target else None, as_json)
    except Exception as error:
        if os.environ.get("BPCALC_DEBUG"):
            raise
        from .render.to_caret import visible

        _say(visible(f"bpcalc: internal error (please report it): {type(error).__name__}: {error!s:.200}"))
        return 70
    # Here the exception and all that its frames held are gone, so there is memory to speak with.
    return _fail(LimitProblem("there is not enough memory for this"), as_json)


def _attempt(words: list[str], target: list[str], locale: bool) -> int:
    """The run itself; the file it writes to is noted in ``target`` for whoever meets the error.

    ``locale`` says that the words were decoded by a locale that is not UTF-8.
    """
    if not words:
        _say(f"{USAGE}\n\nFor example:\n  {EXAMPLES[0][0]}")
        return 2
    options, others = sort(words)
    if options["output"] is not None:
        target.append(options["output"])
    if locale:
        others = [_reread(word) for word in others]
        for option in BY_NAME.values():
            value = options[option.key]
            if isinstance(value, tuple):
                options[option.key] = tuple(map(_reread, value))
            elif isinstance(value, str) and not option.is_path:
                options[option.key] = _reread(value)
    pieces, code = execute(options, others)
    _write(pieces, options["output"])
    return code if isinstance(code, int) else code()


def _reread(word: str) -> str:
    """A word in whose bytes another locale saw other letters, as UTF-8 where it is that.

    Text in Latin-1 or its like is hardly ever valid UTF-8 by chance; paths are left as they are.
    """
    try:
        return os.fsencode(word).decode()
    except UnicodeDecodeError:
        return word


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text + "\n")


def _fail(error: BpcalcError, as_json: bool) -> int:
    if as_json:
        from .render.to_json import error_line

        _say(error_line(error).rstrip("\n"))
    else:
        from .render.to_caret import render

        _say(render(error).rstrip("\n"))
    return 2


def _cannot_write(error: OSError, target: str | None, as_json: bool) -> int:
    import errno

    gone = error.errno in (errno.EPIPE, errno.EINVAL) and target is None
    if sys.stdout is not None and target is None:
        try:                                   # so that the flush at exit does not fail again
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (OSError, ValueError):
            pass
    if gone:
        return 141
    where = "the result" if target is None else target
    return _fail(InputProblem(f"cannot write {where}: {(error.strerror or str(error)).lower()}"), as_json)


def main() -> None:
    """The console script."""
    import gc

    gc.disable()  # a run makes no cycles worth collecting, and lives for a moment
    if os.environ.get("_BPCALC_COMPLETE"):
        from .command import command

        command.main(prog_name="bpcalc", windows_expand_args=False)
    code = run()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(code)  # everything is written; taking the interpreter apart would cost a tenth of the run
