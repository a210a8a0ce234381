"""Texts of any size for the benchmarks, with the gradients that a plain reverse sweep finds.

flat    a0*b0 + a1*b1 + …            one expression, as many variables as operations
dag     t5 = sin(t2)*t3 …            random statements over all earlier names
chain   (((x*c + d)*c + d)…)         one expression, nested half as deep as it is long
tanh    tanh(tanh(…x))               one expression, nested as deep as it is long
steps   t2 = t1*c + d …              the chain as statements
"""

import math
import random

C, D = 0.999999, 0.1


class Workload:
    """``text`` and ``values``; ``tape`` is the same program as (operation, a, b), inputs first."""

    def __init__(self, kind, size, seed=1):
        self.kind = kind
        self.text, self.values, self.tape = MAKERS[kind](size, random.Random(seed))
        self.operations = len(self.tape)

    def reference(self):
        """The output's value and the inputs' gradients, by the plainest sweep there is."""
        names = list(self.values)
        values = [self.values[name] for name in names]

        def at(i):
            return i if isinstance(i, float) else values[i]

        for op, a, b in self.tape:
            x, y = at(a), at(b) if b is not None else None
            values.append(x + y if op == "+" else x - y if op == "-" else x * y if op == "*" else
                          x / y if op == "/" else getattr(math, op)(x))
        grads = [0.0] * len(values)
        grads[-1] = 1.0
        for k in range(len(self.tape) - 1, -1, -1):
            op, a, b = self.tape[k]
            here, out = grads[len(names) + k], values[len(names) + k]
            x, y = at(a), at(b) if b is not None else None
            first, second = slopes(op, x, y, out)
            if not isinstance(a, float):
                grads[a] += here * first
            if b is not None and not isinstance(b, float):
                grads[b] += here * second
        return values[-1], dict(zip(names, grads))


def slopes(op, x, y, out):
    """The two partial derivatives of an operation."""
    if op in "+-":
        return 1.0, 1.0 if op == "+" else -1.0
    if op == "*":
        return y, x
    if op == "/":
        return 1 / y, -out / y
    return {"sin": math.cos, "cos": lambda x: -math.sin(x), "tanh": lambda x: 1 - out * out}[op](x), None


def _flat(size, rng):
    pairs = max(1, (size + 1) // 2)
    values, tape, terms = {}, [], []
    for i in range(pairs):
        values[f"a{i}"], values[f"b{i}"] = (round(rng.uniform(-1, 1), 6) for _ in "ab")
        terms.append(f"a{i}*b{i}")
    total = None
    for i in range(pairs):
        tape.append(("*", 2 * i, 2 * i + 1))
        product = 2 * pairs + len(tape) - 1
        if total is None:
            total = product
        else:
            tape.append(("+", total, product))
            total = 2 * pairs + len(tape) - 1
    return "+".join(terms), values, tape


def _dag(size, rng):
    values = {f"x{i}": round(rng.uniform(-1, 1), 6) for i in range(8)}
    labels = list(values)
    nodes = list(range(8))
    tape, lines = [], []

    def put(op, a, b=None):
        tape.append((op, a, b))
        return 7 + len(tape)

    while len(tape) < size - 16:
        i, j = rng.randrange(len(nodes)), rng.randrange(len(nodes))
        (a, x), (b, y) = (nodes[i], labels[i]), (nodes[j], labels[j])
        kind = rng.randrange(4)
        if kind == 0:                          # everything stays within -1 and 1
            text, node = f"0.5*{x}-0.5*{y}", put("-", put("*", 0.5, a), put("*", 0.5, b))
        elif kind == 1:
            text, node = f"{x}*{y}", put("*", a, b)
        elif kind == 2:
            text, node = f"sin({x})*cos({y})", put("*", put("sin", a), put("cos", b))
        else:
            text, node = f"tanh({x}+{y})", put("tanh", put("+", a, b))
        name = f"t{len(lines)}"
        lines.append(f"{name} = {text}")
        nodes.append(node)
        labels.append(name)
    total, text = nodes[-1], labels[-1]
    for i in range(8):
        total = put("+", total, nodes[i])
        text += f"+{labels[i]}"
    lines.append(f"out = {text}")
    return "\n".join(lines), values, tape


def _chain(size, rng):
    length = max(1, size // 2)
    tape, node = [], 0
    for _ in range(length):
        tape += [("*", node, C), ("+", 1 + len(tape), D)]
        node = len(tape)
    return "(" * (length - 1) + "x" + f"*{C}+{D})" * (length - 1) + f"*{C}+{D}", {"x": 0.5}, tape


def _steps(size, rng):
    _, values, tape = _chain(size, rng)
    lines = [f"t{i} = {f't{i - 1}' if i else 'x'}*{C}+{D}" for i in range(len(tape) // 2)]
    return "\n".join(lines), values, tape


def _tanh(size, rng):
    return "tanh(" * size + "x" + ")" * size, {"x": 0.5}, [("tanh", i, None) for i in range(size)]


MAKERS = {"flat": _flat, "dag": _dag, "chain": _chain, "steps": _steps, "tanh": _tanh}
