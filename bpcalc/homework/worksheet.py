"""What a worksheet asks for: every value, local gradient and gradient of a run, each a blank with its key.

An array is one blank; local gradients are asked for between numbers.

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
    from typing import Any

    from ..descent import Descent


LARGEST = 8
"""Arrays with an axis longer than this are no exercise, and are not written whole."""


class Blank:
    """One thing to fill in: its place and key, and the right number or array (None where it does not exist)."""

    __slots__ = ("key", "number", "place")

    def __init__(self, place: Place, key: str, number: Any) -> None:
        self.place = place
        self.key = key
        self.number = number


def given(report: Report) -> list[int]:
    """The variables whose values a worksheet states, in forward order."""
    return [k for k in range(len(report)) if report.shows(k) and not report.graph.args(k)]


def sections(report: Report, learned: Descent | None = None) -> list[tuple[str, list[Blank]]]:
    """The blanks under their headings, in the order of hand work; those of an update, ``learned``, are the last.

    Raises UsageProblem for a run with arrays that nobody fills in by hand.
    """
    for k in range(len(report)) if report.trace.arrays else ():
        shape = getattr(report.trace.values[k], "shape", ())
        if len(shape) > 2 or any(size > LARGEST for size in shape):
            raise UsageProblem(f"{report.label(k)} has shape {shape}: nobody fills that in by hand",
                               hint=f"a worksheet has arrays of up to {LARGEST} by {LARGEST} numbers")
    found = (("Forward values", _values(report)), ("Local gradients", _locals(report)),
             ("Gradients", _gradients(report)), ("Update", () if learned is None else _updated(report, learned)))
    return [(title, blanks) for title, places in found if (blanks := [_blank(report, *one) for one in places])]


def _blank(report: Report, place: Place, number: Any) -> Blank:
    return Blank(place, key_of(place, report), number)


def _values(report: Report) -> Iterator[tuple[Place, Any]]:
    for k in range(len(report)):
        if report.graph.args(k) and (report.shows(k) or k == report.graph.output):
            yield (VALUE, k, None), report.trace.values[k]


def _locals(report: Report) -> Iterator[tuple[Place, Any]]:
    # Those of the output are its gradients, which are asked for below.
    for k in range(len(report)):
        args = report.graph.args(k)
        if k != report.graph.output and report.is_live(k) and not report.graph.row(k).structural and not any(
                hasattr(report.trace.values[i], "shape") for i in (k, *args)):
            sums: dict[int, float | None] = {}
            for i, local in zip(args, report.locals(k)):
                if report.is_live(i):
                    sums[i] = report.plus(sums[i], local) if i in sums else local
            for i, total in sums.items():
                yield (LOCAL, k, i), total


def _gradients(report: Report) -> Iterator[tuple[Place, Any]]:
    for k in range(len(report) - 1, -1, -1):
        if k != report.graph.output and report.is_live(k):
            yield (GRADIENT, k, None), report.gradient(k)


def _updated(report: Report, learned: Descent) -> Iterator[tuple[Place, Any]]:
    for name, after in zip(learned.names, learned.after):
        yield (NEW, report.graph.symbols[name], None), after
    yield (NEW, report.graph.output, None), None if learned.lost else learned.losses[-1]
