"""The architecture as data: what may import what, where the heavy packages come in, and what is banned."""

import ast
import re
from pathlib import Path

import pytest

import bpcalc

PACKAGE = Path(bpcalc.__file__).parent
FILES = {str(path.relative_to(PACKAGE))[:-3].replace("/", "."): path for path in PACKAGE.rglob("*.py")}

# From the bottom up: a module imports only from layers below its own.
LAYERS = [
    {"errors", "ops", "records", "special", "written"},
    {"graph", "layout", "lexer", "options", "render.markup", "render.numbers", "render.symbols",
     "render.wrap"},
    {"backends", "complaints", "idioms", "javascript", "modes", "notation", "render.grids", "terminal"},
    {"files"},
    {"arrays", "render.orientation"},
    {"building"},
    {"syntax", "compiled", "array_steps"},
    {"blocks"},
    {"dependence", "spans", "formula"},
    {"failures", "notes"},
    {"engine"},
    {"bindings", "child", "kept"},
    {"exact", "rounded"},
    {"streams"},
    {"data", "report", "render.hand"},
    {"array_report"},
    {"calculate"},
    {"batch", "rows"},
    {"opened"},
    {"verify", "paths", "descent", "homework.rounding", "homework.replay", "render.cells", "render.tex",
     "render.to_caret", "render.to_functions", "render.wiring"},
    {"homework.answers", "homework.mistakes", "render.to_blocks", "render.worked", "render.to_tree"},
    {"homework.causes", "homework.kinks", "homework.sheets", "homework.worksheet", "render.solution"},
    {"homework.check"},
    {"homework.derivatives", "homework.grade", "homework.practice"},
    {"homework.session"},
    {"render.to_circuit", "render.to_dot", "render.to_mermaid", "render.to_json", "render.to_table",
     "render.to_plain", "render.to_csv", "render.to_descent", "render.to_latex", "render.to_markdown",
     "render.to_steps", "render.to_svg", "render.to_verdicts"},
    {"render.to_plot", "render.to_html", "render.to_rows", "render.to_grades", "render.to_image", "render.to_notebook"},
    {"render.to_worksheet"},
    {"render.to_practice"},
    {"request"},
    {"runs.batch", "runs.functions", "runs.homework", "runs.practice", "runs.report"},
    {"cli"},
    {"command", "__main__"},
]
OPEN = {"__init__", "render.__init__", "homework.__init__", "runs.__init__"}
# Imports inside functions that point upwards, and why.
UPWARD = {
    ("array_report", "opened"): "ArrayReport.opened is there for convenience",
    ("report", "render.to_json"): "Report.to_json is there for convenience",
    ("report", "render.to_table"): "Report.to_table is there for convenience",
    ("report", "render.to_steps"): "Report.to_steps is there for convenience",
    ("report", "render.to_latex"): "Report.to_latex is there for convenience",
    ("report", "render.to_markdown"): "Report.to_markdown is there for convenience",
    ("report", "render.to_worksheet"): "Report.to_worksheet is there for convenience",
    ("report", "homework.answers"): "Report.check is there for convenience",
    ("report", "homework.check"): "Report.check is there for convenience",
    ("homework.check", "homework.derivatives"): "a derivative is judged in a run of its own",
    ("report", "descent"): "Report.check is there for convenience",
    ("report", "render.to_svg"): "Report.to_svg is there for convenience",
    ("report", "render.to_html"): "Report.to_html is there for convenience",
    ("errors", "render.to_caret"): "a traceback asks an error to show itself",
    ("report", "render.to_notebook"): "notebooks ask a Report to show itself",
    ("terminal", "render.to_caret"): "a warning quotes the user's text; only a run that warns loads it",
    ("cli", "command"): "--help and completion; command runs cli.execute in turn",
}
DOORS = {"cairosvg": {"render.to_image"}, "click": {"command"},
         "rich": {"render.to_table"}, "sympy": {"backends", "verify", "exact"},
         "numpy": {"arrays", "blocks", "opened"},
         "mpmath": set()}


def level(name):
    return next((at for at, layer in enumerate(LAYERS) if name in layer), None)


def imports(name):
    """What a module imports: (module, whether at run time)."""
    path = FILES[name]
    package = name.split(".")[:-1]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {id(node) for test in ast.walk(tree)
                   if isinstance(test, ast.If) and getattr(test.test, "id", "") == "TYPE_CHECKING"
                   for node in ast.walk(test)}
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else None
            if base is None:
                yield node.module
            else:
                prefix = ".".join([*base, *([node.module] if node.module else [])])
                for alias in node.names:
                    inner = f"{prefix}.{alias.name}" if prefix else alias.name
                    yield f"bpcalc:{inner if inner in FILES else prefix}"


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_module_has_its_layer(name):
    assert name in OPEN or level(name) is not None, f"put {name} into LAYERS"


@pytest.mark.parametrize("name", sorted(set(FILES) - OPEN))
def test_imports_point_downwards(name):
    for target in imports(name):
        if target.startswith("bpcalc:"):
            target = target.removeprefix("bpcalc:")
            if not target or target in OPEN or (name, target) in UPWARD:
                continue
            assert level(target) < level(name), f"{name} imports {target}"


@pytest.mark.parametrize("name", sorted(FILES))
def test_heavy_packages_come_in_by_their_door(name):
    for target in imports(name):
        top = target.split(".")[0]
        if top in DOORS:
            assert name in DOORS[top], f"{name} imports {top}"


def test_text_is_evaluated_in_one_function_only():
    for name, path in FILES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Module))]:
            for node in ast.iter_child_nodes(function):
                for call in ast.walk(node) if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) else ():
                    called = getattr(getattr(call, "func", None), "id", None) if isinstance(call, ast.Call) else None
                    if called in ("eval", "exec", "compile", "__import__"):
                        assert (name, function.name) == ("backends", "run_text")


@pytest.mark.parametrize("word", ["sympify", "parse_expr", "lambdify", "nsimplify", "isidentifier", "shell=True",
                                  "os.system", "pickle", "setrecursionlimit"])
def test_what_is_dangerous_does_not_occur(word):
    for name, path in FILES.items():
        text = re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.S)
        assert word not in text, f"{word} in {name}"


def test_what_coverage_leaves_out_has_its_reason_beside_it():
    for name, path in FILES.items():
        for line in path.read_text(encoding="utf-8").splitlines():
            assert "pragma: no" not in line or re.search(r"# pragma: no (cover|branch) - \w+", line), (name, line)


def test_no_function_calls_itself():
    # Nothing may recurse over the user's data.  What is listed recurses over the table's own rows.
    allowed = {("backends", "definition"), ("backends", "visit_IfExp"), ("arrays", "rule")}
    for name, path in FILES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        methods = {id(node) for kind in ast.walk(tree) if isinstance(kind, ast.ClassDef) for node in kind.body}
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef) or (name, function.name) in allowed:
                continue
            for call in ast.walk(function):
                if isinstance(call, ast.Call):
                    through_self = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "self"
                    called = call.func.attr if through_self else getattr(call.func, "id", None)
                    own = through_self == (id(function) in methods)
                    assert not (own and called == function.name), (name, function.name)


def test_everything_public_is_typed_and_documented():
    for name, path in FILES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{name} has no docstring"
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{name}.{node.name} has no docstring"


def test_the_page_on_architecture_names_every_module():
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page[page.index("| file |"):page.index("Imports point only")]
    named = set(re.findall(r"`(?:\w+/)?(\w+\.\w+)`", table))
    for name in FILES.keys() - OPEN:
        assert name.startswith("render.") or f"{name.rpartition('.')[2]}.py" in named, name


def test_the_page_on_architecture_names_the_doors_of_numpy():
    doors = {name for name, path in FILES.items() if re.search("^import numpy", path.read_text("utf-8"), re.MULTILINE)}
    assert doors == {"arrays", "blocks", "opened"}
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert "NumPy in `arrays.py`, `blocks.py` and `opened.py`" in " ".join(page.split())
