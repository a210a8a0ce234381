"""The run as a teacher writes it on the board: forward gate by gate, then backward with the chain rule."""

from __future__ import annotations

from ..formula import ATOM, Piece, compose
from ..report import Edge, Report, Step
from .cells import Cells
from .symbols import Symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PATHS = 200
"""How many paths are listed; a graph can have more of them than anyone can read."""


def lines(report: Report, digits: int = 6, symbols: Symbols | None = None) -> Iterator[str]:
    """Both passes, a line for each value and each gradient."""
    board = _Board(report, digits, symbols or Symbols())
    yield "Forward\n"
    for step in board.steps.values():
        yield f"  {board.forward(step)}\n"
    yield "\nBackward\n"
    for step in reversed(board.steps.values()):
        if step.live:
            yield f"  {board.backward(step)}\n"
    notes = board.cells.notes()
    if notes:
        yield "\n"
    for note in notes:
        yield f"{note}\n"


def path_lines(report: Report, k: int, digits: int = 6, symbols: Symbols | None = None) -> Iterator[str]:
    """Every path from node ``k`` to the output, the product of its local gradients, and their sum."""
    board = _Board(report, digits, symbols or Symbols())
    cells, dot, number = board.cells, board.dot, board.cells.number
    total, count = report.upstream if k == report.graph.output else 0.0, 0
    arrow = f" {board.cells.symbols.arrow} "
    pending: list[tuple[int, tuple[int, ...], tuple[float, ...]]] = [(k, (k,), ())]
    while pending:
        at, nodes, factors = pending.pop()
        if at == report.graph.output:
            count += 1
            if count > PATHS:
                yield f"  more than {PATHS} paths: the rest is left out\n"
                return
            product = report.upstream
            for factor in factors:
                product *= factor
            total += product if nodes[1:] else 0.0
            shown = [*([number(report.upstream)] if report.upstream != 1.0 or not factors else []),
                     *(number(factor) for factor in reversed(factors))]
            text = f" {dot} ".join(_bracketed(factor) for factor in shown) + " = " if len(shown) > 1 else ""
            yield f"  {arrow.join(map(report.label, nodes))}:  {text}{number(product)}\n"
            continue
        for node, edge in reversed(board.users.get(at, [])):
            if edge.local is not None:
                pending.append((node, (*nodes, node), (*factors, edge.local)))
    yield f"  sum: {cells.derivative(cells.top, report.label(k))} = {number(total)}\n"


def _bracketed(text: str) -> str:
    return f"({text})" if text[:1] == "-" else text


class _Board:
    def __init__(self, report: Report, digits: int, symbols: Symbols) -> None:
        self.report = report
        self.cells = Cells(report, digits, symbols)
        self.dot = "·" if symbols.unicode else "*"
        nodes = [k for k in range(len(report)) if report.shows(k)]
        self.steps: dict[int, Step] = {k: report.step(k, []) for k in nodes}
        self.users: dict[int, list[tuple[int, Edge]]] = {}
        for step in self.steps.values():
            for edge in step.edges:
                self.users.setdefault(edge.input, []).append((edge.node, edge))

    def forward(self, step: Step) -> str:
        """``q = x + y = -2 + 5 = 3``."""
        graph, number = self.report.graph, self.cells.number
        value = number(step.value)
        args = graph.args(step.id)
        if not args:
            return f"{step.label} = {value}"
        parts: list[Piece] = []
        for i in args:
            text = number(self.report.trace.values[i])
            parts.append((text, 30 if text[:1] == "-" else ATOM))
        put_in = compose(graph.row(step.id), parts)[0]
        middle = f" = {put_in}" if put_in not in (step.operation, value) else ""
        return f"{step.label} = {step.operation}{middle} = {value}"

    def backward(self, step: Step) -> str:
        """``∂f/∂x = ∂f/∂q · ∂q/∂x = (-4) · 1 = -4``; with a term for each use of the node."""
        cells, number, report = self.cells, self.cells.number, self.report
        left = cells.derivative(cells.top, step.label)
        total = number(step.gradient)
        if step.id == report.graph.output:
            return f"{left} = {total}"
        uses = self.users.get(step.id, [])
        if not uses:
            return f"{left} = {total}"
        several = len(uses) > 1
        chain, rules, numbers, products, cases = [], [], [], [], []
        for node, edge in uses:
            label = report.label(node)
            local = cells.derivative(label, step.label)
            factor, upstream = number(edge.local), _bracketed(number(edge.upstream))
            if node == report.graph.output and report.upstream == 1.0:
                # The upstream gradient is 1: nobody writes it down.
                chain.append(local)
                rules.append(edge.branch)
                numbers.append(factor)
            else:
                chain.append(f"{cells.derivative(cells.top, label)} {self.dot} {local}")
                rule = edge.branch if _is_simple(edge.branch) else f"({edge.branch})"
                rules.append(f"{upstream} {self.dot} {rule}")
                numbers.append(f"{upstream} {self.dot} {_bracketed(factor)}")
            products.append(number(edge.product))
            if edge.case:
                cases.append(edge.case)
        columns = [chain, rules, numbers, *([products] if several else [])]
        parts = [left]
        for column in columns:
            text = " + ".join(_bracketed(term) if several and self.dot not in term else term for term in column)
            if text != parts[-1] and text != total:
                parts.append(text)
        reason = f"   ({', '.join(cases)})" if cases else ""
        return " = ".join([*parts, total]) + reason


def _is_simple(formula: str) -> bool:
    """A name or a number without a sign: it needs no brackets in a product."""
    return formula.replace("_", "a").replace(".", "a").isalnum()
