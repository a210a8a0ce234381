"""The catalogue of bad inputs, each a process of its own, in every locale."""

import json
import pathlib

import pytest

from .processes import LOCALES, assert_tidy, child, locale

CATALOGUE = [json.loads(line) for line in
             (pathlib.Path(__file__).parent / "data" / "bad_inputs.jsonl").read_text(encoding="utf-8").splitlines()]
IN_EACH = [pytest.param(case, kind, id=f"{case['id']}-{kind}", marks=() if (at + turn) % 12 == 0 else pytest.mark.slow)
           for at, case in enumerate(CATALOGUE) for turn, kind in enumerate(LOCALES)]


def expanded(text):
    """Long texts stand in the catalogue as ``{"repeat": [head, body, times, tail]}`` or ``{"nested": n}``."""
    if isinstance(text, dict) and "nested" in text:
        return "(" * text["nested"] + "x" + ")" * text["nested"] + "\n"
    if isinstance(text, dict):
        head, body, times, tail = text["repeat"]
        return head + body * times + tail
    return text


def as_bytes(text):
    return (expanded(text) or "").encode("utf-8", "surrogateescape")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("locales")


@pytest.mark.parametrize(("case", "kind"), IN_EACH)
def test_a_bad_input_is_told_in_every_locale(case, kind, folder):
    env = locale(kind, folder)
    if env is None:
        pytest.skip("this system cannot make the locale")
    ran = child(*map(as_bytes, case["argv"]), stdin=as_bytes(case["stdin"]), timeout=5, **env)
    said = ran.stderr.decode("utf-8" if kind in ("utf-8", "c") else "latin-1")
    assert ran.returncode == case["expect_exit"], said
    assert_tidy(said)
    if ran.returncode:
        assert ran.stdout == b""
    for text in case["expect_stderr_contains"]:
        shown = text if kind in ("utf-8", "c") else \
            text.encode("ascii" if kind == "ascii" else "latin-1", "backslashreplace").decode("latin-1")
        assert shown in said


@pytest.mark.parametrize("words", [
    ["{}b", "{}=1"], ["{}*2"], ["{}(x)", "x=1"], ["sin*{}", "x=1"], ["x", "x=1", "--{}"], ["x", "x=1", "{}"],
    ["x", "x=1", "{}=+"], ["x", "x=1", "--wrt", "{}"],
    ["x", "x=1", "--check", "{}=1"], ["x", "x=1", "--check", "d{}=1"],
    ["x", "x=1", "--format", "{}"], ["x", "x=1", "--digits", "{}"], ["x", "x=1", "--upstream", "{}"],
    ["x", "x=1", "-o", "{}"], ["--file", "{}"], ["x", "x=1", "--paths", "{}"], ["{} = x; {} = x", "x=1"],
    ["x", "x=1", "--lr", "1", "--optimizer", "{}"], ["1/({}-1)", "{}=1"], ["x", "x=1", "x=1 {}"],
], ids=" ".join)
@pytest.mark.parametrize("letters", ["a", "ab", "é", "ü∂", "a b "])
def test_a_long_word_is_not_echoed_at_length(words, letters, bpcalc):
    long = letters * (50_000 // len(letters))
    ran = bpcalc(*(word.format(long, long) for word in words))
    assert ran.code in (0, 2)
    assert_tidy(ran.err)
