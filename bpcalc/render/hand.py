"""How mathematics is written: a Hand writes it as plain text, tex.TexHand as TeX.

Whatever arranges numbers, names and formulas (cells, worked) asks a Hand for their texts, so that a
terminal, a page of LaTeX and a page of Markdown show the same mathematics.
"""

from __future__ import annotations

from itertools import accumulate

from ..formula import Piece, compose
from ..ops import Op
from ..written import ATOM, PRODUCT, SIGNED, Written, is_rounded
from .grids import COLUMN, shape_of, show_value
from .numbers import show
from .symbols import Symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any


class Hand:
    """Writes mathematics as plain text.

    ``dot`` multiplies, ``about`` means nearly equal, ``dots`` stand for what is left out.  An array is a
    grid of several lines unless ``flat``.  ``wants_names`` says whether the names in formulas make a
    difference to it.  Where numbers are ``exact``, one that is not is only nearly equal.
    """

    exact = False

    wants_names = False

    def __init__(self, digits: int = 6, symbols: Symbols | None = None, flat: bool = False) -> None:
        self.digits = digits
        self.flat = flat
        self.symbols = symbols or Symbols()
        self.dot = "·" if self.symbols.unicode else "*"
        self.about = self.symbols.about
        self.dots = "..."
        self.each = self.symbols.times

    def number(self, value: Any, kind: int = COLUMN) -> str:
        """A number or an array, rounded; ``kind`` says how a vector stands on paper."""
        if type(value) is not float and shape_of(value):
            return show_value(value, self.digits, self.flat, self.symbols.unicode)
        return show(value, self.digits)

    def shape(self, value: Any, kind: int = COLUMN) -> str:
        """The shape of an array, to stand behind its name; empty for a number."""
        return f"  {shape_of(value)}" if shape_of(value) else ""

    def rule_of(self, label: str, rule: str, names: Collection[str]) -> str:
        """A structural operation's rule for the gradient of its input: ``dW = ds · xᵀ``."""
        return f"d{label} = {self.structural(rule, names)}"

    def structural(self, rule: str, names: Collection[str]) -> str:
        """The rule of a structural operation over ``names``: ``ds · xᵀ``."""
        return self.symbols.rule_text(rule)

    def piece(self, value: Any, kind: int = COLUMN) -> Piece:
        """A number or an array with its binding power, to be put into a formula."""
        text = self.number(value, kind)
        if isinstance(value, Written):
            return text, value.strength
        return text, SIGNED if text[:1] == "-" else ATOM

    def factor(self, value: float | None) -> str:
        """A number as a factor: in brackets where it is negative or a sum."""
        text, strength = self.piece(value)
        return self.bracketed(text) if text[:1] == "-" or strength < PRODUCT else text

    def product(self, upstream: float | None, local: float | None) -> str:
        """Two numbers multiplied, as tables write it: ``1 × -4``."""
        if type(upstream) is float is type(local):
            return f"{self.number(upstream)} {self.symbols.times} {self.number(local)}"
        pieces = map(self.piece, (upstream, local))
        return f" {self.symbols.times} ".join(f"({text})" if strength < PRODUCT else text for text, strength in pieces)

    def is_near(self, value: float | None) -> bool:
        """Whether a number is only nearly what it is worked out to be, rounded as on paper or for want of a form."""
        return is_rounded(value) or (self.exact and isinstance(value, float) and not isinstance(value, Written)
                                     and not value.is_integer())

    def equals(self, value: float | None) -> str:
        """The sign before a number: the nearly equal one where it was rounded."""
        return self.about if self.is_near(value) else "="

    def name(self, label: str) -> str:
        """A node's name."""
        return label

    def updated(self, label: str) -> str:
        """A node's name after an update."""
        return f"new {label}"

    def update(self, label: str, rate: float, top: str) -> str:
        """The rule of an update: ``w + (-0.1 · ∂L/∂w)``."""
        step = self.bracketed(f"{self.number(-rate)} {self.dot} {self.derivative(top, label)}")
        return f"{self.name(label)} + {step}"

    def derivative(self, of: str, to: str) -> str:
        """``∂of/∂to``, of two labels."""
        d = self.symbols.partial
        return f"{d}{of}/{d}{to}"

    def formula(self, text: str, names: Collection[str]) -> str:
        """A formula in bpcalc's own language over ``names``."""
        return text

    def rule(self, text: str, names: Collection[str]) -> str:
        """A formula as a factor: in brackets unless it is a name, an entry, a number or a call."""
        return self.formula(text, names) if _is_single(text) else self.bracketed(self.formula(text, names))

    def condition(self, text: str, names: Collection[str]) -> str:
        """A comparison over ``names``, such as ``x <= 0``."""
        return text

    def word(self, text: str) -> str:
        """A word among formulas."""
        return text

    def dot_of(self, same: bool) -> str:
        """The sign that multiplies entry by entry; ``same`` says that it is by one number for every entry."""
        return self.each

    def aside(self, text: str) -> str:
        """A reason, in brackets behind an equation."""
        return f" ({text})"

    def compose(self, row: Op, parts: Sequence[Piece], statics: Mapping[str, Any] | None = None,
                kinds: Sequence[int] = ()) -> str:
        """An operation with these parts, of these kinds, for its arguments; ``statics`` as the graph has them."""
        return compose(row, parts, statics)[0]

    def bracketed(self, text: str) -> str:
        """``text`` in brackets."""
        return f"({text})"


def _is_single(text: str) -> bool:
    """Whether a formula is one thing: ``x``, ``0.5``, ``W[0,1]``, ``exp(x)``."""
    end = next((at for at, char in enumerate(text) if not (char.isalnum() or char in "_.")), len(text))
    if end == len(text):
        return True
    if not end or text[end] not in "([" or text[-1] not in ")]":
        return False
    return all(accumulate((char in "([") - (char in ")]") for char in text[end:-1]))
