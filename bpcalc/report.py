"""What there is to know about one run: all that a renderer or a checker may see.

A Report is a view of graph, values and gradients, not a copy.  Its nodes and edges, one by one, are
those of streams.py.
"""

from __future__ import annotations

from .engine import Gradients
from .errors import Source, UsageProblem
from .records import Drift, Edge, Node, Note, Verdict
from .streams import Streams
from .written import Written as Form

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from .descent import Descent
    from .errors import Span
    from .homework.check import AnswerVerdict

_NAMED = 6
"""How many of the numbers that have no exact form are named."""


class Report(Streams):
    """The result of :func:`bpcalc.backprop`."""

    def __init__(self, gradients: Gradients, notes: Iterable[Note] = ()) -> None:
        super().__init__(gradients)
        self._unread: Iterable[Note] | None = notes
        self._notes = gradients.notes
        self.verdicts: list[Verdict] = []
        self.reference: Report | None = None
        """The exact run, where this one carries rounded numbers."""
        self._spans: list[Span | None] | None = None

    # ------------------------------------------------------------------------------------- summary
    @property
    def notes(self) -> list[Note]:
        """What else the reader should know; found out when asked for."""
        if self._unread is not None:
            self._notes, self._unread = [*self._unread, *self._notes], None
        return self._notes

    @notes.setter
    def notes(self, notes: list[Note]) -> None:
        self._notes, self._unread = notes, None

    @property
    def expression(self) -> str:
        """The text as it was given."""
        return self.graph.source.text

    @property
    def output(self) -> str | None:
        """The name the user gave the output, or None."""
        return self.graph.output_name

    @property
    def value(self) -> Any:
        """The output's value: a float, or an array of float64."""
        return self.trace.values[self.graph.output]

    @property
    def gradients(self) -> dict[str, Any]:
        """The output's gradient for every variable asked for, in its shape.

        None where it is undefined; an array has nan in the entries where it is.
        """
        given, leaves = self._gradients, self._gradients.leaves
        if given.reached is None and isinstance(leaves, range):            # they are all the bound variables
            return dict(zip(self.graph.inputs, given.grads))
        names, at = self.graph.names, given.at
        return {names[k]: at(k) for k in leaves}

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes in forward order; ``nodes[k].id`` is k."""
        return tuple(self.each_node())

    @property
    def edges(self) -> tuple[Edge, ...]:
        """All edges that carry a gradient, in forward order."""
        return tuple(self.each_edge())

    @property
    def decided_by(self) -> frozenset[int]:
        """The nodes whose values decided which graph this is: with others it would be another one."""
        from .dependence import deciding

        return deciding(self.graph)

    def span(self, k: int) -> Span | None:
        """Where node ``k`` stands in the expression's text."""
        if self._spans is None:
            from .spans import spans

            self._spans = spans(self.graph)
        return self._spans[k]

    def ending_at(self, k: int) -> Report:
        """This run, in floats, as far as node ``k``: the gradients are those of that node, of every variable."""
        from .engine import Trace, backward  # a report of a run is read without running anything

        graph, trace = self.graph.ending_at(k, self.label(k)), self.trace
        return type(self)(backward(Trace(graph, trace.values, trace.arrays), None, 1.0))

    # ------------------------------------------------------------------------------- as on paper
    def rounded(self, decimals: int) -> Report:
        """This run in hand arithmetic: every computed number rounded to ``decimals``, half away from zero.

        ``drifts`` of the new report compares it with this one.  Raises UsageProblem for a number of
        decimals that cannot be carried, DomainProblem where a step does not exist for the rounding.
        """
        from .rounded import MOST, carry  # fractions: only where they are wanted

        if not 0 <= decimals <= MOST:
            raise UsageProblem(f"from 0 to {MOST} decimals can be carried, not {decimals}")
        made = Report(carry(self._gradients, decimals), [note for note in self.notes if note.code == "unused"])
        made.reference = self
        return made

    def exact(self, seconds: float | None = None) -> Report:
        """This run in exact numbers, -3/8 and e^(-1), as far as sympy has a short form for them in that time.

        The others stay decimal, and a note says which.
        """
        from .child import SECONDS  # a child process for sympy: only where it is wanted
        from .exact import exactly

        gradients, ended = exactly(self._gradients, SECONDS if seconds is None else seconds)
        made = Report(gradients, [note for note in self.notes if note.code == "unused"])
        left = list(made._decimal())
        if left:
            more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
            why = f"; sympy: {ended}" if ended else ""
            made.notes.append(Note("decimal", None, f"no short exact form for {', '.join(left[:_NAMED])}{more}{why}"))
        return made

    def _decimal(self) -> Iterator[str]:
        """The keys of what an exact run shows as a decimal."""
        for k in range(len(self)):
            if self.shows(k):
                if not isinstance(self.trace.values[k], Form):
                    yield self.label(k)
                gradient = self.gradient(k)
                if gradient is not None and not isinstance(gradient, Form):
                    yield f"d{self.top}/d{self.label(k)}"

    @property
    def arithmetic(self) -> str:
        """What the numbers of this run are: ``floats``, ``rounded`` or ``exact``."""
        return self._gradients.kind

    @property
    def decimals(self) -> int | None:
        """How many decimals this run carries; None for an exact run."""
        return getattr(self._gradients, "decimals", None)

    def drifts(self) -> Iterator[Drift]:
        """The numbers of a rounded run that have drifted from the exact one, in forward order."""
        exact = self.reference
        if exact is None:
            return
        values, live = self.trace.values, self._gradients.live
        for k in range(len(self.graph)):
            if not self.shows(k):
                continue
            args = self.graph.args(k)
            found = [Drift("value", k, None, values[k], exact.trace.values[k])]
            if live[k]:
                pairs = dict(zip(args, zip(self.locals(k), exact.locals(k))))
                found += [Drift("local", k, i, *pair) for i, pair in pairs.items()]
                found.append(Drift("gradient", k, None, self.gradient(k), exact.gradient(k)))
            yield from (drift for drift in found if drift.counts)

    # -------------------------------------------------------------------------------------- outputs
    def to_json(self) -> str:
        """The report as JSON text (docs/json.md)."""
        from .render.to_json import report_lines  # renderers are loaded when they are wanted

        return "".join(report_lines(self))

    def check(self, answers: Mapping[str, Any] | str, require: str = "given", strict: bool = False,
              tolerance: float | None = None, lr: float | None = None,
              decimals: int | None = None) -> list[AnswerVerdict]:
        """Verdicts on a student's answers, such as ``{"q": 3, "dx": "-4", "dq/dx": 1}`` or their text.

        Text keeps the digits that were typed, which say how far it was rounded; numbers are taken with
        the digits of their shortest decimal form.  None and "" are blanks.  ``lr`` is the rate of the
        update that keys such as ``new w`` are about.  With ``decimals`` the numbers of :meth:`rounded` are right
        as well.
        """
        from .homework.answers import parse_answers, read_items
        from .homework.check import check

        learned = None
        if lr is not None:
            from .descent import descend

            learned = descend(self, lr)
        if isinstance(answers, str):
            found = parse_answers(answers, self)
        else:
            typed = {key: "" if value is None else str(value.tolist() if hasattr(value, "tolist") else value).strip()
                     for key, value in answers.items()}
            found = read_items(((key, text, Source(f"{key} = {text}", "answers")) for key, text in typed.items()), self)
        carried = None if decimals is None else self.rounded(decimals)
        return check(self, found, require, strict, tolerance, learned, carried=carried)

    def descend(self, rate: float, iterations: int = 1, optimizer: str = "sgd", momentum: float = 0.9,
                until: float | None = None) -> Descent:
        """Gradient descent from here: the variables whose gradients were asked for, updated so many times.

        ``optimizer`` is sgd, momentum, nesterov or adam, with the rules of torch.optim; ``until`` stops once a
        step changes the output by no more than that.  Raises UsageProblem where the output is an array or
        a gradient does not exist.
        """
        from .descent import descend

        return descend(self, rate, iterations, optimizer, momentum, until)

    def to_table(self, width: int | None = None, digits: int = 6) -> str:
        """The report as the command line's table, or as blocks where that is wider than ``width``."""
        from .render.to_table import render

        return render(self, width, digits)

    def to_steps(self, digits: int = 6, width: int | None = None) -> str:
        """Both passes as a teacher writes them on the board."""
        from .render.to_steps import render

        return render(self, digits, width=width)

    def to_paths(self, name: str, digits: int = 6) -> str:
        """Every path from a node to the output with its product, and their sum (at most 200 paths).

        Raises BindingProblem where no node is called ``name``.
        """
        from .homework.answers import node_called
        from .render.to_steps import path_lines

        return "".join(path_lines(self, node_called(name, self, Source(name, "name")), digits))

    def to_latex(self, standalone: bool = False, digits: int = 6) -> str:
        """The worked solution as LaTeX: a fragment, or a whole document."""
        from .render.to_latex import render

        return render(self, digits, standalone)

    def to_markdown(self, digits: int = 6) -> str:
        """The worked solution as Markdown with TeX mathematics, as GitHub renders it."""
        from .render.to_markdown import render

        return render(self, digits)

    def to_worksheet(self, form: str = "text", reveal: bool = False, digits: int = 6) -> str:
        """The run's numbers as blanks to fill in, or filled in with ``reveal``.

        ``form`` is ``text``, ``csv``, ``markdown``, ``latex`` (a document) or ``json``; ``--check-file`` reads them.
        """
        from .render import to_json, to_worksheet

        if form == "latex":
            return to_worksheet.latex(self, reveal, digits, standalone=True)
        if form == "markdown":
            return to_worksheet.markdown(self, reveal, digits)
        if form == "json":
            return to_json.worksheet(self, to_worksheet.as_json(self, reveal))
        if form == "csv":
            return to_worksheet.rows(self, reveal, digits)
        if form != "text":
            raise UsageProblem(f"there is no {form} worksheet", hint="text, csv, markdown, latex or json")
        return to_worksheet.text(self, reveal, digits)

    def to_svg(self, digits: int = 6, title: str | None = None) -> str:
        """The picture of the circuit, a whole SVG document."""
        from .render.to_svg import render

        return render(self, digits, title)

    def to_html(self, digits: int = 6, title: str | None = None) -> str:
        """A page that plays both passes step by step and computes again for other inputs."""
        from .render.to_html import render

        return render(self, digits, title)

    def show(self) -> str:
        """Write the page to a temporary file, open it in the web browser, and return the file's path."""
        import webbrowser
        from pathlib import Path
        from tempfile import NamedTemporaryFile

        with NamedTemporaryFile("w", encoding="utf-8", prefix="bpcalc-", suffix=".html", delete=False) as file:
            file.write(self.to_html())
        webbrowser.open(Path(file.name).as_uri())
        return file.name

    def _repr_html_(self) -> str:
        from .render.to_notebook import render

        return render(self)

    def _repr_svg_(self) -> str | None:
        from .render.to_notebook import DRAWN

        return self.to_svg() if len(self) <= DRAWN else None

    def __repr__(self) -> str:
        return f"<Report {self.symbol} = {self.value!r}, gradients {self.gradients!r:.200}>"
