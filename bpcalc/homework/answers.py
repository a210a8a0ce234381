"""A student's answers: ``q=3, dq=-4, df/dx=-4, dq/dx=1``.

Keys
    ``q``               the forward value of a named node, of the output, or of a node the table numbers (n4)
    ``dq``, ``df/dq``   the gradient of the output f at q (∂ may be written for d)
    ``dq/dx``           the local gradient of q with respect to its input x, where q is not the output
    ``value dx``        the forward value of a node whose own name is ``dx``, where that could be mistaken

Values are constant expressions.  A plain number carries the precision it was typed with.
"""

from __future__ import annotations

from ..bindings import constant
from ..errors import BindingProblem, BpcalcError, Source, closest
from ..report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

VALUE, GRADIENT, LOCAL = "value", "gradient", "local"


class Answer:
    """One answer: what it is about, its value, and the unit of its last typed digit.

    ``unit`` is None where the value was an expression.  For a local gradient ``node`` is the operation
    and ``input`` the node it is taken with respect to.
    """

    __slots__ = ("input", "key", "kind", "node", "typed", "unit", "value")

    def __init__(self, key: str, kind: str, node: int, input: int | None, value: float, typed: str) -> None:
        self.key = key
        self.kind = kind
        self.node = node
        self.input = input
        self.value = value
        self.typed = typed
        self.unit = last_digit(typed)


def last_digit(typed: str) -> float | None:
    """The unit of a plain number's last digit, or None for anything else.

    >>> last_digit("-0.20"), last_digit("3"), last_digit("1.5e-3"), last_digit("1/3")
    (0.01, 1.0, 0.0001, None)
    """
    text = typed.strip().lstrip("+-−").lower()
    mantissa, mark, exponent = text.partition("e")
    whole, _, decimals = mantissa.partition(".")
    digits = whole + decimals
    if not (digits and digits.isascii() and digits.isdigit()):
        return None
    shift = 0
    if mark:
        sign = exponent[:1] if exponent[:1] in ("+", "-") else ""
        if not exponent[len(sign):].isdigit() or len(exponent) > 5:
            return None
        shift = int(exponent)
    return float(f"1e{shift - len(decimals)}")


def parse_answers(text: str, report: Report, name: str = "answers") -> list[Answer]:
    """The answers in ``text``, separated by commas, semicolons or new lines; # starts a comment.

    Raises BindingProblem for a key that names nothing, is ambiguous, or is given twice, and for a
    value that cannot be read.
    """
    found: list[Answer] = []
    seen: dict[tuple[str, int, int | None], str] = {}
    for piece in _pieces(text):
        key, equals, typed = piece.partition("=")
        key, typed = key.strip(), typed.strip()
        source = Source(piece.strip(), name)
        if not equals or not key:
            raise BindingProblem("an answer is written KEY = VALUE", source, (0, len(source.text)),
                                 "for example dq = -4")
        if not typed:
            continue                               # a blank of a worksheet
        kind, node, input = resolve(key, report, source)
        try:
            value = constant(typed, key.replace(" ", "_").replace("/", "_").replace("∂", "d"))
        except BpcalcError as error:
            raise BindingProblem(f"the answer for {key} cannot be read: {error.message}", error.source, error.span,
                                 error.hint) from None
        if (kind, node, input) in seen:
            raise BindingProblem(f"{key} is answered twice (as {seen[kind, node, input]})", source, (0, len(key)))
        seen[kind, node, input] = key
        found.append(Answer(key, kind, node, input, value, typed))
    return found


def _pieces(text: str) -> Iterator[str]:
    for line in text.splitlines():
        line = line.partition("#")[0]
        depth, start = 0, 0
        for at, char in enumerate(line):
            depth += (char == "(") - (char == ")")
            if char in ",;" and depth <= 0:
                if line[start:at].strip():
                    yield line[start:at]
                start = at + 1
        if line[start:].strip():
            yield line[start:]


def resolve(key: str, report: Report, source: Source) -> tuple[str, int, int | None]:
    """What a key is about: (kind, node, input).

    Raises BindingProblem when it names nothing or could mean two things.
    """
    plain = key.replace("∂", "d").replace(" / ", "/")
    if plain.startswith("value "):
        return VALUE, node_called(plain[6:].strip(), report, source), None
    over, slash, under = plain.partition("/")
    if slash:
        if over[:1] != "d" or under[:1] != "d":
            raise BindingProblem(f"'{key}' is not a key", source, (0, len(key)), "write q, dq, df/dq or dq/dx")
        top = node_called(over[1:], report, source)
        bottom = node_called(under[1:], report, source)
        if top == report.graph.output:
            return GRADIENT, bottom, None
        if bottom not in report.graph.args(top):
            raise BindingProblem(f"{under[1:]} is not an input of {over[1:]}", source, (0, len(key)),
                                 f"the gradient of {report.symbol} is d{report.symbol}/d{under[1:]}")
        return LOCAL, top, bottom
    own, inner = _find(plain, report), _find(plain[1:], report) if plain[:1] == "d" else None
    if own is not None and inner is not None:
        raise BindingProblem(f"'{key}' can mean the value of {plain} or the gradient at {plain[1:]}", source,
                             (0, len(key)), f"write value {plain} or d{report.symbol}/d{plain[1:]}")
    if own is not None:
        return VALUE, own, None
    if inner is not None:
        return GRADIENT, inner, None
    node_called(plain, report, source)
    raise AssertionError


def _find(name: str, report: Report) -> int | None:
    k = report.graph.node(name)
    if k is not None:
        return k
    if name == report.symbol:
        return report.graph.output
    digits = name.lstrip("n_ode")
    if digits.isascii() and digits.isdigit() and len(digits) < 9:
        k = int(digits)
        if k < len(report) and report.label(k) == name:
            return k
    return None


def node_called(name: str, report: Report, source: Source) -> int:
    """The node that a name or a label such as n4 stands for.

    Raises BindingProblem when there is none.
    """
    k = _find(name, report)
    if k is None:
        known = [report.label(k) for k in range(min(len(report), 500)) if report.shows(k)]
        near = closest(name, [*known, *(f"d{label}" for label in known)])
        hint = f"did you mean {' or '.join(near)}?" if near else "the table shows the nodes' names"
        raise BindingProblem(f"there is no node called '{name}'", source, (0, max(len(name), 1)), hint)
    return k
