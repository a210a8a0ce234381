"""One row an edge, with a heading, for spreadsheets: full precision, empty where nothing exists."""

from __future__ import annotations

from ..report import Report
from ..written import Written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HEADINGS = ("node", "operation", "value", "gradient", "input", "input_value", "input_gradient",
            "local_formula", "local", "upstream", "product")
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
    """The heading and the rows; a variable or a node that has part in no edge has a row of its own.

    A formula is written as an equation (``df/dq = z``): a field that begins with - or = would be
    taken for a formula by a spreadsheet.
    """
    yield ",".join(HEADINGS) + "\n"
    row, labels = report.graph.row, list(report.each_label())
    # A node's number stands in a row for each of its edges: its digits are worked out once.
    values, gradients = list(map(field, report.trace.values)), list(map(field, report.each_gradient()))
    alone = iter(_alone(report))
    next_alone = next(alone, len(gradients))
    last, start, above, name = -1, "", "", ""
    for k, i, _, formula, local, upstream, product in report.each_flow(by_label=True):
        if k != last:
            while next_alone < k:
                yield _unlinked(report, next_alone)
                next_alone = next(alone, len(gradients))
            last, name, above = k, labels[k], gradients[k]
            start = f"{field(name)},{row(k).name},{values[k]},{above}"
        to = labels[i]
        equation = f"d{to} = {formula}" if row(k).structural else f"d{name}/d{to} = {formula}"
        if "," in equation:
            equation = f'"{equation}"'
        yield (f"{start},{field(to)},{values[i]},{gradients[i]},{equation},{field(local)},{above},"
               f"{above if product is upstream else field(product)}\n")
    while next_alone < len(gradients):
        yield _unlinked(report, next_alone)
        next_alone = next(alone, len(gradients))


def _alone(report: Report) -> list[int]:
    """The nodes that no edge leads to or from: those held constant, unused ones, and an output that is a leaf."""
    graph = report.graph
    linked = bytearray(len(graph))
    for k in range(len(graph)):
        if report.is_live(k):
            for i in graph.args(k):
                linked[k] = 1
                linked[i] |= report.is_live(i)
    return [k for k in range(len(graph)) if not linked[k] and (report.shows(k) or k == graph.output)]


def _unlinked(report: Report, k: int) -> str:
    gradient = field(report.gradient(k)) if report.is_live(k) else ""
    return f"{field(report.label(k))},{report.graph.row(k).name},{field(report.trace.values[k])},{gradient}{_NO_EDGE}"


def render(report: Report) -> str:
    """All lines as one text."""
    return "".join(lines(report))
