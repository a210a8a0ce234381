"""What is wrong with a text, in words: the parser's cases turned into errors with a place and a hint."""

from __future__ import annotations

from itertools import pairwise

from .errors import BpcalcError, NameProblem, SyntaxProblem, closest
from .lexer import DIGITS, LINE, OPERATORS, Cursor, Stuck, is_name, nesting
from .ops import BINARY, BY_NAME, FUNCTIONS, NAMED_CONSTANTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import NoReturn

    from .lexer import Token


class NoValue(NameProblem):
    """Names of the text have no value."""


_WORDS = {
    "and": "truths are 1 and 0: for and multiply them, (a > 0)*(b > 0)",
    "or": "truths are 1 and 0: for or take max(a > 0, b > 0)",
    "not": "truths are 1 and 0: for not write 1 - (a > 0)",
    "if": "a choice is where(test, a, b)", "else": "a choice is where(test, a, b)",
    "then": "a choice is where(test, a, b)",
    "mod": "there is no remainder operator", "xor": "for exactly one of two truths write a != b",
    "is": "for equal write ==", "times": "a product is written with *", "plus": "a sum is written with +",
    "minus": "a difference is written with -", "over": "a quotient is written with /",
    "div": "a quotient is written with /", "by": "a quotient is written with /",
    "for": "an index needs brackets around it: sum(x[j] for j in range(3))",
    "lambda": "a function is f(x) = …",
    "dot": "a product of vectors is dot(x, y) or x @ y",
    "Σ": "a sum is sum(x), or over an index sum(x[j] for j in range(3))",
}
"""Words between operands that other languages have instead of an operator."""


_ABSENT = {
    "len": "only the range of an index knows it: sum(x[j] for j in range(len(x)))",
    **dict.fromkeys(("floor", "ceil", "round", "trunc", "int"), "nothing is rounded: the derivative would be 0"),
    **dict.fromkeys(("mod", "fmod", "remainder"), "there is no remainder operator"),
    **dict.fromkeys(("inv", "det", "inverse", "solve", "trace"), "of a matrix there is the product and .T"),
    **dict.fromkeys(("ones", "zeros", "eye", "full", "arange", "linspace"), "an array is written out: [1, 1, 1]"),
    **dict.fromkeys(("random", "rand", "randn", "dropout"), "nothing is random: give the numbers as a constant array"),
    "factorial": "there is no factorial",
    "print": "what the expression is worth is printed: leave print out",
}
"""Functions that students look for and that are not there, and why."""


_SOFTMAX = ("softmax", "log_softmax")


def _is_value(token: str) -> bool:
    return token not in OPERATORS and token not in ("=", LINE, "(") and token[-1:] != "("


def explain(cursor: Cursor, stuck: Stuck, bound: Collection[str]) -> NoReturn:
    """Turn the parser's case into words, a span and a hint."""
    raise EXPLAIN.get(stuck.why, _explain_operand)(cursor, stuck, bound)


def _explain_empty(cursor: Cursor, stuck: Stuck, bound: Collection[str]) -> BpcalcError:
    return SyntaxProblem("the expression is empty", cursor.source, None,
                         'for example: bpcalc "(x+y)*z" x=-2 y=5 z=-4')


def _explain_operand(cursor: Cursor, stuck: Stuck, bound: Collection[str]) -> BpcalcError:
    source, tokens, i = cursor.source, cursor.tokens, cursor.at
    before = tokens[i - 1][0] if i > 0 else LINE
    if i >= len(tokens):
        while i > 0 and tokens[i - 1][0] == LINE:
            i -= 1
        end = tokens[i - 1][2]
        if tokens[i - 1][0] == "=":
            return SyntaxProblem(f"nothing stands after '{cursor.word(i - 1)}'", source, (end, end + 1))
        return SyntaxProblem(f"the expression ends after '{cursor.word(i - 1)}'", source, (end, end + 1),
                             "a number, a name or '(' must follow")
    word = cursor.word(i)
    token = tokens[i][0]
    span = cursor.span(i)
    if token == ")":
        if before == "(":
            return SyntaxProblem("nothing stands between the parentheses", source,
                                 (cursor.span(i - 1)[0], span[1]))
        if before[-1:] == "(":
            row = FUNCTIONS.get(before[:-1])
            takes = f"; it takes {row.arity}" if row else ""
            return SyntaxProblem(f"{before[:-1]} has no argument{takes}", source,
                                 (cursor.span(i - 1)[0], span[1]))
        if before == ",":
            return SyntaxProblem("an argument is missing after the comma", source, span)
        return SyntaxProblem(f"a value is missing between '{cursor.word(i - 1)}' and ')'", source, span)
    if token == ",":
        return SyntaxProblem("an argument is missing before this comma", source, span)
    if token in (";", LINE):
        return SyntaxProblem(f"nothing stands after '{cursor.word(i - 1)}'", source, span)
    if token == "=":
        if before in ("+", "-", "*", "/", "^") and tokens[i - 1][2] == span[0]:
            return SyntaxProblem(f"'{before}=' is not part of the language", source, (cursor.span(i - 1)[0], span[1]),
                                 f"a name is assigned once: write a new one, g = f {before} …")
        if before == "=":
            return SyntaxProblem("a name is given a value with one '='", source, (cursor.span(i - 1)[0], span[1]),
                                 "a comparison is written ==")
        return SyntaxProblem("'=' has no name on its left", source, span)
    hint = None
    if token == "]" and before == "[":
        return SyntaxProblem("nothing stands between the brackets", source, (cursor.span(i - 1)[0], span[1]),
                             "an index counts from 0: x[0]")
    if token == "^" and before == "^":
        hint = "a power is written ^ or **, once"
    elif token == "/" and before == "/":
        hint = "a quotient is written with one /; there is no division without remainder"
    elif token in BINARY and before in BINARY:
        hint = f"keep one of '{before}' and '{word}', or put a value between them"
    elif before in (LINE, ";") or i == 0:
        return SyntaxProblem(f"'{word}' has nothing on its left", source, span,
                             "a line that goes on must be broken after the operator" if i else
                             "a number, a name or '(' must stand before it")
    return SyntaxProblem(f"'{word}' cannot follow '{cursor.word(i - 1)}'", source, span, hint)


def _explain_operator(cursor: Cursor, stuck: Stuck, bound: Collection[str]) -> BpcalcError:
    source, tokens, i = cursor.source, cursor.tokens, cursor.at
    token, word, span = tokens[i][0], cursor.word(i), cursor.span(i)
    before = cursor.word(i - 1)
    if _begins_line(cursor, i) and (pending := _pending(cursor, i)):
        return _never_closed(cursor, pending[-1])  # it was read on from an earlier line
    for at in (i, i - 1):
        spoken = cursor.word(at).rstrip("( ")
        hint = _WORDS.get("Σ" if spoken[:1] == "Σ" or spoken[:4] == "sum_" else spoken.lower())
        if hint and at >= 0 and tokens[at][0] not in bound and (tokens[at][0], "=") not in _pairs(tokens):
            return SyntaxProblem(f"'{spoken}' is no operator of this language", source,
                                 cursor.span(at), hint)
    if token == "=":
        return SyntaxProblem("only a name can stand on the left of '='", source, span,
                             "statements look like q = x + y, separated by semicolons; equations are not solved")
    if before[-1:].isdigit() and word[:1].isalpha() and tokens[i - 1][2] == span[0]:
        if before == "0" and word[0] in "xXbBoO":
            return SyntaxProblem(f"'{before}{word}' is not a decimal number", source,
                                 (tokens[i - 1][1], span[1]), "numbers are written in decimal")
        if word.lower() == "e":
            return SyntaxProblem(f"'{before}{word}' has no exponent", source, (tokens[i - 1][1], span[1]),
                                 f"{before}e5 is a power of ten, {before}*{word} a product")
    if _is_value(token) or token[-1:] == "(":
        shown = word if token[-1] != "(" else word.rstrip("( \t") + "(…)" if token != "(" else "(…)"
        value = before if _is_value(tokens[i - 1][0]) and before not in "²³" else "(…)"
        if before[-1:] in DIGITS and word[:1] in DIGITS:
            pending = _pending(cursor, i)
            if pending and tokens[pending[-1]][0] == "[" and all(token != "]" for token, _, _ in tokens[i:]):
                return _never_closed(cursor, pending[-1])
            return SyntaxProblem(f"two numbers side by side: '{before}' and '{word}'", source, span,
                                 "an operator is missing between them"
                                 f"{'' if pending else '; an array has brackets, [1 2 3]'}")
        return SyntaxProblem(f"an operator is missing before '{word.rstrip('( ')or '('}'", source, span,
                             f"there is no implicit multiplication; for a product write {value}*{shown}")
    return SyntaxProblem(f"'{word}' was not expected here", source, span)


def _pairs(tokens: list[Token]) -> Iterator[tuple[str, str]]:
    """Each token with the one after it."""
    return ((one[0], other[0]) for one, other in pairwise(tokens))


def _explain_comma(cursor: Cursor, stuck: Stuck, bound: Collection[str]) -> BpcalcError:
    source, tokens, i = cursor.source, cursor.tokens, cursor.at
    span = cursor.span(i)
    hint = "commas separate the arguments of a function"
    if i + 2 < len(tokens) and _is_value(tokens[i + 1][0]) and tokens[i + 2][0] == "=":
        hint = "statements are separated by ; or a new line"
    if 0 < i < len(tokens) - 1 and tokens[i - 1][0][-1] in DIGITS and tokens[i + 1][0][0] in DIGITS:
        whole, rest = tokens[i - 1][0], tokens[i + 1][0]
        hint = f"decimals are written with a point: {whole}.{rest}"
        if source.name == "binding":
            hint += f"; an array has brackets: [{whole}, {rest}]"
        if len(rest) == 3 and "." not in whole + rest:
            hint += f"; thousands without a separator: {whole}{rest}"
    return SyntaxProblem("a comma outside a function's arguments", source, span, hint)


def _explain_brackets(cursor: Cursor, stuck: Stuck, bound: Collection[str]) -> BpcalcError:
    pending = _pending(cursor, cursor.at)
    if stuck.why == "close":
        sign = cursor.tokens[cursor.at][0]
        if pending:
            opened = cursor.word(pending[-1])[-1]
            return SyntaxProblem(f"this '{sign}' cannot close a '{opened}'", cursor.source, cursor.span(cursor.at),
                                 f"the '{opened}' is closed by '{')' if opened == '(' else ']'}'")
        return SyntaxProblem(f"this '{sign}' closes nothing", cursor.source, cursor.span(cursor.at),
                             f"there is no '{'(' if sign == ')' else '['}' for it")
    return _never_closed(cursor, pending[-1])


def _pending(cursor: Cursor, end: int) -> list[int]:
    """The brackets before token ``end`` that are still open."""
    pending: list[int] = []
    for i in range(min(end, len(cursor.tokens))):
        token = cursor.tokens[i][0]
        if token[-1] == "(" or token == "[":
            pending.append(i)
        elif token in (")", "]") and pending:
            pending.pop()
    return pending


def _never_closed(cursor: Cursor, i: int) -> BpcalcError:
    end = cursor.span(i)[1]
    sign = cursor.word(i)[-1]
    return SyntaxProblem(f"this '{sign}' is never closed", cursor.source, (end - 1, end),
                         f"put a '{')' if sign == '(' else ']'}' where it ends")


def _begins_line(cursor: Cursor, i: int) -> bool:
    """Whether token ``i``, or the name before it that it would assign, is the first of its line."""
    tokens = cursor.tokens
    at = i - 1 if tokens[i][0] == "=" else i
    return at > 0 and tokens[at - 1][0] == LINE


def _explain_name(cursor: Cursor, stuck: Stuck, bound: Collection[str]) -> BpcalcError:
    source, tokens, i = cursor.source, cursor.tokens, cursor.at
    span = cursor.span(i)
    name = tokens[i][0].rstrip("(")
    if tokens[i][0][-1] == "(":
        known = {token[0] for token in tokens if _is_value(token[0])} | set(bound)
        if name in known or name in NAMED_CONSTANTS:
            return NameProblem(f"'{name}' is a value, not a function", source, span,
                               f"for a product write {name}*(…)")
        near = closest(name, FUNCTIONS)
        hint = _ABSENT.get(name) or (f"did you mean {' or '.join(near)}?" if near else (
            f"bpcalc --functions lists them; {name}(x) = … defines one, and {name}*(…) is a product"))
        return NameProblem(f"'{name}' is not a function", source, (span[0], span[0] + len(name)), hint)
    if name in FUNCTIONS:
        given = i + 1 < len(tokens) and _is_value(tokens[i + 1][0]) and FUNCTIONS[name].accepts(1)
        example = f"{name}(x)" if FUNCTIONS[name].accepts(1) else f"{name}(x, y)"
        return NameProblem(f"'{name}' is a function and needs an argument in parentheses", source, span,
                           f"write {name}({tokens[i + 1][0]})" if given else f"for example {example}")
    if i + 1 < len(tokens) and tokens[i + 1][0] == "=":
        pending = _pending(cursor, i)
        if _begins_line(cursor, i + 1) and pending:
            return _never_closed(cursor, pending[-1])
        if pending and len(tokens[pending[-1]][0]) > 1:
            return SyntaxProblem(f"after {name}= inside a function a whole number must be written out", source,
                                 (span[0], cursor.span(i + 1)[1]),
                                 "for example sum(x, axis=0); for the sum of all entries sum(x)")
        return SyntaxProblem("'=' can only follow the first name of a statement", source, cursor.span(i + 1),
                             "separate statements with ; or a new line")
    cursor.at += 1
    return _explain_operator(cursor, stuck, bound)


def _explain_number(cursor: Cursor, stuck: Stuck, bound: Collection[str]) -> BpcalcError:
    word = cursor.word(cursor.at)
    shown = word if len(word) <= 40 else f"{word[:20]}…{word[-10:]}"
    return SyntaxProblem(f"{shown} is too large for a double-precision number", cursor.source,
                         cursor.span(cursor.at), "the largest is about 1.8e308")


def _explain_arity(cursor: Cursor, stuck: Stuck, bound: Collection[str]) -> BpcalcError:
    row, count = stuck.detail
    start, end = _call(cursor)
    if cursor.tokens[cursor.at][0] == ",":         # the parser stopped at the first comma too many
        count += sum(1 for _ in _commas(cursor, cursor.at + 1, end))
    noun = "argument" if row.arity == "1" else "arguments"
    hint = None
    words = [token for token, _, _ in cursor.tokens[start + 1:end]]
    if "axis" in row.statics and not any(word[0] == "[" or "=" in word or _is_array(word, bound) for word in words):
        inside = cursor.source.text[cursor.span(start)[1]:cursor.span(end)[0]]
        hint = f"an array has brackets: {row.word}([{inside}])"
    elif row.name in _SOFTMAX and count == 2 and len(words) == 3 and is_name(words[2]):
        hint = f"the loss of scores and labels is cross_entropy({words[0]}, {words[2]})"
    return SyntaxProblem(f"{row.word} takes {row.arity} {noun}, not {count}", cursor.source,
                         (cursor.span(start)[0], cursor.span(end)[1]), hint)


def _is_array(name: str, bound: Collection[str]) -> bool:
    return isinstance(bound, dict) and hasattr(bound.get(name), "shape")


def _commas(cursor: Cursor, start: int, end: int) -> Iterator[int]:
    """The commas between two tokens that separate arguments of the call there."""
    depth = 0
    for i in range(start, end):
        token = cursor.tokens[i][0]
        depth += nesting(token)
        if token == "," and depth == 0:
            yield i


def _call(cursor: Cursor) -> tuple[int, int]:
    """The first and last token of the call around the parser's place; the last one read where it is not closed."""
    depth, i = 0, cursor.at
    while depth < 1 and i > 0:
        i -= 1
        depth += nesting(cursor.tokens[i][0])
    depth = 0
    for end in range(i, len(cursor.tokens)):
        depth += nesting(cursor.tokens[end][0])
        if depth == 0:
            return i, end
    return i, cursor.at


def _explain_call(cursor: Cursor, stuck: Stuck, bound: Collection[str]) -> BpcalcError:
    """What is wrong with a call whose brackets are in order."""
    here = cursor.span(cursor.at)
    if stuck.why == "count":
        name, params, count = stuck.detail
        noun = "argument" if len(params) == 1 else "arguments"
        return SyntaxProblem(f"{name} was defined with {len(params)} {noun}, not {count}", cursor.source, here,
                             f"it begins {name}({', '.join(params)}) = …")
    if stuck.why in ("keyword", "repeated"):
        row, word = stuck.detail
        at = cursor.at
        while at > 0 and not cursor.tokens[at][0].startswith(f"{word}="):
            at -= 1
        if stuck.why == "repeated":
            return SyntaxProblem(f"{row.word} is given {word}= twice", cursor.source, cursor.span(at),
                                 "keep one of them")
        return _no_keyword(cursor, at, row.word, word)
    if stuck.why == "sizes":
        return SyntaxProblem(f"{stuck.detail.word} needs whole numbers written out here", cursor.source, here,
                             "for example reshape(x, 2, 3), or axis=0")
    if stuck.why == "place":
        return SyntaxProblem("a slice has at most three parts", cursor.source, here, "for example x[0:6:2]")
    return SyntaxProblem(stuck.detail, cursor.source, here, "rows are lists of the same length: [[1, 2], [3, 4]]")


def _no_keyword(cursor: Cursor, at: int, function: str, keyword: str) -> BpcalcError:
    """A keyword, whose token is ``at``, in brackets whose function (none: "") knows none such."""
    row = FUNCTIONS.get(function)
    if row is None:
        return SyntaxProblem(f"{keyword}= belongs to no function", cursor.source, cursor.span(at),
                             f"{function} takes its arguments in their order" if function else None)
    statics = [*row.statics, *(BY_NAME[row.one].statics if row.one else ())]
    known = [*(name for name in statics if name not in ("at", "shape")),
             *row.params[len(row.params) - len(row.defaults):]]
    hint = f"{function} takes {' and '.join(known)}" if known else f"{function} takes no keyword"
    return SyntaxProblem(f"{function} cannot take {keyword}=… here", cursor.source, cursor.span(at), hint)


def _explain_target(cursor: Cursor, stuck: Stuck, bound: Collection[str]) -> BpcalcError:
    if stuck.why == "head":
        return SyntaxProblem("a head looks like f(x, y) = …, with names separated by commas", cursor.source,
                             cursor.span(min(cursor.at, len(cursor.tokens) - 1)))
    return SyntaxProblem("only a name can stand on the left of '='", cursor.source,
                         cursor.span(cursor.at - 1), "statements look like q = x + y, separated by ;")


def _explain_twice(cursor: Cursor, stuck: Stuck, bound: Collection[str]) -> BpcalcError:
    source, tokens, name = cursor.source, cursor.tokens, stuck.detail
    places = [i for i in range(min(cursor.at + 1, len(tokens)) - 1)
              if (tokens[i][0] == name and tokens[i + 1][0] == "=")
              or (tokens[i][0] == name + "(" and (i == 0 or tokens[i - 1][0] in (";", LINE)))]
    span = cursor.span(places[-1]) if places else None
    if name in bound:
        return NameProblem(f"'{name}' has a value from its binding and is assigned here as well", source, span,
                           f"leave out {name}=… or use another name")
    if len(places) > 1:
        return NameProblem(f"'{name}' is assigned twice", source, span,
                           "every name stands for one node of the graph; use a new name")
    if name in NAMED_CONSTANTS:
        return NameProblem(f"'{name}' was used as a constant before it is assigned here", source, span,
                           "assign it first, or use another name")
    return NameProblem(f"'{name}' is used before it is assigned", source, span, "put its statement first")


def _explain_unnamed(cursor: Cursor, stuck: Stuck, bound: Collection[str]) -> BpcalcError:
    last = cursor.at - 1                           # of the statement before
    while cursor.tokens[last][0] in (";", LINE):
        last -= 1
    first = last
    while first > 0 and cursor.tokens[first - 1][0] not in (";", LINE):
        first -= 1
    span = (cursor.span(first)[0], cursor.span(last)[1])
    return SyntaxProblem("this statement's value is never used", cursor.source, span,
                         "only the last statement may go without a name: write name = …")


EXPLAIN: dict[str, Callable[[Cursor, Stuck, Collection[str]], BpcalcError]] = {
    "empty": _explain_empty, "operand": _explain_operand, "operator": _explain_operator,
    "comma": _explain_comma, "close": _explain_brackets, "open": _explain_brackets,
    "function": _explain_name, "unknown": _explain_name,
    "huge": _explain_number, "arity": _explain_arity, "target": _explain_target,
    "array": _explain_call, "count": _explain_call, "keyword": _explain_call,
    "repeated": _explain_call, "place": _explain_call,
    "sizes": _explain_call, "head": _explain_target, "twice": _explain_twice, "unnamed": _explain_unnamed,
}


def explain_missing(cursor: Cursor, bound: Collection[str]) -> NoReturn:
    """All names without a value in one error: assigned too late, mistyped, or not given."""
    source, tokens = cursor.source, cursor.tokens
    assigned = {tokens[i][0] for i in range(len(tokens) - 1) if tokens[i + 1][0] == "="}
    name, at = next(iter(cursor.missing.items()))
    span = cursor.span(at)
    if "=" in name:                                # one token by now, `axis=0`
        cursor.at = at
        raise _no_keyword(cursor, at, cursor.tokens[_call(cursor)[0]][0][:-1], name.partition("=")[0])
    late = [name for name in cursor.missing if name in assigned]
    if late:
        raise NameProblem(f"'{late[0]}' is used before it is assigned", source,
                          cursor.span(cursor.missing[late[0]]), "put its statement first")
    missing = list(cursor.missing)
    if len(missing) == 1:
        near = closest(name, [*bound, *assigned])
        if name.lower() in ("nan", "inf", "infinity"):
            raise NameProblem(f"'{name}' is no number of this language", source, span, "all numbers are finite")
        hint = f"did you mean {' or '.join(near)}? Otherwise add {name}=…" if near else f"add {name}=…"
        raise NoValue(f"'{name}' has no value", source, span, hint)
    shown = ", ".join(missing[:12]) + (f" and {len(missing) - 12} more" if len(missing) > 12 else "")
    words = " ".join(f"{name}=…" for name in missing[:12])
    raise NoValue(f"these names have no value: {shown}", source, span, f"add {words}")
