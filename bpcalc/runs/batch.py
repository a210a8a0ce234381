"""The same expression for every row of a file: a line each, written as the rows are read."""

from __future__ import annotations

import sys

from ..batch import Batch
from ..bindings import is_name
from ..errors import InputProblem
from ..files import open_given
from ..modes import is_chosen
from ..render.to_rows import CsvRows, JsonRows, RowWriter, failures, reason
from ..request import Request, refuse_twice
from ..rows import Rows
from ..syntax import parse
from ..terminal import WARNED, Bar, is_terminal, say, warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..errors import Source
    from ..request import Output


def made(request: Request) -> Output:
    """The lines, and what gives the exit code when all are written: 2 where a row has no result.

    Raises BpcalcError for what is wrong with the expression or the file as a whole.
    """
    source, given = request.inputs()
    file, name = open_given(request.options["batch"])
    try:
        return _begun(Rows(file, name), request, source, given)
    except BaseException:
        file.close()
        raise


def _begun(rows: Rows, request: Request, source: Source, given: dict[str, Any]) -> Output:
    wrt, upstream = request.wrt, request.upstream
    form = request.form if is_chosen(request.options) else "json" if rows.is_json else "csv"
    columns = [word for word in rows.names if is_name(word)]
    refuse_twice(columns, given, f", on the command line and in {rows.file_name}")
    batch = Batch(parse(source, {**given, **dict.fromkeys(columns)}), columns, given, wrt, upstream)
    if not batch.used:
        raise InputProblem(f"the expression uses no column of {rows.file_name}",
                           hint=f"its columns are {', '.join(rows.names[:12])}" if rows.names else None)
    for word in given:
        if word not in batch.given and word not in batch.graph.settled:
            warn(f"{word} has a value, but the expression does not use it")
    failed: list[int] = []
    writer = (JsonRows if form == "json" else CsvRows)(batch.symbol, batch.top, batch.names)
    return _lines(rows, batch, writer, failed), lambda: 2 if failed else 0


def _lines(rows: Rows, batch: Batch, writer: RowWriter, failed: list[int]) -> Iterator[str]:
    """The lines of a batch; the rows that have no result are told about and noted in ``failed``."""
    yield writer.heading()
    bar = None if is_terminal(sys.stdout) else Bar("rows")
    count = 0
    with rows.file:
        for chunk in rows.chunks(batch.used, batch.rows):
            portion = batch.run(len(chunk.lines) - len(chunk.bad), chunk.columns)
            yield writer.text(chunk, portion)
            count += len(chunk.lines)
            for number, error, column in failures(chunk, portion):
                failed.append(number)
                if len(failed) <= WARNED:
                    say(f"bpcalc: line {number}: {reason(error, column)}")
            if bar:
                bar(count)
    if bar:
        bar.clear()
    if failed:
        say(f"bpcalc: {len(failed)} of {count} rows have no result")
