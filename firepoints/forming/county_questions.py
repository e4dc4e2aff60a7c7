"""The questions about the county that chargeable rows of a point raise: another one stated, a development zone, or a position
that says too little (C11, policy.md §2e)."""

from collections.abc import Sequence

from firepoints.forming import areas, doubts
from firepoints.forming.attribution import chain_of
from firepoints.forming.doubts import Kind
from firepoints.models import Attribution, Detection, FirePoint, Source
from firepoints.steps.asking import Asked
from firepoints.terms.doubt import Doubt
from grids import locating
from grids import selectors as grids
from grids.models import Edition

Gathered = tuple[FirePoint, Sequence[Detection]]
OTHER_SHARE = 0.1
"""Of the area in which a vague row's fire must have been: from this share in another county on, that one may be meant."""


def about_counties(gathering: Sequence[Gathered]) -> list[Asked]:
    """Questions about rows that state, lie in, or may lie in another county than the point they come to, or that name a zone
    whose payer nobody has ruled: a person reconciles them. Where two counties are possible anyway the joint record does."""
    owned: list[tuple[FirePoint, Attribution, Sequence[Detection]]] = []
    questions: list[Asked] = []
    names: dict[int, dict[str, str]] = {}
    for point, detections in gathering:
        where = point.attribution
        if where is None or all(row.source.source_class == Source.Class.LEAD for row in detections):
            continue
        questions += [(point, doubt) for doubt in _about_zones(point, where, detections)]
        if point.is_cross or not point.county_code:
            continue
        if where.edition_id not in names:
            names[where.edition_id] = _county_names(where.edition)
        of_rows = doubts.other_county(detections, point.county_code, names[where.edition_id])
        questions += [(point, doubt) for doubt in of_rows]
        owned.append((point, where, detections))
    return [*questions, *_about_vague_places(owned, names)]


def _county_names(edition: Edition) -> dict[str, str]:
    return grids.cell_names(edition, locating.index_for(edition).locators["county"].codes)


def _about_zones(point: FirePoint, where: Attribution, detections: Sequence[Detection]) -> list[Doubt]:
    """One question for a point with a chargeable row that states a zone, while no ruling says who pays there."""
    zones = sorted({row.stated_county for row in detections if _states_zone(row)})
    if not zones or grids.has_payer_ruling(chain_of(where).values(), point.burn_date):
        return []
    grounds = f"清单写 {'、'.join(zones)}，没有扣缴单位的裁定"
    words = f"{grounds}：现在由 {where.county_name or '所在县（区）'} 承担，登记裁定以后核对"
    return [Doubt(Kind.ZONE, words, speaks_for=grounds)]


def _states_zone(row: Detection) -> bool:
    return row.source.raises_before_money and bool(doubts.ZONE.search(row.stated_county))


def _about_vague_places(
    owned: Sequence[tuple[FirePoint, Attribution, Sequence[Detection]]], names: dict[int, dict[str, str]]
) -> list[Asked]:
    """A question for each point whose rows all leave open in which county it burnt: a large pixel, a rounded position, a
    place."""
    vague: list[tuple[FirePoint, Attribution, Detection]] = []
    for point, where, detections in owned:
        rows = [row for row in detections if row.source.raises_before_money and areas.is_vague(row)]
        if rows and len(rows) == len([row for row in detections if row.source.raises_before_money]):
            vague += [(point, where, rows[0])]
    questions: list[Asked] = []
    for pk in sorted({where.edition_id for _, where, _ in vague}):
        of_edition = [(point, row) for point, where, row in vague if where.edition_id == pk]
        index = locating.index_for(next(where.edition for _, where, _ in vague if where.edition_id == pk))
        shares = index.county_shares_many(areas.polygons([row for _, row in of_edition]))
        for (point, row), share_of in zip(of_edition, shares, strict=True):
            others = [code for code, share in share_of if share >= OTHER_SHARE and code != point.county_code]
            if others:
                questions.append((point, _vague(row, [names[pk].get(code, code) for code in others])))
    return questions


def _vague(row: Detection, others: Sequence[str]) -> Doubt:
    grounds = "；".join(areas.vagueness(row, "这一处"))
    words = f"位置不足以定县（区）：{grounds}，也可能在 {'、'.join(others)}，请核对或标记跨界"
    return Doubt(Kind.VAGUE_PLACE, words, detection=row.pk, speaks_for=grounds)
