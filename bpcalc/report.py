"""What there is to know about one run: all that a renderer or a checker may see.

A Report is a view of graph, values and gradients, not a copy: nodes and edges are made when they
are asked for, in forward order, so a million of them can be streamed.
"""

from __future__ import annotations

from itertools import repeat

from . import formula
from .bindings import from_mapping
from .engine import Gradients, Note, Trace, backward, differentiable, forward
from .errors import NameProblem, Source, UsageProblem, closest
from .formula import ATOM, TOO_LONG, WRITTEN_OUT, Pattern, Piece, Shape
from .graph import Graph
from .ops import CONSTANT, INPUT, TABLE
from .spans import spans
from .syntax import parse
from .written import Written as Form

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from .descent import Descent
    from .errors import Span
    from .homework.check import AnswerVerdict

    Written = tuple[str | None, Pattern | None, tuple[int, ...], tuple[str, ...]]
    Flow = tuple[int, int, int, str, float | None, float | None, float | None]

TEXT_LIMIT = 120
"""Expressions of nodes are written out up to this many characters; longer ones by their number."""

WIDE = 12
"""How many arguments of a call are written out as a line of hand work."""

_ONE_ARGUMENT = frozenset(row.code for row in TABLE if len(row.params) == 1 and not row.variadic)
_NUMBER_LIMIT = 24
"""Sums of numbers up to this long are written out where they are used; they have no line of their own."""

_MANY = 4
"""Where more than one node in so many is shown, all are gone through."""

_UNUSED_LIMIT = 20_000
_NOISE = 1e-14
_NAMED = 6
"""How many of the numbers that have no exact form are named."""
_HINTED = 10
"""How many names that are not used get a did-you-mean: finding one takes milliseconds."""


class Node:
    """One node: a variable, a number or an operation, with its value and the output's gradient.

    ``name`` is the user's (or None), ``label`` what tables call it, ``text`` its expression (None
    when longer than TEXT_LIMIT), ``inputs`` the numbers of its inputs, ``gradient`` None where none
    was asked for or none exists.
    """

    __slots__ = ("gradient", "id", "inputs", "label", "live", "name", "op", "text", "value")

    def __init__(self, id: int, name: str | None, label: str, op: str, text: str | None,
                 inputs: tuple[int, ...], value: float, gradient: float | None, live: bool) -> None:
        self.id = id
        self.name = name
        self.label = label
        self.op = op
        self.text = text
        self.inputs = inputs
        self.value = value
        self.gradient = gradient
        self.live = live

    def __repr__(self) -> str:
        return f"Node({self.id}, {self.label!r}, {self.text!r}, value={self.value!r}, gradient={self.gradient!r})"


class Edge:
    """One edge, along which upstream × local flows back from ``node`` to its input number ``slot``.

    ``formula`` is the local gradient in symbols; where it has branches, ``branch`` is the one that
    holds here and ``case`` the condition that chose it.  Numbers that do not exist are None.

    In a graph with arrays ``local`` is as large as the node, ``product`` as the input; ``summed`` are
    the axes that were summed over because the input was broadcast along them.  A ``structural``
    operation (a matrix product, a sum) has no local gradient: ``formula`` is then the rule for the
    product, in which ``ds`` is the upstream gradient of a node called s.
    """

    __slots__ = ("branch", "case", "formula", "input", "local", "node", "product", "slot", "structural", "summed",
                 "upstream")

    def __init__(self, node: int, input: int, slot: int, formula: str, branch: str, case: str | None,
                 local: Any, upstream: Any, product: Any, structural: bool = False,
                 summed: tuple[int, ...] = ()) -> None:
        self.node = node
        self.input = input
        self.slot = slot
        self.formula = formula
        self.branch = branch
        self.case = case
        self.local = local
        self.upstream = upstream
        self.product = product
        self.structural = structural
        self.summed = summed

    def __repr__(self) -> str:
        return (f"Edge({self.node} -> {self.input}, {self.formula!r}, local={self.local!r}, "
                f"upstream={self.upstream!r}, product={self.product!r})")


class Step:
    """One line of hand work: a node, the operation over its inputs' labels, and its edges.

    ``operation`` is None for variables; ``terms`` are the products that arrive at the node, in
    forward order of the nodes they come from.
    """

    __slots__ = ("edges", "gradient", "id", "label", "live", "operation", "terms", "value")

    def __init__(self, id: int, label: str, operation: str | None, value: float, gradient: float | None,
                 live: bool, edges: list[Edge], terms: list[float | None]) -> None:
        self.id = id
        self.label = label
        self.operation = operation
        self.value = value
        self.gradient = gradient
        self.live = live
        self.edges = edges
        self.terms = terms


class Verdict:
    """A second opinion about one number.

    ``kind`` is ``symbolic`` or ``numeric``; ``what`` names the number (``df/dx``, ``dq/dx``);
    ``status`` is ``agrees``, ``differs``, ``kink`` or ``gave-up``; ``details`` are further facts by
    name (formula, h, relative error).
    """

    __slots__ = ("details", "kind", "ours", "status", "theirs", "what", "why")

    def __init__(self, kind: str, what: str, ours: float | None, theirs: float | None, status: str,
                 why: str = "", **details: Any) -> None:
        self.kind = kind
        self.what = what
        self.ours = ours
        self.theirs = theirs
        self.status = status
        self.why = why
        self.details = details

    def __repr__(self) -> str:
        return f"Verdict({self.kind}, {self.what}: {self.ours!r} / {self.theirs!r}, {self.status})"


class Drift:
    """How far a number of a rounded run is from the exact one.

    ``kind`` is ``value``, ``local`` or ``gradient``, at ``node`` (and for a local gradient its ``input``);
    ``carried`` and ``exact`` are the two numbers, None where one does not exist.
    """

    __slots__ = ("carried", "exact", "input", "kind", "node")

    def __init__(self, kind: str, node: int, input: int | None, carried: float | None, exact: float | None) -> None:
        self.kind = kind
        self.node = node
        self.input = input
        self.carried = carried
        self.exact = exact

    @property
    def drift(self) -> float | None:
        """Carried minus exact."""
        return None if self.carried is None or self.exact is None else self.carried - self.exact

    @property
    def counts(self) -> bool:
        """Whether the two numbers differ by more than the noise of floating point."""
        if self.carried is None or self.exact is None:
            return self.carried is not self.exact
        return abs(self.carried - self.exact) > max(1e-12 * abs(self.exact), _NOISE)

    def __repr__(self) -> str:
        return f"Drift({self.kind}, {self.node}, {self.input}, {self.carried!r} for {self.exact!r})"


class Report:
    """The result of :func:`bpcalc.backprop`."""

    def __init__(self, gradients: Gradients, notes: Iterable[Note] = ()) -> None:
        self._gradients = gradients
        self.trace: Trace = gradients.trace
        self.graph: Graph = gradients.trace.graph
        self.notes: list[Note] = [*notes, *gradients.notes]
        self.verdicts: list[Verdict] = []
        self.reference: Report | None = None
        """The exact run, where this one carries rounded numbers."""
        self._spans: list[Span | None] | None = None
        self._numbers: bytearray | None = None
        self._prefix: str | None = None
        self._symbol: str | None = None

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

    # ------------------------------------------------------------------------------------- summary
    @property
    def expression(self) -> str:
        """The text as it was given."""
        return self.graph.source.text

    @property
    def output(self) -> str | None:
        """The name the user gave the output, or None."""
        return self.graph.output_name

    @property
    def value(self) -> Any:
        """The output's value: a float, or an array of float64."""
        return self.trace.values[self.graph.output]

    @property
    def upstream(self) -> Any:
        """The gradient that arrives at the output: 1 unless something else was asked for."""
        return self._gradients.upstream

    @property
    def weighted(self) -> bool:
        """Whether an upstream gradient other than 1 arrives at the output."""
        return bool(self.upstream != 1.0)

    @property
    def gradients(self) -> dict[str, Any]:
        """The output's gradient for every variable asked for, in its shape.

        None where it is undefined; an array has nan in the entries where it is.
        """
        inputs, given = self.graph.inputs, self._gradients
        if given.reached is None and len(given.leaves) == len(inputs):
            return dict(zip((inputs[k] if k < len(inputs) else self.graph.names[k] for k in given.leaves),
                            (given.grads[k] for k in given.leaves)))
        names, at = self.graph.names, given.at
        return {names[k]: at(k) for k in given.leaves}

    def __len__(self) -> int:
        return len(self.graph)

    # ------------------------------------------------------------------------------------- details
    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes in forward order; ``nodes[k].id`` is k."""
        return tuple(self.each_node())

    @property
    def edges(self) -> tuple[Edge, ...]:
        """All edges that carry a gradient, in forward order."""
        return tuple(self.each_edge())

    def label(self, k: int) -> str:
        """What tables call node ``k``: the user's name, a number as written, or n and its number."""
        graph = self.graph
        name = graph.names.get(k)
        if name is not None:
            return name
        if graph.ops[k] == CONSTANT:
            return graph.words[k]
        return self.symbol if k == graph.output else f"{self.prefix}{k}"

    def span(self, k: int) -> Span | None:
        """Where node ``k`` stands in the expression's text."""
        if self._spans is None:
            self._spans = spans(self.graph)
        return self._spans[k]

    def gradient(self, k: int) -> Any:
        """The output's gradient at node ``k``."""
        return self._gradients.at(k)

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
        for k, (flows, (_, pattern, args, parts), locals) in enumerate(streams):
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
        return (own for own, _, _, _ in self.each_written())

    def each_flow(self) -> Iterator[Flow]:
        """Every edge in forward order as (node, input, slot, formula, local, upstream, product), for large outputs.

        In a sound run the product is the upstream itself, the same object, where the local gradient is 1.
        """
        gradients, live = self._gradients, self._gradients.live
        sound = gradients.sound()
        product: float | None
        streams = zip(live, self.each_written(), gradients.each_locals(), gradients.each())
        for k, (flows, (_, pattern, args, parts), locals, upstream) in enumerate(streams):
            if not flows or pattern is None:
                continue
            formulas = [fill(*parts) for fill in pattern.slots] if len(args) <= WRITTEN_OUT else \
                formula.wide(pattern, parts)
            for slot, (i, local, text) in enumerate(zip(args, locals, formulas)):
                if live[i]:
                    if sound:
                        product = upstream if local == 1.0 else upstream * local  # type: ignore[operator]
                    else:
                        product = gradients.times(upstream, local)
                    yield k, i, slot, text, local, upstream, product

    def _edges_of(self, k: int, pattern: Pattern, args: Sequence[int], parts: Sequence[str],
                  locals: Sequence[float | None]) -> Iterator[Edge]:
        gradients, live, values = self._gradients, self._gradients.live, self.trace.values
        upstream, row, out = gradients.at(k), self.graph.row(k), self.trace.result(k)
        given = [values[i] for i in args]
        for slot, (i, local, (fill, cases, texts)) in enumerate(zip(args, locals, formula.slots(pattern, parts))):
            if not live[i]:
                continue
            text = branch = fill(*texts)
            case = None
            if cases:
                chosen = cases[not formula.holds(row, slot, given, out)]
                branch, case = chosen[0](*texts), chosen[1](*texts)
            yield Edge(k, i, slot, text, branch, case, local, upstream, gradients.times(upstream, local))

    # ------------------------------------------------------------------------------- as on paper
    def rounded(self, decimals: int) -> Report:
        """This run in hand arithmetic: every computed number rounded to ``decimals``, half away from zero.

        ``drifts`` of the new report compares it with this one.  Raises UsageProblem for a number of
        decimals that cannot be carried, DomainProblem where a step does not exist for the rounding.
        """
        from .rounded import MOST, carry  # fractions: only where they are wanted

        if not 0 <= decimals <= MOST:
            raise UsageProblem(f"from 0 to {MOST} decimals can be carried, not {decimals}")
        made = Report(carry(self._gradients, decimals), [note for note in self.notes if note.code == "unused"])
        made.reference = self
        return made

    def exact(self, seconds: float | None = None) -> Report:
        """This run in exact numbers, -3/8 and e^(-1), as far as sympy has a short form for them in that time.

        The others stay decimal, and a note says which.
        """
        from .child import SECONDS  # a child process for sympy: only where it is wanted
        from .exact import exactly

        gradients, ended = exactly(self._gradients, SECONDS if seconds is None else seconds)
        made = Report(gradients, [note for note in self.notes if note.code == "unused"])
        left = list(made._decimal())
        if left:
            more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
            why = f"; sympy: {ended}" if ended else ""
            made.notes.append(Note("decimal", None, f"no short exact form for {', '.join(left[:_NAMED])}{more}{why}"))
        return made

    def _decimal(self) -> Iterator[str]:
        """The keys of what an exact run shows as a decimal."""
        for k in range(len(self)):
            if self.shows(k):
                if not isinstance(self.trace.values[k], Form):
                    yield self.label(k)
                gradient = self.gradient(k)
                if gradient is not None and not isinstance(gradient, Form):
                    yield f"d{self.top}/d{self.label(k)}"

    @property
    def arithmetic(self) -> str:
        """What the numbers of this run are: ``floats``, ``rounded`` or ``exact``."""
        return self._gradients.kind

    @property
    def decimals(self) -> int | None:
        """How many decimals this run carries; None for an exact run."""
        return getattr(self._gradients, "decimals", None)

    def drifts(self) -> Iterator[Drift]:
        """The numbers of a rounded run that have drifted from the exact one, in forward order."""
        exact = self.reference
        if exact is None:
            return
        values, live = self.trace.values, self._gradients.live
        for k in range(len(self.graph)):
            if not self.shows(k):
                continue
            args = self.graph.args(k)
            found = [Drift("value", k, None, values[k], exact.trace.values[k])]
            if live[k]:
                pairs = dict(zip(args, zip(self.locals(k), exact.locals(k))))
                found += [Drift("local", k, i, *pair) for i, pair in pairs.items() if live[i]]
                found.append(Drift("gradient", k, None, self.gradient(k), exact.gradient(k)))
            yield from (drift for drift in found if drift.counts)

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
        for k, (label, value, gradient, flows, locals, (_, pattern, args, parts)) in enumerate(streams):
            if k not in terms:
                continue
            operation, edges = None, []
            if pattern is not None:
                operation = pattern.own(*parts[:-1]) if len(args) <= WIDE else \
                    formula.compose(self.graph.row(k), _shortened([(text, ATOM) for text in parts[:-1]]))[0]
                if flows:
                    edges = list(self._edges_of(k, pattern, args, parts, locals))
            yield Step(k, label, operation, value, gradient, bool(flows), edges, terms.pop(k))

    def step(self, k: int, terms: list[float | None]) -> Step:
        """Node ``k`` as a line of hand work; ``terms`` as :meth:`arriving` gives them."""
        graph, gradients = self.graph, self._gradients
        args = graph.args(k)
        operation, edges = None, []
        if args:
            parts = [self._called(i) for i in args]
            operation = formula.compose(graph.row(k), _shortened(parts))[0]
            if gradients.live[k]:
                pattern = formula.pattern(graph.ops[k], *map(formula.shape, parts))
                texts = [*(text for text, _ in parts), self.label(k)]
                edges = list(self._edges_of(k, pattern, args, texts, gradients.locals(k)))
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
        live, times = gradients.live, gradients.times
        every = gradients.each_locals() if len(found) * _MANY >= len(graph) else repeat(None)
        for k, (i, j, flows, locals) in enumerate(zip(graph.a, graph.b, live, every)):
            if not flows or (j < 0 and type(i) is not tuple):
                continue
            if i in found or j in found or j < 0:
                args = graph.args(k)
                if gradients.counts(k) and any(s in found for s in args):
                    upstream = gradients.at(k)
                    for s, local in zip(args, gradients.locals(k) if locals is None else locals):
                        if s in found and live[s]:
                            found[s].append(times(upstream, local))
        return found

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

    def each_written(self, by_label: bool = False) -> Iterator[Written]:
        """Every node's expression, how its operation is written (None for leaves), its inputs, and their texts.

        Behind the inputs' texts stands the node's own.  A text longer than TEXT_LIMIT is None in the
        first place and the node's label elsewhere; with ``by_label`` every node that has a line in human
        output is called by its label.  In plain text an unnamed operation is used once, by a node that
        follows, so its text is dropped there: memory stays flat.  The argument of a function that the
        text defines can be used more often.
        """
        graph, live, label = self.graph, self._gradients.live, self.label
        symbols = self._symbols()
        texts: list[Any] = list(symbols)
        shapes: list[Shape] = [ATOM] * len(texts)
        for k, word in graph.words.items():
            shapes[k] = word
        found = formula.patterns.get
        used_once = graph.tokens is None
        args: tuple[int, ...]
        parts: tuple[str, ...]
        key: tuple[Shape, ...]
        # Written out for one and two arguments: half of the time of a loop over them.
        for k, (code, i, j, symbol) in enumerate(zip(graph.ops, graph.a, graph.b, symbols)):
            if code in (INPUT, CONSTANT):
                yield symbol, None, (), ()
                continue
            if j < 0:
                args, parts, key = i, tuple([texts[s] for s in i]), (code, *[shapes[s] for s in i])
            elif code in _ONE_ARGUMENT:
                args, parts, key = (i,), (texts[i],), (code, shapes[i])
            else:
                args, parts, key = (i, j), (texts[i], texts[j]), (code, shapes[i], shapes[j])
            pattern = found(key) or formula.pattern(code, *key[1:])
            text = pattern.own(*parts)
            own = None if pattern.shape == TOO_LONG or len(text) > TEXT_LIMIT else text
            if used_once:
                for s in args:
                    if symbols[s] is None:
                        texts[s] = None
            if symbol is None:
                if by_label and (live[k] or not self._is_number(k)):
                    symbol = label(k)
                elif own is None or (by_label and len(own) > _NUMBER_LIMIT):
                    symbol, shapes[k] = label(k), TOO_LONG
                else:
                    symbol, shapes[k] = own, pattern.shape
                texts[k] = symbol
            yield own, pattern, args, (*parts, symbol)

    # -------------------------------------------------------------------------------------- outputs
    def to_json(self) -> str:
        """The report as JSON text (docs/json.md)."""
        from .render.to_json import report_lines  # renderers are loaded when they are wanted

        return "".join(report_lines(self))

    def check(self, answers: Mapping[str, Any] | str, require: str = "given", strict: bool = False,
              tolerance: float | None = None, lr: float | None = None) -> list[AnswerVerdict]:
        """Verdicts on a student's answers, such as ``{"q": 3, "dx": "-4", "dq/dx": 1}`` or their text.

        Text keeps the digits that were typed, which say how far it was rounded; numbers are taken with
        the digits of their shortest decimal form.  None and "" are blanks.  ``lr`` is the rate of the
        update that keys such as ``new w`` are about.
        """
        from .homework.answers import parse_answers, read_items
        from .homework.check import check

        learned = None
        if lr is not None:
            from .descent import descend

            learned = descend(self, lr)
        if isinstance(answers, str):
            found = parse_answers(answers, self)
        else:
            typed = {key: "" if value is None else str(value.tolist() if hasattr(value, "tolist") else value).strip()
                     for key, value in answers.items()}
            found = read_items(((key, text, Source(f"{key} = {text}", "answers")) for key, text in typed.items()), self)
        return check(self, found, require, strict, tolerance, learned)

    def descend(self, rate: float, iterations: int = 1, optimizer: str = "sgd", momentum: float = 0.9,
                until: float | None = None) -> Descent:
        """Gradient descent from here: the variables whose gradients were asked for, updated so many times.

        ``optimizer`` is sgd, momentum, nesterov or adam, with the rules of torch.optim; ``until`` stops once a
        step changes the output by no more than that.  Raises UsageProblem where the output is an array or
        a gradient does not exist.
        """
        from .descent import descend

        return descend(self, rate, iterations, optimizer, momentum, until)

    def to_table(self, width: int | None = None, digits: int = 6) -> str:
        """The report as the command line's table, or as blocks where that is wider than ``width``."""
        from .render.to_table import render

        return render(self, width, digits)

    def to_steps(self, digits: int = 6, width: int | None = None) -> str:
        """Both passes as a teacher writes them on the board."""
        from .render.to_steps import render

        return render(self, digits, width=width)

    def to_paths(self, name: str, digits: int = 6) -> str:
        """Every path from a node to the output with its product, and their sum (at most 200 paths).

        Raises BindingProblem where no node is called ``name``.
        """
        from .homework.answers import node_called
        from .render.to_steps import path_lines

        return "".join(path_lines(self, node_called(name, self, Source(name, "name")), digits))

    def to_latex(self, standalone: bool = False, digits: int = 6) -> str:
        """The worked solution as LaTeX: a fragment, or a whole document."""
        from .render.to_latex import render

        return render(self, digits, standalone)

    def to_markdown(self, digits: int = 6) -> str:
        """The worked solution as Markdown with TeX mathematics, as GitHub renders it."""
        from .render.to_markdown import render

        return render(self, digits)

    def to_worksheet(self, form: str = "text", reveal: bool = False, digits: int = 6) -> str:
        """The run's numbers as blanks to fill in, or filled in with ``reveal``.

        ``form`` is ``text``, ``csv``, ``markdown``, ``latex`` (a document) or ``json``; ``--check-file`` reads them.
        """
        from .render import to_json, to_worksheet

        if form == "latex":
            return to_worksheet.latex(self, reveal, digits, standalone=True)
        if form == "markdown":
            return to_worksheet.markdown(self, reveal, digits)
        if form == "json":
            return to_json.worksheet(self, to_worksheet.as_json(self, reveal))
        if form == "csv":
            return to_worksheet.rows(self, reveal, digits)
        if form != "text":
            raise UsageProblem(f"there is no {form} worksheet", hint="text, csv, markdown, latex or json")
        return to_worksheet.text(self, reveal, digits)

    def to_svg(self, digits: int = 6, title: str | None = None) -> str:
        """The picture of the circuit, a whole SVG document."""
        from .render.to_svg import render

        return render(self, digits, title)

    def to_html(self, digits: int = 6, title: str | None = None) -> str:
        """A page that plays both passes step by step and computes again for other inputs."""
        from .render.to_html import render

        return render(self, digits, title)

    def show(self) -> str:
        """Write the page to a temporary file, open it in the web browser, and return the file's path."""
        import webbrowser
        from pathlib import Path
        from tempfile import NamedTemporaryFile

        with NamedTemporaryFile("w", encoding="utf-8", prefix="bpcalc-", suffix=".html", delete=False) as file:
            file.write(self.to_html())
        webbrowser.open(Path(file.name).as_uri())
        return file.name

    def _repr_html_(self) -> str:
        from .render.to_notebook import render

        return render(self)

    def _repr_svg_(self) -> str | None:
        from .render.to_notebook import DRAWN

        return self.to_svg() if len(self) <= DRAWN else None

    def __repr__(self) -> str:
        return f"<Report {self.symbol} = {self.value!r}, gradients {self.gradients!r:.200}>"


def backprop(
    expression: str | Source,
    bindings: Mapping[str, Any] | None = None,
    /,
    *,
    wrt: str | Iterable[str] | None = None,
    upstream: Any = 1.0,
    **values: Any,
) -> Report:
    """Evaluate an expression and backpropagate through it.

    ``values`` (or the mapping ``bindings``, for names that Python cannot take as keywords) give each
    variable a number, an array (a list or NumPy's) or a constant expression.  ``bindings`` may be a data
    set (:func:`read_data`), of which only the columns that the expression uses are read.  ``wrt`` limits
    the gradients to a name or some names and holds all other variables constant.  ``upstream`` is the
    gradient that arrives at the output.

    >>> report = backprop("(x+y)*z", x=-2, y=5, z=-4)
    >>> report.value
    -12.0
    >>> report.gradients
    {'x': -4.0, 'y': -4.0, 'z': 3.0}

    A gradient has the shape of its variable.  Where the output is an array, ``upstream`` has its shape;
    without one the gradients are those of the sum of its entries.

    Raises BpcalcError (a ValueError) whose ``message``, ``span`` and ``hint`` say what is wrong.
    """
    columns = bindings if hasattr(bindings, "unread") else None
    given = from_mapping({**(bindings or {} if columns is None else columns.unread()), **values})
    source = expression if isinstance(expression, Source) else Source(str(expression).replace("\r\n", "\n"))
    graph = parse(source, given)
    if columns is not None:                        # of a data set, only what is used is read
        given.update((name, columns[name]) for name in graph.inputs if name in columns and name not in values)
    return run(graph, given, [wrt] if isinstance(wrt, str) else None if wrt is None else list(wrt), upstream)


def run(graph: Graph, given: Mapping[str, Any], wrt: Sequence[str] | None = None,
        upstream: Any = 1.0, held: Collection[str] = ()) -> Report:
    """The report of a parsed graph with these values.

    Without ``wrt`` all variables have a gradient but those ``held`` constant, unless there are no others.
    Raises NameProblem for a name in ``wrt`` that the graph does not have, UsageProblem for an
    upstream that is not finite, DomainProblem and ShapeProblem from the two passes.
    """
    upstream = arriving_upstream(upstream)
    chosen = None if wrt is None else chosen_nodes(graph, wrt)
    trace = forward(graph, [given[name] for name in graph.inputs])
    if chosen is None and held:
        chosen = [k for k in differentiable(trace) if graph.names[k] not in held] or None
    if trace.arrays:
        from .array_report import ArrayReport

        return ArrayReport(backward(trace, chosen, upstream), _usage_notes(graph, given))
    if hasattr(upstream, "shape"):
        raise UsageProblem("the output is one number, so the upstream gradient is one number, too")
    return Report(backward(trace, chosen, upstream), _usage_notes(graph, given))


def arriving_upstream(upstream: Any) -> Any:
    """The gradient that arrives at an output, as a float or an array; text is a constant expression.

    Raises UsageProblem for a number that is not finite, BindingProblem for what is no number.
    """
    if not isinstance(upstream, float):
        return from_mapping({"upstream": upstream})["upstream"]
    if upstream - upstream != 0.0:
        raise UsageProblem("the upstream gradient must be a finite number")
    return upstream


def output_symbol(graph: Graph) -> str:
    """What the output is called: the user's name for it, or a letter that is free."""
    return graph.names.get(graph.output) or next(name for name in _output_names() if name not in graph.symbols)


def top_symbol(graph: Graph, output: str) -> str:
    """What the gradients are of where one other than 1 arrives at the output: a loss further on, whose name is free."""
    return next(name for name in _loss_names() if name != output and name not in graph.symbols)


def chosen_nodes(graph: Graph, wrt: Iterable[str]) -> list[int]:
    """The nodes that names stand for, each once.

    Raises NameProblem for a name that the graph does not have.
    """
    chosen: list[int] = []
    for name in wrt:
        k = graph.node(name)
        if k is None:
            known = list(graph.names.values())
            near = closest(name, known[:1000])
            raise NameProblem(f"there is no variable '{name}' to differentiate with respect to",
                              hint=f"did you mean {' or '.join(near)}?" if near
                              else f"the names are {', '.join(known[:12])}" if known else None)
        if k not in chosen:
            chosen.append(k)
    return chosen


def _shortened(parts: list[Piece]) -> list[Piece]:
    return parts if len(parts) <= WIDE else [*parts[:3], ("...", ATOM), parts[-1]]


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


def _usage_notes(graph: Graph, given: Mapping[str, float]) -> Iterator[Note]:
    if len(graph.inputs) != len(given):
        used = set(graph.inputs)
        if graph.tokens is not None:               # a range or a condition may have used a number beforehand
            import re

            used.update(re.findall(r"\w+", graph.source.text))
        for at, name in enumerate(name for name in given if name not in used):
            near = closest(name, graph.inputs[:1000]) if at < _HINTED else None
            hint = f"; did you mean {near[0]}?" if near else ""
            yield Note("unused", None, f"{name} has a value, but the expression does not use it{hint}")
    if len(graph) <= _UNUSED_LIMIT and (";" in graph.source.text or "\n" in graph.source.text):
        fed = {i for k in range(len(graph)) for i in graph.args(k)}
        for k, name in graph.names.items():
            if k not in fed and k != graph.output and k >= len(graph.inputs):
                yield Note("unused", k, f"{name} is assigned, but the output {graph.output_name or ''}".rstrip()
                           + " does not depend on it")
