"""Start-up is a feature: what each kind of run may not import."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest

HEAVY = {"sympy", "numpy", "mpmath", "rich", "click", "pygments", "importlib.metadata", "dataclasses", "typing",
         "inspect", "argparse", "subprocess", "difflib", "asyncio", "logging", "hypothesis"}
JSON_RUN = HEAVY | {"json", "re", "enum", "tempfile", "unicodedata"}

PROGRAM = """
import sys
before = set(sys.modules)
from bpcalc.cli import run
code = run(sys.argv[1:])
sys.stdout.flush()
after = sorted(name for name in sys.modules if name not in before)
import json
print(json.dumps([code, after]), file=sys.stderr)
"""


def imported(*words):
    ran = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{PROGRAM}", *words],
                         capture_output=True, text=True, encoding="utf-8", check=True)
    code, modules = json.loads(ran.stderr.splitlines()[-1])
    return code, set(modules)


def loaded(modules, banned):
    return {name for name in banned if name in modules}


@pytest.mark.parametrize("words", [
    ("(x+y)*z", "x=-2", "y=5", "z=-4", "--json"),
    ("q = x + y; f = q*z", "x=-2", "y=5", "z=-4", "--format", "csv"),
    ("relu(x)*max(x, y)", "x=1", "y=2", "--format", "plain"),
    ("x*y", "x=1", "y=2", "--format", "blocks"),
    ("--version",), ("--functions",),
    ("x^2", "x=1", "--lr", "0.1", "--iterations", "100"),
    ("(x+y)*z", "x=-2", "y=5", "z=-4", "--check", "dx=-4, dy=-4.0, n3=3"),
    ("(x+y)*z", "x=-2", "y=5", "z=-4", "--check", "dx=-4", "--json"),
], ids=lambda words: " ".join(words)[:30])
def test_a_run_for_programs_loads_next_to_nothing(words):
    code, modules = imported(*words)
    assert code == 0
    assert loaded(modules, JSON_RUN) == set()


@pytest.mark.parametrize("words", [("log(x)", "x=0"), ("x*y", "x=1", "--json"), ("2x", "x=1")],
                         ids=lambda words: " ".join(words))
def test_an_error_loads_no_renderer(words):
    code, modules = imported(*words)
    assert code == 2
    assert loaded(modules, {"sympy", "numpy", "rich", "click", "importlib.metadata"}) == set()


def test_a_table_loads_rich_and_no_more_than_it_needs():
    code, modules = imported("(x+y)*z", "x=-2", "y=5", "z=-4")
    assert code == 0
    assert "rich.table" in modules
    assert loaded(modules, {"sympy", "numpy", "click", "pygments", "importlib.metadata", "rich.markdown",
                            "rich.syntax", "rich.traceback"}) == set()
    if int(version("rich").partition(".")[0]) >= 15:  # before, Rich itself loaded them
        assert loaded(modules, {"rich.pretty", "rich._emoji_codes"}) == set()


def test_help_needs_click_and_nothing_heavier():
    code, modules = imported("--help")
    assert code == 0
    assert loaded(modules, {"sympy", "numpy", "rich", "importlib.metadata"}) == set()


def test_sympy_stays_in_the_child():
    code, modules = imported("x*y", "x=1", "y=2", "--symbolic", "--json")
    assert code == 0
    assert loaded(modules, {"sympy", "mpmath", "rich", "click"}) == set()


def test_the_library_loads_only_when_it_is_used():
    ran = subprocess.run([sys.executable, "-c",
                          "import sys, bpcalc; print([m for m in sys.modules if m[:7] == 'bpcalc.'])"],
                         capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


# What a run of each kind loads, to the module.  One more is a cost to every such run: add it knowingly.
PYTHONS_OWN = {"__future__", "_collections_abc", "_json", "_operator", "_stat", "genericpath", "itertools", "math",
               "os", "os.path", "posixpath", "stat"}
STARTING = {"cli", "errors", "files", "options", "terminal"}
CALCULATING = STARTING | {"backends", "bindings", "building", "calculate", "dependence", "engine", "formula", "graph",
                          "lexer", "modes", "ops", "records", "render", "report", "request", "runs", "streams",
                          "syntax", "written"}
REPORTING = CALCULATING | {"runs.report"}
CHECKING = {"homework", "homework.answers", "homework.check", "homework.replay", "homework.rounding", "render.numbers",
            "render.symbols", "render.to_verdicts", "render.wrap", "runs.homework"}
WORDS = {"render.cells", "render.grids", "render.hand", "render.numbers", "render.symbols", "render.wrap"}


@pytest.mark.parametrize(("words", "own"), [
    (["x*y", "x=1", "y=2", "--json"], REPORTING | {"render.to_json"}),
    (["x*y", "x=1", "y=2", "--format", "csv"], REPORTING | {"render.to_csv"}),
    (["x*y", "x=1", "y=2", "--format", "plain"], REPORTING | WORDS | {"render.to_plain"}),
    (["x*y", "x=1", "y=2", "--check", "dx=2"], CALCULATING | CHECKING),
    (["--version"], STARTING),
], ids=lambda value: value[-1] if isinstance(value, list) else "")
def test_a_run_loads_these_modules_and_no_others(words, own):
    _, modules = imported(*words)
    found = {name.removeprefix("bpcalc.") for name in modules if name.startswith("bpcalc.")}
    assert found == own
    assert {name for name in modules if not name.startswith("bpcalc")} <= PYTHONS_OWN
