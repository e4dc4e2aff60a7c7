"""The rights to see and to keep the people of a cell: the bureau everywhere, a county's department in its county
(C2)."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404

from grids import selectors
from grids.models import Cell, Edition
from grids.roles import Level
from grids.selectors import Scope
from grids.selectors.keeping import keeper_scope

NOT_YOURS = "只有市局经办和本县（区）的部门可以修改网格责任人。"


def scope_or_403(user: Any) -> Scope:
    """The scope that the user may see. Raises PermissionDenied for someone without a post."""
    scope = selectors.scope_of(user)
    if not scope:
        raise PermissionDenied("您的账号现在没有任职岗位，看不到网格；请联系本单位管理员。")
    return scope


def require_keeper(user: Any) -> Scope:
    """The scope of a keeper. Raises PermissionDenied for everyone else."""
    scope = keeper_scope(user)
    if not scope:
        raise PermissionDenied(NOT_YOURS)
    return scope


def may_keep(user: Any, cell: Cell, above: Sequence[Cell]) -> bool:
    """Whether the user may change the people of a cell; `above` are the cells over it."""
    scope = keeper_scope(user)
    if scope.everything:
        return True
    return any(upper.level == Level.COUNTY and scope.covers(upper.code) for upper in (*above, cell))


def cell_or_404(user: Any, code: str, edition: Edition | None) -> tuple[Cell, list[Cell]]:
    """A cell whose inside the user may see, with the cells above it from the top down. Raises Http404."""
    scope = selectors.scope_of(user)
    # A null character is no code, and PostgreSQL could not even be asked.
    readable = edition is not None and code.isprintable()
    cells = selectors.cells_visible_to(user, edition) if edition and readable else Cell.objects.none()
    cell = cells.filter(code=code).defer("geometry").first()
    if cell is None:
        raise Http404("没有这个网格，或不在您的范围内。")
    above: list[Cell] = []
    upper = cell.parent
    while upper is not None:
        above.insert(0, upper)
        upper = upper.parent
    if not (scope.everything or any(scope.covers(over.code) for over in (*above, cell))):
        raise Http404("没有这个网格，或不在您的范围内。")
    return cell, above


def keepable_or_404(user: Any, code: str) -> tuple[Cell, list[Cell]]:
    """A cell of today's edition that the user may change. Raises Http404, PermissionDenied."""
    require_keeper(user)
    cell, above = cell_or_404(user, code, selectors.edition_now())
    if not may_keep(user, cell, above):
        raise PermissionDenied(NOT_YOURS)
    return cell, above
