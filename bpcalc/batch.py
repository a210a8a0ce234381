"""The same expression for many rows of values, in order and in flat memory.

    backprop_batch(expression, columns)     columns of numbers in, columns of numbers out
    Batch(graph, names, given).run(rows)    rows one after the other, for streams

A row comes out as a run of its own would: rows with errors, kinks or gradients that do not exist are
run on their own (see blocks.py), all others in blocks by NumPy, which differs from ``math`` in the last
place or two.
"""

from __future__ import annotations

from math import nan

from .bindings import from_mapping
from .blocks import Blocks, as_column, room
from .calculate import arriving_upstream, as_names, as_source, chosen_nodes, run
from .dependence import flowing, liveness
from .errors import BpcalcError, Source, UsageProblem
from .streams import output_symbol, top_symbol
from .syntax import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from .blocks import Array
    from .graph import Graph
    from .records import Note


class Portion:
    """The results of some rows, one after the other.

    ``values`` and the columns of ``gradients``, in the order of ``Batch.names``, hold nan where there
    is no number; ``errors`` and ``notes`` are by position in the portion.
    """

    __slots__ = ("errors", "gradients", "notes", "values")

    def __init__(self, values: Array, gradients: list[Array], errors: dict[int, BpcalcError],
                 notes: dict[int, list[Note]]) -> None:
        self.values = values
        self.gradients = gradients
        self.errors = errors
        self.notes = notes


class Batch:
    """An expression that is to be evaluated for many rows.

    ``columns`` are the names that have a value in every row, ``given`` the values of all other names.
    ``used`` are the columns that the graph reads, ``symbol`` is what the output is called, ``top`` what
    the gradients are of, ``names`` are those of the gradients, and ``rows`` is how many rows are best given at
    once.

    Raises NameProblem for a name in ``wrt`` that the graph does not have, UsageProblem for one that is a label
    or an index, for values that are arrays and for an upstream that is one or is not finite.
    """

    def __init__(self, graph: Graph, columns: Iterable[str], given: Mapping[str, float],
                 wrt: Sequence[str] | None = None, upstream: float = 1.0) -> None:
        upstream = arriving_upstream(upstream)
        if hasattr(upstream, "shape"):
            raise UsageProblem("the upstream gradient of a row is one number, not an array")
        for name, value in given.items():
            if not isinstance(value, float):
                raise UsageProblem(f"{name} is an array, and rows are of single numbers",
                                   hint="an array that belongs to the expression can be written in it")
        varying = frozenset(columns)
        self.graph = graph
        self.given = {name: given[name] for name in graph.inputs if name not in varying}
        self.wrt = wrt
        self.upstream = upstream
        self.used = [name for name in graph.inputs if name in varying]
        live, leaves = (flowing if graph.arrays else liveness)(graph, None if wrt is None else chosen_nodes(graph, wrt))
        self.names = [graph.names[k] for k in leaves]
        self.symbol = output_symbol(graph)
        self.top = self.symbol if upstream == 1.0 else top_symbol(graph, self.symbol)
        places = [k for k, name in enumerate(graph.inputs) if name in varying]
        known = {k: self.given[name] for k, name in enumerate(graph.inputs) if name not in varying}
        self._blocks = Blocks(graph, places, known, leaves, live, upstream)
        self.rows = self._blocks.rows

    def run(self, count: int, columns: Sequence[Sequence[float] | Array]) -> Portion:
        """The results of ``count`` rows, given as the columns of ``used``."""
        given = [as_column(column) for column in columns]
        results, doubtful = self._blocks.evaluate(count, given)
        values, *gradients = results
        portion = Portion(values, gradients, {}, {})
        for at in doubtful.nonzero()[0].tolist():
            self._alone(portion, at, {name: float(column[at]) for name, column in zip(self.used, given)})
        return portion

    def _alone(self, portion: Portion, at: int, row: Mapping[str, float]) -> None:
        try:
            report = run(self.graph, {**self.given, **from_mapping(row)}, self.wrt, self.upstream)
            if hasattr(report.value, "shape"):
                raise UsageProblem("the output of a row must be one number")
        except BpcalcError as error:
            portion.errors[at] = error
            for column in (portion.values, *portion.gradients):
                column[at] = nan
            return
        portion.values[at] = report.value
        found = report.gradients
        for name, column in zip(self.names, portion.gradients):
            gradient = found[name]
            column[at] = nan if gradient is None else gradient
        notes = [note for note in report.notes if note.code != "unused"]
        if notes:
            portion.notes[at] = notes


class BatchResult:
    """What :func:`backprop_batch` found.

    ``values`` is an array with the output of every row, ``gradients`` arrays by name.  They hold nan
    where there is no number; ``errors`` tells why by row, and ``notes`` what else there is to know.
    """

    __slots__ = ("errors", "gradients", "notes", "values")

    def __init__(self, values: Array, gradients: dict[str, Array], errors: dict[int, BpcalcError],
                 notes: dict[int, list[Note]]) -> None:
        self.values = values
        self.gradients = gradients
        self.errors = errors
        self.notes = notes

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"<BatchResult of {len(self)} rows, gradients of {', '.join(self.gradients):.200}>"


def backprop_batch(expression: str | Source, columns: Mapping[str, Any], /, *, wrt: str | Iterable[str] | None = None,
                   upstream: float = 1.0, **values: Any) -> BatchResult:
    """Evaluate an expression and backpropagate through it for every row of a table.

    ``columns`` gives names an array, or any sequence, of numbers each, all of one length; ``values`` give
    other names one value for all rows.

    >>> result = backprop_batch("(x+y)*z", {"x": [-2, 1], "y": [5, 2]}, z=-4)
    >>> result.values.tolist(), result.gradients["z"].tolist()
    ([-12.0, -12.0], [3.0, 3.0])

    Raises UsageProblem for columns that do not fit, BpcalcError as :func:`backprop` does for what is wrong
    with the expression; what is wrong with a row is in the result.
    """
    given = from_mapping(values)
    table = {name: _column(name, column) for name, column in columns.items()}
    lengths = {len(column) for column in table.values()}
    if len(lengths) != 1:
        raise UsageProblem("the columns are not of one length" if table else "there are no columns")
    twice = [name for name in table if name in given]
    if twice:
        raise UsageProblem(f"{twice[0]} is given both as a column and as one value")
    graph = parse(as_source(expression), {**given, **dict.fromkeys(from_mapping(dict.fromkeys(table, 0.0)))})
    batch = Batch(graph, table, given, as_names(wrt), upstream)
    count, step = lengths.pop(), batch.rows
    result = BatchResult(room(count), {name: room(count) for name in batch.names}, {}, {})
    for at in range(0, count, step):
        portion = batch.run(min(step, count - at), [table[name][at:at + step] for name in batch.used])
        result.values[at:at + step] = portion.values
        for name, column in zip(batch.names, portion.gradients):
            result.gradients[name][at:at + step] = column
        result.errors.update((at + place, error) for place, error in portion.errors.items())
        result.notes.update((at + place, notes) for place, notes in portion.notes.items())
    return result


def _column(name: str, column: Any) -> Array:
    try:
        return as_column(column)
    except (TypeError, ValueError):
        raise UsageProblem(f"the column {name} does not hold one number a row") from None
