"""Judging hand-worked answers: rounding, consequences, kinks, and every mistake by its own example."""

import json

import pytest

from bpcalc import BpcalcError, backprop
from bpcalc.homework.answers import last_digit, parse_answers
from bpcalc.homework.mistakes import TABLE

CLASSIC = ("q = x + y; f = q*z", {"x": -2, "y": 5, "z": -4})
NEURON = ("n = w0*x0 + w1*x1 + w2; f = sigmoid(n)", {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3})


def judged(case, answers, **options):
    return {verdict.key: verdict for verdict in backprop(*case).check(answers, **options)}


def status(case, key, typed, **options):
    return judged(case, f"{key} = {typed}", **options)[key].status


def test_right_answers_of_every_kind():
    verdicts = judged(CLASSIC, "q=3, f=-12, x=-2, dx=-4, df/dy=-4, ∂f/∂z=3, dq=-4, df=1, dq/dx=1")
    assert {verdict.status for verdict in verdicts.values()} == {"right"}


def test_local_gradients_and_numbered_nodes():
    report = backprop("(x+y)*z", x=-2, y=5, z=-4)
    verdicts = report.check("n3 = 3, dn3 = -4, dn3/dx = 1, f = -12")
    assert [verdict.status for verdict in verdicts] == ["right"] * 4


@pytest.mark.parametrize(("typed", "right"), [
    # the exact gradient is -0.19661193…
    ("-0.2", True), ("-0.20", True), ("-0.197", True), ("-0.1966", True), ("-0.19661", True), ("-0.1966119", True),
    ("-0.21", False), ("-0.198", False), ("-0.1967", False), ("0.2", False), ("-1.966e-1", True), ("-2e-1", True),
    ("-1.97e-1", True), ("-0.1966e0", True), ("0", False), ("-0.0", False), ("-1", False), ("-0.21/1", False),
])
def test_the_typed_digits_set_the_precision(typed, right):
    assert (status(NEURON, "dw0", typed) == "right") is right


@pytest.mark.parametrize(("value", "typed", "right"), [
    (0.25, "0.2", True), (0.25, "0.3", True), (0.251, "0.2", False), (0.7, "1", False), (0.96, "1", True),
    (12.7, "13", True), (12.7, "10", False), (1e-3, "1e-3", True), (1e-3, "0.001", True), (1e-3, "0.0", False),
    (2.0, "2.000", True), (2.0, "2.001", False), (0.0, "0", True), (0.0, "-0", True), (0.0, "0.1", False),
    (1234.5, "1.2345e3", True), (1 / 3, "1/3", True), (1 / 3, "0.3", True), (1 / 3, "1/3.01", False),
])
def test_borders_of_rounding(value, typed, right):
    assert (status(("f = x + 0", {"x": value}), "f", typed, strict=True) == "right") is right


def test_units_of_typed_digits():
    assert [last_digit(text) for text in ("-0.20", "3", "3.", ".5", "1.5e-3", "2E2", "1/3", "pi", "", "1e", "−2.5")] \
        == [0.01, 1.0, 1.0, 0.1, 1e-4, 100.0, None, None, None, None, 0.1]


def test_rounding_early_and_cutting_off_are_right_unless_strict():
    case = ("a = x/3; f = a*100", {"x": 1})
    verdict = judged(case, "a = 0.33, f = 33")["f"]
    assert verdict.status == "right"
    early = judged(case, "a = 0.33, f = 33.0")["f"]
    assert (early.status, "rounded early" in early.note) == ("right", True)
    assert judged(case, "a = 0.33, f = 33.0", strict=True)["f"].status == "wrong"
    cut = judged(("f = x", {"x": 2.718281828}), "f = 2.71")["f"]
    assert (cut.status, cut.note) == ("right", "truncated, not rounded")
    assert status(("f = x", {"x": 2.718281828}), "f", "2.71", strict=True) == "wrong"


def test_a_tolerance_replaces_the_digits():
    assert status(NEURON, "dw0", "-0.21", tolerance=0.1) == "right"
    assert status(NEURON, "dw0", "-0.2", tolerance=0.001) != "right"


def test_one_slip_costs_one_mistake():
    verdicts = judged(CLASSIC, "q=3, dq=4, dx=4, dy=4")
    assert [verdict.status for verdict in verdicts.values()] == ["right", "wrong", "follows", "follows"]
    assert verdicts["dx"].note == "follows from your dq = 4"
    assert judged(CLASSIC, "q=4, f=-16")["f"].status == "follows"
    assert judged(CLASSIC, "dq=4, dx=4", strict=True)["dx"].status == "wrong"


def test_every_subgradient_at_a_kink_is_right():
    for typed in ("0", "0.5", "1", "0.3"):
        assert status(("relu(x)", {"x": 0}), "dx", typed) == "right"
    assert status(("relu(x)", {"x": 0}), "dx", "1.5") == "wrong"
    assert status(("abs(x)", {"x": 0}), "dx", "-1") == "right"
    assert status(("max(x, y)", {"x": 1, "y": 1}), "dx", "1") == "right"
    assert status(("relu(x)", {"x": 1}), "dx", "0.5") == "wrong"


# One example for each row of the table: (expression, values, answer).
FIXTURES = {
    "sign": (*CLASSIC, "dx = 4"),
    "not-summed": ("c = a + b; d = b + 1; e = c*d", {"a": 2, "b": 1}, "db = 2"),
    "path-missing": ("c = a + b; d = b + 1; e = c*d", {"a": 2, "b": 1}, "db = 3"),
    "local-only": ("q = x*3; f = q*z", {"x": 2, "z": 7}, "dx = 3"),
    "upstream-only": ("q = x*3; f = q*z", {"x": 2, "z": 7}, "dx = 7"),
    "value": ("q = x*3; f = q*z", {"x": 11, "z": 7}, "dx = 11"),
    "not-swapped": ("q = x*y; f = q*z", {"x": 2, "y": 5, "z": 7}, "dx = 14"),
    "minus-lost": ("q = 5*(a - b); f = q*z", {"a": 1, "b": 3, "z": 7}, "dz = 10"),
    "relu-off": ("f = 3*relu(x)", {"x": -2}, "dx = 3"),
    "loser": ("f = 3*max(x, y)", {"x": 1, "y": 2}, "dx = 3"),
    "sign-of-abs": ("f = 3*abs(x) + 7*x", {"x": -2}, "dx = 10"),
    "exponent-kept": ("f = 5*x^3", {"x": 2}, "dx = 120"),
    "factor-lost": ("f = 5*x^3", {"x": 2}, "dx = 20"),
    "power-as-exponential": ("f = 5*x^3", {"x": 2}, "dx = 27.726"),
    "square-lost": ("f = 5*a/b", {"a": 3, "b": 4}, "db = -3.75"),
    "numerator-lost": ("f = a/b", {"a": 3, "b": 4}, "db = -0.0625"),
    "not-inverted": ("f = 3*log(x)", {"x": 5}, "dx = 15"),
    "of-the-input": ("f = 3*sigmoid(x)", {"x": 2}, "dx = -6"),
    "undifferentiated": ("f = 3*tanh(x)", {"x": 2}, "dx = 2.892"),
    "base-ten": ("f = 3*log(x)", {"x": 5}, "dx = 0.26"),
    "sine-sign": ("f = 3*cos(x) + 2*x", {"x": 1}, "dx = 4.524"),
    "half-lost": ("f = 3*sqrt(x)", {"x": 5}, "dx = 1.342"),
    "one-too-far": ("q = 3*x; r = q*5; f = r*z", {"x": 2, "z": 7}, "dr = 35"),
    "added": ("q = x*3; f = q*z", {"x": 2, "z": 7}, "dx = 10"),
}


def test_every_mistake_has_an_example():
    assert set(FIXTURES) >= {mistake.code for mistake in TABLE} - {"minus-lost"}
    codes = [mistake.code for mistake in TABLE]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("code", [code for code in FIXTURES if code not in ("minus-lost",)])
def test_a_mistake_is_named_by_its_example(code):
    expression, values, answer = FIXTURES[code]
    verdict = backprop(expression, values).check(answer)[0]
    assert verdict.status == "wrong"
    assert verdict.mistake == code


def test_a_lost_minus_is_named_where_more_than_the_sign_changes():
    verdict = backprop("f = x*(a - x)", x=3, a=5).check("dx = 5")[0]
    assert (verdict.status, verdict.mistake) == ("wrong", "minus-lost")


@pytest.mark.parametrize("mistake", TABLE, ids=lambda mistake: mistake.code)
def test_words_and_hints_teach_without_numbers_of_the_case(mistake):
    assert mistake.say
    assert mistake.hint
    assert not mistake.say.endswith(".")


def test_a_wrong_rule_that_gives_the_right_number_is_never_reported():
    # At x = 2 the square and the double are the same; at y = 1 the local gradient is the product.
    assert status(("f = x^2", {"x": 2}), "dx", "4") == "right"
    assert status(("f = x*y", {"x": 3, "y": 1}), "dx", "1") == "right"


def test_nothing_is_given_away(bpcalc):
    words = [CLASSIC[0], "x=-2", "y=5", "z=-4", "--check", "dz=7, q=9", "--require", "leaves"]
    for extra in ([], ["--json"]):
        ran = bpcalc(*words, *extra)
        assert ran.code == 1
        assert "-4" not in ran.out
        assert "-12" not in ran.out
    assert "-4" in bpcalc(*words, "--reveal").out
    shown = json.loads(bpcalc(*words, "--reveal", "--json").out)
    assert {answer["key"]: answer["expected"] for answer in shown["answers"]}["df/dx"] == -4


def test_the_exit_code_says_whether_all_is_right(bpcalc):
    words = [CLASSIC[0], "x=-2", "y=5", "z=-4"]
    assert bpcalc(*words, "--check", "dx=-4").code == 0
    assert bpcalc(*words, "--check", "dx=-4", "--require", "leaves").code == 1
    assert bpcalc(*words, "--check", "dx=-4, dy=-4", "--check", "dz=3", "--require", "leaves").code == 0
    assert bpcalc(*words, "--check", "q=3, f=-12, dx=-4, dy=-4, dz=3, dq=-4", "--require", "all").code == 0
    assert bpcalc(*words, "--check", "dx=").code == 2


def test_a_file_of_answers(bpcalc, tmp_path):
    path = tmp_path / "answers.txt"
    path.write_text("# Ada\nq = 3\ndf/dx = -4   # chain rule\ndz =\n", encoding="utf-8")
    ran = bpcalc(CLASSIC[0], "x=-2", "y=5", "z=-4", "--check-file", path)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "2 of 2 right")


@pytest.mark.parametrize(("answers", "message"), [
    ("dw = 1", "no node called"), ("q", "KEY = VALUE"), ("q = 1, q = 2", "answered twice"),
    ("dx = 1, df/dx = 2", "answered twice"), ("dx = four", "cannot be read"), ("dq/dz = 1", "not an input"),
    ("x/y = 1", "is not a key"), ("=3", "KEY = VALUE"),
])
def test_answers_that_cannot_be_read(answers, message):
    with pytest.raises(BpcalcError, match=message):
        parse_answers(answers, backprop(*CLASSIC))


def test_an_ambiguous_key_is_refused_with_the_unambiguous_spellings():
    report = backprop("dx*x", dx=2, x=3)
    with pytest.raises(BpcalcError) as found:
        parse_answers("dx = 3", report)
    assert found.value.hint == "write value dx or df/dx"
    assert [verdict.status for verdict in report.check("value dx = 2, df/dx = 2")] == ["right", "right"]


def test_answers_from_python():
    verdicts = backprop(*CLASSIC).check({"q": 3, "dx": -4.0, "dz": "3"})
    assert [verdict.status for verdict in verdicts] == ["right"] * 3


@pytest.mark.parametrize(("expression", "values", "answers"), [
    # Published with rounded steps: CS231n's sigmoid circuit chains 0.20.
    (*NEURON, "dx0 = 0.4, dw1 = -0.4, dx1 = -0.6, dw0 = -0.2, dw2 = 0.2"),
    ("e = exp(x)", {"x": 1}, "e = 2.71"),
])
def test_published_numbers_that_were_rounded_on_the_way_are_right(expression, values, answers):
    assert all(verdict.passed for verdict in backprop(expression, values).check(answers))


def test_verdicts_in_json_keep_the_schema(bpcalc):
    from pathlib import Path

    import jsonschema

    import bpcalc as package

    schema = json.loads((Path(package.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))
    ran = bpcalc(CLASSIC[0], "x=-2", "y=5", "z=-4", "--check", "q=3, dx=4", "--json", "--require", "all")
    jsonschema.validate(json.loads(ran.out), schema)
