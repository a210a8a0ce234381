"""Values for names, from words, files and Python."""

import math
from fractions import Fraction

import pytest

from bpcalc import BpcalcError, backprop
from bpcalc.bindings import constant, from_file, from_mapping, from_words
from bpcalc.files import decode


@pytest.mark.parametrize(("word", "value"), [
    ("x=1", 1), ("x=-2", -2), ("x=+2", 2), ("x=1/3", 1 / 3), ("x=2*pi", 2 * math.pi), ("x=-1e-3", -1e-3),
    ("x=sqrt(2)/2", math.sqrt(2) / 2), ("x=−2", -2), ("x=.5", 0.5), ("x=5.", 5), ("x= 3 ", 3), ("x=1e-400", 0),
    ("x=e", math.e), ("x=3²", 9),
])
def test_a_value_is_a_constant_expression(word, value):
    assert from_words([word]) == {"x": pytest.approx(value, rel=1e-15)}


@pytest.mark.parametrize("name", ["x", "W1_1", "lambda", "e", "max", "_", "σ", "λ2"])
def test_names_are_free_of_the_languages_own(name):
    assert from_words([f"{name}=2"]) == {name: 2}


@pytest.mark.parametrize(("word", "message", "under"), [
    ("x", "'x' is not of the form NAME=VALUE", "x"),
    ("=2", "'=' has no name on its left", "="),
    ("x=", "x has no value after '='", ""),
    ("2=x", "'2' is not a name", "2"),
    ("a.b=2", "'a.b' is not a name", "a.b"),
    ("x=two", "the value of x must be a number, and 'two' has no value", "two"),
    ("x=nan", "nan is not a finite number", "nan"),
    ("x=-inf", "-inf is not a finite number", "-inf"),
    ("x=1/0", "division by zero", "1/0"),
    ("x=1e999", "1e999 is too large for a double-precision number", "1e999"),
    ("x=1;y=2", "a binding holds one value", ";"),
    ("x=1,5", "a comma outside a function's arguments", ","),
    ("x=1 2", "two numbers side by side: '1' and '2'", "2"),
    ("f(x)=2", "'f(x)' is not a name", "f(x)"),
    ("x=1 y=2", "a binding holds one value", "="),
    ("x=1,y=2", "a binding holds one value", "="),
    ("х=1", "the character U+0445 (CYRILLIC SMALL LETTER HA) is not part of the language", "х"),
])
def test_what_is_no_binding_is_told_with_its_place(word, message, under):
    with pytest.raises(BpcalcError) as found:
        from_words([word])
    error = found.value
    assert (error.code, error.message) == ("binding", message)
    assert word[error.span[0]:error.span[1]] == under


def test_a_name_bound_twice_is_refused():
    with pytest.raises(BpcalcError, match="'x' is given a value twice"):
        from_words(["x=1", "y=2", "x=1"])


def test_a_file_has_one_binding_a_line():
    text = "# weights\nx = 1\n\ny = 1/4   # a quarter\n"
    assert from_file(text, "w.txt") == {"x": 1, "y": 0.25}
    with pytest.raises(BpcalcError) as found:
        from_file("x = 1\ny = two\n", "w.txt")
    assert found.value.source.name == "w.txt, line 2"
    with pytest.raises(BpcalcError, match="'x' is given a value twice") as found:
        from_file("x = 1\ny = 2\nx = 1\n", "w.txt")
    assert (found.value.source.name, found.value.span) == ("w.txt, line 3", (0, 1))


def test_python_numbers_of_all_kinds():
    values = from_mapping({"a": 1, "b": 0.5, "c": Fraction(1, 4), "d": "1/8", "e": True})
    assert values == {"a": 1, "b": 0.5, "c": 0.25, "d": 0.125, "e": 1}


@pytest.mark.parametrize("value", [float("nan"), float("inf"),
                                   None, [[1], [1, 2]], ["a"], [], [float("nan")], 1j, 10**400, "two", "1/0"])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(BpcalcError):
        backprop("x", x=value)


def test_names_that_python_cannot_pass_go_into_a_mapping():
    assert backprop("lambda*wrt", {"lambda": 2, "wrt": 3}).value == 6


@pytest.mark.parametrize("name", ["", "1x", "a b", "x-y", "a.b", "x\u0302"])
def test_a_mapping_with_a_name_outside_the_language_is_refused(name):
    with pytest.raises(BpcalcError, match="is not a name"):
        backprop("x", {"x": 1, name: 2})


def test_text_is_utf8_with_or_without_a_mark():
    assert decode(b"\xef\xbb\xbfx\r\ny", "f") == "x\ny"
    with pytest.raises(BpcalcError, match="byte 0xFF at offset 1"):
        decode(b"x\xff", "f")


def test_a_constant_has_a_name_in_its_errors():
    assert constant("1/4", "upstream") == 0.25
    with pytest.raises(BpcalcError, match="the value of upstream"):
        constant("x", "upstream")


def test_a_name_in_the_mapping_and_as_a_keyword_has_two_values():
    with pytest.raises(BpcalcError, match="'x' is given a value twice: 1 and 2") as found:
        backprop("x", {"x": 1}, x=2)
    assert found.value.hint


def test_a_hint_for_a_value_writes_the_value_alone():
    with pytest.raises(BpcalcError) as caught:
        constant("2 pi", "x")
    assert caught.value.hint == "there is no implicit multiplication: write 2*pi"
