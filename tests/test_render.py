"""What the human formats and JSON promise: nothing lost, nothing cut, both tables alike."""

import csv
import io
import json
import re
import traceback
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpcalc import BpcalcError, backprop
from bpcalc.render import to_blocks, to_csv, to_dot, to_json, to_plain, to_table
from bpcalc.render.numbers import show
from bpcalc.render.symbols import Symbols
from bpcalc.render.to_caret import visible, width
from bpcalc.verify import gradcheck

SCHEMA = json.loads((Path(to_json.__file__).parent.parent / "report.schema.json").read_text())
CLASSIC = ("(x+y)*z", {"x": -2, "y": 5, "z": -4})
NEURON = ("1/(1+exp(-(w0*x0+w1*x1+w2)))", {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3})
SHARED = ("c=a+b; d=b+1; e=c*d+max(-2,b)*3", {"a": 2, "b": 1})
TROUBLE = ("relu(x)+sqrt(y)*max(u,v)", {"x": 0, "y": 0, "u": 1, "v": 1})
EVERY = [CLASSIC, NEURON, SHARED, TROUBLE]


def chain(length):
    return "; ".join(["a0 = x*1.5", *(f"a{i} = sin(a{i - 1})*y" for i in range(1, length))])


def numbers_of(report, digits=6):
    """Every number that the human formats owe the reader."""
    for node in report.nodes:
        if report.shows(node.id):
            yield show(node.value, digits)
            if node.gradient is not None:
                yield show(node.gradient, digits)
    for edge in report.edges:
        yield from (show(edge.local, digits), show(edge.product, digits))


def unbroken(number, text):
    return re.search(rf"(?<![\w.]){re.escape(number)}(?![\w.])", text) is not None


@pytest.mark.parametrize(("expression", "values"), EVERY, ids=["classic", "neuron", "shared", "trouble"])
@pytest.mark.parametrize("digits", [6, 17])
def test_no_number_is_cut_at_any_width(expression, values, digits):
    report = backprop(expression, values)
    owed = set(numbers_of(report, digits))
    for columns in (1, 20, 40, 55, 60, 66, 72, 79, 80, 90, 100, 120, 160, None):
        text = to_table.render(report, columns, digits)
        for number in owed:
            assert unbroken(number, text), f"{number} is missing at {columns} columns"


@pytest.mark.parametrize(("expression", "values"), EVERY, ids=["classic", "neuron", "shared", "trouble"])
def test_a_table_is_never_wider_than_the_terminal(expression, values):
    report = backprop(expression, values)
    for columns in range(60, 140):
        text = to_table.render(report, columns)
        body = text.split("\n\n", 1)[1]
        if "─" in text:
            assert max(width(line) for line in body.splitlines() if not line.startswith("note")) <= columns


@pytest.mark.parametrize(("expression", "values"), EVERY, ids=["classic", "neuron", "shared", "trouble"])
@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("columns", [None, 80, 72])
@pytest.mark.parametrize("unicode", [False, True])
def test_rows_written_by_hand_are_what_rich_would_print(expression, values, color, columns, unicode, monkeypatch):
    report = backprop(expression, values)
    by_rich = to_table.render(report, columns, symbols=Symbols(unicode), color=color)
    monkeypatch.setattr(to_table, "ROWS_FOR_RICH", 0)
    assert to_table.render(report, columns, symbols=Symbols(unicode), color=color) == by_rich


def test_the_lectures_circuits_fit_eighty_columns():
    for expression, values in (CLASSIC, ("q = x + y; f = q * z", CLASSIC[1]),
                               ("sB = W1_1*p1 + W1_2*p2; sC = W2_1*p1 + W2_2*p2; L = max(0, sC - sB + 1)",
                                {"W1_1": -2, "W1_2": -1, "W2_1": 1, "W2_2": -5, "p1": 3, "p2": 2})):
        text = to_table.render(backprop(expression, values), 80)
        assert "upstream × local" in text
        assert max(map(len, text.splitlines())) <= 80


def test_a_node_that_feeds_several_edges_shows_the_sum():
    text = to_table.render(backprop("c=a+b; d=b+1; e=c*d", a=2, b=1))
    assert re.search(r"^b +1 +2 \+ 3 = 5$", text, re.M)
    text = to_table.render(backprop("x*x*x*x*x*x*x", x=1))
    assert "(7 terms) = 7" in text


def test_colour_never_carries_meaning_alone():
    report = backprop(*CLASSIC)
    coloured = to_table.render(report, color=True)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == to_table.render(report).splitlines()


@pytest.mark.parametrize("render", [to_table.render, to_blocks.render, to_plain.render])
def test_large_graphs_show_both_ends_and_say_what_is_left_out(render):
    report = backprop(chain(400), x=1.0, y=0.9)
    text = render(report)
    assert "(--all shows them)" in text
    left = int(re.search(r"(\d+) nodes left out", text)[1])
    assert "a0 " in text
    assert "a399" in text
    assert "a200" not in text
    everything = render(report, everything=True)
    assert "left out" not in everything
    assert left == sum(report.shows(k) for k in range(len(report))) - 40
    assert len(everything.splitlines()) > 700


def test_a_dull_terminal_gets_ascii_only():
    for expression, values in EVERY:
        report = backprop(expression, values)
        assert to_table.render(report, symbols=Symbols(unicode=False)).isascii()
        assert to_blocks.render(report, symbols=Symbols(unicode=False)).isascii()
        assert to_plain.render(report).isascii()


def test_plain_lines_each_say_one_thing():
    text = to_plain.render(backprop("q = x + y; f = q*z", x=-2, y=5, z=-4))
    assert "q: forward value 3\n" in text
    assert "q: gradient df/dq = -4\n" in text
    assert "f to q: local gradient df/dq = z = -4\n" in text
    assert "f to q: upstream times local 1 * -4 = -4\n" in text


def test_csv_has_one_row_an_edge_and_reads_back():
    report = backprop(*SHARED)
    rows = list(csv.DictReader(io.StringIO(to_csv.render(report))))
    assert len(rows) == len(report.edges)
    for row, edge in zip(rows, report.edges):
        assert float(row["product"]) == edge.product
        assert row["local_formula"].endswith(f"= {edge.formula}")
        assert row["local_formula"][0] not in "=+-@"
        assert None not in row.values()


def test_csv_calls_nodes_by_their_labels_and_has_a_row_for_what_is_in_no_edge():
    report = backprop("f = (a*b + c)^2", a=2, b=3, c=1, wrt=["a"])
    rows = list(csv.DictReader(io.StringIO(to_csv.render(report))))
    assert [(row["node"], row["value"]) for row in rows if not row["input"]] == [("b", "3.0"), ("c", "1.0")]
    assert rows[-1]["local_formula"] == "df/dn4 = 2 * n4"
    alone, = csv.DictReader(io.StringIO(to_csv.render(backprop("x", x=3))))
    assert (alone["node"], alone["operation"], alone["value"], alone["gradient"]) == ("x", "input", "3.0", "1.0")


def test_undefined_is_null_in_json_and_empty_in_csv():
    report = backprop("sqrt(x)", x=0)
    assert json.loads(report.to_json())["gradients"] == {"x": None}
    assert next(csv.DictReader(io.StringIO(to_csv.render(report))))["product"] == ""
    assert "undefined" in to_table.render(report)


@pytest.mark.parametrize(("expression", "values"), EVERY, ids=["classic", "neuron", "shared", "trouble"])
def test_json_keeps_the_contract(expression, values):
    report = backprop(expression, values)
    text = report.to_json()
    assert text.isascii()
    data = json.loads(text, parse_constant=pytest.fail)
    jsonschema.validate(data, SCHEMA)
    assert data["value"] == report.value
    assert data["gradients"] == report.gradients
    assert [node["id"] for node in data["nodes"]] == list(range(len(report)))
    assert all(i < node["id"] for node in data["nodes"] for i in node["inputs"])
    for node in data["nodes"]:
        arriving = [edge["product"] for edge in data["edges"] if edge["input"] == node["id"]]
        if arriving and None not in arriving:
            assert node["gradient"] == pytest.approx(sum(arriving), rel=1e-12)
        if node["op"] == "constant":
            assert node["gradient"] is None


def every_code():
    """The codes of all kinds of errors."""
    return {kind.code for kind in BpcalcError.__subclasses__()}


def note_codes():
    """The codes of all notes that the package makes."""
    package = Path(to_json.__file__).parent.parent
    return {code for path in package.rglob("*.py")
            for code in re.findall(r'\bNote\("([a-z]+)"', path.read_text(encoding="utf-8"))}


def test_schema_and_pages_know_every_code():
    docs = Path(__file__).parent.parent / "docs"
    if not docs.exists():
        pytest.skip("installed without its docs")
    assert set(SCHEMA["$defs"]["code"]["enum"]) == every_code()
    assert set(SCHEMA["$defs"]["note"]["properties"]["code"]["enum"]) == note_codes()
    page = (docs / "json.md").read_text(encoding="utf-8")
    listed = re.search(r"^\| `notes` \|.*", page, re.M)[0]
    assert set(re.findall("`([a-z]+)`", listed)) - {"notes"} == note_codes()
    explained = re.search(r"^A note has .*?\n\n", page, re.M | re.S)[0]
    assert set(re.findall("`([a-z]+)`:", explained)) == note_codes()


def test_an_error_about_shapes_keeps_the_contract(bpcalc):
    error = bpcalc("x + y", "x=[1,2]", "y=[1,2,3]", "--json").err
    jsonschema.validate(json.loads(error), SCHEMA)
    assert json.loads(error)["error"]["code"] == "shape"


def test_json_of_the_first_circuit_is_what_everyone_agreed_on():
    data = json.loads(backprop(*CLASSIC).to_json())
    assert (data["schema"], data["expression"], data["output"]) == ("bpcalc/1", "(x+y)*z", None)
    assert (data["value"], data["gradients"]) == (-12.0, {"x": -4.0, "y": -4.0, "z": 3.0})
    first = {key: data["nodes"][0][key] for key in ("id", "name", "op", "text", "value", "gradient")}
    assert first == {"id": 0, "name": "x", "op": "input", "text": "x", "value": -2.0, "gradient": -4.0}
    assert {"node": 4, "input": 2, "slot": 1, "formula": "x + y", "local": 3.0, "upstream": 1.0,
            "product": 3.0} in data["edges"]


def test_a_notebook_shows_the_table_and_user_text_stays_text():
    import xml.etree.ElementTree as ET

    html = backprop("q = x + y; f = q*z", x=-2, y=5, z=-4)._repr_html_()
    table = ET.fromstring(html)
    texts = [cell.text or "" for cell in table.iter("td")]
    for text in ("q = x + y", "-12", "∂f/∂z = q = 3", "1 × -4 = -4"):
        assert text in texts
    assert "<td" in backprop("relu(x)", x=0)._repr_html_()
    assert "x &lt;= 0" in backprop("relu(x)", x=-1)._repr_html_()


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_shown_text_has_nothing_that_a_terminal_obeys(text):
    import unicodedata

    for char in visible(text):
        assert unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17))
def test_numbers_are_rounded_and_never_cut(value, digits):
    text = show(value, digits)
    assert text != "-0"
    assert float(text) == float(f"{value:.{digits}g}")


@pytest.mark.slow
def test_a_hundred_thousand_nodes_stream_through_every_format():
    report = backprop("+".join(f"x{i}*y" for i in range(50_000)), {"y": 1, **{f"x{i}": i for i in range(50_000)}})
    assert to_csv.render(report).count("\n") == 1 + len(report.trace.graph) - 50_001 + 99_999
    assert len(json.loads("".join(to_json.report_lines(report)))["nodes"]) == len(report)
    assert len(to_table.render(report).splitlines()) < 200


@pytest.mark.parametrize("columns", [None, 120, 160])
@pytest.mark.parametrize("portion", [7, 100, 10_000])
def test_a_long_table_in_portions_loses_nothing_and_is_as_wide_as_allowed(columns, portion, monkeypatch):
    report = backprop(chain(300), x=1.0, y=0.9)
    whole = to_table.render(report, None, everything=True).splitlines()
    monkeypatch.setattr(to_table, "PORTION", portion)
    text = to_table.render(report, columns, everything=True)
    owed = set(numbers_of(report))
    found = set(text.split())
    assert all(number in found for number in owed)
    if columns is None:
        assert [re.sub(" +", " ", line) for line in text.splitlines() if line and line[0] == "a"] == \
            [re.sub(" +", " ", line) for line in whole if line and line[0] == "a"]
    else:
        assert max(map(width, text.split("\n", 2)[2].splitlines())) <= columns


def test_a_long_table_starts_before_it_is_complete(monkeypatch):
    made = []
    monkeypatch.setattr(to_table, "PORTION", 50)
    report = backprop(chain(2000), x=1.0, y=0.9)
    monkeypatch.setattr(to_table._Layout, "rows", lambda self, step: made.append(step) or [("x",) * len(self.heads)])
    pieces = to_table.lines(report, everything=True)
    for _ in range(10):
        next(pieces)
    assert len(made) < 200


def test_a_notebook_shows_matrices_as_grids_the_upstream_gradient_and_second_opinions():
    report = backprop("s = W @ x; L = sum(s)", W=[[-2, -1], [1, -5]], x=[3, 2], upstream=2)
    text = report._repr_html_()
    assert "[-2  -1]\n[ 1  -5]</td>" in text
    assert "white-space:pre;" in text
    assert "upstream ∂loss/∂L = 2" in text
    report = backprop("x*y", x=1, y=2)
    report.verdicts = gradcheck(report)
    assert "Central differences" in report._repr_html_()
    assert "There is no variable" in backprop("2*3")._repr_html_()


@pytest.mark.parametrize("text", ["x + *y", "x/(y - y)", "x*z", "foo(x)", ""])
def test_a_traceback_ends_as_the_command_says_it(text, bpcalc):
    ran = bpcalc(text, "x=1", "y=2")
    with pytest.raises(BpcalcError) as caught:
        backprop(text, x=1, y=2)
    caught.value.add_note("and a note of one's own")
    shown = "".join(traceback.format_exception_only(caught.value))
    assert shown.partition(": ")[2] == f"{ran.err.removeprefix('bpcalc: error: ')}and a note of one's own\n"


@pytest.mark.parametrize("text", ["plain", 'a "word"', "one, two", "line\nfeed", "return\rhere", '",\n"', '"', " "])
def test_any_field_of_csv_reads_back(text):
    assert list(csv.reader(io.StringIO(f"{to_csv.field(text)},2\n", newline=""))) == [[text, "2"]]


@pytest.mark.parametrize(("uses", "shown"), [
    (2, "1 + 2 = 3"), (4, "1 + 2 + 3 + 4 = 10"), (5, "1 + 2 + 3 + ... (5 terms) = 15"),
    (30, "1 + 2 + 3 + ... (30 terms) = 465")])
def test_a_gradient_of_many_terms_shows_the_first_and_how_many(uses, shown):
    report = backprop(" + ".join(f"x*{number}" for number in range(1, uses + 1)), x=1)
    assert f"x: gradient df/dx = {shown}" in to_plain.render(report, everything=True).splitlines()


def test_the_gradient_that_arrives_is_said_where_it_is_not_1():
    assert "upstream dL/df = 2.5" in to_plain.render(backprop("x*2", x=1, upstream=2.5)).splitlines()
    assert "upstream" not in to_plain.render(backprop("x*2", x=1)).replace("upstream times local", "")


def test_a_wire_that_no_gradient_flows_along_is_dashed():
    drawn = to_dot.render(backprop("x*2 + y", x=1, y=2, wrt="y")).splitlines()
    wires = [line for line in drawn if "->" in line]
    assert [("style=dashed" in line) for line in wires] == [("no grad" in line) for line in wires]
    assert sum("style=dashed" in line for line in wires) == 3


def test_numbers_of_numpys_are_shown_like_pythons():
    assert [show(number) for number in (np.float64(1 / 3), np.float32(0.5), 3)] == ["0.333333", "0.5", "3"]
