"""The circuit as SVG: every number is there, nothing lies on anything, and text stays text."""

import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

from bpcalc import backprop
from bpcalc.errors import LimitProblem
from bpcalc.render import to_circuit, to_dot, to_html, to_image, to_mermaid, to_svg, to_tree
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


def some_report(seed, size=10, kinks=True):
    program = Program(seed, size=size, kinks=kinks)
    return backprop(program.text, program.inputs)


def expected_numbers(report):
    """How often each number stands in a picture: value and gradient once a wire, and the sums."""
    graph = report.graph
    products = {(edge.node, edge.slot): edge.product for edge in report.edges}
    fed = Counter(i for k in range(len(graph)) for i in graph.args(k))
    found = Counter()
    for k in range(len(graph)):
        for slot, i in enumerate(graph.args(k)):
            found[show(report.nodes[i].value)] += 1
            found[show(products[k, slot]) if (k, slot) in products else "no grad"] += 1
        ends = not fed[k] and graph.row(k).name != "constant"
        if ends or k == graph.output:
            found[show(report.nodes[k].value)] += 1
            found[show(report.gradient(k)) if report.is_live(k) else "no grad"] += 1
        if report.is_live(k) and fed[k] + (ends or k == graph.output) > 1:
            found[f"sum {show(report.gradient(k))}"] += 1
    return found


@pytest.mark.parametrize("start", range(0, 300, 50))
def test_every_number_is_drawn_as_often_as_it_occurs(start):
    for seed in range(start, start + 50):
        report = some_report(seed)
        root = ET.fromstring(to_svg.render(report))
        numbers = Counter("".join(text.itertext()) for text in root.iter(SVG + "text")
                          if text.get("class") in ("v", "g", "small g", "small"))
        assert numbers == expected_numbers(report), seed


SVG = "{http://www.w3.org/2000/svg}"


def read_back(root):
    """For every node with wires into it, told apart from its end: (its source, value, gradient) from top to foot.

    Only where lines begin and end says what they join.
    """
    bodies = []
    for group in root.iter("g"):
        if (group.get("class") or "").startswith("node"):
            circle, rect = group.find("circle"), group.find("rect")
            if circle is not None:
                x, y, half = (float(circle.get(name)) for name in ("cx", "cy", "r"))
                tall = half
            else:
                x, y, wide, high = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
                half, tall = wide / 2, high / 2
                x, y = x + half, y + tall
            bodies.append((x, y, half, tall, (int(group.get("data-k")), "end" in group.get("class"))))
    found = {}
    for group in root.iter("g"):
        if not (group.get("class") or "").startswith("edge"):
            continue
        wire, head = group.findall("path")
        x0, y0 = next(iter(along(wire.get("d"))))
        x1, y1 = map(float, re.match(r"M(\S+) (\S+?)l", head.get("d")).groups())
        source, = (key for x, y, half, _, key in bodies if abs(x + half - x0) < 0.05 and abs(y - y0) < 0.05)
        target, = (key for x, y, half, tall, key in bodies if -0.05 < x1 - (x - half) < half and abs(y1 - y) < tall)
        value, gradient = ("".join(text.itertext()) for text in group.findall("text"))
        found.setdefault(target, []).append((y1, source[0], value, gradient))
    return {target: [wire for _, *wire in sorted(wires)] for target, wires in found.items()}


@pytest.mark.parametrize("start", range(0, 100, 20))
def test_a_picture_can_be_read_back_as_the_graph(start):
    """Every wire from its argument to its operation, in the order of the arguments, with its own two numbers."""
    for seed in range(start, start + 20):
        report = some_report(seed, size=6 + seed % 20)
        graph = report.graph
        products = {(edge.node, edge.slot): show(edge.product) for edge in report.edges}
        found = read_back(ET.fromstring(to_svg.Drawing(report, mark=True).inline("circuit", "circuit")))
        for k in range(len(graph)):
            expected = [[i, show(report.nodes[i].value), products.get((k, slot), "no grad")]
                        for slot, i in enumerate(graph.args(k))]
            wires = found.pop((k, False), [])
            symmetric = graph.row(k).symmetric
            assert (sorted(wires) == sorted(expected) if symmetric else wires == expected), (seed, k)
        gradient = show(report.gradient(graph.output)) if report.is_live(graph.output) else "no grad"
        assert found.pop((graph.output, True)) == [[graph.output, show(report.value), gradient]]
        assert all(end and wires[0][0] == k for (k, end), wires in found.items())      # what is used nowhere


LABELLED = ("S = X @ W.T; Li = hinge(S, y); L = mean(Li)",
            {"W": [[1, -2, 0.5], [0.5, 1, -1]], "X": [[1, 2, -1], [-2, 1, 3]], "y": [0, 1]})


def test_a_label_that_nothing_uses_is_not_drawn_and_the_picture_says_so():
    report = backprop(*LABELLED, wrt="W").opened()
    root = ET.fromstring(to_svg.render(report))
    ends = [group for group in root.iter(SVG + "g") if "end" in (group.get("class") or "")]
    assert ["".join(end.itertext()) for end in ends] == ["L"]
    assert "y[1]" not in [text.text for text in root.iter(SVG + "text")]
    key, = (text for text in root.iter(SVG + "text") if text.get("class") == "key")
    assert "".join(key.itertext()).endswith("· not drawn: y[0] = 0, y[1] = 1")
    for made in (to_dot.render(report), to_mermaid.render(report)):
        assert "y[" not in made
        assert "y#91;" not in made
    for made in (to_circuit.render(report, None), to_tree.render(report)):
        assert "not drawn: y[0] = 0, y[1] = 1" in made
        assert made.count("y[1]") == 1
    assert "not drawn" not in to_html.render(report)                     # its table has them
    assert "not drawn" not in to_svg.render(backprop(*LABELLED))


def test_more_leaves_than_a_line_names_are_counted():
    report = backprop("; ".join(f"t{at} = {at}" for at in range(9)) + "; f = x*2", x=1)
    assert "not drawn: t0 = 0, t1 = 1, t2 = 2, t3 = 3, t4 = 4, t5 = 5, 3 more" in to_svg.render(report)


def test_what_is_computed_and_used_nowhere_does_not_look_like_the_output():
    report = backprop("t = x + 1; f = x*2", x=3)
    root = ET.fromstring(to_svg.render(report))
    found = {group.get("class"): "".join(group.itertext()) for group in root.iter(SVG + "g") if group.get("class")}
    assert (found["node end"], found["node end aside"]) == ("f", "t")
    assert to_dot.render(report).count("#fff8c5") == 1
    assert to_mermaid.render(report).count("([") == 1
    assert not to_svg.not_drawn(report)


def test_the_rows_of_a_matrix_that_is_a_sum_stand_below_each_other():
    report = backprop("sum(W @ x) + sum(W^2)", W=[[1, -2], [0.5, 10]], x=[1, 2])
    root = ET.fromstring(to_svg.render(report))
    texts = [text for text in root.iter(SVG + "text") if text.get("class") == "small g"]
    rows = ["".join(text.itertext()) for text in texts]
    assert rows[0].startswith("sum ")
    assert [row.index("[") for row in rows] == [4, 4]
    assert len({len(row) for row in rows}) == len({text.get("x") for text in texts}) == 1
    assert "\\nsum [3  -2]\\n    [2  22]" in to_dot.render(report)


class Area:
    """A rectangle of the picture, and what it belongs to."""

    def __init__(self, x, y, half_width, up, down, owner):
        self.left, self.right = x - half_width, x + half_width
        self.top, self.foot = y - up, y + down
        self.owner = owner

    def meets(self, other):
        return (self.left < other.right and other.left < self.right
                and self.top < other.foot and other.top < self.foot)

    def holds(self, x, y):
        return self.left < x < self.right and self.top < y < self.foot


def areas(root):
    """Every text and every node's body, as wide as the widest font would make it."""
    sizes = {"v": 13, "g": 13, "name": 13, "sign": 15, "small": 11, "small g": 11}
    for group in root.iter(SVG + "g"):
        owner = group
        for part in group:
            kind = part.get("class")
            if part.tag == SVG + "text" and part.get("x") is not None:
                size = sizes[kind]
                text = "".join(part.itertext())
                if kind == "sign" or (kind == "name" and part.get("dy")):
                    continue                       # it stands inside its node's body
                yield Area(float(part.get("x")), float(part.get("y")), len(text) * size * to_svg.ADVANCE / 2,
                           size * 0.75, 1, owner)
            elif part.tag == SVG + "circle":
                r = float(part.get("r"))
                yield Area(float(part.get("cx")), float(part.get("cy")), r, r, r, owner)
            elif part.tag == SVG + "rect":
                x, y, w, h = (float(part.get(name)) for name in ("x", "y", "width", "height"))
                yield Area(x + w / 2, y + h / 2, w / 2, h / 2, h / 2, owner)


def along(path):
    """Points of a wire, a few on every curve."""
    x = y = 0.0
    for command, numbers in re.findall(r"([MHC])([^MHC]*)", path):
        values = [float(number) for number in numbers.split()]
        if command == "M":
            x, y = values
            yield x, y
        elif command == "H":
            for at in range(1, 9):
                yield x + (values[0] - x) * at / 8, y
            x = values[0]
        else:
            x1, y1, x2, y2, x3, y3 = values
            for at in range(1, 17):
                t = at / 16
                u = 1 - t
                yield (u**3 * x + 3 * u**2 * t * x1 + 3 * u * t**2 * x2 + t**3 * x3,
                       u**3 * y + 3 * u**2 * t * y1 + 3 * u * t**2 * y2 + t**3 * y3)
            x, y = x3, y3


def assert_nothing_touches(root):
    found = sorted(areas(root), key=lambda area: area.left)
    for at, area in enumerate(found):
        for other in found[at + 1:]:
            if other.left >= area.right:
                break
            assert not area.meets(other), (ET.tostring(area.owner), ET.tostring(other.owner))
    nodes = [area for area in found if "node" in area.owner.get("class")]
    labels = [area for area in found if "edge" in area.owner.get("class")]
    for wire in root.iter(SVG + "g"):
        if "edge" not in wire.get("class", ""):
            continue
        points = list(along(wire.find(SVG + "path").get("d")))
        (x0, y0), (x1, y1) = points[0], points[-1]
        for area in (*nodes, *labels):
            ends = area.holds(x0 - 2, y0) or area.holds(x1 + 6, y1) or area.owner is wire
            assert ends or not any(area.holds(x, y) for x, y in points), (ET.tostring(wire), ET.tostring(area.owner))


@pytest.mark.parametrize("start", range(0, 200, 20))
def test_nothing_touches_anything(start):
    """From the coordinates in the file: no two texts or nodes, and no wire and another's text or node."""
    for seed in range(start, start + 20):
        assert_nothing_touches(ET.fromstring(to_svg.render(some_report(seed, size=6 + seed % 20))))


def test_nothing_touches_anything_in_a_picture_of_hundreds():
    assert_nothing_touches(ET.fromstring(to_svg.render(some_report(3, size=120))))


def test_matrices_are_grids_that_touch_nothing(monkeypatch):
    grids = {0: ("[  1 -2]", "[0.5  4]", "[  7  8]"), 1: ("[1 2]",), 2: ("shape 128×784",)}
    monkeypatch.setattr("bpcalc.render.wiring.lines", lambda value, digits: grids[int(abs(value or 0) * 10) % 3])
    for seed in range(30):
        report = some_report(seed)
        root = ET.fromstring(to_svg.render(report))
        assert_nothing_touches(root)
        rows = Counter(texts(ET.tostring(root, encoding="unicode")))
        assert rows["[0.5\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}4]"] == rows["[\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}7"
                                                                         "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}8]"]
        assert rows["[1\N{NO-BREAK SPACE}2]"] == 0                     # a single line needs no care
        assert "[  1 -2]\\n[0.5  4]\\n[  7  8]" in to_dot.render(report)
        assert "#91;0.5  4#93;<br/>#91;  7  8#93;" in to_mermaid.render(report)


ARRAYS = ("s = W @ x + b; L = sum(max(0, s - s[0] + 1)) + sum(V, axis=0)[2]",
          {"W": [[1, -2.5], [3, 4]], "x": [1, 2], "b": [0, 1e-7], "V": [[1, 2, 3, 4, 5, 6, 7]]})


def test_an_operations_name_and_shape_stand_apart():
    # Each in a text of its own: cairo centres the parts of one text on one place, over one another.
    root = ET.fromstring(to_svg.render(backprop("scores = W @ x; sum(scores)", W=[[1, 2], [3, 4]], x=[1, 2])))
    places = {part.text: float(part.get("x")) for part in root.iter() if part.text in ("scores", "shape 2")}
    assert places["shape 2"] - places["scores"] > (len("scores") * 13 + len("shape 2") * 11) * 0.6 / 2


def test_arrays_are_drawn_with_their_shapes_and_small_ones_whole():
    report = backprop(*ARRAYS)
    root = ET.fromstring(to_svg.render(report))
    assert_nothing_touches(root)
    found = [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts(to_svg.render(report))]
    for words in ("W shape 2×2", "x shape 2", "V shape 1×7", "s", "shape 2", "[1  -2.5]", "[3     4]",
                  "[0]", "[2]", "sum axis=0"):
        assert words in found, words
    drawn = to_circuit.render(report, 200)
    assert "[[1, -2.5], [3, 4]]" in drawn
    assert to_circuit.render(report, 200, unicode=False).isascii()
    tree = to_circuit.render(report, 60)
    assert "[[1, -2.5], [3, 4]]" in tree
    assert "└─ V" in tree


def test_long_wires_are_straight():
    """Between the columns of its two ends a long wire keeps its height, but for the few that cannot."""
    bent = total = 0
    for seed in range(60):
        for wire in to_svg.Drawing(some_report(seed, size=25)).wires:
            inner = wire.points[2:-2]
            total += len(inner) > 2
            bent += len({y for _, y in inner}) > 1
    assert total > 500
    assert bent < total / 25


def test_a_circuit_that_can_be_drawn_without_a_crossing_is():
    for text in (CLASSIC[0], "f = 1/(1+exp(-(a*b + c*d + e)))", "a*b + c*d - (e*g + h)/(i + j*k)"):
        report = backprop(text, {**dict.fromkeys("abcdeghijk", 2), **CLASSIC[1]})
        assert crossings(to_svg.Drawing(report)) == 0, text


def crossings(drawing):
    """How many pairs of wires change sides between two columns."""
    spans = [(wire.points[at], wire.points[at + 1]) for wire in drawing.wires
             for at in range(1, len(wire.points) - 1, 2)]
    return sum((a[1] - c[1]) * (b[1] - d[1]) < 0 and a[0] == c[0] for at, (a, b) in enumerate(spans)
               for c, d in spans[at + 1:])


def test_a_variable_is_near_its_use():
    """Drawn again where it is used far away, with the sum of its gradients at its first place only."""
    text = "; ".join(["a0 = x + y", *(f"a{i} = sin(a{i - 1}) * x" for i in range(1, 12))])
    root = ET.fromstring(to_svg.render(backprop(text, x=0.5, y=1)))
    boxes = [group for group in root.iter(SVG + "g") if group.get("class") == "node variable"]
    named = Counter(next("".join(text.itertext()) for text in box.iter(SVG + "text")) for box in boxes)
    assert named["x"] > 3
    assert named["y"] == 1
    assert len([text for text in texts(ET.tostring(root, encoding="unicode")) if text.startswith("sum ")]) == 1
    longest = max(float(area.right) for area in areas(root)) / 4
    for wire in root.iter(SVG + "path"):
        if wire.get("class") == "wire":
            points = list(along(wire.get("d")))
            assert points[-1][0] - points[0][0] < longest


def test_only_symmetric_operations_take_their_wires_in_any_order():
    from bpcalc.backends import floats
    from bpcalc.ops import TABLE

    for row in TABLE:
        if row.structural:
            assert not row.symmetric
        elif row.variadic or len(row.params) == 2:
            forward = floats().forward(row)
            same = all((forward(point[::-1]) == forward(point)) if row.variadic else
                       attempt(forward, *point[::-1]) == forward(*point) for point in row.samples)
            assert same == row.symmetric, row.name


def attempt(rule, *given):
    try:
        return rule(*given)
    except (ArithmeticError, ValueError):
        return None


def test_equal_runs_give_equal_bytes():
    assert to_svg.render(backprop(*CLASSIC)) == to_svg.render(backprop(*CLASSIC))


def test_a_picture_too_large_to_look_at_is_refused(bpcalc, monkeypatch):
    monkeypatch.setattr("bpcalc.layout.MOST", 20)
    assert bpcalc("x*y", "x=1", "y=2", "--format", "svg").code == 0
    ran = bpcalc("x*y + sin(x)*cos(y) - x/y", "x=1", "y=2", "--format", "svg")
    assert (ran.code, ran.out) == (2, "")
    assert "a picture of this would have more than 20 bends" in ran.err


def test_a_title_stays_text():
    svg = to_svg.render(backprop(*CLASSIC), title="<script>alert(1)</script>")
    assert "<script" not in svg
    ET.fromstring(svg)


def test_a_picture_says_what_it_shows():
    svg = to_svg.render(backprop(*CLASSIC))
    assert 'role="img"' in svg
    assert re.search(r"<title[^>]*>f = q \* z = -12</title>", svg)
    assert "<desc" in svg
    for count in (40, 41, 45):                     # forty gradients are enough to be read to anyone
        names = [f"x{at}" for at in range(count)]
        svg = to_svg.render(backprop(" + ".join(names), dict.fromkeys(names, 1)))
        told = re.search(r"<desc[^>]*>(.*?)</desc>", svg)
        assert told[1].count("∂f/∂x") == 40
        assert told[1].endswith(f" and {count - 40} more." if count > 40 else "∂f/∂x39 = 1.")


def test_the_command_line_writes_pictures(bpcalc, tmp_path):
    target = tmp_path / "circuit.svg"
    words = [CLASSIC[0], "x=-2", "y=5", "z=-4"]
    assert bpcalc(*words, "-o", target).code == 0
    assert target.read_text(encoding="utf-8") == bpcalc(*words, "--format", "svg").out


def numbers_in_words(report):
    """How often each number stands in a circuit in text: at both ends of what is drawn once, and at each use."""
    graph = report.graph
    products = {(edge.node, edge.slot): edge.product for edge in report.edges}
    fed = Counter(i for k in range(len(graph)) for i in graph.args(k))
    found = Counter()
    for k in range(len(graph)):
        for slot, i in enumerate(graph.args(k)):
            found[show(report.nodes[i].value)] += 1
            if (k, slot) in products:
                found[show(products[k, slot])] += 1
            if graph.row(i).name == "constant" and is_number(report.label(i)):
                found[report.label(i)] += 1                     # its name is a number, too
        name = graph.row(k).name
        top = (graph.args(k) and fed[k] != 1) or (name == "input" and not fed[k]) or k == graph.output
        if top:
            found[show(report.nodes[k].value)] += 1
            if report.is_live(k):
                found[show(report.gradient(k))] += 1
        if name == "input" and report.is_live(k) and fed[k] > 1:
            found[show(report.gradient(k))] += 1                # below the drawing: the sum
    return found


def is_number(word):
    try:
        float(word)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("columns", [60, 80, 120, None])
def test_a_circuit_in_text_has_every_number_as_often_as_it_occurs(columns):
    drawings = 0
    for seed in range(150):
        report = some_report(seed, size=1 + seed % 9, kinks=False)
        drawn = to_circuit.render(report, columns)
        found = Counter(word for word in drawn.split() if is_number(word))
        if "above a wire" in drawn:
            drawings += 1
            assert found == numbers_in_words(report), (seed, columns)
        else:                                                   # the tree: deep parts stand on their own
            assert not numbers_in_words(report) - found, (seed, columns)
        assert max(map(len, drawn.splitlines())) <= (columns or to_circuit.WIDEST)
    assert drawings >= 20


def test_a_circuit_in_ascii_says_the_same():
    for seed in range(30):
        report = some_report(seed, size=5)
        fancy, plain = to_circuit.render(report, 100), to_circuit.render(report, 100, unicode=False)
        assert plain.isascii()
        assert [*filter(is_number, fancy.split())] == [*filter(is_number, plain.split())]
        assert [len(line) for line in fancy.splitlines()] == [len(line) for line in plain.splitlines()]


def test_the_table_can_have_the_circuit_below_it(bpcalc):
    words = [CLASSIC[0], "x=-2", "y=5", "z=-4"]
    both = bpcalc(*words, "--graph")
    assert both.code == 0
    assert both.out == bpcalc(*words).out + "\n" + bpcalc(*words, "--format", "circuit").out
    assert "\x1b[32m" in bpcalc(*words, "--graph", "--color", "always").out
    assert bpcalc(*words, "--graph", "--json").code == 2


def test_a_thousand_nodes_draw_at_once(bpcalc):
    text = "+".join(f"x{i}*{i}" for i in range(334))
    out = bpcalc(text, *(f"x{i}={i}" for i in range(334)), "--format", "circuit").out
    assert all(f" x{i}\n" in out for i in range(334))
    deep = bpcalc("sin(" * 1000 + "x" + ")" * 1000, "x=1", "--format", "circuit").out
    assert max(map(len, deep.splitlines())) <= 80 + 40


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


def test_a_notebook_shows_table_and_picture():
    report = backprop(*CLASSIC)
    html = report._repr_html_()
    assert "<table>" in html
    assert report.to_svg() in html
    assert report._repr_svg_() == to_svg.render(report)
    large = backprop("+".join(["x"] * 200), x=1)
    assert "<svg" not in large._repr_html_()
    assert large._repr_svg_() is None


def test_show_opens_the_page_in_the_browser(monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    report = backprop(*CLASSIC)
    path = report.show()
    assert opened == [Path(path).as_uri()]
    assert Path(path).read_text(encoding="utf-8") == report.to_html()


def test_pictures_for_print_and_pixels(bpcalc, tmp_path):
    try:
        __import__("cairosvg")
    except (ImportError, OSError) as error:
        pytest.skip(f"no PNG and PDF without the extra 'pictures' and cairo: {error}")
    words = [CLASSIC[0], "x=-2", "y=5", "z=-4"]
    for form, magic in (("png", b"\x89PNG"), ("pdf", b"%PDF")):
        target = tmp_path / f"circuit.{form}"
        assert bpcalc(*words, "-o", target).code == 0
        assert target.read_bytes().startswith(magic)


def test_without_cairo_the_hint_says_what_to_install(bpcalc, monkeypatch, tmp_path):
    for trouble in (None, OSError("no library called cairo was found")):
        if trouble is None:
            monkeypatch.setitem(sys.modules, "cairosvg", None)
        else:
            class Broken:
                def find_spec(self, name, path=None, target=None, trouble=trouble):
                    if name == "cairosvg":
                        raise trouble

            monkeypatch.delitem(sys.modules, "cairosvg")
            monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
        ran = bpcalc("x*y", "x=1", "y=2", "-o", tmp_path / "circuit.png")
        assert ran.code == 2
        assert "[pictures]" in ran.err
        assert not list(tmp_path.iterdir())


def test_other_kinds_of_pictures_are_refused(bpcalc, tmp_path):
    ran = bpcalc("x*y", "x=1", "y=2", "-o", tmp_path / "circuit.JPG")
    assert ran.code == 2
    assert ".svg, .png, .pdf and .html" in ran.err
    assert not list(tmp_path.iterdir())


def test_a_title_is_for_pictures_and_pages(bpcalc):
    hostile = "<b>&\"'</title>"
    out = bpcalc("x*y", "x=1", "y=2", "--format", "svg", "--title", hostile).out
    assert ET.fromstring(out).find(SVG + "title").text == hostile
    assert bpcalc("x*y", "x=1", "y=2", "--title", "one").code == 2


def test_a_circuit_too_long_for_any_page_is_a_tree():
    lines = to_circuit.render(backprop(" + ".join(["x"] * 500), x=1), 20).splitlines()
    assert lines[0].split() == ["value", "gradient", "node"]


def test_what_cairo_cannot_do_is_a_matter_of_size_only_where_it_says_so(monkeypatch):
    for trouble, kind in (("INVALID_SIZE (invalid value for an input Cairo surface)", LimitProblem),
                          ("something else", RuntimeError)):
        class Cairo:
            @staticmethod
            def svg2png(trouble=trouble, **_):
                raise RuntimeError(trouble)

        monkeypatch.setitem(sys.modules, "cairosvg", Cairo)
        with pytest.raises(kind):
            to_image.render(backprop("x*y", x=2, y=3), "png")


def test_bytes_are_nothing_for_a_terminal(bpcalc, monkeypatch):
    monkeypatch.setattr("bpcalc.terminal.is_terminal", lambda stream: stream is not None)
    ran = bpcalc("x*y", "x=1", "y=2", "--format", "png")
    assert (ran.code, ran.out) == (2, "")
    assert "a png is nothing for a terminal" in ran.err
    assert "for example -o circuit.png" in ran.err
