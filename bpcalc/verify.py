"""Second opinions on the gradients: sympy's derivatives, and central differences.

``symbolic`` builds sympy objects from our own graph, with private symbols and never from text, in a
child process that is killed when its time is up; ``gradcheck`` needs only the forward pass.  Both
return Verdicts: ``agrees``, ``differs`` (our fault), ``kink`` (the derivative is a convention there)
or ``gave-up`` (neither right nor wrong, and why).
"""

from __future__ import annotations

import time
from math import cbrt, isfinite, isinf, isnan, nan, ulp

from .backends import Symbols, floats
from .child import SECONDS, ask, serve
from .errors import BpcalcError
from .notes import at_kink
from .ops import BY_NAME, CONSTANT, NAMED_CONSTANTS, TABLE, choice
from .records import Edge, Verdict
from .report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import IO, Any

EDGES = 2_000
"""Local gradients of up to this many edges are derived; sympy takes about a millisecond for each."""
TREE = 20_000
"""sympy has no shared nodes: beyond this many operations, written out as a tree, it is not asked."""
FORMULA = 160
"""Longer formulas are not shown."""

_EPS = ulp(1.0)
_AGREE = 1e-9


# ------------------------------------------------------------------------------------------- symbolic
def _by_entry(report: Report) -> Report | str:
    """A run with arrays opened into its entries, or why that cannot be done; a plain run as it is."""
    if not report.trace.arrays:
        return report
    from .opened import opened

    try:
        return opened(report)
    except BpcalcError as error:
        return error.message


def _judged_gradient(given: Report, plain: Report, k: int) -> float | None:
    """The gradient that is to be checked at node ``k`` of the plain run: that of the run that was given."""
    if given is plain:
        gradient: float | None = plain.gradient(k)
        return gradient
    node, at = plain.origins[k]  # type: ignore[attr-defined]  # a run that was opened knows where it comes from
    whole = given.gradient(node)
    if whole is None:
        return None
    found = float(whole[at]) if at else float(whole)
    return found if isfinite(found) else None


def _gave_up(report: Report, kind: str, why: str) -> list[Verdict]:
    return [Verdict(kind, f"d{report.top}/d{report.label(k)}", None, None, "gave-up", why, node=k)
            for k in report._gradients.leaves]


def symbolic(report: Report, seconds: float = SECONDS) -> list[Verdict]:
    """sympy's derivative of every local gradient and of the output for every variable asked for.

    A run with arrays is looked at entry by entry, and there only its variables.
    """
    plain = _by_entry(report)
    if isinstance(plain, str):
        return _gave_up(report, "symbolic", plain)
    given, by_entry, report = report, plain is not report, plain
    edges: list[Edge] = []
    for edge in [] if by_entry else report.each_edge():
        edges.append(edge)
        if len(edges) > EDGES:
            break
    left = len(edges) > EDGES
    edges = edges[:EDGES]
    leaves = report._gradients.leaves
    task = _task(report, [(edge.node, edge.slot) for edge in edges], leaves)
    answers: dict[str, Any] = {}
    gave_up = ask("verify", task, seconds, answers) or "sympy could not derive it"
    kinks = {note.node for note in given.notes if note.code == "kink"}
    verdicts = []
    for number, edge in enumerate(edges):
        what = f"d{report.label(edge.node)}/d{report.label(edge.input)}"
        verdicts.append(_compared(what, edge.local, answers.get(f"edge {number}"), gave_up, edge.node in kinks, 0.0,
                                  level="local", node=edge.node, slot=edge.slot))
    if left:
        verdicts.append(Verdict("symbolic", "other local gradients", None, None, "gave-up",
                                f"only the first {EDGES} are checked", level="local"))
    reach = _absolute(report)
    unit = report.upstream
    for k in leaves:
        what = f"d{report.top}/d{report.label(k)}"
        ours = _judged_gradient(given, report, k)
        answer = answers.get(f"leaf {k}")
        if isinstance(answer, list) and answer[1] is not None:
            answer = [_scaled(answer[0], unit), answer[1] * unit, *answer[2:]]
        verdicts.append(_compared(what, ours, answer, gave_up, bool(kinks), 1e-12 * reach.get(k, 0.0),
                                  level="variable", node=k))
    return verdicts


def _scaled(formula: str | None, unit: float) -> str | None:
    """A derivative of the output, as a formula, times the gradient that arrives there."""
    if formula is None or unit == 1.0:
        return formula
    alone = " " not in formula and formula[0] != "-"
    return f"{unit:.12g}*{formula}" if alone else f"{unit:.12g}*({formula})"


def _compared(what: str, ours: float | None, answer: Any, gave_up: str, kink: bool, floor: float,
              **details: Any) -> Verdict:
    if not isinstance(answer, list):
        return Verdict("symbolic", what, ours, None, "gave-up", answer or gave_up, formula=None, **details)
    formula, theirs, length, rounding = answer
    if formula is None:
        details["length"] = length
    nowhere = theirs is not None and isnan(theirs)
    theirs = None if nowhere else theirs
    status, why = "agrees", ""
    if ours is None and theirs is None:
        why = "undefined on both sides"
    elif ours is not None and theirs is not None and abs(ours - theirs) <= _AGREE * max(abs(ours), abs(theirs)) + floor:
        pass
    elif kink:
        status, why = "kink", "the derivative is a convention here"
    elif ours is None:
        status, why = "kink", "undefined here; sympy's formula has a value at the point"
    elif nowhere:
        status, why = "gave-up", "sympy's formula has no value here"
    elif theirs is not None and rounding:
        status, why = "gave-up", "rounding errors in the forward pass hide the difference"
    else:
        status = "differs"
    if formula is None and not why:
        why = f"the formula has {length} characters"
    return Verdict("symbolic", what, ours, theirs, status, why, formula=formula, **details)


def _absolute(report: Report) -> dict[int, float]:
    """For every node the sum over all paths of the products' magnitudes: what rounding is relative to."""
    sums = {report.graph.output: abs(report.upstream)}
    for edge in reversed(report.edges):
        if edge.local is not None and edge.node in sums:
            sums[edge.input] = sums.get(edge.input, 0.0) + sums[edge.node] * abs(edge.local)
    return sums


def _task(report: Report, edges: list[tuple[int, int]], leaves: Sequence[int]) -> dict[str, Any]:
    """The graph as plain data: operations by name, private numbers for symbols."""
    graph = report.graph
    nodes: list[Any] = []
    sizes: list[int] = []
    for k in range(len(graph)):
        args = graph.args(k)
        sizes.append(min(1 + sum(sizes[i] for i in args), 10**12))
        if args:
            nodes.append([TABLE[graph.ops[k]].name, list(args)])
        elif graph.ops[k] == CONSTANT and not graph.words[k][:1].isalpha() and graph.words[k] not in NAMED_CONSTANTS:
            nodes.append(["number", report.trace.values[k]])
        else:
            nodes.append(["symbol", report.trace.values[k]])
    return {"nodes": nodes, "values": report.trace.values, "labels": [report.label(k) for k in range(len(graph))],
            "edges": edges, "leaves": [*leaves], "output": graph.output, "tree": sizes[graph.output]}


def child(stdin: IO[str], stdout: IO[str]) -> None:
    """What runs in the child process: a task in, a line of JSON for every answer out."""
    serve(_answers, stdin, stdout)


def _answers(task: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    derivatives = _Derivatives(task)
    yield from derivatives.of_edges()
    if task["tree"] > TREE:
        for k in task["leaves"]:
            yield f"leaf {k}", f"written out, the formula has {task['tree']} operations"
    else:
        yield from derivatives.of_output()


class _Derivatives:
    """A task's graph in sympy's hands; the errors that sympy raises are answers as well."""

    ERRORS = (ArithmeticError, ValueError, TypeError, NotImplementedError, RecursionError)

    def __init__(self, task: dict[str, Any]) -> None:
        self.task = task
        self.nodes, self.values, self.labels = task["nodes"], task["values"], task["labels"]
        self.rules = Symbols()
        self.sympy = self.rules.sympy
        self.write = _printer(self.sympy)

    def of_edges(self) -> Iterator[tuple[str, Any]]:
        """The local gradients, each rule derived once."""
        sympy = self.sympy
        derived: dict[Any, tuple[Any, list[Any]]] = {}
        for number, (k, slot) in enumerate(self.task["edges"]):
            name, args = self.nodes[k]
            # A small whole number stays one, so that the derivative of x^2 is 2*x.
            fixed = tuple(self._small(i) if at != slot else None for at, i in enumerate(args))
            key = (name, slot, fixed)
            try:
                if key not in derived:
                    params = [sympy.Symbol(f"p{i}", real=True) for i in range(len(args))]
                    given = [p if whole is None else sympy.Integer(whole) for p, whole in zip(params, fixed)]
                    derived[key] = sympy.diff(self._apply(name, given), params[slot]), params
                derivative, params = derived[key]
                here = {p: sympy.Float(self.values[i], 40) for p, i in zip(params, args)}
                names = {p: self.labels[i] for p, i in zip(params, args)}
                yield f"edge {number}", self._answer(derivative, here, names, False)
            except self.ERRORS as error:
                yield f"edge {number}", f"sympy: {type(error).__name__}"

    def of_output(self) -> Iterator[tuple[str, Any]]:
        """The derivatives of the output, written out as a tree."""
        sympy, nodes, output = self.sympy, self.nodes, self.task["output"]
        point: dict[Any, Any] = {}
        names: dict[Any, str] = {}

        def symbol(k: int) -> Any:
            made = sympy.Symbol(f"v{k}", real=True)
            point[made] = sympy.Float(self.values[k], 40)
            names[made] = self.labels[k]
            return made

        made: list[Any] = []
        for k, (name, rest) in enumerate(nodes):
            whole = self._small(k)
            if whole is not None:
                made.append(sympy.Integer(whole))
            elif name in ("number", "symbol"):
                made.append(symbol(k))
            else:
                made.append(self._apply(name, [made[i] for i in rest]))
        value = self._evaluated(made[output], point)
        rounding = value is None or not abs(value - self.values[output]) <= 1e-10 * abs(value)
        for k in self.task["leaves"]:
            try:
                variable, function = made[k], made[output]
                if nodes[k][0] not in ("number", "symbol"):
                    # A node with inputs: the output is written over it, everything before it held.
                    variable = symbol(k)
                    later = [*made[:k], variable]
                    for at, (name, rest) in enumerate(nodes[k + 1 :], k + 1):
                        leaf = name in ("number", "symbol")
                        later.append(made[at] if leaf else self._apply(name, [later[i] for i in rest]))
                    function = later[output]
                yield f"leaf {k}", self._answer(sympy.diff(function, variable), point, names, rounding)
            except self.ERRORS as error:
                yield f"leaf {k}", f"sympy: {type(error).__name__}"

    def _apply(self, name: str, args: list[Any]) -> Any:
        rule = self.rules.definition(name)
        return rule(args) if BY_NAME[name].variadic else rule(*args)

    def _small(self, k: int) -> int | None:
        # Larger numbers stay symbols: 9^9^9 must not be worked out.
        kind, value = self.nodes[k]
        return int(value) if kind == "number" and value == int(value) and abs(value) <= 64 else None

    def _answer(self, expression: Any, point: dict[Any, Any], names: dict[Any, str], rounding: bool) -> list[Any]:
        text = self.write(expression, names)
        shown = text if len(text) <= FORMULA else None
        return [shown, self._evaluated(expression, point), len(text), rounding]

    def _evaluated(self, expression: Any, point: dict[Any, Any]) -> float | None:
        """The number at a point; None where it is infinite, nan where the formula has none (0/0, or no real one)."""
        sympy = self.sympy

        def closely() -> Any:
            return expression.evalf(30, subs=point, maxn=400, strict=True)

        def exactly() -> Any:
            # Only exact numbers tell 1/0 from 0/0, and a difference that is 0 from one that is small.
            # x^a / x is x^(a - 1), and not 0/0 at 0.
            exact = {name: sympy.Rational(value) for name, value in point.items()}
            return sympy.powsimp(expression).xreplace(exact).evalf(30, maxn=400)

        found = sympy.nan
        for number in (closely, exactly):
            try:
                found = number()
            except self.ERRORS:                    # a division by zero, or too little precision
                found = sympy.nan
            if found.is_Number and found.is_finite:
                break
        if found.is_infinite:
            return None
        result = float(found) if found.is_Number and found.is_real else nan
        return None if isinf(result) else result


def _printer(sympy: Any) -> Callable[[Any, dict[Any, str]], str]:
    """sympy's own text, with ^ for powers, our function names, and the user's names put back."""
    from sympy.printing.str import StrPrinter

    class Printer(StrPrinter):  # type: ignore[misc]  # sympy has no type information
        names: dict[Any, str] = {}  # noqa: RUF012 - set for each text below

        def _print_Symbol(self, expr: Any) -> str:
            return self.names.get(expr) or str(expr.name)

        def _print_Pow(self, expr: Any, rational: bool = False) -> str:
            return str(super()._print_Pow(expr, rational)).replace("**", "^")

        def _print_Heaviside(self, expr: Any) -> str:
            return f"step({self._print(expr.args[0])})"

        def _print_Abs(self, expr: Any) -> str:
            return f"abs({self._print(expr.args[0])})"

        def _print_Max(self, expr: Any) -> str:
            return f"max({', '.join(map(self._print, expr.args))})"

        def _print_Min(self, expr: Any) -> str:
            return f"min({', '.join(map(self._print, expr.args))})"

        def _print_Piecewise(self, expr: Any) -> str:
            *branches, last = expr.args
            text = "".join(f"{self._print(value)} if {self._print(test)} else " for value, test in branches)
            return f"({text}{self._print(last[0])})"

    printer = Printer()

    def write(expression: Any, names: dict[Any, str]) -> str:
        printer.names = names
        return str(printer.doprint(expression)).replace("**", "^")

    return write


# ------------------------------------------------------------------------------------------ numerical
def gradcheck(report: Report, seconds: float = SECONDS) -> list[Verdict]:
    """The central difference (f(x+h) − f(x−h)) / 2h beside every gradient asked for.

    The relative error is |a − n| / max(|a|, |n|), and 0 where both are 0 (CS231n, "Gradient checks").
    Where a kink lies within h the difference means nothing and the verdict is ``kink``.  A run with
    arrays is looked at entry by entry.
    """
    plain = _by_entry(report)
    if isinstance(plain, str):
        return _gave_up(report, "numeric", plain)
    given, report = report, plain
    deadline = time.monotonic() + seconds
    verdicts = []
    probe = _Probe(report)
    for k in report._gradients.leaves:
        what = f"d{report.top}/d{report.label(k)}"
        ours = _judged_gradient(given, report, k)
        if time.monotonic() > deadline:
            verdicts.append(Verdict("numeric", what, ours, None, "gave-up", f"after {seconds:g} seconds", node=k))
        else:
            verdicts.append(_checked(probe, k, what, ours))
    return verdicts


class _Probe:
    """The output as a function of any one node, everything else held.

    ``here`` is what there is at the point itself, ``kinky`` the nodes with a kink somewhere, ``standing``
    those that stand on one.
    """

    def __init__(self, report: Report) -> None:
        graph = report.graph
        self.report = report
        self.loop = floats().forward_loop(graph.codes)
        self.kinky = [i for i, code in enumerate(graph.ops) if TABLE[code].kinks and report.is_live(i)]
        self.standing = [i for i in self.kinky if at_kink(report.trace, i)]
        self.here = self(0, report.trace.values[0])

    def __call__(self, k: int, x: float) -> tuple[float, tuple[object, ...], float] | None:
        """The output with ``x`` at node ``k``, which branch every kinky node takes, and the largest value on the way.

        None where the output does not exist.
        """
        graph = self.report.graph
        inputs = len(graph.inputs)
        values = self.report.trace.values[: max(inputs, k + 1)]
        values[k] = x
        try:
            self.loop(graph.ops, graph.a, graph.b, values)
        except (ArithmeticError, ValueError):
            return None
        if not all(map(isfinite, values)):
            return None
        return values[graph.output], tuple(self._side(i, values) for i in self.kinky), max(map(abs, values))

    def _side(self, i: int, values: list[float]) -> object:
        graph = self.report.graph
        row, args = graph.row(i), graph.args(i)
        given = [values[s] for s in args]
        if row.variadic:
            return tuple(value == values[i] for value in given)
        tests = [test for _, test, _ in map(choice, row.shown) if test]
        if not tests:                              # sign, step: the value itself tells the branch
            return values[i]
        return tuple(floats().rule((*row.params, "out"), test)(*given, values[i]) for test in tests)


def _checked(probe: _Probe, k: int, what: str, ours: float | None) -> Verdict:
    if ours is None:
        return Verdict("numeric", what, None, None, "gave-up", "the gradient is undefined here", node=k)
    report, here = probe.report, probe.here
    x = report.trace.values[k]
    first = cbrt(_EPS) * max(1.0, abs(x))
    tried: list[tuple[float, float, float]] = []   # h, slope, rounding noise
    for h in (first, first / 10, first * 10, first / 100, first * 100, first / 1e4, cbrt(_EPS) * abs(x)):
        if h == 0:
            continue
        up, down = x + h, x - h
        above, below = probe(k, up), probe(k, down)
        if above is None or below is None or here is None:
            continue
        slope = (above[0] - below[0]) / (up - down) * report.upstream
        noise = 8 * _EPS * max(abs(above[0]), abs(below[0]), abs(here[0])) / h * abs(report.upstream)
        error = _relative(ours, slope)
        details: dict[str, Any] = {"node": k, "h": h, "relative_error": error}
        crossed = [i for i, *sides in zip(probe.kinky, here[1], above[1], below[1]) if len({*sides}) > 1]
        if crossed or probe.standing:
            if abs(ours - slope) <= 1e-6 * max(abs(ours), abs(slope)):
                return Verdict("numeric", what, ours, slope, "agrees", **details)
            where = report.label((crossed or probe.standing)[0])
            return Verdict("numeric", what, ours, slope, "kink", f"{where} changes branch within h", **details)
        close = abs(ours - slope) <= 1e-6 * max(abs(ours), abs(slope)) and noise <= 1e-3 * abs(slope)
        if close or ours == slope:
            return Verdict("numeric", what, ours, slope, "agrees", **details)
        if ours == 0 and abs(slope) <= noise:
            return Verdict("numeric", what, ours, slope, "agrees", "zero, within rounding", **details)
        # The differences say nothing where larger values cancelled on the way.
        hidden = 8 * _EPS * max(above[2], below[2]) / h * abs(report.upstream)
        tried.append((h, slope, hidden))
    return _judged(what, ours, k, sorted(tried))


def _judged(what: str, ours: float, k: int, tried: list[tuple[float, float, float]]) -> Verdict:
    """No step width agreed closely: trust the differences only as far as they trust themselves."""
    if not tried:
        return Verdict("numeric", what, ours, None, "gave-up", "f does not exist on both sides of the point", node=k)
    best, spread = tried[0], float("inf")
    for (h, slope, noise), (_, other, _) in zip(tried, tried[1:]):
        doubt = abs(slope - other) + noise
        if doubt < spread:
            best, spread = (h, slope, noise), doubt
    h, slope, _ = best
    details: dict[str, Any] = {"node": k, "h": h, "relative_error": _relative(ours, slope)}
    size = max(abs(ours), abs(slope))
    if spread > 1e-2 * size:
        return Verdict("numeric", what, ours, slope, "gave-up", "central differences are too rough here", **details)
    status = "agrees" if abs(ours - slope) <= 1e-5 * size + 4 * spread else "differs"
    return Verdict("numeric", what, ours, slope, status, **details)


def _relative(ours: float, theirs: float) -> float:
    size = max(abs(ours), abs(theirs))
    return abs(ours - theirs) / size if size else 0.0
