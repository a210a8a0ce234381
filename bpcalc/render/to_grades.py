"""A graded class list: a table with a summary, CSV for the grade book, or JSON."""

from __future__ import annotations

from ..homework.check import FOLLOWS, MISSING, RIGHT
from ..homework.grade import ClassList
from .symbols import Symbols
from .to_caret import visible
from .to_json import SCHEMA, plain
from .to_json import text as quoted
from .to_verdicts import as_json as verdicts_as_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..homework.grade import Graded
    from ..report import Report

_NAME = 32
"""Students' names are padded up to this many characters; longer ones push their row to the right."""


def table(found: ClassList, symbols: Symbols) -> Iterator[str]:
    """One line a student, then how the class did and which mistakes it makes."""
    signs = {RIGHT: symbols.yes, FOLLOWS: symbols.both, MISSING: "-"}
    of = len(found.keys)
    name = min(max((len(visible(row.student)) for row in found.rows), default=0), _NAME)
    name = max(name, len("student"))
    score = len(f"{of}/{of}")
    widths = [max(len(key), 2) for key in found.keys]
    head = "  ".join([f"{'student':<{name}}", f"{'score':<{max(score, 5)}}",
                      *(f"{key:<{width}}" for key, width in zip(found.keys, widths)), "mistakes"])
    yield f"{head.rstrip()}\n"
    for row in found.rows:
        who = f"{visible(row.student):<{name}}"
        if row.problem:
            yield f"{who}  not read: {row.problem}\n"
            continue
        cells = [f"{signs.get(verdict.status, symbols.no):<{width}}" for verdict, width in zip(row.verdicts, widths)]
        line = "  ".join([who, f"{f'{row.score}/{of}':<{max(score, 5)}}", *cells, _slips(row)])
        yield f"{line.rstrip()}\n"
    yield from _summary(found)
    yield (f"\n{symbols.yes} right   {symbols.both} counts as right: it follows from a wrong answer   "
           f"{symbols.no} wrong   - missing\n")


def _slips(row: Graded) -> str:
    return ", ".join(f"{key}: {code}" for key, code in row.mistakes)


def _summary(found: ClassList) -> Iterator[str]:
    scores, of = found.scores(), len(found.keys)
    count = len(scores)
    if count:
        middle = (scores[(count - 1) // 2] + scores[count // 2]) / 2
        mean = sum(scores) / count
        yield (f"\n{count} student{'s' if count > 1 else ''}: mean {mean:.3g} of {of}, median {middle:.3g}, "
               f"all right {sum(score == of for score in scores)}\n")
        yield "right: " + ", ".join(f"{key} {passed / count:.0%}" for key, passed in zip(found.keys, found.passed())) \
            + "\n"
    mistakes = found.mistakes()
    if mistakes:
        yield "\nmistakes of the class\n"
        codes, digits = max(len(code) for code, _, _ in mistakes), len(str(mistakes[0][1]))
        for code, times, by_key in mistakes:
            where = ", ".join(f"{key} {number}" for key, number in sorted(by_key.items(), key=lambda item: -item[1]))
            yield f"  {code:<{codes}}  {times:>{digits}}  in {where}\n"


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
