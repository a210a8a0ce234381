"""Text to Graph, without recursion and without a tree.

Grammar

    program    = [statement] {(";" | newline) [statement]}       the last statement is the output
    statement  = [name "=" | name "(" name {"," name} ")" "="] sum
    sum        = product {("+" | "-") product}
    product    = signed {("*" | "/") signed}
    signed     = {"+" | "-"} power
    power      = primary [("^" | "**") signed]                   right-associative; -2^2 is -(2^2)
    primary    = number | name | "(" sum ")" | name "(" sum {"," sum} ")"
    number     = digits ["." [digits]] [exponent] | "." digits [exponent]        ASCII digits
    name       = letter or "_", then letters, digits, "_"        ASCII and Greek letters

A newline ends a statement, except inside brackets, after an operator and after "=".  "#" starts a
comment.  × · ⋅ mean *, − means -, ÷ means /, ² and ³ mean ^2 and ^3.  A name is single-assignment.
The binding powers of the operators stand in ops.TABLE (``fixity``): an operator first reduces every
pending one whose power is at least its floor.

Two lexers feed one parser (lexer.py): first the fast one, which keeps no positions; where the parser
cannot go on with it, the careful one, and then whatever is wrong is put into words (complaints.py).
"""

from __future__ import annotations

from itertools import chain

from .complaints import Stuck, explain, explain_missing
from .errors import Source
from .graph import Graph
from .lexer import DIGITS, LINE, Cursor, is_plain, split
from .ops import BINARY, CONSTANT, FUNCTIONS, IDENTITY, INPUT, NAMED_CONSTANTS, NEG, TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any

_CLOSE, _COMMA, _END = -1, -2, -3
_AFTER: dict[str, tuple[int, int, int]] = {
    symbol: (row.fixity[1], row.fixity[2], row.code)
    for symbol, row in BINARY.items()
    if row.fixity
}
_AFTER[")"] = (0, 1, _CLOSE)
_AFTER[","] = (0, 1, _COMMA)
_AFTER[";"] = (0, 1, _END)
_OPENERS = {f"{name}(": row.code for name, row in FUNCTIONS.items()}
_NEG_POWER = next(row.fixity[1] for row in TABLE if row.code == NEG and row.fixity)
_ONE_ARGUMENT = frozenset(row.code for row in TABLE if len(row.params) == 1 and not row.variadic)


def parse(source: Source, bound: Collection[str] = ()) -> Graph:
    """The graph of ``source``; ``bound`` are the names that have a value from outside.

    Bound names that the text does not use are left out of ``Graph.inputs``.
    Raises SyntaxProblem or NameProblem, with the span at fault.
    """
    if not isinstance(bound, (dict, frozenset, set)):
        bound = frozenset(bound)
    text = source.text
    if is_plain(text):
        try:
            return _sized(source, lambda: split(text), bound, None)
        except Stuck:
            pass
    cursor = Cursor(source)
    try:
        graph = _sized(source, cursor.restart, bound, cursor)
    except Stuck as stuck:
        explain(cursor, stuck, bound)
    if cursor.missing:
        explain_missing(cursor, bound)
    return graph


def _sized(source: Source, tokens: Any, bound: Collection[str], cursor: Cursor | None) -> Graph:
    # Variables come first, so their number must be known: all that are bound, or, when some were
    # not used, exactly those that were.
    graph = _build(source, tokens(), bound, len(bound), cursor)
    if len(graph.inputs) != len(bound) and not (cursor and cursor.missing):
        used = frozenset(graph.inputs)
        graph = _build(source, tokens(), used, len(used), cursor)
    return graph


# --------------------------------------------------------------------------------------- the parser
def _build(
    source: Source,
    tokens: Iterable[str],
    bound: Collection[str],
    size: int,
    cursor: Cursor | None,
) -> Graph:
    """The one parse loop: operands go to ``left``, pending work to three parallel stacks.

    ``tops`` holds the binding powers below, ``codes`` what is pending, ``lefts`` its left operand
    (for a call the list of arguments so far).  ``top`` is the power of the pending entry: 0 for a
    bracket, -1 for nothing.
    """
    ops: list[int] = [INPUT] * size
    a: list[Any] = [0] * size
    b: list[int] = [-1] * size
    symbols: dict[str, int] = {}
    used: list[str] = []
    put_op, put_a, put_b = ops.append, a.append, b.append
    lookup, after, opener = symbols.get, _AFTER.get, _OPENERS.get
    tops: list[int] = []
    codes: list[int] = []
    lefts: list[Any] = []
    top, depth, n = -1, 0, size
    left: int = -1
    need = True
    done = False
    target: str | None = None
    first = n
    it = iter(tokens)

    def leaf(token: str) -> int:
        """A node for a token met for the first time: a bound variable or a number."""
        if token in bound:
            k = symbols[token] = len(used)
            used.append(token)
            return k
        if token[0] in DIGITS:
            if "_" in token:
                raise Stuck("number")
            try:
                value = float(token.replace("\x01", "-"))
            except ValueError:
                raise Stuck("number") from None
            if value - value != 0.0:
                raise Stuck("huge")
        elif token in NAMED_CONSTANTS:
            value = NAMED_CONSTANTS[token]
        elif cursor is not None:
            if not cursor.unknown(token):
                raise Stuck("unknown")
            value = 0.0
        else:
            raise Stuck("unknown")
        k = symbols[token] = len(ops)
        put_op(CONSTANT)
        put_a(value)
        put_b(-1)
        return k

    def call(code: int, args: list[int]) -> int:
        """The node for a call of more than one argument, or with defaults."""
        row = TABLE[code]
        if not row.accepts(len(args)):
            raise Stuck("arity", (row, len(args)))
        for default in row.defaults[len(args) - len(row.params):] if len(args) < len(row.params) else ():
            word = "=" + default            # no token begins so: a constant the text does not show
            if word not in symbols:
                symbols[word] = len(ops)
                put_op(CONSTANT)
                put_a(float(default))
                put_b(-1)
            args.append(symbols[word])
        put_op(code)
        if len(args) == 2 and not row.variadic:
            put_a(args[0])
            put_b(args[1])
        else:
            put_a(tuple(args))
            put_b(-1)
        return len(ops) - 1

    def head(token: str, following: str | None) -> tuple[str | None, list[str]]:
        """The target of the statement that begins with these two tokens, and the tokens to reread."""
        if following == "=":
            if token[0] in DIGITS or token[-1] == "(" or not (token[0].isalpha() or token[0] == "_") \
                    or "." in token:
                raise Stuck("target")
            return token, []
        read = [token] if following is None else [token, following]
        if token[-1] == "(" and token != "(" and token not in _OPENERS:
            while read[-1] != ")":
                word = next(it, None)
                if word is None or word == ";" or word == LINE:
                    if word is not None:
                        read.append(word)
                    return None, read
                read.append(word)
            equals = next(it, None)
            if equals == "=":
                return slide_head(read)
            if equals is not None:
                read.append(equals)
        return None, read

    def slide_head(read: list[str]) -> tuple[str, list[str]]:
        names = read[1:-1:2]
        if any(comma != "," for comma in read[2:-1:2]) or len(read) % 2 == 0 or not names:
            raise Stuck("head")
        for at, name in enumerate(names):
            if name[0] in DIGITS or name in _AFTER or name[-1] == "(" or name == LINE:
                raise Stuck("head")
            if cursor is not None and name not in bound:
                cursor.missing.setdefault(name, cursor.at - len(read) + 1 + 2 * at)
            elif lookup(name) is None:
                leaf(name)
        return read[0][:-1], []

    while not done:
        # A statement's head is read apart: only there can a name be new.
        token: str | None = next(it, None)
        while token == LINE or token == ";":
            token = next(it, None)
        if token is None:
            if target is None and left < 0:
                raise Stuck("empty")
            break
        if left >= 0 and target is None:
            raise Stuck("unnamed")
        target, reread = head(token, next(it, None))
        n = len(ops)
        first = n
        need = True
        left = -1
        if reread and cursor is not None:
            cursor.rewind(len(reread))
        elif reread:
            it = chain(reread, it)
        for tok in it:
            if need:
                known = lookup(tok)
                if known is not None:
                    left = known
                    need = False
                elif tok == "(":
                    tops.append(top)
                    codes.append(0)
                    lefts.append(None)
                    top = 0
                    depth += 1
                elif tok == "-":
                    tops.append(top)
                    codes.append(NEG)
                    lefts.append(None)
                    top = _NEG_POWER
                elif (code := opener(tok)) is not None:
                    tops.append(top)
                    codes.append(code)
                    lefts.append(None if code in _ONE_ARGUMENT else [])
                    top = 0
                    depth += 1
                elif tok == "+" or tok == LINE:
                    pass
                elif tok in _AFTER or tok == "=":
                    raise Stuck("operand")
                elif tok[-1] == "(":
                    raise Stuck("function")
                else:
                    left = leaf(tok)
                    n = len(ops)
                    need = False
                continue
            entry = after(tok)
            if entry is None:
                if tok != LINE:
                    raise Stuck("operator")
                if depth:
                    continue
                entry = _AFTER[";"]
            power, floor, code = entry
            while top >= floor:
                put_op(codes.pop())
                other = lefts.pop()
                put_a(left if other is None else other)
                put_b(left)
                left = n
                n += 1
                top = tops.pop()
            if power:
                tops.append(top)
                codes.append(code)
                lefts.append(left)
                top = power
                need = True
            elif code == _CLOSE:
                if top < 0:
                    raise Stuck("close")
                depth -= 1
                top = tops.pop()
                code = codes.pop()
                args = lefts.pop()
                if args is not None:
                    args.append(left)
                    left = call(code, args)
                    n = len(ops)
                elif code:
                    put_op(code)
                    put_a(left)
                    put_b(left)
                    left = n
                    n += 1
            elif code == _COMMA:
                if top < 0 or codes[-1] == 0:
                    raise Stuck("comma")
                if lefts[-1] is None:
                    raise Stuck("arity", (TABLE[codes[-1]], 2))
                lefts[-1].append(left)
                need = True
            else:
                if depth:
                    raise Stuck("open")
                break
        else:
            done = True
            if need:
                raise Stuck("open" if depth else "operand")
            while top > 0:
                put_op(codes.pop())
                other = lefts.pop()
                put_a(left if other is None else other)
                put_b(left)
                left = n
                n += 1
                top = tops.pop()
            if depth:
                raise Stuck("open")
        if target is not None:
            if target in symbols or target in bound:
                raise Stuck("twice", target)
            if left < first:
                # Another name's node, or a number met before: the new name gets a node of its own.
                constant = ops[left] == CONSTANT
                put_op(INPUT if constant else IDENTITY)
                put_a(a[left] if constant else left)
                put_b(-1 if constant else left)
                left = len(ops) - 1
            elif ops[left] == CONSTANT:
                # `x = 3` in the text is a binding: a variable with a value, not a constant.
                ops[left] = INPUT
                symbols.popitem()
            symbols[target] = left
            n = len(ops)
    if left < 0:
        raise Stuck("empty")
    return Graph(source, ops, a, b, symbols, tuple(used), left, target)
