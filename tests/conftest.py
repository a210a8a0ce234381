"""What every test starts from: a fixed width, no colour, and --update for the generated pages."""

import io
import sys

import pytest


def pytest_addoption(parser):
    parser.addoption("--update", action="store_true",
                     help="rewrite the outputs in README.md and docs/ instead of comparing them")


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "BPCALC_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")


class Ran:
    """What a run of the command line left behind."""

    def __init__(self, code, out, err):
        self.code = code
        self.out = out
        self.err = err


@pytest.fixture
def bpcalc(monkeypatch):
    """Run the command line in this process: ``bpcalc("x*y", "x=1", stdin=...)``."""

    def call(*words, stdin="", encoding="utf-8"):
        from bpcalc.cli import run

        streams = {
            "stdin": io.TextIOWrapper(io.BytesIO(stdin if isinstance(stdin, bytes) else stdin.encode())),
            "stdout": io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True),
            "stderr": io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True),
        }
        with monkeypatch.context() as patch:
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            code = run([str(word) for word in words])
            return Ran(code, *(streams[name].buffer.getvalue().decode(encoding if name == "stdout" else "utf-8")
                               for name in ("stdout", "stderr")))

    return call
