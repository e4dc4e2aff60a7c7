"""Our answer to an issuer on one of its rows: a verdict, a sentence, and whether it is our last word."""

from dataclasses import dataclass
from datetime import date

from firepoints.models import FirePoint, Verification
from firepoints.terms.states import DECIDED, Cause, Conclusion, State

IN_WORK = "核实中"
TRUE, FALSE = Conclusion.TRUE.label, Conclusion.FALSE.label


@dataclass(frozen=True, slots=True)
class Answer:
    """`verdict` is 属实, 不属实, 核实中 or another short word; `text` the whole; `is_final` when nothing is open for us.

    `on` is the Beijing date of the record it rests on; `remark` goes into 备注.
    """

    verdict: str
    text: str
    is_final: bool
    cause: str = ""
    on: date | None = None
    remark: str = ""

    @property
    def is_negative(self) -> bool:
        return self.verdict == FALSE


OUTSIDE = Answer("非本市", "不在本市行政区域内，未核实", True)
DROPPED = Answer("已取消", "更正的清单里已没有这一行", True)
WAITS = Answer(IN_WORK, f"{IN_WORK}（更正或重新导入的一行，待核对是否同一处）", False)
REPLACED = Answer("已更正", "由更正清单的新一行替代", True)


def unread(reason: str) -> Answer:
    """The answer for a quarantined row that nobody has mended yet."""
    return Answer(IN_WORK, f"无法核实：{reason}，请核对原表", False)


def discarded(reason: str) -> Answer:
    return Answer("无法核实", f"无法核实：{reason}", True)


def for_point(point: FirePoint | None) -> Answer:
    """The answer of a fire point as it stands; `verification` should be selected along."""
    if point is None:
        return Answer(IN_WORK, IN_WORK, False)
    if point.state in DECIDED:
        return _decided(point)
    if point.state == State.CLOSED:
        return Answer("已关闭", f"不再核实：{point.closed_reason}", True, remark=_remark(point))
    if point.state == State.JOINT:
        sentence = "跨界，待联合核实" if point.is_cross else "有争议，待联合核实"
    elif point.state == State.VERIFIED:
        sentence = f"{IN_WORK}（县（区）已核实，待市局认定）"
    else:
        sentence = IN_WORK
    return Answer(IN_WORK, sentence, False, remark=_remark(point))


def _decided(point: FirePoint) -> Answer:
    verification = point.verification
    if point.state == State.CONTESTED:
        return Answer(IN_WORK, f"{IN_WORK}（县（区）提出异议，复核中）", False, remark=_remark(point))
    on = _day(verification)
    if not point.counted and verification is not None and verification.conclusion == Conclusion.FALSE:
        cause = Cause(verification.cause).label
        return Answer(FALSE, f"{FALSE}（{cause}）", True, cause=cause, on=on, remark=_remark(point))
    text = TRUE if point.counted else f"{TRUE}（认定不计入扣缴）"
    return Answer(TRUE, text, True, on=on, remark=_remark(point))


def _remark(point: FirePoint) -> str:
    where = point.attribution
    place = "".join(getattr(where, f"{level}_name") for level in ("county", "township", "village")) if where else ""
    return "，".join(part for part in (point.number or "", place) if part)


def _day(verification: Verification | None) -> date | None:
    from core.clock import beijing_date

    return beijing_date(verification.at) if verification else None
