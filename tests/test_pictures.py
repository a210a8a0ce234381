"""The circuit as SVG: every number is there, nothing lies on anything, and text stays text."""

import re
import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from bpcalc import backprop
from bpcalc.render import to_circuit, to_svg
from bpcalc.render.numbers import show

from .oracles import Program

CLASSIC = ("q = x + y; f = q*z", {"x": -2, "y": 5, "z": -4})


def texts(svg):
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_first_circuit_shows_values_and_gradients():
    found = Counter(texts(to_svg.render(backprop(*CLASSIC))))
    for number, times in {"-2": 1, "5": 1, "3": 2, "-12": 1, "1": 1}.items():
        assert found[number] == times, number
    assert found["-4"] == 4                        # z's value, and the gradients of x, y and q
    for name in ("x", "y", "z", "q", "f"):
        assert found[name] == 1


@pytest.mark.parametrize("seed", range(40))
def test_every_value_and_product_is_drawn(seed):
    program = Program(seed, size=8, kinks=False)
    report = backprop(program.text, program.inputs)
    found = set(texts(to_svg.render(report)))
    for node in report.nodes:
        assert show(node.value) in found
    for edge in report.edges:
        assert show(edge.product) in found


@pytest.mark.parametrize("seed", range(40))
def test_no_two_texts_overlap(seed):
    program = Program(seed, size=8)
    svg = to_svg.render(backprop(program.text, program.inputs))
    boxes = []
    for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        if node.get("x") is None:                  # the key below the drawing is moved as a whole
            continue
        text = "".join(node.itertext())
        half = len(text) * 3.5
        x, y = float(node.get("x")), float(node.get("y"))
        boxes.append((x - half, x + half, y - 4, y + 4, text))
    for at, (left, right, top, bottom, text) in enumerate(boxes):
        for other in boxes[at + 1:]:
            apart = right <= other[0] or other[1] <= left or bottom <= other[2] or other[3] <= top
            assert apart, (text, other[4])


def test_equal_runs_give_equal_bytes():
    assert to_svg.render(backprop(*CLASSIC)) == to_svg.render(backprop(*CLASSIC))


def test_a_title_stays_text():
    svg = to_svg.render(backprop(*CLASSIC), title="<script>alert(1)</script>")
    assert "<script" not in svg
    ET.fromstring(svg)


def test_a_picture_says_what_it_shows():
    svg = to_svg.render(backprop(*CLASSIC))
    assert 'role="img"' in svg
    assert re.search(r"<title[^>]*>f = q \* z = -12</title>", svg)
    assert "<desc" in svg


def test_the_command_line_writes_pictures(bpcalc, tmp_path):
    target = tmp_path / "circuit.svg"
    words = [CLASSIC[0], "x=-2", "y=5", "z=-4"]
    assert bpcalc(*words, "-o", target).code == 0
    assert target.read_text(encoding="utf-8") == bpcalc(*words, "--format", "svg").out


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("columns", [60, 120, None])
def test_the_text_circuit_and_the_tree_show_every_number(seed, columns):
    program = Program(seed, size=6, kinks=False)
    report = backprop(program.text, program.inputs)
    drawn = to_circuit.render(report, columns)
    for node in report.nodes:
        for number in (node.value, node.gradient):
            if number is not None:
                assert re.search(rf"(?<![\w.-]){re.escape(show(number))}(?![\w.])", drawn), show(number)
    if columns:
        assert max(map(len, drawn.splitlines())) <= max(columns, 200)


def test_pictures_as_text_for_other_programs(bpcalc):
    words = [CLASSIC[0], "x=-2", "y=5", "z=-4"]
    dot = bpcalc(*words, "--format", "dot").out
    assert dot.startswith("digraph")
    assert dot.count("{") == dot.count("}")
    assert "-12" in dot
    mermaid = bpcalc(*words, "--format", "mermaid").out
    assert mermaid.startswith(("graph LR", "flowchart LR"))
    assert "#45;12" in mermaid                      # every sign is written by its number
    assert bpcalc(*words, "--format", "circuit").code == 0
    assert bpcalc(*words, "--format", "circuit", "--color", "never").out.count("-4") >= 4
