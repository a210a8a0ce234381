"""Students who work by hand, made up at random: what of their sheets is right, follows, or is wrong.

A student here is an oracle of its own: a few gates in plain Python, every step rounded as the student rounds, and with
slips, which are other numbers written down at some key and carried on.
"""

import random
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import exp, tanh

import pytest

from bpcalc import backprop

RATE = 0.125                                       # a power of 2: nothing is lost
SEEDS = range(40)
# How a gate is written over its inputs, its value, and its local gradients from inputs and value.
GATES = [
    ("{} + {}", lambda a, b: a + b, [lambda a, b, out: 1, lambda a, b, out: 1]),
    ("{} - {}", lambda a, b: a - b, [lambda a, b, out: 1, lambda a, b, out: -1]),
    ("{}*{}", lambda a, b: a * b, [lambda a, b, out: b, lambda a, b, out: a]),
    ("{}*{}", lambda a, b: a * b, [lambda a, b, out: b, lambda a, b, out: a]),
    ("{}^2", lambda a: a * a, [lambda a, out: 2 * a]),
    ("sigmoid({})", lambda a: 1 / (1 + exp(-a)), [lambda a, out: out * (1 - out)]),
    ("tanh({})", tanh, [lambda a, out: 1 - out * out]),
]


def half_up(number, decimals):
    return float(Decimal(repr(number)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


class Circuit:
    """A random circuit with a name for every step."""

    def __init__(self, rng, gates=GATES, numbers=lambda rng: rng.randint(-12, 12) / 8 or 0.5):
        self.inputs = {name: numbers(rng) for name in "wxyz"[:rng.randint(2, 4)]}
        names, self.steps = list(self.inputs), []
        fresh = list(names)
        for name in [*"abcd"[:rng.randint(2, 4)], "f"]:
            words, value, partials = rng.choice(gates)
            count = len(partials)
            args = [fresh.pop(rng.randrange(len(fresh))) if fresh and rng.random() < 0.8 else rng.choice(names)
                    for _ in range(count)]
            self.steps.append((name, args, words, value, partials))
            names.append(name)
            fresh.append(name)
        used = {arg for _, args, _, _, _ in self.steps for arg in args}
        self.inputs = {name: value for name, value in self.inputs.items() if name in used}
        self.text = "; ".join(f"{name} = {words.format(*args)}" for name, args, words, _, _ in self.steps)

    def worked(self, slips=(), tidy=lambda number: number, one=1.0):
        """Every number of the sheet by its key; a slip is the number that is written instead, and carried on."""
        slips = dict(slips)
        found, values = {}, dict(self.inputs)
        for name, args, _, value, _ in self.steps:
            found[name] = values[name] = slips.get(name, tidy(value(*(values[arg] for arg in args))))
        local, grads = {}, dict.fromkeys(values, 0 * one)
        grads["f"] = one
        for name, args, _, _, partials in reversed(self.steps):
            if name != "f":
                grads[name] = slips.get(f"d{name}", grads[name])
            rules = [tidy(rule(*(values[arg] for arg in args), values[name])) for rule in partials]
            for arg in args:
                if name != "f" and args.count(arg) == 1:
                    key = f"d{name}/d{arg}"
                    local[key] = rules[args.index(arg)] = slips.get(key, rules[args.index(arg)])
            for arg, rule in zip(args, rules):
                grads[arg] += tidy(grads[name] * rule)
        found.update(local)
        found.update({f"d{name}": slips.get(f"d{name}", grads[name]) for name in grads if name != "f"})
        after = {name: slips.get(f"new {name}", value - type(one)(RATE) * found[f"d{name}"])
                 for name, value in self.inputs.items()}
        found.update({f"new {name}": value for name, value in after.items()})
        for name, args, _, value, _ in self.steps:
            after[name] = value(*(after[arg] for arg in args))
        found["new f"] = slips.get("new f", after["f"])
        return found


def judged(circuit, sheet, rng, **options):
    """The verdicts on a sheet's numbers, which stand there in any order."""
    keys = rng.sample(list(sheet), len(sheet))
    verdicts = backprop(circuit.text, circuit.inputs).check(
        ", ".join(f"{key} = {sheet[key]}" for key in keys), lr=RATE, **options)
    return {verdict.key: verdict for verdict in verdicts}


def typed(numbers, digits=7):
    return {key: f"{number:.{digits}g}" for key, number in numbers.items()}


def other_number(number, rng):
    """One that nothing leads to."""
    return round(number * rng.uniform(1.3, 1.7) + rng.choice((-1, 1)) * rng.uniform(0.3, 0.7), 4)


@pytest.mark.parametrize("seed", SEEDS)
def test_who_works_exactly_is_right_to_any_digit(seed):
    rng = random.Random(seed)
    circuit = Circuit(rng)
    for digits in (1, 3, 6, 12):
        for strict in (False, True):
            verdicts = judged(circuit, typed(circuit.worked(), digits), rng, strict=strict)
            assert {(verdict.status, verdict.note) for verdict in verdicts.values()} == {("right", "")}, circuit.text


@pytest.mark.parametrize("seed", SEEDS)
def test_one_slip_is_one_mistake_wherever_it_is(seed):
    rng = random.Random(seed)
    circuit = Circuit(rng)
    right = circuit.worked()
    for slip in right:
        wrong = {slip: other_number(right[slip], rng)}
        sheet = typed(circuit.worked(wrong), 9)
        sheet = {key: sheet[key] for key in sheet if key == slip or rng.random() < 0.7}
        expected = {key: "wrong" if key == slip else "right" if number == f"{right[key]:.9g}" else "follows"
                    for key, number in sheet.items()}
        verdicts = judged(circuit, sheet, rng)
        assert {key: verdict.status for key, verdict in verdicts.items()} == expected, (circuit.text, sheet)
        assert {verdict.note for verdict in verdicts.values() if verdict.status == "follows"} <= {
            f"follows from your {slip} = {sheet[slip]}"}
        strict = judged(circuit, sheet, rng, strict=True)
        assert {key: verdict.passed for key, verdict in strict.items()} == {
            key: word == "right" for key, word in expected.items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_two_slips_are_two_mistakes_however_much_follows_from_both(seed):
    rng = random.Random(seed)
    circuit = Circuit(rng)
    right = circuit.worked()
    slips = {key: other_number(right[key], rng) for key in rng.sample(list(right), 2)}
    sheet = typed(circuit.worked(slips), 9)
    verdicts = judged(circuit, sheet, rng)
    for key, number in sheet.items():
        expected = "wrong" if key in slips else "right" if number == f"{right[key]:.9g}" else "follows"
        assert verdicts[key].status == expected, (circuit.text, sheet, key)
        if expected == "follows":
            assert verdicts[key].note in {f"follows from your {slip} = {sheet[slip]}" for slip in slips}


@pytest.mark.parametrize("seed", SEEDS)
def test_who_rounds_every_step_and_goes_on_with_that_passes(seed):
    """... where it is the last digits that this costs, and no more than a tenth of a number that stands alone."""
    rng = random.Random(seed)
    circuit = Circuit(rng)
    exact = circuit.worked()
    for decimals in (1, 2, 3, 4, 6):
        numbers = circuit.worked(tidy=lambda number, decimals=decimals: half_up(number, decimals))
        sheet = {key: f"{half_up(number, decimals):.{decimals}f}" for key, number in numbers.items()}
        off = {key: abs(float(sheet[key]) - exact[key]) / (abs(exact[key]) or 1) for key in sheet}
        # At least one digit has to be there.
        sheet = {key: number for key, number in sheet.items() if abs(exact[key]) > 10.0 ** -decimals or not exact[key]}
        near = {key: number for key, number in sheet.items() if off[key] <= 0.09}
        for key, verdict in judged(circuit, near, rng).items():
            assert verdict.status == "right", (circuit.text, circuit.inputs, near, key)
        for key, number in sheet.items():          # each of them alone
            if off[key] <= 0.09:
                assert judged(circuit, {key: number}, rng)[key].status == "right", (circuit.text, sheet, key)
            elif off[key] > 0.11 and abs(float(number)) > 10.5 * 10.0 ** -decimals:
                assert judged(circuit, {key: number}, rng)[key].status == "wrong", (circuit.text, sheet, key)


@pytest.mark.parametrize(("text", "inputs", "key", "typed", "zeros"), [
    ("f = w*x", {"w": 0.75, "x": 1.5}, "f", "1.13", "1.100"),
    ("a = w*x; f = 2*a", {"w": 0.75, "x": 1.5}, "da/dx", "0.8", "0.800"),
    ("b = tanh(x); f = b^2", {"x": 1.375}, "dx", "0.40", "0.400"),
])
def test_the_last_step_is_rounded_to_the_digits_that_are_typed(text, inputs, key, typed, zeros):
    report = backprop(text, inputs)
    assert report.check({key: typed})[0].passed
    assert not report.check({key: zeros})[0].passed


def test_seven_decimals_are_no_rounding_on_the_way():
    words = {"w": 0.75, "x": 1.5}
    for number, status in (("1.618602", "right"), ("1.6186022", "wrong")):     # exactly 1.61860206...
        assert backprop("a = x*w; b = tanh(a); f = b + b", words).check(f"f = {number}")[0].status == status


@pytest.mark.parametrize("seed", SEEDS)
def test_who_writes_some_digits_and_goes_on_with_all_is_understood(seed):
    """... if what is written is good to a hundredth, and so leaves little choice for what follows."""
    rng = random.Random(seed)
    circuit = Circuit(rng)
    right = circuit.worked()
    for _ in range(30):
        slip, key = rng.sample(list(right), 2)
        written = f"{other_number(right[slip], rng):#.{rng.choice((2, 3))}g}"
        half = 0.5 * 10.0 ** -len(written.partition(".")[2])
        low, high = sorted(circuit.worked({slip: float(written) + side})[key] for side in (-half, half))
        doubt, room = half / abs(float(written)), (high - low) / abs(high or 1)
        near = abs(high - right[key]) < 0.2 * abs(right[key])
        if near or room < 1e-4 or any(0.9 < border < 1.1 for border in (doubt / 0.01, room / 0.04)):
            continue
        for share in (0.0317, 0.2531, 0.9713, -0.1137, 1.1137):
            number = low + share * (high - low)
            understood = 0 < share < 1 and doubt < 0.01 and room < 0.04
            for form in (f"{number:.9f}", f"{number!r}*1"):
                found = judged(circuit, {slip: written, key: form}, rng)[key]
                assert found.passed is understood, (circuit.text, circuit.inputs, slip, written, key, form)
            assert judged(circuit, {slip: f"{written}/1", key: f"{number:.9f}"}, rng)[key].status == "wrong"
        if doubt < 0.01 and room < 0.04:           # each end of what it may be, rounded to any digit
            for form in (f"{end:#.{digits}g}" for end in (low, high) for digits in (3, 4, 5, 6)):
                assert judged(circuit, {slip: written, key: form}, rng)[key].passed, (circuit.text, slip, written, form)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_number_that_nothing_leads_to_is_wrong_beside_right_ones(seed):
    rng = random.Random(seed)
    circuit = Circuit(rng)
    right = circuit.worked()
    for key in right:
        sheet = typed({**right, key: other_number(right[key], rng)}, 5)
        verdicts = judged(circuit, sheet, rng)
        assert verdicts[key].status == "wrong"
        assert {verdicts[other].status for other in right if other != key} <= {"right"}


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_of_every_size_are_told_from_others(seed):
    """Atoms and stars: what binary arithmetic leaves of a large number is much beside a small one."""
    rng = random.Random(seed)
    circuit = Circuit(rng, [GATES[0], *GATES[2:5]], lambda rng: rng.uniform(1, 9) * 10.0 ** rng.randint(-20, 20))
    right = {key: number for key, number in circuit.worked().items() if "new" not in key}
    for key, number in right.items():
        assert judged(circuit, {key: f"{number:.12g}"}, rng)[key].status == "right"
        for other in ([f"{number * 1.4:.12g}", "0"] if number else ["1e-30"]):
            found = judged(circuit, {key: other}, rng)[key]
            assert found.status == "wrong", (circuit.text, circuit.inputs, key, other)


@pytest.mark.parametrize("seed", SEEDS)
def test_decimals_that_binary_does_not_have_are_decimals_all_the_same(seed):
    """0.1 + 0.2 - 0.3 is 0, and so is what is multiplied by it: exact arithmetic is the judge."""
    rng = random.Random(seed)
    circuit = Circuit(rng, GATES[:5], lambda rng: Fraction(rng.randint(-3, 3) or 4, 10))
    right = {key: Fraction(number) for key, number in circuit.worked(one=Fraction(1)).items() if "new" not in key}
    circuit.inputs = {name: float(value) for name, value in circuit.inputs.items()}
    for key, number in right.items():
        decimal = f"{Decimal(number.numerator) / number.denominator:f}"
        verdict = judged(circuit, {key: decimal}, rng, strict=True)[key]
        assert verdict.status == "right", (circuit.text, circuit.inputs, key, decimal)
        if not number:
            assert judged(circuit, {key: "1e-9"}, rng)[key].status == "wrong"
