"""Workbooks and layers of editions: cells, the report of a check, code changes, the history (C2).

Workbooks come from `papers.tables`; layers come from `vector_files`, in WGS-84.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import shapely
from django.db.models import QuerySet

from core.clock import BEIJING
from grids.editions.changes import changes_in_force
from grids.editions.check import ERRORS, LABELS, LACKS, WARNINGS
from grids.editions.vector_files import (
    FORMATS,
    check_suffix,
    export_cells,
    file_content,
    layer_frame,
    plain,
    write_features,
)
from grids.models import Cell, Edition, EditionReport
from grids.roles import LEVEL_LABELS, LEVELS, Level
from papers.tables import Table, workbook

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

MAP_NOTE: Final = "示意图，不作划界依据；坐标为 WGS-84，经度在前"


def level_label(level: str) -> str:
    """The Chinese name of a level: 乡镇（街道） for township."""
    return LEVEL_LABELS[Level(level)] if level in LEVELS else level


def cells_workbook(edition: Edition, cells: QuerySet[Cell]) -> bytes:
    """One sheet a level: code, name, parent, area, and whether there is a polygon."""
    columns = (("代码", 18), ("名称", 26), ("上级代码", 18), ("上级名称", 22), ("面积（平方公里）", 14), ("有图形", 8))
    tables = []
    for level in LEVELS:
        rows = cells.filter(level=level).order_by("code")
        values = rows.values_list("code", "name", "parent__code", "parent__name", "area_m2")
        listed = [
            (code, name, parent or "", above or "", round(area / 1e6, 3) if area else None, "是" if area else "否")
            for code, name, parent, above, area in values
        ]
        if listed:
            tables.append(Table(level_label(level), columns, listed, title=f"{edition.name} {level_label(level)}"))
    return workbook(*(tables or [Table("网格", columns, [], title=edition.name)]))


def report_workbook(report: EditionReport) -> bytes:
    """The check: a summary, and a sheet for each kind of finding that there is."""
    result = report.result
    rows = [
        (group, label, _count(result, kind), "")
        for group, kinds in (("问题", ERRORS), ("缺少", LACKS), ("提醒", WARNINGS))
        for kind, label in kinds.items()
    ]
    checked_at = f"{report.made_at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
    summary = Table(
        "汇总",
        (("类别", 10), ("检查项", 26), ("数目", 10), ("处理", 30)),
        rows,
        title=f"边界检查 {report.edition.name}",
        notes=(
            f"检查时间 {checked_at}（北京），用时 {report.seconds:.1f} 秒；结论：{'可以启用' if report.is_ok else '有问题'}",
            MAP_NOTE,
        ),
    )
    columns = (
        ("级别", 14),
        ("代码", 30),
        ("名称", 24),
        ("经度", 12),
        ("纬度", 12),
        ("面积（平方米）", 14),
        ("说明", 50),
    )
    sheets = [
        Table(label, columns, [finding_row(row) for row in findings_of(result, kind)], title=label)
        for kind, label in LABELS.items()
        if findings_of(result, kind)
    ]
    return workbook(summary, *sheets)


def findings_of(result: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The findings of one kind in a stored report."""
    rows = result["warnings"].get(kind, []) if kind in WARNINGS else result.get(kind, [])
    return list(rows)


def _count(result: dict[str, Any], kind: str) -> int:
    return int((result["warning_counts"] if kind in WARNINGS else result["counts"]).get(kind, 0))


def finding_row(row: dict[str, Any]) -> tuple[Any, ...]:
    """Level, codes, name, longitude, latitude, area, and what else is to be said."""
    lon, lat = row.get("place") or (None, None)
    codes = "、".join(row.get("codes") or [row.get("code", "")])
    return (level_label(row["level"]), codes, row.get("name", ""), lon, lat, row.get("area_m2"), explained(row))


def explained(row: dict[str, Any]) -> str:
    """The words of a finding besides its place and area."""
    parts = [
        row.get("message", ""),
        f"上级 {row['parent']}" if row.get("parent") else "",
        f"区划表：{row['expected']}" if row.get("expected") else "",
        f"{row['parts']} 块" if row.get("parts", 1) > 1 else "",
        f"宽约 {row['width_m']} 米" if "width_m" in row else "",
        "窄缝，一端开口" if row.get("narrow") else "",
        "同名" if row.get("kind") == "name" else "同形" if row.get("kind") == "shape" else "",
        f"“{row['edition']}”里有" if row.get("edition") else "",
    ]
    return "；".join(part for part in parts if part)


def findings_geojson(report: EditionReport) -> dict[str, Any]:
    """Findings with their ground, else their place, as a FeatureCollection; `id` counts as the page does."""
    features = []
    for at, (kind, row) in enumerate(_listed(report)):
        # A doubt about the datum is about the whole file: its box would lie over everything else on the map.
        ground = row.get("shape") if kind != "datum" else None
        shape = ground or ({"type": "Point", "coordinates": row["place"]} if row.get("place") else None)
        if shape is None:
            continue
        properties = {"id": at, "kind": kind, "label": LABELS[kind], "is_error": kind in ERRORS, "level": row["level"],
                "codes": "、".join(row.get("codes") or [row.get("code", "")]), "name": row.get("name", ""),
                "area_m2": row.get("area_m2"), "text": explained(row), "place": row.get("place")}  # fmt: skip
        features.append({"type": "Feature", "id": at, "properties": properties, "geometry": shape})
    return {"type": "FeatureCollection", "features": features}


def _listed(report: EditionReport) -> Iterable[tuple[str, dict[str, Any]]]:
    return ((kind, row) for kind in LABELS for row in findings_of(report.result, kind))


def findings_layer(report: EditionReport, suffix: str) -> bytes:
    """Findings as a file of layers: errors and warnings apart in a GeoPackage, those with a place alone apart from
    those with ground (a layer of both opens as a mixture); together in the other formats."""
    check_suffix(suffix)
    features = findings_geojson(report)["features"]
    names = ("kind", "label", "level", "codes", "name", "area_m2", "text")

    def layer(rows: list[dict[str, Any]]) -> GeoDataFrame:
        columns = {name: [plain(row["properties"][name]) for row in rows] for name in names}
        return layer_frame(columns, list(shapely.from_geojson([json.dumps(row["geometry"]) for row in rows])))

    if not FORMATS[suffix].has_layers:
        return file_content(suffix, lambda out: write_features({"findings": layer(features)}, out))
    parts = {
        name + tail: layer([row for row in features if _belongs(row, is_error=is_error, is_point=is_point)])
        for name, is_error in (("errors", True), ("warnings", False))
        for tail, is_point in (("", False), ("_points", True))
    }
    return file_content(suffix, lambda out: write_features(parts, out))


def _belongs(row: dict[str, Any], *, is_error: bool, is_point: bool) -> bool:
    return bool(row["properties"]["is_error"] == is_error and (row["geometry"]["type"] == "Point") == is_point)


def cells_layer(edition: Edition, cells: QuerySet[Cell], suffix: str) -> bytes:
    """The cells for QGIS: all levels in a GeoPackage, the highest of the given ones in the other formats."""
    return file_content(suffix, lambda out: export_cells(edition=edition, out=out, cells=cells))


def changes_workbook(edition: Edition) -> bytes:
    """The code changes in force; it can be corrected and read in again as CSV."""
    rows = [
        (row.old_code, row.old_name, row.new_code, row.new_name, row.get_kind_display(), level_label(row.level),
         round(row.share * 100, 2) if row.share is not None else None, row.document_no,
         "按面积推算" if row.is_suggested else "人工")
        for row in changes_in_force(edition)
    ]  # fmt: skip
    columns = (("原代码", 18), ("原名称", 22), ("新代码", 18), ("新名称", 22), ("变化", 10), ("级别", 14), ("面积占比（%）", 12),
               ("依据文件", 22), ("来源", 12))  # fmt: skip
    return workbook(Table("代码对应", columns, rows, title=f"{edition.name} 新旧代码对应"))


def history_workbook(rows: Iterable[dict[str, Any]]) -> bytes:
    """The editions as the history page lists them."""
    columns = (
        ("版本", 26),
        ("状态", 10),
        ("启用日期", 12),
        ("接替", 22),
        ("坐标系", 10),
        ("网格数", 10),
        ("检查", 16),
        ("说明", 40),
    )
    listed = [
        (row["edition"].name, row["edition"].get_state_display(), row["edition"].valid_from,
         row["edition"].supersedes.name if row["edition"].supersedes else "", row["datum"], row["cells"],
         row["check"], row["edition"].note)
        for row in rows
    ]  # fmt: skip
    return workbook(Table("边界版本", columns, listed, title="边界版本"))
