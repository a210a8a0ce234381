"""Derivatives of a step with respect to a node that is no input of it: ``dq/dx`` where q = 2*x + y.

They are the gradients of the run that ends at this step, whose judge knows what there is to say about them;
here is what lies outside that run: the gradient that would arrive, and names that may be held constant.
"""

from __future__ import annotations

from math import nan

from ..dependence import depends
from .answers import DERIVATIVE, GRADIENT, LOCAL, Answer, Place
from .causes import Cause
from .check import CARRIED, RIGHT, WRONG, Judge, Judgement
from .mistakes import PRODUCT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Earlier = Sequence[tuple[Answer, Judgement]]


class Derivatives:
    """What a judge knows about derivatives: of ``top``, with respect to the node ``under``."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._inner: dict[int, Judge] = {}

    def _within(self, top: int) -> Judge:
        """The judge of the run that ends at node ``top``."""
        if top not in self._inner:
            judge = self._judge
            report, carried = judge.report.ending_at(top), judge.carried
            decimals = None if carried is None else carried.report.decimals
            self._inner[top] = Judge(report, judge.strict, judge.tolerance,
                                     carried=None if decimals is None else report.rounded(decimals))
        return self._inner[top]

    def exact(self, top: int, under: int) -> float | None:
        """The derivative along all paths; None where it does not exist."""
        return self._within(top).exact((GRADIENT, under, None))

    def judged(self, answer: Answer, earlier: Earlier) -> Judgement:
        """What is found about an answer that asks for a derivative; those before it in ``earlier``."""
        top, under = answer.node, answer.under
        within = self._within(top)
        found = within.judged(_as_gradient(answer, top), [(_as_gradient(other, top), judged)
                                                          for other, judged in earlier])
        if found.status != WRONG:
            return found
        label = self._judge.report.label
        if not depends(self._judge.report.graph, top, under):
            return Judgement(WRONG, f"{label(top)} does not depend on {label(under)}")
        partial, held = self._partial(top, under)
        if held and partial is not None and within.fits(answer, partial):
            return Judgement(RIGHT, f"with {' and '.join(map(label, held))} held constant")
        right, upstream = self.exact(top, under), self._judge.exact((GRADIENT, top, None))
        if right is not None and upstream is not None and not found.causes and within.fits(answer, upstream * right):
            return Judgement(WRONG, found.note, [Cause(PRODUCT, "", upstream * right, None)])
        return found

    def _partial(self, top: int, under: int) -> tuple[float | None, list[int]]:
        """The derivative of a step's own expression, in which the names of other steps are variables, and these.

        None where ``under`` does not stand in it, or the derivative does not exist.
        """
        report = self._judge.report
        if report.trace.arrays:
            return None, []
        graph, gradients = report.graph, report._gradients
        slopes: dict[int, float | None] = {top: 1.0}
        named = []
        for k in range(top, under, -1):
            if k in slopes and k != top and k in graph.names:
                named.append(k)
            elif k in slopes:
                for slot, i in enumerate(graph.args(k)):
                    product = gradients.times(slopes[k], gradients.local(k, slot))
                    slopes[i] = gradients.plus(slopes.get(i, 0.0), product)
        return slopes.get(under), [k for k in reversed(named) if depends(graph, k, under)]

    def chained(self, answer: Answer, source: Answer, earlier: Earlier) -> bool:
        """Whether a gradient is a product with the derivative that was answered, as the chain rule has it."""
        judge = self._judge
        if (source.kind, source.under, answer.kind) != (DERIVATIVE, answer.node, GRADIENT) or source.value is None \
                or answer.value is None:
            return False
        above: Place = (GRADIENT, source.node, None)
        places = above, (LOCAL, judge.report.graph.output, source.node)
        factors = [other.value for other, _ in earlier if other.place in places and other.value is not None]
        upstream, right, whole = (nan if number is None else number for number in (
            judge.exact(above), self.exact(source.node, source.under), judge.exact(answer.place)))
        beside = whole - upstream * right          # what comes along other paths
        # A student may go on with digits that were not typed.
        half = (source.unit or 0.0) / 2 if judge.tolerance is None else 0.0
        if half > CARRIED * abs(source.value):
            half = 0.0
        for factor in (*factors, upstream):
            number = factor * source.value + beside
            if judge.fits(answer, number) or (
                    half and abs(answer.value - number) <= abs(factor) * half + (answer.unit or 0.0) / 2):
                return True
        return False

    def advice(self, top: int, under: int) -> str:
        """What to think about where nothing explains an answer."""
        report = self._judge.report
        if top == under:
            return f"how does {report.label(top)} change when it changes itself?"
        if not depends(report.graph, top, under):
            return "look which names the step is made of, and what they are made of"
        return self._within(top).advice((GRADIENT, under, None))


def _as_gradient(answer: Answer, top: int) -> Answer:
    """An answer as it stands in the run that ends at node ``top``."""
    if answer.kind != DERIVATIVE or answer.node != top:
        return answer
    return Answer(answer.key, (GRADIENT, answer.under, None), answer.value, answer.typed)
