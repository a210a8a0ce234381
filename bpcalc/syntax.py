"""Text to Graph, without recursion and without a tree.

Grammar

    program    = [statement] {(";" | newline) [statement]}       the last statement is the output
    statement  = [name "=" | name "(" name {"," name} ")" "="] value
    value      = sum [("<" | "<=" | ">" | ">=" | "==" | "!=") sum]
    sum        = product {("+" | "-") product}
    product    = signed {("*" | "/" | "@") signed}
    signed     = {"+" | "-"} power
    power      = primary [("^" | "**") signed]                   right-associative; -2^2 is -(2^2)
    primary    = (number | name | "(" value ")" | name "(" arguments ")" | array) {index}
    index      = "[" place {"," place} "]" | ".T"
    arguments  = value {"," value} {"," name "=" number} | value for {for}
    for        = "for" name "in" "range" "(" value {"," value} ")" ["if" value]
    array      = "[" value {"," value} "]" | "[" value for {for} "]"
    place      = value | [value] ":" [value] [":" [value]]
    number     = digits ["." [digits]] [exponent] | "." digits [exponent]        ASCII digits
    name       = letter or "_", then letters, digits, "_"        ASCII and Greek letters

A newline ends a statement, except inside brackets, after an operator and after "=".  "#" starts a
comment.  × · ⋅ mean *, − means -, ÷ means /, ² and ³ mean ^2 and ^3, ≤ ≥ ≠ mean <= >= !=, ᵀ means .T.
A name is single-assignment.  ``f(u) = u^2`` is a function if the text calls f, and the head of a slide
if it does not.  Arrays of numbers may have blanks between entries and ";" between rows; these, sums
over an index and keywords are opened before the parser (notation.py).  The binding powers of the
operators stand in ops.TABLE (``fixity``): an operator first reduces every pending one whose power is
at least its floor.

Two lexers feed one parser (lexer.py): first the fast one, which keeps no positions; where the parser
cannot go on with it, the careful one, and then whatever is wrong is put into words (complaints.py).
"""

from __future__ import annotations

from itertools import chain
from math import isfinite

from .backends import floats
from .building import (
    AFTER,
    ARRAY,
    CLOSE,
    COLON,
    COMMA,
    END,
    INDEXED,
    NEG_POWER,
    OPEN,
    OPENERS,
    SHUT,
    STACK,
    TIGHTEST,
    TRANSPOSED,
    Building,
    end_place,
    ends_a_slice,
)
from .errors import BpcalcError, NameProblem, Source, SyntaxProblem
from .graph import Graph
from .lexer import DIGITS, LINE, Cursor, Stuck, free_names, is_name, is_plain, split
from .ops import CONSTANT, FUNCTIONS, NEG, TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any

    from .lexer import Token

_FOLLOWS = {**AFTER, "[": (0, TIGHTEST, OPEN), ".T": (0, TIGHTEST, TRANSPOSED)}
"""All that can follow an operand but a line's end."""
_BEGINS = {**OPENERS, "(": 0, "[": ARRAY}
"""What is pending after each word that begins a bracket."""
_ONE_ARGUMENT = frozenset([0, *(row.code for row in TABLE if len(row.params) == 1 and not row.variadic
                                and not row.structural)])
"""What has no list of arguments."""


def parse(source: Source, bound: Collection[str] = (), binding: bool = False) -> Graph:
    """The graph of ``source``; ``bound`` are the names that have a value from outside.

    A mapping says what values these are; None stands for one that is not known yet, as a column's.  Bound
    names that the text does not use are left out of ``Graph.inputs``.  ``binding`` says that the text is a
    NAME=VALUE.  Raises SyntaxProblem or NameProblem, with the span at fault.
    """
    try:
        return _parse(source, bound)
    except (SyntaxProblem, NameProblem) as error:
        _propose(error, source, bound, binding)
        raise


def _propose(error: BpcalcError, source: Source, bound: Collection[str], binding: bool) -> None:
    """Let the hint show what the text would be in the language, where that can be told and can be parsed."""
    from .complaints import NoValue
    from .idioms import LONGEST, QUOTED, changed_part, translated  # it needs regular expressions: only an error does

    text = source.text
    if len(text) > LONGEST or (source.name == "value" and text.partition("=")[2].isalnum()):
        return                                     # a word in a cell: there may be many, and nothing to translate
    text = "\n".join(line.partition("#")[0] for line in text.split("\n"))      # a comment is for the reader
    found = translated(text, bound, binding)
    if found is None:
        return
    reason, choices = found
    if not choices:
        error.hint = reason
    good: list[str] = []
    missing: list[str] = []
    for choice in choices:
        attempt = Source(choice)
        try:
            unknown = [name for name in free_names(attempt) if name not in bound]
            if (unknown and binding) or not FUNCTIONS.keys().isdisjoint(unknown):
                continue
            _parse(attempt, {**bound, **dict.fromkeys(unknown, 0.0)} if isinstance(bound, dict) else {*bound, *unknown})
        except BpcalcError:
            continue
        good.append(changed_part(text, choice))
        missing = unknown
    if good:
        if source.name == "value":
            good = [words.partition("=")[2].strip() for words in good]
        hint = f"write {', or '.join(good)}"
        if missing and isinstance(error, NoValue):
            hint += f", and add {' '.join(f'{name}=…' for name in missing[:12])}"
        error.hint = f"{reason}: {hint}" if reason else hint
        if reason == QUOTED:
            error.hint = f'{reason}: "{good[0]}"'


def _parse(source: Source, bound: Collection[str]) -> Graph:
    if not isinstance(bound, (dict, frozenset, set)):
        bound = frozenset(bound)
    text = source.text
    if is_plain(text):
        try:
            return _sized(source, lambda: split(text), bound, None)
        except Stuck:
            pass
    return _parse_with_care(source, bound)


def _parse_with_care(source: Source, bound: Collection[str]) -> Graph:
    """The graph of a text that is not plain, or an error in words; a plain text never loads what this needs."""
    from .complaints import explain, explain_missing
    from .notation import needs_opening

    cursor = Cursor(source)
    if needs_opening(source, cursor.tokens):
        _open(cursor, bound)
    try:
        graph = _sized(source, cursor.restart, bound, cursor)
    except Stuck as stuck:
        explain(cursor, stuck, bound)
    if cursor.missing:
        explain_missing(cursor, bound)
    return graph


def _open(cursor: Cursor, bound: Collection[str]) -> None:
    """Open arrays, keywords and sums over an index; numbers that the index needs are known by now."""
    from .notation import open_up

    known: dict[str, float] = {}
    if isinstance(bound, dict):
        known.update((name, value) for name, value in bound.items() if type(value) is float)
    plain = [LINE, *(token for token, _, _ in cursor.tokens), LINE]
    for before, name, equals, value, after in zip(plain, plain[1:], plain[2:], plain[3:], plain[4:]):
        if before in (LINE, ";") and equals == "=" and value[0] in DIGITS and value != ".T" and after in (LINE, ";"):
            known[name] = float(value)
    known = {name: value for name, value in known.items() if isfinite(value)}
    sizes = {name: len(value) for name, value in bound.items() if hasattr(value, "shape")} \
        if isinstance(bound, dict) else {}

    def evaluate(tokens: list[Token]) -> float:
        words = [token for token, _, _ in tokens]
        for at in range(len(words) - 2):           # len(x) of a bound array
            if words[at] == "len(" and words[at + 1] in sizes and words[at + 2] == ")":
                words[at:at + 3] = ["(", str(sizes[words[at + 1]]), ")"]
        span = tokens[0][1], tokens[-1][2]
        for word in words:
            if is_name(word) and word not in known:
                later = isinstance(bound, dict) and bound.get(word, 0.0) is None
                raise SyntaxProblem(f"'{word}' must be a number that is known beforehand here", cursor.source, span,
                                    f"{word} is another number in every row; a factor can leave terms out, "
                                    f"for example (j < {word})*x[j]" if later else
                                    "a number, an index around it, or a name that is bound to a number")
        used = {word: known[word] for word in words if word in known}
        cursor.settled.update(used)
        try:
            graph = _build(cursor.source, iter(words), used, len(used), None)
            values = [used[name] for name in graph.inputs]
            floats().forward_loop(graph.codes)(graph.ops, graph.a, graph.b, values)
        except (Stuck, ArithmeticError, ValueError):
            raise SyntaxProblem("this is not a number that can be worked out beforehand", cursor.source, span) from None
        return values[graph.output]

    literals: dict[str, Any] = {}
    cursor.tokens = cursor.given = open_up(cursor.source, cursor.tokens, evaluate, literals)
    cursor.literals = literals
    cursor.opened = True


def _sized(source: Source, tokens: Any, bound: Collection[str], cursor: Cursor | None) -> Graph:
    # Variables come first, so their number must be known: all that are bound, or, when some were
    # not used, exactly those that were.
    graph = _build(source, tokens(), bound, len(bound), cursor)
    if len(graph.inputs) != len(bound) and not (cursor and cursor.missing):
        used = frozenset(graph.inputs)
        graph = _build(source, tokens(), used, len(used), cursor)
    return graph


# --------------------------------------------------------------------------------------- the parser
def _build(source: Source, tokens: Iterable[str], bound: Collection[str], size: int, cursor: Cursor | None) -> Graph:
    """The one parse loop: operands go to ``left``, pending work to a chain of tuples.

    A link is (the chain below, the power below, what is pending, its left operand): for a call the list of
    arguments so far, for an index the array and its places.  ``top`` is the binding power of the last
    link: 0 for a bracket, -1 for nothing.
    """
    made = Building(source, bound, size, cursor)
    ops, symbols, used = made.ops, made.symbols, made.used
    put_op, put_a, put_b = ops.append, made.a.append, made.b.append
    lookup, begins, follows = symbols.get, _BEGINS.get, _FOLLOWS.get
    pending: Any = None
    top, depth = -1, 0
    left: Any = None
    target: str | None = None
    it = iter(tokens)
    for token in it:
        # A statement's head is read apart: only there can a name be new.
        if token == LINE or token == ";":
            continue
        if left is not None and target is None:
            raise Stuck("unnamed")
        rest = it
        following = next(it, None)
        if following == "=":
            if not is_name(token):
                raise Stuck("target")
            target = token
        else:
            reread = made.head(token, following, it)
            if reread is None:                     # a function was defined: there is no node
                continue
            target = made.target
            if cursor is not None:
                cursor.rewind(len(reread))
            elif reread:
                rest = chain(reread, it)
        first = n = len(ops)
        need = True
        for tok in rest:
            if need:
                left = lookup(tok)
                if left is not None:
                    need = False
                    continue
                if tok in bound:
                    left = symbols[tok] = len(used)
                    used.append(tok)
                    need = False
                    continue
                code = begins(tok)
                if code is not None:
                    pending = pending, top, code, None if code in _ONE_ARGUMENT else []
                    top = 0
                    depth += 1
                    continue
                if tok == "-":
                    pending = pending, top, NEG, None
                    top = NEG_POWER
                    continue
                if tok == "+" or tok == LINE:
                    continue
                if tok[-1] == "(":
                    pending = pending, top, made.call_of(tok), []
                    top = 0
                    depth += 1
                    continue
                if pending is None or pending[2] != INDEXED or not ends_a_slice(tok, pending[3]):
                    left = made.operand(tok, pending)
                    n = len(ops)
                    need = False
                    continue
                if tok == ":":                     # `[:`, `[::`
                    pending[3][-1] = [*(pending[3][-1] or ()), None]
                    continue
                need = False                       # `[1:]`, `[:, 0]`: there is no operand
            entry = follows(tok)
            if entry is None:
                if tok != LINE:
                    raise Stuck("operator")
                if depth:
                    continue
                entry = AFTER[";"]
            power, floor, code = entry
            while top >= floor:
                pending, top, what, other = pending
                put_op(what)
                put_a(left if other is None else other)
                put_b(left)
                left = n
                n += 1
            if power:
                pending = pending, top, code, left
                top = power
                need = True
            elif code == CLOSE:
                if top < 0 or pending[2] == INDEXED or pending[2] == ARRAY:
                    raise Stuck("close")
                depth -= 1
                pending, top, code, args = pending
                if args is None:
                    if code:
                        put_op(code)
                        put_a(left)
                        put_b(left)
                        left = n
                        n += 1
                    continue
                args.append(left)
                if code < ARRAY and cursor is not None:
                    made.enter(cursor, args)
                    need = True
                else:
                    left = made.call(code, args)
                    n = len(ops)
            elif code == END:
                if depth:
                    raise Stuck("open")
                break
            elif code == COMMA:
                if top < 0 or pending[2] == 0:
                    raise Stuck("comma")
                if pending[3] is None:
                    raise Stuck("arity", (TABLE[pending[2]], 2))
                if pending[2] == INDEXED:
                    end_place(pending[3], left)
                else:
                    pending[3].append(left)
                need = True
            elif code == SHUT:
                if top < 0 or (pending[2] != INDEXED and pending[2] != ARRAY):
                    raise Stuck("close")
                depth -= 1
                pending, top, code, frame = pending
                left = made.indexed(frame, left) if code == INDEXED else made.call(STACK, [*frame, left])
                n = len(ops)
            elif code == COLON:
                if top < 0 or pending[2] != INDEXED:
                    raise Stuck("operator")
                pending[3][-1] = [*(pending[3][-1] or ()), left]
                need = True
            elif code == TRANSPOSED:
                left = made.transposed(left)
                n += 1
            else:
                pending = pending, top, INDEXED, [left, None]
                top = 0
                depth += 1
                need = True
        else:
            if need or depth:
                raise Stuck("open" if depth else "operand")
            left = made.reduced(pending, left)
        if target is None:
            continue
        if left < first or ops[left] == CONSTANT or target in symbols or target in bound:
            left = made.named(target, left, first)
        symbols[target] = left
    if left is None:
        raise Stuck("empty")
    return made.graph(left, target)
