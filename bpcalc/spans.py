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
        word = self.tokens[i][0]
        k = self.places.get(word)
        if k is not None and self.result[k] is None and not self.graph.row(k).params:
            self.result[k] = self._span(i, i)

    def _statement(self, i: int, target: str | None) -> int:
        tokens, graph = self.tokens, self.graph
        left: Operand = (i, i, True)
        pending: list[tuple[int, int, int, Operand]] = []     # what, binding power, its token, left operand
        need = True

        def reduce(floor: int, left: Operand) -> Operand:
            while pending and pending[-1][1] >= floor:
                what, _, at, other = pending.pop()
                first = at if what == _SIGN else other[0]
                self._emit(first, left[1])
                left = first, left[1], False
            return left

        size = len(tokens)
        while i < size:
            word = tokens[i][0]
            if need:
                if word == LINE or word == "+":
                    pass
                elif word == "-":
                    pending.append((_SIGN, NEG_POWER, i, left))
                elif word == "(":
                    pending.append((_PLAIN, 0, i, left))
                elif word == "[":
                    pending.append((_ARRAY, 0, i, left))
                elif word in OPENERS:
                    pending.append((_CALL, 0, i, left))
                elif word[-1] == "(":
                    pending.append((_APPLIED, 0, i, left))
                elif word == ":" or (word in ("]", ",") and pending and pending[-1][0] == _INDEX):
                    if word == "]":
                        left = self._close(pending, i, left)
                        need = False
                else:
                    self._leaf(i)
                    left = i, i, True
                    need = False
                i += 1
                continue
            entry = AFTER.get(word)
            if entry is None:
                if word == "[":
                    pending.append((_INDEX, 0, i, left))
                    need = True
                elif word == ".T":
                    self._emit(left[0], i)
                    left = left[0], i, False
                elif not any(item[1] == 0 for item in pending):
                    break                          # a line's end
                i += 1
                continue
            power, floor, _ = entry
            left = reduce(floor, left)
            if power:
                pending.append((_INFIX, power, i, left))
                need = True
            elif word == ";":
                break
            elif word in (")", "]"):
                applied = pending[-1][0] == _APPLIED
                left = self._close(pending, i, left)
                need = applied                     # the body of the function follows
            else:
                need = True
            i += 1
        left = reduce(1, left)
        k = graph.symbols.get(target) if target is not None else None
        if k is not None:
            if left[2] and k == self.following and graph.ops[k] == IDENTITY:
                self._emit(left[0], left[1])
            elif not graph.row(k).params and self.result[k] is None:
                self.result[k] = self._span(left[0], left[1])
        return i

    def _close(self, pending: list[tuple[int, int, int, Operand]], i: int, left: Operand) -> Operand:
        what, _, at, other = pending.pop()
        if what == _PLAIN:
            return at, i, left[2]
        if what == _APPLIED:
            return at, i, False
        first = other[0] if what == _INDEX else at
        self._emit(first, i)
        return first, i, False
