"""The worked solution as equations, in the order of hand work; a Hand decides how mathematics is written.

An equation is a list of sides: ``∂f/∂x``, ``∂f/∂q · ∂q/∂x``, ``(-4) · 1``, ``-4``.  The same equations
are text on a terminal (to_steps, to_paths) and TeX on paper (to_latex, to_markdown).
"""

from __future__ import annotations

from ..formula import ATOM, Piece, compose
from ..ops import CONSTANT, Op
from ..report import Edge, Report, Step
from .cells import Cells
from .numbers import show
from .symbols import Symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

SIGN = 30
"""The binding power of a number that begins with a minus sign."""


MANY = 10**15
"""More paths than this are not counted."""


class Hand:
    """Writes mathematics as plain text.  mathtext.TexHand writes the same as TeX."""

    def __init__(self, digits: int = 6, symbols: Symbols | None = None) -> None:
        self.digits = digits
        self.symbols = symbols or Symbols()
        self.dot = "·" if self.symbols.unicode else "*"

    def number(self, value: float | None) -> str:
        """A number, rounded."""
        return show(value, self.digits)

    def name(self, label: str) -> str:
        """A node's name."""
        return label

    def derivative(self, of: str, to: str) -> str:
        """``∂of/∂to``, of two labels."""
        d = self.symbols.partial
        return f"{d}{of}/{d}{to}"

    def formula(self, text: str, names: Collection[str]) -> str:
        """A formula in bpcalc's own language over ``names``."""
        return text

    def condition(self, text: str, names: Collection[str]) -> str:
        """A comparison over ``names``, such as ``x <= 0``, or a word that gives a reason."""
        return text

    def compose(self, row: Op, parts: Sequence[Piece]) -> str:
        """An operation with these parts for its arguments."""
        return compose(row, parts)[0]

    def bracketed(self, text: str) -> str:
        """``text`` in brackets."""
        return f"({text})"


class Equation:
    """Equal sides, and why the derivative is what it is where there was a choice."""

    __slots__ = ("reason", "sides")

    def __init__(self, sides: list[str], reason: str = "") -> None:
        self.sides = sides
        self.reason = reason


class Worked:
    """The equations of one run: ``forward``, ``backward`` and ``paths``."""

    def __init__(self, report: Report, hand: Hand) -> None:
        self.report = report
        self.hand = hand
        self.top = Cells(report, hand.digits, hand.symbols).top
        self.steps: dict[int, Step] = {k: report.step(k, []) for k in range(len(report)) if report.shows(k)}
        self.users: dict[int, list[Edge]] = {}
        for step in self.steps.values():
            for edge in step.edges:
                self.users.setdefault(edge.input, []).append(edge)

    # ------------------------------------------------------------------------------------- forward
    def given(self) -> Iterator[Equation]:
        """``x = -2`` for every variable."""
        for k, step in self.steps.items():
            if not self.report.graph.args(k):
                yield self._value(step)

    def computed(self) -> Iterator[Equation]:
        """``q = x + y = -2 + 5 = 3`` for every operation."""
        for k, step in self.steps.items():
            if self.report.graph.args(k):
                yield self._value(step)

    def forward(self) -> Iterator[Equation]:
        """Every value, in forward order."""
        return map(self._value, self.steps.values())

    def _value(self, step: Step) -> Equation:
        report, hand = self.report, self.hand
        value = hand.number(step.value)
        sides = [hand.name(step.label)]
        args = report.graph.args(step.id)
        if args:
            texts = [hand.number(report.trace.values[i]) for i in args]
            put_in = hand.compose(report.graph.row(step.id),
                                  [(text, SIGN if text[:1] == "-" else ATOM) for text in texts])
            operation = hand.formula(step.operation or "", self._names(step.id))
            sides += [side for side in dict.fromkeys((operation, put_in)) if side != value]
        return Equation([*sides, value])

    def _names(self, k: int) -> set[str]:
        """The names that formulas about node ``k`` are written with."""
        graph, label = self.report.graph, self.report.label
        return {label(i) for i in (*graph.args(k), k) if graph.ops[i] != CONSTANT}

    # ------------------------------------------------------------------------------------ backward
    def backward(self) -> Iterator[Equation]:
        """Every gradient, in backward order: a product of upstream and local for each use of the node."""
        for step in reversed(self.steps.values()):
            if step.live:
                yield self._gradient(step)

    def _gradient(self, step: Step) -> Equation:
        hand = self.hand
        left = hand.derivative(self.top, step.label)
        total = hand.number(step.gradient)
        uses = self.users.get(step.id, [])
        if step.id == self.report.graph.output or not uses:
            return Equation([left, total])
        terms = [self._term(step, edge) for edge in uses]
        columns = list(zip(*(factors for factors, _ in terms)))
        if len(uses) > 1:
            columns.append(tuple([hand.number(edge.product)] for edge in uses))
        sides = [left]
        for column in columns:
            side = self._sum(column)
            if side not in (sides[-1], total):
                sides.append(side)
        return Equation([*sides, total], ", ".join(dict.fromkeys(reason for _, reason in terms if reason)))

    def _term(self, step: Step, edge: Edge) -> tuple[tuple[list[str], list[str], list[str]], str]:
        """One use: its factors as derivatives, with the rule, and with numbers; and the branch's reason."""
        report, hand = self.report, self.hand
        label, names = report.label(edge.node), self._names(edge.node)
        chain, factor = [hand.derivative(label, step.label)], hand.number(edge.local)
        rule = hand.formula(edge.branch, names)
        simple = edge.branch.replace("_", "a").replace(".", "a").isalnum()
        reason = hand.condition(edge.case, names) if edge.case else ""
        if edge.case and edge.local is not None and _departs(edge):
            rule, simple = factor, True
            reason = hand.condition("tie" if report.graph.row(edge.node).variadic else "kink", ())
        if edge.node == report.graph.output and report.upstream == 1.0:
            # The upstream gradient is 1: nobody writes it down.
            return (chain, [rule], [factor]), reason
        upstream = self._signed(hand.number(edge.upstream))
        return ([hand.derivative(self.top, label), *chain],
                [upstream, self._signed(rule) if simple else hand.bracketed(rule)],
                [upstream, self._signed(factor)]), reason

    def _signed(self, text: str) -> str:
        return self.hand.bracketed(text) if text[:1] == "-" else text

    def _sum(self, terms: Sequence[Sequence[str]]) -> str:
        several = len(terms) > 1
        return " + ".join(f" {self.hand.dot} ".join(term) if len(term) > 1 else
                          self._signed(term[0]) if several else term[0] for term in terms)

    # --------------------------------------------------------------------------------------- paths
    def count_paths(self, k: int) -> int:
        """How many paths lead from node ``k`` to the output, up to MANY: their number can be exponential."""
        counts = {self.report.graph.output: 1}
        for step in reversed(self.steps.values()):
            for edge in step.edges:
                counts[edge.input] = min(counts.get(edge.input, 0) + counts.get(edge.node, 0), MANY)
        return counts.get(k, 0)

    def paths(self, k: int) -> Iterator[tuple[list[int], list[float | None]]]:
        """Every path from node ``k`` to the output: its nodes, and its local gradients in that order."""
        output = self.report.graph.output
        reaching = {output}
        for step in reversed(self.steps.values()):
            if step.id in reaching:
                reaching.update(edge.input for edge in step.edges)
        at: list[int] = [k]
        taken: list[float | None] = []
        choices = [self._onward(k, reaching)]
        while choices:
            if at[-1] == output:
                yield list(at), list(taken)
                edge = None
            else:
                edge = next(choices[-1], None)
            if edge is not None:
                at.append(edge.node)
                taken.append(edge.local)
                choices.append(self._onward(edge.node, reaching))
                continue
            choices.pop()
            at.pop()
            if taken:
                taken.pop()

    def _onward(self, k: int, reaching: set[int]) -> Iterator[Edge]:
        return (edge for edge in self.users.get(k, ()) if edge.node in reaching)

    def product(self, factors: Sequence[float | None]) -> tuple[str, str]:
        """A path's local gradients multiplied, from the output back: ``2 · 1`` ("" if there is one factor), ``2``."""
        upstream = self.report.upstream
        product: float | None = upstream
        for factor in factors:
            product = None if product is None or factor is None else product * factor
        shown = [*([self.hand.number(upstream)] if upstream != 1.0 or not factors else []),
                 *(self.hand.number(factor) for factor in reversed(factors))]
        written = f" {self.hand.dot} ".join(map(self._signed, shown)) if len(shown) > 1 else ""
        return written, self.hand.number(product)


def _departs(edge: Edge) -> bool:
    # The rule itself knows more than its two branches: ties share, and |x| has a 0 at its corner.
    try:
        return float(edge.branch) != edge.local
    except ValueError:
        return False
