"""Rows: one graph for many rows of values at once, in blocks that stay in the processor's cache.

The code is the straight-line code of compiled.py with the rules translated for arrays.  It finds the
rows where something is not finite, a guard fails or a derivative is a convention; these are for the
caller to run one by one, so that every row comes out as it would alone.
"""

from __future__ import annotations

import math

import numpy as np

from .arrays import arrays
from .backends import renamed, run_text
from .compiled import Straight

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .graph import Graph
    from .ops import Op

    Array = np.ndarray[Any, np.dtype[np.float64]]

ROWS = 1 << 13
"""Rows in a block: 64 KiB for each intermediate value."""

_NUMBERS = 1 << 22
"""Long graphs get shorter blocks, so that the intermediate values of a block take no more than 32 MiB."""

_LONGEST = 20_000
"""Graphs of more nodes are run row by row."""


class Blocks:
    """A graph's value and gradients over rows.

    ``varying`` are the inputs that change from row to row; ``known`` the values of the others;
    ``leaves`` the nodes whose gradients are wanted.
    """

    def __init__(self, graph: Graph, varying: Sequence[int], known: Mapping[int, float], leaves: Sequence[int],
                 live: bytearray, upstream: float) -> None:
        self.width = 1 + len(leaves)
        self.rows = max(1, min(ROWS, _NUMBERS // (3 * len(graph))))
        self._code = None
        if graph.arrays or len(graph) > _LONGEST:
            return
        backend = arrays()
        code = Straight(graph, varying, leaves, live, known, upstream, _write)
        kinks = [code.placed(test, k)[0] for k in range(len(graph)) if live[k]
                 for test, _ in graph.row(k).kinks]
        guards = [line.text for line in code.guards]
        lines = [f"def made({', '.join(code.arguments)}):", *map(str, [*code.forward, *code.backward]),
                 f"return ({_list(code.results)}), ({_list(code.checks)}), ({_list(guards)}), ({_list(kinks)})"]
        self._code = run_text("\n ".join(lines), "rows", backend.names)

    def evaluate(self, count: int, columns: Sequence[Array]) -> tuple[list[Array], Array]:
        """The values and gradients of ``count`` rows, and which rows are to be run one by one."""
        doubtful = np.zeros(count, dtype=bool)
        with np.errstate(all="ignore"):
            try:
                found = self._code and self._code(*columns)
            except ArithmeticError:                # what is the same in every row does not exist
                found = None
            if found is None:
                return [np.zeros(count) for _ in range(self.width)], ~doubtful
            results, checks, guards, kinks = found
            for column in (*columns, *checks, *results):
                if not _is_finite(column):
                    doubtful |= ~np.isfinite(column)
            for test in guards:
                doubtful |= ~np.asarray(test, dtype=bool)
            for test in kinks:
                if np.any(test):
                    doubtful |= np.asarray(test, dtype=bool)
        return _own_columns(results, columns, count), doubtful


def _own_columns(results: Sequence[Any], columns: Sequence[Array], count: int) -> list[Array]:
    """The results as columns that nobody else has: one may be a number, a given column, or another result."""
    taken = set(map(id, columns))
    own = []
    for found in results:
        if not isinstance(found, np.ndarray) or id(found) in taken or not found.flags.owndata or found.dtype != float:
            found = np.broadcast_to(np.asarray(found, dtype=float), (count,)).copy()
        taken.add(id(found))
        own.append(found)
    return own


def as_column(numbers: Any) -> Array:
    """One number a row as an array of double precision.

    Raises ValueError or TypeError for anything else.
    """
    found = np.asarray(numbers)
    if found.ndim != 1 or found.dtype.kind not in "bifu":
        raise ValueError("not a column of numbers")
    return found.astype(float, copy=False)


def room(count: int) -> Array:
    """A column of ``count`` numbers, to be filled."""
    return np.empty(count)


def _write(row: Op, text: str, names: Mapping[str, str]) -> str:
    return renamed(arrays().prepared(text), dict(names))


def _list(texts: Sequence[str]) -> str:
    return "".join(f"{text}, " for text in texts)


def _is_finite(found: Any) -> bool:
    # A sum is infinite or undefined where a term is; that it may be so without is only a second look.
    return math.isfinite(np.add.reduce(found)) if isinstance(found, np.ndarray) else math.isfinite(found)
