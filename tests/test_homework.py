"""Judging hand-worked answers: rounding, consequences, kinks, and every mistake by its own example."""

import json
import sys
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bpcalc import BpcalcError, backprop
from bpcalc.homework import rounding
from bpcalc.homework.answers import parse_answers
from bpcalc.homework.check import Judge, check, keep
from bpcalc.homework.mistakes import TABLE
from bpcalc.homework.rounding import last_digit

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
    # exactly half a unit: both neighbours are roundings; a little more is not
    (0.25, "0.2", True), (0.25, "0.3", True), (0.251, "0.2", False), (0.15, "0.2", True), (0.15, "0.1", True),
    (2.675, "2.68", True), (2.675, "2.67", True), (2.6751, "2.67", False), (1.005, "1.01", True),
    (-0.125, "-0.13", True), (-0.125, "-0.12", True), (-0.125, "-0.14", False), (2.5, "3", True), (2.5, "2", True),
    (0.35, "0.4", True), (99.5, "100", True), (99.49, "100", False), (0.0995, "0.10", True),
    # at least the first digit
    (0.7, "1", False), (0.96, "1", True), (12.7, "13", True), (12.7, "10", False), (0.3, "0", False),
    (1e-3, "0.0", False), (1e-3, "0.00", False),
    # exponents and trailing zeros
    (1e-3, "1e-3", True), (1e-3, "0.001", True), (1e-3, "1.0e-3", True), (1e-3, "1.000E-03", True),
    (1.4e-3, "1e-3", True), (1.6e-3, "1e-3", False), (1234.5, "1.2345e3", True), (1234.5, "1.23e3", True),
    (1234.5, "1.24e3", False), (1234.5, "1e3", True), (98.7, "1e2", True), (2.0, "2.000", True), (2.0, "2.001", False),
    (2.0004, "2.000", True), (2.0006, "2.000", False), (2.0006, "2.00", True), (1e300, "1e300", True),
    (123456789.0, "123456789", True), (123456789.4, "123456789", True), (123456789.6, "123456789", False),
    # zero and its sign
    (0.0, "0", True), (0.0, "-0", True), (0.0, "-0.00", True), (0.0, "0.1", False), (0.0, "1e-9", False),
    (-1.0, "−1", True), (-1.0, "- 1", True), (1.0, "+1", True), (1.0, "-1", False),
    # expressions are exact
    (1 / 3, "1/3", True), (1 / 3, "0.3", True), (1 / 3, "1/3.01", False), (1 / 3, "2/6", True),
    (0.7357588823428847, "2*exp(-1)", True),
])
def test_borders_of_rounding(value, typed, right):
    assert (status(("f = x + 0", {"x": value}), "f", typed, strict=True) == "right") is right


@settings(max_examples=300, deadline=None)
@given(st.integers(-10**6, 10**6), st.integers(0, 4), st.integers(1, 49))
def test_a_number_is_right_up_to_half_a_unit_and_no_further(digits, decimals, hundredths):
    """Decimal arithmetic is the judge: the typed number plus less or more than half of its last unit."""
    typed = Decimal(digits).scaleb(-decimals)
    assume(abs(digits) > 1)
    unit = Decimal(1).scaleb(-decimals)
    near, far = typed + unit * hundredths / 100, typed + unit * (100 - hundredths) / 100
    assert rounding.fits(float(typed), float(unit), float(near))
    assert not rounding.fits(float(typed), float(unit), float(far))
    assert rounding.last_digit(str(typed)) == float(unit)


@given(st.integers(-10**6, 10**6), st.integers(0, 4), st.sampled_from((0, 4, 49, 5, 50, 51, 6)))
def test_a_five_is_rounded_away_from_zero_as_by_hand(digits, decimals, rest):
    number = Decimal(f"{digits}{rest}").scaleb(-decimals - len(str(rest)))
    expected = number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    assert rounding.half_up(float(number), decimals) == float(expected)


def test_nobody_writes_minus_nothing():
    assert str(rounding.half_up(-0.004, 2)) == "0.0"


@given(st.floats(-1e12, 1e12, allow_nan=False), st.sampled_from((None, 1e-3, 0.1, 1.0, 100.0)), st.floats(0, 1e-6))
def test_a_number_is_a_rounding_of_itself_and_of_what_noise_makes_of_it(number, unit, noise):
    assert rounding.fits(number, unit, number)
    assert rounding.fits(number, unit, number + noise / 2, noise)
    assert not rounding.fits(number, unit, float("inf"))
    assert not rounding.fits(number, unit, float("nan"))


@pytest.mark.parametrize(("value", "typed", "note"), [
    (2.718281828, "2.71", "truncated"), (-2.718281828, "-2.71", "truncated"), (2.302585, "2.302", "truncated"),
    (0.1966, "0.19", "truncated"), (0.004, "0.00", "rounded away"), (-0.0004, "-0.00", "rounded away"),
])
def test_digits_that_were_cut_off_are_right_unless_strict(value, typed, note):
    verdict = judged(("f = x", {"x": value}), f"f = {typed}")["f"]
    assert verdict.status == "right"
    assert note in verdict.note
    assert status(("f = x", {"x": value}), "f", typed, strict=True) == "wrong"


@pytest.mark.parametrize(("value", "typed"), [
    # 0.3 / 0.1 is a little less than 3 in binary: 0.2 is still no cut 0.3; and one digit is too few
    (0.3, "0.2"), (2.9, "2"), (0.1966, "0.1"), (2.7, "2.6"), (0.7, "0"), (0.06, "0.0"), (2.718, "2.72000"),
])
def test_what_is_no_cutting_off(value, typed):
    assert status(("f = x", {"x": value}), "f", typed) == "wrong"


def test_what_binary_arithmetic_leaves_of_nothing_is_nothing():
    assert status(("f = (x + y) - z", {"x": 0.1, "y": 0.2, "z": 0.3}), "f", "0") == "right"
    assert status(("f = a*(x + y - z)", {"a": 1, "x": 0.1, "y": 0.2, "z": 0.3}), "da", "0") == "right"
    assert status(("f = sigmoid(x)", {"x": -20}), "f", "0") == "wrong"
    # Of whole numbers nothing is left.
    assert status(("f = (x + 1) - y", {"x": 1e15, "y": 1e15}), "f", "1.05/1") == "wrong"
    assert status(("f = (x - 0.1) - y", {"x": 1e15, "y": 1e15}), "f", "-0.1/1") == "right"


def test_units_of_typed_digits():
    assert [last_digit(text) for text in ("-0.20", "3", "3.", ".5", "1.5e-3", "2E2", "1/3", "pi", "", "1e", "−2.5")] \
        == [0.01, 1.0, 1.0, 0.1, 1e-4, 100.0, None, None, None, None, 0.1]


def test_exponents_of_any_length_end_in_a_unit_or_in_none():
    assert last_digit("1e-0004") == 1e-4
    assert last_digit("1e-00004") is None
    assert last_digit("1e+99999") is None


@pytest.mark.parametrize(("unit", "decimals"), [(0.1, 1), (0.01, 2), (1e-4, 4), (1.0, 0), (100.0, 0)])
def test_borders_of_each_way_to_round(unit, decimals):
    """Numbers that are exact in units: which side of a border belongs to it."""
    # two units beside are slips of a digit, three are another number; it takes two digits
    assert [rounding.is_beside(12 * unit + shift * unit, unit, 12 * unit) for shift in (-3, -1.9, 1.9, 3)] \
        == [False, True, True, False]
    assert rounding.is_beside(11 * unit, unit, 10 * unit)
    assert not rounding.is_beside(9 * unit, unit, 9.9 * unit)
    # cutting off leaves two digits at least, and only what stood there
    assert rounding.is_cut(10 * unit, unit, 10 * unit + 0.9 * unit)
    assert not rounding.is_cut(9 * unit, unit, 9.9 * unit)
    assert not rounding.is_cut(11 * unit, unit, 10.9 * unit)
    assert rounding.is_cut(10 * unit, unit, 10 * unit)
    # a number has one digit up to the one that would be rounded to ten
    assert rounding.is_one_digit(9.4 * unit, unit)
    assert not rounding.is_one_digit(9.5 * unit, unit)
    assert rounding.is_whole(12 * unit, unit)
    assert rounding.is_whole(0.0, unit)
    assert not rounding.is_whole(12.001 * unit, unit)
    # a typed number needs as many decimals as its digits, never more than its unit has
    assert rounding.decimals_of(unit, 123 * unit) == decimals
    assert rounding.decimals_of(unit, 300.0) == 0
    assert rounding.decimals_of(None, 0.3) == 0


@pytest.mark.parametrize(("value", "unit", "exact", "lost"), [
    (0.0, 0.01, 0.0049, True), (0.0, 0.01, 0.005, False), (0.0, 0.001, -0.0004, True), (0.0, 0.1, 0.004, False),
    (0.0, None, 0.004, False), (0.01, 0.01, 0.004, False)])
def test_a_zero_is_what_rounding_left_below_half_a_unit_of_two_decimals(value, unit, exact, lost):
    assert rounding.is_lost(value, unit, exact) is lost


def test_numbers_too_long_for_their_digits_are_left_as_they_are():
    """Beyond 15 digits a double has none to round: nothing is cut, whole or moved."""
    assert rounding.half_up(1234567890123456.0, 4) == 1234567890123456.0
    assert rounding.half_up(150000000000000.53125, 1) == 150000000000000.53125
    assert not rounding.is_cut(1.5e15, 1.0, 1.5e15 + 0.5)
    assert not rounding.is_whole(1.5e15, 1.0)
    assert not rounding.is_cut(1e18, 1.0, 1e18 + 256)
    assert not rounding.is_whole(1e18, 1.0)
    assert rounding.is_whole(1e14, 1.0)
    assert rounding.is_whole(1e16, 100.0)
    assert not rounding.is_whole(1e14, 0.01)
    assert rounding.is_beside(14.0, 1.0, 12.0)
    assert rounding.nearly(105.0, 1.0, 100.0)
    assert not rounding.nearly(105.1, 1.0, 100.0)
    assert rounding.nearly(-95.0, 1.0, -100.0)


def test_rounding_early_and_cutting_off_are_right_unless_strict():
    case = ("a = x/3; f = a*100", {"x": 1})
    verdict = judged(case, "a = 0.33, f = 33")["f"]
    assert verdict.status == "right"
    early = judged(case, "a = 0.33, f = 33.0")["f"]
    assert (early.status, "rounded early" in early.note) == ("right", True)
    assert judged(case, "a = 0.33, f = 33.0", strict=True)["f"].status == "wrong"


@pytest.mark.parametrize("typed", ["5e-324", "1e-330", "-1e-400", "1.000e-321", "0e-9999"])
def test_a_number_smaller_than_any_double_is_an_ordinary_answer(typed):
    verdicts = judged(NEURON, f"dw0={typed}, w0=2")
    assert (verdicts["dw0"].status, verdicts["w0"].status) == ("wrong", "right")


def test_an_answer_for_a_node_that_has_no_such_name_is_told_the_nodes():
    with pytest.raises(BpcalcError, match="no node called 'dq'") as told:
        backprop("(x+y)*z", x=-2, y=5, z=-4).check("dq = -4")
    assert told.value.hint == "the nodes are x, y, z, n3, f; q = ... in the expression names one q"


def test_a_tolerance_replaces_the_digits():
    assert status(NEURON, "dw0", "-0.21", tolerance=0.1) == "right"
    assert status(NEURON, "dw0", "-0.2", tolerance=0.001) != "right"


def test_one_slip_costs_one_mistake():
    verdicts = judged(CLASSIC, "q=3, dq=4, dx=4, dy=4")
    assert [verdict.status for verdict in verdicts.values()] == ["right", "wrong", "follows", "follows"]
    assert verdicts["dx"].note == "follows from your dq = 4"
    assert judged(CLASSIC, "q=4, f=-16")["f"].status == "follows"
    assert judged(CLASSIC, "dq=4, dx=4", strict=True)["dx"].status == "wrong"


def test_an_answer_may_follow_from_more_digits_than_were_typed():
    # dn is typed as 0.53 with the wrong sign of -0.534447; dw goes on with all its digits.
    case = ("n = w*x; f = 1/(1 + n)", {"w": 0.36787944, "x": 1})
    verdicts = judged(case, "dn = 0.53, dw = 0.5344, dx = 0.1966")
    assert [verdict.status for verdict in verdicts.values()] == ["wrong", "follows", "follows"]
    assert judged(case, "dn = 0.53, dw = 0.5444")["dw"].status == "wrong"
    assert judged(CLASSIC, "dq = 4, dx = 4.3")["dx"].status == "wrong"


@pytest.mark.parametrize(("answers", "follows"), [
    ("a = 0.50, f = 0.99/1", True), ("a = 0.50, f = 1.01/1", True), ("a = 0.50, f = 0.989/1", False),
    ("a = 0.50, f = 1.011/1", False), ("a = 0.50, f = 1.02", False), ("a = 0.50, f = 0.98", False),
    # of whole numbers no digits are left out, and 0.4 has too few
    ("a = 70, f = 140.8", False), ("a = 0.4, f = 0.81", False), ("a = 70.0, f = 140.08", True)])
def test_how_far_digits_that_were_not_typed_may_go(answers, follows):
    assert (judged(("a = x*y; f = 2*a", {"x": 3, "y": 7}), answers)["f"].status == "follows") is follows


def test_what_follows_from_a_wrong_answer_and_from_a_rounded_one_is_no_mistake_of_its_own():
    case = ("a = x/3; b = y*2; c = 2*x/3; f = a*b*c*100", {"x": 1, "y": 2})
    verdicts = judged(case, "y = undefined, a = 0.33, b = 5, c = 0.667, f = 110.055")      # with all digits, f = 111.1
    assert [verdict.status for verdict in verdicts.values()] == ["wrong", "right", "wrong", "right", "follows"]
    assert verdicts["f"].note == "follows from your b = 5"


def test_only_what_was_typed_with_digits_was_rounded_on_the_way():
    # 2.9 without decimals is 3, and 10 times that 30.
    assert judged(("a = x*10; f = 10*a", {"x": 0.29}), "f = 30/1")["f"].status == "wrong"


def test_a_wrong_rule_is_told_that_shows_at_the_right_numbers_or_at_wrong_ones():
    # At q = 1 a power and its derivative differ by the exponent alone: at 0.99 they only seem to differ otherwise.
    case = ("s = x/3; q = 3*s; f = q^3", {"x": 1})
    assert judged(case, "s = 0.33, q = 0.99, dq = 2.91")["dq"].mistake == "digits"
    assert judged(case, "q = 2, dq = 24")["dq"].mistake == "exponent-kept"


@pytest.mark.parametrize(("case", "answer", "mistake"), [
    # with q = 0.33 the gradient is 2.31, else 2.3333; a unit more or less is a rounding
    (("q = x/3; f = 7*q^3", {"x": 1}), "dq = -2.31", "sign"), (("q = x/3; f = 7*q^3", {"x": 1}), "dq = -2.30", "sign"),
    (("q = x/3; f = 7*q^3", {"x": 1}), "dq = -2.29", None), (("q = x/3; f = 7*q^3", {"x": 1}), "dq = -2.31/1", None),
    (("a = w*x; b = tanh(a); f = b + b", {"w": 0.75, "x": 1.5}), "dw = -1.05", None),
    # a zero is what rounding leaves of many numbers
    (("q = x/300; f = q*y", {"x": 1, "y": 5}), "dq = 0", None),
])
def test_a_wrong_rule_is_looked_for_at_rounded_numbers_as_well(case, answer, mistake):
    verdict, = backprop(*case).check(answer)
    assert (verdict.status, verdict.mistake) == ("wrong", mistake)


def test_of_several_explanations_the_one_that_also_explains_others_is_told():
    case = ("f = 3*abs(w*x + b)", {"w": 2, "x": 3, "b": -11})
    assert judged(case, "dw = 9")["dw"].mistake == "sign"
    verdicts = judged(case, "dw = 9, dx = 6, db = 3")
    assert [(verdict.status, verdict.mistake) for verdict in verdicts.values()] == [
        ("wrong", "sign-of-abs"), ("follows", None), ("follows", None)]
    assert {verdict.note for verdict in verdicts.values() if verdict.passed} == {"the same slip as in your dw = 9"}


def test_a_misread_gate_is_one_mistake_beside_right_answers():
    case = ("p = a*c; q = a/b; f = q*c + p", {"a": 1.9, "b": 2.6, "c": 3})
    verdicts = judged(case, "p = 5.7, da = 0.83934, db = 1.57895")             # b/a for a/b
    assert [(verdict.status, verdict.mistake) for verdict in verdicts.values()] == [
        ("right", None), ("wrong", "upside-down"), ("follows", None)]


def test_a_misread_gate_is_one_mistake_beside_rounded_answers():
    case = ("p = x/3; q = a/b; f = q*p", {"x": 1, "a": 1.9, "b": 2.6})
    verdicts = judged(case, "p = 0.33, da = -0.24007, db = 0.17544")           # b/a for a/b, and all digits of p
    assert [(verdict.status, verdict.mistake) for verdict in verdicts.values()] == [
        ("right", None), ("wrong", "upside-down"), ("follows", None)]


def test_two_slips_that_each_show_twice_are_two_mistakes():
    case = ("f = 3*abs(w*x) + 3*tanh(a*b + c)", {"w": 2, "x": -3, "a": 2, "b": 3, "c": -4})
    verdicts = judged(case, "dw = -9, dx = 6, da = -27, db = -18")
    assert [verdict.status for verdict in verdicts.values()] == ["wrong", "follows", "wrong", "follows"]
    assert verdicts["db"].note == "the same slip as in your da = -27"


def test_one_wrong_rule_for_all_variables_of_an_update_is_one_mistake():
    report = backprop("f = (3*w - u)^2 + v^2", w=2, u=1.3, v=3)
    verdicts = report.check("new v = 2.4, new w = 4.82, new u = 0.36", lr=0.1)
    assert [(verdict.status, verdict.mistake) for verdict in verdicts] == [
        ("right", None), ("wrong", "ascent"), ("follows", None)]


@pytest.mark.parametrize(("case", "answer", "near"), [
    (("f = x*y", {"x": 3, "y": 4}), "f = 12.3", True), (("f = x*y", {"x": 3.1, "y": 4}), "f = 13", True),
    (("f = x*y", {"x": 3, "y": 4}), "f = 13", False), (("f = 10*x*y", {"x": 3, "y": 4}), "f = 13e1", False)])
def test_another_whole_number_is_no_matter_of_digits(case, answer, near):
    verdict, = backprop(*case).check(answer)
    assert (verdict.status, verdict.note.startswith("close")) == ("wrong", near)


def test_a_gradient_that_does_not_exist_is_no_matter_where_nothing_arrives():
    case = ("q = sqrt(x); f = min(q, z)", {"x": 0, "z": -1})
    verdicts = judged(case, "z = -2, f = -2, dq = 0, dz = 1")
    assert [verdict.status for verdict in verdicts.values()] == ["wrong", "follows", "right", "right"]


def test_what_exists_is_not_undefined():
    verdicts = judged(("f = x*3", {"x": 3}), "f = undefined, dx = undefined")
    assert [verdict.note for verdict in verdicts.values()] == ["a value always exists", "it exists here"]
    assert not backprop("f = x*3", x=3).check("new x = undefined", lr=0.1)[0].passed


def test_a_variable_that_is_held_constant_has_the_gradient_0():
    report = backprop("f = x*y", {"x": 3, "y": 4}, wrt="x")
    assert [verdict.status for verdict in report.check("dy = 0, dx = 4")] == ["right", "right"]


def test_a_slip_is_told_as_one_where_it_counts_again():
    case = ("q = 3*x; f = q*z", {"x": 2, "z": 7})
    verdicts = judged(case, "dq = -7, dx = -21", strict=True)
    assert {(verdict.status, verdict.mistake) for verdict in verdicts.values()} == {("wrong", "sign")}


def test_what_a_run_of_rounded_steps_has_is_right_where_that_is_carried():
    report = backprop("q = x*y; f = sqrt(q)", x=0.05, y=0.05)                  # with two decimals q is 0
    assert [verdict.status for verdict in report.check("q = 0.00, dq = undefined", decimals=2)] == ["right", "right"]
    assert [verdict.status for verdict in report.check("dq = undefined")] == ["wrong"]
    assert report.check("dq = 10", decimals=2)[0].note == ""
    report = backprop("f = x/3", x=2)
    assert report.check("f = 0.67", decimals=2)[0].note == ""
    assert report.check("f = 0.7/1", decimals=1)[0].note == "with 1 decimal carried at every step"
    assert report.check("f = 0.67/1", decimals=2)[0].note == "with 2 decimals carried at every step"
    assert report.check("new x = 1.97", decimals=2, lr=0.1)[0].note == ""


def test_what_binary_arithmetic_leaves_is_nothing_with_a_tolerance_too():
    case = ("f = (x + y) - z", {"x": 0.1, "y": 0.2, "z": 0.3})
    assert judged(case, "f = 0", tolerance=0.01)["f"].status == "right"
    assert judged(case, "f = 1e-9", tolerance=0.01)["f"].status == "wrong"


def test_a_slip_of_an_array_is_named_if_its_entries_are_few():
    assert judged(MATRIX, "dW[1,1] = 6")["dW[1,1]"].mistake == "local-only"
    updated = backprop(*MATRIX).check("new W[0,0] = 5, dW[1,1] = 6", lr=0.1)
    assert [(verdict.status, verdict.mistake) for verdict in updated] == [("wrong", None), ("wrong", "local-only")]
    many = backprop("f = sum(v*w)", v=[1] * 600, w=[2] * 600).check("f = 1, dv[0] = -2")
    assert [(verdict.status, verdict.mistake) for verdict in many] == [("wrong", None), ("wrong", "sign")]
    unnamed = backprop("sum(W @ x * y)", MATRIX[1])
    for key in ("n3[0]", "n4[1]", "dn3[0]"):       # n3 is another node among the entries
        assert [(verdict.status, verdict.mistake) for verdict in unnamed.check(f"{key} = 77, dW[1,1] = 6")] == [
            ("wrong", None), ("wrong", None)]
    assert [verdict.mistake for verdict in unnamed.check("f = 1, dW[1,1] = 6")] == [None, "local-only"]


def test_a_large_graph_is_judged_as_strictly_as_a_small_one():
    report = backprop("f = " + "+".join(["x*y"] * 400), x=2, y=3)
    assert [verdict.status for verdict in report.check("f = 2400, dx = 1201", tolerance=0)] == ["right", "wrong"]
    learned = report.descend(1e-4, 3)
    assert [verdict.status for verdict in check(report, parse_answers(f"new f = {learned.losses[-1]!r}", report),
                                                learned=learned)] == ["right"]


def test_a_slip_that_goes_against_a_right_answer_is_another_slip():
    # dq is right, so the factors of f were swapped, and dx and dz are two mistakes.
    verdicts = judged(CLASSIC, "q = 3, dq = -4, dx = 3, dz = -4")
    assert [verdict.status for verdict in verdicts.values()] == ["right", "right", "wrong", "wrong"]


def test_a_misread_gate_is_one_mistake_in_both_passes():
    # The fraction was taken upside down: its value and both of its local gradients are wrong.
    case = ("q = a/b; f = q*c + a", {"a": 1.9, "b": 2.6, "c": 3})
    verdicts = judged(case, "q = 1.36842, da = -1.16066, db = 1.57895")
    assert [verdict.status for verdict in verdicts.values()] == ["wrong", "follows", "follows"]
    assert verdicts["q"].mistake == "upside-down"


def test_a_wrong_rule_whose_number_is_too_large_explains_nothing():
    # 3*x^2 times x^3 instead of y is more than any double.
    verdict = judged(("q = x^3; f = q*y", {"x": 1e100, "y": 1e-250}), "dx = 5/1")["dx"]
    assert (verdict.status, verdict.mistake) == ("wrong", None)


def test_a_decimal_comma_gets_a_hint():
    with pytest.raises(BpcalcError) as found:
        parse_answers("dq = -0,4", backprop(*CLASSIC))
    assert "decimals are written with a point" in found.value.hint


def test_every_subgradient_at_a_kink_is_right():
    for typed in ("0", "0.5", "1", "0.3"):
        assert status(("relu(x)", {"x": 0}), "dx", typed) == "right"
    assert status(("relu(x)", {"x": 0}), "dx", "1.5") == "wrong"
    assert status(("abs(x)", {"x": 0}), "dx", "-1") == "right"
    assert status(("max(x, y)", {"x": 1, "y": 1}), "dx", "1") == "right"
    assert status(("relu(x)", {"x": 1}), "dx", "0.5") == "wrong"
    assert status(("relu(x)", {"x": 0}), "dx", "1", strict=True) == "wrong"
    assert status(("relu(x)", {"x": 0}), "dx", "0", strict=True) == "right"
    assert status(("q = leaky_relu(x); f = 3*q", {"x": 0}), "dx", "1.5") == "right"
    assert status(("f = clip(x, 0, 2)*y", {"x": 2, "y": 5}), "dx", "0") == "right"
    assert status(("min(x, y, z)", {"x": 1, "y": 1, "z": 4}), "dz", "0.5") == "wrong"


def judged_example(mistake):
    expression, values, answers = mistake.example
    report = backprop(expression, values, wrt=["x"] if mistake.code == "held" else None)
    return report.check(answers, lr=mistake.rate)[-1]


def test_every_mistake_has_a_code_of_its_own():
    codes = [mistake.code for mistake in TABLE]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("mistake", TABLE, ids=lambda mistake: mistake.code)
def test_a_mistake_explains_its_example_and_no_other_mistake_does(mistake):
    verdict = judged_example(mistake)
    assert (verdict.status, verdict.mistake, verdict.others) == ("wrong", mistake.code, ())


@pytest.mark.parametrize("mistake", TABLE, ids=lambda mistake: mistake.code)
def test_words_and_hints_teach_without_numbers_of_the_case(mistake):
    assert mistake.say
    assert mistake.hint
    assert not mistake.say.endswith(".")


def test_a_wrong_rule_that_gives_the_right_number_is_never_reported():
    # At x = 2 the square and the double are the same; at y = 1 the local gradient is the product.
    assert status(("f = x^2", {"x": 2}), "dx", "4") == "right"
    assert status(("f = x*y", {"x": 3, "y": 1}), "dx", "1") == "right"


@pytest.mark.parametrize(("case", "answer"), [
    (NEURON, "dw0 = -0.21"), (NEURON, "dw0 = -0.1967"), (NEURON, "dw0 = -0.198"),
    (("f = exp(x*y)", {"x": 1, "y": 1}), "dx = 2.73"), (("L = (a + b)/3", {"a": 1, "b": 1}), "db = 0.34"),
    (("f = 3*sigmoid(x)", {"x": 1}), "dx = 0.61"),
])
def test_an_almost_right_number_is_a_matter_of_digits_and_of_no_wrong_rule(case, answer):
    verdict = backprop(*case).check(answer)[0]
    assert (verdict.status, verdict.mistake, verdict.others) == ("wrong", "digits", ())


@pytest.mark.parametrize("answers", ["f = 0.73, dq = 0.1971", "f = 0.73, dq = 0.197", "f = 0.731, dw = -0.19664"])
def test_a_gradient_may_be_worked_from_the_rounded_output(answers):
    case = ("q = w*x + 3; f = sigmoid(q)", {"w": 2, "x": -1})
    for verdict in backprop(*case).check(answers):
        assert verdict.status == "right"
    assert status(case, "dq", "0.1971") == "wrong"


def test_the_rounded_output_of_tanh_serves_as_well():
    assert judged(("f = tanh(x)", {"x": 1}), "f = 0.76, dx = 0.4224")["dx"].status == "right"


def test_one_digit_is_no_evidence_for_a_rule_that_gives_no_whole_number():
    # 2^3 log(2) is 5.545: whoever meant it would have typed more than 6.
    found = judged(("f = x^3", {"x": 2}), "dx = 6")["dx"]
    assert (found.mistake, found.others) == ("power-lost", ())
    assert judged(("f = x^3", {"x": 2}), "dx = 5.545")["dx"].mistake == "power-as-exponential"
    assert judged(("f = 3*x^2", {"x": 2}), "dx = 8")["dx"].mistake is None


@pytest.mark.parametrize(("case", "answer", "code"), [
    (("f = x^3", {"x": 2}), "dx = 8", "undifferentiated"), (("f = x^2", {"x": 3}), "dx = 9", "undifferentiated"),
    (("f = 5*x^3", {"x": 2}), "dx = 40", "undifferentiated"),
    (("f = x*y", {"x": 3, "y": 4}), "f = 7", "other-operation"),
    (("f = x + y", {"x": 3, "y": 4}), "f = 12", "other-operation"),
])
def test_a_power_that_was_not_differentiated_and_a_product_that_was_added(case, answer, code):
    assert backprop(*case).check(answer)[0].mistake == code


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


SHEETS = {
    "lines.txt": "# Ada\nq = 3\ndf/dx = -4   # chain rule\ndz =\ndy = ____\n",
    "plain.json": '{"q": 3, "df/dx": "-4", "dz": "", "dy": null}',
    "nested.json": '{"name": "Ada", "answers": {"q": 3.0, "df/dx": -4, "dz": "", "dy": "__"}}',
    "rows.csv": "key,value\nq,3\ndf/dx,-4\ndz,\ndy\n".replace("dy\n", "dy,\n"),
    "quoted.csv": '"q","3"\r\n"df/dx","-4"\r\n\r\n',
    "semicolons.csv": "q;3\ndf/dx;-4\ndz;\n",
    "tabs.tsv": "q\t3\ndf/dx\t-4\n",
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_filled_in_sheet_in_every_form(bpcalc, tmp_path, name):
    path = tmp_path / name
    path.write_text(SHEETS[name], encoding="utf-8-sig", newline="")
    ran = bpcalc(CLASSIC[0], "x=-2", "y=5", "z=-4", "--check-file", path)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "2 of 2 right")
    # The same without the file's name, from standard input.
    ran = bpcalc(CLASSIC[0], "x=-2", "y=5", "z=-4", "--check-file", "-", stdin=SHEETS[name])
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "2 of 2 right")


@pytest.mark.parametrize(("name", "text", "message"), [
    ("a.json", '{"q": 3', "is not JSON"), ("a.json", "[1, 2]", "no answers"), ("a.json", '{"q": true}', "not a number"),
    ("a.json", '{"q": 3, "q": 4}', "answered twice"), ("a.json", "[" * 100_000, "nested too deeply"),
    ("a.json", "", "is not JSON"), ("a.json", " ", "is not JSON"), ("a.json", "{\n", "line 2"),
    ("a.json", "3", "no answers"), ("a.csv", "q\n", "a key and a value"),
    ("a.csv", "q,3\nq,3\n", "line 2: q is answered twice"), ("a.json", '{"q": {"a": "b"}}', "line 1: .*not a number"),
    ("a.txt", "", "a.txt is not filled in yet"), ("a.txt", "q = ____\n# dz\ndz =\n", "a.txt is not filled in yet"),
    ("a.csv", "q,\n", "a.csv is not filled in yet"), ("a.json", '{"q": null}', "a.json is not filled in yet"),
])
def test_sheets_that_cannot_be_read(bpcalc, tmp_path, name, text, message):
    import re

    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    ran = bpcalc(CLASSIC[0], "x=-2", "y=5", "z=-4", "--check-file", path)
    assert (ran.code, ran.out) == (2, "")
    assert re.search(message, ran.err), ran.err
    assert name in ran.err


@pytest.mark.parametrize(("name", "text", "message"), [
    ("a.txt", "dx = -4\n\ndf/dz = three\ndy = -4", "df/dz = three  unreadable: {}, line 3: "),
    ("a.txt", "dx = -4\nAda\x1b[2J\ndy = -4", "Ada␛[2J unreadable: {}, line 2: an answer is written KEY = VALUE"),
    ("a.txt", "dx = -4\ndy = -4\nw = 3", "w = 3    unreadable: {}, line 3: there is no node called 'w'"),
    ("a.txt", "dx = -4\ndy = -4\nq = 1/0", "q = 1/0  unreadable: {}, line 3: "),
    ("a.csv", "dx,-4\ndy,-4\nq,3,0\n", "q = 3,0  unreadable: {}, line 3: decimals are written with a point, 3.0"),
    ("a.csv", "dx,-4\ndy,-4\nq,1 2\n", "q = 1 2  unreadable: {}, line 3: "),
    ("a.json", '{"dx": -4,\n"dy": -4,\n"q": [3]}', "q = [3]  unreadable: {}, line 3: q is one number"),
    ("a.json", '{"dx": -4,\n"dy": -4,\n"q": 1e999}', "q = 1e999  unreadable: {}, line 3: "),
    ("a.md", "| `dx` | x | -4 |\n| `dy` | y | -4 |\n| `q` | z | 3,0 |\n", "q = 3,0  unreadable: {}, line 3: decimals"),
])
def test_an_answer_that_cannot_be_read_stops_no_other(bpcalc, tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    ran = bpcalc(CLASSIC[0], "x=-2", "y=5", "z=-4", "--check-file", path)
    assert (ran.code, ran.out.splitlines()[-1], ran.err) == (1, "2 of 3 right", "")
    assert " ".join(message.format(path).split()) in " ".join(ran.out.split())
    found = json.loads(bpcalc(CLASSIC[0], "x=-2", "y=5", "z=-4", "--check-file", path, "--json").out)["answers"]
    assert sorted(answer["status"] for answer in found) == ["right", "right", "unreadable"]


def test_an_answer_that_cannot_be_read_is_not_missing_as_well(bpcalc, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("df/dz = three\ndx = -4", encoding="utf-8")
    ran = bpcalc(CLASSIC[0], "x=-2", "y=5", "z=-4", "--check-file", path, "--require", "leaves")
    assert "missing" in ran.out
    assert ran.out.splitlines()[-1] == "1 of 3 right"


def test_an_answer_outside_the_quotes_is_told_where_it_belongs(bpcalc):
    ran = bpcalc(CLASSIC[0], "x=-2", "y=5", "z=-4", "--check", "dx=-4", "dy=4")
    assert (ran.code, ran.out) == (2, "")
    assert "the answer dy=4 stands outside --check" in ran.err
    assert bpcalc("dx*y", "dx=2", "y=3", "--check", "df/dy=2").code == 0


@pytest.mark.parametrize(("answers", "message", "hint"), [
    ("dx == -4", "the answer for dx cannot be read: it is one number", "one = in each"),
    ("dz = three", "the answer for dz cannot be read", ""), ("dz = [1, 2]", "dz is one number", ""),
])
def test_errors_about_answers_speak_of_answers(bpcalc, answers, message, hint):
    ran = bpcalc(CLASSIC[0], "x=-2", "y=5", "z=-4", "--check", answers)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert hint in ran.err
    assert "binding" not in ran.err
    assert answers in ran.err


def test_of_several_exercises_on_a_sheet_one_is_checked(bpcalc, tmp_path):
    from bpcalc.homework.practice import exercises

    path = tmp_path / "sheet.txt"
    blank = bpcalc("--practice", "easy", "--variants", "3", "--seed", "4").out
    first, second, _ = exercises("easy", 4, 3)
    path.write_text(blank, encoding="utf-8")
    for at in (first, second):
        ran = bpcalc(at.text, *(f"{name}={value}" for name, value in at.values.items()), "--check-file", path)
        assert "is not filled in yet" in ran.err
        start, stop = (blank.index(f"Exercise {number} of 3") for number in (at.variant, at.variant + 1))
        key = at.report.gradients["x"]
        filled = blank[start:stop].replace("df/dx = ____", f"df/dx = {key}")
        path.write_text(blank[:start] + filled + blank[stop:], encoding="utf-8")
        ran = bpcalc(at.text, *(f"{name}={value}" for name, value in at.values.items()), "--check-file", path)
        assert (ran.code, ran.out.splitlines()[-1]) == (0, "1 of 1 right"), ran.err
        path.write_text(blank, encoding="utf-8")


def test_digits_in_json_count_as_they_were_typed(bpcalc, tmp_path):
    path = tmp_path / "a.json"
    for typed, code in (("-0.20", 0), ("-0.200", 1), ('"-0.20"', 0), ("-2e-1", 0)):
        path.write_text(f'{{"dw0": {typed}}}', encoding="utf-8")
        words = [f"{name}={value}" for name, value in NEURON[1].items()]
        assert bpcalc(NEURON[0], *words, "--check-file", path, "--strict").code == code


def test_answers_on_the_line_and_in_a_file_are_one_sheet(bpcalc, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("dx = 4\n", encoding="utf-8")
    words = [CLASSIC[0], "x=-2", "y=5", "z=-4", "--check-file", path]
    assert "follows from your dq = 4" in bpcalc(*words, "--check", "dq=4").out
    assert "answered twice" in bpcalc(*words, "--check", "df/dx=4").err


def test_a_derivative_that_does_not_exist_is_answered_in_words():
    assert status(("f = sqrt(x)", {"x": 0}), "dx", "undefined") == "right"
    assert status(("f = sqrt(x)", {"x": 0}), "dx", "0") == "wrong"


@pytest.mark.parametrize("typed", ["inf", "-Infinity", "NaN", "does not exist", "DNE", "∞"])
def test_infinity_says_that_a_derivative_does_not_exist(typed):
    assert status(("f = sqrt(x)", {"x": 0}), "dx", typed) == "right"
    assert status(("f = sqrt(x)", {"x": 4}), "dx", typed) == "wrong"


def test_where_no_derivative_exists_the_hint_says_what_to_write():
    verdict = judged(("f = sqrt(x)", {"x": 0}), "dx = 5")["dx"]
    assert (verdict.note, verdict.hint) == (
        "the derivative does not exist here", "such an answer is the word undefined")


@pytest.mark.parametrize("typed", [
    "[-3 -2; 3 2]", "[-3,-2;3,2]", "[[-3, -2], [3, 2]]", "[ -3  -2 ; 3 4/2 ]", "[-3 -2; 5 - 2 2]",
])
def test_arrays_are_answered_as_they_are_given(bpcalc, typed):
    words = ["f = sum(W*U)", "W=[1 2; 3 4]", "U=[-3 -2; 3 2]", "--wrt", "W"]
    ran = bpcalc(*words, "--check", f"dW={typed}, f = 10", "--lr", "1", "--check", "new W=[4 4; 0 2]; new f=-16")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "10 of 10 right"), ran.out + ran.err
    ran = bpcalc("f = sum(v)", "v=[1 2]", "--check", "dv=[1; 1]")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "2 of 2 right")
    assert status(("f = sqrt(x)", {"x": 4}), "dx", "undefined") == "wrong"


def test_one_slip_that_shows_in_several_answers_is_one_mistake():
    # tanh' taken as 1 - z²: both gradients are wrong, and the slip is one.
    case = ("f = tanh(w*x + b)", {"w": 2, "x": 3, "b": -5})
    verdicts = judged(case, "dw = 0.6, dx = 0, db = 0")
    assert {verdict.status for verdict in verdicts.values()} != set()
    verdicts = judged(("f = 3*tanh(w*x + b)", {"w": 2, "x": 3, "b": -4}), "dw = -27, dx = -18, db = -9")
    assert [verdict.status for verdict in verdicts.values()] == ["wrong", "follows", "follows"]
    assert verdicts["dw"].mistake == "of-the-input"
    assert "the same slip as in your dw = -27" in verdicts["dx"].note
    strict = judged(("f = 3*tanh(w*x + b)", {"w": 2, "x": 3, "b": -4}), "dw = -27, dx = -18, db = -9", strict=True)
    assert {verdict.status for verdict in strict.values()} == {"wrong"}


def test_a_wrong_answer_is_explained_on_the_students_own_numbers():
    # dq has the wrong sign; dx takes the local gradient 3 of this dq, and adds instead of multiplying.
    verdicts = judged(("q = 3*x; f = q*z", {"x": 2, "z": 7}), "dq = -7, dx = -4")
    assert (verdicts["dq"].mistake, verdicts["dx"].mistake) == ("sign", "added")


def test_local_gradients_get_their_mistakes_named():
    verdicts = judged(("q = x*y; f = q*z", {"x": 2, "y": 5, "z": 7}), "dq/dx = 2")
    assert verdicts["dq/dx"].mistake == "not-swapped"
    assert judged(("q = x^3; f = 2*q", {"x": 2}), "dq/dx = 24")["dq/dx"].mistake in ("exponent-kept", "product")


MATRIX = ("s = W @ x; f = sum(s*y)", {"W": [[1, 2], [3, 4]], "x": [5, 6], "y": [11, 13]})


def test_an_array_is_answered_whole_or_by_entry():
    verdicts = judged(MATRIX, "s = [17, 39], dW = [[55, 66], [65, 78]], dx[0] = 50, ds=[11, 26/2], f = 694")
    assert {verdict.status for verdict in verdicts.values()} == {"right"}
    assert list(verdicts)[:3] == ["s[0]", "s[1]", "dW[0,0]"]
    verdicts = judged(MATRIX, "dW = [[55, 65], [66, 78]], dx[1] = -74, f = 695, s = [17, ____]")
    assert verdicts["dW[0,1]"].mistake == "transposed"
    assert verdicts["dx[1]"].mistake == "sign"
    assert (verdicts["f"].status, "s[1]" in verdicts) == ("wrong", False)


def test_a_graph_opened_into_its_entries_is_answered_like_any_other(bpcalc):
    words = [MATRIX[0], "W=[[1,2],[3,4]]", "x=[5,6]", "y=[11,13]", "--expand", "--check"]
    assert bpcalc(*words, "s[0] = 17, dW[0,1] = 66, df/dW[1, 0] = 65, dx[0] = 50").code == 0
    ran = bpcalc(*words, "ds[1] = 13, dx[0] = 11")
    assert "flows back through W[0,0] * x[0] only" in ran.out


def test_a_mistake_among_arrays_is_found_among_their_entries():
    verdicts = judged(MATRIX, "s = [17, 40], f = 707, ds = [11, 13], dx = [11, 74], dW[1,1] = 6")
    assert [verdicts[key].status for key in ("s[1]", "f", "dx[0]", "dx[1]", "dW[1,1]")] == \
        ["wrong", "follows", "wrong", "right", "wrong"]
    assert verdicts["f"].note == "follows from your s[1] = 40"
    assert (verdicts["dx[0]"].mistake, verdicts["dW[1,1]"].mistake) == ("not-summed", "local-only")


def test_missing_entries_are_counted():
    verdicts = judged(MATRIX, "dW = [[55, 66], [65, 78]]", require="leaves")
    assert [key for key, verdict in verdicts.items() if verdict.status == "missing"] == \
        ["df/dx[0]", "df/dx[1]", "df/dy[0]", "df/dy[1]"]


@pytest.mark.parametrize(("answers", "message"), [
    ("dW = 3", "2×2 entries"), ("dW = [1, 2]", "2×2 entries"), ("dW[2,0] = 1", "no entry"), ("f = [1]", "one number"),
    ("f = [1", "one number"), ("f = [", "one number"),
    ("f[0] = 1", "no entry"), ("ds/dW = 1", "no single local gradient"), ("dW[0] = 1", "no entry"),
    ("dW = [[1, 2], [3, 4]], dW[0,0] = 1", "answered twice"), ("dx = [1, z]", "cannot be read"),
])
def test_entries_that_are_none(answers, message):
    with pytest.raises(BpcalcError, match=message):
        parse_answers(answers, backprop(*MATRIX))


def test_a_large_graph_is_judged_number_by_number():
    report = backprop("f = " + "+".join(["x*y"] * 400), x=2, y=3)
    verdicts = report.check("f = 2400, dx = 1200, dy = -800")
    assert [(verdict.status, verdict.mistake) for verdict in verdicts] == \
        [("right", None), ("right", None), ("wrong", "sign")]


def test_an_update_needs_a_rate(bpcalc):
    assert "needs" not in bpcalc("x^2", "x=3", "--lr", "0.1", "--check", "new x = 2.4, new f = 5.76").err
    ran = bpcalc("x^2", "x=3", "--check", "new x = 2.4")
    assert (ran.code, "--lr" in ran.err) == (2, True)


def test_an_update_follows_from_the_students_own_gradient():
    report = backprop("f = (3*w - t)^2", w=2, t=1.3)
    verdicts = report.check("dw = -28.2, new w = 4.82", lr=0.1)
    assert [verdict.status for verdict in verdicts] == ["wrong", "follows"]


def test_what_is_kept_of_a_class_is_bounded():
    kept = {}
    for key in range(5):
        keep(kept, key, -key, 2)
        assert kept[key] == -key
        assert len(kept) <= 2


def test_a_file_of_answers(bpcalc, tmp_path):
    path = tmp_path / "answers.txt"
    path.write_text("# Ada\nq = 3\ndf/dx = -4   # chain rule\ndz =\n", encoding="utf-8")
    ran = bpcalc(CLASSIC[0], "x=-2", "y=5", "z=-4", "--check-file", path)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "2 of 2 right")


# ------------------------------------------------------------- derivatives that go through other nodes
LONG_WAY = ["p = 2*x + y", "q = sin(p*x)/y", "r = exp(q - p)*x", "f = r*z + q^2"]
AT = {"x": 0.7, "y": 1.3, "z": -0.4}


@pytest.mark.parametrize("top", ["p", "q", "r"])
@pytest.mark.parametrize("under", ["x", "y", "z", "p", "q"])
def test_a_derivative_through_other_nodes_is_the_gradient_of_the_text_that_ends_there(top, under):
    texts = LONG_WAY[:"pqr".index(top) + 1]
    if (top, under) in (("p", "p"), ("p", "q"), ("q", "q"), ("q", "y"), ("r", "x")):
        return                                     # nothing of the kind, or local gradients
    cut = backprop("; ".join([*texts, f"{top}_ = {top} + 0*z"]), AT)
    gradient = next(node.gradient for node in cut.nodes if node.name == under)
    [verdict] = backprop("; ".join(LONG_WAY), AT).check(f"d{top}/d{under} = {gradient!r}")
    assert (verdict.status, verdict.expected) == ("right", pytest.approx(gradient, abs=1e-15))
    [verdict] = backprop("; ".join(LONG_WAY), AT).check(f"d{top}/d{under} = {gradient + 0.5!r}")
    assert verdict.status == "wrong"


@pytest.mark.parametrize(("text", "answers", "verdicts", "mistake"), [
    ("q = 2*x + y; f = q*z", "dq/dx = -2", ["wrong"], "sign"),
    ("q = 2*x + y; f = q*z", "dq/dx = 14", ["wrong"], "product"),
    ("q = 2*x + y; f = q*z", "dq/dz = 0", ["right"], None),
    ("q = 2*x + y; f = q*z", "dq/dz = 1", ["wrong"], None),
    ("q = sin(3*x); f = q*z", "dq/dx = 0.96017", ["wrong"], "upstream-only"),
    # what follows from one is no second mistake: with all digits, as typed, and with a wrong df/dq as well
    ("q = sin(3*x); f = q*z", "dq/dx = 0.96017; df/dx = 6.72119", ["wrong", "follows"], "upstream-only"),
    ("q = sin(3*x); f = q*z", "dq/dx = 0.96; df/dx = 6.7212", ["wrong", "follows"], "upstream-only"),
    ("q = sin(3*x); f = q*z", "df/dq = -7; dq/dx = 5; df/dx = -35", ["wrong", "wrong", "follows"], "sign"),
    ("q = sin(3*x); f = q*z + x", "dq/dx = 5; df/dx = 36", ["wrong", "follows"], "constant-varied"),
    ("q = sin(3*x); f = q*z + x", "dq/dx = 5; df/dx = 35.5", ["wrong", "wrong"], "constant-varied"),
    ("q = sin(3*x); f = q*z", "n3 = 5; dq/dx = 0.85099", ["wrong", "follows"], "other-operation"),
    ("p = x*y; q = 3*p + 1; f = q*z", "dq/dp = 5; dq/dx = 15; df/dx = 105", ["wrong", "follows", "follows"], None),
    # the other names of a step may be held constant, as in a partial derivative of its expression
    ("p = x*y; q = p + 3*x + x*y; f = q*z", "dq/dx = 9", ["right"], None),
    ("p = x*y; q = p + 3*x + x*y; f = q*z", "dq/dx = 6", ["right"], None),
    ("p = x*y; q = p + 3*x + x*y; f = q*z", "dq/dx = 3", ["wrong"], "not-summed"),
    ("p = x*y; q = 3*p + 1; f = q*z", "dq/dx = 0", ["wrong"], None),
    ("q = relu(2*x - 4); f = q*z", "dq/dx = 1", ["right"], None),          # between the slopes of the kink
    ("q = sqrt(x - 2); f = q*z", "dq/dx = undefined", ["right"], None),
])
def test_derivatives_through_other_nodes_are_judged_as_gradients_are(text, answers, verdicts, mistake):
    values = {name: value for name, value in (("x", 2), ("y", 3), ("z", 7)) if name in text}
    if "n4" in answers:
        values = {"x": 2, "z": 7}
    found = backprop(text, values).check(answers)
    assert [verdict.status for verdict in found] == verdicts
    assert found[0].mistake == mistake


@pytest.mark.parametrize(("text", "values", "answers", "verdicts"), [
    # a right derivative says nothing against the same slip elsewhere
    ("p = 2*x + y; s = tanh(p); t = tanh(s*z); f = t*z + y*0.3", {"x": 0.1, "y": 0.2, "z": 1.5},
     "dp/dx=2, df/dt=77, df/dx=2.552208, df/dy=1.576104", "right wrong wrong follows"),
    # what has nothing to do with an answer excuses nothing, with roundings on the way either
    ("q = 0.16*x*10; r = q*y; f = r*z", {"x": 1, "y": 2, "z": 3}, "dq/dz=9, df/dx=12.0", "wrong wrong"),
    ("q = 0.16*x*10; r = q*y; f = r*z", {"x": 1, "y": 2, "z": 3}, "f=9, df/dx=12.0", "wrong wrong"),
    ("q = 0.16*x*10; r = q*y; f = r*z", {"x": 1, "y": 2, "z": 3}, "dr/dq=9, dq/dx=2.0", "wrong wrong"),
    ("q = sin(3*x); f = q*z", {"x": 0.1, "z": 70}, "dq/dx=0.9, df/dx=60", "wrong wrong"),
    # the chain rule from one derivative to the next
    ("q = 2*x + y; r = q^2; f = r*z", {"x": 1, "y": 2, "z": 3}, "dq/dx=4, dr/dx=32, df/dx=96",
     "wrong follows follows"),
    ("q = 2*x + y; r = q^2; f = r*z", {"x": 1, "y": 2, "z": 3}, "dq/dx=4, dr/dq=5, dr/dx=20",
     "wrong wrong follows"),
    ("p = x*3; q = 2*y + 1; f = p*q", {"x": 1, "y": 3}, "dq/dp=0, dq/dx=0, dx/dx=1, dq/dq=1",
     "right right right right"),
])
def test_derivatives_and_what_follows_from_them(text, values, answers, verdicts):
    found = backprop(text, values).check(answers)
    assert [verdict.status for verdict in found] == verdicts.split()


@pytest.mark.parametrize(("text", "values", "answer", "mistake", "words"), [
    ("q = 2*x + y; f = q*x*x", {"x": 3, "y": 1}, "dq/dx=17.3", None, "it is used once"),
    ("p = x*y; q = 2*x + y; f = q*p", {"x": 3, "y": 1}, "dq/dx=17.3", None, "it is used once"),
    ("q = x + y; f = q*z", {"x": -2, "y": 5, "z": -4}, "dq/dz=3", None, "q does not depend on z"),
    ("q = 2*x + y; f = q*x", {"x": 3, "y": 1}, "dq/dx=9", None, "it is used once"),
    ("q = 2*x + y; f = q*x", {"x": 3, "y": 1}, "dq/dx=6", "product", "already multiplied by the upstream"),
    ("q = 2*x + y; f = q*x", {"x": 3, "y": 1}, "dq/dx=13", None, "it is used once"),
    ("q = 2*x + y; f = q*z", {"x": 1, "y": 2, "z": 3}, "dq/dq=2", None, "when it changes itself"),
    ("q = 2*x; r = q*x; f = r*z", {"x": 3, "z": 5}, "dr/dx=12", "all-paths", "along all paths"),
])
def test_what_is_said_about_a_derivative_looks_no_further_than_its_step(text, values, answer, mistake, words):
    [found] = backprop(text, values).check(answer)
    assert (found.status, found.mistake) == ("wrong", mistake)
    assert words in f"{found.note} {found.hint}"


def test_a_partial_derivative_is_accepted_in_a_long_run_as_well():
    for steps in (20, 400):
        text = "; ".join(["q0 = 2*x + y", *(f"q{i + 1} = q{i}*1.001 + x*0.001" for i in range(steps))])
        [found] = backprop(f"{text}; f = q{steps}*z", x=1, y=2, z=3).check("dq5/dx = 0.001")
        assert (found.status, found.note) == ("right", "with q4 held constant")


def test_derivatives_through_other_nodes_beside_arrays_and_in_hand_arithmetic():
    report = backprop("s = sum(W @ x); q = 2*s + 1; f = q^2", W=[[1, 2], [3, 4]], x=[5, 6])
    assert [verdict.status for verdict in report.check("dq/ds = 2; df/ds = 452; n5 = 112")] == ["right"] * 3
    assert [verdict.status for verdict in report.check("dq/ds = 3; df/ds = 678")] == ["wrong", "follows"]
    with pytest.raises(BpcalcError, match="there are arrays in it"):
        report.check("dq/dx = 2")
    rounded = backprop("q = sin(3*x); f = q*z", x=2, z=7).check("dq/dx = 2.88", decimals=2)
    assert [verdict.status for verdict in rounded] == ["right"]


@pytest.mark.parametrize(("answers", "message"), [
    ("dw = 1", "no node called"), ("q", "KEY = VALUE"), ("q = 1, q = 2", "answered twice"),
    ("dx = 1, df/dx = 2", "answered twice"), ("dx = four", "cannot be read"), ("dx/dq = 1", "does not depend"),
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


def test_verdicts_in_json_keep_the_schema(bpcalc):
    from pathlib import Path

    import jsonschema

    import bpcalc as package

    schema = json.loads((Path(package.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))
    ran = bpcalc(CLASSIC[0], "x=-2", "y=5", "z=-4", "--check", "q=3, dx=4", "--json", "--require", "all")
    jsonschema.validate(json.loads(ran.out), schema)


def test_a_tolerance_is_a_relative_error(bpcalc):
    words = ["x*y", "x=1", "y=2", "--check", "dx=2"]
    assert bpcalc(*words, "--tolerance", "0").code == 0
    assert bpcalc(*words, "--tolerance", "0.999").code == 0
    for outside in ("1", "-0.01", "1e300"):
        ran = bpcalc(*words, "--tolerance", outside)
        assert ran.code == 2
        assert "a tolerance is a relative error from 0 to 1" in ran.err


def test_after_an_update_of_a_large_run_the_variables_and_the_output_are_known(bpcalc):
    words = ["+".join(["x*y"] * 600), "x=1", "y=2", "--lr", "0.001"]
    assert bpcalc(*words, "--check", "new x=-0.2, new y=1.4, new f=-168").code == 0
    ran = bpcalc(*words, "--check", "new f=1", "--reveal")
    assert ran.code == 1
    assert "-168" in ran.out
    assert "only the variables and the output are known" in bpcalc(*words, "--check", "new n5=1").err


def test_a_value_follows_only_from_values_that_lead_to_it(bpcalc):
    words = ["q = x + y; f = q*z", "x=-2", "y=5", "z=-4", "--check"]
    assert "follows from your q = 4" in bpcalc(*words, "q=4, f=-16").out
    assert "follows" not in bpcalc(*words, "dq=4, f=-16").out
    assert "follows" not in bpcalc("a = x*2; b = y*3; f = a + b", "x=1", "y=2", "--check", "a=4, b=8").out


# ------------------------------------------------------------------------------- what a verdict rests on
SHARED = ("a = x*y; b = a + x; f = b*b", {"x": 3, "y": 2})


@pytest.mark.parametrize(("case", "answer", "hint"), [
    (SHARED, "a = 100", "from the values of its inputs"),
    (SHARED, "db/da = 100", "this one gate only"),
    (SHARED, "df/da = 1000", "used once: one product"),
    (SHARED, "db = 1000", "used 2 times: 2 products"),
    (SHARED, "df = 5", "with respect to itself"),
    (("f = x + 0*y; g = 3*x", {"x": 3, "y": 2}), "df = 1", "does not depend on it"),
])
def test_an_unexplained_answer_gets_advice_that_fits_its_place(case, answer, hint):
    verdict, = backprop(*case).check(answer)
    assert (verdict.status, verdict.mistake) == ("wrong", None)
    assert hint in verdict.hint


def test_what_is_required_comes_in_the_order_of_the_work():
    """Values forward, the variables' gradients, then those of the steps; nothing twice, nothing of constants."""
    report = backprop(*SHARED)
    assert [verdict.key for verdict in report.check("", require="leaves")] == ["df/dx", "df/dy"]
    missing = report.check("", require="all")
    assert [verdict.key for verdict in missing] == ["a", "b", "f", "df/dx", "df/dy", "df/da", "df/db"]
    assert [verdict.expected for verdict in missing] == [6, 9, 81, 54, 54, 18, 18]
    assert {(verdict.status, verdict.passed, verdict.answer) for verdict in missing} == {("missing", False, None)}
    assert [verdict.key for verdict in report.check("a = 6, dx = 54", require="all")] \
        == ["a", "dx", "b", "f", "df/dy", "df/da", "df/db"]
    assert [verdict.key for verdict in backprop("x*y", x=2, y=3, wrt="x").check("", require="all")] == ["f", "df/dx"]
    with pytest.raises(BpcalcError, match="given, leaves, all, not 'some'"):
        report.check("", require="some")


@pytest.mark.parametrize(("tolerance", "answer", "right"), [
    (0.0, "54", True), (0.0, "54.0001", False), (0.1, "59.4", True), (0.1, "59.5", False), (0.1, "48.6", True),
    (0.1, "48.5", False), (0.999, "1", True), (0.999, "-1", False)])
def test_a_tolerance_is_a_part_of_the_right_number_on_either_side(tolerance, answer, right):
    verdict, = backprop(*SHARED).check(f"dx = {answer}", tolerance=tolerance)
    assert (verdict.status == "right") is right


@pytest.mark.parametrize("tolerance", [-1e-9, 1.0, 2.0, float("nan")])
def test_no_tolerance_is_as_large_as_the_number(tolerance):
    with pytest.raises(BpcalcError, match="relative error"):
        backprop(*SHARED).check("dx = 1", tolerance=tolerance)


@pytest.mark.parametrize(("factor", "answer", "right"), [
    (1, "-1", True), (1, "1", True), (1, "0.5", True), (1, "-1.0", True), (1, "1.04", False), (1, "-1.1", False),
    (1, "2", False), (1, "-2", False), (1.06, "1.1", True), (1.04, "1.1", False), (1.04, "-1.1", False),
    (1.5, "2", True), (1.5, "-2", True), (1.5, "3", False), (1.5, "4/2", False)])
def test_between_the_slopes_at_a_kink_up_to_the_last_digit(factor, answer, right):
    """c*|x| has the slopes -c and c on both sides of 0."""
    expression = f"f = {factor}*abs(x)"
    verdict = judged((expression, {"x": 0}), f"dx = {answer}")["dx"]
    assert (verdict.status == "right") is right
    assert ("between the slopes" in verdict.note) is right
    assert status((expression, {"x": 0}), "dx", answer, strict=True) == "wrong"


def test_only_at_a_kink_is_there_a_choice():
    assert status(("f = abs(x)", {"x": 1}), "dx", "0.5") == "wrong"
    assert status(("f = abs(x) + 2*y", {"x": 0, "y": 1}), "dy", "1.5") == "wrong"
    assert status(("f = abs(x)", {"x": 0}), "f", "0.5") == "wrong"
    assert status(("f = abs(x)", {"x": 0}), "x", "0.5") == "wrong"
    assert status(("f = abs(x) + 0.3*y", {"x": 0, "y": 1}), "dy", "0") == "wrong"
    assert status(("a = abs(x); f = 3*a", {"x": 0}), "da/dx", "0.5") == "right"


def test_a_local_gradient_follows_from_the_students_own_values():
    case = ("a = x + 1; b = a*y; f = 3*b", {"x": 2, "y": 7})
    verdicts = judged(case, "a = 4, db/dy = 4, db/da = 7")
    assert [verdict.status for verdict in verdicts.values()] == ["wrong", "follows", "right"]
    assert "follows from your a = 4" in verdicts["db/dy"].note
    assert status(case, "db/dy", "4") == "wrong"


def test_a_local_gradients_own_rounding_is_no_early_rounding():
    case = ("n = w*x; s = sigmoid(n); f = 2*s", {"w": 1, "x": 1})
    assert status(case, "ds/dn", "0.197") == "right"
    assert status(case, "ds/dn", "0.20") == "right"
    assert status(case, "ds/dn", "0.200") == "wrong"


def test_local_gradients_of_sigmoid_are_worked_from_the_output_that_was_written():
    case = ("n = w*x; s = sigmoid(n); f = 2*s", {"w": 1, "x": 1})
    verdict = judged(case, "s = 0.73, df/dn = 0.3942")["df/dn"]       # 2 * 0.73 * 0.27
    assert (verdict.status, "rounded early" in verdict.note) == ("right", True)
    assert status(case, "df/dn", "0.3942") == "wrong"


def test_rounding_every_step_rounds_local_gradients_as_well():
    verdict = judged(("s = sin(x); f = 100*s", {"x": 1}), "dx = 54.00")["dx"]      # cos(1) = 0.5403 is 0.54
    assert (verdict.status, "rounded early" in verdict.note) == ("right", True)


@pytest.mark.parametrize(("expression", "values", "answer", "mistake"), [
    ("f = 5*square(x)", {"x": 3}, "dx = 90", "exponent-kept"),
    ("f = 5*square(x)", {"x": 3}, "dx = 15", "factor-lost"),
    ("f = 5*square(x)", {"x": 3}, "dx = 45", "undifferentiated"),
    ("f = 5*log(x)", {"x": 3}, "dx = 15", "not-inverted"),
    ("f = 5*x/y", {"x": 3, "y": 4}, "dx = 20", "not-inverted"),
    ("f = 5*(x/y)", {"x": 3, "y": 4}, "dx = 20", "not-inverted"),
    ("f = 5*(x/y)", {"x": 3, "y": 4}, "dy = -3.75", "square-lost"),
    ("f = 5*(x/y)", {"x": 3, "y": 4}, "dy = -0.3125", "numerator-lost"),
    ("f = 5*(x/y)", {"x": 3, "y": 4}, "dy = 0.9375", "sign"),
    ("f = 5*sin(x)", {"x": 30}, "f = 2.5", "degrees"),
    ("f = 5*cos(x)", {"x": 60}, "f = 2.5", "degrees"),
    ("f = 5*sin(x)", {"x": 30}, "dx = 4.33013", "degrees"),
    ("f = 5*cos(x)", {"x": 30}, "dx = -2.5", "degrees"),
    ("f = 5*log2(x)", {"x": 3}, "f = 5.493", "natural"),
    ("f = 5*log10(x)", {"x": 3}, "f = 5.493", "natural"),
    ("f = 5*log(x)", {"x": 3}, "f = 2.3856", "base-ten"),
    ("f = x^y", {"x": 2, "y": 5}, "f = 10", "power-as-product"),
    ("f = exp(x)", {"x": 3}, "f = 8.15485", "power-as-product"),
    ("f = square(x) + 1", {"x": 5}, "f = 11", "power-as-product"),
    ("f = 5*(x - y)", {"x": 3, "y": 4}, "f = 35", "minus-overlooked"),
    ("f = 5*(-x)", {"x": 3}, "f = 15", "sign"),
    ("f = 5*relu(x)", {"x": -3}, "f = -15", "took-the-loser"),
    ("f = 5*max(x, y)", {"x": 3, "y": 7}, "f = 15", "took-the-loser"),
    ("f = 5*min(x, y)", {"x": 3, "y": 7}, "f = 35", "took-the-loser"),
    ("f = 5*(x/y)", {"x": 4, "y": 8}, "f = 10", "upside-down"),
    ("f = 5*sigmoid(x)", {"x": 3}, "dx = -30", "of-the-input"),
    ("f = 5*tanh(x)", {"x": 3}, "dx = -40", "of-the-input"),
    ("f = 7*exp(x)", {"x": 3}, "dx = 21", "of-the-input"),
    ("f = 5*sqrt(x)", {"x": 3}, "dx = 2.88675", "half-lost"),
    ("f = 5*x^3", {"x": 3}, "dx = 15*3", "factor-lost"),
    ("f = 5*x^y", {"x": 3, "y": 4}, "dx = 135", "factor-lost"),
    ("f = 5*x^y", {"x": 3, "y": 4}, "dx = 444.94", "power-as-exponential"),
    ("f = 5*x^y", {"x": 3, "y": 4}, "dy = 540", "exponential-as-power"),
    ("f = 5*exp(x)", {"x": 3}, "dx = 110.84", "exponential-as-power"),
    ("f = 5*x^y", {"x": 3, "y": 4}, "dx = 1620", "exponent-kept"),
    ("f = 5*x^y", {"x": 3, "y": 4}, "dx = 60", "power-lost"),
    ("f = 5*x^2", {"x": 3}, "dx = 15", "factor-lost"),
    ("q = x + y; f = 5*(q - 2)", {"x": 3, "y": 4}, "f = 35", "left-out"),
    ("q = x*y; f = 5*(2 - q)", {"x": 3, "y": 4}, "f = -60", "left-out"),
    ("q = x*y; f = 5*(q + b)", {"x": 3, "y": 4, "b": 7}, "f = 60", "left-out"),
    ("f = 5*max(x, y)", {"x": 3, "y": 7}, "dx = 5", "loser"),
    ("f = 5*min(x, y)", {"x": 3, "y": 7}, "dy = 5", "loser"),
    ("f = 5*max(x, y)", {"x": 3, "y": 7}, "dy = 0", "shut"),
    ("f = 5*relu(x)", {"x": 3}, "dx = 0", "shut"),
    ("f = 5*relu(3*x)", {"x": -2}, "dx = 15", "relu-off"),
    ("f = 5*abs(3*x)", {"x": -2}, "dx = 15", "sign"),
    ("f = 5*tanh(x)", {"x": 1}, "dx = 1.192", "half-a-derivative"),
    ("f = 5*log(x)", {"x": 3}, "dx = 0.7238", "base-ten"),
    ("f = 5*log2(x)", {"x": 3}, "dx = 1.66667", "natural"),
    ("f = 5*cos(x)", {"x": 1}, "dx = 4.2074", "sign"),
    ("f = 5*sin(x)", {"x": 1}, "dx = -2.7015", "sign"),
])
def test_each_mistake_at_every_operation_it_can_be_made_at(expression, values, answer, mistake):
    """The answers are worked by hand, with the slip."""
    verdict, = backprop(expression, values).check(answer)
    assert (verdict.status, verdict.mistake) == ("wrong", mistake)


@pytest.mark.parametrize(("factors", "answer", "mistake"), [
    # of two terms, what is left of the first is the path that was overlooked, or else overwritten
    ((3, 5), 3, "not-summed"), ((3, 5), 5, "path-missing"), ((3, 0), 0, "path-missing"),
    # of three, any may be left, or any missing; what is nothing was no term
    ((3, 5, 11), 3, "not-summed"), ((3, 5, 11), 5, "not-summed"), ((3, 5, 11), 11, "not-summed"),
    ((3, 5, 11), 8, "path-missing"), ((3, 5, 11), 14, "path-missing"), ((3, 5, 11), 16, "path-missing"),
    ((3, 5, 0), 3, "not-summed"), ((3, 5, 0), 5, "path-missing"), ((3, 5, 0), 0, "not-summed"),
    ((0, 3, 5), 3, "path-missing"), ((0, 3, 5), 5, "path-missing"), ((0, 3, 5), 0, "not-summed"),
    ((1, 3, 5), 1, "not-summed"), ((1, 3, 0), 3, "path-missing"), ((0, 1, 3), 3, "path-missing"),
])
def test_one_of_several_terms(factors, answer, mistake):
    """The gradient of the sum of x times the factors, and of x one gate further from it."""
    text = " + ".join(f"{factor}*x" for factor in factors)
    found, = backprop(f"f = {text}", x=2.37).check(f"dx = {answer}")
    assert (found.status, found.mistake) == ("wrong", mistake)
    found, = backprop(f"q = 7*x; f = {text.replace('x', 'q')}", x=2.37).check(f"dx = {7 * answer}")
    assert (found.status, found.mistake) == ("wrong", mistake)


@pytest.mark.parametrize(("expression", "values", "answer", "mistake", "others"), [
    # where a local gradient is 0, 1 or -1, a rule of that gate is more likely than a chain that stopped
    ("f = relu(x)*z", {"x": -3, "z": 7}, "dx = 7", "relu-off", ("took-the-loser",)),
    ("q = y - x; f = q*z", {"x": 3, "y": 5, "z": 7}, "dx = 7", "sign", ("minus-lost", "minus-overlooked", "neighbour")),
    ("q = 2*x; f = q*z", {"x": 3, "z": 7}, "dx = 7", "upstream-only", ()),
    ("q = 3*x; r = q*z; f = 5*r", {"x": 2, "z": 7}, "dx = 21", "local-only", ("chain-short",)),
    ("f = 5*(-x)", {"x": 3}, "f = 15", "sign", ("minus-overlooked",)),
    # of one variable, all is old where one is
    ("f = (3*w - 5)^2", {"w": 2.3}, "new f = 3.61", "not-updated", ()),
    ("f = (3*w - 5)^2", {"w": 2.3}, "new w = 2.30", "not-updated", ("constant-varied",)),
    ("f = (3*w - 5)^2 + u", {"w": 2, "u": 1}, "new f = 1.64", "one-not-updated", ()),
])
def test_what_explains_a_number_is_told_once(expression, values, answer, mistake, others):
    verdict, = backprop(expression, values).check(answer, lr=0.1)
    assert (verdict.status, verdict.mistake, verdict.others) == ("wrong", mistake, others)


@pytest.mark.parametrize(("x", "answer", "mistake"), [
    (0.5, "-0.43322", "power-as-exponential"), (-2, "3.46574", None), (-2, "100", None), (0, "100", None)])
def test_wrong_rules_are_tried_only_where_they_have_a_value(x, answer, mistake):
    """5*x^3 as an exponential is 5*x^3*log(x): of a negative number there is no logarithm."""
    verdict, = backprop("f = 5*x^3", x=x).check(f"dx = {answer}")
    assert (verdict.status, verdict.mistake) == ("wrong", mistake)


def test_a_sheet_that_is_no_json_is_pointed_at(bpcalc, tmp_path):
    sheet = tmp_path / "answers.json"
    sheet.write_text('{"answers": {\n "f": 3,\n "dx" 4}}')
    ran = bpcalc("f = x*y", "x=1", "y=3", "--check-file", sheet)
    assert ran.code == 2
    assert "line 3" in ran.err
    shown = ran.err.splitlines()
    caret = next(line for line in shown if "^" in line)
    assert shown[shown.index(caret) - 1][caret.index("^")] == "4"


def test_early_rounding_that_leaves_the_domain_excuses_nothing_and_finer_rounding_still_may():
    """Carrying one decimal leaves q = 0 and no 1/q, four leave new w < 0; two and five lead to what was typed."""
    assert status(("q = x - y; f = 1/q", {"x": 1.042, "y": 1}), "f", "25.0") == "right"
    assert status(("q = x - y; f = 1/q", {"x": 1.042, "y": 1}), "f", "25.1") == "wrong"
    update = ("f = sqrt(w)", {"w": 0.3})
    assert status(update, "new f", "0.0019", lr=0.32863) == "right"
    assert status(update, "new f", "0.0020", lr=0.32863) == "wrong"


def test_what_is_given_was_not_rounded_on_the_way():
    assert status(("f = x^2", {"x": 1.042}), "x", "1.05") == "wrong"


def test_a_value_beside_which_its_own_operation_fails_is_gone_on_with():
    """With q = -4 there is no sqrt(q), but the student has s = 2 and may add where a product stood."""
    verdicts = judged(("q = x - y; s = sqrt(q); f = 3*s", {"x": 5, "y": 1}), "q = -4, s = 2, f = 5")
    assert {key: (verdict.status, verdict.mistake) for key, verdict in verdicts.items()} == {
        "q": ("wrong", "sign"), "s": ("right", None), "f": ("wrong", "other-operation")}


def test_beside_a_gradient_that_does_not_exist_the_other_answers_are_judged():
    case = ("q = sqrt(x); f = q + 3*y", {"x": 0, "y": 1})
    assert {key: verdict.status for key, verdict in judged(case, "f = 3, dy = 3, dx = undefined").items()} == {
        "f": "right", "dy": "right", "dx": "right"}
    assert {key: verdict.status for key, verdict in judged(case, "f = 4, dy = 4, dx = 0").items()} == {
        "f": "wrong", "dy": "wrong", "dx": "wrong"}


def test_arrays_whose_entries_overflow_in_a_textbooks_formula_are_judged_as_a_whole():
    verdicts = judged(("norm([x, y])", {"x": 3e200, "y": 4e200}), "dx = 5, dy = 0.8")
    assert [(verdict.status, verdict.mistake) for verdict in verdicts.values()] == [("wrong", None), ("right", None)]


def test_the_second_sheet_about_arrays_is_judged_like_the_first():
    report = backprop("y = W@x; f = sum(y)", W=[[1, 2], [3, 4]], x=[5, 6])
    judge = Judge(report)
    for typed in ("dW[0,0] = -5", "dW[0,0] = -5", "dx[1] = -6"):
        verdict, = judge.verdicts(parse_answers(typed, report))
        assert (verdict.status, verdict.mistake) == ("wrong", "sign")


def test_numbers_of_nodes_among_arrays_are_those_of_the_run_as_it_was_given():
    """Opened, [x, y] is no node, and what was n5 is n4."""
    report = backprop("s = sum([x, y]); q = (x*y)*(x - y); L = q*s", x=2, y=3)
    for key, right, other in (("dq/dn4", -1, 6), ("dq/dn5", 6, -1)):
        assert report.check({key: right})[0].status == "right"
        assert report.check({key: other})[0].status == "wrong"


@pytest.mark.parametrize("answers", ["f[0] = 2", "dx[0] = 2", "dW[1,0] = 4"])
def test_wrong_answers_beside_an_output_that_is_an_array_are_wrong(answers):
    """Opened, the output is a sum of entries with the upstream gradient as weights: it has no such keys."""
    report = backprop("W@x", W=[[1, 2], [3, 4]], x=[1, 1], upstream=[1, 2])
    assert [verdict.status for verdict in report.check(answers)] == ["wrong"]


def test_answers_about_one_kink_may_each_be_chosen_between_the_slopes():
    case = ("max(x, y)", {"x": 1, "y": 1})
    assert {verdict.status for verdict in judged(case, "dx = 0.3, dy = 0.9").values()} == {"right"}
    assert {verdict.status for verdict in judged(case, "dx = -0.3, dy = 1.9").values()} == {"wrong"}


def test_at_a_kink_beyond_which_there_is_no_number_the_other_slope_counts():
    case = ("max(x, y)", {"x": sys.float_info.max, "y": sys.float_info.max})
    assert {verdict.status for verdict in judged(case, "dx = 0, dy = 0.3").values()} == {"right"}


def test_several_steps_whose_wrong_rules_leave_the_domain_are_judged_all_the_same():
    """log(w) ends where the sign of a step is wrong, and where w sees the new a."""
    report = backprop("f = a*log(w)", a=-1, w=0.5)
    learned = report.descend(2, iterations=2)
    assert learned.steps == 2
    right, wrong = (check(report, parse_answers(f"new w = {typed}", report), learned=learned)[0]
                    for typed in (f"{learned.after[1]:.6g}", "7.25"))
    assert (right.status, wrong.status, wrong.mistake) == ("right", "wrong", None)


def test_the_search_for_wrong_steps_ends_and_what_one_number_shows_is_found_all_the_same(monkeypatch):
    """Only a run with the steps done otherwise shows the product that was a sum; -f is seen at once."""
    case = ("q = x*y; f = q*z", {"x": 3, "y": 4, "z": 5})
    assert judged(case, "f = 35")["f"].mistake == "other-operation"
    monkeypatch.setattr("bpcalc.homework.causes._MOST", 1)
    verdict = judged(case, "f = 35")["f"]
    assert (verdict.status, verdict.mistake) == ("wrong", None)
    assert judged(case, "f = -60")["f"].mistake == "sign"


def test_separators_with_nothing_between_them_separate_nothing():
    assert {key: verdict.status for key, verdict in judged(CLASSIC, ", dx = -4,, dz = 3;;").items()} == {
        "dx": "right", "dz": "right"}
