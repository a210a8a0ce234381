"""Random programs, and their values and gradients by ways that share nothing with bpcalc.

A program is made together with a Python function of mpmath numbers; its gradients are mpmath's
numerical derivatives at 60 digits, good to some 25.
"""

import random

import mpmath

CONTEXT = mpmath.mp.clone() if hasattr(mpmath.mp, "clone") else mpmath.MPContext()
CONTEXT.dps = 60
M = CONTEXT

UNARY = {
    "-{}": lambda x: -x,
    "exp({})": M.exp,
    "sin({})": M.sin,
    "cos({})": M.cos,
    "tanh({})": M.tanh,
    "atan({})": M.atan,
    "asinh({})": M.asinh,
    "sigmoid({})": lambda x: 1 / (1 + M.exp(-x)),
    "softplus({})": lambda x: M.log(1 + M.exp(x)),
    "silu({})": lambda x: x / (1 + M.exp(-x)),
    "gelu({})": lambda x: x * (1 + M.erf(x / M.sqrt(2))) / 2,
    "softsign({})": lambda x: x / (1 + abs(x)),
    "logsigmoid({})": lambda x: -M.log(1 + M.exp(-x)),
    "erf({})": M.erf,
    "square({})": lambda x: x * x,
    "{}^2": lambda x: x**2,
    "({})**3": lambda x: x**3,
    "sqrt(1 + {}^2)": lambda x: M.sqrt(1 + x**2),
    "log(1 + {}^2)": lambda x: M.log(1 + x**2),
    "log1p({}^2)": lambda x: M.log(1 + x**2),
    "expm1({})": lambda x: M.exp(x) - 1,
    "sinh({})": M.sinh,
    "cosh({})": M.cosh,
    "2^{}": lambda x: M.mpf(2) ** x,
    "log2(2 + cos({}))": lambda x: M.log(2 + M.cos(x)) / M.log(2),
    "1/(1.5 + sin({}))": lambda x: 1 / (M.mpf("1.5") + M.sin(x)),
    "0.5*{}": lambda x: x / 2,
    "({} + 3)": lambda x: x + 3,
    "({} - 0.25)": lambda x: x - M.mpf("0.25"),
}
BINARY = {
    "{} + {}": lambda a, b: a + b,
    "{} - {}": lambda a, b: a - b,
    "{} * {}": lambda a, b: a * b,
    "{} / (2 + {}^2)": lambda a, b: a / (2 + b**2),
    "hypot(1 + {}^2, {})": lambda a, b: M.sqrt((1 + a**2) ** 2 + b**2),
    "atan2({}, 3 + {}^2)": lambda a, b: M.atan(a / (3 + b**2)),
    "(1 + {}^2)^sin({})": lambda a, b: (1 + a**2) ** M.sin(b),
}
KINKED = {
    "max({}, {})": lambda a, b: max(a, b),
    "min({}, {})": lambda a, b: min(a, b),
    "relu({}) + {}": lambda a, b: max(a, 0) + b,
    "abs({}) * {}": lambda a, b: abs(a) * b,
    "leaky_relu({}) - {}": lambda a, b: (a if a > 0 else a / 100) - b,
    "elu({}) + {}": lambda a, b: (a if a > 0 else M.exp(a) - 1) + b,
    "clip({}, -1, 1) * {}": lambda a, b: min(max(a, -1), 1) * b,
}


class Program:
    """A text of statements, values for its inputs, and the same program in mpmath."""

    def __init__(self, seed, size=12, kinks=True):
        rng = random.Random(seed)
        self.inputs = {f"x{i}": round(rng.uniform(-2, 2), 3) for i in range(rng.randint(1, 4))}
        names = list(self.inputs)
        self.steps = []
        binary = {**BINARY, **(KINKED if kinks else {})}
        lines = []
        for i in range(rng.randint(1, size)):
            if rng.random() < 0.5:
                shape = rng.choice(list(UNARY))
                args = [rng.choice(names)]
                rule = UNARY[shape]
            else:
                shape = rng.choice(list(binary))
                args = [rng.choice(names), rng.choice(names)]
                rule = binary[shape]
            # squash now and then, so that nothing grows out of bounds
            text = shape.format(*args)
            if "^{}" in shape and args[0].startswith("-"):
                text = shape.format(*(f"({arg})" for arg in args))
            name = f"t{i}"
            squash = rng.random() < 0.4
            lines.append(f"{name} = {f'tanh({text})' if squash else text}")
            self.steps.append((name, rule, args, squash))
            names.append(name)
        used = {arg for _, _, args, _ in self.steps for arg in args}
        loose = [name for name in names if name not in used]
        lines.append("out = " + " + ".join(loose))
        self.loose = loose
        self.text = rng.choice(["\n", "; "]).join(lines)

    def evaluate(self, values):
        """Every name's value, in mpmath."""
        known = {name: M.mpf(value) for name, value in values.items()}
        for name, rule, args, squash in self.steps:
            value = rule(*(known[arg] for arg in args))
            known[name] = M.tanh(value) if squash else value
        known["out"] = sum(known[name] for name in self.loose)
        return known

    def gradient(self, name, h="1e-20"):
        """The central difference of the output at 60 digits: right to about 1e-38, away from kinks."""
        h = M.mpf(h)
        at = M.mpf(self.inputs[name])
        up = self.evaluate({**self.inputs, name: at + h})["out"]
        down = self.evaluate({**self.inputs, name: at - h})["out"]
        return (up - down) / (2 * h)
