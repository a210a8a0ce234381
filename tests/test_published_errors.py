"""Published worked examples with published errors: the checker accepts what is a rounding, and explains the rest.

Sources: M. Mazur, "A Step by Step Backpropagation Example" (2015); Stanford CS231n notes "Linear
Classification" and "Backpropagation, Intuitions", and its lecture 3 slides in an early printing;
A. Karpathy's "Hacker's Guide to Neural Networks" and "nn-zero-to-hero"; A. G. Baydin et al.,
"Automatic Differentiation in Machine Learning: a Survey" (JMLR 18, 2018).
"""

import pytest

from bpcalc import backprop

MAZUR = (
    "net_h1 = w1*i1 + w2*i2 + b1; out_h1 = sigmoid(net_h1); net_h2 = w3*i1 + w4*i2 + b1; out_h2 = sigmoid(net_h2);"
    "net_o1 = w5*out_h1 + w6*out_h2 + b2; out_o1 = sigmoid(net_o1);"
    "net_o2 = w7*out_h1 + w8*out_h2 + b2; out_o2 = sigmoid(net_o2);"
    "E1 = 0.5*(t1 - out_o1)^2; E2 = 0.5*(t2 - out_o2)^2; E = E1 + E2",
    {"w1": 0.15, "w2": 0.2, "w3": 0.25, "w4": 0.3, "w5": 0.4, "w6": 0.45, "w7": 0.5, "w8": 0.55, "b1": 0.35,
     "b2": 0.6, "i1": 0.05, "i2": 0.1, "t1": 0.01, "t2": 0.99})
SHIP = ("s = 0*p0 + 0.25*p1 + 0.2*p2 - 0.3*p3 + b", {"p0": 56, "p1": 231, "p2": 24, "p3": 2, "b": -1.2})
SOFTMAX = ("e1 = exp(s1); e2 = exp(s2); e3 = exp(s3); p = e1/(e1 + e2 + e3); L = -log(p)",
           {"s1": 3.2, "s2": 5.1, "s3": -1.7})
HINGE = ("L1 = max(0, b1 - a1 + 1) + max(0, c1 - a1 + 1); L2 = max(0, a2 - b2 + 1) + max(0, c2 - b2 + 1);"
         "L3 = max(0, a3 - c3 + 1) + max(0, b3 - c3 + 1); L = (L1 + L2 + L3)/3",
         {"a1": 3.2, "b1": 5.1, "c1": -1.7, "a2": 1.3, "b2": 4.9, "c2": 2.0, "a3": 2.2, "b3": 2.5, "c3": -3.1})
CIRCUIT = ("a = w0*x0; b = w1*x1; c = a + b; d = c + w2; n = -d; e = exp(n); g = 1 + e; f = 1/g",
           {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3})
NEURON = ("n = w0*x0 + w1*x1 + w2; f = sigmoid(n)", CIRCUIT[1])
BAYDIN = ("v1 = log(x1); v2 = x1*x2; v3 = sin(x2); v4 = v1 + v2; v5 = v4 - v3", {"x1": 2, "x2": 5})
TANH = ("s = x1*w1 + x2*w2; n = s + b; o = tanh(n)", {"x1": 2, "x2": 0, "w1": -3, "w2": 1, "b": 6.881373587019543})


def judged(case, answers, wrt=None, **options):
    return {verdict.key: verdict for verdict in backprop(*case, wrt=wrt).check(answers, **options)}


@pytest.mark.parametrize(("case", "answers", "mistake"), [
    (SHIP, "s = 61.95", "left-out"),                        # the bias
    (SOFTMAX, "L = 0.89", "base-ten"),
    (SOFTMAX, "p = 0.13, L = 0.89", "base-ten"),
    (HINGE, "L3 = 10.9", "left-out"),                       # both margins
    (HINGE, "L = 4.6", "left-out"),
    (BAYDIN, "v3 = 0.959", "sign"),                         # a retelling drops the sign of sin(5)
    (BAYDIN, "v5 = 9.734", "minus-overlooked"),
    (TANH, "dx1 = -1.5000003852", "digits"),                # inputs that were rounded to single precision
    (TANH, "o = 0.7071066904", "digits"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_published_error_is_explained(case, answers, mistake):
    verdict = list(judged(case, answers).values())[-1]
    assert (verdict.status, verdict.mistake) == ("wrong", mistake)


def test_mazurs_new_error_came_from_weights_that_were_updated_in_the_same_pass():
    weights = [f"w{i}" for i in range(1, 9)]
    printed = ("dw1 = 0.000438568, dw5 = 0.082167041, new w5 = 0.35891648, new w6 = 0.408666186, new w7 = 0.51130127,"
               "new w8 = 0.561370121, new w1 = 0.149780716, new w2 = 0.19956143, new w3 = 0.24975114,"
               "new w4 = 0.29950229")
    verdicts = judged(MAZUR, f"{printed}, new E = 0.291027774", weights, lr=0.5)
    assert {verdict.status for verdict in verdicts.values()} == {"right"}
    wrong = judged(MAZUR, "new E = 0.291027924", weights, lr=0.5)["new E"]
    assert (wrong.status, wrong.mistake, wrong.others) == ("wrong", "same-pass", ())


def test_one_forgotten_margin_costs_one_mistake():
    verdicts = judged(HINGE, "L1 = 2.9, L2 = 0, L3 = 10.9, L = 4.6")
    assert [verdict.status for verdict in verdicts.values()] == ["right", "right", "wrong", "follows"]
    assert {verdict.status for verdict in judged(HINGE, "L3 = 12.9, L = 5.27").values()} == {"right"}


@pytest.mark.parametrize("case", [CIRCUIT, NEURON], ids=["gates", "sigmoid"])
def test_a_chained_rounded_factor_is_right_and_said_to_be(case):
    early = judged(case, "dx0 = 0.40, dw1 = -0.40, dx1 = -0.60, dw0 = -0.20, dw2 = 0.20")
    assert {verdict.status for verdict in early.values()} == {"right"}
    assert ["rounded early" in early[key].note for key in early] == [True, True, True, False, False]
    exact = judged(case, "dx0 = 0.39, dw1 = -0.39, dx1 = -0.59", strict=True)
    assert {verdict.status for verdict in exact.values()} == {"right"}


@pytest.mark.parametrize(("case", "answers"), [
    (("e0 = exp(f0)", {"f0": 1}), "e0 = 2.71"), (("f = -log(p)", {"p": 0.1}), "f = 2.302"),
    (("f = sigmoid(a*x + b*y + c)", {"a": 0.895, "b": 2.315, "c": -2.895, "x": -0.895, "y": 3.21}), "f = 0.97"),
])
def test_cut_digits_are_right(case, answers):
    verdict = list(judged(case, answers).values())[-1]
    assert (verdict.status, "truncated" in verdict.note or not verdict.note) == ("right", True)


def test_ascent_where_descent_was_asked():
    case = ("f = x*y", {"x": -2, "y": 3})
    verdicts = judged(case, "new x = -1.97, new y = 2.98, new f = -5.87", lr=0.01)
    assert [verdict.status for verdict in verdicts.values()] == ["wrong", "follows", "follows"]
    assert verdicts["new x"].mistake == "ascent"
    ascending = judged(case, "new x = -1.97, new y = 2.98, new f = -5.87", lr=-0.01)
    assert {verdict.status for verdict in ascending.values()} == {"right"}
