"""The command line: words in, streams and exit codes out.

Nothing is printed on the way: ``execute`` returns its output and ``run`` writes it once, so on
failure standard output stays empty, and a full disk or a closed pipe is met in one place.

Exit codes: 0 done, and every answer right; 1 an answer or a cross-check is wrong; 2 bad input,
usage or a file; 70 an internal error; 130 interrupted; 141 the reader went away.
"""

from __future__ import annotations

import os
import sys

from . import __version__
from .errors import BpcalcError, InputProblem, LimitProblem
from .options import BY_NAME, EXAMPLES, USAGE, sort
from .terminal import Screen, is_terminal, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .request import Output


def execute(options: dict[str, Any], words: list[str]) -> Output:
    """What is to be written, and the exit code, or what gives the code when all has been written.

    Raises BpcalcError for anything wrong with what the user gave.
    """
    if options["help"]:
        from .command import help_text  # click: help and completion are all it is needed for

        return [help_text()], 0
    if options["version"]:
        return [f"bpcalc {__version__}\n"], 0
    from .request import Request

    request = Request(options, words)
    mode = request.mode.name
    if mode == "functions":
        from .runs.functions import made
    elif mode == "practice":
        from .runs.practice import made
    elif mode == "batch":
        from .runs.batch import made
    elif mode in ("check", "grade", "worksheet"):
        from .runs.homework import made
    else:
        from .runs.report import made
    return made(request)


def run(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code; every outcome is met here."""
    words = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # an odd letter never ends a run
    as_json = "--json" in words or "--format=json" in words or ("--format", "json") in zip(words, words[1:])
    target: list[str] = []
    problem: BpcalcError | None = None
    try:
        return _attempt(words, target, argv is None and sys.getfilesystemencoding() != "utf-8")
    except BpcalcError as error:
        problem = error.with_traceback(None)       # what its frames held is not needed to tell about it
    except KeyboardInterrupt:
        say("bpcalc: interrupted")
        return 130
    except MemoryError:
        pass
    except OSError as error:
        if error.errno != 12:                      # ENOMEM: memory again
            return _cannot_write(error, target[0] if target else None, as_json)
    except Exception as error:
        if os.environ.get("BPCALC_DEBUG"):
            raise
        from .render.to_caret import visible

        say(visible(f"bpcalc: internal error (please report it): {type(error).__name__}: {error!s:.200}"))
        return 70
    try:
        if problem is not None:
            return _fail(problem, as_json)
    except MemoryError:
        del problem
    # Here the exception and all that its frames held are gone, so there is memory to speak with.
    return _fail(LimitProblem("there is not enough memory for this"), as_json)


def _attempt(words: list[str], target: list[str], locale: bool) -> int:
    """The run itself; the file it writes to is noted in ``target`` for whoever meets the error.

    ``locale`` says that the words were decoded by a locale that is not UTF-8.
    """
    if not words:
        say(f"{USAGE}\n\nFor example:\n  {EXAMPLES[0][0]}")
        return 2
    options, others = sort(words)
    if options["output"] is not None:
        target.append(options["output"])
    if locale:
        others = [_reread(word) for word in others]
        for option in BY_NAME.values():
            value = options[option.key]
            if isinstance(value, tuple):
                options[option.key] = tuple(map(_reread, value))
            elif isinstance(value, str) and not option.is_path:
                options[option.key] = _reread(value)
    pieces, code = execute(options, others)
    from .files import write  # reading the input has loaded it

    write(pieces, options["output"])
    return code if isinstance(code, int) else code()


def _reread(word: str) -> str:
    """A word in whose bytes another locale saw other letters, as UTF-8 where it is that.

    Text in Latin-1 or its like is hardly ever valid UTF-8 by chance; paths are left as they are.
    """
    try:
        return os.fsencode(word).decode()
    except UnicodeDecodeError:
        return word


def _fail(error: BpcalcError, as_json: bool) -> int:
    if as_json:
        from .render.to_json import error_line

        say(error_line(error).rstrip("\n"))
    else:
        from .render.to_caret import render

        encoding = getattr(sys.stderr, "encoding", None) or "ascii"
        # In a log or another program's hands a message stays one line; for a person it has to fit.
        room = Screen(sys.stderr).width if is_terminal(sys.stderr) else None
        say(render(error, encoding, room).rstrip("\n"))
    return 2


def _cannot_write(error: OSError, target: str | None, as_json: bool) -> int:
    import errno

    gone = error.errno in (errno.EPIPE, errno.EINVAL) and target is None
    if sys.stdout is not None and target is None:
        try:                                   # so that the flush at exit does not fail again
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (OSError, ValueError):
            pass
    if gone:
        return 141
    where = "the result" if target is None else target
    return _fail(InputProblem(f"cannot write {where}: {(error.strerror or str(error)).lower()}"), as_json)


def _unraisable(met: sys.UnraisableHookArgs) -> None:
    """Meet an error that cannot be raised, as in a generator that is given up.

    Where memory runs out there, it has ended the run, which is told about; anything else is a fault to be seen.
    """
    if met.exc_type is not MemoryError:
        sys.__unraisablehook__(met)


def main() -> None:
    """The console script."""
    import gc

    gc.disable()  # a run makes no cycles worth collecting, and lives for a moment
    sys.unraisablehook = _unraisable
    if os.environ.get("_BPCALC_COMPLETE"):
        from .command import command

        command.main(prog_name="bpcalc", windows_expand_args=False)
    code = run()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(code)  # everything is written; taking the interpreter apart would cost a tenth of the run
