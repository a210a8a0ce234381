"""The table of modes is true: an option that a run takes changes what the run shows, and any other is refused."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

import bpcalc as package
from bpcalc.modes import ALWAYS, APART, MODES, mode_of
from bpcalc.ops import FUNCTIONS, NAMED_CONSTANTS, TABLE
from bpcalc.options import BY_KEY, FORMATS, sort
from bpcalc.render import to_functions

SCHEMA = json.loads((Path(package.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))
TEXT, GIVEN = "q = x*y + 1/3; r = relu(q); f = sqrt(r)", ["x=2", "y=3.14159265"]
ARRAYS = ["s = W @ x; f = sum(relu(s)) / 3", "W=[1 -2; 0.5 4; 3 1]", "x=[3, 1.0625]"]
LARGE = "; ".join(["f0 = x*y", *(f"f{at} = f{at - 1}/3 + y" for at in range(1, 60))])
TAILS = {
    "functions": ["--functions"], "practice": ["--practice=hard"], "batch": ["--batch", "rows.csv"],
    "grade": ["--grade", "class.csv"], "check": ["--check", "q=6.61, dx=0.4"], "worksheet": ["--worksheet", "--reveal"],
    "paths": ["--paths", "x"], "descent": ["--lr", "0.1", "--iterations", "2"], "report": [],
}
FILES = {
    "more.txt": "y = 7\n", "data.csv": "y,z\n1,2\n3,4\n", "text.txt": TEXT, "sheet.txt": "dx = 3\n",
    "class.csv": "student,q,dx,df/df\nA,6.61,0.6,1\nB,7,,2\n", "entries.csv": "student,n30\nA,1\n",
    "rough.csv": "student,q,dx\nA,6,0\n", "rows.csv": "x\n1\n2\n",
}
VALUES = {
    "wrt": "y", "upstream": "2", "bindings": "more.txt", "data": "data.csv", "file": "text.txt", "digits": "3",
    "title": "A title", "round": "0", "require": "all", "tolerance": "0.5", "lr": "0.1", "iterations": "3",
    "optimizer": "adam", "momentum": "0.5", "until": "100", "seed": "9", "variants": "2", "paths": "x",
    "check": "df=1", "check_file": "sheet.txt", "grade": "class.csv", "batch": "rows.csv", "practice": "easy",
    "expand": "",
}
LEARNING = {"lr": [], "iterations": ["--lr", "0.1"], "optimizer": ["--lr", "0.1"],
            "momentum": ["--lr", "0.1", "--iterations", "3", "--optimizer", "momentum"],
            "until": ["--lr", "0.1", "--iterations", "3"]}
OTHERS = [key for key in BY_KEY if key not in ALWAYS and key not in ("help", "version")] + ["expand="]
SILENT = {
    ("practice", "worksheet"): "it keeps a terminal from asking, and here is none",
}
REFUSED = ("cannot go together", "has no part in", "needs", "cannot show")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def words_of(key):
    if key == "expand=":
        return ["--expand=s"]
    name = f"--{key.replace('_', '-')}"
    if BY_KEY[key].metavar is None:
        return [name]
    return [f"{name}={VALUES[key]}"] if key in ("expand", "practice") else [name, VALUES[key]]


def pair(mode, form, key, learnt):
    """The words of two runs of a mode that differ by one option, chosen so that it has something to do."""
    text, given, tail, option = [TEXT], list(GIVEN), list(TAILS[mode]), words_of(key)
    worked = mode == "descent" and form in ("steps", "latex", "markdown")
    if worked:
        tail = ["--lr", "0.1"]                     # a worked solution shows one update
    if mode in ("functions", "practice"):
        return tail, [*tail, *option]
    if mode == "batch":
        given = given[1:]
    if key == "bindings":
        given = given[:-1]
    elif key == "data":
        text, given = ["q = sum(x*y); f = sqrt(q)"], given[:1]
    elif key == "file":
        text = []
    elif key in ("expand", "expand=") and mode not in ("batch", "paths"):
        text, given = ARRAYS[:1], ARRAYS[1:]
        tail = {"grade": ["--grade", "entries.csv"], "check": ["--check", "n30=1"]}.get(mode, tail)
        tail = [*tail, "--expand"] if key == "expand=" else tail
    elif key == "round" and mode in ("check", "grade"):
        tail = {"check": ["--check", "q=6, dx=0"], "grade": ["--grade", "rough.csv"]}[mode]
    elif key == "all":
        text = [LARGE]
    elif key == "reveal" or (key == "digits" and mode == "check"):
        tail = [word for word in tail if word != "--reveal"] + ["--reveal"] * (key == "digits")
    elif key in LEARNING and mode == "descent" and (not worked or not LEARNING[key]):
        tail = LEARNING[key]
    elif key in LEARNING and mode in ("check", "grade"):
        right = learnt(*LEARNING[key]) if LEARNING[key] else 1
        tail = {"check": ["--check", f"new x={right}"], "grade": ["--grade", "learn.csv"]}[mode] + LEARNING[key]
    before = [*text, *given, *tail]
    if tail[-1:] == ["--expand"]:
        return before, [*before[:-1], *option]
    return before, [*before, *option]


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "form"), [(mode.name, form) for mode in MODES for form in mode.formats])
def test_an_option_changes_what_is_shown_or_is_refused(mode, form, folder, bpcalc):
    if form in ("png", "pdf"):
        pytest.importorskip("cairosvg")
    row = next(row for row in MODES if row.name == mode)
    target = folder / f"out.{form}"

    def learnt(*options):
        ran = bpcalc(TEXT, *GIVEN, *options, "--json")
        value = json.loads(ran.out)["descent"]["weights"][0]["after"]
        (folder / "learn.csv").write_text(f"student,new x\nA,{value!r}\n")
        return repr(value)

    def outcome(words):
        target.unlink(missing_ok=True)
        where = ["-o", str(target)] if form in ("png", "pdf") else []
        ran = bpcalc(*words, "--format", form, *where)
        assert ran.code in (0, 1, 2), ran.err
        assert ran.code != 2 or (ran.out == "" and not target.exists())
        return ran.code, ran.out, ran.err, target.read_bytes() if target.exists() else b""

    for key in OTHERS:
        if key in row.made_by or (mode, key) in SILENT:
            continue
        (folder / "learn.csv").write_text("student,new x\nA,1\n")
        before, after = pair(mode, form, key, learnt)
        if mode_of(sort(after)[0]) is not row:
            continue                               # this is another mode, which has a row of its own
        code, _, said, _ = now = outcome(after)
        refused = code == 2 and any(words in said for words in REFUSED)
        if form in row.forms_of(key):
            assert not refused, f"{key}: {said}"
            assert now != outcome(before), f"{key} changes nothing"
        else:
            assert refused, f"{key} is ignored"
            assert words_of(key)[0].partition("=")[0] in said, "the option is named"
            assert "hint" in said, "and what to do"


@pytest.mark.parametrize("mode", [mode.name for mode in MODES])
def test_a_format_that_a_mode_does_not_have_is_refused(mode, folder, bpcalc):
    row = next(row for row in MODES if row.name == mode)
    words = [*([] if mode in ("functions", "practice") else [TEXT, *GIVEN[mode == "batch":]]), *TAILS[mode]]
    for form in FORMATS:
        if form not in row.formats:
            ran = bpcalc(*words, "--format", form)
            assert (ran.code, ran.out) == (2, "")
            assert f"--format {form} cannot show {row.words}" in ran.err
            assert f"hint: choose {row.formats[0]}" in ran.err


def test_options_that_exclude_each_other_are_both_named(bpcalc):
    for some, others, why in APART:
        for one, other in ((one, other) for one in some for other in others):
            ran = bpcalc(TEXT, *GIVEN, *words_of(one), *words_of(other))
            assert (ran.code, ran.out) == (2, "")
            assert f"--{one} and --{other} cannot go together" in ran.err
            assert why in ran.err


@pytest.mark.parametrize("option", BY_KEY.values(), ids=lambda option: option.key)
def test_a_value_that_is_empty_is_refused(option, bpcalc):
    for empty in ("", " ") if option.metavar and option.metavar[0] != "[" else ():
        ran = bpcalc("x*y", "x=1", "y=2", option.names[-1], empty)
        assert (ran.code, ran.out) == (2, "")
        assert option.names[-1] in ran.err
        assert "empty" in ran.err or "names no file" in ran.err


def test_what_the_result_does_not_say_is_said_beside_it(folder, bpcalc):
    (folder / "pets.csv").write_text("x,pet\n1,cat\n2,dog\n")
    (folder / "marks.csv").write_text("student,df\nA,1\n")
    note, unused = "bpcalc: note: pet: 0 = cat, 1 = dog\n", "bpcalc: warning: z has a value"
    words = ["f = sum(x*pet*w)", "--data", "pets.csv", "w=1", "z=2"]
    for tail in (["--check", "df=1"], ["--grade", "marks.csv"], ["--worksheet", "--expand"], ["--paths", "w"],
                 ["--format", "svg"]):
        said = bpcalc(*words, *tail).err
        assert note in said, tail
        assert unused in said, tail
    assert note not in bpcalc(*words).err, "the table has it"


def test_every_mode_says_what_it_takes_of_known_options_and_formats():
    for mode in MODES:
        assert set(mode.formats) <= set(FORMATS)
        for key, forms in mode.takes.items():
            assert key.rstrip("=") in BY_KEY
            assert set(forms or ()) <= set(mode.formats)


def test_the_list_of_functions_for_programs_has_every_operation_and_constant(bpcalc):
    found = json.loads(bpcalc("--functions", "--json").out)
    jsonschema.validate(found, SCHEMA)
    assert [row["name"] for row in found["functions"]] == [row.name for row in TABLE if row.params]
    assert found["constants"] == NAMED_CONSTANTS
    people = bpcalc("--functions").out
    assert all(f"  {row['written']}" in people for row in found["functions"])


def test_functions_that_are_named_come_alone_for_programs_too(bpcalc):
    found = json.loads(bpcalc("--functions", "relu", "pi", "max", "--json").out)
    assert found["constants"] == {"pi": NAMED_CONSTANTS["pi"]}
    assert [row["name"] for row in found["functions"]] == ["relu", "max", "reduce_max"]
    assert found["functions"][0]["gradients"] == ["∂out/∂x = 1 if x > 0 else 0"]
    assert json.loads(bpcalc("--functions", "pi", "--json").out)["functions"] == []


def test_a_name_after_functions_that_means_none_is_told_the_nearest(bpcalc):
    ran = bpcalc("--functions", "tanh", "sigmiod")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == ("bpcalc: error: there is no function or operator 'sigmiod'\n"
                       "  hint: did you mean sigmoid or logsigmoid?\n")
    assert bpcalc("--functions", "x=3").err.endswith("hint: bpcalc --functions lists them\n")


@pytest.mark.parametrize("row", [row for row in TABLE if row.params], ids=lambda row: row.name)
def test_every_name_of_a_function_shows_its_gradients_its_domain_and_its_kinks(bpcalc, row, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    symbol = () if row.fixity is None else (row.fixity[0],)
    for name in (row.name, row.word, *row.aliases, *symbol):
        shown = bpcalc("--functions", "--", name).out
        assert f"{to_functions.spelling(row)}: {row.doc}\n" in shown
        facts = [*to_functions.gradients(row), *(test for test, _ in row.domain), *(words for _, words in row.kinks)]
        for fact in facts:
            assert fact in shown


@pytest.mark.parametrize("row", [row for row in TABLE if row.statics], ids=lambda row: row.name)
def test_every_keyword_of_a_function_is_shown_with_it(bpcalc, row):
    words = {"axis": "axis=", "keepdims": "keepdims=", "at": "[i, j]", "shape": "(x, 2, 3)"}
    shown = bpcalc("--functions", "--", row.name).out
    assert all(words[name] in shown for name in row.statics)


def test_a_constant_is_shown_with_its_digits(bpcalc):
    assert bpcalc("--functions", "pi").out == "pi = 3.141592653589793\n"
    both = bpcalc("--functions", "relu", "pi").out
    assert bpcalc("--functions", "relu").out in both
    assert both.endswith("pi = 3.141592653589793\n")


@pytest.mark.parametrize("row", [row for row in TABLE if row.params], ids=lambda row: row.name)
def test_what_the_list_of_functions_shows_can_be_typed(bpcalc, row):
    given = {"index": ["x=[1 2; 3 4]", "i=0", "j=1"], "one_hot": ["y=1", "n=3"], "reshape": ["x=[1, 2, 3, 4, 5, 6]"],
             "cross_entropy": ["s=[1, 2]", "y=0"], "hinge": ["s=[1, 2]", "y=0"], "acosh": ["x=2"]}.get(row.name)
    for text in to_functions.spelling(row).replace("...", "a").replace("), ", ")\n").splitlines():
        names = {word for word in re.findall(r"[a-z]+", text) if word not in FUNCTIONS and f"{word}=" not in text}
        number = "[0.2, 0.3]" if row.structural else "0.3"
        ran = bpcalc(text, *(given or [f"{name}={number}" for name in sorted(names)]))
        assert ran.code == 0, (text, ran.err)
