"""Gradient descent for people: the slide's three columns, the losses, a plot, the weights to paste."""

from __future__ import annotations

from math import log10

from ..descent import Descent
from .numbers import show
from .symbols import Symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_LINES = 12
_COLUMNS, _ROWS = 56, 9


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], symbols: Symbols) -> list[str]:
    widths = [max(map(len, column)) for column in zip(heads, *rows)]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        return "  ".join([first, *(cell.rjust(size) for cell, size in zip(cells[1:], widths[1:]))]).rstrip()

    return [line(heads), symbols.rule * (sum(widths) + 2 * (len(widths) - 1)), *map(line, rows)]


def update_lines(descent: Descent, loss: str, digits: int, symbols: Symbols) -> list[str]:
    """One update: weight, gradient, weight + (−lr · gradient) = new weight, and the loss before and after."""
    number = [show(-descent.rate, digits)]
    heads = ("weight", "value", "gradient", f"value + ({number[0]} {symbols.times} gradient)")
    rows = []
    plain = descent.optimizer == "sgd"
    for name, before, slope, after in zip(descent.names, descent.before, descent.gradients, descent.after):
        old, gradient, new = (show(value, digits) for value in (before, slope, after))
        sum_ = f"{old} + ({number[0]} {symbols.times} {gradient}) = {new}" if plain else new
        rows.append((name, old, gradient, sum_))
    if not plain:
        heads = (*heads[:3], f"after one {descent.optimizer} step")
    lines = _table(heads, rows, symbols)
    lines += ["", f"before: {loss} = {show(descent.losses[0], digits)}"]
    if descent.steps:
        lines.append(f"after:  {loss} = {show(descent.losses[-1], digits)}")
        if descent.losses[-1] > descent.losses[0]:
            lines.append("The loss went up: the step was too long (--lr), or the gradient's sign is wrong.")
    return lines


def descent_lines(descent: Descent, loss: str, digits: int, symbols: Symbols) -> list[str]:
    """Many updates: the loss along the way, a plot of it, and the final weights."""
    losses = descent.losses
    lines = _table(("step", loss), [(str(step), show(losses[step], digits)) for step in _some(len(losses))], symbols)
    if len(losses) > 2:
        lines += ["", *plot(losses, loss, symbols)]
    lines.append("")
    lines += _table(("weight", "start", "end"),
                    [(name, show(before, digits), show(after, digits))
                     for name, before, after in zip(descent.names, descent.before, descent.after)], symbols)
    lines += ["", f"{loss} = {show(losses[0], digits)} at the start, {show(losses[-1], digits)} "
                  f"after {descent.steps} step{'s' * (descent.steps != 1)}"]
    lines.append("to paste: " + " ".join(f"{name}={after!r}" for name, after in zip(descent.names, descent.after)))
    return lines


def render(descent: Descent, loss: str, digits: int = 6, symbols: Symbols | None = None) -> str:
    """The update, or the whole descent when more than one step was asked for or made."""
    symbols = symbols or Symbols()
    lines = update_lines(descent, loss, digits, symbols) if len(descent.losses) <= 2 else \
        descent_lines(descent, loss, digits, symbols)
    if descent.stopped:
        lines.append(descent.stopped)
    return "".join(f"{line}\n" for line in lines)


def _some(count: int) -> list[int]:
    """Up to _LINES step numbers, evenly spread, the first and last among them."""
    if count <= _LINES:
        return list(range(count))
    return sorted({round(at * (count - 1) / (_LINES - 1)) for at in range(_LINES)})


def plot(losses: Sequence[float], name: str, symbols: Symbols) -> list[str]:
    """The losses over the steps, in text; on a logarithmic axis where they span more than a thousandfold."""
    columns = min(_COLUMNS, len(losses))
    picked = [losses[round(at * (len(losses) - 1) / (columns - 1))] for at in range(columns)]
    low, high = min(picked), max(picked)
    logarithmic = low > 0 and high > 1000 * low
    scale = [log10(loss) for loss in picked] if logarithmic else list(picked)
    bottom, top = min(scale), max(scale)
    size = (top - bottom) or 1.0
    heights = [round((loss - bottom) / size * (_ROWS - 1)) if size < float("inf") else 0 for loss in scale]
    mark, bar, corner = ("•", "│", "└") if symbols.unicode else ("*", "|", "+")
    labels = {_ROWS - 1: show(high, 4), 0: show(low, 4)}
    margin = max(map(len, labels.values()))
    lines = [f"{name}{' (logarithmic)' if logarithmic else ''}"]
    for row in range(_ROWS - 1, -1, -1):
        points = "".join(mark if height == row else " " for height in heights).rstrip()
        lines.append(f"{labels.get(row, ''):>{margin}} {bar}{points}".rstrip())
    last = str(len(losses) - 1)
    lines.append(f"{'':>{margin}} {corner}{symbols.rule * columns}")
    lines.append(f"{'':>{margin}}  0{last:>{max(columns - 1, len(last))}}")
    return lines


def as_json(descent: Descent) -> dict[str, Any]:
    """The descent as a member of the JSON report."""
    return {
        "rate": descent.rate,
        "optimizer": descent.optimizer,
        "steps": descent.steps,
        "stopped": descent.stopped,
        "weights": [{"name": name, "before": before, "gradient": gradient, "after": after}
                    for name, before, gradient, after
                    in zip(descent.names, descent.before, descent.gradients, descent.after)],
        "losses": descent.losses,
    }
