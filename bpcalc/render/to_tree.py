"""The circuit as an indented tree: two columns of numbers that are never cut, and what they belong to.

A node that is used several times has a tree of its own, and so has the top of a tree that would
grow too deep; where they are used they are referred to by name.
"""

from __future__ import annotations

from ..ops import CONSTANT, INPUT
from ..report import Report
from .grids import brief
from .wiring import not_drawn, sign, wired

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEPTH = 40
"""How deep a tree may be before its lower part becomes a tree of its own."""


class Twig:
    """One wire of a tree with what it comes from: an operation (with ``inputs``) or a leaf.

    ``sign`` is the operation's, empty for a leaf; ``name`` the user's or, for a leaf, what it is
    called.  ``gradient`` counts where ``live``.  ``inputs`` are places in the tree's list.
    """

    __slots__ = ("gradient", "inputs", "k", "live", "name", "sign", "value")

    def __init__(self, k: int, sign: str, name: str, value: Any, gradient: Any, live: bool) -> None:
        self.k = k
        self.sign = sign
        self.name = name
        self.value = value
        self.gradient = gradient
        self.live = live
        self.inputs: list[int] = []


def trees(report: Report, depth: int | None = None) -> list[list[Twig]]:
    """The report as trees: inputs stand before what they feed, the last of each list is its top.

    Every tree's top carries the node's whole gradient, a reference to it the part that flows along
    that wire.  No tree is deeper than ``depth``, and none is cut where it is None.
    """
    graph, values = report.graph, report.trace.values
    products = {(edge.node, edge.slot): edge.product for edge in report.each_edge()}
    uses = [0] * len(graph)
    height = [0] * len(graph)
    tops = bytearray(len(graph))
    for k in range(len(graph)):
        for i in wired(graph, k):
            uses[i] += 1
    for k in range(len(graph)):
        args = wired(graph, k)
        if args:
            height[k] = 1 + max(0 if tops[i] else height[i] for i in args)
            if uses[k] != 1 or (depth is not None and height[k] >= depth):
                tops[k] = 1
    order = [k for k in range(len(graph)) if k != graph.output and tops[k]]
    return [_tree(report, k, products, tops, values) for k in [*order, graph.output]]


def _tree(report: Report, top: int, products: dict[tuple[int, int], Any], tops: bytearray,
          values: list[Any]) -> list[Twig]:
    graph = report.graph
    named = graph.names
    twigs: list[Twig] = []
    # Each entry: node, its user and slot, and the places of the inputs finished so far.
    pending: list[tuple[int, int, int, list[int]]] = [(top, -1, 0, [])]
    while pending:
        k, user, slot, done = pending[-1]
        args = wired(graph, k)
        if args and not (tops[k] and user >= 0):
            if len(done) < len(args):
                pending.append((args[len(done)], k, len(done), []))
                continue
            stands, name = sign(report, k), named.get(k, "")
        else:
            stands, name = "", report.label(k)
        if user < 0:
            name = report.symbol if k == graph.output else report.label(k)
            twig = Twig(k, stands, name, values[k], report.gradient(k), report.is_live(k))
        else:
            twig = Twig(k, stands, name, values[k], products.get((user, slot)), (user, slot) in products)
        twig.inputs = done
        twigs.append(twig)
        pending.pop()
        if pending:
            pending[-1][3].append(len(twigs) - 1)
    return twigs


def sums(report: Report) -> list[int]:
    """The variables whose gradient is the sum over several wires."""
    graph = report.graph
    uses = [0] * len(graph)
    for k in range(len(graph)):
        for i in wired(graph, k):
            uses[i] += 1
    uses[graph.output] += 1
    return [k for k, code in enumerate(graph.ops) if code == INPUT and report.is_live(k) and uses[k] > 1]


def render(report: Report, width: int | None = None, digits: int = 6, unicode: bool = True,
           color: bool = False) -> str:
    """The trees as text, the output's last."""
    forest = trees(report, DEPTH if width is None else max(4, min(DEPTH, (width - 34) // 3)))
    dash = "–" if unicode else "-"
    stem, last, bar, blank = ("├─ ", "└─ ", "│  ", "   ") if unicode else ("|- ", "`- ", "|  ", "   ")
    rows: list[tuple[str, str, str]] = []
    for tree in forest:
        if rows:
            rows.append(("", "", ""))
        pending = [(len(tree) - 1, "", "")]
        while pending:
            at, before, below = pending.pop()
            twig = tree[at]
            gradient = brief(twig.gradient, digits, unicode) if twig.live else dash
            rows.append((brief(twig.value, digits, unicode), gradient, before + _called(twig)))
            for number, i in reversed(list(enumerate(twig.inputs))):
                end = number == len(twig.inputs) - 1
                pending.append((i, below + (last if end else stem), below + (blank if end else bar)))
    heads = ("value", "gradient", "node")
    left = max(len(row[0]) for row in (heads, *rows))
    middle = max(len(row[1]) for row in (heads, *rows))
    green, red, plain = ("\x1b[32m", "\x1b[31m", "\x1b[0m") if color else ("", "", "")
    lines = [f"{green}{value:>{left}}{plain}  {red}{gradient:>{middle}}{plain}  {words}" if words else ""
             for value, gradient, words in (heads, *rows)]
    after = [*footer(report, digits, dash, color), *once(forest, width)]
    return "\n".join([*lines, *([""] if after and after[0] else []), *after]) + "\n"


def footer(report: Report, digits: int, dash: str, color: bool) -> list[str]:
    """What a tree cannot show: the sums of variables that are used several times, and what nothing uses."""
    red, plain = ("\x1b[31m", "\x1b[0m") if color else ("", "")
    lines = [f"{report.label(k)}: the gradients of its wires add up to {red}{brief(report.gradient(k), digits)}{plain}"
             for k in sums(report)]
    left_out = not_drawn(report, digits)
    lines += [left_out] if left_out else []
    if any(code == CONSTANT for code in report.graph.ops) and dash:
        lines.append(f"{dash} no gradient")
    return ["", *lines] if lines else []


def once(forest: list[list[Twig]], room: int | None) -> list[str]:
    """What is said about nodes that have a drawing of their own, in one line."""
    names = [tree[-1].name for tree in forest[:-1] if tree[-1].inputs]
    if not names:
        return []
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    words = f"{listed}: drawn once, and called by name where used"
    return [words if room is None or len(words) <= room else "what is used several times is drawn once, then named"]


def _called(twig: Twig) -> str:
    if not twig.sign:
        return twig.name
    return f"{twig.name} = {twig.sign}" if twig.name else twig.sign
