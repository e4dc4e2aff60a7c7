"""The states of a fire point and the words for them."""

from django.db import models


class State(models.TextChoices):
    SUSPECTED = "suspected", "疑似"
    DISPATCHED = "dispatched", "已派发"
    JOINT = "joint", "待联合核实"
    VERIFIED = "verified", "已核实"
    RECOGNISED = "recognised", "已认定"
    OBJECTION = "objection", "异议期"
    CONTESTED = "contested", "异议复核"
    FINAL = "final", "终局"
    MERGED = "merged", "已并入"
    CLOSED = "closed", "已关闭"


class Conclusion(models.TextChoices):
    """核实结论. A 查否 (false) is a filing with a cause, not guilt."""

    TRUE = "true", "属实"
    FALSE = "false", "不属实"


class Cause(models.TextChoices):
    """Why it was not a straw fire (policy.md §5)."""

    GRASS = "grass", "荒草"
    RUBBISH = "rubbish", "垃圾"
    RITUAL = "ritual", "祭祀"
    FOREST = "forest", "林火"
    INDUSTRY = "industry", "工业热源"
    GREENHOUSE = "greenhouse", "设施农业"
    NO_TRACE = "no_trace", "未见痕迹"


class Basis(models.TextChoices):
    """The one ground of a charge; the three finance columns add up to the 处 (C12)."""

    SATELLITE = "satellite", "卫星"
    INSPECTION = "inspection", "巡查督查"
    SCAR = "scar", "黑斑"


class FinalBy(models.TextChoices):
    LAPSED = "lapsed", "异议期满"
    WAIVED = "waived", "县（区）书面放弃"
    UPHELD = "upheld", "复核维持"


LIVE = (State.SUSPECTED, State.DISPATCHED, State.JOINT, State.VERIFIED, State.RECOGNISED, State.OBJECTION,
        State.CONTESTED, State.FINAL)  # fmt: skip
OWNED = (State.DISPATCHED, State.VERIFIED, State.RECOGNISED, State.OBJECTION, State.CONTESTED, State.FINAL)
NUMBERED = (*OWNED, State.JOINT)
PROVED = (State.VERIFIED, State.RECOGNISED, State.OBJECTION, State.CONTESTED, State.FINAL)
DECIDED = (State.RECOGNISED, State.OBJECTION, State.CONTESTED, State.FINAL)
COUNTED_ONLY = (State.OBJECTION, State.CONTESTED, State.FINAL)
UNDECIDED = (State.SUSPECTED, State.DISPATCHED, State.JOINT, State.VERIFIED)
