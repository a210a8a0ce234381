"""What depends on what in a graph: which nodes are live, which are variables, which have part in the output."""

from __future__ import annotations

from itertools import compress

from .errors import UsageProblem
from .ops import CONSTANT, INPUT, TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .graph import Graph

_WIDE = frozenset(row.code for row in TABLE if row.variadic or len(row.params) > 2)
"""Operations whose inputs may be a tuple."""


def liveness(graph: Graph, wrt: Sequence[int] | None) -> tuple[bytearray, Sequence[int]]:
    """Which nodes depend on a variable whose gradient is asked for, and those variables: a range if all are bound."""
    live = bytearray(len(graph))
    if wrt is not None:
        for k in wrt:
            live[k] = 1
        _spread(graph, live, frozenset())
        return live, list(wrt)
    constants = frozenset(_places(graph, CONSTANT, 0) if CONSTANT in graph.codes else ())
    if _all_depend(graph, constants):
        live = bytearray(b"\1") * len(graph)
        for k in constants:
            live[k] = 0
        bound = range(len(graph.inputs))           # as a list, 40 bytes a variable
        inside = [*_places(graph, INPUT, len(bound))]
        return live, [*bound, *inside] if inside else bound
    # `third = 1/3` gives a name to a constant expression: that is a variable with a value, too.
    return live, _spread(graph, live, frozenset(graph.symbols.values()) - constants)


def flowing(graph: Graph, wrt: Sequence[int] | None) -> tuple[bytearray, Sequence[int]]:
    """Liveness where there may be labels and indices: these are neither live nor among the variables.

    Raises UsageProblem for one of them in ``wrt``.
    """
    unmoved = labels(graph)
    if wrt is None:
        wrt = [k for k in variables(graph) if k not in unmoved]
    for k in wrt:
        if k in unmoved:
            raise UsageProblem(f"{graph.names.get(k, 'this')} is a label or an index: it has no gradient")
    live, leaves = liveness(graph, wrt)
    for k in unmoved:
        live[k] = 0
    return live, leaves


def variables(graph: Graph) -> Sequence[int]:
    """Every node that is a variable: bound, given a value inside the text, or a named constant expression."""
    return liveness(graph, None)[1]


def reached_by_output(graph: Graph, flowing: bool = False) -> bytearray:
    """Which nodes the output depends on; with ``flowing`` only along edges that carry a gradient."""
    reached = bytearray(len(graph))
    reached[graph.output] = 1
    for k in range(graph.output, -1, -1):
        if reached[k]:
            for slot, i in enumerate(graph.args(k)):
                if not flowing or graph.row(k).flows(slot):
                    reached[i] = 1
    return reached


def depends(graph: Graph, k: int, on: int) -> bool:
    """Whether node ``k`` depends on node ``on``."""
    above = bytearray(len(graph))
    above[on] = 1
    for node in range(on + 1, k + 1):
        above[node] = any(above[i] for i in graph.args(node))
    return bool(above[k])


def labels(graph: Graph) -> frozenset[int]:
    """The nodes that have part in the output, but as a label or an index: nothing flows back to them."""
    return frozenset(k for k, (reached, flown) in enumerate(zip(reached_by_output(graph),
                                                                reached_by_output(graph, flowing=True)))
                     if reached and not flown)


def deciding(graph: Graph) -> frozenset[int]:
    """The nodes whose values decide which graph it is, entry by entry: labels, indices, the numbers of a sum's range.

    Also what these are computed from: with other values the text would be another graph, or no graph at all.
    """
    found = bytearray(len(graph))
    for name in graph.settled:
        k = graph.symbols.get(name)
        if k is not None:
            found[k] = 1
    if graph.arrays:
        for k in range(len(graph) - 1, -1, -1):
            row = graph.row(k)
            for slot, i in enumerate(graph.args(k)):
                if found[k] or not row.flows(slot):
                    found[i] = 1
    return frozenset(compress(range(len(graph)), found))


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
