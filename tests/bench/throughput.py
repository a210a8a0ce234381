"""From an expression's text to its value and all gradients: time and memory for each operation.

    python -m tests.bench.throughput [--sizes 1e2,1e4,1e6] [--kinds flat,dag] [--peers python,micrograd,torch]

Each case runs in a process of its own; the text is in memory, imports are not counted, and everyone has
been warmed up on small texts, as CPython comes to its speed only with the tenth call of a function.
Besides bpcalc: ``python``, CPython's own compile and exec of the same text on floats, without any
gradient, and peers that are installed: micrograd, autograd, torch, tinygrad (which needs clang), casadi,
jax, sympy.  CPython compiles the text for all of them, so where it cannot (long sums, deep nests) they
cannot either.  Everyone runs as it is shipped, with the garbage collector on, unless --no-gc.  What counts
is processor time, child processes included.  Every result is compared with a plain reverse sweep.  A
number in brackets is how many times slower than bpcalc that is.
"""

import argparse
import gc
import json
import math
import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .workloads import MAKERS, Workload

PATIENCE, MORE = 120, 60e-6
"""Seconds after which a case is given up: so many, and so many more an operation."""
FUNCTIONS = ("sin", "cos", "tanh")
WARM = ["tanh(x)*y + sin(x)*cos(y) - x", "t0 = 0.5*x-0.5*y\nt1 = sin(t0)*cos(x)\nout = tanh(t0+t1)+x"]
WARMING = 10


class Case:
    """What is to be calculated: ``text``, ``values`` by name, and the name of the output."""

    def __init__(self, text, values):
        self.values = values
        self.statements = " = " in text
        self.text = text
        self.output = text.rsplit("\n", 1)[-1].partition(" = ")[0] if self.statements else "out"

    def with_cpython(self, names):
        """The output's value after CPython has compiled and run the text over these names."""
        text = self.text if self.statements else f"out = {self.text}"
        exec(compile(text, "<text>", "exec"), names)
        return names[self.output]


# Each runner gives the value and the gradients by name (None: it has none).
def with_bpcalc(case):
    from bpcalc import backprop

    report = backprop(case.text, case.values)
    return report.value, report.gradients


def with_python(case):
    return case.with_cpython({**{name: getattr(math, name) for name in FUNCTIONS}, **case.values}), None


def with_micrograd(case):
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
    inputs = {name: Value(value) for name, value in case.values.items()}
    out = case.with_cpython({**functions, **inputs})
    out.backward()
    return out.data, {name: value.grad for name, value in inputs.items()}


def with_torch(case):
    import torch

    inputs = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True)
              for name, value in case.values.items()}
    out = case.with_cpython({**{name: getattr(torch, name) for name in FUNCTIONS}, **inputs})
    out.backward()
    return out.item(), {name: 0.0 if x.grad is None else x.grad.item() for name, x in inputs.items()}


def with_autograd(case):
    import autograd.numpy as np
    from autograd import value_and_grad

    functions = {name: getattr(np, name) for name in FUNCTIONS}
    value, gradients = value_and_grad(
        lambda values: case.with_cpython({**functions, **dict(zip(case.values, values))}))(list(case.values.values()))
    return float(value), dict(zip(case.values, map(float, gradients)))


def with_casadi(case):
    import casadi

    inputs = {name: casadi.SX.sym(name) for name in case.values}
    out = case.with_cpython({**{name: getattr(casadi, name) for name in FUNCTIONS}, **inputs})
    point = casadi.vertcat(*inputs.values())
    function = casadi.Function("f", [point], [out, casadi.gradient(out, point)])
    value, gradients = function(casadi.DM(list(case.values.values())))
    return float(value), dict(zip(inputs, gradients.full().ravel().tolist()))


def with_jax(case):
    import jax

    jax.config.update("jax_enable_x64", True)
    functions = {name: getattr(jax.numpy, name) for name in FUNCTIONS}
    value, gradients = jax.value_and_grad(lambda values: case.with_cpython({**functions, **values}))(case.values)
    return float(value), {name: float(gradient) for name, gradient in gradients.items()}


def with_tinygrad(case):
    from tinygrad import Tensor, dtypes

    inputs = {name: Tensor(value, dtype=dtypes.float64) for name, value in case.values.items()}
    out = case.with_cpython({**{name: getattr(Tensor, name) for name in FUNCTIONS}, **inputs})
    found = out.gradient(*inputs.values())
    Tensor.realize(out, *found)
    return out.item(), {name: gradient.item() for name, gradient in zip(inputs, found)}


def with_sympy(case):
    import sympy

    symbols = {name: sympy.Symbol(name) for name in case.values}
    out = case.with_cpython({**{name: getattr(sympy, name) for name in FUNCTIONS}, **symbols})
    wanted = [out, *(sympy.diff(out, symbol) for symbol in symbols.values())]
    value, *gradients = sympy.lambdify(list(symbols.values()), wanted, "math", cse=True)(*case.values.values())
    return float(value), dict(zip(symbols, map(float, gradients)))


RUNNERS = {"bpcalc": with_bpcalc, "python": with_python, "micrograd": with_micrograd, "autograd": with_autograd,
           "torch": with_torch, "tinygrad": with_tinygrad, "casadi": with_casadi, "jax": with_jax,
           "sympy": with_sympy}


# ------------------------------------------------------------------------------ one case, in a child
def memory(key):
    """A line of /proc/self/status in bytes; 0 where there is none."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith(key)), 0)
    except OSError:
        return 0


def forget_peak():
    """Let VmHWM begin again from what is resident now."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        pass


def spent():
    """Seconds of processor time, of this process and of its children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def one(name, path, again):
    """Run one case in this process, ``again`` times, and print a line of JSON with the median."""
    with open(path, "rb") as file:
        case = Case(*pickle.load(file))  # noqa: S301 - written by the parent a moment ago
    run = RUNNERS[name]
    try:
        for text in WARM * WARMING:
            run(Case(text, {"x": 1.0, "y": 2.0}))
        gc.collect()
        forget_peak()
        before = memory("VmRSS:")
        seconds = []
        for _ in range(again):
            start = spent()
            value, gradients = run(case)
            seconds.append(spent() - start)
    except (RecursionError, MemoryError, SyntaxError, ImportError) as error:
        print(json.dumps({"error": type(error).__name__}))
        return
    peak = memory("VmHWM:")
    with open(f"{path}.right", "rb") as file:
        right, slopes = pickle.load(file)  # noqa: S301
    agrees = math.isclose(value, right, rel_tol=1e-9, abs_tol=1e-12) and (gradients is None or all(
        math.isclose(gradients[key], slope, rel_tol=1e-7, abs_tol=1e-9) for key, slope in slopes.items()
        if key in gradients or slope))
    print(json.dumps({"seconds": statistics.median(seconds), "agrees": agrees, "bytes": max(0, peak - before)}))


# ---------------------------------------------------------------------------------------- the series
def measured(name, path, rounds, flags, patience):
    """(seconds, bytes), the medians of some runs each in a fresh process; or the words for what happened."""
    found = []
    command = [sys.executable, "-m", "tests.bench.throughput", "--one", name, path, *flags]
    for _ in range(rounds):
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=False)
        except subprocess.TimeoutExpired:
            return f"over {patience:.0f} s"
        if ran.returncode:
            return f"killed by signal {-ran.returncode}" if ran.returncode < 0 else f"exit {ran.returncode}"
        result = json.loads(ran.stdout.splitlines()[-1])
        if "error" in result:
            return result["error"]
        if not result["agrees"]:
            return "WRONG"
        found.append((result["seconds"], result["bytes"]))
        if result["seconds"] > 10:
            break
    return tuple(map(statistics.median, zip(*found)))


def cell(result, operations, ours):
    if isinstance(result, str):
        return result
    ratio = "" if ours is None or isinstance(ours, str) else f" ({result[0] / ours[0]:.1f})"
    return f"{result[0] / operations * 1e6:.2f}{ratio}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1e2,1e4,1e6", help="how many operations (default %(default)s)")
    parser.add_argument("--kinds", default=",".join(MAKERS), help="which workloads (default %(default)s)")
    parser.add_argument("--peers", default="python", help="of " + ", ".join(list(RUNNERS)[1:]))
    parser.add_argument("--rounds", type=int, default=3, help="processes a case below 1e6 operations")
    parser.add_argument("--no-gc", action="store_true", help="everyone without the garbage collector")
    parser.add_argument("--again", type=int, default=1, help="how often a process does its case (default %(default)s)")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.no_gc:
        gc.disable()
    if options.one:
        one(*options.one, options.again)
        return
    flags = ["--again", str(options.again), *(["--no-gc"] if options.no_gc else [])]
    peers = [name for name in options.peers.split(",") if name]
    print("us per operation (times bpcalc's); bytes are bpcalc's peak above the text, per operation\n")
    print("| workload | operations | bpcalc | bytes | " + " | ".join(peers) + " |")
    print("| --- |" + " ---: |" * (len(peers) + 3))
    given_up = set()
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.kinds.split(","):
            for size in (int(float(size)) for size in options.sizes.split(",")):
                work = Workload(kind, size)
                operations, path = work.operations, f"{folder}/{kind}{size}"
                Path(path).write_bytes(pickle.dumps((work.text, work.values)))
                Path(f"{path}.right").write_bytes(pickle.dumps(work.reference()))
                del work
                rounds = options.rounds if size < 1e6 else 1
                patience = PATIENCE + MORE * operations
                ours = measured("bpcalc", path, rounds, flags, patience)
                cells = [cell(ours, operations, None), "" if isinstance(ours, str) else f"{ours[1] / operations:.0f}"]
                for name in peers:
                    result = "-"
                    if (kind, name) not in given_up:
                        result = measured(name, path, rounds, flags, patience)
                    if isinstance(result, str) or result[0] > patience / 10:
                        given_up.add((kind, name))    # larger is no better
                    cells.append(cell(result, operations, ours))
                print(f"| {kind} | {operations} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
