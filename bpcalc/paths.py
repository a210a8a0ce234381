"""The gradient of one node as a sum over paths: each path's local gradients, and their product.

The view of C. Olah, "Calculus on Computational Graphs": backpropagation factors this sum.  There can be
exponentially many paths, so they are counted without being listed, and listed one by one.
"""

from __future__ import annotations

from .errors import UsageProblem
from .report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = 10**15
"""More paths than this are not counted."""
LISTED = 200
"""How many paths are listed; a graph can have more of them than anyone can read."""

Way = tuple[int, float | None]
"""A use of a node: the operation, and its local gradient there."""


class Path:
    """One path from a node to the output: its nodes, the local gradients along it, and their product.

    ``factors`` stand from the output back, the upstream gradient first where it is not 1.
    """

    __slots__ = ("factors", "nodes", "product")

    def __init__(self, nodes: list[int], factors: list[float | None], product: float | None) -> None:
        self.nodes = nodes
        self.factors = factors
        self.product = product


class Paths:
    """All paths from node ``k`` to the output.

    Raises UsageProblem for a node that is held constant, and for a run with arrays, whose local gradients
    are no factors.
    """

    def __init__(self, report: Report, k: int) -> None:
        if report.trace.arrays:
            raise UsageProblem("paths multiply single numbers, not arrays",
                               hint="--expand opens the arrays into their entries")
        if not report.is_live(k):
            name = report.label(k)
            raise UsageProblem(f"{name} is held constant, so no gradient flows along its paths",
                               hint=f"--wrt {name.partition('[')[0]} asks for its gradient")
        self.report = report
        self.start = k
        graph = report.graph
        # Backwards from the output: what reaches it, by how many paths, and by which uses.
        self._ways: dict[int, list[Way]] = {graph.output: []}
        counts = {graph.output: 1}
        for node in range(graph.output, k, -1):
            if node in self._ways and report.is_live(node):
                for i, local in zip(graph.args(node), report.locals(node)):
                    if report.is_live(i):
                        self._ways.setdefault(i, []).append((node, local))
                        counts[i] = min(counts.get(i, 0) + counts[node], MANY)
        self.count: int = counts.get(k, 0)
        """How many paths there are, up to MANY."""

    def __iter__(self) -> Iterator[Path]:
        output = self.report.graph.output
        at, taken = [self.start], list[float | None]()
        choices = [self._onward(self.start)]
        while choices:
            if at[-1] == output:
                yield self._path(list(at), taken)
                way = None
            else:
                way = next(choices[-1], None)
            if way is not None:
                at.append(way[0])
                taken.append(way[1])
                choices.append(self._onward(way[0]))
                continue
            choices.pop()
            at.pop()
            if taken:
                taken.pop()

    def _onward(self, k: int) -> Iterator[Way]:
        return reversed(self._ways.get(k, ()))         # in forward order

    def _path(self, nodes: list[int], taken: list[float | None]) -> Path:
        upstream: float | None = self.report.upstream
        factors = [*([upstream] if upstream != 1.0 or not taken else []), *reversed(taken)]
        product, *rest = factors
        for factor in rest:
            product = self.report.times(product, factor)
        return Path(nodes, factors, product)
