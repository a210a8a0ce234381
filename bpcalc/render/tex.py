"""Mathematics as TeX: names, numbers and formulas for LaTeX and for Markdown that renders TeX.

A formula is read with bpcalc's own parser and written again from the rows' LaTeX templates, so that
fractions are fractions and brackets stand where TeX needs them.  Nothing of the user's text is
copied: what comes out is made of letters, digits and the commands below, all ASCII, and uses no
package beyond amsmath, nor anything that GitHub's MathJax refuses (\\operatorname).

Names become W_{1,1} (W1_1), s_{\\mathrm{car}}, n_{5}, \\lambda.  Two names that would look alike (x1 and
x_1) are told apart: the later one is set as it is typed.
"""

from __future__ import annotations

import re
from string import Formatter

from .. import formula
from ..errors import Source
from ..lexer import NAME_PATTERN
from ..ops import CONSTANT, INPUT, Op, choice
from ..syntax import parse
from ..written import ATOM, POWER, PRODUCT, SIGNED, SUM, Written
from .grids import COLUMN, DRAWN, LIST, MATRIX, NUMBER, ROW, shape_of, show_value, table_of
from .hand import Hand
from .symbols import Symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from ..formula import Piece

_FRACTION = POWER - 1
"""A fraction needs brackets as the base of a power, and nowhere else."""

_SMALL = (
    "alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
    "xi", "pi", "rho", "varsigma", "sigma", "tau", "upsilon", "varphi", "chi", "psi", "omega", "vartheta", "phi",
    "varpi", "kappa", "varrho", "epsilon",
)
_CAPITAL = (
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
)
GREEK: dict[str, str] = {
    **{letter: f"\\{word}" for letter, word in zip("αβγδεζηθικλμνξπρςστυφχψωϑϕϖϰϱϵ", _SMALL, strict=True)},
    **{letter: f"\\{word}" for letter, word in zip("ΓΔΘΛΞΠΣΥΦΨΩ", _CAPITAL)},
    # Those that look like Latin letters have no command; upright they stand apart from italic ones.
    **{letter: f"\\mathrm{{{latin}}}" for letter, latin in zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABEZHIKMNOPTXo")},
}
"""TeX for every Greek letter of the language's names."""

_WORDS = frozenset(word for word in (*_SMALL, *_CAPITAL) if not word.startswith("var"))
_SIGNS = {" <= ": r" \le ", " >= ": r" \ge ", " != ": r" \ne ", " < ": " < ", " > ": " > ", " = ": " = "}
_SIGNS_OF_RULES = {"·": r"\,", "∘": r" \circ ", "ᵀ": r"^{\top}", ",": r",\ ", "-": " - ", "/": " / "}
_DOT = {(COLUMN, COLUMN): r"{a}^{{\top}} {b}", (ROW, ROW): r"{a} {b}^{{\top}}",
        (COLUMN, ROW): r"{a}^{{\top}} {b}^{{\top}}"}
"""The product of two vectors that is a number, by what they are on paper."""
_BELOW = r" \\ "
_KEYWORD = re.compile(r"\b([a-z]+)=")
_TOKEN = re.compile(rf"{NAME_PATTERN}|[0-9.]+(?:e-?[0-9]+)?|\S")
_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:e-?[0-9]+)?|\.[0-9]+")
_HEAD = re.compile(r"([^\W\d_]+)([0-9]*)")


class TexHand(Hand):
    """Writes mathematics as TeX, for math mode."""

    wants_names = True

    def __init__(self, digits: int = 6) -> None:
        super().__init__(digits, Symbols(unicode=False))
        self.dot = r"\cdot"
        self.about = r"\approx"
        self.dots = r"\dots"
        self.each = r"\odot"
        self.small = False
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()

    def number(self, value: Any, kind: int = COLUMN) -> str:
        """A number or an array, rounded: 10^{-5} for 1e-5; a vector as a column or a row."""
        return self.piece(value, kind)[0]

    def shape(self, value: Any, kind: int = COLUMN) -> str:
        """The shape of an array, to stand behind its name: of a column of two, 2 x 1."""
        shape = shape_of(value)
        if len(shape) == 1 and kind != LIST:
            shape = (1, *shape) if kind == ROW else (*shape, 1)
        sizes = r" \times ".join(map(str, shape))
        return rf"\quad ({sizes})" if shape else ""

    def _array(self, value: Any, kind: int) -> str:
        if value.ndim == 3 and value.shape[0] <= DRAWN:
            # Matrices below each other, in brackets of their own.
            return rf"\begin{{bmatrix}} {_BELOW.join(self._grid(part) for part in value)} \end{{bmatrix}}"
        if value.ndim > 2 or kind == LIST:
            return _numbers(show_value(value, self.digits, True, False))
        return self._grid(value.reshape((1, -1) if kind == ROW else (-1, 1)) if value.ndim == 1 else value)

    def _grid(self, value: Any) -> str:
        """A matrix."""
        table = table_of(value, self.digits, "...")
        rows = _BELOW.join(r"\vdots" if row == ["..."] else " & ".join(map(_numbers, row)) for row in table)
        if self.small:
            return rf"\left[\begin{{smallmatrix}} {rows} \end{{smallmatrix}}\right]"
        return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"

    def rule_of(self, label: str, rule: str, names: Collection[str]) -> str:
        """A structural operation's rule for the gradient of its input."""
        return rf"\mathrm{{d}}{self.name(label)} = {self.structural(rule, names)}"

    def structural(self, rule: str, names: Collection[str]) -> str:
        """A structural operation's rule: names, gradients d and a name, functions, words, signs."""
        written, words = "", list[str]()
        for word in [*_TOKEN.findall(rule), ""]:
            gradient = word[:1] == "d" and word[1:] in names
            sign = _SIGNS_OF_RULES.get(word)
            if word.isalpha() and not gradient and word not in names and sign is None:
                words.append(_spelled(word))
                continue
            if words:
                written += _words(words, written, word)
                words.clear()
            if word in names:
                written += self.name(word)
            elif gradient:
                written += rf"\mathrm{{d}}{self.name(word[1:])}"
            else:
                written += sign or (_numbers(word) if word.isascii() else "?")
        return written

    def piece(self, value: Any, kind: int = COLUMN) -> Piece:
        """A number or an array with its binding power."""
        if shape_of(value):
            return self._array(value, kind), ATOM
        text = super().number(value)
        if value is None:
            return self.word(text), ATOM
        if isinstance(value, Written):
            return self._piece(text, ())
        return _number(text)

    def product(self, upstream: float | None, local: float | None) -> str:
        """Two numbers multiplied."""
        return rf"{self.factor(upstream)} \cdot {self.factor(local)}"

    def name(self, label: str) -> str:
        """A name with its digits and what follows _ as subscripts; a label that is a number as one."""
        found = self._names.get(label)
        if found is None:
            if not (label[:1].isalpha() or label[:1] == "_"):
                return _number(label)[0]
            found = _pretty(label)
            if found in self._taken:
                found = _typed(label)
            self._taken.add(found)
            self._names[label] = found
        return found

    def updated(self, label: str) -> str:
        """A node's name after an update."""
        return rf"{self.name(label)}^{{\mathrm{{new}}}}"

    def derivative(self, of: str, to: str) -> str:
        """The fraction of two differentials."""
        return rf"\frac{{\partial {self.name(of)}}}{{\partial {self.name(to)}}}"

    def formula(self, text: str, names: Collection[str]) -> str:
        """A formula in bpcalc's own language over ``names``."""
        return self._piece(text, names)[0]

    def rule(self, text: str, names: Collection[str]) -> str:
        """A formula as a factor: in brackets where it is a product, a sum or negative."""
        tex, strength = self._piece(text, names)
        return _bracketed(tex) if tex[:1] == "-" or strength <= PRODUCT else tex

    def condition(self, text: str, names: Collection[str]) -> str:
        """A comparison over ``names``."""
        if text.startswith("not "):
            return rf"\text{{not }} {self.condition_of(text[4:], names)}"
        return self.condition_of(text, names)

    def condition_of(self, text: str, names: Collection[str]) -> str:
        """A comparison that is not negated."""
        parts = re.split(r"( (?:<=|>=|!=|<|>|=) )", text)
        return "".join(_SIGNS[part] if at % 2 else self.formula(part, names) for at, part in enumerate(parts))

    def word(self, text: str) -> str:
        """A word among formulas; one of the program's own, never of the user's."""
        return rf"\text{{{text}}}"

    def dot_of(self, same: bool) -> str:
        """The sign that multiplies entry by entry, or by the same number every entry."""
        return self.dot if same else self.each

    def aside(self, text: str) -> str:
        """A reason, in brackets behind an equation."""
        return rf"\quad ({text})"

    def compose(self, row: Op, parts: Sequence[Piece], statics: Mapping[str, Any] | None = None,
                kinds: Sequence[int] = ()) -> str:
        """An operation with these parts for its arguments."""
        return compose(row, parts, statics, kinds)[0]

    def bracketed(self, text: str) -> str:
        """``text`` in brackets that are as tall as it is."""
        return _bracketed(text)

    def _piece(self, text: str, names: Collection[str]) -> Piece:
        yes, test, no = choice(text)
        if test:                                   # a rule for every entry of an array
            parts = self.formula(yes, names), self.condition(test, names), self.formula(no, names)
            return r"{} \text{{ if }} {}, \text{{ else }} {}".format(*parts), SUM
        # What is no name of the language stands for itself under a name that is free: dots, and entries W[0,1].
        labels = ["...", *sorted((name for name in names if "[" in name), key=len, reverse=True)]
        lead = next(word for word in ("q", "qq", "qqq") if not any(name.startswith(f"{word}_") for name in names))
        free = {f"{lead}_{at}": label for at, label in enumerate(labels)}
        for word, label in free.items():
            text = text.replace(label, word)
        graph = parse(Source(text, "formula"), [*(name for name in names if "[" not in name), *free])
        known = names if isinstance(names, dict) else {}
        pieces: list[Piece] = []
        kinds: list[int] = []
        for k, code in enumerate(graph.ops):
            if code == INPUT:
                label = free.get(graph.inputs[k], graph.inputs[k])
                pieces.append((self.dots if label == "..." else self.name(label), ATOM))
                kinds.append(known.get(label, NUMBER))
            elif code == CONSTANT:
                pieces.append(_number(graph.words[k]))
                kinds.append(NUMBER)
            else:
                row, args = graph.row(k), graph.args(k)
                below = [kinds[i] for i in args]
                pieces.append(compose(row, [pieces[i] for i in args], graph.statics.get(k), below))
                kinds.append(_kind(row, below, graph.statics.get(k, {})))
        return pieces[graph.output]


def _kind(row: Op, kinds: Sequence[int], statics: Mapping[str, Any]) -> int:
    """What the result of an operation is on paper, as far as it matters within a formula."""
    if row.name == "matmul":
        left, right = kinds
        return left if right == MATRIX else right if left == MATRIX else NUMBER
    if not row.structural or row.keeps:
        return max(kinds)
    if row.name == "outer":
        return MATRIX
    return COLUMN if statics.get("axis") is not None else NUMBER


def compose(row: Op, parts: Sequence[Piece], statics: Mapping[str, Any] | None = None,
            kinds: Sequence[int] = ()) -> Piece:
    """One operation applied to pieces of TeX, by the row's template; ``kinds`` says what its arguments are on paper."""
    if row.name == "identity":
        return parts[0]
    template = row.latex
    if any(kinds):
        if row.name != "mul" or all(kinds):        # 2 W is no product of entries
            template = row.latex_entries
        if row.name == "matmul":
            template = _DOT.get((kinds[0], kinds[1]), template)
    if statics:
        # With an index, an axis or a shape it is set as it is typed.
        text = formula.compose(row, parts, statics)[0]
        if row.name == "index":
            return text, ATOM
        head, bracket, rest = text.partition("(")
        if head == row.word and f"{bracket}{rest}" != f"({', '.join(part for part, _ in parts)})":
            return rf"\mathrm{{{_spelled(head)}}}{_bracketed(_KEYWORD.sub(_upright, rest[:-1]))}", ATOM
    sign = ""
    if row.name == "div" and parts[0][0][:1] == "-" and parts[0][1] >= PRODUCT:
        # The minus sign of a numerator stands before the fraction.
        sign, parts = "-", [(parts[0][0][1:], parts[0][1]), *parts[1:]]
    if row.name == "sum":                          # of single numbers: a + b + c
        parts, template = [(_joined(parts), SUM)], "{xs}"
    elif row.variadic:
        parts = [(", ".join(text for text, _ in parts), ATOM)]
    given = dict(zip(("xs",) if row.variadic else row.params, parts))
    tall = any(_is_tall(text) for text, _ in parts)
    places, end = _template(template)
    afters = [*(before for before, _ in places[1:]), end]
    written = ""
    for (before, field), after in zip(places, afters):
        text, strength = given[field]
        signed = text[:1] == "-" and before.endswith(("+ ", "- ", r"\cdot ", r"\odot ", "-", r"\sum ", r"\prod "))
        written += _grown(before) if tall else before
        written += _bracketed(text) if strength < _floor(before, after) or signed else text
    written += _grown(end) if tall else end
    if row.name == "sum":
        return parts[0]
    return sign + written, SIGNED if sign else _strength("x".join([*(before for before, _ in places), end]))


def _joined(parts: Sequence[Piece]) -> str:
    """The parts of a sum."""
    first, *others = parts
    return " + ".join([first[0], *(_bracketed(text) if text[:1] == "-" or strength <= SUM else text
                                   for text, strength in others)])


def _words(words: Sequence[str], before: str, after: str) -> str:
    """Words in a rule: a function's name, what a letter stands for, or a phrase with a space on each side that has a
    neighbour."""
    *phrase, last = words
    if after == "(":
        lead = rf"\text{{ {' '.join(phrase)} }}" if phrase else ""
        return rf"{lead}\mathrm{{{last}}}"
    if not phrase and before[-1:] in ("(", " ", ",") and after in ("-", "·", ")", ""):
        return last if len(last) == 1 else rf"\mathrm{{{last}}}"
    left = " " if before and before[-1] not in "[(" else ""
    right = " " if after and after not in ",)]" else ""
    if phrase and len(words[0]) == 1:              # N for every entry
        return rf"{words[0]}\text{{ {' '.join(words[1:])}{right}}}"
    return rf"\text{{{left}{' '.join(words)}{right}}}"


def _template(latex: str) -> tuple[list[tuple[str, str]], str]:
    """A row's template as (text before, parameter) pairs, and the text at its end."""
    places, before = [], ""
    for literal, field, _, _ in Formatter().parse(latex):
        before += literal
        if field is not None:
            places.append((before, field))
            before = ""
    return places, before


def _grown(literal: str) -> str:
    if literal[:1] == "[":
        literal = rf"\left{literal}"
    if literal[-1:] == "]":
        literal = rf"{literal[:-1]}\right]"
    return literal.replace("(", r"\left(").replace(")", r"\right)")


def _floor(before: str, after: str) -> int:
    """How strongly what stands between these parts of a template has to bind to need no brackets."""
    if after[:1] == "^":
        return POWER + 1
    if before.endswith(("{", "(", "[", ", ", r"\lvert ", r"\lVert ")):
        return 0
    if before.endswith((r"\cdot ", r"\odot ")):
        return PRODUCT + 1
    if before.endswith(("+ ", "- ")):
        return SUM + 1
    if before.endswith("-"):
        return SIGNED + 1
    if after.startswith((" +", " -")):
        return SUM
    return PRODUCT if after.startswith(r" \cdot") else PRODUCT + 1


def _strength(template: str) -> int:
    """How strongly what a template makes binds: by what stands outside all its brackets."""
    outside, depth = "", 0
    for char in template:
        depth -= char in ")}"
        if depth == 0:
            outside += char
        depth += char in "({"
    if " + " in outside or " - " in outside:
        return SUM
    if outside[:1] == "-":
        return SIGNED
    if outside.startswith((r"\sum ", r"\prod ")):
        return SUM - 1                             # a + after it would belong to it
    if r"\cdot" in outside or r"\odot" in outside or "x x" in outside or "} x" in outside:
        return PRODUCT
    if outside.startswith(r"\frac"):
        return _FRACTION
    return POWER if "^" in outside else ATOM


def _is_tall(text: str) -> bool:
    return r"\frac" in text or r"\left" in text or r"\begin" in text


def _upright(found: re.Match[str]) -> str:
    return rf"\mathrm{{{found[1]}}} = "


def _bracketed(text: str) -> str:
    return rf"\left({text}\right)" if _is_tall(text) else f"({text})"


def _number(text: str) -> Piece:
    """A number as the language writes it, or the name of a constant."""
    if text[:1] == "[":
        return _numbers(text), ATOM
    if text.lstrip("-")[:1].isalpha():
        return GREEK.get(text) or (f"\\{text}" if text in _WORDS else text), ATOM
    sign = "-" if text[:1] == "-" else ""
    mantissa, mark, exponent = text[len(sign):].lower().partition("e")
    whole, point, decimals = mantissa.partition(".")
    mantissa = f"{whole or '0'}{point if decimals else ''}{decimals}"
    if not mark:
        return sign + mantissa, SIGNED if sign else ATOM
    power = f"10^{{{int(exponent)}}}"
    if mantissa == "1":
        return sign + power, SIGNED if sign else POWER
    return rf"{sign}{mantissa} \cdot {power}", PRODUCT


def _numbers(text: str) -> str:
    """The numbers in an array's text."""
    text = _DECIMAL.sub(lambda found: _number(found[0])[0], text.replace("...", r"\dots "))
    return text.replace("undefined", r"\text{undefined}")


def _pretty(label: str) -> str:
    array, bracket, entry = label.partition("[")   # W[0,1] is an entry of an array that was opened
    base = _subscripted(array)
    if not bracket:
        return base
    # A name with subscripts of its own keeps the entry apart from them.
    return f"{base}{bracket}{entry}" if "_{" in base else f"{base}_{{{entry.rstrip(']')}}}"


def _subscripted(name: str) -> str:
    head, *subscripts = name.split("_")
    found = _HEAD.fullmatch(head)
    if found is None or not all(subscripts):
        return _typed(name)
    letters, digits = found.groups()
    base = _letters(letters, r"\mathit")
    lower = [*([digits] if digits else []), *(_letters(part, r"\mathrm") for part in subscripts)]
    return f"{base}_{{{','.join(lower)}}}" if lower else base


def _letters(text: str, font: str) -> str:
    """A letter, the name of a Greek one, or a word."""
    if text in _WORDS:
        return f"\\{text}"
    if len(text) == 1:
        return GREEK.get(text, text)
    if text.isdigit():
        return text
    return f"{font}{{{_spelled(text)}}}"


def _typed(label: str) -> str:
    """A name as it is typed, letter by letter."""
    return rf"\mathtt{{{_spelled(label)}}}"


def _spelled(text: str) -> str:
    return "".join(_CHARS.get(char) or (char if char.isascii() and char.isalnum() else "?") for char in text)


_CHARS = {**{letter: f"{{{command}}}" for letter, command in GREEK.items()}, **{char: char for char in "[],.:"},
          "_": r"\_"}
_GRID = re.compile(r"\\begin\{(?:small|b)matrix\}((?:(?!\\begin).)*?)\\end\{(?:small|b)matrix\}")
_FRAC = re.compile(r"\\frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}")
_SILENT = re.compile(r"\\(?:left|right|partial|mathit|mathrm|mathtt|text)|[{}^_]")


def width(tex: str) -> int:
    """About how many letters wide a formula is when it is set."""
    flat = tex
    for _ in range(2):                             # matrices, and matrices below each other
        flat = _GRID.sub(lambda found: max(found[1].split(r"\\"), key=len), flat)
    flat = _FRAC.sub(lambda found: max(found.groups(), key=len).replace(r"\partial ", "d"), flat)
    return len(re.sub(r"\\[a-z]+ ?", "m", _SILENT.sub("", flat)))
