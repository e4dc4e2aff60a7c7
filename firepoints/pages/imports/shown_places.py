"""Where the rows of a preview lie, by county, township and village, beside what the list itself says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from firepoints.sightings.importing.results import Look
from firepoints.sightings.readers.places import county_stem
from firepoints.sightings.readers.text import compact
from grids import locating
from grids.roles import Level
from grids.selectors import cell_names, edition_now

LEVELS = (Level.COUNTY, Level.TOWNSHIP, Level.VILLAGE)
WORDS = {Level.COUNTY: "县（区）", Level.TOWNSHIP: "乡镇", Level.VILLAGE: "村"}
ENDINGS = {
    Level.TOWNSHIP: re.compile(r"(?:民族|满族|朝鲜族|回族|蒙古族)*(?:镇|乡|街道办事处|街道|办事处|苏木|农场|林场)$"),
    Level.VILLAGE: re.compile(r"(?:村民委员会|居民委员会|村委会|居委会|社区|村|屯|嘎查)$"),
}
STATED = {
    Level.TOWNSHIP: re.compile(r"[一-龥]+?(?:镇|乡|街道|办事处|苏木|农场|林场)"),
    Level.VILLAGE: re.compile(r"[一-龥]+?(?:村|社区|屯|嘎查)"),
}


def chains_of(rows: Sequence[Look]) -> list[dict[str, str]]:
    """For each row {level: name of the cell} by the live edition; empty outside."""
    edition = edition_now()
    if edition is None or not rows:
        return [{} for _ in rows]
    chain = locating.index_for(edition).locate_chain([row.lon for row in rows], [row.lat for row in rows])
    codes = [{level: str(code) for level in LEVELS if (code := getattr(chain, level)[at])} for at in range(len(rows))]
    names = cell_names(edition, {code for own in codes for code in own.values()})
    return [{level: names.get(code, code) for level, code in own.items()} for own in codes]


def differing(look: Look, chain: Mapping[str, str]) -> list[str]:
    """The levels (in words) at which the list names another place than the one in which the position lies."""
    levels: list[str] = []
    county = chain.get(Level.COUNTY, "")
    if look.stated_county and county and not same_county(look.stated_county, county):
        levels.append(WORDS[Level.COUNTY])
    stated = compact(look.stated_place)
    for level, pattern in STATED.items():
        name = chain.get(level, "")
        stem = ENDINGS[level].sub("", compact(name))
        if name and stem and pattern.search(stated) and stem not in stated:
            levels.append(WORDS[level])
    return levels


def same_county(stated: str, located: str) -> bool:
    """Whether the list's own county is the one of the coordinates: lists shorten 桓仁满族自治县 to 桓仁县."""
    return stated in located or located in stated or county_stem(stated) == county_stem(located)
