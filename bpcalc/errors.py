"""What can go wrong, as data.

A :class:`BpcalcError` carries a stable code, a sentence, the span of text that is to blame and a
hint.  Nothing here formats or prints: ``render/to_caret.py`` draws the caret, below a traceback too, and
``render/to_json.py`` writes the JSON form.

    BpcalcError (ValueError)      code               raised by
      SyntaxProblem               syntax             syntax: the text is not in the language
      NameProblem                 name               syntax: unknown, missing or doubled names
      BindingProblem              binding            bindings: NAME=VALUE words and files of them
      DomainProblem               domain             engine: outside a domain, overflow
      ShapeProblem                shape              engine: shapes, axes, indices or labels that do not fit
      UsageProblem                usage              cli: options and their values
      InputProblem                input              bindings, cli: a file that cannot be read
      LimitProblem                limit              a stated limit was exceeded
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_TYPED = 64
"""Longer words get no did-you-mean."""

Span = tuple[int, int]
"""Half-open character offsets into ``Source.text``."""


class Source:
    """A piece of the user's text and what to call it (``expression``, a file's name, ``x=2``)."""

    __slots__ = ("name", "text")

    def __init__(self, text: str, name: str = "expression") -> None:
        self.text = text
        self.name = name

    def __repr__(self) -> str:
        shown = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        return f"Source({shown!r}, {self.name!r})"


class BpcalcError(ValueError):
    """Any complaint about the user's input: one class to catch, with everything there is to say.

    ``message`` is one sentence without a full stop; ``source`` and ``span`` say where (both may be
    None); ``hint`` says what to do about it (may be None).
    """

    code = "error"

    def __init__(
        self,
        message: str,
        source: Source | None = None,
        span: Span | None = None,
        hint: str | None = None,
    ) -> None:
        message = _brief(message)
        super().__init__(message)
        # What led here inside the package says nothing to whoever gave the input.
        self.__suppress_context__ = True
        self.message = message
        self.source = source
        self.span = span
        self.hint = hint and _brief(hint)
        self._notes: list[str] | None = None

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]  # made when a traceback or a notebook asks (PEP 678)
        """The text with its caret, and the hint, as they stand below the message."""
        if self._notes is None:
            from .render.to_caret import render

            self._notes = render(self, head="").splitlines()[1:]
        return self._notes


class SyntaxProblem(BpcalcError):
    """The text is not in the language."""

    code = "syntax"


class NameProblem(BpcalcError):
    """A name is unknown, has no value, or is given twice."""

    code = "name"


class BindingProblem(BpcalcError):
    """A NAME=VALUE word cannot be read."""

    code = "binding"


class DomainProblem(BpcalcError):
    """A value lies outside an operation's domain, or a result is too large for a double."""

    code = "domain"


class ShapeProblem(BpcalcError):
    """Shapes, axes, indices or labels that do not fit together."""

    code = "shape"


class UsageProblem(BpcalcError):
    """An option, or the value of one, makes no sense."""

    code = "usage"


class InputProblem(BpcalcError):
    """A file or standard input cannot be read."""

    code = "input"


class LimitProblem(BpcalcError):
    """A stated limit was exceeded."""

    code = "limit"


def _brief(text: str) -> str:
    """A sentence that quotes no more of a long word than can be read."""
    if len(text) <= 400:
        return text
    words = (word if len(word) <= 60 else f"{word[:35]}…{word[-15:]}" for word in text.split(" "))
    return " ".join(words)[:2000]


def closest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known words most like ``word``, best first; empty when nothing is close.

    Capital letters do not matter.  ``difflib`` decides; it is imported only here, because only an
    error needs it.  Its time grows with the square of a word's length: absurd words are like nothing.
    """
    if len(word) > _TYPED:
        return []
    from difflib import get_close_matches

    by_folded: dict[str, str] = {}
    for name in known:
        if len(name) > _TYPED:
            continue
        by_folded.setdefault(name.casefold(), name)
    found = get_close_matches(word.casefold(), by_folded, n=most, cutoff=0.6)
    return [by_folded[name] for name in found]
