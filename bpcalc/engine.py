"""Forward and backward over a graph: two loops, whose bodies are the table's rules.

    forward(graph, inputs)            -> Trace       every node's value
    backward(trace, wrt, upstream)    -> Gradients   the output's gradient at every node

A value that does not exist is an error at its node; a derivative that does not exist is a gradient
of None and a note (in an array nan).  The convention at a kink is the table's, and a note says so.

Graphs of plain numbers run through loops made for them (backends.py).  Where an array takes part the
same two passes are those of arrays.py, which is imported only then.
"""

from __future__ import annotations

from itertools import compress
from math import isfinite

from .backends import floats
from .errors import BpcalcError, DomainProblem, ShapeProblem, UsageProblem
from .graph import Graph
from .ops import BY_NAME, CONSTANT, INPUT, TABLE, Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any


_WIDE = frozenset(row.code for row in TABLE if row.variadic or row.structural or len(row.params) > 2)
"""Operations whose inputs may be a tuple."""


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

    def __init__(self, trace: Trace, grads: list[Any], live: bytearray, leaves: list[int],
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
        return local(self.trace, k, slot)

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
        return found if type(found) is not float or isfinite(found) else None

    def lacks(self, k: int, slot: int, local: Any) -> bool:
        """Whether the derivative of node ``k`` with respect to its input ``slot`` does not exist, at some entry."""
        if isinstance(local, float) or not self.trace.arrays:
            return local is None
        from . import arrays

        if local is not None:
            return not arrays.is_finite(local)
        row, upstream = self.trace.graph.row(k), self.at(k)
        if not row.structural:
            return True
        if not arrays.flows(row, slot) or upstream is None or not arrays.is_finite(upstream):
            return False
        found = self.product(k, slot, None)
        return found is None or not arrays.is_finite(found)

    def counts(self, k: int) -> bool:
        """Whether node ``k`` has part in the output (only worked out when something is undefined)."""
        return self.reached is None or bool(self.reached[k])


# ------------------------------------------------------------------------------------------ forward
def forward(graph: Graph, inputs: Sequence[Any]) -> Trace:
    """Every node's value; ``inputs`` are those of ``graph.inputs``, in order.

    Raises DomainProblem at the first node whose value does not exist or is not finite, ShapeProblem
    where shapes do not fit.
    """
    kinds = {*map(type, inputs)}
    if graph.arrays or not kinds <= _NUMBERS:
        return _forward_arrays(graph, list(inputs))
    values = [*map(float, inputs)] if int in kinds else [*inputs]
    loop = floats().forward_loop(graph.codes)
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


_NUMBERS = frozenset((float, int))


def _forward_arrays(graph: Graph, values: list[Any]) -> Trace:
    from . import arrays

    values = [float(value) if type(value) is int else value for value in values]
    first = len(values)
    try:
        arrays.forward(graph, values)
    except (ArithmeticError, ValueError) as error:
        raise _array_problem(graph, values, len(values), error) from None
    for k in range(first, len(values)):
        if not arrays.is_finite(values[k]):
            raise _array_problem(graph, values, k, None)
    return Trace(graph, values, True)


def _array_problem(graph: Graph, values: list[Any], k: int, error: Exception | None) -> BpcalcError:
    from . import arrays
    from .spans import spans

    row = graph.row(k)
    given = [values[i] for i in graph.args(k)]
    where = spans(graph)
    shapes = [getattr(value, "shape", ()) for value in given]
    if row.domain and not isinstance(error, arrays.ShapeError):
        try:
            found = arrays.outside(row, given)
        except ValueError:
            found = None                           # the shapes themselves do not fit
        if found is not None:
            words, at = found
            message = f"{row.word} {words}" if words.startswith("needs") else words
            if at:
                message += f" (entry {list(at)})"
            return DomainProblem(message, graph.source, where[k], _here(graph, given, k, where))
    if error is None or isinstance(error, ArithmeticError):
        return _domain_problem(graph, values, k)
    fed = [f"{text} {'is one number' if not shape else f'has shape {shape}'}"
           for text, shape in zip(_texts(graph, k, where), shapes) if text]
    if isinstance(error, arrays.ShapeError):
        return ShapeProblem(f"{_called(row)}: {error}" if row.name != "index" else str(error), graph.source, where[k],
                            f"here {' and '.join(dict.fromkeys(fed))}" if fed else None)
    elif row.fits:
        message = row.fits
    else:
        message = f"{_called(row)} cannot combine the shapes {' and '.join(map(str, shapes))}"
    if shapes and str(shapes[0]) not in message:
        message += f"; the shape{'s are' if len(shapes) > 1 else ' is'} {' and '.join(map(str, shapes))}"
    return ShapeProblem(message, graph.source, where[k], f"here {' and '.join(dict.fromkeys(fed))}" if fed else None)


def _called(row: Op) -> str:
    return row.word if row.fixity is None else f"'{row.fixity[0]}'"


def _texts(graph: Graph, k: int, where: Sequence[Any]) -> list[str]:
    """What the arguments of node ``k`` are in the text; "" for numbers."""
    found = []
    for i in graph.args(k):
        part = where[i]
        text = graph.names.get(i) or (graph.source.text[part[0]:part[1]] if part else "")
        text = " ".join(text.split())
        if len(text) > 40:
            text = f"{text[:20]}…{text[-15:]}"
        found.append("" if graph.ops[i] == CONSTANT and type(graph.a[i]) is float else text)
    return found


def _here(graph: Graph, given: Sequence[Any], k: int, where: Sequence[Any]) -> str | None:
    """The arguments' values in words; of arrays only what they are called is known to the reader."""
    shown = []
    for text, value in zip(_texts(graph, k, where), given):
        if type(value) is not float:
            continue
        value += 0.0                               # -0 is shown as 0
        if text and text != f"{value:.12g}":
            shown.append(f"{text} = {value:.12g}")
    return f"here {' and '.join(dict.fromkeys(shown))}" if shown else None


def _domain_problem(graph: Graph, values: list[Any], k: int) -> BpcalcError:
    from .spans import spans  # for errors only: a run without one starts sooner

    row = graph.row(k)
    given = [values[i] for i in graph.args(k)]
    message = f"the result of {_called(row)} is too large for a double-precision number"
    if all(isinstance(value, (float, int)) for value in given):    # a rule such as relu's gives a whole 0
        for test, words in row.domain:
            if not floats().rule(row.params, test)(*given):
                message = f"{row.word} {words}" if words.startswith("needs") else words
                break
    where = spans(graph)
    return DomainProblem(message, graph.source, where[k], _here(graph, given, k, where))


# ----------------------------------------------------------------------------------------- backward
def liveness(graph: Graph, wrt: Sequence[int] | None) -> tuple[bytearray, list[int]]:
    """Which nodes depend on a variable whose gradient is asked for, and those variables."""
    if wrt is None:
        constants = frozenset(_places(graph, CONSTANT, 0) if CONSTANT in graph.codes else ())
        # Bound variables, and those with a value inside the text.
        leaves = [*range(len(graph.inputs)), *_places(graph, INPUT, len(graph.inputs))]
        if _all_depend(graph, constants):
            live = bytearray(b"\1") * len(graph)
            for k in constants:
                live[k] = 0
            return live, leaves
    else:
        leaves = list(wrt)
    live = bytearray(len(graph))
    for k in leaves:
        live[k] = 1
    _spread(graph, live, frozenset())
    if wrt is None:
        # `third = 1/3` gives a name to a constant expression: that is a variable with a value too.
        named = frozenset(k for k in graph.symbols.values() if not live[k] and k not in constants)
        if named:
            leaves = sorted([*leaves, *_spread(graph, live, named)])
    return live, leaves


def _places(graph: Graph, code: int, at: int) -> Iterator[int]:
    """The nodes from ``at`` on with this operation."""
    find = graph.ops.index
    try:
        while True:
            at = find(code, at)
            yield at
            at += 1
    except ValueError:
        pass


def _all_depend(graph: Graph, constants: frozenset[int]) -> bool:
    """Whether no operation has constants only; False may also mean that it would take long to tell."""
    firsts = compress(graph.a, map(constants.__contains__, graph.b))
    return not constants or (_WIDE.isdisjoint(graph.codes) and constants.isdisjoint(firsts))


def variables(graph: Graph) -> list[int]:
    """Every node that is a variable: bound, given a value inside the text, or a named constant expression."""
    return liveness(graph, None)[1]


def differentiable(trace: Trace) -> list[int]:
    """Every variable to which a gradient can flow back: in a run with arrays, all but labels and indices."""
    found = variables(trace.graph)
    if not trace.arrays:
        return found
    labels = _labels(trace.graph, reached_by_output(trace.graph))
    return [k for k in found if k not in labels]


def _labels(graph: Graph, reached: bytearray) -> frozenset[int]:
    """The nodes that have part in the output, but as a label or an index: nothing flows back to them."""
    from . import arrays

    flown = reached_by_output(graph, arrays.flows)
    return frozenset(k for k in range(len(graph)) if reached[k] and not flown[k])


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


def reached_by_output(graph: Graph, flows: Callable[[Op, int], bool] | None = None) -> bytearray:
    """Which nodes the output depends on; with ``flows`` only along edges that carry a gradient."""
    reached = bytearray(len(graph))
    reached[graph.output] = 1
    for k in range(graph.output, -1, -1):
        if reached[k]:
            for slot, i in enumerate(graph.args(k)):
                if flows is None or flows(graph.row(k), slot):
                    reached[i] = 1
    return reached


def backward(trace: Trace, wrt: Sequence[int] | None = None, upstream: Any = 1.0) -> Gradients:
    """The gradient of the output at every node, times ``upstream``.

    ``wrt`` are the nodes whose gradients are asked for (default: every variable); all other
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
    result.notes.extend(remarks(result))
    return result


def _backward_arrays(trace: Trace, wrt: Sequence[int] | None, upstream: Any) -> Gradients:
    from . import arrays

    graph, values = trace.graph, trace.values
    reached = reached_by_output(graph)
    labels = _labels(graph, reached)
    if wrt is None:
        wrt = [k for k in variables(graph) if k not in labels]
    else:
        for k in wrt:
            if k in labels:
                raise UsageProblem(f"{graph.names.get(k, 'this')} is a label or an index: it has no gradient")
    live, leaves = liveness(graph, wrt)
    for k in labels:
        live[k] = 0
    try:
        whole = arrays.broadcast(upstream, getattr(values[graph.output], "shape", ()))
    except ValueError as error:
        raise ShapeProblem(f"the upstream gradient does not fit the output: {error}") from None
    grads: list[Any] = [None] * len(graph)
    grads[graph.output] = whole
    arrays.backward(graph, values, grads, bytearray(x & y for x, y in zip(live, reached)))
    sound = all(arrays.is_finite(grads[k]) for k in range(len(graph)) if live[k])
    result = Gradients(trace, grads, live, leaves, upstream, None if sound else reached)
    if not sound:
        result.notes.extend(Note("overflow", k, "the gradient is too large for a double-precision number")
                            for k in leaves if arrays.overflowed(grads[k]))
        result.grads = [arrays.without_infinities(gradient) for gradient in grads]
    if type(values[graph.output]) is not float and type(upstream) is float:
        result.notes.append(Note("output", graph.output, f"it has shape {values[graph.output].shape}; the gradients "
                                 "are those of the sum of its entries"))
    result.notes.extend(_entrywise(trace))
    result.notes.extend(remarks(result))
    return result


def _entrywise(trace: Trace) -> Iterator[Note]:
    """What to say of ``W^-1`` and ``W·x``, which linear algebra reads as an inverse and a product of matrices."""
    graph, values = trace.graph, trace.values
    power, times = BY_NAME["pow"].code, BY_NAME["mul"].code
    dotted = not {"·", "⋅"}.isdisjoint(graph.source.text)
    for k, code in enumerate(graph.ops):
        if code != power and code != times:
            continue
        left, right = graph.args(k)
        shape: tuple[int, ...] = getattr(values[left], "shape", ())
        other: tuple[int, ...] = getattr(values[right], "shape", ())
        if code == power:
            if len(shape) == 2 and shape[0] == shape[1] > 1 and values[right] == -1.0:
                yield Note("entrywise", k, "every entry is raised to the power -1; this is not the inverse matrix")
        elif shape and other and shape[-1] == other[0]:
            given = max(left, right) < len(graph.inputs)
            if (dotted and (given or len(shape) == 2)) or (given and (len(shape), len(other)) == (2, 1)):
                yield Note("entrywise", k, "this multiplies entry by entry; a product of matrices is written @")


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


def remarks(result: Gradients) -> Iterator[Note]:
    """What to say about gradients: conventions at kinks, and what is undefined or too large."""
    graph, live = result.trace.graph, result.live
    kinky = frozenset(code for code in graph.codes if TABLE[code].kinks)
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
            if live[i] and result.lacks(k, slot, found):
                yield Note("undefined", k, _undefined(row, slot, result, k))
    for k in result.leaves:
        gradient = result.grads[k]
        if isinstance(gradient, float) and gradient - gradient != 0.0 and gradient == gradient:
            yield Note("overflow", k, "the gradient is too large for a double-precision number")


def _undefined(row: Op, slot: int, result: Gradients, k: int) -> str:
    graph, values = result.trace.graph, result.trace.values
    args = graph.args(k)
    name = _called(row)
    if not all(isinstance(values[i], float) for i in args):
        point = "some of the entries"
    else:
        point = " and ".join(f"{values[i] + 0:.6g}" for i in args)
    to = graph.names.get(args[slot]) or f"its argument {slot + 1}"
    which = "" if len(args) == 1 else f" with respect to {to}"
    return f"the derivative of {name}{which} does not exist or is infinite at {point}"
