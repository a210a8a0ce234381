"""Which slip is told where roundings, several slips, or the entries of an array compete."""

import pytest

from bpcalc import backprop
from bpcalc.homework.answers import parse_answers
from bpcalc.homework.check import check

GATES = ("p = a*b; q = p + c; r = q^2; s = sigmoid(d); t = r*s; f = t - a", {"a": 2, "b": -3, "c": 4, "d": 0.5})
CLASSIFIER = backprop("S = X @ W.T; Li = hinge(S, y); D = mean(Li); R = sum(W^2); L = D + lambda*R", {
    "W": [[1, -2, 0.5], [0.5, 1, -1]], "X": [[1, 2, -1], [-2, 1, 3]], "y": [0, 1], "lambda": 0.1}, wrt="W")


def told(report, answers, **options):
    """(status, mistake) of every answer."""
    return [(verdict.status, verdict.mistake) for verdict in report.check(answers, **options)]


# ------------------------------------------------------------------------------ slips and roundings
@pytest.mark.parametrize("typed", ["1.0", "1.00", "1.000"])
def test_a_slip_that_gives_just_this_number_is_no_rounding_of_one_far_from_it(typed):
    """4·s(1 - s) is 0.94, with two decimals carried 0.96; 4·d(1 - d) is 1."""
    assert told(backprop(*GATES), f"dd = {typed}") == [("wrong", "of-the-input")]


def test_steps_rounded_to_the_digits_that_are_typed_are_right_whatever_else_gives_the_number():
    report = backprop("p = a*a; f = p*b", a=0.55, b=5)                       # 0.3 * 5; exactly 1.5125
    assert told(report, "f = 1.5") == [("right", None)]
    near = backprop("p = a/3; q = 3*p; f = q*c", a=2, c=10)                  # 0.7 * 3 * 10, or 10 + 11
    assert told(near, "f = 21.0") == [("right", None)]


@pytest.mark.parametrize(("typed", "near"), [
    ("0.61", True), ("0.607", False), ("0.60653", False), ("0.632", True), ("0.6284", True), ("0.6288", False),
    ("0.65", True), ("0.654", False), ("0.6168/1", True), ("0.6161/1", False)])
def test_what_is_close_depends_on_the_digits_that_were_typed(typed, near):
    """The number is 0.622459: two digits may be off by some units, six of them only at their end."""
    verdict, = backprop("f = x", x=0.622459).check(f"f = {typed}")
    assert (verdict.status, verdict.note.startswith("close")) == ("wrong", near)


# ---------------------------------------------------------------------------------- slips that are shared
def test_a_shared_slip_is_none_that_has_to_be_rounded_where_another_gives_the_number():
    """The logarithm of a power's base is small here: a power taken for an exponential gives 3.04 and 4.98."""
    report = backprop("L = 3*w + 0.1*w^2 + 5*v + 0.1*v^2", w=1.3, v=0.6)
    assert told(report, "dw = 3.0, dv = 5.0") == [("wrong", "path-missing"), ("follows", None)]
    assert told(report, "dw = 3.0, dv = 5.12") == [("wrong", "not-summed"), ("right", None)]
    # Three and 5 are exact, by two slips of their own.
    report = backprop("L = 3*w + 0.1*w^2 + 5*v + 0.1*u^2", w=1.3, v=0.6, u=0.7)
    assert [status for status, _ in told(report, "dw = 3.0, du = -0.14")] == ["wrong", "wrong"]


def test_the_slip_that_explains_most_answers_is_told_of_them():
    report = backprop("f = 3*abs(w*x + b) + u", w=2, x=3, b=-11, u=1)
    assert told(report, "dw = 9, dx = 6, db = 3, du = -1") == [
        ("wrong", "sign-of-abs"), ("follows", None), ("follows", None), ("wrong", "sign")]


# --------------------------------------------------------------------------------- entries of an array
@pytest.mark.parametrize(("answers", "mistake"), [
    ("dW = [-1.50 -0.50 2.00; 1.50 0.50 -2.00]", "path-missing"),            # no gradient of lambda*R
    ("dW = [1.30 0.90 -2.10; -1.60 -0.70 2.20]", "sign"),
    ("dS = [0.5 -0.5; -0.5 0.5]", "sign"),
    ("dW = [1.00 -2.00 0.50; 0.50 1.00 -1.00]", "value"),
])
def test_one_slip_in_all_entries_of_an_array_is_one_mistake(answers, mistake):
    first, *others = told(CLASSIFIER, answers)
    assert first == ("wrong", mistake)
    assert others == [("follows", None)] * len(others)
    assert not any(status == "follows" for status, _ in told(CLASSIFIER, answers, strict=True))


def test_entries_that_round_to_right_ones_are_right_and_the_others_one_mistake():
    assert told(CLASSIFIER, "dW = [-1.5 -0.5 2; 1.5 0.5 -2]") == [
        ("wrong", "path-missing"), ("follows", None), ("right", None), ("follows", None), ("follows", None),
        ("right", None)]


def test_one_slip_in_two_arrays_is_two_mistakes():
    report = backprop("f = sum(v*w)", v=[1, 2], w=[3, 5])
    assert told(report, "dv = [-3 -5], dw = [-1 -2]") == [("wrong", "sign"), ("follows", None)] * 2


def test_a_matrix_written_across_its_diagonal_is_one_mistake():
    report = backprop("f = sum((W @ x)*y)", W=[[1, 2], [3, 4]], x=[5, 6], y=[11, 13])
    assert told(report, "dW = [55 65; 66 78]") == [
        ("right", None), ("wrong", "transposed"), ("follows", None), ("right", None)]


def test_one_slip_in_all_entries_of_a_large_array_is_one_mistake():
    report = backprop("f = sum(v*w)", v=[1] * 600, w=[2] * 600)
    first, *others = told(report, f"dv = [{', '.join(['-2'] * 600)}]")
    assert (first, set(others)) == (("wrong", "sign"), {("follows", None)})


def test_a_vector_that_was_left_out_is_one_mistake_and_an_entry_of_it_is_called_that():
    report = backprop("S = X @ W + b; L = sum(S^2)", X=[[1, 2], [3, 4]], W=[[5, 6], [7, 8]], b=[2, 3], wrt=["W", "b"])
    verdicts = report.check("S = [19 22; 43 50]")
    assert [verdict.status for verdict in verdicts] == ["wrong", "follows", "follows", "follows"]
    assert verdicts[0].note == "b in S was left out"
    one = report.check("S = [21 22; 45 53]")[1]
    assert (one.mistake, one.note) == ("left-out", "b[1] in S[0,1] was left out")


@pytest.mark.parametrize(("answers", "mistake"), [
    ("new w = [1.8, -3.6]", "ascent"), ("new w = [-1.5, 3]", "rate-forgotten"), ("new w = [1.5, -3]", "not-updated"),
    ("new w = [-0.3, 0.6]", "step-only")])
def test_a_wrong_update_of_an_array_is_named_and_one_mistake(answers, mistake):
    report = backprop("f = sum(w^2)", w=[1.5, -3])
    first, *others = told(report, answers, lr=0.1)
    assert first == ("wrong", mistake)
    assert others == [("follows", None)] * len(others)


def test_an_update_of_an_array_follows_from_the_students_own_gradients():
    report = backprop("s = W @ x; f = sum(s^2)", W=[[1, 2], [3, 4]], x=[1, 2], wrt="W")
    answers = "dW = [-10 -20; 22 44], new W = [2 4; 0.8 -0.4]"
    assert told(report, answers, lr=0.1) == [
        ("wrong", "sign"), ("follows", None), ("right", None), ("right", None),
        ("follows", None), ("follows", None), ("right", None), ("right", None)]
    assert told(report, "new W = [0 0; 0.8 -0.4], new f = 0.8", lr=0.1)[0] == ("right", None)


def test_several_steps_of_an_array_and_of_a_number_beside_it_are_named():
    report = backprop("f = sum((w*v)^2)", w=[1.0, -2.0], v=1.0)
    learned = report.descend(0.1, iterations=2)
    found = check(report, parse_answers("new w = [1.00, -2.00], new v = 1.00", report), learned=learned)
    assert [(verdict.status, verdict.mistake) for verdict in found] == [
        ("wrong", "not-updated"), ("follows", None), ("follows", None)]


# --------------------------------------------------------------------------------------- what is said
def test_a_value_with_a_wrong_sign_is_told_of_values_and_a_given_one_to_copy_it():
    report = backprop(*GATES)
    sign, gradient, given = (report.check(answer)[0] for answer in ("p = 6", "dp = 2.489837", "a = 3"))
    assert (sign.mistake, gradient.mistake, given.mistake) == ("sign", "sign", None)
    assert "path" not in sign.hint
    assert "path" in gradient.hint
    assert given.hint == "it is given: copy it from the exercise"


# ----------------------------------------------------------------------------- rows of their own
@pytest.mark.parametrize(("case", "answer", "mistake"), [
    (GATES, "s = 0.607", "exponential-alone"), (GATES, "s = 0.606531", "exponential-alone"),
    (GATES, "s = 1.64872", "exponential-alone"), (GATES, "q = -10", "subtracted"),
    # dp/da, where p is not on the path through f = t - a
    (GATES, "da = -3", "part-way"), (GATES, "da = -3.0", "part-way"), (GATES, "da = 12", "part-way"),
    # 7.469512 along one path, and -1 along the other
    (GATES, "da = -7.469512", "multiplied"),
])
def test_each_is_named_where_it_is_made(case, answer, mistake):
    verdict, = backprop(*case).check(answer)
    assert (verdict.status, verdict.mistake) == ("wrong", mistake)


def test_the_derivative_of_a_gate_on_every_path_or_without_upstream_is_called_something_else():
    report = backprop("p = 3*x; q = p^3; r = q*z; f = r - 5*x", x=2, z=7)
    first, path = report.check("dx = 324")[0], report.check("dx = 2268")[0]
    assert (first.mistake, path.mistake) == ("part-way", "not-summed")
    assert "the derivative of q:" in first.note
    assert "part-way" not in path.others
    assert report.check("dp = 108")[0].mistake == "local-only"


@pytest.mark.parametrize("mean", [
    "mean(a, b, c)", "(a + b + c)/3", "1/3*(a + b + c)", "(a + b + c)*(1/3)", "sum(a, b, c)/3"])
def test_a_mean_that_was_not_divided_is_named_in_value_and_gradient(mean):
    report = backprop(f"q = {mean}; f = q^2", a=1.5, b=7, c=-2.2)
    assert told(report, "q = 6.3") == [("wrong", "not-averaged")]
    assert told(report, "q = 6.3, f = 39.69, da = 12.6, db = 12.6") == [("wrong", "not-averaged")] + [
        ("follows", None)] * 3
    # The value may be right, and only its derivative not.
    assert told(report, "q = 2.1, da = 4.2, db = 4.2, dc = 4.2") == [
        ("right", None), ("wrong", "not-averaged"), ("follows", None), ("follows", None)]


def test_half_of_a_mean_is_one_too_and_no_other_number_is():
    report = backprop("f = (1/(2*2))*(a^2 + b^2)", a=3, b=5)
    assert told(report, "f = 17") == [("wrong", "not-averaged")]
    assert told(backprop("f = (1/5)*(a^2 + b^2)", a=3, b=5), "f = 13.6") == [("wrong", None)]
    assert told(backprop("s = a*b; f = s/2", a=3, b=5), "f = 15.0") == [("wrong", None)]


@pytest.mark.parametrize(("answers", "others"), [
    ("dW = [-2.8 -1.4 4.1; 3.1 1.2 -4.2]", 5), ("D = 9.5, L = 10.25, dW = [-2.8 -1.4 4.1; 3.1 1.2 -4.2]", 7)])
def test_a_mean_over_examples_that_was_not_divided_is_one_mistake(answers, others):
    first, *rest = told(CLASSIFIER, answers)
    assert first == ("wrong", "not-averaged")
    assert rest == [("follows", None)] * others


def test_a_right_mean_beside_undivided_gradients_is_one_mistake():
    assert told(CLASSIFIER, "D = 4.75, dW = [-2.8 -1.4 4.1; 3.1 1.2 -4.2]") == [
        ("right", None), ("wrong", "not-averaged"), *[("follows", None)] * 5]


def test_several_means_that_were_not_divided_are_one_mistake():
    report = backprop("m = mean(X, axis=0); f = sum(3*m)", X=[[1, 2], [3, 5]])
    assert told(report, "m = [4, 7]") == [("wrong", "not-averaged"), ("follows", None)]
