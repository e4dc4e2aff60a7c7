"""The table of divisions (民政、统计部门): loading it, whole, from CSV with code, name, level, parent_code."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.db import transaction

from core.errors import BadInput
from grids.editions.columns import LEVEL_WORDS
from grids.editions.csv_files import csv_rows
from grids.models import Division, User
from grids.roles import LEVELS
from journal.record.services import record

_COLUMNS = {
    "code": ("code", "区划代码", "代码"),
    "name": ("name", "名称"),
    "level": ("level", "级别"),
    "parent_code": ("parent_code", "parent", "上级代码"),
}
_MUST = "区划表要有 code、name、level 三列（或 代码、名称、级别）"
_BATCH = 1000


@transaction.atomic
def division_table_load(*, path: Path, actor: User | None) -> int:
    """Put the table of a file in the place of the one there was; how many rows differ (0 = it was the same).

    UTF-8 or GBK. Raises BadInput with the line for an unknown level, an empty or repeated code.
    """
    rows = _read(path)
    before = {row[0]: row for row in Division.objects.values_list("code", "name", "level", "parent_code")}
    after = {row[0]: row for row in rows}
    changed = [code for code in before.keys() | after.keys() if before.get(code) != after.get(code)]
    if not changed:
        return 0
    Division.objects.all().delete()
    Division.objects.bulk_create(
        [Division(code=code, name=name, level=level, parent_code=parent) for code, name, level, parent in rows],
        batch_size=_BATCH,
    )
    digest = hashlib.sha256("\n".join("\t".join(row) for row in sorted(rows)).encode()).hexdigest()
    record("divisions.loaded", ("division_table", path.name[:60]), actor,
           before={"rows": len(before)}, after={"rows": len(rows), "changed": len(changed), "sha256": digest})  # fmt: skip
    return len(changed)


def _read(path: Path) -> list[tuple[str, str, str, str]]:
    rows: dict[str, tuple[str, str, str, str]] = {}
    for line, row in csv_rows(path, _COLUMNS, must=("code", "name", "level"), missing_message=_MUST):
        code, name, level, parent = (row[field] for field in _COLUMNS)
        known_level = level if level in LEVELS else LEVEL_WORDS.get(level.lower(), "")
        if not code or not name or not known_level or code in rows:
            reason = "代码重复" if code in rows else f"代码、名称为空，或级别“{level}”不认识"
            raise BadInput(reason, where=f"{path.name} 第 {line} 行（代码 {code or '空'}）", code="bad_row")
        if len(code) > 20 or len(name) > 80 or len(parent) > 20:
            raise BadInput("代码超过 20 位或名称超过 80 字", where=f"{path.name} 第 {line} 行", code="bad_row")
        rows[code] = (code, name, str(known_level), parent)
    if not rows:
        raise BadInput("区划表是空的", where=path.name, code="empty_file")
    return list(rows.values())
