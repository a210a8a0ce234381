"""The circuit as a Mermaid flowchart, which GitHub and many wikis draw inside Markdown."""

from __future__ import annotations

from ..report import Report
from .wiring import END, NUMBER, OPERATION, VARIABLE, Wiring

_SHAPE = {VARIABLE: ("[", "]"), NUMBER: ("[", "]"), OPERATION: ("((", "))"), END: ("([", "])")}
_ASIDE = ("(", ")")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .")


def render(report: Report, digits: int = 6) -> str:
    """A flowchart whose edges are labelled with the value and, on a second line, the gradient."""
    wiring = Wiring(report, digits)
    lines = ["flowchart LR"]
    for spot in wiring.spots:
        words = f"{spot.name} = {spot.sign}" if spot.name else spot.sign
        if spot.shape:
            words += f"  {spot.shape}"
        label = _escaped(words)
        if spot.total:
            label += f"<br/>sum {_lines(spot.total)}"
        left, right = _ASIDE if spot.aside else _SHAPE[spot.kind]
        lines.append(f'  {spot.key}{left}"{label}"{right}')
    for link in wiring.links:
        source, target = wiring.spots[link.source].key, wiring.spots[link.target].key
        before, after = ("--", "-->") if link.live else ("-.", ".->")
        lines.append(f'  {source} {before} "{_lines(link.both)}" {after} {target}')
    return "\n".join(lines) + "\n"


def _lines(words: tuple[str, ...]) -> str:
    return "<br/>".join(map(_escaped, words))


def _escaped(words: str) -> str:
    """Whatever could mean something to Mermaid, Markdown or HTML as the number of its character."""
    return "".join(c if c in _PLAIN else f"#{ord(c)};" for c in words)
