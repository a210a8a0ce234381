"""The run once more in exact numbers: -3/8 and not -0.375, e^(-1) and not 0.367879.

sympy works out every step from the numbers before it, in a child process that is killed when its time
is up; what it is given are operations by name and fractions, never text of the user's.  A number that
was given counts as what it is short for: 0.1 is 1/10, 0.3333333333333333 is 1/3, 0.7853981633974483
is pi/4, 1.4142135623730951 is sqrt(2).  A number whose exact form is too long to read, or that sympy
gives up, stays the decimal it was.

A form that comes back is read with bpcalc's own parser, evaluated, and taken only if it is the number
it says it is.
"""

from __future__ import annotations

from fractions import Fraction
from math import isclose, pi, sqrt

from .backends import Symbols
from .child import SECONDS, ask, serve
from .engine import Gradients, Trace, forward
from .errors import BpcalcError, Source
from .formula import compose
from .kept import KeptGradients
from .notes import remarks
from .ops import BY_NAME, CONSTANT, NAMED_CONSTANTS, choice
from .syntax import parse
from .written import ATOM, SIGNED, Written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO, Any

    from .formula import Piece
    from .graph import Graph

LONGEST = 32
"""Longer forms are not shown."""
NODES = 5_000
"""Of larger graphs no exact numbers are worked out; sympy takes a millisecond or so for each."""

_GIVEN = ("number", "turns", "root", "constant")
"""Kinds of numbers that were given, where others have the name of an operation."""
_DENOMINATOR = 10**6
_PARTS = 1_000
"""The largest denominator of a fraction of pi, or under a root."""
_DIGITS = 60
_OPERATIONS = 40
_POWER = 64
_ROUNDS = 4


class ExactGradients(KeptGradients):
    """Gradients, and their parts, that are Written where they have an exact form."""

    __slots__ = ("_products",)

    kind = "exact"

    def __init__(self, trace: Trace, grads: list[float], run: Gradients, locals: dict[int, list[float | None]],
                 products: dict[tuple[str, str], Written]) -> None:
        super().__init__(trace, grads, run, run.reached, locals)
        self._products = products

    def times(self, upstream: float | None, local: float | None) -> float | None:
        """The product of two gradients, exact where both are and sympy, or a fraction, has a form for it."""
        if isinstance(upstream, Written) and isinstance(local, Written):
            found = self._products.get((upstream.text, local.text))
            if found is None:
                found = _fraction(upstream, local, lambda a, b: a * b)
            if found is not None:
                return found
        return super().times(upstream, local)

    def plus(self, one: float | None, other: float | None) -> float | None:
        """The sum of two gradients, exact where both are fractions."""
        if isinstance(one, Written) and isinstance(other, Written):
            found = _fraction(one, other, lambda a, b: a + b)
            if found is not None:
                return found
        return super().plus(one, other)


def _fraction(one: Written, other: Written, rule: Callable[[Fraction, Fraction], Fraction]) -> Written | None:
    try:
        found = rule(Fraction(one.text), Fraction(other.text))
    except ValueError:
        return None
    return written(str(found), float(found))


def exactly(run: Gradients, seconds: float = SECONDS) -> tuple[ExactGradients, str]:
    """The same run in exact numbers, and in words why sympy did not finish, if it did not."""
    answers: dict[str, Any] = {}
    graph = run.trace.graph
    ended = f"the circuit has more than {NODES} operations"
    if len(graph) <= NODES:
        ended = ask("exact", _task(run), seconds, answers)

    def known(key: str, number: float | None) -> float | None:
        answer = answers.get(key)
        if number is None or answer is None:
            return number
        form = written(*answer)
        return number if form is None else form

    values = [known(f"value {k}", value) for k, value in enumerate(run.trace.values)]
    grads = [known(f"gradient {k}", gradient) if run.live[k] else gradient for k, gradient in enumerate(run.grads)]
    locals: dict[int, list[float | None]] = {}
    products: dict[tuple[str, str], Written] = {}
    for k in range(len(graph)):
        if run.live[k] and graph.args(k):
            locals[k] = [known(f"local {k} {slot}", local) for slot, local in enumerate(run.locals(k))]
            for slot, local in enumerate(locals[k]):
                upstream, product = grads[k], known(f"product {k} {slot}", 0.0)
                if isinstance(upstream, Written) and isinstance(local, Written) and isinstance(product, Written):
                    products[upstream.text, local.text] = product
    trace = Trace(graph, [value for value in values if value is not None])
    result = ExactGradients(trace, [grad for grad in grads if grad is not None], run, locals, products)
    result.notes.extend(remarks(result))
    return result, ended


def written(text: str, value: float) -> Written | None:
    """A number with its exact form; None where the form is too long or is not that number."""
    try:
        graph = parse(Source(text, "number"))
        found = forward(graph, ()).values[graph.output]
    except BpcalcError:
        return None
    if not isclose(found, value, rel_tol=1e-9, abs_tol=1e-300):
        return None
    form, strength = _composed(graph)
    return Written(value, form, strength) if len(form) <= LONGEST else None


def _composed(graph: Graph) -> Piece:
    """A number's form as bpcalc writes formulas, with products and fractions closed up like single numbers."""
    pieces: list[Piece] = []
    for k, code in enumerate(graph.ops):
        if code == CONSTANT:
            pieces.append((graph.words[k], ATOM if graph.words[k][0] != "-" else SIGNED))
        else:
            pieces.append(compose(graph.row(k), [pieces[i] for i in graph.args(k)]))
    text, strength = pieces[graph.output]
    return text.replace(" * ", "*").replace(" / ", "/"), strength


# ------------------------------------------------------------------------------------ the child's task
def _task(run: Gradients) -> dict[str, Any]:
    """The graph as plain data: operations by name over node numbers, fractions as text."""
    graph, values = run.trace.graph, run.trace.values
    nodes: list[Any] = []
    for k, code in enumerate(graph.ops):
        args = graph.args(k)
        word = graph.words.get(k, "") if code == CONSTANT else ""
        if args:
            nodes.append([graph.row(k).name, list(args)])
        elif word in NAMED_CONSTANTS:
            nodes.append(["constant", word])
        else:
            nodes.append(["number", str(Fraction(word))] if word else _short(values[k]))
    return {"nodes": nodes, "live": list(run.live), "output": graph.output, "upstream": _short(run.upstream),
            "named": "e" not in graph.names.values()}


def _short(value: float) -> list[Any]:
    """What a given number is short for: a fraction, a fraction of pi, or the root of one; its kind and the fraction."""
    for guess in (Fraction(f"{value:.15g}"), Fraction(value).limit_denominator(_DENOMINATOR)):
        if float(guess) == value:
            return ["number", str(guess)]
    turns = Fraction(value / pi).limit_denominator(_PARTS)
    if value in (float(turns) * pi, turns.numerator * pi / turns.denominator):
        return ["turns", str(turns)]
    square = Fraction(value * value).limit_denominator(_PARTS)
    if sqrt(square) == abs(value):
        return ["root", str(square if value > 0 else -square)]
    return ["number", None]


# ------------------------------------------------------------------------------------ in the child
def child(stdin: IO[str], stdout: IO[str]) -> None:
    """What runs in the child process: a task in, a line of JSON for every number out."""
    serve(_answers, stdin, stdout)


def _answers(task: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    field = _Field(task["named"])
    nodes, live, output = task["nodes"], task["live"], task["output"]
    values: list[Any] = []
    for k, (name, rest) in enumerate(nodes):
        if name in _GIVEN:
            values.append(field.leaf(name, rest))
        else:
            values.append(field.value(name, [values[i] for i in rest]))
        yield from field.told(f"value {k}", values[k])
    sums: dict[int, Any] = {output: field.leaf(*task["upstream"])}
    for k in range(len(nodes) - 1, -1, -1):
        if not live[k]:
            continue
        total = field.tidy(sums.get(k, field.zero))
        yield from field.told(f"gradient {k}", total)
        name, rest = nodes[k]
        if name in _GIVEN:
            continue
        args = [values[i] for i in rest]
        for slot, i in enumerate(rest):
            if live[i]:
                local = field.local(name, slot, args, values[k])
                yield from field.told(f"local {k} {slot}", local)
                if k in sums:
                    product = None if total is None or local is None else field.tidy(total * local)
                    yield from field.told(f"product {k} {slot}", product)
                    before = sums.get(i, field.zero)
                    sums[i] = None if before is None or product is None else before + product


class _Field:
    """Exact numbers as sympy has them.  None is a number that is given up, and so is what follows from it."""

    def __init__(self, named: bool) -> None:
        self.symbols = Symbols()
        self.sympy = self.symbols.sympy
        self.zero = self.sympy.Integer(0)
        self.failed = (ArithmeticError, ValueError, TypeError, NotImplementedError, RecursionError, AttributeError)
        self.write = _writer(self.sympy, named)

    def leaf(self, kind: str, word: str | None) -> Any:
        """A number that was given."""
        if word is None:
            return None
        if kind != "constant":
            number = self.sympy.Rational(*map(int, word.split("/")))
            if kind == "turns":
                return number * self.sympy.pi
            return number if kind == "number" else self.sympy.sign(number) * self.sympy.sqrt(abs(number))
        return {"e": self.sympy.E, "pi": self.sympy.pi, "π": self.sympy.pi}.get(word, 2 * self.sympy.pi)

    def value(self, name: str, args: list[Any]) -> Any:
        """The value of an operation."""
        if any(arg is None for arg in args) or (name == "pow" and not self._is_small(args[1])):
            return None
        return self._tried(lambda: self._apply(name, args))

    def _tried(self, work: Callable[[], Any]) -> Any:
        """A number that sympy works out, tidy; None where it gives up."""
        try:
            return self.tidy(work())
        except self.failed:
            return None

    def _is_small(self, exponent: Any) -> bool:
        # 9^9^9 must not be worked out.
        return bool(abs(exponent) <= _POWER)

    def _apply(self, name: str, args: list[Any]) -> Any:
        rule = self.symbols.definition(name)
        return rule(args) if BY_NAME[name].variadic else rule(*args)

    def local(self, name: str, slot: int, args: list[Any], out: Any) -> Any:
        """The local gradient of an operation at a point."""
        row = BY_NAME[name]
        shown = row.shown_partial(slot, len(args))
        if shown in ("0", "1", "-1"):
            return self.sympy.Integer(shown)
        branches = bool(choice(shown)[1])
        if branches and (out is None or None in args):
            return None
        if branches and row.variadic:              # a maximum or minimum
            return self.sympy.Rational(1, args.count(out)) if args[slot] == out else self.zero
        if branches:
            return self._tried(lambda: self.symbols.partial(row, slot)(*args, out))
        # A number that is given up may not matter: the derivative of 2 * x is 2 whatever x is.
        marks = [self.sympy.Symbol(f"p{at}", real=True) for at in range(len(args))]
        held = [mark if at == slot or arg is None else arg for at, (arg, mark) in enumerate(zip(args, marks))]

        def derivative() -> Any:
            found = self.sympy.diff(self._apply(name, held), marks[slot])
            return found if args[slot] is None else found.subs(marks[slot], args[slot])

        return self._tried(derivative)

    def tidy(self, number: Any) -> Any:
        """The simplest of a few forms of a number; None for what is no number, or too large to go on with."""
        if number is None:
            return None
        sympy = self.sympy
        number = sympy.Integer(number) if isinstance(number, int) else number
        if not (number.is_number and number.is_real and number.is_finite):
            return None
        if number.is_Rational:
            return number if len(str(number)) <= _DIGITS else None
        if number.has(sympy.Piecewise, sympy.Max, sympy.Min) or number.count_ops() > _OPERATIONS:
            return None
        simpler, rounds = sympy.expand_log(number), 0
        number = None
        while simpler != number and rounds < _ROUNDS:   # so that a tidy number stays as it is
            number, rounds = simpler, rounds + 1
            flat = sympy.expand(number)
            forms = [number, flat, sympy.radsimp(number), sympy.radsimp(flat)]
            simpler = min(forms, key=lambda form: (form.count_ops(), len(str(form))))
        return simpler

    def told(self, key: str, number: Any) -> Iterator[tuple[str, Any]]:
        """A number's line for the parent, where it has a form to be shown."""
        if number is not None:
            text = self.write(number)
            if len(text) <= 2 * LONGEST:
                yield key, [text, float(number.evalf(25, maxn=400))]


def _writer(sympy: Any, named: bool) -> Callable[[Any], str]:
    """sympy's text in bpcalc's language; ``named`` says that e still means the number."""
    from sympy.printing.str import StrPrinter

    class Writer(StrPrinter):  # type: ignore[misc]  # sympy has no type information
        def _print_exp(self, expr: Any) -> str:
            power = self._print(expr.args[0])
            return f"e^({power})" if named else f"exp({power})"

        def _print_Exp1(self, expr: Any) -> str:  # noqa: N802 - sympy's name
            return "e" if named else "exp(1)"

    printer = Writer()
    return lambda number: str(printer.doprint(number)).replace("**", "^")
