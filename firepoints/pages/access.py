"""Finding what a page is about, or the same 404 for what is not there and what is not this user's to see."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from core.errors import NotThere
from firepoints.models import FirePoint
from firepoints.steps import selectors
from firepoints.terms import scope
from grids import selectors as grids
from grids.models import User
from grids.roles import Role

MAY_REVEAL = frozenset({Role.BUREAU, Role.RECOGNISER, Role.COUNTY, Role.INSPECTOR})
MAY_TAKE_ORIGINALS = frozenset({Role.BUREAU, Role.RECOGNISER, Role.AUDITOR})
MAY_FILE = frozenset({Role.BUREAU, Role.RECOGNISER, Role.COUNTY, Role.INSPECTOR})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a point. `is_former`: a county that has lost it, which keeps only what it filed."""

    user: Any
    roles: frozenset[Role]
    is_former: bool
    counties: frozenset[str]

    def holds(self, roles: Collection[Role]) -> bool:
        return bool(self.roles & frozenset(roles))


def user_of(request: HttpRequest) -> User:
    """The signed-in user; the middleware lets nobody else reach a page."""
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied("请先登录。")
    return user


def point_or_404(request: HttpRequest, point_id: int | str) -> FirePoint:
    """The point, if this user may see it."""
    if not str(point_id).isprintable():  # a null character: PostgreSQL could not even be asked
        raise Http404("没有这个火点，或不在您的范围内。")
    try:
        return selectors.fire_point_for(request.user, point_id)
    except NotThere as refused:
        raise Http404(refused.message) from None


def viewer_of(request: HttpRequest, point: FirePoint) -> Viewer:
    """The user before the page, with the roles of today."""
    roles = grids.roles_of(request.user)
    counties = scope.own_counties(request.user) if Role.COUNTY in roles else frozenset()
    return Viewer(request.user, roles, scope.is_former(request.user, point), counties)
