"""Random small circuits, and a student who works them by hand and makes one mistake.

Nothing here uses bpcalc: forward and backward passes, the textbook rules and the wrong rules are
written a second time, so that the checker is measured against somebody else's mistakes.
"""

import math
import random
from math import cos, exp, log, sin, sqrt, tanh


def sigmoid(x):
    return 1 / (1 + exp(-x))


# name: (how it is written, value, one derivative per argument)
GATES = {
    "add": ("{} + {}", lambda a, b: a + b, (lambda a, b: 1, lambda a, b: 1)),
    "sub": ("{} - {}", lambda a, b: a - b, (lambda a, b: 1, lambda a, b: -1)),
    "mul": ("{} * {}", lambda a, b: a * b, (lambda a, b: b, lambda a, b: a)),
    "div": ("{} / {}", lambda a, b: a / b, (lambda a, b: 1 / b, lambda a, b: -a / b ** 2)),
    "max": ("max({}, {})", max, (lambda a, b: float(a > b), lambda a, b: float(b > a))),
    "min": ("min({}, {})", min, (lambda a, b: float(a < b), lambda a, b: float(b < a))),
    "power": ("{}^{}", lambda a, n: a ** n, (lambda a, n: n * a ** (n - 1), lambda a, n: 0)),
    "neg": ("-{}", lambda a: -a, (lambda a: -1,)),
    "square": ("square({})", lambda a: a * a, (lambda a: 2 * a,)),
    "relu": ("relu({})", lambda a: max(a, 0), (lambda a: float(a > 0),)),
    "abs": ("abs({})", abs, (lambda a: math.copysign(1, a),)),
    "exp": ("exp({})", exp, (exp,)),
    "log": ("log({})", log, (lambda a: 1 / a,)),
    "sqrt": ("sqrt({})", sqrt, (lambda a: 0.5 / sqrt(a),)),
    "tanh": ("tanh({})", tanh, (lambda a: 1 - tanh(a) ** 2,)),
    "sigmoid": ("sigmoid({})", sigmoid, (lambda a: sigmoid(a) * (1 - sigmoid(a)),)),
    "sin": ("sin({})", sin, (cos,)),
    "cos": ("cos({})", cos, (lambda a: -sin(a),)),
}
BINARY = ("add", "sub", "mul", "div", "max", "min")
UNARY = ("neg", "square", "relu", "abs", "exp", "log", "sqrt", "tanh", "sigmoid", "sin", "cos")

# Wrong local gradients: code: {gate: {argument: rule}}.
WRONG_SLOPES = {
    "relu-off": {"relu": {0: lambda a: 1 if a < 0 else None}},
    "loser": {"max": {0: lambda a, b: 1 if a < b else None, 1: lambda a, b: 1 if b < a else None},
              "min": {0: lambda a, b: 1 if a > b else None, 1: lambda a, b: 1 if b > a else None}},
    "not-swapped": {"mul": {0: lambda a, b: a, 1: lambda a, b: b}},
    "minus-lost": {"sub": {1: lambda a, b: 1}, "neg": {0: lambda a: 1}, "div": {1: lambda a, b: a / b ** 2}},
    "sign-of-abs": {"abs": {0: lambda a: 1 if a < 0 else None}},
    "exponent-kept": {"power": {0: lambda a, n: n * a ** n}, "square": {0: lambda a: 2 * a * a}},
    "factor-lost": {"power": {0: lambda a, n: a ** (n - 1)}, "square": {0: lambda a: a}},
    "power-as-exponential": {"power": {0: lambda a, n: a ** n * log(a)}},
    "exponential-as-power": {"exp": {0: lambda a: a * exp(a - 1)}},
    "square-lost": {"div": {1: lambda a, b: -a / b}},
    "numerator-lost": {"div": {1: lambda a, b: -1 / b ** 2}},
    "not-inverted": {"div": {0: lambda a, b: b}, "log": {0: lambda a: a}},
    "of-the-input": {"sigmoid": {0: lambda a: a * (1 - a)}, "tanh": {0: lambda a: 1 - a * a}},
    "undifferentiated": {"sigmoid": {0: sigmoid}, "tanh": {0: tanh}, "sin": {0: sin}, "cos": {0: cos},
                         "log": {0: log}, "sqrt": {0: sqrt}},
    "half-a-derivative": {"tanh": {0: lambda a: 1 - tanh(a)}, "sigmoid": {0: lambda a: 1 - sigmoid(a)}},
    "base-ten": {"log": {0: lambda a: 1 / (a * log(10))}},
    "sine-sign": {"sin": {0: lambda a: -cos(a)}, "cos": {0: sin}},
    "half-lost": {"sqrt": {0: lambda a: 1 / sqrt(a)}},
    "shut": {"relu": {0: lambda a: 0 if a > 0 else None},
             "max": {0: lambda a, b: 0 if a > b else None, 1: lambda a, b: 0 if b > a else None},
             "min": {0: lambda a, b: 0 if a < b else None, 1: lambda a, b: 0 if b < a else None}},
}
# Wrong values, which the student goes on with: code: {gate: rule}.
WRONG_VALUES = {
    "base-ten": {"log": lambda a: log(a) / log(10)},
    "minus-overlooked": {"sub": lambda a, b: a + b, "neg": lambda a: a},
    "power-as-product": {"power": lambda a, n: n * a, "square": lambda a: 2 * a},
    "took-the-loser": {"max": min, "min": max},
    "upside-down": {"div": lambda a, b: b / a},
    "degrees": {"sin": lambda a: sin(math.radians(a)), "cos": lambda a: cos(math.radians(a))},
    "subtracted": {"add": lambda a, b: a - b},
    "exponential-alone": {"sigmoid": lambda a: exp(-a)},
}
# How these are differentiated, where that is no derivative of the wrong value.
BACK = {
    # A calculator set to degrees gives the cosine in degrees, too.
    ("degrees", "sin"): lambda a: cos(math.radians(a)), ("degrees", "cos"): lambda a: -sin(math.radians(a)),
    ("exponential-alone", "sigmoid"): lambda a: sigmoid(a) * (1 - sigmoid(a)),
}


class Circuit:
    """Steps of one gate each over random inputs and numbers; ``text`` is the same for bpcalc."""

    def __init__(self, seed, size):
        rng = random.Random(seed)
        self.inputs = {}
        for at in range(rng.randint(2, 4)):
            self.inputs[f"x{at}"] = rng.choice((1, -1)) * rng.randint(11, 39) / 10
        names = list(self.inputs)
        self.steps = []
        for at in range(rng.randint(3, size)):
            gate = rng.choice(BINARY) if rng.random() < 0.65 else rng.choice(UNARY)
            args = [rng.choice(names[-4:])] if gate in UNARY else rng.sample(names, 2)
            if gate in ("add", "sub", "mul") and rng.random() < 0.25:
                args[1] = rng.randint(2, 9)
            if gate == "square" and rng.random() < 0.6:
                gate, args = "power", [args[0], 3]
            self.steps.append((f"t{at}", gate, args))
            names.append(f"t{at}")
        used = {arg for _, _, args in self.steps for arg in args}
        loose = [name for name in names if name not in used]
        for at, name in enumerate(loose[:-1]):
            last = loose[-1] if at == 0 else self.steps[-1][0]
            self.steps.append((f"s{at}", "add", [last, name]))
        self.output = self.steps[-1][0]
        self.text = "; ".join(f"{name} = {self._written(gate, args)}" for name, gate, args in self.steps)
        self.uses = {name: [(step, slot) for step, (_, _, args) in enumerate(self.steps)
                            for slot, arg in enumerate(args) if arg == name]
                     for name in [*self.inputs, *(name for name, _, _ in self.steps)]}

    @staticmethod
    def _written(gate, args):
        return GATES[gate][0].format(*args)

    def forward(self, wrong=None):
        """Every value; ``wrong`` is (step, rule)."""
        values = dict(self.inputs)
        for at, (name, gate, args) in enumerate(self.steps):
            point = [values.get(arg, arg) for arg in args]
            rule = wrong[1] if wrong and wrong[0] == at else GATES[gate][1]
            values[name] = rule(*point)
        return values

    def slopes(self, values, wrong=None, misread=None):
        """Every local gradient, by (step, argument)."""
        found = {}
        for at, (_, gate, args) in enumerate(self.steps):
            point = [values.get(arg, arg) for arg in args]
            for slot, arg in enumerate(args):
                if isinstance(arg, str):
                    found[at, slot] = GATES[gate][2][slot](*point)
                    if misread and misread[0] == at:
                        found[at, slot] = misread[2](*point) if len(misread) > 2 else \
                            self._derived(misread[1], point, slot)
        if wrong:
            found[wrong[0]] = wrong[1]
        return found

    @staticmethod
    def _derived(rule, point, slot):
        h = 1e-5
        ends = [rule(*[x + side if at == slot else x for at, x in enumerate(point)]) for side in (h, -h)]
        return float(f"{(ends[0] - ends[1]) / (2 * h):.9g}")     # beyond that a difference is noise

    def derivative(self, top, under, slopes):
        """The derivative of a step with respect to an input, along all paths between them."""
        found = {name: float(name == under) for name in self.inputs}
        for at, (name, _, args) in enumerate(self.steps):
            found[name] = sum(slopes[at, slot] * found[arg] for slot, arg in enumerate(args) if isinstance(arg, str))
        return found[top]

    def backward(self, slopes, replace=None):
        """Every gradient; ``replace(name, terms)`` may say what becomes of the products that arrive."""
        grads = {self.output: 1.0}
        order = [name for name, _, _ in self.steps[::-1][1:]] + list(self.inputs)
        for name in order:
            terms = [(grads[self.steps[at][0]], slopes[at, slot]) for at, slot in self.uses[name]]
            found = replace(name, terms) if replace else None
            grads[name] = sum(up * slope for up, slope in terms) if found is None else found
        return grads


class Slip:
    """One mistake at one place: the values and gradients on the student's sheet.

    ``carried`` says that the student goes on with the wrong number; ``at`` is the only wrong answer else.
    """

    def __init__(self, code, values, grads, carried=True, at=None):
        self.code = code
        self.values = values
        self.grads = grads
        self.carried = carried
        self.at = at


def slips(circuit):
    """Every mistake at every place of a circuit where it applies."""
    try:
        values = circuit.forward()
        slopes = circuit.slopes(values)
    except (ArithmeticError, ValueError):
        return
    right = circuit.backward(slopes)
    for at, (name, gate, args) in enumerate(circuit.steps):
        point = [values.get(arg, arg) for arg in args]
        for code, gates in WRONG_SLOPES.items():
            for slot, rule in gates.get(gate, {}).items():
                if (at, slot) in slopes:
                    slope = _safely(rule, point)
                    if slope is not None and slope != slopes[at, slot]:
                        changed = circuit.slopes(values, wrong=((at, slot), slope))
                        yield Slip(code, values, circuit.backward(changed))
        yield from _misread(circuit, at, name, gate, args, point, values)
        for slot in range(len(args)):
            if (at, slot) not in slopes:
                continue
            other = args[1 - slot] if len(args) == 2 else None
            if other is not None and not isinstance(other, str) and gate != "power":
                both = slopes[at, slot] + GATES[gate][2][1 - slot](*point)
                yield Slip("constant-varied", values, circuit.backward(
                    circuit.slopes(values, wrong=((at, slot), both))))
            if abs(slopes[at, slot]) not in (0, 1) and args[slot] not in circuit.inputs:
                yield Slip("chain-short", values, circuit.backward(circuit.slopes(values, wrong=((at, slot), 1.0))))
    for name in [*circuit.inputs, *(step for step, _, _ in circuit.steps[:-1])]:
        yield from _at_a_node(circuit, name, values, slopes, right)


def _misread(circuit, at, name, gate, args, point, values):
    rules = {code: gates[gate] for code, gates in WRONG_VALUES.items() if gate in gates}
    for slot, arg in enumerate(args):
        literal = not isinstance(arg, str)
        if gate in ("add", "sub") and (literal or arg in circuit.inputs) and \
                (literal or args[1 - slot] not in circuit.inputs):
            if slot:
                rules["left-out"] = lambda a, b: a
            else:
                rules["left-out"] = (lambda a, b: -b) if gate == "sub" else (lambda a, b: b)
    for code, rule in rules.items():
        if _safely(rule, point) in (None, values[name]):
            continue
        try:
            changed = circuit.forward(wrong=(at, rule))
            back = [BACK[code, gate]] if (code, gate) in BACK else []
            yield Slip(code, changed, circuit.backward(circuit.slopes(changed, misread=(at, rule, *back))))
        except (ArithmeticError, ValueError):
            continue


def _at_a_node(circuit, name, values, slopes, right):
    def once(number):
        return circuit.backward(slopes, lambda node, terms: number if node == name else None)

    terms = [(right[circuit.steps[at][0]], slopes[at, slot]) for at, slot in circuit.uses[name]]
    products = [up * slope for up, slope in terms]
    if len(products) > 1:
        # The student who overwrites ends with one term: of two, with the gate worked last on the way back.
        for at in range(len(products)):
            if len(products) > 2 or at == 0:
                yield Slip("not-summed", values, once(products[at]))
            yield Slip("path-missing", values, once(sum(products[:at] + products[at + 1:])))
        if name in circuit.inputs and math.prod(products):
            yield Slip("multiplied", values, {**right, name: math.prod(products)}, at=name)
    yield Slip("local-only", values, once(sum(slope for _, slope in terms)))
    for step in circuit.steps[:-1] if name in circuit.inputs else ():
        # Of one path alone, and that only up to a step before the output.
        part = circuit.derivative(step[0], name, slopes)
        if abs(part) not in (0, 1) and right[step[0]] != 1 and abs(part * right[step[0]] - right[name]) > 1e-9:
            yield Slip("part-way", values, {**right, name: part}, at=name)
    if name in circuit.inputs:
        yield Slip("sign", values, {**right, name: -right[name]}, at=name)
        yield Slip("value", values, {**right, name: values[name]}, at=name)
        yield Slip("added", values, {**right, name: sum(up + slope for up, slope in terms)}, at=name)
        if any(abs(slope) not in (0, 1) for _, slope in terms):
            yield Slip("upstream-only", values, {**right, name: sum(up for up, _ in terms)}, at=name)
        for other in circuit.inputs:
            if other != name:
                yield Slip("neighbour", values, {**right, name: right[other]}, at=name)


def _safely(rule, point):
    try:
        return rule(*point)
    except (ArithmeticError, ValueError):
        return None
