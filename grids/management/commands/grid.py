"""grid import | check | activate | export | list: boundary editions from files to force."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from grids.management.options import acting_user, beijing_date, pairs
from grids.models import Edition
from grids.services.edition_files import DATUMS
from grids.services.editions import edition_activate, edition_check, edition_import, edition_named
from grids.services.vector_files import export_cells
from journal.commands import JinshaoCommand

FINDINGS = {
    "gaps": "缝隙",
    "overlaps": "重叠",
    "outside_parent": "超出上级",
    "orphans": "没有上级",
    "duplicates": "重名或重形",
    "no_name": "没有名称",
    "no_polygon": "没有图形",
}
SHOWN = 20


class Command(JinshaoCommand):
    help = "边界版本：导入、检查、启用"

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        load = verbs.add_parser("import", help="每级一个边界文件，载入为未启用的版本")
        load.add_argument("--edition", required=True, metavar="NAME")
        load.add_argument("--level", action="append", required=True, metavar="LEVEL=FILE", dest="levels")
        load.add_argument("--datum", choices=DATUMS, default="wgs84", help="文件的坐标系（声明，不猜）")
        load.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", dest="mapping")
        load.add_argument("--note", default="")
        load.add_argument("--as", dest="username", metavar="USER")
        check = verbs.add_parser("check", help="缝隙、重叠、孤儿、重复、缺名")
        check.add_argument("name", metavar="NAME")
        activate = verbs.add_parser("activate", help="从某个北京日期起启用")
        activate.add_argument("name", metavar="NAME")
        activate.add_argument("--from", required=True, dest="valid_from", metavar="YYYY-MM-DD")
        activate.add_argument("--reason", default="")
        activate.add_argument("--as", dest="username", metavar="USER")
        export = verbs.add_parser("export", help="把一个版本导出为 .gpkg 或 .geojson（WGS-84）")
        export.add_argument("name", metavar="NAME")
        export.add_argument("--out", type=Path, required=True)
        verbs.add_parser("list", help="所有版本")

    def run(self, *, verb: str, **options: Any) -> dict[str, Any]:
        return getattr(self, f"_{verb}")(**options)

    def _import(self, *, edition: str, levels: list[str], datum: str, mapping: list[str], note: str,
                username: str | None, **_: Any) -> dict[str, Any]:  # fmt: skip
        files = {level: Path(file) for level, file in pairs(levels, "--level").items()}
        row, is_new = edition_import(
            name=edition,
            levels=files,
            datum=datum,
            mapping=pairs(mapping, "--map"),
            actor=acting_user(username),
            note=note,
        )
        return _described(row) | {"unchanged": not is_new}

    def _check(self, *, name: str, **_: Any) -> dict[str, Any]:
        return edition_check(name=name)

    def _activate(self, *, name: str, valid_from: str, reason: str, username: str | None, **_: Any) -> dict[str, Any]:
        on = beijing_date(valid_from, "--from")
        row, changed = edition_activate(name=name, valid_from=on, reason=reason, actor=acting_user(username))
        return _described(row) | {"unchanged": not changed}

    def _export(self, *, name: str, out: Path, **_: Any) -> dict[str, Any]:
        return {"file": str(out), "layers": export_cells(edition=edition_named(name), out=out)}

    def _list(self, **_: Any) -> dict[str, Any]:
        return {"editions": [_described(row) for row in Edition.objects.order_by("valid_from", "id")]}

    def show(self, result: dict[str, Any]) -> None:
        if "counts" in result:
            self._show_check(result)
            return
        if "layers" in result:
            super().show(result)
            return
        for row in result.get("editions", [result]):
            cells = "，".join(f"{level} {count}" for level, count in row["cells"].items())
            since = f"，自 {row['valid_from']} 起" if row["valid_from"] else ""
            self.stdout.write(f"{row['edition']}（{row['state_label']}{since}）：{cells}")
        if result.get("unchanged"):
            self.stdout.write("与已有的相同，没有改动。")

    def _show_check(self, result: dict[str, Any]) -> None:
        for kind, label in FINDINGS.items():
            rows = result[kind]
            self.stdout.write(f"{label}：{len(rows)}")
            for row in rows[:SHOWN]:
                codes = "、".join(row.get("codes") or [row.get("code", "")])
                place = ",".join(str(number) for number in row.get("place") or [])
                area = f" {row['area_m2']} 平方米" if row.get("area_m2") else ""
                self.stdout.write(f"  {row['level']} {codes} {row.get('name', '')} {place}{area}")
            if len(rows) > SHOWN:
                self.stdout.write(f"  …… 另有 {len(rows) - SHOWN} 处，见 --json")
        self.stdout.write("可以启用。" if result["ok"] else "有问题，请先核对。")


def _described(row: Edition) -> dict[str, Any]:
    levels = row.cells.values_list("level", flat=True)
    counts: dict[str, int] = {}
    for level in levels:
        counts[level] = counts.get(level, 0) + 1
    return {
        "edition": row.name,
        "id": row.pk,
        "state": row.state,
        "state_label": row.get_state_display(),
        "valid_from": row.valid_from,
        "datum": row.datum,
        "synthetic": row.is_synthetic,
        "content_hash": row.content_hash,
        "cells": counts,
    }
