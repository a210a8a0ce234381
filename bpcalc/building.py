"""A graph while its text is read: leaves, calls, indices, names, and functions that the text defines.

The parse loop (syntax.py) appends the plain operations itself; what is rarer or takes more than a few
lines it asks for here.  ``left``, in both, is the node of the operand read last.
"""

from __future__ import annotations

from itertools import takewhile

from .errors import LimitProblem, NameProblem, Source, SyntaxProblem
from .graph import Graph
from .lexer import DIGITS, LINE, Stuck, is_name, lex
from .ops import BINARY, BY_NAME, CONSTANT, FUNCTIONS, IDENTITY, INPUT, NAMED_CONSTANTS, NEG, TABLE, Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

    from .lexer import Cursor, Token

CLOSE, COMMA, END, SHUT, COLON, OPEN, TRANSPOSED = range(7)
"""What follows an operand and is no operator; its binding power is 0."""
INDEXED, ARRAY = -1, -2
"""What is pending inside ``x[…]`` and ``[…]``; numbers below are calls of functions that the text defines."""
AFTER: dict[str, tuple[int, int, int]] = {
    symbol: (row.fixity[1], row.fixity[2], row.code)
    for symbol, row in BINARY.items()
    if row.fixity
}
"""What follows an operand: (binding power, floor, code)."""
AFTER.update({sign: (0, 1, code) for sign, code in zip("),;]:", (CLOSE, COMMA, END, SHUT, COLON))})
TIGHTEST = 1 + max(power for power, _, _ in AFTER.values())
"""The floor of what leaves everything pending."""
_INDEX, STACK, _TRANSPOSE = (BY_NAME[name].code for name in ("index", "stack", "transpose"))
OPENERS = {f"{name}(": row.code for name, row in FUNCTIONS.items()}
"""Calls of the table's functions, by their token."""
NEG_POWER = next(row.fixity[1] for row in TABLE if row.code == NEG and row.fixity)
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


class Building:
    """The nodes so far, and what is known about the text's names and functions.

    ``symbols`` are the nodes of names and numbers by token, ``used`` the bound names in the order of their
    nodes, of which the first ``size`` are theirs.
    """

    __slots__ = ("_called", "_functions", "_keywords", "_passed", "a", "arrays", "b", "bound", "cursor", "ops",
                 "source", "statics", "symbols", "target", "used")

    def __init__(self, source: Source, bound: Collection[str], size: int, cursor: Cursor | None) -> None:
        self.source = source
        self.bound = bound
        self.cursor = cursor
        self.ops: list[int] = [INPUT] * size
        self.a: list[Any] = [0] * size
        self.b: list[int] = [-1] * size
        self.symbols: dict[str, int] = {}
        self.used: list[str] = []
        self.statics: dict[int, dict[str, Any]] = {}
        self.arrays = False
        self.target: str | None = None             # of the head that was read last
        self._functions: dict[str, tuple[tuple[str, ...], list[Token]]] = {}
        self._called: list[tuple[str, int]] = []
        self._keywords = False                     # whether there are any
        self._passed: list[str] = []               # the words for arguments of the text's functions

    def graph(self, output: int, name: str | None) -> Graph:
        """The finished graph."""
        for word in self._passed:
            self.symbols.pop(word, None)
        cursor = self.cursor
        tokens = cursor.tokens if cursor is not None and cursor.opened else None
        settled = frozenset(cursor.settled if cursor is not None else ())
        made = Graph(self.source, self.ops, self.a, self.b, self.symbols, tuple(self.used), output, name, self.statics,
                     tokens, self.arrays, settled)
        made.arrays |= not _STRUCTURAL.isdisjoint(made.codes)
        return made

    def _put(self, code: int, a: Any, b: int = -1) -> int:
        self.ops.append(code)
        self.a.append(a)
        self.b.append(b)
        return len(self.ops) - 1

    # -------------------------------------------------------------------------------------- leaves
    def operand(self, token: str, pending: Any) -> Any:
        """What a word is that stands for a number: its node, or (name, value) for a keyword of the pending call."""
        if token in AFTER or token == "=":
            raise Stuck("operand")
        if "=" in token and pending is not None and isinstance(pending[3], list) and pending[2] >= 0:
            self._keywords = True
            word, _, value = token.partition("=")
            return word, value
        return self._leaf(token)

    def _leaf(self, token: str) -> int:
        """The node for a token met for the first time: a bound variable or a number."""
        if token in self.bound:
            k = self.symbols[token] = len(self.used)
            self.used.append(token)
            return k
        k = self.symbols[token] = self._put(CONSTANT, self._number(token))
        return k

    def _number(self, token: str) -> Any:
        cursor = self.cursor
        if token[0] == "[" and cursor is not None:
            from .arrays import ShapeError, as_value  # numpy, now that there is an array

            self.arrays = True
            try:
                return as_value(cursor.literals[token])
            except ShapeError as error:
                raise Stuck("array", str(error)) from None
        if token[0] in DIGITS:
            if "_" in token:
                raise Stuck("operand")
            try:
                value = float(token.replace("\x01", "-"))
            except ValueError:                     # `.T`, and what the careful lexer does not take for one number
                raise Stuck("operand") from None
            if value - value != 0.0:
                raise Stuck("huge")
            return value
        if token in NAMED_CONSTANTS:
            return NAMED_CONSTANTS[token]
        if cursor is None or not cursor.unknown(token):
            raise Stuck("unknown")
        return 0.0

    def _unshown(self, word: str) -> int:
        """The constant that a keyword or a default has for its value; the text does not show it as a leaf."""
        if "=" + word not in self.symbols:         # no token begins so
            self.symbols["=" + word] = self._put(CONSTANT, float(word))
        return self.symbols["=" + word]

    # --------------------------------------------------------------------------------------- calls
    def call(self, code: int, args: list[Any]) -> int:
        """The node for a call of more than one argument, or with defaults, keywords or a structural row."""
        row = TABLE[code]
        given: dict[str, str] = {}
        if self._keywords:
            args, given = _keywords(row, args)
        if row.one is not None and len(args) == 1:
            row = BY_NAME[row.one]
        fixed: dict[str, Any] = {}
        if row.structural:
            fixed, args = _statics(row, given, args, self.ops, self.a)
        places = row.params[len(args):]
        for word in given:
            if word not in places:
                raise Stuck("keyword", (row, word))
        for word in takewhile(given.__contains__, places):
            args.append(self._unshown(given[word]))
        if not row.accepts(len(args)):
            raise Stuck("arity", (row, len(args)))
        if fixed:
            self.statics[len(self.ops)] = fixed
        for default in row.defaults[len(args) - len(row.params):] if len(args) < len(row.params) else ():
            args.append(self._unshown(default))
        if len(args) <= 2 and not row.variadic:
            return self._put(row.code, args[0], args[-1])
        return self._put(row.code, tuple(args))

    def reduced(self, pending: Any, left: int) -> int:
        """The node after all pending operators."""
        while pending is not None:
            pending, _, code, other = pending
            left = self._put(code, left if other is None else other, left)
        return left

    def transposed(self, left: int) -> int:
        """The node for ``x.T``."""
        return self._put(_TRANSPOSE, left, left)

    def indexed(self, frame: list[Any], last: int | None) -> int:
        """The node for ``x[…]``; frame is the array and its places but the last."""
        end_place(frame, last)
        inputs: list[int] = [frame[0]]

        def put(node: int | None) -> int | None:
            if node is None:
                return None
            inputs.append(node)
            return len(inputs) - 1

        at = tuple(tuple(map(put, item)) if isinstance(item, tuple) else put(item) for item in frame[1:-1])
        self.statics[len(self.ops)] = {"at": at}
        return self._put(_INDEX, tuple(inputs))

    # -------------------------------------------------------------- functions that the text defines
    def call_of(self, token: str) -> int:
        """What is pending in a call of a function that the text or the prelude defines."""
        name, functions = token[:-1], self._functions
        if self.cursor is None or (name not in functions and name not in PRELUDE):
            raise Stuck("function")
        if name not in functions:
            params, body = PRELUDE[name]
            functions[name] = params, [(word, -1, -1) for word, _, _ in lex(Source(body))]
        self._called.append((name, self.cursor.at))
        return ARRAY - len(self._called)

    def enter(self, cursor: Cursor, args: list[int]) -> None:
        """Read the body of the function called last, with these nodes for its parameters."""
        name, start = self._called.pop()
        params, body = self._functions[name]
        if len(args) != len(params):
            raise Stuck("count", (name, params, len(args)))
        if len(self.ops) > _MOST_NODES:
            raise LimitProblem(f"the functions of this text call each other more than {_MOST_NODES:,} times",
                               self.source, None)
        words = {}
        for param, node in zip(params, args):
            words[param] = f"\x03{node}"           # no text has such a token
            self.symbols[words[param]] = node
            self._passed.append(words[param])
        cursor.opened = True
        cursor.insert(start, body, words)

    def _define(self, read: list[str]) -> bool:
        """Keep the function whose head was read, if the text calls it; its body is read where it is called."""
        cursor, functions = self.cursor, self._functions
        if cursor is None or not cursor.calls(read[0]):
            return False
        name = read[0][:-1]
        names = tuple(param for param, _ in _parameters(read))
        _, start, _ = cursor.tokens[cursor.at - len(read)]
        if name in functions:
            raise NameProblem(f"'{name}' is a function already", self.source, (start, start + len(name)),
                              "a function is defined once, above its calls")
        _, _, equals = cursor.tokens[cursor.at]
        body = cursor.body(len(read) + 1)
        if not body:
            raise SyntaxProblem("nothing stands after '='", self.source, (equals, equals + 1))
        for word, *place in body:                  # only what stands before: no function can call itself
            if word[-1] == "(" and word != "(" and word not in OPENERS \
                    and word[:-1] not in functions and word[:-1] not in PRELUDE:
                raise NameProblem(f"'{word[:-1]}' is not a function that is defined before {name}", self.source,
                                  (place[0], place[0] + len(word) - 1), "a function can call those above it")
        functions[name] = names, body
        return True

    # ------------------------------------------------------------------------------------ statements
    def head(self, token: str, following: str | None, it: Iterator[str]) -> list[str] | None:
        """The tokens to read again of a statement that begins with these two; ``target`` becomes its name.

        None where it was the definition of a function.
        """
        self.target = None
        read = [token] if following is None else [token, following]
        if token[-1] == "(" and token != "(" and token not in OPENERS:
            while read[-1] != ")":
                word = next(it, None)
                if word is not None:
                    read.append(word)
                if word is None or word == ";":
                    return read
            equals = next(it, None)
            if equals == "=":
                if self._define(read):
                    return None
                self.target = self._slide_head(read)
                return []
            if equals is not None:
                read.append(equals)
        return read

    def _slide_head(self, read: list[str]) -> str:
        cursor = self.cursor
        for name, at in _parameters(read):
            if cursor is not None and name not in self.bound:
                cursor.missing.setdefault(name, cursor.at - len(read) + at)
            elif name not in self.symbols:
                self._leaf(name)
        return read[0][:-1]

    def named(self, target: str, left: int, first: int) -> int:
        """The node for a statement's name that is no fresh operation's; ``first`` is the statement's first node."""
        ops, symbols = self.ops, self.symbols
        if target in symbols or target in self.bound:
            raise Stuck("twice", target)
        if left < first:
            # Another name's node, or a number met before: the new name gets a node of its own.
            left = self._put(INPUT, self.a[left]) if ops[left] == CONSTANT else self._put(IDENTITY, left, left)
        else:
            # `x = 3` in the text is a binding: a variable with a value, not a constant.
            ops[left] = INPUT
            symbols.popitem()
        return left


def _parameters(read: list[str]) -> list[tuple[str, int]]:
    """The names in a statement's head, and which of its tokens they are."""
    words = [(word, at) for at, word in enumerate(read) if word != LINE]
    names = words[1::2]
    commas = [comma for comma, _ in words[2::2]]
    if commas != [","] * (len(names) - 1) + [")"] or not all(is_name(name) for name, _ in names) or \
            len({name for name, _ in names}) < len(names):
        raise Stuck("head")
    return names


def ends_a_slice(token: str, frame: list[Any]) -> bool:
    """Whether a place of an index ends, or goes on, at this token though no operand stands before it."""
    return token == ":" or ((token == "]" or token == ",") and isinstance(frame[-1], list))


def end_place(frame: list[Any], value: int | None) -> None:
    """End a place of an index: a number's node, or a slice that has begun."""
    if isinstance(frame[-1], list):
        frame[-1].append(value)
        if len(frame[-1]) > 3:
            raise Stuck("place")
        frame[-1] = tuple(frame[-1])
        frame.append(None)
    else:
        frame[-1] = value
        frame.append(None)


def _keywords(row: Op, args: list[Any]) -> tuple[list[int], dict[str, str]]:
    """The arguments of a call that are nodes, and its keywords."""
    given: dict[str, str] = {}
    for word, value in (arg for arg in args if type(arg) is tuple):
        if word in given:
            raise Stuck("repeated", (row, word))
        given[word] = value
    return [arg for arg in args if type(arg) is not tuple], given


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
        else:
            word = given.pop(name, default)
            try:
                fixed[name] = int(word) if word else None
            except ValueError:
                raise Stuck("sizes", row) from None
    return fixed, args
