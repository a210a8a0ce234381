"""Writing mathematics back as text: nodes as expressions, local gradients as formulas.

A piece of text travels with its binding power, so that brackets are put where the grammar needs
them and nowhere else.  Local gradients are the table's ``shown`` texts, read with bpcalc's own
parser and written again with the user's names in the place of the parameters.
"""

from __future__ import annotations

from itertools import repeat

try:
    from _operator import itemgetter  # importing operator itself costs a run 2 % of bare Python
except ImportError:  # pragma: no cover - another Python
    from operator import itemgetter

from .backends import floats
from .errors import Source
from .graph import Graph
from .ops import CONSTANT, INPUT, NEG, TABLE, Op, choice
from .syntax import parse
from .written import ATOM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    Filler = tuple[str, Callable[[Sequence[str]], str | tuple[str, ...]] | None]
    Cases = tuple[tuple[Filler, Filler], ...]

Piece = tuple[str, int]
"""A text and its binding power; 100 for what never needs brackets."""

Shape = int | str
"""A piece's binding power, negative where its text begins with -; or its text, if that is a number."""

WRITTEN_OUT = 3
"""Calls of more arguments are written by one pattern for all of them."""
TOO_LONG = 101
"""The shape of a piece that is too long to be written out: a label stands in its place."""
_COMPARISONS = {"<=": ">", ">=": "<", "==": "!=", "!=": "==", "<": ">=", ">": "<="}
_PLAIN = frozenset(("0", "1", "-1"))
_rules: dict[str, Graph] = {}
_SIGNED = next(row.fixity[1] for row in TABLE if row.code == NEG and row.fixity)
_PATTERNS = 4096
patterns: dict[tuple[Shape, ...], Pattern] = {}
"""Those that :func:`pattern` has made, by operation and shapes."""


def compose(row: Op, parts: Sequence[Piece], statics: Mapping[str, Any] | None = None) -> Piece:
    """One operation applied to pieces of text: ``q * (x + y)``, ``sin(x)``, ``x^2``, ``W[1, :]``."""
    if row.name == "identity":
        return parts[0]
    if row.fixity is None:
        if row.structural:
            return _structure(row, parts, statics or {}), ATOM
        return f"{row.name}({', '.join(text for text, _ in parts)})", ATOM
    symbol, power, floor = row.fixity
    if len(parts) == 1:
        text, strength = parts[0]
        return symbol + (text if strength > power else f"({text})"), power
    (left, left_power), (right, right_power) = parts
    if left_power < floor or (left_power == power and symbol in _COMPARISONS):
        left = f"({left})"                             # comparisons cannot be chained
    ties = right_power == power and floor > power      # a^b^c needs no brackets on its right
    if (right_power <= power and not ties) or right[0] == "-":
        right = f"({right})"
    between = symbol if symbol == "^" else f" {symbol} "
    return f"{left}{between}{right}", power


class Pattern:
    """How an operation is written over pieces of some shapes: ``own``, itself; ``slots``, its local gradients.

    ``own`` makes its text from the tuple of the arguments' texts; ``formulas`` the local gradients' texts
    from those and the operation's own text or name.  ``slots`` are the local gradients one by one, as
    fillers (see :func:`fill`).  ``cases`` has, for local gradients with
    branches, (formula, condition) of the branch that holds where the test is true, and of the one where
    it is false.  ``shape`` is the operation's own, TOO_LONG where a part is too long.
    """

    __slots__ = ("cases", "formulas", "own", "shape", "slots")

    def __init__(self, own: Callable[[tuple[str, ...]], str], shape: Shape, slots: tuple[Filler, ...],
                 cases: tuple[Cases, ...], formulas: Callable[[tuple[str, ...]], Iterable[str]]) -> None:
        self.own = own
        self.shape = shape
        self.slots = slots
        self.cases = cases
        self.formulas = formulas


def pattern(code: int, *shapes: Shape) -> Pattern:
    """How the operation ``code`` is written over arguments of these shapes.

    What is written depends on its arguments' shapes alone, so it is worked out once for each and
    then filled in, in a tenth of the time (tests/bench/output.py).
    """
    key: tuple[Shape, ...] = (code, *shapes)
    if len(shapes) > WRITTEN_OUT:
        # All arguments of a wide call are written alike: as the first of three.
        key = (code, "...", TOO_LONG if TOO_LONG in shapes else ATOM)
    found = patterns.get(key)
    if found is None:
        if len(patterns) >= _PATTERNS:
            patterns.clear()
        plain = key if code in READS_NUMBERS else (code, *map(numberless, shapes))
        if len(shapes) > WRITTEN_OUT:
            found = _wide_pattern(TABLE[code], TOO_LONG in shapes)
        else:
            found = patterns.get(plain) or _pattern(TABLE[code], plain[1:])
            patterns[plain] = found
        patterns[key] = found
    return found


def fill(filler: Filler, parts: Sequence[str]) -> str:
    """A template with the parts that it asks for; a text without any is taken as it is."""
    template, pick = filler
    return template if pick is None else template % pick(parts)


def slots(pattern: Pattern, parts: Sequence[str]) -> Iterator[tuple[Filler, Cases, Sequence[str]]]:
    """For each argument: its local gradient's filler, its cases, and the texts that fill them."""
    if len(parts) <= WRITTEN_OUT + 1:
        return zip(pattern.slots, pattern.cases, repeat(parts))
    return zip(repeat(pattern.slots[0]), repeat(pattern.cases[0]), ((x, "", "", parts[-1]) for x in parts[:-1]))


def _wide_pattern(row: Op, long: bool) -> Pattern:
    three = _pattern(row, (ATOM,) * 3)
    return Pattern(lambda parts: f"{row.name}({', '.join(parts)})", TOO_LONG if long else ATOM, three.slots,
                   three.cases, lambda parts: (fill(filler, texts) for filler, _, texts in slots(three, parts)))


def _together(texts: tuple[str, ...]) -> Callable[[tuple[str, ...]], Sequence[str]]:
    """What fills these texts with marks, all at once and with as little as that takes: most are just a part."""
    template, pick = _filler("\n".join(texts))
    if pick is None:
        return lambda parts: texts
    if len(texts) == 1:
        return lambda parts: (template % pick(parts),)
    if template == "\n".join(["%s"] * len(texts)):
        return pick                                # of several parts it gives a tuple
    return lambda parts: (template % pick(parts)).split("\n")


def shape(piece: Piece) -> Shape:
    """What decides how a piece is written inside others, and nothing more."""
    text, power = piece
    if _number(text) is not None:
        return text
    return -power if text[0] == "-" else power


def numberless(of: Shape) -> int:
    """The shape as it is for an operation that is not in READS_NUMBERS."""
    if isinstance(of, int):
        return of
    return -_SIGNED if of[0] == "-" else ATOM


READS_NUMBERS = frozenset(
    row.code for row in TABLE
    if row.code == NEG or any(shown not in _PLAIN and not set(shown).isdisjoint("-*^") for shown in row.shown))
"""Operations of which something is written differently over numbers than over names (see _tidy)."""


def _pattern(row: Op, shapes: Sequence[Shape]) -> Pattern:
    parts: list[Piece] = []
    for slot, of in enumerate(shapes):
        if isinstance(of, str):
            parts.append((of, abs(numberless(of))))
        else:
            parts.append(_marked(slot, of))
    own = compose(row, parts)
    me = f"\x01{len(parts)}\x01", own[1]
    slots = range(len(parts))
    long = TOO_LONG in shapes
    # The operation itself is written with marks for numbers, too: only local gradients are simplified over them.
    template = compose(row, [_marked(slot, numberless(of)) for slot, of in enumerate(shapes)])[0]
    formulas = tuple(local_formula(row, slot, parts, me) for slot in slots)
    return Pattern(_filler(template)[0].__mod__, TOO_LONG if long else shape(own), tuple(map(_filler, formulas)),
                   tuple(tuple((_filler(text), _filler(case)) for text, case in branches(row, slot, parts, me) or ())
                         for slot in slots), _together(formulas))


def _marked(slot: int, power: int) -> Piece:
    """The place of a piece of this binding power, which is negative where the piece begins with -."""
    return f"-\x02{slot}\x01" if power < 0 else f"\x01{slot}\x01", abs(power)


def _filler(text: str) -> Filler:
    """From a text with marks in the place of its pieces to what fills them in."""
    words = text.replace("-\x02", "\x01").split("\x01")
    places = tuple(map(int, words[1::2]))
    if not places:
        return text, None
    return "%s".join(word.replace("%", "%%") for word in words[::2]), itemgetter(*places)


def _structure(row: Op, parts: Sequence[Piece], statics: Mapping[str, Any]) -> str:
    first = parts[0][0] if parts[0][1] >= ATOM else f"({parts[0][0]})"
    if row.name == "transpose":
        return f"{first}.T"
    if row.name == "index":
        return f"{first}[{', '.join(_place(item, parts) for item in statics['at'])}]"
    words = [text for text, _ in parts]
    if row.name == "stack" and statics.get("axis") == 0:
        return f"[{', '.join(words)}]"
    for name, value in statics.items():
        if name == "shape":
            words += map(str, value)
        elif str(value) != row.statics[name] and value is not None:
            words.append(f"{name}={value}")
    return f"{row.word}({', '.join(words)})"


def _place(item: Any, parts: Sequence[Piece]) -> str:
    if isinstance(item, int):
        return parts[item][0]
    texts = ["" if at is None else parts[at][0] for at in item]
    return ":".join(texts[:2] if len(texts) > 2 and not texts[2] else texts)


def pulled(row: Op, slot: int, parts: Sequence[Piece], label: str, given: Sequence[Any]) -> str:
    """The rule of a structural operation for the gradient of argument ``slot``: ``ds · xᵀ``.

    ``label`` is what the operation's node is called; its gradient is written d and the label.
    """
    rules = row.vectors if all(getattr(x, "ndim", 0) == 1 for x in given) else row.rules
    texts = [text if power >= ATOM else f"({text})" for text, power in parts]
    names = {} if row.variadic else dict(zip(row.params, texts))
    rule = rules[min(slot, len(rules) - 1)]
    return rule.format(g=f"d{label}", out=label, **names)


def local_formula(row: Op, slot: int, parts: Sequence[Piece], own: Piece) -> str:
    """The local gradient of ``row`` for argument ``slot``, with these names for its arguments.

    ``own`` stands for the operation's result.
    """
    shown = row.shown_partial(slot, len(parts)).replace("count(xs)", str(len(parts)))
    if shown in _PLAIN:
        return shown
    names = _names(row, slot, parts, own)
    if shown in names:
        return names[shown][0]
    yes, test, no = choice(shown)
    if not test:
        return _write(shown, names)
    return f"{_write(yes, names)} if {_condition(test, names)} else {_write(no, names)}"


def branch(row: Op, slot: int, parts: Sequence[Piece], own: Piece, given: Sequence[float],
           out: float) -> tuple[str, str] | None:
    """The branch of the local gradient that holds at a point, as (formula, condition).

    None where the formula has no branches.  At a kink the rule itself may depart from both of them:
    ties share, and abs has gradient 0 at its corner.
    """
    both = branches(row, slot, parts, own)
    return None if both is None else both[not holds(row, slot, given, out)]


def holds(row: Op, slot: int, given: Sequence[float], out: float) -> bool:
    """Whether the test that chooses between a local gradient's branches is true at a point."""
    _, test, _ = choice(row.shown_partial(slot, len(given)))
    params = ("x", "y", "out") if row.variadic else (*row.params, "out")
    point = (given[slot], given[1 - slot] if len(given) == 2 else 0.0) if row.variadic else tuple(given)
    return bool(floats().rule(params, test)(*point, out))


def branches(row: Op, slot: int, parts: Sequence[Piece],
             own: Piece) -> tuple[tuple[str, str], tuple[str, str]] | None:
    """Both branches of the local gradient, each as (formula, condition); None where there are none."""
    yes, test, no = choice(row.shown_partial(slot, len(parts)))
    if not test:
        return None
    names = _names(row, slot, parts, own)
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
    graph = parsed(text)
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


def parsed(shown: str) -> Graph:
    """The graph of a shown rule without branches; its inputs are the row's parameters and ``out``."""
    graph = _rules.get(shown)
    if graph is None:
        params = sorted({name for row in TABLE for name in (*row.params, "x", "out")})
        graph = _rules[shown] = parse(Source(shown, "rule"), params)
    return graph


def _tidy(row: Op, parts: list[Piece]) -> Piece:
    """``2 - 1`` is 1, ``x^1`` is x and ``1 * x`` is x: nobody writes these down."""
    numbers = [_number(text) for text, _ in parts]
    if row.name == "sub" and numbers[0] is not None and numbers[1] is not None:
        difference = numbers[0] - numbers[1]
        return f"{difference:.12g}", ATOM if difference >= 0 else _SIGNED
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
