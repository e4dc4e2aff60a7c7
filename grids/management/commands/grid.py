"""grid import | check | activate | changes | carry | divisions | export | list: boundary editions from files to force."""

import time
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db.models import Count, F

from core.commands import JinshaoCommand, Usage
from core.errors import Refused
from grids.editions.activating import edition_activate, edition_load, edition_named
from grids.editions.changes import changes_in_force, changes_read, changes_store, suggestions
from grids.editions.check import ERRORS, LACKS, WARNINGS, edition_check
from grids.editions.divisions import division_table_load
from grids.editions.files import ANY_LEVEL, DATUMS, Part, Plan
from grids.editions.reports import report_store, without_shapes
from grids.editions.vector_files import SUFFIX_WORDS, export_cells
from grids.management.options import acting_user, beijing_date, pairs
from grids.models import Edition
from grids.people.carrying import posts_carry, proposals
from grids.selectors import system_user
from grids.selectors.left_behind import left_behind

SHOWN = 20


class Command(JinshaoCommand):
    help = "边界版本：导入、检查、启用"

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        _import_arguments(verbs.add_parser("import", help="边界文件（可以是 zip），载入为未启用的版本"))
        check = verbs.add_parser("check", help="缝隙、重叠、孤儿、重复、坐标系、名称；结果存档")
        check.add_argument("name", metavar="NAME")
        activate = verbs.add_parser("activate", help="从某个北京日期起启用")
        activate.add_argument("name", metavar="NAME")
        activate.add_argument("--from", required=True, dest="valid_from", metavar="YYYY-MM-DD")
        activate.add_argument("--reason", default="")
        activate.add_argument("--accept-findings", action="store_true", help="检查有问题也启用，要写 --reason")
        activate.add_argument("--correction", action="store_true", help="更正版：可以倒签，要写 --reason；不改任何认定")
        activate.add_argument("--as", dest="username", metavar="USER")
        changes = verbs.add_parser("changes", help="新旧代码对应：看、按面积推算、从 CSV 导入")
        changes.add_argument("name", metavar="NAME")
        changes.add_argument("--suggest", action="store_true", help="存下按面积推算的对应")
        changes.add_argument("--csv", type=Path, metavar="FILE")
        changes.add_argument("--reason", default="")
        changes.add_argument("--as", dest="username", metavar="USER")
        carry = verbs.add_parser("carry", help="启用之后，旧代码上的岗位转到新代码：看、转")
        carry.add_argument("name", metavar="NAME")
        carry.add_argument("--to", action="append", default=[], metavar="OLD=NEW", dest="choices",
                           help="一个旧代码转到哪里；NEW 写 - 是到期止")  # fmt: skip
        carry.add_argument("--proposed", action="store_true", help="只有一个新代码的都转")
        carry.add_argument("--reason", default="")
        carry.add_argument("--as", dest="username", metavar="USER")
        divisions = verbs.add_parser("divisions", help="导入区划表 CSV（code,name,level,parent_code），检查名称用")
        divisions.add_argument("path", type=Path, metavar="FILE")
        divisions.add_argument("--as", dest="username", metavar="USER")
        export = verbs.add_parser("export", help=f"把一个版本导出为 {SUFFIX_WORDS}（WGS-84）")
        export.add_argument("name", metavar="NAME")
        export.add_argument("--out", type=Path, required=True)
        verbs.add_parser("list", help="所有版本")

    def run(self, *, verb: str, **options: Any) -> dict[str, Any]:
        result: dict[str, Any] = getattr(self, f"_{verb}")(**options)
        return result

    def _import(self, *, edition: str, note: str, username: str | None, **options: Any) -> dict[str, Any]:
        loaded = edition_load(
            name=edition, plan=_plan(options), actor=acting_user(username), note=note, progress=self._tell
        )
        return _described(loaded.edition) | {
            "unchanged": not loaded.is_new,
            "repaired": loaded.repairs,
            "skipped": loaded.skipped,
            "notes": loaded.notes,
        }

    def _check(self, *, name: str, **_: Any) -> dict[str, Any]:
        started = time.monotonic()
        result = edition_check(name=name, progress=self._tell, with_shapes=True)
        seconds = time.monotonic() - started
        report_store(edition=edition_named(name), result=result, seconds=seconds, actor=system_user())
        return without_shapes(result)

    def _activate(self, *, name: str, valid_from: str, reason: str, accept_findings: bool, correction: bool,
                  username: str | None, **_: Any) -> dict[str, Any]:  # fmt: skip
        row, changed = edition_activate(
            name=name,
            valid_from=beijing_date(valid_from, "--from"),
            reason=reason,
            accept_findings=accept_findings,
            is_correction=correction,
            actor=acting_user(username),
        )
        return _described(row) | {"unchanged": not changed}

    def _changes(self, *, name: str, suggest: bool, csv: Path | None, reason: str, username: str | None,
                 **_: Any) -> dict[str, Any]:  # fmt: skip
        edition, actor = edition_named(name), acting_user(username)
        if suggest and csv:
            raise Usage("--suggest 与 --csv 只能用一个")
        if suggest or csv:
            rows = changes_read(edition=edition, path=csv) if csv else suggestions(edition)
            changes_store(edition=edition, changes=rows, actor=actor, is_suggested=suggest, reason=reason)
        listed = [
            {"kind": row.kind, "kind_label": row.get_kind_display(), "level": row.level, "old_code": row.old_code,
             "old_name": row.old_name, "new_code": row.new_code, "new_name": row.new_name, "share": row.share,
             "suggested": row.is_suggested, "document_no": row.document_no}
            for row in changes_in_force(edition)
        ]  # fmt: skip
        return {"edition": edition.name, "changes": listed}

    def _carry(self, *, name: str, choices: list[str], proposed: bool, reason: str, username: str | None,
               **_: Any) -> dict[str, Any]:  # fmt: skip
        edition, actor = edition_named(name), acting_user(username)
        if edition.state != Edition.State.ACTIVE:
            raise Refused(f"“{name}”没有启用，还没有岗位要转。", code="edition_not_in_force")
        moves = (proposals(edition) if proposed else {}) | pairs(choices, "--to")
        done = posts_carry(edition=edition, choices=moves, actor=actor, reason=reason) if moves else {}
        rows = [
            {"code": left_code.code, "name": left_code.name, "level": left_code.level, "to": left_code.targets,
             "terms": len(left_code.terms), "fixed": [{"post": term.post.title, "reason": why} for term, why in left_code.fixed]}
            for left_code in left_behind(edition)
        ]  # fmt: skip
        return {"edition": edition.name, **done, "left": rows}

    def _divisions(self, *, path: Path, username: str | None, **_: Any) -> dict[str, Any]:
        return {"file": path.name, "changed": division_table_load(path=path, actor=acting_user(username))}

    def _export(self, *, name: str, out: Path, **_: Any) -> dict[str, Any]:
        return {"file": str(out), "layers": export_cells(edition=edition_named(name), out=out)}

    def _list(self, **_: Any) -> dict[str, Any]:
        rows = Edition.objects.order_by(F("valid_from").asc(nulls_last=True), "id")
        return {"editions": [_described(row) for row in rows]}

    def _tell(self, stage: str, done: int, total: int) -> None:
        self.stderr.write(f"[{done + 1}/{total}] {stage}" if total else stage)

    def show(self, result: dict[str, Any]) -> None:
        if "counts" in result:
            self._show_check(result)
        elif "changes" in result:
            for row in result["changes"]:
                share = f" {row['share']:.1%}" if row["share"] is not None else ""
                self.stdout.write(
                    f"{row['kind_label']} {row['old_code'] or '—'} {row['old_name']} → {row['new_code'] or '—'} {row['new_name']}{share}"
                )
            self.stdout.write(f"共 {len(result['changes'])} 行")
        elif "left" in result:
            for row in result["left"]:
                to = "、".join(f"{name} {code}" for code, name in row["to"].items()) or "没有新代码"
                self.stdout.write(f"{row['code']} {row['name']}：{row['terms']} 段任期 → {to}")
            self.stdout.write(f"旧代码上还有 {len(result['left'])} 个")
        elif "layers" in result or "changed" in result:
            super().show(result)
        else:
            self._show_editions(result)

    def _show_editions(self, result: dict[str, Any]) -> None:
        for row in result.get("editions", [result]):
            cells = "，".join(f"{level} {count}" for level, count in row["cells"].items())
            since = f"，自 {row['valid_from']} 起" if row["valid_from"] else ""
            self.stdout.write(f"{row['edition']}（{row['state_label']}{since}）：{cells}")
        for note in result.get("notes", ()):
            self.stdout.write(f"注意：{note}")
        for repair in result.get("repaired", ()):
            self.stdout.write(f"修补：{repair['code']} {repair['name']}（{repair['place']}）{repair['message']}")
        if result.get("unchanged"):
            self.stdout.write("与已有的相同，没有改动。")

    def _show_check(self, result: dict[str, Any]) -> None:
        for kind, label in {**ERRORS, **LACKS}.items():
            self._show_findings(label, result[kind])
        for kind, label in WARNINGS.items():
            if result["warnings"][kind]:
                self._show_findings(f"提醒·{label}", result["warnings"][kind])
        self.stdout.write("可以启用。" if result["ok"] else "有问题，请先核对。")

    def _show_findings(self, label: str, rows: list[dict[str, Any]]) -> None:
        self.stdout.write(f"{label}：{len(rows)}")
        for row in rows[:SHOWN]:
            codes = "、".join(row.get("codes") or [row.get("code", "")])
            place = ",".join(str(number) for number in row.get("place") or [])
            area = f" {row['area_m2']} 平方米" if row.get("area_m2") else ""
            message = f" {row['message']}" if row.get("message") else ""
            expected = f"（区划表：{row['expected']}）" if row.get("expected") else ""
            self.stdout.write(f"  {row['level']} {codes} {row.get('name', '')}{expected} {place}{area}{message}")
        if len(rows) > SHOWN:
            self.stdout.write(f"  …… 另有 {len(rows) - SHOWN} 处，见 --json")


def _import_arguments(load: ArgumentParser) -> None:
    load.add_argument("--edition", required=True, metavar="NAME")
    load.add_argument("--level", action="append", default=[], metavar="LEVEL=FILE", dest="levels")
    load.add_argument(
        "--file", action="append", default=[], metavar="FILE", dest="files", help="一个文件含各级，由级别列区分"
    )
    load.add_argument("--level-value", action="append", default=[], metavar="VALUE=LEVEL", dest="level_words",
                      help="级别列的值是哪一级；skip 略过")  # fmt: skip
    load.add_argument(
        "--layer", action="append", default=[], metavar="LEVEL=LAYER", dest="layers", help="文件有几个图层时用哪个"
    )
    load.add_argument("--datum", choices=DATUMS, default="wgs84", help="文件的坐标系（声明，不猜）")
    load.add_argument("--crs", default="", metavar="EPSG", help="文件没有写的坐标参考，例如 EPSG:4547")
    load.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", dest="mapping")
    load.add_argument("--accept-repairs", action="store_true", help="接受修补后的图形（逐个列出并记录）")
    load.add_argument("--join-parts", action="store_true", help="同一代码的几块（飞地）合为一个网格（逐个列出并记录）")
    load.add_argument("--note", default="")
    load.add_argument("--as", dest="username", metavar="USER")


def _plan(options: Mapping[str, Any]) -> Plan:
    by_level, chosen = pairs(options["levels"], "--level"), pairs(options["layers"], "--layer")
    if not by_level and not options["files"]:
        raise Usage("要有 --level LEVEL=FILE，或者 --file FILE（由级别列区分）")
    parts = [Part(level, Path(file), chosen.get(level, "")) for level, file in by_level.items()]
    parts += [Part(ANY_LEVEL, Path(file), chosen.get(ANY_LEVEL, "")) for file in options["files"]]
    return Plan(
        parts,
        datum=options["datum"],
        crs=options["crs"],
        mapping=pairs(options["mapping"], "--map"),
        level_words=pairs(options["level_words"], "--level-value"),
        accept_repairs=options["accept_repairs"],
        join_parts=options["join_parts"],
    )


def _described(row: Edition) -> dict[str, Any]:
    counts = dict(row.cells.values_list("level").annotate(number=Count("pk")).order_by("level"))
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
