"""Exercises in words: what the terminal asks and replies, and worksheets with their keys."""

from __future__ import annotations

from ..homework import session
from ..homework.answers import VALUE
from ..homework.check import FOLLOWS
from ..homework.practice import Exercise
from ..homework.session import Reply, Session
from . import to_latex, to_markdown, to_worksheet
from .markup import Block, Heading, PageBreak, Prose
from .numbers import show
from .symbols import Symbols
from .to_json import SCHEMA, plain
from .wrap import wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


# ------------------------------------------------------------------------------------ conversation
def opening(exercise: Exercise, symbols: Symbols) -> str:
    """The exercise, and how to answer."""
    given = ", ".join(f"{name} = {show(value)}" for name, value in exercise.values.items())
    statements = exercise.text.split("; ")
    dash = "–" if symbols.unicode else "-"
    return (f"Practice, {exercise.level}, seed {exercise.seed}. Work it on paper first.\n\n"
            + "".join(f"  {line}\n" for line in statements)
            + f"\nwith {given}\n\nEnter alone skips {dash} ? gives a hint, and ?? the number {dash} Ctrl-D ends\n\n")


def prompt(at: Session, symbols: Symbols) -> str:
    """The question for the number that is asked for now."""
    report = at.exercise.report
    kind, k, _ = at.places[at.at]
    if kind == VALUE:
        return f"{report.label(k)} = {report.step(k, []).operation} = "
    d = symbols.partial
    return f"{d}{report.top}/{d}{report.label(k)} = "


def reply(found: Reply, symbols: Symbols, room: int | None = None, digits: int = 6) -> str:
    """What is said to a line."""
    if found.happened == session.HINT:
        return _hint(found.words, room)
    if found.happened == session.REVEALED:
        return f"   it is {show(found.number, digits)}\n"
    if found.happened == session.UNREADABLE:
        return "   that is no number; for example -4, 0.25, 1/3 or 2*exp(-1)\n"
    verdict = found.verdict
    if verdict is None:                            # it was skipped
        return ""
    note = f": {verdict.note}" if verdict.note else ""
    if verdict.passed:
        words = "counts as right" if verdict.status == FOLLOWS else "right"
        return _said(symbols.both if verdict.status == FOLLOWS else symbols.yes, f"{words}{note}", room)
    hint = _hint(verdict.hint, room) if verdict.hint else ""
    offer = "   ?? shows the number, Enter goes on\n" if found.offer else ""
    return _said(symbols.no, f"wrong{note}", room) + hint + offer


def _said(sign: str, words: str, room: int | None) -> str:
    return "".join(f"{line}\n" for line in wrapped(f"{sign}  ", words, "   ", room))


def _hint(words: str, room: int | None) -> str:
    return "".join(f"{line}\n" for line in wrapped("   hint: ", words, "         ", room))


def closing(at: Session) -> str:
    """How it went, and how to go on."""
    exercise, count = at.exercise, len(at.places)
    lines = [f"\n{at.right} of {count} right at the first try"]
    if at.wrong:
        slips = sorted(at.wrong.items(), key=lambda item: -item[1])
        lines.append("mistakes: " + ", ".join(f"{code} {times}" for code, times in slips))
    lines += ["", f"the solution:  {exercise.command} --steps",
              f"again:         bpcalc --practice {exercise.level} --seed {exercise.seed}",
              f"the next one:  bpcalc --practice {exercise.level} --seed {exercise.seed + 1}"]
    return "".join(f"{line}\n" for line in lines)


# -------------------------------------------------------------------------------------- worksheets
def text(exercises: Iterable[Exercise], of: int, digits: int = 6) -> Iterator[str]:
    """Every worksheet as KEY = VALUE lines; the keys follow in comments, so a sheet can be checked."""
    keys = []
    for exercise in exercises:
        yield f"# {_title(exercise, of)}\n# {exercise.text}\n"
        yield to_worksheet.text(exercise.report, False, digits) + "\n"
        key = to_worksheet.text(exercise.report, True, digits)
        right = [line.partition("    #")[0].rstrip() for line in key.splitlines() if line and line[0] != "#"]
        keys.append((exercise, right))
    for exercise, right in keys:
        yield f"# Key to: {_title(exercise, of)}\n# {exercise.command}\n"
        yield "".join(f"#   {line}\n" for line in right)


def markdown(exercises: Iterable[Exercise], of: int, digits: int = 6) -> Iterator[str]:
    """Every worksheet, and then every key, as Markdown."""
    yield from to_markdown.page(_pages(list(exercises), of, digits, tex=False))


def latex(exercises: Iterable[Exercise], of: int, digits: int = 6, standalone: bool = False) -> Iterator[str]:
    """Every worksheet on a page of its own, and then every key, as LaTeX."""
    yield from to_latex.page(_pages(list(exercises), of, digits, tex=True), standalone, to_worksheet.BLANKS)


def _pages(exercises: list[Exercise], of: int, digits: int, tex: bool) -> Iterator[Block]:
    blocks = to_worksheet.latex_blocks if tex else to_worksheet.markdown_blocks
    for reveal in (False, True):
        for at, exercise in enumerate(exercises):
            if at or reveal:
                yield PageBreak()
            yield Heading(_title(exercise, of))
            yield Prose(exercise.text)
            yield from blocks(exercise.report, reveal, digits)


def json_lines(exercises: Iterable[Exercise], level: str, seed: int) -> Iterator[str]:
    """Every exercise with its worksheet to be filled in and its key."""
    yield f'{{"schema": "{SCHEMA}", "level": {plain(level)}, "seed": {seed},\n "exercises": ['
    lead = "\n  "
    for exercise in exercises:
        blank, key = (to_worksheet.as_json(exercise.report, reveal) for reveal in (False, True))
        record = {"variant": exercise.variant, "expression": exercise.text, "given": blank["given"],
                  "answers": blank["answers"], "key": key["answers"]}
        yield f"{lead}{plain(record)}"
        lead = ",\n  "
    yield "]}\n"


def _title(exercise: Exercise, of: int) -> str:
    which = f"{exercise.variant} of {of} ({exercise.level}, seed {exercise.seed})"
    return f"Exercise {which}" if of > 1 else f"Exercise ({exercise.level}, seed {exercise.seed})"
