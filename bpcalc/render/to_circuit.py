"""The circuit as text: each value above its wire, its gradient below, operations where wires meet.

        -2
    x ─────╮
        -4 │    3
        5  ├ + ────╮
    y ─────╯    -4 │
        ...

Nothing can be overwritten: every leaf has three rows of its own (value, wire, gradient), every
operation the columns to the right of all that feeds it, and its wire runs within its inputs' rows.
So no wire ever crosses another.  What is used several times is drawn once, as a circuit of its own,
and referred to by name; variables and numbers are repeated.
"""

from __future__ import annotations

from ..report import Report
from .grids import brief
from .to_tree import Twig, footer, once, trees
from .to_tree import render as render_tree

WIDEST = 200
"""Wider pictures become trees, however wide the page may be."""

_CORNERS = {  # (left, up, down, right): what a wire looks like where an operation takes it in
    (1, 0, 1, 0): "╮", (1, 1, 0, 0): "╯", (0, 1, 1, 0): "│", (0, 1, 1, 1): "├", (1, 1, 1, 0): "┤",
    (1, 1, 1, 1): "┼",
}


def render(report: Report, width: int | None, digits: int = 6, unicode: bool = True, color: bool = False) -> str:
    """The picture, or the indented tree where the picture would be wider than ``width``.

    ``unicode`` allows box characters; ``color`` shows values green and gradients red by escape
    codes.
    """
    room = WIDEST if width is None else min(width, WIDEST)
    if len(report) > 20 * room:
        return render_tree(report, width, digits, unicode, color)
    plans = [_Plan(tree, digits, unicode) for tree in trees(report)]
    if max(plan.width for plan in plans) > room:
        return render_tree(report, width, digits, unicode, color)
    parts = [line for plan in plans for line in (*plan.lines(unicode, color), "")][:-1]
    dead = any(not twig.live for plan in plans for twig in plan.tree)
    key = [_key(color)]
    key += once([plan.tree for plan in plans], room)
    if dead:
        key.append(("╌╌╌╌" if unicode else ". . ") + "  no gradient")
    return "\n".join([*parts, *footer(report, digits, "", color), "", *key]) + "\n"


def _key(color: bool) -> str:
    green, red, plain = ("\x1b[32m", "\x1b[31m", "\x1b[0m") if color else ("", "", "")
    return f"above a wire its {green}value{plain}, below it its {red}gradient{plain}"


class _Plan:
    """Where everything goes in one tree's picture."""

    def __init__(self, tree: list[Twig], digits: int, unicode: bool) -> None:
        self.tree = tree
        self.values = [brief(twig.value, digits, unicode) for twig in tree]
        self.gradients = [brief(twig.gradient, digits, unicode) if twig.live else "" for twig in tree]
        names = max((len(twig.name) for twig in tree if not twig.inputs), default=0)
        pitch = 3
        self.row: list[int] = []
        self.start: list[int] = []       # the wire's first column
        self.least: list[int] = []       # the first column that it leaves free
        self.meet: list[int] = []        # where an operation's inputs end
        leaves = 0
        for at, twig in enumerate(tree):
            if twig.inputs:
                first, last = self.row[twig.inputs[0]], self.row[twig.inputs[-1]]
                self.row.append((first + last) // 2)
                self.meet.append(max(self.least[i] for i in twig.inputs))
                bar = 1 if len(twig.inputs) > 1 else 0
                self.start.append(self.meet[at] + bar + len(_stands(twig, at == len(tree) - 1)) + 2)
            else:
                self.row.append(pitch * leaves + 1)
                leaves += 1
                self.meet.append(0)
                self.start.append(names + 1)            # numbers stand in one column; the wire begins at the name
            self.least.append(self.start[at] + max(len(self.values[at]), len(self.gradients[at])) + 2)
        self.height = pitch * leaves
        self.end = tree[-1].name
        self.width = self.least[-1] + 2 + len(self.end)

    def lines(self, unicode: bool, color: bool) -> list[str]:
        """The picture's lines."""
        wire, dead = ("─", "╌") if unicode else ("-", ".")
        rows: list[list[tuple[int, str, str]]] = [[] for _ in range(self.height)]
        until = list(self.least)
        for at, twig in enumerate(self.tree):
            for i in twig.inputs:
                until[i] = self.meet[at]
        for at, twig in enumerate(self.tree):
            row, start = self.row[at], self.start[at]
            if not twig.inputs and not twig.live:
                start += until[at] - self.least[at]          # numbers stand where they are used
            rows[row - 1].append((start + 1, self.values[at], "\x1b[32m"))
            if self.gradients[at]:
                rows[row + 1].append((start + 1, self.gradients[at], "\x1b[31m"))
            first = len(twig.name) + 1 if twig.live and not twig.inputs else start
            rows[row].append((first, (wire if twig.live else dead) * (until[at] - first), ""))
            if twig.inputs:
                self._operation(rows, at, unicode)
            else:
                rows[row].append((0 if twig.live else start - 1 - len(twig.name), twig.name, ""))
        top = self.row[-1]
        rows[top].append((self.least[-1], ("▶ " if unicode else "> ") + self.end, ""))
        lines = [_line(row, color) for row in rows]
        return lines if lines[-1] else lines[:-1]

    def _operation(self, rows: list[list[tuple[int, str, str]]], at: int, unicode: bool) -> None:
        twig, meet, own = self.tree[at], self.meet[at], self.row[at]
        stands = f" {_stands(twig, at == len(self.tree) - 1)} "
        inputs = [self.row[i] for i in twig.inputs]
        if len(inputs) == 1:
            rows[own].append((meet, stands, ""))
            return
        rows[own].append((meet + 1, stands, ""))
        taken = set(inputs)
        for row in range(inputs[0], inputs[-1] + 1):
            shape = (int(row in taken), int(row > inputs[0]), int(row < inputs[-1]), int(row == own))
            plain = "|" if shape == (0, 1, 1, 0) else "+"
            rows[row].append((meet, _CORNERS[shape] if unicode else plain, ""))


def _stands(twig: Twig, last: bool) -> str:
    """What stands where the wires meet: the sign, and the user's name for the result."""
    return f"{twig.sign} [{twig.name}]" if twig.name and not last else twig.sign


def _line(pieces: list[tuple[int, str, str]], color: bool) -> str:
    pieces.sort()
    parts = []
    column = 0
    for start, text, paint in pieces:
        parts.append(" " * (start - column))
        parts.append(f"{paint}{text}\x1b[0m" if color and paint else text)
        column = start + len(text)
    return "".join(parts).rstrip()
