"""Notation that is opened between lexer and parser, token by token, each token keeping its place.

    [1, 2; 3 4]                                     an array of numbers becomes one token
    [a b; c d]                                      rows by blanks and semicolons become [[a, b], [c, d]]
    sum(x, axis=0)                                  a keyword and its value become one token, ``axis=0``
    sum(s[j]^2 for j in range(3) if j != y)         a sum over an index becomes its terms: sum(…, …)

Only texts with places come here (``lexer.lex``); plain text of numbers and names has none of this.
"""

from __future__ import annotations

from .errors import LimitProblem, Source, Span, SyntaxProblem
from .lexer import DIGITS, LINE, Token, is_name, nesting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Evaluate = Callable[[list[Token]], float]

LIMIT = 2_000_000
"""How many tokens a text may become."""

DEPTH = 64
"""How many dimensions an array can have: NumPy's number."""

_SUMS = frozenset(("sum(", "mean(", "max(", "min(", "prod(", "stack(", "["))
"""What can hold ``… for j in range(n)``."""

_COMPARISONS = frozenset(("<", ">", "<=", ">=", "==", "!="))
_OPENED = _COMPARISONS | {"[", "for"}
_BEFORE_OPERAND = frozenset(["", "+", "-", "*", "/", "^", ",", ";", "@", "(", "[", "=", ":", LINE, *_COMPARISONS])
_INSIDE_LITERAL = frozenset(["+", "-", ",", ";", "[", "]", LINE])


def needs_opening(source: Source, tokens: list[Token]) -> bool:
    """Whether any of this notation can be in the text, or a bracket around the end of a statement's line."""
    words = [token for token, _, _ in tokens]
    if not _OPENED.isdisjoint(words):
        return True
    return "=" in words and not (
        all(before == LINE or before == ";" for before, word in zip([LINE, *words], words[1:]) if word == "=")
        and all(line.count("(") <= line.count(")") for line in source.text.split("\n")[:-1]))


def open_up(source: Source, tokens: list[Token], evaluate: Evaluate, literals: dict[str, Any]) -> list[Token]:
    """The tokens with sums, keywords and arrays of numbers opened.

    ``evaluate`` gives the value of tokens that form a constant expression.  ``literals`` receives the
    nested lists of the arrays, by their token.  Raises SyntaxProblem and LimitProblem.
    """
    if any(token == LINE for token, _, _ in tokens):
        tokens = _joined(tokens)
    if any(token == "for" for token, _, _ in tokens):
        tokens = [part for token in tokens for part in _words(token)]
        tokens = list(_Sums(source, evaluate).opened(tokens))
    _refuse_chains(source, tokens)
    tokens = _keywords(tokens)
    if any(token == "[" for token, _, _ in tokens):
        tokens = _arrays(source, tokens, literals)
    return tokens


def _words(token: Token) -> list[Token]:
    """``if(`` and ``in(`` are words of a sum before a bracket, not calls."""
    word, start, end = token
    if word in ("if(", "in("):
        return [(word[:-1], start, start + 2), ("(", end - 1, end)]
    return [token]


def opens(token: str) -> bool:
    """Whether a bracket begins here: ``(``, ``[``, ``sin(``."""
    return token[-1:] == "(" or token == "["


def matches(tokens: list[Token]) -> dict[int, int]:
    """For every opening bracket the bracket that closes it; what has no partner is left out."""
    found: dict[int, int] = {}
    open_ones: list[int] = []
    for i, (token, _, _) in enumerate(tokens):
        if opens(token):
            open_ones.append(i)
        elif token in (")", "]") and open_ones:
            start = open_ones.pop()
            if (tokens[start][0] == "[") == (token == "]"):
                found[start] = i
    return found


def _joined(tokens: list[Token]) -> list[Token]:
    """Without the line ends in round brackets, where they mean nothing; in square ones they end a row."""
    pairs = matches(tokens)
    found: list[Token] = []
    around: list[int] = []                         # the brackets that are closed further on
    for i, token in enumerate(tokens):
        if around and i == pairs[around[-1]]:
            around.pop()
        if i in pairs:
            around.append(i)
        if token[0] != LINE or not around or tokens[around[-1]][0] == "[":
            found.append(token)
    return found


# ------------------------------------------------------------------------------- sums over an index
class _Sums:
    """Opens ``sum(BODY for NAME in range(…) if TEST)``, from the outside inwards."""

    def __init__(self, source: Source, evaluate: Evaluate) -> None:
        self.source = source
        self.evaluate = evaluate
        self.made = 0

    def opened(self, tokens: list[Token]) -> Iterator[Token]:
        """All tokens; what a sum becomes is read again, as there may be a sum inside."""
        frames = [(tokens, 0, self._marks(tokens))]
        while frames:
            current, i, marks = frames.pop()
            while i < len(current):
                if i in marks:
                    close = marks[i][1]
                    frames.append((current, close + 1, marks))
                    frames += [(part, 0, self._marks(part)) for part in reversed(self._terms(current, i, *marks[i]))]
                    break
                yield current[i]
                i += 1

    def _marks(self, tokens: list[Token]) -> dict[int, tuple[int, int]]:
        """Opening bracket → (its first ``for``, its closing bracket)."""
        found: dict[int, int] = {}
        open_ones: list[int] = []
        closed: dict[int, tuple[int, int]] = {}
        for i, (token, _, _) in enumerate(tokens):
            if opens(token):
                open_ones.append(i)
            elif token in (")", "]") and open_ones:
                start = open_ones.pop()
                if start in found:
                    closed[start] = found[start], i
            elif token == "for" and open_ones and tokens[open_ones[-1]][0] in _SUMS:
                found.setdefault(open_ones[-1], i)
        return closed

    def _terms(self, tokens: list[Token], start: int, first: int, close: int) -> list[list[Token]]:
        """The pieces that take the place of the sum: bracket, terms and commas, bracket."""
        body = tokens[start + 1:first]
        if not body:
            raise SyntaxProblem("a sum over an index needs a term before 'for'", self.source, self._span(tokens, first),
                                "for example sum(x[j]^2 for j in range(3))")
        words = [token for token in tokens[first:close] if token[0] != LINE]
        clauses = self._clauses([*words, tokens[close]], 0, len(words))
        terms: list[list[Token]] = []
        for values in self._choices(clauses):
            terms.append(_put_in(body, values))
            self.made += len(body)
            if self.made > LIMIT:
                raise LimitProblem("the sum has too many terms", self.source, self._span(tokens, first))
        opener, closer = tokens[start], tokens[close]
        if not terms:
            if opener[0] != "sum(":
                raise SyntaxProblem(f"there is nothing to take the {opener[0].rstrip('(')} of: no value is left",
                                    self.source, self._span(tokens, first, close))
            return [[("0", opener[1], closer[2])]]
        if len(terms) == 1 and opener[0] in ("sum(", "mean(", "max(", "min("):
            return [[("(", opener[1], opener[2])], terms[0], [closer]]
        pieces = [[opener]]
        if opener[0] == "prod(":
            pieces.append([("[", opener[1], opener[2])])
        for term in terms:
            pieces += [term, [(",", tokens[first][1], tokens[first][2])]]
        pieces[-1] = [("]", closer[1], closer[2]), closer] if opener[0] == "prod(" else [closer]
        return pieces

    def _clauses(self, tokens: list[Token], at: int, close: int) -> list[tuple[str, list[list[Token]], list[Token]]]:
        """``for NAME in range(…) [if TEST]``, one or more: (name, the range's arguments, the test)."""
        found: list[tuple[str, list[list[Token]], list[Token]]] = []
        words = [token for token, _, _ in tokens]
        while at < close:
            name, here = words[at + 1], self._span(tokens, at, min(at + 3, close - 1))
            hint = "write: for j in range(3)"
            index = self._span(tokens, at + 1)
            typed = self.source.text[index[0]:index[1]]
            if (name[0] in DIGITS or name == "(") and is_name(typed):    # a sum around it put its number here
                raise SyntaxProblem(f"the index {typed} is already that of the sum around it", self.source, index,
                                    "give one of the two another name")
            if not is_name(name):
                raise SyntaxProblem("'for' needs a name for the index", self.source, here, hint)
            if words[at + 2] != "in" or words[at + 3] != "range(":
                raise SyntaxProblem(f"the index {name} needs a range", self.source, here, hint)
            end, depth = at + 4, 1
            arguments: list[list[Token]] = [[]]
            while depth := depth + nesting(words[end]):
                if words[end] == "," and depth == 1:
                    arguments.append([])
                else:
                    arguments[-1].append(tokens[end])
                end += 1
            if not all(arguments) or len(arguments) > 3:
                raise SyntaxProblem("range takes one to three numbers", self.source, here, hint)
            at = end + 1
            test: list[Token] = []
            if at < close and words[at] == "if":
                stop, depth = at + 1, 0
                while stop < close and not (words[stop] == "for" and depth == 0):
                    depth += nesting(words[stop])
                    stop += 1
                test, at = tokens[at + 1:stop], stop
                if not test:
                    raise SyntaxProblem("'if' needs a comparison", self.source, self._span(tokens, stop - 1),
                                        "for example if j != y")
            elif at < close and words[at] != "for":
                raise SyntaxProblem(f"'{words[at].rstrip('(') or '('}' was not expected here", self.source,
                                    self._span(tokens, at), "after the range comes 'if', another 'for' or the bracket")
            found.append((name, arguments, test))
        return found

    def _choices(self, clauses: list[tuple[str, list[list[Token]], list[Token]]]) -> Iterator[dict[str, int]]:
        """The index values that are summed over, the last index fastest."""
        levels = [self._values(*clauses[0], {})]
        while levels:
            values = next(levels[-1], None)
            if values is None:
                levels.pop()
            elif len(levels) == len(clauses):
                yield values
            else:
                levels.append(self._values(*clauses[len(levels)], values))

    def _values(self, name: str, arguments: list[list[Token]], test: list[Token],
                values: dict[str, int]) -> Iterator[dict[str, int]]:
        """The values with those of one more index, where its test holds."""
        bounds = [self._whole(_put_in(argument, values)) for argument in arguments]
        if len(bounds) == 3 and bounds[2] == 0:
            raise SyntaxProblem("a range's step cannot be 0", self.source, self._span(arguments[2], 0))
        span = range(*bounds)
        # What tests leave out is work, too.
        self.made += abs(span[-1] - span[0]) // abs(span.step) * (1 + len(test)) if span else 0
        if self.made > LIMIT:
            raise LimitProblem(f"the range of {name} is too long", self.source, self._span(arguments[0], 0))
        for index in span:
            choice = {**values, name: index}
            if not test or self.evaluate(_put_in(test, choice)):
                yield choice

    def _whole(self, tokens: list[Token]) -> int:
        value = self.evaluate(tokens)
        if value % 1 != 0:
            raise SyntaxProblem(f"a range needs whole numbers, not {value:g}", self.source,
                                self._span(tokens, 0, len(tokens) - 1))
        return int(value)

    def _span(self, tokens: list[Token], first: int, last: int | None = None) -> Span:
        end = tokens[min(first if last is None else max(first, last), len(tokens) - 1)]
        return tokens[first][1], end[2]


def _put_in(tokens: list[Token], values: dict[str, int]) -> list[Token]:
    """The tokens with numbers for the names of indices."""
    found: list[Token] = []
    for token in tokens:
        value = values.get(token[0])
        if value is None:
            found.append(token)
        elif value < 0:
            found += [("(", *token[1:]), ("-", *token[1:]), (str(-value), *token[1:]), (")", *token[1:])]
        else:
            found.append((str(value), *token[1:]))
    return found


# ------------------------------------------------------------------------------- chains, keywords
def _refuse_chains(source: Source, tokens: list[Token]) -> None:
    """``a < b < c`` would compare a truth with c: it is refused."""
    last: list[int | None] = [None]
    for i, (token, _, end) in enumerate(tokens):
        if opens(token):
            last.append(None)
        elif token in (")", "]"):
            if len(last) > 1:
                last.pop()
        elif token in (",", ";", LINE, "="):
            last[-1] = None
        elif token in _COMPARISONS:
            before = last[-1]
            if before is not None:
                raise SyntaxProblem("comparisons cannot be chained", source, (tokens[before][1], end),
                                    "multiply two comparisons: (a < b) * (b < c)")
            last[-1] = i


def _keywords(tokens: list[Token]) -> list[Token]:
    """``axis = 0`` inside a call as one token."""
    if not any(token == "=" for token, _, _ in tokens):
        return tokens
    found: list[Token] = []
    depth = i = 0
    while i < len(tokens):
        token = tokens[i][0]
        depth += nesting(token)
        if token == "=" and depth > 0 and is_name(found[-1][0]):
            sign = "-" if i + 1 < len(tokens) and tokens[i + 1][0] == "-" else ""
            at = i + 1 + bool(sign)
            if at + 1 < len(tokens) and tokens[at][0][0] in DIGITS and tokens[at + 1][0] in (",", ")"):
                found[-1] = (f"{found[-1][0]}={sign}{tokens[at][0]}", found[-1][1], tokens[at][2])
                i = at + 1
                continue
        found.append(tokens[i])
        i += 1
    return found


# ------------------------------------------------------------------------------------------ arrays
def _arrays(source: Source, tokens: list[Token], literals: dict[str, Any]) -> list[Token]:
    """Arrays of numbers as one token, and rows written with blanks and semicolons with commas."""
    _refuse_depth(source, tokens)
    tokens = _lines_joined(tokens)
    found: list[Token] = []
    frames = [(tokens, 0, matches(tokens))]
    while frames:
        current, i, pairs = frames.pop()
        while i < len(current):
            token, start, _ = current[i]
            if token == "[" and i in pairs and _begins_operand(found[-1][0] if found else ""):
                inside = current[i:pairs[i] + 1]
                nested = _literal(source, inside)
                if nested is not None:
                    word = repr(nested).replace(" ", "").replace(".0,", ",").replace(".0]", "]").replace(",", ", ")
                    literals[word] = nested
                    found.append((word, start, inside[-1][2]))
                    i = pairs[i] + 1
                    continue
                rewritten = _rows(source, inside)
                if rewritten is not inside:
                    frames += [(current, pairs[i] + 1, pairs), (rewritten, 1, matches(rewritten))]
                    found.append(rewritten[0])
                    break
            found.append(current[i])
            i += 1
    return found


def _lines_joined(tokens: list[Token]) -> list[Token]:
    """Without the line breaks beside a comma or inside a bracket's edge, where they end no row: ``[⏎ 1,⏎ 2⏎]``."""
    found: list[Token] = []
    for token in tokens:
        if token[0] in (",", "]"):
            while found and found[-1][0] == LINE:
                found.pop()
        if token[0] != LINE or not found or found[-1][0] not in (",", "["):
            found.append(token)
    return found


def _begins_operand(before: str) -> bool:
    """Whether a ``[`` after the token ``before`` is an array's, not an index's."""
    return before in _BEFORE_OPERAND or before[-1:] == "("


def _refuse_depth(source: Source, tokens: list[Token]) -> None:
    """Arrays in arrays end where NumPy's number of dimensions does, which also bounds the work on them."""
    pending: list[bool] = []
    depth, before = 0, ""
    for token, start, end in tokens:
        if opens(token):
            pending.append(token == "[" and _begins_operand(before))
            depth += pending[-1]
            if depth > DEPTH:
                raise LimitProblem(f"arrays are nested more than {DEPTH} deep", source, (start, end))
        elif token in (")", "]") and pending:
            depth -= pending.pop()
        before = token


def _literal(source: Source, tokens: list[Token]) -> list[Any] | None:
    """The nested lists of an array of numbers; None where anything else is inside."""
    for token, _, _ in tokens:
        if token not in _INSIDE_LITERAL and (token[0] not in DIGITS or token == ".T"):
            return None
    stack: list[list[Any]] = [[]]                  # lists being filled; each holds its rows
    sign = 0.0                                     # a sign that waits for its number
    for at, (token, start, end) in enumerate(tokens):
        before = tokens[at - 1] if at else ("", start, start)
        if token in ("+", "-"):
            after = tokens[at + 1]
            apart = before[0] in ("[", ",", ";", LINE) or (before[2] < start and after[1] == end)
            if sign or not apart or after[0][0] not in DIGITS:
                return None                        # `[2 - 1]` is arithmetic
            sign = -1.0 if token == "-" else 1.0
        elif token == "[":
            stack.append([[]])
        elif token in (";", LINE):
            if stack[-1][-1]:
                stack[-1].append([])
        elif token == "]":
            rows = [row for row in stack.pop() if row] or [[]]
            stack[-1] = stack[-1] or [[]]
            stack[-1][-1].append(_unwrapped(rows) if len(rows) > 1 else rows[0])
        elif token != ",":
            value = float(token)
            if value - value != 0.0 or (before[2] == start and before[0][0] in DIGITS):
                return None                        # `[1.5.2]`
            stack[-1][-1].append(-value if sign < 0 else value)
            sign = 0.0
        if token == "," and (before[0] in (",", "[", ";", LINE) or tokens[at + 1][0] in (",", "]", ";")):
            raise SyntaxProblem("an entry is missing beside this comma", source, (start, end))
    made: list[Any] = stack[0][0][0]
    if not made:
        raise SyntaxProblem("an array has at least one entry", source, (tokens[0][1], tokens[-1][2]))
    return made


def _unwrapped(rows: list[list[Any]]) -> list[Any]:
    """Rows, each of which may stand in brackets of its own: NumPy prints ``[[1 2]⏎ [3 4]]``."""
    return [row[0] for row in rows] if all(len(row) == 1 and isinstance(row[0], list) for row in rows) else rows


def _bracketed(tokens: list[Token]) -> bool:
    """Whether a pair of square brackets goes around all of it."""
    return tokens[0][0] == "[" and matches(tokens).get(0) == len(tokens) - 1


def _rows(source: Source, tokens: list[Token]) -> list[Token]:
    """``[a b; c d]`` with commas and brackets; unchanged where there are neither blanks nor semicolons."""
    rows: list[list[list[Token]]] = [[[]]]
    depth = 0
    blanks = commas = False
    for at in range(1, len(tokens) - 1):
        token = tokens[at]
        word, before = token[0], tokens[at - 1][0]
        if depth == 0 and word == ",":
            commas = True
            rows[-1].append([])
            continue
        if depth == 0 and word in (";", LINE):
            if word == ";" or rows[-1] != [[]]:
                rows.append([[]])
            continue
        operand = (word not in _BEFORE_OPERAND and word not in (")", "]", ".T")) or opens(word)
        ended = (before not in _BEFORE_OPERAND and before[-1:] != "(") or before in (")", "]")
        signed = word in ("+", "-") and tokens[at - 1][2] < token[1] and tokens[at + 1][1] == token[2]
        apart = tokens[at - 1][2] < token[1]       # `[2x]` lacks an operator, not a blank
        if depth == 0 and rows[-1][-1] and ended and ((operand and apart and word != "[") or signed):
            blanks = True
            rows[-1].append([])
        rows[-1][-1].append(token)
        depth += nesting(word)
    rows = [row for row in rows if row != [[]]]
    if len(rows) < 2 and not blanks:
        return tokens
    if blanks and commas:
        return tokens                              # `[1 2, 3]`: the parser says what is missing
    bare = len(rows) > 1 and not all(len(row) == 1 and _bracketed(row[0]) for row in rows)
    left, right = tokens[0], tokens[-1]
    comma = (",", left[1], left[2])
    made: list[Token] = [left]
    for at, row in enumerate(rows):
        made += [comma] if at else []
        made += [left] if bare else []
        for column, entry in enumerate(row):
            made += [comma] if column else []
            made += entry
        made += [right] if bare else []
    return [*made, right]
