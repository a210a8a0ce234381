"""The terminal, or what stands in its place: its width, signs and colours, and what is said beside the result."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .render.symbols import Symbols

WARNED = 20
"""How many troubles of one kind are told about, a line each."""


class Screen:
    """What the result is written to: ``stream``, or a file where that is None.

    ``width`` is the room for a line: COLUMNS if it makes sense, the terminal's, or None for as much as it needs.
    """

    __slots__ = ("_color", "stream")

    def __init__(self, stream: Any, color: str = "auto") -> None:
        self.stream = stream
        self._color = color

    @property
    def terminal(self) -> bool:
        """Whether a person sits in front of it."""
        return is_terminal(self.stream)

    @property
    def unicode(self) -> bool:
        """Whether it can hold signs and box lines beyond ASCII."""
        from .render.symbols import encodable  # most programs' formats need no signs

        return self.stream is None or encodable(getattr(self.stream, "encoding", None))

    @property
    def symbols(self) -> Symbols:
        """The signs that it can hold."""
        from .render.symbols import Symbols

        return Symbols(self.unicode)

    @property
    def width(self) -> int | None:
        """The room for a line."""
        wanted = os.environ.get("COLUMNS", "")
        if wanted.isascii() and wanted.isdigit() and len(wanted) < 7 and int(wanted) > 0:
            return max(int(wanted), 20)
        if not self.terminal:
            return None
        try:
            return max(os.get_terminal_size(self.stream.fileno()).columns or 80, 20)
        except (OSError, ValueError):
            return 80

    @property
    def colored(self) -> bool:
        """Whether it is to have colours."""
        if self._color != "auto":
            return self._color == "always"
        if os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
            return True
        return self.terminal and os.environ.get("TERM") != "dumb"


class Bar:
    """A progress bar on standard error, drawn when there has been something to wait for; none where nobody sees it.

    ``count`` is how many there will be of ``what``, or None where that is not known.
    """

    def __init__(self, what: str, count: int | None = None) -> None:
        from time import monotonic

        self.what = what
        self.count = count
        self._clock = monotonic
        self._next = monotonic() + 0.5
        self._shown = is_terminal(sys.stderr)
        self._drawn = 0

    def __call__(self, done: int, count: int | None = None) -> None:
        """Show that so many are done."""
        if not self._shown or self._clock() < self._next:
            return
        self._next = self._clock() + 0.1
        count = count or self.count
        text = f"{done} {self.what}"
        if count:
            filled = 30 * done // count
            text = f"[{'#' * filled}{' ' * (30 - filled)}] {done} of {count} {self.what}"
        sys.stderr.write(f"\r{text:<{self._drawn}}")
        sys.stderr.flush()
        self._drawn = max(self._drawn, len(text))

    def clear(self) -> None:
        """Take the bar away."""
        if self._drawn:
            sys.stderr.write(f"\r{' ' * self._drawn}\r")
            self._drawn = 0


def is_terminal(stream: Any) -> bool:
    """Whether a stream is open and a terminal."""
    return stream is not None and bool(stream.isatty())


def say(text: str) -> None:
    """A line on standard error, if that is open and takes it."""
    try:
        if sys.stderr is not None:
            sys.stderr.write(text + "\n")
    except (OSError, ValueError):
        pass                                       # the exit code tells it all the same


def warn(message: str) -> None:
    """A warning; the run goes on."""
    from .render.to_caret import visible

    say(f"bpcalc: warning: {visible(message)}")
