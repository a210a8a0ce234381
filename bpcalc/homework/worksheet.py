"""What a worksheet asks for: every value, local gradient and gradient of a run, each a blank with its key.

The keys are those that --check understands, so a sheet that was filled in can be read again
(homework/sheets.py).  The numbers are there for the teacher's key.
"""

from __future__ import annotations

from ..errors import UsageProblem
from ..report import Report
from .answers import GRADIENT, LOCAL, NEW, VALUE, Place, key_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..descent import Descent


class Blank:
    """One thing to fill in: its place and key, and the right number (None where it does not exist)."""

    __slots__ = ("key", "number", "place")

    def __init__(self, place: Place, key: str, number: float | None) -> None:
        self.place = place
        self.key = key
        self.number = number


def given(report: Report) -> list[int]:
    """The variables whose values a worksheet states, in forward order."""
    return [k for k in range(len(report)) if report.shows(k) and not report.graph.args(k)]


def sections(report: Report, learned: Descent | None = None) -> list[tuple[str, list[Blank]]]:
    """The blanks under their headings, in the order of hand work; those of an update, ``learned``, are the last.

    Raises UsageProblem for a run with arrays: a blank holds one number.
    """
    if report.trace.arrays:
        raise UsageProblem("a blank of a worksheet holds one number, not an array",
                           hint="--expand opens the arrays into their entries")
    found = (("Forward values", _values(report)), ("Local gradients", _locals(report)),
             ("Gradients", _gradients(report)), ("Update", () if learned is None else _updated(report, learned)))
    return [(title, blanks) for title, places in found if (blanks := [_blank(report, *one) for one in places])]


def _blank(report: Report, place: Place, number: float | None) -> Blank:
    return Blank(place, key_of(place, report), number)


def _values(report: Report) -> Iterator[tuple[Place, float | None]]:
    for k in range(len(report)):
        if report.graph.args(k) and (report.shows(k) or k == report.graph.output):
            yield (VALUE, k, None), report.trace.values[k]


def _locals(report: Report) -> Iterator[tuple[Place, float | None]]:
    # Those of the output are its gradients, which are asked for below.
    for k in range(len(report)):
        if k != report.graph.output and report.is_live(k):
            args = report.graph.args(k)
            sums: dict[int, float | None] = {}
            for i, local in zip(args, report.locals(k)):
                if report.is_live(i):
                    sums[i] = report.plus(sums[i], local) if i in sums else local
            for i, total in sums.items():
                yield (LOCAL, k, i), total


def _gradients(report: Report) -> Iterator[tuple[Place, float | None]]:
    for k in range(len(report) - 1, -1, -1):
        if k != report.graph.output and report.is_live(k):
            yield (GRADIENT, k, None), report.gradient(k)


def _updated(report: Report, learned: Descent) -> Iterator[tuple[Place, float | None]]:
    for name, after in zip(learned.names, learned.after):
        yield (NEW, report.graph.symbols[name], None), after
    yield (NEW, report.graph.output, None), None if learned.lost else learned.losses[-1]
