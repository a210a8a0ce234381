"""Long and deep texts, where CPython's own compiler gives up: how far it gets, and what bpcalc needs.

    python -m tests.bench.nesting

Every case runs in a fresh process, as some of them kill it.  CPython's limit is found by doubling, so it
lies between the figure shown and twice that.
"""

import argparse
import subprocess
import sys

SHAPES = {
    "((((x))))": ("'(' * n + 'x' + ')' * n", 100_000),
    "sin(sin(sin(x)))": ("'sin(' * n + 'x' + ')' * n", 100_000),
    "x^(x^(x^(x)))": ("'0.5^(' * n + 'x' + ')' * n", 100_000),
    "((x*c+d)*c+d)": ("'(' * n + 'x' + '*0.5+1)' * n", 500_000),
    "----x": ("'-' * n + 'x'", 1_000_000),
    "x*x+x*x+x*x": ("'+'.join(['x*x'] * n)", 500_000),
    "a0+a1+a2": ("'+'.join(f'a{i}' for i in range(n))", 1_000_000),
    "x^x^x": ("'^'.join(['x'] * n)", 100_000),
}

OURS = """
import time
from bpcalc import backprop
backprop("x*y + sin(x)^y - (x)", x=1, y=2)
names = {{"x": 0.5}} if "a0" not in text else {{f"a{{i}}": 1.0 for i in range({n})}}
start = time.perf_counter()
report = backprop(text, names)
gradients = report.gradients
print(f"{{time.perf_counter() - start:.2f}} s")
"""
THEIRS = """
compile(text.replace("^", "**"), "<text>", "eval")
print("ok")
"""


def run(shape, n, then):
    """The last line that a fresh process prints, or how it ended."""
    ran = subprocess.run([sys.executable, "-c", f"n = {n}\ntext = {shape}\n{then.format(n=n)}"],
                         capture_output=True, text=True, check=False)
    if ran.returncode < 0:
        return f"killed by signal {-ran.returncode}"
    if ran.returncode:
        return ran.stderr.strip().splitlines()[-1].partition(":")[0]
    return ran.stdout.strip()


def limit(shape, most):
    """The largest size, by doubling, that CPython compiles, and what happens beyond it."""
    n = 50
    while n <= most:
        result = run(shape, n, THEIRS)
        if result != "ok":
            return f"{n // 2}, then {result}"
        n *= 2
    return f"{n // 2} and more"


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print("| text | repeated | bpcalc, all gradients | CPython compiles up to |")
    print("| --- | ---: | ---: | --- |")
    for name, (shape, n) in SHAPES.items():
        print(f"| `{name}` | {n} | {run(shape, n, OURS)} | {limit(shape, n)} |", flush=True)


if __name__ == "__main__":
    main()
