"""The graph as parallel lists: what each node does and from which nodes.

The parser appends nodes in post-order, so every input of a node has a smaller number.  Evaluation
order is therefore list order, and no algorithm here or above needs recursion, a visited set or a
topological sort.

    ops[k]   the operation's code in ops.TABLE
    a[k]     first input; for an input or constant inside the text its value; for an operation of
             more than two arguments the tuple of its inputs
    b[k]     second input; the same as a[k] for one argument; -1 for leaves and wide operations

The first ``len(inputs)`` nodes are the bound variables, in order of first appearance.  ``statics``
holds what is fixed about structural operations (the axis of a sum, the shape of an index), by node.
"""

from __future__ import annotations

from .ops import CONSTANT, TABLE, Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .errors import Source
    from .lexer import Token


class Graph:
    """One parsed text; immutable by convention once built."""

    __slots__ = ("_codes", "_names", "_words", "a", "arrays", "b", "inputs", "ops", "output", "output_name", "settled",
                 "source", "statics", "symbols", "tokens")

    def __init__(
        self,
        source: Source,
        ops: list[int],
        a: list[Any],
        b: list[int],
        symbols: dict[str, int],
        inputs: tuple[str, ...],
        output: int,
        output_name: str | None,
        statics: dict[int, dict[str, Any]] | None = None,
        tokens: list[Token] | None = None,
        arrays: bool = False,
        settled: frozenset[str] = frozenset(),
    ) -> None:
        self.source = source
        self.ops = ops
        self.a = a
        self.b = b
        self.symbols = symbols
        self.inputs = inputs
        self.output = output
        self.output_name = output_name
        self.statics = statics or {}
        # The tokens as the parser read them, where functions and sums were opened; None for plain text.
        self.tokens = tokens
        self.arrays = arrays               # whether there is an array or a structural operation in the text
        self.settled = settled             # the names whose numbers decided, in a range or its test, what the graph is
        self._codes: frozenset[int] | None = None
        self._names: dict[int, str] | None = None
        self._words: dict[int, str] | None = None

    def __len__(self) -> int:
        return len(self.ops)

    @property
    def codes(self) -> frozenset[int]:
        """The operations that occur."""
        if self._codes is None:
            self._codes = frozenset(self.ops)
        return self._codes

    def row(self, k: int) -> Op:
        """The operation of node ``k``."""
        return TABLE[self.ops[k]]

    def args(self, k: int) -> tuple[int, ...]:
        """The inputs of node ``k``, in slot order; empty for a leaf."""
        j = self.b[k]
        if j < 0:
            return self.a[k] if isinstance(self.a[k], tuple) else ()
        i: int = self.a[k]
        return (i,) if len(TABLE[self.ops[k]].params) == 1 else (i, j)

    def ending_at(self, k: int, name: str) -> Graph:
        """The same nodes with node ``k`` for the output."""
        return Graph(self.source, self.ops, self.a, self.b, self.symbols, self.inputs, k, name, self.statics,
                     self.tokens, self.arrays, self.settled)

    def _sort_symbols(self) -> tuple[dict[int, str], dict[int, str]]:
        names: dict[int, str] = {}
        words: dict[int, str] = {}
        ops = self.ops
        for symbol, k in self.symbols.items():
            if ops[k] == CONSTANT:
                words[k] = symbol.lstrip("=").replace("\x01", "-")
            else:
                names[k] = symbol
        self._names, self._words = names, words
        return names, words

    @property
    def names(self) -> dict[int, str]:
        """The names the user gave: of variables and of statements, by node number."""
        return self._sort_symbols()[0] if self._names is None else self._names

    @property
    def words(self) -> dict[int, str]:
        """How each constant was written, by node number."""
        return self._sort_symbols()[1] if self._words is None else self._words

    def node(self, name: str) -> int | None:
        """The node a user's name stands for, or None."""
        k = self.symbols.get(name)
        return None if k is None or self.ops[k] == CONSTANT else k
