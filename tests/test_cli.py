"""The command line as people use it: words, files, exit codes, and nothing on stdout on failure."""

import json
import os
import re
import subprocess
import sys
import unicodedata

import pytest

from bpcalc import __main__

from .processes import child
from .test_catalogue import CATALOGUE, expanded


@pytest.mark.parametrize("case", CATALOGUE, ids=[case["id"] for case in CATALOGUE])
def test_catalogue_of_inputs(case, bpcalc):
    stdin = expanded(case["stdin"]) or ""
    ran = bpcalc(*map(expanded, case["argv"]), stdin=stdin.encode("utf-8", "surrogateescape"))
    assert ran.code == case["expect_exit"]
    assert "Traceback" not in ran.err
    for text in case["expect_stderr_contains"]:
        assert text in ran.err
    if ran.code:
        assert ran.out == ""
        assert len(ran.err) < 4000
    for char in ran.err:
        assert char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs")


@pytest.mark.parametrize("environment", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "latin-1"},
                                         {"PYTHONIOENCODING": "ascii"}], ids=lambda e: "-".join(e.values()))
def test_odd_encodings_never_give_a_traceback(environment):
    for words in (["x*y", "x=1"], ["(x+y)*z", "x=-2", "y=5", "z=-4"], ["σ*α", "σ=2", "α=3"], ["x\u202e*y"],
                  ["relu(x)", "x=0"]):
        ran = child(*words, **environment)
        assert ran.returncode in (0, 2)
        assert b"Traceback" not in ran.stderr


def test_names_are_read_as_utf8_whatever_the_locale():
    ran = child("α*β", "α=2", "β=3", "--wrt", "α", "--format", "html", "--title", "Ω", LC_ALL="C",
                PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"<title>\\u03a9" in ran.stdout or "<title>Ω".encode() in ran.stdout


def test_a_byte_that_is_not_utf8_is_named():
    ran = child(b"x\xff*y", b"x=1")
    assert ran.returncode == 2
    assert b"0xFF" in ran.stderr


@pytest.mark.parametrize("words", [
    ["-x*y", "x=1", "y=2"], ["-sin(x)*e", "x=1"], ["-o*y", "o=1", "y=2"], ["-2*y", "y=1"], ["--x*y", "x=1", "y=2"],
    ["--", "-x*y", "x=1", "y=2"], ["-h*y", "h=1", "y=2"], [" -x", "x=1"], ["x", "x=-2"],
], ids=" ".join)
def test_an_expression_may_begin_with_a_minus(words, bpcalc):
    assert bpcalc(*words).code == 0


def test_every_letter_after_a_minus_is_an_expression(bpcalc):
    for letter in "abcdefghijklmnopqrstuvwxyz":
        ran = bpcalc(f"-{letter}*other", f"{letter}=2", "other=3", "--json")
        assert ran.code == 0
        assert json.loads(ran.out)["value"] == -6


@pytest.mark.parametrize(("words", "texts"), [
    (["x*y", "x=1", "y=2", "--jsn"], ["--jsn", "did you mean --json?"]),
    (["x*y", "x=1", "y=2", "-json"], ["-json", "did you mean --json?"]),
    (["x*y", "--output"], ["--output needs a value"]),
    (["x*y", "x=1", "y=1", "--json=3"], ["--json"]),
    (["x*y", "x+y", "x=1"], ["x+y", "double quotes"]),
    (["x*y", "x=1", "y=2", "--digits", "0"], ["--digits", "1 to 17"]),
    (["x*y", "x=1", "y=2", "--format", "jsn"], ["did you mean json?"]),
    (["x*y", "x=1", "y=2", "--wrt", "w"], ["'w'", "x, y"]),
    (["x*y", "x=1", "y=2", "--wrt", ","], ["--wrt names no variable"]),
    (["x*y", "x=1", "y=2", "--upstream", "nan"], ["nan is not a finite number"]),
    (["x*y", "x=1", "y=2", "--json", "--format", "csv"], ["two formats"]),
    (["--file", "nowhere.txt"], ["cannot read nowhere.txt", "no such file"]),
    (["x", "x=1", "-o", ""], ["--output names no file"]),
    ([], ["Usage"]),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_usage_errors_say_what_to_do(words, texts, bpcalc):
    ran = bpcalc(*words)
    assert ran.code == 2
    assert ran.out == ""
    for text in texts:
        assert text in ran.err


def test_an_error_with_json_is_one_line_of_json(bpcalc):
    for words in (["x*", "--json"], ["x*y", "x=1", "--format", "json"], ["log(x)", "x=0", "--format=json"],
                  ["x", "x=1", "--json", "--nope"], ["x", "x=1", "x=2", "--json"]):
        ran = bpcalc(*words)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.count("\n") == 1
        error = json.loads(ran.err)["error"]
        assert set(error) == {"code", "message", "span", "hint", "rendered"}
        assert error["message"] in error["rendered"]


def test_an_unused_binding_is_a_warning_and_not_an_error(bpcalc):
    ran = bpcalc("x*y", "x=1", "y=2", "z=3")
    assert ran.code == 0
    assert ran.err == "bpcalc: warning: z has a value, but the expression does not use it\n"
    assert "z" not in ran.out


@pytest.mark.parametrize("text", ["x*y  # without z", "q = x*y  # without z", "ρ = x·y  # without z\nq = ρ"])
def test_a_comment_that_mentions_a_name_does_not_use_it(bpcalc, text):
    assert bpcalc(text, "x=1", "y=2", "z=3").err.startswith("bpcalc: warning: z has a value, but")


def test_all_names_without_a_value_are_named_at_once(bpcalc):
    assert "a, b, c" in bpcalc("a+b*c").err


def test_the_expression_can_come_from_a_file_or_standard_input(bpcalc, tmp_path):
    path = tmp_path / "circuit.txt"
    path.write_bytes(b"\xef\xbb\xbf# the first circuit\r\nq = x + y\r\nf = q*z\r\n")
    values = tmp_path / "values.txt"
    values.write_text("x = -2\ny = 5   # five\n\nz = -8/2\n")
    expected = bpcalc("q = x + y\nf = q*z", "x=-2", "y=5", "z=-4").out
    assert bpcalc("--file", path, "x=-2", "y=5", "z=-4").out == expected
    assert bpcalc("-", "x=-2", "y=5", "z=-4", stdin=path.read_bytes()).out == expected
    assert bpcalc("--file", path, "--bindings", values).out == expected
    assert bpcalc("--file", path, "--bindings", values, "x=1").code == 2


@pytest.mark.parametrize(("data", "text"), [(b"x*\xff", "offset 2"), (b"", "empty"),
                                            (b"\xff\xfex\x00", "UTF-16")], ids=["byte", "empty", "utf16"])
def test_standard_input_that_cannot_be_read(data, text, bpcalc):
    ran = bpcalc("-", "x=1", stdin=data)
    assert ran.code == 2
    assert text in ran.err


def test_a_file_is_written_whole_or_not_at_all(bpcalc, tmp_path):
    target = tmp_path / "result.json"
    assert bpcalc("x*y", "x=1", "y=2", "-o", target).out == ""
    assert json.loads(target.read_text())["value"] == 2
    before = target.read_text()
    assert bpcalc("x/y", "x=1", "y=0", "-o", target).code == 2
    assert target.read_text() == before
    assert bpcalc("x", "x=1", "-o", tmp_path / "no" / "where.json").code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_the_ending_of_the_file_chooses_the_format(bpcalc, tmp_path):
    for ending, begin in ((".csv", "node,operation"), (".txt", "f = x * y = 2"), (".json", '{"schema"')):
        target = tmp_path / f"out{ending}"
        bpcalc("x*y", "x=1", "y=2", "-o", target)
        assert target.read_text(encoding="utf-8").startswith(begin)


def test_a_file_that_cannot_hold_it_is_told_which_endings_can(bpcalc, tmp_path):
    ran = bpcalc("x*y", "x=1", "y=2", "--lr", "0.1", "-o", tmp_path / "x.html")
    assert ran.err.splitlines() == ["bpcalc: error: a file that ends in .html cannot show gradient descent",
                                    "  hint: choose .json, .csv, .txt, .svg, .png, .pdf, .tex or .md"]


def test_names_of_files_in_the_place_of_a_product_are_known_by_the_files(bpcalc, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "the shell" not in bpcalc("x", "notes", "y", "x=1", "y=2").err
    (tmp_path / "notes").touch()
    assert "the shell has put file names in the place of a *" in bpcalc("x", "notes", "y", "x=1", "y=2").err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_reported():
    with open("/dev/full", "wb") as full:
        for words in (["x", "x=1"], ["x", "x=1", "--json"]):
            ran = subprocess.run([sys.executable, "-m", "bpcalc", *words], stdout=full, stderr=subprocess.PIPE,
                                 check=False)
            assert ran.returncode == 2
            assert b"cannot write the result" in ran.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize("buffered", [True, False])
def test_a_reader_that_goes_away_is_not_an_error(buffered):
    env = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    if not buffered:
        env["PYTHONUNBUFFERED"] = "1"
    text = "+".join(["x"] * 4000)
    ran = subprocess.run(["bash", "-c", f'"$0" -m bpcalc "{text}" x=1 --json | head -1; echo ${{PIPESTATUS[0]}}',
                          sys.executable], capture_output=True, env=env, check=False)
    assert ran.stderr == b""
    assert ran.stdout.splitlines()[-1] in (b"141", b"0")


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_a_closed_standard_output_is_reported():
    ran = subprocess.run(["bash", "-c", '"$0" -m bpcalc x x=1 >&-', sys.executable], capture_output=True,
                         check=False)
    assert ran.returncode == 2
    assert b"cannot write" in ran.stderr


def test_version_and_help_go_to_standard_output(bpcalc):
    from bpcalc import __version__

    assert bpcalc("--version").out == f"bpcalc {__version__}\n"
    text = bpcalc("--help").out
    assert text.index("Examples:") < text.index("What to compute:")
    assert len(re.findall(r'^  bpcalc "', text, re.M)) == 3
    assert bpcalc("-h").out == text


def test_colour_is_for_terminals_or_on_demand(bpcalc, monkeypatch):
    words = ["x*y", "x=1", "y=2"]
    assert "\x1b" not in bpcalc(*words).out
    assert "\x1b[32m" in bpcalc(*words, "--color", "always").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" in bpcalc(*words).out
    assert "\x1b" not in bpcalc(*words, "--color", "never").out
    assert "\x1b" not in bpcalc(*words, "--json").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in bpcalc(*words).out


@pytest.mark.parametrize("columns", ["0", "1", "20", "60", "abc", "-5", "10000", ""])
def test_odd_widths_lose_nothing(columns, bpcalc, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    ran = bpcalc("1/(1+exp(-(w0*x0+w1)))", "w0=2", "x0=-1", "w1=-3.25")
    assert ran.code == 0
    for number in ("-5.25", "190.566", "0.00522013", "0.00519288"):
        assert number in ran.out


def test_a_million_digits_are_not_echoed(bpcalc):
    ran = bpcalc("-", stdin="9" * 1_000_000)
    assert ran.code == 2
    assert len(ran.err) < 1000


@pytest.mark.parametrize(("words", "message"), [
    (["--steps", "-o", "a.svg"], "a file that ends in .svg does not hold steps"),
    (["--format", "csv", "-o", "a.json"], "a file that ends in .json does not hold csv"),
    (["--format", "plain", "-o", "a.html"], "a file that ends in .html does not hold plain"),
    (["--graph", "--worksheet"], "--worksheet and --graph cannot go together"),
    (["--graph", "--paths", "x"], "--paths and --graph cannot go together"),
    (["--symbolic", "--format", "svg"], "--symbolic has no part in svg"),
    (["--gradcheck", "--format", "csv"], "--gradcheck has no part in csv"),
])
def test_options_that_ask_for_two_things_are_refused(words, message, bpcalc, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = bpcalc("x*y", "x=1", "y=2", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"bpcalc: error: {message}\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [["x*y", "x=1", "y=2"], ["x*", "x=1"], ["log(x)", "x=0", "--json"]], ids=" ".join)
def test_memory_that_runs_out_even_over_an_error_is_an_error_in_words(words, bpcalc, monkeypatch):
    from bpcalc import cli

    real, failures = cli._fail, []

    def once(error, as_json):
        failures.append(error)
        if len(failures) == 1:
            raise MemoryError
        return real(error, as_json)

    monkeypatch.setattr(cli, "_fail", once)
    if words[0] == "x*y":
        def attempt(*_):
            raise MemoryError

        monkeypatch.setattr(cli, "_attempt", attempt)
        failures.append(None)
    ran = bpcalc(*words)
    assert (ran.code, ran.out) == (2, "")
    assert "there is not enough memory for this" in ran.err


@pytest.mark.parametrize(("words", "texts"), [
    (["--lr", "abc"], ["the value of --lr must be a number", "\n  --lr abc\n       ^^^\n"]),
    (["--upstream", "1+"], ["\n  --upstream 1+\n"]),
    (["--wrt", "W[0,0]"], ["'W[0,0]'"]),
    (["-o", "p.xyz"], ["there is no format for a file that ends in .xyz", ".svg", "--format"]),
    (["-o", "p.jpg"], ["no .jpg pictures are made"]),
    (["--steps", "--json"], ["--json and --steps ask for two formats"]),
])
def test_what_an_option_is_given_is_quoted_as_it_was_typed(words, texts, bpcalc, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = bpcalc("x*y", "x=1", "y=2", *words)
    assert (ran.code, ran.out) == (2, "")
    for text in texts:
        assert text in ran.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("ended", "code", "told"), [
    (KeyboardInterrupt(), 130, "bpcalc: interrupted\n"),
    (RuntimeError("\x1b"), 70, "bpcalc: internal error (please report it): RuntimeError: \N{SYMBOL FOR ESCAPE}\n"),
    (MemoryError(), 2, "bpcalc: error: there is not enough memory for this\n"),
    (OSError(12, "Cannot allocate memory"), 2, "bpcalc: error: there is not enough memory for this\n"),
    (BrokenPipeError(32, "Broken pipe"), 141, ""),
    (OSError(28, "No space left on device"), 2, "bpcalc: error: cannot write the result: no space left on device\n"),
], ids=repr)
def test_whatever_ends_a_run_has_its_exit_code_and_words(ended, code, told, bpcalc, monkeypatch):
    def execute(options, words):
        raise ended

    monkeypatch.setattr("bpcalc.cli.execute", execute)
    ran = bpcalc("x", "x=1")
    assert (ran.code, ran.out, ran.err) == (code, "", told)


def test_a_developer_sees_the_traceback_of_an_internal_error(bpcalc, monkeypatch):
    def execute(options, words):
        raise RuntimeError("here")

    monkeypatch.setattr("bpcalc.cli.execute", execute)
    monkeypatch.setenv("BPCALC_DEBUG", "1")
    with pytest.raises(RuntimeError, match="here"):
        bpcalc("x", "x=1")


def test_a_shell_is_told_how_a_name_goes_on():
    ran = child(_BPCALC_COMPLETE="bash_complete", COMP_WORDS="bpcalc (x+y)*z x=1 ", COMP_CWORD="3")
    assert (ran.returncode, ran.stdout.split()) == (0, [b"plain,y=", b"plain,z="])


def test_an_interrupt_is_met_before_anything_is_loaded(monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("bpcalc.cli.main", interrupted)
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 130


def test_values_come_from_a_file_and_from_words_together(bpcalc, tmp_path):
    path = tmp_path / "w.txt"
    path.write_text("x = 2\ny = 1/4\n", encoding="utf-8")
    assert bpcalc("x*y + z", "z=3", "--bindings", path, "--json").out == \
        bpcalc("x*y + z", "x=2", "y=0.25", "z=3", "--json").out
    assert "'y' is given a value twice, on the command line and in " in bpcalc("x*y", "y=3", "--bindings", path).err


def test_beside_a_file_a_word_that_binds_nothing_is_no_second_expression(bpcalc, tmp_path):
    path = tmp_path / "f.txt"
    path.write_text("x*y", encoding="utf-8")
    for word in ("x*2", "two"):
        ran = bpcalc("--file", path, word, "x=1", "y=2")
        assert (ran.code, ran.out) == (2, "")
        assert f"'{word}' is not a binding\n" in ran.err
        assert "  hint: values are given as NAME=VALUE\n" in ran.err


@pytest.mark.parametrize(("error", "told"), [("MemoryError", ""), ("ValueError", "ValueError")])
def test_memory_that_runs_out_where_nothing_can_be_raised_is_not_told_of_twice(error, told):
    program = f"""
from bpcalc import cli

def given_up():
    try:
        yield
    finally:
        raise {error}

def run():
    next(given_up())
    return 2

cli.run = run
cli.main()
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 2
    assert (told in ran.stderr) if told else ran.stderr == ""
