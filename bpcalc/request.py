"""What a run is asked for: the words and options of the command line, read when they are needed."""

from __future__ import annotations

import os
import sys
from itertools import pairwise

from .errors import BindingProblem, BpcalcError, Source, UsageProblem, closest
from .modes import settled
from .options import BY_KEY, BY_NAME, USAGE
from .terminal import Bar, Screen, say, warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from .data import Data
    from .descent import Descent
    from .records import Note
    from .report import Report

    Output = tuple[Iterable[str] | bytes, int | Callable[[], int]]
    """What is to be written, and the exit code, or what gives the code when all has been written."""

_SHOWS_NOTES = ("table", "blocks", "plain", "steps", "json", "latex", "markdown", "html")


_DECIDING = ("wrt", "upstream", "bindings", "data", "file", "expand", "round", "lr")
"""The options that decide what is right in a sheet."""

_COPIED = 500
"""Nobody copies a longer command from a sheet."""

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=.,:/@%")
_OPERATORS = frozenset("+-*/^@=<>()")
_READ_IN_QUOTES = frozenset('"$`\\!')
"""What a shell reads in double quotes, too."""


class Request:
    """A run that is asked for: its ``mode`` and ``form``, and where and how its result is shown.

    ``options`` are the options' values by key, ``words`` the expression and the bindings.  Raises
    UsageProblem for options that do not go together.
    """

    def __init__(self, options: dict[str, Any], words: list[str]) -> None:
        self.options = options
        self.words = words
        self.mode, self.form = settled(options)
        self.digits = self.whole("digits", 1, 17, 6)
        self.everything: bool = options["all"]
        self.title: str | None = options["title"]
        self.output: str | None = options["output"]
        self.screen = Screen(sys.stdout if self.output is None else None,
                             self.choice("color", ("auto", "always", "never")))

    def checking(self) -> str:
        """The command that checks a sheet of this run when it is filled in; its options alone where it is too long."""
        options = []
        for key in _DECIDING:
            value, name = self.options[key], f"--{key}"
            if isinstance(value, tuple):
                options += [part for one in value for part in (name, one)]
            elif value is not None:
                options += [name] if BY_KEY[key].optional else [name, value]    # answers are to any entry
        options += ["--check-file", os.path.basename(self.output or "FILE")]
        options = list(map(quoted, options))
        words = list(map(quoted, self.words))
        command = " ".join(("bpcalc", *words, *options))
        if any(word[:1] == "-" for word in words):
            command = " ".join(("bpcalc", *options, "--", *words))
        is_read = "-" in (*self.words[:1], self.options["bindings"], self.options["data"], self.options["file"])
        return " ".join(options) if is_read or len(command) > _COPIED or not command.isprintable() else command

    # -------------------------------------------------------------------------------- single values
    def whole(self, key: str, least: int, most: int, default: int) -> int:
        """The whole number that an option gives; raises UsageProblem."""
        text = self.options[key]
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise UsageProblem(f"--{key} takes a whole number from {least} to {most}, not '{text}'")
        return int(text)

    def choice(self, key: str, known: Iterable[str]) -> str:
        """The word that an option gives, the first of those known if it is not given; raises UsageProblem."""
        known = tuple(known)
        text: str = known[0] if self.options[key] is None else self.options[key]
        if text not in known:
            near = closest(text, known)
            hint = f"did you mean {near[0]}?" if near else None
            raise UsageProblem(f"--{key} takes {', '.join(known[:-1])} or {known[-1]}, not '{text}'", hint=hint)
        return text

    def number(self, key: str) -> float | None:
        """The number, which may be a constant expression, that an option gives; raises BpcalcError."""
        from .bindings import constant

        found: float | None = self._value(key, constant)
        return found

    def _value(self, key: str, read: Callable[[str, str], Any]) -> Any:
        text = self.options[key]
        if text is None:
            return None
        try:
            return read(text, key)
        except BpcalcError as error:
            # The value was read as an assignment to a name; what was typed is an option.
            words = error.message.replace(f"value of {key} ", f"value of --{key} ")
            words = f"--{words}" if words.startswith(f"{key} ") else words
            span = error.span and (error.span[0] + 2, error.span[1] + 2)
            raise type(error)(words, Source(f"--{key} {text}", "option"), span, error.hint) from None

    # ----------------------------------------------------------------------------- what is computed
    def inputs(self) -> tuple[Source, dict[str, Any]]:
        """The expression's source, and the values that the words and --bindings give.

        Raises BpcalcError.
        """
        from .bindings import from_file, from_words
        from .files import read_given

        words, path = self.words, self.options["file"]
        if path is not None:
            source = Source(*read_given(path))
        elif not words:
            raise UsageProblem("there is no expression", hint=USAGE)
        elif words[0] == "-":
            source, words = Source(*read_given("-")), words[1:]
        else:
            source, words = Source(words[0].replace("\r\n", "\n")), words[1:]
        for word in words:
            if "=" not in word:
                raise _not_a_binding(word, words, path, self.options["wrt"])
        given = from_words(words)
        if self.options["bindings"] is not None:
            text, name = read_given(self.options["bindings"])
            found = from_file(text, name)
            refuse_twice(found, given, f", on the command line and in {name}")
            given = {**found, **given}
        return source, given

    @property
    def wrt(self) -> list[str] | None:
        """The names that --wrt gives; None for all.  Raises UsageProblem."""
        names = [name for text in self.options["wrt"] for name in _names(text)]
        if self.options["wrt"] and not names:
            raise UsageProblem("--wrt names no variable", hint="for example --wrt x,z")
        return names or None

    @property
    def upstream(self) -> Any:
        """The gradient that arrives at the output."""
        from .bindings import value_of

        found = self._value("upstream", value_of)
        return 1.0 if found is None else found

    def report(self) -> Report:
        """The run, opened into entries where that is asked for; what nobody would see of it is a warning.

        Raises BpcalcError.
        """
        from .calculate import run
        from .syntax import parse

        source, given = self.inputs()
        data = self._data(given)
        wrt, upstream = self.wrt, self.upstream
        if data is None:
            return self._by_entry(run(parse(source, given), given, wrt, upstream))
        graph = parse(source, {**given, **data.unread()})
        used = [name for name in graph.inputs if name in data]
        report = run(graph, {**given, **{name: data[name] for name in used}}, wrt, upstream, held=used)
        report.notes += _about(data, used)
        return self._by_entry(report)

    def _data(self, given: dict[str, Any]) -> Data | None:
        """The data set that --data names; none of its columns may have a value already."""
        path = self.options["data"]
        if path is None:
            return None
        from .data import parse_data
        from .files import read_given

        found = parse_data(*read_given(path))
        refuse_twice(found, given, f": it is a column of {found.name}")
        return found

    def _by_entry(self, report: Report) -> Report:
        """The report, or the one opened into entries: where it is asked for, and for paths, which are of numbers."""
        name = self.options["expand"]
        if not report.trace.arrays:
            if name is not None:
                raise UsageProblem("--expand opens arrays, and there is none here")
            return report
        if name is not None or self.mode.name == "paths":
            from .opened import opened

            result = opened(report, name or None)
            result.notes += [note for note in report.notes if note.code == "data"]
            return result
        return report

    def on_paper(self, report: Report) -> Report:
        """The run in the arithmetic that --round or --exact asks for."""
        return report.exact() if self.options["exact"] else self.carried(report) or report

    def carried(self, report: Report) -> Report | None:
        """The run in the hand arithmetic that --round asks for."""
        if self.options["round"] is None:
            return None
        from .rounded import MOST

        return report.rounded(self.whole("round", 0, MOST, 0))

    def learned(self, report: Report) -> Descent | None:
        """The gradient descent that --lr asks for; raises UsageProblem."""
        rate = self.number("lr")
        if rate is None:
            return None
        from .descent import HEAVY, OPTIMIZERS, descend

        optimizer = self.choice("optimizer", OPTIMIZERS)
        momentum = self.number("momentum")
        if momentum is None:
            momentum = 0.9
        elif optimizer not in HEAVY:
            raise UsageProblem(f"--momentum has no part in {optimizer}", hint="add --optimizer momentum or nesterov")
        count = self.whole("iterations", 1, 10**9, 1)
        if rate < 0:
            warn("the learning rate is negative: the update goes up the gradient")
        bar = Bar("steps", count)
        learned = descend(report, rate, count, optimizer, momentum, self.number("until"), bar)
        bar.clear()
        return learned

    def warn(self, report: Report) -> None:
        """Say beside the result what the result does not: values that are not used, and notes on the data set."""
        silent = self.mode.name not in ("report", "descent") or self.form not in _SHOWS_NOTES
        for note in report.notes:
            if note.code == "unused" and note.node is None:
                warn(note.message)
            elif note.code == "data" and silent:
                say(f"bpcalc: note: {note.message}")


def quoted(word: str) -> str:
    """A word as it is typed on a command line."""
    if word and not set(word) - _BARE:
        return word
    if not set(word) & _READ_IN_QUOTES:
        return f'"{word}"'
    return "'{}'".format(word.replace("'", "'\"'\"'"))


def refuse_twice(names: Iterable[str], given: dict[str, Any], where: str) -> None:
    """Raise BindingProblem for a name that has a value already; ``where`` says what else gives it one."""
    twice = next((name for name in names if name in given), None)
    if twice is not None:
        raise BindingProblem(f"'{twice}' is given a value twice{where}",
                             hint="leave one of them out")


def _not_a_binding(word: str, words: list[str], path: str | None, wrt: tuple[str, ...]) -> BpcalcError:
    """The error for one of ``words`` that gives no value; ``wrt`` is what --wrt gives."""
    from .bindings import is_name
    from .idioms import apart

    if word.startswith("-") and "--" + word.lstrip("-") in BY_NAME:
        return UsageProblem(f"there is no option {word}", Source(word, "option"), (0, len(word)),
                            f"did you mean --{word.lstrip('-')}?")
    name, colon, value = word.rstrip(",;").partition(":")
    if colon and name and is_name(name) and value.strip():
        return BindingProblem(f"'{word}' is not a binding", Source(word, "binding"), (len(name), len(name) + 1),
                              f"write {name}={value.strip()}")
    if begun := _array_apart(words):
        first, whole = begun
        return BindingProblem("the shell has taken an array apart", Source(first, "binding"),
                              (first.index("["), len(first)), f"put the word in double quotes: \"{whole}\"")
    hint = "values are given as NAME=VALUE"
    more = [other for other in words if "=" not in other]
    lone = any(other and not set(other) - _OPERATORS for other in words)
    example = next((f"{one}={other}" for one, other in pairwise(words) if is_name(one) and _is_number(other)), "")
    if path is None and all(map(_is_number, words)):
        hint += f", for example x={word}"
    elif wrt and not lone and all(map(is_name, more)):
        hint = f"commas join the names: --wrt {','.join((*wrt, *more))}"
    elif path is None and (lone or any(sign in word for sign in "+-*/^(")):
        hint = "put the whole expression in double quotes, and give values as NAME=VALUE"
    elif any(map(os.path.exists, more)):
        hint = "the shell has put file names in the place of a *: put the whole expression in double quotes"
    elif example:
        hint += f", for example {example}"
    if pairs := apart(" ".join(words)):
        hint = f"no blanks stand around the =: {' '.join(pairs)}"
    what = "is not a binding; there is one expression already" if path is None else "is not a binding"
    return BindingProblem(f"'{word}' {what}", Source(word, "binding"), (0, len(word)), hint)


def _array_apart(words: list[str]) -> tuple[str, str] | None:
    """The first of the words that an array was taken apart into, and the array as far as it can be told."""
    for at, word in enumerate(words):
        if "=" in word and word.count("[") > word.count("]"):
            whole = word
            for other in words[at + 1:]:
                if "=" in other or whole.count("[") == whole.count("]"):
                    break
                whole += f" {other}"
            if whole == word:
                continue
            return word, whole if whole.count("[") == whole.count("]") else f"{whole}; …]"    # a ; ends a command
    return None


def _is_number(word: str) -> bool:
    return word.replace(".", "").strip("-+").isdigit()


def _names(text: str) -> Iterator[str]:
    """The names in a list; a comma in brackets belongs to a name, as in W[0,1]."""
    name, depth = "", 0
    for char in f"{text},":
        depth += (char == "[") - (char == "]")
        if char == "," and depth <= 0:
            if name.strip():
                yield name.strip()
            name = ""
        else:
            name += char
    if name.strip():
        yield name.strip()


def _about(data: Data, used: list[str]) -> list[Note]:
    """What has to be said of the columns that are used, or that none is."""
    from .records import Note
    from .render.to_caret import visible

    if not used:
        return [Note("unused", None, f"the expression uses no column of {data.name}; they are "
                     f"{', '.join([*data][:12])}")]
    return [Note("data", None, visible(words)) for name in used for words in data.remarks(name)]
