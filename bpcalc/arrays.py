"""Arrays: the table's rules on NumPy.

It is loaded when an array appears; graphs of plain numbers never come here.  The rules are the same
texts that run on floats, with ``A if TEST else B`` turned into a choice entry by entry.  Shapes
follow NumPy's broadcasting; a gradient always has the shape of the value it belongs to, so what was
broadcast on the way forward is summed on the way back (``unbroadcast``), here and nowhere else.

In a graph with arrays a value is a float or an ndarray of float64 with at least one axis.
"""

from __future__ import annotations

import ast
import math
from functools import reduce

import numpy as np

from . import special
from .backends import SPECIAL, floats, run_text
from .backends import words as words_of
from .notation import DEPTH
from .ops import FUNCTIONS, TABLE, Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from .graph import Graph

    Array = np.ndarray[Any, np.dtype[np.float64]]
    Value = float | Array


ENTRIES = 100_000_000
"""How many entries an operation may make of fewer: a short text could double an array again and again."""


_COUNTED = 2.0 ** 53
"""Beyond it not every whole number is a double."""


class ShapeError(ValueError):
    """Shapes, axes, labels or indices that do not fit; the message says what is wrong with them."""


# ------------------------------------------------------------------------------------ translation
class _Entrywise(ast.NodeTransformer):
    """A rule over numbers as one over arrays: choices by ``where``, comparisons joined by ``&``."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        parts = [self.visit(part) for part in (node.test, node.body, node.orelse)]
        return ast.Call(ast.Name("where", ast.Load()), parts, [])

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        return _joined([self.visit(value) for value in node.values],
                       ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr())

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        parts = [self.visit(part) for part in (node.left, *node.comparators)]
        return _joined([ast.Compare(left, [test], [right]) for left, test, right in zip(parts, node.ops, parts[1:])],
                       ast.BitAnd())


def _joined(tests: list[ast.expr], sign: ast.operator) -> ast.expr:
    first, *others = tests
    for test in others:
        first = ast.BinOp(first, sign, test)
    return first


def entrywise(text: str) -> str:
    """A rule's text for arrays.

    >>> entrywise("x if x > 0 else slope * x"), entrywise("1 if lo <= x <= hi else 0")
    ('where(x > 0, x, slope * x)', 'where((lo <= x) & (x <= hi), 1, 0)')
    """
    if " if " not in text and " and " not in text and " or " not in text and text.count("<=") < 2 \
            and text.count("<") < 2:
        return text
    return ast.unparse(ast.fix_missing_locations(_Entrywise().visit(ast.parse(text, mode="eval"))))


# -------------------------------------------------------------------------------------- vocabulary
def _by_entry(function: Callable[..., float]) -> Callable[..., Any]:
    made = np.frompyfunc(function, function.__code__.co_argcount if hasattr(function, "__code__") else 1, 1)
    return lambda *args: np.asarray(made(*args), dtype=float)


def _power(a: Any, b: Any) -> Any:
    # Every NumPy's operator, not every np.power, squares by a product; it is also faster for 0.5 and -1.
    return a ** b if isinstance(a, np.ndarray) else np.power(a, b)


def _cbrt(x: Any) -> Any:
    """special.cbrt, digit for digit, of all entries at once."""
    root, size = np.cbrt(x), np.abs(x)
    return np.where((size > 1e-290) & (size < 1e290), root - (root * root * root - x) / (3 * root * root), root)


def unbroadcast(x: Any, shape: tuple[int, ...]) -> Any:
    """``x`` summed over the axes along which ``shape`` was broadcast to its shape."""
    if x.shape == shape:
        return x
    extra = np.ndim(x) - len(shape)
    axes = (*range(extra), *(extra + at for at, size in enumerate(shape) if size == 1 and x.shape[extra + at] != 1))
    return np.reshape(x.sum(axis=axes), shape)


def _two(x: Any, what: str) -> Any:
    if np.ndim(x) == 0:
        raise ShapeError(what)
    return x


def _matmul(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        raise ShapeError("the product of numbers is *; @ multiplies arrays")
    if np.ndim(a) > 1 and np.ndim(b) > 1:
        _bounded(a.shape[-2] * b.shape[-1] * math.prod(np.broadcast_shapes(a.shape[:-2], b.shape[:-2])))
    return np.matmul(a, b)


def _swap(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def _matmul_left(g: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:
        return g * b if a.ndim == 1 else unbroadcast(g[..., None] * b, a.shape)
    if a.ndim == 1:
        return unbroadcast(np.matmul(b, g[..., None])[..., 0], a.shape)
    return unbroadcast(np.matmul(g, _swap(b)), a.shape)


def _matmul_right(g: Any, a: Any, b: Any) -> Any:
    if a.ndim == 1:
        return g * a if b.ndim == 1 else unbroadcast(a[:, None] * g[..., None, :], b.shape)
    if b.ndim == 1:
        return unbroadcast(np.matmul(_swap(a), g[..., None])[..., 0], b.shape)
    return unbroadcast(np.matmul(_swap(a), g), b.shape)


def _outer(a: Any, b: Any) -> Any:
    if np.ndim(a) != 1 or np.ndim(b) != 1:
        raise ShapeError("outer takes two vectors")
    _bounded(np.size(a) * np.size(b))
    return np.outer(a, b)


def _bounded(entries: int) -> None:
    """Refuse an array that is too large before it is made; raises ShapeError."""
    if entries > ENTRIES:
        raise ShapeError(f"the result would have {entries:,} entries, and the limit is {ENTRIES:,}")


def _transpose(x: Any) -> Any:
    if np.ndim(x) == 0:
        raise ShapeError("a single number has no rows and columns")
    return np.transpose(x)


def _axis(x: Any, axis: int | None) -> int | None:
    """The axis counted from the front; raises ShapeError when the array has none such."""
    if np.ndim(x) == 0:
        if axis is None:
            return None
        raise ShapeError("a single number has no axis")
    if axis is not None and not -np.ndim(x) <= axis < np.ndim(x):
        raise ShapeError(f"there is no axis {axis}")
    return axis


def whole(value: Any, what: str) -> Any:
    """Numbers as whole ones, for labels and indices; raises ShapeError for any other, and for what no array has."""
    found = np.asarray(value, dtype=float)
    for wrong, words in ((found != np.rint(found), "must be a whole number, not {:g}"),
                         (np.abs(found) > _COUNTED, "of {:g} is too large")):
        if np.any(wrong):
            raise ShapeError(f"{what} {words.format(found[wrong].flat[0])}")
    return found.astype(np.int64)


def _one_whole(value: Any, what: str) -> int:
    found = whole(value, what)
    if found.ndim:
        raise ShapeError(f"{what} is one number")
    return int(found)


def _outside(found: Any, first: int, end: int) -> Any:
    """Those of some whole numbers that are not from ``first`` to below ``end``."""
    numbers = np.asarray(found)
    return numbers[(numbers < first) | (numbers >= end)]


def _position(at: Sequence[Any], xs: Sequence[Any]) -> tuple[Any, ...]:
    """NumPy's index from the parts of the text's: a number's place among ``xs``, or a slice of such."""
    return tuple(_slice(item, xs) if isinstance(item, tuple) else whole(xs[item], "an index")[()] for item in at)


def _slice(places: Sequence[int | None], xs: Sequence[Any]) -> slice:
    parts = [None if place is None else _one_whole(xs[place], f"a slice's {part}")
             for place, part in zip(places, ("start", "end", "step"))]
    if parts[2:] == [0]:
        raise ShapeError("a slice's step must not be 0")
    return slice(*parts)


def _take(xs: Sequence[Any], at: Sequence[Any]) -> Any:
    x = xs[0]
    if np.ndim(x) == 0:
        raise ShapeError("a single number has no entries")
    if len(at) > np.ndim(x):
        raise ShapeError(f"{len(at)} indices for {np.ndim(x)} axes")
    place = _position(at, xs)
    many = [part.shape for part in place if isinstance(part, np.ndarray)]
    if many:
        kept = [size for size, part in zip(x.shape, place) if isinstance(part, slice)]
        _bounded(math.prod((*kept, *x.shape[len(place):], *np.broadcast_shapes(*many))))
    try:
        found = x[place]
    except IndexError:
        axis, wrong = next((axis, wrong) for axis, index in enumerate(place) if not isinstance(index, slice)
                           for wrong in _outside(index, -x.shape[axis], x.shape[axis]).flat)
        raise ShapeError(f"the index {wrong} is outside the array: axis {axis} has the entries 0 to "
                         f"{x.shape[axis] - 1}") from None
    if found.size == 0:
        raise ShapeError("the slice is empty")
    return found


def _put_back(g: Any, xs: Sequence[Any], at: Sequence[Any]) -> Any:
    made = np.zeros(xs[0].shape)
    np.add.at(made, _position(at, xs), g)
    return made


def _stack(xs: Sequence[Any], axis: int) -> Any:
    if any(np.ndim(x) == DEPTH for x in xs):
        raise ShapeError(f"an array has at most {DEPTH} dimensions")
    _bounded(sum(map(np.size, xs)))
    _axis(np.expand_dims(xs[0], 0), axis)          # the result has one axis more
    return np.stack(xs, axis)


def _unstack(g: Any, slot: int, axis: int) -> Any:
    return np.take(g, slot, axis)


def _concat(xs: Sequence[Any], axis: int) -> Any:
    _bounded(sum(map(np.size, xs)))
    parts = [_two(x, "a single number has no axis to join along") for x in xs]
    _axis(parts[0], axis)
    return np.concatenate(parts, axis)


def _unconcat(g: Any, xs: Sequence[Any], slot: int, axis: int) -> Any:
    start = sum(x.shape[axis] for x in xs[:slot])
    return np.take(g, range(start, start + xs[slot].shape[axis]), axis)


def _reshape(x: Any, shape: tuple[int, ...]) -> Any:
    return np.reshape(x, shape)


def _total(x: Any, axis: int | None, keep: int) -> Any:
    return np.sum(x, axis=_axis(x, axis), keepdims=bool(keep))


def _length(x: Any, axis: int | None) -> int:
    return int(np.size(x) if axis is None else np.shape(x)[axis])


def _spread(g: Any, x: Any, axis: int | None, keep: int) -> Any:
    """What came out of a reduction of ``x``, copied to every entry it came from."""
    if axis is not None and not keep:
        g = np.expand_dims(g, axis)
    return np.broadcast_to(g, np.shape(x))


def _largest_along(x: Any, axis: int | None, keep: int) -> Any:
    several = _two(x, "one number has no largest; give two numbers or an array")
    return np.max(several, axis=_axis(x, axis), keepdims=bool(keep))


def _smallest_along(x: Any, axis: int | None, keep: int) -> Any:
    several = _two(x, "one number has no smallest; give two numbers or an array")
    return np.min(several, axis=_axis(x, axis), keepdims=bool(keep))


def _shares(x: Any, out: Any, axis: int | None, keep: int) -> Any:
    winners = x == _spread(out, x, axis, keep)
    return winners / np.sum(winners, axis=axis, keepdims=True)


def _tied(x: Any, out: Any, axis: int | None, keep: int) -> Any:
    return np.sum(x == _spread(out, x, axis, keep), axis=axis) > 1


def _product(x: Any, axis: int | None, keep: int) -> Any:
    return np.prod(x, axis=_axis(x, axis), keepdims=bool(keep))


def _other_products(x: Any, axis: int | None) -> Any:
    # Products from both sides: dividing the whole product by an entry fails where one is 0.
    if np.ndim(x) == 0:
        return 1.0
    flat = np.moveaxis(np.reshape(x, -1) if axis is None else x, 0 if axis is None else axis, 0)
    one = np.ones_like(flat[:1])
    before = np.concatenate([one, np.cumprod(flat[:-1], axis=0)])
    after = np.concatenate([np.cumprod(flat[:0:-1], axis=0)[::-1], one])
    return np.reshape(before * after, np.shape(x)) if axis is None else np.moveaxis(before * after, 0, axis)


def _length_of(x: Any, axis: int | None, keep: int) -> Any:
    # Scaled by the largest entry, so that no square overflows.
    axis = _axis(x, axis)
    scale = np.max(np.abs(x), axis=axis, keepdims=True)
    scale = np.where(scale == 0, 1.0, scale)
    root = scale * np.sqrt(np.sum((x / scale) ** 2, axis=axis, keepdims=True))
    return root if keep else np.reshape(root, np.shape(np.sum(x, axis=axis)))


def _log_sum_exp(x: Any, axis: int, keep: int) -> Any:
    axis_ = _axis(_two(x, "needs an array"), axis)
    top = np.max(x, axis=axis_, keepdims=True)
    found = top + np.log(np.sum(np.exp(x - top), axis=axis_, keepdims=True))
    return found if keep else np.squeeze(found, axis=axis_)


def _softmax(x: Any, axis: int) -> Any:
    axis_ = _axis(_two(x, "needs an array"), axis)
    raised = np.exp(x - np.max(x, axis=axis_, keepdims=True))
    return raised / np.sum(raised, axis=axis_, keepdims=True)


def _log_softmax(x: Any, axis: int) -> Any:
    return x - _log_sum_exp(x, axis, 1)


def _labelled(y: Any, classes: int) -> Any:
    """Labels as whole numbers; raises ShapeError for one of no class."""
    labels = whole(y, "a label")
    for wrong in _outside(labels, 0, classes).flat:
        raise ShapeError(f"the label {wrong} lies outside 0 to {classes - 1}; classes count from 0")
    return labels


def _one_hot(y: Any, n: Any) -> Any:
    size = _one_whole(n, "the number of classes")
    if size < 1:
        raise ShapeError(f"the number of classes is at least 1, not {size}")
    labels = _labelled(y, size)
    _bounded(labels.size * size)
    return np.asarray(labels[..., None] == np.arange(size), dtype=float)


def _labels(s: Any, y: Any) -> Any:
    """The labels as whole numbers, checked against the scores' shape."""
    if np.ndim(s) == 0 or np.shape(s)[:-1] != np.shape(y):
        raise ShapeError("a label is needed for each row of scores")
    return _labelled(y, s.shape[-1])


def _mark(s: Any, y: Any) -> Any:
    return np.eye(s.shape[-1])[_labels(s, y)]


def _pick(s: Any, y: Any) -> Any:
    return np.take_along_axis(s, _labels(s, y)[..., None], -1)[..., 0]


def _margins(s: Any, y: Any, margin: Any) -> Any:
    if np.ndim(margin) != 0:
        raise ShapeError("the margin is one number")
    right = _pick(s, y)
    return np.where(_mark(s, y) == 1, 0.0, s - right[..., None] + margin)


def _violation(s: Any, y: Any, margin: Any) -> Any:
    return np.sum(np.maximum(_margins(s, y, margin), 0.0), axis=-1)


def _violated(s: Any, y: Any, margin: Any) -> Any:
    return (_margins(s, y, margin) > 0).astype(float)


def _on_edge(s: Any, y: Any, margin: Any) -> Any:
    return np.any((_margins(s, y, margin) == 0) & (_mark(s, y) == 0))


_NATIVE = {
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "log2": np.log2, "log10": np.log10, "log1p": np.log1p,
    "expm1": np.expm1, "tanh": np.tanh, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2, "sinh": np.sinh, "cosh": np.cosh,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "hypot": np.hypot, "pow": _power, "abs": np.abs,
    "erf": _by_entry(math.erf), "where": np.where, "pi": math.pi,
    "largest": lambda xs: reduce(np.maximum, xs), "smallest": lambda xs: reduce(np.minimum, xs),
    "ties": lambda xs, out: reduce(np.add, [x == out for x in xs], 0),  # from 0: a sum of booleans is a boolean
    "add_up": lambda xs: reduce(np.add, xs), "count": len,
}

vocabulary: dict[str, Any] = {
    "matmul": _matmul, "matmul_left": _matmul_left, "matmul_right": _matmul_right, "outer": _outer,
    "transpose": _transpose, "take": _take, "put_back": _put_back, "stack": _stack, "unstack": _unstack,
    "concat": _concat, "unconcat": _unconcat, "reshape": _reshape, "shape_of": np.shape, "total": _total,
    "length": _length, "spread": _spread, "largest_along": _largest_along, "smallest_along": _smallest_along,
    "shares": _shares, "tied": _tied, "product": _product, "other_products": _other_products,
    "length_of": _length_of, "log_sum_exp": _log_sum_exp, "softmax": _softmax, "log_softmax": _log_softmax,
    "one_hot": _one_hot, "mark": _mark, "pick": _pick, "violation": _violation, "violated": _violated,
    "on_edge": _on_edge, "last": lambda g: np.expand_dims(g, -1),
}
"""What structural rows may call besides the elementwise functions."""

_OWN = {FUNCTIONS["pow"].forward: "pow(a, b)"}
"""Rules that NumPy has as they are: its power squares by a product, and a choice would compute both for every entry."""


class Arrays:
    """Rules as functions of ndarrays."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {
            "__builtins__": {}, **_NATIVE, **vocabulary,
            **{name: _by_entry(getattr(special, name)) for name in SPECIAL},
            "tanh_gap": special.tanh_gap,          # arithmetic alone: the same on arrays, in a tenth of the time
            "cbrt": _cbrt,
        }
        self._rules: dict[tuple[tuple[str, ...], str], Callable[..., Any]] = {}

    def rule(self, params: tuple[str, ...], text: str) -> Callable[..., Any]:
        """The function ``(*params) -> array`` that a rule's text describes."""
        key = (params, text)
        found = self._rules.get(key)
        if found is None:
            translated = self.prepared(text)
            found = self._rules[key] = run_text(f"made = lambda {', '.join(params)}: {translated}",
                                                f"rule {text}", self.names)
        return found

    def prepared(self, text: str) -> str:
        """A rule's text for arrays; the rows that it names are functions afterwards."""
        translated = entrywise(_OWN.get(text, text))
        for word in words_of(translated):
            row = FUNCTIONS.get(word)
            if row is not None and word not in self.names:
                self.names[word] = self.rule(row.params, row.forward)
        return translated


_ARRAYS: Arrays | None = None


def arrays() -> Arrays:
    """The one Arrays of this process."""
    global _ARRAYS
    if _ARRAYS is None:
        _ARRAYS = Arrays()
    return _ARRAYS


# ---------------------------------------------------------------------------------- one operation
# Branches that are not chosen are computed all the same: what goes wrong in them is no one's business.
_quietly = np.errstate(all="ignore")


def _tidy(found: Any) -> Value:
    return float(found) if np.ndim(found) == 0 else np.asarray(found, dtype=float)


def _all_floats(given: Sequence[Value]) -> bool:
    return all(type(x) is float for x in given)


@_quietly
def value(row: Op, given: Sequence[Value], statics: dict[str, Any]) -> Value:
    """The value of an operation.

    Raises ShapeError or ValueError where shapes do not fit, ArithmeticError or ValueError outside the
    domain of numbers; of arrays, entries outside the domain come out nan or infinite.
    """
    if row.structural:
        rule = arrays().rule((*row.params, *row.statics), row.forward)
        return _tidy(rule(*([given] if row.variadic else given), *statics.values()))
    if _all_floats(given):
        if row.guarded and outside(row, given) is not None:
            raise ValueError
        return float(floats().forward(row)(*([given] if row.variadic else given)))
    points = [np.asarray(x) for x in given]
    shapes = {x.shape for x in points if x.ndim}
    if len(shapes) > 1:
        _bounded(math.prod(np.broadcast_shapes(*shapes)))
    if row.guarded and outside(row, given) is not None:
        raise ValueError
    return _tidy(np.broadcast_arrays(arrays().rule(row.params, row.forward)(*([points] if row.variadic else points)),
                                     *points)[0])


@_quietly
def outside(row: Op, given: Sequence[Value]) -> tuple[str, Any] | None:
    """The words for the domain that ``given`` is outside of, and where: an index, or None for numbers."""
    points = [np.asarray(x) for x in given]
    for test, words in row.domain:
        inside = np.broadcast_arrays(arrays().rule(row.params, test)(*points), *points)[0]
        if not np.all(inside):
            return words, tuple(int(i) for i in np.argwhere(~inside.astype(bool))[0])
    return None


@_quietly
def local(row: Op, slot: int, given: Sequence[Value], out: Value) -> Value | None:
    """The local gradient of an elementwise operation: as large as its result; nan where undefined.

    None for a number that does not exist, and for structural operations.
    """
    if row.structural:
        return None
    if _all_floats(given):
        try:
            rule = floats().partial(row, slot)
            found = float(rule(given, given[slot], out) if row.variadic else rule(*given, out))
        except (ArithmeticError, ValueError):
            return None
        return found if math.isfinite(found) else None
    points = [np.asarray(x) for x in given]
    params = ("xs", "x", "out") if row.variadic else (*row.params, "out")
    args = (points, points[slot], out) if row.variadic else (*points, out)
    raw = np.broadcast_to(np.asarray(arrays().rule(params, row.partial(slot))(*args), dtype=float), np.shape(out))
    return np.where(np.isfinite(raw), raw, np.nan)


@_quietly
def product(row: Op, slot: int, given: Sequence[Value], out: Value, statics: dict[str, Any], g: Value) -> Value:
    """What flows back to argument ``slot``: upstream × local, or the structural rule; in the argument's shape."""
    shape = np.shape(given[slot])
    if row.structural:
        params = (*row.params, "out", "g", "slot", *row.statics)
        rule = arrays().rule(params, row.pull(slot))
        found = rule(*([given] if row.variadic else given), out, np.asarray(g), slot, *statics.values())
        return _tidy(np.reshape(found, shape))
    number = local(row, slot, given, out)
    if number is None:
        number = math.nan
    return _tidy(unbroadcast(np.multiply(g, number), shape))


@_quietly
def at_kink(row: Op, test: str, given: Sequence[Value], out: Value, statics: dict[str, Any]) -> bool:
    """Whether any entry is at the kink that ``test`` describes."""
    points = list(given) if row.structural else [np.asarray(x) for x in given]
    rule = arrays().rule((*row.params, "out", *row.statics), test)
    return bool(np.any(rule(*([points] if row.variadic else points), out, *statics.values())))


# ------------------------------------------------------------------------------------ whole passes
def forward(graph: Graph, values: list[Any]) -> None:
    """Append the value of every node from ``len(values)`` on, as the float loop does."""
    for k in range(len(values), len(graph)):
        row = TABLE[graph.ops[k]]
        if row.params:
            values.append(value(row, [values[i] for i in graph.args(k)], graph.statics.get(k, _NONE)))
        else:
            values.append(graph.a[k])


_NONE: dict[str, Any] = {}


def backward(graph: Graph, values: Sequence[Any], grads: list[Any], live: bytearray) -> None:
    """The reverse sweep over the nodes that are ``live``; ``grads`` holds the output's, and None elsewhere."""
    for k in range(graph.output, len(graph.inputs) - 1, -1):
        g = grads[k]
        row = TABLE[graph.ops[k]]
        if g is None or not live[k] or not row.params:
            continue
        args = graph.args(k)
        given = [values[i] for i in args]
        for slot, i in enumerate(args):
            if live[i] and row.flows(slot):
                part = product(row, slot, given, values[k], graph.statics.get(k, _NONE), g)
                grads[i] = part if grads[i] is None else grads[i] + part
    for k, g in enumerate(grads):
        if g is None:
            grads[k] = zeros(values[k])


# -------------------------------------------------------------------------------------- small help
def zeros(like: Value) -> Value:
    """Zero, in the shape of ``like``."""
    return 0.0 if type(like) is float else np.zeros(np.shape(like))


def ones(like: Value) -> Value:
    """One, in the shape of ``like``."""
    return 1.0 if type(like) is float else np.ones(np.shape(like))


def quiet() -> np.errstate:
    """A context in which infinities and nan arise in silence."""
    return np.errstate(all="ignore")


def shape_of(x: Value) -> tuple[int, ...]:
    """The shape of an array; () for a number."""
    return () if type(x) is float else np.shape(x)


def as_floats(x: Any) -> Array:
    """Anything numeric as an ndarray of float64, a number as one without axes."""
    return np.asarray(x, dtype=float)


def root(x: Value) -> Value:
    """The square root of every entry."""
    return math.sqrt(x) if type(x) is float else np.sqrt(x)


def is_finite(x: Any) -> bool:
    """Whether every entry is finite."""
    return bool(np.isfinite(x).all())


def overflowed(x: Any) -> bool:
    """Whether any entry is infinite."""
    return bool(np.isinf(x).any())


def without_infinities(x: Value) -> Value:
    """An array with nan, which stands for what does not exist, in the place of infinities."""
    return x if type(x) is float else np.where(np.isfinite(x), x, np.nan)


def broadcast(x: Value, shape: tuple[int, ...]) -> Value:
    """``x`` in this shape; raises ShapeError where it does not fit."""
    try:
        return _tidy(np.broadcast_to(x, shape))
    except ValueError:
        raise ShapeError(f"shape {np.shape(x)} does not fit {shape}") from None


def as_value(x: Any) -> Value:
    """Anything NumPy takes for numbers, as a float or an ndarray of float64.

    Raises ShapeError for text, ragged lists, complex numbers and empty arrays.
    """
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(x)
    except ValueError:
        raise ShapeError("the rows do not have the same length") from None
    if found.dtype.kind not in "bifu":
        raise ShapeError("an array holds numbers only")
    if found.size == 0:
        raise ShapeError("an array has at least one entry")
    return _tidy(found)


def load(path: str) -> Value:
    """The array in a .npy file; NumPy reads numbers only, never objects, unless it is told to.

    Raises OSError, or ShapeError for anything that is not an array of numbers.
    """
    try:
        found = np.load(path)
    except ValueError:
        raise ShapeError("it is not an array of numbers in NumPy's format") from None
    except EOFError:
        raise ShapeError("the file is empty") from None
    if not isinstance(found, np.ndarray):
        found.close()
        raise ShapeError("it holds several arrays")
    return as_value(found)


def entries(x: Value) -> Iterator[tuple[tuple[int, ...], float]]:
    """Every entry with its index, row by row; of a number the number itself."""
    if type(x) is float:
        yield (), x
    else:
        for at, entry in np.ndenumerate(x):
            yield at, float(entry)
