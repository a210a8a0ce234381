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
from .errors import BpcalcError, LimitProblem, NameProblem, Source, SyntaxProblem
from .graph import Graph
from .lexer import DIGITS, LINE, Cursor, Stuck, free_names, is_plain, lex, split
from .ops import BINARY, BY_NAME, CONSTANT, FUNCTIONS, IDENTITY, INPUT, NAMED_CONSTANTS, NEG, TABLE, Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any

    from .lexer import Token

_CLOSE, _COMMA, _END, _SHUT, _COLON = -1, -2, -3, -4, -5
_INDEXED, _ARRAY = -1, -2
"""What is pending inside ``x[…]`` and ``[…]``; numbers below are calls of functions that the text defines."""
_KEYWORD = -2
"""Stands for a keyword among the arguments of a call."""
AFTER: dict[str, tuple[int, int, int]] = {
    symbol: (row.fixity[1], row.fixity[2], row.code)
    for symbol, row in BINARY.items()
    if row.fixity
}
"""What follows an operand: (binding power, floor, code); brackets and separators have power 0."""
AFTER[")"] = (0, 1, _CLOSE)
AFTER[","] = (0, 1, _COMMA)
AFTER[";"] = (0, 1, _END)
AFTER["]"] = (0, 1, _SHUT)
AFTER[":"] = (0, 1, _COLON)
_INDEX, _STACK, _TRANSPOSE = (BY_NAME[name].code for name in ("index", "stack", "transpose"))
OPENERS = {f"{name}(": row.code for name, row in FUNCTIONS.items()}
"""Calls of the table's functions, by their token."""
NEG_POWER = next(row.fixity[1] for row in TABLE if row.code == NEG and row.fixity)
_ONE_ARGUMENT = frozenset(row.code for row in TABLE if len(row.params) == 1 and not row.variadic
                          and not row.structural)
_STRUCTURAL = frozenset(row.code for row in TABLE if row.structural)
_MOST_NODES = 20_000_000
"""A text of nested functions can ask for more operations than there is memory."""

PRELUDE = {
    "mse": (("p", "t"), "mean((p - t)^2)"),
    "mae": (("p", "t"), "mean(abs(p - t))"),
    "l1": (("w",), "sum(abs(w))"),
    "l2": (("w",), "sum(w^2)"),
}
"""Functions that open into the language's own operations, as if the text had defined them."""


def parse(source: Source, bound: Collection[str] = (), binding: bool = False) -> Graph:
    """The graph of ``source``; ``bound`` are the names that have a value from outside.

    Bound names that the text does not use are left out of ``Graph.inputs``.  ``binding`` says that the
    text is a NAME=VALUE.  Raises SyntaxProblem or NameProblem, with the span at fault.
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
    if source.name == "value" and text.partition("=")[2].isalnum():
        return                                     # a word in a cell: there may be many, and nothing to translate
    found = translated(text, bound, binding) if len(text) <= LONGEST else None
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
    if needs_opening(cursor.tokens):
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
                words += ["", ""]
        words = [word for word in words if word]
        span = tokens[0][1], tokens[-1][2]
        for word in words:
            if (word[0].isalpha() or word[0] == "_") and word[-1] != "(" and word not in known:
                raise SyntaxProblem(f"'{word}' must be a number that is known beforehand here", cursor.source, span,
                                    "a number, an index around it, or a name that is bound to a number")
        try:
            used = {word: known[word] for word in words if word in known}
            graph = _build(cursor.source, iter(words), used, len(used), None)
            values = [used[name] for name in graph.inputs]
            floats().forward_loop(frozenset(graph.ops))(graph.ops, graph.a, graph.b, values)
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
def _build(
    source: Source,
    tokens: Iterable[str],
    bound: Collection[str],
    size: int,
    cursor: Cursor | None,
) -> Graph:
    """The one parse loop: operands go to ``left``, pending work to three parallel stacks.

    ``tops`` holds the binding powers below, ``codes`` what is pending, ``lefts`` its left operand
    (for a call the list of arguments so far, for an index the array and its places).  ``top`` is the
    power of the pending entry: 0 for a bracket, -1 for nothing.
    """
    ops: list[int] = [INPUT] * size
    a: list[Any] = [0] * size
    b: list[int] = [-1] * size
    symbols: dict[str, int] = {}
    used: list[str] = []
    put_op, put_a, put_b = ops.append, a.append, b.append
    lookup, after, opener = symbols.get, AFTER.get, OPENERS.get
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
    statics: dict[int, dict[str, Any]] = {}
    functions: dict[str, tuple[tuple[str, ...], list[Token]]] = {}
    called: list[tuple[str, int]] = []
    keywords: dict[int, dict[str, str]] = {}
    passed: list[str] = []
    arrays = False

    def leaf(token: str) -> int:
        """A node for a token met for the first time: a bound variable or a number."""
        nonlocal arrays
        if token in bound:
            k = symbols[token] = len(used)
            used.append(token)
            return k
        value: Any
        if token[0] == "[" and cursor is not None:
            from .arrays import ShapeError, as_value  # numpy, now that there is an array

            try:
                value = as_value(cursor.literals[token])
            except ShapeError as error:
                raise Stuck("array", str(error)) from None
            arrays = True
        elif token[0] in DIGITS:
            if "_" in token:
                raise Stuck("number")
            try:
                value = float(token.replace("\x01", "-"))
            except ValueError:
                raise Stuck("operand" if token == ".T" else "number") from None
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
        """The node for a call of more than one argument, or with defaults, keywords or a structural row."""
        nonlocal arrays
        row = TABLE[code]
        given = keywords.pop(len(tops) + 1, {}) if keywords else {}
        if given:
            args = [i for i in args if i != _KEYWORD]
        if row.one is not None and len(args) == 1:
            row = BY_NAME[row.one]
        fixed: dict[str, Any] = {}
        if row.structural:
            arrays = True
            fixed, args = _statics(row, given, args, ops, a)
        for word in row.params[len(args):] if given else ():
            if word in given:
                args.append(leaf_of(given.pop(word)))
        if given:
            raise Stuck("keyword", (row, next(iter(given))))
        if not row.accepts(len(args)):
            raise Stuck("arity", (row, len(args)))
        code = row.code
        if fixed:
            statics[len(ops)] = fixed
        for default in row.defaults[len(args) - len(row.params):] if len(args) < len(row.params) else ():
            args.append(leaf_of(default))
        put_op(code)
        if len(args) <= 2 and not row.variadic:
            put_a(args[0])
            put_b(args[-1])
        else:
            put_a(tuple(args))
            put_b(-1)
        return len(ops) - 1

    def leaf_of(word: str) -> int:
        """The constant that a keyword or a default has for its value; the text does not show it as a leaf."""
        if "=" + word not in symbols:              # no token begins so
            symbols["=" + word] = len(ops)
            put_op(CONSTANT)
            put_a(float(word))
            put_b(-1)
        return symbols["=" + word]

    def place(frame: list[Any], value: int | None) -> None:
        """End a place of an index: a number's node, or a slice that has begun."""
        if isinstance(frame[-1], list):
            frame[-1].append(value)
            if len(frame[-1]) > 3:
                raise Stuck("place")
            frame[-1] = tuple(frame[-1])
            frame.append(None)
        elif value is None:
            raise Stuck("operand")
        else:
            frame[-1] = value
            frame.append(None)

    def indexed(frame: list[Any]) -> int:
        """The node for ``x[…]``; frame is the array and its places."""
        nonlocal arrays
        arrays = True
        inputs: list[int] = [frame[0]]

        def put(node: int | None) -> int | None:
            if node is None:
                return None
            inputs.append(node)
            return len(inputs) - 1

        at = tuple(tuple(map(put, item)) if isinstance(item, tuple) else put(item) for item in frame[1:-1])
        statics[len(ops)] = {"at": at}
        put_op(_INDEX)
        put_a(tuple(inputs))
        put_b(-1)
        return len(ops) - 1

    def enter(cursor: Cursor, args: list[int]) -> None:
        """Read the body of a function that the text defines, with these nodes for its parameters."""
        name, start = called.pop()
        params, body = functions[name]
        if len(args) != len(params):
            raise Stuck("count", (name, params, len(args)))
        if len(ops) > _MOST_NODES:
            raise LimitProblem(f"the functions of this text call each other more than {_MOST_NODES:,} times",
                               source, None)
        words = {}
        for param, node in zip(params, args):
            words[param] = f"\x03{node}"           # no text has such a token
            symbols[words[param]] = node
            passed.append(words[param])
        cursor.opened = True
        cursor.tokens = list(cursor.tokens) if cursor.tokens is cursor.given else cursor.tokens
        cursor.insert(start, body, words)

    def define(read: list[str]) -> bool:
        """Keep the function whose head was read, if the text calls it; its body is read where it is called."""
        if cursor is None or not cursor.calls(read[0]):
            return False
        names = tuple(read[1:-1:2])
        if read[0] in OPENERS or read[0][:-1] in functions or len(set(names)) < len(names) or \
                any(comma != "," for comma in read[2:-1:2]) or len(read) % 2 == 0 or not names:
            raise Stuck("head")
        body = cursor.body(len(read) + 1)
        if not body:
            raise Stuck("operand")
        for word, *place in body:                  # only what stands before: no function can call itself
            if word[-1] == "(" and word != "(" and word not in OPENERS \
                    and word[:-1] not in functions and word[:-1] not in PRELUDE:
                raise NameProblem(f"'{word.rstrip('( ')}' is not a function that is defined before {read[0][:-1]}",
                                  source, (place[0], place[1] - 1), "a function can call those above it")
        functions[read[0][:-1]] = names, body
        return True

    def head(token: str, following: str | None) -> tuple[str | None, list[str]]:
        """The target of the statement that begins with these two tokens, and the tokens to reread."""
        if following == "=":
            if token[0] in DIGITS or token[-1] == "(" or not (token[0].isalpha() or token[0] == "_") \
                    or "." in token:
                raise Stuck("target")
            return token, []
        read = [token] if following is None else [token, following]
        if token[-1] == "(" and token != "(" and token not in OPENERS:
            while read[-1] != ")":
                word = next(it, None)
                if word is None or word == ";" or word == LINE:
                    if word is not None:
                        read.append(word)
                    return None, read
                read.append(word)
            equals = next(it, None)
            if equals == "=":
                return ("", []) if define(read) else slide_head(read)
            if equals is not None:
                read.append(equals)
        return None, read

    def slide_head(read: list[str]) -> tuple[str, list[str]]:
        names = read[1:-1:2]
        if any(comma != "," for comma in read[2:-1:2]) or len(read) % 2 == 0 or not names:
            raise Stuck("head")
        for at, name in enumerate(names):
            if name[0] in DIGITS or name in AFTER or name[-1] == "(" or name == LINE:
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
        before = target
        target, reread = head(token, next(it, None))
        if target == "":                           # a function was defined: there is no node
            target = before
            continue
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
                    top = NEG_POWER
                elif (code := opener(tok)) is not None:
                    tops.append(top)
                    codes.append(code)
                    lefts.append(None if code in _ONE_ARGUMENT else [])
                    top = 0
                    depth += 1
                elif tok == "+" or tok == LINE:
                    pass
                elif tok == "[":
                    tops.append(top)
                    codes.append(_ARRAY)
                    lefts.append([])
                    top = 0
                    depth += 1
                elif codes and codes[-1] == _INDEXED and (
                        tok == ":" or ((tok == "]" or tok == ",") and isinstance(lefts[-1][-1], list))):
                    frame = lefts[-1]
                    if tok == ":":                 # `[:`, `[::`
                        frame[-1] = [*(frame[-1] or ()), None]
                        continue
                    place(frame, None)             # `[1:]`, `[:, 0]`
                    if tok == "]":
                        depth -= 1
                        codes.pop()
                        left = indexed(lefts.pop())
                        n = len(ops)
                        top = tops.pop()
                        need = False
                elif tok in AFTER or tok == "=":
                    raise Stuck("operand")
                elif tok[-1] == "(":
                    if cursor is None or (tok[:-1] not in functions and tok[:-1] not in PRELUDE):
                        raise Stuck("function")
                    if tok[:-1] not in functions:
                        names, body = PRELUDE[tok[:-1]]
                        functions[tok[:-1]] = names, [(word, -1, -1) for word, _, _ in lex(Source(body))]
                    called.append((tok[:-1], cursor.at))
                    tops.append(top)
                    codes.append(_ARRAY - len(called))
                    lefts.append([])
                    top = 0
                    depth += 1
                elif "=" in tok and codes and isinstance(lefts[-1], list) and codes[-1] >= 0:
                    word, _, number = tok.partition("=")
                    kept = keywords.setdefault(len(tops), {})
                    if word in kept:
                        raise Stuck("keyword", (TABLE[codes[-1]], word))
                    kept[word] = number
                    left = _KEYWORD
                    need = False
                else:
                    left = leaf(tok)
                    n = len(ops)
                    need = False
                continue
            entry = after(tok)
            if entry is None:
                if tok == "[":
                    tops.append(top)
                    codes.append(_INDEXED)
                    lefts.append([left, None])
                    top = 0
                    depth += 1
                    need = True
                    continue
                if tok == ".T":
                    put_op(_TRANSPOSE)
                    put_a(left)
                    put_b(left)
                    left = n
                    n += 1
                    arrays = True
                    continue
                if tok != LINE:
                    raise Stuck("operator")
                if depth:
                    continue
                entry = AFTER[";"]
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
                if top < 0 or codes[-1] == _INDEXED or codes[-1] == _ARRAY:
                    raise Stuck("close")
                depth -= 1
                top = tops.pop()
                code = codes.pop()
                args = lefts.pop()
                if code < _ARRAY and cursor is not None:
                    enter(cursor, [*args, left])
                    need = True
                elif args is not None:
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
                if codes[-1] == _INDEXED:
                    place(lefts[-1], left)
                else:
                    lefts[-1].append(left)
                need = True
            elif code == _SHUT:
                if top < 0 or (codes[-1] != _INDEXED and codes[-1] != _ARRAY):
                    raise Stuck("close")
                depth -= 1
                top = tops.pop()
                code = codes.pop()
                frame = lefts.pop()
                if code == _INDEXED:
                    place(frame, left)
                    left = indexed(frame)
                else:
                    left = call(_STACK, [*frame, left])
                n = len(ops)
            elif code == _COLON:
                if top < 0 or codes[-1] != _INDEXED:
                    raise Stuck("operator")
                frame = lefts[-1]
                frame[-1] = [*(frame[-1] or ()), left]
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
    for word in passed:
        symbols.pop(word, None)
    return Graph(source, ops, a, b, symbols, tuple(used), left, target, statics,
                 cursor.tokens if cursor is not None and cursor.opened else None,
                 arrays or not _STRUCTURAL.isdisjoint(ops))


def _statics(row: Op, given: dict[str, str], args: list[int], ops: list[int],
             a: list[Any]) -> tuple[dict[str, Any], list[int]]:
    """What is fixed about a structural operation, by name, and the arguments that are left."""
    fixed: dict[str, Any] = {}
    for name, default in row.statics.items():
        if name == "shape":
            sizes = [a[k] if ops[k] == CONSTANT else -a[a[k]] if ops[k] == NEG and ops[a[k]] == CONSTANT else None
                     for k in args[1:]]
            if not sizes or any(type(size) is not float or size != int(size) for size in sizes):
                raise Stuck("sizes", row)
            fixed[name] = tuple(int(size) for size in sizes if size is not None)
            args = args[:1]
        elif name != "at":
            word = given.pop("keepdims" if name == "keep" else name, default)
            try:
                fixed[name] = int(word) if word else 0 if name == "keep" else None
            except ValueError:
                raise Stuck("sizes", row) from None
    return fixed, args
