"""Whose fire it is, by the edition of its Beijing date: chain, people of that date, candidate counties (C2, C11).

Many points at once, because a satellite file brings hundreds: one index per edition, one pass per date.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Max
from shapely.geometry.base import BaseGeometry

from firepoints import rulings
from firepoints.models import Attribution, AttributionPerson, FirePoint, PointCounty
from grids import selectors as grids
from grids.models import Edition
from grids.roles import LEVELS, Level
from grids.services import locating

NO_EDITION = "没有启用的边界版本，启用后重新定位"
OUTSIDE = "中心不在任何县（区）内"
LEAST_SHARE = 1e-9


@dataclass(frozen=True, slots=True)
class Located:
    """The answer for one point: {level: code}, metres to the nearest county border, [(county, share)] of its site."""

    edition: Edition
    is_before_first: bool
    chain: Mapping[str, str]
    border_m: float
    shares: Sequence[tuple[str, float]] = ()


@dataclass(slots=True)
class Names:
    """Cell names and the people of a chain, asked once per edition, chain and date."""

    cells: dict[int, dict[str, str]] = field(default_factory=dict)
    people: dict[tuple[Any, ...], list[grids.PersonRow]] = field(default_factory=dict)

    def of(self, edition: Edition, code: str) -> str:
        if edition.pk not in self.cells:
            self.cells[edition.pk] = grids.cell_names(edition)
        return self.cells[edition.pk].get(code, "")

    def answering(self, chain: Mapping[str, str], on: date) -> list[grids.PersonRow]:
        key = (on, *(chain.get(level, "") for level in LEVELS))
        if key not in self.people:
            self.people[key] = grids.people_for(chain, on)
        return self.people[key]


def attribute(points: Sequence[FirePoint], sites: Sequence[BaseGeometry]) -> None:
    """Locate undispatched points and append their attribution, with people and candidates; updates the given objects.

    `sites` are where each fire can have been, in lon/lat. A site over two counties leaves the point with no county and
    proposes 跨界. Runs in the caller's transaction; the caller has claimed the points or has just made them.
    """
    names = Names()
    seqs = _last_seqs(points)
    found = _locate_by_date(points, sites)
    rows = [
        attribution_row(point, found[point.pk], names, seq=seqs.get(point.pk, 0) + 1)
        for point in points
        if point.pk in found
    ]
    file_attributions(rows, names)
    of_point = {row.point_id: row for row in rows}
    least = {on: least_share(on) for on in {point.burn_date for point in points}}
    for point in points:
        _take(point, of_point.get(point.pk), found.get(point.pk), least[point.burn_date])
    FirePoint.objects.bulk_update(
        points,
        ["attribution", "county_code", "township_code", "village_code", "group_code", "is_cross", "needs_person"],
        batch_size=100,
    )
    _concern_all(points, found)


def _take(point: FirePoint, row: Attribution | None, found: Located | None, least: float) -> None:
    """Copy what the row says to the point; nobody's while two counties are possible."""
    chain = dict(found.chain) if found else {}
    counties = candidates(found, least) if found else []
    point.attribution = row
    point.is_cross = len(counties) > 1
    point.county_code = "" if point.is_cross else chain.get(Level.COUNTY, "")
    point.township_code = chain.get(Level.TOWNSHIP, "")
    point.village_code = chain.get(Level.VILLAGE, "")
    point.group_code = chain.get(Level.GROUP, "")
    if point.needs_person in ("", NO_EDITION, OUTSIDE):
        point.needs_person = NO_EDITION if found is None else ("" if chain.get(Level.COUNTY) else OUTSIDE)


def least_share(on: date) -> float:
    """The share of a site in a county from which the county is a candidate, under the ruling of a Beijing date."""
    return max(float(rulings.ruling("cross_min_share", on)), LEAST_SHARE)


def candidates(found: Located, least: float) -> list[str]:
    """The counties that the site touches with at least that share, the centre's own included."""
    touched = [code for code, share in found.shares if share >= least]
    own = found.chain.get(Level.COUNTY, "")
    return touched if not own or own in touched else [own, *touched]


def _locate_by_date(points: Sequence[FirePoint], sites: Sequence[BaseGeometry]) -> dict[int, Located]:
    by_date: dict[date, list[int]] = {}
    for at, point in enumerate(points):
        by_date.setdefault(point.burn_date, []).append(at)
    found: dict[int, Located] = {}
    for on, places in by_date.items():
        some = [points[at] for at in places]
        answers = locate([one.lon for one in some], [one.lat for one in some], [sites[at] for at in places], on)
        found.update({one.pk: answer for one, answer in zip(some, answers, strict=True) if answer})
    return found


def locate(
    lons: Sequence[float], lats: Sequence[float], sites: Sequence[BaseGeometry], on: date
) -> list[Located | None]:
    """Where these positions lie in the edition of a Beijing date; None for all when no edition is active."""
    edition, is_before_first = grids.edition_for(on)
    if edition is None:
        return [None for _ in lons]
    index = locating.index_for(edition)
    chain = index.locate_chain(lons, lats)
    border_m = index.border_distance_m(lons, lats)
    shares = index.county_shares_many(sites)
    city = grids.root_code(edition)
    answers: list[Located | None] = []
    for at in range(len(lons)):
        codes: dict[str, str] = {level: str(getattr(chain, level)[at]) for level in LEVELS if level != Level.CITY}
        if codes[Level.COUNTY]:
            codes[Level.CITY] = city
        metres = float(border_m[at])
        answers.append(Located(edition, is_before_first, codes, metres, shares[at]))
    return answers


def attribution_row(
    point: FirePoint, found: Located, names: Names, *, seq: int, method: str = Attribution.Method.CENTRE, note: str = ""
) -> Attribution:
    """An unsaved attribution of `point` as found."""
    edition, chain = found.edition, found.chain
    codes = {f"{level}_code": chain.get(level, "") for level in LEVELS}
    called = {f"{level}_name": names.of(edition, chain.get(level, "")) for level in LEVELS}
    shares = [{"code": code, "name": names.of(edition, code), "share": round(share, 4)} for code, share in found.shares]
    return Attribution(
        point=point,
        seq=seq,
        edition=edition,
        is_before_first_edition=found.is_before_first,
        method=method,
        lon=point.lon,
        lat=point.lat,
        border_m=round(found.border_m, 1) if found.border_m != float("inf") else None,
        candidates=shares,
        note=note[:200],
        **codes,
        **called,
    )


def file_attributions(rows: Iterable[Attribution], names: Names) -> None:
    """Append attributions with the people who answered on the burning date of each point."""
    filed = Attribution.objects.bulk_create(list(rows), batch_size=500)
    AttributionPerson.objects.bulk_create(
        [
            AttributionPerson(
                attribution=row,
                level=person.level,
                cell_code=person.cell_code,
                post=person.post,
                holder=person.holder,
                is_acting=person.is_acting,
            )
            for row in filed
            for person in names.answering(chain_of(row), row.point.burn_date)
        ],
        batch_size=500,
    )


def chain_of(row: Attribution) -> dict[str, str]:
    """{level: code} of an attribution, levels that are not known left out."""
    return {str(level): code for level in LEVELS if (code := getattr(row, f"{level}_code"))}


def _last_seqs(points: Sequence[FirePoint]) -> dict[int, int]:
    rows = Attribution.objects.filter(point__in=[point.pk for point in points])
    return dict(rows.values("point").annotate(last=Max("seq")).values_list("point", "last"))


def _concern_all(points: Sequence[FirePoint], found: Mapping[int, Located]) -> None:
    wanted: list[PointCounty] = []
    for point in points:
        shares = dict(found[point.pk].shares) if point.pk in found else {}
        own = point.attribution.county_code if point.attribution else ""
        if own:
            shares.setdefault(own, 0.0)
        wanted += [PointCounty(point=point, county_code=code, share=share) for code, share in shares.items()]
    # A county once concerned stays so, with the share that concerned it.
    PointCounty.objects.bulk_create(wanted, ignore_conflicts=True, batch_size=500)
