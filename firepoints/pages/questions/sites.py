"""The two sites that a question or a merge is about: what is known of each, and how they lie to one another."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from firepoints.life.recognise import price_of
from firepoints.models import Detection, FirePoint
from firepoints.pages.points import words
from firepoints.pages.points.sightings import sighting_of
from firepoints.policy.grounds import Grounds
from firepoints.steps import selectors
from firepoints.steps.gaps import Between, between, hours, metres
from firepoints.terms.states import Conclusion

FEN_OF_WAN = 1_000_000
MOST_SHOWN = 3
"""Sightings of a site that are listed; the sketch shows all."""


@dataclass(frozen=True, slots=True)
class Site:
    """One side: `facts` as (heading, lines), `worth_fen` what it costs its county at most, None where no rule is loaded."""

    name: str
    url: str
    state: str
    facts: Sequence[tuple[str, Sequence[str]]]
    detections: Sequence[Detection]
    worth_fen: int
    point: FirePoint | None = None


def site_of_point(point: FirePoint) -> Site:
    """A point as one side."""
    detections = selectors.active_detections(point)
    facts = [*_seen(detections), ("在", [words.place_of(point)])]
    if stated := sorted({row.stated_county for row in detections if row.stated_county}):
        facts.append(("清单写", stated))
    if record := point.verification:
        cause = f" · {record.get_cause_display()}" if record.cause else ""
        facts.append(("核实", [f"{record.get_conclusion_display()}{cause}"]))
    worth_fen = worth_of(point, detections)
    payer = point.recognition.payer_name if point.recognition else words.place_of(point).partition(" ")[0]
    facts += [
        ("起火日", [f"{point.burn_date.isoformat()}，责任人按这天的任期"]),
        ("付款", [f"{payer if point.county_code else '由联合核实定'}，最多 {wan(worth_fen)}"]),
    ]
    url = reverse("firepoints:detail", args=[point.pk])
    return Site(str(point), url, words.label_of(point), facts, detections, worth_fen, point)


def site_of_row(detection: Detection) -> Site:
    """A sighting that is part of no point until somebody answers."""
    facts = _seen([detection])
    if detection.stated_county:
        facts.append(("清单写", [detection.stated_county]))
    name = f"{detection.source.name} 第 {detection.row_no} 行"
    return Site(name, "", "等答复，没有成处", facts, [detection], 0)


def _seen(detections: Sequence[Detection]) -> list[tuple[str, Sequence[str]]]:
    rows = [sighting_of(detection) for detection in detections[:MOST_SHOWN]]
    if not rows:
        return [("来源", ["没有在用的监测记录"])]
    more = [f"另有 {len(detections) - MOST_SHOWN} 条"] if len(detections) > MOST_SHOWN else []
    facts: list[tuple[str, Sequence[str]]] = [
        ("测到", [*(f"{row.when} {row.title}" for row in rows), *more]),
        ("来源", list(dict.fromkeys(row.origin for row in rows))),
        ("像元", list(dict.fromkeys(row.size for row in rows))),
    ]
    if strengths := [row.strength for row in rows if row.strength]:
        facts.append(("强度", strengths))
    return facts


def worth_of(point: FirePoint, detections: Sequence[Detection]) -> int:
    """The most that a point costs its county in fen: what was pinned, else what its ground would cost now; 0 where it was not
    counted or nothing in it can be charged."""
    if point.counted is False:
        return 0
    if point.recognition is not None:
        return point.recognition.amount_fen
    grounds = Grounds().in_order(detections)
    return price_of(point, grounds[0]).amount_fen if grounds else 0


def wan(fen: int) -> str:
    """An amount in 万元."""
    return f"{fen / FEN_OF_WAN:g} 万元"


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for one site and for two, in short sentences."""

    same: Sequence[str]
    apart: Sequence[str]


def signs_of(own: Site, theirs: Site | None) -> Signs:
    """What the measures and the records of two sites say."""
    measures = between(own.detections, theirs.detections) if theirs else None
    if theirs is None or measures is None:
        return Signs([], [])
    same, apart = _of_places(measures)
    if own.point is not None and theirs.point is not None:
        by_county = own.point.county_code and own.point.county_code == theirs.point.county_code
        if by_county and own.point.village_code and own.point.village_code == theirs.point.village_code:
            same.append("在同一个村")
        if own.point.county_code and theirs.point.county_code and not by_county:
            apart.append("不在同一县（区）")
        apart += [
            f"{site.name} 报不属实"
            for site in (own, theirs)
            if site.point is not None
            and site.point.verification is not None
            and site.point.verification.conclusion == Conclusion.FALSE
        ]
    return Signs(same, apart)


def _of_places(measures: Between) -> tuple[list[str], list[str]]:
    same, apart = [], []
    if measures.overlap > 0:
        same.append(f"小的一处有 {measures.overlap:.0%} 落在另一处的范围里")
    else:
        apart.append(f"范围边缘相距 {metres(measures.edge_m)}")
    (same if measures.centre_m < 1000 else apart).append(f"中心相距 {metres(measures.centre_m)}")
    gap = f"相隔 {hours(measures.gap_h)}" if measures.gap_h else "时间相接"
    (same if measures.gap_h <= 24 else apart).append(gap)
    return same, apart
