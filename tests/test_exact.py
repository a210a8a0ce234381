"""Exact numbers: fractions and forms by sympy, each the number it says it is; the rest stays decimal and is named."""

import json
import math
import random
import re
import sys
from fractions import Fraction

import pytest

from bpcalc import backprop, child
from bpcalc.bindings import constant
from bpcalc.exact import written
from bpcalc.homework.answers import read_items
from bpcalc.homework.check import check
from bpcalc.homework.sheets import sheet_items
from bpcalc.ops import TABLE
from bpcalc.written import Written

from .oracles import Program


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """What sympy has a form for is asked here, not how long a busy machine takes."""
    monkeypatch.setattr(child, "SECONDS", 60.0)


def forms(report):
    """Every form that a report shows, with the number it stands for."""
    numbers = list(report.trace.values)
    for edge in report.edges:
        numbers += [edge.local, edge.upstream, edge.product]
    numbers += [report.gradient(k) for k in range(len(report)) if report.is_live(k)]
    return [(number.text, float(number)) for number in numbers if isinstance(number, Written)]


@pytest.mark.slow
@pytest.mark.parametrize(("expression", "values", "value", "gradients"), [
    ("x*y/8", {"x": -3, "y": 1}, "-3/8", {"x": "1/8", "y": "-3/8"}),
    ("exp(-x)*y", {"x": 1, "y": 3}, "3*e^(-1)", {"x": "-3*e^(-1)", "y": "e^(-1)"}),
    ("sqrt(x)", {"x": 2}, "sqrt(2)", {"x": "sqrt(2)/4"}),
    ("x/y", {"x": 1 / 3, "y": 0.25}, "4/3", {"x": "4", "y": "-16/3"}),
    ("0.1*x + 0.2 - 0.3", {"x": 1}, "0", {"x": "1/10"}),
    ("log(8)/log(2)*x", {"x": 1}, "3", {"x": "3"}),
    ("cbrt(x)", {"x": 8}, "2", {"x": "1/12"}),
    ("hypot(x, y)", {"x": 3, "y": 4}, "5", {"x": "3/5", "y": "4/5"}),
    ("atan2(x, y)", {"x": 1, "y": 1}, "pi/4", {"x": "1/2", "y": "-1/2"}),
    ("max(x, y, 0)", {"x": 1 / 3, "y": 1 / 3}, "1/3", {"x": "1/2", "y": "1/2"}),
    ("relu(x)*y", {"x": -1, "y": 0.5}, "0", {"x": "0", "y": "0"}),
    ("leaky_relu(x)", {"x": -1}, "-1/100", {"x": "1/100"}),
    ("x^2", {"x": 0}, "0", {"x": "0"}),
    ("x^3", {"x": 1.5}, "27/8", {"x": "27/4"}),
    ("abs(x)", {"x": -0.125}, "1/8", {"x": "-1"}),
    ("2*pi*x", {"x": 0.5}, "pi", {"x": "2*pi"}),
    ("sin(x)", {"x": math.pi / 4}, "sqrt(2)/2", {"x": "sqrt(2)/2"}),
    ("cos(x)*y", {"x": -2 * math.pi / 3, "y": math.pi}, "-pi/2", {"x": "sqrt(3)*pi/2", "y": "-1/2"}),
    ("x^2*y", {"x": -math.sqrt(3), "y": math.sqrt(0.5)}, "3*sqrt(2)/2", {"x": "-sqrt(6)", "y": "3"}),
    ("(1 + sqrt(x))*(1 - sqrt(x))", {"x": 2}, "-1", {"x": "-1"})])
def test_known_forms(expression, values, value, gradients):
    report = backprop(expression, values).exact()
    assert report.value.text == value
    assert {name: number.text for name, number in report.gradients.items()} == gradients
    assert not [note for note in report.notes if note.code == "decimal"]


def test_fractions_exponentials_and_roots_in_one_circuit():
    report = backprop("q = x*y/8; r = exp(-x); s = sqrt(y); f = q + r*s", x=1, y=2).exact()
    assert {name: report.trace.values[k].text for k, name in report.graph.names.items()} == {
        "x": "1", "y": "2", "q": "1/4", "r": "e^(-1)", "s": "sqrt(2)", "f": "1/4 + sqrt(2)*e^(-1)"}
    assert report.gradient(report.graph.node("r")).text == "sqrt(2)"


def test_the_sigmoid_has_an_exact_form():
    report = backprop("sigmoid(x)", x=1).exact()
    assert report.value.text in ("1/(1 + e^(-1))", "e/(1 + e)")
    assert constant(report.gradients["x"].text, "x") == pytest.approx(0.19661193324148185, rel=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_every_form_is_the_number_it_stands_for(seed):
    program = Program(seed, size=5)
    exact = backprop(program.text, program.inputs)
    report = exact.exact()
    known = program.evaluate(program.inputs)
    found = forms(report)
    assert found
    for text, number in found:
        assert constant(text, "number") == pytest.approx(number, rel=1e-9, abs=1e-300)
    for k, name in report.graph.names.items():
        assert float(report.trace.values[k]) == pytest.approx(float(known[name]), rel=1e-9, abs=1e-12)
    for name, gradient in exact.gradients.items():
        assert report.gradients[name] == pytest.approx(gradient, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_rational_circuits_are_worked_out_in_fractions(seed):
    # An oracle in Python's fractions.
    rng = random.Random(seed)
    inputs = {f"x{i}": Fraction(rng.randint(-9, 9), rng.choice((1, 2, 4, 5, 10, 3))) for i in range(3)}
    names, steps = list(inputs), []
    for i in range(5):
        steps.append((f"t{i}", rng.choice(names), rng.choice("+-*"), rng.choice(names)))
        names.append(f"t{i}")
    values = dict(inputs)
    for name, a, sign, b in steps:
        values[name] = {"+": values[a] + values[b], "-": values[a] - values[b], "*": values[a] * values[b]}[sign]
    grads = dict.fromkeys(values, Fraction(0))
    grads["t4"] = Fraction(1)
    for name, a, sign, b in reversed(steps):
        partials = {"+": (1, 1), "-": (1, -1), "*": (values[b], values[a])}[sign]
        grads[a] += grads[name] * partials[0]
        grads[b] += grads[name] * partials[1]
    text = "; ".join(f"{name} = {a} {sign} {b}" for name, a, sign, b in steps)
    report = backprop(text, {name: float(value) for name, value in inputs.items()}).exact()
    for k, name in report.graph.names.items():
        if len(str(values[name])) <= 32:
            assert report.trace.values[k].text == str(values[name])
        if len(str(grads[name])) <= 32:
            assert report.gradient(k).text == str(grads[name])


@pytest.mark.slow
@pytest.mark.parametrize("row", [row for row in TABLE if row.samples and row.fixity is None and row.name != "identity"],
                         ids=lambda row: row.name)
def test_every_operation_has_a_form_or_says_that_it_has_none(row):
    point = [Fraction(x).limit_denominator(8) for x in row.samples[0]]
    names = [f"a{at}" for at in range(len(point))]
    exact = backprop(f"2*{row.name}({', '.join(names)})", dict(zip(names, map(float, point))))
    report = exact.exact()
    assert report.value == pytest.approx(exact.value, rel=1e-12)
    for name, gradient in exact.gradients.items():
        assert report.gradients[name] == pytest.approx(gradient, rel=1e-9)
    told = any(note.code == "decimal" for note in report.notes)
    assert told == (not all(isinstance(x, Written) for x in (report.value, *report.gradients.values())))


def test_what_has_no_short_form_stays_decimal_and_is_named(bpcalc):
    ran = bpcalc("q = sin(x); f = q^7*exp(x)/(1 + q + sqrt(x) + exp(q)) + x", "x=0.3", "--exact", "--steps")
    assert "note: no short exact form for " in ran.out
    assert "≈" in ran.out
    assert "= sin(3/10)" in ran.out


def test_a_given_number_that_is_no_fraction_stays_decimal():
    report = backprop("q = 2*x; f = q + y", x=0.5772156649015329, y=1).exact()
    assert not isinstance(report.trace.values[0], Written)
    assert report.gradients["x"].text == "2"
    assert [note.message for note in report.notes] == ["no short exact form for x, q, f"]


def test_the_upstream_gradient_may_be_a_fraction_of_pi_or_a_root():
    for upstream, shown in ((math.pi, "3*pi"), (-math.sqrt(2), "-3*sqrt(2)"), (math.pi / 6, "pi/2")):
        report = backprop("x*y", {"x": 2, "y": 3}, upstream=upstream).exact()
        assert report.gradients["x"].text == shown


def test_powers_that_would_never_end_are_given_up():
    report = backprop("f = x^300", x=1.01)
    found = report.exact()
    assert not isinstance(found.value, Written)
    assert [note.code for note in found.notes] == ["decimal"]


def test_sympy_is_stopped_when_its_time_is_up():
    report = backprop("f = x/3", x=1).exact(seconds=0.01)
    assert report.value == pytest.approx(1 / 3)
    assert "after 0.01 seconds" in report.notes[-1].message


def test_what_was_worked_out_before_the_time_was_up_counts_and_half_a_line_does_not(tmp_path, monkeypatch):
    program = tmp_path / "slow"
    program.write_text('#!/bin/sh\nprintf \'["a", 1]\\n["b", 2\'\nexec sleep 60\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    answers = {}
    assert child.ask("exact", {}, 2.0, answers) == "after 2 seconds"
    assert answers == {"a": 1}


def test_a_large_circuit_is_not_given_to_sympy():
    text = "; ".join(["a0 = x*1", *(f"a{i} = a{i - 1} + 1" for i in range(1, 6000))])
    report = backprop(text, x=1).exact()
    assert "more than 5000 operations" in report.notes[-1].message


def test_what_sympy_cannot_tell_from_zero_stays_decimal():
    report = backprop("z = sqrt(2) + sqrt(3) - sqrt(5 + 2*sqrt(6)); f = max(z, x) + clip(z, 0, x)*y", x=2, y=3)
    exact = report.exact()
    assert exact.value == report.value
    assert exact.gradients == pytest.approx(report.gradients)
    assert [note.code for note in exact.notes] == ["decimal"]
    assert backprop("f = x*e", x=2).exact().value.text == "2*e"


def test_a_branch_at_a_number_without_a_form_stays_decimal():
    exact = backprop("f = relu(x^300)*y", x=1.01, y=2).exact()
    assert exact.gradients == pytest.approx(backprop("f = relu(x^300)*y", x=1.01, y=2).gradients)
    assert not isinstance(exact.value, Written)


def test_products_and_sums_of_gradients_are_exact_where_they_are_fractions():
    report, third, root = backprop("x/3", x=1).exact(), written("1/3", 1 / 3), written("sqrt(2)", math.sqrt(2))
    assert (report.times(third, third).text, report.plus(third, third).text) == ("1/9", "2/3")
    for found, expected in ((report.times(root, root), 2), (report.plus(third, root), 1 / 3 + math.sqrt(2))):
        assert found == pytest.approx(expected)
        assert not isinstance(found, Written)
    assert report.times(None, third) is report.plus(third, None) is None


def test_undefined_stays_undefined():
    report = backprop("f = 0*sqrt(x)", x=0).exact()
    assert report.gradients == {"x": None}
    assert [note.code for note in report.notes] == ["undefined"]


def test_a_form_that_is_not_the_number_is_refused():
    assert written("1/3", 0.3333) is None
    assert written("2^2^2^2^2^2", 4.0) is None
    assert written("1/3", 1 / 3).text == "1/3"


def test_a_variable_called_e_is_not_the_number():
    report = backprop("f = exp(-e)", e=1).exact()
    assert report.value.text == "exp(-1)"


def test_paths_upstream_and_wrt_are_exact():
    report = backprop("q = x/3; f = q*x", {"x": 2}, upstream=0.5).exact()
    assert report.gradients["x"].text == "2/3"
    assert backprop("q = x/3; f = q*y", {"x": 2, "y": 1}, wrt="y").exact().gradients["y"].text == "2/3"


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_the_key_in_fractions_is_read_as_all_right(form):
    report = backprop("q = x*x/3; f = exp(-q)*y + sqrt(y)", x=1, y=2)
    answers = read_items(sheet_items(report.exact().to_worksheet(form, reveal=True), "sheet"), report)
    assert len(answers) > 8
    assert all(verdict.status == "right" for verdict in check(report, answers))


def test_every_human_form_shows_the_fractions(bpcalc):
    words = ["f = x*y/8", "x=-3", "y=1", "--exact"]
    for form in ("table", "blocks", "plain", "steps", "circuit", "svg", "dot"):
        assert "-3/8" in bpcalc(*words, "--format", form).out, form
    assert r"&= \frac{n_{2}}{8} = -\frac{3}{8}" in bpcalc(*words, "--format", "latex").out
    assert r"$`-\frac{3}{8}`$" in bpcalc(*words, "--format", "markdown").out
    assert "product: -3/8\n" in bpcalc("f = x*y/8", "x=-3", "y=1", "--exact", "--paths", "y").out.replace(
        "  sum: ∂f/∂y = ", "product: ")


def test_json_has_the_forms_beside_the_numbers(bpcalc):
    found = json.loads(bpcalc("f = x*y/8", "x=-3", "y=1", "--exact", "--json").out)
    assert found["value"] == -0.375
    assert found["exact"]["nodes"][-1] == {"id": 4, "value": "-3/8", "gradient": "1"}
    assert found["exact"]["edges"][0] == {"node": 2, "slot": 0, "local": "1", "product": "1/8"}


@pytest.mark.parametrize("words", [["--round", "2"], ["--symbolic"], ["--lr", "0.1"], ["--check", "dx=1"]])
def test_what_does_not_go_together_is_refused(bpcalc, words):
    ran = bpcalc("f = x/3", "x=1", "--exact", *words)
    assert (ran.code, ran.out) == (2, "")


def test_a_tie_is_shared_exactly():
    found = backprop("f = max(x, y, z)*w", x=1, y=1, z=0, w=3).exact()
    assert {name: gradient.text for name, gradient in found.gradients.items()} == {
        "x": "3/2", "y": "3/2", "z": "0", "w": "1"}
    thirds = backprop("f = max(x, y, z)", x=1, y=1, z=1).exact()
    assert {gradient.text for gradient in thirds.gradients.values()} == {"1/3"}


@pytest.mark.parametrize("form", ["blocks", "plain", "steps", "markdown"])
def test_a_number_without_a_form_is_nearly_equal_wherever_a_sign_stands_before_it(form, bpcalc):
    ran = bpcalc("h = tanh(a); g = exp(h*a); f = log(g + 10)*h", "a=1.25", "--exact", "--format", form)
    decimal = re.findall(r"(=|≈|~|\\approx) -?[0-9]+\.[0-9]+(?=$|`| [^*×·+\\])", ran.out, re.M)
    assert len(decimal) > 5
    assert "=" not in decimal


@pytest.mark.parametrize(("words", "title"), [
    (["f = x*y + 0.1", "x=2", "y=3", "--round", "1"], "f = x * y + 0.1 = 6.1"),
    (["f = x/y", "x=2", "y=3", "--exact"], "f = x / y = 2/3"),
    (["f = x/y", "x=2", "y=3", "--round", "2"], "f = x / y ≈ 0.67"),
    (["f = log(exp(tanh(x)) + tanh(x)*cos(x) + 10)*x", "x=1.25", "--exact"], "f = log(exp(tanh(x)) + tanh(x) * cos(x) "
                                                                             "+ 10) * x ≈ "),
])
def test_the_title_says_whether_its_number_is_exact(words, title, bpcalc):
    assert bpcalc(*words).out.splitlines()[0].startswith(title)
