"""The loss over the steps of a descent as an SVG picture, in the circuit's ink."""

from __future__ import annotations

from math import ceil, floor, log10
from zlib import crc32

from .numbers import show
from .to_descent import is_logarithmic
from .to_svg import ADVANCE, FONT, style, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 20, 24, 44, 44
_SMALL = 11.0
_POINTS = 600
"""More steps than this are drawn by the lowest and the highest loss of each stretch of them."""

_RULES = """\
{at} .curve{fill:none;stroke:#0969da;stroke-width:2;stroke-linejoin:round}
{at} .grid{fill:none;stroke:#d0d7de;stroke-width:1}
{at} .tick{font-size:11px;fill:#57606a}
{at} .y{text-anchor:end}
@media (prefers-color-scheme:dark){
{at} .curve{stroke:#4493f8}
{at} .grid{stroke:#30363d}
{at} .tick{fill:#9198a1}
}
"""


def render(losses: Sequence[float], name: str, digits: int = 6, title: str | None = None, font: str = FONT) -> str:
    """A whole SVG document; ``losses[0]`` is the loss, called ``name``, before the first step.

    ``title`` is what screen readers say first.
    """
    last = len(losses) - 1
    logarithmic = is_logarithmic(losses)
    heights = [log10(loss) for loss in losses] if logarithmic else list(losses)
    low, high = min(heights), max(heights)
    marks = _powers(low, high) if logarithmic else _round_numbers(low, high)
    labels = [show(10 ** mark if logarithmic else mark, 4) for mark in marks]
    left = _LEFT + max([len(label) for label in labels], default=0) * _SMALL * ADVANCE + 8
    right, top, bottom = _WIDTH - _RIGHT, _TOP, _HEIGHT - _BOTTOM

    def across(step: float) -> float:
        return left + (right - left) * step / max(last, 1)

    def up(height: float) -> float:
        part = (height / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5
        return bottom - (bottom - top) * part

    ink = [f'<rect class="paper" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{_HEIGHT - 1}" rx="8"/>\n']
    for mark, label in zip(marks, labels):
        y = f"{up(mark):.1f}"
        ink.append(f'<path class="grid" d="M{left:.1f} {y}H{right}"/>'
                   f'<text class="tick y" x="{left - 8:.1f}" y="{y}" dy=".35em">{label}</text>\n')
    ink += [f'<text class="tick" x="{across(step):.1f}" y="{bottom + 18}">{int(step)}</text>\n'
            for step in _round_numbers(0, last) if step == int(step)]
    points = " ".join(f"{across(step):.1f},{up(heights[step]):.1f}" for step in _drawn(heights))
    ink.append(f'<polyline class="curve" points="{points}"/>\n')
    ink.append(f'<text class="tick" x="{(left + right) / 2:.1f}" y="{_HEIGHT - 10}">step</text>\n')
    head = f"{name}{' (logarithmic)' if logarithmic else ''}"
    ink.append(f'<text class="name" x="{(left + right) / 2:.1f}" y="24">{text(head)}</text>\n')
    words = (f"The loss {name} over the steps of a descent: {show(losses[0], digits)} at the start, "
             f"{show(losses[-1], digits)} after {last} step{'s' * (last != 1)}.")
    body = "".join(ink)
    ident = f"bpcalc-{crc32(body.encode()):08x}"
    rules = style(f"#{ident}", font) + _RULES.replace("{at}", f"#{ident}")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" id="{ident}" width="{_WIDTH}" height="{_HEIGHT}" '
            f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="{ident}-t {ident}-d">\n'
            f'<title id="{ident}-t">{text(title or f"{name} over the steps")}</title>\n'
            f'<desc id="{ident}-d">{text(words)}</desc>\n<style>\n{rules}</style>\n{body}</svg>\n')


def _drawn(heights: Sequence[float]) -> list[int]:
    """The steps whose points are drawn, in order; no peak or dip is lost."""
    count = len(heights)
    if count <= _POINTS:
        return list(range(count))
    found = {0, count - 1}
    stretches = _POINTS // 2
    for at in range(stretches):
        steps = range(at * count // stretches, (at + 1) * count // stretches)
        found |= {min(steps, key=heights.__getitem__), max(steps, key=heights.__getitem__)}
    return sorted(found)


def _round_numbers(low: float, high: float) -> list[float]:
    """Up to seven round numbers, evenly spaced, from ``low`` to ``high``."""
    size = high - low
    if not 0 < size < float("inf"):
        return [low] if low == high else [low, high]
    step = 10.0 ** floor(log10(size / 5)) if size > 5e-300 else size
    step *= next((factor for factor in (1, 2, 5) if size / (step * factor) <= 6), 10)
    first, last = ceil(low / step), floor(high / step)
    return [step * at for at in range(first, last + 1)] if last - first < 10 else [low, high]


def _powers(low: float, high: float) -> list[float]:
    """Up to seven whole powers between two logarithms."""
    first, last = ceil(low), floor(high)
    return [float(at) for at in range(first, last + 1, (last - first) // 7 + 1)]
