"""The command line's options as one table, and how words are sorted into options and the rest.

The click command (command.py) is built from this table, for help and completion; a run needs only
``sort``.  So there is one truth about the options, and most runs never import click.

An option is a word that is one, to the letter, or ``--known=value``; a word that looks like
``--letters`` and is none is an error; everything else is the expression or a binding.  No word is
ever taken apart, so ``-x*y`` and ``-o*2`` are expressions.
"""

from __future__ import annotations

from .errors import Source, UsageProblem, closest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

USAGE = "Usage: bpcalc EXPRESSION [NAME=VALUE]... [OPTIONS]; bpcalc --help shows examples"

EXAMPLES = (
    ('bpcalc "(x+y)*z" x=-2 y=5 z=-4', "every node's value, local gradients and products"),
    ('bpcalc "q = x + y; f = q*z" x=-2 y=5 z=-4 --symbolic', "with named steps, cross-checked by sympy"),
    ('bpcalc "max(0, s1 - s0 + 1)" s0=3.2 s1=5.1 --json', "for other programs"),
)

# --help shows the options in these groups, in this order.
ASK, SHOW, HOME, CHECK, LEARN, FILES, ABOUT = (
    "What to compute", "How to show it", "Checking your own work", "Second opinions", "Gradient descent", "Files",
    "About")
GROUPS = (ASK, SHOW, HOME, CHECK, LEARN, FILES, ABOUT)

FORMATS = {
    "table": "a table (the default)",
    "blocks": "one block per node, for narrow terminals",
    "steps": "both passes as on the board",
    "latex": "the worked solution in LaTeX; -o FILE makes it a document",
    "markdown": "the worked solution in Markdown, with TeX as GitHub renders it",
    "plain": "one fact a line, for screen readers and grep",
    "json": "JSON, full precision",
    "csv": "one row an edge, for spreadsheets",
    "svg": "a picture of the circuit",
    "png": "the same in pixels", "pdf": "and for print (both need the extra 'pictures')",
    "html": "a page that plays both passes step by step, with inputs to change",
    "circuit": "the circuit drawn in text, or a tree where that is too wide",
    "dot": "for Graphviz",
    "mermaid": "for Markdown that draws Mermaid",
}


class Option:
    """One option: its spellings, the value's name in the help (None for a flag), group and help.

    A value's name in square brackets may be left out, and follows a = where it is given: ``--expand=s``.
    A value that is one of ``choices`` may be left out, and is then the first of them.
    """

    __slots__ = ("choices", "group", "help", "key", "metavar", "names", "repeated")

    def __init__(self, names: str, metavar: str | None, group: str, help: str, repeated: bool = False,
                 choices: tuple[str, ...] = ()) -> None:
        self.names = tuple(names.split())
        self.key = self.names[-1][2:].replace("-", "_")
        self.metavar = metavar
        self.group = group
        self.help = help
        self.repeated = repeated
        self.choices = choices

    @property
    def default(self) -> Any:
        """What the option is when it is not given."""
        return False if self.metavar is None else () if self.repeated else None

    @property
    def optional(self) -> bool:
        """Whether the value can be left out; it is then empty, and one that is given follows a =."""
        return self.metavar is not None and self.metavar[0] == "[" and not self.choices

    @property
    def is_path(self) -> bool:
        """Whether the value names a file."""
        return self.metavar in ("PATH", "FILE")


OPTIONS = (
    Option("--wrt", "NAMES", ASK, "Only these gradients (x,z); the other variables are held constant.", repeated=True),
    Option("--upstream", "V", ASK, "The gradient that arrives at the output, if not 1."),
    Option("--bindings", "PATH", ASK, "Read NAME = VALUE lines from a file."),
    Option("--data", "PATH", ASK, "Read a data set: each column of a CSV file is a variable, a vector."),
    Option("--batch", "PATH", ASK, "Once for every row of a CSV file (a heading of names) or of JSON lines."),
    Option("--file", "PATH", ASK, "Read the expression from a file; an EXPRESSION of - reads standard input."),
    Option("--format", "FORMAT", SHOW, ", ".join(FORMATS) + "."),
    Option("--json", None, SHOW, "The same as --format json."),
    Option("--digits", "N", SHOW, "Significant digits for people (1 to 17; default 6)."),
    Option("--steps", None, SHOW, "The same as --format steps: both passes as a teacher writes them on the board."),
    Option("--paths", "NAME", SHOW, "Every path from NAME to the output, with its product, and their sum."),
    Option("--round", "D", SHOW, "Carry D decimals at every step, as on paper, and show the drift."),
    Option("--exact", None, SHOW, "Fractions and exact forms (-3/8, e^(-1), sqrt(2)) by sympy."),
    Option("--graph", None, SHOW, "Draw the circuit below the table: values above its wires, gradients below."),
    Option("--title", "TEXT", SHOW, "What a picture, a page, a solution or a worksheet is called."),
    Option("--expand", "[NAME]", SHOW, "Open arrays into their entries: the graph of single numbers beneath."),
    Option("--all", None, SHOW, "Every node of a large graph, not only the first and last."),
    Option("--color", "WHEN", SHOW, "auto, always or never."),
    Option("--check", "ANSWERS", HOME, "Check answers such as q=3, dq=-4, dq/dx=1 and name the mistakes.",
           repeated=True),
    Option("--check-file", "PATH", HOME, "Check a filled-in sheet: KEY = VALUE lines, JSON or CSV."),
    Option("--require", "WHICH", HOME, "Also count missing answers: given (none), leaves or all."),
    Option("--strict", None, HOME, "No early rounding, truncation, choice at a kink or following from a wrong answer."),
    Option("--tolerance", "T", HOME, "Accept a relative error of T, whatever digits were typed."),
    Option("--worksheet", None, HOME,
           "The numbers as blanks to fill in: text, or --format markdown, latex, csv or json."),
    Option("--reveal", None, HOME, "Show the right numbers, too; makes a worksheet the teacher's key."),
    Option("--grade", "PATH", HOME, "Grade a class list: one row a student, one column a key."),
    Option("--practice", "[LEVEL]", HOME, "An exercise: easy (the default), medium or hard; asks on a terminal, else a "
           "worksheet and its key.", choices=("easy", "medium", "hard")),
    Option("--seed", "N", HOME, "Which exercise; the same on every machine."),
    Option("--variants", "N", HOME, "So many different worksheets, one a student."),
    Option("--symbolic", None, CHECK, "Derivatives by sympy, compared with backprop's."),
    Option("--gradcheck", None, CHECK, "Central differences beside the gradients."),
    Option("--lr", "RATE", LEARN, "Update the variables (those of --wrt): value + (-RATE * gradient)."),
    Option("--iterations", "N", LEARN, "How many updates (default 1)."),
    Option("--optimizer", "NAME", LEARN, "sgd, momentum, nesterov or adam."),
    Option("--momentum", "M", LEARN, "For momentum and nesterov (default 0.9)."),
    Option("--until", "TOL", LEARN, "Stop when a step changes the loss by no more than TOL."),
    Option("-o --output", "FILE", FILES, "Write to a file, whole or not at all; its ending chooses the format."),
    Option("--functions", None, ABOUT, "List the functions and operators; with a NAME, its gradients."),
    Option("--version", None, ABOUT, "Show the version."),
    Option("-h --help", None, ABOUT, "Show this text."),
)

BY_NAME = {name: option for option in OPTIONS for name in option.names}
BY_KEY = {option.key: option for option in OPTIONS}


def sort(words: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The options' values by key, and all other words in order.

    Raises UsageProblem for an unknown option, a missing, empty or unwanted value, and an option given twice.
    """
    options, others = split(words)
    values = {option.key: option.default for option in OPTIONS}
    for option, name, value in options:
        if value is not None and not value.strip() and not option.optional:
            if option.is_path:
                raise UsageProblem(f"--{option.key.replace('_', '-')} names no file")
            raise UsageProblem(f"{name} has an empty value", Source(f"{name} {value}", "option"), (0, len(name)),
                               f"{name} {option.metavar}: {option.help.rstrip('.')}")
        if option.metavar is None:
            values[option.key] = True
        elif option.repeated:
            values[option.key] = (*values[option.key], value)
        elif values[option.key] is not None:
            raise UsageProblem(f"{name} is given twice", Source(f"{name} {value}", "option"), (0, len(name)))
        else:
            values[option.key] = value
    return values, others


def split(words: list[str], unfinished: bool = False) -> tuple[list[tuple[Option, str, str | None]], list[str]]:
    """The options in order, each with the spelling used and its value, and all other words.

    ``unfinished`` is for completion: a value may be missing at the end.
    """
    options: list[tuple[Option, str, str | None]] = []
    others: list[str] = []
    rest = iter(words)
    following: str | None = next(rest, None)
    while following is not None:
        word, following = following, next(rest, None)
        if word == "--":
            if following is not None:
                others.append(following)
            others.extend(rest)
            break
        name, equals, value = word.partition("=") if word[:2] == "--" else (word, "", "")
        option = BY_NAME.get(name)
        if option is None:
            if _looks_like_option(name):
                raise unknown(word)
            others.append(word)
        elif option.metavar is None:
            if equals:
                raise UsageProblem(f"{name} takes no value", Source(word, "option"), (len(name), len(word)))
            options.append((option, name, None))
        elif equals or option.optional:
            options.append((option, name, value))
        elif option.choices and following not in option.choices:
            options.append((option, name, option.choices[0]))
        else:
            if following is None and not unfinished:
                raise UsageProblem(f"{name} needs a value, {option.metavar}", Source(word, "option"), (0, len(word)))
            if following is not None:
                options.append((option, name, following))
                following = next(rest, None)
    return options, others


def _looks_like_option(name: str) -> bool:
    return (name[:2] == "--" and name[2:3].isalpha() and name.isascii()
            and name[2:].replace("-", "a").replace("_", "a").isalnum())


def unknown(word: str) -> UsageProblem:
    """The error for a word that looks like an option and is none."""
    name = word.partition("=")[0]
    near = closest(name, [known for known in BY_NAME if known[:2] == "--"])
    bound, equals, value = word[2:].partition("=")
    if equals:                                     # it may be a name that is given a value
        near = [known for known in near if BY_NAME[known].metavar is not None] if len(bound) > 1 else []
        given = f"a value has no dashes: {bound}={value}"
        return UsageProblem(f"there is no option {name}", Source(word, "option"), (0, len(name)),
                            f"did you mean {' or '.join(near)}? Otherwise {given}" if near else given)
    hint = f"did you mean {' or '.join(near)}?" if near else "bpcalc --help lists the options."
    return UsageProblem(f"there is no option {name}", Source(word, "option"), (0, len(name)),
                        f"{hint} An expression that looks like this goes after --")
