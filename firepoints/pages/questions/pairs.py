"""Two points side by side before a merge: how far apart, who pays, what becomes of numbers and money."""

from dataclasses import dataclass
from typing import Any

from core.errors import NotThere
from firepoints.models import FirePoint
from firepoints.pages.questions.sites import Signs, Site, signs_of, site_of_point, wan
from firepoints.pages.questions.sketch import Sketch, sketch_of
from firepoints.steps import selectors
from firepoints.steps.gaps import between


@dataclass(frozen=True, slots=True)
class Pair:
    """The point that is merged away and the one that lives on; only `error` where there is no such point."""

    own: Site | None = None
    into: Site | None = None
    measures: str = ""
    signs: Signs | None = None
    sketch: Sketch | None = None
    consequences: tuple[str, ...] = ()
    error: str = ""


def pair_of(point: FirePoint, into: str, user: Any) -> Pair:
    """The two sides once the survivor is named. An unknown name is said, and shows nothing else."""
    if not into:
        return Pair()
    try:
        survivor = selectors.fire_point_for(user, into)
    except NotThere as missing:
        return Pair(error=missing.message)
    own, theirs = site_of_point(point), site_of_point(survivor)
    measures = between(own.detections, theirs.detections)
    sketch = sketch_of([(f"甲 {own.name}", own.detections), (f"乙 {theirs.name}", theirs.detections)])
    return Pair(
        own, theirs, measures.words if measures else "", signs_of(own, theirs), sketch, merge_consequences(own, theirs)
    )


def merge_consequences(own: Site, theirs: Site) -> tuple[str, ...]:
    """What becomes of the numbers, the money and the people of two points that become one."""
    total, most = own.worth_fen + theirs.worth_fen, max(own.worth_fen, theirs.worth_fen)
    numbers = f"{own.name} 停用留档，监测记录归到 {theirs.name}"
    money = f"合为 1 处，最多 {wan(most)}（分开是 {wan(total)}）"
    point = theirs.point
    if point is not None and point.recognition is not None:
        return numbers, f"{money}；{theirs.name} 的认定不变", "已入账的由下一批次退回", "责任人按那一处的起火日"
    return numbers, money, "起火日按合起来后据以扣缴的那一条；责任人、规则随它"
