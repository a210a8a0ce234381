"""How often a wrong answer gets its true cause: every mistake at every place of random small circuits.

    python -m tests.bench.mistakes [--circuits 150] [--digits 6] [--size 6]

The mistakes are made by a student who shares no code with bpcalc (student.py).  Three ways to ask:

*one answer*: the student hands in a single wrong number, a variable's gradient or the output's value,
with ``--digits`` significant digits.  It is *distinguishable* if no other of the student's mistakes, at
any place, leads to the same typed number: where two do, nobody could tell them apart.  Two places of the
same mistake are not told apart.

*a whole sheet*: the student hands in every value and gradient, worked on from the slip.  That is one
mistake; every other answer should be right or follow.

*by chance*: numbers drawn at random, of the right answer's size; no mistake of the table was made, so a
cause that is named is named wrongly.

Wrong numbers within 2 % of the right one, and those that the right one rounds to (3 for 2.71), are left
out: they are roundings as much as mistakes.
"""

import argparse
import random
from collections import Counter, defaultdict
from decimal import Decimal

from bpcalc import BpcalcError, backprop

from .student import Circuit, slips


def typed(number, digits):
    return f"{number:.{digits}g}"


def differs(number, right, digits):
    """Whether a wrong number is one on paper, too: not near the right one, and no rounding of it."""
    text = typed(number, digits)
    decimals = -Decimal(text).as_tuple().exponent
    rounded = abs(float(text) - right) <= 0.5001 * 10 ** -decimals
    return not rounded and abs(number - right) > 0.02 * abs(right) and abs(number - right) > 1e-6


def asked(circuit, slip, right, digits):
    """The places where this mistake shows, of those that are asked."""
    places = [f"d{name}" for name in circuit.inputs if slip.at in (None, name)]
    for place in [*places, circuit.output]:
        number = slip.grads[place[1:]] if place in places else slip.values[place]
        if differs(number, right[place], digits):
            yield place, number


class Tally:
    """Counts of one kind of answer, by mistake."""

    def __init__(self):
        self.all, self.first, self.second = Counter(), Counter(), Counter()

    def add(self, code, named):
        self.all[code] += 1
        self.first[code] += named[:1] == [code]
        self.second[code] += code in named[:2]

    def row(self, code=None):
        count, first, second = (sum(counter.values()) if code is None else counter[code]
                                for counter in (self.all, self.first, self.second))
        return f"{count} | {first / max(count, 1):.1%} | {second / max(count, 1):.1%}"


def one_answer(circuits, size, digits):
    clear, every = Tally(), Tally()
    for seed in range(circuits):
        circuit = Circuit(seed, size)
        report = of(circuit)
        if report is None:
            continue
        right = right_answers(circuit, report)
        made, codes = [], defaultdict(set)
        for slip in slips(circuit):
            for place, number in asked(circuit, slip, right, digits):
                made.append((slip.code, place, typed(number, digits)))
                codes[place, typed(number, digits)].add(slip.code)
        for code, place, number in sorted(set(made)):
            verdict = report.check({place: number})[0]
            named = [] if verdict.passed or verdict.mistake is None else [verdict.mistake, *verdict.others]
            every.add(code, named)
            if len(codes[place, number]) == 1:
                clear.add(code, named)
    return clear, every


def whole_sheet(circuits, size, digits):
    """(sheets, with exactly one mistake counted, with its true cause named, within two)."""
    counts = Counter()
    for seed in range(circuits):
        circuit = Circuit(seed, size)
        report = of(circuit)
        if report is None:
            continue
        right = right_answers(circuit, report)
        for slip in slips(circuit):
            if slip.at is not None or not any(True for _ in asked(circuit, slip, right, digits)):
                continue
            sheet = {name: typed(slip.values[name], digits) for name, _, _ in circuit.steps}
            sheet |= {f"d{name}": typed(slip.grads[name], digits) for name in [
                *circuit.inputs, *(name for name, _, _ in circuit.steps[:-1])]}
            wrong = [verdict for verdict in report.check(sheet) if not verdict.passed]
            counts["sheets"] += 1
            counts["one"] += len(wrong) == 1
            counts["none"] += not wrong
            counts["first"] += bool(wrong) and wrong[0].mistake == slip.code
            counts["second"] += bool(wrong) and slip.code in (wrong[0].mistake, *wrong[0].others[:1])
    return counts


def by_chance(circuits, size, digits):
    """The share of random wrong numbers for which some mistake is named."""
    rng = random.Random(1)
    count = named = 0
    for seed in range(circuits):
        circuit = Circuit(seed, size)
        report = of(circuit)
        if report is None:
            continue
        for place, right in right_answers(circuit, report).items():
            for _ in range(5):
                number = right * rng.uniform(-2, 2) or rng.uniform(-2, 2)
                verdict = report.check({place: typed(number, digits)})[0]
                count += not verdict.passed
                named += verdict.mistake not in (None, "digits")
    return named / max(count, 1)


def of(circuit):
    try:
        report = backprop(circuit.text, circuit.inputs)
    except BpcalcError:
        return None
    return None if report.notes or max(map(abs, report.trace.values)) > 1e6 else report


def right_answers(circuit, report):
    return {circuit.output: report.value, **{f"d{name}": report.gradients[name] for name in circuit.inputs}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--circuits", type=int, default=150)
    parser.add_argument("--digits", type=int, default=6)
    parser.add_argument("--size", type=int, default=6)
    options = parser.parse_args()
    clear, every = one_answer(options.circuits, options.size, options.digits)
    print("| mistake | distinguishable | true cause first | within two | all | true cause first | within two |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for code in sorted(every.all):
        print(f"| {code} | {clear.row(code)} | {every.row(code)} |")
    print(f"| all | {clear.row()} | {every.row()} |")
    counts = whole_sheet(options.circuits // 3, options.size, options.digits)
    count = max(counts["sheets"], 1)
    print(f"\nWhole sheets: {counts['sheets']}; one mistake counted {counts['one'] / count:.1%}, none "
          f"{counts['none'] / count:.1%}; true cause first {counts['first'] / count:.1%}, within two "
          f"{counts['second'] / count:.1%}")
    print(f"By chance: a mistake named for {by_chance(options.circuits, options.size, options.digits):.1%}")


if __name__ == "__main__":
    main()
