"""The circuit in Graphviz's language, values and gradients on its edges."""

from __future__ import annotations

from ..report import Report
from .grids import beside
from .wiring import END, NUMBER, OPERATION, VARIABLE, Spot, Wiring

_LOOK = {
    VARIABLE: 'shape=box, style="rounded,filled", fillcolor="#ddf4ff"',
    NUMBER: 'shape=box, style="rounded,dashed"',
    OPERATION: 'shape=oval, margin="0.06,0.02"',
    END: 'shape=box, style="rounded,filled", fillcolor="#fff8c5"',
}
_ASIDE = 'shape=box, style="rounded"'


def render(report: Report, digits: int = 6) -> str:
    """A digraph whose edges are labelled with the value and, on a second line, the gradient."""
    wiring = Wiring(report, digits)
    lines = ["digraph bpcalc {", "  rankdir=LR;", '  node [fontname="monospace"];', '  edge [fontname="monospace"];']
    lines += [f"  {spot.key} [label={_quoted(_words(spot))}, {_ASIDE if spot.aside else _LOOK[spot.kind]}];"
              for spot in wiring.spots]
    for link in wiring.links:
        source, target = wiring.spots[link.source].key, wiring.spots[link.target].key
        dashed = "" if link.live else ", style=dashed"
        lines.append(f"  {source} -> {target} [label={_quoted(link.both)}{dashed}];")
    return "\n".join([*lines, "}"]) + "\n"


def _words(spot: Spot) -> tuple[str, ...]:
    words = f"{spot.name} = {spot.sign}" if spot.name else spot.sign
    if spot.shape:
        words += f"  {spot.shape}"
    return (words, *beside("sum ", "\n".join(spot.total)).split("\n")) if spot.total else (words,)


def _quoted(lines: tuple[str, ...]) -> str:
    r"""A string of DOT: \ and " are escaped, a line ends with \n."""
    escaped = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return "\"" + "\\n".join(escaped) + "\""
