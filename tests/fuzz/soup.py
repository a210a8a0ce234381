"""Fuzzing without coverage, several times as fast: kept inputs and the words of the language, cut and put together.

    python -m tests.fuzz.soup TARGET [--runs N] [--seed S]
"""

from __future__ import annotations

import argparse
import random
import sys

from bpcalc.ops import BINARY, FUNCTIONS, NAMED_CONSTANTS
from bpcalc.options import BY_NAME, FORMATS

from .run import corpus
from .targets import PART, TARGETS, WORD

SIGNS = [*BINARY, "**", "(", ")", "((", "))", ",", ";", "\n", " ", "=", "#", ".", "²", "³", "×", "−", "÷", "σ", "é",
         "\t", "\r\n", "\0", "\x1b", "\u202e", "\ufeff", "\udcff", "[", "]", "@", ":", "{", "'", '"', "|", "%", "!"]
WORDS = {
    "expression": [*FUNCTIONS, *(f"{name}(" for name in FUNCTIONS), *NAMED_CONSTANTS, "x", "y", "q = ", "f(x, y) = ",
                   "2", "1e-3", "0.5", "1e400", "-2", "x^2", *SIGNS],
    "arrays": ["x", "y", "W", "b", "x", "W @ x", "W.T", "[", "]", "[x, y]", "[1 2; 3 4]", "[0]", "[0, 1]", "[:, 0]",
               "[:2]", "axis=0", "axis=-1", ", axis=1)", "sum(", "mean(", "max(", "softmax(", "cross_entropy(",
               "reshape(", "outer(", "concat(", "stack(", "norm(", "f(u) = u*2; f(", "q = ", "for j in range(3)",
               " if j != 1", "j", "2", "-1", *FUNCTIONS, *SIGNS],
    "rows": ["x", "y", "x,y\n", "x;y\n", ",", ";", "\t", "\n", "\r\n", "1", "-2.5", "1e999", "nan", "1/3", '"', '""',
             " ", "", '{"x": 1, "y": 2}', '{"x": "1/3"}', '{"x": null}', "{", "}", "[1]", ":", "null", "é", "\0",
             "\x1b", "2,5"],
    "sheet": ["a.json\n", "a.csv\n", "a.md\n", "a.tex\n", "\n", "q", "dq", "df/dx", "key,value\n", "dx,1\n", ",", ";",
              '{"dx": 3}', '{"answers": {"q": "1/3"}}', "{", "}", "[", "]", ":", '"', "| `dq` | 3 |\n", "|", "`",
              "\\blank{dx}{3}", "\\blank{", "= 3", "1/3", "-0.5", "null", "[1, 2]", "Exercise 1 of 2 (", " ", "#",
              "é", "\0"],
    "classes": ["student", "name", "q", "df/dx", "dq", "email", ",", ";", "\t", "\n", "Ada", "3", "-0.5", "1/3", '"',
                '""', "_", "student,q,df/dx\n", "Ada,3,1\n", " ", "", "x[0]", "é", "\0", "\x1b", "\r\n"],
    "bindings": ["x=1", "y=-2", "x", "=", "1/3", "2*pi", "nan", "inf", "1e400", "1_000", "λ=2", WORD, *SIGNS],
    "number": [*FUNCTIONS, *NAMED_CONSTANTS, "1", "2.5", "1e3", "nan", "-", *SIGNS],
    "table": ["x", "y y", ",", ";", "\t", "\n", "\r\n", "1", "-2.5", "1e999", "nan", "a", '"', '""', "", " ", "é",
              "\0", "\x1b", "_", "2,5", "x,y\n1,2\n"],
    "encoded": ["x", "\r\n", "\n", "\ufeff", "\udcff", "\udcfe", "é", "\0"],
    "answers": ["q", "dq", "df/dq", "ds/dq", "dx", "value q", "∂f/∂x", "f", "s", "n4", "x", "=", "= -4", "0.7", "1/3",
                ",", ";", "\n", "#", "d", "/", " ", *SIGNS],
    "options": [*BY_NAME, *(f"{name}=" for name in BY_NAME), *FORMATS, "--", "-", "x=1", "x*y", "3", "", *[WORD] * 9],
    "command": ["x*y", "(x+y)*z", "q = x + y; f = q*z", "x=1", "y=2", "z=-4", *BY_NAME, *FORMATS, "dx=2", "3", "0.1",
                "a.txt", "b.txt", "-", "sgd", "all", "leaves", PART, *[WORD] * 40, *SIGNS],
}


def inputs(target, count, seed):
    """``count`` inputs: half of them words at random, half a kept input with a few changes."""
    rng = random.Random(f"{target}{seed}")
    words = WORDS[target]
    kept = [data.decode("utf-8", "surrogateescape") for data in corpus(target)] or words
    for _ in range(count):
        if rng.random() < 0.5:
            text = "".join(rng.choices(words, k=rng.randint(1, 14)))
        else:
            text = rng.choice(kept)
            for _ in range(rng.randint(1, 4)):
                at, to = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
                to = min(to, at + rng.choice((0, 0, 1, 3, 20)))
                text = text[:at] + rng.choice((rng.choice(words), "", text[at:to] * 2)) + text[to:]
        yield text[:2000].encode("utf-8", "surrogateescape")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    target, faults = TARGETS[options.target], 0
    for data in inputs(options.target, options.runs, options.seed):
        try:
            target(data)
        except Exception as error:
            faults += 1
            print(f"{data!r}: {type(error).__name__}: {error}", flush=True)
    print(f"{options.target}: {options.runs} runs, {faults} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
