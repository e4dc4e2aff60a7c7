"""Cells and people by what somebody writes in a search box: small tables, read whole; what lies in them is found by code."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import and_

from django.db.models import Q

from grids.models import Cell, Term
from grids.roles import Level

MOST_CELLS, MOST_PEOPLE = 400, 50


@dataclass(slots=True)
class Places:
    """Codes of cells by level; of groups with the village that each lies in, as an index knows it."""

    by_level: dict[str, set[str]] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)

    def add(self, level: str, code: str, parent: str | None) -> None:
        if level == Level.GROUP:
            self.groups.setdefault(parent or "", set()).add(code)
        else:
            self.by_level.setdefault(level, set()).add(code)

    def __bool__(self) -> bool:
        return bool(self.by_level or self.groups)


def places_named(text: str, stem_of: Callable[[str], str]) -> Places:
    """The cells of every edition of whose chain of names each word names a part, the last word the cell itself: 望城, 草河城镇
    望城村, and without a space between. A county is also found as lists shorten it (`stem_of`)."""
    words = text.split()
    rows = Cell.objects.exclude(level=Level.CITY).filter(
        reduce(and_, map(_named_in_chain, words)), name__contains=words[-1]
    )
    places = _places(rows.values_list("level", "code", "parent__code").distinct()[:MOST_CELLS])
    counties = Cell.objects.filter(level=Level.COUNTY).values_list("code", "name").distinct()
    for code, name in counties:
        if text in (stem_of(name), name) or stem_of(text) == stem_of(name):
            places.add(Level.COUNTY, code, None)
    return places if places else _run_together(text)


def _named_in_chain(word: str) -> Q:
    return Q(name__contains=word) | Q(parent__name__contains=word) | Q(parent__parent__name__contains=word)


def _run_together(text: str) -> Places:
    """Township and village written as one word."""
    parts = [(text[:at], text[at:]) for at in range(2, len(text) - 1)]
    if not parts or len(text) > 30:
        return Places()
    above, below = {part for part, _ in parts}, {part for _, part in parts}
    rows = Cell.objects.filter(name__in=below, parent__name__in=above)
    pairs = rows.values_list("level", "code", "parent__code", "name", "parent__name").distinct()[:MOST_CELLS]
    return _places((level, code, parent) for level, code, parent, name, over in pairs if over + name == text)


def _places(rows: Iterable[tuple[str, str, str | None]]) -> Places:
    places = Places()
    for level, code, parent in rows:
        places.add(level, code, parent)
    return places


def places_of_people(name: str) -> Places:
    """The cells for which people of that name answer or answered."""
    terms = Term.objects.filter(holder__full_name__contains=name).exclude(post__level=Level.CITY)
    rows = terms.values_list("post__level", "post__cell_code").distinct()[:MOST_PEOPLE]
    groups = [code for level, code in rows if level == Level.GROUP]
    parents = dict(Cell.objects.filter(code__in=groups).values_list("code", "parent__code")) if groups else {}
    return _places((level, code, parents.get(code)) for level, code in rows)
