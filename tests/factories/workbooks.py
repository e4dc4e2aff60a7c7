"""Workbooks as people leave them: merged, hidden and struck cells, several tables in a sheet."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.styles import Font

HEAD = ["序号", "县", "经度", "纬度", "监测日期", "监测时间", "备注"]
COUNTY = "本溪满族自治县"
PLACES = [(124.07411, 41.12412), (124.22583, 41.11015), (124.82325, 40.95944), (124.90798, 41.17774)]


def line(seq: int, at: int | None = None, **changed: Any) -> list[Any]:
    """A row under HEAD: the place number `at` (the 序号's own where nothing is given), cells changed by their heading."""
    lon, lat = PLACES[(seq - 1 if at is None else at) % len(PLACES)]
    cells = dict(zip(HEAD, [seq, COUNTY, lon, lat, "2024-11-03", "13:21", None], strict=True))
    return list((cells | changed).values())


def book(
    rows: Iterable[Sequence[Any]],
    *,
    then: Callable[[Any], object] = lambda sheet: None,
    name: str = "清单",
    further: dict[str, Iterable[Sequence[Any]]] | None = None,
) -> bytes:
    """A workbook of one sheet, and `further` ones by their name; `then` is done to the workbook's first sheet."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = name
    for row in rows:
        sheet.append(list(row))
    for title, more in (further or {}).items():
        other = workbook.create_sheet(title)
        for row in more:
            other.append(list(row))
    then(sheet)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def strike(sheet: Any, row: int) -> None:
    """Strike a whole row (1-based) through, as an office does with what does not count."""
    for cell in sheet[row]:
        cell.font = Font(strike=True)


def stored(content: bytes, folder: Path, name: str = "清单.xlsx") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
