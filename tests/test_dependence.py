"""What depends on what: against paths counted with matrices, on graphs of numbers and of arrays."""

import re

import numpy as np
import pytest

from bpcalc import backprop
from bpcalc.dependence import labels, liveness, reached_by_output, variables
from bpcalc.engine import differentiable

from .array_programs import ArrayProgram
from .oracles import Program

# Texts with constants, named constants, numbers only, labels, indices and parts that lead nowhere.
TEXTS = {
    "x*y + 2": {"x": 0.7, "y": -1.3}, "(1 + 2)*x - 3*4": {"x": 0.7}, "max(1, 2, 3)*max(1, x, 3)": {"x": 0.7},
    "c = 3; third = 1/3; sixth = third/2; x*sixth + c": {"x": 0.7}, "k = 2; j = k; m = -k; 5": {},
    "clip(x, 0, 1)*clip(1, 2, 3)": {"x": 0.7}, "x - where(1, 2, 3)": {"x": 0.7}, "x*max(1, 2)": {"x": 0.7},
    "third = 1/3; third": {}, "a = 1 + 2; b = max(a, 3, 4); sin(2)*b": {}, "a = 3; b = 4; clip(a, 0, b)": {},
    "a = x*2; b = 3*y; a": {"x": 0.7, "y": -1.3}, "1 + 2": {}, "x": {"x": 0.7},
    "where(x, 1 + 1, 2*y)": {"x": 1, "y": 2},
    "s[y]*sum(s)": {"s": [1, 2], "y": 1}, "s[y]*y": {"s": [1, 2], "y": 1},
    "one_hot(y, 3) @ w": {"y": 1, "w": [1, 2, 3]},
    "a = cross_entropy(s, y + 0); b = sum(s[1:]); b*2": {"s": [1, 2, 3], "y": 1},
    "cross_entropy(s, s[0] > t)": {"s": [1, 2], "t": 0}, "hinge(s, y, m)*2": {"s": [1, 2], "y": 1, "m": 0.5},
    "w = [1, 2]; half = w/2; sum(half * x) + sum([3, 4])": {"x": 0.7},
    "n = 1; v[n] + concat(v, [n, 2])[0]": {"v": [1, 2]},
}
RUNS = [pytest.param(text, values, id=text) for text, values in TEXTS.items()]
RUNS += [pytest.param(program.text, program.inputs, id=f"numbers {seed}")
         for seed in range(12) for program in [Program(seed)]]
RUNS += [pytest.param(program.text, program.values, id=f"arrays {seed}")
         for seed in range(12) for program in [ArrayProgram(seed)]]


def paths(graph, carrying=False):
    """Whether there is a path (of no edge, too) from node i to node k: a matrix, by multiplying matrices."""
    step = np.eye(len(graph))
    for k in range(len(graph)):
        row = graph.row(k)
        for slot, i in enumerate(graph.args(k)):
            if not carrying or not row.structural or row.pulls[min(slot, len(row.pulls) - 1)]:
                step[i, k] = 1
    power = 1
    while power < len(graph):
        step, power = np.minimum(step @ step, 1), 2 * power
    return step.astype(bool)


def named(report):
    """The variables by the rule for them: bound, given a number, or a name for numbers alone."""
    graph = report.graph
    way = paths(graph)
    bound = [k for k in range(len(graph)) if graph.row(k).name == "input"]
    others = [k for k in graph.names if k not in bound and not way[bound, k].any()]
    return sorted([*bound, *(k for k in others if not any(way[j, k] for j in others if j != k))])


@pytest.mark.parametrize(("text", "values"), RUNS)
def test_a_node_is_live_exactly_if_a_path_leads_to_it_from_what_was_asked_for(text, values):
    graph = backprop(text, values).graph
    way = paths(graph)
    rng = np.random.default_rng(len(text))
    names = list(graph.names)
    for wrt in [names[:1], names[-1:], names, [], rng.permutation(names)[:2].tolist()]:
        live, leaves = liveness(graph, wrt)
        assert leaves == wrt
        assert list(live) == way[wrt].any(axis=0).astype(int).tolist()


@pytest.mark.parametrize(("text", "values"), RUNS)
def test_every_variable_is_asked_for_unless_something_else_is(text, values):
    report = backprop(text, values)
    graph, found = report.graph, named(report)
    live, leaves = liveness(graph, None)
    assert [*leaves] == found == [*variables(graph)]
    assert list(live) == paths(graph)[found].any(axis=0).astype(int).tolist()


@pytest.mark.parametrize(("text", "values"), RUNS)
def test_what_the_output_depends_on_and_what_is_a_label(text, values):
    report = backprop(text, values)
    graph = report.graph
    reached, flown = paths(graph)[:, graph.output], paths(graph, carrying=True)[:, graph.output]
    assert list(reached_by_output(graph)) == reached.astype(int).tolist()
    assert list(reached_by_output(graph, flowing=True)) == flown.astype(int).tolist()
    unmoved = np.nonzero(reached & ~flown)[0].tolist()
    assert sorted(labels(graph)) == unmoved
    assert [*differentiable(report.trace)] == [k for k in named(report) if k not in unmoved]
    assert [*report._gradients.leaves] == [*differentiable(report.trace)]
    assert not any(report.is_live(k) for k in unmoved)


@pytest.mark.parametrize(("text", "values"), RUNS)
def test_what_is_held_constant_changes_no_gradient_of_the_others(text, values):
    whole = backprop(text, values)
    for name, gradient in whole.gradients.items():
        part = backprop(text, values, wrt=name)
        assert list(part.gradients) == [name]
        assert np.array_equal(part.gradients[name], gradient)
        way = paths(whole.graph)[whole.graph.node(name)]
        assert {(edge.node, edge.slot) for edge in part.edges} == \
            {(edge.node, edge.slot) for edge in whole.edges if way[edge.input]}
        for node in part.nodes:
            assert node.live == (way[node.id] and whole.is_live(node.id))
            assert node.live or node.gradient is None


def test_gradients_come_in_the_order_in_which_they_were_asked_for():
    assert list(backprop("q = x*y; q*z", x=1, y=2, z=3, wrt="z,q,x").gradients) == ["z", "q", "x"]
    assert list(backprop("q = x*y; sum(q*z)", x=1, y=[2, 1], z=3, wrt="z,q,x").gradients) == ["z", "q", "x"]


def test_the_generators_come_to_everything_that_is_told_apart():
    # Else the properties above would hold for want of examples.
    texts = [param.values[0] for param in RUNS]
    assert any(re.search(r"max\(", text) for text in texts)
    runs = [backprop(*param.values) for param in RUNS]
    assert {bool(labels(run.graph)) for run in runs} == {True, False}
    assert {0 in reached_by_output(run.graph) for run in runs} == {True, False}
