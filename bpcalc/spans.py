"""Where in the text each node was written.

The parser keeps no positions (they would cost it a third of its speed); they are worked out here
when an error or a report wants them.  The same tokens, with their places, are reduced once more by
the same binding powers, and the operations come out in the order in which the parser made them.  A
node's span runs from its first operand's outermost bracket to its last operand's, and leaves out
brackets around itself, so that the text of a node, read alone, has the same operation at its root.
"""

from __future__ import annotations

from .building import AFTER, NEG_POWER, OPENERS
from .errors import Span
from .graph import Graph
from .lexer import LINE, Token, lex
from .ops import IDENTITY

# An operand: its first and last token with the brackets around it, and whether it is a mere leaf.
Operand = tuple[int, int, bool]

_PLAIN, _CALL, _APPLIED, _INDEX, _ARRAY, _INFIX, _SIGN = range(7)
_BRACKETS = {"(": _PLAIN, "[": _ARRAY}

# What waits for its right operand or its closing bracket: what it is, its binding power, its token, its left operand.
Pending = tuple[int, int, int, Operand]


def spans(graph: Graph) -> list[Span | None]:
    """The span of every node: of its first mention for a variable or number, None for a default."""
    tokens = graph.tokens if graph.tokens is not None else lex(graph.source)
    return _Places(graph, tokens).spans()


class _Places:
    def __init__(self, graph: Graph, tokens: list[Token]) -> None:
        self.graph = graph
        self.tokens = tokens
        self.result: list[Span | None] = [None] * len(graph)
        self.operations = iter([k for k, row in enumerate(map(graph.row, range(len(graph)))) if row.params])
        self.following = next(self.operations, -1)
        self.left: Operand = (0, 0, True)
        self.pending: list[Pending] = []
        self.need = True                           # whether an operand is due
        self.places = {symbol: k for symbol, k in graph.symbols.items() if symbol[0] != "="}

    def spans(self) -> list[Span | None]:
        i, size = 0, len(self.tokens)
        while i < size:
            target, i = self._head(i)
            i = self._statement(i, target)
        return self.result

    def _span(self, first: int, last: int) -> Span:
        return self.tokens[first][1], self.tokens[last][2]

    def _emit(self, first: int, last: int) -> None:
        """The next operation stands here."""
        self.result[self.following] = self._span(first, last)
        self.following = next(self.operations, -1)

    def _head(self, i: int) -> tuple[str | None, int]:
        """The name that a statement defines, and where its value begins."""
        words = self.tokens
        while i < len(words) and words[i][0] in (LINE, ";"):
            i += 1
        if i + 1 < len(words) and words[i + 1][0] == "=":
            return words[i][0], i + 2
        if i < len(words) and words[i][0][-1] == "(" and words[i][0] != "(":
            close = i
            while close < len(words) and words[close][0] not in (")", ";", LINE):
                close += 1
            if close + 1 < len(words) and words[close + 1][0] == "=":
                return words[i][0][:-1], close + 2
        return None, i

    def _leaf(self, i: int) -> None:
        """A name or a number that the graph knows."""
        k = self.places[self.tokens[i][0]]
        if self.result[k] is None and not self.graph.row(k).params:
            self.result[k] = self._span(i, i)
        self.left, self.need = (i, i, True), False

    def _statement(self, i: int, target: str | None) -> int:
        """The operations of the statement that begins at token ``i``; where it ends."""
        graph = self.graph
        self.left, self.pending, self.need = (i, i, True), [], True
        while i < len(self.tokens) and (self._operand(i) if self.need else self._operator(i)):
            i += 1
        self._reduce(1)
        k = graph.symbols.get(target) if target is not None else None
        if k is not None:
            first, last, leaf = self.left
            if leaf and k == self.following and graph.ops[k] == IDENTITY:
                self._emit(first, last)
            elif not graph.row(k).params and self.result[k] is None:
                self.result[k] = self._span(first, last)
        return i

    def _operand(self, i: int) -> bool:
        """A token where an operand is due; the statement goes on."""
        word, pending = self.tokens[i][0], self.pending
        inside = bool(pending) and pending[-1][0] == _INDEX
        if word in self.places:
            self._leaf(i)
        elif word == "-":
            pending.append((_SIGN, NEG_POWER, i, self.left))
        elif word in _BRACKETS or word in OPENERS or word[-1] == "(":
            what = _BRACKETS.get(word, _CALL if word in OPENERS else _APPLIED)
            pending.append((what, 0, i, self.left))
        elif word == "]" and inside:
            self._close(i)
        elif word not in (LINE, "+", ":") and not (word == "," and inside):
            self.left, self.need = (i, i, True), False     # a keyword, or an argument of a function of the text
        return True

    def _operator(self, i: int) -> bool:
        """A token behind an operand; whether the statement goes on."""
        word, pending = self.tokens[i][0], self.pending
        entry = AFTER.get(word)
        if entry is None:
            if word == "[":
                pending.append((_INDEX, 0, i, self.left))
                self.need = True
            elif word == ".T":
                self._emit(self.left[0], i)
                self.left = self.left[0], i, False
            else:
                return any(item[1] == 0 for item in pending)   # a line ends the statement, but not in brackets
            return True
        power, floor, _ = entry
        if pending and pending[-1][1] >= floor:
            self._reduce(floor)
        if word == ";":
            return False
        if word in (")", "]"):
            self._close(i)
            return True
        if power:
            pending.append((_INFIX, power, i, self.left))
        self.need = True
        return True

    def _reduce(self, floor: int) -> None:
        """The operations that bind at least so much are complete."""
        while self.pending and self.pending[-1][1] >= floor:
            what, _, at, other = self.pending.pop()
            first = at if what == _SIGN else other[0]
            self._emit(first, self.left[1])
            self.left = first, self.left[1], False

    def _close(self, i: int) -> None:
        """A closing bracket."""
        what, _, at, other = self.pending.pop()
        self.need = what == _APPLIED               # the body of the function follows
        if what in (_PLAIN, _APPLIED):
            self.left = at, i, what == _PLAIN and self.left[2]
        else:
            first = other[0] if what == _INDEX else at
            self._emit(first, i)
            self.left = first, i, False
