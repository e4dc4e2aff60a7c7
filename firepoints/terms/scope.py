"""The fire points that a user may see: from the posts held today, empty by default.

Below the models: the rows that say which counties are concerned are handed in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.db.models import Model, Q, QuerySet

from firepoints.terms.states import DECIDED
from grids import selectors as grids
from grids.roles import Level, PostKind, Role

CITY_WIDE = {PostKind.BUREAU, PostKind.RECOGNISER, PostKind.AUDITOR}
_CODE_FIELD = {Level.TOWNSHIP: "township_code", Level.VILLAGE: "village_code", Level.GROUP: "group_code"}
_INSPECTING = {PostKind.INSPECTOR, PostKind.MEMBER}

M = TypeVar("M", bound=Model)


class Owned(Protocol):
    """The fields of a fire point that the rule reads."""

    state: str
    counted: bool | None
    county_code: str


def visible_points(points: QuerySet[M], user: Any, concerned: QuerySet[Any]) -> QuerySet[M]:
    """`points` narrowed to what `user` may see; one query for the posts, one for changed county codes, none per row.
    `concerned`: a row for each county that owns, owned or may own a point (`county_code`, `point`).

    Bureau, 认定人 and auditors on the city: all. A county department: what is or was its own, or where it is a
    candidate. An inspector: the cell of the post (a county post by candidacy). Finance: decided and counted points.
    """
    if getattr(user, "is_system", False) and user.is_active:
        return points.all()
    posts = [(post.kind, post.level, post.cell_code) for post in grids.posts_today(user)]
    if any(level == Level.CITY and kind in CITY_WIDE | _INSPECTING for kind, level, _ in posts):
        return points.all()
    counties = _counties_seen(posts)
    allowed = Q(pk__in=concerned.filter(county_code__in=counties).values("point")) if counties else Q(pk__in=())
    for kind, level, code in posts:
        allowed |= _seen_from(kind, level, code)
    return points.filter(allowed)


def counted_for(user: Any) -> tuple[str, Q] | None:
    """Where the points that `user` may see are counted (`firepoints.tally`): (the county, "" = the city, and a condition on
    what is counted there); None where no one count is theirs: posts in several cells, or below a county.

    The same rule as `visible_points`.
    """
    if getattr(user, "is_system", False) and user.is_active:
        return "", Q()
    posts = list(grids.posts_held(user).values_list("kind", "level", "cell_code"))
    if any(level == Level.CITY and kind in CITY_WIDE | _INSPECTING for kind, level, _ in posts):
        return "", Q()
    counties = _counties_seen(posts)
    others = [_seen_from(kind, level, code) for kind, level, code in posts]
    decided = _seen_from(PostKind.FINANCE, "", "")
    if counties:
        is_one = len(counties) == 1 and all(other == Q(pk__in=()) for other in others)
        return (next(iter(counties)), Q()) if is_one else None
    seeing = [other for other in others if other != Q(pk__in=())]
    return ("", decided) if seeing and all(other == decided for other in seeing) else None


def _counties_seen(posts: Iterable[tuple[str, str, str]]) -> frozenset[str]:
    """The counties on which posts that see a whole county stand, under each code that they have had."""
    seeing = {PostKind.COUNTY, *_INSPECTING}
    return grids.one_government(code for kind, level, code in posts if level == Level.COUNTY and kind in seeing)


def _seen_from(kind: str, level: str, code: str) -> Q:
    if kind in _INSPECTING and level in _CODE_FIELD:
        return Q(**{_CODE_FIELD[Level(level)]: code})
    if kind == PostKind.FINANCE:
        return Q(state__in=DECIDED, counted=True)
    return Q(pk__in=())


@dataclass(frozen=True, slots=True)
class Scope:
    """What one user sees, where it is the whole city (`county` ""), what is decided and counted of it, or one county."""

    county: str = ""
    is_decided_only: bool = False


def scope_of(user: Any) -> Scope | None:
    """The scope of a user whose posts come to one of these; None: a cell below a county, several scopes, or none."""
    if getattr(user, "is_system", False) and user.is_active:
        return Scope()
    posts = [(post.kind, post.level, post.cell_code) for post in grids.posts_today(user)]
    if any(level == Level.CITY and kind in CITY_WIDE | _INSPECTING for kind, level, _ in posts):
        return Scope()
    counties = _counties_seen(posts)
    below = any(kind in _INSPECTING and level in _CODE_FIELD for kind, level, _ in posts)
    is_finance = any(kind == PostKind.FINANCE for kind, _, _ in posts)
    if below or len(counties) + is_finance != 1:
        return None
    return Scope(is_decided_only=True) if is_finance else Scope(county=next(iter(counties)))


def own_counties(user: Any) -> frozenset[str]:
    """The counties for whose department the user acts today, under each code that they have had."""
    posts = [post for post in grids.posts_today(user) if post.kind == PostKind.COUNTY and post.level == Level.COUNTY]
    return grids.one_government(post.cell_code for post in posts)


def is_former(user: Any, point: Owned) -> bool:
    """Whether no post of `user` shows the whole of an owned point: a county that lost it keeps only what it filed.

    Each post counts by itself and with its cell, so a second post in that county gives nothing back. While nobody owns
    the point, every county concerned sees all of it (C11).
    """
    if not point.county_code or (getattr(user, "is_system", False) and user.is_active):
        return False
    posts = [(post.kind, post.level, post.cell_code) for post in grids.posts_today(user)]
    if point.county_code in _counties_seen(posts):
        return False
    return not any(_shows_whole(point, kind, level, code) for kind, level, code in posts)


def _shows_whole(point: Owned, kind: str, level: str, code: str) -> bool:
    """Whether a post that is not a county's shows all of an owned point: the city's, or a row of `_seen_from`."""
    if level == Level.CITY and kind in CITY_WIDE | _INSPECTING:
        return True
    if kind in _INSPECTING and level in _CODE_FIELD:
        return bool(getattr(point, _CODE_FIELD[Level(level)]) == code)
    return kind == PostKind.FINANCE and point.state in DECIDED and bool(point.counted)


def visible_runs(runs: QuerySet[M], user: Any) -> QuerySet[M]:
    """`runs` narrowed to what `user` may see: all for the bureau, 认定人, auditors and the system, one's own for the other
    roles, nothing without a post today."""
    roles = grids.roles_of(user)
    if roles & {Role.BUREAU, Role.RECOGNISER, Role.AUDITOR, Role.SYSTEM}:
        return runs.all()
    return runs.filter(actor=user) if roles else runs.none()
