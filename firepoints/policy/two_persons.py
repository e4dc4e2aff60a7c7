"""The acts that take two persons, as rows of data: what makes money come, go or vanish is no one's alone (policy.md §5).

Pure but for `loosened` and `binding`, which read the rulings of a date. A ruling `two_persons.<key>` may loosen a row
from its date on; whatever is then done by one person says so (`loosened` in the step and in the entry).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from firepoints.policy import rulings
from grids.roles import Role

PREFIX = "two_persons."


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of one act that the table needs.

    `is_official`: an official list or an inspection found it (for 关闭: has ever found it). `is_final`: the point is
    终局, or was before a merge, or what it goes into is. `gap_m`, `gap_h`: between the edges of the two sites, and
    between their intervals; `reach_m`, `reach_h`: beyond these it takes the 认定人. `outside_m`: metres from the new
    position to the footprint with its error. `points_acted_on`: points of a list's sightings that people acted on;
    `rows_official`: those in force of an official list or an inspection.
    """

    action: str
    is_official: bool = False
    is_final: bool = False
    is_found_true: bool = False
    is_chargeable: bool = False
    gap_m: float = 0.0
    gap_h: float = 0.0
    reach_m: float = 0.0
    reach_h: float = 0.0
    outside_m: float = 0.0
    points_acted_on: int = 0
    rows_official: int = 0


@dataclass(frozen=True, slots=True)
class TwoPersons:
    """A row: the acts (names as in the table of transitions), when they take two, in words and as a function, and the
    roles of which the second person must hold one."""

    key: str
    label: str
    actions: tuple[str, ...]
    when: str
    holds: Callable[[Case], bool]
    second: frozenset[Role]

    @property
    def ruling(self) -> str:
        """The name of the ruling that may loosen it."""
        return PREFIX + self.key


_BUREAU = frozenset({Role.BUREAU, Role.RECOGNISER})
_DECIDER = frozenset({Role.RECOGNISER})
WITHDRAW_LIST, DISCARD_ROW = "withdraw_list", "discard_row"
_MERGES = ("merge", "merge_decided")

TABLE: tuple[TwoPersons, ...] = (
    TwoPersons(WITHDRAW_LIST, "撤回清单", (WITHDRAW_LIST,),
        "有已经办理过的火点，或者是官方清单、巡查督查的记录",
        lambda case: case.points_acted_on > 0 or case.rows_official > 0, _BUREAU),
    TwoPersons("discard_official", "隔离的行不再处理", (DISCARD_ROW,),
        "是官方清单或巡查督查的一行",
        lambda case: case.is_official, _BUREAU),
    TwoPersons("close_official", "关闭", ("close",),
        "官方清单或巡查督查发现过（现在只剩线索）",
        lambda case: case.is_official, _BUREAU),
    TwoPersons("merge_official", "并入", _MERGES,
        "并走的一处有官方清单或巡查督查的记录",
        lambda case: case.is_official, _BUREAU),
    TwoPersons("merge_far", "远处并入", _MERGES,
        "两处的边缘相距或时间相隔超出归并的范围（裁定，缺省 2 公里、168 小时）",
        lambda case: case.gap_m > case.reach_m or case.gap_h > case.reach_h, _DECIDER),
    TwoPersons("undo_final", "终局以后撤回", ("reopen", "unmerge", *_MERGES),
        "这一处、并入的一处或并入以前是终局",
        lambda case: case.is_final, _DECIDER),
    TwoPersons("relocate_far", "远处更正位置", ("relocate",),
        "新位置在像元（连同误差）或现场发现的误差圈以外",
        lambda case: case.outside_m > 0, _BUREAU),
    TwoPersons("exclude_found_true", "属实而不计入", ("exclude",),
        "核实属实、有可扣缴来源",
        lambda case: case.is_found_true and case.is_chargeable, _DECIDER),
)  # fmt: skip
BY_KEY = {row.key: row for row in TABLE}


def rows_for(case: Case) -> list[TwoPersons]:
    """The rows of the table that hold for an act, whatever the rulings say."""
    return [row for row in TABLE if case.action in row.actions and row.holds(case)]


def second_roles(keys: Iterable[str]) -> frozenset[Role]:
    """The roles of which the second person must hold one, where all these rows hold."""
    roles = _BUREAU
    for key in keys:
        roles &= BY_KEY[key].second
    return roles


def loosened(on: date) -> list[str]:
    """The keys of the rows that a ruling has loosened on a Beijing date."""
    in_force = rulings.values_on(on)
    return [row.key for row in TABLE if not in_force[row.ruling]]
