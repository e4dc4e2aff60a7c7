"""五级责任人 as they stood on the day of the fire; numbers masked until someone asks, which is journaled (C2, C5)."""

from collections.abc import Iterable
from typing import Any

from firepoints.models import AttributionPerson, FirePoint
from grids import selectors as grids
from grids.models import Post, User
from grids.roles import LEVEL_LABELS, POST_KIND_LABELS, Level, PostKind

Person = dict[str, Any]


def groups_of(point: FirePoint, *, is_revealed: bool = False) -> list[dict[str, Any]]:
    """[{name, share, side, people}]: the chain of the centre first, then the heads of other candidate counties."""
    where = point.attribution
    if where is None:
        return []
    shares = {candidate["code"]: candidate for candidate in where.candidates}
    filed = where.people.select_related("post", "holder").order_by("pk")
    own = [_person(person.level, person.post, person.holder, person.is_acting, is_revealed) for person in filed]
    chain = shares.get(where.county_code, {"share": 1.0})
    groups = [
        {"name": where.county_name or "县（区）未定", "share": _share(chain["share"]), "side": "a", "people": own}
    ]
    if point.county_code:
        return groups
    for code, candidate in shares.items():
        if code != where.county_code:
            rows = grids.people_for({Level.COUNTY: code}, point.burn_date)
            people = [_person(row.level, row.post, row.holder, row.is_acting, is_revealed) for row in rows]
            groups.append(
                {"name": candidate["name"] or code, "share": _share(candidate["share"]), "side": "b", "people": people}
            )
    return groups


def holders_of(point: FirePoint) -> list[User]:
    """Everyone whose number the page shows, once each."""
    where = point.attribution
    if where is None:
        return []
    filed = AttributionPerson.objects.filter(attribution=where, holder__isnull=False).select_related("holder")
    holders = {person.holder_id: person.holder for person in filed}
    if not point.county_code:
        for candidate in where.candidates:
            for row in grids.people_for({Level.COUNTY: candidate["code"]}, point.burn_date):
                if row.holder:
                    holders.setdefault(row.holder.pk, row.holder)
    return [holder for holder in holders.values() if holder is not None]


def gaps(groups: Iterable[dict[str, Any]]) -> int:
    """The number of posts that nobody held."""
    return sum(not person["name"] for group in groups for person in group["people"])


def _person(level: str, post: Post | None, holder: User | None, is_acting: bool, is_revealed: bool) -> Person:
    title = ""
    if post is not None:
        kind = POST_KIND_LABELS.get(PostKind(post.kind), "")
        remarks = [part for part in (kind if kind not in str(post) else "", "代理" if is_acting else "") if part]
        title = f"{post}（{'，'.join(remarks)}）" if remarks else str(post)
    phone = holder.phone if holder else ""
    return {
        "level": LEVEL_LABELS[Level(level)].split("（")[0] if level != Level.COUNTY else LEVEL_LABELS[Level.COUNTY],
        "name": str(holder) if holder else "",
        "post": title or "没有设岗",
        "phone": phone if is_revealed else grids.mask_phone(phone) if phone else "",
    }


def _share(share: float) -> str:
    return f"{share:.0%}" if 0 < share < 1 else ""
