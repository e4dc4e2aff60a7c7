"""The whole life of a fire point on one screen: who may take which act from where, what it takes and what must be there.

Pure: facts in, answers out. Each act is said once, here; its service and its form attach themselves by `@act` and
`@form_of`. `available_actions` feeds the buttons, the API and the guard in the services alike, so the three can never
disagree. A requirement is a function of (facts) → a Chinese sentence of what is missing, or "".
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.transitions import REASON, Datum, Life, Transition
from firepoints.terms.states import State
from grids.roles import Role


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one point and one actor that the table needs; built by `selectors.facts_for`."""

    state: str
    roles: frozenset[str]
    actor_id: int
    has_county: bool = False
    is_cross: bool = False
    is_oversize: bool = False
    questions: tuple[str, ...] = ()
    is_for_review: bool = False
    has_same_picture: bool = False
    has_chargeable_source: bool = False
    found_on_site: bool = False
    is_official: bool = False
    actor_is_designated: bool = False
    actor_in_candidate_county: bool = False
    actor_in_owner_county: bool = False
    has_live_detections: bool = True
    parts: tuple[str, ...] = ()
    is_own_decision: bool = False
    another_upholds: bool = True
    conclusion: str = ""
    counted: bool | None = None
    objection_lapsed: bool = False
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
    """Refuse while a question is open (the same fire as another point? a row that is gone?): it comes before money."""
    return f"先核对：{'；'.join(f.questions)}" if f.questions else ""


def pictures_answered(f: Facts) -> str:
    """Refuse to let a charge go on photos that another fire point has too, until a person has looked at them."""
    return "先核对：有照片与另一处火点的相同或几乎相同" if f.has_same_picture else ""


def in_question(f: Facts) -> str:
    return "" if f.is_for_review else "没有待核对的问题"


def on_site(f: Facts) -> str:
    """Refuse what only a satellite saw: it goes to the county; the bureau's own finding may do without (C10, policy.md §2h)."""
    return "" if f.found_on_site else "只有卫星看到的火点先由县（区）核实（四(一)）；市局到过现场的，先登记巡查发现"


def owner(f: Facts) -> str:
    return "" if f.actor_in_owner_county else "只有属地县（区）能办理"


def another_person(f: Facts) -> str:
    """Refuse whoever made the case: who verified it, filed its evidence or found the fire (policy.md §5)."""
    return f"{'、'.join(f.parts)}不能认定同一火点，请另一位认定人办理" if f.parts else ""


def another_decider(f: Facts) -> str:
    """Refuse whoever decided: a second pair of eyes answers, unless the ruling `uphold_by_another` says otherwise."""
    is_barred = f.another_upholds and f.is_own_decision
    return "维持不能由原认定人自己办：换一位认定人，或“重新核实”" if is_barred else ""


def found_true(f: Facts) -> str:
    return "" if f.conclusion == "true" else "核实结论是不属实，不能计入"


def chargeable(f: Facts) -> str:
    return "" if f.has_chargeable_source else "只有线索，不能单独扣缴：要有国家、省级卫星清单或巡查督查发现（四(二)）"


def counted(f: Facts) -> str:
    return "" if f.counted else "只有计入的火点才通报"


def window_over(f: Facts) -> str:
    return "" if f.objection_lapsed else "异议期还没有满"


def only_leads(f: Facts) -> str:
    """Refuse more than leads: one clerk alone must not make a chargeable point go away; an official row ends in a decision."""
    if f.is_official or f.has_chargeable_source:
        return "官方清单或巡查督查的火点不能关闭，要有核实和认定"
    return ""


def emptied(f: Facts) -> str:
    return "还有没撤回的监测记录" if f.has_live_detections else ""


S = State
_BEFORE_DECISION = (S.SUSPECTED, S.DISPATCHED, S.VERIFIED)
_AFTER_DECISION = (S.RECOGNISED, S.OBJECTION, S.CONTESTED, S.FINAL)
_BUREAU, _DECIDER, _COUNTY, _SYSTEM = (
    frozenset({role}) for role in (Role.BUREAU, Role.RECOGNISER, Role.COUNTY, Role.SYSTEM)
)
_REMARK, _INTO = Datum("reason", is_required=False), Datum("into")
_QUESTIONS = Datum("questions", is_required=False, is_list=True)
_CONCLUSION, _EVIDENCE = Datum("conclusion"), Datum("evidence", is_list=True)
_CAUSE, _NOTE, _SIGNED = (Datum(name, is_required=False) for name in ("cause", "note", "signed_by"))
_WHAT_BURNT = tuple(
    Datum(name, is_required=False, is_free=name in ("burnt_mu", "fire_position"))
    for name in ("burnt_mu", "measured_by", "crop", "fire_position", "sites", "is_new", "arrived_at", "out_at")
)
_PROOF = (_CONCLUSION, _EVIDENCE, _CAUSE, _NOTE, _SIGNED, *_WHAT_BURNT)

TRANSITIONS: tuple[Transition[Facts], ...] = (
    Transition("dispatch", "派发", "fire_point.dispatched", (S.SUSPECTED,), S.DISPATCHED, _BUREAU,
        (known_county, not_cross, one_site), (_REMARK,), is_next=True,
        hint="派发给县（区）指定部门核实，同时编号并开始计时；期限是设置，不是文件规定的。"),
    Transition("split", "划分", "fire_point.split", (S.SUSPECTED, S.DISPATCHED, S.JOINT), "", _BUREAU,
        takes=(Datum("groups", is_list=True), REASON),
        hint="由人说清哪些监测记录是同一处：同一处填同一个数字，第 1 处留在这里，其余各成一处疑似火点；全填 1 就是一处。"
             "派发以后也可以划分：留在这里的保留编号，其余另行派发。"),
    Transition("relocate", "更正位置", "fire_point.relocated", (*_BEFORE_DECISION, S.JOINT), "", _BUREAU,
        takes=(Datum("evidence"), REASON),
        hint="按现场照片的位置更正这一处的位置；落到别的县（区）或太靠近县界的，转联合核实。像元的原位置留档。"),
    Transition("reattribute", "按更正版边界重新归属", "fire_point.reattributed", (S.DISPATCHED, S.JOINT, S.VERIFIED), "",
        _BUREAU, (proposed,), (Datum("proposal"), REASON),
        hint="更正版边界启用后，按它这一处落到别处。县（区）不同的转联合核实。"),
    Transition("assign_group", "指定组", "fire_point.group_assigned", (S.DISPATCHED, S.VERIFIED), "", _BUREAU | _COUNTY,
        (groups_without_borders,), (Datum("group"), REASON),
        hint="这个村的组没有图形：由人指定是哪一组的，组的责任人随之列上。"),
    Transition("close", "关闭线索", "fire_point.closed", (S.SUSPECTED, S.DISPATCHED), S.CLOSED, _BUREAU, (only_leads,),
        hint="只有线索可以关闭；官方清单和巡查督查的火点要有核实和认定。"),
    Transition("report", "提交核实", "fire_point.reported", (S.DISPATCHED,), S.VERIFIED, _COUNTY, (designated,), _PROOF,
        is_next=True),
    Transition("report_on_behalf", "代录核实", "fire_point.reported_on_behalf", (S.DISPATCHED,), S.VERIFIED, _BUREAU,
        takes=_PROOF,
        hint="把县（区）的纸质核实材料录入：先上传扫描件。录入人不能再认定这一处。"),
    Transition("verify_own", "现场核实", "fire_point.verified_own", (S.SUSPECTED, S.DISPATCHED), S.VERIFIED, _BUREAU,
        (known_county, not_cross, one_site, on_site), _PROOF, is_next=True,
        hint="用市局人员自己拍的照片核实；另由他人认定。"),
    Transition("return", "退回补证", "fire_point.returned", (S.VERIFIED,), S.DISPATCHED, _BUREAU | _DECIDER,
        hint="退回县（区）补证：原来的核实记录留在这里，县（区）的期限从现在重新起算。"),
    Transition("mark_cross", "标记跨界", "fire_point.marked_cross", _BEFORE_DECISION, S.JOINT, _BUREAU, (one_site,),
        hint="标记后不归任何县（区），由联合核实定（四(一)）。"),
    Transition("dispute", "提出争议", "fire_point.disputed", (S.DISPATCHED, S.VERIFIED), S.JOINT, _COUNTY | _BUREAU, (concerned,),
        hint="提出争议后不归任何县（区），由市执法人员会同相关县（区）共同核实（四(一)）。"),
    Transition("settle_jointly", "联合核实记录", "fire_point.settled_jointly", (S.JOINT,), S.VERIFIED, _BUREAU,
        takes=(_CONCLUSION, Datum("attendances", is_list=True), _EVIDENCE, Datum("county_code", is_required=False),
               Datum("sites", is_required=False, is_list=True), _CAUSE, _NOTE),
        is_next=True,
        hint="写明烧在哪里，每处一行，乡镇、村和责任人由地点定；有几处就分成几处，各归各的县（区）。"
             "每个相关县（区）都要列上；缺席、拒签不是否决。至少一名市局执法人员到场签字。"),
    Transition("recognise", "认定计入", "fire_point.recognised", (S.VERIFIED,), S.RECOGNISED, _DECIDER,
        (another_person, found_true, chargeable, reviewed),
        (REASON, Datum("basis", is_required=False), Datum("charged_detection", is_required=False),
         Datum("zero_amount_confirmed", is_required=False)), is_next=True,
        hint="认定为 1 处计入。属地、付款单位、规则和依据从此固定，金额由规则算。"),
    Transition("review", "核对完毕", "fire_point.reviewed", (*_BEFORE_DECISION, S.JOINT), "", _BUREAU, (in_question,),
        takes=(_QUESTIONS, REASON),
        hint="核对机器提出的问题：写明这一处照原样成立的理由；若是同一处，请改用“并入另一处”。"),
    Transition("exclude", "认定不计入", "fire_point.excluded", (S.VERIFIED,), S.RECOGNISED, _DECIDER, (another_person, pictures_answered),
        is_next=True,
        hint="认定不计入，理由写明；以后有新的可扣缴来源，另开复核，不改这次认定。"),
    Transition("notify", "通报", "fire_point.notified", (S.RECOGNISED,), S.OBJECTION, _BUREAU, (counted, reviewed), (_REMARK,),
        is_next=True,
        hint="通报县（区），异议期从现在起算（天数是设置）。"),
    Transition("object", "提出异议", "fire_point.objected", (S.OBJECTION,), S.CONTESTED, _COUNTY, (owner,), is_next=True,
        hint="在异议期内提出，由认定人复核。"),
    Transition("waive", "书面放弃异议", "fire_point.waived", (S.OBJECTION,), S.FINAL, _COUNTY, (owner, reviewed),
        (Datum("document_no"), _REMARK), is_next=True,
        hint="书面放弃异议，这一处即为终局。"),
    Transition("lapse", "异议期满", "fire_point.lapsed", (S.OBJECTION,), S.FINAL, _SYSTEM, (window_over, reviewed),
        (_REMARK,)),
    Transition("uphold", "维持认定", "fire_point.upheld", (S.CONTESTED,), S.FINAL, _DECIDER, (another_decider, reviewed), is_next=True,
        hint="维持原认定，这一处即为终局；异议成立的请用“重新核实”。"),
    Transition("reopen", "重新核实", "fire_point.reopened", _AFTER_DECISION, S.DISPATCHED, _DECIDER,
        hint="撤回认定，退给县（区）重新核实，期限从现在重新起算；已入账的由下一批次退回。"),
    Transition("stand", "复核后维持", "fire_point.stood", _AFTER_DECISION, "", _DECIDER, (in_question,),
        takes=(_QUESTIONS, REASON),
        hint="原认定不变，写明理由；要改的请用“重新核实”。"),
    Transition("merge", "并入另一处", "fire_point.merged", (*_BEFORE_DECISION, S.JOINT), S.MERGED, _BUREAU | _DECIDER,
        takes=(_INTO, REASON),
        hint="两处是同一处时并入；监测记录归到那一处，这一处留档。"),
    Transition("merge_decided", "已认定的并入另一处", "fire_point.merged_decided", _AFTER_DECISION, S.MERGED, _DECIDER,
        takes=(_INTO, REASON),
        hint="已认定的并入另一处；已入账的由下一批次退回。"),
    Transition("unmerge", "撤销并入", "fire_point.unmerged", (S.MERGED,), "", _BUREAU | _DECIDER,
        hint="撤销并入：两处各自恢复，监测记录各归各的；以后的导入不再把它们并到一起。"),
    Transition("absorb", "自动归并", "fire_point.absorbed", (S.SUSPECTED,), S.MERGED, _SYSTEM, takes=(_INTO, REASON)),
    Transition("withdraw", "随来源撤回", "fire_point.withdrawn", (S.SUSPECTED,), S.CLOSED, _BUREAU | _SYSTEM, (emptied,)),
)  # fmt: skip

LIFE = Life(
    "fire point",
    TRANSITIONS,
    noun="火点",
    state_label=lambda state: State(state).label,
    common=frozenset({"point_id", "actor", "expected_version", "second"}),
    # Requirements that another actor could meet.
    about_the_person=(designated, concerned, owner, another_person, another_decider),
)
BY_ACTION = LIFE.by_action
act, form_of, available_actions, refusal = LIFE.act, LIFE.form_of, LIFE.available_actions, LIFE.refusal
