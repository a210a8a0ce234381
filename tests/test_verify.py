"""The second opinions agree with what is right, and only with that."""

import json
import re

import pytest

from bpcalc import backprop
from bpcalc.backends import Symbols, floats
from bpcalc.ops import TABLE, choice
from bpcalc.verify import _answers, _compared, _task, gradcheck, symbolic

ROWS = [row for row in TABLE if row.params and not row.structural]
LECTURE = [
    ("(x+y)*z", {"x": -2, "y": 5, "z": -4}),
    ("1/(1+exp(-(w0*x0+w1*x1+w2)))", {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}),
    ("c=a+b; d=b+1; e=c*d", {"a": 2, "b": 1}),
    ("x^2*y + y + 2", {"x": 3, "y": 4}),
    ("L = -log(exp(a)/(exp(a) + exp(b) + exp(c)))", {"a": 3.2, "b": 5.1, "c": -1.7}),
    ("sB=u*3+v*2; sC=w*3+t*2; L=max(0, sC-sB+1)", {"u": -2, "v": -1, "w": 1, "t": -5}),
    ("a^b + b^a", {"a": 2, "b": 3}),
]


def statuses(verdicts):
    return {verdict.status for verdict in verdicts}


def of_row(row, point):
    names = [f"x{i}" for i in range(len(point))]
    if row.fixity and len(point) == 2:
        text = f"({names[0]}) {row.fixity[0]} ({names[1]})"
    elif row.fixity:
        text = f"{row.fixity[0]}{names[0]}"
    else:
        text = f"{row.name}({', '.join(names)})"
    return backprop(text, dict(zip(names, point)))


@pytest.mark.parametrize(("expression", "values"), LECTURE, ids=[text for text, _ in LECTURE])
def test_both_agree_with_backprop_on_the_lectures_examples(expression, values):
    report = backprop(expression, values)
    found = symbolic(report, 60)
    assert statuses(found) == {"agrees"}
    assert len(found) == len(report.edges) + len(report.gradients)
    assert statuses(gradcheck(report)) == {"agrees"}


@pytest.mark.slow
def test_every_operation_is_known_to_sympy_and_agrees_at_its_samples():
    points = [(row, point) for row in ROWS for point in row.samples]
    names, terms, values = [], [], {}
    for number, (row, point) in enumerate(points):
        args = [f"v{number}_{i}" for i in range(len(point))]
        values.update(zip(args, point))
        if row.fixity:
            terms.append(f"{args[0]} {row.fixity[0]} {args[1]}" if len(args) == 2 else f"{row.fixity[0]}{args[0]}")
        else:
            terms.append(f"{row.name}({', '.join(args)})")
        names.append(row.name)
    report = backprop("; ".join(f"t{i} = {term}" for i, term in enumerate(terms))
                      + f"; f = {' + '.join(f't{i}' for i in range(len(terms)))}", values)
    local = [verdict for verdict in symbolic(report, 120) if verdict.details["level"] == "local"]
    assert [(verdict.what, verdict.status, verdict.why) for verdict in local if verdict.status != "agrees"] == []
    rough = [verdict for verdict in gradcheck(report, 60) if verdict.status != "agrees"]
    assert rough == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_definition_becomes_a_sympy_expression(row):
    symbols = Symbols()
    count = 2 if row.variadic else len(row.params)
    params = [symbols.sympy.Symbol(f"p{i}", real=True) for i in range(count)]
    rule = symbols.definition(row.name)
    expression = rule(params) if row.variadic else rule(*params)
    point = row.samples[0]
    value = expression.evalf(30, subs=dict(zip(params, map(symbols.sympy.Float, point))))
    assert float(value) == pytest.approx(of_row(row, point).value, rel=1e-13)


@pytest.mark.parametrize("row", [row for row in ROWS if not row.variadic and choice(row.shown_partial(0))[1]],
                         ids=lambda row: row.name)
def test_local_gradients_with_branches_are_the_same_in_sympys_numbers(row):
    symbols = Symbols()
    for point in row.samples:
        out = of_row(row, point).value
        for slot in range(len(point)):
            given = list(map(symbols.sympy.Float, (*point, out)))
            assert float(symbols.partial(row, slot)(*given)) == pytest.approx(
                floats().partial(row, slot)(*point, out), rel=1e-12)


def wrong(report, factor=1.001):
    """A report whose gradients are all a little wrong."""
    report._gradients.grads = [gradient * factor + 1e-3 for gradient in report._gradients.grads]
    return report


@pytest.mark.parametrize(("expression", "values"), LECTURE[:4], ids=[text for text, _ in LECTURE[:4]])
def test_a_wrong_gradient_is_caught_by_both(expression, values):
    report = wrong(backprop(expression, values))
    variables = [verdict for verdict in symbolic(report, 60) if verdict.details["level"] == "variable"]
    assert statuses(variables) == {"differs"}
    assert statuses(gradcheck(report)) == {"differs"}


@pytest.mark.parametrize(("ours", "theirs", "kink", "status"), [
    (None, None, False, "agrees"), (5.0, None, False, "differs"), (5.0, None, True, "kink"), (None, 5.0, False, "kink"),
    (5.0, 5.0, False, "agrees"), (5.0, 5.1, False, "differs"), (5.0, 5.1, True, "kink")])
def test_where_one_side_has_no_number_or_another(ours, theirs, kink, status):
    assert _compared("df/dx", ours, ["1/x", theirs, 3, False], "", kink, 0.0).status == status


ENDLESS = {"a": ("sqrt(a)", 0), "b": ("cbrt(b)", 0), "c": ("c^0.5", 0), "d": ("d^(1/3)", 0), "g": ("asin(g)", 1),
           "h": ("acos(h)", -1), "i": ("acosh(i)", 1), "j": ("exp(sqrt(j))", 0), "k": ("(k - 1)^0.5", 1),
           "l": ("l*1e300*1e300", 0)}


def test_where_a_derivative_is_infinite_or_none_sympy_says_so_too():
    report = backprop(" + ".join(text for text, _ in ENDLESS.values()), {name: at for name, (_, at) in ENDLESS.items()})
    assert set(report.gradients.values()) == {None}
    found = symbolic(report, 60)
    assert [verdict for verdict in found if verdict.status != "agrees"] == []
    assert {verdict.why for verdict in found if verdict.ours is None} == {"undefined on both sides"}
    report._gradients.grads = [5.0] * len(report)
    variables = [verdict for verdict in symbolic(report, 60) if verdict.details["level"] == "variable"]
    # sympy's formula for the cube root, with sign and Dirac's delta in it, is 0/0 there
    assert {verdict.what[-1]: verdict.status for verdict in variables} == {
        name: "gave-up" if name == "b" else "differs" for name in ENDLESS}


@pytest.mark.parametrize(("expression", "values", "name"), [("x^y", {"x": 0, "y": 0.5}, "y"), ("0^x", {"x": 2}, "x")])
def test_a_formula_of_sympys_that_is_no_number_at_the_point_settles_nothing(expression, values, name):
    report = backprop(expression, values)
    assert report.gradients[name] == 0
    found = [verdict for verdict in symbolic(report, 60) if verdict.what == f"df/d{name}"]
    assert [(verdict.status, verdict.theirs) for verdict in found] == [("gave-up", None)] * 2
    assert {verdict.why for verdict in found} == {"sympy's formula has no value here"}


def test_a_kink_of_an_operation_on_arrays_is_one_also_entry_by_entry():
    found = symbolic(backprop("norm([x, y])", x=0, y=0), 60)
    assert [(verdict.what, verdict.status) for verdict in found] == [("df/dx", "kink"), ("df/dy", "kink")]


def test_a_number_beside_an_array_may_have_no_gradient():
    report = backprop("sum([sqrt(x), 3*y])", x=0, y=1)
    assert [(verdict.what, verdict.ours, verdict.status) for verdict in symbolic(report, 60)] == [
        ("df/dx", None, "agrees"), ("df/dy", 3, "agrees")]
    assert [verdict.status for verdict in gradcheck(report)] == ["gave-up", "agrees"]


@pytest.mark.parametrize("check", [symbolic, gradcheck])
def test_arrays_too_large_to_be_opened_are_not_checked(check, monkeypatch):
    monkeypatch.setattr("bpcalc.opened.LIMIT", 10)
    verdict, = check(backprop("sum(v*v)", v=[1.0] * 20))
    assert (verdict.what, verdict.status) == ("df/dv", "gave-up")
    assert verdict.why == "opened, this has more than 10 operations on single numbers"


def test_where_f_ends_there_is_no_central_difference():
    verdict, = gradcheck(backprop("x^1.5", x=0))
    assert (verdict.ours, verdict.status, verdict.why) == (
        0, "gave-up", "f does not exist on both sides of the point")


@pytest.mark.parametrize("hidden", ["x", "x*x", "sin(x)"])
def test_differences_of_what_rounding_hides_neither_agree_nor_differ(hidden):
    for large in (1e12, 1e14, 1e16):
        verdict = gradcheck(backprop(f"f = ({hidden} + y) - y", x=1.5, y=large))[0]
        assert (verdict.status, verdict.why) == ("gave-up", "central differences are too rough here")


def test_the_command_ends_with_1_only_when_a_check_differs(bpcalc, monkeypatch):
    words = ["x*y", "x=1", "y=2", "--gradcheck"]
    assert bpcalc(*words).code == 0
    monkeypatch.setattr("bpcalc.verify.gradcheck", lambda report: gradcheck(wrong(report)))
    ran = bpcalc(*words)
    assert ran.code == 1
    assert "DIFFERS" in ran.out


def test_formulas_are_what_a_student_would_write():
    found = {verdict.what: verdict.details["formula"] for verdict in symbolic(backprop("x^2*y + z", x=3, y=4, z=1), 60)}
    assert found["df/dx"] == "2*x*y"
    assert found["df/dy"] == "x^2"
    assert found["df/dz"] == "1"


def test_upstream_and_wrt_are_taken_into_account():
    report = backprop("(x+y)*z", x=-2, y=5, z=-4, wrt=["z"], upstream=2)
    for verdicts in (symbolic(report, 60), gradcheck(report)):
        assert statuses(verdicts) == {"agrees"}
        assert [verdict.ours for verdict in verdicts if verdict.what == "dL/dz"][-1] == 6
    report = backprop("q = x+y; f = q*q", x=1, y=2, wrt=["q", "x"])
    assert statuses(gradcheck(report) + symbolic(report, 60)) == {"agrees"}


def test_variables_inside_the_text_are_checked():
    report = backprop("k = 3; third = 1/3; x*k*third", x=2)
    assert len(gradcheck(report)) == 3
    assert statuses(gradcheck(report) + symbolic(report, 60)) == {"agrees"}


@pytest.mark.parametrize(("expression", "values"), [
    ("relu(x)", {"x": 0}), ("relu(x)", {"x": -1e-6}), ("abs(x)*2", {"x": 0}), ("max(x, y)", {"x": 1, "y": 1}),
    ("step(x) + x", {"x": 1e-7}), ("clip(x, 0, 1)", {"x": 1}),
])
def test_a_kink_is_no_error(expression, values):
    assert statuses(gradcheck(backprop(expression, values))) <= {"kink", "agrees"}
    assert "differs" not in statuses(symbolic(backprop(expression, values), 60))


def test_a_crossed_kink_is_named():
    verdict = gradcheck(backprop("z = x - 2; relu(z)^1", x=2 - 1e-7))[0]
    assert verdict.status == "kink"
    assert "changes branch" in verdict.why


def test_an_undefined_gradient_is_neither_right_nor_wrong():
    report = backprop("sqrt(x)*y", x=0, y=1)
    assert "differs" not in statuses(gradcheck(report) + symbolic(report, 60))


@pytest.mark.parametrize(("expression", "values"), [
    ("sin(1000*x)", {"x": 1.234}), ("x^50", {"x": 1.5}), ("log(x)", {"x": 1e-9}), ("exp(-x^2)", {"x": 5}),
    ("1e10 + x", {"x": 1e-3}), ("tanh(x)", {"x": 18}), ("x^3", {"x": 1e-8}), ("1/x", {"x": 1e-12}),
    ("sqrt(x)", {"x": 1e-12}), ("(x + 1e12) - 1e12", {"x": 0.1}), ("cos(x)", {"x": 0}),
])
def test_hard_functions_never_give_a_false_alarm(expression, values):
    assert statuses(gradcheck(backprop(expression, values))) <= {"agrees", "gave-up"}


def test_a_formula_that_explodes_gives_up_and_keeps_the_local_gradients():
    text = "; ".join(f"a{i + 1} = a{i}*sin(a{i})" for i in range(14))
    report = backprop(f"a0 = x + 0; {text}", x=1.1)
    found = symbolic(report, 20)
    levels = {level: statuses(v for v in found if v.details["level"] == level) for level in ("local", "variable")}
    assert levels == {"local": {"agrees"}, "variable": {"gave-up"}}


def test_time_that_runs_out_is_said():
    report = backprop("tanh(x)", x=1)
    assert statuses(symbolic(report, 0.01)) == {"gave-up"}
    assert "0.01 seconds" in symbolic(report, 0.01)[0].why
    assert statuses(gradcheck(report, -1)) == {"gave-up"}


def test_names_that_mean_something_to_sympy_are_only_names():
    report = backprop("beta*gamma + S*N + Q*E + I + lambda*zeta",
                      dict.fromkeys(["beta", "gamma", "S", "N", "Q", "E", "I", "lambda", "zeta"], 2))
    found = symbolic(report, 60)
    assert statuses(found) == {"agrees"}
    assert {verdict.what: verdict.details["formula"] for verdict in found}["df/dS"] == "N"


def test_a_tower_of_powers_is_not_worked_out_exactly():
    assert statuses(symbolic(backprop("x*(9^9^2)/(1000^9)", x=2), 60)) == {"agrees"}


def test_checks_are_in_the_json(bpcalc):
    data = json.loads(bpcalc("x*y", "x=2", "y=3", "--symbolic", "--gradcheck", "--json").out)
    assert {check["kind"] for check in data["checks"]} == {"symbolic", "numeric"}
    assert all(check["status"] == "agrees" for check in data["checks"])
    assert all("relative_error" in check for check in data["checks"] if check["kind"] == "numeric")


def test_a_local_gradient_and_a_gradient_of_one_name_stand_under_headings_of_their_own(bpcalc):
    text = bpcalc("f = x^2*y", "x=3", "y=4", "--symbolic", "--format", "plain").out
    local, total = text.partition("Local gradients by sympy")[2].split("Gradients by sympy")
    assert re.findall(r"df/dy .* (n3|x\^2) ", local) == ["n3"]
    assert re.findall(r"df/dy .* (n3|x\^2) ", total) == ["x^2"]


def answered(report):
    """What the child process says, in this one."""
    task = _task(report, [(edge.node, edge.slot) for edge in report.each_edge()], report._gradients.leaves)
    return dict(_answers(task))


def test_what_sympy_cannot_derive_is_an_answer_and_stops_no_other(monkeypatch):
    report = backprop("sin(x)*y", x=1, y=2)
    import sympy

    right = sympy.diff

    def refusing(expression, variable):
        if expression.has(sympy.sin):
            raise NotImplementedError
        return right(expression, variable)

    monkeypatch.setattr("sympy.diff", refusing)
    found = answered(report)
    refused = [key for key, answer in found.items() if answer == "sympy: NotImplementedError"]
    assert refused == ["edge 0", "leaf 0", "leaf 1"]
    assert found["edge 1"] == ["y", 2.0, 1, False]


def test_a_jump_is_a_kink_whatever_sympy_makes_of_diracs_delta():
    assert statuses(symbolic(backprop("sign(x)", x=0), 60)) == {"kink"}


def test_a_formula_names_the_smaller_of_two():
    assert answered(backprop("min(x, y)*z", x=1, y=2, z=3))["leaf 2"] == ["min(x, y)", 1.0, 9, False]


def test_where_the_value_itself_is_off_by_rounding_the_derivative_may_be_too():
    """1.3 + 1e16 is 1e16 + 2 in doubles: the gradient 2*2 is that of the rounded value."""
    report = backprop("q = (x + y) - y; f = q*q", x=1.3, y=1e16, wrt="x")
    assert report.gradients == {"x": 4}
    last = symbolic(report, 60)[-1]
    assert (last.status, last.why) == ("gave-up", "rounding errors in the forward pass hide the difference")
    assert last.theirs == pytest.approx(2.6)


def test_beside_the_largest_number_smaller_steps_are_taken():
    verdict, = gradcheck(backprop("10*x", x=1.797693e307))
    assert (verdict.status, verdict.ours) == ("agrees", 10)
    assert verdict.theirs == pytest.approx(10)


def test_a_difference_that_is_all_rounding_agrees_with_zero():
    verdict, = gradcheck(backprop("sin(x)^2 + cos(x)^2", x=1.1))
    assert (verdict.status, verdict.why, verdict.ours) == ("agrees", "zero, within rounding", 0)
