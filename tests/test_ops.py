"""The table, row by row: everything here is generated from it, so a new row is tested as it stands."""

import math
import random

import mpmath
import pytest

from bpcalc import BpcalcError, backprop
from bpcalc.backends import SPECIAL, Floats, floats
from bpcalc.ops import BY_NAME, FUNCTIONS, TABLE

from .accuracy import measure

ROWS = [row for row in TABLE if row.params and not row.structural]      # tests/test_arrays.py has the others
SAMPLES = [pytest.param(row, point, id=f"{row.name}-{point}") for row in ROWS for point in row.samples]
BORDERS = [pytest.param(row, point, id=f"{row.name}-{point}") for row in ROWS for point in row.borders]
SLOTS = [pytest.param(row, slot, id=f"{row.name}-{slot}") for row in ROWS for slot in range(len(row.partials))]

# Worked out to 17 digits independently of bpcalc and of mpmath (tables, or exact by definition).
KNOWN = {
    "tanh": (0.5, 0.46211715726000975), "sigmoid": (0.0, 0.5), "relu": (-2.0, 0.0), "exp": (1.0, math.e),
    "log": (math.e, 1.0), "sqrt": (2.25, 1.5), "cbrt": (-27.0, -3.0), "erf": (0.5, 0.5204998778130465),
    "erfc": (0.5, 0.4795001221869535), "softplus": (0.0, 0.6931471805599453), "gelu": (1.0, 0.8413447460685429),
    "silu": (0.0, 0.0), "softsign": (3.0, 0.75), "abs": (-2.5, 2.5), "sign": (-0.5, -1.0), "step": (0.0, 1.0),
    "square": (1.5, 2.25), "log2": (8.0, 3.0), "log10": (1000.0, 3.0), "log1p": (0.0, 0.0), "expm1": (0.0, 0.0),
    "sin": (0.0, 0.0), "cos": (0.0, 1.0), "tan": (0.0, 0.0), "asin": (1.0, math.pi / 2), "acos": (1.0, 0.0),
    "atan": (1.0, math.pi / 4), "sec": (0.0, 1.0), "csc": (math.pi / 2, 1.0), "cot": (math.pi / 4, 1.0),
    "sinh": (0.0, 0.0), "cosh": (0.0, 1.0), "asinh": (0.0, 0.0), "acosh": (1.0, 0.0), "atanh": (0.0, 0.0),
    "logsigmoid": (0.0, -0.6931471805599453), "neg": (2.0, -2.0), "identity": (2.0, 2.0),
    "leaky_relu": ((-2.0, 0.1), -0.2), "elu": ((-1.0, 1.0), math.exp(-1) - 1), "max": ((1.0, 2.0), 2.0),
    "min": ((1.0, 2.0), 1.0), "clip": ((5.0, 0.0, 1.0), 1.0), "add": ((1.0, 2.0), 3.0), "sub": ((1.0, 2.0), -1.0),
    "mul": ((3.0, 2.0), 6.0), "div": ((3.0, 2.0), 1.5), "pow": ((3.0, 2.0), 9.0), "hypot": ((3.0, 4.0), 5.0),
    "atan2": ((1.0, 1.0), math.pi / 4), "sum": ((1.0, 2.0, 4.5), 7.5), "mean": ((1.0, 2.0, 4.5), 2.5),
    "where": ((0.0, 1.0, 2.0), 2.0), "lt": ((1.0, 2.0), 1.0), "le": ((3.0, 2.0), 0.0), "gt": ((1.0, 2.0), 0.0),
    "ge": ((2.0, 2.0), 1.0), "eq": ((2.0, 2.0), 1.0), "ne": ((2.0, 2.0), 0.0), "huber": ((3.0, 0.0, 1.0), 2.5),
    "bce": ((0.5, 1.0), 0.6931471805599453), "bce_with_logits": ((0.0, 1.0), 0.6931471805599453),
}


def arguments(row, point):
    return [list(point)] if row.variadic else list(point)


def value(row, point):
    return floats().forward(row)(*arguments(row, point))


def text_of(row, names):
    if row.fixity and len(names) == 2:
        return f"({names[0]}) {row.fixity[0]} ({names[1]})"
    return f"{row.fixity[0]}{names[0]}" if row.fixity else f"{row.name}({', '.join(names)})"


def report_of(row, point):
    names = [f"x{i}" for i in range(len(point))]
    return backprop(text_of(row, names), dict(zip(names, point)))


@pytest.fixture(autouse=True)
def digits():
    before = mpmath.mp.dps
    mpmath.mp.dps = 60
    yield
    mpmath.mp.dps = before


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_is_complete(row):
    assert len(row.partials) == (1 if row.variadic else len(row.params))
    assert len(row.shown) == len(row.partials)
    assert row.one or not row.variadic, "of one array there is another row"
    assert row.samples, "a row needs sample points"
    assert row.doc.endswith(".")
    for param in row.params:
        assert "{" + param + "}" in row.latex
    assert row.name in KNOWN, "a row needs a known value here"


def test_names_are_unique():
    names = [name for row in TABLE for name in (row.name, *row.aliases)]
    assert len(names) == len(set(names))
    codes = [row.code for row in TABLE]
    assert codes == list(range(len(TABLE)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_text_compiles_with_the_vocabulary_alone(row):
    fresh = Floats()
    known = {*fresh.names, *SPECIAL, *FUNCTIONS, *row.params, "out", "x"} - {"__builtins__"}
    for text in (row.forward, *row.partials, *(test for test, _ in (*row.domain, *row.kinks))):
        function = fresh.rule((*row.params, "x", "out") if row.variadic else (*row.params, "out"), text)
        assert set(function.__code__.co_names) <= known


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_known_values_pin_the_forward_rule(row):
    point, expected = KNOWN[row.name]
    point = point if isinstance(point, tuple) else (point,)
    assert value(row, point) == pytest.approx(expected, rel=1e-15, abs=1e-15)


@pytest.mark.parametrize(("row", "point"), SAMPLES)
def test_a_value_is_a_float_also_where_a_rule_chooses_between_whole_numbers(row, point):
    report = report_of(row, point)
    assert {type(number) for number in report.trace.values} == {float}
    assert {type(number) for number in report.gradients.values()} == {float}


@pytest.mark.parametrize(("row", "point"), SAMPLES)
def test_the_forward_rule_is_the_definition(row, point):
    exact = measure.exactly(row.params, row.definition)(*arguments(row, [mpmath.mpf(x) for x in point]))
    assert value(row, point) == pytest.approx(float(exact), rel=4e-15, abs=1e-300)


@pytest.mark.parametrize(("row", "point"), SAMPLES)
def test_every_partial_is_the_derivative_of_the_definition(row, point):
    definition = measure.exactly(row.params, row.definition)
    out = value(row, point)
    h = mpmath.mpf("1e-20")
    for slot in range(len(point)):
        def along(t, slot=slot):
            moved = [mpmath.mpf(x) + (t if at == slot else 0) for at, x in enumerate(point)]
            return definition(*arguments(row, moved))

        slope = float((along(h) - along(-h)) / (2 * h))
        rule = floats().partial(row, slot)
        found = rule(list(point), point[slot], out) if row.variadic else rule(*point, out)
        assert found == pytest.approx(slope, rel=1e-13, abs=1e-13)


@pytest.mark.parametrize(("row", "slot"), SLOTS)
def test_the_shown_formula_is_the_rule(row, slot):
    names = ("xs", "x", "out") if row.variadic else (*row.params, "out")
    textbook = measure.exactly(names, row.shown_partial(slot))
    rule = floats().partial(row, slot)
    for point in row.samples:
        out = value(row, point)
        high = [mpmath.mpf(x) for x in point]
        exact = measure.exactly(row.params, row.definition)(*arguments(row, high))
        if row.variadic:
            pair = rule(list(point), point[slot], out), textbook(high, high[slot], exact)
        else:
            pair = rule(*point, out), textbook(*high, exact)
        assert pair[0] == pytest.approx(float(pair[1]), rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_at_random_points_too_a_row_is_its_definition_and_its_derivative(row):
    rng = random.Random(row.name)
    definition, count, h = measure.exactly(row.params, row.definition), len(row.samples[0]), mpmath.mpf("1e-20")
    for scale in [0.9] * 12 + [4] * 12:
        point = [rng.uniform(-scale, scale) for _ in range(count)]
        try:
            out = value(row, point)
        except (ArithmeticError, ValueError):
            continue
        if not all(floats().rule(row.params, test)(*arguments(row, point)) for test, _ in row.domain):
            continue
        high = [mpmath.mpf(x) for x in point]
        assert out == pytest.approx(float(definition(*arguments(row, high))), rel=1e-12), point
        for slot in range(count):
            def along(t, slot=slot, high=high):
                return definition(*arguments(row, [x + (t if at == slot else 0) for at, x in enumerate(high)]))

            rule, textbook = floats().partial(row, slot), row.shown_partial(slot)
            names = ("xs", "x", "out") if row.variadic else (*row.params, "out")
            given = (list(point), point[slot], out) if row.variadic else (*point, out)
            try:
                found = rule(*given)
            except ValueError:                     # log(a) of a negative base
                continue
            assert found == pytest.approx(float((along(h) - along(-h)) / (2 * h)), rel=1e-10, abs=1e-12), (point, slot)
            exact = measure.exactly(names, textbook)(*([high, high[slot]] if row.variadic else high), mpmath.mpf(out))
            assert found == pytest.approx(float(exact), rel=1e-10, abs=1e-12), (point, slot)


@pytest.mark.parametrize("row", [row for row in ROWS if row.pair], ids=lambda row: row.name)
def test_the_formula_shown_for_two_arguments_is_the_rule(row):
    textbook = measure.exactly(("x", "y"), row.pair)
    assert row.shown_partial(0, 2) == row.pair != row.shown_partial(0, 3)
    for x, y in ((1.5, -2.0), (-2.0, 1.5), (0.0, 3.0), (-1.0, -1.5)):
        assert floats().partial(row, 0)([x, y], x, value(row, (x, y))) == textbook(mpmath.mpf(x), mpmath.mpf(y))


@pytest.mark.parametrize(("row", "point"), BORDERS)
def test_at_its_borders_a_row_gives_a_finite_value_or_its_own_words(row, point):
    inside = all(floats().rule(row.params, test)(*arguments(row, point)) for test, _ in row.domain)
    try:
        report = report_of(row, point)
    except BpcalcError as error:
        assert error.code == "domain"
        said = [words for test, words in row.domain
                if not floats().rule(row.params, test)(*arguments(row, point))]
        assert said or "too large" in error.message
        if said:
            assert said[0] in error.message
        return
    assert inside
    assert math.isfinite(report.value)
    for name, gradient in report.gradients.items():
        assert gradient is not None or {note.code for note in report.notes} & {"undefined", "overflow"}, name


@pytest.mark.parametrize(("row", "point"), SAMPLES)
def test_samples_lie_inside_the_domain_and_off_the_kinks(row, point):
    given = arguments(row, point)
    assert all(floats().rule(row.params, test)(*given) for test, _ in row.domain)
    out = value(row, point)
    assert not any(floats().rule((*row.params, "out"), test)(*given, out) for test, _ in row.kinks)
    assert report_of(row, point).notes == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.kinks], ids=lambda row: row.name)
def test_at_a_kink_the_slopes_on_both_sides_differ_or_the_value_jumps(row):
    def is_kink(point):
        given = arguments(row, point)
        return any(floats().rule((*row.params, "out"), test)(*given, value(row, point)) for test, _ in row.kinks)

    points = [point for point in row.borders if is_kink(point)]
    points += [(0.0, 0.5)] if row.name == "elu" else []
    assert points, "a row with kinks needs one among its borders"
    for point in points:
        differs = False
        for slot in range(len(point)):
            def at(t, slot=slot, point=point):
                return value(row, tuple(x + (t if s == slot else 0) for s, x in enumerate(point)))

            h = 1e-6
            left, right = (at(0) - at(-h)) / h, (at(h) - at(0)) / h
            differs |= abs(left - right) > 1e-3 or abs(at(h) - at(-h)) > 1e-3
        assert differs
        report = report_of(row, point)
        assert "kink" in {note.code for note in report.notes}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_written_as_text_is_read_as_the_same_row(row):
    point = row.samples[0]
    report = report_of(row, point)
    output = report.nodes[report.graph.output]
    if row.name == "identity":
        return
    assert output.op == row.name
    again = backprop(output.text, dict(zip([f"x{i}" for i in range(len(point))], point)))
    assert again.nodes[again.graph.output].op == row.name
    assert again.value == report.value


@pytest.mark.parametrize("name", [name for name in sorted(FUNCTIONS) if not FUNCTIONS[name].structural])
def test_every_name_and_alias_can_be_called(name):
    row = FUNCTIONS[name]
    point = row.samples[0]
    names = [f"x{i}" for i in range(len(point))]
    assert backprop(f"{name}({', '.join(names)})", dict(zip(names, point))).value == value(row, point)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_row_loses_digits(row):
    """Values within 3 ulps, and partials within 4 where well conditioned."""
    mpmath.mp.dps = measure.DIGITS
    for key, errors in measure.measure(row, 60, seed=3).items():
        for well in (True, False):
            error, point = errors.of("bpcalc", well)
            limit = 100 if not well else 3 if key == "value" else 4
            assert error is None or error <= limit, (key, well, error, point)


# Where the textbook's formula or the C library's function loses digits: what, from, to, ulps allowed.
HARD = [
    ("tanh", None, (-1.0,), (1.0,), 1.5), ("tanh", None, (-3.0,), (3.0,), 2.5), ("log2", 0, (0.1,), (9.0,), 1.6),
    ("log10", 0, (0.1,), (9.0,), 1.6), ("erfc", None, (0.75,), (26.0,), 1.6), ("cbrt", None, (-9.0,), (9.0,), 1.5),
    ("silu", None, (-707.0,), (-690.0,), 3), ("silu", 0, (-707.0,), (-690.0,), 4),
    ("gelu", 0, (-1.5,), (-0.95,), 4), ("gelu", 0, (-13.0,), (-2.0,), 2), ("tanh", 0, (-2.0,), (2.0,), 4),
    ("acosh", 0, (1.0,), (1.1,), 2), ("acosh", 0, (1e8,), (1e10,), 2),
    ("bce", 1, (0.3, 0.0), (0.7, 1.0), 2), ("bce_with_logits", 0, (4.0, 0.7), (20.0, 0.9), 3),
    ("bce_with_logits", 0, (-1.0, 0.8), (0.5, 0.99), 3), ("elu", 0, (-740.0, 1e90), (-720.0, 1e100), 2),
    ("huber", 2, (1.1, 0.0, 0.9), (1.2, 0.1, 1.0), 0.5), ("huber", 2, (-1.2, 0.0, 0.9), (-1.1, 0.1, 1.0), 0.5),
]


@pytest.mark.parametrize(("name", "slot", "low", "high", "limit"), HARD)
def test_a_formula_keeps_the_digits_that_the_textbooks_loses(name, slot, low, high, limit):
    row, rng = BY_NAME[name], random.Random(name)
    text = row.definition if slot is None else row.shown_partial(slot)
    exact = measure.exactly(row.params if slot is None else (*row.params, "out"), text)
    rule = floats().forward(row) if slot is None else floats().partial(row, slot)
    with mpmath.workdps(100):                     # 1 - tanh(x)^2 and the like cancel here, too
        for _ in range(100):
            point = [rng.uniform(a, b) for a, b in zip(low, high)]
            given = [mpmath.mpf(x) for x in point]
            if slot is not None:
                point.append(value(row, point))
                given.append(measure.exactly(row.params, row.definition)(*given))
            assert measure.ulps(rule(*point), exact(*given)) <= limit, point


@pytest.mark.parametrize(("text", "values", "name", "expected"), [
    ("a^b", {"a": -1, "b": -4e178}, "a", 4e178),   # b - 1 rounds to b, which is even
    ("a^b", {"a": 0, "b": 1e300}, "a", 0),
    ("a^b", {"a": 5e-54, "b": 6.07}, "b", None),   # 5e-54^6.07 keeps only a few bits
    ("a^b", {"a": 1e-300, "b": 1.5}, "a", 1.5e-150),       # a^b itself is 0 there
    ("a^b", {"a": -1e-200, "b": 3}, "a", 0), ("a^b", {"a": -1e-200, "b": 2}, "a", -2e-200),
    ("a^b", {"a": 1e150, "b": -1}, "a", -1e-300),
    ("hypot(a, b)", {"a": -5e-324, "b": 5e-324}, "a", -math.sqrt(0.5)),
    ("hypot(a, b)", {"a": 5e-324, "b": -15e-324}, "b", -math.sqrt(0.9)),
    ("silu(x)", {"x": -740}, "x", -739 * math.exp(-370) * math.exp(-370)),
    ("silu(x)", {"x": 720}, "x", 1), ("sigmoid(x)", {"x": 720}, "x", math.exp(-720)),
    ("sigmoid(x)", {"x": -720}, "x", math.exp(-720)), ("tanh(x)", {"x": 720}, "x", 0),
    ("tanh(x)", {"x": -350}, "x", 4 * math.exp(-700)), ("softplus(x)", {"x": -720}, "x", math.exp(-720)),
    ("logsigmoid(x)", {"x": 720}, "x", math.exp(-720)),
    ("hypot(a, b)", {"a": 1e300, "b": -1e300}, "b", -math.sqrt(0.5)),
    ("huber(p, t, d)", {"p": 1e100, "t": 0.25, "d": 1e100}, "d", 0),    # p - t rounds to d
    ("huber(p, t, d)", {"p": -1e100, "t": -0.25, "d": 1e100}, "d", 0),
], ids=lambda value: "" if isinstance(value, (float, int)) else None)
def test_partials_far_out_keep_their_digits(text, values, name, expected):
    if expected is None:
        a, b = mpmath.mpf(values["a"]), mpmath.mpf(values["b"])
        expected = float(a**b * mpmath.log(a))
    assert backprop(text, values).gradients[name] == pytest.approx(expected, rel=1e-15, abs=5e-324)


@pytest.mark.parametrize(("text", "told"), [
    ("leaky_relu(x, 1)", False), ("leaky_relu(x, 2)", True), ("elu(x)", False), ("elu(x, 2)", True),
    ("elu(x, 0)", True), ("atan2(x, -1)", True), ("atan2(x, 0.5)", False), ("atan2(x, x)", False),
    ("x*abs(x + 1)", False),
])
def test_at_zero_there_is_a_kink_only_where_the_slopes_on_both_sides_differ(text, told):
    left, right = (backprop(text, x=x).gradients["x"] for x in (-1e-9, 1e-9))
    report = backprop(text, x=0)
    if "atan2" in text:
        left, right = (backprop(text, x=x).value for x in (-1e-9, 1e-9))
    if text != "atan2(x, x)":
        assert (abs(left - right) > 1e-3) == told
    assert ("kink" in {note.code for note in report.notes}) == told


def test_zero_to_the_power_zero_is_one_and_jumps_beside_it():
    report = backprop("a^b", a=0, b=0)
    assert report.value == 1
    assert report.gradients == {"a": 0, "b": None}
    assert "undefined" in {note.code for note in report.notes}


@pytest.mark.parametrize(("name", "least", "most", "words"), [
    ("log", 1, 1, "1"), ("atan2", 2, 2, "2"), ("clip", 3, 3, "3"), ("leaky_relu", 1, 2, "1 or 2"),
    ("huber", 2, 3, "2 or 3"), ("max", 1, 99, "one or more"), ("stack", 1, 99, "one or more"), ("softmax", 1, 1, "1"),
    ("cross_entropy", 2, 2, "2"), ("hinge", 2, 3, "2 or 3"),
])
def test_a_call_with_too_few_or_too_many_arguments_is_told_how_many_there_are(name, least, most, words):
    assert FUNCTIONS[name].arity == words
    for count in range(6):
        try:
            backprop(f"{name}({', '.join(['x'] * count)})", x=1)
        except BpcalcError as error:
            refused = error.code == "syntax"       # any other is about the shapes
            assert not refused or f"takes {words}" in error.message
        else:
            refused = False
        assert refused == (not least <= count <= most)


def test_a_range_of_one_number_clips_to_it():
    assert backprop("clip(x, 2, 2)", x=1).value == 2
    assert backprop("clip(x, 2, 2)", x=3).value == 2


def test_at_a_bound_of_clip_x_has_the_whole_gradient():
    for x in (-1, 1):
        gradients = backprop("clip(x, lo, hi)", x=x, lo=-1, hi=1).gradients
        assert gradients == {"x": 1, "lo": 0, "hi": 0}


@pytest.mark.parametrize("power", [1e-300, 0.25, 0.5, 1.0, 1.5, 300.0])
def test_zero_to_a_positive_power_is_zero_whatever_the_power(power):
    assert backprop("x^p", x=0, p=power, wrt="p").gradients == {"p": 0.0}
