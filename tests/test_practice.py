"""Exercises: tidy, free of accidents, the same everywhere; asked on a terminal, or written as worksheets."""

import functools
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from zlib import crc32

import jsonschema
import pytest

import bpcalc as package
from bpcalc import BpcalcError, backprop
from bpcalc.homework import practice, session
from bpcalc.homework.answers import GRADIENT, VALUE, key_of
from bpcalc.homework.causes import Search
from bpcalc.homework.practice import LEVELS, Dice, exercise, exercises
from bpcalc.homework.replay import Plan
from bpcalc.homework.session import Session
from bpcalc.render import to_practice
from bpcalc.render.symbols import Symbols

SEEDS = range(1, 25)
MORE = range(60)
SCHEMA = json.loads((Path(package.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))


@functools.cache
def drawn(level, seed):
    return exercise(level, seed)


def test_the_dice_are_splitmix64():
    # The first numbers from the seed 0, as the algorithm's authors and every library print them.
    dice = Dice(0)
    assert [dice.below(1 << 64) for _ in range(3)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


@pytest.mark.parametrize(("level", "text", "values"), [
    ("easy", "q = x*y; r = q - z; f = w + r", {"x": 6, "y": -9, "z": 8, "w": -5}),
    ("medium", "q = x*y; r = z*q; f = r - x", {"x": -6, "y": 2, "z": 7}),
    ("hard", "q = x*y; r = log(q); s = sigmoid(r); f = s + q", {"x": 3, "y": 2}),
])
def test_a_seed_is_an_exercise_for_ever(level, text, values):
    # Written down once: every later version, on every Python, has to agree.
    seed = {"easy": 1, "medium": 9, "hard": 8}[level]
    found = exercise(level, seed)
    assert (found.text, found.values) == (text, values)


@pytest.mark.slow
@pytest.mark.parametrize(("level", "checksum"), [("easy", 3101447706), ("medium", 1308796321), ("hard", 2968535848)])
def test_sixty_seeds_are_exercises_for_ever(level, checksum):
    """The same as those above, and what else is drawn with them."""
    found = [drawn(level, seed) for seed in MORE]
    assert crc32("\n".join(one.command for one in found).encode()) == checksum


@pytest.mark.parametrize("order", ["0", "6"])
def test_an_exercise_is_the_same_in_whatever_order_python_keeps_a_set_of_words(order):
    ran = subprocess.run([sys.executable, "-c", "from bpcalc.homework.practice import exercise\n"
                          "print(exercise('medium', 51).command)"], env={**os.environ, "PYTHONHASHSEED": order},
                         capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == drawn("medium", 51).command


@pytest.mark.parametrize("level", LEVELS)
def test_numbers_are_fit_for_hand_work(level):
    for seed in SEEDS:
        found = drawn(level, seed)
        report = found.report
        assert report.notes == []
        sizes = [abs(value) for value in found.values.values()]
        assert len(set(sizes)) == len(sizes)
        numbers = [report.trace.values[k] for k in report.graph.names] + list(report.gradients.values())
        assert all(abs(number) <= 200 for number in numbers)
        if level == "easy":
            assert all(number == int(number) for number in numbers)
        if level == "medium":
            assert all(4 * number == int(4 * number) for number in numbers)


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_no_answer_is_hit_by_accident(level):
    """What two rules agree on here, they agree on at other inputs, too: drawn anew, not those the maker tried."""
    rng = random.Random(5)
    for seed in SEEDS:
        found = drawn(level, seed)
        agreements = None
        for _ in range(40):
            inputs = {name: rng.uniform(0.5, 3) * rng.choice((1, 1, -1)) for name in found.values}
            try:
                there = _numbers(backprop(found.text, inputs))
            except BpcalcError:
                continue
            here = _numbers(found.report)
            accidents = {pair for pair in _agreeing(here) if not _agree(there, pair)}
            agreements = accidents if agreements is None else agreements & accidents
        # An accident would be gone at almost every other point.
        assert not agreements, (found.text, found.values, agreements)


def _numbers(report):
    search = Search(Plan(report), Plan(report).exact)
    return {place: [("right", "", search.right(place)),
                    *((cause.mistake.code, cause.where, cause.number) for cause in search.causes(place)
                      if not cause.mistake.late)]      # of rows that came later the exercises know nothing
            for place in practice.asked(report)}


def _agreeing(numbers):
    for place, found in numbers.items():
        for at, (code, where, number) in enumerate(found):
            for other, there, theirs in found[:at]:
                if code != other and abs(number - theirs) <= 1e-9 * max(abs(number), 1):
                    yield place, (code, where), (other, there)


def _agree(numbers, pair):
    place, one, other = pair
    found = {(code, where): number for code, where, number in numbers.get(place, ())}
    return one not in found or other not in found or abs(found[one] - found[other]) <= 1e-6 * max(1, abs(found[one]))


@pytest.mark.parametrize("level", LEVELS)
def test_right_answers_are_right_and_a_wrong_sign_is_named(level):
    for seed in SEEDS:
        found = drawn(level, seed)
        report = found.report
        right = {key_of(place, report): report.trace.values[place[1]] if place[0] == VALUE else
                 report.gradient(place[1]) for place in found.places()}
        assert {verdict.status for verdict in report.check(right, require="all")} == {"right"}
        for kind, k, _ in found.places():
            if kind == GRADIENT and report.gradient(k):
                verdict = report.check({key_of((kind, k, None), report): -report.gradient(k)})[0]
                assert verdict.mistake == "sign"


@pytest.mark.parametrize("level", LEVELS)
def test_variants_are_different_and_begin_alike(level):
    many = [(found.text, *found.values.values()) for found in exercises(level, 3, 30)]
    assert len(set(many)) == 30
    assert [(found.text, *found.values.values()) for found in exercises(level, 3, 4)] == many[:4]


def test_every_kind_of_gate_comes_up():
    text = " ".join(drawn(level, seed).text for level in LEVELS for seed in MORE)
    for word in ("+", "-", "*", "/", "^", "max(", "relu(", "sigmoid(", "tanh(", "exp(", "log(", "sqrt("):
        assert word in text


# ------------------------------------------------------------------------------------- the conversation
def test_a_conversation():
    at = Session(exercise("medium", 9))            # q = x*y; r = z*q; f = r - x at -6, 2, 7
    assert at.take("-12").verdict.status == "right"
    wrong = at.take("r = 84")
    assert (wrong.verdict.mistake, at.place[0], at.at) == ("sign", VALUE, 1)
    assert at.take("-84").verdict.status == "right"
    assert at.take("?").happened == session.HINT
    revealed = at.take("?")
    assert (revealed.happened, revealed.number) == (session.REVEALED, -78)
    assert at.take("one").happened == session.UNREADABLE
    assert at.take("").happened == session.SKIPPED
    assert at.take("??").number == 7
    for line in ("-12", "-42"):
        assert at.take(line).verdict.status == "right"
    assert at.place is not None
    for _ in range(3):
        last = at.take("99")
    assert last.offer
    assert at.take("13").verdict.status == "right"
    assert (at.place, at.right) == (None, 3)
    assert at.wrong["sign"] == 1


def test_what_follows_from_a_wrong_answer_counts():
    at = Session(exercise("medium", 9))
    for line in ("-12", "-84", "-78", "1", "-7"):
        at.take(line)
    at.take("")                                    # stays with the wrong sign of df/dq
    at.take("-12")
    assert at.take("42").verdict.status == "follows"


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_on_a_terminal_it_asks_checks_and_sums_up():
    # q = x*y; f = q*z at x = 2, y = -9, z = 3: right, wrong, skipped, a hint, and the end of input.
    words = ["--practice", "easy", "--seed", "7"]
    out = conversation([sys.executable, "-m", "bpcalc", *words], ["-18\n", "54\n", "\n", "?\n", "\x04"])
    assert "q = x*y" in out
    assert "the sign is wrong" in out
    assert "hint" in out
    assert "1 of 6 right at the first try" in out
    assert "--practice easy --seed 7" in out


def test_an_interrupt_ends_a_conversation_with_its_summary(monkeypatch, capsys):
    from bpcalc.runs import practice
    from bpcalc.terminal import Screen

    def interrupted(prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)
    assert practice._converse(exercise("easy", 7), Screen(sys.stdout), 6) == 130
    out = capsys.readouterr().out
    assert "\n\n0 of 6 right at the first try" in out
    assert "--practice easy --seed 7" in out


def test_a_level_that_is_none_leads_to_the_levels(bpcalc):
    ran = bpcalc("--practice", "expert")
    assert (ran.code, ran.out) == (2, "")
    assert "--practice has no level 'expert'" in ran.err
    assert "hint: levels are easy, medium, hard" in ran.err
    assert "its own exercise" in bpcalc("--practice", "x*y").err


def conversation(command, lines):
    """What a program shows on a terminal where each line is typed when it asks."""
    import pty
    import select

    parent, child = pty.openpty()
    ran = subprocess.Popen(command, stdin=child, stdout=child, stderr=child, env={**os.environ, "TERM": "dumb"})
    os.close(child)
    out = b""
    while select.select([parent], [], [], 20)[0]:
        try:
            piece = os.read(parent, 4096)
        except OSError:
            break
        if not piece:
            break
        out += piece
        if lines and out.endswith(b" = "):
            os.write(parent, lines.pop(0).encode())
    os.close(parent)
    ran.kill()
    ran.wait(timeout=20)
    return out.decode()


# -------------------------------------------------------------------------------------------- worksheets
def test_a_worksheet_can_be_filled_in_and_checked(bpcalc, tmp_path):
    ran = bpcalc("--practice", "medium", "--seed", "8")
    assert ran.code == 0
    sheet, _, key = ran.out.partition("# Key to")
    right = dict(line[2:].strip().split(" = ") for line in key.splitlines() if line.startswith("#   "))
    filled = "".join(f"{line.split(' = ')[0]} = {right[line.split(' = ')[0]]}\n" if " = ____" in line else line + "\n"
                     for line in sheet.splitlines())
    path = tmp_path / "sheet.txt"
    path.write_text(filled + "# Key to" + key, encoding="utf-8")
    found = exercise("medium", 8)
    words = [found.text, *(f"{name}={value:g}" for name, value in found.values.items())]
    ran = bpcalc(*words, "--check-file", path, "--require", "all")
    assert ran.code == 0
    blank = tmp_path / "blank.txt"
    blank.write_text(sheet, encoding="utf-8")
    assert bpcalc(*words, "--check-file", blank).code == 2


@pytest.mark.parametrize("form", ["json", "latex", "markdown"])
def test_thirty_variants_in_every_form(bpcalc, form):
    ran = bpcalc("--practice", "--seed", "2", "--variants", "30", "--format", form)
    assert ran.code == 0
    if form == "json":
        found = json.loads(ran.out)
        jsonschema.validate(found, SCHEMA)
        assert len(found["exercises"]) == 30
        for one in found["exercises"]:
            assert all(value is None for value in one["answers"].values())
            verdicts = backprop(one["expression"], one["given"]).check(one["key"], require="all")
            assert all(verdict.passed for verdict in verdicts)
    else:
        assert ran.out.count("30 of 30") == 2
        # Every sheet and every key begins on a page of its own.
        assert ran.out.count({"latex": "\\clearpage\n", "markdown": "\n---\n"}[form]) == 59


@pytest.mark.parametrize(("words", "message"), [
    (["--practice", "x*y"], "makes its own exercise"), (["--practice", "--seed", "-1"], "--seed takes"),
    (["--practice", "--variants", "0"], "--variants takes"), (["--practice=middle"], "--practice takes"),
    (["x*y", "x=1", "y=2", "--seed", "3"], "needs an exercise"),
    (["--practice", "--format", "svg"], "cannot show a worksheet"),
])
def test_what_practice_does_not_take(bpcalc, words, message):
    ran = bpcalc(*words)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_the_level_may_be_left_out(bpcalc):
    assert exercise("easy", 0).text in bpcalc("--practice", "--seed", "0").out
    assert exercise("easy", 1).text in bpcalc("--practice").out
    assert bpcalc("--practice", "--seed", "4").out == bpcalc("--practice", "easy", "--seed", "4").out
    assert "medium" in bpcalc("--seed", "4", "--practice", "medium").out


@pytest.mark.parametrize(("level", "seeds", "largest", "part"), [
    ("easy", range(100), 100, 1), ("medium", (31, 51, 53), 200, 4), ("hard", range(24), 100, None)])
def test_every_number_on_the_way_is_fit_for_hand_work(level, seeds, largest, part):
    """Values, local gradients and gradients, of steps too; the seeds are some at which others came up first."""
    for seed in seeds:
        report = drawn(level, seed).report
        steps = [k for k in report.graph.names if k != report.graph.output]
        numbers = [report.trace.values[k] for k in report.graph.names]
        assert all(numbers)                        # a value of 0 hides its factor
        gradients = [report.gradient(k) for k in steps]
        assert gradients.count(0) <= len(steps) / 3
        numbers += [*gradients, *(edge.local for edge in report.edges)]
        for number in numbers:
            assert abs(number) <= largest
            assert part is None or part * number == int(part * number)
            assert part is not None or not 0 < abs(number) < 0.01


def test_an_exercise_that_comes_up_twice_is_drawn_again(monkeypatch):
    texts = iter("AABAABC")
    monkeypatch.setattr(practice, "_exercise", lambda level, dice: (next(texts), {}, None))
    assert [found.text for found in exercises("easy", 1, 3)] == ["A", "B", "C"]


def test_every_line_of_a_conversation_is_answered():
    at = Session(exercise("easy", 1))
    number = at.judge.exact(at.place)
    said = [to_practice.reply(at.take(line), Symbols()) for line in ("?", "what", "", "??")]
    assert said[0].strip()
    assert said[1] == "   that is no number; for example -4, 0.25, 1/3 or 2*exp(-1)\n"
    assert said[2] == ""
    assert said[3].startswith("   it is ")
    assert at.at == 2
    again = Session(exercise("easy", 1))
    again.take("?")
    assert to_practice.reply(again.take("?"), Symbols()) == f"   it is {number:.6g}\n"


def test_a_conversation_goes_to_its_end_also_where_a_line_cannot_be_edited(monkeypatch, capsys):
    from bpcalc.runs import practice
    from bpcalc.terminal import Screen

    asked = exercise("easy", 7)
    plan = Plan(asked.report)
    answers = iter([f"{Search(plan, plan.exact).right(place):g}" for place in asked.places()])
    monkeypatch.setitem(sys.modules, "readline", None)
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    assert practice._converse(asked, Screen(sys.stdout), 6) == 0
    assert "6 of 6 right at the first try" in capsys.readouterr().out
