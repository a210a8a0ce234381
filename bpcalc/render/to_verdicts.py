"""Verdicts on answers, for people and as JSON; right numbers only where they are asked for."""

from __future__ import annotations

from ..homework.check import FOLLOWS, MISSING, RIGHT, AnswerVerdict
from .numbers import show
from .symbols import Symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def render(verdicts: Sequence[AnswerVerdict], reveal: bool = False, digits: int = 6,
           symbols: Symbols | None = None) -> str:
    """One line an answer, a hint below a wrong one, and the score."""
    symbols = symbols or Symbols()
    keys = [f"{verdict.key} = {verdict.answer.typed}" if verdict.answer else verdict.key for verdict in verdicts]
    width = max(map(len, keys), default=0)
    lines = []
    for key, verdict in zip(keys, verdicts):
        sign = {RIGHT: symbols.yes, FOLLOWS: symbols.both, MISSING: "?"}.get(verdict.status, symbols.no)
        words = {RIGHT: "right", FOLLOWS: "counts as right", MISSING: "missing"}.get(verdict.status, "wrong")
        note = f": {verdict.note}" if verdict.note else ""
        expected = f" (it is {show(verdict.expected, digits)})" if reveal and verdict.status != RIGHT else ""
        lines.append(f"{sign}  {key:<{width}}  {words}{note}{expected}")
        if verdict.hint:
            lines.append(f"   {'':<{width}}  hint: {verdict.hint}")
    right = sum(verdict.passed for verdict in verdicts)
    lines.append(f"{right} of {len(verdicts)} right")
    return "".join(f"{line}\n" for line in lines)


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
