"""One graph, many times: its value and its gradients as straight-line code made from the table's rules.

Every node becomes an assignment and every gradient another, in the order of the engine's two passes;
what is known beforehand is written in as a number.  Long graphs are cut into several functions, so that
CPython's compiler never sees more than CHUNK lines at once.

The code is right where everything is finite.  Where something is not, it says so, and the caller asks
the engine's own passes, which know how to say what happened.
"""

from __future__ import annotations

from functools import cache
from itertools import chain
from math import isfinite

from .backends import floats, in_floats, renamed, words
from .ops import BY_NAME, Op, choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TypeVar

    T = TypeVar("T")

    from .graph import Graph

CHUNK = 1_000
"""Lines in one function."""

_TERMS = 100

_LONGEST = 160
"""Characters of a line into which others are written."""

_TRANSPARENT = frozenset(BY_NAME[name].code for name in (
    "add", "sub", "mul", "neg", "identity", "square", "abs", "sin", "cos", "log", "sqrt"))
"""Operations that raise, or whose result is not finite, wherever one of their arguments is not."""


class Line:
    """``target = text``, and the names that the text reads; a statement where there is no target."""

    __slots__ = ("reads", "target", "text")

    def __init__(self, target: str, text: str, reads: Iterable[str]) -> None:
        self.target = target
        self.text = text
        self.reads = frozenset(name for name in reads if _is_name(name))

    def __str__(self) -> str:
        return f"{self.target} = {self.text}" if self.target else self.text


class Straight:
    """The lines for a graph's value and gradients, and the names of what they give.

    ``free`` are the nodes whose values are given at every evaluation, in order: ``arguments`` are their
    names.  ``known`` are values of other nodes.  ``results`` are the output's value and the gradients of
    ``leaves``.  ``guards`` are tests that must hold, and ``checks`` values that must be finite: where
    they and the results are, so is everything on the way.  ``write`` puts names into a rule's text.
    """

    def __init__(self, graph: Graph, free: Sequence[int], leaves: Sequence[int], live: bytearray,
                 known: Mapping[int, float], upstream: float = 1.0,
                 write: Callable[[Op, str, Mapping[str, str]], str] | None = None) -> None:
        self.graph = graph
        self.live = live
        self.write = write or (lambda row, text, names: renamed(text, dict(names)))
        self.forward: list[Line] = []
        self.guards: list[Line] = []
        self.backward: list[Line] = []
        self.names = {k: f"v{k}" for k in free}
        self.known = dict(known)
        self.names.update((k, number(value)) for k, value in known.items())
        self.arguments = [self.names[k] for k in free]
        self.checks = self._forward(frozenset(free))
        self.results = [self.names[graph.output], *self._backward(leaves, upstream)]

    def checked(self) -> list[Line]:
        """All lines in order, with those that raise ValueError where something does not hold or is not finite."""
        # A sum that overflows though its terms are finite only costs the caller a second look.
        checks = [Line("", f"if not isfinite({' + '.join(names)}): raise ValueError", names)
                  for names in _portions([*self.checks, *self.results[1:]], _TERMS)]
        guards = [Line("", f"if not ({line.text}): raise ValueError", line.reads) for line in self.guards]
        return _folded([*self.forward, *guards, *self.backward, *checks])

    def _forward(self, free: frozenset[int]) -> list[str]:
        graph, names = self.graph, self.names
        opaque = {graph.output}
        for k in range(len(graph)):
            if k in names:
                continue
            row, args = graph.row(k), graph.args(k)
            if not row.params:
                names[k], self.known[k] = number(graph.a[k]), graph.a[k]
            elif row.name == "identity":
                names[k] = names[args[0]]
                if args[0] in self.known:
                    self.known[k] = self.known[args[0]]
            else:
                if row.variadic:
                    self.forward.append(Line(f"xs{k}", f"[{', '.join(names[i] for i in args)}]",
                                             (names[i] for i in args)))
                if self._is_constant(k):
                    names[k] = number(self.known[k])
                    continue
                names[k] = f"v{k}"
                if row.guarded:
                    self.guards += [Line("", *self.placed(test, k)) for test, _ in row.domain]
                self.forward.append(Line(names[k], *self.placed(in_floats(row.forward), k)))
            if row.name == "div":
                opaque.add(args[1])
            elif row.code not in _TRANSPARENT and not (row.name == "pow" and self.known.get(args[1]) == 2):
                opaque.update(args)
        given = {names[k] for k in free}
        return sorted({names[k] for k in opaque if _is_name(names[k])} - given) or ["0.0"]

    def _is_constant(self, k: int) -> bool:
        """Whether the value of node ``k`` follows from what is known; then it is known, too."""
        row, args = self.graph.row(k), self.graph.args(k)
        if row.guarded or not all(i in self.known for i in args):
            return False
        given = [self.known[i] for i in args]
        try:
            value = float(floats().forward(row)(*([given] if row.variadic else given)))
        except (ArithmeticError, ValueError):
            return False
        if isfinite(value):
            self.known[k] = value
        return isfinite(value)

    def _backward(self, leaves: Sequence[int], upstream: float) -> list[str]:
        graph, live = self.graph, self.live
        arrived: dict[int, list[tuple[str, frozenset[str]]]] = {graph.output: [(number(upstream), frozenset())]}
        found: dict[int, str] = {}
        for k in range(graph.output, -1, -1):
            terms = arrived.pop(k, None)
            if terms is None or not live[k]:
                continue
            if len(terms) > 1:
                terms = _counted(terms)
            own = terms[0][0]
            if len(terms) > 1 or not (_is_name(own) or own == number(upstream)):
                own = f"g{k}"
                self._add_up(own, terms)
            found[k] = own
            if self.graph.row(k).variadic:
                # Counted once: with many arguments, counting anew for each of them would be quadratic.
                self.backward.append(Line(f"xt{k}", f"ties(xs{k}, {self.names[k]})", (f"xs{k}", self.names[k])))
            for slot, i in enumerate(graph.args(k)):
                if live[i]:
                    arrived.setdefault(i, []).append(self._term(k, slot, own))
        return [found.get(k, "0.0") for k in leaves]

    def _add_up(self, target: str, terms: Sequence[tuple[str, frozenset[str]]]) -> None:
        # In portions, as CPython cannot compile a sum of thousands of terms.
        so_far: list[tuple[str, frozenset[str]]] = []
        for portion in _portions(terms, _TERMS):
            text = " + ".join(text for text, _ in (*so_far, *portion)).replace("+ -", "- ")
            self.backward.append(Line(target, text, chain.from_iterable(reads for _, reads in (*so_far, *portion))))
            so_far = [(target, frozenset((target,)))]

    def _term(self, k: int, slot: int, own: str) -> tuple[str, frozenset[str]]:
        """Upstream times local."""
        text, reads = self.placed(self.graph.row(k).partial(slot), k, slot)
        if text == "1":
            return own, frozenset((own,))
        if text == "-1":
            return f"-{own}", frozenset((own,))
        if own == "1.0":
            return (text if _is_name(text) else f"({text})"), reads
        return f"{own} * ({text})", frozenset((*reads, own))

    def placed(self, text: str, k: int, slot: int = 0) -> tuple[str, frozenset[str]]:
        """A rule of node ``k`` over the code's names, and those it may read."""
        row, args = self.graph.row(k), self.graph.args(k)
        names = {"out": self.names[k]}
        numbers = {param: self.known[i] for param, i in zip(row.params, args) if i in self.known}
        if numbers and not row.variadic:
            text = _decided(text, numbers, {*row.params, "out"})
            if numbers.get("b") == 2:
                # Squares are what losses are made of.
                text = text.replace("pow(a, b - 1)", "a")
        if row.variadic:
            names.update(xs=f"xs{k}", x=self.names[args[slot]], t=f"xt{k}")
            text = text.replace("ties(xs, out)", "t")
        else:
            names.update(zip(row.params, (self.names[i] for i in args)))
        return self.write(row, text, names), frozenset([names[word] for word in _words(text) if word in names])


def _folded(lines: Sequence[Line]) -> list[Line]:
    """The lines, with what one line alone reads written where it is read: a variable costs more than brackets.

    Results, and what stands in a choice and might not be computed there, are read by the checks, too.
    """
    reader: dict[str, Line | None] = {}
    for line in lines:
        for name in line.reads:
            reader[name] = None if name in reader else line
    found = []
    for line in lines:
        into = reader.get(line.target)
        parts = into.text.split(line.target) if into is not None and into.target else []
        if into is None or len(parts) != 2 or len(into.text) + len(line.text) > _LONGEST:
            found.append(line)
        else:
            into.text = f"{parts[0]}({line.text}){parts[1]}"
            into.reads = into.reads - {line.target} | line.reads
    return found


def _counted(terms: Sequence[tuple[str, frozenset[str]]]) -> list[tuple[str, frozenset[str]]]:
    """The terms of a sum, the two of a square as one if they come first: else the sum would round differently."""
    (text, reads), *others = terms
    return [(f"2.0 * {text}", reads), *others[1:]] if others[0] == terms[0] else list(terms)


def _decided(text: str, numbers: Mapping[str, float], names: set[str]) -> str:
    """A rule without the choices that these numbers decide."""
    while True:
        yes, test, no = choice(text)
        if not test or "(" in test or yes.count("(") != yes.count(")"):
            return text
        # Of `a == 0 or b == 2` a known b alone may be enough.
        known = [part for part in test.split(" or ") if words(part) & names <= numbers.keys()]
        if any(floats().rule(tuple(numbers), part)(*numbers.values()) for part in known):
            text = yes
        elif " or ".join(known) == test:
            text = no
        else:
            return text


@cache
def _words(rule: str) -> set[str]:
    return words(rule)


def number(value: float) -> str:
    """A number as part of a rule's text."""
    return f"({value!r})" if value < 0 or str(value)[0] == "-" else repr(value)


def _is_name(text: str) -> bool:
    return text[0] in "vgx" and text.isalnum()


# ------------------------------------------------------------------------------------------- floats
def on_floats(graph: Graph, free: Sequence[int], leaves: Sequence[int], live: bytearray,
              known: Mapping[int, float], upstream: float = 1.0) -> Callable[..., Sequence[float]]:
    """``f(*free)``: the output's value and the gradients of ``leaves``, all finite.

    It raises ArithmeticError or ValueError where something does not exist or is not finite.  Compiling
    costs some 15 µs a node and then saves four fifths of an evaluation (tests/bench/repeat.py).
    """
    code = Straight(graph, free, leaves, live, known, upstream)
    rows = {graph.row(k) for k in range(len(graph))}
    lines = code.checked()
    returned = f"return ({', '.join(code.results)},)"
    if len(lines) <= CHUNK:
        head = f"def made({', '.join(code.arguments)}):"
        return floats().compiled("\n ".join([head, *map(str, lines), returned]), rows)
    return _in_chunks(code, lines, rows)


def loop_on_floats(graph: Graph, leaves: Sequence[int], live: bytearray, known: Mapping[int, float], upstream: float,
                   rate: float) -> Callable[..., tuple[int, Sequence[float], Sequence[float]]] | None:
    """``f(steps, until, patience, losses, rises, *weights)``: steps of gradient descent, weight + (-rate * gradient).

    Each appends the loss at the weights to ``losses`` and updates them.  They end after ``steps``, where the
    loss changed by no more than ``until``, where it rose ``patience`` times in a row (``rises`` of them
    before), and before a step in which something is not finite.  Given back are the rises so far, the
    weights of the last loss and the updated ones.  None for graphs whose code would be longer than CHUNK.
    """
    code = Straight(graph, leaves, leaves, live, known, upstream)
    updates = [f"x{weight}" for weight in code.arguments]
    for target, weight, slope in zip(updates, code.arguments, code.results[1:]):
        code.backward.append(Line(target, f"{weight} + {number(-rate)} * {slope}", (weight, slope)))
    code.results[1:] = updates
    lines = code.checked()
    if len(lines) > CHUNK:
        return None
    weights, before, after = (", ".join(names) + "," for names in (
        code.arguments, [f"old{weight}" for weight in code.arguments], updates))
    source = [
        f"def made(_steps, _until, _patience, _losses, _rises, {weights}):",
        f" _put, _last, ({before}) = _losses.append, _losses[-1], ({weights})",
        " try:",
        "  for _ in range(_steps):",
        *(f"   {line}" for line in lines),
        f"   _loss = {code.results[0]}",
        "   _put(_loss)",
        f"   {before} {weights} = {weights} {after}".replace(", =", " ="),
        "   _change, _last = _loss - _last, _loss",
        "   _rises = _rises + 1 if _change > 0 else 0",
        "   if -_until <= _change <= _until or _rises == _patience: break",
        " except (ArithmeticError, ValueError): pass",
        f" return _rises, ({before}), ({weights})",
    ]
    return floats().compiled("\n".join(source), {graph.row(k) for k in range(len(graph))})


def _portions(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[at:at + size] for at in range(0, len(items), size)]


def _in_chunks(code: Straight, lines: Sequence[Line], rows: Iterable[Op]) -> Callable[..., Sequence[float]]:
    """Functions of CHUNK lines each, one after the other; what later ones read goes through a list."""
    chunks = _portions(lines, CHUNK)
    last_read: dict[str, int] = dict.fromkeys(filter(_is_name, code.results), len(chunks))
    for at in range(len(chunks) - 1, -1, -1):
        for line in chunks[at]:
            for name in line.reads:
                last_read.setdefault(name, at)
    places = {name: at for at, name in enumerate(code.arguments)}
    functions = []
    for at, chunk in enumerate(chunks):
        made = {line.target for line in chunk}
        loads = sorted({name for line in chunk for name in line.reads} & places.keys())
        stores = sorted(name for name in made if last_read.get(name, -1) > at)
        for name in stores:
            places.setdefault(name, len(places))
        source = ["def made(_s):", *(f"{name} = _s[{places[name]}]" for name in loads), *map(str, chunk),
                  *(f"_s[{places[name]}] = {name}" for name in stores), "return None"]
        functions.append(floats().compiled("\n ".join(source), rows))
    spread = floats().compiled(
        f"def made(_s): return ({', '.join(_stored(name, places) for name in code.results)},)", ())
    room = [0.0] * (len(places) - len(code.arguments))

    def evaluate(*given: float) -> Sequence[float]:
        state = [*given, *room]
        for function in functions:
            function(state)
        found: Sequence[float] = spread(state)
        return found

    return evaluate


def _stored(name: str, places: Mapping[str, int]) -> str:
    return f"_s[{places[name]}]" if name in places else name
