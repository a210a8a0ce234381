"""The kept inputs of the fuzzers, and a seeded sample of new ones: a result, or one of our errors."""

import pytest

from bpcalc.errors import SyntaxProblem

from .fuzz import soup, targets
from .fuzz.run import corpus


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """The command target works in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(targets, "_FOLDER", str(tmp_path))


@pytest.mark.parametrize("name", targets.TARGETS)
def test_kept_inputs_end_as_they_should(name):
    kept = corpus(name)
    assert kept
    for data in kept:
        targets.TARGETS[name](data)


@pytest.mark.parametrize("name", targets.TARGETS)
def test_new_inputs_end_as_they_should(name):
    for data in soup.inputs(name, 400 if name == "command" else 1500, seed=1):
        targets.TARGETS[name](data)


def test_a_fault_would_be_seen(monkeypatch):
    def broken(text, values):
        raise IndexError("list index out of range")

    monkeypatch.setattr(targets, "parse", broken)
    with pytest.raises(IndexError):
        targets.expression(b"x")
    with pytest.raises(targets.Unwanted):
        targets.told(SyntaxProblem("a sentence with a full stop."))
    with pytest.raises(targets.Unwanted):
        targets.told(SyntaxProblem("no place"), "x")
