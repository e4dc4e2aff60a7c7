"""The whole life of a fire point on one screen: who may take which step from where, and what must be there first.

Pure: facts in, answers out. `available_actions` feeds the buttons, the API and the guard in the services alike, so the
three can never disagree. A requirement is a function of (facts) → a Chinese sentence of what is missing, or "".
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from firepoints.states import State
from grids.roles import Role


@dataclass(frozen=True, slots=True)
class Facts:
    """What the table needs to know of one point and one actor; built by `selectors.facts_for`."""

    state: str
    roles: frozenset[str]
    actor_id: int
    has_county: bool = False
    is_cross: bool = False
    is_oversize: bool = False
    needs_person: str = ""
    has_chargeable_source: bool = False
    found_on_site: bool = False
    is_official: bool = False
    actor_is_designated: bool = False
    actor_in_candidate_county: bool = False
    actor_in_owner_county: bool = False
    has_live_detections: bool = True
    verified_by_id: int | None = None
    recognised_by_id: int | None = None
    another_upholds: bool = True
    conclusion: str = ""
    counted: bool | None = None
    objection_lapsed: bool = False
    is_posted: bool = False
    has_proposal: bool = False
    has_groups_to_choose: bool = False


Requirement = Callable[[Facts], str]


def proposed(f: Facts) -> str:
    return "" if f.has_proposal else "没有待处理的重新归属建议"


def groups_without_borders(f: Facts) -> str:
    return "" if f.has_groups_to_choose else "这个村的组有图形，或者还没有登记组"


def known_county(f: Facts) -> str:
    return "" if f.has_county else "还不知道属地县（区）：先标记跨界，由联合核实定"


def not_cross(f: Facts) -> str:
    return "像元跨两个县（区），先联合核实（四(一)）" if f.is_cross else ""


def one_site(f: Facts) -> str:
    return "超过 48 小时或 2 公里，先由人划分" if f.is_oversize else ""


def designated(f: Facts) -> str:
    return "" if f.actor_is_designated else "只有县（区）指定部门能核实（四(一)）"


def concerned(f: Facts) -> str:
    return "" if f.actor_in_candidate_county else "不是相关县（区）"


def reviewed(f: Facts) -> str:
    """An open question (the same fire as another point? a county newly touched?) must be answered before money."""
    return f"先核对：{f.needs_person}" if f.needs_person else ""


def in_question(f: Facts) -> str:
    return "" if f.needs_person else "没有待核对的事项"


def on_site(f: Facts) -> str:
    """C10: what only a satellite saw goes to the county; the bureau's own finding may do without (policy.md §2h)."""
    return "" if f.found_on_site else "只有卫星看到的火点先由县（区）核实（四(一)）；市局到过现场的，先登记巡查发现"


def owner(f: Facts) -> str:
    return "" if f.actor_in_owner_county else "只有属地县（区）能办理"


def another_person(f: Facts) -> str:
    return "核实人不能认定同一火点" if f.verified_by_id == f.actor_id else ""


def another_decider(f: Facts) -> str:
    """An objection is answered by a second pair of eyes, unless the ruling `uphold_by_another` says otherwise."""
    is_own = f.another_upholds and f.recognised_by_id == f.actor_id
    return "维持不能由原认定人自己办：换一位认定人，或“重新核实”" if is_own else ""


def found_true(f: Facts) -> str:
    return "" if f.conclusion == "true" else "核实结论是不属实，不能计入"


def chargeable(f: Facts) -> str:
    return "" if f.has_chargeable_source else "只有线索，不能单独扣缴：要有国家、省级卫星清单或巡查督查发现（四(二)）"


def counted(f: Facts) -> str:
    return "" if f.counted else "只有计入的火点才通报"


def window_over(f: Facts) -> str:
    return "" if f.objection_lapsed else "异议期还没有满"


def only_leads(f: Facts) -> str:
    """One clerk alone must not make a chargeable point go away; an official row always ends in a decision."""
    if f.is_official or f.has_chargeable_source:
        return "官方清单或巡查督查的火点不能关闭，要有核实和认定"
    return ""


def emptied(f: Facts) -> str:
    return "还有没撤回的监测记录" if f.has_live_detections else ""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table. An empty `target` leaves the state as it is; `data` names what the act must be given."""

    action: str
    label: str
    sources: frozenset[str]
    target: str
    roles: frozenset[str]
    requires: tuple[Requirement, ...] = ()
    data: tuple[str, ...] = ()


S = State
_BEFORE_DECISION = (S.SUSPECTED, S.DISPATCHED, S.VERIFIED)
_AFTER_DECISION = (S.RECOGNISED, S.OBJECTION, S.CONTESTED, S.FINAL)
_BUREAU, _DECIDER, _COUNTY, _SYSTEM = Role.BUREAU, Role.RECOGNISER, Role.COUNTY, Role.SYSTEM


def _row(
    action: str,
    label: str,
    sources: tuple[str, ...],
    target: str,
    roles: tuple[Role, ...],
    requires: tuple[Requirement, ...] = (),
    data: tuple[str, ...] = (),
) -> Transition:
    return Transition(action, label, frozenset(sources), target, frozenset(roles), requires, data)


TRANSITIONS = (
    _row("dispatch", "派发", (S.SUSPECTED,), S.DISPATCHED, (_BUREAU,), (known_county, not_cross, one_site)),
    _row("split", "划分", (S.SUSPECTED, S.DISPATCHED, S.JOINT), "", (_BUREAU,), (), ("groups", "reason")),
    _row("relocate", "更正位置", (*_BEFORE_DECISION, S.JOINT), "", (_BUREAU,), (), ("evidence", "reason")),
    _row("reattribute", "按更正版边界重新归属", (S.DISPATCHED, S.JOINT, S.VERIFIED), "", (_BUREAU,), (proposed,),
         ("proposal", "reason")),
    _row("assign_group", "指定组", (S.DISPATCHED, S.VERIFIED), "", (_BUREAU, _COUNTY), (groups_without_borders,),
         ("group", "reason")),
    _row("close", "关闭线索", (S.SUSPECTED, S.DISPATCHED), S.CLOSED, (_BUREAU,), (only_leads,), ("reason",)),
    _row("report", "提交核实", (S.DISPATCHED,), S.VERIFIED, (_COUNTY,), (designated,), ("conclusion", "evidence")),
    _row("report_on_behalf", "代录核实", (S.DISPATCHED,), S.VERIFIED, (_BUREAU,), (), ("conclusion", "evidence")),
    _row("verify_own", "现场核实", (S.SUSPECTED, S.DISPATCHED), S.VERIFIED, (_BUREAU,),
         (known_county, not_cross, one_site, on_site), ("conclusion", "evidence")),
    _row("return", "退回补证", (S.VERIFIED,), S.DISPATCHED, (_BUREAU, _DECIDER), (), ("reason",)),
    _row("mark_cross", "标记跨界", _BEFORE_DECISION, S.JOINT, (_BUREAU,), (one_site,), ("reason",)),
    _row("dispute", "提出争议", (S.DISPATCHED, S.VERIFIED), S.JOINT, (_COUNTY, _BUREAU), (concerned,), ("reason",)),
    _row("settle_jointly", "联合核实记录", (S.JOINT,), S.VERIFIED, (_BUREAU,), (),
         ("conclusion", "county_code", "attendances", "evidence")),
    _row("recognise", "认定计入", (S.VERIFIED,), S.RECOGNISED, (_DECIDER,),
         (another_person, found_true, chargeable, reviewed), ("reason",)),
    _row("review", "核对完毕", (*_BEFORE_DECISION, S.JOINT), "", (_BUREAU,), (in_question,), ("reason",)),
    _row("exclude", "认定不计入", (S.VERIFIED,), S.RECOGNISED, (_DECIDER,), (another_person,), ("reason",)),
    _row("notify", "通报", (S.RECOGNISED,), S.OBJECTION, (_BUREAU,), (counted,)),
    _row("object", "提出异议", (S.OBJECTION,), S.CONTESTED, (_COUNTY,), (owner,), ("reason",)),
    _row("waive", "书面放弃异议", (S.OBJECTION,), S.FINAL, (_COUNTY,), (owner,), ("document_no",)),
    _row("lapse", "异议期满", (S.OBJECTION,), S.FINAL, (_SYSTEM,), (window_over,)),
    _row("uphold", "维持认定", (S.CONTESTED,), S.FINAL, (_DECIDER,), (another_decider,), ("reason",)),
    _row("reopen", "重新核实", _AFTER_DECISION, S.DISPATCHED, (_DECIDER,), (), ("reason",)),
    _row("stand", "复核后维持", _AFTER_DECISION, "", (_DECIDER,), (in_question,), ("reason",)),
    _row("merge", "并入另一处", (*_BEFORE_DECISION, S.JOINT), S.MERGED, (_BUREAU, _DECIDER), (), ("into", "reason")),
    _row("merge_decided", "已认定的并入另一处", _AFTER_DECISION, S.MERGED, (_DECIDER,), (), ("into", "reason")),
    _row("unmerge", "撤销并入", (S.MERGED,), "", (_BUREAU, _DECIDER), (), ("reason",)),
    _row("absorb", "自动归并", (S.SUSPECTED,), S.MERGED, (_SYSTEM,), (), ("into", "reason")),
    _row("withdraw", "随来源撤回", (S.SUSPECTED,), S.CLOSED, (_BUREAU, _SYSTEM), (emptied,), ("reason",)),
)  # fmt: skip

BY_ACTION = {t.action: t for t in TRANSITIONS}
ABOUT_THE_PERSON = (designated, concerned, owner, another_person, another_decider)
"""Requirements that another actor could meet: their refusal is "not you", not "not yet"."""


@dataclass(frozen=True, slots=True)
class Available:
    """An act that the actor's role allows from this state; `missing` says why it is blocked, if it is."""

    transition: Transition
    missing: tuple[str, ...] = field(default=())

    @property
    def is_open(self) -> bool:
        return not self.missing

    @property
    def label(self) -> str:
        return f"{self.transition.label}（还缺 {len(self.missing)} 项）" if self.missing else self.transition.label


def available_actions(facts: Facts) -> list[Available]:
    """Every act that this actor may take now, in table order, blocked ones with what is missing."""
    return [
        Available(t, tuple(said for r in t.requires if (said := r(facts))))
        for t in TRANSITIONS
        if facts.state in t.sources and facts.roles & t.roles
    ]


def refusal(action: str, facts: Facts) -> str:
    """Why `action` cannot be taken now, as one sentence for people; empty when it can."""
    transition = BY_ACTION.get(action)
    if transition is None:
        return f"没有“{action}”这个操作"
    if not facts.roles & transition.roles:
        return f"“{transition.label}”不由您的岗位办理"
    if facts.state not in transition.sources:
        return f"火点现在是“{State(facts.state).label}”，不能{transition.label}"
    return "；".join(said for r in transition.requires if (said := r(facts)))
