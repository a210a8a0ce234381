"""A student's answers: ``q=3, dq=-4, df/dx=-4, dq/dx=1``.

Keys
    ``q``               the forward value of a named node, of the output, or of a node the table numbers (n4)
    ``dq``, ``df/dq``   the gradient of the output f at q (∂ may be written for d), also ``q.grad``; with an
                        upstream gradient also ``dL/dq``, as the tables say; ``dL/dq``, ``loss`` and the like are
                        about the output, whatever its name, where nothing else is called so
    ``dq/dx``           the local gradient of q with respect to its input x, where q is not the output; where x
                        is no input of q, the derivative along all paths from x to q (0 if there is none), or that of
                        q's own expression, in which other names are held constant
    ``new w``           the value of w after the update, and ``new f`` the output's with all new values
    ``value dx``        the forward value of a node whose own name is ``dx``, where that could be mistaken
    ``dW[0,1]``         an entry of an array; ``dW = [[1, 2], [3, 4]]`` answers all of them

Values are constant expressions, or ``undefined`` for a derivative that does not exist; an array is
written as where it is given, ``[1 2; 3 4]`` or ``[[1, 2], [3, 4]]``.  A plain number carries the
precision it was typed with.  A blank (nothing, or only underscores or question marks) is no answer.
"""

from __future__ import annotations

from ..bindings import constant
from ..dependence import depends
from ..errors import BindingProblem, BpcalcError, Source, UsageProblem, closest
from ..report import Report
from .rounding import last_digit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    Item = tuple[str, str, Source]

VALUE, GRADIENT, LOCAL, DERIVATIVE, NEW = "value", "gradient", "local", "derivative", "new"
UNDEFINED = frozenset(("undefined", "not defined", "does not exist", "doesn't exist", "dne", "none", "nan", "n/a",
                       "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "∞", "+∞", "-∞"))
"""How people say that a derivative does not exist."""

OUTPUTS = frozenset(("f", "L", "J", "E", "C", "E_total", "loss", "Loss", "cost", "out", "output"))
"""What people call the output, whatever its name."""

Place = tuple[str, int, "int | tuple[int, ...] | None"]
"""What a key is about: (kind, node, part); the part is the input for a local gradient, the node with respect to
which for a derivative, an index for an entry of an array, and None for a number."""


class Answer:
    """One answer: what it is about, its value, and the unit of its last typed digit.

    ``value`` is None where ``undefined`` was typed; ``unit`` is None where the value was an expression.
    For a local gradient or a derivative ``node`` is the operation and ``part`` the node it is taken with respect to;
    for an entry of an array ``part`` is its index.
    """

    __slots__ = ("key", "kind", "node", "part", "typed", "unit", "value")

    def __init__(self, key: str, place: Place, value: float | None, typed: str) -> None:
        self.key = key
        self.kind, self.node, self.part = place
        self.value = value
        self.typed = typed
        self.unit = last_digit(typed)

    @property
    def place(self) -> Place:
        """What the answer is about."""
        return self.kind, self.node, self.part

    @property
    def under(self) -> int:
        """The node with respect to which a derivative is taken; of other answers their own."""
        return self.part if isinstance(self.part, int) else self.node


class Unread:
    """An answer that cannot be read: its key and what was typed, its place if that is known, and the problem."""

    __slots__ = ("key", "place", "problem", "typed")

    def __init__(self, key: str, typed: str, place: Place | None, problem: BindingProblem) -> None:
        self.key = key
        self.typed = typed
        self.place = place
        self.problem = problem


def parse_answers(text: str, report: Report, name: str = "answers") -> list[Answer]:
    """The answers in ``text``, separated by commas, semicolons or new lines; # starts a comment.

    Raises BindingProblem for a key that names nothing, is ambiguous, or is given twice, and for a
    value that cannot be read.
    """
    return read_items(split_items(text, name), report)


def read_items(items: Iterable[Item], report: Report, unread: list[Unread] | None = None) -> list[Answer]:
    """The answers that (key, typed value, source) items hold; blanks are left out.

    Raises BindingProblem as :func:`parse_answers` does; with a list ``unread``, answers that cannot be
    read are put there, and only one that is given twice stops the others.
    """
    found: list[Answer] = []
    seen: dict[Place, str] = {}
    for key, typed, source in items:
        place = None
        try:
            place = _place(key, report, source)
            read = [] if is_blank(typed) else [read_answer(name, part, text, source)
                                               for name, part, text in _opened(key, place, typed, report, source)]
        except BindingProblem as problem:
            if unread is None:
                raise
            unread.append(Unread(key or source.text, typed, place, problem))
            continue
        for answer in read:
            if answer.place in seen:
                raise BindingProblem(f"{answer.key} is answered twice (as {seen[answer.place]})", source,
                                     _span(key, source))
            seen[answer.place] = answer.key
            found.append(answer)
    return found


def _place(key: str, report: Report, source: Source) -> Place:
    if not key:
        hint = "decimals are written with a point, as in dq = -0.4" if source.text.isdigit() else "for example dq = -4"
        raise BindingProblem("an answer is written KEY = VALUE", source, (0, len(source.text)), hint)
    return resolve(key, report, source)


def _opened(key: str, place: Place, typed: str, report: Report, source: Source) -> Iterator[tuple[str, Place, str]]:
    """The answer itself, or those to an array's entries."""
    shape = shape_at(place, report)
    if not shape and typed[:1] != "[":
        yield key, place, typed
        return
    entries = dict(_entries(as_lists(typed)))
    if len(shape) == 1 and all(index[1:] == (0,) for index in entries):
        entries = {index[:1]: text for index, text in entries.items()}    # a vector, written as a column
    elif len(shape) == 2 and shape[0] == 1 and all(len(index) == 1 for index in entries):
        entries = {(0, *index): text for index, text in entries.items()}      # a matrix of one row, written as a list
    if not shape or set(entries) != set(indices(shape)):
        what = f"{key} has {'×'.join(map(str, shape))} entries" if shape else f"{key} is one number"
        hint = f"write {key} = {like(shape)}, or one entry as {key}{like_index(place, report)}" if shape else None
        raise BindingProblem(f"{what}, and the answer has others", source, (0, len(source.text)), hint)
    for index, text in entries.items():
        if not is_blank(text):
            yield f"{key}[{','.join(map(str, index))}]", (place[0], place[1], index), text


def _entries(typed: str) -> Iterator[tuple[tuple[int, ...], str]]:
    """The entries of an array as it is typed, with their indices."""
    index: list[int] = []
    text, depth = "", 0
    for char in typed:
        if char == "[":
            index.append(0)
        elif char in ",]" and not depth and index:
            if text.strip():
                yield tuple(index), text.strip()
            text = ""
            if char == "]":
                index.pop()
            else:
                index[-1] += 1
        else:
            depth += (char == "(") - (char == ")")
            text += char
    if text.strip():
        yield (), text.strip()


def as_lists(typed: str) -> str:
    """An array with rows between semicolons and numbers between blanks, as lists with commas.

    >>> as_lists("[-3 -2; 3 2*5]"), as_lists("[1, 2 - 3]"), as_lists("[[1, 2], [3, 4]]")
    ('[[-3,-2],[3,2*5]]', '[1,2 - 3]', '[[1, 2],[3, 4]]')
    """
    rows, depth = [""], 0
    inner = typed[1:-1] if typed[:1] == "[" and typed[-1:] == "]" else ""
    for at, char in enumerate(inner):
        depth += (char in "([") - (char in ")]")
        if depth or not (char in ";," or char.isspace()):
            rows[-1] += char
        elif char == ";":
            rows.append("")
        elif char == ",":
            rows[-1] = rows[-1].rstrip() + ","
        elif rows[-1][-1:] not in ("", ",", " "):
            # A blank parts two numbers, unless an operation stands between them, as in 2 - 3.
            rest = inner[at:].lstrip()
            joins = rest[:1] in ("", "*", "/", "^", ",", ";") or (rest[:1] in "+-−" and rest[1:2].isspace())
            rows[-1] += " " if joins or rows[-1].rstrip()[-1:] in "+-−*/^" else ","
    if not inner:
        return typed
    rows = [row.rstrip() for row in rows]
    return f"[{rows[0]}]" if len(rows) == 1 else f"[{','.join(f'[{row}]' for row in rows)}]"


def shape_at(place: Place, report: Report) -> tuple[int, ...]:
    """The shape of what a place is about: () for a number, and for an entry of an array."""
    kind, k, part = place
    if kind == LOCAL or part is not None:
        return ()
    return getattr(report.trace.values[k], "shape", ())


def indices(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The indices of an array's entries, row by row; () for a number."""
    found: list[tuple[int, ...]] = [()]
    for size in shape:
        found = [(*index, at) for index in found for at in range(size)]
    return found


def entry(whole: Any, part: object) -> float | None:
    """A number, or the entry of an array; None where it does not exist."""
    found = whole[part] if isinstance(part, tuple) and whole is not None else whole
    return None if found is None or found - found != 0 else float(found)


def like_index(place: Place, report: Report) -> str:
    """The index of a place's first entry, as it is written."""
    return f"[{','.join('0' for _ in shape_at(place, report))}]"


def like(shape: tuple[int, ...]) -> str:
    """How an array of a shape is written, its entries left out."""
    text = "_"
    for size in reversed(shape):
        text = f"[{', '.join([text] * min(size, 3) + ['...'] * (size > 3))}]"
    return text


def read_answer(key: str, place: Place, typed: str, source: Source | None = None) -> Answer:
    """The answer that was typed for ``key`` in ``source``.

    Raises BindingProblem when it cannot be read.
    """
    if " ".join(typed.lower().split()) in UNDEFINED:
        return Answer(key, place, None, typed)
    if source is None or typed not in source.text:
        source = Source(f"{key} = {typed}", "answers")
    start = source.text.rindex(typed)
    what = f"the answer for {key} cannot be read: "
    for sign in "=;":
        if sign in typed:
            at, last = start + typed.index(sign), typed.rpartition("=")[2].strip()
            raise BindingProblem(f"{what}it is one number", source, (at, at + 1),
                                 "commas or semicolons stand between answers, and one = in each"
                                 + (f": {key} = {last}" if sign == "=" and last else ""))
    whole, comma, decimals = typed.partition(",")
    if comma and decimals.strip().isdigit() and whole.strip("+-− \t").isdigit():
        raise BindingProblem(f"{what}decimals are written with a point, {whole}.{decimals.strip()}", source,
                             (start, start + len(typed)))
    try:
        value = constant(typed, "_")
    except BpcalcError as error:
        # There the text is "_=typed".
        span = tuple(min(start + max(at - 2, 0), len(source.text)) for at in error.span or (2, 2 + len(typed)))
        message = error.message.removeprefix("the value of _ must be a number, and ")
        raise BindingProblem(what + message.replace("_ is one", "it is one"), source, (span[0], span[1]),
                             error.hint) from None
    return Answer(key, place, value, typed)


def is_blank(typed: str) -> bool:
    """Whether nothing was filled in."""
    return not typed.strip("_? \t")


def split_items(text: str, name: str, is_file: bool = False) -> Iterator[Item]:
    """The KEY = VALUE pieces of a text as items, in a file with their lines; no key where there is no equals sign."""
    for number, piece in _pieces(text):
        for part in _between_blanks(piece):
            key, equals, typed = part.partition("=")
            source = Source(part.strip(), f"{name}, line {number}" if is_file else name)
            yield (key.strip(), typed.strip(), source) if equals else ("", "", source)


def _between_blanks(piece: str) -> list[str]:
    """Answers with only blanks between them, as in ``dx=-4 dy=5``: a key begins behind a whole value."""
    if piece.count("=") < 2:
        return [piece]
    import re

    key = r"(?:(?:new|value)\s+)?(?:[^\W\d]|∂)[^\s=[]*(?:\s*/\s*[^\s=[]+)?(?:\[[^][=]*\])?"
    return re.split(rf"(?<=[^\s=*/^+-])(?<!new)(?<!value)(?:\s+and)?\s+(?={key}\s*=[^=])", piece)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0]
        depth, start = 0, 0
        for at, char in enumerate(line):
            depth += (char in "([") - (char in ")]")
            if char in ",;" and depth <= 0:
                if line[start:at].strip():
                    yield number, line[start:at]
                start = at + 1
        if line[start:].strip():
            yield number, line[start:]


# -------------------------------------------------------------------------------------------- keys
def resolve(key: str, report: Report, source: Source) -> Place:
    """What a key is about: (kind, node, part).

    Raises BindingProblem when it names nothing or could mean two things.
    """
    key = key.replace(", ", ",")
    if key[-1:] != "]" or _is_name(key, report):
        place = _resolve(key, report, source)
        _of_numbers(key, place, report, source)
        return place
    whole, _, inside = key[:-1].partition("[")
    kind, k, part = place = _resolve(whole.strip(), report, source)
    _of_numbers(key, place, report, source)
    shape = shape_at((kind, k, part), report)
    words = [word.strip() for word in inside.split(",")]
    index = tuple(int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 9)
    if len(index) != len(words) or index not in set(indices(shape)) or not shape:
        raise BindingProblem(f"{whole.strip()} has no entry [{inside}]", source, _span(key, source),
                             f"its shape is {shape}, and indices begin at 0" if shape else "it is one number")
    return kind, k, index


def _of_numbers(key: str, place: Place, report: Report, source: Source) -> None:
    """Refuse a local gradient or a derivative that has arrays at its ends."""
    kind, *ends = place
    if kind in (LOCAL, DERIVATIVE) and any(hasattr(report.trace.values[k], "shape") for k in ends if type(k) is int):
        what = "local gradient" if kind == LOCAL else "derivative"
        raise BindingProblem(f"{key} has no single {what}: there are arrays in it", source, _span(key, source),
                             "ask for the gradients at its ends")


def _is_name(key: str, report: Report) -> bool:
    """Whether what is asked for with an index is a node of its own, as in a graph opened into its entries."""
    name = key.replace("∂", "d").rpartition("/")[2].rpartition(" ")[2]
    return _find(name, report) is not None or (name[:1] == "d" and _find(name[1:], report) is not None)


def _resolve(key: str, report: Report, source: Source) -> Place:
    plain = key.replace("∂", "d").replace(" / ", "/")
    first, _, rest = plain.partition(" ")
    if first in (VALUE, NEW) and rest.strip():
        return first, node_called(rest.strip(), report, source), None
    if plain.endswith(".grad"):
        return GRADIENT, node_called(plain.removesuffix(".grad"), report, source), None
    over, slash, under = plain.partition("/")
    if slash:
        if over[:1] != "d" or under[:1] != "d":
            raise BindingProblem(f"'{key}' is not a key", source, _span(key, source), "write q, dq, df/dq or dq/dx")
        if over == "d" or under == "d":
            hint = "write q, dq, df/dq or dq/dx" if under == "d" else f"write {under} or d{report.top}/{under}"
            raise BindingProblem(f"'{key}' does not say of what", source, _span(key, source), hint)
        over, under = f"d{over[1:].strip(' ()')}", f"d{under[1:].strip(' ()')}"
        # With an upstream gradient the tables say dL/dx, and df/dx is understood as well.
        top = report.graph.output if over[1:] == report.top else node_called(over[1:], report, source)
        bottom = node_called(under[1:], report, source)
        if top == report.graph.output:
            return GRADIENT, bottom, None
        if bottom in report.graph.args(top):
            return LOCAL, top, bottom
        if top == bottom or (report.graph.args(top) and not depends(report.graph, bottom, top)):
            return DERIVATIVE, top, bottom
        inputs = [report.label(k) for k in report.graph.args(top)[:6] if report.shows(k)]
        raise BindingProblem(f"{over[1:]} does not depend on {under[1:]}", source, _span(key, source),
                             f"{over[1:]} is made of {', '.join(inputs)}; " * bool(inputs)
                             + f"did you mean d{under[1:]}/d{over[1:]}? "
                             * (depends(report.graph, bottom, top) and bottom != report.graph.output)
                             + f"the gradient of {report.top} is d{report.top}/d{under[1:]}")
    own, inner = _find(plain, report), _find(plain[1:], report) if plain[:1] == "d" else None
    if own is not None and inner is not None:
        raise BindingProblem(f"'{key}' can mean the value of {plain} or the gradient at {plain[1:]}", source,
                             _span(key, source), f"write value {plain} or d{report.top}/d{plain[1:]}")
    if own is not None:
        return VALUE, own, None
    if inner is not None:
        return GRADIENT, inner, None
    if plain[:1] == "d" and _is_output(plain[1:], report):
        return GRADIENT, report.graph.output, None
    if _is_output(plain, report):
        return VALUE, report.graph.output, None
    raise _unknown(plain, report, source)


def key_of(place: Place, report: Report) -> str:
    """The key that is understood as ``place`` whatever the names are."""
    kind, k, part = place
    label = report.label(k)
    if kind in (LOCAL, DERIVATIVE) and isinstance(part, int):
        return f"d{label}/d{report.label(part)}"
    index = f"[{','.join(map(str, part))}]" if isinstance(part, tuple) else ""
    if kind == GRADIENT:
        return f"d{report.top}/d{label}{index}"
    if kind == NEW:
        return f"new {label}{index}"
    ambiguous = label[:1] == "d" and _find(label[1:], report) is not None
    return f"{'value ' if ambiguous else ''}{label}{index}"


def _find(name: str, report: Report) -> int | None:
    k = report.graph.node(name)
    if k is not None:
        return k
    if name == report.symbol:
        return report.graph.output
    digits = name.removeprefix(report.prefix)
    if digits.isascii() and digits.isdigit() and len(digits) < 9:
        k = int(digits)
        if k < len(report) and report.label(k) == name:
            return k
    return None


def _is_output(name: str, report: Report) -> bool:
    """Whether a name that no node has can only mean the output; with an upstream gradient L is the loss behind it."""
    return (name in OUTPUTS and report.top == report.symbol
            and not any(name.lower() == known.lower() for known in report.graph.symbols))


def node_called(name: str, report: Report, source: Source) -> int:
    """The node that a name or a label such as n4 stands for.

    Raises BindingProblem when there is none.
    """
    k = _find(name, report)
    if k is None and _is_output(name, report):
        k = report.graph.output
    if k is None:
        raise _unknown(name, report, source)
    return k


def _unknown(name: str, report: Report, source: Source) -> BindingProblem:
    known = [report.label(k) for k in range(min(len(report), 500)) if report.shows(k)]
    entries = [label for label in known if label.startswith(f"{name}[")][:3]
    if entries:
        return BindingProblem(f"'{name}' is an array", source, _span(name, source),
                              f"name an entry: {', '.join(entries)}, ...")
    near = closest(name, [*known, *(f"d{label}" for label in known)])
    near = [word for word in near if word != "d" or name[:1] != "d"]       # that of the derivative is no name
    top = report.top
    near = [f"d{label}" for label in known if name in (
        f"{label}_grad", f"grad {label}", f"grad_{label}", f"grad({label})", f"∇{label}",
        f"d_{label}", f"delta_{label}", f"δ{label}", f"{top}_{label}", f"{top}'({label})", f"d{top}d{label}",
        f"d{top}_d{label}")][:1] or near
    nodes = ", ".join(known[:12]) + ", ..." * (len(known) > 12)
    hint = f"did you mean {' or '.join(near)}?" if near else \
        f"the nodes are {nodes}; q = ... in the expression names one q"
    return BindingProblem(f"there is no node called '{name}'", source, _span(name, source), hint)


def _span(key: str, source: Source) -> tuple[int, int]:
    at = max(source.text.find(key), 0)
    return at, at + max(min(len(key), len(source.text)), 1)


def no_update(key: str) -> UsageProblem:
    """The error for a ``new`` key in a run that updates nothing."""
    return UsageProblem(f"'{key}' asks for a value after an update, and nothing is updated", Source(key, "answers"),
                        (0, len(key)), "say how far with --lr, for example --lr 0.1")
