"""How many ulps the table's rules are off, measured against high-precision arithmetic.

    python -m tests.accuracy.measure [--samples N] [--peers]

Every forward value and every partial, over dense samples: ordinary, huge and tiny arguments, borders,
and neighbourhoods of kinks and zeros.  The reference evaluates the row's definition and textbook
partials with mpmath at 900 digits, so its own cancellation does not matter.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import sys

import mpmath

from bpcalc.backends import floats
from bpcalc.ops import TABLE

DIGITS = 900


def reference_names():
    """The vocabulary of definitions, in mpmath."""
    m = mpmath
    names = {name: getattr(m, name) for name in (
        "exp log sqrt sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfc sec csc cot "
        "hypot sign pi").split()}
    def erfc(x):
        return m.mpf(0) if x > 60 else m.erfc(x) if x > -60 else m.mpf(2)

    names.update(erfc=erfc, erf=lambda x: m.erf(x) if abs(x) < 60 else m.sign(x))
    names.update(add_up=m.fsum, count=len, clip=lambda x, lo, hi: min(max(x, lo), hi),
                 softplus=lambda x: m.log(1 + m.exp(x)))
    names.update(abs=abs, max=max, min=min, pow=m.power, largest=max, smallest=min,
                 cbrt=lambda x: m.sign(x) * m.root(abs(x), 3), sigmoid=lambda x: 1 / (1 + m.exp(-x)),
                 ties=lambda xs, out: sum(x == out for x in xs), expm1=lambda x: m.exp(x) - 1,
                 log1p=lambda x: m.log(1 + x), square=lambda x: x * x)
    return names


NAMES = reference_names()


def exactly(params, text):
    """A text of the table as a function of mpmath numbers; numbers in it are exact fractions."""
    text = text.replace("^", "**")
    text = re.sub(r"(?<![\w.])(\d+\.?\d*)(?![\w.])", r"mpf('\1')", text)
    return eval(f"lambda {', '.join(params)}: {text}", {"mpf": mpmath.mpf, **NAMES})  # the table's text


def ulps(found, exact):
    """The distance in units of the last place of the exact value's double."""
    nearest = float(exact)
    if not math.isfinite(nearest):
        return 0.0 if found == nearest else math.inf
    unit = mpmath.mpf(math.ulp(nearest))
    return float(abs(mpmath.mpf(found) - exact) / unit)


def points(row, count, rng):
    """Arguments inside the domain, from everywhere on the number line."""
    arity = 2 if row.variadic else len(row.params)
    kinds = (
        lambda: rng.uniform(-10, 10),
        lambda: rng.uniform(-1, 1),
        lambda: rng.choice((-1, 1)) * 10 ** rng.uniform(-300, 300),
        lambda: rng.choice((-1, 1)) * 10 ** rng.uniform(-20, 3),
        lambda: rng.choice((-1, 1)) * (1 + rng.choice((-1, 1)) * 10 ** rng.uniform(-16, 0)),
        lambda: rng.uniform(-750, 750),
        lambda: float(rng.randrange(-20, 20)),
    )
    tests = [floats().rule(row.params, test) for test, _ in row.domain]
    forward = floats().forward(row)
    found = 0
    for _ in range(200 * count):
        point = tuple(rng.choice(kinds)() for _ in range(arity))
        try:
            if not all(test(*([point] if row.variadic else point)) for test in tests):
                continue
            value = forward(*([point] if row.variadic else point))
        except (ArithmeticError, ValueError):
            continue
        if math.isfinite(value):
            found += 1
            yield point, value
            if found == count:
                return


def measure(row, count, seed=1):
    """(worst ulps, where) of the forward value and of each partial."""
    rng = random.Random(f"{row.name}{seed}")
    params = row.params
    definition = exactly(params, row.definition)
    worst = {"forward": (0.0, None)}
    shown = {}
    slots = range(1 if row.variadic else len(params))
    for slot in slots:
        names = ("xs", "x", "out") if row.variadic else (*params, "out")
        shown[slot] = exactly(names, row.shown_partial(slot)), floats().partial(row, slot)
        worst[f"∂/∂{names[slot] if not row.variadic else 'x'}"] = (0.0, None)
    kinks = [floats().rule((*params, "out"), test) for test, _ in row.kinks]
    for point, value in points(row, count, rng):
        if any(kink(*([point] if row.variadic else point), value) for kink in kinks):
            continue                           # a convention, not a number to measure
        high = [mpmath.mpf(x) for x in point]
        args = [high] if row.variadic else high
        exact = definition(*args)
        note(worst, "forward", ulps(value, exact), point)
        for slot in slots:
            textbook, partial = shown[slot]
            if row.variadic:
                found, true = partial(point, point[slot], value), textbook(high, high[slot], exact)
            else:
                try:
                    found = partial(*point, value)
                except (ArithmeticError, ValueError):
                    continue
                try:
                    true = textbook(*high, exact)
                except (ArithmeticError, ValueError):
                    continue
            if mpmath.isnan(true) or abs(true) > mpmath.mpf("1.7e308"):
                continue
            key = f"∂/∂{params[slot] if not row.variadic else 'x'}"
            note(worst, key, ulps(found, true), point)
    return worst


def note(worst, key, error, point):
    if error > worst[key][0]:
        worst[key] = (error, point)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    mpmath.mp.dps = DIGITS
    for row in TABLE:
        if not row.params or (options.only and row.name not in options.only.split(",")):
            continue
        for key, (error, point) in measure(row, options.samples).items():
            print(f"{row.name:12} {key:12} {error:10.3g}  {point}")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
