"""Where in the text each node was written.

The parser keeps no positions (they would cost it a third of its speed); they are worked out here
when an error or a report wants them, from the graph and the tokens with their places, by replaying
the nodes backwards.  A node's span runs from its first operand's outermost bracket to its last
operand's, and leaves out brackets around itself, so that the text of a node, read alone, has the
same operation at its root.
"""

from __future__ import annotations

from .errors import Span
from .graph import Graph
from .lexer import LINE, Token, lex
from .ops import CONSTANT, INPUT, NEG, TABLE

_OPERATORS = frozenset("+-*/^(,;=")


def _leaves(tokens: list[Token]) -> list[int]:
    """The tokens that are operands: not operators, brackets, calls, or names being defined."""
    found: list[int] = []
    head: int | None = None
    start = True
    for i, (token, _, _) in enumerate(tokens):
        following = tokens[i + 1][0] if i + 1 < len(tokens) else ""
        if token in (LINE, ";"):
            start = True
            continue
        if token[-1] == "(":
            head = len(found) if start else head
        elif token == "=":
            if head is not None and tokens[i - 1][0] == ")":
                del found[head:]
            head = None
        elif token not in _OPERATORS and token != ")" and following != "=":
            found.append(i)
        start = False
    return found


def _roots(graph: Graph) -> list[int]:
    """The nodes of all statements, in order."""
    ops, first = graph.ops, len(graph.inputs)
    found = sorted(k for k in graph.symbols.values() if k >= first and ops[k] != CONSTANT)
    if graph.output_name is None:
        found.append(graph.output)     # it may be an earlier node: `q = x + y; x`
    return found


def spans(graph: Graph) -> list[Span | None]:
    """The span of every node: of its first mention for a variable or number, None for a default."""
    every = lex(graph.source)
    tokens = [token for token in every if token[0] != LINE]
    leaves = _leaves(every)
    shift = 0
    places = []                                    # operand tokens, as indices into `tokens`
    skipped = iter(leaves)
    wanted = next(skipped, None)
    for i, token in enumerate(every):
        if token[0] == LINE:
            shift += 1
        elif i == wanted:
            places.append(i - shift)
            wanted = next(skipped, None)
    result: list[Span | None] = [None] * len(graph)
    hidden = {k for word, k in graph.symbols.items() if word[0] == "="}
    ops = graph.ops

    def outer(start: int, end: int) -> tuple[int, int]:
        # Brackets right around an operand belong to it, and so does a plus sign before it.
        while start > 0:
            before = tokens[start - 1][0]
            if before == "(" and end + 1 < len(tokens) and tokens[end + 1][0] == ")":
                start, end = start - 1, end + 1
            elif before == "+" and (start < 2 or tokens[start - 2][0] in _OPERATORS
                                    or tokens[start - 2][0][-1] == "("):
                start -= 1
            else:
                break
        return start, end

    roots = _roots(graph)
    done: list[tuple[int, int] | None] = []        # extents of finished operands, rightmost last
    for at in range(len(roots) - 1, -1, -1):
        root = roots[at]
        floor = roots[at - 1] if at else -1
        todo = [root]
        while todo:
            k = todo.pop()
            if k < 0:                              # all operands of ~k are done
                k = ~k
                args = graph.args(k)
                parts = [part for part in (done.pop() for _ in args) if part is not None]
                start, end = outer(*parts[0])[0], outer(*parts[-1])[1]
                fixity = TABLE[ops[k]].fixity
                if ops[k] == NEG:
                    start -= 1
                elif graph.names.get(k) is not None and TABLE[ops[k]].name == "identity" \
                        and tokens[start - 1][0] != "identity(":
                    pass
                elif fixity is None or (tokens[start - 1][0] == "pow(" and tokens[end + 1][0] == ")"):
                    start, end = start - 1, end + 1
                result[k] = (tokens[start][1], tokens[end][2])
                done.append((start, end))
            elif k in hidden:
                done.append(None)
            elif k < len(graph.inputs) or ops[k] in (INPUT, CONSTANT) or k <= floor:
                place = places.pop()
                if ops[k] in (INPUT, CONSTANT):
                    result[k] = tokens[place][1:]
                done.append((place, place))
            else:
                todo.append(~k)
                todo.extend(graph.args(k))
        done.clear()
    return result
