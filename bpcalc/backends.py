"""What a number is: turns the table's rule texts into functions.

``floats()`` runs rules on Python floats through ``math``; ``symbols()`` on sympy's symbols.  This
module holds the only ``eval`` and ``exec`` of the package, in ``run_text``, and they only ever see texts
of ops.TABLE and code made from them: the user's text never comes here.

Floats come in two forms.  ``rule`` gives a function for one text.  ``forward_loop`` and
``backward_loop`` give a whole pass over a graph with the rules written into one ``if`` chain: a call
per node would cost more than the arithmetic (measured: 2.1 times the time of the chain).
"""

from __future__ import annotations

import math

from .ops import BY_NAME, FUNCTIONS, TABLE, Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

_NATIVE = (
    "exp log sqrt log2 log10 log1p expm1 tanh sin cos tan asin acos atan atan2 sinh cosh asinh "
    "acosh atanh hypot erf pow"
)
SPECIAL = frozenset(("gauss", "normal", "gelu_slope", "erfc", "cbrt", "tanh_gap"))
"""What rules may call of special.py."""


def run_text(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """Evaluate text of the table (never of the user); ``name`` appears in tracebacks."""
    code = compile(source, f"<{name}>", "exec")
    exec(code, namespace)  # noqa: S102 - the one door; see the module's docstring
    return namespace.pop("made")


def _ties(xs: Sequence[float], out: float) -> int:
    """How many of ``xs`` equal ``out``."""
    return xs.count(out)


class Floats:
    """Rules as functions of Python floats.

    A rule outside its domain raises ArithmeticError or ValueError, as ``math`` does.
    """

    def __init__(self) -> None:
        self.names: dict[str, Any] = {
            "__builtins__": {},
            "ArithmeticError": ArithmeticError,
            "ValueError": ValueError,
            "abs": abs,
            "add_up": math.fsum,
            "count": len,
            "float": float,
            "isfinite": math.isfinite,
            "islice": _islice(),
            "largest": max,
            "nan": math.nan,
            "pi": math.pi,
            "range": range,
            "reversed": reversed,
            "smallest": min,
            "ties": _ties,
            "tuple": tuple,
            "zip": zip,
            **{name: getattr(math, name) for name in _NATIVE.split()},
        }
        self._rules: dict[tuple[tuple[str, ...], str], Callable[..., Any]] = {}
        self._loops: dict[tuple[str, frozenset[int]], Callable[..., Any]] = {}

    def rule(self, params: tuple[str, ...], text: str) -> Callable[..., Any]:
        """The function ``(*params) -> number`` that a rule's text describes."""
        key = (params, text)
        found = self._rules.get(key)
        if found is None:
            self._define(text)
            found = run_text(f"made = lambda {', '.join(params)}: {text}", f"rule {text}", self.names)
            self._rules[key] = found
        return found

    def partial(self, row: Op, slot: int) -> Callable[..., float]:
        """The local gradient of ``row`` with respect to argument ``slot``, of (*params, out).

        Of (xs, x, out) for a row of any number of arguments.
        """
        params = ("xs", "x", "out") if row.variadic else (*row.params, "out")
        return self.rule(params, row.partial(slot))

    def forward(self, row: Op) -> Callable[..., float]:
        """The value of ``row``, of (*params)."""
        return self.rule(row.params, in_floats(row.forward))

    def _define(self, text: str) -> None:
        # Other rows that the text names become functions first.
        for word in words(text):
            if word in SPECIAL and word not in self.names:
                from . import special  # only where a rule needs it

                self.names[word] = getattr(special, word)
            row = FUNCTIONS.get(word)
            if row is not None and word not in self.names:
                self.names[word] = self.rule(row.params, row.forward)

    # ------------------------------------------------------------------------------ whole passes
    def forward_loop(self, codes: frozenset[int]) -> Callable[..., None]:
        """``loop(ops, a, b, values)``: append the value of every node from ``len(values)`` on."""
        return self._loop(("forward", codes), self._forward_source)

    def backward_loop(self, codes: frozenset[int], careful: bool) -> Callable[..., None]:
        """``loop(ops, a, b, values, grads, live, count)``: the reverse sweep over the last ``count``.

        A local gradient that does not exist adds nan.  The careful form leaves out every node and
        input whose ``live`` is 0; the quick one leaves out only inputs for which a local gradient
        may fail or is dear, so it is right for the live nodes as long as nothing is undefined.
        """
        return self._loop(("careful" if careful else "backward", codes),
                          self._careful_source if careful else self._backward_source)

    def locals_loop(self, codes: frozenset[int]) -> Callable[..., Iterator[tuple[float | None, ...]]]:
        """``loop(ops, a, b, values)``: the local gradients of every node, in order; None where there is none."""
        return self._loop(("locals", codes), self._locals_source)

    def _loop(self, key: tuple[str, frozenset[int]], source: Callable[[list[Op]], str]) -> Callable[..., Any]:
        found = self._loops.get(key)
        if found is None:
            wanted = frozenset(code for code in key[1] if TABLE[code].params)
            # A pass for more operations does as well, and is there already.
            found = next((loop for (kind, codes), loop in self._loops.items() if kind == key[0] and codes >= wanted),
                         None)
            if found is not None:
                self._loops[key] = found
        if found is None:
            rows = [TABLE[code] for code in sorted(wanted)]
            for row in rows:
                for text in (row.forward, *row.partials):
                    self._define(text)
            found = self._loops[key] = run_text(source(rows), f"{key[0]} pass", self.names)
        return found

    def _forward_source(self, rows: list[Op]) -> str:
        lines = ["def made(_ops, _a, _b, _v):",
                 " _put = _v.append",
                 " _n = _v.__len__()",
                 " for _c, _i, _j in zip(islice(_ops, _n, None), islice(_a, _n, None), islice(_b, _n, None)):"]
        word = "if"
        for row in rows:
            lines.append(f"  {word} _c == {row.code}:")
            text = in_floats(row.forward)
            lines += [f"   {line}" for line in _load(row, text)]
            if row.guarded:
                test = " and ".join(f"({test})" for test, _ in row.domain)
                lines += [f"   {line}" for line in _load(row, test)]
                lines.append(f"   if not ({test}): raise ValueError")
            lines.append(f"   _put({_inline(row, text)})")
            word = "elif"
        # What is left is a number or a variable inside the text: a[k] holds its value.
        lines += ["  else:", "   _put(_i)"] if word == "elif" else ["  _put(_i)"]
        return "\n".join(lines)

    def _locals_source(self, rows: list[Op]) -> str:
        lines = ["def made(_ops, _a, _b, _v):",
                 " for _c, _i, _j, _o in zip(_ops, _a, _b, _v):"]
        word = "if"
        for row in rows:
            lines.append(f"  {word} _c == {row.code}:")
            lines += [f"   {line}" for line in (_wide_locals(row) if row.variadic else _locals(row))]
            word = "elif"
        lines += ["  else:", "   yield ()"] if rows else ["  yield ()"]
        return "\n".join(lines)

    def _backward_source(self, rows: list[Op]) -> str:
        return self._sweep(rows, careful=False)

    def _careful_source(self, rows: list[Op]) -> str:
        return self._sweep(rows, careful=True)

    def _sweep(self, rows: list[Op], careful: bool) -> str:
        lines = ["def made(_ops, _a, _b, _v, _g, _live, _n):",
                 " for _c, _i, _j, _o, _d, _l in zip(islice(reversed(_ops), _n), reversed(_a), reversed(_b),"
                 " reversed(_v), reversed(_g), reversed(_live)):"]
        if careful:
            lines.append("  if not _l: continue")
        word = "if"
        for row in rows:
            lines.append(f"  {word} _c == {row.code}:")
            body: list[str] = []
            if row.variadic:
                # Counted once: with many arguments, counting anew for each of them would be quadratic.
                text = row.partial(0)
                if "xs" in text:
                    body.append("xs = [_v[_s] for _s in _i]")
                if "ties" in text:
                    body += ["out = _o", "_t = ties(xs, out)"]
                    text = text.replace("ties(xs, out)", "_t")
                body += ["for _s in _i:", *([" x = _v[_s]"] if "x" in words(text) else [])]
                body += [f" {line}" for line in _push(text, "_s", careful, True)]
            else:
                places = _places(row)
                if len(row.params) > 2:
                    body.append(f"{', '.join(places)} = _i")
                for slot, place in enumerate(places):
                    text = row.partial(slot)
                    body += _push(_inline(row, text), place, careful, len(places) > 1, _load(row, text))
            lines += [f"   {line}" for line in body or ["pass"]]
            word = "elif"
        if not rows:
            lines.append("  pass")
        return "\n".join(lines)


    # --------------------------------------------------------------------- one graph, many times
    def compiled(self, source: str, rows: Iterable[Op]) -> Callable[..., Any]:
        """The function ``made`` that code defines which was put together from the rules of ``rows``."""
        for row in rows:
            for text in (row.forward, *row.partials):
                self._define(text)
        made: Callable[..., Any] = run_text(source, "straight line", self.names)
        return made


def _islice() -> Any:
    from itertools import islice

    return islice


def words(text: str) -> set[str]:
    """The names in a rule."""
    return set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())


def in_floats(text: str) -> str:
    """A rule whose choices between whole numbers are choices between floats.

    >>> in_floats("1 if x > 0 else -1 if x < 0 else 0")
    '1.0 if x > 0 else -1.0 if x < 0 else 0.0'
    """
    if " if " not in text:
        return text
    pieces = text.split(" ")
    return " ".join(f"{piece}.0" if piece in ("0", "1", "-1") and (before == "else" or after == "if") else piece
                    for before, piece, after in zip(["", *pieces], pieces, [*pieces[1:], ""]))


def renamed(text: str, names: dict[str, str]) -> str:
    """A rule's text with other words for some of its names."""
    pieces: list[str] = []
    word = ""
    for c in text + " ":
        if c.isalnum() or c == "_":
            word += c
        else:
            pieces += [names.get(word, word), c]
            word = ""
    return "".join(pieces).strip()


def _places(row: Op) -> tuple[str, ...]:
    if len(row.params) > 2:
        return tuple(f"_s{slot}" for slot in range(len(row.params)))
    return ("_i", "_j")[: len(row.params)]


def _load(row: Op, text: str) -> list[str]:
    """Lines that fetch what ``text`` needs and cannot take in place."""
    if row.variadic:
        return ["xs = [_v[_s] for _s in _i]"]
    used = words(text)
    lines = []
    if len(row.params) > 2:
        lines.append(f"{', '.join(row.params)} = [_v[_s] for _s in _i]")
    else:
        lines += [f"{name} = _v[{place}]" for name, place in zip(row.params, ("_i", "_j"))
                  if name in used and not _is_simple(text)]
    if "out" in used:
        lines.append("out = _o")
    return lines


def _is_simple(text: str) -> bool:
    # Each parameter occurs at most once: `a + b`, `sin(x)`, `b`.
    found = "".join(c if c.isalnum() or c == "_" else " " for c in text).split()
    return all(found.count(word) == 1 or word.isdigit() for word in found)


def _locals(row: Op) -> list[str]:
    """Lines that yield the local gradients of a node."""
    found: list[str] = []
    lines = [f"{', '.join(_places(row))} = _i"] if len(row.params) > 2 else []
    for slot, place in enumerate(_places(row)):
        text = row.partial(slot)
        if text in ("0", "1", "-1"):
            found.append(f"{text}.0")
        elif text in row.params:                   # another input's value: a finite number
            found.append(f"_v[{_places(row)[row.params.index(text)]}]")
        else:
            found.append(f"_p{place}")
            lines += _load(row, text)
            lines += _careful(f"_p{place}", _inline(row, text))
    return [*lines, f"yield {', '.join(found)},"]


def _wide_locals(row: Op) -> list[str]:
    # Equal arguments have equal gradients; to work each one out anew would be quadratic.
    lines = ["xs = [_v[_s] for _s in _i]", "out = _o", "_t = ties(xs, out)", "_found = {}", "for x in {*xs}:"]
    lines += [f" {line}" for line in _careful("_found[x]", row.partial(0).replace("ties(xs, out)", "_t"))]
    return [*lines, "yield tuple([_found[x] for x in xs])"]


def _careful(name: str, text: str) -> list[str]:
    """Lines that give ``name`` the value of a rule, or None where it has none."""
    return ["try:", f" {name} = float({text})", "except (ArithmeticError, ValueError):", f" {name} = None",
            "else:", f" if not isfinite({name}): {name} = None"]


def _inline(row: Op, text: str) -> str:
    """The text with parameters that occur once replaced by their place in the list of values."""
    if len(row.params) > 2 or row.variadic or not _is_simple(text):
        return text
    places = dict(zip(row.params, ("_v[_i]", "_v[_j]")))
    return renamed(text, places)


def _push(text: str, place: str, careful: bool, several: bool, load: list[str] | None = None) -> list[str]:
    """Lines that add upstream times local to the gradient of the input at ``place``."""
    if text == "0" and not careful:
        return []                                  # careful: an undefined gradient times 0 is undefined
    guard = [f"if _live[{place}]:"] if careful else []
    if text in ("1", "-1"):
        line = f"_g[{place}] {'+' if text == '1' else '-'}= _d"
        return [f"if _live[{place}]: {line}"] if careful else [line]
    total = not any(sign in text for sign in "(/") and " if " not in text
    if total and not careful:
        return [*(load or []), f"_g[{place}] += _d * ({text})"]
    if several or careful:
        guard = [f"if _live[{place}]:"]
    body = [*(load or []), "try:", f" _g[{place}] += _d * ({text})",
            "except (ArithmeticError, ValueError):", f" _g[{place}] = nan"]
    return [*guard, *(f" {line}" for line in body)] if guard else body


_FLOATS: Floats | None = None


def floats() -> Floats:
    """The one Floats of this process."""
    global _FLOATS
    if _FLOATS is None:
        _FLOATS = Floats()
    return _FLOATS


class Rationals(Floats):
    """Rules as functions of fractions: exact as long as a rule is rational, a float where it is not."""

    def __init__(self) -> None:
        super().__init__()
        self.names["pow"] = _rational_power

    def forward(self, row: Op) -> Callable[..., Any]:
        """The value of ``row``, of (*params); its whole numbers stay exact."""
        return self.rule(row.params, row.forward)


_LARGEST_POWER = 64


def _rational_power(a: Any, b: Any) -> Any:
    """a to the power b; exact for a small whole b."""
    if not isinstance(a, float) and not isinstance(b, float) and b == int(b) and abs(b) <= _LARGEST_POWER:
        return a ** int(b)
    return math.pow(a, b)


# ------------------------------------------------------------------------------------------ symbols
class Symbols:
    """Definitions as sympy expressions.  Built from the table's texts and sympy objects only."""

    def __init__(self) -> None:
        import sympy  # 0.4 s: only where a cross-check was asked for

        self.sympy = sympy
        same = ("exp log sqrt tanh sin cos tan asin acos atan atan2 sinh cosh asinh acosh atanh erf "
                "erfc sec csc cot sign")
        self.names: dict[str, Any] = {
            "__builtins__": {},
            **{name: getattr(sympy, name) for name in same.split()},
            "abs": sympy.Abs,
            "max": sympy.Max,
            "min": sympy.Min,
            "pi": sympy.pi,
            "pow": sympy.Pow,
            "choose": lambda test, yes, no: sympy.Piecewise((yes, test), (no, True)),
            "equal": sympy.Eq,
            "differ": sympy.Ne,
            "add_up": lambda xs: sympy.Add(*xs),
            "count": lambda xs: sympy.Integer(len(xs)),
            "largest": lambda xs: sympy.Max(*xs),
            "smallest": lambda xs: sympy.Min(*xs),
            "number": sympy.Integer,
        }
        self._rules: dict[str, Callable[..., Any]] = {}

    def definition(self, name: str) -> Callable[..., Any]:
        """The function of sympy expressions that the row called ``name`` defines."""
        row, own = BY_NAME[name], self.names.get(name)
        if own is not None and not row.variadic and name != "pow":
            made: Callable[..., Any] = own
            return made
        return self._rule(f"definition {name}", row.params, row.definition)

    def partial(self, row: Op, slot: int) -> Callable[..., Any]:
        """The local gradient of a row of fixed arguments as a function of sympy numbers, (*params, out)."""
        return self._rule(f"partial {row.name} {slot}", (*row.params, "out"), row.partial(slot))

    def _rule(self, name: str, params: tuple[str, ...], text: str) -> Callable[..., Any]:
        found = self._rules.get(name)
        if found is None:
            text = _exact(text)
            for word in words(text):
                if word not in self.names and word in FUNCTIONS:
                    self.names[word] = self.definition(word)
            found = self._rules[name] = run_text(f"made = lambda {', '.join(params)}: {text}", name, self.names)
        return found


def _exact(text: str) -> str:
    """The text with whole numbers as sympy integers, conditions as ``choose``, and == and != as relations."""
    import ast

    class Exact(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.AST:
            return ast.Call(ast.Name("number", ast.Load()), [node], [])

        def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
            parts = [self.visit(part) for part in (node.test, node.body, node.orelse)]
            return ast.Call(ast.Name("choose", ast.Load()), parts, [])

        def visit_Compare(self, node: ast.Compare) -> ast.AST:
            named = {ast.Eq: "equal", ast.NotEq: "differ"}.get(type(node.ops[0]))
            if named is None:
                return self.generic_visit(node)
            parts = [self.visit(part) for part in (node.left, *node.comparators)]
            return ast.Call(ast.Name(named, ast.Load()), parts, [])

    return ast.unparse(ast.fix_missing_locations(Exact().visit(ast.parse(text, mode="eval"))))
