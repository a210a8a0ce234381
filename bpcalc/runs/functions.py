"""The list of functions and operators."""

from __future__ import annotations

from ..render import to_functions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..request import Output, Request


def made(request: Request) -> Output:
    """The list, and 0."""
    return [to_functions.render(request.screen.width)], 0
