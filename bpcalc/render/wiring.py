"""What a circuit picture consists of, whatever it is drawn with: nodes, and wires with two numbers.

A wire carries its source's value forward and, back, the part of the gradient that flows along it:
upstream × local.  Numbers are drawn at each of their uses; variables once, and again where they are
used far away; everything else once.  The output, and what is computed but used nowhere, ends in a wire
to its own name.  A leaf that nothing uses, as a label in a run opened into single numbers, is not drawn.
"""

from __future__ import annotations

from ..graph import Graph
from ..ops import CONSTANT, INPUT
from ..report import Report
from .grids import brief, lines, shape_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VARIABLE, NUMBER, OPERATION, END = "variable", "number", "operation", "end"

NO_GRADIENT = "no grad"
LISTED = 6
"""How many of the leaves that are not drawn are named."""
REACH = 4
"""How many columns after its first use a variable is still wired there; further on it is drawn again."""


class Spot:
    """One thing that is drawn for node ``k``: a VARIABLE, NUMBER, OPERATION or END.

    ``sign`` is what stands in it; ``name`` what the user calls an operation's result (the output's
    stands at its END); ``inputs`` how many wires arrive, and ``symmetric`` that their order is all the
    same to the operation.  ``total`` is its gradient, in lines, where that is the sum over several wires,
    so that no single wire shows it; ``again`` says that it is a variable that was drawn before, ``aside``
    that it is an END, but not the output's.  ``shape`` is an array's.
    """

    __slots__ = ("again", "aside", "inputs", "k", "key", "kind", "live", "name", "shape", "sign", "symmetric", "total")

    def __init__(self, key: str, kind: str, k: int, sign: str, name: str, live: bool, inputs: int = 0,
                 symmetric: bool = False) -> None:
        self.key = key
        self.kind = kind
        self.k = k
        self.sign = sign
        self.name = name
        self.live = live
        self.inputs = inputs
        self.symmetric = symmetric
        self.total: tuple[str, ...] = ()
        self.again = False
        self.aside = False
        self.shape = ""


class Link:
    """A wire between two spots, by their places in ``Wiring.spots``.

    It is argument ``slot`` of node ``user`` (-1 for the wire to an END).  ``value`` and ``gradient`` are
    what is written above and below it, in lines; a wire that is not ``live`` has no gradient and says so.
    """

    __slots__ = ("gradient", "k", "live", "slot", "source", "target", "user", "value")

    def __init__(self, source: int, target: int, k: int, user: int, slot: int, value: tuple[str, ...],
                 gradient: tuple[str, ...], live: bool) -> None:
        self.source = source
        self.target = target
        self.k = k
        self.user = user
        self.slot = slot
        self.value = value
        self.gradient = gradient
        self.live = live

    @property
    def both(self) -> tuple[str, ...]:
        """Value and gradient in one text, with a line between them where one of them is a grid."""
        between = ("",) if len(self.value) + len(self.gradient) > 2 else ()
        return (*self.value, *between, *self.gradient)


class Wiring:
    """The spots and links of a report; the source of a link stands before its target."""

    __slots__ = ("_digits", "links", "spots")

    def __init__(self, report: Report, digits: int = 6) -> None:
        self._digits = digits
        graph, values = report.graph, report.trace.values
        self.spots: list[Spot] = []
        self.links: list[Link] = []
        products = {(edge.node, edge.slot): edge.product for edge in report.each_edge()}
        place: dict[int, int] = {}
        copies = _copies(graph)
        again: dict[tuple[int, int], int] = {}
        uses = [0] * len(graph)
        for k in range(len(graph)):
            for i in graph.args(k):
                uses[i] += 1
        spare = frozenset(spare_leaves(graph))
        named = {k: name for k, name in graph.names.items() if uses[k] and k != graph.output}
        for k, code in enumerate(graph.ops):
            if code == CONSTANT or k in spare:
                continue
            args = wired(graph, k)
            sources = []
            for slot, i in enumerate(args):
                if graph.ops[i] == CONSTANT:
                    sources.append(self._add(Spot(f"c{k}_{slot}", NUMBER, i, report.label(i), "", False)))
                elif copy := copies.get((k, slot)):
                    if (i, copy) not in again:
                        spot = Spot(f"n{i}_{copy}", VARIABLE, i, report.label(i), "", report.is_live(i))
                        spot.again = True
                        again[i, copy] = self._add(spot)
                    sources.append(again[i, copy])
                else:
                    sources.append(place[i])
            if code == INPUT:
                place[k] = self._add(Spot(f"n{k}", VARIABLE, k, report.label(k), "", report.is_live(k)))
                continue
            place[k] = self._add(
                Spot(f"n{k}", OPERATION, k, sign(report, k), named.get(k, ""),
                     report.is_live(k), len(args), graph.row(k).symmetric))
            for slot, (i, source) in enumerate(zip(args, sources)):
                live = (k, slot) in products
                self._link(source, place[k], i, k, slot, values[i], products.get((k, slot)), live)
        ends = [k for k in place if not uses[k] and k != graph.output]
        for k in [*ends, graph.output]:
            if k not in place:
                place[k] = self._add(Spot(f"c{k}", NUMBER, k, report.label(k), "", False))
            end = self._add(Spot(f"e{k}", END, k, report.symbol if k == graph.output else report.label(k), "",
                                 report.is_live(k)))
            self.spots[end].aside = k != graph.output
            gradient = report.upstream if k == graph.output else report.gradient(k)
            self._link(place[k], end, k, -1, 0, values[k], gradient, report.is_live(k))
        wires = [0] * len(graph)
        for link in self.links:
            wires[link.k] += 1
        for spot in self.spots:
            if spot.kind != END:
                spot.shape = shape_text(values[spot.k])
            if spot.live and spot.kind != END and not spot.again and wires[spot.k] > 1:
                spot.total = lines(report.gradient(spot.k), digits)

    def _link(self, source: int, target: int, k: int, user: int, slot: int, value: Any, gradient: Any,
              live: bool) -> None:
        below = lines(gradient, self._digits) if live else (NO_GRADIENT,)
        self.links.append(Link(source, target, k, user, slot, lines(value, self._digits), below, live))

    def _add(self, spot: Spot) -> int:
        self.spots.append(spot)
        return len(self.spots) - 1


def spare_leaves(graph: Graph) -> list[int]:
    """The variables that nothing uses, the output left out."""
    used = {graph.output}
    for k in range(len(graph)):
        used.update(graph.args(k))
    return [k for k, code in enumerate(graph.ops) if code == INPUT and k not in used]


def not_drawn(report: Report, digits: int = 6) -> str:
    """``not drawn: y = 0``, of the variables that nothing uses; "" where there are none."""
    spare = spare_leaves(report.graph)
    if not spare:
        return ""
    listed = [f"{report.label(k)} = {brief(report.trace.values[k], digits)}" for k in spare[:LISTED]]
    more = [f"{len(spare) - LISTED} more"] if len(spare) > LISTED else []
    return f"not drawn: {', '.join([*listed, *more])}"


def wired(graph: Graph, k: int) -> tuple[int, ...]:
    """The inputs of node ``k`` that have a wire: not the numbers of an index, which are part of its sign."""
    args = graph.args(k)
    if graph.statics and graph.row(k).name == "index":
        return (args[0], *(i for i in args[1:] if graph.ops[i] != CONSTANT))
    return args


def _copies(graph: Graph) -> dict[tuple[int, int], int]:
    """Which copy of its variable an argument is wired to, by (node, slot), where that is not the first."""
    level = [0] * len(graph)                        # how many columns before the last one, as late as may be
    used: dict[int, list[tuple[int, int, int]]] = {}
    for k in range(len(graph) - 1, -1, -1):
        for slot, i in enumerate(graph.args(k)):
            level[i] = max(level[i], level[k] + 1)
            if graph.ops[i] == INPUT:
                used.setdefault(i, []).append((-level[k], k, slot))
    found: dict[tuple[int, int], int] = {}
    for uses in used.values():
        uses.sort()
        copy, first = 0, uses[0][0]
        for column, k, slot in uses:
            if column > first + REACH:
                copy, first = copy + 1, column
            if copy:
                found[k, slot] = copy
    return found


def sign(report: Report, k: int) -> str:
    """What stands in the node of an operation: ``+``, ``*``, ``exp``, ``[0]``, ``sum axis=0``."""
    graph = report.graph
    row = graph.row(k)
    if row.name == "identity":
        return "="
    if row.name == "index":
        return (report.step(k, []).operation or "")[len(report.label(graph.args(k)[0])):]
    if row.fixity is None or len(row.params) == 1:
        axis = graph.statics.get(k, {}).get("axis")
        return row.word if axis is None or str(axis) == row.statics["axis"] else f"{row.word} axis={axis}"
    return row.fixity[0]
