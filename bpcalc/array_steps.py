"""A graph with arrays run again and again for other values of some leaves: descent's inner loop.

Shapes never change from one run to the next, so what has to be called for each node is found out once;
what does not depend on the leaves is not computed again.
"""

from __future__ import annotations

from math import isfinite

from .arrays import arrays, as_floats, outside, quiet, shape_of, unbroadcast
from .backends import floats

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .arrays import Value
    from .graph import Graph


def on_arrays(graph: Graph, leaves: Sequence[int], live: bytearray, values: Sequence[Value],
              upstream: float) -> Callable[..., list[Value]]:
    """A function from the leaves' values to the output, a number, and its gradients at the leaves.

    ``values`` are all nodes' values in an earlier run, ``live`` says which nodes depend on the leaves.
    The function raises ArithmeticError or ValueError where anything is not finite or not defined; why,
    the engine's own passes can say.
    """
    now = list(values)
    given = frozenset(leaves)
    computed = [k for k in range(len(graph)) if live[k] and k not in given and graph.args(k)]
    forward = [(k, _value_of(graph, k, values)) for k in computed]
    backward = [(k, [(i, _product_of(graph, k, slot, values)) for slot, i in enumerate(graph.args(k))
                     if live[i] and graph.row(k).flows(slot)]) for k in reversed(computed)]
    zero = {k: 0.0 * now[k] for k in leaves}

    def run(*weights: Value) -> list[Value]:
        for k, weight in zip(leaves, weights):
            now[k] = weight
        grads: dict[int, Any] = {graph.output: upstream}
        with quiet():
            for k, value in forward:
                found = now[k] = value(now)
                if not isfinite(found if isinstance(found, float) else found.sum()):
                    raise ArithmeticError          # a sum of finite numbers may overflow: then others look again
            for k, products in backward:
                g = grads.pop(k, None)
                if g is None:
                    continue
                for i, product in products:
                    part = product(now, g)
                    before = grads.get(i)
                    grads[i] = part if before is None else before + part
        slopes = [grads.get(k, zero[k]) for k in leaves]
        if not all(isfinite(slope if isinstance(slope, float) else slope.sum()) for slope in slopes):
            raise ArithmeticError
        return [now[graph.output], *slopes]

    return run


def _value_of(graph: Graph, k: int, values: Sequence[Value]) -> Callable[[list[Any]], Value]:
    """A function from the nodes' values to that of node ``k``."""
    row, args = graph.row(k), graph.args(k)
    statics = tuple(graph.statics.get(k, {}).values())
    shape, blank = shape_of(values[k]), 0.0 * values[k]
    if not row.structural and all(type(values[i]) is float for i in args):
        rule = floats().forward(row)
    else:
        rule = arrays().rule((*row.params, *row.statics) if row.structural else row.params, row.forward)

    def value(now: list[Any]) -> Value:
        given = [now[i] for i in args]
        if row.guarded and outside(row, given) is not None:
            raise ValueError
        found = rule(given, *statics) if row.variadic else rule(*given, *statics)
        if not shape:
            return float(found)
        made = as_floats(found)
        return made if made.shape == shape else made + blank

    return value


def _product_of(graph: Graph, k: int, slot: int, values: Sequence[Value]) -> Callable[[list[Any], Value], Value]:
    """A function from the nodes' values and the gradient at node ``k`` to what flows back to argument ``slot``."""
    row, args = graph.row(k), graph.args(k)
    statics = tuple(graph.statics.get(k, {}).values())
    shape = shape_of(values[args[slot]])
    if row.structural:
        pull = arrays().rule((*row.params, "out", "g", "slot", *row.statics), row.pull(slot))

        def product(now: list[Any], g: Any) -> Value:
            given = [now[i] for i in args]
            above = as_floats(g)
            found = pull(given, now[k], above, slot, *statics) if row.variadic else \
                pull(*given, now[k], above, slot, *statics)
            return found.reshape(shape) if shape else float(found)
    elif row.partial(slot) == "1":
        def product(now: list[Any], g: Any) -> Value:
            return _summed(g, shape)
    else:
        params = ("xs", "x", "out") if row.variadic else (*row.params, "out")
        if all(type(values[i]) is float for i in args):
            partial = floats().partial(row, slot)
        else:
            partial = arrays().rule(params, row.partial(slot))

        def product(now: list[Any], g: Any) -> Value:
            given = [now[i] for i in args]
            local = partial(given, given[slot], now[k]) if row.variadic else partial(*given, now[k])
            return _summed(g * local, shape)
    return product


def _summed(product: Any, shape: tuple[int, ...]) -> Value:
    """A product in the shape of the argument that it flows back to."""
    if shape:
        summed: Value = unbroadcast(product, shape)
        return summed
    return float(product if isinstance(product, float) else product.sum())
