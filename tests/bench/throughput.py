"""From an expression's text to its value and all gradients: time and memory for each operation.

    python -m tests.bench.throughput [--sizes 1e2,1e4,1e6] [--kinds flat,dag,chain,steps,tanh] [--peers NAMES]

Each case runs in a process of its own; the text is in memory, imports are not counted, and bpcalc has
been warmed up on a small expression.  Besides bpcalc: ``python``, CPython's own compile and exec of
the same text on floats, without any gradient (it cannot compile flat, chain and tanh when they are
long), and peers that are installed: micrograd, torch, autograd.  Every result is compared with a plain
reverse sweep.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import time

from .workloads import MAKERS, Workload


def memory(key):
    """A line of /proc/self/status in bytes; 0 where there is none."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith(key)), 0)
    except OSError:
        return 0


def with_bpcalc(work):
    import gc

    from bpcalc import backprop

    backprop("tanh(x)*y + sin(x)/cos(y) - x", x=1, y=2)
    gc.disable()
    start = time.perf_counter()
    report = backprop(work.text, work.values)
    gradients = report.gradients
    return time.perf_counter() - start, report.value, gradients


def with_python(work):
    names = {**{name: getattr(math, name) for name in ("sin", "cos", "tanh")}, **work.values}
    statements = "=" in work.text
    text = work.text if statements else f"out = {work.text}"
    last = text.rsplit("\n", 1)[-1].partition(" = ")[0]
    start = time.perf_counter()
    exec(compile(text, "<text>", "exec"), names)
    return time.perf_counter() - start, names[last], None


def with_objects(work, wrap, functions, backward, gradient, number):
    """A peer whose numbers overload the operators: CPython compiles the text, the peer runs it."""
    values = {name: wrap(value) for name, value in work.values.items()}
    names = {**functions, **values}
    text = work.text if "=" in work.text else f"out = {work.text}"
    last = text.rsplit("\n", 1)[-1].partition(" = ")[0]
    start = time.perf_counter()
    exec(compile(text, "<text>", "exec"), names)
    backward(names[last])
    gradients = {name: gradient(value) for name, value in values.items()}
    return time.perf_counter() - start, number(names[last]), gradients


def with_torch(work):
    import torch

    return with_objects(
        work, lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True),
        {name: getattr(torch, name) for name in ("sin", "cos", "tanh")}, lambda out: out.backward(),
        lambda x: 0.0 if x.grad is None else x.grad.item(), lambda out: out.item())


def with_micrograd(work):
    from micrograd.engine import Value

    def unary(function, slope):
        def apply(x):
            out = Value(function(x.data), (x,), "f")

            def back():
                x.grad += slope(x.data, out.data) * out.grad

            out._backward = back
            return out

        return apply

    functions = {"sin": unary(math.sin, lambda x, v: math.cos(x)), "cos": unary(math.cos, lambda x, v: -math.sin(x)),
                 "tanh": unary(math.tanh, lambda x, v: 1 - v * v)}
    return with_objects(work, Value, functions, lambda out: out.backward(), lambda x: x.grad, lambda out: out.data)


def with_autograd(work):
    import autograd.numpy as np
    from autograd import value_and_grad

    text = work.text if "=" in work.text else f"out = {work.text}"
    last = text.rsplit("\n", 1)[-1].partition(" = ")[0]
    start = time.perf_counter()
    code = compile(text, "<text>", "exec")

    def function(values):
        names = {"sin": np.sin, "cos": np.cos, "tanh": np.tanh, **dict(zip(work.values, values))}
        exec(code, names)
        return names[last]

    value, gradients = value_and_grad(function)(list(work.values.values()))
    return time.perf_counter() - start, float(value), dict(zip(work.values, map(float, gradients)))


RUNNERS = {"bpcalc": with_bpcalc, "python": with_python, "micrograd": with_micrograd, "torch": with_torch,
           "autograd": with_autograd}


def one(name, kind, size):
    """Run one case in this process and print a line of JSON."""
    work = Workload(kind, size)
    value, gradients = work.reference()
    operations = work.operations
    work.tape = None
    before = memory("VmRSS:")
    try:
        seconds, found, slopes = RUNNERS[name](work)
    except (RecursionError, MemoryError, SyntaxError, ImportError) as error:
        print(json.dumps({"error": type(error).__name__}))
        return
    right = math.isclose(found, value, rel_tol=1e-9, abs_tol=1e-12) and (slopes is None or all(
        math.isclose(slopes[key], slope, rel_tol=1e-7, abs_tol=1e-9) for key, slope in gradients.items()
        if key in slopes))
    print(json.dumps({"us": seconds / operations * 1e6, "right": right,
                      "bytes": max(0, memory("VmHWM:") - before) / operations}))


def case(name, kind, size, rounds):
    """The median of some runs, each in a fresh process."""
    found = []
    for _ in range(rounds):
        command = [sys.executable, "-m", "tests.bench.throughput", "--one", name, kind, str(size)]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        except subprocess.TimeoutExpired:
            return "over 300 s"
        if ran.returncode:
            return f"signal {-ran.returncode}" if ran.returncode < 0 else f"exit {ran.returncode}"
        result = json.loads(ran.stdout.splitlines()[-1])
        if "error" in result:
            return result["error"]
        if not result["right"]:
            return "WRONG"
        found.append(result)
    us = statistics.median(result["us"] for result in found)
    return f"{us:.2f} ({statistics.median(result['bytes'] for result in found):.0f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1e2,1e4,1e6")
    parser.add_argument("--kinds", default=",".join(MAKERS))
    parser.add_argument("--peers", default="python")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one[0], options.one[1], int(options.one[2]))
        return
    names = ["bpcalc", *options.peers.split(",")]
    print("us per operation (peak bytes per operation)\n")
    print("| workload | operations | " + " | ".join(names) + " |")
    print("| --- | ---: |" + " ---: |" * len(names))
    for kind in options.kinds.split(","):
        for size in (int(float(size)) for size in options.sizes.split(",")):
            rounds = options.rounds if size < 1e6 else 1
            cells = [case(name, kind, size, rounds) for name in names]
            print(f"| {kind} | {size} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
