"""The recipes of docs/grading.md, run by the graders themselves where they are installed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "grading.md").read_text(encoding="utf-8")
RECIPES = {match[1]: match[2] for match in re.finditer(r"^```python\n# ([^\n]+)\n(.*?)^```$", PAGE, re.M | re.S)}
RIGHT = {"q": 3, "f": -12, "dq": -4, "dx": -4, "dy": -4, "dz": 3}
SLIP = {"q": 3, "f": -12, "dq": 4, "dx": 4, "dy": 5, "dz": None}


def test_the_page_has_a_recipe_for_each():
    assert set(RECIPES) == {"run_tests.py", "q1.py", "nbgrader test cell"}


def test_gradescope(tmp_path):
    pytest.importorskip("gradescope_utils")

    def scores(answers):
        (tmp_path / "run_tests.py").write_text(RECIPES["run_tests.py"], encoding="utf-8")
        (tmp_path / "answers.txt").write_text(answers, encoding="utf-8")
        env = {**os.environ, "SHEET": str(tmp_path / "answers.txt"), "RESULTS": str(tmp_path / "results.json")}
        subprocess.run([sys.executable, "run_tests.py"], cwd=tmp_path, env=env, check=True, capture_output=True)
        return json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["tests"]

    right = scores("".join(f"{key} = {value}\n" for key, value in RIGHT.items()))
    assert [test["score"] for test in right] == [1] * 6
    slip = scores("".join(f"{key} = {'' if value is None else value}\n" for key, value in SLIP.items()))
    assert [test["score"] for test in slip] == [1, 1, 0, 1, 0, 0]
    assert "the sign is wrong" in slip[2]["output"]
    assert "missing" in slip[5]["output"]
    unreadable = scores("q = four\n")
    assert [test["score"] for test in unreadable] == [0] * 6
    assert "cannot be read" in unreadable[0]["output"]


def test_otter(tmp_path, monkeypatch):
    otter = pytest.importorskip("otter")
    monkeypatch.chdir(tmp_path)                    # it keeps a log where it runs
    (tmp_path / "q1.py").write_text(RECIPES["q1.py"], encoding="utf-8")
    notebook = otter.Notebook(tests_dir=str(tmp_path))
    found = notebook.check("q1", global_env={"answers": RIGHT})
    assert (found.score, found.possible) == (6, 6)
    found = notebook.check("q1", global_env={"answers": SLIP})
    assert found.score == 2
    assert "the sign is wrong" in found.summary()


def test_nbgrader(tmp_path):
    pytest.importorskip("nbgrader")
    import nbformat
    from nbclient import NotebookClient
    from nbgrader.utils import determine_grade

    def points(answers):
        cell = nbformat.v4.new_code_cell(RECIPES["nbgrader test cell"])
        cell.metadata["nbgrader"] = {"grade": True, "solution": False, "points": 6, "grade_id": "q1", "locked": True,
                                     "schema_version": 3, "task": False}
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"answers = {answers!r}"), cell])
        book.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
        NotebookClient(book, timeout=60).execute()
        shown = "".join(output.get("text", "") for output in book.cells[1].outputs)
        return determine_grade(book.cells[1]), shown

    assert points(RIGHT)[0] == (6.0, 6.0)
    grade, shown = points(SLIP)
    assert grade == (3.0, 6.0)
    assert "the sign is wrong" in shown
    assert points({})[0] == (0.0, 6.0)             # nothing answered is no point
