"""docs/operations.md, made from the table of operations."""

from bpcalc.ops import NAMED_CONSTANTS, TABLE

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
    if row.variadic:
        return f"`∂out/∂x = {cell(row.shown[0])}`<br>of two: `{cell(row.pair)}`"
    return "<br>".join(f"`∂out/∂{name} = {cell(shown)}`" for name, shown in zip(row.params, row.shown))


def operations_page():
    lines = []
    for row in TABLE:
        if not row.params:
            continue
        domain = "; ".join(f"`{test}`" for test, _ in row.domain) or "every number"
        kinks = "; ".join(words for _, words in row.kinks) or "–"
        lines.append(f"| {spelling(row)} | {gradients(row)} | {domain} | {kinks} |\n")
    constants = "\n".join(f"| `{name}` | {value!r} |" for name, value in NAMED_CONSTANTS.items())
    return (INTRO + "".join(lines) + "\n`out` is the operation's own result.\n\n## Constants\n\n"
            "A constant gives way to a binding or an assignment of the same name.\n\n"
            f"| name | value |\n| --- | --- |\n{constants}\n")
