"""From text and numbers to a Report: parse, forward, backward."""

from __future__ import annotations

from itertools import chain

from .bindings import from_mapping
from .engine import backward, differentiable, forward
from .errors import BindingProblem, NameProblem, Source, UsageProblem, closest
from .graph import Graph
from .records import Note
from .report import Report
from .syntax import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Any

_UNUSED_LIMIT = 20_000
_HINTED = 10
"""How many names that are not used get a did-you-mean: finding one takes milliseconds."""


def backprop(
    expression: str | Source,
    bindings: Mapping[str, Any] | None = None,
    /,
    *,
    wrt: str | Iterable[str] | None = None,
    upstream: Any = 1.0,
    **values: Any,
) -> Report:
    """Evaluate an expression and backpropagate through it.

    ``values`` (or the mapping ``bindings``, for names that Python cannot take as keywords) give each
    variable a number, an array (a list or NumPy's) or a constant expression.  ``bindings`` may be a data
    set (:func:`read_data`), of which only the columns that the expression uses are read.  ``wrt`` limits
    the gradients to a name or some names and holds all other variables constant.  ``upstream`` is the
    gradient that arrives at the output.

    >>> report = backprop("(x+y)*z", x=-2, y=5, z=-4)
    >>> report.value
    -12.0
    >>> report.gradients
    {'x': -4.0, 'y': -4.0, 'z': 3.0}

    A gradient has the shape of its variable.  Where the output is an array, ``upstream`` has its shape;
    without one the gradients are those of the sum of its entries.

    Raises BpcalcError (a ValueError) whose ``message``, ``span`` and ``hint`` say what is wrong.
    """
    source = as_source(expression)
    if bindings is not None and not hasattr(bindings, "keys"):
        raise BindingProblem(f"values come as a mapping or as keywords, not as {bindings!r:.40}",
                             hint='for example backprop("x*y", {"x": 2, "y": 3}) or backprop("x*y", x=2, y=3)')
    columns = bindings if hasattr(bindings, "unread") else None
    mapping: Mapping[str, Any] = bindings or {} if columns is None else columns.unread()
    twice = next((name for name in values if name in mapping), None) if columns is None else None
    if twice is not None:
        raise BindingProblem(f"'{twice}' is given a value twice: {mapping[twice]!r:.40} and {values[twice]!r:.40}",
                             hint="leave one of them out: the mapping's or the keyword")
    given = from_mapping({**mapping, **values})
    graph = parse(source, given)
    if columns is not None:                        # of a data set, only what is used is read
        given.update((name, columns[name]) for name in graph.inputs if name in columns and name not in values)
    return run(graph, given, as_names(wrt), upstream)


def as_source(expression: str | Source) -> Source:
    """A caller's expression; raises UsageProblem for a function."""
    if callable(expression):
        raise UsageProblem("an expression is a text, not a function", hint='for example backprop("x*y", x=2, y=3)')
    return expression if isinstance(expression, Source) else Source(str(expression).replace("\r\n", "\n"))


def as_names(wrt: str | Iterable[str] | None) -> list[str] | None:
    """The names in ``wrt``: a text of names with commas between them, or names one by one."""
    if isinstance(wrt, str):
        return [name.strip() for name in wrt.split(",")]
    return None if wrt is None else list(wrt)


def run(graph: Graph, given: Mapping[str, Any], wrt: Sequence[str] | None = None,
        upstream: Any = 1.0, held: Collection[str] = ()) -> Report:
    """The report of a parsed graph with these values.

    Without ``wrt`` all variables have a gradient but those ``held`` constant, unless there are no others.
    Raises NameProblem for a name in ``wrt`` that the graph does not have, UsageProblem for an
    upstream that is not finite, DomainProblem and ShapeProblem from the two passes.
    """
    upstream = arriving_upstream(upstream)
    chosen = None if wrt is None else chosen_nodes(graph, wrt)
    trace = forward(graph, [given[name] for name in graph.inputs])
    if chosen is None and held:
        chosen = [k for k in differentiable(trace) if graph.names[k] not in held] or None
    if trace.arrays:
        from .array_report import ArrayReport

        return ArrayReport(backward(trace, chosen, upstream), _usage_notes(graph, given))
    if hasattr(upstream, "shape"):
        raise UsageProblem("the output is one number, so the upstream gradient is one number, too")
    return Report(backward(trace, chosen, upstream), _usage_notes(graph, given))


def arriving_upstream(upstream: Any) -> Any:
    """The gradient that arrives at an output, as a float or an array; text is a constant expression.

    Raises UsageProblem for a number that is not finite, BindingProblem for what is no number.
    """
    if not isinstance(upstream, float):
        return from_mapping({"upstream": upstream})["upstream"]
    if upstream - upstream != 0.0:
        raise UsageProblem("the upstream gradient must be a finite number")
    return upstream


def chosen_nodes(graph: Graph, wrt: Iterable[str]) -> list[int]:
    """The nodes that names stand for, each once.

    Raises NameProblem for a name that the graph does not have.
    """
    chosen: list[int] = []
    for name in wrt:
        k = graph.node(name)
        if k is None:
            known = list(graph.names.values())
            near = closest(name, known[:1000])
            raise NameProblem(f"there is no variable '{name}' to differentiate with respect to",
                              hint=f"did you mean {' or '.join(near)}?" if near
                              else f"the names are {', '.join(known[:12])}" if known else None)
        if k not in chosen:
            chosen.append(k)
    return chosen


def _usage_notes(graph: Graph, given: Mapping[str, float]) -> Iterator[Note]:
    """What is given or assigned and not used: the names are looked up now, the words made when they are read."""
    spare: list[str] = []
    if len(graph.inputs) != len(given):
        used = set(graph.inputs)
        if graph.tokens is not None:               # a range or a condition may have used a number beforehand
            import re

            used.update(re.findall(r"\w+", graph.source.text))
        spare = [name for name in given if name not in used]
    return chain(_spare_notes(graph, spare), _aside_notes(graph))


def _spare_notes(graph: Graph, names: Sequence[str]) -> Iterator[Note]:
    for at, name in enumerate(names):
        near = closest(name, graph.inputs[:1000]) if at < _HINTED else None
        hint = f"; did you mean {near[0]}?" if near else ""
        yield Note("unused", None, f"{name} has a value, but the expression does not use it{hint}")


def _aside_notes(graph: Graph) -> Iterator[Note]:
    if len(graph) <= _UNUSED_LIMIT and (";" in graph.source.text or "\n" in graph.source.text):
        fed = {*graph.b, *(i for i, j in zip(graph.a, graph.b) if j >= 0)}
        fed.update(*(i for i, j in zip(graph.a, graph.b) if j < 0 and type(i) is tuple))
        for k, name in graph.names.items():
            if k not in fed and k != graph.output and k >= len(graph.inputs):
                yield Note("unused", k, f"{name} is assigned, but the output {graph.output_name or ''}".rstrip()
                           + " does not depend on it")
