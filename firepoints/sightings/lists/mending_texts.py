"""A mended line of a satellite's text is read as its file was: under its heading, at the time that the file says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from core import clock
from core.errors import BadInput
from firepoints.models import ImportRun
from firepoints.sightings.importing import reading
from firepoints.sightings.readers import firms, firms_files, fy4, himawari, observed
from firepoints.sightings.readers.base import ParseOptions, ParseResult, SourceError
from firepoints.sightings.readers.passes import LINE

Area = tuple[float, float, float, float] | None
READ_AGAIN: dict[str, Callable[..., ParseResult]] = {"himawari": himawari.read_again, "fy4": fy4.read_again}


def is_whole_line(cells: Mapping[str, str]) -> bool:
    """Whether the line could not be cut into columns, so that it is mended as it stands."""
    return set(cells) == {LINE}


def read_again(
    run: ImportRun, row_no: int, cells: Mapping[str, str], original: Path, *, area: Area = None
) -> ParseResult:
    """The corrected line alone, read as the whole file was. Raises BadInput with what the reader says of the file."""
    how = {name: value for name, value in run.options.items() if name in reading.OPTIONS}
    try:
        if "observed" in how:
            how["observed"] = observed.span_of(how["observed"])
        options = ParseOptions(
            datum=run.datum, mapping=run.mapping, now=clock.now(), area=area, filename=run.filename, **how
        )
        reader = READ_AGAIN.get(run.source.parser)
        if reader is not None:
            return reader(original, row_no, cells, options=options)
        return firms.parse(_under_its_heading(original, cells[LINE], options), options=options)
    except SourceError as error:
        raise BadInput(str(error), where=error.where, code=error.code) from error


def _under_its_heading(original: Path, line: str, options: ParseOptions) -> bytes:
    if firms_files.parts_of(original.read_bytes(), options) is not None:
        what = "这一行在压缩包或图层里，不能在这里更正"
        raise SourceError(what, todo="请把数据文件取出来，改好这一行再导入", code="not_mendable")
    utf8, _ = firms.to_utf8(original.read_bytes())
    return utf8[: firms.find_header(utf8, options).end] + line.encode()
