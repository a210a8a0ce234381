"""The run once more, with something done differently: the student's numbers, a wrong rule, rounded steps."""

from __future__ import annotations

from math import isfinite

from ..backends import floats
from ..report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Change = Callable[[int, int, float], float]

LIMIT = 500
"""Larger graphs are judged number by number, without replays."""


def forward(report: Report, given: Mapping[int, float], tidy: Callable[[float], float] | None = None,
            rules: Mapping[str, Callable[..., float]] | None = None) -> list[float] | None:
    """Every value, with those of ``given`` in their places, each step through ``tidy``.

    ``rules`` replace the forward rule of some operations.  None where a step does not exist.
    """
    graph = report.graph
    values: list[float] = []
    for k in range(len(graph)):
        args = graph.args(k)
        if k in given:
            value = given[k]
        elif not args:
            value = report.trace.values[k]
        else:
            row = graph.row(k)
            rule = (rules or {}).get(row.name) or floats().forward(row)
            point = [values[i] for i in args]
            try:
                value = float(rule(point) if row.variadic else rule(*point))
            except (ArithmeticError, ValueError):
                return None
            if not isfinite(value):
                return None
            value = tidy(value) if tidy else value
        values.append(value)
    return values


def backward(report: Report, values: list[float], given: Mapping[int, float],
             tidy: Callable[[float], float] | None = None, change: Change | None = None) -> list[float] | None:
    """Every gradient over these values, with those of ``given`` in their places.

    ``change(node, slot, local)`` may put another number in the place of a local gradient.
    """
    graph = report.graph
    grads = [0.0] * len(graph)
    grads[graph.output] = report.upstream
    for k in range(graph.output, -1, -1):
        if k in given:
            grads[k] = given[k]
        elif tidy:
            grads[k] = tidy(grads[k])
        args = graph.args(k)
        if not args or not report.is_live(k):
            continue
        row = graph.row(k)
        point = [values[i] for i in args]
        for slot, i in enumerate(args):
            if not report.is_live(i):
                continue
            rule = floats().partial(row, slot)
            try:
                local = rule(point, point[slot], values[k]) if row.variadic else rule(*point, values[k])
                if change is not None:
                    local = change(k, slot, local)
                product = grads[k] * (tidy(local) if tidy else local)
            except (ArithmeticError, ValueError):
                return None
            grads[i] += tidy(product) if tidy else product
    return grads if all(map(isfinite, grads)) else None
