"""The list of operations for ``--functions``, from the table."""

from __future__ import annotations

from ..ops import NAMED_CONSTANTS, TABLE, Op
from .wrap import wrapped

_FORMS = {"index": "x[i, j]", "reshape": "reshape(x, 2, 3)"}


def spelling(row: Op) -> str:
    """How an operation is written: ``a + b``, ``leaky_relu(x, slope=0.01)``, ``softmax(x, axis=-1)``."""
    if row.name in _FORMS:
        return _FORMS[row.name]
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
