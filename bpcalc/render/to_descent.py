"""Gradient descent for people: the slide's three columns, the losses, a plot, the weights to paste."""

from __future__ import annotations

from math import log10

from ..descent import Descent
from ..report import Report
from .cells import Cells
from .grids import beside, shape_of, show_value
from .numbers import show
from .symbols import Symbols
from .wrap import wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

PASTED = 1000
"""Arrays of up to this many entries are written as words to paste."""

_EXACT = ("to paste", "in the text")
"""Lines to be copied, which stay whole."""
_LINES = 12
_COLUMNS, _ROWS, _MARGIN = 56, 9, 12


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], symbols: Symbols, width: int | None = None,
           ) -> list[str]:
    """Rows under their heads, the first column to the left; as blocks where that is wider than ``width``."""
    cells = [[cell.split("\n") for cell in row] for row in rows]
    widths = [max(map(len, [head, *(line for row in cells for line in row[at])])) for at, head in enumerate(heads)]
    total = sum(widths) + 2 * (len(widths) - 1)
    if width is not None and total > width:
        return _blocks(heads, rows)

    def line(parts: Sequence[str]) -> str:
        first = parts[0].ljust(widths[0])
        return "  ".join([first, *(part.rjust(size) for part, size in zip(parts[1:], widths[1:]))]).rstrip()

    lines = [line(heads), symbols.rule * total]
    for row in cells:
        lines += [line([cell[at] if at < len(cell) else "" for cell in row]) for at in range(max(map(len, row)))]
    return lines


def _blocks(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    size = max(map(len, heads[1:]))
    lines: list[str] = []
    for first, *cells in rows:
        lines += ["", first] if lines else [first]
        for head, cell in zip(heads[1:], cells):
            lines += beside(f"  {head.ljust(size)}  ", cell).split("\n")
    return lines


def update_lines(descent: Descent, loss: str, digits: int, symbols: Symbols, width: int | None = None) -> list[str]:
    """One update: weight, gradient, weight + (−lr · gradient) = new weight, and the loss before and after."""
    number = show(-descent.rate, digits)
    heads = ("weight", "value", "gradient", f"value + ({number} {symbols.times} gradient)")
    rows = []
    plain = descent.optimizer == "sgd"
    for name, before, slope, after in zip(descent.names, descent.before, descent.gradients, descent.after):
        old, gradient, new = (show_value(value, digits, unicode=symbols.unicode) for value in (before, slope, after))
        sum_ = f"{old} + ({number} {symbols.times} {gradient}) = {new}" if plain and not shape_of(after) else new
        rows.append((_headed(name, after), old, gradient, sum_))
    if not plain:
        heads = (*heads[:3], f"after one {descent.optimizer} step")
    lines = _table(heads, rows, symbols, width)
    lines += ["", f"before: {loss} = {show(descent.losses[0], digits)}"]
    if descent.lost:
        lines.append(f"after:  {loss} does not exist there: {descent.lost}")
    else:
        lines.append(f"after:  {loss} = {show(descent.losses[-1], digits)}")
        if descent.losses[-1] > descent.losses[0]:
            lines.append("The loss went up: the step was too long (--lr), or the gradient's sign is wrong.")
    return lines


def descent_lines(descent: Descent, loss: str, digits: int, symbols: Symbols, width: int | None = None) -> list[str]:
    """Many updates: the loss along the way, a plot of it, and the final weights."""
    losses = descent.losses
    lines = _table(("step", loss), [(str(step), show(losses[step], digits)) for step in _some(len(losses))], symbols)
    lines += ["", *plot(losses, loss, symbols, width), ""]
    lines += _table(("weight", "start", "end"),
                    [(_headed(name, after), *(show_value(value, digits, unicode=symbols.unicode)
                                                      for value in (before, after)))
                     for name, before, after in zip(descent.names, descent.before, descent.after)], symbols, width)
    lines += ["", f"{loss} = {show(losses[0], digits)} at the start, {show(losses[-1], digits)} "
                  f"after {descent.steps} step{'s' * (descent.steps != 1)}"]
    if losses[-1] > losses[0]:
        lines.append("The loss is higher than at the start: try a smaller --lr.")
    return lines + _to_paste(descent)


def _headed(name: str, value: Any) -> str:
    """A weight's name, of an array with its shape."""
    return f"{name}  {shape_of(value)}" if shape_of(value) else name


def _to_paste(descent: Descent) -> list[str]:
    """The final weights as words for the command line, in full precision."""
    words, inside, large = [], [], []
    for name, after in zip(descent.names, descent.after):
        if "[" in name:                            # an entry of an array that was opened
            return ["without --expand there are words to paste"]
        if getattr(after, "size", 1) > PASTED:
            large.append(name)
        elif name in descent.inside:
            inside.append(f"{name} = {_literal(after)}")
        else:
            words.append(f'"{name}={_literal(after)}"' if shape_of(after) else f"{name}={after!r}")
    lines = [f"to paste: {' '.join(words)}"] if words else []
    lines += [f"in the text: {'; '.join(inside)}"] if inside else []
    return lines + ([f"too large to paste: {', '.join(large)}; --json has all numbers"] if large else [])


def _literal(value: Any) -> str:
    """A value as the language writes it, in full precision."""
    return repr(value.tolist() if shape_of(value) else value)


def render(descent: Descent, loss: str, digits: int = 6, symbols: Symbols | None = None,
           width: int | None = None) -> str:
    """The update, or the whole descent when more than one step was asked for or made."""
    symbols = symbols or Symbols()
    lines = update_lines(descent, loss, digits, symbols, width) if len(descent.losses) <= 2 else \
        descent_lines(descent, loss, digits, symbols, width)
    if descent.stopped and not descent.lost:       # the update has said it
        lines.append(descent.stopped)
    return "".join(f"{part}\n" for line in lines for part in (
        wrapped("", line, "  ", width) if line[:1].isalpha() and not line.startswith(_EXACT) else [line]))


def _some(count: int) -> list[int]:
    """Up to _LINES step numbers, evenly spread, the first and last among them."""
    if count <= _LINES:
        return list(range(count))
    return sorted({round(at * (count - 1) / (_LINES - 1)) for at in range(_LINES)})


def plot(losses: Sequence[float], name: str, symbols: Symbols, width: int | None = None) -> list[str]:
    """The losses over the steps, in text; on a logarithmic axis where they span more than a thousandfold."""
    columns = min(_COLUMNS, len(losses), max((width or 1000) - _MARGIN, 2))
    picked = [losses[round(at * (len(losses) - 1) / (columns - 1))] for at in range(columns)]
    low, high = min(picked), max(picked)
    logarithmic = is_logarithmic(picked)
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


def is_logarithmic(losses: Sequence[float]) -> bool:
    """Whether losses are drawn on a logarithmic axis: where they span more than a thousandfold."""
    low, high = min(losses), max(losses)
    return low > 0 and high > 1000 * low


def plain_lines(descent: Descent, loss: str, digits: int = 6) -> Iterator[str]:
    """The descent's facts, each a line of words and ASCII."""
    def flat(value: Any) -> str:
        return show_value(value, digits, flat=True, unicode=False)

    for step in _some(len(descent.losses)):
        yield f"step {step}: loss {loss} = {show(descent.losses[step], digits)}\n"
    for name, before, slope, after in zip(descent.names, descent.before, descent.gradients, descent.after):
        yield f"{name}: start {flat(before)}\n"
        yield f"{name}: gradient at the start {flat(slope)}\n"
        yield f"{name}: end {flat(after)}\n"
    for line in [*_to_paste(descent), descent.stopped]:
        if line:
            yield f"{line}\n"


def beside_lines(report: Report, digits: int = 6, symbols: Symbols | None = None,
                 width: int | None = None) -> Iterator[str]:
    """What is to be known of the run that a descent starts from: its notes, and second opinions on its gradients."""
    cells = Cells(report, digits, symbols or Symbols(unicode=False))
    for line in [*cells.notes(width), *cells.checks(width)]:
        if line or symbols:
            yield f"{line}\n"


def csv_lines(descent: Descent) -> Iterator[str]:
    """The loss at the start and after each step, as CSV in full precision."""
    yield "step,loss\n"
    for step, loss in enumerate(descent.losses):
        yield f"{step},{loss!r}\n"


def as_json(descent: Descent) -> dict[str, Any]:
    """The descent as a member of the JSON report."""
    return {
        "rate": descent.rate,
        "optimizer": descent.optimizer,
        "steps": descent.steps,
        "stopped": descent.stopped,
        "weights": [{"name": name, **_shaped(after), "before": _nested(before), "gradient": _nested(gradient),
                     "after": _nested(after)}
                    for name, before, gradient, after
                    in zip(descent.names, descent.before, descent.gradients, descent.after)],
        "losses": descent.losses,
    }


def _nested(value: Any) -> Any:
    return value.tolist() if shape_of(value) else value


def _shaped(value: Any) -> dict[str, Any]:
    return {"shape": [*shape_of(value)]} if shape_of(value) else {}
