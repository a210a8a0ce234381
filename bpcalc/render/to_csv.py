"""One row an edge, with a heading, for spreadsheets: full precision, empty where nothing exists."""

from __future__ import annotations

from itertools import islice

from ..ops import TABLE
from ..report import Report
from ..written import Written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEADINGS = ("node", "operation", "value", "gradient", "input", "input_value", "input_gradient",
            "local_formula", "local", "upstream", "product")
_STRUCTURAL = frozenset(row.code for row in TABLE if row.structural)
_ROWS = 512
_NO_EDGE = "," * 7 + "\n"


def field(value: object) -> str:
    """One field, quoted where RFC 4180 asks for it; a number that knows how it is written, 0.20 or -3/8, is that."""
    if value is None:
        return ""
    if type(value) is float:
        return repr(value)
    if isinstance(value, Written):
        return value.text
    text = str(value.tolist()).replace("nan", "") if hasattr(value, "tolist") else str(value)
    if any(sign in text for sign in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


def lines(report: Report) -> Iterator[str]:
    """The heading and the rows, in portions; a variable or a node that has part in no edge has a row of its own.

    A formula is written as an equation (``df/dq = z``): a field that begins with - or = would be
    taken for a formula by a spreadsheet.
    """
    yield ",".join(HEADINGS) + "\n"
    rows = _rows(report)
    while block := "".join(islice(rows, _ROWS)):
        yield block


def _rows(report: Report) -> Iterator[str]:
    ops, labels = report.graph.ops, list(report.each_label())
    operations = [row.name for row in TABLE]
    # What a node is called, and its numbers, stand in a row for each of its edges: they are written once.
    names, values, gradients = [*map(_quoted, labels)], _fields(report.trace.values), _fields(report.each_gradient())
    alone = iter(_alone(report))
    following, last, lead, above = next(alone, len(ops)), -1, "", ""
    for k, i, _, formula, local, upstream, product in report.each_flow(by_label=True):
        if k != last:
            while following < k:
                yield _unlinked(report, following)
                following = next(alone, len(ops))
            last, above, code = k, gradients[k], ops[k]
            lead = f"{names[k]},{operations[code]},{values[k]},{above}"
            of = f"d{labels[k]}/d" if code not in _STRUCTURAL else "d"
        flows = above if product is upstream else repr(product) if type(product) is float else field(product)
        slope = repr(local) if type(local) is float else field(local)
        yield (f"{lead},{names[i]},{values[i]},{gradients[i]},{_quoted(f'{of}{labels[i]} = {formula}')},"
               f"{slope},{above},{flows}\n")
    for k in (following, *alone):
        if k < len(ops):
            yield _unlinked(report, k)


def _quoted(text: str) -> str:
    """A name or an equation; what may need quotes in these is the comma of an entry's or a call's."""
    return f'"{text}"' if "," in text else text


def _fields(column: Iterable[object]) -> list[str]:
    return [repr(value) if type(value) is float else field(value) for value in column]


def _alone(report: Report) -> list[int]:
    """The nodes that no edge leads to or from: those held constant, unused ones, and an output that is a leaf."""
    graph, live = report.graph, report.live
    linked = bytearray(len(graph))
    for k, (i, j, flows) in enumerate(zip(graph.a, graph.b, live)):
        if flows:
            for s in (i, j) if j >= 0 else i if type(i) is tuple else ():
                if live[s]:
                    linked[k] = linked[s] = 1
    return [k for k, edges in enumerate(linked) if not edges and (report.shows(k) or k == graph.output)]


def _unlinked(report: Report, k: int) -> str:
    gradient = field(report.gradient(k)) if report.is_live(k) else ""
    return f"{field(report.label(k))},{report.graph.row(k).name},{field(report.trace.values[k])},{gradient}{_NO_EDGE}"


def render(report: Report) -> str:
    """All lines as one text."""
    return "".join(lines(report))
