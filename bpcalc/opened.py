"""A run with arrays opened into the graph of single numbers beneath it.

Every entry of an array becomes a node of its own, called ``W[0,1]``; a matrix product becomes the
products and sums that it stands for.  The result is an ordinary Report: all that is known about plain
graphs (tables, steps, pictures, checks of answers, second opinions) holds for it.

Structural operations that only move entries run here on arrays of node numbers with the functions of
arrays.py; those that compute are written out as a textbook defines them.
"""

from __future__ import annotations

import numpy as np

from .arrays import entries, vocabulary, whole
from .calculate import run
from .dependence import deciding
from .errors import LimitProblem, NameProblem
from .graph import Graph
from .ops import BY_NAME, CONSTANT, INPUT
from .report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from .descent import Descent

    Nodes = np.ndarray[Any, np.dtype[np.int64]]

_FAR = 700.0
"""Beyond this exp overflows."""

LIMIT = 50_000
"""The most nodes that a graph is opened into."""


class OpenedReport(Report):
    """A plain Report of which only some nodes are shown to people (all of them if ``only`` is None)."""

    only: frozenset[int] | None = None
    origins: dict[int, tuple[int, tuple[int, ...]]]
    """For the nodes of variables the node of the run with arrays and the entry that they are."""
    deciders: frozenset[int] = frozenset()

    @property
    def decided_by(self) -> frozenset[int]:
        """Also the labels and indices of the run with arrays, entry by entry: nothing here depends on them any more."""
        return self.deciders

    def shows(self, k: int) -> bool:
        """Whether node ``k`` has a line in human output."""
        return (self.only is None or k in self.only) and super().shows(k)

    def count_shown(self) -> int:
        """How many nodes have a line in human output."""
        return super().count_shown() if self.only is None else sum(map(self.shows, range(len(self))))


def opened(report: Report, name: str | None = None) -> OpenedReport:
    """The run of ``report`` entry by entry; with ``name`` only that step and its inputs are shown.

    Raises LimitProblem above LIMIT nodes, NameProblem for a name that the text does not have, and
    DomainProblem where the textbook's formula overflows though the operation's own does not.
    """
    made = _Opener(report)
    graph = made.graph()
    given = dict(zip(graph.inputs, made.values))
    wrt = [word for k in report._gradients.leaves for word in made.words_of(k)]
    upstream = report.upstream if isinstance(report.upstream, float) else 1.0
    found = run(graph, given, wrt, upstream)
    result = OpenedReport(found._gradients, [note for note in report.notes if note.code == "unused"])
    result.origins = {graph.symbols[word]: (k, at) for k in report._gradients.leaves
                      for word, at in zip(made.words_of(k), np.ndindex(np.shape(report.trace.values[k])))}
    result.deciders = frozenset(int(node) for k in deciding(report.graph) for node in made.nodes[k].reshape(-1))
    if name is not None:
        k = report.graph.node(name)
        if k is None and name == report.symbol:
            k = report.graph.output
        if k is None:
            raise NameProblem(f"there is no step '{name}' to open", hint="leave the name out to open everything")
        result.only = made.below(k)
    return result


def entry_name(name: str, at: Sequence[int]) -> str:
    """What an entry of an array is called: ``W[0,1]``; of a number the name itself."""
    return f"{name}[{','.join(map(str, at))}]" if len(at) else name


def updated(learned: Descent) -> Descent:
    """What happened to the weights, entry by entry."""
    def opened_up(values: Sequence[Any]) -> list[Any]:
        return [entry for value in values for _, entry in entries(value)]

    names = [entry_name(name, at) for name, value in zip(learned.names, learned.before) for at, _ in entries(value)]
    found = type(learned)(names, learned.rate, learned.optimizer, opened_up(learned.before),
                          opened_up(learned.gradients))
    found.after = opened_up(learned.after)
    found.losses, found.steps = learned.losses, learned.steps
    found.stopped, found.lost = learned.stopped, learned.lost
    return found


class _Opener:
    def __init__(self, report: Report) -> None:
        self.report = report
        self.ops: list[int] = []
        self.a: list[Any] = []
        self.b: list[int] = []
        self.symbols: dict[str, int] = {}
        self.named: set[int] = set()
        self.inputs: list[str] = []
        self.values: list[float] = []
        self.nodes: list[Nodes] = []               # for every node of the report its entries' nodes
        self.spans: list[tuple[int, int]] = []     # and which nodes were made for it
        for k in range(len(report)):
            start = len(self.ops)
            self.nodes.append(np.asarray(self._open(k), dtype=np.int64))
            name = report.graph.names.get(k)
            if name is not None and k >= len(report.graph.inputs):
                self.nodes[k] = self._call(name, self.nodes[k], start)
            self.spans.append((start, len(self.ops)))

    def graph(self) -> Graph:
        """The plain graph; an output that is an array is summed, weighted with the upstream gradient."""
        report = self.report
        output = self.nodes[report.graph.output]
        if output.ndim:
            weights = report.upstream
            parts = [int(node) for node in output.reshape(-1)]
            if not isinstance(weights, float):
                spread = np.broadcast_to(weights, output.shape).reshape(-1)
                parts = [self.put("mul", self.number(float(weight)), node) for weight, node in zip(spread, parts)]
            last, name = self.several("sum", parts), None
        else:
            last, name = int(output), report.graph.output_name
        # No tokens: nothing in the text stands for an entry.
        return Graph(report.graph.source, self.ops, self.a, self.b, self.symbols, tuple(self.inputs), last, name,
                     tokens=[])

    def words_of(self, k: int) -> list[str]:
        """The names of a variable's entries."""
        name = self.report.graph.names[k]
        return [entry_name(name, at) for at, _ in entries(self.report.trace.values[k])]

    def below(self, k: int) -> frozenset[int]:
        """The nodes that node ``k`` of the report was opened into, and its inputs' entries."""
        shown = {*range(*self.spans[k]), *map(int, self.nodes[k].reshape(-1))}
        for i in self.report.graph.args(k):
            shown.update(map(int, self.nodes[i].reshape(-1)))
        return frozenset(shown)

    # -------------------------------------------------------------------------------------- building
    def put(self, name: str, *args: int) -> int:
        """A node for an operation of two arguments at most."""
        if len(self.ops) >= LIMIT:
            raise LimitProblem(f"opened, this has more than {LIMIT:,} operations on single numbers")
        self.ops.append(BY_NAME[name].code)
        self.a.append(args[0])
        self.b.append(args[-1])
        return len(self.ops) - 1

    def several(self, name: str, args: Sequence[int]) -> int:
        """A node for an operation of any number of arguments; of one argument that itself."""
        if len(args) == 1:
            return args[0]
        self.put(name, 0)
        self.a[-1], self.b[-1] = tuple(args), -1
        return len(self.ops) - 1

    def number(self, value: float) -> int:
        """A constant."""
        word = repr(value).removesuffix(".0")
        if word not in self.symbols:
            self.symbols[word] = self._leaf(CONSTANT, value)
        return self.symbols[word]

    def _leaf(self, code: int, value: float) -> int:
        self.ops.append(code)
        self.a.append(value)
        self.b.append(-1)
        return len(self.ops) - 1

    def each(self, make: Callable[..., int], *args: Nodes) -> Nodes:
        """``make`` for every entry of the arguments, broadcast to one shape."""
        spread = np.broadcast_arrays(*args)
        made = [make(*map(int, nodes)) for nodes in zip(*(nodes.reshape(-1) for nodes in spread))]
        return np.array(made, dtype=np.int64).reshape(spread[0].shape)

    def along(self, make: Callable[[list[int]], int], x: Nodes, axis: int | None, keepdims: int) -> Nodes:
        """``make`` of the entries along an axis, for every place of the others; of all entries if axis is None."""
        rows = x.reshape(1, -1) if axis is None else np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis])
        made = np.array([make([int(node) for node in row]) for row in rows], dtype=np.int64)
        if axis is None:
            return made.reshape((1,) * x.ndim if keepdims else ())
        shape = np.delete(x.shape, axis)
        made = made.reshape(shape)
        return np.expand_dims(made, axis) if keepdims else made

    def _call(self, name: str, nodes: Nodes, start: int) -> Nodes:
        """Give the entries their names; one that is an older node gets a node of its own."""
        def called(at: tuple[int, ...], node: int) -> int:
            if node in self.named or node < start or self.ops[node] == CONSTANT:
                node = self.put("identity", node)
            self.symbols[entry_name(name, at)] = node
            self.named.add(node)
            return node

        made = [called(at, int(node)) for at, node in np.ndenumerate(nodes)]
        return np.array(made, dtype=np.int64).reshape(nodes.shape)

    # ------------------------------------------------------------------------------------ operations
    def _open(self, k: int) -> Any:
        graph, value = self.report.graph, self.report.trace.values[k]
        row, args = graph.row(k), graph.args(k)
        if k < len(graph.inputs):
            return self._variable(graph.names[k], value)
        if graph.ops[k] == INPUT:
            made = [self._leaf(INPUT, entry) for _, entry in entries(value)]
            return np.array(made, dtype=np.int64).reshape(np.shape(value))
        if graph.ops[k] == CONSTANT:
            if isinstance(value, float):
                return self._constant(k, value)
            return np.array([self.number(entry) for _, entry in entries(value)]).reshape(np.shape(value))
        given = [self.nodes[i] for i in args]
        if not row.structural:
            if row.variadic or len(args) > 2:
                return self.each(lambda *nodes: self.several(row.name, nodes), *given)
            return self.each(lambda *nodes: self.put(row.name, *nodes), *given)
        statics = graph.statics.get(k, {})
        rule = getattr(self, f"_{row.name}", None)
        if rule is not None:
            return rule(*given, k=k, **statics)
        # What only moves entries is the same for numbers and for nodes.
        if row.name == "index":
            return vocabulary["take"]([given[0], *(self.report.trace.values[i] for i in args[1:])], statics["at"])
        return vocabulary[row.name](*([given] if row.variadic else given), *statics.values())

    def _variable(self, name: str, value: Any) -> Nodes:
        made = []
        for at, entry in entries(value):
            word = entry_name(name, at)
            self.symbols[word] = node = self._leaf(INPUT, 0.0)
            self.named.add(node)
            self.inputs.append(word)
            self.values.append(entry)
            made.append(node)
        return np.array(made, dtype=np.int64).reshape(np.shape(value))

    def _constant(self, k: int, value: float) -> int:
        word = next(symbol for symbol, node in self.report.graph.symbols.items() if node == k)
        if word not in self.symbols:
            self.symbols[word] = self._leaf(CONSTANT, value)
        return self.symbols[word]

    def _matmul(self, a: Nodes, b: Nodes, k: int) -> Nodes:
        left = a[None, :] if a.ndim == 1 else a
        right = b[:, None] if b.ndim == 1 else b
        batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        left = np.broadcast_to(left, (*batch, *left.shape[-2:]))
        right = np.broadcast_to(right, (*batch, *right.shape[-2:]))
        made = np.empty((*batch, left.shape[-2], right.shape[-1]), dtype=np.int64)
        for at in np.ndindex(made.shape):
            *place, row, column = at
            made[at] = self.several("sum", [self.put("mul", int(x), int(y)) for x, y in zip(
                left[(*place, row)], right[(*place, slice(None), column)])])
        made = made[..., 0, :] if a.ndim == 1 else made
        return made[..., 0] if b.ndim == 1 else made

    def _outer(self, a: Nodes, b: Nodes, k: int) -> Nodes:
        return self.each(lambda x, y: self.put("mul", x, y), a[:, None], b[None, :])

    def _reduce_sum(self, x: Nodes, k: int, axis: int | None, keepdims: int) -> Nodes:
        return self.along(lambda nodes: self.several("sum", nodes), x, axis, keepdims)

    def _reduce_mean(self, x: Nodes, k: int, axis: int | None, keepdims: int) -> Nodes:
        return self.along(lambda nodes: self.several("mean", nodes), x, axis, keepdims)

    def _reduce_max(self, x: Nodes, k: int, axis: int | None, keepdims: int) -> Nodes:
        return self.along(lambda nodes: self.several("max", nodes), x, axis, keepdims)

    def _reduce_min(self, x: Nodes, k: int, axis: int | None, keepdims: int) -> Nodes:
        return self.along(lambda nodes: self.several("min", nodes), x, axis, keepdims)

    def _reduce_prod(self, x: Nodes, k: int, axis: int | None, keepdims: int) -> Nodes:
        def product(nodes: list[int]) -> int:
            first, *others = nodes
            for node in others:
                first = self.put("mul", first, node)
            return first

        return self.along(product, x, axis, keepdims)

    def _norm(self, x: Nodes, k: int, axis: int | None, keepdims: int) -> Nodes:
        two = self.number(2.0)
        squares = self.each(lambda node: self.put("pow", node, two), x)
        return self.along(lambda nodes: self.put("sqrt", self.several("sum", nodes)), squares, axis, keepdims)

    def _exponentials(self, x: Nodes, axis: int, k: int) -> tuple[Nodes, Nodes, Nodes | None]:
        """exp(x) entry by entry, its sums along the axis, which is kept, and what was subtracted before.

        As the textbook writes it; only where that overflows the largest entry, a constant, goes first.
        """
        value = self.report.trace.values[self.report.graph.args(k)[0]]
        largest = None
        if np.max(np.abs(value)) > _FAR:
            top = np.max(value, axis=axis, keepdims=True)
            largest = np.array([self.number(float(entry)) for entry in top.reshape(-1)]).reshape(top.shape)
            x = self.each(lambda node, shift: self.put("sub", node, shift), x, largest)
        raised = self.each(lambda node: self.put("exp", node), x)
        return raised, self.along(lambda nodes: self.several("sum", nodes), raised, axis, 1), largest

    def _softmax(self, x: Nodes, k: int, axis: int) -> Nodes:
        raised, sums, _ = self._exponentials(x, axis, k)
        return self.each(lambda node, total: self.put("div", node, total), raised, sums)

    def _logsumexp(self, x: Nodes, k: int, axis: int, keepdims: int) -> Nodes:
        _, sums, largest = self._exponentials(x, axis, k)
        made = self.each(lambda node: self.put("log", node), sums)
        if largest is not None:
            made = self.each(lambda node, shift: self.put("add", node, shift), made, largest)
        return made if keepdims else np.squeeze(made, axis)

    def _log_softmax(self, x: Nodes, k: int, axis: int) -> Nodes:
        logarithms = self._logsumexp(x, k, axis, 1)
        return self.each(lambda node, logarithm: self.put("sub", node, logarithm), x, logarithms)

    def _rows(self, k: int) -> Iterable[tuple[list[int], int]]:
        """The scores of every row and its label."""
        scores, label = self.report.graph.args(k)[:2]
        labels = whole(self.report.trace.values[label], "a label").reshape(-1)
        nodes = self.nodes[scores]
        return zip(nodes.reshape(-1, nodes.shape[-1]).tolist(), labels.tolist())

    def _cross_entropy(self, s: Nodes, y: Nodes, k: int) -> Nodes:
        logarithms = self._logsumexp(s, k, -1, 0).reshape(-1)
        made = [self.put("sub", int(logarithm), row[label])
                for logarithm, (row, label) in zip(logarithms, self._rows(k))]
        return np.array(made, dtype=np.int64).reshape(s.shape[:-1])

    def _hinge(self, s: Nodes, y: Nodes, margin: Nodes, k: int) -> Nodes:
        made = []
        for row, label in self._rows(k):
            terms = []
            for at, node in enumerate(row):
                if at != label:
                    over = self.put("add", self.put("sub", node, row[label]), int(margin))
                    terms.append(self.put("relu", over))    # max(0, over); its corner is as the row's
            made.append(self.several("sum", terms) if terms else self.number(0.0))
        return np.array(made, dtype=np.int64).reshape(s.shape[:-1])

    def _one_hot(self, y: Nodes, n: Nodes, k: int) -> Nodes:
        value = self.report.trace.values[k]
        return np.array([self.number(entry) for _, entry in entries(value)], dtype=np.int64).reshape(value.shape)
