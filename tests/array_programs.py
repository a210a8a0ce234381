"""Random programs over arrays: the same program as bpcalc's text and as a function of torch's tensors."""

import random

UNARY = {
    "tanh": "torch.tanh({0})", "sigmoid": "torch.sigmoid({0})", "exp": "torch.exp({0})", "sin": "torch.sin({0})",
    "relu": "torch.relu({0})", "abs": "torch.abs({0})", "softplus": "torch.nn.functional.softplus({0})",
    "square": "torch.square({0})", "neg": "-{0}",
}
BINARY = {"+": "{0} + {1}", "-": "{0} - {1}", "*": "{0} * {1}", "max": "torch.maximum({0}, {1})",
          "min": "torch.minimum({0}, {1})"}


class ArrayProgram:
    """``text`` and ``values`` for bpcalc, ``lines`` for torch; ``seed`` decides everything."""

    def __init__(self, seed, size=8):
        self.random = rnd = random.Random(seed)
        self.values, self.lines, self.statements = {}, [], []
        self.shapes = {}
        rows, columns = rnd.randint(1, 4), rnd.randint(1, 4)
        for name, shape in (("A", (rows, columns)), ("B", (columns, rnd.randint(1, 4))), ("v", (columns,)),
                            ("w", (rows,)), ("c", ())):
            self.shapes[name] = shape
            self.values[name] = self.numbers(shape)
        for number in range(size):
            self.statement(f"t{number}")
        last = f"t{size - 1}"
        others = [name for name in self.shapes if name != last]
        total = " + ".join(f"sum({name})" for name in [last, *rnd.sample(others, min(3, len(others)))])
        self.text = "; ".join([*self.statements, f"L = {total}"])
        self.lines.append("L = " + total.replace("sum(", "torch.sum("))

    def numbers(self, shape):
        if not shape:
            return round(self.random.uniform(-1.5, 1.5), 3)
        return [self.numbers(shape[1:]) for _ in range(shape[0])]

    def statement(self, name):
        made = None
        while made is None:
            made = getattr(self, self.random.choice(KINDS))()
        text, line, shape = made
        self.statements.append(f"{name} = {text}")
        self.lines.append(f"{name} = {line}")
        self.shapes[name] = shape

    def pick(self, test=lambda shape: True):
        found = [name for name, shape in self.shapes.items() if test(shape)]
        return self.random.choice(found) if found else None

    def unary(self):
        name, word = self.pick(), self.random.choice(list(UNARY))
        given = f"0.3*{name}" if word in ("exp", "square") else name
        text = f"-{given}" if word == "neg" else f"{word}({given})"
        return text, UNARY[word].format(f"({given})"), self.shapes[name]

    def binary(self):
        a = self.pick()
        b = self.pick(lambda shape: fits(shape, self.shapes[a]) is not None)
        sign = self.random.choice(list(BINARY))
        text = f"{sign}({a}, {b})" if sign.isalpha() else f"{a} {sign} {b}"
        return text, BINARY[sign].format(a, b), fits(self.shapes[a], self.shapes[b])

    def matmul(self):
        a = self.pick(lambda shape: len(shape) in (1, 2))
        b = self.pick(lambda shape: len(shape) in (1, 2) and shape[0] == self.shapes[a][-1])
        if b is None:
            return None
        shape = (*self.shapes[a][:-1], *self.shapes[b][1:])
        return f"0.5*({a} @ {b})", f"0.5*({a} @ {b})", shape

    def transpose(self):
        name = self.pick(lambda shape: len(shape) == 2)
        return f"{name}.T", f"{name}.T", self.shapes[name][::-1]

    def reduction(self):
        name = self.pick(lambda shape: len(shape) >= 1)
        shape, word = self.shapes[name], self.random.choice(["sum", "mean", "max", "min", "prod", "norm", "logsumexp"])
        axis = self.random.choice([*range(len(shape)), *range(-len(shape), 0)])
        left = tuple(size for at, size in enumerate(shape) if at != axis % len(shape))
        line = {"max": "torch.amax({0}, dim={1})", "min": "torch.amin({0}, dim={1})",
                "norm": "torch.linalg.vector_norm({0}, dim={1})", "prod": "torch.prod({0}, dim={1})",
                "logsumexp": "torch.logsumexp({0}, dim={1})"}.get(word, f"torch.{word}({{0}}, dim={{1}})")
        return f"{word}({name}, axis={axis})", line.format(name, axis), left

    def normalise(self):
        name = self.pick(lambda shape: len(shape) >= 1)
        word, axis = self.random.choice(["softmax", "log_softmax"]), self.random.choice([-1, 0])
        return f"{word}({name}, axis={axis})", f"torch.{word}({name}, dim={axis})", self.shapes[name]

    def index(self):
        name = self.pick(lambda shape: len(shape) == 2)
        rows, columns = self.shapes[name]
        i, j = self.random.randrange(-rows, rows), self.random.randrange(columns)
        place, shape = self.random.choice([
            (f"{i}", (columns,)), (f":, {j}", (rows,)), (f"{i}, {j}", ()), (f"0:{rows}:2", ((rows + 1) // 2, columns)),
            (f"{i}, {j}:", (columns - j,))])
        return f"{name}[{place}]", f"{name}[{place}]", shape

    def join(self):
        name = self.pick(lambda shape: len(shape) >= 1)
        other = self.pick(lambda shape: shape == self.shapes[name])
        shape = self.shapes[name]
        if self.random.random() < 0.5:
            return f"[{name}, {other}]", f"torch.stack([{name}, {other}])", (2, *shape)
        return (f"concat({name}, {other}, axis=0)", f"torch.cat([{name}, {other}], dim=0)", (2 * shape[0], *shape[1:]))

    def reshape(self):
        name = self.pick(lambda shape: len(shape) == 2)
        rows, columns = self.shapes[name]
        return f"reshape({name}, {columns}, -1)", f"torch.reshape({name}, ({columns}, -1))", (columns, rows)

    def outer(self):
        a, b = self.pick(lambda shape: len(shape) == 1), self.pick(lambda shape: len(shape) == 1)
        return f"outer({a}, {b})", f"torch.outer({a}, {b})", (*self.shapes[a], *self.shapes[b])

    def loss(self):
        name = self.pick(lambda shape: len(shape) == 2)
        rows, columns = self.shapes[name]
        labels = [self.random.randrange(columns) for _ in range(rows)]
        if self.random.random() < 0.5:
            return (f"cross_entropy({name}, {labels})",
                    f"torch.nn.functional.cross_entropy({name}, torch.tensor({labels}), reduction='none')", (rows,))
        # torch divides its multi-class margin loss by the number of classes.
        return (f"hinge({name}, {labels}, 0.7)",
                f"{columns}*torch.nn.functional.multi_margin_loss({name}, torch.tensor({labels}), margin=0.7, "
                "reduction='none')", (rows,))


KINDS = ["unary", "unary", "binary", "binary", "matmul", "matmul", "transpose", "reduction", "normalise", "index",
         "join", "reshape", "outer", "loss"]


def fits(a, b):
    """The broadcast shape, or None; small enough to stay readable."""
    if len(a) < len(b):
        a, b = b, a
    shape = list(a)
    for at in range(1, len(b) + 1):
        if a[-at] != b[-at] and 1 not in (a[-at], b[-at]):
            return None
        shape[-at] = max(a[-at], b[-at])
    return tuple(shape)


def torch_on_jax():
    """What the lines of a program call, with JAX's functions behind torch's names."""
    from types import SimpleNamespace

    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def along(function):
        return lambda x, dim=None: function(x, axis=dim)

    def cross_entropy(s, y, reduction):
        return -jnp.take_along_axis(jax.nn.log_softmax(s, axis=-1), y[:, None], axis=-1)[:, 0]

    def multi_margin_loss(s, y, margin, reduction):
        right = jnp.take_along_axis(s, y[:, None], axis=-1)
        return jnp.sum(jnp.maximum(0, s - right + margin) * (1 - jax.nn.one_hot(y, s.shape[-1])), axis=-1) / s.shape[-1]

    functional = SimpleNamespace(softplus=jax.nn.softplus, cross_entropy=cross_entropy,
                                 multi_margin_loss=multi_margin_loss)
    return SimpleNamespace(
        tanh=jnp.tanh, sigmoid=jax.nn.sigmoid, exp=jnp.exp, sin=jnp.sin, relu=jax.nn.relu, abs=jnp.abs,
        square=jnp.square, maximum=jnp.maximum, minimum=jnp.minimum, sum=along(jnp.sum), mean=along(jnp.mean),
        amax=along(jnp.max), amin=along(jnp.min), prod=along(jnp.prod), logsumexp=along(jax.nn.logsumexp),
        linalg=SimpleNamespace(vector_norm=along(jnp.linalg.norm)), softmax=along(jax.nn.softmax),
        log_softmax=along(jax.nn.log_softmax), stack=jnp.stack, cat=lambda xs, dim: jnp.concatenate(xs, axis=dim),
        reshape=jnp.reshape, outer=jnp.outer, tensor=jnp.array, nn=SimpleNamespace(functional=functional))
