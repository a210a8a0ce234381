"""The list of functions and operators, and what one of them does."""

from __future__ import annotations

from ..errors import UsageProblem, closest
from ..ops import NAMED_CONSTANTS, TABLE
from ..render import to_functions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..request import Output, Request


def made(request: Request) -> Output:
    """The list, or what the words name with its gradients, and 0; raises UsageProblem for a word that names none."""
    room = request.screen.width
    if not request.words:
        return [to_functions.render(room)], 0
    return ["\n".join(_about(word, room) for word in request.words)], 0


def _about(word: str, room: int | None) -> str:
    if word in NAMED_CONSTANTS:
        return f"{word} = {NAMED_CONSTANTS[word]!r}\n"
    rows = [row for row in TABLE if word in to_functions.called(row)]
    if not rows:
        near = closest(word, sorted(set().union(*map(to_functions.called, TABLE))))
        raise UsageProblem(f"there is no function or operator '{word:.40}'",
                           hint=f"did you mean {' or '.join(near)}?" if near else "bpcalc --functions lists them")
    return to_functions.explained(rows, room)
