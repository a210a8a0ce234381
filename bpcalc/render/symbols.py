"""The few signs beyond ASCII that human output uses, and what replaces them where they cannot go."""

from __future__ import annotations


class Symbols:
    """One set of signs; ``unicode`` says which."""

    __slots__ = ("about", "arrow", "both", "dot", "no", "partial", "rule", "times", "unicode", "yes")

    def __init__(self, unicode: bool = True) -> None:
        self.unicode = unicode
        self.partial, self.times, self.arrow = ("∂", "×", "→") if unicode else ("d", "*", "->")
        self.about = "≈" if unicode else "~"
        self.rule = "─" if unicode else "-"
        self.dot = "·" if unicode else "*"
        self.yes, self.no, self.both = ("✓", "✗", "~") if unicode else ("ok", "XX", "~")

    def rule_text(self, text: str) -> str:
        """A structural operation's rule with these signs."""
        if self.unicode:
            return text
        return text.replace("·", "*").replace("∘", "*").replace("ᵀ", ".T")


def encodable(encoding: str | None) -> bool:
    """Whether text in ``encoding`` can hold these signs and box lines."""
    try:
        "∂×→–─✓✗σ≈·ᵀ∘".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
