"""The list of functions and operators, and what one of them does."""

from __future__ import annotations

from ..errors import UsageProblem, closest
from ..ops import NAMED_CONSTANTS, TABLE, Op
from ..render import to_functions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..request import Output, Request


def made(request: Request) -> Output:
    """The list, or what the words name with its gradients, and 0; raises UsageProblem for a word that names none."""
    room, words = request.screen.width, request.words
    named = [(word, _called(word)) for word in words]
    if request.form == "json":
        from ..render import to_json

        rows = [row for _, rows in named for row in rows] if words else [row for row in TABLE if row.params]
        constants = {word: value for word, value in NAMED_CONSTANTS.items() if word in words or not words}
        return to_json.function_lines(to_functions.as_records(rows), constants), 0
    if not words:
        return [to_functions.render(room)], 0
    return ["\n".join(to_functions.explained(rows, room) if rows else f"{word} = {NAMED_CONSTANTS[word]!r}\n"
                      for word, rows in named)], 0


def _called(word: str) -> list[Op]:
    """The operations that a word calls; none for a constant."""
    rows = [row for row in TABLE if word in to_functions.called(row)]
    if not rows and word not in NAMED_CONSTANTS:
        near = closest(word, sorted(set().union(*map(to_functions.called, TABLE))))
        raise UsageProblem(f"there is no function or operator '{word:.40}'",
                           hint=f"did you mean {' or '.join(near)}?" if near else "bpcalc --functions lists them")
    return rows
