"""Judging answers: right, right within its rounding, following from an earlier one, or wrong, and why.

An answer is right when it is the exact number rounded to the digit it was typed to.  ``rounded early``
is an answer that follows when the student's own right answers, or every step rounded to some decimals,
are carried on; one that follows from a wrong answer, or from the slip behind it, is no second mistake.
"""

from __future__ import annotations

from ..errors import BpcalcError, Source, UsageProblem
from ..report import Report
from . import rounding
from .answers import (
    DERIVATIVE,
    GRADIENT,
    LOCAL,
    NEW,
    VALUE,
    Answer,
    Place,
    entry,
    indices,
    key_of,
    no_update,
    resolve,
    shape_at,
)
from .replay import LIMIT, Pins, Plan, Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from ..descent import Descent
    from .answers import Unread
    from .causes import Cause, Search, Update
    from .derivatives import Derivatives
    from .kinks import Kinks

RIGHT, FOLLOWS, WRONG, MISSING, UNREADABLE = "right", "follows", "wrong", "missing", "unreadable"
REQUIRE = ("given", "leaves", "all")

_JUDGED = 100_000
"""How many judgements are kept: the same answers come again and again in a class."""

_RUNS = 1_000
"""How many runs with students' numbers in their places are kept, and as many searches on them."""

CARRIED = 0.01
"""A student may go on with digits that were not typed: so far, relative to the number, at most."""

_ROUNDED = 0.001
"""A number that is rounded by more of it than this is poor evidence where another is hit exactly."""

_NOWHERE = "the derivative does not exist here"

_FINEST = 6
_FAR = 0.1
"""Rounding every step is no excuse for an answer that is off by more than a tenth."""


class AnswerVerdict:
    """The judgement of one answer.

    ``status`` is right, follows (from a wrong answer; not a mistake of its own), wrong, missing or unreadable;
    ``note`` qualifies it; ``mistake`` is the code of the diagnosed slip, ``hint`` what to think about,
    and ``others`` the codes of further mistakes that lead to the same number; ``expected`` is the
    right number (None if undefined).
    """

    __slots__ = ("answer", "expected", "hint", "key", "mistake", "note", "others", "status")

    def __init__(self, key: str, answer: Answer | None, status: str, expected: float | None, note: str = "",
                 mistake: str | None = None, hint: str = "", others: Sequence[str] = ()) -> None:
        self.key = key
        self.answer = answer
        self.status = status
        self.expected = expected
        self.note = note
        self.mistake = mistake
        self.hint = hint
        self.others = tuple(others)

    @property
    def passed(self) -> bool:
        """Whether the answer counts as right."""
        return self.status in (RIGHT, FOLLOWS)

    def __repr__(self) -> str:
        return f"AnswerVerdict({self.key!r}, {self.status!r}, note={self.note!r}, mistake={self.mistake!r})"


class Judgement:
    """What is found about an answer before the whole sheet is looked at."""

    __slots__ = ("causes", "note", "status")

    def __init__(self, status: str, note: str = "", causes: Sequence[Cause] = ()) -> None:
        self.status = status
        self.note = note
        self.causes = list(causes)


def check(report: Report, answers: Sequence[Answer], require: str = "given", strict: bool = False,
          tolerance: float | None = None, learned: Descent | None = None,
          unread: Sequence[Unread] = (), carried: Report | None = None) -> list[AnswerVerdict]:
    """A verdict for every answer, also for those that could not be read, and one for every answer that is missing.

    ``require`` asks for the ``leaves``' gradients or ``all`` named values and gradients; ``strict`` lets
    no early rounding, truncation, choice at a kink or following answer pass; ``tolerance`` is a relative one that
    replaces the typed digits; ``learned`` is the update that keys such as ``new w`` are about; ``carried`` is the same
    run in hand arithmetic, whose numbers are right as well.

    Raises UsageProblem for settings that make no sense.
    """
    verdicts = Judge(report, strict, tolerance, learned, carried).verdicts(answers, require)
    if not unread:
        return verdicts
    there = {key_of(item.place, report) for item in unread if item.place is not None}
    return [*verdicts[:len(answers)], *map(_unreadable, unread),
            *(verdict for verdict in verdicts[len(answers):] if verdict.key not in there)]


def _unreadable(item: Unread) -> AnswerVerdict:
    problem = item.problem
    message = problem.message.partition(" cannot be read: ")[2] or problem.message
    where = f"{problem.source.name}: " if problem.source is not None else ""
    answer = Answer(item.key, item.place or (VALUE, 0, None), None, item.typed) if item.typed else None
    return AnswerVerdict(item.key, answer, UNREADABLE, None, f"{where}{message}", hint=problem.hint or "")


class Judge:
    """Judges any number of answer sheets for one report; see :func:`check` for the settings."""

    def __init__(self, report: Report, strict: bool = False, tolerance: float | None = None,
                 learned: Descent | None = None, carried: Report | None = None) -> None:
        if tolerance is not None and not 0 <= tolerance < 1:
            raise UsageProblem("a tolerance is a relative error from 0 to 1, for example 0.01")
        self.report = report
        self.strict = strict
        self.tolerance = tolerance
        self.learned = learned
        self.carried = None if carried is None else Judge(carried, strict, tolerance)
        self.small = len(report) <= LIMIT and not report.trace.arrays
        self._plan: Plan | None = None
        self._update: Update | None = None
        self._runs: dict[object, Run | None] = {}
        self._searches: dict[Run, Search] = {}
        self._kinks: Kinks | None = None
        self._judged: dict[object, Judgement] = {}
        self._above: dict[int, frozenset[int]] = {}
        self._entries: tuple[Judge, ...] | None = None
        self._derivatives: Derivatives | None = None

    def verdicts(self, answers: Sequence[Answer], require: str = "given") -> list[AnswerVerdict]:
        """A verdict for every answer, in order, and then for every answer that is missing."""
        if require not in REQUIRE:
            raise UsageProblem(f"answers can be required for {', '.join(REQUIRE)}, not '{require}'")
        judged: dict[Place, tuple[Answer, Judgement]] = {}
        for answer in sorted(answers, key=_rank):
            earlier = [(other, found) for other, found in judged.values() if self._matters(other, answer)]
            judged[answer.place] = answer, self.judged(answer, earlier)
        found = [judged[answer.place] for answer in answers]
        chosen, same = self._grouped(found)
        verdicts = [self._verdict(answer, judgement, chosen.get(answer.place), same.get(answer.place))
                    for answer, judgement in found]
        if self.report.trace.arrays and any(verdict.status == WRONG for verdict in verdicts):
            verdicts = self._by_entry(answers, verdicts, same)
        for place in required(self.report, require):
            if place not in judged:
                verdicts.append(AnswerVerdict(key_of(place, self.report), None, MISSING, self.exact(place)))
        return verdicts

    def _by_entry(self, answers: Sequence[Answer], verdicts: list[AnswerVerdict],
                  same: dict[Place, Answer]) -> list[AnswerVerdict]:
        """The verdicts where the graph opened into its entries knows more about what is wrong."""
        if self._entries is None:
            self._entries = self._opened()
        judge = self._entries[0] if self._entries else None
        named = {*self.report.graph.names, self.report.graph.output}
        # Nodes without a name have other numbers there.
        if judge is None or any(answer.node not in named or (
                answer.kind in (LOCAL, DERIVATIVE) and answer.part not in named) for answer in answers):
            return verdicts
        try:
            places = [resolve(key_of(answer.place, self.report), judge.report, Source(answer.key))
                      for answer in answers]
        except BpcalcError:
            return verdicts
        theirs = judge.verdicts([Answer(answer.key, place, answer.value, answer.typed)
                                 for answer, place in zip(answers, places)])
        # Only the array as a whole has a diagonal.
        across = {answer.place for answer, verdict in zip(answers, verdicts) if verdict.mistake == "transposed"}
        return [verdict if verdict.status not in (WRONG, FOLLOWS) or same.get(answer.place, answer).place in across
                else found for answer, verdict, found in zip(answers, verdicts, theirs)]

    def _opened(self) -> tuple[Judge, ...]:
        """The judge of the graph opened into its entries, if that is small."""
        if sum(getattr(value, "size", 1) for value in self.report.trace.values) > LIMIT:
            return ()
        from ..opened import opened, updated

        try:
            judge = Judge(opened(self.report), self.strict, self.tolerance,
                          None if self.learned is None else updated(self.learned))
        except BpcalcError:
            return ()
        return (judge,) if judge.small else ()

    # ------------------------------------------------------------------------------------- numbers
    def exact(self, place: Place) -> float | None:
        """The right number at a place; None where it does not exist."""
        report = self.report
        kind, k, i = place
        if kind == VALUE:
            return entry(report.trace.values[k], i)
        if kind == GRADIENT:
            return entry(report.gradient(k), i) if report.is_live(k) else 0.0
        if kind == NEW:
            return self.new(k, i)
        if kind == DERIVATIVE and isinstance(i, int):
            return self.derivatives.exact(k, i)
        found = [report._gradients.local(k, slot) for slot, j in enumerate(report.graph.args(k)) if j == i]
        return None if None in found else sum(number for number in found if number is not None)

    @property
    def derivatives(self) -> Derivatives:
        """What is known about the derivatives of single steps, loaded when one is asked for."""
        if self._derivatives is None:
            from .derivatives import Derivatives

            self._derivatives = Derivatives(self)
        return self._derivatives

    def new(self, k: int, part: object) -> float | None:
        """The value of a node after the update; None where it does not exist."""
        learned = self._descent(k)
        if self.small:
            update = self._updated(learned)
            return update.values[k] if update.exists else update.after.get(k)
        name = self.report.graph.names.get(k, "")
        if name in learned.names:
            return entry(learned.after[learned.names.index(name)], part) or 0.0
        if k == self.report.graph.output:
            return None if learned.lost else learned.losses[-1]
        raise UsageProblem("only the variables and the output are known after an update of so large a run",
                           hint="ask for new values of those")

    def _descent(self, k: int) -> Descent:
        if self.learned is None:
            raise no_update(key_of((NEW, k, None), self.report))
        return self.learned

    @property
    def plan(self) -> Plan:
        """The report's gates, made when first needed: right answers do not need them."""
        if self._plan is None:
            self._plan = Plan(self.report)
        return self._plan

    @property
    def update(self) -> Update | None:
        """The update that ``new`` keys are about, if there is one."""
        return None if self.learned is None else self._updated(self.learned)

    def _updated(self, learned: Descent) -> Update:
        if self._update is None:
            from .causes import Update

            self._update = Update(self.plan, learned)
        return self._update

    def fits(self, answer: Answer, exact: float, units: float = 1.0) -> bool:
        """Whether the answer is ``exact``, rounded to the digit it was typed to (or to ``units`` of it)."""
        if answer.value is None:
            return False
        if self.tolerance is not None:
            return abs(answer.value - exact) <= self.tolerance * abs(exact)
        unit = None if answer.unit is None else answer.unit * units
        return rounding.fits(answer.value, unit, exact)

    def is_exactly(self, answer: Answer) -> bool:
        """Whether an answer is this run's number to the digit."""
        exact = self.exact(answer.place)
        return answer.value is None if exact is None else self.fits(answer, exact)

    def _is_right(self, answer: Answer, exact: float) -> bool:
        if self.fits(answer, exact):
            return True
        if not self.small or answer.value is None or answer.kind not in (VALUE, GRADIENT):
            return False
        # Binary arithmetic leaves 5.6e-17 of (0.1 + 0.2) - 0.3, and 0 is right.
        noise = self.plan.noise[answer.kind == GRADIENT][answer.node]
        return abs(answer.value - exact) <= noise or (
            self.tolerance is None and rounding.fits(answer.value, answer.unit, exact, noise))

    # ------------------------------------------------------------------------------------ judgement
    def _matters(self, other: Answer, answer: Answer) -> bool:
        """Whether the number asked for can follow from the other answer, which is judged before it."""
        if answer.kind == NEW:
            return True
        if answer.kind == VALUE:
            return answer.node in self._users_of(other.node)
        if answer.kind == LOCAL:
            return other.kind == VALUE
        if answer.kind == DERIVATIVE:
            if other.kind == DERIVATIVE and other.node == answer.node:
                return other.under in self._users_of(answer.under)
            below = answer.node == other.node or answer.node in self._users_of(other.node)
            return below and (other.kind in (VALUE, LOCAL) or (
                other.kind == DERIVATIVE and other.under == answer.under))
        return other.kind == VALUE or other.node in self._users_of(answer.node)

    def _users_of(self, k: int) -> frozenset[int]:
        """All nodes that depend on node ``k``, not counting itself."""
        found = self._above.get(k)
        if found is None:
            graph = self.report.graph
            above = {k}
            if self.small:
                for j in range(k, len(graph)):
                    if not above.isdisjoint(graph.args(j)):
                        above.add(j)
            found = self._above[k] = frozenset(above - {k})
        return found

    def judged(self, answer: Answer, earlier: list[tuple[Answer, Judgement]]) -> Judgement:
        """What is found about an answer, which can follow from those in ``earlier``."""
        if answer.kind == DERIVATIVE:
            return self.derivatives.judged(answer, earlier)
        exact = self.exact(answer.place)
        if exact is not None and self._is_right(answer, exact):
            return Judgement(RIGHT)
        if self.carried is not None and answer.kind != NEW and self.carried.is_exactly(answer):
            decimals = self.carried.report.decimals
            return Judgement(RIGHT, f"with {decimals} decimal{'' if decimals == 1 else 's'} carried at every step")
        key = (answer.place, answer.typed, tuple((other.place, other.typed, found.status)
                                                 for other, found in earlier))
        found = self._judged.get(key)
        if found is None:
            found = self._judge(answer, exact, earlier)
            keep(self._judged, key, found, _JUDGED)
        return found

    def _judge(self, answer: Answer, exact: float | None, earlier: list[tuple[Answer, Judgement]]) -> Judgement:
        if exact is None:
            what = "it does not exist there" if answer.kind == NEW else _NOWHERE
            return Judgement(RIGHT) if answer.value is None else Judgement(WRONG, what)
        if answer.value is None:
            return Judgement(WRONG, "it exists here" if answer.kind != VALUE else "a value always exists")
        if self.small and self._is_subgradient(answer):
            if self.strict:
                return Judgement(WRONG, "it is between the slopes on both sides of the kink, but not the convention")
            return Judgement(RIGHT, "any number between the slopes on both sides of the kink is right")
        if not self.strict and self.tolerance is None:
            if rounding.is_cut(answer.value, answer.unit, exact):
                return Judgement(RIGHT, "truncated, not rounded")
            if rounding.is_lost(answer.value, answer.unit, exact):
                return Judgement(RIGHT, "all its digits were rounded away: give at least one")
        if not self.small:
            from .causes import BareSpot

            spot = BareSpot(self.report, answer.place, exact)
            causes = [cause for cause in spot.causes() if self.fits(answer, cause.number)]
            return Judgement(WRONG, self._in_digits(answer, exact), causes)
        if not self.strict:
            if self.tolerance is None and self._rounded_early(answer, exact, earlier):
                return Judgement(RIGHT, "rounded early: carry more digits on the way")
            source = self._follows_from(answer, earlier)
            if source is not None:
                return Judgement(FOLLOWS, f"follows from your {source.key} = {source.typed}")
        return Judgement(WRONG, self._in_digits(answer, exact), self._causes(answer, earlier))

    @staticmethod
    def _in_digits(answer: Answer, exact: float) -> str:
        # A wrong digit of a whole number is no matter of rounding.
        whole = answer.unit is not None and answer.unit >= 1 and rounding.is_whole(exact, answer.unit)
        near = answer.value is not None and exact and not whole and (
            rounding.nearly(answer.value, answer.unit, exact) or rounding.is_beside(answer.value, answer.unit, exact))
        return "close, but not to the digits that were typed" if near else ""

    def _is_subgradient(self, answer: Answer) -> bool:
        """Whether a gradient at a kink lies between the slopes on both sides."""
        if answer.kind not in (GRADIENT, LOCAL) or not any(note.code == "kink" for note in self.report.notes):
            return False
        if self._kinks is None:
            from .kinks import Kinks

            self._kinks = Kinks(self.plan)
        low, high = self._kinks.between(answer.place)
        half = (answer.unit or 0.0) / 2
        return answer.value is not None and low < high and low - half <= answer.value <= high + half

    # ---------------------------------------------------------------------- the student's own numbers
    def _rounded_early(self, answer: Answer, exact: float, earlier: list[tuple[Answer, Judgement]]) -> bool:
        own = [other for other, found in earlier if found.status == RIGHT]
        if own and self._leads_to(answer, self._own(own)):
            return True
        if answer.value is None or abs(answer.value - exact) > _FAR * abs(exact):
            return False
        decimals = next((decimals for decimals in _finer(answer) for used in ([], own)
                         if any(self.fits(answer, number)
                                for number in self._last_steps(answer.place, self._own(used, decimals)))), None)
        if decimals is None:
            return False
        # That more digits were carried than typed is a poor excuse where a slip gives just this number.
        beside = abs(answer.value - exact) > CARRIED * abs(exact) and decimals > rounding.places(answer.unit)
        return not (beside and any(_same(cause.number, answer.value) for cause in self._at_full(answer, earlier)))

    def _follows_from(self, answer: Answer, earlier: list[tuple[Answer, Judgement]]) -> Answer | None:
        """The wrong answer that this one is a right consequence of."""
        for other, found in earlier:
            if other.kind == DERIVATIVE and found.status != RIGHT and \
                    self.derivatives.chained(answer, other, earlier):
                return other
        earlier = [(other, found) for other, found in earlier if other.kind != DERIVATIVE]
        wrong = [other for other, found in earlier if found.status == WRONG and other.value is not None]
        for source in reversed(wrong):
            if self._leads_to(answer, self._own([source])) or self._carried_on(answer, source):
                return source
        if wrong:
            # Several together: with all digits of what is right, or as everything was typed.
            everything = [other for other, _ in earlier]
            for decimals in (None, *_finer(answer)):
                if any(self._leads_to(answer, self._own(used, decimals)) for used in (wrong, everything)):
                    # Where the roundings alone lead to it, what is wrong has no part in it.
                    return None if self._leads_to(answer, self._own([], decimals)) else wrong[-1]
        return None

    def _carried_on(self, answer: Answer, source: Answer) -> bool:
        """Whether the answer follows from more digits of the other one than were typed."""
        if source.value is None or answer.value is None or source.unit is None or self.tolerance is not None:
            return False
        half = source.unit / 2
        if source.unit >= 1 or half > CARRIED * abs(source.value):
            return False
        ends = []
        for value in (source.value - half, source.value + half):
            run = self._own([Answer(source.key, source.place, value, repr(value))])
            ends.append(None if run is None else self._number(answer.place, run))
        low, high = ends
        if low is None or high is None or abs(high - low) > 4 * CARRIED * abs(high):
            return False
        room = (answer.unit or 0.0) / 2
        return min(low, high) - room <= answer.value <= max(low, high) + room

    def _leads_to(self, answer: Answer, run: Run | None) -> bool:
        number = None if run is None else self._number(answer.place, run)
        return number is not None and self.fits(answer, number)

    def _own(self, used: list[Answer], decimals: int | None = None) -> Run | None:
        """The run with some of the student's answers in their places, every step rounded to so many decimals."""
        key = decimals, tuple((other.place, other.typed) for other in used)
        if key not in self._runs:
            keep(self._runs, key, self._pinned(used, decimals), _RUNS)
        return self._runs[key]

    def _pinned(self, used: list[Answer], decimals: int | None) -> Run | None:
        pins = Pins()
        for other in used:
            if other.value is None:
                continue
            if other.kind == VALUE:
                pins.values[other.node] = other.value
            elif other.kind == GRADIENT:
                pins.grads[other.node] = other.value
            elif other.kind == NEW:
                pins.news[other.node] = other.value
            elif other.kind == LOCAL:
                pins.locals[other.node, other.part] = other.value
        return self.plan.again(pins, None if decimals is None else _rounder(decimals))

    def _number(self, place: Place, run: Run) -> float | None:
        kind, k, i = place
        if kind == VALUE:
            return run.values[k]
        if kind == GRADIENT:
            return run.grads[k]
        if kind == LOCAL:
            return sum(local for j, local in zip(self.report.graph.args(k), run.locals[k]) if j == i)
        if kind == DERIVATIVE and isinstance(i, int):
            return self.plan.reach(run, i, whole=True)[k]
        update = self._updated(self._descent(k))
        moved = {j: run.pins.news.get(j, update.moved(j, run)) for j in update.before}
        if k in moved:
            return update.moved(k, run)
        values = update.values_at(moved)
        return None if values is None else values[k]

    def _last_steps(self, place: Place, run: Run | None) -> Iterator[float]:
        """The number at a place from rounded steps; the last step's own rounding is the typed digits' affair."""
        if run is None:
            return
        kind, k, part = place
        if kind == VALUE:
            number = self.plan.last_value(k, run)
            if number is not None:
                yield number
        elif kind == LOCAL:
            yield self.plan.last_local(k, part, run)
        elif kind == GRADIENT:
            terms = [run.grads[gate.k] * run.locals[gate.k][slot] for gate, slot in self.plan.users.get(k, ())]
            yield sum(terms)
            if len(terms) > 1:
                yield run.grads[k]
        else:
            found = self._number(place, run)
            if found is not None:
                yield found

    # ---------------------------------------------------------------------------------- the mistake
    def _causes(self, answer: Answer, earlier: list[tuple[Answer, Judgement]]) -> list[Cause]:
        """The mistakes that lead to the answer, the most credible first."""
        found = self._at_full(answer, earlier)
        seen = self._seen(answer) if not found and answer.value and self.plan.exact is not None else ()
        for decimals in _finer(answer) if seen else ():
            tidied = self._own([], decimals)
            if tidied is not None and not found:
                found = [cause for cause in self._matching(answer, self._searched(tidied, self.update), units=2.0)
                         if (cause.mistake.code, cause.where) in seen]
        first: dict[object, Cause] = {}
        for cause in found:
            first.setdefault((cause.mistake.code, cause.where), cause)
        # A number that is hit exactly is better evidence than one that a rounding has to bridge.
        return sorted(first.values(), key=lambda cause: not _same(cause.number, answer.value))

    def _at_full(self, answer: Answer, earlier: list[tuple[Answer, Judgement]]) -> list[Cause]:
        """The mistakes that lead to the answer from the student's own numbers and from the right ones, unrounded."""
        found: list[Cause] = []
        own = [other for other, _ in earlier]
        run = self._own(own) if own else None
        if run is not None:
            found += self._matching(answer, self._searched(run, self.update))
        exact = self.plan.exact
        if exact is not None:
            if found and all(judged.status == RIGHT for _, judged in earlier):
                seen = self._seen(answer)
                found = [cause for cause in found if (cause.mistake.code, cause.where) in seen]
            # What only the right numbers lead to mostly goes against the student's other answers: then it
            # explains this answer alone.
            right = [other for other, judged in earlier if judged.status == RIGHT]
            found += [cause if run is None or self._agrees(cause, right) else cause.alone()
                      for cause in self._matching(answer, self._searched(exact, self.update))]
        return found

    def _seen(self, answer: Answer) -> set[tuple[str, str]]:
        """The mistakes that show at the right numbers.

        A wrong rule that gives the right number is no mistake anybody could see, and after roundings it gives
        another number only because of them.
        """
        exact, number = self.plan.exact, self.exact(answer.place)
        return set() if exact is None else {
            (cause.mistake.code, cause.where) for cause in self._searched(exact, self.update).causes(answer.place)
            if not _same(cause.number, number)}

    def _agrees(self, cause: Cause, right: list[Answer]) -> bool:
        """Whether the run with a mistake in it still leads to the answers that are right."""
        return cause.run is not None and all(self._leads_to(other, cause.run) for other in right)

    def _searched(self, run: Run, update: Update | None) -> Search:
        from .causes import Search  # the table of mistakes: right answers do not need it

        if run not in self._searches:
            keep(self._searches, run, Search(self.plan, run, update), _RUNS)
        return self._searches[run]

    def _matching(self, answer: Answer, search: Search, units: float = 1.0) -> Iterator[Cause]:
        """The mistakes that make the answer of a run's numbers, and not merely the run's own right number."""
        right = search.right(answer.place)
        if self.fits(answer, right, units):
            return
        whole = rounding.is_one_digit(answer.value, answer.unit) and rounding.is_whole(
            self.exact(answer.place), answer.unit)
        for cause in search.causes(answer.place):
            if self.fits(answer, cause.number, units) and not _same(cause.number, right) and (
                    not whole or self.tolerance is not None or _same(cause.number, answer.value)):
                yield cause

    # -------------------------------------------------------------------------------- the whole sheet
    def _grouped(self, judged: list[tuple[Answer, Judgement]]) -> tuple[dict[Place, Cause], dict[Place, Answer]]:
        """The slip that is told of an answer because it shows in others, and for these others that answer."""
        chosen: dict[Place, Cause] = {}
        same: dict[Place, Answer] = {}
        for members in () if self.strict else _shared(judged):
            (first, cause), *others = members
            chosen[first.place] = cause
            same.update((answer.place, first) for answer, _ in others)
        return chosen, same

    def _verdict(self, answer: Answer, found: Judgement, chosen: Cause | None, same: Answer | None) -> AnswerVerdict:
        exact = self.exact(answer.place)
        if same is not None:
            return AnswerVerdict(answer.key, answer, FOLLOWS, exact,
                                 f"the same slip as in your {same.key} = {same.typed}")
        if found.status != WRONG:
            return AnswerVerdict(answer.key, answer, found.status, exact, found.note)
        if found.causes:
            cause = chosen or found.causes[0]
            others = dict.fromkeys(other.mistake.code for other in found.causes)
            others.pop(cause.mistake.code)
            return AnswerVerdict(answer.key, answer, WRONG, exact, cause.words, cause.mistake.code,
                                 cause.mistake.hint_at(answer.kind), tuple(others))
        if found.note.startswith("close"):
            return AnswerVerdict(answer.key, answer, WRONG, exact, found.note, "digits",
                                 "carry more digits, and round once, at the end")
        advice = "" if answer.value is None else self.advice(answer.place)
        if found.note == _NOWHERE:
            advice = "such an answer is the word undefined"
        return AnswerVerdict(answer.key, answer, WRONG, exact, found.note, hint=advice)

    def advice(self, place: Place) -> str:
        """What to think about, without any number, where no mistake of the table explains an answer."""
        kind, k, part = place
        if kind == VALUE:
            return "work it out from the values of its inputs" if self.report.graph.args(k) else \
                "it is given: copy it from the exercise"
        if kind == LOCAL:
            return "look at this one gate only: how does it change when the input does?"
        if kind == NEW:
            return "new value = old value + (-rate * gradient)"
        if kind == DERIVATIVE and isinstance(part, int):
            return self.derivatives.advice(k, part)
        if not self.small:
            return ""
        uses = sum(self.plan.reached[gate.k] for gate, _ in self.plan.users.get(k, ()))
        if not uses:
            return "the gradient of the output with respect to itself" if k == self.report.graph.output else \
                "the output does not depend on it, or it is held constant"
        return "it is used once: one product, upstream times local" if uses == 1 else \
            f"it is used {uses} times: {uses} products, upstream times local, that add up"


def keep(kept: dict[Any, Any], key: object, what: object, most: int) -> None:
    """Put something beside what is kept, which begins anew where it is full."""
    if len(kept) >= most:
        kept.clear()
    kept[key] = what


def required(report: Report, require: str) -> list[Place]:
    """The places that ``require`` asks answers for."""
    graph = report.graph
    if require == "given":
        return []
    leaves = [place for k in report._gradients.leaves for place in _parts(GRADIENT, k, report)]
    if require == "leaves":
        return leaves
    steps = [k for k in graph.names if graph.args(k)]
    if graph.output not in steps:
        steps.append(graph.output)
    live = [place for k in steps if report.is_live(k) and k != graph.output for place in _parts(GRADIENT, k, report)]
    values = [place for k in steps for place in _parts(VALUE, k, report)]
    return list(dict.fromkeys([*values, *leaves, *live]))


def _parts(kind: str, k: int, report: Report) -> list[Place]:
    """A node's place, or those of its entries."""
    return [(kind, k, index or None) for index in indices(shape_at((kind, k, None), report))]


def _shared(judged: Sequence[tuple[Answer, Judgement]]) -> Iterator[list[tuple[Answer, Cause]]]:
    """The slips that explain several answers, each with these; the one that explains most goes first.

    Where a mistake gives an answer exactly, one is not shared whose number has to be rounded far to be the answer.
    """
    by_site: dict[tuple[object, ...], dict[Place, tuple[int, Cause]]] = {}
    for answer, found in judged:
        surely = any(_same(cause.number, answer.value) for cause in found.causes)
        for rank, cause in enumerate(found.causes):
            if cause.site and not (surely and answer.value is not None
                                   and abs(cause.number - answer.value) > _ROUNDED * abs(answer.value)):
                by_site.setdefault(cause.site, {}).setdefault(answer.place, (rank, cause))
    answers = {answer.place: answer for answer, _ in judged}
    while True:
        several = [members for members in by_site.values() if len(members) > 1]
        if not several:
            return
        most = min(several, key=lambda members: (-len(members), sum(rank for rank, _ in members.values())))
        told = [(answers[place], cause) for place, (_, cause) in most.items()]
        yield told
        for members in by_site.values():
            for answer, _ in told:
                members.pop(answer.place, None)


def _rank(answer: Answer) -> tuple[int, ...]:
    """The order in which answers follow from one another: values forward, gradients backward, the update."""
    kind = (VALUE, LOCAL, DERIVATIVE, GRADIENT, NEW).index(answer.kind)
    if answer.kind == DERIVATIVE:
        return kind, -answer.under, answer.node
    return kind, -answer.node if answer.kind == GRADIENT else answer.node


def _finer(answer: Answer) -> range:
    least = rounding.decimals_of(answer.unit, answer.value)
    return range(max(least, 1), _FINEST + 1) if answer.unit is not None else range(0)


def _rounder(decimals: int) -> Callable[[float], float]:
    return lambda x: rounding.half_up(x, decimals)


def _same(number: float, value: float | None) -> bool:
    # Slopes of wrong rules are differences over a small step: good to some nine digits.
    return value is not None and abs(number - value) <= 1e-8 * abs(value)
