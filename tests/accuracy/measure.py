"""How many ulps values and partials are off, against high-precision arithmetic; PyTorch and JAX beside.

    python -m tests.accuracy.measure [--samples N] [--seed N] [--only NAMES] [--update]

Every forward value and every partial, over dense samples: ordinary, huge and tiny arguments, borders, and
neighbourhoods of kinks and zeros.  The reference evaluates the row's definition and textbook partials with
mpmath at 900 digits, so its own cancellation does not matter.  With ``--update`` docs/accuracy.md is written.

A number is well conditioned where a relative change of an argument changes it by no more than WELL times as
much.  Elsewhere (near a zero, or far out) even the best double is sensitive to the argument's last digit.
"""

from __future__ import annotations

import argparse
import math
import pathlib
import random
import re

import mpmath

from bpcalc.backends import floats
from bpcalc.ops import TABLE

from . import peers

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


WELL = 4.0
ROWS = [row for row in TABLE if row.params and row.samples]


def points(row, count, rng):
    """Arguments inside the domain, from everywhere on the number line, and hard by the row's own points."""
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
    near = [point for point in (*row.samples, *row.borders) if len(point) == arity]
    tests = [floats().rule(row.params, test) for test, _ in row.domain]
    forward = floats().forward(row)
    found = 0
    for _ in range(200 * count):
        if near and rng.random() < 0.1:
            point = tuple(beside(x, rng) for x in rng.choice(near))
        else:
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


def beside(x, rng):
    """A few of the doubles next to ``x``, or a little further."""
    for _ in range(rng.randrange(4)):
        x = math.nextafter(x, rng.choice((-math.inf, math.inf)))
    return x if rng.random() < 0.7 else x * (1 + rng.choice((-1, 1)) * 10 ** rng.uniform(-15, -3))


class Worst:
    """The largest errors by who made them: where the number is well conditioned, and elsewhere.

    ``("bpcalc", PEER)`` are bpcalc's at the points that the peer answers for.
    """

    def __init__(self):
        self.errors = {}

    def note(self, who, well, error, point):
        if error > self.errors.get((who, well), (-1.0, None))[0]:
            self.errors[who, well] = error, point

    def of(self, who, well):
        return self.errors.get((who, well), (None, None))


def condition(function, high, exact):
    """How much more than an argument ``function`` changes, relatively, at its most sensitive."""
    if exact == 0:
        return math.inf
    step = mpmath.mpf(10) ** -40
    worst = 0.0
    for at, x in enumerate(high):
        moved = [*high[:at], x * (1 + step), *high[at + 1:]]
        try:
            worst = max(worst, float(abs((function(*moved) - exact) / exact) / step))
        except (ArithmeticError, ValueError, TypeError):
            return math.inf
    return worst


def measure(row, count, seed=1, others=None):
    """Worst errors in ulps of the forward value (key ``value``) and of each partial, as Worst."""
    rng = random.Random(f"{row.name}{seed}")
    params = row.params
    arity = 2 if row.variadic else len(params)
    wrapped = (lambda *xs: xs) if not row.variadic else (lambda *xs: (list(xs),))
    definition = exactly(params, row.definition)
    names = ("xs", "x", "out") if row.variadic else (*params, "out")
    slots = range(1 if row.variadic else arity)
    shown = [exactly(names, row.shown_partial(slot)) for slot in slots]
    rules = [floats().partial(row, slot) for slot in slots]
    kinks = [floats().rule((*params, "out"), test) for test, _ in row.kinks]

    def forward(*high):
        return definition(*wrapped(*high))

    def textbook(slot):
        def partial(*high):
            if row.variadic:
                return shown[slot](list(high), high[slot], forward(*high))
            return shown[slot](*high, forward(*high))

        return partial

    worst = {"value": Worst(), **{("x" if row.variadic else params[slot]): Worst() for slot in slots}}
    for point, value in points(row, count, rng):
        if any(kink(*wrapped(*point), value) for kink in kinks):
            continue                               # a convention, not a number to measure
        high = [mpmath.mpf(x) for x in point]
        theirs = {name: peers.at(peer, row.name, point) for name, peer in (others or {}).items()}
        exact = forward(*high)
        if mpmath.isnan(exact):
            continue                               # the textbook's 0 * log(0), which the row takes as 0
        well = condition(forward, high, exact) <= WELL
        ours = ulps(value, exact)
        worst["value"].note("bpcalc", well, ours, point)
        for name, answer in theirs.items():
            if answer is not None:
                worst["value"].note(name, well, off(answer[0], exact), point)
                worst["value"].note(("bpcalc", name), well, ours, point)
        for slot in slots:
            function = textbook(slot)
            try:
                found = rules[slot](*(point, point[slot]) if row.variadic else point, value)
                true = function(*high)
            except (ArithmeticError, ValueError):
                continue
            if mpmath.isnan(true) or abs(true) > mpmath.mpf("1.7e308"):
                continue
            key = "x" if row.variadic else params[slot]
            well = condition(function, high, true) <= WELL or true == 0
            ours = ulps(found, true)
            worst[key].note("bpcalc", well, ours, point)
            for name, answer in theirs.items():
                if answer is not None and answer[1][slot] is not None:
                    worst[key].note(name, well, off(answer[1][slot], true), point)
                    worst[key].note(("bpcalc", name), well, ours, point)
    return worst


def off(found, exact):
    return ulps(found, exact) if math.isfinite(found) else math.inf


# ------------------------------------------------------------------------------------------- the page
PAGE = pathlib.Path(__file__).parents[2] / "docs" / "accuracy.md"
WHO = ("bpcalc", "PyTorch", "JAX")
INTRO = """# Accuracy

<!-- Made by: python -m tests.accuracy.measure --update -->

How far values and partial derivatives are from the exact ones, in units of the last place (ulps) of a double: 0.5 is
as good as a double can be. Each figure is the largest error over {samples} points from everywhere on the number line:
ordinary, huge and tiny arguments, hard by borders and kinks, near cancellation. The exact numbers come from mpmath at
{digits} digits. Beside it stand {others} at the same points, in float64.

A number is *well conditioned* where a relative change of an argument changes it at most {well:g} times as much.
*Elsewhere*, near a zero of the number or far out, the last digit of the argument already decides about many of the
result; those figures are there for comparison. "inf" is a result that is not finite where the exact one is, or the
other way round; "–" is a function that the library does not have, a derivative that it does not give, or no such point.
JAX's enormous figures are mostly its treating numbers below 2.2e-308 as zero.

The reference and the peers are an optional group: `pip install -e ".[peers]"` and
`python -m tests.accuracy.measure --update` write this page anew, in some minutes.

| operation | | bpcalc | PyTorch | JAX | elsewhere: bpcalc | PyTorch | JAX |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
GOALS = """
## Against the goals

Every value within 1 ulp of the best of the three; every partial within 4 ulps where it is well conditioned, and nowhere
worse than the better peer, at the points that it answers for, by more than one rounding (1 ulp, or 2 ulps in all where
the peer has less than 1). What misses them:

"""


def figure(error):
    if error is None:
        return "–"
    return f"{error:.2g}" if error < 99.5 else f"{error:.1e}" if math.isfinite(error) else "inf"


def table_rows(row, worst):
    for key, errors in worst.items():
        cells = [figure(errors.of(who, well)[0]) for well in (True, False) for who in WHO]
        what = "value" if key == "value" else f"∂/∂{key}"
        yield f"| {row.name if key == 'value' else ''} | {what} | {' | '.join(cells)} |\n"


def complaints(row, worst):
    """Where the goals that the page states are missed."""
    for key, errors in worst.items():
        for well in (True, False):
            ours, point = errors.of("bpcalc", well)
            if ours is None:
                continue
            missed = key != "value" and well and ours > 4
            for who in WHO[1:]:
                theirs, beside = errors.of(who, well)[0], errors.of(("bpcalc", who), well)
                if theirs is not None and beside[0] > (theirs if key == "value" else max(theirs, 1)) + 1:
                    missed, (ours, point) = True, beside
            if missed:
                peers = " and ".join(figure(error) for error in (errors.of(who, well)[0] for who in WHO[1:])
                                     if error is not None) or "none"
                yield (f"`{row.name}`, {'value' if key == 'value' else f'∂/∂{key}'}: {figure(ours)} at "
                       f"{', '.join(map(repr, point))}{'' if well else ', ill conditioned'}; the peers: {peers}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    mpmath.mp.dps = DIGITS
    others = peers.found()
    lines, missed = [], []
    for row in ROWS:
        if options.only and row.name not in options.only.split(","):
            continue
        worst = measure(row, options.samples, options.seed, others)
        for line in table_rows(row, worst):
            lines.append(line)
            print(line, end="", flush=True)
        missed += complaints(row, worst)
    print(*missed, sep="\n")
    if options.update:
        names = " and ".join(f"{name} {version(name)}" for name in others)
        intro = INTRO.format(samples=f"{options.samples:,}".replace(",", " "), digits=DIGITS, well=WELL, others=names)
        goals = GOALS + ("".join(f"- {text}\n" for text in missed) or "- nothing, at these points\n")
        PAGE.write_text(intro + "".join(lines) + goals, encoding="utf-8")


def version(name):
    from importlib.metadata import version as installed

    return installed({"PyTorch": "torch", "JAX": "jax"}[name]).partition("+")[0]


if __name__ == "__main__":
    main()
