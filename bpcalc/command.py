"""The click command, built from the table of options: help and completion.  The only file that
imports click.

An ordinary run does not need it: cli.py sorts the words with the same table.  A test runs both on
the same argument lists.
"""

from __future__ import annotations

import sys

import click

from .errors import BpcalcError, Source
from .options import EXAMPLES, GROUPS, OPTIONS, USAGE, Option, sort, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ExpressionCommand(click.Command):
    """Sorts the words itself, so that an expression may begin with a minus sign."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reorder the words for click: options, ``--``, the others."""
        options, others = split(list(args), ctx.resilient_parsing)
        words = [option.names[-1] if value is None else f"{option.names[-1]}={value}" for option, _, value in options]
        if not ctx.resilient_parsing:
            sort(list(args))
        return super().parse_args(ctx, [*words, "--", *others])

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples first, then the options by what a person wants to do."""
        from .render.symbols import encodable

        times = "×" if encodable(getattr(sys.stdout, "encoding", None)) else "*"
        formatter.write_text(USAGE.partition(": ")[2].partition(";")[0])
        formatter.write("\n")
        formatter.write_text("A backprop calculator: the graph of an expression, every node's forward value, "
                             f"its local gradients, and upstream {times} local along every edge.")
        formatter.write("\nExamples:\n")
        for example, purpose in EXAMPLES:
            formatter.write(f"  {example}\n      {purpose}\n")
        for group in GROUPS:
            with formatter.section(group):
                formatter.write_dl([(", ".join(option.names) + _value(option), option.help)
                                    for option in OPTIONS if option.group == group], col_max=26)
        formatter.write("\n")
        formatter.write_text("Names, numbers, + - * / ^ ( ), functions; statements are separated by ; or new lines.")


def _value(option: Option) -> str:
    """How an option's value is written: behind a = where it may be left out and could be any word."""
    if option.metavar is None:
        return ""
    return f"[={option.metavar[1:]}" if option.optional else f" {option.metavar}"


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    """Offer ``y=`` for the names that have no value yet."""
    from click.shell_completion import CompletionItem

    from .lexer import free_names

    words = ctx.params.get("words") or ()
    if not words:
        return []
    try:
        names = free_names(Source(words[0]))
    except BpcalcError:
        return []
    taken = {word.partition("=")[0] for word in words[1:]}
    return [CompletionItem(f"{name}=") for name in names if name.startswith(incomplete) and name not in taken]


def _parameters() -> list[click.Parameter]:
    options = [
        # is_flag=False would make click take the value for an option when it begins with a dash.
        click.Option([*option.names, option.key], is_flag=True if option.metavar is None else None,
                     metavar=option.metavar, multiple=option.repeated, help=option.help)
        for option in OPTIONS
    ]
    return [click.Argument(["words"], nargs=-1, shell_complete=_complete), *options]


command = ExpressionCommand("bpcalc", params=_parameters(), add_help_option=False,
                            context_settings={"max_content_width": 100})


def help_text() -> str:
    """The text of --help."""
    return command.get_help(click.Context(command, info_name="bpcalc")) + "\n"
