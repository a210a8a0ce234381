"""Judging answers: right, right within its rounding, following from an earlier one, or wrong, and why.

Rounding: an answer is right when it is the exact number rounded to the digit it was typed to; the
typed digit must be at least the exact number's first.  ``rounded early`` is an answer that follows
when the student's other right answers, or every step rounded to some decimals, are carried on.
"""

from __future__ import annotations

from math import floor, log10, trunc, ulp

from ..errors import UsageProblem
from ..report import Report
from . import replay
from .answers import GRADIENT, LOCAL, VALUE, Answer
from .mistakes import wrong_numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..report import Step

RIGHT, FOLLOWS, WRONG, MISSING = "right", "follows", "wrong", "missing"
REQUIRE = ("given", "leaves", "all")


class AnswerVerdict:
    """The judgement of one answer.

    ``status`` is right, follows (from a wrong answer; not a mistake of its own), wrong or missing;
    ``note`` qualifies it; ``mistake`` is the code of the diagnosed slip and ``hint`` what to think
    about; ``expected`` the right number (None if undefined).
    """

    __slots__ = ("answer", "expected", "hint", "key", "mistake", "note", "status")

    def __init__(self, key: str, answer: Answer | None, status: str, expected: float | None, note: str = "",
                 mistake: str | None = None, hint: str = "") -> None:
        self.key = key
        self.answer = answer
        self.status = status
        self.expected = expected
        self.note = note
        self.mistake = mistake
        self.hint = hint

    @property
    def passed(self) -> bool:
        """Whether the answer counts as right."""
        return self.status in (RIGHT, FOLLOWS)


def check(report: Report, answers: Sequence[Answer], require: str = "given", strict: bool = False,
          tolerance: float | None = None) -> list[AnswerVerdict]:
    """A verdict for every answer, and one for every answer that is missing.

    ``require`` asks for the ``leaves``' gradients or ``all`` named values and gradients; ``strict`` lets
    no early rounding, truncation or following answer pass; ``tolerance`` is a relative one that
    replaces the typed digits.
    """
    if require not in REQUIRE:
        raise UsageProblem(f"answers can be required for {', '.join(REQUIRE)}, not '{require}'")
    judge = _Judge(report, answers, strict, tolerance)
    verdicts = [judge.verdict(answer) for answer in answers]
    given = {(answer.kind, answer.node) for answer in answers}
    for kind, k in _required(report, require):
        if (kind, k) not in given:
            label = report.label(k)
            key = label if kind == VALUE else f"d{report.symbol}/d{label}"
            verdicts.append(AnswerVerdict(key, None, MISSING, judge.exact(kind, k, None)))
    return verdicts


def _required(report: Report, require: str) -> Iterable[tuple[str, int]]:
    graph = report.graph
    if require == "given":
        return []
    leaves = [(GRADIENT, k) for k in report._gradients.leaves]
    if require == "leaves":
        return leaves
    steps = [k for k in graph.names if graph.args(k)]
    if graph.output not in steps:
        steps.append(graph.output)
    live = [(GRADIENT, k) for k in steps if report.is_live(k) and k != graph.output]
    return [*((VALUE, k) for k in steps), *leaves, *(item for item in live if item not in leaves)]


class _Judge:
    def __init__(self, report: Report, answers: Sequence[Answer], strict: bool, tolerance: float | None) -> None:
        self.report = report
        self.answers = answers
        self.strict = strict
        self.tolerance = tolerance
        self.small = len(report) <= replay.LIMIT
        self._steps: dict[int, Step] | None = None
        self.right = {id(answer) for answer in answers if self._plainly_right(answer)}

    # ------------------------------------------------------------------------------------- numbers
    def exact(self, kind: str, k: int, input: int | None) -> float | None:
        report = self.report
        if kind == VALUE:
            return report.trace.values[k]
        if kind == GRADIENT:
            return report.gradient(k) if report.is_live(k) else 0.0
        found = [report._gradients.local(k, slot) for slot, i in enumerate(report.graph.args(k)) if i == input]
        return None if None in found else sum(number for number in found if number is not None)

    def fits(self, answer: Answer, exact: float) -> bool:
        """Whether the answer is ``exact``, rounded to the digit it was typed to."""
        distance = abs(answer.value - exact)
        if self.tolerance is not None:
            return distance <= self.tolerance * abs(exact)
        slack = 4 * ulp(exact) + 1e-12 * abs(exact)
        if answer.unit is None:
            return distance <= 1e-9 * abs(exact) + 4 * ulp(exact)
        return distance <= self._unit(answer.unit, exact) / 2 + slack

    def truncates(self, answer: Answer, exact: float) -> bool:
        """Whether the answer is ``exact`` with the further digits cut off."""
        if answer.unit is None or self.tolerance is not None or not exact:
            return False
        unit = self._unit(answer.unit, exact)
        return abs(trunc(exact / unit) * unit - answer.value) <= 1e-9 * unit and answer.value != 0

    @staticmethod
    def _unit(unit: float, exact: float) -> float:
        # At least the first digit has to be there: 1 is no rounding of 0.7, nor 0 of 0.3.
        if exact == 0:
            return min(unit, 1e-9)
        return min(unit, 10.0 ** floor(log10(abs(exact))))

    def _plainly_right(self, answer: Answer) -> bool:
        exact = self.exact(answer.kind, answer.node, answer.input)
        return exact is not None and self.fits(answer, exact)

    # ------------------------------------------------------------------------------------ verdicts
    def verdict(self, answer: Answer) -> AnswerVerdict:
        exact = self.exact(answer.kind, answer.node, answer.input)
        if exact is None:
            return AnswerVerdict(answer.key, answer, WRONG, None, "the derivative does not exist here")
        if id(answer) in self.right:
            return AnswerVerdict(answer.key, answer, RIGHT, exact)
        if self._is_subgradient(answer):
            return AnswerVerdict(answer.key, answer, RIGHT, exact,
                                 "any number between the slopes on both sides of the kink is right")
        if not self.strict and self.truncates(answer, exact):
            return AnswerVerdict(answer.key, answer, RIGHT, exact, "truncated, not rounded")
        if self.small and not self.strict:
            if self.tolerance is None and self._rounded_early(answer):
                return AnswerVerdict(answer.key, answer, RIGHT, exact, "rounded early: carry more digits on the way")
            source = self._follows_from(answer)
            if source is not None:
                return AnswerVerdict(answer.key, answer, FOLLOWS, exact,
                                     f"follows from your {source.key} = {source.typed}")
        return self._diagnosed(answer, exact)

    def _is_subgradient(self, answer: Answer) -> bool:
        """A gradient at a kink is right anywhere between the one-sided slopes."""
        if answer.kind == VALUE or not any(note.code == "kink" for note in self.report.notes) or not self.small:
            return False
        kinks = {note.node for note in self.report.notes if note.code == "kink"}
        found = []
        for side in (0.0, 1.0):
            def change(k: int, slot: int, local: float, side: float = side) -> float:
                return self._side(k, slot, local, side, kinks)

            grads = replay.backward(self.report, self.report.trace.values, {}, change=change)
            if grads is not None:
                found.append(grads[answer.node])
        if answer.kind == LOCAL:
            slot = self.report.graph.args(answer.node).index(answer.input or 0)
            found = [self._side(answer.node, slot, 0.0, side, kinks) for side in (0.0, 1.0)]
        return len(found) == 2 and min(found) - 1e-12 <= answer.value <= max(found) + 1e-12 and found[0] != found[1]

    def _side(self, k: int, slot: int, local: float, side: float, kinks: set[int | None]) -> float:
        if k not in kinks:
            return local
        row = self.report.graph.row(k)
        values = self.report.trace.values
        args = self.report.graph.args(k)
        if row.variadic:
            return side if values[args[slot]] == values[k] else 0.0
        if row.name == "abs":
            return 2 * side - 1
        if row.name in ("relu", "clip"):
            return side if slot == 0 else local
        if row.name in ("leaky_relu", "elu"):
            return side if slot else side * 1.0 + (1 - side) * values[args[1]]
        return local

    def _others(self, answer: Answer, right: bool) -> list[Answer]:
        return [other for other in self.answers
                if other is not answer and other.kind != LOCAL and (id(other) in self.right) == right]

    def _replayed(self, answer: Answer, used: Iterable[Answer],
                  tidy: Callable[[float], float] | None = None) -> float | None:
        used = list(used)
        values = replay.forward(self.report, {other.node: other.value for other in used if other.kind == VALUE}, tidy)
        if values is None:
            return None
        if answer.kind == VALUE:
            return values[answer.node]
        if answer.kind == LOCAL:
            return None
        given = {other.node: other.value for other in used if other.kind == GRADIENT}
        grads = replay.backward(self.report, values, given, tidy)
        return None if grads is None else grads[answer.node]

    def _rounded_early(self, answer: Answer) -> bool:
        own = self._others(answer, right=True)
        if own:
            found = self._replayed(answer, own)
            if found is not None and self.fits(answer, found):
                return True
        for decimals in range(1, 7):
            def tidy(x: float, decimals: int = decimals) -> float:
                return round(x, decimals)

            found = self._replayed(answer, [], tidy)
            if found is not None and found and self.fits(answer, found):
                return True
        return False

    def _follows_from(self, answer: Answer) -> Answer | None:
        """The wrong answer that this one is a right consequence of."""
        wrong = self._others(answer, right=False)
        for source in wrong:
            found = self._replayed(answer, [source])
            if found is not None and self.fits(answer, found) and source.node != answer.node:
                return source
        if len(wrong) > 1:
            found = self._replayed(answer, wrong)
            if found is not None and self.fits(answer, found):
                return wrong[0]
        return None

    def _diagnosed(self, answer: Answer, exact: float) -> AnswerVerdict:
        note = mistake = None
        hint = ""
        if answer.kind == GRADIENT and self.small and self.report.is_live(answer.node):
            for row, where, number in wrong_numbers(self.report, answer.node, self._all_steps()):
                if self.fits(answer, number) and not self.fits(answer, exact) and number != exact \
                        and not (answer.unit is not None and answer.value == 0 and number != 0):
                    note, mistake, hint = row.say.format(where=where), row.code, row.hint
                    break
        elif answer.value and self.fits(answer, -exact):
            note, mistake, hint = "the sign is wrong", "sign", "follow the minus signs"
        if mistake is None and exact and self._nearly(answer, exact):
            note, mistake = "close, but not to the digits that were typed", "digits"
            hint = "carry more digits, and round once, at the end"
        return AnswerVerdict(answer.key, answer, WRONG, exact, note or "", mistake, hint)

    def _nearly(self, answer: Answer, exact: float) -> bool:
        return abs(answer.value - exact) <= 0.05 * abs(exact)

    def _all_steps(self) -> dict[int, Step]:
        if self._steps is None:
            self._steps = {k: self.report.step(k, []) for k in range(len(self.report)) if self.report.shows(k)}
        return self._steps
