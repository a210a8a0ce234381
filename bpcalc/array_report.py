"""What there is to know about a run with arrays: the same Report, whose numbers may be arrays.

Graphs with arrays have few nodes and large values, so nothing here is streamed for speed; what is
written about a node can depend on its axis or index, which the patterns of plain graphs do not know.
"""

from __future__ import annotations

from . import formula
from .errors import UsageProblem
from .formula import Piece
from .ops import CONSTANT, INPUT, TABLE
from .records import Edge, Step
from .report import Report
from .streams import TEXT_LIMIT
from .written import ATOM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from .streams import Flow


class ArrayReport(Report):
    """A Report in which a value, a gradient and a local gradient are floats or arrays of float64."""

    @property
    def weighted(self) -> bool:
        """Whether an upstream gradient other than 1 arrives at the output."""
        return hasattr(self.upstream, "shape") or float(self.upstream) != 1.0

    def opened(self, name: str | None = None) -> Report:
        """This run entry by entry, as a plain Report; with ``name`` only that step and its inputs are shown.

        Raises LimitProblem where that is too large.
        """
        from .opened import opened

        return opened(self, name)

    def rounded(self, decimals: int) -> Report:
        """Hand arithmetic is for single numbers.

        Raises UsageProblem.
        """
        raise UsageProblem("decimals are carried for single numbers, not for arrays",
                           hint="--expand opens the arrays into their entries")

    def exact(self, seconds: float | None = None) -> Report:
        """Exact numbers are for single numbers.

        Raises UsageProblem.
        """
        raise UsageProblem("exact forms are for single numbers, not for arrays",
                           hint="--expand opens the arrays into their entries")

    # --------------------------------------------------------------------------------------- streams
    def each_gradient(self) -> Iterator[Any]:
        """The output's gradient at each node, in forward order."""
        return map(self.gradient, range(len(self)))

    def each_locals(self) -> Iterator[Sequence[Any]]:
        """Every node's local gradients, in forward order; () for leaves, None for structural operations."""
        return map(self.locals, range(len(self)))

    def each_text(self) -> Iterator[str | None]:
        """Every node's expression over names, in forward order; None when longer than TEXT_LIMIT."""
        return map(self.text, range(len(self)))

    def each_flow(self, by_label: bool = False) -> Iterator[Flow]:
        """Every edge in forward order as (node, input, slot, formula, local, upstream, product)."""
        for edge in self.each_edge():
            yield edge.node, edge.input, edge.slot, edge.formula, edge.local, edge.upstream, edge.product

    def each_edge(self, by_label: bool = False) -> Iterator[Edge]:
        """The edges in forward order; formulas call unnamed inputs by their label."""
        for k in range(len(self)):
            if self.graph.args(k) and self.is_live(k):
                yield from self._edges(k)

    def _edges(self, k: int) -> Iterator[Edge]:
        graph, values, gradients = self.graph, self.trace.values, self._gradients
        row, args = graph.row(k), graph.args(k)
        parts = [self._called(i) for i in args]
        own = self.label(k), ATOM
        given = [values[i] for i in args]
        upstream = gradients.at(k)
        for slot, (i, local) in enumerate(zip(args, gradients.locals(k))):
            if not self.is_live(i) or not row.flows(slot):
                continue
            product = gradients.product(k, slot, local)
            if row.structural:
                rule = formula.pulled(row, slot, parts, self.label(k), given)
                yield Edge(k, i, slot, rule, rule, None, None, upstream, product, True)
                continue
            text = branch = formula.local_formula(row, slot, parts, own)
            case = None
            if not hasattr(values[k], "shape"):
                chosen = formula.branch(row, slot, parts, own, given, values[k])
                branch, case = chosen or (text, None)
            yield Edge(k, i, slot, text, branch, case, local, upstream, product, False, _summed(given[slot], values[k]))

    # ------------------------------------------------------------------------------------ as on paper
    def steps(self, nodes: Sequence[int]) -> Iterator[Step]:
        """The lines of hand work of these nodes, in forward order."""
        terms = self.arriving(nodes)
        return (self.step(k, terms.pop(k)) for k in nodes)

    def step(self, k: int, terms: list[Any]) -> Step:
        """Node ``k`` as a line of hand work; ``terms`` as :meth:`arriving` gives them."""
        graph = self.graph
        args = graph.args(k)
        operation, edges = None, []
        if args:
            parts: list[Piece] = [self._called(i) for i in args]
            operation = formula.compose(graph.row(k), parts, graph.statics.get(k))[0]
            edges = list(self._edges(k)) if self.is_live(k) else []
        return Step(k, self.label(k), operation, self.trace.values[k], self.gradient(k), self.is_live(k), edges, terms)

    def arriving(self, wanted: Iterable[int]) -> dict[int, list[Any]]:
        """The products that arrive at each of the ``wanted`` nodes, in forward order."""
        gradients = self._gradients
        found: dict[int, list[Any]] = {k: [] for k in wanted}
        for k in range(len(self)):
            if not self.is_live(k) or not gradients.counts(k):
                continue
            row = self.graph.row(k)
            for slot, (i, local) in enumerate(zip(self.graph.args(k), gradients.locals(k))):
                if i in found and self.is_live(i) and row.flows(slot):
                    found[i].append(gradients.product(k, slot, local))
        return found

    def shows(self, k: int) -> bool:
        """Whether node ``k`` has a line in human output: all but numbers, arrays in the text and sums of them."""
        return not (self.graph.ops[k] == CONSTANT or self._is_number(k))

    def text(self, k: int, limit: int = TEXT_LIMIT) -> str | None:
        """The expression of node ``k`` over names, or None when it is longer than ``limit``."""
        if TABLE[self.graph.ops[k]].code in (INPUT, CONSTANT):
            word = self.label(k)
            return word if len(word) <= limit else None
        return super().text(k, limit)


def _summed(input: Any, out: Any) -> tuple[int, ...]:
    """The axes of ``out`` along which ``input`` was broadcast."""
    here, there = getattr(input, "shape", ()), getattr(out, "shape", ())
    extra = len(there) - len(here)
    return (*range(extra),
            *(at for at in range(extra, len(there)) if here[at - extra] == 1 and there[at] != 1))
