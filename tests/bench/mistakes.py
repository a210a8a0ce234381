"""How often a wrong answer gets its true cause: every mistake at every place of random small circuits.

    python -m tests.bench.mistakes [--circuits 300]

A wrong number counts where it is not right by accident.  It is *distinguishable* where no other row
of the table leads to the same number at the same node.
"""

import argparse
from collections import Counter

from bpcalc import BpcalcError, backprop
from bpcalc.homework.mistakes import wrong_numbers

from ..oracles import Program


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--circuits", type=int, default=300)
    options = parser.parse_args()
    first, total, alone, alone_first = Counter(), Counter(), Counter(), Counter()
    for seed in range(options.circuits):
        program = Program(seed, size=5)
        try:
            report = backprop(program.text, program.inputs)
        except BpcalcError:
            continue
        if report.notes:
            continue
        steps = {k: report.step(k, []) for k in range(len(report)) if report.shows(k)}
        for k in report._gradients.leaves:
            exact = report.gradient(k)
            found = [(row.code, float(f"{number:.6g}")) for row, _, number in wrong_numbers(report, k, steps)]
            for code, number in set(found):
                if abs(number - exact) <= 1e-5 * abs(exact) or number == 0:
                    continue
                verdict = report.check({f"d{report.symbol}/d{report.label(k)}": number})[0]
                if verdict.passed:
                    continue
                others = {other for other, theirs in found if abs(theirs - number) <= 1e-5 * abs(number)} - {code}
                total[code] += 1
                first[code] += verdict.mistake == code
                if not others:
                    alone[code] += 1
                    alone_first[code] += verdict.mistake == code
    print("| mistake | wrong answers | true cause first | distinguishable | true cause first |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for code in total:
        print(f"| {code} | {total[code]} | {first[code] / total[code]:.1%} | {alone[code]} "
              f"| {alone_first[code] / max(alone[code], 1):.1%} |")
    count, single = sum(total.values()), sum(alone.values())
    share, clear = sum(first.values()) / count, sum(alone_first.values()) / single
    print(f"| all | {count} | {share:.1%} | {single} | {clear:.1%} |")


if __name__ == "__main__":
    main()
