"""A student's answers: ``q=3, dq=-4, df/dx=-4, dq/dx=1``.

Keys
    ``q``               the forward value of a named node, of the output, or of a node the table numbers (n4)
    ``dq``, ``df/dq``   the gradient of the output f at q (∂ may be written for d)
    ``dq/dx``           the local gradient of q with respect to its input x, where q is not the output
    ``new w``           the value of w after the update, and ``new f`` the output's with all new values
    ``value dx``        the forward value of a node whose own name is ``dx``, where that could be mistaken

Values are constant expressions, or ``undefined`` for a derivative that does not exist.  A plain number
carries the precision it was typed with.  A blank (nothing, or only underscores) is no answer.
"""

from __future__ import annotations

from ..bindings import constant
from ..errors import BindingProblem, BpcalcError, Source, UsageProblem, closest
from ..report import Report
from .rounding import last_digit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Item = tuple[str, str, Source]

VALUE, GRADIENT, LOCAL, NEW = "value", "gradient", "local", "new"
UNDEFINED = "undefined"

Place = tuple[str, int, int | None]
"""What a key is about: (kind, node, input); the input only for a local gradient."""


class Answer:
    """One answer: what it is about, its value, and the unit of its last typed digit.

    ``value`` is None where ``undefined`` was typed; ``unit`` is None where the value was an expression.
    For a local gradient ``node`` is the operation and ``input`` the node it is taken with respect to.
    """

    __slots__ = ("input", "key", "kind", "node", "typed", "unit", "value")

    def __init__(self, key: str, place: Place, value: float | None, typed: str) -> None:
        self.key = key
        self.kind, self.node, self.input = place
        self.value = value
        self.typed = typed
        self.unit = last_digit(typed)

    @property
    def place(self) -> Place:
        """What the answer is about."""
        return self.kind, self.node, self.input


def parse_answers(text: str, report: Report, name: str = "answers") -> list[Answer]:
    """The answers in ``text``, separated by commas, semicolons or new lines; # starts a comment.

    Raises BindingProblem for a key that names nothing, is ambiguous, or is given twice, and for a
    value that cannot be read.
    """
    return read_items(split_items(text, name), report)


def read_items(items: Iterable[Item], report: Report) -> list[Answer]:
    """The answers that (key, typed value, source) items hold; blanks are left out.

    Raises BindingProblem as :func:`parse_answers` does.
    """
    found: list[Answer] = []
    seen: dict[Place, str] = {}
    for key, typed, source in items:
        place = resolve(key, report, source)
        if is_blank(typed):
            continue
        if place in seen:
            raise BindingProblem(f"{key} is answered twice (as {seen[place]})", source, _span(key, source))
        seen[place] = key
        found.append(read_answer(key, place, typed))
    return found


def read_answer(key: str, place: Place, typed: str) -> Answer:
    """The answer that was typed for ``key``.

    Raises BindingProblem when it cannot be read.
    """
    if typed.lower() == UNDEFINED:
        return Answer(key, place, None, typed)
    try:
        name = "".join(c if c.isalnum() and c.isascii() else "_" for c in key)
        value = constant(typed, f"_{name}" if name[:1].isdigit() else name)
    except BpcalcError as error:
        raise BindingProblem(f"the answer for {key} cannot be read: {error.message}", error.source, error.span,
                             error.hint) from None
    return Answer(key, place, value, typed)


def is_blank(typed: str) -> bool:
    """Whether nothing was filled in."""
    return not typed.strip("_ \t")


def split_items(text: str, name: str) -> Iterator[Item]:
    """The KEY = VALUE pieces of a text as items.

    Raises BindingProblem for a piece without a key or without an equals sign.
    """
    for piece in _pieces(text):
        key, equals, typed = piece.partition("=")
        source = Source(piece.strip(), name)
        if not equals or not key.strip():
            raise BindingProblem("an answer is written KEY = VALUE", source, (0, len(source.text)),
                                 "for example dq = -4")
        yield key.strip(), typed.strip(), source


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


# -------------------------------------------------------------------------------------------- keys
def resolve(key: str, report: Report, source: Source) -> Place:
    """What a key is about: (kind, node, input).

    Raises BindingProblem when it names nothing or could mean two things.
    """
    plain = key.replace("∂", "d").replace(" / ", "/")
    first, _, rest = plain.partition(" ")
    if first in (VALUE, NEW) and rest.strip():
        return first, node_called(rest.strip(), report, source), None
    over, slash, under = plain.partition("/")
    if slash:
        if over[:1] != "d" or under[:1] != "d":
            raise BindingProblem(f"'{key}' is not a key", source, _span(key, source), "write q, dq, df/dq or dq/dx")
        top = node_called(over[1:], report, source)
        bottom = node_called(under[1:], report, source)
        if top == report.graph.output:
            return GRADIENT, bottom, None
        if bottom not in report.graph.args(top):
            raise BindingProblem(f"{under[1:]} is not an input of {over[1:]}", source, _span(key, source),
                                 f"the gradient of {report.symbol} is d{report.symbol}/d{under[1:]}")
        return LOCAL, top, bottom
    own, inner = _find(plain, report), _find(plain[1:], report) if plain[:1] == "d" else None
    if own is not None and inner is not None:
        raise BindingProblem(f"'{key}' can mean the value of {plain} or the gradient at {plain[1:]}", source,
                             _span(key, source), f"write value {plain} or d{report.symbol}/d{plain[1:]}")
    if own is not None:
        return VALUE, own, None
    if inner is not None:
        return GRADIENT, inner, None
    raise _unknown(plain, report, source)


def key_of(place: Place, report: Report) -> str:
    """The key that is understood as ``place`` whatever the names are."""
    kind, k, i = place
    label = report.label(k)
    if kind == GRADIENT:
        return f"d{report.symbol}/d{label}"
    if kind == LOCAL and i is not None:
        return f"d{label}/d{report.label(i)}"
    if kind == NEW:
        return f"new {label}"
    return f"value {label}" if label[:1] == "d" and _find(label[1:], report) is not None else label


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
        raise _unknown(name, report, source)
    return k


def _unknown(name: str, report: Report, source: Source) -> BindingProblem:
    known = [report.label(k) for k in range(min(len(report), 500)) if report.shows(k)]
    near = closest(name, [*known, *(f"d{label}" for label in known)])
    hint = f"did you mean {' or '.join(near)}?" if near else "the table shows the nodes' names"
    return BindingProblem(f"there is no node called '{name}'", source, _span(name, source), hint)


def _span(key: str, source: Source) -> tuple[int, int]:
    at = max(source.text.find(key), 0)
    return at, at + max(min(len(key), len(source.text) - at), 1)


def no_update(key: str) -> UsageProblem:
    """The error for a ``new`` key in a run that updates nothing."""
    return UsageProblem(f"'{key}' asks for a value after an update, and nothing is updated", Source(key, "answers"),
                        (0, len(key)), "say how far with --lr, for example --lr 0.1")
