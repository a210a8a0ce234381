"""Numbers that know how they are written: 0.20 as carried on paper, -3/8 as an exact fraction.

They are floats, so whatever computes or compares goes on as before; whoever writes a number for
people asks it first (render/hand.py, render/numbers.py).
"""

from __future__ import annotations

ATOM, POWER, SIGNED, PRODUCT, SUM = 100, 40, 30, 20, 10
"""How strongly a text binds: a plain number; a^b; one that begins with a minus sign; a * b; a + b."""


class Written(float):
    """A number with its own text, in bpcalc's language.

    ``strength`` is the text's binding power, as for pieces of formulas; ``rounded`` says that the
    number was rounded where it arose, so that an equation with it is only nearly one.
    """

    __slots__ = ("rounded", "strength", "text")

    text: str
    strength: int
    rounded: bool

    def __new__(cls, value: float, text: str, strength: int = ATOM, rounded: bool = False) -> Written:
        """``value`` written as ``text``."""
        self = super().__new__(cls, value)
        self.text = text
        self.strength = strength
        self.rounded = rounded
        return self


def is_rounded(value: float | None) -> bool:
    """Whether a number was rounded, as on paper, where it arose."""
    return isinstance(value, Written) and value.rounded
