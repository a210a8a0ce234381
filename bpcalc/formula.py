"""Writing mathematics back as text: nodes as expressions, local gradients as formulas.

A piece of text travels with its binding power, so that brackets are put where the grammar needs
them and nowhere else.  Local gradients are the table's ``shown`` texts, read with bpcalc's own
parser and written again with the user's names in the place of the parameters.
"""

from __future__ import annotations

from .backends import floats
from .errors import Source
from .graph import Graph
from .ops import CONSTANT, INPUT, TABLE, Op
from .syntax import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

Piece = tuple[str, int]
"""A text and its binding power; 100 for what never needs brackets."""

ATOM = 100
_COMPARISONS = {"<=": ">", ">=": "<", "==": "!=", "!=": "==", "<": ">=", ">": "<="}
_PLAIN = frozenset(("0", "1", "-1"))
_rules: dict[str, Graph] = {}


def compose(row: Op, parts: Sequence[Piece]) -> Piece:
    """One operation applied to pieces of text: ``q * (x + y)``, ``sin(x)``, ``x^2``."""
    if row.name == "identity":
        return parts[0]
    if row.fixity is None:
        return f"{row.name}({', '.join(text for text, _ in parts)})", ATOM
    symbol, power, floor = row.fixity
    if len(parts) == 1:
        text, strength = parts[0]
        return symbol + (text if strength > power else f"({text})"), power
    (left, left_power), (right, right_power) = parts
    if left_power < floor:
        left = f"({left})"
    ties = right_power == power and floor > power      # a^b^c needs no brackets on its right
    if (right_power <= power and not ties) or right[0] == "-":
        right = f"({right})"
    between = symbol if symbol == "^" else f" {symbol} "
    return f"{left}{between}{right}", power


def local_formula(row: Op, slot: int, parts: Sequence[Piece], own: Piece) -> str:
    """The local gradient of ``row`` for argument ``slot``, with these names for its arguments.

    ``own`` stands for the operation's result.
    """
    shown = row.shown_partial(slot, len(parts))
    if shown in _PLAIN:
        return shown
    names = _names(row, slot, parts, own)
    if shown in names:
        return names[shown][0]
    if " if " not in shown:
        return _write(shown, names)
    yes, test, no = _branches(shown)
    return f"{_write(yes, names)} if {_condition(test, names)} else {_write(no, names)}"


def branch(row: Op, slot: int, parts: Sequence[Piece], own: Piece, given: Sequence[float],
           out: float) -> tuple[str, str] | None:
    """The branch of the local gradient that holds at a point, as (formula, condition).

    None where the formula has no branches.  At a kink the rule itself may depart from both of them:
    ties share, and abs has gradient 0 at its corner.
    """
    both = branches(row, slot, parts, own)
    if both is None:
        return None
    _, test, _ = _branches(row.shown_partial(slot, len(parts)))
    params = ("x", "y", "out") if row.variadic else (*row.params, "out")
    point = (given[slot], given[1 - slot] if len(given) == 2 else 0.0) if row.variadic else tuple(given)
    return both[0] if floats().rule(params, test)(*point, out) else both[1]


def branches(row: Op, slot: int, parts: Sequence[Piece],
             own: Piece) -> tuple[tuple[str, str], tuple[str, str]] | None:
    """Both branches of the local gradient, each as (formula, condition); None where there are none."""
    shown = row.shown_partial(slot, len(parts))
    if " if " not in shown:
        return None
    names = _names(row, slot, parts, own)
    yes, test, no = _branches(shown)
    return (_write(yes, names), _condition(test, names)), (_write(no, names), _condition(_negated(test), names))


def _names(row: Op, slot: int, parts: Sequence[Piece], own: Piece) -> dict[str, Piece]:
    if row.variadic:
        names = {"x": parts[slot]}
        if len(parts) == 2:
            names["y"] = parts[1 - slot]
    else:
        names = dict(zip(row.params, parts))
    names["out"] = own
    return names


def _branches(shown: str) -> tuple[str, str, str]:
    yes, _, rest = shown.partition(" if ")
    test, _, no = rest.partition(" else ")
    return yes, test, no


def _negated(test: str) -> str:
    words = test.split()
    if len(words) == 3:
        return f"{words[0]} {_COMPARISONS[words[1]]} {words[2]}"
    return f"not {test}"


def _condition(test: str, names: dict[str, Piece]) -> str:
    shown = []
    for word in test.split():
        if word in names:
            text, power = names[word]
            shown.append(text if power > 5 else f"({text})")
        else:
            shown.append("=" if word == "==" else word)
    return " ".join(shown)


def _write(text: str, names: dict[str, Piece]) -> str:
    """A shown rule with pieces for its parameters; constants are folded where a person would."""
    graph = _rules.get(text)
    if graph is None:
        params = sorted({name for row in TABLE for name in (*row.params, "x", "out")})
        graph = _rules[text] = parse(Source(text, "rule"), params)
    pieces: list[Piece] = []
    words = graph.words
    for k, code in enumerate(graph.ops):
        if code == INPUT:
            pieces.append(names[graph.inputs[k]])
        elif code == CONSTANT:
            pieces.append((words[k], ATOM))
        else:
            row = TABLE[code]
            pieces.append(_tidy(row, [pieces[i] for i in graph.args(k)]))
    return pieces[graph.output][0]


def _tidy(row: Op, parts: list[Piece]) -> Piece:
    """``2 - 1`` is 1, ``x^1`` is x and ``1 * x`` is x: nobody writes these down."""
    numbers = [_number(text) for text, _ in parts]
    if row.name == "sub" and numbers[0] is not None and numbers[1] is not None:
        difference = numbers[0] - numbers[1]
        return f"{difference:.12g}", ATOM if difference >= 0 else 30
    if row.name == "pow" and numbers[1] == 1:
        return parts[0]
    if row.name == "mul" and numbers[0] == 1:
        return parts[1]
    return compose(row, parts)


def _number(text: str) -> float | None:
    if text.strip("-")[:1] not in "0123456789." or not text.strip("-"):
        return None
    try:
        return float(text)
    except ValueError:
        return None
