"""A layered left-to-right drawing of a graph: pure geometry, without a word about numbers or ink.

    arrange(boxes, wires) -> Plan

Every wire has a label of its own, and a label is a box like any other: it stands in a layer between
the layers of the nodes, its wire runs through its middle.  So nothing can touch a label.  The steps
are Sugiyama's:

1. Layers.  A box stands just before the first box that it feeds, so leaves are near their use.
2. Long wires get a bend point in every layer they pass.
3. Order within the layers.  A walk from the outputs back gives trees their drawing without a
   crossing; sweeps by the middle of the neighbours and exchanges of neighbours follow, and the best
   order seen is kept (Gansner et al., "A technique for drawing directed graphs", 1993, section 3).
   Where a box takes its wires in any order, they arrive in the order of their labels.
4. Heights after Brandes and Köpf, "Fast and simple horizontal coordinate assignment" (2001): four
   extreme alignments in which long wires are straight, and the mean of the middle two.  Then pieces
   that lie straight move up or down while that makes their wires climb less.
5. Columns as wide as their widest box; the space between them grows with the climb of the wires.

Everything is decided by order and by exact comparisons, so equal input gives equal output.
"""

from __future__ import annotations

from bisect import bisect_right, insort

from .errors import LimitProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = 10.0
"""Between boxes of one column."""

MOST = 100_000
"""Of boxes, labels and the places where long wires pass a column: more are too much to look at."""

_WIRE_GAP = 8.0
_ROUNDS = 40
_PATIENCE = 8
_EXCHANGES = 4000             # items up to which neighbours are exchanged
_EXCHANGING = 5               # times through all of them
_SETTLING = 12
_CROWD = 30_000               # pieces that may move together, times items: a bound on time
_FAR = 1e9

Point = tuple[float, float]


class Box:
    """Something with a size: ``width``, and how far it reaches ``up`` and ``down`` from its wire.

    Wires begin and end ``reach`` from its middle (default: at its sides).  Wires may change places on
    their way into a box that takes them in ``any_order``.  ``arrange`` sets ``x`` and ``y``: the middle of
    the width, and the height of the wire.
    """

    __slots__ = ("any_order", "down", "reach", "up", "width", "x", "y")

    def __init__(self, width: float, up: float, down: float, reach: float | None = None,
                 any_order: bool = False) -> None:
        self.width = width
        self.up = up
        self.down = down
        self.reach = width / 2 if reach is None else reach
        self.any_order = any_order
        self.x = 0.0
        self.y = 0.0


class Wire:
    """A wire from box ``source`` to box ``target``, where it arrives ``port`` below the middle.

    Into a box that takes wires in any order it may get another one's port.  ``label`` is its label's
    box.  ``arrange`` sets ``points``: from the right of the source to the left of the target, in pairs;
    from the first to the second of a pair the wire is horizontal, from pair to pair it climbs.
    """

    __slots__ = ("label", "points", "port", "source", "target")

    def __init__(self, source: int, target: int, port: float, label: Box) -> None:
        self.source = source
        self.target = target
        self.port = port
        self.label = label
        self.points: list[Point] = []


class Plan:
    """How large the drawing is; the places are in the boxes and wires themselves."""

    __slots__ = ("height", "width")

    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height


def arrange(boxes: Sequence[Box], wires: Sequence[Wire]) -> Plan:
    """Place ``boxes``, one or more, and ``wires``; the source of a wire stands before its target in ``boxes``.

    Raises LimitProblem for a drawing that would be too large.
    """
    net = _Net(boxes, wires)
    _order(net)
    _choose_ports(net)
    heights = _heights(net)
    _Settling(net, heights).run()
    lowest = min(y - box.up for y, box in zip(heights, net.items))
    for item, y in zip(net.items, heights):
        item.y = round(y - lowest, 2)
    width = _columns(net)
    return Plan(width, max(item.y + item.down for item in net.items))


class _Net:
    """Boxes, labels and bend points as items in layers; every link joins neighbouring layers."""

    def __init__(self, boxes: Sequence[Box], wires: Sequence[Wire]) -> None:
        self.boxes = len(boxes)
        self.wires = wires
        self.items: list[Box] = list(boxes)
        rank = _ranks(len(boxes), wires)
        self.layer = [2 * r for r in rank]
        self.chains: list[list[int]] = []
        for wire in wires:
            first, last = self.layer[wire.source], self.layer[wire.target]
            if len(self.items) + last - first > MOST:
                raise LimitProblem(f"a picture of this would have more than {MOST:,} bends",
                                   hint="--format circuit, plain and json have no such limit")
            bends = range(len(self.items), len(self.items) + last - first - 2)
            self.items += [Box(0.0, 0.0, 0.0) for _ in bends]
            self.layer += range(first + 1, last - 1)
            label = len(self.items)
            self.items.append(wire.label)
            self.layer.append(last - 1)
            self.chains.append([wire.source, *bends, label, wire.target])
        count = len(self.items)
        self.before: list[list[int]] = [[] for _ in range(count)]
        self.after: list[list[int]] = [[] for _ in range(count)]
        # Where a link arrives at its target, as a fraction of the step from one item to the next.
        self.arrival = [0.0] * count
        for wire, chain in zip(wires, self.chains):
            for i, j in zip(chain, chain[1:]):
                self.after[i].append(j)
                self.before[j].append(i)
            if not boxes[wire.target].any_order:
                self.arrival[chain[-2]] = wire.port / 1e4
        self.rows: list[list[int]] = [[] for _ in range(max(self.layer) + 1)]

    def is_box(self, item: int) -> bool:
        return item < self.boxes

    def distance(self, upper: int, lower: int) -> float:
        """How far apart the wires of two neighbours in a column have to be."""
        above, below = self.items[upper], self.items[lower]
        return above.down + (GAP if above.width and below.width else _WIRE_GAP) + below.up


def _ranks(count: int, wires: Sequence[Wire]) -> list[int]:
    outs: list[list[int]] = [[] for _ in range(count)]
    for wire in wires:
        outs[wire.source].append(wire.target)
    rank = [0] * count
    for k in range(count - 1, -1, -1):
        if outs[k]:
            rank[k] = min(rank[target] for target in outs[k]) - 1
    lowest = min(rank)
    return [r - lowest for r in rank]


# -------------------------------------------------------------------------------------------- order
def _order(net: _Net) -> None:
    """The order with the fewest crossings that sweeps find from a few beginnings."""
    best: list[list[int]] = []
    fewest = -1
    exchanging = len(net.items) <= _EXCHANGES
    for backward in (True, False) if exchanging else (True,):
        _first_order(net)
        turn = stale = 0
        while True:
            found = _crossings(net)
            if fewest < 0 or found < fewest:
                best, fewest, stale = [row[:] for row in net.rows], found, 0
            stale += 1
            if not fewest or stale > _PATIENCE or turn == _ROUNDS:
                break
            _sweep(net, backward, by_median=turn % 4 > 1)
            backward = not backward
            if exchanging:
                _exchange(net, turn % 2 == 1)
            turn += 1
    net.rows = best


def _first_order(net: _Net) -> None:
    """The order in which a walk from the ends back, argument by argument, meets the items."""
    met = bytearray(len(net.items))
    net.rows = [[] for _ in net.rows]
    arriving: list[list[list[int]]] = [[] for _ in range(net.boxes)]
    for chain in net.chains:
        arriving[chain[-1]].append(chain)
    for end in range(net.boxes - 1, -1, -1):
        if net.after[end]:
            continue
        pending = [end]
        while pending:
            item = pending.pop()
            if met[item]:
                continue
            met[item] = 1
            net.rows[net.layer[item]].append(item)
            if net.is_box(item):
                # The whole chain down to the box is on the stack above the chains that come later.
                for chain in reversed(arriving[item]):
                    pending += chain[:-1]


def _choose_ports(net: _Net) -> None:
    """Wires into a box that takes them in any order get its ports from top to foot as they come."""
    position = _positions(net)
    arriving: dict[int, list[int]] = {}
    for at, wire in enumerate(net.wires):
        if net.items[wire.target].any_order:
            arriving.setdefault(wire.target, []).append(at)
    for wires in arriving.values():
        ports = sorted(net.wires[at].port for at in wires)
        wires.sort(key=lambda at: position[net.chains[at][-2]])
        for at, port in zip(wires, ports):
            net.wires[at].port = port


def _positions(net: _Net) -> list[int]:
    position = [0] * len(net.items)
    for row in net.rows:
        for at, item in enumerate(row):
            position[item] = at
    return position


def _crossings(net: _Net) -> int:
    """How many there are; one of the insides of two long wires, which bends one of them, counts thrice."""
    position = _positions(net)
    arrival, boxes = net.arrival, net.boxes
    total = 0
    for row in net.rows:
        seen: list[float] = []
        inside: list[float] = []
        for item in row:
            ends = sorted(position[j] + arrival[item] for j in net.after[item])
            for end in ends:
                total += len(seen) - bisect_right(seen, end)
            for end in ends:
                insort(seen, end)
            if item >= boxes and net.after[item][0] >= boxes:
                total += 2 * (len(inside) - bisect_right(inside, ends[0]))
                insort(inside, ends[0])
    return total


def _sweep(net: _Net, backward: bool, by_median: bool) -> None:
    """Order each layer by the mean (or median) place of its neighbours in the layer done before."""
    position = _positions(net)
    rows = range(len(net.rows) - 2, -1, -1) if backward else range(1, len(net.rows))
    arrival = net.arrival
    for at in rows:
        row = net.rows[at]
        keys = []
        for place, item in enumerate(row):
            if backward:
                ends = [position[j] + arrival[item] for j in net.after[item]]
            else:
                ends = [float(position[i]) for i in net.before[item]]
            key = float(place) if not ends else _middle(ends) if by_median else sum(ends) / len(ends)
            keys.append((key, place, item))
        keys.sort()
        row[:] = [item for _, _, item in keys]
        for place, item in enumerate(row):
            position[item] = place


def _middle(places: list[float]) -> float:
    places.sort()
    half = len(places) // 2
    return places[half] if len(places) % 2 else (places[half - 1] + places[half]) / 2


def _exchange(net: _Net, ties: bool) -> None:
    """Exchange neighbours in a layer as long as that saves crossings; with ``ties``, first where it costs none."""
    position = _positions(net)
    arrival = net.arrival
    turn, better = 0, True
    while better and turn < _EXCHANGING:
        better = False
        for row in net.rows:
            for at in range(len(row) - 1):
                u, v = row[at], row[at + 1]
                saved = _saved([position[i] for i in net.before[u]], [position[i] for i in net.before[v]])
                saved += _saved([position[j] + arrival[u] for j in net.after[u]],
                                [position[j] + arrival[v] for j in net.after[v]])
                if saved > 0 or (saved == 0 and ties and turn == 0):
                    row[at], row[at + 1] = v, u
                    position[u], position[v] = at + 1, at
                    better = True
        turn += 1


def _saved(upper: Sequence[float], lower: Sequence[float]) -> int:
    """How many crossings fewer there are between two bundles of links once they change places."""
    saved = 0
    for a in upper:
        for b in lower:
            saved += (a > b) - (a < b)
    return saved


# ------------------------------------------------------------------------------------------ heights
def _heights(net: _Net) -> list[float]:
    conflicts = _conflicts(net)
    plans = [(from_below, _extreme(net, conflicts, from_right, from_below))
             for from_right in (False, True) for from_below in (False, True)]
    # All four as high as the lowest of them, those from above at its top and those from below at its foot.
    spans = [(min(ys), max(ys)) for _, ys in plans]
    top, foot = min(spans, key=lambda span: span[1] - span[0])
    for (from_below, ys), (highest, lowest) in zip(plans, spans):
        shift = foot - lowest if from_below else top - highest
        ys[:] = [y + shift for y in ys]
    heights = []
    for four in zip(*(ys for _, ys in plans)):
        _, second, third, _ = sorted(four)
        heights.append((second + third) / 2)
    return heights


def _conflicts(net: _Net) -> set[tuple[int, int]]:
    """Links that cross the inside of a long wire: they give way, so the wire can be straight."""
    position = _positions(net)
    found: set[tuple[int, int]] = set()
    for row in net.rows[1:]:
        # The inner links of this layer from top to foot, by their places before and after.
        inner = [(position[net.before[item][0]], at) for at, item in enumerate(row)
                 if not net.is_box(item) and not net.is_box(net.before[item][0])]
        for at, item in enumerate(row):
            if not inner:
                break
            for i in net.before[item]:
                if not net.is_box(item) and not net.is_box(i):
                    continue
                place = position[i]
                if any((start - place) * (end - at) < 0 for start, end in inner):
                    found.add((i, item))
    return found


def _extreme(net: _Net, conflicts: set[tuple[int, int]], from_right: bool, from_below: bool) -> list[float]:
    """Brandes and Köpf's alignment for one of the four directions, as heights."""
    rows = [row[::-1] if from_below else row for row in (net.rows[::-1] if from_right else net.rows)]
    neighbours = net.after if from_right else net.before
    position = [0] * len(net.items)
    for row in rows:
        for at, item in enumerate(row):
            position[item] = at
    root = list(range(len(net.items)))
    taken = bytearray(len(net.items))
    for row in rows[1:]:
        limit = -1
        for item in row:
            ordered = sorted(neighbours[item], key=lambda i: position[i])
            if not ordered:
                continue
            middle = (len(ordered) - 1) // 2
            for other in ordered[middle:len(ordered) // 2 + 1]:
                link = (item, other) if from_right else (other, item)
                if root[item] == item and not taken[other] and position[other] > limit and link not in conflicts:
                    root[item] = root[other]
                    taken[other] = 1
                    limit = position[other]
    return _compact(net, rows, root, from_below)


def _compact(net: _Net, rows: list[list[int]], root: list[int], from_below: bool) -> list[float]:
    """Blocks of aligned items as near together as they may be, first to one side, then to the other."""
    count = len(net.items)
    nexts: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    waiting = [0] * count
    for row in rows:
        for upper, lower in zip(row, row[1:]):
            apart = net.distance(lower, upper) if from_below else net.distance(upper, lower)
            nexts[root[upper]].append((root[lower], apart))
            waiting[root[lower]] += 1
    place = [0.0] * count
    ready = [k for k in range(count) if root[k] == k and not waiting[k]]
    done = []
    while ready:
        block = ready.pop()
        done.append(block)
        for other, apart in nexts[block]:
            place[other] = max(place[other], place[block] + apart)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    for block in reversed(done):
        if nexts[block]:
            place[block] = max(place[block], min(place[other] - apart for other, apart in nexts[block]))
    return [-place[root[k]] if from_below else place[root[k]] for k in range(count)]


class _Settling:
    """Moves what lies straight, as one piece, to where its wires climb least.

    The mean of four alignments leaves some pieces, such as numbers, far from where they are used.  A
    piece takes those along that are in its way, if the wires of all together climb less afterwards.
    """

    def __init__(self, net: _Net, heights: list[float]) -> None:
        self.net = net
        self.heights = heights
        self.crowd = max(3, min(40, _CROWD // max(1, len(net.items))))
        self.piece, self.members = _pieces(net, heights)
        # Of each piece: the items at the other ends of its wires, how far below them it should be, weights.
        self.pulls: list[list[tuple[int, float, int]]] = [[] for _ in self.members]
        for wire, chain in zip(net.wires, net.chains):
            for i, j in zip(chain, chain[1:]):
                if self.piece[i] != self.piece[j]:
                    drop = wire.port if j == wire.target else 0.0
                    weight = 1 if j == wire.target else 2 if i == wire.source else 8
                    self.pulls[self.piece[i]].append((j, drop, weight))
                    self.pulls[self.piece[j]].append((i, -drop, weight))
        # Of each piece: what is next to it above and below, by their items, and the least distance.
        self.walls: dict[int, list[list[tuple[int, int, float]]]] = {-1: [[] for _ in self.members],
                                                                     1: [[] for _ in self.members]}
        for row in net.rows:
            for upper, lower in zip(row, row[1:]):
                apart = net.distance(upper, lower)
                self.walls[1][self.piece[upper]].append((upper, lower, apart))
                self.walls[-1][self.piece[lower]].append((lower, upper, apart))

    def run(self) -> None:
        """Move pieces up and down until none gets better by it."""
        order = sorted(range(len(self.members)), key=lambda p: (self.heights[self.members[p][0]], p))
        for turn in range(_SETTLING):
            moved = False
            for p in order if turn % 2 == 0 else reversed(order):
                for way in (-1, 1):
                    while self._step(p, way):
                        moved = True
            if not moved:
                return

    def _step(self, first: int, way: int) -> bool:
        """Move piece ``first``, and what is in its way, up or down as far as that is good; whether it moved."""
        heights, piece, members = self.heights, self.piece, self.members
        group = [first]
        inside = {first}
        while True:
            gain, far = 0, _FAR
            for p in group:
                y = heights[members[p][0]]
                for other, drop, weight in self.pulls[p]:
                    if piece[other] in inside:
                        continue
                    ahead = (heights[other] + drop - y) * way
                    if ahead > 1e-6:
                        gain += weight
                        far = min(far, ahead)
                    else:
                        gain -= weight
            if gain <= 0:
                return False
            touched = -1
            for p in group:
                for own, other, apart in self.walls[way][p]:
                    if piece[other] not in inside:
                        room = (heights[other] - heights[own]) * way - apart
                        if room < far:
                            far, touched = room, piece[other]
            if far > 1e-6:
                for p in group:
                    for i in members[p]:
                        heights[i] += far * way
                return True
            if len(group) == self.crowd:
                return False
            group.append(touched)
            inside.add(touched)


def _pieces(net: _Net, heights: list[float]) -> tuple[list[int], list[list[int]]]:
    """The number of each item's piece, and the items of each piece: what is linked at one height is one."""
    piece = [-1] * len(net.items)
    members: list[list[int]] = []
    for first in range(len(net.items)):
        if piece[first] >= 0:
            continue
        found = [first]
        piece[first] = len(members)
        for item in found:
            for other in (*net.before[item], *net.after[item]):
                if piece[other] < 0 and abs(heights[other] - heights[item]) < 1e-6:
                    piece[other] = len(members)
                    found.append(other)
        members.append(found)
    return piece, members


# ------------------------------------------------------------------------------------------ columns
def _columns(net: _Net) -> float:
    """Set every x and every wire's points; returns the width of the drawing."""
    widths = [max(net.items[item].width for item in row) for row in net.rows]
    climbs = [0.0] * len(widths)
    for wire, chain in zip(net.wires, net.chains):
        for i, j in zip(chain, chain[1:]):
            drop = wire.port if j == wire.target else 0.0
            at = net.layer[i]
            climbs[at] = max(climbs[at], abs(net.items[j].y + drop - net.items[i].y))
    lefts = []
    x = 0.0
    for width, climb in zip(widths, climbs):
        lefts.append(x)
        x = round(x + width + (16 + min(80.0, 0.22 * climb)), 2)
    for row, left, width in zip(net.rows, lefts, widths):
        for item in row:
            net.items[item].x = round(left + width / 2, 2)
    for wire, chain in zip(net.wires, net.chains):
        start, end = net.items[wire.source], net.items[wire.target]
        at = net.layer[wire.source]
        points = [(start.x + start.reach, start.y), (lefts[at] + widths[at], start.y)]
        for item in chain[1:-1]:
            at = net.layer[item]
            points += [(lefts[at], net.items[item].y), (lefts[at] + widths[at], net.items[item].y)]
        at = net.layer[wire.target]
        points += [(lefts[at], end.y + wire.port), (end.x - end.reach, end.y + wire.port)]
        wire.points = [(round(x, 2), round(y, 2)) for x, y in points]
    return max(item.x + item.width / 2 for item in net.items)
