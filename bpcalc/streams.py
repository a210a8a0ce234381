"""The nodes and edges of a run one by one, in forward order, and how they are called and written.

Nothing is copied: records and texts are made when they are asked for, so a million of them can be
streamed.
"""

from __future__ import annotations

from itertools import count

from . import formula
from .formula import TOO_LONG, Pattern, Piece, Shape
from .graph import Graph
from .ops import CONSTANT, INPUT, TABLE
from .records import Edge, Node, Step
from .written import ATOM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from .engine import Gradients, Trace

    Written = tuple[Pattern | None, tuple[int, ...], tuple[str, ...], str | None]
    Flow = tuple[int, int, int, str, float | None, float | None, float | None]

TEXT_LIMIT = 120
"""Expressions of nodes are written out up to this many characters; longer ones by their number."""

WIDE = 12
"""How many arguments of a call are written out as a line of hand work."""

_UNARY = frozenset(row.code for row in TABLE if len(row.params) == 1 and not row.variadic)
_NUMBER_LIMIT = 24
"""Sums of numbers up to this long are written out where they are used; they have no line of their own."""

_LEAVES = (INPUT, CONSTANT)
_MANY = 4
"""Where more than one node in so many is shown, all are gone through."""


class Streams:
    """What there is to stream about a run; the base of a Report."""

    def __init__(self, gradients: Gradients) -> None:
        self._gradients = gradients
        self.trace: Trace = gradients.trace
        self.graph: Graph = gradients.trace.graph
        self._numbers: bytearray | None = None
        self._prefix: str | None = None
        self._symbol: str | None = None

    # -------------------------------------------------------------------------------------- names
    @property
    def symbol(self) -> str:
        """What the output is called: the user's name for it, or a letter that is free."""
        if self._symbol is None:
            self._symbol = output_symbol(self.graph)
        return self._symbol

    @property
    def top(self) -> str:
        """What the gradients are of: the output, or a loss behind it where a gradient other than 1 arrives."""
        return top_symbol(self.graph, self.symbol) if self.weighted else self.symbol

    @property
    def prefix(self) -> str:
        """What the numbers of unnamed nodes begin with: no name of the user's could be confused with them."""
        if self._prefix is None:
            self._prefix = next(
                prefix for prefix in _node_prefixes()
                if not any(word.startswith(prefix) and word[len(prefix):].isdigit() for word in self.graph.symbols))
        return self._prefix

    def label(self, k: int) -> str:
        """What tables call node ``k``: the user's name, a number as written, or n and its number."""
        graph = self.graph
        name = graph.names.get(k)
        if name is not None:
            return name
        if graph.ops[k] == CONSTANT:
            return graph.words[k]
        return self.symbol if k == graph.output else f"{self.prefix}{k}"

    # ------------------------------------------------------------------------------------ numbers
    @property
    def upstream(self) -> Any:
        """The gradient that arrives at the output: 1 unless something else was asked for."""
        return self._gradients.upstream

    @property
    def weighted(self) -> bool:
        """Whether an upstream gradient other than 1 arrives at the output."""
        return bool(self.upstream != 1.0)

    def __len__(self) -> int:
        return len(self.graph)

    def gradient(self, k: int) -> Any:
        """The output's gradient at node ``k``."""
        return self._gradients.at(k)

    @property
    def live(self) -> bytes | bytearray:
        """For each node whether it depends on a variable whose gradient was asked for."""
        return self._gradients.live

    def is_live(self, k: int) -> bool:
        """Whether node ``k`` depends on a variable whose gradient was asked for."""
        return bool(self._gradients.live[k])

    def locals(self, k: int) -> list[float | None]:
        """The local gradients of node ``k``, one for each input; None where undefined or not asked for."""
        return self._gradients.locals(k)

    def times(self, upstream: float | None, local: float | None) -> float | None:
        """The product of two gradients, in the arithmetic of this run."""
        return self._gradients.times(upstream, local)

    def plus(self, one: float | None, other: float | None) -> float | None:
        """The sum of two gradients, in the arithmetic of this run."""
        return self._gradients.plus(one, other)

    # ------------------------------------------------------------------------------------ records
    def each_node(self) -> Iterator[Node]:
        """The nodes in forward order, made one by one."""
        graph, values = self.graph, self.trace.values
        names, at, live = graph.names, self._gradients.at, self._gradients.live
        for k, text in enumerate(self.each_text()):
            yield Node(k, names.get(k), self.label(k), graph.row(k).name, text, graph.args(k), values[k], at(k),
                       bool(live[k]))

    def each_edge(self, by_label: bool = False) -> Iterator[Edge]:
        """The edges in forward order, made one by one.

        Formulas call unnamed inputs by their expression, or with ``by_label`` by their label, as
        tables do.
        """
        streams = zip(self._gradients.live, self.each_written(by_label), self._gradients.each_locals())
        for k, (flows, (pattern, args, parts, _), locals) in enumerate(streams):
            if flows and pattern is not None:
                yield from self._edges_of(k, pattern, args, parts, locals)

    def each_label(self) -> Iterator[str]:
        """What tables call each node, in forward order."""
        output, prefix = self.graph.output, self.prefix
        return (f"{prefix}{k}" if symbol is None and k != output else symbol or self.symbol
                for k, symbol in enumerate(self._symbols()))

    def each_gradient(self) -> Iterator[float | None]:
        """The output's gradient at each node, in forward order."""
        return self._gradients.each()

    def each_locals(self) -> Iterator[Sequence[float | None]]:
        """Every node's local gradients, in forward order; () for leaves, None where undefined."""
        return self._gradients.each_locals()

    def each_text(self) -> Iterator[str | None]:
        """Every node's expression over names, in forward order; None when longer than TEXT_LIMIT."""
        return (text for _, _, _, text in self.each_written(texts=True))

    def each_flow(self, by_label: bool = False) -> Iterator[Flow]:
        """Every edge in forward order as (node, input, slot, formula, local, upstream, product), for large outputs.

        Formulas call unnamed inputs by their expression, or with ``by_label`` by their label, as tables do.
        In a sound run the product is the upstream itself, the same object, where the local gradient is 1.
        """
        gradients, live, times = self._gradients, self._gradients.live, self._gradients.times
        sound = gradients.sound()
        streams = zip(self.each_written(by_label), gradients.each_locals(), gradients.each(), live)
        for k, ((pattern, args, parts, _), locals, upstream, flows) in enumerate(streams):
            if not flows or pattern is None:
                continue
            for slot, i, words, local in zip(count(), args, pattern.formulas(parts), locals):
                if live[i]:
                    if not sound:
                        product = times(upstream, local)
                    else:
                        product = upstream if local == 1.0 else upstream * local  # type: ignore[operator]
                    yield k, i, slot, words, local, upstream, product

    def _edges_of(self, k: int, pattern: Pattern, args: Sequence[int], parts: Sequence[str],
                  locals: Sequence[float | None]) -> Iterator[Edge]:
        live, upstream, times = self._gradients.live, self._gradients.at(k), self._gradients.times
        for slot, (i, local, (filler, cases, texts)) in enumerate(zip(args, locals, formula.slots(pattern, parts))):
            if not live[i]:
                continue
            text = branch = formula.fill(filler, texts)
            case = None
            if cases:
                given = [self.trace.values[s] for s in args]
                chosen = cases[not formula.holds(self.graph.row(k), slot, given, self.trace.result(k))]
                branch, case = formula.fill(chosen[0], texts), formula.fill(chosen[1], texts)
            yield Edge(k, i, slot, text, branch, case, local, upstream, times(upstream, local))

    # ------------------------------------------------------------------------ lines of hand work
    def shows(self, k: int) -> bool:
        """Whether node ``k`` has a line in human output: all but numbers and sums of numbers."""
        return not self._is_number(k)

    def count_shown(self) -> int:
        """How many nodes have a line in human output."""
        live = self._gradients.live
        count, at = live.count(1), live.find(0)
        while at >= 0:
            count += self.shows(at)
            at = live.find(0, at + 1)
        return count

    def _is_number(self, k: int) -> bool:
        graph, names, live = self.graph, self.graph.names, self._gradients.live
        if live[k]:
            return False
        if self._numbers is None:
            numbers = self._numbers = bytearray(len(graph))
            for i, code in enumerate(graph.ops):
                if code == CONSTANT:
                    numbers[i] = 1
                elif not live[i] and code != INPUT and i not in names:
                    numbers[i] = all(numbers[s] for s in graph.args(i))
        return bool(self._numbers[k])

    def steps(self, nodes: Sequence[int]) -> Iterator[Step]:
        """The lines of hand work of these nodes, in forward order."""
        terms = self.arriving(nodes)
        if len(nodes) * _MANY < len(self):
            return (self.step(k, terms.pop(k)) for k in nodes)
        return self._streamed_steps(terms)

    def _streamed_steps(self, terms: dict[int, list[float | None]]) -> Iterator[Step]:
        """What :meth:`step` gives, for many nodes at once: a third of the time."""
        live = self._gradients.live
        streams = zip(self.each_label(), self.trace.values, self.each_gradient(), live, self.each_locals(),
                      self.each_written(by_label=True))
        for k, (label, value, gradient, flows, locals, (pattern, args, parts, _)) in enumerate(streams):
            if k not in terms:
                continue
            operation, edges = None, list[Edge]()
            if pattern is not None:
                operation = _operation(pattern, parts[:-1])
                if flows:
                    edges = list(self._edges_of(k, pattern, args, parts, locals))
            yield Step(k, label, operation, value, gradient, bool(flows), edges, terms.pop(k))

    def step(self, k: int, terms: list[float | None]) -> Step:
        """Node ``k`` as a line of hand work; ``terms`` as :meth:`arriving` gives them."""
        graph, gradients = self.graph, self._gradients
        args = graph.args(k)
        operation, edges = None, list[Edge]()
        if args:
            pieces = [self._called(i) for i in args]
            pattern = formula.pattern(graph.ops[k], *map(formula.shape, pieces))
            parts = tuple([text for text, _ in pieces])
            operation = _operation(pattern, parts)
            if gradients.live[k]:
                edges = list(self._edges_of(k, pattern, args, (*parts, self.label(k)), gradients.locals(k)))
        return Step(k, self.label(k), operation, self.trace.values[k], gradients.at(k),
                    bool(gradients.live[k]), edges, terms)

    def branches(self, edge: Edge) -> tuple[tuple[str, str], tuple[str, str]] | None:
        """Both branches of an edge's local gradient, as (formula, condition) over labels; None without a case."""
        row, parts = self.graph.row(edge.node), [self._called(i) for i in self.graph.args(edge.node)]
        return formula.branches(row, edge.slot, parts, (self.label(edge.node), ATOM))

    def _called(self, i: int) -> Piece:
        if i in self.graph.names or self.graph.ops[i] == CONSTANT or self.shows(i):
            return self.label(i), ATOM
        return self._piece(i, _NUMBER_LIMIT) or (self.label(i), ATOM)

    def arriving(self, wanted: Iterable[int]) -> dict[int, list[float | None]]:
        """The products that arrive at each of the ``wanted`` nodes, in forward order.

        One pass over the graph, whatever the number of nodes.
        """
        graph, gradients = self.graph, self._gradients
        found: dict[int, list[float | None]] = {k: [] for k in wanted}
        live, counts, times = gradients.live, gradients.counts, gradients.times
        if len(found) * _MANY >= len(graph):
            streams = zip(graph.a, graph.b, live, gradients.each_locals(), gradients.each())
            for k, (i, j, flows, locals, upstream) in enumerate(streams):
                if flows and locals and counts(k):
                    for s, local in zip(i if j < 0 else (i, j), locals):
                        if s in found and live[s]:
                            found[s].append(times(upstream, local))
            return found
        for k, (i, j, flows) in enumerate(zip(graph.a, graph.b, live)):
            if not flows or (j < 0 and type(i) is not tuple):
                continue
            if i in found or j in found or j < 0:
                args = graph.args(k)
                if counts(k) and any(s in found for s in args):
                    upstream = gradients.at(k)
                    for s, local in zip(args, gradients.locals(k)):
                        if s in found and live[s]:
                            found[s].append(times(upstream, local))
        return found

    # -------------------------------------------------------------------------------------- texts
    def text(self, k: int, limit: int = TEXT_LIMIT) -> str | None:
        """The expression of node ``k`` over names, or None when it is longer than ``limit``."""
        piece = self._piece(k, limit)
        return piece[0] if piece else None

    def _piece(self, k: int, limit: int) -> Piece | None:
        graph = self.graph
        names, words, ops = graph.names, graph.words, graph.ops
        done: dict[int, Piece] = {}
        pending = [k]
        while pending:
            i = pending[-1]
            if i in done:
                pending.pop()
            elif ops[i] == CONSTANT:
                done[i] = (words[i], ATOM)
            elif i in names and (i != k or ops[i] == INPUT):
                done[i] = (names[i], ATOM)
            else:
                args = graph.args(i)
                missing = [s for s in args if s not in done]
                if missing:
                    pending.extend(missing)
                    if len(pending) > limit:
                        return None
                    continue
                done[i] = formula.compose(TABLE[ops[i]], [done[s] for s in args], graph.statics.get(i))
                if len(done[i][0]) > limit:
                    return None
        return done[k]

    def _symbols(self) -> list[str | None]:
        """How the text writes each node: a name, a number, or None where it has neither."""
        known: list[str | None] = [None] * len(self.graph)
        for symbols in (self.graph.names, self.graph.words):
            for k, symbol in symbols.items():
                known[k] = symbol
        return known

    def each_written(self, by_label: bool = False, texts: bool = False) -> Iterator[Written]:
        """How every node's operation is written (None for leaves), its inputs, their texts, and its expression.

        Behind the inputs' texts stands the node's own.  A text longer than TEXT_LIMIT is the node's label;
        with ``by_label`` every node that has a line in human output is called by its label.  Expressions
        of nodes with a name are worked out only where ``texts`` are wanted.

        In plain text an unnamed operation is used once, by a node that follows, so its text is dropped
        there: memory stays flat.  The argument of a function that the text defines can be used more often.
        """
        graph = self.graph
        symbols = self._called_by_label() if by_label else self._symbols()
        longest = _NUMBER_LIMIT if by_label else TEXT_LIMIT
        shapes: list[Shape] = [ATOM] * len(graph)
        for k, word in graph.words.items():
            shapes[k] = word
        found = formula.patterns.get
        unnamed: dict[int, str] = {}
        text_of = unnamed.pop if graph.tokens is None else unnamed.__getitem__
        inputs: tuple[int, ...]
        words: tuple[str, ...]
        key: tuple[Shape, ...]
        # Written out for one and two arguments: half of the time of a loop over them.
        for k, (code, i, j, symbol) in enumerate(zip(graph.ops, graph.a, graph.b, symbols)):
            if j >= 0:
                if code in _UNARY:
                    inputs, words, key = (i,), (symbols[i] or text_of(i),), (code, shapes[i])
                else:
                    inputs, key = (i, j), (code, shapes[i], shapes[j])
                    words = symbols[i] or text_of(i), symbols[j] or text_of(j)
            elif type(i) is tuple:
                inputs, key = i, (code, *[shapes[s] for s in i])
                words = tuple([symbols[s] or text_of(s) for s in i])
            else:
                yield None, (), (), symbol
                continue
            pattern = found(key) or formula.pattern(code, *key[1:])
            text = None
            if texts or symbol is None:
                text = None if pattern.shape == TOO_LONG else pattern.own(words)
                if text is not None and len(text) > longest:
                    text = None
                if symbol is None:
                    symbol, shapes[k] = (self.label(k), TOO_LONG) if text is None else (text, pattern.shape)
                    unnamed[k] = symbol
            yield pattern, inputs, (*words, symbol), text

    def _called_by_label(self) -> list[str | None]:
        """The label of each node; None for numbers that are written out where they are used."""
        live, names, ops = self._gradients.live, self.graph.names, self.graph.ops
        return [label if live[k] or k in names or ops[k] in _LEAVES or not self._is_number(k) else None
                for k, label in enumerate(self.each_label())]


def output_symbol(graph: Graph) -> str:
    """What the output is called: the user's name for it, or a letter that is free."""
    return graph.names.get(graph.output) or next(name for name in _output_names() if name not in graph.symbols)


def top_symbol(graph: Graph, output: str) -> str:
    """What the gradients are of where one other than 1 arrives at the output: a loss further on, whose name is free."""
    return next(name for name in _loss_names() if name != output and name not in graph.symbols)


def _operation(pattern: Pattern, parts: tuple[str, ...]) -> str:
    """An operation over its arguments' texts, of which a wide call shows the first three and the last."""
    return pattern.own(parts if len(parts) <= WIDE else (*parts[:3], "...", parts[-1]))


def _output_names() -> Iterator[str]:
    """What an output without a name is called: the first of these that is free."""
    yield from ("f", "F", "L", "out", "output")
    yield from _lengthened("f")


def _loss_names() -> Iterator[str]:
    """What a loss behind the output is called: the first of these that is free."""
    yield from ("L", "loss", "Loss")
    yield from _lengthened("L")


def _node_prefixes() -> Iterator[str]:
    """What the numbers of unnamed nodes begin with."""
    yield from ("n", "node")
    yield from _lengthened("n")


def _lengthened(word: str) -> Iterator[str]:
    while True:
        word += "_"
        yield word
