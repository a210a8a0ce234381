"""The worked solution as equations, in the order of hand work.

An equation is a list of sides: ``∂f/∂x``, ``∂f/∂q · ∂q/∂x``, ``(-4) · 1``, ``-4``.  The same equations are
text on a terminal (to_steps) and TeX on paper (to_latex, to_markdown): a Hand writes them.
"""

from __future__ import annotations

from ..records import Edge, Step
from ..report import Report
from ..streams import WIDE
from ..written import ATOM
from .cells import Cells, chosen, is_number
from .grids import NUMBER, shape_of
from .hand import Hand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..descent import Descent

    Terms = Sequence[Sequence[str]]


class Equation:
    """Equal sides, and why the derivative is what it is where there was a choice.

    ``about`` are the places of those sides that are only nearly equal to the one before them.
    """

    __slots__ = ("about", "reason", "sides")

    def __init__(self, *sides: str) -> None:
        self.sides = list(sides)
        self.about: set[int] = set()
        self.reason = ""

    def add(self, side: str, rounded: bool = False) -> None:
        """One more side, in the place of the last one where it only repeats that."""
        if side.replace(" ", "") == self.sides[-1].replace(" ", ""):
            self.sides[-1] = side
        else:
            self.sides.append(side)
        if rounded:
            self.about.add(len(self.sides) - 1)


class Worked:
    """The equations of one run; of a large graph those of its first and last nodes, unless ``everything``.

    ``left`` is how many nodes are left out; None stands in their place.
    """

    def __init__(self, report: Report, hand: Hand, everything: bool = False) -> None:
        self.report = report
        self.hand = hand
        self.cells = Cells(report, hand.digits, hand.symbols, hand)
        nodes, before, self.left = chosen(report, everything)
        self.steps = [report.step(k, []) for k in nodes]
        self._parts = (self.steps[:before], self.steps[before:]) if self.left else (self.steps,)
        self._users = self._uses(nodes)

    def short(self, d: str) -> str:
        """What the rules of operations on whole arrays call a gradient, in words; ``d`` is the sign for partial."""
        return f"d before a name is short for {d}{self.report.top}/{d}"

    def _uses(self, nodes: list[int]) -> dict[int, list[Edge]]:
        """The edges along which each of the nodes gets its gradient, in forward order."""
        users: dict[int, list[Edge]] = {k: [] for k in nodes}
        known = {step.id: step for step in self.steps}
        graph = self.report.graph
        for k in range(len(graph)):
            if self.report.is_live(k) and any(i in users for i in graph.args(k)):
                for edge in (known.get(k) or self.report.step(k, [])).edges:
                    if edge.input in users:
                        users[edge.input].append(edge)
        return users

    # ------------------------------------------------------------------------------------- forward
    def forward(self) -> Iterator[Equation | None]:
        """``x = -2`` for every variable, ``q = x + y = -2 + 5 = 3`` for every operation, in forward order."""
        for at, part in enumerate(self._parts):
            if at:
                yield None
            yield from map(self._value, part)

    def _value(self, step: Step) -> Equation:
        report, hand = self.report, self.hand
        equation = Equation(hand.name(step.label))
        args = report.graph.args(step.id)
        value = self.cells.number(step.value, step.id)
        if args:
            kinds = [self.cells.kind(i) for i in args]
            pieces = [hand.piece(report.trace.values[i], kind) for i, kind in zip(args, kinds)]
            if len(pieces) > WIDE:
                pieces[3:-1], kinds[3:-1] = [(hand.dots, ATOM)], [NUMBER]
            written = (hand.formula(step.operation or "", self.cells.names(step.id)),
                       hand.compose(report.graph.row(step.id), pieces, report.graph.statics.get(step.id),
                                    kinds))
            for side in written:
                if side != value:
                    equation.add(side)
        equation.add(value, hand.is_near(step.value))
        return equation

    # ------------------------------------------------------------------------------------ backward
    def backward(self) -> Iterator[Equation | None]:
        """Every gradient, in backward order: a product of upstream and local for each use of the node."""
        for at, part in enumerate(reversed(self._parts)):
            if at:
                yield None
            yield from (self._gradient(step) for step in reversed(part) if step.live)

    def _gradient(self, step: Step) -> Equation:
        hand = self.hand
        equation = Equation(hand.derivative(self.cells.top, step.label))
        uses = self._users[step.id]
        if step.id != self.report.graph.output and uses:
            several = len(uses) > 1
            shown = [self._term(step, edge) for edge in (uses if len(uses) <= WIDE else [*uses[:3], uses[-1]])]
            if len(uses) > WIDE:
                shown[3:-1] = [([hand.dots], [hand.dots], [hand.dots], hand.dots, "")]
            chains, rules, factors, products, reasons = zip(*shown)
            if not self._confusing(uses):
                equation.add(self._sum(chains))
            equation.add(self._sum(rules))
            equation.add(self._sum(factors), any(hand.is_near(edge.local) for edge in uses))
            if several:
                equation.add(self._sum([[product] for product in products]),
                             any(hand.is_near(edge.product) for edge in uses))
            equation.reason = ", ".join(dict.fromkeys(filter(None, reasons)))
        equation.add(self.cells.number(step.gradient, step.id), hand.is_near(step.gradient))
        if step.id == self.report.graph.output and self.report.weighted:
            equation.reason = hand.word("given")
        return equation

    # ------------------------------------------------------------------------------------- update
    def update(self, learned: Descent) -> Iterator[Equation]:
        """Every weight plus minus the rate times its gradient, and the output's value with all new weights."""
        hand, cells, report = self.hand, self.cells, self.report
        rate = hand.number(-learned.rate)
        for name, before, gradient, after in zip(learned.names, learned.before, learned.gradients, learned.after):
            k = report.graph.symbols[name]
            equation = Equation(hand.updated(name))
            step = hand.factor(gradient) if type(gradient) is float else cells.number(gradient, k)
            equation.add(hand.update(name, learned.rate, cells.top))
            equation.add(f"{cells.number(before, k)} + {hand.bracketed(f'{rate} {hand.dot} {step}')}")
            equation.add(cells.number(after, k))
            yield equation
        equation = Equation(hand.updated(report.symbol))
        if learned.lost:
            equation.add(hand.word("undefined"))
        else:
            equation.add(hand.number(learned.losses[-1]))
            equation.reason = hand.word("it went up: the step was too long") * (learned.losses[-1] > learned.losses[0])
        yield equation

    def _confusing(self, uses: Sequence[Edge]) -> bool:
        """Whether a local gradient in the sum would have the name of another, or of the sum itself.

        In x*x there is one for each use of x, and each would be called ∂f/∂x, as what they add up to.
        """
        nodes = {edge.node for edge in uses}
        return len(nodes) < len(uses) or (
            len(nodes) > 1 and self.report.graph.output in nodes and not self.report.weighted)

    def _term(self, step: Step, edge: Edge) -> tuple[list[str], list[str], list[str], str, str]:
        """One use: its factors as derivatives, with the rule, with numbers; their product; the branch's reason."""
        report, hand = self.report, self.hand
        label, names = report.label(edge.node), self.cells.names(edge.node)
        chain = [hand.derivative(label, step.label)]
        product = self.cells.number(edge.product, edge.input)
        if edge.structural:
            rule = hand.structural(edge.formula, names)
            return [rule], [rule], [product], product, ""
        if shape_of(edge.upstream):
            return self._entrywise(edge, chain[0], names)
        factor = hand.number(edge.local)
        reason = hand.condition(edge.case, names) if edge.case else ""
        departs = self.cells.departs(edge)
        if departs:
            reason = hand.word(self.cells.exception(edge))
        if edge.node == report.graph.output and not report.weighted:
            # The upstream gradient is 1: nobody writes it down.
            rule = factor if departs else hand.formula(edge.branch, names)
            return chain, [rule], [factor], product, reason
        upstream = hand.factor(edge.upstream)
        return ([hand.derivative(self.cells.top, label), *chain],
                [upstream, hand.factor(edge.local) if departs else hand.rule(edge.branch, names)],
                [upstream, hand.factor(edge.local)], product, reason)

    def _entrywise(self, edge: Edge, chain: str,
                   names: dict[str, int]) -> tuple[list[str], list[str], list[str], str, str]:
        """One use by an operation on arrays that works entry by entry."""
        hand, cells = self.hand, self.cells
        upstream, product = cells.number(edge.upstream, edge.node), cells.number(edge.product, edge.input)
        # A rule that is a number is the same for every entry.
        same = is_number(edge.formula)
        local = edge.formula if same else cells.number(edge.local, edge.node)
        times = f" {hand.dot_of(same)} "
        return ([f"{hand.derivative(cells.top, self.report.label(edge.node))} {hand.each} {chain}"],
                [f"{upstream}{times}{hand.rule(edge.branch, names)}"], [f"{upstream}{times}{self._signed(local)}"],
                product, hand.word(cells.summed(edge)) if edge.summed else "")

    def _signed(self, text: str) -> str:
        return self.hand.bracketed(text) if text[:1] == "-" else text

    def _sum(self, terms: Terms) -> str:
        return " + ".join(f" {self.hand.dot} ".join(term) if len(term) > 1 else self._signed(term[0]) if at else term[0]
                          for at, term in enumerate(terms))
