"""Work for sympy in a child process that is killed when its time is up.

The task and the answers are JSON; the child writes an answer a line as it goes, so what it found
before the end of its time counts.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import IO, Any

    Answers = Iterable[tuple[str, Any]]

SECONDS = 5.0
"""How long a child may take."""

_MEMORY = 2 << 30
_CODE = "import sys; sys.path.append(sys.argv[1]); from bpcalc.{} import child; child(sys.stdin, sys.stdout)"


def ask(module: str, task: dict[str, Any], seconds: float, answers: dict[str, Any]) -> str:
    """Run the function ``child`` of one of our modules on a task, in a process of its own.

    Whatever it wrote before its end goes to ``answers``.  Says in words how it ended; nothing where it
    came to its own end.
    """
    import json
    import os
    import subprocess

    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    command = [sys.executable, "-P", "-c", _CODE.format(module), here]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,  # noqa: S603 - our own program
                          stderr=subprocess.DEVNULL, text=True, encoding="utf-8") as process:
        try:
            text, _ = process.communicate(json.dumps(task), timeout=seconds)
            ended = "" if process.returncode == 0 else "sympy ran out of memory or broke off"
        except subprocess.TimeoutExpired:
            process.kill()
            text, _ = process.communicate()
            ended = f"after {seconds:g} seconds"
        except BaseException:
            process.kill()
            raise
    for line in text.splitlines():
        if line.endswith("]"):                     # a line cut by the kill does not
            key, answer = json.loads(line)
            answers[key] = answer
    return ended


def serve(work: Callable[[dict[str, Any]], Answers], stdin: IO[str], stdout: IO[str]) -> None:
    """What runs in the child process: a task in, a line of JSON for every answer out."""
    import json

    _limit_memory()
    for key, answer in work(json.load(stdin)):
        stdout.write(json.dumps([key, answer]) + "\n")
        stdout.flush()


def _limit_memory() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    except (ImportError, ValueError, OSError):  # pragma: no cover - another system: the time limit remains
        pass
