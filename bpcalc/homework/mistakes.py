"""THE TABLE OF MISTAKES: one row per slip that students make with gradients.

A row says how the wrong rule computes, what to say, and what to hint.  The hint teaches and never
gives the number away.  Rows stand in the order in which they are believed, and the first that
reproduces an answer is reported: what only one kind of gate could cause before what any could.  A
row's ``wrong`` yields the numbers it would lead to at a node; a ``slip`` is a wrong local gradient,
tried at every edge on the way back from the output.
"""

from __future__ import annotations

from math import isfinite, log, log10

from ..report import Report, Step
from . import replay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Wrong = Callable[["Site"], Iterator[tuple[float, str]]]
    Slip = Callable[[str, int, list[float], float, float], float | None]


class Site:
    """The node an answer is about, with the edges that bring its gradient."""

    __slots__ = ("edges", "k", "report")

    def __init__(self, report: Report, k: int, steps: dict[int, Step]) -> None:
        self.report = report
        self.k = k
        self.edges = [edge for step in steps.values() for edge in step.edges if edge.input == k]

    @property
    def gradient(self) -> float:
        """The right gradient."""
        return self.report.gradient(self.k) or 0.0


class Mistake:
    """One row; ``code`` is stable."""

    __slots__ = ("code", "hint", "say", "slip", "wrong")

    def __init__(self, code: str, say: str, hint: str, wrong: Wrong | None = None, slip: Slip | None = None) -> None:
        self.code = code
        self.say = say
        self.hint = hint
        self.wrong = wrong
        self.slip = slip


def _known(value: float | None) -> float:
    return 0.0 if value is None else value


def _sign(site: Site) -> Iterator[tuple[float, str]]:
    yield -site.gradient, ""


def _value(site: Site) -> Iterator[tuple[float, str]]:
    yield site.report.trace.values[site.k], ""


def _last_only(site: Site) -> Iterator[tuple[float, str]]:
    # The backward pass meets the first edge in forward order last.
    if len(site.edges) > 1:
        yield _known(site.edges[0].product), ""


def _one_missing(site: Site) -> Iterator[tuple[float, str]]:
    if len(site.edges) > 1:
        for edge in site.edges:
            rest = sum(_known(other.product) for other in site.edges if other is not edge)
            yield rest, site.report.label(edge.node)


def _local_only(site: Site) -> Iterator[tuple[float, str]]:
    if site.edges:
        yield sum(_known(edge.local) for edge in site.edges), ""


def _upstream_only(site: Site) -> Iterator[tuple[float, str]]:
    if site.edges:
        yield sum(_known(edge.upstream) for edge in site.edges), ""


def _one_too_far(site: Site) -> Iterator[tuple[float, str]]:
    for i in site.report.graph.args(site.k):
        gradient = site.report.gradient(i)
        if gradient is not None:
            yield gradient, site.report.label(i)


def _added(site: Site) -> Iterator[tuple[float, str]]:
    if site.edges:
        yield sum(_known(edge.upstream) + _known(edge.local) for edge in site.edges), ""


def _own_factor(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    return args[slot] if op == "mul" else None


def _minus_lost(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    return -local if (op in ("sub", "div") and slot == 1) or op == "neg" else None


def _square_lost(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    return -args[0] / args[1] if op == "div" and slot == 1 else None


def _numerator_lost(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    return -1 / args[1] ** 2 if op == "div" and slot == 1 else None


def _not_inverted(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    return args[1] if op == "div" and slot == 0 else args[0] if op == "log" else None


def _exponent_kept(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    if op == "square":
        return 2 * out
    return args[1] * out if op == "pow" and slot == 0 else None


def _factor_lost(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    if op == "square":
        return args[0]
    return local / args[1] if op == "pow" and slot == 0 and args[1] else None


def _power_as_exponential(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    return out * log(args[0]) if op == "pow" and slot == 0 and args[0] > 0 else None


def _to_the_loser(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    return 1.0 if op in ("max", "min") and args[slot] != out else None


def _through_the_gate(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    return 1.0 if op == "relu" and args[0] < 0 else None


def _sign_forgotten(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    return 1.0 if op == "abs" and args[0] < 0 else None


def _of_the_input(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    z = args[0]
    return {"sigmoid": z * (1 - z), "tanh": 1 - z * z, "exp": z}.get(op)


def _undifferentiated(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    return out if op in ("sigmoid", "tanh", "sin", "cos", "log", "sqrt", "softplus") else None


def _base_ten(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    return local * log10(2.718281828459045) if op == "log" else None


def _cosine_sign(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    return -local if op in ("cos", "sin") else None


def _half_lost(op: str, slot: int, args: list[float], out: float, local: float) -> float | None:
    return 2 * local if op == "sqrt" else None


TABLE: tuple[Mistake, ...] = (
    Mistake("sign", "the sign is wrong", "follow the minus signs along the path, one gate at a time", wrong=_sign),
    Mistake("relu-off", "the gradient went through the relu at {where}, which is off",
            "where its input is negative, a relu lets nothing back", slip=_through_the_gate),
    Mistake("loser", "at {where}, the gradient went to an argument that lost",
            "a maximum or minimum sends the whole gradient to the winner", slip=_to_the_loser),
    Mistake("not-summed", "this is what flows back along one edge only, as if the later one had overwritten it",
            "the node is used more than once: the gradients that come back add up", wrong=_last_only),
    Mistake("path-missing", "the path through {where} is missing",
            "the node is used more than once: every use sends a gradient back", wrong=_one_missing),
    Mistake("local-only", "this is the local gradient; it still has to be multiplied by the upstream gradient",
            "chain rule: upstream times local", wrong=_local_only),
    Mistake("upstream-only", "this is the upstream gradient; it still has to be multiplied by the local gradient",
            "chain rule: upstream times local", wrong=_upstream_only),
    Mistake("value", "this is the node's forward value, not its gradient",
            "the gradient says how the output changes when this node changes", wrong=_value),
    Mistake("not-swapped", "at {where}, a factor of the product was given its own value",
            "a product hands each factor the value of the other", slip=_own_factor),
    Mistake("minus-lost", "at {where}, a minus sign was lost",
            "the derivative of a - b with respect to b, of -x, and of a / b with respect to b is negative",
            slip=_minus_lost),
    Mistake("sign-of-abs", "at {where}, the sign of abs was forgotten", "the slope of abs is -1 on the left of 0",
            slip=_sign_forgotten),
    Mistake("exponent-kept", "at {where}, the exponent was not reduced by one",
            "power rule: the exponent comes down as a factor, and is then one less", slip=_exponent_kept),
    Mistake("factor-lost", "at {where}, the exponent was not brought down as a factor",
            "power rule: the exponent comes down as a factor, and is then one less", slip=_factor_lost),
    Mistake("power-as-exponential", "at {where}, the base was treated as the constant and the exponent as the variable",
            "look which of the two is the variable", slip=_power_as_exponential),
    Mistake("square-lost", "at {where}, the denominator was not squared",
            "quotient rule: the derivative with respect to the denominator has its square below", slip=_square_lost),
    Mistake("numerator-lost", "at {where}, the numerator was left out",
            "quotient rule: the derivative with respect to the denominator has the numerator above",
            slip=_numerator_lost),
    Mistake("not-inverted", "at {where}, 1 over the number was forgotten",
            "a quotient's numerator gets 1 over the denominator, a logarithm's argument 1 over itself",
            slip=_not_inverted),
    Mistake("of-the-input", "at {where}, the input was put where the output belongs",
            "these derivatives are written with the gate's output: s(1 - s), 1 - t², e itself", slip=_of_the_input),
    Mistake("undifferentiated", "at {where}, the function itself was used in the place of its derivative",
            "first the derivative, then the number", slip=_undifferentiated),
    Mistake("base-ten", "at {where}, the logarithm was taken to base 10",
            "log is the natural logarithm here", slip=_base_ten),
    Mistake("sine-sign", "at {where}, the sign of the derivative is wrong",
            "the derivative of sine is cosine, that of cosine is minus sine", slip=_cosine_sign),
    Mistake("half-lost", "at {where}, the factor 2 below the root was forgotten",
            "the derivative of a root has twice the root below", slip=_half_lost),
    Mistake("one-too-far", "this is the gradient one gate further, at {where}",
            "stop at the node that was asked for", wrong=_one_too_far),
    Mistake("added", "upstream and local were added", "chain rule: upstream times local", wrong=_added),
)


def wrong_numbers(report: Report, k: int, steps: dict[int, Step]) -> Iterator[tuple[Mistake, str, float]]:
    """What each mistake would make of the gradient at ``k``: (mistake, where, number), simplest first."""
    site = Site(report, k, steps)
    for mistake in TABLE:
        if mistake.wrong is not None:
            for number, where in mistake.wrong(site):
                yield mistake, where, number
        elif mistake.slip is not None:
            yield from _slips(report, k, mistake, steps)


def _slips(report: Report, k: int, mistake: Mistake, steps: dict[int, Step]) -> Iterator[tuple[Mistake, str, float]]:
    """A wrong local gradient at one edge, carried on by right ones."""
    slip = mistake.slip
    if slip is None:
        return
    graph, values = report.graph, report.trace.values
    for node, step in steps.items():
        if node < k:
            continue
        name = graph.row(node).name
        point = [values[i] for i in graph.args(node)]
        for edge in step.edges:
            try:
                number = slip(name, edge.slot, point, values[node], _known(edge.local))
            except (ArithmeticError, ValueError):
                continue
            if number is None or not isfinite(number) or number == edge.local:
                continue
            here, slot, put = node, edge.slot, number

            def change(at: int, which: int, local: float, here: int = here, slot: int = slot,
                       put: float = put) -> float:
                return put if at == here and which == slot else local

            grads = replay.backward(report, values, {}, change=change)
            if grads is not None:
                yield mistake, report.label(node), grads[k]
