"""From a file to readable sightings with their keys: which reader, how the file is to be read, what it is called."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from firepoints.models import Source
from firepoints.sources import firms, keys, lists, patrol
from firepoints.sources.base import ParseOptions, ParseResult, SourceError
from firepoints.sources.table import SightingTable
from journal import clock
from journal.errors import BadInput, Refused

Parser = Callable[..., ParseResult]
PARSERS: dict[str, Parser] = {
    "firms": firms.parse,
    "national_list": lists.parse,
    "provincial_list": lists.parse,
    "patrol": patrol.parse,
}
DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")


@dataclass(frozen=True, slots=True)
class ListName:
    """What an official list is known by (policy.md §3)."""

    issuer: str = ""
    period: str = ""
    list_no: str = ""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a table's rows, in step with them; `equal_of` flags equal rows of one official list.

    `is_numbered`: the rows are known by their own 序号 in a numbered list, so two contents for one number contradict.
    """

    key: list[str]
    base_key: list[str]
    rank: npt.NDArray[np.int64]
    equal_of: list[int | None]
    is_numbered: bool = False


def source_named(code: str) -> Source:
    """The source, or a refusal that names the ones there are."""
    source = Source.objects.filter(code=code).first()
    if source is None:
        known = "、".join(Source.objects.values_list("code", flat=True))
        raise Refused(f"没有来源“{code}”；现有：{known}", code="no_source")
    return source


def read_file(
    path: Path,
    *,
    source: Source,
    datum: str,
    mapping: dict[str, str] | None = None,
    area: tuple[float, float, float, float] | None = None,
) -> ParseResult:
    """Parse a file of a source. Raises BadInput with the place and what to do when the file as a whole is unreadable."""
    if datum not in DATUMS:
        raise BadInput(f"不认识的坐标系“{datum}”，可用：{'、'.join(DATUMS)}", where="datum")
    parser = PARSERS.get(source.parser)
    if parser is None:
        raise Refused(f"来源“{source.name}”还没有文件读法", code="no_parser")
    if not path.is_file():
        raise BadInput(f"找不到文件 {path.name}", where=str(path))
    options = ParseOptions(datum=datum, mapping=mapping or {}, now=clock.now(), area=area)
    try:
        return parser(path, options=options)
    except SourceError as error:
        raise BadInput(str(error), where=error.where, code=error.code) from error


def keys_of(table: SightingTable, *, source: Source, name: ListName, generation: int = 0) -> Keys:
    """The identity of every row: what makes a second import of the same rows add nothing.

    `generation` counts how often a numbered list was corrected: its rows replace those of the same 序号 before.
    """
    if source.parser == "firms":
        columns = keys.satellite_columns(table, source.code)
        return Keys(columns.key.to_pylist(), columns.base_key.to_pylist(), columns.version_rank, [None] * len(table))
    if source.parser == "patrol":
        found = keys.patrol_keys(table, source=source.code)
    else:
        found = keys.list_keys(table, source=source.code, issuer=name.issuer, period=name.period, list_no=name.list_no)
        if name.list_no:
            return _numbered(table, found, generation)
    return Keys(
        [k.key for k in found],
        [k.base_key for k in found],
        np.array([k.version_rank for k in found], dtype=np.int64),
        [k.equal_of for k in found],
    )


def _numbered(table: SightingTable, found: list[keys.RowKey], generation: int) -> Keys:
    """A row of a numbered list: its number is the base, its content the key, so that a corrected row is seen as one."""
    contents = [keys.list_content(row) for row in table]
    return Keys(
        [f"{k.key}|{content}" for k, content in zip(found, contents, strict=True)],
        [k.key for k in found],
        np.full(len(found), generation, dtype=np.int64),
        [k.equal_of for k in found],
        is_numbered=True,
    )


def raw_text(value: Any) -> str:
    """A rejected row or a note as text, for the record; null bytes cannot be stored and become U+FFFD."""
    import json

    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text.replace("\x00", "\ufffd")
