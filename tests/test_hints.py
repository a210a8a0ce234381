"""What people type who know LaTeX, NumPy, a spreadsheet or the blackboard, and what they are told.

tests/data/mistakes.jsonl holds every input with its whole answer; ``python -m pytest tests/test_hints.py --update``
writes the answers again, after which the difference has to be read.
"""

import json
import pathlib
import re

import pytest

from bpcalc.errors import BpcalcError, Source
from bpcalc.idioms import LONGEST, translated
from bpcalc.syntax import parse

PATH = pathlib.Path(__file__).parent / "data" / "mistakes.jsonl"
CASES = [json.loads(line) for line in PATH.read_text(encoding="utf-8").splitlines()]


def answer(bpcalc, words):
    """The error that these words lead to, as the catalogue has it."""
    ran = bpcalc(*words, "--json")
    assert ran.code == 2, ran.out
    error = json.loads(ran.err)["error"]
    _, text, carets, *_ = [*error["rendered"].splitlines(), "", ""]
    under = "".join(letter for letter, caret in zip(f"{text} ", carets) if caret == "^")
    return {"argv": words, "code": error["code"], "message": error["message"], "under": under, "hint": error["hint"]}


def test_every_mistake_is_answered_as_the_catalogue_has_it(bpcalc, request):
    found = [answer(bpcalc, case["argv"]) for case in CASES]
    if request.config.getoption("--update"):
        PATH.write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in found), encoding="utf-8")
        return
    for case, told in zip(CASES, found):
        assert told == case


def proposals(hint):
    """The texts that a hint says to write, and the names it says to add."""
    found = re.search(r"(?:^|: )write (?!.*(?:…|such as|NAME))(.*?)(?:, and add (.*))?$", hint or "")
    return (found[1].split(", or "), (found[2] or "").replace("…", "1").split()) if found else ([], [])


PROPOSED = [(case, text, added) for case in CASES for texts, added in [proposals(case.get("hint"))] for text in texts]


@pytest.mark.parametrize(("case", "text", "added"), PROPOSED, ids=[text for _, text, _ in PROPOSED])
def test_what_a_hint_says_to_write_runs(case, text, added, bpcalc):
    words = case["argv"][1:]
    name, equals, _ = text.partition("=")
    if equals and case["code"] == "binding":       # the word at fault, written anew
        wrong = [word for word in words if re.match(rf"\s*{re.escape(name.strip())}\s*[=:]", word)]
        words[words.index(wrong[0])] = text
        parse(Source(text), binding=True)
        return
    ran = bpcalc(text, *words, *added)
    assert ran.code == 0, ran.err


def test_many_mistakes_are_in_the_catalogue():
    assert len({tuple(case["argv"]) for case in CASES}) == len(CASES) > 350
    assert len(PROPOSED) > 200


@pytest.mark.parametrize("text", ["\\frac{" * 80, "{" * 400, "|" * 400, "(" * 250 + ")" * 250, "x'" * 200, "xy" * 240,
                                  "a" * LONGEST, "\\sqrt" * 90, "x.sum()" * 60, "1 000 " * 80, "2x" * 200, "if " * 160,
                                  "sin " * 120, "sin^2" * 90, "[" * 400, "1,000" * 90, "np." * 160, "√" * 400],
                         ids=lambda text: text[:6])
def test_a_strange_text_is_told_about_soon(text):
    translated(text, {"x": 1.0, "y": 2.0})
    with pytest.raises(BpcalcError):
        parse(Source(text + "\x1b"), {"x": 1.0, "y": 2.0})


def test_a_translation_is_not_asked_for_where_a_text_is_right():
    assert parse(Source("2*x"), ["x"]).inputs == ("x",)
