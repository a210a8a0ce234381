"""Exercises: random circuits whose numbers are fit for hand work, the same for a seed everywhere.

An exercise has tidy numbers, no tie and no kink, and no coincidence: no two of its answers agree by
accident, and no mistake of the table leads to the right number or to that of another mistake by
accident.  What agrees at other inputs, too, agrees by the circuit's structure (the two inputs of a
sum have one gradient) and is no accident.
"""

from __future__ import annotations

from ..calculate import backprop
from ..errors import BpcalcError, UsageProblem
from ..report import Report
from .answers import GRADIENT, VALUE, Place
from .causes import Search
from .replay import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LEVELS = {
    "easy": "two or three gates: sums, differences, products",
    "medium": "three or four gates, one name used twice; also quotients, powers, max, relu",
    "hard": "four or five gates, one name used twice; also sigmoid, tanh, exp, log, sqrt",
}
MOST = 10_000
"""Variants of one exercise, at most."""

_INPUTS = ("x", "y", "z", "w")
_STEPS = ("q", "r", "s", "u", "f")
_ELSEWHERE = ((1.37, 0.71, 2.13, 1.83), (0.83, 1.91, 1.21, 0.57), (2.61, 1.13, 0.67, 1.49))
"""Other values of the inputs, at which everything is defined: what agrees there, too, is no accident."""

Step = tuple[str, str, list[str]]
"""One gate: the step's name, how it is written over its operands, and these."""

# How a gate is written over its operands; {c} is a small number.
_LINEAR = ("{} + {}", "{} - {}", "{}*{}", "{}*{}")
_CORNERS = ("{}/{}", "{}^2", "{}^3", "max({}, {})", "min({}, {})", "relu({})", "{c}*{}", "{} + {c}", "{} - {c}")
_CURVES = ("sigmoid({})", "tanh({})", "exp({})", "log({})", "sqrt({})", "sigmoid({})", "tanh({})")
_GATES = {"easy": _LINEAR, "medium": _LINEAR + _CORNERS, "hard": _LINEAR + _CORNERS + _CURVES}
_SIZES = {"easy": (2, 3), "medium": (3, 4), "hard": (4, 5)}


class Exercise:
    """A circuit to be worked by hand: its text, the inputs' values, and the right answers in a report."""

    __slots__ = ("level", "report", "seed", "text", "values", "variant")

    def __init__(self, level: str, seed: int, variant: int, text: str, values: dict[str, float],
                 report: Report) -> None:
        self.level = level
        self.seed = seed
        self.variant = variant
        self.text = text
        self.values = values
        self.report = report

    @property
    def command(self) -> str:
        """The command line that works on this exercise."""
        given = " ".join(f"{name}={value:g}" for name, value in self.values.items())
        return f'bpcalc "{self.text}" {given}'

    def places(self) -> list[Place]:
        """What is asked: every step's value, then every gradient, from the output back."""
        return asked(self.report)


def asked(report: Report) -> list[Place]:
    """Every step's value in forward order, then every gradient from the output back."""
    graph = report.graph
    named = sorted(graph.names)
    values: list[Place] = [(VALUE, k, None) for k in named if graph.args(k)]
    return [*values, *((GRADIENT, k, None) for k in reversed(named) if k != graph.output)]


def exercises(level: str = "easy", seed: int = 1, count: int = 1) -> Iterator[Exercise]:
    """The exercises with this level and seed, no two alike; the same on every machine.

    A larger ``count`` begins with those of a smaller one.  Raises UsageProblem for a level that is none.
    """
    if level not in LEVELS:
        raise UsageProblem(f"there is no practice called {level}", hint=f"choose from {', '.join(LEVELS)}")
    seen = set()
    for variant in range(1, count + 1):
        dice = Dice((seed * 1_000_003 + variant) * 7 + list(LEVELS).index(level))
        while True:
            text, values, report = _exercise(level, dice)
            if (text, *values.values()) not in seen:
                break
        seen.add((text, *values.values()))
        yield Exercise(level, seed, variant, text, values, report)


def exercise(level: str = "easy", seed: int = 1) -> Exercise:
    """The first of the :func:`exercises`."""
    return next(exercises(level, seed))


def _exercise(level: str, dice: Dice) -> tuple[str, dict[str, float], Report]:
    while True:                                    # tests/test_practice.py tries thousands of seeds
        steps = _circuit(level, dice)
        if steps is None:
            continue
        text = "; ".join(f"{name} = {gate.format(*operands)}" for name, gate, operands in steps)
        used = [name for name in _INPUTS if any(name in operands for _, _, operands in steps)]
        for _ in range(12):
            values = _values(level, used, dice)
            report = _worked(level, text, values)
            if report is not None and not _coincidences(report, text, used):
                return text, values, report


class Dice:
    """Random numbers that are the same in every version of Python: SplitMix64 (Steele, Lea, Flood 2014)."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & 0xFFFFFFFFFFFFFFFF

    def below(self, count: int) -> int:
        """A whole number from 0 to ``count`` - 1."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        x = self._state
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        return (x ^ (x >> 31)) % count

    def pick(self, items: Sequence[str]) -> str:
        """One of the items."""
        return items[self.below(len(items))]


# ---------------------------------------------------------------------------------------- circuits
def _circuit(level: str, dice: Dice) -> list[Step] | None:
    """Random steps in which everything counts; None where that failed."""
    least, most = _SIZES[level]
    count = least + dice.below(most - least + 1)
    uses = dict.fromkeys(_INPUTS[:3 + dice.below(2) if level == "easy" else 2 + dice.below(3)], 0)
    steps: list[Step] = []
    for name in (*_STEPS[:count - 1], _STEPS[-1]):
        gate = dice.pick(_GATES[level])
        operands: list[str] = []
        for _ in range(gate.count("{}")):
            others = [known for known in uses if known not in operands]
            fresh = [known for known in others if not uses[known]]
            operands.append(dice.pick(fresh if fresh and dice.below(4) else others))
        for operand in operands:
            uses[operand] += 1
        steps.append((name, gate.replace("{c}", str(2 + dice.below(4))), operands))
        uses[name] = 0
    loose = sum(not times for times in uses.values())
    shared = any(times > 1 for times in uses.values())
    alike = {(gate.strip("0123456789"), *sorted(operands)) for _, gate, operands in steps}
    curved = sum(gate in _CURVES for _, gate, _ in steps)
    if loose != 1 or uses[_STEPS[-1]] or shared == (level == "easy") or len(alike) < len(steps):
        return None
    if not any("{}*{}" in gate for _, gate, _ in steps) if level == "easy" else level == "hard" and not 0 < curved < 3:
        return None
    # The inputs are named in the order in which they appear.
    names: dict[str, str] = {}
    for _, _, operands in steps:
        for name in operands:
            if name in _INPUTS and name not in names:
                names[name] = _INPUTS[len(names)]
    return [(name, gate, [names.get(operand, operand) for operand in operands]) for name, gate, operands in steps]


def _values(level: str, names: list[str], dice: Dice) -> dict[str, float]:
    """Small whole numbers of different size; in hard exercises also halves."""
    found: dict[str, float] = {}
    while len(found) < len(names):
        size = float(2 + dice.below(8 if level != "hard" else 5))
        if level == "hard" and dice.below(2):
            size = (1 + dice.below(7)) / 2
        if size != 1 and all(abs(other) != size for other in found.values()):
            found[names[len(found)]] = size if dice.below(2) else -size
    return found


def _worked(level: str, text: str, values: dict[str, float]) -> Report | None:
    """The report, if all numbers are fit for hand work and nothing is at a kink."""
    try:
        report = backprop(text, values)
    except BpcalcError:
        return None
    if report.notes:
        return None
    numbers = [report.trace.values[k] for k in report.graph.names]
    numbers += [report.gradient(k) or 0.0 for k in report.graph.names if k != report.graph.output]
    for edge in report.each_edge():
        numbers.append(edge.local or 0.0)
    big = {"easy": 100, "medium": 200, "hard": 100}[level]
    fine = {"easy": 1, "medium": 4, "hard": 0}[level]
    if any(abs(number) > big or (fine and fine * number != round(fine * number)) for number in numbers):
        return None
    if level == "hard" and any(0 < abs(number) < 0.01 for number in numbers):
        return None
    # A gradient of 0 belongs to a gate that lets nothing through; a value of 0 hides its factor.
    live = [k for k in report.graph.names if k != report.graph.output]
    if any(not report.trace.values[k] for k in report.graph.names) or sum(
            not report.gradient(k) for k in live) > len(live) // 3:
        return None
    return report


# ------------------------------------------------------------------------------------ coincidences
def _coincidences(report: Report, text: str, names: list[str]) -> bool:
    """Whether two numbers that mean different things agree by accident."""
    places = asked(report)
    here = _numbers(report)
    clashes: set[tuple[object, object]] = set()
    right = [(place, here.right(place)) for place in places]
    for at, (place, number) in enumerate(right):
        clashes.update((place, other) for other, theirs in right[:at] if _close(number, theirs))
    for place in places:
        number = here.right(place)
        found: list[tuple[object, str, float]] = [((place, "right"), "", number)]
        for code, where, wrong in _wrong(here, place):
            clashes.update((name, (place, code, where)) for name, other, theirs in found
                           if other != code and _close(wrong, theirs))
            found.append(((place, code, where), code, wrong))
    for inputs in _ELSEWHERE:
        try:
            there = _numbers(backprop(text, dict(zip(names, inputs))))
        except BpcalcError:
            return True
        known: dict[object, float] = {}
        for place in places:
            known[place] = known[place, "right"] = there.right(place)
            known.update(((place, code, where), wrong) for code, where, wrong in _wrong(there, place))
        if any(one in known and other in known and not _close(known[one], known[other])
               for one, other in clashes):
            return True
    return False


def _numbers(report: Report) -> Search:
    plan = Plan(report)
    if plan.exact is None:
        raise UsageProblem("a gradient does not exist")
    return Search(plan, plan.exact)


def _wrong(search: Search, place: Place) -> Iterator[tuple[str, str, float]]:
    return ((cause.mistake.code, cause.where, cause.number) for cause in search.causes(place)
            if not cause.mistake.late)


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-6 * max(abs(one), abs(other), 1e-3)
