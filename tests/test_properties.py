"""What holds for every program: properties over random ones, with every operation of the language."""

import json
import math
import pathlib
import random
import re

import jsonschema
import pytest

import bpcalc
from bpcalc import BpcalcError, backprop
from bpcalc.render import to_json

from .differential import Program

SCHEMA = json.loads((pathlib.Path(bpcalc.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def run(program, text=None, **options):
    text = program.text if text is None else text
    used = {name: value for name, value in program.inputs.items() if re.search(rf"\b{name}\b", text)}
    return backprop(text, used, **options)


def programs(count, first=0):
    """Programs that have a value in doubles, too: rounding may carry a step out of its domain."""
    seed = first
    while count:
        program = Program(seed)
        try:
            run(program)
        except BpcalcError as error:
            assert error.code == "domain"
        else:
            count -= 1
            yield pytest.param(program, id=str(seed))
        seed += 1


SOME = list(programs(80))
each = pytest.mark.parametrize("program", SOME)


def statements(program):
    return re.split(r"; |\n", program.text)


def same(ours, theirs, scale=1.0):
    """Equal, but for the order in which terms were added."""
    if ours is None or theirs is None:
        return ours is theirs
    return math.isclose(ours, theirs, rel_tol=1e-10, abs_tol=1e-13 * scale)


def size(report):
    return max(1.0, *(abs(edge.product) for edge in report.edges if edge.product is not None), 0.0) \
        if report.edges else 1.0


@each
def test_a_gradient_is_the_sum_of_the_products_that_arrive(program):
    report = run(program)
    arriving = {}
    for edge in report.edges:
        if edge.product is not None:
            assert edge.product == edge.upstream * edge.local
        arriving.setdefault(edge.input, []).append(edge.product)
    reached = {report.graph.output}
    for node in reversed(report.nodes):
        if node.id in reached:
            reached.update(node.inputs)
    for node in report.nodes:
        if node.id == report.graph.output or node.id not in reached or not node.live:
            continue
        products = arriving.get(node.id, [])
        if None in products:
            assert node.gradient is None or not all(edge.node in reached for edge in report.edges
                                                    if edge.input == node.id and edge.product is None)
        else:
            assert same(node.gradient, math.fsum(products), size(report))


@each
def test_gradients_are_linear_in_the_upstream(program):
    one = run(program).gradients
    for factor in (4.0, -0.5, 0.0):                # exact in binary
        for name, gradient in run(program, upstream=factor).gradients.items():
            assert gradient == (None if one[name] is None else factor * one[name])
    parts = [run(program, upstream=upstream).gradients for upstream in (0.3, 1.9, 2.2)]
    for name in one:
        first, second, both = (gradients[name] for gradients in parts)
        assert (both is None) == (one[name] is None)
        assert both is None or math.isclose(first + second, both, rel_tol=1e-12, abs_tol=1e-300)


@each
def test_other_names_change_no_number(program):
    report = run(program)
    names = dict(zip([*program.inputs, *(name for name, _, _ in program.steps)], (
        f"{word}{at}" for at, word in enumerate(["W1_", "λ", "lambda", "if", "d", "n", "e", "σ_", "out_", "Q"] * 3))))
    text = re.sub(r"\b(?:x|t)\d+\b|\bout\b", lambda match: names[match[0]], program.text)
    values = {names[name]: value for name, value in program.inputs.items() if names[name] in text}
    other = backprop(text, {name: value for name, value in values.items()
                            if re.search(rf"(?<!\w){name}(?!\w)", text)})
    assert other.trace.values == report.trace.values
    assert [*other.gradients.values()] == [*report.gradients.values()]


@each
def test_another_order_of_the_statements_changes_nothing_but_the_graph(program):
    report = run(program)
    rng = random.Random(program.text)
    *lines, last = statements(program)
    waiting, done, known = lines[:], [], set(program.inputs)
    while waiting:
        ready = [line for line in waiting
                 if {*re.findall(r"\b(?:x|t)\d+\b", line.partition("=")[2])} <= known]
        line = rng.choice(ready)
        waiting.remove(line)
        done.append(line)
        known.add(line.partition(" ")[0])
    other = run(program, "\n".join([*done, last]))
    assert other.value == report.value
    for name, gradient in report.gradients.items():
        assert same(other.gradients[name], gradient, size(report)), name


@each
def test_adding_zero_and_multiplying_by_one_change_no_number(program):
    report = run(program)
    rng = random.Random(program.text)
    lines = statements(program)
    at = rng.randrange(len(lines))
    name, _, right = lines[at].partition(" = ")
    shape = rng.choice(["{} + 0", "0 + {}", "1*({})", "({})*1", "({})/1", "({}) - 0", "-(-({}))", "({})^1", "+({})"])
    lines[at] = f"{name} = {shape.format(right)}"
    other = run(program, "\n".join(lines))
    assert other.value == report.value
    for key, gradient in report.gradients.items():
        assert same(other.gradients[key], gradient, size(report)), (key, lines[at])


@each
def test_the_text_of_any_node_alone_has_its_value_and_its_operation(program):
    report = run(program)
    known = {report.label(k): report.trace.values[k] for k in report.graph.names}
    source = report.graph.source.text
    for node in report.nodes:
        span = report.span(node.id)
        texts = [node.text] if node.name is None or node.inputs else []
        texts += [source[span[0]:span[1]]] if node.inputs and span else []
        for text in texts:
            if text is None:
                continue
            names = {name: value for name, value in known.items()
                     if name != node.name and re.search(rf"\b{name}\b", text)}
            alone = backprop(text, names)
            assert alone.value == node.value, text
            if node.inputs and node.op != "identity":
                assert alone.nodes[alone.graph.output].op == node.op


@each
def test_the_json_of_a_run_is_valid_and_reads_back(program):
    report = run(program)
    text = "".join(to_json.report_lines(report))
    assert text.isascii()
    seen = json.loads(text, parse_constant=lambda word: pytest.fail(word))
    VALIDATOR.validate(seen)
    assert seen["value"] == report.value
    assert seen["gradients"] == report.gradients
    assert [node["value"] for node in seen["nodes"]] == report.trace.values
    assert [(edge["node"], edge["input"], edge["slot"]) for edge in seen["edges"]] == \
        [(edge.node, edge.input, edge.slot) for edge in report.edges]
    again = run(program, seen["expression"])
    assert "".join(to_json.report_lines(again)) == text
    for node in seen["nodes"]:                     # every number can be worked out from the ones before it
        if node["inputs"] and node["text"] is not None and node["name"] is None:
            names = {other["name"]: other["value"] for other in seen["nodes"]
                     if other["name"] and re.search(rf"\b{other['name']}\b", node["text"])}
            assert backprop(node["text"], names).value == node["value"]


@pytest.mark.slow
@pytest.mark.parametrize("words", [
    ["--symbolic"], ["--gradcheck"], ["--lr", "0.1", "--iterations", "3"], ["--check", "dx0=1"],
    ["--check", "dx0=1", "--reveal", "--require", "all"], ["--wrt", "x0"], ["--upstream", "-2"],
], ids=" ".join)
def test_the_json_of_every_kind_of_run_is_valid(words, bpcalc):
    for param in SOME[:25]:
        program = param.values[0]
        if not re.search(r"\bx0\b", program.text):
            continue
        given = [f"{name}={value}" for name, value in program.inputs.items() if re.search(rf"\b{name}\b", program.text)]
        ran = bpcalc(program.text, *given, *words, "--json")
        if ran.code == 2:                          # a step of the descent may leave a domain
            assert set(json.loads(ran.err)) >= {"error"}
            continue
        seen = json.loads(ran.out, parse_constant=lambda word: pytest.fail(word))
        if "nodes" in seen:
            VALIDATOR.validate(seen)
