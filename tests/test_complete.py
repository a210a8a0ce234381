"""Every output says everything: no node, no edge, no product and no note is lost on the way to a form."""

import csv
import io
import json
import math
import re
from xml.etree import ElementTree

import pytest

from bpcalc import backprop
from bpcalc.render import (
    to_blocks,
    to_csv,
    to_dot,
    to_html,
    to_json,
    to_latex,
    to_markdown,
    to_mermaid,
    to_plain,
    to_svg,
    to_table,
)
from bpcalc.render.markup import Table
from bpcalc.render.solution import blocks

from .oracles import Program

RUNS = {
    "board": ("(x+y)*z", {"x": -2, "y": 5, "z": -4}, {}),
    "reuse": ("c = a + b; d = b + 1; e = c*d + max(-2, b)*3", {"a": 2, "b": 1}, {}),
    "same": ("x*x", {"x": 3}, {}),
    "notes": ("relu(x) + sqrt(y)*max(u, v) + abs(x)", {"x": 0, "y": 0, "u": 1, "v": 1, "w": 4}, {}),
    "chosen": ("a = x*y; f = a*z + sin(w)", {"x": 1, "y": 2, "z": 3, "w": 4}, {"wrt": ["x", "z"]}),
    "unused": ("a = 3*y; f = x^2", {"x": 3, "y": 1}, {}),
    "leaf": ("x", {"x": 3}, {}),
    "constant unused": ("third = 1/3; x*2", {"x": 2}, {}),
    "leaf held": ("k = 3; x", {"x": 2}, {"wrt": ["k"]}),
    "number": ("2", {}, {}),
    "upstream": ("x*y", {"x": 2, "y": 3}, {"upstream": -0.5}),
    "greek": ("λ*x + θ", {"λ": 2, "x": 3, "θ": 4}, {}),
    **{f"program {seed}": (lambda made: (made.text, made.inputs, {}))(Program(seed, size=8)) for seed in range(8)},
}


LONG = "; ".join(["a0 = x*1.5", *(f"a{i} = sin(a{i - 1})*y" for i in range(1, 600))])


WIDE = f"x*y + max({', '.join(f'y*{i}' for i in range(3000))}, x)"


@pytest.mark.parametrize("wrt", [None, ["x"]], ids=["all", "one"])
@pytest.mark.parametrize("expression", [LONG, LONG.replace("a", "α"), WIDE], ids=["ascii", "greek", "wide"])
def test_long_runs_lose_nothing_either(expression, wrt):
    report = backprop(expression, wrt=wrt, x=1, y=1)
    test_json_has_every_record_in_full(report)
    test_csv_has_a_row_for_every_edge_and_every_node_without_one(report)


def test_an_array_opened_into_its_entries_loses_nothing_either():
    report = backprop("sum(W @ x)", W=[[1, 2], [3, 4]], x=[1, 2]).opened()
    test_json_has_every_record_in_full(report)
    test_csv_has_a_row_for_every_edge_and_every_node_without_one(report)


@pytest.fixture(params=RUNS, name="report")
def run(request):
    expression, values, options = RUNS[request.param]
    return backprop(expression, values, **options)


def words_of(text):
    """A text without line breaks and what a form does to its signs."""
    return re.sub(r"\W+", "", text)


def test_json_has_every_record_in_full(report):
    text = "".join(to_json.report_lines(report))
    assert text.isascii()
    data = json.loads(text)
    assert data["expression"] == report.expression
    assert (data["value"], data["upstream"]) == (report.value, report.upstream)
    assert data["gradients"] == report.gradients
    assert data["nodes"] == [
        {"id": node.id, "name": node.name, "label": node.label, "op": node.op, "text": node.text,
         "inputs": list(node.inputs), "value": node.value, "gradient": node.gradient} for node in report.nodes]
    assert data["edges"] == [
        {"node": edge.node, "input": edge.input, "slot": edge.slot, "formula": edge.formula, "local": edge.local,
         "upstream": edge.upstream, "product": edge.product} for edge in report.edges]
    assert data["notes"] == [{"code": note.code, "node": note.node, "message": note.message} for note in report.notes]


def test_csv_has_a_row_for_every_edge_and_every_node_without_one(report):
    rows = list(csv.DictReader(io.StringIO(to_csv.render(report))))
    found = [tuple(row[key] for key in ("node", "input", "local", "upstream", "product"))
             for row in rows if row["input"]]
    label, number = report.label, to_csv.field
    assert found == [(label(edge.node), label(edge.input), number(edge.local), number(edge.upstream),
                      number(edge.product)) for edge in report.edges]
    linked = {k for edge in report.edges for k in (edge.node, edge.input)}
    assert [row["node"] for row in rows if not row["input"]] == [
        node.label for node in report.nodes
        if node.id not in linked and (report.shows(node.id) or node.id == report.graph.output)]
    values = {node.label: (to_csv.field(node.value), node.op) for node in report.nodes}
    assert all(values[row["node"]] == (row["value"], row["operation"]) for row in rows)


def test_plain_lines_state_every_fact(report):
    lines = to_plain.render(report, everything=True).splitlines()
    for node in report.nodes:
        if report.shows(node.id):
            assert sum(line.startswith(f"{node.label}: forward value ") for line in lines) == 1
            assert sum(line.startswith(f"{node.label}: gradient ") for line in lines) == report.is_live(node.id)
    assert sum(" upstream times local " in line for line in lines) == len(report.edges)
    assert sum(" local gradient " in line for line in lines) == len(report.edges)


@pytest.mark.parametrize("render", [to_plain.render, to_table.render, to_blocks.render, to_html.render, to_latex.render,
                                    to_markdown.render], ids=lambda render: render.__module__.rpartition("_")[2])
def test_every_note_is_in_every_form_for_readers(report, render):
    text = words_of(re.sub(r"\\(partial|times|dots|textasciicircum)|<[^>]*>|&#?\w+;", "", render(report)))
    for note in report.notes:
        if note.node is None:
            continue                               # about the words of the command: said beside the result
        first = max(re.split(r"[^\w ]", note.message), key=len)
        assert words_of(first) in text, note.message


@pytest.mark.parametrize("form", ["dot", "mermaid", "svg", "html"])
def test_a_picture_has_a_wire_for_every_edge_and_one_for_every_end(report, form):
    graph = report.graph
    used = {i for k in range(len(graph)) for i in graph.args(k)}
    # A variable that nothing uses is not drawn.
    ends = [k for k in range(len(graph)) if k == graph.output or (k not in used and report.shows(k) and graph.args(k))]
    text = {"dot": to_dot, "mermaid": to_mermaid, "svg": to_svg, "html": to_html}[form].render(report)
    sign = {"dot": " -> ", "mermaid": '" --> ', "svg": '<g class="edge"', "html": '<g class="edge"'}[form]
    dashed = {"dot": ", style=dashed];", "mermaid": '" .-> '}.get(form, '<g class="edge dead"')
    assert text.count(sign) - (text.count(dashed) if form == "dot" else 0) \
        == len(report.edges) + sum(report.is_live(k) for k in ends)
    held = any(not report.is_live(i) for k in range(len(report)) if report.shows(k) for i in report.graph.args(k))
    if held:                                       # what no gradient comes back on is dashed
        assert dashed in text


def test_the_picture_shows_the_value_and_the_product_on_every_wire(report):
    picture = ElementTree.fromstring(to_svg.render(report))
    texts = ["".join(text.itertext()) for text in picture.iter("{http://www.w3.org/2000/svg}text")
             if text.get("class") in ("v", "g", "small g")]
    show = to_svg.Cells(report, 6, to_svg.Symbols()).number
    owed = [show(edge.product) for edge in report.edges] + [show(report.trace.values[i]) for i in (
        j for k in range(len(report)) if report.shows(k) for j in report.graph.args(k))]
    for number in owed:
        assert number in texts
        texts.remove(number)


def test_the_page_has_a_row_for_every_node_and_edge_and_sums_with_their_signs(report):
    page = to_html.render(report)
    rows = re.findall(r'<tr data-k="(\d+)">', page)
    edges = [edge.node for edge in report.edges]
    assert [int(k) for k in rows] == [k for k in range(len(report)) if report.shows(k)
                                      for _ in range(edges.count(k) or 1)]
    arriving = {}
    for edge in report.edges:
        arriving.setdefault(edge.input, []).append(edge)
    table = page[page.index("<tbody>"):page.index("</tbody>")]
    for k, terms in arriving.items():
        if 1 < len(terms) <= to_html._TERMS and report.shows(k):
            signs = [re.search(rf'data-s="p{edge.node}.{edge.slot}">(.*?)<', table)[1] for edge in terms[1:]]
            assert signs == [" - " if (edge.product or 0.0) < 0 else " + " for edge in terms[1:]]


@pytest.mark.parametrize("render", [to_latex.render, to_markdown.render], ids=["latex", "markdown"])
def test_worked_solutions_have_a_line_for_every_edge(report, render):
    """Each product's number, as it is shown, as often as there are edges with it."""
    text = render(report, everything=True)
    for edge in report.edges:
        if edge.product is not None and math.isfinite(edge.product):
            shown = to_svg.Cells(report, 6, to_svg.Symbols()).number(edge.product)
            assert shown.partition("e")[0] in text.replace("−", "-")


def test_tables_of_worked_solutions_are_written_row_by_row(report):
    tables = [block for block in blocks(report, 6, True) if isinstance(block, Table)]
    rows = sum(len(table.rows) for table in tables)
    assert rows >= len(report.edges)
    assert to_latex.render(report, everything=True).count("\\\\\\noalign{\\vskip 4pt}\n") == rows
    lines = to_markdown.render(report, everything=True).splitlines()
    assert sum(line.startswith("| ") for line in lines) == rows + 2 * len(tables)


@pytest.mark.parametrize("words", ["a--b", "x - --y", "----", "-"])
def test_two_minus_signs_are_no_dash_in_latex(words):
    assert "--" not in to_latex.prose(words)
    assert to_latex.prose(words).replace("{}", "") == words


def test_a_sum_of_many_terms_says_how_many_there_are():
    page = to_html.render(backprop(" + ".join(f"x*{n}" for n in range(1, 40)), x=1))
    assert "(39 terms)" in page


@pytest.mark.parametrize("form", ["table", "blocks", "plain", "steps", "latex", "markdown", "html"])
def test_a_note_says_which_node_it_is_about(bpcalc, form):
    # Two kinks beside one another, each with a message of its own.
    out = re.sub(r"\s+", " ", bpcalc("a = relu(x); b = abs(y); f = a + b", "x=0", "y=0", "--format", form).out)
    assert "note: a: relu" in out
    assert "note: b: abs" in out
