"""The same operations by PyTorch and by JAX, in float64: value and partials at a point.

    pip install -e ".[peers]"

What a user of each would write.  A function that a library does not have is left out.
"""

from __future__ import annotations


def pytorch():
    """Name to function of floats, which gives (value, partials)."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)
    t, f = torch, functional
    functions = {
        "relu": f.relu, "abs": t.abs, "sign": t.sign, "exp": t.exp, "log": t.log, "sqrt": t.sqrt, "square": t.square,
        "log2": t.log2, "log10": t.log10, "log1p": t.log1p, "expm1": t.expm1, "tanh": t.tanh, "sigmoid": t.sigmoid,
        "softplus": f.softplus, "silu": f.silu, "gelu": f.gelu, "softsign": f.softsign, "logsigmoid": f.logsigmoid,
        "sin": t.sin, "cos": t.cos, "tan": t.tan, "asin": t.asin, "acos": t.acos, "atan": t.atan, "atan2": t.atan2,
        "sec": lambda x: 1 / t.cos(x), "csc": lambda x: 1 / t.sin(x), "cot": lambda x: 1 / t.tan(x),
        "sinh": t.sinh, "cosh": t.cosh, "asinh": t.asinh, "acosh": t.acosh, "atanh": t.atanh, "hypot": t.hypot,
        "erf": t.erf, "erfc": t.erfc, "max": t.maximum, "min": t.minimum, "clip": t.clamp,
        "leaky_relu": lambda x, slope: f.leaky_relu(x, slope.item()),
        "elu": lambda x, alpha: f.elu(x, alpha.item()), "where": lambda c, a, b: t.where(c != 0, a, b),
        "huber": lambda p, y, delta: f.huber_loss(p, y, delta=delta.item()),
        "bce": lambda p, y: f.binary_cross_entropy(p, y),
        "bce_with_logits": lambda z, y: f.binary_cross_entropy_with_logits(z, y), **_shared(),
    }

    def evaluated(function, point):
        given = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
        out = function(*given)
        partials = torch.autograd.grad(out, given, allow_unused=True)
        return out.item(), [None if p is None else p.item() for p in partials]

    return functions, evaluated


def jax():
    """Name to function of floats, which gives (value, partials)."""
    import jax
    from jax import nn
    from jax import numpy as n
    from jax.scipy import special

    jax.config.update("jax_enable_x64", True)
    functions = {
        "relu": nn.relu, "abs": n.abs, "sign": n.sign, "exp": n.exp, "log": n.log, "sqrt": n.sqrt, "square": n.square,
        "log2": n.log2, "log10": n.log10, "log1p": n.log1p, "expm1": n.expm1, "cbrt": n.cbrt, "tanh": n.tanh,
        "sigmoid": nn.sigmoid, "softplus": nn.softplus, "silu": nn.silu,
        "gelu": lambda x: nn.gelu(x, approximate=False), "softsign": nn.soft_sign, "logsigmoid": nn.log_sigmoid,
        "sin": n.sin, "cos": n.cos, "tan": n.tan, "asin": n.arcsin, "acos": n.arccos, "atan": n.arctan,
        "atan2": n.arctan2, "sec": lambda x: 1 / n.cos(x), "csc": lambda x: 1 / n.sin(x), "cot": lambda x: 1 / n.tan(x),
        "sinh": n.sinh, "cosh": n.cosh, "asinh": n.arcsinh, "acosh": n.arccosh, "atanh": n.arctanh, "hypot": n.hypot,
        "erf": special.erf, "erfc": special.erfc, "max": n.maximum, "min": n.minimum, "clip": n.clip,
        "leaky_relu": nn.leaky_relu, "elu": nn.elu,
        "where": lambda c, a, b: n.where(c != 0, a, b), **_shared(),
    }
    compiled = {}

    def evaluated(function, point):
        if function not in compiled:
            compiled[function] = jax.jit(jax.value_and_grad(function, tuple(range(len(point)))))
        out, partials = compiled[function](*map(float, point))
        return float(out), [float(p) for p in partials]

    return functions, evaluated


def _shared():
    return {"add": lambda a, b: a + b, "mul": lambda a, b: a * b, "sub": lambda a, b: a - b, "div": lambda a, b: a / b,
            "neg": lambda x: -x, "pow": lambda a, b: a**b, "identity": lambda x: x + 0,
            "sum": lambda *xs: sum(xs[1:], xs[0]), "mean": lambda *xs: sum(xs[1:], xs[0]) / len(xs)}


def found():
    """The peers that are installed: name to (functions, evaluated)."""
    peers = {}
    for name, make in (("PyTorch", pytorch), ("JAX", jax)):
        try:
            peers[name] = make()
        except ImportError:
            pass
    return peers


def at(peer, name, point):
    """(value, partials) by a peer; None where it does not have the function, or refuses the point."""
    functions, evaluated = peer
    function = functions.get(name)
    try:
        return None if function is None else evaluated(function, point)
    except RuntimeError:
        return None

