"""The worked solution as LaTeX and as Markdown: every formula right, nothing that breaks out, and it compiles."""

import random
import re
import shutil
import subprocess

import pytest

from bpcalc import backprop
from bpcalc.ops import TABLE
from bpcalc.render import solution
from bpcalc.render.cells import Cells
from bpcalc.render.symbols import Symbols
from bpcalc.render.tex import TexHand, width
from bpcalc.render.to_latex import prose as latex_prose
from bpcalc.render.to_markdown import prose as markdown_prose

from .array_programs import ArrayProgram
from .oracles import Program

ENGINE = next((name for name in ("pdflatex", "tectonic", "xelatex", "lualatex") if shutil.which(name)), None)
needs_tex = pytest.mark.skipif(ENGINE is None, reason="no TeX engine: install texlive-latex-recommended")
FIRST = {"x": -2, "y": 5, "z": -4}


def compiled(text, folder, encoding="ascii"):
    """The log of compiling a document; fails where TeX does."""
    (folder / "solution.tex").write_text(text, encoding=encoding)
    words = [ENGINE, *([] if ENGINE == "tectonic" else ["-interaction=nonstopmode", "-halt-on-error"]), "solution.tex"]
    ran = subprocess.run(words, cwd=folder, capture_output=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout.decode("latin-1")[-1500:]
    log = folder / "solution.log"
    return log.read_text(encoding="latin-1") if log.exists() else ""


@pytest.mark.parametrize(("label", "tex"), [
    ("x", "x"), ("x1", "x_{1}"), ("W1_1", "W_{1,1}"), ("W11", "W_{11}"), ("s_car", r"s_{\mathrm{car}}"),
    ("n5", "n_{5}"),
    ("loss", r"\mathit{loss}"), ("Pixel_1", r"\mathit{Pixel}_{1}"), ("lambda", r"\lambda"), ("λ", r"\lambda"),
    ("alpha_0", r"\alpha_{0}"), ("δ_x", r"\delta_{x}"), ("Δx", r"\mathit{{\Delta}x}"), ("Α", r"\mathrm{A}"),
    ("x_", r"\mathtt{x\_}"), ("_", r"\mathtt{\_}"), ("a2b", r"\mathtt{a2b}"), ("0.5", "0.5"), ("1e-5", "10^{-5}")])
def test_a_name_is_set_with_subscripts_and_greek_letters(label, tex):
    assert TexHand().name(label) == tex


def test_names_that_would_look_alike_are_told_apart():
    hand = TexHand()
    assert [hand.name(label) for label in ("x1", "x_1", "lambda", "λ", "x1")] == \
        ["x_{1}", r"\mathtt{x\_1}", r"\lambda", r"\mathtt{{\lambda}}", "x_{1}"]


@pytest.mark.parametrize(("value", "tex"), [
    (-2.0, "-2"), (1e-5, "10^{-5}"), (-1e-5, "-10^{-5}"), (2.5e-7, r"2.5 \cdot 10^{-7}"), (1e20, "10^{20}"),
    (-0.0, "0"), (1 / 3, "0.333333"), (None, r"\text{undefined}")])
def test_a_number_is_set_without_e(value, tex):
    assert TexHand().number(value) == tex


@pytest.mark.parametrize(("text", "tex"), [
    ("a / b", r"\frac{a}{b}"), ("(a + b) / c", r"\frac{a + b}{c}"), ("(a / b)^2", r"\left(\frac{a}{b}\right)^{2}"),
    ("-a / b", r"-\frac{a}{b}"), ("a - -b", "a - (-b)"), ("a * (b + c)", r"a \cdot (b + c)"),
    ("a - (b - c)", "a - (b - c)"), ("a * (b * c)", r"a \cdot (b \cdot c)"), ("-(a + b)", "-(a + b)"),
    ("(-a)^2", "(-a)^{2}"), ("-a^2", "-a^{2}"), ("a^-b", "a^{-b}"), ("a^b^c", "a^{b^{c}}"), ("(a^b)^c", "(a^{b})^{c}"),
    ("exp(a)^2", "(e^{a})^{2}"), ("square(a + b)", "(a + b)^2"), ("square(square(a))", "(a^2)^2"),
    ("expm1(a) * b", r"(e^{a} - 1) \cdot b"), ("log1p(-a)", r"\ln(1 + (-a))"),
    ("log(a / b)", r"\ln\left(\frac{a}{b}\right)"),
    ("sigmoid(a)", r"\sigma(a)"), ("sqrt(a + b)", r"\sqrt{a + b}"), ("hypot(a + b, c)", r"\sqrt{(a + b)^2 + c^2}"),
    ("max(a, b, ..., c)", r"\max(a, b, \dots, c)"), ("1e-5 * a", r"10^{-5} \cdot a"),
    ("2.5e3^a", r"(2.5 \cdot 10^{3})^{a}"),
    (".5 * a", r"0.5 \cdot a"), ("2 * pi", r"2 \cdot \pi"), ("abs(a)", r"\left\lvert a \right\rvert"), ("-1", "-1")])
def test_a_formula_has_brackets_where_they_are_needed(text, tex):
    assert TexHand().formula(text, ["a", "b", "c"]) == tex


@pytest.mark.parametrize("row", [row for row in TABLE if row.params and row.name != "index"], ids=lambda row: row.name)
def test_the_braces_of_every_operation_balance(row):
    hand = TexHand()
    parts = [(r"-\frac{a}{b}", 30)] * (2 if row.variadic else len(row.params))
    tex = hand.compose(row, parts)
    depth = 0
    for char in tex:
        depth += (char == "{") - (char == "}")
        assert depth >= 0
    assert depth == 0
    assert tex.count(r"\left") == tex.count(r"\right")
    assert "|" not in tex, "a | would end the cell of a table"
    assert "operatorname" not in tex


def test_the_first_circuit_in_latex():
    text = backprop("q = x + y; f = q*z", FIRST).to_latex()
    assert "\nq &= x + y = -2 + 5 = 3 \\\\\n" in text
    assert r"f &= q \cdot z = 3 \cdot (-4) = -12" in text
    assert r"\frac{\partial f}{\partial x} &= \frac{\partial f}{\partial q} \cdot \frac{\partial q}{\partial x}" \
           r" = (-4) \cdot 1 = -4" in text
    assert "documentclass" not in text


def test_the_first_circuit_in_markdown():
    text = backprop("q = x + y; f = q*z", FIRST).to_markdown()
    assert text.count("```math\n\\begin{aligned}\n") == text.count("\\end{aligned}\n```\n") == 2
    assert r"| $`q = x + y`$ | $`3`$ | $`-4`$ | $`\frac{\partial q}{\partial x} = 1`$ | $`(-4) \cdot 1 = -4`$ |" in text


@pytest.mark.parametrize("seed", range(20))
def test_every_row_of_a_markdown_table_has_its_cells(seed):
    program = Program(seed)
    text = backprop(program.text, program.inputs).to_markdown()
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows
    assert len({line.count("|") for line in rows}) == 1
    assert all(cell.count("`") in (0, 2) for line in rows for cell in line.split("|"))


HOSTILE = ["end_document", "input_", "__", "_x_", "x__y", "lambda_lambda", "ΑΒΓ_δ", "verb", "n", "partial", "text_",
           "frac", "left", "dots", "begin", "ϑ1_ς"]


def hostile():
    names = [*HOSTILE, *("".join(random.Random(seed).choices("abXΓλ_12", k=6)) for seed in range(30))]
    names = list(dict.fromkeys(name for name in names if not name[0].isdigit()))
    text = " + ".join(f"{name}*{other}" for name, other in zip(names, names[1:]))
    comment = "# \\end{document} $ % ``` | $`\n"
    return backprop(comment + f"f = max({', '.join(names)})^2 / ({text}) # \\input{{x}}\n",
                    {name: at + 1.5 for at, name in enumerate(names)})


def test_nothing_of_the_users_text_is_copied_into_tex():
    for text in (hostile().to_latex(standalone=True), hostile().to_latex(), hostile().to_markdown()):
        assert text.isascii()
        assert r"\input" not in text
        assert text.count(r"\end{document}") in (0, 1)
        assert "%" not in text.replace("% Needs", "")


def test_prose_is_harmless():
    text = r"\end{document} $ % # & _ ^ ~ { } < > | ` * [ ] λ ∂ → ﷽" + "\n\n"
    assert latex_prose(text).isascii()
    # Outside mathematics no sign is left that TeX acts on, but for the commands and empty groups that stand for some.
    plain = re.sub(r"\\[a-z]+(\{\})?|\$[^$]*\$|\\.|-\{\}-", "", latex_prose(text))
    assert not set(plain) & set("\\{}$&#^_~%<>|")
    assert r"\end{" not in latex_prose(text)
    assert "\n" not in latex_prose(text) + markdown_prose(text)
    assert not set(re.sub(r"\\.", "", markdown_prose(text))) & set("`*_[]<>|$&#~")


@needs_tex
def test_hostile_names_compile(tmp_path):
    compiled(hostile().to_latex(standalone=True), tmp_path)


@needs_tex
def test_the_solution_compiles_at_the_first_run_and_fits_the_page(tmp_path):
    report = backprop("s_car = W1_1*x1 + λ*x2\n"
                      "L = max(0, -s_car + 1) + 1e-5*sigmoid(s_car)^2 / (1 + exp(-x2)) + relu(x1)",
                      {"W1_1": 0.25, "x1": -1.5, "λ": 1e-7, "x2": 2})
    log = compiled(report.to_latex(standalone=True), tmp_path)
    assert "Overfull" not in log
    assert "Rerun" not in log.replace("rerunfilecheck", "")


@needs_tex
def test_a_fragment_compiles_inside_a_document(tmp_path):
    fragment = backprop("q = x + y; f = q*z", FIRST).to_latex()
    compiled("\\documentclass{article}\n\\usepackage{amsmath,longtable}\n\\begin{document}\nBefore.\n"
             f"{fragment}After.\n\\end{{document}}\n", tmp_path)


@needs_tex
def test_every_operation_compiles(tmp_path):
    lines = []
    for row in TABLE:
        if row.params and row.samples:
            point = row.samples[0]
            names = [f"a{at}" for at in range(len(point))]
            text = f"{row.fixity[0]}a0" if row.name == "neg" else row.fixity[0].join(names) if row.fixity else \
                f"{row.name}({', '.join(names)})" if row.name != "identity" else "a0"
            report = backprop(f"f = 3*({text})", dict(zip(names, point)))
            lines.append(report.to_latex())
    body = "".join(lines)
    compiled("\\documentclass{article}\n\\usepackage{amsmath,longtable}\n\\begin{document}\n" + body
             + "\\end{document}\n", tmp_path)


@needs_tex
@pytest.mark.slow
def test_random_programs_compile(tmp_path):
    body = "".join(backprop(program.text, program.inputs).to_latex() for program in map(Program, range(30)))
    log = compiled("\\documentclass[11pt]{article}\n\\usepackage[margin=2cm]{geometry}\\usepackage{amsmath,longtable}\n"
                   "\\allowdisplaybreaks\n\\begin{document}\n" + body + "\\end{document}\n", tmp_path)
    assert log.count("Overfull") <= 2


@needs_tex
@pytest.mark.slow
def test_random_programs_over_arrays_compile_and_fit_the_page(tmp_path):
    body = "".join(backprop(program.text, program.values).to_latex() for program in (
        ArrayProgram(seed, size=5) for seed in range(20)))
    head = ("\\documentclass[11pt]{article}\n\\usepackage[margin=2cm]{geometry}\\usepackage{amsmath,longtable}\n"
            "\\allowdisplaybreaks\n\\setlength{\\parindent}{0pt}\n")
    log = compiled(f"{head}\\begin{{document}}\n{body}\\end{{document}}\n", tmp_path)
    assert log.count("Overfull") <= 1


def test_a_stack_of_matrices_is_set_as_matrices_below_each_other():
    tex = backprop("L = sum(stack(A, A))", A=[[1, 2], [3, 4]]).to_latex()
    matrix = r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}"
    assert rf"\begin{{bmatrix}} {matrix} \\ {matrix} \end{{bmatrix}}" in tex


ARRAYS = ("s = W @ x + b; h = relu(s); L = hinge(s, 1) + sum((h - [1, 2])^2)*0.5 + h[0] + mean(W*2, axis=0)[1]",
          {"W": [[1, 2], [-3, 4]], "x": [1, -2], "b": [0.5, 1e-5]})


def test_arrays_are_set_as_matrices():
    text = backprop(*ARRAYS).to_latex()
    assert r"W &= \begin{bmatrix} 1 & 2 \\ -3 & 4 \end{bmatrix}" in text
    assert r"\frac{\partial L}{\partial x} &= W^{\top}\,\mathrm{d}n_{3} = \begin{bmatrix} 4 \\ -2 \end{bmatrix}" in text
    assert r"\mathrm{mean}(n_{20}, \mathrm{axis} = 0)" in text
    assert r"\begin{bmatrix} -2.5 \\ -11 \end{bmatrix}" in text
    assert "?" not in text


@pytest.mark.parametrize(("text", "values", "tex"), [
    ("L = sum(W^2)", {"W": [[1, 2], [3, 4]]}, r"W^{\circ 2}"),
    ("L = sum(square(x))", {"x": [1, 2]}, r"x^{\circ 2}"),
    ("L = sum(W*W)", {"W": [[1, 2], [3, 4]]}, r"W \odot W"),
    ("L = sum(2*W)", {"W": [[1, 2], [3, 4]]}, r"2 \cdot W"),
    ("L = sum(abs(W))", {"W": [[1, 2], [3, 4]]}, r"\mathrm{abs}(W)"),
    ("L = sum(exp(W))", {"W": [[1, 2], [3, 4]]}, r"\exp(W)"),
    ("L = sum(sigmoid(x))", {"x": [1, 2]}, r"\odot (n_{1} \odot (1 - n_{1}))"),
    ("f = x @ y", {"x": [1, 2], "y": [3, 4]}, r"x^{\top} y"),
    ("f = sum(x^2) + sum(y)*2", {"x": [1, 2], "y": [3, 4]}, r"f &= (\sum x^{\circ 2}) + (\sum y) \cdot 2"),
    ("f = sum((W @ x)*y)", {"W": [[1, 2], [3, 4]], "x": [1, 2], "y": [3, 4]}, r"f &= \sum ((W x) \odot y)"),
    ("f = sum(a, b, c)", {"a": 1, "b": -2, "c": 3}, "f &= a + b + c = 1 + (-2) + 3 = 2"),
    ("L = hinge(s, 0, 2)", {"s": [1, 2]}, r"\mathrm{hinge}(s, 0, 2)"),
    ("L = mean(s)", {"s": [1, 2]}, r"\mathrm{d}L / N\text{ for every entry}"),
    ("L = cross_entropy(s, 0)", {"s": [1, 2]}, r"\mathrm{d}L\,(\mathrm{softmax}(s) - \mathrm{onehot}(0))")])
def test_what_works_entry_by_entry_does_not_read_as_an_operation_on_matrices(text, values, tex):
    assert tex in backprop(text, values).to_latex()


def column(text):
    return f"{text.split()[0]} &= \\begin{{bmatrix}} {' '.join(text.split()[1:])} \\end{{bmatrix}}"


@pytest.mark.parametrize(("text", "values", "shown"), [
    ("L = sum(W @ x)", {"W": [[1, 2], [3, 4]], "x": [5, 6]}, [r"x 5 \\ 6"]),
    ("L = sum(x @ W)", {"W": [[1, 2], [3, 4]], "x": [5, 6]}, ["x 5 & 6"]),
    ("L = sum(X + b)", {"X": [[1, 2], [3, 4]], "b": [5, 6]}, ["b 5 & 6"]),
    ("c = b*2; L = sum(X @ X + c)", {"X": [[1, 2], [3, 4]], "b": [5, 6]}, ["b 5 & 6"]),
    ("L = sum(X[0] * b) + X[:, 0] @ c", {"X": [[1, 2], [3, 4]], "b": [5, 6], "c": [7, 8]}, ["b 5 & 6", r"c 7 \\ 8"]),
    ("L = sum(sum(X, axis=0) * b) + sum(sum(X, axis=1) * c)", {"X": [[1, 2], [3, 4]], "b": [5, 6], "c": [7, 8]},
     ["b 5 & 6", r"c 7 \\ 8"]),
    ("L = sum(v)", {"v": list(range(10))}, [r"v 0 \\ 1 \\ 2 \\ \vdots \\ 7 \\ 8 \\ 9"])])
def test_a_vector_is_a_column_unless_it_is_used_as_a_row(text, values, shown):
    tex = backprop(text, values).to_latex()
    for vector in shown:
        assert column(vector) in tex


def test_a_vector_that_is_used_as_both_is_set_as_it_is_typed():
    tex = backprop("f = x @ A @ y + (A @ x) @ y", A=[[1, 2], [3, 4]], x=[1, 2], y=[5, 6]).to_latex()
    assert "x &= [1, 2]" in tex
    assert "y &= [5, 6]" in tex


def test_the_statements_stand_above_where_not_every_operation_has_a_name():
    text = backprop("q = x + y*z; f = q*exp(x)", FIRST).to_latex()
    start = text.partition("Forward pass")[0]
    assert r"q &= x + y \cdot z" in start
    assert r"f &= q \cdot e^{x}" in start
    assert "Circuit" not in backprop("q = x + y; f = q*z", FIRST).to_latex()


def test_a_sum_of_products_stands_in_the_table():
    text = backprop("f = x*y + 3*x", x=1, y=2).to_latex().partition("Every number")[2]
    assert "& $2 + 3 = 5$ &" in text


def test_entries_of_opened_arrays_are_names():
    hand = TexHand()
    names = {"W[0,1]", "W[0,10]", "b1[0]", "q_0"}
    assert hand.formula("W[0,1] * W[0,10]^2 - b1[0] + q_0 + max(q_0, ..., q_0)", names) == \
        r"W_{0,1} \cdot W_{0,10}^{2} - b_{1}[0] + q_{0} + \max(q_{0}, \dots, q_{0})"
    assert hand.condition("W[0,1] <= 0", names) == r"W_{0,1} \le 0"


@needs_tex
def test_arrays_compile(tmp_path):
    compiled(backprop(*ARRAYS).to_latex(standalone=True), tmp_path)


@needs_tex
@pytest.mark.parametrize("expression", [
    "sum(outer(x, y))", "sum(transpose(W) @ x)", "max(x)", "sum(stack(x, y)^2)", "sum(concat(x, y)^2)", "norm(x)",
    "sum(softmax(x)*y)", "sum(log_softmax(x)*y)", "logsumexp(x)", "cross_entropy(x, 1)", "prod(x)", "min(W)",
    "sum(reshape(W, 4)^2)", "sum(W[0, :]^2) + W[1, 0]", "mean(x)", "sum((x > y)*x)"])
def test_every_operation_on_arrays_compiles(tmp_path, expression):
    text = backprop(f"f = {expression}", {"x": [1.5, -2], "y": [0.5, 3], "W": [[1, 2], [3, 4]]}
                    if "W" in expression else {"x": [1.5, -2], "y": [0.5, 3]}).to_latex(standalone=True)
    assert "?" not in text
    compiled(text, tmp_path)


def test_a_wide_sum_is_broken_into_lines():
    text = "; ".join([*(f"a{i} = x*{i + 1}" for i in range(10)), "f = " + " + ".join(f"a{i}^2" for i in range(10))])
    lines = [line for line in backprop(text, x=1).to_latex().splitlines() if "&" in line and "alig" not in line]
    assert max(map(width, lines)) < 90


def test_a_wide_operation_is_shortened_everywhere():
    names = [f"x{i}" for i in range(40)]
    report = backprop(f"f = max({', '.join(names)})", {name: i for i, name in enumerate(names)})
    assert r"f &= \max(x_{0}, x_{1}, x_{2}, \dots, x_{39}) = \max(0, 1, 2, \dots, 39) = 39" in report.to_latex()


def test_where_names_are_very_wide_a_variable_that_is_held_has_its_value_alone():
    name = "w" * 40
    text = backprop(f"f = ({name}*x + {name}1)*sin({name}2*{name})/{name}",
                    {name: 1.5, f"{name}1": 3, f"{name}2": 4, "x": 2}, wrt="x").to_latex()
    *_, numbers = text.partition("Every number")
    rows = [line.partition(r"\\")[0].split("&") for line in numbers.splitlines() if "&" in line]
    cells = [value.strip() for node, value, *_ in rows if name in node]
    assert cells[:3] == ["$1.5$", "$3$", "$4$"]
    assert sum(r"\frac{\partial f}{\partial x}" in value for _, value, *_ in rows) == 1
    assert not any(rf"\partial \mathit{{{name}}}" in line for line in numbers.splitlines())


def test_an_undefined_gradient_is_named():
    assert r"\frac{\partial f}{\partial x} &= \frac{1}{2 \cdot \sqrt{x}} = \text{undefined}" in \
        backprop("f = sqrt(x)", x=0).to_latex()


def test_on_the_command_line(bpcalc, tmp_path):
    words = ["q = x + y; f = q*z", "x=-2", "y=5", "z=-4"]
    assert bpcalc(*words, "--format", "latex").out == backprop(words[0], FIRST).to_latex()
    assert bpcalc(*words, "--format", "markdown").out == backprop(words[0], FIRST).to_markdown()
    for name, more in (("a.tex", []), ("b.tex", ["--format", "latex"])):
        assert bpcalc(*words, *more, "-o", str(tmp_path / name)).code == 0
        assert (tmp_path / name).read_text(encoding="utf-8") == backprop(words[0], FIRST).to_latex(standalone=True)
    assert bpcalc(*words, "-o", str(tmp_path / "c.md")).code == 0
    assert (tmp_path / "c.md").read_text(encoding="utf-8").startswith("## Forward pass")


@pytest.mark.parametrize("text", [
    "f = atan2(weight_of_the_first, weight_of_the_second) * weight_of_the_first",
    "f = hypot(weight_of_the_first, weight_of_the_second) ^ weight_of_the_first",
    "q = weight_of_the_first / weight_of_the_second; f = tanh(q) * (weight_of_the_second - q)",
])
def test_equations_that_are_broken_in_a_table_are_all_there(text):
    report = backprop(text, weight_of_the_first=1.5, weight_of_the_second=2.5)
    hand = TexHand(6)
    broken, = (block for block in solution.blocks(report) if isinstance(block, solution.Table))
    cells = Cells(report, 6, Symbols(), hand)
    found = "".join(cell for row in broken.rows for cell in row[1:])
    joined = re.sub(r"\\q?quad| ", "", found)
    assert r"\qquad" in found
    for step in report.steps(range(len(report))):
        assert cells.gradient(step).replace(" ", "") in joined
        for edge in step.edges:
            assert cells.local(step, edge).replace(" ", "") in joined
            assert cells.product(edge).replace(" ", "") in joined


def test_a_page_has_only_the_parts_that_there_are():
    held = backprop("x*y", x=2, y=3, wrt=[]).to_latex()
    assert "{Forward pass}" in held
    assert "{Backward pass}" not in held
    exact = backprop("x*y", x=2, y=3).rounded(2).to_latex()
    assert exact.count("{longtable}[l]") == 1
    assert "nothing has drifted" in exact.partition("{Drift}")[2]
    assert "{Given}" not in backprop("1+2").to_worksheet("latex")
    assert "{Given}" in backprop("x+2", x=1).to_worksheet("latex")


def test_names_too_long_for_any_table_lose_nothing():
    name = "a" * 60
    page = backprop(f"{name} = x*y; {name}b = {name}^2; f = {name}b*{name}", x=2, y=3).to_latex()
    table = page.partition("{longtable}[l]")[2]
    for end in ("& $6$", "& $36$", "& $216$", "= 12$", "= 72$", r"\cdot 6 = 6$", r"\cdot 36 = 36$"):
        assert end in table


def test_a_title_stands_above_solutions_and_worksheets_in_any_form(bpcalc):
    words = ["q = x + y; f = q*z", "x=-2", "y=5", "z=-4", "--title", "Übung 3: 50 % & señor_1\n— #2"]
    tex = r"\section*{\"{U}bung 3: 50 \% \& se\~{n}or\_1 \textemdash{} \#2}"
    markdown = "# Übung 3: 50 % \\& señor\\_1 — \\#2"
    for sheet in ([], ["--worksheet"], ["--worksheet", "--reveal"]):
        assert bpcalc(*words, *sheet, "--format", "latex").out.splitlines()[1 + bool(sheet)] == tex
        assert bpcalc(*words, *sheet, "--format", "markdown").out.splitlines()[0] == markdown
    untitled = bpcalc(*words[:-2], "--worksheet").out
    assert bpcalc(*words, "--worksheet").out == f"# Übung 3: 50 % & señor_1 — #2\n#\n{untitled}"


def test_a_letter_that_tex_cannot_be_told_is_a_question_mark():
    assert latex_prose("Č日ő\u0301") == "\\v{C}???"


@pytest.mark.parametrize(("label", "tex"), [
    ("S[0,1]", "S_{0,1}"), ("Li[0]", r"\mathit{Li}_{0}"), ("loss[1,2]", r"\mathit{loss}_{1,2}"),
    ("b_1[0]", "b_{1}[0]")])
def test_an_entry_is_a_subscript_unless_its_name_has_one(label, tex):
    assert TexHand().name(label) == tex
