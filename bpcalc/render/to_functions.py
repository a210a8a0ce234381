"""The list of operations for ``--functions``, from the table."""

from __future__ import annotations

from ..ops import NAMED_CONSTANTS, TABLE, Op
from .wrap import wrapped


def spelling(row: Op) -> str:
    """How an operation is written: ``a + b``, ``leaky_relu(x, slope=0.01)``."""
    if row.fixity:
        symbol = row.fixity[0]
        return f"{symbol}x" if len(row.params) == 1 else f"a {symbol} b"
    if row.variadic:
        return f"{row.name}(a, b, ...)"
    required = len(row.params) - len(row.defaults)
    params = [*row.params[:required],
              *(f"{name}={default}" for name, default in zip(row.params[required:], row.defaults))]
    return f"{row.name}({', '.join(params)})"


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
