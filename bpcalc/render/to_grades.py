"""A graded class list: a table with a summary, CSV for the grade book, or JSON."""

from __future__ import annotations

from ..homework.check import FOLLOWS, MISSING, RIGHT
from ..homework.grade import ClassList
from .symbols import Symbols
from .to_caret import visible
from .to_json import SCHEMA, plain
from .to_json import text as quoted
from .to_verdicts import as_json as verdicts_as_json
from .wrap import padded, width, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..homework.grade import Graded
    from ..report import Report

_NAME = 32
"""Students' names are padded up to this many characters; longer ones push their row to the right."""
_SLIPS = 20
"""How much room the mistakes need at least beside a row; where it is not there, they stand below."""
_JOINED = "\u00a0"


def table(found: ClassList, symbols: Symbols, room: int | None = None) -> Iterator[str]:
    """One line a student, then how the class did and which mistakes it makes; what does not fit goes on below."""
    signs = {RIGHT: symbols.yes, FOLLOWS: symbols.both, MISSING: "-"}
    of = len(found.keys)
    name = min(max((width(visible(row.student)) for row in found.rows), default=0), _NAME)
    name = max(name, len("student"))
    score = max(len(f"{of}/{of}"), len("score"))
    sizes = [max(width(key), 2) for key in found.keys]
    before = name + score + sum(sizes) + 2 * (of + 2)
    fits, beside = (room is None or before + more <= room for more in (-2, _SLIPS))

    def line(who: str, points: str, cells: Sequence[str], slips: str) -> Iterator[str]:
        if fits:
            columns = zip((who, points, *cells), (name, score, *sizes))
            first = "".join(f"{padded(cell, size)}  " for cell, size in columns)
            yield from _fitted(first, slips * beside, " " * before, room)
        else:
            yield from _fitted("", f"{who}  {points}", "  ", room)
            pairs = (_whole(f"{key} {cell}") for key, cell in zip(found.keys, cells))
            yield from _fitted("  ", "  ".join(pairs), "  ", room)
        if slips and not beside:
            yield from _fitted("  ", slips, "  ", room)

    if fits:
        yield from line("student", "score", found.keys, "mistakes" * beside)
    for row in found.rows:
        who = visible(row.student)
        if row.problem:
            yield from _fitted("", f"{padded(who, name)}  not read: {row.problem}", "  ", room)
        else:
            cells = [signs.get(verdict.status, symbols.no) for verdict in row.verdicts]
            yield from line(who, f"{row.score}/{of}", cells, _slips(row))
    yield from _summary(found, room)
    yield "\n"
    yield from _fitted("", "   ".join((
        _whole(f"{symbols.yes} right"), f"{_whole(f'{symbols.both} counts')} as right: follows from a wrong answer",
        _whole(f"{symbols.no} wrong"), _whole("- missing"))), "", room)


def _fitted(first: str, text: str, lead: str, room: int | None) -> Iterator[str]:
    for line in wrapped(first, text, lead, room):
        yield f"{line.replace(_JOINED, ' ').rstrip()}\n"


def _whole(text: str) -> str:
    """Words that stay on one line."""
    return text.replace(" ", _JOINED)


def _slips(row: Graded) -> str:
    return ", ".join(f"{key}: {code}" for key, code in row.mistakes)


def _summary(found: ClassList, room: int | None) -> Iterator[str]:
    scores, of = found.scores(), len(found.keys)
    count = len(scores)
    if count:
        middle = (scores[(count - 1) // 2] + scores[count // 2]) / 2
        mean = sum(scores) / count
        yield "\n"
        yield from _fitted("", f"{count} student{'s' if count > 1 else ''}: mean {mean:.3g} of {of}, "
                           f"median {middle:.3g}, all right {sum(score == of for score in scores)}", "  ", room)
        shares = (_whole(f"{key} {passed / count:.0%}") for key, passed in zip(found.keys, found.passed()))
        yield from _fitted("right: ", ", ".join(shares), "  ", room)
    mistakes = found.mistakes()
    if mistakes:
        yield "\nmistakes of the class\n"
        codes, digits = max(len(code) for code, _, _ in mistakes), len(str(mistakes[0][1]))
        for code, times, by_key in mistakes:
            where = (_whole(f"{key} {number}") for key, number in sorted(by_key.items(), key=lambda item: -item[1]))
            yield from _fitted(f"  {code:<{codes}}  {times:>{digits}}  in ", ", ".join(where),
                               " " * (codes + digits + 9), room)


def csv_lines(found: ClassList) -> Iterator[str]:
    """One row a student: score, the status of every key, the mistakes."""
    yield ",".join(["student", "score", "of", *map(_cell, found.keys), "mistakes"]) + "\n"
    for row in found.rows:
        cells = [_cell(row.student), "" if row.problem else str(row.score), str(len(found.keys)),
                 *(verdict.status for verdict in row.verdicts), *([""] * (len(found.keys) - len(row.verdicts))),
                 _cell(row.problem or _slips(row))]
        yield ",".join(cells) + "\n"


def _cell(text: str) -> str:
    # A spreadsheet would run what begins like a formula.
    if text[:1] in ("=", "+", "-", "@"):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n\r') else text


def json_lines(found: ClassList, report: Report, reveal: bool) -> Iterator[str]:
    """The whole list with every verdict, and the summary."""
    yield (f'{{"schema": "{SCHEMA}", "expression": {quoted(report.expression)}, "keys": {plain(found.keys)},\n'
           ' "students": [')
    lead = "\n  "
    for row in found.rows:
        record = {"student": row.student, "line": row.line, "score": None if row.problem else row.score,
                  "of": len(found.keys), "answers": verdicts_as_json(row.verdicts, reveal)}
        if row.problem:
            record["problem"] = row.problem
        yield f"{lead}{plain(record)}"
        lead = ",\n  "
    scores = found.scores()
    summary = {"students": len(scores), "mean": sum(scores) / len(scores) if scores else None,
               "right": dict(zip(found.keys, found.passed())),
               "mistakes": [{"mistake": code, "count": count, "keys": by_key}
                            for code, count, by_key in found.mistakes()]}
    problems = [{"line": line, "message": words} for line, words in found.problems]
    yield f'],\n "summary": {plain(summary)},\n "problems": {plain(problems)}}}\n'
