"""Points by what somebody writes in a search box: cells, people, files and papers are found in their own small tables, then
the points by code, number and key, through their indexes. No text is looked for in the points themselves."""

import re
from collections.abc import Callable
from datetime import date

from django.db.models import Exists, OuterRef, Q

from core.registry import Listeners
from firepoints.models import (
    FeedbackSent,
    FinalWord,
    FormerNumber,
    ImportRun,
    Membership,
    NumberSeries,
    PointCounty,
)
from firepoints.policy import rulings
from firepoints.sightings.readers.places import county_stem
from grids.roles import Level
from grids.selectors.searching import Places, places_named, places_of_people

PAPERS: Listeners[Callable[[str], Q | None]] = Listeners(
    "papers", asked_by="the search", what_for="the points that papers with such a number are about"
)
_FIELD = {Level.COUNTY: "county_code", Level.TOWNSHIP: "township_code", Level.VILLAGE: "village_code"}
_LEVEL_BY_LENGTH = {6: Level.COUNTY, 9: Level.TOWNSHIP, 12: Level.VILLAGE}
_SUSPECTED, _SERIAL = re.compile(r"疑似-?(\d{1,18})"), re.compile(r"(?:(\d{4})-)?0*(\d{1,8})")
_LIST_ROW = re.compile(r"(?P<list>.*\S)\s*(?:序号|第)\s*(?P<row>\d{1,7})\s*行?")
MOST_RUNS, MOST_WORDS = 50, 500


def matching(text: str) -> Q:
    """The condition on points that a text names, by one way or several; nothing where it names nothing."""
    words = " ".join(text.split())
    condition = Q(pk__in=())
    if not words or "\0" in words:
        return condition
    for find in (_by_number, _by_code, _by_place, _by_person, _by_row, _by_file, _by_word, *PAPERS):
        part = find(words)
        condition = condition if part is None else condition | part
    return condition


def _by_number(text: str) -> Q | None:
    if match := _SUSPECTED.fullmatch(text):
        return Q(pk=int(match[1]))
    if not text.isascii():
        return None
    former = FormerNumber.objects.filter(number__startswith=text.upper()).values_list("point", flat=True)[:MOST_RUNS]
    number = Q(number__startswith=text.upper()) | Q(pk__in=list(former))
    if match := _SERIAL.fullmatch(text):
        number |= Q(number__in=_numbers(match[1], int(match[2])))
    return number


def _numbers(year: str | None, serial: int) -> list[str]:
    """The numbers with this serial, of one year or of each."""
    years = [int(year)] if year else list(NumberSeries.objects.values_list("year", flat=True))
    return [
        f"{rulings.ruling('number_prefix', date(year, 12, 31))}{year}-{serial:04d}" for year in years if 0 < year < 9999
    ]


def _by_code(text: str) -> Q | None:
    if not (text.isascii() and text.isdecimal()):
        return None
    places = Places()
    if len(text) in _LEVEL_BY_LENGTH:
        places.add(_LEVEL_BY_LENGTH[len(text)], text, None)
    elif len(text) > 12:
        places.add(Level.GROUP, text, text[:12])
    return _in(places)


def _by_place(text: str) -> Q | None:
    return None if text.isascii() else _in(places_named(text, county_stem))


def _by_person(text: str) -> Q | None:
    return None if text.isascii() or len(text) < 2 else _in(places_of_people(text))


def _in(places: Places) -> Q | None:
    """Points in cells by their codes; one that nobody owns yet by the counties that may."""
    if not places:
        return None
    condition = Q(pk__in=())
    for level, codes in places.by_level.items():
        condition |= Q(**{f"{_FIELD[Level(level)]}__in": sorted(codes)})
    for village, codes in places.groups.items():
        condition |= Q(village_code=village, group_code__in=sorted(codes))
    if counties := places.by_level.get(Level.COUNTY):
        mine = PointCounty.objects.filter(point=OuterRef("pk"), county_code__in=sorted(counties))
        condition |= Q(Exists(mine), county_code="")
    return condition


def _by_row(text: str) -> Q | None:
    """A row of a list as its issuer numbers it: 第279期 序号 3."""
    match = _LIST_ROW.fullmatch(text)
    if match is None:
        return None
    rows = Membership.objects.filter(is_active=True, detection__run__in=_runs(match["list"]))
    listed = rows.filter(detection__key__contains=f"|#{int(match['row'])}")
    return Q(pk__in=list(listed.values_list("point", flat=True)[:MOST_RUNS]))


def _by_file(text: str) -> Q | None:
    runs = _runs(text)
    if not runs:
        return None
    return Q(pk__in=Membership.objects.filter(is_active=True, detection__run__in=runs).values("point"))


def _runs(text: str) -> list[int]:
    """The newest imports with such a name, list number or answer's document."""
    if len(text) < 2:
        return []
    sent = FeedbackSent.objects.filter(document_no=text).values("run")
    named = Q(filename__contains=text) | Q(list_no=text) | Q(issuer=text) | Q(pk__in=sent)
    return list(ImportRun.objects.filter(named).order_by("-pk").values_list("pk", flat=True)[:MOST_RUNS])


def _by_word(text: str) -> Q | None:
    """The issuer's last word on a row, by the number of its document."""
    points = FinalWord.objects.filter(document_no=text, point__isnull=False).values_list("point", flat=True)
    ids = list(points[:MOST_WORDS])
    return Q(pk__in=ids) if ids else None
