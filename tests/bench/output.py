"""What it costs to write a large graph, beside what it costs to calculate it.

    python -m tests.bench.output [--operations 1e6] [--kind dag]

The last line is what repr alone needs for the numbers that the JSON holds: no writer can be faster.
"""

import argparse
import time

from .workloads import MAKERS, Workload


def main():
    from bpcalc import backprop
    from bpcalc.render import to_csv, to_json, to_plain, to_table

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", default="1e6")
    parser.add_argument("--kind", choices=MAKERS, default="dag")
    options = parser.parse_args()
    work = Workload(options.kind, int(float(options.operations)))
    start = time.perf_counter()
    report = backprop(work.text, work.values)
    calculation = time.perf_counter() - start
    size = len(report)
    print(f"{options.kind}, {work.operations} operations, {size} nodes\n")
    print("| what | s | x the calculation | us a node |\n| --- | ---: | ---: | ---: |")
    print(f"| calculation | {calculation:.2f} | 1.00 | {calculation / size * 1e6:.2f} |")
    jobs = {
        "table, first and last rows": lambda: [to_table.render(report)],
        "plain, first and last lines": lambda: to_plain.lines(report),
        "JSON": lambda: to_json.report_lines(report),
        "CSV": lambda: to_csv.lines(report),
    }
    for name, job in jobs.items():
        start = time.perf_counter()
        for _ in job():
            pass
        spent = time.perf_counter() - start
        print(f"| {name} | {spent:.2f} | {spent / calculation:.2f} | {spent / size * 1e6:.2f} |", flush=True)
    few = Workload(options.kind, 10_000)
    small = backprop(few.text, few.values)
    start = time.perf_counter()
    rows = to_table.render(small, everything=True).count("\n")
    spent = time.perf_counter() - start
    print(f"| --all, {len(small)} nodes, {rows} rows | {spent:.2f} | | {spent / rows * 1e6:.1f} a row |")
    numbers = [(node.value, node.gradient) for node in report.each_node()]
    edges = sum(1 for _ in report.each_edge())
    start = time.perf_counter()
    for value, gradient in numbers:
        repr(value)
        repr(gradient)
    spent = (time.perf_counter() - start) * (1 + 3 * edges / (2 * size))
    print(f"| repr of the JSON's numbers | {spent:.2f} | {spent / calculation:.2f} | {spent / size * 1e6:.2f} |")


if __name__ == "__main__":
    main()
