"""A small invented city: two counties side by side, each with a northern and a southern township, and its people.

甲县 (210590) lies west of 123.80°E, 乙县 (210591) east of it; both from 41.20°N to 41.40°N, split at 41.30°N.
"""

from dataclasses import dataclass, field
from datetime import date

import shapely

from grids.editions.activating import edition_activate, edition_store
from grids.editions.files import RawCell
from grids.models import Designation, Edition, Post, Term, User
from grids.roles import Level, PostKind
from grids.selectors import system_user

CITY, WEST, EAST = "2105", "210590", "210591"
BORDER_LON = 123.80
SINCE = date(2016, 1, 1)
IN_WEST = (123.75, 41.25)
IN_EAST = (123.85, 41.25)
ON_THE_BORDER = (123.8001, 41.25)


@dataclass
class City:
    """The edition and one person for each office; further people by `person`."""

    edition: Edition
    clerk: User
    officer: User
    recogniser: User
    west: User
    east: User
    inspector: User
    finance: User
    auditor: User
    system: User
    people: dict[str, User] = field(default_factory=dict)


def cells() -> list[RawCell]:
    """The city, its counties, four townships, one village in each."""
    found = [_cell(Level.CITY, CITY, "演示市", 123.7, 41.2, 123.9, 41.4)]
    for code, name, left in ((WEST, "甲县", 123.7), (EAST, "乙县", 123.8)):
        found.append(_cell(Level.COUNTY, code, name, left, 41.2, left + 0.1, 41.4))
        for at, (part, low) in enumerate((("南", 41.2), ("北", 41.3)), start=1):
            township = f"{code}{at:03d}"
            found.append(_cell(Level.TOWNSHIP, township, f"{name}{part}乡", left, low, left + 0.1, low + 0.1))
            found.append(_cell(Level.VILLAGE, f"{township}001", f"{part}村", left, low, left + 0.1, low + 0.1))
    return found


def _cell(level: str, code: str, name: str, left: float, low: float, right: float, high: float) -> RawCell:
    shape = shapely.box(round(left, 6), round(low, 6), round(right, 6), round(high, 6))
    return RawCell(level, 1, code, name, {}, shape)


def person(username: str, kind: str, cell: str, *, level: str = "", since: date = SINCE, full_name: str = "") -> User:
    """An account that holds one post of that kind on a cell since a date."""
    user = User.objects.create(username=username, full_name=full_name or f"演示{username}")
    hold(user, kind, cell, level=level, since=since)
    return user


def hold(user: User, kind: str, cell: str, *, level: str = "", since: date = SINCE) -> Post:
    """Put a person in a post of its own."""
    by_length = {4: Level.CITY, 6: Level.COUNTY, 9: Level.TOWNSHIP, 12: Level.VILLAGE}
    level = level or by_length.get(len(cell), Level.GROUP)
    post = Post.objects.create(cell_code=cell, level=level, kind=kind, title=f"{kind}-{user.username}", unit="演示单位")
    Term.objects.create(post=post, holder=user, starts=since)
    return post


def designated(username: str, county: str) -> User:
    """A person of the department that a county has designated to verify."""
    user = person(username, PostKind.COUNTY, county)
    post = Post.objects.get(title=f"{PostKind.COUNTY}-{username}")
    Designation.objects.create(county_code=county, post=post, document_no="演示〔2016〕1号", valid_from=SINCE)
    return user


def build_city() -> City:
    """The whole city, active since 2016, with every office held."""
    system = system_user()
    edition, _ = edition_store(name="演示版", cells=cells(), datum="wgs84", actor=system)
    edition, _ = edition_activate(name="演示版", valid_from=SINCE, actor=system)
    return City(
        edition=edition,
        clerk=person("clerk", PostKind.BUREAU, CITY),
        officer=person("officer", PostKind.BUREAU, CITY),
        recogniser=person("recogniser", PostKind.RECOGNISER, CITY),
        west=designated("west", WEST),
        east=designated("east", EAST),
        inspector=person("inspector", PostKind.INSPECTOR, CITY),
        finance=person("finance", PostKind.FINANCE, CITY),
        auditor=person("auditor", PostKind.AUDITOR, CITY),
        system=system,
        people={"head": person("head", PostKind.HEAD, f"{WEST}001")},
    )
