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

Two lexers feed one parser.  Plain text (ASCII, no comments) is split by ``str.replace`` and
``str.split``, five times as fast as a regular expression, and keeps no positions.  Where that one
meets anything it does not know, the text is read again by ``lex``, which knows every character's
place; it alone decides what is an error.  So the fast lexer has to be right only where it succeeds.
"""

from __future__ import annotations

from itertools import chain

from .errors import BpcalcError, NameProblem, Source, Span, SyntaxProblem, closest
from .graph import Graph
from .ops import (
    BINARY,
    CONSTANT,
    FUNCTIONS,
    IDENTITY,
    INPUT,
    NAMED_CONSTANTS,
    NEG,
    TABLE,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from typing import Any, NoReturn

LINE = "\x02"
"""The token for a line's end: no text can contain it, as it is outside the grammar."""

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
_NEG_POWER = TABLE[NEG].fixity[1] if TABLE[NEG].fixity else 0
_ONE_ARGUMENT = frozenset(row.code for row in TABLE if len(row.params) == 1 and not row.variadic)

_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-*/^(),;= \t\n"
_DIGITS = frozenset("0123456789.")
_PIECE = 1 << 16
_CUTS = frozenset("+*/^(),;= \t\n")


class _Stuck(Exception):
    """The parser cannot go on at the current token; ``why`` is one of the cases of _explain."""

    def __init__(self, why: str, detail: Any = None) -> None:
        super().__init__(why)
        self.why = why
        self.detail = detail


def parse(source: Source, bound: Collection[str] = ()) -> Graph:
    """The graph of ``source``; ``bound`` are the names that have a value from outside.

    Bound names that the text does not use are left out of ``Graph.inputs``.
    Raises SyntaxProblem or NameProblem, with the span at fault.
    """
    if not isinstance(bound, (dict, frozenset, set)):
        bound = frozenset(bound)
    text = source.text
    if _is_plain(text):
        try:
            return _sized(source, lambda: _split(text), bound, None)
        except _Stuck:
            pass
    cursor = _Cursor(source)
    try:
        graph = _sized(source, cursor.restart, bound, cursor)
    except _Stuck as stuck:
        _explain(cursor, stuck, bound)
    if cursor.missing:
        _explain_missing(cursor, bound)
    return graph


def _sized(source: Source, tokens: Any, bound: Collection[str], cursor: _Cursor | None) -> Graph:
    # Variables come first, so their number must be known: all that are bound, or, when some were
    # not used, exactly those that were.
    graph = _build(source, tokens(), bound, len(bound), cursor)
    if len(graph.inputs) != len(bound) and not (cursor and cursor.missing):
        used = frozenset(graph.inputs)
        graph = _build(source, tokens(), used, len(used), cursor)
    return graph


# ----------------------------------------------------------------------------------- the fast lexer
def _is_plain(text: str) -> bool:
    try:
        return not text.encode("ascii").translate(None, _PLAIN)
    except UnicodeEncodeError:
        return False


def _split(text: str) -> Iterator[str]:
    """The tokens of a plain text; a bracket sticks to the name before it: ``sin(`` is one token."""
    if "e-" in text or "e+" in text or "E-" in text or "E+" in text:
        import re  # only numbers with a signed exponent need it: 10 ms of start-up

        text = re.sub(r"(?<![A-Za-z0-9_.])([0-9]+\.?[0-9]*|\.[0-9]+)([eE])-(?=[0-9])", "\\1\\2\x01", text)
        text = re.sub(r"(?<![A-Za-z0-9_.])([0-9]+\.?[0-9]*|\.[0-9]+)([eE])\+(?=[0-9])", "\\1\\2", text)
    if "**" in text:
        text = text.replace("**", "^")
    return chain.from_iterable(map(_split_piece, _pieces(text)))


def _split_piece(piece: str) -> list[str]:
    for symbol in "+-*/^),=;":
        if symbol in piece:
            piece = piece.replace(symbol, f" {symbol} ")
    return piece.replace("(", "( ").replace("\n", f" {LINE} ").split()


def _pieces(text: str) -> Iterator[str]:
    # In pieces that end after a character no token goes on from, so that the list of all tokens
    # never exists.
    start, size = 0, len(text)
    while start < size:
        stop = start + _PIECE
        if stop < size:
            cut = stop
            while cut > start and text[cut - 1] not in _CUTS:
                cut -= 1
            if cut == start:
                cut = stop
                while cut < size and text[cut - 1] not in _CUTS:
                    cut += 1
            stop = cut
        yield text[start:stop]
        start = stop


# --------------------------------------------------------------------------------------- the parser
def _build(
    source: Source,
    tokens: Iterable[str],
    bound: Collection[str],
    size: int,
    cursor: _Cursor | None,
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
        if token[0] in _DIGITS:
            if "_" in token:
                raise _Stuck("number")
            try:
                value = float(token.replace("\x01", "-"))
            except ValueError:
                raise _Stuck("number") from None
            if value - value != 0.0:
                raise _Stuck("huge")
        elif token in NAMED_CONSTANTS:
            value = NAMED_CONSTANTS[token]
        elif cursor is not None:
            cursor.unknown(token)
            value = 0.0
        else:
            raise _Stuck("unknown")
        k = symbols[token] = len(ops)
        put_op(CONSTANT)
        put_a(value)
        put_b(-1)
        return k

    def call(code: int, args: list[int]) -> int:
        """The node for a call of more than one argument, or with defaults."""
        row = TABLE[code]
        if not row.accepts(len(args)):
            raise _Stuck("arity", (row, len(args)))
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
            if token[0] in _DIGITS or token[-1] == "(" or not (token[0].isalpha() or token[0] == "_") \
                    or "." in token:
                raise _Stuck("target")
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
            raise _Stuck("head")
        for name in names:
            if name[0] in _DIGITS or name in _AFTER or name[-1] == "(" or name == LINE:
                raise _Stuck("head")
            if lookup(name) is None:
                leaf(name)
        return read[0][:-1], []

    while not done:
        # A statement's head is read apart: only there can a name be new.
        token: str | None = next(it, None)
        while token == LINE or token == ";":
            token = next(it, None)
        if token is None:
            if target is None and left < 0:
                raise _Stuck("empty")
            break
        if left >= 0 and target is None:
            raise _Stuck("unnamed")
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
                    raise _Stuck("operand")
                elif tok[-1] == "(":
                    raise _Stuck("function")
                else:
                    left = leaf(tok)
                    n = len(ops)
                    need = False
                continue
            entry = after(tok)
            if entry is None:
                if tok != LINE:
                    raise _Stuck("operator")
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
                    raise _Stuck("close")
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
                    raise _Stuck("comma")
                if lefts[-1] is None:
                    raise _Stuck("arity", (TABLE[codes[-1]], 2))
                lefts[-1].append(left)
                need = True
            else:
                if depth:
                    raise _Stuck("open")
                break
        else:
            done = True
            if need:
                raise _Stuck("open" if depth else "operand")
            while top > 0:
                put_op(codes.pop())
                other = lefts.pop()
                put_a(left if other is None else other)
                put_b(left)
                left = n
                n += 1
                top = tops.pop()
            if depth:
                raise _Stuck("open")
        if target is not None:
            if target in symbols or target in bound:
                raise _Stuck("twice", target)
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
        raise _Stuck("empty")
    return Graph(source, ops, a, b, symbols, tuple(used), left, target)


# -------------------------------------------------------------------------------- the careful lexer
_GREEK = "\u0391-\u03a1\u03a3-\u03a9\u03b1-\u03c9\u03d1\u03d5\u03d6\u03f0\u03f1\u03f5"
NAME_PATTERN = rf"[A-Za-z_{_GREEK}][A-Za-z0-9_{_GREEK}]*"
_PASTED = {"×": "*", "·": "*", "⋅": "*", "∗": "*", "−": "-", "÷": "/"}
_POWERS = {"²": "2", "³": "3"}
_LOOKALIKES = {
    "\u0445": "x (this is a Cyrillic letter)", "\u0443": "y (this is a Cyrillic letter)",
    "\u0430": "a (this is a Cyrillic letter)", "\u0435": "e (this is a Cyrillic letter)",
    "\u0441": "c (this is a Cyrillic letter)", "\u043e": "o (this is a Cyrillic letter)",
    "\u0440": "p (this is a Cyrillic letter)",
    "\u2013": "-", "\u2014": "-", "\u2010": "-", "\u2011": "-", "\u00a0": "an ordinary blank",
    "\u2009": "an ordinary blank", "\u202f": "an ordinary blank", "\u00b5": "the Greek letter μ",
    "\u2215": "/", "\u2044": "/", "\u2022": "*", "\u00d8": "0", "\u2032": "a plain name",
    "\u00b9": "^1", "\u2074": "^4", "\u2075": "^5", "\u2076": "^6", "\u2077": "^7", "\u2078": "^8",
    "\u2079": "^9", "\u2070": "^0", "\u221a": "sqrt(…)", "\u221e": "a number",
    "\u2211": "a sum written out", "\u2202": "a plain name",
}
_HINTS = {
    "'": 'put the expression in double quotes: "…"',
    '"': "leave the quotes out",
    "\u201c": 'type plain double quotes: "…"', "\u201d": 'type plain double quotes: "…"',
    "\u2018": 'type plain double quotes: "…"', "\u2019": 'type plain double quotes: "…"',
    "%": "there is no remainder operator",
    "!": "there is no factorial",
    "|": "the absolute value is abs(x)",
    "@": "the product of numbers is *",
    "[": "group with ( )", "]": "group with ( )", "{": "group with ( )", "}": "group with ( )",
    "<": "comparisons are not part of the language", ">": "comparisons are not part of the language",
    ".": "a dot can only be part of a number, such as 0.5",
    "$": "leave dollar signs out", "\\": "write functions by name, such as sqrt(x)",
    "&": "put the whole expression in double quotes", ":": "a name is given a value with =",
    "`": "put the expression in double quotes",
    "\x00": "the text looks like UTF-16; save it as UTF-8",
    "\ufeff": "the text holds a byte order mark; save it as UTF-8 without one",
    "\r": "the text has a lone carriage return; end lines with a line feed",
}

Token = tuple[str, int, int]


def lex(source: Source) -> list[Token]:
    """All tokens of ``source`` as (token, start, end).

    Raises SyntaxProblem at the first character that is outside the grammar.
    """
    import re  # only the careful way needs it: plain text without a fault never comes here

    text = source.text
    master = re.compile(
        rf"(?P<blank>[ \t]+|#[^\n]*)|(?P<name>{NAME_PATTERN})(?P<open>[ \t]*\()?"
        r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
        r"|(?P<power>\*\*)|(?P<one>[-+*/^(),;=])|(?P<line>\r?\n)|(?P<pasted>[×·⋅∗−÷])|(?P<raised>[²³])"
    )
    tokens: list[Token] = []
    put = tokens.append
    at, size = 0, len(text)
    scan = master.match
    while at < size:
        found = scan(text, at)
        if found is None:
            _refuse(source, at)
        end = found.end()
        kind = found.lastgroup
        if kind == "name":
            put((found.group(), at, end))
        elif kind == "open":
            put((found.group("name") + "(", at, end))
        elif kind == "number" or kind == "one":
            put((found.group(), at, end))
        elif kind == "line":
            put((LINE, at, end))
        elif kind == "power":
            put(("^", at, end))
        elif kind == "pasted":
            put((_PASTED[found.group()], at, end))
        elif kind == "raised":
            after = text[end:end + 40].lstrip(" \t")
            if after[:1] in ("²", "³", "^") and after or after[:2] == "**":
                raise SyntaxProblem("two exponents in a row", source, (at, end + 1),
                                    f"write ^{_POWERS[found.group()]} and use parentheses")
            put(("^", at, end))
            put((_POWERS[found.group()], at, end))
        at = end
    return tokens


def free_names(source: Source) -> list[str]:
    """The names that a text needs values for, in order of first appearance.

    Raises SyntaxProblem at a character outside the grammar; a text that is not finished is fine.
    """
    tokens = [token for token, _, _ in lex(source)] + [LINE]
    assigned = {token for token, following in zip(tokens, tokens[1:]) if following == "="}
    names = [token for token in tokens
             if (token[0].isalpha() or token[0] == "_") and token[-1] != "(" and token not in assigned
             and token not in NAMED_CONSTANTS]
    return list(dict.fromkeys(names))


def _refuse(source: Source, at: int) -> NoReturn:
    import unicodedata

    char = source.text[at]
    point = f"U+{ord(char):04X}"
    hint = _HINTS.get(char)
    if 0xDC80 <= ord(char) <= 0xDCFF:
        message, hint = f"the byte 0x{ord(char) - 0xDC00:02X} is not UTF-8", "type the expression in UTF-8"
    elif char.isascii() and char.isprintable():
        message = f"'{char}' is not part of the language"
        if char == "." and (at == 0 or not source.text[at - 1].isalnum()):
            message, hint = "a lone dot is not a number", "write 0 or a number such as 0.5"
    else:
        name = unicodedata.name(char, "a control character" if ord(char) < 0xA0 else "a character without a name")
        message = f"the character {point} ({name}) is not part of the language"
        if char in _LOOKALIKES:
            hint = f"did you mean {_LOOKALIKES[char]}?"
        elif hint is None and unicodedata.decimal(char, None) is not None:
            hint = f"type the digit {unicodedata.decimal(char)}"
        elif hint is None:
            plain = unicodedata.normalize("NFKC", char)
            if plain != char and plain.isascii() and plain.strip():
                hint = f"did you mean {plain}?"
    raise SyntaxProblem(message, source, (at, at + 1), hint)


class _Cursor:
    """The careful tokens, and how far the parser has read them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tokens = lex(source)
        self.at = -1
        self.missing: dict[str, int] = {}

    def restart(self) -> _Cursor:
        """Read from the beginning again."""
        self.missing = {}
        self.at = -1
        return self

    def __iter__(self) -> _Cursor:
        return self

    def __next__(self) -> str:
        self.at = min(self.at + 1, len(self.tokens))
        if self.at == len(self.tokens):
            raise StopIteration
        return self.tokens[self.at][0]

    def rewind(self, count: int) -> None:
        """Give the last ``count`` tokens back."""
        self.at = (self.at if self.at < len(self.tokens) else self.at - 1) - count

    def unknown(self, token: str) -> None:
        """Let a name without a value pass for now, so that all of them are reported at once."""
        following = self.tokens[self.at + 1][0] if self.at + 1 < len(self.tokens) else ""
        if token in FUNCTIONS or not (following in _AFTER or following in (LINE, "")):
            raise _Stuck("unknown")
        self.missing.setdefault(token, self.at)

    def word(self, i: int) -> str:
        """The token as the user typed it."""
        return self.source.text[self.tokens[i][1]:self.tokens[i][2]]

    def span(self, i: int) -> Span:
        """Where token ``i`` stands; after the text for the end."""
        if i < len(self.tokens):
            return self.tokens[i][1:]
        end = self.tokens[-1][2] if self.tokens else 0
        return (end, end + 1)


def _line_of(source: Source, at: int) -> int:
    return source.text.count("\n", 0, at) + 1


def _is_value(token: str) -> bool:
    return token not in _AFTER and token not in ("=", LINE, "(") and token[-1:] != "("


def _explain(cursor: _Cursor, stuck: _Stuck, bound: Collection[str]) -> NoReturn:
    """Turn the parser's case into words, a span and a hint."""
    raise _EXPLAIN.get(stuck.why, _explain_operand)(cursor, stuck, bound)


def _explain_empty(cursor: _Cursor, stuck: _Stuck, bound: Collection[str]) -> BpcalcError:
    return SyntaxProblem("the expression is empty", cursor.source, None,
                         'for example: bpcalc "(x+y)*z" x=-2 y=5 z=-4')


def _explain_operand(cursor: _Cursor, stuck: _Stuck, bound: Collection[str]) -> BpcalcError:
    source, tokens, i = cursor.source, cursor.tokens, cursor.at
    before = tokens[i - 1][0] if i > 0 else LINE
    if i >= len(tokens):
        if before == "=":
            return SyntaxProblem(f"nothing stands after '{cursor.word(i - 1)}'", source, cursor.span(i))
        return SyntaxProblem(f"the expression ends after '{cursor.word(i - 1)}'", source, cursor.span(i),
                             "a number, a name or '(' must follow")
    word = cursor.word(i)
    token = tokens[i][0]
    span = cursor.span(i)
    if token == ")":
        if before == "(":
            return SyntaxProblem("nothing stands between the parentheses", source,
                                 (cursor.span(i - 1)[0], span[1]))
        if before[-1:] == "(":
            row = FUNCTIONS.get(before[:-1])
            takes = f"; it takes {row.arity}" if row else ""
            return SyntaxProblem(f"{before[:-1]} has no argument{takes}", source,
                                 (cursor.span(i - 1)[0], span[1]))
        if before == ",":
            return SyntaxProblem("an argument is missing after the comma", source, span)
        return SyntaxProblem(f"a value is missing between '{cursor.word(i - 1)}' and ')'", source, span)
    if token == ",":
        return SyntaxProblem("an argument is missing before this comma", source, span)
    if token in (";", LINE):
        return SyntaxProblem(f"nothing stands after '{cursor.word(i - 1)}'", source, span)
    if token == "=":
        if before == "=":
            return SyntaxProblem("'==' is not part of the language", source, (cursor.span(i - 1)[0], span[1]),
                                 "a name is given a value with one =")
        return SyntaxProblem("'=' has no name on its left", source, span)
    hint = None
    if token == "^" and before == "^":
        hint = "a power is written ^ or **, once"
    elif before in (LINE, ";") or i == 0:
        return SyntaxProblem(f"'{word}' has nothing on its left", source, span,
                             "a line that goes on must be broken after the operator")
    return SyntaxProblem(f"'{word}' cannot follow '{cursor.word(i - 1)}'", source, span, hint)


def _explain_operator(cursor: _Cursor, stuck: _Stuck, bound: Collection[str]) -> BpcalcError:
    source, tokens, i = cursor.source, cursor.tokens, cursor.at
    token, word, span = tokens[i][0], cursor.word(i), cursor.span(i)
    before = cursor.word(i - 1)
    if token == "=":
        if i + 1 < len(tokens) and tokens[i + 1][0] == "=" and tokens[i + 1][1] == span[1]:
            return SyntaxProblem("'==' is not part of the language", source, (span[0], span[1] + 1),
                                 "a name is given a value with one =")
        return SyntaxProblem("only a name can stand on the left of '='", source, span,
                             "statements look like q = x + y, separated by ;")
    if before[-1:].isdigit() and word[:1].isalpha() and tokens[i - 1][2] == span[0]:
        if before == "0" and word[0] in "xXbBoO":
            return SyntaxProblem(f"'{before}{word}' is not a decimal number", source,
                                 (tokens[i - 1][1], span[1]), "numbers are written in decimal")
        if word.lower() == "e":
            return SyntaxProblem(f"'{before}{word}' has no exponent", source, (tokens[i - 1][1], span[1]),
                                 f"write {before}e5 for a power of ten, or {before}*{word} for a product")
    if _is_value(token) or token[-1:] == "(":
        shown = word if token[-1] != "(" else word.rstrip("( \t") + "(…)" if token != "(" else "(…)"
        value = before if before != ")" else "(…)"
        if before[-1:].isdigit() and word[:1] in ".0123456789":
            return SyntaxProblem(f"two numbers side by side: '{before}' and '{word}'", source, span,
                                 "an operator is missing between them")
        return SyntaxProblem(f"an operator is missing before '{word.rstrip('( ')or '('}'", source, span,
                             f"there is no implicit multiplication; for a product write {value}*{shown}")
    return SyntaxProblem(f"'{word}' was not expected here", source, span)


def _explain_comma(cursor: _Cursor, stuck: _Stuck, bound: Collection[str]) -> BpcalcError:
    source, tokens, i = cursor.source, cursor.tokens, cursor.at
    span = cursor.span(i)
    hint = "commas separate the arguments of a function"
    if 0 < i < len(tokens) - 1 and tokens[i - 1][0][-1] in _DIGITS and tokens[i + 1][0][0] in _DIGITS:
        whole, rest = tokens[i - 1][0], tokens[i + 1][0]
        hint = f"decimals are written with a point: {whole}.{rest}"
        if len(rest) == 3 and "." not in whole + rest:
            hint += f"; thousands without a separator: {whole}{rest}"
    return SyntaxProblem("a comma outside a function's arguments", source, span, hint)


def _explain_brackets(cursor: _Cursor, stuck: _Stuck, bound: Collection[str]) -> BpcalcError:
    if stuck.why == "close":
        return SyntaxProblem("this ')' closes nothing", cursor.source, cursor.span(cursor.at),
                             "there is no '(' for it")
    pending = []
    for i in range(min(cursor.at, len(cursor.tokens))):
        token = cursor.tokens[i][0]
        if token[-1] == "(":
            pending.append(i)
        elif token == ")":
            pending.pop()
    i = pending[-1]
    end = cursor.span(i)[1]
    return SyntaxProblem("this '(' is never closed", cursor.source, (end - 1, end))


def _explain_name(cursor: _Cursor, stuck: _Stuck, bound: Collection[str]) -> BpcalcError:
    source, tokens, i = cursor.source, cursor.tokens, cursor.at
    span = cursor.span(i)
    name = tokens[i][0].rstrip("(")
    if tokens[i][0][-1] == "(":
        known = {token[0] for token in tokens if _is_value(token[0])} | set(bound)
        if name in known or name in NAMED_CONSTANTS:
            return NameProblem(f"'{name}' is a value, not a function", source, span,
                               f"for a product write {name}*(…)")
        near = closest(name, FUNCTIONS)
        hint = f"did you mean {' or '.join(near)}?" if near else (
            f"bpcalc --functions lists them; for a product write {name}*(…)")
        return NameProblem(f"'{name}' is not a function", source, (span[0], span[0] + len(name)), hint)
    if name in FUNCTIONS:
        argument = tokens[i + 1][0] if i + 1 < len(tokens) and _is_value(tokens[i + 1][0]) else "x"
        call = f"{name}({argument})" if FUNCTIONS[name].accepts(1) else f"{name}(x, y)"
        return NameProblem(f"'{name}' is a function and needs an argument in parentheses", source, span,
                           f"write {call}")
    if i + 1 < len(tokens) and tokens[i + 1][0] == "=":
        return SyntaxProblem("'=' can only follow the first name of a statement", source, cursor.span(i + 1),
                             "separate statements with ; or a new line")
    cursor.at += 1
    return _explain_operator(cursor, stuck, bound)


def _explain_number(cursor: _Cursor, stuck: _Stuck, bound: Collection[str]) -> BpcalcError:
    word = cursor.word(cursor.at)
    shown = word if len(word) <= 40 else f"{word[:20]}…{word[-10:]}"
    return SyntaxProblem(f"{shown} is too large for a double-precision number", cursor.source,
                         cursor.span(cursor.at), "the largest is about 1.8e308")


def _explain_arity(cursor: _Cursor, stuck: _Stuck, bound: Collection[str]) -> BpcalcError:
    row, count = stuck.detail
    depth, i = 0, cursor.at
    extra = cursor.tokens[i][0] == ","
    while i > 0:
        i -= 1
        token = cursor.tokens[i][0]
        if token == ")":
            depth += 1
        elif token[-1] == "(":
            if depth == 0:
                break
            depth -= 1
    noun = "argument" if row.arity == "1" else "arguments"
    given = "more than one" if extra else f"{count}"
    return SyntaxProblem(f"{row.name} takes {row.arity} {noun}, not {given}", cursor.source,
                         (cursor.span(i)[0], cursor.span(cursor.at)[1]))


def _explain_target(cursor: _Cursor, stuck: _Stuck, bound: Collection[str]) -> BpcalcError:
    i = min(cursor.at, len(cursor.tokens) - 1)
    if stuck.why == "head":
        return SyntaxProblem("a head looks like f(x, y) = …, with names separated by commas", cursor.source,
                             cursor.span(i))
    while i > 0 and cursor.tokens[i][0] != "=":
        i -= 1
    return SyntaxProblem("only a name can stand on the left of '='", cursor.source,
                         cursor.span(max(i - 1, 0)), "statements look like q = x + y, separated by ;")


def _explain_twice(cursor: _Cursor, stuck: _Stuck, bound: Collection[str]) -> BpcalcError:
    source, tokens, name = cursor.source, cursor.tokens, stuck.detail
    places = [i for i in range(min(cursor.at + 1, len(tokens)) - 1)
              if tokens[i][0] == name and tokens[i + 1][0] == "="
              or tokens[i][0] == name + "(" and (i == 0 or tokens[i - 1][0] in (";", LINE))]
    span = cursor.span(places[-1]) if places else None
    if name in bound:
        return NameProblem(f"'{name}' has a value from its binding and is assigned here as well", source, span,
                           f"leave out {name}=… or use another name")
    if len(places) > 1:
        return NameProblem(f"'{name}' is assigned twice", source, span,
                           "every name stands for one node of the graph; use a new name")
    if name in NAMED_CONSTANTS:
        return NameProblem(f"'{name}' was used as a constant before it is assigned here", source, span,
                           "assign it first, or use another name")
    return NameProblem(f"'{name}' is used before it is assigned", source, span, "put its statement first")


def _explain_unnamed(cursor: _Cursor, stuck: _Stuck, bound: Collection[str]) -> BpcalcError:
    i = cursor.at - 1
    while i > 0 and cursor.tokens[i][0] not in (";", LINE):
        i -= 1
    j = i
    while j > 0 and cursor.tokens[j - 1][0] in (";", LINE):
        j -= 1
    start = j - 1
    while start > 0 and cursor.tokens[start - 1][0] not in (";", LINE):
        start -= 1
    span = (cursor.span(max(start, 0))[0], cursor.span(max(j - 1, 0))[1])
    return SyntaxProblem("this statement's value is never used", cursor.source, span,
                         "only the last statement may go without a name: write name = …")


_EXPLAIN = {
    "empty": _explain_empty, "operand": _explain_operand, "operator": _explain_operator,
    "comma": _explain_comma, "close": _explain_brackets, "open": _explain_brackets,
    "function": _explain_name, "unknown": _explain_name, "number": _explain_number,
    "huge": _explain_number, "arity": _explain_arity, "target": _explain_target,
    "head": _explain_target, "twice": _explain_twice, "unnamed": _explain_unnamed,
}


def _explain_missing(cursor: _Cursor, bound: Collection[str]) -> NoReturn:
    """All names without a value in one error: assigned too late, mistyped, or not given."""
    source, tokens = cursor.source, cursor.tokens
    assigned = {tokens[i][0] for i in range(len(tokens) - 1) if tokens[i + 1][0] == "="}
    name, at = next(iter(cursor.missing.items()))
    span = cursor.span(at)
    late = [name for name in cursor.missing if name in assigned]
    if late:
        raise NameProblem(f"'{late[0]}' is used before it is assigned", source,
                          cursor.span(cursor.missing[late[0]]), "put its statement first")
    missing = list(cursor.missing)
    if len(missing) == 1:
        near = closest(name, [*bound, *assigned])
        hint = f"did you mean {' or '.join(near)}? Otherwise add {name}=…" if near else f"add {name}=…"
        raise NameProblem(f"'{name}' has no value", source, span, hint)
    shown = ", ".join(missing[:12]) + (f" and {len(missing) - 12} more" if len(missing) > 12 else "")
    words = " ".join(f"{name}=…" for name in missing[:12])
    raise NameProblem(f"these names have no value: {shown}", source, span, f"add {words}")
