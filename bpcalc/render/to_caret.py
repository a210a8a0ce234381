"""Errors for people: one sentence, the text with a caret under the fault, a hint.

The user's text is shown through ``visible``: no control character, invisible character or bidi
override reaches the terminal, and the caret is placed by the width of what is shown.
"""

from __future__ import annotations

from ..errors import BpcalcError, Span
from .wrap import width, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_SIDE = 35
_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me", "Zl", "Zp"))


def visible(text: str) -> str:
    """``text`` with every character that does not show itself made visible.

    >>> visible("a\\x1b[2J\\u202eb\\tc")
    'a␛[2J<U+202E>b c'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    code = ord(char)
    if char == "\t":
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code < 0x7F:
        return char
    import unicodedata  # only unusual text needs it

    if code == 0x7F or unicodedata.category(char) in _CATEGORIES:
        return f"<U+{code:04X}>"
    return char


def render(error: BpcalcError, encoding: str = "utf-8", room: int | None = None, head: str = "bpcalc: error: ") -> str:
    """The whole message, ending in a line feed; message and hint go on below within ``room``.

    What ``encoding`` cannot hold is written as escapes, and the caret stands below those.
    """
    def shown(text: str) -> str:
        return visible(text).encode(encoding, "backslashreplace").decode(encoding)

    place, excerpt = "", []
    if error.source is not None:
        text = error.source.text
        named = error.source.name not in ("expression", "binding", "value", "option")
        if error.span is not None:
            start = min(error.span[0], len(text))
            line = text.count("\n", 0, start) + 1
            if named:
                place = f"{shown(error.source.name)}: "
            if "\n" in text.rstrip("\n"):
                place += f"line {line}: "
            excerpt = _excerpt(text, error.span, shown)
        elif named:
            place = f"{shown(error.source.name)}: "
    lines = [*wrapped(f"{head}{place}", shown(error.message), "  ", room), *excerpt]
    if error.hint:
        lines += wrapped("  hint: ", shown(error.hint), "        ", room)
    return "\n".join(lines) + "\n"


def _excerpt(text: str, span: Span, shown: Callable[[str], str]) -> list[str]:
    """The line a span begins on, cropped around it, and the caret line."""
    start = min(span[0], len(text))
    begin = text.rfind("\n", 0, start) + 1
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    stop = max(min(span[1], end), start)
    left = begin if start - begin <= _SIDE else start - _SIDE
    tail = min(stop, start + 2 * _SIDE)
    right = end if end - tail <= _SIDE else tail + _SIDE
    head, middle, rest = (shown(text[i:j]) for i, j in ((left, start), (start, tail), (tail, right)))
    if left > begin:
        head = shown("…") + head
    if right < end:
        rest += shown("…")
    return [f"  {head}{middle}{rest}", f"  {' ' * width(head)}{'^' * max(width(middle), 1)}"]
