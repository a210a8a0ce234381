"""One row an edge, with a heading, for spreadsheets: full precision, empty where nothing exists."""

from __future__ import annotations

from ..report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HEADINGS = ("node", "operation", "value", "gradient", "input", "input_value", "input_gradient",
            "local_formula", "local", "upstream", "product")


def field(value: object) -> str:
    """One field, quoted where RFC 4180 asks for it."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else repr(value)
    if any(sign in text for sign in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


def lines(report: Report) -> Iterator[str]:
    """The heading and the rows.

    A formula is written as an equation (``df/dq = z``): a field that begins with - or = would be
    taken for a formula by a spreadsheet.
    """
    yield ",".join(HEADINGS) + "\n"
    values, gradient, label = report.trace.values, report.gradient, report.label
    for edge in report.each_edge():
        k, i = edge.node, edge.input
        name, to = label(k), label(i)
        yield ",".join(map(field, (name, report.graph.row(k).name, values[k], gradient(k), to, values[i], gradient(i),
                                   f"d{name}/d{to} = {edge.formula}", edge.local, edge.upstream,
                                   edge.product))) + "\n"


def render(report: Report) -> str:
    """All lines as one text."""
    return "".join(lines(report))
