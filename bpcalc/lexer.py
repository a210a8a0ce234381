"""Text to tokens, in two ways.

``split`` is for plain text (ASCII, no comments): ``str.replace`` and ``str.split``, five times as fast
as a regular expression, and without positions.  ``lex`` knows every character's place and refuses
what is outside the grammar; it alone decides what is an error, so ``split`` has to be right only
where the parser succeeds with it.  In both a bracket sticks to the name before it: ``sin(``.
"""

from __future__ import annotations

from itertools import chain

from .errors import Source, Span, SyntaxProblem
from .ops import FUNCTIONS, NAMED_CONSTANTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

LINE = "\x02"
"""The token for a line's end: no text can contain it, as it is outside the grammar."""
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-*/^(),;= \t\n"
DIGITS = frozenset("0123456789.")
OPERATORS = frozenset(["+", "-", "*", "/", "^", ")", ",", ";", "@", "]", "[", ":", ".T",
                       "<", ">", "<=", ">=", "==", "!="])
"""What can follow an operand."""

_GOES_ON = OPERATORS - {")", "]", ".T", ";"} | {"="}
"""After one of these a line's end does not end the statement."""

_PIECE = 1 << 16
_CUTS = frozenset("+*/^(),;= \t\n")


# ----------------------------------------------------------------------------------- the fast lexer
def is_plain(text: str) -> bool:
    """Whether ``split`` can read the text."""
    try:
        return not text.encode("ascii").translate(None, _PLAIN)
    except UnicodeEncodeError:
        return False


def split(text: str) -> Iterator[str]:
    """The tokens of a plain text; a bracket sticks to the name before it: ``sin(`` is one token."""
    if "e-" in text or "e+" in text or "E-" in text or "E+" in text:
        import re  # only numbers with a signed exponent need it: 10 ms of start-up

        text = re.sub(r"(?<![A-Za-z0-9_.])([0-9]+\.?[0-9]*|\.[0-9]+)([eE])-(?=[0-9])", "\\1\\2\x01", text)
        text = re.sub(r"(?<![A-Za-z0-9_.])([0-9]+\.?[0-9]*|\.[0-9]+)([eE])\+(?=[0-9])", "\\1\\2", text)
    if "**" in text:
        text = text.replace("**", "^")
    if len(text) <= _PIECE:
        return iter(_split_piece(text))
    return chain.from_iterable(map(_split_piece, _pieces(text)))


def _split_piece(piece: str) -> list[str]:
    for symbol in "+-*/^),=;":
        if symbol in piece:
            piece = piece.replace(symbol, f" {symbol} ")
    return piece.replace("(", "( ").replace("\n", f" {LINE} ").split()


def _pieces(text: str) -> Iterator[str]:
    # In pieces that end after a character no token goes on from, so that the list of all tokens
    # never exists.
    start, size = 0, len(text)
    while start < size:
        stop = start + _PIECE
        if stop < size:
            cut = stop
            while cut > start and text[cut - 1] not in _CUTS:
                cut -= 1
            if cut == start:
                cut = stop
                while cut < size and text[cut - 1] not in _CUTS:
                    cut += 1
            stop = cut
        yield text[start:stop]
        start = stop


# -------------------------------------------------------------------------------- the careful lexer
_GREEK = "\u0391-\u03a1\u03a3-\u03a9\u03b1-\u03c9\u03d1\u03d5\u03d6\u03f0\u03f1\u03f5"
NAME_PATTERN = rf"[A-Za-z_{_GREEK}][A-Za-z0-9_{_GREEK}]*"
_PASTED = {"×": "*", "·": "*", "⋅": "*", "∗": "*", "−": "-", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=", "ᵀ": ".T"}
_POWERS = {"²": "2", "³": "3"}
_WORDS = {**{word: word for word in ("==", "<=", ">=", "!=", ".T", *"-+*/^(),;=@<>[]:")}, **_PASTED,
          "**": "^", "\n": LINE, "\r\n": LINE}
"""The tokens of pieces that are neither names nor numbers."""
_LOOKALIKES = {
    "\u0445": "x (this is a Cyrillic letter)", "\u0443": "y (this is a Cyrillic letter)",
    "\u0430": "a (this is a Cyrillic letter)", "\u0435": "e (this is a Cyrillic letter)",
    "\u0441": "c (this is a Cyrillic letter)", "\u043e": "o (this is a Cyrillic letter)",
    "\u0440": "p (this is a Cyrillic letter)",
    "\u2013": "-", "\u2014": "-", "\u2010": "-", "\u2011": "-", "\u00a0": "an ordinary blank",
    "\u2009": "an ordinary blank", "\u202f": "an ordinary blank", "\u00b5": "the Greek letter μ",
    "\u2215": "/", "\u2044": "/", "\u2022": "*", "\u00d8": "0", "\u2032": "a plain name",
    "\u00b9": "^1", "\u2074": "^4", "\u2075": "^5", "\u2076": "^6", "\u2077": "^7", "\u2078": "^8",
    "\u2079": "^9", "\u2070": "^0", "\u221a": "sqrt(…)",
    "\u22c6": "*", "\u2218": "*", "\u2297": "outer(x, y)", "\u220f": "prod(x)", "\u2248": "==",
    "\u2211": "a sum over an index: sum(x[j] for j in range(3))",
    "\u2202": "a plain name; the gradients of all names are computed anyway",
}
_HINTS = {
    "'": 'a transpose is .T, names have no \', and an expression is put in double quotes: "…"',
    '"': "leave the quotes out",
    "\u201c": 'type plain double quotes: "…"', "\u201d": 'type plain double quotes: "…"',
    "\u2018": 'type plain double quotes: "…"', "\u2019": 'type plain double quotes: "…"',
    "%": "there is no remainder operator; 5 per cent are 0.05",
    "!": "there is no factorial; for not write 1 - (a > 0)",
    "|": "the absolute value is abs(x); for or take max(a > 0, b > 0)",
    "\u221e": "all numbers are finite",
    "?": "a choice is where(test, a, b)",
    "{": "group with ( )", "}": "group with ( )",
    ".": "a dot is part of a number, such as 0.5, or of .T; functions stand before their argument: sum(x)",
    "$": "leave dollar signs out",
    "\\": "LaTeX is not read; functions have names, such as sqrt(x), and a sum over an index is "
    "sum(x[j] for j in range(3))",
    "&": "put the whole expression in double quotes; for and multiply truths: (a > 0)*(b > 0)",
    "`": "put the expression in double quotes",
    "\x00": "the text looks like UTF-16; save it as UTF-8",
    "\ufeff": "the text holds a byte order mark; save it as UTF-8 without one",
    "\r": "the text has a lone carriage return; end lines with a line feed",
}

Token = tuple[str, int, int]
"""A token, and the half-open span of text it came from."""


def nesting(token: str) -> int:
    """1 where a bracket begins (``(``, ``[``, ``sin(``), -1 where one ends, 0 elsewhere."""
    return (token[-1] in "([") - (token in (")", "]"))


def lex(source: Source) -> list[Token]:
    """All tokens of ``source`` as (token, start, end).

    Raises SyntaxProblem at the first character that is outside the grammar.
    """
    import re  # only the careful way needs it: plain text without a fault never comes here

    text = source.text
    exponent = re.compile(r"[ \t]*(?:[²³^]|\*\*)").match
    leads = re.compile(rf"[0-9]|{NAME_PATTERN}").match
    tokens: list[Token] = []
    put, word_of = tokens.append, _WORDS.get
    at = 0
    # All pieces at once, in half of the time of one match after the other; the last kind is any character.
    for piece in re.findall(
            rf"[ \t]+|#[^\n]*|{NAME_PATTERN}(?:[ \t]*\()?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
            r"|\*\*|[<>=!]=|\.T(?![A-Za-z0-9_])|\r?\n|(?s:.)", text):
        end = at + len(piece)
        word = word_of(piece)
        if word is not None:
            put((word, at, end))
        elif piece[0] in " \t#":
            pass
        elif piece in _POWERS:
            if exponent(text, end):
                raise SyntaxProblem("two exponents in a row", source, (at, end + 1),
                                    f"write ^{_POWERS[piece]} and use parentheses")
            put(("^", at, end))
            put((_POWERS[piece], at, end))
        elif piece[-1] == "(":
            put((piece[:-1].rstrip() + "(", at, end))
        elif len(piece) == 1 and not leads(piece):
            _refuse(source, at)
        else:
            put((piece, at, end))
        at = end
    return tokens


def is_name(token: str) -> bool:
    """Whether a token is a name, and no number, sign, keyword or function with its bracket."""
    return token[0] not in DIGITS and token.replace("_", "a").isalnum()


def free_names(source: Source) -> list[str]:
    """The names that a text needs values for, in order of first appearance.

    Raises SyntaxProblem at a character outside the grammar; a text that is not finished is fine.
    """
    tokens = [token for token, _, _ in lex(source)]
    assigned = {token for token, following in zip(tokens, tokens[1:]) if following == "="}
    return list(dict.fromkeys(token for token in tokens if is_name(token) and token not in assigned
                              and token not in NAMED_CONSTANTS))


def _refuse(source: Source, at: int) -> NoReturn:
    import unicodedata

    char = source.text[at]
    point = f"U+{ord(char):04X}"
    hint = _HINTS.get(char)
    if 0xDC80 <= ord(char) <= 0xDCFF:
        message, hint = f"the byte 0x{ord(char) - 0xDC00:02X} is not UTF-8", "type the expression in UTF-8"
    elif char.isascii() and char.isprintable():
        message = f"'{char}' is not part of the language"
        if char == "." and (at == 0 or not source.text[at - 1].isalnum()):
            message, hint = "a lone dot is not a number", "write 0 or a number such as 0.5"
            if source.text.startswith("...", at):
                message, hint = "'...' leaves numbers out", "all of them have to be given"
    else:
        name = unicodedata.name(char, "a control character" if ord(char) < 0xA0 else "a character without a name")
        message = f"the character {point} ({name}) is not part of the language"
        if char in _LOOKALIKES:
            hint = f"did you mean {_LOOKALIKES[char]}?"
        elif hint is None and unicodedata.decimal(char, None) is not None:
            hint = f"type the digit {unicodedata.decimal(char)}"
        elif hint is None:
            plain = unicodedata.normalize("NFKC", char)
            if unicodedata.decomposition(char).startswith("<sub>"):        # part of a name
                plain = unicodedata.normalize("NFKC", _word_around(source.text, at))
            if plain != char and plain.isascii() and plain.strip():
                hint = f"did you mean {plain}?"
    raise SyntaxProblem(message, source, (at, at + 1), hint)


def _word_around(text: str, at: int) -> str:
    """The letters, digits and subscripts around a place."""
    first, last = at, at + 1
    while first and (text[first - 1].isalnum() or text[first - 1] == "_"):
        first -= 1
    while last < len(text) and (text[last].isalnum() or text[last] == "_"):
        last += 1
    return text[first:last]


class Stuck(Exception):
    """The parser cannot go on at the current token; ``why`` is one of the cases of complaints.EXPLAIN."""

    def __init__(self, why: str, detail: Any = None) -> None:
        self.why = why
        self.detail = detail


class Cursor:
    """The careful tokens, and how far the parser has read them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.given = lex(source)
        self.missing: dict[str, int] = {}
        self.literals: dict[str, Any] = {}         # nested lists, by the token of an array of numbers
        self._last: dict[str, int] = {}            # where each token stands last
        self.opened = False                        # whether notation.py had a hand in the tokens
        self.settled: set[str] = set()             # the names whose numbers it needed
        self.restart()

    def restart(self) -> Cursor:
        """Read from the beginning again."""
        self.at = -1
        self.tokens = list(self.given)             # what the text's functions take out and put in
        return self

    # ------------------------------------------------------------- functions that the text defines
    def calls(self, head: str) -> bool:
        """Whether the function whose definition begins at ``head`` is called after it."""
        if not self._last:
            self._last = {token: start for token, start, _ in self.given}
        return self._last[head] > self.tokens[self.at][1]

    def body(self, size: int) -> list[Token]:
        """The tokens up to the statement's end, which are taken out, with the ``size`` tokens before them."""
        start = end = self.at + 1
        depth, before = 0, "="
        while end < len(self.tokens):
            token = self.tokens[end][0]
            depth += nesting(token)
            if token == ";" or (token == LINE and depth == 0 and before not in _GOES_ON):
                break
            before = before if token == LINE else token
            end += 1
        found = [token for token in self.tokens[start:end] if token[0] != LINE]
        del self.tokens[start - size:end]
        self.at = start - size - 1
        return found

    def insert(self, start: int, body: list[Token], words: dict[str, str]) -> None:
        """Read ``body`` next, in brackets, for the call whose head is token ``start`` and which ends here.

        ``words`` take the place of the function's parameters; a body without places gets the call's.
        """
        head, close = self.tokens[start], self.tokens[self.at]
        here = head[1], close[2]
        self.tokens[self.at + 1:self.at + 1] = [
            ("(", *here),
            *((words.get(token, token), *(place if place[0] >= 0 else here)) for token, *place in body),
            (")", *here)]

    def __iter__(self) -> Cursor:
        return self

    def __next__(self) -> str:
        self.at += 1
        try:
            return self.tokens[self.at][0]
        except IndexError:
            self.at = len(self.tokens)
            raise StopIteration from None

    def rewind(self, count: int) -> None:
        """Give the last ``count`` tokens back."""
        self.at = (self.at if self.at < len(self.tokens) else self.at - 1) - count

    def unknown(self, token: str) -> bool:
        """Let a name without a value pass for now, so that all of them are reported at once.

        False where something else is the matter: a function without its argument, a missing operator.
        """
        following = self.tokens[self.at + 1][0] if self.at + 1 < len(self.tokens) else ""
        if token in FUNCTIONS or not (following in OPERATORS or following in (LINE, "")):
            return False
        self.missing.setdefault(token, self.at)
        return True

    def word(self, i: int) -> str:
        """The token as the user typed it."""
        return self.source.text[self.tokens[i][1]:self.tokens[i][2]]

    def span(self, i: int) -> Span:
        """Where token ``i`` stands."""
        return self.tokens[i][1:]
