"""What burnt, as the verifier saw it (C10): read from a report, and the questions that it raises."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from core import clock
from core.errors import BadInput, Missing
from firepoints.life.readings import moment_of, mu_of, position_of, yes_or_no
from firepoints.models import Question, Verification
from firepoints.terms.doubt import Doubt

MOST_SITES = 99
MeasuredBy, Kind = Verification.MeasuredBy, Question.Kind
RAISED = (Kind.SEVERAL_SITES, Kind.EXISTING, Kind.SAME_PICTURE)
WHY = {
    "sites": "有几处过火地块（sites）：每一处各算一处",
    "is_new": "黑斑是不是这次新烧的（is_new）：已经算过的不再算",
}


@dataclass(frozen=True, slots=True)
class Burnt:
    """The answers of a report about what burnt; None and "" where nobody said. The fields are those of the record."""

    burnt_mu: Decimal | None = None
    measured_by: str = ""
    crop: str = ""
    fire_lon: float | None = None
    fire_lat: float | None = None
    sites: int | None = None
    is_new: bool | None = None
    arrived_at: datetime | None = None
    out_at: datetime | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """Its columns of the record."""
        return asdict(self)

    def require_answers(self) -> None:
        """How many sites, and whether the black is new, are answered: the payer is the one who reports. Raises Missing."""
        lacking = [name for name in WHY if getattr(self, name) is None]
        if lacking:
            raise Missing(lacking, "还要答：" + "；".join(WHY[name] for name in lacking))


def burnt_of(answers: Mapping[str, Any]) -> Burnt:
    """What a report says, by the keys of the API. Raises BadInput by the key of what cannot be read, Missing for half of it."""
    mu = mu_of(answers["burnt_mu"], "burnt_mu")
    measured_by = measure_of(answers["measured_by"], "measured_by")
    if mu is not None and not measured_by:
        raise Missing(["measured_by"], "写了面积，还要写怎么量的（measured_by）：走一圈、图上勾画还是目测")
    lon, lat = None, None
    if answers["fire_position"] not in (None, "", [], {}):
        lon, lat = position_of(answers["fire_position"], "fire_position")
    arrived_at, out_at = (moment_of(answers[name], name) for name in ("arrived_at", "out_at"))
    for name, moment in (("arrived_at", arrived_at), ("out_at", out_at)):
        if moment is not None and moment > clock.now():
            raise BadInput("时间晚于现在", where=name)
    if arrived_at and out_at and out_at < arrived_at:
        raise BadInput("扑灭时间早于到场时间", where="out_at")
    return Burnt(
        mu, measured_by if mu is not None else "", str(answers["crop"] or "").strip()[:20], lon, lat,
        _sites(answers["sites"]), yes_or_no(answers["is_new"], "is_new"), arrived_at, out_at,
    )  # fmt: skip


def measure_of(value: Any, where: str) -> str:
    """How an area was measured: one of `MeasuredBy`, "" where nobody said. Raises BadInput."""
    text = str(value or "").strip()
    if text and text not in MeasuredBy.values:
        raise BadInput(f"只能是 {'、'.join(MeasuredBy.values)}", where=where)
    return text


def _sites(value: Any) -> int | None:
    text = str(value if value is not None else "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_SITES):
        raise BadInput(f"有几处应为 1 到 {MOST_SITES} 的整数", where="sites")
    return int(text)


def doubts_of(burnt: Burnt, *, stops_money: bool) -> list[Doubt]:
    """The questions that the answers raise: several sites are to be divided, an old black may have been charged."""
    doubts = []
    if burnt.sites is not None and burnt.sites > 1:
        words = f"核实人报有 {burnt.sites} 处过火地块：是几处的退回后划分（每处各算一处），确是一处的核对完毕"
        doubts.append(Doubt(Kind.SEVERAL_SITES, words, stops_money=stops_money))
    if burnt.is_new is False:
        words = "核实人报黑斑原来就有，不是这次新烧的：与算过的是同一处的请并入，另是一处的核对完毕"
        doubts.append(Doubt(Kind.EXISTING, words, stops_money=stops_money))
    return doubts
