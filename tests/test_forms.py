"""Every form of the same run shows the same numbers: each is read back from its own text and compared."""

import csv
import io
import json
import re
from html import unescape

import pytest

from bpcalc import backprop
from bpcalc.bindings import constant
from bpcalc.homework.sheets import sheet_items, typed_number
from bpcalc.render import to_blocks, to_csv, to_notebook, to_plain, to_table
from bpcalc.render.numbers import show

from .oracles import Program

ARITHMETICS = ("floats", "weighted", "rounded", "exact")


def run(seed, arithmetic):
    program = Program(seed, size=5)
    report = backprop(program.text, program.inputs, upstream=-1 / 3 if arithmetic != "floats" else 1.0)
    if arithmetic == "rounded":
        return report.rounded(3)
    return report.exact() if arithmetic == "exact" else report


@pytest.fixture(scope="module")
def runs():
    made = {}

    def get(seed, arithmetic):
        if (seed, arithmetic) not in made:
            report = run(seed, arithmetic)
            made[seed, arithmetic] = report, expected(report)
        return made[seed, arithmetic]

    return get


class Numbers:
    """What a form shows: values and gradients by label, (local gradient, product) of each edge in forward order.

    A number is its text; None stands for what a form does not show.
    """

    def __init__(self):
        self.values, self.gradients, self.sums, self.edges = {}, {}, {}, []

    def same(self, other):
        """Whether the other form shows these numbers wherever it shows any."""
        for mine, theirs in ((self.values, other.values), (self.gradients, other.gradients), (self.sums, other.sums)):
            assert theirs.items() <= mine.items()
        if other.edges:
            assert len(other.edges) == len(self.edges)
            for mine, theirs in zip(self.edges, other.edges):
                assert all(found in (None, known) for known, found in zip(mine, theirs)), (mine, theirs)


def expected(report):
    """The numbers of a run, straight from the report."""
    numbers = Numbers()
    for step in report.steps([k for k in range(len(report)) if report.shows(k)]):
        numbers.values[step.label] = show(step.value)
        if step.live:
            numbers.gradients[step.label] = show(step.gradient)
            if len(step.terms) > 1:
                numbers.sums[step.label] = list(map(show, step.terms))
        numbers.edges += [(show(edge.local), show(edge.product)) for edge in step.edges]
    return numbers


def last(text):
    """What stands behind the last sign of equality, without a reason in brackets."""
    return re.split(r" (?:=|≈|~) ", re.sub(r" \([^()]*(?:[<>=]|kink|tie)[^()]*\)$", "", text))[-1].strip()


def total(text):
    """A gradient's cell: its number, and the products that add up to it where there are several."""
    *before, number = re.split(r" [=≈~] ", text)
    return number, before[0] if before else None


def added(terms):
    """Products as they are written as a sum."""
    text = terms[0]
    for term in terms[1:4] if len(terms) <= 4 else terms[1:3]:
        text += f" - {term[1:]}" if term[0] == "-" else f" + {term}"
    return text if len(terms) <= 4 else f"{text} + … ({len(terms)} terms)"


def from_rows(rows):
    """Rows of cells: node, forward, gradient, input, local gradient, product; or the last three alone."""
    numbers = Numbers()
    for row in rows:
        cells = [cell.strip() for cell in row]
        if cells[0]:
            name = cells[0].split(" = ")[0]
            numbers.values[name] = cells[1]
            if cells[2]:
                numbers.gradients[name], numbers.sums[name] = total(cells[2])
        if len(cells) > 4 and cells[-2]:
            numbers.edges.append((last(cells[-2]), last(cells[-1])))
    return numbers


def from_table(report):
    lines = to_table.render(report).split("\n\n")[1].splitlines()
    rows = []
    for line in lines[2:]:
        cells = re.split(r"\s{2,}", line)
        if cells[0] and len(cells) in (5, 2):      # held constant: the gradient's cell is empty
            cells.insert(2, "")
        rows.append(cells if cells[0] else ["", "", "", *cells[-3:]])
    return from_rows(rows)


def from_notebook(report):
    text = to_notebook.render(report)
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", text)]
    return from_rows([[unescape(re.sub("<[^>]*>", "", cell)) for cell in row] for row in rows if row])


def from_plain(report):
    numbers = Numbers()
    for line in to_plain.render(report, everything=True).splitlines():
        name, _, fact = line.partition(": ")
        if fact.startswith("forward value "):
            numbers.values[name] = fact[14:]
        elif fact.startswith("gradient "):
            written = re.split(r" [=~] ", fact, maxsplit=1)[1].replace("...", "…")
            numbers.gradients[name], numbers.sums[name] = total(written)
        elif fact.startswith("local gradient "):
            numbers.edges.append([last(fact)])
        elif fact.startswith("upstream times local "):
            numbers.edges[-1].append(last(fact))
    numbers.edges = list(map(tuple, numbers.edges))
    return numbers


def from_blocks(report):
    numbers, name = Numbers(), ""
    for line in to_blocks.render(report, everything=True).splitlines():
        if line.startswith("  forward "):
            numbers.values[name] = line[len("  forward   "):]
        elif line.startswith("  ∂"):
            numbers.gradients[name], numbers.sums[name] = total(re.split(" [=≈] ", line, maxsplit=1)[1])
        elif line.startswith("      "):
            if numbers.edges and len(numbers.edges[-1]) == 1:
                numbers.edges[-1].append(last(line))
            else:
                numbers.edges.append([last(line)])
        elif line[:1].strip():
            name = line.split(" = ")[0]
    numbers.edges = list(map(tuple, numbers.edges))
    return numbers


def from_steps(report):
    numbers = Numbers()
    for line in report.to_steps().partition("\nCarried with")[0].splitlines():
        name = re.split(" [=≈] ", line.strip())[0]
        if name.startswith("∂"):
            numbers.gradients[name.split("/∂")[1]] = last(line.removesuffix(" (given)"))
        elif line.startswith("  "):
            numbers.values[name] = last(line)
    return numbers


def from_csv(report):
    numbers = Numbers()
    for row in csv.DictReader(io.StringIO(to_csv.render(report))):
        written = {key: "undefined" if text == "" else text for key, text in row.items()}
        numbers.values[row["node"]] = written["value"]
        if row["input"]:
            numbers.values[row["input"]] = written["input_value"]
            numbers.gradients[row["input"]] = written["input_gradient"]
            numbers.gradients[row["node"]] = written["gradient"]
            numbers.edges.append((written["local"], written["product"]))
    return decimals(numbers, report)


def from_json(report):
    data = json.loads(report.to_json())
    numbers = Numbers()
    exact = data.get("exact", {"nodes": [{}] * len(data["nodes"]), "edges": [{}] * len(data["edges"])})

    def number(of, forms, key):
        return forms.get(key) or ("undefined" if of[key] is None else repr(of[key]))

    for node, forms in zip(data["nodes"], exact["nodes"]):
        if report.shows(node["id"]):
            numbers.values[node["label"]] = number(node, forms, "value")
            if report.is_live(node["id"]):
                numbers.gradients[node["label"]] = number(node, forms, "gradient")
    numbers.edges = [(number(edge, forms, "local"), number(edge, forms, "product"))
                     for edge, forms in zip(data["edges"], exact["edges"])]
    return decimals(numbers, report)


def decimals(numbers, report):
    """Full precision as people see it."""
    def shown(text):
        # Of hand arithmetic JSON has the number and not its zeros; both are compared without them.
        if report.decimals is not None and text != "undefined":
            return f"{float(text):.6g}"
        return show(float(text)) if re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", text) and "." in text else text

    numbers.values = {name: shown(text) for name, text in numbers.values.items()}
    numbers.gradients = {name: shown(text) for name, text in numbers.gradients.items()}
    numbers.edges = [tuple(map(shown, edge)) for edge in numbers.edges]
    return numbers


def from_html(report):
    text = report.to_html()
    shown = {}
    for key, written in re.findall(r'data-n="([vglp][\d.]+)"[^>]*>([^<]*)<', text):
        if "." not in key[1:] or key[0] in "lp":
            shown.setdefault(key, set()).add(unescape(written))
    numbers = Numbers()
    for k in range(len(report)):
        if not report.shows(k):
            continue
        label = report.label(k)
        numbers.values[label], = shown[f"v{k}"]
        if report.is_live(k):
            numbers.gradients[label], = shown[f"g{k}"]
    for edge in report.edges:
        where = f"{edge.node}.{edge.slot}"
        local, = shown[f"l{where}"]
        # Within a sum, a product is written without its sign; in the list of steps it has it.
        product = shown[f"p{where}"]
        numbers.edges.append((local, max(product, key=len)))
    return numbers


def from_key(report):
    numbers = Numbers()
    shown = {report.label(k) for k in range(len(report)) if report.shows(k)}
    for key, typed, _ in sheet_items(report.to_worksheet(reveal=True), "key.txt"):
        if key in shown:
            numbers.values[key] = typed
        elif key.startswith(f"d{report.top}/d") and not (report.symbol == report.top and key in locals_of(report)):
            numbers.gradients[key.partition("/d")[2]] = typed
    return numbers


def locals_of(report):
    return {f"d{report.label(edge.node)}/d{report.label(edge.input)}" for edge in report.edges
            if edge.node != report.graph.output}


FORMS = {"table": from_table, "plain": from_plain, "blocks": from_blocks, "steps": from_steps,
         "notebook": from_notebook, "csv": from_csv, "json": from_json, "html": from_html, "key": from_key}


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(6))
def test_every_form_shows_the_numbers_of_the_run(runs, seed, form, arithmetic):
    report, numbers = runs(seed, arithmetic)
    found = FORMS[form](report)
    found.sums = {name: text for name, text in found.sums.items() if text is not None}
    mine = Numbers()
    mine.values, mine.gradients, mine.edges = dict(numbers.values), dict(numbers.gradients), list(numbers.edges)
    mine.sums = {name: added(terms) for name, terms in numbers.sums.items()}
    if form in ("csv", "json") and report.decimals is not None:
        mine = decimals(mine, report)
    assert found.values.keys() == mine.values.keys() or form == "key"
    assert found.gradients.keys() == mine.gradients.keys() or form == "key"
    mine.same(found)


def tex_numbers(text):
    """The numbers behind the last sign of each line of TeX that is an equation, by what stands on the left."""
    found, left = {}, ""
    for line in text.partition("Every number")[0].splitlines():
        head, mark, rest = line.removesuffix(r" \\").partition(" &")
        if mark:
            left = head.strip() or left
            value = re.split(r"(?:=|\\approx) ", rest.partition(r"\quad (")[0])[-1]
            found[left] = value
    return found


def read(typed):
    """A number as it is written in text or in TeX."""
    return None if "undefined" in typed else constant(typed_number(typed).replace(" ", ""), "number")


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("form", ["latex", "markdown"])
@pytest.mark.parametrize("seed", range(6))
def test_equations_and_table_in_tex_show_the_numbers_of_the_run(runs, seed, form, arithmetic):
    report, numbers = runs(seed, arithmetic)
    text = report.to_latex() if form == "latex" else report.to_markdown()
    equations = tex_numbers(text)
    shown = [*numbers.values.values(), *numbers.gradients.values()]
    assert sorted(str(read(value)) for value in equations.values()) == sorted(str(read(value)) for value in shown)
    table = text.partition("Every number")[2].partition("Drift")[0]
    between, ends = ("&", r" \\\noalign{\vskip 4pt}") if form == "latex" else (" | ", " |")
    if "& forward" not in table and "| forward" not in table:
        return                                     # one column, where all else would be too wide
    cells = [[cell.strip(" |$`") for cell in row.removesuffix(ends).split(between)] for row in table.splitlines()
             if between in row and "node" not in row and "---" not in row and "longtable" not in row]
    values = [read(row[1]) for row in cells if row[1]]
    assert values == [read(value) for value in numbers.values.values()]
    gradients = []
    for row in cells:                              # a sum may go on in the rows below
        if row[0]:
            gradients.append("")
        gradients[-1] += f" {row[2]}"
    gradients = [re.split(r" = | \\approx ", text) for text in gradients if text.strip()]
    assert [read(parts[-1]) for parts in gradients] == [read(value) for value in numbers.gradients.values()]
    assert sum(len(parts) == 2 for parts in gradients) == len(numbers.sums)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("seed", range(6))
def test_a_picture_shows_every_value_and_every_product(runs, seed, arithmetic):
    report, numbers = runs(seed, arithmetic)
    shown = set(map(unescape, re.findall(r">([^<>]+)<", report.to_svg())))
    assert set(numbers.values.values()) <= shown
    assert {product for _, product in numbers.edges} <= shown
