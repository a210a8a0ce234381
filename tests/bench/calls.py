"""What a call costs once Python runs: bpcalc.backprop on small expressions, as a slider in a notebook calls it.

    python -m tests.bench.calls [--rounds 40]

The expressions take turns and the least of the rounds counts, which leaves out what other programs did.
"""

import argparse
import time

CALLS = 500
CASES = {
    "(x+y)*z": {"x": -2, "y": 5, "z": -4},
    "q = x + y; f = q*z": {"x": -2, "y": 5, "z": -4},
    "max(0, s1 - s0 + 1)": {"s0": 3.2, "s1": 5.1},
    "1/(1 + exp(-(w0*x0 + w1*x1 + w2)))": {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3},
    "-log(exp(a)/(exp(a) + exp(b) + exp(c)))": {"a": 3.2, "b": 5.1, "c": -1.7},
}


def main():
    from bpcalc import backprop

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    least = dict.fromkeys(CASES, float("inf"))
    for _ in range(options.rounds):
        for text, values in CASES.items():
            start = time.perf_counter()
            for _ in range(CALLS):
                gradients = backprop(text, values).gradients
            least[text] = min(least[text], (time.perf_counter() - start) / CALLS)
            if len(gradients) != len(values):
                raise SystemExit(f"{text}: a gradient is missing")
    print("| expression | us a call | us an operation |")
    print("| --- | ---: | ---: |")
    for text, seconds in least.items():
        report = backprop(text, CASES[text])
        operations = sum(bool(node.inputs) for node in report.nodes)
        print(f"| `{text}` | {seconds * 1e6:.1f} | {seconds * 1e6 / operations:.1f} |")


if __name__ == "__main__":
    main()
