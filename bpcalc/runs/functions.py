"""The list of functions and operators."""

from __future__ import annotations

from ..errors import UsageProblem
from ..render import to_functions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..request import Output, Request


def made(request: Request) -> Output:
    """The list, and 0; raises UsageProblem for words that would have no part in it."""
    if request.words:
        raise UsageProblem(f"--functions lists all functions, and '{request.words[0]:.40}' has no part in it",
                           hint="leave it out")
    return [to_functions.render(request.screen.width)], 0
