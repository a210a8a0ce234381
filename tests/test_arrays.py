"""Arrays: the same table on NumPy, the notation for them, and both levels of a run agreeing."""

import json
import math
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import bpcalc as package
from bpcalc import BpcalcError, backprop
from bpcalc.arrays import Arrays, arrays, at_kink, product, value
from bpcalc.backends import floats
from bpcalc.bindings import from_words
from bpcalc.opened import opened
from bpcalc.ops import FUNCTIONS, TABLE
from bpcalc.render import to_csv, to_html, to_latex, to_markdown, to_notebook, to_steps, to_worksheet
from bpcalc.verify import gradcheck, symbolic

from .array_programs import ArrayProgram, torch_on_jax

SCHEMA = json.loads((Path(package.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))
STRUCTURAL = [row for row in TABLE if row.structural]
ELEMENTWISE = [row for row in TABLE if row.params and not row.structural]
rng = np.random.default_rng(5)


def a(*shape):
    return rng.uniform(0.3, 1.7, shape)


# For every structural row: calls in the language, with the shapes of x, y, z.
CALLS = {
    "matmul": [("x @ y", (2, 3), (3, 4)), ("x @ y", (2, 3), (3,)), ("x @ y", (3,), (3, 2)), ("x @ y", (3,), (3,)),
               ("x @ y", (5, 2, 3), (3, 4)), ("x @ y", (5, 2, 3), (5, 3, 1)), ("x @ y", (2, 3), (4, 3, 2)),
               ("x @ y", (3,), (4, 3, 2)), ("x @ y", (4, 2, 3), (3,)), ("dot(x, y)", (3,), (3,))],
    "transpose": [("x.T", (2, 3)), ("transpose(x)", (3,)), ("x.T", (2, 3, 4))],
    "outer": [("outer(x, y)", (2,), (3,))],
    "index": [("x[1]", (3,)), ("x[-1]", (3,)), ("x[1, 0]", (2, 3)), ("x[:, 1]", (2, 3)), ("x[0:2]", (3, 2)),
              ("x[::2]", (5,)), ("x[1:]", (3,)), ("x[:-1]", (3,)), ("x[[0, 2, 0]]", (3,)),
              ("x[[0, 1], [2, 0]]", (2, 3)), ("x[1:, [0, 0]]", (3, 2))],
    "stack": [("[x, y]", (2,), (2,)), ("stack(x, y, axis=1)", (2,), (2,)), ("[x, y]", (), ()),
              ("stack(x, y, axis=-1)", (2, 3), (2, 3))],
    "concat": [("concat(x, y)", (2,), (3,)), ("concat(x, y, axis=1)", (2, 1), (2, 3)), ("concat(x, x)", (2,))],
    "reshape": [("reshape(x, 3, 2)", (2, 3)), ("reshape(x, -1)", (2, 3)), ("reshape(x, 1, -1, 2)", (2, 2))],
    "reduce_sum": [("sum(x)", (2, 3)), ("sum(x, axis=0)", (2, 3)), ("sum(x, axis=-1, keepdims=1)", (2, 3)),
                   ("sum(x)", ())],
    "reduce_mean": [("mean(x)", (2, 3)), ("mean(x, axis=1)", (2, 3)), ("mean(x, axis=0, keepdims=1)", (2, 3)),
                    ("mean(x)", ())],
    "reduce_max": [("max(x)", (2, 3)), ("max(x, axis=1)", (2, 3)), ("max(x, keepdims=1)", (4,))],
    "reduce_min": [("min(x)", (2, 3)), ("min(x, axis=0)", (2, 3))],
    "reduce_prod": [("prod(x)", (2, 3)), ("prod(x, axis=1)", (2, 3)), ("prod(x, axis=0, keepdims=1)", (3, 2))],
    "norm": [("norm(x)", (2, 3)), ("norm(x, axis=1)", (2, 3)), ("norm(x, axis=0, keepdims=1)", (2, 3))],
    "softmax": [("softmax(x)", (3,)), ("softmax(x, axis=0)", (2, 3)), ("softmax(x)", (2, 3))],
    "log_softmax": [("log_softmax(x)", (3,)), ("log_softmax(x, axis=0)", (2, 3))],
    "logsumexp": [("logsumexp(x)", (3,)), ("logsumexp(x, axis=0)", (2, 3)),
                  ("logsumexp(x, axis=0, keepdims=1)", (2, 3))],
    "one_hot": [("one_hot(1, 3) * x", (3,)), ("one_hot([0, 2], 3) * x", (2, 3))],
    "cross_entropy": [("cross_entropy(x, 1)", (3,)), ("cross_entropy(x, [0, 2])", (2, 3))],
    "hinge": [("hinge(x, 1)", (3,)), ("hinge(x, [0, 2], y)", (2, 3), ()), ("hinge(x, 0, 0.5)", (1,))],
}
SAMPLES = [pytest.param(row, *call, id=f"{call[0]} {call[1:]}") for row in STRUCTURAL for call in CALLS[row.name]]


def bound(shapes):
    return {name: a(*shape) if shape else float(a()) for name, shape in zip("xyz", shapes)}


def entrywise_difference(text, values, name, at, weights, h=1e-6):
    """The central difference of sum(weights * text) in one entry."""
    def moved(step):
        there = {key: np.array(value) for key, value in values.items()}
        there[name][at] += step
        return float(np.sum(weights * backprop(text, there).value))

    return (moved(h) - moved(-h)) / (2 * h)


@pytest.mark.parametrize("row", STRUCTURAL, ids=lambda row: row.name)
def test_a_structural_row_is_complete(row):
    assert row.doc.endswith(".")
    assert row.fits
    assert len(row.pulls) == len(row.rules)
    assert row.variadic or len(row.pulls) == len(row.params)
    assert CALLS[row.name], "a structural row needs calls above"


@pytest.mark.parametrize("row", STRUCTURAL, ids=lambda row: row.name)
def test_every_text_of_a_structural_row_compiles_with_the_vocabulary_alone(row):
    fresh = Arrays()
    known = {*fresh.names, *FUNCTIONS} - {"__builtins__"}
    params = (*row.params, "out", "g", "slot", *row.statics)
    for text in (row.forward, *(pull for pull in row.pulls if pull), *(test for test, _ in row.kinks)):
        assert set(fresh.rule(params, text).__code__.co_names) <= known


@pytest.mark.parametrize(("row", "text", "shapes"), [(param.values[0], param.values[1], param.values[2:])
                                                     for param in SAMPLES], ids=[param.id for param in SAMPLES])
def test_what_flows_back_is_the_central_difference(row, text, shapes):
    values = bound(shapes)
    shape = np.shape(backprop(text, values).value)
    weights = a(*shape) if shape else 1.3
    report = backprop(text, values, upstream=weights)
    assert row.name in {node.op for node in report.nodes}
    for name, gradient in report.gradients.items():
        assert np.shape(gradient) == np.shape(values[name])
        for at in np.ndindex(np.shape(values[name])):
            slope = entrywise_difference(text, values, name, at, weights)
            assert np.asarray(gradient)[at] == pytest.approx(slope, rel=1e-6, abs=1e-8), (name, at)


@pytest.mark.parametrize(("row", "text", "shapes"), [(param.values[0], param.values[1], param.values[2:])
                                                     for param in SAMPLES], ids=[param.id for param in SAMPLES])
def test_opened_into_entries_every_structural_row_says_the_same(row, text, shapes):
    values = bound(shapes)
    both_levels_agree(backprop(f"f = {text}", values))


@pytest.mark.parametrize(("row", "text", "shapes"), [(param.values[0], param.values[1], param.values[2:])
                                                     for param in SAMPLES], ids=[param.id for param in SAMPLES])
def test_every_structural_row_is_written_in_every_form_as_arrays_and_opened(row, text, shapes):
    report = backprop(f"f = {text}", bound(shapes))
    plain = opened(report)
    for either in (report, plain):
        for render in (to_latex.render, to_markdown.render, to_steps.render, to_html.render, to_notebook.render,
                       to_csv.render):
            assert render(either)
    for worksheet in (to_worksheet.text, to_worksheet.latex, to_worksheet.markdown):
        for reveal in (False, True):
            assert worksheet(plain, reveal)


@pytest.mark.parametrize("value", [[1.0, 2.0], [5.0], [[1.0, 2.0], [3.0, 4.0]]])
def test_a_page_is_made_where_only_the_values_are_arrays(value):
    page = to_html.render(backprop("x*2", x=value))
    assert "<html" in page
    assert "data-n=\"v" in page
    assert "data-k=\"0\" value" not in page        # it is played, not computed again


def both_levels_agree(report):
    plain = opened(report)
    assert not plain.trace.arrays
    assert plain.value == pytest.approx(float(np.sum(report.value)), rel=1e-11, abs=1e-12)
    for name, gradient in report.gradients.items():
        for at in np.ndindex(np.shape(gradient)):
            word = f"{name}[{','.join(map(str, at))}]" if at else name
            assert plain.gradients[word] == pytest.approx(float(np.asarray(gradient)[at]), rel=1e-9, abs=1e-10)
    for k, name in report.graph.names.items():
        for at in np.ndindex(np.shape(report.trace.values[k])):
            node = plain.graph.node(f"{name}[{','.join(map(str, at))}]" if at else name)
            assert plain.trace.values[node] == pytest.approx(float(np.asarray(report.trace.values[k])[at]), rel=1e-11,
                                                             abs=1e-12)


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_an_elementwise_row_on_arrays_is_the_row_on_floats_one_by_one(row):
    points = [point for point in (*row.samples, *row.borders) if len(point) == len(row.samples[0])]
    inside = []
    for point in points:
        given = [list(point)] if row.variadic else list(point)
        if all(floats().rule(row.params, test)(*given) for test, _ in row.domain):
            try:
                out = float(floats().forward(row)(*given))
            except (ArithmeticError, ValueError):
                continue
            if math.isfinite(out):
                inside.append((point, out))
    columns = [np.array(column) for column in zip(*(point for point, _ in inside))]
    found = value(row, columns, {})
    assert found == pytest.approx(np.array([out for _, out in inside]), rel=4e-15, abs=1e-300)
    for slot in range(len(columns)):
        flowing = product(row, slot, columns, found, {}, np.ones(len(inside)))
        for at, (point, out) in enumerate(inside):
            given = [list(point), point[slot], out] if row.variadic else [*point, out]
            try:
                expected = float(floats().partial(row, slot)(*given))
            except (ArithmeticError, ValueError):
                expected = math.nan
            if not math.isfinite(expected):
                assert not np.isfinite(flowing[at])
            else:
                assert flowing[at] == pytest.approx(expected, rel=1e-13, abs=1e-300), (slot, point)


def test_a_kink_of_an_array_is_noticed_at_any_entry():
    assert [note.code for note in backprop("sum(relu(x))", x=[1, 0, -1]).notes] == ["kink"]
    assert [note.code for note in backprop("max(x)", x=[1, 2, 2]).notes] == ["kink"]
    assert backprop("max(x)", x=[1, 2, 2]).gradients["x"].tolist() == [0, 0.5, 0.5]
    assert [note.code for note in backprop("hinge(s, 0)", s=[1, 0, 5]).notes] == ["kink"]
    assert [note.code for note in backprop("norm(x)", x=[0, 0]).notes] == ["kink"]
    assert backprop("norm(x)", x=[0, 0]).gradients["x"].tolist() == [0, 0]
    row = next(row for row in TABLE if row.name == "relu")
    assert at_kink(row, row.kinks[0][0], [np.array([1.0, 0.0])], np.array([1.0, 0.0]), {})
    assert arrays() is arrays()


# ---------------------------------------------------------------------------------- independent oracles
@pytest.mark.parametrize("seed", range(60))
def test_both_levels_of_random_programs_agree(seed):
    program = ArrayProgram(seed)
    both_levels_agree(backprop(program.text, program.values))


@pytest.mark.parametrize("seed", range(120))
def test_random_programs_agree_with_torch(seed):
    torch = pytest.importorskip("torch", reason="no comparison with PyTorch: it is not installed")
    program = ArrayProgram(seed, size=10)
    report = backprop(program.text, program.values)
    names = {name: torch.tensor(given, dtype=torch.float64, requires_grad=True)
             for name, given in program.values.items()}
    there = {"torch": torch, **names}
    exec("\n".join(program.lines), there)  # noqa: S102 - the generator's own lines
    there["L"].backward()
    assert report.value == pytest.approx(there["L"].item(), rel=1e-12)
    for name, tensor in names.items():
        if name not in report.gradients:
            assert tensor.grad is None
            continue
        expected = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
        assert np.shape(report.gradients[name]) == expected.shape
        assert np.asarray(report.gradients[name]) == pytest.approx(expected, rel=1e-10, abs=1e-12), name


@pytest.mark.parametrize("seed", range(25))
def test_random_programs_agree_with_jax(seed):
    jax = pytest.importorskip("jax", reason="no comparison with JAX: it is not installed")
    program = ArrayProgram(seed, size=6)
    report = backprop(program.text, program.values)
    functions = torch_on_jax()

    def loss(names):
        there = {"torch": functions, **names}
        exec("\n".join(program.lines), there)  # noqa: S102 - the generator's own lines
        return there["L"]

    found, gradients = jax.value_and_grad(loss)({name: jax.numpy.array(given, dtype="float64")
                                                 for name, given in program.values.items()})
    assert report.value == pytest.approx(float(found), rel=1e-12)
    for name, gradient in gradients.items():
        if name not in report.gradients:
            assert not np.any(gradient)
            continue
        assert np.asarray(report.gradients[name]) == pytest.approx(np.asarray(gradient), rel=1e-10, abs=1e-12), name


# -------------------------------------------------------------------------------------------- notation
@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 2), (3, 1), (2, 2, 2), (2, 1, 3), (1, 1)])
def test_an_array_is_read_as_numpy_and_python_print_it(shape):
    meant = np.arange(1.0, 1 + math.prod(shape)).reshape(shape) - 2.5
    for shown in (str(meant), repr(meant)[6:-1], str(meant.tolist()), json.dumps(meant.tolist(), indent=1),
                  str(meant).replace("\n", ";"), str(meant).replace("\n", "\r\n")):
        assert np.array_equal(backprop("x", from_words([f"x={shown}"])).value, meant), shown
        assert np.array_equal(backprop(shown).value, meant), shown
        with_a_name = shown.replace("0.5", "x")
        assert np.array_equal(backprop(with_a_name, x=0.5).value, meant), with_a_name


def test_cube_roots_of_arrays_are_those_of_numbers_to_the_last_bit():
    rng = np.random.default_rng(5)
    points = [*rng.normal(size=500), *(10.0 ** rng.uniform(-320, 308, 500) * rng.choice([-1, 1], 500)), 0.0, 1e290,
              1e-290]
    report = backprop("cbrt(x)", x=points, wrt=[])
    assert report.value.tolist() == [floats().forward(FUNCTIONS["cbrt"])(point) for point in points]


def test_squares_of_arrays_are_products_to_the_last_bit():
    x = np.random.default_rng(7).normal(size=5000)
    found = backprop("x^2", x=x)
    assert found.value.tolist() == (x * x).tolist() == [backprop("x^2", x=point).value for point in x.tolist()]
    assert found.gradients["x"].tolist() == (2 * x).tolist()


@pytest.mark.parametrize(("text", "told"), [
    ("sum(W^-1)", True), ("V = W**(-1); sum(V)", True), ("sum(W^-2)", False), ("sum(1/W)", False),
    ("sum(W[0]^-1)", False),
    ("sum(W[0, 1]^-1 * W)", False)])
def test_a_power_that_linear_algebra_takes_for_the_inverse_is_told_of(text, told):
    assert [note.code for note in backprop(text, W=[[1, 2], [3, 4]]).notes] == ["entrywise"] * told


@pytest.mark.parametrize(("text", "told"), [
    ("sum(W·x)", True), ("sum(W ⋅ x)", True), ("sum(W*x)", True), ("x·v", True), ("sum(W · relu(W@x))", True),
    ("sum(W@x)", False), ("x*v", False), ("2·x", False), ("sum(x·log(v))", False), ("W*W", False), ("x*W", False),
    ("(2*W)*x", False)])
def test_a_product_by_entries_that_linear_algebra_takes_for_one_of_matrices_is_told_of(text, told):
    notes = backprop(text, {name: value for name, value in {"W": [[1, 2], [3, 4]], "x": [5, 6], "v": [7, 8]}.items()
                            if name in text}).notes
    assert [note.code for note in notes if note.code != "output"] == ["entrywise"] * told


@pytest.mark.parametrize(("text", "expected"), [
    ("[1, 2, 3]", [1, 2, 3]), ("[1 2 3]", [1, 2, 3]), ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
    ("[1 2; 3 4]", [[1, 2], [3, 4]]), ("[1, 2; 3, 4]", [[1, 2], [3, 4]]), ("[1 -2; -3 4]", [[1, -2], [-3, 4]]),
    ("[2 - 1, 3]", [1, 3]), ("[-1e-3 .5]", [-0.001, 0.5]), ("[x 1; 2 x]", [[5, 1], [2, 5]]),
    ("[x, 2*x]", [5, 10]), ("[[x, 1], [2, x]]", [[5, 1], [2, 5]]), ("[1\n 2]", [[1], [2]]), ("[x]", [5]),
    ("[1, 2]\n", [1, 2]), ("[1, 2]*[3; 4]", [[3, 6], [4, 8]]), ("-[1, 2]^2", [-1, -4]), ("[1, 2].T", [1, 2]),
    ("[1 2; 3 4].T", [[1, 3], [2, 4]]), ("[1 2; 3 4]ᵀ", [[1, 3], [2, 4]]), ("([1, 2] + 1)[1]", 3),
    ("[1, 2, 3][x - 4]", 2), ("[1, 2, 3] > 1.5", [0, 1, 1]), ("[1, 2] ≤ 1", [1, 0]), ("x == 5", 1),
    ("[j^2 for j in range(3)]", [0, 1, 4]), ("[i*10 + j for i in range(2) for j in range(2)]", [0, 1, 10, 11]),
    ("[[i*10 + j for j in range(i + 1, 3)] for i in range(1)]", [[1, 2]]),
    ("sum(j for j in range(5))", 10), ("sum(j for j in range(1, 5))", 10), ("sum(j for j in range(4, 0, -1))", 10),
    ("sum(j for j in range(0))", 0), ("sum(x^j for j in range(3) if j != 1)", 26), ("max(j for j in range(1))", 0),
    ("mean(j for j in range(4))", 1.5), ("prod(j + 1 for j in range(4))", 24), ("min(-j for j in range(3))", -2),
    ("n = 3; sum(j for j in range(n))", 3), ("sum(j for j in range(2*2) if (j > 1) * (j < 3))", 2),
    ("f(u) = u^2; f(x) + f(2)", 29), ("g(u, v) = u*v; g(g(x, 2), 3)", 30), ("h(u) = x*u; h(u=2)", None),
    ("f(u) = u + 1\ng(u) = f(f(u))\ng(x)", 7), ("mse([1, 2], [2, 4])", 2.5), ("mae([1, 2], [2, 4])", 1.5),
    ("l1([1, -2])", 3), ("l2([1, -2])", 5), ("sum(1, 2, x)", 8), ("mean(1, x)", 3), ("where(x > 4, 1, 2)", 1),
    ("where([1, 0], x, [7, 8])", [5, 8]), ("softmax([1, 1])", [0.5, 0.5]), ("norm([3, 4])", 5), ("max([1, 3, 2])", 3),
])
def test_what_is_written_is_what_is_meant(text, expected):
    if expected is None:
        with pytest.raises(BpcalcError):
            backprop(text, x=5)
    else:
        assert np.asarray(backprop(text, x=5).value).tolist() == pytest.approx(np.asarray(expected, float).tolist()) \
            if np.ndim(expected) < 2 else np.allclose(backprop(text, x=5).value, expected)


def test_a_sum_over_an_index_is_its_terms():
    text = "sum(max(0, s[j] - s[y] + 1) for j in range(3) if j != y)"
    by_hand = "max(0, s[1] - s[y] + 1) + max(0, s[2] - s[y] + 1)"
    given = {"s": [3.2, 5.1, -1.7], "y": 0}
    short, long = backprop(text, given), backprop(by_hand, given)
    assert short.value == pytest.approx(2.9)
    assert short.value == long.value
    assert short.gradients["s"].tolist() == long.gradients["s"].tolist()
    assert "y" not in short.gradients


def test_many_small_arrays_are_read_in_one_go():
    # Each of them used to cost a look at the whole text.
    assert backprop("sum(" + " + ".join(["[x y]"] * 20_000) + ")", x=1, y=2).value == 60_000


def test_an_array_that_doubles_again_and_again_ends_in_an_error_not_in_memory(monkeypatch):
    monkeypatch.setattr(package.arrays, "ENTRIES", 1000)
    text = "; ".join(["a0 = [x, x]", *(f"a{i + 1} = [a{i}, a{i}]" for i in range(50))])
    with pytest.raises(BpcalcError, match="1,024 entries, and the limit is"):
        backprop(f"{text}; sum(a50)", x=1)


def test_a_label_among_many_classes_takes_no_square_of_them():
    assert backprop("sum(one_hot(2, 1e6))*x", x=3).gradients == {"x": 1}


def test_each_term_keeps_its_place_in_the_text():
    text = "sum(log(x[j]) for j in range(2))"
    with pytest.raises(BpcalcError) as found:
        backprop(text, x=[1, -1])
    assert text[slice(*found.value.span)] == "log(x[j])"


def test_a_functions_argument_is_worked_out_once():
    report = backprop("f(u) = u*u; f(x + 1)", x=2)
    assert [node.op for node in report.nodes if node.inputs] == ["add", "mul"]
    assert report.gradients == {"x": 6}


def test_the_error_in_a_function_is_shown_where_it_is_written():
    text = "f(u) = log(u); f(x) + f(y)"
    with pytest.raises(BpcalcError) as found:
        backprop(text, x=1, y=-1)
    assert text[slice(*found.value.span)] == "log(u)"


def test_functions_that_call_each_other_many_times_end_in_an_error_not_in_memory():
    lines = ["f0(u) = u + u", *(f"f{i}(u) = f{i - 1}(u) + f{i - 1}(u)" for i in range(1, 60)), "f59(x)"]
    import bpcalc.building as building

    before, building._MOST_NODES = building._MOST_NODES, 5_000
    try:
        with pytest.raises(BpcalcError) as found:
            backprop("\n".join(lines), x=1)
    finally:
        building._MOST_NODES = before
    assert found.value.code == "limit"


@pytest.mark.parametrize("seed", range(40))
def test_the_text_of_every_node_means_the_node(seed):
    program = ArrayProgram(seed)
    report = backprop(program.text, program.values)
    values = {name: report.trace.values[k] for k, name in report.graph.names.items()}
    for node in report.nodes:
        if node.inputs and node.text is not None:
            used = {name: value for name, value in values.items() if name != node.name}
            assert np.allclose(backprop(node.text, used).value, node.value), node.text


@pytest.mark.parametrize("text", [
    "(W + 1).T", "(W*2)[0, 1]", "(-W)[1:, ::2]", "(W @ W).T[0]", "W.T.T[-1]", "-W[(0 + 1)]", "[W[0] - 1, -W[1]]",
    "sum(W + 1, axis=0, keepdims=1)", "sum(W)^2", "mean(W, axis=-1)", "reshape(W, -1)", "reshape(W, 2, -1)[1, :]",
    "concat(W, W + 1, axis=1)", "stack(W, -W, axis=1)", "softmax(W - 1, axis=0)", "norm(W.T*2)", "v[0:3:2]", "v[::2]",
    "v[:2]", "v[1:]", "v[:]", "v[-2:]", "(v - 1)[[2, 0]]", "outer(v - 1, v)", "v[0:2] @ (W - 1)", "2*(v @ v)",
    "where(v > 1, v, -v) == (v < 2)", "(v > 1)*(v <= 2)", "(v > 1) > (0 > v)", "-(v^2)^2 - (v - 1) - (-v)"])
def test_a_text_of_arrays_has_its_brackets_where_they_are_needed(text):
    values = {"W": [[1.0, -2.0], [3.0, 0.5]], "v": [1.0, 2.0, 4.0]}
    report = backprop(text, values)
    for node in report.nodes:
        again = backprop(node.text, values)
        assert np.array_equal(again.value, node.value), node.text
        assert again.nodes[-1].op == node.op
        assert len(node.text.replace(" ", "")) <= len(text.replace(" ", "")), node.text


@pytest.mark.parametrize("seed", range(30))
def test_a_gradient_is_the_sum_of_the_products_that_arrive_at_an_array(seed):
    program = ArrayProgram(seed)
    report = backprop(program.text, program.values)
    for node in report.nodes:
        arriving = [edge.product for edge in report.edges if edge.input == node.id and edge.product is not None]
        if arriving and report.gradient(node.id) is not None:
            assert np.allclose(sum(arriving), report.gradient(node.id)), node.label
        elif report.gradient(node.id) is not None and node.id != report.graph.output:
            assert not np.any(report.gradient(node.id))


# ------------------------------------------------------------------------------------------- the report
LECTURE = {"W": [[-2, -1], [1, -5]], "x": [3, 2], "y": 0}


def test_the_lectures_classifier():
    report = backprop("s = W @ x; L = hinge(s, y)", LECTURE)
    assert report.value == 2
    assert report.trace.values[report.graph.node("s")].tolist() == [-8, -7]
    assert report.gradients["W"].tolist() == [[-3, -2], [3, 2]]
    assert report.gradients["x"].tolist() == [3, -4]
    assert "y" not in report.gradients
    assert [edge.formula for edge in report.edges][:2] == ["ds · xᵀ", "Wᵀ · ds"]


def test_total_loss_over_a_data_set():
    scores = [[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]
    report = backprop("Li = hinge(S, y); L = mean(Li) + lambda*sum(W^2)", S=scores, y=[0, 1, 2], W=[1, 2],
                      **{"lambda": 0.1})
    assert report.trace.values[report.graph.node("Li")] == pytest.approx([2.9, 0, 12.9])
    assert report.value == pytest.approx(15.8 / 3 + 0.5)
    assert report.gradients["W"].tolist() == pytest.approx([0.2, 0.4])


def test_a_label_has_no_gradient_and_says_so_when_asked():
    with pytest.raises(BpcalcError) as found:
        backprop("cross_entropy(s, y)", s=[1, 2], y=0, wrt="y")
    assert found.value.message == "y is a label or an index: it has no gradient"


def test_an_output_that_is_an_array_gives_the_gradients_of_its_sum():
    report = backprop("x^2", x=[1, 2])
    assert report.gradients["x"].tolist() == [2, 4]
    assert [note.code for note in report.notes] == ["output"]
    assert backprop("x^2", x=[1, 2], upstream=[0, 1]).gradients["x"].tolist() == [0, 4]
    assert backprop("x^2", x=[1, 2], upstream=[0, 1]).notes == []
    with pytest.raises(BpcalcError) as found:
        backprop("x^2", x=[1, 2], upstream=[1, 2, 3])
    assert found.value.code == "shape"
    with pytest.raises(BpcalcError):
        backprop("x^2", x=2, upstream=[1, 2, 3])


@pytest.mark.parametrize("seed", range(20))
def test_a_gradient_of_any_shape_that_fits_may_arrive(seed):
    program = ArrayProgram(seed)
    text = "; ".join(program.statements)
    shape = np.shape(backprop(text, program.values).value)
    for given in {(), shape, shape[1:], (1,) * len(shape), (*shape[:-1], 1)} if shape else {()}:
        upstream = rng.uniform(-2, 2, given)
        found = backprop(text, program.values, upstream=upstream if given else float(upstream))
        meant = backprop(f"{text}; L = sum(arriving * t7)", {**program.values, "arriving": upstream})
        for name, gradient in found.gradients.items():
            assert np.shape(gradient) == np.shape(program.values[name])
            assert np.asarray(gradient) == pytest.approx(np.asarray(meant.gradients[name]), rel=1e-12, abs=1e-13)
        assert np.shape(found.gradient(found.graph.output)) == shape


@pytest.mark.parametrize(("text", "upstream", "shape"), [
    ("sum(x)", [1, 2], "()"), ("x^2", [1, 2, 3], "(2,)"), ("x^2", [[1, 2], [3, 4]], "(2,)"),
    ("outer(x, x)", [1, 2, 3], "(2, 2)"), ("x @ x", [1], "()"),
])
def test_a_gradient_that_does_not_fit_the_output_is_refused(text, upstream, shape):
    with pytest.raises(BpcalcError) as found:
        backprop(text, x=[1, 2], upstream=upstream)
    assert found.value.code == "shape"
    assert found.value.message == "the upstream gradient does not fit the output: shape " \
        f"{np.shape(upstream)} does not fit {shape}"


@pytest.mark.parametrize(("text", "values"), [
    ("tanh(A*b) + c/A", {"A": [[1, 2], [3, 4]], "b": [0.5, -1], "c": 2}),
    ("max(v, c, w) * where(v > w, v, c)", {"v": [1, 5, 2], "w": [3, 1, 2.5], "c": 2}),
    ("(A - v)^2 * c", {"A": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]], "v": [[2], [1]], "c": 3}),
])
def test_a_product_is_upstream_times_local_summed_over_what_was_broadcast(text, values):
    for name in [None, *values]:
        report = backprop(text, values, wrt=name)
        for edge in report.edges:
            whole = np.asarray(edge.upstream) * np.asarray(edge.local)
            shape = np.shape(report.trace.values[edge.input])
            extra = np.ndim(whole) - len(shape)
            whole = whole.sum(axis=tuple(range(extra)))
            along = tuple(at for at, size in enumerate(shape) if size < np.shape(whole)[at])
            assert np.asarray(edge.product) == pytest.approx(whole.sum(axis=along, keepdims=True))
        for node in report.nodes:
            for slot, (i, found) in enumerate(zip(node.inputs, report.locals(node.id))):
                assert (found is None) == (not report.is_live(i)), (node.label, slot)


@pytest.mark.parametrize("seed", range(10))
def test_what_is_streamed_of_arrays_is_what_one_node_at_a_time_says(seed):
    program = ArrayProgram(seed)
    report = backprop(program.text, program.values)
    for node, gradient, local, text in zip(report.nodes, report.each_gradient(), report.each_locals(),
                                           report.each_text()):
        assert np.array_equal(np.asarray(gradient, float), np.asarray(report.gradient(node.id), float), equal_nan=True)
        assert text == report.text(node.id) == node.text
        found = {edge.slot: edge.local for edge in report.edges if edge.node == node.id}
        for slot, number in enumerate(local):
            assert np.array_equal(np.asarray(number, float), np.asarray(found.get(slot), float), equal_nan=True)


def test_what_was_broadcast_is_summed_on_the_way_back():
    report = backprop("f = sum(X + b)", X=[[1, 2], [3, 4], [5, 6]], b=[1, 2])
    assert report.gradients["b"].tolist() == [3, 3]
    assert [edge.summed for edge in report.edges if edge.input == 1] == [(0,)]


def test_an_entry_whose_derivative_does_not_exist_is_undefined_alone():
    report = backprop("sum(sqrt(x))", x=[0, 4])
    assert np.isnan(report.gradients["x"][0])
    assert report.gradients["x"][1] == 0.25
    assert [note.code for note in report.notes] == ["undefined"]
    found = json.loads(report.to_json())
    assert found["gradients"]["x"] == [None, 0.25]
    jsonschema.validate(found, SCHEMA)


def test_no_number_is_computed_for_variables_held_constant():
    report = backprop("sum(x^b)", x=[-1.0, 2.0], b=2, wrt="x")
    assert report.gradients["x"].tolist() == [-2, 4]
    assert report.notes == []


@pytest.mark.parametrize("seed", range(20))
def test_the_json_of_random_programs_keeps_the_schema_and_reads_back(seed):
    report = backprop(*[ArrayProgram(seed).text, ArrayProgram(seed).values])
    found = json.loads(report.to_json())
    jsonschema.validate(found, SCHEMA)
    for node in found["nodes"]:
        assert np.shape(node["value"]) == tuple(node["shape"])
        assert np.array_equal(node["value"], report.trace.values[node["id"]])
    assert found["value"] == report.value


@pytest.mark.parametrize("width", [None, 120, 80, 60, 40])
@pytest.mark.parametrize("seed", range(6))
def test_tables_of_arrays_keep_the_width_or_become_blocks(seed, width):
    program = ArrayProgram(seed)
    text = backprop(program.text, program.values).to_table(width)
    if width is not None and "─" in text:
        assert max(map(len, text.split("\n\n", 1)[1].splitlines())) <= width
    assert "\n  forward" in text or "─" in text


def test_large_arrays_are_summarised_for_people_and_whole_in_json():
    report = backprop("sum(x)", x=np.arange(1000.0).reshape(10, 100))
    assert len(report.to_table()) < 3000
    assert "…" in report.to_table()
    assert json.loads(report.to_json())["nodes"][0]["value"][9][99] == 999


def test_numpy_goes_in_and_comes_out():
    report = backprop("mean((X @ w - t)^2)", X=np.eye(2), w=np.array([1.0, 2.0]), t=(1, 0))
    assert isinstance(report.gradients["w"], np.ndarray)
    assert report.gradients["w"].tolist() == [0, 2]
    assert isinstance(report.value, float)


def test_plain_numbers_never_load_numpy():
    import subprocess
    import sys

    program = ("import sys; from bpcalc import backprop; backprop('sum(x, y)*2 > 1', x=1, y=2); "
               "print('numpy' in sys.modules)")
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


# -------------------------------------------------------------------------------------------- mistakes
@pytest.mark.parametrize(("text", "values", "message", "under"), [
    ("x @ y", {"x": [[1, 2]], "y": [1]}, "'@' needs as many columns on its left as there are rows on its right; "
                                         "the shapes are (1, 2) and (1,)", "x @ y"),
    ("2 + (x + y)", {"x": [1, 2], "y": [1, 2, 3]}, "'+' cannot combine the shapes (2,) and (3,)", "x + y"),
    ("x @ y", {"x": 1, "y": 2}, "'@': the product of numbers is *; @ multiplies arrays", "x @ y"),
    ("x[2]", {"x": [1, 2]}, "the index 2 is outside the array: axis 0 has the entries 0 to 1", "x[2]"),
    ("x[y]", {"x": [1, 2], "y": 0.5}, "an index must be a whole number, not 0.5", "x[y]"),
    ("x[0, 1]", {"x": [1, 2]}, "2 indices for 1 axes", "x[0, 1]"),
    ("x[0]", {"x": 2}, "a single number has no entries", "x[0]"),
    ("x[2:]", {"x": [1, 2]}, "the slice is empty", "x[2:]"),
    ("sum(x, axis=1)", {"x": [1, 2]}, "sum: there is no axis 1", "sum(x, axis=1)"),
    ("max(x)", {"x": 2}, "max: one number has no largest; give two numbers or an array", "max(x)"),
    ("reshape(x, 3)", {"x": [1, 2]}, "reshape needs as many entries as before; the shape is (2,)", "reshape(x, 3)"),
    ("[x, y]", {"x": [1, 2], "y": 1}, "stack needs parts of one shape; the shapes are (2,) and ()", "[x, y]"),
    ("cross_entropy(x, y)", {"x": [1, 2], "y": 2}, "cross_entropy: the label 2 lies outside 0 to 1; classes count "
     "from 0", "cross_entropy(x, y)"),
    ("cross_entropy(x, y)", {"x": [1, 2], "y": [0, 1]}, "cross_entropy: a label is needed for each row of scores",
     "cross_entropy(x, y)"),
    ("1 + log(x)", {"x": [1, -2]}, "log needs a positive number (entry [1])", "log(x)"),
    ("x/y", {"x": [1, 2], "y": [1, 0]}, "division by zero (entry [1])", "x/y"),
    ("exp(x)", {"x": [1, 1000]}, "the result of exp is too large for a double-precision number", "exp(x)"),
    ("bce(x, y)", {"x": [0.5, 1.5], "y": 1}, "bce needs a probability from 0 to 1 (entry [1])", "bce(x, y)"),
    ("bce(x, y)", {"x": [0.5, 1.5], "y": [1, 0, 1]}, "bce cannot combine the shapes (2,) and (3,)", "bce(x, y)"),
    ("1 + mse(x, y)", {"x": [1, 2], "y": [1, 2, 3]}, "'-' cannot combine the shapes (2,) and (3,)", "mse(x, y)"),
    ("outer(x, y)", {"x": [1, 2], "y": 1}, "outer: outer takes two vectors", "outer(x, y)"),
    ("outer(x, x)", {"x": np.ones(20_000)}, "outer: the result would have 400,000,000 entries, and the limit is "
                                            "100,000,000", "outer(x, x)"),
    ("x + y", {"x": np.ones(20_000), "y": np.ones((20_000, 1))}, "'+': the result would have 400,000,000 entries, and "
                                                                 "the limit is 100,000,000", "x + y"),
    ("y @ x", {"x": np.ones((1, 20_000)), "y": np.ones((20_000, 1))}, "'@': the result would have 400,000,000 entries, "
                                                                      "and the limit is 100,000,000", "y @ x"),
    ("x[y]", {"x": np.ones((2, 1000)), "y": np.zeros(200_000)}, "the result would have 200,000,000 entries, and the "
                                                                "limit is 100,000,000", "x[y]"),
    ("one_hot(x, 1e9)", {"x": [0, 1]}, "one_hot: the result would have 2,000,000,000 entries, and the limit is "
                                       "100,000,000", "one_hot(x, 1e9)"),
    ("[x]", {"x": np.ones((1,) * 64)}, "stack: an array has at most 64 dimensions", "[x]"),
    ("x.T", {"x": 1}, "transpose: a single number has no rows and columns", "x.T"),
    ("x[:, 3]", {"x": [[1, 2]]}, "the index 3 is outside the array: axis 1 has the entries 0 to 1", "x[:, 3]"),
    ("x[0, y]", {"x": [[1, 2]], "y": [1, -3]}, "the index -3 is outside the array: axis 1 has the entries 0 to 1",
     "x[0, y]"),
    ("x[y]", {"x": [1, 2], "y": 1e30}, "an index of 1e+30 is too large", "x[y]"),
    ("x[y:]", {"x": [1, 2], "y": 1e30}, "a slice's start of 1e+30 is too large", "x[y:]"),
    ("x[y:2]", {"x": [1, 2], "y": [0, 1]}, "a slice's start is one number", "x[y:2]"),
    ("x[:y]", {"x": [1, 2], "y": 0.5}, "a slice's end must be a whole number, not 0.5", "x[:y]"),
    ("x[::y]", {"x": [1, 2], "y": 0.5}, "a slice's step must be a whole number, not 0.5", "x[::y]"),
    ("x[0:2:0]", {"x": [1, 2]}, "a slice's step must not be 0", "x[0:2:0]"),
    ("one_hot(x, y)", {"x": [0, 1], "y": [2, 3]}, "one_hot: the number of classes is one number", "one_hot(x, y)"),
    ("one_hot(x, y)", {"x": 0, "y": 0}, "one_hot: the number of classes is at least 1, not 0", "one_hot(x, y)"),
    ("one_hot(x, 1)", {"x": -1}, "one_hot: the label -1 lies outside 0 to 0; classes count from 0", "one_hot(x, 1)"),
    ("hinge(x, 0, y)", {"x": [1, 2], "y": [1, 2]}, "hinge: the margin is one number", "hinge(x, 0, y)"),
    ("sum(x, axis=0)", {"x": 2}, "sum: a single number has no axis", "sum(x, axis=0)"),
    ("stack(x, x, axis=2)", {"x": [1, 2]}, "stack: there is no axis 2", "stack(x, x, axis=2)"),
    ("concat(x, x, axis=99999999999999999999)", {"x": [1, 2]}, "concat: there is no axis 99999999999999999999",
     "concat(x, x, axis=99999999999999999999)"),
    ("sum(y) + clip(x, 2, 1)", {"x": 1, "y": [1, 2]}, "the lower bound is above the upper one", "clip(x, 2, 1)"),
])
def test_what_does_not_fit_is_an_error_at_its_place(text, values, message, under):
    with pytest.raises(BpcalcError) as found:
        backprop(text, values)
    assert found.value.message == message
    assert text[slice(*found.value.span)] == under


# ----------------------------------------------------------------------------------------------- files
def test_arrays_come_from_files(bpcalc, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("w.csv").write_text("1, 2\n3, 4   # a row\n\n", encoding="utf-8")
    Path("v.txt").write_text("1\n2\n", encoding="utf-8")
    Path("j.json").write_text("[[1.5], [2]]", encoding="utf-8")
    np.save("n.npy", np.arange(6).reshape(2, 3))
    for name, expected in (("w.csv", [[1, 2], [3, 4]]), ("v.txt", [1, 2]), ("j.json", [[1.5], [2]]),
                           ("n.npy", [[0, 1, 2], [3, 4, 5]])):
        ran = bpcalc("sum(W)", f"W=@{name}", "--json")
        assert json.loads(ran.out)["nodes"][0]["value"] == expected, name
    np.save("o.npy", np.array([{}], dtype=object))
    np.savez("z.npz", a=np.eye(2))
    Path("bad.csv").write_text("1,2\n3,x\n", encoding="utf-8")
    Path("ragged.csv").write_text("1,2\n3\n", encoding="utf-8")
    Path("nan.csv").write_text("1,nan\n", encoding="utf-8")
    Path("empty.csv").write_text("\n", encoding="utf-8")
    Path("bad.json").write_text("[1, ", encoding="utf-8")
    Path("words.json").write_text('["a"]', encoding="utf-8")
    for name, words in (("o.npy", "not an array of numbers"), ("bad.csv", "row 2, column 2: 'x'"),
                        ("bad.json", "not JSON"), ("ragged.csv", "row 2 has 1 numbers"),
                        ("nan.csv", "'nan' is not a finite number"),
                        ("empty.csv", "holds no number"), ("words.json", "numbers only"), ("none.csv", "cannot read"),
                        ("", "no file's name")):
        ran = bpcalc("sum(W)", f"W=@{name}")
        assert (ran.code, ran.out) == (2, ""), name
        assert words in ran.err, (name, ran.err)


def test_on_the_command_line(bpcalc):
    ran = bpcalc("s = W @ x", "W=[1 2; 3 4]", "x=[1, 1]", "--upstream", "[1, 0]", "--format", "plain")
    assert "W: gradient dL/dW = [[1, 1], [0, 0]]" in ran.out
    assert ran.err == ""
    opened_run = bpcalc("s = W @ x; f = sum(s)", "W=[1 2; 3 4]", "x=[1, 1]", "--expand=s", "--format", "plain")
    assert "s[1]: forward value 7" in opened_run.out
    assert "W[1,0] to" not in opened_run.out
    assert bpcalc("x*2", "x=1", "--expand").err.startswith("bpcalc: error: --expand opens arrays")
    assert bpcalc("sum(x)", "x=[1, 2]", "--expand=q").code == 2


def test_answers_about_arrays_are_judged_entry_by_entry(bpcalc):
    words = ["s = W @ x; L = hinge(s, y)", "W=[-2 -1; 1 -5]", "x=[3, 2]", "y=0"]
    ran = bpcalc(*words, "--check", "dW=[[-3, -2], [3, 2]], ds[1]=1, s=[-8, -7]")
    assert (ran.code, ran.out.count("right\n")) == (0, 8)
    wrong = bpcalc(*words, "--check", "dW=[[-3, -2], [3, -2]]")
    assert wrong.code == 1
    assert "dW[1,1] = -2" in wrong.out
    report = backprop(words[0], LECTURE)
    verdicts = report.check({"dW": np.array([[-3, -2], [3, 2]]), "dx[0]": 3, "s": [-8, -7]})
    assert {verdict.status for verdict in verdicts} == {"right"}


def test_second_opinions_look_at_every_entry(bpcalc):
    ran = bpcalc("L = sum(tanh(W @ x))", "W=[0.1 0.2; 0.3 0.4]", "x=[1, 2]", "--gradcheck", "--symbolic", "--json")
    checks = json.loads(ran.out)["checks"]
    assert {check["what"] for check in checks} == {"dL/dW[0,0]", "dL/dW[0,1]", "dL/dW[1,0]", "dL/dW[1,1]", "dL/dx[0]",
                                                   "dL/dx[1]"}
    assert {check["status"] for check in checks} == {"agrees"}
    assert len(checks) == 12


def test_a_second_opinion_says_when_a_run_is_too_large_to_be_opened(bpcalc, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("\n".join([",".join("1" * 60)] * 60), encoding="utf-8")
    ran = bpcalc("sum(x @ x)", f"x=@{path}", "--gradcheck", "--json")
    assert {check["status"] for check in json.loads(ran.out)["checks"]} == {"gave-up"}


def test_a_second_opinion_is_about_the_gradients_of_the_run_itself():
    far = backprop("logsumexp(x)", x=[1000, 0])
    found = gradcheck(far) + symbolic(far, 60)
    assert [verdict.ours for verdict in found] == [1, 0, 1, 0]
    assert {verdict.status for verdict in found} <= {"agrees", "gave-up"}
    corner = backprop("hinge(s, 0)", s=[1, 0, -1])
    assert [verdict.ours for verdict in gradcheck(corner)] == corner.gradients["s"].tolist()
    wrong = backprop("sum(x^2)", x=[1, 2])
    wrong._gradients.grads[0] = np.array([2.0, 5.0])
    assert [verdict.status for verdict in gradcheck(wrong)] == ["agrees", "differs"]
    assert [verdict.status for verdict in symbolic(wrong, 60)] == ["agrees", "differs"]


def test_at_a_corner_and_far_out_both_levels_agree():
    both_levels_agree(backprop("f = hinge(s, 0)", s=[1, 0, -1]))
    both_levels_agree(backprop("f = hinge(s, [0, 1])", s=[[1, 0], [2, 2]]))
    both_levels_agree(backprop("f = cross_entropy(s, [0, 1])", s=[[1000, 0], [-900, 300]]))
    both_levels_agree(backprop("f = softmax(s)*[1, 2, 3]", s=[1000, 999, -1000]))
    both_levels_agree(backprop("f = logsumexp(s, axis=0)", s=[[1000, 1], [999, 2]]))
    both_levels_agree(backprop("f = max(s)", s=[2, 2, 1]))


@pytest.mark.parametrize(("text", "values"), [
    ("norm(x)", {"x": [0, 0]}), ("hinge(x, 0)", {"x": [1, 0]}), ("max(x)", {"x": [1, 1]}),
])
def test_a_rule_that_is_a_convention_says_so_in_its_line(text, values):
    report = backprop(text, values)
    line = next(line for line in report.to_table(100).splitlines() if "dx" in line)
    assert "(kink)" in line
    assert "(kink)" not in backprop(text, x=[1, 2]).to_table(100)


def test_every_operation_on_entries_is_opened():
    report = backprop("w = [1, -2]; sum(max(w, x) + clip(w*x, -1, 5) - w)", x=[3, -4])
    assert opened(report).gradients == {"x[0]": 2, "x[1]": 0, "w[0]": 2, "w[1]": 0}
    assert report.gradients["x"].tolist() == [2, 0]


def test_another_name_for_an_array_has_entries_of_its_own():
    report = opened(backprop("q = x; f = sum(q*q)", x=[1, 2]))
    assert [(node.name, node.text, node.gradient) for node in report.nodes[2:4]] == \
        [("q[0]", "x[0]", 2), ("q[1]", "x[1]", 4)]


def test_the_output_may_be_opened_by_what_it_is_called(bpcalc):
    report = backprop("sum(x*y)", x=[1, 2], y=[3, 4])
    assert opened(report, "f").only == opened(backprop("out = sum(x*y)", x=[1, 2], y=[3, 4]), "out").only
    with pytest.raises(BpcalcError, match="there is no step 'g' to open"):
        opened(report, "g")
