"""Verdicts on answers, for people and as JSON; right numbers only where they are asked for."""

from __future__ import annotations

from ..homework.check import FOLLOWS, MISSING, RIGHT, UNREADABLE, AnswerVerdict
from .numbers import show
from .symbols import Symbols
from .wrap import wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def render(verdicts: Sequence[AnswerVerdict], reveal: bool = False, digits: int = 6,
           symbols: Symbols | None = None, room: int | None = None) -> str:
    """A line for every answer, a hint below a wrong one, and the score; long lines go on below within ``room``."""
    symbols = symbols or Symbols()
    keys = [_plain(f"{verdict.key} = {verdict.answer.typed}" if verdict.answer else verdict.key)
            for verdict in verdicts]
    width = max(map(len, keys), default=0)
    lines = []
    for key, verdict in zip(keys, verdicts):
        sign = {RIGHT: symbols.yes, FOLLOWS: symbols.both, MISSING: "?"}.get(verdict.status, symbols.no)
        words = {RIGHT: "right", FOLLOWS: "counts as right", MISSING: "missing", UNREADABLE: "unreadable"}.get(
            verdict.status, "wrong")
        note = f": {_plain(verdict.note)}" if verdict.note else ""
        revealed = reveal and verdict.status not in (RIGHT, UNREADABLE)
        expected = f" (it is {show(verdict.expected, digits)})" if revealed else ""
        lead = " " * (len(sign) + width + 4)
        lines += wrapped(f"{sign}  {key:<{width}}  ", f"{words}{note}{expected}", lead, room)
        if verdict.hint:
            lines += wrapped(f"{lead}hint: ", _plain(verdict.hint), f"{lead}      ", room)
    right = sum(verdict.passed for verdict in verdicts)
    lines.append(f"{right} of {len(verdicts)} right")
    return "".join(f"{line}\n" for line in lines)


def _plain(text: str) -> str:
    """A text, which may be anything where an answer could not be read, without what a terminal would obey."""
    if text.isprintable():
        return text
    from .to_caret import visible

    return visible(text)


def as_json(verdicts: Sequence[AnswerVerdict], reveal: bool = False) -> list[dict[str, Any]]:
    """The verdicts as records."""
    records = []
    for verdict in verdicts:
        record: dict[str, Any] = {
            "key": verdict.key, "answer": None if verdict.answer is None else verdict.answer.value,
            "status": verdict.status, "note": verdict.note, "mistake": verdict.mistake, "hint": verdict.hint,
            "others": list(verdict.others)}
        if reveal:
            record["expected"] = verdict.expected
        records.append(record)
    return records
