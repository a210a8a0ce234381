"""The words of the human outputs: the same cells for the table, the blocks and the plain lines.

This is the one place that decides how a node, a gradient's sum, a local gradient and a product are
written; the renderers only arrange them.
"""

from __future__ import annotations

from itertools import islice

from ..ops import CONSTANT
from ..records import Edge, Step, Verdict
from ..report import Report
from .grids import COLUMN, beside, shape_of, show_value
from .hand import Hand
from .numbers import show
from .symbols import Symbols
from .wrap import aligned, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ..records import Note
    from .orientation import Orientation

HEAD_AND_TAIL = 20
WHOLE = 60
"""Graphs of up to WHOLE lines are shown whole; of larger ones the first and last HEAD_AND_TAIL."""

NO_VARIABLE = "There is no variable, so there is no gradient."

_TERMS = 4


class Cells:
    """Writes the parts of a report as people read them; ``hand`` writes the mathematics in them.

    Where the hand writes an array as a grid a part has several lines.
    """

    def __init__(self, report: Report, digits: int, symbols: Symbols, hand: Hand | None = None) -> None:
        self.report = report
        self.digits = digits
        self.symbols = symbols
        self.hand = hand or Hand(digits, symbols)
        self.hand.exact = report.arithmetic == "exact"
        self.number: Callable[..., str] = self._standing if self.hand.wants_names and report.trace.arrays \
            else self.hand.number
        """A number or an array, rounded; behind it the node whose shape an array has."""
        self.top = report.top
        self.kinks = {note.node for note in report.notes if note.code == "kink"}
        self._orientation: Orientation | None = None

    def _standing(self, value: Any, k: int | None = None) -> str:
        return self.hand.number(value) if k is None else self.hand.number(value, self.kind(k))

    def kind(self, k: int) -> int:
        """What the value of node ``k`` is on paper, for a hand that wants to know."""
        if not self.hand.wants_names:
            return COLUMN
        if self._orientation is None:
            from .orientation import Orientation  # for TeX alone

            self._orientation = Orientation(self.report.trace)
        return self._orientation.of(k)

    def line(self, value: Any) -> str:
        """A number or an array on one line."""
        return show_value(value, self.digits, True, self.symbols.unicode) if shape_of(value) else self.number(value)

    def derivative(self, of: str, to: str) -> str:
        """``∂of/∂to``."""
        return self.hand.derivative(of, to)

    def names(self, k: int) -> dict[str, int]:
        """The names in formulas about node ``k``, and what each is on paper, for a hand that wants to know."""
        if not self.hand.wants_names:
            return {}
        graph, label = self.report.graph, self.report.label
        return {label(i): self.kind(i) for i in (*graph.args(k), k) if graph.ops[i] != CONSTANT}

    def node(self, step: Step) -> str:
        """``x`` or ``q = x + y``; for an array with its shape."""
        name = self.hand.name(step.label)
        shape = self.hand.shape(step.value, self.kind(step.id))
        if step.operation is None:
            return f"{name}{shape}"
        return f"{name} = {self.hand.formula(step.operation, self.names(step.id))}{shape}"

    def before(self, step: Step) -> str:
        """The sign between a gradient's derivative and what :meth:`gradient` says: nearly equal if a term of it is."""
        shown = step.terms if len(step.terms) > 1 else [step.gradient]
        return self.hand.about if any(map(self.hand.is_near, shown)) else "="

    def gradient(self, step: Step) -> str:
        """The gradient, as a sum where several edges bring a part of it."""
        return beside(*(part for term in self.terms(step) for part in term))

    def terms(self, step: Step) -> list[tuple[str, str]]:
        """The gradient as (sign before it, number): the terms of the sum and what they add up to, or itself alone."""
        if not step.live:
            return []
        total = self.number(step.gradient, step.id)
        if len(step.terms) < 2:
            return [("", total)]
        shown = [self.number(term, step.id) for term in step.terms[:_TERMS]]
        if len(step.terms) > _TERMS:
            dots = "…" if self.symbols.unicode else self.hand.dots
            shown[-1:] = [f"{dots} {self.hand.word(f'({len(step.terms)} terms)')}"]
        return [("", shown[0]), *((" - ", term[1:]) if term[0] == "-" else (" + ", term) for term in shown[1:]),
                (f" {self.hand.equals(step.gradient)} ", total)]

    def local(self, step: Step, edge: Edge) -> str:
        """``∂f/∂q = z = -4``, ``∂a/∂z = 1 (z > 0)``."""
        if edge.structural:
            rule = self.hand.rule_of(self.label(edge), edge.formula, self.names(edge.node))
            return rule + self.hand.aside(self.hand.word("kink")) if edge.node in self.kinks else rule
        left, middle, number, case = self.local_parts(step, edge)
        if shape_of(edge.local):
            return left + middle if is_number(edge.formula) else beside(f"{left}{middle} = ", number)
        return f"{left}{middle} {self.hand.equals(edge.local)} {number}{case}"

    def local_parts(self, step: Step, edge: Edge) -> tuple[str, str, str, str]:
        """``∂a/∂z``, `` = z`` if that says more than the number, the number, `` (z > 0)`` if there is a case."""
        left = self.derivative(step.label, self.label(edge))
        number = self.number(edge.local, edge.node)
        if self.departs(edge):
            return left, "", number, self.hand.aside(self.hand.word(self.exception(edge)))
        names = self.names(edge.node) if self.hand.wants_names else ()
        rule = self.hand.formula(edge.branch, names)
        middle = "" if rule == number else f" = {rule}"
        return left, middle, number, self.hand.aside(self.hand.condition(edge.case, names)) if edge.case else ""

    def departs(self, edge: Edge) -> bool:
        """Whether a local gradient is neither of its rule's branches: ties share, and |x| has a 0 at its corner."""
        if not edge.case or edge.local is None:
            return False
        try:
            return bool(float(edge.branch) != edge.local)
        except ValueError:
            return False

    def exception(self, edge: Edge) -> str:
        """What a local gradient that is neither of its branches comes from."""
        return "tie" if self.report.graph.row(edge.node).variadic else "kink"

    def label(self, edge: Edge) -> str:
        """What the edge's input is called."""
        return self.report.label(edge.input)

    def product(self, edge: Edge) -> str:
        """``1 × -4 = -4``; of a structural operation the result alone."""
        return beside(*self.factors(edge))

    def factors(self, edge: Edge) -> list[str]:
        """What :meth:`product` says in parts: numbers, and between them the signs."""
        if edge.structural:
            return [self.number(edge.product, edge.input)]
        if shape_of(edge.upstream):
            # The same for every entry: the formula is the number.
            same = is_number(edge.formula)
            local = edge.formula if same else self.number(edge.local, edge.node)
            how = self.hand.word(f" {self.summed(edge)}") if edge.summed else ""
            return [self.number(edge.upstream, edge.node), f" {self.hand.dot_of(same)} ", local, f"{how} = ",
                    self.number(edge.product, edge.input)]
        written = self.hand.product(edge.upstream, edge.local)
        return [written, f" {self.hand.equals(edge.product)} ", self.number(edge.product)]

    def summed(self, edge: Edge) -> str:
        """``summed over axis 0`` for an input that was broadcast."""
        return f"summed over {axes_text(edge.summed)}"

    def upstream(self) -> str:
        """The gradient that arrives at the output, when it is not 1."""
        return f"upstream {self.derivative(self.top, self.report.symbol)} = {self.line(self.report.upstream)}"

    def title(self) -> str:
        """``f = (x + y) * z = -12``."""
        report = self.report
        text = report.text(report.graph.output)
        value, sign = self.line(report.value), self.hand.equals(report.value)
        if text is None or text == report.symbol or text == value:
            return f"{report.symbol} {sign} {value}"
        return f"{report.symbol} = {text} {sign} {value}"

    def heading(self, room: int | None = None) -> list[str]:
        """The title, and the gradient that arrives where it is not 1, as lines."""
        lines = wrapped("", self.title(), "  ", room)
        return [*lines, *wrapped("", self.upstream(), "  ", room)] if self.report.weighted else lines

    def notes(self, room: int | None = None) -> list[str]:
        """The notes, each with the node it is about, and before them what words in rules stand for."""
        lines = self._legends() if self.report.trace.arrays else []
        for note in self.report.notes:
            if note.code == "unused" and note.node is None:
                continue                       # a warning about the command line: it goes to stderr
            lines.append(self.note(note))
        if len(lines) > 2 * HEAD_AND_TAIL:
            left = len(lines) - 2 * HEAD_AND_TAIL
            lines[HEAD_AND_TAIL:-HEAD_AND_TAIL] = [f"note: {left} more notes are left out"]
        return lines if room is None else [part for line in lines for part in wrapped("", line, "  ", room)]

    def _legends(self) -> list[str]:
        report = self.report
        rows = dict.fromkeys(map(report.graph.row, filter(report.is_live, range(len(report)))))
        return [f"note: {row.legend}" for row in rows if row.legend]

    def note(self, note: Note) -> str:
        """``note: a: relu has a corner at 0; its gradient there is taken as 0``."""
        about = "" if note.node is None or note.code == "unused" else f"{self.report.label(note.node)}: "
        return f"note: {about}{note.message}"

    def checks(self, room: int | None = None) -> list[str]:
        """What is beside the numbers, each kind under a heading in aligned columns: drift, and second opinions."""
        lines: list[str] = []
        if self.report.decimals is not None:
            lines += ["", *wrapped("", self.carried(), "  ", room),
                      *aligned(self.drifts(), frozenset((1, 2, 3)), room)]
        for kind, level, heading, theirs in _OPINIONS:
            rows = [self._check(verdict) for verdict in self.report.verdicts
                    if verdict.kind == kind and verdict.details.get("level", "variable") == level]
            if rows:
                heads = ("", "derivative", "backprop", *theirs)
                lines += ["", heading, *aligned([heads, *rows], frozenset((2, 3)), room)]
        return lines

    def carried(self) -> str:
        """What is said about a rounded run, in words."""
        decimals, some = self.report.decimals, any(True for _ in self.report.drifts())
        return (f"Carried with {decimals} decimal{'' if decimals == 1 else 's'}; "
                f"{'what has drifted from the exact numbers:' if some else 'nothing has drifted.'}")

    def drifts(self) -> list[tuple[str, ...]]:
        """Each number of a rounded run that has drifted, with the exact one and the difference, under a head."""
        # At the output the local gradient has the name of the gradient that it is a term of.
        from collections import Counter

        uses = Counter(i for k in range(len(self.report)) for i in self.report.graph.args(k))
        last = () if self.report.weighted else self.report.graph.args(self.report.graph.output)
        sums = {i for i in last if uses[i] > 1}
        rows = []
        for drift in self.report.drifts():
            label = self.report.label(drift.node)
            what = (self.hand.name(label) if drift.kind == "value" else self.derivative(self.top, label)
                    if drift.input is None else self.derivative(label, self.report.label(drift.input)))
            if drift.input in sums and drift.node == self.report.graph.output:
                what += self.hand.word(" (local)")
            rows.append((what, *map(self.number, (drift.carried, drift.exact, drift.drift))))
        rows = list(dict.fromkeys(rows))          # at the output local gradient and gradient are one
        if len(rows) > WHOLE:
            left = len(rows) - 2 * HEAD_AND_TAIL
            rows[HEAD_AND_TAIL:-HEAD_AND_TAIL] = [(self.hand.word(f"{left} more"), "", "", "")]
        return [("number", "carried", "exact", "drift"), *rows] if rows else []

    def _check(self, verdict: Verdict) -> tuple[str, ...]:
        signs = self.symbols
        sign = {"agrees": signs.yes, "differs": signs.no}.get(verdict.status, signs.both)
        what = verdict.what
        if signs.unicode and what[:1] == "d":
            what = f"∂{what[1:].replace('/d', '/∂')}"
        words = {"agrees": "agrees", "differs": "DIFFERS", "kink": "at a kink", "gave-up": "gave up"}[verdict.status]
        if verdict.why:
            words += f": {verdict.why}"
        theirs = "" if verdict.theirs is None else self.number(verdict.theirs)
        error = verdict.details.get("relative_error")
        fact = verdict.details.get("formula") or ""
        if verdict.kind == "numeric":
            fact = "" if error is None else show(error, 2)
        return (sign, what, self.number(verdict.ours), theirs, fact, words)


# At the output a local gradient has the name of a gradient, so the two have headings of their own.
_OPINIONS = (
    ("symbolic", "local", "Local gradients by sympy, beside backprop's", ("sympy", "formula", "verdict")),
    ("symbolic", "variable", "Gradients by sympy, beside backprop's", ("sympy", "formula", "verdict")),
    ("numeric", "variable", "Central differences, beside backprop", ("numerical", "relative error", "verdict")),
)


def axes_text(axes: tuple[int, ...]) -> str:
    """``axis 0``, ``axes 0 and 1``."""
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {' and '.join(map(str, axes))}"


def is_number(text: str) -> bool:
    """Whether a formula is a number."""
    return text.lstrip("-").replace(".", "", 1).isdigit()


def chosen(report: Report, everything: bool) -> tuple[list[int], int, int]:
    """The nodes to show, how many of them come before the gap, and how many are left out."""
    nodes = range(len(report))
    total = report.count_shown()
    if everything or total <= WHOLE:
        return [*filter(report.shows, nodes)], total, 0
    head = [*islice(filter(report.shows, nodes), HEAD_AND_TAIL)]
    tail = [*islice(filter(report.shows, reversed(nodes)), HEAD_AND_TAIL)][::-1]
    return [*head, *tail], len(head), total - len(head) - len(tail)


def steps(report: Report, everything: bool) -> tuple[Iterator[Step], int, int]:
    """The lines of hand work to show, how many come before the gap, and how many are left out."""
    nodes, before, left = chosen(report, everything)
    return report.steps(nodes), before, left


def gap(left: int, symbols: Symbols) -> str:
    """What is said in the place of nodes that are left out."""
    return f"{'…' if symbols.unicode else '...'} {left} nodes left out (--all shows them)"
