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
    if type(value) is float:
        return repr(value)
    text = str(value.tolist()).replace("nan", "") if hasattr(value, "tolist") else str(value)
    if any(sign in text for sign in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


def lines(report: Report) -> Iterator[str]:
    """The heading and the rows.

    A formula is written as an equation (``df/dq = z``): a field that begins with - or = would be
    taken for a formula by a spreadsheet.
    """
    yield ",".join(HEADINGS) + "\n"
    row, labels = report.graph.row, list(report.each_label())
    # A node's number stands in a row for each of its edges: its digits are worked out once.
    values, gradients = list(map(field, report.trace.values)), list(map(field, report.each_gradient()))
    last, start, above, name = -1, "", "", ""
    for k, i, _, formula, local, upstream, product in report.each_flow():
        if k != last:
            last, name, above = k, labels[k], gradients[k]
            start = f"{name},{row(k).name},{values[k]},{above}"
        to = labels[i]
        equation = f"d{to} = {formula}" if row(k).structural else f"d{name}/d{to} = {formula}"
        if "," in equation:
            equation = f'"{equation}"'
        yield (f"{start},{to},{values[i]},{gradients[i]},{equation},{field(local)},{above},"
               f"{above if product is upstream else field(product)}\n")


def render(report: Report) -> str:
    """All lines as one text."""
    return "".join(lines(report))
