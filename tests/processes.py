"""bpcalc as a process of its own, and what every ending of one has to keep to."""

import functools
import os
import shutil
import subprocess
import sys
import unicodedata

CODES = {0, 1, 2, 130, 141}
UNWANTED = ("PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONUTF8", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR",
            "BPCALC_DEBUG")
LOCALES = ["utf-8", "c", "ascii", "latin-1"]


def environment(**changes):
    """This process's environment without what would change a run, and with ``changes``; None removes."""
    env = {key: value for key, value in os.environ.items() if key not in UNWANTED}
    env.update(changes)
    return {key: value for key, value in env.items() if value is not None}


def command(*words):
    return [sys.executable, "-m", "bpcalc", *map(as_word, words)]


def as_word(word):
    return word if isinstance(word, (str, bytes)) else str(word)


def child(*words, stdin=b"", timeout=60, cwd=None, before=None, **changes):
    """A finished run: ``returncode``, and ``stdout`` and ``stderr`` as bytes."""
    return subprocess.run(command(*words), input=stdin, capture_output=True, env=environment(**changes),
                          timeout=timeout, check=False, cwd=cwd, preexec_fn=before)


def assert_told(ran, code=2, *texts):
    """An error as it should be: its exit code, nothing on stdout, one tidy message on stderr."""
    said = ran.stderr.decode("utf-8", "replace")
    assert ran.returncode == code, said[-2000:]
    assert ran.stdout == b""
    assert_tidy(said)
    for text in texts:
        assert text in said


def assert_tidy(said):
    assert "Traceback" not in said
    assert "internal error" not in said
    assert len(said) < 4000
    for char in said:
        assert char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs"), ascii(said)


@functools.lru_cache
def locale(kind, folder):
    """The environment of a locale, or None where this system cannot make it."""
    if kind == "utf-8":
        return {"LC_ALL": "C.UTF-8"}
    if kind == "c":
        return {"LC_ALL": "C"}                     # Python turns UTF-8 on by itself here
    if kind == "ascii":
        return {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    name = "en_US.ISO-8859-1"
    tool = shutil.which("localedef")
    if tool is None:
        return None
    subprocess.run([tool, "-i", "en_US", "-f", "ISO-8859-1", f"{folder}/{name}"], capture_output=True, check=False)
    env = {"LOCPATH": str(folder), "LC_ALL": name, "PYTHONUTF8": "0"}
    seen = subprocess.run([sys.executable, "-c", "import sys; print(sys.getfilesystemencoding())"],
                          env=environment(**env), capture_output=True, text=True, check=False)
    return env if "8859" in seen.stdout else None
