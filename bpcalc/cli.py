"""The command line: words to calls, calls to (text, exit code).  The only file that imports click.

Nothing is printed on the way: the command returns its output and ``run`` writes it once, so on
failure standard output stays empty, and a full disk or a closed pipe is met in one place.

Exit codes: 0 done, and every answer right; 1 an answer or a cross-check is wrong; 2 bad input,
usage or a file; 70 an internal error; 130 interrupted; 141 the reader went away.
"""

from __future__ import annotations

import os
import sys

import click

from . import __version__
from .errors import BindingProblem, BpcalcError, InputProblem, LimitProblem, Source, UsageProblem, closest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .report import Report

Output = tuple["Iterable[str]", int]

EXAMPLES = (
    ('bpcalc "(x+y)*z" x=-2 y=5 z=-4', "every node's value, local gradients and products"),
    ('bpcalc "q = x + y; f = q*z" x=-2 y=5 z=-4 --symbolic', "with named steps, cross-checked by sympy"),
    ('bpcalc "max(0, s1 - s0 + 1)" s0=3.2 s1=5.1 --json', "for other programs"),
)

# --help shows the options in these groups, in this order.
ASK, SHOW, CHECK, FILES, HELP = (
    "What to compute", "How to show it", "Second opinions", "Files", "About")

# Formats by name: what each is for.  The module that writes one is loaded when it is asked for.
FORMATS = {
    "table": "a table (the default)",
    "blocks": "one block per node, for narrow terminals",
    "plain": "one fact a line, for screen readers and grep",
    "json": "JSON, full precision",
    "csv": "one row an edge, for spreadsheets",
}


class GroupedOption(click.Option):
    """An option that knows under which heading of --help it stands."""

    def __init__(self, *args: Any, group: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group


class ExpressionCommand(click.Command):
    """Sorts the words itself, so that an expression may begin with a minus sign.

    A word is an option only if it is one, to the letter (or ``--known=value``); a word that looks
    like ``--letters`` is an unknown option; everything else is the expression or a binding.  No
    word is ever taken apart: ``-o*2`` and ``-x*y`` are expressions.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reorder the words for click: options, ``--``, the others."""
        if not args:
            return super().parse_args(ctx, args)
        values = {
            name: 0 if option.is_flag or option.count else option.nargs
            for option in self.get_params(ctx) if isinstance(option, click.Option)
            for name in (*option.opts, *option.secondary_opts)
        }
        options: list[str] = []
        others: list[str] = []
        rest = iter(args)
        for word in rest:
            if word == "--":
                others.extend(rest)
                break
            name, equals, _ = word.partition("=") if word.startswith("--") else (word, "", "")
            if name in values:
                options.append(word)
                for _ in range(0 if equals else values[name]):
                    value = next(rest, None)
                    if value is None:
                        if ctx.resilient_parsing:
                            break
                        raise UsageProblem(f"{name} needs a value", Source(word, "option"), None, USAGE)
                    options.append(value)
            elif _looks_like_option(word):
                raise _unknown_option(word, [*values])
            else:
                others.append(word)
        return super().parse_args(ctx, [*options, "--", *others])

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples first, then the options by what a person wants to do."""
        times = "×" if _can_show(sys.stdout) else "*"
        formatter.write("bpcalc EXPRESSION [NAME=VALUE]... [OPTIONS]\n\n"
                        "A backprop calculator: the graph of an expression, every node's forward value,\n"
                        f"its local gradients, and upstream {times} local along every edge.\n\nExamples:\n")
        for command, purpose in EXAMPLES:
            formatter.write(f"  {command}\n      {purpose}\n")
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                groups.setdefault(getattr(param, "group", HELP), []).append(record)
        for name in (ASK, SHOW, CHECK, FILES, HELP):
            if name in groups:
                with formatter.section(name):
                    formatter.write_dl(groups[name], col_max=26)
        formatter.write("\nNames, numbers, + - * / ^ ( ), functions; statements are separated by ; or new lines.\n")


USAGE = 'Usage: bpcalc EXPRESSION [NAME=VALUE]... [OPTIONS]; bpcalc --help shows examples'


def _looks_like_option(word: str) -> bool:
    name = word.partition("=")[0]
    return (name.startswith("--") and name[2:3].isalpha() and name.isascii()
            and name[2:].replace("-", "a").replace("_", "a").isalnum())


def _unknown_option(word: str, known: list[str]) -> UsageProblem:
    name = word.partition("=")[0]
    near = closest(name, [option for option in known if option.startswith("--")])
    hint = f"did you mean {' or '.join(near)}?" if near else "bpcalc --help lists the options."
    return UsageProblem(f"there is no option {name}", Source(word, "option"), (0, len(name)),
                        f"{hint} An expression that looks like this goes after --")


def _complete_binding(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    """Offer ``y=`` for the names that have no value yet."""
    words = [ctx.params.get("expression") or "", *(ctx.params.get("words") or ())]
    try:
        from .syntax import free_names

        taken = {word.partition("=")[0] for word in words[1:]}
        names = [name for name in free_names(Source(words[0])) if name not in taken]
    except BpcalcError:
        return []
    from click.shell_completion import CompletionItem

    return [CompletionItem(f"{name}=") for name in names if name.startswith(incomplete)]


@click.command(cls=ExpressionCommand, no_args_is_help=True, add_help_option=False,
               context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("words", nargs=-1, shell_complete=_complete_binding)
@click.option("--wrt", metavar="NAMES", multiple=True, cls=GroupedOption, group=ASK,
              help="Only these gradients (x,z); the other variables are held constant.")
@click.option("--upstream", metavar="V", cls=GroupedOption, group=ASK,
              help="The gradient that arrives at the output, if not 1.")
@click.option("--bindings", "bindings_path", metavar="PATH", cls=GroupedOption, group=ASK,
              help="Read NAME = VALUE lines from a file.")
@click.option("--file", "path", metavar="PATH", cls=GroupedOption, group=ASK,
              help="Read the expression from a file; an EXPRESSION of - reads standard input.")
@click.option("--format", "form", metavar="FORMAT", cls=GroupedOption, group=SHOW,
              help=", ".join(FORMATS) + ".")
@click.option("--json", "as_json", is_flag=True, cls=GroupedOption, group=SHOW, help="The same as --format json.")
@click.option("--digits", metavar="N", cls=GroupedOption, group=SHOW,
              help="Significant digits for people (1 to 17; default 6).")
@click.option("--all", "everything", is_flag=True, cls=GroupedOption, group=SHOW,
              help="Every node of a large graph, not only the first and last.")
@click.option("--color", metavar="WHEN", cls=GroupedOption, group=SHOW, help="auto, always or never.")
@click.option("--symbolic", is_flag=True, cls=GroupedOption, group=CHECK,
              help="Derivatives by sympy, compared with backprop's.")
@click.option("--gradcheck", is_flag=True, cls=GroupedOption, group=CHECK,
              help="Central differences beside the gradients.")
@click.option("-o", "--output", "target", metavar="FILE", cls=GroupedOption, group=FILES,
              help="Write to a file, whole or not at all; its ending chooses the format.")
@click.option("--functions", is_flag=True, cls=GroupedOption, group=HELP, help="List the functions and operators.")
@click.option("--version", is_flag=True, is_eager=True, cls=GroupedOption, group=HELP, help="Show the version.")
@click.option("-h", "--help", "show_help", is_flag=True, is_eager=True, cls=GroupedOption, group=HELP,
              help="Show this text.")
def command(words: tuple[str, ...], **options: Any) -> Output:
    """Read the words, calculate, and choose who writes the result."""
    if options["show_help"]:
        return [click.get_current_context().get_help(), "\n"], 0
    if options["version"]:
        return [f"bpcalc {__version__}\n"], 0
    if options["functions"]:
        from .render.to_functions import render

        return [render()], 0
    form = _format(options)
    digits = _whole(options["digits"], "--digits", 1, 17, 6)
    color = _choice(options["color"] or "auto", "--color", ("auto", "always", "never"))
    source, bindings = _inputs(list(words), options)
    from .bindings import constant, from_words
    from .report import run
    from .syntax import parse

    given = _merged(from_words(bindings), options["bindings_path"])
    upstream = 1.0 if options["upstream"] is None else constant(options["upstream"], "upstream")
    wrt = [name.strip() for names in options["wrt"] for name in names.split(",") if name.strip()]
    if options["wrt"] and not wrt:
        raise UsageProblem("--wrt names no variable", hint="for example --wrt x,z")
    report = run(parse(source, given), given, wrt or None, upstream)
    code = _second_opinions(report, options)
    if form != "table":
        pieces = _written(report, form, digits, options)
    else:
        pieces = _table(report, digits, options, color)
    for note in report.notes:
        if note.code == "unused" and note.node is None:
            _warn(note.message)
    return pieces, code


# ------------------------------------------------------------------------------------------ input
def _inputs(words: list[str], options: dict[str, Any]) -> tuple[Source, list[str]]:
    """The expression's source and the words that bind names."""
    from .bindings import decode, read_text

    path = options["path"]
    if path is not None:
        source = Source(decode(_stdin(), "standard input"), "standard input") if path == "-" else \
            Source(read_text(path), path)
        bindings = words
    else:
        if not words:
            raise UsageProblem("there is no expression", hint=USAGE)
        if words[0] == "-":
            source = Source(decode(_stdin(), "standard input"), "standard input")
        else:
            source = Source(words[0].replace("\r\n", "\n"))
        bindings = words[1:]
    for word in bindings:
        if "=" not in word:
            raise _not_a_binding(word, path)
    return source, bindings


def _not_a_binding(word: str, path: str | None) -> BpcalcError:
    known = [name for option in command.params for name in option.opts if name.startswith("--")]
    if word.startswith("-") and "--" + word.lstrip("-") in known:
        return UsageProblem(f"there is no option {word}", Source(word, "option"), (0, len(word)),
                            f"did you mean --{word.lstrip('-')}?")
    hint = "values are given as NAME=VALUE"
    if path is None and any(sign in word for sign in "+-*/^("):
        hint = "put the whole expression in double quotes, and give values as NAME=VALUE"
    elif path is None:
        hint += "; if the expression had a * in it, the shell may have put file names in its place: use double quotes"
    what = "is not a binding; there is one expression already" if path is None else "is not a binding"
    return BindingProblem(f"'{word}' {what}", Source(word, "binding"), (0, len(word)), hint)


def _merged(given: dict[str, float], path: str | None) -> dict[str, float]:
    if path is None:
        return given
    from .bindings import from_file, read_text

    found = from_file(decode_stdin() if path == "-" else read_text(path), path)
    twice = [name for name in found if name in given]
    if twice:
        raise BindingProblem(f"'{twice[0]}' is given a value twice, on the command line and in {path}",
                             hint="leave one of them out")
    return {**found, **given}


def decode_stdin() -> str:
    """Standard input as text."""
    from .bindings import decode

    return decode(_stdin(), "standard input")


def _stdin() -> bytes:
    if sys.stdin is None:
        raise InputProblem("standard input is closed")
    if sys.stdin.isatty():
        print("reading from standard input; end with Ctrl-D", file=sys.stderr)
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise InputProblem(f"cannot read standard input: {error.strerror}") from None


def _whole(text: str | None, option: str, least: int, most: int, default: int) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise UsageProblem(f"{option} takes a whole number from {least} to {most}, not '{text}'")
    return int(text)


def _choice(text: str, option: str, known: Iterable[str]) -> str:
    known = tuple(known)
    if text not in known:
        near = closest(text, known)
        hint = f"did you mean {near[0]}?" if near else None
        raise UsageProblem(f"{option} takes {', '.join(known[:-1])} or {known[-1]}, not '{text}'", hint=hint)
    return text


# ----------------------------------------------------------------------------------------- output
_ENDINGS = {".json": "json", ".csv": "csv", ".txt": "table"}


def _format(options: dict[str, Any]) -> str:
    form: str | None = options["form"]
    if form is not None:
        _choice(form, "--format", FORMATS)
        if options["as_json"] and form != "json":
            raise UsageProblem(f"--json and --format {form} ask for two formats", hint="leave one of them out")
        return form
    if options["as_json"]:
        return "json"
    target: str | None = options["target"]
    return "table" if target is None else _ENDINGS.get(os.path.splitext(target)[1].lower(), "table")


def _second_opinions(report: Report, options: dict[str, Any]) -> int:
    """Ask for the cross-checks; 1 when one of them disagrees, which would be our fault."""
    if options["symbolic"] or options["gradcheck"]:
        from . import verify

        if options["symbolic"]:
            report.verdicts += verify.symbolic(report)
        if options["gradcheck"]:
            report.verdicts += verify.gradcheck(report)
    return int(any(verdict.status == "differs" for verdict in report.verdicts))


def _written(report: Report, form: str, digits: int, options: dict[str, Any]) -> Iterable[str]:
    if form == "json":
        from .render import to_json

        return to_json.report_lines(report)
    if form == "csv":
        from .render import to_csv

        return to_csv.lines(report)
    if form == "plain":
        from .render import to_plain

        return to_plain.lines(report, digits, options["everything"])
    from .render import to_blocks
    from .render.symbols import Symbols

    return [to_blocks.render(report, digits, Symbols(_can_show(_target(options))), options["everything"])]


def _table(report: Report, digits: int, options: dict[str, Any], color: str) -> list[str]:
    from .render import to_table  # rich: only when a table is wanted
    from .render.symbols import Symbols

    out = _target(options)
    terminal = out is not None and out.isatty()
    symbols = Symbols(_can_show(out))
    return [to_table.render(report, _width(terminal), digits, symbols, options["everything"],
                            _colored(color, terminal))]


def _target(options: dict[str, Any]) -> Any:
    return sys.stdout if options["target"] is None else None


def _can_show(stream: Any) -> bool:
    from .render.symbols import encodable

    return stream is None or encodable(getattr(stream, "encoding", None))


def _width(terminal: bool) -> int | None:
    """The room for a table: COLUMNS if it makes sense, the terminal's, or all it needs for a pipe."""
    wanted = os.environ.get("COLUMNS", "")
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 7 and int(wanted) > 0:
        return max(int(wanted), 20)
    if not terminal:
        return None
    try:
        return max(os.get_terminal_size(sys.stdout.fileno()).columns, 20)
    except (OSError, ValueError):
        return 80


def _colored(color: str, terminal: bool) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return terminal and os.environ.get("TERM") != "dumb"


def _warn(message: str) -> None:
    from .render.to_caret import visible

    if sys.stderr is not None:
        print(f"bpcalc: warning: {visible(message)}", file=sys.stderr)


def _write(pieces: Iterable[str], target: str | None) -> None:
    if target is not None:
        _write_file(pieces, target)
        return
    if sys.stdout is None:
        raise OSError(9, os.strerror(9))
    for piece in pieces:
        sys.stdout.write(piece)
    sys.stdout.flush()


def _write_file(pieces: Iterable[str], target: str) -> None:
    """The whole file or none: a temporary file beside it takes its place when it is complete."""
    real = os.path.realpath(target)
    if os.path.exists(real) and not os.path.isfile(real):
        with open(real, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
        return
    import tempfile

    handle, name = tempfile.mkstemp(prefix=".bpcalc-", dir=os.path.dirname(real) or ".")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, os.stat(real).st_mode & 0o777 if os.path.exists(real) else 0o666 & ~mask)
        os.replace(name, real)
    except BaseException:
        os.unlink(name)
        raise


# -------------------------------------------------------------------------------------------- run
def run(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code; every outcome is met here."""
    words = sys.argv[1:] if argv is None else argv
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # an odd letter never ends a run
    as_json = "--json" in words or "--format=json" in words or ("--format", "json") in zip(words, words[1:])
    target: str | None = None
    try:
        with command.make_context("bpcalc", list(words)) as context:
            target = context.params.get("target")
            pieces, code = command.invoke(context)
        _write(pieces, target)
        return int(code)
    except BpcalcError as error:
        return _fail(error, as_json)
    except click.exceptions.NoArgsIsHelpError:
        print(f"{USAGE}\n\nFor example:\n  {EXAMPLES[0][0]}", file=sys.stderr)
        return 2
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        return _fail(UsageProblem(error.format_message().rstrip("."), hint=USAGE), as_json)
    except (click.Abort, KeyboardInterrupt):
        print("bpcalc: interrupted", file=sys.stderr)
        return 130
    except MemoryError:
        return _fail(LimitProblem("there is not enough memory for this"), as_json)
    except OSError as error:
        return _cannot_write(error, target, as_json)
    except Exception as error:
        if os.environ.get("BPCALC_DEBUG"):
            raise
        print(f"bpcalc: internal error (please report it): {type(error).__name__}: {error!s:.200}",
              file=sys.stderr)
        return 70


def _fail(error: BpcalcError, as_json: bool) -> int:
    if sys.stderr is None:
        return 2
    if as_json:
        from .render.to_json import error_line

        sys.stderr.write(error_line(error))
    else:
        from .render.to_caret import render

        sys.stderr.write(render(error))
    return 2


def _cannot_write(error: OSError, target: str | None, as_json: bool) -> int:
    import errno

    gone = error.errno in (errno.EPIPE, errno.EINVAL) and target is None
    if sys.stdout is not None and target is None:
        try:                                   # so that the flush at exit does not fail again
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (OSError, ValueError):
            pass
    if gone:
        return 141
    where = "the result" if target is None else target
    return _fail(InputProblem(f"cannot write {where}: {(error.strerror or str(error)).lower()}"), as_json)


def main() -> None:
    """The console script."""
    import gc

    gc.disable()  # a run makes no cycles worth collecting, and lives for a moment
    complete = os.environ.get("_BPCALC_COMPLETE")
    if complete:
        command.main(prog_name="bpcalc", windows_expand_args=False)
    code = run()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(code)  # everything is written; taking the interpreter apart would cost a tenth of the run
