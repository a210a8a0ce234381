"""Files and standard streams: texts and rows in, results out, and the words for what goes wrong with them."""

from __future__ import annotations

import os
import sys

from .errors import InputProblem
from .terminal import is_terminal, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Literal, TextIO

STDIN = "standard input"


def cannot_read(path: str, error: Exception) -> InputProblem:
    """The error for a file that cannot be read."""
    if not isinstance(error, OSError):             # a zero byte in a name, for example
        return InputProblem(f"cannot read {path!r}: not a file's name")
    return InputProblem(f"cannot read {path}: {(error.strerror or str(error)).lower()}")


def read_text(path: str) -> str:
    """The text of a file, as UTF-8 with or without a byte order mark.

    Raises InputProblem when it cannot be opened or is not UTF-8.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except (OSError, ValueError) as error:
        raise cannot_read(path, error) from None
    return decode(data, path)


def read_given(path: str) -> tuple[str, str]:
    """The text of a file that an option names, - being standard input, and what to call it.

    Raises what :func:`read_text` raises.
    """
    if path != "-":
        return read_text(path), path
    stdin = _stdin()
    if is_terminal(stdin):
        say("reading from standard input; end with Ctrl-D")
    try:
        return decode(stdin.buffer.read(), STDIN), STDIN
    except OSError as error:
        raise cannot_read(STDIN, error) from None


def open_given(path: str) -> tuple[TextIO, str]:
    """A file of rows that an option names, to be read as it goes, and what to call it.

    Raises InputProblem when it cannot be opened.
    """
    if path == "-":
        import io

        return io.TextIOWrapper(_stdin().buffer, encoding="utf-8-sig", newline=""), STDIN
    try:
        return open(path, encoding="utf-8-sig", newline=""), path
    except (OSError, ValueError) as error:
        raise cannot_read(path, error) from None


def _stdin() -> TextIO:
    if sys.stdin is None:
        raise InputProblem("standard input is closed")
    return sys.stdin


def decode(data: bytes, name: str) -> str:
    """UTF-8 with or without a byte order mark; line ends become line feeds.

    Raises InputProblem naming the offset of the first byte that is not UTF-8.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "save it as UTF-8"
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            hint = "it looks like UTF-16; save it as UTF-8"
        raise InputProblem(f"{name} is not UTF-8: byte 0x{data[error.start]:02X} at offset {error.start}",
                           hint=hint) from None
    return text.replace("\r\n", "\n")


# ------------------------------------------------------------------------------------------- rows
def separator(line: str) -> str:
    """What stands between the cells of a table whose first row is ``line``: spreadsheets of many countries write ;."""
    return max(",;\t", key=line.count)


def csv_rows(lines: Iterable[str], mark: str, start: int = 1) -> Iterator[tuple[int, list[str], str]]:
    """The rows of CSV: the line where each begins, its cells, and why it cannot be read, if so.

    ``start`` is the number of the first line.  What cannot be read has no cells, and stops no other row.
    """
    import csv

    reader = csv.reader(lines, delimiter=mark)
    while True:
        line = start + reader.line_num             # where it begins: quotes may hold line ends
        try:
            yield line, next(reader), ""
        except StopIteration:
            return
        except csv.Error as error:
            yield line, [], str(error)


# ---------------------------------------------------------------------------------------- results
def write(pieces: Iterable[str] | bytes, target: str | None) -> None:
    """Write a result to standard output, or to the file ``target``, whole or not at all.

    Raises OSError.
    """
    if target is not None:
        _write_file(pieces, target)
        return
    if sys.stdout is None:
        raise OSError(9, os.strerror(9))
    if isinstance(pieces, bytes):
        sys.stdout.buffer.write(pieces)
        sys.stdout.flush()
        return
    for piece in pieces:
        sys.stdout.write(piece)
    sys.stdout.flush()


def _write_file(pieces: Iterable[str] | bytes, target: str) -> None:
    """The whole file or none: a temporary file beside it takes its place when it is complete."""
    if os.path.exists(target) and not os.path.isfile(target):
        _fill(target, "w", pieces)                 # a pipe or a device has no place to take
        return
    real = os.path.realpath(target)
    kept = os.path.exists(real)
    if kept and not os.access(real, os.W_OK):
        raise PermissionError(13, os.strerror(13))
    # The name is known before the file exists, so that no moment of an interrupt leaves it behind.
    name = os.path.join(os.path.dirname(real), f".bpcalc-{os.urandom(8).hex()}")
    try:
        _fill(name, "x", pieces)
        if kept:
            os.chmod(name, os.stat(real).st_mode & 0o777)
        os.replace(name, real)
    except BaseException:
        try:
            os.unlink(name)
        except OSError:
            pass                                   # it was never made, or is in its place already
        raise


def _fill(path: str, mode: Literal["w", "x"], pieces: Iterable[str] | bytes) -> None:
    if isinstance(pieces, bytes):
        with open(path, "wb" if mode == "w" else "xb") as picture:
            picture.write(pieces)
        return
    with open(path, mode, encoding="utf-8", newline="\n") as file:
        file.writelines(pieces)
