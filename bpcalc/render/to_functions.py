"""What ``--functions`` shows, from the table: the list of operations, or a few of them with their gradients."""

from __future__ import annotations

from ..ops import NAMED_CONSTANTS, TABLE, Op
from .wrap import wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any


def spelling(row: Op) -> str:
    """How an operation is written: ``a + b``, ``leaky_relu(x, slope=0.01)``, ``softmax(x, axis=-1)``."""
    if "at" in row.statics:
        return "x[i, j]"
    if "shape" in row.statics:
        return f"{row.word}(x, 2, 3)"
    if row.fixity:
        symbol = row.fixity[0]
        return f"{symbol}x" if len(row.params) == 1 else f"a {symbol} b"
    required = len(row.params) - len(row.defaults)
    params = ["a", "b", "..."] if row.variadic else [
        *row.params[:required], *(f"{name}={default}" for name, default in zip(row.params[required:], row.defaults))]
    if not row.statics.get("axis", "0"):
        return f"{row.word}(x), {row.word}(x, axis=0)"
    if "axis" in row.statics:
        params.append(f"axis={row.statics['axis']}")
    return f"{row.word}({', '.join(params)})"


def called(row: Op) -> set[str]:
    """Every word that asks for the operation: its names, its word in a call and its symbol."""
    symbols = {row.fixity[0]} | ({"**"} if row.fixity[0] == "^" else set()) if row.fixity else set()
    return {row.name, row.word, *row.aliases, *symbols} if row.params else set()


def gradients(row: Op) -> list[str]:
    """The textbook's local gradients, or of an operation on whole arrays what flows back, an argument a line."""
    if not row.structural:
        names = ["x"] if row.variadic else row.params
        return [f"∂out/∂{name} = {shown.replace('count(xs)', 'N')}" for name, shown in zip(names, row.shown)]
    names = ["x", "i"] if row.name == "index" else ["a"] if row.variadic else row.params
    shown_as = {name: name for name in row.params}
    return [f"d{name} = {rule.format(g='dout', out='out', **shown_as)}" if rule else f"{name}: no gradient"
            for name, rule in zip(names, row.rules)]


def as_records(rows: Sequence[Op]) -> list[dict[str, Any]]:
    """The operations as records for JSON: what --functions says of each of them."""
    return [{"name": row.name, "written": spelling(row), "aliases": [*row.aliases], "doc": row.doc,
             "gradients": gradients(row), "domain": [test for test, _ in row.domain],
             "kinks": [words for _, words in row.kinks], "structural": row.structural} for row in rows]


def render(room: int | None = None) -> str:
    """All operations and constants, one a line, which goes on below where it does not fit into ``room``."""
    rows = []
    for row in TABLE:
        if row.params:
            also = f" Also {', '.join(name for name in row.aliases if name.isascii())}." if row.aliases else ""
            rows.append((spelling(row), row.doc + also))
    width = max(len(text) for text, _ in rows)
    rows.append(("constants", ", ".join(name for name in NAMED_CONSTANTS if name.isascii())))
    return "".join(f"{line}\n" for text, doc in rows
                   for line in wrapped(f"  {text:<{width}}  ", doc, " " * (width + 4), room))


def explained(rows: Sequence[Op], room: int | None = None) -> str:
    """A few operations, each with its local gradients, where it is defined and what is done at a kink."""
    return "\n".join("".join(f"{line}\n" for line in _lines(row, room)) for row in rows)


def _lines(row: Op, room: int | None) -> Iterable[str]:
    yield from wrapped("", f"{spelling(row)}: {row.doc}", "  ", room)
    facts = [("what flows back" if row.structural else "local gradient", line) for line in gradients(row)]
    if row.pair is not None:
        facts.append(("", f"of two, x and y: {row.pair}"))
    if not row.structural:
        facts.append(("defined for", ", ".join(test for test, _ in row.domain) or "every number"))
    facts += [("at a kink", words) for _, words in row.kinks]
    facts += [("takes", "keepdims=1, which leaves an axis of length 1")] if "keepdims" in row.statics else []
    facts += [("also written", ", ".join(row.aliases))] if row.aliases else []
    before = ""
    for head, fact in facts:
        yield from wrapped(f"  {head if head != before else '':<15}  ", fact, " " * 19, room)
        before = head
