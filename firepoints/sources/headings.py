"""Which row of a sheet is its heading, and which column is which field, in the spellings that offices use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firepoints.sources.text import compact

HEADING_DEPTH = 40
BRACKETS = re.compile(r"[(\[【].*?[)\]】]")

LIST_FIELDS: dict[str, tuple[str, ...]] = {
    "seq_no": ("序号", "编号", "火点编号", "火点序号", "火情编号", "no", "no.", "id"),
    "date": (
        "日期",
        "监测日期",
        "观测日期",
        "过境日期",
        "卫星过境日期",
        "发现日期",
        "火点日期",
        "年月日",
        "date",
        "acq_date",
    ),
    "time": (
        "时间",
        "过境时间",
        "卫星过境时间",
        "监测时间",
        "观测时间",
        "发现时间",
        "火点时间",
        "时刻",
        "北京时间",
        "time",
    ),
    "lon": ("经度", "中心经度", "火点经度", "东经", "中心点经度", "lon", "long", "longitude", "x"),
    "lat": ("纬度", "中心纬度", "火点纬度", "北纬", "中心点纬度", "lat", "latitude", "y"),
    "satellite": ("卫星", "卫星/传感器", "卫星传感器", "传感器", "卫星名称", "卫星类型", "数据源", "satellite"),
    "province": ("省", "省份", "省(区、市)", "省(自治区、直辖市)", "省名"),
    "city": ("市", "地市", "设区市", "市(州)", "市(地、州、盟)", "市(州、盟)", "地级市", "市名", "城市"),
    "county": (
        "县",
        "区县",
        "县区",
        "县(区)",
        "区(县)",
        "县(市、区)",
        "县(市、区、旗)",
        "市县",
        "县名",
        "区",
        "county",
    ),
    "township": ("乡", "乡镇", "乡(镇)", "乡镇(街道)", "乡(镇、街道)", "镇", "街道", "乡镇街道", "township"),
    "village": ("村", "行政村", "村(社区)", "村屯", "村名", "village"),
    "place": ("省地县", "位置", "地点", "地址", "所在地", "行政区", "行政区划"),
    "pixels": ("火点像元数", "像元数", "像素数", "火点像素数", "象素数"),
    "confidence": ("可信度", "置信度", "confidence"),
    "land": ("土地类型", "土地利用类型", "地类", "土地利用", "下垫面"),
    "frp": ("frp", "辐射功率", "火点辐射功率", "火辐射功率"),
    "note": ("备注", "说明", "note", "remark"),
}

PATROL_FIELDS: dict[str, tuple[str, ...]] = {
    "found_at": ("found_at", "发现时间", "巡查时间", "时间", "日期", "发现日期", "巡查日期"),
    "lon": ("lon", "经度", "longitude", "中心经度", "东经"),
    "lat": ("lat", "纬度", "latitude", "中心纬度", "北纬"),
    "kind": ("kind", "类型", "种类", "火点类型", "发现类型", "性质"),
    "authority": ("authority", "级别", "来源", "来源级别", "巡查级别", "层级"),
    "finder": ("finder", "巡查人", "发现人", "巡查员", "巡查人员", "上报人"),
    "accuracy_m": ("accuracy_m", "accuracy", "精度", "定位精度", "定位精度(米)", "精度(米)"),
    "county": ("county", "县", "县区", "区县", "县(区)", "县(市、区)"),
    "note": ("note", "备注", "说明", "情况", "情况说明", "描述"),
    "uuid": ("uuid", "id", "编号", "唯一编号"),
}


@dataclass(frozen=True, slots=True)
class Heading:
    """Fields → column positions, the headings as the file spells them, and the first row below (0-based)."""

    fields: Mapping[str, int]
    names: tuple[str, ...]
    top: int
    below: int


def find_heading(
    rows: Sequence[Sequence[Any]],
    synonyms: Mapping[str, tuple[str, ...]],
    required: Sequence[tuple[str, ...]],
    mapping: Mapping[str, str],
) -> Heading | None:
    """The first row, or pair of rows, that names every required field (each a tuple of alternatives)."""
    for top in range(min(len(rows), HEADING_DEPTH)):
        for depth, lower_first in ((1, True), (2, True), (2, False)):
            if top + depth > len(rows):
                continue
            names = joined(rows[top : top + depth], lower_first)
            fields = fields_of(names, synonyms, mapping)
            if all(any(name in fields for name in group) for group in required):
                return Heading(fields, names, top, top + depth)
    return None


def joined(rows: Sequence[Sequence[Any]], lower_first: bool) -> tuple[str, ...]:
    """Headings of one row, or of two: a merged cell leaves one of them empty, a row of units names nothing."""
    names = []
    for column in range(max(len(row) for row in rows)):
        cells = [compact(row[column]) if column < len(row) else "" for row in rows]
        names.append(next((cell for cell in (reversed(cells) if lower_first else cells) if cell), ""))
    return tuple(names)


def fields_of(
    names: Sequence[str], synonyms: Mapping[str, tuple[str, ...]], mapping: Mapping[str, str]
) -> dict[str, int]:
    """Field → column. The user's mapping wins, then the exact heading, then the heading without its brackets."""
    known = {spelling: field for field, spellings in synonyms.items() for spelling in spellings}
    asked = {compact(name).lower(): field for field, name in mapping.items() if field in synonyms}
    fields: dict[str, int] = {}
    for column, name in enumerate(names):
        field = asked.get(compact(name).lower())
        if field:
            fields.setdefault(field, column)
    for spell in (str.lower, lambda name: BRACKETS.sub("", name).lower()):
        for column, name in enumerate(names):
            field = known.get(spell(compact(name)))
            if field and field not in fields and column not in fields.values():
                fields[field] = column
    return fields
