"""The table's rules as JavaScript, so that a page can compute again what Python computed.

``rules(rows)`` gives the text of an object: for each operation, by its name,

    f       the value, of the arguments (of one array, for a row of any number of arguments)
    d       the local gradients, of the arguments and the result (of the array, one of its elements and
            the result)
    domain  pairs of a test of the arguments and what to say where it fails
    kinks   pairs of a test of the arguments and the result and what to say where it holds
    cases   per argument the test that chooses a branch of the local gradient as a textbook writes
            it, or null; ``pair`` is that for a call with two arguments of any number

The functions that the rules call are in maths.js.  As in Python, a rule throws where its value does
not exist.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path

from .ops import FUNCTIONS, Op, choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MATHS = frozenset((
    "abs", "add_up", "count", "hypot", "largest", "smallest", "ties", "gauss", "erf", "erfc", "normal",
    "gelu_slope", "tanh_gap",
    "exp", "log", "sqrt", "log2", "log10", "log1p", "expm1", "cbrt", "tanh", "sin", "cos", "tan", "asin",
    "acos", "atan", "atan2", "sinh", "cosh", "asinh", "acosh", "atanh", "pow",
))
"""The names that maths.js defines for rules."""

_INFIX: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Eq: "===", ast.NotEq: "!==", ast.And: "&&", ast.Or: "||",
}
_BEFORE: dict[type[ast.AST], str] = {ast.Not: "!", ast.USub: "-"}
_CALLED: dict[type[ast.AST], str] = {ast.Div: "div", ast.Mod: "mod", ast.Pow: "pow"}


def maths() -> str:
    """The text of maths.js, which defines ``M``."""
    return Path(__file__).with_name("maths.js").read_text(encoding="utf-8")


def rules(rows: Iterable[Op]) -> str:
    """An object literal with the rules of ``rows`` and of all rows that they call, called ``R``.

    Structural rows, which act on whole arrays, have none.

    Raises KeyError for a rule that has no form in JavaScript.
    """
    pending = [row for row in rows if row.params and not row.structural]
    parts: dict[str, str] = {}
    while pending:
        row = pending.pop()
        if row.name in parts:
            continue
        text = _Text()
        parts[row.name] = f"{json.dumps(row.name)}:{{{_row(row, text)}}}"
        pending += [FUNCTIONS[word] for word in sorted(text.rows)]
    return "{" + ",\n".join(parts[name] for name in sorted(parts)) + "}"


def _row(row: Op, text: _Text) -> str:
    params = row.params
    point = (("xs", "x", "out") if row.variadic else (*params, "out"))
    shown = ("x", "y", "out") if row.variadic else point
    cases = [_case(shown, row.shown_partial(slot), text) for slot in range(len(row.partials))]
    parts = {
        "f": text.function(params, row.forward),
        "d": _list(text.function(point, partial) for partial in row.partials),
        "domain": _list(_clause(params, test, words, text) for test, words in row.domain),
        "kinks": _list(_clause((*params, "out"), test, words, text) for test, words in row.kinks),
        "cases": _list(cases),
    }
    if row.pair is not None:
        parts["pair"] = _case(shown, row.pair, text)
    return ",".join(f"{name}:{part}" for name, part in parts.items())


def _list(parts: Iterable[str]) -> str:
    return f"[{','.join(parts)}]"


def _clause(params: Sequence[str], test: str, words: str, text: _Text) -> str:
    return f"[{text.function(params, test)},{json.dumps(words)}]"


def _case(params: Sequence[str], shown: str, text: _Text) -> str:
    _, test, _ = choice(shown)
    return text.function(params, test) if test else "null"


class _Text(ast.NodeVisitor):
    """Writes rules; ``rows`` are the names of the rows that they call."""

    def __init__(self) -> None:
        self.rows: set[str] = set()

    def function(self, params: Sequence[str], rule: str) -> str:
        """An arrow function of ``params``."""
        return f"({','.join(params)})=>{self.visit(ast.parse(rule, mode='eval').body)}"

    def generic_visit(self, node: ast.AST) -> str:
        raise KeyError(f"no JavaScript for {ast.dump(node)}")

    def visit_Constant(self, node: ast.Constant) -> str:
        return json.dumps(node.value)

    def visit_Name(self, node: ast.Name) -> str:
        return "Math.PI" if node.id == "pi" else node.id

    def visit_UnaryOp(self, node: ast.UnaryOp) -> str:
        return f"({_BEFORE[type(node.op)]}{self.visit(node.operand)})"

    def visit_BinOp(self, node: ast.BinOp) -> str:
        left, right = self.visit(node.left), self.visit(node.right)
        sign = _INFIX.get(type(node.op))
        return f"({left}{sign}{right})" if sign else f"M.{_CALLED[type(node.op)]}({left},{right})"

    def visit_BoolOp(self, node: ast.BoolOp) -> str:
        return f"({_INFIX[type(node.op)].join(map(self.visit, node.values))})"

    def visit_Compare(self, node: ast.Compare) -> str:
        sides = [self.visit(side) for side in (node.left, *node.comparators)]
        tests = [f"{left}{_INFIX[type(op)]}{right}" for left, op, right in zip(sides, node.ops, sides[1:])]
        return f"({'&&'.join(tests)})"

    def visit_IfExp(self, node: ast.IfExp) -> str:
        test, yes, no = (self.visit(part) for part in (node.test, node.body, node.orelse))
        return f"({test}?{yes}:{no})"

    def visit_List(self, node: ast.List) -> str:
        return _list(map(self.visit, node.elts))

    def visit_Call(self, node: ast.Call) -> str:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise KeyError(f"no JavaScript for {ast.dump(node)}")
        name = node.func.id
        given = ",".join(map(self.visit, node.args))
        if name in MATHS:
            return f"M.{name}({given})"
        row = FUNCTIONS[name]
        self.rows.add(row.name)
        return f"R.{row.name}.f({given})"
