"""A run, its paths, or a gradient descent from it, in the format that is asked for."""

from __future__ import annotations

from itertools import chain

from ..errors import Source, UsageProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..descent import Descent
    from ..report import Report
    from ..request import Output, Request


def made(request: Request) -> Output:
    """The result and the exit code, 1 where a second opinion differs; raises BpcalcError."""
    report = request.on_paper(request.report())
    if request.mode.name == "paths":
        pieces: Iterable[str] | bytes = _paths(report, request)
        request.warn(report)
        return pieces, 0
    code = _second_opinions(report, request)
    learned = request.learned(report)
    if learned is None or request.form in ("steps", "latex", "markdown"):
        pieces = _shown(report, request, learned)
    else:
        pieces = _course(report, learned, request)
    request.warn(report)
    return pieces, code


def _second_opinions(report: Report, request: Request) -> int:
    """Ask for the cross-checks; 1 when one of them disagrees, which would be our fault."""
    symbolic, numeric = request.options["symbolic"], request.options["gradcheck"]
    if symbolic or numeric:
        from .. import verify

        if symbolic:
            report.verdicts += verify.symbolic(report)
        if numeric:
            report.verdicts += verify.gradcheck(report)
    return int(any(verdict.status == "differs" for verdict in report.verdicts))


def _paths(report: Report, request: Request) -> Iterable[str]:
    from ..homework.answers import node_called
    from ..render import to_json, to_steps

    name = request.options["paths"]
    k = node_called(name.strip(), report, Source(name, "option"))
    if request.form == "json":
        return to_json.path_lines(report, k)
    return to_steps.path_lines(report, k, request.digits, request.screen.symbols, width=request.screen.width)


def _shown(report: Report, request: Request, learned: Descent | None) -> Iterable[str] | bytes:
    form, digits, screen, everything = request.form, request.digits, request.screen, request.everything
    if form == "table":
        return chain(_table(report, request), _graph(report, request))
    if form == "json":
        from ..render import to_json

        return to_json.report_lines(report)
    if form == "csv":
        from ..render import to_csv

        return to_csv.lines(report)
    if form == "steps":
        from ..render import to_steps

        return to_steps.lines(report, digits, screen.symbols, everything, screen.width, learned)
    if form == "latex":
        from ..render import to_latex

        return [to_latex.render(report, digits, request.output is not None, everything, request.title, learned)]
    if form == "markdown":
        from ..render import to_markdown

        return [to_markdown.render(report, digits, everything, request.title, learned)]
    if form == "svg":
        from ..render import to_svg

        return [to_svg.render(report, digits, request.title)]
    if form == "html":
        from ..render import to_html

        return [to_html.render(report, digits, request.title)]
    if form in ("png", "pdf"):
        from ..render import to_image

        _refuse_terminal(request)
        return to_image.render(report, form, digits, request.title)
    if form in ("dot", "mermaid"):
        from ..render import to_dot, to_mermaid

        return [(to_dot if form == "dot" else to_mermaid).render(report, digits)]
    if form == "circuit":
        return [_circuit(report, request)]
    if form == "plain":
        from ..render import to_plain

        return to_plain.lines(report, digits, everything)
    from ..render import to_blocks

    return to_blocks.lines(report, digits, screen.symbols, everything, screen.width)


def _table(report: Report, request: Request) -> Iterable[str]:
    from ..render import to_table  # rich: only when a table is wanted

    screen = request.screen
    return to_table.lines(report, screen.width, request.digits, screen.symbols, request.everything, screen.colored)


def _graph(report: Report, request: Request) -> Iterable[str]:
    """The drawing that --graph asks for."""
    return ["\n", _circuit(report, request)] if request.options["graph"] else []


def _circuit(report: Report, request: Request) -> str:
    from ..render import to_circuit

    screen = request.screen
    return to_circuit.render(report, screen.width, request.digits, screen.unicode, screen.colored)


def _course(report: Report, learned: Descent, request: Request) -> Iterable[str] | bytes:
    """A descent: after the run that it starts from where it is one step, and after what is asked for beside it."""
    from ..render import to_descent

    form, digits, screen = request.form, request.digits, request.screen
    if form == "json":
        from ..render import to_json

        return to_json.report_lines(report, {"descent": to_descent.as_json(learned)})
    if form == "csv":
        return to_descent.csv_lines(learned)
    if form == "plain":
        return chain(to_descent.plain_lines(learned, report.symbol, digits), to_descent.beside_lines(report, digits))
    if form in ("svg", "png", "pdf"):
        return _curve(report, learned, request)
    drawn = _graph(report, request)
    course = to_descent.render(learned, report.symbol, digits, screen.symbols, screen.width)
    if len(learned.losses) <= 2:
        return chain(_table(report, request), drawn, ["\n", course])
    return chain([course], to_descent.beside_lines(report, digits, screen.symbols, screen.width), drawn)


def _curve(report: Report, learned: Descent, request: Request) -> Iterable[str] | bytes:
    """The losses as a picture."""
    from ..render import to_image, to_plot
    from ..render.to_svg import FONT

    def picture(font: str) -> str:
        return to_plot.render(learned.losses, report.symbol, request.digits, request.title, font)

    if request.form == "svg":
        return [picture(FONT)]
    _refuse_terminal(request)
    return to_image.drawn(picture, request.form)


def _refuse_terminal(request: Request) -> None:
    """Raise UsageProblem where bytes would go to a terminal."""
    if request.screen.terminal:
        raise UsageProblem(f"a {request.form} is nothing for a terminal", hint=f"for example -o circuit.{request.form}")
