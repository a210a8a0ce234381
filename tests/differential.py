"""Random programs, and oracles that share nothing with bpcalc: whole graphs compared at scale.

    python -m tests.differential [--programs N] [--seed S] [--no-peers]

Every program has statements, reuse, nesting, constants and operations of the whole table; one in four stands on
kinks.  Its value and the gradient at every input and at some named steps are compared with

- differences at 60 digits by mpmath (every program), with a step far below any double;
- PyTorch's autograd (every program, where it is installed);
- JAX (one in fifty, where it is installed) and sympy's derivative (one in a hundred).

A disagreement counts as explained by a kink or an undefined derivative that a note names, or where the program
itself, its steps rounded at random, moves as much: then no double arithmetic can be right.  Anything else is a fault,
is printed with its text, and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections import Counter

import mpmath

from bpcalc import BpcalcError, backprop

from .accuracy import peers

M = mpmath.mp.clone() if hasattr(mpmath.mp, "clone") else mpmath.MPContext()
M.dps = 60
HALF = M.mpf("0.5")


def _sigmoid(x):
    return 1 / (1 + M.exp(-x))


# name: (function of mpmath numbers, where it is tried); every function of the language is here.
FUNCTIONS = {
    "relu": (lambda x: max(x, M.mpf(0)), None), "abs": (abs, None),
    "leaky_relu": (lambda x, s: x if x > 0 else s * x, None),
    "elu": (lambda x, a: x if x > 0 else a * M.expm1(x), None),
    "clip": (lambda x, lo, hi: min(max(x, lo), hi), lambda x, lo, hi: lo < hi), "sign": (M.sign, None),
    "step": (lambda x: M.mpf(1) if x >= 0 else M.mpf(0), None), "exp": (M.exp, None),
    "log": (M.log, lambda x: x > 0), "sqrt": (M.sqrt, lambda x: x >= 0), "square": (lambda x: x * x, None),
    "log2": (lambda x: M.log(x) / M.log(2), lambda x: x > 0),
    "log10": (lambda x: M.log(x) / M.log(10), lambda x: x > 0),
    "log1p": (lambda x: M.log(1 + x), lambda x: x > -1), "expm1": (M.expm1, None),
    "cbrt": (lambda x: M.sign(x) * M.root(abs(x), 3), None), "tanh": (M.tanh, None), "sigmoid": (_sigmoid, None),
    "softplus": (lambda x: M.log(1 + M.exp(x)), None), "silu": (lambda x: x * _sigmoid(x), None),
    "gelu": (lambda x: x * (1 + M.erf(x / M.sqrt(2))) / 2, None), "softsign": (lambda x: x / (1 + abs(x)), None),
    "logsigmoid": (lambda x: -M.log(1 + M.exp(-x)), None), "sin": (M.sin, None), "cos": (M.cos, None),
    "tan": (M.tan, None), "asin": (M.asin, lambda x: -1 <= x <= 1), "acos": (M.acos, lambda x: -1 <= x <= 1),
    "atan": (M.atan, None), "atan2": (M.atan2, None), "sec": (M.sec, None), "csc": (M.csc, lambda x: x != 0),
    "cot": (M.cot, lambda x: x != 0), "sinh": (M.sinh, None), "cosh": (M.cosh, None), "asinh": (M.asinh, None),
    "acosh": (M.acosh, lambda x: x >= 1), "atanh": (M.atanh, lambda x: -1 < x < 1), "hypot": (M.hypot, None),
    "erf": (M.erf, None), "erfc": (M.erfc, None),
    "max": (lambda *xs: max(xs), None), "min": (lambda *xs: min(xs), None),
    "sum": (lambda *xs: sum(xs), None), "mean": (lambda *xs: sum(xs) / len(xs), None),
    "where": (lambda c, a, b: a if c != 0 else b, None),
    "huber": (lambda p, t, d: (p - t) ** 2 / 2 if abs(p - t) <= d else d * (abs(p - t) - d / 2), lambda p, t, d: d > 0),
    "bce": (lambda p, t: -t * M.log(p) - (1 - t) * M.log(1 - p), lambda p, t: 0 < p < 1),
    "bce_with_logits": (lambda z, t: M.log(1 + M.exp(z)) - z * t, None),
}
INFIX = {
    "add": ("({0} + {1})", lambda a, b: a + b, None), "sub": ("({0} - {1})", lambda a, b: a - b, None),
    "mul": ("({0}*{1})", lambda a, b: a * b, None), "div": ("({0}/{1})", lambda a, b: a / b, lambda a, b: b != 0),
    "lt": ("({0} < {1})", lambda a, b: M.mpf(a < b), None), "le": ("({0} <= {1})", lambda a, b: M.mpf(a <= b), None),
    "gt": ("({0} > {1})", lambda a, b: M.mpf(a > b), None), "ge": ("({0} >= {1})", lambda a, b: M.mpf(a >= b), None),
    "eq": ("({0} == {1})", lambda a, b: M.mpf(a == b), None), "ne": ("({0} != {1})", lambda a, b: M.mpf(a != b), None),
    "neg": ("(-{0})", lambda x: -x, None),
    "pow": ("({0}^{1})", lambda a, b: a**b, lambda a, b: a > 0 or (b == int(b) and (a != 0 or b > 0))),
}
ARITY = {"leaky_relu": 2, "elu": 2, "clip": 3, "atan2": 2, "hypot": 2, "add": 2, "sub": 2, "mul": 2, "div": 2, "pow": 2,
         "where": 3, "huber": 3, "bce": 2, "bce_with_logits": 2, "lt": 2, "le": 2, "gt": 2, "ge": 2, "eq": 2, "ne": 2}
TRUTHS = ("lt", "le", "gt", "ge", "eq", "ne")
VARIADIC = ("max", "min", "sum", "mean")
OFTEN = ["add", "mul", "sub", "div", "neg", "pow", "max", "min", "relu", "exp", "sigmoid", "tanh"]
ALL = [*FUNCTIONS, *INFIX]


class Program:
    """Named steps over inputs: its text for bpcalc, and the same for every oracle."""

    def __init__(self, seed, size=12, names=tuple(ALL)):
        rng = random.Random(seed)
        self.kinky = rng.random() < 0.25
        self.inputs = {f"x{i}": self._number(rng) for i in range(rng.randint(1, 4))}
        self.steps = []
        known = {name: M.mpf(value) for name, value in self.inputs.items()}
        often = [name for name in OFTEN if name in names]
        for at in range(rng.randint(1, size)):
            for _ in range(20):
                op = rng.choice(often if rng.random() < 0.5 else names)
                count = ARITY.get(op, rng.randint(2, 4) if op in VARIADIC else 1)
                args = [rng.choice(list(known)[-6:]) if rng.random() < 0.85 else self._number(rng)
                        for _ in range(count)]
                if all(isinstance(arg, float) for arg in args):
                    continue
                if op == "where":                  # its condition is a truth, as people write it
                    truths = [name for name, made, _ in self.steps if made in TRUTHS]
                    if not truths:
                        continue
                    args[0] = rng.choice(truths)
                value = self._value(op, [known.get(arg, arg) for arg in args])
                if value is not None:
                    self.steps.append((f"t{at}", op, args))
                    known[f"t{at}"] = value
                    break
        used = Counter(arg for _, _, args in self.steps for arg in args)
        loose = [name for name in known if not used[name]]
        if not self.steps or len(loose) > 1:
            self.steps.append(("out", "add", loose))
        self.output = self.steps[-1][0]
        self.text = self._text(rng, used)

    def _number(self, rng):
        if self.kinky:
            return float(rng.choice((-2, -1, -1, 0, 0, 0.5, 1, 1, 2)))
        return round(rng.uniform(-2, 2), 3)

    def _value(self, op, values):
        """The step's value, or None where it should not be taken: outside the domain, or far out."""
        function, domain = FUNCTIONS[op] if op in FUNCTIONS else INFIX[op][1:]
        try:
            given = [M.mpf(x) for x in values]
            if domain is not None and not domain(*given):
                return None
            value = function(*given)
        except (ArithmeticError, ValueError):
            return None
        return value if M.isfinite(value) and isinstance(value, M.mpf) and abs(value) < 1e4 else None

    def _text(self, rng, used):
        inlined, lines = {}, []
        for name, op, args in self.steps:
            words = [inlined.get(arg, arg if isinstance(arg, str) else repr(arg)) for arg in args]
            if op in FUNCTIONS:
                text = f"{op}({', '.join(words)})"
            elif name == "out":
                text = " + ".join(words)
            else:
                words = [f"({word})" if word[0] == "-" else word for word in words]
                text = INFIX[op][0].format(*words)
            if used[name] == 1 and rng.random() < 0.5:
                inlined[name] = text
            else:
                lines.append(f"{name} = {text}")
        self.named = [line.partition(" ")[0] for line in lines]
        return rng.choice(["\n", "; "]).join(lines)

    # ------------------------------------------------------------------------------------- oracles
    def evaluate(self, moved=None, by=0, noise=None, doubles=False):
        """The output in mpmath, the value of ``moved`` shifted by ``by``; every step times 1 + noise.

        With ``doubles`` every step is rounded to a double, where erfc(60) is 0, and has to be in its domain.
        """
        known = {name: M.mpf(value) + (by if name == moved else 0) for name, value in self.inputs.items()}
        for at, (name, op, args) in enumerate(self.steps):
            values = [known[arg] if isinstance(arg, str) else M.mpf(arg) for arg in args]
            function, domain = (sum, None) if name == "out" else FUNCTIONS[op] if op in FUNCTIONS else INFIX[op][1:]
            if doubles and domain is not None and not domain(*values):
                raise ValueError("outside the domain")
            value = function(values) if name == "out" else function(*values)
            if doubles:
                value = M.mpf(float(value))
            if noise is not None:
                value *= 1 + noise[at]
            known[name] = value + by if name == moved else value
        return known[self.output]

    def difference(self, name, noise=None, step="1e-25"):
        h = M.mpf(step)
        slope = (self.evaluate(name, h, noise) - self.evaluate(name, -h, noise)) / (2 * h)
        if not isinstance(slope, M.mpf):
            raise ValueError("complex: on the border of a domain")
        return slope

    def finer(self, name):
        """The same by a step below any double: 1e-25 may jump over a kink that a tiny value stands beside."""
        with M.workdps(1000):
            return self.evaluate() if name == "value" else self.difference(name, step="1e-400")

    def spread(self, name, rng):
        """How far value and gradient move when every step is rounded at random, as doubles are."""
        exact, slope = self.evaluate(), self.difference(name)
        far = [M.mpf(0), M.mpf(0)]
        for _ in range(4):
            noise = [M.mpf(rng.uniform(-1, 1)) * M.mpf("2e-16") for _ in self.steps]
            far[0] = max(far[0], abs(self.evaluate(noise=noise) - exact))
            far[1] = max(far[1], abs(self.difference(name, noise) - slope))
        return far

    def leaves_its_domain(self, rng):
        """Whether in numbers as coarse as doubles, or with steps rounded at random as doubles are, one has no value."""
        for at in range(9):
            noise = [M.mpf(rng.uniform(-1, 1)) * M.mpf("2e-16") for _ in self.steps] if at else None
            with M.workdps(60 if at else 15):
                try:
                    value = self.evaluate(noise=noise, doubles=not at)
                except (ArithmeticError, AttributeError, TypeError, ValueError):
                    return True
            if not (isinstance(value, M.mpf) and M.isfinite(value)):
                return True
        return False

    def through(self, functions, known, largest):
        """Every name's value in a library's own numbers."""
        for name, op, args in self.steps:
            values = [known[arg] if isinstance(arg, str) else known["number"](arg) for arg in args]
            if name == "out":
                value = values[0]
                for other in values[1:]:
                    value = value + other
            elif op in ("max", "min"):
                value = largest(op, values)
            elif op in ("sum", "mean"):
                value = sum(values[1:], values[0])
                value = value / len(values) if op == "mean" else value
            else:
                value = functions[op](*values)
            known[name] = value
        return known


def compared(number):
    return {"lt": lambda a, b: number(a < b), "le": lambda a, b: number(a <= b), "gt": lambda a, b: number(a > b),
            "ge": lambda a, b: number(a >= b), "eq": lambda a, b: number(a == b), "ne": lambda a, b: number(a != b)}


def losses(log, exp, where, size):
    """By their textbook formulas, in any library's functions."""
    return {"huber": lambda p, t, d: where(size(p - t) <= d, (p - t) ** 2 / 2, d * (size(p - t) - d / 2)),
            "bce": lambda p, t: -t * log(p) - (1 - t) * log(1 - p),
            "bce_with_logits": lambda z, t: log(1 + exp(z)) - z * t}


def torch_gradients(peer, program, wanted):
    import torch

    functions = {**peer[0], "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
                 "step": lambda x: torch.where(x >= 0, 1.0, 0.0) + 0 * x,
                 "leaky_relu": lambda x, s: torch.where(x > 0, x, s * x),
                 "where": lambda c, a, b: torch.where(c != 0, a, b), **compared(lambda truth: truth.to(torch.float64)),
                 **losses(torch.log, torch.exp, lambda c, a, b: torch.where(c, a, b), torch.abs),
                 "elu": lambda x, a: torch.where(x > 0, x, a * torch.expm1(torch.where(x > 0, 0.0, x)))}

    def number(x):
        return torch.tensor(x, dtype=torch.float64)

    def largest(op, values):
        # amax shares a tie among all; maximum of maxima would share it among pairs.
        return (torch.amax if op == "max" else torch.amin)(torch.stack(values), 0)

    known = {name: number(value).requires_grad_() for name, value in program.inputs.items()}
    known = program.through(functions, {**known, "number": number}, largest)
    out = known[program.output]
    if not out.requires_grad:
        return out.item(), [0.0 if name in program.inputs else None for name in wanted]
    leaves = [name for name in wanted if known[name].requires_grad]
    found = dict(zip(leaves, torch.autograd.grad(out, [known[name] for name in leaves], allow_unused=True)))
    # What only comparisons lead to has no gradient there; what the output does not need has none, which is 0.
    return out.item(), [None if name not in found else 0.0 if found[name] is None else found[name].item()
                        for name in wanted]


def jax_gradients(peer, program, wanted):
    import jax
    from jax import numpy as n

    functions = {**peer[0], "step": lambda x: n.where(x >= 0, 1.0, 0.0),
                 "where": lambda c, a, b: n.where(n.asarray(c) != 0, a, b),
                 **compared(lambda truth: n.where(truth, 1.0, 0.0)), **losses(n.log, n.exp, n.where, n.abs)}

    def f(inputs):
        def largest(op, values):
            return (n.max if op == "max" else n.min)(n.stack([n.asarray(value, dtype=float) for value in values]))

        return program.through(functions, {**inputs, "number": float}, largest)[program.output]

    out, found = jax.value_and_grad(f)(dict(program.inputs))
    return float(out), [float(found[name]) if name in found else None for name in wanted]


def sympy_gradients(program, wanted):
    import sympy as s

    same = {name: getattr(s, name) for name in (
        "exp", "log", "sqrt", "tanh", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sec", "csc", "cot", "sinh",
        "cosh", "asinh", "acosh", "atanh", "erf", "erfc", "sign")}
    functions = {
        **same, "abs": s.Abs, "relu": lambda x: s.Max(x, 0), "square": lambda x: x**2,
        "log2": lambda x: s.log(x) / s.log(2), "log10": lambda x: s.log(x) / s.log(10),
        "log1p": lambda x: s.log(1 + x), "expm1": lambda x: s.exp(x) - 1,
        "cbrt": lambda x: s.sign(x) * s.Abs(x) ** s.Rational(1, 3), "sigmoid": lambda x: 1 / (1 + s.exp(-x)),
        "softplus": lambda x: s.log(1 + s.exp(x)), "silu": lambda x: x / (1 + s.exp(-x)),
        "gelu": lambda x: x * (1 + s.erf(x / s.sqrt(2))) / 2, "softsign": lambda x: x / (1 + s.Abs(x)),
        "logsigmoid": lambda x: -s.log(1 + s.exp(-x)), "hypot": lambda a, b: s.sqrt(a**2 + b**2),
        "leaky_relu": lambda x, m: s.Piecewise((x, x > 0), (m * x, True)),
        "clip": lambda x, lo, hi: s.Min(s.Max(x, lo), hi),
        "elu": lambda x, a: s.Piecewise((x, x > 0), (a * (s.exp(x) - 1), True)),
        "step": lambda x: s.Piecewise((1, x >= 0), (0, True)), "add": lambda a, b: a + b, "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b, "div": lambda a, b: a / b, "neg": lambda x: -x, "pow": lambda a, b: a**b,
        "where": lambda c, a, b: s.Piecewise((a, s.Ne(c, 0)), (b, True)),
        **{name: lambda a, b, test=test: s.Piecewise((1, test(a, b)), (0, True)) for name, test in (
            ("lt", s.Lt), ("le", s.Le), ("gt", s.Gt), ("ge", s.Ge), ("eq", s.Eq), ("ne", s.Ne))},
        **losses(s.log, s.exp, lambda test, yes, no: s.Piecewise((yes, test), (no, True)), s.Abs),
    }
    symbols = {name: s.Symbol(name, real=True) for name in program.inputs}
    known = program.through(functions, {**symbols, "number": lambda x: s.Rational(x).limit_denominator(10**6)},
                            lambda op, values: (s.Max if op == "max" else s.Min)(*values))
    point = {symbols[name]: s.Rational(str(value)) for name, value in program.inputs.items()}

    def at(expression):
        found = s.sympify(expression).evalf(30, subs=point)
        return float(found) if found.is_real and found.is_finite else None

    out = known[program.output]
    return at(out), [at(s.diff(out, symbols[name])) if name in symbols else None for name in wanted]


# ------------------------------------------------------------------------------------------ judging
def close(a, b, scale=0.0):
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b)) + 1e-12 * scale + 1e-300


def judge(seed, libraries, counts):
    """Compare one program with every oracle; the fault as text, or None."""
    program = Program(seed)
    rng = random.Random(seed)
    try:
        report = backprop(program.text, {name: value for name, value in program.inputs.items() if name in program.text})
    except BpcalcError as error:
        if error.code == "domain" and program.leaves_its_domain(rng):
            counts["explained: rounded, a step leaves its domain"] += 1
            return None
        return f"{program.text!r} {program.inputs}: {error.message}"
    wanted = [name for name in report.gradients if name in program.inputs]
    truths = {name for name, op, _ in program.steps if op in TRUTHS}  # a truth cannot be moved a little
    wanted += [name for name in program.named if name != program.output and name not in truths][:3]
    graph = report.graph
    ours = {name: report.gradient(graph.node(name)) if report.is_live(graph.node(name)) else 0.0 for name in wanted}
    conventions = {note.code for note in report.notes} & {"kink", "undefined", "overflow"}
    counts["programs"] += 1
    counts["on a kink"] += "kink" in conventions
    counts["with an undefined derivative"] += "undefined" in conventions

    def exactly(name, finely=False):
        try:
            if finely:
                return float(program.finer(name))
            return float(program.evaluate() if name == "value" else program.difference(name))
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            return math.nan

    def compare(who, value, slopes):
        for name, ours_, theirs in (("value", report.value, value),
                                    *((name, ours[name], slope) for name, slope in zip(wanted, slopes))):
            if theirs is None:
                continue
            counts[f"numbers against {who}"] += 1
            if ours_ is not None and math.isfinite(theirs) and close(ours_, float(theirs), 1.0):
                continue
            if name != "value" and conventions and (who != "PyTorch" or "undefined" in conventions or ours_ is None):
                counts[f"explained, {who}: a kink or an undefined derivative"] += 1
                continue
            if who == "60 digits" and ours_ is not None and close(ours_, exactly(name, finely=True), 1.0):
                counts["explained, 60 digits: its step was too long"] += 1
                continue
            target = next(iter(program.inputs)) if name == "value" else name
            try:
                far = program.spread(target, rng)[name != "value"]
            except (ArithmeticError, AttributeError, TypeError, ValueError):
                far = M.inf                        # a rounded step left the domain
            if ours_ is not None and abs(M.mpf(ours_) - theirs) <= 100 * far:
                counts[f"explained, {who}: rounding"] += 1
                continue
            if who == "PyTorch" and ours_ is not None and close(ours_, exactly(name), 1.0):
                counts["explained, PyTorch: 60 digits say the same as bpcalc"] += 1
                continue
            if who == "PyTorch" and conventions and any(op == "atan2" for _, op, _ in program.steps):
                counts["explained, PyTorch: atan2 takes 0 and -0 for two numbers"] += 1
                continue
            return f"{who}, {name}: {ours_!r}, not {float(theirs)!r}\n  {program.text!r} {program.inputs}"
        return None

    try:
        high = float(program.evaluate()), [program.difference(name) for name in wanted]
    except (ArithmeticError, AttributeError, TypeError, ValueError):
        high = None                                # on the very border of a domain there is no difference
        counts["on the border of a domain"] += 1
    oracles = [("60 digits", lambda: high)] if high else []
    if "PyTorch" in libraries:
        oracles.append(("PyTorch", lambda: torch_gradients(libraries["PyTorch"], program, wanted)))
    if "JAX" in libraries and seed % 50 == 0:
        oracles.append(("JAX", lambda: jax_gradients(libraries["JAX"], program, wanted)))
    if seed % 100 == 1 and len(program.steps) <= 7:
        oracles.append(("sympy", lambda: sympy_gradients(program, wanted)))
    for who, ask in oracles:
        try:
            value, slopes = ask()
        except (ArithmeticError, NotImplementedError, TypeError, ValueError) as error:
            counts[f"{who} gave up: {type(error).__name__}"] += 1
            continue
        fault = compare(who, value, slopes)
        if fault:
            return fault
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    libraries = {} if options.no_peers else peers.found()
    counts = Counter()
    faults = 0
    for seed in range(options.seed, options.seed + options.programs):
        fault = judge(seed, libraries, counts)
        if fault:
            faults += 1
            print(f"program {seed}: {fault}", flush=True)
    for what, count in sorted(counts.items()):
        print(f"{count:9}  {what}")
    print(f"{options.programs} programs, {faults} disagreements without an explanation")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
