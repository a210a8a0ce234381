"""Practice as a conversation: which number is asked for next, and what comes of a line that was typed.

Nothing is read or written here: ``cli.py`` passes lines in, and ``render/to_practice.py`` puts what
happened into words.
"""

from __future__ import annotations

from ..errors import BpcalcError
from .answers import Answer, Place, is_blank, key_of, read_answer
from .check import WRONG, AnswerVerdict, Judge
from .practice import Exercise

TRIES = 3
"""After so many wrong answers to a question the right one is offered."""

VERDICT, SKIPPED, HINT, REVEALED, UNREADABLE = "verdict", "skipped", "hint", "revealed", "unreadable"


class Reply:
    """What came of a line: what ``happened``, and the words, verdict or number that belong to it."""

    __slots__ = ("happened", "number", "offer", "verdict", "words")

    def __init__(self, happened: str, words: str = "", verdict: AnswerVerdict | None = None,
                 number: float | None = None, offer: bool = False) -> None:
        self.happened = happened
        self.words = words
        self.verdict = verdict
        self.number = number
        self.offer = offer


class Session:
    """One exercise, asked value by value.

    ``right`` counts the answers that were right at the first try, ``wrong`` the mistakes by code.
    """

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.judge = Judge(exercise.report)
        self.places = exercise.places()
        self.at = 0
        self.right = 0
        self.wrong: dict[str, int] = {}
        self._tries = 0
        self._hinted = False
        self._answers: dict[Place, Answer] = {}

    @property
    def place(self) -> Place | None:
        """What is asked for now; None when all is done."""
        return self.places[self.at] if self.at < len(self.places) else None

    def take(self, line: str) -> Reply:
        """What comes of a line: a number, ``?`` for a hint, ``??`` for the number, or nothing to skip."""
        place = self.places[self.at]
        if line.strip() in ("?", "??"):
            if self._hinted or line.strip() == "??":
                number = self.judge.exact(place)
                self._next()
                return Reply(REVEALED, number=number)
            self._hinted = True
            return Reply(HINT, self.judge.advice(place))
        if is_blank(line):
            self._next()
            return Reply(SKIPPED)
        key = key_of(place, self.exercise.report)
        try:
            answer = read_answer(key, place, _value(line))
        except BpcalcError:
            return Reply(UNREADABLE)
        self._answers[place] = answer
        verdict = self.judge.verdicts(list(self._answers.values()))[-1]
        self._tries += 1
        if verdict.status == WRONG:
            code = verdict.mistake or "other"
            self.wrong[code] = self.wrong.get(code, 0) + 1
            return Reply(VERDICT, verdict=verdict, offer=self._tries >= TRIES)
        self.right += self._tries == 1 and not self._hinted
        self._next()
        return Reply(VERDICT, verdict=verdict)

    def _next(self) -> None:
        self.at += 1
        self._tries = 0
        self._hinted = False


def _value(line: str) -> str:
    """What was typed, without a key that was typed along."""
    return line.rpartition("=")[2].strip()
