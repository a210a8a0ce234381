"""Between which numbers a gradient at a kink may lie: the slopes on both sides, carried back."""

from __future__ import annotations

from .answers import LOCAL, Place
from .replay import Gate, Plan

_STEP = 1e-7
"""How far beside the kink the slopes are taken, relative to the argument."""


class Kinks:
    """The lowest and the highest gradient at every node over all choices at the kinks."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        report = plan.report
        self._kinked = {note.node for note in report.notes if note.code == "kink"}
        self._gates = {gate.k: gate for gate in plan.gates}
        self._low = [0.0] * plan.size
        self._high = [0.0] * plan.size
        self._low[report.graph.output] = self._high[report.graph.output] = report.upstream
        for gate in reversed(plan.gates):
            low, high = self._low[gate.k], self._high[gate.k]
            for slot, i in enumerate(gate.args):
                if gate.partials[slot] is not None:
                    ends = [one * other for one in (low, high) for other in self._slopes(gate, slot)]
                    self._low[i] += min(ends)
                    self._high[i] += max(ends)

    def between(self, place: Place) -> tuple[float, float]:
        """The lowest and the highest valid number at a place."""
        kind, k, i = place
        if kind != LOCAL:
            return self._low[k], self._high[k]
        gate = self._gates[k]
        found = [self._slopes(gate, slot) for slot, j in enumerate(gate.args) if j == i]
        return sum(min(ends) for ends in found), sum(max(ends) for ends in found)

    def _slopes(self, gate: Gate, slot: int) -> list[float]:
        """The local gradient; at a kink also those just beside it."""
        values = self._plan.report.trace.values
        point = [values[i] for i in gate.args]
        found = [gate.local(slot, point, values[gate.k])]
        if gate.k in self._kinked:
            step = _STEP * max(1.0, abs(point[slot]))
            for side in (-step, step):
                beside = list(point)
                beside[slot] += side
                out = gate.value(beside)
                slope = None if out is None else gate.local(slot, beside, out)
                found.append(None if slope is None else round(slope, 5))
        return [slope for slope in found if slope is not None] or [0.0]
