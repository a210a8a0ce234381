"""The run once more, with something done differently: the student's numbers, a wrong rule, rounded steps.

A :class:`Plan` is a report's gates with their rules, made once; a :class:`Run` is what came out: every
value, local gradient and gradient.  Nothing here knows about mistakes or students.
"""

from __future__ import annotations

from math import isfinite, ulp

from ..backends import floats
from ..dependence import reached_by_output
from ..report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Tidy = Callable[[float], float]
    Value = Callable[[list[float]], float | None]
    Partial = Callable[[list[float], float, float], float | None]

_BY_HAND: dict[str, Callable[[float], float]] = {
    "sigmoid": lambda out: out * (1 - out),
    "tanh": lambda out: 1 - out * out,
}
"""Local gradients that are worked from the gate's output on paper, and from its input here, which keeps more digits."""

LIMIT = 500
"""Larger graphs are judged number by number, without replays."""


class Gate:
    """One operation: its node, its row's name, its inputs, and its rules as functions.

    ``partials[slot]`` is None where the input is held constant, and so says ``held``; ``leaf[slot]`` is
    whether the input is a variable or a number.
    """

    __slots__ = ("_graph", "_row", "args", "forward", "held", "k", "leaf", "op", "partials", "variadic")

    def __init__(self, report: Report, k: int) -> None:
        graph = report.graph
        row = graph.row(k)
        self._row = row
        self._graph = graph
        self.k = k
        self.op = row.name
        self.variadic = row.variadic
        self.args = graph.args(k)
        self.forward = floats().forward(row)
        self.partials = [floats().partial(row, slot) if report.is_live(k) and report.is_live(i) else None
                         for slot, i in enumerate(self.args)]
        self.held = tuple(rule is None for rule in self.partials)
        self.leaf = tuple(not graph.args(i) for i in self.args)

    def value(self, point: list[float]) -> float | None:
        """The gate's value at ``point``; None where it does not exist."""
        try:
            found = float(self.forward(point) if self.variadic else self.forward(*point))
        except (ArithmeticError, ValueError):
            return None
        return found if isfinite(found) else None

    def local(self, slot: int, point: list[float], out: float) -> float | None:
        """The local gradient with respect to input ``slot``; None where it does not exist or is not asked for."""
        rule = self.partials[slot]
        return None if rule is None else self._computed(rule, slot, point, out)

    def by_hand(self, slot: int, point: list[float], out: float) -> float | None:
        """The same, as it is worked on paper."""
        rule = _BY_HAND.get(self.op)
        return rule(out) if rule is not None else self.local(slot, point, out)

    def averaged(self, slot: int, point: list[float]) -> int:
        """How many terms the gate at ``point`` takes the mean of, the sum of which is its input ``slot``; 0 if none.

        That is a mean's own arguments, and a sum that is divided by how many terms it has, or by twice as many.
        """
        if self.op == "mean":
            return len(self.args)
        if self.op == "div":
            factor = 1 / point[1] if slot == 0 else 0.0
        else:
            factor = point[1 - slot] if self.op == "mul" else 0.0
        count = self._terms(self.args[slot]) if 0 < factor < 1 else 1
        return count if count > 1 and any(abs(factor * times * count - 1) < 1e-9 for times in (1, 2)) else 0

    def _terms(self, k: int) -> int:
        """How many terms node ``k`` is the sum of; of one that is no sum 1."""
        graph, count, left = self._graph, 0, [k]
        while left and count < LIMIT:
            j = left.pop()
            if graph.args(j) and graph.row(j).name in ("add", "sum") and (j == k or j not in graph.names):
                left += graph.args(j)
            else:
                count += 1
        return count

    def varied(self, slot: int, point: list[float], out: float) -> float | None:
        """The local gradient with respect to input ``slot``, even if that is held constant."""
        return self._computed(floats().partial(self._row, slot), slot, point, out)

    def _computed(self, rule: Callable[..., float], slot: int, point: list[float], out: float) -> float | None:
        try:
            found = float(rule(point, point[slot], out) if self.variadic else rule(*point, out))
        except (ArithmeticError, ValueError):
            return None
        return found if isfinite(found) else None


class Run:
    """Every number of one run.

    ``locals[k][slot]`` is 0 where an input is held constant; ``grads[k]`` is the output's gradient.
    ``pins`` are the numbers that were put in their places: values, gradients, local gradients.
    """

    __slots__ = ("grads", "locals", "pins", "values")

    def __init__(self, values: list[float], locals_: dict[int, list[float]], grads: list[float], pins: Pins) -> None:
        self.values = values
        self.locals = locals_
        self.grads = grads
        self.pins = pins


class Pins:
    """Numbers of a student's to go on with: values, gradients and updated values by node, local gradients by
    (node, input)."""

    __slots__ = ("grads", "locals", "news", "values")

    def __init__(self) -> None:
        self.values: dict[int, float] = {}
        self.grads: dict[int, float] = {}
        self.locals: dict[tuple[int, object], float] = {}
        self.news: dict[int, float] = {}


_NONE = Pins()


class Plan:
    """The gates of a report, in forward order, ready to run again and again."""

    __slots__ = ("_noise", "by_op", "exact", "gate_at", "gates", "reached", "report", "size", "users")

    def __init__(self, report: Report) -> None:
        graph = report.graph
        self.report = report
        self.size = len(graph)
        self.gates = [Gate(report, k) for k in range(self.size) if graph.args(k)]
        self.gate_at = {gate.k: gate for gate in self.gates}
        self.by_op: dict[str, list[Gate]] = {}
        for gate in self.gates:
            self.by_op.setdefault(gate.op, []).append(gate)
        self.users: dict[int, list[tuple[Gate, int]]] = {}
        """For every node the edges that leave it towards the output: (gate, slot), in forward order."""
        for gate in self.gates:
            for slot, i in enumerate(gate.args):
                if gate.partials[slot] is not None:
                    self.users.setdefault(i, []).append((gate, slot))
        self.reached = reached_by_output(graph)
        self.exact = self.again()
        self._noise: tuple[list[float], list[float]] | None = None

    def again(self, pins: Pins = _NONE, tidy: Tidy | None = None, rules: Mapping[int, Value] | None = None,
              partials: Mapping[tuple[int, int], Partial] | None = None) -> Run | None:
        """The run with the numbers of ``pins`` in their places.

        Every step goes through ``tidy``; ``rules`` replace the forward rule of some gates, and
        ``partials`` the local gradient of some (gate, slot).  None where a number does not exist.
        """
        found = list(self.report.trace.values)
        for k, value in pins.values.items():
            found[k] = value
        if pins.values or tidy or rules:
            for gate in self.gates:
                k = gate.k
                if k in pins.values:
                    continue
                point = [found[i] for i in gate.args]
                rule = rules.get(k) if rules else None
                out = rule(point) if rule is not None else gate.value(point)
                if out is None:
                    return None
                found[k] = tidy(out) if tidy else out
        return self._back(found, pins, tidy, partials or {})

    def _back(self, values: list[float], pins: Pins, tidy: Tidy | None,
              partials: Mapping[tuple[int, int], Partial]) -> Run | None:
        pinned, given = pins.grads, pins.locals
        grads = [0.0] * self.size
        grads[self.report.graph.output] = self.report.upstream
        found: dict[int, list[float]] = {}
        for gate in reversed(self.gates):
            k = gate.k
            if k in pinned:
                grads[k] = pinned[k]
            point = [values[i] for i in gate.args]
            here = found[k] = [0.0] * len(point)
            for slot, i in enumerate(gate.args):
                if gate.partials[slot] is None:
                    continue
                local = given.get((k, i)) if given else None
                if local is None:
                    rule = gate.by_hand if tidy or k in pins.values else gate.local
                    local = rule(slot, point, values[k])
                    wrong = partials.get((k, slot)) if partials else None
                    if wrong is not None and local is not None:
                        local = wrong(point, values[k], local)
                    if local is None:
                        if not grads[k]:
                            continue           # undefined, and no gradient arrives: nothing to say here
                        return None
                    if tidy:
                        local = tidy(local)
                here[slot] = local
                product = grads[k] * local
                grads[i] += tidy(product) if tidy else product
        for k, number in pinned.items():
            grads[k] = number
        return Run(values, found, grads, pins) if all(map(isfinite, grads)) else None

    def last_value(self, k: int, run: Run) -> float | None:
        """The value of gate ``k`` from its inputs' values in a run, whatever the run has there."""
        gate = self.gate_at.get(k)
        return None if gate is None else gate.value([run.values[i] for i in gate.args])

    def last_local(self, k: int, i: object, run: Run) -> float:
        """The local gradient of gate ``k`` with respect to node ``i``, from the values in a run of rounded steps."""
        gate = self.gate_at[k]
        point = [run.values[j] for j in gate.args]
        found = [gate.by_hand(slot, point, run.values[k]) for slot, j in enumerate(gate.args) if j == i]
        return sum(local for local in found if local is not None)

    def reach(self, run: Run, at: int, whole: bool = False) -> list[float]:
        """How much one unit more of each node's gradient adds to the gradient at ``at``.

        One forward pass: the derivative of every node with respect to ``at``, except that nothing
        passes through a gradient that is pinned, unless the ``whole`` derivative is asked for.
        """
        found = [0.0] * self.size
        found[at] = 1.0
        for gate in self.gates:
            if gate.k > at and (whole or gate.k not in run.pins.grads):
                total = 0.0
                for i, local in zip(gate.args, run.locals[gate.k]):
                    total += local * found[i]
                found[gate.k] = total
        return found

    @property
    def noise(self) -> tuple[list[float], list[float]]:
        """How far binary arithmetic may have moved every value and every gradient, to first order."""
        if self._noise is None:
            self._noise = self._estimate()
        return self._noise

    def _estimate(self) -> tuple[list[float], list[float]]:
        run = self.exact
        values = self.report.trace.values
        off = [0.0] * self.size                    # of what was given: what comes of that is lost in what follows
        back = [0.0] * self.size
        if run is None:
            return off, back
        for gate in self.gates:
            carried = sum(abs(local) * off[i] for i, local in zip(gate.args, run.locals[gate.k]))
            # A sum of whole numbers is exact; anything else is off by some of its arguments' last digits.
            size = max(abs(values[i]) for i in gate.args) if gate.op in ("add", "sub") else abs(values[gate.k])
            exact = all(values[i] == int(values[i]) for i in gate.args) and gate.op in ("add", "sub", "mul", "neg")
            off[gate.k] = carried + (0.0 if exact else 2 * ulp(size))
        for gate in reversed(self.gates):
            for slot, (i, local) in enumerate(zip(gate.args, run.locals[gate.k])):
                grad = abs(run.grads[gate.k])
                moved = grad * self._moved(gate, slot, local, off)
                back[i] += abs(local) * back[gate.k] + 4 * ulp(grad * local) + moved
        return off, back

    def _moved(self, gate: Gate, slot: int, local: float, off: list[float]) -> float:
        """How far a local gradient moves when each input of its gate moves as far as it may be off."""
        point = [self.report.trace.values[i] for i in gate.args]
        total = 0.0
        for at, i in enumerate(gate.args):
            beside = [*point[:at], point[at] + off[i], *point[at + 1:]]
            out = gate.value(beside)
            found = None if out is None else gate.local(slot, beside, out)
            if found is not None:
                total += abs(found - local)
        return total
