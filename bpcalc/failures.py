"""Why a run has no result, in words; imported only where one fails."""

from __future__ import annotations

from .backends import floats
from .errors import BpcalcError, DomainProblem, ShapeProblem
from .graph import Graph
from .ops import CONSTANT, Op
from .spans import spans

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from .errors import Span

_QUOTED = 40
"""Of longer arguments the beginning and the end are quoted."""


def problem(graph: Graph, values: Sequence[Any], k: int, error: Exception | None = None) -> BpcalcError:
    """The error to raise where node ``k`` has no finite value.

    ``error`` is what the rule raised, where an array takes part.
    """
    row = graph.row(k)
    given = [values[i] for i in graph.args(k)]
    where = spans(graph)
    texts = [_text(graph, i, where[i]) for i in graph.args(k)]
    if isinstance(error, ValueError):              # outside the domain, or shapes that do not fit
        from .arrays import ShapeError

        words = None if isinstance(error, ShapeError) else _outside(row, given)
        if words is None:
            shapes = [getattr(value, "shape", ()) for value in given]
            fed = [f"{text} {f'has shape {shape}' if shape else 'is one number'}"
                   for text, shape in zip(texts, shapes) if text]
            return ShapeProblem(_misfit(row, shapes, error), graph.source, where[k], _here(fed))
    else:
        words = _outside(row, given) or f"the result of {row.called} is too large for a double-precision number"
    # Of arrays only what they are called is known to the reader.
    shown = [(text, f"{value + 0.0:.12g}") for text, value in zip(texts, given) if text and type(value) is float]
    fed = [f"{text} = {number}" for text, number in shown if text != number]
    return DomainProblem(words, graph.source, where[k], _here(fed))


def _outside(row: Op, given: Sequence[Any]) -> str | None:
    """What is wrong with arguments outside the domain of an operation; None inside."""
    at: Sequence[int] = ()
    if all(type(value) is float for value in given):
        words = next((words for test, words in row.domain if not floats().rule(row.params, test)(*given)), None)
    else:
        from .arrays import outside

        try:
            words, at = outside(row, given) or (None, ())
        except ValueError:                         # the shapes themselves do not fit
            words = None
    if words is None:
        return None
    message = f"{row.word} {words}" if words.startswith("needs") else words
    return f"{message} (entry {list(at)})" if at else message


def _misfit(row: Op, shapes: Sequence[tuple[int, ...]], error: ValueError) -> str:
    """What is wrong with these shapes; the rules' own ShapeError says it in its message."""
    from .arrays import ShapeError

    listed = " and ".join(map(str, shapes))
    if isinstance(error, ShapeError):
        return str(error) if row.name == "index" else f"{row.called}: {error}"
    if row.fits:
        return f"{row.fits}; the shape{'s are' if len(shapes) > 1 else ' is'} {listed}"
    return f"{row.called} cannot combine the shapes {listed}"


def _text(graph: Graph, i: int, span: Span | None) -> str:
    """What an argument is in the text; "" for numbers."""
    if graph.ops[i] == CONSTANT and type(graph.a[i]) is float:
        return ""
    text = " ".join((graph.names.get(i) or (graph.source.text[slice(*span)] if span else "")).split())
    return text if len(text) <= _QUOTED else f"{text[:20]}…{text[-15:]}"


def _here(fed: Iterable[str]) -> str | None:
    words = " and ".join(dict.fromkeys(fed))
    return f"here {words}" if words else None
