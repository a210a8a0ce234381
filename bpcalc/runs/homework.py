"""A student's answers checked, a class list graded, and the worksheet that both fill in."""

from __future__ import annotations

from ..errors import BpcalcError, InputProblem, Source, UsageProblem
from ..files import read_given
from ..terminal import WARNED, Bar, warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..homework.answers import Unread
    from ..report import Report
    from ..request import Output, Request


def made(request: Request) -> Output:
    """The result and the exit code, 1 where an answer is not right; raises BpcalcError."""
    report = request.report()
    if request.mode.name == "check":
        output = _checked(report, request)
    elif request.mode.name == "grade":
        output = _graded(report, request), 0
    else:
        output = _worksheet(request.on_paper(report), request), 0
    request.warn(report)
    return output


def _checked(report: Report, request: Request) -> Output:
    """The verdicts on a student's answers; nothing else is shown, as it would give the solution away."""
    from ..homework.answers import read_items, split_items
    from ..homework.check import REQUIRE, check
    from ..render import to_verdicts

    options, names = request.options, report.graph.symbols
    for word in request.words:
        key = word.partition("=")[0]
        if key[:1] == "d" and key not in names and key[1:] in names:
            raise UsageProblem(f"the answer {word} stands outside --check", Source(word, "binding"), (0, len(word)),
                               'one pair of quotes holds all answers: --check "dx=-4, dy=-4"')
    items = list(split_items("\n".join(options["check"]), "answers"))
    name: str | None = None
    unread: list[Unread] | None = None
    if options["check_file"] is not None:
        from ..homework.sheets import sheet_items

        # A sheet with an answer that cannot be read is judged all the same.
        unread = []
        read_items(items, report)
        text, name = read_given(options["check_file"])
        items += sheet_items(text, name, report.expression)
    answers = read_items(items, report, unread)
    if unread and _made_opened(report, unread):
        raise InputProblem(f"{name} is a sheet of single numbers, made with --expand", hint="add --expand")
    if unread and not answers:
        raise unread[0].problem                    # nothing in the file is an answer: the file is at fault
    require = request.choice("require", REQUIRE)
    if not answers and not unread and require == "given":
        if name is not None:
            raise InputProblem(f"{name} is not filled in yet", hint="write the numbers behind the keys: dx = -4")
        raise UsageProblem("there is no answer to check", hint='for example --check "dx=-4"')
    reveal, screen = options["reveal"], request.screen
    verdicts = check(report, answers, require, options["strict"], request.number("tolerance"),
                     request.learned(report), unread or (), request.carried(report))
    code = int(not all(verdict.passed for verdict in verdicts))
    if request.form == "json":
        from ..render import to_json

        return to_json.answer_lines(report, to_verdicts.as_json(verdicts, reveal)), code
    return [to_verdicts.render(verdicts, reveal, request.digits, screen.symbols, screen.width)], code


def _made_opened(report: Report, unread: list[Unread]) -> bool:
    """Whether the keys that name nothing in a run with arrays all name something in the graph beneath it."""
    from ..homework.answers import read_items

    if not report.trace.arrays:
        return False
    from ..opened import opened

    unknown = [(answer.key, "", answer.problem.source or Source(answer.key)) for answer in unread
               if answer.place is None]
    still: list[Unread] = []
    try:
        read_items(unknown, opened(report), still)
    except BpcalcError:                            # it cannot be opened at all
        return False
    return bool(unknown) and not still


def _graded(report: Report, request: Request) -> Iterable[str]:
    """The graded rows of a class list, and what could not be read as warnings."""
    from ..homework.check import Judge
    from ..homework.grade import grade
    from ..render import to_grades

    judge = Judge(report, request.options["strict"], request.number("tolerance"), request.learned(report),
                  request.carried(report))
    text, name = read_given(request.options["grade"])
    bar = Bar("lines")
    found = grade(text, report, judge, name, bar)
    bar.clear()
    for line, words in found.problems[:WARNED]:
        warn(f"{name}, line {line}: {words}")
    if len(found.problems) > WARNED:
        warn(f"{name}: {len(found.problems) - WARNED} more problems; JSON has them all")
    if request.form == "csv":
        return to_grades.csv_lines(found)
    if request.form == "json":
        return to_grades.json_lines(found, report, request.options["reveal"])
    return to_grades.table(found, request.screen.symbols, request.screen.width)


def _worksheet(report: Report, request: Request) -> Iterable[str]:
    """The blank sheet that --worksheet asks for, or with --reveal its key."""
    from ..render import to_json, to_worksheet

    reveal, digits, title = request.options["reveal"], request.digits, request.title
    learned = request.learned(report)
    if learned is not None and report.arithmetic != "floats":
        raise UsageProblem("an update is worked in double precision", hint="leave out --round, --exact or --lr")
    check = request.checking()
    if request.form == "json":
        return [to_json.worksheet(report, to_worksheet.as_json(report, reveal, learned))]
    if request.form == "latex":
        return [to_worksheet.latex(report, reveal, digits, request.output is not None, title, check, learned)]
    if request.form == "markdown":
        return [to_worksheet.markdown(report, reveal, digits, title, check, learned)]
    if request.form == "csv":
        return [to_worksheet.rows(report, reveal, digits, learned)]
    return [to_worksheet.text(report, reveal, digits, title, check, learned, request.screen.width)]
