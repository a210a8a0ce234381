"""Rows and columns: how the vectors of a run stand in the mathematics.

An array of one axis is neither; on paper a vector is a column, or a row where it multiplies a matrix from the left or
is added to each row of one.  What a node is follows from how it is used, and is the same for all that is worked out
from it entry by entry.
"""

from __future__ import annotations

from .grids import COLUMN, LIST, MATRIX, NUMBER, ROW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..engine import Trace
    from ..graph import Graph


class Orientation:
    """What the value of each node of a run is on paper."""

    def __init__(self, trace: Trace) -> None:
        self._axes: list[int] = []
        self._rows: frozenset[int] | None = frozenset()
        if trace.arrays:
            self._axes = [getattr(value, "ndim", 0) for value in trace.values]
            self._rows = self._worked_out(trace.graph)

    def of(self, k: int) -> int:
        """NUMBER, COLUMN, ROW, MATRIX or LIST."""
        axes = self._axes[k] if self._axes else 0
        if axes != 1:
            return MATRIX if axes else NUMBER
        return LIST if self._rows is None else ROW if k in self._rows else COLUMN

    def _worked_out(self, graph: Graph) -> frozenset[int] | None:
        """The vectors that are rows; None where a vector would have to be both."""
        axes = self._axes
        group = list(range(len(graph)))

        def leader(k: int) -> int:
            while group[k] != k:
                group[k] = k = group[group[k]]
            return k

        for k in range(len(graph)):
            row = graph.row(k)
            if axes[k] == 1 and graph.args(k) and (not row.structural or row.keeps):
                for i in graph.args(k):
                    if axes[i] == 1:
                        group[leader(i)] = leader(k)
        found: tuple[set[int], set[int]] = (set(), set())
        for k in range(len(graph)):
            for i, is_row in self._votes(graph, k):
                if axes[i] == 1:
                    found[is_row].add(leader(i))
        columns, rows = found
        return None if columns & rows else frozenset(k for k in range(len(graph)) if leader(k) in rows)

    def _votes(self, graph: Graph, k: int) -> Iterator[tuple[int, bool]]:
        """What the operation of node ``k`` says about vectors: that they are rows, or that they are columns."""
        axes = self._axes
        row, args = graph.row(k), graph.args(k)
        if row.name == "matmul":
            a, b = args
            if axes[a] == 1 and axes[b] == 2:
                yield from ((a, True), (k, True))
            elif axes[a] == 2 and axes[b] == 1:
                yield from ((b, False), (k, False))
        elif row.name == "outer":
            yield from ((i, False) for i in args)
        elif not row.structural or row.name == "stack":
            if axes[k] == 2:
                yield from ((i, True) for i in args)
        elif axes[k] == 1 and axes[args[0]] == 2:
            statics = graph.statics.get(k, {})
            at = statics.get("at")
            if row.name == "index" and at:
                yield k, not isinstance(at[0], tuple)
            elif not statics or statics.get("axis") is not None:
                yield k, statics.get("axis") in (0, -2)
