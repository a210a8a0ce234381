"""THE TABLE OF MODES: what a run does, the formats it is shown in, and the options that count in it.

Every refusal of options that have nothing to do with each other follows from the table.  An option that a
run takes changes what the run shows; one that would change nothing is refused, never ignored.  (``--color``
is a wish about the terminal and goes with everything; ``--help`` and ``--version`` come before all others.)
"""

from __future__ import annotations

import os

from .errors import UsageProblem, closest
from .options import BY_KEY, FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    Formats = tuple[str, ...]

_PICTURES = ("svg", "png", "pdf")
_OPINIONS = ("table", "blocks", "plain", "steps", "json")
_LISTED = ("table", "blocks", "plain", "steps", "latex", "markdown")


def _without(*forms: str) -> Formats:
    return tuple(form for form in FORMATS if form not in forms)


class Mode:
    """What a run does.

    ``made_by`` are the keys of the options that ask for it, ``words`` is what it shows, ``formats`` are the
    forms it can have, and ``takes`` says of every other option that counts in which of them (None: in all).
    ``hint`` says why others do not.
    """

    __slots__ = ("formats", "hint", "made_by", "name", "takes", "words")

    def __init__(self, name: str, words: str, made_by: tuple[str, ...], formats: Formats, hint: str | None,
                 takes: Mapping[str, Formats | None]) -> None:
        self.name = name
        self.words = words
        self.made_by = made_by
        self.formats = formats
        self.hint = hint
        self.takes = takes

    def forms_of(self, key: str) -> Formats:
        """The formats in which an option counts; none where it does not count at all."""
        if key in self.made_by or key in ALWAYS:
            return self.formats
        if key not in self.takes:
            return ()
        forms = self.takes[key]
        return self.formats if forms is None else forms


_INPUTS = dict.fromkeys(("bindings", "data", "file", "wrt", "upstream"))
_LEARNING = dict.fromkeys(("lr", "iterations", "optimizer", "momentum", "until"))
_JUDGING = dict.fromkeys(("strict", "tolerance"))
_COURSE = ("table", "plain", "json", "csv", *_PICTURES)
_SOLUTIONS = ("steps", "latex", "markdown")
"""What shows a single update below both passes."""

MODES = (
    Mode("functions", "the list of functions", ("functions",), ("table", "json"), "it is a list, not a run", {}),
    Mode("practice", "a worksheet", ("practice",), ("table", "latex", "markdown", "json"),
         "--practice makes its own exercise",
         {"seed": None, "variants": None, "worksheet": None, "digits": ("table", "latex", "markdown")}),
    Mode("batch", "rows", ("batch",), ("csv", "json"), "every row has a line of its own: value and gradients",
         dict.fromkeys(("bindings", "file", "wrt", "upstream"))),
    Mode("grade", "a class list", ("grade",), ("table", "csv", "json"),
         "every column of a class list is asked for, and a blank is a missing answer",
         {**_INPUTS, **_JUDGING, **_LEARNING, "round": None, "expand": None, "reveal": ("json",)}),
    Mode("check", "verdicts", ("check", "check_file"), ("table", "json"),
         "checking shows verdicts and nothing that would give the solution away",
         {**_INPUTS, **_JUDGING, **_LEARNING, "round": None, "require": None, "reveal": None, "expand": None,
          "digits": ("table",)}),
    Mode("worksheet", "a worksheet", ("worksheet",), ("table", "latex", "markdown", "csv", "json"),
         "a worksheet has blanks for every number of one run",
         {**_INPUTS, "lr": None, "reveal": None, "expand": None, "expand=": None, "round": None,
          "title": ("table", "latex", "markdown"), "exact": ("table", "latex", "markdown", "csv"),
          "digits": ("table", "latex", "markdown", "csv")}),
    Mode("paths", "paths", ("paths",), ("table", "json"), "--paths lists the paths and nothing else",
         {**_INPUTS, "round": None, **dict.fromkeys(("digits", "exact"), ("table",))}),
    Mode("descent", "gradient descent", ("lr",), (*_COURSE, *_SOLUTIONS), "leave one of them out",
         {**_INPUTS, **dict.fromkeys(_LEARNING, _COURSE), "expand": ("table", "plain", "json", *_SOLUTIONS),
          "digits": ("table", "plain", "svg", *_SOLUTIONS), "title": ("svg", "latex", "markdown"), "graph": ("table",),
          "symbolic": ("table", "plain", "json", "steps"), "gradcheck": ("table", "plain", "json", "steps")}),
    Mode("report", "a run", (), tuple(FORMATS), None,
         {**_INPUTS, "expand": None, "expand=": ("table", "blocks", "plain", "steps", "latex", "markdown", "html"),
          "round": None, "exact": None, "digits": _without("json", "csv"), "all": _LISTED, "graph": ("table",),
          "title": ("svg", "html", "latex", "markdown"), "symbolic": _OPINIONS, "gradcheck": _OPINIONS}),
)

ALWAYS = frozenset(("format", "json", "steps", "output", "color"))
"""Options that every run takes: they say in which form, where to, and in what colours."""

APART = (
    (("round", "exact"), ("symbolic", "gradcheck"), "second opinions are about the run in double precision"),
    (("round",), ("exact",), "leave one of them out"),
)
"""Options that exclude each other wherever they are taken, and why."""

_ANSWERS = (("check", "check_file", "grade"), "answers to check", 'for example --check "dx=-4"')
_RATE = (("lr",), "a learning rate", "for example --lr 0.1")
_EXERCISE = (("practice",), "an exercise", "for example --practice easy")
_NUMBERS = (("reveal",), "right numbers to write", "add --reveal")
_NOTHING: tuple[tuple[str, ...], str, str] = ((), "", "")
NEEDS = {
    ("", "require"): (("check", "check_file"), *_ANSWERS[1:]), ("", "strict"): _ANSWERS, ("", "tolerance"): _ANSWERS,
    ("", "reveal"): ((*_ANSWERS[0], "worksheet"), *_ANSWERS[1:]),
    ("", "iterations"): _RATE, ("", "optimizer"): _RATE, ("", "momentum"): _RATE, ("", "until"): _RATE,
    ("", "seed"): _EXERCISE, ("", "variants"): _EXERCISE,
    ("check", "digits"): _NUMBERS,
}
"""Options that are about another, in a mode or in all: one of which, in words, and an example of it."""

_WHY = {
    ("check", "all"): "--require all counts missing answers, too",
    ("check", "exact"): "fractions are right without it",
    ("check", "worksheet"): "first the one, then the other",
    ("worksheet", "graph"): "--graph draws below the table",
    ("paths", "graph"): "--graph draws below the table",
    ("paths", "expand"): "paths open arrays by themselves",
    ("descent", "all"): "the course of a descent is shown at some steps; --json has all of them",
    ("worksheet", "all"): "a worksheet has every number",
}
_FORM_HINTS = {
    "graph": "--graph draws below the table; --format circuit is the drawing alone",
    "expand=": "--expand without a name opens everything",
}


def mode_of(options: Mapping[str, Any]) -> Mode:
    """What the options ask for: the first mode of the table that one of them makes."""
    return next(mode for mode in MODES if not mode.made_by or any(is_given(options, key) for key in mode.made_by))


def is_given(options: Mapping[str, Any], key: str) -> bool:
    """Whether an option was given."""
    return bool(options[key] != BY_KEY[key].default)


def settled(options: Mapping[str, Any]) -> tuple[Mode, str]:
    """The mode and the format of a run.

    Raises UsageProblem where the options ask for two things, or for one that another leaves no room for.
    """
    mode = mode_of(options)
    given = [key for key in BY_KEY if is_given(options, key)]
    for key in given:
        taken = mode.forms_of(key)
        makers, words, example = NEEDS.get((mode.name, key)) or NEEDS.get(("", key)) or _NOTHING
        if makers and (taken or mode.name in ("report", "descent")) and not any(maker in given for maker in makers):
            raise UsageProblem(f"{_dashed(key)} needs {words}", hint=example)
        if taken:
            continue
        first = next(maker for maker in mode.made_by if maker in given)
        raise UsageProblem(f"{_dashed(first)} and {_dashed(key)} cannot go together",
                           hint=_WHY.get((mode.name, key), mode.hint))
    for some, others, why in APART:
        for one, other in ((one, other) for one in some for other in others):
            if one in given and other in given:
                raise UsageProblem(f"{_dashed(one)} and {_dashed(other)} cannot go together", hint=why)
    form = _format(mode, options)
    for key in (*given, *(["expand="] if options["expand"] else [])):
        forms = mode.forms_of(key)
        if not forms:
            raise UsageProblem(f"{_dashed(key)} has no part in {mode.words}", hint=_FORM_HINTS[key])
        if form not in forms:
            hint = "its numbers have all digits" if key == "digits" and form in ("json", "csv") else None
            raise UsageProblem(f"{_dashed(key)} has no part in {form}",
                               hint=hint or _FORM_HINTS.get(key) or f"choose {_listed(forms)}")
    return mode, form


def _dashed(key: str) -> str:
    return "--expand=NAME" if key == "expand=" else f"--{key.replace('_', '-')}"


def _listed(words: Iterable[str]) -> str:
    *some, last = words
    return f"{', '.join(some)} or {last}" if some else last


# ---------------------------------------------------------------------------------------- formats
ENDINGS = {".json": "json", ".jsonl": "json", ".ndjson": "json", ".csv": "csv", ".txt": "table", ".svg": "svg",
           ".html": "html", ".htm": "html", ".png": "png", ".pdf": "pdf", ".dot": "dot", ".gv": "dot",
           ".mmd": "mermaid", ".tex": "latex", ".md": "markdown"}
"""The format that the ending of a file chooses."""

_LOOSE = (".txt", ".md")
"""Endings of files that may hold other formats, too."""
_NOT_DRAWN = (".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".eps", ".ps")
_LINES = (".jsonl", ".ndjson")
"""Endings of files that hold an object a line."""


def _format(mode: Mode, options: Mapping[str, Any]) -> str:
    asked = list(_asked(options))
    for spelled, form in asked:
        if form != asked[0][1]:
            raise UsageProblem(f"{asked[0][0]} and {spelled} ask for two formats", hint="leave one of them out")
    ending = os.path.splitext(options["output"] or "")[1].lower()
    by_ending = ENDINGS.get(ending)
    if ending and by_ending is None and not asked:
        if ending in _NOT_DRAWN:
            raise UsageProblem(f"no {ending} pictures are made", hint="pictures are .svg, .png, .pdf and .html")
        raise UsageProblem(f"there is no format for a file that ends in {ending}",
                           hint=f"endings are {' '.join(ENDINGS)}; or say which with --format")
    spelled, form = asked[0] if asked else (f"a file that ends in {ending}", by_ending or "table")
    if by_ending and ending not in _LOOSE and by_ending != form:
        raise UsageProblem(f"a file that ends in {ending} does not hold {form}",
                           hint="leave the format out, or give the file another ending")
    if form == "table" and not asked:
        form = mode.formats[0]                     # what the mode shows by itself
    if form not in mode.formats or (ending in _LINES and mode.name != "batch"):
        choices = mode.formats if asked else [end for end, made in ENDINGS.items() if made in mode.formats and (
            end not in _LINES or mode.name == "batch")]
        raise UsageProblem(f"{spelled} cannot show {mode.words}", hint=f"choose {_listed(choices)}")
    return form


def is_chosen(options: Mapping[str, Any]) -> bool:
    """Whether an option, or the ending of the file, has chosen a format."""
    ending = os.path.splitext(options["output"] or "")[1].lower()
    return any(True for _ in _asked(options)) or ENDINGS.get(ending, "table") != "table"


def _asked(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The formats that options ask for, each with what asks for it."""
    form = options["format"]
    if form is not None:
        if form not in FORMATS:
            near = closest(form, FORMATS)
            raise UsageProblem(f"--format takes {_listed(FORMATS)}, not '{form}'",
                               hint=f"did you mean {near[0]}?" if near else None)
        yield f"--format {form}", form
    for key in ("json", "steps"):
        if options[key]:
            yield f"--{key}", key
