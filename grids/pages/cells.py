"""Sign-in, the grid page and the cells for maps. Reads only, but for the note that someone signed in."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from core import clock
from core.http.throttling import busy, limited
from grids import selectors
from grids.frame import sign_in
from grids.models import Cell, Edition
from grids.pages.shown import map_cells
from grids.rights import may_keep
from grids.roles import LEVEL_LABELS, LEVELS, Level, Role
from grids.selectors.coverage import CellRow, child_rows, county_rows, township_tree
from grids.selectors.keeping import keeper_scope
from journal.record import services


class SignInForm(AuthenticationForm):
    """Account and password. Django tells the browser alone how long a name may be; the count of failures has 255."""

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if len(username) > (self.username_field.max_length or 0):
            raise self.get_invalid_login_error()
        return username


@method_decorator(limited("login"), name="dispatch")
class SignIn(LoginView):
    """登录: the sign-in page. Wrong passwords are counted by axes, and slow the name down; a sign-in is noted in the
    journal's accesses."""

    redirect_authenticated_user = True
    authentication_form = SignInForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        username = UsernameField().to_python(request.POST.get("username")) or ""  # as the form will read it
        if wait_s := sign_in.wait_s(request, username):
            return busy(request, wait_s, name=username)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        services.access(form.get_user(), "signed_in", form.get_user())
        return response


def _scope(request: HttpRequest) -> selectors.Scope:
    scope = selectors.scope_of(request.user)
    if not scope:
        raise PermissionDenied("您的账号现在没有任职岗位，看不到网格；请联系本单位管理员。")
    return scope


@require_safe
def grid(request: HttpRequest) -> HttpResponse:
    """The live edition: its counties with their cells, people and gaps."""
    scope = _scope(request)
    on = clock.today_beijing()
    edition, is_before_first = selectors.edition_for(on)
    rows = county_rows(edition, scope, on) if edition else []
    context: dict[str, Any] = {
        "edition": edition,
        "is_before_first": is_before_first,
        "rows": rows,
        "tiles": _tiles(rows),
        "tree": township_tree(edition, scope) if edition else [],
        "may_keep": bool(keeper_scope(request.user)),
        "may_check_accounts": Role.BUREAU in selectors.roles_of(request.user),
        "cells_url": f"{reverse('cells-geojson')}?level=county,township",
    }
    return render(request, "grids/list.html", context)


def _tiles(rows: list[CellRow]) -> list[dict[str, Any]]:
    def tile(label: str, number: int, unit: str, *, bad: bool = False) -> dict[str, Any]:
        return {
            "url": "#cells",
            "label": label,
            "number": number,
            "unit": unit,
            "kind": "bad" if bad and number else "",
        }

    return [
        tile("县（区）", len(rows), "个"),
        tile("乡镇（街道）", sum(row.townships for row in rows), "个"),
        tile("村（社区）", sum(row.villages for row in rows), "个"),
        tile("组", sum(row.groups for row in rows), "个"),
        tile("无责任人", sum(row.gaps.no_holder for row in rows), "个网格", bad=True),
        tile("无电话", sum(row.gaps.no_phone for row in rows), "个网格", bad=True),
        tile("无图形", sum(row.gaps.no_polygon for row in rows), "个网格", bad=True),
    ]


@require_safe
def grid_cell(request: HttpRequest, code: str) -> HttpResponse:
    """One cell: the chain above it, its people with masked phones, the cells below."""
    scope = _scope(request)
    on = clock.today_beijing()
    edition, _ = selectors.edition_for(on)
    # A null character is no code, and PostgreSQL could not even be asked.
    readable = edition is not None and code.isprintable()
    cells = selectors.cells_visible_to(request.user, edition) if edition and readable else Cell.objects.none()
    cell = cells.filter(code=code).defer("geometry").first()
    above = _above(cell)
    if edition is None or cell is None or not _inside(cell, above, scope):
        raise Http404("没有这个网格，或不在您的范围内。")
    context = {
        "edition": edition,
        "cell": cell,
        # A county sees the name of its city, not who answers in it: text, not a link that would lead nowhere.
        "above": [(upper, _inside(upper, above[:at], scope)) for at, upper in enumerate(above)],
        "level_label": LEVEL_LABELS[Level(cell.level)],
        "people": [_person(row) for row in selectors.people_for({cell.level: cell.code}, on)],
        "rows": child_rows(edition, cell, on),
        "may_keep": may_keep(request.user, cell, above),
    }
    return render(request, "grids/cell.html", context)


def _above(cell: Cell | None) -> list[Cell]:
    chain: list[Cell] = []
    upper = cell.parent if cell else None
    while upper is not None:
        chain.insert(0, upper)
        upper = upper.parent
    return chain


def _inside(cell: Cell, above: list[Cell], scope: selectors.Scope) -> bool:
    """Whether the people of a cell may be shown: everyone sees a county's outline, not who answers in it."""
    return scope.everything or any(scope.covers(upper.code) for upper in (*above, cell))


def _person(row: selectors.PersonRow) -> dict[str, str]:
    post = "" if row.post is None else f"{row.post}（{row.post.get_kind_display()}）"
    return {
        "level": LEVEL_LABELS[Level(row.level)],
        "name": row.holder.full_name if row.holder else "",
        "post": f"{post} 代理" if row.is_acting else post,
        "phone": selectors.mask_phone(row.holder.phone) if row.holder else "",
    }


@require_safe
def cells_geojson(request: HttpRequest) -> HttpResponse:
    """The cells of `?level=county[,township…]&edition=NAME|ID` or `&date=YYYY-MM-DD` (default: today's edition)."""
    levels = [level for level in request.GET.get("level", Level.COUNTY).split(",") if level]
    if not levels or any(level not in LEVELS for level in levels):
        return JsonResponse({"error": "bad_level", "message": f"level 可用：{'、'.join(LEVELS)}"}, status=400)
    try:
        edition = _edition_asked(request)
    except ValueError:
        return JsonResponse({"error": "bad_date", "message": "date 应为 YYYY-MM-DD"}, status=400)
    if edition is None:
        return JsonResponse({"error": "no_edition", "message": "没有这个边界版本，或还没有启用的版本。"}, status=404)
    scope = selectors.scope_of(request.user)
    tag = map_cells.etag(edition, levels, scope)
    response = get_conditional_response(request, etag=tag)
    if response is None:
        text = map_cells.feature_collection(edition, levels, scope)
        response = HttpResponse(text, content_type="application/geo+json")
        response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Cookie"
    return response


def _edition_asked(request: HttpRequest) -> Edition | None:
    """The edition of the query, by name, id or date; None for an unknown one. Raises ValueError for a date that is
    none."""
    name_or_id = request.GET.get("edition", "")
    if not name_or_id.isprintable():
        return None
    if name_or_id:
        by_name = Edition.objects.filter(name=name_or_id).first()
        return by_name or (Edition.objects.filter(pk=int(name_or_id)).first() if name_or_id.isdecimal() else None)
    text = request.GET.get("date", "")
    return selectors.edition_for(date.fromisoformat(text) if text else clock.today_beijing())[0]
