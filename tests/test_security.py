"""What SECURITY.md promises, held by audit hooks (PEP 578): tests/audit/sitecustomize.py says what a run may do."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from bpcalc.options import FORMATS, OPTIONS

from .fuzz.run import corpus
from .fuzz.targets import PART, TARGETS, WORD, as_text, words_and_files
from .processes import command, environment
from .test_catalogue import CATALOGUE, expanded

HERE = pathlib.Path(__file__).parent
CANARY = "canary_name"

# Texts that would run somewhere else, from the advisories of calculators and evaluators.
ATTACKS = [
    "__import__('os').system('echo canary_name')", "().__class__.__base__.__subclasses__()",
    "(lambda: canary_name)()", "open('canary_name').read()", "exec('canary_name')", "eval(canary_name)",
    "print.__reduce__", "f'{canary_name}'", "canary_name.__globals__", "[canary_name for canary_name in x]",
    "raise SystemExit", "import canary_name", "$(touch canary_name)", "`touch canary_name`", "x; import os",
    "!canary_name", "%run canary_name", "{{canary_name}}", "<script>canary_name</script>", "@canary_name",
    "canary_name(x)", "canary_name:=1", "__builtins__", "\\input{canary_name}", "[link=file:///etc/passwd]x[/link]",
]

# A run of every option; one that is not here gets a value that looks like its own.
KNOWN = {
    "wrt": ["--wrt", CANARY], "upstream": ["--upstream", "2"], "bindings": ["--bindings", "values.txt"],
    "file": None, "format": ["--format", "plain"], "json": ["--json"], "digits": ["--digits", "3"],
    "steps": ["--steps"], "paths": ["--paths", CANARY], "all": ["--all"], "color": ["--color", "always"],
    "check": ["--check", f"d{CANARY}=1"], "check_file": ["--check-file", "answers.txt"],
    "require": ["--check", "dx=1", "--require", "all"], "strict": ["--check", "dx=1", "--strict"],
    "tolerance": ["--check", "dx=1", "--tolerance", "0.1"], "reveal": ["--check", "dx=1", "--reveal"],
    "symbolic": ["--symbolic"], "gradcheck": ["--gradcheck"], "lr": ["--lr", "0.1"],
    "iterations": ["--lr", "0.1", "--iterations", "20"], "optimizer": ["--lr", "0.1", "--optimizer", "adam"],
    "momentum": ["--lr", "0.1", "--optimizer", "momentum", "--momentum", "0.5"],
    "until": ["--lr", "0.1", "--iterations", "20", "--until", "0.1"], "output": ["-o", "out.json"],
    "functions": ["--functions"], "version": ["--version"], "help": ["--help"], "grade": ["--grade", "class.csv"],
    "practice": ["--practice", "hard"], "seed": ["--practice", "--seed", "7"],
    "variants": ["--practice", "--variants", "3"],
    "data": ["--data", "data.csv"],
}
FILES = {"values.txt": "unused = 1\n", "answers.txt": "dx = 1\n", "class.csv": "student,dx\nAda,1\n",
         "data.csv": "a,b\n1,two\n", "expression.txt": f"x*sin({CANARY})"}
LIKELY = {None: [], "PATH": ["values.txt"], "FILE": ["out.json"], "N": ["3"]}
RUNS = {option.key: KNOWN[option.key] if option.key in KNOWN else
        [option.names[0], *LIKELY.get(option.metavar, ["1"])] for option in OPTIONS}
GIVEN = ["x=2", f"{CANARY}=3"]


def watched(words, folder):
    """The exit code of a real process, and what the hook noted in it and in its children."""
    for name, text in FILES.items():
        (folder / name).write_text(text)
    log = folder / "log"
    files = [folder / name for name in (*FILES, "out.json") if name in words]
    env = environment(PYTHONPATH=str(HERE / "audit"), PYTHONDONTWRITEBYTECODE="1", BPCALC_AUDIT_LOG=str(log),
                      BPCALC_AUDIT_FILES=os.pathsep.join(map(str, files)), BPCALC_AUDIT_CANARY=CANARY)
    ran = subprocess.run(command(*words), capture_output=True, env=env, cwd=folder, check=False, timeout=60)
    assert b"broke off" not in ran.stdout          # the cross-check's child was watched, too, and lived
    return ran.returncode, log.read_text() if log.exists() else ""


@pytest.mark.parametrize("key", RUNS)
def test_a_run_with_each_option_does_nothing_but_what_it_was_told(key, tmp_path):
    words = [f"x*sin({CANARY})", *GIVEN, *(RUNS[key] or ())]
    if key == "file":
        words = ["--file", "expression.txt", *GIVEN]
    elif "--practice" in words or key == "functions":
        words = RUNS[key]                          # neither takes an expression
    code, noted = watched(words, tmp_path)
    assert code in ((0, 1) if key in KNOWN else (0, 1, 2))
    assert noted == ""


# PNG and PDF are drawn by an extra, cairosvg, which looks for the system's cairo library in its own ways.
@pytest.mark.parametrize("form", [form for form in FORMATS if form not in ("png", "pdf")])
def test_no_format_does_more_than_write(form, tmp_path):
    code, noted = watched([f"x*sin({CANARY})", *GIVEN, "--format", form], tmp_path)
    assert noted == ""
    assert code == 0


@pytest.mark.parametrize("program", [
    "import socket; socket.socket()", "import subprocess; subprocess.run(['true'])", "import os; os.system('true')",
    "open('other.txt', 'w')", "open('/etc/hostname').read()", "eval('canary_name', {'canary_name': 1})",
    "exec('canary_name = 1')", "import canary_name", "import ctypes; ctypes.CDLL('libc.so.6')",
    "import os; os.fork() or os._exit(0)",
    "import urllib.request; urllib.request.urlopen('http://localhost:1')", "import os; os.unlink('values.txt')",
    "import pathlib; pathlib.Path('values.txt').rename('b.txt')",
])
def test_the_watch_sees_what_it_is_there_for(program, tmp_path):
    (tmp_path / "values.txt").write_text("")
    log = tmp_path / "log"
    env = environment(PYTHONPATH=str(HERE / "audit"), BPCALC_AUDIT_LOG=str(log), BPCALC_AUDIT_CANARY=CANARY)
    subprocess.run([sys.executable, "-c", program], capture_output=True, env=env, cwd=tmp_path, check=False, timeout=60)
    assert log.exists()


def cases():
    """Every kept text: attacks, the catalogue, published examples and the corpus of the fuzzers."""
    published = [json.loads(line) for line in (HERE / "data" / "published.jsonl").read_text().splitlines()]
    for text in ATTACKS:
        for words in ([text, "x=1"], ["x*2", f"x={text}"], ["x*2", f"{text}=1"], ["x", "x=1", "--check", text],
                      ["x", "x=1", "--wrt", text], ["x", "x=1", "--paths", text], ["-", "x=1"]):
            yield {"argv": words, "stdin": text if words[0] == "-" else ""}
    for case in CATALOGUE:
        yield {"argv": [expanded(word) for word in case["argv"]], "stdin": expanded(case["stdin"]) or ""}
    for case in published:
        yield {"argv": [case["expr"], *(f"{name}={value}" for name, value in case["bindings"].items()), "--json"],
               "stdin": ""}
    for target in TARGETS:
        for data in corpus(target):
            text = as_text(data)
            if target == "command":
                words, stdin, files = words_and_files(data)
                yield {"argv": words, "stdin": as_text(stdin),
                       "written": {name: as_text(content) for name, content in files.items()}}
            elif target == "answers":
                yield {"argv": ["q = x + y; f = q*z", "x=1", "y=2", "z=3", "--check", text], "stdin": ""}
            elif PART not in text and WORD not in text:
                yield {"argv": ["-", "x=1", "y=2"], "stdin": text}
                yield {"argv": ["x", f"x={text}"], "stdin": ""}


def named(words):
    """The files that the words name, by the paths' own options or as a value: NAME=@PATH."""
    paths = {name for option in OPTIONS if option.is_path for name in option.names}
    found = [following for word, following in zip(words, words[1:]) if word in paths]
    found += [word.partition("=@")[2].strip() for word in words if "=@" in word]
    return [*found, *(word.partition("=")[2] for word in words if word.partition("=")[0] in paths)]


def test_nothing_in_the_corpus_makes_a_run_do_more(tmp_path):
    lines = []
    for case in cases():
        written = case.get("written", {})
        files = [name for name in (*named(case["argv"]), *written) if "\0" not in name]
        lines.append(json.dumps({**case, "files": files, "canary": CANARY, "written": written}))
    env = environment(PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=str(HERE.parent))
    ran = subprocess.run([sys.executable, "-m", "tests.audit.bulk"], input="\n".join(lines), capture_output=True,
                         text=True, env=env, cwd=tmp_path, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr[-2000:]
    count, bad = json.loads(ran.stdout)
    assert count == len(lines) > 300
    assert bad == []
