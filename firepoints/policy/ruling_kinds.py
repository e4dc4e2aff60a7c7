"""Every ruling that a person may set: what it is called, what it may be, what it rests on. Data beside `rulings.DEFAULTS`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.errors import BadInput
from firepoints.models import Source
from firepoints.policy import charge_matrix
from firepoints.policy.rulings import DEFAULTS

SETTING = "文件没有规定，是设置"
_PREFIX = re.compile(r"[A-Z]{1,6}")


class Shape(StrEnum):
    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    CHOICE = "choice"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class RulingKind:
    """One ruling: its key, its name for people, the shape and the range of its value, the unit, and the clause it reads."""

    key: str
    label: str
    shape: Shape
    clause: str = SETTING
    lowest: float | None = None
    highest: float | None = None
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    room: str = ""

    def require(self, value: Any) -> Any:
        """The value as it is stored. Raises BadInput (bad_ruling) for another shape or one out of range."""
        if self.shape is Shape.BOOL:
            return self._checked(value, isinstance(value, bool), "写是或否")
        if self.shape is Shape.TEXT:
            is_prefix = isinstance(value, str) and bool(_PREFIX.fullmatch(value))
            return self._checked(value, is_prefix, "写 1–6 个大写字母")
        if self.shape is Shape.CHOICE:
            return self._checked(value, value in dict(self.choices), "不是可选的一项")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if self.shape is Shape.INT:
            is_number = is_number and float(value).is_integer()
        self._checked(value, is_number, "写整数" if self.shape is Shape.INT else "写数字")
        is_inside = (self.lowest is None or value >= self.lowest) and (self.highest is None or value <= self.highest)
        self._checked(value, is_inside, f"应在 {_plain(self.lowest)} 到 {_plain(self.highest)} 之间")
        return int(value) if self.shape is Shape.INT else float(value)

    def _checked(self, value: Any, is_right: bool, what: str) -> Any:
        if not is_right:
            raise BadInput(f"{self.label}：{what}", where="值", code="bad_ruling")
        return value

    def words(self, value: Any) -> str:
        """A value for people: 5 天, 是, 中值."""
        if isinstance(value, bool):
            return "是" if value else "否"
        if self.shape is Shape.CHOICE:
            return dict(self.choices).get(str(value), str(value))
        number = _plain(value) if isinstance(value, int | float) else str(value)
        return f"{number} {self.unit}".strip()


def _plain(number: float | None) -> str:
    return "—" if number is None else f"{number:g}"


def _bools(room: str, rows: Iterable[tuple[str, str, str]]) -> list[RulingKind]:
    return [RulingKind(key, label, Shape.BOOL, clause, room=room) for key, label, clause in rows]


def _numbers(room: str, rows: Iterable[tuple[str, str, Shape, float, float, str]]) -> list[RulingKind]:
    return [
        RulingKind(key, label, shape, lowest=lowest, highest=highest, unit=unit, room=room)
        for key, label, shape, lowest, highest, unit in rows
    ]


_INT, _FLOAT = Shape.INT, Shape.FLOAT
_MONEY, _TERM, _PROOF, _SITE, _ASK, _TWO = "哪些扣缴", "期限", "核实", "一处怎么算", "什么时候问人", "两人办理"
_NOBODY = "文件没有写由谁"
_TWO_ALONE = "两人办理可以由裁定放宽，文书上写明"

_ROWS: list[RulingKind] = [
    *_bools(_MONEY, (
        ("self_found_counts", "县、乡、村自查发现的计入", "四(二)没有写自查"),
        ("city_enforcement_counts", "市本级执法检查视同巡查", "四(二)"),
        ("patrol_needs_county_verification", "巡查督查发现的也先由县（区）核实", "四(一)、四(二)"),
    )),
    *_numbers(_TERM, (
        ("objection_days", "异议期", _INT, 1, 60, "天"),
        ("county_deadline_h", "县（区）核实期限", _INT, 1, 720, "小时"),
        ("feedback_days", "清单的反馈期限", _INT, 1, 60, "天"),
        ("question_due_h", "答复疑问的期限", _INT, 1, 720, "小时"),
    )),
    *_numbers(_PROOF, (
        ("negative_photos", "查否至少几张照片", _INT, 1, 20, "张"),
        ("joint_notices", "缺席以前至少通知几次", _INT, 1, 10, "次"),
        ("search_share", "查否的轨迹至少走过像元范围的几成", _FLOAT, 0, 1, ""),
        ("search_most_km2", "搜过多少平方公里就够了", _FLOAT, 0, 100, "平方公里"),
        ("search_reach_m", "搜索的人向两边看多远", _INT, 1, 1000, "米"),
        ("search_gap_m", "轨迹两点相距多少米以上算断开", _INT, 1, 5000, "米"),
        ("alike_bits", "两张照片相差几位以内算几乎相同", _INT, 0, 7, "位"),
        ("recheck_share_false", "查否抽几成复查", _FLOAT, 0, 1, ""),
        ("recheck_share_true", "属实抽几成复查", _FLOAT, 0, 1, ""),
        ("recheck_least", "一个县（区）30 天内至少复查几处查否", _INT, 0, 1000, "处"),
        ("recheck_honest_error", "诚实的县（区）查否也会错的比例", _FLOAT, 0, 1, ""),
        ("recheck_alpha", "偶然到这么多的可能低于多少才点名", _FLOAT, 0, 1, ""),
        ("recheck_least_named", "至少几处相反才点名", _INT, 1, 100, "处"),
    )),
    RulingKind("number_prefix", "火点编号前缀", Shape.TEXT, room=_SITE),
    *_numbers(_SITE, (
        ("cross_min_share", "第二个县（区）占几成起算跨界（0 = 碰到就算）", _FLOAT, 0, 1, ""),
        ("group_window_h", "多少小时以内归为一处", _INT, 1, 168, "小时"),
        ("group_modis_m", "MODIS 中心最远相距", _INT, 0, 5000, "米"),
        ("group_himawari_m", "葵花中心最远相距", _INT, 0, 10000, "米"),
        ("group_max_h", "一处最长多少小时，再长由人划分", _INT, 1, 720, "小时"),
        ("group_max_m", "一处最大多少米，再大由人划分", _INT, 100, 20000, "米"),
        ("fixed_heat_days", "多少天有记录就提为固定热源", _INT, 2, 60, "天"),
        ("fixed_heat_window_d", "固定热源看最近多少天", _INT, 7, 365, "天"),
        ("merge_reach_m", "并入时边缘相距多远起要认定人", _INT, 0, 20000, "米"),
        ("merge_reach_h", "并入时相隔多久起要认定人", _INT, 0, 2160, "小时"),
    )),
    *_numbers(_ASK, (
        ("ask_km", "边缘相距多少公里以内问人", _FLOAT, 0, 10, "公里"),
        ("ask_days", "时间相隔多少天以内问人", _INT, 0, 30, "天"),
        ("ask_pass_km", "同一次过境多少公里以内问人", _FLOAT, 0, 20, "公里"),
        ("scar_days", "黑斑多少天以内问是不是同一处", _INT, 0, 365, "天"),
        ("ask_scar_km", "黑斑离像元范围多少公里以内问人", _FLOAT, 0, 10, "公里"),
        ("ask_finding_m", "两次发现相距多少米以内问人", _INT, 0, 2000, "米"),
        ("ask_pause_h", "清单隔多少小时又报，问是不是新的", _INT, 1, 72, "小时"),
    )),
    *_bools(_TWO, (
        ("uphold_by_another", "维持认定由另一位认定人办", _NOBODY),
        ("freeze_by_another", "制表和审核是两个人", _TWO_ALONE),
        ("approve_by_another", "制表和登记批件是两个人", _TWO_ALONE),
        ("settle_by_another", "制表和代录凭证是两个人", _TWO_ALONE),
        ("two_persons.withdraw_list", "撤回清单要两个人", _TWO_ALONE),
        ("two_persons.discard_official", "官方清单隔离的行不再处理要两个人", _TWO_ALONE),
        ("two_persons.close_official", "关闭官方清单的火点要两个人", _TWO_ALONE),
        ("two_persons.merge_official", "并走官方清单的火点要两个人", _TWO_ALONE),
        ("two_persons.merge_far", "远处并入要两个人", _TWO_ALONE),
        ("two_persons.undo_final", "终局以后撤回要两个人", _TWO_ALONE),
        ("two_persons.relocate_far", "移出像元范围要两个人", _TWO_ALONE),
        ("two_persons.exclude_found_true", "属实的不计入要两个人", _TWO_ALONE),
    )),
]  # fmt: skip


def _cells() -> list[RulingKind]:
    return [
        RulingKind(key, f"{cell_label(key)} 计入", Shape.BOOL, "四(二)", room="扣缴来源")
        for key in charge_matrix.CELLS
        if key
    ]


def cell_label(key: str) -> str:
    """The name of a cell of the matrix for people: 县 · 巡查."""
    _, authority, kind = key.split(".")
    return f"{Source.Authority(authority).label} · {Source.Kind(kind).label}"


DESCRIBED: dict[str, RulingKind] = {row.key: row for row in (*_ROWS, *_cells())}
"""By key; a key that no code reads (yet) may stand here and is not offered."""


def kinds() -> dict[str, RulingKind]:
    """Every ruling that may be set, by key, in the order of the page: those that code reads, then the cells of the matrix."""
    keys = [*(key for key in DESCRIBED if key in DEFAULTS), *(key for key in DEFAULTS if key not in DESCRIBED)]
    return {key: DESCRIBED.get(key) or _undescribed(key) for key in (*keys, *charge_matrix.CELLS) if key}


def _undescribed(key: str) -> RulingKind:
    """What the default says of a ruling that nobody has described."""
    default = DEFAULTS[key]
    if isinstance(default, bool):
        return RulingKind(key, key, Shape.BOOL)
    if isinstance(default, str):
        return RulingKind(key, key, Shape.TEXT)
    return RulingKind(key, key, Shape.INT if isinstance(default, int) else Shape.FLOAT, lowest=0)


def kind_of(key: str) -> RulingKind:
    """The kind of a ruling. Raises BadInput for a key that no code reads."""
    kind = kinds().get(key)
    if kind is None:
        raise BadInput("没有这一项裁定", where="key", code="unknown_ruling")
    return kind


def default_of(key: str) -> Any:
    """What holds without a ruling; of a cell that a question decides, that question's default."""
    if key in DEFAULTS:
        return DEFAULTS[key]
    cell = charge_matrix.CELLS[key]
    return DEFAULTS[cell] if isinstance(cell, str) else cell
