"""Every example in README.md and docs/ is run; ``pytest tests/test_docs.py --update`` rewrites them.

A ```console block holds commands after ``$ `` and what they print (standard output, then standard
error).  ``$ cat NAME`` shows a file that the following commands read or that an earlier one wrote;
``$ echo $?`` shows the last exit code.  Examples run in a folder that has the data sets of docs/data/.
A ```pycon block is a doctest.  Other blocks are not run.
"""

import doctest
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from bpcalc import backprop, child, exact, verify

from . import reference

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("**/*.md")])
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
PYTHON = re.compile(r"^```pycon\n(.*?)^```$", re.M | re.S)


def commands(block):
    """The commands of a block, each with the output that the page shows."""
    found = []
    for line in block.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append([line[2:].rstrip("\n"), ""])
        else:
            found[-1][1] += line
    return found


def rough(text):
    """The text with 13 digits of numbers that have more: the last ones are the processor's, by which NumPy sums."""
    return re.sub(r"\d+\.\d{12,}", lambda number: f"{float(number[0]):.13g}", text)


class Shell:
    """Just enough of a shell to run the examples in a folder of their own."""

    def __init__(self, bpcalc):
        self.bpcalc = bpcalc
        self.code = 0
        for path in (ROOT / "docs" / "data").glob("*.csv"):
            shutil.copy(path, path.name)

    def output(self, command, shown):
        if command == "echo $?":
            return f"{self.code}\n"
        words = shlex.split(command)
        if words[0] == "cat":
            path = Path(words[1])
            if not path.exists():
                path.write_text(shown, encoding="utf-8")
            return path.read_text(encoding="utf-8")
        stdin = ""
        if "<" in words:
            at = words.index("<")
            stdin = Path(words[at + 1]).read_bytes()
            del words[at:at + 2]
        assert words[0] == "bpcalc", f"examples run bpcalc and cat, not {words[0]}"
        ran = self.bpcalc(*words[1:], stdin=stdin)
        self.code = ran.code
        return ran.out + ran.err


@pytest.fixture
def patient(monkeypatch):
    """What sympy says is compared, not how long a busy machine takes."""
    for module in (verify, exact):
        monkeypatch.setattr(module, "ask", lambda name, task, seconds, answers: child.ask(name, task, 60.0, answers))


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_print_what_the_page_shows(page, bpcalc, tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    shell = Shell(bpcalc)
    text = page.read_text(encoding="utf-8")

    def rerun(match):
        parts = [f"$ {command}\n{shell.output(command, shown)}" for command, shown in commands(match[1])]
        return "```console\n" + "".join(parts) + "```"

    ran = BLOCK.sub(rerun, text)
    if request.config.getoption("--update"):
        page.write_text(ran, encoding="utf-8")
    assert rough(ran) == rough(text) or request.config.getoption("--update"), \
        f"{page.name} is not what the program prints: pytest tests/test_docs.py --update"


def test_every_command_of_the_readme_s_table_runs_when_it_is_pasted(bpcalc, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "docs" / "data", tmp_path / "docs" / "data")
    offered = re.findall(r"^\| `(bpcalc .+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert len(offered) >= 8
    for command in offered:
        ran = bpcalc(*shlex.split(command)[1:])
        assert ran.code == 0, f"{command}: {ran.err}"
        assert "warning" not in ran.err, f"{command}: {ran.err}"


def test_the_pictures_in_the_docs_are_what_the_commands_write(bpcalc, tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs" / "pictures.md"
    text = page.read_text(encoding="utf-8")
    shell = Shell(bpcalc)
    for match in BLOCK.finditer(text):
        for command, shown in commands(match[1]):
            shell.output(command, shown)
    pictures = re.findall(r"!\[.+\]\((.+\.svg)\)", text)
    assert len(pictures) == 5
    for name in pictures:
        made = Path(name).read_bytes()
        if request.config.getoption("--update"):
            (page.parent / name).write_bytes(made)
        assert (page.parent / name).read_bytes() == made, "pytest tests/test_docs.py --update draws it again"


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_examples_print_what_the_page_shows(page, monkeypatch):
    monkeypatch.chdir(ROOT / "docs" / "data")
    parser = doctest.DocTestParser()
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for match in PYTHON.finditer(page.read_text(encoding="utf-8")):
        runner.run(parser.get_doctest(match[1], {}, page.name, str(page), 0))
    assert runner.failures == 0


@pytest.mark.parametrize("module", ["report", "render.numbers", "render.to_caret", "homework.rounding"])
def test_docstring_examples_hold(module):
    import importlib

    assert doctest.testmod(importlib.import_module(f"bpcalc.{module}")).failed == 0


def test_the_operations_page_is_the_table(request):
    page = ROOT / "docs" / "operations.md"
    made = reference.operations_page()
    if request.config.getoption("--update"):
        page.write_text(made, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == made, "pytest tests/test_docs.py --update rewrites it"


def test_the_example_solution_is_what_the_program_writes(request):
    page = ROOT / "docs" / "example-solution.md"
    made = backprop("q = x + y; f = σ(q)/W1_1", {"x": -2, "y": 2, "W1_1": 4}).to_markdown()
    if request.config.getoption("--update"):
        page.write_text(made, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == made, "pytest tests/test_docs.py --update rewrites it"


def test_the_mistakes_page_is_the_table(request):
    page = ROOT / "docs" / "mistakes.md"
    made = reference.mistakes_page()
    if request.config.getoption("--update"):
        page.write_text(made, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == made, "pytest tests/test_docs.py --update rewrites it"


def test_examples_use_quotes_that_work_in_every_shell():
    for page in PAGES:
        for match in BLOCK.finditer(page.read_text(encoding="utf-8")):
            for command, _ in commands(match[1]):
                assert "'" not in command, f"single quotes in {page.name}: {command}"
                assert "#" not in command, f"a trailing comment in {page.name}: {command}"


def test_every_option_is_documented():
    from bpcalc.options import BY_NAME

    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    missing = [name for name in BY_NAME if name.startswith("--") and name not in text]
    assert not missing


def test_every_error_code_is_documented():
    from bpcalc import errors

    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    codes = {kind.code for kind in vars(errors).values()
             if isinstance(kind, type) and issubclass(kind, errors.BpcalcError)} - {"error"}
    assert codes == set(re.findall(r"^## `([a-z-]+)`", page, re.M))


def test_every_json_in_the_docs_validates(bpcalc, tmp_path, monkeypatch):
    import jsonschema

    monkeypatch.chdir(tmp_path)
    schema = json.loads((ROOT / "bpcalc" / "report.schema.json").read_text(encoding="utf-8"))
    count = 0
    for page in PAGES:
        shell = Shell(bpcalc)
        for match in BLOCK.finditer(page.read_text(encoding="utf-8")):
            for command, shown in commands(match[1]):
                output = shell.output(command, shown)
                if output.startswith('{"schema": "bpcalc/1"'):
                    jsonschema.validate(json.loads(output.splitlines()[-1] if "error" in output[:40] else output),
                                        schema)
                    count += 1
    assert count >= 3


def prose(page):
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def anchors(page):
    """What GitHub calls the headings of a page."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.+)$", prose(page), re.M)}


def test_links_between_pages_lead_to_a_page_and_to_a_heading_of_it():
    for page in [*PAGES, *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", prose(page)):
            path, _, anchor = target.partition("#")
            there = page.parent / path if path else page
            assert there.exists(), f"{page.name} links to {target}"
            assert not anchor or anchor in anchors(there), f"{page.name} links to {target}, which has no such heading"


def test_prose_fits_the_editor():
    for page in [ROOT / "CHANGELOG.md", ROOT / "docs" / "testing.md"]:
        for line in prose(page).splitlines():
            assert len(line) <= 120 or line.startswith("|"), f"{page.name}: {line}"
