"""The worked solution as LaTeX: a fragment to be put into a document, or a document that compiles as it is.

ASCII only; a fragment needs the packages amsmath and longtable, which every LaTeX has.
"""

from __future__ import annotations

from itertools import chain, pairwise

from ..report import Report
from .markup import Block, Heading, Markup, Math, PageBreak, Table, titled
from .solution import blocks
from .tex import GREEK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..descent import Descent

_HEAD = r"""\documentclass[11pt,a4paper]{article}
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath}
\usepackage{longtable}
\allowdisplaybreaks
\setlength{\parindent}{0pt}
\begin{document}
"""
_TAIL = r"""\end{document}
"""
_NEEDS = r"""% Needs \usepackage{amsmath} and \usepackage{longtable}.
"""
_ROOM = r"""\vskip 0pt plus 0.2\textheight\penalty-200\vskip 0pt plus -0.2\textheight
"""
"""Ends a page that has little left, so that a heading does not stand alone below it and its table on the next."""
_GAP = r"\noalign{\vskip 4pt}"
_ESCAPES = {
    **{char: f"\\{char}" for char in "#$%&_{}"}, "\\": r"\textbackslash{}", "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}", "<": "$<$", ">": "$>$", "|": "$|$", "\n": " ",
    **{letter: f"${command}$" for letter, command in GREEK.items()},
    "∂": r"$\partial$", "×": r"$\times$", "−": "$-$", "≈": r"$\approx$", "→": r"$\to$", "…": r"\dots{}",
    "–": r"\textendash{}", "—": r"\textemdash{}", "’": "'", "ß": r"\ss{}", "ø": r"\o{}", "æ": r"\ae{}", "ł": r"\l{}",
}
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0327": "c", "\u0328": "k",
            "\u030a": "r", "\u030c": "v"}


def render(report: Report, digits: int = 6, standalone: bool = False, everything: bool = False,
           title: str | None = None, learned: Descent | None = None) -> str:
    """The worked solution as LaTeX, with ``title`` above it, and with an update if there is one."""
    return "".join(page(titled(title, blocks(report, digits, everything, learned)), standalone))


def page(content: Iterable[Block], standalone: bool, commands: str = "") -> Iterator[str]:
    """Blocks as LaTeX; ``commands`` are definitions that they use."""
    yield _HEAD if standalone else _NEEDS
    yield commands
    for block, following in pairwise(chain(content, (PageBreak(),))):
        if isinstance(block, Heading) and isinstance(following, Table):
            yield _ROOM
        yield _MARKUP.block(block)
    if standalone:
        yield _TAIL


def _table(table: Table) -> str:
    columns = "".join("r" if at in table.right else "l" for at in range(len(table.heads)))
    head = " & ".join(map(_text, table.heads))
    rows = "".join(f"{' & '.join(map(_text, row))} \\\\{_GAP}\n" for row in table.rows)
    # Longtable measures its rows in chunks, and a repeated head apart: with one chunk and an ordinary first row the
    # columns are right at the first run.
    # Space between rows is put between them: a stretched table would stretch the matrices in it as well.
    return ("{\\small\\setcounter{LTchunksize}{1000}\n"
            f"\\begin{{longtable}}[l]{{@{{}}{columns}@{{}}}}\n{head} \\\\*[2pt]\n\\hline{_GAP}\n"
            f"{rows}\\end{{longtable}}}}\n")


def _text(text: str) -> str:
    return f"${text}$" if isinstance(text, Math) else prose(text)


def prose(text: str) -> str:
    """Plain text with everything that TeX would take for more made harmless."""
    safe = "".join(_ESCAPES.get(char) or (char if " " <= char <= "~" else _accented(char)) for char in text)
    # Twice: of four minus signs the first round leaves the two in the middle.
    return safe.replace("--", "-{}-").replace("--", "-{}-")


def _command(text: str) -> str:
    # Its words may go on below one another: a long line is not cut.
    return f"\n{{\\raggedright\\ttfamily {prose(text)}\\par}}\n"


def _accented(char: str) -> str:
    """A letter with an accent, as in a teacher's title."""
    import unicodedata  # only unusual text needs it

    parts = unicodedata.normalize("NFD", char)
    letter, command = parts[0], _ACCENTS.get(parts[1:])
    return f"\\{command}{{{letter}}}" if command and letter.isascii() else "?"


_MARKUP = Markup(
    title="\\section*{{{}}}\n",
    heading="\\subsection*{{{}}}\n",
    paragraph="\n{}\\par\n",
    equations="\\begin{{align*}}\n{}\n\\end{{align*}}\n",
    page_break="\\clearpage\n",
    text=_text,
    command=_command,
    table=_table,
)
