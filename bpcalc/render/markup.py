"""Blocks of a page (headings, equations, tables, prose), and how a language of markup writes them down."""

from __future__ import annotations

from itertools import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class Math(str):
    """TeX for math mode, among plain text."""

    __slots__ = ()


class Code(str):
    """Text to be typed as it is, among plain text; names of the language, spaces and slashes."""

    __slots__ = ()


class Title(str):
    """What the whole page is called, in words."""

    __slots__ = ()


class Heading(str):
    """A section's heading, in words."""

    __slots__ = ()


class Prose(str):
    """A paragraph of plain text."""

    __slots__ = ()


class Command(str):
    """A command line to be copied, on a line of its own."""

    __slots__ = ()


class Words(tuple[str, ...]):
    """A paragraph of plain text and Math."""

    __slots__ = ()


class Equations:
    """Lines of an aligned block: ``&`` stands where they are aligned.  None is a gap."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)


class Table:
    """Rows of cells under heads; ``right`` are the places of the columns that stand on the right."""

    def __init__(self, heads: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int]) -> None:
        self.heads = heads
        self.rows = rows
        self.right = right


class PageBreak:
    """The end of a page."""


Block = Title | Heading | Prose | Command | Words | Equations | Table | PageBreak


def titled(title: str | None, content: Iterable[Block]) -> Iterable[Block]:
    """A page's blocks below its title, if it has one."""
    return content if title is None else chain([Title(title)], content)


class Markup:
    """A language of markup: templates, with {} where a block's content stands, and what writes words and tables.

    ``text`` writes a piece of plain text, Math or Code, and ``command`` a command line.
    """

    def __init__(self, title: str, heading: str, paragraph: str, equations: str, page_break: str,
                 text: Callable[[str], str], command: Callable[[str], str], table: Callable[[Table], str]) -> None:
        self.title = title
        self.heading = heading
        self.paragraph = paragraph
        self.equations = equations
        self.page_break = page_break
        self.text = text
        self.command = command
        self.table = table

    def block(self, block: Block) -> str:
        """A block in this language."""
        if isinstance(block, Table):
            return self.table(block)
        if isinstance(block, Equations):
            return self.equations.format(" \\\\\n".join(block.lines))
        if isinstance(block, PageBreak):
            return self.page_break
        if isinstance(block, Command):
            return self.command(block)
        if isinstance(block, Title):
            return self.title.format(self.text(block))
        if isinstance(block, Heading):
            return self.heading.format(self.text(block))
        return self.paragraph.format("".join(map(self.text, block)) if isinstance(block, Words) else self.text(block))
