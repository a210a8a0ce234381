"""What a report says about its nodes and edges, and in whose words."""

import json
import re
import tracemalloc

import pytest

from bpcalc import BpcalcError, backprop
from bpcalc.errors import closest
from bpcalc.formula import compose, local_formula

from .oracles import Program


def formulas(expression, **values):
    report = backprop(expression, values)
    return {(report.label(edge.node), report.label(edge.input)): edge.formula
            for edge in report.each_edge(by_label=True)}


def test_local_gradients_are_written_as_textbooks_do():
    assert formulas("x*y", x=1, y=2) == {("f", "x"): "y", ("f", "y"): "x"}
    assert formulas("x^2", x=1) == {("f", "x"): "2 * x"}
    assert formulas("x^3", x=1) == {("f", "x"): "3 * x^2"}
    assert formulas("x^-1", x=2) == {("f", "x"): "-1 * x^(-2)"}
    assert formulas("x^0.5", x=1) == {("f", "x"): "0.5 * x^(-0.5)"}
    assert formulas("a^b", a=2, b=3) == {("f", "a"): "b * a^(b - 1)", ("f", "b"): "a^b * log(a)"}
    assert formulas("x/y", x=1, y=2) == {("f", "x"): "1 / y", ("f", "y"): "-x / y^2"}
    assert formulas("s = sigmoid(x)", x=1) == {("s", "x"): "s * (1 - s)"}
    assert formulas("t = tanh(x)", x=1) == {("t", "x"): "1 - t^2"}
    assert formulas("relu(x)", x=1) == {("f", "x"): "1 if x > 0 else 0"}
    assert formulas("elu(x)", x=1) == {("f", "x"): "1 if x > 0 else exp(x)"}
    assert formulas("2*(x + y)", x=1, y=2) == {("n3", "x"): "1", ("n3", "y"): "1", ("f", "n3"): "2"}


def test_in_json_unnamed_nodes_are_called_by_their_expression():
    report = backprop("(x+y)*z", x=-2, y=5, z=-4)
    assert [edge.formula for edge in report.edges] == ["1", "1", "z", "x + y"]


def test_brackets_are_where_the_grammar_needs_them():
    for text in ("a - (b - c)", "a - b - c", "(a + b) * c", "a / (b * c)", "(-a)^b", "-a^b", "(a^b)^c", "a^b^c",
                 "a * (-b)", "-(a + b)", "a / b / c", "max(a, b + c)", "2^(-a)", "-(-a)"):
        values = {name: 2 for name in "abc" if name in text.replace("max", "")}
        assert backprop(text, values).text(backprop(text, values).graph.output) == text


def test_labels_never_clash_with_the_users_names():
    report = backprop("(n3 + n4)*f", n3=1, n4=2, f=3)
    labels = [report.label(k) for k in range(len(report))]
    assert len(set(labels)) == len(labels)
    assert labels[:3] == ["n3", "n4", "f"]


def test_long_expressions_have_no_text_but_a_label():
    report = backprop("+".join(f"x{i}" for i in range(60)), {f"x{i}": i for i in range(60)})
    output = report.nodes[-1]
    assert output.text is None
    assert output.label == "f"
    assert report.nodes[62].text == "x0 + x1 + x2 + x3"


def test_the_branch_that_holds_is_told_with_its_condition():
    def chosen(expression, **values):
        edge = backprop(expression, values).edges[-1]
        return edge.branch, edge.case

    assert chosen("relu(x)", x=2) == ("1", "x > 0")
    assert chosen("relu(x)", x=-2) == ("0", "x <= 0")
    assert chosen("m = max(x, y)", x=2, y=1) == ("0", "y <= x")
    assert chosen("min(x, y)", x=2, y=1) == ("1", "y < x")
    assert chosen("m = max(x, y, 0)", x=2, y=1) == ("0", "y != m")
    assert chosen("elu(x)", x=-1) == ("exp(x)", "x <= 0")
    assert chosen("x*y", x=2, y=1) == ("x", None)


def test_unknown_names_in_wrt_are_named():
    with pytest.raises(BpcalcError, match="no variable 'w'"):
        backprop("x*y", x=1, y=2, wrt=["w"])


def test_wrt_can_be_one_name():
    assert backprop("W1*x", W1=3, x=2, wrt="W1").gradients == {"W1": 2}


def test_many_unused_names_are_noted_without_looking_for_a_likeness_of_each():
    notes = backprop("+".join(f"w{i}" for i in range(1000)), {f"w{i}": 1 for i in range(50_000)}).notes
    assert len(notes) == 49_000
    assert sum("did you mean" in note.message for note in notes) <= 10


def test_a_call_of_many_arguments_is_cut_as_a_line_of_hand_work():
    report = backprop("max(" + ",".join(f"x{i}" for i in range(1000)) + ")", {f"x{i}": i for i in range(1000)})
    assert report.step(1000, []).operation == "max(x0, x1, x2, ..., x999)"
    assert len(report.to_json()) < 1_000_000


def test_an_unused_name_is_noted():
    notes = backprop("weight*2", weight=1, wieght=2).notes
    assert [note.message for note in notes] == [
        "wieght has a value, but the expression does not use it; did you mean weight?"]
    assert backprop("a = x; b = 2*x", x=1).notes[0].message == "a is assigned, but the output b does not depend on it"


def test_nodes_stream_in_flat_memory():
    report = backprop("+".join("x*y" for _ in range(20_000)), x=1, y=2)
    for _ in report.each_node():
        break
    tracemalloc.start()
    count = sum(1 for _ in report.each_node()) + sum(1 for _ in report.each_edge())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count > 100_000
    assert peak < 1_000_000


def test_the_closest_word_is_found_whatever_its_case():
    assert closest("SIGMOD", ["sin", "sigmoid"])[0] == "sigmoid"
    assert closest("Weight", ["weight"]) == ["weight"]
    assert closest("zzz", ["weight"]) == []


LONG = " + ".join(f"x*{number}.5" for number in range(40))
WIDE = ["max(x, y, 1, x*y)*2 + sin(min(x, y, 3, 4, x)) - max(-x, y, -2, x + y, y)^2", f"max(x, y, 1, {LONG})*2 - y",
        f"2^max(1, {LONG}, x, min({LONG}, y)) + min(x, y, x, y)", f"clip({LONG}, x, y)*leaky_relu(x, 0.5) - ({LONG})"]


@pytest.mark.parametrize("program", [*map(str, range(40)), *WIDE])
def test_what_is_streamed_is_what_one_node_at_a_time_says(program):
    if program.isdigit():
        made = Program(int(program), size=30)
        report = backprop(made.text, made.inputs)
    else:
        report = backprop(program, x=0.25, y=0.5)
    assert list(report.each_text()) == [report.text(node.id) for node in report.nodes]
    assert list(report.each_label()) == [report.label(node.id) for node in report.nodes]
    assert list(report.each_gradient()) == [report.gradient(node.id) for node in report.nodes]
    edges = [(edge.node, edge.input, edge.slot, edge.formula, edge.local, edge.upstream, edge.product)
             for edge in report.edges]
    assert list(report.each_flow()) == edges
    assert len(edges) == sum(report.is_live(i) for node in report.nodes for i in node.inputs)
    for node, found in zip(report.nodes, report.each_locals()):
        assert list(found) == [report._gradients.local(node.id, slot) for slot in range(len(node.inputs))]


@pytest.mark.parametrize("expression", [
    "x^2 + x^-3 + (x+y)^2*(2-3)^2 + (-x)^2 - (-y) + x^y^2 + 2^x", "(2-3)*x - (-3)*y - (-(-x)) - x/y/-2",
    "max(x, y, 1, -2, x*y) + min(x, -y)*clip(x*y, -2-3, y+1)", "leaky_relu(x*-2) + x*1 + 1*x + x^1 + (x+y)^(y-2)",
])
def test_patterns_write_what_composing_piece_by_piece_writes(expression):
    report = backprop(expression, x=2, y=3)
    graph = report.graph
    for k in range(len(graph)):
        args = graph.args(k)
        parts = [report._piece(i, 120) for i in args]
        own = compose(graph.row(k), parts) if args else None
        written = [edge.formula for edge in report.edges if edge.node == k]
        assert written == [local_formula(graph.row(k), slot, parts, own) for slot, i in enumerate(args)
                           if report.is_live(i)]


def test_more_patterns_than_are_kept_write_the_same(monkeypatch):
    text = "max(x, y, 1, -2) + (x - y)^2/-x - relu(-y)*clip(x, -2, y^2)"
    expected = backprop(text, x=2, y=3).to_json()
    monkeypatch.setattr("bpcalc.formula._PATTERNS", 2)
    monkeypatch.setattr("bpcalc.formula.patterns", {})
    assert backprop(text, x=2, y=3).to_json() == expected


@pytest.mark.parametrize("text", ["g(u) = u/(1 + u); f = g(exp(x))", "g(u) = u*u*u; f = g(g(x + 1))"])
def test_a_node_that_a_function_uses_several_times_keeps_its_text(text):
    report = backprop(text, x=0.5)
    assert "None" not in report.to_json() + report.to_table()
    for node in report.nodes:
        if node.inputs:
            assert backprop(node.text.replace("f", "0"), x=0.5).value == pytest.approx(node.value)


def test_gradients_are_of_a_loss_whose_name_is_free_where_one_arrives():
    assert backprop("x*2", x=1).top == "f"
    assert backprop("x*2", x=1, upstream=2).top == "L"
    assert backprop("f*F", f=1, F=2, upstream=2).top == "loss"      # the output itself is called L
    report = backprop("L=x; loss=L; Loss=loss; dL=Loss; f=dL", x=1, upstream=2)
    assert report.top == "L_"
    assert "∂L_/∂x = ∂L_/∂L" in report.to_steps()


@pytest.mark.parametrize("upstream", [None, "y", float("nan"), float("inf"), object(), {}, [1, 2], "1/0"])
def test_what_is_no_upstream_gradient_is_refused(upstream):
    with pytest.raises(BpcalcError):
        backprop("x*2", x=1, upstream=upstream)


def test_an_upstream_gradient_may_be_typed():
    assert backprop("x*2", x=1, upstream="1/2").gradients == {"x": 1.0}


def test_every_derivative_a_user_sees_has_the_tables_name(bpcalc):
    words = ["q = x*y; f = q + x", "x=2", "y=3", "--upstream", "2"]
    shown = bpcalc(*words, "--gradcheck", "--symbolic", "--json").out
    checks = [(check["what"], check["ours"], check.get("formula")) for check in json.loads(shown)["checks"]]
    assert checks == [("dq/dx", 3, "y"), ("dq/dy", 2, "x"), ("df/dq", 1, "1"), ("df/dx", 1, "1"),
                      ("dL/dx", 8, "2*(y + 1)"), ("dL/dy", 4, "2*x"), ("dL/dx", 8, None), ("dL/dy", 4, None)]
    assert "dL/dx = ____" in bpcalc(*words, "--worksheet").out
    assert bpcalc(*words, "--check", "dL/dx=8, dL/dy=4, dL/dq=2, dL/df=2").code == 0
    assert bpcalc(*words, "--check", "df/dx=8, df/dy=4, dq=2, dq/dx=3").code == 0
    without = words[:3]
    assert bpcalc(*without, "--check", "dL/dx=4").code == 0      # where nothing is called L, the output is meant
    assert bpcalc(*without, "--check", "dM/dx=4").code == 2


def test_what_has_no_name_is_called_something_that_is_free():
    names = ["f", "F", "L", "out", "output", "f_", "loss", "Loss", "L_", "n", "node", "n_"]
    report = backprop(f"{' + '.join(names)} + sin(f)", dict.fromkeys(names, 1.0), upstream=2)
    labels = [*map(report.label, range(len(report))), report.top]
    assert len(set(labels)) == len(labels)
    assert set(names) < set(labels)


def test_of_very_many_notes_and_drifts_the_first_and_last_are_shown(bpcalc):
    text = "; ".join(f"r{i} = relu(x)" for i in range(60)) + "; f = " + " + ".join(f"r{i}" for i in range(60))
    shown = bpcalc(text, "x=0", "--format", "plain").out
    assert "note: 20 more notes are left out" in shown
    assert "r0:" in shown
    assert "r59:" in shown
    drifted = bpcalc("+".join(f"x{i}/3" for i in range(300)), *(f"x{i}=1" for i in range(300)), "--round", "2").out
    assert re.search(r"\d+ more", drifted)


@pytest.mark.parametrize("wrt", ["W[0,1", "W]", "[", ","])
def test_brackets_in_wrt_that_do_not_match_name_nothing(wrt, bpcalc):
    ran = bpcalc("sum(W)", "W=[1, 2; 3, 4]", "--wrt", wrt)
    assert ran.code == 2
    assert ran.err.startswith("bpcalc: error: ")


def test_only_a_rounded_run_drifts_and_what_is_held_constant_only_in_its_value():
    report = backprop("q = x/3; f = q*y", x=2, y=1, wrt="y")
    assert list(report.drifts()) == []
    assert [(drift.kind, drift.node, drift.input) for drift in report.rounded(2).drifts()] == [
        ("gradient", 1, None), ("value", 3, None), ("value", 4, None), ("local", 4, 1)]


def test_numbers_of_nodes_are_told_from_every_name():
    report = backprop("n1*node1 + n2*2", n1=1, node1=2, n2=3)
    assert [report.label(k) for k in range(len(report))] == ["n1", "node1", "n2", "n_3", "2", "n_5", "f"]
    assert report.check("n_3 = 2, n_5 = 6")[0].status == "right"


def test_a_worksheet_of_an_unknown_form_is_refused_and_csv_is_one():
    assert backprop("x*y", x=2, y=3).to_worksheet("csv").startswith("key,value\n")
