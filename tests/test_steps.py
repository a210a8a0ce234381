"""Both passes as on the board, and the sum over paths."""

import ast
import json
import re
from math import prod
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import bpcalc as package
from bpcalc import backprop
from bpcalc.render.symbols import Symbols
from bpcalc.render.to_steps import lines, path_lines

from .oracles import Program

SCHEMA = json.loads((Path(package.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))


def board(expression, values, **options):
    return "".join(lines(backprop(expression, values), **options)).splitlines()


def test_the_first_circuit_is_written_as_on_the_board():
    assert board("q = x + y; f = q*z", {"x": -2, "y": 5, "z": -4}) == [
        "Forward", "  x = -2", "  y = 5", "  z = -4", "  q = x + y = -2 + 5 = 3", "  f = q * z = 3 * (-4) = -12", "",
        "Backward", "  ∂f/∂f = 1", "  ∂f/∂q = z = -4", "  ∂f/∂z = q = 3",
        "  ∂f/∂y = ∂f/∂q · ∂q/∂y = (-4) · 1 = -4", "  ∂f/∂x = ∂f/∂q · ∂q/∂x = (-4) · 1 = -4"]


def test_a_name_used_twice_lists_every_term():
    assert "  ∂e/∂b = ∂e/∂c · ∂c/∂b + ∂e/∂d · ∂d/∂b = 2 · 1 + 3 · 1 = 2 + 3 = 5" in \
        board("c = a + b; d = b + 1; e = c*d", {"a": 2, "b": 1})


def test_the_rule_stands_before_the_numbers():
    text = board("q = x^2; f = 5*q", {"x": 3})
    assert "  ∂f/∂x = ∂f/∂q · ∂q/∂x = 5 · (2 * x) = 5 · 6 = 30" in text
    assert "  ∂f/∂x = -1" in board("f = -x", {"x": 3})


def test_the_branch_that_holds_gives_its_reason():
    assert board("f = 3*relu(x)", {"x": -2})[-1].endswith("= 0   (x <= 0)")


def test_numbers_alone_have_a_value_and_no_gradient(bpcalc):
    assert board("3 + 4", {}) == ["f = 3 + 4 = 7", "", "There is no variable, so there is no gradient."]
    for form in ("latex", "markdown"):
        assert "f &= 3 + 4 = 7" in bpcalc("3 + 4", "--format", form).out
    long = " + ".join(["1.25"] * 50)
    assert "f &= 62.5" in bpcalc(long, "--format", "latex").out
    assert "f = ____" in bpcalc("3 + 4", "--worksheet").out


def test_an_upstream_gradient_is_given():
    text = board("f = x*y", {"x": 1, "y": 2})
    assert "  ∂f/∂f = 1" in text
    report = backprop("f = x*y", {"x": 1, "y": 2}, upstream=3)
    assert "  ∂L/∂f = 3   (given)\n  ∂L/∂y = ∂L/∂f · ∂f/∂y = 3 · x = 3 · 1 = 3\n" in report.to_steps()
    assert r"\frac{\partial L}{\partial f} &= 3\quad (\text{given})" in report.to_latex()


def test_the_chain_is_left_out_where_a_local_gradient_would_have_the_name_of_the_sum():
    assert board("x*x", {"x": 3})[-1] == "  ∂f/∂x = x + x = 3 + 3 = 6"
    assert board("q = x*x; f = 2*q", {"x": 3})[-1] == "  ∂f/∂x = 2 · x + 2 · x = 2 · 3 + 2 · 3 = 6 + 6 = 12"
    assert board("q = 2*x; f = x*q", {"x": 3})[-1] == "  ∂f/∂x = 3 · 2 + q = 3 · 2 + 6 = 6 + 6 = 12"
    report = backprop("x*x", {"x": 3})
    for text in (report.to_latex(), report.to_markdown()):
        assert r"\frac{\partial f}{\partial x} &= x + x = 3 + 3 = 6" in text


def test_large_graphs_show_both_ends_unless_all_is_asked_for(bpcalc):
    text = "; ".join(["a0 = x*1", *(f"a{i} = a{i - 1} + 1" for i in range(1, 200))])
    lines_ = board(text, {"x": 1})
    assert len(lines_) < 100
    assert lines_.count("  … 161 nodes left out (--all shows them)") == 2
    assert len(board(text, {"x": 1}, everything=True)) > 400
    assert r"\text{... 161 nodes left out (--all shows them)}" in bpcalc(text, "x=1", "--format", "latex").out


def test_a_line_that_is_too_long_becomes_a_line_a_side():
    assert board("q = x + y; f = q*z", {"x": -2, "y": 5, "z": -4}, width=34)[-3:] == [
        "  ∂f/∂x = ∂f/∂q · ∂q/∂x", "        = (-4) · 1", "        = -4"]


def test_ascii_is_enough():
    assert all(line.isascii() for line in board("c = a + b; e = c*b", {"a": 2, "b": 1}, symbols=Symbols(unicode=False)))


@pytest.mark.parametrize("seed", range(20))
def test_every_gradient_and_value_has_its_line(seed):
    program = Program(seed, size=6)
    report = backprop(program.text, program.inputs)
    text = list(lines(report))
    for k in report.graph.names:
        own = [line for line in text if re.match(rf"  {report.label(k)} = ", line)]
        ends = [line.split(" = ")[-1].split("   ")[0].strip() for line in own]
        assert len(ends) == 1
        assert float(ends[0]) == pytest.approx(report.trace.values[k], rel=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_the_sum_over_paths_is_the_gradient(seed):
    program = Program(seed, size=5, kinks=False)
    report = backprop(program.text, program.inputs)
    for name in report.gradients:
        text = list(path_lines(report, report.graph.node(name), digits=15))
        if "left out" in text[-1]:
            continue
        total = float(text[-1].rsplit(" = ", 1)[1])
        assert total == pytest.approx(report.gradients[name], rel=1e-9, abs=1e-12)


def test_colahs_paths():
    report = backprop("c = a + b; d = b + 1; e = c*d", a=2, b=1)
    assert list(path_lines(report, report.graph.node("b"))) == [
        "  b → c → e:  2 · 1 = 2\n", "  b → d → e:  3 · 1 = 3\n", "  sum: ∂e/∂b = 5\n"]


UPDATES = [
    ("q = x + y; f = q*z", {"x": -2, "y": 5, "z": -4}, "0.1"),
    ("s = W @ x; L = hinge(s, y)", {"W": [[-2, -1], [1, -5]], "x": [3, 2], "y": 0}, "1"),
    ("n_0 = w_0*x + w1*x^2; f = n_0^2", {"w_0": 0.5, "w1": -1.25, "x": 3}, "0.001"),
]


@pytest.mark.parametrize(("text", "values", "rate"), UPDATES)
def test_an_update_stands_below_both_passes_with_the_numbers_of_the_descent(text, values, rate):
    report = backprop(text, values)
    learned = report.descend(float(rate))
    written = board(text, values, digits=15, learned=learned)
    written = written[written.index("Update") + 1:]
    sides = [line.strip().split(" = ") for line in (written[:written.index("")] if "" in written else written)]
    for (head, rule, numbers, result), name, after, gradient in zip(
            sides, learned.names, learned.after, learned.gradients, strict=False):
        assert (head, rule) == (f"new {name}", f"{name} + (-{rate} · ∂{report.top}/∂{name})")
        assert np.array(ast.literal_eval(result)) == pytest.approx(np.array(after), rel=1e-14)
        shown = numbers.partition(" · ")[2].removesuffix(")")
        assert np.array(ast.literal_eval(shown)) == pytest.approx(np.array(gradient), rel=1e-14)
    assert sides[-1] == [f"new {report.symbol}", f"{learned.losses[-1]:.15g}"]
    assert len(sides) == len(learned.names) + 1


@pytest.mark.parametrize(("text", "values", "rate"), UPDATES)
def test_an_update_on_paper_has_the_weights_and_gradients_of_the_run(text, values, rate, bpcalc):
    words = [text, *(f"{name}={value}" for name, value in values.items()), "--lr", rate]
    learned = backprop(text, values).descend(float(rate))
    for form in ("latex", "markdown"):
        page = bpcalc(*words, "--format", form).out
        update = page.partition("Update")[2].partition("Every number")[0]
        assert update.count(r"^{\mathrm{new}} &=") == len(learned.names) + 1
        if not any(hasattr(after, "shape") for after in learned.after):
            for after in learned.after:
                assert f"= {after:.6g}" in update
    assert "Every number" not in bpcalc(*words, "--steps").out


def test_a_step_too_far_says_so_where_it_is_worked(bpcalc):
    assert "new f = 81   (it went up: the step was too long)" in bpcalc("f = x^2", "x=3", "--lr", "2", "--steps").out
    assert "new f = undefined\n" in bpcalc("f = log(x)", "x=0.1", "--lr", "1", "--steps").out


def test_too_many_paths_are_not_listed():
    text = "; ".join(["a0 = x*1", *(f"a{i} = a{i - 1} + a{i - 1}" for i in range(1, 12))])
    report = backprop(text, x=1)
    *listed, rest, total = path_lines(report, report.graph.node("x"), limit=10)
    assert len(listed) == 10
    assert rest == f"  and {2**11 - 10:,} more paths, which are left out\n"
    assert total == "  sum: ∂a11/∂x = 2048\n"


def test_paths_beyond_counting_take_no_time():
    text = "; ".join(["a0 = x*1", *(f"a{i} = a{i - 1} + a{i - 1}" for i in range(1, 100))])
    report = backprop(text, x=1)
    assert list(path_lines(report, report.graph.node("x")))[-2] == "  and very many more paths, which are left out\n"


def test_a_long_path_is_written_in_linear_time():
    text = "; ".join(["a0 = x*1", *(f"a{i} = a{i - 1} + 1" for i in range(1, 20_000))])
    report = backprop(text, x=1)
    path, total = path_lines(report, report.graph.node("x"))
    assert path.count("→") == 20_000
    assert total.endswith(" = 1\n")


def test_a_node_without_a_way_to_the_output_has_no_paths():
    report = backprop("a = 2*x; b = 3*x; f = a*y", x=1, y=5)
    assert list(path_lines(report, report.graph.node("b"))) == ["  sum: ∂f/∂b = 0\n"]


def test_a_tie_shows_the_share_and_not_a_branch():
    assert board("f = 3*max(x, y)", {"x": 2, "y": 2})[-3:] == [
        "  ∂f/∂x = ∂f/∂n3 · ∂n3/∂x = 3 · 0.5 = 1.5   (tie)", "",
        "note: n3: the arguments tie; each of the largest gets an equal share"]


def test_on_the_command_line(bpcalc):
    words = ["q = x + y; f = q*z", "x=-2", "y=5", "z=-4"]
    assert bpcalc(*words, "--steps").out == bpcalc(*words, "--format", "steps").out
    assert "sum: ∂f/∂x = -4" in bpcalc(*words, "--paths", "x").out
    assert bpcalc(*words, "--paths", "w").code == 2


@pytest.mark.parametrize("seed", range(20))
def test_paths_for_programs_are_those_that_people_read_and_add_up_to_the_gradient(bpcalc, seed, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")          # a path a line
    program = Program(seed, size=6)
    words = [program.text, *(f"{name}={value!r}" for name, value in program.inputs.items())]
    for name in program.inputs:
        found = json.loads(bpcalc(*words, "--paths", name, "--json").out)
        jsonschema.validate(found, SCHEMA)
        shown = bpcalc(*words, "--paths", name).out.splitlines()[:-1]
        assert [line.partition(":")[0].split() for line in shown] == [
            " → ".join(path["nodes"]).split() for path in found["paths"]]
        assert (found["node"], found["count"]) == (name, len(found["paths"]))
        if found["gradient"] is not None:
            assert sum(prod(path["factors"]) for path in found["paths"]) == pytest.approx(found["gradient"], rel=1e-9)
            assert sum(path["product"] for path in found["paths"]) == pytest.approx(found["gradient"], rel=1e-9)


def test_of_very_many_paths_the_first_are_given_to_programs_and_all_are_counted(bpcalc):
    found = json.loads(bpcalc("; ".join(["x1 = x + x", *(f"x{n + 1} = x{n} + x{n}" for n in range(1, 10))]),
                              "x=1", "--paths", "x", "--json").out)
    assert (found["count"], len(found["paths"]), found["gradient"]) == (1024, 200, 1024.0)
    many = json.loads(bpcalc("; ".join(["x1 = x + x", *(f"x{n + 1} = x{n} + x{n}" for n in range(1, 60))]),
                             "x=1", "--paths", "x", "--json").out)
    jsonschema.validate(many, SCHEMA)
    assert many["count"] is None


def test_what_is_held_constant_has_no_sum_over_paths(bpcalc):
    words = ["x*y", "x=2", "y=3", "--paths", "y"]
    ran = bpcalc(*words, "--wrt", "x")
    assert (ran.code, ran.out) == (2, "")
    assert "y is held constant" in ran.err
    assert "--wrt y" in ran.err
    assert bpcalc(*words, "--wrt", "y").out.endswith("sum: ∂f/∂y = 2\n")


def test_arrays_are_written_on_one_line_with_the_rules_of_whole_operations():
    lines_ = board("s = W @ x + b; L = sum(relu(s))", {"W": [[1, 2], [-3, 4]], "x": [1, -2], "b": [5, 0]})
    assert "  n3 = W @ x = [[1, 2], [-3, 4]] @ [1, -2] = [-3, -11]" in lines_
    assert "  (d before a name is short for ∂L/∂)" in lines_
    assert "  ∂L/∂s = ∂L/∂n5 × ∂n5/∂s = [1, 1] × (1 if s > 0 else 0) = [1, 1] × [1, 0] = [1, 0]" in lines_
    assert "  ∂L/∂W = dn3 · xᵀ = [[1, -2], [0, 0]]" in lines_
    assert "  ∂L/∂x = Wᵀ · dn3 = [1, 2]" in lines_


def test_a_broadcast_gradient_says_along_which_axis_it_is_summed():
    lines_ = board("s = W + b; L = sum(s*s)", {"W": [[1, 2], [3, 4]], "b": [5, 0]})
    assert any(line.endswith("  (summed over axis 0)") for line in lines_)


@pytest.mark.parametrize("option", [["--paths", "x"], ["--round", "2"], ["--exact"]])
def test_what_is_about_single_numbers_refuses_arrays(bpcalc, option):
    ran = bpcalc("sum(x*x)", "x=[1, 2]", *option)
    assert (ran.code, ran.out) == (2, "")
    assert "array" in ran.err


def test_the_paths_of_an_entry_go_through_the_opened_graph(bpcalc):
    ran = bpcalc("sum(x*x)", "x=[3, 2]", "--paths", "x[0]")
    assert ran.code == 0
    assert ran.out.endswith("  sum: ∂f/∂x[0] = 6\n")
