"""THE TABLE OF MISTAKES: one row per slip that students make.

Everything about a mistake stands in its row, as everything about an operation stands in its row of
ops.py: how the wrong rule computes, what to say, what to hint, and a worked example that this row
explains and no other.  The hint teaches and never gives the number away.  Rows stand in the order in
which they are believed: what only one kind of gate could cause before what any could.  ``causes.py``
tries them; docs/mistakes.md and the tests are made from them.

A row has one or more of these wrong rules
    node      the number written for a node (its gradient, a local gradient, a value)
    edge      the local gradient along an edge, carried on by right ones; tried at every edge
    forward   the value of a gate, carried on through both passes; tried at every gate (several, if there are more
              ways to get it wrong)
    update    the new values of all variables
and, with ``spreads``, a ``node`` rule is also tried at every gradient on the way back.  A rule need not
look whether what it gives is right after all, or whether it has a value: that does who tries it.
"""

from __future__ import annotations

from math import cos, e, exp, log, pi, sin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from .causes import Incoming, Update
    from .replay import Gate

    Found = Iterator[tuple[float, str]]
    Example = tuple[str, dict[str, Any], str]


class Spot:
    """A place and what is around it: what a ``node`` rule looks at.

    ``right`` is the number asked for, ``value`` and ``gradient`` those at the node, ``edges`` bring its
    gradient; ``is_output`` says whether it is the output, ``transposed`` is the entry across the diagonal
    of a square array, and ``if_varied`` the gradient of a node that is held constant.
    """

    is_output: bool

    def __init__(self, kind: str, k: int, right: float, value: float, gradient: float | None) -> None:
        self.kind = kind
        self.k = k
        self.right = right
        self.value = value
        self.gradient = gradient
        self.edges: list[Incoming] = []
        self.transposed: float | None = None

    @property
    def below(self) -> Iterator[tuple[float, str]]:
        """The gradients one gate further, at the node's inputs."""
        yield from ()

    @property
    def beside(self) -> Iterator[tuple[float, str]]:
        """The gradients at the other variables."""
        yield from ()

    @property
    def part_way(self) -> Iterator[tuple[float, str]]:
        """The derivatives with respect to the node of gates on the way that do not lie on all of its paths."""
        yield from ()

    @property
    def whole(self) -> float:
        """Of a local gradient, the derivative along all paths."""
        raise NotImplementedError

    @property
    def if_varied(self) -> float | None:
        """The gradient of a variable that is held constant, if it were not."""
        return None


class At:
    """A gate at a point, and one of its inputs: what an ``edge`` or ``forward`` rule looks at."""

    __slots__ = ("args", "gate", "local", "op", "out", "slot")

    def __init__(self, gate: Gate, slot: int, args: list[float], out: float, local: float) -> None:
        self.gate = gate
        self.op = gate.op
        self.slot = slot
        self.args = args
        self.out = out
        self.local = local


class Mistake:
    """One row.  ``code`` is stable; ``{where}`` in ``say`` becomes the place of the slip.

    ``ops`` are the operations that ``edge`` and ``forward`` rules are tried at (all, if none is named).
    ``example`` is (expression, values, answers): the row alone explains the last of the answers.
    ``rate`` is the learning rate of an example about an update.  ``all_inputs`` says that an ``edge`` rule is used at
    every input of a gate or at none.  ``value_only`` says that a gate whose value
    was worked wrongly is differentiated rightly all the same.  ``value_hint`` is the hint where the answer is
    a forward value, if another is needed there.  A ``late`` row came after the exercises of ``--practice``,
    which are the same for ever: what is drawn for them does not look at it.
    """

    __slots__ = ("all_inputs", "code", "edge", "example", "forwards", "hint", "late", "node", "ops", "rate", "say",
                 "spreads", "update", "value_hint", "value_only")

    def __init__(
        self,
        code: str,
        say: str,
        hint: str,
        example: Example,
        *,
        ops: str = "",
        node: Callable[[Spot], Found] | None = None,
        edge: Callable[[At], float | None] | None = None,
        forward: Callable[[At], float | None] | tuple[Callable[[At], float | None], ...] = (),
        update: Callable[[Update], Iterator[tuple[str, Mapping[int, float]]]] | None = None,
        spreads: bool = False,
        rate: float | None = None,
        all_inputs: bool = False,
        value_only: bool = False,
        value_hint: str = "",
        late: bool = False,
    ) -> None:
        self.code = code
        self.say = say
        self.hint = hint
        self.example = example
        self.ops = tuple(ops.split())
        self.node = node
        self.edge = edge
        self.forwards = forward if isinstance(forward, tuple) else (forward,)
        self.update = update
        self.spreads = spreads
        self.rate = rate
        self.all_inputs = all_inputs
        self.value_only = value_only
        self.value_hint = value_hint
        self.late = late

    def hint_at(self, kind: str) -> str:
        """The hint for an answer of a kind."""
        return self.value_hint if self.value_hint and kind == "value" else self.hint

    def __repr__(self) -> str:
        return f"<mistake {self.code}>"


# ---------------------------------------------------------------------- numbers written for a node
def _sign(spot: Spot) -> Found:
    yield -spot.right, ""


def _value(spot: Spot) -> Found:
    if spot.kind == "gradient":
        yield spot.value, ""


def _gradient(spot: Spot) -> Found:
    # The output's own gradient is 1: nobody takes that for its value.
    if spot.kind == "value" and spot.gradient is not None and not spot.is_output:
        yield spot.gradient, ""


def _overwritten(spot: Spot) -> Found:
    # The backward pass meets the first edge in forward order last.  One of two terms that is left is as
    # well a path that was overlooked; of more, any may be left.
    several = sum(edge.product != 0 for edge in spot.edges) > 2
    for at, edge in enumerate(spot.edges if len(spot.edges) > 1 else ()):
        if at == 0 or several or (len(spot.edges) > 2 and not edge.product):
            yield edge.product, edge.where


def _one_missing(spot: Spot) -> Found:
    if len(spot.edges) > 1:
        for edge in spot.edges:
            yield sum(other.product for other in spot.edges if other is not edge), edge.where


def _local_only(spot: Spot) -> Found:
    if spot.kind == "gradient" and spot.edges:
        yield sum(edge.local for edge in spot.edges), ""


def _upstream_only(spot: Spot) -> Found:
    # Where the local gradient is 0, 1 or -1, a rule of that gate went wrong, if anything did.
    if spot.kind == "gradient" and any(abs(edge.local) not in (0.0, 1.0) for edge in spot.edges):
        yield sum(edge.upstream for edge in spot.edges), ""


def _product(spot: Spot) -> Found:
    if spot.kind == "local":
        yield sum(edge.product for edge in spot.edges), ""


def _all_paths(spot: Spot) -> Found:
    if spot.kind == "local":
        yield spot.whole, ""


def _one_too_far(spot: Spot) -> Found:
    if spot.kind == "gradient":
        yield from spot.below


def _neighbour(spot: Spot) -> Found:
    if spot.kind == "gradient":
        yield from spot.beside


def _added(spot: Spot) -> Found:
    if spot.kind == "gradient" and any(edge.product for edge in spot.edges):
        yield sum(edge.upstream + edge.local for edge in spot.edges), ""


def _multiplied(spot: Spot) -> Found:
    product = 1.0
    for edge in spot.edges:
        product *= edge.product
    if len(spot.edges) > 1 and product:
        yield product, ""


def _part_way(spot: Spot) -> Found:
    if spot.kind == "gradient":
        for slope, where in spot.part_way:
            if abs(slope) not in (0.0, 1.0):
                yield slope, where


def _transposed(spot: Spot) -> Found:
    if spot.transposed is not None:
        yield spot.transposed, ""


def _held(spot: Spot) -> Found:
    if spot.kind == "gradient" and spot.if_varied is not None:
        yield spot.if_varied, ""


# ----------------------------------------------------------------------------- wrong local gradients
def _own_factor(at: At) -> float | None:
    return at.args[at.slot]


def _minus_lost(at: At) -> float | None:
    return -at.local if at.slot == 1 or at.op == "neg" else None


def _square_lost(at: At) -> float | None:
    return -at.args[0] / at.args[1] if at.slot == 1 else None


def _numerator_lost(at: At) -> float | None:
    return -1 / at.args[1] ** 2 if at.slot == 1 else None


def _not_inverted(at: At) -> float | None:
    if at.op == "log":
        return at.args[0]
    return at.args[1] if at.slot == 0 else None


def _exponent_kept(at: At) -> float | None:
    if at.op == "square":
        return 2 * at.out
    return at.args[1] * at.out if at.slot == 0 else None


def _factor_lost(at: At) -> float | None:
    if at.op == "square":
        return at.args[0]
    return at.local / at.args[1] if at.slot == 0 else None


def _power_lost(at: At) -> float | None:
    return at.args[1] * at.args[0] if at.slot == 0 else None


def _power_as_exponential(at: At) -> float | None:
    return at.out * log(at.args[0]) if at.slot == 0 else None


def _exponential_as_power(at: At) -> float | None:
    if at.op == "exp":
        return at.args[0] * exp(at.args[0] - 1)
    return at.args[1] * at.out / at.args[0] if at.slot == 1 else None


def _passed_on(at: At) -> float | None:
    return 1.0


def _shut(at: At) -> float | None:
    return 0.0


def _of_the_input(at: At) -> float | None:
    z = at.args[0]
    return {"sigmoid": z * (1 - z), "tanh": 1 - z * z, "exp": z}[at.op]


def _undifferentiated(at: At) -> float | None:
    return at.out if at.slot == 0 else None


def _not_squared(at: At) -> float | None:
    return 1 - at.out


def _base_ten(at: At) -> float | None:
    return at.local / log(10)


def _other_sign(at: At) -> float | None:
    return -at.local


def _half_lost(at: At) -> float | None:
    return 2 * at.local


def _constant_varied(at: At) -> float | None:
    held = at.gate.held
    if len(held) != 2 or not held[1 - at.slot] or held[at.slot]:
        return None
    other = at.gate.varied(1 - at.slot, at.args, at.out)
    return None if other is None else at.local + other


def _left_out_gate(at: At) -> float | None:
    return None if abs(at.local) in (0.0, 1.0) else 1.0


def _undivided(at: At) -> float | None:
    count = at.gate.averaged(at.slot, at.args)
    return at.local * count if count else None


def _degrees_back(at: At) -> float | None:
    x = at.args[0] * pi / 180
    return cos(x) if at.op == "sin" else -sin(x)


# ------------------------------------------------------------------------------------ wrong values
def _term_left_out(at: At) -> float | None:
    # A margin, a bias: a number or a variable added to something, and forgotten.
    leaf = at.gate.leaf
    if not leaf[at.slot] or (leaf[1 - at.slot] and not at.gate.held[at.slot]):
        return None
    other = at.args[1 - at.slot]
    return -other if at.op == "sub" and at.slot == 0 else other


def _log_to_ten(at: At) -> float | None:
    return at.out / log(10)


def _log_to_e(at: At) -> float | None:
    return at.out * log(10 if at.op == "log10" else 2)


def _minus_overlooked(at: At) -> float | None:
    if at.slot:
        return None
    return at.args[0] + at.args[1] if at.op == "sub" else at.args[0]


def _multiplied_exponent(at: At) -> float | None:
    if at.slot:
        return None
    return at.args[0] * (at.args[1] if at.op == "pow" else e if at.op == "exp" else 2)


def _took_the_loser(at: At) -> float | None:
    return at.args[at.slot]


def _other_operation(at: At) -> float | None:
    if at.slot:
        return None
    return at.args[0] + at.args[1] if at.op == "mul" else at.args[0] * at.args[1]


def _subtracted(at: At) -> float | None:
    return None if at.slot else at.args[0] - at.args[1]


def _sum_for_mean(at: At) -> float | None:
    # A mean's inputs are one sum.
    count = at.gate.averaged(at.slot, at.args) if at.op != "mean" or at.slot == 0 else 0
    return at.out * count if count else None


def _exponential_falling(at: At) -> float | None:
    return exp(-at.args[0])


def _exponential_rising(at: At) -> float | None:
    return exp(at.args[0])


def _upside_down(at: At) -> float | None:
    return None if at.slot else at.args[1] / at.args[0]


def _degrees(at: At) -> float | None:
    x = at.args[0] * pi / 180
    return sin(x) if at.op == "sin" else cos(x)


# ------------------------------------------------------------------------------------ wrong updates
def _ascent(update: Update) -> Iterator[tuple[str, Mapping[int, float]]]:
    yield "", update.again(lambda old, slope, rate: old + rate * slope)


def _no_rate(update: Update) -> Iterator[tuple[str, Mapping[int, float]]]:
    yield "", update.again(lambda old, slope, rate: old - slope)


def _old(update: Update) -> Iterator[tuple[str, Mapping[int, float]]]:
    yield "", update.before


def _one_old(update: Update) -> Iterator[tuple[str, Mapping[int, float]]]:
    if len(update.before) > 1:
        for k, old in update.before.items():
            yield update.label(k), {**update.after, k: old}


def _step_only(update: Update) -> Iterator[tuple[str, Mapping[int, float]]]:
    yield "", {k: new - update.before[k] for k, new in update.after.items()}


def _in_the_same_pass(update: Update) -> Iterator[tuple[str, Mapping[int, float]]]:
    yield "", update.in_one_pass()


_CHAIN = "chain rule: upstream times local"
_POWER = "power rule: the exponent comes down as a factor, and is then one less"
_SUM = "the node is used more than once: every use sends a gradient back, and they add up"
_FORWARD = "work the forward pass again, one gate at a time"

TABLE: tuple[Mistake, ...] = (
    # ------------------------------------------------------------------------------- the usual ones
    Mistake("sign", "the sign is wrong", "follow the minus signs along the path, one gate at a time",
            ("q = x + y; f = q*z", {"x": -2, "y": 5, "z": -4.5}, "dq = 4.5"), node=_sign,
            value_hint="look at the signs of the numbers that go in: minus times minus is plus"),
    Mistake("relu-off", "the gradient went through {where}, which is off",
            "where its input is negative, a relu lets nothing back",
            ("f = 3*exp(relu(2*x))", {"x": -2}, "dx = 6"), ops="relu", edge=_passed_on),
    Mistake("loser", "at {where}, the gradient went to an argument that lost",
            "a maximum or minimum sends the whole gradient to the winner",
            ("f = z*max(x, 3*y)^2", {"x": 1, "y": 0.9, "z": 7}, "dx = 37.8"), ops="max min", edge=_passed_on),
    Mistake("not-summed", "this is what flows back through {where} only, as if it had overwritten the rest", _SUM,
            ("a = 3*x; b = 5*x; c = 11*x; f = a + b*a + c", {"x": 2.5}, "dx = 40.5"), node=_overwritten, spreads=True),
    Mistake("path-missing", "the path through {where} is missing", _SUM,
            ("a = 3*x; b = 5*x; c = 11*x; f = a + b*a + c", {"x": 2.5}, "dx = 78"), node=_one_missing, spreads=True),
    Mistake("local-only", "this is the local gradient; it still has to be multiplied by the upstream gradient",
            _CHAIN, ("q = x*3; r = q*z; f = 5*r", {"x": 2, "z": 7}, "dx = 3"), node=_local_only, spreads=True),
    Mistake("upstream-only", "the chain stopped one gate early: this is the upstream gradient, which still has to be "
            "multiplied by the local gradient", _CHAIN,
            ("q = x*3; f = q*z", {"x": 2, "z": 7}, "dx = 7"), node=_upstream_only),
    Mistake("product", "this is already multiplied by the upstream gradient",
            "a derivative ends at the node on its top, whatever comes after it",
            ("q = x*3; f = q*z", {"x": 2, "z": 7}, "dq/dx = 21"), node=_product),
    Mistake("all-paths", "this is the derivative along all paths between the two", "a local gradient looks at one gate "
            "only, its other inputs held constant", ("q = 2*x; r = q*x; f = r*z", {"x": 3, "z": 5}, "dr/dx = 12"),
            node=_all_paths),
    Mistake("value", "this is the node's forward value, not its gradient",
            "the gradient says how the output changes when this node changes",
            ("q = x*3; f = q*z", {"x": 11, "z": 7}, "dx = 11"), node=_value),
    Mistake("held", "{where} is held constant here; this would be its gradient if it were not",
            "the gradient at a constant is not asked for, and counts as 0",
            ("q = x*3; f = q*z", {"x": 11, "z": 7}, "dz = 33"), node=_held),
    Mistake("transposed", "this is the entry on the other side of the diagonal",
            "row and column: dW has the shape of W; check the factors' order",
            ("s = W @ x; f = sum(s*y)", {"W": [[1, 2], [3, 4]], "x": [5, 6], "y": [11, 13]}, "dW[0,1] = 65"),
            node=_transposed),
    # --------------------------------------------------------------- the rules of single operations
    Mistake("not-swapped", "at {where}, a factor of the product was given its own value",
            "a product hands each factor the value of the other",
            ("q = 3*x*y; f = q*z", {"x": 2, "y": 11, "z": 7}, "dy = 77"), ops="mul", edge=_own_factor),
    Mistake("minus-lost", "at {where}, a minus sign was lost on the way back",
            "the derivative of a - b with respect to b, of -x, and of a / b with respect to b is negative",
            ("f = x*(a - 3*x)", {"x": 4, "a": 5}, "dx = 5"), ops="sub div neg", edge=_minus_lost),
    Mistake("sign-of-abs", "at {where}, the sign of abs was forgotten", "the slope of abs is -1 on the left of 0",
            ("f = 3*abs(2*x) + 7*x", {"x": -5}, "dx = 13"), ops="abs", edge=_passed_on),
    Mistake("exponent-kept", "at {where}, the exponent was not reduced by one", _POWER,
            ("f = 5*x^3", {"x": 2}, "dx = 120"), ops="pow square", edge=_exponent_kept),
    Mistake("factor-lost", "at {where}, the exponent was not brought down as a factor", _POWER,
            ("f = 5*x^3", {"x": 2}, "dx = 20"), ops="pow square", edge=_factor_lost),
    Mistake("power-lost", "at {where}, the exponent came down as a factor, but no power was left", _POWER,
            ("f = 5*x^4", {"x": 3}, "dx = 60"), ops="pow", edge=_power_lost),
    Mistake("power-as-exponential", "at {where}, the exponent was treated as the variable, and the base as the "
            "constant", "in x^n the base varies: power rule; in a^x the exponent does: there the logarithm comes in",
            ("f = 5*x^3", {"x": 2}, "dx = 27.726"), ops="pow", edge=_power_as_exponential),
    Mistake("exponential-as-power", "at {where}, an exponential was differentiated like a power",
            "in x^n the base varies: power rule; in a^x and e^x the exponent does: the power itself stays",
            ("f = 5*2^x", {"x": 3}, "dx = 60"), ops="pow exp", edge=_exponential_as_power),
    Mistake("square-lost", "at {where}, the denominator was not squared",
            "quotient rule: the derivative with respect to the denominator has its square below",
            ("f = 5*a/b", {"a": 3, "b": 4}, "db = -3.75"), ops="div", edge=_square_lost),
    Mistake("numerator-lost", "at {where}, the numerator was left out",
            "quotient rule: the derivative with respect to the denominator has the numerator above",
            ("f = a/b", {"a": 3, "b": 4}, "db = -0.0625"), ops="div", edge=_numerator_lost),
    Mistake("not-inverted", "at {where}, 1 over the number was forgotten",
            "a quotient's numerator gets 1 over the denominator, a logarithm's argument 1 over itself",
            ("f = 3*log(x)", {"x": 5}, "dx = 15"), ops="div log", edge=_not_inverted),
    Mistake("of-the-input", "at {where}, the input was put where the output belongs",
            "these derivatives are written with the gate's output: s(1 - s), 1 - t², e itself",
            ("f = 3*sigmoid(x)", {"x": 2}, "dx = -6"), ops="sigmoid tanh exp", edge=_of_the_input),
    Mistake("undifferentiated", "at {where}, the function itself was used in the place of its derivative",
            "first the derivative, then the number",
            ("f = 3*tanh(x)", {"x": 2}, "dx = 2.892"),
            ops="sigmoid tanh sin cos log sqrt softplus pow square", edge=_undifferentiated),
    Mistake("half-a-derivative", "at {where}, a factor or a square of the derivative was left out",
            "s(1 - s) has two factors, and 1 - t² a square",
            ("f = 3*tanh(x)", {"x": 2}, "dx = 0.1079"), ops="tanh sigmoid", edge=_not_squared),
    Mistake("base-ten", "at {where}, the logarithm was taken to base 10", "log and ln are the natural logarithm here",
            ("p = x^2; f = -log(p)", {"x": 0.3}, "f = 1.0458"), ops="log", edge=_base_ten, forward=_log_to_ten),
    Mistake("natural", "at {where}, the natural logarithm was taken", "look at the base: log2 and log10 name it",
            ("f = 5*log2(x)", {"x": 3}, "f = 5.493"), ops="log2 log10", forward=_log_to_e),
    Mistake("sine-sign", "at {where}, the sign of the derivative is wrong",
            "the derivative of sine is cosine, that of cosine is minus sine",
            ("f = 3*cos(x) + 2*x", {"x": 1}, "dx = 4.524"), ops="sin cos", edge=_other_sign),
    Mistake("degrees", "at {where}, the angle was taken in degrees", "set the calculator to radians",
            ("f = 3*sin(x)", {"x": 2}, "f = 0.1047"), ops="sin cos", edge=_degrees_back, forward=_degrees),
    Mistake("half-lost", "at {where}, the factor 2 below the root was forgotten",
            "the derivative of a root has twice the root below",
            ("f = 3*sqrt(x)", {"x": 5}, "dx = 1.342"), ops="sqrt", edge=_half_lost),
    Mistake("not-averaged", "at {where}, the sum was not divided by how many there are",
            "a mean is the sum divided by how many there are; so is what flows back to each of them",
            ("q = mean(3*a, a, b); f = q*z", {"a": 1.5, "b": 7, "z": 11}, "da = 44"), ops="mean mul div",
            edge=_undivided, forward=_sum_for_mean, all_inputs=True, late=True),
    Mistake("constant-varied", "at {where}, the constant was treated as if it varied, too",
            "a constant has no derivative: it only stays as a factor",
            ("f = (7*x)^2", {"x": 3}, "dx = 420"), edge=_constant_varied),
    Mistake("chain-short", "the gate {where} is missing from the chain",
            "every gate between the node and the output contributes its local gradient",
            ("q = x*3; r = q^2; f = r*z", {"x": 2, "z": 7}, "dx = 21"), edge=_left_out_gate),
    Mistake("shut", "at {where}, no gradient was let through, though this input is the one that counts",
            "a winner of a maximum, and a relu whose input is positive, pass the gradient on unchanged",
            ("f = 3*relu(2*x)*y", {"x": 4, "y": 2.5}, "dx = 0"), ops="relu max min", edge=_shut),
    # ---------------------------------------------------------------------------- the forward pass
    Mistake("left-out", "{where} was left out", "a margin or a bias is a term like any other",
            ("s = 4*x + b; f = s*z", {"x": 3, "b": -1.5, "z": 7}, "f = 84"), ops="add sub", forward=_term_left_out),
    Mistake("minus-overlooked", "at {where}, a minus sign was overlooked in the forward pass", _FORWARD,
            ("q = 5*(a - b); f = q*z", {"a": 1, "b": 3, "z": 7}, "q = 20"), ops="sub neg", forward=_minus_overlooked),
    Mistake("exponential-alone", "at {where}, the exponential was taken for the whole sigmoid",
            "a sigmoid is 1 / (1 + e^-x): always between 0 and 1, and above 0.5 where x is positive",
            ("f = 3*sigmoid(x)", {"x": 2}, "f = 0.406"), ops="sigmoid",
            forward=(_exponential_falling, _exponential_rising), value_only=True, late=True),
    Mistake("power-as-product", "at {where}, a power was worked out as a product",
            "x^3 is x times x times x, and e^x a power of 2.718...",
            ("f = 5*x^3", {"x": 7}, "f = 105"), ops="pow square exp", forward=_multiplied_exponent),
    Mistake("took-the-loser", "at {where}, the wrong argument was taken",
            "a maximum takes the larger, a minimum the smaller, and a relu 0 where its input is negative",
            ("f = 3*max(x, y)", {"x": 1, "y": 2.5}, "f = 3"), ops="relu max min", forward=_took_the_loser),
    Mistake("upside-down", "at {where}, the fraction was taken upside down", _FORWARD,
            ("f = 3*a/b", {"a": 2, "b": 7}, "f = 1.167"), ops="div", forward=_upside_down),
    Mistake("other-operation", "at {where}, a product was taken for a sum, or a sum for a product",
            "read the expression again: * multiplies, + adds",
            ("q = 5*(a + b); f = q*z", {"a": 1.5, "b": 7, "z": 11}, "q = 52.5"), ops="add mul",
            forward=_other_operation, value_only=True),
    Mistake("subtracted", "at {where}, a difference was taken for a sum", _FORWARD,
            ("q = 5*(a + b); f = q*z", {"a": 1.5, "b": 7, "z": 11}, "q = -27.5"), ops="add", forward=_subtracted,
            late=True),
    # --------------------------------------------------------------------------------- the update
    Mistake("ascent", "this goes up the gradient", "descent subtracts: new value = old value + (-rate * gradient)",
            ("f = (3*w - t)^2", {"w": 2, "t": 1.3}, "new w = 4.82"), update=_ascent, rate=0.1),
    Mistake("rate-forgotten", "the learning rate was left out", "new value = old value + (-rate * gradient)",
            ("f = (3*w - t)^2", {"w": 2, "t": 1.3}, "new w = -26.2"), update=_no_rate, rate=0.1),
    Mistake("not-updated", "this is the value before the update", "new value = old value + (-rate * gradient)",
            ("f = (3*w - t)^2", {"w": 2, "t": 1.3}, "new w = 2.00"), update=_old, rate=0.1),
    Mistake("step-only", "this is the step, not the new value", "new value = old value + (-rate * gradient)",
            ("f = (3*w - t)^2", {"w": 2, "t": 1.3}, "new w = -2.82"), update=_step_only, rate=0.1),
    Mistake("same-pass", "weights that were updated already were used in the same backward pass",
            "first all gradients with the old weights, then all updates",
            ("h = 0.5*v*w; f = 3*h*h", {"v": 2, "w": 3}, "new v = 0.92"), update=_in_the_same_pass, rate=0.1),
    Mistake("one-not-updated", "the old value of {where} was used", "all variables move before the loss is worked out",
            ("f = (3*w - t)^2 + w", {"w": 2, "t": 1.3}, "new f = 16.1376"), update=_one_old, rate=0.1),
    # ----------------------------------------------------------------------- what any number may be
    Mistake("part-way", "this is the derivative of {where}: the gradient that flows back there, and the other paths, "
            "are missing",
            "on every path the chain goes on up to the output, and the products of all paths add up",
            ("p = 3*x; q = p^3; r = q*z; f = r - 5*x", {"x": 2, "z": 7}, "dx = 324"), node=_part_way, late=True),
    Mistake("multiplied", "the products of the paths were multiplied", _SUM,
            ("a = 3*x; b = 5*x; f = a^2 + b*7", {"x": 2.5}, "dx = 1575"), node=_multiplied, late=True),
    Mistake("one-too-far", "the chain went one gate too far: this is the gradient at {where}",
            "stop at the node that was asked for",
            ("q = 3*x; r = q*5; f = r*z", {"x": 2, "z": 7}, "dr = 35"), node=_one_too_far),
    Mistake("neighbour", "this is the gradient at {where}", "look again which node is asked for",
            ("q = 3*x + 5*y; f = q*z", {"x": 2.5, "y": 11, "z": 7}, "dx = 35.0"), node=_neighbour),
    Mistake("gradient", "this is the node's gradient, not its forward value",
            "the forward value comes from the inputs alone",
            ("q = x*3; f = q*z", {"x": 11, "z": 7}, "q = 7"), node=_gradient),
    Mistake("added", "upstream and local were added", _CHAIN,
            ("q = x*3; f = q*z", {"x": 2, "z": 7}, "dx = 10"), node=_added),
)

PRODUCT = next(row for row in TABLE if row.code == "product")
"""The row that derivatives of single steps look at, too."""
