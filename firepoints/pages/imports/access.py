"""Access to the pages of imports: the role they need, the run or row of an address, the page of a refusal."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from core.errors import Refused
from firepoints.models import ImportRun, RawRow
from firepoints.pages.imports import shown
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of

View = Callable[..., HttpResponse]

READERS = frozenset({Role.BUREAU, Role.RECOGNISER, Role.AUDITOR})
IMPORTERS = frozenset({Role.BUREAU})


def reader(request: HttpRequest) -> User:
    """The signed-in person, if imports are theirs to read."""
    return holder(request, READERS, "导入记录由市局、认定人和审计查看。")


def importer(request: HttpRequest) -> User:
    """The signed-in person, if imports are theirs to make."""
    return holder(request, IMPORTERS, "导入由市局经办。")


def holder(request: HttpRequest, allowed: frozenset[Role], otherwise: str) -> User:
    """The signed-in person, if one of the roles is theirs today."""
    user = cast(User, request.user)
    if not roles_of(user) & allowed:
        raise PermissionDenied(otherwise)
    return user


def may_import(user: User) -> bool:
    return bool(roles_of(user) & IMPORTERS)


def run_or_404(uuid: UUID) -> ImportRun:
    run = ImportRun.objects.select_related("source", "actor", "supersedes", "repeats").filter(uuid=uuid).first()
    if run is None:
        raise Http404("没有这次导入。")
    return run


def row_or_404(uuid: UUID, row_no: int, sheet: str) -> tuple[ImportRun, RawRow]:
    """The run and the row in it that the address names."""
    run = run_or_404(uuid)
    row = shown.row_at(run, row_no, sheet)
    if row is None:
        raise Http404("这次导入里没有这一行。")
    if row.run_id == run.pk:
        row.run = run
    return run, row


def says_why(view: View) -> View:
    """Show a refusal that the page has no field for as a page of its own: what, and where to go on."""

    @wraps(view)
    def said(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refused as refused:
            context = {"refused": refused.message, "uuid": kwargs.get("uuid")}
            return render(request, "firepoints/import_refused.html", context, status=refused.http_status)

    return said
