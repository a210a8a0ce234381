"""Reports and errors as JSON (RFC 8259, ASCII): the contract of report.schema.json and docs/json.md.

Written line by line, so that a million nodes never exist as text in memory.
"""

from __future__ import annotations

from itertools import islice

from ..errors import BpcalcError
from ..ops import TABLE
from ..records import Drift, Verdict
from ..report import Report
from ..written import Written

try:
    from _json import encode_basestring_ascii as quoted  # what json uses; importing json itself is half a run
except ImportError:  # pragma: no cover - another Python
    from json.encoder import encode_basestring_ascii as quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

SCHEMA = "bpcalc/1"
_BLOCK = 512


def number(value: Any) -> str:
    """A finite number that reads back as the same double, null, or nested lists of these."""
    if hasattr(value, "shape"):
        return repr(value.tolist()).replace("nan", "null")
    return _float(value)


def _float(value: float | None) -> str:
    return "null" if value is None else repr(value)


def text(value: str | None) -> str:
    """A string in ASCII, or null."""
    return "null" if value is None else quoted(value)


def form(value: float | None) -> str:
    """The exact form of a number as a string, or null where it has none."""
    return text(value.text if isinstance(value, Written) else None)


def plain(value: Any) -> str:
    """Anything made of None, booleans, numbers, strings, lists and dictionaries of them.

    Nesting follows our own records, a few levels deep, never the user's expression.
    """
    from json import dumps

    return dumps(value, allow_nan=False)


def _array_nodes(report: Report) -> Iterator[str]:
    """A record for each node of a run with arrays, with its shape."""
    for node in report.each_node():
        yield (f'{{"id": {node.id}, "name": {text(node.name)}, "label": {quoted(node.label)}, "op": "{node.op}", '
               f'"text": {text(node.text)}, "inputs": {[*node.inputs]}, "shape": {_shape(node.value)}, '
               f'"value": {number(node.value)}, "gradient": {number(node.gradient)}}}')


def _nodes(report: Report) -> Iterator[str]:
    names, operations = report.graph.names, [row.name for row in TABLE]
    columns = zip(report.graph.ops, report.each_label(), report.each_written(texts=True), report.trace.values,
                  report.each_gradient())
    for k, (code, label, (_, inputs, _, words), value, gradient) in enumerate(columns):
        name = f'"{label}"' if k in names else "null"
        expression = "null" if words is None else f'"{words}"'
        yield (f'{{"id": {k}, "name": {name}, "label": "{label}", "op": "{operations[code]}", "text": {expression}, '
               f'"inputs": {[*inputs]}, "value": {value!r}, "gradient": {_float(gradient)}}}')


def _edges(report: Report) -> Iterator[str]:
    upstream, above = None, "null"
    for k, i, slot, formula, local, arrived, product in report.each_flow():
        # An upstream gradient stands in a row for every edge of its node, and is the product where the local one is 1.
        if arrived is not upstream:
            upstream, above = arrived, _float(arrived)
        slope = "1.0" if local == 1.0 else _float(local)
        flows = above if product is upstream else _float(product)
        yield (f'{{"node": {k}, "input": {i}, "slot": {slot}, "formula": "{formula}", "local": {slope}, '
               f'"upstream": {above}, "product": {flows}}}')


def _array_edges(report: Report) -> Iterator[str]:
    above, last = "", object()
    for edge in report.each_edge():
        if edge.upstream is not last:              # it stands in a row for every edge of its node
            above, last = number(edge.upstream), edge.upstream
        yield (f'{{"node": {edge.node}, "input": {edge.input}, "slot": {edge.slot}, '
               f'"structural": {"true" if edge.structural else "false"}, "formula": {quoted(edge.formula)}, '
               f'"local": {number(edge.local)}, "upstream": {above}, "summed": {[*edge.summed]}, '
               f'"product": {number(edge.product)}}}')


def _shape(value: Any) -> list[int]:
    return [*getattr(value, "shape", ())]


def _drift(drift: Drift) -> str:
    return (f'{{"kind": "{drift.kind}", "node": {drift.node}, '
            f'"input": {"null" if drift.input is None else drift.input}, "carried": {number(drift.carried)}, '
            f'"exact": {number(drift.exact)}, "drift": {number(drift.drift)}}}')


def _verdict(verdict: Verdict) -> str:
    record = {"kind": verdict.kind, "what": verdict.what, "ours": verdict.ours, "theirs": verdict.theirs,
              "status": verdict.status, "why": verdict.why, **verdict.details}
    return plain(record)


def _blocks(items: Iterable[str]) -> Iterator[str]:
    """The items of a JSON list, each on a line of its own, joined in blocks.

    Names and formulas stand in them as they are: of what bpcalc's language has, JSON in ASCII escapes
    the Greek letters only.
    """
    items = iter(items)
    lead = "\n  "
    while block := ",\n  ".join(islice(items, _BLOCK)):
        yield lead + (block if block.isascii() else block.encode("ascii", "backslashreplace").decode())
        lead = ",\n  "


def report_lines(report: Report, extra: dict[str, Any] | None = None) -> Iterator[str]:
    """The report as pieces of JSON text; ``extra`` are further members of the object."""
    yield (f'{{"schema": "{SCHEMA}", "expression": {quoted(report.expression)}, '
           f'"output": {text(report.output)}, "value": {number(report.value)}, '
           f'"upstream": {number(report.upstream)},\n')
    yield ' "gradients": {'
    lead = ""
    for name, gradient in report.gradients.items():
        yield f"{lead}{quoted(name)}: {number(gradient)}"
        lead = ", "
    yield '},\n "nodes": ['
    yield from _blocks(_array_nodes(report) if report.trace.arrays else _nodes(report))
    yield '],\n "edges": ['
    yield from _blocks(_array_edges(report) if report.trace.arrays else _edges(report))
    yield '],\n "notes": ['
    yield from _blocks(
        f'{{"code": "{note.code}", "node": {"null" if note.node is None else note.node}, '
        f'"message": {quoted(note.message)}}}' for note in report.notes)
    yield "]"
    if report.verdicts:
        yield ',\n "checks": ['
        yield from _blocks(map(_verdict, report.verdicts))
        yield "]"
    if report.decimals is not None:
        yield f',\n "carried": {{"decimals": {report.decimals}, "drift": ['
        yield from _blocks(map(_drift, report.drifts()))
        yield "]}"
    if report.arithmetic == "exact":
        yield ',\n "exact": {"nodes": ['
        yield from _blocks(
            f'{{"id": {k}, "value": {form(value)}, "gradient": {form(gradient)}}}'
            for k, (value, gradient) in enumerate(zip(report.trace.values, report.each_gradient())))
        yield '],\n "edges": ['
        yield from _blocks(
            f'{{"node": {k}, "slot": {slot}, "local": {form(local)}, "product": {form(product)}}}'
            for k, _, slot, _, local, _, product in report.each_flow())
        yield "]}"
    for key, value in (extra or {}).items():
        yield f",\n {quoted(key)}: {plain(value)}"
    yield "}\n"


def path_lines(report: Report, k: int) -> Iterator[str]:
    """Every path from node ``k`` to the output, of very many the first, as pieces of JSON text."""
    from ..paths import LISTED, MANY, Paths  # other JSON has no paths

    paths = Paths(report, k)
    yield (f'{{"schema": "{SCHEMA}", "expression": {quoted(report.expression)}, "node": {quoted(report.label(k))}, '
           f'"gradient": {number(report.gradient(k))}, "count": {paths.count if paths.count < MANY else "null"},\n'
           ' "paths": [')
    yield from _blocks(
        f'{{"nodes": [{", ".join(quoted(report.label(node)) for node in path.nodes)}], '
        f'"factors": [{", ".join(map(number, path.factors))}], "product": {number(path.product)}}}'
        for path in islice(paths, LISTED))
    yield "]}\n"


def function_lines(functions: list[dict[str, Any]], constants: dict[str, float]) -> Iterator[str]:
    """The operations and constants of the language as pieces of JSON text."""
    yield f'{{"schema": "{SCHEMA}", "constants": {plain(constants)},\n "functions": ['
    yield from _blocks(map(plain, functions))
    yield "]}\n"


def answer_lines(report: Report, answers: list[dict[str, Any]]) -> Iterator[str]:
    """Verdicts on answers as pieces of JSON text; of the report only the expression."""
    right = sum(answer["status"] in ("right", "follows") for answer in answers)
    yield (f'{{"schema": "{SCHEMA}", "expression": {quoted(report.expression)}, "right": {right}, '
           f'"of": {len(answers)},\n "answers": [')
    yield from _blocks(map(flat, answers))
    yield "]}\n"


def flat(record: dict[str, Any]) -> str:
    """A record of texts, numbers, None, and lists of texts; what ``plain`` writes, without its import."""
    return f"{{{', '.join(f'{quoted(key)}: {_flat(value)}' for key, value in record.items())}}}"


def _flat(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(quoted, value))}]"
    return text(value) if value is None or isinstance(value, str) else number(value)


def worksheet(report: Report, record: dict[str, Any]) -> str:
    """A worksheet as JSON text, a key a line, to be filled in."""
    lead = f'{{"schema": "{SCHEMA}", "expression": {quoted(report.expression)},\n'
    rest = [f' "given": {plain(record["given"])},\n', f' "upstream": {plain(record["upstream"])},\n', ' "answers": {']
    rest += [",".join(f"\n  {quoted(key)}: {plain(value)}" for key, value in record["answers"].items()), "}}\n"]
    return lead + "".join(rest)


def error_line(error: BpcalcError) -> str:
    """An error as one line of JSON."""
    from . import to_caret

    span = "null" if error.span is None else f"[{error.span[0]}, {error.span[1]}]"
    return (f'{{"schema": "{SCHEMA}", "error": {{"code": "{error.code}", "message": {quoted(error.message)}, '
            f'"span": {span}, "hint": {text(error.hint)}, "rendered": {quoted(to_caret.render(error))}}}}}\n')
