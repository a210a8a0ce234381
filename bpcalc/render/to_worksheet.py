"""Worksheets: the run's numbers as blanks, or filled in for the teacher, in text, CSV, Markdown, LaTeX and JSON.

Each form is read again by ``--check-file`` (homework/sheets.py): text and CSV have a key a line, Markdown a
column of keys, and in LaTeX the first argument of ``\\blank``, which is not printed, is the key.
"""

from __future__ import annotations

from copy import copy

from ..homework.answers import LOCAL, NEW, VALUE
from ..homework.worksheet import Blank, given, sections
from ..report import Report
from . import to_latex, to_markdown
from .cells import Cells
from .grids import shape_of
from .hand import Hand
from .markup import Block, Code, Command, Equations, Heading, Math, Prose, Table, titled
from .solution import circuit
from .symbols import Symbols
from .tex import TexHand
from .to_caret import visible
from .to_csv import field
from .wrap import wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..descent import Descent

BLANK = "____"
BLANKS = (r"\providecommand{\blank}[2]{\setbox0=\hbox{\strut$#2$}"
          r"\underline{\ifdim\wd0<28mm\makebox[28mm]{\box0}\else\;\box0\;\fi}}" "\n")
"""LaTeX for a blank: a key, which is not printed, and the number, which is filled in."""

_ROW = 7
"""Millimetres for a row of an array that is written by hand."""

_ASK = "Fill in the numbers. bpcalc checks them with"
_KEY = "The key to the worksheet."


def text(report: Report, reveal: bool = False, digits: int = 6, title: str | None = None, check: str = "",
         learned: Descent | None = None, room: int | None = None) -> str:
    """The worksheet as lines KEY = VALUE, with everything else in comments.

    ``check`` is the command that checks it, ``learned`` an update that it asks for as well.  What is stated of the
    output goes on below within ``room``.
    """
    sheet = _Sheet(report, Hand(digits, Symbols(unicode=False), flat=True), reveal, check, learned)
    lines = [] if title is None else [f"# {visible(' '.join(title.split()))}", "#"]
    lines += [f"#   {line}" if isinstance(line, Command) else f"# {line}" for line in sheet.about()]
    lines += ["#", "# Given"]
    lines += [f"#   {sheet.hand.name(report.label(k))} = {sheet.given(k)}" for k in given(report)]
    whole = report.text(report.graph.output)
    named = f"{report.symbol} = {whole}" if whole and whole != report.symbol else report.symbol
    lines += ["#", *wrapped("# Output: ", named, "#   ", room)]
    if report.weighted:
        lines.append(f"# {sheet.cells.upstream()}")
    for title, blanks in sheet.sections:
        lines += ["", f"# {title}"]
        rows = [(f"{blank.key} = {sheet.filled(blank) or BLANK}",
                 (sheet.operation(blank) + sheet.hand.shape(blank.number)).strip()) for blank in blanks]
        size = max(len(left) for left, _ in rows)
        lines += [f"{left:<{size}}    # {operation}" if operation else left for left, operation in rows]
    return "".join(f"{line}\n" for line in lines)


def rows(report: Report, reveal: bool = False, digits: int = 6, learned: Descent | None = None) -> str:
    """The worksheet as CSV: a key and its number a row."""
    sheet = _Sheet(report, Hand(digits, Symbols(unicode=False), flat=True), reveal, "", learned)
    lines = [f"{field(blank.key)},{field(sheet.filled(blank))}" for _, blanks in sheet.sections for blank in blanks]
    return "".join(f"{line}\n" for line in ("key,value", *lines))


def latex(report: Report, reveal: bool = False, digits: int = 6, standalone: bool = False,
          title: str | None = None, check: str = "", learned: Descent | None = None) -> str:
    """The worksheet as LaTeX."""
    blocks = latex_blocks(report, reveal, digits, check, learned)
    return "".join(to_latex.page(titled(title, blocks), standalone, BLANKS))


def latex_blocks(report: Report, reveal: bool = False, digits: int = 6, check: str = "",
                 learned: Descent | None = None) -> Iterator[Block]:
    """The worksheet as blocks for to_latex.page with the command ``BLANKS``."""
    hand = TexHand(digits)
    sheet = _Sheet(report, hand, reveal, check, learned)
    yield from sheet.head(hand)
    for title, blanks in sheet.sections:
        yield Heading(title)
        yield Equations(" = ".join((f"{sheet.left(blank)} &", *sheet.middle(blank), sheet.blank(blank)))
                        .replace("& = ", "&= ") for blank in blanks)


def markdown(report: Report, reveal: bool = False, digits: int = 6, title: str | None = None, check: str = "",
             learned: Descent | None = None) -> str:
    """The worksheet as Markdown: tables of keys, quantities, and numbers to be filled in."""
    return "".join(to_markdown.page(titled(title, markdown_blocks(report, reveal, digits, check, learned))))


def markdown_blocks(report: Report, reveal: bool = False, digits: int = 6, check: str = "",
                    learned: Descent | None = None) -> Iterator[Block]:
    """The worksheet as blocks for to_markdown.page."""
    hand = TexHand(digits)
    sheet = _Sheet(report, hand, reveal, check, learned)
    plain = _Sheet(report, Hand(digits, flat=True), reveal, "", learned)
    yield from sheet.head(hand)
    for title, blanks in sheet.sections:
        yield Heading(title)
        rows = [(Code(blank.key), Math(" = ".join([sheet.left(blank), *sheet.middle(blank)])),
                 Code(plain.filled(blank)) if reveal else "")
                for blank in blanks]
        yield Table(("key", "quantity", "number"), rows, frozenset((2,)))


def as_json(report: Report, reveal: bool = False, learned: Descent | None = None) -> dict[str, Any]:
    """The worksheet as a record: what is given, and an object of answers that are null."""
    answers: dict[str, Any] = {}
    for _, blanks in sections(report, learned):
        for blank in blanks:
            answers[blank.key] = _listed(blank.number) if reveal else _emptied(blank.number)
    return {"given": {report.label(k): _listed(report.trace.values[k]) for k in given(report)},
            "upstream": _listed(report.upstream), "answers": answers}


def _listed(number: Any) -> Any:
    """A number, or nested lists of them, for JSON."""
    if shape_of(number):
        entries = number.astype(object)
        entries[number != number] = "undefined"
        return entries.tolist()
    return "undefined" if number is None else float(number)


def _emptied(number: Any) -> Any:
    """A blank, or nested lists of them."""
    if not shape_of(number):
        return None
    entries = number.astype(object)
    entries[...] = None
    return entries.tolist()


class _Sheet:
    """The parts of a worksheet in one hand; ``check`` is the command that checks it, or the options it needs."""

    def __init__(self, report: Report, hand: Hand, reveal: bool, check: str = "",
                 learned: Descent | None = None) -> None:
        # Raises for large arrays, before a given one would be written by its corners.
        self.sections = sections(report, learned)
        self.learned = learned
        self.report = report
        self.hand = hand
        self.reveal = reveal
        self.check = check
        self.cells = Cells(report, hand.digits, hand.symbols, hand)

    def about(self) -> list[Prose | Command]:
        """What is to be done with the sheet."""
        decimals = self.report.decimals
        carry = [] if decimals is None else \
            [Prose(f"Carry {decimals} decimal{'' if decimals == 1 else 's'} at every step.")]
        if self.reveal:
            return [Prose(_KEY), *carry]
        if self.check.startswith("bpcalc "):
            return [Prose(f"{_ASK}:"), Command(self.check), *carry]
        options = self.check or ("--check-file" if decimals is None else f"--round {decimals} --check-file")
        return [Prose(f"{_ASK} {options}."), *carry]

    def head(self, hand: TexHand) -> Iterator[Block]:
        """What the sheet is, and what is given."""
        report = self.report
        yield Heading("Key" if self.reveal else "Worksheet")
        yield from self.about()
        lines = [f"{hand.name(report.label(k))} &= {self.given(k)}" for k in given(report)]
        if report.weighted:
            lines.append(f"{hand.derivative(self.cells.top, report.symbol)} &= {hand.number(report.upstream)}")
        yield from circuit(self.cells, hand)
        if lines:
            yield Heading("Given")
            yield Equations(lines)

    def given(self, k: int) -> str:
        """A variable's value in full: answers worked out from a rounded one would be wrong."""
        value, hand = self.report.trace.values[k], copy(self.hand)
        parts = value.ravel().tolist() if shape_of(value) else [value]
        hand.digits = next((digits for digits in range(hand.digits, 17)
                            if all(float(f"{part:.{digits}g}") == part for part in parts)), 17)
        return hand.number(value, self.cells.kind(k))

    def left(self, blank: Blank) -> str:
        """What is asked for."""
        kind, k, i = blank.place
        label = self.report.label(k)
        if kind == VALUE:
            return self.hand.name(label) + (self.hand.shape(blank.number, self.cells.kind(k))
                                            if self.hand.wants_names else "")
        if kind == LOCAL and isinstance(i, int):
            return self.hand.derivative(label, self.report.label(i))
        if kind == NEW:
            return self.hand.updated(label)
        return self.hand.derivative(self.cells.top, label)

    def middle(self, blank: Blank) -> list[str]:
        """What it is equal to, in symbols, where the sheet says so."""
        operation = self.operation(blank)
        return [operation] if operation else []

    def operation(self, blank: Blank) -> str:
        """For a forward value the operation over the names of its inputs, for a weight the rule of the update."""
        kind, k, _ = blank.place
        if kind == NEW and self.learned is not None and k != self.report.graph.output:
            return self.hand.update(self.report.label(k), self.learned.rate, self.cells.top)
        if kind != VALUE:
            return ""
        return self.hand.formula(self.report.step(k, []).operation or "", self.cells.names(k))

    def blank(self, blank: Blank) -> str:
        """A blank in LaTeX, with room for the rows of an array above the line."""
        shape = shape_of(blank.number)
        room = rf"\rule{{0pt}}{{{_ROW * shape[0]}mm}}" if shape and not self.reveal else ""
        return rf"\blank{{{blank.key}}}{{{self.filled(blank)}}}{room}"

    def filled(self, blank: Blank) -> str:
        """What stands in the blank."""
        return self.hand.number(blank.number, self.cells.kind(blank.place[1])) if self.reveal else ""
