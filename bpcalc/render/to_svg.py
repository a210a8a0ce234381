"""The circuit as an SVG picture: values above the wires, gradients below them, left to right.

The places come from layout.py; here they get ink.  Widths of text are known because every text is
monospaced: no monospaced font in use is wider than ADVANCE of its size.  The picture brings its own
background and a dark set of colours, so it is readable wherever it is put; what colour says is also
said by place (above, below) and by dashes (no gradient).
"""

from __future__ import annotations

from ..layout import Box, Wire, arrange
from ..report import Report
from .cells import Cells
from .symbols import Symbols
from .wiring import END, NUMBER, OPERATION, VARIABLE, Link, Spot, Wiring, not_drawn

ADVANCE = 0.62
"""No glyph of the fonts in FONT is wider than this part of the font's size."""

FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"

_SIZE = 13.0            # of numbers
_SIGN = 15.0            # of what stands in a node
_SMALL = 11.0
_RADIUS = 17.0
_HALF = 13.0            # half the height of a leaf
_PORT = 12.0            # between two wires that arrive at a node
_RISE = 5.5             # of a number above its wire
_DROP = 14.5            # of a number's foot below its wire
_LINE = 18.0            # how far a label reaches from its wire
_PITCH = 15.0           # from line to line of a matrix
_MARGIN = 20.0
_FOOT = 22.0
_PRETTY = {"*": "×", "-": "−", "/": "÷"}

STYLE = """\
{at}{font-family:{font};font-size:13px}
{at} .paper{fill:#fff;stroke:#d0d7de}
{at} .wire{fill:none;stroke:#8c959f;stroke-width:1.4}
{at} .head{fill:#8c959f}
{at} .dead .wire{stroke-dasharray:4 4}
{at} .body{fill:#f6f8fa;stroke:#57606a;stroke-width:1.4}
{at} .variable .body{fill:#ddf4ff;stroke:#0969da}
{at} .number .body{fill:#fff;stroke:#8c959f;stroke-dasharray:4 3}
{at} .end .body{fill:#fff8c5;stroke:#9a6700}
{at} .aside .body{fill:#f6f8fa;stroke:#57606a}
{at} text{fill:#1f2328;text-anchor:middle}
{at} .sign{font-size:15px}
{at} .name{font-size:13px;font-weight:bold}
{at} .v{fill:#116329}
{at} .g{fill:#b3121f}
{at} .small{font-size:11px;fill:#57606a}
{at} .small.g{fill:#b3121f}
{at} .key,{at} .key tspan{text-anchor:start;font-size:11px}
"""
DARK = """\
{at} .paper{fill:#0d1117;stroke:#30363d}
{at} .wire{stroke:#768390}
{at} .head{fill:#768390}
{at} .body{fill:#21262d;stroke:#9198a1}
{at} .variable .body{fill:#0c2d4d;stroke:#4493f8}
{at} .number .body{fill:#0d1117;stroke:#768390}
{at} .end .body{fill:#332a08;stroke:#d29922}
{at} .aside .body{fill:#21262d;stroke:#9198a1}
{at} text{fill:#e6edf3}
{at} .v{fill:#56d364}
{at} .g,{at} .small.g{fill:#ff938a}
{at} .small{fill:#9198a1}
"""


def render(report: Report, digits: int = 6, title: str | None = None, font: str | None = None) -> str:
    """A whole SVG document; ``title`` is what screen readers say first (default: the result)."""
    drawing = Drawing(report, digits)
    name = f"bpcalc-{_checksum(drawing.body + (title or '')):08x}"
    return drawing.document(name, title, style(f"#{name}", font or FONT))


def style(at: str, font: str = FONT) -> str:
    """The rules of both sets of colours, for the picture that the selector ``at`` finds."""
    light, dark = (text.replace("{at}", at).replace("{font}", font) for text in (STYLE, DARK))
    return f"{light}@media (prefers-color-scheme:dark){{\n{dark}}}\n"


class Drawing:
    """The picture's inner parts.  ``body`` is SVG; ``width`` and ``height`` its size; ``wires`` the geometry.

    ``least`` is the number of characters that every label has room for at least.  With ``mark``, for
    use beside a table, the key is left to the page, nodes have their labels though the user gave them no
    name, and every number says in ``data-n`` which one it is: v3 the value of node 3, g3 its gradient,
    p7.0 the product on the wire to argument 0 of node 7.
    """

    def __init__(self, report: Report, digits: int = 6, least: int = 1, mark: bool = False) -> None:
        self.report = report
        self.digits = digits
        self.cells = Cells(report, digits, Symbols())
        self.wiring = Wiring(report, digits)
        self._least = least
        self._mark = mark
        boxes = [self._box(spot) for spot in self.wiring.spots]
        ports = self._ports()
        wires = self.wires = [Wire(link.source, link.target, port, self._label(link))
                              for link, port in zip(self.wiring.links, ports)]
        plan = arrange(boxes, wires)
        legend_width, legend = (0.0, "") if mark else self._legend()
        width, height = max(plan.width, legend_width), plan.height
        foot = 0.0 if mark else _FOOT
        self.width, self.height = round(width + 2 * _MARGIN), round(height + 2 * _MARGIN + foot)
        shift = (self.width - plan.width) / 2
        self.body = "".join([
            f'<g transform="translate({_n(shift)} {_n(_MARGIN)})">\n',
            *(self._wire(link, wire, boxes[link.target]) for link, wire in zip(self.wiring.links, wires)),
            *(self._spot(spot, box) for spot, box in zip(self.wiring.spots, boxes)),
            "</g>\n",
        ])
        if legend:
            self.body += (f'<text class="key" transform="translate({_n((self.width - legend_width) / 2)} '
                          f'{self.height - 13})">{legend}</text>\n')

    def document(self, name: str, title: str | None, rules: str) -> str:
        """A whole picture with title and description; ``name`` is its id."""
        return (f'<svg xmlns="http://www.w3.org/2000/svg" id="{name}" {self._size()} role="img" '
                f'aria-labelledby="{name}-t {name}-d">\n'
                f'<title id="{name}-t">{text(title or self.cells.title())}</title>\n'
                f'<desc id="{name}-d">{text(self.description())}</desc>\n<style>\n{rules}</style>\n'
                f'{self._paper()}{self.body}</svg>\n')

    def inline(self, name: str, label: str) -> str:
        """The picture as a part of a page that brings the rules, for people who walk through it node by node."""
        return (f'<svg id="{name}" {self._size()} role="group" aria-label="{text(label)}">\n'
                f'{self._paper()}{self.body}</svg>\n')

    def _size(self) -> str:
        return f'width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}"'

    def _paper(self) -> str:
        return f'<rect class="paper" x="0.5" y="0.5" width="{self.width - 1}" height="{self.height - 1}" rx="8"/>\n'

    def description(self) -> str:
        """What the picture shows, for those who do not see it."""
        report, cells = self.report, self.cells
        gradients = ", ".join(f"{cells.derivative(cells.top, name)} = {cells.number(value)}"
                              for name, value in list(report.gradients.items())[:40])
        more = len(report.gradients) - 40
        return (f"Computational graph of {cells.title()}, drawn from left to right: on each wire the value above "
                f"and the gradient below. {gradients}" + (f" and {more} more" if more > 0 else "") + ".")

    def key(self) -> list[tuple[str, str]]:
        """The key to the numbers, in words: (class of the ink, words)."""
        words = [("v", "value"), ("small", "above the wire,"), ("g", "gradient"), ("small", "below")]
        if any(not link.live for link in self.wiring.links):
            words.append(("small", "· dashed: no gradient"))
        if any(spot.again for spot in self.wiring.spots):
            words.append(("small", "· variables are drawn again where they are used far away"))
        left_out = "" if self._mark else not_drawn(self.report, self.digits)      # the page has them in its table
        if left_out:
            words.append(("small", f"· {text(left_out)}"))
        return words

    # ------------------------------------------------------------------------------------------ sizes
    def _box(self, spot: Spot) -> Box:
        length = len(self._sign(spot))
        if spot.kind == OPERATION:
            body = 2 * _RADIUS if length < 3 else length * _SIGN * ADVANCE + 18
        else:
            body = max(30.0, length * _SIZE * ADVANCE + 16)
        up = down = self._half_height(spot) + 3
        width = body
        name = self._name(spot)
        if name or self._shape(spot):
            up += _SIZE + 3
            width = max(width, len(f"{name} {self._shape(spot)}") * _SIZE * ADVANCE + 4)
        if spot.total:
            down += (_SMALL + 2) * len(spot.total) + 3
            width = max(width, (self._room(spot.total) + 4) * _SMALL * ADVANCE)
        return Box(round(width, 2), up, down, round(body / 2, 2), spot.symmetric)

    def _half_height(self, spot: Spot) -> float:
        return max(_RADIUS, (spot.inputs - 1) / 2 * _PORT + 8) if spot.kind == OPERATION else _HALF

    def _room(self, words: tuple[str, ...]) -> int:
        return max(self._least, *map(len, words))

    def _label(self, link: Link) -> Box:
        below = self._room(link.gradient) * _SIZE if link.live else len(link.gradient[0]) * _SMALL
        width = max(self._room(link.value) * _SIZE, below) * ADVANCE
        up, down = (_LINE + _PITCH * (len(words) - 1) for words in (link.value, link.gradient))
        return Box(round(width + 6, 2), up, down)

    def _ports(self) -> list[float]:
        """How far below the middle of its target each wire arrives: in the order of the arguments."""
        counts: dict[int, int] = {}
        for link in self.wiring.links:
            counts[link.target] = counts.get(link.target, 0) + 1
        return [(link.slot - (counts[link.target] - 1) / 2) * _PORT for link in self.wiring.links]

    # -------------------------------------------------------------------------------------------- ink
    def _name(self, spot: Spot) -> str:
        """What stands above a node.  The output's name stands at its end."""
        if spot.name or not self._mark or spot.kind != OPERATION or spot.k == self.report.graph.output:
            return spot.name
        return self.report.label(spot.k)

    def _shape(self, spot: Spot) -> str:
        """An array's shape, which stands with the name; in a variable's box, behind it."""
        return spot.shape if spot.kind == OPERATION else ""

    def _called(self, spot: Spot, x: float, y: float) -> list[str]:
        """The name of an operation's node and its shape, side by side, each a text: cairo would centre parts of one."""
        name, shape = self._name(spot), self._shape(spot)
        kind = "name" if spot.name else "small"
        room = len(name) * (_SIZE if spot.name else _SMALL) * ADVANCE
        gap = _SMALL * ADVANCE if name and shape else 0.0
        behind = len(shape) * _SMALL * ADVANCE
        left = x - (room + gap + behind) / 2
        pieces = ((kind, left + room / 2, text(name)), ("small", left + room + gap + behind / 2, shape))
        return [f'<text class="{kind}" x="{_n(at)}" y="{_n(y)}">{words}</text>' for kind, at, words in pieces if words]

    def _sign(self, spot: Spot) -> str:
        if spot.kind == VARIABLE and spot.shape:
            return f"{spot.sign} {spot.shape}"
        return _PRETTY.get(spot.sign, spot.sign) if spot.kind == OPERATION else spot.sign

    def _number(self, x: float, y: float, kind: str, key: str, words: tuple[str, ...], before: str = "",
                pitch: float = _PITCH) -> str:
        """A number, or the lines of a matrix, the first of them at height ``y``."""
        parts = []
        for at, line in enumerate(words):
            shown = line if len(words) == 1 else line.replace(" ", "\N{NO-BREAK SPACE}")
            number = f'<tspan data-n="{key}">{shown}</tspan>' if self._mark else shown
            # Every line is centred: what stands before the first one is room before the others.
            lead = before if at == 0 else "\N{NO-BREAK SPACE}" * len(before)
            parts.append(f'<text class="{kind}" x="{_n(x)}" y="{_n(y + pitch * at)}">{lead}{number}</text>')
        return "".join(parts)

    def _wire(self, link: Link, wire: Wire, target: Box) -> str:
        points = wire.points[:]
        tip, y_tip = points[-1]
        if abs(wire.port) < _RADIUS and target.reach == _RADIUS:
            tip += _RADIUS - (_RADIUS ** 2 - wire.port ** 2) ** 0.5      # the side of a circle
        points[-1] = (tip - 5, y_tip)
        label = wire.label
        if link.live:
            key = f"p{link.user}.{link.slot}" if link.user >= 0 else f"g{link.k}"
            below = self._number(label.x, label.y + _DROP, "g", key, link.gradient)
        else:
            below = f'<text class="small" x="{_n(label.x)}" y="{_n(label.y + _DROP)}">{link.gradient[0]}</text>'
        top = label.y - _RISE - _PITCH * (len(link.value) - 1)
        edge = f' data-from="{link.k}" data-to="{link.user}"' if self._mark else ""
        return (f'<g class="{"edge" if link.live else "edge dead"}"{edge}><path class="wire" d="{_path(points)}"/>'
                f'<path class="head" d="M{_n(tip)} {_n(y_tip)}l-7-3.5v7z"/>'
                f'{self._number(label.x, top, "v", f"v{link.k}", link.value)}{below}</g>\n')

    def _spot(self, spot: Spot, box: Box) -> str:
        x, y, half = box.x, box.y, box.reach
        parts = []
        if spot.kind == OPERATION and half == _RADIUS:
            parts.append(f'<circle class="body" cx="{_n(x)}" cy="{_n(y)}" r="{_n(_RADIUS)}"/>')
        else:
            tall = self._half_height(spot)
            corner = {OPERATION: _RADIUS, VARIABLE: 5.0, NUMBER: 5.0, END: _HALF}[spot.kind]
            parts.append(f'<rect class="body" x="{_n(x - half)}" y="{_n(y - tall)}" width="{_n(2 * half)}" '
                         f'height="{_n(2 * tall)}" rx="{_n(corner)}"/>')
        sign = text(self._sign(spot))
        bold = "sign" if spot.kind == OPERATION else "name"
        parts.append(f'<text class="{bold}" x="{_n(x)}" y="{_n(y)}" dy=".35em">{sign}</text>')
        parts += self._called(spot, x, y - box.up + _SIZE)
        if spot.total:
            pitch = _SMALL + 2
            parts.append(self._number(x, y + box.down - 5 - pitch * (len(spot.total) - 1), "small g", f"g{spot.k}",
                                      spot.total, "sum ", pitch))
        node = f' data-k="{spot.k}"' if self._mark else ""
        kind = f"{spot.kind} aside" if spot.aside else spot.kind
        return f'<g class="node {kind}"{node}>{"".join(parts)}</g>\n'

    def _legend(self) -> tuple[float, str]:
        """The key to the numbers, in a line below the picture: its width and its ink at 0, 0."""
        x, parts = 0.0, []
        for kind, word in self.key():
            parts.append(f'<tspan class="{kind}" x="{_n(x)}">{word}</tspan>')
            x += (len(word) + 1) * _SMALL * ADVANCE
        return x, "".join(parts)


def text(words: str) -> str:
    """The words with XML's own signs escaped."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _path(points: list[tuple[float, float]]) -> str:
    """Horizontal from the first to the second of each pair, a curve or a line from pair to pair."""
    x, y = points[0]
    parts = [f"M{_n(x)} {_n(y)}"]
    for at in range(1, len(points) - 1, 2):
        (x0, y0), (x1, y1) = points[at], points[at + 1]
        if y0 != y1:
            middle = _n((x0 + x1) / 2)
            parts.append(f"H{_n(x0)}C{middle} {_n(y0)} {middle} {_n(y1)} {_n(x1)} {_n(y1)}")
    parts.append(f"H{_n(points[-1][0])}")
    return "".join(parts)


def _checksum(words: str) -> int:
    from zlib import crc32

    return crc32(words.encode())
