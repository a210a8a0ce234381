"""The run as one page: the picture, the table, and every step in words; with script it can be played.

Python writes everything that is to be seen, so the page is whole without script.  Every number
stands in an element that says in ``data-n`` which one it is: v3 the value of node 3, g3 its gradient,
l7.0 and p7.0 the local gradient and the product of argument 0 of node 7.  page.js fills these elements
again when an input is changed, by the table's rules (javascript.py), and shows and hides them.  An input
that decides which nodes there are (Report.decided_by) cannot be changed.

Nothing is fetched from anywhere: a policy in the page's head allows its own style and script, by
their hashes, and nothing else.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from ..javascript import maths, rules
from ..ops import CONSTANT, INPUT
from ..records import Edge, Step
from ..report import Report
from ..written import Written
from .cells import Cells, axes_text, is_number
from .grids import COLUMN, shape_of, shape_text, show_value
from .hand import Hand
from .symbols import Symbols
from .to_svg import Drawing, style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Moment = tuple[list[Any], str]

_TERMS = 4
_LISTED = 6
"""How many of the inputs that cannot be changed are named."""
_READABLE = 0.6
"""The picture's scale below which its numbers are too small to read: the smallest type is then 7 px high."""
_DECIDES = "It decides which circuit this is, so it cannot be changed here."
_HERE = Path(__file__)


def render(report: Report, digits: int = 6, title: str | None = None) -> str:
    """A whole HTML document; ``title`` is its heading (default: the result)."""
    return _Page(report, digits).document(title)


class _PageHand(Hand):
    """Writes shapes in words: ``W @ x (2,)`` would read as a call in a sentence."""

    def shape(self, value: Any, kind: int = COLUMN) -> str:
        return f", {shape_text(value)}" if shape_of(value) else ""


class _Page:
    """The parts of the page about one report."""

    def __init__(self, report: Report, digits: int) -> None:
        graph = report.graph
        self.report = report
        self.digits = digits
        # Hand arithmetic, exact forms and arrays are played, not computed again: the page knows plain numbers.
        self.computes = not report.trace.arrays and not any(isinstance(value, Written) for value in report.trace.values)
        self.symbols = Symbols()
        self.cells = Cells(report, digits, self.symbols, _PageHand(digits, self.symbols))
        # Numbers that come later may be longer than these.
        self.least = digits + 3
        self.drawing = Drawing(report, digits, self.least, mark=True)
        self.steps: dict[int, Step] = {}
        self.edges: dict[tuple[int, int], Edge] = {}
        self.terms: dict[int, list[Edge]] = {}
        for k in range(len(graph)):
            if graph.ops[k] != CONSTANT:
                step = self.steps[k] = report.step(k, [])
                for edge in step.edges:
                    self.edges[k, edge.slot] = edge
                    self.terms.setdefault(edge.input, []).append(edge)
        self.moments = list(self._moments())

    # ------------------------------------------------------------------------------------- document
    def document(self, title: str | None) -> str:
        """The page."""
        css = _HERE.with_name("page.css").read_text(encoding="utf-8") + style("#circuit") + self._size()
        script = self._script()
        policy = (f"default-src 'none'; style-src '{_hash(css)}'; script-src '{_hash(script)}'; "
                  "base-uri 'none'; form-action 'none'")
        heading = escape(title) if title else self._title()
        parts = [
            "<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title or self.cells.title())}</title>", f"<style>{css}</style>", "</head>", "<body>",
            "<main>", f"<h1>{heading}</h1>", *([f"<p>{self._title()}</p>"] if title else []),
            self._controls(),
            f'<div class="figure" tabindex="0" role="region" aria-label="The circuit">\n'
            f'{self.drawing.inline("circuit", "Circuit, from left to right, of " + self._name())}</div>',
            self._key(),
            self._table(), self._notes(), self._walk(), "</main>",
            f'<script type="application/json" id="data">{_data(self._facts())}</script>',
            f"<script>{script}</script>", "</body>", "</html>",
        ]
        return "\n".join(parts) + "\n"

    def _name(self) -> str:
        text = self.report.text(self.report.graph.output)
        return self.report.symbol if text is None or text == self.report.symbol else f"{self.report.symbol} = {text}"

    def _title(self) -> str:
        return f'{escape(self._name())} = {self._value(self.report.graph.output)}'

    def _size(self) -> str:
        """The picture is as wide as the page, within what can be read; what is wider is scrolled."""
        width = self.drawing.width
        return (f"#circuit{{width:100%;height:auto;min-width:{round(_READABLE * width)}px;max-width:{width}px}}\n"
                f".full #circuit{{width:{width}px;max-width:none}}\n"
                "@media print{#circuit,.full #circuit{width:100%;min-width:0}}\n")

    def _key(self) -> str:
        words = " ".join(f'<span class="{kind}">{escape(word)}</span>' for kind, word in self.drawing.key())
        return f'<p id="key"><button id="size" hidden>Full size</button> {words}</p>'

    def _controls(self) -> str:
        """What only script can serve; it stays hidden without."""
        report, graph = self.report, self.report.graph
        given = [k for k, code in enumerate(graph.ops) if code == INPUT and self.computes]
        fixed = report.decided_by.intersection(given)
        fields = "".join(
            f'<label>{escape(report.label(k))} <input data-k="{k}" value="{escape(_typed(report.trace.values[k]))}" '
            f'{f"""readonly title="{_DECIDES}" """ if k in fixed else ""}'
            'inputmode="text" autocomplete="off" spellcheck="false" size="7"></label>\n' for k in given)
        inputs = (f'<div class="inputs" role="group" aria-label="Inputs">\n{fields}'
                  '<button id="reset">Reset</button></div>\n') if fields else ""
        words = self._fixed([report.label(k) for k in sorted(fixed)])
        reason = f'<p id="fixed">{escape(words)}</p>\n' if words else ""
        return (f'<div class="controls" hidden>\n{inputs}{reason}<p id="problem" role="alert"></p>\n'
                '<div class="player" role="group" aria-label="Step by step">\n'
                '<button id="first">Start</button>\n<button id="back">Back</button>\n<button id="next">Next</button>\n'
                '<button id="last">End</button>\n'
                f'<input id="slider" type="range" min="0" max="{len(self.moments)}" value="{len(self.moments)}" '
                'aria-label="Step">\n<span id="count"></span>\n'
                '<label><input id="blanks" type="checkbox"> Blanks</label></div>\n'
                '<p id="now" aria-live="polite"></p>\n</div>')

    def _fixed(self, names: list[str]) -> str:
        """What cannot be changed on this page, and why; "" where everything can.  ``names`` are the fixed inputs."""
        if self.computes:
            if not names:
                return ""
            if len(names) > _LISTED:
                names = [*names[:_LISTED], f"{len(names) - _LISTED} more"]
            decide, other = ("decides", "another value") if len(names) == 1 else ("decide", "other values")
            return (f"{_listed(names)} {decide} which circuit this is and cannot be changed here: "
                    f"the circuit of {other} is another page.")
        if self.report.trace.arrays:
            return "Arrays cannot be changed here; with --expand the page is about their single numbers, which can."
        way = "in exact numbers" if self.report.decimals is None else "with the decimals of --round"
        return f"Inputs cannot be changed here: a page computes in floating point, not {way}."

    # --------------------------------------------------------------------------------------- numbers
    def _number(self, key: str, value: Any, absolute: bool = False) -> str:
        if shape_of(value):
            return f'<span data-n="{key}" class="grid">{show_value(value, self.digits)}</span>'
        shown = show_value(value, self.digits)
        if absolute:                               # its minus sign is the sum's
            shown = shown.removeprefix("-")
        return f'<span data-n="{key}"{" data-a" if absolute else ""}>{shown}</span>'

    def _value(self, k: int) -> str:
        return self._number(f"v{k}", self.report.trace.values[k])

    def _gradient(self, k: int) -> str:
        return self._number(f"g{k}", self.report.gradient(k))

    def _product(self, edge: Edge, absolute: bool = False) -> str:
        return self._number(f"p{edge.node}.{edge.slot}", edge.product, absolute)

    def _local(self, edge: Edge) -> str:
        step = self.steps[edge.node]
        if edge.structural:
            return escape(self.cells.local(step, edge))
        at = f"{edge.node}.{edge.slot}"
        if shape_of(edge.local):
            left = escape(f"{self.cells.derivative(step.label, self.cells.label(edge))} = {edge.formula}")
            return left if is_number(edge.formula) else f'{left} {_term("=", self._number(f"l{at}", edge.local))}'
        left, middle, _, case = self.cells.local_parts(step, edge)
        middle, case = escape(middle), escape(case)
        if edge.case is not None:
            middle, case = f'<span data-m="{at}">{middle}</span>', f'<span data-c="{at}">{case}</span>'
        return f'{escape(left)}{middle} = {self._number(f"l{at}", edge.local)}{case}'

    def _flow(self, edge: Edge) -> str:
        """``1 × -4 = -4``; of a structural operation the result alone."""
        if edge.structural:
            return self._product(edge)
        upstream, product = self._gradient(edge.node), self._product(edge)
        local = self._number(f"l{edge.node}.{edge.slot}", edge.local)
        if not shape_of(edge.upstream):
            return f"{upstream} × {local} = {product}"
        local = escape(edge.formula) if is_number(edge.formula) else local
        how = [("", f"summed over {axes_text(edge.summed)}")] if edge.summed else []
        return _terms([("", upstream), ("×", local), *how, ("=", product)])

    def _sum(self, k: int) -> str:
        """``2 - 3 = -1``, of the products that arrive at node ``k``."""
        terms = self.terms.get(k, [])
        if len(terms) < 2:
            return self._gradient(k)
        shown = terms if len(terms) <= _TERMS else terms[:_TERMS - 1]
        if shape_of(shown[0].product):
            more = [("+", f"… ({len(terms)} terms)")] if len(shown) < len(terms) else []
            added = [("+" if at else "", self._product(edge)) for at, edge in enumerate(shown)]
            return _terms([*added, *more, ("=", self._gradient(k))])
        parts = [self._product(shown[0])]
        for edge in shown[1:]:
            negative = show_value(edge.product, self.digits)[0] == "-"
            parts.append(f'<span data-s="p{edge.node}.{edge.slot}">{" - " if negative else " + "}</span>'
                         f'{self._product(edge, absolute=True)}')
        if len(shown) < len(terms):
            parts.append(f" + … ({len(terms)} terms)")
        return f'{"".join(parts)} = {self._gradient(k)}'

    # ----------------------------------------------------------------------------------------- table
    def _table(self) -> str:
        cells = self.cells
        heads = ("node", "forward", cells.derivative(cells.top, "node"), "local gradient",
                 f"upstream {self.symbols.times} local")
        rows = [self._row(step) for k, step in self.steps.items() if self.report.shows(k)]
        head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
        kind = ' class="arrays"' if self.report.trace.arrays else ""
        return ('<div class="figure" tabindex="0" role="region" aria-label="The table">\n'
                f'<table{kind}>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{"".join(rows)}</tbody>\n</table></div>')

    def _row(self, step: Step) -> str:
        edges = [(self._local(edge), self._flow(edge)) for edge in step.edges] or [("", "")]
        span = f' rowspan="{len(edges)}"' if len(edges) > 1 else ""
        first = (f'<th scope="row"{span}>{escape(self.cells.node(step))}</th><td{span}>{self._value(step.id)}</td>'
                 f'<td{span}>{self._sum(step.id) if step.live else ""}</td>')
        lines = [f'<tr data-k="{step.id}">{first if at == 0 else ""}<td>{local}</td><td>{flow}</td></tr>\n'
                 for at, (local, flow) in enumerate(edges)]
        return "".join(lines)

    def _notes(self) -> str:
        lines = self.cells.notes()
        if self.report.decimals is not None:
            lines.insert(0, f"{self.cells.carried().partition(';')[0]}.")
        notes = "".join(f"<li>{escape(line)}</li>" for line in lines)
        return f'<ul id="notes">{notes}</ul>'

    # ------------------------------------------------------------------------------------------ steps
    def _walk(self) -> str:
        steps = "\n".join(f"<li>{words}</li>" for _, words in self.moments)
        return f'<h2>Step by step</h2>\n<ol id="steps">\n{steps}\n</ol>'

    def _moments(self) -> Iterable[Moment]:
        """What happens one after the other: (what appears, in words)."""
        report, graph = self.report, self.report.graph
        given = [k for k, code in enumerate(graph.ops) if code == INPUT]
        if given:
            yield ["given"], f'Given: {", ".join(f"{escape(report.label(k))} = {self._value(k)}" for k in given)}.'
        for k, step in self.steps.items():
            if step.operation is not None and report.shows(k):
                yield ["forward", k], self._forward(step)
        if not report.is_live(graph.output):
            return
        for step in reversed(self.steps.values()):
            k = step.id
            if not step.live:
                continue
            if step.edges:
                yield ["backward", k], self._backward(step)
            elif len(self.terms.get(k, ())) > 1:
                yield ["sum", k], (f"{escape(step.label)} feeds {len(self.terms[k])} wires, so its gradient is the sum "
                                   f"of what comes back: {self._sum(k)}.")
        wanted = [(name, graph.node(name)) for name in report.gradients]
        listed = ", ".join(f"{escape(self.cells.derivative(self.cells.top, name))} = {self._gradient(k)}"
                           for name, k in wanted if k is not None)
        yield ["end"], f"The gradients: {listed}."

    def _forward(self, step: Step) -> str:
        report = self.report
        args = dict.fromkeys(i for i in report.graph.args(step.id) if report.shows(i))
        given = [f"{escape(report.label(i))} = {self._value(i)}" for i in args]
        what = f"Forward: {escape(self.cells.node(step))}. "
        result = f"{escape(step.label)} = {self._value(step.id)}."
        if not given:
            return what + result
        return f"{what}With {_listed(given)}: {result}"

    def _backward(self, step: Step) -> str:
        k = step.id
        words = [f"Backward through {escape(self.cells.node(step))}."]
        total = escape(self.cells.derivative(self.cells.top, step.label))
        if k == self.report.graph.output:
            words.append(f"It begins with {total} = {self._gradient(k)}.")
        elif len(self.terms.get(k, ())) > 1:
            words.append(f"{escape(step.label)} feeds {len(self.terms[k])} wires, so what comes back adds up: "
                         f"{total} = {self._sum(k)}.")
        else:
            words.append(f"Upstream is {total} = {self._gradient(k)}.")
        words += [f"{self._local(edge)}, so {escape(self.cells.label(edge))} gets {self._flow(edge)}."
                  for edge in step.edges]
        return " ".join(words)

    # ----------------------------------------------------------------------------------------- script
    def _script(self) -> str:
        graph = self.report.graph
        made = "null"
        if self.computes:
            made = rules({row.name: row for row in map(graph.row, range(len(graph)))}.values())
        return (f"\"use strict\";\n{maths()}const R = {made};\n"
                f"{_HERE.with_name('page.js').read_text(encoding='utf-8')}")

    def _facts(self) -> dict[str, Any]:
        report, graph = self.report, self.report.graph
        nodes: list[Any] = []
        for k in range(len(graph)):
            row, args = graph.row(k), graph.args(k)
            what = self.steps[k].operation if args else None
            held = report.trace.values[k] if self.computes else None
            nodes.append([row.name, args or held, report.label(k), what,
                          int(report.is_live(k)), int(report.shows(k))])
        cases = {}
        for (k, slot), edge in self.edges.items():
            both = report.branches(edge) if edge.case is not None else None
            if both is not None:
                cases[f"{k}.{slot}"] = [self.cells.exception(edge), *both]
        # Notes about this point of the function are worked out anew; the others are about the text.
        static = [self.cells.note(note) for note in report.notes if note.code == "unused" and note.node is not None]
        rows = {row.name: f"'{row.fixity[0]}'" for row in map(graph.row, range(len(graph))) if row.fixity}
        return {"digits": self.digits, "least": self.least, "output": graph.output,
                "upstream": report.upstream if self.computes else None, "nodes": nodes, "cases": cases, "notes": static,
                "spelling": rows, "symbols": graph.names,
                "leaves": [graph.node(name) for name in report.gradients],
                "moments": [moment for moment, _ in self.moments]}


def _terms(terms: list[tuple[str, str]]) -> str:
    """What is added or multiplied, where it may be matrices, each with the sign before it: it may be broken in between.

    The signs have a column of their own, so in a cell matrices below each other stand in line.
    """
    return f'<span class="terms">{" ".join(_term(*term) for term in terms)}</span>'


def _term(sign: str, shown: str) -> str:
    return f'<span class="term"><span class="op">{sign and sign + " "}</span>{shown}</span>'


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f'{", ".join(words[:-1])} and {words[-1]}'


def _typed(value: float) -> str:
    """The number as someone would type it, exactly."""
    return repr(value).removesuffix(".0") if abs(value) < 1e16 else repr(value)


def _hash(text: str) -> str:
    from base64 import b64encode
    from hashlib import sha256

    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _data(facts: dict[str, Any]) -> str:
    """JSON that nothing in it can end early."""
    return json.dumps(facts, separators=(",", ":")).replace("<", "\\u003c")
