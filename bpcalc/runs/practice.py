"""An exercise: a conversation on a terminal, else worksheets and their keys."""

from __future__ import annotations

import os
import sys

from ..errors import Source, UsageProblem
from ..homework.practice import LEVELS, MOST, Exercise, exercises
from ..terminal import Screen, is_terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..request import Output, Request


def made(request: Request) -> Output:
    """The worksheets, or nothing after a conversation, and the exit code; raises UsageProblem."""
    level, words, options = request.choice("practice", LEVELS), request.words, request.options
    if len(words) == 1 and words[0].isalpha():
        raise UsageProblem(f"--practice has no level '{words[0]}'", Source(words[0], "option"), (0, len(words[0])),
                           f"levels are {', '.join(LEVELS)}")
    if words:
        raise UsageProblem("--practice makes its own exercise", Source(words[0], "expression"),
                           hint="leave the expression out, or check your answers to it with --check")
    asks = (request.form == "table" and not options["worksheet"] and options["variants"] is None
            and is_terminal(sys.stdin) and request.screen.terminal)
    seed = request.whole("seed", 0, 999_999_999, int.from_bytes(os.urandom(2), "big") if asks else 1)
    count = request.whole("variants", 1, MOST, 1)
    if asks:
        return [], _converse(next(exercises(level, seed)), request.screen, request.digits)
    return _sheets(exercises(level, seed, count), level, seed, count, request), 0


def _sheets(found: Iterator[Exercise], level: str, seed: int, count: int, request: Request) -> Iterable[str]:
    """Worksheets of exercises, and their keys."""
    from ..render import to_practice

    form, digits = request.form, request.digits
    if form == "json":
        return to_practice.json_lines(found, level, seed)
    if form == "latex":
        return to_practice.latex(found, count, digits, request.output is not None)
    if form == "markdown":
        return to_practice.markdown(found, count, digits)
    return to_practice.text(found, count, digits)


def _converse(exercise: Exercise, screen: Screen, digits: int) -> int:
    """Ask for every number of an exercise, and the exit code; the one place that writes before a run is over."""
    try:
        import readline  # noqa: F401 - lets the line be edited, where there is one
    except ImportError:
        pass
    from ..homework.session import Session
    from ..render import to_practice

    symbols = screen.symbols
    at, code = Session(exercise), 0
    sys.stdout.write(to_practice.opening(exercise, symbols))
    while at.place is not None:
        try:
            line = input(to_practice.prompt(at, symbols))
        except (EOFError, KeyboardInterrupt) as end:
            sys.stdout.write("\n")
            code = 130 if isinstance(end, KeyboardInterrupt) else 0
            break
        sys.stdout.write(to_practice.reply(at.take(line), symbols, screen.width, digits))
    sys.stdout.write(to_practice.closing(at))
    sys.stdout.flush()
    return code
