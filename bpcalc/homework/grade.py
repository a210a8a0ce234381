"""Class lists: one row a student, one column a key.

The first column names the student; every other one is a key, as in ``--check``.  A blank is a missing
answer.  What cannot be read is reported, counts as not right, and stops nobody else's row.
"""

from __future__ import annotations

from ..errors import BindingProblem, BpcalcError, InputProblem, Source
from ..files import csv_rows, separator
from ..report import Report
from .answers import Answer, Place, is_blank, like_index, read_answer, resolve, shape_at
from .check import MISSING, UNREADABLE, AnswerVerdict, Judge, keep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_ABOUT = frozenset(("student", "students", "name", "names", "id", "email", "e-mail", "mail", "login", "user",
                    "username", "section", "group", "class", "timestamp", "date", "time", "firstname", "lastname",
                    "surname", "comment", "comments", "note", "notes", "total", "score", "points", "grade"))
"""Headings of columns that are about the student, wherever they stand."""

_ROWS = 50_000
"""How many different rows are kept: in a class, the same answers come again and again."""


class Graded:
    """One student's row: a verdict for every key, in order, or the ``problem`` that kept it from being read."""

    __slots__ = ("line", "problem", "student", "verdicts")

    def __init__(self, student: str, line: int, verdicts: list[AnswerVerdict], problem: str = "") -> None:
        self.student = student
        self.line = line
        self.verdicts = verdicts
        self.problem = problem

    @property
    def score(self) -> int:
        """How many answers count as right."""
        return sum(verdict.passed for verdict in self.verdicts)

    @property
    def mistakes(self) -> list[tuple[str, str]]:
        """The diagnosed mistakes: (key, code)."""
        return [(verdict.key, verdict.mistake) for verdict in self.verdicts if verdict.mistake is not None]


class ClassList:
    """A class list's keys, its graded rows, and what could not be read: (line, words)."""

    def __init__(self, keys: list[str]) -> None:
        self.keys = keys
        self.rows: list[Graded] = []
        self.problems: list[tuple[int, str]] = []

    def scores(self) -> list[int]:
        """The scores of the rows that could be read, lowest first."""
        return sorted(row.score for row in self.rows if not row.problem)

    def passed(self) -> list[int]:
        """For every key, how many students have it right."""
        counts = [0] * len(self.keys)
        for row in self.rows:
            for at, verdict in enumerate(row.verdicts):
                counts[at] += verdict.passed
        return counts

    def mistakes(self) -> list[tuple[str, int, dict[str, int]]]:
        """The class's mistakes, the most frequent first: (code, count, count by key)."""
        counts: dict[str, dict[str, int]] = {}
        for row in self.rows:
            for key, code in row.mistakes:
                by_key = counts.setdefault(code, {})
                by_key[key] = by_key.get(key, 0) + 1
        found = [(code, sum(by_key.values()), by_key) for code, by_key in counts.items()]
        return sorted(found, key=lambda item: -item[1])


def grade(text: str, report: Report, judge: Judge, name: str = "submissions",
          progress: Callable[[int, int], None] | None = None) -> ClassList:
    """Judge every row of a class list.

    ``progress`` is called with the rows done and all rows, now and then.  Raises InputProblem for a
    file without a heading or without rows, BindingProblem for a heading that is no key.
    """
    lines = text.splitlines(keepends=True)
    first = next((line for line in lines if line.strip()), "")
    rows = csv_rows(lines, separator(first))
    heading = [cell.strip() for cell in next((cells for _, cells, _ in rows if any(cells)), [])]
    if not any(heading):
        raise InputProblem(f"{name} is empty", hint="the first row names the columns: student, q, df/dx")
    columns = _columns(heading, report, name)
    found = ClassList([heading[at] for at, _ in columns])
    answers: dict[tuple[int, str], Answer | str] = {}
    judged: dict[tuple[str, ...], list[AnswerVerdict]] = {}
    lines_of: dict[str, int] = {}
    who = next((at for at in range(len(heading)) if at not in dict(columns)), None)
    for line, cells, unreadable in rows:
        if unreadable:
            found.problems.append((line, "this row is not CSV"))
            found.rows.append(Graded(f"line {line}", line, [], "not CSV"))
            continue
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        student = (cells[who] if who is not None and who < len(cells) else "") or f"line {line}"
        if lines_of.setdefault(student, line) != line:
            found.problems.append((line, f"{student} is in line {lines_of[student]}, too; both are graded"))
        if any(cells[len(heading):]):
            problem = f"{len(cells)} cells under {len(heading)} headings"
            found.problems.append((line, f"{student}: {problem}"))
            found.rows.append(Graded(student, line, [], problem))
            continue
        typed = tuple(cells[at] if at < len(cells) else "" for at, _ in columns)
        verdicts = judged.get(typed)
        if verdicts is None:
            verdicts = _judge(typed, columns, found.keys, judge, answers)
            keep(judged, typed, verdicts, _ROWS)
        for verdict in verdicts:
            if verdict.status == UNREADABLE:
                found.problems.append((line, f"{student}: {verdict.note}"))
        found.rows.append(Graded(student, line, verdicts))
        if progress is not None and len(found.rows) % 64 == 0:
            progress(line, len(lines))
    if not found.rows:
        raise InputProblem(f"{name} has no rows under its heading")
    return found


def _columns(heading: list[str], report: Report, name: str) -> list[tuple[int, Place]]:
    """The columns that are keys: (position, place)."""
    columns: list[tuple[int, Place]] = []
    seen: dict[Place, str] = {}
    for at, key in enumerate(heading):
        source = Source(key, f"{name}, heading")
        if key.lower().replace(" address", "").replace(" ", "") in _ABOUT and report.graph.node(key) is None:
            continue
        try:
            place = resolve(key, report, source)
        except BpcalcError as error:
            if at == 0:
                continue
            hint = f"{error.hint or ''}; leave out a column that is no key".removeprefix("; ")
            raise BindingProblem(error.message, source, error.span, hint) from None
        if shape_at(place, report):
            raise BindingProblem(f"{key} is an array, and a column holds one number", source, (0, len(key)),
                                 f"a column for each entry, for example {key}{like_index(place, report)}")
        if place in seen:
            raise BindingProblem(f"two columns ask for the same, {seen[place]} and {key}", source, (0, len(key)))
        seen[place] = key
        columns.append((at, place))
    if not columns:
        raise InputProblem(f"{name} has no column whose heading is a key", hint="for example student, q, df/dx")
    return columns


def _judge(typed: tuple[str, ...], columns: list[tuple[int, Place]], keys: list[str], judge: Judge,
           known: dict[tuple[int, str], Answer | str]) -> list[AnswerVerdict]:
    """The verdicts on one row, in the order of the columns."""
    read: list[Answer] = []
    found: dict[int, AnswerVerdict] = {}
    at_of: list[int] = []
    for at, (text, (_, place)) in enumerate(zip(typed, columns)):
        if is_blank(text):
            found[at] = AnswerVerdict(keys[at], None, MISSING, judge.exact(place))
            continue
        answer = known.get((at, text))
        if answer is None:
            try:
                answer = read_answer(keys[at], place, text)
            except BpcalcError as error:
                answer = error.message
            known[at, text] = answer
        if isinstance(answer, str):
            found[at] = AnswerVerdict(keys[at], None, UNREADABLE, judge.exact(place), answer)
        else:
            read.append(answer)
            at_of.append(at)
    found.update(zip(at_of, judge.verdicts(read)))
    return [found[at] for at in range(len(typed))]
