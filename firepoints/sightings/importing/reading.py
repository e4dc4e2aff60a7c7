"""Files read into sightings with their keys: the reader of a source, the way to read, the name of a list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core import clock
from core.errors import BadInput, Refused
from firepoints.models import Source
from firepoints.sightings.importing.memory import give_back
from firepoints.sightings.readers import firms, fy4, himawari, keys, lists, observed, patrol
from firepoints.sightings.readers.base import ParseOptions, ParseResult, SourceError
from firepoints.sightings.readers.table import SightingTable

Codes = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
Parser = Callable[..., ParseResult]
PARSERS: dict[str, Parser] = {
    "firms": firms.parse,
    "national_list": lists.parse,
    "provincial_list": lists.parse,
    "patrol": patrol.parse,
    "himawari": himawari.parse,
    "fy4": fy4.parse,
}
BY_SATELLITE = frozenset(
    {"firms", "himawari", "fy4"}
)  # rows known by satellite, version, moment and place (firepoints/sightings/readers/keys.py)
READERS = 2  # raised when a reader learns to read what it rejected: then a file known by its hash is read again
MAY_CHANGE = ("future", "list_conflict")  # codes of quarantined rows that may be read otherwise another day
OPTIONS = frozenset({"tz", "window_start_hour", "date_order", "satellite", "instrument", "observed", "hidden"})
DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")


@dataclass(frozen=True, slots=True)
class ListName:
    """The name by which an official list is known: its issuer, period and number (policy.md §3)."""

    issuer: str = ""
    period: str = ""
    list_no: str = ""


@dataclass(frozen=True, slots=True)
class WayOfReading:
    """How a file is to be read beyond its source and datum.

    `mapping`: field → heading; `area`: the box of the deployment, by which swapped positions are recognised; `options`:
    further ParseOptions by name (OPTIONS); `now` (None: the clock) is what no sighting may be later than; `filename` the
    name under which the file came (a stored file has another).
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    area: tuple[float, float, float, float] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    now: datetime | None = None
    filename: str = ""
    period: str = ""


@dataclass(frozen=True, eq=False)
class Keys:
    """The keys of a table's rows, in step with them: Arrow texts, ranks, and for an equal row of one official list the
    position of the first such row (−1: none).

    `is_numbered`: the rows are known by their own 序号 in a numbered list, so two contents for one number contradict.
    `has_time`: the time of a row is part of its key, so equal keys began at the same moment.
    `partner`, `original`: for each row the first one that is its pixel in another state of processing, and the first of which
    it is a copy (`pairing`); itself where there is none.
    """

    key: Any
    base_key: Any
    rank: Ints
    equal_of: Ints
    is_numbered: bool = False
    has_time: bool = False
    partner: Ints | None = None
    original: Ints | None = None

    def __len__(self) -> int:
        return len(self.rank)

    @cached_property
    def _codes(self) -> tuple[Codes, Codes]:
        return _codes_of(self.key), _codes_of(self.base_key)

    def key_codes(self) -> Codes:
        """Equal numbers for equal keys, by first appearance."""
        return self._codes[0] if self.original is None else self._codes[0][self.original]

    def base_codes(self) -> Codes:
        """Equal numbers for equal bases, by first appearance."""
        return self._codes[1] if self.partner is None else self._codes[1][self.partner]

    def to_store(self) -> "Keys":
        """The keys as they are stored: without the codes, and without bases that the keys themselves say."""
        alone = replace(self, partner=None, original=None)
        return replace(alone, base_key=None) if self.has_time else alone

    def take(self, rows: Ints) -> "Keys":
        """The keys of some rows; `equal_of` still counts in the whole table."""
        at = pa.array(rows)
        bases = None if self.base_key is None else self.base_key.take(at)
        return replace(
            self, key=self.key.take(at), base_key=bases, rank=self.rank[rows],
            equal_of=self.equal_of[rows],
        )  # fmt: skip


def _codes_of(texts: Any) -> Codes:
    indices = texts.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    give_back(len(texts))  # the dictionary of a million keys
    return np.asarray(indices, dtype=np.int32)


def source_named(code: str) -> Source:
    """The source, or a refusal that names the ones there are."""
    source = Source.objects.filter(code=code).first()
    if source is None:
        codes = "、".join(Source.objects.values_list("code", flat=True))
        raise BadInput(f"没有来源“{code}”；现有：{codes}", code="no_source")
    return source


def refuse_callers(source: Source) -> None:
    """Raise Refused for a source of 举报: a file would keep who called as it came, so they are taken in one by one (C7)."""
    if source.kind == Source.Kind.HOTLINE:
        raise Refused("举报要逐件登记，不能用文件导入：文件里会有举报人", code="hotline_no_file")


def read_file(path: Path, *, source: Source, datum: str, way: WayOfReading | None = None) -> ParseResult:
    """Parse a file of a source. Raises BadInput with the place and what to do when the file as a whole is unreadable."""
    way = way or WayOfReading()
    if datum not in DATUMS:
        raise BadInput(f"不认识的坐标系“{datum}”，可用：{'、'.join(DATUMS)}", where="datum")
    refuse_callers(source)
    parser = PARSERS.get(source.parser)
    if parser is None:
        raise Refused(f"来源“{source.name}”还没有文件读法", code="no_parser")
    if not path.is_file():
        raise BadInput(f"找不到文件 {path.name}", where=str(path))
    further = {name: value for name, value in way.options.items() if name in OPTIONS}
    try:
        if "observed" in further:
            further["observed"] = observed.span_of(further["observed"])
        options = ParseOptions(
            datum=datum,
            mapping=way.mapping,
            now=way.now or clock.now(),
            area=way.area,
            filename=way.filename,
            period=way.period,
            **further,
        )
        return parser(path, options=options)
    except SourceError as error:
        sentence = f"{error.what}。{error.todo}" if error.todo else error.what
        raise BadInput(sentence, where=error.where, code=error.code) from error


def keys_of(
    table: SightingTable, *, source: Source, name: ListName, generation: int = 0, rows: Ints | None = None
) -> Keys:
    """The identity of every row, or of those at `rows`: what makes a second import of the same rows add nothing.

    `generation` counts how often a numbered list was corrected: its rows replace those of the same 序号 before.
    """
    if source.parser in BY_SATELLITE:
        # The key of such a row says nothing of its neighbours.
        columns = keys.satellite_columns(table, source.code, rows)
        none = np.full(len(columns.version_rank), -1, dtype=np.int64)
        return Keys(columns.key, columns.base_key, columns.version_rank, none, has_time=True)
    every = _keys_of_rows(table, source, name, generation)
    return every if rows is None else every.take(rows)


def _keys_of_rows(table: SightingTable, source: Source, name: ListName, generation: int) -> Keys:
    if source.parser == "patrol":
        return _from_rows(keys.patrol_keys(table, source=source.code))
    row_keys = keys.list_keys(table, source=source.code, issuer=name.issuer, period=name.period, list_no=name.list_no)
    return _numbered(table, row_keys, generation) if name.list_no else _from_rows(row_keys)


def _from_rows(row_keys: list[keys.RowKey]) -> Keys:
    return Keys(
        pa.array([k.key for k in row_keys], pa.string()),
        pa.array([k.base_key for k in row_keys], pa.string()),
        np.array([k.version_rank for k in row_keys], dtype=np.int64),
        np.array([-1 if k.equal_of is None else k.equal_of for k in row_keys], dtype=np.int64),
    )


def _numbered(table: SightingTable, row_keys: list[keys.RowKey], generation: int) -> Keys:
    """The keys of a numbered list: the number is the base, the content the key, so that a corrected row is seen as one."""
    contents = [keys.list_content(row) for row in table]
    plain = _from_rows(row_keys)
    named = pa.array([f"{k.key}|{content}" for k, content in zip(row_keys, contents, strict=True)], pa.string())
    rank = np.full(len(row_keys), generation, dtype=np.int64)
    return replace(plain, key=named, base_key=plain.key, rank=rank, is_numbered=True)


def raw_text(value: Any) -> str:
    """A rejected row or a note as text, for the record; null bytes cannot be stored and become U+FFFD."""
    import json

    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text.replace("\x00", "\ufffd")
