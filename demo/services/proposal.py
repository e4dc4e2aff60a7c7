"""The proposal that the demonstration leaves open: two sites that the officer takes for one, for another to look at."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from firepoints.life.proposing import act_or_propose
from firepoints.models import FirePoint, Source
from firepoints.steps.gaps import gap_between
from firepoints.terms.states import State
from grids.models import User
from journal.models import Proposal

REASON = "清单上这一行的位置疑有偏差，可能就是那一处；请看两处的像元范围和照片后答复"


def propose(cast: Mapping[str, User]) -> None:
    """Let the officer ask to merge the nearest two undecided points of one county, unless a proposal was made before."""
    if Proposal.objects.exists():
        return
    pair = _nearest()
    if pair is not None:
        gone, survivor = pair
        data = {"into": survivor.pk, "reason": REASON}
        act_or_propose(point_id=gone.pk, action="merge", actor=cast["officer"], data=data)


def _nearest() -> tuple[FirePoint, FirePoint] | None:
    """Of the points that an official list or an inspection found and nobody has decided: the nearest two, by place and time."""
    chargeable = (Source.Class.OFFICIAL_LIST, Source.Class.INSPECTION)
    points = FirePoint.objects.filter(
        state__in=(State.SUSPECTED, State.DISPATCHED), is_cross=False,
        memberships__is_active=True, memberships__detection__source__source_class__in=chargeable,
    ).distinct().order_by("pk")  # fmt: skip
    pairs = [(a, b) for a, b in combinations(points, 2) if a.county_code and a.county_code == b.county_code]
    gaps = [(gap_between(a, b), a, b) for a, b in pairs]
    if not gaps:
        return None
    _, survivor, gone = min(gaps, key=lambda row: (row[0].edge_m, row[0].gap_h, row[1].pk, row[2].pk))
    return (gone, survivor) if gone.state == State.SUSPECTED or survivor.state != State.SUSPECTED else (survivor, gone)
