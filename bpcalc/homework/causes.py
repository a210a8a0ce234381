"""Which mistakes of the table lead to a number: the table's rules, tried everywhere on a run.

One wrong local gradient changes the gradient at a node by upstream × (wrong - right) × reach, where
reach is the derivative along which the edge's input gets its gradient from the node: so every edge is
tried in constant time after one pass (``Plan.reach``).  Wrong values, and a wrong rule used at every
gate of a kind, need the run again; those runs are kept.
"""

from __future__ import annotations

import re
from math import isfinite

from .answers import GRADIENT, LOCAL, NEW, VALUE, Place, entry
from .mistakes import TABLE, At, Mistake, Spot
from .replay import Gate, Pins, Plan, Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..descent import Descent
    from ..report import Report
    from .replay import Partial, Value

    Wrong = Callable[[At], float | None]

_MOST = 60_000
"""How many gates are worked again for wrong values, all in all, in the search on the right numbers, a tenth of
a second; a fifth of it on a student's own.  Graphs of up to a hundred gates need less."""

_INDEX = re.compile(r"\[[\d,]+\]")
"""The index of an entry, in the text of a graph that was opened into its entries."""

_SHOWN = 32
"""Gates are called by their expression up to this many characters."""


class Cause:
    """A mistake that leads to ``number``; ``site`` tells the same slip in different answers apart.

    The entries of an array share it.  ``site`` is None for what was only written down wrong in one number: such a
    slip does nothing to other answers.
    ``run`` is the run with the mistake in it, where there was one.
    """

    __slots__ = ("mistake", "number", "run", "site", "where")

    def __init__(self, mistake: Mistake, where: str, number: float, site: tuple[object, ...] | None,
                 run: Run | None = None) -> None:
        self.mistake = mistake
        self.where = where
        self.number = number
        self.site = site
        self.run = run

    @property
    def words(self) -> str:
        """What to say."""
        return self.mistake.say.format(where=self.where)

    def alone(self) -> Cause:
        """The same, as something that says nothing about other answers."""
        return Cause(self.mistake, self.where, self.number, None)


class Incoming:
    """An edge that brings a gradient to a node, from the gate called ``where``."""

    __slots__ = ("local", "product", "upstream", "where")

    def __init__(self, upstream: float, local: float, where: str) -> None:
        self.upstream = upstream
        self.local = local
        self.product = upstream * local
        self.where = where


class GraphSpot(Spot):
    """A spot in a graph whose run is known in full."""

    def __init__(self, search: Search, place: Place) -> None:
        run = search.run
        kind, k, part = place
        at = part if isinstance(part, int) else k
        super().__init__(kind, k, search.right(place), run.values[at],
                         run.grads[at] if search.plan.report.is_live(at) else None)
        self._search = search
        self._at = at
        self.is_output = k == search.plan.report.graph.output
        self.edges = [Incoming(run.grads[gate.k], run.locals[gate.k][slot], search.called(gate))
                      for gate, slot in search.plan.users.get(at, ())
                      if (gate.k == k if kind == LOCAL else search.plan.reached[gate.k])]

    @property
    def below(self) -> Iterator[tuple[float, str]]:
        """The gradients one gate further, at the node's inputs."""
        report = self._search.plan.report
        for i in dict.fromkeys(report.graph.args(self.k)):
            if report.is_live(i):
                yield self._search.run.grads[i], report.label(i)

    @property
    def beside(self) -> Iterator[tuple[float, str]]:
        """The gradients at the other variables that have part in the output."""
        report, reached = self._search.plan.report, self._search.plan.reached
        if not report.graph.args(self.k):
            for i in report._gradients.leaves:
                if i != self.k and reached[i]:
                    yield self._search.run.grads[i], report.label(i)

    @property
    def part_way(self) -> Iterator[tuple[float, str]]:
        """The derivatives with respect to the node of gates on the way that do not lie on all of its paths."""
        run, plan = self._search.run, self._search.plan
        reach = plan.reach(run, self._at, whole=True)
        whole = run.grads[self._at]
        for gate in plan.gates:
            slope, upstream = reach[gate.k], run.grads[gate.k]
            # With 1 on the way back nothing is missing but the other paths.
            if gate.k > self._at and slope and plan.reached[gate.k] and upstream != 1 and \
                    abs(upstream * slope - whole) > 1e-9 * abs(whole):
                yield slope, self._search.called(gate)

    @property
    def whole(self) -> float:
        """Of a local gradient, the derivative along all paths."""
        return self._search.plan.reach(self._search.run, self._at, whole=True)[self.k]

    @property
    def if_varied(self) -> float | None:
        """The gradient of a variable that is held constant, if it were not."""
        return self._search.varied(self.k)


class BareSpot(Spot):
    """A spot in a graph that is too large, or has arrays: only the numbers at the node itself are looked at."""

    def __init__(self, report: Report, place: Place, right: float) -> None:
        kind, k, part = place
        super().__init__(kind, k, right, entry(report.trace.values[k], part) or 0.0,
                         entry(report.gradient(k), part) if report.is_live(k) else None)
        self.label = report.label(k)
        self.is_output = k == report.graph.output
        whole = report.trace.values[k] if kind == VALUE else report.gradient(k)
        self.site = (k,) if isinstance(part, tuple) else None
        if isinstance(part, tuple) and len(part) == 2 and whole is not None and whole.shape[0] == whole.shape[1]:
            self.transposed = entry(whole, part[::-1])

    def causes(self) -> Iterator[Cause]:
        """The mistakes that one number can show, the most credible first."""
        for row in TABLE:
            if row.node is not None and self.kind in (VALUE, GRADIENT):
                yield from (Cause(row, where or self.label, number, self.site and (row.code, where, *self.site))
                            for number, where in row.node(self))


class Search:
    """The table tried on one run, and what has been found so far."""

    def __init__(self, plan: Plan, run: Run, update: Update | None = None) -> None:
        self.plan = plan
        self.run = run
        self.update = update
        self._again: dict[str, list[tuple[str, tuple[object, ...], Run]]] = {}
        self._moved: dict[str, list[tuple[str, Mapping[int, float], list[float] | None]]] = {}
        self._names: dict[int, str] = {}
        self._left = _MOST if run is plan.exact else _MOST // 5

    def right(self, place: Place) -> float:
        """The number at a place, as this run has it."""
        kind, k, i = place
        if kind == VALUE:
            return self.run.values[k]
        if kind == LOCAL:
            return sum(local for j, local in zip(self.plan.report.graph.args(k), self.run.locals[k]) if j == i)
        if kind == NEW and self.update is not None:
            return self.update.values[k]
        return self.run.grads[k]

    def called(self, gate: Gate) -> str:
        """A gate's name, else its expression, else its number."""
        report = self.plan.report
        found = self._names.get(gate.k)
        if found is None:
            name = report.graph.names.get(gate.k)
            found = self._names[gate.k] = name or report.text(gate.k, _SHOWN) or report.label(gate.k)
        return found

    def varied(self, k: int) -> float | None:
        """The gradient at ``k``, were it not held constant."""
        report = self.plan.report
        if report.is_live(k):
            return None
        from ..engine import backward

        found: float | None = backward(report.trace, [k], report.upstream).at(k)
        return found

    # ---------------------------------------------------------------------------------- the search
    def causes(self, place: Place) -> Iterator[Cause]:
        """What each mistake would make of the number at ``place``, the most credible first."""
        kind = place[0]
        if kind == NEW and self.update is not None:
            yield from self._of_the_update(place[1], self.update)
            return
        spot = GraphSpot(self, place)
        spots = self._on_the_way(place) if kind == GRADIENT else []
        reach = self.plan.reach(self.run, place[1]) if kind == GRADIENT else []
        for row in TABLE:
            if row.node is not None:
                for number, where in row.node(spot):
                    yield Cause(row, where or self.plan.report.label(spot.k), number, self._site(row, spot.k, where))
                if row.spreads:
                    for other in spots:
                        for number, where in row.node(other):
                            changed = self.run.grads[place[1]] + (number - other.right) * reach[other.k]
                            if reach[other.k]:
                                named = where or self.plan.report.label(other.k)
                                yield Cause(row, named, changed, self._site(row, other.k, where))
            if row.edge is not None and kind == GRADIENT and not row.all_inputs:
                yield from self._edges(row, place[1], reach)
            elif row.edge is not None and kind == LOCAL:
                yield from self._local(row, place)
            if row.forwards or (row.edge is not None and kind == GRADIENT):
                for where, site, run in self._runs(row):
                    yield Cause(row, where, Search(self.plan, run).right(place) if kind == LOCAL else
                                run.values[place[1]] if kind == VALUE else run.grads[place[1]], site, run)

    def _site(self, row: Mistake, k: int, where: str) -> tuple[object, ...] | None:
        """What tells apart where a number was written down wrong.

        For the entries of an array it is the same, and for variables with the same place in a formula: what is
        forgotten of w^2 and of v^2 was forgotten once.
        """
        name = self.plan.report.graph.names.get(k, "")
        if not row.spreads and name[-1:] != "]":
            return None
        whole, text = _INDEX.sub("", name), _INDEX.sub("", where)
        if not whole:
            return row.code, k, where
        form = re.sub(rf"(?<!\w){re.escape(whole)}(?!\w)", "·", text)
        return (row.code, form) if form != text else (row.code, whole, text)

    def _gate_site(self, gate: Gate) -> object:
        """What tells a gate from others; those of an array's entries are one."""
        text = self.called(gate)
        whole = _INDEX.sub("", text)
        return gate.k if whole == text else whole

    def _on_the_way(self, place: Place) -> list[GraphSpot]:
        """The gradients between the output and a node, other than the node's own."""
        report, k = self.plan.report, place[1]
        return [GraphSpot(self, (GRADIENT, gate.k, None)) for gate in self.plan.gates
                if gate.k > k and gate.k != report.graph.output and report.is_live(gate.k)
                and gate.k not in self.run.pins.grads]

    def _gates(self, row: Mistake) -> list[Gate]:
        """The gates at which a row's rules are tried."""
        if not row.ops:
            return self.plan.gates
        return [gate for op in row.ops for gate in self.plan.by_op.get(op, ())]

    def _wrong(self, row: Mistake, gate: Gate, slot: int, point: list[float], out: float,
               local: float) -> float | None:
        try:
            number = row.edge(At(gate, slot, point, out, local)) if row.edge else None
        except (ArithmeticError, ValueError):
            return None
        return number if number is not None and isfinite(number) and number != local else None

    def _edges(self, row: Mistake, at: int, reach: list[float]) -> Iterator[Cause]:
        """A wrong local gradient at each edge on the way."""
        run = self.run
        for gate in self._gates(row):
            locals_ = run.locals[gate.k]
            if gate.k <= at:
                continue
            point = None
            for slot, i in enumerate(gate.args):
                if gate.partials[slot] is None or not reach[i] or (i in run.pins.grads and i != at):
                    continue
                if row.edge is _CHAIN_SHORT and i == at:
                    continue                   # the last gate before the node: that is upstream-only
                point = point or [run.values[j] for j in gate.args]
                number = self._wrong(row, gate, slot, point, run.values[gate.k], locals_[slot])
                if number is not None:
                    changed = run.grads[at] + run.grads[gate.k] * (number - locals_[slot]) * reach[i]
                    yield Cause(row, self.called(gate), changed, (row.code, self._gate_site(gate), slot))

    def _local(self, row: Mistake, place: Place) -> Iterator[Cause]:
        _, k, i = place
        gate = self.plan.gate_at[k]
        if row.ops and gate.op not in row.ops:
            return
        point = [self.run.values[j] for j in gate.args]
        if row.edge is _CHAIN_SHORT:
            return
        right = self.run.locals[k]
        for slot, j in enumerate(gate.args):
            if j == i and gate.partials[slot] is not None:
                number = self._wrong(row, gate, slot, point, self.run.values[k], right[slot])
                if number is not None:
                    yield Cause(row, self.called(gate), self.right(place) + number - right[slot],
                                (row.code, self._gate_site(gate), slot))

    # ------------------------------------------------------------------------- runs done otherwise
    def _runs(self, row: Mistake) -> list[tuple[str, tuple[object, ...], Run]]:
        found = self._again.get(row.code)
        if found is None:
            found = self._again[row.code] = list(self._made(row))
        return found

    def _made(self, row: Mistake) -> Iterator[tuple[str, tuple[object, ...], Run]]:
        """The runs with a wrong forward rule at one gate, and with the wrong rule at every gate."""
        if row.edge is not None and row.edge is not _CHAIN_SHORT and (row.all_inputs or not row.forwards):
            yield from self._made_back(row)
        for at, wrong in enumerate(row.forwards):
            yield from self._made_forward(row, wrong, at)

    def _made_back(self, row: Mistake) -> Iterator[tuple[str, tuple[object, ...], Run]]:
        """The runs with a wrong local gradient at every gate, and where it is one for all inputs at each."""
        edges = list(self._applicable(row))
        of_gate: dict[int, list[tuple[Gate, int]]] = {}
        for gate, slot in edges if row.all_inputs else ():
            of_gate.setdefault(gate.k, []).append((gate, slot))
        found: list[tuple[str, tuple[object, ...], list[tuple[Gate, int]]]] = [
            (self.called(group[0][0]), (row.code, k, 0), group) for k, group in of_gate.items()]
        if len(edges) > 1 and len(of_gate) != 1:
            found.append(("each gate of its kind", (row.code, "all"), edges))
        for where, site, group in found:
            run = self._rerun({}, {(gate.k, slot): self._partial_rule(row, gate, slot) for gate, slot in group})
            if run is not None:
                yield where, site, run

    def _made_forward(self, row: Mistake, wrong: Wrong, at: int) -> Iterator[tuple[str, tuple[object, ...], Run]]:
        """The runs with a wrong forward rule at one gate, at those of a statement, and at all."""
        groups: dict[tuple[object, ...], list[tuple[Gate, int]]] = {}
        names = self.plan.report.graph.names
        named = sorted(names)
        for gate in self._gates(row):
            for slot in range(len(gate.args)):
                if self._value(wrong, gate, slot, [self.run.values[i] for i in gate.args]) is None:
                    continue
                groups[gate.k, 0 if row.all_inputs else slot] = [(gate, slot)]
                # The same number or name may be forgotten throughout a statement, or everywhere.
                forgotten = gate.args[slot]
                what = gate.op if row.code != "left-out" else _INDEX.sub("", names.get(forgotten, "")) or forgotten
                statement = _INDEX.sub("", next((names[k] for k in named if k >= gate.k), ""))
                groups.setdefault(("in", statement, what), []).append((gate, slot))
                groups.setdefault(("all", what), []).append((gate, slot))
        seen: set[frozenset[tuple[int, int]]] = set()
        # One gate is simpler than all of a statement, and these than all there are.
        for key in sorted(groups, key=lambda key: ("in", "all").index(key[0]) + 1 if isinstance(key[0], str) else 0):
            edges = groups[key]
            same = frozenset((gate.k, slot) for gate, slot in edges)
            if same in seen or len({gate.k for gate, _ in edges}) < len(edges):
                continue
            seen.add(same)
            rules = {gate.k: self._value_rule(wrong, gate, slot) for gate, slot in edges}
            # Both passes go by the operation that was taken for this one.
            partials = {(gate.k, slot): self._slope_rule(row, gate, rules[gate.k], slot) for gate, _ in edges
                        for slot in range(len(gate.args)) if not row.value_only}
            run = self._rerun(rules, partials)
            if run is not None:
                statement = str(key[1]) if key[0] == "in" else ""
                yield self._where(row, edges, statement), (row.code, *key, *[at] * bool(at)), run

    def _applicable(self, row: Mistake) -> Iterator[tuple[Gate, int]]:
        run = self.run
        for gate in self._gates(row):
            point = [run.values[i] for i in gate.args]
            for slot, rule in enumerate(gate.partials):
                if rule is not None and self._wrong(row, gate, slot, point, run.values[gate.k],
                                                    run.locals[gate.k][slot]) is not None:
                    yield gate, slot

    def _rerun(self, rules: Mapping[int, Value], partials: Mapping[tuple[int, int], Partial]) -> Run | None:
        self._left -= len(self.plan.gates)
        if self._left < 0:
            return None
        return self.plan.again(self.run.pins, rules=rules, partials=partials)

    def _value(self, wrong: Wrong, gate: Gate, slot: int, point: list[float]) -> float | None:
        out = gate.value(point)
        try:
            found = None if out is None else wrong(At(gate, slot, point, out, 0.0))
        except (ArithmeticError, ValueError):
            return None
        return found if found is not None and isfinite(found) and found != out else None

    def _value_rule(self, wrong: Wrong, gate: Gate, slot: int) -> Value:
        def rule(point: list[float]) -> float | None:
            found = self._value(wrong, gate, slot, point)
            return gate.value(point) if found is None else found

        return rule

    def _partial_rule(self, row: Mistake, gate: Gate, slot: int) -> Partial:
        def rule(point: list[float], out: float, local: float) -> float:
            found = self._wrong(row, gate, slot, point, out, local)
            return local if found is None else found

        return rule

    def _slope_rule(self, row: Mistake, gate: Gate, wrong: Value, slot: int) -> Partial:
        if row.edge is not None:
            return self._partial_rule(row, gate, slot)

        def rule(point: list[float], out: float, local: float) -> float | None:
            step = 1e-6 * max(1.0, abs(point[slot]))
            ends = [wrong([*point[:slot], point[slot] + side, *point[slot + 1:]]) for side in (-step, step)]
            return None if None in ends else (ends[1] - ends[0]) / (2 * step)  # type: ignore[operator]

        return rule

    def _where(self, row: Mistake, edges: list[tuple[Gate, int]], statement: str) -> str:
        report = self.plan.report
        gate, slot = edges[0]
        if row.code == "left-out":
            what = report.label(gate.args[slot])
            if len(edges) == 1:
                return f"{what} in {report.text(gate.k, _SHOWN) or report.label(gate.k)}"
            what = _INDEX.sub("", what) if gate.args[slot] in report.graph.names else f"each {what}"
            return f"{what} in {statement}" if statement else what
        return self.called(gate) if len(edges) == 1 else "each gate of its kind"

    # ---------------------------------------------------------------------------------- the update
    def _of_the_update(self, k: int, update: Update) -> Iterator[Cause]:
        for row in TABLE:
            if row.update is None:
                continue
            for where, moved, values in self._moves(row, update):
                if k in moved:
                    if row.code != "one-not-updated":
                        yield Cause(row, where, moved[k], (row.code, where))
                elif values is not None and row.code != "step-only":
                    yield Cause(row, where, values[k], (row.code, where))
        if k in update.before and update.plainly:
            yield from (Cause(cause.mistake, cause.where, update.before[k] - update.rate * cause.number, cause.site)
                        for cause in self.causes((GRADIENT, k, None)) if cause.mistake.code != "sign")

    def _moves(self, row: Mistake, update: Update) -> list[tuple[str, Mapping[int, float], list[float] | None]]:
        found = self._moved.get(row.code)
        if found is None and row.update is not None:
            found = self._moved[row.code] = [(where, moved, update.values_at(moved))
                                             for where, moved in row.update(update)]
        return found or []


_CHAIN_SHORT = next(row.edge for row in TABLE if row.code == "chain-short")


class Update:
    """An update of the variables: where they were, where they go, and every value with the new ones.

    ``exists`` says whether there are values with the new ones.
    ``plainly`` says that it was one step of plain descent, which can be done again with another gradient.
    """

    def __init__(self, plan: Plan, learned: Descent) -> None:
        graph = plan.report.graph
        self.plan = plan
        self.rate = learned.rate
        nodes = [graph.symbols[name] for name in learned.names]
        self.before = dict(zip(nodes, learned.before))
        self.after = dict(zip(nodes, learned.after))
        self.steps = learned.steps
        self.plainly = learned.optimizer == "sgd" and learned.steps == 1
        found = self.values_at(self.after)
        self.exists = found is not None
        self.values = found or [0.0] * plan.size

    def label(self, k: int) -> str:
        """What a variable is called."""
        return self.plan.report.label(k)

    def values_at(self, moved: Mapping[int, float]) -> list[float] | None:
        """Every value with these values of the variables; None where one does not exist."""
        run = self._run(moved)
        return None if run is None else run.values

    def _run(self, moved: Mapping[int, float]) -> Run | None:
        pins = Pins()
        pins.values.update(moved)
        return self.plan.again(pins)

    def moved(self, k: int, run: Run) -> float:
        """The new value of variable ``k`` with the gradients of a run."""
        return float(self.before[k] - self.rate * run.grads[k] if self.plainly else self.after[k])

    def again(self, rule: Callable[[float, float, float], float]) -> Mapping[int, float]:
        """The variables after as many steps of another rule, of (old value, gradient, rate)."""
        moved = dict(self.before)
        for _ in range(min(self.steps, 100)):
            run = self._run(moved)
            if run is None:
                break
            moved = {k: rule(old, run.grads[k], self.rate) for k, old in moved.items()}
        return moved

    def in_one_pass(self) -> Mapping[int, float]:
        """The variables after steps in which each is updated as soon as its gradient is known.

        Gates nearer to the input then see the new values of variables nearer to the output.
        """
        moved = dict(self.before)
        for _ in range(min(self.steps, 100)):
            run = self._run(moved)
            if run is None:
                break
            moved = self._swept(run.values, moved)
        return moved

    def _swept(self, values: list[float], start: dict[int, float]) -> dict[int, float]:
        plan = self.plan
        last = {k: plan.users[k][0][0].k for k in start if k in plan.users}
        grads = [0.0] * plan.size
        grads[plan.report.graph.output] = plan.report.upstream
        moved: dict[int, float] = {}
        for gate in reversed(plan.gates):
            point = [values[i] for i in gate.args]
            # First the variables; those that no other gate waits for are updated at once.
            for variables in (True, False):
                for slot, i in enumerate(gate.args):
                    if (i in start) != variables:
                        continue
                    local = gate.local(slot, [moved.get(j, value) for j, value in zip(gate.args, point)],
                                       values[gate.k])
                    grads[i] += grads[gate.k] * (local or 0.0)
                for i in gate.args if variables else ():
                    if last.get(i) == gate.k:
                        moved[i] = start[i] - self.rate * grads[i]
        return {**start, **moved}
