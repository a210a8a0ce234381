"""Forward and backward over a graph: two loops, whose bodies are the table's rules.

    forward(graph, inputs)            -> Trace       every node's value
    backward(trace, wrt, upstream)    -> Gradients   the output's gradient at every node

A value that does not exist is an error at its node; a derivative that does not exist is a gradient
of None and a note.  The convention at a kink is the table's, and a note says so.
"""

from __future__ import annotations

from math import isfinite

from .backends import floats
from .errors import BpcalcError, DomainProblem
from .graph import Graph
from .ops import CONSTANT, INPUT, TABLE, Op
from .spans import spans

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Note:
    """Something the reader of a result should know: ``code`` is stable, ``node`` may be None."""

    __slots__ = ("code", "message", "node")

    def __init__(self, code: str, node: int | None, message: str) -> None:
        self.code = code
        self.node = node
        self.message = message

    def __repr__(self) -> str:
        return f"Note({self.code!r}, {self.node}, {self.message!r})"


class Trace:
    """A graph and the value of each of its nodes, all finite."""

    __slots__ = ("graph", "values")

    def __init__(self, graph: Graph, values: list[float]) -> None:
        self.graph = graph
        self.values = values

    def result(self, k: int) -> float:
        """What the operation of node ``k`` gave, before any rounding; rules compare it with its arguments."""
        return self.values[k]


class Gradients:
    """The output's gradient at every node.

    ``grads[k]`` counts only where ``live[k]``: there the node depends on a variable whose gradient
    was asked for.  It is not finite where the gradient is undefined.  ``leaves`` are the nodes
    whose gradients were asked for.
    """

    __slots__ = ("grads", "leaves", "live", "notes", "reached", "trace", "upstream")

    def __init__(self, trace: Trace, grads: list[float], live: bytearray, leaves: list[int],
                 upstream: float, reached: bytearray | None) -> None:
        self.trace = trace
        self.grads = grads
        self.live = live
        self.leaves = leaves
        self.upstream = upstream
        self.reached = reached
        self.notes: list[Note] = []

    def at(self, k: int) -> float | None:
        """The gradient at node ``k``; None where it was not asked for or does not exist."""
        if not self.live[k]:
            return None
        gradient = self.grads[k]
        return gradient if isfinite(gradient) else None

    def each(self) -> Iterator[float | None]:
        """The gradient at every node, in forward order, as :meth:`at` gives it."""
        return (gradient if live and gradient - gradient == 0.0 else None
                for gradient, live in zip(self.grads, self.live))

    def local(self, k: int, slot: int) -> float | None:
        """The local gradient of node ``k`` with respect to its input ``slot``; None if undefined."""
        return local(self.trace, k, slot)

    def locals(self, k: int) -> list[float | None]:
        """The local gradients of node ``k``, one for each input; None where undefined or not asked for."""
        graph, values, live = self.trace.graph, self.trace.values, self.live
        row, args, out = graph.row(k), graph.args(k), values[k]
        given = [values[i] for i in args]
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
        loop = floats().locals_loop(frozenset(graph.ops))
        return loop(graph.ops, graph.a, graph.b, self.trace.values)

    def sound(self) -> bool:
        """Whether every product that counts is simply upstream * local, a finite number."""
        return self.reached is None

    def counts(self, k: int) -> bool:
        """Whether node ``k`` has part in the output (only worked out when something is undefined)."""
        return self.reached is None or bool(self.reached[k])


# ------------------------------------------------------------------------------------------ forward
def forward(graph: Graph, inputs: Sequence[float]) -> Trace:
    """Every node's value; ``inputs`` are those of ``graph.inputs``, in order.

    Raises DomainProblem at the first node whose value does not exist or is not finite.
    """
    values = [float(value) for value in inputs]
    loop = floats().forward_loop(frozenset(graph.ops))
    failed = False
    try:
        loop(graph.ops, graph.a, graph.b, values)
    except (ArithmeticError, ValueError):
        failed = True
    if failed or not all(map(isfinite, values)):
        # An infinity can do harm long after it arose: the first one is to blame.
        at = next((k for k, value in enumerate(values) if not isfinite(value)), len(values))
        raise _domain_problem(graph, values, at)
    return Trace(graph, values)


def _domain_problem(graph: Graph, values: list[float], k: int) -> BpcalcError:
    row = graph.row(k)
    args = graph.args(k)
    given = [values[i] for i in args]
    name = row.name if row.fixity is None else f"'{row.fixity[0]}'"
    message = f"the result of {name} is too large for a double-precision number"
    for test, words in row.domain:
        if not floats().rule(row.params, test)(*given):
            message = f"{row.name} {words}" if words.startswith("needs") else words
            break
    where = spans(graph)
    names = graph.names
    shown = []
    for i, value in zip(args, given):
        value += 0.0                               # -0 is shown as 0
        if graph.ops[i] == CONSTANT:
            continue
        part = where[i]
        text = names.get(i) or (graph.source.text[part[0]:part[1]] if part else "")
        text = " ".join(text.split())
        if len(text) > 40:
            text = f"{text[:20]}…{text[-15:]}"
        if text and text != f"{value:.12g}" and f"{text} = {value:.12g}" not in shown:
            shown.append(f"{text} = {value:.12g}")
    hint = f"here {' and '.join(shown)}" if shown else None
    return DomainProblem(message, graph.source, where[k], hint)


# ----------------------------------------------------------------------------------------- backward
def _liveness(graph: Graph, wrt: Sequence[int] | None) -> tuple[bytearray, list[int]]:
    """Which nodes depend on a variable whose gradient is asked for, and those variables."""
    ops = graph.ops
    live = bytearray(len(ops))
    if wrt is not None:
        leaves = list(wrt)
    else:
        leaves = list(range(len(graph.inputs)))
        at = len(leaves)
        try:
            while True:                            # variables with a value inside the text
                at = ops.index(INPUT, at)
                leaves.append(at)
                at += 1
        except ValueError:
            pass
    if wrt is None and CONSTANT not in ops:
        return bytearray(b"\1") * len(ops), leaves
    for k in leaves:
        live[k] = 1
    _spread(graph, live, frozenset())
    if wrt is None:
        # `third = 1/3` gives a name to a constant expression: that is a variable with a value too.
        named = frozenset(k for k in graph.symbols.values() if not live[k] and ops[k] != CONSTANT)
        if named:
            leaves = sorted([*leaves, *_spread(graph, live, named)])
    return live, leaves


def variables(graph: Graph) -> list[int]:
    """Every node that is a variable: bound, given a value inside the text, or a named constant expression."""
    return _liveness(graph, None)[1]


def _spread(graph: Graph, live: bytearray, roots: frozenset[int]) -> list[int]:
    """Make every node live that has a live input; of ``roots`` also those that have none, and return these."""
    found: list[int] = []
    for k, (i, j) in enumerate(zip(graph.a, graph.b)):
        if j >= 0:
            if live[i] or live[j]:
                live[k] = 1
                continue
        elif type(i) is tuple and any(live[s] for s in i):
            live[k] = 1
            continue
        if k in roots:
            live[k] = 1
            found.append(k)
    return found


def reached_by_output(graph: Graph) -> bytearray:
    """Which nodes the output depends on."""
    reached = bytearray(len(graph))
    reached[graph.output] = 1
    for k in range(graph.output, -1, -1):
        if reached[k]:
            for i in graph.args(k):
                reached[i] = 1
    return reached


def backward(trace: Trace, wrt: Sequence[int] | None = None, upstream: float = 1.0) -> Gradients:
    """The gradient of the output at every node, times ``upstream``.

    ``wrt`` are the nodes whose gradients are asked for (default: every variable); all other
    variables are held constant.  Nothing is raised: what does not exist becomes a note.
    """
    graph, values = trace.graph, trace.values
    live, leaves = _liveness(graph, wrt)
    codes = frozenset(graph.ops)
    count = len(graph) - len(graph.inputs)
    grads = [0.0] * len(graph)
    grads[graph.output] = upstream
    floats().backward_loop(codes, False)(graph.ops, graph.a, graph.b, values, grads, live, count)
    reached = None
    if not all(map(isfinite, grads)):
        # Something overflowed or does not exist; it matters only where a gradient is asked for, in
        # a node that has part in the output: sweep again over those alone.
        reached = reached_by_output(graph)
        mask = bytearray(x & y for x, y in zip(live, reached))
        grads = [0.0] * len(graph)
        grads[graph.output] = upstream
        floats().backward_loop(codes, True)(graph.ops, graph.a, graph.b, values, grads, mask, count)
    result = Gradients(trace, grads, live, leaves, upstream, reached)
    result.notes.extend(remarks(result))
    return result


def local(trace: Trace, k: int, slot: int) -> float | None:
    """The local gradient of node ``k`` with respect to its input ``slot``; None if undefined."""
    graph, values = trace.graph, trace.values
    return _local(graph.row(k), slot, [values[i] for i in graph.args(k)], values[k])


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


def at_kink(trace: Trace, k: int) -> str | None:
    """What to say about node ``k`` if its derivative here is a convention, else None."""
    row = trace.graph.row(k)
    if not row.kinks:
        return None
    given = [trace.values[i] for i in trace.graph.args(k)]
    for test, words in row.kinks:
        rule = floats().rule((*row.params, "out"), test)
        if rule(*([given] if row.variadic else given), trace.result(k)):
            return words
    return None


def remarks(result: Gradients) -> Iterator[Note]:
    """What to say about gradients: conventions at kinks, and what is undefined or too large."""
    graph, live = result.trace.graph, result.live
    used = frozenset(graph.ops)
    kinky = frozenset(code for code in used if TABLE[code].kinks)
    if kinky:
        reached = result.reached
        for k, code in enumerate(graph.ops):
            if code in kinky and live[k]:
                words = at_kink(result.trace, k)
                if words and any(live[i] for i in graph.args(k)):
                    reached = reached or reached_by_output(graph)
                    if reached[k]:
                        yield Note("kink", k, words)
    if result.reached is None:
        return
    for k in range(len(graph)):
        if not (live[k] and result.reached[k]):
            continue
        row = graph.row(k)
        for slot, (i, found) in enumerate(zip(graph.args(k), result.locals(k))):
            if live[i] and found is None:
                yield Note("undefined", k, _undefined(row, slot, result, k))
    for k in result.leaves:
        gradient = result.grads[k]
        if gradient - gradient != 0.0 and gradient == gradient:
            yield Note("overflow", k, "the gradient is too large for a double-precision number")


def _undefined(row: Op, slot: int, result: Gradients, k: int) -> str:
    graph, values = result.trace.graph, result.trace.values
    args = graph.args(k)
    name = row.name if row.fixity is None else f"'{row.fixity[0]}'"
    point = " and ".join(f"{values[i] + 0:.6g}" for i in args)
    to = graph.names.get(args[slot]) or f"its argument {slot + 1}"
    which = "" if len(args) == 1 else f" with respect to {to}"
    return f"the derivative of {name}{which} does not exist or is infinite at {point}"
