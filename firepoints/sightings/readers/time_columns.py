"""The columns of a table that speak of a time: of what event, by which clock, and which of them rules (docs/lists.md).

A heading says the event (过境, 监测, 发现, 巡查 …), whether it is a date or a time, and perhaps the clock (世界时, 北京时).
Columns of publishing and reporting (发布, 上报, 核实 …) are never the time of a fire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import NamedTuple

from firepoints.sightings.readers.text import compact, plain
from firepoints.sightings.readers.zones import zones_in

FIELDS = frozenset(("date", "time", "found_at"))
FURTHER = "clock#"  # the field of a further column of time: clock#7 is the eighth column
BRACKETS = re.compile(r"[(\[【].*?[)\]】]")
# The rank of the event that a heading names, the lower rules: when the satellite passed, what it saw, what people found,
# a bare 日期 or 时间, when a patrol set out.
RANKS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (0, re.compile(r"过境|成像|拍摄|扫描|acq")),
    (1, re.compile(r"监测|观测|探测|遥感|卫星")),
    (2, re.compile(r"发现|起火|着火|火点|火情|found")),
    (4, re.compile(r"巡查|检查|督查|巡检|出勤")),
)
PLAIN_RANK = 3
NOT_OF_THE_FIRE = re.compile(
    r"发布|上报|报送|通报|下发|印发|推送|接收|入库|创建|更新|修改|填报|录入|登记|报告|核实|核查|核验|复核|反馈|处置|扑灭|到场|整改|截止|办理|处理|"
    r"导出|打印|制表|生成|提交|submi|creat|updat|modif|publish|report|check|verif"
)
MOMENT = frozenset(
    ("日期时间", "日期和时间", "日期及时间", "日期/时间", "年月日时分", "时间戳", "datetime", "date_time", "timestamp")
)
EVENTS = "卫星|过境|监测|观测|探测|成像|拍摄|发现|火点|火情|起火|着火|遥感|巡查|检查|督查|数据"
DATE = re.compile(rf"(?:{EVENTS})*(?:日期|日|年月日)|(?:acq_|found_|obs_|local_)?date")
TIME = re.compile(
    rf"(?:{EVENTS})*(?:时间|时刻|时段|时间段)|(?:acq_|found_|obs_|local_)?(?:date_?)?time|found_at|(?:本地|当地)时间?"
)

# Two columns that hold the two ends of one interval: 首次发现时间 and 最后发现时间, 监测时间起 and 监测时间止.
BEGINS = re.compile(r"首次|首先|最早|最先|初次|起始|开始|第一次|(?<=[间期刻段])[起始]$")
ENDS = re.compile(r"最后(?:一次)?|最晚|末次|最近(?:一次)?|最新|结束|终止|(?<=[间期刻段])[止终]$")
BOTH_ENDS = re.compile(r"起止|始末|起讫")
BEGIN, END = "begin", "end"

PARTS = (("年", ("年", "年份", "year")), ("月", ("月", "月份", "month")), ("日", ("日", "day")),
         ("时", ("时", "小时", "点", "hour")), ("分", ("分", "分钟", "minute", "min")), ("秒", ("秒", "second", "sec")))  # fmt: skip
UNITS = {name: unit for unit, names in PARTS for name in names}
EVENT_FIRST = re.compile(rf"^(?:{EVENTS})+")


class TimeColumn(NamedTuple):
    """What a heading says of the times below it: `zone` None where it names no clock, `rank` the lower rules, `edge` BEGIN or
    END where another column holds the other end of the interval."""

    is_time: bool
    zone: tzinfo | None
    rank: int
    has_two_zones: bool = False
    edge: str = ""


@lru_cache(maxsize=1000)
def column_of(heading: str) -> TimeColumn | None:
    """The column of time under this heading; None where it is none, or one of publishing or reporting."""
    name = plain(heading).lower()
    zones, rest = zones_in(name)
    core = compact(BRACKETS.sub("", rest)).strip("_-.:/")
    if len(name) > 40 or NOT_OF_THE_FIRE.search(name):
        return None
    edge, core = _edge_of(core)
    is_time = bool(TIME.fullmatch(core)) or core in MOMENT or (core == "" and bool(zones))
    if not is_time and not DATE.fullmatch(core):
        return None
    rank = next((rank for rank, event in RANKS if event.search(core)), PLAIN_RANK)
    zone = zones[0] if len(zones) == 1 else UTC if core.startswith("acq_") and not zones else None
    return TimeColumn(is_time, zone, rank, len(zones) > 1, edge)


def _edge_of(core: str) -> tuple[str, str]:
    """(BEGIN, END or "", the heading without the word that says so)."""
    core = BOTH_ENDS.sub("", core)
    if BEGINS.search(core):
        return BEGIN, BEGINS.sub("", core)
    return (END, ENDS.sub("", core)) if ENDS.search(core) else ("", core)


def described(heading: str, field: str) -> TimeColumn:
    """The same of a column that the reader or a person took for `field`, whatever its heading."""
    column = column_of(heading)
    if column is None:
        zones, _ = zones_in(plain(heading))
        return TimeColumn(field == "time", zones[0] if len(zones) == 1 else None, PLAIN_RANK, len(zones) > 1)
    return column._replace(is_time=column.is_time or field == "time")


def time_fields(
    names: Sequence[str], fields: Mapping[str, int], spellings: Mapping[str, Sequence[str]], mapping: Mapping[str, str]
) -> dict[str, int]:
    """The fields of further columns of time → column: 日期 and 时间 where they lack one, then `clock#7`.

    Where a person said which columns are date and time, those alone count.
    """
    own = [field for field in ("date", "time", "found_at") if field in spellings]
    if not own or any(field in mapping for field in own):
        return {}
    further: dict[str, int] = {}
    pieces = set(fields.values())
    for parts in parts_of_time(names):
        pieces |= {at for at, _ in parts}
        name = own[0] if parts[0][1] in ("年", "月") else own[-1]
        is_new = name not in fields and name not in further
        further[name if is_new else f"{FURTHER}{parts[0][0]}"] = parts[0][0]
    columns = [(at, column) for at, name in enumerate(names) if at not in pieces and (column := column_of(name))]
    for at, column in sorted(columns, key=lambda pair: (pair[1].rank, pair[1].edge == END)):
        field = own[0] if len(own) == 1 else ("time" if column.is_time else "date")
        is_new = field not in fields and field not in further
        further[field if is_new else f"{FURTHER}{at}"] = at
    return further


def parts_of_time(names: Sequence[str]) -> list[tuple[tuple[int, str], ...]]:
    """The runs of columns side by side that are 年, 月, 日, 时, 分 apart, each with its unit: a date of at least month and
    day, or hour and minute."""
    units = [UNITS.get(EVENT_FIRST.sub("", compact(BRACKETS.sub("", plain(name).lower()))), "") for name in names]
    order = "".join(unit for unit, _ in PARTS)
    runs: list[list[tuple[int, str]]] = []
    for at, unit in enumerate(units):
        if not unit:
            continue
        last = runs[-1][-1] if runs else (-2, "")
        if last[0] == at - 1 and order.index(unit) == order.index(last[1]) + 1:
            runs[-1].append((at, unit))
        else:
            runs.append([(at, unit)])
    return [
        tuple(run)
        for run in runs
        if {"月", "日"} <= {unit for _, unit in run} or [unit for _, unit in run][:2] == ["时", "分"]
    ]
