"""Reading border files into cells in WGS-84 that can be trusted: one file per level, or one with a level column.

Everything wrong is refused with the number of the feature (from 1), its code and its place, all faults of all files
together; a repaired copy of a shape is used only where it was accepted.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from core.errors import BadInput
from grids.editions.border_files import Source, choose_layer, sources_in, unreadable
from grids.editions.columns import (
    SKIP,
    Columns,
    check_mapping,
    code_of,
    empty_columns,
    level_of,
    signature_of,
    text_of,
    truth_of,
)
from grids.editions.crs import to_degrees
from grids.editions.joining import joined
from grids.editions.raw_cells import RawCell, fault_at
from grids.editions.shapes import Fault, decoded, faults_of, place_of
from grids.geo.datum import to_wgs84
from grids.roles import LEVEL_LABELS, LEVELS, Level
from papers.encodings import FileError
from papers.layers import door

__all__ = ["DATUMS", "BordersRead", "Part", "Plan", "RawCell", "place_of", "read_borders", "read_levels"]

DATUMS: Final = ("wgs84", "cgcs2000", "gcj02", "bd09")
ANY_LEVEL: Final = "*"
"""In place of a level: the file has all levels, told by its level column."""
PROBLEMS_TOLD: Final = 200
_CODE = re.compile(r"[0-9A-Za-z_-]{1,20}")
_DEFAULT_CRS_KINDS = (".geojson", ".json", ".kml", ".ovkml")

Progress = Callable[[str, int, int], None]
Recall = Callable[[Sequence[str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Part:
    """One file (or archive) and what it holds: a level, or ANY_LEVEL. `layer` chooses where there are several."""

    level: str
    path: Path
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How files are to be read. `datum` and `crs` ("" = what the files say) are declared, never guessed; `mapping` gives
    columns by field (`code`) or by level and field (`village.code`); `level_words` what a level column's values mean
    (SKIP leaves rows out); `join_parts`: pieces of one code are one cell; `recall`
    answers column names with the mapping used for them the last time; `opening` limits how long a file may be read."""

    parts: Sequence[Part]
    datum: str = "wgs84"
    crs: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    level_words: Mapping[str, str] = field(default_factory=dict)
    accept_repairs: bool = False
    join_parts: bool = False
    only_known: bool = False
    recall: Recall | None = None
    opening: door.Opening = door.USUAL


@dataclass(slots=True)
class BordersRead:
    """Cells, upper levels first; the repairs that were accepted; what should be said; columns by signature."""

    cells: list[RawCell] = field(default_factory=list)
    repairs: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    skipped: int = 0


def read_levels(levels: Mapping[str, Path], *, datum: str, mapping: Mapping[str, str]) -> list[RawCell]:
    """All cells of one file per level, upper levels first. Raises BadInput for anything that cannot be taken as it is."""
    parts = [Part(level, path) for level, path in levels.items()]
    return read_borders(Plan(parts, datum=datum, mapping=mapping)).cells


def read_borders(plan: Plan, progress: Progress | None = None) -> BordersRead:
    """All cells of all files. Raises BadInput; `details["problems"]` then lists every fault found, the first is the message."""
    _check_request(plan)
    tell = progress or (lambda stage, done, total: None)
    read, used, problems = BordersRead(), set[str](), list[BadInput]()
    order = {level: at for at, level in enumerate((*LEVELS, ANY_LEVEL))}
    parts = sorted(plan.parts, key=lambda part: order[part.level])
    with tempfile.TemporaryDirectory(prefix="jinshao-borders-") as folder:
        for at, part in enumerate(parts):
            tell(f"读 {part.path.name}", at, len(parts))
            where = f"{LEVEL_LABELS[Level(part.level)]} {part.path.name}" if part.level in LEVELS else part.path.name
            sources = sources_in([part.path], Path(folder) / str(at), only_known=plan.only_known, opening=plan.opening)
            level = "" if part.level == ANY_LEVEL else part.level
            source = choose_layer(sources, level=level, layer=part.layer, where=where)
            _Reader(plan, source, level, where, used, problems).into(read)
    unused = sorted(set(plan.mapping) - used)
    if unused and not problems:
        listed = "、".join(f"{key}={plan.mapping[key]}" for key in unused)
        problems.append(BadInput(f"--map 指定的列在文件里没有：{listed}", code="missing_column"))
    tell("换算坐标", len(parts), len(parts))
    if not problems:
        read.cells.sort(key=lambda cell: order[cell.level])
        _undo_datum(read, plan, problems)
    if plan.join_parts and not problems:
        read.cells, joins, problems = joined(read.cells)
        read.repairs += joins
    _raise_all(problems)
    return read


def _check_request(plan: Plan) -> None:
    levels = [part.level for part in plan.parts]
    unknown = sorted({level for level in levels if level not in LEVELS and level != ANY_LEVEL})
    if unknown or not levels:
        raise BadInput(
            f"不认识的级别 {'、'.join(unknown) or '（空）'}；可用：{'、'.join(LEVELS)}", code="unknown_level"
        )
    if plan.datum not in DATUMS:
        raise BadInput(f"不认识的坐标系 {plan.datum}；可用：{'、'.join(DATUMS)}", code="unknown_datum")
    check_mapping(plan.mapping)
    wrong = sorted({word for word in plan.level_words.values() if word not in (*LEVELS, SKIP)})
    if wrong:
        raise BadInput(f"不认识的级别 {'、'.join(wrong)}；可用：{'、'.join((*LEVELS, SKIP))}", code="unknown_level")


def _raise_all(problems: Sequence[BadInput]) -> None:
    if not problems:
        return
    first = problems[0]
    listed = [
        {
            "message": problem.message,
            "code": problem.code,
            **{k: v for k, v in problem.details.items() if k != "problems"},
        }
        for problem in problems[:PROBLEMS_TOLD]
    ]
    more = f"（另有 {len(problems) - 1} 处问题，全部在 --json 和导入页里）" if len(problems) > 1 else ""
    details = first.details | {"problems": listed, "problem_count": len(problems)}
    raised = BadInput(f"{first.message}{more}", code=first.code, details=details)
    raised.where = first.where
    raise raised


class _Reader:
    """One layer, from the file to cells; faults go to `problems` and do not stop the next layer."""

    def __init__(
        self, plan: Plan, source: Source, level: str, where: str, used: set[str], problems: list[BadInput]
    ) -> None:
        self._plan, self._source, self._level = plan, source, level
        self._where, self._used, self._problems = where, used, problems

    def into(self, read: BordersRead) -> None:
        if self._source.note:
            read.notes.append(f"{self._where}：{self._source.note}")
        layer = read_raw(self._source, self._where, self._plan.opening)
        read.notes += [f"{self._where}：{note}" for note in layer.notes]
        table = layer.columns
        columns = self._columns(table, read)
        code_column, name_column = columns.needed(self._level, self._where)
        codes = [code_of(value, code_column) for value in table[code_column]]
        levels = self._levels(columns, table, codes, read)
        claims = {field: [text_of(value) for value in table[column]]
                  for field, column in columns.parents(self._level).items()}  # fmt: skip
        cell_names = [text_of(value) for value in table[name_column]]
        synthetic = [truth_of(value) for value in table["synthetic"]] if "synthetic" in table else [False] * len(codes)
        shapes = self._shapes(layer, codes, cell_names, levels, read)
        for at, level in enumerate(levels):
            if level == SKIP:
                read.skipped += 1
                continue
            above = LEVELS[: LEVELS.index(Level(level))] if level else ()
            own = {field: texts[at] for field, texts in claims.items() if field in above or field not in LEVELS}
            cell = RawCell(level, at + 1, codes[at], cell_names[at], own, shapes[at], synthetic[at])
            if self._is_sound(cell, at in self._faulty):
                read.cells.append(cell)

    def _columns(self, table: Mapping[str, Any], read: BordersRead) -> Columns:
        names = list(table)
        remembered = dict(self._plan.recall(names)) if self._plan.recall else {}
        mapping = {**remembered, **self._plan.mapping}
        if remembered:
            pairs = "、".join(f"{key}={column}" for key, column in sorted(remembered.items()))
            read.notes.append(f"{self._where}：列按上次的对应（{pairs}）")
        columns = Columns(names, mapping, self._used, empty_columns(table))
        lower = {name.lower() for name in names}
        read.columns[signature_of(names)] = {key: column for key, column in mapping.items() if column.lower() in lower}
        return columns

    def _levels(self, columns: Columns, table: Mapping[str, Any], codes: Sequence[str], read: BordersRead) -> list[str]:
        if self._level:
            return [self._level] * len(codes)
        column = columns.find("level")
        if column is None:
            raise BadInput(
                f"一个文件含各级时要有级别列；文件的列有：{'、'.join(columns.names)}。请用 --map level=列名 指定",
                where=self._where,
                code="missing_column",
                details={"columns": columns.names},
            )
        levels = []
        for at, value in enumerate(table[column]):
            text = text_of(value)
            level = level_of(text, self._plan.level_words)
            if level is None:
                message = f"级别列“{column}”的值“{text}”不认识；请用 --level-value {text or '值'}=级别 说明，或 {text or '值'}=skip 略过"
                self._fault(at, codes[at], "", message, "unknown_level_value", value=text)
            levels.append(level or "")
        return levels

    def _shapes(self, layer: door.LayerRead, codes: Sequence[str], names: Sequence[str],
                levels: Sequence[str], read: BordersRead) -> npt.NDArray[np.object_]:  # fmt: skip
        plan, first = self._plan, decoded(layer.wkb)
        shapes, faults = first.shapes, list(first.faults)
        crs: dict[str, Any] = {
            "file_crs": layer.crs,
            "is_default": self._source.path.suffix.lower() in _DEFAULT_CRS_KINDS,
            "declared": plan.crs,
            "datum": plan.datum,
            "where": self._where,
        }
        shapes = to_degrees(shapes, **crs)
        if faults:
            # A closed copy of a broken ring has not been through the projection yet.
            copies = np.array([fault.repaired for fault in faults] + [None], dtype=object)[:-1]
            copies = to_degrees(copies, **crs) if not shapely.is_missing(copies).all() else copies
            faults = [replace(fault, repaired=copy) for fault, copy in zip(faults, copies, strict=True)]
        faults += faults_of(shapes)
        self._faulty = set()
        for fault in faults:
            if levels[fault.position] == SKIP:
                continue
            if plan.accept_repairs and fault.repaired is not None:
                shapes[fault.position] = fault.repaired
                read.repairs.append(self._repair(fault, codes, names, levels))
                continue
            self._faulty.add(fault.position)
            hint = "；可接受修补后的图形（--accept-repairs）" if fault.repaired is not None else ""
            self._fault(
                fault.position,
                codes[fault.position],
                fault.place,
                fault.message + hint,
                fault.error,
                repairable=fault.repaired is not None,
            )
        return shapes

    def _repair(
        self, fault: Fault, codes: Sequence[str], names: Sequence[str], levels: Sequence[str]
    ) -> dict[str, Any]:
        at = fault.position
        return {
            "level": levels[at],
            "feature": at + 1,
            "code": codes[at],
            "name": names[at],
            "place": fault.place,
            "message": fault.message,
            "area_before_m2": round(fault.area_before_m2),
            "area_after_m2": round(fault.area_after_m2),
        }

    def _fault(self, at: int, code: str, place: str, message: str, error: str, **more: Any) -> None:
        self._problems.append(fault_at(self._where, at + 1, code, place, message, error, **more))

    def _is_sound(self, cell: RawCell, is_faulty: bool) -> bool:
        place = place_of(cell.geometry)
        message, error = "", ""
        if not _CODE.fullmatch(cell.code):
            message, error = "代码为空或写法不对（应为 1–20 位字母或数字）", "bad_code"
        elif len(cell.name) > 80:
            message, error = "名称超过 80 字", "bad_name"
        elif cell.level == Level.COUNTY and not is_faulty and (cell.geometry is None or cell.geometry.is_empty):
            message, error = "县（区）没有图形，无法定位", "no_geometry"
        if message:
            self._fault(cell.feature - 1, cell.code, place, message, error)
        return not message and not is_faulty and bool(cell.level)


def read_raw(source: Source, where: str, opening: door.Opening = door.USUAL) -> door.LayerRead:
    """Columns, shapes and CRS of a layer. Raises BadInput where they cannot be read, or there are none."""
    layer = None if source.path.suffix.lower() == ".shp" else source.layer
    by_suffix = replace(opening, by_suffix=True)  # what may be opened at all was looked at before there was a Source
    try:
        read = door.read_layer(source.path, layer=layer, encoding=source.encoding, opening=by_suffix)
    except FileError as error:
        raise unreadable(error, where) from error
    if not read.features:
        raise BadInput("文件里没有要素", where=where, code="empty_file")
    if not read.wkb:
        raise BadInput("文件没有图形列", where=where, code="missing_column")
    return read


def _undo_datum(read: BordersRead, plan: Plan, problems: list[BadInput]) -> None:
    """Undo the declared datum, all cells in one call: a vertex that two cells share must stay one vertex."""
    if plan.datum in ("wgs84", "cgcs2000"):
        return
    shapes = np.empty(len(read.cells), dtype=object)
    shapes[:] = [cell.geometry for cell in read.cells]
    moved = shapely.transform(shapes, lambda at: np.column_stack(to_wgs84(at[:, 0], at[:, 1], plan.datum)))
    for fault in faults_of(moved):
        cell = read.cells[fault.position]
        where = LEVEL_LABELS[Level(cell.level)]
        if plan.accept_repairs and fault.repaired is not None:
            moved[fault.position] = fault.repaired
            continue
        message = f"换算 {plan.datum} 之后{fault.message}"
        problems.append(fault_at(where, cell.feature, cell.code, fault.place, message, fault.error))
    read.cells = [replace(cell, geometry=shape) for cell, shape in zip(read.cells, moved, strict=True)]
