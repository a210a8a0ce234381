"""Forward and backward over a graph: two loops, whose bodies are the table's rules.

    forward(graph, inputs)            -> Trace       every node's value
    backward(trace, wrt, upstream)    -> Gradients   the output's gradient at every node

A value that does not exist is an error at its node; a derivative that does not exist is a gradient
of None and a note (in an array nan).  The convention at a kink is the table's, and a note says so.

Graphs of plain numbers run through loops made for them (backends.py).  Where an array takes part the
same two passes are those of arrays.py, which is imported only then.
"""

from __future__ import annotations

from math import isfinite

from .backends import floats
from .dependence import flowing, labels, liveness, reached_by_output, variables
from .errors import ShapeProblem
from .graph import Graph
from .ops import TABLE, Op
from .records import Note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any


class Trace:
    """A graph and the value of each of its nodes, all finite; ``arrays`` says whether any is an array."""

    __slots__ = ("arrays", "graph", "values")

    def __init__(self, graph: Graph, values: list[Any], arrays: bool = False) -> None:
        self.graph = graph
        self.values = values
        self.arrays = arrays

    def result(self, k: int) -> Any:
        """What the operation of node ``k`` gave, before any rounding; rules compare it with its arguments."""
        return self.values[k]


class Gradients:
    """The output's gradient at every node.

    ``grads[k]`` counts only where ``live[k]``: there the node depends on a variable whose gradient
    was asked for.  It is not finite where the gradient is undefined.  ``leaves`` are the nodes
    whose gradients were asked for.
    """

    __slots__ = ("grads", "leaves", "live", "notes", "reached", "trace", "upstream")

    kind = "floats"
    """Whose arithmetic it is: floats, rounded (rounded.py) or exact (exact.py)."""

    def __init__(self, trace: Trace, grads: list[Any], live: bytearray, leaves: Sequence[int],
                 upstream: Any, reached: bytearray | None) -> None:
        self.trace = trace
        self.grads = grads
        self.live = live
        self.leaves = leaves
        self.upstream = upstream
        self.reached = reached
        self.notes: list[Note] = []

    def at(self, k: int) -> Any:
        """The gradient at node ``k``; None where it was not asked for or does not exist (in an array nan)."""
        if not self.live[k]:
            return None
        gradient = self.grads[k]
        return gradient if not isinstance(gradient, float) or isfinite(gradient) else None

    def each(self) -> Iterator[float | None]:
        """The gradient at every node, in forward order, as :meth:`at` gives it."""
        return (gradient if live and gradient - gradient == 0.0 else None
                for gradient, live in zip(self.grads, self.live))

    def local(self, k: int, slot: int) -> float | None:
        """The local gradient of node ``k`` with respect to its input ``slot``; None if undefined."""
        graph, values = self.trace.graph, self.trace.values
        return _local(graph.row(k), slot, [values[i] for i in graph.args(k)], values[k])

    def locals(self, k: int) -> list[Any]:
        """The local gradients of node ``k``, one for each input.

        None where undefined, where it was not asked for and where a structural operation has none.
        """
        graph, values, live = self.trace.graph, self.trace.values, self.live
        row, args, out = graph.row(k), graph.args(k), values[k]
        given = [values[i] for i in args]
        if self.trace.arrays:
            from . import arrays

            return [arrays.local(row, slot, given, out) if live[i] else None for slot, i in enumerate(args)]
        if row.variadic:
            # Equal arguments have equal gradients; to work each one out anew would be quadratic.
            slots = {x: slot for slot, x in enumerate(given)}
            found = {x: _local(row, slot, given, out) for x, slot in slots.items()}
            return [found[x] if live[i] else None for i, x in zip(args, given)]
        return [_local(row, slot, given, out) if live[i] else None for slot, i in enumerate(args)]

    def times(self, upstream: float | None, local: float | None) -> float | None:
        """The product of two gradients; None where one is undefined, or the product too large."""
        if upstream is None or local is None:
            return None
        product = upstream * local
        return product if isfinite(product) else None

    def plus(self, one: float | None, other: float | None) -> float | None:
        """The sum of two gradients; None where one is undefined, or the sum too large."""
        if one is None or other is None:
            return None
        total = one + other
        return total if isfinite(total) else None

    def each_locals(self) -> Iterator[tuple[float | None, ...]]:
        """The local gradients of every node, in forward order; None where undefined, () for leaves.

        Those of inputs whose gradients were not asked for are among them.
        """
        graph = self.trace.graph
        loop = floats().locals_loop(graph.codes)
        return loop(graph.ops, graph.a, graph.b, self.trace.values)

    def sound(self) -> bool:
        """Whether every product that counts is simply upstream * local, a finite number."""
        return self.reached is None

    def product(self, k: int, slot: int, local: Any) -> Any:
        """What flows back from node ``k`` to its input ``slot``, whose local gradient is ``local``.

        None where it does not exist; in an array nan.
        """
        upstream = self.at(k)
        if not self.trace.arrays:
            return self.times(upstream, local)
        from . import arrays

        graph, values = self.trace.graph, self.trace.values
        row = graph.row(k)
        if upstream is None or (local is None and not row.structural):
            return None
        found = arrays.product(row, slot, [values[i] for i in graph.args(k)], values[k], graph.statics.get(k, {}),
                               upstream)
        if type(found) is float:
            return found if isfinite(found) else None
        return arrays.without_infinities(found)

    def lacks(self, k: int, slot: int, local: Any) -> bool:
        """Whether the derivative of node ``k`` with respect to its input ``slot`` does not exist, at some entry."""
        if not self.trace.arrays:
            return local is None
        from . import arrays

        if local is not None:
            return not arrays.is_finite(local)
        graph, values = self.trace.graph, self.trace.values
        row, out = graph.row(k), values[k]
        if not row.structural:
            return True
        # Such a row has no local gradient: what flows back of ones shows whether it has a derivative.
        return row.flows(slot) and not arrays.is_finite(
            arrays.product(row, slot, [values[i] for i in graph.args(k)], out, graph.statics.get(k, {}),
                           arrays.ones(out)))

    def counts(self, k: int) -> bool:
        """Whether node ``k`` has part in the output (only worked out when something is undefined)."""
        return self.reached is None or bool(self.reached[k])


# ------------------------------------------------------------------------------------------ forward
def forward(graph: Graph, inputs: Sequence[Any]) -> Trace:
    """Every node's value; ``inputs`` are those of ``graph.inputs``, in order: floats or arrays of float64.

    Raises DomainProblem at the first node whose value does not exist or is not finite, ShapeProblem
    where shapes do not fit.
    """
    values = list(inputs)
    if graph.arrays or not {*map(type, values)} <= {float}:
        return _forward_arrays(graph, values)
    try:
        floats().forward_loop(graph.codes)(graph.ops, graph.a, graph.b, values)
    except (ArithmeticError, ValueError):
        pass                                       # then values are missing
    if len(values) == len(graph) and all(map(isfinite, values)):
        return Trace(graph, values)
    from .failures import problem  # for errors only: a run without one starts sooner

    # An infinity can do harm long after it arose: the first one is to blame.
    raise problem(graph, values, next((k for k, value in enumerate(values) if not isfinite(value)), len(values)))


def _forward_arrays(graph: Graph, values: list[Any]) -> Trace:
    from . import arrays

    first, error = len(values), None
    try:
        arrays.forward(graph, values)
    except (ArithmeticError, ValueError) as raised:
        error = raised
    infinite = next((k for k in range(first, len(values)) if not arrays.is_finite(values[k])), None)
    if error is None and infinite is None:
        return Trace(graph, values, True)
    from .failures import problem

    raise problem(graph, values, len(values), error) if infinite is None else problem(graph, values, infinite)


# ----------------------------------------------------------------------------------------- backward
def backward(trace: Trace, wrt: Sequence[int] | None, upstream: Any) -> Gradients:
    """The gradient of the output at every node, times ``upstream``.

    ``wrt`` are the nodes whose gradients are asked for (None: every variable); all other
    variables are held constant.  ``upstream`` has the output's shape, or one that broadcasts to it.
    What does not exist becomes a note; ShapeProblem is raised for an upstream that does not fit,
    UsageProblem for a label or an index in ``wrt``.
    """
    if trace.arrays:
        return _backward_arrays(trace, wrt, upstream)
    graph, values = trace.graph, trace.values
    live, leaves = liveness(graph, wrt)
    count = len(graph) - len(graph.inputs)
    grads = [0.0] * len(graph)
    grads[graph.output] = upstream
    floats().backward_loop(graph.codes, False)(graph.ops, graph.a, graph.b, values, grads, live, count)
    reached = None
    if not all(map(isfinite, grads)):
        # Something overflowed or does not exist; it matters only where a gradient is asked for, in
        # a node that has part in the output: sweep again over those alone.
        reached = reached_by_output(graph)
        mask = bytearray(x & y for x, y in zip(live, reached))
        grads = [0.0] * len(graph)
        grads[graph.output] = upstream
        floats().backward_loop(graph.codes, True)(graph.ops, graph.a, graph.b, values, grads, mask, count)
    result = Gradients(trace, grads, live, leaves, upstream, reached)
    if reached is not None or any(TABLE[code].kinks for code in graph.codes):
        from .notes import remarks  # where there may be something to say

        result.notes.extend(remarks(result))
    return result


def _backward_arrays(trace: Trace, wrt: Sequence[int] | None, upstream: Any) -> Gradients:
    from . import arrays
    from .notes import entrywise, remarks

    graph, values = trace.graph, trace.values
    out = values[graph.output]
    live, leaves = flowing(graph, wrt)
    grads: list[Any] = [None] * len(graph)
    try:
        grads[graph.output] = arrays.broadcast(upstream, getattr(out, "shape", ()))
    except ValueError as error:
        raise ShapeProblem(f"the upstream gradient does not fit the output: {error}") from None
    arrays.backward(graph, values, grads, live)
    sound = all(map(arrays.is_finite, grads))
    result = Gradients(trace, grads, live, leaves, upstream, None if sound else reached_by_output(graph))
    if type(out) is not float and type(upstream) is float:
        result.notes.append(Note("output", graph.output, f"it has shape {out.shape}; the gradients are those of the "
                                 "sum of its entries"))
    result.notes.extend(entrywise(trace))
    result.notes.extend(remarks(result))
    if not sound:
        result.grads = [arrays.without_infinities(gradient) for gradient in grads]
    return result


def differentiable(trace: Trace) -> Sequence[int]:
    """Every variable to which a gradient can flow back: in a run with arrays, all but labels and indices."""
    unmoved = labels(trace.graph) if trace.arrays else ()
    return [k for k in variables(trace.graph) if k not in unmoved]


def _local(row: Op, slot: int, given: list[float], out: float) -> float | None:
    rule = floats().partial(row, slot)
    try:
        if row.variadic:
            found = rule(given, given[slot], out)
        else:
            found = rule(*given, out)
    except (ArithmeticError, ValueError):
        return None
    return float(found) if isfinite(found) else None
