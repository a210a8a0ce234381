"""One table of options: the click command made from it and the run's own sorting always agree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpcalc import command as clicked
from bpcalc.errors import BpcalcError
from bpcalc.options import BY_NAME, GROUPS, OPTIONS, sort, split

WORDS = st.lists(st.one_of(
    st.sampled_from([*BY_NAME, "--", "-", "x=1", "y=-2", "-x*y", "(x+y)*z", "--jsn", "--js", "-json", "-o*2", "--x",
                     "--digits=3", "--json=1", "--output=", "--wrt=x", "", "a b", "é", "--é", "-h*y"]),
    st.text(max_size=6)), max_size=8)


def through_click(words):
    with clicked.command.make_context("bpcalc", list(words)) as context:
        params = dict(context.params)
        return params, list(params.pop("words"))


@given(WORDS)
@settings(max_examples=3000, deadline=None)
def test_click_and_the_run_read_the_same_words_alike(words):
    def outcome(read):
        try:
            return read(words)
        except BpcalcError as error:
            return error.message

    assert outcome(through_click) == outcome(sort)


def test_every_option_has_help_and_a_group():
    text = clicked.help_text()
    for option in OPTIONS:
        assert option.group in GROUPS
        assert option.help.endswith(".")
        for name in option.names:
            assert name in text


def test_only_two_options_are_short():
    assert [name for name in BY_NAME if not name.startswith("--")] == ["-o", "-h"]


def test_a_value_given_twice_is_refused():
    with pytest.raises(BpcalcError, match="--digits is given twice"):
        sort(["x", "--digits", "3", "--digits=4"])
    assert sort(["--wrt", "x", "--wrt", "y"])[0]["wrt"] == ("x", "y")


def test_completion_offers_the_names_without_a_value():
    context = clicked.command.make_context("bpcalc", ["(x+y)*z", "x=1"], resilient_parsing=True)
    items = clicked._complete(context, clicked.command.params[0], "")
    assert [item.value for item in items] == ["y=", "z="]


def test_completion_reads_a_line_whose_last_option_has_no_value_yet():
    options, others = split(["x*y", "--digits", "3", "--wrt"], True)
    assert [(option.names[0], value) for option, _, value in options] == [("--digits", "3")]
    assert others == ["x*y"]
    with pytest.raises(BpcalcError, match="--wrt needs a value"):
        split(["x*y", "--digits", "3", "--wrt"])
