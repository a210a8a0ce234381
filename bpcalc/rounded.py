"""Hand arithmetic: the run once more with D decimals carried at every step, as on paper.

Every number that is computed is rounded where it arises, half away from zero as hands do: forward
values, local gradients, products and sums.  Numbers that are given stay as they are given, as long
as they have a short decimal form; 1/3 and pi have none and are rounded like the rest.  A local
gradient is one step: its textbook rule (``out * (1 - out)`` for the sigmoid) is worked out with the
carried numbers and rounded once.

Rational steps are computed in fractions, so that 1.15 * 1.3 is 1.495 and no float below it, and what
lies on a border is rounded by the rule and not by binary noise.  Where a step is not rational its
float is taken with 15 digits, which is what it is good for.
"""

from __future__ import annotations

import sys
from fractions import Fraction

from .backends import Rationals
from .dependence import reached_by_output
from .engine import Gradients, Trace
from .errors import DomainProblem
from .formula import parsed
from .kept import KeptGradients
from .notes import remarks
from .ops import CONSTANT, INPUT, NAMED_CONSTANTS, choice
from .spans import spans
from .written import Written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .graph import Graph
    from .ops import Op

    Number = Fraction | float

MOST = 15
"""The most decimals that can be carried: a double has no more digits to compare them with."""
_SHORT = 15
_HUGE = 10**16
_LARGEST = Fraction(sys.float_info.max)


def half_away(value: Fraction, decimals: int) -> Fraction:
    """``value`` rounded to some decimals, half away from zero.

    >>> half_away(Fraction(-1, 8), 2), half_away(Fraction("0.124999"), 2)
    (Fraction(-13, 100), Fraction(3, 25))
    """
    unit = 10**decimals
    whole, rest = divmod(abs(value.numerator) * unit, value.denominator)
    whole += 2 * rest >= value.denominator
    return Fraction(whole if value >= 0 else -whole, unit)


def exact(value: Number) -> Fraction:
    """The number that a float stands for: its first 15 digits."""
    return value if isinstance(value, Fraction) else Fraction(f"{value:.{_SHORT}g}")


def is_short(value: float) -> bool:
    """Whether a number has a decimal form that could have been typed."""
    return float(f"{value:.{_SHORT}g}") == value


class Carried:
    """A number as it is carried: whether it was rounded where it arose, and whether it has drifted at all."""

    __slots__ = ("drifted", "number", "rounded")

    def __init__(self, number: Fraction, rounded: bool = False, drifted: bool = False) -> None:
        self.number = number
        self.rounded = rounded
        self.drifted = drifted or rounded

    def written(self, decimals: int) -> float:
        """The number with its own text: all its decimals where it has drifted, 0.20, and 0.2 where it is just that."""
        scaled = abs(self.number) * 10**decimals
        if scaled.denominator != 1 or scaled >= _HUGE:
            return float(self.number)
        digits = str(scaled.numerator).zfill(decimals + 1)
        text = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
        if not self.drifted and decimals:
            text = text.rstrip("0").rstrip(".")
        sign = "-" if self.number < 0 else ""
        return Written(float(self.number), sign + text, rounded=self.rounded)


class RoundedTrace(Trace):
    """Values with ``decimals`` decimals; ``results`` are those before they were rounded."""

    __slots__ = ("carried", "decimals", "results")

    def __init__(self, graph: Graph, carried: list[Carried], results: list[Fraction], values: list[float],
                 decimals: int) -> None:
        super().__init__(graph, values)
        self.decimals = decimals
        self.carried = carried
        self.results = results

    def result(self, k: int) -> float:
        """What the operation of node ``k`` gave, before it was rounded."""
        return float(self.results[k])


class RoundedGradients(KeptGradients):
    """Gradients over a RoundedTrace, rounded likewise."""

    __slots__ = ("decimals",)

    kind = "rounded"

    def __init__(self, trace: RoundedTrace, grads: list[float], run: Gradients, reached: bytearray | None,
                 locals: dict[int, list[float | None]]) -> None:
        super().__init__(trace, grads, run, reached, locals)
        self.decimals = trace.decimals

    def times(self, upstream: float | None, local: float | None) -> float | None:
        """The product of two gradients, rounded."""
        if upstream is None or local is None:
            return None
        product = exact(upstream) * exact(local)
        return None if abs(product) > _LARGEST else self._carried(product, product != 0, upstream, local)

    def plus(self, one: float | None, other: float | None) -> float | None:
        """The sum of two gradients, rounded."""
        if one is None or other is None:
            return None
        total = exact(one) + exact(other)
        return None if abs(total) > _LARGEST else self._carried(total, True, one, other)

    def _carried(self, result: Fraction, counts: bool, *sources: float) -> float:
        texts = [source.text for source in sources if isinstance(source, Written)]
        drifted = counts and any(len(text.partition(".")[2]) == self.decimals for text in texts)
        return _Hand(self.decimals).carry(result, drifted).written(self.decimals)


def carry(run: Gradients, decimals: int) -> RoundedGradients:
    """The same run with ``decimals`` decimals carried at every step.

    Raises DomainProblem where a step no longer exists because of the rounding.
    """
    hand = _Hand(decimals)
    return hand.backward(hand.forward(run.trace), run)


class _Hand:
    def __init__(self, decimals: int) -> None:
        self.decimals = decimals
        self.rules = _rationals()

    def carry(self, value: Number, drifted: bool = False) -> Carried:
        """A computed number, rounded; ``drifted`` says whether what it was computed from had drifted."""
        value = exact(value)
        number = half_away(value, self.decimals)
        return Carried(number, number != value, drifted)

    def forward(self, trace: Trace) -> RoundedTrace:
        graph = trace.graph
        all_carried: list[Carried] = []
        results: list[Fraction] = []
        values: list[float] = []
        for k, code in enumerate(graph.ops):
            if code in (INPUT, CONSTANT):
                value = trace.values[k]
                short = is_short(value)
                result = exact(value)
                carried = Carried(result) if short else self.carry(result)
                values.append(value if short else carried.written(self.decimals))
            else:
                given = [all_carried[i] for i in graph.args(k)]
                result = self._result(graph, k, [one.number for one in given])
                carried = self.carry(result, any(one.drifted for one in given))
                values.append(carried.written(self.decimals))
            results.append(result)
            all_carried.append(carried)
        return RoundedTrace(graph, all_carried, results, values, self.decimals)

    def _result(self, graph: Graph, k: int, given: list[Fraction]) -> Fraction:
        row = graph.row(k)
        try:
            if row.guarded and not all(self.rules.rule(row.params, test)(*given) for test, _ in row.domain):
                raise ValueError
            found = self._apply(row, given)
            float(found)                           # a fraction that is too large raises, exact() for inf and nan
            return exact(found)
        except (ArithmeticError, ValueError):
            raise self._problem(graph, k, row, given) from None

    def _apply(self, row: Op, given: Sequence[Number]) -> Number:
        rule = self.rules.forward(row)
        found: Number = rule(list(given)) if row.variadic else rule(*given)
        return found if isinstance(found, float) else Fraction(found)

    def _problem(self, graph: Graph, k: int, row: Op, given: list[Fraction]) -> DomainProblem:
        why = next((words for test, words in row.domain if not self.rules.rule(row.params, test)(*given)),
                   "the result is too large")
        why = f"{row.name} {why}" if why.startswith("needs") else why
        names = graph.names
        shown = [f"{names[i]} = {float(number):g}" for i, number in zip(graph.args(k), given) if i in names]
        here = f"here {' and '.join(shown)}; " if shown else ""
        plural = "" if self.decimals == 1 else "s"
        return DomainProblem(f"with {self.decimals} decimal{plural} carried this step does not exist: {why}",
                             graph.source, spans(graph)[k], f"{here}carry more decimals")

    # ------------------------------------------------------------------------------------ backward
    def backward(self, trace: RoundedTrace, run: Gradients) -> RoundedGradients:
        graph, live = trace.graph, run.live
        decimals = self.decimals
        sums: dict[int, Carried | None] = {}       # what has arrived; None is undefined
        grads = [0.0] * len(graph)
        written: dict[int, list[float | None]] = {}
        for k in range(len(graph) - 1, -1, -1):
            if not live[k]:
                continue
            if k == graph.output:
                # Given like a variable's value: 1/3 has no short decimal form and is rounded.
                given = Carried(exact(run.upstream))
                if not is_short(run.upstream):
                    given = self.carry(given.number)
                grads[k] = run.upstream if is_short(run.upstream) else given.written(decimals)
                total: Carried | None = given
            elif k in sums:
                arrived = sums[k]
                total = arrived and self.carry(arrived.number, arrived.drifted)
                grads[k] = float("nan") if total is None else total.written(decimals)
            args = graph.args(k)
            if not args:
                continue
            locals = self._locals(trace, k, live)
            written[k] = [None if local is None else local.written(decimals) for local in locals]
            if k != graph.output and k not in sums:
                continue                           # no part in the output: nothing flows back from here
            for i, local in zip(args, locals):
                if live[i]:
                    sums[i] = self._added(sums[i] if i in sums else Carried(Fraction(0)), total, local)
        undefined = None in sums.values()
        result = RoundedGradients(trace, grads, run, reached_by_output(graph) if undefined else None, written)
        result.notes.extend(remarks(result))
        return result

    def _added(self, before: Carried | None, upstream: Carried | None, local: Carried | None) -> Carried | None:
        """What has arrived at a node, and one more product."""
        if before is None or upstream is None or local is None:
            return None
        number = upstream.number * local.number
        product = self.carry(number, number != 0 and (upstream.drifted or local.drifted))
        total = before.number + product.number
        return None if abs(total) > _LARGEST else Carried(total, False, before.drifted or product.drifted)

    def _locals(self, trace: RoundedTrace, k: int, live: bytearray) -> list[Carried | None]:
        graph = trace.graph
        row, args = graph.row(k), graph.args(k)
        given = [trace.carried[i] for i in args]
        found: dict[tuple[int, Fraction], Carried | None] = {}
        locals: list[Carried | None] = []
        for slot, i in enumerate(args):
            key = (0 if row.variadic else slot, given[slot].number)
            if live[i] and key not in found:       # equal arguments of a wide maximum have equal gradients
                found[key] = self._local(trace, k, row, slot, given)
            locals.append(found[key] if live[i] else None)
        return locals

    def _local(self, trace: RoundedTrace, k: int, row: Op, slot: int, given: list[Carried]) -> Carried | None:
        shown = row.shown_partial(slot, len(given))
        if not choice(shown)[1] and not row.variadic:
            names = {**dict(zip(row.params, given)), "out": trace.carried[k]}
            used = [names[name] for name in parsed(shown).inputs]
            try:
                return self.carry(self._shown(shown, {name: one.number for name, one in names.items()}),
                                  any(one.drifted for one in used))
            except (ArithmeticError, ValueError):
                pass                               # 0^0 in a power rule: the computed form knows better
        rule, out = self.rules.partial(row, slot), trace.results[k]
        numbers = [one.number for one in given]
        try:
            number = rule(numbers, numbers[slot], out) if row.variadic else rule(*numbers, out)
            float(number)
            # A branch that is a whole number, such as the 1 and the 0 of relu, has not drifted, nor has a share.
            return self.carry(number if isinstance(number, float) else Fraction(number),
                              number != int(number) and not row.variadic and any(one.drifted for one in given))
        except (ArithmeticError, ValueError):
            return None

    def _shown(self, shown: str, given: dict[str, Fraction]) -> Number:
        """A textbook rule worked out with these numbers."""
        graph = parsed(shown)
        numbers: list[Number] = []
        for k, code in enumerate(graph.ops):
            if code == INPUT:
                numbers.append(given[graph.inputs[k]])
            elif code == CONSTANT:
                word = graph.words[k]
                numbers.append(NAMED_CONSTANTS[word] if word in NAMED_CONSTANTS else Fraction(word))
            else:
                numbers.append(self._apply(graph.row(k), [numbers[i] for i in graph.args(k)]))
        float(numbers[graph.output])
        return numbers[graph.output]


_RATIONALS: Rationals | None = None


def _rationals() -> Rationals:
    global _RATIONALS
    if _RATIONALS is None:
        _RATIONALS = Rationals()
    return _RATIONALS
