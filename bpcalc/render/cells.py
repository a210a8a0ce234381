"""The words of the human outputs: the same cells for the table, the blocks and the plain lines.

This is the one place that decides how a node, a gradient's sum, a local gradient and a product are
written; the renderers only arrange them.
"""

from __future__ import annotations

from ..report import Edge, Report, Step
from .numbers import show
from .symbols import Symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD_AND_TAIL = 20
WHOLE = 60
"""Graphs of up to WHOLE lines are shown whole; of larger ones the first and last HEAD_AND_TAIL."""

_TERMS = 4


class Cells:
    """Writes the parts of a report as people read them."""

    def __init__(self, report: Report, digits: int, symbols: Symbols) -> None:
        self.report = report
        self.digits = digits
        self.symbols = symbols
        self.top = report.symbol
        if report.upstream != 1.0:
            self.top = next(name for name in ("L", "loss", "Loss", "dL") if name not in report.graph.symbols)

    def number(self, value: float | None) -> str:
        """A number, rounded."""
        return show(value, self.digits)

    def derivative(self, of: str, to: str) -> str:
        """``∂of/∂to``."""
        d = self.symbols.partial
        return f"{d}{of}/{d}{to}"

    def node(self, step: Step) -> str:
        """``x`` or ``q = x + y``."""
        return step.label if step.operation is None else f"{step.label} = {step.operation}"

    def gradient(self, step: Step) -> str:
        """The gradient, as a sum where several edges bring a part of it."""
        if not step.live:
            return ""
        total = self.number(step.gradient)
        if len(step.terms) < 2:
            return total
        shown = [self.number(term) for term in step.terms[:_TERMS]]
        if len(step.terms) > _TERMS:
            shown[-1:] = [f"… ({len(step.terms)} terms)" if self.symbols.unicode else f"... ({len(step.terms)} terms)"]
        text = shown[0]
        for term in shown[1:]:
            text += f" - {term[1:]}" if term[0] == "-" else f" + {term}"
        return f"{text} = {total}"

    def local(self, step: Step, edge: Edge) -> str:
        """``∂f/∂q = z = -4``, ``∂a/∂z = 1 (z > 0)``."""
        left = self.derivative(step.label, self.label(edge))
        number = self.number(edge.local)
        middle = "" if edge.branch == number else f" = {edge.branch}"
        if edge.case is not None and edge.local is not None and _departs(edge):
            why = "tie" if self.report.graph.row(edge.node).variadic else "kink"
            return f"{left} = {number} ({why})"
        case = f" ({edge.case})" if edge.case else ""
        return f"{left}{middle} = {number}{case}"

    def label(self, edge: Edge) -> str:
        """What the edge's input is called."""
        return self.report.label(edge.input)

    def product(self, edge: Edge) -> str:
        """``1 × -4 = -4``."""
        upstream, local, product = map(self.number, (edge.upstream, edge.local, edge.product))
        return f"{upstream} {self.symbols.times} {local} = {product}"

    def upstream(self) -> str:
        """The gradient that arrives at the output, when it is not 1."""
        return f"upstream {self.derivative(self.top, self.report.symbol)} = {self.number(self.report.upstream)}"

    def title(self) -> str:
        """``f = (x + y) * z = -12``."""
        report = self.report
        text = report.text(report.graph.output)
        value = self.number(report.value)
        if text is None or text == report.symbol or text == value:
            return f"{report.symbol} = {value}"
        return f"{report.symbol} = {text} = {value}"

    def notes(self) -> list[str]:
        """The notes, each with the node it is about."""
        lines = []
        for note in self.report.notes:
            if note.code == "unused" and note.node is None:
                continue                       # a warning about the command line: it goes to stderr
            about = "" if note.node is None or note.code == "unused" else f"{self.report.label(note.node)}: "
            lines.append(f"note: {about}{note.message}")
        if len(lines) > 2 * HEAD_AND_TAIL:
            left = len(lines) - 2 * HEAD_AND_TAIL
            lines[HEAD_AND_TAIL:-HEAD_AND_TAIL] = [f"note: {left} more notes are left out"]
        return lines

    def checks(self) -> list[str]:
        """The second opinions, a line each, under a heading for each kind."""
        lines: list[str] = []
        kind = ""
        for verdict in self.report.verdicts:
            if verdict.kind != kind:
                kind = verdict.kind
                lines += ["", _HEADINGS.get(kind, kind)]
            sign = {"agrees": self.symbols.yes, "differs": self.symbols.no}.get(verdict.status, self.symbols.both)
            what = verdict.what if not self.symbols.unicode else verdict.what.replace("d", "∂", 1).replace("/d", "/∂")
            facts = [what]
            if verdict.details.get("formula"):
                facts.append(f"= {verdict.details['formula']}")
            if verdict.theirs is not None:
                facts.append(f"= {self.number(verdict.theirs)}")
            if verdict.details.get("relative_error") is not None:
                facts.append(f"(relative error {show(verdict.details['relative_error'], 2)})")
            words = {"agrees": f"agrees with backprop, {self.number(verdict.ours)}",
                     "differs": f"DIFFERS from backprop, {self.number(verdict.ours)}",
                     "kink": "at a kink", "gave-up": "gave up"}[verdict.status]
            why = f": {verdict.why}" if verdict.why else ""
            lines.append(f"  {sign} {' '.join(facts)}  {words}{why}")
        return lines


_HEADINGS = {"symbolic": "Symbolic derivatives (sympy) beside backprop",
             "numeric": "Central differences beside backprop"}


def _departs(edge: Edge) -> bool:
    # The rule itself knows more than its two branches: ties share, and |x| has a 0 at its corner.
    try:
        return float(edge.branch) != edge.local
    except ValueError:
        return False


def chosen(report: Report, everything: bool) -> tuple[list[int], int, int]:
    """The nodes to show, how many of them come before the gap, and how many are left out."""
    size = len(report)
    total = report.count_shown()
    if everything or total <= WHOLE:
        return [k for k in range(size) if report.shows(k)], total, 0
    head = _some(report, iter(range(size)))
    tail = _some(report, iter(range(size - 1, -1, -1)))[::-1]
    return [*head, *tail], len(head), total - len(head) - len(tail)


def _some(report: Report, nodes: Iterator[int]) -> list[int]:
    found: list[int] = []
    for k in nodes:
        if report.shows(k):
            found.append(k)
            if len(found) == HEAD_AND_TAIL:
                break
    return found


def steps(report: Report, everything: bool) -> tuple[Iterator[Step], int, int]:
    """The lines of hand work to show, how many come before the gap, and how many are left out."""
    nodes, before, left = chosen(report, everything)
    terms = report.arriving(nodes)
    return (report.step(k, terms.pop(k)) for k in nodes), before, left


def gap(left: int, symbols: Symbols) -> str:
    """What is said in the place of nodes that are left out."""
    return f"{'…' if symbols.unicode else '...'} {left} nodes left out (--all shows them)"
