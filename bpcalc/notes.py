"""What the reader of a run should know besides its numbers; imported only where there may be something to say."""

from __future__ import annotations

from math import isinf

from .backends import floats
from .dependence import reached_by_output
from .ops import BY_NAME, TABLE
from .records import Note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .engine import Gradients, Trace


def remarks(result: Gradients) -> Iterator[Note]:
    """What to say about gradients: conventions at kinks, and what is undefined or too large."""
    graph, live, reached = result.trace.graph, result.live, result.reached
    kinky = frozenset(code for code in graph.codes if TABLE[code].kinks)
    for k, code in enumerate(graph.ops) if kinky else ():
        if code in kinky and live[k]:
            words = at_kink(result.trace, k)
            if words and any(live[i] for i in graph.args(k)):
                reached = reached or reached_by_output(graph)
                if reached[k]:
                    yield Note("kink", k, words)
    if result.reached is None:
        return
    for k in range(len(graph)):
        if live[k] and result.reached[k]:
            for slot, (i, found) in enumerate(zip(graph.args(k), result.locals(k))):
                if live[i] and result.lacks(k, slot, found):
                    yield Note("undefined", k, _undefined(result.trace, k, slot))
    too_large: Callable[[Any], bool] = isinf
    if result.trace.arrays:
        from . import arrays

        too_large = arrays.overflowed
    for k in result.leaves:
        if too_large(result.grads[k]):
            yield Note("overflow", k, "the gradient is too large for a double-precision number")


def at_kink(trace: Trace, k: int) -> str | None:
    """What to say about node ``k`` if its derivative here is a convention, else None."""
    row = trace.graph.row(k)
    given = [trace.values[i] for i in trace.graph.args(k)]
    if trace.arrays:
        from . import arrays

        statics = trace.graph.statics.get(k, {})
        return next((words for test, words in row.kinks
                     if arrays.at_kink(row, test, given, trace.values[k], statics)), None)
    for test, words in row.kinks:
        rule = floats().rule((*row.params, "out"), test)
        if rule(*([given] if row.variadic else given), trace.result(k)):
            return words
    return None


def entrywise(trace: Trace) -> Iterator[Note]:
    """What to say of the first ``W^-1`` and ``W·x``: linear algebra means an inverse and a product of matrices."""
    told = set[int]()
    graph, values = trace.graph, trace.values
    power, times = BY_NAME["pow"].code, BY_NAME["mul"].code
    dotted = not {"·", "⋅"}.isdisjoint(graph.source.text)
    for k, code in enumerate(graph.ops):
        if (code != power and code != times) or code in told:
            continue
        left, right = graph.args(k)
        shape: tuple[int, ...] = getattr(values[left], "shape", ())
        other: tuple[int, ...] = getattr(values[right], "shape", ())
        if code == power:
            if len(shape) == 2 and shape[0] == shape[1] > 1 and not other and values[right] == -1.0:
                told.add(code)
                yield Note("entrywise", k, "every entry is raised to the power -1; this is not the inverse matrix")
        elif shape and other and shape[-1] == other[0]:
            given = max(left, right) < len(graph.inputs)
            if (dotted and (given or len(shape) == 2)) or (given and (len(shape), len(other)) == (2, 1)):
                told.add(code)
                yield Note("entrywise", k, "this multiplies entry by entry; a product of matrices is written @")


def _undefined(trace: Trace, k: int, slot: int) -> str:
    graph, values = trace.graph, trace.values
    row, args = graph.row(k), graph.args(k)
    if all(isinstance(values[i], float) for i in args):
        point = " and ".join(f"{values[i] + 0:.6g}" for i in args)
    else:
        point = "some of the entries"
    to = graph.names.get(args[slot]) or f"its argument {slot + 1}"
    which = "" if len(args) == 1 else f" with respect to {to}"
    return f"the derivative of {row.called}{which} does not exist or is infinite at {point}"
