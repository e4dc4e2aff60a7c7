"""The attribution of a fire by the edition of its Beijing date: chain, people of that date, candidate counties (C2, C11).

Many points at once, because a satellite file brings hundreds: one index per edition, one pass per date.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Max
from shapely.geometry.base import BaseGeometry

from core.db import bulk
from firepoints.forming import doubts
from firepoints.models import Attribution, AttributionPerson, FirePoint, PointCounty
from firepoints.policy import rulings
from firepoints.terms.doubt import Doubt
from grids import locating
from grids import selectors as grids
from grids.models import Edition
from grids.roles import LEVELS, Level

LEAST_SHARE = 1e-9
TAKEN = ("attribution", "county_code", "township_code", "village_code", "group_code", "is_cross")


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
        key = _asked(chain, on)
        if key not in self.people:
            self.people[key] = grids.people_for(chain, on)
        return self.people[key]

    def ask(self, chains: Iterable[tuple[Mapping[str, str], date]]) -> None:
        """Find the people of many chains at once, for what follows."""
        look_ups = {_asked(chain, on): (chain, on) for chain, on in chains if _asked(chain, on) not in self.people}
        self.people.update(zip(look_ups, grids.people_for_many(list(look_ups.values())), strict=True))


def _asked(chain: Mapping[str, str], on: date) -> tuple[Any, ...]:
    return (on, *(chain.get(level, "") for level in LEVELS))


def attribute(
    points: Sequence[FirePoint], sites: Sequence[BaseGeometry], has_ground: Sequence[bool]
) -> list[tuple[FirePoint, Doubt]]:
    """Locate undispatched points and append their attribution, with people and candidates; updates the given objects.
    Returns what is to be asked of those that found no county.

    `sites` are where each fire can have been, in lon/lat. A site over two counties leaves a point with no county and
    proposes 跨界, where something in it can be charged (`has_ground`): leads are judged when such a row joins. Runs in the
    caller's transaction; the caller has claimed the points.
    """
    seqs = _last_seqs(points)
    located, rows, names = _located(points, sites, seqs)
    file_attributions(rows, names)
    _take_all(points, rows, located, has_ground)
    FirePoint.objects.bulk_update(points, TAKEN, batch_size=100)
    _concern_all(points, located)
    return _placeless(points, located)


def create_attributed(
    points: Sequence[FirePoint], sites: Sequence[BaseGeometry], has_ground: Sequence[bool]
) -> list[tuple[FirePoint, Doubt]]:
    """Insert new points with their first attribution: the same answer as `attribute`, each row written once."""
    ids = bulk.reserve_ids(FirePoint, len(points)).tolist()
    for point, pk in zip(points, ids, strict=True):
        point.pk = pk
    located, rows, names = _located(points, sites, {})
    for row, pk in zip(rows, bulk.reserve_ids(Attribution, len(rows)).tolist(), strict=True):
        row.pk = pk
    _take_all(points, rows, located, has_ground)
    FirePoint.objects.bulk_create(points, batch_size=500)
    file_attributions(rows, names)
    _concern_all(points, located)
    return _placeless(points, located)


def _placeless(points: Sequence[FirePoint], located: Mapping[int, Located]) -> list[tuple[FirePoint, Doubt]]:
    """A question for each point that no edition rules, or whose centre lies in no county."""
    placeless = []
    for point in points:
        if point.pk not in located:
            placeless.append((point, Doubt(doubts.Kind.NO_EDITION, doubts.NO_EDITION)))
        elif not located[point.pk].chain.get(Level.COUNTY):
            placeless.append((point, Doubt(doubts.Kind.OUTSIDE_COUNTIES, doubts.OUTSIDE)))
    return placeless


def _located(
    points: Sequence[FirePoint], sites: Sequence[BaseGeometry], seqs: Mapping[int, int]
) -> tuple[dict[int, Located], list[Attribution], Names]:
    names = Names()
    located = _locate_by_edition(points, sites)
    rows = [
        attribution_row(point, located[point.pk], names, seq=seqs.get(point.pk, 0) + 1)
        for point in points
        if point.pk in located
    ]
    return located, rows, names


def _take_all(
    points: Sequence[FirePoint],
    rows: Sequence[Attribution],
    located: Mapping[int, Located],
    has_ground: Sequence[bool],
) -> None:
    of_point = {row.point_id: row for row in rows}
    least = {on: least_share(on) for on in {point.burn_date for point in points}}
    for point, is_judged in zip(points, has_ground, strict=True):
        where = located.get(point.pk)
        counties = possible_counties(where, least[point.burn_date], is_judged=is_judged) if where else []
        _take(point, of_point.get(point.pk), where, counties)


def _take(point: FirePoint, row: Attribution | None, located: Located | None, counties: Sequence[str]) -> None:
    """Copy what the row says to the point; nobody's while two counties are possible."""
    chain = dict(located.chain) if located else {}
    point.attribution = row
    point.is_cross = len(counties) > 1
    point.county_code = "" if point.is_cross else chain.get(Level.COUNTY, "")
    point.township_code = chain.get(Level.TOWNSHIP, "")
    point.village_code = chain.get(Level.VILLAGE, "")
    point.group_code = chain.get(Level.GROUP, "")


def least_share(on: date) -> float:
    """The share of a site in a county from which the county is a candidate, under the ruling of a Beijing date."""
    return max(float(rulings.ruling("cross_min_share", on)), LEAST_SHARE)


def possible_counties(located: Located, least: float, *, is_judged: bool) -> list[str]:
    """The counties between which a joint record has to find; of leads alone (not `is_judged`) the centre's own."""
    own = located.chain.get(Level.COUNTY, "")
    return candidates(located, least) if is_judged or not own else [own]


def candidates(located: Located, least: float) -> list[str]:
    """The counties that the site touches with at least that share, the centre's own included."""
    touched = [code for code, share in located.shares if share >= least]
    own = located.chain.get(Level.COUNTY, "")
    return touched if not own or own in touched else [own, *touched]


def _locate_by_edition(points: Sequence[FirePoint], sites: Sequence[BaseGeometry]) -> dict[int, Located]:
    of_date = {on: grids.edition_for(on) for on in {point.burn_date for point in points}}
    by_edition: dict[tuple[int, bool], list[int]] = {}
    for at, point in enumerate(points):
        edition, is_before_first = of_date[point.burn_date]
        if edition is not None:
            by_edition.setdefault((edition.pk, is_before_first), []).append(at)
    located: dict[int, Located] = {}
    for places in by_edition.values():
        ruled = [points[at] for at in places]
        answers = locate([point.lon for point in ruled], [point.lat for point in ruled], [sites[at] for at in places],
                         ruled[0].burn_date)  # fmt: skip
        located.update({point.pk: answer for point, answer in zip(ruled, answers, strict=True) if answer})
    return located


def locate(
    lons: Sequence[float], lats: Sequence[float], sites: Sequence[BaseGeometry], on: date
) -> list[Located | None]:
    """The cells of these positions in the edition of a Beijing date; None for all when no edition is active."""
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
    point: FirePoint,
    located: Located,
    names: Names,
    *,
    seq: int,
    method: str = Attribution.Method.CENTRE,
    note: str = "",
) -> Attribution:
    """An unsaved attribution of `point` as found."""
    edition, chain = located.edition, located.chain
    codes = {f"{level}_code": chain.get(level, "") for level in LEVELS}
    called = {f"{level}_name": names.of(edition, chain.get(level, "")) for level in LEVELS}
    shares = [
        {"code": code, "name": names.of(edition, code), "share": round(share, 4)} for code, share in located.shares
    ]
    return Attribution(
        point=point,
        seq=seq,
        edition=edition,
        is_before_first_edition=located.is_before_first,
        method=method,
        lon=point.lon,
        lat=point.lat,
        border_m=round(located.border_m, 1) if located.border_m != float("inf") else None,
        candidates=shares,
        note=note[:200],
        **codes,
        **called,
    )


def file_attributions(rows: Iterable[Attribution], names: Names) -> None:
    """Append attributions with the people who answered on the burning date of each point."""
    filed = Attribution.objects.bulk_create(list(rows), batch_size=500)
    names.ask((chain_of(row), row.point.burn_date) for row in filed)
    people = [(row.pk, person) for row in filed for person in names.answering(chain_of(row), row.point.burn_date)]
    bulk.insert(
        AttributionPerson,
        {
            "attribution_id": [pk for pk, _ in people],
            "level": [str(person.level) for _, person in people],
            "cell_code": [person.cell_code for _, person in people],
            "post_id": [person.post.pk if person.post else None for _, person in people],
            "holder_id": [person.holder.pk if person.holder else None for _, person in people],
            "is_acting": [person.is_acting for _, person in people],
        },
    )


def chain_of(row: Attribution) -> dict[str, str]:
    """{level: code} of an attribution, levels that are not known left out."""
    return {str(level): code for level in LEVELS if (code := getattr(row, f"{level}_code"))}


def _last_seqs(points: Sequence[FirePoint]) -> dict[int, int]:
    rows = Attribution.objects.filter(point__in=[point.pk for point in points])
    return dict(rows.values("point").annotate(last=Max("seq")).values_list("point", "last"))


def _concern_all(points: Sequence[FirePoint], located: Mapping[int, Located]) -> None:
    rows: list[PointCounty] = []
    for point in points:
        shares = dict(located[point.pk].shares) if point.pk in located else {}
        own = point.attribution.county_code if point.attribution else ""
        if own:
            shares.setdefault(own, 0.0)
        rows += [PointCounty(point=point, county_code=code, share=share) for code, share in shares.items()]
    # A county once concerned stays so, with the share that concerned it.
    PointCounty.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
