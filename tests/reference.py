"""docs/operations.md, made from the table of operations, and docs/mistakes.md, made from that of mistakes."""

from bpcalc.homework.mistakes import TABLE as MISTAKES
from bpcalc.ops import NAMED_CONSTANTS, TABLE
from bpcalc.render import to_functions

INTRO = """# Operations

<!-- Made from bpcalc/ops.py: pytest tests/test_docs.py --update rewrites this page. -->

Every operation of the language: how it is written, its local gradients as the table of a run shows
them, where it is defined, and what is done at a point where the derivative does not exist. At a kink
the convention is PyTorch's, and the run says so in a note.

| written | local gradients | defined for | at a kink |
| --- | --- | --- | --- |
"""


def cell(text):
    return text.replace("|", "\\|")


def spelling(row):
    if row.fixity and len(row.params) == 2:
        symbol = row.fixity[0]
        text = f"`a {symbol} b`" if symbol != "^" else "`a^b`, `a**b`, `pow(a, b)`"
    elif row.fixity:
        text = f"`{row.fixity[0]}x`"
    else:
        names = (row.name, *row.aliases)
        required = len(row.params) - len(row.defaults)
        params = [name if at < required else f"{name}={row.defaults[at - required]}"
                  for at, name in enumerate(row.params)]
        arguments = "a, b, …" if row.variadic else ", ".join(params)
        text = ", ".join(f"`{name}({arguments})`" for name in names)
    return f"{text}<br>{cell(row.doc)}"


def gradients(row):
    lines = "<br>".join(f"`{cell(line)}`" for line in to_functions.gradients(row))
    return lines if row.pair is None else f"{lines}<br>of two: `{cell(row.pair)}`"


ARRAYS = """
## Whole arrays

These act on an array as a whole, so they have no local gradient for an entry; instead a rule says
what flows back. `dx` is the gradient at x and has the shape of x, `dout` that at the result.

| written | what flows back |
| --- | --- |
"""


def structural(row):
    params = [*row.params, *(name for name in row.statics if name not in ("keepdims", "at", "shape"))]
    if row.name == "index":
        written = "`x[i]`, `x[i, j]`, `x[i, :]`, `x[1:3]`"
    elif row.name == "transpose":
        written = "`x.T`, `transpose(x)`"
    elif row.name == "reshape":
        written = "`reshape(x, 2, 3)`"
    elif not row.statics.get("axis", "0"):
        written = f"`{row.word}(x)`, `{row.word}(x, axis=0)`"
    else:
        places = [f"{name}={row.statics[name]}" if name in row.statics else
                  "a, b, …" if row.variadic else name for name in params]
        required = len(row.params) - len(row.defaults)
        places = [f"{place}={row.defaults[at - required]}" if required <= at < len(row.params) else place
                  for at, place in enumerate(places)]
        call = ", ".join(places)
        written = ", ".join(f"`{name}({call})`" for name in (row.word, *row.aliases))
        written = f"`a @ b`, {written}" if row.name == "matmul" else written
        written = f"`[a, b]`, {written}" if row.name == "stack" else written
    rules = [line if line.endswith("no gradient") else f"`{line}`" for line in to_functions.gradients(row)]
    return f"| {written}<br>{cell(row.doc)} | {'<br>'.join(rules)} |\n"


def operations_page():
    lines = []
    for row in TABLE:
        if not row.params or row.structural:
            continue
        domain = "; ".join(f"`{test}`" for test, _ in row.domain) or "every number"
        kinks = "; ".join(words for _, words in row.kinks) or "–"
        lines.append(f"| {spelling(row)} | {gradients(row)} | {domain} | {kinks} |\n")
    constants = "\n".join(f"| `{name}` | {value!r} |" for name, value in NAMED_CONSTANTS.items())
    arrays = "".join(structural(row) for row in TABLE if row.structural)
    return (INTRO + "".join(lines) + "\n`out` is the operation's own result.\n" + ARRAYS + arrays + "\n## Constants\n\n"
            "A constant gives way to a binding or an assignment of the same name.\n\n"
            f"| name | value |\n| --- | --- |\n{constants}\n")


MISTAKES_INTRO = """# Mistakes

<!-- Made from bpcalc/homework/mistakes.py: pytest tests/test_docs.py --update rewrites this page. -->

Every mistake that `--check` names, in the order in which it is believed where several lead to the same number. The
example is one that this mistake explains and no other of the table does (a test holds that); `digits` is the code of a
number that is close and has a wrong digit. A wrong rule that happens to give the right number is never reported.

| code | what is said | the hint | example: expression, values, wrong answer |
| --- | --- | --- | --- |
"""


def mistakes_page():
    lines = []
    for row in MISTAKES:
        expression, values, answers = row.example
        given = " ".join(f"{name}={value}" for name, value in values.items())
        options = "" if row.rate is None else f" `--lr {row.rate}`"
        options += " `--wrt x`" if row.code == "held" else ""
        say = row.say.replace("{where}", "…")
        example = f"`{expression}` at `{given}`{options}: `{answers}`"
        lines.append(f"| `{row.code}` | {cell(say)} | {cell(row.hint)} | {example} |\n")
    return MISTAKES_INTRO + "".join(lines)
