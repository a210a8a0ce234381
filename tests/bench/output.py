"""What it costs to write a large graph, beside what it costs to calculate it.

    python -m tests.bench.output [--operations 1e6] [--kind dag] [--rounds 3]

Processor time, medians of rounds in which everything takes its turn, in one process without the garbage
collector, as the command runs.  Two lines are the floor of any writer in Python: what repr alone needs for the
different numbers that the JSON holds, and its rows filled with words that are at hand.
"""

import argparse
import gc
import statistics
import time

from .workloads import MAKERS, Workload

FEW = 10_000
"""Operations of the graph that is written for people with --all."""


def drained(pieces):
    for _ in pieces:
        pass


def digits(numbers):
    for number in numbers:
        repr(number)


def filled(nodes, edges):
    """The JSON's rows without anything to be worked out: the same word in every place."""
    word = "1.25"
    for _ in range(nodes):
        f'{{"id": {word}, "name": {word}, "label": "{word}", "op": "{word}", "text": {word}, "inputs": {word}, ' \
            f'"value": {word}, "gradient": {word}}}'
    for _ in range(edges):
        f'{{"node": {word}, "input": {word}, "slot": {word}, "formula": "{word}", "local": {word}, ' \
            f'"upstream": {word}, "product": {word}}}'


def main():
    from bpcalc import backprop
    from bpcalc.render import to_csv, to_json, to_plain, to_table

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", default="1e6")
    parser.add_argument("--kind", choices=MAKERS, default="dag")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    gc.disable()
    work = Workload(options.kind, int(float(options.operations)))
    report = backprop(work.text, work.values)
    few = Workload(options.kind, FEW)
    small = backprop(few.text, few.values)
    rows = to_table.render(small, everything=True).count("\n")
    numbers = [*report.trace.values, *report.each_gradient()]
    for _, _, _, _, local, upstream, product in report.each_flow():
        numbers += [local] if product is upstream else [local, product]
    size = len(report)
    edges = sum(1 for _ in report.each_flow())
    jobs = {
        "calculation": (size, lambda: backprop(work.text, work.values)),
        "table, first and last rows": (size, lambda: drained(to_table.lines(report))),
        "plain, first and last lines": (size, lambda: drained(to_plain.lines(report))),
        "JSON": (size, lambda: drained(to_json.report_lines(report))),
        "CSV": (size, lambda: drained(to_csv.lines(report))),
        "repr of the JSON's numbers": (size, lambda: digits(numbers)),
        "the JSON's rows, filled with words at hand": (size, lambda: filled(size, edges)),
        f"calculation, {len(small)} nodes": (len(small), lambda: backprop(few.text, few.values)),
        f"plain --all, {len(small)} nodes": (len(small), lambda: drained(to_plain.lines(small, everything=True))),
        f"table --all, {len(small)} nodes": (len(small), lambda: drained(to_table.lines(small, everything=True))),
    }
    seconds = {name: [] for name in jobs}
    for _ in range(options.rounds):
        for name, (_, job) in jobs.items():
            start = time.process_time()
            job()
            seconds[name].append(time.process_time() - start)
    medians = {name: statistics.median(spent) for name, spent in seconds.items()}
    print(f"{options.kind}, {work.operations} operations, {size} nodes\n")
    print("| what | s | x the calculation | us a node |\n| --- | ---: | ---: | ---: |")
    base = 1.0
    for name, (count, _) in jobs.items():
        spent = medians[name]
        if name.startswith("calculation"):
            base = spent
        print(f"| {name} | {spent:.2f} | {spent / base:.2f} | {spent / count * 1e6:.2f} |")
    print(f"\n--all: {rows} rows, {spent / rows * 1e6:.1f} us a row")


if __name__ == "__main__":
    main()
