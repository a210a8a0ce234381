"""Gradient descent: Weights + (−lr · Gradient), once or many times.

The graph is compiled once into straight-line code from the table's rules; a step is one call.  With
arrays a step is one pass over the nodes that depend on the weights (array_steps.py).  The optimizers
follow torch.optim (SGD with momentum and Nesterov momentum; Adam with betas 0.9 and 0.999 and eps
1e-8), number for number.
"""

from __future__ import annotations

from math import isfinite, sqrt

from .compiled import loop_on_floats, on_floats
from .dependence import variables
from .engine import Gradients, backward, forward
from .errors import BpcalcError, DomainProblem, UsageProblem
from .report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any

    from .graph import Graph

    Move = Callable[[Sequence[Any], Sequence[Any]], list[Any]]
    Walked = tuple[int, Sequence[Any], Sequence[Any]]

OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam")
HEAVY = ("momentum", "nesterov")
"""Those that ``momentum`` is for."""

WORTHWHILE = 50
"""For fewer iterations than this the engine's own passes are done before the graph is compiled."""

COMPILED = 100_000
"""Graphs of up to this many nodes are compiled, at some 2 KB a node."""

_BURST = 1_024
"""Steps between two signs of progress."""

_PATIENCE = 20
_TOO_LARGE = "too large for a double-precision number"


class Descent:
    """What happened: the weights' names, their values before and after, and the loss at every step.

    A weight is a float or an array.  ``losses[0]`` is the loss at the start.  ``gradients`` belong to the
    start.  ``steps`` is how many updates were made and ``stopped`` why there were no more, in words (empty
    when all were made).  ``after`` are weights at which the loss exists, with one exception: when it does not
    exist after the first update, they are that update's and ``lost`` says what there is instead of a loss.
    ``inside`` are the names that have their value in the text.
    """

    __slots__ = ("after", "before", "gradients", "inside", "losses", "lost", "names", "optimizer", "rate", "steps",
                 "stopped")

    def __init__(self, names: list[str], rate: float, optimizer: str, before: list[Any],
                 gradients: list[Any], inside: Collection[str] = ()) -> None:
        self.names = names
        self.inside = inside
        self.rate = rate
        self.optimizer = optimizer
        self.before = before
        self.after = list(before)
        self.gradients = gradients
        self.losses: list[float] = []
        self.steps = 0
        self.stopped = ""
        self.lost = ""

    def __repr__(self) -> str:
        way = f"{self.losses[0]!r} to {self.losses[-1]!r} in {self.steps} steps"
        return f"<Descent of {', '.join(self.names):.80}: {way}>"


class _Diverged(ArithmeticError):
    """The loss does not exist at the new weights, or if ``loss`` is given a gradient does not."""

    def __init__(self, why: str, loss: float | None = None) -> None:
        super().__init__(why)
        self.loss = loss


def descend(
    report: Report,
    rate: float,
    iterations: int = 1,
    optimizer: str = "sgd",
    momentum: float = 0.9,
    until: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> Descent:
    """Update the variables of ``report`` whose gradients were asked for, ``iterations`` times.

    ``until`` stops when the loss changes by no more than that in a step.  ``progress`` is called with
    the number of steps made, now and then.  Raises UsageProblem for settings that make no sense and
    for a gradient that does not exist at the start, and DomainProblem for a first update that is too large.
    """
    if not report.trace.arrays:
        return _descend(report, rate, iterations, optimizer, momentum, until, progress)
    from .arrays import quiet

    with quiet():                                  # what overflows is said in words
        return _descend(report, rate, iterations, optimizer, momentum, until, progress)


def _begun(report: Report, rate: float, optimizer: str, until: float | None) -> Descent:
    """The descent before its first step; raises UsageProblem where there can be none."""
    graph = report.graph
    gradients = report.gradients
    names = list(gradients)
    if not names:
        raise UsageProblem("there is no variable to update")
    if until is not None and not until >= 0:
        raise UsageProblem(f"until must not be negative: the loss cannot change by no more than {until:g}")
    if optimizer not in OPTIMIZERS:
        raise UsageProblem(f"there is no optimizer {optimizer}", hint=f"choose from {', '.join(OPTIMIZERS)}")
    shape = getattr(report.value, "shape", None)
    if shape:
        raise UsageProblem(f"a descent needs one number as the loss, not an array of shape {shape}",
                           hint="for example mean(...) or sum(...) of it")
    start: list[Any] = []
    known = set(variables(graph))
    for name, gradient in gradients.items():
        k = graph.symbols[name]
        if k not in known:
            raise UsageProblem(f"{name} is computed from other variables and cannot be updated",
                               hint="name the variables to update with --wrt")
        if name in graph.settled:
            raise UsageProblem(f"{name} decides which terms a sum has and cannot be updated",
                               hint="name the variables to update with --wrt")
        if not _is_finite(gradient):
            raise UsageProblem(f"the gradient of {name} is undefined at the start",
                               hint="leave it out with --wrt, or start somewhere else")
        start.append(report.trace.values[k])
    inside = [name for name in names if graph.symbols[name] >= len(graph.inputs)]
    result = Descent(names, rate, optimizer, start, list(gradients.values()), inside)
    result.losses.append(report.value)
    return result


def _descend(report: Report, rate: float, iterations: int, optimizer: str, momentum: float, until: float | None,
             progress: Callable[[int], None] | None) -> Descent:
    result = _begun(report, rate, optimizer, until)
    move = _Optimizer(optimizer, rate, momentum, len(result.names), report.trace.arrays).move
    carefully = _evaluation(report)
    walk = _walk(report, rate, move, optimizer) if iterations >= WORTHWHILE or report.trace.arrays else None
    burst = 1 if report.trace.arrays else _BURST
    weights: Sequence[Any] = result.before
    losses = result.losses
    rises = step = 0
    proposed: Sequence[Any] = move(weights, result.gradients)
    for name, new in zip(result.names, proposed):
        if not _is_finite(new):
            raise DomainProblem(f"the new value of {name} is {_TOO_LARGE}", hint="try a smaller --lr")
    while step < iterations:
        if walk is not None:
            rises, last, proposed = walk(min(burst, iterations - step), -1.0 if until is None else until, _PATIENCE,
                                         losses, rises, *proposed)
            if len(losses) > step + 1:
                weights = last
        if len(losses) == step + 1:
            # Not a single step: the engine's own passes make it, or say why there is none.
            try:
                new, *slopes = carefully(*proposed)
            except _Diverged as error:
                step += 1
                if error.loss is not None:
                    weights = proposed
                    losses.append(error.loss)
                    if step == iterations:
                        break                      # no gradient is needed any more
                elif step == 1:
                    weights, result.lost = proposed, str(error)
                result.stopped = f"stopped at step {step}: {error}"
                break
            weights, proposed = proposed, move(proposed, slopes)
            losses.append(new)
            rises = rises + 1 if new > losses[-2] else 0
        step = len(losses) - 1
        if until is not None and abs(losses[-1] - losses[-2]) <= until:
            result.stopped = f"converged at step {step}: the loss changed by no more than {until:g}"
            break
        if rises == _PATIENCE and step < iterations:
            result.stopped = f"stopped at step {step}: the loss rose {_PATIENCE} times in a row; try a smaller --lr"
            break
        if progress is not None:
            progress(step)
    result.after = list(weights)
    result.steps = 1 if result.lost else len(result.losses) - 1
    return result


def _walk(report: Report, rate: float, move: Move, optimizer: str) -> Callable[..., Walked] | None:
    """What makes several steps at once and quickly, as :func:`compiled.loop_on_floats` says; None for long graphs."""
    graph, given = report.graph, report._gradients
    leaves = given.leaves
    evaluate: Callable[..., Sequence[Any]]
    if report.trace.arrays:
        from .array_steps import on_arrays

        evaluate = on_arrays(graph, leaves, given.live, report.trace.values, report.upstream)
    elif len(graph) > COMPILED:
        return None
    else:
        held = {k: report.trace.values[k] for k in range(len(graph.inputs)) if k not in leaves}
        if optimizer == "sgd":
            loop = loop_on_floats(graph, leaves, given.live, held, report.upstream, rate)
            if loop is not None:
                return loop
        evaluate = on_floats(graph, leaves, leaves, given.live, held, report.upstream)

    def walk(steps: int, until: float, patience: int, losses: list[Any], rises: int, *proposed: Any) -> Walked:
        weights: Sequence[Any] = proposed
        try:
            for _ in range(steps):
                loss, *slopes = evaluate(*proposed)
                weights, proposed = proposed, tuple(move(proposed, slopes))
                rises = rises + 1 if loss > losses[-1] else 0
                losses.append(loss)
                if abs(loss - losses[-2]) <= until or rises == patience:
                    break
        except (ArithmeticError, ValueError):
            pass                                   # the caller looks at this step again
        return rises, weights, proposed

    return walk


def _evaluation(report: Report) -> Callable[..., Sequence[Any]]:
    """A function from the updated variables' values to the loss and its gradients, by the engine's own passes.

    It raises _Diverged, which says in words what went wrong.
    """
    graph, names = report.graph, report.graph.names
    given: Gradients = report._gradients
    leaves = given.leaves
    inputs = len(graph.inputs)
    others = [k for k in leaves if k >= inputs]
    base = report.trace.values[:inputs]

    def evaluate(*weights: Any) -> Sequence[Any]:
        if not all(map(_is_finite, weights)):
            raise _Diverged(f"the update is {_TOO_LARGE}")
        values = list(base)
        moved: Graph = graph
        if others:
            moved = _with_values(graph, dict(zip(leaves, weights)))
        for k, weight in zip(leaves, weights):
            if k < inputs:
                values[k] = weight
        try:
            trace = forward(moved, values)
        except BpcalcError as error:
            raise _Diverged(error.message) from None
        gradients = backward(trace, leaves, report.upstream)
        slopes = [gradients.grads[k] for k in leaves]
        for k, slope in zip(leaves, slopes):
            if not _is_finite(slope):
                raise _Diverged(f"the gradient of {names[k]} does not exist there", trace.values[graph.output])
        return trace.values[graph.output], *slopes

    return evaluate


def _is_finite(value: Any) -> bool:
    """Whether a number or every entry of an array is finite; None, which stands for what does not exist, is not."""
    if value is None or isinstance(value, float):
        return value is not None and isfinite(value)
    from .arrays import is_finite

    return is_finite(value)


def _with_values(graph: Graph, values: dict[int, Any]) -> Graph:
    """The graph with other values for variables that have theirs inside the text."""
    from .graph import Graph
    from .ops import INPUT

    ops, a, b = list(graph.ops), list(graph.a), list(graph.b)
    for k, value in values.items():
        if k >= len(graph.inputs):
            ops[k], a[k], b[k] = INPUT, value, -1
    return Graph(graph.source, ops, a, b, graph.symbols, graph.inputs, graph.output, graph.output_name, graph.statics,
                 graph.tokens, graph.arrays, graph.settled)


class _Optimizer:
    """From weights and gradients to new weights; remembers what its method needs."""

    def __init__(self, name: str, rate: float, momentum: float, size: int, arrays: bool) -> None:
        self.rate = rate
        self.momentum = momentum
        self.step = 0
        self.first: list[Any] = [0.0] * size
        self.second: list[Any] = [0.0] * size
        self.root: Callable[[Any], Any] = sqrt
        if arrays:
            from .arrays import root

            self.root = root
        self.move = {"sgd": self._plain, "momentum": self._heavy, "nesterov": self._nesterov,
                     "adam": self._adam}[name]

    def _plain(self, weights: Sequence[Any], slopes: Sequence[Any]) -> list[Any]:
        rate = -self.rate
        return [weight + rate * slope for weight, slope in zip(weights, slopes)]

    def _gather(self, slopes: Sequence[Any]) -> list[Any]:
        # torch.optim.SGD: the buffer begins as the first gradient.
        mu = self.momentum
        self.step += 1
        self.first = list(slopes) if self.step == 1 else [mu * old + new for old, new in zip(self.first, slopes)]
        return self.first

    def _heavy(self, weights: Sequence[Any], slopes: Sequence[Any]) -> list[Any]:
        return self._plain(weights, self._gather(slopes))

    def _nesterov(self, weights: Sequence[Any], slopes: Sequence[Any]) -> list[Any]:
        gathered = self._gather(slopes)
        return self._plain(weights, [slope + self.momentum * old for slope, old in zip(slopes, gathered)])

    def _adam(self, weights: Sequence[Any], slopes: Sequence[Any]) -> list[Any]:
        one, two, tiny = 0.9, 0.999, 1e-8
        self.step += 1
        self.first = [one * old + (1 - one) * new for old, new in zip(self.first, slopes)]
        self.second = [two * old + (1 - two) * new * new for old, new in zip(self.second, slopes)]
        scale = self.rate / (1 - one ** self.step)
        root = sqrt(1 - two ** self.step)      # torch divides here, not the squares: the numbers are its own
        return [weight - scale * mean / (self.root(square) / root + tiny)
                for weight, mean, square in zip(weights, self.first, self.second)]
