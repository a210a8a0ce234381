r"""How people write the same mathematics elsewhere, turned into what to type here.

LaTeX, NumPy, PyTorch, spreadsheets and the blackboard have habits of their own: ``\frac{a}{b}``, ``np.exp(x)``,
``x.sum()``, ``5%``, ``sin^2(x)``, ``2x``.  :func:`translated` applies the rows of HABITS in order.  It decides
nothing: the parser asks for a translation of a text that it has refused already, and shows it in a hint if it
can parse it.  Only short texts come here, so rows may be plain rather than fast; none recurses.
"""

from __future__ import annotations

import re
import unicodedata

from .lexer import DIGITS, NAME_PATTERN
from .ops import FUNCTIONS, NAMED_CONSTANTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    Rewrite = Callable[[str, Collection[str]], str]

LONGEST = 500
"""Longer texts are not translated."""

_SHOWN = 80
_PIECE = re.compile(rf"\s+|{NAME_PATTERN}|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|\*\*|[<>=!]=|\.T\b|.", re.S)
_ATOM = re.compile(r"[\w.]+(?:\([^()]*\))?|\([^()]*\)")
_NAME = re.compile(NAME_PATTERN)
_ATOM_HEAD = re.compile(rf"{NAME_PATTERN}|[0-9.]+")
_LONGEST_FIRST = sorted(FUNCTIONS, key=len, reverse=True)
_FUNCTION = "|".join(_LONGEST_FIRST)
_WORDS = frozenset(("for", "in", "if", "else", "then", "and", "or", "not", "xor", "mod", "div", "is", "of", "lambda",
                    "range", "times", "plus", "minus", "over", "by", "def", "return", "import", "print", "let", "dot",
                    "Σ", "Π"))
"""Words that are no factors of a product."""


_DERIVATIVE = re.compile(r"∂|∇|\\partial|\\nabla|\bd(?:[A-Za-z]\b|\([^()]*\))?\s*/\s*d[A-Za-z]"
                         r"|\b[fgh]\s*['′’]+|\.(?:backward|grad)\b|\b(?:diff|grad|derivative|gradient|D)\s*\(")


def translated(text: str, known: Collection[str], binding: bool = False) -> tuple[str, list[str]] | None:
    """What ``text`` probably means in the language: why it has to be written so, and the one or two ways.

    No way, and only the reason, where a derivative is asked for.  ``known`` are the names that have a
    value; ``binding`` says that the text is a NAME=VALUE.  None where nothing in the text is a known habit.
    """
    if _DERIVATIVE.search(text) and not any(name in known for name in re.findall(r"\bd[A-Za-z]\w*", text)):
        return "the gradients of all names are computed: leave the derivative out and write the function alone", []
    reason, found = "", text
    for why, rewrite in (*HABITS, *(BINDING_HABITS if binding else ())):
        changed = rewrite(found, known)
        if changed != found:
            reason, found = reason or why, changed
    plain, grouped = _products(found, known, False), _products(found, known, True)
    if plain != found:
        reason = reason or "there is no implicit multiplication"
    choices = [choice.strip() for choice in dict.fromkeys((plain, grouped)) if choice.strip() != text.strip()]
    return (reason, choices) if choices else None


def changed_part(old: str, new: str) -> str:
    """The translation as a hint shows it: of a long one only the statements that differ."""
    if len(new) <= _SHOWN:
        return "; ".join(filter(None, map(str.strip, new.split("\n")))).replace(";;", ";")
    before = {part.strip() for part in re.split("[;\n]", old)}
    return "; ".join(part.strip() for part in re.split("[;\n]", new) if part.strip() not in before)


# ------------------------------------------------------------------------------------------ brackets
def _closing(text: str, at: int) -> int:
    """Where the bracket that opens at ``at`` is closed; -1 where it is not."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth == 0:
            return i
    return -1


def _opening(text: str, at: int) -> int:
    """Where the bracket that closes at ``at`` was opened; -1 where it was not."""
    depth = 0
    for i in range(at, -1, -1):
        depth += (text[i] in ")]}") - (text[i] in "([{")
        if depth == 0:
            return i
    return -1


def _grouped(text: str) -> str:
    """The text as one operand."""
    text = text.strip()
    return text if _ATOM.fullmatch(text) else f"({text})"


def _bare(text: str) -> str:
    """The text without brackets around all of it."""
    text = text.strip()
    return text[1:-1].strip() if text[:1] == "(" and _closing(text, 0) == len(text) - 1 else text


def _operand_before(text: str, end: int) -> int:
    """Where the operand that ends before ``end`` begins: a name, a number, brackets, a call; ``end`` for none."""
    start = end
    if start and text[start - 1] in ")]":
        start = _opening(text, start - 1)
        if start < 0:
            return end
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return start


# ------------------------------------------------------------------------------------------- typing
_SIGNS = str.maketrans({
    "–": "-", "—": "-", "‐": "-", "‑": "-", "﹣": "-", "•": "*", "∙": "*", "✕": "*", "✖": "*", "⨯": "*", "⊙": "*",
    "∕": "/", "⁄": "/", "➗": "/", "➕": "+", "➖": "-", "＋": "+", "＝": "=", "（": "(", "）": ")", "【": "[",
    "】": "]", "，": ",", "；": ";", "′": "'", "’": "'", "‖": "||", "∥": "||", "½": "(1/2)", "¼": "(1/4)", "↦": "->",
    "→": "->", "∧": "&", "∨": "|", "₀": "0", "₁": "1", "₂": "2", "₃": "3", "₄": "4", "₅": "5", "₆": "6", "₇": "7",
    "₈": "8", "₉": "9", "ₙ": "n", "ᵢ": "i", "ⱼ": "j", "ₖ": "k", "⟨": "(", "⟩": ")", "ᵀ": ".T",
})
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿˣⁱᵏ]+")


def _signs(text: str, known: Collection[str]) -> str:
    def power(found: re.Match[str]) -> str:
        plain = "".join({"⁺": "+", "⁻": "-"}.get(sign) or unicodedata.normalize("NFKC", sign) for sign in found[0])
        return f"^{plain}" if plain.isdigit() or plain[1:].isdigit() else f"^{_grouped(plain)}"

    if not set(text) <= set("²³") | set(map(chr, range(128))):
        text = _RAISED.sub(power, text)
    text = re.sub(r"ᵀ(?=\w)", "ᵀ ", text).translate(_SIGNS)
    text = re.sub(r"∛\s*", "cbrt ", text)
    return re.sub(r"√\s*", "sqrt ", text)


def _quotes(text: str, known: Collection[str]) -> str:
    found = re.fullmatch(r"(\s*\w+\s*=)?\s*(['\"`‘’“”„«]+)([^'\"`‘’“”„«»]+)['\"`‘’“”»]+\s*", text)
    return f"{found[1] or ''}{found[3]}" if found else text


# ------------------------------------------------------------------------------------- spreadsheets
_CELL = r"[A-Z]{1,2}[0-9]{1,4}"


def _sheet(text: str, known: Collection[str]) -> str:
    """A formula of a spreadsheet: dollar signs, ranges of cells, and a minus sign that binds tighter than a power."""
    if not re.match(r"\s*=(?!=)", text):
        return text
    text = re.sub(r"\$(?=[A-Z]{1,2}\$?[0-9])|(?<=[A-Z])\$(?=[0-9])", "", text)
    text = re.sub(rf"(?<=[=(,;*/^])(\s*)-\s*({_CELL}|[0-9.]+|{NAME_PATTERN})\s*\^", r"\1(-\2)^", text)
    return re.sub(rf"\b({_CELL}):({_CELL})\b", _cells, text)


def _cells(found: re.Match[str]) -> str:
    """The cells of a range in a column or a row, one by one."""
    (left, top), (right, bottom) = ((cell.rstrip("0123456789"), int(re.sub("[A-Z]", "", cell)))
                                    for cell in found.groups())
    if left == right and 0 < bottom - top < 20:
        return ", ".join(f"{left}{row}" for row in range(top, bottom + 1))
    if top == bottom and len(left) == len(right) == 1 and left < right:
        return ", ".join(f"{chr(column)}{top}" for column in range(ord(left), ord(right) + 1))
    return found[0]


# -------------------------------------------------------------------------------------------- sums
_SUM = re.compile(r"(?:\\sum(?:\\limits)?|\bsum|[Σ∑])\s*_\s*(?:([a-z])|"
                  r"\{\s*([a-z])\s*(?:(?:≠|!=|\\neq?)\s*(\w+)\s*)?\})(?![\w=])\s*")


def _sums(text: str, known: Collection[str]) -> str:
    """A sum over the places of an array, ``Σ_{j≠y} max(0, s_j - s_y + 1)``, as the language writes it."""
    while (found := _SUM.search(text)) is not None:
        index, but = found[1] or found[2], found[3]
        end, depth = found.end(), 0
        while end < len(text) and depth >= 0 and not (depth == 0 and text[end] in "+;\n"):
            depth += (text[end] in "([{") - (text[end] in ")]}")
            end += depth >= 0
        body = text[found.end():end].rstrip()
        end -= text[:end].endswith(" ")
        placed = re.compile(rf"\b([A-Za-z]\w*?)_(?:({index}|{but or index})|\{{({index}|{but or index})\}})(?!\w)")
        array = next((name[1] for name in placed.finditer(body) if index in name.groups()), None)
        if array is None:
            return text
        body = placed.sub(lambda name: f"{name[1]}[{name[2] or name[3]}]", body)
        test = f" if {index} != {but}" if but else ""
        text = f"{text[:found.start()]}sum({body} for {index} in range(len({array})){test}){text[end:]}"

    def place(name: re.Match[str]) -> str:
        array, index = name[1], name[2] or name[3]
        meant = isinstance(known, dict) and name[0] not in known and index in known \
            and hasattr(known.get(array), "shape")
        return f"{array}[{index}]" if meant else name[0]

    return re.sub(r"\b([A-Za-z]\w*?)_(?:\{([A-Za-z]\w*)\}|([A-Za-z]\w*))(?!\w)", place, text)


# -------------------------------------------------------------------------------------------- LaTeX
_DRESS = re.compile(r"\\(?:math\w+|text\w*|boldsymbol|bm|vec|operatorname\*?|mathbb|underline)\s*\{([^{}]*)\}")
_HATS = re.compile(r"\\(hat|bar|tilde)\s*(?:\{(\w+)\}|(\w))")
_SILENT = re.compile(r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|limits|quad|qquad)(?![A-Za-z])|\\[,;:! ()\[\]]|\$")
_COMMANDS = {"cdot": "*", "times": "*", "ast": "*", "odot": "*", "circ": "*", "div": "/", "le": "<=", "leq": "<=",
             "ge": ">=", "geq": ">=", "ne": "!=", "neq": "!=", "lt": "<", "gt": ">", "to": "->", "mapsto": "->",
             "varepsilon": "epsilon", "varphi": "phi", "land": "&"}
_MATRIX = re.compile(r"\\begin\{[bpv]?matrix\}(.*?)\\end\{[bpv]?matrix\}", re.S)


def _latex(text: str, known: Collection[str]) -> str:
    if not {"\\", "{", "$"} & set(text):
        return text
    text = _MATRIX.sub(lambda found: "[" + found[1].replace("&", ", ").replace("\\\\", "; ") + "]", text)
    text = _SILENT.sub("", text)
    text = _HATS.sub(lambda found: f"{found[2] or found[3]}_{found[1]}", text)
    while (plain := _DRESS.sub(r"\1", text)) != text:
        text = plain
    text = re.sub(r"\^\s*(?:\{\s*)?(?:\\top|\\intercal|\\T|(?<=\{)T)(?:\s*\})?", ".T", text)
    text = re.sub(r"_\{\s*(\w+)\s*\}", r"_\1", text)
    text = re.sub(r"_\{\s*(\w+)\s*,\s*(\w+)\s*\}", r"_\1_\2", text)
    text = re.sub(r"\\[dt]?frac\s*([0-9])\s*([0-9])", r"\\frac{\1}{\2}", text)
    while (opened := _innermost(text)) != text:
        text = opened
    text = re.sub(r"\\[lr]?Vert(?![A-Za-z])|\\\|", "||", text)
    if re.search(r"\\(?:sum|prod|int|partial|nabla|lim|begin)\b", text.replace("_", " ")):
        return text
    return re.sub(r"\s*\\([A-Za-z]+)(?:_(2|10)(?![0-9]))?", lambda found: _command(found, text, known), text)


def _innermost(text: str) -> str:
    """The first group of braces without braces inside, with the command that it belongs to, in brackets."""
    found = re.search(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", text)
    if found:
        made = f"{_grouped(found[1])}/{_grouped(found[2])}"
        after = text[found.end():].lstrip()[:1]
        if text[:found.start()].rstrip()[-1:] in ("/", "^") or after in ("^", "(", "\\") or after.isalnum():
            made = f"({made})"
        return text[:found.start()] + made + text[found.end():]
    found = re.search(r"\\sqrt\s*(?:\[([0-9]+)\])?\s*\{([^{}]*)\}", text)
    if found:
        made = f"cbrt({found[2]})" if found[1] == "3" else \
            f"{_grouped(found[2])}^(1/{found[1]})" if found[1] else f"sqrt({found[2]})"
        return text[:found.start()] + made + text[found.end():]
    found = re.search(r"(\^\s*)\{([^{}]*)\}", text) or \
        re.search(r"(?<!frac)(?<!sqrt)(?<!\])(?<!\})()\{([^{}]*)\}", text)
    before = re.search(r"(?<![\w\\])[A-Za-z]\w*$", text[:found.start()]) if found else None
    if not found or (before and not found[1] and before[0] not in FUNCTIONS):
        return text
    inner = found[2].strip()
    made = f"^{_grouped(inner)}" if found[1] else f"({inner})"
    if found[1] and re.fullmatch(r"-[0-9]+", inner):
        made = f"^{inner}"
    return text[:found.start()] + made + text[found.end():]


def _command(found: re.Match[str], text: str, known: Collection[str]) -> str:
    word = found[1]
    apart = found[0][:-len(found[0].lstrip())] or " " * text[found.start() - 1:found.start()].isalnum()
    if word in _COMMANDS:
        sign = _COMMANDS[word]
        return sign if sign.isalpha() else f"{apart}{sign}"
    if word == "sigma" and text[found.end():].lstrip()[:1] == "(":
        return f"{apart}sigmoid"
    if word in FUNCTIONS:
        return f"{apart}{word}{found[2] or ''}" + (" " if text[found.end():found.end() + 1].isalnum() else "")
    try:
        letter = unicodedata.lookup(f"GREEK SMALL LETTER {'LAMDA' if word == 'lambda' else word.upper()}")
    except KeyError:
        return found[0]
    return f"{apart}{letter if letter in known else word}{f'_{found[2]}' if found[2] else ''}"


# --------------------------------------------------------------------------------------------- code
_MODULES = re.compile(r"(?<![\w.])((?:(?:np|numpy|jnp|jax|cp|math|cmath|Math|torch|nn|functional|F|tf|keras|K"
                      r"|activations|scipy|special|sp|sympy|linalg|mx)\.)+)(?=[A-Za-z])(?!T\b)")
_AXIS = re.compile(r"(?<![\w.])(?:np|numpy|jnp|torch|tf|F)\.(?:\w+\.)*(sum|mean|max|min|prod|softmax|log_softmax"
                   r"|logsumexp)\(([^()]*),\s*(-?[0-9]+)\)")
_ELSEWHERE = {
    "maximum": "max", "fmax": "max", "amax": "max", "reduce_max": "max", "minimum": "min", "fmin": "min",
    "amin": "min", "reduce_min": "min", "power": "pow", "absolute": "abs", "fabs": "abs", "expit": "sigmoid",
    "reduce_sum": "sum", "reduce_mean": "mean", "average": "mean", "avg": "mean", "mm": "matmul", "mv": "matmul",
    "bmm": "matmul", "inner": "dot", "vdot": "dot", "mse_loss": "mse", "MSELoss": "mse", "l1_loss": "mae",
    "smooth_l1_loss": "huber", "huber_loss": "huber", "binary_cross_entropy_with_logits": "bce_with_logits",
    "tg": "tan", "ctg": "cot", "cotan": "cot", "arctg": "atan", "lg": "log10", "ld": "log2", "lb": "log2",
    "sen": "sin", "sqr": "square", "root": "sqrt", "ReLU": "relu", "LeakyReLU": "leaky_relu", "ramp": "relu",
    "logit_bce": "bce_with_logits", "log_sum_exp": "logsumexp", "iif": "where", "ifelse": "where",
    "if": "where", "IF": "where", "sigma": "sigmoid", "product": "prod",
    "onehot": "one_hot", "concatenation": "concat", "cat": "concat", "CrossEntropyLoss": "cross_entropy",
    "BCELoss": "bce", "BCEWithLogitsLoss": "bce_with_logits", "HuberLoss": "huber", "view": "reshape",
    "LogSoftmax": "log_softmax", "svm": "hinge", "svm_loss": "hinge", "hinge_loss": "hinge",
}
_MADE = frozenset(("array", "asarray", "tensor", "Tensor", "as_tensor", "Variable", "constant", "float", "float32",
                   "float64", "double", "Value", "matrix", "Matrix", "vector", "c"))
_QUIET = frozenset(("item", "detach", "numpy", "float", "double", "copy", "clone", "cpu", "squeeze"))
_TURNED = frozenset(("", "0,1", "1,0", "-1,-2", "-2,-1"))
"""Which axes change places where a matrix is transposed."""
_SPREADS = {"var": "{}", "variance": "{}", "std": "sqrt({})"}
_METHOD = re.compile(r"(?<=[\w)\]])\.([A-Za-z_]\w*)[ \t]*(\()?")
_SETTINGS = re.compile(r",\s*[a-z_]+\s*=[^()\[\]=]*$")
"""What is said of an array beside its numbers: ``dtype=float, requires_grad=True``."""
_CALL = re.compile(rf"(?<![\w.])({NAME_PATTERN})[ \t]*\(")


def _code(text: str, known: Collection[str]) -> str:
    text = _AXIS.sub(r"\1(\2, axis=\3)", text)
    text = _MODULES.sub(lambda found: found[0] if found[1].partition(".")[0] in known else "", text)
    found = re.match(r"\s*def\s+(\w+\s*\([^()]*\))\s*:\s*(?:return)?\s*(.*)", text, re.S)
    if found:
        text = f"{found[1]} = {found[2]}"
    found = re.fullmatch(r"\s*(?:(\w+)\s*=\s*)?lambda\s+([\w\s,]+):(.*)", text, re.S) or \
        re.fullmatch(r"\s*(?:(\w+)\s*[:=]\s*)?\(?([\w\s,]+?)\)?\s*[-=]>(.*)", text, re.S)
    if found and re.search(rf"\b{re.escape(found[2].partition(',')[0].strip())}\b", found[3]):
        text = f"{found[1] or 'f'}({found[2].strip()}) = {found[3].strip()}"
    text = re.sub(r"\breturn\s+|^\s*(?:let|var|const|double|float|int)\s+(?=\w+\s*=)", "", text)
    text = re.sub(r"^\s*print\s*\((.*)\)\s*$", r"\1", text)
    text = re.sub(r"(?<=\w)\(\)\s*(?=\()", "", text)
    text = re.sub(r"\b((?:Log)?Softmax)\(((?:dim|axis)\s*=\s*-?[0-9]+)\)\s*\(([^()]*)\)", r"\1(\3, \2)", text)
    text = re.sub(r"\.mT\b", ".T", text)
    text = text if "PI" in known else re.sub(r"(?<![\w.])PI(?![\w(])", "pi", text)
    text = re.sub(r"(?<![\w.])log\(([^(),]+),\s*(2|10)\)", r"log\2(\1)", text)
    if isinstance(known, dict):                    # x(0) of an array
        text = re.sub(rf"(?<![\w.])({NAME_PATTERN})\((-?[0-9]+)\)", lambda found: f"{found[1]}[{found[2]}]"
                      if hasattr(known.get(found[1]), "shape") else found[0], text)
    text = _methods(text)
    at = 0
    while (call := _CALL.search(text, at)) is not None:
        word, at = call[1], call.end()
        close = _closing(text, call.end() - 1)
        if word in known or word in FUNCTIONS or close < 0:
            continue
        if word in _MADE:
            inner = _SETTINGS.sub("", text[call.end():close])
            text = f"{text[:call.start()]}{inner if inner.strip()[:1] == '[' else _grouped(inner)}{text[close + 1:]}"
            at = call.start()
        elif word in _SPREADS:
            text = f"{text[:call.start()]}{_spread(word, text[call.end():close])}{text[close + 1:]}"
        elif word.lower() in FUNCTIONS:
            text = text[:call.start()] + word.lower() + text[call.start() + len(word):]
        elif word in _ELSEWHERE:
            text = text[:call.start()] + _ELSEWHERE[word] + text[call.start() + len(word):]
            at = call.start() + len(_ELSEWHERE[word]) + 1
    text = re.sub(r",\s*(?:axis|dim)\s*=\s*None\b", "", text)
    text = re.sub(r"\b(?:dim|axes|ax|dims)\s*=\s*(?=-?[0-9])", "axis=", text)
    return re.sub(r"\bkeep_?dims?\s*=\s*(True|true|1|False|false|0)",
                  lambda found: f"keepdims={int(found[1].lower() in ('true', '1'))}", text)


def _spread(word: str, inner: str) -> str:
    """A variance or standard deviation, as NumPy and the layers of a network take it, by means."""
    array, comma, axis = inner.partition(",") if "(" not in inner else (inner, "", "")
    centre = f"mean({array}{comma}{axis}{', keepdims=1' if comma and 'keep' not in axis else ''})"
    return _SPREADS[word].format(f"mean(({array} - {centre})^2{comma}{axis})")


def _methods(text: str) -> str:
    """``x.sum()`` as ``sum(x)``."""
    at = 0
    while (found := _METHOD.search(text, at)) is not None:
        word, at = found[1], found.end()
        start = _operand_before(text, found.start())
        operand = text[start:found.start()]
        close = _closing(text, found.end() - 1) if found[2] else -1
        if not operand or operand[0] in DIGITS or (word == "T" and not found[2]) or close < 0:
            continue
        inner = text[found.end():close].strip()
        word = _ELSEWHERE.get(word, word)
        reduces = word in _SPREADS or (word in FUNCTIONS and "axis" in FUNCTIONS[word].statics)
        if reduces and re.fullmatch(r"-?[0-9]+", inner):
            inner = f"axis={inner}"
        if word in ("t", "transpose", "permute", "swapaxes") and inner.replace(" ", "") in _TURNED:
            made = f"{operand}.T"
        elif word in _QUIET and not inner:
            made = operand
        elif word == "pow" and inner:
            made = f"{operand}^{_grouped(inner)}"
            made = f"({made})" if text[close + 1:close + 2] == "." else made
        elif word in ("flatten", "ravel") and not inner:
            made = f"reshape({_bare(operand)}, -1)"
        elif word in FUNCTIONS or word in _SPREADS:
            made = f"{word}({_bare(operand)}{', ' if inner else ''}{inner})"
        else:
            continue
        text, at = text[:start] + made + text[close + 1:], start
    return text


# ------------------------------------------------------------------------------------------- choices
def _choices(text: str, known: Collection[str]) -> str:
    """``a if t else b`` and ``t ? a : b`` as where(t, a, b), and truths joined by words."""
    if not re.fullmatch(r"\s*\w*\s*=\s*", text):
        text = re.sub(r"^\s*=(?!=)\s*|\s*(?:[,.]|(?<![<>=!])=\s*\??)\s*$", "", text)
    text = re.sub(r"=<(?!=)", "<=", text)
    text = re.sub(r"(?<![-=])=>", ">=", text)
    text = text.replace("<>", "!=").replace("===", "==").replace(":=", "=")
    start = 0
    head = re.match(r"\s*\w+(?:\([\w\s,]*\))?\s*=(?!=)", text)
    if head:
        start = head.end()
    body = text[start:]
    chain = re.fullmatch(r"([^<>=!()]+?)\s*([<>]=?)\s*([^<>=!()]+?)\s*([<>]=?)\s*([^<>=!()]+)", body)
    if chain and not re.search(r"[&|]|\b(?:and|or|not|if)\b", body):
        return f"{text[:start]}({chain[1].strip()} {chain[2]} {chain[3]})*({chain[3]} {chain[4]} {chain[5].strip()})"
    if re.search(r"\bfor\b", body) is None:
        wrapped = _bare(body)
        found = re.fullmatch(r"if\b(.+?)(?:\bthen\b|:|,)(.+?)[,;]?\s*\b(?:else|otherwise)\b:?(.+)", wrapped, re.S)
        parts = (found[1], found[2], found[3]) if found else None
        if parts is None and (found := re.fullmatch(r"(.+?)\bif\b(.+?)\belse\b(.+)", wrapped, re.S)):
            parts = found[2], found[1], found[3]
        if parts is None and (found := re.fullmatch(r"([^?]+)\?(.+?):(.+)", wrapped, re.S)):
            parts = found[1], found[2], found[3]
        if parts is not None and not re.search(r"\bif\b|\?", "".join(parts)):
            test, yes, no = (_bare(part) for part in parts)
            return f"{text[:start]}{' ' * bool(start)}where({test}, {yes}, {no})"
    return _truths(text)


def _truths(text: str) -> str:
    parts = re.split(r"(\s*(?:&&?|\band\b|\bAND\b)\s*)", text)
    if len(parts) > 1 and all(re.search(r"[<>]|[=!]=", part) for part in parts[::2]):
        return "*".join(_grouped(part) for part in parts[::2])
    parts = re.split(r"(\s*(?:\|\|?|\bor\b|\bOR\b)\s*)", text)
    if len(parts) > 1 and all(re.search(r"[<>]|[=!]=", part) for part in parts[::2]):
        return f"max({', '.join(_bare(part) for part in parts[::2])})"
    return text


# ----------------------------------------------------------------------------------- the blackboard
def _numbers(text: str, known: Collection[str]) -> str:
    """Numbers with signs and separators of their own."""
    text = re.sub(r"(?<![\w.])([0-9]{1,3}(?:\.[0-9]{3})+),([0-9]+)(?![\w,])",
                  lambda found: f"{found[1].replace('.', '')}.{found[2]}", text)
    text = re.sub(r"(?<![\w.])([0-9]{1,3}(?:,[0-9]{3})+)(\.[0-9]+)(?![\w,])",
                  lambda found: found[1].replace(",", "") + found[2], text)
    text = re.sub(r"(?<![\w.])[0-9]{1,3}(?:\.[0-9]{3}){2,}(?![\w.])", lambda found: found[0].replace(".", ""), text)
    if "[" not in text:
        text = re.sub(r"(?<![\w.])[0-9]{1,3}(?:[ '\u00a0\u202f][0-9]{3})+(?![\w ])",
                      lambda found: re.sub(r"[^0-9]", "", found[0]), text)
    text = re.sub(r"(?<![\w.])[0-9]+(?:_[0-9]+)+(?!\w)", lambda found: found[0].replace("_", ""), text)
    if text.count("$") == 1:
        text = re.sub(r"\\?\$(?=\s*[0-9.])|(?<=[0-9])\s*\\?\$", "", text)
    text = re.sub(r"[€£¥](?=\s*[0-9.])|(?<=[0-9])\s*(?:[€£¥]|\b(?:EUR|USD)\b)", "", text)
    return re.sub(r"([0-9]+\.?[0-9]*|\.[0-9]+)\s*%(?:\s*of\b)?(?!\s*[\w(.])|([0-9]+\.?[0-9]*|\.[0-9]+)\s*%\s*of\b",
                  lambda found: f"{float(found[1] or found[2]) / 100:.12g}" + (" *" if "of" in found[0] else ""), text)


_PENALTY = re.compile(rf"(?<![\w.])(?:(λ|lambda)\s*)?R\(\s*({NAME_PATTERN})\s*\)")


def _penalty(text: str, known: Collection[str]) -> str:
    """The penalty of a lecture's loss, ``λR(W)``, where the text does not say what R is."""
    if "R" in known or re.search(r"(?<![\w.])R\s*(?:\([^()]*\)\s*)?=(?!=)", text):
        return text
    return _PENALTY.sub(lambda found: f"{f'{found[1]}*' if found[1] else ''}sum({found[2]}^2)", text)


_ADDED = re.compile(r"[\w)](?<![0-9.][eE])(?:[-+]|\s+[-+]\s+)\s*[\w(]")
"""A sum or difference; ``x -1`` may be two entries."""


def _square(found: re.Match[str]) -> str:
    """Square brackets around a sum, as on a blackboard; they are an array's or an index's otherwise."""
    indexes = re.search(r"[\w.)\]]\s*$", found.string[:found.start()])
    return found[0] if indexes or not _ADDED.search(found[1]) or "for " in found[1] else f"({found[1]})"


def _board(text: str, known: Collection[str]) -> str:
    """Brackets, bars, primes and powers of a function's name."""
    text = re.sub(r"\[([^\[\],;:\n]*)\]", _square, text)
    text = re.sub(r"(?<=\w)(?=\|\|[^|]+\|\|)", " ", text)
    text = re.sub(r"\|\|\s*([^|]+?)\s*\|\|_1(?!\w)", r"sum(abs(\1))", text)
    text = re.sub(r"\|\|\s*([^|]+?)\s*\|\|(?:_[2F](?!\w))?", r"norm(\1)", text)
    text = re.sub(r"\|([^|]+)\|", r"abs(\1)", text)
    raised = r"\s*\^\s*(?:T\b|\(T\))" if "T" not in known else "(?!)"
    text = re.sub(rf"(?:({NAME_PATTERN})|(?<=[)\]]))(?:'|{raised})", lambda found: found[0] if isinstance(known, dict)
                  and type(known.get(found[1])) in (int, float) else f"{found[1] or ''}.T", text)
    text = re.sub(r"\^\s*\^|\*\*\*+", "^", text)
    text = re.sub(rf"(?<![\w.])exp\s*\^\s*(?:(?=\()|(-?{NAME_PATTERN})(?![\w(]))",
                  lambda found: f"exp({found[1]})" if found[1] else "exp", text)
    text = re.sub(r"\blog_?(2|10)\s*(?=[\w(])(?![\w]*\s*=)", r"log\1 ", text) if "log_" in text else text
    text = re.sub(r"\blog_e\b", "ln", text)
    at = 0
    named = re.compile(rf"(?<![\w.])({_FUNCTION})\s*(?:\^|\*\*)\s*(\(?-?[0-9]+\)?)\s*(\(|{NAME_PATTERN}|[0-9.]+)")
    while (found := named.search(text, at)) is not None:
        word, power, begin = found[1], _bare(found[2]), found.start(3)
        end = _closing(text, begin) + 1 if found[3] == "(" else found.end()
        if end == 0:
            break
        inner = _bare(text[begin:end])
        if power == "-1":
            made = f"a{word}({inner})" if f"a{word}" in FUNCTIONS else f"1/{word}({inner})"
        else:
            made = f"{word}({inner})^{power}"
        text, at = text[:found.start()] + made + text[end:], found.start() + len(made)
    return text


def _applied(text: str, known: Collection[str]) -> str:
    """``sin x`` as sin(x), ``sinx`` and ``xy`` by the names that have a value."""
    text = re.sub(rf"(?<![\w.])({_FUNCTION})[ \t]+(-?(?:[0-9]+\.?[0-9]*[ \t]*(?!{_FUNCTION})(?:{NAME_PATTERN})?"
                  rf"|(?!{_FUNCTION}){NAME_PATTERN}))(?![\w(^.]|\*\*|[ \t]*[\^\[(]|[ \t]+[\w(])",
                  lambda found: found[0] if found[1] in known or found[2] in _WORDS else
                  f"{found[1]}({found[2].strip()})", text)
    text = re.sub(rf"(?<![\w.])({_FUNCTION})[ \t]+(?=\()", r"\1", text)
    text = re.sub(rf"(?<![\w.])({_FUNCTION})\[([^\[\]]*)\]", r"\1(\2)", text)
    text = re.sub(rf"(?<![\w.])({_FUNCTION})\(([^()\[\]]*)\)", _commas, text)
    assigned = set(re.findall(rf"({NAME_PATTERN})\s*(?:\([^()=]*\)\s*)?=(?!=)", text))
    values = {*known, *assigned, *NAMED_CONSTANTS}

    def split(found: re.Match[str]) -> str:
        word = found[0]
        if word in values or word in FUNCTIONS or word in _WORDS or text[found.end():].lstrip()[:1] in ("(", "="):
            return word
        for name in (name for name in _LONGEST_FIRST if word.startswith(name)):
            rest = word[len(name):]
            if (rest in known or (not known and len(rest) == 1 and rest.isalpha())):
                return f"{name}({rest})"
        factors = _factors(word, known)
        return ("*" if "[" in text else " ").join(factors) if factors else word

    return re.sub(rf"(?<![A-Za-z_.]){NAME_PATTERN}", split, text)


def _commas(found: re.Match[str]) -> str:
    """A call of a function of several arguments with commas between them: ``max(x; y)``, ``max(x y)``."""
    row, inner = FUNCTIONS[found[1]], found[2]
    if "\n" not in inner and inner.count(";") and row.accepts(inner.count(";") + 1):
        return f"{found[1]}({re.sub(r'[ ]*;[ ]*', ', ', inner)})"
    words = inner.split()
    if len(words) > 1 and all(re.fullmatch(r"-?[\w.]+", word) for word in words) and row.accepts(len(words)) \
            and (row.variadic or not row.accepts(1)) and not set(words) & _WORDS:
        return f"{found[1]}({', '.join(words)})"
    return found[0]


def _factors(word: str, known: Collection[str]) -> list[str] | None:
    """The names with a value that stand side by side in a word, longest first; None where they do not fill it."""
    names = sorted((name for name in known if 0 < len(name) < len(word) and name in word), key=len, reverse=True)
    found: list[str] = []
    rest = word
    while rest:
        name = next((name for name in names if rest.startswith(name)), None)
        if name is None:
            return None
        found.append(name)
        rest = rest[len(name):]
    return found if len(found) <= 6 else None


def _products(text: str, known: Collection[str], grouped: bool) -> str:
    """The text with a ``*`` between operands side by side.

    ``grouped`` puts such a product in brackets where it follows ``/`` or ``^``: 1/2x is read both ways.
    """
    made: list[str] = []
    depth = 0                                      # of square brackets: there, a blank separates entries
    opened = 0                                     # of all brackets: outside, a line end separates statements
    start = -1                                     # where the product began that is being written in brackets
    inner = 0                                      # the brackets inside it that are open
    before = ""                                    # the piece before, blanks left out
    pieces = _PIECE.findall(text)
    for at, piece in enumerate(pieces):
        if piece.isspace():
            made.append(piece)
            if "\n" in piece and not opened:
                before = ""
            continue
        opened += (piece in ("(", "[")) - (piece in (")", "]"))
        depth += (piece == "[") - (piece == "]")
        inner += (piece == "(") - (piece == ")") if start >= 0 else 0
        blank = bool(made) and made[-1].isspace()
        begins = piece == "(" or _is_name(piece) or _is_number(piece)
        ends = before in (")", "]", ".T", "²", "³") or _is_name(before) or _is_number(before)
        if begins and ends and not (_is_number(piece) and _is_number(before)) and not (depth and blank) \
                and not (piece == "(" and _is_name(before) and not _is_value(before, text)) \
                and before not in FUNCTIONS and not {piece, before, before.partition("Σ")[1]} & (_WORDS - set(known)) \
                and (blank or before == ")" or not (piece in ("e", "E") or _is_prefix(before, piece))):
            if blank:
                made.pop()
            if grouped and start < 0:
                start, inner = _before_product(made), int(piece == "(")
            made.append(_times("".join(made), "".join(pieces[at:]), known))
        made.append(piece)
        if grouped and start >= 0 and inner <= 0 and not _goes_on(piece, pieces[at + 1:]):
            made.insert(start, "(")
            made.append(")")
            start = -1
        before = piece
    return "".join(made)


def _times(left: str, right: str, known: Collection[str]) -> str:
    """The product that is meant between two texts: of matrices where an operand beside it is known to be one."""
    if left.endswith(".T"):
        return " @ "
    if not isinstance(known, dict):
        return "*"
    ranks = _rank(left[_operand_before(left, len(left)):], known), _rank(right[:_operand_after(right)], known)
    return " @ " if min(ranks) > 0 and max(ranks) > 1 else "*"


def _operand_after(text: str) -> int:
    """Where the name or number, with its bracket, or the group that ``text`` begins with ends."""
    found = _ATOM_HEAD.match(text)
    end = found.end() if found else 0
    return _closing(text, end) + 1 or len(text) if text[end:end + 1] == "(" else end


def _rank(operand: str, known: dict[str, Any]) -> int:
    """How many axes an operand has, as far as the names in it tell: none after a sum over all entries."""
    row = FUNCTIONS.get(operand.partition("(")[0].strip())
    if row is not None and (row.one or "keepdims" in row.statics or row.name == "dot") and "axis" not in operand:
        return 0
    return max((len(getattr(known.get(name), "shape", ())) for name in _NAME.findall(operand)), default=0)


def _is_name(piece: str) -> bool:
    return piece[:1].isalpha() or piece[:1] == "_"


def _is_number(piece: str) -> bool:
    return piece[:1] in DIGITS and any(sign.isdigit() for sign in piece)


def _is_prefix(before: str, piece: str) -> bool:
    """Whether two pieces are a number in hexadecimal, binary or octal."""
    return before == "0" and piece[0] in "xXbBoO" and piece[1:2] in DIGITS


def _is_value(name: str, text: str) -> bool:
    """Whether a name in front of a bracket is a factor: nothing that can be called is named so."""
    if name in FUNCTIONS or re.search(rf"(?<![\w.]){re.escape(name)}\s*\([^()]*\)\s*=(?!=)", text):
        return False
    return len(name) == 1 or re.search(rf"(?<![\w.]){re.escape(name)}(?![\w(]|\s*\()", text) is not None \
        or re.fullmatch(r"[A-Za-z]_?[0-9]+", name) is not None


def _before_product(made: list[str]) -> int:
    """Where the operand that ends ``made`` begins, if ``/`` or ``^`` stands before it; else -1."""
    at = len(made) - 1
    if made[at] in (")", "]", ".T"):
        return -1
    return at if at and made[at - 1] in ("/", "^", "**") else -1


def _goes_on(piece: str, rest: list[str]) -> bool:
    """Whether a product of operands side by side has not ended with this piece."""
    if piece == "(" or not rest:
        return bool(rest)
    following = rest[0]
    return following in ("(", "^", "**") or following[0].isalnum() or piece in ("^", "**")


# ----------------------------------------------------------------------------------------- bindings
def apart(text: str) -> list[str]:
    """The NAME=VALUE words in a text that holds several; none where it holds anything else."""
    pair = r"\s*(\w+)\s*=\s*([^\s=,;]+)\s*"
    if not re.fullmatch(rf"{pair}(?:[,;\n]?{pair})*[,;]?", text):
        return []
    return [f"{name}={value}" for name, value in re.findall(pair, text)]


def as_array(text: str, known: Collection[str] = ()) -> str:
    """Numbers in a row as an array: ``W=1 2 3``, ``W=1,2,3``, ``W=(1, 2)``, ``W=1 2; 3 4``."""
    name, equals, value = text.partition("=")
    inner = value.strip()
    if not equals or not inner:
        return text
    number = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
    enclosed = re.fullmatch(r"[({<](.*)[)}>]", inner)
    if enclosed and re.search(r"[,;\s]", enclosed[1].strip()):
        inner = enclosed[1].strip()
    elif re.fullmatch(rf"{number},{number}", inner):
        return text                                # a decimal comma is as likely
    if re.fullmatch(rf"{number}(?:\s*[,;]\s*{number}|\s+{number})+\s*[,;]?", inner):
        return f"{name}=[{inner.rstrip(',; ')}]"
    if re.fullmatch(r"\[[^\[\]]*\](?:\s*[,;]\s*\[[^\[\]]*\])+", inner):
        return f"{name}=[{inner}]"
    if re.fullmatch(r"\[[-+0-9.,;\seE]*", inner):
        return f"{name}={inner}]"
    return text


QUOTED = "put it in plain double quotes"
HABITS: tuple[tuple[str, Rewrite], ...] = (
    (QUOTED, _quotes),
    ("", _signs),
    ("", _sheet),
    ("", _numbers),
    ("", _sums),
    ("LaTeX is not read", _latex),
    ("the penalty R(W) is sum(W^2)", _penalty),
    ("", _code),
    ("", _choices),
    ("", _board),
    ("", _applied),
)
"""What has to be said about it, if anything, and the rewriting, in the order in which they are applied."""
BINDING_HABITS: tuple[tuple[str, Rewrite], ...] = (("an array stands in square brackets", as_array),)
