"""The world around a run: streams, disks, files, terminals, environments, interrupts, memory.

Everything here is a real process.  Only two outcomes exist: a result, or one tidy error and nothing
on standard output.
"""

import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import threading
import time
from importlib.util import find_spec

import pytest

from bpcalc.modes import MODES
from bpcalc.options import FORMATS, OPTIONS

from .processes import CODES, assert_tidy, assert_told, child, command, environment

# Where a format matters little, most of them wait for the slow run.
EXTRA = pytest.mark.skipif(find_spec("cairosvg") is None, reason="no PNG and PDF without the extra 'pictures'")
REPORT = MODES[-1]
EACH_FORMAT = [form if form in ("table", "circuit", "json") else
               pytest.param(form, marks=[pytest.mark.slow, *([EXTRA] if form in ("png", "pdf") else [])])
               for form in FORMATS]
BINARY = [param for param in EACH_FORMAT if getattr(param, "values", "")[:1] in (("png",), ("pdf",))]
"""Pictures that no terminal shows: there they are refused."""
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
BOARD = ["(x+y)*z", "x=-2", "y=5", "z=-4"]
READS = [option for option in OPTIONS if option.is_path and "-o" not in option.names]
WRITES = [option for option in OPTIONS if option.is_path and "-o" in option.names]

# What each reading option finds in its file, and the words around it.
FILED = {
    "file": ("q = x + y\nf = q*z\n", BOARD[1:]),
    "bindings": ("x = -2\ny = 5\nz = -4\n", BOARD[:1]),
    "check_file": ("dx = -4\ndy = -4\ndz = 3\n", BOARD),
    "data": ("x,y,z\n-2,5,-4\n", BOARD[:1]),
    "grade": ("student,dx,dy,dz\nAda,-4,-4,3\n", BOARD),
}
KNOWN = frozenset(FILED)
FILED.update((option.key, ("x = 1\n", BOARD)) for option in READS if option.key not in FILED)


def with_file(option, path):
    words = FILED[option.key][1]
    return [*words, option.names[0], path]


def shell(script, *words, **changes):
    """Run a line of bash in which "$@" is bpcalc with ``words``."""
    return subprocess.run(["bash", "-c", script, "bash", *command(*words)], capture_output=True, check=False,
                          env=environment(**changes), timeout=60)


# ---------------------------------------------------------------------------------------- streams
@posix
@pytest.mark.parametrize("form", EACH_FORMAT)
def test_a_reader_that_goes_away_ends_the_run_in_silence(form):
    text = "+".join(["sin(x)"] * (200 if form in ("svg", "html", "pdf") else 60 if form == "png" else 1500))
    words = [text, "x=1", "--format", form, *["--all"] * (form in REPORT.forms_of("all"))]
    ran = shell('"$@" | head -c 20 >/dev/null; exit ${PIPESTATUS[0]}', *words)
    assert ran.stderr == b""
    assert ran.returncode in (141, 0, 2)           # 0: all of it fitted into the pipe
    if ran.returncode == 2:
        assert child(*words).returncode == 2


@posix
@pytest.mark.parametrize("form", EACH_FORMAT)
def test_a_full_disk_is_reported(form):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    for script in ('"$@" >/dev/full', '"$@" -o /dev/full'):
        ran = shell(script, *BOARD, "--format", form)
        assert_told(ran, 2, "cannot write", "no space left")


@posix
def test_closed_streams():
    assert_told(shell('"$@" >&-', *BOARD), 2, "cannot write the result")
    assert_told(shell('"$@" <&-', "-", "x=1"), 2, "standard input is closed")
    assert_told(shell('"$@" 0>/dev/null', "-", "x=1"), 2, "cannot read standard input: bad file descriptor")
    if os.path.exists("/dev/full"):
        for words, code in ((BOARD, 0), (["x*"], 2)):
            assert shell('"$@" 2>/dev/full', *words).returncode == code
    for words, code in ((BOARD, 0), (["x*"], 2), (["--help"], 0)):
        assert shell('"$@" 2>&-', *words).returncode == code
        ran = shell('"$@" 2>&- >&- <&-', *words)
        assert (ran.returncode, ran.stdout, ran.stderr) == (2, b"", b"")


@posix
@pytest.mark.parametrize("form", FORMATS)
def test_a_graph_too_large_for_a_format_is_an_error_of_its_own(form):
    text = "+".join(["sin(x)"] * 1500)
    ran = child(text, "x=1", "--format", form)
    if ran.returncode:
        assert_told(ran, 2, "picture")
    else:
        assert ran.stdout


# ------------------------------------------------------------------------------------------ files
@posix
@pytest.mark.parametrize("option", READS, ids=lambda option: option.key)
def test_a_file_that_cannot_be_read_is_named(option, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name, why in ((".", "is a directory"), ("none", "no such file"), ("loop", "symbolic links"),
                      ("dangling", "no such file"), ("none/there", "no such file"), ("n" * 300, "too long")):
        assert_told(child(*with_file(option, name), cwd=tmp_path), 2, "cannot read", why)
    locked = tmp_path / "locked"
    locked.write_text(FILED[option.key][0])
    locked.chmod(0)
    if not os.access(locked, os.R_OK):             # root reads everything
        assert_told(child(*with_file(option, locked)), 2, "cannot read", "permission denied")


@pytest.mark.parametrize("option", READS, ids=lambda option: option.key)
def test_byte_order_marks_and_windows_line_ends_change_nothing(option, tmp_path):
    text = FILED[option.key][0]
    expected = None
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode(), text.replace("\n", "\r\n").encode(),
                 b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(), text.rstrip("\n").encode()):
        path = tmp_path / "text"
        path.write_bytes(data)
        ran = child(*with_file(option, path))
        piped = child(*with_file(option, "-"), stdin=data)
        expected = expected or (ran.returncode, ran.stdout)
        assert expected[0] in (0, 2)
        assert expected[0] == 0 or option.key not in KNOWN
        assert (ran.returncode, ran.stdout) == (piped.returncode, piped.stdout) == expected


@pytest.mark.parametrize("option", READS, ids=lambda option: option.key)
@pytest.mark.parametrize("data", [
    b"\xff\xfex\x00=\x001\x00", b"x=\xff", b"\x00", b"x\x00y", b"\x80", b"PK\x03\x04\x14", b"x = 1\x1b[2J",
    b"\xed\xa0\x80", "x = ٣\n".encode(), b"\r", b"x = 1\rx = 2"], ids=repr)
def test_a_file_of_something_else_is_told_in_one_tidy_message(option, data, tmp_path):
    path = tmp_path / "data"
    path.write_bytes(data)
    assert_told(child(*with_file(option, path)), 2)


@posix
@pytest.mark.parametrize("option", READS, ids=lambda option: option.key)
def test_a_named_pipe_can_be_read(option, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = FILED[option.key][0]
    writer = threading.Thread(target=lambda: pipe.write_text(text))
    writer.start()
    ran = child(*with_file(option, pipe))
    writer.join()
    assert ran.returncode == 0 or option.key not in KNOWN
    assert b"cannot read" not in ran.stderr


@posix
def test_pipes_and_devices_can_be_written(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    seen = []
    reader = threading.Thread(target=lambda: seen.append(pipe.read_text()))
    reader.start()
    assert child(*BOARD, "--json", "-o", pipe).returncode == 0
    reader.join()
    assert json.loads(seen[0])["value"] == -12
    assert json.loads(child(*BOARD, "--json", "-o", "/dev/stdout").stdout)["value"] == -12
    assert child(*BOARD, "-o", "/dev/null").returncode == 0


@posix
def test_a_file_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere/there")
    for name, why in (("folder", "is a directory"), ("folder/", "is a directory"), ("none/file", "no such file"),
                      ("dangling", "no such file"), ("n" * 300, "too long")):
        assert_told(child(*BOARD, "-o", name, cwd=tmp_path), 2, "cannot write", why)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dangling", "folder"]


def bounded(*words, **options):
    """A run that, even by root, cannot write where it has no permission to."""
    return subprocess.run(["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command(*words)],
                          capture_output=True, check=False, env=environment(), timeout=60, **options)


@posix
def test_a_read_only_folder_or_file_is_respected(tmp_path):
    try:
        if subprocess.run(["setpriv", "--bounding-set=-dac_override,-dac_read_search", "true"], check=False,
                          capture_output=True).returncode:
            pytest.skip("cannot give permissions up")
    except FileNotFoundError:
        pytest.skip("needs setpriv")
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o555)
    assert_told(bounded(*BOARD, "-o", folder / "out.json"), 2, "cannot write", "permission denied")
    assert list(folder.iterdir()) == []
    kept = tmp_path / "kept.json"
    kept.write_text("old")
    kept.chmod(0o444)
    assert_told(bounded(*BOARD, "-o", kept), 2, "cannot write", "permission denied")
    assert kept.read_text() == "old"
    locked = tmp_path / "locked"
    locked.write_text("x")
    locked.chmod(0)
    assert_told(bounded("--file", locked), 2, "cannot read", "permission denied")


@posix
def test_a_folder_that_has_vanished(tmp_path):
    for words, code in ((BOARD, 0), ([*BOARD, "-o", "out.json"], 2), (["--file", "in.txt"], 2)):
        ran = shell(f'mkdir "{tmp_path}/gone" && cd "{tmp_path}/gone" && rmdir "{tmp_path}/gone" && "$@"', *words,
                    PYTHONPATH=str(pathlib.Path(__file__).parent.parent))
        assert ran.returncode == code, ran.stderr
        if code:
            assert_told(ran, 2, "no such file")


@posix
def test_a_link_is_followed_and_permissions_are_kept(tmp_path):
    real = tmp_path / "real.json"
    real.write_text("old")
    real.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(real)
    assert child(*BOARD, "-o", link).returncode == 0
    assert link.is_symlink()
    assert json.loads(real.read_text())["value"] == -12
    assert real.stat().st_mode & 0o777 == 0o640
    fresh = tmp_path / "fresh.json"
    assert shell('umask 027; "$@"', *BOARD, "-o", fresh).returncode == 0
    assert fresh.stat().st_mode & 0o777 == 0o640


def test_two_runs_writing_the_same_file_leave_one_whole_result(tmp_path):
    target = tmp_path / "out.json"
    text = "+".join(["x*y"] * 2000)
    runs = [subprocess.Popen(command(text, f"x={i}", "y=2", "-o", target), env=environment()) for i in range(6)]
    assert [run.wait(60) for run in runs] == [0] * 6
    assert json.loads(target.read_text())["value"] in [2000 * 2 * i for i in range(6)]
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


# ------------------------------------------------------------------------------------ environment
@pytest.mark.parametrize("form", EACH_FORMAT)
@pytest.mark.parametrize("columns", [
    "0", "1", "39", "10000", "9" * 30,
    *(pytest.param(text, marks=pytest.mark.slow)
      for text in ("2", "7", "20", "80", "133", "1000", "-1", "1e3", "٣", " 80"))])
def test_any_width_gives_a_result_that_is_not_empty(form, columns):
    ran = child(*BOARD, "--format", form, COLUMNS=columns)
    assert (ran.returncode, ran.stderr) == (0, b"")
    whole = (b"\x89PNG", b"IEND\xaeB`\x82") if form == "png" else (b"%PDF", b"%%EOF") if form == "pdf" else (b"12",)
    assert all(part in ran.stdout for part in whole)     # what stands in a picture is compressed


def rich_variables():
    """Every environment variable that Rich reads, from its own source."""
    import rich

    found = set()
    for path in pathlib.Path(rich.__file__).parent.rglob("*.py"):
        for match in re.finditer(r"environ(?:\.get\(\s*|\[)[\"']([A-Z_]+)[\"']", path.read_text(encoding="utf-8")):
            found.add(match[1])
    return sorted(found)


@pytest.mark.parametrize("name", [
    name if name in ("COLUMNS", "FORCE_COLOR", "JUPYTER_COLUMNS") else pytest.param(name, marks=pytest.mark.slow)
    for name in rich_variables()])
def test_no_variable_of_richs_spoils_a_result(name):
    plain = child(*BOARD, "--color", "never").stdout
    data = child(*BOARD, "--json").stdout
    for value in ("", "0", "1", "true", "-7", "999999999999", "nonsense", "dumb", "truecolor"):
        ran = child(*BOARD, "--color", "never", **{name: value})
        assert (ran.returncode, ran.stderr) == (0, b""), value
        if name != "COLUMNS":
            assert ran.stdout == plain, value
        assert child(*BOARD, "--json", **{name: value}).stdout == data


@posix
def test_an_empty_environment_is_enough():
    for words in (BOARD, [*BOARD, "--steps"], [*BOARD, "--symbolic", "--json"], ["--help"], ["--functions"]):
        ran = subprocess.run(command(*words), env={}, capture_output=True, check=False, timeout=60)
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert ran.stdout


@posix
@pytest.mark.parametrize("form", [form for form in EACH_FORMAT if all(form is not other for other in BINARY)])
@pytest.mark.parametrize("term", [None, "", "dumb", "xterm-256color", "unheard-of"])
def test_a_terminal_sees_what_a_pipe_sees(form, term):
    """Without colours and at its natural width; with colours the same letters."""
    import pty

    words = [*BOARD, "--format", form]
    piped = child(*words, COLUMNS="100").stdout
    parent, terminal = pty.openpty()
    with subprocess.Popen(command(*words), stdin=terminal, stdout=terminal, stderr=terminal,
                          env=environment(TERM=term, COLUMNS="100")) as run:
        os.close(terminal)
        seen = b""
        try:
            while part := os.read(parent, 65536):
                seen += part
        except OSError:                            # how Linux says that the other side has closed
            pass
        assert run.wait(60) == 0
    os.close(parent)
    coloured = b"\x1b" in seen
    assert not (coloured and term in ("dumb",))
    letters = re.sub(rb"\x1b\[[0-9;]*m", b"", seen)
    assert [line.rstrip() for line in letters.splitlines()] == piped.splitlines()


@posix
def test_an_expression_may_be_typed_at_a_terminal():
    import pty

    parent, terminal = pty.openpty()
    with subprocess.Popen(command("-", "x=3", "--json"), stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment()) as run:
        os.close(terminal)
        os.write(parent, b"q = 2*x\nq + 1\n\x04")
        out, err = run.communicate(timeout=60)
    os.close(parent)
    assert (run.returncode, err) == (0, b"reading from standard input; end with Ctrl-D\n")
    assert json.loads(out)["value"] == 7


# -------------------------------------------------------------------------- interrupts and memory
def interruptible():
    """What a shell starts in the background ignores interrupts, and so does all that is started from there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(words, stdin, after):
    """A run that gets an interrupt ``after`` seconds; (exit code, stdout, stderr)."""
    with subprocess.Popen(command(*words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment(), preexec_fn=interruptible) as run:
        timer = threading.Timer(after, lambda: run.send_signal(signal.SIGINT))
        timer.start()
        out, err = run.communicate(stdin, timeout=120)
        timer.cancel()
        return run.returncode, out, err


@posix
@pytest.mark.slow
@pytest.mark.parametrize("words", [["--json"], ["--format", "table", "--all"], ["--format", "plain", "--all"],
                                   ["--lr", "1e-9", "--iterations", "400", "--json"], ["--gradcheck", "--json"],
                                   ["--symbolic", "--json"]], ids=" ".join)
def test_an_interrupt_at_any_moment_leaves_the_old_file_or_the_new_one(words, tmp_path):
    target = tmp_path / "out.txt"
    text = b"+".join([b"sin(x)"] * 10_000)
    words = ["-", "x=0.001", *words, "-o", target]
    started = time.monotonic()
    assert child(*words, stdin=text).returncode == 0
    whole, span = target.read_bytes(), time.monotonic() - started
    rng = random.Random(str(words))
    codes = set()
    for _ in range(25):
        target.write_bytes(b"old")
        code, out, err = interrupted(words, text, 0.05 + rng.uniform(0, 1.05) * span)
        codes.add(code)
        assert code in (0, 130), err
        assert out == b""
        assert_tidy(err.decode())
        assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]
        kept = target.read_bytes()
        assert kept == b"old" or (len(kept) > 100 and kept[-10:] == whole[-10:])
        if code == 0:
            assert kept != b"old"
    assert 130 in codes


def limited(megabytes):
    def before():
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    return before


@posix
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold RLIMIT_AS")
@pytest.mark.parametrize("form", ["json", "table", "plain", "svg", "steps"])
@pytest.mark.parametrize("megabytes", [60, 100, 200, 400])
def test_a_memory_limit_is_an_error_and_no_crash(form, megabytes):
    for text in (b"+".join([b"x*x"] * 1_000_000), b"+".join([b"x*x"] * 1_000_000) + b"+*", b"(" * 5_000_000,
                 b"9" * 40_000_000):
        ran = child("-", "x=2", "--format", form, stdin=text, before=limited(megabytes), timeout=900)
        assert ran.returncode in (0, 2)
        assert_tidy(ran.stderr.decode())
        if ran.returncode:
            assert ran.stdout == b"" or form in ("json", "plain", "steps")
        if ran.returncode == 2 and megabytes == 60 and text[:1] == b"x":
            assert b"not enough memory" in ran.stderr


HUGE = {
    "sum": (b"x+" * 50_000_000)[:-1],
    "digits": b"9" * 100_000_000,
    "brackets": b"(" * 100_000_000,
    "minus": b"-" * 99_999_999 + b"x",
    "blanks": b" " * 100_000_000,
    "lines": b"\n" * 100_000_000,
    "comment": b"x #" + b"x" * 100_000_000,
    "name": b"x" * 100_000_000,
    "foreign": "é".encode() * 50_000_000,
    "zeros": b"\0" * 100_000_000,
    "bytes": b"\xff" * 100_000_000,
    "statements": b"".join(b"a%d=x;" % i for i in range(9_000_000)) + b"x",
    "commas": b"max(" + b"x," * 50_000_000,
    "bindings": b"".join(b"x%d=1\n" % i for i in range(10_000_000)),
}


@posix
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold RLIMIT_AS")
@pytest.mark.parametrize("kind", HUGE)
def test_a_hundred_megabytes_end_in_a_result_or_an_error(kind):
    for words in (["-", "x=1"], [*BOARD[:1], "--bindings", "-"], [*BOARD, "--check-file", "-"]):
        ran = child(*words, "--json", stdin=HUGE[kind], before=limited(2048), timeout=900)
        assert ran.returncode in CODES
        said = ran.stderr.decode()
        assert "Traceback" not in said
        assert "internal error" not in said
        assert len(said) < 8000
