"""The worked solution as Markdown with TeX mathematics, as GitHub renders it.

Mathematics on lines of its own stands in ```math blocks, and in tables between $` and `$: there
Markdown leaves underscores, backslashes and asterisks alone, as between plain dollar signs it does not
(GitHub's documentation, "Writing mathematical expressions").  No formula contains a |, which would end
a table's cell.
"""

from __future__ import annotations

from ..report import Report
from .markup import Block, Code, Markup, Math, Table, titled
from .solution import blocks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..descent import Descent

_MARKED = frozenset("\\`*_{}[]<>#|~$&")


def render(report: Report, digits: int = 6, everything: bool = False, title: str | None = None,
           learned: Descent | None = None) -> str:
    """The worked solution as Markdown, with ``title`` above it, and with an update if there is one."""
    return "".join(page(titled(title, blocks(report, digits, everything, learned))))


def page(content: Iterable[Block]) -> Iterator[str]:
    """Blocks as Markdown."""
    lead = ""
    for block in content:
        yield lead + _MARKUP.block(block)
        lead = "\n"


def _table(table: Table) -> str:
    rule = ["--:" if at in table.right else "---" for at in range(len(table.heads))]
    rows = [list(map(_text, table.heads)), rule, *(list(map(_text, row)) for row in table.rows)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _text(text: str) -> str:
    if isinstance(text, Math):
        return f"$`{text}`$"
    return f"`{text}`" if isinstance(text, Code) else prose(text)


def prose(text: str) -> str:
    """Plain text with everything that Markdown would take for more, inside a line, made harmless."""
    return "".join(f"\\{char}" if char in _MARKED else " " if char in "\r\n" else char for char in text)


def _command(text: str) -> str:
    return f"```sh\n{text}\n```\n"


_MARKUP = Markup(
    title="# {}\n",
    heading="## {}\n",
    paragraph="{}\n",
    equations="```math\n\\begin{{aligned}}\n{}\n\\end{{aligned}}\n```\n",
    page_break="---\n",
    text=_text,
    command=_command,
    table=_table,
)
